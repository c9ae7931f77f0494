"""The quarterly run, with real kernels and real files: from a city's folder to its release."""

import json
import re
import shutil
import subprocess
import time
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from ostwerk_analysis import periods, release
from ostwerk_analysis.faults import DataError, DisclosureError, NotebookError
from ostwerk_analysis.pipeline import recipe, verify
from ostwerk_analysis.pipeline.run import run

SMALL_CITY = Path(__file__).parents[1] / "small_city"
OURS = [path.stem for path in sorted(recipe.shipped("notebooks").glob("[1-9]*.ipynb"))]
ANALYSES, REPORT = OURS[:-1], OURS[-1]
REPORTS = [f"{REPORT}.de", f"{REPORT}.en"]
GIVEN = 'programme = "."\nquarter = "2025Q2"\nresults = "."'
SECRET, USER = "Pfirsich-4711-geheim", "erika.musterfrau"


def everything(folder):
    """Give the content of every file below a folder, but for what a lock writes."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("lock")
    }


def sums(result):
    return release.table_sums(result.release.folder)


# ---- one release of the small city, with our own notebooks, looked at from all sides ----


@pytest.fixture(scope="module")
def made(tmp_path_factory, command):
    """A release by the command, with a secret and a name in the environment and in the paths."""
    home = tmp_path_factory.mktemp(USER)
    city = shutil.copytree(SMALL_CITY, home / "city")
    said = command(
        *("run", city, "--quarter", "2025Q2", "--out", home, "--jobs", "2"),
        cwd=home,
        CITY_DATABASE_PASSWORD=SECRET,
        LOGNAME=USER,
        USER=USER,
    )
    assert said.returncode == 0, said.stderr
    return release.open(home / "published")


def value(published, indicator, area, period, breakdown=""):
    rows = published.observations
    keys = {"indicator": indicator, "area_id": area, "period": period, "breakdown": breakdown}
    for column, wanted in keys.items():
        rows = rows[rows[column] == wanted]
    [row] = rows.to_dict("records")
    return row["value"] if row["conf_status"] == "F" else row["conf_status"]


# Approved until 2025-06-30: g1 4,000 and g2 2,000 (b1), g3 3,000 (b2), g4 2,000 (b3); their cost is
# 10,000 + 5,000 + 3,000 + 8,000. In the first quarter of 2024 only b1 and b2 applied.
@pytest.mark.parametrize(
    ("indicator", "area", "period", "expected"),
    [
        ("grants_approved_eur_to_date", "stadt", "2025-Q2", 11_000),
        ("private_investment_eur_to_date", "stadt", "2025-Q2", 15_000),
        ("leverage_to_date", "stadt", "2025-Q2", 15 / 11),
        ("enterprises_supported_to_date", "stadt", "2025-Q2", 3),
        ("grants_approved_eur_to_date", "quartier", "2025-Q2", "C"),
        ("leverage_to_date", "quartier", "2025-Q2", "D"),
        ("grants_approved_eur_to_date", "04", "2025-Q2", 0),
        ("applications", "stadt", "2024-Q1", "C"),
        ("operations_cost_eur", "stadt", "2024-Q1", 500_000),
        ("unemployed", "01", "2024-Q1", 50),
        ("unemployed", "quartier", "2024-Q1", 50),
        ("unemployed", "stadt", "2024-Q1", 215),
        ("unemployed_share", "01", "2024-Q1", 10),
    ],
)
def test_a_release_says_what_was_counted_by_hand(made, indicator, area, period, expected):
    assert value(made, indicator, area, period) == pytest.approx(expected)


def test_no_cell_of_few_and_no_contribution_is_published(made):
    assert "largest_1" not in made.observations
    told = made.observations["n_units"].dropna()
    declared = made.catalogue.set_index("indicator")["units"]
    of_microdata = made.observations["indicator"].map(declared) != ""
    assert not told[of_microdata].between(1, 2).any()
    assert (made.observations["conf_status"] == "C").any()


def test_rules_are_not_published(made):
    text = (made.folder / "manifest.json").read_text()
    assert "minimum" not in text
    assert "disclosure" not in text


def test_a_manifest_says_all_that_a_release_came_from(made):
    manifest = made.manifest
    assert manifest["quarter"] == "2025-Q2"
    assert manifest["programme"]["id"] == "musterstadt"
    assert manifest["programme"]["districts"] == ["01", "03"]
    files = {entry["file"] for entry in manifest["inputs"]}
    assert files == {path.name for path in SMALL_CITY.iterdir()}
    assert all(re.fullmatch("[0-9a-f]{64}", entry["sha256"]) for entry in manifest["inputs"])
    assert all(entry["bytes"] > 0 for entry in manifest["inputs"])
    assert manifest["recipe"]["code"]["sha256"] == recipe.code_version()
    assert manifest["recipe"]["packages"] == recipe.package_versions()
    assert manifest["recipe"]["notebooks"].keys() == set(OURS)
    assert manifest["recipe"]["seed"] == 7
    assert manifest["recipe"]["parameters"] == {}
    assert manifest["seconds"].keys() == {*ANALYSES, *REPORTS}
    assert manifest["faults"] == []
    assert manifest["corrections"] == []
    assert manifest["released_at"].startswith(str(date.today())[:7])


def test_sha256sum_agrees_with_a_release(made):
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=made.folder)
    assert done.returncode == 0


def text_of(file):
    """Give all text of a file, unpacked."""
    if file.suffix == ".parquet":
        table = pq.read_table(file)
        return str(table.schema.metadata) + str(table.to_pydict())
    if file.suffix in {".xlsx", ".zip"}:
        with zipfile.ZipFile(file) as book:
            return " ".join(book.read(name).decode() for name in book.namelist())
    return file.read_text(encoding="utf-8")


def test_nothing_published_tells_of_the_machine_its_user_or_a_secret(made):
    published = made.folder.parents[1]
    searched = [path for path in published.rglob("*") if path.is_file()]
    assert len(searched) > 15
    words = [SECRET, USER, str(published.parent), str(recipe.PACKAGE.parent), "site-packages"]
    found = [(file.name, word) for file in searched for word in words if word in text_of(file)]
    assert found == []


def test_a_secret_is_not_kept_with_the_run_either(made):
    kept = made.folder.parents[2] / "runs"
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Programm Musterstadt"), ("en", "Programme of Sample City")]
)
def test_a_report_is_a_page_without_code(made, language, words):
    page = (made.folder / "reports" / f"{REPORT}.{language}.html").read_text(encoding="utf-8")
    assert re.search(rf'<html\b[^>]* lang="{language}"', page)
    assert words in page
    assert "import ostwerk_analysis" not in page
    assert "ow.figures" not in page
    assert (made.folder / "reports" / "plotly.min.js").is_file()


def test_a_report_names_the_release_and_its_day_as_they_are(made):
    page = (made.folder / "reports" / f"{REPORT}.en.html").read_text(encoding="utf-8")
    assert ".staging" not in page
    assert "<td>2025-Q2</td>" in page


def test_the_download_says_what_the_table_says(made):
    file = made.folder / "downloads" / "observations.en.csv.zip"
    read = pd.read_csv(file, dtype={"Area code": str})
    pd.testing.assert_series_equal(read["Value"], made.observations["value"], check_names=False)
    assert read["Area code"].tolist() == made.observations["area_id"].tolist()


def test_a_public_list_is_published_as_the_law_words_it(made):
    listed = pd.read_csv(made.folder / "downloads" / "operations.de.csv", sep=";", decimal=",")
    assert listed["Gesamtkosten des Vorhabens (EUR)"].tolist() == [500_000, 60_000, 20_000]
    assert made.operations["total_cost_eur"].tolist() == [500_000, 60_000, 20_000]


def test_executed_notebooks_are_kept_whole_beside_the_release(made):
    kept = made.folder.parents[2] / "runs" / "musterstadt" / "2025-Q2"
    assert {path.stem for path in kept.glob("*.ipynb")} == {*ANALYSES, *REPORTS}
    for path in kept.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert any(cell.get("outputs") for cell in cells)
    assert list(kept.glob(".*")) == []


def test_our_release_can_be_verified(made):
    verdict = verify.verify(made.folder)
    assert verdict.same, verdict.lines("en")
    assert verdict.compared == len(release.table_sums(made.folder))
    assert verdict.circumstances == []


# ---- what is the same, and what is not ----


def test_nothing_changed_nothing_done(quick_city, tmp_path, ostwerk):
    out = tmp_path / "out"
    first = run(quick_city, "2025Q2", out=out)
    before = everything(out)
    assert (first.status, first.release.name, first.is_current) == ("released", "2025-Q2", True)
    again = run(quick_city, "2025Q2", out=out)
    assert (again.status, again.seconds) == ("unchanged", {})
    started = time.monotonic()
    said = ostwerk("run", quick_city, "--quarter", "2025Q2", "--out", out)
    seconds = time.monotonic() - started
    assert said.stdout.strip() == f"Nothing has changed since the release {again.release.folder}."
    assert everything(out) == before
    assert seconds < 10  # 1.1 s on an idle machine; here others may be at work


def test_force_does_all_again_and_changes_not_one_byte(quick_city, released, tmp_path):
    before = everything(tmp_path / "published")
    again = run(quick_city, "2025Q2", out=tmp_path, force=True)
    assert again.status == "reproduced"
    assert again.seconds.keys() == {*ANALYSES, *REPORTS}
    assert everything(tmp_path / "published") == before


def test_tables_do_not_depend_on_place_workers_or_hashes(quick_city, tmp_path, ostwerk):
    here = run(quick_city, "2025Q2", out=tmp_path / "here", workers=3)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(quick_city, elsewhere / "city")
    said = ostwerk(
        *("run", "city/programme.toml", "--quarter", "2/2025", "--jobs", 1),
        cwd=elsewhere,
        PYTHONHASHSEED="3",
        TZ="Pacific/Auckland",
        LANG="de_DE.UTF-8",
    )
    assert said.returncode == 0, said.stderr
    there = release.open(elsewhere / "published")
    assert sums(here) == release.table_sums(there.folder)
    assert here.release.manifest["recipe"] == there.manifest["recipe"]


def test_the_order_of_the_rows_makes_no_difference_to_the_tables(quick_city, tmp_path):
    first = run(quick_city, "2025Q2", out=tmp_path / "a")
    for file in quick_city.glob("*.csv"):
        head, *rows = file.read_text().splitlines()
        file.write_text("\n".join([head, *reversed(rows)]) + "\n")
    second = run(quick_city, "2025Q2", out=tmp_path / "b")
    # The sites stand in the order in which the city put them.
    in_order_of_the_file = {"sites.parquet"}
    differing = {name for name in sums(first) if sums(first)[name] != sums(second)[name]}
    assert differing <= in_order_of_the_file


def test_a_changed_notebook_alone_is_executed_again_and_kept_for_verifying(
    quick_city, released, tmp_path, notebook_at
):
    notebook_at(quick_city / "notebooks" / "30_businesses.ipynb", GIVEN, "1 + 1")
    again = run(quick_city, "2025Q2", out=tmp_path)
    assert again.seconds.keys() - set(REPORTS) == {"30_businesses"}
    assert again.release.name == "2025-Q2-r2"  # another recipe is another release
    assert again.release.manifest["seconds"].keys() == {*ANALYSES, *REPORTS}
    page = (again.release.folder / "reports" / f"{REPORT}.de.html").read_text(encoding="utf-8")
    assert "<td>2025-Q2-r2</td>" in page
    kept = {path.name for path in (tmp_path / "runs" / "musterstadt" / "inputs").iterdir()}
    entries = again.release.manifest["inputs"]
    wanted = {entry["sha256"] + "." + entry["file"].rpartition(".")[2] for entry in entries}
    assert wanted <= kept


def test_changed_data_execute_all_and_the_release_before_stays(
    quick_city, released, tmp_path, change
):
    before = everything(released)
    change(quick_city / "statistics.csv", "01,,2024-Q1,unemployed,50", "01,,2024-Q1,unemployed,51")
    again = run(quick_city, "2025Q2", out=tmp_path)
    assert again.seconds.keys() == {*ANALYSES, *REPORTS}
    assert (again.release.name, again.is_current) == ("2025-Q2-r2", True)
    assert everything(released) == before
    assert release.table_sums(released) != sums(again)


def test_a_changed_seed_is_another_release(quick_city, released, tmp_path, change):
    change(quick_city / "programme.toml", "seed = 7", "seed = 8")
    assert run(quick_city, "2025Q2", out=tmp_path).release.name == "2025-Q2-r2"


# ---- quarters ----


def test_an_earlier_quarter_is_released_beside_the_current_one(
    quick_city, released, tmp_path, ostwerk
):
    earlier = run(quick_city, "2025Q1", out=tmp_path)
    assert (earlier.release.name, earlier.is_current) == ("2025-Q1", False)
    assert release.open(tmp_path / "published").name == "2025-Q2"
    assert run(quick_city, "2025Q1", out=tmp_path).status == "unchanged"
    said = ostwerk("run", quick_city, "--quarter", "2025-Q1", "--out", tmp_path)
    assert said.stdout.splitlines()[-1] == "The current release is 2025-Q2."


def test_last_is_the_last_quarter_with_data(quick_city, tmp_path):
    assert run(quick_city, out=tmp_path).release.quarter == "2025-Q2"


def test_a_quarter_that_is_not_over_is_not_the_last_one(quick_city, tmp_path, change):
    today = date.today()
    change(quick_city / "contacts.csv", "2025-06-30", str(today))
    complete = periods.last_complete(today)
    # The last complete quarter has no data now: the one before with data is taken.
    assert run(quick_city, out=tmp_path).release.quarter == "2025-Q2" < complete


def test_data_of_the_future_do_not_count_for_the_last_quarter(quick_city, tmp_path, change):
    change(quick_city / "contacts.csv", "2025-06-30", "2090-01-01")
    assert run(quick_city, out=tmp_path).release.quarter == "2025-Q2"


def test_without_data_in_the_series_there_is_no_last_quarter(quick_city, tmp_path, change):
    first = periods.last_complete(date.today())
    change(quick_city / "programme.toml", '"2024-Q1"', f'"{first}"')
    with pytest.raises(DataError, match=f"No quarter from {first} to {first} has data"):
        run(quick_city, out=tmp_path)


@pytest.mark.parametrize("quarter", ["2023Q4", "2199Q1", "current"])
def test_a_quarter_that_cannot_be_run_is_refused(quick_city, tmp_path, quarter):
    asked = periods.quarter_of(date.today()) if quarter == "current" else quarter
    with pytest.raises(DataError, match="is not between the programme's first quarter, 2024-Q1"):
        run(quick_city, asked, out=tmp_path)
    assert not (tmp_path / "published").exists()


# ---- one notebook only ----


def test_only_executes_one_notebook_and_releases_nothing(quick_city, tmp_path, ostwerk):
    said = ostwerk("run", quick_city, "--quarter", "2025Q2", "--only", "20_funding")
    kept = tmp_path / "runs" / "musterstadt" / "2025-Q2"
    assert said.stdout.splitlines()[-1] == f"Executed, and nothing released: {kept}"
    assert [path.stem for path in kept.glob("*.ipynb")] == ["20_funding"]
    assert not (tmp_path / "published").exists()


def test_a_report_only_needs_a_release_and_leaves_its_pages_with_the_run(
    quick_city, released, tmp_path
):
    with pytest.raises(NotebookError, match="reads a release, and 2025-Q2 has none yet"):
        run(quick_city, "2025Q2", out=tmp_path / "new", only=REPORT)
    before = everything(tmp_path / "published")
    result = run(quick_city, "2025Q2", out=tmp_path, only=REPORT, force=True)
    assert (result.status, result.seconds.keys()) == ("executed", set(REPORTS))
    assert everything(tmp_path / "published") == before
    assert {path.name for path in result.folder.glob("*.html")} == {f"{r}.html" for r in REPORTS}


# ---- notebooks that fail ----


def test_a_failing_notebook_is_named_the_others_finish_and_nothing_is_released(
    quick_city, released, tmp_path, notebook_at, ostwerk
):
    before = everything(tmp_path / "published")
    for name in ("20_funding", "30_businesses"):
        code = 'raise ValueError("no grants today\\nand more")' if name == "20_funding" else "2"
        notebook_at(quick_city / "notebooks" / f"{name}.ipynb", GIVEN, "1", code)
    said = ostwerk("run", quick_city, "--quarter", "2025Q2", "--out", tmp_path)
    assert said.returncode == 4
    kept = tmp_path / "runs" / "musterstadt" / "2025-Q2"
    assert said.stderr.strip() == (
        "20_funding.ipynb, cell 3: ValueError: no grants today\n"
        f"It is kept as executed, with its error, in {kept}."
    )
    assert "no grants today" in (kept / "20_funding.ipynb").read_text(encoding="utf-8")
    assert '"2"' in (kept / "30_businesses.ipynb").read_text(encoding="utf-8")
    assert everything(tmp_path / "published") == before


def test_a_report_that_could_reach_raw_data_is_refused(quick_city, tmp_path, notebook_at):
    both = 'release = ""\nlanguage = ""\nprogramme = "."'
    notebook_at(quick_city / "notebooks" / f"{REPORT}.ipynb", both, "1")
    with pytest.raises(NotebookError, match=r"must not reach raw data.*parameters programme out"):
        run(quick_city, "2025Q2", out=tmp_path)
    assert not list((tmp_path / "published").glob("*/2*"))


def test_a_failing_report_releases_nothing(quick_city, tmp_path, notebook_at):
    notebook_at(quick_city / "notebooks" / f"{REPORT}.ipynb", 'release = ""\nlanguage = ""', "x")
    with pytest.raises(NotebookError, match=rf"{REPORT}\.ipynb, cell 2: NameError"):
        run(quick_city, "2025Q2", out=tmp_path)
    assert list((tmp_path / "published" / "musterstadt").iterdir()) == []


@pytest.mark.parametrize(
    ("parameters", "settings", "message"),
    [
        (GIVEN, "limt = 3", "20_funding.ipynb has no parameter limt"),
        (GIVEN + "\nlimit: int", "", "20_funding.ipynb needs a value for its parameter limit"),
        ("quarter = 1", "", "has no parameter"),
    ],
)
def test_parameters_that_do_not_fit_stop_the_run_before_anything_runs(
    quick_city, tmp_path, change, notebook_at, parameters, settings, message
):
    notebook_at(quick_city / "notebooks" / "20_funding.ipynb", parameters, "1")
    written = f"[notebooks.20_funding.parameters]\n{settings}\n\n[[targets]]"
    change(quick_city / "programme.toml", "[[targets]]", written)
    with pytest.raises(NotebookError, match=re.escape(message)):
        run(quick_city, "2025Q2", out=tmp_path)
    assert not (tmp_path / "runs" / "musterstadt" / "2025-Q2").exists()


def test_a_parameter_of_a_report_is_checked_before_the_analyses_run(quick_city, tmp_path, change):
    written = f"[notebooks.{REPORT}.parameters]\nlenguage = 1\n\n[[targets]]"
    change(quick_city / "programme.toml", "[[targets]]", written)
    with pytest.raises(NotebookError, match="no parameter lenguage; the nearest is language"):
        run(quick_city, "2025Q2", out=tmp_path)
    assert not (tmp_path / "runs" / "musterstadt" / "2025-Q2").exists()


# ---- a city's own ----

LOANS = """
loans = ow.Indicator(
    id="loans_eur", label_de="Darlehen", label_en="Loans", unit="EUR", kind="sum",
    definition_de="Fünf Euro je Unternehmen.", definition_en="Five euros for each enterprise.",
    needs=("businesses",), units="enterprises",
    events=lambda data: data.businesses.assign(
        unit_id=data.businesses["business_id"], value=5.0, date=data.businesses["founded_on"]
    ),
)
ow.observations.save(ow.indicators.compute(data, quarter, indicators=[loans]), results)
"""


@pytest.fixture
def own(quick_city, notebook_at):
    """Give the small city a notebook of its own."""

    def own(*cells):
        head = "import pandas as pd\nimport ostwerk_analysis as ow\ndata = ow.load(programme)"
        notebook_at(quick_city / "notebooks" / "25_loans.ipynb", GIVEN, head, *cells)
        return quick_city

    return own


# Founded in 2024 and 2025: b2 (2024-Q1), b5 (2024-Q2), b8 (2025-Q2).
def test_a_citys_own_indicator_is_released_as_ours_are(own, tmp_path):
    published = run(own(LOANS), "2025Q2", out=tmp_path).release
    entry = published.catalogue.set_index("indicator").loc["loans_eur"]
    assert (entry["label_de"], entry["units"]) == ("Darlehen", "enterprises")
    rows = published.observations[published.observations["indicator"] == "loans_eur"]
    by_cell = rows.set_index(["area_id", "period"])
    assert by_cell.loc[("stadt", "2024-Q3"), "value"] == 0
    assert by_cell.loc[("stadt", "2024-Q1"), "conf_status"] == "C"  # one enterprise
    names = {entry["file"] for entry in published.manifest["inputs"]}
    assert "notebooks/25_loans.ipynb" in names
    assert "Darlehen" in text_of(published.folder / "downloads" / "observations.de.csv.zip")


def test_a_citys_own_report_is_published(own, quick_city, tmp_path, notebook_at):
    notebook_at(
        quick_city / "notebooks" / "95_letter.ipynb",
        'release = "."\nlanguage = "de"',
        "{'de': 'Sehr geehrte Damen und Herren', 'en': 'Dear all'}[language]",
    )
    published = run(quick_city, "2025Q2", out=tmp_path).release
    pages = {path.name: path.read_text("utf-8") for path in published.folder.glob("reports/*.html")}
    assert "Sehr geehrte" in pages["95_letter.de.html"]
    assert "Dear all" in pages["95_letter.en.html"]


def test_what_the_door_cannot_judge_is_not_released(own, tmp_path, ostwerk):
    uncounted = "rows = ow.indicators.compute(data, quarter, 'funding').assign(n_units=pd.NA)"
    city = own(uncounted, "ow.observations.save(rows, results)")
    (city / "notebooks" / "20_funding.ipynb").unlink()  # ours again, which says the same with units
    (city / "notebooks" / "25_loans.ipynb").rename(city / "notebooks" / "20_funding.ipynb")
    said = ostwerk("run", city, "--quarter", "2025Q2")
    assert said.returncode == 3
    assert "has a value, but does not say of how many units" in said.stderr
    assert "Traceback" not in said.stderr
    with pytest.raises(DisclosureError):
        run(city, "2025Q2", out=tmp_path)


def test_two_notebooks_that_contradict_each_other_release_nothing(own, tmp_path):
    other = (
        "chosen = [one for one in ow.indicators.CATALOGUE if one.id == 'unemployed']",
        "rows = ow.indicators.compute(data, quarter, indicators=chosen)",
        "rows['value'] = rows['value'] + 1",
        "ow.observations.save(rows, results)",
    )
    with pytest.raises(DataError, match="stands twice"):
        run(own(*other), "2025Q2", out=tmp_path)


def test_a_city_may_replace_one_of_ours(small_city, tmp_path, notebook_at):
    """Without the quick notebooks: one that is replaced, the others as they come with us."""
    notebook_at(
        small_city / "notebooks" / "50_participants.ipynb",
        GIVEN,
        "import ostwerk_analysis as ow\ndata = ow.load(programme)",
        "chosen = [one for one in ow.indicators.CATALOGUE if one.id == 'contacts']",
        "ow.observations.save(ow.indicators.compute(data, quarter, indicators=chosen), results)",
    )
    published = run(small_city, "2025Q2", out=tmp_path).release
    found = set(published.observations["indicator"])
    assert "contacts" in found
    assert "participants_entered" not in found
    assert {"grants_approved_eur", "unemployed"} <= found


# ---- the inputs ----


def test_bad_data_are_refused_and_the_release_before_stays(quick_city, released, tmp_path, change):
    before = everything(tmp_path / "published")
    change(quick_city / "grants.csv", "g2,b1", "g1,b1")
    with pytest.raises(DataError, match="g1 in grant_id"):
        run(quick_city, "2025Q2", out=tmp_path)
    assert everything(tmp_path / "published") == before


def test_what_was_set_aside_is_counted_in_the_release_and_not_told(quick_city, tmp_path, change):
    change(quick_city / "programme.toml", "seed = 7", "seed = 7\nfault_limit_pct = 20")
    change(quick_city / "contacts.csv", "c5,2024-05-02,startup_advice", "c5,2024-05-02,Schwatz")
    published = run(quick_city, "2025Q2", out=tmp_path).release
    fault = {"table": "contacts", "file": "contacts.csv", "column": "kind", "rule": "allowed"}
    assert published.manifest["faults"] == [fault | {"rows": 1}]
    assert published.faults.to_dict("records") == [fault | {"rows": 1}]
    assert not any("Schwatz" in text_of(path) for path in published.folder.glob("*.*"))
    reads = published.reads.set_index("table").loc["contacts"]
    assert (reads["rows_read"], reads["accepted"], reads["set_aside"]) == (8, 7, 1)


def test_demonstration_data_are_marked_in_every_download_and_report(quick_city, tmp_path, change):
    change(quick_city / "programme.toml", "seed = 7", "seed = 7\nis_demonstration = true")
    folder = run(quick_city, "2025Q2", out=tmp_path).release.folder
    for file in (*folder.glob("downloads/*"), *folder.glob("reports/*.html")):
        assert re.search("demonstration data|Demonstrationsdaten", text_of(file), re.IGNORECASE)
