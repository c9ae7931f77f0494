"""Sentences that read their own numbers."""

import html
import re

import pandas as pd
import pytest

from ostwerk_analysis import figures
from ostwerk_analysis.programme import Benchmark


def words(figure):
    text = html.unescape(re.sub(r"<[^>]*>", " ", figure.html)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).strip()


def lasting(**changes):
    row = {"months": 36, "startups": 175, "observed": 73, "survival_pct": 87.1}
    row |= {"lower_pct": 78.7, "upper_pct": 92.3, "benchmark_pct": float("nan")}
    return pd.DataFrame([{"group": "supported"} | row | changes, {"group": "not supported"} | row])


def p_of(p):
    return pd.DataFrame({"group": ["a", "b"], "p": p})


def test_the_share_that_lasts_is_said_with_its_interval():
    said = words(figures.startup_survival(lasting(), p_of(0.004), language="de"))
    assert (
        "Unterstützte Gründungen: Von 175 bestehen nach 36 Monaten schätzungsweise noch 87,1 % "
        "(95-%-Intervall: 78,7 bis 92,3 %)." in said
    )
    assert "Der Unterschied ist größer, als der Zufall erklärt (p = 0,004)." in said
    assert "Er muss nicht an der Unterstützung liegen" in said


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.0003, "larger than chance explains (p < 0.001)."),
        (0.05, "larger than chance explains (p = 0.050)."),
        (0.051, "The difference can be chance (p = 0.051)."),
    ],
)
def test_what_can_be_chance_is_said_to_be(p, expected):
    assert expected in words(figures.startup_survival(lasting(), p_of(p), language="en"))


def test_one_start_up_makes_no_share_and_no_group_no_comparison():
    said = words(figures.startup_survival(lasting(startups=1), pd.DataFrame(), language="en"))
    assert "Supported start-ups: only one is known, too few for a share." in said
    assert "chance" not in said


def test_an_age_that_nobody_has_reached_is_not_said():
    longer = lasting(months=60, survival_pct=float("nan"), lower_pct=float("nan"))
    said = words(figures.startup_survival(pd.concat([lasting(), longer.iloc[:1]]), pd.DataFrame()))
    assert "nach 36 Monaten" in said
    assert "nach 60 Monaten" not in said
    assert "kein Intervall" in said


def test_the_benchmark_is_said_with_cohort_and_source():
    stated = Benchmark(months=12, survival_pct=77.6, cohort="Deutschland 2015", source="IfM")
    said = words(figures.startup_survival(lasting(), pd.DataFrame(), [stated], language="de"))
    assert "Zum Vergleich: 77,6 % nach 12 Monaten (Deutschland 2015; IfM)." in said


def test_without_start_ups_there_is_a_sentence():
    said = words(figures.startup_survival(lasting().iloc[:0], pd.DataFrame(), language="en"))
    assert said == "No start-up is known since the programme's first quarter."
