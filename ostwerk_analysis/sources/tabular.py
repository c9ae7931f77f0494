"""Delimited text: CSV as offices, databases and Excel write it, German or English.

:func:`cells` is the one door to tables of rows and columns: a workbook it passes on.

The records are found in the bytes of the file, so that each keeps its line number, however many
lines it spans; pyarrow then splits them into cells. Only lines whose quotation marks are not paired
cell by cell go through Python's slower :mod:`csv`, which finds the broken rows.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ..faults import WORKBOOKS, DataError
from ..programme import Source
from .raw import RawTable, asked_for, check_names, named, put_aside, read_bytes, stripped, tidy_name

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_BYTES = 1 << 16
HEADER_WITHIN = 15  # lines; a title block above the header is not longer
PIECE_BYTES = 1 << 22
LF, CR, QUOTE, BLANK = b'\n\r" '
PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")  # ZIP, as XLSX and ODS; OLE, as XLS
BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

# A byte that Windows-1252 reads as a quotation mark, a bullet or a capital letter amid small
# letters: the file comes from DOS or an old Mac, where these bytes are umlauts.
_NOT_CP1252 = re.compile(
    rb"[A-Za-z][\x80-\x89\x8b\x91\x93-\x95\x97-\x99\x9b][a-z]|[a-z][\x8a\x8c\x8e\x9f][a-z]"
)
_WEB_PAGE = re.compile(
    rb"(?is)(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html\b)"
)
_UTF8_PAIR = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")


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


def read(source: Source, path: Path) -> RawTable:
    """Read a delimited text or a workbook under the names of its table.

    Raises
    ------
    DataError
        See :func:`cells`, and :func:`ostwerk_analysis.sources.raw.named`.
    """
    return named(asked_for(cells(source, path), source), source)


def cells(source: Source, path: Path, names: Collection[str] = ()) -> RawTable:
    """Read a delimited text or a workbook under its own column names.

    For a workbook, see :func:`ostwerk_analysis.sources.workbook.cells`. In a text, a record
    without any text is no row. A column without a name is left out if it is empty.

    Parameters
    ----------
    source : Source
        What it states of ``encoding``, ``delimiter`` and ``header_line`` is not searched for.
    names : collection of str
        Column names to be expected, besides those of ``source.columns``. Where given, the header
        is the line among the first 15 that has most of them; otherwise the first line with text.

    Raises
    ------
    DataError
        If the file is missing, empty, not what its name says, or has no row; if its encoding or
        delimiter is not certain; if it holds NUL bytes, a quotation mark that is never closed, or
        a column name twice.
    """
    data = read_bytes(source, path)
    if is_workbook(source, data):
        from . import workbook

        return workbook.cells(source, path, data, names)
    data = to_utf8(data, source)
    if b"\0" in data:
        raise DataError(
            "{file}, line {line}: NUL bytes. The file is damaged, no text, or UTF-16: then state "
            'encoding = "utf-16" for the source.',
            file=source.path,
            line=_line_of(data, data.index(b"\0")),
        )
    expected = {tidy_name(name) for name in (*names, *source.columns.values())}
    delimiter, header_line, start = _layout(data, source, expected)
    body = data[start:]
    records = _records(body, ord(delimiter))
    if records is None:
        header, found = _split_irregular(body, delimiter, source, header_line)
    else:
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
        found = _split(body, delimiter, _without_first(records), len(header))
    table, lines, broken = found
    table, lines = without_blank_rows(table, lines + header_line)
    if not len(lines) and not broken:
        raise DataError(
            "{file}: no row under the header of line {line}. Fetch the file again, or take the "
            "source out of programme.toml.",
            file=source.path,
            line=header_line,
        )
    kept = named_columns(table, header, source)
    frame = table.select(kept).rename_columns([header[i] for i in kept]).to_pandas()
    faults, set_aside = put_aside(
        source,
        path,
        [line + header_line for line, _ in broken],
        [text for _, text in broken],
        "cells",
        expected=str(len(header)),
    )
    return RawTable(frame.assign(_line=lines), faults, set_aside)


def is_workbook(source: Source, data: bytes) -> bool:
    """Tell a workbook from delimited text.

    Raises
    ------
    DataError
        If the file is a web page, or not what its name or ``format`` says.
    """
    is_named_so = Path(source.path).suffix.lower() in WORKBOOKS and source.format != "csv"
    is_named_so |= source.format == "workbook"
    if data.startswith(PACKED):
        if not is_named_so:
            raise DataError(
                "{file} is a workbook or another packed file, but its name or format says text. "
                "Give a workbook its ending, such as .xlsx; unpack anything else.",
                file=source.path,
            )
        return True
    if _WEB_PAGE.match(data):
        raise DataError(
            "{file} is a web page, as servers send it in place of a file. Fetch it again, or open "
            "it and save its table as CSV or XLSX.",
            file=source.path,
        )
    if is_named_so:
        raise DataError(
            "{file} is no workbook, though its name or format says so. Save it as XLSX or ODS, or "
            'give text the ending .csv or format = "csv".',
            file=source.path,
        )
    return False


def to_utf8(data: bytes, source: Source) -> bytes:
    """Bring a text's bytes into UTF-8 without byte order mark.

    The encoding is the stated one, else what the byte order mark says, else UTF-8, else
    Windows-1252 if the text then reads as one.

    Raises
    ------
    DataError
        If the stated encoding does not fit, or none fits for certain.
    """
    bom = next((bom for bom in BOMS if data.startswith(bom)), b"")
    encoding = source.encoding or BOMS.get(bom, "utf-8")
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    try:
        if encoding != "utf-8-sig" and bom != b"\xef\xbb\xbf":
            return data.decode(encoding).removeprefix("\ufeff").encode()
        if encoding == "utf-8-sig":
            if not data.isascii():
                data.decode()
            return data.removeprefix(b"\xef\xbb\xbf")
        at = 0  # stated as something else than its byte order mark says
    except UnicodeError as error:
        at = getattr(error, "start", 0)
    except (LookupError, ValueError):
        raise DataError(
            "{file}: there is no encoding {encoding!r}. State utf-8, cp1252 or utf-16.",
            file=source.path,
            encoding=encoding,
        ) from None
    if source.encoding or bom:
        raise DataError(
            "{file}, line {line}: the text is not {encoding}. Correct or remove encoding for the "
            "source in programme.toml, or save the file anew as UTF-8.",
            file=source.path,
            line=_line_of(data, at),
            encoding=encoding.removesuffix("-sig"),
        )
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        text, at = "", error.start
    odd = _NOT_CP1252.search(data) or _UTF8_PAIR.search(data)
    if odd or not text:
        raise DataError(
            "{file}, line {line}: the encoding is neither UTF-8 nor clearly Windows-1252. Save the "
            "file anew as UTF-8, or state encoding for the source in programme.toml.",
            file=source.path,
            line=_line_of(data, odd.start() if odd else at),
        )
    return text.encode()


def _line_of(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


def _layout(data: bytes, source: Source, expected: Collection[str]) -> tuple[str, int, int]:
    """Find the delimiter, the line of the header, and the byte at which it begins."""
    if source.delimiter is not None and (
        len(source.delimiter) != 1 or source.delimiter in '" \r\n' or not source.delimiter.isascii()
    ):
        raise DataError(
            "{file}: delimiter {delimiter!r} is not one mark such as ; or \\t. Correct it in "
            "programme.toml.",
            file=source.path,
            delimiter=source.delimiter,
        )
    first_line = source.header_line or 1
    breaks = re.finditer(rb"\r\n|\n|\r", data)
    last_break = next(islice(breaks, first_line - 2, None), None) if first_line > 1 else None
    start = last_break.end() if last_break else 0
    piece = data[start : start + SAMPLE_BYTES]
    sample = list(io.StringIO(piece.decode(errors="ignore"), newline=""))
    if len(data) > start + SAMPLE_BYTES and len(sample) > 1:
        sample.pop()  # cut off in the middle
    expected = () if source.header_line else expected
    candidates = (source.delimiter,) if source.delimiter else DELIMITERS
    layouts = {mark: _layout_with(mark, sample, expected) for mark in candidates}
    is_beyond = first_line > 1 and not last_break
    if is_beyond or not all(layout.width for layout in layouts.values()):
        raise DataError(
            "{file}: no header; there is no text from line {line} on. Correct header_line, or "
            "fetch the file again.",
            file=source.path,
            line=first_line,
        )
    most = max(layout.hits for layout in layouts.values())
    layouts = {mark: layout for mark, layout in layouts.items() if layout.hits == most}
    several = {mark: layout for mark, layout in layouts.items() if layout.width > 1} or layouts
    first, *others = sorted(several, key=lambda mark: -several[mark].share)
    if others and several[first].width > 1 and several[others[0]].share > several[first].share / 2:
        raise DataError(
            "{file}, line {line}: the cells may be divided by {first!r} or by {second!r}. State "
            "delimiter for the source in programme.toml.",
            file=source.path,
            line=first_line + several[first].header,
            first=first,
            second=others[0],
        )
    header = several[first].header
    if several[first].width == 1 and min(layout.share for layout in layouts.values()) < 0.5:
        raise DataError(
            "{file}, line {line}: one cell, where the lines below have several. State header_line, "
            "or delimiter, for the source in programme.toml.",
            file=source.path,
            line=first_line + header,
        )
    start += len("".join(sample[:header]).encode())
    return first, first_line + header, start


class _Layout(NamedTuple):
    header: int  # lines above it
    width: int  # its number of cells; 0 if there is no text
    hits: int  # expected names in it
    share: float  # of the records below with as many cells


def _layout_with(delimiter: str, sample: list[str], expected: Collection[str]) -> _Layout:
    """Describe a sample as it would be with a delimiter."""
    reader = csv.reader(sample, delimiter=delimiter, skipinitialspace=True)
    records, line = [], 0
    for record in reader:
        if any(cell.strip() for cell in record):
            records.append((line, record))
        line = reader.line_num
    if not records:
        return _Layout(0, 0, 0, 0.0)
    hits = [
        sum(tidy_name(cell) in expected for cell in record)
        for line, record in records
        if line < HEADER_WITHIN
    ] or [0]
    best = hits.index(max(hits))
    header, record = records[best]
    rows = [len(row) == len(record) for _, row in records[best + 1 :]]
    return _Layout(header, len(record), hits[best], sum(rows) / len(rows) if rows else 1.0)


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
    odd: list[arrow_csv.InvalidRow] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        odd.append(row)  # from another thread, without its number: counted below
        return "skip"

    table = arrow_csv.read_csv(
        pa.py_buffer(memoryview(body)[starts[0] :]),
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


def without_blank_rows(table: pa.Table, lines: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """Strip all cells and leave out the rows that have no text at all."""
    columns = [stripped(column) for column in table.columns]
    table = pa.table(columns, names=table.column_names)
    if all(column.null_count for column in columns):
        filled = ~np.logical_and.reduce([pc.is_null(c).to_numpy() for c in columns])
        return table.filter(pa.array(filled)), lines[filled]
    return table, lines


def named_columns(table: pa.Table, header: list[str], source: Source) -> list[int]:
    """Give the positions of the columns that have a name."""
    nameless = [
        i for i, name in enumerate(header) if not name and table.column(i).null_count < len(table)
    ]
    if nameless:
        raise DataError(
            "{file}: column {number} has cells but no name. Name it in the header.",
            file=source.path,
            number=nameless[0] + 1,
        )
    check_names(source, [name for name in header if name])
    return [i for i, name in enumerate(header) if name]
