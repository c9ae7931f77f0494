"""Official statistics of the Union and of international offices: SDMX-CSV 1.0 and 2.x.

One row is one observation: the dimensions, ``TIME_PERIOD``, ``OBS_VALUE`` and attributes. Version
1.0 begins with the column ``DATAFLOW``, 2.x with ``STRUCTURE``, ``STRUCTURE_ID`` and ``ACTION``.
The linear CSV of Eurostat is read too. Codes and labels may stand together: ``A: Annual`` is ``A``.
"""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pandas as pd

from ..faults import DataError, nearest
from ..programme import Source
from . import marks, statistics, tabular
from .raw import RawTable, check_names, tidy_name

NAMES = {
    "period": ("TIME_PERIOD",),
    "value": ("OBS_VALUE",),
    "obs_status": ("OBS_STATUS", "OBS_FLAG"),
    "area_code": ("REF_AREA", "geo", "GEO"),
}
"""Column of the table = names of the concept in a file."""

STRUCTURE = ("DATAFLOW", "STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "LAST UPDATE")
"""Columns that say where a row comes from."""
ATTRIBUTES = (
    *("CONF_STATUS", "UNIT_MULT", "DECIMALS", "COLLECTION", "OBS_COM", "OBS_PRE_BREAK", "TITLE"),
    *("TIME_FORMAT", "BREAKS", "COMMENT_OBS", "COMMENT_TS", "PRE_BREAK_VALUE", "TITLE_COMPL"),
)
"""Columns of cross-domain concepts that are no dimensions."""

MULTIPLIERS = ("unit_mult", "unit multiplier", "powercode code", "powercode")
"""Names, in small letters, of the power of ten by which figures are multiplied; those of the older
files of the OECD last."""
UNITS = ("unit", "unit_measure", "unit of measure")

STATUS = {
    **dict.fromkeys("A", "A"),
    **dict.fromkeys("EFIUN", "E"),  # estimated, forecast, imputed, unreliable, not significant
    **dict.fromkeys("PVG", "P"),  # provisional, not validated, experimental
    **dict.fromkeys("BDKSWJ", "B"),  # break; other definition, special event, moved, derogation
    **dict.fromkeys("MHLOQ", "M"),  # missing, for whichever reason
}
"""Code of the SDMX list CL_OBS_STATUS (version 2.2) = the status here that says no less of it."""
FLAGS = {
    **dict.fromkeys("bd", "B"),
    **dict.fromkeys("efnus", "E"),  # s is an estimate by Eurostat
    **dict.fromkeys("p", "P"),
    **dict.fromkeys("r", "A"),  # revised
    **dict.fromkeys("cz", "M"),  # confidential, not applicable
}
"""Flag of Eurostat = status; flags may stand together, such as ``bp``."""
SEVERITY = "APEBM"
"""Of several flags the one furthest right counts."""

MISSING = ("NaN", "nan", "NA", ":", "-", ".")
FREE = "F"
"""Code of CL_CONF_STATUS for a figure that may be published."""
WITHDRAWN = ("D", "Delete")
"""``ACTION`` that takes observations back."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_@$\-]*")
_LABELLED = r"^([A-Za-z0-9_@$+\-.]+): .*"


def read(source: Source, path: Path) -> RawTable:
    """Read observations; names of columns and codes lose their labels.

    Columns left of the value are dimensions, as the standard orders them. The name of a statistic
    is made of the codes of all dimensions but time and area, joined by dots as SDMX writes the key
    of a series: ``A.NR.UNEMP``; unless ``columns`` or ``constants`` of the source state it. A
    figure is multiplied by ten to the power of ``UNIT_MULT``, under whichever of
    :data:`MULTIPLIERS` it stands. A row whose ``ACTION`` says to delete
    is set aside, and so is a figure that is not free for publication.

    Returns
    -------
    RawTable
        ``area_code``, ``period``, ``statistic``, ``value``, ``obs_status``, and the file's other
        columns under their codes.

    Raises
    ------
    DataError
        If there is no column for the period or the value, ``UNIT_MULT`` is no whole number, or a
        statistic that the source names has several units or other dimensions; and as
        :func:`ostwerk_analysis.sources.tabular.cells`.
    """
    known = {*chain.from_iterable(NAMES.values())}
    raw = tabular.cells(source, path, known.__contains__)
    frame = _without_labels(raw.frame)
    frame = frame.rename(
        columns={
            found: column
            for column, names in NAMES.items()
            if column not in {*source.columns, *source.constants}
            and (found := next((name for name in names if name in frame), None))
        }
    )
    # What the source names as period or value is read as such, too.
    stated = {c: tidy_name(source.columns[c]) for c in ("period", "value") if c in source.columns}
    frame = frame.rename(columns={name: column for column, name in stated.items()})
    columns = [name for name in frame if name != "_line"]
    check_names(source, columns)  # without labels two may be the same
    for column in ("period", "value"):
        if column not in {*columns, *source.constants}:
            raise DataError(
                "{file} has no column {column!r}; the nearest is {near!r}. Is it SDMX-CSV? "
                "Otherwise name it under columns as {key} in programme.toml.",
                file=source.path,
                column=NAMES[column][0],
                near=nearest(NAMES[column][0], columns),
                key=column,
            )
    if "statistic" not in {*columns, *source.columns, *source.constants}:
        frame = frame.assign(statistic=_keys(frame, columns))
    broken = pd.DataFrame(columns=["rule", "column", "value"], dtype="str")
    if "value" in frame:
        values = frame["value"].mask(frame["value"].isin(MISSING))
        frame = frame.assign(value=_multiplied(source, values, frame))
        if "CONF_STATUS" in frame:
            is_closed = ~frame["CONF_STATUS"].fillna(FREE).isin([FREE]) & values.notna()
            broken = _reasons(frame[is_closed], "confidential", "CONF_STATUS")
    if "ACTION" in frame:
        withdrawn = frame[frame["ACTION"].isin(WITHDRAWN)]
        broken = pd.concat(
            [
                broken.drop(index=withdrawn.index, errors="ignore"),
                _reasons(withdrawn, "withdrawn", "ACTION"),
            ]
        )
    if "obs_status" in frame:
        status, recoded = frame["obs_status"], [*source.values.get("obs_status", {})]
        frame = frame.assign(obs_status=status.where(status.isin(recoded), _statuses(status)))
    columns_left = {c: name for c, name in source.columns.items() if c not in stated}
    source = source.model_copy(update={"columns": columns_left})
    read = statistics.finished(replace(raw, frame=frame), source, path, broken=broken)
    is_named = "statistic" in {*stated, *columns_left, *source.constants}
    dimensions = [name for name in _dimensions(columns) if name.casefold()[:4] != "freq"]
    _refuse_several(source, read.frame, dimensions if is_named else [])
    return read


def _reasons(frame: pd.DataFrame, rule: str, column: str) -> pd.DataFrame:
    return pd.DataFrame({"rule": rule, "column": column, "value": frame[column]})


def _without_labels(frame: pd.DataFrame) -> pd.DataFrame:
    """Take labels away: beside the codes (``A: Annual``), or in columns of their own."""
    columns = {name: name.partition(": ")[0] for name in frame.columns}
    coded = [name for name, code in columns.items() if code != name and _ID.fullmatch(code)]
    frame = frame.assign(
        **{name: frame[name].str.replace(_LABELLED, r"\1", regex=True) for name in coded}
    ).rename(columns={name: columns[name] for name in coded})
    if "STRUCTURE_NAME" not in frame:
        return frame
    # Version 2 with labels=name: each column of codes is followed by one with their names.
    found = list(frame.columns)
    start = found.index("STRUCTURE_NAME") + 1
    named = [name for name in found[start + 1 :: 2] if name != "_line"]
    return frame.drop(columns=["STRUCTURE_NAME", *named])


def _dimensions(columns: list[str]) -> list[str]:
    """Give the dimensions but time and area, left of the value."""
    left = columns[: columns.index("value")] if "value" in columns else columns
    others = {*NAMES, *STRUCTURE, *ATTRIBUTES}
    return [name for name in left if name not in others and name.casefold() not in MULTIPLIERS]


def _refuse_several(source: Source, frame: pd.DataFrame, dimensions: list[str]) -> None:
    """Refuse a statistic of an area whose figures are not of one kind, so that no series has them.

    Raises
    ------
    DataError
        If they have several units, or several codes of a dimension.
    """
    units = [name for name in frame if str(name).casefold() in UNITS]
    by = [name for name in ("statistic", "area_code", "district_id") if name in frame]
    for column in dict.fromkeys([*units, *dimensions]):
        if column not in frame or column in by:
            continue
        kinds = frame.dropna(subset=[column]).groupby(by, dropna=False)[column].unique()
        several = kinds[kinds.map(len) > 1]
        if len(several):
            raise DataError(
                "{file}: the figures of {statistic!r} have several {column}: {values}. Keep one by "
                "where, or give each a statistic of its own.",
                file=source.path,
                statistic=several.reset_index()["statistic"].iloc[0],
                column=column,
                values=", ".join(several.iloc[0]),
            )


def _keys(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Join the codes of the dimensions but time and area, left of the value."""
    dimensions = _dimensions(columns)
    if not dimensions:
        return frame.get("DATAFLOW", frame.get("STRUCTURE_ID", pd.Series(None, frame.index)))
    keys = frame[dimensions].fillna("")
    unique = keys.drop_duplicates()
    joined = [".".join(codes) for codes in unique.itertuples(index=False)]
    merged = keys.merge(unique.assign(_key=joined), on=dimensions, how="left")["_key"]
    return merged.set_axis(frame.index).astype("str")


def _multiplied(source: Source, values: pd.Series, frame: pd.DataFrame) -> pd.Series:
    """Bring figures to the unit of measure."""
    found = {str(name).casefold(): name for name in frame}
    name = next((found[name] for name in MULTIPLIERS if name in found), "")
    powers = frame.get(name)
    if powers is None or not (powers.notna() & (powers != "0") & values.notna()).any():
        return values
    wrong = powers.notna() & ~powers.str.fullmatch("-?[0-9]{1,2}").fillna(False)
    if wrong.any():
        raise DataError(
            "{file}, line {line}: {column} is {power!r}, not the power of ten by which the figure "
            "is multiplied. Correct it at its source.",
            file=source.path,
            line=frame.loc[wrong.idxmax(), "_line"],
            column=name,
            power=powers[wrong.idxmax()],
        )
    try:
        mark = source.decimal_mark or marks.certain_decimal_mark(values) or "."
    except DataError as error:
        raise DataError("{file}: {error}", file=source.path, error=error) from None
    numbers, _ = marks.to_number(values, mark)
    is_scaled = numbers.notna() & powers.fillna("0").ne("0")  # what is no number is called so later
    return values.mask(
        is_scaled,
        pd.Series(
            [
                f"{Decimal(str(number)).scaleb(int(power)):f}".replace(".", mark)
                for number, power in zip(numbers[is_scaled], powers[is_scaled], strict=True)
            ],
            values.index[is_scaled],
            dtype="str",
        ),
    )


def _statuses(codes: pd.Series) -> pd.Series:
    """Say the status of codes and flags; one that is not known stays, to be called a fault."""
    known = {}
    for code in codes.dropna().unique():
        parts = [code] if code in STATUS else re.split("[, ]*", code.strip())
        read = [STATUS.get(part) or FLAGS.get(part, "") for part in parts if part]
        known[code] = max(read, key=SEVERITY.find) if all(read) and read else code
    return codes.map(known).astype("str")
