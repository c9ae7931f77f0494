"""How sure figures are: what is behind them, what is missing, and what chance alone would do.

Every notebook and page ends with it. It reads its own numbers, and knows of each indicator what no
number says: what was promised and not proved, what was not recorded, what does not follow.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import rates
from ..language import number, text
from ..observations import as_of, dimensions
from .answers import Subject, Value, subjects
from .sentences import interval, section
from .soundness import soundness
from .values import CAVEATS, MARKS, MISSING, NOTES, SIGNS, SUPPRESSED, Figure, of_areas, states

if TYPE_CHECKING:
    from ..dataset import Dataset


def how_sure(
    observations: pd.DataFrame,
    checked: Any,
    period: str,
    area_id: str,
    *,
    indicators: Sequence[str | tuple[str, str]],
    catalogue: pd.DataFrame,
    areas: Mapping[str, str] | None = None,
    about: Sequence[str] = (),
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Say how sure figures are: what is behind them, what they lack, what chance would do.

    Parameters
    ----------
    observations : DataFrame
    checked : Dataset or Release
        Whose ``reads`` and ``findings`` say how sound the tables are.
    period, area_id : str
    indicators : sequence
        Those that are answered, or pairs of indicator and breakdown.
    catalogue : DataFrame
    areas : mapping, optional
        Code → name of areas; the first that is not ``area_id`` is set beside it.
    about : sequence of str
        Further subjects whose limits are to be said, keys of :data:`CAVEATS`.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.

    Returns
    -------
    Figure
        With a table of what is behind each value and, for rates, its 95 % interval.
    """
    from ..dataset import Dataset

    beside = next((code for code in areas or {} if code != area_id), None)
    named = {area_id: "", **({beside: (areas or {})[beside]} if beside is not None else {})}
    found = subjects(observations, indicators, list(named), catalogue, language, parts)
    found = [one for one in found if not one.observations.empty]
    here = of_areas(observations, named)
    said, rows, shown = [], [], []
    for one in found:
        indicator = str(one.declared["indicator"])
        when = as_of(observations, indicator, period)
        shown.append((observations["indicator"] == indicator) & (observations["period"] == when))
        counts = {area: counts_behind(one, here, area, when) for area in named}
        for area, name in named.items():
            ends = rate_interval(one, *counts[area])
            if isinstance(checked, Dataset) and area == checked.programme.city.id:
                ends = _of_ratio(one, checked, when) or ends
            place = name or (areas or {}).get(area, "")
            rows.append(_row(one, place, one.at(area, when), *counts[area], ends))
        if beside is not None and _is_of_people(one):
            said += _beyond_chance(one, named[beside], counts[beside], counts[area_id])
    if shown:
        said += _lacking(observations[np.logical_or.reduce(shown)], language)
    tables = {table for one in found for table in str(one.declared["source"]).split(", ")}
    said += soundness(checked, tables, language)
    subjects_said = [*(str(one.declared["indicator"]) for one in found), *about]
    for name in dict.fromkeys(one.removesuffix("_to_date") for one in subjects_said):
        if name in CAVEATS:
            said.append(text(CAVEATS[name], language))
    heads = [
        text("Indicator", language),
        text("Value", language),
        text("Behind it", language),
        text("95 % interval", language),
        text("Status", language),
    ]
    return section(text("How sure is this?", language), said, heads, rows, language, is_behind=True)


def _is_of_people(one: Subject) -> bool:
    """Whether it is a rate of so many in so many, of which chance is known."""
    return str(one.declared["kind"]) == "rate" and bool(one.declared.get("numerator"))


def counts_behind(one: Subject, here: pd.DataFrame, area: str, when: str) -> tuple[float, float]:
    """Give how many there are and of how many, in the units of a rate; missing if not known."""
    if not _is_of_people(one):
        return np.nan, np.nan
    rate = one.at(area, when)
    part = here[
        (here["indicator"] == one.declared["numerator"])
        & (here["area_id"] == area)
        & (here["period"] == when)
        & (here["breakdown"] == one.breakdown)
    ]["value"]
    # What it is of follows from the rate: a yearly count may stand behind one of a quarter.
    if rate.state or part.empty or not part.iloc[0] > 0:
        return np.nan, np.nan
    return float(part.iloc[0]), float(part.iloc[0] * one.declared["scale"] / rate.value)


def _row(
    one: Subject, area: str, found: Value, events: float, total: float, ends: tuple[float, float]
) -> list[str]:
    """Put what is behind a value into a row of the table."""
    language = one.language
    digits = max(one.digits, 1) if one.declared["kind"] == "rate" else one.digits
    return [
        f"{one.label}, {area}" if area else one.label,
        SIGNS[found.state] if found.state else one.written(found.value),
        behind(one, found, events, total),
        "" if np.isnan(ends[0]) else interval(*ends, one.unit, language, digits),
        text(NOTES[MARKS[found.status]], language) if found.status in MARKS else "",
    ]


def behind(one: Subject, found: Value, events: float, total: float) -> str:
    """Say how many are behind a value: the parts of a rate, else its units."""
    language = one.language
    if not np.isnan(total):
        counts = {
            name: number(round(n), "", language) for name, n in (("n", events), ("of", total))
        }
        return text("{n} of {of}", language, **counts)
    if np.isnan(found.units):
        return ""
    unit = {"both": ""}.get(units := str(one.declared.get("units") or ""), units)
    return number(found.units, unit, language)


def rate_interval(one: Subject, events: float, total: float) -> tuple[float, float]:
    """Give the interval of a rate: of a share by Wilson, of other rates by Poisson's law."""
    if np.isnan(total):
        return np.nan, np.nan
    scale = float(one.declared["scale"])
    counted, whole = pd.Series({"": events}), pd.Series({"": total})
    if scale == 100:
        row = rates.proportion_interval(counted, whole).iloc[0] * scale
    else:
        row = rates.rate_interval(counted, whole, per=scale).iloc[0]
    return float(row["lower"]), float(row["upper"])


def _of_ratio(one: Subject, data: "Dataset", when: str) -> tuple[float, float] | None:
    """Give the interval of a ratio of two sums, from what single enterprises bring; None if none.

    It needs the microdata, which a release does not have.
    """
    from ..indicators import CATALOGUE
    from ..indicators.intervals import ratio_interval

    known = {entry.id: entry for entry in CATALOGUE}
    ratio = known.get(str(one.declared["indicator"]))
    if ratio is None or ratio.kind != "ratio" or "Q" not in when:
        return None
    if any(known[part].kind != "sum" for part in (ratio.numerator, ratio.denominator)):
        return None
    row = ratio_interval(data, ratio, when, 0.95, **dimensions(one.breakdown)).iloc[0]
    return float(row["lower"]), float(row["upper"])


def _beyond_chance(
    one: Subject, name: str, area: tuple[float, float], city: tuple[float, float]
) -> list[str]:
    """Say whether chance explains that an area differs from the rest of its city."""
    rest = (city[0] - area[0], city[1] - area[1])
    if np.isnan([*rest, *area]).any() or not rest[1] > 0 or rest[0] < 0:
        return []
    row = rates.rate_ratio_interval(
        pd.Series({"": area[0]}), pd.Series({"": area[1]}), *rest
    ).iloc[0]  # fmt: skip
    if not np.isfinite(row["upper"]):
        return []
    is_chance = row["lower"] <= 1 <= row["upper"]
    message = (
        "{label}: {area} has {ratio} times the rate of the rest of the city (95 % interval: "
        "{range}), which can be chance."
        if is_chance
        else "{label}: {area} has {ratio} times the rate of the rest of the city (95 % interval: "
        "{range}), which is more than chance explains."
    )
    language = one.language
    return [
        text(
            message,
            language,
            label=one.label,
            area=name,
            ratio=number(row["ratio"], "", language, 2),
            range=interval(row["lower"], row["upper"], "", language, 2),
        )
    ]


def _lacking(rows: pd.DataFrame, language: str) -> list[str]:
    """Count what is estimated, provisional, missing and kept secret among all values."""
    kinds, status = states(rows), rows["obs_status"]
    counts = {
        "estimated": status == "E",
        "provisional": status == "P",
        "missing": kinds == MISSING,
        "secret": kinds == SUPPRESSED,
    }
    said = [
        text(
            "Of {all} values of these indicators, in all areas and parts: estimated {estimated}, "
            "provisional {provisional}, missing {missing}, kept secret {secret}.",
            language,
            all=number(len(rows), "", language),
            **{
                name: _share(int(is_it.sum()), len(rows), language)
                for name, is_it in counts.items()
            },
        )
    ]
    if "largest_1" in rows:
        said.append(
            text("These values are not protected yet: they are not for the public.", language)
        )
    return said


def _share(count: int, whole: int, language: str) -> str:
    """Write a count, and which share of the whole it is."""
    written = number(count, "", language)
    return (
        f"{written} ({number(100 * count / whole, 'percent', language, 1)})" if count else written
    )
