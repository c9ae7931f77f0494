"""What the explorer's script needs of a release: indicators with their values, classes and words.

An indicator has series, one for each breakdown, and each of these is given for districts, for
boroughs, or both. A cell is a number, a number and its mark, :data:`HIDDEN`, or None where a value
is missing; the cells of a period are those of the places, then those of the compared areas.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..codes import CODES
from ..figures import classes as classed
from ..figures import encoding as encoded
from ..figures import symbols
from ..figures.values import (
    MARKS,
    SIGNS,
    SUPPRESSED,
    confidence,
    digits_for,
    entry,
    part_label,
    rounded,
    source,
    unit_heading,
)
from ..language import text, unit_sign
from ..observations import dimensions
from ..release import Release

HIDDEN = SIGNS[SUPPRESSED]
"""Cell of a value that is kept secret; one that is missing is None."""
LEVELS = ("district", "borough")
"""Area levels that are drawn as a map."""
FIELDS = {
    "funding": "Funding",
    "businesses": "Businesses",
    "employment": "Jobs and training places",
    "advice": "Advice and meetings",
    "participants": "Participants",
    "statistics": "Official statistics",
    "catchments": "Catchments of sites",
    "own": "The city's own",
}
"""Field of an indicator = the heading under which it is offered."""
DERIVED = "kept secret so that another value cannot be computed"
PART_BYTES = 120_000
"""Indicators are fetched together up to this size: few requests, none of them long."""


class Rows(NamedTuple):
    """Observations of one level's places and the compared areas, n rows ordered by series.

    Parameters
    ----------
    series, period : ndarray of int, shape (n,)
        Positions in ``names`` and ``periods``.
    place : ndarray of int, shape (n,)
        Of the area, among the places and behind them the compared areas.
    places, areas : int
        How many there are of the places, and with the compared areas.
    city : int
        Place of the city; -1 if it is not compared.
    value : ndarray of float, shape (n,)
    status : ndarray of str, shape (n,)
        Observation status.
    is_hidden, is_derived : ndarray of bool, shape (n,)
        Kept secret; and so only to protect another value.
    note : ndarray of str, shape (n,)
    names : list of tuple of str
        Indicator and breakdown.
    periods : list of str
    """

    series: np.ndarray
    period: np.ndarray
    place: np.ndarray
    places: int
    areas: int
    city: int
    value: np.ndarray
    status: np.ndarray
    is_hidden: np.ndarray
    is_derived: np.ndarray
    note: np.ndarray
    names: list[tuple[str, str]]
    periods: list[str]


def indicators_of(
    release: Release, places: Mapping[str, Sequence[str]], language: str
) -> dict[str, dict[str, Any]]:
    """Collect all indicators of a release that can be drawn.

    Parameters
    ----------
    release : Release
    places : mapping
        Level of :data:`LEVELS` = the codes of its places.
    language : {"de", "en"}

    Returns
    -------
    dict
        Code of the indicator = its words and its series; in the order of the fields, and in a
        field by name.
    """
    compared, own = list(release.area_names(language)), release.names(language)
    table = release.observations
    keys = ("area_level", "area_id", "indicator", "breakdown", "period")
    coded = _Codes(*(pd.factorize(table[key]) for key in keys))
    levels = {
        level: _rows(table, coded, level, ids, compared, release.city)
        for level, ids in places.items()
    }
    observed = {code for rows in levels.values() for code, _ in rows.names}
    catalogue = {row["indicator"]: row for _, row in release.catalogue.iterrows()}
    catalogue |= {code: entry(release.catalogue, code) for code in observed - set(catalogue)}
    found: dict[str, dict[str, Any]] = {}
    for level, rows in levels.items():
        drawn = _drawn(rows, catalogue, language)
        for (code, part), one in zip(rows.names, drawn, strict=True):
            if code not in found:
                found[code] = _words(catalogue[code], language) | {"series": {}}
            series = found[code]["series"].setdefault(
                part, {"label": part_label(part, language, own), "levels": {}}
            )
            series["levels"][level] = one
    fields = list(FIELDS)
    for described in found.values():
        described["series"] = dict(sorted(described["series"].items(), key=_by_breakdown))
    return dict(
        sorted(
            found.items(),
            key=lambda item: (fields.index(item[1]["field"]), alphabetical(item[1]["label"])),
        )
    )


def _by_breakdown(item: tuple[str, dict[str, Any]]) -> tuple[bool, list[int], str]:
    """Put the total first, then codes in the order in which they are known, as of a status."""
    part, series = item
    orders = [
        list(CODES.get(dimension, {code: ""})).index(code)
        if code in CODES.get(dimension, {code: ""})
        else len(CODES[dimension])
        for dimension, code in dimensions(part).items()
    ]
    return bool(part), orders, alphabetical(series["label"])


def alphabetical(name: str) -> str:
    """Give the key by which names are ordered: ö with o, ß with ss, as a German reader expects."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _words(declared: pd.Series, language: str) -> dict[str, Any]:
    """Collect what is said of an indicator as a whole."""
    unit, is_circles = str(declared["unit"]), str(declared["kind"]) in symbols.SYMBOL_KINDS
    return {
        "label": str(declared[f"label_{language}"]),
        "field": _field(declared),
        "circles": is_circles,
        "sign": unit_sign(unit, language),
        "heading": unit_heading(unit, language) or text("Value", language),
        "subtitle": encoded.reading(unit, language, is_circles=is_circles),
        "source": source([declared], language),
        "definition": str(declared.get(f"definition_{language}") or ""),
        "sure": confidence(declared, language),
    }


def _field(declared: pd.Series) -> str:
    """Name the field of an indicator, also where a release was made before its catalogue did."""
    if "field" in declared:
        return str(declared["field"])
    from ..indicators import field_of  # it brings all declarations, which other releases do without

    return field_of(str(declared["indicator"]))


class _Codes(NamedTuple):
    """The observations' keys as whole numbers, with what each of them stands for."""

    level: tuple[np.ndarray, Any]
    area: tuple[np.ndarray, Any]
    indicator: tuple[np.ndarray, Any]
    breakdown: tuple[np.ndarray, Any]
    period: tuple[np.ndarray, Any]


def _rows(
    table: pd.DataFrame,
    keys: _Codes,
    level: str,
    ids: Sequence[str],
    compared: Sequence[str],
    city: str,
) -> Rows:
    """Pick the observations of a level's places, and of the compared areas in the same series."""
    (at_level, levels), (area, areas), (code, codes), (part, parts), (period, periods) = keys
    position = np.full((len(levels), len(areas)), -1)
    for i, here in enumerate(levels):
        if here == level:
            position[i] = pd.Index(ids).get_indexer(areas)
        elif here not in LEVELS:
            among = pd.Index(compared).get_indexer(areas)
            position[i] = np.where(among < 0, -1, among + len(ids))
    place = position[at_level, area]
    is_place = (place >= 0) & (place < len(ids))
    both = code * len(parts) + part
    drawn = np.unique(both[is_place])
    is_drawn = np.zeros(len(codes) * len(parts), dtype=bool)
    is_drawn[drawn] = True
    picked = np.flatnonzero((place >= 0) & is_drawn[both])
    series = np.searchsorted(drawn, both[picked])
    order = np.argsort(series, kind="stable")
    picked, series = picked[order], series[order]

    def column(name: str) -> np.ndarray:
        return table[name].take(picked).to_numpy()

    secrecy = column("conf_status")
    return Rows(
        series=series,
        period=period[picked],
        place=place[picked],
        places=len(ids),
        areas=len(ids) + len(compared),
        city=len(ids) + compared.index(city) if city in compared else -1,
        value=column("value"),
        status=column("obs_status"),
        is_hidden=np.isin(secrecy, ["C", "D"]),
        is_derived=secrecy == "D",
        note=column("quality_note"),
        names=[(str(codes[at // len(parts)]), str(parts[at % len(parts)])) for at in drawn],
        periods=[str(each) for each in periods],
    )


def _drawn(rows: Rows, catalogue: Mapping[str, pd.Series], language: str) -> list[dict[str, Any]]:
    """Give the scales, the cells and the notes of each series of a level.

    Classes are those of the values of all quarters, so that a colour means the same in each; years,
    in which more happens, have their own.
    """
    is_quarter = np.array([classed.span(period) == "quarter" for period in rows.periods])
    span = 2 * rows.series + is_quarter[rows.period]
    order = np.argsort(span, kind="stable")
    starts = np.searchsorted(span[order], np.arange(2 * len(rows.names) + 1))
    groups = {i: order[a:b] for i, (a, b) in enumerate(pairwise(starts)) if b > a}
    is_place = rows.place < rows.places
    digits = np.zeros(len(order), dtype=int)
    for i, here in groups.items():
        kind = str(catalogue[rows.names[i // 2][0]]["kind"])
        digits[here] = digits_for(pd.Series(rows.value[here[is_place[here]]]), kind)
    values = np.full(len(order), np.nan)
    for places in np.unique(digits).tolist():
        is_so = digits == places
        values[is_so] = rounded(pd.Series(rows.value[is_so]), places)
    city = np.full((len(rows.names), len(rows.periods)), np.nan)
    is_city = rows.place == rows.city
    city[rows.series[is_city], rows.period[is_city]] = values[is_city]
    away = values - city[rows.series, rows.period]
    scales: list[dict[str, dict[str, Any]]] = [{} for _ in rows.names]
    for i, here in groups.items():
        declared, places = catalogue[rows.names[i // 2][0]], int(digits[here[0]])
        here = here[is_place[here]]
        known = pd.Series(values[here])
        if str(declared["kind"]) in symbols.SYMBOL_KINDS:
            largest = symbols.largest_of(known)
            looks = {
                "largest": largest,
                "steps": symbols.round_values(largest, places),
                "hollow": bool((known < 0).any()),
            }
        else:
            looks = _choices(known, places) | {
                "differences": _choices(pd.Series(away[here]), places, is_difference=True)
            }
        scales[i // 2]["quarter" if i % 2 else "year"] = {"digits": places} | looks
    return [
        {"scales": scale, "values": cells, "notes": notes}
        for scale, cells, notes in zip(
            scales, _cells(rows, values, digits), _notes(rows, language), strict=True
        )
    ]


def _choices(values: pd.Series, digits: int, *, is_difference: bool = False) -> dict[str, Any]:
    """Give the bounds of all classes to choose from, and the lowest and highest value."""
    ends = pd.Series([values.min(), values.max()]).dropna()
    return {
        "bounds": classed.all_bounds(values, digits, is_difference=is_difference),
        "ends": rounded(ends, digits).tolist(),
    }


def _cells(rows: Rows, values: np.ndarray, digits: np.ndarray) -> list[dict[str, list[Any]]]:
    """Give each series' cells by period."""
    cells = np.full(len(values), None, dtype=object)
    known = ~rows.is_hidden & ~np.isnan(values)
    cells[known] = values[known]
    whole = known & (digits == 0)
    cells[whole] = values[whole].astype(int)
    cells[rows.is_hidden] = HIDDEN
    for i in np.flatnonzero(known & np.isin(rows.status, list(MARKS))):
        cells[i] = [cells[i], MARKS[rows.status[i]]]
    both, at = np.unique(rows.series * len(rows.periods) + rows.period, return_inverse=True)
    table = np.full((len(both), rows.areas), None, dtype=object)
    table[at, rows.place] = cells
    found: list[dict[str, list[Any]]] = [{} for _ in rows.names]
    for one, line in zip(both, table.tolist(), strict=True):
        found[one // len(rows.periods)][rows.periods[one % len(rows.periods)]] = line
    return found


def _notes(rows: Rows, language: str) -> list[dict[str, dict[str, list[int]]]]:
    """Give each series' notes by period: what is to be said = the places it is about."""
    found: list[dict[str, dict[str, list[int]]]] = [{} for _ in rows.names]
    note = np.where(rows.is_derived, DERIVED, np.where(rows.is_hidden, "", rows.note))
    said = {each: text(each, language) for each in set(note)}
    for i in np.flatnonzero(note != ""):
        here = found[rows.series[i]].setdefault(rows.periods[rows.period[i]], {})
        here.setdefault(said[note[i]], []).append(int(rows.place[i]))
    return found


def parts_of(
    indicators: Mapping[str, dict[str, Any]], shown: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Divide all indicators but the one that is shown into parts that are fetched on demand.

    Returns
    -------
    of : dict
        Code of the indicator = that of its part.
    parts : dict
        Code of the part = its JSON, which is safe inside a ``script`` element.
    """
    of: dict[str, str] = {}
    parts: dict[str, str] = {}
    together: dict[str, str] = {}

    def close() -> None:
        content = (
            "{" + ",".join(f"{json.dumps(name)}:{one}" for name, one in together.items()) + "}"
        )
        key = _code(content)
        parts[key] = content
        of.update(dict.fromkeys(together, key))
        together.clear()

    for code, described in indicators.items():
        if code == shown:
            continue
        written = as_json(described)
        if together and sum(len(one) for one in together.values()) + len(written) > PART_BYTES:
            close()
        together[code] = written
    if together:
        close()
    return of, parts


def part_of(data: Any) -> dict[str, str]:
    """Make a part of its own of what is fetched on demand; none of nothing."""
    if not data:
        return {}
    content = as_json(data)
    return {_code(content): content}


def _code(content: str) -> str:
    """Name a part by what it holds, so that a browser may keep it for ever."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def as_json(data: Any) -> str:
    """Write data for a ``script`` element, which nothing in it can end."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
