"""What part of the support goes to enterprises with a migrant owner."""

import numpy as np
import pytest

from ostwerk_analysis.indicators import ethnic_economy

LAST = "2025-Q2"


def parts(observed, name, suffix="", area="stadt", breakdown=""):
    """Give what is known by owner, the part with a migrant owner, and its share."""
    return [
        observed.value(f"{name}_{part}{suffix}_to_date", area, LAST, breakdown)
        for part in ("owner_known", "migrant_owner")
    ] + [observed.value(f"{name}_migrant_owner_share{suffix}_to_date", area, LAST, breakdown)]


def test_enterprises_of_unknown_owner_are_in_neither_part(observed):
    # of b1, b2 and b3 are supported b1 with a migrant owner, b2 without, b3 with nobody knows
    assert parts(observed, "enterprises_supported") == [2, 1, 50]


def test_shares_of_grants_and_money_count_each_grant(observed):
    # b1 has two grants of 4,000 and 2,000, b2 one of 3,000
    assert parts(observed, "grants_approved") == [3, 2, pytest.approx(200 / 3)]
    assert parts(observed, "grants_approved", "_eur") == [9000, 6000, pytest.approx(200 / 3)]


def test_jobs_are_those_created_and_verified(observed):
    # 1.5 of b1, 1 of b2; those secured do not count
    assert parts(observed, "jobs_created") == [2.5, 1.5, pytest.approx(60)]


def test_the_share_is_given_by_district_and_by_section(observed):
    assert parts(observed, "enterprises_supported", area="01") == [2, 1, 50]
    assert parts(observed, "enterprises_supported", breakdown="section=G") == [1, 1, 100]
    unknown = observed.row("enterprises_supported_migrant_owner_share_to_date", "02", LAST)
    assert np.isnan(unknown["value"])
    assert unknown["quality_note"] == "nothing to divide by"


def test_a_section_without_a_migrant_owner_has_a_share_of_zero(observed):
    # b2 makes things, and its owner is no migrant
    assert parts(observed, "enterprises_supported", breakdown="section=C") == [1, 0, 0]
    assert parts(observed, "grants_approved", "_eur", breakdown="section=C") == [3000, 0, 0]
    zero = observed.row("enterprises_supported_migrant_owner_to_date", "stadt", LAST, "section=C")
    assert zero["n_units"] == 0
    assert (zero["obs_status"], zero["conf_status"]) == ("A", "F")


def test_the_origin_of_owners_is_protected_as_persons_are():
    assert {entry.units for entry in ethnic_economy.INDICATORS} == {"both"}


def test_an_enterprise_with_several_grants_counts_once(changed, observe_fields):
    found = observe_fields(changed(("grants.csv", "g3,b2,startgeld", "g3,b1,startgeld")), "funding")
    assert parts(found, "enterprises_supported") == [1, 1, 100]
