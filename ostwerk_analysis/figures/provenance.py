"""What a release was made from and by: files, corrections, versions, and how to check it."""

from html import escape
from typing import Any

from ..language import number, quarter, text
from .sentences import paragraphs, section, table
from .soundness import at_fault
from .values import MISSING, NOTHING, SOURCES, Figure, note, states

FACTS = (
    *("Release", "Version of ostwerk_analysis", "SHA-256 of the program", "SHA-256 of all data"),
    *("Version of Python", "Seed of everything random"),
)
"""What is said of the making of a release."""
SHORT = 12
"""Digits of a SHA-256 that are shown; the manifest has all."""


def files_read(published: Any, *, language: str = "de") -> Figure:
    """Say of each file how many rows were read, and of which quarter its latest value is.

    Parameters
    ----------
    published : Release
    language : {"de", "en"}
    """
    reads = published.reads
    sizes = {entry["file"]: entry for entry in published.manifest.get("inputs", [])}
    latest = latest_values(published)
    rows = []
    for row in reads.to_dict("records"):
        name = str(row.get("file") or "")
        found = sizes.get(name, {})
        last = latest.get(row["table"], "")
        rows.append(
            [
                text(SOURCES.get(row["table"], row["table"]), language),
                name or NOTHING,
                number(row["rows_read"], "", language),
                number(row.get("accepted", row["rows_read"] - row["set_aside"]), "", language),
                number(row["set_aside"], "", language),
                quarter(last, language) if last else NOTHING,
                str(found.get("sha256", NOTHING))[:SHORT],
            ]
        )
    heads = [
        text("Table", language),
        text("File", language),
        text("Rows read", language),
        text("Accepted", language),
        text("Set aside", language),
        text("Latest value of", language),
        text("SHA-256, beginning", language),
    ]
    aside = int(reads["set_aside"].sum())
    said: list[str | tuple[str, str]] = [
        text(
            "{files} files with {rows} rows were read; {aside} rows were set aside for faults.",
            language,
            files=number(len(reads), "", language),
            rows=number(int(reads["rows_read"].sum()), "", language),
            aside=number(aside, "", language),
        )
    ]
    said += at_fault(published.faults, language)
    return section(text("Files", language), said, heads, rows, language)


def latest_values(published: Any) -> dict[str, str]:
    """Give for each input table the last quarter or year in which it has a value but zero."""
    observed = published.observations
    told = observed[(states(observed) != MISSING) & (observed["value"] != 0)]
    last = told.groupby("indicator", observed=True)["period"].max()
    found: dict[str, str] = {}
    for row in published.catalogue.to_dict("records"):
        when = str(last.get(row["indicator"], ""))
        first = str(row.get("source") or "").split(", ")[0]
        # A quarter says more than the year that it lies in.
        if when and (when[:4], when) > (found.get(first, "")[:4], found.get(first, "")):
            found[first] = when
    return found


def corrections(published: Any, *, language: str = "de") -> Figure:
    """Name the corrections of the sources, with their reasons and how many values they changed.

    Parameters
    ----------
    published : Release
    language : {"de", "en"}
    """
    declared = published.corrections
    if declared.empty:
        return note(text("No correction of the sources is declared.", language), language)
    rows = [
        [
            one["id"],
            one["file"],
            number(one["cells"], "", language),
            one[f"why_{language}"],
            one["reference"] or NOTHING,
        ]
        for one in declared.to_dict("records")
    ]
    heads = [
        text("Correction", language),
        text("File", language),
        text("Values changed", language),
        text("Reason", language),
        text("Written in", language),
    ]
    return section(text("Corrections", language), [], heads, rows, language)


def provenance(published: Any, *, language: str = "de") -> Figure:
    """Say which versions of program, Python and libraries computed a release, and how to check it.

    Parameters
    ----------
    published : Release
    language : {"de", "en"}
    """
    recipe = published.manifest.get("recipe", {})
    code, packages = recipe.get("code", {}), recipe.get("packages", {})
    facts = (
        published.name,
        str(code.get("version", "")),
        str(code.get("sha256", ""))[:SHORT],
        str(recipe.get("data", ""))[:SHORT],
        str(recipe.get("python", "")),
        str(recipe.get("seed", "")),
    )
    body = "".join(
        f'<tr><th scope="row">{escape(text(name, language))}</th><td>{escape(value)}</td></tr>'
        for name, value in zip(FACTS, facts, strict=True)
        if value
    )
    title = text("Versions", language)
    libraries = [[name, str(version)] for name, version in packages.items()]
    heads = [text("Library", language), text("Version", language)]
    behind = (
        f"<details><summary>{escape(text('Libraries', language))}</summary>"
        f"{table(title, heads, libraries, language, is_behind=False)}</details>"
        if libraries
        else ""
    )
    said = [
        text(
            "With the same data and versions everything comes out the same, byte for byte: "
            "ostwerk verify computes the release anew and compares. SHA256SUMS in its folder has "
            "the sum of every file.",
            language,
        )
    ]
    link = text("All tables, reports and workbooks: Data to download", language)
    return Figure(
        f'<section class="ow ow-about" lang="{language}"><h2>{escape(title)}</h2>'
        f"<table><tbody>{body}</tbody></table>{behind}{paragraphs(said)}"
        f'<p><a href="downloads?lang={language}">{escape(link)}</a></p></section>'
    )
