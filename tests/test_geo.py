import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import check, geo
from ostwerk_analysis.faults import DataError, sentence

CRS = "EPSG:25833"


@pytest.fixture
def squares():
    """Four squares of 1 km², from 01 in the south-west to 04 in the north-east."""
    shapes = [shapely.box(x, y, x + 1000, y + 1000) for y in (0, 1000) for x in (0, 1000)]
    return gpd.GeoDataFrame({"district_id": ["01", "02", "03", "04"]}, geometry=shapes, crs=CRS)


def places(*coordinates):
    return gpd.GeoSeries([shapely.Point(xy) if xy else None for xy in coordinates], crs=CRS)


def plain(series):
    return series.astype(object).where(series.notna(), None).tolist()


@pytest.mark.parametrize("crs", ["EPSG:25833", "EPSG:31468", "25832"])
def test_a_metric_system_is_accepted(crs):
    assert geo.metric(crs).is_projected


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        ("EPSG:4326", "is not a projection in metres, its unit is the degree"),
        ("EPSG:2225", "its unit is the US survey foot"),
        ("EPSG:4978", "is not a projection in metres"),
        ("EPSG:999999", "crs 'EPSG:999999' is not known"),
        ("Leipzig", "crs 'Leipzig' is not known"),
        ("", "crs '' is not known"),
    ],
)
def test_a_system_that_does_not_measure_in_metres_is_refused(crs, said):
    with pytest.raises(DataError, match=said) as caught:
        geo.metric(crs)
    assert "EPSG:25833" in str(caught.value)


def test_degrees_become_metres():
    # The central meridian of zone 33 is 15° E, where the easting is 500,000 m by definition.
    made = geo.points(pd.Series([15.0]), pd.Series([51.0]), CRS)
    assert made.crs == CRS
    assert made.iloc[0].x == pytest.approx(500_000, abs=0.01)


def test_a_point_is_missing_where_a_coordinate_is():
    lon = pd.Series([12.38, np.nan, 12.38], index=[5, 3, 9])
    lat = pd.Series([51.34, 51.34, np.nan], index=[5, 3, 9])
    made = geo.points(lon, lat, CRS)
    assert made.index.tolist() == [5, 3, 9]
    assert made.notna().tolist() == [True, False, False]
    assert geo.points(lon[:0], lat[:0], CRS).empty


def test_a_point_lies_in_its_district_or_in_none(squares):
    found = geo.locate(places((500, 500), (1500, 1999), (2001, 500), None), squares)
    assert plain(found) == ["01", "04", None, None]


@pytest.mark.parametrize(
    ("point", "code"),
    [((1000, 500), "01"), ((1000, 1000), "01"), ((1500, 1000), "02"), ((1000, 1500), "03")],
)
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]])
def test_a_point_on_a_border_goes_to_the_lowest_code_in_any_order(squares, point, code, order):
    assert plain(geo.locate(places(point), squares.iloc[order])) == [code]


def test_points_keep_their_index(squares):
    points = places((500, 500), (1500, 500)).set_axis(["b", "a"])
    assert geo.locate(points, squares).to_dict() == {"b": "01", "a": "02"}


def test_no_points_and_no_districts_find_nothing(squares):
    assert geo.locate(places(), squares).empty
    assert plain(geo.locate(places((500, 500)), squares[:0])) == [None]


@given(st.lists(st.tuples(st.floats(1, 1999), st.floats(1, 1999)), max_size=20))
def test_every_point_within_the_city_has_the_district_of_its_square(coordinates):
    shapes = [shapely.box(x, y, x + 1000, y + 1000) for y in (0, 1000) for x in (0, 1000)]
    squares = gpd.GeoDataFrame({"district_id": ["01", "02", "03", "04"]}, geometry=shapes, crs=CRS)
    expected = [f"0{1 + (x > 1000) + 2 * (y > 1000)}" for x, y in coordinates]
    assert plain(geo.locate(places(*coordinates), squares)) == expected


def polygons(**boxes):
    shapes = [shapely.box(*box) for box in boxes.values()]
    return gpd.GeoDataFrame({"code": list(boxes)}, geometry=shapes, crs=CRS)


def test_a_polygon_belongs_where_most_of_it_lies():
    outer = polygons(A=(0, 0, 10, 10), B=(10, 0, 20, 10))
    inner = polygons(x=(1, 1, 2, 2), y=(8, 1, 14, 2), z=(9, 3, 10.5, 4), far=(30, 0, 31, 1))
    assert plain(geo.containing(inner, outer, "code")) == ["A", "B", "A", None]


def test_a_polygon_that_only_touches_another_does_not_belong_to_it():
    outer = polygons(A=(0, 0, 10, 10))
    assert plain(geo.containing(polygons(x=(10, 0, 11, 10)), outer, "code")) == [None]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_polygon_half_in_each_belongs_to_the_lowest_code(order):
    outer = polygons(A=(0, 0, 10, 10), B=(10, 0, 20, 10)).iloc[order]
    assert plain(geo.containing(polygons(x=(9, 0, 11, 1)), outer, "code")) == ["A"]


def test_polygons_keep_their_index():
    outer = polygons(A=(0, 0, 10, 10), B=(10, 0, 20, 10))
    inner = polygons(x=(1, 1, 2, 2), y=(11, 1, 12, 2)).set_axis([7, 2])
    assert geo.containing(inner, outer, "code").to_dict() == {7: "A", 2: "B"}


def test_points_are_placed_in_the_latest_cut_of_the_districts():
    shapes = [shapely.box(0, 0, 10, 10), shapely.box(0, 0, 5, 10), shapely.box(5, 0, 10, 10)]
    ends = pd.to_datetime(["2019-12-31", None, None])
    cuts = gpd.GeoDataFrame(
        {"district_id": ["01", "11", "12"], "valid_to": ends}, geometry=shapes, crs=CRS
    )
    assert plain(geo.locate(places((2, 2), (7, 2)), cuts)) == ["11", "12"]
    planned = cuts.assign(valid_to=pd.to_datetime(["2019-12-31", "2029-12-31", "2029-12-31"]))
    assert plain(geo.locate(places((2, 2)), planned)) == ["11"]
    assert plain(geo.locate(places((2, 2)), cuts.assign(valid_to=pd.NaT))) == ["01"]


def test_a_multipoint_of_one_is_a_point():
    one, two = shapely.MultiPoint([(1, 2)]), shapely.MultiPoint([(1, 2), (3, 4)])
    shapes = gpd.GeoSeries([one, None, two, shapely.Point(5, 6)], index=[4, 3, 2, 1], crs=CRS)
    found = geo.as_points(shapes)
    assert found.tolist() == [shapely.Point(1, 2), None, two, shapely.Point(5, 6)]
    assert found.index.tolist() == [4, 3, 2, 1]
    assert found.crs == CRS
    assert geo.as_points(found[[1]]) is not None


def in_degrees(easting, northing):
    place = gpd.GeoSeries([shapely.Point(easting, northing)], crs=CRS).to_crs(4326)[0]
    return place.x, place.y


def test_exchanged_degrees_are_those_that_lie_inside_the_other_way():
    box = shapely.box(317_000, 5_690_000, 318_000, 5_691_000)
    districts = gpd.GeoDataFrame({"district_id": ["01"]}, geometry=[box], crs=CRS)
    lon, lat = in_degrees(317_500, 5_690_500)
    found = geo.exchanged(
        pd.Series([lat, lon, 120.0, np.nan], [3, 2, 1, 0]),
        pd.Series([lon, lat, 12.0, 51.0], [3, 2, 1, 0]),
        districts,
    )
    assert found.to_dict() == {3: True, 2: False, 1: False, 0: False}


def exchange(city, rows):
    """Exchange the degrees of the first businesses that have any."""
    file = city / "businesses.csv"
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    chosen = frame.index[frame["lon"] != ""][:rows]
    frame.loc[chosen, ["lon", "lat"]] = frame.loc[chosen, ["lat", "lon"]].to_numpy()
    frame.to_csv(file, index=False)
    return (frame["lon"] != "").sum()


def test_a_file_of_exchanged_degrees_is_refused_once(small_city):
    exchange(small_city, None)
    with pytest.raises(DataError) as caught:
        check(small_city)
    said = str(caught.value)
    assert re.search(
        r"businesses: businesses\.csv: longitude and latitude are exchanged, as in \(51\.\d+, "
        r"12\.\d+\) on line 6\. Exchange the two under columns",
        said,
    )
    assert len(said.splitlines()) == 1


def test_single_exchanged_degrees_are_faults_of_their_rows(small_city):
    assert exchange(small_city, 1) == 2  # half of them, which is not most
    faults = check(small_city).faults
    assert faults["rule"].tolist()[0] == "outside"
    assert "longitude and latitude are not swapped" in sentence(faults.to_dict("records")[0])


def test_a_place_that_is_drawn_as_an_area_is_a_fault(small_city, change):
    shapes = [shapely.box(317_400, 5_690_400, 317_500, 5_690_500)]
    shapes += [shapely.MultiPoint([(318_500, 5_690_500)])]
    frame = gpd.GeoDataFrame(
        {"site_id": ["s1", "s2"], "name": ["a", "b"], "kind": ["werkstadt"] * 2},
        geometry=shapes,
        crs=CRS,
    )
    frame.to_file(small_city / "sites.gpkg")
    change(small_city / "programme.toml", 'path = "sites.csv"', 'path = "sites.gpkg"')
    data = check(small_city)
    found = data.faults[data.faults["table"] == "sites"]
    assert found[["line", "column", "value", "rule", "expected"]].to_numpy().tolist() == [
        [1, "site_id", "s1", "shape", "POLYGON"]
    ]
    assert data.sites[["site_id", "district_id"]].to_numpy().tolist() == [["s2", "02"]]
