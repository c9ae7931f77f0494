import io
from datetime import date, datetime, time, timedelta

import openpyxl
import pandas as pd
import pytest

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read, tabular


@pytest.fixture
def read_bytes(tmp_path):
    """Read bytes as a file of a name."""

    def read_it(content, name="grants.xlsx", **stated):
        file = tmp_path / name
        file.write_bytes(content)
        return read(Source(table="grants", path=name, **stated), file)

    return read_it


@pytest.fixture
def read_sheet(read_bytes):
    """Read rows as the only sheet of an XLSX file; ``merged`` are ranges such as ``A1:C1``."""

    def read_it(rows, merged=(), **stated):
        return read_bytes(workbook({"Liste": rows}, merged), **stated)

    return read_it


def workbook(sheets, merged=(), **properties):
    """Write sheets, each a list of rows, as an XLSX file."""
    book = openpyxl.Workbook(**properties)
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows(raw):
    """List the cells of each row, its line last; a missing cell is None."""
    return [[None if pd.isna(cell) else cell for cell in row] for row in raw.frame.to_numpy()]


def test_cells_become_text_that_says_the_same(read_sheet):
    raw = read_sheet(
        [
            ["id", "kosten", "tag", "stand", "ja", "dauer", "uhr"],
            ["007", 1234.5, date(2026, 12, 31), datetime(2026, 1, 2, 3, 4, 5), True, None, None],
            [8, 1.234, datetime(2026, 1, 2), "x", False, timedelta(hours=30), time(14, 30)],
            [-9, 1e300, "31.12.2026", " ", None, None, None],
        ]
    )
    assert rows(raw) == [
        ["007", "1234.5", "2026-12-31", "2026-01-02 03:04:05", "true", None, None, 2],
        ["8", "1.2340", "2026-01-02", "x", "false", "30:00:00", "14:30:00", 3],
        ["-9", "1e+300", "31.12.2026", None, None, None, None, 4],
    ]
    assert raw.frame.dtypes.astype(str).tolist() == ["str"] * 7 + ["int64"]


def test_titles_above_the_header_are_no_rows(read_sheet):
    table = [["Zuschüsse"], ["Stand", "2026"], [], ["id", "name", 2025], [1, "a", 3], [2, "b", 4]]
    raw = read_sheet(table, merged=["A1:C1"])
    assert raw.frame.columns.tolist() == ["id", "name", "2025", "_line"]
    assert rows(raw) == [["1", "a", "3", 5], ["2", "b", "4", 6]]


def test_expected_names_find_the_header_though_a_title_is_as_wide(read_sheet):
    table = [["Liste", "der", "Vorhaben"], ["id", "name", None], [1, "a", None]]
    assert read_sheet(table).frame.columns[0] == "Liste"
    assert rows(read_sheet(table, columns={"grant_id": "id"})) == [["a", 3, "1"]]


def test_header_line_is_taken_as_stated(read_sheet):
    raw = read_sheet([["a", "b"], ["c", "d"], [1, 2]], header_line=2)
    assert raw.frame.columns.tolist() == ["c", "d", "_line"]
    with pytest.raises(DataError, match="no text from line 9 on"):
        read_sheet([["a", "b"], ["c", "d"]], header_line=9)


def test_names_merged_down_over_two_rows_of_header_count(read_sheet):
    table = [["id", "Betrag", None], [None, "bewilligt", "gezahlt"], [1, 2, 3]]
    raw = read_sheet(table, merged=["A1:A2", "B1:C1"])
    assert raw.frame.columns.tolist() == ["id", "bewilligt", "gezahlt", "_line"]
    assert rows(raw) == [["1", "2", "3", 3]]


def test_without_a_name_for_each_column_no_header_is_guessed(read_sheet):
    with pytest.raises(DataError, match=r"none of the first 15 rows .* State header_line"):
        read_sheet([["id", None, "c"], [1, 2, 3], [4, 5, 6]])
    with pytest.raises(DataError, match="column 2 has cells but no name"):
        read_sheet([["id", None, "c"], [1, 2, 3], [4, 5, 6]], header_line=1)


def test_blank_rows_are_no_rows_and_lines_are_those_of_the_sheet(read_sheet):
    raw = read_sheet([[], ["a", "b"], [1, 2], [], [" ", ""], [3, None]])
    assert rows(raw) == [["1", "2", 3], ["3", None, 6]]
    assert raw.rows_read == 2


def test_notes_below_the_table_are_listed_and_no_rows(read_sheet):
    raw = read_sheet(
        [
            ["a", "b", "c", "d"],
            [1, 2, 3, 4],
            [5, None, 7, 8],
            [],
            ["Quelle: Amt"],
            [],
            [None, date(2026, 1, 2)],
        ]
    )
    assert rows(raw) == [["1", "2", "3", "4", 2], ["5", None, "7", "8", 3]]
    assert raw.repairs[["line", "value", "rule"]].to_numpy().tolist() == [
        [5, "Quelle: Amt", "note"],
        [7, "2026-01-02", "note"],
    ]


def test_rows_below_a_blank_one_that_could_be_rows_are_rows(read_sheet):
    raw = read_sheet([["a", "b", "c"], [1, 2, 3], [4, None, 6], [], ["7"], [], ["Quelle"]])
    assert [row[-1] for row in rows(raw)] == [2, 3, 5, 7]
    assert raw.repairs.empty


def test_rows_with_merged_cells_are_set_aside(read_sheet):
    table = [["a", "b"], [1, "Mitte"], [2, None], [3, "Ost"], ["Summe", None]]
    raw = read_sheet(table, merged=["B2:B3", "A5:B5"])
    assert rows(raw) == [["3", "Ost", 4]]
    assert raw.set_aside["_line"].tolist() == [2, 3, 5]
    assert raw.faults[["line", "value", "rule"]].to_numpy().tolist() == [
        [2, "a=1; b=Mitte", "merged"],
        [3, "a=2; b=", "merged"],
        [5, "a=Summe; b=", "merged"],
    ]
    assert raw.rows_read == 4


def test_only_sheet_with_cells_is_read_and_several_are_named(read_bytes):
    one = workbook({"Deckblatt": [], "Liste": [["a"], [1]]})
    assert rows(read_bytes(one)) == [["1", 2]]
    two = workbook({"Liste": [["a"], [1]], "Legende": [["b"], [2]]})
    with pytest.raises(DataError, match="several sheets with cells: Liste, Legende"):
        read_bytes(two)
    assert rows(read_bytes(two, sheet="Legende")) == [["2", 2]]
    with pytest.raises(DataError, match="no sheet 'liste'; there are: Liste, Legende"):
        read_bytes(two, sheet="liste")


def test_text_beside_typed_numbers_gives_them_its_mark(read_sheet):
    raw = read_sheet([["a"], [1.5], ["1.234,50"], [1.234]])
    assert raw.frame["a"].tolist() == ["1,5", "1.234,50", "1,2340"]


def test_ambiguous_text_beside_typed_numbers_asks_for_the_mark(read_sheet):
    table = [["a"], [1.5], ["1.234"]]
    with pytest.raises(DataError, match=r"marks in a can be read in two ways \(such as 1\.234\)"):
        read_sheet(table)
    assert read_sheet(table, decimal_mark=",").frame["a"].tolist() == ["1,5", "1.234"]


@pytest.mark.real
def test_real_list_of_hesse_is_read_whole(real_data):
    path = real_data / "operations" / "hessen_esf_2014-2020.xlsx"
    source = Source(table="operations", path="hessen.xlsx")
    raw = tabular.cells(source, path)
    # rows 7 to 602 of the sheet; below, a blank row, the legend and the day of the data
    assert (len(raw.frame), raw.rows_read) == (596, 596)
    assert (raw.frame["_line"].iloc[0], raw.frame["_line"].iloc[-1]) == (7, 602)
    assert raw.frame.columns[0] == "Name des Begünstigten Beneficiary name"
    assert raw.frame.iloc[0, 3:6].tolist() == ["2015-12-17", "2017-06-16", "4156"]
    assert len(raw.repairs) == 23
    assert raw.repairs["value"].iloc[-1] == "Benutzer / User; ht35017"
