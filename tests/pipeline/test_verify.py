"""Recomputing a release from what it recorded, and saying what differs if it does not come out."""

import json
import os
import shutil

import pytest

from ostwerk_analysis import publishing, release
from ostwerk_analysis.faults import ReleaseError
from ostwerk_analysis.pipeline.run import run
from ostwerk_analysis.pipeline.verify import Verdict, verify


def test_the_files_of_the_city_are_not_needed(quick_city, released):
    shutil.rmtree(quick_city)
    verdict = verify(released)
    assert verdict.same
    assert verdict.compared == 14 + 10  # tables and downloads
    assert verdict.lines("en") == ["All 24 tables are byte-identical."]


def test_verifying_changes_nothing(released, tmp_path):
    def state():
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    before = state()
    verify(released)
    assert state() == before


def test_a_city_outside_of_its_folder_is_verified_and_its_folders_are_not_told(
    quick_city, tmp_path, change
):
    outside = tmp_path / "elsewhere" / "grants.csv"
    outside.parent.mkdir()
    shutil.move(quick_city / "grants.csv", outside)
    change(quick_city / "programme.toml", '"grants.csv"', f'"{outside}"')
    change(quick_city / "programme.toml", "seed = 7", "seed = 7\nallow_outside = true")
    folder = run(quick_city, "2025Q2", out=tmp_path).release.folder
    assert str(tmp_path) not in (folder / "manifest.json").read_text()
    outside.unlink()
    assert verify(folder).same


def test_what_differs_is_named(released):
    """A release with another table than its inputs give, whole by its own sums."""
    observations = release.open(released).observations
    observations.loc[0, "value"] += 1
    observations.to_parquet(released / "observations.parquet", index=False)
    manifest = json.loads((released / "manifest.json").read_text())
    publishing.seal(released, manifest)
    verdict = verify(released)
    assert verdict.differing == ["observations.parquet"]
    assert verdict.lines("en") == ["Tables that differ: 1 of 24", "  observations.parquet"]


def test_other_circumstances_are_named(released):
    manifest = json.loads((released / "manifest.json").read_text())
    manifest["recipe"]["packages"]["pandas"] = "2.0.0"
    manifest["recipe"]["notebooks"]["30_businesses"] = "0" * 64
    manifest["recipe"]["code"]["sha256"] = "f" * 64
    publishing.seal(released, manifest)
    verdict = verify(released)
    assert verdict.same
    then = {name: was for name, was, _ in verdict.circumstances}
    assert then == {"code": "f" * 12, "30_businesses.ipynb": "0" * 12, "pandas": "2.0.0"}
    assert any(line.startswith("pandas: 2.0.0 when it was") for line in verdict.lines("en"))


def test_a_damaged_release_is_not_verified(released):
    (released / "areas.parquet").write_bytes(b"")
    with pytest.raises(ReleaseError, match=r"areas\.parquet was changed"):
        verify(released)


@pytest.mark.parametrize("damage", [os.unlink, lambda copy: copy.write_text("")])
def test_a_copy_that_is_gone_or_changed_is_named(released, tmp_path, damage):
    entries = release.open(released).manifest["inputs"]
    [entry] = [entry for entry in entries if entry["file"] == "grants.csv"]
    damage(tmp_path / "runs" / "musterstadt" / "inputs" / f"{entry['sha256']}.csv")
    with pytest.raises(ReleaseError, match=r"the copy of grants\.csv, .* is gone or was changed"):
        verify(released)


def test_the_copies_may_be_elsewhere(released, tmp_path):
    shutil.move(tmp_path / "runs", tmp_path / "archive" / "runs")
    with pytest.raises(ReleaseError, match="is gone"):
        verify(released)
    assert verify(released, tmp_path / "archive").same


def test_a_verdict_in_german():
    assert Verdict([], 14, []).lines("de") == ["Alle 14 Tabellen sind Byte für Byte gleich."]
