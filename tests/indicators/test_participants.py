import numpy as np


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


def test_the_share_in_employment_is_per_hundred_who_left(observed):
    assert observed.value("participants_employed_share", "stadt", "2024-Q2") == 50
    assert observed.value("participants_employed_share", "stadt", "2024-Q4") == 0
    assert observed.value("participants_employed_share_to_date", "stadt", "2025-Q2") == 50
    nobody = observed.row("participants_employed_share", "stadt", "2024-Q3")
    assert np.isnan(nobody["value"])
    assert nobody["obs_status"] == "M"
