import pickle
from string import Formatter

import pytest

from ostwerk_analysis import language
from ostwerk_analysis.faults import (
    FAULT_COLUMNS,
    DataError,
    DisclosureError,
    NotebookError,
    OstwerkError,
    ReleaseError,
    as_error,
    faults_by_kind,
    faults_frame,
    nearest,
    repairs_by_kind,
    repairs_frame,
    sentence,
    sentences,
)
from ostwerk_analysis.rules import REPAIRS, RULES, SAID_IN_WORDS

FAULT = {
    "table": "businesses",
    "source": "in/businesses.csv",
    "file": "businesses.csv",
    "line": 7,
    "column": "employees_fte",
    "value": "-3",
    "rule": "range",
    "expected": "0 or more",
}


@pytest.fixture
def german(monkeypatch):
    sentences = {
        "{file}, line {line}": "{file}, Zeile {line}",
        "{value} in {column} must be {expected}.": "{value} in {column} muss {expected} sein.",
        "0 or more": "0 oder mehr",
        "Correct the figure at its source.": "Die Zahl an der Quelle berichtigen.",
        "{count} faults:\n{errors}": "{count} Fehler:\n{errors}",
    }
    monkeypatch.setattr(language, "_german", lambda: sentences)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (OstwerkError, 1),
        (ReleaseError, 1),
        (DataError, 2),
        (DisclosureError, 3),
        (NotebookError, 4),
    ],
)
def test_each_kind_of_error_ends_the_command_with_its_own_code(kind, code):
    assert kind("x").exit_code == code


def across(error):
    """Send an error to another process and back."""
    return pickle.loads(pickle.dumps(error))  # noqa: S301 our own bytes


def test_an_error_crosses_a_process_border_with_its_values():
    error = DataError("{file} is empty.", file="a.csv")
    copy = across(error)
    assert type(copy) is DataError
    assert str(copy) == "a.csv is empty."
    assert copy.values == error.values


def test_errors_within_an_error_are_said_in_its_language(german):
    one = as_error(FAULT)
    both = DataError("{count} faults:\n{errors}", count=2, errors=[one, one])
    line = "businesses.csv, Zeile 7: -3 in employees_fte muss 0 oder mehr sein."
    remedy = "Die Zahl an der Quelle berichtigen."
    assert both.text("de") == f"2 Fehler:\n{line} {remedy}\n{line} {remedy}"
    assert str(both).startswith("2 faults:\nbusinesses.csv, line 7: -3 in employees_fte must be")
    assert across(both).text("de") == both.text("de")


def test_a_list_of_other_things_is_written_as_it_is():
    assert str(DataError("{names}", names=["a", "b"])) == "['a', 'b']"


def test_a_fault_says_where_what_and_what_to_do():
    assert sentence(FAULT) == (
        "businesses.csv, line 7: -3 in employees_fte must be 0 or more. "
        "Correct the figure at its source."
    )


@pytest.mark.parametrize("file", ["districts.geojson", "DISTRICTS.GPKG"])
def test_a_fault_in_a_file_of_shapes_names_the_feature_not_a_line(file):
    assert sentence(FAULT | {"file": file}).startswith(f"{file}, feature 7: ")


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_said_with_what_a_fault_holds(rule):
    said = sentence(FAULT | {"rule": rule, "value": "{odd}", "expected": "{also}"})
    assert "\n" not in said
    assert said.startswith("businesses.csv, line 7: ")
    assert said.endswith(RULES[rule].remedy)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_asks_for_nothing_that_a_fault_does_not_hold(rule):
    fields = {name for _, name, _, _ in Formatter().parse(RULES[rule].text) if name}
    assert fields <= {"value", "column", "expected"}
    assert "{" not in RULES[rule].remedy


def test_phrases_are_those_of_known_rules():
    assert RULES.keys() >= SAID_IN_WORDS


def test_a_table_of_faults_has_its_columns_and_types_even_without_rows():
    for frame in (faults_frame(), faults_frame([FAULT, {"rule": "cells", "line": 2}])):
        assert list(frame) == FAULT_COLUMNS
        assert frame["line"].dtype == "Int64"
        assert set(frame.drop(columns="line").dtypes.astype(str)) == {"str"}
    assert frame.loc[1, ["table", "value"]].tolist() == ["", ""]


def test_faults_are_said_row_by_row():
    said = sentences(faults_frame([FAULT, FAULT | {"rule": "number"}]))
    assert list(said) == ["table", "rule", "sentence"]
    assert said["rule"].tolist() == ["range", "number"]
    assert said["sentence"].tolist() == [sentence(FAULT), sentence(FAULT | {"rule": "number"})]


def test_the_nearest_name_is_found_whatever_its_case():
    names = ["business_id", "District_ID", "name"]
    assert nearest("distrikt_id", names) == "District_ID"
    assert nearest("NAME", names) == "name"
    assert nearest("x", []) == ""
    assert nearest("zzz", names) in names


def test_repairs_are_said_once_for_each_kind_with_their_number():
    row = {"table": "statistics", "file": "lis.csv", "column": "value", "value": "0", "line": 4}
    of_c1 = row | {"rule": "correction", "reason": "c1"}
    of_c2 = row | {"rule": "correction", "reason": "c2", "becomes": "3"}
    said = repairs_by_kind(repairs_frame([of_c1, of_c1, of_c2]))
    assert said[["repairs", "sentence"]].to_dict("records") == [
        {"repairs": 2, "sentence": "0 in value becomes – by the correction c1."},
        {"repairs": 1, "sentence": "0 in value becomes 3 by the correction c2."},
    ]
    assert repairs_by_kind(repairs_frame()).empty


def test_faults_alike_are_said_once_and_of_many_values_the_first_five():
    rows = [FAULT | {"line": line, "value": str(line % 7)} for line in range(1, 71)]
    said = faults_by_kind(faults_frame([*rows, FAULT | {"rule": "number"}]))
    assert said["faults"].tolist() == [10, 10, 10, 10, 10, 20, 1]
    assert said["sentence"].tolist() == [
        *(sentence(row) for row in rows[:5]),
        "businesses.csv: others of the same kind.",
        sentence(FAULT | {"rule": "number"}),
    ]
    assert faults_by_kind(faults_frame()).empty


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "1,000.50 m² in the file, to 297,810,286.033346 m² (< 0.000001 m²) after"),
        ("de", "ergeben in der Datei zusammen 1.000,50 m², nach dem Ausbessern 297.810.286,033346"),
    ],
)
def test_measures_of_repairs_are_written_as_the_language_writes_numbers(language, said):
    row = {"table": "districts", "rule": "area_balance", "value": "1000.50 m²"}
    row |= {"becomes": "297810286.033346 m² (< 0.000001 m²)"}
    [sentence] = repairs_by_kind(repairs_frame([row]), language)["sentence"]
    assert said in sentence
    assert "e-" not in sentence


@pytest.mark.parametrize("rule", REPAIRS)
@pytest.mark.parametrize("spoken", ["de", "en"])
def test_every_repair_can_be_said(rule, spoken):
    row = {"table": "districts", "rule": rule, "value": "v", "column": "c", "becomes": "b"}
    [said] = repairs_by_kind(repairs_frame([row]), spoken)["sentence"]
    assert "{" not in said
