"""The explorer's levels, quarters, comparisons and parts, driven in a browser as readers do."""

import dataclasses
import gzip
import re

import pandas as pd
import pytest

from ostwerk_analysis import explore, templates
from ostwerk_analysis.language import number

QUARTERS = ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]


@pytest.fixture(scope="module")
def layered(release):
    """The made-up release with values of boroughs, and an indicator that only these have."""
    rows = [
        {
            "indicator": indicator,
            "area_level": "borough",
            "area_id": borough,
            "period": period,
            "breakdown": breakdown,
            "value": 5.0 + 2 * int(borough) + q / 2,
            "unit": "percent",
            "n_units": 9,
            "obs_status": "A",
            "conf_status": "F",
            "quality_note": "",
        }
        for q, period in enumerate(QUARTERS)
        for borough in "012"
        for indicator, breakdown in (
            *[("unemployed_share", ""), ("jobs_created", "status=promised")],
            ("jobs_created", "status=verified"),
        )
    ]
    boroughs = pd.DataFrame(rows)
    secret = (boroughs["area_id"] == "2") & (boroughs["period"] == "2026-Q3")
    boroughs.loc[secret, ["value", "conf_status"]] = [float("nan"), "D"]
    names = pd.DataFrame({"area_id": list("012"), "area_level": "borough"})
    names["name_de"] = names["name_en"] = ["Nord", "Mitte", "Süd"]
    changed = dataclasses.replace(release)
    changed._tables.update(
        observations=pd.concat([release.observations, boroughs], ignore_index=True),
        areas=pd.concat([release.areas, names], ignore_index=True),
    )
    return changed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("explorer")


@pytest.fixture(scope="module")
def address(layered, folder):
    """A page from disk, which keeps the state in its address."""
    file = folder / "explorer.html"
    html = explore(layered, "en", indicator="unemployed_share")._repr_html_()
    head = '<!DOCTYPE html><html lang="en" data-ow-page><meta charset="utf-8"><title>x</title>'
    file.write_text(f"{head}<main><h1>Map</h1>{html}</main>")
    return file.as_uri()


@pytest.fixture(scope="module")
def apart(address, folder):
    """The same page as a server sends it: without its parts, which lie beside it."""
    whole = (folder / "explorer.html").read_text()
    pattern = r'<script type="application/json" data-ow-part="([0-9a-f]{16})">(.*?)</script>'
    parts = dict(re.findall(pattern, whole, re.DOTALL))
    assert parts
    return re.sub(pattern, "", whole, flags=re.DOTALL), parts


def opened(page, address):
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("[data-ready]")


def value(release, area, period, level="district"):
    here = release.observations.query(
        "indicator == 'unemployed_share' and area_level == @level and area_id == @area"
        " and period == @period"
    )
    return here["value"].iloc[0]


def titles(page):
    return page.locator(".ow-map .ow-districts title").all_text_contents()


def test_boroughs_and_hexagons_are_drawn_with_their_own_values(page, address, layered):
    opened(page, address)
    districts = titles(page)
    page.select_option("[name=level]", "hexagon")
    assert titles(page) == districts  # a hexagon says what its district says
    corners = page.locator(".ow-districts path").first.get_attribute("d")
    assert corners.endswith("z")
    assert corners.count("l") == 1
    page.select_option("[name=level]", "borough")
    assert titles(page) == ["Nord: 7.0\u00a0%", "Mitte: 9.0\u00a0%", "Süd: kept secret"]
    assert page.inner_text("[data-place]") == "Borough"
    assert page.locator("tbody[data-districts] tr").count() == 3
    page.locator(".ow-districts path").first.focus()
    page.keyboard.press("ArrowUp")
    assert page.inner_text(".ow-readout") == "Mitte: 9.0\u00a0%"
    # What is published for boroughs only leads there, and back where districts are.
    page.select_option("[name=level]", "district")
    page.select_option("[name=indicator]", "jobs_created")
    assert page.input_value("[name=level]") == "borough"
    assert page.locator("[name=level] option:disabled").count() == 2
    assert page.locator("[name=breakdown] option").all_inner_texts() == ["Promised", "Verified"]
    page.select_option("[name=breakdown]", "status=verified")
    assert page.inner_text("h2") == "Jobs – Verified"
    page.select_option("[name=indicator]", "unemployed_share")
    assert page.input_value("[name=level]") == "district"
    assert titles(page) == districts
    assert page.wrong == []


def test_the_slider_names_its_quarter_and_playing_ends_with_the_last(page, address, layered):
    opened(page, address)
    slider = page.locator("[name=step]")
    assert slider.get_attribute("aria-valuetext") == "Q3 2026"
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert page.input_value("[name=period]") == "2026-Q2"
    assert slider.get_attribute("aria-valuetext") == "Q2 2026"
    said = number(value(layered, "00", "2026-Q2"), "percent", "en", 1)
    assert titles(page)[0] == f"Altstadt: {said}"
    page.clock.install()
    page.click(".ow-play")
    assert page.inner_text(".ow-play span") == "Stop"
    page.clock.run_for(1000)
    assert page.input_value("[name=period]") == "2026-Q3"
    assert page.inner_text(".ow-play span") == "Play"
    page.click(".ow-play")  # from the beginning again
    assert page.input_value("[name=period]") == "2025-Q3"
    page.select_option("[name=compare]", "city")  # any choice ends it
    page.clock.run_for(3000)
    assert page.input_value("[name=period]") == "2025-Q3"


def test_another_quarter_is_compared_in_colours_and_a_column(page, address, layered):
    opened(page, address)
    page.select_option("[name=compare]", "period")
    assert page.input_value("[name=against]") == "2025-Q3"  # the same quarter of the year before
    now, then = (round(value(layered, "00", p), 1) for p in ("2026-Q3", "2025-Q3"))
    change = number(now - then, "", "en", 1)
    row = page.locator("tbody[data-districts] tr", has_text="Altstadt")
    assert row.locator("td").nth(1).inner_text() == change
    assert titles(page)[0] == f"Altstadt: {now}\u00a0% ({change} to Q3 2025)"
    assert "kept secret" in page.locator("tr", has_text="Conne").locator("td").nth(1).inner_text()
    assert page.inner_text(".ow-scale") == "Colours: difference to Q3 2025, in percentage points"
    legend = page.locator(".ow-legend li").all_inner_texts()
    assert sum("about as then" in item for item in legend) == 1
    page.click(".ow-choices summary")
    for scheme in ("equal", "fisher_jenks"):
        page.select_option("[name=classes]", scheme)
        fills = page.locator(".ow-districts path").evaluate_all(
            "paths => new Set(paths.map(p => p.getAttribute('fill'))).size"
        )
        assert fills > 2
    page.select_option("[name=indicator]", "residents")  # circles: the change on the same scale
    assert page.locator(".ow-circles circle").count() == 0  # nobody came or went
    assert page.inner_text("th.ow-change") == "Change since 2024"
    assert page.wrong == []


def test_up_to_five_areas_are_lines_with_gaps_and_a_table(page, address, layered):
    opened(page, address)
    assert not page.is_visible(".ow-lines figure")
    page.locator(".ow-districts path").nth(2).focus()
    page.keyboard.press("Space")  # Conne, of which two quarters are kept secret
    city = page.locator("[name=add] option", has_text="Sampletown").get_attribute("value")
    page.select_option("[name=add]", city)
    assert page.locator(".ow-pins span").all_inner_texts() == ["Conne", "Sampletown"]
    path = page.locator(".ow-lines figure [data-course=A] .ow-course").get_attribute("d")
    assert path.count("M") + path.count("L") == 3  # of five quarters, two are a gap
    assert page.locator(".ow-dot").count() == 2
    assert page.locator("text.ow-named").all_text_contents() == ["A", "B"]
    # The same letter on the map and in both tables; the city is on no map.
    assert page.locator(".ow-marked text").all_text_contents() == ["A"]
    shape = page.locator(".ow-districts path").nth(2).get_attribute("d")
    assert page.get_attribute(".ow-marked .ow-course", "d") == shape
    assert page.locator(".ow-legend li:has([data-course])").all_inner_texts() == ["A: Conne"]
    assert page.inner_text("[data-districts] [data-course=A]") == "Conne"
    assert page.inner_text(".ow-compare [data-course=B]") == "Sampletown"
    page.set_viewport_size({"width": 700, "height": 800})  # the table below: room for names
    page.wait_for_function("document.querySelector('text.ow-named').textContent === 'A Conne'")
    page.click(".ow-lines summary")
    cells = page.locator(".ow-lines tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[0] == "Q3 2026"
    assert "kept secret" in cells[1]
    for place in ("3", "4", "5"):
        page.select_option("[name=add]", place)
    assert page.is_disabled("[name=add]")
    page.click(".ow-pins li:first-child button")
    assert page.locator(".ow-pins li").count() == 4
    outlines = page.locator(".ow-marked .ow-course")
    look = "(one) => [getComputedStyle(one).stroke, getComputedStyle(one).strokeDasharray]"
    assert outlines.count() == 3
    assert len({tuple(each) for each in (one.evaluate(look) for one in outlines.all())}) == 3
    assert not page.is_disabled("[name=add]")


def test_what_is_behind_a_value_opens_and_closes_by_keys(page, address):
    opened(page, address)
    page.locator(".ow-districts path").nth(0).focus()
    page.keyboard.press("Enter")
    said = page.inner_text("dialog.ow-behind")
    for words in ("Altstadt", "Official statistics", "made up for tests", "Q3 2026", "Provisional"):
        assert words in said
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog.ow-behind")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "option"
    page.select_option("[name=level]", "borough")
    page.locator(".ow-districts path").nth(2).focus()
    page.click(".ow-ask")
    said = page.inner_text("dialog.ow-behind")
    assert "kept secret so that another value cannot be computed" in said


def test_a_whole_view_can_be_sent(page, address, browser):
    opened(page, address)
    page.select_option("[name=level]", "hexagon")
    page.select_option("[name=compare]", "period")
    page.select_option("[name=against]", "2026-Q1")
    page.locator(".ow-districts path").nth(4).focus()
    page.keyboard.press("Space")
    page.select_option("[name=add]", "0")
    sent = page.url
    seen = titles(page)
    other = browser.new_page()
    opened(other, sent)
    assert titles(other) == seen
    assert other.input_value("[name=level]") == "hexagon"
    assert other.input_value("[name=against]") == "2026-Q1"
    assert other.locator(".ow-pins span").all_inner_texts() == ["Eutritzsch", "Altstadt"]
    assert other.inner_text(".ow-readout").startswith("Eutritzsch: ")
    opened(other, f"{address}#areas=moon&against=1&lines=zz%20~zz&breakdown=x")
    assert other.input_value("[name=level]") == "district"
    assert other.locator(".ow-pins li").count() == 0
    other.close()


def cut_off(page, whole, parts):
    """Serve a page whose parts cannot be had, until the one item of the list is set to False."""
    fails = [True]

    def answer(route):
        name = route.request.url.rsplit("/", 1)[-1].removesuffix(".json")
        if name not in parts:
            route.fulfill(content_type="text/html; charset=utf-8", body=whole)
        elif fails[0]:
            route.abort()
        else:
            route.fulfill(content_type="application/json", body=parts[name])

    page.route("**/*", answer)
    return fails


def test_a_part_that_cannot_be_fetched_is_said_and_asked_for_again(page, apart):
    fails = cut_off(page, *apart)
    page.goto("http://release.test/demo/karte")
    page.wait_for_selector("[data-ready]")
    seen = titles(page)
    page.select_option("[name=indicator]", "residents")
    again = page.locator(".ow-loading button")
    again.wait_for()
    assert page.inner_text(".ow-loading span").startswith("Residents could not be loaded")
    assert titles(page) == seen
    assert page.input_value("[name=indicator]") == "unemployed_share"
    fails[0] = False
    again.click()
    page.wait_for_function("document.querySelector('h2').textContent === 'Residents'")
    assert not again.is_visible()
    assert titles(page)[0] == "Altstadt: 2,000\u00a0persons"
    asked = {url.rsplit("/", 1)[-1] for url in page.asked} - {"karte"}
    assert asked <= {f"{name}.json" for name in apart[1]}


def test_a_second_indicator_that_cannot_be_fetched_is_asked_for_again(page, apart):
    fails = cut_off(page, *apart)
    # a shared address, opened cold: the second map has to wait, and the first does not
    page.goto(
        "http://release.test/demo/karte#indicator=unemployed_share&view=beside&second=residents"
    )
    again = page.locator(".ow-loading button")
    again.wait_for()
    assert page.inner_text(".ow-loading span").startswith("Residents could not be loaded")
    assert not page.is_visible(".ow-second")
    assert "view=beside" in page.url
    assert "second=residents" in page.url
    fails[0] = False
    again.click()
    page.wait_for_selector(".ow-second")
    assert page.text_content(".ow-second h2") == "Residents"
    assert not again.is_visible()
    wrong = [said for said in page.wrong if "ERR_FAILED" not in said]
    assert wrong == []


def test_hexagons_have_short_names_and_a_sentence_about_them(page, address):
    opened(page, address)
    assert not page.is_visible(".ow-tiles")
    page.select_option("[name=level]", "hexagon")
    assert page.inner_text(".ow-tiles").startswith("Each district is drawn in the same size")
    assert page.inner_text(".ow-readout").startswith("Point at a hexagon")
    letters = page.locator(".ow-letters text").all_text_contents()
    assert len(set(letters)) == page.locator(".ow-districts path").count()
    page.select_option("[name=level]", "borough")
    assert page.inner_text(".ow-readout").startswith("Point at a borough")
    assert page.locator(".ow-letters").count() == 0


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_cut_and_nothing_moves_when_it_is_redrawn(page, address, width):
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, address)
    assert page.is_visible("[name=level]") == (width > 320)  # folded away on a phone
    page.locator(".ow-districts path").nth(8).focus()
    page.keyboard.press("Space")
    top = page.locator(".ow-map").first.bounding_box()["y"] + page.evaluate("scrollY")
    page.select_option("[name=period]", "2025-Q4")
    assert page.locator(".ow-map").first.bounding_box()["y"] + page.evaluate("scrollY") == top
    page.select_option("[name=indicator]", "jobs_created")  # which has a breakdown
    assert page.is_visible("[name=breakdown]")
    page.select_option("[name=breakdown]", "status=verified")
    assert page.locator(".ow-map").first.bounding_box()["y"] + page.evaluate("scrollY") == top
    if width == 320:
        page.click(".ow-unfold")
        assert page.get_attribute(".ow-unfold", "aria-expanded") == "true"
        assert page.is_visible("[name=level]")
    page.locator(".ow-districts path").nth(0).focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_comes_before_the_map_is_light(apart):
    whole, _ = apart
    shell = gzip.compress(whole.encode())
    assert len(shell) < 60_000, "page with style and script"
    assert len(templates.source("explorer.js")) > 10_000  # which it holds


def test_back_leads_to_the_view_before_and_a_movement_is_one_step(page, address, layered):
    opened(page, address)
    first = titles(page)
    page.evaluate("window.isSame = true")
    page.select_option("[name=indicator]", "residents")
    page.select_option("[name=level]", "hexagon")
    page.select_option("[name=compare]", "period")
    page.locator(".ow-districts path").nth(4).click()
    page.locator(".ow-districts path").nth(5).click()
    page.locator("[name=indicator]").select_option("unemployed_share")
    slider = page.locator("[name=step]")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")  # three quarters back, and one step
    page.locator(".ow-districts path").nth(5).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    steps = page.evaluate("history.length")
    seen = []
    for _ in range(8):
        page.go_back()
        fields = ("indicator", "level", "compare", "period")
        values = [page.input_value(f"[name={field}]") for field in fields]
        seen.append([*values, page.inner_text(".ow-readout").split(":")[0]])
    assert seen == [
        ["unemployed_share", "hexagon", "period", "2025-Q4", "Fluß"],
        ["unemployed_share", "hexagon", "period", "2026-Q3", "Fluß"],
        ["residents", "hexagon", "period", "2025", "Fluß"],
        ["residents", "hexagon", "period", "2025", "Eutritzsch"],
        ["residents", "hexagon", "period", "2025", seen[4][4]],
        ["residents", "hexagon", "", "2025", seen[4][4]],
        ["residents", "district", "", "2025", seen[6][4]],
        ["unemployed_share", "district", "", "2026-Q3", seen[6][4]],
    ]
    assert seen[4][4].startswith("Point at a hexagon")
    assert titles(page) == first
    assert "#" not in page.url
    page.go_forward()
    assert page.inner_text("h2") == "Residents"
    assert page.evaluate("history.length") == steps
    assert page.evaluate("window.isSame"), "nothing was loaded anew"
    assert page.wrong == []
