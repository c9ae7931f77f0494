import copy
import pickle
from dataclasses import replace

import pandas as pd
import pytest

from ostwerk_analysis import load
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.loading import check
from ostwerk_analysis.tables import TABLES


def same(one, other):
    """Hold two datasets against each other, table by table, types and order included."""
    assert list(one.tables) == list(other.tables)
    for name, table in one.tables.items():
        assert type(other.tables[name]) is type(table)
        pd.testing.assert_frame_equal(other.tables[name], table)
        if TABLES[name].metadata["geometry"]:
            assert other.tables[name].crs == table.crs
    for name in ("reads", "faults", "inputs"):
        pd.testing.assert_frame_equal(getattr(other, name), getattr(one, name))
    assert one.set_aside.keys() == other.set_aside.keys()
    for name, rows in one.set_aside.items():
        pd.testing.assert_frame_equal(other.set_aside[name], rows)


def test_a_snapshot_is_read_back_unchanged(small_data, tmp_path):
    folder = small_data.save(tmp_path / "snapshot")
    again = load(folder)
    same(small_data, again)
    assert again.programme.model_dump() == small_data.programme.model_dump()
    assert again.programme.folder == folder
    assert again.obstacles() == []


def test_a_snapshot_keeps_faults_and_rows_set_aside(small_city, change, tmp_path):
    change(small_city / "grants.csv", "2024-04-02", "gestern")
    change(small_city / "operations.csv", "v2,Bildungswerk,Kurs", "v2,Bildungswerk,Kurs,neu")
    change(small_city / "programme.toml", "seed = 7", "fault_limit_pct = 50")
    data = load(small_city)
    assert len(data.faults) == 4  # the grant, both of its shares, and the operation
    same(data, load(data.save(tmp_path / "snapshot")))


def test_a_snapshot_is_not_written_over_another(small_data, tmp_path):
    small_data.save(tmp_path / "snapshot")
    with pytest.raises(FileExistsError):
        small_data.save(tmp_path / "snapshot")


def test_a_snapshot_needs_no_files_of_the_sources(small_city, tmp_path):
    folder = load(small_city).save(tmp_path / "snapshot")
    for file in small_city.glob("*.csv"):
        file.unlink()
    assert len(load(folder).grants) == 7


def test_a_table_is_given_by_its_name(small_data):
    assert small_data.grants is small_data.tables["grants"]


def test_a_table_without_a_source_says_so(small_data):
    fewer = replace(small_data, tables={"districts": small_data.districts})
    with pytest.raises(DataError, match="has no table grants"):
        _ = fewer.grants
    with pytest.raises(AttributeError, match="grnats"):
        _ = fewer.grnats


def test_a_dataset_can_be_copied_and_sent_to_another_process(small_data):
    same(small_data, copy.deepcopy(small_data))
    same(small_data, pickle.loads(pickle.dumps(small_data)))  # noqa: S301 our own bytes


def test_its_repr_says_what_is_in_it(small_city, change):
    change(small_city / "grants.csv", "2024-04-02", "gestern")
    lines = repr(check(small_city)).splitlines()
    assert lines[0] == "Programme of Sample City (musterstadt)"
    assert [line.split() for line in lines[1:3]] == [
        ["boroughs", "2", "rows"],
        ["districts", "4", "rows"],
    ]
    assert next(line for line in lines if "grants" in line).split() == [
        "grants", "6", "rows,", "1", "set", "aside",
    ]  # fmt: skip


def test_areas_say_which_district_belongs_where(small_data):
    areas = small_data.areas
    members = areas.groupby(["area_level", "area_id"])["district_id"].agg(list).to_dict()
    assert members == {
        ("district", "01"): ["01"],
        ("district", "02"): ["02"],
        ("district", "03"): ["03"],
        ("district", "04"): ["04"],
        ("borough", "A"): ["01", "02"],
        ("borough", "B"): ["03", "04"],
        ("city", "stadt"): ["01", "02", "03", "04"],
        ("programme", "quartier"): ["01", "03"],
        ("comparison", "vergleich"): ["02"],
    }
    names = areas.set_index("area_id")[["name_de", "name_en"]].drop_duplicates()
    assert names.loc["quartier"].tolist() == ["Quartier", "Quarter"]
    assert names.loc["B"].tolist() == ["Rand", "Rand"]
    assert names.loc["stadt"].tolist() == ["Musterstadt", "Musterstadt"]
    assert not areas.isna().any(axis=None)


def test_a_district_without_a_borough_is_in_no_borough_and_in_the_city(small_city, change):
    change(small_city / "districts.geojson", '"Wald", "borough_id": "B"', '"Wald"')
    areas = load(small_city).areas
    assert areas.loc[areas["district_id"] == "04", "area_level"].tolist() == ["district", "city"]


def test_areas_of_comparison_are_not_the_programmes(small_data):
    assert small_data.programme_districts == ["01", "03"]
    assert small_data.area_names("en") == {
        "quartier": "Quarter",
        "vergleich": "Comparison",
        "stadt": "Musterstadt",
    }


def test_measures_and_sites_have_names_in_both_languages(small_data):
    names = small_data.names("de")
    assert names["beihilfe"] == "Beihilfe"
    assert small_data.names("en")["beihilfe"] == "Grants"
    assert names["s1"] == "WerkStadt am Markt"


def test_completeness_counts_filled_cells(small_data):
    filled = small_data.completeness().set_index(["table", "column"])["filled_pct"]
    assert filled["businesses", "business_id"] == 100
    assert filled["businesses", "lon"] == 25  # 2 of 8
    assert filled["participants", "left_on"] == pytest.approx(100 * 4 / 6)
    assert filled["businesses", "group_id"] == 0
