"""Releases: the only writer and the only reader of what is published.

A release is a folder ``published/<programme>/<quarter>`` that never changes. It is written beside
its place, synced to disk and moved in by one rename; the file ``current``, which names the release
that is served, is switched last. So a crash at any point leaves the last good release in place. A
later run of the same quarter with other inputs is a revision of its own, ``<quarter>-r2``.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import ReleaseError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
CURRENT = "current"
STAGING = ".staging-"
PLAIN_TABLES = ("observations", "catalogue", "areas", "targets", "headlines", "findings", "reads")
GEO_TABLES = ("districts", "sites")


@dataclass(frozen=True)
class Release:
    """A release, its tables read when they are asked for.

    Attributes
    ----------
    folder : Path
    manifest : dict
        What the release was made from and by, see ``docs/releases.md``.
    observations, catalogue, areas, targets, headlines, findings, reads : DataFrame
    districts, sites : GeoDataFrame
        In the programme's metric CRS.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def programme(self) -> str:
        """Code of the programme."""
        return self.manifest["programme"]["id"]

    @property
    def quarter(self) -> str:
        """The last quarter of the series."""
        return self.manifest["quarter"]

    @property
    def name(self) -> str:
        """Name of the folder: the quarter, and the revision if it is one."""
        return self.folder.name

    @property
    def city(self) -> str:
        """Code of the city in the observations."""
        return self.manifest["programme"]["city"]["id"]

    @property
    def programme_districts(self) -> list[str]:
        """Codes of the districts in the programme's areas, those of comparison left out."""
        return self.manifest["programme"]["districts"]

    def area_names(self, language: str) -> dict[str, str]:
        """Name the areas that are compared with each other: programme areas first, then the city.

        Returns
        -------
        dict
            Code of the area = its name.
        """
        areas = self.areas
        compared = [
            areas[areas["area_level"] == level] for level in ("programme", "comparison", "city")
        ]
        return {
            row["area_id"]: row[f"name_{language}"]
            for level in compared
            for row in level.to_dict("records")
        }

    def names(self, language: str) -> dict[str, str]:
        """Name the codes of breakdowns that are the programme's own: measures and sites."""
        measures = self.manifest["programme"]["measures"]
        sites = dict(zip(self.sites["site_id"], self.sites["name"], strict=True))
        return {measure["id"]: measure["name"][language] for measure in measures} | sites

    def __getattr__(self, name: str) -> "pd.DataFrame":
        """Read a table when it is first asked for."""
        if name not in (*PLAIN_TABLES, *GEO_TABLES):
            raise AttributeError(name)
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = self._read(name)
        return table

    @cached_property
    def _tables(self) -> "dict[str, pd.DataFrame]":
        return {}

    def _read(self, name: str) -> "pd.DataFrame | gpd.GeoDataFrame":
        file = self.folder / f"{name}.parquet"
        if name in GEO_TABLES:
            import geopandas as gpd

            return gpd.read_parquet(file)
        import pandas as pd

        return pd.read_parquet(file)

    def __repr__(self) -> str:
        name = self.manifest["programme"]["name"]["en"]
        return f"Release {self.name} of {name}: {len(self.observations):,} observations"


def open(path: str | Path, *, verify: bool = True) -> Release:
    """Open a release for reading.

    Parameters
    ----------
    path : str or Path
        The folder of a release; or that of a programme, for its current release; or a folder of
        programmes in which there is only one.
    verify : bool
        Compare every file with the recorded SHA-256.

    Raises
    ------
    ReleaseError
        If there is none, or it is damaged.
    """
    folder = Path(path)
    if not (folder / MANIFEST).is_file():
        folder = _current(folder)
    if verify and (damage := damages(folder)):
        raise ReleaseError(
            "The release {name} is damaged: {damage}. Restore it from a copy, or make it anew with "
            "ostwerk run.",
            name=folder.name,
            damage="; ".join(damage[:3]),
        )
    return Release(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def _current(folder: Path) -> Path:
    """Find the current release in a programme's folder, or in the only programme of a folder."""
    if not (folder / CURRENT).is_file():
        programmes = sorted(path.parent for path in folder.glob(f"*/{CURRENT}"))
        if len(programmes) != 1:
            raise ReleaseError(
                "{folder} holds {count} programmes with a release. Name one of them, or make a "
                "release with: ostwerk run PROGRAMME --quarter last",
                folder=folder,
                count=len(programmes),
            )
        folder = programmes[0]
    name = (folder / CURRENT).read_text(encoding="utf-8").strip()
    if not (folder / name / MANIFEST).is_file():
        raise ReleaseError(
            "The current release of {programme}, {name}, is not there. List what is with: ostwerk "
            "releases",
            programme=folder.name,
            name=name,
        )
    return folder / name


def damages(folder: Path) -> list[str]:
    """Say what is wrong with a release's files; nothing if every one is as it was written."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        recorded = {line[66:]: line[:64] for line in lines}
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [f"{SUMS} or {MANIFEST} cannot be read"]
    if manifest.get("format") != FORMAT:
        return [f"its format is {manifest.get('format')!r}, this version reads {FORMAT}"]
    found = {str(file.relative_to(folder).as_posix()): file for file in _files(folder)}
    wrong = [f"{name} is missing" for name in sorted(recorded.keys() - found.keys())]
    wrong += [f"{name} does not belong to it" for name in sorted(found.keys() - recorded.keys())]
    for name in sorted(found.keys() & recorded.keys()):
        if _sha256(found[name]) != recorded[name]:
            wrong.append(f"{name} was changed")
    return wrong


def _files(folder: Path) -> Iterator[Path]:
    """Give all files of a release but the list of sums itself."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file != folder / SUMS:
            yield file


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def releases(published: Path) -> "pd.DataFrame":
    """List the releases of all programmes below a folder.

    Returns
    -------
    DataFrame
        ``programme``, ``release``, ``quarter``, ``released_at``, ``status`` (current, earlier or
        damaged) and ``damage``; the newest of a programme first.
    """
    import pandas as pd

    rows = []
    for programme in sorted({path.parent.parent for path in published.glob(f"*/*/{SUMS}")}):
        for folder in _newest_first(programme):
            damage = damages(folder)
            marker = programme / CURRENT
            is_current = marker.is_file() and marker.read_text().strip() == folder.name
            manifest = {} if damage else json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            rows.append(
                {
                    "programme": programme.name,
                    "release": folder.name,
                    "quarter": manifest.get("quarter", ""),
                    "released_at": manifest.get("released_at", ""),
                    "status": "damaged" if damage else "current" if is_current else "earlier",
                    "damage": "; ".join(damage[:3]),
                }
            )
    columns = ["programme", "release", "quarter", "released_at", "status", "damage"]
    return pd.DataFrame(rows, columns=columns)


def _newest_first(programme: Path) -> list[Path]:
    """Give a programme's release folders, the newest quarter and revision first."""

    def order(folder: Path) -> tuple[str, int]:
        quarter, _, revision = folder.name.partition("-r")
        return quarter, int(revision or 1) if (revision or "1").isdigit() else 0

    folders = [path.parent for path in programme.glob(f"*/{SUMS}")]
    return sorted((f for f in folders if not f.name.startswith(".")), key=order, reverse=True)


def last_good(programme: Path) -> tuple[Release, list[str]]:
    """Open a programme's current release, or the newest one before it that is undamaged.

    Returns
    -------
    release : Release
    passed_over : list of str
        What is wrong with each release that was passed over.

    Raises
    ------
    ReleaseError
        If no undamaged release is left.
    """
    marker = programme / CURRENT
    name = marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""
    candidates = _newest_first(programme)
    # What is newer than the current release was withdrawn on purpose, so it does not step in.
    names = [folder.name for folder in candidates]
    if name in names:
        candidates = candidates[names.index(name) :]
    passed_over = [f"{name}: is not there"] if name and name not in names else []
    for folder in candidates:
        if damage := damages(folder):
            passed_over.append(f"{folder.name}: {'; '.join(damage[:3])}")
            continue
        return open(folder, verify=False), passed_over
    raise ReleaseError(
        "{programme} has no undamaged release. {found} Make one with ostwerk run.",
        programme=programme.name,
        found=" ".join(passed_over),
    )


def stage(published: Path, programme: str) -> Path:
    """Make an empty folder beside a programme's releases, in which the next one is written.

    What killed runs have left behind is cleared away; the caller holds the programme's lock.
    """
    home = published / programme
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(f"{STAGING}*"):
        shutil.rmtree(left)
    staged = Path(tempfile.mkdtemp(prefix=STAGING, dir=home))
    staged.chmod(0o755)
    return staged


def write_tables(staged: Path, tables: "dict[str, pd.DataFrame]") -> None:
    """Write a release's tables as Parquet; geometry as GeoParquet.

    Raises
    ------
    ReleaseError
        If a table is missing or does not belong to a release.
    """
    wanted = {*PLAIN_TABLES, *GEO_TABLES}
    if tables.keys() != wanted:
        raise ReleaseError(
            "A release has the tables {wanted}, not {given}.",
            wanted=", ".join(sorted(wanted)),
            given=", ".join(sorted(tables)),
        )
    for name, table in tables.items():
        table.to_parquet(staged / f"{name}.parquet", index=False)


def table_sums(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each table of a release: equal sums are equal tables, byte for byte."""
    tables = [folder / f"{name}.parquet" for name in (*PLAIN_TABLES, *GEO_TABLES)]
    downloads = sorted((folder / "downloads").glob("*"))
    return {str(file.relative_to(folder)): _sha256(file) for file in (*tables, *downloads)}


def seal(staged: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest and the list of sums, so that a staged release can be opened."""
    text = json.dumps({"format": FORMAT, **manifest}, indent=1, ensure_ascii=False)
    (staged / MANIFEST).write_text(text + "\n", encoding="utf-8")
    sums = [f"{_sha256(file)}  {file.relative_to(staged).as_posix()}\n" for file in _files(staged)]
    (staged / SUMS).write_text("".join(sums), encoding="utf-8")


def publish(staged: Path, manifest: dict[str, Any]) -> Release:
    """Seal a staged release, move it into its place, and make it the current one.

    Parameters
    ----------
    staged : Path
        From :func:`stage`, with everything in it but the manifest.
    manifest : dict
        With ``quarter``; ``format`` and ``revision`` are added.

    Returns
    -------
    Release
        In its final place.
    """
    home, quarter = staged.parent, manifest["quarter"]
    revision = 1
    while (home / _name(quarter, revision)).exists():
        revision += 1
    seal(staged, manifest | {"revision": revision})
    for path in (*staged.rglob("*"), staged):
        _sync(path)
    final = home / _name(quarter, revision)
    os.rename(staged, final)
    _sync(home)
    write_whole(home / CURRENT, final.name + "\n")
    return open(final, verify=False)


def _name(quarter: str, revision: int) -> str:
    return quarter if revision == 1 else f"{quarter}-r{revision}"


def write_whole(file: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one, and never a part."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        _sync(beside)
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)
    _sync(file.parent)


def _sync(path: Path) -> None:
    """Bring a file or folder to the disk, where the system can."""
    if path.is_dir() and os.name == "nt":
        return  # Windows has no handle on folders to sync
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
