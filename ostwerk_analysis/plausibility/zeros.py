"""Zeros that stand for gaps, and zeros that stand for small counts which were suppressed."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from .panel import FEWEST_AREAS, FEWEST_PERIODS, LEVELS, MAD_TO_SD, Finding, Panel, median

ZERO_SHAPE = 5
"""Shape of the negative binomial by which a count varies from period to period: its standard
deviation is at least 45 % of its mean. Small counts of districts vary by less, so a zero that is
improbable here is more so in truth."""

IMPOSSIBLE_ZERO = 8.0
"""A zero of which the negative logarithm of the probability is larger cannot be: about one in
3,000, which under :data:`ZERO_SHAPE` is a zero where 20 and more were to be expected."""

MOST_GAPS = 2
"""Stretches of zeros in a series that may be gaps: one with more comes and goes by its nature."""

LARGEST_HIDDEN, LARGEST_NEAR = 9, 30
"""Largest count that an office suppresses (limits in use are 3, 5 and 10), and the largest count
beside it in time: what was 175 a year before is not a small count now."""

SMALLEST_LIMIT = 3
"""Smallest limit in use: with a 1 or 2 in the period, nothing is suppressed."""

HIDDEN_EVIDENCE, HOLE_EVIDENCE = 12.0, 3.0
"""Logarithms of the odds against chance, one in 160,000 for a period as a whole, and one in 20 for
the missing small counts alone: some thousand periods may be looked at without a false alarm."""


def _neighbours(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the last positive figure before each, and the first one after it."""
    return _last_positive(values), _last_positive(values[..., ::-1])[..., ::-1]


def _last_positive(values: np.ndarray) -> np.ndarray:
    number = np.arange(values.shape[-1])
    last = np.maximum.accumulate(np.where(values > 0, number, -1), axis=-1)
    before = np.concatenate([np.full_like(last[..., :1], -1), last[..., :-1]], axis=-1)
    taken = np.take_along_axis(values, np.maximum(before, 0), axis=-1)
    return np.where(before < 0, np.nan, taken)


def _expected_counts(panel: Panel) -> np.ndarray:
    """Expect of a count no more than the smaller of its neighbours in time.

    A measure is turned into the count that would vary as much: the square of its median over its
    usual change.
    """
    before, after = _neighbours(panel.values)
    expected = np.fmin(before, after)
    for number in np.flatnonzero(~panel.is_count):
        series = np.where(panel.values[number] > 0, panel.values[number], np.nan)
        change = MAD_TO_SD * median(np.abs(np.diff(series, axis=-1)))
        enough = np.isfinite(series).sum(-1) >= FEWEST_PERIODS
        with np.errstate(divide="ignore", invalid="ignore"):
            alike = np.where(enough & (change > 0), (median(series) / change) ** 2, np.nan)
        expected[number] = np.where(np.isnan(expected[number]), np.nan, alike[:, None])
    return expected


def missing(panel: Panel) -> Iterator[Finding]:
    """Find series that are zero everywhere in a period, and single zeros that cannot be.

    Method: the chance of each zero under a negative binomial whose mean is the smaller of the
    neighbours in time; chances of all areas are multiplied. A single district may truly begin or
    end with zeros, so there the chance must be squared where a neighbour is on one side only; a
    whole does not end while its parts go on.
    """
    values = panel.values
    is_zero, present = values == 0, np.isfinite(values)
    usual = median(np.where(values > 0, values, np.nan))
    has_both = np.isfinite(np.add(*_neighbours(values)))
    surprise = np.nan_to_num(ZERO_SHAPE * np.log1p(_expected_counts(panel) / ZERO_SHAPE))
    for level in LEVELS:
        areas = panel.of_level(level)
        is_many = len(areas) > 1
        zero, there = is_zero[:, areas], present[:, areas]
        never = (zero | ~there).all((1, 2)) & zero.any((1, 2))
        for number in np.flatnonzero(never):
            where = areas[zero[number].any(1)]
            count = int(zero[number].sum())
            yield Finding("missing_as_zero", number, where, None, 0, np.nan, "", is_many, count)
        odds = np.where(zero, surprise[:, areas], 0)
        everywhere = zero.any(1) & (zero | ~there).all(1) & (odds.sum(1) >= IMPOSSIBLE_ZERO)
        for number, period in zip(*np.nonzero(everywhere), strict=True):
            where = areas[zero[number, :, period]]
            typical = np.nansum(usual[number, where])
            yield Finding("missing_as_zero", number, where, period, 0, typical, "", is_many)
        begins = np.diff(zero.astype(int), axis=-1, prepend=0) == 1
        single = (odds >= IMPOSSIBLE_ZERO) & ~everywhere[:, None]
        single &= ((begins & ~everywhere[:, None]).sum(-1) <= MOST_GAPS)[..., None]
        if level == "district":
            single &= has_both[:, areas] | (odds >= 2 * IMPOSSIBLE_ZERO)
        for number, place, period in zip(*np.nonzero(single), strict=True):
            where = areas[[place]]
            yield Finding("missing_as_zero", number, where, period, 0, usual[number, where[0]])


def suppressed(panel: Panel) -> Iterator[Finding]:
    """Find periods in which small counts are missing and zeros stand in their place.

    Method: under a negative binomial around the smaller neighbour in time, how many zeros and how
    many small counts (1 to 9, or up to the smallest count that there is) were to be expected? Too
    many zeros (Poisson tail) and no small count at all (product of chances) together are the
    evidence. All statistics of a source are looked at together first, then each alone, since some
    may be published without suppression.
    """
    areas = panel.of_level("district")
    if len(areas) < FEWEST_AREAS:
        return
    values = panel.values[:, areas]
    mean = _expected_counts(panel)[:, areas]
    mean[~panel.is_count] = np.inf
    usable = (mean <= LARGEST_NEAR) & np.isfinite(values)
    zero = usable & (values == 0)
    smallest = np.fmin.reduce(np.where(values > 0, values, np.nan), axis=1)  # statistic × period
    chance_zero = np.where(usable, (1 + mean / ZERO_SHAPE) ** -ZERO_SHAPE, 0.0)
    expected_zeros, zeros = chance_zero.sum(1), zero.sum(1)
    for source in pd.unique(panel.sources[panel.is_count]):
        own = np.flatnonzero((panel.sources == source) & panel.is_count)
        limit = np.fmin.reduce(smallest[own], axis=0)
        pooled = _is_suppressed(
            zeros[own].sum(0), expected_zeros[own].sum(0), mean[own], chance_zero[own], limit
        )
        alone = np.stack(
            [
                _is_suppressed(
                    zeros[n], expected_zeros[n], mean[[n]], chance_zero[[n]], smallest[n]
                )
                for n in own
            ]
        )
        for place, period in zip(*np.nonzero((alone | pooled) & (zeros[own] > 0)), strict=True):
            number = own[place]
            least = smallest[number, period]
            # A zero that cannot be judged, in a series of nothing else, counts as expected.
            where = areas[values[number, :, period] == 0]
            unjudged = len(where) - zeros[number, period]
            yield Finding(
                "suppressed_as_zero",
                number,
                where,
                period,
                0,
                expected_zeros[number, period] + unjudged,
                "" if np.isnan(least) else f"{least:.0f}",
                is_of_level=True,
            )


def _is_suppressed(
    zeros: np.ndarray,
    expected_zeros: np.ndarray,
    mean: np.ndarray,
    chance_zero: np.ndarray,
    smallest: np.ndarray,
) -> np.ndarray:
    """Weigh zeros that are too many and small counts that are none, for each period.

    The tail of the Poisson distribution is bounded by Chernoff's inequality.
    """
    limit = np.nan_to_num(np.fmin(smallest, LARGEST_HIDDEN + 1), nan=LARGEST_HIDDEN + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = zeros * np.log(zeros / expected_zeros) - zeros + expected_zeros
    too_many = np.where(zeros > expected_zeros, tail, 0.0)
    small, term = np.zeros_like(chance_zero), chance_zero
    for count in range(1, LARGEST_HIDDEN + 1):  # from each term of the negative binomial the next
        term = term * (ZERO_SHAPE + count - 1) / count * mean / (mean + ZERO_SHAPE)
        small += np.where(count < limit, np.nan_to_num(term), 0.0)
    hole = -np.log1p(-np.minimum(small, 1 - 1e-12)).sum((0, 1))
    evident = (too_many + hole >= HIDDEN_EVIDENCE) & (hole >= HOLE_EVIDENCE)
    return evident & (too_many >= HOLE_EVIDENCE) & (zeros > 0) & (limit >= SMALLEST_LIMIT)
