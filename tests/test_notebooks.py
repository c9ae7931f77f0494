"""The notebooks are thin, bring no outputs, and run alone with their defaults."""

import ast
import json
import shutil
from pathlib import Path

import pytest

from ostwerk_analysis.pipeline.notebooks import Job, declared_parameters, execute

REPOSITORY = Path(__file__).parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
DASHBOARDS = sorted((REPOSITORY / "dashboards").glob("*.ipynb"))
THICK = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.For, ast.While, ast.Try, ast.If, ast.With)


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", [*NOTEBOOKS, *DASHBOARDS], ids=lambda path: path.stem)
def test_a_notebook_only_loads_computes_and_shows(path):
    for cell in code_cells(path):
        found = [type(node) for node in ast.walk(ast.parse("".join(cell["source"])))]
        assert not set(found) & set(THICK)


@pytest.mark.parametrize("path", [*NOTEBOOKS, *DASHBOARDS], ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path):
    assert all(not cell["outputs"] and not cell["execution_count"] for cell in code_cells(path))


def test_the_notebooks_of_the_quarter_are_all_there():
    assert [path.stem for path in NOTEBOOKS] == [
        "00_start_here",
        "10_data_quality",
        "20_funding",
        "30_businesses",
        "40_employment",
        "50_participants",
        "60_geography",
        "90_quarterly_report",
    ]


def test_notebooks_run_alone_with_their_defaults(tmp_path):
    shutil.copytree(REPOSITORY / "notebooks", tmp_path / "notebooks")
    shutil.copytree(REPOSITORY / "data" / "leipzig-demo", tmp_path / "data" / "leipzig-demo")
    jobs = [
        Job(path, tmp_path / path.name, folder=tmp_path / "notebooks")
        for path in sorted((tmp_path / "notebooks").glob("*.ipynb"))
        if "release" not in declared_parameters(path)  # the report needs a release first
    ]
    outcomes = execute(jobs, workers=2, time_limit_s=240)
    assert [outcome.message for outcome in outcomes if not outcome.ok] == []
    assert len(outcomes) == 7
    assert (tmp_path / "runs" / "lab" / "20_funding" / "observations.parquet").is_file()
