import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis.figures.outlines import outlines
from ostwerk_analysis.figures.tiles import abbreviations, tiles
from ostwerk_analysis.tiles import placed


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


def test_a_release_without_places_has_the_same_hexagons(districts):
    assert tiles(placed(districts)) == tiles(districts)


def test_the_line_is_around_the_hexagons_of_the_districts_that_lie_mostly_within(districts):
    by_code = tiles(districts, ["00", "01"]).around
    assert by_code.count("M") == 1
    most_of_both = districts.iloc[:2].union_all().buffer(-100)
    assert tiles(districts, most_of_both).around == by_code
    assert tiles(districts).around == ""


@pytest.mark.real
def test_the_hexagons_of_a_real_city_take_little_room(real_data):
    districts = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(25833)
    districts = districts.rename(columns={"OT": "district_id", "Name": "name"})
    shapes = tiles(districts)
    assert len({*shapes.paths}) == 63
    assert sum(map(len, shapes.paths)) < 3_500
