"""Columns and their types as they are loaded, and tables of several sources."""

import json
import shutil

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from ostwerk_analysis import load
from ostwerk_analysis.loading import check

from .checked import assert_nothing_is_lost, check_table, faults_of


def test_german_files_are_read_through_the_programme(small_city, change):
    (small_city / "grants.csv").write_text(
        "Nr;Betrieb;Maßnahme;beantragt;Stand;bewilligt;Kosten;Zuschuss;De-minimis\n"
        "g1;b1;Beihilfe;10.01.2024;bewilligt;1.2.24;10.000,50 €;4.000,00 €;ja\n"
        "g2;b2;Beihilfe;31.12.2024;beantragt;;;;nein\n",
        encoding="cp1252",
    )
    change(
        small_city / "programme.toml",
        'path = "grants.csv"\n',
        'path = "grants.csv"\n'
        'columns = { grant_id = "Nr", business_id = "Betrieb", measure_id = "Maßnahme", '
        'applied_on = "beantragt", status = "Stand", approved_on = "bewilligt", '
        'eligible_cost_eur = "Kosten", grant_eur = "Zuschuss", is_de_minimis = "De-minimis" }\n'
        'values = { status = { bewilligt = "approved", beantragt = "applied" }, '
        'measure_id = { Beihilfe = "beihilfe" } }\n'
        'constants = { purpose = "Laden" }\n',
    )
    grants = check_table(small_city, "grants").grants
    assert grants["applied_on"].tolist() == [pd.Timestamp("2024-01-10"), pd.Timestamp("2024-12-31")]
    assert grants["approved_on"].tolist() == [pd.Timestamp("2024-02-01"), pd.NaT]
    assert grants.loc[0, ["eligible_cost_eur", "grant_eur"]].tolist() == [10000.5, 4000]
    assert grants["status"].tolist() == ["approved", "applied"]
    assert grants["is_de_minimis"].tolist() == [True, False]
    assert grants["purpose"].tolist() == ["Laden", "Laden"]


def test_columns_that_the_contract_does_not_know_stay_beside_it_as_text(small_city, change):
    change(small_city / "boroughs.csv", "name\n", "name,Einwohner\n")
    change(small_city / "boroughs.csv", "Mitte", "Mitte,12")
    change(small_city / "boroughs.csv", "Rand", "Rand,007")
    assert check_table(small_city, "boroughs").boroughs["Einwohner"].tolist() == ["12", "007"]


def test_numbers_among_the_attributes_of_shapes_change_nothing(small_city):
    file = small_city / "districts.geojson"
    document = json.loads(file.read_text())
    for number, feature in enumerate(document["features"]):
        feature["properties"] |= {"OBJECTID": number, "Shape_Area": 1e6 + 0.5, "_gid": None}
    file.write_text(json.dumps(document))
    districts = check_table(small_city, "districts").districts
    assert districts["OBJECTID"].tolist() == ["0", "1", "2", "3"]
    assert districts["area_km2"].tolist() == [1.0] * 4
    assert districts.area.tolist() == pytest.approx([1e6] * 4)


def add_source(folder, change, text):
    toml = folder / "programme.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + f"\n[[sources]]\n{text}\n", encoding="utf-8")


def test_several_files_fill_one_table(small_city, change):
    (small_city / "more.csv").write_text(
        "contact_id,occurred_on,kind,Ampel\n"
        "c9,2025-01-01,advice,grün\n"
        "c10,2025-01-02,advice,rot\n"
        "c11,nie,advice,rot\n"
    )
    add_source(small_city, change, 'table = "contacts"\npath = "more.csv"')
    data = check_table(small_city, "contacts")
    assert data.contacts["contact_id"].tolist() == [f"c{n}" for n in range(1, 11)]
    assert data.contacts["Ampel"].tolist()[-2:] == ["grün", "rot"]
    assert data.contacts["Ampel"].isna().sum() == 8
    reads = data.reads[data.reads["table"] == "contacts"]
    assert reads[["file", "rows_read", "accepted", "set_aside"]].to_numpy().tolist() == [
        ["contacts.csv", 8, 8, 0],
        ["more.csv", 3, 2, 1],
    ]
    assert faults_of(data, "contacts") == [(4, "occurred_on", "nie", "date", "")]
    assert_nothing_is_lost(data)


def test_a_row_of_two_files_is_kept_once_if_they_say_the_same(small_city, change):
    shutil.copy(small_city / "contacts.csv", small_city / "again.csv")
    add_source(small_city, change, 'table = "contacts"\npath = "again.csv"')
    data = check(small_city)
    assert len(data.contacts) == 8
    assert set(data.faults["source"]) == {"again.csv"}
    assert set(data.faults["rule"]) == {"duplicate_row"}
    assert "contacts from again.csv: 8 of 8 rows set aside" in str(data.obstacles()[0])


def test_a_key_of_two_files_that_differ_is_a_broken_key_in_both(small_city, change):
    (small_city / "again.csv").write_text("contact_id,occurred_on,kind\nc1,2024-01-06,advice\n")
    add_source(small_city, change, 'table = "contacts"\npath = "again.csv"')
    data = check(small_city)
    assert data.faults[["source", "rule"]].to_numpy().tolist() == [
        ["again.csv", "key"],
        ["contacts.csv", "key"],
    ]
    assert len(data.obstacles()) == 2


def test_points_may_come_as_degrees_and_as_shapes_of_another_system_in_one_table(
    small_city, change
):
    shapes = gpd.GeoDataFrame(
        {"site_id": ["s3"], "name": ["Ufer"], "kind": ["werkstadt"], "lon": [None], "lat": [None]},
        geometry=[shapely.Point(318500, 5690500)],
        crs="EPSG:25833",
    )
    shapes.to_crs("EPSG:25832").to_file(small_city / "more.gpkg")
    add_source(small_city, change, 'table = "sites"\npath = "more.gpkg"')
    sites = check_table(small_city, "sites").sites
    assert sites["district_id"].tolist() == ["01", "03", "02"]
    assert sites.geometry.iloc[2].x == pytest.approx(318500)
    assert sites.geometry.iloc[0].x == pytest.approx(317500, abs=0.1)
    assert sites.crs == "EPSG:25833"


def test_districts_may_come_in_two_files_of_two_systems(small_city, change):
    file = small_city / "districts.geojson"
    shapes = gpd.read_file(file).set_crs("EPSG:25833", allow_override=True)
    shapes[:3].to_file(file)
    shapes[3:].to_crs("EPSG:4326").to_file(small_city / "rest.geojson")
    document = json.loads(file.read_text())
    document.pop("crs", None)
    file.write_text(json.dumps(document))
    add_source(small_city, change, 'table = "districts"\npath = "rest.geojson"')
    districts = check_table(small_city, "districts").districts
    assert districts["district_id"].tolist() == ["01", "02", "03", "04"]
    assert districts.area.tolist() == pytest.approx([1e6] * 4, abs=1)


def test_a_shape_where_none_is_wanted_is_left_out(small_city, change):
    shapes = gpd.GeoDataFrame(
        {"grant_id": ["g9"], "business_id": ["b1"], "measure_id": ["beihilfe"],
         "applied_on": ["2024-01-10"], "status": ["applied"]},
        geometry=[shapely.Point(12.38, 51.34)], crs="EPSG:4326",
    )  # fmt: skip
    shapes.to_file(small_city / "more.geojson")
    add_source(small_city, change, 'table = "grants"\npath = "more.geojson"')
    data = load(small_city)
    assert data.grants["grant_id"].tolist()[-1] == "g9"
    assert type(data.grants) is pd.DataFrame
    assert "geometry" not in data.grants
