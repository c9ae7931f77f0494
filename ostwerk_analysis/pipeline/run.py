"""The quarterly run: from a programme's files to a published release, or to a clear error.

What a run leaves behind beside the release stands below ``runs/<programme>/`` and is internal: a
snapshot of the checked data, the executed notebooks with their observations, and a copy of every
input file, from which a release can be recomputed years later.
"""

import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .. import __version__, periods, release
from ..faults import DataError, NotebookError, OstwerkError
from ..language import LANGUAGES
from ..programme import Programme, Section
from . import forks, notebooks
from .recipe import OWN_NOTEBOOKS, code_of, code_version, notebooks_of, package_versions, sum_of

if TYPE_CHECKING:
    import pandas as pd

    from ..dataset import Dataset

DATED = {
    "contacts": "occurred_on",
    "grants": "applied_on",
    "jobs": "status_on",
    "participants": "entered_on",
    "operations": "started_on",
}
"""Tables of events, by which the last quarter with data is told."""
LAST_QUARTER = "last_quarter"


class Progress(Protocol):
    """What a run tells about its steps."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Say that so many parts of a step are done."""


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes
    ----------
    status : {"released", "unchanged", "reproduced", "executed"}
        A new release; nothing to do; the same tables again, byte for byte; one notebook only.
    release : Release or None
    seconds : dict of str to float
        How long each notebook took that was not skipped as unchanged.
    """

    status: str
    release: release.Release | None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Plan:
    """What the steps of a run have in common."""

    programme: Programme
    archive: Mapping[str, Path]
    published: Path
    home: Path
    workers: int
    say: Progress


def run(
    programme: str | Path,
    quarter: str = "last",
    *,
    out: str | Path = ".",
    workers: int | None = None,
    only: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
    archive: Mapping[str, Path] | None = None,
) -> Result:
    """Run a programme's quarter.

    Parameters
    ----------
    programme : str or Path
        Its folder or ``programme.toml``.
    quarter : str
        Such as ``2026Q3``; ``last`` is the last complete quarter that has data.
    out : str or Path
        Where ``published/`` and ``runs/`` are.
    workers : int, optional
        Notebooks at once; as many as processors if left out.
    only : str, optional
        Name of one notebook: it alone is executed, and nothing is released.
    force : bool
        Execute everything even if nothing has changed.
    progress : callable, optional
        Told about each step.
    archive : mapping of str to Path, optional
        Files that stand in for those that the sources name.

    Raises
    ------
    DataError
        If the inputs are not good enough.
    DisclosureError
        If the release cannot be protected.
    NotebookError
        If a notebook cannot run or has failed; the others have finished, and nothing is released.
    OstwerkError
        If another run of the programme is under way.
    """
    read = Programme.read(programme)
    out = Path(out).absolute()
    plan = _Plan(
        programme=read,
        archive=archive or {},
        published=out / "published",
        home=out / "runs" / read.id,
        workers=workers or os.cpu_count() or 1,
        say=progress or (lambda step, done, total: None),
    )
    with _alone(plan):
        return _run(plan, quarter, only, force)


@contextmanager
def _alone(plan: _Plan) -> Iterator[None]:
    """Hold a programme's lock, or say who does; the system frees it if the holder dies."""
    from filelock import FileLock, Timeout

    plan.home.mkdir(parents=True, exist_ok=True)
    lock, owner = plan.home / "lock", plan.home / "lock.json"
    try:
        with FileLock(lock, timeout=0):
            since = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
            held = {"pid": os.getpid(), "host": platform.node(), "since": since}
            release.write_whole(owner, json.dumps(held))
            yield
    except Timeout:
        held = json.loads(owner.read_text()) if owner.is_file() else {}
        raise OstwerkError(
            "{programme} is being run by process {pid} on {host} since {since}. Wait for it to "
            "end, then run again.",
            programme=plan.programme.id,
            pid=held.get("pid", "?"),
            host=held.get("host", "?"),
            since=held.get("since", "?"),
        ) from None


def _run(plan: _Plan, asked: str, only: str | None, force: bool) -> Result:
    """Take the steps of a run, one after the other."""
    chosen = notebooks_of(plan.programme, only)
    inputs = _digests(plan)
    data = [entry for entry in inputs if Path(entry["file"]).parent != Path(OWN_NOTEBOOKS)]
    data_sum = sum_of([data, code_version()])
    snapshot = plan.home / "snapshots" / data_sum[:16]
    if not snapshot.is_dir():
        forks.warm_up()  # imports on one core while the data is loaded on the other
        _take_snapshot(plan, inputs, snapshot)
    quarter = _quarter(plan, snapshot, asked)
    recipe = {
        "quarter": quarter,
        "data": data_sum,
        "code": {"version": __version__, "sha256": code_version()},
        "notebooks": {path.stem: code_of(path) for path in chosen},
        "parameters": {name: entry.parameters for name, entry in plan.programme.notebooks.items()},
        "python": platform.python_version(),
        "packages": package_versions(),
        "seed": plan.programme.seed,
    }
    standing = _standing(plan, quarter)
    if standing and not (force or only) and standing.manifest["recipe"] == recipe:
        return Result("unchanged", standing)

    forks.warm_up()
    kept = plan.home / quarter
    (kept / "results").mkdir(parents=True, exist_ok=True)
    staged = release.stage(plan.published, plan.programme.id)
    try:
        reports = [path for path in chosen if "release" in notebooks.declared_parameters(path)]
        analyses = [path for path in chosen if path not in reports]
        folder = standing.folder if only and standing else staged
        report_jobs = _report_jobs(plan, reports, quarter, folder)
        notebooks.check(report_jobs)  # all parameters are checked before anything runs
        jobs = _analysis_jobs(plan, analyses, quarter, snapshot)
        seconds = _execute(plan, "analyse", jobs, [data_sum, quarter], force)
        if only and reports and not standing:
            raise NotebookError(
                "{name} reads a release, and {quarter} has none yet. Run without --only first.",
                name=reports[0].stem,
                quarter=quarter,
            )
        if not only:
            _write_tables(plan, staged, snapshot, jobs)
            manifest = _manifest(plan, recipe, inputs, seconds)
            release.seal(staged, manifest)
        if reports:
            sums = release.table_sums(folder)
            seconds |= _execute(plan, "report", report_jobs, [sums, code_version()], force)
            _write_pages(report_jobs, staged / "reports", plan.programme)
        if only:
            return Result("executed", standing, seconds)
        return _publish(staged, standing, _manifest(plan, recipe, inputs, seconds))
    finally:
        shutil.rmtree(staged, ignore_errors=True)  # gone already if it was published


def _digests(plan: _Plan) -> list[dict[str, Any]]:
    """Give name, size and SHA-256 of every input, the programme's file first."""
    from ..loading import digest

    sums = {name: digest(file) for name, file in _files(plan).items()}
    return [{"file": name, "bytes": size, "sha256": sha} for name, (size, sha) in sums.items()]


def _files(plan: _Plan) -> dict[str, Path]:
    """Give every file that a run depends on: the programme's, its sources', its own notebooks."""
    programme = plan.programme
    own = sorted((programme.folder / OWN_NOTEBOOKS).glob("*.ipynb"))
    return (
        {programme.path.name: programme.path}
        | {
            source.path: plan.archive.get(source.path) or programme.source_path(source)
            for source in programme.sources
        }
        | {f"{OWN_NOTEBOOKS}/{path.name}": path for path in own}
    )


def _take_snapshot(plan: _Plan, inputs: list[dict[str, Any]], snapshot: Path) -> None:
    """Keep a copy of every input, then load and check the copies, so that what is recorded is what
    was read even if a file is being replaced meanwhile.
    """
    from ..loading import digest, load

    plan.say("load", 0, 1)
    files = _files(plan)
    copies = {}
    (plan.home / "inputs").mkdir(exist_ok=True)
    for entry in inputs:
        file = files[entry["file"]]
        kept = copies[entry["file"]] = archived(plan.home, entry)
        if kept.is_file():
            continue
        beside = kept.with_name(f".{os.getpid()}{file.suffix}")
        shutil.copyfile(file, beside)
        if digest(beside)[1] != entry["sha256"]:
            beside.unlink()
            raise DataError(
                "{file} changed while it was read. Run again when it is complete.",
                file=entry["file"],
            )
        os.replace(beside, kept)
    data = load(plan.programme, files=copies)
    plan.say("load", 1, 1)
    # One snapshot is enough: the archive can make any other one again.
    shutil.rmtree(snapshot.parent, ignore_errors=True)
    snapshot.parent.mkdir()
    beside = data.save(snapshot.with_suffix(".part"))
    (beside / LAST_QUARTER).write_text(last_quarter_with_data(data))
    os.rename(beside, snapshot)


def archived(home: Path, entry: dict[str, Any]) -> Path:
    """Give the place of the copy of an input, by its hash."""
    return home / "inputs" / (entry["sha256"] + Path(entry["file"]).suffix)


def _quarter(plan: _Plan, snapshot: Path, asked: str) -> str:
    """Read the quarter asked for; find the last complete one that has data.

    Raises
    ------
    DataError
        If it is not over yet, or lies before the programme's first.
    """
    complete = periods.last_complete(date.today())
    first = periods.parse_quarter(plan.programme.first_quarter)
    if asked == "last":
        with_data = (snapshot / LAST_QUARTER).read_text()
        return min(complete, with_data or complete)
    quarter = periods.parse_quarter(asked)
    if not first <= quarter <= complete:
        raise DataError(
            "{quarter} is not between the programme's first quarter, {first}, and the last "
            "complete one, {complete}. Name another, or: --quarter last",
            quarter=quarter,
            first=first,
            complete=complete,
        )
    return quarter


def last_quarter_with_data(data: "Dataset") -> str:
    """Give the last quarter in which something happened or was published; empty if nothing did."""
    found = [
        periods.quarter_of(data.tables[table][column].max())
        for table, column in DATED.items()
        if table in data.tables and data.tables[table][column].notna().any()
    ]
    if "statistics" in data.tables and len(data.statistics):
        period = data.statistics["period"]
        found.append(period.where(period.str.contains("Q"), period + "-Q4").max())
    return max(found, default="")


def _standing(plan: _Plan, quarter: str) -> release.Release | None:
    """Open the newest release of a quarter, if it is the current one and undamaged."""
    home = plan.published / plan.programme.id
    try:
        current = release.open(home) if (home / release.CURRENT).is_file() else None
    except OstwerkError:
        return None
    return current if current and current.quarter == quarter else None


def _parameters(plan: _Plan, notebook: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Join what the run gives a notebook and what ``programme.toml`` sets for it."""
    settings = plan.programme.notebooks.get(notebook.stem)
    return given | (settings.parameters if settings else {})


def _analysis_jobs(
    plan: _Plan, chosen: list[Path], quarter: str, snapshot: Path
) -> list[notebooks.Job]:
    """Say how the analysis notebooks are to be executed."""
    kept = plan.home / quarter
    jobs = []
    for path in chosen:
        results = kept / "results" / path.stem
        given = {"programme": str(snapshot), "quarter": quarter, "results": str(results)}
        jobs.append(notebooks.Job(path, kept / path.name, _parameters(plan, path, given)))
    return jobs


def _report_jobs(
    plan: _Plan, chosen: list[Path], quarter: str, folder: Path
) -> list[notebooks.Job]:
    """Say how the report notebooks are to be executed, each in both languages."""
    kept = plan.home / quarter
    jobs = []
    for path in chosen:
        for language in LANGUAGES:
            given = {"release": str(folder), "language": language}
            output = kept / f"{path.stem}.{language}.ipynb"
            jobs.append(notebooks.Job(path, output, _parameters(plan, path, given)))
    return jobs


def _execute(
    plan: _Plan, step: str, jobs: list[notebooks.Job], data: Any, force: bool
) -> dict[str, float]:
    """Execute the notebooks whose code, data or parameters have changed since they last ran.

    Raises
    ------
    NotebookError
        If one has failed; the others have finished.
    """
    keys = {job.output: sum_of([code_of(job.notebook), _choices(job), data]) for job in jobs}
    due = [job for job in jobs if force or _record(job) != keys[job.output]]
    done = len(jobs) - len(due)
    plan.say(step, done, len(jobs))
    for job in due:
        _record_file(job).unlink(missing_ok=True)
        for folder in _results(job):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def tell(told: notebooks.Step) -> None:
        nonlocal done
        if told.outcome is not None:
            done += 1
            plan.say(step, done, len(jobs))

    outcomes = notebooks.execute(
        due,
        workers=plan.workers,
        time_limit_s=plan.programme.run.notebook_time_limit_s,
        progress=tell,
        log=plan.home / "log.txt",
    )
    for outcome in outcomes:
        if outcome.ok:
            written = {"key": keys[outcome.job.output], "results": _result_sums(outcome.job)}
            release.write_whole(_record_file(outcome.job), json.dumps(written, indent=1))
    if failed := [outcome.error() for outcome in outcomes if not outcome.ok]:
        raise (
            failed[0] if len(failed) == 1 else notebooks.ParameterErrors("{errors}", errors=failed)
        )
    return {outcome.job.output.stem: round(outcome.seconds, 3) for outcome in outcomes}


def _record_file(job: notebooks.Job) -> Path:
    return job.output.with_suffix(".json")


def _results(job: notebooks.Job) -> list[Path]:
    """Give the folder into which a notebook writes observations; a report has none."""
    return [Path(job.parameters["results"])] if "results" in job.parameters else []


def _choices(job: notebooks.Job) -> dict[str, Any]:
    """Give the parameters that change what a notebook says; where its files are does not."""
    paths = ("programme", "results", "release")
    return {name: value for name, value in job.parameters.items() if name not in paths}


def _result_sums(job: notebooks.Job) -> dict[str, str]:
    from ..loading import digest

    files = [file for folder in _results(job) for file in sorted(folder.glob("*"))]
    return {file.name: digest(file)[1] for file in files}


def _record(job: notebooks.Job) -> str:
    """Give the key under which a notebook last ran; empty if its results were touched since."""
    try:
        written = json.loads(_record_file(job).read_text())
    except (OSError, ValueError):
        return ""
    whole = job.output.is_file() and written["results"] == _result_sums(job)
    return written["key"] if whole else ""


def _write_tables(plan: _Plan, staged: Path, snapshot: Path, jobs: list[notebooks.Job]) -> None:
    """Collect what the notebooks found, protect it, and write the release's tables."""
    import geopandas as gpd
    import pandas as pd

    from .. import disclosure, downloads
    from ..loading import load
    from ..observations import collect

    plan.say("protect", 0, 1)
    data = load(snapshot)
    internal, catalogue = collect([folder for job in jobs for folder in _results(job)])
    observations = disclosure.protect(internal, catalogue, plan.programme.disclosure)
    names = ["area_id", "area_level", "name_de", "name_en"]
    areas = data.areas[names].drop_duplicates(ignore_index=True)
    districts = data.districts[["district_id", "name", "borough_id", "geometry"]]
    sites = data.tables.get("sites")
    if sites is None:
        sites = gpd.GeoDataFrame(
            {"site_id": [], "name": [], "kind": []}, geometry=[], crs=districts.crs
        )
    findings = data.faults.groupby(["table", "file", "column", "rule"], as_index=False).size()
    tables = {
        "observations": observations,
        "catalogue": catalogue,
        "areas": areas,
        "districts": districts.sort_values("district_id", ignore_index=True),
        "sites": sites[["site_id", "name", "kind", "geometry"]],
        "targets": _entries(plan.programme.targets),
        "headlines": _entries(plan.programme.headlines),
        "findings": findings.rename(columns={"size": "rows"}),
        "reads": data.reads.drop(columns=["source", "fault_limit_pct"]),
    }
    release.write_tables(staged, tables)
    downloads.write(staged / "downloads", observations, catalogue, areas)
    if "operations" in data.tables:
        listed = pd.DataFrame(data.operations)
        downloads.write_csv(listed, staged / "downloads" / "operations.csv", "de")
    plan.say("protect", 1, 1)


def _write_pages(jobs: list[notebooks.Job], folder: Path, programme: Programme) -> None:
    """Turn executed reports into pages."""
    from .. import report, templates

    folder.mkdir()
    shutil.copyfile(templates.plotly_path(), folder / templates.PLOTLY)
    for job in jobs:
        language = job.parameters["language"]
        page = report.html_report(
            job.output,
            title=getattr(programme.name, language),
            language=language,
            is_demonstration=programme.is_demonstration,
        )
        (folder / f"{job.output.stem}.html").write_text(page, encoding="utf-8")


def _entries(entries: "Sequence[Section]") -> "pd.DataFrame":
    """Put entries of ``programme.toml`` into a table."""
    import pandas as pd

    rows = [entry.model_dump(mode="json") for entry in entries]
    return pd.DataFrame(rows) if rows else pd.DataFrame({"indicator": pd.Series(dtype="str")})


def _manifest(
    plan: _Plan,
    recipe: dict[str, Any],
    inputs: list[dict[str, Any]],
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Say what a release was made from, by what, and for whom."""
    programme = plan.programme
    measures = [measure.model_dump(mode="json") for measure in programme.measures]
    own = [area.districts for area in programme.areas if area.level == "programme"]
    districts = sorted({code for codes in own for code in codes})
    return {
        "programme": {
            "id": programme.id,
            "name": programme.name.model_dump(),
            "city": programme.city.model_dump(),
            "is_demonstration": programme.is_demonstration,
            "first_quarter": programme.first_quarter,
            "districts": districts,
            "crs": programme.crs,
            "measures": measures,
            "pages": programme.pages.model_dump(),
        },
        "quarter": recipe["quarter"],
        "released_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": recipe,
        "inputs": inputs,
        "seconds": seconds,
    }


def _publish(staged: Path, standing: release.Release | None, manifest: dict[str, Any]) -> Result:
    """Publish a staged release, unless it is the standing one again."""
    seconds = manifest["seconds"]
    if (
        standing
        and standing.manifest["recipe"] == manifest["recipe"]
        and release.table_sums(standing.folder) == release.table_sums(staged)
    ):
        return Result("reproduced", standing, seconds)
    return Result("released", release.publish(staged, manifest), seconds)
