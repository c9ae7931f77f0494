"""Random draws that give the same numbers on every machine, and days as whole numbers.

Everything is made from ``Generator.random`` alone: the stream of a bit generator is fixed, while
the algorithms of the distributions may change with numpy. A day is the number of days since 1970.
"""

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """Give each table a stream of its own, so that a change in one leaves the others alone."""
    return np.random.Generator(np.random.PCG64([seed, *name.encode()]))


def chance(rng: np.random.Generator, probability: np.ndarray) -> np.ndarray:
    """Draw True with the given probability, element by element."""
    return rng.random(np.shape(probability)) < probability


def uniform(rng: np.random.Generator, low: float, high: float, size: int) -> np.ndarray:
    """Draw numbers evenly between two bounds."""
    return low + (high - low) * rng.random(size)


def normal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw from the standard normal distribution (Box and Muller)."""
    radius = np.sqrt(-2 * np.log(1 - rng.random(size)))
    return radius * np.cos(2 * np.pi * rng.random(size))


def skewed(rng: np.random.Generator, median: np.ndarray | float, spread: float, size: int):
    """Draw from a lognormal distribution of given median."""
    return median * np.exp(spread * normal(rng, size))


def whole(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Round up or down by chance, so that the mean is kept."""
    return np.floor(mean + rng.random(np.shape(mean))).astype(int)


def pick(rng: np.random.Generator, weights: np.ndarray, size: int) -> np.ndarray:
    """Draw positions with replacement; rows of a matrix of weights are one draw each."""
    if np.ndim(weights) == 2:
        steps = np.cumsum(weights, axis=1)
        return (rng.random(len(steps))[:, None] * steps[:, -1:] >= steps).sum(axis=1)
    steps = np.cumsum(weights)
    return np.searchsorted(steps, rng.random(size) * steps[-1], side="right")


def sample(rng: np.random.Generator, weights: np.ndarray, size: int) -> np.ndarray:
    """Draw different positions, each with a chance that grows with its weight.

    Raises
    ------
    ValueError
        If fewer than ``size`` weights are above zero.
    """
    if np.count_nonzero(weights) < size:
        raise ValueError(f"{size} wanted, only {np.count_nonzero(weights)} can be drawn")
    waiting = np.full(len(weights), np.inf)
    wait = -np.log(1 - rng.random(len(weights)))
    np.divide(wait, weights, out=waiting, where=np.asarray(weights) > 0)
    return np.sort(np.argsort(waiting, kind="stable")[:size])


def day(text: str) -> int:
    """Turn 2026-09-30 into a day."""
    return int(np.datetime64(text, "D").astype(int))


def workday(days: np.ndarray) -> np.ndarray:
    """Move Saturdays and Sundays to the Friday before; day 0 was a Thursday."""
    return days - np.clip((np.asarray(days) + 3) % 7 - 4, 0, 2)


TODAY = day("2026-09-30")
"""The day on which the data was drawn: the end of the last complete quarter."""

QUARTERS = [f"{year}-Q{quarter}" for year in range(2019, 2027) for quarter in range(1, 5)][:31]
QUARTER_STARTS = np.array(
    [day(f"{name[:4]}-{3 * int(name[-1]) - 2:02d}-01") for name in QUARTERS] + [TODAY + 1]
)
"""First day of each quarter from 2019-Q1 to 2026-Q3, and the day after the last."""
