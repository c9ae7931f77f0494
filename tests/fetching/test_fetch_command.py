"""``ostwerk fetch``: what it shows, and the files of Leipzig."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from ostwerk_analysis import DataError, check, fetching
from ostwerk_analysis.pipeline.run import run
from ostwerk_analysis.programme import Programme

from .conftest import names

GERMAN = {"LANG": "de_DE.UTF-8"}


def test_the_command_lists_what_became_of_each_file_and_all_failures(city, web, ostwerk, folder):
    city(grants=f'address = "{web.at("/gone.csv")}"')
    said = ostwerk("fetch", folder)
    assert said.returncode == 2
    assert re.search(r"^ *districts +districts\.geojson +fetched +1,075", said.stdout, re.M)
    assert re.search(r"^ *grants +grants\.csv +failed +–", said.stdout, re.M)
    assert said.stderr.startswith("grants.csv: The server has no such file (404 Not Found)")
    assert said.stderr.endswith("What was there before has stayed as it was.\n")
    said = ostwerk("fetch", folder, **GERMAN)
    assert re.search(r"^ *districts +districts\.geojson +unverändert +1\.075", said.stdout, re.M)
    assert said.stderr.startswith("grants.csv: Der Server hat keine solche Datei (404 Not Found)")


def test_a_bar_is_shown_on_a_terminal_and_nowhere_else(city, web, ostwerk, folder):
    city()
    assert "\x1b" not in ostwerk("fetch", folder).stdout
    (folder / "districts.geojson").unlink()
    screen, terminal = pty.openpty()
    command = [Path(sys.executable).with_name("ostwerk"), "fetch", folder]
    surrounding = os.environ | {"LC_ALL": "C.UTF-8", "COLUMNS": "120", "TERM": "xterm"}
    subprocess.run(command, stdout=terminal, stderr=terminal, env=surrounding, check=True)
    os.close(terminal)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(screen, 100_000).decode())
    os.close(screen)
    assert re.search(r"districts\.geojson .*━.* 1\.1/1\.1 kB", shown)


def test_a_file_that_was_not_fetched_yet_is_named_by_check_and_run(city, tmp_path):
    programme = city()
    words = r"districts\.geojson has not been fetched yet\. Bring it with: ostwerk fetch"
    with pytest.raises(DataError, match=words):
        check(programme)
    with pytest.raises(DataError, match=words):
        run(programme.folder, "2024Q2", out=tmp_path)
    fetching.fetch(programme)
    assert len(check(programme).districts) == 4


def test_only_takes_a_table_or_a_path_and_names_the_nearest(city, web):
    programme = city(grants=f'address = "{web.at("/gone.csv")}"')
    for only in ("districts", "./districts.geojson"):
        assert [found.path for found in fetching.fetch(programme, only)] == ["districts.geojson"]
    with pytest.raises(DataError, match="the nearest is 'districts'"):
        fetching.fetch(programme, "district")


def test_a_programme_without_addresses_has_nothing_to_fetch(city, ostwerk, folder):
    city(districts="")
    said = ostwerk("fetch", folder)
    assert (said.returncode, said.stdout.strip()) == (
        0,
        "No source has an address, so there is nothing to fetch.",
    )


# ---- Leipzig ----

LEIPZIG = Path(__file__).parents[2] / "data" / "leipzig"


def test_without_a_network_leipzig_says_what_to_bring_by_hand(tmp_path, closed, monkeypatch):
    folder = tmp_path / "leipzig"
    folder.mkdir()
    shutil.copyfile(LEIPZIG / "programme.toml", folder / "programme.toml")
    # By a proxy that is not there, so that no name is looked up and nothing leaves the machine.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    programme = Programme.read(folder)
    found = fetching.fetch(programme)
    assert len(found) == len(programme.sources) == 7
    for source, one in zip(programme.sources, found, strict=True):
        said = str(one.error)
        assert re.match(rf"{re.escape(source.path)}: The server \S+leipzig\.de cannot be", said)
        assert said.endswith(f"{source.address} to {folder / source.path}")
    assert names(folder) == {"programme.toml"}


def kdvalues(frame: pd.DataFrame) -> bytes:
    """Write figures as the city's server does: a column for each year, a comma for the point."""
    wide = frame.pivot_table(
        index=["Gebiet", "Sachmerkmal"], columns="jahr", values="wert", aggfunc="first", sort=False
    )
    cells = wide.map(lambda cell: f'"{cell:g}"'.replace(".", ",") if pd.notna(cell) else '""')
    lines = [",".join(f'"{name}"' for name in ("Gebiet", "Sachmerkmal", *wide.columns))]
    for (area, figure), row in cells.iterrows():
        lines.append(",".join([area, f'"{figure}"', *row]))
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture(scope="module")
def leipzig_answers(real_data) -> dict[str, bytes]:
    """What the city's servers would send, made of the real files; by file of the programme."""
    folder = real_data / "leipzig"
    answers = {"unemployed.csv": (folder / "lis_arbeitslose.csv").read_bytes()}
    for ours, name in (("ortsteile.json", "ortsteile"), ("stadtbezirke.json", "stadtbezirke")):
        metric = gpd.read_file(folder / f"{name}.json").to_crs("EPSG:25833")
        answers[ours] = metric.to_json(drop_id=True).encode()  # whose crs member says UTM33N
    records = json.loads((folder / "lis_einwohner.json").read_bytes())["daten"]
    people = pd.DataFrame(records)
    area = people["ortsteil"].fillna(people["stadtbezirk"])
    people = people.assign(
        Gebiet=area.map(lambda one: one["name"] if isinstance(one, dict) else one).fillna("Leipzig")
    )
    people = people.rename(columns={"name": "Sachmerkmal"})
    people["wert"] = pd.to_numeric(people["wert"])
    answers["residents.csv"] = kdvalues(people)
    for ours, name in (
        ("sgb2.csv", "bedarfsgemeinschaften"),
        ("craft.csv", "handwerksbetriebe"),
        ("migration.csv", "migranten"),
    ):
        tidy = pd.read_csv(folder / f"{name}.csv", dtype={"ortsteil_code": str})
        tidy = tidy.rename(columns={"ortsteil": "Gebiet", "sachmerkmal": "Sachmerkmal"})
        answers[ours] = kdvalues(tidy)
    return answers


@pytest.mark.real
def test_leipzig_is_fetched_and_checked(ostwerk, web, tmp_path, leipzig_answers):
    folder = tmp_path / "leipzig"
    folder.mkdir()
    text = (LEIPZIG / "programme.toml").read_text(encoding="utf-8")
    for source in tomllib.loads(text)["sources"]:
        web.answers[f"/{source['path']}"] = leipzig_answers[source["path"]]
        assert text.count(f'"{source["address"]}"') == 1
        text = text.replace(source["address"], web.at(f"/{source['path']}"))
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    said = ostwerk("fetch", folder)
    assert (said.returncode, said.stdout.count(" fetched ")) == (0, 7), said.stdout
    said = ostwerk("check", folder, "--report", tmp_path / "report")
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    accepted = {read["file"]: read["accepted"] for read in report["reads"]}
    assert said.returncode == 0, said.stdout + said.stderr
    assert accepted["ortsteile.json"] == 63
    assert accepted["stadtbezirke.json"] == 10
    assert accepted["sgb2.csv"] == 2 * 63 * 15  # communities of need, and the persons in them
    assert all(accepted.values())
    rejected = {read["file"]: read["set_aside"] for read in report["reads"] if read["set_aside"]}
    assert rejected == {}
    assert "unchanged" in ostwerk("fetch", folder, "--only", "ortsteile.json").stdout
