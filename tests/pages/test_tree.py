"""The programme's tree as a table."""

import numpy as np
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures, indicators, programme
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures.tree import in_order

COLUMNS = ("enterprises_by_node_to_date", "grants_approved_by_node_eur_to_date")


@pytest.fixture(scope="module")
def observed(small_data):
    catalogue = indicators.CATALOGUE
    chosen = [one for one in catalogue if one.id.endswith("_by_node_eur_to_date")]
    chosen += [one for one in catalogue if one.id in ("enterprises_by_node_to_date", "leverage")]
    return indicators.compute(small_data, "2025Q2", indicators=chosen)


def drawn(observed, data, names=COLUMNS, language="en", **more):
    figure = figures.tree(
        observed,
        names,
        "2025-Q2",
        "stadt",
        data.programme.measures,
        catalogue=indicators.catalogue(),
        language=language,
        **more,
    )
    return BeautifulSoup(figure.html, "html.parser")


def rows(page):
    return [
        [part.get_text("|") for part in row.find_all(["th", "td"])]
        for row in page.select("tbody tr")
    ]


def measures(**parents):
    return [
        programme.Measure(id=code, name=code.upper(), parent=parent)
        for code, parent in parents.items()
    ]


def test_a_node_has_its_own_figures_and_what_is_below_it_is_indented(observed, small_data):
    page = drawn(observed, small_data)
    assert rows(page) == [
        ["Level 1: |Initiative", "3", "11,000"],
        ["Level 2: |Grants", "2", "8,000"],
        ["Level 2: |Start-up grants", "1", "3,000"],
    ]
    classes = [row.th["class"] for row in page.select("tbody tr")]
    assert classes == [["ow-node-0"], ["ow-node-1"], ["ow-node-1"]]
    assert page.select_one("th[scope=col]").get_text() == "Place in the programme"


def test_a_node_at_which_nothing_happened_is_neither_a_gap_nor_a_secret(observed, small_data):
    page = drawn(observed, small_data, ("grants_paid_by_node_eur_to_date",))
    assert rows(page)[2] == ["Level 2: |Start-up grants", "–|nothing"]


def test_a_secret_stays_one(observed, small_data):
    hidden = observed["breakdown"] == "node=startgeld"
    protected = observed.assign(
        value=observed["value"].mask(hidden), conf_status=np.where(hidden, "C", "F")
    )
    page = drawn(protected, small_data)
    assert rows(page)[2] == ["Level 2: |Start-up grants", ".|kept secret", ".|kept secret"]
    assert "kept secret: too few units" in page.get_text()


def test_a_column_that_was_not_observed_is_a_gap(observed, small_data):
    page = drawn(observed, small_data, (COLUMNS[0], "participants_by_node_to_date"))
    assert rows(page)[0] == ["Level 1: |Initiative", "3", "…|no data"]
    alone = drawn(observed, small_data, ("participants_by_node_to_date",))
    assert "not observed" in alone.get_text()


def test_the_tree_speaks_german(observed, small_data):
    page = drawn(observed, small_data, language="de")
    assert page.h2.get_text() == "Der Programmbaum"
    assert rows(page)[1] == ["Ebene 2: |Beihilfe", "2", "8.000"]


def test_an_indicator_that_is_not_given_by_node_is_refused(observed, small_data):
    with pytest.raises(DataError, match="leverage is not given by node"):
        drawn(observed, small_data, ("leverage",))


def test_nodes_come_before_what_is_below_them_and_in_the_order_of_the_file():
    given = measures(b="a", a="", d="b", c="a", e="", f="d")
    found = [(one.id, depth) for one, depth in in_order(given)]
    assert found == [("a", 0), ("b", 1), ("d", 2), ("f", 3), ("c", 1), ("e", 0)]


def test_what_all_headings_say_is_said_once_over_the_table(observed, small_data):
    page = drawn(observed, small_data)
    heads = [head.get_text() for head in page.select("thead th")]
    assert heads[1:] == ["Enterprises supported", "Grants approved, in €"]
    assert "since the start" in page.select_one(".ow-when").get_text()
    assert not any("tree" in head or "since" in head for head in heads)
