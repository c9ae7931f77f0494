"""Verdicts on gaps: what is said of series whose trend is known."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures, indicators
from ostwerk_analysis.figures.values import Figure

CATALOGUE = indicators.catalogue()
NAMES = {"osten": "Osten", "stadt": "Stadt"}
YEARS = range(2015, 2025)


def series(ratios, indicator="unemployed_share", city=5.0):
    """An area that has so many times the city's value, year by year."""
    usual = {
        "indicator": indicator, "breakdown": "", "unit": "percent", "n_units": 9,
        "obs_status": "A", "conf_status": "F", "quality_note": "",
    }  # fmt: skip
    rows = []
    for year, ratio in zip(YEARS, ratios, strict=False):
        here = usual | {"period": str(year)}
        rows.append(here | {"area_id": "stadt", "area_level": "city", "value": city})
        rows.append(here | {"area_id": "osten", "area_level": "programme", "value": city * ratio})
    return pd.DataFrame(rows)


FALLING = [1.5 * 0.98**step for step in range(10)]
RISING = [0.8 * 1.02**step for step in range(10)]
CHANCE = [1.5, 1.2, 1.4, 1.6, 1.3, 1.5, 1.2, 1.6, 1.4, 1.5]


def drawn(observations, wanted=("unemployed_share",), language="de"):
    figure = figures.verdicts(
        observations, wanted, "osten", "stadt", NAMES, catalogue=CATALOGUE, language=language
    )
    return BeautifulSoup(figure.html, "html.parser")


@pytest.mark.parametrize(
    ("ratios", "sign", "words"),
    [
        (FALLING, "ow-better", "Der Nachteil ist kleiner geworden."),
        (FALLING[::-1], "ow-worse", "Der Nachteil ist größer geworden."),
        (RISING[::-1], "ow-better", "Der Vorsprung ist größer geworden."),
        (RISING, "ow-worse", "Der Vorsprung ist kleiner geworden."),
        (CHANCE, "ow-unclear", "Das ist von Zufall nicht zu unterscheiden."),
        (FALLING[:3], "ow-short", "Die Reihe ist zu kurz für ein Urteil."),
        ([np.nan] * 10, "ow-nothing", "Es gibt keine Werte zum Vergleichen."),
    ],
)
def test_a_verdict_has_words_and_a_sign(ratios, sign, words):
    # Fewer unemployed are better; RISING stays below 1: it is ahead of the city.
    [row] = drawn(series(ratios)).select("tbody tr")
    assert row.select_one(".ow-verdict").get_text() == words
    assert sign in row.select_one(".ow-sign")["class"]


def test_the_numbers_are_those_of_the_series():
    found = drawn(series(FALLING))
    cells = [cell.get_text() for cell in found.select("tbody td")][1:]
    # 5 times 1.5 less 5, and 5 times 1.5 · 0.98⁹ less 5; the ratio falls by just 2 % a year
    assert cells == ["+2,5 → +1,3 Prozentpunkte", "−2,0\u00a0%", "−2,0 bis −2,0\u00a0%"]
    assert found.select_one(".ow-ratios p").get_text() == (
        "2015: das 1,50-Fache des Werts von Stadt; 2024: das 1,25-Fache. Der Trend beträgt "
        "−2,0\u00a0% im Jahr; das 95-%-Intervall reicht von −2,0\u00a0% bis −2,0\u00a0%. Der "
        "Nachteil ist kleiner geworden."
    )


def test_where_nothing_says_which_way_is_better_only_the_change_is_told():
    neutral = CATALOGUE.assign(better="")
    figure = figures.verdicts(
        series(FALLING), ["unemployed_share"], "osten", "stadt", NAMES, catalogue=neutral
    )
    assert "um mehr verändert, als Zufall erklärt" in figure.html


def test_charts_have_one_scale_and_break_where_a_year_is_missing():
    gap = [*FALLING[:4], np.nan, *FALLING[5:]]
    both = pd.concat([series(gap), series(RISING, "businesses_per_1000_residents")])
    found = drawn(both, ["unemployed_share", "businesses_per_1000_residents"])
    scales = [
        [mark.get_text() for mark in scale.select("span")] for scale in found.select(".ow-scale-y")
    ]
    assert scales == [["0,8", "1,0", "1,5"]] * 2
    lines = [line["d"].count("M") for line in found.select(".ow-ratio .ow-line-0")]
    assert lines == [2, 1]
    assert len(found.select(".ow-ratio .ow-trend-band")) == 2


def test_what_was_not_observed_has_a_row_and_no_chart():
    found = drawn(series(FALLING), ["unemployed_share", "residents"])
    assert len(found.select("tbody tr")) == 2
    assert len(found.select(".ow-ratio")) == 1
    assert drawn(series(FALLING), ["residents"]).select(".ow-legend") == []


def test_folded_figures_stand_behind_one_key_press():
    html = figures.folded(
        "More <b>", Figure("<p>one</p>"), Figure("<p>two</p>"), language="en"
    ).html
    found = BeautifulSoup(html, "html.parser").details
    assert found.summary.get_text() == "More <b>"
    assert [one.get_text() for one in found.select("p")] == ["one", "two"]
