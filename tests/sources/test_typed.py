from datetime import date, datetime, time, timedelta

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.sources.marks import to_number
from ostwerk_analysis.sources.typed import Percent, cell_text, column_text, number_text


def read_again(cells):
    values, bad = to_number(pd.Series(cells, name="cost_eur", dtype="str"))
    assert not bad.any()
    return values.tolist()


@given(st.lists(st.floats(allow_infinity=False, allow_nan=False)))
def test_typed_numbers_survive_as_text_without_a_statement(values):
    assert read_again(number_text(pa.array(values, pa.float64())).to_pylist()) == values


@given(st.lists(st.floats(allow_infinity=False, allow_nan=False)))
def test_cells_of_a_workbook_and_columns_of_parquet_are_the_same_numbers(values):
    in_parquet = column_text(pa.chunked_array([pa.array(values, pa.float64())])).to_pylist()
    in_workbook = [cell_text(value, ".") for value in values]
    assert read_again(in_parquet) == read_again(in_workbook) == values


def test_a_length_of_time_is_no_bare_number():
    hours = pa.chunked_array([pa.array([90 * 60, None], pa.duration("s"))])
    assert column_text(hours).to_pylist() == ["1:30:00", None]


def test_number_text_by_hand():
    cells = number_text(pa.array([1.0, 1.5, 1.234, -12.345, float("nan"), None]))
    assert cells.to_pylist() == ["1", "1.5", "1.2340", "-12.3450", None, None]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" a ", "a"),
        (" ", None),
        (True, "true"),
        (7, "7"),
        (7.0, "7"),
        (1.5, "1,5"),
        (12.345, "12,3450"),  # by three digits 12.345 could be thousands
        (Percent(0.4992), "49,92%"),
        (Percent(0.07), "7%"),
        (date(2026, 12, 31), "2026-12-31"),
        (datetime(2026, 12, 31), "2026-12-31"),
        (datetime(2026, 12, 31, 8, 30), "2026-12-31 08:30:00"),
        (time(8, 30), "08:30:00"),
        (timedelta(hours=25, minutes=3), "25:03:00"),
    ],
)
def test_text_of_a_workbooks_cell(cell, text):
    assert cell_text(cell, ",") == text
