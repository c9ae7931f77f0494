from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import raster

CRS = "EPSG:25833"
MANY = raster.FEW_POINTS + 1
"""Points enough that a raster is made."""


def districts(*shapes):
    codes = [f"{number:02d}" for number in range(1, len(shapes) + 1)]
    return gpd.GeoDataFrame({"district_id": codes}, geometry=list(shapes), crs=CRS)


def points(xy):
    return gpd.GeoSeries(shapely.points(np.asarray(xy, dtype=float)), crs=CRS)


def awkward(areas, random, n):
    """Points of every kind: anywhere, on vertices, on borders, a hair off them, outside."""
    left, bottom, right, top = areas.total_bounds
    corners = shapely.get_coordinates(areas.geometry.to_numpy())
    at = random.integers(0, len(corners), n)
    edges = shapely.get_parts(shapely.boundary(areas.geometry.to_numpy()))
    along = shapely.line_interpolate_point(
        edges[random.integers(0, len(edges), n)], random.random(n), normalized=True
    )
    border = shapely.get_coordinates(along)
    span = [right - left, top - bottom]
    return points(
        np.vstack(
            [
                random.uniform([left, bottom], [right, top], (n, 2)),
                corners[at],
                border,
                border + random.normal(0, 1e-6, border.shape),
                np.nextafter(corners[at], np.inf),
                [left, bottom] + random.uniform(-1, 2, (n, 2)) * span,
            ]
        )
    )


def each_tested(places, areas):
    """Find the district of each point by asking GEOS for every one, the lowest code first."""
    ordered = areas.sort_values("district_id", ignore_index=True)
    tree = shapely.STRtree(ordered.geometry.to_numpy())
    point, polygon = tree.query(places.to_numpy(), predicate="intersects")
    first = pd.Series(polygon).groupby(point).min()
    codes = ordered["district_id"].take(first).set_axis(first.index)
    return codes.reindex(range(len(places))).set_axis(places.index).astype("str")


def assert_same(places, areas):
    pd.testing.assert_series_equal(raster.locate(places, areas), each_tested(places, areas))


@pytest.fixture
def squares():
    """Four squares of 1 km², from 01 in the south-west to 04 in the north-east."""
    return districts(*(shapely.box(x, y, x + 1000, y + 1000) for y in (0, 1000) for x in (0, 1000)))


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]])
def test_every_kind_of_point_has_the_district_that_locate_gives_it(squares, order):
    assert_same(awkward(squares, np.random.default_rng(1), 2_000), squares.iloc[order])


@pytest.mark.parametrize("repeats", [1, MANY])
@pytest.mark.parametrize(
    ("point", "code"),
    [((1000, 500), "01"), ((1000, 1000), "01"), ((1500, 1000), "02"), ((1000, 1500), "03")],
)
def test_a_point_on_a_border_goes_to_the_lowest_code(squares, point, code, repeats):
    found = raster.locate(points([point] * repeats), squares.iloc[::-1])
    assert found.unique().tolist() == [code]
    assert len(found) == repeats


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param(
            [
                shapely.Polygon(
                    shapely.box(0, 0, 9, 9).exterior, [shapely.box(3, 3, 6, 6).exterior]
                ),
                shapely.box(4, 4, 5, 5),
            ],
            id="a hole with an island in it",
        ),
        pytest.param([shapely.box(0, 0, 6, 6), shapely.box(3, 3, 9, 9)], id="overlapping"),
        pytest.param(
            [
                shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(8, 8, 9, 9)]),
                shapely.box(3, 0, 4, 9),
            ],
            id="in parts, with gaps",
        ),
        pytest.param(
            [shapely.box(0, 0, 1000, 0.001), shapely.box(0, 0.001, 1000, 0.0015)],
            id="slivers far thinner than a cell",
        ),
        pytest.param([shapely.box(0, 0, 1, 5000), shapely.box(1, 0, 2, 1)], id="long and narrow"),
        pytest.param([None, shapely.box(0, 0, 9, 9), shapely.Polygon()], id="missing and empty"),
        pytest.param([shapely.Point(5, 5).buffer(4, quad_segs=200)], id="round"),
    ],
)
def test_shapes_of_every_kind_give_the_same(shapes):
    areas = districts(*shapes)
    drawn = areas[~(areas.geometry.isna() | areas.geometry.is_empty)]
    assert_same(awkward(drawn, np.random.default_rng(2), 1_000), areas)


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5, unique=True),
    size=st.sampled_from([1e-3, 1.0, 25_000.0]),
    east=st.sampled_from([0.0, 320_000.0, 5_700_000.0]),
    seed=st.integers(0, 1000),
)
def test_any_cut_of_a_square_gives_the_same(cuts, size, east, seed):
    edges = [0, *sorted(cuts), 1]
    strips = [shapely.box(east + a * size, 0, east + b * size, size) for a, b in pairwise(edges)]
    areas = districts(*(shapely.affinity.rotate(s, 17, origin=(east, 0)) for s in strips))
    assert_same(awkward(areas, np.random.default_rng(seed), 400), areas)


def test_a_point_is_missing_where_there_is_none(squares):
    places = points([(500, 500)] * MANY)
    places.iloc[[0, 7, 9]] = [None, shapely.Point(), shapely.Point(np.nan, np.nan)]
    places.index = range(MANY, 0, -1)
    found = raster.locate(places, squares)
    assert found.index.tolist() == list(range(MANY, 0, -1))
    assert found.isna().to_numpy().nonzero()[0].tolist() == [0, 7, 9]
    assert_same(places, squares)


@pytest.mark.parametrize("n", [0, 1, MANY])
def test_no_districts_hold_no_point(squares, n):
    assert raster.locate(points(np.ones((n, 2))), squares[:0]).isna().all()
    assert len(raster.locate(points(np.ones((n, 2))), squares)) == n


def test_most_points_need_no_geometry(squares):
    made = raster._raster(squares.geometry.to_numpy(), 1_000_000)
    assert (made.number == raster.BORDER).mean() < 0.02


@pytest.mark.parametrize("angle", [0, 3, 17, 45, 60, 88])
@pytest.mark.parametrize("n", [MANY, 40_000])
def test_every_cell_that_a_border_runs_through_is_tested_exactly(angle, n):
    star = shapely.Polygon([(0, 0), (9, 1), (4, 3), (9, 9), (3, 4), (1, 9)])
    round_one = shapely.Point(2, 2).buffer(1, quad_segs=50)
    shapes = np.array([shapely.affinity.rotate(star, angle), round_one])
    made = raster._raster(shapes, n)
    row, column = np.indices(made.number.shape)
    left, bottom = made.left + column * made.size, made.bottom + row * made.size
    cells = shapely.box(left, bottom, left + made.size, bottom + made.size)
    borders = shapely.union_all(shapely.boundary(shapes))
    shapely.prepare(borders)
    is_crossed = shapely.intersects(borders, cells)
    assert (made.number[is_crossed] == raster.BORDER).all()
    # And not many more than these.
    assert (made.number == raster.BORDER).sum() < 2 * is_crossed.sum()


def test_neither_points_nor_districts_are_changed(squares):
    places = points(np.random.default_rng(3).uniform(0, 2000, (MANY, 2)))
    before = places.copy(), squares.copy()
    raster.locate(places, squares)
    assert places.equals(before[0])
    assert squares.equals(before[1])


@pytest.mark.real
def test_the_districts_of_leipzig_give_the_same(real_data):
    areas = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(CRS)
    areas = areas.rename(columns={"OT": "district_id"})
    places = awkward(areas, np.random.default_rng(4), 5_000)
    assert_same(places, areas)
    assert raster.locate(places, areas).nunique() == 63
