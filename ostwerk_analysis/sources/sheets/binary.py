"""Sheets that are records of bytes: those of XLSB and XLS."""

import struct
from collections.abc import Iterator

from .markup import targets_of
from .sheet import ERRORS, PERCENT_FORMATS, LockedError, Sheet, is_percent


def xlsb(parts: dict[str, bytes]) -> dict[str, Sheet]:
    """Look at the sheets of an XLSB package."""
    targets = targets_of(parts["xl/_rels/workbook.bin.rels"])
    formats, styles, number, within = set(PERCENT_FORMATS), set(), 0, False
    for kind, record in _xlsb_records(parts.get("xl/styles.bin", b"")):
        if kind == 44 and is_percent(_wide(record, 2)[0]):  # a number format
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


def xls(data: bytes) -> dict[str, Sheet]:
    """Look at the sheets of an XLS file."""
    streams = _streams(data)
    if "EncryptedPackage" in streams:  # an XLSX inside
        raise LockedError
    book = streams.get("Workbook") or streams.get("Book")
    if book is None:
        raise LookupError("Workbook")
    formats, styles, sheets, is_old = set(PERCENT_FORMATS), [], {}, False
    for kind, record in _xls_records(book, 0):
        if kind == 0x809:
            is_old = struct.unpack_from("<H", record)[0] < 0x600
        if kind == 0x2F:
            raise LockedError
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
