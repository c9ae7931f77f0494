"""The checked tables of a programme, with what was found while reading them."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from . import areas, vintages
from .faults import DataError, as_error, nearest
from .programme import Programme, Target
from .tables import TABLES

if TYPE_CHECKING:
    import geopandas as gpd

    from .catchments import Catchments

SNAPSHOT = "snapshot.json"
SHAPES = ("outlines", "former_districts")
"""Shapes beside the tables, which a snapshot keeps where there are any."""
FOUND = ("reads", "faults", "repairs", "corrections", "findings", "inputs")
"""The tables about the tables, which a snapshot keeps too."""


@dataclass(frozen=True)
class Dataset:
    """The checked tables of a programme, and what was found in them.

    Attributes
    ----------
    programme : Programme
    tables : dict of str to DataFrame
        The tables that have a source, with the columns of their contract; also as attributes,
        ``data.grants``. Geometry is in the programme's CRS.
    reads : DataFrame
        One row for each source: rows read, accepted, set aside and skipped (not asked for).
    faults : DataFrame
        One row for each rule broken, see :data:`ostwerk_analysis.faults.FAULT_COLUMNS`.
    repairs : DataFrame
        One row for each thing that reading changed, see
        :data:`ostwerk_analysis.faults.REPAIR_COLUMNS`.
    corrections : DataFrame
        One row for each correction that the programme declares, with the ``cells`` it has changed,
        see :data:`ostwerk_analysis.corrections.CORRECTION_COLUMNS`.
    findings : DataFrame
        One row for each figure or period that is not plausible, see
        :data:`ostwerk_analysis.faults.FINDING_COLUMNS`. Findings change nothing.
    set_aside : dict of str to DataFrame
        The rows set aside, as they stand in the files, with their origin and reasons.
    inputs : DataFrame
        One row for each file: ``file``, ``bytes``, ``sha256``.
    outlines : GeoDataFrame, optional
        ``area_id`` and the polygon of each area of the programme that has one of its own.
    former_districts : GeoDataFrame, optional
        Rows of the source of districts that are no longer valid; ``districts`` are those that are.
    """

    programme: Programme
    tables: dict[str, pd.DataFrame]
    reads: pd.DataFrame
    faults: pd.DataFrame
    repairs: pd.DataFrame
    corrections: pd.DataFrame
    findings: pd.DataFrame
    set_aside: dict[str, pd.DataFrame]
    inputs: pd.DataFrame
    outlines: "gpd.GeoDataFrame | None" = None
    former_districts: "gpd.GeoDataFrame | None" = None

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Give a table by its name."""
        if name in TABLES and name in self.tables:
            return self.tables[name]
        if name in TABLES:
            raise DataError(
                "The programme has no table {table}. Give it a source in programme.toml.",
                table=name,
            )
        raise AttributeError(name)

    def __repr__(self) -> str:
        head = f"{self.programme.name.en} ({self.programme.id})"
        aside = self.reads.groupby("table")["set_aside"].sum()
        lines = [
            f"  {name:<15}{len(table):>9,} rows{_aside(aside.get(name, 0))}"
            for name, table in self.tables.items()
        ]
        return "\n".join([head, *lines])

    @property
    def areas(self) -> pd.DataFrame:
        """Which part of which district belongs to which area.

        Returns
        -------
        DataFrame
            ``district_id``, ``area_id``, ``area_level``, ``name_de``, ``name_en``, ``share``,
            ``method``: a row for each district as an area of its own, in its borough, in the city,
            and in each area of the programme; see :mod:`ostwerk_analysis.areas`.
        """
        return areas.memberships(
            self.programme,
            self.districts,
            self.tables.get("boroughs"),
            self.outlines,
            self.tables.get("addresses"),
            vintages.successors(self.changes, set(self.districts["district_id"])),
        )

    @property
    def changes(self) -> pd.DataFrame:
        """What became of districts that were cut anew, see :mod:`ostwerk_analysis.vintages`."""
        return vintages.ledger(
            self.tables.get("district_changes"), self.former_districts, self.districts
        )

    def placed(self) -> "tuple[Dataset, pd.DataFrame]":
        """Tell on which side of an area's own polygon things with a point lie.

        Returns
        -------
        data : Dataset
            Where an outline divides a district, ``district_id`` of businesses and sites is the code
            of their part of it. The same Dataset if no area has a polygon of its own.
        areas : DataFrame
            As :attr:`areas`, with those parts as districts.
        """
        known = self.areas
        if self.outlines is None:
            return self, known
        tables, members = areas.placed(self.tables, known, self.outlines)
        return replace(self, tables=tables), members

    def area_names(self, language: str) -> dict[str, str]:
        """Name the areas that are compared with each other: programme areas first, then the city.

        Returns
        -------
        dict
            Code of the area = its name.
        """
        areas = {area.id: getattr(area.name, language) for area in self.programme.areas}
        return areas | {self.programme.city.id: self.programme.city.name}

    def names(self, language: str) -> dict[str, str]:
        """Name the codes of breakdowns that are the programme's own: measures and sites."""
        measures = {
            measure.id: getattr(measure.name, language) for measure in self.programme.measures
        }
        sites = self.tables.get("sites")
        return (
            measures
            if sites is None
            else measures | dict(zip(sites["site_id"], sites["name"], strict=True))
        )

    @property
    def place_names(self) -> dict[str, str]:
        """Name districts, boroughs and the city by their codes."""
        names = {self.programme.city.id: self.programme.city.name}
        for level in ("borough", "district"):
            if (table := self.tables.get(f"{level}s")) is not None:
                names |= dict(zip(table[f"{level}_id"], table["name"], strict=True))
        return names

    @property
    def programme_districts(self) -> list[str]:
        """Codes of the districts of which half or more lies in a programme area."""
        return areas.mostly(areas.composition(self.areas))

    @property
    def programme_outline(self) -> "gpd.GeoDataFrame":
        """Outlines of the programme's areas, those of comparison left out."""
        drawn = areas.outlined(self.areas, self.districts, self.outlines)
        return drawn[drawn["area_level"] == "programme"]

    @property
    def targets(self) -> pd.DataFrame:
        """Targets that ``programme.toml`` declares, as figures take them, one row each."""
        rows = [target.model_dump(mode="json") for target in self.programme.targets]
        return pd.DataFrame(rows, columns=list(Target.model_fields))

    @cached_property
    def catchments(self) -> "Catchments":
        """How far all places of the city are from its sites: measured when it is first asked."""
        from . import catchments

        return catchments.measured(
            self.sites,
            self.districts,
            self.tables.get("addresses"),
            self.tables.get("network_edges"),
            self.tables.get("network_nodes"),
        )

    def catchment_outlines(self, within_m: float) -> "gpd.GeoSeries | None":
        """Draw the catchments of the sites, see :func:`ostwerk_analysis.catchments.outlines`.

        Returns
        -------
        GeoSeries or None
            None where the programme has no sites.
        """
        from . import catchments

        if "sites" not in self.tables:
            return None
        return catchments.outlines(self.catchments.reach, within_m)

    def completeness(self) -> pd.DataFrame:
        """Say how many cells of each column are filled.

        Returns
        -------
        DataFrame
            ``table``, ``column``, ``filled_pct``.
        """
        rows = [
            {"table": name, "column": column, "filled_pct": 100 * table[column].notna().mean()}
            for name, table in self.tables.items()
            for column in TABLES[name].columns
        ]
        return pd.DataFrame(rows)

    def obstacles(self) -> list[DataError]:
        """List what keeps the data from being used, nothing if all is well.

        A broken key is never allowed, another fault in ``fault_limit_pct`` of the rows that a
        source was asked for. No district of a programme's area may be missing.
        """
        return [*self._excessive_faults(), *self._wrong_areas()]

    def _excessive_faults(self) -> Iterator[DataError]:
        """Say which sources have more faults than the programme allows."""
        origin = ["table", "source", "file"]
        for read in self.reads.to_dict("records"):
            found = self.faults[(self.faults[origin] == [read[k] for k in origin]).all(axis=1)]
            of_key = TABLES[read["table"]].unique
            is_key = (found["rule"] == "key") | (
                (found["rule"] == "required") & found["column"].isin(of_key)
            )
            asked_for = read["rows_read"] - read["skipped"]
            share_pct = 100 * read["set_aside"] / max(asked_for, 1)
            if is_key.any() or share_pct > read["fault_limit_pct"]:
                first = (found[is_key] if is_key.any() else found).to_dict("records")[0]
                yield DataError(
                    "{table} from {file}: {set_aside:,} of {rows:,} rows set aside ({share:.1f} %, "
                    "allowed {limit:g} %), {keys:,} of them for their key: none may be empty or "
                    "stand twice. The first: {first}"
                    if is_key.any()
                    else "{table} from {file}: {set_aside:,} of {rows:,} rows set aside "
                    "({share:.1f} %, allowed {limit:g} %). The limit is fault_limit_pct in "
                    "programme.toml. The first: {first}",
                    table=read["table"],
                    file=read["file"],
                    set_aside=read["set_aside"],
                    rows=asked_for,
                    share=share_pct,
                    limit=read["fault_limit_pct"],
                    # A line may hold several rows, as in statistics with a column for each year.
                    keys=len(found.loc[is_key, ["line", "value"]].drop_duplicates()),
                    first=as_error(first),
                )

    def _wrong_areas(self) -> Iterator[DataError]:
        """Say which districts of a programme's area are not there, and which code is taken."""
        known = set(self.districts["district_id"])
        boroughs = self.tables.get("boroughs")
        taken = known if boroughs is None else known | set(boroughs["borough_id"])
        for area in self.programme.areas:
            if area.id in taken:
                yield DataError(
                    "{file}: the area {area} has the code of a district or borough. Give it "
                    "another one.",
                    file=self.programme.path.name,
                    area=area.id,
                )
            for code in area.shares:
                if code not in known:
                    yield DataError(
                        "{file}: the area {area} has the district {code}, which the table "
                        "districts does not have, or not without a fault; the nearest is {near}.",
                        file=self.programme.path.name,
                        area=area.id,
                        code=code,
                        near=nearest(code, known),
                    )

    def save(self, folder: str | Path) -> Path:
        """Write a snapshot that :func:`ostwerk_analysis.load` reads back without the files."""
        folder = Path(folder)
        folder.mkdir(parents=True)
        shutil.copyfile(self.programme.path, folder / "programme.toml")
        for name, table in self.tables.items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
        for name in FOUND:
            getattr(self, name).to_parquet(folder / f"_{name}.parquet", index=False)
        for name in SHAPES:
            if (shapes := getattr(self, name)) is not None:
                shapes.to_parquet(folder / f"_{name}.parquet", index=False)
        for name, rows in self.set_aside.items():
            rows.to_parquet(folder / f"_set_aside_{name}.parquet", index=False)
        (folder / SNAPSHOT).write_text(
            json.dumps({"tables": list(self.tables), "set_aside": list(self.set_aside)})
        )
        return folder

    @classmethod
    def from_snapshot(cls, folder: Path) -> "Dataset":
        """Read back what :meth:`save` has written."""
        import geopandas as gpd

        kept = json.loads((folder / SNAPSHOT).read_text())
        tables = {}
        for name in kept["tables"]:
            file = folder / f"{name}.parquet"
            has_geometry = bool(TABLES[name].metadata["geometry"])
            tables[name] = gpd.read_parquet(file) if has_geometry else pd.read_parquet(file)
        return cls(
            programme=Programme.read(folder),
            tables=tables,
            set_aside={
                name: pd.read_parquet(folder / f"_set_aside_{name}.parquet")
                for name in kept["set_aside"]
            },
            **{name: pd.read_parquet(folder / f"_{name}.parquet") for name in FOUND},
            **{
                name: gpd.read_parquet(file)
                for name in SHAPES
                if (file := folder / f"_{name}.parquet").is_file()
            },
        )


def _aside(count: int) -> str:
    return f", {count:,} set aside" if count else ""
