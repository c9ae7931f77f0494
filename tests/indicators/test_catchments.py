import math

import pandas as pd
import pytest

from ostwerk_analysis import disclosure, indicators, load
from ostwerk_analysis.catchments import NOTES
from ostwerk_analysis.codes import code_name
from ostwerk_analysis.indicators import catchments
from ostwerk_analysis.language import text

INSCRIBED = math.pi / 4
"""Share of a circle of 500 m in the square kilometre around its centre."""


def test_residents_within_a_distance_are_the_share_of_the_districts_area(observed):
    # Sites in the middle of 01 and 03; the figures of 2024 stand from its last quarter on.
    near, at = "residents_within_500m", "2024-Q4"
    assert observed.value(near, "stadt", at, "site=s1") == pytest.approx(1000 * INSCRIBED, rel=0.01)
    assert observed.value(near, "stadt", at, "site=s2") == pytest.approx(3000 * INSCRIBED, rel=0.01)
    assert observed.value(near, "stadt", at) == pytest.approx(4000 * INSCRIBED, rel=0.01)
    assert observed.value(near, "quartier", at) == observed.value(near, "stadt", at)
    assert observed.value(near, "vergleich", at) == 0
    assert set(observed.frame.loc[observed.frame["indicator"] == near, "period"]) == {
        *("2024-Q4", "2025-Q1", "2025-Q2"),
    }


def test_the_share_of_an_area_is_set_against_all_its_residents(observed):
    share = observed.row("residents_within_500m_share", "quartier", "2024-Q4")
    assert share["value"] == pytest.approx(100 * INSCRIBED, rel=0.01)
    assert share["obs_status"] == "E"
    assert observed.value("residents_within_500m_share", "stadt", "2024-Q4") == pytest.approx(
        40 * INSCRIBED, rel=0.01
    )


def test_by_nearest_site_everybody_is_counted_once(observed):
    assert observed.breakdowns("residents_nearest_site", "stadt", "2024-Q4") == {
        "": 10_000,
        "site=s1": 3000,
        "site=s2": 7000,
    }


def test_estimates_say_so_and_how_they_came_about(observed):
    row = observed.row("residents_within_1000m", "stadt", "2025-Q1")
    assert (row["obs_status"], row["quality_note"]) == (
        "E",
        "in a straight line; spread evenly over each district",
    )
    assert pd.isna(row["n_units"])


def test_a_catchment_that_reaches_into_a_district_without_a_figure_is_missing(observed):
    # District 04 has no figure of unemployed, and s2 was not open when all others had.
    assert observed.value("unemployed_within_500m", "stadt", "2024-Q1") == pytest.approx(
        50 * INSCRIBED, rel=0.01
    )
    row = observed.row("unemployed_nearest_site", "stadt", "2024-Q1", "site=s2")
    assert (row["obs_status"], row["quality_note"]) == ("M", catchments.INCOMPLETE)
    assert observed.value("unemployed_nearest_site", "stadt", "2024-Q1", "site=s1") == 90


def test_a_site_that_is_not_open_at_the_end_of_a_quarter_has_no_catchment(changed, observe):
    first = ("sites.csv", "51.336453,2024-01-01,", "51.336453,2024-01-01,2025-03-31,")
    second = ("sites.csv", "51.345436,2024-03-01,", "51.345436,2024-03-01,,")
    data = changed(
        ("sites.csv", "opened_on,measure_id", "opened_on,closed_on,measure_id"), first, second
    )
    found = observe(data, "residents_nearest_site", "residents_within_500m")
    assert found.breakdowns("residents_nearest_site", "stadt", "2025-Q1") == {
        "": 10_000,
        "site=s2": 10_000,
    }
    assert found.value("residents_within_500m", "stadt", "2025-Q1", "site=s1") == 0
    assert found.value("residents_within_500m", "stadt", "2024-Q4", "site=s1") > 0


def test_enterprises_are_counted_at_their_point_and_once_in_overlapping_catchments(
    changed, observe
):
    # b5 lies halfway between the sites, b8 far from both; the others have no point.
    data = changed(("businesses.csv", "12.379453,51.345436", "12.379706,51.340945"))
    found = observe(
        data,
        "businesses_within_1000m",
        "businesses_placed",
        "businesses_within_1000m_share",
        "businesses_nearest_site",
    )
    assert found.breakdowns("businesses_within_1000m", "stadt", "2025-Q2") == {
        "": 1,
        "site=s1": 1,
        "site=s2": 1,
    }
    assert found.row("businesses_within_1000m", "stadt", "2025-Q2")["n_units"] == 1
    assert found.value("businesses_within_1000m", "stadt", "2024-Q1") == 0  # founded in April
    assert found.value("businesses_placed", "stadt", "2025-Q2") == 2
    assert found.value("businesses_within_1000m_share", "stadt", "2025-Q2") == 50
    nearest = found.breakdowns("businesses_nearest_site", "stadt", "2025-Q2")
    assert nearest.pop("") == 2 == sum(nearest.values())
    assert found.row("businesses_within_1000m", "stadt", "2025-Q2")["quality_note"] == (
        "in a straight line"
    )


def test_the_door_hides_catchments_of_few_enterprises_and_their_shares(changed):
    data = changed(("businesses.csv", "12.379453,51.345436", "12.379706,51.340945"))
    every = indicators.compute(data, "2025Q2")
    declared = pd.DataFrame(every.attrs["catalogue"])
    released = disclosure.protect(every, declared, data.programme.disclosure)
    at = released[(released["area_id"] == "stadt") & (released["period"] == "2025-Q2")]
    state = at.set_index(["indicator", "breakdown"])["conf_status"]
    assert state["businesses_within_1000m", ""] == "C"
    assert state["businesses_within_1000m", "site=s1"] == "C"
    assert state["businesses_within_1000m_share", ""] == "D"
    assert state["residents_within_1000m", "site=s1"] == "F"


def test_an_open_site_without_a_point_leaves_the_catchment_of_all_sites_missing(changed, observe):
    data = changed(
        ("sites.csv", "site_id,name,kind,", "site_id,district_id,name,kind,"),
        ("sites.csv", "s1,WerkStadt", "s1,01,WerkStadt"),
        ("sites.csv", "s2,Kontaktstelle", "s2,03,Kontaktstelle"),
        ("sites.csv", "contact_point,12.379453,51.345436", "contact_point,,"),
    )
    found = observe(data, "residents_within_500m")
    row = found.row("residents_within_500m", "stadt", "2024-Q4")
    assert (row["obs_status"], row["quality_note"]) == ("M", catchments.NO_POINT)
    assert found.value("residents_within_500m", "stadt", "2024-Q4", "site=s1") > 0


def test_catchments_are_declared_in_both_languages():
    for entry in indicators.FIELDS["catchments"]:
        assert (entry.units == "enterprises") == entry.id.startswith("businesses")
        assert entry.label_de != entry.label_en
    assert {text(note, "de") for note in NOTES.values()}.isdisjoint(NOTES.values())
    assert code_name("site", "s1", "de", {"s1": "Am Markt"}) == "Am Markt"


def test_the_demo_has_every_catchment_and_its_parts_cover_the_whole():
    from ostwerk_analysis.pipeline.recipe import demo_programme

    data = load(demo_programme())
    frame = indicators.compute(data, "2026Q3", "catchments")
    here = frame[(frame["area_id"] == "leipzig") & (frame["period"] == "2026-Q3")]
    value = here.set_index(["indicator", "breakdown"])["value"]
    for kind in ("residents", "unemployed", "businesses"):
        parts = value[f"{kind}_nearest_site"].drop("")
        assert parts.sum() == pytest.approx(value[f"{kind}_nearest_site", ""])
        assert 0 < value[f"{kind}_within_500m", ""] < value[f"{kind}_within_1000m", ""]
        assert value[f"{kind}_within_500m"].drop("").sum() >= value[f"{kind}_within_500m", ""]
    statistics = data.statistics
    residents = statistics[
        (statistics["statistic"] == "residents")
        & (statistics["area_level"] == "district")
        & (statistics["period"] == "2026-Q3")
    ]
    assert value["residents_nearest_site", ""] == pytest.approx(residents["value"].sum())
    assert len(frame) < 6000
