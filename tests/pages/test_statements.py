"""Sentences that read their own numbers."""

import html
import re

import pandas as pd
import pytest

from ostwerk_analysis import figures, indicators


def words(figure):
    text = html.unescape(re.sub(r"<[^>]*>", " ", figure.html)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).strip()


# ---- the gap of an area to its city ----

NAMES = {"east": "Leipzig East", "city": "Leipzig"}


def said_of(ratio, better, language="en", *, years=10, districts=False):
    """Say what a constant change of the ratio means."""
    declared = indicators.catalogue().set_index("indicator")
    name = declared.index[(declared["unit"] == "percent") & (declared["better"] == better)][0]
    start, growth = ratio
    rows = [
        {"area_id": code, "area_level": "city", "period": str(2010 + n), "value": value}
        for n in range(years)
        for code, value in (("east", 8 * start * growth**n), ("city", 8.0))
    ]
    rows += [
        {"area_id": f"d{k}", "area_level": "district", "period": str(2010 + n)}
        | {"value": 2 ** (k * (1.1**n if districts == "part" else 0.9**n))}
        for n in range(years if districts else 0)
        for k in range(6)
    ]
    observations = pd.DataFrame(rows).assign(indicator=name, breakdown="")
    return words(
        figures.gap(
            observations, name, "east", "city", NAMES, catalogue=indicators.catalogue(),
            language=language,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "better", "expected"),
    [
        ((1.5, 0.98), "down", "That is an improvement: the disadvantage has become smaller."),
        ((1.5, 1.02), "down", "That is no improvement: the disadvantage has grown."),
        ((0.5, 0.98), "down", "That is an improvement: the area is ahead, and its lead has grown."),
        ((0.5, 1.02), "down", "the area is ahead, but its lead has become smaller."),
        ((0.5, 1.02), "up", "That is an improvement: the disadvantage has become smaller."),
        ((0.5, 0.98), "up", "That is no improvement: the disadvantage has grown."),
        ((1.5, 1.02), "up", "That is an improvement: the area is ahead, and its lead has grown."),
        ((1.5, 0.98), "up", "the area is ahead, but its lead has become smaller."),
    ],
)
def test_what_a_change_means_depends_on_what_is_better_and_who_is_ahead(ratio, better, expected):
    said = said_of(ratio, better)
    assert expected in said
    assert ("risen by 2.0 %" in said) == (ratio[1] > 1)
    assert ("fallen by 2.0 %" in said) == (ratio[1] < 1)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        # Both fall alike: the ratio stays, and the difference falls with them.
        ((1.5, 1.0), "No trend is certain: 0.0 % a year"),
        ((1.5, 1.02), "The difference itself has grown by"),
        ((0.5, 1.02), "The difference itself has shrunk by"),
        ((1.1, 0.97), "The difference has had both signs, so there is no rate of its change."),
    ],
)
def test_the_difference_is_told_from_the_ratio(ratio, expected):
    assert expected in said_of(ratio, "down")


def test_the_difference_may_shrink_while_the_ratio_stays():
    values = {"east": 12.0, "city": 8.0}
    rows = [
        {"area_id": code, "area_level": "city", "period": str(2010 + n), "value": value * 0.95**n}
        for n in range(10)
        for code, value in values.items()
    ]
    observations = pd.DataFrame(rows).assign(indicator="unemployed_share", breakdown="")
    said = words(
        figures.gap(
            observations, "unemployed_share", "east", "city", NAMES,
            catalogue=indicators.catalogue(), language="en",
        )
    )  # fmt: skip
    assert "No trend is certain: 0.0 % a year" in said
    assert "The difference itself has shrunk by 5.0 % a year (95 % interval: 5.0 to 5.0 %)." in said


def test_the_gap_is_said_in_german():
    said = said_of((1.5, 0.98), "down", "de")
    assert "2019: Leipzig East 10,0 %, Leipzig 8,0 %; das 1,25-Fache des Werts der Stadt." in said
    assert "Zum Vergleich 2010: das 1,50-Fache." in said
    assert "Das Verhältnis ist um 2,0 % im Jahr gefallen (95-%-Intervall: 2,0 bis 2,0 %)." in said


def test_a_short_series_has_no_trend_and_few_districts_no_comparison():
    said = said_of((1.5, 0.98), "down", years=4)
    assert "The series is too short for a trend." in said
    assert "Too few districts have a value throughout to compare them." in said


@pytest.mark.parametrize(
    ("how", "spread", "approach"),
    [
        ("meet", "it has not become larger.", "Districts come nearer to each other: "),
        ("part", "it has become larger.", "Districts part: "),
    ],
)
def test_districts_that_meet_and_that_part_are_said_to(how, spread, approach):
    said = said_of((1.5, 0.98), "down", districts=how)
    assert spread in said
    assert approach in said


def test_without_a_common_period_there_is_a_sentence():
    said = said_of((float("nan"), 1), "down", years=1)
    assert said.endswith("no period in which both Leipzig East and Leipzig have a value.")


def test_a_city_is_not_held_against_itself():
    rows = pd.DataFrame({"indicator": ["unemployed_share"]})
    said = figures.gap(
        rows, "unemployed_share", "city", "city", NAMES, catalogue=indicators.catalogue()
    )
    assert words(said) == "Es ist kein Gebiet angegeben, das mit der Stadt verglichen wird."
