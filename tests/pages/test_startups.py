"""How long start-ups last, said and drawn."""

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


# ---- the curve ----


def monthly(group, shares, observed):
    """Shares that last by month from 0 on, with an interval of two points on either side."""
    return pd.DataFrame(
        {
            "group": group,
            "months": range(len(shares)),
            "startups": max(observed),
            "observed": observed,
            "survival_pct": shares,
            "lower_pct": [share - 2 if share < 100 else float("nan") for share in shares],
            "upper_pct": [share + 2 if share < 100 else float("nan") for share in shares],
        }
    )


YEARS = monthly("supported", [100 - n for n in range(26)], [40 - n for n in range(26)])
OTHERS = monthly("not supported", [100 - 2 * n for n in range(26)], [60 - 2 * n for n in range(26)])
GERMANY = [
    Benchmark(months=months, survival_pct=share, cohort="Deutschland 2015", source="IfM")
    for months, share in ((12, 77.6), (60, 37.1))
]


def lines(chart):
    return {trace.name: trace for trace in chart.figure.data if trace.name}


def test_each_group_is_a_line_of_steps_within_its_band():
    chart = figures.survival_curve(pd.concat([YEARS, OTHERS]), language="en")
    assert list(lines(chart)) == ["Supported start-ups", "Start-ups not supported"]
    line = lines(chart)["Supported start-ups"]
    assert (line.line.shape, line.y[:3]) == ("hv", (100, 99, 98))
    upper, lower = chart.figure.data[:2]
    # Before the first closing there is no interval, and the band begins where the curve does.
    assert (upper.y[0], lower.y[0]) == (100, 100)
    assert (upper.y[1], lower.y[1]) == (101, 97)
    assert lower.fill == "tonexty"
    # Without colours: another dash, and another pattern of the band.
    others = lines(chart)["Start-ups not supported"]
    assert line.line.dash != others.line.dash
    assert lower.fillpattern.shape != chart.figure.data[4].fillpattern.shape


def test_a_curve_ends_where_fewer_than_ten_are_observed():
    few = monthly("supported", [100, 90, 80, 70], [12, 11, 10, 9])
    assert lines(figures.survival_curve(few))["Unterstützte Gründungen"].x == (0, 1, 2)
    nobody = few.assign(survival_pct=[100, 90, float("nan"), float("nan")])
    assert lines(figures.survival_curve(nobody))["Unterstützte Gründungen"].x == (0, 1)
    said = words(figures.survival_curve(few.assign(observed=9), language="en"))
    assert said == "Fewer than 10 start-ups are under observation, too few for a curve."


def test_the_cohort_is_a_mark_of_its_own_at_the_ages_that_are_reached():
    chart = figures.survival_curve(YEARS, GERMANY, language="de")
    mark = lines(chart)["Deutschland 2015"]
    assert (mark.x, mark.y, mark.mode) == ((12,), (77.6,), "markers")
    said = words(chart)
    assert "Zum Vergleich: 77,6 % nach 12 Monaten (Deutschland 2015; IfM)." in said
    assert "37,1" not in said


@pytest.mark.parametrize(
    ("language", "row"),
    [
        ("de", "Unterstützte Gründungen 24 40 16 76,0 % 74,0 bis 78,0 %"),
        ("en", "Supported start-ups 24 40 16 76.0 % 74.0 to 78.0 %"),
    ],
)
def test_whole_years_stand_in_the_table(language, row):
    said = words(figures.survival_curve(YEARS, language=language))
    assert row in said
    assert len(re.findall(r"(?:Gründungen|start-ups) \d+ 40 ", said)) == 2


def test_without_start_ups_there_is_no_curve():
    said = words(figures.survival_curve(YEARS.iloc[:0], language="en"))
    assert said == "No start-up is known since the programme's first quarter."
