"""Plausibility checks: what official figures cannot be, found unasked and never changed.

Every figure of the table ``statistics`` is held against the others: its neighbours in time, the
other districts of the same period, the parts it is made of, and the areas it contains. What does
not fit is a finding with its evidence, see :data:`ostwerk_analysis.rules.FINDINGS`. A finding is a
question to the office, not an answer: the data stay as they are until ``[[corrections]]`` says so.

A rule looks at counts and at measures (shares, areas) alike on a logarithmic scale, where a change
is a ratio, and measures deviations in robust units: the median absolute deviation from the median,
times 1.4826, which is a standard deviation where they are normal. Counts carry chance as well,
which their own size tells (Poisson).
"""

from collections.abc import Mapping

import pandas as pd

from ..faults import findings_frame
from ..rules import FINDINGS
from . import changes, sums, zeros
from .panel import Finding, Panel, panel_of

__all__ = ["findings"]


def findings(
    statistics: pd.DataFrame, districts: pd.DataFrame, origin: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Look at official figures for what they cannot be.

    Parameters
    ----------
    statistics : DataFrame
        A table of that contract.
    districts : DataFrame
        With ``district_id`` and ``borough_id``.
    origin : mapping, optional
        Statistic = the source that it came from. Those of one source are looked at together.

    Returns
    -------
    DataFrame
        One row for each finding, the gravest kind first, with the columns
        :data:`ostwerk_analysis.faults.FINDING_COLUMNS`.
    """
    rows: list[dict] = []
    known = statistics[statistics["value"].notna()]
    is_year = known["period"].str.len() == len("2026")
    for of_frequency in (known[is_year], known[~is_year]):
        if len(of_frequency):
            panel = panel_of(of_frequency, districts, origin or {})
            rows += [_described(panel, found) for found in _found(panel)]
    order = {rule: place for place, rule in enumerate(FINDINGS)}
    rows.sort(key=lambda row: (order[row["rule"]], row["statistic"], row["period"], -row["cells"]))
    return findings_frame(rows)


def _described(panel: Panel, found: Finding) -> dict:
    """Name what a finding is about."""
    return {
        "table": "statistics",
        "source": panel.sources[found.statistic],
        "statistic": panel.statistics[found.statistic],
        "area_level": panel.areas[found.areas[0]][0],
        "area_id": "" if found.is_of_level else panel.areas[found.areas[0]][1],
        "period": "" if found.period is None else panel.periods[found.period],
        "rule": found.rule,
        "cells": len(found.areas) if found.cells is None else found.cells,
        "value": found.value,
        "expected": found.expected,
        "detail": found.detail,
    }


def _found(panel: Panel) -> list[Finding]:
    """Go through the rules; what one has explained is no riddle to the next."""
    gaps = list(zeros.missing(panel))
    panel = panel.without(gaps)
    hidden = list(zeros.suppressed(panel))
    shown = panel.without(hidden)
    strange = list(changes.units(shown))
    panel, shown = panel.without(strange), shown.without(strange)
    rest = [
        *sums.parts(panel, shown.values),
        *sums.areas(shown),
        *changes.shifts(shown),
        *changes.rounding(shown),
        *changes.leaps(shown),
    ]
    return [*gaps, *hidden, *strange, *rest]
