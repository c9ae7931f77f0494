"""What a release is filled with, looked at before it is published."""

import json

import pytest

from ostwerk_analysis import Programme, indicators, observations, publishing, release
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.pipeline import content, inputs
from ostwerk_analysis.pipeline.inputs import Plan


@pytest.fixture
def plan(small_city, tmp_path):
    programme = Programme.read(small_city)
    return Plan(programme, {}, tmp_path / "published", tmp_path / "runs", 1, lambda *_: None)


@pytest.fixture
def results(small_data, tmp_path):
    """What a notebook on official statistics saves."""
    observations.save(indicators.compute(small_data, "2025Q2", "statistics"), tmp_path / "results")
    return [tmp_path / "results"]


def written(plan, results):
    """Write the tables of a release; give its folder."""
    snapshot = plan.home / "snapshots" / "x"
    inputs.take_snapshot(plan, inputs.digests(plan), snapshot)
    staged = publishing.stage(plan.published, plan.programme.id)
    content.write_tables(plan, staged, snapshot, results, "2025-Q2")
    return staged


def sealed(plan, staged):
    recipe = {"quarter": "2025-Q2"}
    publishing.seal(staged, content.manifest(plan, staged, recipe, inputs.digests(plan)))
    return release.open(staged)


def test_tables_by_hand(plan, results):
    staged = sealed(plan, written(plan, results))
    levels = staged.areas.groupby("area_level")["area_id"].agg(list).to_dict()
    assert levels == {
        "district": ["01", "02", "03", "04"],
        "borough": ["A", "B"],
        "city": ["stadt"],
        "programme": ["quartier"],
        "comparison": ["vergleich"],
    }
    assert staged.districts["district_id"].tolist() == ["01", "02", "03", "04"]
    assert staged.sites["site_id"].tolist() == ["s1", "s2"]
    [target] = staged.targets.to_dict("records")
    assert (target["indicator"], target["target_value"], target["due"]) == (
        *("jobs_created", 5, "2026-12-31"),
    )
    [headline] = staged.headlines.to_dict("records")
    assert (headline["id"], headline["value"]) == ("approved", 8000)
    reads = staged.reads.set_index("table")["accepted"].to_dict()
    assert (reads["grants"], reads["jobs"], reads["district_changes"]) == (7, 7, 1)
    assert staged.faults.empty
    assert list(staged.faults) == ["table", "file", "column", "rule", "rows"]
    assert staged.repairs.empty
    assert staged.corrections.empty
    assert staged.findings.empty


def leave_out(folder, *tables):
    """Take sources, and the targets and headlines after them, out of a programme."""
    text = (folder / "programme.toml").read_text()
    for table in tables:
        [part] = [part for part in text.split("[[sources]]") if f'table = "{table}"' in part]
        text = text.replace("[[sources]]" + part, "" if "[[targets]]" not in part else "\n")
    (folder / "programme.toml").write_text(text)
    return Programme.read(folder)


def test_what_a_programme_does_not_have_is_an_empty_table(small_city, plan, results):
    for table in ("contacts", "participants", "sites", "operations"):
        programme = leave_out(small_city, table)
    assert programme.targets == programme.headlines == []
    bare = Plan(programme, {}, plan.published, plan.home, 1, plan.say)
    staged = sealed(bare, written(bare, results))
    assert (len(staged.sites), len(staged.targets), len(staged.headlines)) == (0, 0, 0)
    assert staged.sites.crs == staged.districts.crs
    assert staged.operations.empty
    assert not list((staged.folder / "downloads").glob("operations*"))


def test_what_the_list_of_operations_has_beyond_its_contract_is_not_published(
    small_city, plan, results, change
):
    file = small_city / "operations.csv"
    head, *rows = file.read_text().splitlines()
    file.write_text("\n".join([head + ",clerk", *(row + ",Erika Musterfrau" for row in rows)]))
    folder = written(plan, results)
    text = (folder / "downloads" / "operations.de.csv").read_text(encoding="utf-8-sig")
    assert text.startswith("Code des Vorhabens;Name des Begünstigten;")
    assert "Musterfrau" not in text
    assert "clerk" not in text


def test_a_list_that_is_not_said_to_be_public_is_not_published(small_city, plan, results, change):
    change(small_city / "programme.toml", "publishes_operations = true", "")
    private = Plan(Programme.read(small_city), {}, plan.published, plan.home, 1, plan.say)
    staged = sealed(private, written(private, results))
    assert staged.operations.empty
    assert not list((staged.folder / "downloads").glob("operations*"))


def test_without_observations_there_is_nothing_to_release(plan, tmp_path):
    with pytest.raises(DataError, match="No notebook has saved observations"):
        written(plan, [tmp_path])


def test_a_manifest_is_json_and_says_nothing_of_the_rules(plan, results):
    staged = written(plan, results)
    made = content.manifest(plan, staged, {"quarter": "2025-Q2"}, inputs.digests(plan))
    assert json.loads(json.dumps(made)) == made
    assert "disclosure" not in json.dumps(made)
    assert made["programme"]["measures"][1] == {
        "id": "beihilfe",
        "name": {"de": "Beihilfe", "en": "Grants"},
        "kind": "measure",
        "parent": "initiative",
        "funds": ["ERDF", "city"],
        "starts_on": None,
        "ends_on": None,
    }
