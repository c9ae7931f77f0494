import hashlib
import json
import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostwerk_analysis import load, loading
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.loading import check
from ostwerk_analysis.tables import TABLES

from .checked import assert_nothing_is_lost, check_table, faults_of

SMALL_CITY = Path(__file__).parent / "small_city"


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        load(path, **options)
    return str(caught.value)


def test_sound_files_are_accepted_whole(small_data):
    assert small_data.faults.empty
    assert small_data.set_aside == {}
    assert small_data.obstacles() == []
    assert_nothing_is_lost(small_data)
    assert list(small_data.tables) == [name for name in TABLES if not name.startswith("network")]
    for name in set(small_data.tables) - {"districts"}:
        lines = (SMALL_CITY / f"{name}.csv").read_text().splitlines()
        assert len(small_data.tables[name]) == len(lines) - 1


ONE_FAULT = [
    # file, what stands there, what shall; line, column, value, rule, expected
    ("businesses.csv", "b2,01,,,10.71", "b2,01,,,1071",
     3, "wz_code", "1071", "pattern", "a code of the WZ such as 47.11"),
    ("businesses.csv", "b2,01,,,10.71", "b2,01,,,00.71",
     3, "wz_code", "00.71", "pattern", "a code of the WZ such as 47.11"),
    ("businesses.csv", "b2,01,,,10.71,2008", "b2,01,,,10.71,2003",
     3, "wz_version", "2003", "allowed", "2008, 2025"),
    ("businesses.csv", ",,12,ja", ",,zwölf,ja", 3, "employees_fte", "zwölf", "number", ""),
    ("businesses.csv", "2024-02-15", "2024-02-30", 3, "founded_on", "2024-02-30", "date", ""),
    ("businesses.csv", "12,ja", "12,x", 3, "is_owner_operated", "x", "boolean", ""),
    ("businesses.csv", "b7,04", "b7,", 8, "district_id", "", "needs",
     "there is neither a point nor an address"),
    ("businesses.csv", "b8,04", "b8,03", 9, "district_id", "03", "elsewhere", "04"),
    ("businesses.csv", ",51.345756", ",", 9, "lat", "", "needs", "lon is filled in"),
    ("jobs.csv", "1,1,ja,g3\nj2", "1,1.5,ja,g3\nj2", 5, "headcount", "1.5", "whole_number", ""),
    ("contacts.csv", "c6,2024-07-01", "c6,", 7, "occurred_on", "", "required", ""),
    ("contacts.csv", "community_event", "party", 7, "kind", "party", "allowed",
     "first_contact, advice, startup_advice, network_event, community_event"),
    ("contacts.csv", "s2,,3,,", "s2,,-3,,", 7, "hours", "-3", "range", "0 or more"),
    ("contacts.csv", "s2,s1,0.5", "s2,s9,0.5", 4, "referred_to_site_id", "s9", "unknown", "sites"),
    ("participants.csv", "01-15,2024-06-30", "01-15,2024-01-14",
     2, "left_on", "2024-01-14", "order", "on or after entered_on"),
    ("participants.csv", "employed,04", "employed,44",
     6, "district_id", "44", "unknown", "districts"),
    ("grants.csv", "approved,2025-01-15", "approved,",
     5, "approved_on", "", "needs", "status is approved or paid or completed"),
    ("grants.csv", "b7,beihilfe", "b7,hilfe", 8, "measure_id", "hilfe", "unknown", "measures"),
    ("statistics.csv", "unemployed,40,", "unemployed,40,M",
     11, "value", "40", "empty", "obs_status is M"),
    ("statistics.csv", "04,,2024,res", "05,,2024,res",
     5, "district_id", "05", "unknown", "districts"),
    ("statistics.csv", "stadt,city", "dorf,city", 14, "district_id", "dorf", "unknown", "city"),
    ("statistics.csv", "stadt,city", "C,borough", 14, "district_id", "C", "unknown", "boroughs"),
    ("sites.csv", "12.379453,51.345436", "51.345436,12.379453",
     3, "lon and lat", "51.345436, 12.379453", "outside", ""),
    ("districts.geojson", '"04", "name": "Wald", "borough_id": "B"',
     '"04", "name": "Wald", "borough_id": "C"', 4, "borough_id", "C", "unknown", "boroughs"),
    ("operations.csv", "v2,Bildungswerk,Kurs", "v2,Bildungswerk,Kurs,neu",
     3, "", "v2,Bildungswerk,Kurs,neu,training,2024-07-01,2024-12-31,60000,ESF,60,Musterstadt,"
     "Education", "cells", "11"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "column", "value", "rule", "expected"), ONE_FAULT
)
def test_a_faulty_row_is_set_aside_and_its_fault_says_where_and_what(
    small_city, change, file, old, new, line, column, value, rule, expected
):
    change(small_city / file, old, new)
    table = file.split(".")[0]
    data = check_table(small_city, table)
    assert faults_of(data, table) == [(line, column, value, rule, expected)]
    assert data.set_aside[table]["_line"].astype(int).tolist() == [line]
    assert data.set_aside[table]["_file"].tolist() == [file]
    assert_nothing_is_lost(data)


def test_each_fault_of_a_row_is_named_and_the_row_is_set_aside_once(small_city, change):
    change(small_city / "grants.csv", "g2,b1,beihilfe,2024-05-01", "g2,b99,hilfe,irgendwann")
    data = check_table(small_city, "grants")
    assert faults_of(data, "grants") == [
        (3, "applied_on", "irgendwann", "date", ""),
        (3, "business_id", "b99", "unknown", "businesses"),
        (3, "measure_id", "hilfe", "unknown", "measures"),
    ]
    assert data.set_aside["grants"]["_rules"].tolist() == ["date, unknown"]
    assert data.set_aside["grants"]["applied_on"].tolist() == ["irgendwann"]
    assert_nothing_is_lost(data)


def test_a_business_set_aside_takes_what_refers_to_it_with_it(small_city, change):
    change(small_city / "businesses.csv", "b1,01,,,47.11", "b1,01,,,4711")
    data = check(small_city)
    assert data.grants["grant_id"].tolist() == ["g3", "g4", "g5", "g6", "g7"]
    assert data.funding_shares["grant_id"].tolist() == ["g3", "g4", "g4"]
    assert data.jobs["job_id"].tolist() == ["j2", "j2", "j4"]
    assert data.contacts["contact_id"].tolist() == ["c3", "c4", "c5", "c6", "c7"]
    assert set(data.faults.loc[data.faults["table"] != "businesses", "rule"]) == {"unknown"}
    assert_nothing_is_lost(data)


def test_a_key_that_stands_twice_sets_both_rows_aside(small_city, change):
    change(small_city / "grants.csv", "g6,b6", "g5,b6")
    data = check_table(small_city, "grants")
    assert faults_of(data, "grants") == [
        (6, "grant_id", "g5", "key", ""),
        (7, "grant_id", "g5", "key", ""),
    ]
    assert_nothing_is_lost(data)


def test_a_row_that_stands_twice_the_same_is_kept_once(small_city, change):
    row = "c7,2025-01-10,network_event,b7,,,,2,de,\n"
    change(small_city / "contacts.csv", row, row + row)
    data = check_table(small_city, "contacts")
    assert faults_of(data, "contacts") == [(9, "contact_id", "c7", "duplicate_row", "")]
    assert data.contacts["contact_id"].tolist() == [f"c{n}" for n in range(1, 9)]
    assert_nothing_is_lost(data)


def test_two_shapes_with_one_code_are_no_row_that_stands_twice(small_city):
    file = small_city / "districts.geojson"
    document = json.loads(file.read_text())
    exclave = json.loads(json.dumps(document["features"][3]))
    exclave["geometry"] = shapely.geometry.mapping(shapely.box(319500, 5691000, 319600, 5691100))
    file.write_text(json.dumps(document | {"features": [*document["features"], exclave]}))
    data = check(small_city)
    assert [fault[3] for fault in faults_of(data, "districts")] == ["key", "key"]
    assert "districts" in str(data.obstacles()[0])


def test_shares_that_do_not_add_up_to_the_grant_are_set_aside_together(small_city, change):
    change(small_city / "funding_shares.csv", "g2,city,50", "g2,city,40")
    data = check_table(small_city, "funding_shares")
    assert faults_of(data, "funding_shares") == [
        (4, "grant_id", "g2", "sum", "90"),
        (5, "grant_id", "g2", "sum", "90"),
    ]
    assert_nothing_is_lost(data)


def test_a_share_set_aside_takes_the_other_shares_of_its_grant_with_it(small_city, change):
    change(small_city / "funding_shares.csv", "g4,federal", "g4,Bund")
    data = check_table(small_city, "funding_shares")
    assert [(fault[0], fault[3], fault[4]) for fault in faults_of(data, "funding_shares")] == [
        (7, "sum", "60"),
        (8, "allowed", "ERDF, ESF, federal, state, city"),
    ]
    assert data.funding_shares.groupby("grant_id")["share_pct"].sum().tolist() == [100] * 3


def test_shares_rounded_to_two_places_add_up(small_city, change):
    thirds = "g3,ERDF,33.33\ng3,state,33.33\ng3,city,33.33\n"
    change(small_city / "funding_shares.csv", "g3,city,100\n", thirds)
    assert check(small_city).faults.empty


def test_rungs_reached_in_the_wrong_order_set_the_job_aside(small_city, change):
    change(small_city / "jobs.csv", "claimed,2024-05-01", "claimed,2024-01-01")
    data = check_table(small_city, "jobs")
    assert [fault[:4] for fault in faults_of(data, "jobs")] == [
        (2, "status_on", "2024-02-01", "order"),
        (3, "status_on", "2024-01-01", "order"),
        (4, "status_on", "2024-10-01", "order"),
    ]
    assert data.jobs["job_id"].unique().tolist() == ["j2", "j3", "j4"]


def test_lines_are_those_of_the_file_where_cells_have_several(small_city, change):
    change(small_city / "contacts.csv", "1.5,de,grant", '1.5,de,"a\nb ""c""\n\nd"')
    change(small_city / "contacts.csv", "2025-06-30,advice", "2025-06-31,advice")
    data = check_table(small_city, "contacts")
    assert faults_of(data, "contacts") == [(12, "occurred_on", "2025-06-31", "date", "")]
    assert data.contacts.loc[1, "topic"] == 'a\nb "c"\n\nd'


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["businesses", "grants", "funding_shares", "jobs", "contacts"]),
            st.integers(1, 6),
            st.integers(0, 8),
            st.sampled_from(["", "x", "-1", "g1", "b1", "2024-13-01", "ü;", "1.5"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_stands_in_the_files_no_row_is_lost(tmp_path_factory, broken):
    folder = Path(shutil.copytree(SMALL_CITY, tmp_path_factory.mktemp("broken") / "city"))
    for table, line, column, value in broken:
        file = folder / f"{table}.csv"
        lines = [row.split(",") for row in file.read_text().splitlines()]
        lines[line][column % len(lines[line])] = value
        file.write_text("\n".join(",".join(row) for row in lines) + "\n")
    assert_nothing_is_lost(check(folder))


# What stops a run


def test_a_broken_key_is_never_allowed(small_city, change):
    change(small_city / "programme.toml", "seed = 7", "fault_limit_pct = 100")
    change(small_city / "grants.csv", "g6,b6", "g5,b6")
    assert (
        "grants from grants.csv: 2 of 7 rows set aside (28.6 %, allowed 100 %), 2 of them for "
        "their key: none may be empty or stand twice. The first: grants.csv, line 6: g5 in "
        "grant_id stands in more than one row." in refusal(small_city)
    )


def test_an_empty_key_is_never_allowed(small_city, change):
    change(small_city / "programme.toml", "seed = 7", "fault_limit_pct = 100")
    change(small_city / "contacts.csv", "c6,2024", ",2024")
    said = refusal(small_city)
    assert "The first: contacts.csv, line 7: contact_id is empty." in said


def write_statistics(folder, rows, wrong):
    lines = [f"01,{1900 + n},craft_businesses,{'x' if n < wrong else n}" for n in range(rows)]
    header = "district_id,period,statistic,value"
    (folder / "statistics.csv").write_text("\n".join([header, *lines]) + "\n")


def test_one_row_in_a_hundred_may_be_set_aside_and_not_two(small_city):
    write_statistics(small_city, 100, 1)
    assert len(load(small_city).statistics) == 99
    write_statistics(small_city, 100, 2)
    said = refusal(small_city)
    assert "statistics from statistics.csv: 2 of 100 rows set aside (2.0 %, allowed 1 %)" in said
    assert "The first: statistics.csv, line 2: x in value is not a number." in said


def test_a_row_with_two_faults_counts_once_against_the_limit(small_city, change):
    write_statistics(small_city, 100, 1)
    change(small_city / "statistics.csv", "01,1900,craft_businesses,x", "99,190,craft,x")
    data = load(small_city)
    assert len(data.faults) == 3
    assert data.reads.set_index("table").loc["statistics", "set_aside"] == 1


def test_a_source_may_have_a_limit_of_its_own(small_city, change):
    write_statistics(small_city, 100, 2)
    source = 'path = "statistics.csv"'
    change(small_city / "programme.toml", source, source + "\nfault_limit_pct = 2")
    assert len(load(small_city).statistics) == 98


def test_rows_not_asked_for_do_not_dilute_the_share_of_faults(small_city, change):
    write_statistics(small_city, 100, 2)
    rest = "".join(f"02,{1900 + n},other,{n}\n" for n in range(200))
    with (small_city / "statistics.csv").open("a") as file:
        file.write(rest)
    source = 'path = "statistics.csv"'
    kept = source + '\nwhere = { statistic = ["craft_businesses"] }'
    change(small_city / "programme.toml", source, kept)
    assert "2 of 100 rows set aside (2.0 %, allowed 1 %)" in refusal(small_city)
    read = check(small_city).reads.set_index("table").loc["statistics"]
    assert read[["rows_read", "accepted", "set_aside", "skipped"]].tolist() == [300, 98, 2, 200]


def test_all_that_stops_a_run_is_said_at_once(small_city, change):
    write_statistics(small_city, 100, 2)
    change(small_city / "grants.csv", "g6,b6", "g5,b6")
    change(small_city / "programme.toml", '["02"]', '["O2"]')
    said = refusal(small_city)
    assert "grants from grants.csv" in said
    assert "statistics from statistics.csv" in said
    assert "the area vergleich has the district O2" in said
    assert f"ostwerk check {small_city / 'programme.toml'}" in said


def test_an_area_with_an_unknown_district_is_refused_with_the_nearest(small_city, change):
    change(small_city / "programme.toml", '["01", "03"]', '["01", "3"]')
    said = refusal(small_city)
    assert "the area quartier has the district 3, " in said
    assert "the nearest is 03." in said


def test_an_area_does_not_silently_lose_a_district_that_is_set_aside(small_city, change):
    change(small_city / "programme.toml", "seed = 7", "fault_limit_pct = 100")
    change(small_city / "districts.geojson", '"Ufer", "borough_id": "A", "area_km2": 1.0',
           '"Ufer", "borough_id": "A", "area_km2": -1.0')  # fmt: skip
    assert "the area vergleich has the district 02" in refusal(small_city)


def test_a_refusal_is_said_in_german_too(small_city, change, monkeypatch):
    from ostwerk_analysis import language

    german = {"{value} in {column} is not a date.": "{value} in {column} ist kein Datum."}
    monkeypatch.setattr(language, "_german", lambda: german)
    change(small_city / "grants.csv", "2024-04-02", "gestern")
    with pytest.raises(DataError) as caught:
        load(small_city)
    assert "gestern in applied_on ist kein Datum." in caught.value.text("de")


# Files as a whole


def test_all_unreadable_files_are_named_at_once(small_city):
    (small_city / "grants.csv").unlink()
    (small_city / "jobs.csv").write_text("")
    (small_city / "sites.csv").unlink()
    (small_city / "sites.csv").mkdir()
    said = refusal(small_city)
    assert "grants: " in said
    assert "grants.csv is not there, or is not a plain file" in said
    assert "jobs: jobs.csv is empty" in said
    assert "sites.csv is not there, or is not a plain file" in said


def test_a_file_outside_the_folder_is_not_read(small_city, change):
    shutil.copy(small_city / "grants.csv", small_city.parent / "grants.csv")
    change(small_city / "programme.toml", '"grants.csv"', '"../grants.csv"')
    assert "grants: programme.toml: the source ../grants.csv lies outside" in refusal(small_city)


def test_an_unknown_table_names_the_nearest(small_city, change):
    change(small_city / "programme.toml", 'table = "grants"', 'table = "grant"')
    assert "there is no table 'grant'; did you mean 'grants'?" in refusal(small_city)


def test_a_programme_needs_districts(small_city, change):
    source = '[[sources]]\ntable = "districts"\npath = "districts.geojson"\ncrs = "EPSG:25833"\n'
    change(small_city / "programme.toml", source, "")
    assert "no source fills the table districts" in refusal(small_city)


def test_districts_without_shapes_are_refused(small_city, change):
    (small_city / "districts.csv").write_text("district_id,name\n01,Markt\n")
    change(small_city / "programme.toml", 'path = "districts.geojson"\ncrs = "EPSG:25833"',
           'path = "districts.csv"')  # fmt: skip
    assert "districts.csv has no shapes, which the table districts needs" in refusal(small_city)


def test_a_system_in_degrees_is_refused(small_city, change):
    toml = small_city / "programme.toml"
    change(toml, 'crs = "EPSG:25833"\nseed', 'crs = "EPSG:4326"\nseed')
    assert "crs EPSG:4326 is not a projection in metres" in refusal(small_city)


def test_a_missing_column_is_one_message_and_not_one_for_each_row(small_city, change):
    change(small_city / "grants.csv", "applied_on,status", "applied_on,Stand")
    said = refusal(small_city)
    assert "grants.csv has no column 'status', which the table grants needs; the nearest is" in said
    assert said.count("\n") == 0


def test_where_no_column_is_near_those_of_the_file_are_named(small_city):
    (small_city / "grants.csv").write_text("Nr;Umsatz in €\n1;2\n", encoding="utf-8")
    assert (
        "grants.csv has no column 'grant_id', which the table grants needs, but Nr, Umsatz in €. "
        "Name it under columns in programme.toml." in refusal(small_city)
    )


def test_a_public_list_read_as_a_plain_table_is_pointed_to_its_format(small_city):
    (small_city / "operations.csv").write_text("Begünstigter;Bezeichnung\nA;B\n", encoding="utf-8")
    assert 'State format = "operations" in programme.toml if this is a' in refusal(small_city)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("columns", '{ statsu = "status" }'),
        ("values", '{ statsu = { a = "b" } }'),
        ("constants", '{ statsu = "paid" }'),
    ],
)
def test_a_source_that_names_an_unknown_column_is_refused(small_city, change, key, value):
    source = 'path = "grants.csv"'
    change(small_city / "programme.toml", source, f"{source}\n{key} = {value}")
    said = refusal(small_city)
    if key == "values":  # the reader looks for the column in the file before
        assert "grants.csv has no column 'statsu'; the nearest is 'status'." in said
    else:
        assert f"has no column 'statsu', which {key} in programme.toml names; did you mean " in said
        assert "'status'?" in said


def test_a_condition_that_keeps_no_row_is_refused(small_city, change):
    source = 'path = "operations.csv"'
    change(small_city / "programme.toml", source, source + '\nwhere = { location = ["Leipzg"] }')
    assert "operations.csv: where keeps none of 3 rows." in refusal(small_city)


def test_numbers_that_can_be_read_in_two_ways_are_refused_in_all_tables_at_once(small_city, change):
    change(small_city / "operations.csv", "ESF,60,Musterstadt,Education", "ESF,60,M,E")
    for old, new in (("500000", "500.000"), ("60000", "60.000"), ("20000", "20.000")):
        change(small_city / "operations.csv", f",{old},", f",{new},")
    jobs = (small_city / "jobs.csv").read_text().replace(",1.5,", ",1.500,")
    (small_city / "jobs.csv").write_text(jobs)
    said = refusal(small_city)
    assert "operations: operations.csv: total_cost_eur: numbers such as '500.000' can be" in said
    # The first cell of jobs is 2, which can be read in one way only.
    assert "jobs: jobs.csv: fte: numbers such as '1.500' can be read in two ways." in said
    source = 'path = "operations.csv"'
    change(small_city / "programme.toml", source, source + '\ndecimal_mark = ","')
    source = 'path = "jobs.csv"'
    change(small_city / "programme.toml", source, source + '\ndecimal_mark = "."')
    data = load(small_city)
    assert data.operations["total_cost_eur"].tolist() == [500_000, 60_000, 20_000]
    assert data.jobs["fte"].tolist() == [2, 2, 1.5, 1, 1, 3, 1]


def test_a_file_that_changes_while_it_is_read_is_refused(small_city, monkeypatch):
    read = loading.sources.read

    def disturbed(source, path):
        raw = read(source, path)
        if source.table == "grants":
            path.write_text(path.read_text() + "\n")
        return raw

    monkeypatch.setattr(loading.sources, "read", disturbed)
    assert "grants: grants.csv changed while it was read. Run again" in refusal(small_city)


def test_inputs_are_recorded_with_size_and_hash(small_data):
    content = (SMALL_CITY / "jobs.csv").read_bytes()
    row = small_data.inputs.set_index("file").loc["jobs.csv"]
    assert row["bytes"] == len(content)
    assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(small_data.inputs) == small_data.reads["source"].nunique()


def test_copies_stand_in_for_files_that_are_no_longer_there(small_city, change):
    change(small_city / "operations.csv", "v2,Bildungswerk,Kurs", "v2,Bildungswerk,Kurs,neu")
    copy = small_city / "0a1b2c.csv"
    (small_city / "operations.csv").rename(copy)
    data = check(small_city, files={"operations.csv": copy})
    assert data.faults[["source", "file"]].to_numpy().tolist() == [["operations.csv"] * 2]
    assert data.reads.set_index("table").loc["operations", "set_aside"] == 1
    assert "operations from operations.csv: 1 of 3 rows" in str(data.obstacles()[0])


# Places


def test_a_business_has_the_district_of_its_point(small_data):
    districts = small_data.businesses.set_index("business_id")["district_id"]
    assert districts.to_dict() == {
        "b1": "01", "b2": "01", "b3": "02", "b4": "02", "b5": "03", "b6": "03", "b7": "04",
        "b8": "04",
    }  # fmt: skip


def test_a_point_on_a_border_goes_to_the_lowest_code(small_city, change):
    shapes = gpd.GeoDataFrame(
        {"site_id": ["s1", "s2"], "name": ["a", "b"], "kind": ["werkstadt"] * 2},
        geometry=[shapely.Point(318000, 5691000), shapely.Point(318500, 5691000)],
        crs="EPSG:25833",
    )
    shapes.to_file(small_city / "sites.gpkg")
    change(small_city / "programme.toml", '"sites.csv"', '"sites.gpkg"')
    assert check_table(small_city, "sites").sites["district_id"].tolist() == ["01", "02"]


def test_a_site_without_a_point_is_accepted_without_a_district(small_city, change):
    change(small_city / "sites.csv", "werkstadt,12.379966,51.336453", "werkstadt,,")
    sites = check_table(small_city, "sites").sites
    assert sites["district_id"].isna().tolist() == [True, False]
    assert sites.geometry.isna().tolist() == [True, False]


def test_a_point_beyond_the_poles_is_a_fault_and_no_crash(small_city, change):
    change(small_city / "sites.csv", "12.379453,51.345436", "12.379453,95")
    data = check_table(small_city, "sites")
    assert (3, "lat", "95", "range", "from -90 to 90") in faults_of(data, "sites")
    assert data.sites["site_id"].tolist() == ["s1"]


def test_a_coordinate_that_cannot_be_read_is_not_also_called_missing(small_city, change):
    change(small_city / "businesses.csv", "12.379453,51.345436", "12.379453,hier")
    found = faults_of(check_table(small_city, "businesses"), "businesses")
    assert (6, "lat", "hier", "number", "") in found
    assert (6, "lat", "", "needs", "lon is filled in") not in found


def test_the_borough_is_found_from_the_polygons_where_a_district_states_none(small_city, change):
    boroughs = gpd.GeoDataFrame(
        {"borough_id": ["A", "B"], "name": ["Mitte", "Rand"]},
        geometry=[
            shapely.box(317000, 5690000, 319000, 5691000),
            shapely.box(317000, 5691000, 319000, 5692000),
        ],
        crs="EPSG:25833",
    )
    boroughs.to_file(small_city / "boroughs.gpkg")
    change(small_city / "programme.toml", '"boroughs.csv"', '"boroughs.gpkg"')
    text = (small_city / "districts.geojson").read_text()
    (small_city / "districts.geojson").write_text(
        text.replace('"borough_id": "A", ', "").replace('"borough_id": "B", ', "")
    )
    assert check_table(small_city, "districts").districts["borough_id"].tolist() == [
        "A",
        "A",
        "B",
        "B",
    ]


def test_districts_without_boroughs_have_none(small_city, change):
    change(small_city / "programme.toml", '[[sources]]\ntable = "boroughs"\npath = "boroughs.csv"',
           "")  # fmt: skip
    text = (small_city / "districts.geojson").read_text()
    (small_city / "districts.geojson").write_text(
        text.replace('"borough_id": "A", ', "").replace('"borough_id": "B", ', "")
    )
    data = load(small_city)
    assert data.districts["borough_id"].isna().all()
    assert set(data.areas["area_level"]) == {"district", "city", "programme", "comparison"}


# Nothing left


def test_a_table_of_which_every_row_is_set_aside_is_empty_and_harms_no_other(small_city, change):
    change(small_city / "programme.toml", "seed = 7", "fault_limit_pct = 100")
    text = (small_city / "grants.csv").read_text()
    (small_city / "grants.csv").write_text(
        text.replace(",2024-", ",x2024-").replace(",2025-", ",x")
    )
    data = load(small_city)
    assert data.grants.empty
    assert data.grants.dtypes.astype(str).to_dict()["applied_on"] == "datetime64[ns]"
    assert data.funding_shares.empty
    assert data.jobs["job_id"].unique().tolist() == ["j4"]
    assert_nothing_is_lost(data)


def test_a_city_without_a_sound_district_is_refused_and_does_not_crash(small_city, change):
    change(small_city / "programme.toml", "seed = 7", "fault_limit_pct = 100")
    text = (small_city / "districts.geojson").read_text()
    (small_city / "districts.geojson").write_text(text.replace('"area_km2": 1.0', '"area_km2": -1'))
    said = refusal(small_city)
    assert "the area quartier has the district 01" in said
