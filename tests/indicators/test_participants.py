import numpy as np
import pytest


def test_persons_are_counted_at_home_else_at_the_site_else_in_the_city(observed):
    # p1 in 01; p3 at s1, which is in 01; p2 in 02; p4 in 03; p5 in 04; p6 nowhere
    assert observed.series("participants_entered", "01") == {"2024-Q1": 2, "2024": 2}
    assert observed.series("participants_entered", "02") == {"2024-Q1": 1, "2024": 1}
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
def test_who_has_no_known_status_is_in_neither_part_of_the_share(changed, observe_fields, statuses):
    entry = "p1,2024-01-15,2024-06-30,s1,female,25-54,3,unemployed,employed,01"
    without = entry.replace("unemployed,employed", statuses)
    found = observe_fields(changed(("participants.csv", entry, without)), "participants")
    assert found.value("participants_left", "stadt", "2024-Q2") == 2
    assert found.value("participants_left_without_work", "stadt", "2024-Q2") == 1
    assert found.value("participants_employed", "stadt", "2024-Q2") == 0
