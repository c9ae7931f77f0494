"""How far it is to the nearest site, and what lies within reach: by foot, or in a straight line.

A catchment is made of places: small pieces of districts, each with its share of what the district
has. Where a district's addresses have points they are the places, else a fine grid of points, which
takes what a district has to be spread evenly over it. Distances run along a walking network where
there is one. ``pandana``, made for such questions, does not build for the Python versions that are
supported here; ``networkx`` is quick enough for the sites of a city.
"""

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from . import geo, raster
from .faults import DataError, some

if TYPE_CHECKING:
    from networkx import Graph

WITHIN_M = (500, 1000)
"""Distances within which a place is near a site: some seven and fourteen minutes on foot."""

NEAREST = "nearest"
"""The catchment of what has no nearer site, however far that is."""

EVENLY, BY_ADDRESSES, PARTLY = "evenly", "addresses", "partly"
NOTES = {
    ("line", EVENLY): "in a straight line; spread evenly over each district",
    ("line", BY_ADDRESSES): "in a straight line; spread over each district's addresses",
    ("line", PARTLY): "in a straight line; spread over addresses where they are known, else evenly",
    ("walk", EVENLY): "by a walking network; spread evenly over each district",
    ("walk", BY_ADDRESSES): "by a walking network; spread over each district's addresses",
    ("walk", PARTLY): "by a walking network; spread over addresses where they are known, else "
    "evenly",
    ("line", ""): "in a straight line",
    ("walk", ""): "by a walking network",
}
"""Kind of distance and how districts are spread = what ``quality_note`` says."""

GRID_M = 25.0
"""Between two points of a district whose addresses are not known."""

FEWEST_ADDRESSES = 50
"""With fewer of them, a district's addresses say less of where people live than its area does."""

SNAP_LIMIT_M = 200.0
"""Farther from the nearest node of the network, a place cannot be reached."""

SHORTER_BY = 0.9
"""An edge that is so much shorter than the straight line is not measured in metres."""

OUTLINE_RATIO = 0.25
"""How closely the outline of a walking catchment follows its paths: 0 closely, 1 not at all."""


class Network(NamedTuple):
    """A walking network.

    Attributes
    ----------
    graph : networkx.Graph
        Nodes are numbered from 0; ``length_m`` of each edge. Of several edges between two nodes
        the shortest.
    xy : ndarray of float, shape (n, 2)
        The nodes' coordinates in metres.
    """

    graph: "Graph"
    xy: np.ndarray


class Reach(NamedTuple):
    """The sites that have a point, and how far it is to them.

    Attributes
    ----------
    sites : GeoDataFrame, m rows
        Ordered by ``site_id``.
    network : Network or None
        None where distances are straight lines.
    node_m : ndarray of float, shape (n, m)
        From each node of the network to each site, the way to the site's own node included;
        infinite where no path leads. Empty without a network.
    """

    sites: gpd.GeoDataFrame
    network: Network | None
    node_m: np.ndarray


class Catchments(NamedTuple):
    """All places of a city, and how far each is from each site.

    Attributes
    ----------
    reach : Reach
        Of m sites.
    places : DataFrame, n rows
        As of :func:`places`.
    metres : ndarray of float, shape (n, m)
        As of :func:`distances`.
    """

    reach: Reach
    places: pd.DataFrame
    metres: np.ndarray


def measured(
    sites: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    addresses: gpd.GeoDataFrame | None = None,
    edges: pd.DataFrame | None = None,
    nodes: pd.DataFrame | None = None,
) -> Catchments:
    """Measure how far all places of a city are from its sites.

    Parameters
    ----------
    sites, districts, addresses, edges, nodes : DataFrame
        The tables of a programme; those with shapes in one metric CRS. Without edges, distances
        are straight lines.

    Raises
    ------
    DataError
        As :func:`network` and :func:`reach`.
    """
    walked = None if edges is None or edges.empty else network(edges, nodes, str(sites.crs))
    found, divided = reach(sites, walked), places(districts, addresses)
    return Catchments(found, divided, distances(divided[["x", "y"]].to_numpy(), found))


def network(edges: pd.DataFrame, nodes: pd.DataFrame | None, crs: str) -> Network:
    """Make a walking network of its tables.

    Parameters
    ----------
    edges : DataFrame
        ``from_id``, ``to_id``, ``length_m``; ``from_lon``, ``from_lat``, ``to_lon`` and ``to_lat``
        where there are no nodes.
    nodes : DataFrame or None
        ``node_id``, ``lon``, ``lat``. Nodes without an edge are left out: nobody gets on there.
    crs : str
        The metric system to measure in.

    Raises
    ------
    DataError
        If an end of an edge has no coordinates, or most edges are shorter than the straight line
        between their ends, so that they are measured in something else than metres.
    """
    from networkx import Graph

    if nodes is None:
        ends = [
            edges[[f"{end}_id", f"{end}_lon", f"{end}_lat"]].set_axis(
                ["node_id", "lon", "lat"], axis=1
            )
            for end in ("from", "to")
        ]
        nodes = pd.concat(ends).drop_duplicates("node_id")
    number, codes = pd.factorize(pd.concat([edges["from_id"], edges["to_id"]]), sort=True)
    placed = nodes.set_index("node_id").reindex(codes)
    lost = placed["lon"].isna() | placed["lat"].isna()
    if lost.any():
        raise DataError(
            "network_edges: the nodes {codes} have no coordinates. Give the table network_nodes, "
            "or from_lon, from_lat, to_lon and to_lat of each edge.",
            codes=some(codes[lost]),
        )
    xy = shapely.get_coordinates(geo.points(placed["lon"], placed["lat"], crs).to_numpy())
    first, second = number.reshape(2, -1)
    length = edges["length_m"].to_numpy(dtype=float)
    straight = np.hypot(*(xy[first] - xy[second]).T)
    too_short = length < SHORTER_BY * straight - 1
    if 2 * too_short.sum() > len(length):
        worst = edges.iloc[int(np.argmax(straight - length))]
        raise DataError(
            "network_edges: {count} of {all} edges are shorter than the straight line between "
            "their ends, such as {first} – {second} of {length:g} m. Give length_m in metres.",
            count=int(too_short.sum()),
            all=len(length),
            first=worst["from_id"],
            second=worst["to_id"],
            length=float(worst["length_m"]),
        )
    pairs = np.sort(np.column_stack([first, second]), axis=1)
    order = np.lexsort((length, pairs[:, 1], pairs[:, 0]))
    pairs, length = pairs[order], length[order]
    is_first = np.r_[True, (pairs[1:] != pairs[:-1]).any(axis=1)]
    graph = Graph()
    graph.add_nodes_from(range(len(codes)))
    graph.add_weighted_edges_from(
        zip(*pairs[is_first].T.tolist(), length[is_first].tolist(), strict=True), weight="length_m"
    )
    return Network(graph, xy)


def reach(
    sites: gpd.GeoDataFrame, network: Network | None = None, snap_limit_m: float = SNAP_LIMIT_M
) -> Reach:
    """Prepare to measure how far it is to sites.

    Parameters
    ----------
    sites : GeoDataFrame
        ``site_id`` and a point in the network's CRS; those without a point are left out.
    network : Network, optional
        Without one, distances are straight lines.
    snap_limit_m : float
        Largest distance from a site to the nearest node.

    Raises
    ------
    DataError
        If a site lies farther from the network: it is of another place, or has a hole there.
    """
    has_point = sites.geometry.notna() & ~sites.geometry.is_empty
    placed = sites[has_point].sort_values("site_id", ignore_index=True)
    if network is None:
        return Reach(placed, None, np.empty((0, len(placed))))
    from networkx import single_source_dijkstra_path_length

    way, node = _snapped(coordinates(placed.geometry), network)
    if (is_far := way > snap_limit_m).any():
        raise DataError(
            "sites: {codes} lie more than {limit:g} m from the nearest node of the walking network "
            "({way:g} m). Take a network of the whole city, or correct the points.",
            codes=some(placed["site_id"][is_far]),
            limit=snap_limit_m,
            way=float(way.max().round()),
        )
    node_m = np.full((len(network.xy), len(placed)), np.inf)
    for column, (start, first_m) in enumerate(zip(node.tolist(), way, strict=True)):
        lengths = single_source_dijkstra_path_length(network.graph, start, weight="length_m")
        node_m[list(lengths), column] = np.fromiter(lengths.values(), float) + first_m
    return Reach(placed, network, node_m)


def distances(xy: np.ndarray, reach: Reach, snap_limit_m: float = SNAP_LIMIT_M) -> np.ndarray:
    """Measure how far it is from places to sites.

    Parameters
    ----------
    xy : ndarray of float, shape (n, 2)
        Coordinates of places in the sites' CRS, see :func:`coordinates`; NaN where not known.
    reach : Reach
        Of m sites.
    snap_limit_m : float
        A place farther from the nearest node than this cannot be reached.

    Returns
    -------
    ndarray of float, shape (n, m), in metres
        Over a network: from the place straight to the nearest node, along the paths, and from the
        site's nearest node straight to the site. Infinite where it cannot be reached, NaN where a
        place is not known.
    """
    if reach.network is None:
        return np.hypot(*(xy[:, None] - coordinates(reach.sites.geometry)).transpose(2, 0, 1))
    way, node = _snapped(xy, reach.network)
    found = reach.node_m[node] + np.where(way > snap_limit_m, np.inf, way)[:, None]
    return np.where(np.isnan(way)[:, None], np.nan, found)


def _snapped(xy: np.ndarray, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest node of each point: how far it is, and its number."""
    from scipy.spatial import cKDTree

    is_known = np.isfinite(xy).all(axis=1)
    way, node = np.full(len(xy), np.nan), np.zeros(len(xy), dtype=np.intp)
    way[is_known], node[is_known] = cKDTree(network.xy).query(xy[is_known])
    return way, node


def coordinates(points: gpd.GeoSeries) -> np.ndarray:
    """Give coordinates of points, shape (n, 2); NaN where there is none."""
    shapes = points.to_numpy()
    return np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])


def places(
    districts: gpd.GeoDataFrame,
    addresses: gpd.GeoDataFrame | None = None,
    grid_m: float = GRID_M,
) -> pd.DataFrame:
    """Divide districts into places, each with its share of what its district has.

    Parameters
    ----------
    districts : GeoDataFrame
        ``district_id`` and polygon, in metres.
    addresses : GeoDataFrame, optional
        ``district_id``, and points where they are known. A district with at least
        :data:`FEWEST_ADDRESSES` of them is its addresses, each with the same share.
    grid_m : float
        Between the points of the other districts. With 25 m, what lies within 500 m of a site is
        exact to about a hundredth.

    Returns
    -------
    DataFrame
        ``district_id``, ``x``, ``y``, ``is_address`` and ``share``: those of a district add up
        to 1.
    """
    known = geo.latest(districts)
    parts = []
    if addresses is not None:
        there = addresses[addresses.geometry.notna() & addresses["district_id"].notna()]
        there = there[there["district_id"].isin(known["district_id"])]
        size = there.groupby("district_id")["district_id"].transform("size")
        enough = there[size >= FEWEST_ADDRESSES]
        parts.append(_at(enough["district_id"], coordinates(enough.geometry), True))
        known = known[~known["district_id"].isin(enough["district_id"])]
    if len(known):
        left, bottom, right, top = known.total_bounds
        x = np.arange(np.floor(left / grid_m) + 0.5, np.ceil(right / grid_m)) * grid_m
        y = np.arange(np.floor(bottom / grid_m) + 0.5, np.ceil(top / grid_m)) * grid_m
        xy = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
        district = raster.locate_xy(xy[:, 0], xy[:, 1], known)
        inside = district.notna()
        parts.append(_at(district[inside], xy[inside], False))
        small = known[~known["district_id"].isin(district.unique())]  # between the points
        inner = coordinates(small.representative_point())
        parts.append(_at(small["district_id"], inner, False))
    made = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return made.assign(share=1 / made.groupby("district_id")["district_id"].transform("size"))


def _at(codes: pd.Series, xy: np.ndarray, is_address: bool) -> pd.DataFrame:
    columns = {"x": xy[:, 0], "y": xy[:, 1], "is_address": is_address}
    return pd.DataFrame({"district_id": codes.astype("str").array} | columns)


def catchment(metres: np.ndarray, is_open: np.ndarray, within_m: float | None) -> np.ndarray:
    """Tell which places lie in the catchments of the sites that are open.

    Parameters
    ----------
    metres : ndarray of float, shape (n, m)
        As of :func:`distances`.
    is_open : ndarray of bool, shape (m,)
        Sites that are closed have no catchment, and are nobody's nearest.
    within_m : float or None
        A place at just this distance is in. None: each place is in the catchment of its nearest
        site, of the one with the lowest code in a tie.

    Returns
    -------
    ndarray of bool, shape (n, m)
        A place may be in several catchments within a distance, and in one only by nearest site.
    """
    there = np.where(is_open & np.isfinite(metres), metres, np.inf)
    if within_m is not None:
        return there <= within_m
    is_in = np.zeros(there.shape, dtype=bool)
    if there.shape[1]:
        nearest = there.argmin(axis=1)
        is_in[np.arange(len(there)), nearest] = np.isfinite(there.min(axis=1))
    return is_in


def district_shares(
    district: np.ndarray, share: np.ndarray, is_in: np.ndarray, districts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Add up which part of each district lies in each catchment, and in any of them.

    Parameters
    ----------
    district : ndarray of int, shape (n,)
        Number of the district of each place, from 0.
    share : ndarray of float, shape (n,)
        Of the place in what its district has.
    is_in : ndarray of bool, shape (n, m)
        As of :func:`catchment`.
    districts : int
        How many there are, k.

    Returns
    -------
    by_site : ndarray of float, shape (k, m)
    by_any : ndarray of float, shape (k,)
        What lies in several catchments counts once.
    """
    place, site = np.nonzero(is_in)
    sites, there = is_in.shape[1], is_in.any(axis=1)
    by_site = np.bincount(district[place] * sites + site, share[place], districts * sites)
    by_any = np.bincount(district[there], share[there], districts)
    # Sums of many equal shares are 1 but for their last digits.
    return by_site.reshape(districts, sites).round(12), by_any.round(12)


def outlines(reach: Reach, within_m: float) -> gpd.GeoSeries:
    """Draw the catchment of each site: a circle, or what can be reached along the network.

    Parameters
    ----------
    reach : Reach
        Of m sites.
    within_m : float

    Returns
    -------
    GeoSeries of polygons, shape (m,)
        By ``site_id``. Over a network the concave hull of the paths as far as they can be walked,
        for the eye only: what counts is the distance of each place.
    """
    codes = pd.Index(reach.sites["site_id"], name="site_id")
    points = reach.sites.geometry
    if reach.network is None:
        return gpd.GeoSeries(
            points.buffer(within_m, quad_segs=32).to_numpy(), codes, crs=points.crs
        )
    edges = np.array(list(reach.network.graph.edges(data="length_m")), dtype=float).reshape(-1, 3)
    first, second = edges[:, :2].astype(int).T
    xy, length = reach.network.xy, edges[:, 2]
    hulls = []
    for site, point in enumerate(points):
        left = within_m - reach.node_m[:, site]  # metres that can still be walked from a node
        ends = [xy[left >= 0], np.array([[point.x, point.y]])]
        for here, there in ((first, second), (second, first)):
            is_cut = (left[here] > 0) & (left[there] < 0) & (length > 0)
            part = np.minimum(left[here][is_cut] / length[is_cut], 1)[:, None]
            ends.append(xy[here][is_cut] * (1 - part) + xy[there][is_cut] * part)
        hull = shapely.concave_hull(shapely.multipoints(np.vstack(ends)), ratio=OUTLINE_RATIO)
        hulls.append(hull if hull.geom_type == "Polygon" else hull.buffer(1))
    return gpd.GeoSeries(hulls, codes, crs=points.crs)
