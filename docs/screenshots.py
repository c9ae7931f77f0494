"""Take the pictures of the pages that the documentation shows: ``python docs/screenshots.py``.

Runs the demonstration, or takes a folder of releases (``--out FOLDER``), serves it, and writes the
upper part of each page to ``docs/images/``, none larger than 200 KB.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).parent
DEMO, PROGRAMME = DOCS.parent / "data" / "leipzig-demo", "leipzig-demo"
PAGES = ("ueberblick", "karte", "wirkung", "foerderung", "arbeit", "datenstand")
PICTURES = [
    *[(page, page, 1280, "light") for page in PAGES],
    *[(f"{page}-phone", page, 320, "light") for page in ("ueberblick", "karte")],
    ("karte-dark", "karte", 1280, "dark"),
]
"""Name of the picture, page, width, and the colours that the reader prefers."""
HEIGHT, LARGEST_BYTES = {1280: 1100, 320: 700}, 200_000
OSTWERK = str(Path(sys.executable).with_name("ostwerk"))


def main() -> None:
    """Serve releases and take all pictures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, help="folder of releases; else the demo is run")
    out = arguments.parse_args().out
    with tempfile.TemporaryDirectory() as scratch:
        if out is None:
            out = Path(scratch)
            subprocess.run([OSTWERK, "run", DEMO, "--out", out], check=True)  # noqa: S603
        port = free_port()
        server = subprocess.Popen([OSTWERK, "serve", "--out", out, "--port", str(port)])  # noqa: S603
        try:
            wait_for(f"http://127.0.0.1:{port}/")
            with sync_playwright() as playwright:
                chromium = shutil.which("chromium") or shutil.which("chromium-browser")
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                for name, page, width, scheme in PICTURES:
                    address = f"http://127.0.0.1:{port}/{PROGRAMME}/{page}"
                    take(browser, address, DOCS / "images" / f"{name}.png", width, scheme)
                browser.close()
        finally:
            server.terminate()
            server.wait(30)


def take(browser: Browser, address: str, path: Path, width: int, scheme: str) -> None:
    """Take the upper part of a page as it is once its charts are drawn."""
    page = browser.new_page(
        viewport={"width": width, "height": HEIGHT[width]}, color_scheme=scheme, locale="de"
    )
    page.goto(address, timeout=120_000)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    page.close()
    if path.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{path} has {path.stat().st_size:,} bytes: make it lower.")
    print(path, f"{path.stat().st_size:,} bytes")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str) -> None:
    """Wait until the server answers."""
    for _ in range(120):
        try:
            urllib.request.urlopen(address).close()  # noqa: S310  # our own server
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit("The server does not answer.")


if __name__ == "__main__":
    main()
