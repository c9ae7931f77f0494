"""The same recipe, the same release: what counts as the same, and which notebooks a run has."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from ostwerk_analysis import Programme
from ostwerk_analysis.faults import NotebookError
from ostwerk_analysis.pipeline import recipe

OURS = [
    *("10_data_quality", "20_funding", "30_businesses", "40_employment", "50_participants"),
    *("60_geography", "90_quarterly_report"),
]


@pytest.fixture
def programme(small_city):
    return Programme.read(small_city)


def test_our_notebooks_run_in_the_order_of_their_names(programme):
    paths = recipe.notebooks_of(programme)
    assert [path.stem for path in paths] == OURS
    assert {path.parent for path in paths} == {recipe.shipped("notebooks")}


def test_a_citys_own_notebook_joins_ours_or_takes_the_place_of_one(programme, notebook_at):
    own = programme.folder / "notebooks"
    for name in ("25_loans", "40_employment", "00_read_me"):
        notebook_at(own / f"{name}.ipynb", "a = 1")
    paths = recipe.notebooks_of(programme)
    assert [path.stem for path in paths] == [*OURS[:2], "25_loans", *OURS[2:]]
    assert [path.stem for path in paths if path.parent == own] == ["25_loans", "40_employment"]


@pytest.mark.parametrize("name", ["20_funding", "20_funding.ipynb", "notebooks/20_funding.ipynb"])
def test_one_notebook_is_found_as_people_name_it(programme, name):
    assert [path.stem for path in recipe.notebooks_of(programme, name)] == ["20_funding"]


def test_a_notebook_that_is_not_there_is_answered_with_the_nearest(programme):
    with pytest.raises(NotebookError, match=r"'20_founding'; did you mean '20_funding'\?"):
        recipe.notebooks_of(programme, "20_founding")


def test_the_tutorial_is_not_part_of_a_run(programme):
    with pytest.raises(NotebookError, match="00_start_here"):
        recipe.notebooks_of(programme, "00_start_here")


def test_settings_of_a_notebook_that_is_not_there_are_an_error(small_city, change):
    change(small_city / "programme.toml", "[[targets]]", "[notebooks.20_fund]\n\n[[targets]]")
    with pytest.raises(NotebookError, match="'20_fund'; did you mean '20_funding'"):
        recipe.notebooks_of(Programme.read(small_city))


def test_parameters_are_what_json_can_write(small_city, change):
    settings = (
        "[notebooks.20_funding.parameters]\nsince = 2024-01-31\nparts = [1, 2.5]\n\n[[targets]]"
    )
    change(small_city / "programme.toml", "[[targets]]", settings)
    found = recipe.parameters_of(Programme.read(small_city))
    assert found == {"20_funding": {"since": "2024-01-31", "parts": [1, 2.5]}}
    assert json.loads(json.dumps(found)) == found


# ---- what of a notebook counts ----


@pytest.fixture
def notebook(tmp_path, notebook_at):
    return notebook_at(tmp_path / "a.ipynb", "a = 1", "b = 2")


def rewritten(path, change):
    before = recipe.code_of(path)
    read = nbformat.read(path, as_version=4)
    change(read)
    nbformat.write(read, path)
    return recipe.code_of(path) == before


def show(notebook):
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="2")]
    notebook.cells[1].execution_count = 9


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        (show, True),
        (lambda read: read.metadata.update(kernelspec={"name": "x", "display_name": "x"}), True),
        (lambda read: read.cells[1].update(id="other"), True),
        (lambda read: read.cells[1].update(source="b = 3"), False),
        (lambda read: read.cells[1].metadata.update(tags=["parameters"]), False),
        (lambda read: read.cells.reverse(), False),
        (lambda read: read.cells.append(nbformat.v4.new_markdown_cell("b = 2")), False),
    ],
)
def test_cells_and_tags_count_and_outputs_do_not(notebook, change, is_same):
    assert rewritten(notebook, change) == is_same


def test_code_and_words_of_the_same_text_are_not_the_same(notebook):
    def to_words(read):
        read.cells[1] = nbformat.v4.new_markdown_cell(read.cells[1].source)

    assert not rewritten(notebook, to_words)


@pytest.mark.parametrize("content", ["", "[]", '{"cells": [{}]}', "{"])
def test_what_is_no_notebook_is_said_to_be_none(tmp_path, content):
    (tmp_path / "a.ipynb").write_text(content)
    with pytest.raises(NotebookError, match=r"a\.ipynb cannot be read as a notebook"):
        recipe.code_of(tmp_path / "a.ipynb")


# ---- the surroundings ----


def test_the_code_is_told_apart_by_its_own_files(tmp_path):
    assert re.fullmatch(r"[0-9a-f]{64}", recipe.code_version())
    # In another process, with another seed of hashes and from another folder, it is the same.
    said = subprocess.run(
        [sys.executable, "-c", "from ostwerk_analysis.pipeline import recipe\n"
         "print(recipe.code_version())"],
        env=os.environ | {"PYTHONHASHSEED": "3"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert said.stdout.strip() == recipe.code_version()


def test_the_packages_are_those_that_results_depend_on():
    import pandas as pd

    versions = recipe.package_versions()
    assert versions["pandas"] == pd.__version__
    assert {"geopandas", "numpy", "papermill", "pandera", "pyarrow", "shapely"} <= versions.keys()
    assert not {"pytest", "ruff", "hypothesis"} & versions.keys()


def test_equal_values_have_equal_sums_whatever_their_order():
    assert recipe.sum_of({"a": 1, "b": [2, "ü"]}) == recipe.sum_of({"b": [2, "ü"], "a": 1})
    assert recipe.sum_of([1, 2]) != recipe.sum_of([2, 1])


def test_the_demonstration_travels_with_the_package():
    assert Programme.read(recipe.demo_programme()).is_demonstration
