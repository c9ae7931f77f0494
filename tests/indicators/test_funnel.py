"""Stages of support, and what share of enterprises goes from one to the next."""

import pytest

from ostwerk_analysis.codes import CODES
from ostwerk_analysis.indicators.funnel import STAGES, STEPS


def test_stages_are_given_for_boroughs_and_larger_areas(observed):
    rows = observed.frame[observed.frame["indicator"] == "enterprises_by_stage_to_date"]
    assert {*rows["area_level"]} == {"borough", "city", "programme", "comparison"}


def test_an_enterprise_counts_once_at_each_stage_and_to_date(observed):
    # contacts of b1, b2, b5, b7, advice of b1; applications of b1 (twice), b2, b3, b5, b6, b7;
    # approved for b1 (twice), b2, b3; paid to b1 (twice); completed and with verified jobs: b1,
    # and b2's own job
    assert observed.breakdowns("enterprises_by_stage_to_date", "stadt", "2025-Q2") == {
        "stage=contacted": 4, "stage=advised": 1, "stage=applied": 6, "stage=approved": 3,
        "stage=paid": 1, "stage=completed": 1, "stage=jobs": 2,
    }  # fmt: skip
    assert observed.breakdowns("enterprises_by_stage", "stadt", "2024") == {
        "stage=contacted": 3, "stage=advised": 1, "stage=applied": 4, "stage=approved": 2,
        "stage=paid": 1, "stage=completed": 1, "stage=jobs": 1,
    }  # fmt: skip


def test_stages_of_two_years_are_more_than_those_of_both_together(observed):
    # b1 has a contact in 2024 and one in 2025, and is one enterprise to date
    contacted = observed.series("enterprises_by_stage", "stadt", "stage=contacted")
    assert contacted == {"2024-Q1": 2, "2024-Q2": 1, "2024": 3, "2025-Q1": 1, "2025-Q2": 1}
    assert (
        observed.value("enterprises_by_stage_to_date", "stadt", "2025-Q2", "stage=contacted") == 4
    )


def test_stages_agree_with_the_indicators_of_their_own(observed):
    pairs = {"contacted": "enterprises_contacted", "approved": "enterprises_supported"}
    for stage, indicator in pairs.items():
        for ending in ("", "_to_date"):
            part = f"stage={stage}"
            found = observed.series(f"enterprises_by_stage{ending}", "stadt", part)
            assert found == observed.series(f"{indicator}{ending}", "stadt")


def test_stages_of_grants_are_counted_within_each_measure(observed):
    assert observed.breakdowns("enterprises_by_stage_of_grants_to_date", "stadt", "2025-Q2") == {
        "measure=beihilfe&stage=applied": 4, "measure=beihilfe&stage=approved": 2,
        "measure=beihilfe&stage=paid": 1, "measure=beihilfe&stage=completed": 1,
        "measure=beihilfe&stage=jobs": 1, "measure=startgeld&stage=applied": 2,
        "measure=startgeld&stage=approved": 1, "measure=startgeld&stage=jobs": 1,
    }  # fmt: skip
    # nothing was paid under the other measure: a zero; no contact belongs to a measure: no cell
    part = "measure=startgeld&stage=paid"
    assert observed.value("enterprises_by_stage_of_grants_to_date", "stadt", "2025-Q2", part) == 0
    assert not observed.frame["breakdown"].str.contains("measure=.*stage=contacted").any()


def test_a_stage_that_nobody_has_reached_is_a_zero(observed):
    assert observed.value("enterprises_by_stage", "stadt", "2024-Q1", "stage=completed") == 0


def test_jobs_of_a_withdrawn_grant_are_no_stage(changed, observe):
    old = "g3,b2,startgeld,2024-03-01,approved,"
    data = changed(("grants.csv", old, old.replace("approved", "withdrawn")))
    found = observe(data, "enterprises_by_stage_to_date")
    assert found.value("enterprises_by_stage_to_date", "stadt", "2025-Q2", "stage=jobs") == 1


def test_a_grant_completed_counts_on_the_day_its_use_was_proved(observed):
    part = "stage=completed"
    assert observed.series("enterprises_by_stage", "stadt", part) == {"2024-Q3": 1, "2024": 1}


# From one stage to the next


def test_a_conversion_rate_counts_the_same_enterprises_in_both_its_parts(observed):
    at = observed.breakdowns("enterprises_at_step_to_date", "stadt", "2025-Q2")
    past = observed.breakdowns("enterprises_past_step_to_date", "stadt", "2025-Q2")
    assert at == {
        "step=advised": 4, "step=applied": 1, "step=approved": 6, "step=paid": 3, "step=jobs": 1,
    }  # fmt: skip
    assert past == {
        "step=advised": 1, "step=applied": 1, "step=approved": 3, "step=paid": 1, "step=jobs": 1,
    }  # fmt: skip
    # b2 has a verified job without a payment: two enterprises have jobs, and 100 % is no 200 %
    rates = observed.breakdowns("step_conversion_to_date", "stadt", "2025-Q2")
    assert rates["step=jobs"] == 100
    assert rates["step=advised"] == 25
    assert rates["step=paid"] == pytest.approx(100 / 3)


def test_an_enterprise_is_past_a_step_once_it_was_at_both_stages(observed):
    # b1 is approved on 1 February 2024 and paid on 15 April
    part = "step=paid"
    assert observed.value("enterprises_at_step_to_date", "stadt", "2024-Q1", part) == 2  # and b2
    assert observed.value("enterprises_past_step_to_date", "stadt", "2024-Q1", part) == 0
    assert observed.value("enterprises_past_step_to_date", "stadt", "2024-Q2", part) == 1


def test_the_order_of_the_stages_does_not_matter(changed, observe):
    # b2 applies on 1 March 2024 and is advised a year later
    row = "c6,2024-07-01,community_event,,,s2,,3,,\n"
    found = observe(
        changed(("contacts.csv", row, row + "c9,2025-04-02,advice,b2,,s1,,1,de,\n")),
        "enterprises_at_step_to_date",
        "enterprises_past_step_to_date",
    )
    part = "step=applied"
    assert found.value("enterprises_at_step_to_date", "stadt", "2025-Q1", part) == 1
    assert found.value("enterprises_past_step_to_date", "stadt", "2025-Q2", part) == 2


def test_conversion_is_given_since_the_start_only(observed):
    found = set(observed.frame["indicator"])
    assert "step_conversion_to_date" in found
    assert not {"step_conversion", "enterprises_at_step", "enterprises_past_step"} & found


def test_every_step_leads_from_a_stage_to_a_later_one_and_has_a_name():
    assert list(STEPS) == list(CODES["step"])
    for step, stage in STEPS.items():
        assert STAGES.index(stage) < STAGES.index(step)


def test_no_more_enterprises_are_past_a_step_than_before_it_and_at_the_stage_itself(observed):
    for step in STEPS:
        past = cells(observed, "enterprises_past_step_to_date", f"step={step}")
        at = cells(observed, "enterprises_at_step_to_date", f"step={step}")
        stage = cells(observed, "enterprises_by_stage_to_date", f"stage={step}")
        assert len(past)
        assert (past <= at.reindex(past.index)).all()
        assert (past <= stage.reindex(past.index)).all()


# Laws of counting once


def cells(observed, indicator, part=""):
    """Give the values of an indicator's part in all areas and periods."""
    frame = observed.frame
    of = frame[(frame["indicator"] == indicator) & (frame["breakdown"] == part)]
    return of.set_index(["area_level", "area_id", "period"])["value"]


def test_no_more_enterprises_are_paid_than_approved_and_completed_than_paid_to_date(observed):
    name = "enterprises_by_stage_to_date"
    stages = [cells(observed, name, f"stage={one}") for one in ("approved", "paid", "completed")]
    assert len(stages[0])
    assert (stages[0] >= stages[1]).all()
    assert (stages[1] >= stages[2]).all()


def test_enterprises_to_date_are_no_more_than_those_of_all_quarters_and_never_fall(observed):
    quarters = cells(observed, "enterprises_by_stage", "stage=contacted").reset_index()
    quarters = quarters[quarters["period"].str.contains("Q")].sort_values("period")
    added = quarters.assign(
        added=quarters.groupby(["area_level", "area_id"])["value"].cumsum()
    ).set_index(["area_level", "area_id", "period"])["added"]
    to_date = cells(observed, "enterprises_by_stage_to_date", "stage=contacted")
    assert (to_date.reindex(added.index) <= added).all()
    assert (to_date.sort_index().groupby(level=[0, 1]).diff().dropna() >= 0).all()
