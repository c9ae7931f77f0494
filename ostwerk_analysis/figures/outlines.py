"""Districts as SVG paths: simplified together, in whole units, small enough to stand in a page."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import shapely

EXTENT = 1000
"""Units along the longer side of a map; outlines are whole units."""
GAP = 2
"""Half the width of a gap between neighbours that nobody sees, in the map's own units."""

WHOLE = 0.002
"""Share of an area by which it may miss the districts' borders, and still follow them."""

Around: TypeAlias = Sequence[str] | gpd.GeoSeries | gpd.GeoDataFrame | shapely.Geometry
"""What a line is drawn around: districts by their codes, or shapes of their own."""


class Outlines(NamedTuple):
    """Districts as they are drawn; all sequences in the districts' order.

    Parameters
    ----------
    ids, names : list of str
    paths : list of str
        SVG paths of whole units, y downwards.
    points : list of tuple of int
        A point inside each district, for a circle.
    borders, around : str
        SVG paths of the boroughs' borders and of the line around chosen districts or shapes.
    width, height : int
        Units.
    """

    ids: list[str]
    names: list[str]
    paths: list[str]
    points: list[tuple[int, int]]
    borders: str
    around: str
    width: int
    height: int


def outlines(
    districts: gpd.GeoDataFrame, around: Around = (), tolerance_m: float | None = None
) -> Outlines:
    """Simplify districts together, so that neighbours keep their common border, and draw them.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id``, ``name``, ``geometry`` in metres, and ``borough_id`` where there are any.
    around : sequence of str, GeoSeries, GeoDataFrame or shapely geometry
        Codes of districts around which a line is drawn together; or polygons of an area, in the
        districts' CRS where they do not name another. Those that follow districts are drawn along
        the districts' borders as these are simplified.
    tolerance_m : float, optional
        Corners whose triangle is smaller than the square of this are left out; by default a
        thousandth of the longer side, about what the eye sees.
    """
    left, bottom, right, top = districts.total_bounds
    side = max(right - left, top - bottom)
    unit = side / EXTENT
    tolerance_m = tolerance_m or side / 1100

    def placed(shapes: np.ndarray) -> np.ndarray:
        return shapely.transform(
            shapes, lambda xy: np.column_stack([(xy[:, 0] - left) / unit, (top - xy[:, 1]) / unit])
        )

    drawn = placed(shapely.coverage_simplify(districts.geometry.array, tolerance_m))
    main = np.array([max(shapely.get_parts(shape), key=shapely.area) for shape in drawn])
    middle = shapely.centroid(main)
    inside = np.where(shapely.contains(main, middle), middle, shapely.point_on_surface(main))
    borders = ""
    if "borough_id" in districts:
        edges = [
            shapely.boundary(shapely.union_all(drawn[(districts["borough_id"] == borough).array]))
            for borough in districts["borough_id"].unique()
        ]
        borders = _path(shapely.get_parts(shapely.line_merge(shapely.union_all(edges))))
    if isinstance(around, Sequence):
        line = _closed(drawn[districts["district_id"].isin(list(around)).array])
    elif (members := _members(own := united(around, districts), districts)) is not None:
        line = _closed(drawn[members])
    else:
        line = placed(np.array([shapely.simplify(own, tolerance_m)]))[0]
    return Outlines(
        ids=districts["district_id"].astype(str).tolist(),
        names=districts["name"].astype(str).tolist(),
        paths=[_path(_rings(shape)) for shape in drawn],
        points=[(round(point.x), round(point.y)) for point in inside],
        borders=borders,
        around=_path(_rings(line)),
        width=round((right - left) / unit),
        height=round((top - bottom) / unit),
    )


def united(
    around: gpd.GeoSeries | gpd.GeoDataFrame | shapely.Geometry, districts: gpd.GeoDataFrame
) -> shapely.Geometry:
    """Give polygons as one, in the districts' CRS where they do not name another."""
    if isinstance(around, shapely.Geometry):
        return around
    shapes = around.geometry
    is_elsewhere = shapes.crs is not None and shapes.crs != districts.crs
    return shapely.union_all((shapes.to_crs(districts.crs) if is_elsewhere else shapes).array)


def _members(shape: shapely.Geometry, districts: gpd.GeoDataFrame) -> np.ndarray | None:
    """Tell which districts a polygon is made of; None where it cuts one."""
    whole = shapely.area(districts.geometry.array)
    inside = shapely.area(shapely.intersection(districts.geometry.array, shape))
    is_in = inside > whole / 2
    astray = np.where(is_in, whole - inside, inside).sum() + max(shape.area - inside.sum(), 0)
    return is_in if astray <= WHOLE * shape.area else None


def _closed(shapes: np.ndarray) -> shapely.Geometry:
    """Unite neighbours whose borders are a hair apart, as in official geometry they often are."""
    grown = shapely.union_all(shapely.buffer(shapes, GAP, join_style="mitre"))
    return shapely.buffer(grown, -GAP, join_style="mitre")


def _rings(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """List the rings of a polygon or of several, holes included."""
    return [
        ring
        for polygon in shapely.get_parts(shape)
        if isinstance(polygon, shapely.Polygon) and not polygon.is_empty
        for ring in (polygon.exterior, *polygon.interiors)
    ]


def _path(lines: Sequence[shapely.Geometry]) -> str:
    """Write lines as an SVG path: a start, then steps in whole units."""
    written = []
    for line in lines:
        corners = np.round(shapely.get_coordinates(line)).astype(int)
        steps = np.diff(corners, axis=0)
        steps = steps[steps.any(axis=1)]
        if len(steps) < 2:  # shrunk to a point or a stroke
            continue
        is_closed = (corners[0] == corners[-1]).all()
        pairs = " ".join(f"{x} {y}" for x, y in (steps[:-1] if is_closed else steps))
        start = f"M{corners[0][0]} {corners[0][1]}"
        written.append(f"{start}l{pairs.replace(' -', '-')}{'z' if is_closed else ''}")
    return "".join(written)
