"""The records of a delimited text, and their cells.

The records are found in the bytes of the file, so that each keeps its line number, however many
lines it spans; pyarrow then splits them into cells. Only lines whose quotation marks are not paired
cell by cell go through Python's slower :mod:`csv`, which finds the broken rows.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from ..faults import DataError
from ..programme import Source
from .raw import tidy_name

PIECE_BYTES = 1 << 22
LF, CR, QUOTE, BLANK = b'\n\r" '


class Cells(NamedTuple):
    """Records split into cells, and those that could not be."""

    table: pa.Table  # text, columns by position
    lines: np.ndarray  # on which each row of the table begins, shape (n,)
    broken: list[tuple[int, str]]  # line and text of each record set aside


class Records(NamedTuple):
    """Where the records of a text lie; shapes (n,), blank lines left out."""

    starts: np.ndarray  # first byte
    ends: np.ndarray  # byte after the last, the line break not included
    lines: np.ndarray  # number of line breaks before it
    quotes: np.ndarray  # place of each quotation mark that is not part of a bare cell, shape (m,)
    has_breaks: bool  # a cell has a line break inside


def split(body: bytes, delimiter: str, source: Source, header_line: int) -> tuple[list[str], Cells]:
    """Split a text, whose first record is the header, into cells.

    Parameters
    ----------
    body : bytes
        UTF-8, without NUL bytes.
    header_line : int
        Line of the file on which the text begins, for messages.

    Returns
    -------
    header : list of str
    found : Cells
        Lines counted from that of the header, which is 0.

    Raises
    ------
    DataError
        If a quotation mark is never closed, or the header is too long to be one.
    """
    records = _records(body, ord(delimiter))
    if records is None:
        return _split_irregular(body, delimiter, source, header_line)
    head = body[records.starts[0] : records.ends[0]].decode()
    if len(head) > csv.field_size_limit():
        raise DataError(
            "{file}, line {line}: the header has more than {count} characters. Correct "
            "header_line or delimiter in programme.toml, or close a quotation mark.",
            file=source.path,
            line=header_line,
            count=csv.field_size_limit(),
        )
    header = _names(head, delimiter)
    return header, _split(body, delimiter, _without_first(records), len(header))


def _places(body: bytes, mark: int) -> np.ndarray:
    """Find the places of a byte, piece by piece, so that little memory is needed."""
    if bytes([mark]) not in body:
        return np.empty(0, np.intp)
    marks = np.frombuffer(body, np.uint8)
    return np.concatenate(
        [
            np.flatnonzero(marks[at : at + PIECE_BYTES] == mark) + at
            for at in range(0, len(marks), PIECE_BYTES)
        ]
    )


def _breaks(body: bytes) -> np.ndarray:
    """Find the last byte of each line break."""
    breaks = _places(body, LF)
    returns = _places(body, CR)  # a carriage return alone breaks a line too
    if returns.size:
        marks = np.frombuffer(body + b" ", np.uint8)
        breaks = np.union1d(breaks, returns[marks[returns + 1] != LF])
    return breaks


def _records(body: bytes, delimiter: int) -> Records | None:
    """Find the records of a text; None where quotation marks do not enclose whole cells."""
    breaks = outer = _breaks(body)
    quotes, literal = _quotes(body, delimiter)
    if quotes.size:
        opening, closing = quotes[::2], quotes[1::2]
        if quotes.size % 2 or not _enclose_cells(body, opening, closing, delimiter).all():
            return None
        if (np.searchsorted(quotes, literal) % 2).any():
            return None
        outer = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    has_breaks = len(outer) < len(breaks)
    if not outer.size or outer[-1] != len(body) - 1:
        outer = np.append(outer, len(body))
    starts = np.concatenate([[0], outer[:-1] + 1])
    lines = np.searchsorted(breaks, starts) if has_breaks else np.arange(len(starts))
    ends = outer
    if b"\r" in body:
        marks = np.frombuffer(body, np.uint8)
        ends = outer - ((outer > starts) & (marks[outer - 1] == CR))
    filled = ends > starts
    if not filled.all():
        starts, ends, lines = starts[filled], ends[filled], lines[filled]
    return Records(starts, ends, lines, quotes, has_breaks)


def _quotes(body: bytes, delimiter: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the quotation marks that may enclose cells, and those that are text within a bare one.

    The latter have neither a cell's edge on one side nor another mark. One after a blank may open
    a cell, if there is but a blank before that.
    """
    quotes = _places(body, QUOTE)
    if not quotes.size:
        return quotes, quotes
    marks = np.frombuffer(b"\n\n" + body + b"\n", np.uint8)
    edge = _edges(delimiter)
    after_blank = marks[quotes + 1] == BLANK
    opens = edge[marks[quotes + 1]]
    opens |= after_blank & (edge[marks[quotes]] | (marks[quotes] == BLANK))
    literal = ~(opens | edge[marks[quotes + 3]])
    return quotes[~literal], quotes[literal]


def _edges(delimiter: int) -> np.ndarray:
    """Mark the bytes that may stand outside a quotation mark that encloses a cell."""
    edge = np.zeros(256, dtype=bool)
    edge[[delimiter, LF, CR, QUOTE]] = True
    return edge


def _enclose_cells(
    body: bytes, opening: np.ndarray, closing: np.ndarray, delimiter: int
) -> np.ndarray:
    """Tell of each pair of quotation marks whether it encloses a cell, or part of one."""
    marks = np.frombuffer(b"\n" + body + b"\n", np.uint8)
    edge = _edges(delimiter)
    return edge[marks[opening]] & edge[marks[closing + 2]]


def _names(head: str, delimiter: str) -> list[str]:
    return [tidy_name(name) for name in next(csv.reader(_lines(head), delimiter=delimiter))]


def _without_first(records: Records) -> Records:
    return records._replace(
        starts=records.starts[1:], ends=records.ends[1:], lines=records.lines[1:]
    )


def _split(body: bytes, delimiter: str, records: Records, width: int) -> Cells:
    """Split records into cells with pyarrow; those with another number of cells are broken."""
    starts, ends, lines, quotes, has_breaks = records
    names = [str(i) for i in range(width)]
    if not len(starts):
        return Cells(_table([], width), lines, [])
    # From a line break on, since pyarrow would take a byte order mark before the first cell away.
    begun = memoryview(body)[starts[0] - 1 :] if starts[0] else b"\n" + body
    odd: list[arrow_csv.InvalidRow] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        odd.append(row)  # from another thread, without its number: counted below
        return "skip"

    table = arrow_csv.read_csv(
        pa.py_buffer(begun),
        read_options=arrow_csv.ReadOptions(
            column_names=names, block_size=max(1 << 20, 2 * int((ends - starts).max()))
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=has_breaks,
            invalid_row_handler=skip,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    )
    if not odd:
        return Cells(table, lines, [])
    between = _places(body, ord(delimiter))
    between = between[np.searchsorted(quotes, between) % 2 == 0]
    number = np.searchsorted(between, ends) - np.searchsorted(between, starts) + 1
    fits = number == width
    texts = [body[starts[i] : ends[i]].decode() for i in np.flatnonzero(~fits)]
    broken = [
        (int(line), text)
        for line, text in zip(lines[~fits], texts, strict=True)
        if _has_text(text, delimiter)
    ]
    return Cells(table, lines[fits], broken)


def _has_text(record: str, delimiter: str) -> bool:
    """Tell whether a record has a cell that is not blank."""
    if record.replace(delimiter, "").replace('"', "").strip():
        return True
    try:  # cells may consist of delimiters and marks
        rows = csv.reader(_lines(record), delimiter=delimiter)
        return any(cell.strip() for row in rows for cell in row)
    except csv.Error:  # a cell longer than csv takes
        return True


def _lines(text: str) -> Iterator[str]:
    """Give the lines of a text with their breaks, as :mod:`csv` wants them."""
    return iter(io.StringIO(text, newline=""))


def _split_irregular(
    body: bytes, delimiter: str, source: Source, header_line: int
) -> tuple[list[str], Cells]:
    """Split a text in which some quotation marks are wrong, and set those records aside.

    Only lines with a wrong mark, and those over which their records go on, are read one by one.
    """

    def unclosed(line: int) -> DataError:
        return DataError(
            "{file}, line {line}: a quotation mark opens a cell and does not close it. Close it, "
            "or double the marks inside the cell.",
            file=source.path,
            line=header_line + line,
        )

    breaks = _breaks(body)
    starts = np.concatenate([[0], breaks + 1])
    starts = np.append(starts[starts < len(body)], len(body))
    quotes, literal = _quotes(body, ord(delimiter))
    line_of_literal = np.searchsorted(breaks, literal)
    wrong = np.bincount(np.searchsorted(breaks, quotes), minlength=len(starts) - 1) % 2 == 1
    paired = quotes[~wrong[np.searchsorted(breaks, quotes)]]
    opening, closing = paired[::2], paired[1::2]
    encloses = _enclose_cells(body, opening, closing, ord(delimiter))
    wrong[np.searchsorted(breaks, opening[~encloses])] = True
    wrong[line_of_literal[np.searchsorted(paired, literal) % 2 == 1]] = True
    wrong[0] = True  # the header, after which all others go
    while True:
        header, exact, taken, first_error = _one_by_one(body, starts, wrong, delimiter, unclosed)
        if first_error is not None:
            later = line_of_literal > first_error
            if (later & ~taken[line_of_literal]).any():
                raise unclosed(first_error)  # the rest of a cell that was opened there
        rest = _joined(body, starts, ~taken)
        if not rest:
            return header, exact
        if records := _records(rest, ord(delimiter)):
            break
        wrong[:] = True
    quick = _split(rest, delimiter, records, len(header))
    kept = np.flatnonzero(~taken)
    lines = np.concatenate([exact.lines, kept[quick.lines]])
    order = np.argsort(lines, kind="stable")
    table = pa.concat_tables([exact.table, quick.table]).take(pa.array(order))
    broken = sorted(exact.broken + [(int(kept[line]), text) for line, text in quick.broken])
    return header, Cells(table, lines[order], broken)


def _one_by_one(
    body: bytes,
    starts: np.ndarray,
    wrong: np.ndarray,
    delimiter: str,
    unclosed: Callable[[int], DataError],
) -> tuple[list[str], Cells, np.ndarray, int | None]:
    """Read records that begin on a wrong line, wherever they end.

    Parameters
    ----------
    starts : ndarray of int, shape (n + 1,)
        First byte of each line, and the end of the last.
    wrong : ndarray of bool, shape (n,)
        Lines to be read here; the first is the header.

    Returns
    -------
    header : list of str
    found : Cells
    taken : ndarray of bool, shape (n,)
        Lines that were read here.
    first_error : int or None
        Line of the first record with a mark in the wrong place.

    Raises
    ------
    DataError
        If a cell is never closed, or seems to be closed in a later record only.
    """
    count = len(wrong)
    at_end = False

    def feed(line: int) -> Iterator[str]:
        nonlocal at_end
        for number in range(line, count):
            yield body[starts[number] : starts[number + 1]].decode()
        at_end = True  # the reader asks for more, so a cell is still open

    quoted = re.compile(
        rf'(\A|{re.escape(delimiter)}) *"(?:[^"]|"")*"(?={re.escape(delimiter)}|\Z)'
    )
    taken = np.zeros(count, dtype=bool)
    header: list[str] = []
    rows: list[list[str]] = []
    lines, broken = [], []
    first_error: int | None = None
    end = 0
    for place in np.flatnonzero(wrong):
        if taken[place]:
            continue
        if place != end or not place:
            begin = int(place)
            reader = csv.reader(
                feed(begin), delimiter=delimiter, strict=True, skipinitialspace=True
            )
        try:
            row = next(reader)
        except csv.Error:
            row = []
            is_long = starts[place + 1] - starts[place] > csv.field_size_limit()
            if not header or at_end or is_long or begin + reader.line_num > place + 1:
                raise unclosed(int(place)) from None
            first_error = int(place) if first_error is None else first_error
        end = begin + reader.line_num
        taken[place:end] = True
        text = body[starts[place] : starts[end]].decode().rstrip("\r\n")
        if first_error is not None and row and '"' in quoted.sub(r"\1", text):
            raise unclosed(first_error)  # the rest of a cell that was opened there
        if not header:
            header = [tidy_name(name) for name in row]
        elif len(row) == len(header):
            rows.append(row)
            lines.append(int(place))
        elif any(cell.strip() for cell in row) or (not row and text.strip()):
            broken.append((int(place), text))
    found = Cells(_table(rows, len(header)), np.array(lines, dtype=np.int64), broken)
    return header, found, taken, first_error


def _joined(body: bytes, starts: np.ndarray, is_kept: np.ndarray) -> bytes:
    """Put together the lines that are kept."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], is_kept, [False]])))
    return b"".join(
        body[starts[first] : starts[end]]
        for first, end in zip(turns[::2], turns[1::2], strict=True)
    )


def _table(rows: list[list[str]], width: int) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * width
    return pa.table({str(i): pa.array(list(cells), pa.string()) for i, cells in enumerate(columns)})
