"""What is executed, what is skipped, and what is given to a notebook: with real kernels."""

import json
from pathlib import Path

import pytest

from ostwerk_analysis import Programme
from ostwerk_analysis.faults import NotebookError
from ostwerk_analysis.pipeline import due, notebooks
from ostwerk_analysis.pipeline.inputs import Plan

GIVEN = 'programme = "."\nquarter = "2024Q1"\nresults = "."'
WRITE = "from pathlib import Path\n(Path(results) / 'said.txt').write_text(str({}))"


@pytest.fixture
def plan(small_city, tmp_path):
    home = tmp_path / "runs" / "musterstadt"
    home.mkdir(parents=True)
    programme = Programme.read(small_city)
    return Plan(programme, {}, tmp_path / "published", home, 2, lambda *_: None)


@pytest.fixture
def two(tmp_path, notebook_at):
    """Two notebooks that write something."""
    return [
        notebook_at(tmp_path / f"{name}.ipynb", GIVEN, WRITE.format("quarter")) for name in "ab"
    ]


def jobs(plan, paths, quarter="2024-Q1"):
    return due.analysis_jobs(plan, paths, quarter, plan.home / "snapshots" / "x")


def execute(plan, paths, data="data", force=False):
    return set(due.execute(plan, "analyse", jobs(plan, paths), data, force))


def said(plan, name, quarter="2024-Q1"):
    return (plan.home / quarter / "results" / name / "said.txt").read_text()


def test_only_what_changed_is_executed_again(plan, two, notebook_at):
    assert execute(plan, two) == {"a", "b"}
    assert execute(plan, two) == set()
    notebook_at(two[1], GIVEN, WRITE.format("2"))
    assert execute(plan, two) == {"b"}
    assert (said(plan, "a"), said(plan, "b")) == ("2024-Q1", "2")
    assert execute(plan, two, data="other data") == {"a", "b"}
    assert execute(plan, two, data="other data", force=True) == {"a", "b"}


def test_what_was_touched_is_executed_again(plan, two):
    execute(plan, two)
    results = plan.home / "2024-Q1" / "results"
    (results / "a" / "said.txt").write_text("by hand")
    assert execute(plan, two) == {"a"}
    assert said(plan, "a") == "2024-Q1"
    (plan.home / "2024-Q1" / "b.ipynb").unlink()
    assert execute(plan, two) == {"b"}
    (plan.home / "2024-Q1" / "b.json").write_text("{")
    (results / "a" / "more.txt").write_text("a file that no notebook wrote")
    assert execute(plan, two) == {"a", "b"}
    assert not (results / "a" / "more.txt").exists()


def test_a_failure_is_named_and_the_others_are_not_executed_again(plan, two, notebook_at):
    broken = notebook_at(two[0].with_name("c.ipynb"), GIVEN, "1 / 0")
    with pytest.raises(NotebookError, match=r"c\.ipynb, cell 2: ZeroDivisionError: division"):
        execute(plan, [*two, broken])
    assert execute(plan, two) == set()
    kept = json.loads((plan.home / "2024-Q1" / "c.ipynb").read_text())
    assert [out["ename"] for cell in kept["cells"] for out in cell.get("outputs", [])] == [
        "ZeroDivisionError"
    ]
    with pytest.raises(NotebookError, match="ZeroDivisionError"):  # it is not taken for done
        execute(plan, [*two, broken])


def test_all_failures_are_named_at_once(plan, tmp_path, notebook_at):
    broken = [notebook_at(tmp_path / f"{name}.ipynb", GIVEN, f"{name} + 1") for name in "de"]
    with pytest.raises(NotebookError) as error:
        execute(plan, broken)
    said = str(error.value).splitlines()
    assert [line.partition(":")[0] for line in said[:2]] == ["d.ipynb, cell 2", "e.ipynb, cell 2"]
    assert said[2:] == [f"It is kept as executed, with its error, in {plan.home / '2024-Q1'}."]


def test_quarters_do_not_mix(plan, two):
    execute(plan, two)
    other = due.analysis_jobs(plan, two, "2024-Q2", plan.home / "snapshots" / "x")
    due.execute(plan, "analyse", other, "data", False)
    assert (said(plan, "a"), said(plan, "a", "2024-Q2")) == ("2024-Q1", "2024-Q2")
    assert execute(plan, two) == set()


def test_how_long_a_notebook_took_is_remembered(plan, two):
    took = due.execute(plan, "analyse", jobs(plan, two), "data", False)
    assert due.seconds(jobs(plan, two)) == took
    assert all(0 < seconds < 60 for seconds in took.values())


def test_progress_tells_what_was_skipped_and_each_that_is_done(plan, two, notebook_at):
    told = []
    telling = Plan(
        plan.programme, {}, plan.published, plan.home, 1, lambda *step: told.append(step)
    )
    execute(telling, two)
    assert told == [("analyse", 0, 2), ("analyse", 1, 2), ("analyse", 2, 2)]
    told.clear()
    notebook_at(two[0], GIVEN, "1")
    execute(telling, two)
    assert told == [("analyse", 1, 2), ("analyse", 2, 2)]


# ---- parameters ----


def setting(small_city, change, written):
    change(small_city / "programme.toml", "[[targets]]", written + "\n\n[[targets]]")
    return Programme.read(small_city)


def test_a_parameter_of_programme_toml_reaches_the_notebook(
    small_city, plan, tmp_path, change, notebook_at
):
    path = notebook_at(tmp_path / "a.ipynb", GIVEN + "\nlimit = 1", WRITE.format("limit"))
    notebook_at(small_city / "notebooks" / "a.ipynb", "")
    programme = setting(small_city, change, "[notebooks.a.parameters]\nlimit = 2.5")
    execute(Plan(programme, {}, plan.published, plan.home, 1, plan.say), [path])
    assert said(plan, "a") == "2.5"


def test_a_notebook_that_asks_for_the_seed_gets_the_programmes(plan, tmp_path, notebook_at):
    path = notebook_at(tmp_path / "a.ipynb", GIVEN + "\nseed = 0", WRITE.format("seed"))
    execute(plan, [path])
    assert said(plan, "a") == "7"


def test_a_seed_of_its_own_goes_before_the_programmes(small_city, plan, change, notebook_at):
    path = notebook_at(small_city / "notebooks" / "a.ipynb", GIVEN + "\nseed = 0")
    programme = setting(small_city, change, "[notebooks.a.parameters]\nseed = 11")
    [job] = jobs(Plan(programme, {}, plan.published, plan.home, 1, plan.say), [path])
    assert job.parameters["seed"] == 11


def test_what_the_run_itself_sets_cannot_be_set(small_city, plan, change, notebook_at, tmp_path):
    # Else the folder named there would be emptied before the notebook runs.
    precious = tmp_path / "precious"
    precious.mkdir()
    path = notebook_at(small_city / "notebooks" / "a.ipynb", GIVEN)
    programme = setting(small_city, change, f'[notebooks.a.parameters]\nresults = "{precious}"')
    with pytest.raises(NotebookError, match=r"a\.ipynb: the run itself sets results"):
        jobs(Plan(programme, {}, plan.published, plan.home, 1, plan.say), [path])
    assert precious.is_dir()


def test_a_report_is_executed_in_both_languages(plan, tmp_path, notebook_at):
    path = notebook_at(tmp_path / "r.ipynb", 'release = "."\nlanguage = "de"', "language")
    planned = due.report_jobs(plan, [path], "2024-Q1", Path("released"))
    assert [(job.output.name, job.parameters) for job in planned] == [
        ("r.de.ipynb", {"release": "released", "language": "de"}),
        ("r.en.ipynb", {"release": "released", "language": "en"}),
    ]


def test_where_the_files_are_makes_no_difference(plan, two):
    moved = [
        notebooks.Job(job.notebook, job.output, job.parameters | {"programme": "elsewhere"})
        for job in jobs(plan, two)
    ]
    execute(plan, two)
    assert due.execute(plan, "analyse", moved, "data", False) == {}
