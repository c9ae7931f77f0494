import subprocess
import sys

LOOK = """
import gc, threading
from ostwerk_analysis.pipeline import warm
from IPython.core.interactiveshell import InteractiveShell
print(threading.active_count(), InteractiveShell.initialized())
print(gc.isenabled(), gc.get_freeze_count() > 100_000)
try:
    get_ipython
except NameError:
    print("no shell")
"""


def test_the_fork_server_has_one_thread_and_no_shell():
    looked = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", LOOK],
        capture_output=True,
        text=True,
        check=True,
    )
    assert looked.stdout.split() == ["1", "False", "True", "True", "no", "shell"]
    assert looked.stderr == ""


def test_a_room_that_cannot_be_imported_is_left_to_the_notebook_that_wants_it():
    broken = (
        "import sys\n"
        "sys.modules['ostwerk_analysis.figures'] = None\n"
        "from ostwerk_analysis.pipeline import warm\n"
        "print('ostwerk_analysis.release' in sys.modules)"
    )
    program = [sys.executable, "-c", broken]
    looked = subprocess.run(program, capture_output=True, text=True, check=True)
    assert looked.stdout.strip() == "True"
