"""What it costs to find the district of many points: ``geo.locate`` beside ``geopandas.sjoin``.

Run: ``python benchmarks/points.py [POINTS [TURNS [FILE COLUMN]]]``. Points are drawn evenly over
the districts' box and a margin of 500 m; without FILE the districts are those of the demonstration,
whose borders have few corners. Each turn measures both once, one after the other, on the same
points, so that the ratios hold on a noisy machine. Both must give the same answer on every
point, or the run stops. The raster is made anew in each turn and counts.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ostwerk_analysis import geo

SEED = 4
CRS = "EPSG:25833"
DEMO = Path(__file__).parent.parent / "data" / "leipzig-demo" / "districts.geojson"


def by_sjoin(places: gpd.GeoSeries, districts: gpd.GeoDataFrame) -> pd.Series:
    """Join as most would; a point on a border comes twice, and the lowest code is taken."""
    points = gpd.GeoDataFrame(geometry=places)
    joined = points.sjoin(
        districts[["district_id", "geometry"]], how="left", predicate="intersects"
    )
    codes = joined["district_id"]
    if not codes.index.is_unique:
        codes = codes.sort_values().groupby(level=0).first()
    return codes.reindex(places.index).astype("str")


WAYS: dict[str, Callable[[gpd.GeoSeries, gpd.GeoDataFrame], pd.Series]] = {
    "geopandas.sjoin": by_sjoin,
    "geo.locate": geo.locate,
}


def main() -> None:
    """Measure and print."""
    given = sys.argv[1:]
    points, turns, file, column = given + ["1000000", "5", str(DEMO), "district_id"][len(given) :]
    n = int(points)
    districts = gpd.read_file(file).to_crs(CRS).rename(columns={column: "district_id"})
    left, bottom, right, top = np.add(districts.total_bounds, [-500, -500, 500, 500])
    rng = np.random.default_rng(SEED)
    xy = rng.uniform([left, bottom], [right, top], (n, 2))
    corners = len(shapely.get_coordinates(districts.geometry.to_numpy()))
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(int(turns)):
        answers = []
        for name, way in WAYS.items():
            # New shapes, so that none profits from what another has prepared.
            fresh = districts.set_geometry(shapely.from_wkb(districts.geometry.to_wkb().to_numpy()))
            places = gpd.GeoSeries(shapely.points(xy), crs=CRS)
            start = time.perf_counter()
            answers.append(way(places, fresh.set_crs(CRS)))
            seconds[name].append(time.perf_counter() - start)
        for answer in answers[1:]:
            pd.testing.assert_series_equal(answer, answers[0])
    print(f"{n:,} points, {len(districts)} districts with {corners:,} corners; medians of {turns}")
    print(f"  {'':<18}{'ms':>7}{'of sjoin':>10}")
    for name, taken in seconds.items():
        ratio = median(a / b for a, b in zip(taken, seconds["geopandas.sjoin"], strict=True))
        print(f"  {name:<18}{1000 * median(taken):>7.0f}{ratio:>10.3f}")


if __name__ == "__main__":
    main()
