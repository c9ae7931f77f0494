"""Text to numbers, days and yes/no: pure functions over columns.

Each gives the values and a mask of the cells that it could not read. A missing cell stays missing
and is never bad; a value is never guessed where two readings are possible.
"""

import re
from collections.abc import Callable
from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..faults import DataError

AMBIGUOUS = "ambiguous"
"""What :func:`find_decimal_mark` gives where 1.234 may be a thousand or one and a bit."""

FIRST_YEAR, LAST_YEAR = 1900, 2100
PIVOT = 69  # dd.mm.69 is 1969, dd.mm.68 is 2068, as in POSIX

YES = ("ja", "j", "yes", "y", "true", "wahr", "1")
NO = ("nein", "n", "no", "false", "falsch", "0")

# Thousands stand in groups of three and do not begin with 0, so that 0.123 is never 123.
_GROUPS = r"[1-9][0-9]{{0,2}}(?:(?:{mark}[0-9]{{3}})+|(?: [0-9]{{3}})+|(?:'[0-9]{{3}})+)"
_NUMBER = {
    decimal: r"^[+-]?(?:"
    + _GROUPS.format(mark=thousands)
    + rf"(?:{decimal_re}[0-9]*)?"
    + rf"|(?:[0-9]+(?:{decimal_re}[0-9]*)?|{decimal_re}[0-9]+)(?:[eE][+-]?[0-9]+)?)$"
    for decimal, decimal_re, thousands in ((",", ",", r"\."), (".", r"\.", ","))
}
LOOKS_GROUPED = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
"""A number with a decimal point that could also be one with thousands."""
_UNIT = r"(?i)^(?:€|eur)\s*|\s*(?:€|eur|euro|%)$"
_ISO_DAY = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[T ](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?)?"
)
_GERMAN_DAY = re.compile(
    r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4}|[0-9]{2})"
    r"(?:,? (?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?"
)


def find_decimal_mark(text: pd.Series) -> str | None:
    """Find the decimal mark of a column of numbers from its cells.

    A cell that only one mark can explain, such as ``1.234,56``, ``0,5`` or ``1.234.567``, decides.
    Single cells that contradict are left for :func:`to_number` to call bad. Where the column also
    has cells that both marks explain, such as ``1.234``, one contradiction in a hundred is
    tolerated, since a wrong choice there is wrong by a factor of 1000.

    Parameters
    ----------
    text : Series of str, shape (n,)

    Returns
    -------
    str or None
        ``","``, ``"."``, :data:`AMBIGUOUS`, or None where no cell needs a mark.
    """
    return _found_mark(_bare(_arrow(text)))


def _found_mark(cells: pa.Array) -> str | None:
    has_mark = pc.match_substring_regex(cells, "[.,]")
    if not pc.any(has_mark).as_py():
        return None
    cells = cells.filter(has_mark)
    comma, point = (pc.match_substring_regex(cells, _NUMBER[mark]) for mark in ",.")
    for_comma = pc.sum(pc.and_not(comma, point)).as_py()
    for_point = pc.sum(pc.and_not(point, comma)).as_py()
    explained_by_both = pc.any(pc.and_(comma, point)).as_py()
    less, more = sorted((for_comma, for_point))
    if less == more and (more or explained_by_both):
        return AMBIGUOUS
    if explained_by_both and less * 100 > more:
        return AMBIGUOUS
    if not more:
        return None
    return "," if for_comma > for_point else "."


def to_number(text: pd.Series, decimal_mark: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Read numbers as German and English offices write them.

    Thousands may be grouped by the other mark, by blanks or by apostrophes; a euro or per cent
    sign may stand beside the number and is dropped. ``49,92%`` is 49.92.

    Parameters
    ----------
    text : Series of str, shape (n,)
    decimal_mark : {",", "."}, optional
        Found from the column where left out.

    Returns
    -------
    values : Series of float64, shape (n,)
        NaN where the cell is missing or bad.
    bad : Series of bool, shape (n,)
        The cell is no finite number with that mark.

    Raises
    ------
    DataError
        If no mark is stated and the cells allow both.
    """
    cells = _bare(_arrow(text))
    mark = decimal_mark or _found_mark(cells) or "."
    if mark == AMBIGUOUS:
        raise DataError(
            "{column}: numbers such as {example!r} can be read in two ways. State "
            'decimal_mark = "," or "." for the source in programme.toml.',
            column=text.name,
            example=_example(cells),
        )
    values = _cast(cells) if mark == "." else None
    if values is None:
        cells = pc.if_else(pc.match_substring_regex(cells, _NUMBER[mark]), cells, None)
        cells = pc.replace_substring_regex(cells, "[ '.]" if mark == "," else "[ ',]", "")
        values = pc.cast(pc.replace_substring(cells, ",", "."), pa.float64())
    numbers = pd.Series(values.to_numpy(zero_copy_only=False), text.index, name=text.name)
    numbers = numbers.where(np.isfinite(numbers))
    return numbers, numbers.isna() & text.notna()


def _arrow(text: pd.Series) -> pa.Array:
    return pa.array(text.astype("str"), pa.large_string())


def _cast(cells: pa.Array) -> pa.Array | None:
    """Read plain numbers quickly; None where a single cell is not one."""
    try:
        values = pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        return None
    return values if pc.all(pc.is_finite(values)).as_py() is not False else None


def _bare(cells: pa.Array) -> pa.Array:
    """Drop what stands around a number, and write its signs in one way."""
    if not pc.any(pc.match_substring_regex(cells, "[^0-9.,+-]")).as_py():
        return cells
    cells = pc.replace_substring_regex(pc.utf8_trim_whitespace(cells), _UNIT, "")
    cells = pc.replace_substring_regex(cells, "[\u00a0\u2009\u202f]", " ")
    return pc.replace_substring(pc.replace_substring(cells, "\u2212", "-"), "\u2019", "'")


def _example(cells: pa.Array) -> str:
    both = pc.and_(*(pc.match_substring_regex(cells, _NUMBER[mark]) for mark in ",."))
    marked = pc.match_substring_regex(cells, "[.,]")
    shown = cells.filter(pc.and_(both, marked))
    return (shown if len(shown) else cells.filter(marked))[0].as_py()


def number_text(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Write floats as the shortest text that gives them back, for readers of typed files.

    Parameters
    ----------
    values : Array of float, shape (n,)

    Returns
    -------
    Array of str, shape (n,)
        Whole numbers without ``.0``; ``1.234`` as ``1.2340``, so that it is no thousand; NaN
        is missing.
    """
    cells = pc.cast(values, pa.string())
    cells = pc.if_else(pc.equal(cells, "nan"), None, cells)
    return pc.replace_substring_regex(cells, f"^({LOOKS_GROUPED.pattern})$", r"\10")


def to_date(text: pd.Series, date_format: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Read days: ``2026-07-31``, and ``31.07.2026`` or ``31.7.26`` as in German.

    Two digits of a year below 69 are 20xx, from 69 on 19xx. A time of day is dropped; one with a
    time zone is bad, since the day then depends on the place.

    Parameters
    ----------
    text : Series of str, shape (n,)
    date_format : str, optional
        Another form, as in strptime, such as ``%m/%d/%Y``; it takes the place of the German one.

    Returns
    -------
    values : Series of datetime64[ns], shape (n,)
        NaT where the cell is missing or bad.
    bad : Series of bool, shape (n,)
        The cell is no day, or none of the years 1900 to 2100.

    Raises
    ------
    DataError
        If ``date_format`` itself is wrong.
    """
    parse = _german_day if date_format is None else _stated_day(date_format)
    codes, distinct = pd.factorize(text)  # days repeat, so few are parsed
    days = [_day_in_range(written, parse) for written in distinct] + [None]  # -1 is missing
    values = np.array(days, dtype="datetime64[D]").astype("datetime64[ns]")[codes]
    dates = pd.Series(values, text.index, name=text.name)
    return dates, dates.isna() & text.notna()


def _day_in_range(written: str, parse: Callable[[str], date | None]) -> date | None:
    try:
        if found := _ISO_DAY.fullmatch(written):
            day: date | None = date(int(found[1]), int(found[2]), int(found[3]))
        else:
            day = parse(written)
    except ValueError:  # the 31st of February
        return None
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None


def _german_day(written: str) -> date | None:
    found = _GERMAN_DAY.fullmatch(written)
    if not found:
        return None
    year = int(found[3])
    if len(found[3]) == 2:
        year += 1900 if year >= PIVOT else 2000
    return date(year, int(found[2]), int(found[1]))


def _stated_day(date_format: str) -> Callable[[str], date | None]:
    try:
        same = datetime.strptime(date(2026, 7, 31).strftime(date_format), date_format).date()
    except (ValueError, re.error):
        same = None
    if same != date(2026, 7, 31):
        raise DataError(
            "date_format {form!r} does not name a day. Write it as %m/%d/%Y, for example.",
            form=date_format,
        )
    return lambda written: datetime.strptime(written, date_format).date()


def to_boolean(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read yes and no in German and English, as words or as 1 and 0.

    A cross or a tick is bad: a blank beside it may mean no or not asked. Recode both in
    programme.toml.

    Parameters
    ----------
    text : Series of str, shape (n,)

    Returns
    -------
    values : Series of boolean, shape (n,)
        Missing where the cell is missing or bad.
    bad : Series of bool, shape (n,)
    """
    lower = text.astype("str").str.lower()
    yes, no = lower.isin(YES).to_numpy(), lower.isin(NO).to_numpy()
    values = pd.Series(pd.arrays.BooleanArray(yes, ~(yes | no)), text.index, name=text.name)
    return values, values.isna() & text.notna()
