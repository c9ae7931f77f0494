"""Cost per job and leverage, each with how far it hangs on single enterprises."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..language import number, quarter, text
from .sentences import interval, section
from .values import MISSING, SIGNS, Figure, entry, label, note

DIGITS = {"EUR per EUR": 2}
"""Decimals of a ratio by its unit; none for euros per job."""


def ratio_intervals(
    intervals: pd.DataFrame,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Show ratios of two sums with their intervals.

    Parameters
    ----------
    intervals : DataFrame, n rows
        Of :func:`ostwerk_analysis.indicators.intervals.ratio_interval`, one below the other.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.

    Returns
    -------
    Figure
        A sentence for each ratio, and a table. A ratio without an interval says so.
    """
    known = intervals.dropna(subset="ratio")
    if known.empty:
        return note(
            text("There is no ratio of which an interval could be given.", language), language
        )
    said, rows = [], []
    for row in intervals.to_dict("records"):
        unit = str(entry(catalogue, row["indicator"])["unit"])
        digits = DIGITS.get(unit, 0)
        name = label(catalogue, row["indicator"], language, row["breakdown"], parts)
        written = (
            SIGNS[MISSING] if np.isnan(row["ratio"]) else number(row["ratio"], "", language, digits)
        )
        ends = interval(row["lower"], row["upper"], "", language, digits)
        rows.append([name, written, text(unit, language), ends, number(row["n"], "", language)])
        if not np.isnan(row["lower"]):
            message = "{label}, {period}: {value} (95 % interval: {range}), from {n} enterprises."
            said.append(
                text(
                    message,
                    language,
                    label=name,
                    period=quarter(row["period"], language),
                    value=written,
                    range=ends,
                    n=number(row["n"], "", language),
                )
            )
    said.append(
        text(
            "The interval says how far the ratio hangs on single enterprises: within it, it could "
            "as well lie if other enterprises like these had been supported.",
            language,
        )
    )
    heads = [
        "",
        text("Ratio", language),
        text("Unit", language),
        text("95 % interval", language),
        text("Enterprises", language),
    ]
    return section(text("How sure the ratios are", language), said, heads, rows, language)
