"""What cities send that is wrong: each ends as a row set aside or as an error that says why.

Files as such are broken in ``tests/sources``; here are rows, columns and paths, through the same
:func:`ostwerk_analysis.loading.check` that the command and the quarterly run use.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.loading import check, load
from ostwerk_analysis.tables import TABLES

from .checked import check_table, faults_of

SMALL_CITY = Path(__file__).parent / "small_city"


def assert_only_set_aside(data, folder, table, lines):
    """Hold the accepted rows against the file: all but those lines, in order, and counted."""
    written = (folder / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    keys = [text.split(",")[0] for line, text in enumerate(written[1:], 2) if line not in lines]
    assert data.tables[table][TABLES[table].unique[0]].tolist() == keys
    aside = data.set_aside.get(table, pd.DataFrame({"_line": []}))
    assert aside["_line"].astype(int).tolist() == lines
    counts = data.reads.set_index("table").loc[table]
    assert counts["rows_read"] == len(written) - 1
    assert counts[["accepted", "set_aside", "skipped"]].tolist() == [len(keys), len(lines), 0]


WZ = "a code of the WZ such as 47.11"
ROWS = {
    # name: file, what stands there, what shall, faults
    "a negative amount": (
        "grants", "8000,2000,,sign", "8000,-2000,,sign",
        [(5, "grant_eur", "-2000", "range", "0 or more")],
    ),
    "paid more than approved": (
        "grants", "2000,1500,website", "2000,2000.01,website",
        [(3, "paid_eur", "2000.01", "order", "at most grant_eur")],
    ),
    "approved more than it costs": (
        "grants", "3000,3000,,rent", "3000,3000.5,,rent",
        [(4, "grant_eur", "3000.5", "order", "at most eligible_cost_eur")],
    ),
    "approval before application": (
        "grants", "2025-01-15", "2024-04-01",
        [(5, "approved_on", "2024-04-01", "order", "on or after applied_on")],
    ),
    "end before start": (
        "operations", "2024-07-01,2024-12-31", "2024-07-01,2024-06-30",
        [(3, "ends_on", "2024-06-30", "order", "on or after started_on")],
    ),
    "closed before founded": (
        "businesses", "2023-12-31,2024-05-31", "2023-12-31,2023-05-31",
        [(4, "closed_on", "2023-05-31", "order", "on or after founded_on")],
    ),
    "year 0202": (
        "contacts", "2024-02-10", "0202-02-10",
        [(4, "occurred_on", "0202-02-10", "date", "")],
    ),
    "year 2202": (
        "contacts", "2024-02-10", "2202-02-10",
        [(4, "occurred_on", "2202-02-10", "date", "")],
    ),
    "a key that stands twice": (
        "grants", "g6,b6", "g5,b6",
        [(6, "grant_id", "g5", "key", ""), (7, "grant_id", "g5", "key", "")],
    ),
    "a row that stands twice": (
        "grants", "g4,b3,", "g7,b7,beihilfe,2025-04-01,applied,,,,1200,,,oven,\ng4,b3,",
        [(9, "grant_id", "g7", "duplicate_row", "")],
    ),
    "an unknown district": (
        "businesses", "b4,02", "b4,20", [(5, "district_id", "20", "unknown", "districts")],
    ),
    "a point outside the city": (
        "businesses", "12.379453,51.345436", "12.379453,52.345436",
        [(6, "lon and lat", "12.379453, 52.345436", "outside", "")],
    ),
    "a point in another district than stated": (
        "businesses", "b5,,12.379453,51.345436", "b5,01,12.379453,51.345436",
        [(6, "district_id", "01", "elsewhere", "03")],
    ),
    "longitude and latitude exchanged": (
        "businesses", "12.379453,51.345436", "51.345436,12.379453",
        [(6, "lon and lat", "51.345436, 12.379453", "outside", "")],
    ),
    "an unknown code of the WZ": (
        "businesses", "10.71,2008", "04.71,2008", [(3, "wz_code", "04.71", "pattern", WZ)],
    ),
    "a code without its point": (
        "businesses", "10.71,2008", "1071,2008", [(3, "wz_code", "1071", "pattern", WZ)],
    ),
    "a code of the WZ 2008 called one of 2025": (
        "businesses", "10.71,2008", "45.20,2025", [(3, "wz_code", "45.20", "edition", "2008")],
    ),
    "a section of the WZ 2025 called one of 2008": (
        "businesses", "10.71,2008", "V,2008", [(3, "wz_code", "V", "edition", "2025")],
    ),
    "a section of the WZ 2025 without an edition": (
        "businesses", "10.71,2008", "V,", [(3, "wz_code", "V", "edition", "2025")],
    ),
    "infinity": (
        "contacts", "s1,,1.5,", "s1,,inf,", [(3, "hours", "inf", "number", "")],
    ),
    "a number too large to hold": (
        "contacts", "s1,,1.5,", "s1,,1e400,", [(3, "hours", "1e400", "number", "")],
    ),
    "text in a number": (
        "contacts", "s1,,1.5,", "s1,,1.5 h,", [(3, "hours", "1.5 h", "number", "")],
    ),
    "a formula in a number": (
        "contacts", "s1,,1.5,", "s1,,=1+0.5,", [(3, "hours", "=1+0.5", "number", "")],
    ),
    "a job of two enterprises": (
        "jobs", "j2,b2,created,verified", "j2,b1,created,verified",
        [(5, "business_id", "b2", "differs", "j2"), (6, "business_id", "b1", "differs", "j2")],
    ),
    "a job of two kinds": (
        "jobs", "j2,b2,created,verified", "j2,b2,secured,verified",
        [(5, "kind", "created", "differs", "j2"), (6, "kind", "secured", "differs", "j2")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("period", ["0202", "9999", "2204-Q1"])
def test_a_figure_of_no_year_of_ours_is_set_aside(small_city, change, period):
    change(small_city / "statistics.csv", "01,,2024,residents", f"01,,{period},residents")
    found = faults_of(check_table(small_city, "statistics"), "statistics")
    assert found == [(2, "period", period, "pattern", "2026-Q3 or 2026")]


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_is_set_aside_and_no_other(small_city, change, name):
    table, old, new, faults = ROWS[name]
    change(small_city / f"{table}.csv", old, new)
    data = check_table(small_city, table)
    assert faults_of(data, table) == faults
    assert_only_set_aside(data, small_city, table, [line for line, *_ in faults])


@pytest.mark.parametrize("word", ["Summe", "Gesamt:", "INSGESAMT", "Grand total"])
def test_a_row_of_totals_is_no_enterprise(small_city, change, word):
    file = small_city / "businesses.csv"
    change(file, file.read_text(), "business_id,employees_fte\nb1,3\nb2,4\n" + f"{word},7\n")
    stated = 'path = "businesses.csv"'
    change(small_city / "programme.toml", stated, f'{stated}\nconstants = {{ district_id = "01" }}')
    data = check_table(small_city, "businesses")
    assert faults_of(data, "businesses") == [(4, "business_id", word, "total", "")]
    assert data.tables["businesses"]["employees_fte"].sum() == 7


def test_the_command_lists_all_of_them_at_once_and_ends_with_2(small_city, change, ostwerk):
    planted = {"grants": [5, 7], "contacts": [3, 4], "operations": [3], "jobs": [5, 6]}
    planted["funding_shares"] = [7, 8]  # of a grant set aside
    planted["funding_shares"] = [7, 8]  # of a grant set aside
    change(small_city / "grants.csv", "8000,2000,,sign", "8000,-2000,,sign")
    change(small_city / "grants.csv", "g6,b6,startgeld,2025", "g6,b6,startgeld,0202")
    change(small_city / "contacts.csv", "s1,,1.5,", "s1,,1e400,")
    change(small_city / "contacts.csv", "2024-02-10", "2024-02-30")
    change(small_city / "operations.csv", "2024-12-31", "2024-06-30")
    change(small_city / "jobs.csv", "j2,b2,created,verified", "j2,b2,secured,verified")
    done = ostwerk("check", small_city, "--report", "report")
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    report = json.loads((small_city.parent / "report" / "report.json").read_text())
    assert report["is_accepted"] is False
    found = {}
    for fault in report["faults"]:
        found.setdefault(fault["table"], []).append(fault["line"])
    assert found == planted
    for read in report["reads"]:
        assert read["set_aside"] == len(planted.get(read["table"], []))
        assert read["rows_read"] == read["accepted"] + read["set_aside"] + read["skipped"]
    assert "grants.csv, line 5: -2000 in grant_eur must be 0 or more." in done.stdout


# Dates after the day up to which the data reach


def test_an_event_after_the_day_of_the_data_is_set_aside_and_a_plan_is_not(small_city, change):
    change(small_city / "programme.toml", "seed = 7", "data_as_of = 2025-05-09")
    data = check(small_city)
    expected = "2025-05-09"
    assert faults_of(data, "businesses") == [(9, "founded_on", "2025-05-10", "future", expected)]
    assert faults_of(data, "contacts") == [(9, "occurred_on", "2025-06-30", "future", expected)]
    assert set(data.faults["table"]) == {"businesses", "contacts"}
    assert_only_set_aside(data, small_city, "businesses", [9])
    assert_only_set_aside(data, small_city, "contacts", [9])
    assert data.operations["ends_on"].max() == pd.Timestamp("2026-12-31")


def test_the_day_of_the_data_itself_is_not_after_it(small_city, change):
    change(small_city / "programme.toml", "seed = 7", "data_as_of = 2025-06-30")
    assert load(small_city).faults.empty


def test_no_day_is_too_late_where_none_is_stated_so_that_a_run_can_be_repeated(small_city, change):
    change(small_city / "contacts.csv", "2025-06-30", "2099-06-30")
    assert check_table(small_city, "contacts").faults.empty


@pytest.mark.parametrize("table", TABLES)
def test_only_days_are_events(table):
    for column in TABLES[table].columns.values():
        assert column.metadata["kind"] == "date" or not column.metadata["is_event"]


# Codes that a spreadsheet has turned into numbers


def repaired(data):
    columns = ["table", "source", "line", "column", "value", "becomes", "rule", "reason"]
    return data.repairs[columns].to_numpy().tolist()


def test_lost_zeros_of_a_district_are_restored_and_reported_once_for_each_code(small_city, change):
    file = small_city / "businesses.csv"
    file.write_text(file.read_text().replace(",01,", ",1,").replace(",04,", ",4,"))
    data = check_table(small_city, "businesses")
    assert data.faults.empty
    assert data.businesses["district_id"].tolist() == ["01", "01", "02", "02", *("03", "03"),
                                                       "04", "04"]  # fmt: skip
    source = ["businesses", "businesses.csv"]
    assert repaired(data) == [
        [*source, 2, "district_id", "1", "01", "lost_zeros", "2"],
        [*source, 8, "district_id", "4", "04", "lost_zeros", "2"],
    ]
    assert_only_set_aside(data, small_city, "businesses", [])


def test_lost_zeros_of_statistics_are_restored(small_city):
    file = small_city / "statistics.csv"
    file.write_text(file.read_text().replace("\n03,", "\n3,"))
    data = check_table(small_city, "statistics")
    assert data.faults.empty
    assert set(data.statistics["district_id"]) == {"01", "02", "03", "04", "stadt"}
    assert repaired(data) == [
        ["statistics", "statistics.csv", 4, "district_id", "3", "03", "lost_zeros", "4"]
    ]


def test_a_code_with_which_no_district_begins_is_no_lost_zero(small_city, change):
    change(small_city / "businesses.csv", "b2,01", "b2,7")
    data = check_table(small_city, "businesses")
    assert data.repairs.empty
    assert faults_of(data, "businesses") == [(3, "district_id", "7", "unknown", "districts")]


def test_a_code_that_is_one_of_a_borough_is_not_taken_for_a_district(small_city, change):
    with (small_city / "boroughs.csv").open("a") as file:
        file.write("1,Dritter\n")
    change(small_city / "businesses.csv", "b2,01", "b2,1")
    data = check_table(small_city, "businesses")
    assert data.repairs.empty
    assert faults_of(data, "businesses") == [(3, "district_id", "1", "unknown", "districts")]


def test_nothing_is_restored_where_codes_have_several_lengths(small_city, change):
    file = small_city / "districts.geojson"
    document = json.loads(file.read_text())
    document["features"][3]["properties"]["district_id"] = "104"
    file.write_text(json.dumps(document))
    change(small_city / "businesses.csv", "b2,01", "b2,1")
    data = check_table(small_city, "businesses")
    assert data.repairs.empty
    assert (3, "district_id", "1", "unknown", "districts") in faults_of(data, "businesses")


# Two editions of the WZ in one table


def test_the_same_code_of_two_editions_belongs_to_two_sections(small_city, change):
    change(small_city / "businesses.csv", "10.71,2008", "62.01,2025")
    businesses = check_table(small_city, "businesses").businesses.set_index("business_id")
    assert businesses.loc[["b2", "b5", "b6"], "section"].tolist() == ["2025-K", "J", "2025-K"]


# Cells that a spreadsheet would run


@pytest.mark.parametrize("cell", ["=1+1", "+49 341 1", "-x", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_a_cell_like_a_formula_is_text_and_is_harmless_in_the_rows_set_aside(
    small_city, change, ostwerk, cell
):
    change(small_city / "grants.csv", "8000,2000,,sign", f'8000,2000,,"{cell}"')
    assert check_table(small_city, "grants").grants.loc[3, "purpose"] == cell
    if cell != "@SUM(A1)":
        return  # one call of the command will do
    change(small_city / "grants.csv", "8000,2000", "8000,-2000")
    ostwerk("check", small_city, "--report", "report")
    aside = pd.read_csv(small_city.parent / "report" / "grants.csv", dtype=str)
    assert aside["purpose"].tolist() == ["'@SUM(A1)"]


# Marks


def costs(folder, change, *written):
    file = folder / "operations.csv"
    for old, new in zip(("500000", "60000", "20000"), written, strict=True):
        change(file, f",{old},", f',"{new}",')
    return check_table(folder, "operations")


def test_marks_of_two_languages_in_equal_numbers_are_an_error_that_asks(small_city, change):
    with pytest.raises(DataError) as caught:
        costs(small_city, change, "500.000,50", "60,000.50", "20000")
    assert "operations.csv: total_cost_eur: numbers such as '500.000,50' can" in str(caught.value)
    assert 'State decimal_mark = "," or "." for the source' in str(caught.value)


def test_a_number_with_the_other_marks_is_set_aside(small_city, change):
    data = costs(small_city, change, "500.000,50", "60.000,50", "20,000.50")
    assert data.operations["total_cost_eur"].tolist() == [500_000.5, 60_000.5]
    assert faults_of(data, "operations") == [(4, "total_cost_eur", "20,000.50", "number", "")]
    assert_only_set_aside(data, small_city, "operations", [4])


# Columns and files


def refusal(folder):
    with pytest.raises(DataError) as caught:
        check(folder)
    return str(caught.value)


def test_a_renamed_column_that_is_needed_is_missed_and_the_nearest_named(small_city, change):
    change(small_city / "grants.csv", "applied_on", "aplied_on")
    said = refusal(small_city)
    assert "grants.csv has no column 'applied_on', which the table grants needs" in said
    assert "the nearest is 'aplied_on'" in said


@pytest.mark.parametrize("written", ["paid_euro", "Paid_EUR", "paid eur"])
def test_a_misspelt_column_is_not_lost_even_if_no_row_needs_it(small_city, change, written):
    change(small_city / "grants.csv", "paid_eur", written)
    assert (
        f"grants.csv has a column {written!r}, which the table grants does not know; did you mean "
        "'paid_eur'?" in refusal(small_city)
    )
    source = 'path = "grants.csv"'
    change(small_city / "programme.toml", source, f'{source}\ncolumns = {{paid_eur = "{written}"}}')
    assert load(small_city).grants["paid_eur"].sum() == 5500


def test_a_column_of_another_name_is_no_misspelling(small_city, change):
    change(small_city / "grants.csv", "paid_eur", "paid_share")
    assert "paid_share" in check_table(small_city, "grants").grants


def test_a_doubled_column_is_refused(small_city, change):
    change(small_city / "grants.csv", "purpose", "status")
    assert "grants.csv: the column 'status' stands twice in the header" in refusal(small_city)


@pytest.mark.parametrize("text", ["", "site_id,name,kind\n", "site_id,name,kind\n,,\n\n"])
def test_a_table_without_a_row_is_refused(small_city, text):
    (small_city / "sites.csv").write_text(text)
    assert "sites: sites.csv" in refusal(small_city)


def put_pipe(path):
    os.mkfifo(path)


def put_device(path):
    path.symlink_to("/dev/zero")


def put_link_out_of_the_folder(path):
    secret = path.parent.parent / "secret.csv"
    secret.write_text("site_id,name,kind\ns9,Geheim,werkstadt\n")
    path.symlink_to(secret)


def put_link_in_circles(path):
    path.symlink_to(path)


@pytest.mark.parametrize("allow_outside", [False, True])
@pytest.mark.parametrize(
    "put", [put_pipe, Path.mkdir, put_device, put_link_out_of_the_folder, put_link_in_circles]
)
def test_what_is_no_file_of_the_folder_is_not_read(small_city, change, put, allow_outside):
    (small_city / "sites.csv").unlink()
    put(small_city / "sites.csv")
    if allow_outside:
        change(small_city / "programme.toml", "seed = 7", "allow_outside = true")
    if allow_outside and put is put_link_out_of_the_folder:
        assert check_table(small_city, "sites").sites["site_id"].tolist() == ["s9"]
        return
    said = refusal(small_city)
    assert said.startswith("sites: ")
    assert "s9" not in said


@pytest.mark.parametrize("path", ["../secret.csv", "./x/../../secret.csv", "{parent}/secret.csv"])
def test_a_path_out_of_the_folder_is_not_read(small_city, change, path):
    shutil.move(small_city / "sites.csv", small_city.parent / "secret.csv")
    written = path.format(parent=small_city.parent)
    change(small_city / "programme.toml", '"sites.csv"', f'"{written}"')
    assert "lies outside the programme's folder" in refusal(small_city)


def test_a_file_that_grows_while_it_is_read_is_refused(small_city):
    """Another process writes all the time; whatever is read, it is never taken for whole."""
    header = "contact_id,occurred_on,kind"
    lines = "".join(f"c{n},2024-01-05,advice\n" for n in range(200_000))
    file = small_city / "contacts.csv"
    file.write_text(f"{header}\n{lines}")
    endless = (
        "import sys, time\nout = open(sys.argv[1], 'a')\nn = 0\nprint(flush=True)\n"
        "while True:\n    out.write(f'd{n},2024-01-05,advice\\n')\n    out.flush()\n    n += 1\n"
    )
    command = [sys.executable, "-c", endless, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        try:
            writer.stdout.readline()
            assert "contacts.csv changed while it was read" in refusal(small_city)
        finally:
            writer.kill()


def test_a_million_rows_are_counted_to_the_last_and_their_faults_found(small_city):
    rows = 1_000_000
    number = pd.Series(np.arange(rows))
    day = pd.Series(np.datetime64("2015-01-01") + np.arange(rows) % 3650).dt.strftime("%d.%m.%Y")
    contacts = pd.DataFrame(
        {
            "contact_id": "c" + number.astype("str"),
            "occurred_on": day,
            "kind": "advice",
            "business_id": ("b" + (number % 8 + 1).astype("str")),
            "hours": ((number % 16) / 4).astype("str").str.replace(".", ",", regex=False),
        }
    )
    contacts.loc[[5, 500_000, rows - 1], "hours"] = ["x", "-1,5", "inf"]
    contacts.loc[7, "business_id"] = "b9"
    contacts.loc[9] = contacts.loc[8]
    contacts.loc[11, "contact_id"] = "c10"
    contacts.to_csv(small_city / "contacts.csv", sep=";", index=False)
    data = check_table(small_city, "contacts")
    assert [fault[:4] for fault in faults_of(data, "contacts")] == [
        (7, "hours", "x", "number"),
        (9, "business_id", "b9", "unknown"),
        (11, "contact_id", "c8", "duplicate_row"),
        (12, "contact_id", "c10", "key"),
        (13, "contact_id", "c10", "key"),
        (500_002, "hours", "-1,5", "range"),
        (rows + 1, "hours", "inf", "number"),
    ]
    counts = data.reads.set_index("table").loc["contacts"]
    assert counts[["rows_read", "accepted", "set_aside"]].tolist() == [rows, rows - 7, 7]
    kept = np.setdiff1d(np.arange(rows), [5, 7, 9, 10, 11, 500_000, rows - 1])
    assert (data.contacts["hours"].to_numpy() == (kept % 16) / 4).all()
    assert (data.contacts["contact_id"] == "c" + number[kept].astype("str").to_numpy()).all()
