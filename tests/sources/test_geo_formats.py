"""Every format of shapes: real districts written and read back, and what each may not do."""

import http.server
import io
import json
import socket
import tempfile
import threading
import zipfile
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
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read, shapefile

FORMATS = {
    "a.geojson": "GeoJSON",
    "a.json": "GeoJSONSeq",
    "a.gpkg": "GPKG",
    "a.fgb": "FlatGeobuf",
    "a.kml": "KML",
    "b.kml": "LIBKML",
    "a.zip": "ESRI Shapefile",
    "a.parquet": "Parquet",
}
DEGREES_ONLY = {"a.json", "a.kml", "b.kml"}
"""Formats that hold degrees and nothing else."""
HALL = shapely.Point(12.38, 51.34)  # Leipzig
HALL_METRES = shapely.Point(317_700, 5_690_700)


def write(frame, file):
    """Write a frame in the format of a file's name, a Shapefile as a ZIP of its parts."""
    if file.suffix == ".parquet":
        frame.to_parquet(file)
    elif file.suffix != ".zip":
        frame.to_file(file, driver=FORMATS[file.name], index=False)
    else:
        with tempfile.TemporaryDirectory() as folder:
            frame.to_file(Path(folder) / "layer.shp", encoding="UTF-8", index=False)
            file.write_bytes(zipped(parts(Path(folder))))
    return file


def parts(folder):
    return {part.name: part.read_bytes() for part in sorted(folder.iterdir())}


def zipped(contents):
    together = io.BytesIO()
    with zipfile.ZipFile(together, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name)  # of no certain day
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return together.getvalue()


def read_back(file, **stated):
    return read(Source(table="districts", path=file.name, **stated), file)


def read_bytes(tmp_path, name, content, **stated):
    (tmp_path / name).write_bytes(content)
    return read_back(tmp_path / name, **stated)


def points(shape=HALL_METRES, crs="EPSG:25833", **columns):
    columns = columns or {"id": ["1"]}
    count = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[shape] * count, crs=crs)


@pytest.fixture
def shapefile_parts(tmp_path):
    """The parts of a Shapefile of one point named Süd, by their endings, in an encoding."""

    def write_them(encoding="UTF-8", name="Süd", **columns):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        points(**(columns or {"name": [name]})).to_file(folder / "layer.shp", encoding=encoding)
        return parts(folder)

    return write_them


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


def one(*rings, kind="Polygon"):
    feature = {
        "type": "Feature",
        "properties": {"id": "1"},
        "geometry": {"type": kind, "coordinates": list(rings)},
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


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


# Shapefiles


def test_a_bare_shapefile_is_refused_with_what_to_do(tmp_path, shapefile_parts):
    with pytest.raises(DataError, match=r"only one part of a Shapefile.*into one ZIP file"):
        read_bytes(tmp_path, "layer.shp", shapefile_parts()["layer.shp"])


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "CP1252", "CP850"])
def test_the_encoding_is_that_of_the_cpg(tmp_path, shapefile_parts, encoding):
    raw = read_bytes(tmp_path, "a.zip", zipped(shapefile_parts(encoding)))
    assert raw.frame["name"].tolist() == ["Süd"]


@pytest.mark.parametrize("said", [b"1252", b"ANSI 1252", b"windows-1252", b"88591", b"ISO 8859-1"])
def test_the_cpg_may_be_written_in_many_ways(tmp_path, shapefile_parts, said):
    content = zipped(shapefile_parts("CP1252") | {"layer.cpg": said})
    assert read_bytes(tmp_path, "a.zip", content).frame["name"].tolist() == ["Süd"]


def test_without_a_cpg_utf8_is_known_by_itself(tmp_path, shapefile_parts):
    content = shapefile_parts("UTF-8")
    del content["layer.cpg"]
    assert read_bytes(tmp_path, "a.zip", zipped(content)).frame["name"].tolist() == ["Süd"]


def test_without_a_cpg_the_mark_of_the_dbf_counts(tmp_path, shapefile_parts):
    content = shapefile_parts("CP1252")
    del content["layer.cpg"]
    table = bytearray(content["layer.dbf"])
    table[29] = 0x57
    content["layer.dbf"] = bytes(table)
    assert read_bytes(tmp_path, "a.zip", zipped(content)).frame["name"].tolist() == ["Süd"]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("CP1252", b"UTF-8"), ("UTF-8", b"ISO-8859-1"), ("CP1252", b"nonsense"), ("CP1252", b"")],
)
def test_a_wrong_or_missing_encoding_is_never_guessed(tmp_path, shapefile_parts, encoding, said):
    content = zipped(shapefile_parts(encoding) | {"layer.cpg": said})
    with pytest.raises(DataError, match="encoding of the Shapefile's text is not certain"):
        read_bytes(tmp_path, "a.zip", content)
    raw = read_bytes(tmp_path, "a.zip", content, encoding=encoding)
    assert raw.frame["name"].tolist() == ["Süd"]


def test_types_of_a_dbf_become_text(tmp_path, shapefile_parts):
    day = pd.to_datetime(["2026-07-31"]).date
    raw = read_bytes(
        tmp_path, "a.zip", zipped(shapefile_parts(code=["007"], n=[5], share=[49.92], on=day))
    )
    assert raw.frame[["code", "n", "share", "on"]].to_numpy().tolist() == [
        ["007", "5", "49.92", "2026-07-31"]
    ]


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_a_missing_part_is_named(tmp_path, shapefile_parts, part):
    content = shapefile_parts()
    del content[f"layer{part}"]
    with pytest.raises(DataError, match=rf"lacks the part {part} of the Shapefile layer\.shp"):
        read_bytes(tmp_path, "a.zip", zipped(content))


def test_a_prj_that_is_no_text_is_refused(tmp_path, shapefile_parts):
    content = shapefile_parts() | {"layer.prj": b'PROJCS["\x80"]'}
    with pytest.raises(DataError):
        read_bytes(tmp_path, "a.zip", zipped(content))
    raw = read_bytes(tmp_path, "a.zip", zipped(content | {"layer.prj": b""}), crs="EPSG:25833")
    assert raw.frame.crs == "EPSG:25833"


def test_parts_may_lie_in_a_folder_and_shout(tmp_path, shapefile_parts):
    content = {f"Daten/{name.upper()}": part for name, part in shapefile_parts().items()}
    content |= {"__MACOSX/Daten/._LAYER.SHP": b"x", "Daten/lies mich.txt": b"x"}
    assert read_bytes(tmp_path, "a.zip", zipped(content)).frame["name"].tolist() == ["Süd"]


def test_one_of_several_is_chosen_by_its_name(tmp_path, shapefile_parts):
    first, second = shapefile_parts(name="Nord"), shapefile_parts(name="Süd")
    content = first | {name.replace("layer", "other"): part for name, part in second.items()}
    with pytest.raises(DataError, match=r"2 layers with shapes: layer, other\. State layer"):
        read_bytes(tmp_path, "a.zip", zipped(content))
    raw = read_bytes(tmp_path, "a.zip", zipped(content), layer="other")
    assert raw.frame["name"].tolist() == ["Süd"]
    with pytest.raises(DataError, match="no layer 'othr' with shapes; the nearest is 'other'"):
        read_bytes(tmp_path, "a.zip", zipped(content), layer="othr")


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.fgb", "a.kml"])
def test_other_formats_may_be_zipped_too(tmp_path, name):
    write(points(HALL, 4326, code=["1"]), tmp_path / name)
    raw = read_bytes(tmp_path, "z.zip", zipped({name: (tmp_path / name).read_bytes()}))
    assert raw.frame["code"].tolist() == ["1"]


@pytest.mark.parametrize("name", ["../layer", "/etc/layer", "a/../../layer", "..\\layer"])
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path, shapefile_parts, name):
    content = {name + Path(part).suffix: data for part, data in shapefile_parts().items()}
    with pytest.raises(DataError, match="names that lead out of the archive"):
        read_bytes(tmp_path, "a.zip", zipped(content))


def test_an_archive_is_not_unpacked_beyond_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(shapefile, "UNPACKED_LIMIT", 10_000_000)
    bomb = zipped({"a.geojson": b" " * 10_000_001})
    assert len(bomb) < 20_000
    with pytest.raises(DataError, match="unpacks to more than 10000000 bytes"):
        read_bytes(tmp_path, "a.zip", bomb)


@pytest.mark.parametrize(
    "content",
    [
        zipped({"a.txt": b"x"}),
        zipped({}),
        zipped({"a.geojson": zipped({"b.geojson": b"{}"})}),
        zipped({"a.kml": b"<OGRVRTDataSource/>"}),
        zipped({"a.geojson": b"{}"})[:-30],
        b"PK\x03\x04" + b"\0" * 100,
    ],
    ids=["text", "empty", "nested", "other", "cut", "damaged"],
)
def test_an_archive_without_one_file_of_shapes_is_refused(tmp_path, content):
    with pytest.raises(DataError):
        read_bytes(tmp_path, "a.zip", content)


def test_an_encrypted_archive_is_refused(tmp_path):
    content = bytearray(zipped({"a.geojson": b"{}"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1  # the flag of encryption
    with pytest.raises(DataError, match="damaged or encrypted ZIP file"):
        read_bytes(tmp_path, "a.zip", bytes(content))


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
