import io
import re
import resource
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from ostwerk_analysis import load
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read, tabular
from ostwerk_analysis.sources.sheets import markup

from .workbooks import (
    binary_workbook,
    bomb,
    locked_ods,
    locked_xls,
    locked_xlsx,
    new_workbook,
    old_workbook,
    open_document,
    packed,
    unpacked,
    with_sheet,
    workbook,
)


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
    with pytest.raises(DataError, match=r"grants\.xlsx: a: numbers such as '1\.234' can be read"):
        read_sheet(table)
    assert read_sheet(table, decimal_mark=",").frame["a"].tolist() == ["1,5", "1.234"]


def test_ambiguous_text_beside_per_cents_asks_for_the_mark(read_bytes):
    book = openpyxl.Workbook()
    for row in [["a"], [0.4992], ["1.234"]]:
        book.active.append(row)
    book.active["A2"].number_format = "0.00%"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(DataError, match="State decimal_mark"):
        read_bytes(out.getvalue())
    assert rows(read_bytes(out.getvalue(), decimal_mark=",")) == [["49,92%", 2], ["1.234", 3]]


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


# ---- other formats


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("f.xlsx", new_workbook),
        ("f.xlsm", new_workbook),
        ("f.xls", old_workbook),
        ("f.ods", open_document),
        ("f.xlsb", binary_workbook),
    ],
)
def test_every_format_says_the_same(read_bytes, name, write):
    raw = read_bytes(write(), name)
    assert rows(raw)[:2] == [
        ["7", "2026-12-31", "49.92%", "true", 2],
        ["8", None, None, None, 4],
    ]
    assert rows(raw)[2:] == ([["1", None, None, None, n] for n in (7, 8)] if "ods" in name else [])
    assert raw.faults[["line", "column", "value", "rule"]].to_numpy().tolist() == [
        [3, "grant_id", "#DIV/0!", "formula_error"],
        [5, "", "grant_id=9; tag=; anteil=; ja=", "merged"],
        [6, "", "grant_id=; tag=; anteil=1.2340; ja=", "merged"],
    ]
    assert raw.set_aside["text"][0] == "grant_id=#DIV/0!; tag=; anteil=125%; ja="
    assert raw.rows_read == len(raw.frame) + 3


def test_error_in_a_column_that_nobody_uses_stays_text(read_sheet):
    raw = read_sheet([["grant_id", "notiz"], ["1", "#N/A"]])
    assert rows(raw) == [["1", "#N/A", 2]]
    assert len(read_sheet([["id", "x"], ["1", "#N/A"]], columns={"purpose": "x"}).faults) == 1


@pytest.mark.parametrize("epoch", [CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904])
def test_days_count_from_the_workbooks_own_first_day(read_bytes, epoch):
    book = openpyxl.Workbook()
    book.epoch = epoch
    for row in [["tag"], [date(2026, 2, 28)], [date(1904, 1, 2)]]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    assert read_bytes(out.getvalue()).frame["tag"].tolist() == ["2026-02-28", "1904-01-02"]


def test_hidden_sheet_is_read_only_if_stated(read_bytes):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append([1])
    hidden = book.create_sheet("Versteckt")
    hidden.append(["b"])
    hidden.append([2])
    hidden.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    assert rows(read_bytes(out.getvalue())) == [["1", 2]]
    assert rows(read_bytes(out.getvalue(), sheet="Versteckt")) == [["2", 2]]


# ---- hostile and broken files


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}'
SHEET += "</sheetData></worksheet>"


@pytest.mark.parametrize("claimed", [2_000_000_000, 10])
def test_package_that_unpacks_to_gigabytes_is_refused_within_bounds(read_bytes, claimed):
    content = bomb(claimed)
    assert len(content) < 3_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="unpacks to more than can be read: over 500 MB"):
        read_bytes(content)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1_500_000  # KB


@pytest.mark.parametrize(
    "content",
    [
        with_sheet(
            SHEET.format(
                '<row r="1"><c r="A1"><v>1</v></c></row>'
                '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
            )
        ),
        with_sheet(
            SHEET.format(
                "<row>"
                + "<c><v>1</v></c>" * 2000
                + "</row>"
                + "<row/>" * 20_000
                + "<row><c><v>1</v></c></row>"
            )
        ),
        binary_workbook(column_of_seven=1 << 30),
    ],
)
def test_sheet_with_a_cell_far_out_is_refused(read_bytes, content):
    with pytest.raises(DataError, match="a sheet of over 20 million cells"):
        read_bytes(content)


def test_cell_that_says_it_is_in_another_row_is_refused(read_bytes):
    sheet = SHEET.format(
        '<row r="10485762"><c r="AX1" t="str"><v>a</v></c></row><row><c><v>1.5</v></c></row>'
    )
    with pytest.raises(DataError, match=r"damaged or cut off \(AX1\)"):
        read_bytes(with_sheet(sheet))


def test_formats_without_cells_far_out_do_no_harm(read_bytes):
    sheet = SHEET.format(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    )
    assert rows(read_bytes(with_sheet(sheet))) == [["1", 2]]


ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_entities_are_refused(read_bytes, part, encoding):
    parts = unpacked(workbook({"Liste": [["a"], ["b"]]}))
    text = parts[part].decode()
    declared = re.sub(r"\A(<\?xml.*?\?>)?", ENTITIES, text, count=1)
    parts[part] = declared.encode(encoding)
    with pytest.raises(DataError, match="declares entities of its own"):
        read_bytes(packed(parts))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (locked_xlsx(), "a.xlsx", "protected by a password"),
        (locked_xls(), "a.xls", "protected by a password"),
        (locked_ods(), "a.ods", "protected by a password"),
        (b"a;b\n1;2\n", "a.xlsx", "is no workbook, though its name or format says so"),
        (b"a;b\n1;2\n", "a.xls", "is no workbook, though its name or format says so"),
        (b"<!DOCTYPE html><html></html>", "a.xls", "is a web page"),
        (b"\xef\xbb\xbf\n<HTML>", "a.csv", "is a web page"),
        (b"<?xml version='1.0'?>\n<!-- x --><!doctype html>", "a.csv", "is a web page"),
        (new_workbook(), "a.csv", "is a workbook or another packed file, but its name"),
        (old_workbook(), "a.txt", "is a workbook or another packed file, but its name"),
        (packed({"a.csv": "a;b"}), "a.xlsx", "is a ZIP archive, but no workbook"),
        (new_workbook()[:3000], "a.xlsx", "is damaged or cut off"),
        (old_workbook()[:3000], "a.xls", "is damaged or cut off"),
        (old_workbook()[:100], "a.xls", "is damaged or cut off"),
        (b"PK\x03\x04", "a.xlsx", "is damaged or cut off"),
        (with_sheet("<worksheet><sheetData>"), "a.xlsx", "is damaged or cut off"),
        (with_sheet(SHEET.format('<row><c r="1A"><v>1</v></c></row>')), "a.xlsx", "is damaged"),
        (with_sheet(SHEET.format("")), "a.xlsx", "no visible sheet with cells"),
        (workbook({"Liste": [["a", "b"]]}), "a.xlsx", "no row under the header of line 1"),
        (workbook({"Liste": [["a", "a"], [1, 2]]}), "a.xlsx", "the column 'a' stands twice"),
        (workbook({"Liste": [["a", "_line"], [1, 2]]}), "a.xlsx", "'_line' is reserved"),
    ],
)
def test_unusable_workbook_is_refused_with_a_reason(read_bytes, content, name, message):
    with pytest.raises(DataError, match=message) as refused:
        read_bytes(content, name)
    assert str(refused.value).startswith(name)


def test_format_stated_decides_where_the_ending_misleads(read_bytes):
    assert rows(read_bytes(b"a;b\n1;2\n", "a.xls", format="csv")) == [["1", "2", 2]]
    assert len(read_bytes(new_workbook(), "a.dat", format="workbook").frame) == 2


WORKBOOKS = {
    "a.xlsx": new_workbook(),
    "a.xls": old_workbook(),
    "a.ods": open_document(),
    "a.xlsb": binary_workbook(),
}


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(sorted(WORKBOOKS)),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(0, 400),
    st.booleans(),
)
def test_no_damage_makes_a_traceback(name, changes, cut, is_inside):
    content = WORKBOOKS[name]
    parts = unpacked(content) if is_inside and name != "a.xls" else {"": content}
    part = sorted(parts)[cut % len(parts)]
    damaged = bytearray(parts[part][: max(len(parts[part]) - cut, 0)])
    for place, given_bytes in changes:
        if damaged:
            place %= len(damaged)
            damaged[place : place + len(given_bytes)] = given_bytes
    parts[part] = bytes(damaged)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(parts[""] if "" in parts else packed(parts))
        try:
            raw = read(Source(table="grants", path=name), file)
        except DataError:
            return
    lines = sorted([*raw.frame["_line"], *raw.set_aside["_line"]])
    assert len(set(lines)) == len(lines) == raw.rows_read > 0


CELLS = st.one_of(
    st.none(),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.floats(-1e15, 1e15),
    st.booleans(),
    st.dates(date(1904, 1, 2), date(2100, 12, 31)),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=8),
)


def expected_text(cell):
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, date):
        return cell.isoformat()
    return (cell.strip() or None) if isinstance(cell, str) else cell


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.booleans())
def test_what_is_written_is_read_back(table, is_old):
    out = io.BytesIO()
    if is_old:
        book = xlwt.Workbook()
        sheet = book.add_sheet("x")
        day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
        for line, row in enumerate([("a", "b"), *table]):
            for column, cell in enumerate(row):
                if cell is not None:
                    style = (day,) if isinstance(cell, date) else ()
                    sheet.write(line, column, cell, *style)
        book.save(out)
    else:
        book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        for line, row in enumerate([("a", "b"), *table]):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, column, cell)
                elif cell is not None:
                    sheet.write(line, column, cell)
        book.close()
    wanted = [[*map(expected_text, row), line] for line, row in enumerate(table, 2)]
    wanted = [row for row in wanted if row[:2] != [None, None]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ("a.xls" if is_old else "a.xlsx")
        file.write_bytes(out.getvalue())
        try:
            raw = read(
                Source(table="grants", path=file.name, header_line=1, decimal_mark="."), file
            )
        except DataError:
            assert not wanted
            return
    assert raw.rows_read == len(raw.frame) == len(wanted)
    for got, row in zip(rows(raw), wanted, strict=True):
        for text, cell in zip(got, row, strict=True):
            if isinstance(cell, int | float) and not isinstance(text, int):
                # Excel writes 16 or 17 digits of a number
                assert float(text) == pytest.approx(cell, rel=1e-14, abs=1e-300)
            else:
                assert text == cell


@pytest.mark.parametrize("ending", [".xlsx", ".xls"])
def test_programme_reads_the_same_from_a_workbook_as_from_csv(
    small_city, small_data, change, ending
):
    """Numbers and days typed, under two rows of titles, with notes below."""
    text = pd.read_csv(small_city / "grants.csv", dtype="str", sep=None, engine="python")
    typed = [["Zuschüsse"], [], text.columns.tolist()]
    for row in text.to_numpy():
        cells = [None if pd.isna(cell) else cell for cell in row]
        for place, (name, cell) in enumerate(zip(text.columns, cells, strict=True)):
            if cell and name.endswith("_on"):
                cells[place] = date.fromisoformat(cell)
            elif cell and name.endswith("_eur"):
                cells[place] = float(cell.replace(".", "").replace(",", "."))
        typed.append(cells)
    typed += [[], ["Stand: 2026"]]
    out = io.BytesIO()
    if ending == ".xlsx":
        out.write(workbook({"Liste": typed}))
    else:
        book = xlwt.Workbook()
        sheet = book.add_sheet("Liste")
        day = xlwt.easyxf(num_format_str="dd.mm.yyyy")
        for line, row in enumerate(typed):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(line, column, cell, *([day] if isinstance(cell, date) else []))
        book.save(out)
    (small_city / f"grants{ending}").write_bytes(out.getvalue())
    change(small_city / "programme.toml", "grants.csv", f"grants{ending}")
    data = load(small_city)
    pd.testing.assert_frame_equal(data.tables["grants"], small_data.tables["grants"])
    assert data.repairs["rule"].tolist().count("note") == 1


def test_a_formula_that_nobody_computed_is_no_gap(read_sheet):
    """As programs write them that do not compute: openpyxl gives no result to a formula."""
    table = [["grant_id", "grant_eur", "note"], ["g1", "=1+2", ""], ["g2", 5, "=1"], ["g3", 6, ""]]
    raw = read_sheet([*table, ["g4", 7, ""], [None, "=SUM(B2:B5)", None]])
    assert raw.frame["grant_id"].tolist() == ["g2", "g3", "g4"]  # nobody uses the note
    found = raw.faults[["line", "column", "rule"]].to_numpy().tolist()
    assert found == [[2, "grant_eur", "not_computed"], [6, "grant_eur", "not_computed"]]
    assert raw.rows_read == 5


def test_a_formula_whose_result_is_an_empty_text_is_a_gap():
    cell = '<c r="A1"{kind}><f>IF(B1,1,"")</f>{value}</c>'
    for kind, value, errors in (
        (' t="str"', "<v></v>", 0),
        (' t="str"', "<v/>", 0),
        ("", "<v>0</v>", 0),
        ("", "<v></v>", 1),
        ("", "", 1),
    ):
        part = f'<c r="B1"><v>1</v></c>{cell.format(kind=kind, value=value)}'
        found = markup._xlsx_sheet(f"<sheet><row>{part}</row></sheet>".encode(), set(), True)
        assert len(found.errors) == errors
        assert (found.height, found.width) == (1, 2)


def test_results_that_are_to_be_computed_on_opening_are_none(read_bytes):
    """XlsxWriter gives every formula the result 0, and says so in its own way."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["grant_id", "grant_eur"])
        sheet.write_row(1, 0, ["g1", 5])
        sheet.write_row(2, 0, ["g2", "=2*B2"])
    raw = read_bytes(out.getvalue())
    assert rows(raw) == [["g1", "5", 2]]
    assert raw.faults["rule"].tolist() == ["not_computed"]


def test_a_formula_of_a_table_document_without_result_is_no_gap(read_bytes):
    document = OpenDocumentSpreadsheet()
    table = Table(name="Liste")
    for cells in (["grant_id", "grant_eur"], ["g1", None], ["g2", "5"]):
        row = TableRow()
        for text in cells:
            cell = TableCell(valuetype="string") if text else TableCell(formula="of:=1+2")
            if text:
                cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    raw = read_bytes(out.getvalue(), "grants.ods")
    assert raw.frame["grant_id"].tolist() == ["g2"]
    assert raw.faults["rule"].tolist() == ["not_computed"]


def test_a_title_of_a_sheet_that_says_thousands_is_not_passed_over(read_sheet):
    columns = {"grant_id": "Nr", "grant_eur": "Zuschuss"}
    table = [["Bewilligungen", None], ["(Tsd. EUR)", None], ["Nr", "Zuschuss"], ["1", 5]]
    with pytest.raises(DataError, match="not in whole euros"):
        read_sheet(table, columns=columns)
    assert len(read_sheet(table, columns=columns, header_line=3).frame) == 1
