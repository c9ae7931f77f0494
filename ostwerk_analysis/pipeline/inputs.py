"""What a run reads: its files, a copy of each for later years, and a snapshot of the checked data.

The copies are named by their SHA-256, so that a release that recorded it can be recomputed from
them. Data are loaded from the copies: what is recorded is what was read, even if a file is being
replaced meanwhile.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import periods
from ..faults import DataError
from ..files import put_in_place, sync
from ..programme import Programme
from .recipe import OWN_NOTEBOOKS

if TYPE_CHECKING:
    from ..dataset import Dataset

DATED = {
    "contacts": "occurred_on",
    "grants": "applied_on",
    "jobs": "status_on",
    "participants": "entered_on",
    "operations": "started_on",
}
"""Tables of events, by which it is told which quarters have data."""
QUARTERS = "quarters.json"


@dataclass(frozen=True)
class Plan:
    """What the steps of a run have in common.

    Attributes
    ----------
    programme : Programme
    archive : mapping of str to Path
        Files that stand in for those that the sources name.
    published, home : Path
        Where releases go, and what the run keeps for itself.
    workers : int
        Notebooks at once.
    say : callable
        Told about each step: its name, how many parts of it are done, and of how many.
    """

    programme: Programme
    archive: Mapping[str, Path]
    published: Path
    home: Path
    workers: int
    say: Callable[[str, int, int], None]


def names(programme: Programme) -> list[str]:
    """Name every file that a run depends on: the programme's, its sources', its own notebooks."""
    own = sorted((programme.folder / OWN_NOTEBOOKS).glob("*.ipynb"))
    sources = [source.path for source in programme.files]
    together = [programme.path.name, *sources, *(f"{OWN_NOTEBOOKS}/{path.name}" for path in own)]
    return list(dict.fromkeys(together))


def files(programme: Programme, archive: Mapping[str, Path]) -> dict[str, Path]:
    """Find the files that :func:`names` names.

    Raises
    ------
    DataError
        If a source lies outside of the programme's folder, and may not.
    """
    sources = {
        source.path: archive.get(source.path) or programme.source_path(source)
        for source in programme.files
    }
    return {name: sources.get(name, programme.folder / name) for name in names(programme)}


def digests(plan: Plan) -> list[dict[str, Any]]:
    """Give name, size and SHA-256 of every input, the programme's file first.

    Raises
    ------
    DataError
        If any is missing, all of them at once; or if the programme's file is not what was read of
        it.
    """
    from ..reading import digest

    sums, missing = {}, []
    sources = {source.path: source for source in plan.programme.files}
    for name, file in files(plan.programme, plan.archive).items():
        try:
            sums[name] = digest(file, sources.get(name))
        except DataError as error:
            missing.append(error)
    if missing:
        raise DataError("{errors}", errors=missing)
    if Programme.read(plan.programme.path) != plan.programme:
        raise changed_meanwhile(plan.programme.path.name)
    return [{"file": name, "bytes": size, "sha256": sha} for name, (size, sha) in sums.items()]


def changed_meanwhile(file: str) -> DataError:
    """Say that a file did not keep still."""
    return DataError("{file} changed while it was read. Run again when it is complete.", file=file)


def is_data(entry: Mapping[str, Any]) -> bool:
    """Tell whether an input has a part in the snapshot; a notebook has not."""
    return not (entry["file"].startswith(f"{OWN_NOTEBOOKS}/") and entry["file"].endswith(".ipynb"))


def published_name(file: str) -> str:
    """Give the name of an input as a manifest may tell it: without the folders of this machine."""
    path = Path(file)
    return path.name if path.is_absolute() or ".." in path.parts else file


def archived(home: Path, entry: Mapping[str, Any]) -> Path:
    """Give the place of the copy of an input, by its hash."""
    return home / "inputs" / (entry["sha256"] + Path(entry["file"]).suffix)


def keep(plan: Plan, inputs: Iterable[Mapping[str, Any]]) -> dict[str, Path]:
    """Keep a copy of every input that has none yet.

    Returns
    -------
    dict
        Name of the input = its copy.

    Raises
    ------
    DataError
        If a file is not what its digest was taken of.
    """
    from ..reading import digest

    (plan.home / "inputs").mkdir(parents=True, exist_ok=True)
    for left in (plan.home / "inputs").glob(".*"):
        left.unlink()  # by a killed run
    origins, copies = files(plan.programme, plan.archive), {}
    for entry in inputs:
        kept = copies[entry["file"]] = archived(plan.home, entry)
        if kept.is_file():
            continue
        beside = kept.with_name(f".{kept.name}")
        shutil.copyfile(origins[entry["file"]], beside)
        if digest(beside)[1] != entry["sha256"]:
            beside.unlink()
            raise changed_meanwhile(entry["file"])
        put_in_place(beside, kept)
    return copies


def take_snapshot(plan: Plan, inputs: Iterable[Mapping[str, Any]], snapshot: Path) -> None:
    """Load and check the copies of the inputs, and write what was accepted, for the notebooks.

    Raises
    ------
    DataError
        If the inputs are not good enough.
    """
    from ..loading import load

    plan.say("load", 0, 1)
    data = load(plan.programme, files=keep(plan, inputs))
    plan.say("load", 1, 1)
    # One snapshot is enough: the copies can make any other one again.
    shutil.rmtree(snapshot.parent, ignore_errors=True)
    snapshot.parent.mkdir(parents=True)
    beside = data.save(snapshot.with_suffix(".part"))
    (beside / QUARTERS).write_text(json.dumps(quarters_with_data(data)))
    for file in beside.iterdir():
        sync(file)  # what is there is trusted later on
    os.rename(beside, snapshot)


def quarters_with_data(data: "Dataset") -> list[str]:
    """Give the quarters in which something happened or was published, the first one first."""
    found: set[str] = set()
    for table, column in DATED.items():
        if table in data.tables:
            found.update(periods.quarters_of(data.tables[table][column].dropna()))
    if "statistics" in data.tables:
        period = data.statistics["period"]
        found.update(period.where(period.str.contains("Q"), period + "-Q4"))
    return sorted(found)
