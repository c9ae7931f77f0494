"""Text to numbers, days and yes/no: pure functions over columns.

Each gives the values and a mask of the cells that it could not read. A missing cell stays missing
and is never bad; a value is never guessed where two readings are possible.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..faults import DataError

AMBIGUOUS = "ambiguous"
"""What :func:`find_decimal_mark` gives where 1.234 may be a thousand or one and a bit."""

FIRST_YEAR, LAST_YEAR = 1900, 2100
PIVOT = 69  # dd.mm.69 is 1969, as in POSIX
LAST_NEAR = 40  # dd.mm.40 is 2040; dd.mm.55 may be a foundation of 1955 or a plan for 2055

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
_ONE_GROUP = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
_UNIT = r"(?i)^(?:€|eur)\s*|\s*(?:€|eur|euro|%)$"
_ISO_DAY = re.compile(
    r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:[T ](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?)?"
)
_GERMAN_DAY = re.compile(
    r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4}|[0-9]{2})"
    r"(?:,? (?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?"
)
# 6/29/2015 or 29/6/2015: which, the column must tell.
_EITHER_DAY = re.compile(
    r"([0-9]{1,2})([-/])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})"
    r"(?:,? (?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?(?: ?[AaPp][Mm])?)?"
)
# Days counted as spreadsheets do, from 1954 to 2119; a time of day is the fraction.
_SERIAL = re.compile(r"([2-7][0-9]{4})(?:[.,][0-9]+)?")
SERIALS = {"excel": date(1899, 12, 30), "excel-1904": date(1904, 1, 1)}
"""``date_format`` of days that are counted = the day 0."""


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
    return _found_mark(_arrow(text))


def _found_mark(cells: pa.Array) -> str | None:
    marked = [pc.match_substring(cells, mark) for mark in ",."]
    has_comma, has_point = (bool(pc.any(one).as_py()) for one in marked)
    if not (has_comma or has_point):
        return None
    cells = cells.filter(pc.or_(*marked))
    if has_comma != has_point:
        plain = pc.replace_substring(cells, ",", ".")
        if _cast(plain) is not None:  # decimals all of them, thousands a few at most
            both = pc.sum(pc.match_substring_regex(plain, _ONE_GROUP)).as_py()
            alone = len(cells) - both
            return _chosen(alone if has_comma else 0, 0 if has_comma else alone, both)
    cells = _bare(cells)
    by_comma = pc.match_substring_regex(cells, _NUMBER[","])
    with_both = pc.and_(pc.match_substring(cells, ","), pc.match_substring(cells, "."))
    certain = pc.and_(by_comma, with_both)  # one mark for the thousands, so one reading
    by_point = pc.match_substring_regex(cells.filter(pc.invert(certain)), _NUMBER["."])
    both = pc.sum(pc.and_(by_comma.filter(pc.invert(certain)), by_point)).as_py() or 0
    return _chosen(
        (pc.sum(by_comma).as_py() or 0) - both, (pc.sum(by_point).as_py() or 0) - both, both
    )


def certain_decimal_mark(text: pd.Series) -> str | None:
    """Find the decimal mark of a column as :func:`find_decimal_mark`, or ask for it.

    Raises
    ------
    DataError
        If the cells allow both; with the column's name and such a cell.
    """
    return _certain_mark(_arrow(text), text.name)


def _certain_mark(cells: pa.Array, column: object) -> str | None:
    mark = _found_mark(cells)
    if mark == AMBIGUOUS:
        raise DataError(
            "{column}: numbers such as {example!r} can be read in two ways. State "
            'decimal_mark = "," or "." for the source in programme.toml.',
            column=column,
            example=_example(_bare(cells)),
        )
    return mark


def _chosen(for_comma: int, for_point: int, for_both: int) -> str | None:
    """Choose a mark by the number of cells that only it explains, and that both explain."""
    less, more = sorted((for_comma, for_point))
    if less == more and (more or for_both):
        return AMBIGUOUS
    if for_both and less * 100 > more:
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
    cells = _arrow(text)
    mark = decimal_mark or _certain_mark(cells, text.name) or "."
    has_other = pc.any(pc.match_substring(cells, "." if mark == "," else ",")).as_py()
    values = None if has_other else _cast(pc.replace_substring(cells, mark, "."))
    if values is None:
        cells = _valid(cells, mark)
        for group in ("." if mark == "," else ",", " ", "'"):
            cells = pc.replace_substring(cells, group, "")
        values = pc.cast(pc.replace_substring(cells, mark, "."), pa.float64())
    numbers = pd.Series(values.to_numpy(zero_copy_only=False), text.index, name=text.name)
    numbers = numbers.where(np.isfinite(numbers))
    return numbers, numbers.isna() & text.notna()


def _arrow(text: pd.Series) -> pa.Array:
    return pa.array(text.astype("str"), pa.large_string())


def _valid(cells: pa.Array, mark: str) -> pa.Array:
    """Keep the cells that are numbers, without what stands around them."""
    is_number = pc.match_substring_regex(cells, _NUMBER[mark])
    if pc.all(is_number).as_py() is False:
        cells = _bare(cells)
        is_number = pc.match_substring_regex(cells, _NUMBER[mark])
    return pc.if_else(is_number, cells, None)


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


def to_date(text: pd.Series, date_format: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Read days: ``2026-07-31``, ``31.07.2026`` or ``31.7.26`` as in German, and those below.

    ``29/6/2015`` and ``6/29/2015`` are read where the column tells the day from the month: some
    cell has a number above 12 in the place of the day, and none has one in the other place.

    ``44197`` is a day counted as spreadsheets do, from 1899-12-30 as 0, where the column has no day
    that is written out and at least 99 of 100 cells are such numbers of five digits. Old Mac
    workbooks count from 1904-01-01; that has to be stated.

    Two digits of a year up to 40 are 20xx, from 69 on 19xx, and bad in between. A time of day is
    dropped; one with a time zone is bad, since the day then depends on the place.

    Parameters
    ----------
    text : Series of str, shape (n,)
    date_format : str, optional
        Another form, as in strptime, such as ``%m/%d/%Y``, or one of :data:`SERIALS`; it takes the
        place of all but the first.

    Returns
    -------
    values : Series of datetime64[ns], shape (n,)
        NaT where the cell is missing or bad.
    bad : Series of bool, shape (n,)
        The cell is no day, or none of the years 1900 to 2100.

    Raises
    ------
    DataError
        If ``date_format`` itself is wrong, or none is stated and the cells allow day and month in
        either order.
    """
    codes, distinct = pd.factorize(text)  # days repeat, so few are parsed
    if date_format in SERIALS:
        parse = _counted_day(SERIALS[date_format])
    elif date_format is not None:
        parse = _stated_day(date_format)
    elif _are_serials(codes, distinct):
        parse = _counted_day(SERIALS["excel"])
    else:
        parse = _written_day(_is_month_first(distinct, text.name))
    days = [_day_in_range(written, parse) for written in distinct] + [None]  # -1 is missing
    values = np.array(days, dtype="datetime64[D]").astype("datetime64[ns]")[codes]
    dates = pd.Series(values, text.index, name=text.name)
    return dates, dates.isna() & text.notna()


def _are_serials(codes: np.ndarray, distinct: Iterable[str]) -> bool:
    """Tell whether a column counts its days."""
    counts = np.bincount(codes + 1)[1:]  # -1 is missing
    counted = np.array([bool(_SERIAL.fullmatch(written)) for written in distinct], dtype=bool)
    if not counted.any() or counts[~counted].sum() * 100 > counts.sum():
        return False
    others = (written for written, one in zip(distinct, counted, strict=True) if not one)
    return not any(
        form.fullmatch(written)
        for written in others
        for form in (_ISO_DAY, _GERMAN_DAY, _EITHER_DAY)
    )


def _is_month_first(distinct: Iterable[str], name: object) -> bool:
    """Tell in which order a column writes day and month.

    Raises
    ------
    DataError
        If it could be either, or is both.
    """
    found = [one for written in distinct if (one := _EITHER_DAY.fullmatch(written))]
    pairs = [(int(one[1]), int(one[3])) for one in found]
    month_first = any(first <= 12 < second <= 31 for first, second in pairs)
    day_first = any(second <= 12 < first <= 31 for first, second in pairs)
    either = [first != second and first <= 12 and second <= 12 for first, second in pairs]
    if (month_first and day_first) or (any(either) and not (month_first or day_first)):
        example = found[either.index(True)] if any(either) else found[0]
        raise DataError(
            "{column}: days such as {example!r} can be read in two ways. State date_format = "
            '"%d/%m/%Y" or "%m/%d/%Y", say, for the source in programme.toml.',
            column=name,
            example=example[0],
        )
    return month_first


def _day_in_range(written: str, parse: Callable[[str], date | None]) -> date | None:
    try:
        if found := _ISO_DAY.fullmatch(written):
            day: date | None = date(int(found[1]), int(found[3]), int(found[4]))
        else:
            day = parse(written)
    except (ValueError, OverflowError):  # the 31st of February
        return None
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None


def _written_day(is_month_first: bool) -> Callable[[str], date | None]:
    def parse(written: str) -> date | None:
        if found := _GERMAN_DAY.fullmatch(written):
            day, month, year = found.groups()
        elif found := _EITHER_DAY.fullmatch(written):
            day, _, month, year = found.groups()
            if is_month_first:
                day, month = month, day
        else:
            return None
        if len(year) == 2 and LAST_NEAR < int(year) < PIVOT:
            return None
        century = 0 if len(year) == 4 else 1900 if int(year) >= PIVOT else 2000
        return date(century + int(year), int(month), int(day))

    return parse


def _counted_day(first: date) -> Callable[[str], date | None]:
    def parse(written: str) -> date | None:
        found = _SERIAL.fullmatch(written)
        return first + timedelta(int(found[1])) if found else None

    return parse


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
