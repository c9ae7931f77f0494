"""The recipe for nginx in ``docs/operations.md``, as it stands there."""

import http.client
import os
import re
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import CHROMIUM, free_port

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
NAME, PATH = "pages.example.org", "/evaluation"

pytestmark = pytest.mark.skipif(
    not NGINX and not os.environ.get("CI"), reason="needs nginx (Debian: nginx-light)"
)


def recipe(port, behind, folder):
    """Give the recipe, with the ports and files of this test in place of the usual ones."""
    [written] = re.findall(r"```nginx\n(server \{.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    places = {
        "443": str(port),
        "127.0.0.1:8866": f"127.0.0.1:{behind}",
        f"/etc/ssl/{NAME}.pem": str(folder / "certificate.pem"),
        f"/etc/ssl/private/{NAME}.key": str(folder / "key.pem"),
    }
    for usual, here in places.items():
        assert written.count(usual) == 1
        written = written.replace(usual, here)
    return written


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, release, live_dashboards, serve_again):
    """Pages behind nginx with TLS, under a path: their address, and the server's log."""
    folder = tmp_path_factory.mktemp("nginx")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run([*made, *files], check=True, capture_output=True)
    options = {"base_url": PATH, "names": [NAME], "trust_proxy": True}
    with serve_again(release.folder.parents[1], live_dashboards, folder, **options) as server:
        port, behind = free_port(), server.url.rsplit(":", 1)[1]
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        settings = folder / "nginx.conf"
        settings.write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; {places}\n{recipe(port, behind, folder)} }}"
        )
        nginx = subprocess.Popen([NGINX, "-p", folder, "-c", settings, "-e", folder / "error.log"])
        try:
            for _ in range(100):
                if (folder / "pid").exists():
                    break
                assert nginx.poll() is None, (folder / "error.log").read_text()
                time.sleep(0.05)
            yield f"https://{NAME}:{port}", server
        finally:
            nginx.terminate()
            nginx.wait(10)


def test_pages_are_whole_behind_nginx_under_a_path(proxy, browser):
    site, _ = proxy
    there = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
        args=[*CHROMIUM, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
    )
    page = there.new_context(ignore_https_errors=True, accept_downloads=True).new_page()
    asked, wrong = [], []
    page.on("response", lambda answer: asked.append((answer.status, answer.url)))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    try:
        page.goto(f"{site}{PATH}")  # leads to the start page
        assert page.inner_text("h2") == "Musterprogramm"
        page.click("main .chips a >> nth=1")
        page.wait_for_url("**/evaluation/demo/karte?lang=de")
        page.wait_for_selector(".ow-districts path")
        page.click("nav a >> nth=2")
        page.wait_for_selector(".ow-chart .main-svg")
        page.goto(f"{site}{PATH}/demo/regler?lang=de")
        page.locator(".noUi-handle").press("ArrowRight")  # through the websocket to its kernel
        page.wait_for_selector("text=Wert 4")
        page.click("footer a >> nth=0")
        page.click("a.switch")
        page.wait_for_url("**/evaluation/demo/downloads?lang=en")
        with page.expect_download() as download:
            page.click("main a")
        assert download.value.path().read_text() == "indicator;value\n"
        page.click("footer a >> nth=-1")
        page.wait_for_url("**/evaluation/?lang=en")
    finally:
        there.close()
    assert wrong == []
    assert {status for status, _ in asked} <= {200, 301, 302}
    assert all(url.startswith((f"{site}{PATH}", "data:")) for _, url in asked)


def test_nginx_leaves_packing_and_names_as_they_are(proxy):
    site, server = proxy
    port = int(site.rsplit(":", 1)[1])
    anyone = ssl._create_unverified_context()  # noqa: S323  # a certificate of our own

    def ask(**headers):
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=anyone, timeout=60)
        connection.request("GET", path, headers={"Host": NAME, **headers})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    path = f"{PATH}/demo/2026-Q3?lang=de"
    led = ask()
    assert (led.status, led.headers["Location"]) == (302, "../demo/2026-Q3/ueberblick?lang=de")
    path = f"{PATH}/demo/karte?lang=de"
    packed = ask(**{"Accept-Encoding": "gzip"})
    assert (packed.status, packed.headers["Content-Encoding"]) == (200, "gzip")
    known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["Etag"]}
    assert ask(**known).status == 304
    assert ask(Host="rebound.example").status == 421
    assert "Error" not in server.log
