import itertools

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures.bivariate import PAIRS, ink

from .test_classes import SEEN, lab


@pytest.fixture
def two_rates(release):
    """The share of unemployed, and another rate that is 1, 2, … 12 in the districts' order."""
    usual = release.observations.query("indicator == 'unemployed_share'").iloc[0].to_dict()
    usual |= {"indicator": "density", "period": "2025", "unit": "persons", "area_level": "district"}
    usual |= {"obs_status": "A", "conf_status": "F", "breakdown": ""}
    density = [
        usual | {"area_id": code, "value": float(i + 1)}
        for i, code in enumerate(release.districts["district_id"])
    ]
    declared = release.catalogue.iloc[0].to_dict()
    declared |= {"indicator": "density", "label_de": "Dichte", "label_en": "Density"}
    declared |= {"unit": "persons", "kind": "ratio"}
    return (
        pd.concat([release.observations, pd.DataFrame(density)], ignore_index=True),
        pd.concat([release.catalogue, pd.DataFrame([declared])], ignore_index=True),
    )


def drawn_from(release, two_rates, first="unemployed_share", second="density", **more):
    observations, catalogue = two_rates
    drawn = figures.bivariate_map(
        release.districts,
        observations,
        first,
        second,
        "2026-Q3",
        catalogue=catalogue,
        **{"language": "en", **more},
    )
    return BeautifulSoup(drawn.html, "html.parser")


def test_each_district_has_the_colour_of_its_pair(release, two_rates):
    drawn = drawn_from(release, two_rates)
    shares = release.observations.query(
        "indicator == 'unemployed_share' and area_level == 'district'"
    )
    thirds = np.quantile(shares["value"].dropna().round(1), [1 / 3, 2 / 3])
    here = shares.query("period == '2026-Q3'").set_index("area_id")["value"]
    for i, (code, path) in enumerate(
        zip(release.districts["district_id"], drawn.select(".ow-districts path"), strict=True)
    ):
        if np.isnan(here.get(code, np.nan)):
            assert path["fill"].startswith("url(#")
        else:
            x = np.searchsorted(thirds, round(here[code], 1))
            assert path["fill"] == PAIRS[i // 4][x]  # 1 to 4 are low, 5 to 8, 9 to 12 high


def test_the_square_says_how_many_districts_have_each_colour(release, two_rates):
    drawn = drawn_from(release, two_rates)
    fills = [path["fill"] for path in drawn.select(".ow-districts path")]
    cells = drawn.select(".ow-square td[style]")
    assert len(cells) == 9
    for cell in cells:
        colour = cell["style"].removeprefix("background:")[:7]
        assert int(cell.get_text()) == fills.count(colour)
    rows = [th.get_text() for th in drawn.select(".ow-square th[scope=row]")]
    assert rows == ["9 to 12", "5 to 8", "1 to 4"]
    axes = [th.get_text() for th in drawn.select(".ow-square th[scope=colgroup]")]
    assert axes == ["Density, persons\u00a0↑", "Share of unemployed, in\u00a0%\u00a0→"]
    assert len(drawn.select(".ow-square th[scope=col]")) == 3


def test_secret_and_missing_are_not_colours_and_the_corners_are_named(release, two_rates):
    drawn = drawn_from(release, two_rates)
    titles = [title.get_text() for title in drawn.select(".ow-districts title")]
    assert titles[2] == "Conne: Share of unemployed kept secret, Density 3\u00a0persons"
    said = drawn.select_one(".ow-words").get_text()
    assert "Kept secret in 1 of 12 districts. No data in 2 of 12 districts." in said
    fills = [path["fill"] for path in drawn.select(".ow-districts path")]
    names = release.districts["name"]
    both = [name for name, fill in zip(names, fills, strict=True) if fill == PAIRS[2][2]]
    assert ("Both high: " + ", ".join(both) in said) == bool(both)
    assert [li.get_text(strip=True) for li in drawn.select(".ow-legend li")] == [
        *("kept secret", "no data")
    ]


def test_the_table_has_both_and_each_its_period(release, two_rates):
    drawn = drawn_from(release, two_rates)
    heads = [th.get_text() for th in drawn.select("details thead th")][1:]
    assert heads == ["Share of unemployed, Q3 2026, in %", "Density, 2025, persons"]
    assert drawn.select_one(".ow-when").get_text() == "Q3 2026 / 2025"
    assert drawn.select_one("h2").get_text() == "Share of unemployed and Density"


def test_two_values_are_the_outer_classes_and_one_the_middle(release, two_rates):
    observations, catalogue = two_rates
    is_density = observations["indicator"] == "density"
    few = observations["value"].where(~is_density, observations["value"] > 6).astype(float)
    drawn = drawn_from(release, (observations.assign(value=few), catalogue))
    rows = [th.get_text() for th in drawn.select(".ow-square th[scope=row]")]
    assert rows == ["1", "–", "0"]
    one = observations["value"].mask(is_density, 7.0)
    drawn = drawn_from(release, (observations.assign(value=one), catalogue))
    rows = [th.get_text() for th in drawn.select(".ow-square th[scope=row]")]
    assert rows == ["–", "7", "–"]


def test_a_count_is_refused(release, two_rates):
    with pytest.raises(DataError, match="residents is a count, which is high where"):
        drawn_from(release, two_rates, second="residents")


def test_what_was_not_observed_is_said(release, two_rates):
    said = drawn_from(release, two_rates, second="sgb2_communities_per_1000_residents")
    assert "not observed" in said.get_text()
    assert not said.select("svg")


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_nine_colours_are_told_apart_by_every_eye(seen):
    places = [lab(colour, seen) for row in PAIRS for colour in row]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)) > 16


def test_numbers_are_read_on_every_colour():
    def light(colour):
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return linear @ [0.2126, 0.7152, 0.0722] + 0.05

    for colour in (colour for row in PAIRS for colour in row):
        letters = {"#000": "#000000", "#fff": "#ffffff"}[ink(colour)]
        contrast = max(light(letters), light(colour)) / min(light(letters), light(colour))
        assert contrast >= 4.5  # WCAG 2.1, 1.4.3
