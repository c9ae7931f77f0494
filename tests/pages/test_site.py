import asyncio
import json
import shutil

import pytest

import ostwerk_analysis as ow
from ostwerk_analysis.dashboard.site import Site, Unknown
from ostwerk_analysis.faults import NotebookError, ReleaseError
from ostwerk_analysis.pipeline.recipe import shipped
from ostwerk_analysis.release import Release


@pytest.fixture
def published(tmp_path, districts, publish):
    for quarter in ("2026-Q2", "2026-Q3"):
        publish(tmp_path / "published", districts, quarter)
    return tmp_path / "published"


def opened(site, name=""):
    return asyncio.run(site.open("demo", name))[0].name


def damage(published, name):
    (published / "demo" / name / "areas.parquet").write_bytes(b"")


@pytest.mark.parametrize("is_current_asked_first", [True, False])
def test_a_damaged_release_is_never_shown_as_another(published, is_current_asked_first):
    damage(published, "2026-Q3")
    site = Site(published)
    if is_current_asked_first:
        assert opened(site) == "2026-Q2"
    with pytest.raises(ReleaseError, match="2026-Q3 is damaged"):
        opened(site, "2026-Q3")
    assert opened(site) == opened(site, "2026-Q2") == "2026-Q2"


def test_a_release_is_checked_once(published):
    site = Site(published)
    first = asyncio.run(site.open("demo", ""))
    assert asyncio.run(site.open("demo", "")) is first
    assert asyncio.run(site.open("demo", "2026-Q3")) is first


def test_the_tenth_revision_is_newer_than_the_second(published):
    for name in ("2026-Q2-r2", "2026-Q2-r10"):
        shutil.copytree(published / "demo" / "2026-Q2", published / "demo" / name)
    names = Site(published).releases("demo")
    assert names == ["2026-Q3", "2026-Q2-r10", "2026-Q2-r2", "2026-Q2"]


def test_only_indicators_of_districts_can_be_asked_of_the_map(published):
    site = Site(published)
    with pytest.raises(Unknown) as refused:
        asyncio.run(site.visit("demo", "", "karte", "en", {"indicator": "jobs_created"}))
    offers = {address.partition("indicator=")[2] for address in refused.value.options}
    assert offers == {"unemployed_share", "applications", "grants_approved_eur", "residents"}
    visit = asyncio.run(site.visit("demo", "", "karte", "en", {"indicator": "residents"}))
    assert visit.asked == {"indicator": "residents"}


def test_a_page_takes_parameters_with_a_type(published, dashboards):
    site = Site(published, [dashboards])
    assert site.pages["given"].parameters == {"release", "language", "quarter"}


def test_a_page_that_does_not_say_its_parameters_is_refused(published, tmp_path):
    notebook = json.loads((shipped("dashboards") / "karte.ipynb").read_text())
    notebook["cells"] = notebook["cells"][1:]
    (tmp_path / "mute.ipynb").write_text(json.dumps(notebook))
    with pytest.raises(NotebookError, match=r"mute\.ipynb has 0 cells tagged 'parameters'"):
        Site(published, [tmp_path])


@pytest.mark.parametrize("page", ["karte", "ueberblick"])
def test_a_page_first_shows_what_has_districts(page, release, monkeypatch):
    """Among what was observed, the first by name has none, and the usual ones are not there."""
    observed = release.observations
    here = observed[observed["indicator"].isin(["jobs_created", "residents"])]
    known = Release(release.folder, release.manifest)
    known._tables["observations"] = here.reset_index(drop=True)
    monkeypatch.setattr(ow.release, "open", lambda _: known)
    cells = json.loads((shipped("dashboards") / f"{page}.ipynb").read_text())["cells"]
    names: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102  # our own
    assert names["shown"] == ("" if page == "karte" else "residents")


def test_a_release_that_was_withdrawn_is_not_shown(published):
    (published / "demo" / "current").write_text("2026-Q2\n")
    site = Site(published)
    assert site.releases("demo") == ["2026-Q2"]
    with pytest.raises(Unknown):
        opened(site, "2026-Q3")
