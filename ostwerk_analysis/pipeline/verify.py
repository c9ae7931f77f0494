"""Computing a release anew from the inputs it recorded, to see whether it comes out the same."""

import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .. import release
from ..faults import ReleaseError
from ..language import text
from . import run as quarterly
from .recipe import code_version, package_versions


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
            head = "{count} of {all} tables differ:"
            said = [text(head, language, count=len(self.differing), all=self.compared)]
            said += [f"  {name}" for name in self.differing]
        for name, then, now in self.circumstances:
            line = "{name}: {then} when it was released, {now} now."
            said.append(text(line, language, name=name, then=then, now=now))
        return said


def verify(
    path: str | Path, out: str | Path = ".", progress: quarterly.Progress | None = None
) -> Verdict:
    """Compute a release anew in a folder of its own, and compare its tables byte for byte.

    Parameters
    ----------
    path : str or Path
        Folder of the release.
    out : str or Path
        Where ``runs/`` is, which holds the copies of the inputs.
    progress : callable, optional
        Told about each step.

    Raises
    ------
    ReleaseError
        If the release is damaged, or the copy of an input is gone or changed.
    """
    from ..loading import digest

    published = release.open(path)
    manifest = published.manifest
    home = Path(out) / "runs" / published.programme
    copies = {entry["file"]: quarterly.archived(home, entry) for entry in manifest["inputs"]}
    for entry in manifest["inputs"]:
        copy = copies[entry["file"]]
        if not copy.is_file() or digest(copy)[1] != entry["sha256"]:
            raise ReleaseError(
                "{name} cannot be verified: the copy of {file}, {copy}, is gone or was changed. "
                "Restore it from a backup.",
                name=published.name,
                file=entry["file"],
                copy=copy,
            )
    with tempfile.TemporaryDirectory(prefix="ostwerk-verify-") as folder:
        programme = Path(folder) / "programme"
        own = programme / quarterly.OWN_NOTEBOOKS
        own.mkdir(parents=True)
        toml = programme / manifest["inputs"][0]["file"]
        shutil.copyfile(copies[toml.name], toml)
        for name, copy in copies.items():
            if Path(name).parent == Path(quarterly.OWN_NOTEBOOKS):
                shutil.copyfile(copy, own / Path(name).name)
        quarter = published.quarter
        again = quarterly.run(toml, quarter, out=folder, progress=progress, archive=copies)
        then = release.table_sums(published.folder)
        now = release.table_sums(again.release.folder) if again.release else {}
    differing = sorted(name for name in then | now if then.get(name) != now.get(name))
    return Verdict(differing, len(then | now), _circumstances(manifest["recipe"]))


def _circumstances(then: dict) -> list[tuple[str, str, str]]:
    """Compare code, Python and packages with those of the release."""
    now = {
        "code": code_version()[:12],
        "Python": platform.python_version(),
        **package_versions(),
    }
    was = {"code": then["code"]["sha256"][:12], "Python": then["python"], **then["packages"]}
    return [
        (name, was.get(name, "–"), now.get(name, "–"))
        for name in [*was, *(now.keys() - was.keys())]
        if was.get(name) != now.get(name)
    ]
