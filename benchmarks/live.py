"""What a live page costs: many viewers at once, and one beyond the cap.

    python benchmarks/live.py PUBLISHED [VIEWERS]

serves the releases of a folder and opens the websocket of the page on assumptions as many times at
once as there are viewers (20), without a browser. It prints when the page stood, when the first and
the last viewer had their controls, how long a move of a slider takes, and what a viewer's kernel
owns of the memory (USS) and its share of all (PSS).
"""

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import psutil
import websockets

PAGE = "annahmen"


def main() -> None:
    published = sys.argv[1]
    viewers = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = (
        "from ostwerk_analysis.dashboard import serve\n"
        f"serve({published!r}, port={port}, warm=False, live_kernels={viewers},"
        f" live_kernels_each={viewers}, log_level='ERROR',"
        " ready=lambda address: print(address, flush=True))"
    )
    command = [sys.executable, "-c", code]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip()
        time.sleep(3)  # until the fork server has imported everything
        with urllib.request.urlopen(address) as answer:  # noqa: S310 our own
            programme = answer.read().decode().split(f"/{PAGE}?")[0].rsplit('href="', 1)[1]
        asyncio.run(measure(server.pid, f"{address}{programme}/", viewers))
    finally:
        server.terminate()
        server.wait(30)


async def measure(pid: int, start: str, viewers: int) -> None:
    for name in ("cold", "kept"):
        began = time.perf_counter()
        await asyncio.to_thread(lambda: urllib.request.urlopen(start + PAGE).read())  # noqa: S310
        print(f"page, {name}: {1000 * (time.perf_counter() - began):.0f} ms")
    server = psutil.Process(pid)
    spent = processor_s(server)
    began = time.perf_counter()
    seen = await asyncio.gather(*(view(start, began) for _ in range(viewers)))
    times = sorted(at for _, _, at in seen)
    print(f"{viewers} viewers at once: controls after {times[0]:.2f} s, the last {times[-1]:.2f} s")
    own = [process for process in server.children(recursive=True) if is_kernel(process)]
    kernels = statistics.median(map(processor_s, own))
    share = (processor_s(server) - spent) / viewers
    print(f"processor time for each: {share:.2f} s of the server, {kernels:.2f} s of the kernel")
    memory = [process.memory_full_info() for process in own]
    for kind in ("uss", "pss"):
        middle = statistics.median(getattr(one, kind) for one in memory) / 1e6
        print(f"memory of a kernel, {kind.upper()}: {middle:.0f} MB (median of {len(memory)})")
    moves = [
        await move(connection, ready, value) for connection, ready, _ in seen for value in (41, 52)
    ]
    print(f"a move of a slider: {1000 * statistics.median(moves):.0f} ms")
    began = time.perf_counter()
    async with websockets.connect(**where(start)) as beyond:
        why = json.loads(await beyond.recv())["why"]
    print(f"one beyond the cap: {why!r} after {1000 * (time.perf_counter() - began):.0f} ms")
    await asyncio.gather(*(connection.close() for connection, _, _ in seen))


def where(start: str) -> dict:
    origin = start.split("/", 3)
    uri = f"{start.replace('http', 'ws', 1)}live/{PAGE}?lang=de"
    return {"uri": uri, "origin": "/".join(origin[:3]), "max_size": None, "open_timeout": 60}


async def view(start: str, began: float) -> tuple:
    connection = await websockets.connect(**where(start))
    ready = json.loads(await connection.recv())
    return connection, ready, time.perf_counter() - began


async def move(connection, ready: dict, value: float) -> float:
    """Move the first slider and wait for the stairs."""
    models = ready["models"]
    comm = next(key for key, one in models.items() if one["model_name"] == "FloatSliderModel")
    data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
    began = time.perf_counter()
    message = {"id": f"m{value}", "comm_id": comm, "data": data, "buffers": []}
    await connection.send(json.dumps(message))
    while "ow-stairs" not in await connection.recv():
        pass
    return time.perf_counter() - began


def processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def is_kernel(process: psutil.Process) -> bool:
    return bool(process.net_connections("unix")) and process.num_threads() > 4


if __name__ == "__main__":
    main()
