"""Rates of small districts as dots: raw with intervals, and smoothed beside them."""

from collections.abc import Iterable, Mapping
from html import escape

import numpy as np
import pandas as pd

from .. import rates
from ..language import number, quarter, text, unit_sign
from ..observations import as_of
from .sentences import framed, interval, paragraphs, table
from .values import Figure, digits_for, entry, foot, label, note, unit_heading, unobserved

RAW, SMOOTHED, CITY = "#68737b", "#12435f", "#c2571a"


def smoothed_rates(
    observations: pd.DataFrame,
    indicator: str,
    period: str,
    city: str,
    names: Mapping[str, str],
    *,
    drawn: Iterable[str] | None = None,
    catalogue: pd.DataFrame,
    language: str = "de",
) -> Figure:
    """Set raw rates of districts, their intervals, and the rates smoothed by empirical Bayes.

    Parameters
    ----------
    observations : DataFrame
        With the rate and the count above it.
    indicator, period : str
        A rate that is made of two counts.
    city : str
        Code of the city, whose rate is the line in the drawing.
    names : mapping
        Code → name of all districts, which stand in the table.
    drawn : collection of str, optional
        Codes of those that are drawn, such as the programme area's; by default all.
    catalogue : DataFrame
    language : {"de", "en"}

    Returns
    -------
    Figure
        A sentence in its place where the parts of the rate were not observed.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    when = as_of(observations, indicator, period)
    title = text(
        "Rates of small districts: {label}", language, label=label(catalogue, indicator, language)
    )
    found = _rates(observations, declared, when)
    if found.empty:
        message = "{label}: its parts were not observed for districts."
        named = label(catalogue, indicator, language)
        return note(text(message, language, label=named), language)
    unit, digits = str(declared["unit"]), max(1, digits_for(found["rate"], "rate"))
    brief = unit if len(unit_sign(unit, language)) == 1 else ""
    rows = observations[
        (observations["indicator"] == indicator)
        & (observations["period"] == when)
        & (observations["breakdown"] == "")
    ]
    of_city = rows[(rows["area_id"] == city) & (rows["area_level"] == "city")]["value"].dropna()
    middle = float(of_city.iloc[0]) if len(of_city) else np.nan
    rows = rows[rows["area_level"] == "district"]
    shown = found.loc[[code for code in (drawn or found.index) if code in found.index]]
    ordered = shown.sort_values("smoothed_rate", ascending=False)
    picture = _dots(ordered, names, middle, brief, digits, language)
    said = _said(found, names, middle, brief, digits, language)
    heads = [
        text("Area", language),
        text("Raw rate", language),
        text("95 % interval", language),
        text("Smoothed", language),
        text("Weight of its own", language),
        text("Counted", language),
    ]
    cells = [
        [
            names.get(code, code),
            number(row["rate"], brief, language, digits),
            interval(row["lower"], row["upper"], brief, language, digits),
            number(row["smoothed_rate"], brief, language, digits),
            number(100 * row["own_weight"], "percent", language, 0),
            number(row["events"], "", language),
        ]
        for code, row in found.iterrows()
    ]
    numbers = Figure(table(title, heads, cells, language, is_behind=False))
    subtitle = ", ".join(
        part for part in (quarter(when, language), unit_heading(unit, language)) if part
    )
    drawing = f"{picture}{paragraphs(said)}{foot([declared], language, numbers, rows)}"
    return framed(title, subtitle, drawing, language)


def counted(observations: pd.DataFrame, declared: pd.Series, when: str) -> pd.DataFrame:
    """Give what a rate of districts is made of, as it stood in one period.

    The whole follows from the rate, so that it is the one the rate was set against: that of a year
    may stand below a quarter. Where nothing happened, it is the last one observed.

    Returns
    -------
    DataFrame
        ``events`` and ``population`` by ``district_id``; empty where the parts were not observed.
    """
    part, whole = (str(declared.get(name) or "") for name in ("numerator", "denominator"))
    names = {part: "events", str(declared["indicator"]): "rate", whole: "whole"}
    table = pd.DataFrame(columns=["events", "rate", "whole"], dtype="float64")
    if declared["kind"] == "rate" and part:
        rows = observations[
            (observations["area_level"] == "district") & (observations["breakdown"] == "")
        ]
        last = as_of(rows, whole, when)
        series = {}
        for indicator, name in names.items():
            at = last if name == "whole" else when
            here = rows[(rows["indicator"] == indicator) & (rows["period"] == at)]
            series[name] = here.set_index("area_id")["value"].astype(float)
        table = pd.DataFrame(series)
    table = table.rename_axis("district_id")
    scale = float(declared.get("scale") or 1)
    implied = table["events"] * scale / table["rate"].where(table["rate"] > 0)
    population = implied.fillna(table["whole"].where(table["events"] == 0))
    return table[["events"]].assign(population=population).dropna()


def _rates(observations: pd.DataFrame, declared: pd.Series, when: str) -> pd.DataFrame:
    """Give raw and smoothed rates with intervals, by district."""
    table, scale = counted(observations, declared, when), float(declared["scale"])
    if not (table["population"] > 0).any():
        return table.iloc[:0]
    events, population = table["events"], table["population"]
    found = rates.smoothed(events, population, per=scale).set_index("district_id")
    if scale == 100 and (events <= population).all():
        ends = rates.proportion_interval(events, population)[["lower", "upper"]] * scale
    else:
        ends = rates.rate_interval(events, population, per=scale)[["lower", "upper"]]
    return found.join(ends).dropna(subset="rate")


def _dots(
    rows: pd.DataFrame,
    names: Mapping[str, str],
    middle: float,
    unit: str,
    digits: int,
    language: str,
) -> str:
    """Draw a line for each district: its interval, a ring for the raw rate, a dot smoothed."""
    highest = float(np.nanmax([*rows["upper"], middle])) or 1.0
    # All districts have the same scale: so the drawing has a line of its own, on a phone too.
    still = 'vector-effect="non-scaling-stroke" stroke-linecap="round" fill="none"'

    def dot(value: float, colour: str, size: int) -> str:
        place = 100 * value / highest
        return f'<path d="M{place:.1f} 5h0" stroke="{colour}" stroke-width="{size}" {still}/>'

    city = 100 * middle / highest
    line = f'<path d="M{city:.1f} 0V10" stroke="{CITY}" stroke-width="2" {still}/>'
    items = []
    for code, row in rows.iterrows():
        low, high = (100 * row[end] / highest for end in ("lower", "upper"))
        words = text(
            "{raw}, smoothed {smoothed}",
            language,
            raw=number(row["rate"], "", language, digits),
            smoothed=number(row["smoothed_rate"], unit, language, digits),
        )
        items.append(
            f'<li><span class="ow-label">{escape(names.get(str(code), str(code)))}</span>'
            '<svg class="ow-bar" style="overflow:visible" viewBox="0 0 100 10" '
            'preserveAspectRatio="none" aria-hidden="true">'
            f"{'' if np.isnan(middle) else line}"
            f'<path d="M{low:.1f} 5H{high:.1f}" stroke="{RAW}" stroke-width="2" {still}/>'
            f"{dot(row['rate'], RAW, 13)}{dot(row['rate'], '#fff', 8)}"
            f"{dot(row['smoothed_rate'], SMOOTHED, 9)}</svg>"
            f'<span class="ow-beneath">{escape(words)}</span></li>'
        )
    key = text(
        "Ring: raw rate with its 95 % interval; dot: smoothed; upright line: the city.", language
    )
    return f'<p class="ow-note">{escape(key)}</p><ul class="ow-bars">{"".join(items)}</ul>'


def _said(
    found: pd.DataFrame,
    names: Mapping[str, str],
    middle: float,
    unit: str,
    digits: int,
    language: str,
) -> list[str]:
    """Say where smoothing changes most, and how many districts chance could tell from the city."""
    moved = (found["smoothed_rate"] - found["rate"]).abs()
    most = str(moved.idxmax())
    row = found.loc[most]
    message = (
        "Smoothing hardly changes anything: the districts are large enough."
        if round(moved.max(), digits) == 0
        else "Smoothing changes {name} most: from {raw} to {smoothed}, as only {events} were "
        "counted there."
    )
    said = [
        text(
            message,
            language,
            name=names.get(most, most),
            raw=number(row["rate"], unit, language, digits),
            smoothed=number(row["smoothed_rate"], unit, language, digits),
            events=number(row["events"], "", language),
        )
    ]
    if np.isnan(middle):
        return said
    holds = int(((found["lower"] <= middle) & (middle <= found["upper"])).sum())
    message = (
        "In none of {all} districts does the interval hold the city's rate, {city}."
        if holds == 0
        else "In one of {all} districts the interval holds the city's rate, {city}: its difference "
        "can be chance."
        if holds == 1
        else "In {count} of {all} districts the interval holds the city's rate, {city}: their "
        "differences can be chance."
    )
    city = number(middle, unit, language, digits)
    return [*said, text(message, language, count=holds, all=len(found), city=city)]
