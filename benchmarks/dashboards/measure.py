"""The same dashboard by several tools, measured in one run in real Chromium.

Needs the extra ``dashboards`` (``make bench-dashboards`` makes an environment of its own for it)
and a release of the demonstration. For each tool the server is started anew, and then

- the first map, cold: the first visitor after the start, with an empty browser;
- the first map, warm: later visitors, each with an empty browser (median of five);
- a change: from the click on another indicator or year to the frame with the new map (median of
  ten, each combination for the first time);
- what was sent until the map stood: bytes as packed, and requests;
- memory: the server with all its kernels, as proportional set size, idle and for each of 1, 20 and
  200 viewers, whose pages stay open; how many of them saw the map, and when the last one did.

Time is taken inside the page, from the start of its navigation to the frame that has the map. Ways
to spend memory without end are stopped: no more pages are opened when the machine has less than
3 GB left, and the table says at how many viewers.

    python benchmarks/dashboards/measure.py RELEASE [TOOL …] [--viewers 1 20 200]
"""

import argparse
import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

APPS = Path(__file__).parent / "apps"
PYTHON = [sys.executable, "-m"]
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WAIT_S, LEAST_FREE_B = 180, 3e9


@dataclass
class Tool:
    """How a dashboard is served, where its map is, and what a viewer does to change it."""

    command: Callable[[int, Path], list[str]]
    path: str = "/"
    areas: str = ".scatterlayer .js-fill"
    change: Callable[[Page, int], object] | None = None


def radio(page: Page, turn: int) -> object:
    """Choose another indicator or year by its label."""
    labels = ["2025", "Enterprises per 1,000 residents", "2023", "Unemployed, %", "2022"]
    labels += ["Households on benefits per 1,000 residents", "2021", "2024", "2020", "2026"]
    return page.get_by_text(labels[turn % len(labels)], exact=True).first.click()


def chosen(page: Page, turn: int) -> object:
    """Choose another quarter or indicator in our own page; of rates, which colour the map."""
    if turn % 2:
        codes = ["businesses_per_1000_residents", "sgb2_communities_per_1000_residents"]
        codes += ["unemployed_share"]
        return page.locator("[name=indicator]").select_option(codes[turn // 2 % len(codes)])
    return page.locator("[name=period]").select_option(index=3 + turn)


TOOLS = {
    "ostwerk (Voilà)": Tool(
        lambda port, release: [
            sys.executable, "-c", "from ostwerk_analysis.cli import main; main()",
            "serve", "--release", str(release), "--port", str(port),
        ],
        "/leipzig-demo/karte?lang=en",
        ".ow-districts path",
        chosen,
    ),
    "static page": Tool(lambda port, _: [sys.executable, "static_page.py"], areas="#map path"),
    "Voilà as usual": Tool(
        lambda port, _: [*PYTHON, "voila", "voila_app.ipynb", "--no-browser", f"--port={port}"]
    ),
    "Voilà, preheated": Tool(
        lambda port, _: [
            *PYTHON, "voila", "voila_app.ipynb", "--no-browser", f"--port={port}",
            "--preheat_kernel=True", "--pool_size=2",
        ]
    ),
    "Streamlit": Tool(
        lambda port, _: [
            *PYTHON, "streamlit", "run", "streamlit_app.py", f"--server.port={port}",
            "--server.headless=true", "--browser.gatherUsageStats=false",
        ]
    ),
    "Panel": Tool(
        lambda port, _: [*PYTHON, "panel", "serve", "panel_app.py", f"--port={port}"], "/panel_app"
    ),
    "Dash": Tool(lambda port, _: [sys.executable, "dash_app.py"]),
    "marimo": Tool(
        lambda port, _: [
            *PYTHON, "marimo", "run", "marimo_app.py", "--headless", "--no-token", f"--port={port}"
        ]
    ),
}  # fmt: skip

CLOCK = """(selector) => {
  // Looks at each frame for the map, also inside the shadow trees of web components.
  const found = (root) => {
    const here = [...root.querySelectorAll(selector)];
    if (here.length) return here;
    for (const one of root.querySelectorAll("*")) {
      const inside = one.shadowRoot ? found(one.shadowRoot) : [];
      if (inside.length) return inside;
    }
    return [];
  };
  let areas = [];
  const look = () => {
    if (!areas.length || !areas[0].isConnected) areas = found(document);
    return areas.map((one) =>
      (one.getAttribute("d") ?? "").length + (one.getAttribute("fill") ?? one.style.fill)).join();
  };
  const clock = (window.theClock = { first: null, before: null, asked: null, changed: null });
  const tick = () => {
    const now = look();
    const box = areas[0]?.getBoundingClientRect();
    if (clock.first === null && box?.width > 0 && now.includes("#") | now.includes("rgb"))
      clock.first = performance.now();
    if (clock.asked !== null && clock.changed === null && now && now !== clock.before)
      clock.changed = performance.now();
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  window.arm = () => Object.assign(clock, { before: look(), asked: null, changed: null });
  for (const event of ["click", "change"])
    window.addEventListener(event, () => { clock.asked ??= performance.now(); }, true);
}"""


@dataclass
class Figures:
    """What was measured of a tool."""

    cold_s: float = float("nan")
    warm_s: float = float("nan")
    change_ms: float = float("nan")
    sent_kb: float = 0
    requests: int = 0
    outside: int = 0
    idle_mb: float = 0
    crowds: dict[int, str] = field(default_factory=dict)
    error: str = ""


def memory_mb(process: subprocess.Popen) -> float:
    """Add up the proportional set sizes of a server and all that it started."""
    total = 0.0
    for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
        try:
            total += one.memory_full_info().pss / 1e6
        except psutil.Error:
            continue
    return total


@asynccontextmanager
async def served(tool: Tool, release: Path) -> AsyncIterator[tuple[subprocess.Popen, str]]:
    """Start a tool's server, and end it with all that it started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tempfile.mkdtemp()
    with Path(folder, "log").open("wb") as log:
        process = subprocess.Popen(
            tool.command(port, release),
            cwd=APPS,
            env=os.environ | {"RELEASE": str(release), "PORT": str(port), "HOME": folder},
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if process.poll() is not None:
                    raise RuntimeError(Path(folder, "log").read_text()[-2000:])
                await asyncio.sleep(0.1)
            await asyncio.sleep(5)  # what it does after it listens belongs to the start
            yield process, f"http://127.0.0.1:{port}{tool.path}"
        finally:
            started = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            for one in started:
                if one.is_running():
                    one.kill()
            shutil.rmtree(folder, ignore_errors=True)


async def visitor(browser: Browser, tool: Tool) -> BrowserContext:
    """Give an empty browser whose pages have the clock."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    await context.add_init_script(f"({CLOCK})({tool.areas!r})")
    return context


async def seen(page: Page, url: str) -> float:
    """Open the page and give the seconds until its map stood."""
    await page.goto(url, wait_until="commit", timeout=WAIT_S * 1000)
    return await told(page, "theClock.first", WAIT_S) / 1000


async def told(page: Page, what: str, seconds: float) -> float:
    """Wait for a time that the page tells; asked from outside, which no page's policy forbids."""
    end = time.monotonic() + seconds
    while (value := await page.evaluate(what)) is None:
        if time.monotonic() > end:
            raise TimeoutError(f"{what} after {seconds} s")
        await asyncio.sleep(0.05)
    return value


async def first_visit(browser: Browser, tool: Tool, url: str, figures: Figures) -> None:
    """Count what is sent until the map stands."""
    context = await visitor(browser, tool)
    page = await context.new_page()
    sizes: dict[str, float] = {}
    frames: list[int] = []
    client = await context.new_cdp_session(page)
    await client.send("Network.enable")

    def data(event: dict) -> None:
        sizes[event["requestId"]] = event["encodedDataLength"]

    def begun(event: dict) -> None:
        sizes.setdefault(event["requestId"], 0)

    client.on("Network.requestWillBeSent", begun)
    client.on("Network.loadingFinished", data)
    client.on(
        "Network.webSocketFrameReceived",
        lambda event: frames.append(len(event["response"]["payloadData"])),
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await seen(page, url)
    before_the_map, asked = set(sizes), [*asked]
    await page.wait_for_timeout(200)  # the browser reports what has come a moment later
    own = url.split("/")[2]
    figures.sent_kb = (sum(sizes[one] for one in before_the_map) + sum(frames)) / 1000
    figures.requests = len(asked)
    figures.outside = sum(own not in one for one in asked if one.startswith("http"))
    await context.close()


async def changes(browser: Browser, tool: Tool, url: str) -> float:
    """Give the median milliseconds of ten changes."""
    context = await visitor(browser, tool)
    page = await context.new_page()
    await seen(page, url)
    await page.wait_for_timeout(3000)
    taken = []
    for turn in range(10):
        await page.evaluate("arm()")
        await (tool.change or radio)(page, turn)
        await told(page, "theClock.changed", 20)
        taken.append(await page.evaluate("theClock.changed - theClock.asked"))
        await page.wait_for_timeout(500)
    await context.close()
    return statistics.median(taken)


async def crowd(
    browser: Browser, tool: Tool, url: str, process: subprocess.Popen, viewers: int, idle_mb: float
) -> str:
    """Open many pages at once and leave them open: who saw the map, when, at what memory."""
    context = await visitor(browser, tool)
    begun = time.monotonic()
    stopped = []

    async def view() -> float | None:
        if psutil.virtual_memory().available < LEAST_FREE_B:
            stopped.append(1)
            return None
        try:
            page = await context.new_page()
            await asyncio.wait_for(seen(page, url), max(1, begun + WAIT_S - time.monotonic()))
            return time.monotonic() - begun
        except Exception:  # a page that does not come is what is counted
            return None

    watch = {"free": psutil.virtual_memory().available}
    opened = asyncio.gather(*(view() for _ in range(viewers)))
    while not opened.done():
        await asyncio.sleep(0.5)
        watch["free"] = min(watch["free"], psutil.virtual_memory().available)
        if watch["free"] < LEAST_FREE_B / 2:
            opened.cancel()
            break
    used = memory_mb(process) - idle_mb
    try:
        came = [one for one in await opened if one is not None]
    except asyncio.CancelledError:
        came = []
    await context.close()
    if not came:
        return "none saw the map"
    each = max(0.0, used / len(came))  # a server may also have freed what it no longer needed
    said = f"{len(came)} of {viewers}, last {max(came):.1f} s, {each:.1f} MB each"
    return said + (f", stopped: memory ({len(stopped)})" if stopped or opened.cancelled() else "")


async def measure(tool: Tool, release: Path, viewers: list[int]) -> Figures:
    """Measure a tool."""
    figures = Figures()
    async with async_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        try:
            async with served(tool, release) as (process, url):
                try:
                    figures.idle_mb = memory_mb(process)
                    context = await visitor(browser, tool)
                    figures.cold_s = await seen(await context.new_page(), url)
                    await context.close()
                    await first_visit(browser, tool, url, figures)
                    warm = []
                    for _ in range(5):
                        context = await visitor(browser, tool)
                        warm.append(await seen(await context.new_page(), url))
                        await context.close()
                    figures.warm_s = statistics.median(warm)
                    figures.change_ms = await changes(browser, tool, url)
                except Exception as error:
                    figures.error = str(error).splitlines()[0]
            for number in viewers:  # each crowd finds a fresh server
                async with served(tool, release) as (process, url):
                    context = await visitor(browser, tool)
                    await seen(await context.new_page(), url)
                    await context.close()
                    await asyncio.sleep(2)
                    before = memory_mb(process)
                    figures.crowds[number] = await crowd(
                        browser, tool, url, process, number, before
                    )
        except Exception as error:
            figures.error = figures.error or str(error).splitlines()[0]
        finally:
            await browser.close()
    return figures


def main() -> None:
    """Measure the tools asked for, one after the other, and print a table as they come."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("release", type=Path)
    asked.add_argument("tools", nargs="*", default=list(TOOLS))
    asked.add_argument("--viewers", nargs="*", type=int, default=[1, 20, 200])
    given = asked.parse_args()
    heads = ["Tool", "First map, cold", "Warm", "Change", "Sent before the map", "Requests"]
    heads += ["Server idle", *(f"{number} viewers at once" for number in given.viewers)]
    print("| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads), flush=True)
    for name in given.tools:
        found = asyncio.run(measure(TOOLS[name], given.release.resolve(), given.viewers))
        outside = f" ({found.outside} outside)" if found.outside else ""
        cells = [
            name,
            f"{found.cold_s:.2f} s",
            f"{found.warm_s:.2f} s",
            f"{found.change_ms:.0f} ms",
        ]
        cells += [f"{found.sent_kb:,.0f} KB", f"{found.requests}{outside}"]
        cells += [f"{found.idle_mb:.0f} MB", *found.crowds.values()]
        print("| " + " | ".join(cells) + " |", flush=True)
        if found.error:
            print(f"{name}: {found.error}", file=sys.stderr)


if __name__ == "__main__":
    main()
