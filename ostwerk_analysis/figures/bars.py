"""Bars: plain HTML, which wraps on a phone, prints, and needs no script."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ..codes import CODES, DIMENSIONS, code_name
from ..faults import DataError
from ..language import number, quarter, text, unit_sign
from ..observations import as_of, dimensions
from .sentences import Cell, framed, table
from .tables import targets_reached
from .values import (
    Figure,
    digits_for,
    due_day,
    entry,
    foot,
    label,
    mark_of,
    note,
    of_areas,
    signs,
    states,
    unit_heading,
    unobserved,
    written,
)

MOST_IN_HALF = 8
"""With more bars, a figure takes the whole width of a page."""


def bars(
    observations: pd.DataFrame,
    indicator: str,
    period: str,
    area_id: str,
    by: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
) -> Figure:
    """Draw an indicator by one dimension of its breakdown, such as status or sector.

    Parameters
    ----------
    observations : DataFrame
    indicator, period, area_id : str
        What, when and where.
    by : str
        The dimension; its bars are never added up.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the dimension's codes.
    order : sequence of str
        Codes from top to bottom; the others follow, in the order of :data:`CODES` or by code.

    Raises
    ------
    DataError
        If the indicator is unknown or is not broken down by the dimension.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    period = as_of(observations, indicator, period)
    unit = str(declared["unit"])
    here = of_areas(observations, [area_id])
    picked = here[(here["indicator"] == indicator) & (here["period"] == period)]
    picked = picked[picked["breakdown"].map(lambda part: list(dimensions(part)) == [by])]
    if picked.empty and by in _declared_by(declared, catalogue):
        said = text(
            "{label}: nothing by {dimension} in {period}.",
            language,
            label=declared[f"label_{language}"],
            dimension=text(DIMENSIONS.get(by, by), language),
            period=quarter(period, language),
        )
        return note(said, language)
    if picked.empty:
        raise DataError(
            "{indicator} is not broken down by {by} in {area} in {period}.",
            indicator=indicator,
            by=by,
            area=area_id,
            period=period,
        )
    codes = picked["breakdown"].map(lambda part: dimensions(part)[by])
    place = {code: i for i, code in enumerate(dict.fromkeys([*order, *CODES.get(by, {})]))}
    picked = picked.assign(code=codes, place=codes.map(place).fillna(len(place)))
    picked = picked.sort_values(["place", "code"])
    picked["state"] = states(picked)
    digits = digits_for(picked["value"], str(declared["kind"]))
    # A unit of one sign stands at each value, another one in the heading only.
    sign = unit if len(unit_sign(unit, language)) == 1 else ""
    words = [
        written(value, state, sign, language, digits)
        for value, state in zip(picked["value"], picked["state"], strict=True)
    ]
    names = [code_name(by, code, language, parts) for code in picked["code"]]
    when = ", ".join(filter(None, (quarter(period, language), unit_heading(unit, language))))
    dimension = text(DIMENSIONS.get(by, by), language)
    when = f"{dimension} · {when}"
    title = label(catalogue, indicator, language)
    if _is_told_apart(here, indicator, period):
        within = dimension if language == "de" else dimension[:1].lower() + dimension[1:]
        title = text("{label} by {dimension}", language, label=title, dimension=within)
    heads = [dimension, unit_heading(unit, language) or text("Value", language)]
    statuses = picked["obs_status"].where(picked["state"] == "", "")
    cells = [*zip(names, zip(words, statuses, strict=True), strict=True)]
    numbers = table(title, heads, cells, language, is_behind=False)
    return framed(
        title,
        when,
        _bars(names, picked["value"], words, picked["obs_status"])
        + signs(set(), _statuses(picked), language)
        + foot([declared], language, Figure(numbers), picked),
        language,
        is_half=len(names) <= MOST_IN_HALF,
    )


def target_bars(
    observations: pd.DataFrame,
    targets: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw how much of each target is reached, in percent; the whole line is the target.

    Parameters are those of :func:`ostwerk_analysis.figures.key_figures`.
    """
    reached = targets_reached(observations, targets, period, area_id)
    rows = reached.to_dict("records")
    names = [label(catalogue, row["indicator"], language, row["breakdown"], parts) for row in rows]
    told = [
        (
            written(row["reached_pct"], row["state"], "percent", language, 0),
            "" if row["state"] else str(row["obs_status"]),
        )
        for row in rows
    ]
    goals = [_goal(row, str(entry(catalogue, row["indicator"])["unit"]), language) for row in rows]
    longest = max([100.0, *reached["reached_pct"].dropna()])
    title = text("Targets reached", language)
    cells: list[list[Cell]] = [
        [name, *goal, share] for name, goal, share in zip(names, goals, told, strict=True)
    ]
    heads = [
        text("Indicator", language),
        text("Value", language),
        text("Target", language),
        text("Due", language),
        text("Target reached", language),
    ]
    numbers = table(title, heads, cells, language, is_behind=False)
    here = of_areas(observations, [area_id])
    shown = here.merge(reached[["indicator", "breakdown"]].drop_duplicates())
    shown = shown[shown["period"] == period]
    return framed(
        title,
        quarter(period, language),
        bar_list(
            bar_item(
                name,
                row["reached_pct"],
                longest,
                share,
                whole=100,
                mark=mark_of(status),
                beneath=text(
                    "{value} of {target} by {due}", language, value=value, target=target, due=due
                ),
            )
            for row, name, (value, target, due), (share, status) in zip(
                rows, names, goals, told, strict=True
            )
        )
        + signs(set(), _statuses(reached), language)
        + foot(
            [entry(catalogue, row["indicator"]) for row in rows], language, Figure(numbers), shown
        ),
        language,
        is_half=len(rows) <= MOST_IN_HALF,
    )


def _goal(row: Mapping[str, Any], unit: str, language: str) -> list[str]:
    """Write what is reached of a target, the target, and by when it is due."""
    return [
        written(row["value"], row["state"], "", language),
        number(row["target_value"], unit, language),
        due_day(row["due"], language),
    ]


def _is_told_apart(here: pd.DataFrame, indicator: str, period: str) -> bool:
    """Tell whether an indicator has several breakdowns, so that a heading has to name its own."""
    of_it = here[(here["indicator"] == indicator) & (here["period"] == period)]
    single = {tuple(dimensions(part)) for part in of_it["breakdown"] if "&" not in part}
    return len(single - {()}) > 1


def _declared_by(declared: pd.Series, catalogue: pd.DataFrame) -> set[str]:
    """Name the dimensions by which an indicator may be given; a rate's are those of its part."""
    numerator = str(declared.get("numerator") or "")
    split = entry(catalogue, numerator) if numerator else declared
    return set(re.split(r"[; &]+", str(split.get("breakdowns") or ""))) - {""}


def _statuses(rows: pd.DataFrame) -> set[str]:
    """Collect the statuses of the values that are shown."""
    return set(rows.loc[rows["state"] == "", "obs_status"])


def _bars(
    names: list[str], values: pd.Series, words: list[str], statuses: pd.Series, whole: float = 0.0
) -> str:
    """Write bars as a list: name, bar and value in words; ``whole`` is a line to be filled."""
    longest = max(float(values.max()), whole) if values.notna().any() else whole
    return bar_list(
        bar_item(
            name, value, longest, word, whole=whole, mark="" if np.isnan(value) else mark_of(status)
        )
        for name, value, word, status in zip(names, values, words, statuses, strict=True)
    )


def bar_list(items: Iterable[str]) -> str:
    """Put items of :func:`bar_item` into one list; their bars have one scale."""
    return f'<ul class="ow-bars">{"".join(items)}</ul>'


def bar_item(
    name: str,
    value: float,
    longest: float,
    words: str,
    *,
    whole: float = 0.0,
    mark: str = "",
    beneath: str = "",
) -> str:
    """Write one bar: its name, the bar, its value in words, and what stands beneath.

    Parameters
    ----------
    name : str
    value, longest : float
        Its value, NaN for none, and that of a bar over the whole width.
    words : str
        The value, or why there is none.
    whole : float
        What is to be filled, as a line behind the bar; 0 for none.
    mark : str
        HTML of :func:`ostwerk_analysis.figures.values.mark_of`.
    beneath : str
    """
    if np.isnan(value):
        drawn = '<path class="ow-untold" d="M0 2H100"/>'  # neither zero nor nothing of a whole
    else:
        share = 0.0 if longest <= 0 else max(0.0, 100 * value / longest)
        full = 100 * whole / longest if whole else 0
        drawn = f'<rect class="ow-all" width="{full:.1f}" height="4"/>' if whole else ""
        drawn += f'<rect class="ow-part" width="{share:.1f}" height="4"/>'
    below = f'<span class="ow-beneath">{escape(beneath)}</span>' if beneath else ""
    return (
        f'<li><span class="ow-label">{escape(name)}</span>'
        '<svg class="ow-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f"{drawn}</svg>"
        f'<span class="ow-amount">{escape(words)}{mark}</span>{below}</li>'
    )
