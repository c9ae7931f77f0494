"""Areas of whole districts, of shares, and with polygons of their own.

The small city: 01 and 02 below, 03 and 04 above, a kilometre wide each, with their common corner at
(318000, 5691000). b5 has a point in the middle of 03, b8 in the middle of 04.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import areas, check, disclosure, load
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.indicators import CATALOGUE, Indicator, compute
from ostwerk_analysis.indicators.aggregate import observe
from ostwerk_analysis.programme import Programme

CRS = "EPSG:25833"
SOME = ("businesses", "contacts_to_date", "grants_approved_eur", "unemployed_share")
MIDDLE = (318_000, 5_691_000)
AREA = """
[[areas]]
id = "mitte"
name = "Mitte"
{made_of}

[[sources]]
table = "districts"
"""


def around_the_corner(west, south, east, north):
    """Give a box whose sides are so many metres away from the common corner."""
    x, y = MIDDLE
    return shapely.box(x - west, y - south, x + east, y + north)


@pytest.fixture
def with_area(small_city, change):
    """Add an area: ``with_area('districts = ["01"]')``, or with a polygon of its own."""

    def add(made_of="", polygons=()):
        if polygons:
            gpd.GeoSeries(polygons, crs=CRS).to_file(small_city / "mitte.geojson")
            made_of = 'geometry = "mitte.geojson"'
        change(
            small_city / "programme.toml",
            '\n[[sources]]\ntable = "districts"\n',
            AREA.format(made_of=made_of),
        )
        return small_city

    return add


def observed(data, *names, quarter="2025Q2"):
    """Compute a few indicators."""
    return compute(data, quarter, indicators=[one for one in CATALOGUE if one.id in names])


def in_middle(data, indicator, period, quarter="2025Q2"):
    """Give an observation of the area."""
    found = observed(data, indicator, quarter=quarter)
    rows = found[(found["indicator"] == indicator) & (found["area_id"] == "mitte")]
    return rows[(rows["period"] == period) & (rows["breakdown"] == "")].iloc[0]


def members(table, area="mitte"):
    """Give the shares of an area's districts."""
    inside = table[table["area_id"] == area]
    return dict(zip(inside["district_id"], inside["share"], strict=True))


# 400 × 400, 600 × 400, 400 × 600 and 600 × 600 metres of a square kilometre each
BOX = around_the_corner(400, 400, 600, 600)
SHARES = {"01": 0.16, "02": 0.24, "03": 0.24, "04": 0.36}


def test_an_own_polygon_holds_districts_by_their_area(with_area):
    data = load(with_area(polygons=[BOX]))
    assert members(data.areas) == pytest.approx(SHARES)
    assert set(data.areas.loc[data.areas["area_id"] == "mitte", "method"]) == {"area"}
    assert members(data.areas, "quartier") == {"01": 1.0, "03": 1.0}


def test_figures_of_districts_are_shared_out_and_say_so(with_area):
    residents = in_middle(load(with_area(polygons=[BOX])), "residents", "2024")
    # 160 + 480 + 720 + 1,440
    assert residents["value"] == pytest.approx(2_800)
    assert residents["obs_status"] == "E"
    assert residents["quality_note"] == "estimated by shares of area"


def test_what_has_a_point_lies_in_a_polygon_or_not_and_the_rest_counts_by_its_share(with_area):
    data = load(with_area(polygons=[BOX]))
    found = in_middle(data, "businesses", "2025-Q2")
    # b8 by its point; b1, b2 in 01, b4 in 02 and b6 in 03 by the share; b5 lies outside
    assert found["value"] == pytest.approx(1 + 2 * 0.16 + 0.24 + 0.24)
    assert found["n_units"] == 5
    assert (found["obs_status"], found["quality_note"]) == ("E", "estimated by shares of area")
    assert found["largest_1"] == 1
    before = in_middle(data, "businesses_founded", "2024-Q2")  # b5, outside by its point
    assert (before["value"], before["n_units"], before["obs_status"]) == (0, 0, "A")
    since = in_middle(data, "businesses_founded", "2025-Q2")  # b8, inside
    assert (since["value"], since["n_units"], since["obs_status"]) == (1, 1, "A")


def test_a_rate_is_made_of_its_weighted_parts(with_area):
    data = load(with_area(polygons=[BOX]))
    rate = in_middle(data, "businesses_per_1000_residents", "2025-Q2")
    assert rate["value"] == pytest.approx(1000 * 1.8 / 2_800)
    assert rate["obs_status"] == "E"


def test_districts_and_the_city_are_not_touched_by_an_area_that_divides_them(with_area, small_data):
    before, after = (
        compute(small_data, "2025Q2"),
        compute(load(with_area(polygons=[BOX])), "2025Q2"),
    )
    same = after[after["area_id"] != "mitte"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, before, check_flags=False)


def test_whole_districts_give_the_same_however_they_are_stated(with_area):
    # The two western districts, as a polygon and as a list.
    data = load(with_area(polygons=[around_the_corner(1000, 1000, 0, 1000)]))
    west = observed(data, *SOME)
    own = west[west["area_id"] == "mitte"].assign(area_id="quartier").reset_index(drop=True)
    listed = west[west["area_id"] == "quartier"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, listed, check_flags=False)


def test_an_area_in_pieces_is_one_area(with_area):
    pieces = [around_the_corner(100, 1000, 0, 0), around_the_corner(0, 0, 100, 1000)]
    assert members(load(with_area(polygons=pieces)).areas) == pytest.approx({"01": 0.1, "04": 0.1})


def test_stated_shares_weigh_districts(with_area):
    data = load(with_area('districts = ["01"]\ndistrict_shares = { "02" = 0.5 }'))
    assert members(data.areas) == {"01": 1.0, "02": 0.5}
    residents = in_middle(data, "residents", "2024")
    assert (residents["value"], residents["obs_status"]) == (2_000, "E")
    assert residents["quality_note"] == "estimated by stated shares of districts"
    found = in_middle(data, "businesses", "2025-Q2")  # b1, b2 and half of b4
    assert (found["value"], found["n_units"], found["obs_status"]) == (2.5, 3, "E")
    grants = in_middle(data, "grants_approved_eur_to_date", "2025-Q2")
    # 4,000 + 2,000 + 3,000 in 01, half of 2,000 in 02; b1 has given most
    assert (grants["value"], grants["n_units"], grants["largest_1"]) == (10_000, 3, 6_000)


def test_a_cell_without_anything_from_a_shared_district_is_no_estimate(with_area):
    data = load(with_area('districts = ["01"]\ndistrict_shares = { "02" = 0.5 }'))
    approved = in_middle(data, "grants_approved_eur", "2024-Q1")  # g1 and g3, both in 01
    assert (approved["value"], approved["obs_status"], approved["quality_note"]) == (7_000, "A", "")
    rejected = in_middle(data, "grants_approved_eur", "2025-Q2")
    assert (rejected["value"], rejected["obs_status"]) == (0, "A")


def test_few_units_are_suppressed_however_small_their_share(with_area):
    data = load(with_area('districts = ["01"]\ndistrict_shares = { "02" = 0.5 }'))
    internal = observed(data, "grants_approved_eur", "grants_approved_eur_to_date")
    catalogue = pd.DataFrame(internal.attrs["catalogue"])
    published = disclosure.protect(internal, catalogue, data.programme.disclosure)
    of_area = published[published["area_id"] == "mitte"].set_index(["indicator", "period"])
    total = of_area[of_area["breakdown"] == ""]
    assert total.loc[("grants_approved_eur", "2024-Q1"), "conf_status"] == "C"  # of two
    assert total.loc[("grants_approved_eur_to_date", "2025-Q2"), "value"] == 10_000  # of three


def test_addresses_share_a_district_out_better_than_its_area():
    districts = squares()
    rng = np.random.default_rng(4)
    # Nobody lives in the east of the first district: all of its people are in the area.
    x, y = rng.uniform(0, 50, 40), rng.uniform(0, 100, 40)
    addresses = gpd.GeoDataFrame(
        {"district_id": ["1"] * 40}, geometry=gpd.points_from_xy(x, y), crs=CRS
    )
    table = areas.memberships(
        programme(geometry="a.geojson"), districts, outlines=outline(shapely.box(0, 0, 60, 100)),
        addresses=addresses,
    )  # fmt: skip
    assert members(table, "a") == {"1": 1.0}
    few = areas.memberships(
        programme(geometry="a.geojson"), districts, outlines=outline(shapely.box(0, 0, 60, 100)),
        addresses=addresses[:19],
    )  # fmt: skip
    assert members(few, "a") == pytest.approx({"1": 0.6})
    half = areas.memberships(
        programme(geometry="a.geojson"), districts,
        outlines=outline(shapely.box(0, 0, 100, np.median(y))), addresses=addresses,
    )  # fmt: skip
    assert members(half, "a") == {"1": 0.5}
    assert half.loc[half["area_id"] == "a", "method"].tolist() == ["addresses"]


def test_a_border_drawn_twice_divides_no_district():
    wavy = shapely.Polygon([(0, 0), (100.4, 0), (99.7, 50), (100.3, 100), (0, 100)])
    table = areas.memberships(programme(geometry="a.geojson"), squares(), outlines=outline(wavy))
    assert members(table, "a") == {"1": 1.0}


def test_a_point_on_an_outline_lies_inside():
    points = gpd.GeoSeries.from_xy([0, 5, 10, 10.001], [0, 5, 5, 5], crs=CRS)
    assert areas.lie_in(points, shapely.box(0, 0, 10, 10)).tolist() == [True, True, True, False]


def test_overlapping_areas_tell_the_parts_of_a_district_apart(small_data):
    districts = squares()
    plan = programme(geometry="a.geojson", other={"id": "b", "level": "comparison"})
    shapes = [shapely.box(0, 0, 60, 100), shapely.box(40, 0, 100, 100)]
    drawn = gpd.GeoDataFrame({"area_id": ["a", "b"]}, geometry=shapes, crs=CRS)
    businesses = gpd.GeoDataFrame(
        {"business_id": list("vwxyz"), "district_id": ["1", "1", "1", "1", "2"]},
        geometry=[shapely.Point(x, 50) if x else None for x in (20, 50, 80, None, 150)],
        crs=CRS,
    )
    known = areas.memberships(plan, districts, outlines=drawn)
    tables, table = areas.placed({"businesses": businesses}, known, drawn)
    places = tables["businesses"]["district_id"].tolist()
    assert places[3:] == ["1", "2"]
    belongs = {
        place: set(zip(table.loc[table["district_id"] == place, "area_id"],
                       table.loc[table["district_id"] == place, "share"], strict=True))
        for place in places
    }  # fmt: skip
    both = {("1", 1.0), ("city", 1.0)}
    assert belongs[places[0]] == both | {("a", 1.0)}
    assert belongs[places[1]] == both | {("a", 1.0), ("b", 1.0)}
    assert belongs[places[2]] == both | {("b", 1.0)}
    assert belongs["1"] == both | {("a", 0.6), ("b", 0.6)}
    assert businesses["district_id"].tolist() == ["1", "1", "1", "1", "2"]


@settings(max_examples=40)
@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=2),
    st.lists(st.tuples(st.sampled_from("123"), st.sampled_from("uvwx")), max_size=12),
    st.sampled_from(["count", "sum"]),
)
def test_a_weighted_count_takes_the_largest_share_of_a_unit_and_a_sum_each_events(
    shares, happened, kind
):
    share = {"1": 1.0, "2": shares[0], "3": shares[1]}
    members = pd.DataFrame(
        {"district_id": list(share), "area_id": "a", "area_level": "programme"}
        | {"share": list(share.values()), "method": "stated"}
    )
    events = pd.DataFrame(happened, columns=["district_id", "unit_id"]).assign(
        date=pd.Timestamp("2024-01-15"), value=2.0
    )
    [row] = observe(indicator(kind), events, members, ["2024-Q1"]).to_dict("records")
    weights = events["district_id"].map(share)
    largest = weights.groupby(events["unit_id"]).max()
    expected = largest.sum() if kind == "count" else (2 * weights).sum()
    assert row["value"] == pytest.approx(expected, abs=2e-6)
    assert row["n_units"] == events["unit_id"].nunique()
    assert row["largest_2"] <= row["largest_1"] <= max(row["value"], 0)


def test_a_median_is_that_of_districts_which_lie_in_the_area_by_half():
    members = pd.DataFrame(
        {"district_id": ["1", "2", "3"], "area_id": "a", "area_level": "programme"}
        | {"share": [1.0, 0.6, 0.2], "method": "area"}
    )
    events = pd.DataFrame(
        {"district_id": ["1", "2", "3", "3", "3"], "unit_id": list("uvwxy")}
        | {"date": pd.Timestamp("2024-01-15"), "value": [10.0, 20.0, 90.0, 90.0, 90.0]}
    )
    [row] = observe(indicator("median"), events, members, ["2024-Q1"]).to_dict("records")
    assert (row["value"], row["n_units"], row["obs_status"]) == (15, 2, "E")
    [row] = observe(indicator("median"), events[:1], members, ["2024-Q1"]).to_dict("records")
    assert (row["value"], row["n_units"], row["obs_status"]) == (10, 1, "A")


def test_a_sum_of_which_a_part_is_not_known_says_that_first(with_area):
    members = pd.DataFrame(
        {"district_id": ["1", "2"], "area_id": "a", "area_level": "programme"}
        | {"share": [1.0, 0.5], "method": "stated"}
    )
    events = pd.DataFrame(
        {"district_id": ["1", "2"], "unit_id": ["u", "v"], "value": [10.0, np.nan]}
        | {"date": pd.Timestamp("2024-01-15")}
    )
    [row] = observe(indicator("sum"), events, members, ["2024-Q1"]).to_dict("records")
    assert (row["value"], row["obs_status"]) == (10, "E")
    assert row["quality_note"] == "some values are not known"


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ([shapely.Point(MIDDLE)], "needs a polygon, but the file holds Point"),
        ([around_the_corner(400, 400, 2_000, 400)], "41.7 % of the area mitte lies in no"),
        (
            [around_the_corner(4_000_000, 400, -3_999_000, 400)],
            "lie outside the area of EPSG:25833",
        ),
    ],
    ids=["point", "outside", "elsewhere"],
)
def test_a_polygon_that_is_no_area_of_the_city_is_refused(with_area, shapes, said):
    folder = with_area(polygons=shapes)
    with pytest.raises(DataError, match=said):
        check(folder)


def test_a_file_with_an_outline_that_is_not_there_is_named(with_area):
    folder = with_area('geometry = "mitte.geojson"')
    with pytest.raises(DataError, match=r"mitte\.geojson is not there"):
        check(folder)


def test_a_polygon_that_crosses_itself_is_refused(with_area):
    x, y = MIDDLE
    bow = shapely.Polygon([(x, y), (x + 400, y + 400), (x + 400, y), (x, y + 400)])
    folder = with_area(polygons=[bow])
    with pytest.raises(DataError, match=r"mitte\.geojson.*(not valid|crosses)"):
        check(folder)


def test_an_unknown_district_with_a_share_is_named(with_area):
    folder = with_area('district_shares = { "1" = 0.5 }')
    with pytest.raises(DataError, match=r"the area mitte has the district 1, .* nearest is 01"):
        load(folder)


def test_the_file_of_an_outline_is_an_input_and_in_the_snapshot(with_area, tmp_path):
    data = load(with_area(polygons=[BOX]))
    assert "mitte.geojson" in data.inputs["file"].tolist()
    again = load(data.save(tmp_path / "snapshot"))
    pd.testing.assert_frame_equal(again.areas, data.areas)
    assert again.outlines.crs == data.outlines.crs


def test_areas_are_listed_with_what_they_are_made_of(with_area):
    data = load(with_area(polygons=[around_the_corner(700, 1000, 0, 0)]))
    listed = areas.composition(data.areas).set_index("area_id")
    assert listed.loc["mitte", ["districts", "shares", "method"]].tolist() == ["01", "0.7", "area"]
    assert listed.loc["quartier", ["districts", "shares"]].tolist() == ["01|03", "1|1"]
    assert listed.loc["quartier", "method"] == "whole"
    assert listed.loc["stadt", "districts"] == "01|02|03|04"
    assert data.programme_districts == ["01", "03"]


def test_outlines_are_own_polygons_or_districts_together(with_area):
    data = load(with_area(polygons=[BOX]))
    drawn = areas.outlined(data.areas, data.districts, data.outlines).set_index("area_id")
    assert drawn.loc["mitte", "geometry"].equals(BOX)
    assert drawn.loc["quartier", "geometry"].area == pytest.approx(2e6)
    assert drawn["area_level"].to_dict() == {
        "quartier": "programme",
        "vergleich": "comparison",
        "mitte": "programme",
    }


def squares():
    """Two squares of 100 metres."""
    return gpd.GeoDataFrame(
        {"district_id": ["1", "2"], "name": ["One", "Two"], "borough_id": [None, None]},
        geometry=[shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)],
        crs=CRS,
    )


def outline(shape):
    return gpd.GeoDataFrame({"area_id": ["a"]}, geometry=[shape], crs=CRS)


def programme(other=None, **made_of):
    """Give a programme with the area a, and another one that is made in the same way."""
    head = {"id": "p", "name": "P", "first_quarter": "2024-Q1", "crs": CRS}
    area = {"id": "a", "name": "A"} | made_of
    made = [area, area | other] if other else [area]
    return Programme.model_validate(head | {"city": {"id": "city", "name": "C"}, "areas": made})


def indicator(kind):
    return Indicator(
        id="i", label_de="", label_en="", definition_de="", definition_en="", unit="", kind=kind
    )


def test_the_outline_of_the_programme_leaves_comparison_areas_out(small_data):
    outline = small_data.programme_outline
    assert set(outline["area_level"]) == {"programme"}
    inside = small_data.districts["district_id"].isin(small_data.programme_districts)
    drawn = small_data.districts.geometry[inside].union_all()
    assert outline.geometry.union_all().equals(drawn)
