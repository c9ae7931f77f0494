"""What indicators say, in sentences that read their own numbers.

No sentence is written for an indicator: what has risen, whether that is good, what is enough and
where it stands beside the city follow from the declaration and the observations.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..codes import code_name
from ..language import number, quarter, text
from ..observations import as_of, dimensions
from ..periods import from_ordinal, ordinal
from .sentences import section
from .tables import targets_reached
from .values import (
    MISSING,
    SIGNS,
    SUPPRESSED,
    Figure,
    digits_for,
    due_day,
    entry,
    label,
    of_areas,
    part_label,
    source,
    states,
)

MOVED = {
    ("up", "up"): "{against} it has risen by {change}: an improvement.",
    ("up", "down"): "{against} it has risen by {change}: a deterioration.",
    ("up", ""): "{against} it has risen by {change}.",
    ("down", "down"): "{against} it has fallen by {change}: an improvement.",
    ("down", "up"): "{against} it has fallen by {change}: a deterioration.",
    ("down", ""): "{against} it has fallen by {change}.",
}
"""Where a value went, and where it should go = how that is said."""
AGAINST = {
    "quarter": "Since the quarter before,",
    "year": "Since the same quarter a year before,",
    "year before": "Since the year before,",
}
STATUS = {
    "E": "The value is estimated: {why}.",
    "P": "The value is provisional.",
    "B": "The series has a break here: do not compare across it.",
}
SMALLEST_SHARE_PCT = 0.05
"""Smaller changes are not said in percent: they would read 0.0 %."""
SUMS = ("count", "sum")
"""Kinds that are added up."""


class Value(NamedTuple):
    """One value, or why there is none.

    Attributes
    ----------
    value : float
    state : str
        Empty, or :data:`SUPPRESSED` or :data:`MISSING`.
    status : str
        ``obs_status`` of the observation.
    why : str
        Its ``quality_note``.
    units : float
        How many enterprises or persons are behind it; missing where that is not known.
    """

    value: float
    state: str
    status: str = "M"
    why: str = ""
    units: float = np.nan


class Subject(NamedTuple):
    """An indicator, or a part of one, in an area, period by period.

    Attributes
    ----------
    declared : Series
        Its row of the catalogue.
    breakdown : str
    label, unit : str
        Of the language; the unit is empty where the label says it.
    digits : int
        Decimal places of its values.
    observations : DataFrame
        Of the indicator in the areas that are compared, in all parts.
    districts : DataFrame
        Of the indicator in the districts.
    language : str
    """

    declared: pd.Series
    breakdown: str
    label: str
    unit: str
    digits: int
    observations: pd.DataFrame
    districts: pd.DataFrame
    language: str

    def at(self, area: str, period: str, breakdown: str | None = None) -> Value:
        """Look a value up."""
        part = self.breakdown if breakdown is None else breakdown
        rows = self.observations
        is_it = (rows["area_id"] == area) & (rows["period"] == period) & (rows["breakdown"] == part)
        found = rows[is_it]
        if found.empty:
            return Value(np.nan, MISSING)
        row = found.iloc[0]
        units = float(row["n_units"]) if pd.notna(row.get("n_units")) else np.nan
        note = str(row.get("quality_note") or "")
        return Value(row["value"], states(found).iloc[0], str(row["obs_status"]), note, units)

    def written(self, value: float) -> str:
        """Write a value of it with its unit; whole numbers of what is counted as such."""
        is_whole = str(self.declared["kind"]) in (*SUMS, "median") and float(value).is_integer()
        return number(value, self.unit, self.language, 0 if is_whole else self.digits)

    def difference(self, value: float) -> str:
        """Write a difference of two values, which of percentages is one of points."""
        if self.unit != "percent":
            return self.written(value)
        points = number(value, "", self.language, self.digits)
        message = "{number} percentage point" if points == "1" else "{number} percentage points"
        return text(message, self.language, number=points)

    def is_nothing(self, value: float) -> bool:
        """Whether a difference is too small for the digits shown."""
        return round(abs(value), self.digits) == 0

    @property
    def is_sum(self) -> bool:
        """Whether a part of it can be said to be a share of the whole."""
        return str(self.declared["kind"]) in SUMS


def subjects(
    observations: pd.DataFrame,
    wanted: Sequence[str | tuple[str, str]],
    areas: Sequence[str],
    catalogue: pd.DataFrame,
    language: str,
    parts: Mapping[str, str] | None = None,
) -> list[Subject]:
    """Gather what sentences about indicators, or pairs of indicator and breakdown, read."""
    here = of_areas(observations, areas)
    found = []
    for one in wanted:
        indicator, breakdown = one if isinstance(one, tuple) else (one, "")
        declared = entry(catalogue, indicator)
        name, unit = label(catalogue, indicator, language, breakdown, parts), str(declared["unit"])
        if text(unit, language).lower() in name.lower():  # the label says it
            unit = ""
        rows = here[here["indicator"] == indicator]
        is_part = rows["breakdown"] == breakdown
        digits = digits_for(rows.loc[is_part, "value"], str(declared["kind"]))
        is_district = observations["area_level"] == "district"
        districts = observations[(observations["indicator"] == indicator) & is_district]
        found.append(Subject(declared, breakdown, name, unit, digits, rows, districts, language))
    return found


def answer(
    observations: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    indicators: Sequence[str | tuple[str, str]],
    catalogue: pd.DataFrame,
    areas: Mapping[str, str] | None = None,
    targets: pd.DataFrame | None = None,
    by: Mapping[str, str] | None = None,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Answer in words what indicators say: how much, since when, how near to what was promised.

    Of each indicator: its value, or that it is zero, missing or kept secret; its change to the
    quarter before and to a year before, and whether that is an improvement; how much of a target
    is reached; how the programme area stands beside the city and its districts; and where most of
    it is.

    Parameters
    ----------
    observations : DataFrame
    period, area_id : str
        When and where. What comes later or once a year is that of the last period before.
    indicators : sequence
        Indicators, or pairs of indicator and breakdown.
    catalogue : DataFrame
    areas : mapping, optional
        Code → name of areas; the first that is not ``area_id`` is set beside it.
    targets : DataFrame, optional
        As :func:`ostwerk_analysis.figures.targets_reached` takes them.
    by : mapping, optional
        Indicator → the dimension of which the largest class is named.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.

    Returns
    -------
    Figure
        With the numbers in a table behind a key press.
    """
    due = _due(observations, targets, period, area_id)
    beside = next((code for code in areas or {} if code != area_id), None)
    said, rows = [], []
    compared = [area_id] if beside is None else [area_id, beside]
    for one in subjects(observations, indicators, compared, catalogue, language, parts):
        if one.observations.empty:
            unheard = text(
                "Not observed. {source}", language, source=source([one.declared], language)
            )
            said.append((f"{one.label}:", unheard.strip()))
            continue
        when = as_of(observations, str(one.declared["indicator"]), period)
        sentences = _how_much(one, area_id, when, is_late=when != period)
        sentences += _how_it_changed(one, area_id, when)
        sentences += _how_near(one, due, parts)
        if beside is not None:
            sentences += _beside(one, beside, (areas or {})[beside], area_id, when)
        if dimension := (by or {}).get(str(one.declared["indicator"])):
            sentences += _where_most(one, area_id, when, dimension, parts)
        said.append((f"{one.label}:", " ".join(sentences)))
        rows.append(_row(one, area_id, when, beside))
    heads = [
        text("Indicator", language),
        text("Value", language),
        text("Quarter before", language),
        text("Year before", language),
    ]
    if beside is not None:
        heads.append((areas or {})[beside])
    title = text("In short: {quarter}", language, quarter=quarter(period, language))
    return section(title, said, heads, rows, language, is_behind=True)


def _due(
    observations: pd.DataFrame, targets: pd.DataFrame | None, period: str, area: str
) -> pd.DataFrame:
    """Set targets beside what is reached; none where none are declared."""
    if targets is None or targets.empty:
        return pd.DataFrame({"indicator": []})
    return targets_reached(observations, targets, period, area)


def before(period: str, quarters: int) -> str:
    """Name the period so many quarters, or for a year so many fourths of a year, earlier."""
    if "Q" in period:
        return from_ordinal(ordinal(period) - quarters)
    return str(int(period) - quarters // 4)


def _how_much(one: Subject, area: str, when: str, *, is_late: bool) -> list[str]:
    """Say the value; a zero, a gap and a secret each as what it is."""
    found, language = one.at(area, when), one.language
    if found.state == SUPPRESSED:
        said = [text("Kept secret: too few are behind it.", language)]
    elif found.state == MISSING and found.why:
        said = [text("No value: {why}.", language, why=_why(found, one))]
    elif found.state == MISSING:
        said = [text("No value.", language)]
    elif found.value == 0 and one.is_sum:
        said = [text("None; that is a zero, no gap.", language)]
    else:
        said = [f"{one.written(found.value)}."]
    if is_late:
        said.append(text("As of {period}.", language, period=quarter(when, language)))
    if not found.state and found.status in STATUS:
        said.append(text(STATUS[found.status], language, why=_why(found, one)))
    return said


def _why(found: Value, one: Subject) -> str:
    """Say the note of an observation in a language."""
    return text(found.why, one.language)


def _how_it_changed(one: Subject, area: str, when: str) -> list[str]:
    """Say what changed to the period before, and to a year before."""
    now, language = one.at(area, when), one.language
    if now.state:
        return []
    steps = {"quarter": 1, "year": 4} if "Q" in when else {"year before": 4}
    earlier = {name: one.at(area, before(when, step)) for name, step in steps.items()}
    if bool(one.declared.get("is_to_date")) and one.is_sum and "quarter" in earlier:
        return _added(one, now, earlier, when)
    said = []
    for name, then in earlier.items():
        against = text(AGAINST[name], language)
        if then.state == SUPPRESSED:
            message = "{against} no change can be given: the value then is kept secret."
            said.append(text(message, language, against=against))
        elif not then.state:
            said.append(_moved(one, now.value, then.value, against))
    return said


def _added(one: Subject, now: Value, earlier: Mapping[str, Value], when: str) -> list[str]:
    """Say what was added to what is counted since the start."""
    language, then, year = one.language, earlier["quarter"], earlier["year"]
    if then.state:
        return []
    last, at = now.value - then.value, quarter(when, language)
    given = {"period": at, "last": one.written(last)}
    if year.state:
        message = "Added in {period}: {last}." if last else "Nothing was added in {period}."
        return [text(message, language, **given)]
    message = (
        "Added in {period}: {last}; in four quarters: {four}."
        if last
        else "Nothing was added in {period}; in four quarters: {four}."
    )
    return [text(message, language, four=one.written(now.value - year.value), **given)]


def _moved(one: Subject, now: float, then: float, against: str) -> str:
    """Say where a value went, and whether that is for the better."""
    language, change = one.language, now - then
    if one.is_nothing(change):
        message = "{against} it has hardly changed." if change else "{against} it has not changed."
        return text(message, language, against=against)
    written = one.difference(abs(change))
    share = 100 * abs(change) / then if then > 0 else 0.0
    if share >= SMALLEST_SHARE_PCT and one.unit != "percent":
        written = f"{written} ({number(share, 'percent', language, 1)})"
    moved = MOVED["up" if change > 0 else "down", str(one.declared["better"])]
    return text(moved, language, against=against, change=written)


def _how_near(one: Subject, due: pd.DataFrame, parts: Mapping[str, str] | None) -> list[str]:
    """Say how much of each target of an indicator is reached."""
    language, said = one.language, []
    indicator = str(one.declared["indicator"])
    for goal in due[due["indicator"] == indicator].to_dict("records"):
        is_own = goal["breakdown"] == one.breakdown
        if one.breakdown and not is_own:
            continue
        kind = {
            "target": one.written(goal["target_value"]),
            "due": due_day(goal["due"], language),
            "whose": "" if is_own else _whose(goal, one, parts),
        }
        if goal["state"] == SUPPRESSED:
            message = "What is reached of the target of {target} by {due}{whose} is kept secret."
            said.append(text(message, language, **kind))
        elif goal["state"] == MISSING:
            message = "Whether the target of {target} by {due}{whose} is reached is not known."
            said.append(text(message, language, **kind))
        else:
            share = number(goal["reached_pct"], "percent", language, 0)
            left = goal["target_value"] - goal["value"]
            if left <= 0:
                message = "The target of {target} by {due}{whose} is reached ({share})."
                said.append(text(message, language, share=share, **kind))
            else:
                message = (
                    "Of the target of {target} by {due}{whose} {share} is reached; {left} to go."
                )
                said.append(text(message, language, share=share, left=one.written(left), **kind))
    return said


def _whose(goal: Mapping[str, Any], one: Subject, parts: Mapping[str, str] | None) -> str:
    """Name the part that a target is for, in brackets, and its value where it may be told."""
    part = part_label(goal["breakdown"], one.language, parts)
    value = "" if goal["state"] else f": {one.written(goal['value'])}"
    return f" ({part}{value})" if part else ""


def _beside(one: Subject, area: str, name: str, whole: str, when: str) -> list[str]:
    """Say how the programme area stands beside the city, and among the districts."""
    here, city, language = one.at(area, when), one.at(whole, when), one.language
    if here.state == SUPPRESSED:
        return [text("{area}: kept secret.", language, area=name)]
    if here.state or city.state:
        return []
    value = one.written(here.value)
    if one.is_sum:
        if city.value <= 0:
            return []
        share = number(100 * here.value / city.value, "percent", language, 1)
        message = "{area}: {value}, {share} of the city's."
        return [text(message, language, value=value, area=name, share=share)]
    gap = here.value - city.value
    if one.is_nothing(gap):
        message = "{area}: {value}, as in the whole city."
    elif gap > 0:
        message = "{area}: {value}, {gap} above the whole city."
    else:
        message = "{area}: {value}, {gap} below the whole city."
    said = [text(message, language, area=name, value=value, gap=one.difference(abs(gap)))]
    rows = one.districts
    others = rows[(rows["period"] == when) & (rows["breakdown"] == one.breakdown)]["value"].dropna()
    if len(others) > 1:
        lower = int((others < here.value).sum())
        message = (
            "No district lies lower."
            if lower == 0
            else "Of {all} districts, one lies lower."
            if lower == 1
            else "Of {all} districts, {count} lie lower."
        )
        said.append(text(message, language, count=lower, all=len(others)))
    return said


def _where_most(
    one: Subject, area: str, when: str, dimension: str, parts: Mapping[str, str] | None
) -> list[str]:
    """Name the largest class of a breakdown, and its share where the whole is known."""
    language, rows = one.language, one.observations
    given = dimensions(one.breakdown)
    here = rows[(rows["area_id"] == area) & (rows["period"] == when)]
    codes = {
        part: found[dimension]
        for part in here["breakdown"].unique()
        if (found := dimensions(part)).keys() == {*given, dimension}
        and found.items() >= given.items()
    }
    classes = here[here["breakdown"].isin(codes.keys())]
    known = classes.dropna(subset="value")
    said = []
    if len(known) and known["value"].max() > 0:
        top = known[known["value"] == known["value"].max()]
        names = [code_name(dimension, codes[part], language, parts) for part in top["breakdown"]]
        kind: dict[str, Any] = {
            "classes": ", ".join(sorted(names)),
            "value": one.written(top["value"].iloc[0]),
        }
        whole = one.at(area, when)
        if not one.is_sum:
            said.append(text("Highest: {classes} ({value}).", language, **kind))
        elif whole.state or whole.value <= 0:
            said.append(text("Most: {classes} ({value}).", language, **kind))
        else:
            kind["share"] = number(100 * top["value"].iloc[0] / whole.value, "percent", language, 1)
            message = (
                "Most: {classes} ({value}, {share})."
                if len(top) == 1
                else "Most: {classes} (each {value}, {share})."
            )
            said.append(text(message, language, **kind))
    if hidden := int((states(classes) == SUPPRESSED).sum()):
        message = "One class is kept secret." if hidden == 1 else "{count} classes are kept secret."
        said.append(text(message, language, count=number(hidden, "", language)))
    return said


def _row(one: Subject, area: str, when: str, beside: str | None) -> list[str]:
    """Put the numbers of an indicator into a row of the table."""
    past = one.at(area, before(when, 1)) if "Q" in when else None
    found = [one.at(area, when), past, one.at(area, before(when, 4))]
    if beside is not None:
        found.append(one.at(beside, when))
    return [one.label, *("" if value is None else _cell(one, value) for value in found)]


def _cell(one: Subject, found: Value) -> str:
    return SIGNS[found.state] if found.state else one.written(found.value)
