"""The explorer in a real JupyterLab, where evaluators meet it."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import nbformat
from playwright.sync_api import expect

from .conftest import KERNEL, free_port

OFFLINE = [
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
]


@contextmanager
def laboratory(folder):
    """Serve JupyterLab on a folder, with settings of its own."""
    own = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]
    own += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "HOME"]
    places = {name: str(folder.parent / "own" / name) for name in own}
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", str(folder), "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *OFFLINE], env=os.environ | places, stdout=log, stderr=log
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(url).close()  # noqa: S310 our own
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_an_evaluator_explores_a_release_in_jupyterlab(page, release, tmp_path):
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    code = [
        f"import ostwerk_analysis as ow\nrelease = ow.release.open({str(release.folder)!r})",
        "ow.explore(release, 'en')",
        "ow.explore(release, 'de')",
    ]
    notebook.cells = [nbformat.v4.new_code_cell(each) for each in code]
    (folder := tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, folder / "look.ipynb")
    with laboratory(folder) as url:
        page.goto(f"{url}/lab/tree/look.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        shown = page.locator(".ow-explorer[data-ready]")
        expect(shown).to_have_count(2, timeout=60_000)
        first = shown.first
        first.locator("[name=indicator]").select_option("residents")
        expect(first.locator("figcaption h2")).to_have_text("Residents")
        expect(shown.last.locator("figcaption h2")).to_contain_text("Anträge")
        first.locator(".ow-districts path").nth(4).click()
        expect(first.locator(".ow-readout")).to_contain_text("Eutritzsch")
        with page.expect_download() as download:
            first.locator(".ow-take").first.get_by_text("SVG", exact=True).click()
        assert download.value.path().read_bytes().startswith(b"<svg")
        page.goto("about:blank")  # a server whose pages are open does not end by itself
    assert all(asked.startswith((url, "blob:", "data:")) for asked in page.asked)
