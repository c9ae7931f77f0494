import libpysal
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp

from ostwerk_analysis import rates
from ostwerk_analysis.faults import DataError


def by_code(*numbers):
    return pd.Series(numbers, [f"{k:02d}" for k in range(len(numbers))], dtype=float)


@pytest.fixture(scope="module")
def st_louis():
    """Homicides and residents of 78 counties around St. Louis, and which are neighbours."""
    path = libpysal.examples.get_path
    table = np.array(libpysal.io.open(path("stl_hom.csv"))[:, :])
    codes = [str(k) for k in range(1, 79)]
    gal = libpysal.io.open(path("stl.gal")).read()
    pairs = [(str(a), str(b)) for a in sorted(gal.id_order, key=int) for b in gal[a]]
    return (
        pd.Series(table[:, 10].astype(float), codes),
        pd.Series(table[:, 13].astype(float), codes),
        pd.DataFrame(pairs, columns=["district_id", "neighbour_id"]),
    )


# Held to published numbers


def test_rates_smoothed_to_the_mean_of_all(st_louis):
    # PySAL esda, docstring of Empirical_Bayes.
    published = [2.36718950e-05, 4.54539167e-05, 4.78114019e-05, 2.76907146e-05, 6.58989323e-05]
    published += [3.66494122e-05, 5.79952721e-05, 2.03064590e-05, 3.31152999e-05, 3.02748380e-05]
    found = rates.smoothed(*st_louis[:2], per=1)
    np.testing.assert_allclose(found["smoothed_rate"][:10], published, rtol=5e-9)


def test_rates_smoothed_to_the_mean_around(st_louis):
    # PySAL esda, docstring of Spatial_Empirical_Bayes.
    published = [4.01485749e-05, 3.62437513e-05, 4.93034844e-05, 5.09387329e-05, 3.72735210e-05]
    published += [3.69333797e-05, 5.40245456e-05, 2.99806055e-05, 3.73034109e-05, 3.47270722e-05]
    found = rates.smoothed(*st_louis, per=1)
    np.testing.assert_allclose(found["smoothed_rate"][:10], published, rtol=5e-9)


def test_standardised_rates():
    # PySAL esda, docstring of assuncao_rate.
    events = by_code(30, 25, 25, 15, 33, 21, 30, 20)
    population = by_code(100, 100, 110, 90, 100, 90, 110, 90)
    found = rates.standardised(events, population)
    assert found[:4].tolist() == pytest.approx(
        [1.03843594, -0.04099089, -0.56250375, -1.73061861], abs=5e-9
    )


def test_poisson_intervals():
    # R, example of poisson.test: 137 of 24.19893 expected, 5.661407 (4.753125 to 6.692709).
    # Garwood's table, as in Breslow and Day (1987), table 2.10: 0 gives 0 to 3.69, 10 gives
    # 4.80 to 18.39.
    found = rates.rate_interval(by_code(137, 0, 10), by_code(24.19893, 1, 1), per=1)
    assert found.iloc[0].tolist() == pytest.approx([5.661407, 4.753125, 6.692709], abs=5e-7)
    assert found.iloc[1].tolist() == pytest.approx([0, 0, 3.69], abs=5e-3)
    assert found.iloc[2].tolist() == pytest.approx([10, 4.80, 18.39], abs=5e-3)


def test_wilson_intervals():
    # Newcombe (1998), table I, method 3.
    found = rates.proportion_interval(by_code(81, 15, 0, 1), by_code(263, 148, 20, 29))
    assert found["lower"].round(4).tolist() == [0.2553, 0.0624, 0, 0.0061]
    assert found["upper"].round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


def test_ratio_of_rates():
    # R, example of poisson.test: 11 of 800 against 21 of 3011, 1.971488 (0.8584264 to 4.2772659).
    found = rates.rate_ratio_interval(by_code(11), by_code(800), 21, 3011)
    assert found.iloc[0].tolist() == pytest.approx([1.971488, 0.8584264, 4.2772659], abs=5e-7)


# Residents, in thousands, of ten cities of the United States in 1930 and 1920: Cochran's data, as
# in R's package boot (city) and in Davison and Hinkley (1997), Bootstrap Methods, example 1.2.
IN_1930 = pd.Series([143, 104, 69, 260, 75, 63, 50, 48, 111, 50.0])
IN_1920 = pd.Series([138, 93, 61, 179, 48, 37, 29, 23, 30, 2.0])


def test_ratio_of_two_sums():
    found = rates.ratio_interval(IN_1930, IN_1920).iloc[0]
    assert found["ratio"] == pytest.approx(1.520, abs=5e-4)
    # By the delta method: Σ (x - R u)² = 13306.98, / (9 · 10), and the root / 64 residents.
    assert found["standard_error"] == pytest.approx(np.sqrt(13306.98 / 90) / 64, rel=1e-4)
    assert (found["n"], found["n_missing"]) == (10, 0)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_at_the_limits_of_a_ratio_students_t_is_just_significant(level):
    found = rates.ratio_interval(IN_1930, IN_1920, level).iloc[0]
    for limit in (found["lower"], found["upper"]):
        p = ttest_1samp(IN_1930 - limit * IN_1920, 0).pvalue
        assert p == pytest.approx(1 - level, abs=1e-9)
    assert found["lower"] < found["ratio"] < found["upper"]


# By hand


def test_a_unit_with_several_amounts_or_with_one_side_only_is_one_unit():
    euros = pd.Series([1000.0, 500, 2000, 300], ["a", "a", "b", "c"])
    jobs = pd.Series([1.0, 2, 1], ["a", "b", "b"])  # c got a grant, and has no job
    found = rates.ratio_interval(euros, jobs).iloc[0]
    assert (found["ratio"], found["n"]) == (3800 / 4, 3)
    same = rates.ratio_interval(
        pd.Series([1500.0, 2000, 300], list("abc")), pd.Series([1.0, 3, 0], list("abc"))
    ).iloc[0]
    pd.testing.assert_series_equal(found, same)


def test_a_ratio_with_nothing_certain_below_has_no_interval():
    one = rates.ratio_interval(pd.Series({"a": 5.0}), pd.Series({"a": 2.0})).iloc[0]
    assert one["ratio"] == 2.5
    assert one[["standard_error", "lower", "upper"]].isna().all()
    # One of four has a job: the sum below could as well be 0.
    few = rates.ratio_interval(pd.Series([5.0, 4, 6, 5]), pd.Series([1.0, 0, 0, 0])).iloc[0]
    assert few["ratio"] == 20
    assert few[["lower", "upper"]].isna().all()
    nothing = rates.ratio_interval(pd.Series([5.0]), pd.Series([0.0])).iloc[0]
    assert np.isnan(nothing["ratio"])


def test_a_unit_with_an_unknown_amount_is_left_out_and_counted():
    euros, jobs = pd.Series([5.0, 4, np.nan, 6]), pd.Series([1.0, 2, 2, 1])
    found = rates.ratio_interval(euros, jobs).iloc[0]
    assert (found["ratio"], found["n"], found["n_missing"]) == (15 / 4, 3, 1)


def test_amounts_from_0_on_have_no_ratio_below_0():
    euros, jobs = pd.Series([0.0, 0, 0, 9]), pd.Series([1.0, 2, 1, 2])
    found = rates.ratio_interval(euros, jobs).iloc[0]
    assert found["lower"] == 0
    assert found["upper"] > found["ratio"] == 1.5


def test_rates_that_vary_no_more_than_chance_become_the_mean():
    # 2, 3 and 1 of 1,000 vary less than Poisson counts do: A = 0.667e-6 - 2e-6 < 0.
    found = rates.smoothed(by_code(2, 3, 1), by_code(1000, 1000, 1000))
    assert found["rate"].tolist() == pytest.approx([2, 3, 1])
    assert found["smoothed_rate"].tolist() == pytest.approx([2, 2, 2])
    assert found["own_weight"].tolist() == [0, 0, 0]


def test_the_smaller_the_population_the_nearer_to_the_mean():
    found = rates.smoothed(by_code(10, 1000, 100, 0), by_code(100, 10_000, 10_000, 100))
    own = found["own_weight"]
    assert 0 < own[0] < own[1] < 1
    assert own[0] == own[3]
    mean = 1110 / 20_200
    a = (
        100 * (0.1 - mean) ** 2 + 1e4 * (0.1 - mean) ** 2 + 1e4 * (0.01 - mean) ** 2
    ) + 100 * mean**2
    a = a / 20_200 - mean / 5050
    expected = mean + a / (a + mean / 100) * (0.1 - mean)
    assert found["smoothed_rate"][0] == pytest.approx(1000 * expected)
    assert found["mean_rate"].tolist() == pytest.approx([1000 * mean] * 4)


def test_a_gap_or_no_population_has_no_rate_and_takes_no_part():
    events, population = by_code(5, np.nan, 7, 3, 2), by_code(100, 100, np.nan, 0, 200)
    found = rates.smoothed(events, population)
    used = [0, 4]
    assert found["rate"].notna().to_numpy().nonzero()[0].tolist() == used
    assert found["smoothed_rate"].notna().to_numpy().nonzero()[0].tolist() == used
    rest = rates.smoothed(events.iloc[used], population.iloc[used])
    assert found.loc[used, "smoothed_rate"].tolist() == rest["smoothed_rate"].tolist()
    for interval in (rates.rate_interval, rates.proportion_interval):
        table = interval(events.replace(3, 0), population)
        assert table.notna().all(axis=1).tolist() == [True, False, False, False, True]


def test_no_event_around_is_a_rate_of_zero():
    pairs = pd.DataFrame(
        [("00", "01"), ("01", "00"), ("02", "03"), ("03", "02"), ("04", np.nan)],
        columns=["district_id", "neighbour_id"],
    )
    found = rates.smoothed(by_code(0, 0, 5, 9, 4), by_code(10, 20, 100, 100, 50), pairs)
    assert found["smoothed_rate"][:2].tolist() == [0, 0]
    # Alone, there is nothing to borrow from.
    assert found.loc[4, "smoothed_rate"] == found.loc[4, "rate"] == 80


def test_a_missing_neighbour_lends_nothing():
    pairs = pd.DataFrame(
        [("00", "01"), ("01", "00"), ("01", "02"), ("02", "01")],
        columns=["district_id", "neighbour_id"],
    )
    found = rates.smoothed(by_code(5, np.nan, 9), by_code(100, 100, 100), pairs)
    assert found["smoothed_rate"].tolist() == pytest.approx([50, np.nan, 90], nan_ok=True)


def test_a_ratio_without_events_in_either_is_missing_and_without_reference_unbounded():
    found = rates.rate_ratio_interval(by_code(0, 3), by_code(10, 10), 0, 100)
    assert found.iloc[0].isna().all()
    assert found.loc["01", ["ratio", "upper"]].tolist() == [np.inf, np.inf]
    assert found.loc["01", "lower"] > 0
    none_here = rates.rate_ratio_interval(by_code(0), by_code(10), 5, 100).iloc[0]
    assert none_here[["ratio", "lower"]].tolist() == [0, 0]
    assert np.isfinite(none_here["upper"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rates.smoothed(by_code(-1), by_code(10)), "figures of 00 are negative"),
        (lambda: rates.smoothed(by_code(1), by_code(np.inf)), "infinite"),
        (lambda: rates.smoothed(by_code(1), by_code(0)), "No district has both"),
        (lambda: rates.smoothed(by_code(1), pd.Series([1.0], ["x"])), "the same codes"),
        (lambda: rates.smoothed(by_code(1, 2).set_axis(["a", "a"]), by_code(1)), "a stand twice"),
        (lambda: rates.standardised(by_code(0, 0), by_code(5, 5)), "no events"),
        (lambda: rates.proportion_interval(by_code(6), by_code(5)), "00 are larger"),
        (
            lambda: rates.ratio_interval(by_code(np.inf), by_code(5)),
            "00 are infinite",
        ),
        (lambda: rates.rate_interval(by_code(6), by_code(5), level=95), "95 is not between"),
        (
            lambda: rates.rate_ratio_interval(by_code(6), by_code(5), 3, 0),
            "3 events in a population of 0",
        ),
    ],
)
def test_what_cannot_be_used_is_named(call, said):
    with pytest.raises(DataError, match=said):
        call()


# Laws


@given(st.integers(0, 500), st.integers(1, 500), st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_hold_their_estimate_and_agree_with_scipy(count, total, level):
    count = min(count, total)
    share = rates.proportion_interval(by_code(count), by_code(total), level).iloc[0]
    scipy = binomtest(count, total).proportion_ci(level, "wilson")
    assert share[["lower", "upper"]].tolist() == pytest.approx([scipy.low, scipy.high], abs=1e-9)
    assert 0 <= share["lower"] <= share["share"] <= share["upper"] <= 1
    rate = rates.rate_interval(by_code(count), by_code(total), level=level).iloc[0]
    assert rate["lower"] <= rate["rate"] < rate["upper"]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5000)), min_size=1, max_size=20),
    st.integers(2, 100),
)
def test_smoothed_rates_lie_between_their_own_and_the_mean_and_ignore_scale(counts, factor):
    events, population = (by_code(*numbers) for numbers in zip(*counts, strict=True))
    found = rates.smoothed(events, population)
    low = found[["rate", "mean_rate"]].min(axis=1) - 1e-9
    high = found[["rate", "mean_rate"]].max(axis=1) + 1e-9
    assert found["smoothed_rate"].between(low, high).all()
    assert found["own_weight"].between(0, 1).all()
    per = rates.smoothed(events, population, per=1000 * factor)
    np.testing.assert_allclose(per["smoothed_rate"], found["smoothed_rate"] * factor)
