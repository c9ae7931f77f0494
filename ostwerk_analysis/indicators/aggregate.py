"""From events to observations: every indicator is added up by the same few functions.

A cell is a place, a period and a breakdown. The cells of an indicator fill a cube: places × periods
× breakdowns. Every cell that could have had an event is there, so a zero is a zero and never a gap.

Everything is numbered first: days by their quarters, districts, units and classes by codes. Events
then lie in the order of their quarters, and what follows only counts small numbers, so that its
cost grows no faster than the number of events. Sums are exact until they are rounded at the end,
whatever the order of their parts.
"""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from .. import observations as obs
from ..periods import complete_years
from . import cubes
from .cubes import Layer
from .declaration import Indicator
from .numbering import Events, numbered
from .published import published
from .shares import marked, spread, together

WHOLE_AREAS = ("city", "programme", "comparison")
"""Area levels for which breakdowns beyond an indicator's first are given: finer cells would be
empty or confidential."""
IDLE = "nothing happened"
"""Note of a median of no events at all: a sum would be zero there, a median is not."""
CELL = ["area_level", "area_id", "period", "breakdown"]
"""Where and when something is observed, and of which class."""


class _Ground(NamedTuple):
    """Where an indicator is given: in its first split, in others, and where by shares."""

    layers: list[Layer]
    whole: list[Layer]
    shares: pd.DataFrame


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
            yield published(indicator, events, areas)
        return
    known, unknown = numbered(indicators, events, areas, quarters)
    # The same of all events.
    said = events["quality_note"].iloc[0] if "quality_note" in events and len(events) else ""
    del events
    grounds = {
        levels: _ground(areas[areas["area_level"].isin(levels)], known.districts)
        for levels in {indicator.levels for indicator in indicators}
    }
    is_gap = len(unknown.quarter) > 0
    gaps = _added(indicators, unknown, grounds) if is_gap else itertools.repeat(None)
    sums = _added(indicators, known, grounds)
    for indicator, added, lacking in zip(indicators, sums, gaps, strict=False):
        if lacking is not None:
            added = _with_gaps(added, lacking)
        if indicator.kind == "median":
            is_idle = (added["n_units"] == 0) & (added["quality_note"] == "")
            added = added.assign(
                value=added["value"].mask(added["n_units"] == 0),
                largest_1=np.nan,  # a median is no sum of what its units contribute
                largest_2=np.nan,
                obs_status=added["obs_status"].astype("str").mask(is_idle, "M"),
                quality_note=added["quality_note"].astype("str").mask(is_idle, IDLE),
            )
        added = marked(added)
        if said:
            note = added["quality_note"].astype("str")
            added["quality_note"] = note.mask(note == "", said)
        yield added.assign(
            indicator=obs.same(indicator.id, len(added)),
            unit=obs.same(indicator.unit, len(added)),
            conf_status=obs.same("F", len(added)),
        )


def _added(
    indicators: Sequence[Indicator], events: Events, grounds: Mapping[tuple[str, ...], _Ground]
) -> Iterator[pd.DataFrame]:
    """Add up events in the cells of every split, one split after the other for all indicators."""
    tables: dict[str, list[dict[str, Any]]] = {indicator.id: [] for indicator in indicators}
    for split in dict.fromkeys(split for indicator in indicators for split in indicator.splits):
        asked = [indicator for indicator in indicators if split in indicator.splits]
        for known, alike in itertools.groupby(asked, functools.partial(_known, split)):
            _add(tables, list(alike), events, grounds, split, dict(known))
    for indicator in indicators:
        parts = tables.pop(indicator.id)
        cells = {
            name: union_categoricals([part[name] for part in parts])
            if name in CELL
            else np.concatenate([part[name].ravel() for part in parts])
            for name in parts[0]
        }
        found = together(pd.DataFrame(cells), grounds[indicator.levels].shares, indicator.kind)
        size = len(found)
        yield found.assign(obs_status=obs.same("A", size), quality_note=obs.same("", size))


def _known(split: Sequence[str], indicator: Indicator) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give the classes of a split that are there even where nothing has happened yet."""
    return tuple((name, tuple(codes)) for name, codes in indicator.classes.items() if name in split)


def _add(
    tables: dict[str, list[dict[str, Any]]],
    indicators: Sequence[Indicator],
    events: Events,
    grounds: Mapping[tuple[str, ...], _Ground],
    split: tuple[str, ...],
    known: Mapping[str, Sequence[str]],
) -> None:
    """Add up events by place, period and one split: to the tables one for each layer of places."""
    breakdown, written = _breakdowns(events, split, known)
    has_totals = any(one.timing == "flow" and one.kind != "median" for one in indicators)
    units = cubes.members(events, breakdown, len(written)) if has_totals else None
    for indicator in indicators:
        ground = grounds[indicator.levels]
        layers = ground.layers if split == indicator.splits[0] else ground.whole
        periods, spans = _periods(indicator, events.periods)
        located = (
            (place * len(written) + breakdown, place >= 0, len(layer.places) * len(written))
            for layer in layers
            for place in [layer.place_of[events.district]]
        )
        if indicator.timing == "stock":
            found = [cubes.stock(events, *where, len(periods)) for where in located]
        elif indicator.kind == "median":
            found = [cubes.medians(events, *where, spans) for where in located]
        elif layers and units is not None:
            is_count, is_to_date = indicator.kind == "count", indicator.is_to_date
            found = cubes.totals(
                *units, len(written), layers, spans, is_count=is_count, is_to_date=is_to_date
            )
        else:
            found = []
        for layer, table in zip(layers, found, strict=True):
            tables[indicator.id].append(_named(layer, written, periods) | table)


def _with_gaps(added: pd.DataFrame, unknown: pd.DataFrame) -> pd.DataFrame:
    """Mark values of which a part is not known as estimated, or missing where none is known."""
    texts = dict.fromkeys(CELL, "str")
    is_new = ~unknown["breakdown"].isin(added["breakdown"].unique())
    some = unknown.loc[is_new | (unknown["n_units"] > 0), [*CELL, "n_units"]].astype(texts)
    both = added.astype(texts).merge(some, on=CELL, how="outer", suffixes=("", "_unknown"))
    numbers = ["value", "n_units", "largest_1", "largest_2", "n_units_unknown"]
    both[numbers] = both[numbers].fillna(0)
    is_gap = both.pop("n_units_unknown") > 0
    is_missing = is_gap & (both["n_units"] == 0)
    return both.assign(
        value=both["value"].mask(is_missing),
        obs_status=np.select([is_missing, is_gap], ["M", "E"], "A"),
        quality_note=np.where(is_gap, obs.GAP, ""),
    )


# Where and when


def _ground(areas: pd.DataFrame, districts: pd.Index) -> _Ground:
    """Sort places into as few layers as they need."""
    areas, shares = spread(areas)
    whole = areas[areas["area_level"].isin(WHOLE_AREAS)]
    return _Ground(_layers(areas, districts), _layers(whole, districts), shares)


def _layers(areas: pd.DataFrame, districts: pd.Index) -> list[Layer]:
    """Put each place into the first layer in which its districts are free."""
    layers: list[Layer] = []
    place = areas.groupby(["area_level", "area_id"], sort=False).ngroup().to_numpy()
    district = districts.get_indexer(areas["district_id"])[np.argsort(place, kind="stable")]
    names = areas[["area_level", "area_id"]].drop_duplicates().itertuples(index=False, name=None)
    ends = np.cumsum(np.bincount(place))[:-1]
    for (level, area_id), inside in zip(names, np.split(district, ends), strict=False):
        if level == "city":  # which has all events, also those without a district
            inside = np.arange(len(districts) + 1)
        fitting = (layer for layer in layers if (layer.place_of[inside] < 0).all())
        layer = next(fitting, None)
        if layer is None:
            layer = Layer([], np.full(len(districts) + 1, -1, dtype=np.int32))
            layers.append(layer)
        layer.place_of[inside] = len(layer.places)
        layer.places.append((level, area_id))
    return layers


def _breakdowns(
    events: Events, split: Sequence[str], known: Mapping[str, Sequence[str]]
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


def _named(layer: Layer, written: list[str], periods: list[str]) -> dict[str, pd.Categorical]:
    """Name the cells of a table of groups × periods; a group is a place and a breakdown."""
    levels, codes = zip(*layer.places, strict=True)
    outer, times = len(layer.places), np.arange(len(periods), dtype=np.int16)
    classes = np.repeat(np.arange(len(written), dtype=np.int32), len(periods))
    places = np.repeat(np.arange(outer, dtype=np.int32), len(classes))
    return {
        "area_level": _repeated(levels, places),
        "area_id": _repeated(codes, places),
        "breakdown": _repeated(written, np.tile(classes, outer)),
        "period": _repeated(periods, np.tile(times, outer * len(written))),
    }


def _repeated(texts: Sequence[str], which: np.ndarray) -> pd.Categorical:
    """Give texts by their places in a list, in which they may stand more than once."""
    known = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    code = np.array([known[text] for text in texts], dtype=which.dtype)
    return pd.Categorical.from_codes(code[which], pd.Index(list(known), dtype="str"))
