"""Indicators in sentences: values, changes, targets, places, and what is not there."""

import html
import re

import numpy as np
import pandas as pd
import pytest

from ostwerk_analysis import figures, indicators
from ostwerk_analysis.indicators import Indicator

KIND = {
    "label_de": "Betriebe",
    "label_en": "Firms",
    "definition_de": "Erfunden.",
    "definition_en": "Made up.",
    "unit": "enterprises",
    "kind": "count",
    "units": "enterprises",
}


def words(figure):
    text = html.unescape(re.sub(r"<[^>]*>", " ", figure.html)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).strip()


def declared(**more):
    one = Indicator(id="firms", **KIND | more)
    return indicators.catalogue_frame([one, one.to_date()])


def observed(values, indicator="firms", area="stadt", level="city", part="", **more):
    """Observations of one area: period = value."""
    rows = [
        {
            "indicator": indicator, "area_id": area, "area_level": level, "period": period,
            "breakdown": part, "value": value, "unit": "enterprises", "n_units": 9,
            "obs_status": "A", "conf_status": "F", "quality_note": "", **more,
        }
        for period, value in values.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def said(observations, catalogue=None, language="en", indicator="firms", **more):
    figure = figures.answer(
        observations,
        "2026-Q3",
        "stadt",
        indicators=[indicator],
        catalogue=declared() if catalogue is None else catalogue,
        language=language,
        **more,
    )
    return words(figure).partition(" As a table")[0].partition(" Als Tabelle")[0]


@pytest.mark.parametrize(
    ("now", "before", "better", "english", "german"),
    [
        (12, 10, "up", "risen by 2 enterprises (20.0 %): an improvement.",
         "um 2 Unternehmen (20,0 %) gestiegen: eine Verbesserung."),
        (12, 10, "down", "risen by 2 enterprises (20.0 %): a deterioration.",
         "gestiegen: eine Verschlechterung."),
        (12, 10, "", "risen by 2 enterprises (20.0 %).", "um 2 Unternehmen (20,0 %) gestiegen."),
        (9, 10, "up", "fallen by 1 enterprise (10.0 %): a deterioration.",
         "um 1 Unternehmen (10,0 %) gefallen: eine Verschlechterung."),
        (9, 10, "down", "fallen by 1 enterprise (10.0 %): an improvement.",
         "gefallen: eine Verbesserung."),
        (0, 10, "", "fallen by 10 enterprises (100.0 %).", "um 10 Unternehmen (100,0 %) gefallen."),
        (5, 0, "up", "risen by 5 enterprises: an improvement.", "um 5 Unternehmen gestiegen"),
        (10, 10, "up", "not changed.", "Zum Vorquartal unverändert."),
        (20001, 20000, "up", "risen by 1 enterprise: an improvement.", "um 1 Unternehmen gest"),
    ],
)  # fmt: skip
def test_a_change_is_risen_or_fallen_and_good_or_bad_as_declared(
    now, before, better, english, german
):
    rows = observed({"2026-Q3": now, "2026-Q2": before})
    catalogue = declared(better=better)
    assert f"Since the quarter before, it has {english}" in said(rows, catalogue)
    assert german in said(rows, catalogue, "de")


def test_a_year_before_is_the_same_quarter_and_a_year_has_no_quarter_before():
    quarters = said(observed({"2026-Q3": 12, "2025-Q3": 10, "2025-Q4": 99}))
    assert "Since the same quarter a year before, it has risen by 2 enterprises" in quarters
    assert "quarter before, it" not in quarters.replace("a year before", "")
    years = said(observed({"2025": 12, "2024": 10}), language="de")
    assert "12 Unternehmen. Stand: 2025. Zum Vorjahr um 2 Unternehmen" in years
    assert "Vorquartal" not in years


def test_percentages_change_by_points():
    catalogue = declared(unit="percent", kind="rate", units="", better="down")
    rows = observed({"2026-Q3": 7.0, "2026-Q2": 6.5})
    assert "risen by 0.5 percentage points: a deterioration." in said(rows, catalogue)
    assert "um 0,5 Prozentpunkte gestiegen: eine Verschlechterung." in said(rows, catalogue, "de")
    hardly = observed({"2026-Q3": 7.02, "2026-Q2": 7.0})
    assert "it has hardly changed." in said(hardly, catalogue)


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [("en", "Firms: 1 enterprise.", "Firms: 2 enterprises."),
     ("de", "Betriebe: 1 Unternehmen.", "Betriebe: 2 Unternehmen.")],
)  # fmt: skip
def test_one_is_singular(language, one, two):
    assert one in said(observed({"2026-Q3": 1}), language=language)
    assert two in said(observed({"2026-Q3": 2}), language=language)
    persons = declared(unit="persons", label_de="Leute", label_en="People")
    singular = {"en": "1 person.", "de": "1 Person."}[language]
    assert singular in said(observed({"2026-Q3": 1}), persons, language)


def test_zero_secret_and_missing_are_three_things():
    assert "None; that is a zero, no gap." in said(observed({"2026-Q3": 0}))
    secret = observed({"2026-Q3": np.nan}, conf_status="C")
    assert "Kept secret: too few are behind it." in said(secret)
    missing = observed({"2026-Q3": np.nan}, obs_status="M", quality_note="nothing to divide by")
    filled = observed({"2026-Q2": 1}, area="other")
    assert "No value: nothing to divide by." in said(
        pd.concat([missing, observed({"2026-Q3": 3}, area="other")])
    )
    assert "Kein Wert" in said(
        pd.concat([missing.assign(quality_note=""), observed({"2026-Q3": 3}, area="o")]), None, "de"
    )
    assert "Not observed." in said(filled.assign(indicator="others"))


def test_a_secret_before_leaves_no_change_to_say():
    rows = pd.concat([observed({"2026-Q3": 5}), observed({"2026-Q2": np.nan}, conf_status="C")])
    assert "no change can be given: the value then is kept secret." in said(rows)
    gap = pd.concat([observed({"2026-Q3": 5}), observed({"2026-Q2": np.nan}, obs_status="M")])
    assert "Since the quarter before" not in said(gap)


@pytest.mark.parametrize(
    ("status", "note", "expected"),
    [
        ("E", "some values are not known", "The value is estimated: some values are not known."),
        ("P", "", "The value is provisional."),
        ("B", "", "The series has a break here: do not compare across it."),
    ],
)
def test_a_value_says_that_it_is_estimated_provisional_or_broken(status, note, expected):
    rows = observed({"2026-Q3": 5}, obs_status=status, quality_note=note)
    assert expected in said(rows)


def test_what_counts_from_the_start_says_what_was_added():
    rows = observed({"2026-Q3": 31, "2026-Q2": 26, "2025-Q3": 10}, indicator="firms_to_date")
    english = said(rows, indicator="firms_to_date")
    assert "31 enterprises. Added in Q3 2026: 5 enterprises; in four quarters: 21" in english
    same = observed({"2026-Q3": 26, "2026-Q2": 26}, indicator="firms_to_date")
    german = said(same, indicator="firms_to_date", language="de")
    assert "Nichts hinzugekommen, 3. Quartal 2026." in german
    assert "risen" not in english


TARGET = {
    "indicator": "firms", "measure_id": "", "status": "", "due": "2027-12-31", "target_value": 40.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "more", "expected"),
    [
        (30.0, {}, "Of the target of 40 enterprises by 31 December 2027 75 % is reached; 10 "
         "enterprises to go."),
        (39.0, {}, "98 % is reached; 1 enterprise to go."),
        (40.0, {}, "The target of 40 enterprises by 31 December 2027 is reached (100 %)."),
        (50.0, {}, "is reached (125 %)."),
        (np.nan, {"conf_status": "C"}, "What is reached of the target of 40 enterprises by 31 "
         "December 2027 is kept secret."),
    ],
)  # fmt: skip
def test_a_target_is_held_against_what_is_reached(value, more, expected):
    rows = observed({"2026-Q3": value}, **more)
    assert expected in said(rows, targets=pd.DataFrame([TARGET]))


def test_the_target_of_a_measure_names_it_and_is_read_from_its_part():
    rows = pd.concat([observed({"2026-Q3": 50}), observed({"2026-Q3": 10}, part="measure=kmu")])
    target = pd.DataFrame([TARGET | {"measure_id": "kmu"}])
    text = said(rows, targets=target, parts={"kmu": "KMU-Beihilfe"}, language="de")
    assert (
        "bis 31.12.2027 (KMU-Beihilfe: 10 Unternehmen) sind 25 % erreicht; es fehlen noch 30"
        in text
    )


AREAS = {"osten": "The east", "stadt": "The city"}


def test_a_count_of_the_area_is_a_share_of_the_city():
    rows = pd.concat(
        [observed({"2026-Q3": 40}), observed({"2026-Q3": 10}, area="osten", level="programme")]
    )
    assert "The east: 10 enterprises, 25.0 % of the city's." in said(rows, areas=AREAS)
    secret = observed({"2026-Q3": np.nan}, area="osten", level="programme", conf_status="C")
    rows = pd.concat([observed({"2026-Q3": 40}), secret])
    assert "The east: kept secret." in said(rows, areas=AREAS)


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        (9.0, "The east: 9 %, 2 percentage points above the whole city. Of 3 districts, 2 lie "
         "lower."),
        (6.0, "The east: 6 %, 1 percentage point below the whole city. Of 3 districts, one "
         "lies lower."),
        (4.0, "3 percentage points below the whole city. No district lies lower."),
        (7.0, "The east: 7 %, as in the whole city."),
    ],
)  # fmt: skip
def test_a_rate_of_the_area_stands_beside_the_city_and_its_districts(area, expected):
    rows = pd.concat(
        [
            observed({"2026-Q3": 7.0}),
            observed({"2026-Q3": area}, area="osten", level="programme"),
            *(
                observed({"2026-Q3": value}, area=f"d{value}", level="district")
                for value in (5.5, 7.5, 9.5)
            ),
        ]
    )
    catalogue = declared(unit="percent", kind="rate", units="")
    assert expected in said(rows, catalogue, areas=AREAS)


def test_the_largest_class_is_named_with_its_share_and_secrets_are_counted():
    rows = pd.concat(
        [
            observed({"2026-Q3": 20}),
            observed({"2026-Q3": 12}, part="size=micro"),
            observed({"2026-Q3": 5}, part="size=small"),
            observed({"2026-Q3": np.nan}, part="size=medium", conf_status="C"),
        ]
    )
    text = said(rows, by={"firms": "size"})
    assert "Most: Micro enterprise (12 enterprises, 60.0 %). One class is kept secret." in text
    tie = rows.assign(value=rows["value"].mask(rows["breakdown"] == "size=small", 12))
    assert "Most: Micro enterprise, Small enterprise (each 12" in said(tie, by={"firms": "size"})


def test_the_city_is_not_taken_for_a_district_of_the_same_code():
    rows = pd.concat([observed({"2026-Q3": 20}), observed({"2026-Q3": 3}, level="district")])
    assert "Firms: 20 enterprises." in said(rows)


def test_the_numbers_stand_behind_in_a_table():
    rows = pd.concat(
        [
            observed({"2026-Q3": 12, "2026-Q2": 10, "2025-Q3": 8}),
            observed({"2026-Q3": np.nan}, area="osten", level="programme", conf_status="C"),
        ]
    )
    figure = figures.answer(
        rows, "2026-Q3", "stadt", indicators=["firms"], catalogue=declared(), areas=AREAS,
        language="en",
    )  # fmt: skip
    table = words(figure).partition("As a table")[2]
    assert table.split()[-6:] == ["enterprises", "10", "enterprises", "8", "enterprises", "."]
