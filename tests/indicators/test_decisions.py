"""How long applicants wait for a decision and for their money."""

import pandas as pd
import pytest

from ostwerk_analysis.tables import TABLES, broken_rules

LAST = "2025-Q2"


def test_days_to_a_decision_are_the_median_on_the_day_of_the_decision(observed):
    # g1 22 days and g3 30 in the first quarter, g2 31 in the second, g4 288 in 2025
    rows = observed.frame[observed.frame["indicator"] == "days_to_decision"].dropna(subset="value")
    here = rows[(rows["area_id"] == "stadt") & (rows["breakdown"] == "")]
    assert dict(zip(here["period"], here["value"], strict=True)) == {
        "2024-Q1": 26, "2024-Q2": 31, "2024": 30, "2025-Q1": 288,
    }  # fmt: skip
    assert observed.value("days_to_decision_to_date", "stadt", LAST) == 30.5
    assert observed.value("days_to_decision_to_date", "stadt", LAST, "measure=startgeld") == 30


def test_days_to_payment_are_counted_from_the_approval(observed):
    # g1 74 days, g2 30
    assert observed.value("days_to_payment", "stadt", "2024-Q2") == 74
    assert observed.value("days_to_payment_to_date", "stadt", LAST) == 52


def test_where_nothing_was_decided_there_is_no_median(observed):
    row = observed.row("days_to_decision", "stadt", "2024-Q3")
    assert row[["obs_status", "quality_note"]].tolist() == ["M", "nothing happened"]


def test_a_rejection_is_a_decision_on_its_day(changed, observe):
    data = changed()
    on = data.grants["grant_id"].map({"g5": pd.Timestamp("2024-08-01")})  # 32 days
    data.tables["grants"] = data.grants.assign(rejected_on=on)
    found = observe(data, "days_to_decision", "decisions_to_date")
    assert found.value("days_to_decision", "stadt", "2024-Q3") == 32
    assert found.value("decisions_to_date", "stadt", LAST) == 5


def test_the_share_decided_in_time_leaves_open_applications_out(observed):
    # g5 is rejected without a date, g6 withdrawn, g7 open
    assert observed.value("decisions_to_date", "stadt", LAST) == 4
    assert observed.value("decisions_in_time_share_to_date", "stadt", LAST) == 75


@pytest.mark.parametrize(("day", "share"), [("2024-07-01", 100), ("2024-07-02", 75)])
def test_ninety_days_are_in_time_and_ninety_one_are_not(changed, observe, day, share):
    # g4 applied on 2 April 2024
    found = observe(changed(("grants.csv", "2025-01-15", day)), "decisions_in_time_share_to_date")
    assert found.value("decisions_in_time_share_to_date", "stadt", LAST) == share


def test_a_rejection_before_its_application_breaks_a_rule(small_data):
    grants = small_data.grants.assign(rejected_on=pd.Timestamp("2024-05-01"))
    broken = broken_rules(grants[list(TABLES["grants"].columns)], TABLES["grants"])
    found = broken.loc[broken["column"] == "rejected_on", "row"]
    assert grants.loc[found, "grant_id"].tolist() == ["g5", "g6", "g7"]
