"""What a release does not show: kept secret, missing, or not there in a quarter, and why."""

from html import escape
from typing import Any

import pandas as pd

from ..downloads import AREA_LEVELS
from ..language import number, quarter, short_quarter, text
from .sentences import framed, section
from .values import MISSING, NOTHING, SOURCES, SUPPRESSED, Figure, note, states

WHY_SECRET = {
    "C": "{count} of them, as too few enterprises or persons are behind the value.",
    "D": "{count} of them, as the value would give such a one away or is computed from one.",
}
"""Confidentiality of a cell = why it is kept secret; the limits themselves are never published."""
NO_LACK = ("nothing to divide by", "nothing happened")
"""Notes of cells that have no value because there can be none: nothing is lacking there."""
NOT_STATED = "not known or not published by the source"
QUARTERS = 12
"""Columns of the matrix: the last three years."""
FULL, PARTLY, NONE = "●", "◐", "○"
MEANING = {
    FULL: "all values known",
    PARTLY: "some values known",
    NONE: "no value known",
    NOTHING: "no value expected",
}


def withheld(published: Any, period: str, *, language: str = "de") -> Figure:
    """Say how many cells are kept secret, where and why; in a quarter and in the whole release.

    Parameters
    ----------
    published : Release
    period : str
    language : {"de", "en"}
    """
    observed = _with_field(published)
    hidden = observed[observed["state"] == SUPPRESSED]
    here = observed[observed["period"] == period]
    said = [
        text(
            "Kept secret are {count} of {all} cells, {share}; in {period} {here} of {there}.",
            language,
            count=number(len(hidden), "", language),
            all=number(len(observed), "", language),
            share=_share(len(hidden), len(observed), language),
            period=quarter(period, language),
            here=number(int((here["state"] == SUPPRESSED).sum()), "", language),
            there=number(len(here), "", language),
        )
    ]
    reasons = hidden["quality_note"].where(hidden["quality_note"] != "", hidden["conf_status"])
    for reason, count in reasons.value_counts().items():
        # What the door has noted of a cell says more than its status.
        message = WHY_SECRET.get(str(reason), "{count} of them: {reason}.")
        counts = {"count": number(int(count), "", language)}
        said.append(text(message, language, reason=text(str(reason), language), **counts))
    said.append(
        text(
            "A rate is computed from what may be shown; where a part of it is secret, so is the "
            "rate. The limits are not published, as they would help to compute what is secret.",
            language,
        )
    )
    levels = [level for level in AREA_LEVELS if (observed["area_level"] == level).any()]
    rows = []
    for field in dict.fromkeys(observed["field"]):
        own = observed[observed["field"] == field]
        cells = [_of(own[own["area_level"] == level], language) for level in levels]
        rows.append([text(SOURCES.get(field, field), language), *cells, _of(own, language)])
    heads = [text("Field", language), *(text(AREA_LEVELS[level], language) for level in levels)]
    title = text("Kept secret, by field and level", language)
    return section(title, said, [*heads, text("All", language)], rows, language)


def missing(published: Any, period: str, *, language: str = "de") -> Figure:
    """Say how many cells have no value, and of what kind that is.

    Parameters
    ----------
    published : Release
    period : str
    language : {"de", "en"}
    """
    observed = _with_field(published)
    gaps = observed[observed["state"] == MISSING]
    here = gaps["period"] == period
    if gaps.empty:
        return note(text("No value is missing.", language), language)
    kinds = gaps["quality_note"].where(gaps["quality_note"] != "", NOT_STATED)
    rows = []
    for kind, own in gaps.groupby(kinds, sort=False):
        worst = own["indicator"].value_counts()
        declared = published.catalogue.set_index("indicator")[f"label_{language}"]
        rows.append(
            (
                len(own),
                [
                    text(kind, language),
                    number(len(own), "", language),
                    number(int(here[own.index].sum()), "", language),
                    str(declared.get(worst.index[0], worst.index[0])),
                ],
            )
        )
    rows.sort(key=lambda row: -row[0])
    lacking = int((~gaps["quality_note"].isin(NO_LACK)).sum())
    said = [
        text(
            "Without a value are {count} of {all} cells, {share}. For {lacking} of them something "
            "is lacking; of the others there can be no value, as nothing happened.",
            language,
            count=number(len(gaps), "", language),
            all=number(len(observed), "", language),
            share=_share(len(gaps), len(observed), language),
            lacking=number(lacking, "", language),
        )
    ]
    heads = [
        text("Kind", language),
        text("Cells", language),
        quarter(period, language),
        text("Most of them in", language),
    ]
    title = text("Missing values, by kind", language)
    return section(title, said, heads, [row for _, row in rows], language)


def completeness(published: Any, period: str, *, language: str = "de") -> Figure:
    """Show as a matrix which tables have given values in which quarter.

    Parameters
    ----------
    published : Release
    period : str
        The last quarter of the matrix.
    language : {"de", "en"}

    Returns
    -------
    Figure
        A row for each input table, a column for each of the last :data:`QUARTERS` quarters. A
        value that is kept secret is known. Rates are left out, being made of the others.
    """
    observed = _with_field(published)
    is_due = observed["period"].str.contains("-Q") & (observed["period"] <= period)
    is_due &= ~((observed["state"] == MISSING) & observed["quality_note"].isin(NO_LACK))
    catalogue = published.catalogue
    numerators = catalogue.assign(part=catalogue.get("numerator", ""))["part"].fillna("")
    derived = set(catalogue.loc[numerators != "", "indicator"])
    due = observed[is_due & ~observed["indicator"].isin(derived)]
    periods = sorted(due["period"].unique())[-QUARTERS:]
    if not periods:
        return note(text("No quarter has a value.", language), language)
    counts = due.assign(is_known=due["state"] != MISSING).groupby(["field", "period"])["is_known"]
    known, all_of = counts.sum(), counts.size()
    title = text("Which tables gave values in which quarter", language)
    body, lacks = "", 0
    for field in dict.fromkeys(due["field"]):
        cells = ""
        for one in periods:
            total = int(all_of.get((field, one), 0))
            there = int(known.get((field, one), 0))
            lacks += 0 < total != there
            cells += _sign(there, total, language)
        name = escape(text(SOURCES.get(field, field), language))
        body += f'<tr><th scope="row">{name}</th>{cells}</tr>'
    top = "".join(
        f'<th scope="col">{escape(head)}</th>'
        for head in (text("Table", language), *(_short(one, language) for one in periods))
    )
    legend = "; ".join(f"{sign} {text(said, language)}" for sign, said in MEANING.items())
    words = (
        text("No table lacks a value in any of these quarters.", language)
        if not lacks
        else text("Values are lacking in one field of the matrix.", language)
        if lacks == 1
        else text("Values are lacking in {count} fields of the matrix.", language, count=lacks)
    )
    return framed(
        title,
        text(
            "{first} to {last}",
            language,
            first=quarter(periods[0], language),
            last=quarter(periods[-1], language),
        ),
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}">'
        f'<table class="ow-matrix"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
        f'<p class="ow-note">{escape(legend)}</p><p class="ow-words">{escape(words)}</p>',
        language,
    )


def _with_field(published: Any) -> pd.DataFrame:
    """Give each observation its state and its field: the first table that it is made from."""
    sources = published.catalogue.set_index("indicator")["source"].str.split(", ").str[0]
    observed = published.observations
    return observed.assign(
        state=states(observed),
        field=observed["indicator"].map(sources).fillna("").astype("str"),
        quality_note=observed["quality_note"].fillna("").astype("str"),
    )


def _of(own: pd.DataFrame, language: str) -> str:
    """Write how many of some cells are kept secret, and which share; nothing where none is."""
    if own.empty:
        return NOTHING
    hidden = int((own["state"] == SUPPRESSED).sum())
    if not hidden:
        return "0"
    return f"{number(hidden, '', language)} ({_share(hidden, len(own), language)})"


def _share(count: int, whole: int, language: str) -> str:
    return number(100 * count / max(whole, 1), "percent", language, 1)


def _sign(there: int, total: int, language: str) -> str:
    """Write a field of the matrix: its sign, and in words how many are known."""
    sign = NOTHING if not total else FULL if there == total else PARTLY if there else NONE
    said = text(MEANING[sign], language)
    if sign == PARTLY:
        n, of = number(there, "", language), number(total, "", language)
        said = text("{n} of {of}", language, n=n, of=of)
    return (
        f'<td><span aria-hidden="true" title="{escape(said)}">{sign}</span>'
        f'<span class="ow-hidden">{escape(said)}</span></td>'
    )


def _short(period: str, language: str) -> str:
    """Write a quarter as a heading that is narrow: ``3. Qu. 26`` or ``Q3 26``."""
    return f"{short_quarter(period, language)} {period[2:4]}"
