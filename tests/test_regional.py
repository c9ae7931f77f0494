import libpysal
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.distance import braycurtis

from ostwerk_analysis import regional
from ostwerk_analysis.faults import DataError


def table(**areas):
    """Rows of areas whose values are given by sector A, B, C …"""
    rows = [
        (area, chr(ord("A") + number), value)
        for area, values in areas.items()
        for number, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["area_id", "sector", "value"])


def two_periods(start, end):
    return pd.concat([start.assign(period="2020"), end.assign(period="2021")], ignore_index=True)


def by_sector(*values):
    return pd.Series(values, [chr(ord("A") + number) for number in range(len(values))], dtype=float)


# Held to published numbers


def test_quotient_of_farhauer_and_kroell():
    # R package REAT 3.0.3, example of locq: 0.3847623, after Farhauer and Kröll (2013).
    region = table(region=[1714, 79006 - 1714])
    found = regional.location_quotients(region, by_sector(879213, 15593224 - 879213))
    assert found["location_quotient"].iloc[0] == pytest.approx(0.3847623, abs=5e-8)


HOLUKULUKU = table(h=[500, 100, 200, 200]), table(h=[1000, 100, 250, 280])
NATION = by_sector(10, 20, 40, 30), by_sector(11, 24, 52, 42)


def test_quotients_of_krumme():
    # G. Krumme, University of Washington, Geography 350, shift and share table: column 3.
    found = regional.location_quotients(HOLUKULUKU[0], NATION[0])
    assert found["location_quotient"].tolist() == pytest.approx([5, 0.5, 0.5, 0.667], abs=5e-4)


def test_shift_share_of_krumme():
    # The same table: growth 630, national 290, composition -80 (there without its sign),
    # differential 420; by sector 450, -20, -10, 0.
    nation = [whole.rename_axis("sector").rename("value").reset_index() for whole in NATION]
    found = regional.shift_share(two_periods(*HOLUKULUKU), two_periods(*nation))
    total = found[["change", "national", "structural", "regional"]].sum()
    assert total.tolist() == pytest.approx([630, 290, -80, 420])
    assert found["regional"].tolist() == pytest.approx([450, -20, -10, 0])
    assert found["structural"].tolist() == pytest.approx([-95, -9, 2, 22])


def test_shift_share_of_clarksville():
    # Clarksville Area Partnership, "Shift share explanation": local construction grows by 6 %,
    # the economy by 2 %, construction as a whole by 3 %; so 2, 1 and 3 points.
    nation = by_sector(1000, 1000), by_sector(1030, 1010)
    wholes = [whole.rename_axis("sector").rename("value").reset_index() for whole in nation]
    found = regional.shift_share(
        two_periods(table(c=[100, 0]), table(c=[106, 0])), two_periods(*wholes)
    )
    assert found.loc[0, ["national", "structural", "regional"]].tolist() == pytest.approx([2, 1, 3])


def test_krugman_of_two_regions_that_share_nothing():
    # REAT, example of krugman.spec: 2.
    found = regional.specialisation(table(j=[20, 10, 70, 0, 0]), by_sector(0, 0, 0, 60, 40))
    assert found["krugman"].item() == pytest.approx(2)
    assert found["dissimilarity"].item() == pytest.approx(1)


def test_krugman_of_sweden():
    # REAT, example of krugman.spec2: 0.1595, to the mean shares of four other countries.
    others = pd.DataFrame(
        [
            [35000, 12000, 30000, 8000, 22000],
            [40000, 10000, 25000, 9000, 18000],
            [30000, 11000, 18000, 3000, 13000],
            [40000, 6000, 11000, 2000, 12000],
        ],
        columns=list("ABCDE"),
    )
    mean = others.div(others.sum(axis=1), axis=0).mean()
    sweden = table(sweden=[45000, 15000, 32000, 10000, 30000])
    assert regional.specialisation(sweden, mean)["krugman"].item() == pytest.approx(
        0.1595, abs=5e-5
    )


def test_herfindahl_of_four_car_makers():
    # REAT, example of herf: 0.34, normalised 0.12, after Dörsam (2004).
    found = regional.specialisation(table(sales=[20, 50, 20, 10])).iloc[0]
    assert found["herfindahl"] == pytest.approx(0.34)
    assert found["herfindahl_normalised"] == pytest.approx(0.12)
    assert found["effective_sectors"] == pytest.approx(1 / 0.34)


def test_herfindahl_of_eight_participants():
    # Investopedia, "Herfindahl-Hirschman Index": 1,296 of 10,000.
    found = regional.inequality(pd.Series([10, 9, 12, 15, 12, 11, 15, 16]))
    assert found["herfindahl"].item() == pytest.approx(0.1296)


INCOMES = pd.Series([541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261])


@pytest.mark.parametrize(
    ("values", "weights", "gini", "corrected", "digits"),
    [
        # R package ineq, example of ineq: 0.4620911; corrected by n / (n - 1), 0.5134346.
        pytest.param(INCOMES, None, 0.4620911, 0.5134346, 7, id="ineq"),
        # REAT, examples of gini: 0.3 and normalised 0.4; GDP of the German Länder 0.5009.
        pytest.param(pd.Series([20, 50, 20, 10]), None, 0.3, 0.4, 7, id="REAT, car makers"),
        pytest.param(
            pd.Series(
                [
                    *(460.69, 549.19, 124.16, 65.29, 31.59, 109.27, 263.44, 39.87, 258.53),
                    *(645.59, 131.95, 35.03, 112.66, 56.22, 85.61, 56.81),
                ]
            ),
            None,
            0.5009,
            None,
            4,
            id="REAT, Länder",
        ),
        # REAT: six classes of income, weighted by their size: 0.5278.
        pytest.param(
            pd.Series([500, 1500, 2500, 4000, 7500, 15000]),
            pd.Series([1000, 1200, 1600, 400, 200, 600]),
            0.5278,
            None,
            4,
            id="REAT, classes",
        ),
    ],
)
def test_gini_of_published_examples(values, weights, gini, corrected, digits):
    found = regional.inequality(values, weights)
    assert round(found["gini"].item(), digits) == gini
    if corrected:
        assert round(found["gini_corrected"].item(), digits) == corrected
    assert found["gini_corrected"].isna().item() == (weights is not None)


@pytest.fixture(scope="module")
def mexico():
    """GDP per head of the 32 states of Mexico, 1940 to 2000, with their regions by Hanson."""
    return pd.read_csv(libpysal.examples.get_path("mexico.csv")).set_index("State")


THEIL_OF_MEXICO = {  # PySAL inequality, docstrings and tests of Theil and TheilD: total, between
    1940: (0.20894344, 0.0345889),
    1950: (0.15222451, 0.02816853),
    1960: (0.10472941, 0.05260921),
    1970: (0.10194725, 0.05931219),
    1980: (0.09560113, 0.03205257),
    1990: (0.10511256, 0.02963731),
    2000: (0.10660832, 0.03635872),
}


@pytest.mark.parametrize("year", THEIL_OF_MEXICO)
def test_theil_of_mexico_between_and_within_regions(mexico, year):
    parts = regional.theil(mexico[f"pcgdp{year}"], mexico["hanson98"])
    total, between = THEIL_OF_MEXICO[year]
    assert parts["theil"].iloc[0] == pytest.approx(total, abs=5e-9)
    assert parts["theil"].iloc[1] == pytest.approx(between, abs=5e-9)
    assert parts["part"].tolist() == ["total", "between", *["within"] * 5]
    assert parts["n"].iloc[2:].sum() == 32


def test_gini_of_mexico(mexico):
    # PySAL inequality, test_gini: 0.35372371173452849.
    found = regional.inequality(mexico["pcgdp1940"])["gini"].item()
    assert found == pytest.approx(0.35372371173452849, abs=1e-14)


@pytest.mark.parametrize(
    ("weights", "theil"),
    [(None, 0.10494562214323544), (np.arange(1, 10) / 10, 0.08120013911680612)],
)
def test_theil_of_nine_incomes(weights, theil):
    # Julia package Inequality, documentation of theil and its tests: without and with weights.
    incomes = pd.Series([8, 5, 1, 3, 5, 6, 7, 6, 3])
    found = regional.inequality(incomes, None if weights is None else pd.Series(weights))
    assert found["theil"].item() == pytest.approx(theil, abs=1e-14)


def test_theil_of_stoermann_with_values_and_weights_exchanged():
    # REAT, example of theil: 0.2326302. It is Theil's second measure, L: the first one, T, with
    # the shares of value and of weight exchanged. T of the same incomes is 0.2502.
    incomes = pd.Series([10, 10, 10, 20, 50])
    assert regional.inequality(1 / incomes, incomes)["theil"].item() == pytest.approx(
        0.2326302, abs=5e-8
    )
    assert regional.inequality(incomes)["theil"].item() == pytest.approx(0.2502012, abs=5e-8)


# By hand


def test_quotient_is_missing_only_where_it_is_undefined():
    found = regional.location_quotients(table(a=[5, 5, 0], b=[0, 0, 0], c=[15, 5, 0]))
    quotient = found.pivot_table(
        index="area_id", columns="sector", values="location_quotient", dropna=False
    )
    # Of the whole, A has 20 of 30 and B 10 of 30; C has nothing anywhere.
    assert quotient.loc["a", ["A", "B"]].tolist() == pytest.approx([0.75, 1.5])
    assert quotient.loc["c", ["A", "B"]].tolist() == pytest.approx([1.125, 0.75])
    assert quotient.isna().loc["b"].all()
    assert quotient["C"].isna().all()


def test_an_area_with_a_gap_is_left_out_of_its_own_and_of_the_whole():
    gap = table(a=[5, 5], b=[np.nan, 90], c=[15, 5])
    without = table(a=[5, 5], c=[15, 5])
    found = regional.location_quotients(gap).set_index(["area_id", "sector"])
    assert found.loc["b", "location_quotient"].isna().all()
    assert found.loc[("b", "B"), "value"] == 90
    expected = regional.location_quotients(without).set_index(["area_id", "sector"])
    pd.testing.assert_frame_equal(found.drop("b"), expected)
    special = regional.specialisation(gap).set_index("area_id")
    assert special.loc["b"].isna().all()
    assert special.loc["a", "krugman"] == pytest.approx(abs(0.5 - 20 / 30) * 2)


def test_a_gap_in_either_period_leaves_an_area_out_of_shift_share():
    start, end = table(a=[10, 20], b=[30, 40]), table(a=[12, np.nan], b=[33, 48])
    found = regional.shift_share(two_periods(start, end)).set_index(["area_id", "sector"])
    parts = ["national", "structural", "regional"]
    assert found.loc["a", parts].isna().all(axis=None)
    # The whole is b alone: 70 to 81.
    assert found.loc["b", "regional"].tolist() == pytest.approx([0, 0])
    assert found.loc[("b", "A"), "national"] == pytest.approx(30 * 11 / 70)


def test_what_a_sector_new_to_the_whole_adds_is_regional():
    start, end = table(a=[10, 0], b=[10, 0]), table(a=[10, 4], b=[10, 0])
    found = regional.shift_share(two_periods(start, end)).set_index(["area_id", "sector"])
    assert found.loc[("a", "B"), ["national", "structural", "regional"]].tolist() == [0, 0, 4]


def test_inequality_counts_what_it_leaves_out():
    found = regional.inequality(pd.Series([1, np.nan, 3, 2]), pd.Series([1, 1, np.nan, 1])).iloc[0]
    assert found[["n", "n_missing"]].tolist() == [2, 2]
    assert found["gini"] == pytest.approx(1 / 6)  # of 1 and 2


def test_a_single_area_is_equal_to_itself():
    found = regional.inequality(pd.Series([7.0])).iloc[0]
    assert found["gini"] == found["theil"] == 0
    assert found["herfindahl"] == 1
    assert found[["gini_corrected", "herfindahl_normalised"]].isna().all()


def test_equal_areas_have_no_share_between_or_within():
    found = regional.theil(pd.Series([2.0, 2, 2], list("abc")), pd.Series(list("xxy"), list("abc")))
    assert found["theil"].tolist() == pytest.approx([0, 0, 0, 0], abs=1e-15)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: regional.specialisation(table(a=[1, -1])), "a / B are negative"),
        (lambda: regional.specialisation(table(a=[1, 1]).iloc[[0, 0, 1]]), "a / A stand twice"),
        (lambda: regional.specialisation(table(a=[1, 2], b=[1])), "no row for a sector: b / B"),
        (lambda: regional.specialisation(table(a=[1, 2]), by_sector(1)), "other sectors.*: B"),
        (lambda: regional.specialisation(table(a=[1]).assign(sector=None)), "1 rows have no area"),
        (lambda: regional.specialisation(table(a=[0, 0])), "whole to compare with is empty"),
        (lambda: regional.specialisation(table(a=[1]), by_sector(np.nan)), "not known"),
        (lambda: regional.shift_share(table(a=[1]).assign(period="2020")), "given: 2020"),
        (
            lambda: regional.shift_share(two_periods(table(a=[1]), table(b=[1]))),
            "2020 and 2021 have other areas",
        ),
        (
            lambda: regional.shift_share(
                two_periods(table(a=[1, 1]), table(a=[1, 1])),
                two_periods(
                    *(
                        pd.DataFrame({"sector": ["A", "B"], "value": values})
                        for values in ([5, 0], [5, 1])
                    )
                ),
            ),
            "nothing at the start in sectors that areas have: B",
        ),
        (lambda: regional.inequality(pd.Series([0, 0])), "nothing to spread"),
        (lambda: regional.inequality(pd.Series([3, -1])), "negative"),
        (lambda: regional.inequality(pd.Series([1, 2], ["a", "a"])), "a stand twice"),
        (lambda: regional.theil(pd.Series([1, 2], ["a", "b"]), pd.Series({"a": "x"})), "group: b"),
    ],
)
def test_what_cannot_be_used_is_named(call, said):
    with pytest.raises(DataError, match=said):
        call()


# Laws

CELLS = arrays.arrays(
    np.int64, st.tuples(st.integers(1, 7), st.integers(1, 6)), elements=st.integers(0, 10_000)
)
VALUES = arrays.arrays(np.int64, st.integers(2, 40), elements=st.integers(0, 100_000))


def tidy(cells):
    return table(**{f"a{number}": row for number, row in enumerate(cells.tolist())})


@settings(deadline=None, max_examples=40)
@given(CELLS, st.integers(2, 50))
def test_quotients_average_to_one_and_ignore_scale_and_order(cells, factor):
    assume(cells.sum() > 0)
    jobs = tidy(cells)
    found = regional.location_quotients(jobs)
    total = found.groupby("area_id")["value"].transform("sum") / cells.sum()
    mean = (found["location_quotient"].fillna(0) * total).groupby(found["sector"]).sum()
    assert mean[cells.sum(axis=0) > 0].tolist() == pytest.approx([1] * len(mean[mean > 0]))
    scaled = regional.location_quotients(jobs.assign(value=jobs["value"] * factor))
    pd.testing.assert_series_equal(scaled["location_quotient"], found["location_quotient"])
    turned = regional.location_quotients(jobs.iloc[::-1])
    pd.testing.assert_frame_equal(turned, found)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.integers(1, 5))
def test_areas_of_the_same_mix_have_quotients_of_one(mix, copies):
    jobs = table(**{f"a{k}": [(k + 1) * value for value in mix] for k in range(copies)})
    assert regional.location_quotients(jobs)["location_quotient"].tolist() == pytest.approx(
        [1] * len(jobs)
    )
    assert regional.specialisation(jobs)["krugman"].tolist() == pytest.approx(
        [0] * copies, abs=1e-12
    )


@settings(deadline=None, max_examples=40)
@given(
    arrays.arrays(np.int64, st.tuples(st.just(2), st.integers(1, 6)), elements=st.integers(1, 99))
)
def test_dissimilarity_is_scipys_distance_of_bray_and_curtis_between_shares(two):
    here, other = two / two.sum(axis=1, keepdims=True)
    found = regional.specialisation(table(here=two[0]), by_sector(*two[1])).iloc[0]
    assert found["dissimilarity"] == pytest.approx(braycurtis(here, other), abs=1e-12)
    assert found["krugman"] == pytest.approx(2 * braycurtis(here, other), abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(CELLS)
def test_indices_keep_their_bounds(cells):
    assume(cells.sum() > 0)
    found = regional.specialisation(tidy(cells)).dropna()
    assert found["krugman"].between(0, 2).all()
    assert found["herfindahl"].between(1 / cells.shape[1] - 1e-12, 1 + 1e-12).all()


@settings(deadline=None, max_examples=40)
@given(CELLS, st.randoms(use_true_random=False))
def test_shift_share_adds_up_to_the_change(cells, random):
    later = cells.copy().ravel()
    random.shuffle(later)
    assume(cells.sum() > 0)
    found = regional.shift_share(two_periods(tidy(cells), tidy(later.reshape(cells.shape))))
    parts = found[["national", "structural", "regional"]].sum(axis=1)
    np.testing.assert_allclose(parts, found["change"], rtol=0, atol=1e-9 * cells.max())
    # Over all areas, what is structural cancels out but for sectors that are new to the whole, and
    # so does what is regional in each of the others.
    new = found.groupby("sector").filter(lambda rows: rows["start"].sum() == 0)
    assert found["structural"].sum() == pytest.approx(-new["end"].sum(), abs=1e-6)
    old = found.groupby("sector").filter(lambda rows: rows["start"].sum() > 0)
    assert old.groupby("sector")["regional"].sum().abs().max() == pytest.approx(0, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(VALUES, st.integers(2, 1000), st.randoms(use_true_random=False))
def test_inequality_keeps_its_bounds_and_ignores_scale_and_order(values, factor, random):
    assume(values.sum() > 0)
    found = regional.inequality(pd.Series(values))
    n = len(values)
    assert 0 <= found["gini"].item() <= 1 - 1 / n + 1e-12
    assert 0 <= found["gini_corrected"].item() <= 1 + 1e-12
    assert 0 <= found["theil"].item() <= np.log(n) + 1e-12
    shuffled = values.tolist()
    random.shuffle(shuffled)
    changed = regional.inequality(pd.Series(shuffled) * factor)
    np.testing.assert_allclose(changed, found, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(VALUES)
def test_weights_stand_for_repeated_areas(values):
    assume(values.sum() > 0)
    once, count = np.unique(values, return_counts=True)
    each = regional.inequality(pd.Series(values)).iloc[0]
    weighted = regional.inequality(pd.Series(once), pd.Series(count)).iloc[0]
    assert weighted["gini"] == pytest.approx(each["gini"], abs=1e-12)
    assert weighted["theil"] == pytest.approx(each["theil"], abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(VALUES, st.integers(1, 6), st.booleans())
def test_theil_between_and_within_add_up(values, groups, is_weighted):
    weights = pd.Series(np.arange(1, len(values) + 1)) if is_weighted else None
    assume(values.sum() > 0)
    series = pd.Series(values)
    parts = regional.theil(series, pd.Series(np.arange(len(values)) % groups), weights)
    whole = regional.inequality(series, weights)["theil"].item()
    assert parts["theil"].iloc[0] == pytest.approx(whole, abs=1e-9)
    assert parts["theil"].iloc[1:].sum() == pytest.approx(whole, abs=1e-9)
    assert (parts["theil"] >= 0).all()
