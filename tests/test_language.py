import math
import pickle
from datetime import date
from decimal import Decimal
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import language
from ostwerk_analysis.language import (
    Sentence,
    day,
    joined,
    number,
    preferred,
    quarter,
    text,
    unit_sign,
)

THIN = "\u00a0"


@pytest.fixture
def german(monkeypatch):
    """Two entries of a catalogue, so that a test does not depend on the real one."""
    sentences = {"{count} rows": "{count} Zeilen", "enterprises": "Unternehmen"}
    monkeypatch.setattr(language, "_german", lambda: sentences)


def test_a_sentence_is_translated_and_filled_in(german):
    assert text("{count} rows", "de", count=3) == "3 Zeilen"
    assert text("{count} rows", "en", count=3) == "3 rows"


def test_a_sentence_without_translation_stays_english(german):
    assert text("{count} columns", "de", count=3) == "3 columns"


def test_braces_in_a_value_or_in_a_plain_sentence_are_no_placeholders(german):
    assert text("{count} rows", "de", count="{x}") == "{x} Zeilen"
    assert text("columns = { a = 1 }") == "columns = { a = 1 }"


def placeholders(sentence):
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


def test_a_translation_has_the_placeholders_of_its_sentence():
    for english, german in language._german().items():
        if "{" in english or "{" in german:
            assert placeholders(german) == placeholders(english), english


@pytest.mark.parametrize(
    ("value", "unit", "german", "english"),
    [
        (1234.5, "percent", f"1.235{THIN}%", f"1,235{THIN}%"),
        (12.34, "percent", f"12,3{THIN}%", f"12.3{THIN}%"),
        (1234567, "EUR", f"1.234.567{THIN}€", f"1,234,567{THIN}€"),
        (5.0, "", "5", "5"),
        (5.0, "1", "5", "5"),
        (0.0, "EUR", f"0{THIN}€", f"0{THIN}€"),
        (-7.25, "", "−7,3", "−7.3"),
        (999.96, "", "1.000,0", "1,000.0"),
        (math.nan, "EUR", "–", "–"),
    ],
)
def test_numbers_are_written_as_each_language_does(value, unit, german, english):
    assert number(value, unit, "de") == german
    assert number(value, unit, "en") == english


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [(0.45, 1, "0.5"), (2.5, 0, "3"), (1.005, 2, "1.01"), (-2.5, 0, "−3"), (0.25, 1, "0.3")],
)
def test_a_half_is_rounded_up_by_the_decimals_that_are_seen(value, digits, written):
    assert number(value, "", "en", digits) == written


def test_what_rounds_to_nothing_has_no_sign():
    assert number(-0.04, "", "en", 1) == "0.0"
    assert number(-0.0, "", "de") == "0"


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_a_written_number_differs_by_half_a_unit_of_its_last_place_at_most(value, digits):
    written = Decimal(number(value, "", "en", digits).replace(",", "").replace("−", "-"))
    assert abs(written - Decimal(repr(value))) <= Decimal(1).scaleb(-digits) / 2


def test_a_unit_has_a_short_form_only_where_there_is_one(german):
    assert unit_sign("EUR", "de") == "€"
    assert unit_sign("percent", "en") == "%"
    assert unit_sign("enterprises", "de") == "Unternehmen"
    assert unit_sign("", "de") == unit_sign("1", "de") == ""


def test_quarters_and_years_are_named():
    assert quarter("2026-Q3", "de") == "3. Quartal 2026"
    assert quarter("2026-Q3", "en") == "Q3 2026"
    assert quarter("2026", "de") == quarter("2026", "en") == "2026"


def test_days_are_written_as_each_language_does():
    assert day(date(2026, 3, 1), "de") == "01.03.2026"
    assert day(date(2026, 3, 1), "en") == "1 March 2026"


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_AT"}, "de"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "de_DE", "LANG": "en_GB"}, "de"),
    ],
)
def test_the_language_is_that_of_the_locale_and_german_only_where_it_is_german(
    variables, found, monkeypatch
):
    for name in language.LOCALE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert preferred() == found


def test_without_a_variable_the_language_is_that_of_the_system(monkeypatch):
    for name in language.LOCALE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(language.locale, "getlocale", lambda: ("German_Germany", "1252"))
    assert preferred() == "de"
    monkeypatch.setattr(language.locale, "getlocale", lambda: (None, None))
    assert preferred() == "en"


def test_a_fraction_in_a_german_sentence_has_a_comma(german):
    assert text("{share:.1f} of {count} rows", "de", share=2.25, count=3) == "2,2 of 3 rows"
    assert text("{share:.1f} of {count} rows", "en", share=2.25, count=3) == "2.2 of 3 rows"


def test_a_sentence_within_a_sentence_is_said_in_its_language(german):
    inner = Sentence("{count} rows", count=3)
    assert inner == "3 rows"
    assert text("{file}: {what}", "de", file="a.csv", what=inner) == "a.csv: 3 Zeilen"


def test_joined_sentences_can_still_be_said_in_either_language(german):
    both = joined("; ", [Sentence("{count} rows", count=1), "{x}"])
    assert (both, both.text("de")) == ("1 rows; {x}", "1 Zeilen; {x}")
    assert joined("; ", []) == ""


def test_a_sentence_crosses_a_process_border(german):
    copy = pickle.loads(pickle.dumps(Sentence("{count} rows", count="{x}")))  # noqa: S301
    assert (copy, copy.text("de")) == ("{x} rows", "{x} Zeilen")
