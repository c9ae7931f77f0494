"""Delimited text: CSV as offices, databases and Excel write it, German or English.

:func:`cells` is the one door to tables of rows and columns: a workbook it passes on.
What the file does not state is found in its first bytes; :mod:`.records` then splits it.
"""

import csv
import io
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..faults import WORKBOOKS, DataError
from ..programme import Source
from . import records
from .raw import (
    HEADER_WITHIN,
    RawTable,
    asked_for,
    expected_names,
    named,
    no_header,
    put_aside,
    read_bytes,
    tidy_name,
    under_names,
)

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_BYTES = 1 << 16
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
_SEP_HINT = re.compile(rb'"?sep=([;,\t|])"?\r?\n')  # a line for Excel, which hides it
_UTF8_PAIR = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")


def read(source: Source, path: Path) -> RawTable:
    """Read a delimited text or a workbook under the names of its table.

    Raises
    ------
    DataError
        See :func:`cells`, and :func:`ostwerk_analysis.sources.raw.named`.
    """
    return named(asked_for(cells(source, path), source), source)


def cells(source: Source, path: Path, is_known: Callable[[str], bool] | None = None) -> RawTable:
    """Read a delimited text or a workbook under its own column names.

    For a workbook, see :func:`ostwerk_analysis.sources.workbook.cells`. In a text, a record
    without any text is no row. A column without a name is left out if it is empty.

    Parameters
    ----------
    source : Source
        What it states of ``encoding``, ``delimiter`` and ``header_line`` is not searched for.
    is_known : callable, optional
        Tells a column name that is to be expected, as those of ``source.columns`` are. The header
        is the line among the first 15 that has most of them; without any, the first with text.

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

        return workbook.cells(source, path, data, is_known)
    data = to_utf8(data, source)
    if b"\0" in data:
        raise DataError(
            "{file}, line {line}: NUL bytes. The file is damaged, no text, or UTF-16: then state "
            'encoding = "utf-16" for the source.',
            file=source.path,
            line=_line_of(data, data.index(b"\0")),
        )
    delimiter, header_line, start = _layout(data, source, expected_names(source, is_known))
    body = data[start:]
    header, (table, lines, broken) = records.split(body, delimiter, source, header_line)
    frame = under_names(
        source, table, lines + header_line, header, header_line, has_others=bool(broken)
    )
    faults, set_aside = put_aside(
        source,
        path,
        [line + header_line for line, _ in broken],
        [text for _, text in broken],
        "cells",
        expected=str(len(header)),
    )
    title = "" if source.header_line else tidy_name(data[:start].decode())
    return RawTable(frame, faults, set_aside, title=title)


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


def _layout(
    data: bytes, source: Source, is_expected: Callable[[str], bool]
) -> tuple[str, int, int]:
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
    hint = None if source.header_line else _SEP_HINT.match(data)
    first_line = 2 if hint else source.header_line or 1
    breaks = re.finditer(rb"\r\n|\n|\r", data)
    last_break = next(islice(breaks, first_line - 2, None), None) if first_line > 1 else None
    start = last_break.end() if last_break else 0
    piece = data[start : start + SAMPLE_BYTES]
    sample = list(io.StringIO(piece.decode(errors="ignore"), newline=""))
    if len(data) > start + SAMPLE_BYTES and len(sample) > 1:
        sample.pop()  # cut off in the middle
    within = 1 if source.header_line else HEADER_WITHIN
    stated = source.delimiter or (hint and hint[1].decode())
    candidates = (stated,) if stated else DELIMITERS
    layouts = {mark: _layout_with(mark, sample, is_expected, within) for mark in candidates}
    is_beyond = first_line > 1 and not last_break
    if is_beyond or not all(layout.width for layout in layouts.values()):
        raise no_header(source, first_line)
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
            "{file}, line {line}: one cell, where the lines below have several. State for the "
            "source in programme.toml: format, if it is a table of a statistical office; else "
            "header_line or delimiter.",
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


def _layout_with(
    delimiter: str, sample: list[str], is_expected: Callable[[str], bool], within: int
) -> _Layout:
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
        sum(is_expected(tidy_name(cell)) for cell in record)
        for line, record in records
        if line < within
    ] or [0]
    best = hits.index(max(hits))
    header, record = records[best]
    rows = [len(row) == len(record) for _, row in records[best + 1 :]]
    return _Layout(header, len(record), hits[best], sum(rows) / len(rows) if rows else 1.0)
