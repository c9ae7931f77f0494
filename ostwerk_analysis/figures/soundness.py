"""How sound the tables are that were read: what was set aside, changed, left empty or in doubt."""

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..language import number, text
from ..rules import FINDINGS, RULES
from .sentences import section
from .values import SOURCES, Figure

if TYPE_CHECKING:
    from ..dataset import Dataset

HARDLY_FILLED_PCT = 50.0
"""A column with fewer filled cells is named."""

COUNTS = {
    "rows_read": "Rows read",
    "accepted": "Accepted",
    "set_aside": "Set aside",
    "skipped": "Not asked for",
}
"""Column of ``reads`` = its heading."""
CONTRADICTION = "entries that contradict each other"
EMPTY = "a cell that has to be filled"
NO_PLACE = "an address that cannot be placed"
NO_NUMBER = "a figure that is no number"
NO_PERIOD = "a period that cannot be read"
NO_ROW = "a row that cannot be read"
NO_SHAPE = "a shape that cannot be used"
OTHER = "other faults"  # in releases made with rules that are no more
TWICE = "a row that stands twice"
UNFORESEEN = "a word that is not foreseen"
REASONS = {
    "required": EMPTY,
    "needs": EMPTY,
    "number": NO_NUMBER,
    "whole_number": NO_NUMBER,
    "date": "a date that is none",
    "future": "a date after the data's end",
    "boolean": UNFORESEEN,
    "allowed": UNFORESEEN,
    "range": "a figure out of range",
    "pattern": "a code that is none",
    "edition": "a code of another edition",
    "key": TWICE,
    "duplicate_row": TWICE,
    "total": "a total among the rows",
    "order": CONTRADICTION,
    "empty": CONTRADICTION,
    "differs": CONTRADICTION,
    "elsewhere": CONTRADICTION,
    "unknown": "a reference that leads nowhere",
    "area_name": "an area's name that is not clear",
    "ambiguous_name": "an area's name that is not clear",
    "outside": "a point in no district",
    "address_unread": NO_PLACE,
    "address_part": NO_PLACE,
    "address_street": NO_PLACE,
    "address_postcode": NO_PLACE,
    "address_number": NO_PLACE,
    "address_several": NO_PLACE,
    "address_elsewhere": CONTRADICTION,
    "geometry": NO_SHAPE,
    "overlap": NO_SHAPE,
    "shape": NO_SHAPE,
    "sum": "shares that do not add up to 100",
    "cells": NO_ROW,
    "formula_error": NO_ROW,
    "merged": NO_ROW,
    "not_computed": NO_ROW,
    "record": NO_ROW,
    "period": NO_PERIOD,
    "period_length": NO_PERIOD,
    "confidential": "a figure that is not free for publication",
    "withdrawn": "a figure that was taken back",
}
"""Rule that a row breaks = what is said of it to who does not know the table's columns."""


def loaded(data: "Dataset", *, language: str = "de") -> Figure:
    """Answer whether what was loaded can be trusted.

    Parameters
    ----------
    data : Dataset
    language : {"de", "en"}

    Returns
    -------
    Figure
        With a row for each table behind a key press.
    """
    reads = data.reads.groupby("table", sort=False)[["rows_read", "accepted", "set_aside"]].sum()
    said = soundness(data, reads.index, language)
    worst = reads["set_aside"] / reads["rows_read"].clip(lower=1)
    if worst.max() > 0:
        name = str(worst.idxmax())
        message = (
            "The largest share is that of the {table}: one of {rows}, {share}."
            if reads["set_aside"][name] == 1
            else "The largest share is that of the {table}: {aside} of {rows}, {share}."
        )
        said.insert(
            1,
            text(
                message,
                language,
                table=text(SOURCES.get(name, name), language),
                aside=number(reads["set_aside"][name], "", language),
                rows=number(reads["rows_read"][name], "", language),
                share=number(100 * worst.max(), "percent", language, 2),
            ),
        )
    said.append(_changed(data, language))
    filled = data.completeness()
    bare = filled[filled["filled_pct"] < HARDLY_FILLED_PCT]
    if len(bare):
        least = bare.loc[bare["filled_pct"].idxmin()]
        message = (
            "One column of {all} is filled in fewer than half of its cells: {column} of {table} "
            "({share})."
            if len(bare) == 1
            else "{count} columns of {all} are filled in fewer than half of their cells, the least "
            "{column} of {table} ({share})."
        )
        said.append(
            text(
                message,
                language,
                count=number(len(bare), "", language),
                all=number(len(filled), "", language),
                column=least["column"],
                table=text(SOURCES.get(least["table"], least["table"]), language),
                share=number(least["filled_pct"], "percent", language, 0),
            )
        )
    heads = [
        text("Table", language),
        *(text(head, language) for head in ("Rows read", "Accepted", "Set aside")),
    ]
    rows = [
        [text(SOURCES.get(name, name), language), *(number(n, "", language) for n in row)]
        for name, row in zip(reads.index, reads.to_numpy(), strict=True)
    ]
    title = text("Can the data be trusted?", language)
    return section(title, said, heads, rows, language, is_behind=True)


def tables_read(published: Any, *, language: str = "de") -> Figure:
    """Say table by table what a release was made from, and which columns had faults.

    Parameters
    ----------
    published : Release
    language : {"de", "en"}
    """
    reads, faults = published.reads, published.faults
    said: list[str | tuple[str, str]] = [*soundness(published, set(reads["table"]), language)]
    said += at_fault(faults, language)
    counts = reads.reindex(columns=list(COUNTS)).fillna(0).groupby(reads["table"], sort=False).sum()
    heads = [text("Table", language), *(text(head, language) for head in COUNTS.values())]
    rows = [
        [text(SOURCES.get(name, name), language), *(number(n, "", language) for n in row)]
        for name, row in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    return section(text("What was read", language), said, heads, rows, language)


def at_fault(faults: pd.DataFrame, language: str) -> list[str | tuple[str, str]]:
    """Say for each table in words for what its rows were set aside, and how many.

    Parameters
    ----------
    faults : DataFrame
        ``table``, ``rule``, ``rows``.
    language : {"de", "en"}
    """
    if faults.empty:
        return []
    said: list[str | tuple[str, str]] = []
    for name, group in faults.groupby("table", sort=False):
        counts: Counter[str] = Counter()
        for rule, n in zip(group["rule"], group["rows"], strict=True):
            counts[text(REASONS.get(rule, OTHER), language)] += n
        named = "; ".join(f"{why} ({number(n, '', language)})" for why, n in counts.items())
        lead = text(SOURCES.get(str(name), str(name)), language)
        said.append((f"{lead}:", text("set aside for {reasons}.", language, reasons=named)))
    return said


def checks(data: "Dataset", *, language: str = "de") -> Figure:
    """Say how sure checks are: what they have looked at, and what they cannot see.

    Parameters
    ----------
    data : Dataset
    language : {"de", "en"}
    """
    from ..tables import TABLES

    columns = [column for name in data.tables for column in TABLES[name].columns]
    cells = sum(len(table) * len(TABLES[name].columns) for name, table in data.tables.items())
    said = [
        text(
            "Every cell of {columns} columns in {tables} tables, {cells} in all, was held against "
            "{rules} kinds of rules, and every figure of official statistics ({figures}) against "
            "those around it in {findings} ways.",
            language,
            columns=number(len(columns), "", language),
            tables=number(len(data.tables), "", language),
            cells=number(cells, "", language),
            rules=number(len(RULES), "", language),
            figures=number(len(data.tables.get("statistics", ())), "", language),
            findings=number(len(FINDINGS), "", language),
        ),
        text(
            "Checks find what contradicts a rule or the figures around it. What is wrong and looks "
            "right, nobody finds by them.",
            language,
        ),
        text(
            "What nobody wrote down is in no table: a row that is missing breaks no rule.", language
        ),
    ]
    return section(text("How sure is this?", language), said, [], [], language)


def _changed(data: "Dataset", language: str) -> str:
    """Say what reading has changed, and what the programme has corrected."""
    corrected = int(data.corrections["cells"].sum()) if len(data.corrections) else 0
    repaired = int((data.repairs["rule"] != "correction").sum())
    message = (
        "Reading has changed nothing of itself; corrections that are declared changed {cells} "
        "cells."
        if repaired == 0
        else "Reading has made one repair; corrections that are declared changed {cells} cells."
        if repaired == 1
        else "Reading has made {repairs} repairs; corrections that are declared changed {cells} "
        "cells."
    )
    counts = {"repairs": repaired, "cells": corrected}
    return text(message, language, **{k: number(n, "", language) for k, n in counts.items()})


def soundness(checked: Any, tables: Collection[str], language: str) -> list[str]:
    """Say how many rows of tables were set aside, and how many figures are in doubt.

    Parameters
    ----------
    checked : Dataset or Release
    tables : collection of str
    language : {"de", "en"}
    """
    reads = checked.reads[checked.reads["table"].isin(tables)]
    findings = checked.findings
    if "table" in findings:
        findings = findings[findings["table"].isin(tables)]
    said = []
    if "rows_read" in reads and len(reads):
        rows, aside = int(reads["rows_read"].sum()), int(reads["set_aside"].sum())
        names = dict.fromkeys(text(SOURCES.get(name, name), language) for name in reads["table"])
        message = (
            "Of {rows} rows read, none was set aside ({tables})."
            if aside == 0
            else "Of {rows} rows read, one was set aside for a fault ({tables})."
            if aside == 1
            else "Of {rows} rows read, {aside} were set aside for faults, {share} ({tables})."
        )
        said.append(
            text(
                message,
                language,
                rows=number(rows, "", language),
                aside=number(aside, "", language),
                share=number(100 * aside / max(rows, 1), "percent", language, 2),
                tables=", ".join(names),
            )
        )
    if findings.empty and "statistics" not in tables:
        return said
    message = (
        "No figure of official statistics in them is in doubt."
        if findings.empty
        else "One figure or period is in doubt: see the notebook on data quality."
        if len(findings) == 1
        else "{count} figures or periods are in doubt: see the notebook on data quality."
    )
    said.append(text(message, language, count=number(len(findings), "", language)))
    return said
