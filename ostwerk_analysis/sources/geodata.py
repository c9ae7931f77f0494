"""Shapes with attributes: GeoJSON and GeoPackage, through GDAL."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import pyproj
import shapely

from ..faults import DataError
from ..language import Sentence
from ..programme import Source
from .marks import number_text
from .raw import (
    RawTable,
    asked_for,
    check_names,
    named,
    put_aside,
    read_bytes,
    row_texts,
    stripped,
    tidy_name,
)

GEOPACKAGE = b"SQLite format 3\0"
WGS84 = pyproj.CRS("EPSG:4326")

EUROPE = (-11.0, 34.0, 35.0, 72.0)
"""West, south, east and north end in degrees; exchanged, they are far away from Europe."""

MARGIN_DEGREES = 3.0
"""So far beyond its own zone a coordinate system is used, as in a Land that lies in two."""


def read(source: Source, path: Path) -> RawTable:
    """Read features; attributes become text, ``_line`` is the number of the feature.

    Parameters
    ----------
    source : Source
        ``crs`` is needed where the file does not say it. GeoJSON without a statement is in degrees.

    Returns
    -------
    RawTable
        Its ``frame`` is a GeoDataFrame in the file's CRS, in two dimensions. Features without a
        valid shape, and single ones outside the area of the CRS, are set aside.

    Raises
    ------
    DataError
        If the file is neither GeoJSON nor GeoPackage, or damaged; if its CRS is not known, or not
        the one stated; if the coordinates do not fit the CRS or are exchanged.
    """
    features, geometry, crs = _features(source, path)
    shapes = shapely.force_2d(shapely.from_wkb(geometry, on_invalid="ignore"))
    frame = gpd.GeoDataFrame(features, geometry=gpd.GeoSeries(shapes, crs=crs))
    frame["_line"] = np.arange(1, len(frame) + 1)
    nothing = put_aside(source, path, [], [], "geometry")
    raw = asked_for(RawTable(frame, *nothing), source)
    wrong = _wrong_shapes(raw.frame)
    wrong |= _far_away(raw.frame[~raw.frame.index.isin(wrong)], source)
    is_wrong = raw.frame.index.isin(wrong)
    bad = raw.frame[is_wrong]
    faults, set_aside = put_aside(
        source,
        path,
        bad["_line"].tolist(),
        row_texts(bad),
        "geometry",
        column="geometry",
        values=[wrong[row] for row in bad.index],
    )
    kept = raw.frame[~is_wrong].reset_index(drop=True)
    return named(replace(raw, frame=kept, faults=faults, set_aside=set_aside), source)


def _features(source: Source, path: Path) -> tuple[pd.DataFrame, np.ndarray, pyproj.CRS]:
    """Read attributes as text, shapes as WKB, and the CRS."""
    head = read_bytes(source, path)[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_geojson = head.startswith(b"{")
    if not is_geojson and not head.startswith(GEOPACKAGE):  # GDAL would try a hundred formats
        raise DataError(
            "{file} is neither GeoJSON nor GeoPackage. Export it as one of them.", file=source.path
        )
    options: dict[str, Any] = {"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"}
    try:
        if not is_geojson:
            options = {"layer": _layer(source, path)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # broken shapes are set aside below
            meta, table = pyogrio.read_arrow(path, **options)
    except (RuntimeError, ValueError, pa.ArrowException) as error:
        raise DataError(
            "{file} cannot be read: {reason} Fetch or export it again.",
            file=source.path,
            reason=str(error).split(";")[0].rstrip(".") + ".",
        ) from None
    shape_column = meta["geometry_name"] or "wkb_geometry"
    if meta["geometry_type"] is None or shape_column not in table.column_names or not len(table):
        raise DataError(
            "{file} has no features with a shape. Export it again with its geometry.",
            file=source.path,
        )
    crs = _crs(source, meta["crs"], is_geojson)
    names = list(meta["fields"])
    tidy = [tidy_name(name) for name in names]
    check_names(source, tidy)
    cells = {new: _as_text(table[old]) for new, old in zip(tidy, names, strict=True)}
    attributes = pa.table(cells).to_pandas() if cells else pd.DataFrame(index=range(len(table)))
    return attributes, table[shape_column].to_numpy(), crs


def _layer(source: Source, path: Path) -> str:
    """Choose the only layer with shapes, or the one with the name of the table."""
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if len(layers) == 1:
        return layers[0]
    if source.table not in layers:
        raise DataError(
            "{file} has {count} layers with shapes: {layers}. Leave only one in it, or name the "
            "one to use {table}.",
            file=source.path,
            count=len(layers),
            layers=", ".join(layers),
            table=source.table,
        )
    return source.table


def _crs(source: Source, declared: str | None, is_geojson: bool) -> pyproj.CRS:
    """Settle the CRS between what the file and what the source says."""
    try:
        of_file = pyproj.CRS(declared).to_2d() if declared else None
        stated = pyproj.CRS(source.crs).to_2d() if source.crs else None
    except pyproj.exceptions.CRSError:
        raise DataError(
            "{file}: the coordinate system {crs!r} is not known. State crs for the source in "
            "programme.toml, such as EPSG:25833.",
            file=source.path,
            crs=source.crs or declared,
        ) from None
    if is_geojson and of_file == WGS84 and stated:
        return stated  # GDAL gives degrees where a GeoJSON says nothing
    if stated and of_file and not stated.equals(of_file, ignore_axis_order=True):
        raise DataError(
            "{file} is in {declared}, but programme.toml states {stated}. Remove crs there, or "
            "correct the file.",
            file=source.path,
            declared=_crs_name(of_file),
            stated=_crs_name(stated),
        )
    crs = stated or of_file
    if crs is None:
        raise DataError(
            "{file} does not say its coordinate system. State crs for the source in "
            "programme.toml, such as EPSG:25833.",
            file=source.path,
        )
    return crs


def _crs_name(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write an attribute as text that says the same: 1 for 1 and for 1.0, 2026-07-31, true."""
    kind = column.type
    if isinstance(kind, pa.ExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        kind = column.type
    if pa.types.is_floating(kind):
        return stripped(number_text(column))
    try:
        return stripped(pc.cast(column, pa.string()))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # lists and bytes
        cells = [None if cell is None else str(cell) for cell in column.to_pylist()]
        return pa.chunked_array([pa.array(cells, pa.string())])


def _wrong_shapes(frame: gpd.GeoDataFrame) -> dict[int, str]:
    """Say what is wrong with shapes that cannot be used, by row."""
    shapes = frame.geometry.to_numpy()
    unusable = ~shapely.is_valid(shapes) | shapely.is_empty(shapes)  # a missing one is not valid
    return {int(row): _reason(shapes[row]) for row in np.flatnonzero(unusable)}


def _reason(shape: shapely.Geometry | None) -> str:
    if shape is None:
        return "missing"
    return "empty" if shape.is_empty else f"not valid ({shapely.is_valid_reason(shape)})"


def _far_away(frame: gpd.GeoDataFrame, source: Source) -> dict[int, str]:
    """Find shapes that the CRS cannot hold, by row; refuse the file if they are the most.

    Raises
    ------
    DataError
        If most coordinates do not fit, or would if they were exchanged.
    """
    area = _area(frame.crs)
    if area is None or frame.empty:
        return {}
    bounds = frame.geometry.bounds.to_numpy()
    fits = _within(bounds, area)
    home = EUROPE if frame.crs.is_geographic else area
    exchanged = _within(bounds[:, [1, 0, 3, 2]], home) & ~_within(bounds, home)
    west, south = bounds[int(np.argmin(fits)), :2]
    if exchanged.mean() > 0.5:
        west, south = bounds[int(np.argmax(exchanged)), :2]
        raise DataError(
            "{file}: coordinates such as ({x:g}, {y:g}) are exchanged; {crs} has {first} first. "
            "Exchange them in the file.",
            file=source.path,
            x=west,
            y=south,
            crs=_crs_name(frame.crs),
            first=Sentence("longitude" if frame.crs.is_geographic else "easting"),
        )
    if fits.mean() < 0.5:
        raise DataError(
            "{file}: coordinates such as ({x:g}, {y:g}) lie outside the area of {crs}. State the "
            "right crs for the source in programme.toml, or correct the file.",
            file=source.path,
            x=west,
            y=south,
            crs=_crs_name(frame.crs),
        )
    return {
        row: f"outside its coordinate system ({_crs_name(frame.crs)})"
        for row in frame.index[~fits].tolist()
    }


def _area(crs: pyproj.CRS) -> tuple[float, float, float, float] | None:
    """Give the least and greatest coordinates that a CRS is made for; None if it does not say."""
    if crs.is_geographic:
        return (-180.0, -90.0, 180.0, 90.0)
    if crs.area_of_use is None:
        return None
    west, south, east, north = crs.area_of_use.bounds
    to_crs = pyproj.Transformer.from_crs(WGS84, crs, always_xy=True)
    bounds = to_crs.transform_bounds(
        max(west - MARGIN_DEGREES, -180),
        max(south - MARGIN_DEGREES, -89),
        min(east + MARGIN_DEGREES, 180),
        min(north + MARGIN_DEGREES, 89),
    )
    return bounds if np.isfinite(bounds).all() else None


def _within(bounds: np.ndarray, area: tuple[float, float, float, float]) -> np.ndarray:
    """Tell which boxes, shape (n, 4), lie in an area."""
    least, most = np.array(area[:2]), np.array(area[2:])
    return np.all((bounds[:, :2] >= least) & (bounds[:, 2:] <= most), axis=1)
