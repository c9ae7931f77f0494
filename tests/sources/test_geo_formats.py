"""Every format of shapes: real districts written and read back, and what each may not do."""

import http.server
import json
import socket
import tempfile
import threading
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError

from .shapes import FORMATS, HALL, HALL_METRES, one, points, read_back, read_bytes, write

DEGREES_ONLY = {"a.json", "a.kml", "b.kml"}
"""Formats that hold degrees and nothing else."""


# Real districts, there and back


@pytest.mark.real
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("official", "code"), [("ortsteile.json", "OT"), ("stadtbezirke.json", "SBZ")]
)
def test_official_districts_survive_every_format(real_data, tmp_path, name, official, code):
    frame = gpd.read_file(real_data / "leipzig" / official)
    if name not in DEGREES_ONLY | {"a.geojson"}:
        frame = frame.to_crs(25833)
    raw = read_back(write(frame, tmp_path / name))
    found = raw.frame.set_index(code).loc[frame[code]]  # FlatGeobuf orders by place
    assert (raw.rows_read, len(raw.set_aside), len(raw.repairs)) == (len(frame), 0, 0)
    assert found["Name"].tolist() == frame["Name"].tolist()
    assert found.index.tolist() == frame[code].tolist()
    assert found.crs.equals(frame.crs, ignore_axis_order=True)
    tolerance = 0 if "JSON" not in FORMATS[name] else 1e-7  # GDAL writes 7 decimals
    distance = shapely.hausdorff_distance(found.geometry.to_numpy(), frame.geometry.to_numpy())
    assert distance.max() <= max(tolerance, 1e-12 if name in DEGREES_ONLY else 0)
    area = found.to_crs(25833).area.sum() / 1e6
    assert area == pytest.approx(297.810, abs=0.001)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12
).filter(str.strip)
PLACE = st.tuples(st.integers(0, 999), st.integers(0, 999))


@settings(deadline=None, max_examples=12)
@given(st.lists(st.tuples(TEXT, PLACE), min_size=1, max_size=6), st.sampled_from(sorted(FORMATS)))
def test_what_is_written_is_read_again(rows, name):
    names, places = zip(*rows, strict=True)
    shapes = [shapely.Point(12 + x / 1e4, 51 + y / 1e4).buffer(0.001, 2) for x, y in places]
    frame = gpd.GeoDataFrame({"Name": list(names)}, geometry=shapes, crs=4326)
    frame["code"] = [f"{number:03d}" for number in range(len(frame))]
    with tempfile.TemporaryDirectory() as folder:
        raw = read_back(write(frame, Path(folder) / name))
    found = raw.frame.set_index("code").loc[frame["code"]]
    assert raw.rows_read == len(frame)
    assert found["Name"].tolist() == frame["Name"].tolist()
    distance = shapely.hausdorff_distance(found.geometry.to_numpy(), frame.geometry.to_numpy())
    assert distance.max() <= 1.0e-7


@pytest.mark.parametrize("name", FORMATS)
def test_exchanged_axes_are_named_in_every_format(tmp_path, name):
    frame = points(shapely.Point(51.34, 12.38), 4326, id=["1", "2"])
    with pytest.raises(DataError, match=r"\(51.34, 12.38\) are exchanged; .* has longitude first"):
        read_back(write(frame, tmp_path / name))


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - DEGREES_ONLY))
def test_exchanged_metres_are_named_in_every_format(tmp_path, name):
    frame = points(shapely.Point(5_690_700, 317_700))
    with pytest.raises(DataError, match="are exchanged; EPSG:25833 has easting first"):
        read_back(write(frame, tmp_path / name))


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - DEGREES_ONLY))
def test_a_wrong_statement_is_refused_in_every_format(tmp_path, name):
    with pytest.raises(DataError, match=r"is in EPSG:25833, but programme\.toml states EPSG:31468"):
        read_back(write(points(), tmp_path / name), crs="EPSG:31468")


@pytest.mark.parametrize("name", ["a.fgb", "a.gpkg", "a.zip", "a.parquet"])
def test_a_missing_crs_must_be_stated(tmp_path, name):
    frame = points(crs=None)
    if name == "a.parquet":
        write(frame, tmp_path / name)
    else:
        with pytest.warns(UserWarning, match="crs"):
            write(frame, tmp_path / name)
    with pytest.raises(DataError, match=r"does not say its coordinate system\. State crs"):
        read_back(tmp_path / name)
    assert read_back(tmp_path / name, crs="EPSG:25833").frame.crs == "EPSG:25833"


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"a.json", "a.parquet"}))
def test_a_file_without_features_is_refused(tmp_path, name):
    write(points(HALL, 4326)[:0], tmp_path / name)
    with pytest.raises(DataError, match=r"no features with a shape|cannot be read"):
        read_back(tmp_path / name)


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.zip", "a.parquet"])
def test_a_feature_without_a_shape_is_set_aside(tmp_path, name):
    frame = points(id=["1", "2"])
    frame.loc[1, "geometry"] = None
    raw = read_back(write(frame, tmp_path / name))
    assert raw.frame["id"].tolist() == ["1"]
    assert raw.set_aside["text"].tolist() == ["id=2"]
    assert raw.faults["value"].tolist() == ["missing"]


# What is mended in a shape, and what is not


SQUARE = [[12, 51], [13, 51], [13, 52], [12, 52], [12, 51]]


def test_a_ring_that_is_not_closed_is_closed(tmp_path):
    raw = read_bytes(tmp_path, "a.json", one(SQUARE[:-1]))
    assert raw.frame.geometry[0].equals(shapely.Polygon(SQUARE))
    assert raw.repairs[["line", "rule"]].to_numpy().tolist() == [[1, "ring_closed"]]


@pytest.mark.parametrize(
    ("coordinates", "kind", "area"),
    [
        ([[*SQUARE[:3], [12.5, 52], [12.5, 53], [12.5, 52], *SQUARE[3:]]], "Polygon", 1),  # a spike
        ([[SQUARE], [[[x + 1, y] for x, y in SQUARE]]], "MultiPolygon", 2),  # a shared border
    ],
)
def test_a_shape_whose_area_is_in_no_doubt_is_made_valid(tmp_path, coordinates, kind, area):
    raw = read_bytes(tmp_path, "a.json", one(*coordinates, kind=kind))
    assert raw.frame.geometry.is_valid.all()
    assert raw.frame.geometry[0].area == pytest.approx(area)
    assert raw.repairs["rule"].tolist() == ["made_valid"]
    assert raw.repairs["value"].str.match(r"Self-intersection|Ring Self").all()


@pytest.mark.parametrize(
    ("coordinates", "kind"),
    [
        ([[[12, 51], [13, 52], [13, 51], [12, 52], [12, 51]]], "Polygon"),  # a bow tie
        ([[[12, 51], [14, 53], [14, 51], [13, 51], [12, 52.5], [12, 51]]], "Polygon"),
        ([[SQUARE], [[[x / 2 + 6, y / 2 + 26] for x, y in SQUARE]]], "MultiPolygon"),  # overlapping
        ([SQUARE, [[x + 3, y] for x, y in SQUARE]], "Polygon"),  # a hole outside
    ],
)
def test_a_shape_whose_area_is_in_doubt_is_set_aside(tmp_path, coordinates, kind):
    raw = read_bytes(tmp_path, "a.json", one(*coordinates, kind=kind))
    assert len(raw.frame) == 0
    assert raw.faults["value"].str.startswith("not valid (").all()
    assert raw.repairs.empty


def test_repeated_points_do_no_harm(tmp_path):
    raw = read_bytes(tmp_path, "a.json", one([SQUARE[0], *SQUARE]))
    assert len(raw.frame) == 1


def test_curves_are_set_aside(tmp_path):
    write(points(), tmp_path / "a.gpkg")
    import sqlite3

    curve = shapely.to_wkb(HALL_METRES)[:1] + b"\x0a\0\0\0\1\0\0\0\1\x08\0\0\0\0\0\0\0"
    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        head = b"GP\0\1" + (25833).to_bytes(4, "little")
        database.execute("UPDATE a SET geom = ?", [head + curve])
    database.close()
    raw = read_back(tmp_path / "a.gpkg")
    assert raw.rows_read == 1
    assert len(raw.set_aside) == 1


# KML and GeoPackage


PLACEMARK = (
    "<Placemark><name>Süd</name><ExtendedData><Data name='OT'><value>07</value></Data>"
    "</ExtendedData><Point><coordinates>12.38,51.34,9</coordinates></Point></Placemark>"
)


def kml(body, before=""):
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}{before}<kml xmlns="http://www.opengis.net/kml/2.2">{body}</kml>'.encode()


def test_kml_has_names_and_extended_data_in_degrees(tmp_path):
    raw = read_bytes(tmp_path, "a.kml", kml(f"<Document>{PLACEMARK}</Document>"))
    assert raw.frame[["Name", "OT"]].to_numpy().tolist() == [["Süd", "07"]]
    assert raw.frame.crs == "EPSG:4326"
    assert raw.frame.geometry[0] == HALL
    assert not {"tessellate", "visibility", "icon"} & set(raw.frame)


def test_folders_of_a_kml_are_its_layers(tmp_path):
    second = PLACEMARK.replace("Süd", "Nord")
    content = kml(
        f"<Document><Folder><name>A</name>{PLACEMARK}</Folder><Folder><name>B</name>{second}"
        "</Folder><Folder><name>C</name></Folder></Document>"
    )
    with pytest.raises(DataError, match="2 layers with shapes: A, B"):
        read_bytes(tmp_path, "a.kml", content)
    assert read_bytes(tmp_path, "a.kml", content, layer="B").frame["Name"].tolist() == ["Nord"]


def test_kml_that_links_to_others_is_refused(tmp_path):
    link = "<NetworkLink><Link><href>b.kml</href></Link></NetworkLink>"
    with pytest.raises(DataError, match="links to other KML files"):
        read_bytes(tmp_path, "a.kml", kml(f"<Document>{PLACEMARK}{link}</Document>"))


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))


@pytest.mark.parametrize(
    "content",
    [
        kml(PLACEMARK.replace("Süd", "&l9;"), f"<!DOCTYPE kml [{LAUGHS}]>"),
        kml(
            PLACEMARK.replace("Süd", "&x;"),
            "<!DOCTYPE kml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
        ),
        kml(PLACEMARK, "<!DOCTYPE kml SYSTEM 'http://127.0.0.1/kml.dtd'>"),
        b"<gml/>",
        b"<kml>",
        b"<kml/><kml/>",
        b"<?xml version='1.0' encoding='nonsense'?><kml/>",
        kml(""),
        "<kml/>".encode("utf-16"),
    ],
)
def test_xml_that_is_no_plain_kml_is_refused(tmp_path, content):
    with pytest.raises(DataError):
        read_bytes(tmp_path, "a.kml", content)


def test_a_geopackage_that_is_still_being_written_is_refused(tmp_path):
    write(points(), tmp_path / "a.gpkg")
    (tmp_path / "a.gpkg-wal").write_bytes(b"x")
    with pytest.raises(DataError, match="open in another programme"):
        read_back(tmp_path / "a.gpkg")


def test_the_stated_layer_of_a_geopackage_is_read(tmp_path):
    for layer in ("districts", "old"):
        points(id=[layer]).to_file(tmp_path / "a.gpkg", layer=layer)
    assert read_back(tmp_path / "a.gpkg").frame["id"].tolist() == ["districts"]
    assert read_back(tmp_path / "a.gpkg", layer="old").frame["id"].tolist() == ["old"]


def test_another_database_is_no_geopackage(tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        database.execute("CREATE TABLE a (geometry BLOB)")
    database.close()
    with pytest.raises(DataError, match="neither GeoJSON, GeoPackage"):
        read_back(tmp_path / "a.gpkg")


# GDAL looks nowhere else


@pytest.fixture
def listening():
    """An address, and the paths that were asked for there."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def features(crs, key="crs"):
    shape = {"type": "Point", "coordinates": [12.38, 51.34]}
    feature = {"type": "Feature", "properties": {"id": "1"}, "geometry": shape}
    return json.dumps({"type": "FeatureCollection", key: crs, "features": [feature]})


def looking_elsewhere(address, local):
    link = {"type": "link", "properties": {"href": f"{address}/crs", "type": "proj4"}}
    named = {"type": "name", "properties": {"name": f"{address}/crs"}}
    command = f"gdal vector pipeline ! read {local} ! write --of stream streamed_dataset"
    inner = features(named).replace(
        '"type": "Point"', f'"crs": {json.dumps(link)}, "type": "Point"'
    )
    style = f"<styleUrl>{address}/style.kml#x</styleUrl>"
    return {
        "crs link": features(link),
        "crs url": features({"type": "url", "properties": {"url": f"{address}/crs"}}),
        "crs name": features(named),
        "CRS link": features(link, "CRS"),
        "escaped": features(link).replace('"crs"', '"\\u0063\\u0072s"'),
        "crs of a shape": inner,
        "command": json.dumps({"type": "gdal_streamed_alg", "command_line": command}),
        "escaped command": json.dumps(
            {"type": "gdal_streamed_alg", "command_line": command}
        ).replace("_", "\\u005f"),
        "vrt": f"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>{local}</SrcDataSource>"
        "</OGRVRTLayer></OGRVRTDataSource>",
        "wfs": f"<OGRWFSDataSource><URL>{address}/wfs</URL></OGRWFSDataSource>",
        "style": kml(PLACEMARK.replace("<Point>", f"{style}<Point>")).decode(),
        "schema": kml(
            PLACEMARK.replace("<Data ", f"<SchemaData schemaUrl='{address}/s#x'/><Data ")
        ).decode(),
    }


@pytest.mark.parametrize("case", looking_elsewhere("", ""))
def test_no_file_makes_gdal_ask_the_network_or_open_another(tmp_path, listening, case):
    address, asked = listening
    write(points(HALL, 4326, id=["other"]), tmp_path / "a.geojson")
    content = looking_elsewhere(address, tmp_path / "a.geojson")[case]
    try:
        found = read_bytes(tmp_path, "b.json", content.encode()).frame
    except DataError:
        found = pd.DataFrame()
    assert asked == []
    assert "other" not in found.to_numpy()


def test_the_listener_would_be_asked(tmp_path, listening):
    # The same file by GDAL alone: what is refused here is not refused in vain.
    address, asked = listening
    (tmp_path / "a.json").write_text(looking_elsewhere(address, "")["crs link"])
    pyogrio.read_info(tmp_path / "a.json")
    assert "/crs" in asked


def test_a_property_named_crs_is_none(tmp_path):
    content = features(None).replace('"id": "1"', '"crs": "25833"').encode()
    assert read_bytes(tmp_path, "a.json", content).frame["crs"].tolist() == ["25833"]


def test_names_of_files_are_not_looked_into(tmp_path):
    folder = tmp_path / "zip!x=y?layer=1"
    folder.mkdir()
    write(points(), tmp_path / "a.gpkg").rename(folder / "a.gpkg")
    assert len(read_back(folder / "a.gpkg").frame) == 1


# Damaged and arbitrary files


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(written, name, data):
    whole = written[name]
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 40))
    put_in = data.draw(st.binary(max_size=6))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(whole[:start] + put_in + whole[start + length :])
        try:
            raw = read_back(file)
        except DataError:
            return
    assert raw.rows_read == len(raw.frame) + len(raw.set_aside) + raw.rows_skipped
    assert len(raw.faults) == len(raw.set_aside)
    assert raw.frame.geometry.is_valid.all() if "geometry" in raw.frame else True


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A small file of each format."""
    folder = tmp_path_factory.mktemp("formats")
    shapes = [
        HALL.buffer(0.01, 2),
        HALL.buffer(0.02, 2),
        shapely.MultiPolygon([HALL.buffer(0.1, 1)]),
    ]
    frame = gpd.GeoDataFrame(
        {"code": ["00", "01", "02"], "Name": ["Süd", "Nord", None], "n": [1.5, np.nan, 3]},
        geometry=shapes,
        crs=4326,
    )
    return {name: write(frame, folder / name).read_bytes() for name in FORMATS}


STARTS = [b"{", b"\x1e{", b"<kml>", b"fgb\x03fgb\x01", b"PK\x03\x04", b"PAR1", b"\0\0\x27\x0a"]


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([*STARTS, b"SQLite format 3\0", b""]), st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(start, rest):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.geojson", "a.parquet"):
            file = Path(folder) / name
            file.write_bytes(start + rest)
            with pytest.raises(DataError):
                read_back(file)


def test_the_file_is_a_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "a.gpkg"))
        with pytest.raises(DataError):
            read_back(tmp_path / "a.gpkg")


def test_a_geojson_that_names_degrees_is_not_in_the_stated_metres(tmp_path):
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    content = features(named).encode()
    with pytest.raises(DataError, match=r"is in EPSG:4326, but programme\.toml states EPSG:25833"):
        read_bytes(tmp_path, "a.json", content, crs="EPSG:25833")
    assert len(read_bytes(tmp_path, "a.json", content, crs="EPSG:4326").frame) == 1


def test_the_older_numbers_of_geojson_are_known(tmp_path):
    crs = {"type": "EPSG", "properties": {"code": 4326}}
    assert read_bytes(tmp_path, "a.json", features(crs).encode()).frame.crs == "EPSG:4326"


@pytest.mark.parametrize("name", ["EPSG:99999", "urn:ogc:def:crs:EPSG::1", "Leipzig", ""])
def test_a_geojson_that_names_an_unknown_crs_is_refused(tmp_path, name):
    crs = {"type": "name", "properties": {"name": name}}
    with pytest.raises(DataError, match=r"is not known|does not name its coordinate system"):
        read_bytes(tmp_path, "a.json", features(crs).encode(), crs="EPSG:4326")


@pytest.mark.parametrize("name", ["+init=/etc/passwd:root", "+proj=utm +zone=33", "@/etc/passwd"])
def test_a_crs_is_a_name_and_nothing_to_be_opened(tmp_path, name):
    crs = {"type": "name", "properties": {"name": name}}
    with pytest.raises(DataError, match="does not name its coordinate system"):
        read_bytes(tmp_path, "a.json", features(crs).encode())


def test_a_geojson_in_two_systems_is_refused(tmp_path):
    crs = {"type": "name", "properties": {"name": "EPSG:4326"}}
    other = json.dumps({"type": "name", "properties": {"name": "EPSG:25833"}})
    content = features(crs).replace('"type": "Point"', f'"crs": {other}, "type": "Point"')
    with pytest.raises(DataError, match="names several coordinate systems: EPSG:25833, EPSG:4326"):
        read_bytes(tmp_path, "a.json", content.encode())
