"""Workbooks to be read by tests, written in each format; some of them hostile or locked."""

import io
import struct
import zipfile
import zlib
from datetime import date

import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P


def workbook(sheets, merged=(), **properties):
    """Write sheets, each a list of rows, as an XLSX file."""
    book = openpyxl.Workbook(**properties)
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def old_workbook():
    """Write an XLS file of Excel 97, with a day, per cents, an error and merged cells."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Förderung")
    day, percent = xlwt.easyxf(num_format_str="dd.mm.yyyy"), xlwt.easyxf(num_format_str="0.0%")
    for column, name in enumerate(["grant_id", "tag", "anteil", "ja"]):
        sheet.write(0, column, name)
    sheet.write(1, 0, 7)
    sheet.write(1, 1, date(2026, 12, 31), day)
    sheet.write(1, 2, 0.4992, percent)
    sheet.write(1, 3, True)
    sheet.row(2).set_cell_error(0, 0x07)
    sheet.write(2, 2, 1.25, percent)
    sheet.write(3, 0, 8)
    sheet.write_merge(4, 5, 0, 0, 9)
    sheet.write(5, 2, 1.234)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def open_document():
    """Write an ODS file with the same cells."""
    document = OpenDocumentSpreadsheet()
    sheet = Table(name="Förderung")
    document.spreadsheet.addElement(sheet)

    def row(*cells, **given):
        made = TableRow(**given)
        for said, attributes in cells:
            cell = TableCell(**attributes)
            cell.addElement(P(text=said))
            made.addElement(cell)
        sheet.addElement(made)

    def text(said):
        return said, {"valuetype": "string"}

    def number(value, **given):
        return str(value), {"valuetype": "float", "value": value} | given

    def percent(value):
        return "", {"valuetype": "percentage", "value": value}

    blank = ("", {})
    row(*map(text, ["grant_id", "tag", "anteil", "ja"]))
    day = ("31.12.26", {"valuetype": "date", "datevalue": "2026-12-31"})
    yes = ("WAHR", {"valuetype": "boolean", "booleanvalue": "true"})
    row(number(7), day, percent(0.4992), yes)
    broken = ("#DIV/0!", {"valuetype": "float", "value": 0, "formula": "of:=1/0"})
    row(broken, blank, percent(1.25))
    row(number(8))
    row(number(9, numberrowsspanned=2))
    row(blank, blank, number(1.234))
    row(number(1), numberrowsrepeated=2)
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def records(*parts):
    """Write records of an XLSB part: a kind, and what is packed after it."""
    out = b""
    for kind, data in parts:
        out += bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        assert len(data) < 1 << 14
        out += bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data
    return out


def binary_workbook(column_of_seven=0):
    """Write an XLSB file: kinds of records as [MS-XLSB] numbers them."""
    wide = lambda said: struct.pack("<I", len(said)) + said.encode("utf-16-le")  # noqa: E731
    at = lambda column, style=0: struct.pack("<II", column, style)  # noqa: E731
    said = lambda column, text: (6, at(column) + wide(text))  # noqa: E731
    real = lambda column, value, style=0: (5, at(column, style) + struct.pack("<d", value))  # noqa: E731
    row = lambda number: (0, struct.pack("<I", number) + bytes(13))  # noqa: E731
    xf = lambda form: (47, struct.pack("<HH", 0xFFFF, form) + bytes(12))  # noqa: E731
    sheet = records(
        (129, b""),
        (148, struct.pack("<4I", 0, 5, 0, 3)),
        (145, b""),
        row(0),
        *(said(i, name) for i, name in enumerate(["grant_id", "tag", "anteil", "ja"])),
        row(1),
        real(column_of_seven, 7),
        real(1, 46387, 1),
        real(2, 0.4992, 2),
        (4, at(3) + b"\1"),
        row(2),
        (3, at(0) + b"\x07"),
        real(2, 1.25, 2),
        row(3),
        real(0, 8),
        row(4),
        real(0, 9),
        row(5),
        real(2, 1.234),
        (146, b""),
        (177, struct.pack("<I", 1)),
        (176, struct.pack("<4I", 4, 5, 0, 0)),
        (178, b""),
        (130, b""),
    )
    styles = records((617, struct.pack("<I", 3)), xf(0), xf(14), xf(10), (618, b""))
    book = records(
        (131, b""),
        (143, b""),
        (156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Förderung")),
        (144, b""),
        (132, b""),
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{types}"/>',
            "_rels/.rels": f'<Relationships xmlns="{relations}"/>',
            "xl/workbook.bin": book,
            "xl/styles.bin": styles,
            "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{relations}"><Relationship '
            f'Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def packed(parts):
    """Write the parts of a package."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return out.getvalue()


def unpacked(content):
    """Read the parts of a package."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def new_workbook():
    """Write an XLSX file with the same cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Förderung"
    sheet.append(["grant_id", "tag", "anteil", "ja"])
    sheet.append([7, date(2026, 12, 31), 0.4992, True])
    sheet.append(["#DIV/0!", None, 1.25])
    sheet.append([8])
    sheet.append([9])
    sheet.append([None, None, 1.234])
    sheet["C2"].number_format, sheet["C3"].number_format = "0.0%", '0.00 %" v. H."'
    sheet.merge_cells("A5:A6")
    sheet.cell(6, 3).value = 1.234
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_sheet(xml):
    """Put XML in the place of the only sheet."""
    parts = unpacked(workbook({"Liste": [["a"], [1]]}))
    parts["xl/worksheets/sheet1.xml"] = xml
    return packed(parts)


def bomb(claimed):
    """Write a sheet of 2 GB, which claims another size."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    blanks = squeeze.compress(b" " * 10_000_000) + squeeze.flush(zlib.Z_FULL_FLUSH)
    parts = unpacked(workbook({"Liste": [["a"], [1]]}))
    del parts["xl/worksheets/sheet1.xml"]
    out = io.BytesIO(packed(parts))
    with zipfile.ZipFile(out, "a") as package:  # as it is, and then said to be compressed
        package.writestr("xl/worksheets/sheet1.xml", blanks * 200 + squeeze.flush())
    content = bytearray(out.getvalue())
    entry = content.rindex(b"PK\x01\x02")
    (start,) = struct.unpack_from("<I", content, entry + 42)
    content[entry + 10] = content[start + 8] = zipfile.ZIP_DEFLATED
    content[entry + 24 : entry + 28] = struct.pack("<I", claimed)
    return bytes(content)


def locked_xlsx():
    """Name a stream as Office names an XLSX locked by a password."""
    content = bytearray(old_workbook())
    name, old = ("".join(n).encode("utf-16-le") for n in ("EncryptedPackage", "Workbook"))
    at = content.index(old)
    content[at : at + len(name)] = name
    content[at + 64 : at + 66] = struct.pack("<H", len(name) + 2)
    return bytes(content)


def locked_ods():
    parts = unpacked(open_document())
    manifest = parts["META-INF/manifest.xml"]
    parts["META-INF/manifest.xml"] = manifest.replace(
        b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>"
    )
    return packed(parts | {"content.xml": b"\x8a\x17 no text"})


def locked_xls():
    """Put the record that says so after the first one of the book."""
    content = bytearray(old_workbook())
    at = content.index(struct.pack("<HH", 0x809, 16)) + 20
    content[at : at + 2] = struct.pack("<H", 0x2F)
    return bytes(content)
