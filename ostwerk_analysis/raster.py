"""Which district many points lie in, by a raster of the districts.

Most points lie well inside a district. A raster knows the district of every cell that no border
runs through, so these points need no geometry; the rest are tested exactly. The answer is the same
as that of testing every point.
"""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

MOST_CELLS = 1 << 20
"""Above this, the raster no longer fits the processor's caches and costs more than it saves."""

FEW_POINTS = 2_000
"""Up to so many points, testing all of them is cheaper than making a raster."""

OUTSIDE, BORDER = -1, -2
"""What a cell or point can have in the place of a district's number."""


class _Raster(NamedTuple):
    """Square cells over all districts and a margin around them, the lowest row first.

    Attributes
    ----------
    number : array of int, shape (rows, columns)
        Of the district, :data:`OUTSIDE`, or :data:`BORDER` where the cell alone does not tell.
    left, bottom, size : float
        Of the cells, in metres.
    """

    number: np.ndarray
    left: float
    bottom: float
    size: float


def locate(places: gpd.GeoSeries, districts: gpd.GeoDataFrame) -> pd.Series:
    """Find the district of each point.

    A point on a border goes to the district with the lowest code, so that the answer does not
    depend on the order of the file. The cost grows with the number of points and with the length
    of the borders, and hardly with the number of districts.

    Parameters
    ----------
    places : GeoSeries of points, shape (n,)
        In the districts' CRS; may be missing.
    districts : GeoDataFrame of polygons, m rows
        With ``district_id``; they may overlap and leave gaps. Missing shapes hold no point.

    Returns
    -------
    Series of str, shape (n,)
        Code of the district; missing where there is no point or it lies in no district.
    """
    points = places.to_numpy()
    if (is_empty := shapely.is_empty(points)).any():
        points = np.where(is_empty, None, points)  # asked for their x, they raise
    found = locate_xy(shapely.get_x(points), shapely.get_y(points), districts)
    return found.set_axis(places.index)


def locate_xy(x: np.ndarray, y: np.ndarray, districts: gpd.GeoDataFrame) -> pd.Series:
    """Find the district of each pair of coordinates, as :func:`locate` does of points.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)
        NaN where they are not known.
    districts : GeoDataFrame of polygons, m rows

    Returns
    -------
    Series of str, shape (n,)
    """
    ordered = districts.sort_values("district_id", ignore_index=True)
    found = _numbers(x, y, ordered.geometry.to_numpy())
    # The number -1 takes the last entry, which is missing.
    codes = pd.concat([ordered["district_id"].astype("str"), pd.Series([None], dtype="str")])
    return codes.take(found).reset_index(drop=True).rename("district_id")


def _numbers(x: np.ndarray, y: np.ndarray, polygons: np.ndarray) -> np.ndarray:
    """Number the first polygon that each point is in or on; :data:`OUTSIDE` if there is none.

    A point without coordinates is in none.
    """
    if not (is_known := np.isfinite(x) & np.isfinite(y)).all():
        found = np.full(len(x), OUTSIDE, dtype=np.int32)
        found[is_known] = _numbers(x[is_known], y[is_known], polygons)
        return found
    raster = _raster(polygons, len(x)) if len(x) > FEW_POINTS else None
    if raster is None:
        return _tested(x, y, polygons)
    rows, columns = raster.number.shape
    # Everything beyond the margin lies outside, as the margin does.
    column = np.clip((x - raster.left) / raster.size, 0, columns - 1).astype(np.int32)
    row = np.clip((y - raster.bottom) / raster.size, 0, rows - 1).astype(np.int32)
    number = raster.number.ravel()[row * columns + column]
    near = np.flatnonzero(number == BORDER)
    number[near] = _tested(x[near], y[near], polygons)
    return number


def _tested(x: np.ndarray, y: np.ndarray, polygons: np.ndarray) -> np.ndarray:
    """Number the first polygon that each point is in or on, by geometry alone."""
    found = np.full(len(x), OUTSIDE, dtype=np.int32)
    shapely.prepare(polygons)
    # From the last to the first, so that the first stays where two hold a point.
    for number in range(len(polygons) - 1, -1, -1):
        left, bottom, right, top = shapely.bounds(polygons[number])
        at = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
        found[at[shapely.intersects_xy(polygons[number], x[at], y[at])]] = number
    return found


def _raster(polygons: np.ndarray, n_points: int) -> _Raster | None:
    """Make a raster of at most as many cells as points; none if there is nothing to draw."""
    starts, ends = _segments(polygons)
    if not len(starts) or (starts == starts[0]).all():
        return None
    low, high = starts.min(axis=0), starts.max(axis=0)
    size = float((high - low).max() / (np.sqrt(min(n_points, MOST_CELLS)) - 4))
    left, bottom = low - 2 * size
    columns, rows = np.ceil((high - low) / size).astype(int) + 4
    is_border = np.zeros((rows, columns), dtype=bool)
    # A segment is followed in steps of at most 0.9 cells. Each of its points is then within 0.45
    # of a step, and so in one of the cells that a square of half-width 0.5 around the step meets.
    starts, ends = (starts - [left, bottom]) / size, (ends - [left, bottom]) / size
    steps = np.ceil(np.abs(ends - starts).max(axis=1) / 0.9).astype(int) + 1
    segment = np.repeat(np.arange(len(steps)), steps)
    step = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)
    along = step / np.maximum(steps - 1, 1)[segment]
    u, v = (starts[segment] + (ends - starts)[segment] * along[:, None]).T
    for du in (-0.5, 0.5):
        for dv in (-0.5, 0.5):
            is_border[(v + dv).astype(int), (u + du).astype(int)] = True
    # No border runs between neighbouring cells of a row that are none: one test does for all.
    is_first = ~is_border
    is_first[:, 1:] &= is_border[:, :-1]
    row, column = np.nonzero(is_first)
    tested = _tested(left + (column + 0.5) * size, bottom + (row + 0.5) * size, polygons)
    number = tested[np.cumsum(is_first) - 1].reshape(rows, columns)
    return _Raster(np.where(is_border, BORDER, number), float(left), float(bottom), size)


def _segments(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give both ends of every segment of all rings, shape (k, 2) each."""
    rings = shapely.get_rings(shapely.get_parts(polygons))
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    is_one = ring[1:] == ring[:-1]
    return corners[:-1][is_one], corners[1:][is_one]
