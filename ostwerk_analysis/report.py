"""Reports: an executed notebook as one HTML file to read, keep and print, and as PDF."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import templates
from .faults import NotebookError, OstwerkError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names under which systems install Chromium."""
PRINT_LIMIT_S = 180
PAPER_PX = 673
"""Width of an A4 sheet between its margins, 178 mm."""


def html_report(
    executed_notebook_path: str | Path,
    *,
    title: str,
    language: str = "de",
    licence: str = "",
    is_demonstration: bool = False,
) -> str:
    """Turn an executed notebook into a report.

    Styles and the small scripts are in the file. Plotly's large one is not: charts look for
    ``plotly.min.js`` beside the report (:func:`ostwerk_analysis.templates.plotly_path` has it), and
    where it is missing their tables stay.

    Parameters
    ----------
    executed_notebook_path : str or Path
    title : str
        The heading; the notebook's own title, if its metadata has one, follows it.
    language : {"de", "en"}
    licence : str
        How its figures may be used; stands in the pictures that its readers take out of it.
    is_demonstration : bool
        Puts the banner on the report.

    Returns
    -------
    str
        HTML without any code, and without an address outside of it.

    Raises
    ------
    NotebookError
        If a cell of the notebook has failed: an error is not published.
    """
    import nbformat
    from nbconvert import HTMLExporter

    path = Path(executed_notebook_path)
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                raise NotebookError(
                    "{notebook}, cell {cell} has failed: {error}. It cannot become a report.",
                    notebook=path.name,
                    cell=number,
                    error=output["ename"],
                )
    exporter = HTMLExporter(
        template_paths=templates.search_path("nbconvert", "report"),
        template_name="report",
        template_file="index.html.j2",
        exclude_input=True,
    )
    frame = templates.frame(title, language, licence=licence, is_demonstration=is_demonstration)
    return exporter.from_notebook_node(notebook, {"ostwerk": frame})[0]


def handed_on(pages: Sequence[Path], to: Path, start: str, *, is_pdf: bool) -> Iterator[Path]:
    """Write reports under names that say which release they are of.

    Parameters
    ----------
    pages : sequence of Path
        Reports of one release.
    to : Path
        The folder to write into.
    start : str
        With which their names begin.
    is_pdf : bool
        As PDF; otherwise as they are, with the script of their charts.

    Yields
    ------
    Path
        Each file that is written.

    Raises
    ------
    OstwerkError
        If they cannot be printed.
    """
    to.mkdir(parents=True, exist_ok=True)
    for page in pages:
        file = to / f"{start}-{page.stem}{'.pdf' if is_pdf else '.html'}"
        if is_pdf:
            pdf(page, file)
        else:
            shutil.copyfile(page, file)
        yield file
    script = pages[0].with_name(templates.PLOTLY)
    if not is_pdf and script.is_file():  # older releases do without
        shutil.copyfile(script, to / templates.PLOTLY)


def pdf(page: str | Path, file: str | Path) -> None:
    """Print a report as PDF, as a reader's own Chromium would.

    Parameters
    ----------
    page : str or Path
        HTML, with the script of its charts beside it.
    file : str or Path
        The PDF to write; one that is there is replaced.

    Raises
    ------
    OstwerkError
        If there is no Chromium, or it cannot print the page.
    """
    page, file, browser = Path(page).absolute(), Path(file).absolute(), chromium()
    with tempfile.TemporaryDirectory(prefix="ostwerk-print-") as folder:
        printed = Path(folder) / "printed.pdf"
        command = [
            browser,
            *("--headless", "--disable-gpu", "--no-first-run", "--disable-sync"),
            *("--disable-background-networking", "--disable-component-update"),
            *(["--no-sandbox"] if _is_root() else []),  # which Chromium refuses to root
            f"--user-data-dir={folder}/profile",
            f"--window-size={PAPER_PX},1000",  # so that charts are as wide as the paper
            *("--no-pdf-header-footer", "--generate-pdf-document-outline"),
            f"--print-to-pdf={printed}",
            f"{page.as_uri()}#print",  # draws its charts before it counts as loaded
        ]
        try:
            said = subprocess.run(  # noqa: S603 a browser and files, no shell
                command, capture_output=True, text=True, errors="replace", timeout=PRINT_LIMIT_S
            ).stderr
        except subprocess.TimeoutExpired:
            said = f"> {PRINT_LIMIT_S} s"
        except OSError as error:
            said = error.strerror or ""
        if not printed.is_file():
            raise OstwerkError(
                "{browser} has not printed {page}: {said}",
                browser=browser,
                page=page.name,
                said=(said.strip().splitlines() or ["–"])[-1],
            )
        shutil.copyfile(printed, file)


def chromium() -> str:
    """Find the program that prints: what ``OSTWERK_CHROMIUM`` names, else a Chromium on the path.

    Raises
    ------
    OstwerkError
        If there is none.
    """
    named = os.environ.get("OSTWERK_CHROMIUM", "")
    found = next(filter(None, map(shutil.which, [named] if named else BROWSERS)), None)
    if found:
        return found
    if named:
        raise OstwerkError(
            "{name} is not a program. Set OSTWERK_CHROMIUM to that of Chromium or Google Chrome.",
            name=named,
        )
    raise OstwerkError(
        "There is no Chromium to print with. Install Chromium or Google Chrome, or set "
        "OSTWERK_CHROMIUM to its program."
    )


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
