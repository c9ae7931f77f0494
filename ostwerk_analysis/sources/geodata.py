"""Shapes with attributes through GDAL: GeoJSON, GeoPackage, Shapefile, FlatGeobuf and KML.

GDAL knows a hundred formats, and some of them fetch from the network or open other files. So a
file's own bytes say here which format it is, GDAL is given these bytes and no path, and what could
make it look elsewhere is refused.
"""

import json
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.parsers import expat

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj
import shapely

from ..faults import DataError, repairs_frame
from ..language import Sentence
from ..programme import Source
from . import shapefile
from .raw import (
    RawTable,
    asked_for,
    check_names,
    damaged,
    named,
    put_aside,
    read_bytes,
    row_texts,
    tidy_name,
)
from .typed import column_text

DRIVERS = {
    "GeoJSON": ("GeoJSON", "GeoJSONSeq"),
    "GeoPackage": ("GPKG",),
    "FlatGeobuf": ("FlatGeobuf",),
    "KML": ("LIBKML", "KML"),
    "Shapefile": ("ESRI Shapefile",),
}
"""Formats, and what GDAL may take them for."""

GEOPACKAGE = b"SQLite format 3\0"
APPLICATIONS = (b"GPKG", b"GP10", b"GP11")
"""At byte 68 of a GeoPackage; GDAL reads more from other databases than what is in them."""

DRAWN_AS = ["altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon"]
"""Columns that GDAL adds to KML: how a viewer shows a feature, nothing about it."""

WGS84 = pyproj.CRS("EPSG:4326")

EUROPE = (-11.0, 34.0, 35.0, 72.0)
"""West, south, east and north end in degrees; exchanged, they are far away from Europe."""

MARGIN_DEGREES = 3.0
"""So far beyond its own zone a coordinate system is used, as in a Land that lies in two."""

SAME_AREA = 1e-7
"""Share of its area that a mended polygon may differ by from what its rings measure."""

_ESCAPE = re.compile(rb"\\u00([4-7][0-9A-Fa-f])")  # of a letter
_CRS_NAME = re.compile(r"[\w:/. -]+")
_CRS_OBJECT = re.compile(rb'"crs"\s*:\s*(?=\{)', re.IGNORECASE)


def read(source: Source, path: Path) -> RawTable:
    """Read features; attributes become text, ``_line`` is the number of the feature.

    Parameters
    ----------
    source : Source
        ``crs`` is needed where the file does not say it. GeoJSON without a statement is in degrees.
        ``layer`` names the one to read of several.

    Returns
    -------
    RawTable
        As from :func:`with_shapes`.

    Raises
    ------
    DataError
        If the file is in none of the formats, damaged, or points to other files; if its CRS is not
        known, or not the one stated; if the coordinates do not fit the CRS or are exchanged.
    """
    data = read_bytes(source, path)
    log = Path(f"{path}-wal")  # which SQLite keeps beside a database that is being written
    if data.startswith(GEOPACKAGE) and log.is_file() and log.stat().st_size:
        raise DataError(
            "{file} is open in another programme, which has not yet written all of it. Close it "
            "there and run again.",
            file=source.path,
        )
    return with_shapes(source, path, *_features(source, data))


def with_shapes(
    source: Source, path: Path, attributes: pd.DataFrame, wkb: np.ndarray, crs: pyproj.CRS
) -> RawTable:
    """Join attributes and shapes, mend what can be mended for certain, and set aside the rest.

    Parameters
    ----------
    attributes : DataFrame, n rows
        Text.
    wkb : ndarray of bytes, shape (n,)
        Well-known binary; None where there is no shape.

    Returns
    -------
    RawTable
        Its ``frame`` is a GeoDataFrame in ``crs``, in two dimensions. Features without a valid
        shape, and single ones outside the area of the CRS, are set aside. A ring that is not
        closed is closed, and a polygon that is not valid made so if its area is in no doubt; both
        are among the repairs.
    """
    shapes = _decoded(wkb, "ignore")
    unread = np.flatnonzero(shapely.is_missing(shapes) & pd.notna(wkb))
    shapes[unread] = _decoded(wkb[unread], "fix")  # closes rings
    frame = gpd.GeoDataFrame(attributes, geometry=gpd.GeoSeries(shapely.force_2d(shapes), crs=crs))
    frame["_line"] = np.arange(1, len(frame) + 1)
    raw = asked_for(RawTable(frame, *put_aside(source, path, [], [], "geometry")), source)
    lines, kept = raw.frame["_line"].to_numpy(), raw.frame.geometry.to_numpy().copy()
    mended = [(line, "ring_closed", "") for line in lines[np.isin(lines, unread + 1)]]
    mended = [one for one in mended if shapes[one[0] - 1] is not None]
    for row in np.flatnonzero(~shapely.is_valid(kept) & ~shapely.is_missing(kept)):
        if (valid := _surely(kept[row])) is not None:
            mended.append((lines[row], "made_valid", shapely.is_valid_reason(kept[row])))
            kept[row] = valid
    whole = raw.frame.set_geometry(gpd.GeoSeries(kept, raw.frame.index, crs=crs))
    wrong = _wrong_shapes(whole, unread + 1)
    wrong |= _far_away(whole[~whole.index.isin(wrong)], source)
    is_wrong = whole.index.isin(wrong)
    bad = whole[is_wrong]
    lost = set(bad["_line"])
    faults, set_aside = put_aside(
        source,
        path,
        bad["_line"].tolist(),
        row_texts(bad),
        "geometry",
        column="geometry",
        values=[wrong[row] for row in bad.index],
    )
    repairs = repairs_frame(
        {
            "table": source.table,
            "source": source.path,
            "file": path.name,
            "line": line,
            "column": "geometry",
            "value": value,
            "rule": rule,
        }
        for line, rule, value in mended
        if line not in lost
    )
    sound = whole[~is_wrong].reset_index(drop=True)
    done = replace(raw, frame=sound, faults=faults, set_aside=set_aside, repairs=repairs)
    return named(done, source)


def _decoded(wkb: np.ndarray, on_invalid: str) -> np.ndarray:
    """Make shapes of WKB; what shapely does not know, such as curves, is missing."""
    try:
        return np.asarray(shapely.from_wkb(wkb, on_invalid=on_invalid), dtype=object)
    except NotImplementedError:  # for all of them, though it may be about one
        if len(wkb) == 1:
            return np.array([None], dtype=object)
        half = len(wkb) // 2
        return np.concatenate([_decoded(wkb[:half], on_invalid), _decoded(wkb[half:], on_invalid)])


def _features(source: Source, data: bytes) -> tuple[pd.DataFrame, np.ndarray, pyproj.CRS]:
    """Read attributes as text, shapes as WKB, and the CRS, of a file in any of the formats."""
    kind = _kind(source, data)
    if kind == "zip":
        name, data = shapefile.unzipped(source, data)
        if name.lower().endswith(".shp"):
            kind = "Shapefile"  # whose parts are together again in an archive of our own
        elif (kind := _kind(source, data)) == "zip":
            raise _no_format(source)
    named_crs = _named_crs(source, data) if kind == "GeoJSON" else None
    if kind == "KML":
        _check_xml(source, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken shapes are set aside, layers are chosen
            layer = _layer(source, data) if kind in {"GeoPackage", "KML"} else None
            if pyogrio.read_info(data, layer=layer)["driver"] not in DRIVERS[kind]:
                raise _no_format(source)
            options: dict[str, Any] = {}
            if kind == "GeoJSON":
                options = {"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"}
            meta, table = pyogrio.read_arrow(data, layer=layer, **options)
            table.validate(full=True)  # text may not be UTF-8
    except DataError:
        raise
    except pyogrio.errors.DataSourceError as error:
        if kind == "GeoJSON":
            raise DataError(
                "{file} is damaged, or JSON without shapes. Export it again as GeoJSON; if it is "
                'an answer of the Leipzig information system, state format = "lis".',
                file=source.path,
            ) from None
        raise damaged(source, error) from None
    except Exception as error:  # for damaged files the binding of GDAL raises nearly anything
        raise damaged(source, error) from None
    shape_column = meta["geometry_name"] or "wkb_geometry"
    if meta["geometry_type"] is None or shape_column not in table.column_names or not len(table):
        raise _no_features(source)
    is_silent = kind == "GeoJSON" and named_crs is None  # then GDAL takes degrees
    declared = None if is_silent and source.crs else named_crs or meta["crs"]
    crs = settled_crs(source, declared)
    names = [name for name in meta["fields"] if kind != "KML" or name not in DRAWN_AS]
    tidy = [tidy_name(name) for name in names]
    check_names(source, tidy)
    cells = {new: column_text(table[old]) for new, old in zip(tidy, names, strict=True)}
    attributes = pa.table(cells).to_pandas() if cells else pd.DataFrame(index=range(len(table)))
    return attributes, table[shape_column].to_numpy(), crs


def _kind(source: Source, data: bytes) -> str:
    """Tell by its first bytes which format a file is in."""
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(shapefile.MAIN_FILE):
        raise DataError(
            "{file} is only one part of a Shapefile, so that its other parts could change or get "
            "lost unseen. Put its .shp, .shx, .dbf, .prj and .cpg into one ZIP file and name that.",
            file=source.path,
        )
    if data.startswith(GEOPACKAGE) and data[68:72] in APPLICATIONS:
        return "GeoPackage"
    if head.startswith((b"{", b"\x1e{")):
        return "GeoJSON"
    for start, kind in {b"fgb\x03": "FlatGeobuf", b"PK\x03\x04": "zip", b"<": "KML"}.items():
        if head.startswith(start):
            return kind
    raise _no_format(source)


def _no_format(source: Source) -> DataError:
    return DataError(
        "{file} is neither GeoJSON, GeoPackage, FlatGeobuf, KML nor a zipped Shapefile. Export it "
        "as one of them.",
        file=source.path,
    )


def _no_features(source: Source) -> DataError:
    return DataError(
        "{file} has no features with a shape. Export it again with its geometry.",
        file=source.path,
    )


def _named_crs(source: Source, data: bytes) -> str | None:
    """Give the CRS that a GeoJSON names in its own way, which is older than RFC 7946.

    Raises
    ------
    DataError
        If it names several, or says where to look for one, which GDAL would; if it is no GeoJSON
        but tells GDAL to run a command.
    """
    plain = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), data)
    if b"gdal_streamed_alg" in plain:
        raise _no_format(source)
    names: list[str] = []
    for found in _CRS_OBJECT.finditer(plain):
        text = plain[found.end() : found.end() + 10_000].decode("utf-8", "replace")
        try:
            crs = json.JSONDecoder().raw_decode(text)[0]
            said = crs["properties"]
            name = said["name"] if crs["type"] == "name" else f"EPSG:{said['code']:d}"
        except (ValueError, KeyError, TypeError, RecursionError):
            name = None
        if not isinstance(name, str) or not _CRS_NAME.fullmatch(name):
            raise DataError(
                "{file} does not name its coordinate system but says where to look for it. Write "
                "its name there, such as urn:ogc:def:crs:EPSG::25833.",
                file=source.path,
            )
        names.append(name)
    if len(set(names)) > 1:
        raise DataError(
            "{file} names several coordinate systems: {names}. Save it in one.",
            file=source.path,
            names=", ".join(sorted(set(names))),
        )
    return names[0] if names else None


def _check_xml(source: Source, data: bytes) -> None:
    """Refuse XML that is not KML, that declares entities, or that points to other files.

    Raises
    ------
    DataError
        If it does, or is damaged.
    """
    names: list[str] = []

    def start(name: str, _: object) -> None:
        local = name.rpartition(":")[2]
        if not names or local == "NetworkLink":
            names.append(local)

    def doctype(*_: object) -> None:
        names[:] = ["DOCTYPE"]
        raise ValueError

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        raise damaged(source, error) from None
    except ValueError:
        pass
    if names[:1] != ["kml"]:
        raise _no_format(source)
    if len(names) > 1:
        raise DataError(
            "{file} links to other KML files, which are not read. Save all features in one file.",
            file=source.path,
        )


def _layer(source: Source, data: bytes) -> int:
    """Choose the layer with shapes that is asked for, by its place: one may have no name."""
    names = {
        place: "" if str(name).startswith("pyogrio_") else str(name)
        for place, (name, kind) in enumerate(pyogrio.list_layers(data))
        if kind is not None and (kind != "Unknown" or _has_features(data, place))
    }
    if not names:
        raise _no_features(source)
    chosen = shapefile.chosen(source, list(names.values()))
    return next(place for place, name in names.items() if name == chosen)


def _has_features(data: bytes, layer: int) -> bool:
    """Tell whether a folder of a KML holds any itself."""
    return bool(pyogrio.read_info(data, layer=layer, force_feature_count=True)["features"] > 0)


def settled_crs(source: Source, declared: str | None) -> pyproj.CRS:
    """Settle the CRS between what the file and what the source says.

    Raises
    ------
    DataError
        If neither says it, both say different ones, or one is not known.
    """
    stated, of_file = (_crs(source, name) if name else None for name in (source.crs, declared))
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


def _crs(source: Source, name: str) -> pyproj.CRS:
    try:
        crs = pyproj.CRS(name).to_2d()
        return WGS84 if crs.equals(WGS84, ignore_axis_order=True) else crs  # CRS84 among them
    except (pyproj.exceptions.CRSError, ValueError):
        raise DataError(
            "{file}: the coordinate system {crs!r} is not known. State crs for the source in "
            "programme.toml, such as EPSG:25833.",
            file=source.path,
            crs=name,
        ) from None


def _crs_name(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _surely(shape: shapely.Geometry) -> shapely.Geometry | None:
    """Make a polygon valid if its area is in no doubt: what its rings measure is what they enclose.

    So parts that share a border are joined, and spikes and crossings by rounding go. A bow tie is
    not mended: its wings count against each other in what its ring measures.
    """
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    is_polygon = valid.geom_type in {"Polygon", "MultiPolygon"} and not valid.is_empty
    return valid if is_polygon and abs(valid.area - shape.area) <= SAME_AREA * valid.area else None


def _wrong_shapes(frame: gpd.GeoDataFrame, unread: np.ndarray) -> dict[int, str]:
    """Say what is wrong with shapes that cannot be used, by row; ``unread`` are their lines."""
    shapes, lines = frame.geometry.to_numpy(), frame["_line"].to_numpy()
    unusable = ~shapely.is_valid(shapes) | shapely.is_empty(shapes)  # a missing one is not valid
    return {
        int(row): _reason(shapes[row], bool(lines[row] in unread))
        for row in np.flatnonzero(unusable)
    }


def _reason(shape: shapely.Geometry | None, is_unread: bool) -> str:
    if shape is None:
        return "not valid (Damaged, or with curves)" if is_unread else "missing"
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


def lie_near(shapes: gpd.GeoSeries) -> np.ndarray:
    """Tell which shapes lie where their CRS is made for, or not far from there, shape (n,)."""
    area = _area(shapes.crs)
    if area is None:
        return np.ones(len(shapes), dtype=bool)
    return _within(shapes.bounds.to_numpy(), area)


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
