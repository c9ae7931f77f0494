"""A quarter with nothing around it: the notebooks' code in one process, one after the other.

What ``quarter.py`` measures the run against. The code of the same cells is executed, what they show
is rendered, and the same tables and downloads are written; there is no Jupyter, nothing is kept for
later, and nothing is safe from a crash.

Run: ``python benchmarks/floor.py PROGRAMME QUARTER FOLDER``.
"""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import ostwerk_analysis as ow
from ostwerk_analysis import publishing
from ostwerk_analysis.pipeline import content, inputs, notebooks
from ostwerk_analysis.pipeline.recipe import environment, notebooks_of


def execute(notebook: Path, parameters: dict[str, Any]) -> list[str]:
    """Execute a notebook's code as a script, and render what its cells show."""
    scope: dict[str, Any] = {}
    shown = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), str(notebook), "exec"), scope)  # noqa: S102
        if "parameters" in cell["metadata"].get("tags", []):
            scope |= parameters
        if last is not None:
            result = eval(compile(ast.Expression(last.value), str(notebook), "eval"), scope)  # noqa: S307
            shown.append(getattr(result, "_repr_html_", result.__repr__)())
    return shown


def main(programme: str, quarter: str, folder: str) -> None:
    """Do what a run does, and no more than has to be."""
    read, out = ow.Programme.read(programme), Path(folder)
    plan = inputs.Plan(read, {}, out / "published", out / "runs", 1, lambda *_: None)
    plan.home.mkdir(parents=True)
    digests = inputs.digests(plan)
    snapshot = plan.home / "snapshots" / "data"
    inputs.take_snapshot(plan, digests, snapshot)
    staged = publishing.stage(plan.published, read.id)
    results = []
    reports = []
    for notebook in notebooks_of(read):
        if "release" in notebooks.declared_parameters(notebook):
            reports.append(notebook)
            continue
        results.append(out / "results" / notebook.stem)
        given = {"programme": str(snapshot), "quarter": quarter, "results": str(results[-1])}
        execute(notebook, given)
    content.write_tables(plan, staged, snapshot, results)
    recipe = {"quarter": ow.parse_quarter(quarter), **environment()}
    publishing.seal(staged, content.manifest(plan, staged, recipe, digests))
    for notebook in reports:
        for language in ("de", "en"):
            page = execute(notebook, {"release": str(staged), "language": language})
            (out / f"{notebook.stem}.{language}.html").write_text("\n".join(page))


if __name__ == "__main__":
    main(*sys.argv[1:])
