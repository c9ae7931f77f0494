import dataclasses

import numpy as np
import pandas as pd
import pytest

from ostwerk_analysis.indicators import CATALOGUE, participants, participants_left


def test_persons_are_counted_at_home_else_at_the_site_else_in_the_city(observed):
    # p1 in 01; p3 at s1, which is in 01; p2 in 02; p4 in 03; p5 in 04; p6 nowhere
    quarters = ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2"]
    assert observed.series("participants_entered_to_date", "01") == dict.fromkeys(quarters, 2)
    assert observed.series("participants_entered_to_date", "02") == dict.fromkeys(quarters, 1)
    assert observed.series("participants_entered", "stadt") == {
        "2024-Q1": 3, "2024-Q2": 1, "2024-Q4": 1, "2024": 5, "2025-Q1": 1,
    }  # fmt: skip


def test_persons_are_broken_down_one_dimension_at_a_time(observed):
    assert observed.breakdowns("participants_entered", "stadt", "2025-Q1") == {
        "": 1, "site=unknown": 1, "sex=male": 1, "labour_status=unemployed": 1,
    }  # fmt: skip


def test_those_who_had_work_before_do_not_count_as_employed_by_leaving(observed):
    # p1 found work, p2 did not, p5 had had it on entering, p3 became self-employed
    assert observed.series("participants_left", "stadt") == {
        "2024-Q2": 2, "2024-Q4": 1, "2024": 3, "2025-Q1": 1,
    }  # fmt: skip
    assert observed.series("participants_employed", "stadt") == {
        "2024-Q2": 1, "2024": 1, "2025-Q1": 1,
    }  # fmt: skip


def test_the_share_in_employment_is_per_hundred_who_left_and_had_no_work(observed):
    assert observed.value("participants_employed_share", "stadt", "2024-Q2") == 50  # p1 of p1, p2
    # p1 and p3 of p1, p2 and p3; p5 had work on entering
    share = observed.value("participants_employed_share_to_date", "stadt", "2025-Q2")
    assert share == pytest.approx(200 / 3)
    nobody = observed.row("participants_employed_share", "stadt", "2024-Q4")
    assert np.isnan(nobody["value"])
    assert nobody["obs_status"] == "M"


@pytest.mark.parametrize("statuses", [",employed", "unemployed,"])
def test_who_has_no_known_status_is_in_neither_part_of_the_share(changed, observe, statuses):
    entry = "p1,2024-01-15,2024-06-30,s1,female,25-54,3,unemployed,employed,01"
    without = entry.replace("unemployed,employed", statuses)
    found = observe(
        changed(("participants.csv", entry, without)),
        "participants_left",
        "participants_left_without_work",
        "participants_employed",
    )
    assert found.value("participants_left", "stadt", "2024-Q2") == 2
    assert found.value("participants_left_without_work", "stadt", "2024-Q2") == 1
    assert found.value("participants_employed", "stadt", "2024-Q2") == 0


# ---- persons, operations and entries ----


def records(data, *rows):
    """Give a dataset with these participants; what is not said is as in PERSON."""
    table = pd.DataFrame([PERSON | {"participant_id": f"r{n}"} | row for n, row in enumerate(rows)])
    table = table.reindex(columns=data.participants.columns)
    table = table.astype(data.participants.dtypes.to_dict())
    return dataclasses.replace(data, tables=data.tables | {"participants": table})


FIRST = {"person_id": "a", "operation_code": "one", "labour_status_out": "unemployed"}
AGAIN = FIRST | {
    "entered_on": "2024-07-01", "left_on": "2024-11-30", "labour_status_in": "inactive",
    "age_group": "55+", "labour_status_out": "employed",
}  # fmt: skip


def test_who_comes_back_to_an_operation_is_one_participant_with_the_first_entry_and_last_exit(
    small_data, observe_fields
):
    data = records(small_data, AGAIN, FIRST)
    found = observe_fields(data, "participants")
    assert found.series("participants_entered", "stadt") == {"2024-Q1": 1, "2024": 1}
    assert found.series("participants_unemployed", "stadt") == {"2024-Q1": 1, "2024": 1}
    assert found.series("participants_inactive", "stadt") == {}
    assert found.series("participants_aged_55", "stadt") == {}
    assert found.series("participants_left", "stadt") == {"2024-Q4": 1, "2024": 1}
    assert found.series("participants_employed", "stadt") == {"2024-Q4": 1, "2024": 1}


def test_who_has_come_back_and_not_left_has_not_left(small_data):
    data = records(small_data, FIRST, AGAIN | {"left_on": None, "labour_status_out": None})
    assert len(participants.entered(data)) == 1
    assert participants_left.left(data).empty
    assert participants_left.left_without_work(data).empty


def test_another_operation_counts_again_and_the_person_once(small_data, observe):
    data = records(small_data, FIRST, AGAIN | {"operation_code": "two"})
    found = observe(data, "participants_entered_to_date", "participants_persons_to_date")
    to_date = {"participants_entered_to_date": 2, "participants_persons_to_date": 1}
    for indicator, value in to_date.items():
        row = found.row(indicator, "stadt", "2025-Q1")
        # One person is behind two entries, and the disclosure rules are told so.
        assert (row["value"], row["n_units"]) == (value, 1)


@pytest.mark.parametrize(
    ("first", "second", "entries"),
    [
        ({"person_id": None}, {"person_id": None}, 2),
        ({"person_id": "a"}, {"person_id": None}, 2),
        ({"person_id": "a", "operation_code": None}, {"person_id": "a", "operation_code": None}, 1),
        ({"person_id": "a", "operation_code": "one"}, {"person_id": "b"}, 2),
        # A record without a person is nobody else's, whatever the codes are.
        ({"person_id": "r1"}, {"person_id": None}, 2),
    ],
)
def test_a_record_without_a_person_is_a_person_of_its_own(small_data, first, second, entries):
    found = participants.entered(records(small_data, first, second))
    assert len(found) == entries
    assert found["unit_id"].nunique() == entries


def test_without_codes_of_persons_nothing_is_said_of_persons(observed):
    found = set(observed.frame["indicator"])
    assert "participants_entered_to_date" in found
    assert not found & {"participants_persons_to_date", "participants_qualified"}


# ---- the groups of ESF+, Regulation (EU) 2021/1057, Annex I: each rule alone ----

PERSON = {
    "participant_id": "x", "entered_on": "2024-02-01", "left_on": "2024-05-31", "site_id": None,
    "sex": "female", "age_group": "30-54", "isced": "3", "labour_status_in": "unemployed",
    "labour_status_out": None, "labour_status_6m": None, "has_migration_background": None,
    "district_id": "01",
}  # fmt: skip


def person(data, **attributes):
    """Give a dataset with one participant."""
    return records(data, {"participant_id": "x"} | attributes)


def groups_of(data, **attributes):
    found = participants.esf_groups(person(data, **attributes).participants).iloc[0]
    return set(found.index[found])


@pytest.mark.parametrize(
    ("attributes", "groups"),
    [
        ({}, {"EECO02", "EECO10"}),
        ({"labour_status_in": "long_term_unemployed"}, {"EECO02", "EECO03", "EECO10"}),
        ({"labour_status_in": "inactive"}, {"EECO04", "EECO10"}),
        ({"labour_status_in": "training"}, {"EECO04", "EECO10"}),
        ({"labour_status_in": "employed"}, {"EECO05", "EECO10"}),
        ({"labour_status_in": "self_employed"}, {"EECO05", "EECO10"}),
        ({"age_group": "under_18"}, {"EECO02", "EECO06", "EECO10"}),
        ({"age_group": "17"}, {"EECO02", "EECO06", "EECO10"}),
        ({"age_group": "18_29"}, {"EECO02", "EECO07", "EECO10"}),
        ({"age_group": "18 bis unter 30"}, {"EECO02", "EECO07", "EECO10"}),
        ({"age_group": "55+"}, {"EECO02", "EECO08", "EECO10"}),
        ({"age_group": "55 und älter"}, {"EECO02", "EECO08", "EECO10"}),
        ({"age_group": "54"}, {"EECO02", "EECO10"}),
        ({"age_group": "25-54"}, {"EECO02", "EECO10"}),  # in two classes: in neither
        ({"age_group": "unter 25"}, {"EECO02", "EECO10"}),
        ({"isced": "0_2"}, {"EECO02", "EECO09"}),
        ({"isced": "2"}, {"EECO02", "EECO09"}),
        ({"isced": "344"}, {"EECO02", "EECO10"}),
        ({"isced": "5-8"}, {"EECO02", "EECO11"}),
        ({"isced": "2-3"}, {"EECO02"}),
        ({"has_migration_background": True}, {"EECO02", "EECO10", "EECO14"}),
        ({"has_migration_background": False}, {"EECO02", "EECO10"}),
    ],
)
def test_each_group_by_its_own_rule(small_data, attributes, groups):
    assert groups_of(small_data, **attributes) == groups


COUNTS = {
    one.id: one.events
    for one in CATALOGUE
    if one.needs[0].partition(".")[0] == "participants" and one.events and not one.is_to_date
}


def counted(data, names=COUNTS):
    """Name the indicators in which the participants of a dataset count."""
    return {name for name in names if len(COUNTS[name](data))}


@pytest.mark.parametrize("lacking", ["sex", "age_group", "isced", "labour_status_in"])
def test_a_record_without_a_compulsory_attribute_counts_in_the_totals_only(small_data, lacking):
    attributes = {"labour_status_out": "employed", "labour_status_6m": "employed"}
    attributes |= {"has_gained_qualification": True, "has_better_position_6m": True}
    assert len(counted(person(small_data, **attributes))) == 10
    works = attributes | {"labour_status_in": "employed"}
    assert "participants_better_placed_later" in counted(person(small_data, **works))
    data = person(small_data, **attributes, **{lacking: None})
    assert counted(data) == {"participants_entered", "participants_left"}


def test_a_migration_background_is_given_freely(small_data):
    assert groups_of(small_data, has_migration_background=None) == {"EECO02", "EECO10"}


@pytest.mark.parametrize(
    ("before", "after", "indicator"),
    [
        ("inactive", "unemployed", "participants_searching"),
        ("training", "long_term_unemployed", "participants_searching"),
        ("unemployed", "training", "participants_learning"),
        ("employed", "training", "participants_learning"),
        ("unemployed", "self_employed", "participants_employed"),
        ("inactive", "employed", "participants_employed"),
        ("unemployed", "unemployed", ""),
        ("employed", "self_employed", ""),
        ("training", "training", ""),
    ],
)
def test_results_on_leaving_depend_on_both_statuses(small_data, before, after, indicator):
    data = person(small_data, labour_status_in=before, labour_status_out=after)
    results = ("participants_searching", "participants_learning", "participants_employed")
    assert counted(data, results) == {indicator} - {""}


def test_six_months_later_is_counted_on_that_day(small_data, observe):
    # left on 31 May 2024, so asked on 30 November
    data = person(small_data, labour_status_out="unemployed", labour_status_6m="employed")
    found = observe(
        data,
        "unemployed",
        "participants_employed_later",
        "participants_employed_later_share",
        "participants_employed",
    )
    assert found.series("participants_employed_later", "stadt") == {"2024-Q4": 1, "2024": 1}
    assert found.value("participants_employed_later_share", "stadt", "2024-Q4") == 100
    assert found.series("participants_employed", "stadt") == {}


@pytest.mark.parametrize(
    ("before", "later", "reached", "works"),
    [
        ("unemployed", "unemployed", 1, 0),
        ("unemployed", None, 0, 0),
        ("employed", "employed", 0, 0),
    ],
)
def test_who_had_work_or_was_not_reached_is_in_neither_part_of_the_later_share(
    small_data, before, later, reached, works
):
    data = person(small_data, labour_status_in=before, labour_status_6m=later)
    assert len(participants_left.reached_later(data)) == reached
    assert len(participants_left.employed_later(data)) == works


def test_self_employed_on_leaving_are_part_of_those_employed(small_data):
    for before, after, counts in (
        ("unemployed", "self_employed", True),
        ("unemployed", "employed", False),
        ("self_employed", "self_employed", False),
    ):
        data = person(small_data, labour_status_in=before, labour_status_out=after)
        assert ("participants_self_employed" in counted(data)) == counts


@pytest.mark.parametrize(
    ("said", "value", "status"), [(True, 1, "A"), (False, 0, "A"), (None, np.nan, "M")]
)
def test_a_qualification_is_a_yes_a_no_or_not_known(small_data, observe, said, value, status):
    # Another one, in the quarter before, so that something stands in the column.
    other = {"has_gained_qualification": True, "left_on": "2024-03-31"}
    data = records(small_data, other, {"has_gained_qualification": said})
    row = observe(data, "participants_qualified").row("participants_qualified", "stadt", "2024-Q2")
    assert (row["value"], row["obs_status"]) == (pytest.approx(value, nan_ok=True), status)


@pytest.mark.parametrize("before", ["unemployed", "inactive", "training", "employed"])
def test_a_qualification_counts_whatever_the_status_was(small_data, before):
    data = person(small_data, labour_status_in=before, has_gained_qualification=True)
    assert "participants_qualified" in counted(data)


@pytest.mark.parametrize(
    ("before", "counts"),
    [("employed", True), ("self_employed", True), ("unemployed", False), ("training", False)],
)
def test_a_better_position_is_of_those_who_had_work(small_data, observe, before, counts):
    # left on 31 May 2024, so asked on 30 November
    data = person(small_data, labour_status_in=before, has_better_position_6m=True)
    found = observe(data, "participants_better_placed_later").series(
        "participants_better_placed_later", "stadt"
    )
    assert found == ({"2024-Q4": 1, "2024": 1} if counts else {})


def test_the_share_reached_is_of_all_who_are_due(small_data, observe):
    data = records(
        small_data,
        {"labour_status_6m": "employed"},
        {"labour_status_6m": None},
        {"labour_status_6m": None, "left_on": "2025-01-31"},  # due after the quarter
        {"labour_status_6m": "employed", "labour_status_in": "employed"},
    )
    found = observe(
        data,
        "participants_due_later_to_date",
        "participants_reached_share_to_date",
        quarter="2025Q2",
    )
    assert found.value("participants_due_later_to_date", "stadt", "2025-Q2") == 2
    assert found.value("participants_reached_share_to_date", "stadt", "2025-Q2") == 50


def test_exits_into_work_are_given_by_the_status_before(small_data, observe):
    data = records(
        small_data,
        {"labour_status_out": "employed"},
        {"labour_status_out": "unemployed"},
        {"labour_status_in": "inactive", "labour_status_out": "employed"},
    )
    found = observe(data, "unemployed", "participants_employed_share_to_date")
    share = found.breakdowns("participants_employed_share_to_date", "stadt", "2025-Q2")
    assert share["labour_status=unemployed"] == 50
    assert share["labour_status=inactive"] == 100


def test_every_code_of_esf_stands_at_one_indicator():
    codes = [one.eu_code for one in CATALOGUE if one.eu_code[:2] == "EE" and not one.is_to_date]
    assert sorted(codes) == [
        *(f"EECO{n:02d}" for n in (*range(1, 12), 14)), *(f"EECR{n:02d}" for n in range(1, 7)),
    ]  # fmt: skip
