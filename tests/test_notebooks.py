"""The notebooks are thin, bring no outputs, and run alone with their defaults."""

import ast
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from ostwerk_analysis.indicators import FIELDS
from ostwerk_analysis.pipeline.notebooks import Job, declared_parameters, execute

REPOSITORY = Path(__file__).parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
SMALL_CITY = Path(__file__).parent / "small_city"
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


ANALYSES = [path for path in NOTEBOOKS if path.stem[:2] in ("10", "20", "30", "40", "50", "60")]
SECTIONS = {
    "answer": {"answer", "loaded"},
    "how-sure": {"how_sure", "checks"},
}
"""Cells that every analysis has, and the figures that fill them."""


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_an_analysis_asks_one_question_answers_it_and_says_how_sure_it_is(path):
    cells = {cell["id"]: cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    title = "".join(cells["title"]["source"])
    assert re.fullmatch(r"# .+ · .+\n\n[^?]+\?\n\n\*[^?]+\?\*", title)  # in both languages
    for section, figures in SECTIONS.items():
        called = [
            node.func.attr
            for node in ast.walk(ast.parse("".join(cells[section]["source"])))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ]
        assert figures & set(called), section


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_headings_of_an_analysis_are_in_both_languages(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert all(re.match(r"#+ .+ · .+", text) for text in prose)
    assert all(text.count("\n\n") in (0, 2) for text in prose)  # none, or one in each language


def test_every_field_of_the_catalogue_is_computed_by_an_analysis():
    computed = set()
    for path in ANALYSES:
        for cell in code_cells(path):
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "ow.indicators.compute":
                    fields = ast.literal_eval(node.args[2])
                    computed |= {fields} if isinstance(fields, str) else set(fields)
    assert computed == FIELDS.keys()  # or a release would lack it


def shown(path, section):
    """Give what a cell of an executed notebook shows, without tags and tables."""
    [cell] = [cell for cell in nbformat.read(path, 4).cells if cell["id"] == section]
    html = "".join(output.data["text/html"] for output in cell.outputs if "data" in output)
    html = re.sub(r"<style.*?</style>|<details.*?</details>", "", html, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", html).replace("\u00a0", " ")


def sure_of(folder, name):
    """Give all that the last section of an executed notebook holds, its table too."""
    [cell] = [c for c in nbformat.read(folder / f"{name}.ipynb", 4).cells if c["id"] == "how-sure"]
    html = cell.outputs[0].data["text/html"]
    return re.sub(r"<[^>]*>", " ", html).replace("\u00a0", " ")


def executed(language, folder, programme, quarter):
    """Execute the analyses on a programme in a language; give the outcomes."""
    jobs = [
        Job(
            path,
            folder / path.name,
            {
                "programme": str(programme),
                "quarter": quarter,
                "results": str(folder / "results" / path.stem),
                "language": language,
            },
        )
        for path in ANALYSES
    ]
    outcomes = execute(jobs, workers=2, time_limit_s=240)
    assert [(one.job.notebook.name, one.message) for one in outcomes if not one.ok] == []
    return folder


def test_analyses_speak_german_on_a_tiny_city(tmp_path):
    folder = executed("de", tmp_path, SMALL_CITY, "2025Q2")
    for path in ANALYSES:
        name = path.name
        assert "Wie sicher ist das?" in shown(folder / name, "how-sure")
        assert re.search("Kurz gesagt|Kann man den Daten trauen", shown(folder / name, "answer"))
    funding = shown(folder / "20_funding.ipynb", "answer")
    # three enterprises; 4,000, 2,000 and 2,000 euros of the measure and 1,000 of the other
    assert "Unterstützte Unternehmen (seit Beginn):" in funding
    businesses = shown(folder / "30_businesses.ipynb", "how-sure")
    assert "wurde keine ausgesondert" in businesses


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
    for path in ANALYSES:
        assert "How sure is this?" in shown(tmp_path / path.name, "how-sure")
    employment = shown(tmp_path / "40_employment.ipynb", "answer")
    assert "Unemployed share: " in employment
    assert re.search("a deterioration|an improvement", employment)
    # The figures that the demonstration was made for: 150 jobs of 180.
    assert "150 FTE." in employment
    assert "83 % is reached; 30 FTE to go." in employment
    leverage = re.search(
        "1.54 EUR per EUR.*?1.47 to 1.60 EUR per EUR", sure_of(tmp_path, "20_funding")
    )
    assert leverage  # by Fieller, from what each enterprise brought
    assert (tmp_path / "runs" / "lab" / "20_funding" / "observations.parquet").is_file()
