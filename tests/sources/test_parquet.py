import json
import tempfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import marks, parquet, read

HALL = shapely.Point(12.38, 51.34)


def read_file(file, **stated):
    return read(Source(table="sites", path=file.name, **stated), file)


@pytest.fixture
def read_table(tmp_path):
    def read_it(table, **stated):
        pq.write_table(table, tmp_path / "a.parquet")
        return read_file(tmp_path / "a.parquet", **stated)

    return read_it


def cells(raw, column):
    return [None if pd.isna(cell) else cell for cell in raw.frame[column]]


@pytest.mark.parametrize(
    ("values", "kind", "written"),
    [
        (["007", " a ", "", None], pa.string(), ["007", "a", None, None]),
        ([1, None, -5], pa.int64(), ["1", None, "-5"]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([1.0, 2.5, 1.234, None, float("nan")], pa.float64(), ["1", "2.5", "1.2340", None, None]),
        ([0.1], pa.float32(), ["0.1"]),
        ([np.float16(0.5)], pa.float16(), ["0.5"]),
        ([True, False, None], pa.bool_(), ["true", "false", None]),
        ([date(2026, 7, 31)], pa.date32(), ["2026-07-31"]),
        ([datetime(2026, 7, 31)], pa.timestamp("us"), ["2026-07-31 00:00:00.000000"]),
        ([datetime(2026, 7, 31, 22)], pa.timestamp("s", "UTC"), ["2026-07-31 22:00:00.000Z"]),
        ([time(8, 30)], pa.time32("s"), ["08:30:00.000"]),
        ([Decimal("90388.44")], pa.decimal128(10, 2), ["90388.44"]),
        ([Decimal("1.234")], pa.decimal128(5, 3), ["1.2340"]),
        ([Decimal("-0.50")], pa.decimal256(50, 2), ["-0.50"]),
        (["a", "b", "a"], pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a"]),
        ([1.5, 1.5], pa.dictionary(pa.int8(), pa.float64()), ["1.5", "1.5"]),
        ([["ä", "b"], None], pa.list_(pa.string()), ['["ä", "b"]', None]),
        ([{"x": 1}], pa.struct({"x": pa.int64()}), ['{"x": 1}']),
        ([b"S\xc3\xbcd"], pa.binary(), ["Süd"]),
        ([b"\xff\x00"], pa.binary(), ["ff00"]),
        ([None, None], pa.null(), [None, None]),
        ([float("inf")], pa.float64(), ["inf"]),
    ],
)
def test_typed_cells_become_text_that_says_the_same(read_table, values, kind, written):
    raw = read_table(pa.table({"x": pa.array(values, kind), "y": ["1"] * len(values)}))
    assert cells(raw, "x") == written
    assert raw.frame["_line"].tolist() == list(range(1, len(values) + 1))
    assert raw.frame["x"].dtype == "str"


def test_a_day_with_a_time_zone_is_no_day(read_table):
    zoned = pa.array([datetime(2026, 7, 31, 22)], pa.timestamp("us", "UTC"))
    plain = pa.array([datetime(2026, 7, 31, 22)], pa.timestamp("us"))
    frame = read_table(pa.table({"zoned": zoned, "plain": plain})).frame
    assert marks.to_date(frame["zoned"])[1].tolist() == [True]
    assert marks.to_date(frame["plain"])[0].tolist() == [pd.Timestamp("2026-07-31")]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9),
    st.lists(st.decimals(-(10**9), 10**9, places=3), min_size=1, max_size=9),
)
def test_numbers_are_the_same_when_read_again(floats, decimals):
    for values in (pa.array(floats), pa.array(decimals, pa.decimal128(20, 3))):
        with tempfile.TemporaryDirectory() as folder:
            pq.write_table(pa.table({"x": values}), Path(folder) / "a.parquet")
            text = read_file(Path(folder) / "a.parquet").frame["x"]
        numbers, bad = marks.to_number(text, ".")
        assert not bad.any()
        assert numbers.tolist() == [float(value) for value in values.to_pylist()]


def test_columns_and_conditions_are_those_of_other_sources(read_table):
    table = pa.table({"Nr ": ["1", "2"], "Ort": ["Leipzig", "Halle"]})
    raw = read_table(table, columns={"site_id": "Nr"}, where={"Ort": ["Leipzig"]})
    assert raw.frame["site_id"].tolist() == ["1"]
    assert (raw.rows_read, raw.rows_skipped) == (2, 1)


@pytest.mark.parametrize(
    ("names", "message"),
    [(["a", "a"], "'a' stands twice"), (["_line", "b"], "'_line' is reserved")],
)
def test_names_that_cannot_be_told_apart_are_refused(read_table, names, message):
    with pytest.raises(DataError, match=message):
        read_table(pa.table([["1"], ["2"]], names=names))


def test_a_table_without_rows_is_read(read_table):
    assert read_table(pa.table({"a": pa.array([], pa.string())})).rows_read == 0


# GeoParquet


@pytest.fixture
def read_shapes(tmp_path):
    """Read a frame as GeoParquet after changing what the file says about its shapes."""

    def read_it(frame, change=lambda geo: geo, **stated):
        frame.to_parquet(tmp_path / "a.parquet")
        table = pq.read_table(tmp_path / "a.parquet")
        geo = change(json.loads(table.schema.metadata[b"geo"]))
        said = {b"geo": geo if isinstance(geo, bytes) else json.dumps(geo).encode()}
        pq.write_table(table.replace_schema_metadata(said), tmp_path / "a.parquet")
        return read_file(tmp_path / "a.parquet", **stated)

    return read_it


def places(crs="EPSG:25833", shape=(317_700, 5_690_700), name="geometry"):
    frame = gpd.GeoDataFrame({"id": ["1"]}, geometry=[shapely.Point(shape)], crs=crs)
    return frame if name == "geometry" else frame.rename_geometry(name)


@pytest.mark.parametrize("name", ["geometry", "geom", "wkb_geometry", "Umriß"])
def test_the_column_of_shapes_may_have_any_name(read_shapes, name):
    raw = read_shapes(places(name=name))
    assert raw.frame.columns.tolist() == ["id", "geometry", "_line"]
    assert raw.frame.crs == "EPSG:25833"
    assert raw.frame.geometry[0] == shapely.Point(317_700, 5_690_700)


def without_crs(geo):
    del geo["columns"]["geometry"]["crs"]
    return geo


def with_crs(crs):
    def change(geo):
        geo["columns"]["geometry"]["crs"] = crs
        return geo

    return change


def test_shapes_that_say_nothing_are_in_degrees(read_shapes):
    raw = read_shapes(places(4326, HALL.coords[0]), without_crs)
    assert raw.frame.crs == "EPSG:4326"
    with pytest.raises(DataError, match="lie outside the area of EPSG:4326"):
        read_shapes(places(), without_crs)


def test_shapes_whose_crs_is_not_known_need_a_statement(read_shapes):
    with pytest.raises(DataError, match=r"does not say its coordinate system\. State crs"):
        read_shapes(places(), with_crs(None))
    assert read_shapes(places(), with_crs(None), crs="EPSG:25833").frame.crs == "EPSG:25833"


@pytest.mark.parametrize("crs", ["nonsense", {"type": "nonsense"}, 7])
def test_a_crs_that_is_none_is_refused(read_shapes, crs):
    with pytest.raises(DataError, match="is not known"):
        read_shapes(places(), with_crs(crs))


def test_further_columns_of_shapes_are_left_out(read_shapes):
    frame = places()
    frame["middle"] = frame.geometry.centroid
    assert set(read_shapes(frame).frame) == {"id", "geometry", "_line"}


@pytest.mark.parametrize(
    "geo",
    [
        b"nonsense",
        b"\xff",
        b"[]",
        {},
        {"primary_column": "geometry", "columns": {}},
        {"primary_column": "geometry", "columns": {"geometry": {"encoding": "polygon"}}},
        {"primary_column": "gone", "columns": {"gone": {"encoding": "WKB"}}},
        {"primary_column": "id", "columns": {"id": {"encoding": "WKB"}}},
        {"primary_column": ["id"], "columns": {"id": {"encoding": "WKB"}}},
    ],
)
def test_what_is_said_about_shapes_must_be_geoparquet(read_shapes, geo):
    with pytest.raises(DataError, match="in the way of GeoParquet where its shapes are"):
        read_shapes(places(), lambda _: geo)


def test_a_shape_that_is_damaged_is_set_aside(tmp_path):
    frame = pd.concat([places(), places().assign(id="2")])
    frame.to_parquet(tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    wkb = table["geometry"].to_pylist()
    damaged = table.set_column(
        table.schema.get_field_index("geometry"), "geometry", [[wkb[0], wkb[1][:7]]]
    )
    pq.write_table(damaged, tmp_path / "a.parquet")
    raw = read_file(tmp_path / "a.parquet")
    assert raw.frame["id"].tolist() == ["1"]
    assert raw.faults["value"].tolist() == ["not valid (Damaged, or with curves)"]


# What is no Parquet


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"id;x\n1;2\n", "is no Parquet file, though its name or format says so"),
        (b"PAR1", "cannot be read"),
        (b"PAR1" + b"\0" * 50 + b"PAR1", "cannot be read"),
        (b"PARE" + b"\0" * 50, "is no Parquet file"),
    ],
)
def test_what_is_no_parquet_is_refused(tmp_path, content, message):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / "a.parquet")


def test_a_truncated_file_is_refused(tmp_path):
    pq.write_table(pa.table({"a": ["1"] * 100}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    for end in range(4, len(whole), 7):
        (tmp_path / "a.parquet").write_bytes(whole[:end])
        with pytest.raises(DataError):
            read_file(tmp_path / "a.parquet")


def test_a_few_bytes_that_declare_too_many_rows_are_refused(tmp_path, monkeypatch):
    # A thousand rows of nothing, in less than a kilobyte: only the limit is set lower here.
    pq.write_table(pa.table({"a": pa.nulls(1000, pa.int32())}), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 1000
    monkeypatch.setattr(parquet, "CELLS_LIMIT", 999)
    with pytest.raises(DataError, match="declares 1000 rows of 1 columns, more than can be read"):
        read_file(tmp_path / "a.parquet")


def test_text_that_is_not_utf8_is_refused(tmp_path):
    buffers = pa.array([b"\xff"], pa.binary()).buffers()
    text = pa.Array.from_buffers(pa.string(), 1, buffers)
    pq.write_table(pa.table({"a": text}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"cannot be read: .*UTF"):
        read_file(tmp_path / "a.parquet")
