"""Which grants came with advice, and what became of them."""

import pytest

LAST = "2025-Q2"
ROW = "c6,2024-07-01,community_event,,,s2,,3,,\n"


def with_session(changed, day, firm, kind="advice"):
    return changed(("contacts.csv", ROW, f"{ROW}c9,{day},{kind},{firm},,s1,,1,de,\n"))


def test_grants_are_those_with_and_without_advice_before_approval(observed):
    # b1 was advised on 20 January 2024; g1 and g2 are its grants, g3 and g4 those of others
    assert observed.breakdowns("grants_approved_to_date", "stadt", LAST) == {
        "": 4, "advice=before": 2, "advice=none": 2,
    }  # fmt: skip
    assert observed.value("grants_advised_before_share_to_date", "stadt", LAST) == 50


@pytest.mark.parametrize(
    ("day", "before", "during"),
    [("2024-03-30", 3, 1), ("2024-03-31", 2, 2), ("2025-06-30", 2, 2)],  # g3: 31 March 2024
)
def test_a_session_on_the_day_of_approval_is_no_longer_before_it(
    changed, observe, day, before, during
):
    found = observe(
        with_session(changed, day, "b2"),
        "grants_advised_before_to_date",
        "grants_advised_during_to_date",
    )
    assert found.value("grants_advised_before_to_date", "stadt", LAST) == before
    assert found.value("grants_advised_during_to_date", "stadt", LAST) == during


@pytest.mark.parametrize(("day", "during"), [("2024-09-01", 2), ("2024-09-02", 1)])
def test_advice_is_during_a_project_until_it_is_completed(changed, observe, day, during):
    # g1 of b1 is completed on 1 September 2024, g2 is not
    found = observe(with_session(changed, day, "b1"), "grants_advised_during_to_date")
    assert found.value("grants_advised_during_to_date", "stadt", "2024-Q3") == during


def test_a_talk_is_no_advice(changed, observe):
    found = observe(
        with_session(changed, "2024-01-05", "b2", "first_contact"), "grants_advised_before_to_date"
    )
    assert found.value("grants_advised_before_to_date", "stadt", LAST) == 2


def test_outcomes_stand_side_by_side(observed):
    # of g1 and g2 is g1 completed, with a verified job of 1.5; of g3 and g4 none, with one of 1
    assert observed.value("grants_completed_share_to_date", "stadt", LAST, "advice=before") == 50
    assert observed.value("grants_completed_share_to_date", "stadt", LAST, "advice=none") == 0
    assert observed.value("jobs_per_grant_to_date", "stadt", LAST, "advice=before") == 0.75
    assert observed.value("jobs_per_grant_to_date", "stadt", LAST, "advice=none") == 0.5


def test_outcomes_say_that_they_tell_no_cause():
    from ostwerk_analysis.indicators import catalogue

    table = catalogue().set_index("indicator")
    for name in ("grants_completed_share_to_date", "jobs_per_grant_to_date"):
        assert "says nothing of what advice" in table.loc[name, "definition_en"]
        assert table.loc[name, "better"] == ""
