"""Statistics whose rows name their area instead of giving its code."""

import pandas as pd
import pytest

from .checked import assert_nothing_is_lost, check_table, faults_of

NAMED = "Gebiet,Sachmerkmal,2023,2024\n"


@pytest.fixture
def named(small_city, change):
    """Write a table of the information system, and check the programme with it."""

    def named(text, added="", districts=()):
        (small_city / "statistics.csv").write_text(NAMED + text, encoding="utf-8")
        source = 'path = "statistics.csv"'
        change(small_city / "programme.toml", source, f'{source}\nformat = "lis"\n{added}')
        for old, new in districts:
            change(small_city / "districts.geojson", old, new)
        return check_table(small_city, "statistics")

    return named


def test_areas_are_found_by_their_names_boroughs_and_aliases_of_the_city_too(named):
    data = named("Markt,residents,1,2\nRand,residents,3,\nStadt Musterstadt,residents,5,6\n")
    found = data.statistics[["district_id", "area_level", "period", "value", "obs_status"]]
    assert found.fillna(-1).to_numpy().tolist() == [
        ["01", "district", "2023", 1, "A"],
        ["01", "district", "2024", 2, "A"],
        ["B", "borough", "2023", 3, "A"],
        ["B", "borough", "2024", -1, "M"],
        ["stadt", "city", "2023", 5, "A"],
        ["stadt", "city", "2024", 6, "A"],
    ]
    assert data.reads.set_index("table").loc["statistics", "rows_read"] == 6


def test_a_name_of_no_area_is_set_aside_with_the_nearest_in_each_of_its_figures(named):
    data = named("Markt,residents,1,2\nUfr,residents,3,4\n")
    assert faults_of(data, "statistics") == [
        (3, "area_name", "Ufr", "area_name", "Ufer"),
        (3, "area_name", "Ufr", "area_name", "Ufer"),
    ]
    assert_nothing_is_lost(data)


def test_a_spelling_is_recoded_in_the_programme(named):
    data = named("Am Ufer,residents,3,4\n", 'values = { area_name = { "Am Ufer" = "Ufer" } }')
    assert data.statistics["district_id"].tolist() == ["02", "02"]


def test_an_empty_name_is_a_missing_name(named):
    data = named("Markt,residents,1,2\n,residents,3,4\n")
    assert faults_of(data, "statistics") == [(3, "area_name", "", "required", "")] * 2


SAME_NAME = [('"name": "Feld"', '"name": "Rand"')]


def test_a_name_of_a_borough_and_a_district_is_not_guessed(named):
    data = named("Markt,residents,1,2\nRand,residents,3,4\n", districts=SAME_NAME)
    expected = "borough, district"
    assert (
        faults_of(data, "statistics") == [(3, "area_name", "Rand", "ambiguous_name", expected)] * 2
    )


@pytest.mark.parametrize(("level", "code"), [("borough", "B"), ("district", "03")])
def test_a_name_is_that_of_the_level_which_the_source_states(named, level, code):
    constants = f'constants = {{ area_level = "{level}" }}'
    data = named("Rand,residents,3,4\n", constants, districts=SAME_NAME)
    assert data.faults.empty
    assert data.statistics[["area_level", "district_id"]].to_numpy().tolist() == [[level, code]] * 2


def test_a_name_of_another_level_than_the_stated_one_is_not_taken(named):
    data = named("Rand,residents,3,4\n", 'constants = { area_level = "district" }')
    assert [fault[3] for fault in faults_of(data, "statistics")] == ["area_name"] * 2


def test_a_figure_that_stands_twice_counts_each_of_its_rows(named):
    data = named("Markt,residents,1,2\nMarkt,residents,3,4\n")
    assert "4 of 4 rows set aside" in str(data.obstacles()[0])
    assert "4 of them for their key" in str(data.obstacles()[0])


def test_codes_stand_before_names_where_a_table_of_statistics_has_both(small_city):
    (small_city / "statistics.csv").write_text(
        "district_id,area_name,period,statistic,value\n02,Innenstadt,2024,residents,7\n"
    )
    statistics = check_table(small_city, "statistics").statistics
    assert statistics[["district_id", "area_name"]].to_numpy().tolist() == [["02", "Innenstadt"]]


def test_a_name_of_an_area_in_another_table_is_only_text(small_city, change):
    change(small_city / "boroughs.csv", "name\n", "name,area_name\n")
    change(small_city / "boroughs.csv", "Mitte", "Mitte,irgendwo")
    change(small_city / "boroughs.csv", "Rand", "Rand,")
    boroughs = check_table(small_city, "boroughs").boroughs
    assert boroughs["area_name"].tolist()[0] == "irgendwo"
    assert "district_id" not in boroughs


def test_a_figure_that_was_not_published_is_missing_and_a_zero_is_a_zero(small_data):
    found = small_data.statistics.set_index(["statistic", "district_id"])
    assert pd.isna(found.loc[("unemployed", "04"), "value"])
    assert found.loc[("unemployed", "04"), "obs_status"] == "M"
    assert found.loc[("unemployed", "03"), "value"] == 0
    assert found.loc[("unemployed", "03"), "obs_status"] == "A"
    assert found.loc[("sgb2_communities", "02"), "obs_status"] == "P"
