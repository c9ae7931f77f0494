"""Districts that are cut anew, and series that cross the change."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import load, vintages
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.indicators import CATALOGUE, compute
from ostwerk_analysis.loading import check

CRS = "EPSG:25833"


def changes(*rows):
    """Make a ledger of rows such as ``("1", "2", "2015-01-01", 0.4)``."""
    table = pd.DataFrame(rows, columns=["from_id", "to_id", "changed_on", "share"])
    return table.assign(changed_on=pd.to_datetime(table["changed_on"]))


def figures(**series):
    """Make figures of districts: ``figures(a={"2014": 10})``."""
    rows = [
        [code, "district", period, float(value), "M" if np.isnan(value) else "A"]
        for code, values in series.items()
        for period, value in values.items()
    ]
    return pd.DataFrame(
        rows, columns=["district_id", "area_level", "period", "value", "obs_status"]
    )


def brought(table, ledger, current, *, is_extensive=True):
    """Give value, status and note of each district and period in the latest cut."""
    found = vintages.to_latest(table, ledger, current, is_extensive=is_extensive)
    keys = zip(found["district_id"], found["period"], strict=True)
    value = found["value"].astype(object).where(found["value"].notna(), None)
    return dict(
        zip(keys, zip(value, found["obs_status"], found["quality_note"], strict=True), strict=True)
    )


MERGER = changes(("a", "c", "2015-01-01", 1.0), ("b", "c", "2015-01-01", 1.0))
SPLIT = changes(("a", "b", "2015-07-01", 0.75), ("a", "c", "2015-07-01", 0.25))


def test_figures_of_merged_districts_are_added_up_exactly():
    table = figures(a={"2013": 10, "2014": 20}, b={"2013": 1, "2014": 2}, c={"2015": 30})
    assert brought(table, MERGER, {"c"}) == {
        ("c", "2013"): (11, "A", vintages.MERGED),
        ("c", "2014"): (22, "A", vintages.MERGED),
        ("c", "2015"): (30, "A", vintages.FIRST),
    }


def test_figures_of_a_divided_district_are_shared_out_and_a_new_series_begins_after():
    table = figures(a={"2014": 100}, b={"2015": 70, "2016": 71}, c={"2015": 30})
    assert brought(table, SPLIT, {"b", "c"}) == {
        ("b", "2014"): (75, "E", vintages.DIVIDED),
        ("b", "2015"): (70, "B", vintages.FIRST),
        ("b", "2016"): (71, "A", ""),
        ("c", "2014"): (25, "E", vintages.DIVIDED),
        ("c", "2015"): (30, "B", vintages.FIRST),
    }


def test_a_figure_belongs_to_the_cut_of_the_last_day_of_its_period():
    table = figures(a={"2015-Q2": 100}, b={"2015-Q3": 70, "2015": 71}, c={"2015-Q3": 30})
    found = brought(table, SPLIT, {"b", "c"})
    assert found["b", "2015-Q2"][:2] == (75, "E")
    assert found["b", "2015-Q3"] == (70, "B", vintages.FIRST)
    assert found["b", "2015"] == (71, "B", vintages.FIRST)


def test_a_figure_published_late_under_an_old_code_is_moved_too():
    found = brought(figures(a={"2016": 100}), SPLIT, {"b", "c"})
    assert found["b", "2016"][:2] == (75, "E")


def test_a_chain_of_changes_is_followed_one_after_the_other():
    # a is divided into b and c; then c and d are merged into e, and b is called f.
    chain = pd.concat([SPLIT, changes(("c", "e", "2018-01-01", 1.0), ("d", "e", "2018-01-01", 1.0),
                                      ("b", "f", "2018-01-01", 1.0))])  # fmt: skip
    table = figures(a={"2014": 100}, d={"2014": 8, "2016": 9}, c={"2016": 30}, b={"2016": 71},
                    e={"2018": 41}, f={"2018": 72})  # fmt: skip
    assert brought(table, chain, {"e", "f"}) == {
        ("e", "2014"): (33, "E", vintages.DIVIDED),
        ("e", "2016"): (39, "B", vintages.MERGED),
        ("e", "2018"): (41, "B", vintages.FIRST),
        ("f", "2014"): (75, "E", vintages.DIVIDED),
        ("f", "2016"): (71, "B", vintages.FIRST),
        ("f", "2018"): (72, "B", vintages.FIRST),
    }


def test_a_code_that_is_used_again_means_another_district_before():
    # What was called 11 is 11 and 12 today.
    again = changes(("11", "11", "2015-01-01", 0.6), ("11", "12", "2015-01-01", 0.4))
    table = figures(**{"11": {"2014": 50, "2015": 31}, "12": {"2015": 20}})
    assert brought(table, again, {"11", "12"}) == {
        ("11", "2014"): (30, "E", vintages.DIVIDED),
        ("11", "2015"): (31, "B", vintages.FIRST),
        ("12", "2014"): (20, "E", vintages.DIVIDED),
        ("12", "2015"): (20, "B", vintages.FIRST),
    }


def test_a_gap_of_one_leaves_the_sum_of_merged_districts_missing():
    table = figures(a={"2013": 10, "2014": np.nan}, b={"2014": 2})
    assert brought(table, MERGER, {"c"}) == {
        ("c", "2013"): (None, "M", vintages.LOST),
        ("c", "2014"): (None, "M", vintages.LOST),
    }


def test_a_rate_crosses_no_change_but_that_of_a_code():
    table = figures(a={"2014": 10}, b={"2014": 2})
    found = brought(table, MERGER, {"c"}, is_extensive=False)
    assert found == {("c", "2014"): (None, "M", vintages.NO_RATE)}
    renamed = changes(("a", "z", "2015-01-01", 1.0))
    found = brought(figures(a={"2014": 10}), renamed, {"z"}, is_extensive=False)
    assert found == {("z", "2014"): (10, "A", "")}


def test_figures_that_would_count_twice_are_refused_with_both_remedies():
    table = figures(a={"2014": 100}, b={"2014": 75})
    with pytest.raises(DataError, match="figures of b for 2014, but by district_changes") as caught:
        brought(table, SPLIT, {"b", "c"})
    assert "add the change from b to b" in str(caught.value)
    assert "leave those of a out" in str(caught.value)


def test_figures_of_the_city_and_of_other_districts_are_left_as_they_are():
    table = figures(x={"2014": 5}).assign(note="kept")
    city = table.assign(area_level="city", district_id="a")
    pd.testing.assert_frame_equal(
        vintages.to_latest(pd.concat([table, city]), SPLIT, {"x"}, is_extensive=True),
        pd.concat([table, city]),
    )


@settings(max_examples=50)
@given(st.data())
def test_the_total_is_kept_whatever_has_changed(data):
    """Codes become others on two days, in any shares; all figures are from before."""
    share = st.floats(0.01, 1)
    rows, codes = [], list("abc")
    for day, names in (("2010-01-01", "defa"), ("2015-01-01", "ghib")):
        gone = data.draw(st.lists(st.sampled_from(codes), min_size=1, unique=True))
        stay = [code for code in codes if code not in gone]
        into = [code for code in names if code not in stay]
        for code in gone:
            parts = data.draw(st.dictionaries(st.sampled_from(into), share, min_size=1))
            rows += [(code, to, day, part / sum(parts.values())) for to, part in parts.items()]
        codes = sorted({*stay, *(to for _, to, on, _ in rows if on == day)})
    values = data.draw(st.lists(st.integers(0, 10**6), min_size=3, max_size=3))
    table = figures(**{code: {"2005": value} for code, value in zip("abc", values, strict=True)})
    found = vintages.to_latest(table, changes(*rows), set(codes), is_extensive=True)
    assert set(found["district_id"]) == set(codes)
    assert found["value"].sum() == pytest.approx(sum(values), abs=1e-4)
    now = vintages.successors(changes(*rows), set(codes))
    assert set(now["to_id"]) <= set(codes)
    assert now.groupby("from_id")["share"].sum().to_numpy() == pytest.approx(1)


def test_successors_are_found_through_a_chain_and_a_used_code_is_itself():
    chain = pd.concat([SPLIT, changes(("c", "e", "2018-01-01", 0.5), ("c", "b", "2018-01-01", 0.5),
                                      ("b", "b", "2018-01-01", 1.0))])  # fmt: skip
    now = vintages.successors(chain, {"b", "e"})
    shares = {(row.from_id, row.to_id): row.share for row in now.itertuples()}
    assert shares == {("a", "b"): 0.875, ("a", "e"): 0.125, ("c", "e"): 0.5, ("c", "b"): 0.5}


def cut(*rows):
    """Make districts of rows such as ``("1", box, valid_from, valid_to)``."""
    table = pd.DataFrame(rows, columns=["district_id", "geometry", "valid_from", "valid_to"])
    table = table.assign(
        valid_from=pd.to_datetime(table["valid_from"]), valid_to=pd.to_datetime(table["valid_to"])
    )
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)


def test_a_ledger_is_found_from_the_polygons_of_both_cuts():
    box = shapely.box
    former = cut(("a", box(0, 0, 100, 100), None, "2014-12-31"))
    now = cut(
        ("b", box(0, 0, 75, 100.5), "2015-01-01", None),  # whose border was drawn anew
        ("c", box(75, 0, 100, 100), "2015-01-01", None),
        ("d", box(0, 100.5, 100, 200), None, None),
    )
    found = vintages.ledger(None, former, now)
    assert found["to_id"].tolist() == ["b", "c"]
    assert found["share"].tolist() == pytest.approx([0.75, 0.25])
    assert found["changed_on"].tolist() == [pd.Timestamp("2015-01-01")] * 2
    stated = pd.DataFrame(
        {"from_id": ["a"], "to_id": ["b"], "changed_on": [pd.Timestamp("2015-01-01")]}
        | {"share_pct": [np.nan]}
    )
    assert vintages.ledger(stated, former, now)[["to_id", "share"]].to_numpy().tolist() == [
        ["b", 1]
    ]


def test_a_district_that_ended_without_a_successor_is_named():
    former = cut(("a", shapely.box(0, 0, 100, 100), None, "2014-12-31"))
    now = cut(("b", shapely.box(100, 0, 200, 100), None, None))
    with pytest.raises(DataError, match=r"a ended on 2014-12-31, .* in the table district_changes"):
        vintages.ledger(None, former, now)


# The small city before 2024-07-01: 10 was 01 and a fifth of 02.
OLD = "10,01,2024-07-01,80,residents\n10,02,2024-07-01,20,residents\n"


@pytest.fixture
def recut(small_city, change):
    change(small_city / "district_changes.csv", "01,01,2000-01-01,,\n", OLD)
    statistics = small_city / "statistics.csv"
    change(statistics, "01,,2024-Q1,residents_working_age,500,\n", "")
    change(statistics, "02,,2024-Q1,residents_working_age,1000,\n",
           "10,,2024-Q1,residents_working_age,1500,\n")  # fmt: skip
    return small_city


def test_areas_boroughs_and_the_city_know_the_earlier_cut(recut):
    data = load(recut)
    one = [entry for entry in CATALOGUE if entry.id == "residents_working_age"]
    found = compute(data, "2024Q4", indicators=one).set_index(["area_id", "period"])
    value = found["value"]
    assert value["01", "2024-Q1"] == 1_200
    assert value["02", "2024-Q1"] == 300
    assert "10" not in found.index.get_level_values(0)
    # With 0 in 03 and 2,000 in 04
    assert value["stadt", "2024-Q1"] == 3_500
    assert found.loc[("stadt", "2024-Q1"), ["obs_status", "quality_note"]].tolist() == [
        "A", "sum of districts",
    ]  # fmt: skip
    assert value["quartier", "2024-Q1"] == 1_200
    assert found.loc[("quartier", "2024-Q1"), ["obs_status", "quality_note"]].tolist() == [
        "E", vintages.DIVIDED,
    ]  # fmt: skip
    gone = data.areas[data.areas["district_id"] == "10"]
    assert dict(zip(gone["area_id"], gone["share"], strict=True)) == pytest.approx(
        {"01": 0.8, "02": 0.2, "A": 1, "stadt": 1, "quartier": 0.8, "vergleich": 0.2}
    )


def test_an_enterprise_known_by_an_old_code_counts_in_the_districts_that_it_became(recut, change):
    change(recut / "businesses.csv", "b1,01,", "b1,10,")
    one = [entry for entry in CATALOGUE if entry.id == "businesses"]
    found = compute(load(recut), "2024Q1", indicators=one)
    total = found[found["breakdown"] == ""].set_index("area_id")
    rows = total.loc[["01", "02", "A", "stadt"], ["value", "n_units", "obs_status"]]
    assert rows.to_numpy().tolist() == [
        [1.8, 2, "E"], [2.2, 3, "E"], [4, 4, "A"], [6, 6, "A"],
    ]  # fmt: skip
    assert total.loc["01", "quality_note"] == vintages.DIVIDED


def test_former_districts_are_told_by_their_polygons_and_are_not_on_the_map(small_city, change):
    change(small_city / "district_changes.csv", "01,01,2000-01-01,,\n", "")
    source = '[[sources]]\ntable = "district_changes"\npath = "district_changes.csv"\n'
    change(small_city / "programme.toml", source, "")
    districts = gpd.read_file(small_city / "districts.geojson", engine="pyogrio").set_crs(
        CRS, allow_override=True
    )
    west = districts[districts["district_id"].isin(["01", "03"])]
    old = west.dissolve().assign(district_id="13", name="Alt", borough_id="A", area_km2=2.0)
    old["valid_to"] = "2023-12-31"
    both = pd.concat([districts.assign(valid_to=None), old])
    both.loc[both["district_id"].isin(["01", "03"]), "valid_from"] = "2024-01-01"
    both.to_file(small_city / "districts.geojson", driver="GeoJSON")
    data = load(small_city)
    assert data.districts["district_id"].tolist() == ["01", "02", "03", "04"]
    assert data.former_districts["district_id"].tolist() == ["13"]
    assert data.changes[["from_id", "to_id", "share"]].to_numpy().tolist() == [
        ["13", "01", 0.5], ["13", "03", 0.5],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ("10,01,2024-07-01,80,\n10,02,2024-07-01,10,\n", "sum"),
        ("10,01,2024-07-01,,\n10,99,2024-07-01,0,\n", "unknown"),
        ("10,01,2024-07-01,,sheep\n", "allowed"),
    ],
)
def test_a_ledger_that_cannot_be_is_a_fault(small_city, change, rows, rule):
    change(small_city / "district_changes.csv", "01,01,2000-01-01,,\n", rows)
    assert rule in set(check(small_city).faults["rule"])
