import csv
import io
import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError, sentence
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import marks, read, records, tabular
from ostwerk_analysis.sources.raw import without_blank_rows


@pytest.fixture
def read_text(tmp_path):
    """Read a text or bytes as a CSV file."""

    def read_it(content, **stated):
        file = tmp_path / "grants.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(Source(table="grants", path="grants.csv", **stated), file)

    return read_it


def rows(raw):
    """List the cells of each row, its line last; a missing cell is None."""
    return [[None if pd.isna(cell) else cell for cell in row] for row in raw.frame.to_numpy()]


def test_cells_stay_text_and_know_their_line(read_text):
    raw = read_text("id;betrag;tag\n007;1.234,50;31.12.2026\n008;;\n")
    assert raw.frame.columns.tolist() == ["id", "betrag", "tag", "_line"]
    assert rows(raw) == [["007", "1.234,50", "31.12.2026", 2], ["008", None, None, 3]]
    assert raw.frame.dtypes.astype(str).tolist() == ["str", "str", "str", "int64"]
    assert (raw.rows_read, len(raw.set_aside), raw.rows_skipped) == (2, 0, 0)


def test_a_title_that_says_thousands_is_not_passed_over(read_text):
    text = "Bewilligungen (Angaben in TEUR)\n\nNr;Zuschuss\n1;5\n"
    columns = {"grant_id": "Nr", "grant_eur": "Zuschuss"}
    with pytest.raises(DataError, match=r"in TEUR.* above the header.*not in whole euros"):
        read_text(text, columns=columns)
    assert rows(read_text(text, columns=columns, header_line=3)) == [[4, "1", "5"]]
    about_few = text.replace("Angaben in TEUR", "ab 1000 Euro, Programm über 5 Mio. Euro")
    assert len(read_text(about_few, columns=columns).frame) == 1


def test_the_line_that_tells_excel_the_delimiter_is_no_header(read_text):
    raw = read_text("sep=;\nid;text\n1;a,b,c\n")
    assert rows(raw) == [["1", "a,b,c", 3]]
    assert rows(read_text('"sep=,"\r\nid,text\r\n1,a;b\r\n')) == [["1", "a;b", 3]]


def test_records_over_several_lines_keep_their_first_line(read_text):
    text = '\nid;text\n\n1;"two\nlines"\n2;one\n\n3;"a ""quote"";\r\nand\rmore"\n4;end'
    assert rows(read_text(text)) == [
        ["1", "two\nlines", 4],
        ["2", "one", 6],
        ["3", 'a "quote";\r\nand\rmore', 8],
        ["4", "end", 11],
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_break_counts_once(read_text, newline):
    text = newline.join(["a,b", "1,2", "", '3,"4"', "5,6", ""])
    assert rows(read_text(text)) == [["1", "2", 2], ["3", "4", 4], ["5", "6", 5]]


def test_outer_blanks_are_stripped_and_blank_cells_missing(read_text):
    raw = read_text("a;b;c\n  x ;\u00a0;\ty\n")
    assert rows(raw) == [["x", None, "y", 2]]


def test_rows_without_any_text_are_no_rows(read_text):
    raw = read_text("a;b\n1;2\n;\n  ; \n\n;;;\n3;\n")
    assert rows(raw) == [["1", "2", 2], ["3", None, 7]]
    assert raw.rows_read == 2


def test_row_with_a_wrong_number_of_cells_is_set_aside_with_line_and_text(read_text):
    raw = read_text('a;b\n1;2\n3;4;5\n6;"x\ny"\n7\n8;9\n')
    assert rows(raw) == [["1", "2", 2], ["6", "x\ny", 4], ["8", "9", 7]]
    assert raw.set_aside.to_numpy().tolist() == [[3, "3;4;5"], [6, "7"]]
    assert raw.faults[["table", "source", "file", "line", "value", "rule", "expected"]].to_numpy(
        dtype=object
    ).tolist() == [
        ["grants", "grants.csv", "grants.csv", 3, "3;4;5", "cells", "2"],
        ["grants", "grants.csv", "grants.csv", 6, "7", "cells", "2"],
    ]
    assert sentence(raw.faults.to_dict("records")[0]).startswith("grants.csv, line 3: The row has")


def test_only_broken_rows_are_all_set_aside(read_text):
    raw = read_text("a;b\n1\n1;2;3\n", delimiter=";")
    assert rows(raw) == []
    assert raw.set_aside["_line"].tolist() == [2, 3]
    assert raw.frame.columns.tolist() == ["a", "b", "_line"]


def test_row_with_broken_quotation_marks_is_set_aside_alone(read_text):
    raw = read_text('a;b\n1;"x"\n2;"GmbH "Ost" Leipzig"\n3;"y\nz"\n 4 ; "w;w"\n', delimiter=";")
    assert rows(raw) == [["1", "x", 2], ["3", "y\nz", 4], ["4", "w;w", 6]]
    assert raw.set_aside.to_numpy().tolist() == [[3, '2;"GmbH "Ost" Leipzig"']]
    assert raw.faults["rule"].tolist() == ["cells"]


def test_quotation_mark_inside_a_bare_cell_is_text(read_text):
    assert rows(read_text('a;b\n1;24" Rad\n')) == [["1", '24" Rad', 2]]


@pytest.mark.parametrize(
    "text",
    [
        'a;b\n1;2\n3;"never\nclosed\n',
        'a;b\n1;2\n3;"never closed',
        'a;b\n1;2\n3;"open\n4;"x"\n5;6\n',
        'a;"b\n1;2\n',
        'a;b\n1;2\n3;"an "inner\nmiddle;line\nend";4\n',
        'a;b\n1;2\n3;"an "inner\nmiddle;line\nend" mark";4\n',
    ],
)
def test_unclosed_quotation_mark_is_named_with_its_line(read_text, text):
    line = text[: text.index('"')].count("\n") + 1
    with pytest.raises(DataError, match=f"grants.csv, line {line}: a quotation mark"):
        read_text(text, delimiter=";")


def test_swallowed_lines_do_not_pass_as_one_cell(read_text):
    huge = "x" * 200_000
    with pytest.raises(DataError, match="line 3: a quotation mark"):
        read_text(f'a;b\n1;"x"y\n2;"{huge}\n{huge}";3\n', delimiter=";")


@pytest.mark.parametrize("header", ['a;"{}"', "a;{}"])
def test_header_of_endless_length_is_refused(read_text, header):
    with pytest.raises(DataError, match=r"line 1: the header has more than 131.?072 characters"):
        read_text(header.format("x" * 200_000) + "\n1;2\n", delimiter=";")


def test_broken_record_of_marks_alone_is_set_aside_however_long(read_text):
    marks = ";" * 200_000
    raw = read_text(f'a;b\n1;2\n"{marks}"\n"";"";""\n", ;"\n3;4\n', delimiter=";")
    assert rows(raw) == [["1", "2", 2], ["3", "4", 6]]
    assert raw.set_aside["_line"].tolist() == [3, 5]


def test_cell_longer_than_a_block_is_read(read_text):
    huge = "x" * 3_000_000
    assert rows(read_text(f'a;b\n1;"{huge}\n"\n2;3\n')) == [["1", huge, 2], ["2", "3", 4]]


def test_lines_hold_in_a_file_of_many_blocks(read_text):
    kinds = ["{n};plain", '{n};"two\nlines"', "{n};one;more", "", '"{n}";"a ""b"" \r\nc"']
    texts, whole, broken, line = ["id;text"], [], [], 2
    for n in range(200_000):
        texts.append(kinds[n * 7919 % 5].format(n=n))
        if texts[-1]:
            (broken if ";more" in texts[-1] else whole).append([str(n), line])
        line += 1 + texts[-1].count("\n")
    raw = read_text("\n".join(texts))
    assert raw.frame[["id", "_line"]].to_numpy().tolist() == whole
    assert raw.set_aside["_line"].tolist() == [line for _, line in broken]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\ufeff", "no header"),
        (" \n\n", "no header"),
        ("a;b\n", "no row under the header of line 1"),
        ("a;b\n;\n", "no row under the header of line 1"),
        ("a;b;a\n1;2;3\n", "the column 'a' stands twice"),
        ("a; a \n1;2\n", "the column 'a' stands twice"),
        ("a;_line\n1;2\n", "the column name '_line' is reserved"),
        ("a;;c\n1;2;3\n", "column 2 has cells but no name"),
        ("a;b\n1;\0\n", "line 2: NUL bytes"),
    ],
)
def test_unusable_file_is_refused_with_a_reason(read_text, text, message):
    with pytest.raises(DataError, match=message) as refused:
        read_text(text)
    assert refused.value.exit_code == 2
    assert str(refused.value).startswith("grants.csv")


def test_empty_column_without_a_name_is_left_out(read_text):
    assert rows(read_text("a;b;\n1;2;\n3;4;\n")) == [["1", "2", 2], ["3", "4", 3]]


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no\.csv does not exist"):
        read(Source(table="grants", path="no.csv"), tmp_path / "no.csv")
    with pytest.raises(DataError, match="is no plain file"):
        read(Source(table="grants", path="."), tmp_path)


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiter_is_found(read_text, delimiter):
    text = f"a{delimiter}b\n1{delimiter}Müller\n2{delimiter}x\n"
    assert rows(read_text(text)) == [["1", "Müller", 2], ["2", "x", 3]]


def test_decimal_commas_do_not_pass_for_delimiters(read_text):
    assert rows(read_text("id;betrag\n1;3,5\n2;4,5\n")) == [["1", "3,5", 2], ["2", "4,5", 3]]


def test_delimiter_that_could_be_either_is_refused(read_text):
    text = "Name, Vorname;Ort\nMüller, Eva;Leipzig\nKrug, Ben;Halle\n"
    with pytest.raises(DataError, match="line 1: the cells may be divided by ';' or by ','"):
        read_text(text)
    assert rows(read_text(text, delimiter=";"))[0] == ["Müller, Eva", "Leipzig", 2]


def test_one_column_needs_no_delimiter(read_text):
    assert rows(read_text("name\nOst\nWest\n")) == [["Ost", 2], ["West", 3]]


def test_title_above_the_header_is_not_taken_for_it(read_text):
    text = "Liste der Zuschüsse\nStand 2026\nid;betrag\n1;2\n3;4\n5;6\n7;8\n"
    with pytest.raises(DataError, match="line 1: one cell, where the lines below have several"):
        read_text(text)
    assert rows(read_text(text, header_line=3))[0] == ["1", "2", 4]
    assert rows(read_text(text, columns={"grant_id": "id"}))[0] == ["2", 4, "1"]


@pytest.mark.parametrize("line", [9, 100])
def test_header_line_beyond_the_file_is_refused(read_text, line):
    with pytest.raises(DataError, match=f"no text from line {line} on"):
        read_text("a;b\n1;2\n", header_line=line)


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", " ", "€"])
def test_delimiter_that_is_none_is_refused(read_text, delimiter):
    with pytest.raises(DataError, match="is not one mark"):
        read_text("a;b\n1;2\n", delimiter=delimiter)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encoding_is_found(read_text, encoding):
    raw = read_text("straße;größe\nKöln „Süd“ – 5 €;ÄÖÜ\n".encode(encoding))
    assert raw.frame.columns[:2].tolist() == ["straße", "größe"]
    assert rows(raw) == [["Köln „Süd“ – 5 €", "ÄÖÜ", 2]]


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac_roman", "utf-16-le"])
def test_other_encodings_are_refused_until_stated(read_text, encoding):
    content = "id;name\n1;Gärtner\n2;Schüler\n3;Lösung\n".encode(encoding)
    with pytest.raises(DataError, match=r"encoding"):
        read_text(content)
    assert read_text(content, encoding=encoding).frame["name"].tolist() == [
        "Gärtner",
        "Schüler",
        "Lösung",
    ]


def test_mixed_encodings_are_refused_with_the_line(read_text):
    content = "id;name\n1;Gärtner\n".encode() + "2;Schüler\n".encode("cp1252")
    with pytest.raises(DataError, match="line 2: the encoding is neither UTF-8 nor clearly"):
        read_text(content)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-32"])
def test_wrong_statement_of_encoding_is_refused(read_text, encoding):
    with pytest.raises(DataError, match=f"the text is not {encoding}"):
        read_text("id;name\n1;Gärtner x\n".encode("cp1252"), encoding=encoding)


def test_byte_order_mark_that_contradicts_the_statement_is_refused(read_text):
    with pytest.raises(DataError, match="the text is not cp1252"):
        read_text("\ufeffid;name\n1;x\n", encoding="cp1252")


def test_unknown_encoding_is_refused(read_text):
    with pytest.raises(DataError, match="no encoding 'klingon'"):
        read_text("a;b\n1;2\n", encoding="klingon")


LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ODD = st.text(" ;,\t|\"'\n\r ä€\u00a0", max_size=6)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(LETTERS | ODD, min_size=width, max_size=width), min_size=1, max_size=12
    )
)


def breaks(text):
    return len(re.findall(r"\r\n|\n|\r", text))


def read_anywhere(content, **stated):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.csv"
        file.write_bytes(content)
        return read(Source(table="grants", path="any.csv", **stated), file)


@settings(deadline=None)
@given(
    TABLES,
    st.sampled_from(tabular.DELIMITERS),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_csv_writes_is_read_back_with_its_lines(table, delimiter, newline, encoding):
    out = io.StringIO(newline="")
    # every cell in quotation marks, since csv writes a carriage return without
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{i}" for i in range(len(table[0]))])
    expected = []
    for row in table:
        line = breaks(out.getvalue()) + 1
        writer.writerow(row)
        if any(cell.strip() for cell in row):
            expected.append([*(cell.strip() or None for cell in row), line])
    content = out.getvalue().encode(encoding)
    if not expected:
        with pytest.raises(DataError, match="no row"):
            read_anywhere(content, delimiter=delimiter)
        return
    raw = read_anywhere(content, delimiter=delimiter)
    assert rows(raw) == expected
    assert raw.rows_read == len(expected)


def unclosed(line):
    return DataError("{line}", line=line)


def one_by_one(body, delimiter):
    """Read every record with csv, as the reader does with those that have a wrong mark."""
    texts = list(io.StringIO(body.decode(), newline=""))
    starts = np.cumsum([0, *(len(text.encode()) for text in texts)])
    every = np.ones(len(texts), dtype=bool)
    header, found, taken, _ = records._one_by_one(body, starts, every, delimiter, unclosed)
    assert taken.all()
    return header, *filled(found)


def filled(found):
    table, lines = without_blank_rows(found.table, found.lines)
    return table.to_pylist(), lines.tolist(), found.broken


@settings(deadline=None)
@given(TABLES, st.sampled_from(tabular.DELIMITERS))
def test_pyarrow_and_csv_read_the_same(table, delimiter):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([f"c{i}" for i in range(len(table[0]))])
    writer.writerows([[cell.replace("\r", "") for cell in row] for row in table])
    writer.writerow(["x"] * (len(table[0]) + 1))
    body = out.getvalue().encode()
    found = records._records(body, ord(delimiter))
    if found is None:  # csv quotes no blank before a mark
        return
    fast = records._split(body, delimiter, records._without_first(found), len(table[0]))
    header, *exact = one_by_one(body, delimiter)
    assert header == [f"c{i}" for i in range(len(table[0]))]
    assert list(filled(fast)) == exact


LINES = st.lists(
    st.sampled_from(
        [
            *("1;2", '"1";2', '1;"a;b"', '1;"a', 'b";2', '1;24" Rad', '1;Kita "Ost" e.V.', ";", ""),
            *(
                '1;"GmbH "Ost" x"',
                '1; "w;w"',
                '1;"a ""b"""',
                '1;x"',
                '"',
                "1;2;3",
                '1;"a"b',
                '"";""',
            ),
        ]
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=200)
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@example(['1;24" Rad', '1;"GmbH "Ost" x"', '1;24" Rad'], "\n", True)
@example(['"', '"";""', '"', "1;2"], "\n", False)
@example(['1;"a', 'x;24" Rad', 'b";2', '1;"GmbH "Ost" x"'], "\n", True)
def test_wrong_marks_are_read_as_if_all_lines_were_read_one_by_one(lines, newline, at_end):
    body = (newline.join(["a;b", *lines]) + newline * at_end).encode()
    try:
        _, *exact = one_by_one(body, ";")
    except DataError:  # of two wrong marks, another one may be named
        with pytest.raises(DataError, match=r"line [0-9]+: a quotation mark"):
            read_anywhere(body, delimiter=";")
        return
    if not exact[1] and not exact[2]:
        return
    raw = read_anywhere(body, delimiter=";")
    expected = [[row["0"], row["1"], line + 1] for row, line in zip(*exact[:2], strict=True)]
    assert rows(raw) == expected
    assert raw.set_aside.to_numpy().tolist() == [[line + 1, text] for line, text in exact[2]]


@pytest.mark.parametrize("cell", ['24" Rad', 'Kita "Ost" e.V.', '6" und 8"'])
def test_marks_within_bare_cells_are_no_reason_to_read_slowly(cell):
    assert records._records(f"a;b\n1;{cell} x\n".encode(), ord(";")) is not None


PIECES = st.sampled_from([b";", b",", b'"', b"\n", b"\r", b"\r\n", b"a", b"1", b" ", b"\xe4", b""])


@settings(deadline=None)
@given(st.binary(max_size=60) | st.lists(PIECES, max_size=60).map(b"".join))
@example(b'a;b\n"";""\n')
@example(b'a\n"\r\n"')
@example(b"\xff\xfe\n")
def test_any_bytes_are_read_or_refused(content):
    try:
        raw = read_anywhere(content)
    except DataError:
        return
    lines = sorted([*raw.frame["_line"], *raw.set_aside["_line"]])
    assert len(set(lines)) == len(lines) == raw.rows_read > 0
    assert len(raw.faults) == len(raw.set_aside)


@settings(deadline=None)
@given(st.text("a1;, ä\n\r", max_size=80))
def test_no_record_is_lost(body):
    text = "x;y\n" + body
    written = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1:]
    filled = [record for record in written if any(cell.strip() for cell in record)]
    if not filled:
        return
    raw = read_anywhere(text.encode(), delimiter=";")
    assert len(raw.frame) == sum(len(record) == 2 for record in filled)
    assert len(raw.set_aside) == sum(len(record) != 2 for record in filled)


# ---- bad input, as offices send it


@pytest.mark.parametrize("stated", [{}, {"delimiter": ";"}])
def test_rows_with_another_delimiter_are_set_aside(read_text, stated):
    raw = read_text("a;b\n1;2\n3;4\n5;6\n7,8\n", **stated)
    assert raw.frame["a"].tolist() == ["1", "3", "5"]
    assert raw.set_aside.to_numpy().tolist() == [[5, "7,8"]]


def test_delimiters_mixed_half_and_half_leave_the_other_half_aside(read_text):
    raw = read_text("a;b\n" + "1;2\n" * 5 + "3,4\n" * 5)
    assert (len(raw.frame), len(raw.set_aside)) == (5, 5)


def test_formulas_of_a_spreadsheet_stay_text(read_text):
    raw = read_text("a;b\n=1+1;@x\n+49 341;-2\n=HYPERLINK(1);'=2\n")
    assert rows(raw) == [["=1+1", "@x", 2], ["+49 341", "-2", 3], ["=HYPERLINK(1)", "'=2", 4]]


@pytest.mark.parametrize("mark", [",", "."])
def test_marks_mixed_in_a_column_are_never_guessed(read_text, mark):
    raw = read_text("a;b\n1.234,5;x\n1,234.5;y\n")
    with pytest.raises(DataError, match="State decimal_mark"):
        marks.to_number(raw.frame["a"])
    values, bad = marks.to_number(raw.frame["a"], mark)
    assert values.dropna().tolist() == [1234.5]
    assert bad.tolist() == [mark == ".", mark == ","]


@pytest.mark.parametrize("first", ['"x"', '24" Rad', '"x"y'])
def test_byte_order_mark_amid_the_text_stays_in_its_cell(read_text, first):
    raw = read_text(f"a;b\n\ufeff1;2\n{first};3\n\ufeff4;5\n")
    assert rows(raw)[0] == ["\ufeff1", "2", 2]
    assert rows(raw)[-1] == ["\ufeff4", "5", 4]
    assert read_text("a;b\n\ufeff").set_aside["text"].tolist() == ["\ufeff"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_byte_order_mark_is_read(read_text, encoding):
    assert rows(read_text("\ufeffa;b\n1;ü\n".encode(encoding))) == [["1", "ü", 2]]


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    return path


@pytest.mark.timeout(20)
@pytest.mark.parametrize("given_format", ["", "csv", "workbook", "lis", "operations"])
def test_named_pipe_is_refused_at_once(pipe, given_format):
    source = Source(table="grants", path="pipe.csv", format=given_format)
    with pytest.raises(DataError, match=r"pipe\.csv is no plain file"):
        read(source, pipe)


@pytest.mark.timeout(20)
def test_device_is_refused_at_once(tmp_path):
    endless = tmp_path / "endless.csv"
    endless.symlink_to("/dev/zero")
    with pytest.raises(DataError, match="is no plain file"):
        read(Source(table="grants", path="endless.csv"), endless)


def test_file_that_may_not_be_read_is_named(tmp_path):
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    with pytest.raises(DataError, match=r"loop\.csv cannot be read"):
        read(Source(table="grants", path="loop.csv"), loop)


@pytest.mark.real
def test_list_of_berlin_is_read_with_its_euros_and_per_cents(real_data):
    file = "operations/berlin_esf_2014-2020.csv"
    source = Source(table="operations", path=file)
    raw = tabular.cells(source, real_data / file, lambda name: name == "Name des Begünstigten")
    assert raw.rows_read == len(raw.frame) + len(raw.set_aside)
    text = raw.frame.astype("str")
    is_money = [text[c].str.fullmatch(r"[0-9.]+,[0-9]{2} €").mean() > 0.9 for c in text]
    assert sum(is_money) >= 1
    for column in text.columns[is_money]:
        values, bad = marks.to_number(raw.frame[column])
        assert not bad.any()
        assert values.min() > 0


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "count", "last_line"),
    [
        ("addresses/leipzig_osm_addresses_2025.csv", 50_543, 50_544),
        ("addresses/strassen_ortsteile.csv", 3_032, 3_033),
        ("addresses/strassenabschnitte_2014.csv", 4_436, 4_437),
        ("leipzig/ortsteile_facts.csv", 63, 64),
        ("leipzig/migranten.csv", 6_048, 6_049),
    ],
)
def test_real_files_are_read_whole(real_data, file, count, last_line):
    raw = read(Source(table="x", path=file), real_data / file)
    assert (raw.rows_read, len(raw.frame)) == (count, count)
    assert raw.frame["_line"].iloc[-1] == last_line


@pytest.mark.real
def test_codes_of_districts_keep_their_zeros(real_data):
    file = "leipzig/ortsteile_facts.csv"
    raw = read(Source(table="x", path=file), real_data / file)
    assert raw.frame["ortsteil_code"].iloc[0] == "00"


@pytest.mark.real
@pytest.mark.parametrize("file", ["52311-01-04-4_00.csv", "13211-02-05-4_00.csv"])
def test_genesis_is_not_taken_for_a_plain_table(real_data, file):
    with pytest.raises(DataError, match="one cell, where the lines below have several"):
        read(Source(table="statistics", path=file), real_data / "genesis" / file)
