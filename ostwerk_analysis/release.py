"""Releases: the only reader of what is published.

A release is a folder ``published/<programme>/<quarter>`` that never changes. The file ``current``
beside it names the release that is served. A later run of the same quarter with other inputs is a
revision of its own, ``<quarter>-r2``.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import ReleaseError
from .language import Sentence, joined

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from .programme import Additionality, Benchmark, Measure, Milestone

FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
CURRENT = "current"
STAGING = ".staging-"
NAME = re.compile(r"(\d{4}-Q[1-4])(?:-r([1-9]\d*))?")
PLAIN_TABLES = (
    *("observations", "catalogue", "areas", "targets", "headlines"),
    *("reads", "faults", "repairs", "corrections", "findings"),
)
OPTIONAL_TABLES = ("operations",)
"""Tables that not every release has: without one, it is read as empty."""
GEO_TABLES = ("districts", "outlines", "sites")


@dataclass(frozen=True)
class Release:
    """A release, its tables read when they are asked for.

    Attributes
    ----------
    folder : Path
    manifest : dict
        What the release was made from and by, see ``docs/releases.md``.
    observations, catalogue, areas, targets, headlines : DataFrame
    reads, faults, repairs, corrections, findings : DataFrame
        What was found while the data were read.
    operations : DataFrame
        The public list of operations; empty where the programme publishes none.
    districts, outlines, sites : GeoDataFrame
        In the programme's metric CRS; ``outlines`` are those of the programme's areas.
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
        """Name of the folder: the quarter, and the revision if it is one.

        While a release is being written, it is the name that it will have.
        """
        if self.folder.name.startswith(STAGING):
            return name_of(self.quarter, self.manifest["revision"])
        return self.folder.name

    @property
    def city(self) -> str:
        """Code of the city in the observations."""
        return self.manifest["programme"]["city"]["id"]

    @property
    def programme_districts(self) -> list[str]:
        """Codes of the districts of which half or more lies in a programme area."""
        return self.manifest["programme"]["districts"]

    @property
    def programme_outline(self) -> "gpd.GeoDataFrame":
        """Outlines of the programme's areas, those of comparison left out."""
        return self.outlines[self.outlines["area_level"] == "programme"]

    @property
    def seed(self) -> int:
        """What everything random was made with, and figures of the release are."""
        return self.manifest["recipe"]["seed"]

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

    def licence(self, language: str) -> str:
        """Say how the published figures may be used; empty where the programme does not."""
        return self.manifest["programme"].get("licence", {}).get(language, "")

    @property
    def expected_after_days(self) -> int:
        """How long after a quarter's end its release is expected."""
        from .programme import Published

        usual = Published().expected_after_days
        return self.manifest["programme"].get("expected_after_days", usual)

    @property
    def measures(self) -> "list[Measure]":
        """The programme's measures, which make up its tree."""
        from .programme import Measure

        return [Measure.model_validate(one) for one in self.manifest["programme"]["measures"]]

    @property
    def milestones(self) -> "list[Milestone]":
        """What began, ended or was decided on which day; none in a release that is older."""
        from .programme import Milestone

        declared = self.manifest["programme"].get("milestones", [])
        return [Milestone.model_validate(one) for one in declared]

    @property
    def main_indicator(self) -> str:
        """Code of the indicator that says what was achieved; empty where none is declared."""
        return self.manifest["programme"].get("main_indicator", "")

    @property
    def additionality(self) -> "Additionality | None":
        """What the programme assumes between gross and net; None where it states nothing."""
        from .programme import Additionality

        stated = self.manifest["programme"].get("additionality")
        return Additionality.model_validate(stated) if stated else None

    @property
    def benchmarks(self) -> "list[Benchmark]":
        """How long other cohorts of start-ups last; none where it does not state any."""
        from .programme import Benchmark

        stated = self.manifest["programme"].get("benchmarks", [])
        return [Benchmark.model_validate(one) for one in stated]

    @property
    def place_names(self) -> dict[str, str]:
        """Name districts, boroughs and the city by their codes."""
        areas = self.areas
        places = areas[areas["area_level"].isin(["city", "borough", "district"])]
        return dict(zip(places["area_id"], places["name_de"], strict=True))

    def observed(self, indicator: str, area_level: str) -> "pd.DataFrame":
        """Read the observations of one indicator in areas of one level, and no others.

        All observations take a hundred times the memory, which counts where each viewer of a page
        has a kernel.
        """
        import pandas as pd
        import pyarrow as pa

        file = self.folder / "observations.parquet"
        wanted = [("indicator", "==", indicator), ("area_level", "==", area_level)]
        found = pd.read_parquet(file, filters=wanted, use_threads=False)
        pa.default_memory_pool().release_unused()  # what was read beside it
        return found

    def __getattr__(self, name: str) -> "pd.DataFrame":
        """Read a table when it is first asked for."""
        if name not in (*PLAIN_TABLES, *OPTIONAL_TABLES, *GEO_TABLES):
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

        if name in OPTIONAL_TABLES and not file.is_file():
            return pd.DataFrame()
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
            damage=joined("; ", damage[:3]),
        )
    return Release(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def _current(folder: Path) -> Path:
    """Find the current release in a programme's folder, or in the only programme of a folder."""
    if not folder.is_dir():
        raise ReleaseError(
            "{folder} is not there. List what is with: ostwerk releases", folder=folder
        )
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


def damages(folder: Path) -> list[Sentence]:
    """Say what is wrong with a release's files; nothing if every one is as it was written."""
    try:
        sums = (folder / SUMS).read_text(encoding="utf-8")
        recorded = {line[66:]: line[:64] for line in sums.split("\n")[:-1]}
        written = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, TypeError, KeyError):
        return [Sentence("{one} or {other} cannot be read", one=SUMS, other=MANIFEST)]
    if written != FORMAT:
        said = "its format is {format!r}, this version reads {own}"
        return [Sentence(said, format=written, own=FORMAT)]
    found = {file.relative_to(folder).as_posix(): file for file in _files(folder)}
    lost, added = recorded.keys() - found.keys(), found.keys() - recorded.keys()
    wrong = [] if sums == _listed(recorded) else [Sentence("{name} was changed", name=SUMS)]
    wrong += [Sentence("{name} is missing", name=name) for name in sorted(lost)]
    wrong += [Sentence("{name} does not belong to it", name=name) for name in sorted(added)]
    for name in sorted(found.keys() & recorded.keys()):
        try:
            if _sha256(found[name]) != recorded[name]:
                wrong.append(Sentence("{name} was changed", name=name))
        except OSError as error:
            said = "{name} cannot be read ({reason})"
            wrong.append(Sentence(said, name=name, reason=error.strerror))
    return wrong


def _files(folder: Path) -> Iterator[Path]:
    """Give all files of a release but the list of sums itself."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file != folder / SUMS:
            yield file


def sums_of(folder: Path) -> str:
    """List the SHA-256 of all files of a release but the list itself."""
    return _listed({file.relative_to(folder).as_posix(): _sha256(file) for file in _files(folder)})


def _listed(sums: dict[str, str]) -> str:
    """Write SHA-256 by name of file as ``sha256sum`` does."""
    return "".join(f"{sha}  {name}\n" for name, sha in sums.items())


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def releases(published: Path, language: str = "en") -> "pd.DataFrame":
    """List the releases of all programmes below a folder, their damages said in a language.

    Returns
    -------
    DataFrame
        ``programme``, ``release``, ``quarter``, ``released_at``, ``status`` (current, earlier or
        damaged) and ``damage``; the newest of a programme first.
    """
    import pandas as pd

    rows = []
    for programme in sorted(path for path in published.glob("*") if path.is_dir()):
        current, folders = current_name(programme), newest_first(programme)
        if current and current not in [folder.name for folder in folders]:
            folders.insert(0, programme / current)
        for folder in folders:
            damage = damages(folder) if folder.is_dir() else [Sentence("it is not there")]
            manifest = {} if damage else json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            status = "current" if folder.name == current else "earlier"
            rows.append(
                {
                    "programme": programme.name,
                    "release": folder.name,
                    "quarter": manifest.get("quarter", ""),
                    "released_at": manifest.get("released_at", ""),
                    "status": "damaged" if damage else status,
                    "damage": joined("; ", damage[:3]).text(language),
                }
            )
    columns = ["programme", "release", "quarter", "released_at", "status", "damage"]
    return pd.DataFrame(rows, columns=columns)


def current_name(programme: Path) -> str:
    """Give the name of a programme's current release, empty if it has none."""
    marker = programme / CURRENT
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""


def newest_first(programme: Path) -> list[Path]:
    """Give a programme's release folders, the newest quarter and revision first."""
    folders = [path for path in programme.glob("*") if path.is_dir() and NAME.fullmatch(path.name)]
    return sorted(folders, key=lambda folder: order(folder.name), reverse=True)


def shown(programme: Path) -> list[str]:
    """Name a programme's releases, the newest first; what is newer than the current one is not
    among them, for it was withdrawn.
    """
    current = current_name(programme)
    names = [folder.name for folder in newest_first(programme) if (folder / MANIFEST).is_file()]
    return [name for name in names if not current or order(name) <= order(current)]


def name_of(quarter: str, revision: int) -> str:
    """Name a release by its quarter, and its revision if it is one."""
    return quarter if revision == 1 else f"{quarter}-r{revision}"


def order(name: str) -> tuple[str, int]:
    """Give quarter and revision of a release's name; of another name, what comes before all."""
    found = NAME.fullmatch(name)
    return (found[1], int(found[2] or 1)) if found else ("", 0)


def newest(programme: Path, quarter: str) -> Release | None:
    """Open the newest undamaged release of a quarter, current or not; None if there is none."""
    for folder in newest_first(programme):
        if order(folder.name)[0] == quarter and not damages(folder):
            return open(folder, verify=False)
    return None


def before(published: Release) -> Release | None:
    """Open the newest undamaged release before one, in its programme's folder; None if none is.

    A revision comes after the releases of its quarter that it corrects.
    """
    for folder in newest_first(published.folder.parent):
        if order(folder.name) < order(published.name) and not damages(folder):
            return open(folder, verify=False)
    return None


def last_good(programme: Path) -> tuple[Release, list[Sentence]]:
    """Open a programme's current release, or the newest one before it that is undamaged.

    Returns
    -------
    release : Release
    passed_over : list of Sentence
        What is wrong with each release that was passed over.

    Raises
    ------
    ReleaseError
        If no undamaged release is left.
    """
    name = current_name(programme)
    candidates = newest_first(programme)
    # What is newer than the current release was withdrawn on purpose, so it does not step in.
    names = [folder.name for folder in candidates]
    if name in names:
        candidates = candidates[names.index(name) :]
    lost = [Sentence("it is not there")] if name and name not in names else []
    passed_over = [_passed_over(name, lost)] if lost else []
    for folder in candidates:
        if damage := damages(folder):
            passed_over.append(_passed_over(folder.name, damage))
            continue
        return open(folder, verify=False), passed_over
    raise ReleaseError(
        "{programme} has no undamaged release. Make one with ostwerk run. {found}",
        programme=programme.name,
        found=joined("; ", passed_over),
    )


def _passed_over(name: str, damage: list[Sentence]) -> Sentence:
    """Say why a release was passed over."""
    return Sentence("{name}: {damage}", name=name, damage=joined("; ", damage[:3]))


def servable(path: Path) -> tuple[Path, list[tuple[str, Sentence]]]:
    """Say what of a folder can be served, passing over what is damaged.

    Parameters
    ----------
    path : Path
        A release, a programme's folder, or a folder of programmes.

    Returns
    -------
    path : Path
        The same; for a damaged release, the newest good one of its programme.
    passed_over : list of (str, Sentence)
        The release served instead, and what is wrong with those passed over.

    Raises
    ------
    ReleaseError
        If a programme has no undamaged release, or there is no programme.
    """
    if (path / SUMS).is_file() or (path / MANIFEST).is_file():
        damage = damages(path)
        if not damage:
            return path, []
        good, _ = last_good(path.parent)
        return good.folder, [(good.name, _passed_over(path.name, damage))]
    homes = [path] if (path / CURRENT).is_file() else [m.parent for m in path.glob(f"*/{CURRENT}")]
    if not homes:
        raise ReleaseError(
            "There is no release in {folder}. Make one with: ostwerk run PROGRAMME", folder=path
        )
    found = [last_good(home) for home in sorted(homes)]
    return path, [(good.name, joined("; ", over)) for good, over in found if over]


def table_sums(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each table of a release: equal sums are equal tables, byte for byte."""
    names = (*PLAIN_TABLES, *OPTIONAL_TABLES, *GEO_TABLES)
    tables = [file for name in names if (file := folder / f"{name}.parquet").is_file()]
    downloads = sorted((folder / "downloads").glob("*"))
    return {file.relative_to(folder).as_posix(): _sha256(file) for file in (*tables, *downloads)}
