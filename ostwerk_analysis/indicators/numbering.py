"""Events by numbers: days by their quarters, districts, units and classes by codes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..codes import UNKNOWN
from ..faults import DataError
from ..periods import ordinal
from .declaration import Indicator

PARTS = 3
"""Parts of 26 digits and more each: they hold values that differ by a factor of 10⁸ in full."""


@dataclass(frozen=True)
class Events:
    """Events by numbers, in the order of their quarters; those of a stock in any order.

    ``classes`` numbers the class of each event in each dimension, ``names`` has the names of these
    numbers. ``parts`` add up to the values exactly, and are empty where only units are counted.
    """

    periods: Sequence[str]
    districts: pd.Index
    names: Mapping[str, list[str]]
    units: int
    quarter: np.ndarray
    until: np.ndarray
    district: np.ndarray
    unit: np.ndarray
    classes: Mapping[str, np.ndarray]
    parts: list[np.ndarray]

    def picked(self, which: np.ndarray) -> "Events":
        """Give some of the events, in the order given."""
        return replace(
            self,
            quarter=self.quarter[which],
            until=self.until[which],
            district=self.district[which],
            unit=self.unit[which],
            classes={name: codes[which] for name, codes in self.classes.items()},
            parts=[part[which] for part in self.parts],
        )


def numbered(
    indicators: Sequence[Indicator],
    events: pd.DataFrame,
    areas: pd.DataFrame,
    quarters: Sequence[str],
) -> tuple[Events, Events]:
    """Number the events within the quarters, apart those of which the value is not known."""
    if events["unit_id"].isna().any():
        raise DataError(
            "The indicator {id} has events without a unit_id. Give each the code of its unit, or "
            "one of its own.",
            id=indicators[0].id,
        )
    quarter = _quarter_numbers(events["date"], quarters)
    until = quarter
    if indicators[0].timing == "stock":
        # What began before the series, or on a day unknown, is there from its first quarter on.
        quarter = np.clip(quarter, 0, len(quarters))
        until = _quarter_numbers(events["until"], quarters)
        until = np.where(events["until"].isna(), len(quarters), np.clip(until, 0, len(quarters)))
        order = np.arange(len(events))
    else:
        quarter = np.where(quarter < len(quarters), quarter, -1)
        # Of numbers as small as these numpy makes an order without comparing them.
        order = np.argsort(quarter, kind="stable")[np.count_nonzero(quarter < 0) :]
    known = {name: codes for one in indicators for name, codes in one.classes.items()}
    dimensions = {name for one in indicators for split in one.splits for name in split}
    classes = {name: _classes(events[name], known.get(name, ())) for name in sorted(dimensions)}
    districts = pd.Index(areas["district_id"].unique())
    place, places = _coded(events["district_id"])
    # Outside of all areas, or not known: -1, for which the last place stands.
    district = np.append(districts.get_indexer(places), -1).astype(np.int16)[place]
    unit, units = _coded(events["unit_id"])
    value = events["value"].to_numpy(dtype="float64")
    every = Events(
        periods=quarters,
        districts=districts,
        names={name: names for name, (_, names) in classes.items()},
        units=len(units),
        quarter=quarter,
        until=until,
        district=district,
        unit=unit.astype(np.int32, copy=False),
        classes={name: codes for name, (codes, _) in classes.items()},
        parts=[],
    )
    is_known = ~np.isnan(value[order])
    unknown = every.picked(order[~is_known])
    unknown.parts.append(np.ones(len(unknown.quarter)))
    order = order[is_known]
    known_events = every.picked(order)
    if any(indicator.kind != "count" for indicator in indicators):
        known_events.parts.extend(_exact(value[order]))
    return known_events, unknown


def _quarter_numbers(days: pd.Series, quarters: Sequence[str]) -> np.ndarray:
    """Number the quarter of each day from the first of the series; -1 also where it is missing."""
    exact = days.to_numpy()
    month = exact.astype("datetime64[M]").astype(np.int64)  # since January 1970
    number = np.clip(month // 3 + 4 * 1970 - ordinal(quarters[0]), -1, 2**14)
    return np.where(np.isnat(exact), -1, number).astype(np.int16)


def _coded(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Number texts: the number of each row's, -1 where it is missing, and the texts by number."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.array.codes, column.array.categories.astype("str")
    number, found = pd.factorize(column)
    return number, pd.Index(found).astype("str")


def _classes(column: pd.Series, known: Iterable[str]) -> tuple[np.ndarray, list[str]]:
    """Number the classes of a dimension, those found and those known before."""
    code, found = _coded(column)
    # A unit without a known class stays in the breakdown, or the parts would not add up.
    names = sorted({*found, *known, UNKNOWN})
    place = {name: number for number, name in enumerate(names)}
    number = np.array([*(place[name] for name in found), place[UNKNOWN]], dtype=np.int16)
    return number[code], names


def _exact(value: np.ndarray) -> list[np.ndarray]:
    """Split values into parts of which any may be summed in any order, without rounding.

    References
    ----------
    Rump, S. M., Ogita, T., Oishi, S. (2008). Accurate floating-point summation, part I: faithful
    rounding. SIAM Journal on Scientific Computing 31(1), 189-224, algorithm 3.2 (ExtractVector).
    """
    parts: list[np.ndarray] = []
    while len(parts) < PARTS and (not parts or value.any()):
        _, digits = np.frexp(np.abs(value).max(initial=0.0) * (len(value) + 2))
        sigma = np.ldexp(1.0, int(digits) + 1)
        parts.append((value + sigma) - sigma)
        value = value - parts[-1]
    return parts
