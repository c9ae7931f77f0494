"""The one way in: a programme's files become a checked :class:`~ostwerk_analysis.Dataset`.

Every row that is read is either accepted or set aside with its file, line, column, value, rule and
remedy. A row that refers to a row set aside is set aside too, so that nothing hangs in the air.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from . import geo, sources
from .dataset import SNAPSHOT, Dataset
from .faults import FAULT_COLUMNS, DataError, faults_frame, nearest
from .programme import Programme, Source
from .sources import marks
from .tables import KINDS, RELATIONS, STATUS_LADDER, TABLES, broken_rules, wz_section

ORIGIN = ["_read", "_source", "_file", "_line"]
"""Where a row came from."""


def load(path: str | Path | Programme, files: Mapping[str, Path] | None = None) -> Dataset:
    """Read and check everything that a programme names.

    Parameters
    ----------
    path : str, Path or Programme
        A programme's folder, its ``programme.toml``, or a snapshot written by ``Dataset.save``.
    files : mapping of str to Path, optional
        Files that stand in for those that the sources name: a copy of them.

    Raises
    ------
    DataError
        If a file cannot be read, or more rows are set aside than the programme allows; all such
        faults at once. :func:`check` gives the Dataset all the same.
    """
    if not isinstance(path, Programme) and (Path(path) / SNAPSHOT).is_file():
        return Dataset.from_snapshot(Path(path))
    data = check(path, files)
    if errors := data.excess():
        raise DataError(
            "{count} sources have too many faults:\n{errors}\nList all faults with: ostwerk check "
            "{path}",
            count=len(errors),
            errors="\n".join(str(error) for error in errors),
            path=data.programme.path,
        )
    return data


def check(path: str | Path | Programme, files: Mapping[str, Path] | None = None) -> Dataset:
    """Read everything that a programme names, and report instead of stopping at faulty rows.

    Raises
    ------
    DataError
        If a file is missing or unreadable as a whole; all such files at once.
    """
    programme = path if isinstance(path, Programme) else Programme.read(path)
    geo.metric(programme.crs)
    named = {source.table for source in programme.sources}
    if unknown := sorted(named - TABLES.keys()):
        raise DataError(
            "{file}: there is no table {table!r}; did you mean {near!r}?",
            file=programme.path.name,
            table=unknown[0],
            near=nearest(unknown[0], TABLES),
        )
    if "districts" not in named:
        raise DataError(
            "{file}: no source fills the table districts. Every programme needs one.",
            file=programme.path.name,
        )
    gathered: dict[str, list[_Read]] = {}
    broken, inputs = [], {}
    for source in programme.sources:
        try:
            file = (files or {}).get(source.path) or programme.source_path(source)
            before = digest(file)
            raw = sources.read(source, file)
            if digest(file) != before:
                raise DataError(
                    "{file} changed while it was read. Run again when it is complete.",
                    file=source.path,
                )
        except DataError as error:
            broken.append(f"{source.table}: {error}")
            continue
        gathered.setdefault(source.table, []).append((source, raw))
        inputs[source.path] = {"file": source.path, "bytes": before[0], "sha256": before[1]}
    if broken:
        raise DataError("{errors}", errors="\n".join(broken))
    return _assemble(programme, gathered, pd.DataFrame(inputs.values()))


def digest(file: Path) -> tuple[int, str]:
    """Give size in bytes and SHA-256 of a file.

    Raises
    ------
    DataError
        If it is missing, or not a plain file.
    """
    if not file.is_file():
        raise DataError(
            "{file} is not there, or is not a plain file. Put it there, or correct the path in "
            "programme.toml.",
            file=file,
        )
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256")
        return opened.tell(), found.hexdigest()


_Read = tuple[Source, sources.RawTable]


def _assemble(
    programme: Programme, gathered: dict[str, list[_Read]], inputs: pd.DataFrame
) -> Dataset:
    """Check table after table, those that others refer to first."""
    tables: dict[str, pd.DataFrame] = {}
    faults, set_aside, reads = [], {}, []
    for name in (name for name in TABLES if name in gathered):
        frame, found, aside = _table(name, gathered[name], tables, programme)
        tables[name] = frame.drop(columns=ORIGIN).reset_index(drop=True)
        faults.append(found)
        if len(aside):
            set_aside[name] = aside
        for number, (source, raw) in enumerate(gathered[name]):
            accepted = int((frame["_read"] == number).sum())
            reads.append(
                {
                    "table": name,
                    "source": source.path,
                    "file": Path(source.path).name,
                    "rows_read": raw.rows_read,
                    "accepted": accepted,
                    "set_aside": raw.rows_read - raw.rows_skipped - accepted,
                    "skipped": raw.rows_skipped,
                    "fault_limit_pct": source.fault_limit_pct
                    if source.fault_limit_pct is not None
                    else programme.fault_limit_pct,
                }
            )
    return Dataset(
        programme=programme,
        tables=tables,
        reads=pd.DataFrame(reads),
        faults=pd.concat(faults, ignore_index=True),
        set_aside=set_aside,
        inputs=inputs,
    )


def _table(
    name: str, read: list[_Read], tables: dict[str, pd.DataFrame], programme: Programme
) -> tuple[gpd.GeoDataFrame | pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Check one table: its accepted rows, its faults, and its rows set aside."""
    contract = TABLES[name]
    texts, frames, bad = [], [], []
    start = 0
    for number, (source, raw) in enumerate(read):
        origin = {"_read": number, "_source": source.path, "_file": Path(source.path).name}
        text = raw.frame.assign(**origin)
        text.index = pd.RangeIndex(start, start := start + len(text))
        if "area_name" in text:
            text, unnamed = _name_areas(text, tables, programme)
            bad.append(unnamed)
        typed, unreadable = _typed(text, name, source)
        if "geometry" in text:
            typed["geometry"] = gpd.GeoSeries(text["geometry"]).to_crs(programme.crs)
        texts.append(text)
        frames.append(typed)
        bad.append(unreadable)
    text = pd.concat(texts)
    frame = pd.concat(frames)
    bad.append(_duplicates(text, contract.unique))
    once = frame.drop(index=bad[-1]["row"].unique())
    if contract.metadata["geometry"]:
        once, misplaced = _place(once, name, tables, programme)
        bad.append(misplaced)
    if name == "businesses":
        once["section"] = wz_section(once["wz_code"], once["wz_version"])
        homeless = once["wz_code"].notna() & once["section"].isna()
        bad.append(_rows(once[homeless], "wz_code", "pattern", "a code of the WZ such as 47.11"))
    unreadable = pd.concat(bad, ignore_index=True)
    broken = broken_rules(once[list(contract.columns)], contract)
    # An unreadable cell or an unmatched name leaves a gap, which is not another fault.
    unnamed = unreadable[unreadable["rule"] == "area_name"].assign(column="district_id")
    seen = pd.MultiIndex.from_frame(pd.concat([unreadable, unnamed])[["row", "column"]])
    broken = broken[~pd.MultiIndex.from_frame(broken[["row", "column"]]).isin(seen)]
    bad = [
        unreadable,
        broken,
        _dangling(once, name, tables, programme),
        _group_rules(once, name),
    ]
    found = pd.concat(bad, ignore_index=True)
    accepted = once.drop(index=found["row"].unique(), errors="ignore")
    faults = pd.concat([_described(found, text, name), *(raw.faults for _, raw in read)])
    aside = text.drop(index=accepted.index)
    said = found.groupby("row")["rule"].agg(lambda rules: ", ".join(sorted(set(rules))))
    aside = pd.DataFrame(aside.assign(_rules=said.reindex(aside.index)).astype("str"))
    unsplit = [
        raw.set_aside.assign(
            _source=source.path,
            _file=Path(source.path).name,
            _rules=raw.faults["rule"].to_numpy(),
        )
        for source, raw in read
        if len(raw.set_aside)
    ]
    return accepted, faults, pd.concat([aside, *unsplit], ignore_index=True)


def _rows(frame: pd.DataFrame, column: str, rule: str, expected: object = "") -> pd.DataFrame:
    """Say of rows that they break a rule; ``expected`` may differ from row to row."""
    return pd.DataFrame({"row": frame.index, "column": column, "rule": rule, "expected": expected})


def _described(found: pd.DataFrame, text: pd.DataFrame, name: str) -> pd.DataFrame:
    """Make faults of broken rules: with table, file, line, and the cell as it stands there."""
    if found.empty:
        return faults_frame()
    rows = text.loc[found["row"]].reset_index(drop=True)
    value = pd.Series("", rows.index, dtype="str")
    for column, cells in found.groupby("column").groups.items():
        present = [part for part in column.split(" and ") if part in rows]
        cell = rows.loc[cells, present].astype("str").fillna("")
        value[cells] = cell.agg(", ".join, axis=1) if present else ""
    described = found.reset_index(drop=True).assign(
        table=name, source=rows["_source"], file=rows["_file"], line=rows["_line"], value=value
    )
    return described[FAULT_COLUMNS].sort_values(["source", "line", "column", "rule"])


def _typed(text: pd.DataFrame, name: str, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the cells of a table into its types; what cannot be read is left empty and named."""
    typed, bad = text[ORIGIN].copy(), []
    for column, declared in TABLES[name].columns.items():
        kind = declared.metadata["kind"]
        dtype = KINDS[kind]
        if column not in text:
            typed[column] = pd.Series(None, text.index, dtype=dtype)
            continue
        cells = text[column]
        if kind == "text":
            typed[column] = cells.astype("str")
            continue
        if kind in {"number", "whole number"}:
            mark = source.decimal_mark or marks.find_decimal_mark(cells)
            if mark == marks.AMBIGUOUS:
                raise DataError(
                    "{file}: the marks in {column} can be read in two ways (such as {value}). "
                    'State decimal_mark = "," or "." for this source in programme.toml.',
                    file=source.path,
                    column=column,
                    value=cells.dropna().iloc[0],
                )
            values, unreadable = marks.to_number(cells, mark)
            if kind == "whole number":
                unreadable |= values.notna() & (values % 1 != 0)
                values = values.where(~unreadable)
        elif kind == "date":
            values, unreadable = marks.to_date(cells, source.date_format)
        else:
            values, unreadable = marks.to_boolean(cells)
        typed[column] = values.astype(dtype)
        rule = {"whole number": "whole_number", "yes/no": "boolean"}.get(kind, kind)
        bad.append(_rows(text[unreadable], column, rule))
    if name == "statistics":
        typed["area_level"] = typed["area_level"].fillna("district")
        gap = typed["value"].isna()
        typed["obs_status"] = typed["obs_status"].fillna("A").mask(gap, "M")
    # What the contract does not know stays as text beside it, for whoever asked the office for it.
    extra = [c for c in text if c not in typed and not c.startswith("_") and c != "geometry"]
    typed[extra] = text[extra]
    return typed, pd.concat(bad, ignore_index=True) if bad else _rows(text.iloc[:0], "", "")


def _duplicates(text: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Find rows that stand twice, the same in every cell; the first one is kept."""
    cells = [column for column in text if column not in {*ORIGIN, "geometry"}]
    return _rows(text[text.duplicated(cells)], " and ".join(key), "duplicate_row")


def _name_areas(
    text: pd.DataFrame, tables: dict[str, pd.DataFrame], programme: Programme
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give rows that name an area its code and level, and say which name none."""
    names: dict[str, tuple[str, str]] = {}
    for level, table, code in (
        ("borough", "boroughs", "borough_id"),
        ("district", "districts", "district_id"),
    ):
        if table in tables:
            pairs = zip(tables[table]["name"], tables[table][code], strict=True)
            names |= {name: (found, level) for name, found in pairs}
    names |= dict.fromkeys(
        (programme.city.name, *programme.city.aliases), (programme.city.id, "city")
    )
    known = {name: code for name, (code, _) in names.items()}
    levels = {name: level for name, (_, level) in names.items()}
    strange = text[~text["area_name"].isin(names)]
    near = {name: nearest(str(name), names) for name in strange["area_name"].unique()}
    named = text.assign(
        district_id=text["area_name"].map(known).astype("str"),
        area_level=text["area_name"].map(levels).astype("str"),
    )
    return named, _rows(strange, "area_name", "area_name", strange["area_name"].map(near))


def _place(
    frame: pd.DataFrame, name: str, tables: dict[str, pd.DataFrame], programme: Programme
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Give a table its geometry in metres, and districts to what has a point."""
    if "geometry" in frame:
        shapes = gpd.GeoSeries(frame["geometry"], crs=programme.crs)
        placed = gpd.GeoDataFrame(frame, geometry=shapes)
    elif "lon" in frame:
        shapes = geo.points(frame["lon"], frame["lat"], programme.crs)
        placed = gpd.GeoDataFrame(frame, geometry=shapes)
    else:
        placed = gpd.GeoDataFrame(
            frame, geometry=gpd.GeoSeries(None, frame.index), crs=programme.crs
        )
    if name == "districts":
        unassigned = placed["borough_id"].isna()
        if unassigned.any() and "boroughs" in tables and tables["boroughs"].geometry.notna().all():
            found = geo.containing(placed[unassigned], tables["boroughs"], "borough_id")
            placed.loc[unassigned, "borough_id"] = found
        return placed, _rows(placed[placed.geometry.isna()], "geometry", "required")
    if name == "boroughs":
        return placed, _rows(placed.iloc[:0], "", "")
    located = geo.locate(placed.geometry, tables["districts"])
    has_point = placed.geometry.notna()
    outside = has_point & located.isna()
    stated = placed["district_id"]
    elsewhere = located.notna() & stated.notna() & (located != stated)
    lost = ~has_point & stated.isna()
    bad = [
        _rows(placed[outside], "lon and lat" if "lon" in frame else "geometry", "outside"),
        _rows(placed[elsewhere], "district_id", "elsewhere", located[elsewhere]),
    ]
    if name == "businesses":
        bad.append(_rows(placed[lost], "district_id", "needs", "there is no point"))
    placed["district_id"] = located.fillna(stated)
    return placed, pd.concat(bad, ignore_index=True)


def _dangling(
    frame: pd.DataFrame, name: str, tables: dict[str, pd.DataFrame], programme: Programme
) -> pd.DataFrame:
    """Find rows that refer to what is not there."""
    keys = {other: table[TABLES[other].unique[0]] for other, table in tables.items()}
    keys["measures"] = pd.Series([measure.id for measure in programme.measures], dtype="str")
    bad = [_rows(frame.iloc[:0], "", "")]
    for column, other in RELATIONS.get(name, {}).items():
        if other in keys:
            dangling = frame[column].notna() & ~frame[column].isin(keys[other])
            bad.append(_rows(frame[dangling], column, "unknown", other))
    if name == "statistics":
        keys["city"] = pd.Series([programme.city.id], dtype="str")
        for level, other in {
            "district": "districts",
            "borough": "boroughs",
            "city": "city",
        }.items():
            of_level = frame["area_level"] == level
            known = keys.get(other, pd.Series(dtype="str"))
            dangling = of_level & frame["district_id"].notna() & ~frame["district_id"].isin(known)
            bad.append(_rows(frame[dangling], "district_id", "unknown", other))
    return pd.concat(bad, ignore_index=True)


def _group_rules(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Find groups of rows that do not fit together; all rows of such a group are set aside."""
    if name == "funding_shares":
        total = frame.groupby("grant_id")["share_pct"].transform("sum")
        wrong = (total - 100).abs() > 0.01
        return _rows(frame[wrong], "grant_id", "sum", total[wrong].map("{:g}".format))
    if name == "jobs":
        rung = frame["status"].map({status: n for n, status in enumerate(STATUS_LADDER)})
        ordered = frame.assign(_rung=rung).sort_values(["job_id", "_rung"])
        step = ordered.groupby("job_id")["status_on"].diff() < pd.Timedelta(0)
        wrong = step.groupby(ordered["job_id"]).transform("any").reindex(frame.index)
        return _rows(frame[wrong], "status_on", "order", "in the order of the rungs")
    return _rows(frame.iloc[:0], "", "")
