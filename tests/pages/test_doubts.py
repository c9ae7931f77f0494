import re

import pytest

from ostwerk_analysis.faults import findings_frame
from ostwerk_analysis.figures import doubts
from ostwerk_analysis.figures.doubts import SIGNS
from ostwerk_analysis.rules import FINDINGS

GAP = {
    "rule": "missing_as_zero",
    "statistic": "Frauen <alle>",
    "area_level": "district",
    "period": "2018",
    "cells": 63,
    "value": 0,
    "expected": 14_336,
}
LEAP = {
    "rule": "leap",
    "statistic": "Männer",
    "area_level": "district",
    "area_id": "21",
    "period": "2020-Q3",
    "cells": 1,
    "value": 8,
    "expected": 90.4,
}


def words(figure):
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", figure.html)).strip()


def test_a_finding_stands_at_its_statistic_and_period_and_is_said_below():
    figure = doubts(findings_frame([GAP, LEAP]), {"21": "Volkmarsdorf"}, language="en")
    table = figure.html[: figure.html.index("</table>")]
    cells = [re.findall("<td>(.*?)</td>", row) for row in table.split("<tr>")[2:]]
    assert [[bool(cell) for cell in row] for row in cells] == [[True, False], [False, True]]
    assert 'title="A gap published as 0">∅' in cells[0][0]
    said = words(figure)
    assert "Männer, Volkmarsdorf, 2020-Q3: 8 stands between figures around 90.4." in said
    assert "Frauen &lt;alle&gt;, districts, 2018: 0 in 63 figures, where 14,336" in said
    assert "Q3 2020" in table


def test_it_is_said_in_german():
    said = words(doubts(findings_frame([LEAP]), language="de"))
    assert "Was zweifelhaft ist" in said
    assert "3. Quartal 2020" in said
    assert "8 steht zwischen Werten um 90,4." in said


@pytest.mark.parametrize("language", ["de", "en"])
def test_where_there_is_nothing_it_says_so(language):
    assert "<table" not in doubts(findings_frame(), language=language).html
    assert words(doubts(findings_frame(), language=language)).endswith(".")


def test_a_finding_without_a_period_is_said_in_words_only():
    row = {"rule": "idle_correction", "table": "statistics", "cells": 0, "detail": "sperrung"}
    html = doubts(findings_frame([row]), language="en").html
    assert "<table" not in html
    assert "sperrung" in html


def test_each_kind_has_a_sign_of_its_own():
    assert SIGNS.keys() == FINDINGS.keys()
    assert len(set(SIGNS.values())) == len(SIGNS)
