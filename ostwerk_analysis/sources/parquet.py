"""Tables in Parquet, whose cells already have types, with shapes where they are GeoParquet."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..faults import DataError
from ..programme import Source
from .raw import (
    RawTable,
    asked_for,
    check_names,
    damaged,
    named,
    put_aside,
    read_bytes,
    tidy_name,
)
from .typed import column_text

CELLS_LIMIT = 500_000_000
"""So many cells fill the memory; a few bytes of Parquet can declare more."""

DAMAGED = (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, MemoryError)
"""What pyarrow raises for a file that is none, or not whole."""


def read(source: Source, path: Path) -> RawTable:
    """Read a table; its cells become text, ``_line`` is the number of the row.

    Of GeoParquet the main column of shapes is read, whatever its name; others are left out.

    Parameters
    ----------
    source : Source
        ``crs`` is needed where the file says that it does not know its own.

    Raises
    ------
    DataError
        If the file is no Parquet, damaged or of more cells than memory holds; if its shapes are
        not written as WKB; and as in :func:`ostwerk_analysis.sources.geodata.with_shapes`.
    """
    table = _table(source, path)
    declared = _geo(source, table.schema)
    shapes = {name for name in declared.get("columns", {}) if name in table.column_names}
    names = [name for name in table.column_names if name not in shapes]
    tidy = [tidy_name(name) for name in names]
    check_names(source, tidy)
    cells = {new: column_text(table[old]) for new, old in zip(tidy, names, strict=True)}
    frame = pa.table(cells).to_pandas() if cells else pd.DataFrame(index=range(len(table)))
    if declared:
        from . import geodata  # geopandas takes a second to import

        main = declared["primary_column"]
        crs = geodata.settled_crs(source, _crs_of(declared["columns"][main]))
        return geodata.with_shapes(source, path, frame, table[main].to_numpy(), crs)
    frame["_line"] = np.arange(1, len(frame) + 1)
    return named(
        asked_for(RawTable(frame, *put_aside(source, path, [], [], "cells")), source), source
    )


def _table(source: Source, path: Path) -> pa.Table:
    """Read all columns, in the order of the file."""
    data = read_bytes(source, path)
    if not data.startswith(b"PAR1"):
        raise DataError(
            "{file} is no Parquet file, though its name or format says so. Export it again, or "
            "correct its ending.",
            file=source.path,
        )
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows * columns <= CELLS_LIMIT:
            table = file.read()
            table.validate(full=True)  # text may not be UTF-8
            return table
    except DAMAGED as error:
        raise damaged(source, error) from None
    raise DataError(
        "{file} declares {rows} rows of {columns} columns, more than can be read. Check how it was "
        "exported, and divide it.",
        file=source.path,
        rows=rows,
        columns=columns,
    )


def _geo(source: Source, schema: pa.Schema) -> dict[str, Any]:
    """Give what GeoParquet says about its shapes, nothing for other files.

    References
    ----------
    GeoParquet specification 1.1.0, "Metadata".
    """
    written = (schema.metadata or {}).get(b"geo")
    if written is None:
        return {}
    try:
        declared: dict[str, Any] = json.loads(written)
        main = declared["columns"][declared["primary_column"]]
        encoding = main.get("encoding") if declared["primary_column"] in schema.names else None
        kind = schema.field(declared["primary_column"]).type if encoding else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        encoding = kind = None
    if encoding != "WKB" or not _is_binary(kind):
        raise DataError(
            "{file} does not say in the way of GeoParquet where its shapes are, or they are not "
            "written as WKB. Export it as GeoParquet with WKB.",
            file=source.path,
        )
    return declared


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _crs_of(column: dict[str, Any]) -> str | None:
    """Give the CRS of a column of shapes: PROJJSON; degrees where left out, none where null."""
    crs = column.get("crs", "OGC:CRS84")
    return crs if crs is None or isinstance(crs, str) else json.dumps(crs)
