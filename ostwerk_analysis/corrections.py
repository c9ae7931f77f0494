"""Declared corrections: faults of a source that are known, put right on reading and on the record.

``[[corrections]]`` in ``programme.toml`` says which cells of which source are at fault, what they
become, and why. It changes those cells and no others, each change is a repair, and a correction
that finds nothing to correct is a finding: the office may have put it right.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from .faults import DataError, findings_frame, nearest, repairs_frame
from .programme import Correction, Programme, Source
from .sources import RawTable, marks
from .tables import TABLES

CORRECTION_COLUMNS = ["id", "table", "source", "file", "cells", "why_de", "why_en", "reference"]
"""A correction and how many cells it has changed."""


def corrected(
    raw: RawTable, source: Source, programme: Programme
) -> tuple[RawTable, list[dict[str, Any]]]:
    """Apply to a file the corrections that name it.

    Parameters
    ----------
    raw : RawTable
        Text cells under the table's column names, as readers give them.
    source : Source
    programme : Programme

    Returns
    -------
    raw : RawTable
        With the corrected cells, and a repair for each.
    applied : list of dict
        One with :data:`CORRECTION_COLUMNS` for each correction, applied or idle.

    Raises
    ------
    DataError
        If a correction names a column or a value that the source does not have, if what it says is
        no number in a column of numbers, or if two of them make different things of one cell.
    """
    chosen = [one for one in programme.corrections if one.is_of(source)]
    if not chosen:
        return raw, []
    before = raw.frame
    frame, applied, repairs = before.copy(), [], [raw.repairs]
    changed_by: dict[str, pd.Series] = {}
    made = {one.id: one.becomes.strip() for one in chosen}
    for correction in chosen:
        hits = _hits(correction, source, before)
        column = correction.column
        taken = changed_by.setdefault(column, pd.Series("", frame.index))
        differs = hits & (taken != "") & (taken.map(made) != made[correction.id])
        if twice := sorted(set(taken[differs])):
            raise DataError(
                "{file}, line {line}: the corrections {first!r} and {second!r} both change "
                "{column}. Narrow one of them.",
                file=source.path,
                line=before.loc[differs, "_line"].iloc[0],
                first=twice[0],
                second=correction.id,
                column=column,
            )
        free = hits & (taken == "")
        taken[free] = correction.id
        if column not in frame:
            frame[column] = pd.Series(None, frame.index, dtype="str")
        repairs.append(_repairs(correction, source, frame.loc[free, ["_line", column]]))
        frame.loc[free, column] = correction.becomes.strip() or None
        applied.append(
            {
                "id": correction.id,
                "table": source.table,
                "source": source.path,
                "file": source.path.rpartition("/")[2],
                "cells": int(hits.sum()),
                "why_de": correction.why.de,
                "why_en": correction.why.en,
                "reference": correction.reference,
            }
        )
    return replace(raw, frame=frame, repairs=pd.concat(repairs, ignore_index=True)), applied


def listed(applied: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a table of corrections, of any number of rows, with :data:`CORRECTION_COLUMNS`."""
    frame = pd.DataFrame(list(applied), columns=CORRECTION_COLUMNS)
    kinds = dict.fromkeys(CORRECTION_COLUMNS, "str") | {"cells": "int64"}
    return frame.astype(kinds)


def idle(applied: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make findings of corrections that have changed nothing.

    Parameters
    ----------
    applied : iterable of mapping
        From :func:`corrected`.
    """
    return findings_frame(
        {
            "table": one["table"],
            "source": one["source"],
            "rule": "idle_correction",
            "cells": 0,
            "detail": one["id"],
        }
        for one in applied
        if not one["cells"]
    )


def _hits(correction: Correction, source: Source, frame: pd.DataFrame) -> pd.Series:
    """Say which rows have the fault that a correction declares."""
    contract = TABLES[source.table].columns
    known = [column for column in frame if column not in ("_line", "geometry")]
    allowed = {*known, *contract} - {"geometry"}
    if correction.column not in allowed:
        raise _unknown(correction, source, "column", correction.column, allowed)
    rows = pd.Series(True, frame.index)
    for column, values in correction.where.items():
        if column not in known:
            raise _unknown(correction, source, "where", column, known)
        cells = frame[column].fillna("")
        wanted = {value.strip() for value in values}
        if missing := sorted(wanted - set(cells.unique())):
            raise _unknown(correction, source, column, missing[0], sorted(set(cells) - {""}))
        rows &= cells.isin(wanted)
    column = correction.column
    blank = pd.Series(None, frame.index, name=column, dtype="str")
    cells = frame[column] if column in known else blank
    if column in contract and "number" in contract[column].metadata["kind"]:
        try:
            mark = source.decimal_mark or marks.certain_decimal_mark(cells)
        except DataError as error:
            raise DataError("{file}: {error}", file=source.path, error=error) from None
        fits = _number_fits(correction, source, cells[rows], mark)
    else:
        fits = _text_fits(correction, source, cells[rows])
    return fits.reindex(frame.index, fill_value=False)


def _text_fits(correction: Correction, source: Source, cells: pd.Series) -> pd.Series:
    """Compare texts as they stand."""
    if correction.below is not None or correction.above is not None:
        raise DataError(
            "{file}: the correction {id!r} says below or above, but {column} holds no numbers. Use "
            "equals.",
            file=source.path,
            id=correction.id,
            column=correction.column,
        )
    if correction.equals is None:
        return pd.Series(True, cells.index)
    return cells.fillna("") == correction.equals.strip()


def _number_fits(
    correction: Correction, source: Source, cells: pd.Series, mark: str | None
) -> pd.Series:
    """Compare numbers, read with the marks of the source: 0, 0,0 and 0,00 are equal."""
    if correction.becomes.strip():
        _number(correction, source, correction.becomes, mark)
    values, _ = marks.to_number(cells, mark or ".")
    if correction.equals is not None:
        if not correction.equals.strip():
            return cells.isna()
        return values == _number(correction, source, correction.equals, mark)
    if correction.below is not None:
        return values < correction.below
    if correction.above is not None:
        return values > correction.above
    return pd.Series(True, cells.index)


def _number(correction: Correction, source: Source, written: str, mark: str | None) -> float:
    """Read a number of a correction with the marks of its source."""
    cell = pd.Series([written], dtype="str")
    mark = mark or marks.find_decimal_mark(cell)  # whole numbers have no mark of their own
    value, bad = marks.to_number(cell, mark if mark in (",", ".") else ".")
    # 1.234 in a file with decimal commas: thousands, or a decimal mark of another habit.
    is_grouped = {",": ".", ".": ","}.get(mark or "", " ") in written
    if bad[0] or is_grouped or mark == marks.AMBIGUOUS:
        raise DataError(
            "{file}: the correction {id!r} has {value!r}, which is no certain number. Write it "
            "without thousands, and with the decimal mark of the source.",
            file=source.path,
            id=correction.id,
            value=written,
        )
    return float(value[0])


def _unknown(
    correction: Correction, source: Source, key: str, given: str, known: Iterable[str]
) -> DataError:
    return DataError(
        "{file}: the correction {id!r} names {value!r} under {key}, which the source does not "
        "have; did you mean {near!r}?",
        file=source.path,
        id=correction.id,
        value=given,
        key=key,
        near=nearest(given, known),
    )


def _repairs(correction: Correction, source: Source, cells: pd.DataFrame) -> pd.DataFrame:
    """Write down what a correction changes."""
    return repairs_frame(
        {
            "table": source.table,
            "source": source.path,
            "file": source.path.rpartition("/")[2],
            "line": line,
            "column": correction.column,
            "value": value,
            "becomes": correction.becomes.strip(),
            "rule": "correction",
            "reason": correction.id,
        }
        for line, value in cells.fillna("").itertuples(index=False)
    )


def suggested(findings: pd.DataFrame, statistics: pd.DataFrame | None) -> str:
    """Write the corrections that findings suggest, to be checked and pasted into programme.toml.

    Zeros that stand for gaps and for suppressed counts become missing; other findings have to be
    asked about first.

    Parameters
    ----------
    findings : DataFrame
        From :func:`ostwerk_analysis.plausibility.findings`.
    statistics : DataFrame
        The table, if there is one; its ``area_name`` is how a file without codes names areas.

    Returns
    -------
    str
        TOML; empty if nothing is to be suggested.
    """
    zeros = findings[findings["rule"].isin(["missing_as_zero", "suppressed_as_zero"])]
    names: dict[str, str] = {}
    if statistics is not None and "area_name" in statistics:
        named = statistics.dropna(subset="area_name").drop_duplicates("district_id")
        names = dict(zip(named["district_id"], named["area_name"], strict=True))
    entries, taken = [], set()
    by = ["source", "statistic", "area_id"]
    # What is said of all areas comes first, so that no cell is corrected twice.
    for (source, statistic, area), group in zeros.sort_values("area_id").groupby(by, sort=False):
        of_all = {period for period in group["period"] if (source, statistic, period) in taken}
        periods = sorted(set(group["period"]) - of_all)
        if not area:
            taken |= {(source, statistic, period) for period in periods}
        if periods:
            where = {"statistic": [statistic]} | ({"period": periods} if any(periods) else {})
            if area:
                where |= {"area_name": [names[area]]} if area in names else {"district_id": [area]}
            entries.append(_toml(source, where, set(group["rule"])))
    return "\n".join(entries)


def _toml(source: str, where: dict[str, list[str]], rules: set[str]) -> str:
    """Write a correction of zeros; its id says which they are."""
    is_gap = "missing_as_zero" in rules
    german = "Fehlende Werte" if is_gap else "Gesperrte kleine Zahlen"
    english = "Missing figures" if is_gap else "Suppressed small counts"
    listed = ", ".join(f"{key} = [{', '.join(map(_quoted, of))}]" for key, of in where.items())
    parts = [of[0] for of in where.values()]
    code = re.sub(r"[\W_]+", "-", " ".join(["zeros", *parts])).strip("-")
    return "\n".join(
        [
            "[[corrections]]",
            f"id = {_quoted(code)}",
            f"source = {_quoted(source)}",
            f"where = {{ {listed} }}",
            'column = "value"',
            'equals = "0"',
            'becomes = ""',
            f"why = {{ de = {_quoted(german + ' sind als 0 veröffentlicht.')}, "
            f"en = {_quoted(english + ' are published as 0.')} }}",
            'reference = ""',
            "",
        ]
    )


def _quoted(value: str) -> str:
    """Write a text as a TOML string, which JSON's form is."""
    return json.dumps(value, ensure_ascii=False)
