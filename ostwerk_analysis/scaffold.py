"""A new programme folder: a commented ``programme.toml``, empty tables, and what goes into them.

The tables and their description come from the contracts, so they cannot say anything else than what
:func:`ostwerk_analysis.load` asks for.
"""

import json
from pathlib import Path

from . import templates
from .faults import OstwerkError
from .language import text
from .tables import RELATIONS, TABLES

DELIMITERS = {"de": ";", "en": ","}
DECIMAL_MARKS = {"de": ",", "en": "."}
"""The marks that a spreadsheet of the language writes by itself."""
HEADINGS = ("Column", "Kind", "Required", "What it is", "Rules")


def scaffold(folder: Path, language: str) -> None:
    """Make a new programme folder.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty.
    language : {"de", "en"}
        Of comments and README, and of the marks in the tables.

    Raises
    ------
    OstwerkError
        If there is something at that place.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OstwerkError(
            "{folder} is there already. Name a new folder, or empty it first.", folder=folder
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, contract in TABLES.items():
        file = folder / table_file(name)
        if file.suffix == ".csv":
            header = DELIMITERS[language].join(contract.columns)
            file.write_text(header + "\n", encoding="utf-8-sig")  # so that Excel reads UTF-8
        else:
            empty = {"type": "FeatureCollection", "features": []}
            file.write_text(json.dumps(empty) + "\n", encoding="utf-8")
    sources = "\n".join(_source(name, language) for name in TABLES)
    programme = _template("programme", language, "toml").replace("{sources}", sources)
    (folder / "programme.toml").write_text(programme, encoding="utf-8")
    tables = "\n".join(table_reference(name, language) for name in TABLES)
    readme = _template("README", language, "md") + tables
    (folder / "README.md").write_text(readme, encoding="utf-8")


def table_file(name: str) -> str:
    """Name the file of a table: shapes are GeoJSON, everything else CSV."""
    return f"{name}.geojson" if _needs_shape(name) else f"{name}.csv"


def table_reference(name: str, language: str) -> str:
    """Describe a table in Markdown: a row for each column, with what its contract asks for.

    Parameters
    ----------
    name : str
        A table of :data:`ostwerk_analysis.tables.TABLES`.
    language : {"de", "en"}
    """
    contract = TABLES[name]
    key = ", ".join(f"`{column}`" for column in contract.unique)
    about = [text(contract.description, language), text("Key: {columns}.", language, columns=key)]
    if _needs_shape(name):
        about.append(text("Every row needs its shape.", language))
    headings = [text(heading, language) for heading in HEADINGS]
    lines = [f"### {name}", "", " ".join(about), "", _row(headings), _row(["---"] * len(headings))]
    rules = _rules(name, language)
    for column, declared in contract.columns.items():
        cells = [
            f"`{column}`",
            text(declared.metadata["kind"], language),
            text("yes", language) if declared.metadata["required"] else "",
            text(declared.description, language),
            "; ".join(rules[column]),
        ]
        lines.append(_row(cells))
    return "\n".join([*lines, ""])


def _needs_shape(name: str) -> bool:
    return TABLES[name].metadata["geometry"] == "required"


def _rules(name: str, language: str) -> dict[str, list[str]]:
    """Say for each column of a table which rules its cells must keep."""
    contract = TABLES[name]
    rules: dict[str, list[str]] = {column: [] for column in contract.columns}
    for column, declared in contract.columns.items():
        for check in declared.checks:
            rule, expected = check.error.split("|")
            said = "one of: {expected}" if rule == "allowed" else expected
            rules[column].append(text(said, language, expected=expected))
        if declared.metadata["is_event"]:
            rules[column].append(text("not after `data_as_of`", language))
    for check in contract.checks:
        rule, column, expected = check.error.split("|")
        said = text(expected, language)
        if rule == "needs":
            said = text("needed where {expected}", language, expected=said)
        elif rule == "empty":
            said = text("left empty where {expected}", language, expected=said)
        rules[column].append(said)
    for column, other in RELATIONS.get(name, {}).items():
        said = "a measure of `programme.toml`" if other == "measures" else "in the table `{other}`"
        rules[column].append(text(said, language, other=other))
    return rules


def _row(cells: list[str]) -> str:
    """Write a row of a Markdown table, in which a bar would end the cell."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _source(name: str, language: str) -> str:
    """Write a table's entry under ``[[sources]]``."""
    contract = TABLES[name]
    lines = [
        f"# {text(contract.description, language)}",
        "[[sources]]",
        f'table = "{name}"',
        f'path = "{table_file(name)}"',
    ]
    if table_file(name).endswith(".csv"):
        lines.append(f'delimiter = "{DELIMITERS[language]}"')
        kinds = {declared.metadata["kind"] for declared in contract.columns.values()}
        if kinds & {"number", "whole number"}:
            lines.append(f'decimal_mark = "{DECIMAL_MARKS[language]}"')
    return "\n".join([*lines, ""])


def _template(name: str, language: str, ending: str) -> str:
    file = templates.FOLDER / "programme" / f"{name}.{language}.{ending}"
    return file.read_text(encoding="utf-8")
