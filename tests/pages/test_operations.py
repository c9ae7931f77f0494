"""The public list on a page: read without a script, sorted and searched with one."""

from types import SimpleNamespace

import pandas as pd
import pytest

from ostwerk_analysis import figures, public_list, templates
from ostwerk_analysis.tables import TABLES


@pytest.fixture(scope="module")
def listed():
    rows = [
        ("a", "Ämter", 900, "ERDF", None, "2024-05-01"),
        ("b", "Zimmerei <b>", 10_000, "ESF", None, "2023-01-01"),
        ("c", "Bäckerei", 2_000, "ERDF", True, None),
    ]
    names = ["code", "beneficiary", "total_cost_eur", "fund", "is_natural_person", "started_on"]
    table = pd.DataFrame(rows, columns=names).assign(name=lambda t: "Vorhaben " + t["code"])
    table["started_on"] = pd.to_datetime(table["started_on"])
    table = table.reindex(columns=list(TABLES["operations"].columns))
    return SimpleNamespace(operations=public_list.listed(table))


@pytest.fixture
def shown(page, listed):
    page.set_content(f"<main>{figures.operations(listed, language='de').html}</main>")
    page.get_by_text("Alle Vorhaben").click()
    return page


def codes(page):
    rows = page.locator("tbody tr:visible th .ow-when")
    return rows.all_inner_texts()


def test_the_list_is_sorted_by_what_cells_mean_and_not_by_how_they_are_written(shown):
    head = shown.get_by_role("columnheader", name="Gesamtkosten")
    head.get_by_role("button").click()
    assert codes(shown) == ["a", "c", "b"]  # 900, 2.000, 10.000
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert codes(shown) == ["b", "c", "a"]
    start = shown.get_by_role("columnheader", name="Beginn").get_by_role("button")
    start.click()
    assert codes(shown) == ["b", "a", "c"]  # what is not known comes last
    start.click()
    assert codes(shown) == ["a", "b", "c"]
    assert head.get_attribute("aria-sort") == "none"
    shown.get_by_role("columnheader", name="Begünstigter").get_by_role("button").click()
    assert codes(shown) == ["a", "c", "b"]  # Ä before n before Z
    assert shown.wrong == []


def test_the_list_is_searched_for_all_words_and_says_how_many_it_shows(shown):
    field = shown.get_by_role("searchbox", name="Liste durchsuchen")
    field.fill("efre ÄMTER")
    assert codes(shown) == ["a"]
    assert shown.get_by_role("status").inner_text() == "Angezeigt: 1 von 3"
    field.fill("")
    assert codes(shown) == ["a", "b", "c"]


def test_without_a_script_the_list_is_a_table_and_no_person_is_named(listed):
    html = figures.operations(listed, language="en").html
    assert "<button" not in html.split("<script>")[0]
    assert "Zimmerei &lt;b&gt;" in html
    assert "natural person" in html
    assert "Bäckerei" not in html
    assert "12,900" in html


def test_on_a_phone_each_operation_is_a_block_that_names_what_it_tells(shown):
    shown.set_viewport_size({"width": 320, "height": 700})
    shown.add_style_tag(content=templates.source("figures.css"))
    block = shown.locator("tbody tr").first
    told = block.locator("td").evaluate_all(
        "cells => cells.map(cell => getComputedStyle(cell, '::before').content.slice(1, -1))"
    )
    assert told[:4] == ["Begünstigter", "Beginn", "Abschluss", "Gesamtkosten"]
    assert shown.evaluate("document.documentElement.scrollWidth") <= 320
    assert shown.get_by_role("row").count() == 4  # a block is still a row for who cannot see it
