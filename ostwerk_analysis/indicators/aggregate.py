"""From events to observations: every indicator is added up by the same few functions.

A cell is a place, a period and a breakdown. The cells of an indicator fill a cube: places × periods
× breakdowns. Every cell that could have had an event is there, so a zero is a zero and never a gap.

Everything is numbered first: days by their quarters, districts, units and classes by codes. Events
then lie in the order of their quarters, and what follows only counts small numbers, so that its
cost grows no faster than the number of events. Sums are exact until they are rounded at the end,
whatever the order of their parts.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import observations as obs
from .. import vintages
from ..codes import UNKNOWN
from ..faults import DataError
from ..periods import complete_years, ordinal
from .declaration import Indicator
from .shares import NOTES, marked, spread, together

WHOLE_AREAS = ("city", "programme", "comparison")
"""Area levels for which breakdowns beyond an indicator's first are given: finer cells would be
empty or confidential."""
GAP = "some values are not known"
"""Note of a sum or median of which a part is not known."""
IDLE = "nothing happened"
"""Note of a median of no events at all: a sum would be zero there, a median is not."""
WEAKNESS = ("A", "B", "P", "E")
"""Statuses from the strongest to the weakest: what is made of several has the weakest of theirs."""
CELL = ["area_level", "area_id", "period", "breakdown"]
PARTS = 3
"""Parts of 26 digits and more each: they hold values that differ by a factor of 10⁸ in full."""
DENSE = 2**25
"""Up to so many possible members need no search for those that there are."""


def observe(
    indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame, quarters: Sequence[str]
) -> pd.DataFrame:
    """Add up the events of an indicator.

    Parameters
    ----------
    indicator : Indicator
    events : DataFrame
        As :class:`Indicator` describes them.
    areas : DataFrame
        Which district belongs to which area: ``district_id``, ``area_id``, ``area_level``; the city
        has all events, also those without a district. Where a part of a district does, ``share``
        and ``method`` too, see :mod:`ostwerk_analysis.areas`.
    quarters : sequence of str, shape (n,)
        Without gaps, the first and the last one included.

    Returns
    -------
    DataFrame
        Internal observations.

    Raises
    ------
    DataError
        If an event belongs to no unit, so that it cannot be said whose secrets it tells.
    """
    return next(observe_all([indicator], events, areas, quarters))


def observe_all(
    indicators: Sequence[Indicator],
    events: pd.DataFrame,
    areas: pd.DataFrame,
    quarters: Sequence[str],
) -> Iterator[pd.DataFrame]:
    """Add up the same events for several indicators, one after the other: they are numbered once.

    All have the same timing; parameters and result are those of :func:`observe`.
    """
    if indicators[0].timing == "published":
        for indicator in indicators:
            yield _published(indicator, events, areas)
        return
    numbered, unknown = _numbered(indicators, events, areas, quarters)
    # The same of all events.
    said = events["quality_note"].iloc[0] if "quality_note" in events and len(events) else ""
    del events
    for indicator in indicators:
        added = _added(indicator, numbered, areas).assign(obs_status="A", quality_note="")
        if len(unknown.quarter):
            added = _with_gaps(added, _added(indicator, unknown, areas))
        if indicator.kind == "median":
            is_idle = (added["n_units"] == 0) & (added["quality_note"] == "")
            added = added.assign(
                value=added["value"].mask(added["n_units"] == 0),
                largest_1=np.nan,  # a median is no sum of what its units contribute
                largest_2=np.nan,
                obs_status=added["obs_status"].mask(is_idle, "M"),
                quality_note=added["quality_note"].mask(is_idle, IDLE),
            )
        added = marked(added)
        if said:
            added["quality_note"] = added["quality_note"].mask(added["quality_note"] == "", said)
        yield added.assign(indicator=indicator.id, unit=indicator.unit, conf_status="F")


def _added(indicator: Indicator, events: "_Events", areas: pd.DataFrame) -> pd.DataFrame:
    """Add up events in the cells of every split."""
    first, *others = indicator.splits
    areas, layers = spread(areas[areas["area_level"].isin(indicator.levels)])
    whole = areas[areas["area_level"].isin(WHOLE_AREAS)]
    tables = _cubes(indicator, events, areas, first)
    for split in others:
        tables += _cubes(indicator, events, whole, split)
    return together(pd.concat(tables, ignore_index=True), layers, indicator.kind)


def _with_gaps(added: pd.DataFrame, unknown: pd.DataFrame) -> pd.DataFrame:
    """Mark values of which a part is not known as estimated, or missing where none is known."""
    both = added.merge(unknown[[*CELL, "n_units"]], on=CELL, how="outer", suffixes=("", "_unknown"))
    numbers = ["value", "n_units", "largest_1", "largest_2", "n_units_unknown"]
    both[numbers] = both[numbers].fillna(0)
    is_gap = both.pop("n_units_unknown") > 0
    is_missing = is_gap & (both["n_units"] == 0)
    return both.assign(
        value=both["value"].mask(is_missing),
        obs_status=np.select([is_missing, is_gap], ["M", "E"], "A"),
        quality_note=np.where(is_gap, GAP, ""),
    )


# Events by numbers


@dataclass(frozen=True)
class _Events:
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

    def picked(self, which: np.ndarray) -> "_Events":
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


def _numbered(
    indicators: Sequence[Indicator],
    events: pd.DataFrame,
    areas: pd.DataFrame,
    quarters: Sequence[str],
) -> tuple[_Events, _Events]:
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
    place, places = pd.factorize(events["district_id"])
    # Outside of all areas, or not known: -1, for which the last place stands.
    district = np.append(districts.get_indexer(pd.Index(places)), -1).astype(np.int32)[place]
    unit, units = pd.factorize(events["unit_id"])
    value = events["value"].to_numpy(dtype="float64")
    numbered = _Events(
        periods=quarters,
        districts=districts,
        names={name: names for name, (_, names) in classes.items()},
        units=len(units),
        quarter=quarter,
        until=until,
        district=district,
        unit=unit.astype(np.int32),
        classes={name: codes for name, (codes, _) in classes.items()},
        parts=[],
    )
    is_known = ~np.isnan(value[order])
    unknown = numbered.picked(order[~is_known])
    unknown.parts.append(np.ones(len(unknown.quarter)))
    order = order[is_known]
    numbered = numbered.picked(order)
    if any(indicator.kind != "count" for indicator in indicators):
        numbered.parts.extend(_exact(value[order]))
    return numbered, unknown


def _quarter_numbers(days: pd.Series, quarters: Sequence[str]) -> np.ndarray:
    """Number the quarter of each day from the first of the series; -1 also where it is missing."""
    exact = days.to_numpy()
    month = exact.astype("datetime64[M]").astype(np.int64)  # since January 1970
    number = np.clip(month // 3 + 4 * 1970 - ordinal(quarters[0]), -1, 2**14)
    return np.where(np.isnat(exact), -1, number).astype(np.int16)


def _classes(column: pd.Series, known: Iterable[str]) -> tuple[np.ndarray, list[str]]:
    """Number the classes of a dimension, those found and those known before."""
    code, found = pd.factorize(column)
    written = pd.Index(found).astype("str").tolist()
    # A unit without a known class stays in the breakdown, or the parts would not add up.
    names = sorted({*written, *known, UNKNOWN})
    place = {name: number for number, name in enumerate(names)}
    number = np.array([*(place[name] for name in written), place[UNKNOWN]], dtype=np.int16)
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


def _summed(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Add parts up, the small ones first."""
    return functools.reduce(np.add, reversed(parts))


# Cells by numbers


class _Layer(NamedTuple):
    """Places that do not overlap, so that an event lies in one of them at most.

    ``place_of`` gives the number of the place of each district, and last of events whose district
    is not known; -1 where it is in none of them.
    """

    places: list[tuple[str, str]]
    place_of: np.ndarray


def _layers(areas: pd.DataFrame, districts: pd.Index) -> list[_Layer]:
    """Sort places into as few layers as they need."""
    layers: list[_Layer] = []
    for (level, area_id), members in areas.groupby(["area_level", "area_id"], sort=False):
        inside = np.zeros(len(districts) + 1, dtype=bool)
        inside[districts.get_indexer(members["district_id"])] = True
        inside |= level == "city"  # which has all events, also those without a district
        fitting = (layer for layer in layers if (layer.place_of[inside] < 0).all())
        layer = next(fitting, None)
        if layer is None:
            layer = _Layer([], np.full(len(inside), -1, dtype=np.int32))
            layers.append(layer)
        layer.place_of[inside] = len(layer.places)
        layer.places.append((level, area_id))
    return layers


def _breakdowns(
    events: _Events, split: Sequence[str], known: Mapping[str, Sequence[str]]
) -> tuple[np.ndarray, list[str]]:
    """Number the breakdown of each event, and write each breakdown once."""
    if not split:
        return np.zeros(len(events.quarter), dtype=np.int16), [""]
    shape = [len(events.names[name]) for name in split]
    code = np.ravel_multi_index([events.classes[name] for name in split], shape)
    found = np.flatnonzero(np.bincount(code, minlength=np.prod(shape)))
    classes = pd.DataFrame(np.stack(np.unravel_index(found, shape), axis=1), columns=list(split))
    for name in set(split) & set(known):  # one that has not occurred is a zero
        every = pd.DataFrame({name: [events.names[name].index(code) for code in known[name]]})
        others = classes.drop(columns=name).drop_duplicates()
        every = others.merge(every, how="cross") if len(split) > 1 else every
        classes = pd.concat([classes, every[list(split)]]).drop_duplicates()
    number = np.zeros(np.prod(shape), dtype=np.int32)
    number[np.ravel_multi_index(classes.to_numpy().T, shape)] = np.arange(len(classes))
    written = [
        obs.breakdown({name: events.names[name][code] for name, code in row.items()})
        for row in classes.to_dict("records")
    ]
    return number[code], written


def _cubes(
    indicator: Indicator, events: _Events, areas: pd.DataFrame, split: Sequence[str]
) -> list[pd.DataFrame]:
    """Add up events by place, period and one split: a table for each layer of places."""
    breakdown, written = _breakdowns(events, split, indicator.classes)
    layers = _layers(areas, events.districts)
    periods, spans = _periods(indicator, events.periods)
    sizes = [len(layer.places) * len(written) for layer in layers]
    located = (
        (layer.place_of[events.district], size) for layer, size in zip(layers, sizes, strict=True)
    )
    if indicator.timing == "stock":
        tables = [
            _stock(events, place * len(written) + breakdown, place >= 0, size, len(periods))
            for place, size in located
        ]
    elif indicator.kind == "median":
        tables = [
            _medians(events, place * len(written) + breakdown, place >= 0, size, spans)
            for place, size in located
        ]
    else:
        tables = _totals(indicator, events, breakdown, len(written), layers, spans)
    return [
        _named(layer, written, periods, table) for layer, table in zip(layers, tables, strict=True)
    ]


def _periods(
    indicator: Indicator, quarters: Sequence[str]
) -> tuple[list[str], list[tuple[int, int]]]:
    """Name the periods of an indicator, with the first quarter of each and the one after it."""
    single = list(enumerate(quarters))
    if indicator.timing == "stock" or indicator.is_to_date:
        return list(quarters), [(0, number + 1) for number, _ in single]
    years = complete_years(quarters)
    first = [quarters.index(f"{year}-Q1") for year in years]
    return [*quarters, *years], [
        *((number, number + 1) for number, _ in single),
        *((number, number + 4) for number in first),
    ]


def _named(
    layer: _Layer, written: list[str], periods: list[str], table: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Name the cells of a table of groups × periods; a group is a place and a breakdown."""
    levels, codes = zip(*layer.places, strict=True)
    inner, outer = len(written) * len(periods), len(layer.places)
    cells = {
        "area_level": pd.array(levels, dtype="str").take(np.repeat(np.arange(outer), inner)),
        "area_id": pd.array(codes, dtype="str").take(np.repeat(np.arange(outer), inner)),
        "breakdown": pd.array(written, dtype="str").take(
            np.tile(np.repeat(np.arange(len(written)), len(periods)), outer)
        ),
        "period": pd.array(periods, dtype="str").take(
            np.tile(np.arange(len(periods)), outer * len(written))
        ),
    }
    return pd.DataFrame(cells | {name: values.ravel() for name, values in table.items()})


def _totals(
    indicator: Indicator,
    events: _Events,
    breakdown: np.ndarray,
    breakdowns: int,
    layers: list[_Layer],
    spans: list[tuple[int, int]],
) -> list[dict[str, np.ndarray]]:
    """Add up what units contribute to the cells of each layer.

    A member is a unit in a place and breakdown. Where no unit changes its district, members of the
    districts are those of every larger place too, and are found only once.
    """
    # What was not there before is added to what was: the spans of to-date overlap, these do not.
    slices = [(end - 1, end) for _, end in spans] if indicator.is_to_date else spans
    district_of = np.zeros(events.units, dtype=np.int32)
    district_of[events.unit] = events.district
    if (district_of[events.unit] == events.district).all():
        key = events.unit.astype(np.int64) * breakdowns + breakdown
        member, keys = _members(key, events.units * breakdowns)
        groups = []
        for layer in layers:
            place = layer.place_of[district_of[keys // breakdowns]]
            groups.append(np.where(place < 0, -1, place * breakdowns + keys % breakdowns))
        return _tables(indicator, events, member, groups, layers, breakdowns, slices)
    tables = []
    for layer in layers:
        place = layer.place_of[events.district]
        inside = np.flatnonzero(place >= 0)
        groups_here = len(layer.places) * breakdowns
        key = events.unit[inside].astype(np.int64) * groups_here
        key += place[inside] * breakdowns + breakdown[inside]
        member, keys = _members(key, events.units * groups_here)
        some = events if len(inside) == len(place) else events.picked(inside)
        tables += _tables(
            indicator, some, member, [keys % groups_here], [layer], breakdowns, slices
        )
    return tables


def _members(key: np.ndarray, possible: int) -> tuple[np.ndarray, np.ndarray]:
    """Number members: the number of each event's, and the key of each number."""
    if possible <= DENSE:
        return key.astype(np.int32), np.arange(possible)
    keys, member = np.unique(key, return_inverse=True)
    return member.astype(np.int32), keys


def _tables(
    indicator: Indicator,
    events: _Events,
    member: np.ndarray,
    groups: list[np.ndarray],
    layers: list[_Layer],
    breakdowns: int,
    slices: list[tuple[int, int]],
) -> list[dict[str, np.ndarray]]:
    """Add up members in the groups of each layer, slice by slice of the quarters."""
    is_count = indicator.kind == "count"
    parts = [] if is_count else events.parts
    shapes = [(len(layer.places) * breakdowns, len(slices)) for layer in layers]
    units = [np.zeros(shape, dtype=np.int64) for shape in shapes]
    exact = [[np.zeros(shape) for _ in parts] for shape in shapes]
    largest = [np.zeros((2, *shape)) for shape in shapes]
    members = len(groups[0])
    there = np.zeros(members, dtype=bool)
    totals = [np.zeros(members) for _ in parts]
    holders = [np.array([], dtype=np.int64) for _ in layers]
    may_fall = not is_count and bool((_summed(parts) < 0).any())
    for at, (active, sums) in enumerate(_contributions(events, member, members, parts, slices)):
        met, changed = active, active
        if indicator.is_to_date:
            met = active[~there[active]]
            there[active] = True
        for total, added in zip(totals, sums, strict=True):
            total[active] = total[active] + added if indicator.is_to_date else added
        for number, group in enumerate(groups):
            size = shapes[number][0]
            units[number][:, at] = _counted(group[met], None, size)
            for table, added in zip(exact[number], sums, strict=True):
                table[:, at] = _counted(group[active], added, size)
            if is_count:
                continue
            if indicator.is_to_date:
                # What grows only can be overtaken by nothing but what has just grown.
                kept = np.setdiff1d(holders[number], active)
                changed = np.flatnonzero(there) if may_fall else np.concatenate([active, kept])
            value = _summed([total[changed] for total in totals])
            two, holders[number] = _two_largest(group[changed], changed, value, size)
            largest[number][:, :, at] = two
    tables = []
    for count, shares, most in zip(units, exact, largest, strict=True):
        if indicator.is_to_date:
            count = count.cumsum(axis=1)
            shares = [share.cumsum(axis=1) for share in shares]
        if is_count:
            value, most = count.astype("float64"), np.stack([count >= 1, count >= 2]).astype(float)
        else:
            value = _summed(shares)
        # Below the sixth place is only what adding binary fractions leaves behind.
        first, second = most.round(6)
        tables.append(
            {"value": value.round(6), "n_units": count, "largest_1": first, "largest_2": second}
        )
    return tables


def _counted(group: np.ndarray, weight: np.ndarray | None, groups: int) -> np.ndarray:
    """Count members in groups, or add up their weights; -1 is no group."""
    return np.bincount(group + 1, weight, groups + 1)[1:]


def _contributions(
    events: _Events,
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
    """Give the two largest values in each group, 0 where there are fewer, and whose they are."""
    largest, holders = np.zeros((2, groups)), []
    is_open = group >= 0
    for rank in (0, 1):
        group, member, value = group[is_open], member[is_open], value[is_open]
        most = np.full(groups, -np.inf)
        np.maximum.at(most, group, value)
        holder = np.full(groups, -1)
        is_largest = value == most[group]
        holder[group[is_largest]] = member[is_largest]
        largest[rank] = np.where(holder < 0, 0, most)
        holders.append(holder[holder >= 0])
        is_open = member != holder[group]
    return largest, np.concatenate(holders)


def _medians(
    events: _Events,
    group: np.ndarray,
    is_inside: np.ndarray,
    groups: int,
    spans: list[tuple[int, int]],
) -> dict[str, np.ndarray]:
    """Find the median of the events in each group and span, 0 where there are none."""
    value, units = np.zeros((groups, len(spans))), np.zeros((groups, len(spans)), dtype=np.int64)
    exact = _summed(events.parts)
    ends = np.append(0, np.cumsum(np.bincount(events.quarter, minlength=len(events.periods))))
    for at, (first, after) in enumerate(spans):
        here = ends[first] + np.flatnonzero(is_inside[ends[first] : ends[after]])
        order = here[np.lexsort((exact[here], group[here]))]
        ranked = np.append(exact[order], 0.0)
        count = np.bincount(group[order], minlength=groups)
        start = np.cumsum(count) - count
        # The two in the middle, which are one where the number is odd.
        middle = ranked[start + np.maximum(count - 1, 0) // 2] + ranked[start + count // 2]
        value[:, at] = np.where(count > 0, (middle / 2).round(6), 0.0)
        member = np.unique(group[order].astype(np.int64) * events.units + events.unit[order])
        units[:, at] = np.bincount(member // events.units, minlength=groups)
    return {"value": value, "n_units": units, "largest_1": 0 * value, "largest_2": 0 * value}


def _stock(
    events: _Events, group: np.ndarray, is_inside: np.ndarray, groups: int, periods: int
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


def _published(indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Take over official figures, and add up counts for areas that the office does not publish.

    A level that the office publishes for the statistic at all, in whatever period, is left as it
    published it: its figures need not be the sum of the districts'. Of a district that lies in an
    area by a part, that part is added.
    """
    given = events.rename(columns={"district_id": "area_id"})
    for optional in ("breakdown", "quality_note"):
        if optional not in given:
            given = given.assign(**{optional: ""})
    columns = [*CELL, "value", "obs_status", "quality_note"]
    parts = [given[columns]]
    if indicator.kind in {"count", "sum"}:
        is_total = (given["area_level"] == "district") & (given["breakdown"] == "")
        districts = given[is_total].rename(columns={"area_id": "district_id"})
        published = set(given["area_level"])
        open_levels = areas[~areas["area_level"].isin(published | {"district"})]
        merged = open_levels.merge(districts.drop(columns="area_level"), on="district_id")
        size = open_levels.groupby(["area_level", "area_id"]).size().rename("size")
        # One district missing leaves the sum missing: a gap is not a zero.
        merged["weakness"] = merged["obs_status"].map(_weakness)
        # What a district's own series tells of its cut does not matter to a sum of districts, and
        # the parts of a divided one are all in the city.
        is_aside = merged["quality_note"].isin([vintages.MERGED, vintages.FIRST])
        is_aside |= (merged["quality_note"] == vintages.DIVIDED) & (merged["area_level"] == "city")
        merged.loc[is_aside, ["weakness", "quality_note"]] = [0, ""]
        if "share" in merged:
            is_part = merged["share"] < 1
            merged["value"] = merged["value"].mask(
                is_part, (merged["value"] * merged["share"]).round(6)
            )
            merged["weakness"] = merged["weakness"].mask(is_part, _weakness("E"))
            by = merged["method"].where(is_part).map(NOTES)
            merged["quality_note"] = by.fillna(merged["quality_note"])
        added = merged.groupby(["area_level", "area_id", "period"], as_index=False).agg(
            value=("value", "sum"),
            counted=("value", "count"),
            weakness=("weakness", "max"),
            shared=("quality_note", "max"),
        )
        added = added.merge(size.reset_index(), on=["area_level", "area_id"])
        complete = added["counted"] == added["size"]
        added["value"] = added["value"].where(complete)
        added["obs_status"] = added["weakness"].map(WEAKNESS.__getitem__).where(complete, "M")
        note = added["shared"].mask(added["shared"] == "", "sum of districts")
        added["quality_note"] = note.where(complete, "a district is missing")
        parts.append(added.assign(breakdown="")[columns])
    observed = pd.concat(parts, ignore_index=True)
    return observed.assign(
        indicator=indicator.id,
        unit=indicator.unit,
        n_units=pd.NA,
        conf_status="F",
        largest_1=np.nan,
        largest_2=np.nan,
    )


def _over_last_year(upper: pd.DataFrame, lower: pd.DataFrame) -> pd.DataFrame:
    """Set quarters against the last year that was over, where an office counts by the year."""
    place = ["area_level", "area_id", "breakdown"]
    known = pd.MultiIndex.from_frame(lower[CELL])
    open_cells = upper[~pd.MultiIndex.from_frame(upper[CELL]).isin(known)]
    open_cells = open_cells[open_cells["period"].str.contains("Q")]
    year = open_cells["period"].str[:4].astype(int) - (open_cells["period"].str[-1] != "4")
    against = lower[~lower["period"].str.contains("Q")].rename(columns={"period": "year"})
    both = open_cells.assign(year=year.astype("str")).merge(
        against, on=[*place, "year"], suffixes=("", "_below")
    )
    return both.assign(quality_note="set against the last year that was over").drop(columns="year")


def _at_year_end(upper: pd.DataFrame, lower: pd.DataFrame) -> pd.DataFrame:
    """Set years against their last quarter, where what is below is published by the quarter."""
    place = ["area_level", "area_id", "breakdown"]
    known = pd.MultiIndex.from_frame(lower[CELL])
    open_cells = upper[~pd.MultiIndex.from_frame(upper[CELL]).isin(known)]
    open_cells = open_cells[~open_cells["period"].str.contains("Q")]
    against = lower[lower["period"].str.endswith("-Q4")]
    against = against.assign(period=against["period"].str[:4])
    both = open_cells.merge(against, on=[*place, "period"], suffixes=("", "_below"))
    return both.assign(quality_note="set against the last quarter of the year")


def _weakness(status: str) -> int:
    """Rank a status; a missing value has no rank of its own."""
    return WEAKNESS.index(status) if status in WEAKNESS else 0


def with_zeros(
    upper: Indicator, above: pd.DataFrame, lower: Indicator, below: pd.DataFrame
) -> pd.DataFrame:
    """Give a numerator zeros in the classes that only its denominator has.

    A class in which nothing of the numerator has ever happened has no cells of it. Beside those of
    the denominator that is a zero and no gap: of so many, none.

    Parameters
    ----------
    upper, lower : Indicator
        Numerator and denominator. What an office has published is left as it is.
    above, below : DataFrame
        Their internal observations.

    Returns
    -------
    DataFrame
        ``above``, and zeros in the cells of ``below`` by a split, at a level and in a period in
        which the numerator is given.
    """
    if upper.timing == "published" or upper.timing != lower.timing or upper.kind == "median":
        return above
    first, *others = (tuple(sorted(split)) for split in upper.splits)
    shared = {first, *others} & {tuple(sorted(split)) for split in lower.splits} - {()}
    if not shared:
        return above
    split = below["breakdown"].map(
        {written: tuple(obs.dimensions(written)) for written in below["breakdown"].unique()}
    )
    level, periods = below["area_level"], above["period"].unique()
    is_given = (split == first) | (split.isin(others) & level.isin(WHOLE_AREAS))
    is_given &= split.isin(shared) & level.isin(upper.levels) & below["period"].isin(periods)
    cells = below.loc[is_given, CELL]
    cells = cells[~pd.MultiIndex.from_frame(cells).isin(pd.MultiIndex.from_frame(above[CELL]))]
    if cells.empty:
        return above
    zeros = cells.assign(
        indicator=upper.id,
        unit=upper.unit,
        value=0.0,
        n_units=0,
        obs_status="A",
        conf_status="F",
        quality_note="",
        largest_1=0.0,
        largest_2=0.0,
    )
    return pd.concat([above, zeros.astype(above.dtypes[list(zeros)])], ignore_index=True)


def derive(parts: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Compute rates and ratios from their parts, cell by cell.

    It is used on internal observations and again on protected ones: a rate whose part is
    suppressed is suppressed too, and one whose part is missing, or whose denominator is zero, is
    missing.

    Parameters
    ----------
    parts : DataFrame
        Observations of numerators and denominators.
    catalogue : DataFrame
        One row for each indicator, as :func:`catalogue_frame` makes it.

    Returns
    -------
    DataFrame
        Observations of the derived indicators only.
    """
    derived = []
    for entry in catalogue[catalogue["numerator"] != ""].to_dict("records"):
        upper = parts[parts["indicator"] == entry["numerator"]]
        lower = parts[parts["indicator"] == entry["denominator"]]
        both = upper.merge(lower, on=CELL, suffixes=("", "_below"))
        timing, upper_timing = (
            catalogue.loc[catalogue["indicator"] == entry[part], "timing"]
            for part in ("denominator", "numerator")
        )
        if (timing == "published").all():
            parts_found = [both, _over_last_year(upper, lower)]
            if (upper_timing == "published").all():
                parts_found.append(_at_year_end(upper, lower))
            both = pd.concat(parts_found, ignore_index=True)
        elif (timing == "stock").all():  # what happened in a year, by what was there at its end
            both = pd.concat([both, _at_year_end(upper, lower)], ignore_index=True)
        hidden = (both["conf_status"] != "F") | (both["conf_status_below"] != "F")
        missing = both["value"].isna() | both["value_below"].isna() | (both["value_below"] == 0)
        # Parts of which different values are not known are of different units.
        missing |= (both["quality_note"] == GAP) | (both["quality_note_below"] == GAP)
        value = entry["scale"] * both["value"] / both["value_below"].where(~missing)
        note = both["quality_note"].where(both["quality_note"] != "", both["quality_note_below"])
        note = note.mask(both["value_below"] == 0, "nothing to divide by")
        weakness = both[["obs_status", "obs_status_below"]].map(_weakness).max(axis=1)
        frame = both[CELL].assign(
            indicator=entry["indicator"],
            value=value.where(~hidden & ~missing),
            unit=entry["unit"],
            n_units=both["n_units"].where(~hidden & ~missing),
            obs_status=weakness.map(WEAKNESS.__getitem__).mask(missing, "M").mask(hidden, "A"),
            conf_status=np.where(hidden, "D", "F"),
            quality_note=note.mask(hidden, ""),
        )
        if "largest_1" in parts:
            frame = frame.assign(largest_1=np.nan, largest_2=np.nan)
        derived.append(frame)
    if not derived:
        return parts.iloc[:0]
    return obs.tidy(pd.concat(derived, ignore_index=True))
