"""What a sum is made of: one bar for each area, as long as the others, cut into its parts."""

from collections.abc import Mapping
from html import escape

import pandas as pd

from ..codes import CODES, DIMENSIONS, code_name
from ..faults import DataError
from ..language import number, quarter, text
from ..observations import as_of, dimensions
from .sentences import framed
from .values import (
    MISSING,
    Figure,
    cell,
    digits_for,
    entry,
    foot,
    label,
    note,
    of_areas,
    signs,
    states,
    unit_heading,
    unobserved,
    written,
)

GAP = 0.6
"""White between two parts, in percent of the bar: they are told apart without colours."""
TONES = 5
"""Tones of a bar, from dark to light; of more parts, the last ones share the lightest."""


def composition(
    observations: pd.DataFrame,
    indicator: str,
    period: str,
    areas: Mapping[str, str],
    by: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw of which parts a sum is made, such as grants of the funds that pay them.

    Parameters
    ----------
    observations : DataFrame
    indicator, period : str
        A sum, whose parts add up to it.
    areas : mapping
        Code = name: a bar for each.
    by : str
        The dimension of the parts.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the dimension's codes.

    Returns
    -------
    Figure
        With the table of amounts and shares. An area of which a part is kept secret or missing has
        amounts only: a bar of the others would be another whole, and shares could give it away.

    Raises
    ------
    DataError
        If the indicator is unknown or no sum.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    if declared["kind"] != "sum":
        raise DataError(
            "{indicator} is no sum, so its parts are no whole. Draw it as bars.",
            indicator=indicator,
        )
    when = as_of(observations, indicator, period)
    here = of_areas(observations, areas)
    here = here[(here["indicator"] == indicator) & (here["period"] == when)]
    picked = here[here["breakdown"].map(lambda part: list(dimensions(part)) == [by])]
    picked = picked.assign(
        state=states(picked), code=[dimensions(part)[by] for part in picked["breakdown"]]
    )
    title = label(catalogue, indicator, language)
    if not (picked["state"] != "").any() and not (picked["value"] > 0).any():
        said = text(
            "{label}: none in {period}.", language, label=title, period=quarter(when, language)
        )
        return note(said, language)
    unit = str(declared["unit"])
    digits = digits_for(picked["value"], "sum")
    known = [code for code in CODES.get(by, {}) if code in set(picked["code"])]
    codes = [*known, *sorted(set(picked["code"]) - set(known))]
    codes = [code for code in codes if _is_anywhere(picked, code)]
    names = {code: code_name(by, code, language, parts) for code in codes}
    bars, body = [], []
    for area, name in areas.items():
        own = picked[picked["area_id"] == area].drop_duplicates("code").set_index("code")
        own = own.reindex(codes)
        own["state"] = own["state"].mask(own["value"].isna() & own["state"].isna(), MISSING)
        if (own["value"] > 0).any() or own["state"].astype(bool).any():
            bars.append(_bar(name, own, names, unit, language))
        body.append(_row(name, own, language, digits))
    heads = "".join(
        f'<th scope="col">{escape(head)}</th>'
        for head in (
            text("Area", language),
            *(f"{name}, {unit_heading(unit, language)}" for name in names.values()),
        )
    )
    numbers = (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        + signs(set(picked["state"]), set(), language)
    )
    subtitle = f"{text(DIMENSIONS.get(by, by), language)} · {quarter(when, language)}"
    return framed(
        title,
        subtitle,
        f'<ul class="ow-whole">{"".join(bars)}</ul>'
        + foot([declared], language, Figure(numbers), picked),
        language,
        is_half=True,
    )


def _is_anywhere(picked: pd.DataFrame, code: str) -> bool:
    """Tell whether a part is anywhere something other than zero."""
    rows = picked[picked["code"] == code]
    return bool(((rows["value"] != 0) | (rows["state"] != "")).any())


def shares_of(own: pd.DataFrame) -> pd.Series:
    """Give the share of each part, in percent; none where a part of the whole is not known."""
    total = own["value"].sum()
    is_whole = not own["state"].astype(bool).any() and total > 0
    return 100 * own["value"] / total if is_whole else own["value"] * float("nan")


def _bar(name: str, own: pd.DataFrame, names: Mapping[str, str], unit: str, language: str) -> str:
    """Write an area's bar, its parts in words below; or only the words."""
    shares = shares_of(own)
    drawn, at, items = [], 0.0, []
    for place, (code, share) in enumerate(shares.items()):
        tone = min(place, TONES - 1)
        row = own.loc[code]
        if share == share:
            width = max(0.0, share - GAP)
            drawn.append(
                f'<rect class="ow-tone-{tone}" x="{at:.2f}" width="{width:.2f}" height="4"/>'
            )
            at += share
            words = number(share, "percent", language, 1)
        else:
            words = written(row["value"], row["state"], unit, language, 0)
        swatch = (
            '<svg viewBox="0 0 36 28" aria-hidden="true"><rect class="ow-tone-'
            f'{tone}" x="1" y="1" width="34" height="26"/></svg> '
        )
        items.append(
            f"<li>{swatch if share == share else ''}<span>{escape(names[str(code)])} "
            f"<b>{escape(words)}</b></span></li>"
        )
    bar = (
        '<svg class="ow-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(drawn)}</svg>"
    )
    return (
        f'<li><p class="ow-label">{escape(name)}</p>{bar if drawn else ""}'
        f'<ul class="ow-legend">{"".join(items)}</ul></li>'
    )


def _row(name: str, own: pd.DataFrame, language: str, digits: int) -> str:
    """Write an area's parts as a row: amounts, and shares in brackets."""
    cells = []
    for row, share in zip(own.to_dict("records"), shares_of(own), strict=True):
        share_words = f" ({number(share, 'percent', language, 1)})" if share == share else ""
        cells.append(
            f"<td>{cell(row['value'], row['state'], language, digits=digits)}"
            f"{escape(share_words)}</td>"
        )
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>'
