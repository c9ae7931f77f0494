"""Quarters and years, written as SDMX does: ``2026-Q3`` and ``2026``."""

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from .faults import DataError

if TYPE_CHECKING:
    import pandas as pd

_MONTHS = (
    *("januar|january|jän|jan", "februar|february|feb", "märz|march|mär|mrz|mar", "april|apr"),
    *("mai|may", "juni|june|jun", "juli|july|jul", "august|aug", "september|sept|sep"),
    *("oktober|october|okt|oct", "november|nov", "dezember|december|dez|dec"),
)
_MONTH = "|".join(f"(?P<m{n}>{names})" for n, names in enumerate(_MONTHS, 1))
_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_FORMS = tuple(
    (re.compile(pattern, re.IGNORECASE), form)
    for pattern, form in (
        (rf"{_YEAR}(?:-?A1?)?", "{year}"),
        (rf"{_YEAR}-?Q(?P<n>[1-4])", "{year}-Q{n}"),
        (rf"(?P<n>[1-4])\. ?(?:Qu\.?|Quartal|Vj\.?|Vierteljahr) ?{_YEAR}", "{year}-Q{n}"),
        (rf"{_YEAR}-?(?:S|H)(?P<n>[12])", "{year}-S{n}"),
        (rf"(?P<n>[12])\. ?(?:Hj\.?|Halbjahr) ?{_YEAR}", "{year}-S{n}"),
        (rf"{_YEAR}(?:-M?|M)(?P<n>0[1-9]|1[0-2])", "{year}-{n:0>2}"),
        (rf"(?P<n>0[1-9]|1[0-2])/{_YEAR}", "{year}-{n:0>2}"),
        (rf"(?:{_MONTH})\.? ?{_YEAR}", "{year}-{n:0>2}"),
        (rf"{_YEAR}-?W(?P<n>0[1-9]|[1-4][0-9]|5[0-3])", "{year}-W{n}"),
        (rf"{_YEAR}-(?P<n>0[1-9]|1[0-2])-(?P<d>[0-3][0-9])", "{year}-{n}-{d}"),
        (rf"(?P<d>[0-3]?[0-9])\.(?P<n>0?[1-9]|1[0-2])\.{_YEAR}", "{year}-{n:0>2}-{d:0>2}"),
        (rf"{_YEAR}/(?P<next>(?:[0-9]{{2}})?[0-9]{{2}})", "{year}/{next}"),
    )
)
"""How statistics write a stretch of time, and how it is written here."""


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


def parse(text: str) -> str:
    """Read a year, quarter or other stretch of time as offices of statistics write it.

    Returns
    -------
    str
        ``2026``, ``2026-Q3``, half-year ``2026-S1``, month ``2026-07``, week ``2026-W31``, day
        ``2026-07-31``, two years such as a school year ``2026/27``; empty if it is none of these.
    """
    written = text.strip()
    for pattern, form in _FORMS:
        if found := pattern.fullmatch(written):
            parts = found.groupdict()
            month = next((name[1:] for name in parts if name[0] == "m" and parts[name]), "")
            if "next" in parts:
                follows = str(int(parts["year"]) + 1)
                if not follows.endswith(parts["next"]):
                    continue
                parts["next"] = follows[2:]
            period = form.format(**{"n": month} | {k: v for k, v in parts.items() if v})
            return period if "d" not in parts or _is_day(period) else ""
    return ""


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


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
