"""A hexagon of one size for each district: near to where it lies, beside its neighbours.

A map of equal hexagons shows a small dense district like a large empty one.
:mod:`ostwerk_analysis.figures.tiles` draws it; a release has the places, in its districts.
"""

from functools import lru_cache
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from . import spatial

SHORTEST_BORDER_M = 1.0
"""Districts that meet in a point are no neighbours: two hexagons cannot."""

STEPS, PACE, ROOM = 80, 0.2, 1.35
"""How often and how far districts are moved apart or together before they are placed, and how far
apart those shall be that are no neighbours, in widths of a hexagon."""

SCALES = (0.8, 0.9, 1.0, 1.1)
OFFSETS = [(x, y) for y in (0, 0.43) for x in (0, 0.25, 0.5, 0.75)]
"""How grids are laid under the districts, in widths of a hexagon."""

CLOSE = 0.05
"""What a squared width from where a district lies weighs against a pair of neighbours."""

HOLE = 4.0
"""What an empty cell among full ones weighs against a pair of neighbours."""


class _Grid(NamedTuple):
    """Cells of a hexagon grid, m rows.

    Parameters
    ----------
    cells : ndarray of int, shape (m, 2)
        Column and row; odd rows begin half a width to the right.
    centres : ndarray, shape (m, 2)
        In widths of a hexagon.
    touching : ndarray of float, shape (m, m)
        1 where two cells share an edge, else 0.
    """

    cells: np.ndarray
    centres: np.ndarray
    touching: np.ndarray


def placed(districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Choose the cell of each district.

    Of several grids that are laid under the districts, the one is taken in which the most
    neighbours remain neighbours, and districts lie near to where they are. The order of the rows
    does not matter.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id`` and ``geometry`` in metres.

    Returns
    -------
    GeoDataFrame, n rows
        The same with ``tile_column`` and ``tile_row``, counted from the upper left, no two the
        same, and ``tile_layout``, one for all: ``odd-r`` where hexagons stand on a corner and odd
        rows begin half a width to the right, ``odd-q`` where they lie on an edge and odd columns
        begin half a height lower.
    """
    order = np.argsort(districts["district_id"].astype("str").to_numpy(), kind="stable")
    shapes = districts.geometry.iloc[order]
    cells, is_pointed = _placed(tuple(shapely.to_wkb(shapes.array)), str(shapes.crs))
    column, row = cells[np.argsort(order)].T if is_pointed else cells[np.argsort(order), ::-1].T
    layout = "odd-r" if is_pointed else "odd-q"
    return districts.assign(tile_column=column, tile_row=row, tile_layout=layout)


@lru_cache(maxsize=8)
def _placed(shapes: tuple[bytes, ...], crs: str) -> tuple[np.ndarray, bool]:
    """Choose the cells once for all figures of the same districts, which seldom change."""
    codes = [f"{i:05d}" for i in range(len(shapes))]
    drawn = gpd.GeoSeries(shapely.from_wkb(np.array(shapes, dtype=object)), crs=crs)
    ordered = gpd.GeoDataFrame({"district_id": codes, "name": codes}, geometry=drawn)
    are_neighbours = _adjacency(ordered)
    where = _apart(_centres(ordered, are_neighbours), are_neighbours)
    best, least = (np.empty((0, 2), int), True), np.inf
    for is_pointed in (True, False):
        turned = where if is_pointed else where[:, ::-1]
        for scale in SCALES:
            for offset in OFFSETS:
                wanted = turned * scale + offset
                grid = _grid(wanted)
                place, cost = _assigned(wanted, grid, are_neighbours)
                if cost < least - 1e-9:
                    best, least = (grid.cells[place], is_pointed), cost
    cells, is_pointed = best
    cells = cells - [cells[:, 0].min(), cells[:, 1].min() // 2 * 2]  # odd rows stay odd
    return cells, is_pointed


def _adjacency(districts: gpd.GeoDataFrame) -> np.ndarray:
    """Give 1 for districts that share a border, else 0."""
    pairs = spatial.neighbours(districts, SHORTEST_BORDER_M).dropna(subset="neighbour_id")
    position = {code: i for i, code in enumerate(districts["district_id"].astype("str"))}
    are_neighbours = np.zeros((len(districts), len(districts)))
    are_neighbours[pairs["district_id"].map(position), pairs["neighbour_id"].map(position)] = 1
    return are_neighbours


def _centres(districts: gpd.GeoDataFrame, are_neighbours: np.ndarray) -> np.ndarray:
    """Give the districts' centroids, y downwards, neighbours about one unit from each other."""
    xy = shapely.get_coordinates(shapely.centroid(districts.geometry.array)) * (1, -1)
    xy = xy - xy.mean(axis=0)
    apart = cdist(xy, xy)
    is_apart = apart > 0
    near = apart[is_apart & (are_neighbours > 0)] if are_neighbours.any() else apart[is_apart]
    return xy / (np.median(near) if len(near) else 1.0)


def _apart(xy: np.ndarray, are_neighbours: np.ndarray) -> np.ndarray:
    """Make room where districts are small and close up where they are large.

    As if neighbours were tied by a spring of one unit, and others kept at arm's length.
    """
    for _ in range(STEPS):
        away = xy[:, None] - xy[None]
        far = np.sqrt((away**2).sum(axis=2)) + 1e-9
        stretched = np.where(are_neighbours > 0, far - 1, np.minimum(far - ROOM, 0))
        many = np.maximum((stretched != 0).sum(axis=1), 1)[:, None]
        xy = xy - PACE * np.einsum("ij,ijk->ik", stretched / far, away) / many
    return xy


def _grid(wanted: np.ndarray) -> _Grid:
    """Lay a grid under points: the cells near them, and half as many again as there are points."""
    nearest = np.round(wanted / (1, np.sqrt(3) / 2)).astype(int)
    cells, reach = nearest, 1
    while len(cells) < 1.5 * len(wanted):
        reach += 1
        steps = np.arange(-reach, reach + 1)
        around = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        cells = _different((nearest[:, None] + around).reshape(-1, 2))
    centres = _middles(cells)
    return _Grid(cells, centres, _touching(centres).astype(float))


def _different(cells: np.ndarray) -> np.ndarray:
    """Give each cell once, in order: as one number each, which is quicker than row by row."""
    least, spread = cells.min(axis=0), np.ptp(cells, axis=0) + 1
    column, row = np.divmod(np.unique((cells - least) @ [spread[1], 1]), spread[1])
    return np.column_stack([column, row]) + least


def _middles(cells: np.ndarray) -> np.ndarray:
    """Give the centres of cells, in widths of a hexagon."""
    return np.column_stack([cells[:, 0] + cells[:, 1] % 2 / 2, cells[:, 1] * np.sqrt(3) / 2])


def _touching(centres: np.ndarray) -> np.ndarray:
    """Tell which cells share an edge: their centres are one width from each other."""
    apart = cdist(centres, centres)
    return (apart > 0.5) & (apart < 1.5)


def _assigned(
    wanted: np.ndarray, grid: _Grid, are_neighbours: np.ndarray
) -> tuple[np.ndarray, float]:
    """Place districts in cells, and tell the cost: pairs that are parted, and ways.

    First each is brought near to where it shall be, all together. Then as long as it helps, one is
    moved to an empty cell, or two change places.
    """
    ways = CLOSE * cdist(wanted, grid.centres, "sqeuclidean")
    place = linear_sum_assignment(ways)[1]
    each = np.arange(len(place))
    # The cost of each district in each cell, its neighbours staying where they are.
    cost = ways - csr_array(are_neighbours) @ grid.touching[place]
    while True:
        now = cost[each, place][:, None]
        moves = cost - now
        moves[:, place] = 0
        swaps = cost[:, place] - now
        beside = grid.touching[np.ix_(place, place)]
        swaps = swaps + swaps.T - 2 * are_neighbours * beside
        if min(moves.min(), swaps.min()) > -1e-9:
            twice = (are_neighbours * beside).sum() / 2  # counted from both sides
            return place, float(now.sum() + twice + HOLE * _holes(place, grid))
        if moves.min() <= swaps.min():
            i, cell = np.unravel_index(moves.argmin(), moves.shape)
            changed, to = [i], [cell]
        else:
            i, j = np.unravel_index(swaps.argmin(), swaps.shape)
            changed, to = [i, j], [place[j], place[i]]
        for one, cell in zip(changed, to, strict=True):
            gained = grid.touching[cell] - grid.touching[place[one]]
            cost -= np.outer(are_neighbours[one], gained)
            place[one] = cell


def _holes(place: np.ndarray, grid: _Grid) -> int:
    """Count the empty cells that a reader would take for a district."""
    is_empty = np.ones(len(grid.cells), bool)
    is_empty[place] = False
    return int((grid.touching[is_empty][:, place].sum(axis=1) >= 5).sum())
