"""The real command, called as people call it, and as they mistype it."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ostwerk_analysis import check, publishing, release
from ostwerk_analysis.pipeline.run import run

COMMANDS = ["init", "fetch", "check", "run", "serve", "demo", "lab", "releases"]
COMMANDS += ["report", "verify"]
GERMAN = {"LANG": "de_DE.UTF-8"}


def is_one_line(said):
    return said.stdout.strip() == "" and len(said.stderr.strip().splitlines()) == 1


# ---- help and language ----


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_has_an_example(ostwerk, name, language):
    said = ostwerk(name, "--help", "--lang", language)
    assert said.returncode == 0
    assert re.search(rf"^ +ostwerk {name}\b", said.stdout, re.MULTILINE)
    assert ("Show this help" in said.stdout) == (language == "en")


def test_without_arguments_it_says_what_it_can_do(ostwerk):
    said = ostwerk()
    assert said.returncode == 0
    assert all(re.search(rf"\b{name}\b", said.stdout) for name in COMMANDS)


def test_the_version_is_told(ostwerk):
    import ostwerk_analysis

    said = ostwerk("--version")
    assert (said.returncode, said.stdout) == (0, f"ostwerk {ostwerk_analysis.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "surrounding", "is_german"),
    [
        (["check", "x"], {}, False),
        (["check", "x"], GERMAN, True),
        (["check", "x"], {"LANG": "C.UTF-8", "LC_ALL": "de_AT.UTF-8"}, True),
        (["check", "x"], GERMAN | {"LC_ALL": "en_GB.UTF-8"}, False),
        (["--lang", "de", "check", "x"], {}, True),
        (["check", "--lang", "de", "x"], {}, True),
        (["check", "x", "--lang=de"], {}, True),
        (["check", "x", "--lang", "en"], GERMAN, False),
    ],
)
def test_the_language_is_that_of_the_locale_or_of_lang_anywhere(
    ostwerk, arguments, surrounding, is_german
):
    said = ostwerk(*arguments, **surrounding)
    assert said.returncode == 2
    assert said.stderr.startswith("x gibt es nicht." if is_german else "x does not exist.")


# ---- mistakes ----


def broken_toml(city):
    (city / "programme.toml").write_text("[programme\n")


def no_text(city):
    (city / "programme.toml").write_bytes(b"\xff\xfe\x00")


def unknown_key(city):
    with (city / "programme.toml").open("a") as file:
        file.write('\n[[headline]]\nid = "a"\n')


def missing_source(city):
    (city / "grants.csv").unlink()


def folder_for_a_source(city):
    (city / "grants.csv").unlink()
    (city / "grants.csv").mkdir()


def dangling_link_for_a_source(city):
    (city / "grants.csv").unlink()
    (city / "grants.csv").symlink_to("nowhere.csv")


def folder_for_the_file(city):
    (city / "programme.toml").unlink()
    (city / "programme.toml").mkdir()


def bytes_for_a_source(city):
    (city / "grants.csv").write_bytes(b"grant_id,\x00\x81\x8d\xff\n" * 3)


def secret(city):
    with (city / "programme.toml").open("a") as file:
        file.write('\n[notebooks.20_funding.parameters]\npassword = "Pfirsich"\n')


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        (broken_toml, "programme.toml cannot be read"),
        (no_text, "programme.toml cannot be read"),
        (unknown_key, "headline: unknown key; did you mean 'headlines'?"),
        (missing_source, "grants.csv is not there"),
        (folder_for_a_source, "grants.csv is not there, or is not a plain file"),
        (dangling_link_for_a_source, "is not there"),
        (folder_for_the_file, "programme.toml cannot be read"),
        (bytes_for_a_source, "grants"),
        (secret, "holds a secret"),
        (shutil.rmtree, "does not exist"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_mistake_in_the_programme_is_named_and_ends_with_2(ostwerk, small_city, mistake, named):
    mistake(small_city)
    said = ostwerk("check", small_city)
    assert (said.returncode, "Traceback" in said.stderr) == (2, False), said.stderr
    assert named in said.stderr
    assert "Pfirsich" not in said.stderr
    assert not (small_city.parent / "ostwerk.log").exists()
    if mistake in (broken_toml, missing_source):
        same = ostwerk("run", small_city, "--quarter", "2025Q2")
        assert (same.returncode, named in same.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["check"], "The argument programme is missing. See: ostwerk check --help"),
        (["run", "x", "--quater", "2025Q2"], "There is no option --quater. See: ostwerk run"),
        (["run", "x", "--jobs", "many"], "The value of --jobs is not possible. See: ostwerk run"),
        (["check", "--lang", "fr"], "--lang: de | en"),
        (["check", "no/such/folder"], "no/such/folder does not exist."),
        (["check", "."], "programme.toml does not exist."),
    ],
)
def test_a_wrong_call_is_answered_in_one_line_and_ends_with_2(ostwerk, arguments, named):
    said = ostwerk(*arguments)
    assert said.returncode == 2
    assert is_one_line(said)
    assert named in said.stderr


@pytest.mark.parametrize(
    ("quarter", "named"),
    [
        ("2025", "'2025' is not a quarter. Write it as 2026Q3."),
        ("2025Q5", "'2025Q5' is not a quarter."),
        ("latest", "'latest' is not a quarter."),
        ("2199Q1", "2199-Q1 is not between the programme's first quarter, 2024-Q1, and the last"),
        ("2003Q1", "2003-Q1 is not between the programme's first quarter, 2024-Q1, and the last"),
    ],
)
def test_a_quarter_that_cannot_be_is_named_and_ends_with_2(ostwerk, small_city, quarter, named):
    said = ostwerk("run", small_city, "--quarter", quarter)
    assert said.returncode == 2
    assert said.stderr.startswith(named)
    assert "Traceback" not in said.stderr


def test_a_notebook_that_is_not_there_ends_with_4(ostwerk, small_city):
    said = ostwerk("run", small_city, "--only", "20_found")
    assert said.returncode == 4
    assert said.stderr.strip() == "There is no notebook '20_found'; did you mean '20_funding'?"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["verify", "nowhere"], "nowhere is not there."),
        (["verify", "."], "0 programmes with a release"),
        (["serve"], "There is no release in published. Make one with: ostwerk run PROGRAMME"),
        (["serve", "--release", "."], "There is no release in"),
    ],
)
def test_where_there_is_no_release_it_is_said_in_one_line_and_ends_with_1(
    ostwerk, arguments, named
):
    said = ostwerk(*arguments)
    assert said.returncode == 1
    assert is_one_line(said), said.stdout + said.stderr
    assert named in said.stderr


def test_what_the_system_refuses_is_one_line(ostwerk, small_city, tmp_path):
    (tmp_path / "out").write_text("a file, where a folder is to be")
    said = ostwerk("run", small_city, "--out", "out")
    assert said.returncode == 1
    assert re.fullmatch(r"\S+/out\S*: (File exists|Not a directory)", said.stderr.strip())


def test_a_mistake_of_ours_goes_whole_into_the_log_and_short_onto_the_screen(tmp_path):
    broken = (
        "from ostwerk_analysis import cli\ncli.application = lambda language: 1 / 0\ncli.main()"
    )
    said = subprocess.run(
        [sys.executable, "-c", broken, "check", "x"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    assert said.returncode == 1
    assert said.stderr.startswith("Unexpected: ZeroDivisionError: division by zero. The file ")
    assert is_one_line(said)
    log = (tmp_path / "ostwerk.log").read_text()
    assert "ostwerk check x" in log
    assert "Traceback" in log


# ---- init ----


def test_a_new_folder_is_made_once(ostwerk, tmp_path):
    said = ostwerk("init", "meine-stadt", **GERMAN)
    assert said.returncode == 0
    assert (tmp_path / "meine-stadt" / "programme.toml").is_file()
    again = ostwerk("init", "meine-stadt")
    assert again.returncode != 0
    assert is_one_line(again)


# ---- check ----


def test_sound_data_are_accepted_and_counted(ostwerk, small_city, tmp_path):
    said = ostwerk("check", small_city)
    assert said.returncode == 0
    [contacts] = [line for line in said.stdout.splitlines() if line.startswith("contacts")]
    assert contacts.split() == ["contacts", "contacts.csv", "8", "8", "0", "0"]
    folder = tmp_path / "runs" / "musterstadt" / "check"
    assert [path.name for path in folder.iterdir()] == ["report.json"]
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (report["programme"], report["is_accepted"], report["faults"]) == (
        "musterstadt",
        True,
        [],
    )
    assert {entry["file"] for entry in report["inputs"]} >= {"grants.csv", "districts.geojson"}


@pytest.fixture
def faulty_city(small_city, change):
    """Two contacts that cannot be: one of a kind unknown, one with an impossible date."""
    change(small_city / "contacts.csv", "c5,2024-05-02,startup_advice", "c5,2024-05-02,=Schwatz")
    change(small_city / "contacts.csv", "c6,2024-07-01", "c6,2024-07-41")
    return small_city


def test_faults_are_told_with_place_rule_and_remedy(ostwerk, faulty_city, tmp_path):
    said = ostwerk("check", faulty_city)
    assert said.returncode == 2
    assert "contacts.csv, line 6: =Schwatz in kind is not one of: first_contact" in said.stdout
    assert "contacts.csv, line 7: 2024-07-41 in occurred_on is not a date" in said.stdout
    assert "2 of 8 rows set aside (25" in said.stdout.replace("\n", " ")
    assert "Traceback" not in said.stdout + said.stderr


def test_rows_set_aside_are_written_harmless_and_as_they_stood(ostwerk, faulty_city, tmp_path):
    ostwerk("check", faulty_city, "--out", "here")
    folder = tmp_path / "here" / "runs" / "musterstadt" / "check"
    with (folder / "contacts.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["contact_id"] for row in rows] == ["c5", "c6"]
    assert [row["kind"] for row in rows] == ["'=Schwatz", "community_event"]
    assert [row["_line"] for row in rows] == ["6", "7"]
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["is_accepted"] is False
    assert [(fault["line"], fault["rule"]) for fault in report["faults"]] == [
        *((6, "allowed"), (7, "date"))
    ]
    [reads] = [entry for entry in report["reads"] if entry["table"] == "contacts"]
    assert reads["rows_read"] == reads["accepted"] + reads["set_aside"] == 8


def test_within_the_limit_faulty_data_are_accepted(ostwerk, faulty_city, change):
    change(faulty_city / "programme.toml", "seed = 7", "seed = 7\nfault_limit_pct = 25")
    assert ostwerk("check", faulty_city).returncode == 0


def test_a_later_check_leaves_nothing_of_an_earlier_one(ostwerk, faulty_city, change):
    assert ostwerk("check", faulty_city, "--report", "said").returncode == 2
    change(faulty_city / "contacts.csv", "=Schwatz", "advice")
    change(faulty_city / "contacts.csv", "2024-07-41", "2024-07-14")
    assert ostwerk("check", faulty_city, "--report", "said").returncode == 0
    folder = faulty_city.parent / "said"
    assert [path.name for path in folder.iterdir()] == ["report.json"]


def test_a_check_says_what_was_corrected_and_what_is_in_doubt(ostwerk, small_city, change):
    """All districts have 0 residents in 2025; a declared fault of 2024 no longer occurs."""
    file = small_city / "statistics.csv"
    rows = [
        f"0{code},,{year},residents,{0 if year == 2025 else 1000 * code},"
        for code in range(1, 5)
        for year in range(2020, 2027)
        if year != 2024
    ]
    file.write_text(file.read_text() + "\n".join(rows) + "\n")
    head = '[[corrections]]\nsource = "statistics.csv"\ncolumn = "value"\nbecomes = ""\n'
    with (small_city / "programme.toml").open("a") as programme:
        programme.write(head + 'id = "old"\nbelow = -5\nwhy = "Gone."\n')
        programme.write(
            head + 'id = "quarter"\nwhere = { statistic = ["unemployed"] }\nequals = "0"\n'
            'why = { de = "Gesperrt.", en = "Suppressed." }\n'
        )
    said = ostwerk("check", small_city, "--report", "said", **GERMAN)
    assert said.returncode == 0
    assert "statistics.csv: korrigierte Zellen: 1 (quarter). Gesperrt." in said.stdout
    assert "old: Der Fehler, den sie korrigiert, tritt nicht mehr auf." in said.stdout
    assert (
        "residents, Ortsteile, 2025: 0 in 4 Werten, wo zusammen 10.000 üblich ist." in said.stdout
    )
    proposal = small_city.parent / "said"
    [proposed] = tomllib.loads((proposal / "corrections.toml").read_text("utf-8"))["corrections"]
    assert proposed["where"] == {"statistic": ["residents"], "period": ["2025"]}
    # Pasted as it is, it does what it says, and nothing is left in doubt.
    old = head + 'id = "old"\nbelow = -5\nwhy = "Gone."\n'
    pasted = (proposal / "corrections.toml").read_text("utf-8")
    change(small_city / "programme.toml", old, pasted)
    data = check(small_city)
    assert data.findings.empty
    assert data.corrections["cells"].tolist() == [4, 1]


def test_a_german_check_speaks_and_writes_german(ostwerk, faulty_city):
    said = ostwerk("check", faulty_city, "--report", "said", **GERMAN)
    assert "contacts.csv, Zeile 6" in said.stdout
    assert "Abhilfe" not in said.stdout
    with (faulty_city.parent / "said" / "contacts.csv").open(encoding="utf-8-sig") as file:
        assert file.readline().startswith("contact_id;occurred_on;")


# ---- run, releases, verify: on one released quarter, looked at and then damaged ----


@pytest.fixture
def released(released, quick_city, tmp_path):
    """Two quarters of the quick city; the folder of the later one."""
    run(quick_city, "2025Q1", out=tmp_path)
    return released


def test_a_run_says_where_its_release_is(ostwerk, quick_city, tmp_path):
    said = ostwerk("run", quick_city, "--quarter", "2/2025", "--out", "there")
    folder = tmp_path / "there" / "published" / "musterstadt" / "2025-Q2"
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines()[-1] == f"Released: {folder}"
    again = ostwerk("run", quick_city, OSTWERK_OUT=str(tmp_path / "there"), **GERMAN)
    assert again.stdout == f"Seit der Veröffentlichung {folder} hat sich nichts geändert.\n"
    (tmp_path / "torn.ipynb").write_text("{")  # a page of one's own that cannot be shown
    torn = ostwerk("run", quick_city, "--out", "there", "--dashboards", tmp_path, "--pages")
    assert torn.returncode == 0
    assert "This page could not be rendered" in torn.stdout
    assert "torn.ipynb cannot be read" in torn.stdout


def test_releases_are_listed_printed_and_verified_until_they_are_damaged(
    ostwerk, released, tmp_path
):
    lines = ostwerk("releases").stdout.splitlines()
    assert lines[0].split() == ["Programme", "Release", "Released", "Status", "Damage"]
    assert [re.split(r" {2,}", line.strip())[:2] for line in lines[1:]] == [
        *(["musterstadt", "2025-Q2"], ["musterstadt", "2025-Q1"])
    ]
    assert "current" in lines[1]
    assert "earlier" in lines[2]
    assert "aktuell" in ostwerk("releases", **GERMAN).stdout

    files = [f"musterstadt-2025-Q2-90_quarterly_report.{code}" for code in ("de", "en")]
    printed = ostwerk("report", "published", "--pdf", "--to", "paper")
    assert printed.stdout == "".join(f"Written: paper/{file}.pdf\n" for file in files)
    for file in files:
        assert (tmp_path / "paper" / f"{file}.pdf").read_bytes().startswith(b"%PDF")
    assert ostwerk("report", released, "--to", "screen").returncode == 0
    assert {path.name for path in (tmp_path / "screen").iterdir()} == {
        *("plotly.min.js", f"{files[0]}.html", f"{files[1]}.html")
    }

    verified = ostwerk("verify", Path("published", "musterstadt", "2025-Q2"))
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.splitlines()[-1] == "All 24 tables are byte-identical."

    observations = release.open(released).observations
    observations.loc[0, "value"] += 1
    observations.to_parquet(released / "observations.parquet", index=False)
    damaged = ostwerk("releases").stdout.splitlines()[1]
    assert "damaged" in damaged
    assert "observations.parquet was changed" in damaged
    refused = ostwerk("verify", released)
    assert (refused.returncode, is_one_line(refused)) == (1, True)

    manifest = json.loads((released / "manifest.json").read_text())
    publishing.seal(released, manifest)  # whole by its sums, but not what its inputs give
    differs = ostwerk("verify", released)
    assert differs.returncode == 1
    assert differs.stdout.splitlines()[-2:] == [
        *("Tables that differ: 1 of 24", "  observations.parquet")
    ]
