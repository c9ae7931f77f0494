import json
from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import check
from ostwerk_analysis.faults import DataError, sentence
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
        raw.faults[["rule", "column", "value"]].to_numpy().tolist() == [[rule, "period", name]] * 2
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


def figure(name, value, year="2000", **more):
    record = {"name": name, "wert": value, "jahr": year, "periode": "y", "kategorie_Nr": 2}
    return record | {"id": 1, "einheit": None, "stadtbezirk": None, "ortsteil": None} | more


@pytest.fixture
def read_json(tmp_path):
    def read_it(answer, **stated):
        file = tmp_path / "lis.json"
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")
        return read(Source(table="statistics", path="lis.json", format="lis", **stated), file)

    return read_it


def test_each_record_of_the_api_becomes_a_row(read_json):
    raw = read_json(
        {
            "daten": [
                figure("   Frauen", "250103"),
                figure("Einwohner insgesamt", "1896", ortsteil="Zentrum"),
                figure("Einwohner insgesamt", ".", stadtbezirk="Mitte"),
                figure("Fläche", "1,5", "1.Qu. 2003", einheit="ha", ortsteil="Zentrum"),
            ]
        }
    )
    columns = ["area_level", "area_name", "statistic", "period", "value", "unit", "_line"]
    assert [
        [None if pd.isna(cell) else cell for cell in row]
        for row in raw.frame[columns].to_numpy(dtype=object)
    ] == [
        ["city", None, "Frauen", "2000", "250103", None, 1],
        ["district", "Zentrum", "Einwohner insgesamt", "2000", "1896", None, 2],
        ["borough", "Mitte", "Einwohner insgesamt", "2000", None, None, 3],
        ["district", "Zentrum", "Fläche", "2003-Q1", "1,5", "ha", 4],
    ]
    assert not {"uri", "id"} & {*raw.frame.columns}


def test_same_name_in_two_wholes_gets_the_whole_before_it(read_json):
    names = ["Arbeitslose", "   Frauen", "Ältere", "   Frauen", "   Männer"]
    records = [figure(name, str(n), id=n) for n, name in enumerate(names)]
    raw = read_json({"daten": [records[n] for n in (3, 1, 4, 0, 2)]})
    assert dict(zip(raw.frame["value"], raw.frame["statistic"], strict=True)) == {
        "0": "Arbeitslose",
        "1": "Arbeitslose, Frauen",
        "2": "Ältere",
        "3": "Ältere, Frauen",
        "4": "Männer",
    }


def test_year_of_a_part_of_it_is_no_period(read_json):
    raw = read_json({"daten": [figure("a", "1", periode="q"), figure("a", "2")]})
    assert raw.faults[["line", "rule", "value"]].to_numpy().tolist() == [[1, "period", "2000 q"]]


def test_record_that_is_none_is_set_aside(read_json):
    raw = read_json({"daten": [figure("a", "1"), 7, figure("b", {"x": "2"}), figure("c", 3.50)]})
    assert raw.frame[["statistic", "value", "_line"]].to_numpy().tolist() == [
        ["a", "1", 1],
        ["c", "3.5", 4],
    ]
    assert raw.faults[["line", "rule"]].to_numpy().tolist() == [[2, "record"], [3, "record"]]
    assert sentence(raw.faults.iloc[0].to_dict()).startswith("lis.json, record 2: The record")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("<!DOCTYPE html><html><body>Wartung</body></html>", "page for a browser"),
        ({"error": "unbekannte Rubrik"}, r"without a list 'daten' \(unbekannte Rubrik\)"),
        ({"daten": {"name": "a"}}, "without a list 'daten'"),
        ([1, 2], "without a list 'daten'"),
        ({"daten": []}, "list 'daten' is empty"),
        ({"daten": [{"name": "a", "jahr": "2000"}]}, "no record has 'wert'"),
        ('{"daten": [{"name": "a", "wert"', "line 1: no complete JSON"),
        ('{"daten": [{"name": "a", "name": "b"}]}', "'name' stands twice"),
        ('{"daten": ' + "[" * 100_000, "without a list 'daten'|no complete JSON"),
    ],
)
def test_other_answers_are_refused(read_json, answer, said):
    with pytest.raises(DataError, match=said):
        read_json(answer)


def test_records_are_picked_by_their_keys(read_json):
    answer = {"daten": [figure("a", "1", rubrik="x"), figure("b", "2", rubrik="y")]}
    raw = read_json(answer, where={"rubrik": ["y"]})
    assert (raw.frame["statistic"].tolist(), raw.rows_skipped, raw.rows_read) == (["b"], 1, 2)


@pytest.mark.parametrize(
    ("stated", "kept", "skipped"),
    [
        ({"month": "quarter_end"}, [("2024-Q1", "3")], 2),
        ({"month": "year_end"}, [], 3),
    ],
)
def test_months_stand_for_what_the_source_says(read_text, stated, kept, skipped):
    text = "Gebiet;Sachmerkmal;Jan. 2024;Feb. 2024;März 2024\nOst;a;1;2;3\n"
    raw = read_text(text, periods=stated)
    assert [(row[2], row[3]) for row in rows(raw)] == kept
    assert (raw.rows_skipped, raw.rows_read) == (skipped, 3)


def test_school_years_and_days_stand_for_what_the_source_says(read_text):
    text = "Gebiet;Sachmerkmal;2001/02;31.03.2003;31.12.2003\nOst;a;1;2;3\n"
    first = read_text(text, periods={"school_year": "first_year", "day": "quarter_end"})
    assert [row[2] for row in rows(first)] == ["2001", "2003-Q1", "2003-Q4"]
    second = read_text(text, periods={"school_year": "second_year", "day": "year_end"})
    assert [row[2] for row in rows(second)] == ["2002", "2003"]
    assert second.rows_skipped == 1


def test_same_day_of_every_year_stands_for_the_year(read_text):
    text = "Gebiet;Sachmerkmal;31.12.2002;31.12.2003\nOst;a;1;2\n"
    assert [row[2] for row in rows(read_text(text))] == ["2002", "2003"]


def test_period_may_be_recoded(read_text):
    text = "Gebiet;Sachmerkmal;2001/02;2003\nOst;a;1;2\n"
    raw = read_text(text, values={"period": {"2001/02": "2001"}})
    assert [row[2] for row in rows(raw)] == ["2001", "2003"]


TEXTS = st.sampled_from(["a", "   b", "", "1", "2000", "2.Qu. 2001", "Jan. 2000", "y", "q", None])
RECORDS = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(("name", "wert", "jahr"), TEXTS),
        optional=dict.fromkeys(("periode", "ortsteil", "stadtbezirk", "id", "x"), TEXTS),
    )
    | st.integers()
    | st.fixed_dictionaries({"wert": st.lists(st.integers(), max_size=1)}),
    min_size=1,
)


@settings(max_examples=40, deadline=None)
@given(RECORDS)
def test_records_read_are_frame_and_set_aside(tmp_path_factory, records):
    file = tmp_path_factory.mktemp("lis") / "lis.json"
    file.write_text(json.dumps({"daten": records}), encoding="utf-8")
    try:
        raw = read(Source(table="statistics", path=file.name, format="lis"), file)
    except DataError:
        return
    assert raw.rows_read == len(raw.frame) + len(raw.set_aside) == len(records)
    assert len(raw.faults) == len(raw.set_aside)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,daten 0e1-', max_size=60).map(str.encode))
def test_no_bytes_make_a_traceback(tmp_path_factory, data):
    data = data.removeprefix(b"\xef\xbb\xbf")  # it stands at the beginning, or nowhere
    file = tmp_path_factory.mktemp("lis") / "lis.json"
    for head in (
        b"",
        b'{"daten":[{"name":"a","wert":"1","jahr":"2000"}',
        b"Gebiet;Sachmerkmal;2000\n",
    ):
        file.write_bytes(head + data)
        with suppress(DataError):
            read(Source(table="statistics", path=file.name, format="lis"), file)


def test_areas_of_the_api_are_matched_through_loading(small_city):
    records = [
        figure("Einwohner", "10", id=1),
        figure("Einwohner", "6", id=2, stadtbezirk="Mitte"),
        figure("Einwohner", "4", id=3, ortsteil="Markt"),
        figure("Einwohner", "1", id=4, ortsteil="Mitte"),  # a borough of that name, no district
        figure("Einwohner", "1", id=5, ortsteil="Markd"),
    ]
    (small_city / "lis.json").write_text(json.dumps({"daten": records}), encoding="utf-8")
    with (small_city / "programme.toml").open("a", encoding="utf-8") as programme:
        programme.write(
            '\n[[sources]]\ntable = "statistics"\npath = "lis.json"\nformat = "lis"\n'
            'values = { statistic = { "Einwohner" = "residents_of_api" } }\n'
        )
    data = check(small_city)
    found = data.statistics[data.statistics["statistic"] == "residents_of_api"]
    assert found[["area_level", "district_id", "value"]].to_numpy().tolist() == [
        ["city", "stadt", 10.0],
        ["borough", "A", 6.0],
        ["district", "01", 4.0],
    ]
    faults = data.faults[data.faults["rule"] == "area_name"]
    assert faults[["line", "rule", "value", "expected"]].to_numpy().tolist() == [
        [4, "area_name", "Mitte", "Mitte"],
        [5, "area_name", "Markd", "Markt"],
    ]


@pytest.mark.real
def test_population_of_leipzig_is_the_same_for_api_and_districts(real_data):
    file = "leipzig/lis_einwohner.json"
    raw = read(Source(table="statistics", path=file, format="lis"), real_data / file)
    assert raw.rows_read == len(raw.frame) == 9_250
    frame = raw.frame[raw.frame["period"] == "2000"]
    found = frame.set_index(["area_level", "statistic"])["value"]
    assert found["city", "Einwohner insgesamt"] == "479996"
    assert frame["area_level"].value_counts().to_dict() == {
        "district": 315,
        "borough": 50,
        "city": 5,
    }
    assert sorted(frame["statistic"].unique()) == [
        "Ausländer",
        "Deutsche",
        "Einwohner insgesamt",
        "Frauen",
        "Männer",
    ]
