"""Whatever stands in the rows: each is accepted as it is written, or set aside with a reason."""

import csv
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostwerk_analysis.tables import KINDS, TABLES

from .checked import check_table

SMALL_CITY = Path(__file__).parent / "small_city"
DAYS = st.dates(date(2015, 1, 1), date(2024, 12, 31))
WORDS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=8)
BROKEN = st.one_of(
    st.sampled_from(
        ["", "x", "-1", "1e400", "inf", "2024-13-01", "0202-01-01", "b1", "=1+1", "99"]
    ),
    WORDS,
    st.just("zwei\nZeilen"),
)


@st.composite
def programmes(draw):
    """Draw sound rows of three tables, and what to write into which cells instead."""
    businesses = [
        {
            "business_id": f"b{n}",
            "district_id": draw(st.sampled_from(["01", "02", "03", "04"])),
            "wz_code": draw(st.sampled_from([None, "47.11", "62", "A"])),
            "wz_version": draw(st.sampled_from([None, "2008", "2025"])),
            "founded_on": draw(st.none() | DAYS),
            "employees_fte": draw(st.none() | st.integers(0, 4000).map(lambda n: n / 4)),
            "is_owner_operated": draw(st.sampled_from([None, True, False])),
        }
        for n in range(draw(st.integers(1, 6)))
    ]
    owners = st.sampled_from([row["business_id"] for row in businesses])
    contacts = [
        {
            "contact_id": f"c{n}",
            "occurred_on": draw(DAYS),
            "kind": draw(st.sampled_from(["advice", "first_contact"])),
            "business_id": draw(st.none() | owners),
            "hours": draw(st.none() | st.integers(0, 100).map(lambda n: n / 8)),
            "topic": draw(st.none() | st.just("Antrag, Teil 1")),
        }
        for n in range(draw(st.integers(1, 6)))
    ]
    grants = []
    for n in range(draw(st.integers(1, 6))):
        applied, cost = draw(DAYS), draw(st.integers(1, 100_000)) / 100
        is_approved = draw(st.booleans())
        grants.append(
            {
                "grant_id": f"g{n}",
                "business_id": draw(owners),
                "measure_id": draw(st.sampled_from(["beihilfe", "startgeld"])),
                "applied_on": applied,
                "status": "approved" if is_approved else "applied",
                "approved_on": applied + timedelta(draw(st.integers(0, 90)))
                if is_approved
                else None,
                "eligible_cost_eur": cost,
                "grant_eur": cost / 2 if is_approved else None,
            }
        )
    tables = {"businesses": businesses, "contacts": contacts, "grants": grants}
    cells = [
        (name, n, column)
        for name, rows in tables.items()
        for n, row in enumerate(rows)
        for column in row
    ]
    broken = draw(st.dictionaries(st.sampled_from(cells), BROKEN, max_size=5))
    return tables, broken


def written(value):
    """Write a value as an office would."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nein"
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(programmes())
def test_whatever_is_broken_all_rows_are_counted_and_accepted_values_are_the_written_ones(
    tmp_path_factory, drawn
):
    tables, broken = drawn
    folder = Path(shutil.copytree(SMALL_CITY, tmp_path_factory.mktemp("drawn") / "city"))
    programme = folder / "programme.toml"
    programme_text = programme.read_text()
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(rows[0])
            for n, row in enumerate(rows):
                writer.writerow(
                    [broken.get((name, n, column), written(value)) for column, value in row.items()]
                )
        path = f'path = "{name}.csv"'
        stated = f'{path}\ndelimiter = ";"\nencoding = "utf-8"\ndecimal_mark = "."'
        programme_text = programme_text.replace(path, stated)
    programme.write_text(programme_text)
    data = check_table(folder, *tables)
    accepted = {}
    for name, rows in tables.items():
        counts = data.reads.set_index("table").loc[name]
        assert counts["rows_read"] == len(rows)
        assert counts["rows_read"] == counts[["accepted", "set_aside", "skipped"]].sum()
        aside = set(data.set_aside.get(name, pd.DataFrame({"_line": []}))["_line"].astype(int))
        faults = data.faults[data.faults["table"] == name]
        assert aside == set(faults["line"])
        lines = lines_of(name, rows, broken)
        kept = [n for n in range(len(rows)) if lines[n] not in aside]
        assert len(data.tables[name]) == counts["accepted"] == len(kept)
        assert len(rows) - len(kept) == counts["set_aside"]
        texts = data.tables[name]
        accepted[name] = set(texts[TABLES[name].unique[0]])
        for position, n in enumerate(kept):
            for column, value in rows[n].items():
                assert_is_what_is_written(
                    texts.iloc[position][column], TABLES[name].columns[column], value,
                    broken.get((name, n, column)),
                )  # fmt: skip
        for n in set(range(len(rows))) - set(kept):
            assert is_to_blame(name, n, rows, broken, accepted), (name, rows[n], faults)


def lines_of(name, rows, broken):
    """Say on which line each row begins; a cell of two lines moves those below it."""
    line, lines = 2, []
    for n, row in enumerate(rows):
        lines.append(line)
        line += 1 + sum("\n" in broken.get((name, n, column), "") for column in row)
    return lines


def assert_is_what_is_written(found, declared, value, text):
    kind = declared.metadata["kind"]
    if text is None:
        value = pd.Timestamp(value) if isinstance(value, date) else value
        assert pd.isna(found) if value is None else found == value
    elif kind == "text":
        assert (pd.isna(found) and not text.strip()) or found == text.strip()
    else:  # by chance a value of the kind, or none
        assert pd.isna(found) == (not text.strip())
        assert KINDS[kind] != "float64" or pd.isna(found) or np.isfinite(found)


def is_to_blame(name, n, rows, broken, accepted):
    """Tell whether a row is broken, has the key of a broken one, or refers to one set aside."""
    if any(place[:2] == (name, n) for place in broken):
        return True
    key = TABLES[name].unique[0]
    if rows[n][key] in {
        text.strip()
        for (table, _, column), text in broken.items()
        if (table, column) == (name, key)
    }:
        return True
    owner = rows[n].get("business_id") if name != "businesses" else None
    return owner is not None and owner not in accepted["businesses"]
