"""Releases: written whole, found damaged, and never lost."""

import json
import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import publishing, release
from ostwerk_analysis.faults import ReleaseError

MANIFEST = {
    "programme": {
        "id": "osten",
        "name": {"de": "Osten", "en": "East"},
        "city": {"id": "stadt"},
        "districts": ["01"],
        "measures": [{"id": "kmu", "name": {"de": "Beihilfe", "en": "Grants"}}],
    },
    "quarter": "2026-Q2",
    "released_at": "2026-07-05T06:00:00+00:00",
}


def tables(value=1.0):
    square = gpd.GeoDataFrame(
        {"district_id": ["01"], "name": ["Markt"], "borough_id": ["A"]},
        geometry=[shapely.box(317_000, 5_690_000, 318_000, 5_691_000)],
        crs="EPSG:25833",
    )
    names = ["area_id", "area_level", "name_de", "name_en"]
    rows = [
        ("01", "district", "Markt", "Market"),
        ("west", "comparison", "Westen", "West"),
        ("stadt", "city", "Musterstadt", "Sample City"),
        ("osten", "programme", "Osten", "East"),
    ]
    plain = {name: pd.DataFrame({"indicator": ["a"]}) for name in release.PLAIN_TABLES}
    return plain | {
        "observations": pd.DataFrame({"indicator": ["a"], "value": [value]}),
        "areas": pd.DataFrame(rows, columns=names),
        "districts": square,
        "outlines": square.rename(columns={"district_id": "area_id"})[["area_id", "geometry"]],
        "sites": square.rename(columns={"district_id": "site_id"})[["site_id", "name", "geometry"]],
    }


def publish(published, quarter="2026-Q2", value=1.0, programme="osten"):
    staged = publishing.stage(published, programme)
    publishing.write_tables(staged, tables(value))
    (staged / "reports").mkdir()
    (staged / "reports" / "a.de.html").write_text("<html>ü</html>", encoding="utf-8")
    return publishing.publish(staged, MANIFEST | {"quarter": quarter})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two quarters of a programme, to be copied."""
    published = tmp_path_factory.mktemp("made") / "published"
    publish(published, "2026-Q1")
    publish(published, "2026-Q2", 2.0)
    return published


@pytest.fixture
def published(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "published"))


def current(published):
    return (published / "osten" / "current").read_text()


# ---- written ----


def test_a_release_is_what_sha256sum_says(published):
    folder = published / "osten" / "2026-Q2"
    said = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True)
    assert said.returncode == 0
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    listed = {line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert listed == files - {"SHA256SUMS"}


def test_a_release_is_readable_for_others_as_any_file_is(published, tmp_path):
    (tmp_path / "folder").mkdir()
    plain = (tmp_path / "folder").stat().st_mode
    assert publish(published).folder.stat().st_mode == plain


def test_each_later_one_of_a_quarter_is_a_revision_and_current(published):
    assert [publish(published, value=v).name for v in (3.0, 4.0)] == ["2026-Q2-r2", "2026-Q2-r3"]
    assert current(published) == "2026-Q2-r3\n"
    opened = release.open(published)
    assert (opened.manifest["revision"], opened.manifest["format"]) == (3, release.FORMAT)
    assert opened.observations["value"].tolist() == [4.0]
    assert release.open(published / "osten" / "2026-Q2").observations["value"].tolist() == [2.0]


def test_one_of_an_earlier_quarter_does_not_become_current(published):
    assert publish(published, "2026-Q1").name == "2026-Q1-r2"
    assert current(published) == "2026-Q2\n"


def test_one_of_an_earlier_quarter_becomes_current_where_the_later_one_is_gone(published):
    shutil.rmtree(published / "osten" / "2026-Q2")
    publish(published, "2026-Q1")
    assert current(published) == "2026-Q1-r2\n"


def test_a_staged_release_says_the_name_that_it_will_have(published):
    staged = publishing.stage(published, "osten")
    publishing.write_tables(staged, tables())
    publishing.seal(staged, MANIFEST)
    assert release.open(staged).name == "2026-Q2-r2"
    assert publishing.publish(staged, MANIFEST).name == "2026-Q2-r2"


def test_what_killed_runs_left_is_cleared_and_nothing_else(published):
    home = published / "osten"
    (home / ".staging-123" / "downloads").mkdir(parents=True)
    (home / ".unfinished-4711").write_text("2026-")
    (home / ".gitignore").write_text("*")
    staged = publishing.stage(published, "osten")
    assert sorted(path.name for path in home.glob(".*")) == sorted([".gitignore", staged.name])
    assert list(staged.iterdir()) == []


def test_a_staged_release_is_not_yet_one_of_the_programmes(published):
    before = release.releases(published)
    staged = publishing.stage(published, "osten")
    publishing.write_tables(staged, tables())
    publishing.seal(staged, MANIFEST)
    pd.testing.assert_frame_equal(release.releases(published), before)


@pytest.mark.parametrize("change", [{"loans": pd.DataFrame()}, None])
def test_a_release_has_its_tables_and_no_others(tmp_path, change):
    given_tables = tables() | change if change else {}
    with pytest.raises(ReleaseError, match="has the tables areas, catalogue, corr"):
        publishing.write_tables(publishing.stage(tmp_path, "osten"), given_tables)


def test_equal_tables_have_equal_sums_and_only_they(tmp_path):
    sums = []
    for number, value in enumerate([1.0, 1.0, 1.0000000000000002]):
        staged = publishing.stage(tmp_path / str(number), "osten")
        publishing.write_tables(staged, tables(value))
        sums.append(release.table_sums(staged))
    assert sums[0] == sums[1]
    changed = [name for name in sums[0] if sums[0][name] != sums[2][name]]
    assert changed == ["observations.parquet"]


# ---- read ----


def test_a_release_is_found_from_three_folders(published):
    home = published / "osten"
    names = [release.open(path).name for path in (published, home, home / "2026-Q1")]
    assert names == ["2026-Q2", "2026-Q2", "2026-Q1"]


def test_what_a_release_says_of_itself(published):
    opened = release.open(published)
    assert (opened.programme, opened.quarter, opened.city) == ("osten", "2026-Q2", "stadt")
    assert opened.programme_districts == ["01"]
    assert repr(opened) == "Release 2026-Q2 of East: 1 observations"
    assert opened.area_names("en") == {"osten": "East", "west": "West", "stadt": "Sample City"}
    assert list(opened.area_names("de").values()) == ["Osten", "Westen", "Musterstadt"]
    assert opened.names("de") == {"kmu": "Beihilfe", "01": "Markt"}
    assert opened.districts.crs == "EPSG:25833"
    assert opened.districts.area.tolist() == [1_000_000]
    with pytest.raises(AttributeError, match="loans"):
        _ = opened.loans


def test_a_table_is_read_once(published):
    opened = release.open(published)
    assert opened.observations is opened.observations


def test_a_folder_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(ReleaseError, match="nowhere is not there"):
        release.open(tmp_path / "nowhere")


def test_without_a_release_it_is_said_how_to_make_one(tmp_path):
    with pytest.raises(ReleaseError, match=r"0 programmes with a release.*ostwerk run"):
        release.open(tmp_path)


def test_of_several_programmes_one_must_be_named(published):
    publish(published, programme="westen")
    with pytest.raises(ReleaseError, match=r"2 programmes with a release\. Name one"):
        release.open(published)
    assert release.open(published / "westen").name == "2026-Q2"


def test_a_current_release_that_is_gone_is_named(published):
    shutil.rmtree(published / "osten" / "2026-Q2")
    with pytest.raises(ReleaseError, match="The current release of osten, 2026-Q2, is not there"):
        release.open(published)


# ---- damaged ----


def change_a_byte(folder):
    file = folder / "observations.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return "observations.parquet was changed"


def remove_a_file(folder):
    (folder / "reports" / "a.de.html").unlink()
    return "reports/a.de.html is missing"


def remove_a_folder(folder):
    shutil.rmtree(folder / "reports")
    return "reports/a.de.html is missing"


def add_a_file(folder):
    (folder / "reports" / "b.html").write_text("")
    return "reports/b.html does not belong to it"


def put_a_folder_for_a_file(folder):
    (folder / "areas.parquet").unlink()
    (folder / "areas.parquet").mkdir()
    return "areas.parquet is missing"


def put_a_dangling_link_for_a_file(folder):
    (folder / "areas.parquet").unlink()
    (folder / "areas.parquet").symlink_to("nowhere")
    return "areas.parquet is missing"


def break_the_manifest(folder):
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text[:-10])
    return "cannot be read"


def empty_the_manifest(folder):
    (folder / "manifest.json").write_text("[]")
    return "cannot be read"


def change_the_manifest(folder):
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace("2026-07-05", "2026-07-06"))
    return "manifest.json was changed"


def remove_the_manifest(folder):
    (folder / "manifest.json").unlink()
    return "cannot be read"


def come_from_another_version(folder):
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"format": 1', '"format": 99'))
    return "its format is 99, this version reads 1"


def remove_the_sums(folder):
    (folder / "SHA256SUMS").unlink()
    return "SHA256SUMS or manifest.json cannot be read"


def shorten_the_sums(folder):
    lines = (folder / "SHA256SUMS").read_text().splitlines(keepends=True)
    (folder / "SHA256SUMS").write_text("".join(lines[1:]))
    return "does not belong to it"


def empty_the_folder(folder):
    shutil.rmtree(folder)
    folder.mkdir()
    return "cannot be read"


DAMAGES = [
    *(change_a_byte, remove_a_file, remove_a_folder, add_a_file, put_a_folder_for_a_file),
    *(put_a_dangling_link_for_a_file, break_the_manifest, empty_the_manifest, change_the_manifest),
    *(remove_the_manifest, come_from_another_version, remove_the_sums, shorten_the_sums),
    empty_the_folder,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_found_said_and_passed_over(published, damage):
    folder = published / "osten" / "2026-Q2"
    said = damage(folder)
    assert any(said in line for line in release.damages(folder))
    with pytest.raises(ReleaseError):
        release.open(published)
    listed = release.releases(published).set_index("release")
    assert listed["status"].to_dict() == {"2026-Q2": "damaged", "2026-Q1": "earlier"}
    assert said in listed.loc["2026-Q2", "damage"]
    stepped_in, passed_over = release.last_good(published / "osten")
    assert stepped_in.name == "2026-Q1"
    [line] = passed_over
    assert line.startswith("2026-Q2: ")
    assert said in line
    assert release.newest(published / "osten", "2026-Q2") is None


def test_what_is_damaged_is_named_on_opening(published):
    change_a_byte(published / "osten" / "2026-Q2")
    wanted = "The release 2026-Q2 is damaged: observations.parquet was changed. Restore it"
    with pytest.raises(ReleaseError, match=wanted) as error:
        release.open(published)
    assert error.value.exit_code == 1


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_changed_byte_of_any_file_goes_unseen(made, data):
    folder = made / "osten" / "2026-Q1"
    file = data.draw(st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file())))
    before = file.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    change = data.draw(st.integers(1, 255))
    assert release.damages(folder) == []
    try:
        file.write_bytes(before[:place] + bytes([before[place] ^ change]) + before[place + 1 :])
        assert release.damages(folder) != []
    finally:
        file.write_bytes(before)


# ---- which one is served ----


def test_the_last_good_one_is_the_current_one_if_it_is_good(published):
    opened, passed_over = release.last_good(published / "osten")
    assert (opened.name, passed_over) == ("2026-Q2", [])


def test_one_that_was_withdrawn_does_not_step_in(published):
    publish(published, "2026-Q3")
    (published / "osten" / "current").write_text("2026-Q2\n")
    change_a_byte(published / "osten" / "2026-Q2")
    assert release.last_good(published / "osten")[0].name == "2026-Q1"


def test_without_a_marker_the_newest_good_one_steps_in(published):
    (published / "osten" / "current").unlink()
    assert release.last_good(published / "osten")[0].name == "2026-Q2"


def test_where_the_current_one_is_gone_the_newest_good_one_steps_in_and_it_is_said(published):
    shutil.rmtree(published / "osten" / "2026-Q2")
    opened, passed_over = release.last_good(published / "osten")
    assert (opened.name, passed_over) == ("2026-Q1", ["2026-Q2: it is not there"])


def test_if_all_are_damaged_each_is_named(published):
    for name in ("2026-Q1", "2026-Q2"):
        change_a_byte(published / "osten" / name)
    with pytest.raises(
        ReleaseError, match=r"no undamaged release\. .* 2026-Q2: .*; 2026-Q1: .*"
    ) as error:
        release.last_good(published / "osten")
    assert "ostwerk run" in str(error.value)


def test_releases_are_listed_newest_first_with_their_status(published):
    for _ in range(10):
        publish(published, "2026-Q2")
    publish(published, "2025-Q4", programme="westen")
    (published / "notes").mkdir()
    (published / "osten" / "drafts").mkdir()
    listed = release.releases(published)
    assert list(listed["programme"].unique()) == ["osten", "westen"]
    names = listed.loc[listed["programme"] == "osten", "release"].tolist()
    assert names == [*(f"2026-Q2-r{n}" for n in range(11, 1, -1)), "2026-Q2", "2026-Q1"]
    assert listed["status"].tolist() == ["current", *["earlier"] * 11, "current"]
    assert set(listed["released_at"]) == {"2026-07-05T06:00:00+00:00"}
    assert listed["damage"].tolist() == [""] * 13


def test_a_current_release_that_is_gone_is_listed_as_damaged(published):
    shutil.rmtree(published / "osten" / "2026-Q2")
    first = release.releases(published).iloc[0]
    assert first[["release", "status", "damage"]].tolist() == [
        "2026-Q2",
        "damaged",
        "it is not there",
    ]


def test_where_nothing_is_published_the_list_is_empty(tmp_path):
    assert release.releases(tmp_path / "published").empty


def test_the_manifest_is_for_people_too(published):
    text = (published / "osten" / "2026-Q2" / "manifest.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert json.loads(text)["programme"]["measures"][0]["name"]["de"] == "Beihilfe"
