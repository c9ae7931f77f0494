import asyncio
import gzip
import hashlib
import os
import re
import resource
import shutil
import tempfile
import time
from collections import OrderedDict

import nbformat
import pytest

from ostwerk_analysis.dashboard import keeping
from ostwerk_analysis.dashboard.rendering import MOST_WAITING, BusyError, CellError, Press, settings
from ostwerk_analysis.dashboard.site import Site
from ostwerk_analysis.dashboard.warming import made_ready, warm

CONTENT = r'{"note": "a \u003cb> & ö"}'
CODE = hashlib.sha256(CONTENT.encode()).hexdigest()[:16]
PART = f'<script type="application/json" data-ow-part="{CODE}">{CONTENT}</script>'
NOTEBOOKS = {
    "apart": f"from IPython.display import HTML\nHTML({PART!r} + '<p>in the page</p>')",
    "dies": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "slow": "import time\ntime.sleep(60)",
}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Dashboards that are made of parts, die, or never end."""
    folder = tmp_path_factory.mktemp("own")
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    for name, code in NOTEBOOKS.items():
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        head = nbformat.v4.new_code_cell('release = ""\nlanguage = "de"\nquarter: str = ""')
        head.metadata["tags"] = ["parameters"]
        notebook.cells = [head, nbformat.v4.new_code_cell(code)]
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory, districts, publish):
    """Two releases, the first one long ago."""
    folder = tmp_path_factory.mktemp("published")
    publish(folder, districts, "2025-Q4")
    publish(folder, districts, "2026-Q1")
    return folder


@pytest.fixture(scope="module")
def kept(published, own, tmp_path_factory, serve_again):
    folder = tmp_path_factory.mktemp("kept")
    with serve_again(published, own, folder) as server:
        yield server


def made(folder):
    return sorted(path.name for path in (folder / "demo" / ".pages").rglob("*.html.gz"))


def visit(site, name="karte", release="", language="de", **asked):
    return asyncio.run(site.visit("demo", release, name, language, asked))


# on disk


def test_parts_are_lifted_out_of_a_page_unless_their_code_is_not_theirs():
    wrong = PART.replace(CODE, "0" * 16)
    page = keeping.lift(f"<p>before</p>{PART}<p>between</p>{wrong}")
    assert gzip.decompress(page.packed).decode() == (
        f"<p>before</p><!--part {CODE}--><p>between</p>{wrong}"
    )
    assert {code: gzip.decompress(part).decode() for code, part in page.parts.items()} == {
        CODE: CONTENT
    }


def test_a_page_is_read_as_it_was_kept_and_a_damaged_one_is_none(tmp_path):
    release = tmp_path / "demo" / "2026-Q3"
    page = keeping.lift(f"<p>über</p>{PART}")
    assert keeping.save(release, "k", page) == keeping.Kept(page.packed, {CODE})
    assert keeping.load(release, "k") == keeping.Kept(page.packed, {CODE})
    assert gzip.decompress(keeping.part(release, CODE)).decode() == CONTENT
    file = keeping.folder_of(release) / "k.html.gz"
    file.write_bytes(file.read_bytes()[:-9])
    assert keeping.load(release, "k") is None
    assert keeping.load(release, "other") is None
    assert keeping.part(release, "0" * 16) is None
    assert not release.exists()  # beside it, never in it


def test_a_page_whose_part_is_gone_or_another_is_none(tmp_path):
    release = tmp_path / "demo" / "2026-Q3"
    file = keeping.folder_of(release) / f"{CODE}.json.gz"
    for damage in (keeping.pack(b'{"note":"exchanged"}'), file.name.encode(), b""):
        keeping.save(release, "k", keeping.lift(PART))
        file.write_bytes(damage)
        assert keeping.part(release, CODE) is None
        assert keeping.load(release, "k") is None
    file.unlink()
    assert keeping.load(release, "k") is None


def test_a_disk_that_takes_no_more_keeps_no_half_page(tmp_path):
    release = tmp_path / "demo" / "2026-Q3"
    page = keeping.lift(os.urandom(4000).hex())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="large"):
            keeping.save(release, "k", page)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(keeping.folder_of(release).iterdir()) == []


def test_keeping_one_page_more_than_stay_lets_go_of_the_oldest(tmp_path, monkeypatch):
    release = tmp_path / "demo" / "2026-Q3"
    monkeypatch.setattr(keeping, "MOST_PAGES", 2)
    for age, key in enumerate("abc"):
        keeping.save(release, key, keeping.lift(key))
        os.utime(keeping.folder_of(release) / f"{key}.html.gz", (age, age))
    keeping.save(release, "d", keeping.lift("d"))
    left = {file.name[0] for file in keeping.folder_of(release).iterdir()}
    assert left == {"c", "d"}


def test_sweeping_takes_what_is_withdrawn_and_the_oldest(tmp_path, districts, publish):
    for quarter in ("2026-Q1", "2026-Q2", "2026-Q3"):
        release = publish(tmp_path, districts, quarter).folder
        for age, key in enumerate("abc"):
            keeping.save(release, key, keeping.lift(f"{key}{PART if key == 'a' else ''}"))
            when = time.time() - 1000 * age
            for file in keeping.folder_of(release).iterdir():
                if file.name.startswith((key, CODE)):
                    os.utime(file, (when, when))
    (tmp_path / "demo" / "current").write_text("2026-Q2\n")
    shutil.rmtree(tmp_path / "demo" / "2026-Q1")
    keeping.sweep(tmp_path / "demo", most=2)
    assert made(tmp_path) == ["a.html.gz", "b.html.gz"]
    assert [path.name for path in (tmp_path / "demo" / ".pages").iterdir()] == ["2026-Q2"]
    keeping.sweep(tmp_path / "nothing")


def test_a_page_has_another_key_for_all_that_it_depends_on(published, own, tmp_path):
    site = Site(published, [own])
    here = visit(site).key
    assert visit(site).key == here
    assert visit(site, release="2026-Q1").key == here  # its links are relative
    others = [
        visit(site, release="2025-Q4"),
        visit(site, language="en"),
        visit(site, indicator="residents"),
        visit(site, "ueberblick"),
        visit(Site(published)),  # other pages in the navigation
    ]
    shutil.copytree(own, tmp_path / "own")
    notebook = tmp_path / "own" / "apart.ipynb"
    before = visit(Site(published, [tmp_path / "own"]), "apart").key
    assert before == visit(site, "apart").key
    notebook.write_text(notebook.read_text().replace("in the page", "on the page"))
    after = visit(Site(published, [tmp_path / "own"]), "apart").key
    assert len({here, before, after, *(other.key for other in others)}) == 8


# at publishing


def test_warming_renders_what_is_missing_and_names_what_fails(districts, publish, own, tmp_path):
    release = publish(tmp_path, districts, "2026-Q3").folder
    broken = tmp_path / "own"
    broken.mkdir()
    for name in ("apart", "dies"):
        shutil.copy(own / f"{name}.ipynb", broken)
    for name in ("ueberblick", "karte", "wirkung", "foerderung", "arbeit", "datenstand"):
        shutil.copy(own / "apart.ipynb", broken / f"{name}.ipynb")  # quicker than ours
    told = []
    options = {"log": tmp_path / "log.txt", "progress": lambda *step: told.append(step)}
    failed = warm(release, [broken], **options)
    assert sorted(name.split(":")[0] for name in failed) == ["dies (de)", "dies (en)"]
    pages = told[0][1]
    assert told[0] == (0, pages)
    assert told[-1] == (pages, pages)
    assert len(made(tmp_path)) == pages - 2
    assert "DeadKernelError" in (tmp_path / "log.txt").read_text()
    shutil.copy(own / "apart.ipynb", broken / "dies.ipynb")
    told.clear()
    assert warm(release, [broken], **options) == []
    assert told[0] == (pages - 2, pages)
    told.clear()
    assert warm(release, [broken], **options) == []
    assert told == []  # all are there


# by the server


def test_a_part_is_asked_for_beside_the_page_and_kept_for_ever(kept):
    html = kept.get("/demo/apart?lang=de")[2]
    assert "in the page" in html
    assert "data-ow-part" not in html
    for address in (f"/demo/parts/{CODE}.json", f"/demo/2026-Q1/parts/{CODE}.json"):
        status, headers, content = kept.get(address)
        assert (status, content) == (200, CONTENT)
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert kept.get(address, {"If-None-Match": headers["Etag"]})[0] == 304
    assert kept.get(f"/demo/2025-Q4/parts/{CODE}.json")[0] == 404
    assert kept.get(f"/demo/parts/{'0' * 16}.json")[0] == 404


def test_a_part_that_was_deleted_is_there_again_with_the_next_look_at_its_page(kept, published):
    address = f"/demo/parts/{CODE}.json"
    page = kept.get("/demo/apart?lang=de")
    for file in (published / "demo" / ".pages").rglob(f"{CODE}.json.gz"):
        file.unlink()
    assert kept.get(address)[0] == 404
    assert kept.get("/demo/apart?lang=de")[2] == page[2]
    assert kept.get(address)[2] == CONTENT


def test_both_addresses_of_a_release_give_the_same_page(kept):
    current, named = kept.get("/demo/apart"), kept.get("/demo/2026-Q1/apart")
    assert current[1]["Etag"] == named[1]["Etag"]
    assert current[2] == named[2]


def test_a_restart_is_warm_at_once(kept, published, own, tmp_path, serve_again):
    before = kept.get("/demo/apart?lang=de")
    with serve_again(published, own, tmp_path) as again:
        after = again.get("/demo/apart?lang=de")
        assert again.get(f"/demo/parts/{CODE}.json")[2] == CONTENT
        assert "Kernel started" not in again.log
        headers = {"If-None-Match": before[1]["Etag"]}
        assert again.get("/demo/apart?lang=de", headers)[0] == 304
    assert after[2] == before[2]


def test_a_kernel_that_dies_is_said_and_the_next_page_comes(kept):
    status, headers, html = kept.get("/demo/dies?lang=de")
    assert status == 500
    assert headers["Cache-Control"] == "no-store"
    [number] = re.findall(r"Er hat die Nummer ([0-9a-f]{8})\.", html)
    assert f"Error {number} at /demo/dies" in kept.log
    assert 'href="../demo/apart?lang=de"' in html  # the way back
    assert kept.get("/demo/apart?lang=en")[0] == 200


def on_a_press(published, own, ask):
    """Let ``ask(press)`` have pages rendered in this process."""

    async def run(folder):
        press = made_ready(Site(published, [own]), folder, None)
        press.init_settings()
        try:
            await ask(press)
            assert press.kernel_manager.list_kernel_ids() == []
        finally:
            Press.clear_instance()

    with tempfile.TemporaryDirectory() as folder:  # the path of a socket must be short
        asyncio.run(run(folder))


def test_a_page_that_takes_too_long_is_given_up_with_its_kernel(published, own):
    async def ask(press):
        press.page_time_limit_s = 2
        visit = await press.site.visit("demo", "", "slow", "de", {})
        with pytest.raises((TimeoutError, CellError)):
            await press.page(visit.page, visit)
        assert press.kept == {}

    begun = time.monotonic()
    on_a_press(published, own, ask)
    assert time.monotonic() - begun < 30


def test_pages_are_given_where_none_can_be_kept(districts, publish, own, tmp_path):
    release = publish(tmp_path, districts).folder
    (tmp_path / "demo" / ".pages").write_text("no folder")

    async def ask(press):
        visit = await press.site.visit("demo", "", "apart", "de", {})
        page = await press.page(visit.page, visit)
        assert "in the page" in gzip.decompress(page.packed).decode()
        assert gzip.decompress(await press.part([release], CODE)).decode() == CONTENT
        assert await press.page(visit.page, visit) is page

    on_a_press(tmp_path, own, ask)


def test_parameters_cannot_keep_others_from_their_pages(published, own, tmp_path):
    async def ask():
        site = Site(published, [own])
        press = Press(config=settings(), config_file_paths=[], root_dir=str(tmp_path))
        waiting = [asyncio.create_task(asyncio.sleep(60)) for _ in range(MOST_WAITING)]
        press.kept = OrderedDict(((tmp_path, str(i)), task) for i, task in enumerate(waiting))
        many = await site.visit("demo", "", "karte", "de", {"indicator": "residents"})
        with pytest.raises(BusyError):
            await press.page(many.page, many)
        for task in waiting:
            task.cancel()

    asyncio.run(ask())
