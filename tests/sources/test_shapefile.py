"""Shapefiles: their parts, encodings and what is wrong with them."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.sources import shapefile

from .shapes import HALL, parts, points, read_bytes, write, zipped


@pytest.fixture
def shapefile_parts(tmp_path):
    """The parts of a Shapefile of one point named Süd, by their endings, in an encoding."""

    def write_them(encoding="UTF-8", name="Süd", **columns):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        points(**(columns or {"name": [name]})).to_file(folder / "layer.shp", encoding=encoding)
        return parts(folder)

    return write_them


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
