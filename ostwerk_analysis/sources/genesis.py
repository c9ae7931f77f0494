"""Official statistics of the federation and the Länder: CSV of GENESIS databases.

Three forms come from GENESIS-Online, the Regionaldatenbank and the databases of the Länder. The
*table* is made for eyes: a title block, stacked headers, rows, a line ``__________`` and footnotes.
The *flat file* has a row for each case and a column for each figure (``Zeit``,
``1_Auspraegung_Code``, ``BEVSTD__Bevoelkerungsstand__Anzahl``); since 2024 one for each figure
(``time``, ``1_variable_attribute_code``, ``value``, ``value_unit``). All are recognised.

They cover the whole country, so a city picks its own rows::

    [[sources]]
    table = "statistics"
    path = "raw/52311-01-04-4.csv"
    format = "genesis"
    where = { area_code = ["14713"] }
    constants = { district_id = "leipzig", area_level = "city" }
    values.statistic = { "Gewerbeanmeldungen" = "business_registrations" }
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from .. import periods
from ..faults import DataError
from ..programme import Source
from . import statistics, tabular
from .raw import RawTable, put_aside, read_bytes, tidy_name

DELIMITERS = ";,\t|"
HEADER_AT_MOST = 12  # lines of a stacked header
TOTALS = ("insgesamt", "total")
"""Labels that say that a dimension is not divided; they stay out of a statistic's name."""

_NUMBER = re.compile(r"\(?[+-]?[0-9][0-9.,  ']*\)?\s?[a-z]?")
_CODE = re.compile(r"DG|[0-9]{1,12}")
_RULE = re.compile(r"[_\-=]{3,}")  # the line between rows and footnotes
_UNIT = re.compile(
    r"(?i)anzahl|number|prozent|percent|in \(%\)|%|promille|(?:1000|tsd\.?|mill\.?|mio\.?|mrd\.?)?"
    r" ?(?:eur|euro|dm|€)?|ha|[kq]?m|qkm|km²|m²|qm|cbm|m³|t|kg|jahre?|tage|stunden|personen|"
    r"[0-9]{4}=100|index.*|(?:eur|euro|tsd\. eur|anzahl|kg|m²|qm)[ /](?:je|pro)? ?.*|je .*"
)
_FLAT = re.compile(r"(?P<n>[0-9]+)_(?:Merkmal_Code|variable_code)")
_REGION = re.compile(
    r"D|DG|DINSG|DLAND|LAND|REGB\w*|KREIS\w*|GEMEIN\w*|GEO\w*|NUTS\w*|STADT\w*|BEZ\w*|AMT\w*|VWG\w*"
)
"""Codes of variables that are regional; those of the Regionaldatenbank and of GENESIS-Online."""
_TIME_CODE = re.compile(r"(?P<kind>MONAT|QUART|QUARTAL)G?(?P<n>[0-9]{1,2})")


def read(source: Source, path: Path) -> RawTable:
    """Read a table or flat file as one row for each figure.

    The name of a statistic is made of the distinct parts of its stacked header, and of what a row
    says beside period and area, joined by commas: ``Arbeitslose, Ausländer``. Marks for figures
    are read as :func:`ostwerk_analysis.sources.statistics.without_marks` says; figures stay in
    the unit of the file.

    Returns
    -------
    RawTable
        ``area_code`` (text, zeros kept) and ``area_name`` where the file has them, ``period``,
        ``statistic``, ``value``, ``unit``, ``obs_status`` and ``mark``. Rows are figures; a line
        that could not be split counts as one row.

    Raises
    ------
    DataError
        If it is none of these forms, has no row, does not say its period, or two columns would
        be the same statistic.
    """
    data = tabular.to_utf8(read_bytes(source, path), source)
    head = data[: tabular.SAMPLE_BYTES].decode(errors="ignore").split("\n", 1)[0]
    names = {tidy_name(cell.strip('"')) for cell in re.split(f"[{DELIMITERS}]", head)}
    if any(map(_FLAT.fullmatch, names)) or {"time", "value"} <= names:
        long = _flat(source, path)
    else:
        long = _table(source, path, data)
    group = [n for n in long.frame if n not in ("statistic", "value", "unit", "_line")]
    frame = statistics.without_marks(long.frame, source.values.get("value", {}), group)
    return statistics.finished(replace(long, frame=frame), source, path)


# The table: title, stacked header, rows, footnotes.


@dataclass(frozen=True)
class _Record:
    line: int
    cells: list[str]
    text: str

    @property
    def filled(self) -> list[int]:
        return [n for n, cell in enumerate(self.cells) if cell.strip()]


def _table(source: Source, path: Path, data: bytes) -> RawTable:
    if b"\0" in data:
        raise DataError(
            "{file}: NUL bytes. The file is damaged or no text. Fetch it again.", file=source.path
        )
    text = data.decode()
    delimiter = source.delimiter or max(DELIMITERS, key=text.count)
    body, width = _body(source, _records(source, text, delimiter))
    first = next((n for n, record in enumerate(body) if _is_row(record)), None)
    if first is None:
        raise DataError(
            "{file}: no row with a figure below a header. Is it CSV of GENESIS? Otherwise state "
            'format = "csv".',
            file=source.path,
        )
    header = _header(body[:first], width)
    rows = [record for record in body[first:] if record.filled]
    keys = next((n for n in range(width) if any(record.cells[n].strip() for record in header)), 0)
    if not keys:
        raise DataError(
            "{file}: no header stands above the rows, indented by the columns for period and area. "
            'Is it CSV of GENESIS? Otherwise state format = "csv".',
            file=source.path,
        )
    good = [record for record in rows if len(record.cells) == width]
    bad = [record for record in rows if len(record.cells) != width]
    faults, aside = put_aside(
        source,
        path,
        [record.line for record in bad],
        [record.text for record in bad],
        "cells",
        expected=str(width),
    )
    wide = pd.DataFrame(
        [[cell.strip() or None for cell in record.cells] for record in good],
        columns=[str(n) for n in range(width)],
        dtype="str",
    ).assign(_line=[record.line for record in good])
    figures = [str(n) for n in range(keys, width)]
    long = statistics.melted(wide, [str(n) for n in range(keys)], figures)
    above = [record for record in body[: first - len(header)] if record.filled]
    title = tidy_name(above[-1].cells[0]) if above else ""
    described = _described(source, header, title, keys, width)
    stated = {f"column_{n + 1}": str(n) for n in range(keys)}
    stated = {old: new for new, old in stated.items() if new in source.columns.values()}
    free = [str(n) for n in range(keys) if str(n) not in stated]
    roles = _roles(wide[free], stated) | stated
    if both := sorted(set(roles.values()) & set(described)):
        raise DataError(
            "{file}: a line of the header and a column in front of the figures both look like "
            "{column}. Remove one of the two.",
            file=source.path,
            column=both[0],
        )
    long = long.join(described, on="_column").drop(columns="_column").rename(columns=roles)
    rest = [name for name in free if name not in roles]
    long = long.assign(statistic=_joined(long, ["statistic", *rest])).drop(columns=rest)
    if "_part" in long:
        suffix = long["_part"].map(_suffix, na_action="ignore").astype("str")
        long = long.assign(period=(long["period"] + suffix).fillna(long["period"]))
        long = long.drop(columns="_part")
    return RawTable(long, faults, aside)


def _records(source: Source, text: str, delimiter: str) -> list[_Record]:
    """Split a text into records, each with the line on which it begins."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    records: list[_Record] = []
    line = 0
    try:
        for cells in reader:
            written = "".join(lines[line : reader.line_num]).rstrip("\r\n")
            records.append(_Record(line + 1, cells, written))
            line = reader.line_num
    except csv.Error:
        raise DataError(
            "{file}, line {line}: a quotation mark opens a cell and does not close it. Close it, "
            "or double the marks inside the cell.",
            file=source.path,
            line=line + 1,
        ) from None
    return records


def _body(source: Source, records: list[_Record]) -> tuple[list[_Record], int]:
    """Cut off the footnotes, and give the number of cells of a row.

    Footnotes begin at a line such as ``__________``; without it, what stands alone below the last
    row is one.
    """
    widths = [len(record.cells) for record in records if len(record.filled) > 1]
    if not widths:
        raise DataError(
            "{file}: no line has several cells. Is it CSV of GENESIS? State delimiter, or fetch "
            "the file again.",
            file=source.path,
        )
    width = max(set(widths), key=lambda n: (widths.count(n), n))
    rows = [n for n, record in enumerate(records) if _is_row(record) and len(record.cells) == width]
    if not rows:
        return records, width
    rules = (
        n
        for n, record in enumerate(records)
        if n > rows[0] and record.filled == [0] and _RULE.fullmatch(record.cells[0].strip())
    )
    end = next(rules, None)
    if end is None:
        end = rows[-1] + 1
        while end < len(records) and len(records[end].filled) > 1:
            end += 1
    elif end < rows[-1]:
        raise DataError(
            "{file}, line {line}: a row below the footnotes. Save each table as a file of its own.",
            file=source.path,
            line=records[next(n for n in rows if n > end)].line,
        )
    return records[:end], width


def _is_row(record: _Record) -> bool:
    """Tell whether a record has a key in front and a figure, or a mark, behind it."""
    cells = [cell.strip() for cell in record.cells]
    return bool(cells) and cells[0] != "" and any(map(_is_figure, cells[1:]))


def _is_figure(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) or cell in (*statistics.GAPS, *statistics.NOTHING)


def _header(above: Sequence[_Record], width: int) -> list[_Record]:
    """Take the lines of the header: those just above the rows that fill more than a title."""
    header: list[_Record] = []
    for record in reversed(above[-HEADER_AT_MOST:]):
        if len(record.cells) != width or record.filled in ([], [0]):
            break
        header.insert(0, record)
    return header


def _described(
    source: Source, header: list[_Record], title: str, keys: int, width: int
) -> pd.DataFrame:
    """Say for each column of figures which statistic, unit, area and period it has.

    Where the header names no statistic, the line of the title above it does, with its unit in
    brackets: ``Bevölkerungsstand (Anzahl)``.
    """
    found: dict[str, list[str]] = {}
    names: list[list[str]] = []
    for place, record in enumerate(header):
        row = [tidy_name(cell) for cell in record.cells[keys:]]
        is_last, given = place == len(header) - 1, {cell for cell in row if cell}
        if "period" not in found and all(periods.parse(cell) for cell in row):
            found["period"] = row
        elif is_last and given and all(map(_UNIT.fullmatch, given)):
            found["unit"] = row
        elif (
            "area_code" not in found
            and all(map(_CODE.fullmatch, row))
            and any(cell[0] in "D0" for cell in row)
        ):
            found["area_code"] = row
        else:
            names.append(row)
    columns = list(zip(*names, strict=True)) or [()] * (width - keys)
    statistic = [", ".join(dict.fromkeys(filter(None, column))) for column in columns]
    if not any(statistic):
        name, bracket, unit = title.rpartition(" (")
        in_bracket = bracket and unit.endswith(")")
        statistic = [name if in_bracket else title] * len(statistic)
        found.setdefault("unit", [unit[:-1] if in_bracket else ""] * len(statistic))
    described = pd.DataFrame({"statistic": statistic} | found, dtype="str")
    parts = [name for name in described if name != "unit"]
    if "unit" in described and described.duplicated(parts).any():
        both = described["statistic"] + ", " + described["unit"]
        described["statistic"] = both.where(described["unit"] != "", described["statistic"])
    if len(doubled := described.loc[described.duplicated(parts), "statistic"]):
        raise DataError(
            "{file}: the column {column!r} stands twice in the header. Rename or remove one.",
            file=source.path,
            column=doubled.iloc[0],
        )
    return described.replace("", None).set_axis([str(n) for n in range(keys, width)])


def _roles(keys: pd.DataFrame, stated: Mapping[str, str]) -> dict[str, str]:
    """Find among the columns in front those for period, part of a year, area code and area name.

    Without codes nothing tells areas from other labels, so these are left to the source, which
    may name a column by its place: ``columns = { area_name = "column_1" }``.
    """
    roles: dict[str, str] = {}
    for name in keys:
        cells, taken = keys[name].dropna().unique(), roles.values()
        if not len(cells):
            continue
        if "period" not in taken and all(periods.parse(cell) for cell in cells):
            roles[name] = "period"
        elif "_part" not in taken and all(_suffix(cell) for cell in cells):
            roles[name] = "_part"
        elif "area_code" not in taken and not stated and all(map(_CODE.fullmatch, cells)):
            roles[name] = "area_code"
        elif "area_code" in taken and "area_name" not in taken:
            roles[name] = "area_name"
    if "period" not in roles.values():  # a month without its year
        roles = {name: role for name, role in roles.items() if role != "_part"}
    return roles


def _suffix(part: str) -> str:
    """Write a month or quarter as it follows its year: -07 or -Q3; empty if it is none."""
    if found := _TIME_CODE.fullmatch(part):
        number, is_month = int(found["n"]), found["kind"] == "MONAT"
        part = f"{number:02d}/" if is_month else f"{number}. Quartal "
        return periods.parse(f"{part}2000")[4:]
    return periods.parse(f"{part} 2000")[4:]


def _joined(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Join the distinct parts of a name, but for those that say that nothing is divided."""
    parts = frame[list(columns)]
    unique = parts.drop_duplicates()
    written = [
        ", ".join(
            dict.fromkeys(
                str(cell) for cell in row if isinstance(cell, str) and cell.casefold() not in TOTALS
            )
        )
        or next((cell for cell in row if isinstance(cell, str)), None)
        for row in unique.itertuples(index=False)
    ]
    known = unique.assign(_name=pd.Series(written, unique.index, dtype="str"))
    return parts.merge(known, on=list(columns), how="left")["_name"].set_axis(frame.index)


# The flat file: codes and labels in columns of their own.


def _flat(source: Source, path: Path) -> RawTable:
    wide = tabular.cells(source, path)
    columns = [name for name in wide.frame.columns if name != "_line"]
    if {"time", "value"} <= {*columns}:
        renamed = {"time": "period", "value_unit": "unit", "value_variable_label": "statistic"}
        long = wide.frame.rename(columns=renamed)
        form = "{n}_variable_code", "{n}_variable_attribute_code", "{n}_variable_attribute_label"
    else:
        long = _flat_by_column(source, wide.frame, columns)
        form = "{n}_Merkmal_Code", "{n}_Auspraegung_Code", "{n}_Auspraegung_Label"
    blank = pd.Series(None, long.index, dtype="str")
    area_code = area_name = suffix = blank
    labels = [long.get("statistic", blank).rename("statistic")]
    numbers = {int(found["n"]) for name in columns if (found := _FLAT.fullmatch(name))}
    for n in sorted(numbers):
        kind, code, label = (long.get(name.format(n=n), blank).astype("str") for name in form)
        is_region = kind.str.fullmatch(_REGION.pattern).fillna(False).astype(bool)
        is_time = code.str.fullmatch(_TIME_CODE.pattern).fillna(False).astype(bool)
        area_code, area_name = area_code.mask(is_region, code), area_name.mask(is_region, label)
        suffix = suffix.mask(is_time, code.map(_suffix, na_action="ignore").astype("str"))
        labels.append(label.mask(is_region | is_time).rename(f"{n}"))
    named = pd.concat(labels, axis=1)
    period = long["period"].mask(suffix.notna(), long["period"].str[:4] + suffix)
    letter = long.get("value_q", blank)
    letter = letter.where(letter.isin(list(statistics.STATUS_OF_LETTER)))
    value = long["value"]
    is_plain = value.str.fullmatch("[0-9.,+-]*[0-9]").fillna(False).astype(bool) & letter.notna()
    frame = pd.DataFrame(
        {
            **({"area_code": area_code, "area_name": area_name} if area_code.notna().any() else {}),
            "period": period,
            "statistic": _joined(named, list(named.columns)),
            "value": value.mask(is_plain, value + letter),
            "unit": long.get("unit", blank),
            "_line": long["_line"],
        }
    )
    return replace(wide, frame=frame)


def _flat_by_column(source: Source, wide: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Turn the older flat file, with a column for each figure, into long rows."""
    quality = [name for name in columns if name.endswith("__q")]
    figures = [name for name in columns if "__" in name and name not in quality]
    if not figures or "Zeit" not in columns:
        raise DataError(
            "{file}: no column of figures such as BEVSTD__Bevoelkerungsstand__Anzahl beside Zeit. "
            "Is it a flat file of GENESIS? Fetch it again.",
            file=source.path,
        )
    long = statistics.melted(wide, [n for n in columns if n not in {*figures, *quality}], figures)
    # BEVSTD__Bevoelkerungsstand__Anzahl has its quality in BEVSTD__Bevoelkerungsstand__q.
    beside = {name: f"{name.rpartition('__')[0]}__q" for name in figures}
    letters = wide.assign(_none=None)[[q if q in quality else "_none" for q in beside.values()]]
    parts = {name: name.replace("_", " ").split("  ") for name in figures}
    return long.assign(
        statistic=long["_column"].map({name: part[-2] for name, part in parts.items()}),
        unit=long["_column"].map({name: part[-1] for name, part in parts.items()}),
        value_q=pd.Series(letters.to_numpy(dtype=object).ravel(), dtype="str"),
        period=long["Zeit"],
    ).drop(columns=["_column", "Zeit"])
