"""Whether a gap closes, in sentences that read their own numbers, with the numbers below.

Every sentence is written for what the numbers are: up or down, one or several, certain or not.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .. import convergence
from ..language import number, quarter, text, unit_sign
from .sentences import interval, section
from .values import MISSING, SIGNS, Figure, entry, note, unobserved

MOVED = {
    convergence.UP: "The ratio has risen by {change} a year (95 % interval: {range}).",
    convergence.DOWN: "The ratio has fallen by {change} a year (95 % interval: {range}).",
    convergence.NONE: "No trend is certain: {change} a year (95 % interval: {range}).",
}
DIFFERENCE_MOVED = {
    convergence.UP: "The difference itself has grown by {change} a year (95 % interval: {range}).",
    convergence.DOWN: "The difference itself has shrunk by {change} a year (95 % interval: "
    "{range}).",
    convergence.NONE: "No trend of the difference itself is certain: {change} a year (95 % "
    "interval: {range}).",
}
"""Where a rate falls everywhere alike, the difference falls with it and the ratio does not."""
VERDICTS = {
    (True, True): "That is an improvement: the disadvantage has become smaller.",
    (True, False): "That is no improvement: the disadvantage has grown.",
    (False, True): "That is an improvement: the area is ahead, and its lead has grown.",
    (False, False): "That is no improvement: the area is ahead, but its lead has become smaller.",
}
"""Whether the area is behind, and whether it is improving = what that means."""


def gap(
    observations: pd.DataFrame,
    indicator: str,
    area: str,
    city: str,
    names: Mapping[str, str],
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
) -> Figure:
    """Say whether an area's gap to its city closes, and whether districts come nearer together.

    Parameters
    ----------
    observations : DataFrame
    indicator : str
        A rate or share that has a better direction.
    area, city : str
    names : mapping
        Code = name of both.
    catalogue : DataFrame
    language : {"de", "en"}

    Returns
    -------
    Figure
        A sentence in its place where the two are the same or have no common period.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    if area == city:
        return note(text("No area is declared to hold against the city.", language), language)
    unit, label = str(declared["unit"]), str(declared[f"label_{language}"])
    if len(unit_sign(unit, language)) > 1:  # the label says it
        unit = ""
    table = convergence.gaps(observations, indicator, area, city)
    known = table.dropna(subset="ratio")
    if known.empty:
        said = text(
            "{label}: no period in which both {area} and {city} have a value.",
            language,
            label=label,
            area=names[area],
            city=names[city],
        )
        return note(said, language)
    first, last = known.iloc[0], known.iloc[-1]
    sentences = [
        text(
            "{period}: {area} {value}, {city} {other}; {ratio} times the city's value.",
            language,
            period=quarter(last["period"], language),
            area=names[area],
            value=number(last["area"], unit, language, 1),
            city=names[city],
            other=number(last["city"], unit, language, 1),
            ratio=number(last["ratio"], "", language, 2),
        )
    ]
    if len(known) > 1:
        sentences.append(
            text(
                "In {first} it was {before} times.",
                language,
                first=quarter(first["period"], language),
                before=number(first["ratio"], "", language, 2),
            )
        )
    moved = convergence.trend(table["ratio"], table["year"]).iloc[0]
    sentences += _how_it_moved(moved, last["ratio"], str(declared["better"]), language)
    sentences += _how_the_difference_moved(table, language)
    sentences += _between_districts(observations, indicator, language)
    apart, is_share = text("Difference to the city", language), unit == "percent"
    if is_share:
        apart += ", " + text("in percentage points", language)
    heads = [
        text("Period", language),
        names[area],
        names[city],
        apart,
        text("Ratio", language),
    ]
    rows = [
        [
            quarter(row["period"], language),
            *(_known(row[side], unit, language, 1) for side in ("area", "city")),
            _known(row["difference"], "" if is_share else unit, language, 1),
            _known(row["ratio"], "", language, 2),
        ]
        for row in table.iloc[::-1].to_dict("records")
    ]
    title = text("Is the gap closing? {label}", language, label=label)
    return section(title, sentences, heads, rows, language, is_behind=True)


def _how_it_moved(moved: pd.Series, ratio: float, better: str, language: str) -> list[str]:
    """Say where the ratio goes, and whether that is for the better."""
    if np.isnan(moved["pct_per_year"]):
        return [text("The series is too short for a trend.", language)]
    change = moved["pct_per_year"]
    ends = (moved["lower"], moved["upper"])
    if moved["direction"] == convergence.DOWN:
        change, ends = -change, (-ends[1], -ends[0])
    said = [
        text(
            MOVED[moved["direction"]],
            language,
            change=number(change, "percent", language, 1),
            range=interval(*ends, "percent", language),
        )
    ]
    if moved["direction"] == convergence.NONE or not better:
        return said
    is_behind = (ratio > 1) == (better == "down")
    is_improving = (moved["direction"] == convergence.UP) == (better == "up")
    return [*said, text(VERDICTS[is_behind, is_improving], language)]


def _how_the_difference_moved(table: pd.DataFrame, language: str) -> list[str]:
    """Say whether the difference, whichever its sign, has become larger or smaller."""
    known = table["difference"].dropna()
    if not ((known > 0).all() or (known < 0).all()):
        return [
            text("The difference has had both signs, so there is no rate of its change.", language)
        ]
    moved = convergence.trend(table["difference"].abs(), table["year"]).iloc[0]
    if np.isnan(moved["pct_per_year"]):
        return []
    change, ends = moved["pct_per_year"], (moved["lower"], moved["upper"])
    if moved["direction"] == convergence.DOWN:
        change, ends = -change, (-ends[1], -ends[0])
    return [
        text(
            DIFFERENCE_MOVED[moved["direction"]],
            language,
            change=number(change, "percent", language, 1),
            range=interval(*ends, "percent", language),
        )
    ]


def _between_districts(observations: pd.DataFrame, indicator: str, language: str) -> list[str]:
    """Say whether all districts come nearer to each other: beta and sigma."""
    rows = observations[
        (observations["indicator"] == indicator)
        & (observations["area_level"] == "district")
        & (observations["breakdown"] == "")
    ]
    if (is_quarter := rows["period"].str.contains("-Q")).any():
        rows = rows[is_quarter]
    positive = rows[rows["value"] > 0]
    throughout = positive.groupby("area_id")["period"].nunique() == positive["period"].nunique()
    if throughout.sum() < convergence.FEWEST_DISTRICTS or positive["period"].nunique() < 2:
        return [text("Too few districts have a value throughout to compare them.", language)]
    spread = convergence.sigma(rows)
    known = spread.dropna(subset="spread")
    first, last = known.iloc[0], known.iloc[-1]
    start, end = (
        positive[positive["period"] == period].set_index("area_id")["value"]
        for period in (first["period"], last["period"])
    )
    approach = convergence.beta(start, end, last["year"] - first["year"]).iloc[0]
    message = (
        "Spread between districts: {before} in {first}, {after} in {last}; it has become larger."
        if last["spread"] > first["spread"]
        else "Spread between districts: {before} in {first}, {after} in {last}; it has not become "
        "larger."
    )
    said = [
        text(
            message,
            language,
            before=number(first["spread"], "", language, 2),
            first=quarter(first["period"], language),
            after=number(last["spread"], "", language, 2),
            last=quarter(last["period"], language),
        )
    ]
    if np.isnan(approach["rate_pct"]):
        return said
    is_certain = approach["lower"] > 0 or approach["upper"] < 0
    message = (
        "That districts come nearer to each other, or part, is not certain: {rate} a year (95 % "
        "interval: {range})."
        if not is_certain
        else "Districts come nearer to each other: {rate} of a distance is made up in a year (95 % "
        "interval: {range})."
        if approach["rate_pct"] > 0
        else "Districts part: {rate} a year (95 % interval: {range}); below 0 is apart."
    )
    rate = number(approach["rate_pct"], "percent", language, 1)
    range_ = interval(approach["lower"], approach["upper"], "percent", language)
    return [*said, text(message, language, rate=rate, range=range_)]


def _known(value: float, unit: str, language: str, digits: int) -> str:
    """Write a value, or the sign of a missing one."""
    return SIGNS[MISSING] if np.isnan(value) else number(value, unit, language, digits)
