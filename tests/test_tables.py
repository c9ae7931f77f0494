import pandas as pd
import pytest

from ostwerk_analysis.codes import wz_section
from ostwerk_analysis.rules import RULES
from ostwerk_analysis.tables import KINDS, RELATIONS, TABLES, broken_rules

DAY = pd.Timestamp

BROKEN = [
    # table, row, cells changed, column and rule broken, what was expected
    ("boroughs", 0, {"name": None}, "name", "required", ""),
    ("districts", 1, {"area_km2": -1.0}, "area_km2", "range", "0 or more"),
    ("districts", 1, {"district_id": None}, "district_id", "required", ""),
    ("districts", 1, {"valid_from": DAY("2024-01-02"), "valid_to": DAY("2024-01-01")},
     "valid_to", "order", "on or after valid_from"),
    ("sites", 0, {"kind": "office"}, "kind", "allowed", "werkstadt, contact_point"),
    ("sites", 0, {"kind": None}, "kind", "required", ""),
    ("sites", 0, {"closed_on": DAY("2023-12-31")}, "closed_on", "order", "on or after opened_on"),
    ("sites", 0, {"lon": 181.0}, "lon", "range", "from -180 to 180"),
    ("sites", 0, {"lat": None}, "lat", "needs", "lon is filled in"),
    ("businesses", 0, {"wz_code": "4711"}, "wz_code", "pattern", "a code of the WZ such as 47.11"),
    ("businesses", 0, {"wz_version": "2003"}, "wz_version", "allowed", "2008, 2025"),
    ("businesses", 0, {"employees_fte": -0.5}, "employees_fte", "range", "0 or more"),
    ("businesses", 0, {"turnover_eur": -1.0}, "turnover_eur", "range", "0 or more"),
    ("businesses", 0, {"closed_on": DAY("2010-04-30")}, "closed_on", "order",
     "on or after founded_on"),
    ("businesses", 4, {"lat": 91.0}, "lat", "range", "from -90 to 90"),
    ("businesses", 4, {"lon": None}, "lon", "needs", "lat is filled in"),
    ("participants", 0, {"entered_on": None}, "entered_on", "required", ""),
    ("participants", 0, {"left_on": DAY("2024-01-14")}, "left_on", "order",
     "on or after entered_on"),
    ("contacts", 0, {"kind": "phone"}, "kind", "allowed",
     "first_contact, advice, startup_advice, network_event, community_event"),
    ("contacts", 0, {"hours": -1.0}, "hours", "range", "0 or more"),
    ("contacts", 0, {"occurred_on": None}, "occurred_on", "required", ""),
    ("grants", 0, {"status": "done"}, "status", "allowed",
     "applied, approved, rejected, withdrawn, paid, completed"),
    ("grants", 0, {"approved_on": DAY("2024-01-09")}, "approved_on", "order",
     "on or after applied_on"),
    ("grants", 0, {"paid_on": DAY("2024-01-31")}, "paid_on", "order", "on or after approved_on"),
    ("grants", 0, {"completed_on": DAY("2024-01-31")}, "completed_on", "order",
     "on or after approved_on"),
    ("grants", 0, {"paid_eur": 4000.01}, "paid_eur", "order", "at most grant_eur"),
    ("grants", 0, {"grant_eur": 10000.01}, "grant_eur", "order", "at most eligible_cost_eur"),
    ("grants", 2, {"approved_on": None}, "approved_on", "needs",
     "status is approved or paid or completed"),
    ("grants", 2, {"grant_eur": None}, "grant_eur", "needs",
     "status is approved or paid or completed"),
    ("grants", 1, {"paid_on": None}, "paid_on", "needs", "status is paid or completed"),
    ("grants", 1, {"paid_eur": None}, "paid_eur", "needs", "status is paid or completed"),
    ("grants", 1, {"measure_id": None}, "measure_id", "required", ""),
    ("funding_shares", 0, {"fund": "EFRE"}, "fund", "allowed", "ERDF, ESF, federal, state, city"),
    ("funding_shares", 0, {"share_pct": 100.5}, "share_pct", "range", "from 0 to 100"),
    ("funding_shares", 0, {"share_pct": None}, "share_pct", "required", ""),
    ("enterprise_years", 0, {"year": 1066}, "year", "range", "from 1990 to 2100"),
    ("enterprise_years", 0, {"year": None}, "year", "required", ""),
    ("jobs", 0, {"kind": "lost"}, "kind", "allowed", "created, secured, training_place"),
    ("jobs", 0, {"status": "done"}, "status", "allowed", "promised, claimed, verified, retained"),
    ("jobs", 0, {"fte": None}, "fte", "required", ""),
    ("jobs", 0, {"headcount": -1}, "headcount", "range", "0 or more"),
    ("statistics", 0, {"area_level": "region"}, "area_level", "allowed", "district, borough, city"),
    ("statistics", 0, {"period": "2024-Q5"}, "period", "pattern", "2026-Q3 or 2026"),
    ("statistics", 0, {"obs_status": "X"}, "obs_status", "allowed", "A, M, E, P, B"),
    ("statistics", 0, {"obs_status": "M"}, "value", "empty", "obs_status is M"),
    ("operations", 0, {"total_cost_eur": None}, "total_cost_eur", "required", ""),
    ("operations", 0, {"eu_rate_pct": 101.0}, "eu_rate_pct", "range", "from 0 to 100"),
    ("operations", 0, {"ends_on": DAY("2023-12-31")}, "ends_on", "order", "on or after started_on"),
]  # fmt: skip


# The small city's people walk in a straight line, so its tables have no network.
WALKED = {
    "network_nodes": pd.DataFrame(
        {"node_id": ["n1", "n2"], "lon": [12.37, 12.38], "lat": [51.34, 51.34]}
    ),
    "network_edges": pd.DataFrame({"from_id": ["n1"], "to_id": ["n2"], "length_m": [700.0]}),
}


def sound(data, name):
    """Give the rows of a table that break no rule, with the columns of its contract."""
    contract = TABLES[name]
    if name not in WALKED:
        return pd.DataFrame(data.tables[name][list(contract.columns)])
    kinds = {column: KINDS[one.metadata["kind"]] for column, one in contract.columns.items()}
    return WALKED[name].reindex(columns=list(kinds)).astype(kinds)


@pytest.mark.parametrize("name", TABLES)
def test_sound_rows_break_no_rule(small_data, name):
    assert broken_rules(sound(small_data, name), TABLES[name]).empty


@pytest.mark.parametrize(("name", "row", "cells", "column", "rule", "expected"), BROKEN)
def test_a_broken_rule_is_found_in_its_row_and_column_alone(
    small_data, name, row, cells, column, rule, expected
):
    frame = sound(small_data, name)
    for changed, value in cells.items():
        frame.loc[row, changed] = value
    found = broken_rules(frame, TABLES[name]).to_dict("records")
    assert found == [{"row": row, "column": column, "rule": rule, "expected": expected}]


def test_the_cases_break_every_rule_that_a_contract_can_state():
    stated = {
        check.error.split("|")[0]
        for contract in TABLES.values()
        for check in [
            *contract.checks,
            *(c for col in contract.columns.values() for c in col.checks),
        ]
    }
    assert {rule for *_, rule, _ in BROKEN} == stated | {"required"}


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_a_loaded_table_has_the_type_of_its_kind(small_data, name):
    kinds = {
        column: KINDS[declared.metadata["kind"]]
        for column, declared in TABLES[name].columns.items()
    }
    assert sound(small_data, name).dtypes.astype(str).to_dict() == kinds


def test_an_empty_key_is_missing_and_does_not_stand_twice(small_data):
    rows = small_data.businesses.head(2).assign(business_id=pd.Series([None, None], dtype="str"))
    found = broken_rules(rows[list(TABLES["businesses"].columns)], TABLES["businesses"])
    assert found[["row", "rule"]].to_numpy().tolist() == [[0, "required"], [1, "required"]]


@pytest.mark.parametrize("name", TABLES)
def test_a_key_that_stands_twice_is_found_in_both_rows(small_data, name):
    frame = sound(small_data, name)
    twice = pd.concat([frame, frame.iloc[[0]]], ignore_index=True)
    found = broken_rules(twice, TABLES[name])
    key = " and ".join(TABLES[name].unique)
    assert found["row"].tolist() == [0, len(frame)]
    assert set(found["rule"]) == {"key"}
    assert set(found["column"]) == {key}


def test_a_row_that_breaks_several_rules_is_listed_for_each(small_data):
    frame = sound(small_data, "grants")
    frame.loc[0, ["status", "eligible_cost_eur"]] = ["done", 100.0]
    found = broken_rules(frame, TABLES["grants"])
    assert found[["column", "rule"]].to_numpy().tolist() == [
        ["grant_eur", "order"],
        ["status", "allowed"],
    ]


def test_rows_are_named_by_the_index_of_the_frame(small_data):
    frame = sound(small_data, "jobs").set_axis(range(100, 107))
    frame.loc[103, "fte"] = -1.0
    assert broken_rules(frame, TABLES["jobs"])["row"].tolist() == [103]


def test_no_row_breaks_a_rule_of_an_empty_table(small_data):
    for name, contract in TABLES.items():
        assert broken_rules(sound(small_data, name).iloc[:0], contract).empty


def test_a_frame_of_wrong_types_is_our_mistake_and_not_a_fault_of_the_data(small_data):
    frame = sound(small_data, "jobs").astype({"fte": "str"})
    with pytest.raises(TypeError, match="frame does not fit its contract"):
        broken_rules(frame, TABLES["jobs"])


@pytest.mark.parametrize("name", TABLES)
def test_every_rule_of_a_contract_is_known_and_names_a_column(name):
    contract = TABLES[name]
    for column in contract.columns.values():
        assert column.metadata["kind"] in KINDS
        for check in column.checks:
            rule, expected = check.error.split("|")
            assert rule in RULES
            assert expected
    for check in contract.checks:
        rule, column, expected = check.error.split("|")
        assert rule in RULES
        assert column in contract.columns
        assert expected
    assert set(contract.unique) <= contract.columns.keys()


def test_what_a_table_refers_to_is_checked_before_it():
    order = list(TABLES)
    for name, columns in RELATIONS.items():
        for column, other in columns.items():
            assert column in TABLES[name].columns
            assert other == "measures" or order.index(other) < order.index(name)
            assert other == "measures" or len(TABLES[other].unique) == 1


@pytest.mark.parametrize(
    ("code", "version", "section"),
    [
        ("47.11", "2008", "G"),
        ("47.11.0", None, "G"),
        ("45.20", "2008", "G"),
        ("45.20", "2025", None),
        ("62.01", "2008", "J"),
        ("62.01", "2025", "2025-K"),
        ("96", "2025", "2025-T"),
        ("S", "2008", "S"),
        ("V", "2025", "2025-V"),
        ("V", "2008", None),
        ("01.1", "2008", "A"),
        ("99", "2008", "U"),
        ("99", "2025", "2025-V"),
        ("00", "2008", None),
        ("04", "2008", None),
        (None, "2008", None),
        ("47.11", "2003", None),
    ],
)
def test_a_code_belongs_to_the_section_of_its_edition(code, version, section):
    pair = pd.Series([code], dtype="str"), pd.Series([version], dtype="str")
    found = wz_section(*pair)
    assert found.dtype == "str"
    assert found.astype(object).where(found.notna(), None).tolist() == [section]


def test_sections_keep_the_order_and_index_of_the_codes():
    index = [7, 3, 5]
    codes = pd.Series(["47", "01", None], index, dtype="str")
    found = wz_section(codes, pd.Series([None, "2025", "2008"], index, dtype="str"))
    pd.testing.assert_series_equal(found, pd.Series(["G", "2025-A", None], index, dtype="str"))
