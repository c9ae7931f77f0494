"""What calamine does not tell of a workbook's cells, looked at before calamine opens it.

Calamine gives values only: an error such as #DIV/0! is a blank to it, or even a 0, and 50 % is 0.5.
It also trusts the file: one that unpacks to gigabytes, or has one cell in the last row and column
of the largest sheet, would take all memory. So a package is unpacked here within a bound, and
calamine is given what was unpacked.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from posixpath import normpath
from typing import Any
from xml.parsers import expat

from ..faults import DataError
from ..programme import Source

UNPACKED_BYTES = 500_000_000
CELLS = 20_000_000
"""Most that is read: all parts of a package unpacked, and height times width of a sheet."""

ZIP = b"PK"
TEXTS = (".xml", ".rels")
ERRORS = {
    **{0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!"},
    **{0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"},
}
PERCENT_FORMATS = (9, 10)  # those that need not be declared: 0% and 0.00%
NOT_COMPUTED = "="
"""In the place of an error: a formula that no spreadsheet program has computed."""
_ODS_ERROR = re.compile(r"#[A-ZÄÖÜ/0]+[!?]?|Err:[0-9]+")
# In the bytes of a sheet: a filled cell; the places of cells; an error; a formula without a result;
# a cell without its place.
_FILLED = re.compile(rb"<(?:[\w.-]+:)?(?:v|is)[\s>]")
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_NO_VALUE = re.compile(
    rb"(?:</(?:[\w.-]+:)?f>|<(?:[\w.-]+:)?f(?:\s[^<>]*)?/>)\s*"
    rb"(?:<(?:[\w.-]+:)?v\s*(?:/>|>\s*</)|</(?:[\w.-]+:)?c>)"
)
_NO_REFERENCE = re.compile(
    rb"<(?:[\w.-]+:)?c(?:\s+(?!r\s*=)[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>"
)
REFERENCE_BYTES = 32  # a place with what stands around it
PIECE_BYTES = 1 << 22
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')  # what a number format writes as it stands

Place = tuple[int, int]  # row and column, from 0
Area = tuple[int, int, int, int]  # first row and column, number of rows and columns


@dataclass
class Sheet:
    """What is known of a sheet's filled cells beside their values."""

    height: int = 0
    width: int = 0
    errors: list[tuple[Area, str]] = field(default_factory=list)
    percents: list[Area] = field(default_factory=list)
    merged: list[tuple[Place, Place]] = field(default_factory=list)  # corners

    def add(self, area: Area) -> None:
        """Take note of filled cells."""
        row, column, rows, columns = area
        self.height = max(self.height, row + rows)
        self.width = max(self.width, column + columns)
        if self.height * self.width > CELLS:
            raise _TooLargeError


class _TooLargeError(Exception):
    pass


class _DeclaredError(Exception):
    pass


class _LockedError(Exception):
    pass


def survey(source: Source, data: bytes) -> tuple[bytes, dict[str, Sheet]]:
    """Look at all sheets of a workbook.

    Returns
    -------
    data : bytes
        The workbook for calamine: what was looked at, and nothing else.
    sheets : dict of str to Sheet

    Raises
    ------
    DataError
        If it is damaged, locked or no workbook, unpacks to more than :data:`UNPACKED_BYTES`, has a
        sheet of more than :data:`CELLS`, or declares entities as an XML bomb does.
    """
    try:
        if not data.startswith(ZIP):
            return data, _xls(data)
        parts = _unpacked(data)
        if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise _LockedError
        for name, part in parts.items():
            if name.endswith(TEXTS):
                _parse(part)  # refuse declarations, and what is not well formed
        if "content.xml" in parts:
            sheets = _ods(parts)
        elif "xl/workbook.bin" in parts:
            sheets = _xlsb(parts)
        elif "xl/workbook.xml" in parts:
            sheets = _xlsx(parts)
        else:
            raise DataError(
                "{file} is a ZIP archive, but no workbook. Unpack it, and name the file in it.",
                file=source.path,
            )
    except _TooLargeError:
        raise DataError(
            "{file} unpacks to more than can be read: over {bytes} MB, or a sheet of over {cells} "
            "million cells. Delete what is far out in the sheet, or save it as CSV or Parquet.",
            file=source.path,
            bytes=UNPACKED_BYTES // 10**6,
            cells=CELLS // 10**6,
        ) from None
    except _LockedError:
        raise DataError(
            "{file} is protected by a password. Save it without one.", file=source.path
        ) from None
    except _DeclaredError:
        raise DataError(
            "{file} declares entities of its own, as files do that are made to do harm. Save it "
            "anew with a spreadsheet program.",
            file=source.path,
        ) from None
    except (
        expat.ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ValueError,  # UnicodeError too
        LookupError,
        NotImplementedError,
    ) as error:
        raise DataError(
            "{file} is damaged or cut off ({reason}). Fetch the file again, or save it anew.",
            file=source.path,
            reason=str(error),
        ) from None
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, part in parts.items():
            package.writestr(zipfile.ZipInfo(name), part)
    return out.getvalue(), sheets


def _unpacked(data: bytes) -> dict[str, bytes]:
    """Unpack the parts of a package that hold text, whatever sizes its headers claim."""
    parts: dict[str, bytes] = {}
    left = UNPACKED_BYTES
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        members = package.infolist()
    for member in members:
        start = member.header_offset
        if member.flag_bits & 1:
            raise _LockedError
        lengths = struct.unpack_from("<HH", data, start + 26)
        packed = memoryview(data)[start + 30 + sum(lengths) :][: member.compress_size]
        if not member.filename.endswith((*TEXTS, ".bin", "mimetype")):
            continue  # pictures and the like, which nobody opens
        if member.compress_type == zipfile.ZIP_STORED:
            part = bytes(packed)
        elif member.compress_type == zipfile.ZIP_DEFLATED:
            part = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, left + 1)
        else:
            raise NotImplementedError(f"compression {member.compress_type}")
        left -= len(part)
        if left < 0:
            raise _TooLargeError
        if len(part) != member.file_size or zlib.crc32(part) != member.CRC:
            raise zipfile.BadZipFile(member.filename)
        if member.filename in parts:
            raise zipfile.BadZipFile(member.filename)
        parts[member.filename] = part
    return parts


def _parse(
    part: bytes,
    start: Callable[[str, dict[str, str]], None] | None = None,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Go through XML; names of elements come without their prefix."""

    def refuse(*_: Any) -> None:
        raise _DeclaredError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    if start:
        parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
    if end:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if text:
        parser.CharacterDataHandler = text
    parser.Parse(part, True)


# ---- XLSX


def _xlsx(parts: dict[str, bytes]) -> dict[str, Sheet]:
    shown_as_percent = _percent_styles(parts.get("xl/styles.xml"))
    ids: dict[str, str] = {}
    is_computed = True

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal is_computed
        if name == "calcPr" and given.get("fullCalcOnLoad") in ("1", "true"):
            is_computed = False  # results are of a program that cannot compute, mostly 0
        elif name == "sheet":
            found = [value for key, value in given.items() if key.endswith(":id")]
            ids[given["name"]] = found[0]

    _parse(parts["xl/workbook.xml"], start)
    targets = _targets(parts["xl/_rels/workbook.xml.rels"])
    return {
        name: _xlsx_sheet(parts[target], shown_as_percent, is_computed)
        for name, key in ids.items()
        if (target := targets[key]) in parts
    }


def _targets(part: bytes) -> dict[str, str]:
    """Give the part that each relation of the workbook leads to."""
    found: dict[str, str] = {}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "Relationship":
            target = given["Target"]
            path = target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")
            found[given["Id"]] = path

    _parse(part, start)
    return found


def _percent_styles(part: bytes | None) -> set[int]:
    """Give the numbers of the styles that show a number times 100."""
    formats, styles = set(PERCENT_FORMATS), set()
    within, number = "", 0

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal within, number
        if name in ("cellXfs", "cellStyleXfs"):
            within, number = name, 0
        elif name == "numFmt" and _is_percent(given.get("formatCode", "")):
            formats.add(int(given["numFmtId"]))
        elif name == "xf" and within == "cellXfs":
            if int(given.get("numFmtId", 0)) in formats:
                styles.add(number)
            number += 1

    if part:
        _parse(part, start)
    return styles


def _is_percent(form: str) -> bool:
    return "%" in _LITERAL.sub("", form)


def _xlsx_sheet(part: bytes, shown_as_percent: set[int], is_computed: bool) -> Sheet:
    has_results = is_computed or not _FORMULA.search(part)
    if has_results and (plain := _plain_sheet(part, shown_as_percent)):
        return plain
    sheet = Sheet()
    row = column = -1
    style = kind = ""
    is_open = has_formula = has_value = False
    written: list[str] = []

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal row, column, style, kind, is_open, has_formula, has_value
        if name == "c":
            column += 1
            if place := given.get("r"):
                of_row, column = _place(place)
                if of_row != row:  # calamine would count on from the other one
                    raise ValueError(place)
            style, kind = given.get("s", ""), given.get("t", "")
            has_formula = has_value = False
            written.clear()
        elif name == "f":
            has_formula = True
        elif name == "row":
            row, column = int(given["r"]) - 1 if "r" in given else row + 1, -1
        elif name in ("v", "is"):
            sheet.add((row, column, 1, 1))
            is_open, has_value = name == "v", name == "is"
            if style and int(style) in shown_as_percent:
                sheet.percents.append((row, column, 1, 1))

    def end(name: str) -> None:
        nonlocal is_open, has_value
        if name == "v" and is_open:
            has_value = bool(said := "".join(written).strip()) or kind == "str"
            if kind == "e":
                sheet.errors.append(((row, column, 1, 1), said))
            is_open = False
        elif name == "c" and has_formula and not (has_value and is_computed):
            sheet.add((row, column, 1, 1))
            sheet.errors.append(((row, column, 1, 1), NOT_COMPUTED))

    def text(piece: str) -> None:
        if is_open:
            written.append(piece)

    _parse(part, start, end, text)
    return sheet


def _plain_sheet(part: bytes, shown_as_percent: set[int]) -> Sheet | None:
    """Measure a sheet without errors, per cents and formulas without a result, which is quick.

    None of another one.

    It may come out too large, by formatted cells that are blank, but not above :data:`CELLS`.
    """
    if not _FILLED.search(part):
        return Sheet()
    styles = b"|".join(b"%d" % style for style in shown_as_percent)
    is_percent = styles and re.search(rb"\bs\s*=\s*[\"'](?:%b)[\"']" % styles, part)
    if is_percent or any(found.search(part) for found in (_ERROR, _NO_VALUE, _NO_REFERENCE)):
        return None
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    for at in range(0, len(part), PIECE_BYTES):
        places = _REFERENCE.findall(part, max(at - REFERENCE_BYTES, 0), at + PIECE_BYTES)
        columns.update(column for column, _ in places)
        rows.update(row for _, row in places)
    height = max(map(int, rows), default=0)
    width = max((_place(f"{column.decode()}1")[1] + 1 for column in columns), default=0)
    return Sheet(height, width) if 0 < height * width <= CELLS else None


def _place(reference: str) -> Place:
    """Turn B7 into row 6, column 1."""
    found = re.fullmatch(r"([A-Za-z]{1,3})([1-9][0-9]{0,6})", reference)
    if not found:
        raise ValueError(reference)
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


# ---- ODS


def _ods(parts: dict[str, bytes]) -> dict[str, Sheet]:
    sheets: dict[str, Sheet] = {}
    sheet = Sheet()
    row = column = rows = columns = 0
    cell: dict[str, str] | None = None
    written: list[str] = []

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal sheet, row, column, rows, columns, cell
        given = {
            key.rpartition(":")[2] if key != "calcext:value-type" else "kind": value
            for key, value in given.items()
        }
        if name == "table" and "name" in given:
            sheet = sheets[given["name"]] = Sheet()
            row = rows = 0
        elif name == "table-row":
            row, column, columns = row + rows, 0, 0
            rows = int(given.get("number-rows-repeated", 1))
        elif name in ("table-cell", "covered-table-cell"):
            column, cell = column + columns, given
            columns = int(given.get("number-columns-repeated", 1))
            written.clear()

    def end(name: str) -> None:
        nonlocal cell
        if name not in ("table-cell", "covered-table-cell") or cell is None:
            return
        said, kind = "".join(written).strip(), cell.get("value-type", "")
        if kind or said:
            area = row, column, rows, columns
            sheet.add(area)
            if cell.get("kind") == "error" or ("formula" in cell and _ODS_ERROR.fullmatch(said)):
                sheet.errors.append((area, said or "#"))
            elif kind == "percentage":
                sheet.percents.append(area)
        elif "formula" in cell:
            sheet.add((row, column, rows, columns))
            sheet.errors.append(((row, column, rows, columns), NOT_COMPUTED))
        down = int(cell.get("number-rows-spanned", 1))
        right = int(cell.get("number-columns-spanned", 1))
        if down > 1 or right > 1:
            sheet.merged.append(((row, column), (row + down - 1, column + right - 1)))
        cell = None

    def text(piece: str) -> None:
        if cell is not None:
            written.append(piece)

    _parse(parts["content.xml"], start, end, text)
    return sheets


# ---- XLSB and XLS, which are records


def _xlsb(parts: dict[str, bytes]) -> dict[str, Sheet]:
    targets = _targets(parts["xl/_rels/workbook.bin.rels"])
    formats, styles, number, within = set(PERCENT_FORMATS), set(), 0, False
    for kind, record in _xlsb_records(parts.get("xl/styles.bin", b"")):
        if kind == 44 and _is_percent(_wide(record, 2)[0]):  # a number format
            formats.add(struct.unpack_from("<H", record)[0])
        elif kind in (617, 618):  # the styles of cells begin, end
            within = kind == 617
        elif kind == 47 and within:
            if struct.unpack_from("<H", record, 2)[0] in formats:
                styles.add(number)
            number += 1
    sheets = {}
    for kind, record in _xlsb_records(parts["xl/workbook.bin"]):
        if kind == 156:  # a sheet
            key, after = _wide(record, 8)
            name, _ = _wide(record, after)
            if (target := targets[key]) in parts:
                sheets[name] = _xlsb_sheet(parts[target], styles)
    return sheets


def _xlsb_sheet(part: bytes, shown_as_percent: set[int]) -> Sheet:
    sheet, row = Sheet(), 0
    for kind, record in _xlsb_records(part):
        if kind == 0:
            row = struct.unpack_from("<I", record)[0]
        elif 2 <= kind <= 11 or kind == 62:  # cells that are not blank
            column, style = struct.unpack_from("<II", record)
            area = row, column, 1, 1
            sheet.add(area)
            if kind in (3, 11):
                sheet.errors.append((area, ERRORS.get(record[8], "#")))
            elif style & 0xFFFFFF in shown_as_percent:
                sheet.percents.append(area)
        elif kind == 176:
            top, bottom, left, right = struct.unpack_from("<4I", record)
            sheet.merged.append(((top, left), (bottom, right)))
    return sheet


def _xlsb_records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the kind and contents of each record; both numbers before it have seven bits a byte."""
    at = 0
    while at < len(part):
        kind = part[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | part[at] << 7
            at += 1
        length = shift = 0
        while True:
            length |= (part[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not part[at - 1] & 0x80 or shift == 28:
                break
        yield kind, part[at : at + length]
        at += length


def _wide(record: bytes, at: int) -> tuple[str, int]:
    """Read a text, and where it ends."""
    (length,) = struct.unpack_from("<I", record, at)
    end = at + 4 + 2 * length
    return record[at + 4 : end].decode("utf-16-le"), end


def _xls(data: bytes) -> dict[str, Sheet]:
    """Look at the sheets of an XLS file."""
    streams = _streams(data)
    if "EncryptedPackage" in streams:  # an XLSX inside
        raise _LockedError
    book = streams.get("Workbook") or streams.get("Book")
    if book is None:
        raise LookupError("Workbook")
    formats, styles, sheets, is_old = set(PERCENT_FORMATS), [], {}, False
    for kind, record in _xls_records(book, 0):
        if kind == 0x809:
            is_old = struct.unpack_from("<H", record)[0] < 0x600
        if kind == 0x2F:
            raise _LockedError
        if kind == 0x41E and "%" in record[2:].decode("latin-1"):
            formats.add(struct.unpack_from("<H", record)[0])
        elif kind == 0xE0:
            styles.append(struct.unpack_from("<H", record, 2)[0])
        elif kind == 0x85:
            at, _, length = struct.unpack_from("<IHB", record)
            if is_old:  # Excel 95
                name = record[7 : 7 + length].decode("cp1252")
            elif record[7] & 1:
                name = record[8 : 8 + 2 * length].decode("utf-16-le")
            else:
                name = record[8 : 8 + length].decode("latin-1")
            sheets[name] = at
    shown_as_percent = {number for number, form in enumerate(styles) if form in formats}
    return {name: _xls_sheet(book, at, shown_as_percent) for name, at in sheets.items()}


def _xls_sheet(book: bytes, at: int, shown_as_percent: set[int]) -> Sheet:
    sheet = Sheet()
    for kind, record in _xls_records(book, at):
        if kind in (0x06, 0x203, 0x204, 0x205, 0x27E, 0xFD, 0xD6):
            row, column, style = struct.unpack_from("<HHH", record)
            area = row, column, 1, 1
            sheet.add(area)
            if kind == 0x205 and record[7]:
                sheet.errors.append((area, ERRORS.get(record[6], "#")))
            elif kind == 0x06 and record[6] == 2 and record[12:14] == b"\xff\xff":
                sheet.errors.append((area, ERRORS.get(record[8], "#")))
            elif style in shown_as_percent:
                sheet.percents.append(area)
        elif kind == 0xBD:  # several numbers side by side
            row, first = struct.unpack_from("<HH", record)
            for number in range((len(record) - 6) // 6):
                area = row, first + number, 1, 1
                sheet.add(area)
                if struct.unpack_from("<H", record, 4 + 6 * number)[0] in shown_as_percent:
                    sheet.percents.append(area)
    return sheet


def _xls_records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Give the kind and contents of each record until the end of its part of the book."""
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        if kind == 0x0A:
            return
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _streams(data: bytes) -> dict[str, bytes]:
    """Read the streams of an OLE file: chains of sectors, as its allocation table links them."""
    version, _, shift, small_shift = struct.unpack_from("<HHHH", data, 26)
    size = 1 << shift
    first_directory, _, cutoff, first_small, _, first_more, _ = struct.unpack_from("<7I", data, 48)
    if shift not in (9, 12) or small_shift != 6:
        raise ValueError(f"version {version}")
    tables = list(struct.unpack_from("<109I", data, 76))
    seen = set()
    while first_more < 0xFFFFFFF0:  # where the file has more tables than its head can list
        if first_more in seen:
            raise ValueError("a chain without end")
        seen.add(first_more)
        *more, first_more = struct.unpack_from(f"<{size // 4}I", data, (first_more + 1) * size)
        tables += more
    links: list[int] = []
    for table in tables:
        if table < 0xFFFFFFF0:
            links += struct.unpack_from(f"<{size // 4}I", data, (table + 1) * size)

    def chain(start: int, links: list[int], whole: bytes, size: int) -> bytes:
        pieces: list[bytes] = []
        while start < 0xFFFFFFF0:
            if len(pieces) > len(links):
                raise ValueError("a chain without end")
            pieces.append(whole[start * size : (start + 1) * size])
            start = links[start]
        return b"".join(pieces)

    whole = data[size:]
    directory = chain(first_directory, links, whole, size)
    entries = {}
    for at in range(0, len(directory) - 127, 128):
        (length,) = struct.unpack_from("<H", directory, at + 64)
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le")
        kind = directory[at + 66]
        start, count = struct.unpack_from("<II", directory, at + 116)
        if kind in (2, 5):
            entries[name, kind] = (start, count)
    root = next((place for (_, kind), place in entries.items() if kind == 5), None)
    small, small_links = b"", b""
    if root and first_small < 0xFFFFFFF0:
        small = chain(root[0], links, whole, size)
        small_links = chain(first_small, links, whole, size)
    links_of_small = list(struct.unpack(f"<{len(small_links) // 4}I", small_links))
    return {
        name: (
            chain(start, links_of_small, small, 64)
            if count < cutoff
            else chain(start, links, whole, size)
        )[:count]
        for (name, kind), (start, count) in entries.items()
        if kind == 2 and name in ("Workbook", "Book", "EncryptedPackage")
    }
