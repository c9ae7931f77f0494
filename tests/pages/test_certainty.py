"""How sure figures are: what stands behind them, what they lack, and what chance would do."""

import dataclasses
import html
import re

import numpy as np
import pandas as pd
import pytest

from ostwerk_analysis import figures, indicators
from ostwerk_analysis.faults import findings_frame
from ostwerk_analysis.figures.certainty import CAVEATS
from ostwerk_analysis.indicators import CATALOGUE

AREAS = {"osten": "The east", "stadt": "The city"}


def words(figure):
    text = html.unescape(re.sub(r"<[^>]*>", " ", figure.html)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).strip()


@dataclasses.dataclass
class Checked:
    """What a dataset and a release have in common: what was read, and what is in doubt."""

    reads: pd.DataFrame
    findings: pd.DataFrame


def checked(rows=1000, aside=0, doubts=0, table="statistics"):
    reads = pd.DataFrame({"table": [table], "rows_read": [rows], "set_aside": [aside]})
    one = {"table": "statistics", "statistic": "unemployed", "rule": "leap"}
    return Checked(reads, findings_frame([one] * doubts))


def shares(city=(50, 1000), area=(30, 200), **more):
    """Unemployed and residents of working age in the city and in the area."""
    rows = []
    for code, level, (count, whole) in (("stadt", "city", city), ("osten", "programme", area)):
        for name, value in (
            ("unemployed", count),
            ("residents_working_age", whole),
            ("unemployed_share", 100 * count / whole),
        ):
            rows.append({"indicator": name, "area_id": code, "area_level": level, "value": value})
    fixed = {"period": "2026-Q3", "breakdown": "", "n_units": pd.NA, "obs_status": "A",
             "conf_status": "F", "quality_note": ""}  # fmt: skip
    return pd.DataFrame(rows).assign(**fixed | more)


def said(observations, found, language="en", indicator="unemployed_share", **more):
    figure = figures.how_sure(
        observations,
        found,
        "2026-Q3",
        "stadt",
        indicators=[indicator],
        catalogue=indicators.catalogue(),
        areas=AREAS,
        language=language,
        **more,
    )
    return words(figure)


def test_shares_have_wilson_intervals_of_the_persons_behind_them():
    # 30 of 200: Wilson's 95 % interval is 10.7 to 20.6 % (Newcombe 1998, method 3, by hand)
    text = said(shares(), checked())
    assert "Unemployed share, The east 15 % 30 of 200 10.7 to 20.6 %" in text
    finer = said(shares(area=(31, 200)), checked())
    assert "Unemployed share, The east 15.5 % 31 of 200 11.1 to 21.2 %" in finer


def test_the_rest_of_the_city_is_what_the_area_is_held_against():
    # 30 of 200 against 20 of the other 800: 0.15 / 0.025 = 6 times
    text = said(shares(), checked())
    assert "The east has 6.00 times the rate of the rest of the city" in text
    assert "more than chance explains" in text
    alike = said(shares(city=(50, 1000), area=(11, 200)), checked(), "de")
    assert "The east hat das 1,13-Fache der Rate der übrigen Stadt" in alike
    assert "das kann Zufall sein" in alike


def test_an_area_that_is_the_city_has_no_rest():
    assert "rest of the city" not in said(shares(area=(50, 1000)), checked())


@pytest.mark.parametrize(
    ("aside", "english", "german"),
    [
        (0, "Of 1,000 rows read, none was set aside", "wurde keine ausgesondert"),
        (1, "one was set aside for a fault", "wurde eine wegen eines Fehlers ausgesondert"),
        (12, "12 were set aside for faults, 1.20 %", "wurden 12 wegen Fehlern ausgesondert, 1,20"),
    ],
)
def test_rows_set_aside_are_counted(aside, english, german):
    assert english in said(shares(), checked(aside=aside))
    assert german in said(shares(), checked(aside=aside), "de")


@pytest.mark.parametrize(
    ("doubts", "english", "german"),
    [
        (0, "No figure of official statistics in them is in doubt.", "Keine Zahl der amtlichen"),
        (1, "One figure or period is in doubt", "Eine Zahl oder ein Zeitraum ist zweifelhaft"),
        (3, "3 figures or periods are in doubt", "3 Zahlen oder Zeiträume sind zweifelhaft"),
    ],
)
def test_figures_in_doubt_are_counted(doubts, english, german):
    assert english in said(shares(), checked(doubts=doubts))
    assert german in said(shares(), checked(doubts=doubts), "de")


def test_what_is_estimated_missing_and_secret_is_counted_each_for_itself():
    base = shares().query("indicator == 'unemployed_share'").iloc[:1]
    rows = pd.concat(
        [
            base,
            base.assign(area_id="d1", area_level="district", obs_status="E"),
            base.assign(area_id="d2", area_level="district", obs_status="P"),
            base.assign(area_id="d3", area_level="district", obs_status="M", value=np.nan),
            base.assign(area_id="d4", area_level="district", conf_status="C", value=np.nan),
        ]
    )
    text = said(rows, checked())
    assert (
        "Of 5 values of these indicators, in all areas and parts: estimated 1 (20.0 %), "
        "provisional 1 (20.0 %), missing 1 (20.0 %), kept secret 1 (20.0 %)." in text
    )


def test_unprotected_values_say_so_and_protected_ones_do_not():
    warning = "These values are not protected yet"
    assert warning in said(shares(largest_1=1.0), checked())
    assert warning not in said(shares(), checked())


def test_units_behind_a_count_are_named_in_the_singular_too():
    base = shares().iloc[:1].assign(indicator="enterprises_supported", value=1.0, n_units=1)
    text = said(base, checked(table="grants"), indicator="enterprises_supported")
    assert "1 1 enterprise" in text
    assert "Support says who was reached" in text


def test_limits_are_those_of_the_indicators_and_of_what_else_is_shown():
    text = said(shares(), checked(), about=["gap"])
    assert CAVEATS["unemployed_share"] in text
    assert CAVEATS["gap"] in text
    assert CAVEATS["leverage"] not in text


def test_every_limit_is_of_an_indicator_or_a_subject():
    subjects = {"size", "state_aid", "startup_survival", "gap", "clusters", "shift_share"}
    assert CAVEATS.keys() - subjects <= {one.id.removesuffix("_to_date") for one in CATALOGUE}


def test_loaded_data_are_answered_for(small_data):
    text = words(figures.loaded(small_data, language="en"))
    read = small_data.reads["rows_read"].sum()
    assert f"Of {read:,} rows read, none was set aside" in text
    assert "Reading has changed nothing of itself" in text
    sure = words(figures.checks(small_data, language="de"))
    assert f"in {len(small_data.tables)} Tabellen" in sure


def test_a_ratio_of_too_few_enterprises_has_no_interval(small_data):
    observations = indicators.compute(small_data, "2025Q2", "funding")
    figure = figures.how_sure(
        observations,
        small_data,
        "2025-Q2",
        "stadt",
        indicators=["leverage_to_date"],
        catalogue=indicators.catalogue(),
        language="en",
    )
    # Three enterprises cannot tell the sum below from 0, so that no finite interval holds.
    assert "1.36 EUR per EUR 3 enterprises" in words(figure)
    assert " to " not in words(figure).partition("As a table")[2]
