import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostwerk_analysis.indicators import communication

# In the small city b1 has had grants since 2024-02-01 and b2 since 2024-03-31; b3 had closed before
# its approval, and b7 has but applied. b1 was in contact on 2024-01-05, 2024-01-20 and 2025-06-30.


def test_an_enterprise_is_supported_from_its_first_approval_until_it_closes(
    observed, changed, observe
):
    stock = {"2024-Q1": 2, "2024-Q2": 2, "2024-Q3": 2, "2024-Q4": 2, "2025-Q1": 2, "2025-Q2": 2}
    assert observed.series("enterprises_in_support", "stadt") == stock
    data = changed(("businesses.csv", "2024-02-15,,12", "2024-02-15,2024-09-30,12"))
    closed = observe(data, "enterprises_in_support").series("enterprises_in_support", "stadt")
    assert closed == stock | {"2024-Q3": 1, "2024-Q4": 1, "2025-Q1": 1, "2025-Q2": 1}


def test_contacts_before_the_approval_do_not_count(observed):
    assert observed.series("contacts_with_supported", "stadt") == {"2025-Q2": 1}


def test_contacts_count_from_the_day_of_approval_to_the_day_of_closing(with_contacts):
    data = with_contacts(
        "2024-01-31 advice b1 s1", "2024-02-01 advice b1 s1", "2024-02-01 advice b2 s1",
        "2024-05-30 advice b1 s1", "2024-05-31 advice b1 s1", "2024-06-01 advice b1 s1",
    )  # fmt: skip
    firms = data.businesses.copy()
    firms.loc[firms["business_id"] == "b1", "closed_on"] = pd.Timestamp("2024-05-31")
    data.tables["businesses"] = firms
    met = communication.contacts_with_supported(data)
    assert met["date"].dt.strftime("%m-%d").tolist() == ["02-01", "05-30", "05-31"]


def test_contacts_are_set_against_the_enterprises_at_the_end_of_quarter_and_year(
    with_contacts, observe
):
    data = with_contacts(
        "2024-02-05 advice b1 s1", "2024-05-05 advice b1 s1", "2024-11-05 advice b2 s1"
    )
    found = observe(data, "contacts_per_supported_enterprise")
    ratio = "contacts_per_supported_enterprise"
    assert found.value(ratio, "stadt", "2024-Q1") == 1 / 2
    assert found.value(ratio, "stadt", "2024-Q3") == 0
    row = found.row(ratio, "stadt", "2024")
    assert row[["value", "quality_note"]].tolist() == [
        3 / 2, "set against the last quarter of the year",
    ]  # fmt: skip


def test_silence_is_counted_from_the_last_contact_or_the_approval_to_the_end_of_the_quarter(
    small_data, observed
):
    found = communication.silences(small_data)
    quarter = found["date"].dt.to_period("Q").astype(str)
    days = found.groupby([quarter, "unit_id"])["value"].sum()
    assert days["2024Q1"].to_dict() == {"b1": 59, "b2": 0}
    assert days["2024Q2"].to_dict() == {"b1": 150, "b2": 91}
    assert days["2025Q2"].to_dict() == {"b1": 0, "b2": 456}
    assert observed.value("days_since_last_contact", "stadt", "2024-Q1") == 59 / 2
    assert observed.row("days_since_last_contact", "stadt", "2025-Q2")[
        ["value", "n_units"]
    ].tolist() == [228, 2]


def test_silence_ends_with_the_enterprise_and_with_the_records(with_contacts):
    data = with_contacts("2024-08-05 community_event - s1")
    firms = data.businesses.copy()
    firms.loc[firms["business_id"] == "b2", "closed_on"] = pd.Timestamp("2024-06-30")
    data.tables["businesses"] = firms
    found = communication.silences(data)
    asked = sorted(zip(found["unit_id"], found["date"].dt.strftime("%Y-%m-%d"), strict=True))
    assert asked == [
        ("b1", "2024-03-31"), ("b1", "2024-06-30"), ("b1", "2024-09-30"), ("b2", "2024-03-31"),
    ]  # fmt: skip


def test_without_contacts_or_grants_nobody_is_silent(with_contacts, small_data):
    assert communication.silences(with_contacts()).empty
    data = with_contacts("2024-08-05 advice b1 s1")
    data.tables["grants"] = small_data.grants.iloc[:0]
    assert communication.silences(data).empty
    assert communication.silences(with_contacts("2023-12-31 advice b1 s1")).empty
    # b1 was approved on 1 February, after the last contact of all but in its quarter
    found = communication.silences(with_contacts("2024-01-31 advice b1 s1"))
    assert dict(zip(found["unit_id"], found["value"], strict=True)) == {"b1": 59, "b2": 0}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 700), st.sampled_from(["b1", "b2"])), max_size=12))
def test_silence_agrees_with_looking_at_each_enterprise_and_quarter(with_contacts, drawn):
    start = pd.Timestamp("2024-01-01")
    days = [(start + pd.Timedelta(days=number), who) for number, who in drawn]
    data = with_contacts(
        f"{start.date()} advice - s1", *(f"{day.date()} advice {who} s1" for day, who in days)
    )
    found = communication.silences(data)
    approved = {"b1": pd.Timestamp("2024-02-01"), "b2": pd.Timestamp("2024-03-31")}
    last = max(start, *(day for day, _ in days)) if days else start
    expected = {}
    for who, since in approved.items():
        for end in pd.period_range("2024Q1", last, freq="Q").end_time.normalize():
            met = [day for day, one in days if one == who and since <= day <= end]
            expected[who, end] = (end - max([since, *met])).days
    got = zip(found["unit_id"], found["date"], found["value"], strict=True)
    assert {(who, end): days for who, end, days in got} == expected
