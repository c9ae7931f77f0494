"""From events to observations: every indicator is added up by the same few functions.

A cell is a place, a period and a breakdown. The cells of an indicator fill a cube: places × periods
× breakdowns. Every cell that could have had an event is there, so a zero is a zero and never a gap.
Cells and units are numbered, and numbers are counted: that is quick, and its cost grows no faster
than the number of events.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import observations as obs
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
    if indicator.timing == "published":
        return _published(indicator, events, areas)
    if events["unit_id"].isna().any():
        raise DataError(
            "The indicator {id} has events without a unit_id. Give each the code of its unit, or "
            "one of its own.",
            id=indicator.id,
        )
    if indicator.kind == "sum":  # the last digits of a sum depend on the order of its parts
        events = events.sort_values(["unit_id", "date", "value"], ignore_index=True)
    areas = areas[areas["area_level"].isin(indicator.levels)]
    known = events["value"].notna()
    added = _added(indicator, events[known], areas, quarters)
    if known.all():
        added = added.assign(obs_status="A", quality_note="")
    else:
        unknown = events[~known].assign(value=1.0)
        added = _with_gaps(added, _added(indicator, unknown, areas, quarters))
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
    return added.assign(indicator=indicator.id, unit=indicator.unit, conf_status="F")


def _added(
    indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame, quarters: Sequence[str]
) -> pd.DataFrame:
    """Add up events in the cells of every split."""
    first, *others = indicator.splits
    areas, layers = spread(areas)
    whole = areas[areas["area_level"].isin(WHOLE_AREAS)]
    parts = [_cube(indicator, events, areas, first, quarters)]
    parts += [_cube(indicator, events, whole, split, quarters) for split in others]
    return together(pd.concat(parts, ignore_index=True), layers, indicator.kind)


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


class _Located(NamedTuple):
    """Events numbered: one entry for each place that an event lies in."""

    event: np.ndarray
    group: np.ndarray
    """Place and breakdown, as one number."""
    groups: pd.DataFrame
    """``area_level``, ``area_id`` and ``breakdown`` of each group."""


def _cube(
    indicator: Indicator,
    events: pd.DataFrame,
    areas: pd.DataFrame,
    split: Sequence[str],
    quarters: Sequence[str],
) -> pd.DataFrame:
    """Add up events by place, period and one split."""
    quarter = _quarter_numbers(events["date"], quarters)
    if indicator.timing == "stock":
        # What began before the series, or on a day unknown, is there from its first quarter on.
        begun = np.where(events["date"].isna() | (quarter < 0), 0, quarter)
        ended = _quarter_numbers(events["until"], quarters)
        ended = np.where(events["until"].isna(), len(quarters), np.maximum(ended, 0))
        located = _locate(events, areas, split, indicator.classes)
        table = _stock(located, begun, ended, len(quarters))
        periods = list(quarters)
    else:
        inside = (quarter >= 0) & (quarter < len(quarters))
        events, quarter = events[inside], quarter[inside]
        located = _locate(events, areas, split, indicator.classes)
        unit = pd.factorize(events["unit_id"])[0]
        value = events["value"].to_numpy(dtype="float64")
        if indicator.is_to_date:
            periods = list(quarters)
            table = _to_date(indicator, located, quarter, unit, value, len(periods))
        else:
            years = complete_years(quarters)
            periods = [*quarters, *years]
            year_of = {name: number for number, name in enumerate(years, start=len(quarters))}
            year = np.array([year_of.get(name[:4], -1) for name in quarters], dtype=np.int64)
            table = _flow(indicator, located, quarter, year, unit, value, len(periods))
    cells = located.groups.loc[located.groups.index.repeat(len(periods))].reset_index(drop=True)
    named = pd.Series(periods, dtype="str")
    period = named.take(np.tile(np.arange(len(periods)), len(located.groups)))
    return cells.assign(period=period.to_numpy(), **table)


def _quarter_numbers(days: pd.Series, quarters: Sequence[str]) -> np.ndarray:
    """Number the quarter of each day from the first of the series; -1 also where it is missing."""
    number = 4 * days.dt.year + days.dt.quarter - 1 - ordinal(quarters[0])
    return number.fillna(-1).to_numpy(dtype=np.int64)


def _locate(
    events: pd.DataFrame,
    areas: pd.DataFrame,
    split: Sequence[str],
    known: Mapping[str, Sequence[str]],
) -> _Located:
    """Number each event's places and breakdown; all events lie in the city."""
    places = areas[["area_level", "area_id"]].drop_duplicates(ignore_index=True)
    place_of = pd.MultiIndex.from_frame(places)
    below = areas[areas["area_level"] != "city"]
    below = below.assign(
        place=place_of.get_indexer(pd.MultiIndex.from_frame(below[["area_level", "area_id"]]))
    )
    pairs = pd.DataFrame(
        {"district_id": events["district_id"].to_numpy(), "event": np.arange(len(events))}
    ).merge(below[["district_id", "place"]], on="district_id")
    cities = np.flatnonzero(places["area_level"] == "city")
    event = np.concatenate([pairs["event"], np.tile(np.arange(len(events)), len(cities))])
    place = np.concatenate([pairs["place"], np.repeat(cities, len(events))])
    code, breakdowns = _breakdowns(events, split, known)
    groups = places.merge(pd.DataFrame({"breakdown": breakdowns}), how="cross")
    return _Located(event, place * len(breakdowns) + code[event], groups)


def _breakdowns(
    events: pd.DataFrame, split: Sequence[str], known: Mapping[str, Sequence[str]]
) -> tuple[np.ndarray, pd.Series]:
    """Number the breakdown of each event, and write each breakdown once, in order."""
    if not split:
        return np.zeros(len(events), dtype=np.int64), pd.Series([""], dtype="str")
    # A unit without a known class stays in the breakdown, or the parts would not add up.
    classes = events[list(split)].astype("str").fillna(UNKNOWN)
    found = classes.drop_duplicates()
    for name in classes.columns.intersection(list(known)):  # one that has not occurred is a zero
        every = pd.DataFrame({name: pd.Series(known[name], dtype="str")})
        others = found.drop(columns=name).drop_duplicates()
        every = others.merge(every, how="cross") if len(split) > 1 else every
        found = pd.concat([found, every]).drop_duplicates()
    found = found[list(split)].sort_values(list(split), ignore_index=True)
    number = pd.MultiIndex.from_frame(found).get_indexer(pd.MultiIndex.from_frame(classes))
    written = [obs.breakdown(row) for row in found.to_dict("records")]
    return number, pd.Series(written, dtype="str")


def _contributions(
    cell: np.ndarray, unit: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add up what each unit contributes to each cell: cell, unit and sum, in order of both."""
    width = unit.max(initial=0) + 1
    pair, member = np.unique(cell * width + unit, return_inverse=True)
    return pair // width, pair % width, np.bincount(member, value, len(pair))


def _add_up(cell: np.ndarray, contribution: np.ndarray, cells: int) -> dict[str, np.ndarray]:
    """Add up contributions in cells: value, number of units, and the two largest contributions."""
    order = np.lexsort((-contribution, cell))
    cell, contribution = cell[order], contribution[order]
    count = np.bincount(cell, minlength=cells)
    start = np.cumsum(count) - count
    largest = np.zeros((2, cells))
    for rank in (0, 1):
        some = np.flatnonzero(count > rank)
        largest[rank, some] = contribution[start[some] + rank]
    # Below the sixth place is only what adding binary fractions leaves behind.
    value = np.bincount(cell, contribution, cells).round(6)
    largest = largest.round(6)
    return {"value": value, "n_units": count, "largest_1": largest[0], "largest_2": largest[1]}


def _medians(
    cell: np.ndarray, unit: np.ndarray, value: np.ndarray, cells: int
) -> dict[str, np.ndarray]:
    """Find the median of the events in each cell, 0 where there are none, and count its units."""
    order = np.lexsort((value, cell))
    ranked = np.append(value[order], 0.0)
    count = np.bincount(cell, minlength=cells)
    start = np.cumsum(count) - count
    # The two in the middle, which are one where the number is odd.
    middle = (ranked[start + np.maximum(count - 1, 0) // 2] + ranked[start + count // 2]) / 2
    width = unit.max(initial=0) + 1
    n_units = np.bincount(np.unique(cell * width + unit) // width, minlength=cells)
    value = np.where(count > 0, middle.round(6), 0.0)
    return {"value": value, "n_units": n_units, "largest_1": 0 * value, "largest_2": 0 * value}


def _flow(
    indicator: Indicator,
    located: _Located,
    quarter: np.ndarray,
    year: np.ndarray,
    unit: np.ndarray,
    value: np.ndarray,
    periods: int,
) -> dict[str, np.ndarray]:
    """Add up what happened in each quarter and in each complete year."""
    event, group = located.event, located.group
    in_year = year[quarter[event]]
    complete = in_year >= 0
    event = np.concatenate([event, event[complete]])
    period = np.concatenate([quarter[located.event], in_year[complete]])
    group = np.concatenate([group, group[complete]])
    if indicator.kind == "median":
        cells = len(located.groups) * periods
        return _medians(group * periods + period, unit[event], value[event], cells)
    cell, _, added = _contributions(group * periods + period, unit[event], value[event])
    if indicator.kind == "count":
        added = np.ones_like(added)
    return _add_up(cell, added, len(located.groups) * periods)


def _to_date(
    indicator: Indicator,
    located: _Located,
    quarter: np.ndarray,
    unit: np.ndarray,
    value: np.ndarray,
    periods: int,
) -> dict[str, np.ndarray]:
    """Add up what happened from the first quarter to the end of each one."""
    event, groups = located.event, len(located.groups)
    width = unit.max(initial=0) + 1
    member, code = np.unique(located.group * width + unit[event], return_inverse=True)
    total, there = np.zeros(len(member)), np.zeros(len(member), dtype=bool)
    tables = []
    by_quarter = np.argsort(quarter[event], kind="stable")
    ends = np.searchsorted(quarter[event][by_quarter], np.arange(periods), side="right")
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        if indicator.kind == "median":
            so_far = by_quarter[:end]
            which = event[so_far]
            tables.append(_medians(located.group[so_far], unit[which], value[which], groups))
            continue
        happened = by_quarter[start:end]
        total += np.bincount(code[happened], value[event[happened]], len(member))
        there[code[happened]] = True
        added = np.ones(there.sum()) if indicator.kind == "count" else total[there]
        tables.append(_add_up(member[there] // width, added, groups))
    return {name: np.stack([t[name] for t in tables], axis=1).ravel() for name in tables[0]}


def _stock(
    located: _Located, begun: np.ndarray, ended: np.ndarray, periods: int
) -> dict[str, np.ndarray]:
    """Count the units that are there at the end of each quarter."""
    change = np.zeros((len(located.groups), periods + 1))
    last = np.minimum(ended, periods)
    np.add.at(change, (located.group, np.minimum(begun, periods)[located.event]), 1)
    np.add.at(change, (located.group, np.maximum(last, begun)[located.event].clip(max=periods)), -1)
    there = change.cumsum(axis=1)[:, :-1].ravel()
    return {
        "value": there,
        "n_units": there.astype(np.int64),
        "largest_1": np.minimum(there, 1),
        "largest_2": (there >= 2).astype(float),
    }


def _published(indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Take over official figures, and add up counts for areas that the office does not publish.

    A level that the office publishes for the statistic at all, in whatever period, is left as it
    published it: its figures need not be the sum of the districts'. Of a district that lies in an
    area by a part, that part is added.
    """
    given = events.rename(columns={"district_id": "area_id"})
    if "quality_note" not in given:
        given = given.assign(quality_note="")
    columns = ["area_id", "area_level", "period", "value", "obs_status", "quality_note"]
    parts = [given[columns]]
    if indicator.kind in {"count", "sum"}:
        districts = given[given["area_level"] == "district"].rename(
            columns={"area_id": "district_id"}
        )
        published = set(given["area_level"])
        open_levels = areas[~areas["area_level"].isin(published | {"district"})]
        merged = open_levels.merge(districts.drop(columns="area_level"), on="district_id")
        size = open_levels.groupby(["area_level", "area_id"]).size().rename("size")
        # One district missing leaves the sum missing: a gap is not a zero.
        merged["weakness"] = merged["obs_status"].map(_weakness)
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
        parts.append(added[columns])
    observed = pd.concat(parts, ignore_index=True)
    return observed.assign(
        indicator=indicator.id,
        breakdown="",
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
