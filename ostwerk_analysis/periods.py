"""Quarters and years, written as SDMX does: ``2026-Q3`` and ``2026``."""

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from .faults import DataError

if TYPE_CHECKING:
    import pandas as pd


def parse_quarter(text: str) -> str:
    """Read a quarter as people write it: ``2026Q3``, ``2026-Q3``, ``2026q3`` or ``3/2026``.

    Returns
    -------
    str
        The quarter as ``2026-Q3``.

    Raises
    ------
    DataError
        If it is no quarter.
    """
    written = text.strip().upper()
    if found := re.fullmatch(r"([0-9]{4})-?Q([1-4])", written):
        return f"{found[1]}-Q{found[2]}"
    if found := re.fullmatch(r"([1-4])/([0-9]{4})", written):
        return f"{found[2]}-Q{found[1]}"
    raise DataError("{text!r} is not a quarter. Write it as 2026Q3.", text=text)


def ordinal(quarter: str) -> int:
    """Number quarters through the years, so that they can be counted and compared."""
    year, number = quarter.split("-Q")
    return 4 * int(year) + int(number) - 1


def from_ordinal(number: int) -> str:
    """Turn a running number back into its quarter."""
    return f"{number // 4:04d}-Q{number % 4 + 1}"


def quarters(first: str, last: str) -> list[str]:
    """List all quarters from the first to the last, both included."""
    return [from_ordinal(n) for n in range(ordinal(first), ordinal(last) + 1)]


def last_day(quarter: str) -> date:
    """Give the last day of a quarter."""
    year, number = quarter.split("-Q")
    month = 3 * int(number)
    return date(int(year), month, {3: 31, 6: 30, 9: 30, 12: 31}[month])


def quarter_of(day: date) -> str:
    """Give the quarter in which a day lies."""
    return f"{day.year:04d}-Q{(day.month - 1) // 3 + 1}"


def last_complete(today: date) -> str:
    """Give the last quarter that has ended before today."""
    return from_ordinal(ordinal(quarter_of(today)) - 1)


def complete_years(periods: Iterable[str]) -> list[str]:
    """List the years of which all four quarters are among the periods."""
    seen = set(periods)
    years = sorted({period[:4] for period in seen})
    return [year for year in years if all(f"{year}-Q{n}" in seen for n in (1, 2, 3, 4))]


def quarters_of(days: "pd.Series") -> "pd.Series":
    """Give the quarter of each day, missing where the day is.

    Parameters
    ----------
    days : Series of datetime64, shape (n,)

    Returns
    -------
    Series of str, shape (n,)
    """
    written = days.dt.year.astype("Int64").astype("string") + "-Q"
    return (written + days.dt.quarter.astype("Int64").astype("string")).astype("str")
