"""Everybody can use the pages: axe-core, keyboard, magnification, forced colours, less motion."""

from pathlib import Path

import pytest

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
CHECK = """options => axe.run(document, options).then(found => found.violations.flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`)))"""
SENT = {
    "district=00&lines=00%20~stadt": ".ow-course",
    "view=beside&second=residents": ".ow-second .ow-circles circle",
    "areas=hexagon&district=02": ".ow-letters text",
    "district=00&sheet=1": ".ow-sheet table",
}
"""Views of the map that an address holds = what is there when they are drawn."""
BEYOND = ("/demo/nothing", "/demo/karte?quarter=1999-Q1", "/", "/demo/reports")
"""What no navigation leads to: errors and the start page."""
SHIFTS = """addEventListener("DOMContentLoaded", () => { window.shifted = 0;
    new PerformanceObserver(list => list.getEntries().forEach(
        one => { window.shifted += one.hadRecentInput ? 0 : one.value; }
    )).observe({ type: "layout-shift", buffered: true }); });"""
FOCUSABLE = "a[href], button, select, input, summary, [tabindex='0']"


def findings(page, **options):
    """What axe finds on a page as it is now."""
    if not page.evaluate("!!window.axe"):
        page.evaluate(AXE)
    return page.evaluate(CHECK, {"runOnly": TAGS, **options})


def opened(page):
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


@pytest.fixture(scope="module")
def reader(browser, server):
    """One page for many looks, which adds up how far its content was moved while it was loaded."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    yield page
    context.close()


def visit(page, address):
    """Open a page, and wait until its charts are drawn."""
    page.goto(address)
    for chart in page.locator(".ow-chart").all():
        chart.locator(".main-svg").first.wait_for()


def addresses(page):
    """All pages that the navigation and the foot of a page lead to."""
    page.goto("/demo/ueberblick")
    links = page.eval_on_selector_all("nav.pages a, footer a", "all => all.map(a => a.pathname)")
    assert len(links) >= 8
    return list(dict.fromkeys(links))


@pytest.mark.parametrize("language", ["de", "en"])
def test_axe_finds_nothing_and_nothing_moves_on_any_page(reader, language):
    wrong = {}
    for address in [*addresses(reader), *BEYOND]:
        joined = "&" if "?" in address else "?"
        for width in (1280, 320):
            reader.set_viewport_size({"width": width, "height": 900})
            visit(reader, f"{address}{joined}lang={language}")
            moved = reader.evaluate("window.shifted")
            found = [f"moved by {moved:.3f}"] if moved > 0.02 else []
            if width == 320:
                opened(reader)
            found += findings(reader)
            if language == "de":  # by night only colours are others, in both languages the same
                reader.emulate_media(color_scheme="dark")
                found += [f"dark: {one}" for one in findings(reader, runOnly=["color-contrast"])]
                reader.emulate_media(color_scheme="light")
            if reader.evaluate("document.documentElement.scrollWidth") > width:
                found.append("scrolls sideways")
            if reader.evaluate("document.documentElement.lang") != language:
                found.append("speaks another language")
            if reader.locator("h1").count() != 1 or reader.locator("main").count() != 1:
                found.append("has no h1 or main of its own")
            if found:
                wrong[f"{address} {width}"] = found
    lines = {f"{where}: {one}" for where, found in wrong.items() for one in found}
    assert not lines, "\n".join(sorted(lines))


def test_axe_finds_nothing_in_any_state_of_the_explorer(reader):
    reader.set_viewport_size({"width": 1280, "height": 900})
    visit(reader, "/demo/karte")
    opened(reader)
    reader.locator(".ow-districts path").nth(4).click()
    wrong = findings(reader)
    selects = reader.locator(".ow-explorer select")
    for place in range(selects.count()):
        select = selects.nth(place)
        offered = select.locator("option:not([disabled])")
        if select.is_visible() and offered.count() > 1:
            select.select_option(offered.last.get_attribute("value"))
            wrong += findings(reader)
    reader.emulate_media(color_scheme="dark")
    wrong += findings(reader)
    reader.emulate_media(color_scheme="light")
    assert wrong == []


def test_axe_finds_nothing_in_views_that_are_sent_or_behind_a_key_press(reader):
    reader.set_viewport_size({"width": 1280, "height": 900})
    visit(reader, "/demo/karte?lang=de")
    wrong = []
    for state, drawn in SENT.items():
        reader.goto(f"/demo/karte?lang=de#indicator=unemployed_share&{state}")
        reader.locator(drawn).first.wait_for(state="attached")
        wrong += [f"{state}: {one}" for one in findings(reader)]
    reader.goto("/demo/karte?lang=de#indicator=unemployed_share&district=00")
    reader.locator(".ow-ask").click()
    wrong += findings(reader)
    reader.keyboard.press("Escape")
    assert wrong == []


def test_the_first_key_press_offers_to_skip_to_the_content(reader):
    visit(reader, "/demo/arbeit")
    reader.keyboard.press("Tab")
    assert reader.evaluate("document.activeElement.className") == "skip"
    assert reader.locator(".skip").bounding_box()["y"] >= 0
    reader.keyboard.press("Enter")
    assert reader.evaluate("document.activeElement.id") == "content"


@pytest.mark.parametrize("address", ["/demo/karte", "/demo/foerderung"])
def test_what_can_have_the_focus_shows_it_and_is_large_enough(reader, address):
    visit(reader, address)
    opened(reader)
    reader.keyboard.press("Tab")  # from here on the browser shows the focus
    unseen, small = reader.evaluate(
        """wanted => {
            const unseen = [], small = [];
            for (const one of document.querySelectorAll(wanted)) {
                if (!one.checkVisibility({ visibilityProperty: true })) continue;
                const said = one.outerHTML.slice(0, 90);
                one.focus();
                const { outlineStyle, outlineWidth } = getComputedStyle(one);
                // a district of the map is framed by a line of its own
                const frame = one.closest("svg")?.querySelector(".ow-focus")?.getAttribute("d");
                if (!frame && (outlineStyle === "none" || parseFloat(outlineWidth) < 2))
                    unseen.push(said);
                const { width, height } = one.getBoundingClientRect();
                // WCAG 2.2, 2.5.8: links within a sentence, and districts, are as they are
                if (!one.closest("p, svg, td") && Math.min(width, height) < 24) small.push(said);
            }
            return [unseen, small];
        }""",
        FOCUSABLE,
    )
    assert unseen == []
    assert small == []


CUT_OFF = """() => [...document.querySelectorAll("main *, header *, footer *")].filter(one => {
    const { overflowX, clipPath } = getComputedStyle(one);
    return overflowX === "hidden" && clipPath === "none" && one.scrollWidth > one.clientWidth + 1
        && one.clientWidth && !one.closest("svg, .ow-chart");
}).map(one => one.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("address", ["/demo/karte", "/demo/arbeit"])
def test_nothing_is_lost_in_letters_of_twice_the_size(reader, address):
    visit(reader, address)
    for width in (1280, 640):
        reader.set_viewport_size({"width": width, "height": 450})
        reader.evaluate("document.documentElement.style.fontSize = '200%'")
        assert reader.evaluate("document.documentElement.scrollWidth") <= width
        assert reader.evaluate(CUT_OFF) == []
    reader.set_viewport_size({"width": 1280, "height": 900})


def test_forced_colours_keep_bars_and_maps_and_reduced_motion_moves_nothing(reader):
    reader.emulate_media(forced_colors="active", reduced_motion="reduce")
    visit(reader, "/demo/ueberblick")
    drawn = reader.evaluate(
        """() => ({
            part: getComputedStyle(document.querySelector(".ow-part")).fill,
            ground: getComputedStyle(document.body).backgroundColor,
            classes: new Set([...document.querySelectorAll(".ow-districts path")].map(
                one => getComputedStyle(one).fill)).size,
            smooth: getComputedStyle(document.documentElement).scrollBehavior,
            moving: document.getAnimations().length,
        })"""
    )
    reader.emulate_media(forced_colors="none", reduced_motion="no-preference")
    assert drawn["part"] != drawn["ground"]
    assert drawn["classes"] > 3
    assert (drawn["smooth"], drawn["moving"]) == ("auto", 0)


def test_a_map_has_the_same_colours_by_night_and_a_chart_others(reader):
    looks = []
    for scheme in ("light", "dark"):
        reader.emulate_media(color_scheme=scheme)
        visit(reader, "/demo/wirkung")
        reader.wait_for_selector(".ow-chart .main-svg")
        looks.append(
            reader.evaluate(
                """() => [
                    getComputedStyle(document.querySelector(".ow-outline")).stroke,
                    document.querySelector(".ow-chart .js-line").style.stroke,
                ]"""
            )
        )
    reader.emulate_media(color_scheme="light")
    (outline, line), (outline_by_night, line_by_night) = looks
    assert outline == outline_by_night
    assert line != line_by_night


def test_a_chart_that_cannot_be_drawn_says_so_and_leaves_its_table(browser, server):
    context = browser.new_context(base_url=server.url, locale="de")
    page = context.new_page()
    page.route("**/plotly.min.js", lambda route: route.abort())
    page.goto("/demo/wirkung")
    page.wait_for_function("document.querySelector('.ow-chart').textContent.includes('Tabelle')")
    context.close()
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/demo/wirkung")
    assert "die Tabelle nennt dieselben Werte" in page.inner_text(".ow-chart")
    assert page.locator(".ow-chart ~ .ow-foot details table").count() == 1
    context.close()


def test_links_to_the_sections_of_a_page_lead_there(reader):
    visit(reader, "/demo/foerderung")
    links = reader.locator(".contents a")
    assert links.count() > 2
    for place in range(links.count()):
        links.nth(place).click()
        assert reader.evaluate("document.querySelector(':target')?.textContent").startswith(
            links.nth(place).inner_text().removeprefix("↓ ")
        )
