"""The one way in: a programme's files become a checked :class:`~ostwerk_analysis.Dataset`.

Every row that is read is either accepted or set aside with its file, line, column, value, rule and
remedy. A row that refers to a row set aside is set aside too, so that nothing hangs in the air.
"""

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from . import (
    addresses,
    areas,
    branches,
    checks,
    corrections,
    coverage,
    geo,
    plausibility,
    sources,
)
from .checks import ORIGIN
from .dataset import SNAPSHOT, Dataset
from .faults import FAULT_COLUMNS, REPAIR_COLUMNS, DataError, faults_frame, nearest, repairs_frame
from .programme import Programme, Source
from .reading import check_tables, read_outline, read_source
from .tables import TABLES, broken_rules

MOST_OUTSIDE_PCT = 1.0
"""So much of an area's polygon may lie in no district: the city's border is drawn in many ways."""


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
        If a file cannot be read, more rows are set aside than the programme allows, or an area is
        made of districts that are not there; all such faults at once. :func:`check` gives the
        Dataset all the same unless a file cannot be read.
    """
    if not isinstance(path, Programme) and (Path(path) / SNAPSHOT).is_file():
        return Dataset.from_snapshot(Path(path))
    data = check(path, files)
    if errors := data.obstacles():
        raise DataError(
            "The data cannot be used as they are:\n{errors}\nList all faults with: ostwerk check "
            "{path}",
            errors=errors,
            path=data.programme.path,
        )
    return data


def check(path: str | Path | Programme, files: Mapping[str, Path] | None = None) -> Dataset:
    """Read everything that a programme names, and report instead of stopping at faulty rows.

    Raises
    ------
    DataError
        If a file is missing, unreadable as a whole, or lacks a column that its table needs; all
        such files at once.
    """
    programme = path if isinstance(path, Programme) else Programme.read(path)
    geo.metric(programme.crs)
    named = {source.table for source in programme.sources}
    check_tables(programme)
    if "districts" not in named:
        raise DataError(
            "{file}: no source fills the table districts. Every programme needs one.",
            file=programme.path.name,
        )
    tables: dict[str, pd.DataFrame] = {}
    checked: dict[str, _Checked] = {}
    broken: list[DataError] = []
    inputs: dict[str, dict] = {}
    applied: list[dict] = []
    origin: dict[str, str] = {}
    # Table after table, those that others refer to first, so that the text of one is in memory.
    for name in (name for name in TABLES if name in named):
        read: list[_Read] = []
        stated = [source for source in programme.sources if source.table == name]
        for source in stated:
            try:
                raw, inputs[source.path] = read_source(source, programme, files or {})
                raw, of_source = corrections.corrected(raw, source, programme)
            except DataError as error:
                broken.append(DataError("{table}: {error}", table=name, error=error))
            else:
                read.append((source, raw))
                applied += of_source
                if name == "statistics":
                    origin |= dict.fromkeys(raw.frame["statistic"].dropna(), source.path) | origin
        is_placed = name in ("boroughs", "districts") or "districts" in tables
        if len(read) < len(stated) or not is_placed:
            continue
        try:
            checked[name] = _table(name, read, tables, programme)
        except DataError as error:
            broken.append(DataError("{table}: {error}", table=name, error=error))
        else:
            tables[name] = checked[name].frame
    outlines = None
    if "districts" in tables and not broken:
        outlines, drawn, wrong = _outlines(programme, files or {}, tables["districts"])
        inputs |= drawn
        broken += wrong
    if broken:
        raise DataError("{errors}", errors=broken)
    findings = _findings(tables, origin, applied)
    # From here on districts are those of the latest cut: what is computed and drawn is in that one.
    every, former = tables["districts"], None
    if len(latest := geo.latest(every)) < len(every):
        former = every.drop(index=latest.index).reset_index(drop=True)
        tables["districts"] = latest.reset_index(drop=True)
    found = list(checked.values())
    paths = dict.fromkeys(source.path for source in programme.files)
    return Dataset(
        programme=programme,
        tables=tables,
        reads=pd.concat([one.reads for one in found], ignore_index=True),
        faults=pd.concat([one.faults for one in found], ignore_index=True),
        repairs=pd.concat([one.repairs for one in found], ignore_index=True),
        corrections=corrections.listed(applied),
        findings=findings,
        set_aside={name: one.set_aside for name, one in checked.items() if len(one.set_aside)},
        inputs=pd.DataFrame([inputs[path] for path in paths]),
        outlines=outlines,
        former_districts=former,
    )


def _outlines(
    programme: Programme, files: Mapping[str, Path], districts: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame | None, dict[str, dict], list[DataError]]:
    """Read the areas' own polygons, and refuse those that do not lie in the city."""
    drawn: dict[str, shapely.Geometry] = {}
    inputs: dict[str, dict] = {}
    wrong: list[DataError] = []
    for area in (area for area in programme.areas if area.geometry):
        try:
            shapes, inputs[area.geometry] = read_outline(area, programme, files)
            _refuse_elsewhere(area.outline, shapes)
            drawn[area.id] = shapely.union_all(shapes.to_numpy())
        except DataError as error:
            wrong.append(DataError("{table}: {error}", table="areas", error=error))
            continue
        share_pct = 100 * areas.outside(drawn[area.id], districts)
        if share_pct > MOST_OUTSIDE_PCT:
            wrong.append(
                DataError(
                    "{file}: {share:.1f} % of the area {area} lies in no district, allowed are "
                    "{limit:g} %. Draw it within the city.",
                    file=area.geometry,
                    share=share_pct,
                    area=area.id,
                    limit=MOST_OUTSIDE_PCT,
                )
            )
    if not drawn:
        return None, inputs, wrong
    shapes = gpd.GeoSeries(list(drawn.values()), crs=programme.crs)
    return gpd.GeoDataFrame({"area_id": list(drawn)}, geometry=shapes), inputs, wrong


def _findings(
    tables: Mapping[str, pd.DataFrame], origin: Mapping[str, str], applied: list[dict]
) -> pd.DataFrame:
    """Look for what cannot be: in the figures, and in the corrections that are no longer needed."""
    found = corrections.idle(applied)
    if "statistics" not in tables:
        return found
    doubted = plausibility.findings(tables["statistics"], tables["districts"], origin)
    return pd.concat([found, doubted], ignore_index=True)


_Read = tuple[Source, sources.RawTable]


class _Checked(NamedTuple):
    """A table after all its checks."""

    frame: gpd.GeoDataFrame | pd.DataFrame  # accepted rows
    reads: pd.DataFrame
    faults: pd.DataFrame
    repairs: pd.DataFrame
    set_aside: pd.DataFrame


def _table(
    name: str, read: list[_Read], tables: dict[str, pd.DataFrame], programme: Programme
) -> _Checked:
    """Check one table, of one source or several."""
    contract = TABLES[name]
    texts, frames, bad, repairs = [], [], [], []
    start = 0
    for number, (source, raw) in enumerate(read):
        text = _text(number, source, raw)
        text.index = pd.RangeIndex(start, start := start + len(text))
        if name == "statistics" and "area_name" in text and "district_id" not in text:
            text, unnamed = _name_areas(text, tables, programme)
            bad.append(unnamed)
        typed, unreadable = checks.types(text, name, source)
        typed, restored = checks.lost_zeros(typed, name, tables)
        repairs += [
            raw.repairs.assign(file=Path(source.path).name),
            _changed(restored, text, name, "lost_zeros"),
        ]
        if contract.metadata["geometry"] and "geometry" in text:
            shapes = raw.frame.geometry.to_crs(programme.crs)
            _refuse_elsewhere(source, shapes)
            typed["geometry"] = shapes.set_axis(text.index)
        texts.append(text)
        frames.append(typed)
        bad.append(unreadable)
    text, frame = _stacked(texts), _stacked(frames)
    bad.append(checks.duplicates(text, contract.unique))
    once = _without(frame, bad[-1])
    if "subdistrict_id" in contract.columns:
        once = addresses.with_districts(once, tables["districts"])
    if contract.metadata["geometry"]:
        once, misplaced = _place(once, name, tables, programme)
        bad.append(misplaced)
    if name in coverage.CODES:
        boroughs = tables.get("boroughs") if name == "districts" else None
        mended = coverage.mend(once, name, boroughs)
        once = once.set_geometry(mended.shapes)
        bad.append(mended.faults)
        repairs.append(mended.repairs)
    if name == "businesses":
        once["section"], homeless = checks.sections(once)
        bad.append(homeless)
        if programme.wz_version:
            in_one = branches.brought(once["wz_code"], once["wz_version"], programme.wz_version)
            once["section"] = in_one["section"]
            split = checks.split_branches(once["wz_code"], in_one)
            repairs.append(_changed(split, text, name, "wz_split"))
    bad.append(checks.too_late(once, name, programme.data_as_of))
    bad.append(checks.totals(once, name))
    unreadable = pd.concat(bad, ignore_index=True)
    broken = broken_rules(once[list(contract.columns)], contract)
    # An unreadable cell or an unmatched name leaves a gap, which is not another fault.
    unnamed = unreadable[unreadable["column"] == "area_name"].assign(column="district_id")
    seen = pd.MultiIndex.from_frame(pd.concat([unreadable, unnamed])[["row", "column"]])
    broken = broken[~pd.MultiIndex.from_frame(broken[["row", "column"]]).isin(seen)]
    found = pd.concat(
        [unreadable, broken, checks.dangling(once, name, tables, programme)], ignore_index=True
    )
    accepted = _without(once, found)
    found = pd.concat([found, checks.group_rules(accepted, name)], ignore_index=True)
    if accepted.index.isin(found["row"]).any():
        accepted = _without(accepted, found)
    faults = [_described(found, text, name)]
    faults += [raw.faults.assign(file=Path(source.path).name) for source, raw in read]
    return _Checked(
        accepted.drop(columns=ORIGIN).reset_index(drop=True),
        _reads(read, accepted["_read"], programme),
        pd.concat(faults),
        pd.concat(repairs),
        _set_aside(text.loc[found["row"].unique()].sort_index(), found, read),
    )


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of several files below each other; those of one stay as they are."""
    return frames[0] if len(frames) == 1 else pd.concat(frames)


def _without(frame: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Leave out the rows that break a rule; without any, nothing is copied."""
    return frame if found.empty else frame[~frame.index.isin(found["row"])]


def _reads(read: list[_Read], accepted: pd.Series, programme: Programme) -> pd.DataFrame:
    """Count the rows of each source; ``accepted`` says from which one each such row is."""
    return pd.DataFrame(
        {
            "table": source.table,
            "source": source.path,
            "file": Path(source.path).name,
            "rows_read": raw.rows_read,
            "accepted": (count := int((accepted == number).sum())),
            "set_aside": raw.rows_read - raw.rows_skipped - count,
            "skipped": raw.rows_skipped,
            "fault_limit_pct": source.fault_limit_pct
            if source.fault_limit_pct is not None
            else programme.fault_limit_pct,
        }
        for number, (source, raw) in enumerate(read)
    )


def _text(number: int, source: Source, raw: sources.RawTable) -> pd.DataFrame:
    """Give the cells of a file with their origin, shapes as text among them."""
    text = pd.DataFrame(raw.frame)
    if "geometry" in text:
        text = text.assign(geometry=raw.frame.geometry.to_wkt())
    return text.assign(_read=number, _source=source.path, _file=Path(source.path).name)


def _set_aside(text: pd.DataFrame, found: pd.DataFrame, read: list[_Read]) -> pd.DataFrame:
    """Keep rows as they stand in the files, with the rules that they break."""
    pairs = found[["row", "rule"]].drop_duplicates().sort_values(["row", "rule"])
    several = pairs["row"].duplicated(keep=False)
    joined = pairs[several].groupby("row")["rule"].agg(", ".join)
    rules = pd.concat([pairs[~several].set_index("row")["rule"], joined])
    rows = text.drop(columns="_read").assign(_rules=rules.reindex(text.index)).astype("str")
    unsplit = [
        raw.set_aside.assign(
            _source=source.path,
            _file=Path(source.path).name,
            _rules=raw.faults["rule"].to_numpy(),
        ).astype("str")
        for source, raw in read
        if len(raw.set_aside)
    ]
    return pd.concat([rows, *unsplit], ignore_index=True)


def _changed(codes: pd.DataFrame, text: pd.DataFrame, name: str, rule: str) -> pd.DataFrame:
    """Make repairs of codes that are read as something else, with the line of the first of each."""
    if codes.empty:
        return repairs_frame()
    first = text.loc[codes["row"]].reset_index(drop=True)
    described = codes.assign(
        table=name,
        source=first["_source"],
        file=first["_file"],
        line=first["_line"],
        rule=rule,
        reason=codes["count"],
    )
    return repairs_frame(described[REPAIR_COLUMNS].to_dict("records"))


def _described(found: pd.DataFrame, text: pd.DataFrame, name: str) -> pd.DataFrame:
    """Make faults of broken rules: with table, file, line, and the cell as it stands there."""
    if found.empty:
        return faults_frame()
    rows = text.loc[found["row"]].reset_index(drop=True)
    value = pd.Series("", rows.index, dtype="str")
    for column, cells in found.groupby("column").groups.items():
        present = [part for part in column.split(" and ") if part in rows]
        parts = [rows.loc[cells, part].astype("str").fillna("") for part in present]
        if parts:
            value[cells] = reduce(lambda before, part: before + ", " + part, parts)
    described = found.reset_index(drop=True).assign(
        table=name, source=rows["_source"], file=rows["_file"], line=rows["_line"], value=value
    )
    described = described[FAULT_COLUMNS].sort_values(["source", "line", "column", "rule"])
    return described.astype({"column": "str", "rule": "str", "expected": "str"})


def _name_areas(
    text: pd.DataFrame, tables: dict[str, pd.DataFrame], programme: Programme
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give rows that name an area its code and level, and say which name none, or several.

    Where a row states its level, only areas of that level are looked at.
    """
    city = programme.city
    areas = [("city", name, city.id) for name in dict.fromkeys((city.name, *city.aliases))]
    for level in ("borough", "district"):
        if (table := tables.get(f"{level}s")) is not None:
            codes = zip(table["name"], table[f"{level}_id"], strict=True)
            areas += [(level, name, code) for name, code in codes]
    known = pd.DataFrame(areas, columns=["area_level", "area_name", "district_id"], dtype="str")
    by = ["area_name"]
    if "area_level" in text:
        by = ["area_level", "area_name"]
        text = text.assign(area_level=text["area_level"].fillna("district"))
        is_city = text["area_level"].eq("city") & text["area_name"].isna()
        text["area_name"] = text["area_name"].mask(is_city, city.name)  # there is but one
    names, wanted = (pd.MultiIndex.from_frame(frame[by]) for frame in (known, text))
    several = wanted.isin(names[names.duplicated()])
    is_first = ~names.duplicated()
    place = np.where(several, -1, names[is_first].get_indexer(wanted))
    found = known[is_first].reset_index(drop=True).reindex(place).set_axis(text.index)
    text = text.assign(**{column: found[column] for column in known if column not in by})
    empty = text["area_name"].isna()
    strange = text.loc[~empty & ~several & found["district_id"].isna(), "area_name"]
    near = {name: nearest(name, known["area_name"]) for name in strange.unique()}
    levels = known["area_level"].groupby(known["area_name"]).agg(", ".join)
    bad = [
        checks.rows(text[empty], "area_name", "required"),
        checks.rows(strange, "area_name", "area_name", strange.map(near)),
        checks.rows(
            text[several], "area_name", "ambiguous_name", text["area_name"][several].map(levels)
        ),
    ]
    return text, pd.concat(bad, ignore_index=True)


def _place(
    frame: pd.DataFrame, name: str, tables: dict[str, pd.DataFrame], programme: Programme
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Give a table its geometry in metres, and districts to what has a point."""
    is_drawn = pd.Series(False, frame.index)
    shapes = gpd.GeoSeries(np.full(len(frame), None, dtype=object), frame.index, crs=programme.crs)
    if "lon" in frame:
        shapes = geo.points(frame["lon"], frame["lat"], programme.crs)
    if "geometry" in frame:  # points from degrees are for the rows of a source without shapes
        drawn = gpd.GeoSeries(frame["geometry"], crs=programme.crs)
        is_drawn = drawn.notna()
        shapes = drawn.fillna(shapes)
    placed = gpd.GeoDataFrame(frame, geometry=shapes)
    if name == "districts":
        unassigned = placed["borough_id"].isna()
        if unassigned.any() and "boroughs" in tables and tables["boroughs"].geometry.notna().all():
            found = geo.containing(placed[unassigned], tables["boroughs"], "borough_id")
            placed.loc[unassigned, "borough_id"] = found
        return placed, checks.rows(placed[placed.geometry.isna()], "geometry", "required")
    if name == "boroughs":
        return placed, checks.rows(placed.iloc[:0], "", "")
    placed = placed.set_geometry(geo.as_points(placed.geometry))
    kind = shapely.get_type_id(placed.geometry.to_numpy())  # 0 is a point, -1 nothing
    is_odd, has_point = pd.Series(kind > 0, frame.index), pd.Series(kind >= 0, frame.index)
    located = geo.locate(placed.geometry, tables["districts"]).mask(is_odd)
    outside = has_point & ~is_odd & located.isna()
    in_degrees = placed.loc[has_point & ~is_drawn, "_source"].value_counts()
    _refuse_exchanged(placed[outside & ~is_drawn], in_degrees, tables["districts"])
    stated = placed["district_id"]
    elsewhere = located.notna() & stated.notna() & (located != stated)
    lost = ~has_point & stated.isna()
    odd = placed.geometry[is_odd]
    bad = [
        checks.rows(
            placed[outside], np.where(is_drawn, "geometry", "lon and lat")[outside], "outside"
        ),
        checks.rows(placed[elsewhere], "district_id", "elsewhere", located[elsewhere]),
        checks.rows(odd, TABLES[name].unique[0], "shape", odd.geom_type.str.upper()),
    ]
    if name == "addresses":
        bad.append(checks.rows(placed[lost], "district_id", "needs", "there is no point"))
    placed["district_id"] = located.fillna(stated)
    if name in ("sites", "businesses"):
        placed, unplaced = addresses.place(placed, name, tables, programme)
        bad.append(unplaced)
    return placed, pd.concat(bad, ignore_index=True)


def _refuse_elsewhere(source: Source, shapes: gpd.GeoSeries) -> None:
    """Refuse a file in another zone than is said: its shapes come out hundreds of kilometres away.

    Raises
    ------
    DataError
        If most shapes, in the programme's CRS, lie far from where that is used.
    """
    from .sources import geodata

    known = shapes[shapes.notna() & ~shapes.is_empty]
    is_near = geodata.lie_near(known)
    if 2 * is_near.sum() < len(known):
        bounds = known.iloc[int(np.argmin(is_near))].bounds
        raise DataError(
            "{file}: coordinates such as ({x:g}, {y:g}), in the programme's {crs}, lie far from "
            "where that is used. Correct crs of the source, or that of the programme.",
            file=source.path,
            x=bounds[0],
            y=bounds[1],
            crs=":".join(shapes.crs.to_authority() or [shapes.crs.name]),
        )


def _refuse_exchanged(
    outside: gpd.GeoDataFrame, in_degrees: pd.Series, districts: gpd.GeoDataFrame
) -> None:
    """Say once that the degrees of a file are exchanged, instead of once for each of its rows.

    ``outside`` are the rows whose point lies in no district, ``in_degrees`` the number of points by
    file.

    Raises
    ------
    DataError
        If most points of a file lie outside, and would lie inside if they were exchanged.
    """
    for file, strange in outside.groupby("_source"):
        if 2 * len(strange) > in_degrees[file]:
            inside = geo.exchanged(strange["lon"], strange["lat"], districts)
            if 2 * inside.sum() > in_degrees[file]:
                first = strange[inside].iloc[0]
                raise DataError(
                    "{file}: longitude and latitude are exchanged, as in ({lon:g}, {lat:g}) on "
                    "line {line}. Exchange the two under columns of the source in programme.toml.",
                    file=file,
                    lon=first["lon"],
                    lat=first["lat"],
                    line=first["_line"],
                )
