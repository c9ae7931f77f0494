"""Executing what is due: a notebook whose code, data and parameters are the same is skipped.

Beside each executed notebook lies a record of what it was made from. It is written once the
notebook has succeeded, so that after a crash only the others are executed again.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..faults import NotebookError, OstwerkError
from ..files import clear_unfinished, write_whole
from ..language import LANGUAGES
from . import notebooks
from .inputs import Plan
from .recipe import code_of, parameters_of, sum_of


def analysis_jobs(
    plan: Plan, paths: Iterable[Path], quarter: str, snapshot: Path
) -> list[notebooks.Job]:
    """Say how the analysis notebooks are to be executed."""
    kept = plan.home / quarter
    jobs = []
    for path in paths:
        results = kept / "results" / path.stem
        given = {"programme": str(snapshot), "quarter": quarter, "results": str(results)}
        jobs.append(notebooks.Job(path, kept / path.name, _parameters(plan, path, given)))
    return jobs


def report_jobs(
    plan: Plan, paths: Iterable[Path], quarter: str, folder: Path
) -> list[notebooks.Job]:
    """Say how the report notebooks are to be executed on a release, each in both languages."""
    kept = plan.home / quarter
    jobs = []
    for path in paths:
        if inner := sorted({"programme", "results"} & notebooks.declared_parameters(path).keys()):
            raise NotebookError(
                "{notebook} reads a release and is published as it is, so it must not reach raw "
                "data: take the parameters {parameters} out, or the parameter release.",
                notebook=path.name,
                parameters=", ".join(inner),
            )
        for language in LANGUAGES:
            given = {"release": str(folder), "language": language}
            output = kept / f"{path.stem}.{language}.ipynb"
            jobs.append(notebooks.Job(path, output, _parameters(plan, path, given)))
    return jobs


def _parameters(plan: Plan, notebook: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Join what the run gives a notebook, what ``programme.toml`` sets, and the seed if it asks."""
    chosen = parameters_of(plan.programme).get(notebook.stem, {})
    if doubled := sorted(chosen.keys() & given.keys()):
        raise NotebookError(
            "{notebook}: the run itself sets {parameters}. Take that out of programme.toml.",
            notebook=notebook.name,
            parameters=", ".join(doubled),
        )
    if "seed" in notebooks.declared_parameters(notebook):
        given = {"seed": plan.programme.seed, **given}
    return given | chosen


def execute(
    plan: Plan, step: str, jobs: list[notebooks.Job], data: Any, force: bool
) -> dict[str, float]:
    """Execute the notebooks whose code, data or parameters have changed since they last ran.

    Parameters
    ----------
    plan : Plan
    step : str
        Under which name progress is told.
    jobs : list of Job
    data : anything that JSON can write
        What stands for all that the notebooks read.
    force : bool
        Execute all of them.

    Returns
    -------
    dict
        Name of each notebook that was executed = how many seconds it took.

    Raises
    ------
    NotebookError
        If one has failed; the others have finished.
    """
    keys = {job.output: sum_of([code_of(job.notebook), _choices(job), data]) for job in jobs}
    due = [job for job in jobs if force or _record(job).get("key") != keys[job.output]]
    done = len(jobs) - len(due)
    plan.say(step, done, len(jobs))
    for job in due:
        _record_file(job).unlink(missing_ok=True)
        job.output.parent.mkdir(parents=True, exist_ok=True)
        clear_unfinished(job.output.parent)
        for folder in results([job]):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def tell(told: notebooks.Step) -> None:
        nonlocal done
        if told.outcome is None:
            return
        if told.outcome.ok:
            written = {
                "key": keys[told.job.output],
                "seconds": round(told.outcome.seconds, 3),
                "results": _sums(told.job),
            }
            write_whole(_record_file(told.job), json.dumps(written, indent=1))
        done += 1
        plan.say(step, done, len(jobs))

    outcomes = notebooks.execute(
        due,
        workers=plan.workers,
        time_limit_s=plan.programme.run.notebook_time_limit_s,
        progress=tell,
        log=plan.home / "log.txt",
    )
    if failed := [outcome.error() for outcome in outcomes if not outcome.ok]:
        kept = NotebookError(
            "It is kept as executed, with its error, in {folder}.", folder=due[0].output.parent
        )
        raise NotebookError("{errors}", errors=[*failed, kept])
    return {outcome.job.output.stem: round(outcome.seconds, 3) for outcome in outcomes}


def results(jobs: Iterable[notebooks.Job]) -> list[Path]:
    """Give the folders into which notebooks write observations; a report has none."""
    return [Path(job.parameters["results"]) for job in jobs if "results" in job.parameters]


def seconds(jobs: Iterable[notebooks.Job]) -> dict[str, float]:
    """Say how long each notebook took when it was last executed."""
    return {job.output.stem: _record(job)["seconds"] for job in jobs}


def _record_file(job: notebooks.Job) -> Path:
    return job.output.with_suffix(".json")


def _choices(job: notebooks.Job) -> dict[str, Any]:
    """Give the parameters that change what a notebook says; where its files are does not."""
    paths = ("programme", "results", "release")
    return {name: value for name, value in job.parameters.items() if name not in paths}


def _sums(job: notebooks.Job) -> dict[str, str]:
    """Give the SHA-256 of what a notebook has written, itself included."""
    from ..reading import digest

    written = [job.output]
    for folder in results([job]):
        written += sorted(path for path in folder.rglob("*") if path.is_file())
    return {file.relative_to(job.output.parent).as_posix(): digest(file)[1] for file in written}


def _record(job: notebooks.Job) -> dict[str, Any]:
    """Read what a notebook was last made from; nothing if what it wrote was touched since."""
    try:
        written = json.loads(_record_file(job).read_text(encoding="utf-8"))
        return written if written["results"] == _sums(job) else {}
    except (OSError, ValueError, KeyError, OstwerkError):
        return {}
