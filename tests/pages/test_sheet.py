"""The district's own sheet: all of its figures on one page."""

import subprocess

import pytest

SHEET = "#district={}&sheet=1"


@pytest.fixture(scope="module")
def page(browser, server):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    assert page.wrong == []
    context.close()


def shown(page, server, district, language="de"):
    """Open a district's sheet by its address: label = cells of the line."""
    page.goto("about:blank")
    page.goto(f"{server.url}/demo/karte?lang={language}{SHEET.format(district)}")
    page.wait_for_selector(".ow-sheet table")
    lines = page.eval_on_selector_all(
        ".ow-sheet tbody tr:not(.ow-field)",
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))",
    )
    return {line[0].replace("\u00a0", " "): line[1:] for line in lines}


def published(release, indicator, period):
    table = release.observations
    table = table[(table["indicator"] == indicator) & (table["period"] == period)]
    return table[table["area_level"] == "district"].set_index("area_id")["value"]


def german(value, digits=1):
    return f"{value:,.{digits}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def test_a_line_has_value_change_rank_peers_and_city_by_hand(page, server, release):
    lines = shown(page, server, "04")  # of borough 1: districts 04 to 07, 07 is missing
    assert page.inner_text(".ow-sheet h2") == "Eutritzsch"
    now = published(release, "unemployed_share", "2026-Q3").round(1)
    before = published(release, "unemployed_share", "2025-Q3").round(1)
    value, change, rank, peers, _, course = lines["Arbeitslosenanteil"]
    assert value.replace("\u00a0", " ") == f"{german(now['04'])} %p"
    difference = round(now["04"] - before["04"], 1)
    assert change.replace("\u00a0", " ") == german(difference).replace("-", "\u2212") + " Pp."
    higher = int((now > now["04"]).sum())
    assert rank.replace("\u202f", " ") == f"{higher + 1} von {int(now.notna().sum())}"
    assert peers == german((now["05"] + now["06"]) / 2)
    assert course == ""
    assert page.locator(".ow-spark path").first.get_attribute("d").startswith("M")
    residents = lines["Einwohner (2025)"]
    assert residents[0].replace("\u00a0", " ") == "4.924 Personen"
    assert residents[1].replace("\u00a0", " ") == "0 Personen"
    assert residents[2] == "8 von 12"


def test_what_is_kept_secret_has_no_line_and_no_rank_but_is_counted(page, server, release):
    lines = shown(page, server, "02", "en")
    assert "Share of unemployed" not in lines
    assert "kept secret: 1; as not known: 0" in page.inner_text(".ow-sheet .ow-note")
    others = shown(page, server, "00", "en")["Share of unemployed"][2]
    assert others.endswith("of 9")  # not 12: one is secret and two are missing


def test_equal_values_share_a_rank(page, server, release):
    applications = published(release, "applications", "2026-Q3").dropna()
    district = applications[applications.duplicated(keep=False)].index[0]
    line = shown(page, server, district, "en")["Applications – SME grants"]
    rank = int((applications > applications[district]).sum()) + 1
    assert line[2].replace("\u202f", " ") == f"{rank} = of {len(applications)}"


def test_the_sheet_is_opened_from_the_map_kept_in_the_address_and_left_again(page, server):
    page.goto("about:blank")
    page.goto(f"{server.url}/demo/karte?lang=de#district=06")
    page.get_by_text("Alle Zahlen für Gohlis").click()
    page.wait_for_selector(".ow-sheet table")
    page.wait_for_function("location.hash.includes('sheet=1')")
    assert page.evaluate("document.activeElement.textContent") == "Gohlis"
    assert not page.locator(".ow-map").first.is_visible()
    assert "sheet=1" in page.get_attribute("[data-ow-keep-state]", "href")
    page.go_back()
    assert not page.is_visible(".ow-sheet")
    page.go_forward()
    page.get_by_text("Zurück zur Karte").click()
    assert page.locator(".ow-map").first.is_visible()
    assert "sheet" not in page.evaluate("location.hash")
    assert page.evaluate("document.activeElement.className") == "ow-open-sheet"
    page.goto(f"{server.url}/demo/karte?lang=de#district=nowhere&sheet=1")
    assert page.locator(".ow-map").first.is_visible()


def test_the_sheet_is_one_sheet_of_paper(page, server, tmp_path):
    shown(page, server, "04", "en")
    page.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True)
    read = ["pdftotext", "-layout", tmp_path / "sheet.pdf", "-"]
    said = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    assert said.count("\f") == 1
    for words in ("Eutritzsch", "Share of unemployed", "Licence: CC BY 4.0", "Demonstration data"):
        assert words in said
    assert "Back to the map" not in said
    assert "Choose an indicator" not in said
    # However many figures there are, they fit: forty more lines here.
    page.evaluate("""() => {
        const body = document.querySelector(".ow-sheet tbody");
        const row = body.rows[1];
        for (let i = 0; i < 40; i += 1) body.append(row.cloneNode(true));
        const sheet = document.querySelector(".ow-sheet");
        const lines = Number(sheet.style.getPropertyValue("--ow-lines"));
        sheet.style.setProperty("--ow-lines", lines + 40);
    }""")
    page.pdf(path=tmp_path / "long.pdf", prefer_css_page_size=True)
    read[2] = tmp_path / "long.pdf"
    assert subprocess.run(read, capture_output=True, text=True, check=True).stdout.count("\f") == 1


def test_without_a_connection_the_sheet_says_so_and_tries_again(browser, server):
    page = browser.new_page()
    page.route("**/parts/*", lambda route: route.abort())
    page.goto(f"{server.url}/demo/karte?lang=en{SHEET.format('04')}")
    page.wait_for_selector(".ow-sheet [role=status]:text('Not all figures could be loaded')")
    page.unroute("**/parts/*")
    page.locator(".ow-sheet").get_by_text("Try again").click()
    page.wait_for_selector(".ow-sheet table")
    page.close()


def test_the_sheet_fits_a_phone(browser, server):
    page = browser.new_page(viewport={"width": 320, "height": 700})
    shown(page, server, "04")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()
