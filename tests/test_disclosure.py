"""What leaves through the door: cells by hand, cells at the minimum, and laws that always hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ostwerk_analysis as ow
from ostwerk_analysis.disclosure import protect
from ostwerk_analysis.faults import DisclosureError
from ostwerk_analysis.indicators import catalogue_frame
from ostwerk_analysis.indicators.declaration import Indicator
from ostwerk_analysis.observations import COLUMNS, CONTRIBUTIONS, tidy
from ostwerk_analysis.programme import DisclosureRules

RULES = DisclosureRules(minimum_enterprises=3, minimum_persons=5)


def declare(id, units="", **more):
    words = dict.fromkeys(("label_de", "label_en", "definition_de", "definition_en"), id)
    return Indicator(id=id, unit="EUR", kind=more.pop("kind", "sum"), units=units, **words, **more)


DECLARED = catalogue_frame(
    [
        declare("grants", "enterprises"),
        declare("investment", "enterprises"),
        declare("leverage", "enterprises", kind="ratio", numerator="investment",
                denominator="grants"),
        declare("persons", "persons"),
        declare("contacts", "both"),
        declare("residents"),
        declare("days", "enterprises", kind="median"),
        declare("density", "enterprises", kind="rate", numerator="grants",
                denominator="residents", scale=1000.0),
    ]
)  # fmt: skip


def cell(indicator="grants", value=12.5, n_units=7, area="01", period="2024-Q1", **more):
    return {
        "indicator": indicator,
        "area_id": area,
        "area_level": "district",
        "period": period,
        "breakdown": "",
        "value": value,
        "unit": "EUR",
        "n_units": n_units,
        "obs_status": "A",
        "conf_status": "F",
        "quality_note": "counted",
        "largest_1": 10.0,
        "largest_2": 2.5,
        **more,
    }


def door(*cells, rules=RULES, catalogue=DECLARED):
    protected = protect(tidy(pd.DataFrame(list(cells))), catalogue, rules)
    return {row["indicator"]: row for row in protected.to_dict("records")}


def is_suppressed(row, status="C"):
    return (
        row["conf_status"] == status
        and np.isnan(row["value"])
        and pd.isna(row["n_units"])
        and row["quality_note"] == ""
    )


@pytest.mark.parametrize(
    ("indicator", "n_units", "suppressed"),
    [
        ("grants", 1, True),
        ("grants", 2, True),
        ("grants", 3, False),
        ("persons", 1, True),
        ("persons", 3, True),
        ("persons", 4, True),
        ("persons", 5, False),
        ("days", 4, True),  # three at or below the median, and three at or above it
        ("days", 5, False),
    ],
)
def test_a_cell_below_its_own_minimum_is_suppressed(indicator, n_units, suppressed):
    row = door(cell(indicator, n_units=n_units))[indicator]
    assert is_suppressed(row) == suppressed
    if not suppressed:
        assert (row["value"], row["n_units"], row["quality_note"]) == (12.5, n_units, "counted")


def test_a_median_of_nothing_is_missing_and_a_median_of_zero_days_is_a_value():
    idle = cell("days", np.nan, 0, obs_status="M", quality_note="nothing happened")
    row = door(idle)["days"]
    assert (row["obs_status"], row["conf_status"], row["quality_note"]) == (
        "M", "F", "nothing happened",
    )  # fmt: skip
    assert door(cell("days", 0.0, n_units=5))["days"]["value"] == 0


def test_nobody_is_told_of_by_a_zero():
    row = door(cell(value=0.0, n_units=0))["grants"]
    assert (row["value"], row["n_units"], row["conf_status"]) == (0.0, 0, "F")


def test_a_zero_of_few_is_a_secret_too():
    assert is_suppressed(door(cell(value=0.0, n_units=2))["grants"])


def test_a_minimum_of_one_suppresses_no_median():
    rules = DisclosureRules(minimum_enterprises=1, minimum_persons=1)
    assert not is_suppressed(door(cell("days", n_units=1), rules=rules)["days"])


def test_a_minimum_of_one_suppresses_nothing():
    rules = DisclosureRules(minimum_enterprises=1, minimum_persons=1)
    assert door(cell(n_units=1), rules=rules)["grants"]["value"] == 12.5


@pytest.mark.parametrize("n_units", [None, 1])
def test_official_statistics_are_free(n_units):
    row = door(cell("residents", 1000.0, n_units))["residents"]
    assert (row["value"], row["conf_status"]) == (1000.0, "F")


def test_missing_stays_missing_and_tells_no_number_of_units():
    row = door(cell(value=np.nan, n_units=2, obs_status="M"))["grants"]
    assert (row["obs_status"], row["conf_status"]) == ("M", "F")
    assert pd.isna(row["n_units"])


def test_what_a_notebook_marked_confidential_keeps_neither_value_nor_units():
    assert is_suppressed(door(cell(conf_status="C", n_units=9))["grants"])
    assert is_suppressed(door(cell(conf_status="D", n_units=9))["grants"], "D")


def test_a_ratio_is_computed_from_the_protected_parts():
    rows = door(cell("investment", 30.0), cell("grants", 12.0), cell("leverage", 99.0))
    assert (rows["leverage"]["value"], rows["leverage"]["conf_status"]) == (2.5, "F")


@pytest.mark.parametrize("units", [(2, 7), (7, 2), (2, 2)])
def test_a_ratio_of_a_suppressed_part_is_suppressed(units):
    above, below = units
    rows = door(cell("investment", 30.0, above), cell("grants", 12.0, below), cell("leverage"))
    assert is_suppressed(rows["leverage"], "D")


def test_a_rate_of_a_suppressed_count_to_public_residents_is_suppressed():
    assert is_suppressed(door(cell(n_units=2), cell("residents", 10.0, None))["density"], "D")


def test_a_rate_of_a_missing_part_is_missing_and_not_suppressed():
    rows = door(cell(), cell("residents", np.nan, None, obs_status="M"))
    assert (rows["density"]["obs_status"], rows["density"]["conf_status"]) == ("M", "F")


def test_a_suppressed_part_outweighs_a_missing_one():
    rows = door(cell(n_units=1), cell("residents", np.nan, None, obs_status="M"))
    assert is_suppressed(rows["density"], "D")
    assert rows["density"]["obs_status"] == "A"


@pytest.mark.parametrize(("value", "n_units"), [(12.5, None), (12.5, 0), (-1.0, 0)])
def test_a_value_of_nobody_knows_how_many_is_refused(value, n_units):
    with pytest.raises(DisclosureError, match="grants in 01 2024-Q1 has a value, but") as refused:
        door(cell(value=value, n_units=n_units))
    assert refused.value.exit_code == 3


def test_an_indicator_without_a_declaration_is_refused():
    with pytest.raises(DisclosureError, match="loans has no declaration"):
        door(cell("loans"))


def test_a_misspelt_kind_of_units_is_refused_and_not_taken_for_public():
    wrong = DECLARED.assign(units=DECLARED["units"].replace("enterprises", "enterprise"))
    with pytest.raises(DisclosureError, match=r"'enterprise'; did you mean 'enterprises'\?"):
        door(cell(n_units=1), catalogue=wrong)


@pytest.mark.parametrize("left_out", ["units", "numerator"])
def test_a_declaration_that_leaves_out_what_the_door_needs_is_refused(left_out):
    gap = DECLARED[left_out].where(DECLARED["indicator"] != "grants")
    with pytest.raises(DisclosureError, match="grants"):
        door(cell(n_units=1), catalogue=DECLARED.assign(**{left_out: gap}))


def test_a_ratio_without_its_parts_is_refused_and_not_lost():
    alone = DECLARED[DECLARED["indicator"].isin(["leverage", "grants"])]
    with pytest.raises(DisclosureError, match="leverage is computed from investment, which no"):
        door(cell("grants"), cell("leverage"), catalogue=alone)


@pytest.mark.parametrize(("n_units", "suppressed"), [(4, True), (5, False)])
def test_a_cell_of_firms_and_persons_has_the_stricter_minimum(n_units, suppressed):
    assert is_suppressed(door(cell("contacts", 9, n_units))["contacts"]) == suppressed


def test_a_ratio_whose_parts_lack_its_cell_is_refused_and_not_lost():
    parts = [cell("investment"), cell("grants", period="2024-Q2")]
    with pytest.raises(DisclosureError, match="leverage in 01 2024-Q1 cannot be computed"):
        door(*parts, cell("leverage", 1.0))


def test_neither_contributions_nor_rules_pass(small_data):
    internal = ow.indicators.compute(small_data, "2025Q1")
    assert set(CONTRIBUTIONS) <= set(internal)
    protected = protect(internal, ow.indicators.catalogue(), small_data.programme.disclosure)
    assert list(protected) == COLUMNS
    assert protected.attrs == {}


def test_the_internal_observations_are_left_alone():
    internal = tidy(pd.DataFrame([cell(n_units=1), cell("residents", 1.0, None)]))
    before = internal.copy()
    protect(internal, DECLARED, RULES)
    pd.testing.assert_frame_equal(internal, before)


CELLS = st.dictionaries(
    st.tuples(
        st.sampled_from(["grants", "investment", "persons", "residents"]),
        st.sampled_from(["01", "02", "03"]),
    ),
    st.one_of(
        st.tuples(st.integers(1, 8), st.integers(0, 10_000)),
        st.just((0, 0)),
        st.just((None, None)),
    ),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(CELLS, st.integers(1, 6), st.integers(1, 6))
def test_whatever_passes_tells_of_enough_or_of_nobody(cells, enterprises, persons):
    internal = tidy(
        pd.DataFrame(
            [
                cell(name, np.nan, None, area, obs_status="M")
                if value is None
                else cell(name, float(value), None if name == "residents" else n, area)
                for (name, area), (n, value) in cells.items()
            ]
        )
    )
    rules = DisclosureRules(minimum_enterprises=enterprises, minimum_persons=persons)
    protected = protect(internal, DECLARED, rules)
    both = protected.merge(internal, on=["indicator", "area_id"], how="left", suffixes=("", "_in"))
    is_part = ~both["indicator"].isin(["leverage", "density"])
    parts, rates = both[is_part], both[~is_part]
    assert len(parts) == len(internal)
    free = parts[parts["value"].notna()]
    assert (free["value"] == free["value_in"]).all()
    fewest = free["indicator"].map({"persons": persons, "residents": 0}).fillna(enterprises)
    assert ((free["n_units_in"].fillna(99) >= fewest) | (free["n_units_in"] == 0)).all()
    # Whatever has no value says why, and nothing is both suppressed and missing.
    hidden, missing = both["conf_status"] != "F", both["obs_status"] == "M"
    assert (both["value"].isna() == (hidden | missing)).all()
    assert both.loc[hidden, "n_units"].isna().all()
    assert not (hidden & missing).any()
    # A rate that has a value has two parts that anyone can read in the same release.
    known = {(row["indicator"], row["area_id"]): row["value"] for row in free.to_dict("records")}
    for row in rates[rates["value"].notna()].to_dict("records"):
        above, below, scale = {
            "leverage": ("investment", "grants", 1),
            "density": ("grants", "residents", 1000),
        }[row["indicator"]]
        expected = scale * known[above, row["area_id"]] / known[below, row["area_id"]]
        assert row["value"] == pytest.approx(expected)
    # A second passing changes nothing.
    pd.testing.assert_frame_equal(protect(protected, DECLARED, rules), protected)
