import geopandas as gpd
import libpysal
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from ostwerk_analysis import rates, spatial
from ostwerk_analysis.faults import DataError

CRS = "EPSG:25833"


def grid(columns, rows):
    """Squares of 1 km², numbered from the south-west by rows."""
    shapes = [
        shapely.box(1000 * x, 1000 * y, 1000 * x + 1000, 1000 * y + 1000)
        for y in range(rows)
        for x in range(columns)
    ]
    codes = [f"{number:02d}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"district_id": codes}, geometry=shapes, crs=CRS)


def values(areas, numbers):
    return pd.Series(np.asarray(numbers, dtype=float), pd.Index(areas["district_id"]))


def example(name, code):
    """Give a data set that comes with libpysal, by text codes."""
    areas = gpd.read_file(libpysal.examples.get_path(f"{name}.shp")).set_crs(CRS)
    return areas.assign(district_id=areas[code].astype(int).astype(str).str.zfill(3))


def pairs_of(gal):
    """Read neighbours from a GAL file that comes with libpysal."""
    lines = libpysal.io.open(libpysal.examples.get_path(gal)).read()
    rows = [(str(one), str(other)) for one in lines.id_order for other in lines[one]]
    return pd.DataFrame(rows, columns=["district_id", "neighbour_id"])


@pytest.fixture(scope="module")
def columbus():
    return example("columbus", "POLYID")


@pytest.fixture(scope="module")
def crime(columbus):
    """Burglaries and thefts of vehicles per 1,000 households, 1980."""
    return values(columbus, columbus["CRIME"])


@pytest.fixture(scope="module")
def around(columbus):
    return spatial.neighbours(columbus)


# Held to published numbers


def test_neighbours_of_columbus_are_those_of_its_gal_file(around):
    # columbus.gal, written by GeoDa: queen contiguity, 236 links.
    published = pairs_of("columbus.gal")
    found = {(int(a), int(b)) for a, b in around[["district_id", "neighbour_id"]].to_numpy()}
    assert found == {(int(a), int(b)) for a, b in published.to_numpy()}
    assert len(around) == 236


def test_moran_of_crime_in_columbus(crime, around):
    # R package spdep, moran.test(columbus$CRIME, nb2listw(col.gal.nb)), as in its users' notes:
    # standard deviate 5.5894, p-value (one-sided) 1.139e-08, 0.500188557 -0.020833333 0.008689289.
    found = spatial.moran(crime, around, seed=1).iloc[0]
    assert found["moran_i"] == pytest.approx(0.500188557, abs=5e-10)
    assert found["expected_i"] == pytest.approx(-0.020833333, abs=5e-10)
    assert found["variance"] == pytest.approx(0.008689289, abs=5e-10)
    assert found["z"] == pytest.approx(5.5894, abs=5e-5)
    assert found["p_normal"] == pytest.approx(2 * 1.139e-08, rel=5e-4)
    assert found["p_permutation"] == pytest.approx(2 / 10_000)
    assert found[["n", "n_missing", "n_without_neighbours"]].tolist() == [49, 0, 0]


def test_moran_of_homicides_around_st_louis():
    # PySAL esda, test_moran: 0.24365582621771659; its docstring: expected -0.012987012987.
    rate = libpysal.io.open(libpysal.examples.get_path("stl_hom.txt")).by_col["HR8893"]
    neighbours = pairs_of("stl.gal")
    found = spatial.moran(pd.Series(rate, [str(k) for k in range(1, 79)]), neighbours, seed=1).iloc[
        0
    ]
    assert found["moran_i"] == pytest.approx(0.24365582621771659, abs=1e-12)
    assert found["expected_i"] == pytest.approx(-1 / 77)


def test_moran_of_infant_deaths_in_north_carolina():
    # PySAL esda, test_moran, replicating GeoDa: 0.24772519320480135 of the rates of 1974, and
    # 0.16622343552567395 of those of 1979, standardised by empirical Bayes, p (one-sided) 0.0042.
    counties, neighbours = example("sids2", "FIPSNO"), pairs_of("sids2.gal")
    found = spatial.moran(values(counties, counties["SIDR74"]), neighbours, seed=1)
    assert found["moran_i"].item() == pytest.approx(0.24772519320480135, abs=1e-12)
    standard = rates.standardised(
        values(counties, counties["SID79"]), values(counties, counties["BIR79"])
    )
    found = spatial.moran(standard, neighbours, seed=1)
    assert found["moran_i"].item() == pytest.approx(0.16622343552567395, abs=1e-12)
    assert found["p_normal"].item() / 2 == pytest.approx(0.0042, abs=1e-3)


def test_variance_and_p_are_those_of_drawn_orders():
    areas = grid(3, 3)
    rook = spatial.neighbours(areas, shortest_border_m=1)
    found = spatial.moran(values(areas, range(1, 10)), rook, seed=1, permutations=99_999).iloc[0]
    order = np.random.default_rng(5).permuted(np.tile(np.arange(9.0), (20_000, 1)), axis=1)
    z = order - 4
    pairs = rook[["district_id", "neighbour_id"]].astype(int).to_numpy()
    weight = np.zeros((9, 9))
    weight[pairs[:, 0], pairs[:, 1]] = 1
    weight /= weight.sum(axis=1, keepdims=True)
    drawn = (z * (z @ weight.T)).sum(axis=1) / 60
    assert found["variance"] == pytest.approx(drawn.var(), rel=0.03)
    assert found["p_permutation"] == pytest.approx(
        2 * (drawn >= found["moran_i"] - 1e-9).mean(), abs=2e-3
    )


GETIS_ORD = pd.Series([2, 3, 3.2, 5, 8, 7], list("abcdef"))


@pytest.mark.parametrize(
    ("with_itself", "published"),
    [
        # PySAL esda, docstring of G_Local, points no more than 15 apart, binary weights.
        (False, [-1.0136729, -0.04361589, 1.31558703, -0.31412676, 1.15373986, 1.77833941]),
        (True, [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]),
    ],
)
def test_getis_ord_of_six_points(with_itself, published):
    points = shapely.points([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)])
    near = [
        (one, other)
        for i, one in enumerate("abcdef")
        for j, other in enumerate("abcdef")
        if i != j and shapely.distance(points[i], points[j]) <= 15
    ]
    neighbours = pd.DataFrame(near, columns=["district_id", "neighbour_id"])
    found = spatial.hot_spots(GETIS_ORD, neighbours, seed=1, with_itself=with_itself)
    assert found["gi_z"].tolist() == pytest.approx(published, abs=5e-9)


def test_local_moran_adds_up_to_the_global_one(crime, around):
    # Anselin (1995), equation 17; esda divides by n - 1, so the sum is (n - 1) I.
    found = spatial.local_clusters(crime, around, seed=1)
    assert found["local_i"].sum() / 48 == pytest.approx(0.500188557, abs=5e-10)


# Neighbours


def test_neighbours_share_a_border_or_a_point():
    found = spatial.neighbours(grid(2, 2))
    assert len(found) == 12
    border = found.set_index(["district_id", "neighbour_id"])["border_m"]
    assert border["00", "01"] == border["01", "00"] == 1000
    assert border["00", "03"] == 0


def test_a_shortest_border_leaves_out_points():
    found = spatial.neighbours(grid(2, 2), shortest_border_m=1)
    assert len(found) == 8
    assert (found["border_m"] == 1000).all()


def test_an_island_stays_with_a_row_of_its_own():
    areas = grid(3, 1)
    areas.loc[3] = ["99", shapely.box(9000, 0, 9001, 1)]
    found = spatial.neighbours(areas)
    assert found["district_id"].tolist() == ["00", "01", "01", "02", "99"]
    assert found["neighbour_id"].isna().tolist() == [False] * 4 + [True]


def test_borders_a_hair_apart_still_touch():
    apart = [shapely.box(0, 0, 1000, 1000), shapely.box(1000.0005, 0, 2000, 1000)]
    areas = gpd.GeoDataFrame({"district_id": ["a", "b"]}, geometry=apart, crs=CRS)
    assert spatial.neighbours(areas)["neighbour_id"].tolist() == ["b", "a"]
    apart[1] = shapely.box(1000.01, 0, 2000, 1000)
    assert spatial.neighbours(areas.set_geometry(apart, crs=CRS))["neighbour_id"].isna().all()


@pytest.mark.parametrize(
    "bad", [{"district_id": ["00", "00"]}, {"geometry": [None, shapely.Polygon()]}]
)
def test_neighbours_need_each_district_once_with_its_shape(bad):
    areas = grid(2, 1)
    for column, given_values in bad.items():
        areas[column] = given_values
    with pytest.raises(DataError, match="stand twice or have no shape"):
        spatial.neighbours(areas)


@pytest.mark.real
def test_leipzig_has_no_island(real_data):
    areas = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(CRS)
    found = spatial.neighbours(areas.rename(columns={"OT": "district_id"}))
    assert found["neighbour_id"].notna().all()
    assert found["district_id"].nunique() == 63
    # 344 links, as by common vertices; by exact relation hairline gaps lose ten of them.
    assert len(found) == 344


# What is left out


def test_a_missing_district_is_left_out_and_counted():
    areas = grid(4, 4)
    y = values(areas, [*range(16)])
    gap = y.copy()
    gap.iloc[[5, 15]] = np.nan
    found = spatial.moran(gap, spatial.neighbours(areas), seed=1).iloc[0]
    # As if the two were not on the map: the others' weights add up to 1 again.
    rest = areas.drop([5, 15])
    without = spatial.moran(y.drop(["05", "15"]), spatial.neighbours(rest), seed=1).iloc[0]
    assert found["moran_i"] == without["moran_i"]
    assert found["p_permutation"] == without["p_permutation"]
    assert found[["n", "n_missing"]].tolist() == [14, 2]
    # Not in the values at all is missing, too.
    absent = spatial.moran(gap.dropna(), spatial.neighbours(areas), seed=1).iloc[0]
    assert absent.equals(found)


def test_a_district_whose_neighbours_are_all_missing_is_left_out_and_named():
    areas = grid(5, 1)
    areas.loc[5] = ["99", shapely.box(9000, 0, 9001, 1)]
    y = values(areas, [1, np.nan, 3, 4, 9, 5])
    neighbours = spatial.neighbours(areas)
    with pytest.raises(DataError, match=r"3 districts have a value and a neighbour .* at least 4"):
        spatial.moran(y, neighbours, seed=1)
    areas.loc[6] = ["05", shapely.box(5000, 0, 6000, 1000)]
    y["05"] = 2.0
    neighbours = spatial.neighbours(areas)
    found = spatial.moran(y, neighbours, seed=1).iloc[0]
    assert found[["n", "n_missing", "n_without_neighbours"]].tolist() == [4, 1, 2]
    local = spatial.local_clusters(y, neighbours, seed=1).set_index("district_id")
    assert local.loc[["00", "01", "99"], "cluster"].tolist() == [
        spatial.ALONE,
        spatial.MISSING,
        spatial.ALONE,
    ]
    assert local.loc[["00", "01", "99"], ["local_i", "p", "p_adjusted"]].isna().all(axis=None)
    assert local["value"].isna().sum() == 1
    assert local.loc["02", "n_neighbours"] == 1


def test_a_known_zero_is_no_gap():
    areas = grid(3, 3)
    y = values(areas, [0, 0, 0, 1, 0, 2, 3, 4, 5])
    assert spatial.moran(y, spatial.neighbours(areas), seed=1)["n"].item() == 9


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([3.0] * 9, "All 9 districts have the same value, 3.0"),
        ([0.1 + 0.2] * 8 + [0.3], "same value"),
        ([np.nan] * 6 + [1, 2, 3], "3 districts .* too few"),
        ([1, 2, 3, 4, 5, 6, 7, 8, np.inf], "values of 08 cannot be used"),
    ],
)
@pytest.mark.parametrize("statistic", [spatial.moran, spatial.local_clusters, spatial.hot_spots])
def test_what_has_no_pattern_is_refused(statistic, numbers, said):
    areas = grid(3, 3)
    with pytest.raises(DataError, match=said):
        statistic(values(areas, numbers), spatial.neighbours(areas), seed=1)


def test_an_unknown_or_repeated_code_is_refused():
    areas = grid(3, 3)
    neighbours, y = spatial.neighbours(areas), values(areas, range(9))
    with pytest.raises(DataError, match="values of 77 cannot be used"):
        spatial.moran(y.rename({"03": "77"}), neighbours, seed=1)
    with pytest.raises(DataError, match="values of 02 cannot be used"):
        spatial.moran(y.rename({"03": "02"}), neighbours, seed=1)
    with pytest.raises(DataError, match="00 – 01 are neighbours in one direction only"):
        spatial.moran(y, neighbours.drop(0), seed=1)


def test_hot_spots_of_negative_values_are_refused():
    areas = grid(3, 3)
    with pytest.raises(DataError, match="values of 00 are negative"):
        spatial.hot_spots(values(areas, range(-1, 8)), spatial.neighbours(areas), seed=1)


def test_too_few_permutations_are_refused():
    areas = grid(4, 4)
    y, neighbours = values(areas, range(16)), spatial.neighbours(areas)
    with pytest.raises(DataError, match=r"199 permutations .* among 16 .* 0.05. Take at least 639"):
        spatial.local_clusters(y, neighbours, seed=1, permutations=199)
    spatial.local_clusters(y, neighbours, seed=1, permutations=639)


def test_many_districts_get_as_many_permutations_as_they_need():
    areas = grid(16, 16)
    neighbours = spatial.neighbours(areas)
    column, row = np.arange(256) % 16, np.arange(256) // 16
    numbers = np.where((column < 3) & (row < 3), 1000, column * row % 5)
    found = spatial.local_clusters(values(areas, numbers), neighbours, seed=1)
    # 2 · 256 / 0.05 - 1 permutations: all eight around 17 are high, as in none of the draws.
    assert found["p"].min() == pytest.approx(2 / 10_240)
    assert found.set_index("district_id")["cluster"]["17"] == "HH"


# What is found


@pytest.fixture(scope="module")
def two_halves():
    """A city of 100 districts, high in the west and low in the east, one low amid the high."""
    areas = grid(10, 10)
    numbers = np.where(np.arange(100) % 10 < 5, 100.0, 10.0) + np.arange(100) % 7
    numbers[42] = 5
    return values(areas, numbers), spatial.neighbours(areas)


def test_clusters_and_an_outlier_are_found(two_halves):
    found = spatial.local_clusters(*two_halves, seed=3).set_index("district_id")
    assert found.loc["11", "cluster"] == "HH"
    assert found.loc["88", "cluster"] == "LL"
    assert found.loc["42", "cluster"] == "LH"
    assert found.loc["42", "local_i"] < 0 < found.loc["11", "local_i"]
    assert set(found["cluster"]) <= {*spatial.CLUSTERS, spatial.NOT_SIGNIFICANT}
    assert found.loc["11", "n_neighbours"] == 8
    assert (found["p_adjusted"] >= found["p"]).all()


def test_hot_and_cold_spots_are_found(two_halves):
    found = spatial.hot_spots(*two_halves, seed=3).set_index("district_id")
    assert found.loc[["11", "88"], "spot"].tolist() == ["hot", "cold"]
    assert (found["gi_z"] > 0)["11"]
    alone = spatial.hot_spots(*two_halves, seed=3, with_itself=False).set_index("district_id")
    assert alone["p"].equals(found["p"])
    # Its own low value counts only for Gi*.
    assert alone.loc["42", "gi_z"] > found.loc["42", "gi_z"]


def test_pure_noise_has_few_false_clusters():
    areas = grid(8, 8)
    neighbours = spatial.neighbours(areas)
    found = [
        spatial.local_clusters(
            values(areas, np.random.default_rng(seed).normal(size=64)), neighbours, seed=seed
        )
        for seed in range(20)
    ]
    with_any = sum(one["cluster"].isin(spatial.CLUSTERS).any() for one in found)
    assert with_any <= 4  # at a rate of 5 %, five or more of 20 come once in 400 times
    p = pd.concat(found)["p"]
    assert p.mean() == pytest.approx(0.5, abs=0.05)


def test_permutations_agree_with_the_normal_deviate(crime, around):
    # The deviate of Gi is that under the same conditional permutations.
    found = spatial.hot_spots(crime, around, seed=1, with_itself=False, permutations=19_999)
    near_normal = found["n_neighbours"] >= 5
    expected = 2 * norm.sf(found["gi_z"].abs())
    assert (found["p"] - expected)[near_normal].abs().max() < 0.05


@pytest.mark.parametrize("statistic", [spatial.moran, spatial.local_clusters, spatial.hot_spots])
def test_the_same_seed_gives_the_same_and_leaves_numpys_own_alone(statistic, crime, around):
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - that it is not touched is the point
    first = statistic(crime, around, seed=7)
    pd.testing.assert_frame_equal(first, statistic(crime, around, seed=7))
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    p = "p_permutation" if statistic is spatial.moran else "p"
    other = statistic(crime, around, seed=8)
    assert statistic is spatial.moran or not other[p].equals(first[p])


def test_inputs_stay_as_they_are(crime, around):
    y, neighbours = crime.copy(), around.copy()
    spatial.hot_spots(y, neighbours, seed=1)
    spatial.local_clusters(y, neighbours, seed=1)
    pd.testing.assert_series_equal(y, crime)
    pd.testing.assert_frame_equal(neighbours, around)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(0, 1000), min_size=9, max_size=9).filter(lambda n: len(set(n)) > 1),
    st.floats(0.01, 1000),
    st.integers(0, 1000),
)
def test_moran_ignores_scale_origin_and_the_order_of_rows(numbers, factor, shift):
    areas = grid(3, 3)
    neighbours, y = spatial.neighbours(areas), values(areas, numbers)
    found = spatial.moran(y, neighbours, seed=1, permutations=99)
    changed = spatial.moran((y * factor + shift).iloc[::-1], neighbours, seed=1, permutations=99)
    np.testing.assert_allclose(changed, found, rtol=1e-6, atol=1e-9)
    assert 0 < found["p_permutation"].item() <= 1
