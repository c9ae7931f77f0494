"""Figures as an array, what a finding about them says, and medians that pass over gaps."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

MAD_TO_SD = 1.4826
"""Median absolute deviation → standard deviation, for a normal distribution."""

FEWEST_AREAS = 8
"""Areas below which nothing is said about "all areas": with fewer, chance does as much."""

FEWEST_PERIODS = 6
"""Changes that a series needs before a typical one is known."""

LEVELS = ("district", "borough", "city")

NEARLY_ALL = 0.9
"""Share of cells for which something holds that is said of all of them."""


class Panel(NamedTuple):
    """All figures of one frequency, years or quarters, as an array."""

    values: np.ndarray  # statistics × areas × periods, NaN where there is none
    statistics: pd.Index
    areas: pd.MultiIndex  # pairs of area_level and district_id
    periods: pd.Index
    sources: np.ndarray  # of each statistic
    is_count: np.ndarray  # of each statistic: whole numbers, nothing negative
    whole: np.ndarray  # of each area: the number of the borough that holds it, -1 if none does

    def of_level(self, level: str) -> np.ndarray:
        """Number the areas of a level."""
        return np.flatnonzero(self.areas.get_level_values(0) == level)

    def without(self, findings: "Iterable[Finding]") -> "Panel":
        """Leave out the figures that findings are about."""
        values = self.values.copy()
        for found in findings:
            periods = slice(None) if found.period is None else found.period
            values[found.statistic, found.areas, periods] = np.nan
        return self._replace(values=values)


class Finding(NamedTuple):
    """A finding by its place in the panel."""

    rule: str
    statistic: int | np.integer
    areas: np.ndarray  # numbers of the areas that show it, of one level
    period: int | np.integer | None  # None is all of them
    value: float | np.floating
    expected: float | np.floating
    detail: str = ""
    is_of_level: bool = False  # about the level as a whole, and not about a single area
    cells: int | None = None  # where it is not one for each area


def panel_of(figures: pd.DataFrame, districts: pd.DataFrame, origin: Mapping[str, str]) -> Panel:
    """Set figures out as an array."""
    names = [figures["statistic"], figures["period"]]
    (statistic, statistics), (period, periods) = (pd.factorize(one, sort=True) for one in names)
    place = pd.MultiIndex.from_frame(figures[["area_level", "district_id"]])
    area, areas = pd.factorize(place, sort=True)
    values = np.full((len(statistics), len(areas), len(periods)), np.nan)
    values[statistic, area, period] = figures["value"].to_numpy(dtype="float64")
    sources = np.array([origin.get(name, "") for name in statistics])
    present = np.isfinite(values)
    whole_share = ((values % 1 == 0) & present).sum((1, 2)) / present.sum((1, 2))
    is_count = (whole_share >= NEARLY_ALL) & ~(values < 0).any((1, 2))
    boroughs = districts.set_index("district_id")["borough_id"]
    holder = {code: n for n, (level, code) in enumerate(areas) if level == "borough"}
    whole = [holder.get(boroughs.get(c), -1) if v == "district" else -1 for v, c in areas]
    return Panel(values, statistics, areas, periods, sources, is_count, np.array(whole, dtype=int))


def median(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Give medians without the gaps; NaN where there is nothing else."""
    if not values.shape[axis]:
        return np.full(values.sum(axis).shape, np.nan)
    ordered = np.sort(values, axis=axis)  # gaps come last
    count = np.isfinite(ordered).sum(axis, keepdims=True)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, values.shape[axis] - 1)
    below, above = (np.take_along_axis(ordered, place, axis) for place in (low, high))
    return ((below + above) / 2).squeeze(axis)
