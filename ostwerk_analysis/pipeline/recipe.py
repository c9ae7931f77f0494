"""What a run depends on: notebooks, code and packages; the same recipe, the same release."""

import hashlib
import json
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__
from ..faults import NotebookError, nearest
from ..programme import Programme

PACKAGE = Path(__file__).parent.parent
OWN_NOTEBOOKS = "notebooks"
"""Folder of a programme's own notebooks, beside its programme.toml."""
TUTORIAL = "00_"
"""Notebooks that begin so are for reading: no run executes them."""


def shipped(folder: str) -> Path:
    """Find a folder that travels with the package: in the wheel, or beside it in the repository."""
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder


def demo_programme() -> Path:
    """Find the demonstration programme: in the wheel, or in the repository."""
    inside = PACKAGE / "demo"
    return inside if inside.is_dir() else PACKAGE.parent / "data" / "leipzig-demo"


def notebooks_of(programme: Programme, only: str | None = None) -> list[Path]:
    """List the notebooks of a programme's run in the order of their names.

    A notebook in the programme's own ``notebooks/`` takes the place of ours of the same name.

    Raises
    ------
    NotebookError
        If the one asked for, or one with settings in ``programme.toml``, is not there.
    """
    found = {
        path.stem: path
        for folder in (shipped("notebooks"), programme.folder / OWN_NOTEBOOKS)
        for path in sorted(folder.glob("*.ipynb"))
        if not path.name.startswith(TUTORIAL)
    }
    for name in [*programme.notebooks, *([Path(only).stem] if only else [])]:
        if name not in found:
            raise NotebookError(
                "There is no notebook {name!r}; did you mean {near!r}?",
                name=name,
                near=nearest(name, found),
            )
    names = [Path(only).stem] if only else sorted(found)
    return [found[name] for name in names]


def parameters_of(programme: Programme) -> dict[str, dict[str, Any]]:
    """Give what ``programme.toml`` sets for each notebook, dates as text."""
    settings = {name: entry.model_dump(mode="json") for name, entry in programme.notebooks.items()}
    return {name: entry["parameters"] for name, entry in settings.items()}


def code_of(notebook: Path) -> str:
    """Give the SHA-256 of a notebook's cells and their tags: outputs do not count.

    Raises
    ------
    NotebookError
        If the file is not a notebook.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        written = [
            [cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])]
            for cell in cells
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotebookError(
            "{notebook} cannot be read as a notebook: {reason}",
            notebook=notebook,
            reason=f"{type(error).__name__}: {error}",
        ) from None
    return sum_of(written)


def sum_of(value: Any) -> str:
    """Give the SHA-256 of anything that JSON can write."""
    written = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(written.encode()).hexdigest()


@cache
def code_version() -> str:
    """Give the SHA-256 of the package's own files, by which two installations can be told apart."""
    files = [
        path
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and path.suffix in {".py", ".po", ".css", ".js", ".j2", ".html"}
    ]
    together = hashlib.sha256()
    for path in files:
        together.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        together.update(path.read_bytes())
    return together.hexdigest()


@cache
def package_versions() -> dict[str, str]:
    """Give the versions of the packages that the results depend on, as installed."""
    required = metadata.requires("ostwerk-analysis") or []
    names = {re.split(r"[\s\[<>=!~;]", line)[0] for line in required if "extra ==" not in line}
    return {name: metadata.version(name) for name in sorted(names)}


def environment() -> dict[str, Any]:
    """Say by what results are computed: this package's code, Python, and the packages beneath."""
    return {
        "code": {"version": __version__, "sha256": code_version()},
        "python": platform.python_version(),
        "packages": package_versions(),
    }
