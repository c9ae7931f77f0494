import asyncio
import gc
import json
import os
import subprocess
import time
from multiprocessing import forkserver, util
from pathlib import Path

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from ostwerk_analysis.pipeline import forks
from ostwerk_analysis.pipeline.kernels import (
    PROVISIONER,
    ForkedKernelManager,
    ForkedProvisioner,
)

pytestmark = pytest.mark.skipif(not forks.FORKING, reason="this system cannot fork")


async def ask(client, expression):
    """Evaluate an expression of plain values in a kernel."""
    expressions = {"it": f"__import__('json').dumps({expression})"}
    reply = await client.execute(
        "", silent=True, user_expressions=expressions, reply=True, timeout=20
    )
    told = reply["content"]["user_expressions"]["it"]
    assert told["status"] == "ok", told
    return json.loads(eval(told["data"]["text/plain"]))  # noqa: S307  # the repr of a text


def in_kernels(*expressions, number=1, manager=ForkedKernelManager, **settings):
    """Evaluate expressions in new kernels, started together; one list for each kernel."""

    async def one():
        kernel = manager()
        await kernel.start_kernel(**settings)
        client = kernel.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=20)
            return [await ask(client, expression) for expression in expressions]
        finally:
            client.stop_channels()
            await kernel.shutdown_kernel()

    async def all_of_them():
        return await asyncio.gather(*(one() for _ in range(number)))

    return asyncio.run(all_of_them())


def sockets():
    return list(Path(util.get_temp_dir()).glob("kernel-*"))


def test_a_kernel_is_a_fork_with_its_imports_done():
    expression = "[__import__('os').getppid(), *(name in __import__('sys').modules for name in {})]"
    names = "('geopandas', 'plotly.graph_objects', 'debugpy', 'ostwerk_analysis.release')"
    [[told]] = in_kernels(expression.format(names))
    assert told == [forkserver._forkserver._forkserver_pid, True, True, True, True]


def test_a_kernel_owns_little_of_its_memory():
    [[owned, keeps_history]] = in_kernels(
        "__import__('psutil').Process().memory_full_info().uss",
        "get_ipython().history_manager.enabled",
    )
    assert owned < 30_000_000
    assert not keeps_history


def test_several_start_at_once_and_leave_no_socket_behind():
    told = in_kernels("__import__('os').getpid()", number=4)
    assert len({pid for [pid] in told}) == 4
    assert not any(psutil.pid_exists(pid) for [pid] in told)
    assert sockets() == []


def test_kernels_end_by_themselves_when_asked_to():
    """Not by the signal that the manager sends to one that hangs: ipykernel's own did, at times."""
    managers = []

    def manager():
        managers.append(ForkedKernelManager())
        return managers[-1]

    for _ in range(4):
        in_kernels("print('x')", number=4, manager=manager)
    assert [kernel.provisioner.exit_code for kernel in managers] == [0] * 16


def test_a_kernel_leads_its_own_session():
    [[pid, group, session]] = in_kernels(
        "__import__('os').getpid()", "__import__('os').getpgrp()", "__import__('os').getsid(0)"
    )
    assert pid == group == session


def test_kernels_do_not_share_their_random_numbers():
    told = in_kernels(
        "__import__('random').random()", "float(__import__('numpy').random.rand())", number=2
    )
    assert len({number for numbers in told for number in numbers}) == 4


def test_environment_and_folder_are_those_of_the_start(tmp_path, monkeypatch):
    monkeypatch.setenv("OSTWERK_TEST", "set after the fork server started")
    [told] = in_kernels(
        "__import__('os').environ.get('OSTWERK_TEST')", "__import__('os').getcwd()", cwd=tmp_path
    )
    assert told == ["set after the fork server started", str(tmp_path)]


def test_sockets_can_be_reached_by_their_owner_only():
    async def look():
        kernel = ForkedKernelManager()
        await kernel.start_kernel()
        try:
            folder = Path(kernel.connection_file).parent
            return kernel.transport, folder, folder.stat().st_mode & 0o777, len(sockets())
        finally:
            await kernel.shutdown_kernel(now=True)

    transport, folder, mode, number = asyncio.run(look())
    assert (transport, folder, mode) == ("ipc", Path(util.get_temp_dir()), 0o700)
    assert number == 6  # the connection file and five sockets
    assert sockets() == []


def test_a_kernel_ends_when_nobody_holds_it_any_more():
    forks.warm_up()
    folder = Path(util.get_temp_dir())
    arguments = ["-f", str(folder / "x.json"), "--transport=ipc", f"--ip={folder / 'x'}"]
    start = forks.KernelStart(arguments, dict(os.environ), os.getcwd())
    process = forks.ForkedProcess(start, [1, 2])
    pid = process.pid
    assert process.poll() is None
    assert psutil.pid_exists(pid)
    del process
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)
    for left in folder.glob("x*"):
        left.unlink()


def test_a_fork_server_that_was_killed_is_followed_by_another():
    in_kernels("1")
    first = forkserver._forkserver._forkserver_pid
    os.kill(first, 9)
    killed = psutil.Process(first)
    while killed.status() != psutil.STATUS_ZOMBIE or killed.num_threads() > 1:
        time.sleep(0.01)
    [[parent]] = in_kernels("__import__('os').getppid()")
    assert parent == forkserver._forkserver._forkserver_pid != first


def test_many_kernels_leak_no_descriptor():
    in_kernels("1")
    before = psutil.Process().num_fds()
    for _ in range(3):
        in_kernels("1", number=2)
    assert psutil.Process().num_fds() <= before


def test_a_kernel_is_interrupted_and_restarted_like_any_other():
    async def disturb():
        kernel = ForkedKernelManager()
        await kernel.start_kernel()
        client = kernel.client()
        client.start_channels()
        await client.wait_for_ready(timeout=20)
        pid = await ask(client, "__import__('os').getpid()")
        asked = client.execute("import time; time.sleep(60)")
        await asyncio.sleep(0.3)
        await kernel.interrupt_kernel()
        reply = await client._recv_reply(asked, timeout=5)
        await kernel.restart_kernel(now=True)
        await client.wait_for_ready(timeout=20)
        again = await ask(client, "__import__('os').getpid()")
        client.stop_channels()
        await kernel.shutdown_kernel()
        return reply["content"]["ename"], pid, again

    exception, first, second = asyncio.run(disturb())
    assert exception == "KeyboardInterrupt"
    assert first != second
    assert sockets() == []


def test_a_kernel_specification_may_name_the_provisioner(tmp_path):
    """As Voilà's server does, with Jupyter's own manager and client."""
    (tmp_path / "forked").mkdir()
    specification = {
        "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "forked",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": PROVISIONER}},
    }
    (tmp_path / "forked" / "kernel.json").write_text(json.dumps(specification))
    found = KernelSpecManager(kernel_dirs=[str(tmp_path)])

    def manager():
        return AsyncKernelManager(kernel_name="forked", kernel_spec_manager=found)

    [[parent]] = in_kernels("__import__('os').getppid()", manager=manager)
    assert parent == forkserver._forkserver._forkserver_pid


def test_the_provisioner_is_known_by_name():
    [factory] = {KernelProvisionerFactory.instance()}
    assert factory.provisioners[PROVISIONER].load() is ForkedProvisioner


def test_streams_that_cannot_be_forked_make_an_ordinary_kernel():
    [[parent]] = in_kernels("__import__('os').getppid()", stdout=subprocess.DEVNULL)
    assert parent == os.getpid()


def test_a_kernel_that_cannot_start_is_told_at_once_and_plainly(tmp_path, caplog):
    async def fail():
        kernel = ForkedKernelManager()
        await kernel.start_kernel(cwd=tmp_path / "absent")
        client = kernel.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=20)
        finally:
            client.stop_channels()
            await kernel.cleanup_resources()

    started = time.monotonic()
    with pytest.raises(RuntimeError, match="the kernel ended before it was ready"):
        asyncio.run(fail())
    assert time.monotonic() - started < 5
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_a_kernel_that_does_not_answer_is_not_waited_for_longer_than_allowed():
    async def fail():
        kernel = ForkedKernelManager()
        await kernel.start_kernel()
        kernel.provisioner.process.send_signal(19)  # SIGSTOP
        client = kernel.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=0.5)
        finally:
            client.stop_channels()
            await kernel.shutdown_kernel(now=True)

    with pytest.raises(RuntimeError, match=r"the kernel was not ready within 0\.5 s"):
        asyncio.run(fail())
