"""Where things are: metric coordinates, points in districts, districts in areas."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from . import raster
from .faults import DataError

WGS84 = "EPSG:4326"


def metric(crs: str) -> CRS:
    """Check that a coordinate system measures in metres.

    Raises
    ------
    DataError
        If it is unknown, no projection, or measures in degrees or feet.
    """
    try:
        found = CRS.from_user_input(crs)
    except CRSError as error:
        raise DataError(
            "programme.toml: crs {crs!r} is not known ({error}). Write a code such as EPSG:25833.",
            crs=crs,
            error=str(error).splitlines()[0],
        ) from None
    if not found.is_projected or found.axis_info[0].unit_name != "metre":
        raise DataError(
            "programme.toml: crs {crs} is not a projection in metres, its unit is the {unit}. "
            "Write a metric one such as EPSG:25833.",
            crs=crs,
            unit=found.axis_info[0].unit_name,
        )
    return found


def points(lon: pd.Series, lat: pd.Series, crs: str) -> gpd.GeoSeries:
    """Make metric points from degrees; missing where a coordinate is."""
    known = (lon.notna() & lat.notna()).to_numpy()
    made = np.full(len(lon), None, dtype=object)
    to_metres = Transformer.from_crs(WGS84, crs, always_xy=True)
    made[known] = shapely.points(*to_metres.transform(lon[known].to_numpy(), lat[known].to_numpy()))
    return gpd.GeoSeries(made, index=lon.index, crs=crs)


def locate(places: gpd.GeoSeries, districts: gpd.GeoDataFrame) -> pd.Series:
    """Find the district of each point.

    A point on a border goes to the district with the lowest code, so that the answer does not
    depend on the order of the file.

    Parameters
    ----------
    places : GeoSeries of points, shape (n,)
        In the districts' CRS; may be missing.
    districts : GeoDataFrame, m rows
        With ``district_id``; where they have ``valid_to`` too, only the latest cut is looked at.

    Returns
    -------
    Series of str, shape (n,)
        Code of the district; missing where there is no point or it lies in no district.
    """
    return raster.locate(places, latest(districts))


def latest(districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out districts that are no longer valid while others are."""
    if "valid_to" not in districts or districts["valid_to"].isna().all():
        return districts
    last = districts["valid_to"]
    return districts[last.isna() if last.isna().any() else last == last.max()]


def exchanged(lon: pd.Series, lat: pd.Series, districts: gpd.GeoDataFrame) -> pd.Series:
    """Tell which points lie in a district if longitude and latitude are exchanged.

    Parameters
    ----------
    lon, lat : Series of float, shape (n,)
        In degrees, of points that lie in no district as they are.

    Returns
    -------
    Series of bool, shape (n,)
    """
    places = points(lat.where(lat.abs() <= 180), lon.where(lon.abs() <= 90), str(districts.crs))
    return locate(places, districts).notna()


def as_points(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Take the point out of a multipoint that has one only, as Shapefile tools write them."""
    given = shapes.to_numpy()
    is_one = (shapely.get_type_id(given) == 4) & (shapely.get_num_geometries(given) == 1)
    if not is_one.any():
        return shapes
    single = given.copy()
    single[is_one] = shapely.get_geometry(given[is_one], 0)
    return gpd.GeoSeries(single, shapes.index, crs=shapes.crs)


def containing(inner: gpd.GeoDataFrame, outer: gpd.GeoDataFrame, code: str) -> pd.Series:
    """Find the outer polygon in which most of each inner one lies, the lowest code in a tie.

    Parameters
    ----------
    inner, outer : GeoDataFrame
        Polygons in one CRS.
    code : str
        Column of ``outer`` to give.

    Returns
    -------
    Series of str, shape (n,)
        Missing where the two do not overlap.
    """
    ordered = outer.sort_values(code, ignore_index=True)
    inside, around = inner.geometry.to_numpy(), ordered.geometry.to_numpy()
    pairs = shapely.STRtree(around).query(inside)
    overlap = shapely.area(shapely.intersection(inside[pairs[0]], around[pairs[1]]))
    table = pd.DataFrame({"inner": pairs[0], "outer": pairs[1], "area": overlap})
    found = table[table["area"] > 0].sort_values(["area", "outer"], ascending=[False, True])
    largest = found.groupby("inner")["outer"].first()
    codes = ordered[code].take(largest).set_axis(largest.index)
    return codes.reindex(range(len(inner))).set_axis(inner.index).astype("str")
