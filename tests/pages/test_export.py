"""What readers take along: a map as SVG and PNG, its table as CSV, and a frame for another page."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from ostwerk_analysis import explore
from ostwerk_analysis.figures.bars import bar_item, bar_list
from ostwerk_analysis.figures.sentences import framed

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page(browser, server):
    """The map in German, on its last quarter."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.wrong.append(said.text))
    page.goto(f"{server.url}/demo/karte?lang=de#indicator=unemployed_share&quarter=2026-Q3")
    page.wait_for_selector(".ow-take")
    yield page
    assert page.wrong == []
    assert all(url.startswith((server.url, "blob:", "data:")) for url in page.asked)
    context.close()


def taken(page, kind, place=".ow-explorer"):
    """Press a button: name and content of the file."""
    with page.expect_download() as download:
        page.locator(f"{place} .ow-take").first.get_by_text(kind, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def parsed(content):
    """Read a picture as XML."""
    return ET.fromstring(content)  # noqa: S314 of our own making


def words_of(drawn):
    texts = ("".join(element.itertext()) for element in drawn.iter(f"{SVG}text"))
    return [text.replace("\u00a0", " ") for text in texts]


def test_a_map_becomes_a_picture_that_says_what_it_is(page):
    name, content = taken(page, "SVG")
    assert name == "arbeitslosenanteil-3-quartal-2026.svg"
    words = words_of(parsed(content))
    assert words[:2] == ["Arbeitslosenanteil", "3. Quartal 2026, in %"]
    for said in ("geheim gehalten", "keine Angabe", "Programmgebiet"):
        assert said in words
    assert words[-4:] == [
        "Quelle: amtliche Statistik, Demoamt",
        "Musterprogramm, veröffentlicht am 05.10.2026",
        "Lizenz: CC BY 4.0, Musterstadt",
        "Demonstrationsdaten: Nichts hier beschreibt wirkliche Personen oder Unternehmen.",
    ]


def test_a_picture_is_drawn_as_it_is_seen_and_needs_nothing_else(page):
    _, content = taken(page, "SVG")
    drawn = parsed(content)
    fills = [
        path.get("fill")
        for path in drawn.iter(f"{SVG}path")
        if path.find(f"{SVG}title") is not None
    ]
    seen = "[...document.querySelectorAll('.ow-districts path')].map(p => getComputedStyle(p).fill)"
    assert fills == [fill.replace('"', "") for fill in page.evaluate(seen)]
    patterns = {f"url(#{pattern.get('id')})" for pattern in drawn.iter(f"{SVG}pattern")}
    assert {fill for fill in fills if fill.startswith("url")} <= patterns
    assert len([fill for fill in fills if fill.startswith("url")]) == 3  # one secret, two missing
    for needless in (b"class=", b"var(--", b"href", b"light-dark", b"tabindex"):
        assert needless not in content


def test_bars_become_a_picture_as_they_would_stand_on_a_light_page(page):
    items = [bar_item("Betriebe & Werke", 30.0, 40.0, "30", whole=40.0, beneath="von 40")]
    items.append(bar_item("Handel", float("nan"), 40.0, "geheim gehalten"))
    figure = framed("Balken", "3. Quartal 2026", bar_list(items), "de").html
    page.emulate_media(color_scheme="dark")
    page.evaluate(
        """html => {
          document.querySelector("main").insertAdjacentHTML("beforeend", html);
          const event = new CustomEvent("ow-figure", { bubbles: true });
          document.querySelector("main > figure:last-child").dispatchEvent(event);
        }""",
        figure,
    )
    name, content = taken(page, "SVG", "main > figure:last-child")
    page.emulate_media(color_scheme="light")
    assert name == "balken-3-quartal-2026.svg"
    drawn = parsed(content)
    words = words_of(drawn)
    assert words[:2] == ["Balken", "3. Quartal 2026"]
    assert {"Betriebe & Werke", "30", "von 40", "Handel", "geheim gehalten"} <= {*words}
    assert "Lizenz: CC BY 4.0, Musterstadt" in words
    whole, part = (one for one in drawn.iter(f"{SVG}rect") if one.get("fill") != "#fff")
    assert float(part.get("width")) == pytest.approx(0.75 * float(whole.get("width")), abs=0.1)
    assert part.get("fill") == "rgb(18, 67, 95)"  # that of the light
    dotted = [one for one in drawn.iter(f"{SVG}path") if one.get("stroke-dasharray")]
    assert len(dotted) == 1  # neither zero nor nothing of a whole
    assert b"@font-face" in content
    page.evaluate("document.querySelector('main > figure:last-child').remove()")


def test_a_picture_is_given_in_points_too(page):
    name, content = taken(page, "PNG")
    assert name.endswith(".png")
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == 1840


def test_the_table_is_given_as_a_german_spreadsheet_reads_it(page, release):
    name, content = taken(page, "CSV")
    assert name == "arbeitslosenanteil-3-quartal-2026.csv"
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    head = "Arbeitslosenanteil, 3. Quartal 2026, in %"
    assert [cell.replace("\u00a0", " ") for cell in rows[0]] == [
        *("Ortsteil", head, f"Status: {head}", "Hinweis"),
    ]
    found = {row[0]: row[1:] for row in rows[1:]}
    assert len(found) == 14
    assert found["Conne"] == ["", "geheim gehalten", "Demonstrationsdaten"]
    assert found["Hafen"] == found["Insel & Ufer"] == ["", "keine Angabe", "Demonstrationsdaten"]
    observations = release.observations
    [value] = observations.loc[
        (observations["indicator"] == "unemployed_share")
        & (observations["area_id"] == "00")
        & (observations["period"] == "2026-Q3"),
        "value",
    ]
    assert found["Altstadt"] == [
        f"{value:.1f}".replace(".", ","),
        *("vorläufig", "Demonstrationsdaten"),
    ]


def test_an_english_table_has_commas_and_points(page, server):
    page.goto(f"{server.url}/demo/karte?lang=en#indicator=grants_approved_eur")
    page.wait_for_selector(".ow-take")
    _, content = taken(page, "CSV")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    values = [row[1] for row in rows[1:]]
    assert any(float(value) > 9_999 for value in values if value)  # without the comma of thousands
    assert "kept secret" in [row[2] for row in rows[1:]]


def test_a_second_map_is_taken_along_on_its_own(page, server):
    page.goto(f"{server.url}/demo/karte?lang=de#indicator=unemployed_share&quarter=2026-Q3")
    page.wait_for_selector(".ow-take")
    page.click(".ow-choices summary")
    page.select_option("[name=view]", "beside")
    page.select_option("[name=second]", "residents")
    page.select_option("[name=level]", "hexagon")
    name, content = taken(page, "SVG", ".ow-second")
    assert name.startswith("einwohner-")
    drawn = parsed(content)
    letters = [text for text in drawn.iter(f"{SVG}text") if text.get("text-anchor") == "middle"]
    assert len(letters) == 12
    page.select_option("[name=view]", "")
    assert page.locator(".ow-take").count() == 2  # of map and table
    page.select_option("[name=view]", "beside")
    assert page.locator(".ow-second .ow-take").count() == 1


def test_a_frame_for_another_page_shows_the_map_and_leads_to_the_whole(page, server):
    page.goto(f"{server.url}/demo/karte?lang=de#indicator=residents&quarter=2024")
    page.locator(".ow-embed summary").click()
    code = page.locator(".ow-embed textarea")
    expect(code).not_to_have_value("")
    written = code.input_value()
    assert 'title="Einwohner, 2024' in written
    assert "embed=1#indicator=residents&amp;quarter=2024" in written
    page.goto(BeautifulSoup(written, "html.parser").iframe["src"])
    page.wait_for_selector("[data-ow-embedded] .ow-legend")
    assert page.inner_text("figcaption").startswith("Einwohner")
    parts = ("h1", "nav", "footer", ".ow-controls", "table", ".ow-take", ".banner")
    assert [part for part in parts if page.locator(part).first.is_visible()] == [".banner"]
    whole = page.get_by_text("Ganze Seite öffnen").get_attribute("href")
    assert whole == f"{server.url}/demo/karte?lang=de#indicator=residents&quarter=2024"


def test_the_maps_table_is_that_of_its_values_where_sites_are_listed_beside_it(page, server):
    def with_sites(route):
        html = route.fetch().text()
        sites = '<section class="ow-sites-list"><table><tbody></tbody></table></section></figure>'
        route.fulfill(body=html.replace("</figure>", sites, 1), content_type="text/html")

    page.route("**/demo/karte*", with_sites)
    page.goto(f"{server.url}/demo/karte?lang=de#indicator=unemployed_share&quarter=2026-Q3")
    page.wait_for_selector(".ow-take")
    name, content = taken(page, "CSV")
    assert name == "arbeitslosenanteil-3-quartal-2026.csv"
    assert "Altstadt;" in content.decode("utf-8-sig")
    assert page.locator(".ow-values > .ow-take").count() == 0
    page.unroute("**/demo/karte*")


def test_in_a_notebook_each_explorer_has_its_own_files(browser, release, tmp_path):
    outputs = "".join(
        f"<div>{explore(release, language, indicator='residents')._repr_html_()}</div>"
        for language in ("de", "en")
    )
    file = tmp_path / "notebook.html"
    file.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body>{outputs}')
    notebook = browser.new_page()
    notebook.goto(file.as_uri())
    notebook.wait_for_selector("body > :nth-child(2) .ow-take")
    assert notebook.locator(".ow-figure .ow-take").count() == 2
    assert notebook.locator(".ow-embed").count() == 0  # there is no address to embed
    said = [words_of(parsed(taken(notebook, "SVG", f"body > :nth-child({i})")[1])) for i in (1, 2)]
    assert "Musterprogramm, veröffentlicht am 05.10.2026" in said[0]
    assert "Sample programme, published on 5 October 2026" in said[1]
    name, content = taken(notebook, "PNG", "body > :nth-child(2)")
    assert name == "residents-2025.png"
    assert content.startswith(b"\x89PNG")
    notebook.close()
