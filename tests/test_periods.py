from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.periods import (
    complete_years,
    from_ordinal,
    last_complete,
    last_day,
    ordinal,
    parse_quarter,
    quarter_of,
    quarters,
    quarters_of,
)

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize("written", ["2026Q3", "2026-Q3", "2026q3", " 2026-q3 ", "3/2026"])
def test_a_quarter_is_read_as_people_write_it(written):
    assert parse_quarter(written) == "2026-Q3"


@pytest.mark.parametrize(
    "written", ["2026", "2026Q0", "2026Q5", "26Q3", "Q3 2026", "3.2026", "", "last", "٢٠٢٦Q3"]
)
def test_what_is_no_quarter_is_refused_with_the_form_to_write(written):
    with pytest.raises(DataError, match=r"is not a quarter\. Write it as 2026Q3\.") as caught:
        parse_quarter(written)
    assert repr(written) in str(caught.value)


@given(st.integers(0, 4 * 9999 + 3))
def test_ordinals_and_quarters_are_the_same_in_two_forms(number):
    assert ordinal(from_ordinal(number)) == number


@given(DAYS, DAYS)
def test_quarters_are_ordered_as_their_days_are_and_so_are_their_texts(one, other):
    early, late = sorted([one, other])
    assert ordinal(quarter_of(early)) <= ordinal(quarter_of(late))
    assert quarter_of(early) <= quarter_of(late)


@given(DAYS)
def test_a_quarter_ends_with_its_last_day(day):
    last = last_day(quarter_of(day))
    assert day <= last
    assert quarter_of(last) == quarter_of(day) != quarter_of(last + timedelta(days=1))


def test_quarters_run_through_the_turn_of_a_year():
    assert quarters("2024-Q3", "2025-Q2") == ["2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2"]
    assert quarters("2024-Q3", "2024-Q3") == ["2024-Q3"]
    assert quarters("2024-Q3", "2024-Q2") == []


def test_a_quarter_is_complete_from_the_day_after_its_last():
    assert last_complete(date(2026, 9, 30)) == "2026-Q2"
    assert last_complete(date(2026, 10, 1)) == "2026-Q3"
    assert last_complete(date(2026, 1, 1)) == "2025-Q4"


def test_a_year_is_complete_with_all_four_of_its_quarters():
    assert complete_years(quarters("2023-Q2", "2025-Q4")) == ["2024", "2025"]
    assert complete_years(quarters("2024-Q1", "2024-Q3")) == []
    assert complete_years([]) == []


@given(st.lists(st.one_of(st.none(), DAYS)))
def test_quarters_of_many_days_are_those_of_each_and_missing_where_the_day_is(days):
    found = quarters_of(pd.Series(days, dtype="datetime64[ns]"))
    assert found.dtype == "str"
    expected = [None if day is None else quarter_of(day) for day in days]
    assert found.astype(object).where(found.notna(), None).tolist() == expected
