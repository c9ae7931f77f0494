"""Whether districts resemble their neighbours: contiguity, Moran's I, local clusters, hot spots.

One rule for all functions: a district whose value is missing or suppressed is left out, and so is
one that then has no neighbour. The weights of the others are standardised again, nothing is filled
in, and the result says how many were left out, or shows them as such.

The statistics are those of PySAL's ``esda``. Its permutations are not used: it draws them from
numpy's global generator and reports the smaller tail, which is half a two-sided p-value.
"""

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .faults import DataError, some

if TYPE_CHECKING:
    from libpysal.graph import Graph

TOUCHING_M = 0.001
"""Districts whose borders are this near to each other touch."""

FEWEST_DISTRICTS = 4
"""Below, the variance of Moran's I is not defined."""

PERMUTATIONS = 9_999

USED, MISSING, ALONE = "used", "missing", "no neighbours"
CLUSTERS = ("HH", "LL", "HL", "LH")
"""A high value among high ones, low among low, and the two kinds of outliers: own value first."""
NOT_SIGNIFICANT = "not significant"


class _Usable(NamedTuple):
    """Districts that a statistic can use.

    Attributes
    ----------
    values : Series of float, n rows
        By ``district_id``.
    graph : Graph
        Of the same n districts by their position, each with at least one neighbour; binary.
    status : Series of str
        Of all districts: :data:`USED`, :data:`MISSING` or :data:`ALONE`.
    """

    values: pd.Series
    graph: "Graph"
    status: pd.Series


def neighbours(districts: gpd.GeoDataFrame, shortest_border_m: float = 0.0) -> pd.DataFrame:
    """List which districts are neighbours.

    By default two districts are neighbours if they share a border or a point ("queen"). A shortest
    border above 0 leaves out those that meet in points only ("rook").

    Parameters
    ----------
    districts : GeoDataFrame of polygons, n rows
        With ``district_id``, in metres.
    shortest_border_m : float
        Length of common border from which on districts count as neighbours.

    Returns
    -------
    DataFrame
        ``district_id``, ``neighbour_id`` and ``border_m``, the length of their common border; each
        pair in both directions, ordered. A district without neighbours has one row, in which
        ``neighbour_id`` is missing.

    Raises
    ------
    DataError
        If a district stands twice, or has no shape.
    """
    ordered = districts.sort_values("district_id", ignore_index=True)
    codes, shapes = ordered["district_id"].astype("str"), ordered.geometry.to_numpy()
    is_bad = codes.duplicated() | shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if is_bad.any():
        raise DataError(
            "districts: {codes} stand twice or have no shape. Give each district once, with its "
            "polygon.",
            codes=some(codes[is_bad]),
        )
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="dwithin", distance=TOUCHING_M)
    is_pair = first != second
    first, second = first[is_pair], second[is_pair]
    edges = shapely.boundary(shapes)
    border = shapely.length(shapely.intersection(edges[first], edges[second]))
    long = border >= shortest_border_m
    pairs = pd.DataFrame(
        {
            "district_id": codes.to_numpy()[first[long]],
            "neighbour_id": codes.to_numpy()[second[long]],
            "border_m": border[long],
        }
    )
    alone = pd.DataFrame({"district_id": codes[~codes.isin(pairs["district_id"])], "border_m": 0.0})
    listed = pd.concat([pairs.astype({"neighbour_id": "str"}), alone])
    return listed.sort_values(["district_id", "neighbour_id"], ignore_index=True)


def moran(
    values: pd.Series, neighbours: pd.DataFrame, *, seed: int, permutations: int = PERMUTATIONS
) -> pd.DataFrame:
    """Compute global Moran's I with row-standardised weights.

    I = Σᵢ zᵢ Σⱼ wᵢⱼ zⱼ / Σᵢ zᵢ², with z the deviations from the mean and Σⱼ wᵢⱼ = 1. For rates of
    districts of unequal size give :func:`ostwerk_analysis.rates.standardised`.

    Parameters
    ----------
    values : Series of float
        By ``district_id``. Districts that are not in it count as missing.
    neighbours : DataFrame
        As of :func:`neighbours`.
    seed : int
        Of the permutations: the same seed gives the same p-value.
    permutations : int
        How often all values are dealt anew to all districts.

    Returns
    -------
    DataFrame, one row
        ``moran_i``, ``expected_i``, its ``variance`` under randomisation, ``z``; ``p_normal`` and
        ``p_permutation``, both two-sided; ``permutations``, ``seed``; ``n`` districts used,
        ``n_missing`` and ``n_without_neighbours`` left out.

    Raises
    ------
    DataError
        If a code is not in ``neighbours``, fewer than four districts can be used, or all values
        are the same.

    References
    ----------
    Cliff, A. D. and Ord, J. K. (1981). Spatial Processes. Pion, pp. 17-21, 63-66.
    """
    from esda.moran import Moran

    used = _usable(values, neighbours)
    found = Moran(used.values.to_numpy(), used.graph, permutations=0)
    weights = used.graph.transform("r").sparse
    z = (used.values - used.values.mean()).to_numpy()
    dealt = np.random.default_rng(seed).permuted(np.tile(z, (permutations, 1)), axis=1).T
    simulated = (dealt * (weights @ dealt)).sum(axis=0) / (z @ z)
    count = used.status.value_counts()
    row = {
        "moran_i": found.I,
        "expected_i": found.EI,
        "variance": found.VI_rand,
        "z": found.z_rand,
        "p_normal": found.p_rand,
        "p_permutation": _two_sided(found.I, simulated),
        "permutations": permutations,
        "seed": seed,
        "n": len(z),
        "n_missing": int(count.get(MISSING, 0)),
        "n_without_neighbours": int(count.get(ALONE, 0)),
    }
    return pd.DataFrame([row])


def local_clusters(
    values: pd.Series,
    neighbours: pd.DataFrame,
    *,
    seed: int,
    permutations: int | None = None,
    false_discovery_rate: float = 0.05,
) -> pd.DataFrame:
    """Find districts that resemble their neighbours more, or less, than chance would have it.

    Local Moran: Iᵢ = (n - 1) zᵢ Σⱼ wᵢⱼ zⱼ / Σⱼ zⱼ², weights row-standardised. Chance is what comes
    out when a district keeps its value and its neighbours' are drawn from all others. As many
    districts are tested at once, the p-values are adjusted to the rate of false discoveries.

    Parameters
    ----------
    values, neighbours, seed
        As for :func:`moran`.
    permutations : int, optional
        Draws for each district. By default 9,999, or as many more as it takes that one district
        alone could be found significant.
    false_discovery_rate : float
        Share of the clusters found that may be false ones.

    Returns
    -------
    DataFrame, one row for each district in ``neighbours``
        ``district_id``, ``value``, ``neighbours_mean``, ``n_neighbours`` with a value,
        ``local_i``, ``p`` (two-sided), ``p_adjusted``, and ``cluster``: one of :data:`CLUSTERS`,
        :data:`NOT_SIGNIFICANT`, or why it was left out, :data:`MISSING` or :data:`ALONE`.

    Raises
    ------
    DataError
        As :func:`moran`, and if the permutations are too few.

    References
    ----------
    Anselin, L. (1995). Local indicators of spatial association. Geographical Analysis 27, 93-115.
    Benjamini, Y. and Hochberg, Y. (1995). Journal of the Royal Statistical Society B 57, 289-300.
    Caldas de Castro, M. and Singer, B. H. (2006). Geographical Analysis 38, 180-208.
    """
    from esda.moran import Moran_Local

    used = _usable(values, neighbours)
    table = _tested(used, seed, permutations, false_discovery_rate)
    table["local_i"] = Moran_Local(used.values.to_numpy(), used.graph, permutations=0).Is
    mean = used.values.mean()
    own = np.where(table["value"] > mean, "H", "L")
    around = np.where(table["neighbours_mean"] > mean, "H", "L")
    is_found = table["p_adjusted"] <= false_discovery_rate
    kind = np.where(is_found, np.char.add(own, around), NOT_SIGNIFICANT)
    table["cluster"] = pd.Series(kind, table.index, dtype="str")
    return _with_left_out(table, used, values, "local_i", "cluster")


def hot_spots(
    values: pd.Series,
    neighbours: pd.DataFrame,
    *,
    seed: int,
    with_itself: bool = True,
    permutations: int | None = None,
    false_discovery_rate: float = 0.05,
) -> pd.DataFrame:
    """Find where high or low values gather: Getis-Ord Gi* or, without the district itself, Gi.

    ``gi_z`` is the standard deviate of the sum of values around a district, for binary weights: for
    row-standardised ones ``esda`` takes a variance that ignores the number of neighbours.

    Parameters
    ----------
    values, neighbours, seed, permutations, false_discovery_rate
        As for :func:`local_clusters`; values may not be negative.
    with_itself : bool
        Whether the district's own value counts: Gi*, else Gi. The permutations leave it in its
        place, so the p-values are the same.

    Returns
    -------
    DataFrame, one row for each district in ``neighbours``
        As of :func:`local_clusters`, with ``gi_z`` and ``spot``: "hot", "cold",
        :data:`NOT_SIGNIFICANT`, :data:`MISSING` or :data:`ALONE`.

    Raises
    ------
    DataError
        As :func:`local_clusters`, and if a value is negative.

    References
    ----------
    Ord, J. K. and Getis, A. (1995). Geographical Analysis 27, 286-306.
    """
    from esda.getisord import G_Local

    used = _usable(values, neighbours)
    if (is_negative := used.values < 0).any():
        raise DataError(
            "hot spots: the values of {codes} are negative, and sums of them have no meaning here. "
            "Use local clusters.",
            codes=some(used.values.index[is_negative]),
        )
    table = _tested(used, seed, permutations, false_discovery_rate)
    # As floats: esda multiplies counts and overflows.
    y = used.values.to_numpy(dtype=float)
    table["gi_z"] = G_Local(y, used.graph, transform="B", permutations=0, star=with_itself).Zs
    spot = np.where(table["neighbours_mean"] > used.values.mean(), "hot", "cold")
    is_found = table["p_adjusted"] <= false_discovery_rate
    table["spot"] = pd.Series(np.where(is_found, spot, NOT_SIGNIFICANT), table.index, dtype="str")
    return _with_left_out(table, used, values, "gi_z", "spot")


def _usable(values: pd.Series, neighbours: pd.DataFrame) -> _Usable:
    """Leave out districts without a value, and then those without a neighbour."""
    from libpysal.graph import Graph

    values = aligned(values, neighbours).astype(float)
    pairs = neighbours.dropna(subset="neighbour_id")
    known = values.index[values.notna()]
    both = pairs["district_id"].isin(known) & pairs["neighbour_id"].isin(known)
    pairs = pairs[both]
    is_alone = values.notna() & ~values.index.isin(pairs["district_id"])
    status = pd.Series(USED, values.index, dtype="str")
    status = status.mask(values.isna(), MISSING).mask(is_alone, ALONE)
    used = values[status == USED]
    if len(used) < FEWEST_DISTRICTS:
        raise DataError(
            "{n} districts have a value and a neighbour that has one, too few: at least {least} "
            "are needed.",
            n=len(used),
            least=FEWEST_DISTRICTS,
        )
    if np.ptp(used) <= 1e-12 * np.abs(used).max():
        raise DataError(
            "All {n} districts have the same value, {value}: there is no pattern to look for.",
            n=len(used),
            value=float(used.iloc[0]),
        )
    position = {
        column: used.index.get_indexer(pairs[column]) for column in ("district_id", "neighbour_id")
    }
    graph = Graph.from_arrays(
        position["district_id"], position["neighbour_id"], np.ones(len(pairs))
    )
    return _Usable(used, graph, status)


def aligned(values: pd.Series, neighbours: pd.DataFrame) -> pd.Series:
    """Bring values into the order of the districts in ``neighbours``, missing where there is none.

    Raises
    ------
    DataError
        If a code is unknown or stands twice, a value is infinite, or ``neighbours`` names a pair
        in one direction only.
    """
    codes = pd.Index(neighbours["district_id"].unique(), name="district_id")
    is_bad = ~values.index.isin(codes) | values.index.duplicated()
    is_bad |= np.isinf(values.to_numpy(dtype=float, na_value=np.nan))
    if is_bad.any():
        raise DataError(
            "The values of {codes} cannot be used: their code is not among the districts or stands "
            "twice, or the value is infinite. Give one number for each district.",
            codes=some(values.index[is_bad]),
        )
    pairs = neighbours.dropna(subset="neighbour_id")
    there = pd.MultiIndex.from_frame(pairs[["district_id", "neighbour_id"]])
    back = pd.MultiIndex.from_frame(pairs[["neighbour_id", "district_id"]])
    if not back.isin(there).all():
        raise DataError(
            "neighbours: {codes} are neighbours in one direction only. Give each pair in both.",
            codes=some(" – ".join(pair) for pair in back[~back.isin(there)]),
        )
    return values.reindex(codes)


def _tested(used: _Usable, seed: int, permutations: int | None, rate: float) -> pd.DataFrame:
    """Test each district's neighbours against draws from all others."""
    from scipy.stats import false_discovery_control

    n = len(used.values)
    # The smallest p-value that can come out is 2 / (permutations + 1), and the largest that one
    # district alone may have, rate / n.
    least = int(np.ceil(2 * n / rate)) - 1
    permutations = max(PERMUTATIONS, least) if permutations is None else permutations
    if permutations < least:
        raise DataError(
            "{permutations} permutations are too few: among {n} districts one alone could never be "
            "significant at {rate}. Take at least {least}.",
            permutations=permutations,
            n=n,
            rate=rate,
            least=least,
        )
    z = (used.values - used.values.mean()).to_numpy()
    number = used.graph.cardinalities.to_numpy()
    around = used.graph.transform("r").sparse @ z
    rng = np.random.default_rng(seed)
    # The same draws for every district, from the n - 1 that are not itself.
    places = np.tile(np.arange(n - 1, dtype=np.int32), (permutations, 1))
    drawn = rng.permuted(places, axis=1)[:, : number.max()]
    p = [
        _two_sided(z[i] * around[i], z[i] * np.delete(z, i)[drawn[:, : number[i]]].mean(axis=1))
        for i in range(n)
    ]
    return pd.DataFrame(
        {
            "value": used.values,
            "neighbours_mean": around + used.values.mean(),
            "n_neighbours": number,
            "p": p,
            "p_adjusted": false_discovery_control(p, method="bh"),
        },
        index=used.values.index,
    )


def _two_sided(observed: float, simulated: np.ndarray) -> float:
    """Give the two-sided p-value of a permutation test: twice the smaller tail.

    The observed value is one of the permutations, so p is never 0 (Davison and Hinkley 1997,
    Bootstrap Methods and their Application, section 4.3).
    """
    slack = 1e-9 * np.abs(simulated).max(initial=0)  # what is the same but for rounding is a tie
    above = int((simulated >= observed - slack).sum())
    below = int((simulated <= observed + slack).sum())
    return min(1.0, 2 * (1 + min(above, below)) / (len(simulated) + 1))


def _with_left_out(
    table: pd.DataFrame, used: _Usable, values: pd.Series, statistic: str, kind: str
) -> pd.DataFrame:
    """Add the districts that were left out, with the reason in the place of the result."""
    every = table.reindex(used.status.index)
    every["value"] = values.reindex(used.status.index).astype(float)
    every["n_neighbours"] = every["n_neighbours"].astype("Int64")
    every[kind] = every[kind].where(used.status == USED, used.status).astype("str")
    columns = ["value", "neighbours_mean", "n_neighbours", statistic, "p", "p_adjusted", kind]
    return every[columns].reset_index()
