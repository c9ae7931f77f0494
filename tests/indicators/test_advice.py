def test_contacts_lie_where_the_enterprise_is_and_else_where_they_took_place(observed):
    # c1, c2, c3 at b1 and b2 in 01; c5 of a person at s1 in 01; c4 at b5 in 03; c6 at s2 in 03;
    # c7 at b7 in 04; c8 at s2 in 03, but with b1 of 01
    assert observed.series("contacts", "01") == {
        "2024-Q1": 3, "2024-Q2": 1, "2024": 4, "2025-Q2": 1,
    }  # fmt: skip
    assert observed.series("contacts", "03") == {"2024-Q2": 1, "2024-Q3": 1, "2024": 2}
    assert observed.series("contacts", "04") == {"2025-Q1": 1}


def test_contacts_are_broken_down_by_site_and_kind(observed):
    assert observed.breakdowns("contacts", "stadt", "2024-Q2") == {
        "": 2, "kind=first_contact": 1, "kind=startup_advice": 1, "site=s1": 1, "site=unknown": 1,
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


def test_referrals_are_contacts_that_sent_on(observed):
    assert observed.series("referrals", "stadt") == {"2024-Q1": 1, "2024": 1, "2025-Q2": 1}
    assert observed.breakdowns("referrals", "stadt", "2024-Q1") == {"": 1, "site=s2": 1}


def test_a_contact_at_a_site_without_a_point_counts_in_the_city_alone(changed, observe_fields):
    data = changed(("sites.csv", "contact_point,12.379453,51.345436", "contact_point,,"))
    found = observe_fields(data, "advice")
    assert found.series("contacts", "03") == {"2024-Q2": 1, "2024": 1}
    assert found.value("contacts", "stadt", "2024-Q3") == 1


def test_without_sites_and_businesses_contacts_count_in_the_city(small_data, observe_fields):
    tables = {name: small_data.tables[name] for name in ("districts", "boroughs", "contacts")}
    data = type(small_data)(**{**vars(small_data), "tables": tables})
    found = observe_fields(data, "advice")
    assert found.value("contacts_to_date", "stadt", "2025-Q2") == 8
    assert found.series("contacts", "01") == {}
    assert "enterprises_contacted" not in set(found.frame["indicator"])


def test_contacts_without_a_name_are_one_unit_together(changed, observe_fields):
    old = "c6,2024-07-01,community_event,,,s2,,3,,\n"
    found = observe_fields(changed(("contacts.csv", old, old + old.replace("c6", "c9"))), "advice")
    row = found.row("contacts", "stadt", "2024-Q3")
    assert row[["value", "n_units"]].tolist() == [2, 1]
