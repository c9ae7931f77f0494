import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import figures
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures.small_multiples import evenly


def drawn_from(release, indicator="unemployed_share", periods="2026-Q3", **more):
    drawn = figures.small_multiples(
        release.districts,
        release.observations,
        indicator,
        periods,
        catalogue=release.catalogue,
        **{"language": "en", **more},
    )
    return BeautifulSoup(drawn.html, "html.parser")


def test_each_period_has_a_map_and_all_have_one_legend(release):
    drawn = drawn_from(release)
    panels = drawn.select(".ow-panels li")
    assert [panel.p.get_text() for panel in panels] == [
        *("Q3 2025", "Q4 2025", "Q1 2026", "Q2 2026", "Q3 2026")
    ]
    assert len(drawn.select(".ow-legend")) == 1
    one = figures.district_map(
        release.districts,
        release.observations,
        "unemployed_share",
        "2026-Q1",
        catalogue=release.catalogue,
        language="en",
    )
    alone = BeautifulSoup(one.html, "html.parser")
    assert drawn.select_one(".ow-legend").get_text() == alone.select_one(".ow-legend").get_text()
    colours = [path["fill"] for path in alone.select(".ow-districts path")]
    shown = [use["fill"] for use in panels[2].select(".ow-districts use")]
    assert [fill for fill in shown if "#ow" not in fill] == [c for c in colours if "#ow" not in c]


def test_outlines_stand_in_the_page_once(release):
    drawn = drawn_from(release)
    ids = {element["id"] for element in drawn.select("[id]")}
    used = {use["href"][1:] for use in drawn.select("use")}
    used |= set(re.findall(r"url\(#([^)]+)\)", str(drawn)))
    assert used <= ids
    assert len(drawn.select("path[id]")) == len(release.districts)


def test_each_map_says_what_it_shows_to_those_who_do_not_see_it(release):
    drawn = drawn_from(release)
    last = drawn.select(".ow-panels svg")[-1]
    assert last["role"] == "img"
    assert re.match(
        r"Q3 2026: Highest: .+; lowest: .+\. Kept secret in 1 of 12", last["aria-label"]
    )
    assert last["aria-label"] in drawn.select_one(".ow-words").get_text()
    assert len(drawn.select("details thead th")) == 6


def test_counts_are_circles_to_one_scale(release):
    drawn = drawn_from(release, "residents", "2025")
    radii = [
        [float(circle["r"]) for circle in panel.select(".ow-circles circle")]
        for panel in drawn.select(".ow-panels li")
    ]
    assert len(radii) == 2
    assert radii[0] == radii[1]  # as many live there in both years
    assert max(radii[0]) == 52


def test_maps_are_compared_with_the_city_of_their_own_period(release):
    drawn = drawn_from(release, compare="city")
    heading = drawn.select_one(".ow-scale").get_text()
    assert heading == "Colours: difference to the city in the same period, in percentage points"
    city = release.observations.query("indicator == 'unemployed_share' and area_level == 'city'")
    for panel, value in zip(drawn.select(".ow-panels li"), city["value"], strict=True):
        title = panel.select_one("use title").get_text()
        own, difference = re.search(r": ([\d.]+)\u00a0% \(([−+]?[\d.]+) to", title).groups()
        expected = float(own) - float(f"{value:.1f}")
        assert float(difference.replace("−", "-")) == pytest.approx(expected)


def test_a_period_without_a_city_is_left_out_and_said(release):
    here = release.observations
    is_city = (here["area_level"] == "city") & (here["period"] == "2026-Q1")
    hidden = here.assign(
        value=here["value"].mask(is_city), conf_status=here["conf_status"].mask(is_city, "C")
    )
    options = {"catalogue": release.catalogue, "language": "en", "compare": "city"}
    drawn = BeautifulSoup(
        figures.small_multiples(
            release.districts, hidden, "unemployed_share", "2026-Q3", **options
        ).html,
        "html.parser",
    )
    assert len(drawn.select(".ow-panels li")) == 4
    assert "Q1 2026: the city has no published value" in drawn.select_one(".ow-note").get_text()
    only = figures.small_multiples(
        release.districts, hidden, "unemployed_share", ["2026-Q1"], **options
    )
    assert "<svg" not in only.html
    assert "Q1 2026: the city has no published value" in only.html


@pytest.mark.parametrize("periods", [[], ["2026-Q3", "2025"], [f"{y}-Q1" for y in range(13)]])
def test_periods_that_cannot_stand_side_by_side_are_refused(release, periods):
    with pytest.raises(DataError, match="cannot stand side by side"):
        drawn_from(release, periods=periods)


@given(st.integers(1, 120), st.integers(0, 30))
def test_periods_are_thinned_evenly_and_end_with_the_last(count, after):
    quarters = [f"{1990 + i // 4}-Q{i % 4 + 1}" for i in range(count + after)]
    last = quarters[count - 1]
    chosen = evenly(pd.DataFrame({"period": quarters}), last)
    assert len(chosen) <= 12
    assert chosen[-1] == last
    places = [quarters.index(period) for period in chosen]
    assert len(set(np.diff(places))) <= 1
    if count > 12:
        assert {period[-2:] for period in chosen} == {last[-2:]}  # the same season
    else:
        assert chosen == quarters[:count]


def test_years_are_thinned_without_regard_to_seasons():
    years = pd.DataFrame({"period": [str(year) for year in range(2000, 2026)]})
    assert evenly(years, "2025") == [str(year) for year in range(2001, 2026, 3)]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("indicator", ["unemployed_share", "residents"])
def test_maps_and_legend_fit_the_page_and_circles_have_one_size(
    release, page, tmp_path, width, indicator
):
    period = "2026-Q3" if indicator == "unemployed_share" else "2025"
    drawn = figures.small_multiples(
        release.districts, release.observations, indicator, period, catalogue=release.catalogue
    )
    file = tmp_path / "small.html"
    file.write_text(f'<!DOCTYPE html><meta charset="utf-8">{drawn._repr_html_()}')
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [panel.bounding_box() for panel in page.locator(".ow-panels svg").all()]
    assert all(box["width"] > 110 for box in boxes)
    if indicator == "residents":
        largest = page.locator(".ow-panels circle").first
        step = page.locator(".ow-size circle").last
        drawn_size, legend_size = (one.bounding_box()["width"] for one in (largest, step))
        by_units = [float(one.get_attribute("r")) for one in (largest, step)]
        # strokes apart, a circle of the legend is drawn to the scale of the maps
        assert drawn_size / legend_size == pytest.approx(by_units[0] / by_units[1], rel=0.08)
