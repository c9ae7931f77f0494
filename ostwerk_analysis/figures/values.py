"""How a value is written in a figure: with its unit, and with what it lacks.

A value that is kept secret, one that is missing and a zero look different everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd

from .. import templates
from ..codes import SOURCES, code_name
from ..faults import DataError, nearest
from ..language import day, number, quarter, text, unit_sign
from ..observations import GAP, dimensions

SUPPRESSED, MISSING = "suppressed", "missing"
SIGNS = {SUPPRESSED: ".", MISSING: "…"}
"""What stands in a table's cell without a value, as German statistical offices write it."""
NOTHING = "–"
"""Sign in a cell where nothing of the kind has happened, as German offices write it."""
MARKS = {"P": "p", "E": "e", "B": "b"}
"""Letter behind a value that is provisional, estimated or after a break in the series."""
NOTES = {
    SUPPRESSED: ". kept secret: too few units",
    MISSING: "… no data",
    "p": "p provisional",
    "e": "e estimated",
    "b": "b break in the series",
}


CAVEATS = {
    "enterprises_supported": "Support says who was reached, not what would have come without it.",
    "grants_approved_eur": "Amounts approved and paid are those of the grant register: they are "
    "complete, not estimated. Approved is not paid, and paid is not completed.",
    "private_investment_eur": "What enterprises invest is what they applied with; only a completed "
    "project has proved it.",
    "leverage": "Leverage says what private money came with the grants, not what would have come "
    "without them.",
    "businesses": "A closing that nobody reports keeps an enterprise in the register.",
    "jobs_created": "A job promised is an intention, one claimed is what the enterprise says, one "
    "verified was seen by the office, and one retained was still there at a later check. Only jobs "
    "that were due for that check can be retained, so the last rung is low for recent grants. "
    "Whether a job would have come without the grant is not answered here.",
    "cost_per_job_created_eur": "All grants stand in what a job cost, those that led to no job "
    "too. One grant may create and secure jobs and stands whole in both figures: never add them.",
    "participants_employed_share": "The share is that of those who left and whose result is known.",
    "participants_employed_later_share": "The share after six months is that of those who were "
    "reached; who cannot be reached may fare otherwise, and the more they are, the less it says.",
    "participants_entered": "Who lacks sex, age, education or labour status counts in the total "
    "only.",
    "contacts": "A contact that nobody wrote down is not in the data.",
    "unemployed_share": "The share of unemployed is not the official rate: it is set against all "
    "residents of working age.",
    "size": "Size classes take one year's figures, as the register has them today.",
    "state_aid": "Aid from elsewhere is not in the data, so no finding on state aid does not mean "
    "that all is well.",
    "startup_survival": "Where few start-ups were observed so long, the intervals of Kaplan and "
    "Meier's estimate are wide. A benchmark counts start-ups by other rules than a city's register "
    "does, so only large differences from it mean anything.",
    "gap": "The intervals of the trends take into account that a year resembles the one before; a "
    "trend whose interval holds 0 is none that the series could show. Districts of few people leap "
    "by chance and then seem to come nearer to the others. A programme is one cause of many.",
    "clusters": "Clusters depend on where the borders of the districts are drawn and on who counts "
    "as a neighbour. They show where like lies beside like, and not why.",
    "shift_share": "Shift-share describes and does not explain: what is an area's own part may "
    "have any cause.",
}
"""Indicator (without ``_to_date``) or subject = what its numbers do not say."""

STATUSES = {
    "A": "As counted: {count} of {all} values.",
    "P": "Provisional: {count} of {all} values.",
    "E": "Estimated: {count} of {all} values.",
    "B": "After a break in the series: {count} of {all} values.",
}
"""Status of an observation = what is said of the values that have it."""
HOW_KNOWN = {
    "records": "Counted in full from records, not from a sample.",
    "statistics": "Official statistics, as their office published them.",
}
"""What observations were made from = how sure that makes them."""
WITHOUT_VALUE = {
    SUPPRESSED: "Kept secret: {count} of {all} values.",
    MISSING: "No data: {count} of {all} values.",
}

LEVELS = ("city", "programme", "comparison", "district", "borough")
"""Whose code an area's code is where two levels share it: the compared areas come first."""


@dataclass(frozen=True)
class Figure:
    """A finished figure: HTML that stands by itself, in a notebook as on a page.

    Parameters
    ----------
    html : str
        Without its style sheet, which a page has once and a notebook with every figure.
    """

    html: str

    def _repr_html_(self) -> str:
        return templates.style("figures.css") + self.html


def states(observations: pd.DataFrame) -> pd.Series:
    """Tell what each observation is: ``""`` for a value, else ``suppressed`` or ``missing``."""
    hidden = observations["conf_status"].isin(["C", "D"])
    state = np.select([hidden, observations["value"].isna()], [SUPPRESSED, MISSING], "")
    return pd.Series(state, observations.index)


def of_areas(observations: pd.DataFrame, areas: Iterable[str]) -> pd.DataFrame:
    """Pick the observations of areas by their codes, each of one level only.

    A city, a programme area and a district may have the same code; :data:`LEVELS` decides. So all
    observations are to be given, not those of one indicator.
    """
    picked = observations[observations["area_id"].isin(list(areas))]
    rank = picked["area_level"].map({level: i for i, level in enumerate(LEVELS)})
    return picked[rank == rank.groupby(picked["area_id"]).transform("min")]


def entry(catalogue: pd.DataFrame, indicator: str) -> pd.Series:
    """Look an indicator up.

    Raises
    ------
    DataError
        If neither the catalogue nor the package's own has it.
    """
    found = catalogue[catalogue["indicator"] == indicator]
    if found.empty:  # a release has no entry for what it could not observe
        from .. import indicators

        declared = indicators.catalogue()
        found = declared[declared["indicator"] == indicator]
    if found.empty:
        raise DataError(
            "The catalogue has no indicator {indicator!r}; did you mean {near!r}?",
            indicator=indicator,
            near=nearest(indicator, catalogue["indicator"]),
        )
    return found.iloc[0]


def label(
    catalogue: pd.DataFrame,
    indicator: str,
    language: str,
    breakdown: str = "",
    parts: Mapping[str, str] | None = None,
) -> str:
    """Name an indicator, and behind a dash the part of it that is meant.

    Parameters
    ----------
    catalogue : DataFrame
    indicator : str
    language : {"de", "en"}
    breakdown : str
        Such as ``measure=kmu&status=verified``.
    parts : mapping, optional
        Names of measures and other codes of breakdowns.
    """
    name = str(entry(catalogue, indicator)[f"label_{language}"])
    meant = part_label(breakdown, language, parts)
    return f"{name} – {meant}" if meant else name


def part_label(breakdown: str, language: str, parts: Mapping[str, str] | None = None) -> str:
    """Name what a breakdown picks: ``KMU-Beihilfe, nachgewiesen``; empty for the total."""
    named = dimensions(breakdown).items()
    return ", ".join(code_name(dimension, code, language, parts) for dimension, code in named)


def observed(here: pd.DataFrame, indicator: str, period: str, part: str = "") -> dict[str, Any]:
    """Give an area's one value with its ``state`` and ``obs_status``; missing where it is not."""
    found = here[
        (here["indicator"] == indicator) & (here["period"] == period) & (here["breakdown"] == part)
    ]
    if found.empty:
        return {"value": np.nan, "state": MISSING, "obs_status": "M"}
    row = found.iloc[0]
    return {"value": row["value"], "state": states(found).iloc[0], "obs_status": row["obs_status"]}


def apart(labels: Sequence[str]) -> tuple[list[str], str]:
    """Keep of labels what tells them apart: what all of them say is read once, over them.

    Parameters
    ----------
    labels : sequence of str
        Such as ``Entries: women (since the start)`` and ``Entries: men (since the start)``.

    Returns
    -------
    labels : list of str
        ``women`` and ``men``: without the words before a colon and those at the end that all have;
        a number keeps what it counts.
    common : str
        What stood in brackets at their end: ``since the start``.
    """
    if len(labels) < 2:
        return list(labels), ""
    heads = {label.partition(": ")[0] for label in labels if ": " in label}
    if len(heads) == 1 and all(": " in label for label in labels):
        labels = [label.partition(": ")[2] for label in labels]
    ends = [label.split(" ")[::-1] for label in labels]
    shared = list(takewhile(lambda words: len(set(words)) == 1, zip(*ends, strict=False)))
    count = min(len(shared), *(len(words) - 1 for words in ends))
    if not count:
        return list(labels), ""
    cut = " ".join(ends[0][:count][::-1])
    bracketed = cut[cut.index("(") + 1 : -1] if "(" in cut and cut.endswith(")") else ""
    if any(label[: -len(cut)].rstrip()[-1:].isdigit() for label in labels):
        if not bracketed:
            return list(labels), ""
        cut = f"({bracketed})"
    return [label[: -len(cut) - 1].rstrip(":") for label in labels], bracketed


def unobserved(observations: pd.DataFrame, declared: pd.Series, language: str) -> Figure | None:
    """Say that a declared indicator was not observed at all; None where it was.

    A programme need not have every table, and its notebooks run all the same.
    """
    if (observations["indicator"] == declared["indicator"]).any():
        return None
    said = text(
        "{label}: not observed. {source}",
        language,
        label=declared[f"label_{language}"],
        source=source([declared], language),
    )
    return note(said, language)


def note(said: str, language: str) -> Figure:
    """Say in the place of a figure why there is none."""
    return Figure(f'<p class="ow ow-unobserved" lang="{language}">{escape(said)}</p>')


def digits_for(values: pd.Series, kind: str) -> int:
    """Choose the decimal places for all values of an indicator: one choice for a whole figure."""
    known = np.abs(values.to_numpy(dtype=float))
    known = known[~np.isnan(known)]
    if not len(known) or (known % 1 == 0).all() or known.max() >= 1000:
        return 0
    return 2 if kind == "ratio" and known.max() < 10 else 1


def rounded(values: pd.Series, digits: int) -> pd.Series:
    """Round half up, as the numbers are written: what reads the same is coloured the same."""
    exact, factor = values.to_numpy(dtype=float), 10.0**digits
    scaled = np.abs(exact) * factor
    result = np.sign(exact) * np.floor(scaled + 0.5) / factor
    # Where it is a close call, the shortest decimal of the float decides: 0.45 becomes 0.5.
    place = Decimal(1).scaleb(-digits)
    for i in np.flatnonzero(np.abs(scaled % 1 - 0.5) < 1e-6):
        result[i] = Decimal(repr(float(exact[i]))).quantize(place, ROUND_HALF_UP)
    return pd.Series(result + 0.0, values.index)  # no negative zero


def written(value: float, state: str, unit: str, language: str, digits: int | None = None) -> str:
    """Write a value in words: ``7,3 %``, ``geheim gehalten`` or ``keine Angabe``."""
    if state == SUPPRESSED:
        return text("kept secret", language)
    if state == MISSING:
        return text("no data", language)
    return number(value, unit, language, digits)


def told(
    one: Mapping[str, Any], unit: str, language: str, digits: int | None = None
) -> tuple[str, str]:
    """Write a value of :func:`observed` for a table's cell, with the status that marks it."""
    state = one["state"]
    return written(one["value"], state, unit, language, digits), "" if state else one["obs_status"]


def hedge(status: str, why: str = "", *, is_rounded: bool = False) -> str:
    """Give how a value is to be put, as a message: ``about {value}``, or as it is.

    Parameters
    ----------
    status, why : str
        ``obs_status`` and ``quality_note`` of the observation.
    is_rounded : bool
        What is written differs from the value.
    """
    if why == GAP:
        return "at least {value}"
    return "about {value}" if status == "E" or is_rounded else "{value}"


def put(value: float, unit: str, language: str, status: str = "A", why: str = "") -> str:
    """Write a value for a sentence: few digits, and "about" or "at least" where it is so."""
    digits = 0 if value >= 10 or float(value).is_integer() else 1
    is_rounded = abs(round(value, digits) - value) > abs(value) / 1000
    written = number(value, unit, language, digits)
    return text(hedge(status, why, is_rounded=is_rounded), language, value=written)


def cell(
    value: float,
    state: str,
    language: str,
    *,
    status: str = "A",
    unit: str = "",
    digits: int | None = None,
) -> str:
    """Write a value as the content of a table's cell; signs are explained by :func:`signs`."""
    if state:
        said = escape(written(value, state, unit, language))
        return (
            f'<span aria-hidden="true">{SIGNS[state]}</span><span class="ow-hidden">{said}</span>'
        )
    return escape(number(value, unit, language, digits)) + mark_of(status)


def nothing(language: str) -> str:
    """Write the sign of nothing, for ears too."""
    said = escape(text("nothing", language))
    return f'<span aria-hidden="true">{NOTHING}</span><span class="ow-hidden">{said}</span>'


def mark_of(status: str) -> str:
    """Write the mark behind a value; :func:`signs` explains it."""
    return f"<sup>{MARKS[status]}</sup>" if status in MARKS else ""


def signs(states: set[str], statuses: set[str], language: str) -> str:
    """Explain the signs that a table uses, and no others."""
    used = [NOTES[state] for state in SIGNS if state in states]
    used += [NOTES[mark] for status, mark in MARKS.items() if status in statuses]
    words = "; ".join(text(note, language) for note in used)
    return f'<p class="ow-note">{escape(words)}</p>' if words else ""


def unit_heading(unit: str, language: str) -> str:
    """Name a unit over a column, ``in %`` or ``Betriebe``; empty for a plain number."""
    sign = unit_sign(unit, language)
    return text("in {unit}", language, unit=sign) if len(sign) == 1 else sign


def source(declared: Sequence[pd.Series], language: str) -> str:
    """Name where indicators come from; empty where the catalogue does not say."""
    tables = [table for row in declared for table in str(row.get("source") or "").split(", ")]
    named = [text(SOURCES.get(table, table), language) for table in dict.fromkeys(tables) if table]
    return text("Source: {source}", language, source=", ".join(named)) if named else ""


def foot(
    declared: Sequence[pd.Series],
    language: str,
    table: Figure | None = None,
    shown: pd.DataFrame | None = None,
) -> str:
    """Put sources under a figure, and its table and definitions behind a key press each.

    Parameters
    ----------
    declared : sequence of Series
        What is counted, as rows of the catalogue.
    language : {"de", "en"}
    table : Figure, optional
        The same numbers as a table.
    shown : DataFrame, optional
        The observations that the figure shows: their period, status and confidence are told
        beside the definitions.
    """
    words = source(declared, language)
    line = f'<p class="ow-source">{escape(words)}</p>' if words else ""
    defined = {row[f"label_{language}"]: str(row[f"definition_{language}"]) for row in declared}
    said = "".join(
        "<p>" + (f"<b>{escape(name)}:</b> " if len(defined) > 1 else "") + f"{escape(words)}</p>"
        for name, words in defined.items()
        if words
    )
    head = text("What is counted", language)
    if shown is not None and len(shown):
        head = text("Source and certainty", language)
        said += evidence(declared, shown, language)
    behind = [(text("As a table", language), table.html if table else ""), (head, said)]
    opened = "".join(
        f"<details><summary>{escape(head)}</summary>{content}</details>"
        for head, content in behind
        if content
    )
    return f'<div class="ow-foot">{line}{opened}</div>' if line or opened else ""


def evidence(declared: Sequence[pd.Series], shown: pd.DataFrame, language: str) -> str:
    """Say of the values of a figure where they come from, of when, how firm and how complete."""
    kinds, known = states(shown), shown[states(shown) == ""]
    periods = sorted(shown["period"].unique())
    when = quarter(periods[-1], language)
    if len(periods) > 1:
        first = quarter(periods[0], language)
        when = text("{first} to {last}", language, first=first, last=when)
    firm = [
        text(message, language, count=number(count, "", language), all=len(known))
        for status, message in STATUSES.items()
        if (count := int((known["obs_status"] == status).sum()))
    ]
    sure = [text(HOW_KNOWN[how], language) for how in dict.fromkeys(map(how_known, declared))]
    sure += [
        text(message, language, count=number(count, "", language), all=len(shown))
        for state, message in WITHOUT_VALUE.items()
        if (count := int((kinds == state).sum()))
    ]
    told = shown["quality_note"].dropna().unique() if "quality_note" in shown else ()
    sure += _units_behind(declared, known, language)
    if notes := [note for note in told if note]:
        sure.append(", ".join(text(note, language) for note in notes) + ".")
    subjects = [str(row["indicator"]).removesuffix("_to_date") for row in declared]
    sure += [text(CAVEATS[name], language) for name in dict.fromkeys(subjects) if name in CAVEATS]
    facts = {
        "Source": source(declared, language).partition(": ")[2],
        "Period": when,
        "Status": " ".join(firm),
        "Confidence": " ".join(sure),
    }
    items = "".join(
        f"<dt>{escape(text(name, language))}</dt><dd>{escape(words[:1].upper() + words[1:])}</dd>"
        for name, words in facts.items()
        if words
    )
    return f'<dl class="ow-facts">{items}</dl>'


def _units_behind(declared: Sequence[pd.Series], known: pd.DataFrame, language: str) -> list[str]:
    """Say how many persons or enterprises stand behind each value, where all count the same."""
    units = {str(row.get("units") or "") for row in declared}
    counts = known["n_units"].dropna() if "n_units" in known else pd.Series(dtype=float)
    if len(units) > 1 or units & {"", "both"} or counts.empty:
        return []
    low, high = int(counts.min()), int(counts.max())
    most = number(high, units.pop(), language)
    if low == high:
        return [text("Behind it: {basis}.", language, basis=most)]
    least = number(low, "", language)
    return [text("Behind each value: {least} to {most}.", language, least=least, most=most)]


def confidence(declared: pd.Series, language: str) -> str:
    """Say how an indicator's values came about, and what they do not say."""
    how, name = how_known(declared), str(declared["indicator"]).removesuffix("_to_date")
    said = [text(HOW_KNOWN[how], language)]
    said += [text(CAVEATS[name], language)] if name in CAVEATS else []
    return " ".join(said)


def how_known(row: pd.Series) -> str:
    """Tell how the values of an indicator came about."""
    if row.get("units"):
        return "records"
    return "statistics" if "statistics" in str(row.get("source") or "") else "records"


def due_day(due: object, language: str) -> str:
    """Write the day by which a target is to be reached."""
    return day(pd.Timestamp(due).date(), language)


def available(observations: pd.DataFrame, wanted: Sequence[str]) -> list[str]:
    """Keep those indicators that were observed, in the order given.

    A programme without a table has no values of its indicators: a page for any city asks first.
    """
    observed = set(observations["indicator"].unique())
    return [indicator for indicator in wanted if indicator in observed]
