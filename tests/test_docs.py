"""The documentation builds without a warning, names everything, and its examples run."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest

import ostwerk_analysis as ow
from ostwerk_analysis import programme as models
from ostwerk_analysis import release, sources
from ostwerk_analysis.cli import application
from ostwerk_analysis.indicators import CATALOGUE, advice
from ostwerk_analysis.observations import COLUMNS
from ostwerk_analysis.rules import FINDINGS, RULES
from ostwerk_analysis.sources import raw
from ostwerk_analysis.tables import TABLES

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a copy, so that nothing is written into the repository."""
    home = tmp_path_factory.mktemp("documentation")
    shutil.copytree(
        ROOT / "docs", home / "docs", ignore=shutil.ignore_patterns("_build", "generated")
    )
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copyfile(ROOT / name, home / name)
    # A proxy that is not there: what asks the network for something fails.
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", "site"],
        cwd=home,
        env=os.environ | offline,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home / "site"


@pytest.fixture(scope="module")
def words(built):
    """Give a function that reads the text of a page."""

    def read(page):
        found = (built / f"{page}.html").read_text(encoding="utf-8")
        return html.unescape(re.sub(r"<[^>]+>", "", found))

    return read


def test_every_indicator_appears(words):
    page = words("indicators")
    for indicator in CATALOGUE:
        assert re.search(rf"\b{indicator.id}\b", page), indicator.id
        assert indicator.label_de.removesuffix(" (seit Beginn)") in page


def test_every_table_column_appears(words):
    page = words("tables")
    for name, contract in TABLES.items():
        part = page.split(f"\n{name}#\n")[1]
        for column, declared in contract.columns.items():
            assert f"\n{column}\n" in part, f"{name}.{column}"
            assert declared.description in part


def test_every_key_of_a_programme_appears(words):
    page = words("programme")
    models_of_sections = [
        model for model in models.Section.__subclasses__() if model != models.Text
    ]
    for model in models_of_sections:
        for key, field in model.model_fields.items():
            if field.description:
                assert f"\n{key}\n" in page, f"{model.__name__}.{key}"
    sections = [
        name
        for name, field in models.Programme.model_fields.items()
        if not field.description and not field.exclude
    ]
    for name in sections:
        assert re.search(rf"\[{name}[\].]", page), name


def test_every_rule_and_command_appears(words):
    assert all(f"\n{code}\n" in words("faults") for code in RULES)
    assert all(f"\n{one.title}\n" in words("plausibility") for one in FINDINGS.values())
    for command in application("en").registered_commands:
        assert f"ostwerk {command.callback.__name__}#" in words("commands")


def test_releases_page_names_all_that_is_published(words):
    page = words("releases")
    for table in (*release.PLAIN_TABLES, *release.GEO_TABLES):
        assert f"{table}.parquet" in page
    assert all(name in page for name in (release.CURRENT, release.MANIFEST, release.SUMS))
    assert all(column in words("architecture") for column in COLUMNS)


def test_pages_ask_no_other_host_for_anything(built):
    loading = re.compile(
        r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]+\""
    )
    for page in built.rglob("*.html"):
        found = loading.findall(page.read_text(encoding="utf-8"))
        assert [tag for tag in found if 'rel="canonical"' not in tag] == [], page.name


def test_pages_name_no_path_of_this_machine(built):
    for page in built.rglob("*.html"):
        assert str(ROOT) not in page.read_text(encoding="utf-8"), page.name


def blocks(file, language="python"):
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_three_lines_of_the_readme_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    [three_lines] = blocks("README.md")
    names: dict = {}
    exec(three_lines, names)  # noqa: S102  # what a reader would type
    assert len(names["observations"])


def test_indicator_of_contributing_counts_hours(monkeypatch):
    declaring = next(block for block in blocks("CONTRIBUTING.md") if "ADVICE_HOURS =" in block)
    names = {
        "Dataset": ow.Dataset,
        "Indicator": ow.Indicator,
        "contacts": advice.contacts,
        "pd": pd,
    }
    exec(declaring, names)  # noqa: S102
    data = ow.load(ROOT / "data" / "leipzig-demo")
    observations = ow.indicators.compute(data, "2026Q3", indicators=[names["ADVICE_HOURS"]])
    city = data.programme.city.id
    found = ow.observations.select(observations, "advice_hours", area_id=city, period="2020-Q1")
    days = data.contacts["occurred_on"]
    is_advice = data.contacts["kind"].isin(["advice", "startup_advice"])
    first_quarter = days.between(pd.Timestamp(2020, 1, 1), pd.Timestamp(2020, 3, 31))
    expected = data.contacts.loc[is_advice & first_quarter, "hours"].sum()
    assert found["value"].item() == pytest.approx(expected)
    assert expected > 0


def test_reader_of_contributing_reads(tmp_path):
    reading = next(block for block in blocks("CONTRIBUTING.md") if "json.loads" in block)
    names = {name: getattr(raw, name) for name in ("RawTable", "read_bytes", "put_aside")}
    names |= {"named": raw.named, "asked_for": raw.asked_for, "json": json, "pd": pd}
    names |= {"DataError": ow.DataError, "Source": models.Source, "Path": Path}
    exec(reading, names)  # noqa: S102
    file = tmp_path / "contacts.json"
    file.write_text('[{"Nr": 1, "Amt": "Ost"}, {"Nr": 2, "Amt": "West"}]', encoding="utf-8")
    source = models.Source(
        table="contacts", path=file.name, columns={"contact_id": "Nr"}, where={"Amt": ["West"]}
    )
    table = names["read"](source, file)
    assert isinstance(table, sources.RawTable)
    assert table.frame[["contact_id", "_line"]].to_numpy().tolist() == [["2", 2]]
    assert (table.rows_read, table.rows_skipped) == (2, 1)
    file.write_text("[", encoding="utf-8")
    with pytest.raises(ow.DataError, match=r"contacts\.json is not JSON"):
        names["read"](source, file)


def test_every_format_has_an_example_and_every_example_of_a_source_is_accepted():
    shown = set()
    for file in (ROOT / "docs").glob("*.md"):
        for block in blocks(file.relative_to(ROOT), "toml"):
            for source in tomllib.loads(block.replace("9f2c…", "0" * 64)).get("sources", []):
                read = models.Source.model_validate(source)
                known = {*TABLES[read.table].columns, "area_name"}
                assert not {*read.columns, *read.constants} - known, f"{file.name}: {block}"
                if file.name == "formats.md":
                    shown.add(read.reader)
    assert shown == set(get_args(models.Source.model_fields["format"].annotation)) - {""}


def test_commands_in_the_texts_exist():
    known = {command.callback.__name__ for command in application("en").registered_commands}
    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for block in blocks(file.relative_to(ROOT), "console"):
            for name in re.findall(r"^\$ ostwerk (\w+)", block, flags=re.MULTILINE):
                assert name in known, f"{file.name}: ostwerk {name}"
