"""Reports: an executed notebook as one HTML file to read, keep and print."""

from pathlib import Path

from . import templates
from .faults import NotebookError


def html_report(
    executed_notebook_path: str | Path,
    *,
    title: str,
    language: str = "de",
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
    frame = templates.frame(title, language, is_demonstration=is_demonstration)
    return exporter.from_notebook_node(notebook, {"ostwerk": frame})[0]
