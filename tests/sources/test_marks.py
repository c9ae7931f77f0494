from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.sources.marks import (
    AMBIGUOUS,
    find_decimal_mark,
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


def mark_by_hand(cells):
    """Find the mark cell by cell, as the docstring says it."""
    count = {",": 0, ".": 0, "both": 0}
    for cell in cells:
        if cell is None or not {",", "."} & set(cell):
            continue
        fits = [mark for mark in ",." if numbers([cell], mark) != [None]]
        if fits:
            count["both" if len(fits) == 2 else fits[0]] += 1
    less, more = sorted((count[","], count["."]))
    if (less == more and (more or count["both"])) or (count["both"] and less * 100 > more):
        return AMBIGUOUS
    return (max(",.", key=count.get)) if more else None


NUMERALS = st.lists(
    st.from_regex(r"-?[0-9]{1,4}([.,][0-9]{1,4})?([.,][0-9]{1,3})?( €)?", fullmatch=True)
    | st.from_regex(r"[0-9]{1,3},[0-9]{1,3}", fullmatch=True)
    | st.sampled_from(["1.234", "1,234", "0.5", "x", "1e5", None])
)


@settings(deadline=None)
@given(NUMERALS)
@example(["1,5", "12,345"])
@example(["1.5", "12.345"])
@example(["1,5"] * 100 + ["1.5", "1.234"])
def test_mark_of_a_column_is_the_one_its_cells_give(cells):
    assert find_decimal_mark(text(*cells)) == mark_by_hand(cells)


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
        ("31.07.40", "2040-07-31"),
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
    "31/31/2026",
    "0/31/2026",
    "20260731",
    "4197",
    "441970",
    "80000",
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


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["6/29/2015", "07/04/15", "1/2/2015"], ["2015-06-29", "2015-07-04", "2015-01-02"]),
        (["29/6/2015", "07/04/15"], ["2015-06-29", "2015-04-07"]),
        (["29-6-2015", "1-2-2015"], ["2015-06-29", "2015-02-01"]),
        (["05/05/2015"], ["2015-05-05"]),
        (["2015/06/29", "2015/1/2"], ["2015-06-29", "2015-01-02"]),
        (["6/29/2015 2:30 PM", "1/2/2015 14:30:00"], ["2015-06-29", "2015-01-02"]),
        (["05.02.16", "6/29/2015"], ["2016-02-05", "2015-06-29"]),
        (["13/13/2015", "6/29/2015"], [None, "2015-06-29"]),
        (["2/29/2015", "2/28/2015"], [None, "2015-02-28"]),
    ],
)
def test_column_tells_the_day_from_the_month(cells, days):
    values, bad = to_date(text(*cells))
    assert [None if pd.isna(day) else str(day.date()) for day in values] == days
    assert bad.tolist() == [day is None for day in days]


@pytest.mark.parametrize(
    ("cells", "example"),
    [
        (["05/06/2015"], "05/06/2015"),
        (["05/05/2015", "1-2-15", None], "1-2-15"),
        (["05/06/2015", "2015-12-31", "31.12.2015"], "05/06/2015"),
        (["6/29/2015", "29/6/2015"], "6/29/2015"),
        (["6/29/2015", "1/2/2015", "29/6/2015"], "1/2/2015"),
    ],
)
def test_order_of_day_and_month_is_asked_for_where_it_is_not_certain(cells, example):
    with pytest.raises(DataError, match=f"cost_eur: days such as '{example}' .* State date_format"):
        to_date(text(*cells))
    values, _ = to_date(text(*cells), "%m/%d/%Y")
    assert len(values) == len(cells)


def test_days_counted_by_a_spreadsheet_are_read_where_the_column_has_no_other():
    # 44197 is 2021-01-01 in Excel, as 43831 is 2020-01-01 and 36526 is 2000-01-01
    values, bad = to_date(text("44197", None, "43831.5", "36526,25"))
    expected = ["2021-01-01", "2020-01-01", "2000-01-01"]
    assert values.dropna().dt.strftime("%Y-%m-%d").tolist() == expected
    assert not bad.any()
    assert to_date(text("44197", "31.12.2020"))[1].tolist() == [True, False]
    assert to_date(text("44197", "6/29/2015"))[1].tolist() == [True, False]
    assert to_date(text("44197", "unbekannt"))[1].tolist() == [True, True]
    assert to_date(text(*["44197"] * 99, "unbekannt"))[1].sum() == 1


def test_days_counted_from_1904_are_stated():
    # 2021-01-01 is 44197 days after 1899-12-30, 42735 after 1904-01-01
    values, bad = to_date(text("42735", "2021-01-01", "01.01.2021"), "excel-1904")
    assert values[:2].tolist() == [pd.Timestamp("2021-01-01")] * 2
    assert bad.tolist() == [False, False, True]
    assert to_date(text("44197", "x"), "excel")[0][0] == pd.Timestamp("2021-01-01")


@given(st.lists(st.dates(date(1960, 1, 1), date(2099, 12, 31)), min_size=1))
def test_days_survive_as_serials_and_in_american_form(days):
    serials = [str((day - date(1899, 12, 30)).days) for day in days]
    assert to_date(text(*serials))[0].dt.date.tolist() == days
    american = [f"{day:%m/%d/%Y}" for day in days]
    assert to_date(text(*american, "12/31/2020"))[0].dt.date.tolist()[:-1] == days


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


@given(st.dates(date(1941, 1, 1), date(2068, 12, 31)))
def test_two_digits_of_a_year_mean_one_that_is_near_or_none(day):
    values, bad = to_date(text(day.strftime("%d.%m.%y")))
    is_certain = 1969 <= day.year <= 2040
    assert values.dt.date.tolist() == ([day] if is_certain else [pd.NaT])
    assert bad.tolist() == [not is_certain]


@given(CELLS | st.lists(st.from_regex(r"[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{2,4}", fullmatch=True)))
def test_any_text_gives_a_day_of_our_times_or_is_bad(cells):
    column = text(*cells)
    try:
        values, bad = to_date(column)
    except DataError:
        return
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
