"""What a run survives: being killed, a full disk, notebooks that hang or die, and another run.

Each is the real thing: the command in a process of its own, SIGKILL, a small disk that fills.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ostwerk_analysis import publishing, release
from ostwerk_analysis.language import LOCALE_VARIABLES
from ostwerk_analysis.pipeline.run import run

COMMAND = Path(sys.executable).with_name("ostwerk")
GIVEN = 'programme = "."\nquarter = "2025Q2"\nresults = "."'
MARK = "OSTWERK_TEST_MARK"
QUARTER = ("--quarter", "2025Q2", "--out")
KILLS, SEED = 12, 2026


def everything(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Runs:
    """Runs of the command whose processes, and all that they start, can be found again."""

    def __init__(self, city, out, temporary):
        self.city, self.out = city, out
        surrounding = {k: v for k, v in os.environ.items() if k not in LOCALE_VARIABLES}
        self.environment = surrounding | {
            MARK: str(out),
            "TMPDIR": temporary,
            "LANG": "C.UTF-8",
            "OSTWERK_PAGES": "no",
        }

    def start(self, *more):
        return subprocess.Popen(
            [COMMAND, "run", self.city, *QUARTER, self.out, *more],
            cwd=self.out,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, *more):
        """Run to the end: exit code and what was said on standard error."""
        started = self.start(*more)
        said = started.communicate()[1]
        return started.returncode, said

    def processes(self):
        """Give all living processes of these runs."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_one = process.environ().get(MARK) == str(self.out)
                if is_one and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def leaves_no_process(self, within_s=10):
        """Wait until no process is left; give those that are left all the same."""
        until = time.monotonic() + within_s
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.05)
        return left == []

    def touch(self):
        """Change the data, so that the next run has everything to do."""
        with (self.city / "statistics.csv").open("a") as file:
            file.write(f"01,,{2024 + time.monotonic_ns() % 2}-Q3,x{time.monotonic_ns()},1,\n")


@pytest.fixture
def runs(quick_city, tmp_path):
    temporary = tempfile.mkdtemp(prefix="ow-")  # short, for the names of sockets
    runs = Runs(quick_city, tmp_path, temporary)
    yield runs
    for process in runs.processes():
        with suppress(psutil.Error):
            process.kill()
    shutil.rmtree(temporary)


def left_over(out):
    """List what is neither a release nor a copy, a snapshot or an executed notebook."""
    home, kept = out / "published" / "musterstadt", out / "runs" / "musterstadt"
    releases = [path.name for path in home.iterdir()]
    snapshots = [path.name for path in (kept / "snapshots").iterdir()]
    return [
        *(name for name in releases if not re.fullmatch(r"current|2025-Q2(-r\d+)?", name)),
        *(name for name in snapshots[1:] or snapshots if len(snapshots) > 1 or "." in name),
        *(path.name for path in kept.rglob(".*")),
    ]


def test_a_run_killed_at_any_moment_leaves_the_last_release_and_no_process(
    runs, released, tmp_path
):
    published = runs.out / "published"
    started = time.monotonic()
    runs.touch()
    assert runs.finish("--force")[0] == 0
    takes = time.monotonic() - started
    moments = random.Random(SEED)  # noqa: S311 only to be repeated
    finished = 0
    for kill in range(KILLS):  # spread over the whole run
        before = release.open(published)
        files = everything(before.folder)
        runs.touch()
        killed = runs.start("--force")
        time.sleep(takes * (kill + moments.random()) / KILLS)
        killed.kill()
        killed.communicate()
        finished += killed.returncode == 0
        assert runs.leaves_no_process()
        release.open(published)  # whole, as its sums say
        assert everything(before.folder) == files
        assert "damaged" not in set(release.releases(published)["status"])
    assert finished < KILLS / 2
    assert runs.finish()[0] == 0
    assert left_over(runs.out) == []
    assert os.listdir(runs.environment["TMPDIR"]) == []
    # After all that, the release is what an undisturbed run makes of the same data.
    clean = run(runs.city, "2025Q2", out=tmp_path / "clean").release
    assert release.table_sums(release.open(published).folder) == release.table_sums(clean.folder)


def test_an_interrupted_run_ends_at_once_with_all_that_it_started(runs, released, notebook_at):
    before = everything(runs.out / "published")
    notebook_at(
        runs.city / "notebooks" / "20_funding.ipynb",
        GIVEN,
        f"import time\nopen({str(runs.out / 'began')!r}, 'w').close()\ntime.sleep(600)",
    )
    interrupted = runs.start()
    wait_for(runs.out / "began")
    interrupted.send_signal(signal.SIGINT)
    said = interrupted.communicate(timeout=40)[1]
    assert interrupted.returncode == 130
    assert "Traceback" not in said
    assert runs.leaves_no_process()
    assert everything(runs.out / "published") == before


def test_a_release_that_was_withdrawn_stays_so_and_one_that_a_crash_left_unmarked_does_not(
    quick_city, released, tmp_path, change
):
    marker = released.with_name("current")
    before = marker.read_text()
    change(quick_city / "programme.toml", "seed = 7", "seed = 8")
    run(quick_city, "2025Q2", out=tmp_path)
    marker.write_text(before)  # by hand
    again = run(quick_city, "2025Q2", out=tmp_path)
    assert (again.status, again.is_current) == ("unchanged", False)
    assert marker.read_text() == before
    marker.with_name(publishing.PUBLISHING).write_text("2025-Q2-r2\n")  # between the last two steps
    assert release.open(tmp_path / "published").name == "2025-Q2"
    again = run(quick_city, "2025Q2", out=tmp_path)
    assert (again.status, again.release.name, again.is_current) == ("unchanged", "2025-Q2-r2", True)


@pytest.mark.parametrize("marked", [None, "2025-Q2-r2\n"])
def test_a_mark_that_is_lost_or_leads_nowhere_is_set_again(quick_city, released, tmp_path, marked):
    marker = released.with_name("current")
    marker.unlink() if marked is None else marker.write_text(marked)
    assert run(quick_city, "2025Q2", out=tmp_path).status == "unchanged"
    assert marker.read_text() == "2025-Q2\n"


def test_a_damaged_release_is_replaced_by_the_next_run(quick_city, released, tmp_path):
    sums = release.table_sums(released)
    (released / "observations.parquet").write_bytes(b"")
    again = run(quick_city, "2025Q2", out=tmp_path)
    assert (again.status, again.release.name) == ("released", "2025-Q2-r2")
    assert release.table_sums(again.release.folder) == sums
    assert release.open(tmp_path / "published").name == "2025-Q2-r2"


# ---- a full disk ----


class SmallDisk:
    """A file system of its own that can be made larger and smaller while it is in use."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "ostwerk", folder], check=True)

    def leave_free(self, size):
        used = shutil.disk_usage(self.folder).used
        options = f"remount,size={(used + size + 4095) // 4096 * 4096}"
        subprocess.run(["mount", "-o", options, self.folder], check=True)

    def remove(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture
def disk(tmp_path):
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        reason = "only root of a Linux can mount a small disk"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.remove()


@pytest.mark.parametrize(
    ("free", "reached"),
    [
        (8_192, ""),
        (150_000, "results/20_funding/observations.parquet"),
        (1_000_000, "90_quarterly_report.en.ipynb"),
    ],
    ids=["in the data", "in the tables", "in the reports"],
)
def test_a_full_disk_is_named_and_the_last_release_stays(
    quick_city, released_once, disk, free, reached
):
    runs = Runs(quick_city, disk.folder, tempfile.gettempdir())
    shutil.copytree(released_once, disk.folder, dirs_exist_ok=True)
    before = everything(disk.folder / "published")
    kept = disk.folder / "runs" / "musterstadt" / "2025-Q2"
    runs.touch()
    disk.leave_free(free)
    started = time.time()
    code, said = runs.finish()
    if reached:  # so far it came, and filled the disk in the release
        assert (kept / reached).stat().st_mtime > started
        assert code == 1
        assert said == (
            f"There is no space left on the disk of {disk.folder}. Make room and run again; the "
            "last release is as it was.\n"
        )
    else:
        assert code in (1, 4)
        assert re.search("no space left", said, re.IGNORECASE)
        assert "Traceback" not in said
    assert everything(disk.folder / "published") == before
    assert release.open(disk.folder / "published").name == "2025-Q2"
    assert runs.leaves_no_process()
    disk.leave_free(60_000_000)
    assert runs.finish() == (0, "")
    assert release.open(disk.folder / "published").name == "2025-Q2-r2"
    assert left_over(disk.folder) == []


def test_published_may_be_on_another_disk_than_the_run(quick_city, tmp_path, disk):
    (tmp_path / "published").symlink_to(disk.folder)
    assert run(quick_city, "2025Q2", out=tmp_path).release.name == "2025-Q2"
    assert (disk.folder / "musterstadt" / "current").read_text() == "2025-Q2\n"
    assert run(quick_city, "2025Q2", out=tmp_path).status == "unchanged"


# ---- notebooks that do not end as they should ----


def test_a_notebook_that_hangs_is_stopped_with_all_that_it_started(runs, notebook_at, change):
    limit = "[run]\nnotebook_time_limit_s = 10\n\n[[targets]]"
    change(runs.city / "programme.toml", "[[targets]]", limit)
    sleeping = (
        "import subprocess\nsubprocess.Popen(['sleep', '600'])\nsubprocess.run(['sleep', '600'])"
    )
    for name, code in (("30_businesses", sleeping), ("40_employment", "sum(iter(int, 1))")):
        notebook_at(runs.city / "notebooks" / f"{name}.ipynb", GIVEN, "1", code)
    code, said = runs.finish("--jobs", "2")
    assert code == 4
    first, second, *_ = said.splitlines()
    assert re.match(r"30_businesses\.ipynb, cell 3: TimedOut: .*10 s", first)
    assert re.match(r"40_employment\.ipynb, cell 3: TimedOut: .*10 s", second)
    assert runs.leaves_no_process()
    kept = runs.out / "runs" / "musterstadt" / "2025-Q2"
    assert "TimedOut" in (kept / "30_businesses.ipynb").read_text()
    assert list((kept / "results" / "20_funding").iterdir()) != []  # the others have finished
    assert not (runs.out / "published" / "musterstadt" / "current").exists()


@pytest.mark.parametrize("death", ["os.kill(os.getpid(), 9)", "os._exit(3)"])
def test_a_kernel_that_dies_is_named_and_nothing_is_released(runs, released, notebook_at, death):
    before = everything(runs.out / "published")
    path = runs.city / "notebooks" / "20_funding.ipynb"
    working = path.read_text()
    notebook_at(path, GIVEN, "import os", death)
    code, said = runs.finish()
    assert code == 4
    assert said.startswith("20_funding.ipynb, cell 3: KernelDied: ")
    assert everything(runs.out / "published") == before
    assert runs.leaves_no_process()
    path.write_text(working)
    assert runs.finish() == (0, "")


# ---- two at once ----


def wait_for(file, within_s=60):
    until = time.monotonic() + within_s
    while not file.exists():
        assert time.monotonic() < until, f"{file.name} did not appear"
        time.sleep(0.02)


def test_the_second_of_two_runs_says_who_runs_since_when_and_disturbs_nothing(
    runs, released, notebook_at
):
    waiting = (
        f"import time\nfrom pathlib import Path\nout = Path({str(runs.out)!r})\n"
        "(out / 'began').touch()\nwhile not (out / 'go').exists():\n    time.sleep(0.02)"
    )
    notebook_at(runs.city / "notebooks" / "30_businesses.ipynb", GIVEN, waiting)
    first = runs.start()
    wait_for(runs.out / "began")
    code, said = runs.finish()
    assert code == 1
    since = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
    sentence = rf"musterstadt is being run by process {first.pid} on \S+ since {since}\. Wait .*\n"
    assert re.fullmatch(sentence, said)
    (runs.out / "go").touch()
    assert first.communicate()[1] == ""
    assert first.returncode == 0
    assert release.open(runs.out / "published").name == "2025-Q2-r2"
    assert runs.finish() == (0, "")


def test_a_lock_ends_with_the_process_that_holds_it(runs, released, notebook_at):
    hanging = f"open({str(runs.out / 'began')!r}, 'w').close()\nimport time\ntime.sleep(600)"
    path = runs.city / "notebooks" / "30_businesses.ipynb"
    working = path.read_text()
    notebook_at(path, GIVEN, hanging)
    killed = runs.start()
    wait_for(runs.out / "began")
    killed.kill()
    killed.communicate()
    path.write_text(working)
    assert runs.finish() == (0, "")  # at once, without waiting for any time to pass
    assert runs.leaves_no_process()
