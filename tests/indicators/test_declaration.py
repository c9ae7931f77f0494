import pandas as pd
import pytest

from ostwerk_analysis.indicators import CATALOGUE, FIELDS, Indicator, catalogue, catalogue_frame
from ostwerk_analysis.observations import AREA_LEVELS
from ostwerk_analysis.tables import TABLES

BY_ID = {entry.id: entry for entry in CATALOGUE}


def test_every_indicator_has_one_code():
    assert len(BY_ID) == len(CATALOGUE)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_an_indicator_is_declared_whole(entry):
    for words in (entry.label_de, entry.label_en, entry.definition_de, entry.definition_en):
        assert words == words.strip() != ""
    assert entry.definition_de.endswith(".")
    assert entry.definition_en.endswith(".")
    assert entry.unit
    assert entry.needs
    for table, _, column in (need.partition(".") for need in entry.needs):
        assert table in TABLES
        assert not column or column in TABLES[table].columns
    assert set(entry.levels) <= set(AREA_LEVELS)
    assert entry.is_derived == (entry.events is None)


@pytest.mark.parametrize("entry", [e for e in CATALOGUE if e.is_derived], ids=lambda e: e.id)
def test_a_rate_has_two_declared_parts_of_the_same_reach(entry):
    upper, lower = BY_ID[entry.numerator], BY_ID[entry.denominator]
    assert upper.is_to_date == lower.is_to_date == entry.is_to_date
    assert set(entry.needs) >= {*upper.needs, *lower.needs}
    assert not upper.is_derived
    assert not lower.is_derived


def test_an_indicator_to_date_says_so_and_keeps_the_rest():
    once = BY_ID["leverage"]
    since = BY_ID["leverage_to_date"]
    assert since.is_to_date
    assert not once.is_to_date
    assert since.label_de == "Hebel (seit Beginn)"
    assert since.label_en == "Leverage (since the start)"
    assert since.numerator == "private_investment_eur_to_date"
    assert since.denominator == "grants_approved_eur_to_date"
    assert since.definition_en == once.definition_en
    jobs = BY_ID["jobs_created"]
    assert BY_ID["jobs_created_to_date"].levels == jobs.levels_to_date != jobs.levels
    assert BY_ID["jobs_created_to_date"].numerator == ""


def test_a_stock_and_a_published_figure_have_nothing_to_date():
    assert not any(entry.has_to_date for entry in CATALOGUE if entry.timing != "flow")


def test_the_catalogue_has_a_row_for_each_indicator_in_the_order_of_the_fields():
    frame = catalogue()
    assert frame["indicator"].tolist() == [entry.id for entry in CATALOGUE]
    assert frame["indicator"].iloc[0] == FIELDS["funding"][0].id
    row = frame.set_index("indicator").loc["leverage"]
    assert row[["unit", "kind", "numerator", "denominator", "scale", "better"]].tolist() == [
        "EUR per EUR", "ratio", "private_investment_eur", "grants_approved_eur", 1.0, "up",
    ]  # fmt: skip
    assert row["source"] == "grants, businesses"
    assert not frame.isna().any(axis=None)


def test_a_declaration_is_not_changed_once_it_is_made():
    with pytest.raises(AttributeError):
        BY_ID["leverage"].unit = "EUR"


def test_what_is_public_is_declared_so_and_all_else_has_units():
    for entry in CATALOGUE:
        is_public = set(entry.needs) <= {"statistics", "operations", "sites"}
        assert (entry.units == "") == is_public, entry.id


def test_a_city_declares_its_own():
    own = Indicator(
        id="own", label_de="a", label_en="b", definition_de="c", definition_en="d", unit="EUR",
        kind="sum",
    )  # fmt: skip
    pd.testing.assert_frame_equal(catalogue_frame([own]), pd.DataFrame([own.row()]))


def test_german_labels_are_grammatical_and_their_parts_are_told_apart():
    labels = {entry.id: entry.label_de for entry in CATALOGUE}
    near, far = (
        "Anteil der Arbeitslosen im Umkreis von 500\u00a0m",
        "Einwohner im Umkreis von 1.000\u00a0m",
    )
    assert labels["unemployed_within_500m_share"] == near
    assert labels["residents_within_1000m"] == far
    assert labels["grants_approved_migrant_owner_to_date"] == (
        "Bewilligte Zuschüsse, Anzahl: migrantische Betriebe (seit Beginn)"
    )
    for name in ("label_de", "label_en"):
        said = [getattr(entry, name) for entry in CATALOGUE]
        assert len(set(said)) == len(said)


def test_each_result_of_esf_says_that_incomplete_records_do_not_count():
    for entry in CATALOGUE:
        if entry.eu_code.startswith("EECR"):
            assert "zählt nicht" in entry.definition_de
            assert "not counted" in entry.definition_en
