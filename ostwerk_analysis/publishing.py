"""Publishing: the only writer of releases.

A release is written beside its place, synced to disk and moved in by one rename; the file
``current``, which names the release that is served, is switched last. So a crash at any point
leaves the last good release in place. One of an earlier quarter does not become the current one.
"""

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import ReleaseError
from .files import clear_unfinished, sync, write_whole
from .release import (
    CURRENT,
    FORMAT,
    GEO_TABLES,
    MANIFEST,
    NAME,
    OPTIONAL_TABLES,
    PLAIN_TABLES,
    STAGING,
    SUMS,
    Release,
    current_name,
    damages,
    name_of,
    newest_first,
    open,
    order,
    sums_of,
)

if TYPE_CHECKING:
    import pandas as pd

PUBLISHING = ".publishing"
"""Names the release that is being moved in, until `current` does."""
GROUP_ROWS = 1 << 14
"""Rows that are read together: who wants one indicator is spared the groups without it."""


def stage(published: Path, programme: str) -> Path:
    """Make an empty folder beside a programme's releases, in which the next one is written.

    What killed runs have left behind is cleared away; the caller holds the programme's lock.
    """
    home = published / programme
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(f"{STAGING}*"):
        shutil.rmtree(left)
    clear_unfinished(home)
    staged = home / f"{STAGING}{os.getpid()}"
    staged.mkdir()
    return staged


def write_tables(staged: Path, tables: "dict[str, pd.DataFrame]") -> None:
    """Write a release's tables as Parquet; geometry as GeoParquet.

    Raises
    ------
    ReleaseError
        If a table is missing or does not belong to a release.
    """
    wanted = {*PLAIN_TABLES, *GEO_TABLES}
    if tables.keys() - {*OPTIONAL_TABLES} != wanted:
        raise ReleaseError(
            "A release has the tables {wanted}, not {given}.",
            wanted=", ".join(sorted(wanted)),
            given=", ".join(sorted(tables)),
        )
    for name, table in tables.items():
        table.to_parquet(staged / f"{name}.parquet", index=False, row_group_size=GROUP_ROWS)


def seal(staged: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest and the list of sums, so that a staged release can be opened.

    Parameters
    ----------
    staged : Path
        From :func:`stage`, with everything in it but the manifest.
    manifest : dict
        With ``quarter``; ``format`` and ``revision`` are added.
    """
    revision = 1
    while (staged.parent / name_of(manifest["quarter"], revision)).exists():
        revision += 1
    whole = {"format": FORMAT, **manifest, "revision": revision}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    (staged / MANIFEST).write_text(text + "\n", encoding="utf-8")
    (staged / SUMS).write_text(sums_of(staged), encoding="utf-8")


def publish(staged: Path, manifest: dict[str, Any]) -> Release:
    """Seal a staged release, move it into its place, and make it the current one.

    Parameters
    ----------
    staged, manifest
        As for :func:`seal`.

    Returns
    -------
    Release
        In its final place.
    """
    seal(staged, manifest)
    for path in (*staged.rglob("*"), staged):
        sync(path)
    final = staged.parent / open(staged, verify=False).name
    write_whole(final.parent / PUBLISHING, final.name + "\n")
    os.rename(staged, final)
    sync(final.parent)
    finish_publishing(final.parent)
    return open(final, verify=False)


def finish_publishing(programme: Path) -> None:
    """Make current what a run was about to make current when it was cut off.

    A release that is newer than the current one without such a note was withdrawn by hand, and
    stays so. Where no release is marked, or one that is gone, the newest good one is.
    """
    note = programme / PUBLISHING
    if note.is_file():
        folder = programme / note.read_text(encoding="utf-8").strip()
        if NAME.fullmatch(folder.name) and folder.is_dir():
            make_current(folder)
        note.unlink()
    name = current_name(programme)
    if not name or not (programme / name).is_dir():
        good = next((folder for folder in newest_first(programme) if not damages(folder)), None)
        if good:
            make_current(good)


def make_current(folder: Path) -> bool:
    """Make a release its programme's current one, unless there is one of a later quarter.

    Returns
    -------
    bool
        Whether it is the current one now.
    """
    current = current_name(folder.parent)
    if order(current)[0] > order(folder.name)[0] and (folder.parent / current).is_dir():
        return False
    if current != folder.name:
        write_whole(folder.parent / CURRENT, folder.name + "\n")
    return True
