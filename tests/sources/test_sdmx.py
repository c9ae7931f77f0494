from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read

HEAD = "DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"
KEY = "ESTAT:X(1.0),01/01/26,A,NR,DED51"


@pytest.fixture
def read_text(tmp_path):
    return lambda text, **stated: read_in(tmp_path, text, **stated)


def read_in(folder, text, **stated):
    file = folder / "sdmx.csv"
    file.write_text(text, encoding="utf-8", newline="")
    return read(Source(table="statistics", path=file.name, format="sdmx", **stated), file)


def rows(raw, *columns):
    return [
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in raw.frame[list(columns)].to_numpy(dtype=object)
    ]


def test_linear_csv_of_eurostat(read_text):
    raw = read_text(f"{HEAD}{KEY},2020,1.5,bp,\n{KEY},2021-Q3,2,,F\n{KEY},2022,:,z,\n")
    columns = ["area_code", "period", "statistic", "value", "obs_status", "_line"]
    assert rows(raw, *columns) == [
        ("DED51", "2020", "A.NR", "1.5", "B", 2),
        ("DED51", "2021-Q3", "A.NR", "2", None, 3),
        ("DED51", "2022", "A.NR", None, "M", 4),
    ]


def test_version_2_with_labels_beside_the_codes(read_text):
    raw = read_text(
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ: Frequency,REF_AREA: Area,TIME_PERIOD: Time,"
        "OBS_VALUE: Value,OBS_STATUS: Status\n"
        "dataflow,OECD:X(1.0),I,A: Annual,DED51: Leipzig,2020,12.5,E: Estimated value\n"
    )
    assert rows(raw, "area_code", "period", "statistic", "value", "obs_status") == [
        ("DED51", "2020", "A", "12.5", "E")
    ]
    assert raw.frame["STRUCTURE_ID"].tolist() == ["OECD:X(1.0)"]


def test_version_2_with_names_in_columns_of_their_own(read_text):
    raw = read_text(
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,sex,Sex,geo,Area,TIME_PERIOD,"
        "Time,OBS_VALUE,Observation value\n"
        "dataflow,E:X(1),Title,A,Annual,T,Total,DED51,Leipzig,2020,2020,7,7\n"
    )
    assert rows(raw, "area_code", "statistic", "value") == [("DED51", "A.T", "7")]


@pytest.mark.parametrize(
    ("written", "period"),
    [("2024", "2024"), ("2024-A1", "2024"), ("2024-Q1", "2024-Q1"), ("2024Q1", "2024-Q1")],
)
def test_periods(read_text, written, period):
    assert rows(read_text(f"{HEAD}{KEY},{written},1,,\n"), "period") == [(period,)]


@pytest.mark.parametrize("written", ["2024-01", "2024-M01", "2024-S1", "2024-W05"])
def test_other_stretches_of_time_are_set_aside(read_text, written):
    raw = read_text(f"{HEAD}{KEY},{written},1,,\n{KEY},2024,1,,\n")
    assert raw.faults[["rule", "value"]].to_numpy().tolist() == [["period_length", written]]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *[(code, "A") for code in ("A", "r")],
        *[(code, "B") for code in ("B", "D", "S", "K", "W", "J", "b", "d", "be", "e b", "b, p")],
        *[(code, "E") for code in ("E", "F", "I", "U", "N", "e", "f", "n", "s", "u", "ep")],
        *[(code, "P") for code in ("P", "V", "G", "p", "pr")],
        ("?", "?"),  # said to be a fault by the table
    ],
)
def test_status_says_no_less_than_the_code(read_text, code, status):
    text = f'{HEAD}{KEY},2024,1,"{code}",\n'
    assert rows(read_text(text), "obs_status") == [(status,)]


@pytest.mark.parametrize("cell", ["", "NaN", ":"])
def test_missing_value_is_a_gap(read_text, cell):
    assert rows(read_text(f"{HEAD}{KEY},2024,{cell},,\n"), "value") == [(None,)]


def test_figure_that_is_not_free_is_set_aside_and_a_gap_is_not(read_text):
    raw = read_text(f"{HEAD}{KEY},2020,5,,C\n{KEY},2021,,,C\n{KEY},2022,5,,N\n{KEY},2023,5,,F\n")
    assert rows(raw, "period") == [("2021",), ("2023",)]
    assert raw.faults[["line", "rule", "value"]].to_numpy().tolist() == [
        [2, "confidential", "C"],
        [4, "confidential", "N"],
    ]


def test_row_that_takes_figures_back_is_set_aside(read_text):
    text = "STRUCTURE,STRUCTURE_ID,ACTION,geo,TIME_PERIOD,OBS_VALUE\n"
    raw = read_text(f"{text}dataflow,X,R,DE,2020,1\ndataflow,X,D,DE,2021,\n")
    assert (len(raw.frame), raw.faults["rule"].tolist()) == (1, ["withdrawn"])


def test_where_comes_before_what_is_set_aside(read_text):
    text = f"{HEAD}{KEY},2020,5,,C\nX,,A,NR,DE1,2020,5,,F\n"
    raw = read_text(text, where={"area_code": ["DE1"]})
    assert (len(raw.frame), len(raw.set_aside), raw.rows_skipped) == (1, 0, 1)


def test_figures_come_in_the_unit_of_measure(read_text):
    text = "FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE,UNIT_MULT\nA,DE,2020,12.34,3\nA,DE,2021,1.5,0\n"
    raw = read_text(text + "A,DE,2022,7,\nA,DE,2023,5,-1\n")
    assert rows(raw, "value") == [("12340",), ("1.5",), ("7",), ("0.50",)]
    with pytest.raises(DataError, match=r"line 2: UNIT_MULT is 'tausend'"):
        read_text(text.replace("12.34,3", "12.34,tausend"))


def test_figures_with_other_marks_are_multiplied_too(read_text):
    head = "FREQ;REF_AREA;TIME_PERIOD;OBS_VALUE;UNIT_MULT\n"
    raw = read_text(f"{head}A;DE;2020;1,5;3\nA;DE;2021;2.500,25;3\nA;DE;2022;7,5;0\n")
    assert rows(raw, "value") == [("1500",), ("2500250",), ("7,5",)]
    raw = read_text('geo,TIME_PERIOD,OBS_VALUE,UNIT_MULT\nDE,2020,"1,234.5",3\nDE,2021,x,3\n')
    assert rows(raw, "value") == [("1234500",), ("x",)]
    ambiguous = "geo,TIME_PERIOD,OBS_VALUE,UNIT_MULT\nDE,2020,1.234,3\n"
    with pytest.raises(DataError, match=r"'1\.234' can be read in two ways"):
        read_text(ambiguous)
    assert rows(read_text(ambiguous, decimal_mark="."), "value") == [("1234",)]
    assert rows(read_text(ambiguous, decimal_mark=","), "value") == [("1234000",)]


@pytest.mark.parametrize("name", ["unit_mult", "Unit multiplier", "PowerCode Code", "POWERCODE"])
def test_figures_are_multiplied_whatever_the_power_is_called(read_text, name):
    raw = read_text(f"geo,TIME_PERIOD,OBS_VALUE,{name}\nDE,2020,1.5,6\n")
    assert rows(raw, "value") == [("1500000",)]


def test_units_are_not_mixed_in_one_series(read_text):
    text = "FREQ,geo,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE\nA,DE,2020,5,NR\nA,DE,2021,99,PC\n"
    with pytest.raises(DataError, match=r"figures of 'A' have several UNIT_MEASURE: NR, PC"):
        read_text(text)
    assert len(read_text(text, where={"UNIT_MEASURE": ["NR"]}).frame) == 1
    two_areas = text.replace("DE,2021", "FR,2021")
    assert len(read_text(two_areas).frame) == 2


def test_a_named_statistic_has_one_code_of_each_dimension(read_text):
    text = "freq,s_adj,geo,TIME_PERIOD,OBS_VALUE\nA,NSA,DE,2020,5\nA,SA,DE,2021,6\n"
    with pytest.raises(DataError, match=r"'x' have several s_adj: NSA, SA"):
        read_text(text, constants={"statistic": "x"})
    assert rows(read_text(text), "statistic") == [("A.NSA",), ("A.SA",)]
    several = text.replace("A,SA,DE,2021", "Q,NSA,DE,2021-Q1")
    assert len(read_text(several, constants={"statistic": "x"}).frame) == 2


def test_statistic_may_be_a_column_or_a_constant(read_text):
    text = f"{HEAD}{KEY},2020,5,,\n"
    assert rows(read_text(text, columns={"statistic": "unit"}), "statistic") == [("NR",)]
    assert rows(read_text(text, constants={"statistic": "x"}), "statistic") == [("x",)]
    raw = read_text(text, values={"statistic": {"A.NR": "unemployed"}})
    assert rows(raw, "statistic") == [("unemployed",)]


def test_area_may_be_named_as_the_district(read_text):
    raw = read_text(f"{HEAD}{KEY},2020,5,,\n", columns={"district_id": "area_code"})
    assert rows(raw, "district_id") == [("DED51",)]


def test_other_files_are_refused(read_text):
    with pytest.raises(DataError, match=r"no column 'TIME_PERIOD'.*Is it SDMX-CSV"):
        read_text("geo,Jahr,OBS_VALUE\nDE,2020,1\n")
    raw = read_text("geo,Jahr,OBS_VALUE\nDE,2020,1\n", columns={"period": "Jahr"})
    assert rows(raw, "period", "value") == [("2020", "1")]


OBSERVATIONS = st.lists(
    st.tuples(
        st.sampled_from(["DE", "FR", ""]),
        st.sampled_from(["2020", "2021-Q1", "2020-05", "?", ""]),
        st.sampled_from(["1", "1.5", "", ":", "x"]),
        st.sampled_from(["A", "", "bp", "?"]),
        st.sampled_from(["F", "C", ""]),
    ),
    min_size=1,
)


@settings(max_examples=40, deadline=None)
@given(OBSERVATIONS)
def test_read_is_frame_and_set_aside_and_skipped(tmp_path_factory, observations):
    text = "FREQ,geo,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS\n"
    text += "".join(f"A,{','.join(cells)}\n" for cells in observations)
    raw = read_in(tmp_path_factory.mktemp("sdmx"), text, where={"area_code": ["DE", ""]})
    assert raw.rows_read == len(observations)
    assert raw.rows_skipped == sum(cells[0] == "FR" for cells in observations)
    assert len(raw.faults) == len(raw.set_aside)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1990, 2030), st.floats(-1e9, 1e9) | st.none()),
        min_size=1,
        unique_by=lambda pair: pair[0],
    )
)
def test_what_is_written_is_read_again_unchanged(tmp_path_factory, figures):
    text = "FREQ,geo,TIME_PERIOD,OBS_VALUE\n"
    text += "".join(f"A,DE,{year},{'' if x is None else repr(x)}\n" for year, x in figures)
    raw = read_in(tmp_path_factory.mktemp("sdmx"), text)
    expected = [(str(year), None if x is None else repr(x)) for year, x in figures]
    assert rows(raw, "period", "value") == expected


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=',:"\n\r_-.x012 AéTIMEPROD', max_size=60))
def test_no_text_makes_a_traceback(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("sdmx")
    for head in ("", HEAD, f"{HEAD}{KEY},2020,5,,\n", "STRUCTURE_NAME,a,b,TIME_PERIOD,OBS_VALUE\n"):
        with suppress(DataError):
            read_in(folder, head + text)


def test_columns_that_are_the_same_without_their_labels_are_refused(read_text):
    with pytest.raises(DataError, match="'FREQ' stands twice"):
        read_text("FREQ: a,FREQ: b,geo,TIME_PERIOD,OBS_VALUE\nA,A,DE,2020,1\n")
