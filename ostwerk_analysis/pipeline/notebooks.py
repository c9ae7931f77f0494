"""Notebooks executed by papermill, several at once, in forked kernels.

Everything that can be known beforehand is checked beforehand, for all notebooks, and stops the run
before anything starts. What happens to one notebook afterwards is its :class:`Outcome`; the others
go on.

papermill's clients run in threads of this process: the work is done in the kernels, and a client
takes 0.05 s of processor time for a notebook. Processes of their own were measured as well, and
are no faster (``benchmarks/notebooks.py``).
"""

import ast
import json
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError, strip_color
from papermill.iorw import papermill_io
from papermill.log import logger

from ..faults import NotebookError, nearest
from ..files import write_whole
from ..language import Sentence
from . import forks, kernels

ENGINE = "ostwerk"
START_LIMIT_S = 60
IOPUB_LIMIT_S = 60
MESSAGE_LENGTH = 300
INJECTED = "injected-parameters"
WHOLE = "whole:"
"""Begins the path of a notebook that is written whole or not at all."""


@dataclass(frozen=True)
class Job:
    """A notebook to execute.

    Attributes
    ----------
    notebook : Path
    output : Path
        Where the executed notebook goes; its folder must exist.
    parameters : dict
        Name to value: text, numbers, booleans, lists and dictionaries of them; paths and dates,
        which the notebook gets as text.
    folder : Path, optional
        Where the kernel works; by default where this process does.
    """

    notebook: Path
    output: Path
    parameters: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a notebook.

    Attributes
    ----------
    job : Job
    seconds : float
    exception : str
        Name of the exception that ended it, ``TimedOut`` or ``KernelDied``; empty if it succeeded.
    message : str
        The first line of what the exception said.
    cell : int, optional
        Number of the cell in which it ended, the first cell of the notebook being 1.
    """

    job: Job
    seconds: float
    exception: str = ""
    message: str = ""
    cell: int | None = None

    @property
    def ok(self) -> bool:
        """Whether every cell ran."""
        return not self.exception

    def error(self) -> NotebookError:
        """Say what failed, for a user."""
        return NotebookError(
            "{notebook}, cell {cell}: {exception}: {message}"
            if self.cell
            else "{notebook}: {exception}: {message}",
            notebook=self.job.notebook.name,
            cell=self.cell,
            exception=self.exception,
            message=self.message,
        )


class Step(NamedTuple):
    """What :func:`execute` tells while it runs: a cell begins, or a notebook has ended."""

    job: Job
    cell: int
    cells: int
    outcome: Outcome | None = None


def declared_parameters(path: Path) -> dict[str, str | None]:
    """Read which parameters a notebook declares, from its one cell tagged ``parameters``.

    ``papermill.inspect_notebook`` looks for them line by line with a pattern, which passes over
    ``area: str | None = "x"`` and ``where = "a=b"`` without a word. So the cell is parsed.

    Returns
    -------
    dict
        Name to the Python expression of its default; None where the cell gives it no value, by
        ``name: str`` or by ``name = None``.

    Raises
    ------
    NotebookError
        If the file is not a notebook, has no such cell or several, or the cell is not Python.
    """
    return _declared(path, _read(path))


def _read(path: Path) -> NotebookNode:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        for number, cell in enumerate(content["cells"]):
            # Where a cell has no id nbformat warns and makes up another one at each reading.
            cell.setdefault("id", f"cell-{number}")
        content["nbformat_minor"] = max(content["nbformat_minor"], 5)
        notebook = nbformat.reads(json.dumps(content), as_version=4, capture_validation_error={})
        nbformat.validate(notebook)
    except Exception as error:  # of any kind, as nbformat trusts what it reads
        raise NotebookError(
            "{notebook} cannot be read as a notebook: {reason}",
            notebook=path,
            reason=f"{type(error).__name__}: {error}".partition("\n")[0],
        ) from None
    return notebook


def _tagged(notebook: NotebookNode, tag: str) -> list[int]:
    """Find the cells that bear a tag."""
    cells = enumerate(notebook.cells)
    return [number for number, cell in cells if tag in cell.metadata.get("tags", [])]


def _declared(path: Path, notebook: NotebookNode) -> dict[str, str | None]:
    tagged = _tagged(notebook, "parameters")
    if len(tagged) != 1:
        raise NotebookError(
            "{notebook} has {number} cells tagged 'parameters'; give the tag to exactly one, "
            "which assigns each parameter its default.",
            notebook=path.name,
            number=len(tagged),
        )
    try:
        statements = ast.parse(notebook.cells[tagged[0]].source).body
    except SyntaxError as error:
        raise NotebookError(
            "{notebook}, cell {cell}: the parameters are not Python: {reason}.",
            notebook=path.name,
            cell=tagged[0] + 1,
            reason=error.msg,
        ) from None
    declared: dict[str, str | None] = {}
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets: list[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        value = None if statement.value is None else ast.unparse(statement.value)
        for target in targets:
            if isinstance(target, ast.Name):
                declared[target.id] = None if value == "None" else value
    return declared


def check(jobs: list[Job]) -> list[NotebookNode]:
    """Check that every notebook can be read and takes the parameters that it is to be given.

    Returns
    -------
    list of NotebookNode
        The notebooks as read.

    Raises
    ------
    NotebookError
        Naming every notebook and parameter that does not fit, all at once.
    """
    notebooks: list[NotebookNode] = []
    errors: list[NotebookError] = []
    for job in jobs:
        try:
            notebook = _read(job.notebook)
            declared = _declared(job.notebook, notebook)
        except NotebookError as error:
            errors.append(error)
            continue
        notebooks.append(notebook)
        errors += [
            NotebookError(
                "{notebook} has no parameter {parameter}; the nearest is {nearest}.",
                notebook=job.notebook.name,
                parameter=name,
                nearest=nearest(name, declared) or "–",
            )
            for name in job.parameters
            if name not in declared
        ]
        errors += [
            NotebookError(
                "{notebook} needs a value for its parameter {parameter}: give it one, or a "
                "default in the cell tagged 'parameters'.",
                notebook=job.notebook.name,
                parameter=name,
            )
            for name, default in declared.items()
            if default is None and job.parameters.get(name) is None
        ]
    if errors:
        raise errors[0] if len(errors) == 1 else NotebookError("{errors}", errors=errors)
    return notebooks


def execute(
    jobs: list[Job],
    *,
    workers: int,
    time_limit_s: float,
    progress: Callable[[Step], None] | None = None,
    log: Path | None = None,
) -> list[Outcome]:
    """Execute notebooks, several at once.

    Parameters
    ----------
    jobs : list of Job
    workers : int
        How many at once.
    time_limit_s : float
        For each notebook as a whole; then its kernel is killed, with all that it has started.
    progress : callable, optional
        Called in this thread with a :class:`Step` whenever a cell begins or a notebook has ended.
    log : Path, optional
        Where papermill's messages go, and what kernels say outside of their notebooks.

    Returns
    -------
    list of Outcome
        In the order of the jobs. Each executed notebook has been written, failed ones too.

    Raises
    ------
    NotebookError
        Before anything runs, if a notebook cannot take its parameters (:func:`check`).
    """
    runs = [
        _Run(job, notebook, time_limit_s) for job, notebook in zip(jobs, check(jobs), strict=True)
    ]
    forks.warm_up()
    steps: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
    with _logging_to(log) as stream, ThreadPoolExecutor(workers, "notebook") as pool:
        try:
            futures = [pool.submit(run.execute, steps, stream) for run in runs]
            for future in futures:
                future.add_done_callback(lambda _: steps.put(None))
            under_way = len(futures)
            while under_way:
                step = steps.get()
                if step is None:
                    under_way -= 1
                elif progress is not None:
                    progress(step)
        except BaseException:  # Ctrl-C, or the callback's own
            pool.shutdown(wait=False, cancel_futures=True)
            for run in runs:
                run.kill("Cancelled")
            raise
    return [future.result() for future in futures]


class _Run:
    """One notebook under way in a thread."""

    def __init__(self, job: Job, notebook: NotebookNode, time_limit_s: float):
        self.job, self.source, self.time_limit_s = job, notebook, time_limit_s
        self.manager: kernels.ForkedKernelManager | None = None
        self.index: int | None = None  # of the cell under way, in the executed notebook
        self.killed = ""

    def execute(self, steps: "queue.SimpleQueue[Step | None]", stream: TextIO) -> Outcome:
        """Execute the notebook and write it; whatever happens is told by the outcome."""
        self.steps, self.stream = steps, stream
        started = time.monotonic()
        timer = threading.Timer(self.time_limit_s, self.kill, ["TimedOut"])
        timer.daemon = True
        timer.start()
        exception = message = ""
        output = WHOLE + str(self.job.output).replace("{", "{{").replace("}", "}}")
        try:
            papermill.execute_notebook(
                self.source,
                output,  # in which papermill takes braces for placeholders
                {name: _plain(value) for name, value in self.job.parameters.items()},
                engine_name=ENGINE,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                # Saving before and after each cell took 0.1 s; what is lost is the output of a
                # notebook whose run was killed from outside.
                request_save_on_cell_execute=False,
                run=self,
            )
        except PapermillExecutionError as error:
            exception, self.index = error.ename, error.cell_index
            message = _first_line(error.evalue)
        except Exception as error:
            logger.exception("%s did not run", self.job.notebook)
            exception, message = type(error).__name__, _first_line(str(error))
            if self.killed:
                exception, message = self.why_dead()
        finally:
            timer.cancel()
            ensure_event_loop().close()  # of this thread
        outcome = Outcome(
            self.job,
            time.monotonic() - started,
            exception,
            message,
            self.cell if exception else None,
        )
        steps.put(Step(self.job, self.cell or 0, len(self.source.cells), outcome))
        return outcome

    @property
    def cell(self) -> int | None:
        """Number of the cell reached, in the notebook as its author knows it."""
        if self.index is None:
            return None
        [declaring] = _tagged(self.source, "parameters")
        was_inserted = self.job.parameters and not _tagged(self.source, INJECTED)
        return self.index + (0 if was_inserted and self.index > declaring else 1)

    def begin_cell(self, cell: NotebookNode, cell_index: int) -> None:
        """Note and tell that a cell is about to be sent to the kernel."""
        if self.killed:
            raise DeadKernelError(self.killed)
        self.index = cell_index
        self.steps.put(Step(self.job, self.cell or 0, len(self.source.cells)))

    def kill(self, reason: str) -> None:
        """Kill the kernel, from another thread; its client notices within a second."""
        self.killed = reason
        if self.manager is not None and self.manager.provisioner is not None:
            self.manager.provisioner.kill_group()

    def why_dead(self) -> tuple[str, Sentence]:
        """Give the name and the message of the error that a dead kernel is."""
        provisioner = self.manager.provisioner if self.manager is not None else None
        code = provisioner.exit_code if provisioner is not None else None
        if self.killed == "TimedOut":
            said = Sentence("not finished within {limit:g} s", limit=self.time_limit_s)
        elif self.killed or code is None:
            said = Sentence("the run was stopped")
        elif code < 0:
            name = signal.Signals(-code).name
            said = Sentence("the kernel's process was ended by {signal}", signal=name)
        else:
            said = Sentence("the kernel's process ended itself with exit code {code}", code=code)
        return self.killed or "KernelDied", said


class _Engine(NBClientEngine):
    """papermill's own engine, with our kernels and without what differs from run to run."""

    @classmethod
    def execute_notebook(
        cls, nb: NotebookNode, kernel_name: str, *args: Any, run: _Run, **kwargs: Any
    ) -> NotebookNode:
        nb = super().execute_notebook(nb, kernel_name, *args, run=run, **kwargs)
        return _tidy(nb, run.job)

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, run: _Run, **_: Any
    ) -> None:
        run.manager = kernels.ForkedKernelManager(kernel_name=kernel_name)
        client = PapermillNotebookClient(
            nb_man,
            run.manager,
            log=logger,
            startup_timeout=START_LIMIT_S,
            shell_timeout_interval=1,  # how soon a death after the last cell is noticed
            iopub_timeout=IOPUB_LIMIT_S,  # 4 s may pass on a busy machine without any fault
            coalesce_streams=True,  # else the timing decides how many pieces there are
            record_timing=False,
            resources={"metadata": {"path": run.job.folder and str(run.job.folder)}},
            on_cell_execute=run.begin_cell,
        )
        try:
            client.execute(cleanup_kc=True, stdout=run.stream, stderr=run.stream)
        except DeadKernelError:
            if run.index is None:
                raise
            # As the exception of a cell, so that papermill treats it like any other.
            name, said = run.why_dead()
            cell = nb_man.nb.cells[run.index]
            cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=said))
            nb_man.cell_exception(cell, cell_index=run.index)


class _WholeFiles:
    """Where papermill writes: a file appears whole or not at all."""

    def write(self, text: str, path: str) -> None:
        write_whole(Path(path.removeprefix(WHOLE)), text)

    def pretty_path(self, path: str) -> str:
        return path.removeprefix(WHOLE)


papermill_engines.register(ENGINE, _Engine)
papermill_io.register(WHOLE, _WholeFiles())


def _first_line(said: str) -> str:
    """Shorten what an exception said to its first line."""
    return strip_color(said).strip().partition("\n")[0][:MESSAGE_LENGTH]


def _plain(value: Any) -> Any:
    """Give paths and dates as text, which papermill can write down."""
    if isinstance(value, date):
        return value.isoformat()
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _tidy(notebook: NotebookNode, job: Job) -> NotebookNode:
    """Take out what differs from run to run: times, folders, the name of the added cell."""
    notebook.metadata.papermill.update(input_path=job.notebook.name, output_path=job.output.name)
    for part in (notebook, *notebook.cells):
        for key in ("start_time", "end_time", "duration", "environment_variables"):
            part.metadata.papermill.pop(key, None)
    for index in _tagged(notebook, INJECTED):
        notebook.cells[index].id = INJECTED
    return notebook


@contextmanager
def _logging_to(path: Path | None) -> Iterator[TextIO]:
    """Send what papermill and Jupyter log to a file only, and lend it for what kernels say."""
    loggers = [logging.getLogger(name) for name in ("papermill", "traitlets")]
    before = [log.propagate for log in loggers]
    with Path(path or os.devnull).open("a", encoding="utf-8") as stream:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        for log in loggers:
            log.addHandler(handler)
            log.propagate = False
        try:
            yield stream
        finally:
            for log, propagates in zip(loggers, before, strict=True):
                log.removeHandler(handler)
                log.propagate = propagates
