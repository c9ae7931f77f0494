import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostwerk_analysis.indicators import referrals

SENT = "2024-01-10 first_contact b1 s2 referred_to_site_id=s1"


def waits(data):
    """Give the lengths of all waits in days, by who waited."""
    found = referrals.waits(data)
    days = (found["advised_on"] - found["referred_on"]).dt.days
    return dict(zip(found["unit_id"].str.strip(), days, strict=True))


def test_referrals_are_contacts_that_sent_on_from_one_site_to_another(observed):
    assert observed.series("referrals", "stadt") == {"2024-Q1": 1, "2024": 1, "2025-Q2": 1}
    assert observed.breakdowns("referrals", "stadt", "2024-Q1") == {
        "": 1, "site=s2": 1, "to_site=s1": 1, "site=s2&to_site=s1": 1,
    }  # fmt: skip


def test_a_referral_to_the_same_site_is_none(with_contacts):
    data = with_contacts("2024-01-10 advice b1 s1 referred_to_site_id=s1")
    assert referrals.referrals(data).empty
    assert referrals.waits(data).empty


def test_a_referral_from_a_place_not_known_counts_as_from_there(with_contacts, observe):
    data = with_contacts("2024-01-10 first_contact b1 - referred_to_site_id=s1")
    found = observe(data, "referrals").breakdowns("referrals", "stadt", "2024-Q1")
    assert found["site=unknown&to_site=s1"] == found["to_site=s1"] == found[""] == 1


@pytest.mark.parametrize(
    ("advice", "days"),
    [
        (["2024-01-24 advice b1 s1"], 14),
        (["2024-01-24 startup_advice b1 s1"], 14),
        (["2024-01-10 advice b1 s1"], 0),
        (["2024-03-01 advice b1 s1", "2024-01-12 advice b1 s1"], 2),
        (["2024-01-09 advice b1 s1"], np.nan),
        (["2024-01-09 advice b1 s1", "2024-01-17 advice b1 s1"], 7),
        (["2024-01-24 advice b1 s2"], np.nan),
        (["2024-01-24 advice b1 -"], np.nan),
        (["2024-01-24 advice b2 s1"], np.nan),
        (["2024-01-24 first_contact b1 s1"], np.nan),
        ([], np.nan),
    ],
    ids=[
        "later", "start-up advice", "same day", "the first of two", "before", "before and after",
        "elsewhere", "no site", "somebody else", "no advice", "nothing",
    ],
)  # fmt: skip
def test_a_wait_ends_with_the_first_advice_at_the_site_on_that_day_or_later(
    with_contacts, advice, days
):
    assert waits(with_contacts(SENT, *advice)) == pytest.approx({"b1": days}, nan_ok=True)


def test_a_wait_begins_with_the_first_referral_to_a_site_and_persons_wait_too(with_contacts):
    data = with_contacts(
        "2024-02-01 first_contact p1 s2 referred_to_site_id=s1",
        "2024-01-10 first_contact p1 s2 referred_to_site_id=s1",
        "2024-01-10 first_contact p1 - referred_to_site_id=s2",
        "2024-02-09 advice p1 s1", "2024-02-19 advice p1 s2",
    )  # fmt: skip
    found = referrals.waits(data).set_index("to_site")
    assert (found["advised_on"] - found["referred_on"]).dt.days.to_dict() == {"s1": 30, "s2": 40}


def test_who_stays_without_a_name_is_counted_and_not_followed(with_contacts, observe):
    data = with_contacts(
        "2024-01-10 first_contact - s2 referred_to_site_id=s1", "2024-01-11 advice - s1"
    )
    assert referrals.waits(data).empty
    found = observe(data, "referrals", "days_to_first_advice")
    assert found.value("referrals", "stadt", "2024-Q1") == 1
    assert found.row("days_to_first_advice", "stadt", "2024-Q1")["obs_status"] == "M"


def test_a_referral_to_a_site_that_has_closed_waits_for_ever(with_contacts):
    data = with_contacts(SENT)
    data.tables["sites"] = data.sites.assign(closed_on=pd.Timestamp("2023-12-31"))
    assert waits(data) == pytest.approx({"b1": np.nan}, nan_ok=True)
    assert len(referrals.due(data)) == 1


def test_days_are_the_median_of_the_waits_that_ended_in_the_period(with_contacts, observe):
    data = with_contacts(
        SENT, "2024-01-12 advice b1 s1",  # 2 days
        SENT.replace("b1", "b2"), "2024-01-15 advice b2 s1",  # 5
        SENT.replace("b1", "b5"), "2024-03-31 advice b5 s1",  # 81
        SENT.replace("b1", "b7"), "2024-04-09 advice b7 s1",  # 90, in the next quarter
    )  # fmt: skip
    found = observe(data, "days_to_first_advice", "days_to_first_advice_to_date")
    row = found.row("days_to_first_advice", "stadt", "2024-Q1")
    assert row[["value", "n_units"]].tolist() == [5, 3]
    assert found.value("days_to_first_advice", "stadt", "2024-Q2", "to_site=s1") == 90
    assert found.value("days_to_first_advice_to_date", "stadt", "2024-Q2") == (5 + 81) / 2


@pytest.mark.parametrize(("day", "advised"), [("2024-04-09", 1), ("2024-04-10", 0)])
def test_advice_counts_up_to_the_ninetieth_day(with_contacts, observe, day, advised):
    # the referral of 10 January is due on 9 April
    found = observe(
        with_contacts(SENT, f"{day} advice b1 s1"),
        "referrals_due",
        "referrals_advised",
        "referrals_advised_share",
    )
    assert found.series("referrals_due", "stadt") == {"2024-Q2": 1, "2024": 1}
    assert found.value("referrals_advised", "stadt", "2024-Q2") == advised
    assert found.value("referrals_advised_share", "stadt", "2024-Q2") == 100 * advised


def test_a_referral_younger_than_90_days_is_not_in_the_share_yet(with_contacts, observe):
    data = with_contacts(SENT, "2024-01-11 advice b1 s1")
    found = observe(
        data,
        "days_to_first_advice_to_date",
        "referrals_due_to_date",
        "referrals_advised_share_to_date",
        quarter="2024Q1",
    )
    assert found.value("days_to_first_advice_to_date", "stadt", "2024-Q1") == 1
    assert found.value("referrals_due_to_date", "stadt", "2024-Q1") == 0
    share = found.row("referrals_advised_share_to_date", "stadt", "2024-Q1")
    assert share[["obs_status", "quality_note"]].tolist() == ["M", "nothing to divide by"]


events = st.lists(
    st.tuples(
        st.integers(0, 200), st.sampled_from(["b1", "b2", "-"]), st.sampled_from(["s1", "s2", "-"]),
        st.sampled_from(["", "s1", "s2"]), st.sampled_from(["advice", "first_contact"]),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events)
def test_waits_agree_with_looking_at_each_contact(with_contacts, drawn):
    day = [str((pd.Timestamp("2024-01-01") + pd.Timedelta(days=d)).date()) for d, *_ in drawn]
    data = with_contacts(
        *(
            f"{on} {kind} {who} {site}" + (f" referred_to_site_id={to}" if to else "")
            for on, (_, who, site, to, kind) in zip(day, drawn, strict=True)
        )
    )
    expected = {}
    for on, who, site, to, _ in sorted(drawn):
        if who == "-" or not to or site == to or (who, to) in expected:
            continue
        later = [d for d, w, s, _, kind in drawn
                 if kind == "advice" and (w, s) == (who, to) and d >= on]  # fmt: skip
        expected[who, to] = min(later) - on if later else None
    found = referrals.waits(data)
    days = (found["advised_on"] - found["referred_on"]).dt.days
    got = {
        key: None if pd.isna(length) else length
        for *key, length in zip(found["unit_id"], found["to_site"], days, strict=True)
        for key in [tuple(key)]
    }
    assert got == expected
    assert len(referrals.answered(data)) <= len(referrals.ended(data)) <= len(referrals.due(data))
