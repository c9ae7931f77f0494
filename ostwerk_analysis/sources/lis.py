"""Official statistics of the city: the Leipzig information system (LIS), ``kdvalues``.

The same figures come as CSV, with a column for each period, and as an answer of the API in JSON,
with a record for each figure.
"""

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from .. import periods
from ..faults import DataError, nearest
from ..programme import Source
from . import statistics, tabular
from .raw import RawTable, check_names, put_aside, read_bytes

NAMES = {"area_name": ("Gebiet",), "statistic": ("Sachmerkmal",)}
"""Column of the table = names under which the system writes it in CSV."""

MISSING = (".", "x")
"""Marks that stand for a figure that was not published, beside the blank cell."""

FIGURE = {"name": "statistic", "wert": "value", "einheit": "unit"}
"""Key of a record of the API = column of the table."""
INTERNAL = ("uri", "id", "jahr_Nr")
"""Keys of a record that only lead back into the system."""
WHOLE_YEAR = ("", "y")
"""What ``periode`` of a record says where ``jahr`` alone is the period."""


def read(source: Source, path: Path) -> RawTable:
    """Read a table of the information system, CSV or JSON, as one row for each figure.

    Names lose the blanks in front that show in JSON which are part of which: ``   Ausländer`` is
    ``Ausländer``. Where the same name is part of two, both get the whole in front:
    ``Arbeitslose, Frauen``.

    Returns
    -------
    RawTable
        ``area_name``, ``statistic``, ``period`` (2026 or 2026-Q3) and ``value``, besides other
        columns of the file; of JSON also ``area_level`` and ``unit``. A figure that was not
        published is a row with a missing value. Rows are figures: one of a period that the table
        does not know is set aside; a line of CSV that could not be split counts as one row.
        ``_line`` is the line of CSV, or the number of the record in JSON, from 1.

    Raises
    ------
    DataError
        If the file has no column for the area, the statistic or a period; if JSON is damaged or no
        answer with figures; and as :func:`ostwerk_analysis.sources.tabular.cells`.
    """
    data = read_bytes(source, path)
    is_json = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<")
    long = _records(source, path, data) if is_json else _figures(source, path)
    given = [*source.values.get("value", {})]
    figures = long.frame["value"]
    is_missing = figures.isin(MISSING) & ~figures.isin(given)
    long = replace(long, frame=long.frame.assign(value=figures.mask(is_missing)))
    return statistics.finished(long, source, path, None if is_json else NAMES)


def _figures(source: Source, path: Path) -> RawTable:
    """Read CSV: n lines with a column for each of p periods become n·p rows."""
    known = {*chain.from_iterable(NAMES.values())}
    wide = tabular.cells(source, path, known.__contains__)
    columns = [name for name in wide.frame.columns if name != "_line"]
    keys = [_key(column, source, columns) for column in NAMES]
    figures = [name for name in columns if name not in keys]
    if not any(periods.parse(name) for name in figures):
        raise DataError(
            "{file}: no column is a period such as 2026 or 1.Qu. 2026. Is it a table of the "
            'information system? Otherwise state format = "csv".',
            file=source.path,
        )
    long = statistics.melted(wide.frame, keys, figures)
    return replace(wide, frame=long.rename(columns={"_column": "period"}))


def _key(column: str, source: Source, columns: list[str]) -> str:
    """Name the file's column that says for which area, or which statistic, a line is."""
    names = (source.columns[column],) if column in source.columns else NAMES[column]
    found = next((name for name in names if name in columns), None)
    if found is None:
        raise DataError(
            "{file} has no column {column!r}; the nearest is {near!r}. Name it under columns as "
            "{key} in programme.toml.",
            file=source.path,
            column=names[0],
            near=nearest(names[0], columns),
            key=column,
        )
    return found


def _records(source: Source, path: Path, data: bytes) -> RawTable:
    """Read an answer of the API: n records are n rows."""
    records = _answer(source, data)
    is_good = [
        isinstance(record, dict) and not any(isinstance(x, dict | list) for x in record.values())
        for record in records
    ]
    bad = [n for n, good in enumerate(is_good, 1) if not good]
    texts = [json.dumps(records[n - 1], ensure_ascii=False) for n in bad]
    faults, aside = put_aside(source, path, bad, texts, "record")
    lines = [n for n, good in enumerate(is_good, 1) if good]
    frame = pd.DataFrame.from_records([records[n - 1] for n in lines])
    if missing := [key for key in ("name", "wert", "jahr") if key not in frame]:
        raise DataError(
            "{file}: no record has {key!r}. Is it an answer of kdvalues? Fetch it again with "
            "format=json.",
            file=source.path,
            key=missing[0],
        )
    texts_of = frame.drop(columns=[*INTERNAL, "_line"], errors="ignore").astype("str")
    names = texts_of["name"]
    tidy = texts_of.apply(lambda cells: cells.str.strip().replace("", None).astype("str"))
    blank = pd.Series(None, tidy.index, dtype="str")
    district, borough = (tidy.get(key, blank) for key in ("ortsteil", "stadtbezirk"))
    level = pd.Series("district", tidy.index).mask(district.isna(), "borough")
    period = tidy["jahr"]
    if "periode" in tidy:
        kind = tidy["periode"].fillna("")
        is_part = ~kind.isin(WHOLE_YEAR) & period.str.fullmatch("[0-9]{4}").fillna(False)
        period = period.mask(is_part, period + " " + kind)
    tidy = tidy.drop(columns=["name", "jahr"]).rename(columns=FIGURE)
    check_names(source, list(tidy.columns))
    tidy = tidy.assign(
        statistic=_whole_names(names, frame.get("id"), [district, borough, period]),
        area_name=district.fillna(borough),
        area_level=level.mask(district.isna() & borough.isna(), "city").astype("str"),
        period=period,
        _line=lines,
    )
    return RawTable(tidy.reset_index(drop=True), faults, aside)


def _answer(source: Source, data: bytes) -> list:
    """Give the records of an answer; numbers stay the text that they are."""
    text = tabular.to_utf8(data, source).decode().lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        raise DataError(
            "{file} is a page for a browser, not data: {start}. Fetch it again with format=json.",
            file=source.path,
            start=" ".join(text[:200].split())[:40],
        )

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            raise DataError(
                "{file}: the key {key!r} stands twice in a record. Fetch the file again.",
                file=source.path,
                key=next(key for key in keys if keys.count(key) > 1),
            )
        return found

    try:
        answer = json.loads(
            text, object_pairs_hook=once, parse_int=str, parse_float=str, parse_constant=str
        )
    except json.JSONDecodeError as error:
        raise DataError(
            "{file}, line {line}: no complete JSON from here on. Fetch the file again.",
            file=source.path,
            line=error.lineno,
        ) from None
    except RecursionError:
        answer = None
    records = answer.get("daten") if isinstance(answer, dict) else None
    if not isinstance(records, list):
        said = answer.get("error", answer.get("message")) if isinstance(answer, dict) else None
        raise DataError(
            "{file} is JSON without a list 'daten'{said}. Is it an answer of kdvalues? Fetch it "
            "again with format=json.",
            file=source.path,
            said=f" ({str(said)[:200]})" if said else "",
        )
    if not records:
        raise DataError(
            "{file}: the list 'daten' is empty. Fetch it again, or take the source out of "
            "programme.toml.",
            file=source.path,
        )
    return records


def _whole_names(names: pd.Series, ids: pd.Series | None, group: list[pd.Series]) -> pd.Series:
    """Strip names; where one stands twice in a group, put before it the whole that it is part of.

    The whole is the nearest name before it with fewer blanks in front, in the order of ``ids``,
    which the system gives from the whole to its parts.
    """
    stripped = names.str.strip().replace("", None).astype("str")
    keyed = pd.concat([stripped, *group], axis=1, keys=range(len(group) + 1))
    if ids is None or not keyed.duplicated().any():
        return stripped
    order = pd.to_numeric(ids, errors="coerce").sort_values(kind="stable").index
    several = set(stripped[keyed.duplicated(keep=False)].dropna())
    whole = stripped.copy()
    depth = names.str.len() - names.str.lstrip().str.len()
    keys = pd.MultiIndex.from_frame(pd.concat(group, axis=1).fillna("")).to_flat_index()
    above: dict[object, list[tuple[float, str]]] = {}
    for row in order:
        line = above.setdefault(keys[row], [])
        while line and not line[-1][0] < depth[row]:
            line.pop()
        if line and stripped[row] in several:
            whole[row] = f"{line[-1][1]}, {stripped[row]}"
        line.append((depth[row], stripped[row]))
    return whole.astype("str")
