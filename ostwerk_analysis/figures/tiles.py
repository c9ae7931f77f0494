"""Districts as hexagons of one size, so that a small dense one is seen like a large empty one.

Each district has one hexagon, near to where it lies and as often as can be beside its neighbours.
No value is computed for a hexagon: it shows that of its district. Counts on a grid of their own
would be another geography of the same cases, and the difference of the two could tell a secret.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import geopandas as gpd
import numpy as np
import shapely

from .outlines import EXTENT, Around, Outlines, assembled, members


def tiles(districts: gpd.GeoDataFrame, around: Around = ()) -> Outlines:
    """Give each district a hexagon, and draw them.

    The order of the rows does not matter.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id``, ``name``, ``geometry`` in metres, and ``borough_id`` where there are any.
        Where they lack the columns of :func:`ostwerk_analysis.tiles.placed`, as in releases that
        were made before there were any, the places are found now.
    around : sequence of str, GeoSeries, GeoDataFrame or shapely geometry
        As for :func:`.outlines.outlines`; the line is drawn around the districts of which most
        lies within.
    """
    if "tile_layout" not in districts:
        from ..tiles import placed  # it brings scipy's optimizers, which takes longer than to draw

        districts = placed(districts)
    is_pointed = bool((districts["tile_layout"] == "odd-r").all())
    cells = districts[["tile_column", "tile_row"]].to_numpy(dtype=int)
    cells = cells if is_pointed else cells[:, ::-1]
    half, across = _size(cells, is_pointed)
    column, row = cells.T
    middles = np.column_stack([half * (2 * column + row % 2 + 1), across * (3 * row + 2)])
    corner = np.array(
        [
            *((0, -2 * across), (half, -across), (half, across)),
            *((0, 2 * across), (-half, across), (-half, -across)),
        ]
    )
    if not is_pointed:
        middles, corner = middles[:, ::-1], corner[:, ::-1]
    drawn = shapely.polygons(middles[:, None] + corner)
    left, top, right, bottom = shapely.total_bounds(drawn)
    drawn = shapely.transform(drawn, lambda xy: xy - (left, top))
    line = shapely.union_all(drawn[members(districts, around)])
    return assembled(districts, drawn, line, (int(right - left), int(bottom - top)))


def abbreviations(names: Sequence[str]) -> list[str]:
    """Shorten names to three letters at most, no two the same: ``Vol``, ``ACr`` for two words."""
    taken: dict[str, int] = {}
    for i in sorted(range(len(names)), key=lambda i: (len(names[i]), names[i], i)):
        taken[next(short for short in _shortened(names[i], i) if short not in taken)] = i
    return sorted(taken, key=lambda short: taken[short])


def _shortened(name: str, i: int) -> Iterator[str]:
    """Propose letters of a name in their order, the likeliest first, and at last its number."""
    words = "".join(c if c.isalpha() else " " for c in name).split() or ["?"]
    head, rest = (words[0][0], words[1:]) if len(words) > 1 else (words[0][0], [words[0][1:]])
    letters = "".join(rest)
    if len(words) > 1:
        yield from (head + letters[0] + letter for letter in letters[1:])
    yield from (head + "".join(pair) for pair in combinations(letters, 2))
    yield name[:3]
    yield from (f"{head}{number}" for number in range(i, i + 1000))


def _size(cells: np.ndarray, is_pointed: bool) -> tuple[int, int]:
    """Give half the width of a hexagon and a quarter of its height, in whole units of the map."""
    columns, rows = np.ptp(cells, axis=0) + np.array([1.5, 1])
    quarter = EXTENT / max(2 * np.sqrt(3) * columns, 3 * rows + 1)
    across = max(int(quarter), 1)
    return round(across * np.sqrt(3)), across
