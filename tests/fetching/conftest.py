"""A server on loopback, and a programme whose files are fetched from it."""

import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ostwerk_analysis import fetching
from ostwerk_analysis.programme import Programme

DISTRICTS = (Path(__file__).parents[1] / "small_city" / "districts.geojson").read_bytes()
GRANTS = b"grant_id,business_id,measure_id,applied_on,status\nG1,B1,aid,2024-02-01,approved\n"
PAGE = b"<!DOCTYPE html><html><head><title>Nicht gefunden &amp; weg</title></head></html>"

HEAD = """
[programme]
id = "city"
name = "City"
first_quarter = "2024-Q1"
crs = "EPSG:25833"

[city]
id = "stadt"
name = "Stadt"

[[measures]]
id = "aid"
name = "Aid"
"""


class Handler(BaseHTTPRequestHandler):
    """Gives what the test has put into ``server.answers`` under the path."""

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path.partition("?")[0])
        if answer is None:
            self.send_error(404)
        elif callable(answer):
            answer(self)
        else:
            self.give(answer)

    def give(self, body: bytes, status: int = 200, length: int | None = None, **headers: str):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def web():
    """A server: ``web.answers["/a.csv"] = b"…"``, ``web.at("/a.csv")``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.answers, server.asked = {}, []
    server.at = lambda path: f"http://127.0.0.1:{server.server_port}{path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(fetching, "BACKOFF_S", (0.01, 0.02))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def city(tmp_path, web):
    """Write a programme whose districts and grants are fetched: ``city(grants="address = …")``."""

    def write(**keys: str) -> Programme:
        folder = tmp_path / "city"
        folder.mkdir(exist_ok=True)
        address = f'address = "{web.at("/districts.geojson")}"'
        sources = {"districts": "districts.geojson", "grants": "grants.csv"}
        lines = [HEAD]
        for table, path in sources.items():
            own = keys.get(table, address if table == "districts" else None)
            if own is not None:
                crs = 'crs = "EPSG:25833"' if table == "districts" else ""
                lines.append(f'[[sources]]\ntable = "{table}"\npath = "{path}"\n{crs}\n{own}\n')
        (folder / "programme.toml").write_text("\n".join(lines), encoding="utf-8")
        return Programme.read(folder)

    web.answers["/districts.geojson"] = DISTRICTS
    return write


@pytest.fixture
def grants(city, web):
    """Fetch grants from an answer: ``grants(b"…")`` gives what became of them."""

    def fetched(answer=GRANTS, keys="", path="/grants.csv") -> fetching.Fetched:
        web.answers["/grants.csv"] = answer
        programme = city(grants=f'address = "{web.at(path)}"\n{keys}')
        [found] = fetching.fetch(programme, only="grants")
        return found

    return fetched


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "city"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def names(folder: Path) -> set[str]:
    """List what is left in a folder, but for the lock."""
    return {path.name for path in folder.iterdir()} - {".fetch.lock"}


@pytest.fixture
def closed():
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
