"""Survival: held to published tables of R, Stata and textbooks, and to cases counted by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ostwerk_analysis import load, survival
from ostwerk_analysis.faults import DataError

# Freireich et al. (1963), Blood 21: weeks of remission of children with leukaemia, 6-MP against
# placebo; as in Cox (1972) and in Kalbfleisch and Prentice (2002), table 1.
MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
MP_RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

# R, package survival, data set aml (Miller 1981): weeks of remission.
MAINTAINED = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161]
MAINTAINED_RELAPSED = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]
NOT_MAINTAINED = [5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45]
NOT_MAINTAINED_RELAPSED = [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]


def curve(left, closed, entered=None):
    return survival.kaplan_meier(pd.Series(left), pd.Series(closed, dtype=bool), entered)


def at_events(found):
    return found[found["closed"] > 0].set_index("time")


def test_leukaemia_data_as_stata_and_textbooks_print_them():
    found = at_events(curve(MP, MP_RELAPSED))
    # Stata, sts list: survivor function, standard error, log(-log) interval.
    printed = {
        6: (21, 0.8571, 0.0764, 0.6197, 0.9516),
        7: (17, 0.8067, 0.0869, 0.5631, 0.9228),
        10: (15, 0.7529, 0.0963, 0.5032, 0.8894),
        13: (12, 0.6902, 0.1068, 0.4316, 0.8491),
        16: (11, 0.6275, 0.1141, 0.3675, 0.8049),
        22: (7, 0.5378, 0.1282, 0.2678, 0.7468),
        23: (6, 0.4482, 0.1346, 0.1881, 0.6801),
    }
    columns = ["at_risk", "survival", "standard_error", "lower", "upper"]
    assert list(found.index) == list(printed)
    assert found[columns].to_numpy() == pytest.approx(np.array([*printed.values()]), abs=5e-5)


def test_the_leukaemia_groups_differ_as_textbooks_say():
    # Kleinbaum and Klein (2012), Survival Analysis, p. 67-71: 16.79; expected 19.25 and 10.75.
    found = survival.logrank(
        pd.Series(MP + PLACEBO),
        pd.Series(MP_RELAPSED + [1] * 21, dtype=bool),
        pd.Series(["6-MP"] * 21 + ["placebo"] * 21),
    )
    assert found["observed"].tolist() == [9, 21]
    assert found["expected"].tolist() == pytest.approx([19.25, 10.75], abs=0.005)
    assert found["chi_square"].tolist() == pytest.approx([16.79] * 2, abs=0.005)
    assert found["degrees_of_freedom"].tolist() == [1, 1]
    assert found["p"].iloc[0] == pytest.approx(4.17e-5, rel=0.01)


def test_aml_as_r_prints_it():
    # summary(survfit(Surv(time, status) ~ x, aml)) and survdiff of the same.
    found = at_events(curve(MAINTAINED, MAINTAINED_RELAPSED))
    assert found["survival"].tolist() == pytest.approx(
        [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184], abs=5e-4
    )
    assert found["standard_error"].tolist() == pytest.approx(
        [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535], abs=5e-5
    )
    other = at_events(curve(NOT_MAINTAINED, NOT_MAINTAINED_RELAPSED))
    assert other["survival"].tolist() == pytest.approx(
        [0.8333, 0.6667, 0.5833, 0.4861, 0.3889, 0.2917, 0.1944, 0.0972, 0], abs=5e-5
    )
    assert other["standard_error"].tolist()[:-1] == pytest.approx(
        [0.1076, 0.1361, 0.1423, 0.1481, 0.1470, 0.1387, 0.1219, 0.0919], abs=5e-5
    )
    test = survival.logrank(
        pd.Series(MAINTAINED + NOT_MAINTAINED),
        pd.Series(MAINTAINED_RELAPSED + NOT_MAINTAINED_RELAPSED, dtype=bool),
        pd.Series(["maintained"] * 11 + ["not"] * 12),
    )
    assert test["expected"].tolist() == pytest.approx([10.69, 7.31], abs=0.005)
    assert test["chi_square"].iloc[0] == pytest.approx(3.40, abs=0.005)
    assert test["p"].iloc[0] == pytest.approx(0.0653, abs=5e-5)


spells = st.lists(
    st.tuples(st.integers(1, 30), st.booleans(), st.sampled_from("ab")), min_size=2, max_size=40
)


@settings(deadline=None, max_examples=50)
@given(spells)
def test_without_late_entries_it_is_what_scipy_computes(spells):
    left, closed, _ = (np.array(column) for column in zip(*spells, strict=True))
    found = curve(left, closed)
    data = stats.CensoredData.right_censored(left, ~closed)
    theirs = stats.ecdf(data).sf
    assert found["survival"].to_numpy() == pytest.approx(theirs.evaluate(found["time"]))


@settings(deadline=None, max_examples=50)
@given(spells)
def test_the_log_rank_test_of_two_groups_is_scipys(spells):
    left, closed, group = (np.array(column) for column in zip(*spells, strict=True))
    if len(set(group)) < 2:
        return
    found = survival.logrank(pd.Series(left), pd.Series(closed), pd.Series(group))
    assert found["observed"].sum() == closed.sum()
    assert found["expected"].sum() == pytest.approx(closed.sum())
    if found["degrees_of_freedom"].iloc[0]:
        first, second = (
            stats.CensoredData.right_censored(left[group == name], ~closed[group == name])
            for name in ("a", "b")
        )
        theirs = stats.logrank(first, second)
        assert found["chi_square"].iloc[0] == pytest.approx(theirs.statistic**2)
        assert found["p"].iloc[0] == pytest.approx(theirs.pvalue)


@settings(deadline=None, max_examples=50)
@given(spells)
def test_cutting_each_spell_in_two_changes_nothing(spells):
    left, closed, _ = (np.array(column) for column in zip(*spells, strict=True))
    cut = left / 2
    found = curve(
        np.concatenate([cut, left]),
        np.concatenate([np.zeros(len(left), dtype=bool), closed]),
        np.concatenate([np.zeros(len(left)), cut]),
    )
    pd.testing.assert_frame_equal(
        at_events(found).drop(columns="censored"),
        at_events(curve(left, closed)).drop(columns="censored"),
    )


def test_who_enters_late_is_not_at_risk_before():
    # At 2 only the first is there and three have not entered; at 5 three are, one of them closes.
    found = at_events(curve([2, 5, 9, 9], [0, 1, 0, 0], pd.Series([0, 2, 3, 5])))
    assert found["at_risk"].tolist() == [2]  # who enters at 5 is not at risk at 5
    assert found["survival"].tolist() == [0.5]


def test_an_age_beyond_all_observation_has_no_share():
    found = survival.survival_at(curve(MP, MP_RELAPSED), pd.Series([0, 5.9, 6, 24, 35, 36]))
    assert found["survival"].tolist()[:2] == [1, 1]
    assert found["survival"].iloc[2] == pytest.approx(18 / 21)
    assert found["survival"].iloc[3] == found["survival"].iloc[4] == pytest.approx(0.4482, abs=5e-5)
    assert np.isnan(found["survival"].iloc[5])
    assert found["lower"].isna().tolist() == [True, True, False, False, False, True]
    gone = survival.survival_at(curve([1, 2], [1, 1]), pd.Series([3.0]))
    assert gone["survival"].tolist() == [0]


def test_where_nobody_closes_there_is_nothing_to_test():
    found = survival.logrank(pd.Series([1, 2]), pd.Series([False, False]), pd.Series(["a", "b"]))
    assert found["degrees_of_freedom"].tolist() == [0, 0]
    assert found[["chi_square", "p"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("left", "entered"), [([], None), ([3], [3.0]), ([-1], None), ([np.nan], None)]
)
def test_spells_that_cannot_be_are_refused(left, entered):
    with pytest.raises(DataError, match="end after they begin"):
        curve(left, [True] * len(left), entered and pd.Series(entered))


def test_one_group_is_nothing_to_compare():
    with pytest.raises(DataError, match="at least two"):
        survival.logrank(pd.Series([1, 2]), pd.Series([True, True]), pd.Series(["a", "a"]))


def test_a_level_is_between_0_and_1():
    with pytest.raises(DataError, match="not between 0 and 1"):
        survival.kaplan_meier(pd.Series([1]), pd.Series([True]), level=95)


# ---- start-ups of the small city: founded from 2024-01-01 on are b2, b5 and b8 ----


@pytest.fixture
def changed(small_city, change):
    """Load the small city with texts of its files changed."""

    def changed(*changes):
        for file, old, new in changes:
            change(small_city / file, old, new)
        return load(small_city)

    return changed


def spell(data, business, quarter="2025-Q2"):
    found = survival.startups(data, quarter)
    rows = found[found["business_id"] == business]
    return rows[["group", "entered", "left", "closed"]].to_numpy().tolist()


def test_a_first_contact_is_no_support_and_an_approved_grant_is(small_data):
    # b2: founded on 2024-02-15, grant approved on 2024-03-31; b5 had a first contact only
    days = (pd.Timestamp("2025-06-30") - pd.Timestamp("2024-02-15")).days
    assert spell(small_data, "b2") == [
        ["not supported", 0, 45, False], ["supported", 45, days, False],
    ]  # fmt: skip
    assert [row[0] for row in spell(small_data, "b5")] == ["not supported"]


def test_older_enterprises_are_left_out(small_data):
    assert set(survival.startups(small_data, "2025-Q2")["business_id"]) == {"b2", "b5", "b8"}
    assert set(survival.startups(small_data, "2024-Q1")["business_id"]) == {"b2"}


def test_what_happens_after_the_quarter_is_not_known_in_it(changed):
    data = changed(("businesses.csv", "2024-04-01,,60", "2024-04-01,2025-05-01,60"))
    assert spell(data, "b5", "2025-Q1") == [["not supported", 0, 364, False]]
    assert spell(data, "b5", "2025-Q2") == [["not supported", 0, 395, True]]


@pytest.mark.parametrize(
    ("advised", "expected"),
    [
        ("2024-03-01", [["supported", 0, 30, True]]),
        ("2024-04-01", [["supported", 0, 30, True]]),
        ("2024-04-11", [["not supported", 0, 10, False], ["supported", 10, 30, True]]),
        ("2024-05-01", [["not supported", 0, 30, True]]),  # on the day of closing: too late
        ("2024-06-01", [["not supported", 0, 30, True]]),
    ],
)
def test_support_counts_from_its_day_on(changed, advised, expected):
    data = changed(
        ("businesses.csv", "2024-04-01,,60", "2024-04-01,2024-05-01,60"),
        ("contacts.csv", "2024-05-02,first_contact,b5", f"{advised},advice,b5"),
    )
    assert spell(data, "b5") == expected


def test_shares_stand_beside_the_stated_benchmark(small_city):
    with (small_city / "programme.toml").open("a") as file:
        file.write(
            '\n[[benchmarks]]\nmonths = 12\nsurvival_pct = 77.6\ncohort = "Germany"\nsource = "x"\n'
        )
    found = survival.startup_survival(load(small_city), "2025Q2", months=(12, 24))
    assert list(found["group"]) == ["supported"] * 2 + ["not supported"] * 2 + ["all"] * 2
    assert found["benchmark_pct"].dropna().tolist() == [77.6] * 3
    at_12 = found[found["months"] == 12].set_index("group")
    assert at_12["startups"].to_dict() == {"supported": 1, "not supported": 3, "all": 3}
    # b2 is supported, b5 is not, b8 is not yet that old
    assert at_12["observed"].to_dict() == {"supported": 1, "not supported": 1, "all": 2}
    assert at_12["survival_pct"].tolist() == [100, 100, 100]
    assert found.loc[found["months"] == 24, "survival_pct"].isna().all()


def test_a_programme_without_start_ups_has_no_shares(small_city, change):
    change(small_city / "programme.toml", 'first_quarter = "2024-Q1"', 'first_quarter = "2025-Q3"')
    assert survival.startup_survival(load(small_city), "2025Q4").empty


def test_a_programme_without_businesses_has_no_start_ups(small_data):
    tables = {name: table for name, table in small_data.tables.items() if name != "businesses"}
    data = dataclasses.replace(small_data, tables=tables)
    assert survival.startup_survival(data, "2025Q2").empty
    assert survival.startup_test(data, "2025Q2").empty


def test_start_ups_of_one_group_only_are_not_tested(small_data):
    assert len(survival.startup_test(small_data, "2025Q2")) == 2
    assert survival.startup_test(small_data, "2024Q1").empty  # b2 is approved on the last day


def test_a_benchmark_of_an_age_stands_once(small_city):
    entry = '\n[[benchmarks]]\nmonths = 12\nsurvival_pct = 70\ncohort = "a"\nsource = "x"\n'
    with (small_city / "programme.toml").open("a") as file:
        file.write(2 * entry)
    with pytest.raises(DataError, match="stands twice"):
        load(small_city)


@pytest.mark.parametrize("seed", range(3))
def test_counting_support_from_the_foundation_on_would_favour_it(seed):
    """Support without any effect shows none; counted from the foundation on it would show one."""
    rng = np.random.default_rng(seed)
    size = 4000
    life, asks = rng.exponential(1000, size), rng.exponential(1000, size)
    left, closed = np.minimum(life, 1500), life <= 1500
    is_supported = asks < left
    naive = survival.logrank(
        pd.Series(left), pd.Series(closed), pd.Series(np.where(is_supported, "yes", "no"))
    )
    assert naive["p"].iloc[0] < 1e-6
    right = survival.logrank(
        pd.Series(np.concatenate([np.where(is_supported, asks, left), left[is_supported]])),
        pd.Series(np.concatenate([closed & ~is_supported, closed[is_supported]])),
        pd.Series(["no"] * size + ["yes"] * int(is_supported.sum())),
        pd.Series(np.concatenate([np.zeros(size), asks[is_supported]])),
    )
    assert right["p"].iloc[0] > 0.01
