"""Figures that do not fit those around them: units, shifts, leaps, and rounded digits."""

from collections.abc import Iterator

import numpy as np

from .panel import (
    FEWEST_AREAS,
    FEWEST_PERIODS,
    LEVELS,
    MAD_TO_SD,
    NEARLY_ALL,
    Finding,
    Panel,
    median,
)

UNITS = (1000.0, 100.0)
UNIT_TOLERANCE = np.log(1.4)
"""Thousands and hundreds (a share in per cent); change in a year may make of 1000 anything between
700 and 1400."""

SMALLEST_OF_UNIT = 5
"""Whole counts below may grow a hundredfold: from nothing."""

SHIFT_DEVIATION, SHIFT_CHANGE, SHIFT_SHARE = 5.0, np.log(1.1), 0.85
"""A definition has changed if the median district moves by so many robust deviations of its usual
movement, by a tenth at least (a good or bad year does as much), and this share of districts with
it."""

SHIFT_RETURNS = 0.5
"""A shock, such as the pandemic of 2020, is made good by half within two periods; a definition is
not."""

USUAL_MOVEMENT = 0.02
"""Smallest movement of a median district that counts as usual: 2 %."""

LEAP_DEVIATION, LEAP_CHANGE = 10.0, np.log(2)
"""A leap deviates so much from the periods around it, and by a factor of two at least: one that
comes back may be a slip of the pen. A shelter for refugees, open for a year, makes eight deviations
of a district's foreigners."""

LEAP_LEAST_SPREAD = 0.05
"""Smallest deviation that counts as usual: 5 %, since quiet series are made of few periods."""

LEAP_CHANCE = 1.25
"""Variance of a count less the mean of four others of its size, in counts: 1 and a quarter."""

ROUNDED_TO = (1000, 100, 10, 5)
ROUNDING_CHANCE, ROUNDING_SHARE = 1e-9, 0.97
"""Chance below which multiples of a base are no chance, and the share of them that there must be:
the few others are typing errors."""


def _logs(panel: Panel, areas: np.ndarray) -> np.ndarray:
    """Put figures on a scale where a change is a ratio; NaN for what can be negative."""
    values = panel.values[:, areas]
    half = np.where(panel.is_count, 0.5, 0.0)[:, None, None]  # a count of 0 has a place there too
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values + half)
    logs[(values < 0).any((1, 2))] = np.nan
    return np.where(np.isfinite(logs), logs, np.nan)


def _around(logs: np.ndarray) -> np.ndarray:
    """Give the median of the two periods before and the two after each."""
    padded = np.pad(logs, ((0, 0), (0, 0), (2, 2)), constant_values=np.nan)
    length = logs.shape[-1]
    near = np.stack([padded[..., 2 + step : 2 + step + length] for step in (-2, -1, 1, 2)], axis=-1)
    return median(near)


def units(panel: Panel) -> Iterator[Finding]:
    """Find figures that are a hundred or a thousand times those of other periods, or a part of it.

    Method: jumps from one figure of a series to the next by nearly such a factor, up and down,
    divide its periods by unit; those of the rarer one are in doubt.
    """
    everyone = np.arange(len(panel.areas))
    logs = _logs(panel, everyone)
    jump = logs - _last_known(logs)
    smaller = np.fmin(panel.values, _last_known(panel.values))
    is_small = panel.is_count[:, None, None] & (smaller < SMALLEST_OF_UNIT) & (smaller % 1 == 0)
    for unit in UNITS:
        is_jump = (np.abs(np.abs(jump) - np.log(unit)) <= UNIT_TOLERANCE) & ~is_small
        steps = np.where(is_jump, np.sign(jump), 0).cumsum(-1)
        steps = np.where(np.isfinite(logs), steps, np.nan)
        off = np.nan_to_num(steps - _most_common(steps))
        for level in LEVELS:
            areas = panel.of_level(level)
            known = np.isfinite(logs[:, areas]).sum(1)
            for number, period in zip(*np.nonzero(off[:, areas].any(1)), strict=True):
                where = areas[off[number, areas, period] != 0]
                times = unit ** float(median(off[number, where, period]))
                is_all = len(where) > 1 and len(where) >= NEARLY_ALL * known[number, period]
                for group in [where] if is_all else where[:, None]:
                    yield Finding(
                        "unit", number, group, period, times, 1, f"{unit:.0f}", is_of_level=is_all
                    )


def _last_known(logs: np.ndarray) -> np.ndarray:
    """Give the last figure before each."""
    number = np.arange(logs.shape[-1])
    last = np.maximum.accumulate(np.where(np.isfinite(logs), number, 0), axis=-1)
    before = np.concatenate([np.zeros_like(last[..., :1]), last[..., :-1]], axis=-1)
    taken = np.take_along_axis(logs, before, axis=-1)
    return np.where(number == 0, np.nan, taken)


def _most_common(steps: np.ndarray) -> np.ndarray:
    """Give of each series the step on which most of its periods stand: of two, the lower median."""
    ordered = np.sort(steps, axis=-1)  # gaps come last
    middle = np.maximum((np.isfinite(ordered).sum(-1, keepdims=True) - 1) // 2, 0)
    return np.take_along_axis(ordered, middle, axis=-1)


def shifts(panel: Panel) -> Iterator[Finding]:
    """Find periods from which on all districts stand higher or lower at once.

    Method: the median district's change in each period, in robust deviations from its usual one;
    nearly all districts move with it, and it is not made good within two periods. What happens in
    the world moves districts by different amounts and for some time; a new definition, register or
    census moves them all and for good. Which of the two it was, only the office can say.
    """
    areas = panel.of_level("district")
    if len(areas) < FEWEST_AREAS:
        return
    change = np.diff(_logs(panel, areas), axis=-1)
    middle = median(change, axis=1)
    usual = median(middle)[:, None]
    spread = np.maximum(MAD_TO_SD * median(np.abs(middle - usual)), USUAL_MOVEMENT)[:, None]
    moved = middle - usual
    counted = np.isfinite(change).sum(1)
    with np.errstate(invalid="ignore"):
        along = (np.sign(change - usual[:, None]) == np.sign(moved)[:, None]).sum(1)
    padded = np.pad(np.nan_to_num(moved), ((0, 0), (0, 2)))
    after = np.stack([padded[:, 1:-1], padded[:, 1:-1] + padded[:, 2:]])
    with np.errstate(invalid="ignore"):
        returns = (-after * np.sign(moved)).max(0) >= SHIFT_RETURNS * np.abs(moved)
        evident = (np.abs(moved) >= np.maximum(SHIFT_DEVIATION * spread, SHIFT_CHANGE)) & ~returns
    evident &= (along >= SHIFT_SHARE * counted) & (counted >= FEWEST_AREAS)
    evident &= (np.isfinite(middle).sum(-1) >= FEWEST_PERIODS)[:, None]
    # The way back from a shock is as steep as the way there.
    before = np.pad(np.nan_to_num(moved), ((0, 0), (1, 0)))[:, :-1]
    evident &= ~(-before * np.sign(moved) >= SHIFT_RETURNS * np.abs(moved))
    for number, change_to in zip(*np.nonzero(evident), strict=True):
        period = change_to + 1
        change_pct, usual_pct = 100 * np.expm1([middle[number, change_to], usual[number, 0]])
        count = int(along[number, change_to])
        yield Finding("shift", number, areas, period, change_pct, usual_pct, "", True, count)


def leaps(panel: Panel) -> Iterator[Finding]:
    """Find single figures far from the periods around them.

    Method: the logarithm of each figure less the median of the two before and the two after, and
    less what the median district does in that period; in robust deviations of the area's own
    series, of the whole statistic's and of chance (Poisson), whichever is largest. The ends of a
    series have neighbours on one side only, where a leap cannot be told from a new level: there
    nothing is said.
    """
    everyone = np.arange(panel.values.shape[1])
    logs = _logs(panel, everyone)
    around = _around(logs)
    residual = logs - around
    districts = panel.of_level("district")
    if len(districts) >= FEWEST_AREAS:
        residual -= np.nan_to_num(median(residual[:, districts], axis=1))[:, None]
    before, after = (np.roll(logs, step, axis=-1) for step in (1, -1))
    inside = np.isfinite(before) & np.isfinite(after)
    inside[..., [0, -1]] = False
    own = MAD_TO_SD * median(np.abs(residual))
    common = median(own, axis=1)[:, None]
    spread = np.fmax(np.fmax(own, common), LEAP_LEAST_SPREAD)[..., None]
    chance = np.where(
        panel.is_count[:, None, None], LEAP_CHANCE * np.exp(-np.minimum(logs, around)), 0
    )
    with np.errstate(invalid="ignore"):
        far = np.abs(residual) >= np.maximum(
            LEAP_DEVIATION * np.sqrt(spread**2 + chance), LEAP_CHANGE
        )
        # It must stand out from each of its neighbours, and not from one that is out itself.
        far &= np.minimum(np.abs(logs - before), np.abs(logs - after)) >= np.abs(residual) / 2
    far &= inside & (np.isfinite(residual).sum(-1) >= FEWEST_PERIODS)[..., None]
    for number, area, period in zip(*np.nonzero(far), strict=True):
        found = panel.values[number, area, period], np.exp(around[number, area, period])
        yield Finding("leap", number, np.array([area]), period, *found)


def rounding(panel: Panel) -> Iterator[Finding]:
    """Find periods whose counts are all multiples of 5, 10, 100 or 1000.

    Method: binomial test, each count being a multiple by chance once in 5, 10, ...; the tail is
    bounded by Chernoff's inequality. The largest base that fits is named, and once only where all
    periods of a statistic are rounded.
    """
    areas = panel.of_level("district")
    counts = np.where(panel.is_count[:, None, None], panel.values[:, areas], np.nan)
    counts = np.where(counts > 0, counts, np.nan)
    known = np.isfinite(counts).sum(1)
    settled = np.zeros(known.shape, bool)
    for base in ROUNDED_TO:
        multiples = (counts % base == 0).sum(1)
        evident = (multiples >= ROUNDING_SHARE * known) & (known >= FEWEST_AREAS) & ~settled
        evident &= _tail(multiples, known, 1 / base) >= -np.log(ROUNDING_CHANCE)
        settled |= evident
        always = evident.sum(1) >= NEARLY_ALL * (known > 0).sum(1)
        for number in np.flatnonzero(evident.any(1)):
            periods = [None] if always[number] else np.flatnonzero(evident[number])
            for period in periods:
                place = (number,) if period is None else (number, period)
                count, by_chance = int(multiples[place].sum()), known[place].sum() / base
                yield Finding("rounding", number, areas, period, base, by_chance, "", True, count)


def _tail(hits: np.ndarray, tries: np.ndarray, chance: float) -> np.ndarray:
    """Bound the negative logarithm of a binomial tail from below (Chernoff)."""
    share = hits / np.maximum(tries, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - chance)), 0.0)
        hit = np.where(share > 0, share * np.log(share / chance), 0.0)
    return np.where(share > chance, tries * (hit + missed), 0.0)
