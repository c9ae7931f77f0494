"""The page of files to take away: what each of them holds, in words, and how large it is."""

import re
from html import escape, unescape
from pathlib import Path

from ..language import LANGUAGES, number, text

FILES = {
    "observations.{language}.xlsx": (
        "All figures",
        "A sheet for each indicator: areas one below the other, quarters side by side. The first "
        "sheet has signs, definitions, corrections and licence.",
    ),
    "indicators.{language}.csv": (
        "What the indicators count",
        "Definition, unit, source and breakdowns of each indicator.",
    ),
    "operations.{language}.xlsx": (
        "List of operations",
        "The public list of Article 49(3) of Regulation (EU) 2021/1060: who got how much of the "
        "funds for what.",
    ),
}
"""File for people = its name in words, and what is in it."""
FOR_PROGRAMS = {
    "observations.{language}.csv.zip": (
        "All figures",
        "A row for each value, with its status. It is too large for Excel; programs such as R "
        "and pandas read it packed as it is.",
    ),
    "operations.{language}.csv": (
        "List of operations",
        "As the regulation asks for it: open, and readable by machines.",
    ),
}
"""File for programs = its name in words, and what is in it."""
FORMATS = {".xlsx": "Excel", ".csv": "CSV", ".zip": "CSV, packed", ".html": "web page"}
"""Ending of a file = what it is called."""
LEAD = re.compile(r'<p class="ow ow-lead"[^>]*>(.*?)</p>', re.DOTALL)
"""What the first figure of a report calls it."""


def downloads_page(folder: Path, start: str, licence: str, language: str) -> str:
    """Write the content of the page; empty if there is nothing to take away.

    Parameters
    ----------
    folder : Path
        Of a release.
    start : str
        Address below which its files are.
    licence : str
        How the figures may be used; empty where the programme does not say.
    language : {"de", "en"}
    """
    sizes = {
        f"{kind}/{file.name}": file.stat().st_size
        for kind in ("downloads", "reports")
        for file in sorted((folder / kind).glob("*"))
        if file.suffix != ".js"  # which belongs to the reports
    }
    known = {
        f"downloads/{name.format(language=spoken)}"
        for name in (*FILES, *FOR_PROGRAMS)
        for spoken in LANGUAGES
    }
    reports = [
        (path, _title(folder / path), "") for path in sizes if path.endswith(f".{language}.html")
    ]
    # A file that is not ours is offered by its name.
    others = [(path, Path(path).name, "") for path in sizes if path.startswith("downloads/")]
    programs = [*_described(FOR_PROGRAMS, language), *(o for o in others if o[0] not in known)]
    parts = []
    for head, files in (
        (text("Tables", language), _described(FILES, language)),
        (text("Reports", language), reports),
        (text("For programs", language), programs),
    ):
        items = "".join(
            _item(start + path, name, holds, sizes[path], language)
            for path, name, holds in files
            if path in sizes
        )
        if items:
            parts.append(f'<h2>{escape(head)}</h2><ul class="files">{items}</ul>')
    if parts and licence:
        words = text("Licence: {licence}", language, licence=licence)
        parts.append(f'<p class="prose">{escape(words)}</p>')
    return "".join(parts)


def _described(files: dict[str, tuple[str, str]], language: str) -> list[tuple[str, str, str]]:
    """Give path, name and content of files in a language."""
    return [
        (f"downloads/{file.format(language=language)}", text(name, language), text(holds, language))
        for file, (name, holds) in files.items()
    ]


def _item(address: str, name: str, holds: str, size: int, language: str) -> str:
    """Write a file: a link that says format and size, and what is in it."""
    kind = text(FORMATS.get(Path(address).suffix, Path(address).suffix[1:]), language)
    about = f'<span class="kind">({escape(kind)}, {_size(size, language)})</span>'
    more = f"<p>{escape(holds)}</p>" if holds else ""
    return f'<li><a href="{escape(address)}">{escape(name)} {about}</a>{more}</li>'


def _title(file: Path) -> str:
    """Give the title of a report, as its readers see it."""
    found = LEAD.search(file.read_text(encoding="utf-8"))
    return unescape(found[1]) if found else file.name


def _size(size: int, language: str) -> str:
    """Write a file's size."""
    if size >= 100_000:
        return f"{number(size / 1e6, '', language, 1)}\u00a0MB"
    return f"{max(1, round(size / 1000))}\u00a0kB"
