"""What an area lives on beside its city, and how unequally something is spread over districts."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd

from .. import regional
from ..codes import UNKNOWN, code_name
from ..faults import DataError
from ..language import number, quarter, text
from ..observations import as_of, dimensions
from .sentences import framed, paragraphs, section, table
from .values import Figure, entry, foot, label, note, of_areas, unobserved

ABOVE, BELOW = "#12435f", "#c2571a"
PARTS = {
    "national": "As the whole city",
    "structural": "By the branches it has",
    "regional": "Its own part",
    "change": "Change in all",
}
"""Part of a change = its name; the last is the sum of the others."""


def location_quotients(
    observations: pd.DataFrame,
    indicator: str,
    period: str,
    area: str,
    city: str,
    names: Mapping[str, str],
    *,
    by: str = "section",
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw which branches an area has more and less of than its city, and how special its mix is.

    Parameters
    ----------
    observations : DataFrame
    indicator, period : str
        A count that is given by the dimension ``by``.
    area, city : str
        Codes.
    names : mapping
        Code → name of both.
    by : str
        Dimension of the breakdown.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the dimension's codes.

    Returns
    -------
    Figure
        Of those branches alone of which both values are known.

    References
    ----------
    See :func:`ostwerk_analysis.regional.location_quotients` and
    :func:`ostwerk_analysis.regional.specialisation`.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    if area == city:
        return note(text("No area is declared to hold against the city.", language), language)
    when = as_of(observations, indicator, period)
    read, mix, left_out = _mix(observations, indicator, [when], area, city, by)
    own = mix[mix["area_id"] == area]
    whole = mix[mix["area_id"] == city].set_index("sector")["value"]
    try:
        found = regional.location_quotients(own, whole).dropna(subset="location_quotient")
        special = regional.specialisation(own, whole).iloc[0]
    except DataError as error:
        return note(error.text(language), language)
    found = found.sort_values("location_quotient", ascending=False)
    branch = [code_name(by, code, language, parts) for code in found["sector"]]
    quotients = [number(value, "", language, 2) for value in found["location_quotient"]]
    said = _mix_said(found, branch, special, names[area], language) + _left_out(left_out, language)
    shares = {
        name: [number(100 * share, "percent", language, 1) for share in found[name]]
        for name in ("share", "reference_share")
    }
    counts = [number(value, "", language) for value in found["value"]]
    heads = [
        text("Branch", language),
        text("Location quotient", language),
        names[area],
        text("Share", language),
        names[city],
    ]
    rows = zip(branch, quotients, counts, shares["share"], shares["reference_share"], strict=True)
    named = label(catalogue, indicator, language)
    title = text("What the area lives on: {label}", language, label=named)
    numbers = Figure(table(title, heads, [list(row) for row in rows], language, is_behind=False))
    drawn = _diverging(branch, found["location_quotient"].to_numpy(), quotients, 1.0)
    key = text("Bars begin at 1, the city's mix: to the right more than there.", language)
    content = (
        f'<p class="ow-note">{escape(key)}</p>{drawn}{paragraphs(said)}'
        f"{foot([declared], language, numbers, read)}"
    )
    return framed(title, f"{names[area]}, {quarter(when, language)}", content, language)


def shift_share(
    observations: pd.DataFrame,
    indicator: str,
    first: str,
    last: str,
    area: str,
    city: str,
    names: Mapping[str, str],
    *,
    by: str = "section",
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Split an area's change into what the city, its branches and it itself did; it adds up.

    Parameters
    ----------
    observations : DataFrame
    indicator : str
        A count that is given by the dimension ``by``.
    first, last : str
        Periods, the earlier one first.
    area, city, names, by, catalogue, language, parts
        As for :func:`location_quotients`.

    References
    ----------
    See :func:`ostwerk_analysis.regional.shift_share`.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    if area == city:
        return note(text("No area is declared to hold against the city.", language), language)
    first, last = (as_of(observations, indicator, period) for period in (first, last))
    read, mix, left_out = _mix(observations, indicator, [first, last], area, city, by)
    own, whole = mix[mix["area_id"] == area], mix[mix["area_id"] == city]
    try:
        found = regional.shift_share(own, whole.drop(columns="area_id"))
    except DataError as error:
        return note(error.text(language), language)
    sums = found[[*PARTS]].sum()
    words = [number(sums[part], "", language, 1 if part != "change" else 0) for part in PARTS]
    spans = {"first": quarter(first, language), "last": quarter(last, language)}
    said = [
        text(
            "From {first} to {last}: {start} to {end}. Like the whole city it would have changed "
            "by {national}; its branches make {structural} of it, and {regional} is its own. They "
            "add up to {change}.",
            language,
            start=number(found["start"].sum(), "", language),
            end=number(found["end"].sum(), "", language),
            **dict(zip(PARTS, words, strict=True)),
            **spans,
        ),
        *_left_out(left_out, language),
    ]
    heads = [
        text("Branch", language),
        spans["first"],
        spans["last"],
        *(text(name, language) for name in PARTS.values()),
    ]
    rows = [
        [
            code_name(by, row["sector"], language, parts),
            *(number(row[end], "", language) for end in ("start", "end")),
            *(number(row[part], "", language, 1) for part in PARTS),
        ]
        for row in found.sort_values("regional", ascending=False).to_dict("records")
    ]
    named = label(catalogue, indicator, language)
    title = text("Where the change comes from: {label}", language, label=named)
    numbers = Figure(table(title, heads, rows, language, is_behind=False))
    labels = [text(name, language) for name in PARTS.values()]
    drawn = _diverging(labels, sums.to_numpy(), words, 0.0)
    subtitle = f"{names[area]}, {spans['first']} – {spans['last']}"
    content = f"{drawn}{paragraphs(said)}{foot([declared], language, numbers, read)}"
    return framed(title, subtitle, content, language)


def concentration(
    observations: pd.DataFrame,
    wanted: Sequence[str],
    period: str,
    area_districts: Sequence[str],
    *,
    weights: str = "residents",
    catalogue: pd.DataFrame,
    language: str = "de",
) -> Figure:
    """Say how unequally counts are spread over districts: Gini, Theil and Herfindahl.

    Parameters
    ----------
    observations : DataFrame
    wanted : sequence of str
        Counts and sums; one that was not observed is left out.
    period : str
    area_districts : sequence of str
        Districts of the programme area: how much of the inequality lies between it and the rest.
    weights : str
        The count to which each is held, such as residents: 0 is the same for everybody.
    catalogue : DataFrame
    language : {"de", "en"}

    References
    ----------
    See :func:`ostwerk_analysis.regional.inequality` and :func:`ostwerk_analysis.regional.theil`.
    """
    title = text("How unequally it is spread over districts", language)
    people = _by_district(observations, weights, period)
    said, rows = [], []
    for indicator in wanted:
        declared = entry(catalogue, indicator)
        name = str(declared[f"label_{language}"])
        if not (observations["indicator"] == indicator).any():
            continue
        counts = _by_district(observations, indicator, period)
        per_head = counts / people.where(people > 0)
        try:
            found = regional.inequality(per_head, people).iloc[0]
        except DataError as error:
            said.append((f"{name}:", error.text(language)))
            continue
        group = pd.Series(per_head.index.isin(area_districts), per_head.index).map(str)
        split = regional.theil(per_head, group, people).iloc[1]
        message = (
            "Gini {gini}. {share} of the inequality lies between the programme area and the rest."
        )
        share = number(100 * split["share"], "percent", language, 0)
        gini = number(found["gini"], "", language, 2)
        said.append((f"{name}:", text(message, language, gini=gini, share=share)))
        measures = ("gini", "theil", "herfindahl")
        rows.append(
            [
                name,
                *(number(found[measure], "", language, 3) for measure in measures),
                share,
                number(found["n"], "", language),
            ]
        )
    if said:
        how = "0 is the same for every resident, 1 is all in one place."
        said.insert(0, ("", text(how, language)))
    heads = [
        "",
        "Gini",
        "Theil",
        "Herfindahl",
        text("Between the area and the rest", language),
        text("Districts", language),
    ]
    return section(title, said, heads, rows, language, is_behind=True)


def _by_district(observations: pd.DataFrame, indicator: str, period: str) -> pd.Series:
    """Give the values of districts in the last period up to one."""
    rows = observations[
        (observations["indicator"] == indicator)
        & (observations["area_level"] == "district")
        & (observations["breakdown"] == "")
    ]
    here = rows[rows["period"] == as_of(rows, indicator, period)]
    return here.set_index("area_id")["value"].astype(float).sort_index()


def _mix(
    observations: pd.DataFrame, indicator: str, periods: list[str], area: str, city: str, by: str
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Give the observations by branch, the mix of an area and its city, and what it leaves out.

    A branch that is not known in one of the periods or places is no part of the mix.
    """
    here = of_areas(observations, [area, city])
    rows = here[(here["indicator"] == indicator) & here["period"].isin(periods)]
    is_by = rows["breakdown"].map({b: list(dimensions(b)) == [by] for b in set(rows["breakdown"])})
    rows = rows[is_by.astype(bool)]
    rows = rows.assign(sector=rows["breakdown"].map(lambda part: dimensions(part)[by]))
    cells = rows.groupby("sector")["value"].agg(["size", "count"])
    is_known = (cells["size"] == 2 * len(periods)) & (cells["count"] == cells["size"])
    kept = cells.index[is_known].difference([UNKNOWN])
    mix = rows.loc[rows["sector"].isin(kept), ["area_id", "sector", "period", "value"]]
    if len(periods) == 1:
        mix = mix.drop(columns="period")
    return rows, mix, len(cells) - len(kept)


def _mix_said(
    found: pd.DataFrame, branch: Sequence[str], special: pd.Series, area: str, language: str
) -> list[str]:
    """Say what an area has most and least of, and how far its mix is from the city's."""
    top, low = found.iloc[0], found.iloc[-1]
    return [
        text(
            "Compared with the city, {area} has most of {most} ({share} instead of {other}) and "
            "least of {least}.",
            language,
            area=area,
            most=branch[0],
            share=number(100 * top["share"], "percent", language, 1),
            other=number(100 * top["reference_share"], "percent", language, 1),
            least=branch[-1],
        )
        if low["location_quotient"] < top["location_quotient"]
        else text("{area} has the city's mix.", language, area=area),
        text(
            "{share} would have to be of another branch to make the city's mix (Krugman: "
            "{krugman}); it depends on its branches as if there were {effective} of equal size "
            "(Herfindahl: {herfindahl}).",
            language,
            share=number(100 * special["dissimilarity"], "percent", language, 1),
            krugman=number(special["krugman"], "", language, 2),
            effective=number(special["effective_sectors"], "", language, 1),
            herfindahl=number(special["herfindahl"], "", language, 3),
        ),
    ]


def _left_out(count: int, language: str) -> list[str]:
    """Say how many branches are not in the mix."""
    if not count:
        return []
    message = (
        "One branch is left out, as it is not known."
        if count == 1
        else "{count} branches are left out, as they are not known."
    )
    return [text(message, language, count=count)]


def _diverging(
    names: Sequence[str], values: np.ndarray, words: Sequence[str], middle: float
) -> str:
    """Draw bars to the left and right of a middle."""
    low, high = min(middle, *values), max(middle, *values)
    span = (high - low) or 1.0
    axis = 100 * (middle - low) / span
    items = []
    for name, value, word in zip(names, values, words, strict=True):
        end = 100 * (value - low) / span
        colour = ABOVE if value >= middle else BELOW
        items.append(
            f'<li><span class="ow-label">{escape(name)}</span>'
            '<svg class="ow-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect x="{min(axis, end):.1f}" width="{abs(end - axis):.1f}" height="4" '
            f'fill="{colour}"/><path d="M{axis:.1f} 0V4" stroke="#56636d" stroke-width="1" '
            'vector-effect="non-scaling-stroke"/></svg>'
            f'<span class="ow-amount">{escape(word)}</span></li>'
        )
    return f'<ul class="ow-bars">{"".join(items)}</ul>'
