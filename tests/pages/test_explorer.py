import dataclasses
import gzip
import json

import numpy as np
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import explore, templates
from ostwerk_analysis.dashboard import explorer
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures.classes import SCHEMES
from ostwerk_analysis.language import number, quarter, text

VIEWS = [
    ("unemployed_share", "2026-Q3"),
    ("unemployed_share", "2025-Q4"),
    ("grants_approved_eur|measure=kmu", "2026-Q1"),
    ("applications|measure=kmu", "2025-Q3"),
    ("residents", "2024"),
]
LOOKS = """() => ({
    fills: [...document.querySelectorAll('.ow-districts path')].map(p => p.getAttribute('fill')),
    titles: [...document.querySelectorAll('.ow-districts title')].map(t => t.textContent),
    circles: [...document.querySelectorAll('.ow-circles circle')]
        .map(c => ['cx', 'cy', 'r'].map(a => Number(c.getAttribute(a))))
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    legend: document.querySelector('.ow-legend').textContent.replace(/\\s+/g, ' '),
    rows: [...document.querySelectorAll('tbody tr')].map(r => r.textContent),
    heads: [...document.querySelectorAll('h2, .ow-when, .ow-source, .ow-definition, [data-unit],'
        + '.ow-note, .ow-scale')].map(e => e.textContent),
    swatches: [...document.querySelectorAll('.ow-legend rect')].map(r => r.getAttribute('fill')),
    labels: [...document.querySelectorAll('.ow-map, .ow-districts, .ow-scroll')]
        .map(e => e.getAttribute('aria-label')),
})"""


def standing_alone(release, folder, **options):
    """Write an explorer as a notebook shows it: a file without a server."""
    file = folder / "explorer.html"
    html = explore(release, **options)._repr_html_()
    file.write_text(f'<!DOCTYPE html><html lang="de"><meta charset="utf-8">{html}</html>')
    return file.as_uri()


def turn_to(page, code):
    """Choose an indicator and, behind a ``|``, its breakdown."""
    indicator, _, part = code.partition("|")
    page.select_option("[name=indicator]", indicator)
    label = page.locator(f"[name=indicator] [value={indicator}]").text_content()
    is_there = "label => document.querySelector('.ow-figure h2').textContent.startsWith(label)"
    page.wait_for_function(is_there, arg=label)
    if part and page.is_visible("[name=breakdown]"):
        page.select_option("[name=breakdown]", part)


def expected(release, code, period, language):
    """Write what the table must say of each district, from the release itself."""
    indicator, _, part = code.partition("|")
    here = release.observations[
        (release.observations["indicator"] == indicator)
        & (release.observations["breakdown"] == part)
        & (release.observations["period"] == period)
    ].set_index(["area_level", "area_id"])
    of_all = release.observations.query("indicator == @indicator and area_level == 'district'")
    digits = 1 if indicator == "unemployed_share" else 0
    assert of_all["value"].notna().any()
    rows = {}
    places = [("programme", "osten", release.area_names(language)["osten"])]
    places += [("city", "stadt", release.area_names(language)["stadt"])]
    places += [("district", row.district_id, row.name) for row in release.districts.itertuples()]
    for level, area, name in places:
        row = here.loc[(level, area)] if (level, area) in here.index else None
        if row is not None and row["conf_status"] != "F":
            rows[name] = "." + text("kept secret", language)
        elif row is None or np.isnan(row["value"]):
            rows[name] = "…" + text("no data", language)
        else:
            mark = "p" if row["obs_status"] == "P" else ""
            rows[name] = number(row["value"], "", language, digits) + mark
    return rows


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("code", "period"), VIEWS)
def test_table_says_what_the_release_says(server, page, release, code, period, language):
    page.goto(f"{server.url}/demo/karte?lang={language}")
    page.wait_for_selector(".ow-explorer[data-ready]")
    turn_to(page, code)
    page.select_option("[name=period]", period)
    rows = page.locator("tbody tr").all()
    cells = [[cell.text_content() for cell in row.locator("th, td").all()] for row in rows]
    assert dict(cells) == expected(release, code, period, language)
    assert quarter(period, language) in page.inner_text(".ow-when")
    assert page.wrong == []


CHOICES = [
    *({"classes": scheme, "n_classes": number} for scheme in SCHEMES for number in (3, 5, 6)),
    *({"compare": "city", "classes": scheme, "n_classes": 7} for scheme in SCHEMES),
    {"compare": "city", "n_classes": 3},
    {"breaks": [7.25, 12, 14.5]},
    {"breaks": [-1, 60]},
    {"compare": "city", "breaks": [0.75, 4]},
    {"compare": "city", "breaks": [1, 50]},
]
"""What a reader may choose, as Python and the browser are told it."""


def looks_of_page(page, release, folder, **options):
    """How Python draws the explorer: the page without its script."""
    file = folder / "plain.html"
    page.goto("about:blank")
    file.write_text(f'<meta charset="utf-8">{explore(release, **options).html}')
    page.goto(file.as_uri())
    assert page.locator("[data-ready]").count() == 0
    return page.evaluate(LOOKS)


@pytest.mark.parametrize(
    "options",
    [
        *({"indicator": code, "period": period} for code, period in VIEWS),
        {"indicator": "unemployed_share", "compare": "city", "breaks": [0.75, 4]},
    ],
    ids=str,
)
def test_script_and_page_draw_the_same(release, page, tmp_path, options):
    page.goto(standing_alone(release, tmp_path, **options))
    page.wait_for_selector("[data-ready]")
    drawn_by_script = page.evaluate(LOOKS)
    assert drawn_by_script == looks_of_page(page, release, tmp_path, **options)


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_a_reader_chooses_is_what_python_would_draw(release, page, tmp_path, language):
    view = {"indicator": "unemployed_share", "period": "2026-Q1", "language": language}
    page.goto(standing_alone(release, tmp_path, **view))
    page.click(".ow-choices summary")
    chosen = []
    here = CHOICES[::2] if language == "de" else CHOICES[1::2]
    for choice in here:
        page.select_option("[name=compare]", choice.get("compare", ""))
        page.select_option("[name=classes]", choice.get("classes", "quantiles"))
        page.select_option("[name=number]", str(choice.get("n_classes", 5)))
        if breaks := choice.get("breaks"):
            page.select_option("[name=classes]", "own")
            typed = "; ".join(f"{value:g}" for value in breaks)
            page.fill("[name=breaks]", typed.replace(".", ",") if language == "de" else typed)
        chosen.append(page.evaluate(LOOKS))
    assert page.wrong == []
    for choice, looks in zip(here, chosen, strict=True):
        assert looks == looks_of_page(page, release, tmp_path, **view, **choice), choice


def test_circles_have_no_classes_to_choose(server, page):
    page.goto(f"{server.url}/demo/karte")
    page.wait_for_selector("[data-ready]")
    page.click(".ow-choices summary")
    assert page.is_visible(".ow-classes")
    turn_to(page, "residents")
    assert not page.is_visible(".ow-classes")
    assert page.inner_text(".ow-scale") == ""


def test_the_difference_to_the_city_is_offered_for_rates_only(server, page):
    page.goto(f"{server.url}/demo/karte?lang=en#indicator=unemployed_share&compare=city")
    page.wait_for_selector("[data-ready]")
    city = page.locator("[name=compare] [value=city]")
    assert page.input_value("[name=compare]") == "city"
    assert city.text_content() == "The difference to the city"
    turn_to(page, "residents")
    assert page.input_value("[name=compare]") == ""
    assert "compare" not in page.url
    assert city.is_disabled()
    assert city.text_content() == "The difference to the city (not of counts and sums)"
    turn_to(page, "unemployed_share")
    assert city.text_content() == "The difference to the city"


def test_own_breaks_begin_with_those_that_were_seen(server, page):
    page.goto(f"{server.url}/demo/karte?lang=en")
    page.click(".ow-choices summary")
    fills = page.evaluate(LOOKS)["fills"]
    page.select_option("[name=classes]", "own")
    assert page.evaluate(LOOKS)["fills"] == fills
    assert not page.is_visible("[name=number]")
    assert len(page.input_value("[name=breaks]").split(";")) == 4


@pytest.mark.parametrize("typed", ["", "5; 3", "a; b", "1;2;3;4;5;6;7", "5;;nothing"])
def test_breaks_that_cannot_be_leave_the_map_and_say_what_can(server, page, typed):
    page.goto(f"{server.url}/demo/karte?lang=en")
    page.click(".ow-choices summary")
    page.select_option("[name=classes]", "own")
    page.fill("[name=breaks]", "5; 12.5")
    looks = page.evaluate(LOOKS)
    page.fill("[name=breaks]", typed)
    assert page.evaluate(LOOKS) == looks
    assert page.inner_text(".ow-wrong") == (
        "Write up to 6 rising numbers with semicolons between them, such as 5; 7.5; 10."
    )
    assert page.get_attribute("[name=breaks]", "aria-invalid") == "true"
    page.fill("[name=breaks]", "6; 12.5")
    assert page.inner_text(".ow-wrong") == ""
    assert page.evaluate(LOOKS) != looks
    assert page.wrong == []


def test_indicators_stand_under_their_field_whether_or_not_the_release_says_it(release):
    def headings(given):
        drawn = BeautifulSoup(explore(given, "en").html, "html.parser")
        return [group["label"] for group in drawn.select("[name=indicator] optgroup")]

    older, newer = dataclasses.replace(release), dataclasses.replace(release)
    older._tables["catalogue"] = release.catalogue.drop(columns="field", errors="ignore")
    newer._tables["catalogue"] = release.catalogue.assign(field="own")
    assert headings(older) == ["Funding", "Official statistics"]
    assert headings(newer) == ["The city's own"]


def test_compared_with_the_city_the_number_of_classes_is_odd(server, page):
    page.goto(f"{server.url}/demo/karte?lang=en")
    page.click(".ow-choices summary")
    page.select_option("[name=number]", "4")
    page.select_option("[name=compare]", "city")
    assert page.input_value("[name=number]") == "5"
    assert page.locator("[name=number] option:disabled").all_inner_texts() == ["4", "6"]
    assert page.inner_text(".ow-scale").startswith("Colours: difference to the city (")
    legend = page.locator(".ow-legend li").all_inner_texts()
    assert sum("about as the city" in item for item in legend) == 1


def test_without_a_value_of_the_city_the_values_are_shown_and_that_is_said(release, page, tmp_path):
    here = release.observations
    is_city = (here["area_level"] == "city") & (here["period"] == "2026-Q1")
    hidden = dataclasses.replace(release)
    hidden._tables["observations"] = here.assign(
        value=here["value"].mask(is_city), conf_status=here["conf_status"].mask(is_city, "C")
    )
    options = {"indicator": "unemployed_share", "language": "en", "compare": "city"}
    page.goto(standing_alone(hidden, tmp_path, period="2026-Q2", **options))
    page.wait_for_selector("[data-ready]")
    page.select_option("[name=period]", "2026-Q1")
    alone = page.evaluate(LOOKS)
    assert text(explorer.NO_CITY, "en") in alone["heads"]
    assert alone == looks_of_page(page, hidden, tmp_path, period="2026-Q1", **options)


def test_choices_can_be_sent_with_the_view(server, page, browser):
    page.goto(f"{server.url}/demo/karte?lang=en")
    page.wait_for_selector("[data-ready]")
    page.click(".ow-choices summary")
    page.select_option("[name=compare]", "city")
    page.select_option("[name=classes]", "own")
    page.fill("[name=breaks]", "1; 2.5")
    sent, seen = page.evaluate("location.href"), page.evaluate(LOOKS)
    other = browser.new_page()
    other.goto(sent)
    other.wait_for_selector("[data-ready]")
    assert other.evaluate(LOOKS) == seen
    assert other.is_visible("[name=breaks]")
    other.goto("about:blank")
    other.goto(f"{server.url}/demo/karte?lang=en#classes=nothing&number=99&compare=moon&breaks=x")
    other.wait_for_selector("[data-ready]")
    assert len(other.locator(".ow-legend li").all()) == 8
    other.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_choices_fit_the_page(server, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server.url}/demo/karte")
    if width == 320:
        page.click(".ow-unfold")
    page.click(".ow-choices summary")
    page.select_option("[name=classes]", "own")
    page.fill("[name=breaks]", "nichts")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_map_follows_the_table(server, page):
    page.goto(f"{server.url}/demo/karte")
    turn_to(page, "residents")
    first = page.locator(".ow-circles circle").all()
    radii = sorted(float(circle.get_attribute("r")) for circle in first)
    # areas stand for numbers: 2000, 2731, ...
    assert (radii[1] / radii[0]) ** 2 == pytest.approx(2731 / 2000, rel=0.01)
    turn_to(page, "unemployed_share")
    assert page.locator(".ow-circles circle").count() == 0
    fills = {path.get_attribute("fill") for path in page.locator(".ow-districts path").all()}
    assert len(fills) > 3


def test_a_change_is_drawn_within_a_blink(server, page):
    page.goto(f"{server.url}/demo/karte")
    page.wait_for_selector("[data-ready]")
    milliseconds = page.evaluate(
        """() => {
            const select = document.querySelector('[name=indicator]');
            const times = [...select.options].map((option) => {
                const start = performance.now();
                select.value = option.value;
                select.dispatchEvent(new Event('change'));
                document.body.getBoundingClientRect();
                return performance.now() - start;
            });
            return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
        }"""
    )
    assert milliseconds < 100


def test_quarters_on_offer_are_those_of_the_indicator(server, page):
    page.goto(f"{server.url}/demo/karte?lang=en")
    page.select_option("[name=period]", "2025-Q4")
    turn_to(page, "grants_approved_eur|measure=kmu")
    assert page.input_value("[name=period]") == "2025-Q4"  # kept, as it is there
    turn_to(page, "residents")
    assert page.locator("[name=period] option").all_inner_texts() == ["2025", "2024"]


def test_a_view_can_be_sent(server, page, browser):
    page.goto(f"{server.url}/demo/karte?lang=en")
    turn_to(page, "applications|measure=kmu")
    page.select_option("[name=period]", "2025-Q4")
    page.locator(".ow-districts path").nth(4).focus()
    sent = page.url
    seen = page.evaluate(LOOKS)
    other = browser.new_page()
    other.goto(sent)
    other.wait_for_selector(".ow-when:has-text('Q4 2025')")
    assert other.evaluate(LOOKS) == seen
    assert other.inner_text(".ow-readout").startswith("Eutritzsch: ")
    other.click("a.switch")
    other.wait_for_selector(".ow-when:has-text('4. Quartal 2025')")
    assert other.input_value("[name=indicator]") == "applications"
    assert other.input_value("[name=breakdown]") == "measure=kmu"
    other.close()


@pytest.mark.parametrize(
    "state",
    [
        *("indicator=nothing&quarter=1", "quarter=%22%3E", "district=zz"),
        "indicator=constructor",
        "areas=constructor",
    ],
)
def test_a_broken_view_shows_the_first_one(server, page, state):
    page.goto(f"{server.url}/demo/karte?lang=en#{state}")
    page.wait_for_function("location.hash == '#indicator=unemployed_share&quarter=2026-Q3'")
    assert page.inner_text("h2") == "Share of unemployed"
    assert page.wrong == []


def test_every_district_is_reached_and_named_by_keyboard(server, page, release):
    page.goto(f"{server.url}/demo/karte?lang=en")
    page.wait_for_selector("[data-ready]")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "option":
            break
    page.keyboard.press("Home")
    reached, waiting = set(), ["00"]
    ids = release.districts["district_id"].tolist()
    # Walk in all four directions from every district that was reached.
    while waiting:
        start = waiting.pop()
        if start in reached:
            continue
        reached.add(start)
        for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
            page.locator(".ow-districts path").nth(ids.index(start)).focus()
            page.keyboard.press(key)
            waiting.append(
                page.evaluate(
                    "ids => ids[[...document.querySelectorAll('.ow-districts path')]"
                    ".indexOf(document.activeElement)]",
                    ids,
                )
            )
    assert reached == set(ids)
    page.keyboard.press("Home")
    rows = expected(release, "unemployed_share", "2026-Q3", "en")
    said = page.inner_text(".ow-readout")
    assert said == f"Altstadt: {rows['Altstadt'].removesuffix('p')}\u00a0%"
    assert page.get_attribute(".ow-readout", "aria-live") == "polite"
    assert page.inner_text("tr.ow-chosen th") == "Altstadt"
    page.keyboard.press("Escape")
    assert page.locator("tr.ow-chosen").count() == 0


def test_the_table_scrolls_to_the_chosen_district_and_the_page_does_not(server, page):
    page.goto(f"{server.url}/demo/karte")
    page.wait_for_selector("[data-ready]")
    page.set_viewport_size({"width": 1280, "height": 1600})
    page.add_style_tag(content=".ow.ow-explorer .ow-scroll{max-height:12rem}")
    page.locator(".ow-districts path").nth(11).focus()
    before = page.evaluate("window.scrollY")
    page.keyboard.press("Home")
    page.keyboard.press("End")
    row = page.locator("tr.ow-chosen").bounding_box()
    box = page.locator(".ow-values > .ow-scroll").bounding_box()
    assert box["y"] < row["y"] < box["y"] + box["height"]
    assert page.evaluate("window.scrollY") == before


def test_a_screen_reader_hears_names_and_values(server, page):
    page.goto(f"{server.url}/demo/karte?lang=en")
    page.wait_for_selector("[data-ready]")
    heard = page.locator(".ow-districts").aria_snapshot()
    assert 'listbox "Share of unemployed, Q3 2026"' in heard
    assert 'option "Conne: kept secret"' in heard


def test_only_one_stop_of_the_tabulator_is_the_map(server, page):
    page.goto(f"{server.url}/demo/karte")
    page.locator(".ow-districts path").nth(5).focus()
    stops = page.locator(".ow-districts path[tabindex='0']")
    assert stops.count() == 1


def test_table_is_sorted_by_name_or_value(server, page):
    page.goto(f"{server.url}/demo/karte?lang=en")
    turn_to(page, "residents")

    def column(place):
        return page.locator(f"tbody[data-districts] {place}").all_inner_texts()

    names = column("th")
    assert names[:3] == ["Altstadt", "Brühl", "Conne"]
    assert names.index("Jägerhof") == 9
    page.click("th button[data-unit]")
    numbers = [int(cell.replace(",", "")) for cell in column("td")]
    assert numbers == sorted(numbers, reverse=True)
    page.click("th button[data-unit]")
    assert column("th")[0] == "Altstadt"
    assert page.locator("th[aria-sort=ascending] button[data-unit]").count() == 1


def test_what_has_no_value_is_sorted_last(server, page):
    page.goto(f"{server.url}/demo/karte?lang=en")
    for _ in range(2):
        page.click("th button[data-unit]")
        last = page.locator("tbody[data-districts] th").all_inner_texts()[-3:]
        assert last == ["Conne", "Hafen", "Insel & Ufer"]


def test_explorer_stands_alone_without_a_server(release, page, tmp_path):
    page.goto(standing_alone(release, tmp_path, language="en"))
    page.wait_for_selector("[data-ready]")
    address = page.url
    turn_to(page, "residents")
    assert page.inner_text("h2") == "Residents"
    assert page.url == address  # in a notebook the address is not ours
    assert page.asked == [address]
    assert page.wrong == []


def test_two_explorers_in_one_notebook_do_not_meddle(release, page, tmp_path):
    one = explore(release, indicator="residents")._repr_html_()
    file = tmp_path / "two.html"
    file.write_text(f'<meta charset="utf-8">{one}<hr>{one}')
    page.goto(file.as_uri())
    page.wait_for_selector("[data-ready]")
    page.locator("[name=period]").nth(1).select_option("2024")
    assert "2025" in page.locator(".ow-when").nth(0).inner_text()
    assert "2024" in page.locator(".ow-when").nth(1).inner_text()
    assert page.wrong == []


def test_compact_cells_are_those_of_the_release(release):
    html = BeautifulSoup(explore(release, indicator="unemployed_share").html, "html.parser")
    data = json.loads(html.select_one("script[data-ow-first]").get_text())
    cells = data["first"]["unemployed_share"]["series"][""]["levels"]["district"]["values"][
        "2026-Q3"
    ]
    assert len(cells) == 14
    assert cells[2] == "."
    assert cells[7] is None
    assert cells[8] is None
    value = release.observations.query(
        "indicator == 'unemployed_share' and area_id == '00' and period == '2026-Q3'"
    )["value"].iloc[0]
    assert cells[0] == [round(value, 1), "p"]
    assert html.select_one("script")["type"] == "application/json"


def test_a_name_cannot_end_the_data(release):
    evil = dataclasses.replace(release)
    evil._tables["districts"] = release.districts.assign(name="</script><img src=x>")
    html = explore(evil).html
    assert "</script><img" not in html
    assert html.count("</script>") == html.count("<script ")


def test_explore_names_the_nearest_indicator(release):
    with pytest.raises(DataError, match="did you mean 'residents'"):
        explore(release, indicator="resident")


def test_the_script_is_small():
    assert len(gzip.compress(templates.source("explorer.js").encode())) < 25_000
