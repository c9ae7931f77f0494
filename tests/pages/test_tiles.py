import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis.figures.outlines import outlines
from ostwerk_analysis.figures.tiles import abbreviations, neighbours_kept, placed, tiles


def boxes(corners):
    """Make districts of a kilometre's side at the given corners, in metres."""
    return gpd.GeoDataFrame(
        {
            "district_id": [f"{i:02d}" for i in range(len(corners))],
            "name": [f"Viertel {i}" for i in range(len(corners))],
        },
        geometry=[shapely.box(x, y, x + 1000, y + 1000) for x, y in corners],
        crs="EPSG:25833",
    )


places = st.tuples(st.integers(0, 9_000), st.integers(0, 9_000))


@settings(max_examples=15, deadline=None)
@given(st.lists(places, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_every_district_has_one_hexagon_whatever_the_order_of_the_rows(corners, random):
    districts = boxes(corners)
    cells, is_pointed = placed(districts)
    assert len({tuple(cell) for cell in cells}) == len(districts)
    order = random.sample(range(len(districts)), len(districts))
    again, is_pointed_again = placed(districts.iloc[order])
    assert is_pointed == is_pointed_again
    np.testing.assert_array_equal(again, cells[order])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=40))
def test_no_two_districts_have_the_same_abbreviation(names):
    shortened = abbreviations(names)
    assert len(shortened) == len(names)
    assert len({*shortened}) == len(names)


def test_abbreviations_begin_as_the_words_of_the_name_do():
    names = ["Volkmarsdorf", "Zentrum-Süd", "Zentrum-Südost", "Anger-Crottendorf", "Mitte"]
    assert abbreviations(names) == ["Vol", "ZSü", "ZSd", "ACr", "Mit"]


def test_hexagons_are_of_one_size_and_lie_as_the_districts_do(districts):
    drawn, shapes = outlines(districts), tiles(districts)
    assert shapes.ids == drawn.ids
    assert shapes.names == drawn.names
    assert len({path.partition("l")[2] for path in shapes.paths}) == 1
    away = np.corrcoef(np.array(shapes.points).T, np.array(drawn.points).T)
    assert away[0, 2] > 0.8  # from west to east
    assert away[1, 3] > 0.8  # from north to south


def test_four_districts_about_a_point_keep_the_neighbours_that_hexagons_can_have():
    square = boxes([(0, 0), (1000, 0), (0, 1000), (1000, 1000)])
    assert neighbours_kept(square) == 1
    alone = boxes([(0, 0), (5000, 0)])
    assert neighbours_kept(alone) == 1


def test_the_line_is_around_the_hexagons_of_the_districts_that_lie_mostly_within(districts):
    by_code = tiles(districts, ["00", "01"]).around
    assert by_code.count("M") == 1
    most_of_both = districts.iloc[:2].union_all().buffer(-100)
    assert tiles(districts, most_of_both).around == by_code
    assert tiles(districts).around == ""


@pytest.mark.real
def test_four_of_five_neighbours_stay_neighbours_in_a_real_city(real_data):
    districts = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(25833)
    districts = districts.rename(columns={"OT": "district_id", "Name": "name"})
    assert neighbours_kept(districts) >= 0.8
    shapes = tiles(districts)
    assert len({*shapes.paths}) == 63
    assert sum(map(len, shapes.paths)) < 3_500
