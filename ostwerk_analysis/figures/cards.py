"""Key figures as cards: the value, its target, its trend, and behind a key press what it rests on.

What is verified and what is promised stand on one card, apart, and are never added.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ..language import number, quarter, text, unit_sign
from ..observations import as_of, dimensions
from ..observations import breakdown as write_breakdown
from ..periods import ordinal
from .achieved import share_reached
from .answers import Subject, Value, before, subjects
from .certainty import behind, counts_behind, rate_interval
from .sentences import interval
from .tables import targets_reached
from .values import (
    SUPPRESSED,
    Figure,
    confidence,
    due_day,
    hedge,
    mark_of,
    of_areas,
    part_label,
    signs,
    source,
    written,
)

BESIDE = ("promised", "verified")
"""Rungs that stand on the card of another one, each by itself."""
FEWEST_POINTS = 3
"""With fewer known values there is no curve."""
MOST_IN_HALF = 4
"""With more cards, they take the whole width of a page."""
WIDE, HIGH, EDGE = 200, 36, 4
"""Units of a small curve, and the margin in which its last point has room."""
STATUS = {
    "A": "As recorded: neither provisional nor estimated.",
    "P": "Provisional: it may still change.",
    "E": "Estimated.",
    "B": "After a break in the series: not to be compared with values before it.",
    "M": "No value.",
}
"""Status of an observation = what it means for the reader."""


def key_figures(
    observations: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    indicators: Sequence[str | tuple[str, str]] = (),
    targets: pd.DataFrame | None = None,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
    title: str = "",
) -> Figure:
    """Show the main figures as cards, with what they are to reach and how they have changed.

    Parameters
    ----------
    observations : DataFrame
    period, area_id : str
        When and where. A figure that comes later or once a year is that of the last period before,
        which its card names.
    catalogue : DataFrame
    indicators : sequence
        Indicators, or pairs of indicator and breakdown; those with a target are added.
    targets : DataFrame, optional
        As :func:`ostwerk_analysis.figures.targets_reached` takes them.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.
    title : str
        Heading over the cards.

    Returns
    -------
    Figure
        Behind a key press, each card names its source, quarter, definition and status, and says
        how sure it is.
    """
    due = pd.DataFrame(columns=["indicator", "breakdown"])
    if targets is not None:
        due = targets_reached(observations, targets, period, area_id)
    asked = [item if isinstance(item, tuple) else (item, "") for item in indicators]
    asked += due[["indicator", "breakdown"]].itertuples(index=False, name=None)
    wanted = list(dict.fromkeys(asked))
    here = of_areas(observations, [area_id])
    cards, statuses = [], set()
    for one in subjects(here, wanted, [area_id], catalogue, language, parts):
        indicator = str(one.declared["indicator"])
        when = as_of(observations, indicator, period)
        found = one.at(area_id, when)
        if not found.state:
            statuses.add(found.status)
        goals = due[(due["indicator"] == indicator) & (due["breakdown"] == one.breakdown)]
        cards.append(_card(one, found, goals, area_id, when, here, parts))
    head = f"<h2>{escape(title)}</h2>" if title else ""
    half = " ow-half" if len(cards) <= MOST_IN_HALF else ""
    return Figure(
        f'<section class="ow ow-key{half}" lang="{language}"'
        + (f' aria-label="{escape(title)}">' if title else ">")
        + f'{head}<ul class="ow-cards">{"".join(cards)}</ul>'
        + f"{signs(set(), statuses, language)}</section>"
    )


def _card(
    one: Subject,
    found: Value,
    goals: pd.DataFrame,
    area: str,
    when: str,
    here: pd.DataFrame,
    parts: Mapping[str, str] | None,
) -> str:
    """Put a card together."""
    language, unit = one.language, str(one.declared["unit"])
    name = str(one.declared[f"label_{language}"])
    meant = part_label(one.breakdown, language, parts)
    digits = one.digits if one.declared["kind"] == "ratio" else None
    return (
        f'<li class="ow-card"><p class="ow-label">{escape(name)}</p>'
        + (f'<p class="ow-when">{escape(meant)}</p>' if meant else "")
        + f'<div class="ow-now">{_value(found, unit, language, digits)}'
        + f"{_curve(one, area, when)}</div>"
        + _other_rungs(one, area, when, unit)
        + "".join(_goal(goal, unit, language) for goal in goals.to_dict("records"))
        + f'<div class="ow-end">{_in_a_year(one, found, one.at(area, before(when, 4)))}'
        + f'<p class="ow-when">{escape(quarter(when, language))}</p>'
        + _rests_on(one, found, area, when, f"{name}, {meant}" if meant else name, here)
        + "</div></li>"
    )


def _value(found: Value, unit: str, language: str, digits: int | None) -> str:
    """Write a card's value: the number large, its unit small; or why there is none."""
    if found.state:
        said = written(found.value, found.state, unit, language)
        return f'<p class="ow-value ow-none">{escape(said)}</p>'
    sign = escape(unit_sign(unit, language))
    small = f' <span class="ow-unit">{sign}</span>' if sign else ""
    hedged = text(hedge(found.status, found.why), language, value="").strip()
    how = f'<span class="ow-unit">{escape(hedged)}</span> ' if hedged else ""
    value = number(found.value, "", language, digits)
    return f'<p class="ow-value">{how}{value}{mark_of(found.status)}{small}</p>'


def _other_rungs(one: Subject, area: str, when: str, unit: str) -> str:
    """Say what else is promised or verified, each by itself."""
    part, language = dimensions(one.breakdown), one.language
    said = []
    for rung in BESIDE:
        other = write_breakdown(part | {"status": rung})
        if part.get("status", rung) == rung or other not in set(one.observations["breakdown"]):
            continue
        found = one.at(area, when, other)
        name = part_label(f"status={rung}", language)
        said.append(f"{name}: {written(found.value, found.state, unit, language)}")
    return "".join(f'<p class="ow-rung">{escape(line)}</p>' for line in said)


def _goal(goal: Mapping[str, Any], unit: str, language: str) -> str:
    """Say and draw how much of a target is reached."""
    target = number(goal["target_value"], unit, language)
    due = due_day(goal["due"], language)
    if np.isnan(goal["reached_pct"]):
        words = text("Target: {target} by {due}", language, target=target, due=due)
        return f'<p class="ow-goal">{escape(words)}</p>'
    share = share_reached(goal["reached_pct"], language)
    words = text(
        "{share} of the target of {target} by {due}", language, share=share, target=target, due=due
    )
    width = min(100.0, max(0.0, float(goal["reached_pct"])))
    return (
        '<svg class="ow-meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ow-all" width="100" height="4"/>'
        f'<rect class="ow-part" width="{width:.1f}" height="4"/></svg>'
        f'<p class="ow-goal">{escape(words)}</p>'
    )


def _in_a_year(one: Subject, now: Value, then: Value) -> str:
    """Write what changed within a year; nothing where there was no value."""
    language = one.language
    if now.state or then.state not in ("", SUPPRESSED):
        return ""
    if then.state:
        said = text("a year ago: kept secret", language)
    elif one.is_nothing(change := now.value - then.value):
        said = text("as a year ago", language)
    else:
        amount = one.difference(abs(change))
        if one.declared["kind"] == "ratio":  # whose unit is long and stands on the card
            amount = number(abs(change), "", language, one.digits)
        sign = "+" if change > 0 else "−"
        said = text("{change} within a year", language, change=sign + amount)
    return f'<p class="ow-goal">{escape(said)}</p>'


def _curve(one: Subject, area: str, when: str) -> str:
    """Draw the values as a small curve that breaks where one is not known; sums begin at 0."""
    rows = one.observations
    rows = rows[(rows["area_id"] == area) & (rows["breakdown"] == one.breakdown)]
    rows = rows[rows["period"].str.contains("-Q") == ("-Q" in when)]
    rows = rows[rows["period"] <= when].sort_values("period")
    values = rows["value"].to_numpy(dtype=float)
    known = values[~np.isnan(values)]
    if len(known) < FEWEST_POINTS or np.ptp(known) == 0:
        return ""
    low, high = (0.0 if one.is_sum else known.min()), known.max()
    at = np.array([ordinal(one) if "Q" in one else 4 * int(one) for one in rows["period"]])
    x = EDGE + (at - at[0]) * (WIDE - 2 * EDGE) / (at[-1] - at[0])
    y = HIGH - EDGE - (values - low) * (HIGH - 2 * EDGE) / (high - low)
    stretches: list[list[str]] = [[]]
    for left, top in zip(x, y, strict=True):
        if np.isnan(top):
            stretches.append([])
        else:
            # A point between two that are not known is a line of no length: a dot.
            stretches[-1].append(f"{left:.1f},{top:.1f}" + ("" if stretches[-1] else "h0"))
    path = "".join(f"M{'L'.join(points)}" for points in stretches if points)
    last = np.flatnonzero(~np.isnan(y))[-1]
    return (
        f'<svg class="ow-curve" viewBox="0 0 {WIDE} {HIGH}" aria-hidden="true">'
        f'<path d="{path}"/><circle cx="{x[last]:.1f}" cy="{y[last]:.1f}" r="3.5"/></svg>'
    )


def _rests_on(
    one: Subject, found: Value, area: str, when: str, name: str, here: pd.DataFrame
) -> str:
    """Put source, quarter, definition, status and confidence behind a key press."""
    language = one.language
    lines = {
        text("Period", language): quarter(when, language),
        text("Source", language): source([one.declared], language).partition(": ")[2],
        text("What is counted", language): str(one.declared[f"definition_{language}"]),
        text("Status", language): _status(found, language),
        text("Confidence", language): _how_sure(one, found, area, when, here),
    }
    said = "".join(
        f"<dt>{escape(head)}</dt><dd>{escape(words)}</dd>" for head, words in lines.items() if words
    )
    head = escape(text("Source and certainty", language))
    return (
        f'<details class="ow-rests"><summary>{head}<span class="ow-hidden">: {escape(name)}</span>'
        f'</summary><dl class="ow-facts">{said}</dl></details>'
    )


def _status(found: Value, language: str) -> str:
    """Say what is known about a value."""
    if found.state == SUPPRESSED:
        return text("Kept secret: too few are behind it.", language)
    said = text(STATUS["M" if found.state else found.status], language)
    return f"{said} {text(found.why, language)}".strip() if found.why else said


def _how_sure(one: Subject, found: Value, area: str, when: str, here: pd.DataFrame) -> str:
    """Say what is behind a value, its interval if it is a rate, and what no number says."""
    language, said = one.language, []
    if not found.state:
        counts = counts_behind(one, here, area, when)
        ends = rate_interval(one, *counts)
        if basis := behind(one, found, *counts):
            said.append(text("Behind it: {basis}.", language, basis=basis))
        if not np.isnan(ends[0]):
            range_ = interval(*ends, one.unit, language, max(one.digits, 1))
            said.append(text("95 % interval: {range}.", language, range=range_))
    return " ".join([*said, confidence(one.declared, language)])
