"""The stairs from gross to net: what is counted by hand stands in picture, words and table."""

import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures
from ostwerk_analysis.additionality import Assumptions
from ostwerk_analysis.programme import Additionality

# In the made-up release 90 jobs are verified in 2026-Q3 and 150 promised. With the central values
# 90 x 0.6 x 0.75 x 0.5 x 0.9 x 1.1 = 20.0475; cautious 90 x 0.4 x 0.5 x 0.25 x 0.8 = 3.6;
# favourable 90 x 0.8 x 0.9 x 0.75 x 1.2 = 58.32.
STATED = Additionality.model_validate(
    {
        name: dict(zip(("low", "central", "high"), three, strict=True)) | {"source": f"<{name}>"}
        for name, three in {
            "deadweight_pct": (20, 40, 60),
            "leakage_pct": (10, 25, 50),
            "displacement_pct": (25, 50, 75),
            "substitution_pct": (0, 10, 20),
            "multiplier": (1, 1.1, 1.2),
        }.items()
    }
)


def drawn(release, stated=STATED, observations=None, **more):
    figure = figures.additionality(
        release.observations if observations is None else observations,
        *(stated, "2026-Q3", "stadt"),
        catalogue=release.catalogue,
        **more,
    )
    return BeautifulSoup(figure.html, "html.parser")


def test_words_say_net_range_and_that_it_is_no_measurement(release):
    said = drawn(release).select_one(".ow-words").get_text(" ")
    assert "Von 90\u00a0VZÄ, die geprüft sind, hat das Programm" in said
    assert "rund 20 zusätzlich bewirkt" in said
    assert "vorsichtig gewählt, sind es rund 3,6, sind alle günstig gewählt, rund 58." in said
    assert "Rechnung mit Annahmen, keine Messung" in said


def test_what_is_promised_is_said_and_not_calculated_with(release):
    english = drawn(release, language="en").select(".ow-words p")[-1].get_text()
    assert english == "Promised: 150\u00a0FTE. No net effect is calculated of promises."


def test_each_bar_begins_where_the_one_before_ends(release):
    bars = [bar.select_one("rect") for bar in drawn(release).select(".ow-stairs svg")]
    spans = [(float(bar.get("x")), float(bar["width"])) for bar in bars]
    assert spans[0] == (0, 100)
    ends = [100, 60, 45, 22.5, 20.25]  # of 90, in percent
    for (left, width), before, after in zip(spans[1:5], ends[:-1], ends[1:], strict=True):
        assert (left, left + width) == pytest.approx((after, before), abs=0.02)
    assert spans[5] == pytest.approx((20.25, 2.03), abs=0.01)
    assert spans[6] == pytest.approx((0, 22.28), abs=0.01)


def test_the_line_over_net_is_the_range(release):
    assert drawn(release).select_one(".ow-span")["d"] == "M4.00 2H64.80"


def test_the_table_has_the_steps_and_the_assumptions_their_sources(release):
    steps, assumed = drawn(release, language="en").select("details table")[:2]
    rows = [[c.get_text() for c in row.select("th,td")] for row in steps.select("tbody tr")]
    assert rows[1] == ["Deadweight", "40\u00a0%", "−36", "54"]
    assert rows[-1] == ["Multiplier", "×\u00a01.10", "1.8", "20"]
    last = [cell.get_text() for cell in assumed.select("tbody tr")[-1].select("td")]
    assert last == ["×\u00a01.00", "×\u00a01.10", "×\u00a01.20", "<multiplier>"]


def test_chosen_values_move_net_and_leave_the_range(release):
    chosen = drawn(release, chosen=Assumptions())
    said = chosen.select_one(".ow-words").get_text()
    assert "rund 90 zusätzlich" in said
    assert "rund 3,6, " in said
    assert chosen.select_one(".ow-span")["d"] == "M4.00 2H64.80"


def test_without_assumptions_nothing_is_calculated(release):
    assert "nennt keine Annahmen" in drawn(release, stated=None).get_text()


def test_a_verified_figure_that_is_secret_or_missing_gives_no_net_effect(release):
    rows = release.observations
    is_it = (rows["indicator"] == "jobs_created_to_date") & (rows["breakdown"] == "status=verified")
    for changed in (
        rows.assign(
            conf_status=rows["conf_status"].mask(is_it, "C"), value=rows["value"].mask(is_it)
        ),
        rows[~is_it],
    ):
        said = drawn(release, observations=changed).get_text()
        assert "Für 3. Quartal 2026 gibt es keine geprüfte Zahl" in said
        assert "90" not in said


def test_observations_of_one_indicator_are_those_of_the_release(release):
    found = release.observed("jobs_created_to_date", "city")
    wanted = release.observations.query(
        "indicator == 'jobs_created_to_date' and area_level == 'city'"
    )
    assert len(found) > 0
    assert found.to_dict("records") == wanted.to_dict("records")
    assert (found.dtypes == wanted.dtypes).all()
