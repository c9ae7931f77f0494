"""Sites with their catchments on the explorer's map: where they lie, and what the release says."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from ostwerk_analysis import explore
from ostwerk_analysis.dashboard.explorer_sites import sites
from ostwerk_analysis.figures.outlines import EXTENT

VALUES = {("W1", 500): 1234.4, ("W1", 1000): 5678.0, ("K1", 500): None, ("K1", 1000): 90.0}
VALUES |= {("W1", None): 9000.0, ("K1", None): 1234.0}
"""Residents around a site of the made-up city, and nearest to it; one is kept secret."""


class Sited:
    """The made-up release with three sites: one closed in 2025, one opened in 2026."""

    def __init__(self, release, note="in a straight line; spread evenly over each district"):
        left, bottom, *_ = release.districts.total_bounds
        self.sites = gpd.GeoDataFrame(
            {
                "site_id": ["K1", "W1", "W2"],
                "name": ["Kontaktstelle Süd", "WerkStadt <Mitte>", "WerkStadt Alt"],
                "kind": ["contact_point", "werkstadt", "werkstadt"],
                "opened_on": pd.to_datetime(["2026-01-05", "2024-02-01", "2023-01-01"]),
                "closed_on": pd.to_datetime([None, None, "2025-12-19"]),
            },
            geometry=gpd.points_from_xy(
                left + pd.Series([1000, 3000, 2000]), bottom + pd.Series([900, 1500, 2200])
            ),
            crs=release.districts.crs,
        )
        rows = [
            {
                "indicator": f"residents_within_{metres}m" if metres else "residents_nearest_site",
                "area_level": "city",
                "area_id": "stadt",
                "period": period,
                "breakdown": f"site={site}",
                "value": value if value is not None else float("nan"),
                "unit": "persons",
                "obs_status": "E",
                "conf_status": "F" if value is not None else "C",
                "quality_note": note,
            }
            for (site, metres), value in VALUES.items()
            for period in ("2025-Q4", "2026-Q3")
        ]
        self.observations = pd.concat(
            [release.observations, pd.DataFrame(rows)], ignore_index=True
        ).astype(release.observations.dtypes)
        self._release = release

    def __getattr__(self, name):
        return getattr(self._release, name)


@pytest.fixture(scope="module")
def sited(release):
    return Sited(release)


@pytest.fixture(scope="module")
def address(sited, tmp_path_factory):
    file = tmp_path_factory.mktemp("sites") / "page.html"
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    html = explore(sited)._repr_html_()
    file.write_text(f'<!DOCTYPE html><html lang="de" data-ow-page>{head}{html}</html>')
    return file.as_uri()


def at(page, address, state):
    page.goto("about:blank")
    page.goto(f"{address}#{state}")


def test_sites_are_drawn_where_they_lie_with_catchments_in_metres(page, address, sited):
    at(page, address, "indicator=unemployed_share&quarter=2026-Q3")
    assert page.locator("g.ow-site").count() == 0
    page.get_by_label("Standorte und Einzugsgebiete", exact=True).first.check()
    assert page.text_content(".ow-sites") == "1. Kontaktstelle Süd12. WerkStadt <Mitte>2"
    left, bottom, right, top = sited.districts.total_bounds
    unit = max(right - left, top - bottom) / EXTENT
    drawn = page.eval_on_selector_all(
        ".ow-reach[data-site=W1]",
        "all => all.map(c => ['cx', 'cy', 'r'].map(a => Number(c.getAttribute(a))))",
    )
    x, y = 3000 / unit, (top - bottom - 1500) / unit
    wanted = [(x, y, 1000 / unit), (x, y, 500 / unit)]
    assert drawn == [pytest.approx(one, abs=0.06) for one in wanted]
    seen = page.locator(".ow-figure .ow-map").bounding_box()
    for ring in page.locator(".ow-reach").all():  # the map is enlarged to them, and none is cut
        box = ring.bounding_box()
        assert box["x"] >= seen["x"] - 2
        assert box["x"] + box["width"] <= seen["x"] + seen["width"] + 2
    assert "sites=near" in page.url
    assert page.wrong == []


def test_the_list_says_what_the_release_says_and_which_sites_are_closed(page, address):
    at(page, address, "indicator=unemployed_share&quarter=2026-Q3&sites=city")
    rows = page.locator(".ow-sites-list tbody tr")
    assert [" ".join(row.split()) for row in rows.all_inner_texts()] == [
        "1. Kontaktstelle Süd Kontaktstelle, seit 05.01.2026 . geheim gehalten 90e 1.234e",
        "2. WerkStadt <Mitte> WerkStadt, seit 01.02.2024 1.234e 5.678e 9.000e",
        "3. WerkStadt Alt WerkStadt, geschlossen am 19.12.2025 – – –",
    ]
    note = page.text_content(".ow-sites-note")
    assert "geschätzt" in note
    assert "in Luftlinie; gleichmäßig auf jeden Ortsteil verteilt" in note
    heads = page.locator(".ow-sites-list thead th").all_inner_texts()
    assert heads[1:] == ["bis\u00a0500\u00a0m", "bis\u00a01.000\u00a0m", "nächster Standort"]
    assert note.endswith("beim nächsten offenen Standort, wie weit er auch ist.")
    page.select_option("[name=period]", "2025-Q4")
    assert rows.first.inner_text().splitlines()[1] == "Kontaktstelle, öffnet am 05.01.2026"
    assert page.locator("g.ow-site").count() == 1  # of two, one closed in this quarter
    assert page.text_content(".ow-note") != note  # the districts' table has its own


def test_a_site_is_chosen_by_the_keyboard_and_sent_by_the_address(page, address):
    at(page, address, "indicator=unemployed_share&quarter=2026-Q3&sites=near")
    page.locator(".ow-sites-list button").nth(1).focus()
    said = page.text_content(".ow-readout").replace("\u00a0", " ")
    assert said.startswith("WerkStadt <Mitte>: Einwohner bis 500 m: 1.234; bis 1.000 m: 5.678;")
    assert said.endswith("; nächster Standort: 9.000")
    assert page.locator(".ow-site[data-marked]").get_attribute("data-site") == "W1"
    page.keyboard.press("Tab")
    said = "WerkStadt Alt: geschlossen am 19.12.2025"
    assert page.text_content(".ow-readout") == said
    assert "site=W2" in page.url
    page.reload()
    assert page.locator(".ow-sites-list [aria-pressed=true]").inner_text() == "3. WerkStadt Alt"
    assert page.text_content(".ow-readout") == said
    page.locator(".ow-site[data-site=K1]").click()
    assert page.locator(".ow-sites-list [aria-pressed=true]").inner_text().startswith("1. ")
    at(page, address, "indicator=unemployed_share&sites=everywhere&site=X")
    assert not page.is_visible(".ow-sites-list")
    assert page.wrong == []


def test_circles_of_values_keep_the_size_of_their_legend_where_the_map_is_enlarged(page, address):
    at(page, address, "indicator=residents&quarter=2025")
    sizes = "all => all.map(c => c.getBoundingClientRect().width)"
    before = page.eval_on_selector_all(".ow-circles circle", sizes)
    page.check("[name=sites]")
    box = page.get_attribute(".ow-map", "viewBox")
    assert page.eval_on_selector_all(".ow-circles circle", sizes) == pytest.approx(before, abs=0.8)
    page.uncheck("[name=near]")
    assert page.get_attribute(".ow-map", "viewBox") != box


def test_distances_of_a_walking_network_are_no_circles(release, sited):
    assert sites(sited, "de")["radii"] == [500, 1000]
    walked = Sited(release, "by a walking network; spread evenly over each district")
    assert sites(walked, "de")["radii"] == []


def test_a_release_without_sites_offers_none(release):
    assert sites(release, "de") is None
    assert "Einzugsgebiete" not in explore(release).html.split("<script")[0]


def test_on_a_phone_nothing_is_cut(page, address):
    page.set_viewport_size({"width": 320, "height": 700})
    at(page, address, "indicator=unemployed_share&quarter=2026-Q3&sites=near&site=W1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert all(
        box["height"] >= 24
        for box in (one.bounding_box() for one in page.locator(".ow-sites-list button").all())
    )


def test_axe_finds_nothing_with_the_sites(page, address):
    at(page, address, "indicator=unemployed_share&quarter=2026-Q3&sites=near&site=W1")
    page.add_script_tag(path=Path(__file__).parent / "axe" / "axe.min.js")
    found = page.evaluate("axe.run('.ow-explorer')")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
