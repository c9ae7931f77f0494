import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import observations as obs
from ostwerk_analysis.faults import DataError

SOUND = {
    "indicator": "grants",
    "area_id": "01",
    "area_level": "district",
    "period": "2024-Q1",
    "breakdown": "",
    "value": 5.0,
    "unit": "EUR",
    "n_units": 3,
    "obs_status": "A",
    "conf_status": "F",
    "quality_note": "",
}


def table(*changes, **more):
    """Make observations that differ from a sound one as told."""
    return pd.DataFrame([SOUND | changed | more for changed in changes or ({},)])


# Breakdowns


def test_a_breakdown_is_written_with_its_dimensions_in_order():
    assert obs.breakdown({"status": "verified", "measure": "kmu"}) == "measure=kmu&status=verified"
    assert obs.breakdown({}) == ""
    assert obs.dimensions("") == {}


def test_signs_in_a_code_do_not_break_a_breakdown():
    written = obs.breakdown({"kind": "A & B = 100 %26"})
    assert written == "kind=A %26 B = 100 %2526"
    assert obs.dimensions(written) == {"kind": "A & B = 100 %26"}


@given(st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True), st.text(), max_size=4))
def test_a_breakdown_is_read_back_as_it_was_written(given):
    assert obs.dimensions(obs.breakdown(given)) == given


# The one form


def test_observations_have_one_form_whatever_the_order_of_rows_and_columns():
    rows = table({"area_id": "02"}, {"period": "2023"}, {}, {"breakdown": "a=b"})
    tidied = obs.tidy(rows)
    assert list(tidied) == obs.COLUMNS
    assert tidied["period"].tolist() == ["2023", "2024-Q1", "2024-Q1", "2024-Q1"]
    shuffled = rows.iloc[[2, 0, 3, 1], ::-1].astype({"n_units": object})
    pd.testing.assert_frame_equal(obs.tidy(shuffled), tidied)


def test_the_types_are_the_same_with_and_without_rows():
    types = dict.fromkeys(obs.COLUMNS, "str") | {"value": "float64", "n_units": "Int64"}
    for frame in (table(), table()[:0], pd.DataFrame(columns=obs.COLUMNS)):
        assert obs.tidy(frame).dtypes.astype(str).to_dict() == types


def test_contributions_stay_where_they_are_given():
    internal = obs.tidy(table(largest_1=4, largest_2=1))
    assert list(internal) == obs.COLUMNS + obs.CONTRIBUTIONS
    assert internal[obs.CONTRIBUTIONS].dtypes.tolist() == ["float64"] * 2


def test_zero_missing_and_suppressed_are_three_things():
    three = obs.tidy(
        table(
            {"area_id": "zero", "value": 0.0, "n_units": 0},
            {"area_id": "missing", "value": None, "obs_status": "M", "n_units": None},
            {"area_id": "secret", "value": None, "conf_status": "C", "n_units": None},
        )
    ).set_index("area_id")
    assert three.loc["zero", ["value", "obs_status", "conf_status"]].tolist() == [0.0, "A", "F"]
    assert three["value"].isna().to_dict() == {"zero": False, "missing": True, "secret": True}
    assert three["obs_status"].to_dict() == {"zero": "A", "missing": "M", "secret": "A"}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ([{}, {}], "stands twice"),
        ([{"area_id": None}], "has an empty key"),
        ([{"breakdown": np.nan}], "has an empty key"),
        ([{"area_level": "region"}], "has an unknown area_level"),
        ([{"obs_status": "X"}], "has an unknown obs_status"),
        ([{"conf_status": "S"}], "has an unknown conf_status"),
        ([{"value": np.nan}], "has no value, but is not M"),
        ([{"obs_status": "M"}], "has a value, but is M (missing)"),
        ([{"value": np.inf}], "is infinite"),
        ([{"value": -np.inf}], "is infinite"),
    ],
)
def test_an_observation_that_contradicts_itself_is_refused(changes, rule):
    with pytest.raises(DataError) as caught:
        obs.tidy(table({"area_id": "99"}, *changes))
    said = str(caught.value)
    assert said.startswith("observations: {'indicator': 'grants', ")
    assert f"}} {rule} (rows with this fault: 1)." in said


def test_a_notebook_may_mark_a_value_confidential_which_the_door_then_takes_out():
    assert obs.tidy(table({"conf_status": "C"}))["value"].tolist() == [5.0]


def test_lacking_columns_are_named():
    with pytest.raises(DataError, match="not there: unit, quality_note"):
        obs.tidy(table().drop(columns=["unit", "quality_note"]))


# Picking


def test_an_indicator_is_picked_with_its_total_unless_told_otherwise():
    rows = obs.tidy(table({}, {"breakdown": "a=b"}, {"area_id": "02"}, {"indicator": "jobs"}))
    assert len(obs.select(rows, "grants")) == 2
    assert len(obs.select(rows, "grants", breakdown=None)) == 3
    assert obs.select(rows, "grants", breakdown="a=b")["area_id"].tolist() == ["01"]
    assert obs.select(rows, "grants", area_id="02", area_level="district").index.tolist() == [0]
    assert obs.select(rows, "grants", period="2030").empty


def test_an_unknown_indicator_is_an_error_and_not_an_empty_answer():
    with pytest.raises(DataError, match="no indicator 'grant'; did you mean 'grants'"):
        obs.select(table(), "grant")


def test_until_a_quarter_are_the_quarters_until_it_and_the_years_that_were_over():
    periods = ["2024", "2024-Q4", "2025", "2025-Q1", "2025-Q2", "2025-Q3"]
    rows = table(*({"period": period} for period in periods))
    assert obs.until(rows, "2025-Q2")["period"].tolist() == ["2024", "2024-Q4", *periods[3:5]]
    assert obs.until(rows, "2025-Q4")["period"].tolist() == periods
    assert obs.until(rows, "2024")["period"].tolist() == ["2024", "2024-Q4"]
    assert obs.until(rows.iloc[:0], "2024-Q1").empty


def test_the_last_period_observed_is_found():
    rows = table(
        {"period": "2022"},
        {"period": "2023-Q2"},
        {"period": "2024-Q1", "value": None, "obs_status": "M"},
        {"period": "2025-Q1"},
    )
    assert obs.as_of(rows, "grants", "2025-Q1") == "2025-Q1"
    assert obs.as_of(rows, "grants", "2024-Q1") == "2023-Q2"  # missing is not observed
    assert obs.as_of(rows, "grants", "2023-Q1") == "2022"  # the year was over
    assert obs.as_of(rows, "grants", "2022-Q4") == "2022"
    assert obs.as_of(rows, "grants", "2022-Q3") == "2022-Q3"  # there is none
    assert obs.as_of(rows, "grants", "2024") == "2023-Q2"
    assert obs.as_of(rows, "jobs", "2024") == "2024"


def test_what_is_kept_secret_was_observed():
    rows = table({"value": None, "conf_status": "C"})
    assert obs.as_of(rows, "grants", "2025-Q1") == "2024-Q1"


# Files


def declared(*names):
    return [{"indicator": name, "label_de": "Zuschüsse", "unit": "EUR"} for name in names]


def written(folder, frame, name="observations", entries=None):
    frame.attrs["catalogue"] = declared("grants") if entries is None else entries
    return obs.save(frame, folder, name)


def test_what_is_saved_is_collected_with_its_declarations(tmp_path):
    written(tmp_path / "a", table(largest_1=4, largest_2=1))
    written(tmp_path / "b", table({"indicator": "jobs"}), entries=declared("jobs"))
    observations, catalogue = obs.collect([tmp_path / "a", tmp_path / "b"])
    assert observations["indicator"].tolist() == ["grants", "jobs"]
    assert observations["largest_1"].isna().tolist() == [False, True]
    assert catalogue["indicator"].tolist() == ["grants", "jobs"]
    assert json.loads((tmp_path / "a" / "observations.json").read_text(encoding="utf-8")) == (
        declared("grants")
    )


def test_the_same_observations_are_the_same_bytes(tmp_path):
    rows = table({"area_id": "02"}, {}, {"area_id": "03", "value": None, "obs_status": "M"})
    one, other = written(tmp_path, rows, "one"), written(tmp_path, rows[::-1].copy(), "other")
    assert one.read_bytes() == other.read_bytes()


def test_tables_without_rows_are_nothing_to_release(tmp_path):
    written(tmp_path, pd.DataFrame(columns=obs.COLUMNS), entries=[])
    with pytest.raises(DataError, match="there is nothing to release"):
        obs.collect([tmp_path])


def test_a_table_without_rows_does_not_disturb_the_others(tmp_path):
    written(tmp_path, pd.DataFrame(columns=obs.COLUMNS), "empty", entries=[])
    written(tmp_path, table(), "full")
    observations, _ = obs.collect([tmp_path])
    pd.testing.assert_frame_equal(observations, obs.tidy(table()))


def test_two_notebooks_may_need_the_same_figure(tmp_path):
    written(tmp_path, table(), "one")
    written(tmp_path, table(), "other")
    assert len(obs.collect([tmp_path])[0]) == 1


def test_two_notebooks_may_not_contradict_each_other(tmp_path):
    written(tmp_path, table(), "one")
    written(tmp_path, table({"value": 6.0}), "other")
    with pytest.raises(DataError, match="stands twice"):
        obs.collect([tmp_path])


def test_an_indicator_is_declared_in_one_way(tmp_path):
    written(tmp_path, table(), "one")
    written(tmp_path, table({"area_id": "02"}), "other", [declared("grants")[0] | {"unit": "FTE"}])
    with pytest.raises(DataError, match="the indicator grants is declared elsewhere"):
        obs.collect([tmp_path])


def test_an_observation_without_a_declaration_is_refused(tmp_path):
    written(tmp_path, table({}, {"indicator": "jobs"}))
    with pytest.raises(DataError, match="no notebook declares: jobs"):
        obs.collect([tmp_path])


def test_a_table_that_was_not_saved_by_us_is_refused(tmp_path):
    table().to_parquet(tmp_path / "own.parquet")
    with pytest.raises(DataError, match=r"own\.parquet has no declarations beside it"):
        obs.collect([tmp_path])


def test_a_run_without_observations_is_refused(tmp_path):
    with pytest.raises(DataError, match="No notebook has saved observations"):
        obs.collect([tmp_path])
