"""The programme's tree as a table: every node indented below the one that it belongs to."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..faults import DataError
from ..language import quarter, text
from ..observations import dimensions
from .values import (
    MISSING,
    NOTHING,
    Figure,
    apart,
    cell,
    digits_for,
    entry,
    foot,
    nothing,
    of_areas,
    signs,
    states,
    unit_heading,
    unobserved,
)

if TYPE_CHECKING:
    from ..programme import Measure

OTHERS = ""
"""Key of the nodes that a column has no cell for."""
DEEPEST = 4
"""Deeper levels are indented no further, so that a phone has room for the figures."""


def tree(
    observations: pd.DataFrame,
    indicators: Sequence[str],
    period: str,
    area_id: str,
    measures: "Sequence[Measure]",
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    title: str = "",
) -> Figure:
    """Set out what stands at each node of the programme's tree.

    Parameters
    ----------
    observations : DataFrame
    indicators : sequence of str
        Those given by node, such as ``enterprises_by_node_to_date``: a column for each.
    period, area_id : str
        When and where.
    measures : sequence of Measure
        The nodes: ``data.programme.measures``, or ``release.measures``.
    catalogue : DataFrame
    language : {"de", "en"}
    title : str

    Returns
    -------
    Figure
        A node above others has its own figures, which are not the sum of theirs: what belongs to
        several counts once.

    Raises
    ------
    DataError
        If an indicator is unknown or not given by node.
    """
    declared = [entry(catalogue, indicator) for indicator in indicators]
    absent = [unobserved(observations, row, language) for row in declared]
    if absent and all(absent):
        return next(one for one in absent if one)
    here = of_areas(observations, [area_id])
    names, common = apart([str(row[f"label_{language}"]) for row in declared])
    heads, columns, shown = [], [], []
    seen_states: set[str] = set()
    seen_status: set[str] = set()
    for name, row in zip(names, declared, strict=True):
        found = here[(here["indicator"] == row["indicator"]) & (here["period"] == period)]
        found = found.assign(state=states(found))
        if any(list(dimensions(part)) != ["node"] for part in found["breakdown"]):
            raise DataError("{indicator} is not given by node.", indicator=row["indicator"])
        digits = digits_for(found["value"], str(row["kind"]))
        column = {
            dimensions(one["breakdown"])["node"]: cell(
                one["value"], one["state"], language, status=one["obs_status"], digits=digits
            )
            for one in found.to_dict("records")
        }
        # Where anything happened at all, a node without a cell is one where nothing did.
        column[OTHERS] = nothing(language) if column else cell(np.nan, MISSING, language)
        columns.append(column)
        shown.append(found)
        seen_states |= set(found["state"]) if len(found) else {MISSING}
        seen_status |= set(found.loc[found["state"] == "", "obs_status"])
        unit = unit_heading(str(row["unit"]), language)
        is_said = unit.casefold() in name.casefold()
        heads.append(name if is_said else f"{name}, {unit}")
    body = "".join(
        f'<tr><th scope="row" class="ow-node-{min(depth, DEEPEST)}">'
        f'<span class="ow-hidden">{escape(text("Level {number}", language, number=depth + 1))}: '
        f"</span>{escape(getattr(measure.name, language))}</th>"
        + "".join(f"<td>{column.get(measure.id, column[OTHERS])}</td>" for column in columns)
        + "</tr>"
        for measure, depth in in_order(measures)
    )
    top = "".join(
        f'<th scope="col">{escape(head)}</th>'
        for head in (text("Place in the programme", language), *heads)
    )
    title = title or text("The programme's tree", language)
    when = ", ".join(filter(None, (quarter(period, language), common)))
    note = text(
        "{sign} nothing yet. What belongs to several counts once at the place above them.",
        language,
        sign=NOTHING,
    )
    return Figure(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption><h2>{escape(title)}</h2>'
        f'<p class="ow-when">{escape(when)}</p></figcaption>'
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}"><table>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        f"{signs(seen_states, seen_status, language)}"
        f'<p class="ow-note">{escape(note)}</p>'
        f"{foot(declared, language, shown=pd.concat(shown))}</figure>"
    )


def in_order(measures: "Sequence[Measure]") -> "Iterator[tuple[Measure, int]]":
    """Give the nodes from the top down, each before those below it, with its depth."""
    waiting = [(measure, 0) for measure in reversed(measures) if not measure.parent]
    while waiting:
        measure, depth = waiting.pop()
        yield measure, depth
        below = [one for one in reversed(measures) if one.parent == measure.id]
        waiting += [(one, depth + 1) for one in below]
