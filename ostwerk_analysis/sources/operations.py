"""Public lists of operations that the funds pay, as the managing authorities publish them."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..faults import DataError, nearest
from ..programme import Source
from . import tabular
from .raw import RawTable, asked_for, named

NAMES: dict[str, tuple[str, ...]] = {
    "beneficiary": ("Name des Begünstigten",),
    "name": ("Bezeichnung des Vorhabens",),
    "purpose": ("Zusammenfassung des Vorhabens",),
    "started_on": ("Datum des Beginns des Vorhabens",),
    "ends_on": ("Datum des Endes des Vorhabens",),
    "total_cost_eur": ("Gesamtbetrag der förderfähigen Ausgaben des Vorhabens",),
    "eu_rate_pct": ("Unions-Kofinanzierungssatz pro Prioritätsachse",),
    "location": ("Durchführungsort des Vorhabens",),
    "county": ("Landkreis",),
    "intervention_type": ("Bezeichnung der Interventionskategorie für das Vorhaben",),
}
"""Column of the table = names under which an authority's list has it (Saxony, ESF 2014-2020)."""

CODE_DIGITS = 16


def read(source: Source, path: Path) -> RawTable:
    """Read a list of operations; its columns are found by their names.

    The header may stand in any of the first 15 lines. A list without a column for ``code`` gets
    one made from the contents of each row, see :func:`content_codes`: rows that are the same in
    every cell then share a code, and the table's key sets the second one aside.

    Returns
    -------
    RawTable
        With the columns of the table ``operations`` that the list has, ``code``, and the list's
        other columns under their own names.

    Raises
    ------
    DataError
        If no column name is known, and as :func:`ostwerk_analysis.sources.tabular.cells`.
    """
    known = [name for names in NAMES.values() for name in names]
    raw = asked_for(tabular.cells(source, path, known), source)
    columns = [name for name in raw.frame.columns if name != "_line"]
    if not source.columns and not set(columns) & set(known):
        raise DataError(
            "{file}: no column name of a list of operations is among the first 15 lines; the "
            "nearest to {column!r} is {near!r}. Name the columns in programme.toml.",
            file=source.path,
            column=known[0],
            near=nearest(known[0], columns),
        )
    if "code" not in {*columns, *source.columns, *source.constants}:
        raw = replace(raw, frame=raw.frame.assign(code=content_codes(raw.frame[columns])))
    return named(raw, source, NAMES)


def content_codes(frame: pd.DataFrame) -> pd.Series:
    """Make a code for each row from what it says.

    The first 16 hexadecimal digits of the SHA-256 of the row's cells, each with its column's name,
    ordered by these names. So the code stays when rows or columns are moved, and changes when a
    cell does.

    Parameters
    ----------
    frame : DataFrame of str, shape (n, k)

    Returns
    -------
    Series of str, shape (n,)
    """
    columns = sorted(frame.columns)
    rows = frame[columns].fillna("").to_numpy(dtype=object)
    codes = [
        hashlib.sha256(
            "\x1e".join(
                f"{column}\x1f{cell}" for column, cell in zip(columns, row, strict=True)
            ).encode()
        ).hexdigest()[:CODE_DIGITS]
        for row in rows
    ]
    return pd.Series(codes, frame.index, dtype="str")
