"""Sheets of workbooks: XLSX, XLSM, XLSB, XLS and ODS, read by calamine.

A sheet is a page, not a table: titles stand above the header, notes below the last row. The table
begins at its header and ends at the last row, unless a blank row divides it from rows that all fill
less than half as many cells as any row above: these are notes, and are listed as such.
"""

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import python_calamine as calamine

from ..faults import DataError, repairs_frame
from ..programme import Source
from ..tables import TABLES
from . import marks
from .raw import (
    HEADER_WITHIN,
    RawTable,
    expected_names,
    no_header,
    put_aside,
    row_texts,
    tidy_name,
    under_names,
)
from .sheets import NOT_COMPUTED, Sheet, survey
from .typed import Percent, cell_text

COMPARED_ROWS = 100  # the header names as many columns as any of the first rows fills
_DIGIT_MARK = re.compile(r"[0-9][.,][0-9]")


def cells(
    source: Source, path: Path, data: bytes, is_known: Callable[[str], bool] | None = None
) -> RawTable:
    """Read a sheet under its own column names.

    Parameters
    ----------
    source : Source
        Its ``sheet`` and ``header_line`` are not searched for; its ``decimal_mark`` says how
        numbers are meant that stand in the sheet as text.
    data : bytes
        The workbook.
    is_known : callable, optional
        Tells a column name that is to be expected, as those of ``source.columns`` are. The header
        is the row among the first 15 that has most of them; without any, the first that holds only
        names, one for each column.

    Returns
    -------
    RawTable
        Cells as text that says the same: days as 2026-12-31, numbers with the decimal mark of
        those written as text in their column, else with a point. ``_line`` is the row of the
        sheet. Rows with merged cells, or an error such as #DIV/0! or a formula without a result
        in a column that is used, are set aside. Notes below the table are repairs. A cell shown
        as per cent is text such as 50%.

    Raises
    ------
    DataError
        If the workbook cannot be read, several sheets have cells, no header is certain, a column
        name stands twice, or a column has typed numbers beside text such as 1.234.
    """
    rows, sheet = _sheet(source, data)
    is_expected = expected_names(source, is_known)
    top = _top(source, rows, is_expected, sheet)
    header = _names(rows, top, sheet)
    body = rows[top + 1 :]
    end, notes = _end(body)
    columns = zip(*body[:end], strict=True) if end else [()] * len(header)
    table = pa.table(
        {
            str(i): pa.array(_texts(source, name, column), pa.string())
            for i, (name, column) in enumerate(zip(header, columns, strict=True))
        }
    )
    frame = under_names(source, table, np.arange(end) + top + 2, header, top + 1)
    contract = TABLES.get(source.table)
    used = {*map(tidy_name, source.where), *(contract.columns if contract else ())}
    used |= set(filter(is_expected, header))
    errors = _errors(sheet, header, used, len(rows))
    is_wrong = frame["_line"].isin(errors)
    is_merged = ~is_wrong & frame["_line"].isin(_merged_lines(sheet, len(rows)))
    wrong, merged = frame[is_wrong], frame[is_merged]
    found = [errors[line] for line in wrong["_line"]]
    aside = [
        put_aside(source, path, [line], [text], _rule(error), column=column, values=[error])
        for line, text, (column, error) in zip(wrong["_line"], row_texts(wrong), found, strict=True)
    ]
    aside.append(put_aside(source, path, merged["_line"].tolist(), row_texts(merged), "merged"))
    repairs = repairs_frame(
        {
            "table": source.table,
            "source": source.path,
            "file": path.name,
            "line": top + 2 + place,
            "value": "; ".join(text for cell in body[place] if (text := cell_text(cell, "."))),
            "rule": "note",
        }
        for place in notes
    )
    return RawTable(
        frame[~(is_wrong | is_merged)].reset_index(drop=True),
        pd.concat([faults for faults, _ in aside], ignore_index=True),
        pd.concat([rows for _, rows in aside], ignore_index=True),
        repairs=repairs,
        title="" if source.header_line else _title(rows[:top]),
    )


def _title(above: Sequence[Sequence[Any]]) -> str:
    """Put together what stands above the header."""
    written = (cell_text(cell, ".") for row in above for cell in row)
    return tidy_name(" ".join(text for text in written if text))


def _sheet(source: Source, data: bytes) -> tuple[list[list[Any]], Sheet]:
    """Read the sheet that the source names, or the only visible one with cells."""
    data, sheets = survey(source, data)
    try:
        book = calamine.CalamineWorkbook.from_object(io.BytesIO(data))
        found = [
            one.name
            for one in book.sheets_metadata
            if one.typ == calamine.SheetTypeEnum.WorkSheet
            and one.visible == calamine.SheetVisibleEnum.Visible
            and sheets[one.name].height
        ]
        if source.sheet:
            found = [name for name in book.sheet_names if name == source.sheet]
        if len(found) == 1:
            sheet, opened = sheets[found[0]], book.get_sheet_by_name(found[0])
            rows = opened.to_python(skip_empty_area=False)
            sheet.merged += opened.merged_cell_ranges or []
            return _overlaid(rows, sheet), sheet
    except BaseException as error:
        # A panic of calamine is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise DataError(
            "{file} cannot be read as a workbook: {reason}. Save it anew as XLSX, or fetch it "
            "again.",
            file=source.path,
            reason=str(error),
        ) from None
    if source.sheet:
        raise DataError(
            "{file} has no sheet {sheet!r}; there are: {sheets}. Correct sheet in programme.toml.",
            file=source.path,
            sheet=source.sheet,
            sheets=", ".join(book.sheet_names),
        )
    if found:
        raise DataError(
            "{file} has several sheets with cells: {sheets}. State sheet for the source in "
            "programme.toml.",
            file=source.path,
            sheets=", ".join(found),
        )
    raise DataError(
        "{file} has no visible sheet with cells. Fetch the file again, or state sheet for the "
        "source in programme.toml.",
        file=source.path,
    )


def _overlaid(rows: list[list[Any]], sheet: Sheet) -> list[list[Any]]:
    """Write errors and percentages into cells, which calamine gives as blanks and fractions.

    Below and right of the last value calamine gives nothing, not even where formulas stand that
    have none.
    """
    if sheet.errors:
        width = max([sheet.width, *map(len, rows)])
        rows += [[] for _ in range(sheet.height - len(rows))]
        rows = [[*row, *[""] * (width - len(row))] for row in rows]
    for (row, column, height, width), text in sheet.errors:
        for line in rows[row : row + height]:
            line[column : column + width] = [text] * len(line[column : column + width])
    for row, column, height, width in sheet.percents:
        for line in rows[row : row + height]:
            line[column : column + width] = [
                Percent(cell) if isinstance(cell, int | float) else cell
                for cell in line[column : column + width]
            ]
    return rows


def _rule(error: str) -> str:
    return "not_computed" if error == NOT_COMPUTED else "formula_error"


def _errors(
    sheet: Sheet, header: list[str], used: set[str], height: int
) -> dict[int, tuple[str, str]]:
    """Give the lines with an error in a column that is used: the column and the error."""
    errors: dict[int, tuple[str, str]] = {}
    for (row, column, rows, columns), text in sheet.errors:
        for name in header[column : column + columns]:
            if name in used:
                for place in range(row, min(row + rows, height)):
                    errors.setdefault(place + 1, (name, text))
    return errors


def _merged_lines(sheet: Sheet, height: int) -> np.ndarray:
    """Give the lines that merged cells touch."""
    change = np.zeros(height + 1, dtype=np.int64)
    for (first, _), (last, _) in sheet.merged:
        if first < height:
            change[first] += 1
            change[min(last + 1, height)] -= 1
    return np.flatnonzero(np.cumsum(change)[:height]) + 1


def _is_blank(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _filled(row: Sequence[Any]) -> int:
    return sum(not _is_blank(cell) for cell in row)


def _names(rows: Sequence[Sequence[Any]], top: int, sheet: Sheet) -> list[str]:
    """Give the column names of a row; a name merged down from above counts for it."""
    names = [tidy_name(cell_text(cell, ".") or "") for cell in rows[top]]
    for (first, left), (last, right) in sheet.merged:
        if first < top <= last and left == right and left < len(names) and not names[left]:
            names[left] = tidy_name(cell_text(rows[first][left], ".") or "")
    return names


def _top(
    source: Source, rows: list[list[Any]], is_expected: Callable[[str], bool], sheet: Sheet
) -> int:
    """Find the row of the header."""
    if source.header_line:
        if source.header_line > len(rows) or not _filled(rows[source.header_line - 1]):
            raise no_header(source, source.header_line)
        return source.header_line - 1
    candidates = range(min(HEADER_WITHIN, len(rows)))
    hits = [sum(map(is_expected, {*_names(rows, row, sheet)} - {""})) for row in candidates]
    if any(hits):
        return hits.index(max(hits))
    width = max((_filled(row) for row in rows[:COMPARED_ROWS]), default=0)
    for row in candidates:
        names = [name for name in _names(rows, row, sheet) if name]
        is_named = all(_is_name(cell) for cell in rows[row])
        if is_named and len(names) >= width:
            return row
    raise DataError(
        "{file}: none of the first {count} rows has a name for each column. State header_line for "
        "the source in programme.toml.",
        file=source.path,
        count=HEADER_WITHIN,
    )


def _is_name(cell: Any) -> bool:
    """Tell whether a cell may name a column: text, or a year."""
    if isinstance(cell, str):
        return True
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return is_number and cell % 1 == 0 and marks.FIRST_YEAR <= cell <= marks.LAST_YEAR


def _end(body: Sequence[Sequence[Any]]) -> tuple[int, list[int]]:
    """Find where the table ends, and the rows of the notes below it."""
    filled = [_filled(row) for row in body]
    fewest = len(body[0]) + 1 if body else 0  # cells of a row above
    most_below = [0] * (len(filled) + 1)  # cells of a row from here on
    for row in reversed(range(len(filled))):
        most_below[row] = max(filled[row], most_below[row + 1])
    for row, count in enumerate(filled):
        if count:
            fewest = min(fewest, count)
        elif row and 0 < 2 * most_below[row] < fewest <= len(body[0]):
            return row, [place for place in range(row, len(filled)) if filled[place]]
    return len(filled), []


def _texts(source: Source, name: str, column: Sequence[Any]) -> list[str | None]:
    """Write the cells of a column as text."""
    mark: str = source.decimal_mark or "."
    if source.decimal_mark is None and any(isinstance(cell, float) and cell % 1 for cell in column):
        typed = [cell for cell in column if isinstance(cell, str) and _DIGIT_MARK.search(cell)]
        try:
            mark = marks.certain_decimal_mark(pd.Series(typed, name=name, dtype="str")) or "."
        except DataError as error:
            raise DataError("{file}: {error}", file=source.path, error=error) from None
    return [cell_text(cell, mark) for cell in column]
