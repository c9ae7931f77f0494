import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read
from ostwerk_analysis.sources.marks import to_date, to_number
from ostwerk_analysis.sources.operations import content_codes

HEADER = "Name des Begünstigten;Bezeichnung des Vorhabens;Datum des Beginns des Vorhabens;Landkreis"


@pytest.fixture
def read_text(tmp_path):
    def read_it(text, **stated):
        file = tmp_path / "list.csv"
        file.write_text(text, encoding="utf-8")
        return read(
            Source(table="operations", path="list.csv", format="operations", **stated), file
        )

    return read_it


def test_columns_are_found_by_their_german_names(read_text):
    raw = read_text(f"{HEADER};Land\nA GmbH;Kurs;01.02.2016;Leipzig;D\n", constants={"fund": "ESF"})
    row = raw.frame.iloc[0]
    assert row[["beneficiary", "name", "started_on", "county", "fund", "Land"]].tolist() == [
        "A GmbH",
        "Kurs",
        "01.02.2016",
        "Leipzig",
        "ESF",
        "D",
    ]
    assert len(row["code"]) == 16


def test_header_below_a_title_is_found(read_text):
    raw = read_text(f"Liste der Vorhaben;;;\nStand: 31.12.2020;;;\n\n{HEADER}\nA;Kurs;;x\n")
    assert raw.frame["_line"].tolist() == [5]
    assert raw.frame["beneficiary"].tolist() == ["A"]


def test_header_below_line_15_is_not_searched_for(read_text):
    text = "Titel;;;\n" * 15 + f"{HEADER}\nA;Kurs;;x\n"
    with pytest.raises(DataError):
        read_text(text)
    assert read_text(text, header_line=16).frame["name"].tolist() == ["Kurs"]


def test_stated_columns_win_over_known_names(read_text):
    raw = read_text(
        f"{HEADER};Titel\nA;Kurs;;x;Titel 1\n", columns={"name": "Titel", "code": "Landkreis"}
    )
    assert raw.frame[["name", "code"]].to_numpy().tolist() == [["Titel 1", "x"]]


def test_unknown_list_is_refused(read_text):
    with pytest.raises(DataError, match="no column name of a list of operations"):
        read_text("Betrieb;Sache\nA;B\n")
    raw = read_text("Betrieb;Sache\nA;B\n", columns={"beneficiary": "Betrieb", "name": "Sache"})
    assert raw.frame["beneficiary"].tolist() == ["A"]


def test_rows_that_are_the_same_share_a_code(read_text):
    raw = read_text(f"{HEADER}\nA;Kurs;;x\nB;Kurs;;x\nA;Kurs;;x\n")
    first, second, third = raw.frame["code"]
    assert first == third != second


ROWS = st.lists(st.lists(st.text(max_size=3) | st.none(), min_size=3, max_size=3), min_size=1)


@given(ROWS)
def test_code_depends_on_content_only(cells):
    frame = pd.DataFrame(cells, columns=["a", "b", "c"], dtype="str")
    codes = content_codes(frame)
    assert codes.tolist() == content_codes(frame[["c", "a", "b"]]).tolist()
    assert codes[::-1].tolist() == content_codes(frame[::-1]).tolist()
    assert codes.nunique() == len(frame.fillna("").drop_duplicates())


def test_code_by_hand():
    # printf 'a\x1f1\x1eb\x1f' | sha256sum
    frame = pd.DataFrame({"b": [None], "a": ["1"]}, dtype="str")
    assert content_codes(frame).tolist() == ["551ace9f6577d189"]


@pytest.mark.real
def test_saxon_list(real_data):
    file = "operations/sachsen_esf_2014-2020.csv"
    source = Source(table="operations", path=file, format="operations")
    frame = read(source, real_data / file).frame
    assert len(frame) == 5_748
    assert frame["code"].duplicated().sum() == 65
    assert (frame["county"] == "Leipzig, Kreisfreie Stadt").sum() == 843
    cost, bad = to_number(frame["total_cost_eur"])
    assert not bad.any()
    assert cost.iloc[2] == 1580.38
    for column in ("started_on", "ends_on"):
        _, bad = to_date(frame[column])
        assert not bad.any()


@pytest.mark.real
def test_saxon_list_of_the_city(real_data):
    file = "operations/sachsen_esf_2014-2020.csv"
    where = {"Landkreis": ["Leipzig, Kreisfreie Stadt"]}
    source = Source(table="operations", path=file, format="operations", where=where)
    raw = read(source, real_data / file)
    assert (len(raw.frame), raw.rows_skipped, raw.rows_read) == (843, 4_905, 5_748)
    assert raw.frame["location"].unique().tolist() == ["Leipzig, Stadt"]
