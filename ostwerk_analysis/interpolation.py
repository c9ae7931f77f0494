"""Statistics of districts brought to another geometry: a catchment, a grid, an area of one's own.

What is counted (extensive) is shared out, so that its total is kept; what is a rate (intensive) is
averaged. By area, each place of a district is taken to be like any other. By points, such as
addresses, only where people live or firms are counts, which is far better where there are parks and
railway yards.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from . import raster
from .faults import DataError

LEAST_COVERED = 0.999
"""Less of a polygon in the sources is a part of which nothing is known, and no rounding."""

NAMED = 5
"""So many codes are named in an error."""


def to_geometry(
    values: pd.DataFrame,
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    extensive: Sequence[str] = (),
    intensive: Sequence[str] = (),
    points: gpd.GeoDataFrame | None = None,
    source_id: str = "district_id",
    target_id: str = "area_id",
    is_partial: bool = False,
) -> pd.DataFrame:
    """Bring statistics of polygons to other polygons.

    Parameters
    ----------
    values : DataFrame, n rows
        ``source_id`` and the statistics; one row for each polygon of the source.
    source, target : GeoDataFrame
        Polygons with their codes, in one metric CRS or another. Those of ``target`` may overlap
        unless there are points, and need not cover the source: what lies in none of them is not
        shared out.
    extensive, intensive : sequence of str
        Statistics that may be added up, such as residents, and that may not, such as a rate.
    points : GeoDataFrame, optional
        Points by which polygons are shared out instead of by area; a column ``weight``, if there
        is one, says how much each counts.
    source_id, target_id : str
        Columns of the codes.
    is_partial : bool
        Give targets too that the source does not cover: for the part of them that it does.

    Returns
    -------
    DataFrame, m rows
        ``target_id``, the statistics, and ``covered``: the share of each target, of its area or
        points, that lies in the source. A statistic is missing where that of a polygon with a part
        in the target is, and where no part of the target is covered.

    Raises
    ------
    DataError
        If a code stands twice or has no polygon, a target is not covered (unless ``is_partial``),
        a polygon with a value has no point, or shapes have no metric CRS.

    Notes
    -----
    By area, this is area-weighted interpolation as in the package tobler: of a count of polygon i,
    the target j gets the share of i's area that lies in j; a rate in j is the mean of the rates,
    weighted by the areas that lie in j.
    """
    names = [*extensive, *intensive]
    frame = _with_shapes(values, source, source_id, names)
    wanted = target[[target_id, target.geometry.name]].to_crs(frame.crs).reset_index(drop=True)
    _refuse_doubled(wanted[target_id], target_id)
    share = _by_area if points is None else _by_points
    made = share(frame, wanted, extensive, intensive, points, source_id, target_id)
    lacking = made["covered"] < LEAST_COVERED
    if lacking.any() and not is_partial:
        raise DataError(
            "These polygons do not lie wholly in the source: {codes}. Leave them out, cut them to "
            "it, or take is_partial = True for the part that does.",
            codes=_listed(made.loc[lacking, target_id] + made.loc[lacking, "covered"].map(_pct)),
        )
    made.loc[made["covered"] == 0, names] = np.nan
    return made[[target_id, *names, "covered"]]


def _by_area(
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    extensive: Sequence[str],
    intensive: Sequence[str],
    points: None,
    source_id: str,
    target_id: str,
) -> pd.DataFrame:
    """Share polygons out by area."""
    from tobler.area_weighted import area_interpolate

    names = [*extensive, *intensive]
    # tobler takes a gap for a zero: so gaps are brought over too, as rates.
    gaps = {f"gap of {name}": source[name].isna().astype(float) for name in names}
    known = source[[source.geometry.name]].assign(
        **source[names].fillna(0.0), **gaps, area_m2=source.area
    )
    made = area_interpolate(
        known,
        target,
        extensive_variables=["area_m2", *extensive],
        intensive_variables=[*intensive, *gaps],
        allocate_total=False,
    )
    table = pd.DataFrame(made.drop(columns=made.geometry.name)).assign(
        **{target_id: target[target_id].to_numpy()}
    )
    for name in names:
        table[name] = table[name].where(table[f"gap of {name}"].to_numpy() < 1e-9)
    return table.assign(covered=(table["area_m2"] / target.area.to_numpy()).clip(0, 1).round(9))


def _by_points(
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    extensive: Sequence[str],
    intensive: Sequence[str],
    points: gpd.GeoDataFrame,
    source_id: str,
    target_id: str,
) -> pd.DataFrame:
    """Share polygons out by the points in them; one on a border has the lowest code."""
    _refuse_overlap(target, target_id)
    places = points.geometry.to_crs(source.crs)
    weight = points["weight"] if "weight" in points else pd.Series(1.0, points.index)
    at = pd.DataFrame(
        {
            source_id: raster.locate(places, source.rename(columns={source_id: "district_id"})),
            target_id: raster.locate(places, target.rename(columns={target_id: "district_id"})),
            "weight": weight,
        }
    )
    total = at.groupby(source_id)["weight"].sum().reindex(source[source_id]).fillna(0.0)
    has_value = (source[list(extensive)].fillna(0) != 0).any(axis=1).to_numpy()
    if (empty := has_value & (total == 0).to_numpy()).any():
        raise DataError(
            "No point lies in {codes}, which have values to be shared out by points. Add points "
            "there, or leave points out to share by area.",
            codes=_listed(source.loc[empty, source_id]),
        )
    inside = at.dropna(subset=target_id)
    pairs = inside.groupby([target_id, source_id], as_index=False)["weight"].sum()
    pairs = pairs.merge(source[[source_id, *extensive, *intensive]], on=source_id)
    share = pairs["weight"] / pairs[source_id].map(total)
    made = target[[target_id]].set_index(target_id)
    of_target = pairs[target_id]
    weights = pairs["weight"].groupby(of_target).sum()
    for name in extensive:  # a gap stays one: pandas would leave it out of a sum
        made[name] = (
            (pairs[name] * share).groupby(of_target).agg(lambda part: part.sum(skipna=False))
        )
        made[name] = made[name].fillna(0.0).where(~_has_gap(pairs, name, target_id, made.index))
    for name in intensive:
        added = (pairs[name] * pairs["weight"]).groupby(of_target).sum() / weights
        made[name] = added.where(~_has_gap(pairs, name, target_id, added.index))
    every = inside.groupby(target_id)["weight"].sum()
    # Where there is nothing to be shared out, as in a park, nothing is missing either.
    made["covered"] = (weights / every).reindex(made.index).where(made.index.isin(every.index), 1.0)
    made["covered"] = made["covered"].fillna(0.0)
    return pd.DataFrame(made).reset_index()


def _has_gap(pairs: pd.DataFrame, name: str, target_id: str, index: pd.Index) -> pd.Series:
    """Tell which targets hold points of a polygon of which a statistic is missing."""
    found = pairs[name].isna().groupby(pairs[target_id]).any()
    return found.reindex(index, fill_value=False)


def _with_shapes(
    values: pd.DataFrame, source: gpd.GeoDataFrame, source_id: str, names: Sequence[str]
) -> gpd.GeoDataFrame:
    """Join statistics and polygons.

    Raises
    ------
    DataError
        If a code stands twice or has no polygon, or the CRS is not metric.
    """
    if source.crs is None or not source.crs.is_projected:
        raise DataError(
            "Areas are measured in metres, but the coordinate system of the source is {crs}. "
            "Bring it to a metric one first, such as EPSG:25833.",
            crs=str(source.crs),
        )
    _refuse_doubled(values[source_id], source_id)
    _refuse_doubled(source[source_id], source_id)
    strange = values.loc[~values[source_id].isin(source[source_id]), source_id]
    if len(strange):
        raise DataError(
            "There are values of {codes}, but no polygon. Leave them out, or add their polygons.",
            codes=_listed(strange),
        )
    shapes = source[[source_id, source.geometry.name]]
    joined = shapes.merge(values[[source_id, *names]], on=source_id, how="left")
    return joined.astype(dict.fromkeys(names, "float64"))


def _refuse_doubled(codes: pd.Series, column: str) -> None:
    """Refuse codes that stand twice."""
    if (twice := codes[codes.duplicated()]).size:
        raise DataError(
            "{column}: {codes} stands twice. Each polygon needs one row.",
            column=column,
            codes=_listed(twice.drop_duplicates()),
        )


def _refuse_overlap(target: gpd.GeoDataFrame, target_id: str) -> None:
    """Refuse polygons that overlap: a point would have to lie in several."""
    both = target.sindex.query(target.geometry, predicate="overlaps")
    held = target.sindex.query(target.geometry, predicate="contains_properly")
    pairs = np.concatenate([both, held], axis=1)
    pairs = pairs[:, pairs[0] != pairs[1]]
    if pairs.size:
        raise DataError(
            "{codes} overlap, so that points cannot be told apart. Bring the values to each of "
            "them by itself.",
            codes=_listed(target[target_id].iloc[pairs[:, 0]]),
        )


def _listed(codes: pd.Series) -> str:
    """Write a few codes, and how many more there are."""
    first = ", ".join(codes.astype(str).iloc[:NAMED])
    return first + (f" … (+{len(codes) - NAMED})" if len(codes) > NAMED else "")


def _pct(share: float) -> str:
    return f" ({100 * share:.1f} %)"
