import dataclasses

from ostwerk_analysis.codes import code_name


def test_contacts_lie_where_the_enterprise_is_and_else_where_they_took_place(observed):
    # c1, c2, c3 at b1 and b2 in 01; c5 of a person at s1 in 01; c4 at b5 in 03; c6 at s2 in 03;
    # c7 at b7 in 04; c8 at s2 in 03, but with b1 of 01
    assert observed.series("contacts", "01") == {
        "2024-Q1": 3, "2024-Q2": 1, "2024": 4, "2025-Q2": 1,
    }  # fmt: skip
    assert observed.series("contacts", "03") == {"2024-Q2": 1, "2024-Q3": 1, "2024": 2}
    assert observed.series("contacts", "04") == {"2025-Q1": 1}


def test_contacts_are_broken_down_by_site_kind_and_topic(observed):
    assert observed.breakdowns("contacts", "stadt", "2024-Q2") == {
        "": 2, "kind=first_contact": 1, "kind=startup_advice": 1, "site=s1": 1, "site=unknown": 1,
        "topic=unknown": 2,
    }  # fmt: skip


def test_units_of_contacts_are_enterprises_persons_and_those_without_a_name_each(observed):
    assert observed.row("contacts", "stadt", "2024-Q1")["n_units"] == 2  # b1 twice, b2
    assert observed.row("contacts", "stadt", "2024")["n_units"] == 5  # b1, b2, b5, p1, c6


def test_enterprises_reached_count_once(observed):
    assert observed.series("enterprises_contacted", "stadt") == {
        "2024-Q1": 2, "2024-Q2": 1, "2024": 3, "2025-Q1": 1, "2025-Q2": 1,
    }  # fmt: skip
    assert observed.value("enterprises_contacted_to_date", "stadt", "2025-Q2") == 4
    assert observed.breakdowns("enterprises_contacted", "stadt", "2024-Q1") == {
        "": 2, "site=s1": 1, "site=s2": 1,
    }  # fmt: skip


def test_a_contact_at_a_site_without_a_point_counts_in_the_city_alone(changed, observe):
    data = changed(("sites.csv", "contact_point,12.379453,51.345436", "contact_point,,"))
    found = observe(data, "contacts")
    assert found.series("contacts", "03") == {"2024-Q2": 1, "2024": 1}
    assert found.value("contacts", "stadt", "2024-Q3") == 1


def test_without_sites_and_businesses_contacts_count_in_the_city(small_data, observe_fields):
    tables = {name: small_data.tables[name] for name in ("districts", "boroughs", "contacts")}
    data = dataclasses.replace(small_data, tables=tables)
    found = observe_fields(data, "advice")
    assert found.value("contacts_to_date", "stadt", "2025-Q2") == 8
    assert found.series("contacts", "01") == {}
    assert "enterprises_contacted" not in set(found.frame["indicator"])


def test_contacts_without_a_name_are_one_unit_together(changed, observe_fields):
    old = "c6,2024-07-01,community_event,,,s2,,3,,\n"
    found = observe_fields(changed(("contacts.csv", old, old + old.replace("c6", "c9"))), "advice")
    row = found.row("contacts", "stadt", "2024-Q3")
    assert row[["value", "n_units"]].tolist() == [2, 1]


def test_persons_reached_count_once_and_enterprises_do_not(with_contacts, observe):
    data = with_contacts(
        "2024-01-05 advice p1 s1", "2024-02-05 advice p1 s2", "2024-02-05 advice b1 s1",
        "2024-02-06 community_event - s1", "2024-02-06 community_event p3 s1",
    )  # fmt: skip
    found = observe(data, "persons_contacted", "persons_advised", "enterprises_advised")
    assert found.breakdowns("persons_contacted", "stadt", "2024-Q1") == {
        "": 2, "site=s1": 2, "site=s2": 1,
    }  # fmt: skip
    assert found.value("persons_advised", "stadt", "2024-Q1") == 1
    assert found.value("enterprises_advised", "stadt", "2024-Q1") == 1


def test_a_person_with_two_records_is_one(with_contacts, observe):
    data = with_contacts("2024-01-05 advice p1 s1", "2024-02-05 advice p2 s1")
    people = data.participants.copy()
    people.loc[people["participant_id"].isin(["p1", "p2"]), "person_id"] = "anna"
    data = dataclasses.replace(data, tables=data.tables | {"participants": people})
    found = observe(data, "persons_contacted", "contacts")
    assert found.value("persons_contacted", "stadt", "2024-Q1") == 1
    assert found.row("contacts", "stadt", "2024-Q1")["n_units"] == 1


def test_advice_is_told_from_other_contacts_and_counted_by_language(observed):
    # c2 de and c5 de are advice, c8 de; c3 in Arabic is but a first contact
    assert observed.series("advice_sessions", "stadt") == {
        "2024-Q1": 1, "2024-Q2": 1, "2024": 2, "2025-Q2": 1,
    }  # fmt: skip
    assert observed.breakdowns("advice_sessions_to_date", "stadt", "2025-Q2") == {
        "": 3, "language=de": 3,
    }  # fmt: skip
    assert observed.value("first_contacts_to_date", "stadt", "2025-Q2") == 3


def test_who_was_advised_in_two_languages_counts_in_both_and_once_in_all(with_contacts, observe):
    data = with_contacts(
        "2024-01-05 advice b1 s1 language=ar", "2024-01-09 advice b1 s1 language=de",
        "2024-01-09 startup_advice b2 s1",
    )  # fmt: skip
    found = observe(data, "enterprises_advised")
    assert found.breakdowns("enterprises_advised", "stadt", "2024-Q1") == {
        "": 2, "language=ar": 1, "language=de": 1, "language=unknown": 1,
    }  # fmt: skip


def test_hours_are_those_of_advice_by_site_and_a_length_not_known_marks_the_sum(
    with_contacts, observe
):
    data = with_contacts(
        "2024-01-05 advice b1 s1 hours=1.5", "2024-01-09 startup_advice p1 s2 hours=0.25",
        "2024-01-09 network_event b1 s1 hours=2", "2024-04-09 advice b1 s1 hours=1",
        "2024-04-09 advice b2 s1",
    )  # fmt: skip
    found = observe(data, "advice_hours")
    assert found.breakdowns("advice_hours", "stadt", "2024-Q1") == {
        "": 1.75, "site=s1": 1.5, "site=s2": 0.25,
    }  # fmt: skip
    assert found.row("advice_hours", "stadt", "2024-Q1")["obs_status"] == "A"
    row = found.row("advice_hours", "stadt", "2024-Q2", "site=s1")
    assert row[["value", "obs_status"]].tolist() == [1, "E"]


def test_languages_are_named_in_both_languages_and_an_unknown_code_by_itself():
    assert code_name("language", "uk", "de") == "Ukrainisch"
    assert code_name("language", "uk", "en", {"uk": "a site"}) == "Ukrainian"
    assert code_name("language", "qqq", "de") == "qqq"
    assert code_name("language", "unknown", "de") == "nicht bekannt"
