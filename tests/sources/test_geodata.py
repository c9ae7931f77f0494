import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError, sentence
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read

HALL = [12.38, 51.34]  # Leipzig
HALL_METRES = [317_700, 5_690_700]
UTM = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}}


def feature(coordinates, kind="Point", **properties):
    shape = {"type": kind, "coordinates": coordinates} if coordinates is not None else None
    return {"type": "Feature", "properties": properties, "geometry": shape}


def square(west, south, size=0.01):
    east, north = west + size, south + size
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


@pytest.fixture
def read_features(tmp_path):
    def read_them(*features, crs=None, **stated):
        document = {"type": "FeatureCollection", "features": list(features)}
        if crs:
            document["crs"] = crs
        file = tmp_path / "sites.geojson"
        file.write_text(json.dumps(document), encoding="utf-8")
        return read(Source(table="sites", path="sites.geojson", **stated), file)

    return read_them


@pytest.fixture
def read_frame(tmp_path):
    def read_it(layers, **stated):
        file = tmp_path / "sites.gpkg"
        for layer, frame in layers.items():
            frame.to_file(file, layer=layer, driver="GPKG")
        return read(Source(table="sites", path="sites.gpkg", **stated), file)

    return read_it


def points(crs="EPSG:25833", **columns):
    return gpd.GeoDataFrame(
        columns or {"id": ["1"]}, geometry=[shapely.Point(HALL_METRES)], crs=crs
    )


def test_attributes_are_text_and_features_numbered(read_features):
    raw = read_features(
        feature(HALL, OT="00", n=1, x=1.0, share=1.234, on="2026-07-31", ok=True, mixed="a"),
        feature(HALL, OT="01", n=None, x=2.5, share=0.1, on=None, ok=False, mixed=3),
    )
    frame = raw.frame
    assert isinstance(frame, gpd.GeoDataFrame)
    cells = frame.drop(columns="geometry").to_numpy(dtype=object)
    assert cells.tolist()[0] == ["00", "1", "1", "1.2340", "2026-07-31", "true", "a", 1]
    assert [None if pd.isna(cell) else cell for cell in cells[1]] == [
        *["01", None, "2.5", "0.1", None, "false", "3", 2]
    ]
    assert (frame.dtypes.drop(["geometry", "_line"]) == "str").all()
    assert raw.rows_read == 2


def test_lists_and_objects_are_written_out(read_features):
    frame = read_features(feature(HALL, tags=["a", "b"], inner={"a": 1})).frame
    assert json.loads(frame["tags"][0]) == ["a", "b"]
    assert json.loads(frame["inner"][0]) == {"a": 1}


def test_geojson_is_in_degrees_unless_it_says_otherwise(read_features):
    assert read_features(feature(HALL)).frame.crs == "EPSG:4326"
    assert read_features(feature(HALL_METRES), crs=UTM).frame.crs == "EPSG:25833"


def test_stated_crs_is_taken_where_geojson_is_silent(tmp_path):
    file = tmp_path / "a.geojson"
    file.write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature(HALL_METRES, id="1")]})
    )
    with pytest.raises(DataError, match=r"lie outside the area of EPSG:4326\. State the right crs"):
        read(Source(table="sites", path="a.geojson"), file)
    raw = read(Source(table="sites", path="a.geojson", crs="EPSG:25833"), file)
    assert raw.frame.crs == "EPSG:25833"
    assert raw.frame.geometry[0] == shapely.Point(HALL_METRES)


def test_height_is_dropped(read_features):
    frame = read_features(feature([*HALL, 120.0])).frame
    assert not frame.geometry.has_z.any()
    assert frame.crs == "EPSG:4326"


def test_geopackage_keeps_types_as_text(read_frame):
    frame = points(
        code=["007"], count=[5], share=[49.92], day=pd.to_datetime(["2026-07-31"]), ok=[True]
    )
    read_back = read_frame({"anything": frame}).frame
    assert read_back[["code", "count", "share", "ok"]].to_numpy().tolist() == [
        ["007", "5", "49.92", "true"]
    ]
    assert read_back["day"][0].startswith("2026-07-31")
    assert read_back.crs == "EPSG:25833"


def test_layer_of_the_tables_name_is_chosen_among_several(read_frame):
    raw = read_frame({"roads": points(id=["r"]), "sites": points(id=["s"])})
    assert raw.frame["id"].tolist() == ["s"]


def test_several_layers_are_refused(read_frame):
    with pytest.raises(DataError, match="2 layers with shapes: roads, trees"):
        read_frame({"roads": points(), "trees": points()})


def test_geopackage_without_crs_needs_a_statement(read_frame):
    with pytest.warns(UserWarning, match="crs"), pytest.raises(DataError, match="State crs"):
        read_frame({"sites": points(crs=None)})


def test_statement_against_the_file_is_refused(read_frame):
    with pytest.raises(DataError, match=r"is in EPSG:25833, but programme\.toml states EPSG:25832"):
        read_frame({"sites": points()}, crs="EPSG:25832")


def test_unknown_crs_is_refused(read_frame):
    with pytest.raises(DataError, match="coordinate system 'EPSG:1' is not known"):
        read_frame({"sites": points()}, crs="EPSG:1")


BOW_TIE = [[[12.3, 51.3], [12.4, 51.4], [12.4, 51.3], [12.3, 51.4], [12.3, 51.3]]]


def test_features_without_a_valid_shape_are_set_aside(read_features):
    raw = read_features(
        feature(square(12.3, 51.3), "Polygon", id="a"),
        feature(None, id="b"),
        feature([], "Polygon", id="c"),
        feature(BOW_TIE, "Polygon", id="d"),
        feature([[[12.3, 51.3], [12.4, 51.4]]], "Polygon", id="e"),
        feature(square(12.4, 51.3), "Polygon", id="f"),
    )
    assert raw.frame[["id", "_line"]].to_numpy().tolist() == [["a", 1], ["f", 6]]
    assert raw.set_aside.to_numpy().tolist() == [
        [n, f"id={i}"] for n, i in zip([2, 3, 4, 5], "bcde", strict=True)
    ]
    assert raw.faults["value"].str.split(" ").str[0].tolist() == [
        "missing",
        "empty",
        "not",
        "not",
    ]
    assert raw.faults["column"].unique().tolist() == ["geometry"]
    assert "sites.geojson, feature 4: The geometry is not valid (Self-intersection" in sentence(
        raw.faults.to_dict("records")[2]
    )
    assert raw.rows_read == 6


def test_rows_not_asked_for_are_skipped_before_their_shapes_are_looked_at(read_features):
    raw = read_features(
        feature(HALL, Ort="Leipzig"), feature(None, Ort="Halle"), where={"Ort": ["Leipzig"]}
    )
    assert (len(raw.frame), len(raw.set_aside), raw.rows_skipped) == (1, 0, 1)


def test_single_feature_far_away_is_set_aside(read_features):
    raw = read_features(
        *(feature(HALL_METRES, id=str(n)) for n in range(3)), feature([0, 0], id="x"), crs=UTM
    )
    assert raw.frame["id"].tolist() == ["0", "1", "2"]
    assert raw.faults["value"].tolist() == ["outside its coordinate system (EPSG:25833)"]
    assert raw.set_aside["_line"].tolist() == [4]


def test_exchanged_longitude_and_latitude_are_named(read_features):
    with pytest.raises(DataError, match=r"\(51.34, 12.38\) are exchanged; EPSG:4326 has longitude"):
        read_features(feature(HALL[::-1]))


def test_exchanged_easting_and_northing_are_named(read_features):
    with pytest.raises(DataError, match="are exchanged; EPSG:25833 has easting first"):
        read_features(feature(HALL_METRES[::-1]), crs=UTM)


@pytest.mark.parametrize("place", [[55.5, -21.1], [-61.5, 16.2], [-16.6, 28.1], [33.4, 35.1]])
def test_far_regions_of_the_union_are_not_taken_for_exchanged(read_features, place):
    assert len(read_features(feature(place)).frame) == 1


def test_a_zone_may_be_used_a_little_beyond_its_border(read_features):
    plauen = [12.13 - 1.5, 50.5]
    metres = gpd.GeoSeries([shapely.Point(plauen)], crs=4326).to_crs(25833)[0]
    assert len(read_features(feature([metres.x, metres.y]), crs=UTM).frame) == 1


def test_ring_direction_does_not_matter(read_features):
    clockwise = [square(12.3, 51.3)[0][::-1]]
    assert len(read_features(feature(clockwise, "Polygon")).frame) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"id;x;y\n1;2;3\n", "neither GeoJSON, GeoPackage,"),
        (b"<OGRVRTDataSource/>", "neither GeoJSON, GeoPackage,"),
        (b'{"a": 1}', 'JSON without shapes.* state format = "lis"'),
        (b'{"type": "FeatureCollection", "features": [', "is damaged, or"),
        (b'{"type": "FeatureCollection", "features": []}', "no features with a shape"),
        (b"SQLite format 3\0broken", "neither GeoJSON, GeoPackage,"),
    ],
)
def test_unusable_file_is_refused(tmp_path, content, message):
    file = tmp_path / "a.geojson"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(Source(table="sites", path="a.geojson"), file)


def test_reserved_attribute_is_refused(read_features):
    with pytest.raises(DataError, match="'_line' is reserved"):
        read_features(feature(HALL, _line=1))


def test_columns_are_named_as_in_other_sources(read_features):
    raw = read_features(
        feature(HALL, Nr="1", Art="W"),
        columns={"site_id": "Nr", "kind": "Art"},
        values={"kind": {"W": "werkstadt"}},
        constants={"measure_id": "ows"},
    )
    assert isinstance(raw.frame, gpd.GeoDataFrame)
    assert raw.frame[["site_id", "kind", "measure_id"]].to_numpy().tolist() == [
        ["1", "werkstadt", "ows"]
    ]


WHOLE = json.dumps(
    {"type": "FeatureCollection", "features": [feature(HALL, OT="00", n=1), feature(HALL, n=2.5)]}
).encode()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(WHOLE)), st.integers(0, 20), st.binary(max_size=4))
def test_damaged_file_is_read_or_refused(start, length, put_in):
    content = WHOLE[:start] + put_in + WHOLE[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.geojson"
        file.write_bytes(content)
        try:
            raw = read(Source(table="sites", path="a.geojson"), file)
        except DataError:
            return
        assert raw.rows_read >= 1
        assert len(raw.faults) == len(raw.set_aside)


def test_reading_needs_no_settings_of_gdal(tmp_path):
    file = tmp_path / "a.geojson"
    file.write_bytes(WHOLE)
    code = (
        "import sys, pathlib; from ostwerk_analysis.programme import Source;"
        "from ostwerk_analysis.sources import read;"
        "frame = read(Source(table='sites', path='a.geojson'), pathlib.Path(sys.argv[1])).frame;"
        "print(round(frame.to_crs(25833).geometry.x[0]))"
    )
    nowhere = dict.fromkeys(("GDAL_DATA", "PROJ_LIB", "PROJ_DATA"), str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        check=True,
    )
    easting, _ = pyproj.Transformer.from_crs(4326, 25833, always_xy=True).transform(*HALL)
    assert done.stdout.strip() == str(round(easting))


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "code", "count"), [("ortsteile.json", "OT", 63), ("stadtbezirke.json", "SBZ", 10)]
)
def test_official_districts(real_data, file, code, count):
    raw = read(Source(table="districts", path=file), real_data / "leipzig" / file)
    frame = raw.frame
    assert (raw.rows_read, len(frame)) == (count, count)
    assert frame.crs == "EPSG:4326"
    assert frame[code].iloc[0] == "0" * len(frame[code].iloc[0])
    assert frame.to_crs(25833).area.sum() / 1e6 == pytest.approx(297.810, abs=0.001)
