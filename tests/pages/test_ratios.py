"""Ratios with their intervals, in sentences and a table."""

import html
import re

import pandas as pd
import pytest

from ostwerk_analysis import figures, indicators

ROW = {
    "indicator": "cost_per_job_created_eur_to_date", "period": "2026-Q3",
    "breakdown": "measure=kmu&status=verified", "ratio": 5226.6, "standard_error": 470.3,
    "lower": 4432.7, "upper": 6352.4, "n": 200, "n_missing": 0,
}  # fmt: skip


def said_of(*rows, language="de"):
    figure = figures.ratio_intervals(
        pd.DataFrame([ROW | row for row in rows]),
        catalogue=indicators.catalogue(),
        language=language,
        parts={"kmu": "KMU-Beihilfe"},
    )
    text = html.unescape(re.sub(r"<[^>]*>", " ", figure.html)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", "5.227 (95-%-Intervall: 4.433 bis 6.352), aus 200 Unternehmen."),
        ("en", "5,227 (95 % interval: 4,433 to 6,352), from 200 enterprises."),
    ],
)
def test_a_ratio_is_said_with_its_interval_and_of_how_many(language, expected):
    said = said_of({}, language=language)
    assert expected in said
    assert "KMU-Beihilfe" in said


def test_a_ratio_of_euros_per_euro_has_two_places():
    leverage = {"indicator": "leverage_to_date", "breakdown": "", "ratio": 1.5356}
    assert "1.54 (95 % interval: 1.47 to 1.60)" in said_of(
        leverage | {"lower": 1.4700, "upper": 1.5992}, language="en"
    )


def test_a_ratio_without_an_interval_stands_in_the_table_only():
    said = said_of({}, {"ratio": 900.0, "lower": float("nan"), "upper": float("nan")})
    assert said.count("aus 200 Unternehmen") == 1
    assert "kein Intervall" in said


def test_where_nothing_is_known_there_is_a_sentence():
    said = said_of({"ratio": float("nan")}, language="en")
    assert said.strip() == "There is no ratio of which an interval could be given."
