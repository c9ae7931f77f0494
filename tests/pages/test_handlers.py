"""What visitors, and those who mean no good, get."""

import asyncio
import http.client
import re
import shutil
from datetime import date, timedelta
from urllib.parse import urlencode, urljoin

import pytest
from bs4 import BeautifulSoup
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from ostwerk_analysis.dashboard import serve
from ostwerk_analysis.dashboard.framing import notices
from ostwerk_analysis.dashboard.site import Site
from ostwerk_analysis.faults import OstwerkError
from ostwerk_analysis.periods import last_complete

INJECTION = "\"'\n__import__('os').abort()<script>alert(1)</script>"


def soup(server, path):
    return BeautifulSoup(server.get(path)[2], "html.parser")


def ask(server, method, path, **headers):
    """Ask as no browser does: status, headers and content."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def city(tmp_path_factory, districts, publish):
    """Three releases: one of long ago, a damaged one, and the current one."""
    folder = tmp_path_factory.mktemp("city")
    publish(folder, districts, "2025-Q3")
    damaged = publish(folder, districts, "2025-Q4")
    publish(folder, districts, "2026-Q1")
    (damaged.folder / "areas.parquet").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def guarded(city, dashboards, tmp_path_factory, serve_again):
    """A server of its own name, behind a path and a token, whose pages one site may frame."""
    options = {
        "base_url": "/evaluation",
        "token": "correct-horse",
        "names": ["pages.example"],
        "framers": ["https://www.city.example"],
    }
    with serve_again(city, dashboards, tmp_path_factory.mktemp("g"), **options) as server:
        yield server


# what is there


def test_the_start_page_says_what_is_newest_what_is_older_and_what_is_damaged(
    city, dashboards, tmp_path, serve_again
):
    shutil.copytree(city / "demo", tmp_path / "all" / "demo")
    with serve_again(tmp_path / "all", dashboards, tmp_path) as server:
        drawn = soup(server, "/")
        assert drawn.h2.get_text() == "Musterprogramm"
        shown = drawn.main.get_text(" ")
        assert "Neueste Zahlen: 1. Quartal 2026, veröffentlicht am 05.10.2026." in shown
        assert "2025-Q4 ist beschädigt und wird nicht gezeigt." in shown
        assert "Demonstrationsdaten" in shown
        offered = [link["href"] for link in drawn.select("details a")]
        assert offered == ["demo/2025-Q3/?lang=de"]
        assert drawn.h2.a["href"] == drawn.select_one(".chips a")["href"]
        assert soup(server, "/" + drawn.select_one("a.switch")["href"]).html["lang"] == "en"
        late = soup(server, "/demo/imprint").select_one(".banner + .banner").get_text()
        assert late.startswith("Diese Zahlen sind vom 1. Quartal 2026; erwartet wären")
        old = soup(server, "/demo/2025-Q3/imprint?lang=en").select_one(".banner + .banner")
        assert "These figures are from Q3 2025. There are newer ones." in old.get_text()
        newer = urljoin("/demo/2025-Q3/imprint", old.a["href"])
        assert newer == "/demo/imprint?lang=en"
        (tmp_path / "all" / "demo" / "current").unlink()
        shown = soup(server, "/?lang=en").main.get_text(" ")
        assert "Nothing has been published yet." in shown
        assert "ostwerk run PROGRAMME --quarter last" in shown


def test_a_page_that_is_not_late_says_nothing(tmp_path, districts, publish):
    publish(tmp_path, districts, last_complete(date.today()))
    visit = asyncio.run(Site(tmp_path).visit("demo", "", "imprint", "de", {}))
    assert notices(visit, date.today()) == ""
    later = date.today() + timedelta(days=140)
    assert "erwartet" in notices(visit, later)
    visit.release.manifest["programme"]["expected_after_days"] = 200
    assert notices(visit, later) == ""


def test_an_error_page_keeps_the_way_through_the_programme(server):
    server.get("/demo/imprint")
    for path in ("/demo/nothing", "/demo/karte?quarter=1999Q1", "/demo/a/b/c/d?lang=en"):
        status, _, html = server.get(path)
        drawn = BeautifulSoup(html, "html.parser")
        assert status == 404
        way = [urljoin(path, link["href"]) for link in drawn.select("nav a")]
        language = "en" if "en" in path else "de"
        assert way[1] == f"/demo/karte?lang={language}"
        script = urljoin(path, drawn.select_one("script[src]")["src"])
        assert server.get(script)[0] == 200
        assert urljoin(path, drawn.select_one("footer a")["href"]) == f"/?lang={language}"
    assert soup(server, "/nothing").select_one("footer a")["href"] == "./?lang=de"


# who means no good


@pytest.mark.parametrize(
    "path",
    [
        "/demo/downloads/..%5c..%5cmanifest.json",
        "/demo/downloads/..%252f..%252fmanifest.json",
        "/demo/downloads/observations.csv%00.html",
        "/demo/parts/..%2f..%2f2026-Q3%2fmanifest.json",
        "/demo/parts/%2e%2e/manifest.json",
        "/demo/.pages/2026-Q3/x.html.gz",
        "/static/0/..%2f..%2fserver.py",
        "/demo/../../etc/passwd",
        "//etc/passwd",
        "/demo/ka%00rte",
        "/voila/execution/00000000-0000-0000-0000-000000000000",
        "/voila/query/00000000-0000-0000-0000-000000000000",
        "/voila/api/shutdown/00000000-0000-0000-0000-000000000000",
        "/demo/%3Cscript%3Ealert(1)%3C/script%3E",
    ],
)
def test_no_way_of_writing_an_address_leads_out(server, path):
    status, _, html = ask(server, "GET", path)
    assert status == 404
    for told in ("sha256", "root:x:", "import ", "Traceback", "<script>alert"):
        assert told not in html


def test_a_link_in_a_release_leads_nowhere(city, guarded):
    downloads = city / "demo" / "2026-Q1" / "downloads"
    known = {"Authorization": "token correct-horse"}
    usual = ask(guarded, "GET", "/evaluation/demo/downloads/observations.csv", **known)
    assert usual[0] == 200
    (city / "secret.csv").write_text("not for visitors")
    (downloads / "leads_out.csv").symlink_to(city / "secret.csv")
    try:
        way = "/evaluation/demo/downloads/leads_out.csv"
        status, _, content = ask(guarded, "GET", way, **known)
    finally:
        (downloads / "leads_out.csv").unlink()
    assert status == 404
    assert "not for visitors" not in content


def test_no_socket_takes_code(server):
    async def connect(path):
        await websocket_connect(server.url.replace("http", "ws") + path)

    kernel = "00000000-0000-0000-0000-000000000000"
    for path in (f"/api/kernels/{kernel}/channels", f"/demo/api/kernels/{kernel}/channels"):
        with pytest.raises(HTTPClientError, match="404"):
            asyncio.run(connect(path))


@pytest.mark.parametrize("name", ["quarter", "indicator", "lang", "language", "release", "x"])
def test_a_query_reaches_neither_kernel_nor_page(server, name):
    before = server.log.count("Kernel started")
    page = "karte" if name == "indicator" else "given"
    status, _, html = ask(server, "GET", f"/demo/{page}?" + urlencode({name: INJECTION}))
    assert "<script>alert" not in html
    if name in {"quarter", "indicator", "lang"}:
        assert status == 404
        assert server.log.count("Kernel started") == before
    else:
        assert status == 200
        assert "__import__" not in html


def test_a_query_that_is_no_text_gets_a_page_too(server):
    status, _, html = ask(server, "GET", "/demo/karte?lang=%ff")
    assert status == 400
    assert BeautifulSoup(html, "html.parser").h1


def test_templates_and_themes_cannot_be_chosen(server):
    usual = server.get("/demo/karte")[1]["Etag"]
    chosen = "voila-template=classic&voila-theme=dark&template=lab&theme=dark"
    assert server.get(f"/demo/karte?{chosen}")[1]["Etag"] == usual


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_pages_are_only_read(server, method):
    status, headers, _ = ask(server, method, "/demo/karte")
    assert status == 405
    assert headers["Allow"] == "GET, HEAD"


def test_a_file_says_how_long_it_is_and_is_sent_once(server):
    path = "/demo/downloads/observations.csv"
    status, headers, content = ask(server, "GET", path, **{"Accept-Encoding": "gzip;q=0"})
    assert (status, headers["Content-Length"]) == (200, str(len(content)))
    for known in (headers["Etag"], "W/" + headers["Etag"]):
        assert ask(server, "GET", path, **{"If-None-Match": known})[::2] == (304, "")


def test_what_is_packed_is_unpacked_for_who_does_not_take_it(server):
    for takes, packing in (("gzip;q=0", None), ("gzip; q=0.0, br", None), ("br, gzip", "gzip")):
        answer = server.get("/demo/karte", {"Accept-Encoding": takes})
        assert answer[1]["Content-Encoding"] == packing


def test_head_says_what_get_would_send(server):
    for path in ("/demo/karte", "/", "/demo/downloads", "/demo/downloads/observations.csv"):
        status, headers, content = ask(server, "HEAD", path)
        assert (status, content) == (200, "")
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_too_large_ends_the_connection_and_not_the_server(server):
    for path, headers in (("/demo/karte?x=" + "a" * 80_000, {}), ("/", {"X": "a" * 80_000})):
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(server, "GET", path, **headers)
    body = {"Content-Length": "100000000"}  # turned away before it is sent
    assert ask(server, "POST", "/login", **body)[0] == 400
    assert ask(server, "GET", "/demo/karte")[0] == 200


def test_scripts_are_kept_for_ever_under_their_own_code_only(server):
    [own] = set(re.findall(r"static/[0-9a-f]+/tables.js", ask(server, "GET", "/")[2]))
    for path, how_long in (
        (own, "max-age=31536000, immutable"),
        ("static/0/tables.js", "no-cache"),
    ):
        status, headers, _ = ask(server, "GET", f"/{path}")
        assert (status, headers["Cache-Control"]) == (200, f"public, {how_long}")


def test_a_strange_name_is_turned_away_whatever_it_asks_for(server, guarded):
    for path in ("/", "/demo/karte", "/static/0/tables.js", "/login"):
        status, _, html = ask(server, "GET", path, Host="rebound.example:80")
        assert status == 421
        assert "--allow-host" in html
    assert ask(server, "GET", "/", Host="<b>x</b>")[0] in {400, 421}
    for host in ("localhost:1", "127.0.0.1", "[::1]:8866", "LOCALHOST"):
        assert ask(server, "GET", "/", Host=host)[0] == 200
    assert ask(guarded, "GET", "/evaluation/login", Host="pages.example")[0] == 200
    assert ask(guarded, "GET", "/evaluation/login", Host="www.pages.example")[0] == 421


def test_headers_leave_nothing_open(server, guarded):
    _, headers, _ = server.get("/demo/karte")
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert policy.endswith("frame-ancestors 'self'")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "public, no-cache"
    assert "Server" not in headers
    _, headers, _ = ask(guarded, "GET", "/evaluation/login")
    policy = headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://www.city.example")
    assert headers["Cache-Control"].startswith("private")


def test_another_site_is_named_as_one(release):
    with pytest.raises(OstwerkError, match="is not the address of a site"):
        serve(release.folder, framers=["https://a.example; script-src *"])


# behind a token


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("demo/2025-Q3/karte?lang=en&quarter=2025-Q3", None),
        ("demo/", None),
        ("?lang=en", "./?lang=en"),
        *((out, "./") for out in ("//evil.example", "///evil.example", "https://evil.example")),
        *((out, "./") for out in ("\\\\evil.example", "/\\evil.example", "javascript:alert(1)")),
        *((out, "./") for out in ("\r\n", "demo\r\nSet-Cookie: a=b", "/\t/evil.example", "..", "")),
        *(
            (out, "./")
            for out in ("demo/..//evil.example", "/evaluation/demo/karte", "demo/\u2028x")
        ),
    ],
)
def test_the_login_leads_to_a_page_of_ours_and_never_out(guarded, wanted, leads_to):
    known = {"Authorization": "token correct-horse"}
    path = "/evaluation/login?" + urlencode({"next": wanted})
    status, headers, _ = ask(guarded, "GET", path, **known)
    assert (status, headers["Location"]) == (302, leads_to or wanted)


def test_nobody_gets_in_without_the_word_and_who_has_it_stays_in(
    city, guarded, dashboards, browser, tmp_path, serve_again
):
    part = f"demo/parts/{'0' * 16}.json"
    for path in ("", "demo/imprint", "demo/downloads/observations.csv", part):
        status, headers, content = ask(guarded, "GET", f"/evaluation/{path}")
        assert (status, content) == (302, "")
        here, login = f"/evaluation/{path}", urlencode({"lang": "de", "next": path})
        assert urljoin(here, headers["Location"]) == f"/evaluation/login?{login}"
        assert not headers["Location"].startswith("/")  # so it holds behind a proxy's path
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{guarded.url}/evaluation/demo/imprint?lang=de")
    assert page.inner_text("h1") == "Diese Seiten sind nicht öffentlich"
    page.fill("input[type=password]", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Das war nicht das richtige Wort.")
    page.fill("input[type=password]", "correct-horse")
    page.keyboard.press("Enter")
    page.wait_for_url("**/demo/imprint?lang=de")
    assert page.inner_text("h1") == "Impressum"
    [cookie] = [one for one in context.cookies() if one["httpOnly"]]
    context.close()
    options = {"base_url": "/evaluation", "token": "correct-horse"}
    with serve_again(city, dashboards, tmp_path, **options) as again:
        # The cookie is named after the host, which behind a proxy stays the same.
        host = guarded.url.removeprefix("http://")
        given = {"Cookie": f"{cookie['name']}={cookie['value']}", "Host": host}
        assert ask(again, "GET", "/evaluation/demo/imprint", **given)[0] == 200
        assert ask(again, "GET", "/evaluation/demo/imprint", Host=host)[0] == 302
    assert "correct-horse" not in guarded.log
