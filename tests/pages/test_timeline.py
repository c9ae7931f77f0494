"""The timeline: where milestones stand, what is to come, and the words for it."""

from datetime import date

import numpy as np
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures
from ostwerk_analysis.figures.timeline import _round_up, _rows
from ostwerk_analysis.programme import Milestone

MAIN = ("jobs_created_to_date", "status=verified")
STONES = [
    Milestone(on=date(2027, 12, 31), label={"de": "Ziele fällig", "en": "Targets due"}),
    Milestone(on=date(2025, 7, 1), label={"de": "Beginn", "en": "Start"}, measure_id="kmu"),
    Milestone(on=date(2001, 1, 1), label={"de": "Vorher", "en": "Before"}),
]


@pytest.fixture(scope="module")
def drawn(release):
    def draw(observations=release.observations, stones=STONES, period="2026-Q3", language="de"):
        figure = figures.timeline(
            observations, stones, MAIN, period, "stadt", catalogue=release.catalogue,
            language=language, parts=release.names(language),
        )  # fmt: skip
        return BeautifulSoup(figure.html, "html.parser")

    return draw


def test_milestones_are_a_list_by_day_and_numbers_over_the_lines(drawn):
    found = drawn()
    assert [" ".join(item.get_text().split()) for item in found.select(".ow-milestones li")] == [
        "01.01.2001 Vorher",
        "01.07.2025 Beginn (KMU-Beihilfe)",
        "31.12.2027 Ziele fällig (steht noch bevor)",
    ]
    # What was before the series has no place in the drawing; the others keep their numbers.
    marks = found.select(".ow-stone")
    assert [mark.get_text() for mark in marks] == ["2", "3"]
    assert ["ow-to-come" in mark["class"] for mark in marks] == [False, True]
    places = [float(mark["style"].split("left:")[1].split("%")[0]) for mark in marks]
    # The axis runs from the begin of 2025-Q3 to the last milestone; both are its ends.
    assert places == [0, 100]


def test_an_earlier_quarter_knows_later_milestones_as_to_come(drawn):
    stones = [
        Milestone(on=date(2026, 7, 1), label="x"),
        Milestone(on=date(2025, 12, 31), label="y"),
    ]
    words = [item.get_text() for item in drawn(stones=stones, period="2026-Q2").select("li")]
    assert [("steht noch bevor" in word) for word in words[-2:]] == [False, True]
    assert "2. Quartal 2026" in drawn(stones=stones, period="2026-Q2").select_one(".ow-when").text


def test_verified_and_promised_are_lines_of_their_own_with_their_words(drawn):
    found = drawn()
    assert [item.get_text().strip() for item in found.select(".ow-legend li")] == [
        *("Geprüft", "Zugesagt"),
    ]
    # 60 % of 30 in each of five quarters
    assert [line.get_text() for line in found.select(".ow-words p")] == [
        "Geprüft: 18\u00a0VZÄ (3. Quartal 2025), 90\u00a0VZÄ (3. Quartal 2026).",
        "Zugesagt: 30\u00a0VZÄ (3. Quartal 2025), 150\u00a0VZÄ (3. Quartal 2026).",
    ]
    assert len(found.select("tbody tr")) == 10


def test_a_line_breaks_where_a_value_is_secret_and_says_so(drawn, release):
    given = release.observations.copy()
    is_it = (given["indicator"] == MAIN[0]) & (given["breakdown"] == MAIN[1])
    is_it &= given["period"] == "2026-Q1"
    given.loc[is_it, ["value", "conf_status"]] = [np.nan, "C"]
    found = drawn(given)
    assert found.select_one(".ow-timeline .ow-line-0")["d"].count("M") == 2
    assert "In einem Zeitraum ist der Wert" in found.select_one(".ow-words p").get_text()


def test_without_a_series_the_milestones_are_a_list_still(drawn, release):
    nothing = release.observations[release.observations["indicator"] != MAIN[0]]
    found = drawn(nothing)
    assert len(found.select(".ow-milestones li")) == 3
    assert not found.select("svg")
    assert "Es sind keine Meilensteine eingetragen." in drawn(stones=[]).get_text()


def test_numbers_that_would_meet_take_turns():
    assert _rows([0.0, 0.05, 0.1, 0.5]) == (2, [0, 1, 0, 0])
    assert _rows([0.1, 0.1, 0.1]) == (3, [0, 1, 2])
    assert _rows([]) == (0, [])


@pytest.mark.parametrize(
    ("value", "ceiling"), [(213.3, 250), (100, 100), (0.7, 0.8), (1, 1), (31, 40)]
)
def test_the_scale_ends_at_the_next_number_that_reads_well(value, ceiling):
    assert _round_up(value) == pytest.approx(ceiling)
