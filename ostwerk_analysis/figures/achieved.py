"""What a programme has achieved, in one sentence that reads its own numbers.

Verified comes first and promised apart; what is reached of the target stands beside it; and what
nobody has measured is said in the same breath.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from ..language import number, quarter, text
from ..observations import as_of, dimensions
from ..observations import breakdown as write_breakdown
from .answers import STATUS, Subject, Value, subjects
from .tables import targets_reached
from .values import (
    MISSING,
    SUPPRESSED,
    Figure,
    due_day,
    foot,
    of_areas,
    part_label,
    put,
)

USUAL = ("jobs_created", "enterprises_supported", "participants_entered", "grants_approved_eur")
"""What is taken for the main result where a programme declares neither it nor a target."""
PROVED = "verified"
"""The rung on which jobs count, unless a target names another."""
ACHIEVED = {
    "jobs_created": (
        "{until}, no job created is {proof} yet",
        "{until}, one job created is {proof}",
        "{until}, {count} jobs created are {proof}",
    ),
    "jobs_secured": (
        "{until}, no job secured is {proof} yet",
        "{until}, one job secured is {proof}",
        "{until}, {count} jobs secured are {proof}",
    ),
    "training_places": (
        "{until}, no training place is {proof} yet",
        "{until}, one training place is {proof}",
        "{until}, {count} training places are {proof}",
    ),
    "enterprises_supported": (
        "{until}, no enterprise has been supported yet",
        "{until}, one enterprise has been supported",
        "{until}, {count} enterprises have been supported",
    ),
    "participants_entered": (
        "{until}, nobody has taken part yet",
        "{until}, one person has taken part",
        "{until}, {count} persons have taken part",
    ),
}
"""Indicator, without its end = what is said of none, one and many; of others, their name is."""
ANYTHING = "{label}: {value} (as of {period})"
UNTOLD = "{label}: the value (as of {period}) is kept secret, as too few are behind it"
UNKNOWN = "{label}: the value (as of {period}) is not known"
PLEDGED = {
    "": "({value} promised)",
    "none": "(none promised)",
    SUPPRESSED: "(how many are promised is kept secret)",
    MISSING: "(how many are promised is not known)",
}
FOUNDERS = {
    "none": "None of them is a founder's own.",
    "one": "One of them is a founder's own.",
    "": "{value} of them are the founders' own.",
    SUPPRESSED: "How many of them are the founders' own is kept secret.",
    MISSING: "How many of them are the founders' own is not known.",
}
OPEN = {
    "jobs": "how many of them would have come without the programme as well has not been measured",
    "other": "what of this would have come without the programme as well has not been measured",
}
"""What nobody has measured: it belongs into the sentence, not into a footnote."""
COUNTED = {"FTE": "Counted in full-time equivalents.", "persons": "Counted in persons."}
COST = {
    "jobs_created": "cost_per_job_created_eur_to_date",
    "jobs_secured": "cost_per_job_secured_eur_to_date",
}


def main_result(
    observations: pd.DataFrame, targets: pd.DataFrame, declared: str = ""
) -> tuple[str, str]:
    """Choose the indicator, and the part of it, that says what the programme has achieved.

    Parameters
    ----------
    observations : DataFrame
    targets : DataFrame
        As a release has them.
    declared : str
        The programme's ``main_indicator``; where it is empty, the first target's is taken, and
        without targets the first usual one that was observed.

    Returns
    -------
    indicator, breakdown : str
        That since the programme's start where there is one. The breakdown is empty for the whole;
        of jobs it is the rung that the target names, or ``status=verified``: of the whole
        programme if that was observed, else of the target's measure.
    """
    known = set(observations["indicator"].unique())
    usual = next((one for one in USUAL if {one, f"{one}_to_date"} & known), USUAL[0])
    goals = targets.to_dict("records") if len(targets) else []
    base = declared or (goals[0]["indicator"] if goals else usual)
    base = base.removesuffix("_to_date")
    indicator = f"{base}_to_date" if f"{base}_to_date" in known else base
    parts = set(observations.loc[observations["indicator"] == indicator, "breakdown"].unique())
    own = [goal for goal in goals if goal["indicator"].removesuffix("_to_date") == base]
    measure, rung = (own[0]["measure_id"], own[0].get("status")) if own else ("", "")
    rung = rung or PROVED
    for given in ({}, {"status": rung}, {"measure": measure, "status": rung}):
        part = write_breakdown({name: code for name, code in given.items() if code})
        if part in parts:
            return indicator, part
    return indicator, ""


def mapped_result(
    observations: pd.DataFrame, period: str, wanted: Sequence[tuple[str, str]]
) -> tuple[str, str]:
    """Choose what the overview maps: the first that districts have values of.

    Parameters
    ----------
    observations : DataFrame
    period : str
    wanted : sequence of pairs of str
        Indicators and breakdowns, the main result first.

    Returns
    -------
    indicator, breakdown : str
        Where districts have none of them, any that they have; the first where they have nothing.
    """
    known = observations[observations["area_level"] == "district"].dropna(subset="value")
    for indicator, breakdown in wanted:
        when = as_of(observations, indicator, period)
        is_it = (known["indicator"] == indicator) & (known["breakdown"] == breakdown)
        if (is_it & (known["period"] == when)).any():
            return indicator, breakdown
    whole = known.loc[known["breakdown"] == "", "indicator"]
    return (whole.iloc[0], "") if len(whole) else wanted[0]


def achieved(
    observations: pd.DataFrame,
    main: tuple[str, str],
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    targets: pd.DataFrame | None = None,
    areas: Mapping[str, str] | None = None,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Answer in one sentence what a programme has achieved, with what is not known about it.

    Parameters
    ----------
    observations : DataFrame
    main : pair of str
        Indicator and breakdown, as :func:`main_result` gives them.
    period, area_id : str
        By when and where.
    catalogue : DataFrame
    targets : DataFrame, optional
        As :func:`ostwerk_analysis.figures.targets_reached` takes them.
    areas : mapping, optional
        Code → name; the share of the first that is not ``area_id`` is told.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.

    Returns
    -------
    Figure
        The sentence, and below it whose results they are, what they cost and how they are counted.
    """
    beside = next((code for code in areas or {} if code != area_id), None)
    compared = [area_id] if beside is None else [area_id, beside]
    [one] = subjects(observations, [main], compared, catalogue, language, parts)
    when = as_of(observations, main[0], period)
    found = one.at(area_id, when)
    said = "".join(
        [
            _fact(one, found, when),
            _promised(one, area_id, when),
            _reached(one, observations, targets, when, area_id, parts),
            _open(one, found),
            ".",
        ]
    )
    besides = []
    if not found.state and found.value > 0:
        besides += _founders(observations, one, area_id, when, catalogue)
        if beside is not None:
            besides += _in_area(one, found, beside, (areas or {})[beside], when)
    besides += _cost(observations, one, area_id, when, catalogue)
    besides += [text(COUNTED[unit], language) for unit in [one.declared["unit"]] if unit in COUNTED]
    if not found.state and found.status in STATUS:
        besides.append(text(STATUS[found.status], language, why=text(found.why, language)))
    title = escape(text("What has it achieved?", language))
    rows = one.observations
    is_shown = (rows["area_id"] == area_id) & (rows["period"] == when)
    shown = rows[is_shown & (rows["breakdown"] == one.breakdown)]
    below = f'<p class="ow-besides">{escape(" ".join(besides))}</p>' if besides else ""
    return Figure(
        f'<section class="ow ow-achieved" lang="{language}"><h2>{title}</h2>'
        f'<p class="ow-answer">{escape(said)}</p>{below}'
        f"{foot([one.declared], language, shown=shown)}</section>"
    )


def _base(one: Subject) -> str:
    """Name what is counted, whether since the start or in persons."""
    return str(one.declared["indicator"]).removesuffix("_to_date").removesuffix("_persons")


def _fact(one: Subject, found: Value, when: str) -> str:
    """Say how much there is, or why that is not told."""
    language = one.language
    named = {"label": one.label, "period": quarter(when, language)}
    if found.state:
        return text(UNTOLD if found.state == SUPPRESSED else UNKNOWN, language, **named)
    if _base(one) not in ACHIEVED:
        return text(ANYTHING, language, value=_put(found, one.unit, language), **named)
    message = ACHIEVED[_base(one)][0 if found.value == 0 else 1 if found.value == 1 else 2]
    rung = dimensions(one.breakdown).get("status", "")
    return text(
        message,
        language,
        until=_until(when, language),
        count=_put(found, "", language),
        proof=part_label(f"status={rung}", language).lower() if rung else "",
    )


def _put(found: Value, unit: str, language: str) -> str:
    return put(found.value, unit, language, found.status, found.why)


def _until(when: str, language: str) -> str:
    """Say by when, with which the sentence begins."""
    message = "By the end of {quarter}" if "Q" in when else "By the end of the year {quarter}"
    return text(message, language, quarter=quarter(when, language))


def _promised(one: Subject, area: str, when: str) -> str:
    """Say in brackets what is promised, where promises are recorded; it is never added."""
    part = dimensions(one.breakdown)
    if part.get("status", "promised") == "promised":
        return ""
    promised = write_breakdown(part | {"status": "promised"})
    if promised not in set(one.observations["breakdown"]):
        return ""
    return f" {_by_kind(PLEDGED, one.at(area, when, promised), one.language)}"


def _by_kind(messages: Mapping[str, str], found: Value, language: str) -> str:
    """Say what fits a value: none, one, many, kept secret or missing."""
    kind = found.state or ("none" if found.value == 0 else "one" if found.value == 1 else "")
    value = "" if found.state else _put(found, "", language)
    return text(messages.get(kind, messages[""]), language, value=value)


def _reached(
    one: Subject,
    observations: pd.DataFrame,
    targets: pd.DataFrame | None,
    when: str,
    area: str,
    parts: Mapping[str, str] | None,
) -> str:
    """Say how much of the target is reached; of several, how many are."""
    language = one.language
    goals: list[dict[str, Any]] = []
    if targets is not None and len(targets):
        due = targets_reached(observations, targets, when, area)
        goals = due[due["indicator"] == one.declared["indicator"]].to_dict("records")
    if not goals:
        return text(", and no target is set", language)
    if len(goals) > 1:
        reached = sum(goal["reached_pct"] >= 100 for goal in goals)
        message = (
            ", and none of {all} targets is reached"
            if reached == 0
            else ", and one of {all} targets is reached"
            if reached == 1
            else ", and {reached} of {all} targets are reached"
        )
        return text(message, language, all=len(goals), reached=reached)
    [goal] = goals
    rung = dimensions(goal["breakdown"]).get("status")
    own = {name: code for name, code in dimensions(goal["breakdown"]).items() if name != "status"}
    if rung != dimensions(one.breakdown).get("status"):
        own |= {"status": str(rung or "")}
    aim = text(
        "{target} by {due}",
        language,
        target=number(goal["target_value"], one.unit, language),
        due=due_day(goal["due"], language),
    )
    whose = part_label(write_breakdown({n: c for n, c in own.items() if c}), language, parts)
    meant = f"{whose}: {aim}" if whose else aim
    if goal["state"] and one.at(area, when).state:  # which is said already
        return ""
    if goal["state"] == SUPPRESSED:
        message = ", and how much of the target ({meant}) is reached is kept secret"
        return text(message, language, meant=meant)
    if goal["state"] == MISSING:
        message = ", and how much of the target ({meant}) is reached is not known"
        return text(message, language, meant=meant)
    share = share_reached(goal["reached_pct"], language)
    message = (
        ", and the target ({meant}) is reached ({share})"
        if goal["reached_pct"] >= 100
        else ", and {share} of the target ({meant}) is reached"
    )
    return text(message, language, meant=meant, share=share)


def share_reached(pct: float, language: str) -> str:
    """Write which share of a target is reached; what is not reached is not rounded to 100 %."""
    return number(min(pct, 99.0) if 99 < pct < 100 else pct, "percent", language, 0)


def _open(one: Subject, found: Value) -> str:
    """Say what nobody has measured, where there is something to ask it of."""
    if found.state or not found.value > 0:
        return ""
    is_counted = _base(one) in ("jobs_created", "training_places") and found.value > 1
    return f"; {text(OPEN['jobs' if is_counted else 'other'], one.language)}"


def _founders(
    observations: pd.DataFrame, one: Subject, area: str, when: str, catalogue: pd.DataFrame
) -> list[str]:
    """Say how many of the jobs are the founders' own, where that is recorded."""
    indicator = str(one.declared["indicator"])
    if _base(one) != "jobs_created":
        return []
    founders = indicator.replace("jobs_created", "jobs_created_founders", 1)
    asked = [(founders, one.breakdown)]
    if not (observations["indicator"] == founders).any():
        return []
    [theirs] = subjects(observations, asked, [area], catalogue, one.language)
    return [_by_kind(FOUNDERS, theirs.at(area, when), one.language)]


def _in_area(one: Subject, found: Value, area: str, name: str, when: str) -> list[str]:
    """Say which share of it lies in the programme's area."""
    here = one.at(area, when)
    if here.state or not one.is_sum:
        return []
    share = number(100 * here.value / found.value, "percent", one.language, 0)
    return [text("{share} of it lies in the area {name}.", one.language, share=share, name=name)]


def _cost(
    observations: pd.DataFrame, one: Subject, area: str, when: str, catalogue: pd.DataFrame
) -> list[str]:
    """Say what grants came to a job, and that how sure that is is not published."""
    cost = COST.get(_base(one), "")
    here = of_areas(observations, [area])
    if not (here["indicator"] == cost).any():
        return []
    [price] = subjects(observations, [(cost, one.breakdown)], [area], catalogue, one.language)
    found = price.at(area, when)
    if found.state:
        return []
    value = number(round(found.value), "EUR", one.language)
    message = (
        "Grants per job that follows from a grant: {value}; an interval of it is not published."
    )
    return [text(message, one.language, value=value)]
