"""Sheets that are XML: those of XLSX and ODS."""

import re
from collections.abc import Callable
from posixpath import normpath
from typing import Any
from xml.parsers import expat

from .sheet import (
    CELLS,
    NOT_COMPUTED,
    PERCENT_FORMATS,
    DeclaredError,
    Place,
    Sheet,
    is_percent,
)

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


def parse(
    part: bytes,
    start: Callable[[str, dict[str, str]], None] | None = None,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Go through XML; names of elements come without their prefix."""

    def refuse(*_: Any) -> None:
        raise DeclaredError

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


def xlsx(parts: dict[str, bytes]) -> dict[str, Sheet]:
    """Look at the sheets of an XLSX package."""
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

    parse(parts["xl/workbook.xml"], start)
    targets = targets_of(parts["xl/_rels/workbook.xml.rels"])
    return {
        name: _xlsx_sheet(parts[target], shown_as_percent, is_computed)
        for name, key in ids.items()
        if (target := targets[key]) in parts
    }


def targets_of(part: bytes) -> dict[str, str]:
    """Give the part that each relation of the workbook leads to."""
    found: dict[str, str] = {}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "Relationship":
            target = given["Target"]
            path = target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")
            found[given["Id"]] = path

    parse(part, start)
    return found


def _percent_styles(part: bytes | None) -> set[int]:
    """Give the numbers of the styles that show a number times 100."""
    formats, styles = set(PERCENT_FORMATS), set()
    within, number = "", 0

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal within, number
        if name in ("cellXfs", "cellStyleXfs"):
            within, number = name, 0
        elif name == "numFmt" and is_percent(given.get("formatCode", "")):
            formats.add(int(given["numFmtId"]))
        elif name == "xf" and within == "cellXfs":
            if int(given.get("numFmtId", 0)) in formats:
                styles.add(number)
            number += 1

    if part:
        parse(part, start)
    return styles


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

    parse(part, start, end, text)
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


def ods(parts: dict[str, bytes]) -> dict[str, Sheet]:
    """Look at the sheets of an ODS package."""
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

    parse(parts["content.xml"], start, end, text)
    return sheets
