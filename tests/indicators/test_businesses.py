from itertools import pairwise


def test_the_stock_is_what_exists_at_the_end_of_the_quarter(observed):
    # From the start b1, b2 (February), b3, b4 (day unknown), b6, b7; b5 from April 2024 on, b8 from
    # May 2025; b3 closed in May 2024, b7 on the last day of March 2025.
    assert observed.series("businesses", "stadt") == {
        "2024-Q1": 6, "2024-Q2": 6, "2024-Q3": 6, "2024-Q4": 6, "2025-Q1": 5, "2025-Q2": 6,
    }  # fmt: skip
    assert observed.series("businesses", "04") == {
        "2024-Q1": 1, "2024-Q2": 1, "2024-Q3": 1, "2024-Q4": 1, "2025-Q2": 1,
    }  # fmt: skip
    assert observed.value("businesses", "04", "2025-Q1") == 0


def test_areas_of_the_programme_have_their_districts_stock(observed):
    assert observed.value("businesses", "quartier", "2024-Q2") == 4  # b1, b2, b5, b6
    assert observed.value("businesses", "vergleich", "2024-Q2") == 1  # b4
    assert observed.value("businesses", "A", "2024-Q1") == 4  # b1 to b4


def test_sections_of_two_editions_are_kept_apart(observed):
    assert observed.breakdowns("businesses", "stadt", "2024-Q1") == {
        "": 6, "section=2025-K": 1, "section=C": 1, "section=G": 1, "section=I": 1, "section=S": 1,
        "section=unknown": 1, "size=large": 1, "size=unknown": 5,  # turnovers are not known
    }  # fmt: skip


def test_enterprises_by_size_are_classes_of_smes(changed, observe):
    data = changed()
    data.tables["businesses"] = data.businesses.assign(turnover_eur=1e6, balance_eur=1e6)
    parts = observe(data, "businesses").breakdowns("businesses", "stadt", "2024-Q2")
    # b1, b7 under 10 employees, b2 12, b5 60, b6 300, b4 not known; b3 has closed
    assert {part: value for part, value in parts.items() if part.startswith("size=")} == {
        "size=micro": 2, "size=small": 1, "size=medium": 1, "size=large": 1, "size=unknown": 1,
    }  # fmt: skip


def test_the_share_run_by_owners_is_of_those_of_which_it_is_known(observed):
    # b1, b2 and b7 of b1, b2, b3, b6, b7; of b4 it is not known
    assert observed.value("businesses_owner_known", "stadt", "2024-Q1") == 5
    assert observed.value("businesses_owner_operated_share", "stadt", "2024-Q1") == 60
    parts = observed.breakdowns("businesses_owner_operated_share", "stadt", "2024-Q1")
    assert parts == {"": 60, "size=unknown": 75}  # b6 is large, and not run by its owner


def test_where_no_owner_is_known_the_share_is_missing_and_not_zero(observed):
    row = observed.row("businesses_owner_operated_share", "02", "2025-Q2")  # b4 alone
    assert row[["obs_status", "quality_note"]].tolist() == ["M", "nothing to divide by"]


def test_foundings_and_closures_are_given_by_section(observed):
    assert observed.breakdowns("businesses_founded", "stadt", "2024") == {
        "": 2, "section=C": 1, "section=J": 1,
    }  # fmt: skip
    assert observed.breakdowns("businesses_closed", "stadt", "2024") == {"": 1, "section=I": 1}


def test_foundings_and_closures_count_on_their_day(observed):
    assert observed.series("businesses_founded", "stadt") == {
        "2024-Q1": 1, "2024-Q2": 1, "2024": 2, "2025-Q2": 1,
    }  # fmt: skip
    assert observed.series("businesses_closed", "stadt") == {
        "2024-Q2": 1, "2024": 1, "2025-Q1": 1,
    }  # fmt: skip


def test_the_stock_changes_by_what_is_founded_and_closed(observed):
    stock = observed.series("businesses", "stadt")
    founded = observed.series("businesses_founded", "stadt")
    closed = observed.series("businesses_closed", "stadt")
    periods = sorted(stock)
    for before, after in pairwise(periods):
        assert stock[after] == stock[before] + founded.get(after, 0) - closed.get(after, 0)


def test_density_takes_the_residents_of_the_quarter_where_there_are_any(changed, observe):
    data = changed(("statistics.csv", "01,,2024,residents,1000,", "01,,2024-Q1,residents,1000,"))
    found = observe(data, "businesses", "businesses_per_1000_residents")
    assert found.series("businesses_per_1000_residents", "01") == {"2024-Q1": 2}


def test_density_is_set_against_the_last_year_that_was_over(small_data, observe_fields):
    found = observe_fields(small_data, "businesses")
    rows = found.frame[
        (found.frame["indicator"] == "businesses_per_1000_residents")
        & (found.frame["area_id"] == "01")
    ]
    # residents of 2024, known from its end on: 1000
    assert rows["period"].tolist() == ["2024-Q4", "2025-Q1", "2025-Q2"]
    businesses = [found.value("businesses", "01", period) for period in rows["period"]]
    assert rows["value"].tolist() == businesses
    assert set(rows["quality_note"]) == {"set against the last year that was over"}


def test_craft_businesses_are_taken_over_as_published(changed, observe):
    data = changed(("statistics.csv", "01,,2024,residents,1000,", "01,,2024,craft_businesses,12,"))
    found = observe(data, "businesses", "craft_businesses")
    assert found.value("craft_businesses", "01", "2024") == 12
