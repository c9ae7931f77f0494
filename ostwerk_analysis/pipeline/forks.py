"""Processes forked from one that has imported what they need.

The standard library's fork server imports :mod:`.warm` once; a kernel is then a fork of it. Nothing
else forks, and the fork server has no threads that could hold a lock meanwhile but OpenBLAS's and
jemalloc's, which are made to be forked. This module knows nothing of Jupyter's protocol and imports
nothing heavy, so that a command can start the fork server before all else and let it import in the
meantime.

A child leads its own process group, which ends as a whole when the process that asked for it ends,
however that happens; then the fork server ends too.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import wait
from typing import Any, ClassVar

FORKING = "forkserver" in multiprocessing.get_all_start_methods()
"""Whether this system can; Windows cannot."""
PRELOAD = "ostwerk_analysis.pipeline.warm"
NO_HISTORY = "--HistoryManager.enabled=False"  # which all kernels would write to one file
FORK_LIMIT_S = 60
"""How long the fork server may take to import and to fork."""


def warm_up() -> None:
    """Start the fork server, unless it runs: it imports while the caller goes on."""
    if FORKING:
        forkserver.set_forkserver_preload([PRELOAD])
        forkserver.ensure_running()


@dataclass(frozen=True)
class KernelStart:
    """What a child of the fork server needs to become a kernel.

    The fork server calls :meth:`_bootstrap` of whatever it is sent. That is not a
    ``multiprocessing.Process`` here, because then the child would first run the caller's
    ``__main__`` again: two seconds where that is Voilà, and anything at all where it is a script.
    """

    arguments: list[str]
    environment: dict[str, str]
    folder: str

    def _bootstrap(self, parent_sentinel: int) -> int:
        bound, *streams = forkserver.get_inherited_fds()  # type: ignore[misc]
        os.setsid()
        _end_with(parent_sentinel)
        for number, stream in enumerate(streams, start=1):
            os.dup2(stream, number)
            os.close(stream)
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()
        os.chdir(self.folder)
        sys.argv = ["ipykernel_launcher", *self.arguments]

        import atexit

        import numpy as np
        from ipykernel.kernelapp import IPKernelApp

        from . import warm  # there already, if the fork server could import it

        atexit.unregister(warm.sweep)
        np.random.seed()  # noqa: NPY002  # else every kernel draws the same numbers
        app = IPKernelApp.instance(parent_handle=os.getppid())
        with _modules_left_alone():
            app.initialize([*self.arguments, NO_HISTORY])
        os.write(bound, b".")
        os.close(bound)
        app.start()
        # The thread that took the request to end may still be flushing what ipykernel closes next,
        # and would wait 10 s for that: one kernel in 15 did, until it was killed after 4 s.
        app.control_thread.join(1)
        # A fork ends by os._exit. The end of an interpreter waits for threads and calls what is
        # registered first, whereby a notebook's variables go and its open files are written out.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        return 0


class _WithoutModules:
    """What :mod:`sys` has, but no modules."""

    modules: ClassVar[dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


@contextmanager
def _modules_left_alone() -> Iterator[None]:
    """Keep a kernel from listing all modules while it starts: for its debugger, and to reload them.

    Python counts its references in the objects themselves, so whoever looks at an object writes to
    it. Looking once at some thousand modules copies 17 MB of what forks share.
    """
    from ipykernel import ipkernel
    from IPython.core import shellapp

    unlisted: Any = _WithoutModules()
    ipkernel.sys = shellapp.sys = unlisted
    try:
        yield
    finally:
        ipkernel.sys = shellapp.sys = sys


def _end_with(sentinel: int) -> None:
    """Kill this process group when the other end of a pipe closes, with the process there.

    Linux does so by itself when asked, even if a cell never gives up the interpreter's lock;
    elsewhere, and if the other end has closed already, a thread does.
    """
    import fcntl

    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(sentinel, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(sentinel, fcntl.F_GETFL)
        fcntl.fcntl(sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)

    def watch() -> None:
        wait([sentinel])
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="ends with parent", daemon=True).start()


class ForkedProcess:
    """A child of the fork server, with what Jupyter uses of :class:`subprocess.Popen`.

    It is killed when this object goes.

    Parameters
    ----------
    start : KernelStart
    streams : list of int
        File descriptors for its standard output and standard error.

    Raises
    ------
    OSError, EOFError
        If there is no fork server, or it ended or did not fork in time.
    """

    stdin = stdout = stderr = None
    returncode: int | None = None

    def __init__(self, start: KernelStart, streams: list[int]):
        warm_up()
        is_bound, bound = os.pipe()
        try:
            self._status, data = forkserver.connect_to_new_process([bound, *streams])
            os.close(bound)
            bound = -1
            alive = os.dup(data)  # that this end is open tells the kernel that we live
            self._close = weakref.finalize(self, _close, [self._status, alive])
            with open(data, "wb") as pipe:
                pickle.dump({"sys_path": sys.path}, pipe)
                pickle.dump(start, pipe)
            if not wait([self._status], FORK_LIMIT_S):
                raise TimeoutError("the fork server does not answer")
            self.pid = forkserver.read_signed(self._status)
            # A client that connects before the sockets are bound tries again only 0.1 s later.
            wait([is_bound], FORK_LIMIT_S)
        finally:
            _close([number for number in (is_bound, bound) if number >= 0])

    def poll(self) -> int | None:
        """Give the exit code, a signal's number being negative; None while it runs."""
        if self.returncode is None and wait([self._status], 0):
            try:
                self.returncode = forkserver.read_signed(self._status)
            except (OSError, EOFError):  # the fork server itself has gone
                self.returncode = 255
            self._close()
        return self.returncode

    def wait(self) -> int:
        """Wait for the end and give the exit code."""
        while (code := self.poll()) is None:
            wait([self._status])
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
