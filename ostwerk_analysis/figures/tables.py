"""Tables of observations, and targets beside what is reached of them."""

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd

from ..language import quarter, text
from ..observations import breakdown as write_breakdown
from .values import (
    Figure,
    cell,
    digits_for,
    entry,
    label,
    observed,
    of_areas,
    signs,
    states,
    unit_heading,
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
    title = title or ", ".join(part for part in dict.fromkeys(common) if part)
    columns = [", ".join(p for p in head if p and p not in common) for head in heads]
    sides, corner = list(names.values()), text("Area", language)
    if is_turned:
        sides, columns, corner = columns, sides, text("Period", language)
    else:
        grid = [[cells[i] for cells in grid] for i in range(len(sides))]
    columns = [column or text("Value", language) for column in columns]
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in (corner, *columns))
    body = "".join(
        f'<tr><th scope="row">{escape(side)}</th>'
        + "".join(f"<td>{content}</td>" for content in cells)
        + "</tr>"
        for side, cells in zip(sides, grid, strict=True)
    )
    return Figure(
        f'<div class="ow ow-scroll" lang="{language}" role="group" tabindex="0" '
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
    known = set(observations["indicator"].unique())
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
