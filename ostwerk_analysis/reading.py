"""One source at a time: its file is read as text, recorded by its hash, and held to its table."""

import difflib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from . import sources
from .faults import DataError, as_error, nearest
from .language import Sentence
from .programme import Area, Programme, Source
from .tables import TABLES

if TYPE_CHECKING:
    import geopandas as gpd

SAME_NAME = 0.85
"""Names so much alike are the same one, misspelt; 1 is the same in every letter."""

NEAR_NAME = 0.5
"""Names less alike have nothing to do with each other."""

NAMED_COLUMNS = 15
"""So many columns of a file are named where none is near."""

_NAME_IT = Sentence("Name it under columns in programme.toml.")
_REMEDIES = {
    "operations": Sentence(
        'State format = "operations" in programme.toml if this is a public list of operations; '
        "else name it under columns."
    ),
    "statistics": Sentence(
        "State format in programme.toml if this is a table of a statistical office; else name it "
        "under columns."
    ),
}
"""Tables that have formats of their own = what to do where a column is missing."""


def check_tables(programme: Programme) -> None:
    """Refuse a programme that fills a table which there is not.

    Raises
    ------
    DataError
        With the nearest name of a table.
    """
    if unknown := sorted({source.table for source in programme.sources} - TABLES.keys()):
        raise DataError(
            "{file}: there is no table {table!r}; did you mean {near!r}?",
            file=programme.path.name,
            table=unknown[0],
            near=nearest(unknown[0], TABLES),
        )


def read_source(
    source: Source, programme: Programme, files: Mapping[str, Path]
) -> tuple[sources.RawTable, dict]:
    """Read one file as text, and say which file it was.

    Parameters
    ----------
    files : mapping of str to Path
        Files that stand in for those that the sources name.

    Raises
    ------
    DataError
        If it cannot be read, changes meanwhile, or does not fit its table.
    """
    file = files.get(source.path) or programme.source_path(source)
    before = digest(file, source)
    raw = sources.read(source, file)
    pa.default_memory_pool().release_unused()  # as much again as the text that is kept
    if digest(file) != before:
        raise DataError(
            "{file} changed while it was read. Run again when it is complete.", file=source.path
        )
    _check_columns(source, raw)
    return raw, {"file": source.path, "bytes": before[0], "sha256": before[1]}


def read_outline(
    area: Area, programme: Programme, files: Mapping[str, Path]
) -> tuple["gpd.GeoSeries", dict]:
    """Read the polygon of an area, and say which file it was.

    Returns
    -------
    shapes : GeoSeries
        In the programme's CRS; an area may have several pieces.
    input : dict
        Its ``file``, ``bytes`` and ``sha256``.

    Raises
    ------
    DataError
        If the file cannot be read, or holds what is no polygon, or no valid one.
    """
    source = area.outline
    file = files.get(source.path) or programme.source_path(source)
    size, sha256 = digest(file)
    raw = sources.read(source, file)
    if len(raw.faults):
        raise as_error(raw.faults.to_dict("records")[0])
    shapes = raw.frame.geometry.to_crs(programme.crs)
    if not shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        raise DataError(
            "{file}: the area {area} needs a polygon, but the file holds {found}. Draw its outline "
            "as one or several polygons.",
            file=source.path,
            area=area.id,
            found=", ".join(sorted({str(kind) for kind in shapes.geom_type})),
        )
    return shapes, {"file": source.path, "bytes": size, "sha256": sha256}


def digest(file: Path, source: Source | None = None) -> tuple[int, str]:
    """Give size in bytes and SHA-256 of a file.

    Raises
    ------
    DataError
        If it is missing, or not a plain file; of one that a source's address brings, how.
    """
    if source and source.address and not file.exists():
        raise DataError(
            "{file} has not been fetched yet. Bring it with: ostwerk fetch PROGRAMME",
            file=source.path,
        )
    if not file.is_file():
        raise DataError(
            "{file} is not there, or is not a plain file. Put it there, or correct the path in "
            "programme.toml.",
            file=file,
        )
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256")
        return opened.tell(), found.hexdigest()


def _check_columns(source: Source, raw: sources.RawTable) -> None:
    """Refuse a source that does not fit its table.

    Raises
    ------
    DataError
        If ``programme.toml`` names a column that the table does not have, if no column fills one
        that every row needs, if the name of one is nearly that of a column which no other fills,
        or if ``where`` keeps no row.
    """
    contract, found = TABLES[source.table], list(raw.frame.columns)
    known = [*contract.columns, *(["area_name"] if source.table == "statistics" else [])]
    for key in ("columns", "values", "constants"):
        for column in getattr(source, key):
            if column not in known:
                raise DataError(
                    "{file}: the table {table} has no column {column!r}, which {key} in "
                    "programme.toml names; did you mean {near!r}?",
                    file=source.path,
                    table=source.table,
                    column=column,
                    key=key,
                    near=nearest(column, known),
                )
    needed = [name for name, column in contract.columns.items() if column.metadata["required"]]
    is_named = source.table == "statistics" and "area_name" in found
    given = {*found, *(["district_id"] if is_named else [])}
    if missing := [name for name in needed if name not in given]:
        own = [name for name in found if name not in sources.raw.RESERVED]
        raise DataError(
            "{file} has no column {column!r}, which the table {table} needs; the nearest is "
            "{near!r}. {remedy}"
            if _alike(missing[0], near := nearest(missing[0], own)) >= NEAR_NAME
            else "{file} has no column {column!r}, which the table {table} needs, but {own}. "
            "{remedy}",
            file=source.path,
            column=missing[0],
            table=source.table,
            near=near,
            own=", ".join(own[:NAMED_COLUMNS]) + (" …" if len(own) > NAMED_COLUMNS else ""),
            remedy=_NAME_IT if source.format else _REMEDIES.get(source.table, _NAME_IT),
        )
    for name in (name for name in contract.columns if name not in given):
        alike = [column for column in found if column not in known and not column.startswith("_")]
        near = nearest(name, alike)
        if _alike(name, near) >= SAME_NAME:
            raise DataError(
                "{file} has a column {near!r}, which the table {table} does not know; did you mean "
                "{column!r}? Rename it, or name it under columns in programme.toml.",
                file=source.path,
                near=near,
                table=source.table,
                column=name,
            )
    if contract.metadata["geometry"] == "required" and "geometry" not in found:
        raise DataError(
            "{file} has no shapes, which the table {table} needs. Export it as GeoJSON or "
            "GeoPackage.",
            file=source.path,
            table=source.table,
        )
    if raw.rows_skipped and raw.rows_skipped == raw.rows_read:
        raise DataError(
            "{file}: where keeps none of {count} rows. Compare its values with the file's.",
            file=source.path,
            count=raw.rows_read,
        )


def _alike(name: str, other: str) -> float:
    """Say how much alike two names are, from 0 to 1, whatever their case."""
    return difflib.SequenceMatcher(None, other.casefold(), name.casefold()).ratio()
