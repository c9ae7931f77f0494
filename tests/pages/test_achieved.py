"""The sentence on the main result: every kind of value, in both languages, counted by hand."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures, indicators

CATALOGUE = indicators.catalogue()
MAIN = ("jobs_created_to_date", "status=verified")
HIDDEN = {"value": np.nan, "n_units": None, "conf_status": "C"}
NOT_KNOWN = {"value": np.nan, "n_units": None, "obs_status": "M"}
TARGET = pd.DataFrame(
    [
        {
            "indicator": "jobs_created",
            "measure_id": "kmu",
            "status": "verified",
            "due": "2027-12-31",
            "target_value": 180.0,
        }
    ]
)
NONE = TARGET.iloc[:0]
NAMES = {"kmu": "KMU-Beihilfe"}


def city(*rows):
    """Observations of the city: indicator, breakdown, value or what differs."""
    usual = {
        "area_id": "stadt", "area_level": "city", "period": "2026-Q3", "unit": "FTE",
        "n_units": 9, "obs_status": "A", "conf_status": "F", "quality_note": "",
    }  # fmt: skip
    return pd.DataFrame(
        [
            usual
            | {"indicator": indicator, "breakdown": part}
            | (given if isinstance(given, dict) else {"value": float(given)})
            for indicator, part, given in rows
        ]
    )


def jobs(verified, promised=None, of_target=None):
    rows = [("jobs_created_to_date", "status=verified", verified)]
    if promised is not None:
        rows.append(("jobs_created_to_date", "status=promised", promised))
    if of_target is not None:
        rows.append(("jobs_created_to_date", "measure=kmu&status=verified", of_target))
    return city(*rows)


def said(observations, language="de", main=MAIN, targets=TARGET, **more):
    figure = figures.achieved(
        observations, main, "2026-Q3", "stadt", catalogue=CATALOGUE, targets=targets,
        language=language, parts=NAMES, **more,
    )  # fmt: skip
    drawn = BeautifulSoup(figure.html, "html.parser")
    besides = drawn.select_one(".ow-besides")
    return drawn.select_one(".ow-answer").get_text(), besides.get_text() if besides else ""


def test_the_sentence_has_verified_promised_target_and_what_is_not_measured():
    observations = jobs(160, 213.25, 150)  # 150 of 180 are 83.3 %
    assert said(observations)[0] == (
        "Bis zum 3. Quartal 2026 sind 160 geschaffene Arbeitsplätze geprüft (rund 213 zugesagt), "
        "das Ziel (KMU-Beihilfe: 180\u00a0VZÄ bis 31.12.2027) ist zu 83\u00a0% erreicht; wie viele "
        "davon auch ohne das Programm entstanden wären, ist nicht gemessen."
    )
    assert said(observations, "en")[0] == (
        "By the end of Q3 2026, 160 jobs created are verified (about 213 promised), and 83\u00a0% "
        "of the target (KMU-Beihilfe: 180\u00a0FTE by 31 December 2027) is reached; how many of "
        "them would have come without the programme as well has not been measured."
    )


@pytest.mark.parametrize(
    ("verified", "begins"),
    [
        (0, "Bis zum 3. Quartal 2026 ist noch kein geschaffener Arbeitsplatz geprüft,"),
        (1, "Bis zum 3. Quartal 2026 ist ein geschaffener Arbeitsplatz geprüft,"),
        (2, "Bis zum 3. Quartal 2026 sind 2 geschaffene Arbeitsplätze geprüft,"),
        (8.75, "Bis zum 3. Quartal 2026 sind rund 8,8 geschaffene Arbeitsplätze geprüft,"),
        (1234, "Bis zum 3. Quartal 2026 sind 1.234 geschaffene Arbeitsplätze geprüft,"),
        (
            {"value": 160.0, "obs_status": "E", "quality_note": "some values are not known"},
            "Bis zum 3. Quartal 2026 sind mindestens 160 geschaffene Arbeitsplätze geprüft,",
        ),
        (
            HIDDEN,
            "Geschaffene Arbeitsplätze (seit Beginn) – geprüft: Der Wert (Stand 3. Quartal 2026) "
            "wird geheim gehalten, weil zu wenige dahinterstehen,",
        ),
        (
            NOT_KNOWN,
            "Geschaffene Arbeitsplätze (seit Beginn) – geprüft: Der Wert (Stand 3. Quartal 2026) "
            "ist nicht bekannt,",
        ),
    ],
)
def test_none_one_many_about_secret_and_missing_have_sentences_of_their_own(verified, begins):
    sentence, _ = said(jobs(verified), targets=NONE)
    assert sentence.startswith(f"{begins} ein Ziel ist nicht gesetzt")
    # Nothing is asked of what is nothing, or not told.
    is_asked = "nicht gemessen" in sentence
    assert is_asked == ((not isinstance(verified, dict) and verified > 0) or "mindestens" in begins)


@pytest.mark.parametrize(
    ("promised", "bracket"),
    [
        (0, "(keiner zugesagt)"),
        (1, "(1 zugesagt)"),
        (HIDDEN, "(wie viele zugesagt sind, wird geheim gehalten)"),
        (NOT_KNOWN, "(wie viele zugesagt sind, ist nicht bekannt)"),
    ],
)
def test_what_is_promised_stands_apart_in_brackets(promised, bracket):
    assert f"geprüft {bracket}," in said(jobs(160, promised))[0]
    assert "zugesagt" not in said(jobs(160))[0]  # which is not recorded


@pytest.mark.parametrize(
    ("of_target", "words"),
    [
        (180, "das Ziel (KMU-Beihilfe: 180\u00a0VZÄ bis 31.12.2027) ist erreicht (100\u00a0%)"),
        (179.5, "ist zu 99\u00a0% erreicht"),  # 99.7 %, which is not all
        (0, "ist zu 0\u00a0% erreicht"),
        (HIDDEN, "wie weit das Ziel (KMU-Beihilfe: 180\u00a0VZÄ bis 31.12.2027) erreicht ist, wird "
         "geheim gehalten"),
        (NOT_KNOWN, "erreicht ist, ist nicht bekannt"),
        (None, "erreicht ist, ist nicht bekannt"),
    ],
)  # fmt: skip
def test_what_is_reached_of_the_target_is_that_of_its_own_measure(of_target, words):
    assert words in said(jobs(160, None, of_target))[0]


def test_of_several_targets_the_reached_ones_are_counted():
    both = pd.concat([TARGET, TARGET.assign(measure_id="", target_value=100.0)], ignore_index=True)
    assert "von 2 Zielen ist eines erreicht" in said(jobs(160, None, 150), targets=both)[0]
    less = both.assign(target_value=500.0)
    assert "von 2 Zielen ist noch keines erreicht" in said(jobs(160, None, 150), targets=less)[0]


def test_founders_area_cost_and_how_it_is_counted_follow():
    observations = pd.concat(
        [
            jobs(160),
            city(
                ("jobs_created_founders_to_date", "status=verified", 45),
                ("cost_per_job_created_eur_to_date", "status=verified", 5140.79),
            ),
            jobs(140).assign(area_id="osten", area_level="programme"),  # 87.5 % of 160
        ]
    )
    _, besides = said(observations, areas={"osten": "Osten", "stadt": "Stadt"})
    assert besides == (
        "45 davon sind die eigenen der Gründerinnen und Gründer. Im Gebiet Osten liegen 88\u00a0% "
        "davon. Auf einen Arbeitsplatz, der aus einem Zuschuss folgt, kommen 5.141\u00a0€ "
        "Zuschüsse; ein Intervall dafür ist nicht veröffentlicht. Gezählt wird in Vollzeitstellen."
    )


def test_other_main_results_have_their_own_words():
    supported = city(("enterprises_supported_to_date", "", 226))
    main = ("enterprises_supported_to_date", "")
    assert said(supported, "de", main, NONE)[0] == (
        "Bis zum 3. Quartal 2026 sind 226 Unternehmen unterstützt worden, ein Ziel ist nicht "
        "gesetzt; was davon auch ohne das Programm gekommen wäre, ist nicht gemessen."
    )
    money = city(("grants_approved_eur_to_date", "", 812_010))
    assert said(money, "de", ("grants_approved_eur_to_date", ""), NONE)[0].startswith(
        "Bewilligte Zuschüsse (seit Beginn): 812.010\u00a0€ (Stand 3. Quartal 2026), ein Ziel"
    )


def test_the_main_result_is_declared_or_the_first_targets_or_a_usual_one():
    observations = pd.concat(
        [jobs(160), city(("enterprises_supported_to_date", "", 226), ("residents", "", 9))]
    )
    assert figures.main_result(observations, TARGET) == MAIN
    supported = ("enterprises_supported_to_date", "")
    assert figures.main_result(observations, TARGET, "enterprises_supported") == supported
    only = observations[observations["indicator"] != "jobs_created_to_date"]
    assert figures.main_result(only, NONE) == supported
    retained = TARGET.assign(status="retained", measure_id="")
    rung = city(("jobs_created_to_date", "status=retained", 3))
    assert figures.main_result(rung, retained) == ("jobs_created_to_date", "status=retained")
    assert figures.main_result(only.iloc[:0], NONE) == ("jobs_created", "")


def test_the_map_shows_the_first_that_districts_have_values_of():
    place = {"area_level": "district", "area_id": "01"}
    secret = jobs(HIDDEN).assign(**place)
    share = city(("unemployed_share", "", 7)).assign(**place)
    wanted = [MAIN, ("unemployed_share", "")]
    assert figures.mapped_result(pd.concat([secret, share]), "2026-Q3", wanted) == wanted[1]
    known = jobs(5).assign(**place)
    assert figures.mapped_result(pd.concat([known, share]), "2026-Q3", wanted) == MAIN
    assert figures.mapped_result(jobs(160), "2026-Q3", wanted) == MAIN


def test_the_way_to_the_explorer_names_what_it_is_to_show():
    link = BeautifulSoup(figures.to_explorer(*MAIN, "2026-Q3", "en").html, "html.parser").a
    assert link["href"] == (
        "karte?lang=en#indicator=jobs_created_to_date&breakdown=status%3Dverified&quarter=2026-Q3"
    )


def test_the_overview_leads_to_the_same_map_of_the_same_quarter(server, page):
    page.goto(server.url + "/demo/ueberblick?lang=de&quarter=2025-Q4")
    mapped = page.inner_text(".ow-figure:has(.ow-map) :is(h2, h3)")
    assert "4. Quartal 2025" in page.inner_text(".ow-answer")
    page.click(".ow-on a")
    page.wait_for_selector(".ow-explorer .ow-districts path")
    page.wait_for_function("location.hash.includes('2025-Q4')")
    assert page.inner_text(".ow-explorer figcaption :is(h2, h3)") == mapped
    assert "4. Quartal 2025" in page.inner_text(".ow-explorer figcaption")
    assert page.wrong == []
