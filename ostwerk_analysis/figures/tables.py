"""Tables and key figures: the same observations, to read and to compare."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ..language import number, quarter, text, unit_sign
from ..observations import as_of
from ..observations import breakdown as write_breakdown
from .values import (
    Figure,
    cell,
    digits_for,
    due_day,
    entry,
    foot,
    label,
    mark_of,
    observed,
    of_areas,
    part_label,
    signs,
    states,
    unit_heading,
    written,
)


def observation_table(
    observations: pd.DataFrame,
    catalogue: pd.DataFrame,
    names: Mapping[str, str],
    *,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
    title: str = "",
    is_turned: bool = False,
) -> Figure:
    """Set observations out as a table: a row for each area, a column for each figure and period.

    Parameters
    ----------
    observations : DataFrame
        Those to show.
    catalogue : DataFrame
    names : mapping
        Code → name of the areas, in the order of the rows; areas without observations are missing.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.
    title : str
        Heading; by default the indicator's name, where there is only one.
    is_turned : bool
        A row for each figure and period and a column for each area: for long series.

    Returns
    -------
    Figure
        With an explanation of the signs that occur.
    """
    keys = ["indicator", "breakdown", "period"]
    frame = observations.assign(state=states(observations)).set_index("area_id")
    heads: list[tuple[str, str, str]] = []
    grid: list[list[str]] = []
    seen_states, seen_status = set(), set()
    for (indicator, part, period), rows in frame.groupby(keys, sort=False):
        declared = entry(catalogue, indicator)
        here = rows.reindex(list(names))
        here["state"] = here["state"].fillna("missing")
        here["obs_status"] = here["obs_status"].fillna("M")
        digits = digits_for(here["value"], str(declared["kind"]))
        heads.append(
            (
                label(catalogue, indicator, language, part, parts),
                quarter(period, language),
                unit_heading(str(declared["unit"]), language),
            )
        )
        grid.append(
            [
                cell(row["value"], row["state"], language, status=row["obs_status"], digits=digits)
                for row in here.to_dict("records")
            ]
        )
        seen_states |= set(here["state"])
        seen_status |= set(here["obs_status"])
    # What is the same over the whole table is said once, in its title.
    common = [found.pop() if len(found := {head[i] for head in heads}) == 1 else "" for i in (0, 2)]
    title = title or ", ".join(part for part in common if part)
    columns = [", ".join(p for p in head if p and p not in common) for head in heads]
    sides, corner = list(names.values()), text("Area", language)
    if is_turned:
        sides, columns, corner = columns, sides, text("Period", language)
    else:
        grid = [[cells[i] for cells in grid] for i in range(len(sides))]
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in (corner, *columns))
    body = "".join(
        f'<tr><th scope="row">{escape(side)}</th>'
        + "".join(f"<td>{content}</td>" for content in cells)
        + "</tr>"
        for side, cells in zip(sides, grid, strict=True)
    )
    return Figure(
        f'<div class="ow ow-scroll" lang="{language}" role="region" tabindex="0" '
        f'aria-label="{escape(title or text("Table", language))}"><table>'
        f"<caption>{escape(title)}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{signs(seen_states, seen_status, language)}"
    )


def targets_reached(
    observations: pd.DataFrame, targets: pd.DataFrame, period: str, area_id: str
) -> pd.DataFrame:
    """Set targets beside what has been reached by a period.

    Parameters
    ----------
    observations : DataFrame
    targets : DataFrame, n rows
        ``indicator``, ``measure_id``, ``status``, ``due``, ``target_value``.
    period, area_id : str
        Where and by when.

    Returns
    -------
    DataFrame, n rows
        The targets, each with the ``indicator`` that counts from the programme's start where there
        is one, its ``breakdown``, ``value``, ``state``, ``obs_status`` and ``reached_pct``. A
        target of 0, or whose value is kept secret or missing, has no ``reached_pct``.
    """
    known = set(observations["indicator"])
    here = of_areas(observations, [area_id])
    rows = []
    for target in targets.to_dict("records"):
        since_start = f"{target['indicator']}_to_date"
        indicator = since_start if since_start in known else target["indicator"]
        parts = {"measure": target["measure_id"], "status": target.get("status", "")}
        part = write_breakdown({name: str(code) for name, code in parts.items() if code})
        found = observed(here, indicator, period, part)
        value = found["value"]
        rows.append(
            {
                "indicator": indicator,
                "breakdown": part,
                **found,
                "reached_pct": 100 * value / target["target_value"]
                if target["target_value"]
                else np.nan,
            }
        )
    columns = ["indicator", "breakdown", "value", "state", "obs_status", "reached_pct"]
    kept = targets.drop(columns="indicator").reset_index(drop=True)
    return pd.concat([pd.DataFrame(rows, columns=columns), kept], axis="columns")


def key_figures(
    observations: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    indicators: Sequence[str | tuple[str, str]] = (),
    targets: pd.DataFrame | None = None,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
    title: str = "",
) -> Figure:
    """Show the main figures as cards, with what they are to reach.

    Parameters
    ----------
    observations : DataFrame
    period, area_id : str
        When and where. A figure that comes later or once a year is that of the last period before,
        which its card names.
    catalogue : DataFrame
    indicators : sequence
        Indicators, or pairs of indicator and breakdown; those with a target are added.
    targets : DataFrame, optional
        As :func:`targets_reached` takes them.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.
    title : str
        Heading over the cards.

    Returns
    -------
    Figure
    """
    due = pd.DataFrame(columns=["indicator", "breakdown"])
    if targets is not None:
        due = targets_reached(observations, targets, period, area_id)
    wanted = [item if isinstance(item, tuple) else (item, "") for item in indicators]
    wanted += [
        pair
        for pair in due[["indicator", "breakdown"]].itertuples(index=False, name=None)
        if pair not in wanted
    ]
    here = of_areas(observations, [area_id])
    cards, shown, behind, statuses = [], [], [], set()
    for indicator, part in wanted:
        declared = entry(catalogue, indicator)
        shown.append(declared)
        unit = str(declared["unit"])
        when = as_of(observations, indicator, period)
        found = observed(here, indicator, when, part)
        is_it = (here["indicator"] == indicator) & (here["breakdown"] == part)
        behind.append(here[is_it & (here["period"] == when)])
        if not found["state"]:
            statuses.add(found["obs_status"])
        goals = due[(due["indicator"] == indicator) & (due["breakdown"] == part)]
        meant = part_label(part, language, parts)
        cards.append(
            f'<li class="ow-card"><p class="ow-label">{escape(declared[f"label_{language}"])}</p>'
            + (f'<p class="ow-when">{escape(meant)}</p>' if meant else "")
            + _card_value(found, unit, language)
            + "".join(_goal(goal, unit, language) for _, goal in goals.iterrows())
            + f'<p class="ow-when ow-end">{escape(quarter(when, language))}</p></li>'
        )
    head = f"<h2>{escape(title)}</h2>" if title else ""
    return Figure(
        f'<section class="ow ow-key" lang="{language}"'
        + (f' aria-label="{escape(title)}">' if title else ">")
        + f'{head}<ul class="ow-cards">{"".join(cards)}</ul>'
        + f"{signs(set(), statuses, language)}"
        f"{foot(shown, language, shown=pd.concat(behind) if behind else None)}</section>"
    )


def _card_value(found: Mapping[str, Any], unit: str, language: str) -> str:
    """Write a card's value: the number large, its unit small; or why there is none."""
    value, state = found["value"], found["state"]
    if state:
        return f'<p class="ow-value ow-none">{escape(written(value, state, unit, language))}</p>'
    mark = mark_of(found["obs_status"])
    sign = escape(unit_sign(unit, language))
    small = f' <span class="ow-unit">{sign}</span>' if sign else ""
    return f'<p class="ow-value">{number(value, "", language)}{mark}{small}</p>'


def _goal(goal: pd.Series, unit: str, language: str) -> str:
    """Say and draw how much of a target is reached."""
    target = number(goal["target_value"], unit, language)
    due = due_day(goal["due"], language)
    if np.isnan(goal["reached_pct"]):
        words = text("Target: {target} by {due}", language, target=target, due=due)
        return f'<p class="ow-goal">{escape(words)}</p>'
    share = number(goal["reached_pct"], "percent", language, 0)
    words = text(
        "{share} of the target of {target} by {due}", language, share=share, target=target, due=due
    )
    width = min(100.0, max(0.0, float(goal["reached_pct"])))
    return (
        '<svg class="ow-meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ow-all" width="100" height="4"/>'
        f'<rect class="ow-part" width="{width:.1f}" height="4"/></svg>'
        f'<p class="ow-goal">{escape(words)}</p>'
    )
