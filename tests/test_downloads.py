"""Downloads as people meet them: read back by the csv module and by openpyxl."""

import csv
import io
import zipfile
from datetime import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import downloads
from ostwerk_analysis.observations import tidy

CATALOGUE = pd.DataFrame(
    [
        {"indicator": "grants", "label_de": "Zuschüsse", "label_en": "Grants"}
        | {"definition_de": "=Summe", "definition_en": "Sum of grants."},
        {"indicator": "share", "label_de": "Anteil", "label_en": "Share"}
        | {"definition_de": "Je 100.", "definition_en": "Per 100."},
    ]
)
AREAS = pd.DataFrame(
    [
        ("01", "district", '=Markt; "alt"', '=Market, "old"'),
        ("stadt", "city", "Musterstadt", "Sample City"),
    ],
    columns=["area_id", "area_level", "name_de", "name_en"],
)
NAMES = {"de": {"kmu": "KMU-Beihilfe"}, "en": {"kmu": "Grants to small firms"}}


def row(indicator="grants", area="01", period="2024-Q1", value=np.nan, **more):
    return {
        "indicator": indicator,
        "area_id": area,
        "area_level": "city" if area == "stadt" else "district",
        "period": period,
        "breakdown": "",
        "value": value,
        "unit": {"grants": "EUR", "share": "percent"}[indicator],
        "n_units": 4,
        "obs_status": "A",
        "conf_status": "F",
        "quality_note": "",
        **more,
    }


HIDDEN = {"n_units": None, "conf_status": "C"}
GAP = {"n_units": None, "obs_status": "M"}


@pytest.fixture(scope="module")
def observations():
    return tidy(
        pd.DataFrame(
            [
                row(value=0.0, n_units=0),
                row(period="2024-Q2", **HIDDEN),
                row(period="2024-Q3", **GAP),
                row(area="stadt", value=1_234_567.0),
                row(area="stadt", value=1500.0, breakdown="measure=kmu"),
                row("share", value=12.25, period="2024", quality_note="a district is missing"),
            ]
        )
    )


@pytest.fixture(scope="module")
def folder(observations, tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads") / "downloads"
    downloads.write(folder, observations, CATALOGUE, AREAS, NAMES)
    return folder


def unpacked(file):
    with zipfile.ZipFile(file) as archive:
        (name,) = archive.namelist()
        assert name == file.stem
        return archive.read(name)


def read_csv(file, delimiter):
    content = unpacked(file) if file.suffix == ".zip" else file.read_bytes()
    opened = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(opened, delimiter=delimiter))


def sheet(folder, name, language="en"):
    book = openpyxl.load_workbook(folder / f"observations.{language}.xlsx")
    return [[cell.value for cell in line] for line in book[name].iter_rows()]


def test_both_languages_have_a_csv_a_workbook_and_a_book_of_codes(folder):
    names = {path.name for path in folder.iterdir()}
    kinds = ("observations", "csv.zip"), ("observations", "xlsx"), ("indicators", "csv")
    assert names == {f"{name}.{lang}.{kind}" for lang in ("de", "en") for name, kind in kinds}


def test_the_english_csv_by_hand(folder):
    rows = read_csv(folder / "observations.en.csv.zip", ",")
    assert len(rows) == 6
    share = rows[-1]
    assert share == {
        "Indicator code": "share",
        "Indicator": "Share",
        "Area code": "01",
        "Area": '\'=Market, "old"',
        "Area level": "District",
        "Period": "2024",
        "Breakdown": "",
        "Value": "12.25",
        "Unit": "percent",
        "Units counted": "4",
        "Status": "A",
        "Confidentiality": "F",
        "Note": "a district is missing",
    }


def test_zero_suppressed_and_missing_are_three_things_in_a_csv(folder):
    rows = read_csv(folder / "observations.en.csv.zip", ",")
    cells = {row["Period"]: row for row in rows if row["Area code"] == "01"}
    columns = ("Value", "Units counted", "Status", "Confidentiality")
    found = {period: tuple(cells[period][name] for name in columns) for period in cells}
    assert found["2024-Q1"] == ("0", "0", "A", "F")
    assert found["2024-Q2"] == ("", "", "A", "C")
    assert found["2024-Q3"] == ("", "", "M", "F")


def test_german_csv_has_decimal_commas_between_semicolons(folder):
    text = unpacked(folder / "observations.de.csv.zip")
    assert text.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in text
    rows = read_csv(folder / "observations.de.csv.zip", ";")
    values = [list(row.values())[7] for row in rows]
    assert values == ["1234567", "1500", "0", "", "", "12,25"]
    assert list(rows[-1].values())[3] == '\'=Markt; "alt"'


def test_a_program_reads_both_csvs_alike(folder):
    german = pd.read_csv(folder / "observations.de.csv.zip", sep=";", decimal=",", dtype={2: str})
    english = pd.read_csv(folder / "observations.en.csv.zip", dtype={2: str})
    for column in (0, 2, 5, 7, 9, 10, 11):
        assert german.iloc[:, column].equals(english.iloc[:, column])


def test_a_sheet_has_areas_down_and_periods_across(folder):
    lines = sheet(folder, "grants")
    assert lines[0][0] == "Grants (EUR)"
    assert lines[2] == ["Area level", "Area code", "Area", "Breakdown", "Q1 2024", "Q2 2024",
                        "Q3 2024"]  # fmt: skip
    assert lines[3] == ["City", "stadt", "Sample City", "", 1_234_567, None, None]
    assert lines[4] == [
        *("City", "stadt", "Sample City", "Measure: Grants to small firms", 1500, None, None)
    ]
    assert lines[5] == ["District", "01", '=Market, "old"', "", 0, ".", "…"]


def test_numbers_are_numbers_and_a_formula_is_text(folder):
    book = openpyxl.load_workbook(folder / "observations.de.xlsx")
    cells = [cell for page in book for line in page.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s", "n"}
    assert "=Summe" in [cell.value for cell in cells]
    assert book["share"]["E4"].number_format == "#,##0.0"
    assert book["grants"]["E4"].number_format == "#,##0"


def test_the_first_sheet_says_what_it_is_of_explains_the_signs_and_leads_to_the_others(
    observations, tmp_path
):
    about = {"en": {"Programme": "Old market", "Licence": "CC BY 4.0, Sample City", "Empty": ""}}
    downloads.write(tmp_path, observations, CATALOGUE, AREAS, about=about)
    notes = openpyxl.load_workbook(tmp_path / "observations.en.xlsx").worksheets[0]
    lines = [[cell.value or "" for cell in line] for line in notes.iter_rows()]
    assert [line[:2] for line in lines[:2]] == [
        ["Programme", "Old market"],
        ["Licence", "CC BY 4.0, Sample City"],
    ]
    assert [line[0] for line in lines[2:7]] == ["", ".", "…", "0", ""]
    assert "not yet protected" in lines[6][1]
    assert lines[8][:4] == ["Indicator code", "Indicator", "Definition", "Unit"]
    assert lines[9][:3] == ["grants", "Grants", "Sum of grants."]
    assert notes["A10"].hyperlink.location == "'grants'!A1"
    assert lines[10][:3] == ["share", "Share", "Per 100."]


def test_the_book_of_codes_says_of_an_indicator_all_that_is_declared():
    given = {
        "indicator": "leverage",
        "label_en": "Leverage",
        "definition_en": "Euros per euro.",
        "unit": "EUR",
        "kind": "ratio",
        "numerator": "private_eur",
        "denominator": "grants_eur",
        "better": "up",
        "eu_code": "RCR02",
        "source": "grants, statistics",
        "breakdowns": "size; measure & status",
        "first_period": "2024-Q1",
    }
    [line] = downloads.code_book(pd.DataFrame([given]), "en").to_numpy().tolist()
    assert line == [
        *("leverage", "Leverage", "Euros per euro.", "EUR", "Ratio of two sums"),
        *("private_eur / grants_eur", "An increase is an improvement", "RCR02"),
        *("grant register, official statistics", "Size class; Measure & Status", "Q1 2024"),
    ]


def test_a_list_is_a_workbook_with_days_numbers_and_harmless_text(tmp_path):
    table = pd.DataFrame(
        {
            "Code": ["=1+1", "O2"],
            "Erster Tag": pd.to_datetime(["2024-03-01", None]),
            "Kosten": [100_000.5, np.nan],
        }
    )
    about = {"Lizenz": "CC BY 4.0"}
    downloads.write_list(tmp_path / "a.xlsx", table, "de", about=about, is_demonstration=True)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    notes = [[cell.value for cell in line[:2]] for line in book["Hinweise"].iter_rows()]
    assert notes == [["!", "Demonstrationsdaten"], ["Lizenz", "CC BY 4.0"]]
    cells = [[cell.value for cell in line] for line in book["Tabelle"].iter_rows()]
    assert cells == [
        ["Code", "Erster Tag", "Kosten"],
        ["=1+1", datetime(2024, 3, 1), 100_000.5],
        ["O2", None, None],
    ]
    assert book["Tabelle"]["A2"].data_type == "s"


def test_values_that_are_not_final_are_marked_in_their_cells_and_explained(tmp_path):
    given = tidy(
        pd.DataFrame(
            [
                row(value=5.0, obs_status="E", quality_note="some values are not known"),
                row(period="2024-Q2", value=6.0),
                row(period="2024-Q3", obs_status="E", **HIDDEN),
                row("share", value=12.25, obs_status="B"),
                row("share", period="2024-Q2", obs_status="P", **HIDDEN),
            ]
        )
    )
    downloads.write(tmp_path, given, CATALOGUE, AREAS)
    book = openpyxl.load_workbook(tmp_path / "observations.en.xlsx")
    cells = [book["grants"][place] for place in ("E4", "F4", "G4")]
    assert [cell.value for cell in cells] == [5, 6, "."]
    assert [cell.number_format for cell in cells[:2]] == ['#,##0"e"', "#,##0"]
    assert (book["share"]["E4"].value, book["share"]["E4"].number_format) == (12.25, '#,##0.0"b"')
    marks = [[cell.value for cell in line[:2]] for line in book["Notes"]["A5:B6"]]
    assert marks == [["e", "estimated"], ["b", "break in the series"]]


def test_the_first_sheet_says_that_secrets_can_be_computed_from_totals(folder):
    assert any("not yet protected" in str(line[1]) for line in sheet(folder, "Notes"))
    assert any("noch nicht geschützt" in str(line[1]) for line in sheet(folder, "Hinweise", "de"))


def test_an_area_that_is_not_declared_is_named_by_its_code(tmp_path):
    given = tidy(pd.DataFrame([row(area="elsewhere", value=1.0), row(value=2.0)]))
    downloads.write(tmp_path, given, CATALOGUE, AREAS)
    lines = sheet(tmp_path, "grants")[3:]
    assert [line[1:3] + line[4:] for line in lines] == [
        ["01", '=Market, "old"', 2],
        ["elsewhere", "elsewhere", 1],
    ]
    assert read_csv(tmp_path / "observations.en.csv.zip", ",")[1]["Area"] == "elsewhere"


def test_the_first_sheet_names_what_was_corrected_in_the_sources(observations, tmp_path):
    made = {"file": "lis.csv", "why_de": "Fehlen.", "why_en": "Missing."}
    rows = [made | {"id": "c1", "cells": 1296}, made | {"id": "c2", "cells": 0}]
    downloads.write(tmp_path, observations, CATALOGUE, AREAS, corrections=pd.DataFrame(rows))
    said = [line[1] for line in sheet(tmp_path, "Notes")]
    assert "lis.csv: corrected cells: 1,296 (c1). Missing." in said
    assert not any("c2" in str(one) for one in said)


def test_demonstration_data_say_so_in_every_row_and_on_the_first_sheet(observations, tmp_path):
    downloads.write(tmp_path, observations, CATALOGUE, AREAS, is_demonstration=True)
    rows = read_csv(tmp_path / "observations.en.csv.zip", ",")
    notes = [row["Note"] for row in rows]
    assert notes == [*["demonstration data"] * 5, "a district is missing; demonstration data"]
    assert "demonstration data" in [line[1] for line in sheet(tmp_path, "Notes")]


def test_the_same_observations_are_the_same_bytes(observations, folder, tmp_path):
    downloads.write(tmp_path, observations.copy(), CATALOGUE, AREAS, NAMES)
    for file in folder.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()


def test_a_packed_csv_says_nothing_of_when_and_by_whom_it_was_packed(folder):
    with zipfile.ZipFile(folder / "observations.en.csv.zip") as archive:
        (member,) = archive.infolist()
    assert member.date_time == (1980, 1, 1, 0, 0, 0)
    assert (member.create_system, member.external_attr >> 16) == (3, 0o644)
    assert (member.extra, member.comment) == (b"", b"")
    assert member.compress_size < member.file_size


# ---- write_csv ----


@pytest.mark.parametrize(
    ("cells", "german"),
    [
        ([1.0, 2.0, np.nan], ["1", "2", ""]),
        ([1.0, 2.5], ["1", "2,5"]),
        ([0.1 + 0.2], ["0,30000000000000004"]),
        ([-3.0, -0.5], ["-3", "-0,5"]),
        (pd.Series([1, None], dtype="Int64"), ["1", ""]),
        ([np.nan, np.nan], ["", ""]),
        (["-1", "+1", "=A1", "@x", "\tx", "a-b"], ["'-1", "'+1", "'=A1", "'@x", "'\tx", "a-b"]),
        (['sagt "ja"; nein', "zwei\nZeilen"], ['sagt "ja"; nein', "zwei\nZeilen"]),
        (pd.to_datetime(pd.Series(["2020-12-31", None])), ["2020-12-31", ""]),
        (pd.Series([True, None], dtype="boolean"), ["True", ""]),
    ],
)
def test_cells_are_written_by_their_kind(cells, german, tmp_path):
    table = pd.DataFrame({"id": "x", "a": cells})
    downloads.write_csv(table, tmp_path / "a.csv", "de")
    assert [row["a"] for row in read_csv(tmp_path / "a.csv", ";")] == german


def test_a_column_name_may_be_dangerous_too(tmp_path):
    downloads.write_csv(pd.DataFrame({"=cmd": [1], 'a"b': [2]}), tmp_path / "a.csv", "en")
    assert (tmp_path / "a.csv").read_text("utf-8-sig") == '\'=cmd,"a""b"\n1,2\n'


def test_a_table_without_rows_keeps_its_header(tmp_path):
    downloads.write_csv(pd.DataFrame({"a": [], "b": []}), tmp_path / "a.csv", "de")
    assert (tmp_path / "a.csv").read_text("utf-8-sig") == "a;b\n"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1), st.sampled_from(["de", "en"]))
def test_any_text_comes_back_and_none_is_a_formula(tmp_path_factory, rows, language):
    file = tmp_path_factory.getbasetemp() / "any.csv"
    table = pd.DataFrame(rows, columns=["a", "b"], dtype="str")
    downloads.write_csv(table, file, language)
    content = file.read_bytes().decode("utf-8-sig")
    delimiter = ";" if language == "de" else ","
    back = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))[1:]
    assert len(back) == len(rows)
    for written, meant in zip(back, rows, strict=True):
        for cell, text in zip(written, meant, strict=True):
            assert cell in (text, "'" + text)
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


# ---- sheet names ----


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (["a"], ["a"]),
        (["x" * 31], ["x" * 31]),
        (["grants_approved_by_fund_eur_to_date"], ["grants_approved~und_eur_to_date"]),
        (["a" * 15 + "_one_" + "b" * 15, "a" * 15 + "_two_" + "b" * 15],
         ["a" * 15 + "~" + "b" * 15, "a" * 15 + "~" + "b" * 13 + "~2"]),
        (["Rate", "rate", "RATE"], ["Rate", "rate~2", "RATE~3"]),
        (["notes"], ["notes~2"]),
        (["a/b?[c]"], ["a-b--c-"]),
    ],
)  # fmt: skip
def test_sheets_are_named_as_excel_allows(codes, names):
    assert list(downloads.sheet_names(codes, taken=["Notes"]).values()) == names


@given(st.lists(st.text(min_size=1, max_size=40), unique=True, max_size=30))
def test_no_two_sheets_share_a_name(codes):
    names = downloads.sheet_names(codes, taken=["Notes"])
    assert list(names) == codes
    assert len({name.casefold() for name in names.values()} | {"notes"}) == len(codes) + 1
    assert all(0 < len(name) <= 31 for name in names.values())
    assert not any(character in name for name in names.values() for character in "[]:*?/\\'")


def test_workbooks_are_written_without_temporary_files(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise AssertionError("a run that is killed would leave it behind")

    monkeypatch.setattr("tempfile.mkstemp", refused)
    given = tidy(pd.DataFrame([row(value=2.0)]))
    downloads.write(tmp_path, given, CATALOGUE, AREAS)
    assert len(list(tmp_path.glob("*.xlsx"))) == 2
