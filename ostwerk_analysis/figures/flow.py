"""Flows: what went from where to where, as bands between two columns (a Sankey diagram).

The drawing stretches with its place while its labels are text of the page, which wrap: so it is
read on a phone as on paper. A flow that is kept secret is dotted and one that is missing is dashed,
each of one width, which says nothing.
"""

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..codes import DIMENSIONS, code_name
from ..faults import DataError
from ..language import quarter, text
from ..observations import as_of, breakdown, dimensions
from .values import (
    MISSING,
    SUPPRESSED,
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

FULL_PX, THINNEST_PX, UNTOLD_PX = 260, 2.0, 12.0
"""Height of all flows together, of the smallest one, and of one whose value is not told."""
GAP_PX, LABEL_PX = 14, 58
"""Distance between two nodes, and height that a node's label needs where its name wraps."""
SIDES = ("start", "end")
BANDS = {"": "ow-band", SUPPRESSED: "ow-band ow-secret", MISSING: "ow-band ow-lacking"}
"""State of a flow = how it is drawn."""


class Node(NamedTuple):
    """A place at which flows begin or end, in px from the top of the drawing.

    Parameters
    ----------
    code : str
    top, bottom : float
        Ends of its bar.
    """

    code: str
    top: float
    bottom: float


def flow(
    observations: pd.DataFrame,
    indicator: str,
    period: str,
    area_id: str,
    by: tuple[str, str],
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw a sum by two dimensions of its breakdown as flows from the one to the other.

    Parameters
    ----------
    observations : DataFrame
        Where they hold the sum by one of the dimensions too, it stands at the nodes.
    indicator, period, area_id : str
        What, when and where.
    by : tuple of str
        The dimensions from which and to which it flows, such as ``("site", "to_site")``.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the dimensions' codes, such as sites.

    Returns
    -------
    Figure
        With a sentence that says the largest flow, the source, and the table behind the drawing.

    Raises
    ------
    DataError
        If the indicator is unknown, is no sum, or is not broken down by the two dimensions.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    if declared["kind"] != "sum":
        raise DataError(
            "{indicator} is no sum, so its parts are no flows. Draw it as bars.",
            indicator=indicator,
        )
    period = as_of(observations, indicator, period)
    here = of_areas(observations, [area_id])
    here = here[(here["indicator"] == indicator) & (here["period"] == period)]
    picked = here[here["breakdown"].map(lambda part: set(dimensions(part)) == set(by))]
    named = label(catalogue, indicator, language)
    if picked.empty and (here.loc[here["breakdown"] == "", "value"] != 0).any():
        raise DataError(
            "{indicator} is not broken down by {by} in {area} in {period}.",
            indicator=indicator,
            by=", ".join(by),
            area=area_id,
            period=period,
        )
    flows = picked[picked["value"] != 0].assign(state=states)
    if flows.empty:
        said = text(
            "{label}: none in {period}.", language, label=named, period=quarter(period, language)
        )
        return note(said, language)
    unit = str(declared["unit"])
    digits = digits_for(flows["value"], "sum")
    for side, of in zip(SIDES, by, strict=True):
        flows[side] = [dimensions(part)[of] for part in flows["breakdown"]]
        flows[f"{side}_name"] = [code_name(of, code, language, parts) for code in flows[side]]
    flows["words"] = [
        written(value, state, unit, language, digits)
        for value, state in zip(flows["value"], flows["state"], strict=True)
    ]
    flows = flows.sort_values(list(SIDES), ignore_index=True)
    when = ", ".join(p for p in (quarter(period, language), unit_heading(unit, language)) if p)
    heads = [text(DIMENSIONS.get(of, of), language) for of in by]
    totals = [
        _totals(here, of, set(flows[side]), language, digits)
        for side, of in zip(SIDES, by, strict=True)
    ]
    drawn = _drawing(flows, heads, totals, f"{named}, {when}")
    table = _table(flows, heads, unit_heading(unit, language), language, digits)
    return Figure(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption><h2>{escape(named)}</h2>'
        f'<p class="ow-when">{escape(when)}</p></figcaption>{drawn}{_legend(flows, language)}'
        f'<p class="ow-words">{escape(_sentence(flows, language))}</p>'
        f"{foot([declared], language, table, flows)}</figure>"
    )


def _totals(
    here: pd.DataFrame, of: str, codes: set[str], language: str, digits: int
) -> dict[str, str]:
    """Write what is observed at the nodes of a side; flows need not add up, some being secret."""
    wanted = {breakdown({of: code}): code for code in codes}
    found = here[here["breakdown"].isin(list(wanted)) & (states(here) == "")]
    return {
        wanted[part]: written(value, "", "", language, digits)
        for part, value in zip(found["breakdown"], found["value"], strict=True)
    }


def thickness(values: pd.Series) -> np.ndarray:
    """Give the height of each flow in px; one that is not told has a height of its own."""
    scale = FULL_PX / total if (total := values.abs().sum()) else 0.0
    return np.where(values.isna(), UNTOLD_PX, np.maximum(values.abs() * scale, THINNEST_PX))


def nodes(bars: pd.Series, height: float) -> list[Node]:
    """Stack the nodes of a side in the middle of the drawing, each with room for its label.

    Parameters
    ----------
    bars : Series of float, shape (n,)
        Code of each node = height of its bar in px.
    height : float
        That of the drawing, in px.
    """
    room = _room(bars)
    middle = (height - room.sum()) / 2 + room.cumsum() - room / 2
    return [
        Node(str(code), at - bar / 2, at + bar / 2)
        for code, bar, at in zip(bars.index, bars, middle, strict=True)
    ]


def _room(bars: pd.Series) -> pd.Series:
    """Give the height that each node takes up, its distance from the next one included."""
    return (bars + GAP_PX).clip(lower=LABEL_PX)


def _drawing(flows: pd.DataFrame, heads: list[str], totals: list[dict[str, str]], name: str) -> str:
    """Draw the bands, and write the nodes' names and totals beside them."""
    heights = thickness(flows["value"])
    bars_of = [flows.assign(height=heights).groupby(side)["height"].sum() for side in SIDES]
    height = max(_room(bars).sum() for bars in bars_of)
    columns = [nodes(bars, height) for bars in bars_of]
    next_at = [{n.code: n.top for n in column} for column in columns]
    bands = []
    for row, thick in zip(flows.to_dict("records"), heights, strict=True):
        left, right = next_at[0][row["start"]], next_at[1][row["end"]]
        next_at[0][row["start"]] += thick
        next_at[1][row["end"]] += thick
        bands.append(
            f'<g class="{BANDS[row["state"]]}">'
            f"<title>{escape(row['start_name'])} → {escape(row['end_name'])}: "
            f"{escape(row['words'])}</title>"
            f'<path d="M0 {left:.1f}C50 {left:.1f} 50 {right:.1f} 100 {right:.1f}V'
            f"{right + thick:.1f}C50 {right + thick:.1f} 50 {left + thick:.1f} 0 "
            f'{left + thick:.1f}z"/>'
            + (f'<path class="ow-middle" d="{_curve(left, right, thick)}"/>' * bool(row["state"]))
            + "</g>"
        )
    bars = "".join(
        f'<path class="ow-node" d="M{x} {n.top:.1f}V{n.bottom:.1f}"/>'
        for x, column in zip((0, 100), columns, strict=True)
        for n in column
    )
    named = [dict(zip(flows[side], flows[f"{side}_name"], strict=True)) for side in SIDES]
    lists = [
        "".join(
            f'<li style="top:{(n.top + n.bottom) / 2:.0f}px"><span>{escape(own[n.code])}</span>'
            + (f" <b>{escape(total[n.code])}</b>" if n.code in total else "")
            + "</li>"
            for n in column
        )
        for column, own, total in zip(columns, named, totals, strict=True)
    ]
    return (
        f'<div class="ow-flow" role="img" aria-label="{escape(name)}">'
        f"<p>{escape(heads[0])}</p><p>{escape(heads[1])}</p>"
        f"<ul>{lists[0]}</ul>"
        f'<svg viewBox="0 0 100 {height:.0f}" style="height:{height:.0f}px" '
        f'preserveAspectRatio="none">{"".join(bands)}{bars}</svg>'
        f"<ul>{lists[1]}</ul></div>"
    )


def _curve(left: float, right: float, thick: float) -> str:
    """Draw the middle of a band, on which dots or dashes lie."""
    a, b = left + thick / 2, right + thick / 2
    return f"M0 {a:.1f}C50 {a:.1f} 50 {b:.1f} 100 {b:.1f}"


def _legend(flows: pd.DataFrame, language: str) -> str:
    """Explain how flows without a value are drawn, where there are any."""
    items = "".join(
        f'<li><svg viewBox="0 0 36 28" aria-hidden="true"><g class="{BANDS[state]}">'
        '<path d="M0 8H36V20H0z"/><path class="ow-middle" d="M0 14H36"/></g></svg> '
        f"<span>{escape(written(np.nan, state, '', language))}</span></li>"
        for state in (SUPPRESSED, MISSING)
        if (flows["state"] == state).any()
    )
    return f'<ul class="ow-legend">{items}</ul>' if items else ""


def _sentence(flows: pd.DataFrame, language: str) -> str:
    """Say in words the largest flow, and how many are not told."""
    said = []
    told = flows[flows["state"] == ""]
    if len(told):
        most = told.loc[told["value"].idxmax()]
        said.append(
            text(
                "The largest flow leads from {start} to {end}: {value}.",
                language,
                start=most["start_name"],
                end=most["end_name"],
                value=most["words"],
            )
        )
    if count := (flows["state"] == SUPPRESSED).sum():
        said.append(
            text("Kept secret: {count} of {all} flows.", language, count=count, all=len(flows))
        )
    if count := (flows["state"] == MISSING).sum():
        said.append(text("No data: {count} of {all} flows.", language, count=count, all=len(flows)))
    return " ".join(said)


def _table(flows: pd.DataFrame, heads: list[str], unit: str, language: str, digits: int) -> Figure:
    """Set the flows out as a table, a row for each."""
    start, end, value = (escape(head) for head in (*heads, unit or text("Value", language)))
    top = f'<th scope="col">{start}</th><th scope="col" class="ow-left">{end}</th>'
    top += f'<th scope="col">{value}</th>'
    body = "".join(
        f'<tr><th scope="row">{escape(row["start_name"])}</th>'
        f'<td class="ow-left">{escape(row["end_name"])}</td><td>'
        + cell(row["value"], row["state"], language, status=row["obs_status"], digits=digits)
        + "</td></tr>"
        for row in flows.to_dict("records")
    )
    explained = signs(
        set(flows["state"]), set(flows.loc[flows["state"] == "", "obs_status"]), language
    )
    zeros = text("A flow that is not listed is zero.", language)
    return Figure(
        f'<div class="ow-scroll" role="group" tabindex="0" '
        f'aria-label="{escape(text("Table", language))}"><table><thead><tr>{top}</tr></thead>'
        f'<tbody>{body}</tbody></table></div>{explained}<p class="ow-note">{escape(zeros)}</p>'
    )
