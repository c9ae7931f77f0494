"""What the command shows: bars while it works, and tables and sentences of what came out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .language import day, number, text

if TYPE_CHECKING:
    import pandas as pd

    from . import fetching
    from .pipeline.run import Progress, Result

RELEASE_COLOURS = {"current": "green", "damaged": "red", "earlier": "dim"}
RELEASE_HEADINGS = ("Programme", "Release", "Released", "Status", "Damage")
FETCH_COLOURS = {"fetched": "green", "unchanged": "dim", "failed": "red"}
FETCH_HEADINGS = ("Table", "File", "Status", "Bytes")
STEPS = {
    "load": "Reading and checking",
    "analyse": "Analysis notebooks",
    "protect": "Protecting and writing tables",
    "report": "Reports",
    "pages": "Pages of the dashboards",
}
RESULTS = {
    "released": "Released: {folder}",
    "unchanged": "Nothing has changed since the release {folder}.",
    "reproduced": "The same again, byte for byte: {folder}",
    "executed": "Executed, and nothing released: {kept}",
}


@contextmanager
def step_bars(console: Console, language: str) -> "Iterator[Progress]":
    """Show a bar for each step of a run."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn()
    tasks: dict[str, Any] = {}
    bars = Bars(*columns, TimeElapsedColumn(), console=console)

    def tell(step: str, done: int, total: int) -> None:
        bars.start()  # not before there is something to show
        if step not in tasks:
            tasks[step] = bars.add_task(text(STEPS[step], language), total=total)
        bars.update(tasks[step], completed=done, total=total)

    try:
        yield tell
    finally:
        if tasks:
            bars.stop()


@contextmanager
def byte_bars(console: Console) -> "Iterator[fetching.Progress]":
    """Show a bar for each file that is being fetched, on a terminal only."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    name = TextColumn("{task.description:<32}", markup=False)
    tasks: dict[str, Any] = {}
    columns = name, BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:

        def tell(path: str, done: int, total: int) -> None:
            if path not in tasks:
                tasks[path] = bars.add_task(path, total=None)
            bars.update(tasks[path], completed=done, total=total or None)

        yield tell


def show_fetched(say: Console, files: "list[fetching.Fetched]", language: str) -> None:
    """List the files, and name what was kept."""
    if not files:
        say.print(text("No source has an address, so there is nothing to fetch.", language))
        return
    table = Table(*(text(heading, language) for heading in FETCH_HEADINGS), box=None)
    table.columns[1].overflow, table.columns[-1].justify = "fold", "right"
    for file in files:
        status = f"[{FETCH_COLOURS[file.status]}]{text(file.status, language)}[/]"
        size = number(file.size, "", language) if file.size else "–"
        table.add_row(", ".join(file.tables), escape(file.path), status, size)
    say.print(table)
    for file in files:
        if file.kept:
            said = "{path} had not been fetched before; a copy of it is kept as {kept}."
            say.print(text(said, language, path=file.path, kept=file.kept), markup=False)


def show_result(say: Console, result: "Result", language: str) -> None:
    """Say what a run came to, and which release is the current one now."""
    from .release import current_name

    folder = result.release.folder if result.release else None
    said = text(RESULTS[result.status], language, folder=folder, kept=result.folder)
    say.print(said, markup=False)
    if folder and not result.is_current and result.status != "executed":
        name = current_name(folder.parent)
        say.print(text("The current release is {name}.", language, name=name), markup=False)


def show_releases(say: Console, found: "pd.DataFrame", language: str) -> None:
    """List releases, as :func:`ostwerk_analysis.release.releases` gives them."""
    table = Table(*(text(name, language) for name in RELEASE_HEADINGS), box=None)
    for row in found.to_dict("records"):
        released, status = row["released_at"][:10], text(row["status"], language)
        since = day(date.fromisoformat(released), language) if released else ""
        cells = row["programme"], row["release"], since, status, row["damage"]
        table.add_row(*cells, style=RELEASE_COLOURS[row["status"]])
    say.print(table)
