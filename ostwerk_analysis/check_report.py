"""What ``ostwerk check`` shows of the data, and writes into its folder."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .corrections import suggested
from .dataset import Dataset
from .downloads import write_csv
from .faults import faults_by_kind, finding_sentences, repairs_by_kind, sentence
from .files import write_whole
from .language import number, text

PROPOSAL = "corrections.toml"
"""Corrections that the check suggests, in its folder."""

READ_HEADINGS = ("Table", "File", "Read", "Accepted", "Set aside", "Not asked for")


def show(say: Console, data: Dataset, language: str) -> None:
    """Show the rows read, and what is wrong, was changed or is in doubt, kind by kind."""
    _reads(say, data, language)
    _faults(say, data, language)
    _repairs(say, data, language)
    _corrections(say, data, language)
    _findings(say, data, language)


def _reads(say: Console, data: Dataset, language: str) -> None:
    headings = (text(heading, language) for heading in READ_HEADINGS)
    table = Table(*headings, box=None, padding=(0, 1, 0, 0))
    for column in table.columns[:2]:
        column.overflow = "fold"
    for column in table.columns[2:]:
        column.justify, column.min_width = "right", max(map(len, str(column.header).split()))
    for read in data.reads.to_dict("records"):
        counts = [read[name] for name in ("rows_read", "accepted", "set_aside", "skipped")]
        written = [number(count, "", language) for count in counts]
        table.add_row(read["table"], read["file"], *written)
    say.print(table)


def _faults(say: Console, data: Dataset, language: str) -> None:
    """Show what rows were set aside for, kind by kind; the report has each fault."""
    said = faults_by_kind(data.faults, language).to_dict("records")
    if said:
        say.print(text("Set aside:", language), style="yellow")
    for kind in said:
        say.print(
            f"{kind['table']}: {kind['sentence']}{_times(kind['faults'], language)}", markup=False
        )


def _times(count: int, language: str) -> str:
    return f" ({number(count, '', language)}×)" if count > 1 else ""


def _repairs(say: Console, data: Dataset, language: str) -> None:
    """Show what reading has changed, kind by kind; the report has each one."""
    repairs = data.repairs[data.repairs["rule"] != "correction"]
    kinds = repairs_by_kind(repairs, language).to_dict("records")
    if kinds:
        say.print(text("Changed on reading:", language), style="yellow")
    for kind in kinds:
        said = f"{kind['table']}: {kind['file']}: {kind['sentence']}"
        say.print(said + _times(kind["repairs"], language), markup=False)


def _corrections(say: Console, data: Dataset, language: str) -> None:
    """Show what the programme's corrections have changed, and why."""
    if len(data.corrections):
        say.print(text("Corrected, as programme.toml says:", language), style="yellow")
    for correction in data.corrections.to_dict("records"):
        said = text(
            "{file}: corrected cells: {cells} ({id}). {why}",
            language,
            file=correction["file"],
            cells=number(correction["cells"], "", language),
            id=correction["id"],
            why=correction[f"why_{language}"],
        )
        say.print(said, markup=False)


def _findings(say: Console, data: Dataset, language: str) -> None:
    """Show what is in doubt, kind by kind, with what to do; those of a statistic on one line."""
    said = finding_sentences(data.findings, language, data.place_names)
    if len(said):
        say.print(text("In doubt; nothing was changed:", language), style="yellow")
    for (finding, remedy), rows in said.groupby(["finding", "remedy"], sort=False):
        say.print(f"{finding}. {remedy}", style="bold", markup=False)
        for row in rows.to_dict("records"):
            about = ", ".join(part for part in (row["what"], row["periods"]) if part)
            say.print("  " + ": ".join(filter(None, (about, row["sentence"]))), markup=False)


def write(data: Dataset, folder: Path, language: str) -> Path | None:
    """Write the rows set aside, a CSV for each table, and everything as JSON.

    Returns
    -------
    Path or None
        File of the corrections that are suggested, if there are any.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.csv"):
        old.unlink()
    for name, rows in data.set_aside.items():
        write_csv(rows.drop(columns="geometry", errors="ignore"), folder / f"{name}.csv", language)
    faults = json.loads(data.faults.to_json(orient="records"))
    for fault in faults:
        fault["sentence"] = sentence(fault, language)
    doubts = finding_sentences(data.findings, language, data.place_names)
    report = {
        "programme": data.programme.id,
        "is_accepted": not data.obstacles(),
        "reads": json.loads(data.reads.to_json(orient="records")),
        "faults": faults,
        "repairs": json.loads(data.repairs.to_json(orient="records")),
        "corrections": json.loads(data.corrections.to_json(orient="records")),
        "findings": json.loads(data.findings.to_json(orient="records")),
        "doubts": doubts.to_dict("records"),
        "inputs": json.loads(data.inputs.to_json(orient="records")),
    }
    write_whole(folder / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    proposal = folder / PROPOSAL
    if said := suggested(data.findings, data.tables.get("statistics")):
        write_whole(proposal, said)
        return proposal
    proposal.unlink(missing_ok=True)
    return None
