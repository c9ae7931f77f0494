from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.sources.marks import (
    AMBIGUOUS,
    find_decimal_mark,
    number_text,
    to_boolean,
    to_date,
    to_number,
)

CELLS = st.lists(st.one_of(st.none(), st.text(), st.text("0123456789.,+-eE €%'\u00a0−")))


def text(*cells):
    return pd.Series(cells, name="cost_eur", dtype="str")


def numbers(cells, mark=None):
    values, bad = to_number(text(*cells), mark)
    assert values.dtype == "float64"
    return [None if wrong else value for value, wrong in zip(values, bad, strict=True)]


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1.234,56"], ","),
        (["90.388,44 €"], ","),
        (["49,92%"], ","),
        (["1580,38"], ","),
        (["0,125"], ","),
        (["1.234.567"], ","),
        (["1.234", "0,5"], ","),
        (["3,000.00"], "."),
        (["1,234,567"], "."),
        (["0.125"], "."),
        (["1234.567"], "."),
        (["12.379275"], "."),
        (["1234", "-5", None], None),
        (["1 234", "1'234"], None),
        (["unknown", "a.b"], None),
        ([], None),
        ([None], None),
        (["1.234"], AMBIGUOUS),
        (["1.234", "22.500", "950"], AMBIGUOUS),
        (["1,234"], AMBIGUOUS),
        (["1,5", "1.5"], AMBIGUOUS),
        (["1,5", "2,5", "1.5"], ","),
        (["1,5", "2,5", "1.5", "1.234"], AMBIGUOUS),
        (["1,5"] * 100 + ["1.5", "1.234"], ","),
    ],
)
def test_decimal_mark_is_found_only_where_it_is_certain(cells, mark):
    assert find_decimal_mark(text(*cells)) == mark


@pytest.mark.parametrize(
    ("cell", "mark", "value"),
    [
        ("1.234,56", ",", 1234.56),
        ("1.234", ",", 1234),
        ("1.234", ".", 1.234),
        ("1,234", ",", 1.234),
        ("1,234", ".", 1234),
        ("90.388,44 €", ",", 90388.44),
        ("EUR 12,50", ",", 12.5),
        ("12 Euro", ",", 12),
        ("49,92%", ",", 49.92),
        ("3,000.00", ".", 3000),
        ("1 234,5", ",", 1234.5),
        ("1\u00a0234,5", ",", 1234.5),
        ("1’234.50", ".", 1234.5),
        ("−3", ",", -3),
        ("+3", ",", 3),
        (",5", ",", 0.5),
        ("5,", ",", 5),
        ("1e3", ".", 1000),
        ("1,5E+03", ",", 1500),
        ("007", ".", 7),
    ],
)
def test_number_by_hand(cell, mark, value):
    assert numbers([cell], mark) == [value]


BAD_NUMBERS = [
    "inf",
    "-inf",
    "nan",
    "1e400",
    "0x10",
    "1_0",
    "abc",
    "1.2.3",
    "1.23,4",
    "12.34.567",
    "--1",
    "1 23",
    "$5",
    "5 $",
    "١٢",
    "０",
    "31.12.2026",
    "-",
    ".",
    ",",
    "1.234 567,8",
    "0341 123",
]


@pytest.mark.parametrize("cell", BAD_NUMBERS)
@pytest.mark.parametrize("mark", [",", "."])
def test_bad_number_is_bad_with_either_mark(cell, mark):
    assert numbers([cell], mark) == [None]


def test_zero_point_is_no_group_of_thousands():
    assert numbers(["0.123"], ",") == [None]
    assert numbers(["0,123"], ".") == [None]


def test_row_that_breaks_the_columns_mark_is_bad():
    assert numbers(["1,5", "2,5", "1.5", "7"]) == [1.5, 2.5, None, 7]


def test_missing_is_not_bad():
    values, bad = to_number(text("1", None))
    assert values.isna().tolist() == [False, True]
    assert not bad.any()


def test_ambiguous_column_names_an_example_and_the_remedy():
    with pytest.raises(
        DataError, match=r"cost_eur: numbers such as '22\.500' .* State decimal_mark"
    ):
        to_number(text("950", "22.500"))


def test_index_and_name_are_kept():
    column = pd.Series(["1", "x"], [7, 3], name="hours", dtype="str")
    for values, bad in (to_number(column), to_date(column), to_boolean(column)):
        assert values.index.tolist() == bad.index.tolist() == [7, 3]
        assert values.name == "hours"


AMOUNTS = st.decimals(-(10**12), 10**12, places=2).map(float)


@given(st.lists(AMOUNTS, min_size=1))
def test_numbers_survive_german_and_english_spelling(amounts):
    english = [f"{amount:,.2f}" for amount in amounts]
    german = [cell.translate(str.maketrans(".,", ",.")) for cell in english]
    assert numbers(english) == numbers(german) == amounts
    assert numbers([f"{cell} €" for cell in german]) == amounts


@given(st.lists(st.floats(allow_infinity=False, allow_nan=False)))
def test_typed_numbers_survive_as_text_without_a_statement(values):
    cells = number_text(pa.array(values, pa.float64())).to_pylist()
    assert numbers(cells) == values


def test_number_text_by_hand():
    cells = number_text(pa.array([1.0, 1.5, 1.234, -12.345, float("nan"), None]))
    assert cells.to_pylist() == ["1", "1.5", "1.2340", "-12.3450", None, None]


@given(CELLS, st.sampled_from([None, ",", "."]))
def test_any_text_gives_finite_numbers_or_is_bad(cells, mark):
    column = text(*cells)
    try:
        values, bad = to_number(column, mark)
    except DataError:
        assert mark is None
        return
    assert not np.isinf(values).any()
    assert (bad == (values.isna() & column.notna())).all()


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-07-31", "2026-07-31"),
        ("2026-7-1", "2026-07-01"),
        ("2026-07-31T14:30:00", "2026-07-31"),
        ("2026-07-31 14:30", "2026-07-31"),
        ("2026-07-31 10:00:00.000000", "2026-07-31"),
        ("31.07.2026", "2026-07-31"),
        ("1.7.2026", "2026-07-01"),
        ("01. 07. 2026", "2026-07-01"),
        ("31.07.2026 14:30", "2026-07-31"),
        ("31.07.68", "2068-07-31"),
        ("31.07.69", "1969-07-31"),
        ("29.02.2024", "2024-02-29"),
        ("1900-01-01", "1900-01-01"),
        ("2100-12-31", "2100-12-31"),
    ],
)
def test_day_by_hand(cell, day):
    values, bad = to_date(text(cell, None, cell))
    assert values.dtype == "datetime64[ns]"
    assert values.tolist() == [pd.Timestamp(day), pd.NaT, pd.Timestamp(day)]
    assert not bad.any()


BAD_DAYS = [
    "0202-03-01",
    "01.03.0202",
    "1899-12-31",
    "2101-01-01",
    "29.02.2023",
    "31.04.2026",
    "2026",
    "07/31/2026",
    "31/07/2026",
    "20260731",
    "46234",
    "07.2026",
    "Juli 2026",
    "2026-13-01",
    "2026-07-31T00:00:00Z",
    "2026-07-31T22:00:00+02:00",
    "2026-07-31 25:00",
    "31.07.126",
]


@pytest.mark.parametrize("cell", BAD_DAYS)
def test_bad_day(cell):
    values, bad = to_date(text(cell))
    assert values.isna().all()
    assert bad.all()


def test_stated_form_replaces_the_german_one_beside_iso():
    values, bad = to_date(text("07/04/2026", "2026-07-04", "04.07.2026"), "%m/%d/%Y")
    assert values[:2].tolist() == [pd.Timestamp("2026-07-04")] * 2
    assert bad.tolist() == [False, False, True]


@pytest.mark.parametrize("form", ["%Y", "mm/dd/yyyy", "%d.%m", "%Q", ""])
def test_form_that_names_no_day_is_refused(form):
    with pytest.raises(DataError, match=r"date_format .* does not name a day"):
        to_date(text("2026-01-01"), form)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_days_survive_both_spellings(day):
    values, bad = to_date(text(day.isoformat(), day.strftime("%d.%m.%Y")))
    assert values.dt.date.tolist() == [day, day]
    assert not bad.any()


@given(st.dates(date(1969, 1, 1), date(2068, 12, 31)))
def test_two_digits_of_a_year_mean_one_of_a_hundred_years(day):
    values, _ = to_date(text(day.strftime("%d.%m.%y")))
    assert values.dt.date.tolist() == [day]


@given(CELLS)
def test_any_text_gives_a_day_of_our_times_or_is_bad(cells):
    column = text(*cells)
    values, bad = to_date(column)
    assert (bad == (values.isna() & column.notna())).all()
    assert values.dropna().dt.year.between(1900, 2100).all()


def test_many_days_cost_little():
    days = [(date(2000, 1, 1) + timedelta(i % 5000)).isoformat() for i in range(200_000)]
    values, bad = to_date(text(*days))
    assert values.nunique() == 5000
    assert not bad.any()


def test_yes_and_no():
    yes = ["ja", "JA", "Ja", "j", "yes", "y", "true", "TRUE", "wahr", "WAHR", "1"]
    no = ["nein", "Nein", "n", "no", "false", "falsch", "FALSCH", "0"]
    values, bad = to_boolean(text(*yes, *no, None, "x", "2", "vielleicht"))
    assert values.dtype == "boolean"
    assert values[: len(yes)].tolist() == [True] * len(yes)
    assert values[len(yes) : len(yes) + len(no)].tolist() == [False] * len(no)
    assert values[len(yes) + len(no) :].isna().all()
    assert bad[-4:].tolist() == [False, True, True, True]
