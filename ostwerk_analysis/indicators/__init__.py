"""The catalogue of indicators, and their computing.

To add an indicator, write a function that gives its events and a declaration beside it, in the
module of its field. Tables, maps, downloads, dashboards and documentation follow the declaration.
"""

from collections.abc import Iterable, Iterator
from functools import cache

import pandas as pd

from .. import observations as obs
from .. import vintages
from ..dataset import Dataset
from ..faults import DataError, nearest
from ..language import Sentence, joined
from ..periods import ordinal, parse_quarter, quarters
from ..programme import Headline, Programme, Target
from ..tables import STATUS_LADDER
from . import (
    advice,
    advice_with_grants,
    businesses,
    catchments,
    communication,
    decisions,
    employment,
    erdf,
    ethnic_economy,
    funding,
    funnel,
    meetings,
    participants,
    participants_left,
    referrals,
    shared,
    startups,
    statistics,
    tree,
)
from .aggregate import observe_all
from .declaration import Indicator, catalogue_frame
from .derived import derive, derive_untidied, with_zeros

__all__ = [
    "CATALOGUE",
    "FIELDS",
    "Indicator",
    "catalogue",
    "catalogue_frame",
    "check_pledges",
    "compute",
    "derive",
    "field_of",
]

FIELDS: dict[str, tuple[Indicator, ...]] = {
    "funding": (
        *funding.INDICATORS,
        *funnel.INDICATORS,
        *erdf.INDICATORS,
        *tree.INDICATORS,
        *ethnic_economy.INDICATORS,
        *advice_with_grants.INDICATORS,
        *decisions.INDICATORS,
    ),
    "businesses": (*businesses.INDICATORS, *startups.INDICATORS),
    "employment": employment.INDICATORS,
    "advice": (
        *advice.INDICATORS,
        *referrals.INDICATORS,
        *meetings.INDICATORS,
        *communication.INDICATORS,
    ),
    "participants": (*participants.INDICATORS, *participants_left.INDICATORS),
    "statistics": statistics.INDICATORS,
    "catchments": catchments.INDICATORS,
}
"""The declared indicators of each field."""

CATALOGUE: tuple[Indicator, ...] = tuple(
    indicator
    for declared in FIELDS.values()
    for once in declared
    for indicator in ((once, once.to_date()) if once.has_to_date else (once,))
)
"""All indicators, those since the programme's start included."""


def catalogue() -> pd.DataFrame:
    """Give all declared indicators as a table, one row each, with their ``field``."""
    declared = catalogue_frame(CATALOGUE)
    return declared.assign(field=declared["indicator"].map(field_of))


def field_of(indicator: str) -> str:
    """Name the field of an indicator; ``own`` for one that a city declared itself."""
    return _fields().get(indicator, "own")


@cache
def _fields() -> dict[str, str]:
    return {
        code: field
        for field, declared in FIELDS.items()
        for one in declared
        for code in ((one.id, one.to_date().id) if one.has_to_date else (one.id,))
    }


def check_pledges(programme: Programme, own: Iterable[str] = ()) -> None:
    """Refuse targets, headlines and a main indicator for which there is no figure.

    Parameters
    ----------
    programme : Programme
    own : iterable of str
        Codes of a city's own indicators, which are not in the catalogue.

    Raises
    ------
    DataError
        If one names an indicator that there is not, a breakdown by measure and status in which it
        is not given, or an unknown status; all at once.
    """
    known = {entry.id: entry for entry in CATALOGUE}
    pledges: list[Target | Headline] = [*programme.targets, *programme.headlines]
    wrong = [error for pledge in pledges if (error := _wrong_pledge(pledge, known, {*own}))]
    if programme.main_indicator not in {"", *known, *own}:
        wrong.append(_unknown(programme.main_indicator, [*known, *own]))
    if wrong:
        raise DataError("{errors}", errors=wrong)


def _wrong_pledge(
    pledge: Target | Headline, known: dict[str, Indicator], own: set[str]
) -> DataError | None:
    """Say why a target or headline can never be met; None if it can."""
    if pledge.indicator not in known:
        if pledge.indicator in own:
            return None
        return _unknown(pledge.indicator, [*known, *own])
    asked = {"measure": pledge.measure_id, "status": pledge.status}
    split = tuple(name for name, code in asked.items() if code)
    if split not in (given := _splits(known[pledge.indicator], known)):
        return DataError(
            "programme.toml: {indicator} is given {given}; not {asked}.",
            indicator=pledge.indicator,
            given=joined("; ", map(_by, given)),
            asked=_by(split),
        )
    if pledge.status and pledge.status not in STATUS_LADDER:
        return DataError(
            "programme.toml: {status!r} is no status of a job; did you mean {near!r}?",
            status=pledge.status,
            near=nearest(pledge.status, STATUS_LADDER),
        )
    return None


def _unknown(indicator: str, known: list[str]) -> DataError:
    return DataError(
        "programme.toml: there is no indicator {indicator!r}; did you mean {near!r}?",
        indicator=indicator,
        near=nearest(indicator, known),
    )


def _by(split: tuple[str, ...]) -> Sentence:
    return Sentence("by {names}", names=", ".join(split)) if split else Sentence("in total")


def _splits(indicator: Indicator, known: dict[str, Indicator]) -> list[tuple[str, ...]]:
    """List the breakdowns in which an indicator is given; a rate has those of both its parts."""
    if not indicator.is_derived:
        return [tuple(sorted(split)) for split in indicator.splits]
    upper, lower = (
        _splits(known[part], known) for part in (indicator.numerator, indicator.denominator)
    )
    return [split for split in upper if split in lower]


def compute(
    data: Dataset,
    quarter: str,
    fields: str | Iterable[str] | None = None,
    indicators: Iterable[Indicator] | None = None,
) -> pd.DataFrame:
    """Compute indicators for all areas and for all quarters and years up to one quarter.

    Parameters
    ----------
    data : Dataset
    quarter : str
        The last quarter, such as ``2026Q3``.
    fields : str or iterable of str, optional
        Only the indicators of these fields, see :data:`FIELDS`.
    indicators : iterable of Indicator, optional
        These instead of the catalogue's: a city's own.

    Returns
    -------
    DataFrame
        Internal observations, see :mod:`ostwerk_analysis.observations`: unprotected, for eyes that
        may see the microdata. Indicators whose tables the programme lacks are not in it. Events
        count from the programme's first quarter on; what an office published is kept with its
        whole history, up to the last quarter. ``attrs["catalogue"]`` holds the declarations.

    Raises
    ------
    DataError
        If the quarter lies before the programme's first, or a field is unknown.
    """
    last = parse_quarter(quarter)
    first = parse_quarter(data.programme.first_quarter)
    if ordinal(last) < ordinal(first):
        raise DataError(
            "{quarter} lies before the programme's first quarter, {first}. Take a later one, or "
            "correct first_quarter in programme.toml.",
            quarter=last,
            first=first,
        )
    chosen = tuple(indicators) if indicators is not None else _of_fields(fields)
    given = [entry for entry in chosen if all(_is_given(need, data) for need in entry.needs)]
    series = quarters(first, last)
    here, places = data.placed()
    # A derived indicator of one field may have its parts in another.
    parts_needed = {name for entry in given for name in (entry.numerator, entry.denominator)}
    helping = [
        entry
        for entry in CATALOGUE
        if entry.id in parts_needed
        and entry.id not in {one.id for one in given}
        and all(_is_given(need, data) for need in entry.needs)
    ]
    alike: dict[object, list[Indicator]] = {}  # those of the same events, which are made once
    for entry in (*given, *helping):
        if not entry.is_derived:
            alike.setdefault((entry.events, entry.timing), []).append(entry)
    with shared.run(here):
        observed = {
            entry.id: frame
            for entries in alike.values()
            for entry, frame in zip(entries, _observed(entries, here, places, series), strict=True)
            if len(frame)
        }
    direct = {entry.id: entry for entries in alike.values() for entry in entries}
    for entry in (*given, *helping):
        if entry.is_derived and {entry.numerator, entry.denominator} <= set(observed):
            upper, lower = direct[entry.numerator], direct[entry.denominator]
            observed[upper.id] = with_zeros(upper, observed[upper.id], lower, observed[lower.id])
    columns = [*obs.COLUMNS, *obs.CONTRIBUTIONS]
    parts = obs.stacked(observed.values() if observed else [pd.DataFrame(columns=columns)])
    observed.clear()
    declared = catalogue_frame((*given, *helping))
    derived = derive_untidied(parts, declared) if len(declared) else parts
    together = obs.stacked([parts, derived]) if len(derived) else parts
    asked = {entry.id for entry in given}
    wanted = obs.tidy(together[together["indicator"].isin(asked)])
    present = set(wanted["indicator"])
    rows = (entry.row() for entry in given if entry.id in present)
    wanted.attrs["catalogue"] = _Declarations(rows)
    return wanted


def _is_given(need: str, data: Dataset) -> bool:
    """Say whether the data have a table, or know anything in a column of it."""
    table, _, column = need.partition(".")
    return table in data.tables and (not column or data.tables[table][column].notna().any())


class _Declarations(list):
    """Rows of a catalogue, which pandas would else copy with every frame made of another."""

    def __deepcopy__(self, memo: dict) -> "_Declarations":
        return self


def _of_fields(fields: str | Iterable[str] | None) -> tuple[Indicator, ...]:
    """Pick the catalogue's indicators of some fields."""
    if fields is None:
        return CATALOGUE
    names = [fields] if isinstance(fields, str) else list(fields)
    for name in names:
        if name not in FIELDS:
            raise DataError(
                "There is no field {field!r}; did you mean {near!r}?",
                field=name,
                near=nearest(name, FIELDS),
            )
    ids = {entry.id for name in names for entry in FIELDS[name]}
    return tuple(
        entry for entry in CATALOGUE if {entry.id, entry.id.removesuffix("_to_date")} & ids
    )


def _observed(
    indicators: list[Indicator], data: Dataset, areas: pd.DataFrame, series: list[str]
) -> Iterator[pd.DataFrame]:
    """Compute indicators of the same events up to the last quarter."""
    events, timing = indicators[0].events, indicators[0].timing
    if events is None:
        raise DataError(
            "The indicator {id} has neither events nor a numerator. Declare one of the two.",
            id=indicators[0].id,
        )
    frame = events(data)
    if timing == "published":  # by district, never by a part of one
        current = set(data.districts["district_id"])
        areas = areas[areas["district_id"].isin(current)]
        is_extensive = indicators[0].kind in {"count", "sum"}
        frame = vintages.to_latest(frame, data.changes, current, is_extensive=is_extensive)
    frames = observe_all(indicators, frame, areas, series)
    for indicator, frame in zip(indicators, frames, strict=True):
        found = frame["period"].unique()
        wanted = [period for period in found if _is_within(period, indicator, series[-1])]
        yield frame if len(wanted) == len(found) else frame[frame["period"].isin(wanted)]


def _is_within(period: str, indicator: Indicator, last: str) -> bool:
    """Say whether a period lies between the first of an indicator and the last quarter."""
    # A year begins with its first quarter, and a published one counts once it is over.
    begin, end = (period, period) if "Q" in period else (f"{period}-Q1", f"{period}-Q4")
    first = indicator.first_period
    return begin >= (first if "Q" in first or not first else f"{first}-Q1") and end <= last
