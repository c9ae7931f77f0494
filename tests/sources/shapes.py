"""Shapes to be read by tests, written in each format."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import shapely

from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read

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


def one(*rings, kind="Polygon"):
    feature = {
        "type": "Feature",
        "properties": {"id": "1"},
        "geometry": {"type": kind, "coordinates": list(rings)},
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
