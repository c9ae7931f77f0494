"""A programme's milestones along its main series: lines as SVG, days and words as a list.

The drawing is stretched to the width of the page and its words are HTML over it, so that they keep
their size on a phone. A milestone is a number at the top of the drawing and an entry of the list.
"""

from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ..language import day, number, quarter, text
from ..observations import as_of, dimensions
from ..observations import breakdown as write_breakdown
from ..periods import ordinal
from .answers import Subject, subjects
from .sentences import framed
from .tables import observation_table
from .values import Figure, foot, of_areas, part_label, unit_heading, unobserved, written

if TYPE_CHECKING:
    from ..programme import Milestone

WIDE, HIGH = 1000, 100
"""Units of the drawing, which is stretched to its place."""
FEWEST_BETWEEN = 0.1
"""Part of the width that the number of a milestone needs on a phone; closer ones take turns."""
MOST_YEARS = 5
"""Years that a phone holds side by side under the drawing."""


class Line(NamedTuple):
    """One series of the drawing.

    Attributes
    ----------
    breakdown, name : str
    known : dict
        Quarter = value.
    """

    breakdown: str
    name: str
    known: dict[str, float]


def timeline(
    observations: pd.DataFrame,
    milestones: "Sequence[Milestone]",
    main: tuple[str, str],
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: dict[str, str] | None = None,
) -> Figure:
    """Draw the main series until a quarter, and the milestones of the programme along it.

    Parameters
    ----------
    observations : DataFrame
    milestones : sequence of Milestone
        What comes after the quarter is told as still to come.
    main : pair of str
        Indicator and breakdown, as :func:`ostwerk_analysis.figures.main_result` gives them. What
        is promised is a line of its own.
    period, area_id : str
        Until when and where.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.

    Returns
    -------
    Figure
        With the milestones as a list, and the values in words and as a table. A line breaks where
        a value is kept secret or missing.
    """
    here = of_areas(observations, [area_id])
    [one] = subjects(here, [main], [area_id], catalogue, language, parts)
    stones = sorted(milestones, key=lambda stone: stone.on)
    if nothing := unobserved(observations, one.declared, language):
        if not stones:
            return nothing
        title = text("Milestones of the programme", language)
        return framed(title, "", _listed(stones, period, language, parts), language)
    when = as_of(observations, main[0], period)
    rows = one.observations
    rows = rows[(rows["period"] <= when) & (rows["period"].str.contains("-Q") == ("-Q" in when))]
    lines = _lines(one, rows)
    periods = sorted(rows["period"].unique()) or [when]
    start, end = _year(periods[0], is_end=False), _year(max(when, period), is_end=True)
    end = max([end, *(_decimal(stone.on) for stone in stones)])
    span = f"{quarter(periods[0], language)} – {quarter(when, language)}"
    unit = str(one.declared["unit"])
    subtitle = ", ".join(filter(None, (span, unit_heading(unit, language))))
    names = [line.breakdown for line in lines]
    newest_first = rows[rows["breakdown"].isin(names)].sort_values("period", ascending=False)
    name = str(one.declared[f"label_{language}"])
    head = ", ".join(filter(None, (name, unit_heading(unit, language))))
    table = observation_table(
        newest_first, catalogue, {area_id: head}, language=language, parts=parts, is_turned=True
    )
    drawn = _drawing(lines, stones, (start, end), _year(when, is_end=True), one)
    words = "".join(f"<p>{escape(said)}</p>" for said in _said(lines, rows, one))
    content = (
        f"{drawn}{_listed(stones, period, language, parts)}"
        f'<div class="ow-words">{words}</div>'
        f"{foot([one.declared], language, table, shown=newest_first)}"
    )
    title = text("Milestones of the programme and its main result", language)
    return framed(title, f"{name}, {subtitle}", content, language)


def _lines(one: Subject, rows: pd.DataFrame) -> list[Line]:
    """Pick the main series, and that of what is promised where it is another one."""
    part = dimensions(one.breakdown)
    wanted = [one.breakdown]
    if part.get("status", "promised") != "promised":
        wanted.append(write_breakdown(part | {"status": "promised"}))
    lines = []
    for breakdown in wanted:
        own = rows[rows["breakdown"] == breakdown].dropna(subset="value")
        if len(own) or breakdown == one.breakdown:
            rung = dimensions(breakdown).get("status", "")
            name = part_label(f"status={rung}", one.language) if rung else one.label
            name = name[:1].upper() + name[1:]
            lines.append(Line(breakdown, name, dict(zip(own["period"], own["value"], strict=True))))
    return lines


def _year(period: str, *, is_end: bool) -> float:
    """Write the begin or the end of a period as a year with a fraction."""
    if "-Q" not in period:
        return float(period) + is_end
    return (ordinal(period) + is_end) / 4


def _decimal(on: date) -> float:
    """Write a day as a year with a fraction, in which all quarters are equally long."""
    quarter_of = (on.month - 1) // 3
    first = date(on.year, 3 * quarter_of + 1, 1)
    next_first = date(on.year + quarter_of // 3, (3 * quarter_of + 3) % 12 + 1, 1)
    return on.year + (quarter_of + (on - first).days / (next_first - first).days) / 4


def _drawing(
    lines: list[Line],
    stones: "list[Milestone]",
    span: tuple[float, float],
    until: float,
    one: Subject,
) -> str:
    """Draw the lines, the milestones above them, and the scales beside and below them."""
    start, end = span
    top = max([value for line in lines for value in line.known.values()] or [1]) or 1
    ceiling = _round_up(top)

    def across(year: float) -> float:
        return 100 * (year - start) / (end - start)

    paths = "".join(
        f'<path class="ow-line-{place}" d="{_path(line, across, ceiling)}"/>'
        for place, line in enumerate(lines)
    )
    levels = [0.0, ceiling / 2, ceiling]
    grid = "".join(
        f'<path class="ow-grid" d="M0 {HIGH * (1 - v / ceiling):g}H{WIDE}"/>' for v in levels
    )
    scale = "".join(
        f'<span style="bottom:{100 * value / ceiling:g}%">'
        f"{escape(number(value, '', one.language, 0 if ceiling >= 2 else 1))}</span>"
        for value in levels
    )
    # What was before the series is in the list only.
    numbered = [(n, stone) for n, stone in enumerate(stones, 1) if _decimal(stone.on) >= start]
    rows, places = _rows([across(_decimal(stone.on)) / 100 for _, stone in numbered])
    marks = "".join(
        f'<span class="ow-stone{"" if _decimal(stone.on) < until else " ow-to-come"}" '
        f'style="left:{across(_decimal(stone.on)):.2f}%;--ow-row:{row}">'
        f"<b>{count}</b></span>"
        for (count, stone), row in zip(numbered, places, strict=True)
    )
    step = -(-int(end - start + 1) // MOST_YEARS)
    years = "".join(
        f'<span style="left:{across(year):.2f}%">{year}</span>'
        for year in range(int(np.ceil(start)), int(np.ceil(end)), step)
    )
    legend = "".join(
        f'<li><svg viewBox="0 0 36 12" aria-hidden="true"><path class="ow-line-{place}" '
        f'd="M1 6H35"/></svg> <span>{escape(line.name)}</span></li>'
        for place, line in enumerate(lines)
    )
    return (
        f'<ul class="ow-legend">{legend}</ul>'
        f'<div class="ow-timeline" aria-hidden="true" style="--ow-rows:{rows}">'
        f'<div class="ow-stones">{marks}</div><div class="ow-scale-y">{scale}</div>'
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none">{grid}{paths}</svg>'
        f'<div class="ow-scale-x">{years}</div></div>'
    )


def _round_up(value: float) -> float:
    """Find the next larger number that reads well on a scale."""
    power = 10.0 ** np.floor(np.log10(value))
    steps = (1, 2, 2.5, 4, 5, 6, 8, 10)
    return float(next(step * power for step in steps if step * power >= value))


def _path(line: Line, across: Callable[[float], float], ceiling: float) -> str:
    """Draw a line through the ends of its quarters; it breaks where one is not known.

    A quarter between two that are not known is a line of no length, which shows as a dot.
    """
    drawn, last = [], None
    for period in sorted(line.known):
        place = ordinal(period) if "-Q" in period else int(period)
        x = across(_year(period, is_end=True)) * WIDE / 100
        y = HIGH * (1 - line.known[period] / ceiling)
        drawn.append(f"L{x:.1f},{y:.2f}" if last == place - 1 else f"M{x:.1f},{y:.2f}h0")
        last = place
    return "".join(drawn)


def _rows(places: Sequence[float]) -> tuple[int, list[int]]:
    """Give each number the lowest row in which it does not meet the one before."""
    ends: list[float] = []
    chosen = []
    for place in places:
        row = next((i for i, end in enumerate(ends) if place - end >= FEWEST_BETWEEN), len(ends))
        ends[row : row + 1] = [place]
        chosen.append(row)
    return len(ends), chosen


def _listed(
    stones: "Sequence[Milestone]", period: str, language: str, parts: dict[str, str] | None
) -> str:
    """Write the milestones as a numbered list, those to come as such."""
    if not stones:
        said = text("No milestone is declared.", language)
        return f'<p class="ow-note">{escape(said)}</p>'
    until = _year(period, is_end=True)
    items = []
    for stone in stones:
        measure = (parts or {}).get(stone.measure_id, stone.measure_id)
        remark = text("still to come", language) if _decimal(stone.on) >= until else ""
        behind = ", ".join(filter(None, (measure, remark)))
        items.append(
            f'<li><time datetime="{stone.on}">{escape(day(stone.on, language))}</time> '
            f"<span>{escape(getattr(stone.label, language))}"
            + (f' <span class="ow-when">({escape(behind)})</span>' if behind else "")
            + "</span></li>"
        )
    return f'<ol class="ow-milestones">{"".join(items)}</ol>'


def _said(lines: list[Line], rows: pd.DataFrame, one: Subject) -> list[str]:
    """Say where each line begins and ends, and where it breaks."""
    language, unit, said = one.language, str(one.declared["unit"]), []
    for line in lines:
        if not line.known:
            said.append(text("{label}: no value is known.", language, label=line.name))
            continue
        first, last = min(line.known), max(line.known)
        said.append(
            text(
                "{label}: {before} ({first}), {after} ({last}).",
                language,
                label=line.name,
                before=written(line.known[first], "", unit, language),
                first=quarter(first, language),
                after=written(line.known[last], "", unit, language),
                last=quarter(last, language),
            )
        )
        lacking = rows[(rows["breakdown"] == line.breakdown) & rows["value"].isna()]
        if count := len(lacking):
            message = (
                "In one period the value is kept secret or missing: the line breaks there."
                if count == 1
                else "In {count} periods the value is kept secret or missing: the line breaks "
                "there."
            )
            said[-1] += " " + text(message, language, count=count)
    return said
