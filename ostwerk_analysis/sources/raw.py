"""What every reader returns, and the steps that all of them share.

A reader turns a file into cells under the file's own column names. Then :func:`asked_for` keeps the
rows that the source asks for, and :func:`named` gives the columns the names of the table.
"""

import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..faults import DataError, faults_frame, nearest, repairs_frame
from ..programme import Source

RESERVED = ("_line", "geometry")
"""Columns that readers add; an attribute of a file must not have such a name."""

HEADER_WITHIN = 15  # lines; a title block above the header is not longer
FAULT_TEXT_LENGTH = 200

_MANY = (
    r"(?:[tk][ -]?(?:€|eur(?:o|os)?\b)|(?:€|eur) ?k\b|1[. ]?000\b|['’]000\b|"
    r"(?:tsd|tausend|thousands?|mio|mill|millionen|millions?|mrd|milliarden)(?![a-zäöü]))"
)
_MANY_IN_NAME = re.compile(rf"(?i)(?<![a-zäöüß0-9.]){_MANY}")
_MANY_IN_TITLE = re.compile(rf"(?i)(?:\bin |[(\[]\s*(?:in )?){_MANY}")
"""What says that amounts are in thousands or millions: ``TEUR``, ``k€``, ``Tsd. €``, ``Mio.``; in a
sentence above the header ``in`` or a bracket stands before it."""


@dataclass(frozen=True)
class RawTable:
    """A file as it was read: text, before any contract is applied.

    Attributes
    ----------
    frame : DataFrame, n rows
        All cells text, blank ones missing; ``geometry`` where the file has shapes; ``_line``, the
        line on which the record begins in a text file, else the number of the feature, from 1.
    faults : DataFrame
        One row for each row set aside, see :data:`ostwerk_analysis.faults.FAULT_COLUMNS`.
    set_aside : DataFrame
        Rows that could not be split into cells or drawn: ``_line`` and ``text``.
    rows_skipped : int
        Rows that ``where`` does not ask for.
    repairs : DataFrame
        One row for each thing that the reader changed, see
        :data:`ostwerk_analysis.faults.REPAIR_COLUMNS`.
    title : str
        What stands above the header, where the header was searched for.
    """

    frame: pd.DataFrame
    faults: pd.DataFrame
    set_aside: pd.DataFrame
    rows_skipped: int = 0
    repairs: pd.DataFrame = field(default_factory=repairs_frame)
    title: str = ""

    @property
    def rows_read(self) -> int:
        """Rows in the file: each is in the frame, set aside or skipped."""
        return len(self.frame) + len(self.set_aside) + self.rows_skipped


def read_bytes(source: Source, path: Path) -> bytes:
    """Read a whole file.

    Raises
    ------
    DataError
        If it is missing, no file, not readable or empty.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a named pipe would be waited for
            raise DataError(
                "{file} is no plain file. Put the file there, or correct path in programme.toml.",
                file=source.path,
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            "{file} does not exist. Put it there or correct path in programme.toml.",
            file=source.path,
        ) from None
    except OSError as error:
        raise DataError(
            "{file} cannot be read: {reason}. Check that it is a file and who may read it.",
            file=source.path,
            reason=error.strerror,
        ) from None
    if not data:
        raise DataError(
            "{file} is empty. Save or fetch it again, or take the source out of programme.toml.",
            file=source.path,
        )
    return data


def damaged(source: Source, error: Exception) -> DataError:
    """Say that a file cannot be read, with the first sentence of what its library says."""
    reason = str(error).partition(";")[0].partition("\n")[0].rstrip(".")
    return DataError(
        "{file} cannot be read: {reason} Fetch or export it again.",
        file=source.path,
        reason=(reason or type(error).__name__) + ".",
    )


def stripped(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Strip blanks around each cell; a cell without text is missing."""
    cells = pc.utf8_trim_whitespace(cells)
    length = pc.binary_length(cells)
    if pc.min(length).as_py() == 0:
        return pc.if_else(pc.greater(length, 0), cells, None)
    return cells


def tidy_name(name: str) -> str:
    """Write a column's name on one line, each run of blanks as one."""
    return " ".join(name.split())


def expected_names(
    source: Source, is_known: Callable[[str], bool] | None = None
) -> Callable[[str], bool]:
    """Tell the names of columns that are to be expected: stated ones, and those a format knows."""
    stated = {tidy_name(name) for name in source.columns.values()}
    return lambda name: name in stated or (is_known is not None and is_known(name))


def check_names(source: Source, names: Sequence[str]) -> None:
    """Refuse column names that cannot be told apart.

    Raises
    ------
    DataError
        If a name stands twice, or is one that readers use themselves.
    """
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DataError(
            "{file}: the column {column!r} stands twice in the header. Rename or remove one.",
            file=source.path,
            column=doubled[0],
        )
    if taken := [name for name in names if name in RESERVED]:
        raise DataError(
            "{file}: the column name {column!r} is reserved. Rename it in the file.",
            file=source.path,
            column=taken[0],
        )


def without_blank_rows(table: pa.Table, lines: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """Strip all cells and leave out the rows that have no text at all."""
    columns = [stripped(column) for column in table.columns]
    table = pa.table(columns, names=table.column_names)
    if all(column.null_count for column in columns):
        filled = ~np.logical_and.reduce([pc.is_null(c).to_numpy() for c in columns])
        return table.filter(pa.array(filled)), lines[filled]
    return table, lines


def under_names(
    source: Source,
    table: pa.Table,
    lines: np.ndarray,
    header: Sequence[str],
    header_line: int,
    has_others: bool = False,
) -> pd.DataFrame:
    """Make a frame of cells under the names of a header; rows and columns without any are left out.

    Parameters
    ----------
    table : Table of str, n rows, p columns
    lines : ndarray of int, shape (n,)
        On which each row begins.
    header : sequence of str, p items
        A name may be empty if its column is.
    has_others : bool
        Whether there are other rows, which are set aside.

    Raises
    ------
    DataError
        If there is no row, a column has cells but no name, or names cannot be told apart.
    """
    table, lines = without_blank_rows(table, lines)
    if not len(lines) and not has_others:
        raise DataError(
            "{file}: no row under the header of line {line}. Fill it, fetch it again, or "
            "take the source out of programme.toml.",
            file=source.path,
            line=header_line,
        )
    for number, name in enumerate(header):
        if not name and table.column(number).null_count < len(table):
            raise DataError(
                "{file}: column {number} has cells but no name. Name it in the header.",
                file=source.path,
                number=number + 1,
            )
    named = {number: name for number, name in enumerate(header) if name}
    check_names(source, list(named.values()))
    frame = table.select(list(named)).rename_columns(list(named.values())).to_pandas()
    return frame.assign(_line=lines)


def no_header(source: Source, line: int) -> DataError:
    """Say that a file ends before its header."""
    return DataError(
        "{file}: no header; there is no text from line {line} on. Correct header_line, or "
        "fetch the file again.",
        file=source.path,
        line=line,
    )


def put_aside(
    source: Source,
    path: Path,
    lines: Sequence[int],
    texts: Sequence[str],
    rule: str,
    column: str = "",
    values: Sequence[str] = (),
    expected: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write down rows that cannot be used: one fault and one row set aside for each.

    Parameters
    ----------
    lines, texts : sequence, n items
        Where each row begins, and what stands there.
    rule : str
        Key of :data:`ostwerk_analysis.rules.RULES`.
    values : sequence of str, n items
        What breaks the rule; the text itself where left out.

    Returns
    -------
    faults, set_aside : DataFrame, n rows each
    """
    faults = faults_frame(
        {
            "table": source.table,
            "source": source.path,
            "file": path.name,
            "line": line,
            "column": column,
            "value": _shortened(value),
            "rule": rule,
            "expected": expected,
        }
        for line, value in zip(lines, values or texts, strict=True)
    )
    aside = pd.DataFrame({"_line": lines, "text": texts})
    return faults, aside.astype({"_line": "int64", "text": "str"})


def _shortened(text: str) -> str:
    return text if len(text) <= FAULT_TEXT_LENGTH else text[: FAULT_TEXT_LENGTH - 1] + "…"


def row_texts(frame: pd.DataFrame) -> list[str]:
    """Write the cells of rows that had no line of text of their own, one text for each row."""
    cells = pd.DataFrame(frame.drop(columns=[*RESERVED], errors="ignore")).fillna("")
    return ["; ".join(f"{k}={v}" for k, v in row.items()) for row in cells.to_dict("records")]


def asked_for(raw: RawTable, source: Source) -> RawTable:
    """Keep the rows that ``where`` names, by columns of the file, and count the others.

    Raises
    ------
    DataError
        If the file lacks such a column.
    """
    frame = raw.frame
    for given, values in source.where.items():
        cells = frame[_column(given, frame.columns, source, "where")]
        wanted = {value.strip() for value in values}
        frame = frame[cells.isin(wanted - {""}) | (cells.isna() & ("" in wanted))]
    skipped = len(raw.frame) - len(frame)
    return replace(raw, frame=frame.reset_index(drop=True), rows_skipped=raw.rows_skipped + skipped)


def named(
    raw: RawTable, source: Source, known: Mapping[str, tuple[str, ...]] | None = None
) -> RawTable:
    """Give columns the names of the table, recode values and add constants.

    Parameters
    ----------
    known : mapping
        Column of the table = names by which the format writes it. What ``source.columns`` says
        comes first; a known column that the file lacks is no error here.

    Returns
    -------
    RawTable
        Columns that nobody named keep the file's name, unless a named one needs it.

    Raises
    ------
    DataError
        If the file lacks a column that ``source.columns`` names, the source names one column
        twice, or amounts are not in whole euros.
    """
    frame = raw.frame
    if both := sorted(source.columns.keys() & source.constants.keys()):
        raise DataError(
            "{file}: {column!r} stands both under columns and under constants in programme.toml. "
            "Remove one.",
            file=source.path,
            column=both[0],
        )
    chosen = {
        column: found
        for column, names in (known or {}).items()
        if column not in source.constants
        and (found := next((name for name in names if name in frame.columns), None))
    } | {
        column: _column(name, frame.columns, source, "columns")
        for column, name in source.columns.items()
    }
    _refuse_thousands(source, raw, chosen)
    own = [name for name in frame.columns if name not in {*chosen.values(), *chosen}]
    # A frame of a subset, so that a frame with shapes stays one.
    arranged = frame[own].assign(**{column: frame[name] for column, name in chosen.items()})
    arranged = arranged.assign(
        **{
            column: pd.Series(value.strip() or None, arranged.index, dtype="str")
            for column, value in source.constants.items()
        }
    )
    for column, codes in source.values.items():
        cells = arranged[_column(column, arranged.columns, source, "values")]
        table = {old.strip(): new for old, new in codes.items()}
        new = cells.fillna("").map(table).str.strip().astype("str")
        arranged[column] = cells.mask(new.notna(), new.mask(new == ""))
    return replace(raw, frame=arranged)


def _refuse_thousands(source: Source, raw: RawTable, chosen: Mapping[str, str]) -> None:
    """Refuse amounts that the names of their columns, or the title, say to be in thousands."""
    amounts = [column for column in {*chosen, *raw.frame.columns} if column.endswith("_eur")]
    for column in sorted(amounts):
        if _MANY_IN_NAME.search(name := chosen.get(column, column).replace("_", " ")):
            raise DataError(
                "{file}: the amounts in {column!r} are not in whole euros. Convert them in the "
                "file.",
                file=source.path,
                column=chosen.get(column, name),
            )
    if amounts and _MANY_IN_TITLE.search(raw.title):
        raise DataError(
            "{file}: {title!r} stands above the header, so that amounts are not in whole euros. "
            "Convert them in the file; if they are in euros all the same, state header_line.",
            file=source.path,
            title=_shortened(raw.title),
        )


def _column(given: str, columns: Iterable[str], source: Source, key: str) -> str:
    """Find a column that programme.toml names, or say which one is near."""
    name = tidy_name(given)
    others = [column for column in columns if column not in RESERVED]
    if name not in others:
        raise DataError(
            "{file} has no column {column!r}; the nearest is {near!r}. Correct {key} in "
            "programme.toml, or the file.",
            file=source.path,
            column=name,
            near=nearest(name, others),
            key=key,
        )
    return name
