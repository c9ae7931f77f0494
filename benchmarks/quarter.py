"""What a quarterly run costs: against plain papermill, against the bare computations, and again.

Run: ``python benchmarks/quarter.py [PROGRAMME QUARTER]``; without arguments the demonstration
programme and, where its files are, the real one of the tests. All figures of a programme come from
one sitting, in turn, so their ratios hold on a noisy machine; the absolute times do not.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from ostwerk_analysis.pipeline.notebooks import declared_parameters
from ostwerk_analysis.pipeline.recipe import notebooks_of
from ostwerk_analysis.programme import Programme

REPOSITORY = Path(__file__).parent.parent
PROGRAMMES = [
    (REPOSITORY / "data" / "leipzig-demo", "2026Q3"),
    (REPOSITORY / "tests" / "real" / "leipzig.toml", "2022Q4"),
]
ROUNDS = 3


class Memory(threading.Thread):
    """Watches the memory of a process and its descendants; pages shared by forks count once."""

    def __init__(self, process: psutil.Process):
        super().__init__(daemon=True)
        self.process, self.peak_bytes, self.stopped = process, 0, threading.Event()

    def run(self) -> None:
        """Look five times a second."""
        while not self.stopped.wait(0.2):
            total = 0
            for member in family(self.process):
                try:
                    total += member.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak_bytes = max(self.peak_bytes, total)


def family(process: psutil.Process) -> Iterator[psutil.Process]:
    """Give a process and its descendants, as far as they live."""
    try:
        yield process
        yield from process.children(recursive=True)
    except psutil.NoSuchProcess:
        return


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Lend a folder."""
    folder = Path(tempfile.mkdtemp(prefix="ostwerk-benchmark-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def measured(command: list[str], watch: bool = False) -> tuple[float, int]:
    """Run a command; give its seconds and, if watched, its peak memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    memory = Memory(psutil.Process(process.pid))
    if watch:
        memory.start()
    _, errors = process.communicate()
    seconds = time.perf_counter() - start
    memory.stopped.set()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors.decode()}")
    return seconds, memory.peak_bytes


def run_command(programme: Path, quarter: str, out: Path, *more: str) -> list[str]:
    """Give the command of a run."""
    ostwerk = [sys.executable, "-c", "from ostwerk_analysis.cli import main; main()"]
    return [*ostwerk, "run", str(programme), "--quarter", quarter, "--out", str(out), *more]


def papermill_seconds(programme: Path, quarter: str, release: Path) -> float:
    """Time plain papermill over the same notebooks, one after the other."""
    total = 0.0
    with empty_folder() as folder:
        for notebook in notebooks_of(Programme.read(programme)):
            given = {"programme": programme, "quarter": quarter, "results": folder / notebook.stem}
            sets = [given]
            if "release" in declared_parameters(notebook):
                sets = [{"release": release, "language": language} for language in ("de", "en")]
            for parameters in sets:
                command = [
                    sys.executable,
                    "-m",
                    "papermill",
                    str(notebook),
                    str(folder / "o.ipynb"),
                ]
                for name, value in parameters.items():
                    command += ["-r", name, str(value)]
                total += measured(command)[0]
    return total


def main() -> None:
    """Measure and print."""
    chosen = [(Path(sys.argv[1]).absolute(), sys.argv[2])] if sys.argv[2:] else PROGRAMMES
    for programme, quarter in chosen:
        rows: dict[str, list[float]] = {}
        peaks = []
        for _ in range(ROUNDS):
            with empty_folder() as out, empty_folder() as bare:
                seconds, _ = measured(run_command(programme, quarter, out))
                rows.setdefault("run", []).append(seconds)
                seconds, _ = measured(run_command(programme, quarter, out))
                rows.setdefault("unchanged", []).append(seconds)
                floor = [sys.executable, str(REPOSITORY / "benchmarks" / "floor.py")]
                floor += [str(programme), quarter, str(bare)]
                rows.setdefault("floor", []).append(measured(floor)[0])
                (current,) = (out / "published").glob("*/current")
                release = current.parent / current.read_text().strip()
                seconds = papermill_seconds(programme, quarter, release)
                rows.setdefault("papermill", []).append(seconds)
        with empty_folder() as out:
            peaks.append(measured(run_command(programme, quarter, out), watch=True)[1])
        print(f"\n{Programme.read(programme).id}, {quarter}, medians of {ROUNDS}")
        print(f"  run                       {median(rows['run']):6.1f} s")
        print(f"  peak memory of the run    {max(peaks) / 1e6:6.0f} MB (proportional set size)")
        print(f"  plain papermill           {median(rows['papermill']):6.1f} s")
        print(f"  bare computations         {median(rows['floor']):6.1f} s")
        print(f"  unchanged rerun           {median(rows['unchanged']):6.2f} s")
        for name, other in (("papermill / run", "papermill"), ("run / bare", "floor")):
            ratios = [a / b for a, b in zip(rows[other], rows["run"], strict=True)]
            shown = median(ratios) if other == "papermill" else 1 / median(ratios)
            print(f"  {name:<26}{shown:6.2f}")


if __name__ == "__main__":
    main()
