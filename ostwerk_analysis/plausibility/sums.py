"""Sums that do not come out: of the parts of a total, and of the areas of a whole."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from .panel import FEWEST_PERIODS, MAD_TO_SD, NEARLY_ALL, Finding, Panel, median

MOST_PARTS = 3
"""Parts of a total that are searched for: pairs and triples; four would take a hundred times as
long for fifty statistics."""

SUM_CELLS, SUM_VALUES, SUM_FILLED = 30, 10, 0.5
"""A total is the sum of parts if it is so in nearly all of at least so many cells: chance does not
do it once, and with more exceptions it is no sum. The total must take so many different values,
and each part be more than 0 in this share of the cells, or any empty statistic would be a part."""

SAMPLED_CELLS, SAMPLED_SHARE = 48, 0.6
"""Cells on which all combinations of parts are tried first, and the share that must fit there."""

ROUNDING_OF_SUMS = 0.001
"""Share of a total by which its parts may miss it: rounding, and cases without a statement."""

AREAS_MISS, AREAS_DEVIATION = 0.02, 6.0
"""A sum of areas may differ from its whole by as much as it usually does, and by so much more, as a
share of the whole and in robust deviations: cases that cannot be placed come and go slowly."""

NOT_ADDITIVE = 0.05
"""Share by which areas usually miss their whole if they do not add up at all, as shares do not."""


def parts(panel: Panel, shown: np.ndarray) -> Iterator[Finding]:
    """Find cells in which the parts of a total do not add up to it.

    Method: which statistics are parts of which is found, not declared. Every pair and triple of a
    source's statistics is tried on a few cells, and those that fit there on all of them, without
    zeros that stand for something else. Exceptions to a rule that holds nearly everywhere are
    findings.
    """
    for source in pd.unique(panel.sources):
        own = np.flatnonzero(panel.sources == source)
        for total, parts in _relations(shown[own].reshape(len(own), -1)):
            whole, made_of = panel.values[own[total]], own[list(parts)]
            added = panel.values[made_of].sum(0)
            names = " + ".join(panel.statistics[made_of])
            for area, period in zip(*np.nonzero(_differs(added, whole)), strict=True):
                found = added[area, period], whole[area, period]
                yield Finding("parts", own[total], np.array([area]), period, *found, names)


def _differs(added: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Say where parts miss their total by more than rounding does."""
    return np.abs(added - whole) > np.maximum(ROUNDING_OF_SUMS * np.abs(whole), 1e-6)


def _relations(cells: np.ndarray) -> list[tuple[int, tuple[int, ...]]]:
    """Find which rows are sums of two or three others in nearly all columns.

    Parameters
    ----------
    cells : array, statistics × cells
    """
    filled = np.isfinite(cells)
    candidates = np.flatnonzero(filled.sum(1) >= SUM_CELLS).tolist()
    # Sample where most statistics are there; the seed is fixed, so that every run finds the same.
    shuffled = np.random.default_rng(0).permutation(cells.shape[1])
    fullest = shuffled[np.argsort(-filled[:, shuffled].sum(0), kind="stable")]
    sampled = cells[:, fullest[:SAMPLED_CELLS]]
    found: list[tuple[int, tuple[int, ...]]] = []
    for size in range(2, MOST_PARTS + 1):
        combined = np.array(list(combinations(candidates, size)), dtype=int).reshape(-1, size)
        added = sampled[combined].sum(1)
        for total in candidates:
            whole = np.where(sampled[total] == 0, np.nan, sampled[total])  # 0 = 0 + 0 says nothing
            with np.errstate(invalid="ignore"):
                fits = np.abs(added - whole) <= ROUNDING_OF_SUMS * np.abs(whole)
            known = np.isfinite(added + whole).sum(1)
            likely = (fits.sum(1) >= SAMPLED_SHARE * known) & (known >= SUM_CELLS // 2)
            for parts in map(tuple, combined[likely & ~(combined == total).any(1)]):
                if _is_sum(cells, total, parts) and not _implied(total, parts, found):
                    found.append((total, parts))
    return found


def _is_sum(cells: np.ndarray, total: int, parts: tuple[int, ...]) -> bool:
    """Say whether parts add up to a total in nearly all cells, and each has a say in it."""
    added, whole = cells[list(parts)].sum(0), cells[total]
    known = np.isfinite(added + whole)
    if known.sum() < SUM_CELLS or len(np.unique(whole[known])) < SUM_VALUES:
        return False
    matters = (cells[list(parts)][:, known] > 0).mean(1) >= SUM_FILLED
    return bool(matters.all() and 1 - _differs(added, whole)[known].mean() >= NEARLY_ALL)


def _implied(total: int, parts: tuple[int, ...], found: list[tuple[int, tuple[int, ...]]]) -> bool:
    """Say whether a sum of three follows from two sums of two."""
    rest = set(parts)
    return any(
        rest > set(pair) and (total, tuple(sorted(rest - set(pair) | {middle}))) in found
        for middle, pair in found
    )


def areas(panel: Panel) -> Iterator[Finding]:
    """Find wholes that their areas miss by more than usual.

    Method: a city's own figure is often a little larger than the sum of its districts, by cases
    that cannot be placed. So the difference, as a share of the whole, is held against its own
    median over the periods, in robust deviations; for counts chance is allowed for.
    """
    districts, boroughs = panel.of_level("district"), panel.of_level("borough")
    groups = [(area, districts[panel.whole[districts] == area]) for area in boroughs]
    groups += [(area, districts) for area in panel.of_level("city")]
    for whole_of, members in groups:
        if not len(members):
            continue
        whole, parts = panel.values[:, whole_of], panel.values[:, members]
        ever = np.isfinite(parts).any(-1)
        added = np.where(ever[..., None], parts, 0.0).sum(1)  # a gap among them makes it a gap
        with np.errstate(divide="ignore", invalid="ignore"):
            missed = np.where(whole != 0, (whole - added) / whole, np.nan)
        usual = median(missed)
        spread = MAD_TO_SD * median(np.abs(missed - usual[:, None]))
        chance = np.sqrt(np.maximum(np.abs(usual)[:, None], 1 / np.abs(whole)) / np.abs(whole))
        scale = np.sqrt(spread[:, None] ** 2 + np.where(panel.is_count[:, None], chance, 0) ** 2)
        far = np.abs(missed - usual[:, None]) >= np.maximum(AREAS_MISS, AREAS_DEVIATION * scale)
        far &= (np.abs(usual) <= NOT_ADDITIVE)[:, None]
        far &= (np.isfinite(missed).sum(-1) >= FEWEST_PERIODS)[:, None]
        for number, period in zip(*np.nonzero(far), strict=True):
            expected = whole[number, period] * (1 - usual[number])
            found = added[number, period], expected
            yield Finding("areas", number, np.array([whole_of]), period, *found)
