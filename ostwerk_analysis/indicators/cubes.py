"""Cells by numbers: what units contribute to groups, by quarters, years and to date.

A group is a place and a breakdown. Most units stay in their district: what they contribute is added
up once, by the regions that no place divides, and from there in every larger place.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from .numbering import Events


class Layer(NamedTuple):
    """Places that do not overlap, so that an event lies in one of them at most.

    ``place_of`` gives the number of the place of each district, and last of events whose district
    is not known; -1 where it is in none of them.
    """

    places: list[tuple[str, str]]
    place_of: np.ndarray


@dataclass(frozen=True)
class Members:
    """Units in their breakdowns: the number of each event's, the unit and breakdown of each."""

    events: Events
    number: np.ndarray
    unit: np.ndarray
    breakdown: np.ndarray


@dataclass(frozen=True)
class _Cube:
    """What units contribute, by group and period.

    ``exact`` are parts of sums, which may be added up further without rounding; ``largest`` the two
    largest contributions of a unit, where there are fewer -∞.
    """

    units: np.ndarray
    exact: list[np.ndarray]
    largest: np.ndarray

    def with_others(self, other: "_Cube") -> "_Cube":
        """Add what other units contribute to the same groups."""
        exact = [one + more for one, more in zip(self.exact, other.exact, strict=True)]
        (first, second), (third, fourth) = self.largest, other.largest
        most = np.maximum(first, third)
        next_most = np.maximum(np.minimum(first, third), np.maximum(second, fourth))
        return _Cube(self.units + other.units, exact, np.stack([most, next_most]))

    def in_places(self, place: np.ndarray, places: int) -> "_Cube":
        """Add up regions × breakdowns to places × breakdowns; -1 is no place."""
        order = np.argsort(place, kind="stable")[np.count_nonzero(place < 0) :]
        begin = np.flatnonzero(np.diff(place[order], prepend=-1))
        groups, periods = self.units.shape
        inner = groups // len(place) * periods

        def added(table: np.ndarray, by: np.ufunc, none: float = 0) -> np.ndarray:
            regions = table.reshape(len(place), inner)[order]
            found = np.full((places, inner), none, dtype=table.dtype)
            if len(order):
                found[place[order][begin]] = by.reduceat(regions, begin, axis=0)
            return found.reshape(-1, periods)

        first, second = self.largest
        most = added(first, np.maximum, -np.inf)
        # The next is another region's largest, or the second of the region that has the largest.
        inside = np.where(place < 0, 0, place)
        is_most = first == most.reshape(places, inner)[inside].reshape(first.shape)
        next_most = added(np.where(is_most, second, first), np.maximum, -np.inf)
        next_most = np.where(added(is_most.astype(np.int32), np.add) > 1, most, next_most)
        return _Cube(
            added(self.units, np.add),
            [added(part, np.add) for part in self.exact],
            np.stack([most, next_most]),
        )


def members(
    events: Events, breakdown: np.ndarray, breakdowns: int
) -> tuple[Members, Members | None]:
    """Number units in their breakdowns: those that stay in a district, and events of the others.

    Parameters
    ----------
    events : Events
    breakdown : array of int, shape (n,)
        Of each event.
    breakdowns : int
    """
    district_of = np.zeros(events.units, dtype=events.district.dtype)
    district_of[events.unit] = events.district
    has_moved = district_of[events.unit] != events.district
    if not has_moved.any():
        return _numbered(events, breakdown, breakdowns), None
    moves = np.zeros(events.units, dtype=bool)
    moves[events.unit[has_moved]] = True
    moved = moves[events.unit]
    stay, move = np.flatnonzero(~moved), np.flatnonzero(moved)
    moving = events.picked(move)
    none = np.array([], dtype=np.int32)
    others = Members(moving, none, moving.unit, breakdown[move])
    return _numbered(events.picked(stay), breakdown[stay], breakdowns), others


def _numbered(events: Events, breakdown: np.ndarray, breakdowns: int) -> Members:
    """Number the units in their breakdowns that there are."""
    if breakdowns == 1:
        every = np.arange(events.units, dtype=np.int32)
        return Members(events, events.unit, every, np.zeros(events.units, dtype=np.int16))
    key = events.unit.astype(np.int64) * breakdowns
    key += breakdown
    number, keys = _found(key, events.units * breakdowns)
    unit, breakdown = np.divmod(keys, breakdowns)
    return Members(events, number, unit.astype(np.int32), breakdown.astype(np.int32))


def _found(key: np.ndarray, possible: int) -> tuple[np.ndarray, np.ndarray]:
    """Number keys: the number of each, and the key of each number."""
    if possible <= 2 * len(key):  # no need to search for those that there are
        return key.astype(np.int32), np.arange(possible)
    number, keys = pd.factorize(key)
    return number.astype(np.int32), keys


def totals(
    staying: Members,
    moving: Members | None,
    breakdowns: int,
    layers: Sequence[Layer],
    spans: list[tuple[int, int]],
    *,
    is_count: bool,
    is_to_date: bool,
) -> list[dict[str, np.ndarray]]:
    """Add up what units contribute to the cells of each layer.

    Parameters
    ----------
    staying, moving : Members
        As from :func:`members`.
    breakdowns : int
    layers : sequence of Layer
    spans : list of (int, int)
        First quarter of each period, and the one after it.
    is_count, is_to_date : bool
        Whether units are counted or their values added up, and all since the start.

    Returns
    -------
    list of dict
        For each layer arrays of shape (groups, periods): ``value``, ``n_units``, ``largest_1``,
        ``largest_2``.
    """
    # What was not there before is added to what was: the spans of to-date overlap, these do not.
    slices = [(end - 1, end) for _, end in spans] if is_to_date else spans
    events = staying.events
    district_of = np.full(events.units, len(layers[0].place_of) - 1, dtype=events.district.dtype)
    district_of[events.unit] = events.district
    # Regions: districts that lie in the same places.
    regions, region_of = np.unique(
        np.stack([layer.place_of for layer in layers]), axis=1, return_inverse=True
    )
    group = region_of.astype(np.int32)[district_of[staying.unit]] * breakdowns + staying.breakdown
    size = regions.shape[1] * breakdowns
    by_region = _cube(events, staying.number, group, size, slices, is_count, is_to_date)
    tables = []
    for layer, place in zip(layers, regions, strict=True):
        cube = by_region.in_places(place, len(layer.places))
        if moving is not None:
            groups = len(layer.places) * breakdowns
            here = layer.place_of[moving.events.district]
            inside = np.flatnonzero(here >= 0)
            key = moving.unit[inside].astype(np.int64) * groups
            key += here[inside] * breakdowns + moving.breakdown[inside]
            number, keys = _found(key, events.units * groups)
            some = moving.events.picked(inside)
            cube = cube.with_others(
                _cube(some, number, keys % groups, groups, slices, is_count, is_to_date)
            )
        tables.append(_finished(cube, is_count, is_to_date))
    return tables


def _finished(cube: _Cube, is_count: bool, is_to_date: bool) -> dict[str, np.ndarray]:
    """Give values, units and largest contributions of a cube."""
    count, most = cube.units, np.where(np.isinf(cube.largest), 0.0, cube.largest)
    shares = cube.exact
    if is_to_date:
        count = count.cumsum(axis=1)
        shares = [share.cumsum(axis=1) for share in shares]
    if is_count:
        value, most = count.astype("float64"), np.stack([count >= 1, count >= 2]).astype(float)
    else:
        value = summed(shares) if shares else np.zeros(count.shape)
    # Below the sixth place is only what adding binary fractions leaves behind.
    first, second = most.round(6)
    return {"value": value.round(6), "n_units": count, "largest_1": first, "largest_2": second}


def _cube(
    events: Events,
    member: np.ndarray,
    group: np.ndarray,
    groups: int,
    slices: list[tuple[int, int]],
    is_count: bool,
    is_to_date: bool,
) -> _Cube:
    """Add up what members contribute to their groups in some quarters at a time."""
    parts = [] if is_count else events.parts
    shape = (groups, len(slices))
    units = np.zeros(shape, dtype=np.int64)
    exact = [np.zeros(shape) for _ in parts]
    largest = np.full((2, *shape), -np.inf)
    members = len(group)
    there = np.zeros(members if is_to_date else 0, dtype=bool)
    is_active = np.zeros(members if parts and is_to_date else 0, dtype=bool)
    sums_to_date = [np.zeros(members if is_to_date else 0) for _ in parts]
    holders = np.array([], dtype=np.int64)
    may_fall = bool(parts) and is_to_date and bool((summed(parts) < 0).any())
    for at, (active, sums) in enumerate(_contributions(events, member, members, parts, slices)):
        of_active = group[active]
        met = of_active
        if is_to_date:
            met = of_active[~there[active]]
            there[active] = True
        units[:, at] = np.bincount(met, minlength=groups)
        for table, added in zip(exact, sums, strict=True):
            table[:, at] = np.bincount(of_active, added, groups)
        if is_count:
            continue
        if is_to_date:
            for total, added in zip(sums_to_date, sums, strict=True):
                total[active] += added
            # What grows only can be overtaken by nothing but what has just grown.
            is_active[active] = True
            kept = holders[~is_active[holders]]
            is_active[active] = False
            active = np.flatnonzero(there) if may_fall else np.concatenate([active, kept])
            of_active = group[active]
            sums = [total[active] for total in sums_to_date]
        if sums:
            largest[:, :, at], holders = _two_largest(of_active, active, summed(sums), groups)
    return _Cube(units, exact, largest)


def summed(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Add parts up, the small ones first."""
    return functools.reduce(np.add, reversed(parts))


def _contributions(
    events: Events,
    member: np.ndarray,
    members: int,
    parts: list[np.ndarray],
    slices: list[tuple[int, int]],
) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Give for some quarters at a time the members with events, each once, and what they add."""
    ends = np.append(0, np.cumsum(np.bincount(events.quarter, minlength=len(events.periods))))
    last = np.zeros(members, dtype=np.int32)
    for first, after in slices:
        span = slice(ends[first], ends[after])
        here = member[span]
        turn = np.arange(len(here), dtype=np.int32)
        last[here] = turn
        active = here[last[here] == turn]
        last[active] = turn[: len(active)]
        place = last[here] if parts else turn
        yield active, [np.bincount(place, part[span], len(active)) for part in parts]


def _two_largest(
    group: np.ndarray, member: np.ndarray, value: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the two largest values in each group, -∞ where there are fewer, and whose they are."""
    largest, holders = np.full((2, groups), -np.inf), []
    for rank in (0, 1):
        np.maximum.at(largest[rank], group, value)
        holder = np.full(groups, -1, dtype=np.int64)
        is_largest = value == largest[rank][group]
        holder[group[is_largest]] = member[is_largest]
        holders.append(holder[holder >= 0])
        is_open = member != holder[group]
        group, member, value = group[is_open], member[is_open], value[is_open]
    return largest, np.concatenate(holders)


def medians(
    events: Events,
    group: np.ndarray,
    is_inside: np.ndarray,
    groups: int,
    spans: list[tuple[int, int]],
) -> dict[str, np.ndarray]:
    """Find the median of the events in each group and span, 0 where there are none."""
    value, units = np.zeros((groups, len(spans))), np.zeros((groups, len(spans)), dtype=np.int64)
    exact, rank = np.unique(summed(events.parts), return_inverse=True)
    ends = np.append(0, np.cumsum(np.bincount(events.quarter, minlength=len(events.periods))))
    for at, (first, after) in enumerate(spans):
        here = ends[first] + np.flatnonzero(is_inside[ends[first] : ends[after]])
        # Numbers made of group and rank are sorted faster than the two one after the other.
        order = np.sort(group[here].astype(np.int64) * len(exact) + rank[here])
        ranked = np.append(exact[order % max(len(exact), 1)], 0.0)
        count = np.bincount(group[here], minlength=groups)
        start = np.cumsum(count) - count
        # The two in the middle, which are one where the number is odd.
        middle = ranked[start + np.maximum(count - 1, 0) // 2] + ranked[start + count // 2]
        value[:, at] = np.where(count > 0, (middle / 2).round(6), 0.0)
        member = np.unique(group[here].astype(np.int64) * events.units + events.unit[here])
        units[:, at] = np.bincount(member // events.units, minlength=groups)
    return {"value": value, "n_units": units, "largest_1": 0 * value, "largest_2": 0 * value}


def stock(
    events: Events, group: np.ndarray, is_inside: np.ndarray, groups: int, periods: int
) -> dict[str, np.ndarray]:
    """Count the units that are there at the end of each quarter, each once."""
    group, unit = group[is_inside].astype(np.int64), events.unit[is_inside]
    start = events.quarter[is_inside].astype(np.int64)
    end = np.maximum(events.until[is_inside], start)
    if events.units < len(events.unit):
        # Spells of a unit in a cell that overlap: each goes on where those before it have ended.
        member = group * events.units + unit
        order = np.lexsort((start, member))
        group, member, start, end = (given[order] for given in (group, member, start, end))
        is_first = np.diff(member, prepend=-1) != 0
        apart = np.cumsum(is_first) * (periods + 1)
        ended_before = np.roll(np.maximum.accumulate(end + apart) - apart, 1)
        start = np.where(is_first, start, np.maximum(start, ended_before))
        end = np.maximum(start, end)
    change = np.bincount(group * (periods + 1) + start, minlength=groups * (periods + 1))
    change -= np.bincount(group * (periods + 1) + end, minlength=groups * (periods + 1))
    there = change.reshape(groups, periods + 1).cumsum(axis=1)[:, :-1]
    return {
        "value": there.astype("float64"),
        "n_units": there,
        "largest_1": np.minimum(there, 1).astype("float64"),
        "largest_2": (there >= 2).astype("float64"),
    }
