import tomllib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import load
from ostwerk_analysis.corrections import CORRECTION_COLUMNS, corrected, idle, listed, suggested
from ostwerk_analysis.faults import DataError, findings_frame
from ostwerk_analysis.loading import check
from ostwerk_analysis.programme import Programme
from ostwerk_analysis.rules import REPAIRS
from ostwerk_analysis.sources import RawTable

ROWS = [
    ("Mitte", "2018", "Arbeitslose", "0"),
    ("Mitte", "2019", "Arbeitslose", "12"),
    ("Ost", "2018", "Arbeitslose", "0,0"),
    ("Ost", "2018", "Quote", "7,5"),
    ("Ost", "2019", "Quote", None),
]


def programme(*corrections, **source):
    given = {"source": "lis.csv", "column": "value", "becomes": "", "why": "Sperrung"}
    return Programme.model_validate(
        {
            "id": "stadt",
            "name": "Stadt",
            "first_quarter": "2018-Q1",
            "crs": "EPSG:25833",
            "city": {"id": "stadt", "name": "Stadt"},
            "sources": [{"table": "statistics", "path": "lis.csv"} | source],
            "corrections": [
                given | {"id": f"c{number}"} | one for number, one in enumerate(corrections, 1)
            ],
        }
    )


def raw(rows=ROWS):
    frame = pd.DataFrame(rows, columns=["area_name", "period", "statistic", "value"], dtype="str")
    nothing = pd.DataFrame({"_line": pd.Series(dtype="int64"), "text": pd.Series(dtype="str")})
    return RawTable(frame.assign(_line=range(2, len(frame) + 2)), pd.DataFrame(), nothing)


def values(*corrections, rows=ROWS, **source):
    said = programme(*corrections, **source)
    changed, _ = corrected(raw(rows), said.sources[0], said)
    return changed.frame["value"].astype("object").where(changed.frame["value"].notna()).tolist()


# ---- which cells ----


def test_zeros_of_a_period_become_missing_however_they_are_written():
    found = values({"where": {"period": ["2018"]}, "equals": "0"})
    assert [v if isinstance(v, str) else None for v in found] == [None, "12", None, "7,5", None]


@pytest.mark.parametrize("zero", ["0", "0,0", "0,00", "-0"])
def test_a_zero_can_be_declared_as_the_source_writes_it(zero):
    found = values({"where": {"area_name": ["Ost"], "statistic": ["Arbeitslose"]}, "equals": zero})
    assert pd.isna(found[2])
    assert found[0] == "0"  # of another area


def test_numbers_below_and_above_a_limit():
    assert values({"below": 10, "becomes": "1"})[:4] == ["1", "12", "1", "1"]
    assert values({"above": 7.5, "becomes": "1"})[:4] == ["0", "1", "0,0", "7,5"]


def test_a_gap_is_neither_below_nor_above_and_can_be_filled():
    assert pd.isna(values({"below": 10, "becomes": "1"})[4])
    assert values({"equals": "", "becomes": "8,5"}) == ["0", "12", "0,0", "7,5", "8,5"]


def test_every_cell_of_the_rows():
    found = values({"where": {"statistic": ["Quote"]}, "every": True, "becomes": "9,5"})
    assert found == ["0", "12", "0,0", "9,5", "9,5"]


def test_a_column_that_the_file_lacks_but_the_table_has_can_be_filled():
    said = programme(
        {"column": "obs_status", "every": True, "becomes": "B", "where": {"period": ["2019"]}}
    )
    changed, [applied] = corrected(raw(), said.sources[0], said)
    assert changed.frame["obs_status"].fillna("").tolist() == ["", "B", "", "", "B"]
    assert applied["cells"] == 2


def test_a_text_is_compared_as_it_stands():
    said = programme(
        {"column": "area_name", "equals": "Ost ", "becomes": "Osten", "where": {}},
    )
    changed, _ = corrected(raw(), said.sources[0], said)
    assert changed.frame["area_name"].tolist() == ["Mitte", "Mitte", "Osten", "Osten", "Osten"]


cells = st.one_of(st.none(), st.sampled_from(["0", "0,0", "1", "9", "12,5", "130"]))
rows = st.lists(
    st.tuples(
        st.sampled_from(["Mitte", "Ost"]),
        st.sampled_from(["2018", "2019"]),
        st.sampled_from(["Arbeitslose", "Quote"]),
        cells,
    ),
    min_size=1,
)


@given(rows=rows, limit=st.integers(0, 20))
def test_cells_that_are_not_named_stay_and_each_change_is_on_record(rows, limit):
    before = raw([("Mitte", "2018", "Arbeitslose", "5"), *rows])
    said = programme(
        {"where": {"period": ["2018"], "area_name": ["Mitte"]}, "below": limit},
    )
    after, [applied] = corrected(before, said.sources[0], said)
    numbers = pd.to_numeric(before.frame["value"].str.replace(",", "."))
    named = before.frame["period"].eq("2018") & before.frame["area_name"].eq("Mitte")
    named &= numbers < limit
    pd.testing.assert_frame_equal(after.frame[~named], before.frame[~named])
    others = [column for column in before.frame if column != "value"]
    pd.testing.assert_frame_equal(after.frame[others], before.frame[others])
    assert after.frame.loc[named, "value"].isna().all()
    assert applied["cells"] == named.sum() == len(after.repairs)
    assert after.repairs["line"].tolist() == before.frame.loc[named, "_line"].tolist()


# ---- what is on record ----


def test_each_change_is_a_repair_with_what_stood_there():
    said = programme({"where": {"period": ["2018"]}, "equals": "0"})
    changed, [applied] = corrected(raw(), said.sources[0], said)
    assert changed.repairs[["line", "value", "becomes", "rule", "reason"]].to_dict("list") == {
        "line": [2, 4],
        "value": ["0", "0,0"],
        "becomes": ["", ""],
        "rule": ["correction", "correction"],
        "reason": ["c1", "c1"],
    }
    assert set(changed.repairs["rule"]) <= REPAIRS.keys()
    assert list(listed([applied])) == CORRECTION_COLUMNS
    assert (applied["cells"], applied["why_de"], applied["file"]) == (2, "Sperrung", "lis.csv")


def test_a_fault_that_no_longer_occurs_is_a_finding():
    said = programme({"where": {"period": ["2019"]}, "equals": "0"})
    changed, applied = corrected(raw(), said.sources[0], said)
    pd.testing.assert_frame_equal(changed.frame, raw().frame)
    [finding] = idle(applied).to_dict("records")
    assert (finding["rule"], finding["detail"], finding["cells"]) == ("idle_correction", "c1", 0)
    assert idle([one | {"cells": 1} for one in applied]).empty


def test_a_source_without_corrections_stays_the_same_object():
    said = programme()
    given = raw()
    assert corrected(given, said.sources[0], said) == (given, [])


# ---- what is refused ----


@pytest.mark.parametrize(
    ("correction", "message"),
    [
        ({"where": {"period": ["2028"]}, "every": True}, "'2028' under period.*mean '2018'"),
        ({"where": {"area_name": ["Mite"]}, "every": True}, "'Mite' under area_name.*'Mitte'"),
        ({"where": {"area": ["Ost"]}, "every": True}, "'area' under where.*'area_name'"),
        ({"column": "valu", "every": True}, "'valu' under column.*'value'"),
        ({"equals": "null"}, "'null', which is no certain number"),
        ({"equals": "0.5"}, "'0.5', which is no certain number"),  # the source has a comma
        ({"equals": "0", "becomes": "1.5"}, "'1.5', which is no certain number"),
        ({"equals": "0", "becomes": "1.234"}, "'1.234', which is no certain number"),
        ({"column": "area_name", "below": 3}, "area_name holds no numbers"),
    ],
)
def test_a_correction_that_does_not_fit_its_source_is_refused(correction, message):
    with pytest.raises(DataError, match=message):
        values(correction)


def test_two_corrections_of_one_cell_are_refused():
    first = {"where": {"period": ["2018"]}, "equals": "0"}
    second = {"where": {"area_name": ["Ost"]}, "below": 5, "becomes": "3"}
    with pytest.raises(DataError, match="line 4: the corrections 'c1' and 'c2' both change value"):
        values(first, second)


def test_two_corrections_may_make_the_same_of_a_cell_which_is_listed_once():
    said = programme(
        {"where": {"period": ["2018"]}, "equals": "0"},
        {"where": {"area_name": ["Ost"]}, "equals": "0"},
    )
    changed, applied = corrected(raw(ROWS), said.sources[0], said)
    both, first = [one["cells"] for one in applied], changed.repairs["reason"].tolist()
    assert first.count("c1") == both[0]
    assert len(first) < sum(both)
    assert not changed.repairs.duplicated(["line", "column"]).any()


def test_what_a_correction_makes_is_not_corrected_again():
    found = values(
        {"where": {"period": ["2018"]}, "equals": "0", "becomes": "12"},
        {"where": {"period": ["2019"]}, "equals": "12"},
    )
    assert found[0] == "12"
    assert pd.isna(found[1])


def test_marks_that_can_be_read_in_two_ways_are_not_guessed():
    rows = [("Ost", "2018", "Arbeitslose", "1.234"), ("Ost", "2019", "Arbeitslose", "0")]
    with pytest.raises(DataError, match="two ways"):
        values({"equals": "0"}, rows=rows)
    assert pd.isna(values({"equals": "0"}, rows=rows, decimal_mark=",")[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"equals": None}, "needs one of equals, below, above"),
        ({"below": 3}, "needs one of equals, below, above"),
        ({"source": "lis.cvs"}, "not among the sources; did you mean 'lis.csv'"),
        ({"table": "grants"}, "not among the sources"),
    ],
)
def test_a_programme_with_a_wrong_correction_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        programme({"equals": "0"} | change)


def test_two_corrections_need_two_ids():
    with pytest.raises(ValueError, match="stands twice"):
        programme({"equals": "0", "id": "x"}, {"equals": "1", "id": "x"})


# ---- in a programme ----

CORRECTION = """
[[corrections]]
id = "sperrung"
source = "statistics.csv"
where = { statistic = ["unemployed"], district_id = ["03"] }
column = "value"
equals = "0"
becomes = ""
why = { de = "Gesperrt.", en = "Suppressed." }
reference = "Bericht 3"
"""


def test_a_correction_applies_on_reading_and_stays_in_the_snapshot(small_city, tmp_path):
    with (small_city / "programme.toml").open("a") as file:
        file.write(CORRECTION)
    data = load(small_city)
    rows = data.statistics.set_index(["district_id", "statistic"])
    assert pd.isna(rows.loc[("03", "unemployed"), "value"])
    assert rows.loc[("03", "unemployed"), "obs_status"] == "M"
    assert rows.loc[("03", "residents_working_age"), "value"] == 0  # not named
    [correction] = data.corrections.to_dict("records")
    assert (correction["id"], correction["cells"]) == ("sperrung", 1)
    [repair] = data.repairs[data.repairs["rule"] == "correction"].to_dict("records")
    assert (repair["file"], repair["line"], repair["value"]) == ("statistics.csv", 12, "0")
    again = load(data.save(tmp_path / "snapshot"))
    for name in ("corrections", "findings", "repairs"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(data, name))


def test_the_check_lists_a_correction_that_no_longer_applies(small_city, change):
    with (small_city / "programme.toml").open("a") as file:
        file.write(CORRECTION)
    change(small_city / "statistics.csv", "03,,2024-Q1,unemployed,0,", "03,,2024-Q1,unemployed,5,")
    data = check(small_city)
    assert data.findings["rule"].tolist() == ["idle_correction"]
    assert data.obstacles() == []


# ---- suggestions ----

ZEROS = {"table": "statistics", "source": "a/lis.csv", "statistic": "Frauen", "cells": 3}


def suggestions(*rows, statistics=None):
    text = suggested(findings_frame(ZEROS | row for row in rows), statistics)
    return tomllib.loads(text).get("corrections", [])


def test_zeros_are_suggested_to_be_missing():
    [one] = suggestions(
        {"rule": "suppressed_as_zero", "area_level": "district", "period": "2018"},
        {"rule": "suppressed_as_zero", "area_level": "district", "period": "2019"},
        {"rule": "leap", "area_level": "district", "period": "2005"},
    )
    assert one["where"] == {"statistic": ["Frauen"], "period": ["2018", "2019"]}
    assert (one["source"], one["column"], one["equals"], one["becomes"]) == (
        *("a/lis.csv", "value", "0", ""),
    )


def test_a_single_area_is_named_as_its_file_names_it_and_only_once():
    names = pd.DataFrame({"district_id": ["leipzig"], "area_name": ["Stadt Leipzig"]})
    gap = {"rule": "missing_as_zero"}
    found = suggestions(
        gap | {"area_level": "city", "area_id": "leipzig", "period": "2000"},
        gap | {"area_level": "city", "area_id": "leipzig", "period": "2018"},
        gap | {"area_level": "district", "period": "2018"},
        statistics=names,
    )
    assert [one["where"] for one in found] == [
        {"statistic": ["Frauen"], "period": ["2018"]},
        {"statistic": ["Frauen"], "period": ["2000"], "area_name": ["Stadt Leipzig"]},
    ]
    assert len({one["id"] for one in found}) == 2


def test_nothing_is_suggested_where_nothing_is_wrong():
    assert suggested(findings_frame(), None) == ""
