from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostwerk_analysis.indicators import meetings


def test_a_day_at_a_place_is_one_round_table_however_many_came(with_contacts, observe):
    data = with_contacts(
        "2024-01-10 network_event b1 -", "2024-01-10 network_event b2 -",
        "2024-01-10 network_event b5 s1", "2024-01-11 network_event b1 -",
        "2024-01-11 advice b1 s1",
    )  # fmt: skip
    found = observe(data, "network_events", "network_enterprises")
    row = found.row("network_events", "stadt", "2024-Q1")
    assert row[["value", "n_units"]].tolist() == [3, 3]  # three events, b1, b2, b5
    assert set(found.frame.query("indicator == 'network_events'")["area_id"]) == {"stadt"}
    assert found.value("network_enterprises", "stadt", "2024-Q1") == 3


def test_who_came_on_an_earlier_day_returns(with_contacts, observe):
    data = with_contacts(
        "2024-01-10 network_event b1 -", "2024-01-10 network_event b1 s1",  # one day, two places
        "2024-02-10 network_event b2 -", "2024-03-10 network_event b2 -",
        "2024-05-10 network_event b1 -", "2024-05-10 network_event b5 -",
        "2024-05-10 network_event - -", "2024-05-10 network_event p1 -",
    )  # fmt: skip
    found = observe(
        data,
        "network_enterprises_returning",
        "network_returning_share",
        "network_returning_share_to_date",
    )
    assert found.series("network_enterprises_returning", "stadt") == {
        "2024-Q1": 1, "2024-Q2": 1, "2024": 2,
    }  # fmt: skip
    assert found.value("network_returning_share", "stadt", "2024-Q1") == 50  # b2 of b1, b2
    assert found.value("network_returning_share", "stadt", "2024-Q2") == 50  # b1 of b1, b5
    # since the start: b1 and b2 came on two days, of b1, b2 and b5
    assert round(found.value("network_returning_share_to_date", "stadt", "2024-Q2"), 6) == 66.666667


def test_an_event_of_a_site_is_a_day_a_site_and_a_topic(with_contacts, observe):
    data = with_contacts(
        "2024-01-10 community_event p1 s1 topic=cinema",
        "2024-01-10 community_event - s1 topic=cinema",
        "2024-01-10 community_event p1 s1 topic=sewing",
        "2024-01-10 community_event p3 s2 topic=cinema",
        "2024-01-11 community_event p1 s1",
        "2024-01-11 community_event p3 s1",
        "2024-01-11 community_event p3 -",
    )
    found = observe(data, "community_events", "community_visits")
    assert found.breakdowns("community_events", "stadt", "2024-Q1") == {
        "": 5, "site=s1": 3, "site=s2": 1, "site=unknown": 1,
    }  # fmt: skip
    assert found.breakdowns("community_visits", "stadt", "2024-Q1") == {
        "": 7, "site=s1": 5, "site=s2": 1, "site=unknown": 1,
    }  # fmt: skip
    # p1, p3 and those without a name, who may be one
    assert found.row("community_visits", "stadt", "2024-Q1")["n_units"] == 3


def test_a_visit_lies_where_the_site_is_and_not_where_the_enterprise_is(with_contacts, observe):
    data = with_contacts(
        "2024-01-10 community_event b2 s2",  # b2 is in 01, s2 in 03: both in the quarter
        "2024-01-10 community_event b7 s1",  # b7 is in 04, s1 in 01
        "2024-01-10 community_event b1 -",  # of no place
    )
    found = observe(data, "community_visits")
    assert found.value("community_visits", "quartier", "2024-Q1") == 2
    assert found.value("community_visits", "stadt", "2024-Q1") == 3


guests = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["b1", "b2", "p1", "-"]), st.sampled_from("s-")),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(guests)
def test_the_parts_of_events_add_up_to_their_number(with_contacts, drawn):
    data = with_contacts(
        *(f"2024-01-0{day} network_event {who} {'s1' if at == 's' else '-'}"
          for day, who, at in drawn)
    )  # fmt: skip
    parts = meetings.round_tables(data)
    assert len(parts) == len(drawn)
    assert round(parts["value"].sum(), 9) == len({(day, at) for day, _, at in drawn})
    came = {who: {day for day, w, _ in drawn if w == who} for who in ("b1", "b2")}
    returned = set(meetings.returning_enterprises(data)["unit_id"])
    assert returned == {who for who, days in came.items() if len(days) > 1}
