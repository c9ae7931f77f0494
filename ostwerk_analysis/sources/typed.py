"""Typed cells to text that says the same, for readers of files whose cells have types.

All readers give text, so that a table is typed in one place. A number with three digits after its
point gets a fourth, since :mod:`.marks` could else take it for thousands.
"""

import json
import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .raw import stripped

EXACT_BELOW = 10**15  # Excel keeps 15 digits; a longer whole number shows that it was cut
_LOOKS_GROUPED = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
"""A number with a decimal point that could also be one with thousands."""


class Percent(float):
    """A number that the sheet shows times 100, with a sign."""


def number_text(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Write floats as the shortest text that gives them back, for readers of typed files.

    Parameters
    ----------
    values : Array of float, shape (n,)

    Returns
    -------
    Array of str, shape (n,)
        Whole numbers without ``.0``; ``1.234`` as ``1.2340``, so that it is no thousand; NaN
        is missing.
    """
    cells = pc.cast(values, pa.string())
    cells = pc.if_else(pc.equal(cells, "nan"), None, cells)
    return pc.replace_substring_regex(cells, f"^({_LOOKS_GROUPED.pattern})$", r"\10")


def column_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write typed cells as text that says the same: 1 for 1 and for 1.0, 2026-07-31, true.

    Numbers with three digits after the point get a fourth, so that they are no thousands. Lists
    and other compounds are written as JSON; bytes as text if they are some, else in hexadecimals.
    """
    kind = column.type
    if isinstance(kind, pa.ExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        kind = column.type
    if pa.types.is_dictionary(kind):
        return column_text(pc.cast(column, kind.value_type))
    if pa.types.is_floating(kind):
        return stripped(
            number_text(pc.cast(column, pa.float32()) if kind == pa.float16() else column)
        )
    if pa.types.is_duration(kind):  # as text they are bare numbers, of hours or of nanoseconds
        lengths = pc.cast(column, pa.duration("us"), safe=False).to_pylist()
        written = [None if cell is None else cell_text(cell, ".") for cell in lengths]
        return pa.chunked_array([pa.array(written, pa.string())])
    try:
        cells = pc.cast(column, pa.string())
    except pa.ArrowException:  # compounds, and bytes that are no text
        written = [None if cell is None else _written(cell) for cell in column.to_pylist()]
        cells = pa.chunked_array([pa.array(written, pa.string())])
    return stripped(number_text(cells) if pa.types.is_decimal(kind) else cells)


def _written(cell: object) -> str:
    if isinstance(cell, bytes):
        return cell.hex()
    if isinstance(cell, list | dict | tuple):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)


def cell_text(cell: Any, mark: str) -> str | None:
    """Write a cell of a workbook as text that says the same.

    Parameters
    ----------
    cell : str, bool, int, float, :class:`Percent`, date, time, datetime or timedelta
    mark : {",", "."}
        Decimal mark of numbers.

    Returns
    -------
    str or None
        None if it is blank.
    """
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Percent):
        return _number(float(Decimal(str(float(cell))).scaleb(2))).replace(".", mark) + "%"
    if isinstance(cell, int | float):
        return _number(cell).replace(".", mark)
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell.isoformat())


def _number(value: float) -> str:
    """Write a number so that it is certain, see :func:`number_text`."""
    if value % 1 == 0 and abs(value) < EXACT_BELOW:
        return str(int(value))
    text = str(float(value))
    return f"{text}0" if _LOOKS_GROUPED.fullmatch(text) else text
