"""What a PostgreSQL or PostGIS database answers, written into a Parquet file that can be kept.

A database changes from day to day; a release must be computable again years later. So a run never
asks a database: ``ostwerk fetch`` does, and the file that it writes is read like any other.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
import sqlalchemy as sa

from ..faults import DataError
from ..language import Sentence
from ..programme import Source

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

CHUNK_ROWS = 20_000
"""So many rows are held in memory at once."""

CONNECTING: dict[str, Any] = {
    "connect_timeout": "10",
    "keepalives_idle": "30",  # a server that is gone is noticed after a minute
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "client_encoding": "utf8",
    "application_name": "ostwerk",
}
"""Settings of the connection, unless the address states them; sslmode and its like pass through."""

SESSION = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "lc_monetary": "C",
}
"""Settings on which the writing of a value depends: the same rows are to give the same bytes."""

NUMBERS: dict[int, pa.DataType] = {
    **dict.fromkeys((20, 21, 23), pa.int64()),  # int8, int2, int4
    **dict.fromkeys((700, 701, 1700), pa.float64()),  # float4, float8, numeric
}
BOOLEAN = 16
SORTED_ALIKE = {*NUMBERS, BOOLEAN, 1082, 1114, 1184, 2950}
"""Types whose order no language decides: also dates, timestamps and UUIDs."""

REFUSALS = {
    **dict.fromkeys(
        ("57P01", "57P02", "57P03"), "the connection has broken off ({reason}). Try again later."
    ),
    "25006": "it would change something there, which fetching never does ({reason}). Ask by SELECT "
    "alone.",
    "42501": "the user may not read that ({reason}). Ask the server's keeper for GRANT SELECT.",
    "42601": "the query cannot be understood ({reason}). It must be one SELECT, with nothing "
    "behind it.",
    "42703": "there is no such column ({reason}). Correct query in programme.toml.",
    "42P01": "there is no such table or view ({reason}). Correct {asked} in programme.toml.",
    "57014": "it took longer than {seconds:g} s. Ask for less, or raise time_limit_s in "
    "programme.toml.",
}
"""SQLSTATE by which PostgreSQL refuses = what that means here, and what to do."""

OTHERWISE = "the database refuses ({reason}). Correct address, {asked} or user in programme.toml."
NO_CONNECTION = (
    "no connection ({reason}). Check the server, the address in programme.toml, and the password "
    "in the environment variable {variable}."
)

Progress = Callable[[int], None]
"""Told how many bytes have been written."""


class _Column(NamedTuple):
    name: str
    kind: int
    is_shape: bool


def fetch(source: Source, file: Path, progress: Progress = lambda written: None) -> int:
    """Ask a database, and write its answer into a file.

    One transaction that can only read, at one state of the data. The rows come in the order of
    their primary key, else of all their columns, so that the same rows give the same bytes, and go
    through memory in parts. Whole numbers, numbers and yes/no keep their kind; everything else is
    text as the database writes it. Shapes become GeoParquet with the CRS of their SRID.

    Parameters
    ----------
    source : Source
        With an address of a database. Its ``relation`` or ``query`` says what to ask for.
    file : Path
        The file to write; what is there is lost.
    progress : callable
        Told the bytes written so far; what it raises ends the work.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    DataError
        If the database cannot be reached, refuses, takes longer than ``time_limit_s``, or has an
        answer that cannot be kept. No message holds the password.
    """
    with _refusals(source), _reading(source) as connection:
        columns = _columns(source, connection)
        return _write(source, connection, columns, file, progress)


@contextmanager
def _reading(source: Source) -> Iterator["Connection"]:
    """Open a transaction that can read and nothing else, with a time limit for each statement."""
    url = _url(source)
    settings = {name: value for name, value in CONNECTING.items() if name not in url.query}
    engine = sa.create_engine(
        url, connect_args=settings, poolclass=sa.NullPool, hide_parameters=True
    )
    options: dict[str, Any] = {
        "isolation_level": "REPEATABLE READ",
        "postgresql_readonly": True,
        "no_parameters": True,  # so that a percent sign is just that
    }
    with engine.connect().execution_options(**options) as connection, connection.begin():
        limits = {"statement_timeout": str(math.ceil(source.time_limit_s * 1000))}  # 0 is none
        for name, value in (SESSION | limits).items():
            connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")
        yield connection


def _url(source: Source) -> "URL":
    """Give the address with driver and password."""
    url = sa.make_url(source.address).set(drivername="postgresql+psycopg")
    if not source.password_env:
        return url  # PGPASSWORD and .pgpass are known to the driver
    if not os.environ.get(source.password_env):
        raise DataError(
            "{address}: the environment variable {variable} is empty. It must hold the password.",
            address=_shown(source),
            variable=source.password_env,
        )
    return url.set(password=os.environ[source.password_env])


def _shown(source: Source) -> str:
    """Write an address for people: without settings, and without what may be secret."""
    url = sa.make_url(source.address)
    return url.set(query={}, password=None).render_as_string(hide_password=True)


def _columns(source: Source, connection: "Connection") -> list[_Column]:
    """Ask which columns the answer will have, and of which types.

    Raises
    ------
    DataError
        If there is none, one stands twice, or several hold shapes.
    """
    shapes = connection.exec_driver_sql(
        "SELECT oid::int8 FROM pg_catalog.pg_type WHERE typname IN ('geometry', 'geography')"
    )
    kinds = set(shapes.scalars())
    # By a cursor of the server's: that way a second statement is refused, not executed.
    nothing = f"SELECT * FROM ({_question(source)}\n) AS answer LIMIT 0"  # noqa: S608 as stated
    answer = connection.exec_driver_sql(nothing, execution_options={"stream_results": True})
    described: Any = answer.cursor.description or []
    columns = [_Column(name, int(kind), int(kind) in kinds) for name, kind, *_ in described]
    answer.close()
    names = ["geometry" if column.is_shape else column.name for column in columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    drawn = [column.name for column in columns if column.is_shape]
    if not names or doubled or len(drawn) > 1:
        raise DataError(
            "{address}: the answer has {reason}. Name the columns one by one in query.",
            address=_shown(source),
            reason=Sentence("no column")
            if not names
            else Sentence("several columns of shapes: {columns}", columns=", ".join(drawn))
            if len(drawn) > 1
            else Sentence("the column {column} twice", column=doubled[0]),
        )
    return columns


def _question(source: Source) -> str:
    if source.query:
        return source.query.strip().rstrip(";")
    return f"SELECT * FROM {_table(source)}"  # noqa: S608 a quoted name


def _table(source: Source) -> str:
    """Write the name of a table or view as it is, whatever letters are in it."""
    return ".".join(map(_quoted, source.relation.split(".")))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _write(
    source: Source,
    connection: "Connection",
    columns: list[_Column],
    file: Path,
    progress: Progress,
) -> int:
    """Write the rows part after part."""
    end = time.monotonic() + source.time_limit_s
    names = ["geometry" if column.is_shape else column.name for column in columns]
    kinds = [_arrow_type(column) for column in columns]
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    answer = connection.exec_driver_sql(
        _statement(columns, _question(source), _key(source, connection)),
        execution_options={"stream_results": True, "max_row_buffer": CHUNK_ROWS},
    )
    rows, srids = 0, set()
    with file.open("wb") as opened, pq.ParquetWriter(opened, schema, compression="zstd") as writer:
        for part in answer.partitions(CHUNK_ROWS):
            cells = [list(column) for column in zip(*part, strict=True)]
            if "geometry" in names:
                place = names.index("geometry")
                shapes = _shapes(source, cells[place])
                srids |= set(shapely.get_srid(shapes[~shapely.is_missing(shapes)]).tolist())
                cells[place] = shapely.to_wkb(shapely.force_2d(shapes), flavor="iso").tolist()
            writer.write_table(_typed(cells, schema))
            rows += len(part)
            progress(opened.tell())
            if time.monotonic() > end:
                raise DataError(
                    "{address}: {reason}",
                    address=_shown(source),
                    reason=Sentence(REFUSALS["57014"], seconds=source.time_limit_s),
                )
        if "geometry" in names:
            about = _geoparquet(_crs(source, connection, srids))
            writer.add_key_value_metadata({"geo": json.dumps(about)})
    return rows


def _arrow_type(column: _Column) -> pa.DataType:
    if column.is_shape:
        return pa.binary()
    return pa.bool_() if column.kind == BOOLEAN else NUMBERS.get(column.kind, pa.string())


def _statement(columns: list[_Column], question: str, key: list[str]) -> str:
    """Ask for all columns as text, shapes as EWKB, in an order that the rows alone decide."""
    cells = {column.name: f"CAST({_quoted(column.name)} AS text)" for column in columns}
    order = {
        column.name: _quoted(column.name)
        if column.kind in SORTED_ALIKE
        else f'{cells[column.name]} COLLATE "C"'
        for column in sorted(columns, key=lambda column: column.is_shape)  # long: compared last
    }
    asked = f"SELECT {', '.join(cells.values())} FROM ({question}\n) AS answer"  # noqa: S608 quoted
    return f"{asked} ORDER BY {', '.join(order[name] for name in key or order)}"


def _key(source: Source, connection: "Connection") -> list[str]:
    """Name the columns of a table's primary key; a view and a query have none."""
    if not source.relation:
        return []
    asked = (
        "SELECT a.attname FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a "
        "ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
        "WHERE i.indisprimary AND i.indrelid = to_regclass(%(table)s) "
        "ORDER BY array_position(i.indkey::int2[], a.attnum)"
    )
    found = connection.exec_driver_sql(
        asked, {"table": _table(source)}, execution_options={"no_parameters": False}
    )
    return list(found.scalars())


def _typed(cells: list[list], schema: pa.Schema) -> pa.Table:
    """Turn text into numbers and yes/no, where the database says that it is."""
    arrays = [
        pa.array(column, kind if pa.types.is_binary(kind) else pa.string()).cast(kind)
        for column, kind in zip(cells, schema.types, strict=True)
    ]
    return pa.table(arrays, schema=schema)


def _shapes(source: Source, cells: list[str | None]) -> np.ndarray:
    """Make shapes of EWKB in hexadecimals, with their SRID."""
    try:
        return gpd.GeoSeries.from_wkb(cells).to_numpy()
    except (shapely.errors.ShapelyError, NotImplementedError) as error:
        raise DataError(
            "{address}: a shape cannot be read ({reason}). Turn curves into lines by "
            "ST_CurveToLine in query.",
            address=_shown(source),
            reason=error,
        ) from None


def _crs(source: Source, connection: "Connection", srids: set[int]) -> pyproj.CRS | None:
    """Settle the CRS that the SRID of the shapes names; None for 0, which means unknown.

    Raises
    ------
    DataError
        If they have several, or one that nobody knows.
    """
    if len(srids) > 1:
        raise DataError(
            "{address}: the shapes have several SRIDs: {srids}. Bring them into one by "
            "ST_Transform or ST_SetSRID in query.",
            address=_shown(source),
            srids=", ".join(map(str, sorted(srids))),
        )
    srid = next(iter(srids), 0)
    try:
        return pyproj.CRS.from_epsg(srid) if srid else None
    except pyproj.exceptions.CRSError:
        raise DataError(
            "{address}: the SRID {srid} is not an EPSG code. Bring the shapes into one by "
            "ST_Transform in query, such as 25832 or 25833.",
            address=_shown(source),
            srid=srid,
        ) from None


def _geoparquet(crs: pyproj.CRS | None) -> dict[str, Any]:
    """Say about the shapes what GeoParquet asks for.

    References
    ----------
    GeoParquet specification 1.1.0, "Metadata".
    """
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [],  # any
        "crs": crs.to_json_dict() if crs else None,
    }
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


@contextmanager
def _refusals(source: Source) -> Iterator[None]:
    """Say in a sentence of ours what a database refuses, and never say the password."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        original = getattr(error, "orig", None) or error
        state = getattr(original, "sqlstate", None) or ""
        is_connected = bool(state) or not isinstance(error, sa.exc.OperationalError)
        message = REFUSALS.get(state) or (OTHERWISE if is_connected else NO_CONNECTION)
        variable = source.password_env or "PGPASSWORD"
        said = DataError(
            "{address}: {reason}",
            address=_shown(source),
            reason=Sentence(
                message,
                reason=_first_line(original, os.environ.get(variable, "")),
                variable=variable,
                asked="relation" if source.relation else "query",
                seconds=source.time_limit_s,
            ),
        )
        raise said from None


def _first_line(error: Exception, password: str) -> str:
    """Give what the database says, on one line, without the password should it be there."""
    diagnosis = getattr(error, "diag", None)
    said = (diagnosis and diagnosis.message_primary) or str(error)
    line = " ".join(said.split()).rstrip(".?! ").removeprefix("connection failed: ")
    return line.replace(password, "…") if password else line
