import gzip
import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from urllib.parse import urljoin

import psutil
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis.dashboard import serve
from ostwerk_analysis.faults import OstwerkError
from ostwerk_analysis.language import number, text

PAGES = ["ueberblick", "karte", "wirkung", "foerderung", "arbeit", "datenstand", "annahmen"]
EVERY = [f"/demo/{name}?lang={language}" for name in PAGES for language in ("de", "en")]


def soup(server, path):
    return BeautifulSoup(server.get(path)[2], "html.parser")


# what a visitor sees


@pytest.mark.parametrize("language", ["de", "en"])
def test_key_figures_on_the_page_are_those_of_the_release(server, release, language):
    card = soup(server, f"/demo/ueberblick?lang={language}").select_one(".ow-card")
    value = release.observations.query(
        "indicator == 'jobs_created_to_date' and area_id == 'stadt' and period == '2026-Q3'"
        " and breakdown == 'measure=kmu&status=verified'"
    )["value"].iloc[0]
    assert card.select_one(".ow-value").find(string=True).strip() == number(value, "", language)
    assert card.select_one(".ow-meter .ow-part")["width"] == f"{100 * value / 150:.1f}"


def test_map_on_the_page_is_that_of_the_release(server, release):
    titles = [
        path.title.get_text()
        for path in soup(server, "/demo/ueberblick").select(".ow-districts path")
    ]
    here = release.observations.query(
        "indicator == 'unemployed_share' and area_level == 'district' and period == '2026-Q3'"
    )
    shown = {title.split(": ")[0]: title.split(": ")[1] for title in titles}
    names = release.districts.set_index("district_id")["name"]
    for row in here[here["value"].notna()].to_dict("records"):
        assert shown[names[row["area_id"]]] == number(row["value"], "percent", "de", 1)
    assert shown["Conne"] == text("kept secret", "de")


def test_another_quarter_is_another_page(server, release):
    shown = soup(server, "/demo/ueberblick?lang=en&quarter=2025Q4")
    assert shown.select_one(".ow-card .ow-end > .ow-when").get_text() == "Q4 2025"
    assert "Q4 2025" in shown.select_one(".as-of").get_text()
    value = release.observations.query(
        "indicator == 'unemployed_share' and area_id == '00' and period == '2025-Q4'"
    )["value"].iloc[0]
    assert number(value, "percent", "en", 1) in shown.select_one(".ow-districts title").get_text()


@pytest.mark.parametrize("path", EVERY)
def test_page_is_well_made(server, path):
    status, headers, html = server.get(path)
    drawn = BeautifulSoup(html, "html.parser")
    assert status == 200
    assert drawn.html["lang"] == path[-2:]
    assert len(drawn.find_all("h1")) == 1
    assert all(drawn.find(landmark) for landmark in ("header", "nav", "main", "footer"))
    assert drawn.select_one("a.skip")["href"] == "#content"
    assert drawn.select_one("main")["id"] == "content"
    assert drawn.select_one("nav a[aria-current=page]")
    assert drawn.select_one(".banner").get_text() == text(
        "Demonstration data: nothing here describes real people or firms.", path[-2:]
    )
    headings = drawn.find_all(re.compile("^h[1-6]$"))
    levels = [int(heading.name[1]) for heading in headings]
    assert all(below <= above + 1 for above, below in pairwise(levels)), levels
    words = [heading.get_text() for heading in headings]
    assert all(one != other for one, other in pairwise(words)), words
    ids = [tag["id"] for tag in drawn.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert all(select.find_parent("label") for select in drawn.find_all("select"))
    assert "Set-Cookie" not in headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", EVERY)
def test_no_code_no_traceback_and_no_place_of_this_machine(server, release, path):
    html = server.get(path)[2]
    for told in ("import ostwerk", "ow.figures", "Traceback", str(release.folder), "injected"):
        assert told not in html
    assert not BeautifulSoup(html, "html.parser").select("script[src*='://'], link[href*='://']")


@pytest.mark.parametrize("path", EVERY)
def test_nothing_is_asked_of_another_host(server, page, path):
    page.goto(server.url + path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    assert page.asked
    assert [url for url in page.asked if not url.startswith((server.url, "data:"))] == []
    assert page.wrong == []


def test_the_large_script_comes_after_the_map_and_draws_the_chart(server, page):
    page.goto(server.url + "/demo/wirkung")
    page.wait_for_selector(".ow-chart .main-svg")
    plotly = [url for url in page.asked if "plotly" in url]
    assert page.asked[-1] == plotly[0]
    assert page.locator(".ow-chart .scatterlayer .trace").count() == 2
    page.goto(server.url + "/demo/karte")
    page.wait_for_load_state("networkidle")
    assert sum("plotly" in url for url in page.asked) == 1  # no chart, no script


@pytest.mark.parametrize("path", [*EVERY, "/", "/demo/downloads", "/demo/nothing"])
def test_a_narrow_phone_needs_no_sideways_scrolling(server, browser, path):
    context = browser.new_context(viewport={"width": 320, "height": 700}, is_mobile=True)
    page = context.new_page()
    page.goto(server.url + path)
    page.wait_for_load_state("networkidle")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_bars_of_a_figure_are_drawn_to_one_scale_and_years_stand_apart_on_a_phone(server, browser):
    page = browser.new_page(viewport={"width": 320, "height": 600})
    page.goto(server.url + "/demo/arbeit?lang=de")
    widths = page.evaluate(
        "[...document.querySelectorAll('.ow-bars')].map(one =>"
        " [...one.querySelectorAll('.ow-bar')].map(bar => bar.getBoundingClientRect().width))"
    )
    assert widths
    assert all(len({*one}) == 1 and one[0] > 0 for one in widths), widths
    page.goto(server.url + "/demo/wirkung?lang=de")
    page.wait_for_selector(".xtick text")
    years = page.evaluate(
        "[...document.querySelectorAll('.xtick text')].map(one => {"
        " const box = one.getBoundingClientRect(); return [box.left, box.right]; })"
    )
    page.close()
    assert all(left[1] < right[0] for left, right in pairwise(years)), years


def test_without_scripts_map_and_table_are_there(server, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + "/demo/karte?lang=en")
    assert page.locator(".ow-districts path").count() == 12
    assert page.locator("tbody[data-districts] tr").count() == 12
    context.close()


def test_skip_link_comes_first_and_leads_to_the_content(server, page):
    page.goto(server.url + "/demo/ueberblick?lang=en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_language_is_switched_on_the_same_page(server, page):
    page.goto(server.url + "/demo/ueberblick?lang=de&quarter=2026-Q1")
    page.click("a.switch")
    assert page.url.endswith("/demo/ueberblick?lang=en&quarter=2026-Q1")
    assert page.inner_text("h1") == "Overview"


# addresses


def test_start_page_lists_programmes_and_releases(server):
    drawn = soup(server, "/?lang=en")
    links = [link["href"] for link in drawn.select("main a")]
    pages = (PAGES[0], *PAGES, "broken", "given", "surroundings")  # the name leads to the first
    assert links == [f"demo/{name}?lang=en" for name in pages]


def test_addresses_of_programme_and_release_lead_to_the_first_page(server):
    assert soup(server, "/demo/?lang=en").h1.get_text() == "Overview"
    assert soup(server, "/demo/2026-Q3?lang=en").h1.get_text() == "Overview"
    assert soup(server, "/demo/2026-Q3/?lang=en").h1.get_text() == "Overview"


@pytest.mark.parametrize(
    ("path", "there_is"),
    [
        ("/demo/ueberblick?lang=en&quarter=1999-Q1", "Q3 2026"),
        ("/demo/ueberblick?lang=en&quarter=2026-Q3%22%0aimport%20os", "Q3 2026"),
        ("/demo/karte?lang=en&indicator=%3Cscript%3E", "Approved grants"),
        ("/demo/karte?lang=en&indicator=jobs_created", "Approved grants"),
        ("/demo/karte?lang=fr", "de"),
        ("/demo/1999-Q1/karte?lang=en", "2026-Q3"),
        ("/other/karte?lang=en", "demo"),
        ("/demo/other?lang=en", "Overview"),
    ],
)
def test_what_is_not_there_gets_a_page_with_what_is(server, path, there_is):
    status, _, html = server.get(path)
    drawn = BeautifulSoup(html, "html.parser")
    assert status == 404
    assert there_is in [link.get_text() for link in drawn.select("main a")]
    assert "<script>" not in html
    assert server.get(urljoin(path, drawn.select_one("main a")["href"]))[0] == 200


def test_parameters_that_a_page_does_not_take_are_left_aside(server):
    assert server.get("/demo/karte?fbclid=1&release=/etc")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/kernels",
        "/api/kernels/00000000-0000-0000-0000-000000000000/channels",
        "/api/contents",
        "/voila/files/broken.ipynb",
        "/voila/render/broken.ipynb",
        "/voila/static/0/..%2f..%2fserver.py",
        "/demo/broken.ipynb",
        "/demo/downloads/..%2fmanifest.json",
        "/demo/downloads/%2e%2e/manifest.json",
        "/demo/reports/manifest.json",
        "/demo/2026-Q3/manifest.json",
        "/.git/config",
    ],
)
def test_no_address_leads_to_a_kernel_or_a_file(server, path):
    status, _, html = server.get(path)
    assert status == 404
    assert "sha256" not in html
    assert "Traceback" not in html


def test_downloads_are_listed_and_given(server, release):
    drawn = soup(server, "/demo/downloads?lang=en")
    link = drawn.select_one("main a")
    assert link["href"] == "2026-Q3/downloads/observations.csv"
    status, headers, content = server.get("/demo/" + link["href"])
    assert (status, content) == (200, "indicator;value\n")
    assert headers["Content-Disposition"] == 'attachment; filename="observations.csv"'


def test_imprint_comes_from_the_programme_and_empty_pages_do_not(server):
    links = [link.get_text() for link in soup(server, "/demo/karte?lang=en").select("footer a")]
    assert links == ["Data to download", "Imprint", "All evaluations"]
    shown = soup(server, "/demo/imprint?lang=en")
    assert shown.select_one("main a")["href"] == "mailto:post@muster.example"
    assert server.get("/demo/privacy")[0] == 404


# kernels and errors


def test_an_error_is_a_sentence_with_a_number_that_the_log_has(server):
    status, _, html = server.get("/demo/broken?lang=en")
    assert status == 500
    assert "4711" not in html
    assert "ZeroDivisionError" not in html
    found = re.search(
        r"Its number is ([0-9a-f]{8})\.", BeautifulSoup(html, "html.parser").main.text
    )
    assert found
    assert f"Error {found[1]} at /demo/broken" in server.log
    assert "ZeroDivisionError" in server.log


def test_a_kernel_sees_no_secret(server):
    shown = soup(server, "/demo/surroundings").main.get_text()
    assert "OSTWERK_" not in shown
    assert "xyzzy" not in shown
    assert "QUERY_STRING" not in shown
    assert "cwd holds []" in shown or "cwd holds ['profile_default']" in shown


def test_parameters_reach_the_notebook_as_they_were_checked(server):
    shown = soup(server, "/demo/given?lang=en&quarter=2026Q1").main.get_text()
    assert "language='en' quarter='2026-Q1'" in shown


def test_no_kernel_is_left_behind(server):
    server.get("/demo/given?quarter=2025Q3")
    # The server's own children are the fork server and its resource tracker; kernels are theirs.
    helpers = psutil.Process(server.process.pid).children()
    assert all("multiprocessing" in " ".join(helper.cmdline()) for helper in helpers)
    for _ in range(50):
        kernels = [kernel for helper in helpers for kernel in helper.children(recursive=True)]
        if not kernels:
            break
        time.sleep(0.1)
    assert kernels == []


def test_a_page_is_rendered_once_for_all_who_ask(server):
    before = server.log.count("Kernel started")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(server.get, ["/demo/given?lang=en&quarter=2025Q4"] * 20))
    assert {status for status, _, _ in answers} == {200}
    assert len({html for _, _, html in answers}) == 1
    assert server.log.count("Kernel started") == before + 1


def test_a_page_seen_before_is_not_sent_again(server):
    _, headers, _ = server.get("/demo/karte")
    again = server.get("/demo/karte", {"If-None-Match": headers["Etag"]})
    assert (again[0], again[2]) == (304, "")


def test_pages_travel_packed(server):
    _, headers, packed = server.get("/demo/karte", {"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    plain = server.get("/demo/karte")[2]
    assert gzip.decompress(packed).decode() == plain
    assert len(packed) < len(plain) / 3


# other servers


def test_a_new_release_is_served_without_a_restart_and_a_damaged_one_never(
    tmp_path, districts, dashboards, publish, serve_again
):
    publish(tmp_path / "published", districts, "2026-Q2")
    with serve_again(tmp_path / "published", dashboards, tmp_path) as server:
        assert "2. Quartal 2026" in soup(server, "/demo/karte").select_one(".as-of").text
        publish(tmp_path / "published", districts, "2026-Q3")
        assert "3. Quartal 2026" in soup(server, "/demo/karte").select_one(".as-of").text
        third = publish(tmp_path / "published", districts, "2026-Q4")
        (third.folder / "areas.parquet").write_bytes(b"")
        drawn = soup(server, "/demo/karte")
        assert "3. Quartal 2026" in drawn.select_one(".as-of").text
        assert "2026-Q4 ist beschädigt" in drawn.select_one(".banner + .banner").text
        assert server.get("/demo/2026-Q2/karte")[0] == 200
        status, _, html = server.get("/demo/2026-Q4/karte")
        assert status == 500
        assert "Diese Veröffentlichung ist beschädigt und wird nicht gezeigt." in html
        assert "Quartal 2026" not in html


def test_below_a_path_and_behind_a_token(tmp_path, release, dashboards, serve_again):
    options = {"base_url": "/ostwerk", "token": "correct-horse"}
    with serve_again(release.folder, dashboards, tmp_path, **options) as server:
        _, _, html = server.get("/ostwerk/demo/karte")
        assert '<svg class="ow-map' not in html
        assert 'type="password"' in html
        status, _, html = server.get("/ostwerk/demo/karte?token=correct-horse")
        drawn = BeautifulSoup(html, "html.parser")
        assert status == 200
        links = [tag.get("href") or tag.get("src") for tag in drawn.select("link, script, a")]
        assert not [link for link in links if link and link.startswith("/")]
        script = drawn.select_one("script[src]")["src"]
        assert server.get(urljoin("/ostwerk/demo/karte", script))[0] == 200


def test_a_taken_port_and_a_missing_folder_are_said(server, release, tmp_path):
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(OstwerkError, match=f"port {port}: Address already in use"):
        serve(release.folder, port=port)
    with pytest.raises(OstwerkError, match="nowhere is not there"):
        serve(tmp_path / "nowhere", port=port)


def test_a_dashboard_that_cannot_be_read_is_named(release, tmp_path):
    (tmp_path / "torn.ipynb").write_text("{")
    with pytest.raises(OstwerkError, match=r"torn\.ipynb cannot be read"):
        serve(release.folder, dashboards=[tmp_path])
