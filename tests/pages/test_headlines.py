import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import figures, indicators
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Programme

CATALOGUE = indicators.catalogue()
NOTE = "some values are not known"


def observed(value, *, indicator="grants_approved_eur_to_date", part="", **more):
    row = {
        "indicator": indicator, "area_id": "stadt", "area_level": "city", "period": "2025-Q2",
        "breakdown": part, "value": value, "unit": "EUR", "n_units": 5, "obs_status": "A",
        "conf_status": "F", "quality_note": "",
    }  # fmt: skip
    return pd.DataFrame([row | more])


def headline(value, qualifier="exactly", **more):
    row = {
        "id": "h", "indicator": "grants_approved_eur_to_date", "measure_id": "", "status": "",
        "value": value, "unit": "", "period": "", "qualifier": qualifier, "definition": "",
        "source_de": "Bericht 2007", "source_en": "Report 2007",
    }  # fmt: skip
    return pd.DataFrame([row | more])


def held(observations, headlines, period="2025-Q2"):
    [row] = figures.reconciled(observations, headlines, CATALOGUE, period, "stadt").to_dict(
        "records"
    )
    return row


@pytest.mark.parametrize(
    ("qualifier", "published", "value", "verdict"),
    [
        ("exactly", 8000, 8000.0, "agrees"),
        ("exactly", 8000, 8000.4, "agrees"),  # which rounds to it
        ("exactly", 8000, 8001.0, "differs"),
        ("exactly", 2.5, 2.54, "agrees"),
        ("exactly", 2.5, 2.6, "differs"),
        ("about", 800_000, 840_000.0, "agrees"),
        ("about", 800_000, 760_000.0, "agrees"),
        ("about", 800_000, 840_001.0, "differs"),
        ("about", 800_000, 759_999.0, "differs"),
        ("more_than", 600, 601.0, "agrees"),
        ("more_than", 600, 1200.0, "agrees"),
        ("more_than", 600, 600.0, "differs"),
    ],
)
def test_a_figure_agrees_as_it_was_put(qualifier, published, value, verdict):
    row = held(observed(value), headline(published, qualifier))
    assert (row["verdict"], row["reason"]) == (verdict, "")
    assert row["difference"] == pytest.approx(value - published)


@pytest.mark.parametrize(
    ("observations", "stated", "reason"),
    [
        (observed(150.0), {"unit": "persons"}, "unit"),
        (observed(150.0), {"period": "2025-Q3"}, "later"),
        (observed(150.0), {"period": "2025"}, "later"),  # the year ends after the second quarter
        (observed(np.nan, conf_status="C"), {}, "secret"),
        (observed(np.nan, obs_status="M"), {}, "missing"),
        (observed(150.0), {"measure_id": "kmu"}, "missing"),
        (observed(150.0), {"period": "2024-Q4"}, "missing"),
        (observed(150.0, obs_status="E", quality_note=NOTE), {}, "gap"),
    ],
)
def test_what_cannot_be_compared_says_why(observations, stated, reason):
    row = held(observations, headline(150, **stated))
    assert (row["verdict"], row["reason"]) == ("not comparable", reason)
    assert np.isnan(row["difference"])


def test_the_part_and_the_period_that_were_published_are_looked_up():
    part = "measure=kmu&status=verified"
    jobs = "jobs_created_to_date"
    both = pd.concat(
        [
            observed(150.0, indicator=jobs, part=part, period="2024-Q4"),
            observed(170.0, indicator=jobs, part=part),
            observed(200.0, indicator=jobs, part="status=verified", period="2024-Q4"),
        ]
    )
    stated = {"indicator": jobs, "measure_id": "kmu", "status": "verified"}
    row = held(both, headline(150, "about", period="2024-Q4", **stated))
    assert (row["breakdown"], row["value"], row["verdict"]) == (part, 150, "agrees")
    assert held(both, headline(150, "about", **stated))["verdict"] == "differs"


@given(st.integers(1, 10**9), st.sampled_from(["exactly", "about", "more_than"]))
def test_the_published_value_itself_agrees_unless_more_was_meant(published, qualifier):
    verdict = held(observed(float(published)), headline(published, qualifier))["verdict"]
    assert verdict == ("differs" if qualifier == "more_than" else "agrees")


def test_the_headline_of_the_small_city_agrees(small_data):
    # g1, g2 and g4 of the measure: 4,000, 2,000 and 2,000
    observations = indicators.compute(small_data, "2025Q2", "funding")
    declared = [one.model_dump(mode="json") for one in small_data.programme.headlines]
    row = held(observations, pd.DataFrame(declared))
    assert (row["value"], row["verdict"]) == (8000, "agrees")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "more than 600\u00a0€",
                "About",
                "Report 2007",
                "agrees",
                "not comparable: the value is kept secret",
            ],
        ),
        (
            "de",
            [
                "mehr als 600\u00a0€",
                "„Rund“",
                "Bericht 2007",
                "stimmt überein",
                "der Wert wird geheim gehalten",
            ],
        ),
    ],
)
def test_the_table_says_it_in_words(language, said):
    secret = observed(np.nan, indicator="grants_paid_eur_to_date", conf_status="C")
    both = pd.concat([observed(700.0), secret])
    declared = pd.concat(
        [headline(600, "more_than"), headline(600, "about", indicator="grants_paid_eur_to_date")]
    )
    figure = figures.headlines(
        both, declared, "2025-Q2", "stadt", catalogue=CATALOGUE, language=language
    )
    words = BeautifulSoup(figure.html, "html.parser").get_text(" ").replace(" About", " about")
    for part in said:
        assert part in words, part


def test_without_headlines_the_table_says_so():
    none = pd.DataFrame({"indicator": pd.Series(dtype="str")})
    figure = figures.headlines(
        observed(1.0), none, "2025-Q2", "stadt", catalogue=CATALOGUE, language="en"
    )
    assert "No figure published before is declared." in figure.html


def test_a_headline_of_no_period_is_refused(small_city, change):
    change(small_city / "programme.toml", "value = 8000", 'value = 8000\nperiod = "2025 Q2"')
    with pytest.raises(DataError, match="period must be a quarter or year: 2026-Q3 or 2026"):
        Programme.read(small_city)
