import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import downloads, figures
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures import values
from ostwerk_analysis.language import number, text


@given(st.floats(-1e7, 1e7), st.integers(0, 2))
def test_rounding_is_that_of_the_written_number(value, digits):
    rounded = values.rounded(pd.Series([value]), digits)
    written = number(value, "", "de", digits)
    assert number(rounded[0], "", "de", digits) in {written, written.replace("−0", "0")}


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(0.45, 1, 0.5), (0.35, 1, 0.4), (2.5, 0, 3.0), (-2.5, 0, -3.0), (1.005, 2, 1.01)],
)
def test_halves_are_rounded_up_as_people_do(value, digits, expected):
    assert values.rounded(pd.Series([value]), digits)[0] == expected


def test_zero_suppressed_and_missing_are_written_in_three_ways():
    cells = [
        values.cell(0.0, "", "de"),
        values.cell(np.nan, values.SUPPRESSED, "de"),
        values.cell(np.nan, values.MISSING, "de"),
    ]
    shown = [BeautifulSoup(cell, "html.parser").get_text("|") for cell in cells]
    assert shown[0] == "0"
    assert shown[1] == f".|{text('kept secret', 'de')}"
    assert shown[2] == f"…|{text('no data', 'de')}"


def test_tables_and_downloads_use_the_same_signs():
    assert {
        values.SUPPRESSED: downloads.SUPPRESSED,
        values.MISSING: downloads.MISSING,
    } == values.SIGNS
    assert {status: mark for status, (mark, _) in downloads.MARKS.items()} == values.MARKS


def test_an_unknown_indicator_names_the_nearest(release):
    with pytest.raises(DataError, match="did you mean 'unemployed_share'"):
        figures.district_map(
            release.districts,
            release.observations,
            "unemployed_shares",
            "2026-Q3",
            catalogue=release.catalogue,
        )


def test_units_are_said_of_told_values_only_and_where_all_count_the_same():
    shown = pd.DataFrame(
        {
            "period": "2026-Q3",
            "value": [1.5, 4.0, np.nan],
            "obs_status": "A",
            "conf_status": ["F", "F", "C"],
            "n_units": [12, 5, 2],
        }
    )
    firms = pd.Series({"indicator": "jobs", "units": "enterprises", "source": "jobs"})
    said = values.evidence([firms], shown, "en")
    assert "Behind each value: 5 to 12\u00a0enterprises." in said
    assert "Behind it: 12\u00a0enterprises." in values.evidence([firms], shown[:1], "en")
    persons = pd.Series({**firms, "units": "persons"})
    assert "Behind" not in values.evidence([firms, persons], shown, "en")
