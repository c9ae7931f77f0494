"""What a run reads, and how it keeps it."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from ostwerk_analysis import Programme, load
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.pipeline import inputs
from ostwerk_analysis.pipeline.inputs import Plan


@pytest.fixture
def plan(small_city, tmp_path):
    home = tmp_path / "runs" / "musterstadt"
    home.mkdir(parents=True)
    programme = Programme.read(small_city)
    return Plan(programme, {}, tmp_path / "published", home, 1, lambda *_: None)


def sha256(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def test_the_inputs_are_the_programmes_file_its_sources_and_its_own_notebooks(plan, notebook_at):
    for name in ("b", "a"):
        notebook_at(plan.programme.folder / "notebooks" / f"{name}.ipynb", "c = 1")
    names = [entry["file"] for entry in inputs.digests(plan)]
    assert names[:3] == ["programme.toml", "districts.geojson", "boroughs.csv"]
    assert names[-2:] == ["notebooks/a.ipynb", "notebooks/b.ipynb"]
    assert len(names) == 1 + len(plan.programme.sources) + 2


def test_each_input_has_its_size_and_sum(plan):
    for entry in inputs.digests(plan):
        file = plan.programme.folder / entry["file"]
        assert (entry["bytes"], entry["sha256"]) == (file.stat().st_size, sha256(file))


def test_a_file_that_fills_two_tables_is_one_input(small_city, plan, change):
    twice = '[[sources]]\ntable = "operations"\npath = "boroughs.csv"\n'
    with (small_city / "programme.toml").open("a") as file:
        file.write(twice)
    names = inputs.names(Programme.read(small_city))
    assert names.count("boroughs.csv") == 1


def test_notebooks_are_no_data_but_files_beside_them_are():
    named = ["notebooks/a.ipynb", "notebooks/a.csv", "a.csv", "programme.toml"]
    assert [inputs.is_data({"file": name}) for name in named] == [False, True, True, True]


def test_a_missing_input_is_named(small_city, plan):
    (small_city / "jobs.csv").unlink()
    with pytest.raises(DataError, match=r"jobs\.csv is not there"):
        inputs.digests(plan)


def test_a_programme_that_changes_while_the_run_begins_is_noticed(small_city, plan, change):
    change(small_city / "programme.toml", "seed = 7", "seed = 8")
    with pytest.raises(DataError, match=r"programme\.toml changed while it was read"):
        inputs.digests(plan)


def test_copies_are_kept_under_their_sums_and_once(plan):
    entries = inputs.digests(plan)
    copies = inputs.keep(plan, entries)
    for entry in entries:
        copy = copies[entry["file"]]
        assert copy.name == entry["sha256"] + Path(entry["file"]).suffix
        assert sha256(copy) == entry["sha256"]
    times = {copy: copy.stat().st_mtime_ns for copy in copies.values()}
    inputs.keep(plan, entries)
    assert {copy: copy.stat().st_mtime_ns for copy in copies.values()} == times


def test_a_file_that_changed_since_its_digest_is_not_kept(small_city, plan):
    entries = inputs.digests(plan)
    with (small_city / "jobs.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(DataError, match=r"jobs\.csv changed while it was read"):
        inputs.keep(plan, entries)
    assert not any(path.name.startswith(".") for path in (plan.home / "inputs").iterdir())


def test_what_a_killed_run_left_among_the_copies_is_cleared(plan):
    (plan.home / "inputs").mkdir()
    (plan.home / "inputs" / ".abc.csv").write_text("half")
    inputs.keep(plan, [])
    assert list((plan.home / "inputs").iterdir()) == []


@pytest.mark.parametrize(
    ("path", "published"),
    [
        ("grants.csv", "grants.csv"),
        ("2026/grants.csv", "2026/grants.csv"),
        ("/home/erika/data/grants.csv", "grants.csv"),
        ("../../erika/grants.csv", "grants.csv"),
    ],
)
def test_a_manifest_names_no_folder_of_this_machine(path, published):
    assert inputs.published_name(path) == published


def test_a_snapshot_is_the_data_again_without_the_files(small_city, plan):
    snapshot = plan.home / "snapshots" / "abc"
    before = load(small_city)
    inputs.take_snapshot(plan, inputs.digests(plan), snapshot)
    for file in small_city.glob("*.csv"):
        file.unlink()
    again = load(snapshot)
    assert again.tables.keys() == before.tables.keys()
    for name, table in before.tables.items():
        assert table.equals(again.tables[name])


def test_there_is_one_snapshot_and_no_leftover(plan):
    for name in ("old", "new"):
        (plan.home / "snapshots" / "half.part").mkdir(parents=True, exist_ok=True)
        inputs.take_snapshot(plan, inputs.digests(plan), plan.home / "snapshots" / name)
    assert os.listdir(plan.home / "snapshots") == ["new"]


def test_bad_data_leave_no_snapshot(small_city, plan, change):
    change(small_city / "boroughs.csv", "B,Rand", "B,Rand\nB,Rand 2")
    snapshot = plan.home / "snapshots" / "abc"
    with pytest.raises(DataError, match="B in borough_id stands in more than one row"):
        inputs.take_snapshot(plan, inputs.digests(plan), snapshot)
    assert not snapshot.exists()


# Contacts 2024-Q1 to Q3, 2025-Q1, Q2; grants 2024-Q1, Q2, 2025-Q1, Q2; participants also 2024-Q4;
# the oldest operation began on 2023-06-01; residents are those of the year 2024.
def test_quarters_with_data_by_hand(small_data):
    assert inputs.quarters_with_data(small_data) == [
        *("2023-Q2", "2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2")
    ]


def test_the_quarters_are_written_beside_the_snapshot(plan):
    snapshot = plan.home / "snapshots" / "abc"
    inputs.take_snapshot(plan, inputs.digests(plan), snapshot)
    assert json.loads((snapshot / inputs.QUARTERS).read_text())[-1] == "2025-Q2"
