"""Two maps, or two indicators on one map, in the explorer: against the release and the figures."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import explore
from ostwerk_analysis.figures import bivariate_map
from ostwerk_analysis.language import number

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SECOND = "second_rate"


class Twofold:
    """The made-up release with a second rate: of few in Altstadt and unknown in Brühl."""

    def __init__(self, release):
        rates = release.observations[release.observations["indicator"] == "unemployed_share"]
        opposite = rates.assign(indicator=SECOND, value=(40 - 1.5 * rates["value"]).round(1))
        is_here = opposite["area_id"].isin(["00", "01"]) & (opposite["period"] == "2026-Q3")
        secret = opposite["area_id"] == "00"
        opposite.loc[is_here, "value"] = np.nan
        opposite.loc[is_here & secret, "conf_status"] = "C"
        opposite.loc[is_here & ~secret, "obs_status"] = "M"
        declared = release.catalogue[release.catalogue["indicator"] == "unemployed_share"]
        named = declared.assign(indicator=SECOND, label_de="Quote", label_en="Quota")
        self.observations = pd.concat([release.observations, opposite], ignore_index=True)
        self.catalogue = pd.concat([release.catalogue, named], ignore_index=True)
        self._release = release

    def __getattr__(self, name):
        return getattr(self._release, name)


@pytest.fixture(scope="module")
def twofold(release):
    return Twofold(release)


@pytest.fixture(scope="module")
def address(twofold, tmp_path_factory):
    file = tmp_path_factory.mktemp("second") / "page.html"
    html = explore(twofold)._repr_html_()
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    file.write_text(f'<!DOCTYPE html><html lang="de" data-ow-page>{head}{html}</html>')
    return file.as_uri()


def at(page, address, state):
    page.goto("about:blank")
    page.goto(f"{address}#{state}")


def written(release, area, period):
    rows = release.observations
    is_it = (rows["indicator"] == "unemployed_share") & (rows["area_id"] == area)
    [value] = rows.loc[is_it & (rows["period"] == period), "value"]
    return number(value, "percent", "de", 1)


def fills(page, figure):
    return page.eval_on_selector_all(
        f"{figure} .ow-districts path", "paths => paths.map(p => p.getAttribute('fill'))"
    )


def test_two_quarters_stand_beside_each_other_in_the_same_classes(page, address, twofold):
    at(page, address, "indicator=unemployed_share&quarter=2026-Q3")
    page.click(".ow-choices summary")
    page.select_option("[name=view]", "beside")
    assert page.input_value("[name=second-period]") == "2025-Q3"  # a year before
    page.select_option("[name=second-period]", "2025-Q4")
    assert page.text_content(".ow-second .ow-when").startswith("4. Quartal 2025")
    legends = page.eval_on_selector_all(".ow-legend", "lists => lists.map(l => l.textContent)")
    assert legends[0] == legends[1]
    second = fills(page, ".ow-second")
    page.click(".ow-second-choices button")
    assert page.evaluate("document.activeElement.name") == "view"
    assert not page.is_visible(".ow-second")
    page.select_option("[name=period]", "2025-Q4")
    assert fills(page, ".ow-figure:not(.ow-second)") == second
    assert page.wrong == []


def test_what_is_chosen_on_one_map_is_marked_on_the_other_and_both_values_are_said(
    page, address, twofold
):
    at(page, address, "indicator=unemployed_share&quarter=2026-Q3&view=beside")
    assert page.input_value("[name=view]") == "beside"
    page.locator(".ow-second .ow-districts path").nth(6).focus()
    both = [written(twofold, "06", period) for period in ("2026-Q3", "2025-Q3")]
    said = f"Gohlis: 3. Quartal 2026 {both[0]}; 3. Quartal 2025 {both[1]}"
    assert page.text_content(".ow-readout") == said
    rings = page.eval_on_selector_all(".ow-focus", "rings => rings.map(r => r.getAttribute('d'))")
    assert rings[0] == rings[1] != ""
    page.keyboard.press("ArrowRight")
    assert page.text_content(".ow-readout").startswith("Hafen: ")
    assert page.evaluate("document.activeElement.closest('.ow-second') !== null")
    assert "district=07" in page.url
    chosen = page.locator(".ow-figure:not(.ow-second) [aria-selected=true] title")
    assert chosen.text_content().startswith("Hafen: ")
    page.locator(".ow-second .ow-districts path").nth(0).hover()
    assert page.text_content(".ow-readout").startswith("Altstadt: ")
    rings = page.eval_on_selector_all(".ow-pointed", "rings => rings.map(r => r.getAttribute('d'))")
    assert rings[0] == rings[1] != ""
    assert page.wrong == []


def test_another_indicator_has_its_own_classes_and_a_column_in_the_table(page, address, twofold):
    at(page, address, f"indicator=unemployed_share&quarter=2026-Q3&view=beside&second={SECOND}")
    assert page.text_content(".ow-second h2") == "Quote"
    assert page.text_content("th.ow-other") == "Quote, in\u00a0%"
    cells = page.eval_on_selector_all(
        "tbody[data-districts] .ow-other", "cells => cells.slice(0, 2).map(c => c.textContent)"
    )
    assert cells == [".geheim gehalten", "…keine Angabe"]
    assert fills(page, ".ow-second")[0].endswith("-suppressed)")
    page.select_option("[name=second]", "applications")
    assert page.locator(".ow-second .ow-circles circle").count() > 0
    page.reload()
    assert page.text_content(".ow-second h2").startswith("Anträge")
    assert page.wrong == []


def test_two_indicators_on_one_map_are_those_of_the_figure(page, address, twofold):
    at(page, address, f"indicator=unemployed_share&quarter=2026-Q3&view=both&second={SECOND}")
    figure = bivariate_map(
        twofold.districts, twofold.observations, "unemployed_share", SECOND, "2026-Q3",
        catalogue=twofold.catalogue, outline=twofold.programme_outline,
    )  # fmt: skip
    drawn = BeautifulSoup(figure.html, "html.parser")

    def same(fill):
        return re.sub(r"#ow\w+-(suppressed|missing)", r"#\1", fill)

    wanted = [same(path["fill"]) for path in drawn.select(".ow-districts path")]
    assert [same(fill) for fill in fills(page, ".ow-figure")] == wanted
    assert {"url(#suppressed)", "url(#missing)"} < {*wanted}
    titles = page.eval_on_selector_all(
        ".ow-districts title", "titles => titles.map(t => t.textContent)"
    )
    assert titles == [title.text for title in drawn.select(".ow-districts title")]
    squares = page.eval_on_selector_all(
        ".ow-both :is(caption, th, td)", "cells => cells.map(c => c.textContent)"
    )
    assert squares == [cell.text for cell in drawn.select(".ow-square :is(caption, th, td)")]
    assert page.text_content(".ow-both .ow-words") == drawn.select_one(".ow-words").text
    assert page.text_content("h2") == drawn.h2.text
    assert page.wrong == []


def test_a_count_is_not_half_of_a_map_of_two(page, address):
    at(page, address, f"indicator=applications&view=both&second={SECOND}")
    assert "Eine Anzahl ist hoch, wo" in page.text_content(".ow-second-told")
    assert not page.is_visible(".ow-both")
    options = page.eval_on_selector_all(
        "[name=second] option", "all => all.filter(o => !o.disabled).map(o => o.value)"
    )
    assert sorted(options) == [SECOND, "unemployed_share"]


def test_what_the_address_does_not_know_is_ignored(page, address):
    at(page, address, "indicator=unemployed_share&view=<b>&second=nonsense")
    assert page.input_value("[name=view]") == ""
    at(page, address, "indicator=unemployed_share&view=beside&second=nonsense&second-quarter=1")
    assert page.text_content(".ow-second h2") == "Arbeitslosenanteil"
    assert page.wrong == []


def test_on_a_phone_the_second_map_stands_below_and_nothing_is_cut(page, address):
    page.set_viewport_size({"width": 320, "height": 700})
    at(page, address, f"indicator=unemployed_share&view=beside&second={SECOND}")
    first, second = (
        page.locator(f"{figure} .ow-map").bounding_box()
        for figure in (".ow-figure:not(.ow-second)", ".ow-second")
    )
    assert second["y"] > first["y"] + first["height"]
    assert second["width"] == pytest.approx(first["width"], abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("layout", ["beside", "both"])
def test_axe_finds_nothing_in_either_layout(page, address, layout):
    at(page, address, f"indicator=unemployed_share&district=06&view={layout}&second={SECOND}")
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run('.ow-explorer')")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
