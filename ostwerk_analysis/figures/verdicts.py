"""Whether an area catches up with its city: a verdict for each outcome, and small charts beside it.

The verdict rests on the ratio to the city, since a difference also shrinks where a rate falls
everywhere alike. It is told by a word and a sign, never by a colour alone.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import convergence
from ..language import number, quarter, text
from .encoding import signed
from .sentences import interval
from .values import CAVEATS, Figure, digits_for, entry, foot, of_areas

BETTER, WORSE, MOVED, UNCLEAR = "better", "worse", "moved", "unclear"
SHORT, NOTHING = "short", "nothing"
SIGNS = {
    BETTER: '<path d="M8 2 15 14H1z"/>',
    WORSE: '<path d="M8 14 15 2H1z"/>',
    MOVED: '<path d="M8 1 15 8 8 15 1 8z"/>',
    UNCLEAR: '<circle cx="8" cy="8" r="6"/>',
    SHORT: '<path d="M1 8H15"/>',
    NOTHING: '<path d="M1 8H15"/>',
}
"""Verdict = its sign: told apart by shape."""
WORDS = {
    (BETTER, True): "The disadvantage has become smaller.",
    (BETTER, False): "The lead has become larger.",
    (WORSE, True): "The disadvantage has become larger.",
    (WORSE, False): "The lead has become smaller.",
    (MOVED, True): "The ratio has changed by more than chance explains.",
    (MOVED, False): "The ratio has changed by more than chance explains.",
    (UNCLEAR, True): "This cannot be told from chance.",
    (UNCLEAR, False): "This cannot be told from chance.",
    (SHORT, True): "The series is too short for a verdict.",
    (SHORT, False): "The series is too short for a verdict.",
    (NOTHING, True): "There are no values to compare.",
    (NOTHING, False): "There are no values to compare.",
}
"""Verdict, and whether the area is behind = how that is said."""
HEADS = ("Outcome", "Judgement", "Gap to the city", "Change of the ratio a year", "95 % interval")
WIDE, HIGH = 300, 100
"""Units of a small chart, which is stretched to its place."""


class Outcome(NamedTuple):
    """What became of an area's gap to its city.

    Attributes
    ----------
    declared : Series
        The indicator's row of the catalogue.
    table : DataFrame
        As :func:`ostwerk_analysis.convergence.gaps` gives it; of periods with a ratio only.
    moved : Series or None
        The trend of the ratio, as :func:`ostwerk_analysis.convergence.trend` gives it.
    kind : str
        :data:`BETTER`, :data:`WORSE`, :data:`MOVED`, :data:`UNCLEAR`, :data:`SHORT` or
        :data:`NOTHING`.
    is_behind : bool
        Whether the area fares worse than the city.
    """

    declared: pd.Series
    table: pd.DataFrame
    moved: pd.Series | None
    kind: str
    is_behind: bool


def outcome(
    observations: pd.DataFrame, indicator: str, area: str, city: str, *, catalogue: pd.DataFrame
) -> Outcome:
    """Judge whether an area's gap to its city closes.

    Parameters
    ----------
    observations : DataFrame
    indicator : str
        A rate or share. Where it has no better direction, it is only told that the ratio moved.
    area, city : str
    catalogue : DataFrame
    """
    declared = entry(catalogue, indicator)
    if area == city or not (observations["indicator"] == indicator).any():
        return Outcome(declared, pd.DataFrame(), None, NOTHING, True)
    table = convergence.gaps(observations, indicator, area, city)
    known = table.dropna(subset="ratio")
    if known.empty:
        return Outcome(declared, known, None, NOTHING, True)
    moved = convergence.trend(table["ratio"], table["year"]).iloc[0]
    better = str(declared["better"])
    is_behind = bool((known["ratio"].iloc[-1] > 1) == (better == "down"))
    if np.isnan(moved["pct_per_year"]):
        return Outcome(declared, known, None, SHORT, is_behind)
    if moved["direction"] == convergence.NONE:
        return Outcome(declared, known, moved, UNCLEAR, is_behind)
    if not better:
        return Outcome(declared, known, moved, MOVED, is_behind)
    is_improving = (moved["direction"] == convergence.UP) == (better == "up")
    return Outcome(declared, known, moved, BETTER if is_improving else WORSE, is_behind)


def verdicts(
    observations: pd.DataFrame,
    indicators: Sequence[str],
    area: str,
    city: str,
    names: Mapping[str, str],
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
) -> Figure:
    """Say of each outcome whether the area catches up with its city, and draw the ratio to it.

    Parameters
    ----------
    observations : DataFrame
        Until the quarter that is asked for, as :func:`ostwerk_analysis.observations.until` gives
        them.
    indicators : sequence of str
        Rates or shares.
    area, city : str
    names : mapping
        Code = name of both.
    catalogue : DataFrame
    language : {"de", "en"}

    Returns
    -------
    Figure
        A table of the verdicts; for each outcome a small chart of the ratio, all drawn to one
        scale, with its trend and the interval of that; and what limits all of it.
    """
    found = [
        outcome(observations, indicator, area, city, catalogue=catalogue)
        for indicator in indicators
    ]
    title = text(
        "Is the area catching up? {area} beside {city}",
        language,
        area=names.get(area, area),
        city=names.get(city, city),
    )
    ratios = pd.concat([one.table.get("ratio", pd.Series(dtype=float)) for one in found] or [])
    low = np.floor(10 * min([1.0, *ratios])) / 10
    high = np.ceil(10 * max([1.0, *ratios])) / 10
    panels = "".join(
        f"<li>{_panel(one, low, max(high, low + 0.1), names[city], language)}</li>"
        for one in found
        if one.kind != NOTHING
    )
    keys = [
        ('<path class="ow-line-0" d="M1 6H35"/>', "ratio to the city"),
        (
            '<path class="ow-trend-band" d="M1 1H35V11H1z"/><path class="ow-trend" d="M1 6H35"/>',
            "its trend, with the 95 % interval",
        ),
        ('<path class="ow-even" d="M1 6H35"/>', "1.0: as the city"),
    ]
    legend = "".join(
        f'<li><svg viewBox="0 0 36 12" aria-hidden="true">{drawn}</svg> '
        f"<span>{escape(text(words, language))}</span></li>"
        for drawn, words in keys
    )
    charts = f'<ul class="ow-legend">{legend}</ul><ul class="ow-ratios">{panels}</ul>'
    limits = escape(text(CAVEATS["gap"], language))
    here = of_areas(observations, [area, city])
    shown = here[here["indicator"].isin(list(indicators)) & (here["breakdown"] == "")]
    return Figure(
        f'<section class="ow ow-verdicts" lang="{language}"><h2>{escape(title)}</h2>'
        f"{_table(found, title, language)}{charts if panels else ''}"
        f'<p class="ow-note ow-words">{limits}</p>'
        f"{foot([one.declared for one in found], language, shown=shown)}</section>"
    )


def _table(found: Sequence[Outcome], title: str, language: str) -> str:
    """Set the verdicts out, the words first."""
    rows = []
    for one in found:
        cells = ["–", "–", "–"]
        if one.kind != NOTHING:
            cells[0] = _gap(one, language)
        if one.moved is not None:
            cells[1] = _percent(one.moved["pct_per_year"], language)
            cells[2] = interval(one.moved["lower"], one.moved["upper"], "percent", language)
        said = escape(text(WORDS[one.kind, one.is_behind], language))
        name = escape(str(one.declared[f"label_{language}"]))
        rows.append(
            f'<tr><th scope="row">{name}</th>'
            f'<td class="ow-left"><span class="ow-verdict">{_sign(one.kind)}{said}</span></td>'
            + "".join(f"<td>{escape(words)}</td>" for words in cells)
            + "</tr>"
        )
    left = ' class="ow-left"'
    heads = "".join(
        f'<th scope="col"{left if place == 1 else ""}>{escape(text(head, language))}</th>'
        for place, head in enumerate(HEADS)
    )
    return (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _sign(kind: str) -> str:
    return (
        f'<svg class="ow-sign ow-{kind}" viewBox="0 0 16 16" aria-hidden="true">{SIGNS[kind]}</svg>'
    )


def _percent(value: float, language: str) -> str:
    return signed(value, 1, language) + "\u00a0%"


def _gap(one: Outcome, language: str) -> str:
    """Write the difference to the city in the first and in the last period."""
    differences = one.table["difference"]
    digits = max(1, digits_for(differences, str(one.declared["kind"])))
    before, after = (signed(differences.iloc[place], digits, language) for place in (0, -1))
    message = (
        "{before} → {after} percentage points"
        if str(one.declared["unit"]) == "percent"
        else "{before} → {after}"
    )
    return text(message, language, before=before, after=after)


def _panel(one: Outcome, low: float, high: float, city: str, language: str) -> str:
    """Draw an outcome's ratio to the city, with its trend, over its verdict in words."""
    table = one.table
    years = table["year"].to_numpy(dtype=float)
    span = max(years[-1] - years[0], 1e-9)

    def point(year: float, ratio: float) -> str:
        x = WIDE * (year - years[0]) / span
        return f"{x:.1f},{HIGH * (high - np.clip(ratio, low, high)) / (high - low):.2f}"

    step = years[1] - years[0] if len(years) > 1 else 1.0
    gaps = np.diff(years, prepend=years[0]) > 1.5 * min(step, np.diff(years).min(initial=step))
    line = "".join(
        f"{'M' if i == 0 or gaps[i] else 'L'}{point(year, ratio)}"
        for i, (year, ratio) in enumerate(zip(years, table["ratio"], strict=True))
    )
    drawn = f'<path class="ow-even" d="M{point(years[0], 1)}L{point(years[-1], 1)}"/>'
    if one.moved is not None:
        middle, level = years.mean(), np.log(table["ratio"].to_numpy(dtype=float)).mean()

        def trend(name: str) -> list[str]:
            slope = np.log1p(one.moved[name] / 100)  # type: ignore[index]
            grid = np.linspace(years[0], years[-1], 9)
            return [point(year, np.exp(level + slope * (year - middle))) for year in grid]

        around = "L".join([*trend("lower"), *reversed(trend("upper"))])
        drawn += f'<path class="ow-trend-band" d="M{around}z"/>'
        drawn += f'<path class="ow-trend" d="M{"L".join(trend("pct_per_year"))}"/>'
    drawn += f'<path class="ow-line-0" d="{line}"/>'
    scale = "".join(
        f'<span style="bottom:{100 * (value - low) / (high - low):.1f}%">'
        f"{escape(number(value, '', language, 1))}</span>"
        for value in dict.fromkeys((low, 1.0, high))
    )
    ends = "".join(f"<span>{escape(period[:4])}</span>" for period in table["period"].iloc[[0, -1]])
    name = escape(str(one.declared[f"label_{language}"]))
    return (
        f'<h3>{name}</h3><div class="ow-ratio" aria-hidden="true"><div class="ow-scale-y">{scale}'
        f'</div><svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none">{drawn}</svg>'
        f'<div class="ow-ends">{ends}</div></div>'
        f"<p>{_sign(one.kind)}{escape(_said(one, city, language))}</p>"
    )


def _said(one: Outcome, city: str, language: str) -> str:
    """Say what became of the gap, how sure that is, and what it means."""
    first, last = one.table.iloc[0], one.table.iloc[-1]
    said = [
        text(
            "{first}: {before} times the value of {city}; {last}: {after} times.",
            language,
            first=quarter(first["period"], language),
            before=number(first["ratio"], "", language, 2),
            city=city,
            last=quarter(last["period"], language),
            after=number(last["ratio"], "", language, 2),
        )
    ]
    if one.moved is not None:
        said.append(
            text(
                "The trend is {change} a year; the 95 % interval runs from {lower} to {upper}.",
                language,
                change=_percent(one.moved["pct_per_year"], language),
                lower=_percent(one.moved["lower"], language),
                upper=_percent(one.moved["upper"], language),
            )
        )
    return " ".join([*said, text(WORDS[one.kind, one.is_behind], language)])
