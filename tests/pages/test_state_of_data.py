"""Figures of the page on the state of the data."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures, indicators
from ostwerk_analysis import release as releases
from ostwerk_analysis.figures.changes import compared
from ostwerk_analysis.figures.provenance import latest_values

HIDDEN, GAP = "hidden", "gap"


def made(cells, **more):
    """Make what stands for a release: ``{("jobs_created", "2026-Q3", "01"): 12}``."""
    rows = [
        {
            "indicator": indicator,
            "area_level": "city" if area == "stadt" else "district",
            "area_id": area,
            "period": period,
            "breakdown": "",
            "value": np.nan if value in (HIDDEN, GAP) else float(value),
            "obs_status": "M" if value == GAP else "A",
            "conf_status": "C" if value == HIDDEN else "F",
            "quality_note": "",
        }
        for (indicator, period, area), value in cells.items()
    ]
    facts = {
        "name": "2026-Q2",
        "observations": pd.DataFrame(rows),
        "catalogue": indicators.catalogue(),
        "corrections": pd.DataFrame({"id": []}),
        "manifest": {},
        "place_names": {"01": "Altstadt", "stadt": "City"},
        "area_names": lambda language: {"stadt": "City"},
        "names": lambda language: {},
        **more,
    }
    return SimpleNamespace(**facts)


def words(figure):
    return BeautifulSoup(figure.html, "html.parser").get_text(" ")


def rows(figure):
    page = BeautifulSoup(figure.html, "html.parser")
    return [[c.get_text() for c in row.select("th, td")] for row in page.select("tbody tr")]


THEN = made(
    {
        ("applications", "2026-Q1", "stadt"): 4,
        ("applications", "2026-Q2", "stadt"): 5,
        ("applications", "2026-Q2", "01"): 6,
        ("applications", "2026-Q1", "01"): HIDDEN,
        ("contacts", "2026-Q2", "stadt"): 9,
    }
)
NOW = made(
    {
        ("applications", "2026-Q1", "stadt"): 4,
        ("applications", "2026-Q2", "stadt"): 8,
        ("applications", "2026-Q2", "01"): HIDDEN,
        ("applications", "2026-Q1", "01"): 2,
        ("applications", "2026-Q3", "stadt"): 1,
        ("residents", "2026-Q2", "stadt"): 700,
    },
    name="2026-Q3",
)


def test_every_cell_of_two_releases_has_one_kind_of_change():
    kinds = compared(NOW.observations, THEN.observations)
    assert kinds["kind"].value_counts().to_dict() == {
        "added": 2,
        "changed": 1,
        "hidden": 1,
        "shown": 1,
        "withdrawn": 1,
        "": 1,
    }


def test_changes_are_told_by_indicator_and_new_quarters_apart():
    figure = figures.changes(NOW, THEN, language="en")
    assert "Compared with 2026-Q2: 1 cells of periods that are new. Of 6 cells" in words(figure)
    found = {row[0]: row[1:] for row in rows(figure)}
    assert found["Applications"][:5] == ["1", "1", "1", "0", "0"]
    assert found["Applications"][5].startswith("City, Q2 2026: 5 → 8")
    assert found["Contacts"][:5] == ["0", "0", "0", "1", "0"]


def test_a_release_that_is_the_same_says_so_and_the_first_one_too():
    assert "All 5 cells of the periods before are as they were" in words(
        figures.changes(THEN, THEN, language="en")
    )
    assert "There is no release before" in words(figures.changes(THEN, None, language="en"))


def test_causes_are_corrections_files_and_versions():
    corrected = pd.DataFrame(
        {"id": ["c1"], "file": ["a.csv"], "cells": [3], "why_en": ["A slip."], "why_de": ["x"]}
    )
    inputs = {"inputs": [{"file": "a.csv", "sha256": "1"}, {"file": "b.csv", "sha256": "1"}]}
    then = {"inputs": [{"file": "a.csv", "sha256": "0"}, {"file": "b.csv", "sha256": "1"}]}
    packages = {"recipe": {"packages": {"numpy": "2"}, "code": {"sha256": "x"}}}
    now = made({}, corrections=corrected, manifest=inputs | packages)
    now.observations = THEN.observations
    before = made({}, manifest=then)
    before.observations = THEN.observations
    said = words(figures.changes(now, before, language="en"))
    assert "New correction c1: A slip." in said
    assert "Files that differ: a.csv." in said
    assert "another version" in said
    assert "numpy" in said


def test_the_release_before_is_the_newest_good_one_of_the_same_programme(
    tmp_path, districts, publish
):
    first, second, third = (
        publish(tmp_path, districts, q) for q in ("2025-Q4", "2026-Q1", "2026-Q2")
    )
    assert releases.before(first) is None
    assert releases.before(third).name == "2026-Q1"
    (second.folder / "manifest.json").write_text("{}")
    assert releases.before(third).name == "2025-Q4"


STATE = made(
    {
        ("applications", "2026-Q2", "stadt"): 4,
        ("applications", "2026-Q3", "stadt"): GAP,
        ("applications", "2026-Q3", "01"): HIDDEN,
        ("unemployed", "2026-Q2", "stadt"): 0,
        ("unemployed", "2026-Q3", "stadt"): GAP,
    }
)


def test_what_is_secret_is_counted_by_field_and_level():
    figure = figures.withheld(STATE, "2026-Q3", language="en")
    assert "Kept secret are 1 of 5 cells, 20.0" in words(figure)
    assert "in Q3 2026 1 of 3." in words(figure)
    found = {row[0]: row[1:] for row in rows(figure)}
    assert found["grant register"][0].startswith("1 (100")
    assert found["official statistics"] == ["–", "0", "0"]


def test_a_reason_that_the_door_has_noted_is_said():
    noted = made({("applications", "2026-Q3", "01"): HIDDEN})
    noted.observations["quality_note"] = "nothing happened"
    assert "1 of them: nothing happened." in words(
        figures.withheld(noted, "2026-Q3", language="en")
    )


def test_missing_values_are_told_by_kind_and_what_cannot_be_is_no_lack():
    state = made({("applications", "2026-Q3", "stadt"): GAP, ("contacts", "2026-Q3", "01"): GAP})
    state.observations.loc[1, "quality_note"] = "nothing to divide by"
    figure = figures.missing(state, "2026-Q3", language="en")
    assert "For 1 of them something is lacking" in words(figure)
    assert sorted(row[0] for row in rows(figure)) == [
        "not known or not published by the source",
        "nothing to divide by",
    ]


def test_the_matrix_has_a_sign_for_each_table_and_quarter():
    figure = figures.completeness(STATE, "2026-Q3", language="en")
    assert rows(figure) == [
        ["grant register", "●all values known", "◐1 of 2"],
        ["official statistics", "●all values known", "○no value known"],
    ]
    assert "lacking in 2 fields" in words(figure)
    earlier = figures.completeness(STATE, "2026-Q2", language="en")
    assert [len(row) for row in rows(earlier)] == [2, 2]


def test_the_latest_value_of_a_table_is_the_last_that_is_no_zero():
    assert latest_values(STATE) == {"grants": "2026-Q3"}  # a secret value is one


@pytest.mark.parametrize("language", ["de", "en"])
def test_figures_stand_on_a_release_that_knows_little(release, language):
    for figure in (
        figures.files_read(release, language=language),
        figures.corrections(release, language=language),
        figures.provenance(release, language=language),
        figures.withheld(release, release.quarter, language=language),
        figures.missing(release, release.quarter, language=language),
        figures.completeness(release, release.quarter, language=language),
        figures.operations(release, language=language),
    ):
        assert f'lang="{language}"' in figure.html
