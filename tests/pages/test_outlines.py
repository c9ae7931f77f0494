import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.figures.outlines import EXTENT, borough_outlines, outlines


def polygon(path):
    """Draw an SVG path of whole units as a shape again."""
    rings = []
    for part in re.findall(r"M(-?\d+) (-?\d+)l([^zM]*)z", path):
        steps = np.array(re.findall(r"-?\d+", part[2]), dtype=int).reshape(-1, 2)
        corners = np.cumsum([[int(part[0]), int(part[1])], *steps], axis=0)
        rings.append(shapely.Polygon(corners))
    return rings


def test_outlines_keep_neighbours_together(districts):
    shapes = outlines(districts)
    drawn = [polygon(path)[0] for path in shapes.paths]
    assert shapely.intersection(drawn[0], drawn[1]).length == pytest.approx(
        drawn[0].bounds[3] - drawn[0].bounds[1]
    )
    unit = (districts.total_bounds[2] - districts.total_bounds[0]) / EXTENT
    expected = districts.area[:-1].sum() / unit**2
    assert shapely.union_all(drawn[:-1]).area == pytest.approx(expected, rel=0.01)


def test_outlines_keep_holes_and_islands(districts):
    shapes = outlines(districts)
    assert len(polygon(shapes.paths[-1])) == 3
    x, y = shapes.points[-1]
    assert shapely.contains_xy(polygon(shapes.paths[-1])[0], x, y)


def test_the_line_around_districts_leaves_out_what_they_share(districts):
    alone = outlines(districts, ["00"])
    both = outlines(districts, ["00", "01"])
    assert polygon(both.around)[0].area == pytest.approx(
        2 * polygon(alone.around)[0].area, rel=0.01
    )
    assert outlines(districts).around == ""


@given(st.integers(1, 10_000))
def test_outlines_do_not_depend_on_the_unit_of_length(factor):
    shape = gpd.GeoDataFrame(
        {"district_id": ["1"], "name": ["A"]}, geometry=[shapely.box(0, 0, 3 * factor, 2 * factor)]
    )
    assert outlines(shape).paths == ["M0 667l0-667 1000 0 0 667z"] or outlines(shape).paths == [
        "M1000 667l0-667-1000 0 0 667z"
    ]


@pytest.mark.real
def test_the_real_districts_are_small_enough_to_send(real_data):
    districts = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(25833)
    districts = districts.rename(columns={"OT": "district_id", "Name": "name"})
    shapes = outlines(districts.assign(borough_id=districts["district_id"].str[0]))
    assert len(shapes.paths) == 63
    assert all(shapes.paths)
    assert sum(map(len, shapes.paths)) + len(shapes.borders) < 28_000


def test_an_area_of_whole_districts_follows_their_borders_however_it_is_given(districts):
    first = districts.iloc[:2]
    by_code = outlines(districts, ["00", "01"]).around
    a_hair_off = first.geometry.translate(0.2, 0.2)
    for shape in (first, first.geometry, first.union_all(), a_hair_off, first.to_crs("EPSG:4326")):
        assert outlines(districts, shape).around == by_code


def test_an_area_that_cuts_districts_is_drawn_as_it_is(districts):
    left, bottom, *_ = districts.total_bounds
    unit = (districts.total_bounds[2] - left) / EXTENT
    shape = shapely.box(left + 500, bottom + 300, left + 2500, bottom + 800)
    [drawn] = polygon(outlines(districts, shape).around)
    assert drawn.area * unit**2 == pytest.approx(shape.area, rel=0.01)
    hole = shape.difference(shapely.box(left + 1000, bottom + 400, left + 1500, bottom + 600))
    assert len(polygon(outlines(districts, hole).around)) == 2


def test_an_area_beyond_the_districts_is_not_taken_for_them(districts):
    left, bottom, _, top = districts.total_bounds
    beyond = districts.geometry.iloc[0].union(shapely.box(left - 900, bottom, left, top))
    assert outlines(districts, beyond).around != outlines(districts, ["00"]).around


def test_no_area_has_no_line(districts):
    assert outlines(districts, districts[:0]).around == ""
    assert outlines(districts, shapely.Polygon()).around == ""


def test_boroughs_are_drawn_along_the_borders_of_their_districts(districts):
    names = {"0": "Süd", "1": "Mitte"}
    boroughs = borough_outlines(districts, names, ["00", "01"])
    assert (boroughs.ids, boroughs.names) == (["0", "1", "2"], ["Süd", "Mitte", "2"])
    shapes = outlines(districts, ["00", "01"])
    assert (boroughs.around, boroughs.width, boroughs.height) == (
        *(shapes.around, shapes.width, shapes.height),
    )
    apart = [sum(polygon(path)[0].area for path in shapes.paths[4 * i : 4 * i + 4]) for i in (0, 1)]
    together = [polygon(path)[0].area for path in boroughs.paths[:2]]
    assert together == pytest.approx(apart, rel=1e-3)
