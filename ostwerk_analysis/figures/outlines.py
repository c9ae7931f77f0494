"""Districts as SVG paths: simplified together, in whole units, small enough to stand in a page."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
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
    frame = Frame(*districts.total_bounds)
    drawn = frame.simplified(districts, tolerance_m)
    return assembled(districts, drawn, _line(districts, drawn, around, frame), frame.size)


def borough_outlines(
    districts: gpd.GeoDataFrame, names: Mapping[str, str], around: Around = ()
) -> Outlines:
    """Draw the boroughs, along the borders of the districts as :func:`outlines` draws them.

    Parameters
    ----------
    districts : GeoDataFrame
        As for :func:`outlines`, with ``borough_id``.
    names : mapping
        Names of the boroughs by their codes; without a name, the code stands for it.
    around
        As for :func:`outlines`.
    """
    frame = Frame(*districts.total_bounds)
    drawn = frame.simplified(districts)
    line = _line(districts, drawn, around, frame)
    codes = sorted(districts["borough_id"].dropna().unique())
    whole = [
        shapely.union_all(drawn[(districts["borough_id"] == code).to_numpy()]) for code in codes
    ]
    boroughs = pd.DataFrame({"district_id": codes, "name": [names.get(c, c) for c in codes]})
    return assembled(boroughs, np.array(whole), line, frame.size)


def assembled(
    areas: pd.DataFrame, drawn: np.ndarray, line: shapely.Geometry, size: tuple[int, int]
) -> Outlines:
    """Write polygons that are already in the map's units as outlines.

    Parameters
    ----------
    areas : DataFrame, n rows
        ``district_id``, ``name``, and ``borough_id`` where borders of boroughs are to be drawn.
    drawn : ndarray of polygons, shape (n,)
        From 0 on, y downwards.
    line : shapely geometry
        What the line around chosen areas encloses.
    size : tuple of int
        Width and height of the map.
    """
    main = np.array([max(shapely.get_parts(shape), key=shapely.area) for shape in drawn])
    middle = shapely.centroid(main)
    inside = np.where(shapely.contains(main, middle), middle, shapely.point_on_surface(main))
    borders = ""
    if "borough_id" in areas:
        edges = [
            shapely.boundary(shapely.union_all(drawn[(areas["borough_id"] == borough).array]))
            for borough in areas["borough_id"].unique()
        ]
        borders = _path(shapely.get_parts(shapely.line_merge(shapely.union_all(edges))))
    return Outlines(
        ids=areas["district_id"].astype(str).tolist(),
        names=areas["name"].astype(str).tolist(),
        paths=[_path(_rings(shape)) for shape in drawn],
        points=[(round(point.x), round(point.y)) for point in inside],
        borders=borders,
        around=_path(_rings(line)),
        width=size[0],
        height=size[1],
    )


def members(districts: gpd.GeoDataFrame, around: Around) -> np.ndarray:
    """Tell which districts lie, for the most part, in what a line is drawn around.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    if isinstance(around, Sequence):
        return districts["district_id"].isin(list(around)).to_numpy()
    whole, inside = _areas(districts, united(around, districts))
    return inside > whole / 2


def united(
    around: gpd.GeoSeries | gpd.GeoDataFrame | shapely.Geometry, districts: gpd.GeoDataFrame
) -> shapely.Geometry:
    """Give polygons as one, in the districts' CRS where they do not name another."""
    if isinstance(around, shapely.Geometry):
        return around
    shapes = around.geometry
    is_elsewhere = shapes.crs is not None and shapes.crs != districts.crs
    return shapely.union_all((shapes.to_crs(districts.crs) if is_elsewhere else shapes).array)


class Frame(NamedTuple):
    """The part of the plane that a map shows, in metres, and how it lies in the map's units.

    ``Frame(*districts.total_bounds)`` is that of :func:`outlines`.
    """

    left: float
    bottom: float
    right: float
    top: float

    @property
    def side(self) -> float:
        """The longer side, in metres."""
        return max(self.right - self.left, self.top - self.bottom)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in the map's units."""
        unit = self.side / EXTENT
        return round((self.right - self.left) / unit), round((self.top - self.bottom) / unit)

    def placed(self, shapes: np.ndarray) -> np.ndarray:
        """Give shapes in the map's units."""
        corner, unit = (self.left, self.top), self.side / EXTENT
        return shapely.transform(shapes, lambda xy: (xy - corner) * (1, -1) / unit)

    def simplified(
        self, districts: gpd.GeoDataFrame, tolerance_m: float | None = None
    ) -> np.ndarray:
        """Simplify districts together, in the map's units."""
        tolerance_m = tolerance_m or self.side / 1100
        return self.placed(shapely.coverage_simplify(districts.geometry.array, tolerance_m))


def _line(
    districts: gpd.GeoDataFrame, drawn: np.ndarray, around: Around, frame: Frame
) -> shapely.Geometry:
    """Give what a line is drawn around, along the drawn districts where it is made of them."""
    if not isinstance(around, Sequence):
        own = united(around, districts)
        whole, inside = _areas(districts, own)
        is_in = inside > whole / 2
        astray = np.where(is_in, whole - inside, inside).sum() + max(own.area - inside.sum(), 0)
        if astray > WHOLE * own.area:
            return frame.placed(np.array([shapely.simplify(own, frame.side / 1100)]))[0]
    return _closed(drawn[members(districts, around)])


def _areas(districts: gpd.GeoDataFrame, shape: shapely.Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Give the area of each district, and of what of it lies in a shape."""
    shapes = districts.geometry.array
    return shapely.area(shapes), shapely.area(shapely.intersection(shapes, shape))


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
