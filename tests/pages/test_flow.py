"""Flows between sites, drawn as bands."""

import dataclasses
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import figures, indicators, templates
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures.flow import (
    FULL_PX,
    GAP_PX,
    LABEL_PX,
    THINNEST_PX,
    UNTOLD_PX,
    nodes,
    thickness,
)

SITES = {"k1": "Kontaktstelle Sellerhausen & Stünz", "w1": "WerkStadt Neustadt",
         "w2": "WerkStadt Anger-Crottendorf", "w3": "WerkStadt Reudnitz"}  # fmt: skip
BY = ("site", "to_site")


def made_up(**values):
    """Make referrals of one quarter: ``made_up(k1_w1=12, k1_="30")``; None is kept secret."""
    rows = []
    for name, value in values.items():
        start, _, end = name.partition("_")
        parts = {"site": start, "to_site": end}
        rows.append(
            {
                "indicator": "referrals",
                "area_level": "city",
                "area_id": "stadt",
                "period": "2026-Q3",
                "breakdown": "&".join(f"{of}={code}" for of, code in parts.items() if code),
                "value": np.nan if value is None else float(value),
                "obs_status": "M" if value == "nan" else "A",
                "conf_status": "C" if value is None else "F",
            }
        )
    return pd.DataFrame(rows)


def drawn(observations, language="en", by=BY, indicator="referrals"):
    return figures.flow(
        observations,
        indicator,
        "2026-Q3",
        "stadt",
        by,
        catalogue=indicators.catalogue(),
        language=language,
        parts=SITES,
    )


def soup(figure):
    return BeautifulSoup(figure.html, "html.parser")


def rows(page):
    return [
        [part.get_text("|") for part in row.find_all(["th", "td"])]
        for row in page.select("tbody tr")
    ]


def test_each_flow_is_a_band_with_a_name_and_a_row_of_the_table():
    page = soup(drawn(made_up(k1_w1=12, k1_w2=30, w1_w2=3)))
    assert [title.get_text() for title in page.select(".ow-band title")] == [
        "Kontaktstelle Sellerhausen & Stünz → WerkStadt Neustadt: 12\xa0contacts",
        "Kontaktstelle Sellerhausen & Stünz → WerkStadt Anger-Crottendorf: 30\xa0contacts",
        "WerkStadt Neustadt → WerkStadt Anger-Crottendorf: 3\xa0contacts",
    ]
    assert rows(page) == [
        ["Kontaktstelle Sellerhausen & Stünz", "WerkStadt Neustadt", "12"],
        ["Kontaktstelle Sellerhausen & Stünz", "WerkStadt Anger-Crottendorf", "30"],
        ["WerkStadt Neustadt", "WerkStadt Anger-Crottendorf", "3"],
    ]
    assert page.select_one(".ow-words").get_text() == (
        "The largest flow leads from Kontaktstelle Sellerhausen & Stünz to "
        "WerkStadt Anger-Crottendorf: 30\xa0contacts."
    )
    assert page.select_one("[role=img]")["aria-label"] == "Referrals, Q3 2026, contacts"
    assert not page.select(".ow-legend")


def test_a_secret_flow_is_dotted_in_the_drawing_and_a_point_in_the_table():
    page = soup(drawn(made_up(k1_w1=12, k1_w2=None, k1_w3="nan"), "de"))
    assert len(page.select(".ow-flow .ow-secret .ow-middle")) == 1
    assert len(page.select(".ow-flow .ow-lacking .ow-middle")) == 1
    assert [row[2] for row in rows(page)] == ["12", ".|geheim gehalten", "…|keine Angabe"]
    assert [item.get_text(strip=True) for item in page.select(".ow-legend li")] == [
        "geheim gehalten", "keine Angabe",
    ]  # fmt: skip
    assert "Geheim gehalten: 1 von 3 Strömen." in page.select_one(".ow-words").get_text()


def test_secret_flows_are_all_alike_whatever_the_rest_is():
    for more in ({}, {"k1_w3": 4000}):
        page = soup(drawn(made_up(k1_w1=None, k1_w2=None, **more)))
        bars = page.select(".ow-node")[1:]
        for bar in bars[:2]:
            top, bottom = bar["d"].removeprefix("M100 ").split("V")
            assert float(bottom) - float(top) == pytest.approx(UNTOLD_PX, abs=0.11)


def test_what_is_observed_at_a_node_stands_there_and_is_not_added_up():
    observations = made_up(k1_w1=12, k1_w2=None, k1_=20, _w1=12, _w2=None, _w3=7)
    page = soup(drawn(observations))
    assert [" ".join(item.stripped_strings) for item in page.select(".ow-flow li")] == [
        "Kontaktstelle Sellerhausen & Stünz 20",
        "WerkStadt Neustadt 12",
        "WerkStadt Anger-Crottendorf",
    ]


def test_a_zero_is_no_band_and_nothing_at_all_is_said():
    assert len(rows(soup(drawn(made_up(k1_w1=12, k1_w2=0))))) == 1
    said = soup(drawn(made_up(k1_w1=0), "de")).get_text()
    assert said == "Weiterleitungen: keine im Zeitraum 3. Quartal 2026."


def test_where_nobody_was_ever_referred_there_is_a_sentence(with_no_referrals):
    said = soup(drawn(with_no_referrals)).get_text()
    assert said == "Referrals: none in Q3 2026."


@pytest.fixture(scope="module")
def with_no_referrals(small_data):
    contacts = small_data.contacts.assign(referred_to_site_id=pd.Series(dtype="str"))
    data = dataclasses.replace(small_data, tables=small_data.tables | {"contacts": contacts})
    chosen = [entry for entry in indicators.CATALOGUE if entry.id == "referrals"]
    return indicators.compute(data, "2026Q3", indicators=chosen)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(DataError, match="referrals is not broken down by site, kind in stadt"):
        drawn(made_up(k1_w1=12).assign(value=3.0, breakdown=""), by=("site", "kind"))
    median = made_up(k1_w1=12).assign(indicator="days_to_first_advice")
    with pytest.raises(DataError, match="is no sum"):
        drawn(median, indicator="days_to_first_advice")


def test_the_small_city_has_its_two_referrals(small_data):
    chosen = [entry for entry in indicators.CATALOGUE if entry.id == "referrals_to_date"]
    found = indicators.compute(small_data, "2026Q3", indicators=chosen)
    page = soup(drawn(found, indicator="referrals_to_date"))
    assert rows(page) == [["s2", "s1", "2"]]


amounts = st.lists(st.one_of(st.none(), st.integers(1, 10_000)), min_size=1, max_size=12)


@given(amounts)
def test_heights_are_as_the_values_except_the_smallest_and_the_untold(numbers):
    values = pd.Series(numbers, dtype=float)
    heights = thickness(values)
    assert (heights[values.isna()] == UNTOLD_PX).all()
    told = values.dropna()
    exact = FULL_PX * told / told.sum()
    np.testing.assert_allclose(heights[values.notna()], exact.clip(lower=THINNEST_PX))


@given(st.lists(st.floats(2, 200), min_size=1, max_size=8), st.floats(0, 500))
def test_nodes_stand_in_the_middle_and_leave_room_for_labels(heights, more):
    bars = pd.Series(heights, index=list("abcdefgh")[: len(heights)])
    own = sum(max(height + GAP_PX, LABEL_PX) for height in heights)
    stacked = nodes(bars, own + more)
    assert [node.code for node in stacked] == list(bars.index)
    assert [node.bottom - node.top for node in stacked] == pytest.approx(heights)
    middles = [(node.top + node.bottom) / 2 for node in stacked]
    assert all(after - before >= LABEL_PX - 1e-6 for before, after in pairwise(middles))
    assert all(below.top - above.bottom >= GAP_PX - 1e-6 for above, below in pairwise(stacked))
    ends = [max(height + GAP_PX, LABEL_PX) / 2 for height in (heights[0], heights[-1])]
    assert middles[0] - ends[0] == pytest.approx(more / 2, abs=1e-6)
    assert own + more - (middles[-1] + ends[1]) == pytest.approx(more / 2, abs=1e-6)


@pytest.mark.parametrize("width", [320, 1280])
def test_labels_lie_beside_the_drawing_without_overlap(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    figure = drawn(made_up(k1_w1=12, k1_w2=30, k1_w3=None, _w1=12, _w2=30, k1_=45), "de")
    head = '<!doctype html><html lang="de"><meta name="viewport" content="width=device-width">'
    page.set_content(f"{head}{templates.style('figures.css')}{figure.html}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [item.bounding_box() for item in page.query_selector_all(".ow-flow li")]
    svg = page.query_selector(".ow-flow svg").bounding_box()
    start, *ends = boxes
    assert start["x"] + start["width"] < svg["x"]
    assert all(end["x"] > svg["x"] + svg["width"] for end in ends)
    for above, below in pairwise(ends):
        assert above["y"] + above["height"] <= below["y"]
    assert all(svg["y"] <= box["y"] for box in boxes)
    assert not page.wrong
