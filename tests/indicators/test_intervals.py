"""Intervals of ratios, from what each enterprise brings."""

import numpy as np
import pytest

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.indicators import CATALOGUE
from ostwerk_analysis.indicators.intervals import ratio_interval

BY_ID = {entry.id: entry for entry in CATALOGUE}


def test_the_ratio_is_that_of_the_observations(small_data, observed):
    for name in ("leverage_to_date", "leverage"):
        found = ratio_interval(small_data, BY_ID[name], "2024Q2").iloc[0]
        assert found["ratio"] == pytest.approx(observed.value(name, "stadt", "2024-Q2"))
        assert (found["indicator"], found["period"], found["breakdown"]) == (name, "2024-Q2", "")
    # b1 with two grants, and b2, since the start; in the second quarter b1's second one alone.
    both = [ratio_interval(small_data, BY_ID[name], "2024Q2")["n"].item() for name in
            ("leverage_to_date", "leverage")]  # fmt: skip
    assert both == [2, 1]


def test_two_enterprises_by_hand(small_data):
    # Private money 6,000 + 3,000 of b1 for grants of 6,000, none of b2 for one of 3,000: R = 1.
    found = ratio_interval(small_data, BY_ID["leverage_to_date"], "2024Q2").iloc[0]
    assert found["ratio"] == pytest.approx(1)
    # Residuals 3,000 and -3,000 around a mean grant of 4,500: √(18e6 / 2) / 4,500.
    assert found["standard_error"] == pytest.approx(3000 / 4500)
    # Of two enterprises t is 12.7: no finite interval holds.
    assert np.isnan(found["lower"])


def test_a_part_is_that_of_a_breakdown(small_data, observed):
    name, part = "cost_per_job_created_eur_to_date", {"measure": "beihilfe", "status": "verified"}
    found = ratio_interval(small_data, BY_ID[name], "2025Q2", **part).iloc[0]
    assert found["breakdown"] == "measure=beihilfe&status=verified"
    assert found["ratio"] == observed.value(name, "stadt", "2025-Q2", found["breakdown"])
    assert found["ratio"] == 5500 / 1.5


def test_what_is_no_ratio_of_sums_or_has_no_such_part_is_refused(small_data):
    with pytest.raises(DataError, match="unemployed_share is no ratio of two sums"):
        ratio_interval(small_data, BY_ID["unemployed_share"], "2024Q2")
    with pytest.raises(DataError, match="leverage is not given by colour"):
        ratio_interval(small_data, BY_ID["leverage"], "2024Q2", colour="red")
