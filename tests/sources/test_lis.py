import pandas as pd
import pytest

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read


@pytest.fixture
def read_text(tmp_path):
    def read_it(text, **stated):
        file = tmp_path / "lis.csv"
        file.write_text(text, encoding="utf-8")
        return read(Source(table="statistics", path="lis.csv", format="lis", **stated), file)

    return read_it


def rows(raw):
    columns = ["area_name", "statistic", "period", "value", "_line"]
    return [
        [None if pd.isna(cell) else cell for cell in row]
        for row in raw.frame[columns].to_numpy(dtype=object)
    ]


def test_each_figure_becomes_a_row(read_text):
    raw = read_text('"Gebiet","Sachmerkmal","2000","2001"\nOst,Wohnungen,"1939,76","."\n')
    assert rows(raw) == [
        ["Ost", "Wohnungen", "2000", "1939,76", 2],
        ["Ost", "Wohnungen", "2001", None, 2],
    ]
    assert raw.rows_read == 2


def test_gap_is_a_missing_value_and_zero_a_zero(read_text):
    raw = read_text("Gebiet;Sachmerkmal;2019;2020;2021;2022\nOst;   Frauen;;.;x;0\n")
    assert raw.frame["value"].tolist()[-1] == "0"
    assert raw.frame["value"].isna().tolist() == [True, True, True, False]
    assert raw.frame["statistic"].unique().tolist() == ["Frauen"]


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("2003", "2003"),
        ("1.Qu. 2003", "2003-Q1"),
        ("4. Quartal 2026", "2026-Q4"),
        ("2026-Q3", "2026-Q3"),
        ("2026Q3", "2026-Q3"),
    ],
)
def test_periods(read_text, name, period):
    assert rows(read_text(f"Gebiet;Sachmerkmal;{name}\nOst;x;1\n"))[0][2] == period


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("2001/02", "period_length"),
        ("Jan. 2024", "period_length"),
        ("1. Halbjahr 2024", "period_length"),
        ("5.Qu. 2003", "period"),
        ("31.11.2003", "period"),
        ("2001/03", "period"),
        ("Einheit", "period"),
    ],
)
def test_figures_of_a_period_that_the_table_does_not_know_are_set_aside(read_text, name, rule):
    raw = read_text(f"Gebiet;Sachmerkmal;2000;{name}\nOst;a;1;2\nWest;a;3;\n")
    assert [row[3] for row in rows(raw)] == ["1", "3"]
    assert raw.set_aside["_line"].tolist() == [2, 3]
    assert raw.set_aside["text"].tolist()[0] == (
        f"Gebiet=Ost; Sachmerkmal=a; period={name}; value=2"
    )
    assert (
        raw.faults[["rule", "column", "value"]].to_numpy().tolist()
        == [[rule, "period", name]] * 2
    )
    assert raw.rows_read == 4


def test_line_that_cannot_be_split_counts_once(read_text):
    raw = read_text("Gebiet;Sachmerkmal;2000;2001\nOst;a;1;2\nWest;a;1,5\n")
    assert (len(raw.frame), len(raw.set_aside), raw.rows_read) == (2, 1, 3)
    assert raw.faults["rule"].tolist() == ["cells"]


def test_where_counts_figures(read_text):
    text = "Gebiet;Sachmerkmal;2000;2001\nOst;a;1;2\nOst;b;3;4\nWest;a;5;6\n"
    raw = read_text(text, where={"Sachmerkmal": ["a"], "period": ["2001"]})
    assert [row[3] for row in rows(raw)] == ["2", "6"]
    assert (raw.rows_skipped, raw.rows_read) == (4, 6)


def test_statistics_are_recoded(read_text):
    text = "Gebiet;Sachmerkmal;2000\nOst;Arbeitslose insgesamt;7\n"
    raw = read_text(text, values={"statistic": {"Arbeitslose insgesamt": "unemployed"}})
    assert rows(raw)[0][1] == "unemployed"


def test_other_names_can_be_stated(read_text):
    text = "Ortsteil;Merkmal;2000\nOst;a;7\n"
    with pytest.raises(DataError, match=r"no column 'Gebiet'.*Name it under columns as area_name"):
        read_text(text)
    raw = read_text(text, columns={"area_name": "Ortsteil", "statistic": "Merkmal"})
    assert rows(raw) == [["Ost", "a", "2000", "7", 2]]


def test_table_without_periods_is_refused(read_text):
    with pytest.raises(DataError, match="no column is a period"):
        read_text("Gebiet;Sachmerkmal;Wert\nOst;a;7\n")


@pytest.mark.real
def test_unemployed_of_leipzig(real_data):
    file = "leipzig/lis_arbeitslose.csv"
    raw = read(Source(table="statistics", path=file, format="lis"), real_data / file)
    frame = raw.frame
    assert raw.rows_read == len(frame) == 17 * 74 * 23
    assert frame["value"].isna().sum() == 10_360
    assert frame["period"].unique().tolist() == [str(year) for year in range(2000, 2023)]
    east = frame[
        (frame["area_name"] == "Volkmarsdorf") & (frame["statistic"] == "Arbeitslose insgesamt")
    ]
    assert east.set_index("period").loc["2022", "value"] == "1081"


@pytest.mark.real
def test_dwellings_of_leipzig(real_data):
    file = "leipzig/lis_wohnungsbestand.csv"
    source = Source(
        table="statistics", path=file, format="lis", where={"Sachmerkmal": ["Wohnungen"]}
    )
    raw = read(source, real_data / file)
    assert (len(raw.frame), raw.rows_skipped, raw.rows_read) == (1_850, 3_700, 5_550)
    assert raw.frame["value"].isna().sum() == 29
