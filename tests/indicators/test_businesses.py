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
        "section=unknown": 1,
    }  # fmt: skip


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


def test_density_takes_the_residents_of_the_quarter_where_there_are_any(changed, observe_fields):
    data = changed(("statistics.csv", "01,,2024,residents,1000,", "01,,2024-Q1,residents,1000,"))
    found = observe_fields(data, "businesses")
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


def test_craft_businesses_are_taken_over_as_published(changed, observe_fields):
    data = changed(("statistics.csv", "01,,2024,residents,1000,", "01,,2024,craft_businesses,12,"))
    found = observe_fields(data, "businesses")
    assert found.value("craft_businesses", "01", "2024") == 12
