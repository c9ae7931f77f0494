"""Official statistics of the city: the Leipzig information system (LIS), as ``kdvalues`` CSV."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from .. import periods
from ..faults import DataError, nearest
from ..programme import Source
from . import tabular
from .raw import RawTable, asked_for, named, put_aside, row_texts

NAMES = {"area_name": ("Gebiet",), "statistic": ("Sachmerkmal",)}
"""Column of the table = names under which the system writes it."""

MISSING = (".", "x")
"""Marks that stand for a figure that was not published, beside the blank cell."""


def read(source: Source, path: Path) -> RawTable:
    """Read a table with one column for each period as one row for each figure.

    Returns
    -------
    RawTable
        ``area_name``, ``statistic``, ``period`` (2026 or 2026-Q3) and ``value``, besides other
        columns of the file. A figure that was not published is a row with a missing value. Rows
        are figures: one in a column whose name is no period is set aside; a line that could not be
        split counts as one row.

    Raises
    ------
    DataError
        If the file has no column for the area, the statistic or a period, and as
        :func:`ostwerk_analysis.sources.tabular.cells`.
    """
    wide = tabular.cells(source, path, [name for names in NAMES.values() for name in names])
    columns = [name for name in wide.frame.columns if name != "_line"]
    keys = [_key(column, source, columns) for column in NAMES]
    figures = [name for name in columns if name not in keys]
    period_of = {name: _period(name) for name in figures}
    if not any(period_of.values()):
        raise DataError(
            "{file}: no column is a period such as 2026 or 1.Qu. 2026. Is it a table of the "
            'information system? Otherwise state format = "csv".',
            file=source.path,
        )
    long = _melted(wide.frame, keys, figures)
    tall = asked_for(
        replace(wide, frame=long.assign(period=long["_column"].map(period_of))), source
    )
    unreadable = tall.frame["period"] == ""
    wrong = tall.frame[unreadable]
    texts = row_texts(wrong[[*keys, "_column", "value"]].rename(columns={"_column": "column"}))
    faults, set_aside = put_aside(
        source,
        path,
        wrong["_line"].tolist(),
        texts,
        "period",
        column="period",
        values=wrong["_column"].tolist(),
    )
    frame = tall.frame[~unreadable].drop(columns="_column").reset_index(drop=True)
    frame["value"] = frame["value"].mask(frame["value"].isin(MISSING))
    good = replace(
        tall,
        frame=frame,
        faults=pd.concat([wide.faults, faults], ignore_index=True),
        set_aside=pd.concat([wide.set_aside, set_aside], ignore_index=True),
    )
    return named(good, source, NAMES)


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


def _period(name: str) -> str:
    """Write a period as 2026 or 2026-Q3; empty if the name is none."""
    if re.fullmatch(r"[0-9]{4}", name):
        return name
    if found := re.fullmatch(r"([1-4])\. ?Qu(?:artal|\.)? ?([0-9]{4})", name):
        return f"{found[2]}-Q{found[1]}"
    try:
        return periods.parse_quarter(name)
    except DataError:
        return ""


def _melted(wide: pd.DataFrame, keys: list[str], figures: list[str]) -> pd.DataFrame:
    """Turn n lines with p figures each into n·p rows, line after line."""
    each = wide[[*keys, "_line"]]
    long = each.loc[each.index.repeat(len(figures))].reset_index(drop=True)
    values = wide[figures].to_numpy(dtype=object).ravel()
    return long.assign(
        _column=np.tile(np.array(figures, dtype=object), len(wide)),
        value=pd.Series(values, dtype="str"),
    )
