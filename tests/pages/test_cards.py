"""Cards of key figures: what stands on one, and what is behind its key press."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures, indicators

CATALOGUE = indicators.catalogue()
QUARTERS = ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
HIDDEN = {"value": np.nan, "n_units": None, "conf_status": "C"}


def series(indicator, part, values, unit):
    """Values of the city, quarter by quarter; None is one kept secret."""
    usual = {
        "indicator": indicator, "breakdown": part, "area_id": "stadt", "area_level": "city",
        "unit": unit, "n_units": 9, "obs_status": "A", "conf_status": "F", "quality_note": "",
    }  # fmt: skip
    return pd.DataFrame(
        [
            usual | {"period": period} | (HIDDEN if value is None else {"value": float(value)})
            for period, value in zip(QUARTERS, values, strict=True)
        ]
    )


JOBS = pd.concat(
    [
        series("jobs_created_to_date", "status=verified", [10, 12, None, 30, 47], "FTE"),
        series("jobs_created_to_date", "status=promised", [20, 30, 40, 50, 60], "FTE"),
    ]
)


def card(observations, wanted, language="de", period="2026-Q3"):
    figure = figures.key_figures(
        observations, period, "stadt", catalogue=CATALOGUE, indicators=[wanted], language=language
    )
    [found] = BeautifulSoup(figure.html, "html.parser").select(".ow-card")
    return found


def facts(found):
    return {
        head.get_text(): words.get_text()
        for head, words in zip(found.select("dt"), found.select("dd"), strict=True)
    }


def test_verified_and_promised_stand_on_one_card_apart():
    found = card(JOBS, ("jobs_created_to_date", "status=verified"))
    assert found.select_one(".ow-value").get_text() == "47 VZÄ"
    assert [line.get_text() for line in found.select(".ow-rung")] == ["zugesagt: 60\u00a0VZÄ"]
    assert found.select_one(".ow-goal").get_text() == "+37\u00a0VZÄ in einem Jahr"
    promised = card(JOBS, ("jobs_created_to_date", "status=promised"), "en")
    assert [line.get_text() for line in promised.select(".ow-rung")] == ["Verified: 47\u00a0FTE"]


def test_the_curve_begins_at_nothing_and_breaks_where_a_value_is_secret():
    curve = card(JOBS, ("jobs_created_to_date", "status=verified")).select_one(".ow-curve path")
    # 0 is at 32, the largest, 47, at 4; a quarter is 48 wide
    height = {10: 32 - 28 * 10 / 47, 12: 32 - 28 * 12 / 47, 30: 32 - 28 * 30 / 47}
    assert curve["d"] == (
        f"M4.0,{height[10]:.1f}h0L52.0,{height[12]:.1f}M148.0,{height[30]:.1f}h0L196.0,4.0"
    )


def test_an_earlier_quarter_shows_nothing_of_later_ones():
    found = card(JOBS, ("jobs_created_to_date", "status=promised"), period="2026-Q1")
    assert found.select_one(".ow-value").get_text() == "40 VZÄ"
    assert found.select_one(".ow-curve path")["d"].count("L") == 2
    assert not found.select(".ow-goal")  # there is no value of a year before


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([7.0, 7, 7, 7, 6.4], "−0,6 Prozentpunkte in einem Jahr"),
        ([6.0, 7, 7, 7, 7], "+1 Prozentpunkt in einem Jahr"),
        ([7.0, 6, 6, 6, 7], "wie vor einem Jahr"),
        ([None, 7, 7, 8, 9], "vor einem Jahr: geheim gehalten"),
        ([7.0, 7, 7, 7, None], ""),
    ],
)
def test_what_changed_in_a_year_is_said_in_words(values, words):
    rates = series("unemployed_share", "", values, "percent")
    found = [line.get_text() for line in card(rates, "unemployed_share").select(".ow-goal")]
    assert found == ([words] if words else [])


def test_behind_a_key_press_are_source_quarter_definition_status_and_confidence():
    found = card(JOBS, ("jobs_created_to_date", "status=verified"))
    told = facts(found)
    assert list(told) == ["Zeitraum", "Quelle", "Was gezählt wird", "Status", "Verlässlichkeit"]
    assert told["Zeitraum"] == "3. Quartal 2026"
    assert told["Quelle"] == "Arbeitsplatznachweise, Unternehmensregister"
    assert told["Was gezählt wird"].startswith("Neue Arbeitsplätze")
    assert told["Status"] == "Wie erfasst: weder vorläufig noch geschätzt."
    assert told["Verlässlichkeit"].startswith("Dahinter: 9\u00a0Unternehmen.")
    # Each of many buttons says which card it opens.
    assert found.summary.get_text() == (
        "Quelle und Sicherheit: Geschaffene Arbeitsplätze (seit Beginn), geprüft"
    )


def test_a_rate_tells_its_interval_on_the_card():
    rates = pd.concat(
        [
            series("participants_employed_share", "", [40, 40, 40, 40, 40], "percent"),
            series("participants_employed", "", [40, 40, 40, 40, 40], "persons"),
        ]
    )
    told = facts(card(rates, "participants_employed_share", "en"))
    # Wilson's interval of 40 in 100
    assert "Behind it: 40 of 100. 95 % interval: 30.9 to 49.8\u00a0%." in told["Confidence"]


def test_a_secret_card_says_so_and_tells_no_number():
    found = card(
        series("jobs_created_to_date", "status=verified", [10, 12, 13, 14, None], "FTE"),
        ("jobs_created_to_date", "status=verified"),
    )
    assert found.select_one(".ow-value").get_text() == "geheim gehalten"
    assert facts(found)["Status"] == "Geheim gehalten: Es stehen zu wenige dahinter."
    assert "Dahinter" not in facts(found)["Verlässlichkeit"]
