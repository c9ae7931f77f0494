"""The quarterly run: from a programme's files to a published release, or to a clear error.

What a run leaves behind beside the release stands below ``runs/<programme>/`` and is internal: a
snapshot of the checked data, the executed notebooks with their observations, and a copy of every
input file, from which a release can be recomputed years later.
"""

import errno
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

from .. import periods, publishing, release
from ..faults import DataError, NotebookError, OstwerkError
from ..files import write_whole
from ..programme import Programme
from . import content, due, forks, notebooks
from .inputs import QUARTERS, Plan, digests, is_data, keep, take_snapshot
from .recipe import code_of, environment, notebooks_of, parameters_of, sum_of


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
    folder : Path
        Where the executed notebooks are.
    seconds : dict of str to float
        How long each notebook took that was not skipped as unchanged.
    """

    status: str
    release: release.Release | None
    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_current(self) -> bool:
        """Whether the release is the programme's current one; an earlier quarter's is not."""
        if self.release is None:
            return False
        folder = self.release.folder
        return release.current_name(folder.parent) == folder.name


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
        If another run of the programme is under way, or the disk is full.
    """
    read = Programme.read(programme)
    out = Path(out).absolute()
    plan = Plan(
        programme=read,
        archive=archive or {},
        published=out / "published",
        home=out / "runs" / read.id,
        workers=workers or os.cpu_count() or 1,
        say=progress or (lambda step, done, total: None),
    )
    try:
        with _alone(plan):
            return _run(plan, quarter, only, force)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise OstwerkError(
            "There is no space left on the disk of {folder}. Make room and run again; the last "
            "release is as it was.",
            folder=out,
        ) from error


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Hold a programme's lock, or say who does; the system frees it if the holder dies."""
    from filelock import FileLock, Timeout

    plan.home.mkdir(parents=True, exist_ok=True)
    lock, owner = plan.home / "lock", plan.home / "lock.json"
    try:
        with FileLock(lock, timeout=0):
            since = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
            held = {"pid": os.getpid(), "host": platform.node(), "since": since}
            write_whole(owner, json.dumps(held))
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


def _run(plan: Plan, asked: str, only: str | None, force: bool) -> Result:
    """Take the steps of a run, one after the other."""
    named = None if asked == "last" else _quarter(plan, asked)
    chosen = notebooks_of(plan.programme, only)
    code = {path.stem: code_of(path) for path in chosen}
    inputs = digests(plan)
    data_sum = sum_of([[entry for entry in inputs if is_data(entry)], environment()])
    snapshot = plan.home / "snapshots" / data_sum[:16]
    if not snapshot.is_dir():
        forks.warm_up()  # imports on one core while the data is loaded on the other
        take_snapshot(plan, inputs, snapshot)
    quarter = named or _last_quarter(plan, snapshot)
    recipe = {
        "quarter": quarter,
        "data": data_sum,
        "notebooks": code,
        "parameters": parameters_of(plan.programme),
        "seed": plan.programme.seed,
        **environment(),
    }
    publishing.finish_publishing(plan.published / plan.programme.id)
    standing = release.newest(plan.published / plan.programme.id, quarter)
    kept = plan.home / quarter
    if standing and not (force or only) and standing.manifest["recipe"] == recipe:
        return Result("unchanged", standing, kept)

    forks.warm_up()
    reports = [path for path in chosen if "release" in notebooks.declared_parameters(path)]
    analyses = [path for path in chosen if path not in reports]
    jobs = due.analysis_jobs(plan, analyses, quarter, snapshot)
    if only:
        return _execute_one(plan, jobs, reports, [data_sum, quarter], standing, force)
    keep(plan, inputs)
    staged = publishing.stage(plan.published, plan.programme.id)
    try:
        report_jobs = due.report_jobs(plan, reports, quarter, staged)
        notebooks.check([*jobs, *report_jobs])  # everything, before anything runs
        seconds = due.execute(plan, "analyse", jobs, [data_sum, quarter], force)
        content.write_tables(plan, staged, snapshot, due.results(jobs), quarter)
        manifest = content.manifest(plan, staged, recipe, inputs)
        publishing.seal(staged, manifest)
        if report_jobs:
            shown = [release.table_sums(staged), manifest | {"released_at": date.today()}]
            seconds |= due.execute(plan, "report", report_jobs, shown, force)
            content.write_pages(report_jobs, staged / "reports", plan.programme)
        manifest["seconds"] = due.seconds([*jobs, *report_jobs])
        return _publish(staged, standing, manifest, kept, seconds)
    finally:
        shutil.rmtree(staged, ignore_errors=True)  # gone already if it was published


def _quarter(plan: Plan, asked: str) -> str:
    """Read the quarter asked for.

    Raises
    ------
    DataError
        If it is none, is not over yet, or lies before the programme's first.
    """
    quarter, (first, complete) = periods.parse_quarter(asked), _series(plan)
    if not first <= quarter <= complete:
        raise DataError(
            "{quarter} is not between the programme's first quarter, {first}, and the last "
            "complete one, {complete}. Name another, or: --quarter last",
            quarter=quarter,
            first=first,
            complete=complete,
        )
    return quarter


def _last_quarter(plan: Plan, snapshot: Path) -> str:
    """Find the last complete quarter that has data.

    Raises
    ------
    DataError
        If there is none.
    """
    first, complete = _series(plan)
    with_data = json.loads((snapshot / QUARTERS).read_text())
    if past := [quarter for quarter in with_data if first <= quarter <= complete]:
        return past[-1]
    raise DataError(
        "No quarter from {first} to {complete} has data. Name the quarter to run, or correct "
        "first_quarter in programme.toml.",
        first=first,
        complete=complete,
    )


def _series(plan: Plan) -> tuple[str, str]:
    """Give the first quarter of the programme and the last one that is over."""
    first = periods.parse_quarter(plan.programme.first_quarter)
    return first, periods.last_complete(date.today())


def _execute_one(
    plan: Plan,
    jobs: list[notebooks.Job],
    reports: list[Path],
    data: list[str],
    standing: release.Release | None,
    force: bool,
) -> Result:
    """Execute one notebook; of a report the pages are left beside it."""
    quarter = data[-1]
    kept = plan.home / quarter
    if not reports:
        seconds = due.execute(plan, "analyse", jobs, data, force)
        return Result("executed", standing, kept, seconds)
    if standing is None:
        raise NotebookError(
            "{name} reads a release, and {quarter} has none yet. Run without --only first.",
            name=reports[0].stem,
            quarter=quarter,
        )
    report_jobs = due.report_jobs(plan, reports, quarter, standing.folder)
    seconds = due.execute(plan, "report", report_jobs, standing.manifest, force)
    content.write_pages(report_jobs, kept, plan.programme)
    return Result("executed", standing, kept, seconds)


def _publish(
    staged: Path,
    standing: release.Release | None,
    manifest: dict[str, Any],
    kept: Path,
    seconds: dict[str, float],
) -> Result:
    """Publish a staged release, unless it is the standing one again."""
    if (
        standing
        and standing.manifest["recipe"] == manifest["recipe"]
        and release.table_sums(standing.folder) == release.table_sums(staged)
    ):
        return Result("reproduced", standing, kept, seconds)
    return Result("released", publishing.publish(staged, manifest), kept, seconds)
