import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import nbformat
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_client.provisioning import LocalProvisioner

from ostwerk_analysis.faults import NotebookError
from ostwerk_analysis.pipeline import forks
from ostwerk_analysis.pipeline.notebooks import Job, check, declared_parameters, execute

HANG = "import itertools\nsum(itertools.repeat(1))"  # in C code that never lets another thread run


@pytest.fixture
def write_notebook(tmp_path, notebook_at):
    """Write a notebook: ``write_notebook("name", "cell", "cell", parameters="a = 1")``."""

    def write(name, *cells, parameters=""):
        return notebook_at(tmp_path / f"{name}.ipynb", parameters, *cells)

    return write


def job(notebook, **parameters):
    return Job(notebook, notebook.with_suffix(".out.ipynb"), parameters)


def run(*jobs, workers=2, time_limit_s=30, **settings):
    return execute(list(jobs), workers=workers, time_limit_s=time_limit_s, **settings)


def texts(path):
    """What the cells of an executed notebook printed."""
    cells = nbformat.read(path, 4).cells
    return [
        output.text.strip() for c in cells for output in c.get("outputs", []) if "text" in output
    ]


def gone(pids, within_s=5):
    """Whether processes have ended; a dead one that nobody has collected yet counts as ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        left = [pid for pid in pids if psutil.pid_exists(pid)]
        if all(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE for pid in left):
            return True
        time.sleep(0.05)
    return False


# What a notebook declares


def test_parameters_are_what_the_tagged_cell_assigns(write_notebook):
    cell = """
# the quarter
quarter: str = "2026Q3"
area: str | None = "20"
where = "a=b"
options = {
    "x": 1,
}
release: str
programme = None
import os
"""
    assert declared_parameters(write_notebook("n", parameters=cell)) == {
        "quarter": "'2026Q3'",
        "area": "'20'",
        "where": "'a=b'",
        "options": "{'x': 1}",
        "release": None,
        "programme": None,
    }


VALUES = st.recursive(
    st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["a", "über", "_x", "no_2"]), VALUES))
def test_any_assigned_value_is_read_back(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("n") / "n.ipynb"
    source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    declared = declared_parameters(path)
    assert {name: ast.literal_eval(text) for name, text in declared.items()} == values


@pytest.mark.parametrize("number", [0, 2])
def test_there_must_be_one_parameters_cell(write_notebook, number):
    path = write_notebook("n")
    notebook = nbformat.read(path, 4)
    notebook.cells = [
        nbformat.v4.new_code_cell("a = 1", metadata={"tags": ["parameters"]}) for _ in range(number)
    ]
    nbformat.write(notebook, path)
    with pytest.raises(NotebookError, match=f"n.ipynb has {number} cells tagged 'parameters'"):
        declared_parameters(path)


def test_parameters_that_are_not_python_are_refused(write_notebook):
    path = write_notebook("n", parameters="%matplotlib inline")
    with pytest.raises(NotebookError, match=r"n.ipynb, cell 1: the parameters are not Python"):
        declared_parameters(path)


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", '{"cells": 3}', None])
def test_a_file_that_is_no_notebook_is_named(tmp_path, content):
    path = tmp_path / "n.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NotebookError, match=r"n\.ipynb cannot be read as a notebook: ."):
        declared_parameters(path)


# What is checked before anything runs


def test_every_parameter_that_does_not_fit_is_named_and_nothing_runs(write_notebook, tmp_path):
    jobs = [
        job(write_notebook("fine", f"open({str(tmp_path / 'ran')!r}, 'w')")),
        job(write_notebook("mistyped", parameters="quarter = ''"), quater="2026Q3"),
        job(write_notebook("missing", parameters="release: str\nlanguage = None"), language="de"),
        job(tmp_path / "absent.ipynb"),
    ]
    with pytest.raises(NotebookError) as caught:
        run(*jobs)
    lines = str(caught.value).splitlines()
    assert lines[0] == "mistyped.ipynb has no parameter quater; the nearest is quarter."
    assert lines[1].startswith("missing.ipynb needs a value for its parameter release: give it one")
    assert "absent.ipynb cannot be read as a notebook" in lines[2]
    assert len(lines) == 3
    assert caught.value.exit_code == 4
    assert {path.suffix for path in tmp_path.iterdir()} == {".ipynb"}
    assert not list(tmp_path.glob("*.out.ipynb"))


def test_a_single_mistake_is_a_plain_sentence(write_notebook):
    with pytest.raises(NotebookError, match=r"^n.ipynb has no parameter x; the nearest is –\.$"):
        check([job(write_notebook("n"), x=1)])


def test_none_is_no_value(write_notebook):
    with pytest.raises(NotebookError, match="needs a value for its parameter release"):
        check([job(write_notebook("n", parameters="release = None"), release=None)])


# What becomes of them


def test_parameters_reach_the_notebook_and_are_recorded(write_notebook, tmp_path):
    path = write_notebook("n", "print(a, b, c, folder, sep='|')", parameters="a=b=c=0; folder=''")
    [outcome] = run(job(path, a='ä"\\{}', b=[1, {"x": None}], folder=tmp_path))
    assert (outcome.ok, outcome.cell, outcome.exception) == (True, None, "")
    written = outcome.job.output
    assert texts(written) == [f"ä\"\\{{}}|[1, {{'x': None}}]|0|{tmp_path}"]
    about = nbformat.read(written, 4).metadata.papermill
    assert about.parameters == {"a": 'ä"\\{}', "b": [1, {"x": None}], "folder": str(tmp_path)}


def test_an_executed_notebook_is_the_same_byte_for_byte(write_notebook):
    path = write_notebook(
        "n",
        "import sys, time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.3)",
        "print('warned', file=sys.stderr)\n{n: n for n in 'abc'}",
        parameters="a = 0",
    )
    [outcome] = run(job(path, a=1))
    first = outcome.job.output.read_bytes()
    run(job(path, a=1))
    assert outcome.job.output.read_bytes() == first
    assert texts(outcome.job.output)[0] == "0\n1\n2"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("minor", [4, 5])
def test_cells_without_an_id_get_the_same_each_time(write_notebook, minor):
    path = write_notebook("n", "print(1)")
    content = json.loads(path.read_text())
    content["nbformat_minor"] = minor
    for cell in content["cells"]:
        del cell["id"]
    path.write_text(json.dumps(content))
    written = [run(job(path))[0].job.output.read_bytes() for _ in range(2)]
    assert written[0] == written[1]
    assert texts(job(path).output) == ["1"]


def test_the_kernel_works_in_the_folder_it_is_given(write_notebook, tmp_path):
    path = write_notebook("n", "import os\nprint(os.getcwd())")
    (tmp_path / "{braces}").mkdir()
    folder = tmp_path / "{braces}"
    assert run(Job(path, folder / "out.ipynb", folder=folder))[0].ok
    assert texts(folder / "out.ipynb") == [str(folder)]


def test_what_a_notebook_leaves_open_is_written_at_its_end(write_notebook, tmp_path):
    code = (
        "import atexit, pathlib\nfile = open('unclosed', 'w')\nfile.write('x')\n"
        "_ = atexit.register(pathlib.Path('atexit').touch)"
    )
    assert run(Job(write_notebook("n", code), tmp_path / "out.ipynb", folder=tmp_path))[0].ok
    assert (tmp_path / "unclosed").read_text() == "x"
    assert (tmp_path / "atexit").exists()


def test_a_failure_is_named_by_the_author_s_cell_number_and_the_others_finish(write_notebook):
    path = write_notebook("bad", "a", "1\n\n0 / 0\n", "print('not reached')", parameters="a = 0")
    bad, good = run(job(path, a=1), job(write_notebook("good", "print('done')")))
    assert good.ok
    assert texts(good.job.output) == ["done"]
    assert (bad.ok, bad.cell, bad.exception) == (False, 3, "ZeroDivisionError")
    assert bad.message == "division by zero"
    assert str(bad.error()) == "bad.ipynb, cell 3: ZeroDivisionError: division by zero"
    kept = nbformat.read(bad.job.output, 4)
    assert "ZeroDivisionError" in [
        o.ename for c in kept.cells for o in c.get("outputs", []) if "ename" in o
    ]
    assert "An Exception was encountered" in kept.cells[0].source


@pytest.mark.parametrize(
    ("given", "cell"), [({}, 2), ({"a": 1}, 2)], ids=["nothing inserted", "parameters inserted"]
)
def test_the_number_counts_the_cells_of_the_source(write_notebook, given, cell):
    assert run(job(write_notebook("n", "undefined", parameters="a = 0"), **given))[0].cell == cell


def test_a_message_is_short_and_plain(write_notebook):
    code = "raise ValueError('\\x1b[31mred\\x1b[0m ' + 'x' * 1000 + '\\nsecond line')"
    [outcome] = run(job(write_notebook("n", code)))
    assert outcome.message.startswith("red xxx")
    assert len(outcome.message) == 300


def test_leaving_early_is_no_failure(write_notebook):
    path = write_notebook("n", "import sys\nsys.exit()", "print('not reached')")
    [outcome] = run(job(path))
    assert outcome.ok
    assert "not reached" not in texts(outcome.job.output)


def test_a_hanging_notebook_is_killed_with_all_that_it_started(write_notebook, tmp_path):
    start = (
        "import os, pathlib, subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        f"_ = pathlib.Path({str(tmp_path / 'pids')!r}).write_text(f'{{os.getpid()}} {{child.pid}}')"
    )
    started = time.monotonic()
    hung, good = run(
        job(write_notebook("hung", start, HANG)), job(write_notebook("good", "1")), time_limit_s=3
    )
    assert time.monotonic() - started < 8
    assert good.ok
    assert (hung.exception, hung.cell) == ("TimedOut", 3)
    assert hung.message == "not finished within 3 s"
    assert "not finished within 3 s" in hung.job.output.read_text()
    assert gone([int(pid) for pid in (tmp_path / "pids").read_text().split()])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os._exit(3)", "the kernel's process ended itself with exit code 3"),
        ("os.kill(os.getpid(), 9)", "the kernel's process was ended by SIGKILL"),
        ("ctypes.string_at(0)", "the kernel's process was ended by SIGSEGV"),
    ],
)
def test_a_kernel_that_dies_is_named_at_once(write_notebook, code, message):
    path = write_notebook("n", "import ctypes, os", f"print('before', flush=True)\n{code}")
    started = time.monotonic()
    [outcome] = run(job(path), time_limit_s=60)
    assert time.monotonic() - started < 10
    assert (outcome.exception, outcome.message, outcome.cell) == ("KernelDied", message, 3)
    assert "KernelDied" in outcome.job.output.read_text()


def test_what_a_dead_kernel_started_does_not_outlive_it(write_notebook, tmp_path):
    code = (
        "import os, pathlib, subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\nos._exit(1)"
    )
    run(job(write_notebook("n", code)))
    assert gone([int((tmp_path / "pid").read_text())])


def test_two_run_at_the_same_time(write_notebook, tmp_path):
    """Each waits for the other, so that they end only if both are under way."""
    code = (
        "import pathlib, time\npathlib.Path('{}').touch()\n"
        "while not pathlib.Path('{}').exists():\n    time.sleep(0.01)"
    )
    names = str(tmp_path / "a"), str(tmp_path / "b")
    jobs = [
        job(write_notebook("first", code.format(*names))),
        job(write_notebook("second", code.format(*reversed(names)))),
    ]
    assert all(outcome.ok for outcome in run(*jobs, time_limit_s=10))


def test_outcomes_keep_the_order_of_the_jobs(write_notebook):
    slow = job(write_notebook("slow", "import time\ntime.sleep(0.5)"))
    jobs = [slow, *(job(write_notebook(f"n{number}", "1")) for number in range(2))]
    assert [outcome.job for outcome in run(*jobs)] == jobs


def test_no_notebooks_are_no_mistake():
    assert run() == []


def test_a_notebook_that_cannot_be_written_is_a_failure_of_its_own(write_notebook, tmp_path):
    nowhere = Job(write_notebook("n", "1"), tmp_path / "absent" / "out.ipynb")
    failed, good = run(nowhere, job(write_notebook("good", "1")))
    assert (failed.exception, failed.cell) == ("FileNotFoundError", 2)
    assert good.ok


def test_nothing_is_left_beside_an_executed_notebook(write_notebook, tmp_path):
    [outcome] = run(job(write_notebook("n", "1")))
    assert {p.name for p in tmp_path.iterdir()} == {"n.ipynb", outcome.job.output.name}


def test_progress_is_told_in_the_caller_s_thread(write_notebook):
    import threading

    steps, threads = [], set()

    def tell(step):
        steps.append((step.cell, step.cells, step.outcome and step.outcome.ok))
        threads.add(threading.current_thread())

    run(job(write_notebook("n", "a", "1 / a", parameters="a = 0"), a=1), progress=tell)
    # the cell of the parameters, the one that papermill inserts after it, two more, and the end
    assert steps == [(1, 3, None), (1, 3, None), (2, 3, None), (3, 3, None), (3, 3, True)]
    assert threads == {threading.current_thread()}


def test_an_interruption_stops_all_and_leaves_no_kernel(write_notebook, tmp_path):
    pid = tmp_path / "pid"
    code = f"import os, pathlib\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))"
    jobs = [
        job(write_notebook("hung", code, HANG)),
        job(write_notebook("waiting", f"open({str(tmp_path / 'ran')!r}, 'w')")),
    ]

    def interrupt(step):
        if step.cell == 3:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(*jobs, workers=1, time_limit_s=60, progress=interrupt)
    assert time.monotonic() - started < 10
    assert gone([int(pid.read_text())])
    assert not (tmp_path / "ran").exists()


def test_the_terminal_stays_quiet_and_the_log_has_what_was_said(write_notebook, tmp_path, capfd):
    code = "import os\nos.write(2, b'said past the notebook')\n0 / 0"
    log = tmp_path / "log.txt"
    run(
        job(write_notebook("n", code)),
        job(write_notebook("dead", "import os\nos._exit(1)")),
        log=log,
    )
    run(job(write_notebook("n", code)))
    assert capfd.readouterr() == ("", "")
    logged = log.read_text()
    assert "said past the notebook" in logged
    assert "Kernel died" in logged


def test_an_ordinary_kernel_gives_the_same_notebook(write_notebook, monkeypatch):
    """Libraries look, when they are imported, whether a notebook is there: it must seem so."""
    path = write_notebook(
        "n",
        "import pandas as pd\nimport plotly.graph_objects as go\nimport sys, os",
        "pd.DataFrame([range(40)], columns=[f'column {n}' for n in range(40)])",
        "print(pd.Series(range(100)))",
        "go.Figure(go.Bar(x=['a'], y=[1]))",
        "print(__name__, sys.argv[0].endswith(('ipykernel_launcher', 'ipykernel_launcher.py')))",
        "get_ipython()",
    )
    [forked] = run(job(path))
    expected = forked.job.output.read_bytes()
    monkeypatch.setattr(forks, "FORKING", False)
    [ordinary] = run(job(path))
    assert ordinary.ok
    kinds = [
        [set(output.get("data", {})) for output in cell.outputs]
        for cell in nbformat.read(ordinary.job.output, 4).cells
    ]
    assert kinds[4] == [{"application/vnd.plotly.v1+json"}]
    assert drop_addresses(ordinary.job.output.read_bytes()) == drop_addresses(expected)


def drop_addresses(text):
    import re

    return re.sub(rb"0x[0-9a-f]+", b"", text)


def test_the_death_of_an_ordinary_kernel_is_named_too(write_notebook, monkeypatch):
    monkeypatch.setattr(forks, "FORKING", False)
    [outcome] = run(job(write_notebook("n", "import os\nos._exit(3)")))
    assert outcome.message == "the kernel's process ended itself with exit code 3"


def test_without_a_fork_server_ordinary_kernels_do(write_notebook, monkeypatch, tmp_path):
    launched = []
    launch = LocalProvisioner.launch_kernel

    async def launch_noted(self, cmd, **kwargs):
        launched.append(cmd)
        return await launch(self, cmd, **kwargs)

    def refuse(*_):
        raise ConnectionRefusedError("no fork server")

    monkeypatch.setattr(LocalProvisioner, "launch_kernel", launch_noted)
    monkeypatch.setattr("multiprocessing.forkserver.connect_to_new_process", refuse)
    log = tmp_path / "log.txt"
    assert run(job(write_notebook("n", "1")), log=log)[0].ok
    assert len(launched) == 1
    assert "An ordinary kernel is started" in log.read_text()


SCRIPT = """
import sys
from pathlib import Path
from ostwerk_analysis.pipeline.notebooks import Job, execute

folder = Path(sys.argv[1])
with (folder / "starts").open("a") as file:
    file.write("once\\n")
notebooks = [folder / "0.ipynb", folder / "1.ipynb"]
jobs = [Job(notebook, notebook.with_suffix(".out.ipynb")) for notebook in notebooks]
execute(jobs, workers=2, time_limit_s=60)
"""


@pytest.mark.skipif(not forks.FORKING, reason="this system cannot fork")
def test_a_run_killed_outright_leaves_no_process_and_no_socket(write_notebook, tmp_path):
    """And a script without a guard is not run again by its kernels."""
    note = "import os, pathlib\n_ = pathlib.Path(f'{os.getpid()}.pid').touch()"
    for number in range(2):
        write_notebook(str(number), note, HANG)
    (tmp_path / "script.py").write_text(SCRIPT)
    (sockets := tmp_path / "t").mkdir()
    environment = os.environ | {"TMPDIR": str(sockets), "PYTHONPATH": os.getcwd()}
    script = subprocess.Popen(
        [sys.executable, "script.py", str(tmp_path)], cwd=tmp_path, env=environment
    )
    family = []
    try:
        deadline = time.monotonic() + 30
        while len(list(tmp_path.glob("*.pid"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        family = [process.pid for process in psutil.Process(script.pid).children(recursive=True)]
        kernels = {int(path.stem) for path in tmp_path.glob("*.pid")}
        assert len(kernels) == 2
        assert kernels < set(family)
        assert list(sockets.rglob("kernel-*"))
        script.send_signal(signal.SIGKILL)
        script.wait()
        assert gone(family)
    finally:
        for pid in {script.pid, *family}:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()
        script.wait()
    deadline = time.monotonic() + 5
    while list(sockets.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(sockets.iterdir()) == []
    assert (tmp_path / "starts").read_text() == "once\n"


def test_a_run_that_ends_by_itself_leaves_nothing(write_notebook, tmp_path):
    for number in range(2):
        write_notebook(str(number), "1")
    (tmp_path / "script.py").write_text(SCRIPT)
    (sockets := tmp_path / "t").mkdir()
    environment = os.environ | {"TMPDIR": str(sockets), "PYTHONPATH": os.getcwd()}
    program = [sys.executable, "-W", "error", "script.py", str(tmp_path)]
    ended = subprocess.run(
        program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert list(sockets.iterdir()) == []
    assert json.loads((tmp_path / "0.out.ipynb").read_text())["cells"]
    shutil.rmtree(sockets)
