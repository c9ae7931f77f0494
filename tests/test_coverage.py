import json
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import check, coverage, geo, load
from ostwerk_analysis.faults import REPAIR_COLUMNS, DataError, sentence
from ostwerk_analysis.rules import REPAIRS, RULES

CRS = "EPSG:25833"


def districts(*shapes, **columns):
    """Districts 00, 01, ... of one file, in the order given."""
    codes = [f"{number:02d}" for number in range(len(shapes))]
    frame = pd.DataFrame({"district_id": codes, "_source": "d.json", "_file": "d.json"})
    frame = frame.assign(_line=range(1, len(frame) + 1), **columns)
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=CRS)


def box(*corners):
    return shapely.box(*corners, ccw=True)


def told(mended):
    """The repairs, but for the balance, as rule = value and what it became."""
    rows = mended.repairs[~mended.repairs["rule"].isin(["area_balance", "largest_change"])]
    return [(row["rule"], row["value"], row["becomes"]) for row in rows.to_dict("records")]


def faults(mended):
    return mended.faults[["row", "rule", "expected"]].to_numpy().tolist()


WEST, EAST = box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)


def test_polygons_that_fit_are_left_as_they_are():
    mended = coverage.mend(districts(WEST, EAST), "districts")
    assert shapely.equals_identical(mended.shapes.to_numpy(), [WEST, EAST]).all()
    assert mended.faults.empty
    assert mended.repairs.empty
    assert mended.repairs.columns.tolist() == REPAIR_COLUMNS


def test_exterior_rings_run_counter_clockwise_and_holes_clockwise():
    ring = shapely.Polygon([(0, 0), (0, 9), (9, 9), (9, 0)], [[(1, 1), (8, 1), (8, 8), (1, 8)]])
    assert not ring.exterior.is_ccw
    assert ring.interiors[0].is_ccw
    areas = districts(ring, box(1, 1, 8, 8))
    mended = coverage.mend(areas, "districts")
    assert mended.shapes[0].exterior.is_ccw
    assert not mended.shapes[0].interiors[0].is_ccw
    assert mended.shapes[0].equals(ring)
    assert told(mended) == [("ring_direction", "1", "")]
    assert not areas.geometry[0].exterior.is_ccw  # what was given is not changed


def test_a_sliver_that_two_claim_goes_to_one_of_them():
    # 0.5 m² of the west lie in the east: a triangle 1 m high on a metre of the border.
    west = shapely.Polygon(
        [(0, 0), (1000, 0), (1000, 500), (1001, 500.5), (1000, 501), (1000, 1000), (0, 1000)]
    )
    mended = coverage.mend(districts(west, EAST), "districts")
    assert mended.faults.empty
    assert shapely.coverage_is_valid(mended.shapes.to_numpy())
    assert mended.shapes.area.sum() == pytest.approx(2_000_000, abs=1e-6)
    assert told(mended) == [("sliver_given", "0.50 m² (00, 01; 1000, 501)", "01")]


def test_a_pin_hole_goes_to_the_neighbour_with_the_longest_border():
    # A triangle with 10 m on the western district and two sides of 5 m on the eastern one,
    # that together are longer by 0.004 m: 0.5 × 10 × 0.1 = 0.5 m².
    east = shapely.Polygon(
        [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, 505), (1000.1, 500), (1000, 495)]
    )
    west = shapely.Polygon([*WEST.exterior.coords[:-1]])
    mended = coverage.mend(districts(west, east), "districts")
    assert told(mended) == [("sliver_given", "0.50 m² (00, 01; 1000, 502)", "01")]
    assert mended.shapes[1].equals(EAST)
    balance = mended.repairs.set_index("rule").loc["area_balance"]
    assert (balance["value"], balance["becomes"]) == (
        "1999999.500000 m²",
        "2000000.000000 m² (+0.5 m²)",
    )
    largest = mended.repairs.set_index("rule").loc["largest_change"]
    assert largest["line"] == 2
    assert largest["becomes"] == "1000000.000000 m² (+0.0005 ‰)"


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_hole_with_borders_of_equal_length_goes_to_the_lowest_code(order):
    hole = [(1000, 499.5), (999.5, 500), (1000, 500.5), (1000.5, 500)]  # 0.5 m²
    whole = shapely.Polygon(box(0, 0, 2000, 1000).exterior, [hole])
    halves = [shapely.intersection(whole, WEST), shapely.intersection(whole, EAST)]
    mended = coverage.mend(districts(*halves).iloc[order], "districts")
    assert mended.repairs.set_index("rule").loc["sliver_given", "becomes"] == "00"
    assert mended.shapes.area.to_dict() == pytest.approx({0: 1_000_000.25, 1: 999_999.75})


def test_a_point_in_a_pin_hole_is_found_after_mending():
    hole = box(999.5, 500, 1000.5, 500.5)
    areas = districts(WEST.difference(hole), EAST.difference(hole))
    point = gpd.GeoSeries([shapely.Point(1000.2, 500.2)], crs=CRS)
    assert geo.locate(point, areas).isna().all()
    mended = coverage.mend(areas, "districts").shapes
    assert geo.locate(point, areas.set_geometry(mended)).tolist() == ["00"]


def test_borders_a_hair_apart_become_one_and_are_told_once():
    # The vertex in the east's border lies 0.1 µm beside the west's: an overlap and no hole.
    east = shapely.Polygon([(1000, 0), (2000, 0), (2000, 1000), (1000, 1000), (999.9999999, 500)])
    mended = coverage.mend(districts(WEST, east), "districts")
    assert told(mended) == [("borders_joined", "1 (≤ 0.00005 m²)", "")]
    assert shapely.coverage_is_valid(mended.shapes.to_numpy())


def test_a_real_overlap_is_a_fault_of_both_with_the_area_and_is_not_mended():
    wide = box(0, 0, 1010, 1000)
    mended = coverage.mend(districts(wide, EAST, box(0, 1000, 2000, 2000)), "districts")
    assert faults(mended) == [[0, "overlap", "01 (10000.0 m²)"], [1, "overlap", "00 (10000.0 m²)"]]
    assert mended.faults["column"].unique().tolist() == ["district_id"]
    assert mended.shapes[0].equals(wide)
    assert {"overlap", "shape"} <= RULES.keys()


def test_the_same_polygon_under_two_codes_is_a_fault():
    mended = coverage.mend(districts(WEST, WEST, EAST), "districts")
    assert faults(mended) == [
        [0, "overlap", "01 (1000000.0 m²)"],
        [1, "overlap", "00 (1000000.0 m²)"],
    ]


def test_a_polygon_inside_another_is_a_fault():
    mended = coverage.mend(districts(WEST, box(10, 10, 20, 20)), "districts")
    assert faults(mended) == [[0, "overlap", "01 (100.0 m²)"], [1, "overlap", "00 (100.0 m²)"]]


def test_a_polygon_in_the_hole_of_another_is_none():
    mended = coverage.mend(
        districts(WEST.difference(box(10, 10, 20, 20)), box(10, 10, 20, 20)), "districts"
    )
    assert mended.faults.empty
    assert "gap_left" not in set(mended.repairs["rule"])


def test_a_gap_that_is_no_sliver_is_told_and_left():
    lake = box(900, 400, 1100, 600)
    areas = districts(WEST.difference(lake), EAST.difference(lake))
    mended = coverage.mend(areas, "districts")
    assert told(mended)[-1] == ("gap_left", "40000.0 m² (00, 01; 1000, 500)", "")
    assert mended.faults.empty
    in_lake = gpd.GeoSeries([shapely.Point(1000, 500)], crs=CRS)
    assert geo.locate(in_lake, areas.set_geometry(mended.shapes)).isna().all()


def test_an_island_in_a_gap_does_not_count_to_it():
    around = box(0, 0, 100, 100).difference(box(10, 10, 90, 90))
    mended = coverage.mend(districts(around, box(20, 20, 80, 80)), "districts")
    assert told(mended)[-1][:2] == ("gap_left", "2800.0 m² (00, 01; 15, 50)")  # 80² - 60²


@pytest.mark.parametrize(
    ("shape", "is_sliver"),
    [
        (box(0, 0, 1, 1), True),  # 1 m²
        (box(0, 0, 1, 1.1), False),
        (box(0, 0, 0.1, 1000), True),  # 100 m², but 0.1 m wide
        (box(0, 0, 0.11, 1000), False),
    ],
)
def test_what_is_thin_or_small_is_a_sliver(shape, is_sliver):
    assert coverage._is_sliver(shape) == is_sliver


def test_slivers_beside_a_contested_polygon_do_not_stop_the_mending_of_others():
    hole = box(999.5, 500, 1000.5, 500.5)
    shapes = [WEST.difference(hole), EAST.difference(hole), box(1900, 0, 2100, 100)]
    mended = coverage.mend(districts(*shapes), "districts")
    assert sorted(row for row, *_ in faults(mended)) == [1, 2]
    assert mended.shapes[0].area == pytest.approx(1_000_000)


def test_polygons_of_different_times_may_overlap():
    day = pd.to_datetime
    areas = districts(
        box(0, 0, 2000, 1000),
        WEST,
        EAST,
        box(0, 1000, 2000, 2000),
        valid_from=day([None, "2020-01-01", "2020-01-01", None]),
        valid_to=day(["2019-12-31", None, None, None]),
    )
    mended = coverage.mend(areas, "districts")
    assert mended.faults.empty
    assert mended.repairs.empty
    overlapping = areas.assign(valid_to=day(["2020-01-01", None, None, None]))
    assert sorted(row for row, *_ in faults(coverage.mend(overlapping, "districts"))) == [
        0,
        0,
        1,
        2,
    ]


def test_the_latest_cut_is_mended_first_and_then_kept():
    hole = box(999.5, 500, 1000.5, 500.5)
    west, east = WEST.difference(hole), EAST.difference(hole)
    areas = districts(
        west,
        east,
        EAST,
        valid_from=pd.to_datetime([None, None, "2020-01-01"]),
        valid_to=pd.to_datetime([None, "2019-12-31", None]),
    )
    mended = coverage.mend(areas, "districts")
    assert shapely.coverage_is_valid(mended.shapes[[0, 2]].to_numpy())


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (shapely.Point(0, 0), "POINT"),
        (shapely.LineString([(0, 0), (1, 1)]), "LINESTRING"),
        (shapely.GeometryCollection([WEST, shapely.Point(0, 0)]), "GEOMETRYCOLLECTION"),
    ],
)
def test_what_is_no_polygon_is_a_fault(shape, kind):
    mended = coverage.mend(districts(shape, EAST), "districts")
    assert faults(mended) == [[0, "shape", kind]]


@pytest.mark.parametrize("shapes", [[], [None], [None, shapely.Polygon()], [None, WEST]])
def test_missing_and_empty_shapes_are_left(shapes):
    mended = coverage.mend(districts(*shapes), "districts")
    assert mended.shapes.tolist() == shapes
    assert mended.faults.empty
    assert mended.repairs.empty


def test_rows_keep_their_index():
    hole = box(999.5, 500, 1000.5, 500.5)
    areas = districts(WEST.difference(hole), EAST.difference(hole)).set_axis([7, 3])
    mended = coverage.mend(areas, "districts")
    assert mended.shapes.index.tolist() == [7, 3]
    twice = coverage.mend(districts(WEST, WEST).set_axis([7, 3]), "districts")
    assert twice.faults["row"].tolist() == [7, 3]


def test_a_borough_that_its_districts_do_not_make_is_told():
    boroughs = gpd.GeoDataFrame(
        {"borough_id": ["A", "B", "C"]},
        geometry=[box(0, 0, 1000, 990), EAST, None],
        crs=CRS,
    )
    areas = districts(WEST, EAST, box(0, 1000, 9, 1009), borough_id=["A", "B", "C"])
    mended = coverage.mend(areas, "districts", boroughs)
    assert told(mended) == [("borough_differs", "A (10000.0 m²)", "")]


def jagged(corners, moves):
    """A square net of districts whose inner corners have been moved, each polygon by itself."""
    shapes = []
    for column in range(3):
        for row in range(3):
            ring = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
            shapes.append(
                shapely.Polygon(
                    [
                        np.array(corners[at]) + moves[(4 * len(shapes) + number) % len(moves)]
                        for number, at in enumerate(ring)
                    ]
                )
            )
    return shapes


CORNERS = {(x, y): (1000 * x, 1000 * y) for x in range(4) for y in range(4)}
SHIFT = st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)).map(np.array)


@settings(deadline=None, max_examples=50)
@given(st.lists(SHIFT, min_size=36, max_size=36))
def test_rounded_corners_are_mended_with_little_change_of_area(moves):
    shapes = jagged(CORNERS, moves)
    mended = coverage.mend(districts(*shapes), "districts")
    assert mended.faults.empty
    after = mended.shapes.to_numpy()
    assert shapely.coverage_is_valid(after)
    whole = shapely.union_all(after)
    assert len(coverage._holes(whole)) == 0
    assert whole.area == pytest.approx(shapely.area(after).sum(), abs=1e-5)
    # A side of 1 km moved by 1.4 cm at most, on each of four sides.
    assert np.abs(shapely.area(after) - shapely.area(shapes)).max() < 4 * 1000 * 2 * 0.0142
    again = coverage.mend(districts(*after), "districts")
    assert shapely.equals_identical(again.shapes.to_numpy(), after).all()
    assert set(mended.repairs["rule"]) <= REPAIRS.keys()


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "code", "table", "overlaps", "holes", "moved_m2"),
    [
        ("ortsteile.json", "OT", "districts", 5, 21, 1e-6),
        ("stadtbezirke.json", "SBZ", "boroughs", 1, 3, 1.2e-7),
    ],
)
def test_the_official_polygons_fit_after_mending(
    real_data, file, code, table, overlaps, holes, moved_m2
):
    official = gpd.read_file(real_data / "leipzig" / file).to_crs(CRS)
    areas = official.rename(columns={code: coverage.CODES[table]})
    areas = areas.assign(_source=file, _file=file, _line=range(1, len(areas) + 1))
    before = areas.geometry.to_numpy()
    first, second = shapely.STRtree(before).query(before, predicate="intersects")
    shared = shapely.area(shapely.intersection(before[first], before[second]))[first < second]
    assert (shared > 0).sum() == overlaps
    assert len(coverage._holes(shapely.union_all(before))) == holes
    mended = coverage.mend(areas, table)
    after = mended.shapes.to_numpy()
    assert mended.faults.empty
    assert shapely.coverage_is_valid(after)
    assert len(coverage._holes(shapely.union_all(after))) == 0
    assert shapely.is_ccw(shapely.get_exterior_ring(after)).all()
    assert shapely.area(after).sum() / 1e6 == pytest.approx(297.810286, abs=1e-6)
    assert shapely.area(after).sum() - shapely.area(before).sum() == pytest.approx(0, abs=2e-6)
    assert np.abs(shapely.area(after) - shapely.area(before)).max() < moved_m2
    assert shapely.hausdorff_distance(after, before).max() < 1e-8
    assert set(mended.repairs["rule"]) == {
        *("ring_direction", "borders_joined", "area_balance", "largest_change")
    }


@pytest.mark.real
def test_official_districts_make_the_official_boroughs(real_data):
    read = {
        name: gpd.read_file(real_data / "leipzig" / f"{name}.json").to_crs(CRS)
        for name in ("ortsteile", "stadtbezirke")
    }
    areas = read["ortsteile"].rename(columns={"OT": "district_id"})
    areas = areas.assign(borough_id=areas["district_id"].str[0], _source="", _file="", _line=1)
    boroughs = read["stadtbezirke"].rename(columns={"SBZ": "borough_id"})
    mended = coverage.mend(areas, "districts", boroughs)
    assert "borough_differs" not in set(mended.repairs["rule"])
    moved = boroughs.set_geometry(boroughs.translate(50))
    differing = coverage.mend(areas, "districts", moved).repairs
    assert (differing["rule"] == "borough_differs").sum() == 10
    assert json.loads(differing.to_json())  # as the command writes it


# Through the one way in


def redraw(city, *shapes, crs="urn:ogc:def:crs:EPSG::25833"):
    """Give the four districts of the small city other shapes."""
    file = city / "districts.geojson"
    document = json.loads(file.read_text())
    document["crs"] = {"type": "name", "properties": {"name": crs}}
    for feature, shape in zip(document["features"], shapes, strict=False):
        feature["geometry"] = shapely.geometry.mapping(shape) if shape is not None else None
    file.write_text(json.dumps(document))


MARKT = box(317_000, 5_690_000, 318_000, 5_691_000)
UFER = box(318_000, 5_690_000, 319_000, 5_691_000)
PIN_HOLE = box(317_999.5, 5_690_500, 318_000.5, 5_690_500.5)


def test_districts_are_mended_on_loading_and_it_is_told_where(small_city):
    redraw(small_city, MARKT.difference(PIN_HOLE), UFER.difference(PIN_HOLE))
    data = check(small_city)
    assert data.districts.geometry.iloc[0].area == pytest.approx(1_000_000.25)
    told = data.repairs.set_index("rule").loc[["sliver_given", "area_balance"]]
    assert told["table"].tolist() == ["districts", "districts"]
    assert told["source"].tolist() == ["districts.geojson", "districts.geojson"]
    assert [told["line"].iloc[0], pd.isna(told["line"].iloc[1])] == [1, True]
    assert told[["value", "becomes"]].to_numpy().tolist() == [
        ["0.50 m² (01, 02; 318000, 5690500)", "01"],
        ["3999999.500000 m²", "4000000.000000 m² (+0.5 m²)"],
    ]
    assert data.districts.is_valid.all()
    assert data.districts.exterior.is_ccw.all()
    assert not data.obstacles()


def test_a_point_in_a_mended_pin_hole_has_a_district(small_city, change):
    redraw(small_city, MARKT.difference(PIN_HOLE), UFER.difference(PIN_HOLE))
    place_first_site(small_city, 318_000.2, 5_690_500.2)
    data = check(small_city)
    assert data.sites["district_id"].iloc[0] == "01"


def place_first_site(city, easting, northing):
    sites = pd.read_csv(city / "sites.csv", dtype=str)
    place = gpd.GeoSeries([shapely.Point(easting, northing)], crs=CRS).to_crs(4326)[0]
    sites.loc[0, ["lon", "lat", "address", "district_id"]] = [
        str(place.x),
        str(place.y),
        None,
        None,
    ]
    sites.to_csv(city / "sites.csv", index=False)


RIVER = box(317_950, 5_690_000, 318_050, 5_691_000)


def test_a_point_in_a_river_between_districts_lies_in_none(small_city):
    # A river that is open to the outside is no gap that could be told, only a point can find it.
    redraw(small_city, MARKT.difference(RIVER), UFER.difference(RIVER))
    place_first_site(small_city, 318_010, 5_690_500)
    data = check(small_city)
    assert data.faults[["table", "rule"]].to_numpy().tolist()[:1] == [["sites", "outside"]]


def test_a_point_in_a_river_within_a_district_lies_in_it(small_city):
    redraw(small_city, box(317_000, 5_690_000, 318_050, 5_691_000), UFER.difference(RIVER))
    place_first_site(small_city, 318_010, 5_690_500)
    assert check(small_city).sites["district_id"].iloc[0] == "01"


def test_a_point_in_a_gap_that_was_left_is_a_fault(small_city):
    pond = box(317_900, 5_690_400, 318_100, 5_690_600)
    redraw(small_city, MARKT.difference(pond), UFER.difference(pond))
    place_first_site(small_city, 318_010, 5_690_500)
    data = check(small_city)
    assert "gap_left" in set(data.repairs["rule"])
    assert data.faults[["table", "rule"]].to_numpy().tolist()[:1] == [["sites", "outside"]]


def test_overlapping_districts_are_set_aside_and_stop_the_run(small_city):
    redraw(small_city, box(317_000, 5_690_000, 318_100, 5_691_000))
    data = check(small_city)
    found = data.faults[data.faults["table"] == "districts"]
    assert found[["line", "value", "rule", "expected"]].to_numpy().tolist() == [
        [1, "01", "overlap", "02 (100000.0 m²)"],
        [2, "02", "overlap", "01 (100000.0 m²)"],
    ]
    assert sentence(found.to_dict("records")[0]) == (
        "districts.geojson, feature 1: The polygon of 01 overlaps that of 02 (100000.0 m²). Take "
        "both from one official source, or draw their common border again."
    )
    assert data.districts["district_id"].tolist() == ["03", "04"]
    read = data.reads.set_index("table").loc["districts"]
    assert (read["rows_read"], read["accepted"], read["set_aside"]) == (4, 2, 2)
    with pytest.raises(
        DataError, match=r"districts from districts\.geojson: 2 of 4 rows set aside"
    ):
        load(small_city)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (None, "The geometry is missing."),
        (shapely.Polygon(), "The geometry is empty."),
        (shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]), "not valid (Self-intersection"),
        (shapely.Point(317_500, 5_690_500), "The shape of 01 is a POINT. Export areas as polygons"),
    ],
)
def test_a_district_without_a_polygon_is_named_and_its_area_misses_it(small_city, shape, said):
    redraw(small_city, shape)
    data = check(small_city)
    fault = data.faults[data.faults["table"] == "districts"].to_dict("records")[0]
    assert said in sentence(fault)
    assert any("has the district 01, which the table" in str(error) for error in data.obstacles())


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        ("urn:ogc:def:crs:EPSG::25832", "is in EPSG:25832, but programme.toml states EPSG:25833"),
        ("urn:ogc:def:crs:EPSG::99999", "the coordinate system .*99999' is not known"),
    ],
)
def test_districts_in_another_system_than_stated_are_refused(small_city, crs, said):
    redraw(small_city, crs=crs)
    with pytest.raises(DataError, match=said):
        check(small_city)


def test_districts_in_another_zone_than_stated_are_refused(small_city, change):
    stated = 'path = "districts.geojson"\ncrs = "EPSG:25833"'
    change(small_city / "programme.toml", stated, stated.replace("25833", "25832"))
    with pytest.raises(DataError, match=r"-100518.* in the programme's EPSG:25833, lie far"):
        check(small_city)


def test_districts_may_come_as_a_zipped_shapefile(small_city, change):
    frame = gpd.read_file(small_city / "districts.geojson").set_crs(CRS, allow_override=True)
    frame = frame.rename(columns={"district_id": "OT"})  # a name there has ten letters at most
    folder = small_city / "parts"
    folder.mkdir()
    frame.to_file(folder / "ortsteile.shp", encoding="UTF-8")
    with zipfile.ZipFile(small_city / "districts.zip", "w") as archive:
        for part in folder.iterdir():
            archive.write(part, part.name)
    file = small_city / "programme.toml"
    change(file, 'path = "districts.geojson"', 'path = "districts.zip"')
    change(
        file,
        'crs = "EPSG:25833"\n\n[[sources]]',
        'columns = { district_id = "OT" }\n\n[[sources]]',
    )
    data = check(small_city)
    assert data.districts["district_id"].tolist() == ["01", "02", "03", "04"]
    assert data.districts.geometry.area.tolist() == [1_000_000.0] * 4
    assert data.repairs["rule"].tolist() == ["ring_direction"]  # a Shapefile has them clockwise


def test_a_link_that_leads_out_of_the_folder_is_not_followed(small_city, tmp_path):
    outside = tmp_path / "outside.geojson"
    (small_city / "districts.geojson").rename(outside)
    (small_city / "districts.geojson").symlink_to(outside)
    with pytest.raises(DataError, match=r"districts\.geojson lies outside the programme's folder"):
        check(small_city)


def test_a_source_of_the_wrong_ending_is_refused(small_city, change):
    (small_city / "districts.geojson").rename(small_city / "districts.parquet")
    change(small_city / "programme.toml", '"districts.geojson"', '"districts.parquet"')
    with pytest.raises(DataError, match="is no Parquet file, though its name or format says so"):
        check(small_city)


def test_pin_holes_between_districts_that_all_overlap_are_left_with_them():
    east = box(900, 0, 2000, 1000).difference(box(1500, 500, 1500.5, 500.5))
    mended = coverage.mend(districts(WEST, east), "districts")
    said = [[0, "overlap", "01 (100000.0 m²)"], [1, "overlap", "00 (100000.0 m²)"]]
    assert faults(mended) == said
    assert mended.shapes[0].equals(WEST)
    assert mended.shapes[1].equals(east)


def test_the_command_says_what_was_mended(small_city, ostwerk):
    redraw(small_city, MARKT.difference(PIN_HOLE), UFER.difference(PIN_HOLE))
    done = ostwerk("check", small_city, "--report", small_city / "report", "--lang", "en")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert (
        "districts: districts.geojson: A gap or overlap of 0.50 m² (01, 02; 318000, 5690500) now "
        "belongs to 01." in lines
    )
    assert (
        "districts: districts.geojson: The areas add up to 3,999,999.500000 m² in the file, to "
        "4,000,000.000000 m² (+0.5 m²) after mending." in lines
    )
    report = json.loads((small_city / "report" / "report.json").read_text())
    assert [repair["rule"] for repair in report["repairs"]] == [
        *("ring_direction", "sliver_given", "area_balance", "largest_change")
    ]
    german = ostwerk("check", small_city, "--lang", "de").stdout
    assert "Überschneidung von 0,50 m² (01, 02; 318000, 5690500) gehört jetzt zu 01." in german
