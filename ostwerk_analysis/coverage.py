"""Districts as a coverage: polygons that neither overlap nor leave gaps between them.

Polygons of official files are often a hair apart, from rounding. A point in such a pin hole would
lie in no district, and one in a sliver in two. So what is certainly rounding is mended and told;
what is not is a fault, if two districts claim the same ground, or told and left, if none does.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .faults import repairs_frame

CODES = {"districts": "district_id", "boroughs": "borough_id"}
"""Tables whose polygons are a coverage, and the column that names one."""

SNAP_M = 0.001
"""Borders nearer than this are one border."""

SLIVER_WIDTH_M = 0.1
"""A gap or overlap this thin on average comes from rounding: six decimals of a degree are 11 cm."""

SLIVER_AREA_M2 = 1.0
"""So does one this small, whatever its form."""

LEAST = 1e-6
"""Changes below this, in square metres or per mille, are not told in digits."""


class Coverage(NamedTuple):
    """Polygons after mending, n rows in the order and with the index of what was given.

    Attributes
    ----------
    shapes : GeoSeries
        Exterior rings counter-clockwise, holes clockwise, as RFC 7946 asks.
    faults : DataFrame
        ``row``, ``column``, ``rule``, ``expected``: two rows for each overlap that is no sliver,
        one for each shape that is no polygon.
    repairs : DataFrame
        As of :data:`ostwerk_analysis.faults.REPAIR_COLUMNS`: what was mended, gaps that were left,
        and the balance of areas.
    """

    shapes: gpd.GeoSeries
    faults: pd.DataFrame
    repairs: pd.DataFrame


class _Piece(NamedTuple):
    """A gap or an overlap, and the rows around it, by position."""

    shape: shapely.Geometry
    rows: list[int]


def mend(areas: gpd.GeoDataFrame, table: str, boroughs: gpd.GeoDataFrame | None = None) -> Coverage:
    """Make polygons fit, and say what was changed and what cannot be.

    Gaps and overlaps that are thinner than :data:`SLIVER_WIDTH_M` on average or smaller than
    :data:`SLIVER_AREA_M2` go to the neighbour with the longest common border. Borders nearer to
    each other than :data:`SNAP_M` become one. Polygons of different times may overlap: only those
    valid on the same day are one coverage, and the latest day is mended first.

    Parameters
    ----------
    areas : GeoDataFrame, n rows
        Districts or boroughs in metres, with ``_source``, ``_file`` and ``_line``. Missing and
        empty shapes are left as they are.
    table : str
        One of :data:`CODES`.
    boroughs : GeoDataFrame, optional
        With their own polygons, against which those made of their districts are held.
    """
    code = areas[CODES[table]].astype("str").fillna("?").to_numpy()
    given = areas.geometry.to_numpy()
    is_there = ~shapely.is_missing(given) & ~shapely.is_empty(given)
    is_polygon = is_there & np.isin(shapely.get_type_id(given), [3, 6])
    shapes = given.copy()
    shapes[is_polygon] = shapely.orient_polygons(given[is_polygon])
    turned = int((~shapely.equals_identical(shapes[is_polygon], given[is_polygon])).sum())
    changes: list[dict] = [{"rule": "ring_direction", "value": str(turned)}] if turned else []
    odd: list[tuple[int, str, str]] = [
        (int(row), "shape", shapely.GeometryType(shapely.get_type_id(given[row])).name)
        for row in np.flatnonzero(is_there & ~is_polygon)
    ]
    done: set[int] = set()
    for group in _vintages(areas, is_polygon):
        overlaps, gaps = _overlaps(shapes, group), _gaps(shapes, group)
        wide = [piece for piece in overlaps if not _is_sliver(piece.shape)]
        odd += _contested(wide, code)
        sound = np.setdiff1d(group, [row for piece in wide for row in piece.rows])
        slivers = [piece for piece in (*overlaps, *gaps) if _is_sliver(piece.shape)]
        if slivers and sound.size:
            before = shapes.copy()
            shapes[sound] = _joined(shapes[sound], code[sound])
            shapes[list(done)] = before[list(done)]
            changes += _told(slivers, before, shapes, sound, code)
        changes += [
            {"rule": "gap_left", "value": _said(piece, code)}
            for piece in gaps
            if not _is_sliver(piece.shape)
        ]
        done |= set(group.tolist())
    mended = gpd.GeoSeries(shapes, areas.index, crs=areas.crs)
    if boroughs is not None and "borough_id" in areas:
        changes += _differing(mended[is_polygon], areas["borough_id"][is_polygon], boroughs)
    return Coverage(mended, _faults(areas, odd, CODES[table]), _repairs(areas, changes, table))


def _vintages(areas: gpd.GeoDataFrame, is_polygon: np.ndarray) -> Iterator[np.ndarray]:
    """Give the rows that are valid on one day, all there were at a time, the latest first."""
    if "valid_from" not in areas:
        yield np.flatnonzero(is_polygon)
        return
    first, last = areas["valid_from"], areas["valid_to"]
    for day in sorted(first.dropna().unique(), reverse=True):  # the first day of one of each set
        yield np.flatnonzero(is_polygon & ~(first > day) & ~(last < day))
    yield np.flatnonzero(is_polygon & first.isna())


def _is_sliver(shape: shapely.Geometry) -> bool:
    """Tell whether a gap or overlap comes from rounding; its mean width is 2 × area / outline."""
    return bool(shape.area <= SLIVER_AREA_M2 or 2 * shape.area <= SLIVER_WIDTH_M * shape.length)


def _overlaps(shapes: np.ndarray, group: np.ndarray) -> list[_Piece]:
    """Find the pieces that two polygons both cover."""
    inside = shapes[group]
    is_odd = ~shapely.is_empty(shapely.coverage_invalid_edges(inside))
    first, second = shapely.STRtree(inside).query(inside, predicate="intersects")
    chosen = (first < second) & (is_odd[first] | is_odd[second])
    first, second = first[chosen], second[chosen]
    common = shapely.intersection(inside[first], inside[second])
    parts, pair = shapely.get_parts(common, return_index=True)
    return [
        _Piece(part, [int(group[first[at]]), int(group[second[at]])])
        for part, at in zip(parts, pair, strict=True)
        if part.area > 0
    ]


def _gaps(shapes: np.ndarray, group: np.ndarray) -> list[_Piece]:
    """Find the holes of the whole that no polygon covers."""
    holes = _holes(shapely.union_all(shapes[group]))
    hole, row = shapely.STRtree(shapes[group]).query(holes, predicate="dwithin", distance=SNAP_M)
    return [
        _Piece(shape, sorted(int(group[at]) for at in row[hole == number]))
        for number, shape in enumerate(holes)
    ]


def _holes(whole: shapely.Geometry) -> np.ndarray:
    """Give what a union encloses but does not cover: its holes, without any islands in them."""
    parts = shapely.get_parts(whole)
    filled = [shapely.Polygon(ring) for part in parts for ring in part.interiors]
    holes = np.array(filled, dtype=object)
    return shapely.get_parts(shapely.difference(holes, whole) if len(parts) > 1 else holes)


def _contested(pieces: Iterable[_Piece], code: np.ndarray) -> list[tuple[int, str, str]]:
    """Name the two polygons of each overlap, each with the other and the area."""
    area: dict[tuple[int, int], float] = {}
    for piece in pieces:
        first, second = piece.rows
        area[first, second] = area.get((first, second), 0) + piece.shape.area
    return [
        (row, "overlap", f"{code[other]} ({m2:.1f} m²)")
        for (first, second), m2 in area.items()
        for row, other in ((first, second), (second, first))
    ]


def _joined(shapes: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Give overlaps to one polygon, make borders the same, and fill what is left of thin gaps."""
    cleaned = shapely.coverage_clean(shapes, snapping_distance=SNAP_M)
    for hole in _holes(shapely.union_all(cleaned)):
        if _is_sliver(hole):
            border = shapely.length(shapely.intersection(cleaned, shapely.boundary(hole)))
            most = np.flatnonzero(np.isclose(border, border.max(), rtol=1e-9))
            taker = min(most, key=lambda row: code[row])  # in a tie, whatever the order of rows
            cleaned[taker] = shapely.union(cleaned[taker], hole)
    return shapely.orient_polygons(cleaned)


def _told(
    slivers: list[_Piece],
    before: np.ndarray,
    after: np.ndarray,
    sound: np.ndarray,
    code: np.ndarray,
) -> list[dict]:
    """Say which slivers were mended and for whom, and what became of the areas."""
    wide = [piece for piece in slivers if 2 * piece.shape.area > SNAP_M * piece.shape.length]
    changes: list[dict] = []
    if count := len(slivers) - len(wide):
        largest = max(piece.shape.area for piece in slivers if piece not in wide)
        changes.append(
            {"rule": "borders_joined", "value": f"{count} (≤ {_short(max(largest, LEAST))} m²)"}
        )
    for piece in wide:
        rows = [row for row in piece.rows if row in sound]
        if rows:
            share = shapely.area(shapely.intersection(after[rows], piece.shape))
            taker = rows[int(np.argmax(share))]
            changes.append(
                {
                    "rule": "sliver_given",
                    "row": taker,
                    "value": _said(piece, code),
                    "becomes": code[taker],
                }
            )
    was, now = shapely.area(before[sound]), shapely.area(after[sound])
    most = int(np.argmax(np.abs(now - was)))
    per_mille = 1000 * (now - was)[most] / was[most]
    total = {
        "value": f"{was.sum():.6f} m²",
        "becomes": f"{now.sum():.6f} m² ({_change(now.sum() - was.sum())} m²)",
    }
    largest_change = {
        "row": sound[most],
        "value": f"{was[most]:.6f} m²",
        "becomes": f"{now[most]:.6f} m² ({_change(per_mille)} ‰)",
    }
    changes.append({"rule": "area_balance"} | total)
    return [*changes, {"rule": "largest_change"} | largest_change]


def _change(amount: float) -> str:
    """Write a change with its sign, or that it is too small to matter."""
    if 0 < abs(amount) < LEAST:
        return f"< {_short(LEAST)}"
    return f"{'+' if amount >= 0 else ''}{_short(amount)}"


def _short(amount: float) -> str:
    """Write two digits of a number, and never a power of ten."""
    return np.format_float_positional(amount, 2, unique=False, fractional=False, trim="-")


def _said(piece: _Piece, code: np.ndarray) -> str:
    """Write how large a piece is, which polygons it lies at, and where."""
    at = piece.shape.representative_point()
    around = ", ".join(code[row] for row in piece.rows)
    digits = 1 if piece.shape.area >= 100 else 2
    return f"{piece.shape.area:.{digits}f} m² ({around}; {at.x:.0f}, {at.y:.0f})"


def _differing(shapes: gpd.GeoSeries, borough: pd.Series, boroughs: gpd.GeoDataFrame) -> list[dict]:
    """Say which boroughs are not what their districts make together, and by how much."""
    own = boroughs.set_index("borough_id").geometry.dropna()
    changes: list[dict] = []
    for code, parts in shapes.groupby(borough):
        if code in own.index:
            apart = shapely.symmetric_difference(shapely.union_all(parts.to_numpy()), own[code])
            if not all(_is_sliver(part) for part in shapely.get_parts(apart)):
                changes.append(
                    {"rule": "borough_differs", "value": f"{code} ({apart.area:.1f} m²)"}
                )
    return changes


def _faults(areas: gpd.GeoDataFrame, odd: list[tuple[int, str, str]], column: str) -> pd.DataFrame:
    frame = pd.DataFrame(list(dict.fromkeys(odd)), columns=["row", "rule", "expected"])
    frame["row"] = areas.index[frame["row"].astype("int64")]
    return frame.assign(column=column)[["row", "column", "rule", "expected"]]


def _repairs(areas: gpd.GeoDataFrame, changes: list[dict], table: str) -> pd.DataFrame:
    """Give each change the place of its row, or that of the first where it concerns all."""
    rows = []
    for change in {tuple(change.items()): change for change in changes}.values():
        origin = areas.iloc[change.get("row", 0)]
        rows.append(
            {
                "table": table,
                "source": origin["_source"],
                "file": origin["_file"],
                "line": origin["_line"] if "row" in change else pd.NA,
                "column": "geometry",
                **{key: value for key, value in change.items() if key != "row"},
            }
        )
    return repairs_frame(rows)
