"""Gross to net: cases counted by hand, and laws that hold for any assumptions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.additionality import (
    SHARES,
    STEPS,
    Assumptions,
    local_effect,
    net_effect,
    net_range,
    stairs,
)
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Additionality

SHARE = st.floats(0, 100)
ASSUMED = st.builds(
    Assumptions, **dict.fromkeys(SHARES, SHARE), multiplier=st.floats(1, 3, allow_nan=False)
)
GROSS = st.floats(0, 1e6)


def stated(**factors):
    """Assumptions of a programme: name = (low, central, high)."""
    given_ = dict.fromkeys(SHARES, (0, 0, 0)) | {"multiplier": (1, 1, 1)} | factors
    return Additionality.model_validate(
        {
            name: dict(zip(("low", "central", "high"), three, strict=True)) | {"source": "x"}
            for name, three in given_.items()
        }
    )


# ---- counted by hand ----


def test_each_factor_takes_its_share_of_what_the_one_before_has_left():
    # 200 jobs; 40 % anyway: 120; a quarter to people from elsewhere: 90; half at the cost of
    # others: 45; a tenth replaces: 40.5; and a tenth on top: 44.55
    assumed = Assumptions(40, 25, 50, 10, 1.1)
    assert net_effect(200, assumed) == pytest.approx(44.55)
    table = stairs(200, assumed)
    assert table["step"].tolist() == list(STEPS)
    assert table["before"].tolist() == pytest.approx([200, 120, 90, 45, 40.5])
    assert table["change"].tolist() == pytest.approx([-80, -30, -45, -4.5, 4.05])
    assert table["after"].tolist() == pytest.approx([120, 90, 45, 40.5, 44.55])


def test_a_reference_case_may_have_effects_and_factors_of_its_own():
    # With: 100 x 0.8 x 0.5 x 1.2 = 48. Without: 30 x 0.5 x 1 x 1.1 = 16.5.
    with_it = Assumptions(leakage_pct=20, displacement_pct=50, multiplier=1.2)
    without = Assumptions(leakage_pct=50, multiplier=1.1)
    assert local_effect(100, with_it) == pytest.approx(48)
    assert net_effect(100, with_it, (30, without)) == pytest.approx(31.5)
    assert net_effect(10, with_it, (30, without)) == pytest.approx(4.8 - 16.5)


def test_the_range_is_that_of_all_cautious_and_all_favourable_ends():
    # cautious 100 x 0.4 x 0.5 x 1 = 20; central 100 x 0.6 x 0.8 x 1.1; favourable 100 x 0.8 x 1.2
    assumed = stated(deadweight_pct=(20, 40, 60), leakage_pct=(0, 20, 50), multiplier=(1, 1.1, 1.2))
    assert net_range(100, assumed) == pytest.approx((20, 52.8, 96))


@pytest.mark.parametrize("name", SHARES)
def test_shares_outside_0_to_100_are_refused(name):
    for wrong in (-0.1, 100.1, float("nan")):
        with pytest.raises(DataError, match=f"{name} is .*share from 0 to 100"):
            Assumptions(**{name: wrong})


def test_a_multiplier_below_1_is_refused():
    with pytest.raises(DataError, match=r"multiplier is 0\.9"):
        Assumptions(multiplier=0.9)


# ---- laws ----


@given(GROSS, ASSUMED)
def test_stairs_end_where_the_formula_does(gross, assumed):
    table = stairs(gross, assumed)
    net = net_effect(gross, assumed)
    assert table["after"].iloc[-1] == pytest.approx(net, abs=1e-6)
    assert gross + table["change"].sum() == pytest.approx(net, rel=1e-9, abs=1e-6)
    assert (table["change"].iloc[:-1] <= 0).all()
    assert table["change"].iloc[-1] >= 0


@given(GROSS, ASSUMED)
def test_without_a_multiplier_net_is_at_most_gross_and_never_negative(gross, assumed):
    plain = Assumptions(*(getattr(assumed, name) for name in SHARES))
    assert -1e-9 <= net_effect(gross, plain) <= gross * (1 + 1e-12)


@given(GROSS)
def test_without_any_assumption_net_is_gross(gross):
    assert net_effect(gross, Assumptions()) == gross


@given(GROSS, ASSUMED, st.sampled_from(STEPS), st.floats(0, 1))
def test_a_larger_share_never_leaves_more_and_a_larger_multiplier_never_less(
    gross, assumed, name, by
):
    now = {step: getattr(assumed, step) for step in STEPS}
    is_share = name in SHARES
    more = now | {name: now[name] + by * (100 - now[name] if is_share else 1)}
    before, after = net_effect(gross, assumed), net_effect(gross, Assumptions(**more))
    slack = 1e-9 * max(1, gross)
    assert after <= before + slack if is_share else after >= before - slack


@given(GROSS, st.sampled_from(SHARES), ASSUMED)
def test_a_share_of_all_leaves_nothing(gross, name, assumed):
    everything = {step: getattr(assumed, step) for step in STEPS} | {name: 100}
    assert net_effect(gross, Assumptions(**everything)) == pytest.approx(0, abs=1e-6)


@given(GROSS, st.lists(SHARE, min_size=12, max_size=12), st.lists(st.floats(1, 3), min_size=3))
def test_the_range_holds_its_middle(gross, shares, multipliers):
    three = {name: sorted(shares[3 * i : 3 * i + 3]) for i, name in enumerate(SHARES)}
    low, middle, high = net_range(gross, stated(**three, multiplier=sorted(multipliers[:3])))
    slack = 1e-9 * max(1, gross)
    assert low - slack <= middle <= high + slack
