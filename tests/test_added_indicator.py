"""An indicator is one function and one declaration: all else follows it, untouched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
ADDED = '''

def long_talks(data: Dataset) -> pd.DataFrame:
    """Contacts of an hour and more, with their length."""
    met = contacts(data)
    return met[met["hours"] >= 1].assign(value=met["hours"])


INDICATORS += (
    Indicator(
        id="long_talk_hours",
        label_de="Dauer langer Gespräche",
        label_en="Length of long talks",
        definition_de="Median der Dauer aller Kontakte von einer Stunde und mehr.",
        definition_en="Median length of all contacts of an hour and more.",
        unit="hours",
        kind="median",
        needs=("contacts",),
        events=long_talks,
        splits=((), ("kind",)),
        units="both",
        better="down",
        eu_code="RCO00",
        first_period="2024-Q2",
    ),
)
'''
SHOWN = """
import sys
import ostwerk_analysis as ow
sys.path.append(sys.argv[2])
import generate
release = ow.release.open(sys.argv[1])
print(ow.__file__)
print(ow.explore(release, language="de", indicator="long_talk_hours")._repr_html_())
print(generate.indicators())
"""


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """Add an indicator to a copy of the package, and run the small city by its own notebooks."""
    home = tmp_path_factory.mktemp("added")
    ours = shutil.ignore_patterns("__pycache__", ".*")
    for folder in ("ostwerk_analysis", "notebooks"):
        shutil.copytree(ROOT / folder, home / folder, ignore=ours)
    shutil.copytree(ROOT / "tests" / "small_city", home / "city")
    with (home / "ostwerk_analysis" / "indicators" / "advice.py").open("a") as module:
        module.write(ADDED)
    with (home / "city" / "programme.toml").open("a") as programme:
        programme.write("\n[disclosure]\nminimum_enterprises = 1\nminimum_persons = 1\n")
    run(
        "-c",
        "from ostwerk_analysis.cli import main; main()",
        "run",
        "city",
        "--quarter",
        "2025Q2",
        "--no-pages",
        cwd=home,
    )
    return home


def run(*arguments, cwd):
    """Run Python with the copy of the package before the installed one."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(cwd), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(added):
    """The folder of the release."""
    return next((added / "published" / "musterstadt").glob("2025-Q2"))


def test_it_is_in_the_release_with_its_declaration(folder):
    observations = pd.read_parquet(folder / "observations.parquet")
    found = observations[observations["indicator"] == "long_talk_hours"]
    assert found["period"].min() == "2024-Q2"
    assert set(found["area_level"]) >= {"district", "city", "programme"}
    assert "kind=advice" in set(found["breakdown"])
    free = found[found["value"].notna()]
    assert len(free)
    assert (free["n_units"] >= 1).all()
    assert set(found.loc[found["value"].isna(), "quality_note"]) == {"nothing happened"}
    declared = pd.read_parquet(folder / "catalogue.parquet").set_index("indicator")
    row = declared.loc["long_talk_hours"]
    assert (row["first_period"], row["breakdowns"]) == ("2024-Q2", "kind")
    assert row[["kind", "unit", "eu_code", "better", "source"]].tolist() == [
        "median", "hours", "RCO00", "down", "contacts",
    ]  # fmt: skip


def test_it_is_in_the_downloads(folder):
    for language, label in (("de", "Dauer langer Gespräche"), ("en", "Length of long talks")):
        packed = folder / "downloads" / f"observations.{language}.csv.zip"
        assert label in pd.read_csv(packed, sep=None, engine="python").to_string()
        book = openpyxl.load_workbook(folder / "downloads" / f"observations.{language}.xlsx")
        assert book["long_talk_hours"]["A1"].value.startswith(label)
        notes = [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
        assert {label, "RCO00", "contacts"} <= {*notes}


def test_it_is_in_the_list_of_the_map_and_in_the_docs(added, folder):
    shown = run("-c", SHOWN, folder, ROOT / "docs", cwd=added)
    assert shown.startswith(str(added))  # and not the installed package
    assert ">Dauer langer Gespräche</option>" in shown
    assert "### `long_talk_hours`: Length of long talks" in shown
    assert "- EU code: RCO00" in shown
    assert "- First period: 2024-Q2" in shown
