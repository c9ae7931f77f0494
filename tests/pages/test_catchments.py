import re

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import ostwerk_analysis as ow
from ostwerk_analysis.figures import catchment_map


@pytest.fixture(scope="module")
def observed(small_data):
    return ow.indicators.compute(small_data, "2025Q2", "catchments")


def drawn(data, observed, indicator="residents_within_1000m", period="2024-Q4", **given):
    return catchment_map(
        data.districts,
        data.sites,
        observed,
        indicator,
        period,
        catalogue=ow.indicators.catalogue(),
        catchments=ow.catchments.outlines(data.catchments.reach, 1000),
        **given,
    ).html


def test_every_open_site_has_a_number_a_catchment_and_its_value(small_data, observed):
    html = drawn(small_data, observed, language="en", outline=["01", "03"])
    assert html.count('class="ow-catchment"') == 2
    assert re.findall(r"<text[^>]*>(\d)</text>", html) == ["1", "2"]
    assert re.findall(r'<th scope="row">([^<]+)</th><td>([^<]+)', html) == [
        ("1. WerkStadt am Markt", "3,596"),
        ("2. Kontaktstelle Feld", "5,439"),
    ]
    assert "e estimated" in html
    assert "Contact point" in html
    assert "programme area" in html


def test_the_outline_may_be_that_of_a_release_in_degrees(small_data, observed):
    districts = small_data.districts
    by_code = drawn(small_data, observed, outline=["01", "03"])
    area = districts[districts["district_id"].isin(["01", "03"])].to_crs(4326)
    line = re.compile(r'class="ow-outline"[^>]* d="([^"]+)"')
    assert line.findall(by_code)
    assert line.findall(drawn(small_data, observed, outline=area)) == line.findall(by_code)


def test_the_map_says_the_total_the_overlap_and_how_distances_are_measured(small_data, observed):
    html = drawn(small_data, observed)
    assert "Alle Standorte zusammen: 6.738\u00a0Personen; was in der Nähe mehrerer" in html
    assert "in Luftlinie; gleichmäßig auf jeden Ortsteil verteilt" in html
    nearest = drawn(small_data, observed, "residents_nearest_site")
    assert "Alle Standorte zusammen: 10.000\u00a0Personen." in nearest


def test_straight_distances_are_drawn_as_circles_without_being_told(small_data, observed):
    given = {"catalogue": ow.indicators.catalogue()}
    told = (small_data.districts, small_data.sites, observed)
    html = catchment_map(*told, "residents_within_500m", "2024-Q4", **given).html
    assert html.count('class="ow-catchment"') == 2
    html = catchment_map(*told, "residents_nearest_site", "2024-Q4", **given).html
    assert 'class="ow-catchment"' not in html


def test_no_circle_is_drawn_where_people_walk(small_data, observed):
    walked = observed.assign(
        quality_note=observed["quality_note"].str.replace(
            "in a straight line", "by a walking network"
        )
    )
    html = catchment_map(
        small_data.districts,
        small_data.sites,
        walked,
        "residents_within_500m",
        "2024-Q4",
        catalogue=ow.indicators.catalogue(),
    ).html
    assert 'class="ow-catchment"' not in html


def test_a_site_that_has_not_opened_yet_is_not_on_the_map(small_data, observed):
    late = small_data.sites.assign(opened_on=pd.to_datetime(["2024-01-01", "2025-01-01"]))
    html = catchment_map(
        small_data.districts,
        late,
        observed,
        "residents_nearest_site",
        "2024-Q4",
        catalogue=ow.indicators.catalogue(),
    ).html
    assert re.findall(r"<text[^>]*>(\d)</text>", html) == ["1"]
    assert "Kontaktstelle Feld" not in html


def test_what_is_kept_secret_is_not_written(small_data, observed):
    hidden = observed.assign(
        value=observed["value"].mask(observed["indicator"] == "businesses_within_1000m"),
        conf_status="C",
    )
    html = drawn(small_data, hidden, "businesses_within_1000m", "2025-Q2")
    assert html.count("geheim gehalten") >= 2


def test_the_whole_of_a_catchment_is_drawn_and_nothing_far_from_it(small_data, observed):
    far = gpd.GeoDataFrame(
        {"district_id": ["99"], "name": ["Fern"], "borough_id": ["B"]},
        geometry=[shapely.box(340_000, 5_690_000, 341_000, 5_691_000)],
        crs=small_data.districts.crs,
    )
    more = pd.concat([small_data.districts, far], ignore_index=True)
    html = catchment_map(
        more,
        small_data.sites,
        observed,
        "residents_nearest_site",
        "2024-Q4",
        catalogue=ow.indicators.catalogue(),
    ).html
    assert "Markt" in html
    assert "Fern" not in html


def test_an_indicator_that_was_not_observed_is_said_so(small_data, observed):
    without = observed[observed["indicator"] != "residents_nearest_site"]
    html = catchment_map(
        small_data.districts,
        small_data.sites,
        without,
        "residents_nearest_site",
        "2024-Q4",
        catalogue=ow.indicators.catalogue(),
        language="en",
    ).html
    assert "not observed" in html
