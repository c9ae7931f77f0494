"""Which part of which district lies in which area: whole districts, shares, or own polygons.

An area with a polygon of its own divides the districts that its outline crosses. What has a point
there lies in the area or not, exactly. What is only known by its district, as official figures are,
is shared out: by the district's addresses where they have points, else by its area.
"""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from . import raster
from .programme import Programme

WHOLE, STATED, BY_ADDRESSES, BY_AREA, BY_POINT, BY_CUTS = (
    *("whole", "stated", "addresses", "area", "point", "cuts"),
)
"""How it is known what part of a district lies in an area: all of it does; ``programme.toml`` says
so; by addresses or area inside its polygon; by the point itself; by what became of a district."""

SLIVER_WIDTH_M = 1.0
"""A part this thin on average is the same border drawn twice, and no part."""

FEWEST_ADDRESSES = 20
"""With fewer of them, a district's addresses say less of it than its area does."""

COLUMNS = ["district_id", "area_id", "area_level", "name_de", "name_en", "share", "method"]
_PLACE = ["area_id", "area_level", "name_de", "name_en"]
HALF = 0.5
PLACED = ("businesses", "sites")
"""Tables whose rows may have a point; what happens to others happens at one of theirs."""


def memberships(
    programme: Programme,
    districts: gpd.GeoDataFrame,
    boroughs: pd.DataFrame | None = None,
    outlines: gpd.GeoDataFrame | None = None,
    addresses: gpd.GeoDataFrame | None = None,
    became: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Say which part of which district lies in which area.

    Parameters
    ----------
    programme : Programme
    districts : GeoDataFrame
        Those that are valid now.
    boroughs : DataFrame, optional
        ``borough_id`` and ``name``.
    outlines : GeoDataFrame, optional
        ``area_id`` and the polygon of each area that has one of its own.
    addresses : GeoDataFrame, optional
        ``district_id``, and points for those that have one.
    became : DataFrame, optional
        ``from_id``, ``to_id``, ``share``: what became of districts that are no longer there.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`: a row for each district as an area of its own, in its borough, in the
        city, and in each area of the programme. ``share`` is more than 0 and at most 1.
    """
    table = pd.DataFrame(districts[["district_id", "name", "borough_id"]])
    parts = [_members(table, "district", table["district_id"], table["name"])]
    if boroughs is not None:
        names = boroughs.set_index("borough_id")["name"]
        code = table["borough_id"]
        parts.append(_members(table, "borough", code, code.map(names)).dropna(subset="area_id"))
    parts.append(_members(table, "city", programme.city.id, programme.city.name))
    shape_of = {} if outlines is None else dict(zip(*_columns(outlines), strict=True))
    for area in programme.areas:
        inside = _members(table, area.level, area.id, area.name.de).assign(name_en=area.name.en)
        if area.geometry:
            share, method = _inside(shape_of[area.id], districts, addresses)
        else:
            share = table["district_id"].map(area.shares).fillna(0.0)
            method = STATED
        inside["share"] = share
        inside["method"] = np.where(share == 1, WHOLE, method)
        parts.append(inside[share > 0])
    known = pd.concat(parts, ignore_index=True)[COLUMNS]
    if became is None or became.empty:
        return known
    gone = became.merge(known, left_on="to_id", right_on="district_id", suffixes=("", "_now"))
    gone = gone.assign(district_id=gone["from_id"], share=gone["share"] * gone["share_now"])
    place = ["district_id", "area_level", "area_id"]
    names = gone.groupby(place, sort=False)[["name_de", "name_en"]].first()
    added = gone.groupby(place, sort=False)["share"].sum().clip(upper=1).round(12)
    gone = names.assign(share=added, method=BY_CUTS).reset_index()[COLUMNS]
    return pd.concat([known, gone], ignore_index=True)


def _columns(outlines: gpd.GeoDataFrame) -> tuple[pd.Series, gpd.GeoSeries]:
    """Give the codes of areas and their polygons."""
    return outlines["area_id"], outlines.geometry


def _members(
    districts: pd.DataFrame, level: str, area_id: pd.Series | str, name: pd.Series | str
) -> pd.DataFrame:
    """Say of whole districts to which area of a level they belong."""
    return districts[["district_id"]].assign(
        area_id=area_id, area_level=level, name_de=name, name_en=name, share=1.0, method=WHOLE
    )


def _inside(
    shape: shapely.Geometry, districts: gpd.GeoDataFrame, addresses: gpd.GeoDataFrame | None
) -> tuple[pd.Series, str]:
    """Measure which part of each district lies in a polygon, and say by what.

    A district's addresses are taken where every district that the outline divides has enough.
    """
    polygons = districts.geometry.to_numpy()
    inner, outer = shapely.intersection(polygons, shape), shapely.difference(polygons, shape)
    by_area = shapely.area(inner) / shapely.area(polygons)
    by_area = np.where(_is_sliver(inner), 0.0, np.where(_is_sliver(outer), 1.0, by_area))
    share = pd.Series(by_area, districts.index)
    divided = districts["district_id"][share.between(0, 1, inclusive="neither")]
    if addresses is None or divided.empty:
        return share, BY_AREA
    there = addresses[addresses.geometry.notna() & addresses["district_id"].isin(divided)]
    is_in = lie_in(there.geometry, shape)
    found = is_in.groupby(there["district_id"]).agg(["mean", "size"]).reindex(divided)
    if not (found["size"] >= FEWEST_ADDRESSES).all():
        return share, BY_AREA
    return share.mask(share.between(0, 1, inclusive="neither"), divided.map(found["mean"])), (
        BY_ADDRESSES
    )


def _is_sliver(shapes: np.ndarray) -> np.ndarray:
    """Tell which parts are so thin that they are none; their mean width is 2 × area / outline."""
    return 2 * shapely.area(shapes) <= SLIVER_WIDTH_M * shapely.length(shapes)


def lie_in(points: gpd.GeoSeries, shape: shapely.Geometry) -> pd.Series:
    """Tell which points lie in a polygon; those on its outline do.

    Parameters
    ----------
    points : GeoSeries of points, shape (n,)
        In the polygon's CRS; may be missing.
    """
    outline = gpd.GeoDataFrame({"district_id": ["in"]}, geometry=[shape], crs=points.crs)
    return raster.locate(points, outline).notna()


def placed(
    tables: Mapping[str, pd.DataFrame],
    areas: pd.DataFrame,
    outlines: gpd.GeoDataFrame,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Tell apart on which side of an area's outline things with a point lie.

    A district that an outline divides becomes several places: its parts inside and outside, in
    which what has a point lies, and the district itself, for what is known by its district only.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    areas : DataFrame
        As from :func:`memberships`.
    outlines : GeoDataFrame
        ``area_id`` and the polygon of each area that has one of its own.

    Returns
    -------
    tables : dict
        In those of :data:`PLACED`, ``district_id`` is the code of the place.
    areas : DataFrame
        With the members that these places are.
    """
    own = areas[areas["area_id"].isin(outlines["area_id"]) & (areas["area_level"] != "district")]
    divided = own[own["share"] < 1]
    # A district has a part outside also where no address of it lies inside.
    shape_of = outlines.set_index("area_id").geometry
    made, parts = dict(tables), []
    for name in PLACED:
        if name not in tables:
            continue
        table = tables[name]
        rows = table[table.geometry.notna() & table["district_id"].isin(divided["district_id"])]
        sides = pd.DataFrame({"district_id": rows["district_id"]})
        for code, shape in shape_of.items():
            crossed = divided.loc[divided["area_id"] == code, "district_id"]
            sides[code] = lie_in(rows.geometry, shape) & rows["district_id"].isin(crossed)
        sides["place"] = [
            _part(district, [code for code in shape_of.index if side[code]])
            for district, side in zip(rows["district_id"], sides.to_dict("records"), strict=True)
        ]
        parts.append(sides.drop_duplicates())
        made[name] = table.assign(
            district_id=table["district_id"].mask(
                table.index.isin(rows.index), sides["place"].reindex(table.index)
            )
        )
    if not parts:
        return made, areas
    found = pd.concat(parts).drop_duplicates(ignore_index=True)
    members = found[["district_id", "place"]].merge(areas, on="district_id")
    crossed = pd.MultiIndex.from_frame(divided[["district_id", "area_id"]])
    is_crossed = pd.MultiIndex.from_frame(members[["district_id", "area_id"]]).isin(crossed)
    is_crossed &= (members["area_level"] != "district").to_numpy()
    inside = found.melt(["district_id", "place"], shape_of.index, "area_id", "is_in")
    inside = inside[inside["is_in"].astype(bool)].merge(
        own[["area_id", "area_level", "name_de", "name_en"]].drop_duplicates(), on="area_id"
    )
    exact = inside.assign(share=1.0, method=BY_POINT)
    members = pd.concat([members[~is_crossed], exact]).assign(district_id=lambda m: m["place"])
    return made, pd.concat([areas, members[COLUMNS]], ignore_index=True)


def _part(district: str, inside: Sequence[str]) -> str:
    """Write the code of a district's part; no file has such a mark in a code."""
    return "\x1f".join([district, *inside, ""])


def composition(areas: pd.DataFrame) -> pd.DataFrame:
    """List areas, one row each, with what they are made of.

    Parameters
    ----------
    areas : DataFrame
        As from :func:`memberships`.

    Returns
    -------
    DataFrame
        ``area_id``, ``area_level``, ``name_de``, ``name_en``; ``districts`` such as ``01|02``,
        ``shares`` of them such as ``1|0.4``, and the ``method`` by which those below 1 are known,
        ``whole`` if there are none.
    """
    now = areas[areas["method"] != BY_CUTS]
    partly = now.assign(
        shares=now["share"].map("{:.6g}".format), method=now["method"].where(now["share"] < 1)
    )
    made_of = partly.groupby(_PLACE, sort=False, dropna=False).agg(
        districts=("district_id", "|".join), shares=("shares", "|".join), method=("method", "first")
    )
    return made_of.fillna({"method": WHOLE}).reset_index()


def mostly(composition: pd.DataFrame) -> list[str]:
    """Give the codes of the districts of which half or more lies in a programme area.

    Parameters
    ----------
    composition : DataFrame
        As from :func:`composition`.
    """
    own = composition[composition["area_level"] == "programme"]
    return sorted(
        {
            code
            for codes, shares in zip(own["districts"], own["shares"], strict=True)
            for code, share in zip(codes.split("|"), shares.split("|"), strict=True)
            if float(share) >= HALF
        }
    )


def outlined(
    areas: pd.DataFrame, districts: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """Draw the programme's areas: their own polygons, or the districts that they have a part of.

    Returns
    -------
    GeoDataFrame
        ``area_id``, ``area_level``, ``name_de``, ``name_en`` and the polygon.
    """
    of_programme = areas[areas["area_level"].isin(["programme", "comparison"])]
    of_programme = of_programme[of_programme["method"] != BY_CUTS]
    shape_of = {} if outlines is None else dict(zip(*_columns(outlines), strict=True))
    rows = []
    for place, members in of_programme.groupby(_PLACE, sort=False):
        drawn = districts.geometry[districts["district_id"].isin(members["district_id"])]
        shape = shape_of.get(place[0]) or shapely.union_all(drawn.to_numpy())
        rows.append([*place, shape])
    return gpd.GeoDataFrame(
        rows, columns=[*_PLACE, "geometry"], geometry="geometry", crs=districts.crs
    )


def outside(shape: shapely.Geometry, districts: gpd.GeoDataFrame) -> float:
    """Measure how much of a polygon lies in no district, as a share of it."""
    city = shapely.union_all(districts.geometry.to_numpy())
    return float(shapely.difference(shape, city).area / shape.area)
