"""Kernels that are ready at once, because they are forked with their imports done.

An ordinary kernel takes 0.83 s until it answers and has imported what every notebook here imports,
and 0.31 s to end; one forked by :mod:`.forks` takes 0.08 s and 0.04 s, and owns 20 MB instead of
81 (medians on 2 cores). Jupyter sees a kernel provisioner, so papermill's clients and Voilà's
server use it alike:

- By name, ``ostwerk-forked``: in a kernel specification, or for all kernels of a server as
  ``KernelProvisionerFactory.default_provisioner_name``.
- Without any configuration, by :class:`ForkedKernelManager`.

Where a kernel cannot be forked (on Windows; of another language) the ordinary way is taken.
"""

import asyncio
import itertools
import os
import signal
from contextlib import suppress
from importlib.metadata import EntryPoint
from multiprocessing import util
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.client import KernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import Type

from . import forks

PROVISIONER = "ostwerk-forked"
LAUNCHER = "ipykernel_launcher"
_NUMBERS = itertools.count(1)

# Known in a checkout too, where no entry point is installed.
KernelProvisionerFactory.provisioners.setdefault(
    PROVISIONER,
    EntryPoint(PROVISIONER, f"{__name__}:ForkedProvisioner", KernelProvisionerFactory.GROUP_NAME),
)


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels by forking; for the rest they are processes like any other.

    Attributes
    ----------
    exit_code : int, optional
        How the kernel ended, the number of a signal being negative; None while it runs.
    """

    process: Any = None
    exit_code: int | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Give the kernel files as sockets: ports clash when kernels start in a burst.

        They lie in the directory of multiprocessing itself, which only this user can enter, which
        goes at exit, and whose name leaves room for the name of a socket.
        """
        manager: Any = self.parent
        if forks.FORKING and manager.transport == "tcp":
            base = Path(util.get_temp_dir(), f"kernel-{next(_NUMBERS)}")
            manager.connection_file = f"{base}.json"
            manager.transport, manager.ip, manager.cache_ports = "ipc", str(base), False
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel; start an ordinary one where that cannot be."""
        streams = [
            _descriptor(kwargs.get("stdout"), default=1),
            _descriptor(kwargs.get("stderr"), default=2),
        ]
        if not forks.FORKING or LAUNCHER not in cmd or min(streams) < 0:
            return await super().launch_kernel(cmd, **kwargs)
        start = forks.KernelStart(
            arguments=cmd[cmd.index(LAUNCHER) + 1 :],
            environment=dict(kwargs["env"]),
            folder=str(kwargs.get("cwd") or Path.cwd()),
        )
        try:
            self.process = await asyncio.to_thread(forks.ForkedProcess, start, streams)
        except (OSError, EOFError) as error:
            self.log.warning("An ordinary kernel is started, as none can be forked: %r", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = Path(start.folder)
        return self.connection_info

    async def poll(self) -> int | None:
        """Give the exit code; None while the kernel runs."""
        code = await super().poll()
        if self.process is not None:
            self.exit_code = code
        return code

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Wait until the kernel has ended, which takes 0.01 s; the manager looks every 0.1 s."""
        for _ in range(200):
            if await self.poll() is not None:
                break
            await asyncio.sleep(0.005)

    async def cleanup(self, restart: bool = False) -> None:
        """Let nothing that a kernel has started outlive it."""
        self.kill_group()
        self.pgid = None  # which may be another's before long
        await super().cleanup(restart=restart)

    def kill_group(self) -> None:
        """Kill the kernel and all that it has started, at once and from any thread."""
        if self.pgid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pgid, signal.SIGKILL)
        elif self.process is not None:
            self.process.kill()


def _descriptor(stream: Any, default: int) -> int:
    """Give the file descriptor of a stream as :class:`subprocess.Popen` takes it."""
    if stream is None or isinstance(stream, int):
        return default if stream is None else stream
    return stream.fileno()


class ForkedKernelClient(AsyncKernelClient):
    """A client that is ready once the kernel has been heard on both channels.

    Jupyter's own goes on to listen for 0.2 s whether more comes, which is of no use: whoever
    executes a cell goes by the request that a message answers.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel; RuntimeError if it ends or is not ready in time (s)."""
        heard = (self.kernel_info(reply=True), self.get_iopub_msg())
        answers = [asyncio.ensure_future(answer) for answer in heard]
        try:
            async with asyncio.timeout(timeout):
                while (await asyncio.wait(answers, timeout=0.1))[1]:
                    if not await self.is_alive():
                        raise RuntimeError("the kernel ended before it was ready")
        except TimeoutError:
            raise RuntimeError(f"the kernel was not ready within {timeout} s") from None
        finally:
            for answer in answers:
                answer.cancel()
        self._handle_kernel_info_reply(answers[0].result())


class ForkedKernelManager(AsyncKernelManager):
    """Manages one forked kernel of this Python, whatever kernels the user has installed."""

    client_factory = Type(ForkedKernelClient, klass=KernelClient)
    provisioner: ForkedProvisioner | None = None

    @property
    def kernel_spec(self) -> KernelSpec:
        """The specification of ipykernel, with our provisioner."""
        specification = get_kernel_dict()
        specification["metadata"]["kernel_provisioner"] = {"provisioner_name": PROVISIONER}
        return KernelSpec(resource_dir=RESOURCES, **specification)

    async def _async_interrupt_kernel(self) -> None:
        # A shutdown begins with an interrupt, for cells still running. A kernel that has only just
        # answered is hit by it in the middle of its own code (one in seven); ours have answered.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()
