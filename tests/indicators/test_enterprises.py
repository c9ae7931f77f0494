import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.indicators.enterprises import sme_class, undertakings

ORDER = ["micro", "small", "medium", "large"]


def firms(*rows):
    """Make businesses of (employees, turnover, balance, group, closed)."""
    filled = [(*row, *[None] * (5 - len(row))) for row in rows]
    names = ["employees_fte", "turnover_eur", "balance_eur", "group_id", "closed_on"]
    frame = pd.DataFrame(filled, columns=names)
    frame["business_id"] = [f"b{n}" for n in range(len(frame))]
    types = dict.fromkeys(names[:3], "float64") | {"group_id": "str", "business_id": "str"}
    return frame.astype(types).assign(closed_on=pd.to_datetime(frame["closed_on"]))


def classes(*rows):
    found = sme_class(firms(*rows))
    assert found.dtype == "str"
    return found.astype(object).where(found.notna(), None).tolist()


@pytest.mark.parametrize(
    ("employees", "turnover", "balance", "expected"),
    [
        (0, 0, 0, "micro"),
        (9.99, 2e6, 9e9, "micro"),  # one of the two ceilings is enough
        (9.99, 9e9, 2e6, "micro"),
        (9.99, 2e6 + 1, 2e6 + 1, "small"),
        (10, 0, 0, "small"),  # fewer than ten, not up to ten
        (49.5, 10e6, 9e9, "small"),
        (49.5, 10e6 + 1, 10e6 + 1, "medium"),
        (50, 0, 0, "medium"),
        (249.9, 50e6, 9e9, "medium"),
        (249.9, 9e9, 43e6, "medium"),
        (249.9, 50e6 + 1, 43e6 + 1, "large"),
        (250, 0, 0, "large"),
        (1, 51e6, 44e6, "large"),  # few persons alone make no small enterprise
    ],
)
def test_a_class_needs_its_persons_and_one_of_two_sums(employees, turnover, balance, expected):
    assert classes((employees, turnover, balance)) == [expected]


@pytest.mark.parametrize(
    ("employees", "turnover", "balance", "expected"),
    [
        (None, 1e6, 1e6, None),
        (5, None, None, None),
        (5, 1e6, None, "micro"),  # the turnover suffices, whatever the balance
        (5, 3e6, None, None),  # micro if the balance is low enough, else small
        (300, None, None, "large"),
        (None, 60e6, 50e6, "large"),
        (None, None, None, None),
    ],
)
def test_a_class_is_missing_only_where_the_missing_figure_would_decide(
    employees, turnover, balance, expected
):
    assert classes((employees, turnover, balance)) == [expected]


def test_linked_enterprises_are_classed_by_their_sum():
    # 8 + 4 employees are no longer micro; the third stands alone
    assert classes((8, 1e6, 1e6, "g"), (4, 1e5, 1e5, "g"), (4, 1e5, 1e5)) == [
        "small", "small", "micro",
    ]  # fmt: skip
    # few persons, but 1.5 and 1.5 million in turnover and balance
    assert classes((1, 1.5e6, 1.5e6, "g"), (1, 1.5e6, 1.5e6, "g")) == ["small", "small"]


def test_a_gap_of_one_enterprise_leaves_its_group_open_unless_the_rest_decides():
    assert classes((8, 1e6, 1e6, "g"), (None, 1e5, 1e5, "g")) == [None, None]
    assert classes((400, 1e6, 1e6, "g"), (None, None, None, "g")) == ["large", "large"]


def test_an_enterprise_that_has_closed_no_longer_counts_in_its_group():
    assert classes((8, 1e6, 1e6, "g"), (4, 1e5, 1e5, "g", "2025-01-31")) == ["micro", "small"]


def test_a_group_with_the_code_of_an_enterprise_is_not_that_enterprise():
    own, one, other, alone = undertakings(firms((1,), (1, 0, 0, "b0"), (1, 0, 0, "b0"), (1,)))
    assert one == other
    assert len({own, one, alone}) == 3


def test_no_enterprise_has_no_class():
    assert classes() == []


# The rule of two years

FIGURES = {"micro": 5.0, "small": 20.0, "medium": 100.0, "large": 300.0, None: None}
"""A class = persons employed that make it one, with little turnover."""


def over_years(*rows, group=None, founded=None):
    """Class enterprises by (enterprise, year, class of that year)."""
    names = sorted({row[0] for row in rows} | {"b0"})
    table = firms(*[(1, 0, 0, group)] * len(names))
    table["business_id"] = pd.Series(names, dtype="str")
    table["founded_on"] = pd.to_datetime(pd.Series(founded or [None] * len(names)))
    years = pd.DataFrame(
        {
            "business_id": pd.Series([row[0] for row in rows], dtype="str"),
            "year": pd.Series([row[1] for row in rows], dtype="Int64"),
            "employees_fte": pd.Series([FIGURES[row[2]] for row in rows], dtype="float64"),
            "turnover_eur": 0.0,
            "balance_eur": 0.0,
        }
    )
    found = sme_class(table, years)
    return found.astype(object).where(found.notna(), None).tolist()


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        (["small"], "small"),  # the first year decides alone
        (["micro", "small"], "micro"),  # one year beyond the ceiling
        (["micro", "small", "small"], "small"),  # two years
        (["small", "micro"], "small"),  # below it, likewise
        (["small", "micro", "micro"], "micro"),
        (["micro", "small", "micro", "small"], "micro"),  # never two in a row
        (["micro", "small", "small", "micro"], "small"),  # the status is that gained
        (["micro", "small", "medium"], "small"),  # beyond the one twice, beyond the other once
        (["micro", "medium", "small"], "small"),
        (["micro", "large", "large"], "large"),
        (["large", "medium", "micro", "micro"], "micro"),
        (["micro", None, "micro"], "micro"),  # a year not known that cannot change it
        (["micro", None, "small"], None),  # one that could
        (["micro", None, "small", "small"], "small"),
        (["micro", None, None, "small"], None),
        (["micro", "small", None], None),
        ([None, "small"], "small"),
    ],
)
def test_a_class_changes_after_two_years_in_a_row(years, expected):
    rows = [("b0", 2020 + number, name) for number, name in enumerate(years)]
    assert over_years(*rows) == [expected]
    gaps = [row for row in rows if row[2]]  # a year without a row is one that is not known
    if years[-1]:
        assert over_years(*gaps) == [expected]


def test_figures_of_years_come_before_those_of_the_register_and_others_keep_theirs():
    assert over_years(("b0", 2024, "medium"), ("b1", 2023, "small")) == ["medium", "small"]
    assert sme_class(firms((20, 0, 0)), None).tolist() == ["small"]
    alone = over_years(("b1", 2024, "medium"))  # b0 has no years, and one employee
    assert alone == ["micro", "medium"]


def test_linked_enterprises_are_added_year_by_year():
    # 5 + 5 employees in both years are small together
    rows = [(firm, year, "micro") for firm in ("b0", "b1") for year in (2023, 2024)]
    assert over_years(*rows) == ["micro", "micro"]
    assert over_years(*rows, group="g") == ["small", "small"]


def test_a_linked_enterprise_counts_in_the_years_in_which_it_existed():
    rows = [("b0", 2022, "micro"), ("b0", 2023, "micro"), ("b0", 2024, "micro")]
    rows += [("b1", 2024, "micro")]
    # b1 is of 2024: one year beyond the ceiling, and no gap before
    assert over_years(*rows, group="g", founded=["2010-01-01", "2024-03-01"]) == ["micro", "micro"]
    # it existed before: those years say nothing, and 2024 decides alone
    both = ["2010-01-01", "2010-01-01"]
    assert over_years(*rows, group="g", founded=both) == ["small", "small"]


def test_an_enterprise_that_has_closed_keeps_its_last_class():
    table = firms((1, 0, 0, "g"), (1, 0, 0, "g", "2022-06-30"))
    table["founded_on"] = pd.NaT
    rows = [("b0", year, 5.0) for year in range(2021, 2025)] + [("b1", 2021, 20.0)]
    years = pd.DataFrame(rows, columns=["business_id", "year", "employees_fte"])
    years = years.assign(turnover_eur=0.0, balance_eur=0.0)
    # together small in 2021; b0 is alone, and micro, from 2023 on
    assert sme_class(table, years).tolist() == ["micro", "small"]


@given(st.lists(st.sampled_from([*ORDER]), min_size=1, max_size=8))
def test_the_rule_read_word_for_word_gives_the_same(years):
    rows = [("b0", 2010 + number, name) for number, name in enumerate(years)]
    within = {name: ORDER.index(years[0]) <= ORDER.index(name) for name in ORDER}
    for before, now in itertools.pairwise(years):
        for name in ORDER:
            said = [ORDER.index(year) <= ORDER.index(name) for year in (before, now)]
            if said == [not within[name]] * 2:
                within[name] = not within[name]
    assert over_years(*rows) == [next(name for name in ORDER if within[name])]


figures = st.none() | st.sampled_from([0.0, 1, 9, 10, 49, 50, 249, 250, 2e6, 10e6, 43e6, 50e6, 9e7])


@given(st.lists(st.tuples(figures, figures, figures, st.none() | st.sampled_from("gh"))))
def test_a_gap_filled_never_contradicts_a_class_that_was_given_without_it(rows):
    before = classes(*rows)
    for value in (0.0, 60.0, 1e9):
        filled = [[value if v is None else v for v in row[:3]] + [row[3]] for row in rows]
        after = classes(*filled)
        assert all(old in (None, new) for old, new in zip(before, after, strict=True))
        assert None not in after


@given(st.lists(st.tuples(*[st.floats(0, 1e9)] * 3, st.none() | st.just("g")), min_size=1))
def test_being_linked_never_makes_an_enterprise_smaller(rows):
    alone = [ORDER.index(one) for one in classes(*(row[:3] for row in rows))]
    linked = [ORDER.index(one) for one in classes(*rows)]
    assert (np.array(linked) >= np.array(alone)).all()
