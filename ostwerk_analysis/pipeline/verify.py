"""Computing a release anew from the inputs it recorded, to see whether it comes out the same."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import release
from ..faults import ReleaseError
from ..language import text
from ..programme import Programme
from . import inputs
from . import run as quarterly


@dataclass(frozen=True)
class Verdict:
    """Whether a release comes out the same, and what differs if not.

    Attributes
    ----------
    differing : list of str
        Tables and downloads that are not the same, byte for byte.
    compared : int
        How many were compared.
    circumstances : list of (str, str, str)
        What was different about the computing: its name, then, now.
    """

    differing: list[str]
    compared: int
    circumstances: list[tuple[str, str, str]]

    @property
    def same(self) -> bool:
        """Whether every table is byte-identical."""
        return not self.differing

    def lines(self, language: str) -> list[str]:
        """Say the verdict in words."""
        if self.same:
            said = [text("All {count} tables are byte-identical.", language, count=self.compared)]
        else:
            head = "Tables that differ: {count} of {all}"
            said = [text(head, language, count=len(self.differing), all=self.compared)]
            said += [f"  {name}" for name in self.differing]
        for name, then, now in self.circumstances:
            line = "{name}: {then} when it was released, {now} now."
            said.append(text(line, language, name=name, then=then, now=now))
        return said


def verify(
    path: str | Path, out: str | Path | None = None, progress: quarterly.Progress | None = None
) -> Verdict:
    """Compute a release anew in a folder of its own, and compare its tables byte for byte.

    Parameters
    ----------
    path : str or Path
        Folder of the release.
    out : str or Path, optional
        Where ``runs/`` is, which holds the copies of the inputs; beside ``published/`` if left out.
    progress : callable, optional
        Told about each step.

    Raises
    ------
    ReleaseError
        If the release is damaged, or the copy of an input is gone or changed.
    """
    published = release.open(path)
    entries = published.manifest["inputs"]
    out = published.folder.absolute().parents[2] if out is None else Path(out)
    copies = _copies(published, out / "runs" / published.programme)
    then = release.table_sums(published.folder)
    with tempfile.TemporaryDirectory(prefix="ostwerk-verify-") as folder:
        programme = Path(folder) / "programme"
        (programme / inputs.OWN_NOTEBOOKS).mkdir(parents=True)
        toml = programme / entries[0]["file"]
        shutil.copyfile(copies[0], toml)
        for entry, copy in zip(entries, copies, strict=True):
            if not inputs.is_data(entry):
                shutil.copyfile(copy, programme / entry["file"])
        names = inputs.names(Programme.read(toml))
        quarterly.run(
            toml,
            published.quarter,
            out=folder,
            progress=progress,
            archive=dict(zip(names, copies, strict=True)),
        )
        again = release.open(Path(folder) / "published" / published.programme)
        now = release.table_sums(again.folder)
    differing = sorted(name for name in then | now if then.get(name) != now.get(name))
    circumstances = _circumstances(published.manifest["recipe"], again.manifest["recipe"])
    return Verdict(differing, len(then | now), circumstances)


def _copies(published: release.Release, home: Path) -> list[Path]:
    """Find the copies of a release's inputs, and check them."""
    from ..reading import digest

    copies = []
    for entry in published.manifest["inputs"]:
        copy = inputs.archived(home, entry)
        if not copy.is_file() or digest(copy)[1] != entry["sha256"]:
            raise ReleaseError(
                "{name} cannot be verified: the copy of {file}, {copy}, is gone or was changed. "
                "Restore it from a backup.",
                name=published.name,
                file=entry["file"],
                copy=copy,
            )
        copies.append(copy)
    return copies


def _circumstances(then: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Compare code, notebooks, Python and packages with those of the release."""

    def told(recipe: dict[str, Any]) -> dict[str, str]:
        notebooks = {f"{name}.ipynb": code[:12] for name, code in recipe["notebooks"].items()}
        code = {"code": recipe["code"]["sha256"][:12], "Python": recipe["python"]}
        return code | notebooks | recipe["packages"]

    was, is_now = told(then), told(now)
    return [
        (name, was.get(name, "–"), is_now.get(name, "–"))
        for name in [*was, *(is_now.keys() - was.keys())]
        if was.get(name) != is_now.get(name)
    ]
