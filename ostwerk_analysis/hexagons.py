"""Whether a pattern of districts is one of the city: the same rates in hexagons and squares.

Where borders run decides which rates are high and who is whose neighbour: the modifiable areal unit
problem. So rates are computed again in cells that no office has drawn, H3's hexagons and squares.
What has points is counted anew in each cell, and only that is an independent check. What is known
by district is shared out to cells by area: it carries the districts' pattern with it.

Cells of single enterprises are microdata. What may be published of all this is the table of
:func:`robustness`, which tells of no cell.

References
----------
Openshaw, S. (1984). The Modifiable Areal Unit Problem. CATMOG 38. Geo Books.
"""

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from . import geo, interpolation, rates, spatial
from .faults import DataError

RESOLUTIONS = (8, 9)
"""Of H3: hexagons of about 0.7 and 0.1 km², some blocks and one block of a city."""

MOST_CLUSTERED = 1500
"""With more cells, local clusters are not looked for: too many tests for so few cases in each."""

SURE_AT = 0.05
ALIKE_FROM = 0.5
"""Least rank correlation, and least part of the hot area, with which a pattern survives."""

SURVIVES, PARTLY, VANISHES, NO_PATTERN = "survives", "partly", "vanishes", "no pattern"
DISTRICTS, SQUARES, HEXAGONS = "districts", "squares", "hexagons"

Figures: TypeAlias = gpd.GeoSeries | pd.Series
"""Points, one for each event; or figures by ``district_id``."""


def grid(districts: gpd.GeoDataFrame, resolution: int) -> gpd.GeoDataFrame:
    """Cover districts with H3's hexagons, cut at the outline of the city.

    Parameters
    ----------
    districts : GeoDataFrame
        Polygons in metres.
    resolution : int
        Of H3, from 0 to 15; one more makes hexagons of a seventh of the area.

    Returns
    -------
    GeoDataFrame
        ``cell_id`` (H3's own), ``area_km2`` and ``inside``, the part of the cell that lies in the
        city; ordered. Together the cells are the city.
    """
    import h3

    city = districts.union_all()
    outline = gpd.GeoSeries([city], crs=districts.crs).to_crs(geo.WGS84).iloc[0]
    codes = sorted(
        h3.h3shape_to_cells_experimental(h3.geo_to_h3shape(outline), resolution, "overlap")
    )
    corners = [shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(c)]) for c in codes]
    whole = gpd.GeoSeries(corners, crs=geo.WGS84).to_crs(districts.crs)
    return _clipped(codes, whole, city)


def squares(districts: gpd.GeoDataFrame, side_m: float, shift: float = 0.0) -> gpd.GeoDataFrame:
    """Cover districts with squares, cut at the outline of the city.

    Parameters
    ----------
    districts : GeoDataFrame
        Polygons in metres.
    side_m : float
    shift : float
        Part of a side by which the squares are moved to the right and up.

    Returns
    -------
    GeoDataFrame
        As of :func:`grid`; ``cell_id`` is column and row.
    """
    city = districts.union_all()
    low = np.floor(np.array(city.bounds[:2]) / side_m - shift).astype(int)
    high = np.ceil(np.array(city.bounds[2:]) / side_m - shift).astype(int)
    column, row = (axis.ravel() for axis in np.meshgrid(*map(np.arange, low, high)))
    x, y = (column + shift) * side_m, (row + shift) * side_m
    whole = gpd.GeoSeries(shapely.box(x, y, x + side_m, y + side_m), crs=districts.crs)
    return _clipped([f"{c}/{r}" for c, r in zip(column, row, strict=True)], whole, city)


def _clipped(codes: list[str], whole: gpd.GeoSeries, city: shapely.Geometry) -> gpd.GeoDataFrame:
    """Cut cells at the outline, and leave out those outside."""
    shapely.prepare(city)
    cut = whole.where(shapely.contains(city, whole.array), whole.intersection(city))
    cells = gpd.GeoDataFrame(
        {"cell_id": codes, "area_km2": cut.area / 1e6, "inside": cut.area / whole.area},
        geometry=cut,
    )
    return cells[cells["area_km2"] > 0].reset_index(drop=True)


def in_cells(figures: Figures, districts: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> pd.Series:
    """Bring figures to cells: points by counting, figures of districts by their share of the area.

    Parameters
    ----------
    figures : GeoSeries of points, or Series of float
        The one in the districts' CRS, one point for each event; the other by ``district_id``.
    districts, cells : GeoDataFrame

    Returns
    -------
    Series of float
        By ``cell_id``. Totals are kept, but for points outside the city. A cell that reaches into a
        district without a figure is missing.
    """
    codes = pd.Index(cells["cell_id"], name="cell_id")
    if isinstance(figures, gpd.GeoSeries):
        where = geo.locate(figures, _as_districts(cells))
        return where.value_counts().reindex(codes, fill_value=0).astype(float).rename("count")
    given = pd.DataFrame({"district_id": districts["district_id"]})
    given["value"] = given["district_id"].map(figures).astype(float)
    shared = interpolation.to_geometry(
        given, districts, cells, extensive=["value"], target_id="cell_id", is_partial=True
    )
    return shared.set_index("cell_id")["value"].reindex(codes).rename("shared")


def robustness(
    districts: gpd.GeoDataFrame,
    events: Figures,
    population: Figures,
    *,
    seed: int,
    resolutions: tuple[int, ...] = RESOLUTIONS,
) -> pd.DataFrame:
    """Set the pattern of a rate in districts beside that in hexagons and in squares.

    Parameters
    ----------
    districts : GeoDataFrame
        ``district_id`` and polygon in metres.
    events, population : GeoSeries of points, or Series by ``district_id``
        The rate is the one by the other, such as enterprises by residents.
    seed : int
        Of the permutations.
    resolutions : tuple of int
        Of H3. Squares are as large as the first one's hexagons, moved by half a side.

    Returns
    -------
    DataFrame, one row for each geometry, the districts first
        ``geometry``, ``resolution``, ``cells``, ``mean_km2``; ``moran_i`` and two-sided ``p`` of
        rates standardised by what chance lets them vary; ``rank_correlation`` of the smoothed rate
        in a cell with that of the district in which most of the cell lies; ``hot_km2``, the area
        of clusters of high values, and ``hot_stays_pct``, the part of the districts' hot area that
        is hot here too. Missing where there are more than :data:`MOST_CLUSTERED` cells, or the
        districts have no hot area. ``is_independent`` says whether events have points.

    Raises
    ------
    DataError
        If a geometry has too few cells with a rate, or all rates are the same.
    """
    known = geo.latest(districts).reset_index(drop=True)
    own = known.rename(columns={"district_id": "cell_id"})[["cell_id", "geometry"]]
    layers = [(DISTRICTS, pd.NA, own)]
    layers += [(HEXAGONS, level, grid(known, level)) for level in resolutions]
    if resolutions:
        full = layers[1][2].query("inside > 0.999")
        side = float(np.sqrt(full["area_km2"].mean() * 1e6)) if len(full) else 1000.0
        layers.append((SQUARES, pd.NA, squares(known, side, 0.5)))
    rows, base = [], None
    for name, level, cells in layers:
        pattern = _pattern(known, cells, events, population, seed)
        base = pattern if base is None else base
        rows.append(
            {
                "geometry": name,
                "resolution": level,
                "cells": len(cells),
                "mean_km2": cells.area.mean() / 1e6,
                **pattern["moran"],
                "rank_correlation": _alike(known, cells, pattern["smoothed"], base["smoothed"]),
                "hot_km2": pattern["hot_km2"],
                "hot_stays_pct": _stays(base["hot"], pattern["hot"]),
                "is_independent": isinstance(events, gpd.GeoSeries),
            }
        )
    return pd.DataFrame(rows).astype({"resolution": "Int64"})


def verdict(table: pd.DataFrame) -> str:
    """Say whether the pattern of the districts survives in the other geometries.

    It survives in one if Moran's I is significant with the same sign, and rank correlation and the
    hot area that stays, as far as they are known, are at least :data:`ALIKE_FROM`.

    Parameters
    ----------
    table : DataFrame
        As of :func:`robustness`.

    Returns
    -------
    str
        :data:`SURVIVES` in all of them, :data:`PARTLY` in some, :data:`VANISHES` in none, or
        :data:`NO_PATTERN` where districts have none.
    """
    base, others = table.iloc[0], table.iloc[1:]
    if base["p"] > SURE_AT or others.empty:
        return NO_PATTERN
    holds = (others["p"] <= SURE_AT) & (np.sign(others["moran_i"]) == np.sign(base["moran_i"]))
    holds &= ~(others["rank_correlation"] < ALIKE_FROM)
    holds &= ~(others["hot_stays_pct"] < 100 * ALIKE_FROM)
    return SURVIVES if holds.all() else PARTLY if holds.any() else VANISHES


def _as_districts(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return cells.rename(columns={"cell_id": "district_id"})[["district_id", "geometry"]]


def _pattern(
    districts: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    events: Figures,
    population: Figures,
    seed: int,
) -> dict:
    """Describe the pattern of a rate in one geometry."""
    upper, lower = (_of(figures, districts, cells) for figures in (events, population))
    if not (lower > 0).any():
        raise DataError(
            "In no cell is it known of whom the rate is. Give the population of the districts."
        )
    level = rates.standardised(upper, lower)
    near = spatial.neighbours(_as_districts(cells))
    is_many = int(level.notna().sum()) > MOST_CLUSTERED
    found = spatial.moran(level, near, seed=seed, permutations=999 if is_many else 9_999).iloc[0]
    hot, hot_km2 = None, np.nan
    if not is_many:
        clusters = spatial.local_clusters(level, near, seed=seed)
        is_hot = cells["cell_id"].isin(clusters.loc[clusters["cluster"] == "HH", "district_id"])
        hot = cells.geometry[is_hot].union_all()
        hot_km2 = hot.area / 1e6
    smoothed = rates.smoothed(upper, lower).set_index("district_id")["smoothed_rate"]
    moran = {"moran_i": found["moran_i"], "p": found["p_permutation"], "n": int(found["n"])}
    return {"moran": moran, "smoothed": smoothed, "hot": hot, "hot_km2": hot_km2}


def _of(figures: Figures, districts: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> pd.Series:
    """Give the figures of cells under the name that spatial statistics know."""
    is_own = cells["cell_id"].isin(districts["district_id"]).all()
    if is_own and not isinstance(figures, gpd.GeoSeries):
        return figures.reindex(cells["cell_id"]).astype(float).rename_axis("district_id")
    return in_cells(figures, districts, cells).rename_axis("district_id")


def _alike(
    districts: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, here: pd.Series, base: pd.Series
) -> float:
    """Correlate the ranks of cells with those of the districts in which they mostly lie."""
    from scipy.stats import spearmanr

    district = geo.containing(cells, districts, "district_id").to_numpy()
    pairs = pd.DataFrame(
        {
            "here": here.reindex(cells["cell_id"]).to_numpy(),
            "base": base.reindex(district).to_numpy(),
        }
    ).dropna()
    if pairs.nunique().min() < 2:
        return float("nan")
    return float(spearmanr(pairs["here"], pairs["base"]).statistic)


def _stays(base: shapely.Geometry | None, here: shapely.Geometry | None) -> float:
    """Say which part of the districts' hot area is hot in another geometry, in percent."""
    if base is None or here is None or base.area == 0:
        return float("nan")
    return 100 * base.intersection(here).area / base.area
