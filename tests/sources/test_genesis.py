import re
from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import check
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read

TABLE = """GENESIS-Tabelle: 52311-01-04-4
Gewerbeanmeldungen;;;;
Gewerbeanzeigenstatistik;;;;
;;;Gewerbeanmeldungen;Gewerbeanmeldungen
;;;;Zuzüge
;;;Anzahl;Anzahl
2015;DG;Deutschland;706876;52805
2015;01001;      Flensburg, Kreisfreie Stadt;845;68
__________
"zu ""Gewerbeanmeldungen"":
Berlin;2015;1;2;3
"
"© Statistische Ämter des Bundes und der Länder, Deutschland, 2017."
Stand: 10.10.2017 / 13:52:16
"""
OLD_FLAT = (
    "Statistik_Code;Statistik_Label;Zeit_Code;Zeit_Label;Zeit;1_Merkmal_Code;1_Merkmal_Label;"
    "1_Auspraegung_Code;1_Auspraegung_Label;2_Merkmal_Code;2_Merkmal_Label;2_Auspraegung_Code;"
    "2_Auspraegung_Label;BEVSTD__Bevoelkerungsstand__Anzahl;BEVSTD__Bevoelkerungsstand__q\n"
)
NEW_FLAT = (
    "statistics_code;time_code;time;1_variable_code;1_variable_attribute_code;"
    "1_variable_attribute_label;2_variable_code;2_variable_attribute_code;"
    "2_variable_attribute_label;value;value_unit;value_variable_code;value_variable_label\n"
)


@pytest.fixture
def read_text(tmp_path):
    return lambda text, **stated: read_in(tmp_path, text, **stated)


def read_in(folder, text, **stated):
    file = folder / "genesis.csv"
    file.write_text(text, encoding="utf-8", newline="")
    return read(Source(table="statistics", path=file.name, format="genesis", **stated), file)


def rows(raw, *columns):
    return [
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in raw.frame[list(columns)].to_numpy(dtype=object)
    ]


def test_each_figure_becomes_a_row_with_area_period_statistic_and_unit(read_text):
    raw = read_text(TABLE)
    columns = ["area_code", "area_name", "period", "statistic", "value", "unit", "_line"]
    assert rows(raw, *columns) == [
        ("DG", "Deutschland", "2015", "Gewerbeanmeldungen", "706876", "Anzahl", 7),
        ("DG", "Deutschland", "2015", "Gewerbeanmeldungen, Zuzüge", "52805", "Anzahl", 7),
        ("01001", "Flensburg, Kreisfreie Stadt", "2015", "Gewerbeanmeldungen", "845", "Anzahl", 8),
        *[
            ("01001", "Flensburg, Kreisfreie Stadt", "2015", name, "68", "Anzahl", 8)
            for name in ["Gewerbeanmeldungen, Zuzüge"]
        ],
    ]
    assert (raw.rows_read, len(raw.set_aside)) == (4, 0)


def test_footnotes_are_no_rows_even_without_the_line_above_them(read_text):
    without = TABLE.replace("__________\n", "").replace("Berlin;2015;1;2;3\n", "")
    assert len(read_text(without).frame) == 4


def test_rows_below_the_footnotes_are_not_lost_silently(read_text):
    with pytest.raises(DataError, match=r"line 15: a row below the footnotes"):
        read_text(TABLE + "2014;DG;Deutschland;1;2\n")


def test_line_with_another_number_of_cells_is_set_aside(read_text):
    raw = read_text(TABLE.replace("2015;DG;Deutschland;706876;52805", "2015;DG;Deutschland;1,5"))
    assert (len(raw.frame), raw.set_aside["text"].tolist()) == (2, ["2015;DG;Deutschland;1,5"])
    assert raw.faults[["rule", "line", "expected"]].to_numpy().tolist() == [["cells", 7, "5"]]


def test_last_row_cut_off_is_set_aside(read_text):
    cut = TABLE[: TABLE.index(";845")]
    raw = read_text(cut)
    assert raw.set_aside["text"].tolist() == ["2015;01001;      Flensburg, Kreisfreie Stadt"]


def test_quotation_mark_never_closed_is_an_error_and_swallows_no_rows(read_text):
    with pytest.raises(DataError, match="line 7: a quotation mark"):
        read_text(TABLE.replace("2015;DG;", '2015;"DG;').split("__")[0])


MARKS = """Tabelle: 1
Titel;;;;;
;;;A;B;C
;;;Anzahl;Anzahl;Prozent
2020;01;Stadt;{};7;1,5
"""


@pytest.mark.parametrize(
    ("cell", "value", "status"),
    [
        ("-", "0", None),  # nothing there, beside a number of the same unit
        (".", None, None),
        ("...", None, None),
        ("/", None, None),
        ("x", None, None),
        ("*", None, None),
        ("0", "0", None),
        ("(12)", "12", "E"),
        ("12 p", "12", "P"),
        ("12r", "12", "A"),
        ("1,5s", "1,5", "E"),
        ("viele", "viele", None),
        ("(12", "(12", None),
        ("12q", "12q", None),
    ],
)
def test_marks_of_the_legend(read_text, cell, value, status):
    first = rows(read_text(MARKS.format(cell)), "value", "obs_status")[0]
    assert first == (value, status)


@pytest.mark.parametrize(
    "line",
    [
        "2020;01;Stadt;-;-;-",  # no figure at all: dissolved, or before the statistic began
        "2020;01;Stadt;-;-;9,5",  # a rate, and no persons
        "2020;01;Stadt;-;.;-",
    ],
)
def test_dash_without_a_number_of_its_unit_is_a_gap_and_no_zero(read_text, line):
    raw = read_text(MARKS.replace("2020;01;Stadt;{};7;1,5", line))
    assert rows(raw, "value")[0] == (None,)
    assert rows(raw, "mark")[0] == ("-",)


def test_dash_for_a_rate_is_a_gap(read_text):
    raw = read_text(MARKS.format("5").replace("1,5", "-"))
    assert rows(raw, "value") == [("5",), ("7",), (None,)]


def test_source_may_say_what_a_mark_stands_for(read_text):
    raw = read_text(MARKS.replace("{};7;1,5", "-;-;."), values={"value": {"-": "0"}})
    assert rows(raw, "value") == [("0",), ("0",), (None,)]


def test_period_in_the_header_and_the_name_in_the_title(read_text):
    text = (
        "Tabelle: 12411-0010\nBevölkerung: Bundesländer;;\nBevölkerungsstand (Anzahl);;\n"
        ";31.12.2022;31.12.2023\nSachsen;4086152;4089467\n__________\n"
    )
    raw = read_text(text, columns={"area_name": "column_1"})
    assert rows(raw, "area_name", "period", "statistic", "value", "unit") == [
        ("Sachsen", "2022", "Bevölkerungsstand", "4086152", "Anzahl"),
        ("Sachsen", "2023", "Bevölkerungsstand", "4089467", "Anzahl"),
    ]


def test_area_in_the_header(read_text):
    header = "T\nX;;;\n;;Bremen;Sachsen\n;;04;14\n;;Anzahl;Anzahl\n"
    text = f"{header}2020;Insgesamt;1;2\n2020;Frauen;3;4\n"
    assert rows(read_text(text), "area_code", "statistic", "value") == [
        ("04", "Bremen", "1"),
        ("14", "Sachsen", "2"),
        ("04", "Bremen, Frauen", "3"),
        ("14", "Sachsen, Frauen", "4"),
    ]


def test_quarter_beside_its_year_and_a_breakdown_in_the_row(read_text):
    text = "T\n;;;;Fälle\n;;;;Anzahl\n{}2021;2. Quartal;14713;Leipzig, Stadt;5\n".format(
        "2021;1. Quartal;14713;Leipzig, Stadt;4\n"
    )
    assert rows(read_text(text), "period", "area_code", "value") == [
        ("2021-Q1", "14713", "4"),
        ("2021-Q2", "14713", "5"),
    ]


def test_table_without_a_period_asks_for_one(read_text):
    text = "T\n;;Fälle\n;;Anzahl\n14713;Leipzig, Stadt;5\n"
    with pytest.raises(DataError, match=r'for which period.*constants\.period = "2026"'):
        read_text(text)
    assert rows(read_text(text, constants={"period": "2020"}), "period", "value") == [("2020", "5")]


def test_two_columns_of_the_same_name_are_told_apart_by_their_unit_or_refused(read_text):
    text = "T\n;;A;A\n;;Anzahl;Prozent\n2020;01;1;2\n"
    assert rows(read_text(text), "statistic") == [("A, Anzahl",), ("A, Prozent",)]
    with pytest.raises(DataError, match="'A, Anzahl' stands twice"):
        read_text(text.replace("Prozent", "Anzahl"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a;b\nc;d\n", "no row with a figure"),
        ("nur Text\n", "no line has several cells"),
        ("Jahr;Code;A\n2020;01;5\n", "no header stands above the rows"),
        ("T\n;\0;A\n2020;01;5\n", "NUL bytes"),
    ],
)
def test_other_texts_are_refused(read_text, text, said):
    with pytest.raises(DataError, match=said):
        read_text(text)


def test_older_flat_file(read_text):
    key = "12411;F;STAG;Stichtag;31.12.2022;KREISE;Kreise;14713;Leipzig, Stadt;GES;Geschlecht;"
    raw = read_text(f"{OLD_FLAT}{key}GESM;männlich;300000;e\n{key};Insgesamt;616093;p\n")
    columns = ["area_code", "area_name", "period", "statistic", "value", "unit", "obs_status"]
    assert rows(raw, *columns) == [
        *[
            ("14713", "Leipzig, Stadt", "2022", *rest, "Anzahl", "A")
            for rest in [
                ("Bevoelkerungsstand, männlich", "300000"),
            ]
        ],
        ("14713", "Leipzig, Stadt", "2022", "Bevoelkerungsstand", "616093", "Anzahl", "P"),
    ]


def test_newer_flat_file_with_months(read_text):
    key = "52411;JAHR;2022;KREISE;14713;Leipzig, Stadt;MONAT;"
    text = f"{NEW_FLAT}{key}MONAT03;März;31;Anzahl;X;Insolvenzen\n{key}MONAT04;April;-;Anzahl;X;I\n"
    raw = read_text(text, periods={"month": "quarter_end"})
    assert rows(raw, "area_code", "period", "statistic", "value") == [
        ("14713", "2022-Q1", "Insolvenzen", "31")
    ]
    assert (raw.rows_read, raw.rows_skipped) == (2, 1)
    assert read_text(text).faults["rule"].tolist() == ["period_length"] * 2


def test_flat_file_without_figures_is_refused(read_text):
    with pytest.raises(DataError, match="no column of figures"):
        read_text("Statistik_Code;Zeit;1_Merkmal_Code\n1;2020;KREISE\n")


def test_city_picks_its_rows_of_a_table_of_the_country(small_city):
    (small_city / "genesis.csv").write_text(TABLE, encoding="utf-8")
    with (small_city / "programme.toml").open("a", encoding="utf-8") as programme:
        programme.write(
            '\n[[sources]]\ntable = "statistics"\npath = "genesis.csv"\nformat = "genesis"\n'
            'where = { area_code = ["01001"] }\n'
            'constants = { district_id = "stadt", area_level = "city" }\n'
            'values.statistic = { "Gewerbeanmeldungen" = "registrations" }\n'
        )
    data = check(small_city)
    read_from = data.reads[data.reads["file"] == "genesis.csv"].iloc[0]
    assert read_from[["rows_read", "accepted", "set_aside", "skipped"]].tolist() == [4, 2, 0, 2]
    found = data.statistics[data.statistics["statistic"] == "registrations"].iloc[0]
    assert found[["district_id", "area_level", "period", "value"]].tolist() == [
        "stadt",
        "city",
        "2015",
        845.0,
    ]


CELLS = st.from_regex(r"[0-9]{1,4}|-|\.|x|\(?[0-9]\)?|[a-z]{0,3}", fullmatch=True)
LINES = st.lists(
    st.tuples(st.sampled_from(["2020", "2021", "Jan. 2020", "?", ""]), CELLS, CELLS), min_size=1
)


@settings(max_examples=40, deadline=None)
@given(LINES)
def test_read_is_frame_and_set_aside_and_skipped(tmp_path_factory, lines):
    text = "T\nTitel;;;\n;;A;B\n;;Anzahl;Anzahl\n"
    text += "".join(f"{period};01;{a};{b}\n" for period, a, b in lines)
    folder = tmp_path_factory.mktemp("genesis")
    try:
        raw = read_in(folder, text, where={"area_code": ["01"]})
    except DataError:
        return
    assert raw.rows_read == len(raw.frame) + len(raw.set_aside) + raw.rows_skipped
    assert raw.rows_read <= 2 * len(lines)
    assert len(raw.faults) == len(raw.set_aside)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=';"\n\r_-.x012 Aé\t,()', max_size=60))
def test_no_text_makes_a_traceback(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("genesis")
    for head in ("", "T\n;;A\n2020;01;5\n", OLD_FLAT, NEW_FLAT):
        with suppress(DataError):
            read_in(folder, head + text)


FIGURES = st.dictionaries(
    st.tuples(st.sampled_from(["01", "01001", "DG"]), st.integers(1990, 2030)),
    st.lists(st.integers(0, 10**9) | st.none(), min_size=2, max_size=2),
    min_size=1,
)


@settings(max_examples=40, deadline=None)
@given(FIGURES)
def test_what_is_written_as_a_table_is_read_again_unchanged(tmp_path_factory, figures):
    text = "T\nTitel;;;\n;;A;B\n;;Anzahl;Anzahl\n"
    for (code, year), pair in figures.items():
        text += ";".join([str(year), code, *("." if n is None else str(n) for n in pair)]) + "\n"
    raw = read_in(tmp_path_factory.mktemp("genesis"), text + "__________\nStand: 1\n")
    expected = [
        (code, str(year), name, None if value is None else str(value))
        for (code, year), pair in figures.items()
        for name, value in zip("AB", pair, strict=True)
    ]
    if all(value is None for pair in figures.values() for value in pair):
        expected = [(*row[:3], None) for row in expected]
    assert rows(raw, "area_code", "period", "statistic", "value") == expected


@pytest.mark.real
def test_business_registrations_of_the_regional_database(real_data):
    file = "genesis/52311-01-04-4_00.csv"
    where = {"area_code": ["14713"]}
    source = Source(table="statistics", path=file, format="genesis", where=where)
    raw = read(source, real_data / file)
    assert (len(raw.frame), raw.rows_read, len(raw.set_aside)) == (180, 9_468 * 10, 0)
    assert raw.frame["area_name"].unique().tolist() == ["Leipzig, Stadt"]
    found = raw.frame.set_index(["statistic", "period"])["value"]
    assert found["Gewerbeanmeldungen", "2015"] == "5881"
    name = "Gewerbeanmeldungen, Neuerrichtungen, Betriebsgründungen"
    assert found[name, "2015"] == "1392"
    assert pd.isna(found[name, "2006"])  # "."
    assert raw.frame["unit"].unique().tolist() == ["Anzahl"]


@pytest.mark.real
def test_unemployed_of_the_regional_database(real_data):
    file = "genesis/13211-02-05-4_00.csv"
    raw = read(Source(table="statistics", path=file, format="genesis"), real_data / file)
    assert len(raw.frame) == raw.rows_read == 8_416 * 13
    assert raw.frame["statistic"].nunique() == 13
    leipzig = raw.frame[raw.frame["area_code"] == "14713"].set_index(["statistic", "period"])
    assert leipzig.loc[("Arbeitslose", "2016"), "value"] == "25629"
    rate = "Arbeitslosenquote bez. auf alle zivile Erwerbsp., Ausländer"
    assert tuple(leipzig.loc[(rate, "2016"), ["value", "unit"]]) == ("26,6", "Prozent")
    # Leipzig had unemployed before 2007: "-" is no zero in this file, in none of 25,807 cells.
    assert pd.isna(leipzig.loc[("Arbeitslose", "2005"), "value"])
    dashes = raw.frame["mark"] == "-"
    assert (dashes.sum(), raw.frame.loc[dashes, "value"].notna().sum()) == (25_807, 0)
    assert (
        raw.frame.loc[~dashes & raw.frame["mark"].isna(), "value"]
        .str.fullmatch(re.compile("[0-9]+(,[0-9]+)?"))
        .all()
    )


def test_areas_in_the_header_and_in_a_column_are_refused(read_text):
    table = "Titel\n;;14713;02000\n;;Anzahl;Anzahl\n14713;Leipzig;10;3\n"
    with pytest.raises(DataError, match=r"header and a column .* both look like area_code"):
        read_text(table)
