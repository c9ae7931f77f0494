"""The 63 Ortsteile drawn from facts: a power diagram with the official areas and centroids.

The official geometry is not copied. Each district is the cell of a site with a weight: the points
of the city for which the squared distance to the site, less the weight, is smallest. The weights
are fitted so that the areas agree, the sites so that the centroids do; what comes out are straight
borders that anyone may use, in the right place and of the right size.

References
----------
Aurenhammer, F., Hoffmann, F. and Aronov, B. (1998). Minkowski-type theorems and least-squares
clustering. Algorithmica 20, 61-76.
Kitagawa, J., Mérigot, Q. and Thibert, B. (2019). Convergence of a Newton algorithm for
semi-discrete optimal transport. Journal of the European Mathematical Society 21, 2603-2651.
"""

from itertools import pairwise

import numpy as np
import shapely
from pyproj import Transformer
from shapely.affinity import scale
from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

METRIC, LONLAT = "EPSG:25833", "EPSG:4258"
# Longitude and latitude of ETRS89, within a metre of the WGS84 that GeoJSON asks for. A true
# transformation between the two would depend on the grids that the machine has.

MILLIMETRE = 3  # decimals of a metre: both sides of a border round to the same points
AREA_TOLERANCE = 1e-3
ROUNDS, SHIFT, APART_M = 14, 0.4, 250.0


def draw_districts(
    centroids: np.ndarray, areas_m2: np.ndarray, corners: np.ndarray
) -> list[Polygon]:
    """Draw districts of given areas around given centroids inside an outline.

    Parameters
    ----------
    centroids : ndarray, shape (n, 2), in metres
    areas_m2 : ndarray, shape (n,)
    corners : ndarray, shape (m, 2), in metres
        The outline, which is scaled to the sum of the areas.

    Returns
    -------
    list of n Polygon
        Without gaps and overlaps; each area within 0.1 % of the one asked for.
    """
    outline = Polygon(corners)
    factor = np.sqrt(areas_m2.sum() / outline.area)
    middle = np.round([outline.centroid.x, outline.centroid.y])
    outline = scale(Polygon(corners - middle), factor, factor, origin=(0, 0))

    wanted = centroids - middle
    sites, weights = wanted, fit_weights(wanted, np.zeros(len(wanted)), areas_m2, outline)
    for _ in range(ROUNDS):
        missing = wanted - _centroids(power_diagram(sites, weights, outline))
        sites, weights = _move(sites, weights, SHIFT * missing, areas_m2, outline)
    sites = np.round(sites)  # what differs between machines in the last digits ends here
    asked = areas_m2
    for _ in range(4):
        weights = np.round(fit_weights(sites, weights, asked, outline))
        cells = in_one_piece(power_diagram(sites, weights, outline))
        asked = asked + areas_m2 - shapely.area(cells)
    return [orient(shapely.transform(cell, lambda points: points + middle)) for cell in cells]


def power_diagram(sites: np.ndarray, weights: np.ndarray, outline: Polygon) -> list[Polygon]:
    """Divide an outline between weighted sites; a bay of it can cut a cell in two."""
    frame = shapely.get_coordinates(shapely.box(*outline.buffer(1000).bounds))[:-1]
    power = (sites**2).sum(axis=1) - weights
    cells = []
    for i, site in enumerate(sites):
        corners = frame
        for j in np.argsort(((sites - site) ** 2).sum(axis=1))[1:]:
            corners = _cut(corners, 2 * (sites[j] - site), power[j] - power[i])
        cell = shapely.intersection(Polygon(corners), outline) if len(corners) else Polygon()
        cells.append(shapely.transform(cell, lambda points: np.round(points, MILLIMETRE) + 0.0))
    return cells


def in_one_piece(cells: list[Polygon]) -> list[Polygon]:
    """Leave each cell its largest part; the others go to the neighbour with the longest border."""
    parts = [sorted(shapely.get_parts(cell), key=lambda part: -part.area) for cell in cells]
    whole = [largest for largest, *_ in parts]
    for part in (part for _, *rest in parts for part in rest):
        adopter = int(np.argmax([_border_m(cell, part) for cell in whole]))
        whole[adopter] = shapely.union(whole[adopter], part)
    return whole


def fit_weights(
    sites: np.ndarray, weights: np.ndarray, areas_m2: np.ndarray, outline: Polygon
) -> np.ndarray:
    """Find the weights whose cells have given areas, by a damped Newton method.

    The derivative of a cell's area by its neighbour's weight is the length of their border over
    twice the distance of their sites.

    Parameters
    ----------
    sites : ndarray, shape (n, 2), in metres
    weights : ndarray, shape (n,), in m²
        The weights to start from; none of their cells may be empty.
    areas_m2 : ndarray, shape (n,)
        With the outline's area as their sum.
    outline : Polygon

    Raises
    ------
    RuntimeError
        If the areas are not reached in 30 steps.
    """
    cells = power_diagram(sites, weights, outline)
    least = min(shapely.area(cells).min(), areas_m2.min()) / 2
    for _ in range(30):
        missing = areas_m2 - shapely.area(cells)
        if np.abs(missing / areas_m2).max() < AREA_TOLERANCE:
            return weights
        slope = _slopes(sites, cells)
        step = np.zeros(len(sites))  # only differences of weights count: the first stays
        step[1:] = np.linalg.solve(slope[1:, 1:], missing[1:])
        for damping in 0.5 ** np.arange(12):
            cells = power_diagram(sites, weights + damping * step, outline)
            left = areas_m2 - shapely.area(cells)
            shrinks = np.linalg.norm(left) <= (1 - damping / 2) * np.linalg.norm(missing)
            if shrinks and shapely.area(cells).min() > least:
                break
        weights = weights + damping * step
    raise RuntimeError("The weights do not converge: move the sites apart or towards the middle.")


def to_lonlat(points: np.ndarray, decimals: int = 7) -> np.ndarray:
    """Turn eastings and northings, shape (n, 2), into longitude and latitude; 1e-7° is 1 cm."""
    turn = Transformer.from_crs(METRIC, LONLAT, always_xy=True)
    return np.round(np.column_stack(turn.transform(*np.asarray(points).T)), decimals)


def to_metres(lonlat: np.ndarray) -> np.ndarray:
    """Turn longitude and latitude, shape (n, 2), into eastings and northings."""
    turn = Transformer.from_crs(LONLAT, METRIC, always_xy=True)
    return np.column_stack(turn.transform(*np.asarray(lonlat).T))


def ring(district: Polygon) -> list[list[float]]:
    """Give a district's ring for GeoJSON: anticlockwise, closed, begun at its westernmost point."""
    points = to_lonlat(shapely.get_coordinates(district)[:-1])
    points = np.roll(points, -np.lexsort(points.T[::-1])[0], axis=0)
    return [*points.tolist(), points[0].tolist()]


def _move(
    sites: np.ndarray,
    weights: np.ndarray,
    shift: np.ndarray,
    areas_m2: np.ndarray,
    outline: Polygon,
) -> tuple[np.ndarray, np.ndarray]:
    """Move sites as far towards the shift as leaves each cell half its area; refit the weights.

    Sites that would come too close to one another stay: their border would swing wildly.
    """
    for damping in 0.5 ** np.arange(8):
        moved = sites + damping * shift
        distance = np.hypot(*(moved[:, None] - moved[None]).transpose(2, 0, 1))
        close = (distance + np.diag(np.full(len(sites), np.inf))).min(axis=1) < APART_M
        moved[close] = sites[close]
        if (shapely.area(power_diagram(moved, weights, outline)) > areas_m2 / 2).all():
            return moved, fit_weights(moved, weights, areas_m2, outline)
    return sites, weights


def _cut(corners: np.ndarray, normal: np.ndarray, limit: float) -> np.ndarray:
    """Keep the part of a convex polygon, shape (k, 2), where the normal's product is ≤ limit."""
    excess = corners @ normal - limit
    inside = excess <= 0
    if inside.all():
        return corners
    kept = []
    for here, point in enumerate(corners):
        there = (here + 1) % len(corners)
        if inside[here]:
            kept.append(point)
        if inside[here] != inside[there]:
            way = excess[here] / (excess[here] - excess[there])
            kept.append(point + way * (corners[there] - point))
    return np.array(kept).reshape(-1, 2)


def _slopes(sites: np.ndarray, cells: list[Polygon]) -> np.ndarray:
    """Derivatives of the cells' areas by the weights, shape (n, n)."""
    slope = np.zeros((len(sites), len(sites)))
    owner: dict[tuple, int] = {}
    for i, cell in enumerate(cells):
        for side in _sides(cell):
            j = owner.setdefault(side, i)
            if j != i:
                distance = np.hypot(*(sites[i] - sites[j]))
                slope[i, j] -= np.hypot(*np.subtract(*side)) / (2 * distance)
                slope[j, i] = slope[i, j]
    np.fill_diagonal(slope, -slope.sum(axis=1))
    return slope


def _border_m(one: Polygon, other: Polygon) -> float:
    """Length of the sides that two polygons share, in metres."""
    shared = set(_sides(one)) & set(_sides(other))
    return float(sum(np.hypot(*np.subtract(*side)) for side in shared))


def _sides(cell: Polygon) -> list[tuple]:
    """Sides of all parts of a cell, as pairs of points in the same order from both cells."""
    sides = []
    for part in shapely.get_parts(cell):
        points = [tuple(point) for point in shapely.get_coordinates(part).tolist()]
        sides += [(min(pair), max(pair)) for pair in pairwise(points)]
    return sides


def _centroids(cells: list[Polygon]) -> np.ndarray:
    return shapely.get_coordinates(shapely.centroid(cells))
