import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError, faults_frame
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources.raw import RawTable, asked_for, named, tidy_name


def raw(**columns):
    frame = pd.DataFrame(columns, dtype="str")
    frame["_line"] = range(2, 2 + len(frame))
    return RawTable(frame, faults_frame(), pd.DataFrame({"_line": [], "text": []}))


def source(**stated):
    return Source(table="grants", path="grants.csv", **stated)


FILE = raw(Nr=["1", "2", "3"], Ort=["Leipzig", None, "Halle"], Art=["E", "B", None])


def test_where_keeps_rows_and_counts_the_others():
    kept = asked_for(FILE, source(where={"Ort": ["Leipzig ", "Wurzen"]}))
    assert kept.frame["Nr"].tolist() == ["1"]
    assert kept.frame.index.tolist() == [0]
    assert (kept.rows_read, kept.rows_skipped) == (3, 2)


def test_where_takes_an_empty_text_for_a_blank_cell():
    kept = asked_for(FILE, source(where={"Ort": ["", "Halle"]}))
    assert kept.frame["Nr"].tolist() == ["2", "3"]


@pytest.mark.parametrize(
    "name",
    [
        *("Zuschuss TEUR", "Zuschuss (k€)", "Zuschuss ['000 €]", "Zuschuss in T EUR"),
        *("zuschuss_teur", "Zuschuss in 1.000 EUR", "Zuschuss in 1 000 €", "Zuschuss (Tsd. €)"),
        *("Zuschuss, Mio. Euro", "Grant in thousands", "Zuschuss in Millionen Euro"),
        "Grant (EUR k)",
    ],
)
def test_amounts_that_are_not_in_whole_euros_are_refused(name):
    with pytest.raises(DataError, match="not in whole euros"):
        named(raw(**{name: ["5"]}), source(columns={"grant_eur": name}))
    assert named(raw(**{name: ["5"]}), source(columns={"purpose": name})).frame["purpose"][0] == "5"


@pytest.mark.parametrize(
    "name", ["Zuschuss EUR", "Zuschuss in €", "Zuschuss 2026", "Betrag (Euro)", "Summe Mittel EUR"]
)
def test_amounts_in_euros_are_taken(name):
    assert len(named(raw(**{name: ["5"]}), source(columns={"grant_eur": name})).frame) == 1


def test_what_is_recoded_to_nothing_is_a_gap_and_no_empty_text():
    recoded = {"Art": {"E": "", "": " B "}, "Ort": {"Halle": "Leipzig", "Leipzig": "Halle"}}
    done = named(FILE, source(values=recoded)).frame
    assert done["Art"].isna().tolist() == [True, False, False]
    assert done["Art"][1:].tolist() == ["B", "B"]
    assert done["Ort"].fillna("?").tolist() == ["Halle", "?", "Leipzig"]
    assert done["Art"].dtype == done["Ort"].dtype == "str"


def test_conditions_on_two_columns_hold_together():
    kept = asked_for(FILE, source(where={"Ort": ["Leipzig", "Halle"], "Art": ["E"]}))
    assert kept.frame["Nr"].tolist() == ["1"]


@given(st.lists(st.sampled_from("abc"), max_size=9), st.sets(st.sampled_from("abcd")))
def test_kept_and_skipped_are_all(cells, wanted):
    kept = asked_for(raw(x=cells), source(where={"x": sorted(wanted)}))
    assert kept.rows_read == len(cells)
    assert kept.frame["x"].tolist() == [cell for cell in cells if cell in wanted]


def test_columns_are_named_recoded_and_added():
    done = named(
        FILE,
        source(
            columns={"grant_id": "Nr", "status": "Art", "code": "Nr"},
            values={"status": {"E": "approved", "": "applied"}},
            constants={"measure_id": "kmu", "purpose": ""},
        ),
    ).frame
    assert done["grant_id"].tolist() == done["code"].tolist() == ["1", "2", "3"]
    assert done["status"].tolist() == ["approved", "B", "applied"]
    assert done["measure_id"].tolist() == ["kmu"] * 3
    assert done["purpose"].isna().all()
    assert done["Ort"].tolist()[0] == "Leipzig"
    assert {"Nr", "Art"}.isdisjoint(done.columns)
    assert (done.dtypes.drop("_line") == "str").all()


def test_named_column_takes_the_place_of_one_of_the_same_name():
    done = named(raw(name=["code"], title=["Ost"]), source(columns={"name": "title"})).frame
    assert done["name"].tolist() == ["Ost"]
    assert "title" not in done


def test_known_name_gives_way_to_a_stated_one():
    known = {"name": ("Titel", "Ort"), "fund": ("Fonds",)}
    assert named(FILE, source(), known).frame["name"].tolist()[0] == "Leipzig"
    stated = named(FILE, source(columns={"name": "Art"}), known).frame
    assert stated["name"].tolist()[0] == "E"
    constant = named(FILE, source(constants={"name": "x"}), known).frame
    assert constant["name"].tolist() == ["x"] * 3
    assert "fund" not in stated


@pytest.mark.parametrize(
    ("key", "stated"),
    [
        ("columns", {"place": "Orte"}),
        ("where", {"Orte": ["Halle"]}),
        ("values", {"Orte": {"a": "b"}}),
    ],
)
def test_missing_column_names_the_nearest(key, stated):
    stated = source(**{key: stated})
    with pytest.raises(DataError, match=rf"no column 'Orte'; the nearest is 'Ort'. Correct {key}"):
        named(asked_for(FILE, stated), stated)


def test_line_break_in_a_name_is_a_blank():
    assert tidy_name(" Gesamtbetrag förderfähiger \nAusgaben") == (
        "Gesamtbetrag förderfähiger Ausgaben"
    )
    stated = source(columns={"cost": "total\ncost"})
    assert named(raw(**{"total cost": ["1"]}), stated).frame["cost"].tolist() == ["1"]


def test_column_cannot_be_both_from_the_file_and_constant():
    with pytest.raises(DataError, match="'grant_id' stands both under columns and under constants"):
        named(FILE, source(columns={"grant_id": "Nr"}, constants={"grant_id": "1"}))
