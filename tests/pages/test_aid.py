"""State aid in sentences: none, one, several, and who is nearest to the ceiling."""

import html
import re

import pandas as pd
import pytest

from ostwerk_analysis import figures, state_aid


def words(figure):
    text = html.unescape(re.sub(r"<[^>]*>", " ", figure.html)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).strip()


def granted(*sums, limit=300_000):
    rows = [
        {
            "grant_id": f"g{n}", "business_id": f"b{n}", "group_id": None,
            "granted_on": pd.Timestamp("2025-05-01"), "grant_eur": amount,
            "regulation": "2023/2831", "articles": "Art. 3(2)",
            "counted_from": pd.Timestamp("2022-05-02"), "sum_eur": amount, "undeclared_eur": 0.0,
            "ceiling_eur": limit, "finding": "exceeded" if amount > limit else "",
        }
        for n, amount in enumerate(sums)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=state_aid.COLUMNS)


@pytest.mark.parametrize(
    ("sums", "english", "german"),
    [
        ([1000.0], "No grant goes beyond the ceiling of its day (1 looked at).",
         "Kein Zuschuss überschreitet die Höchstgrenze seines Tages (1 geprüft)."),
        ([1000.0, 300_001.0], "One grant goes beyond the ceiling", "Ein Zuschuss überschreitet"),
        ([300_001.0, 400_000.0], "2 grants go beyond", "2 Zuschüsse überschreiten"),
        ([], "No grant goes beyond the ceiling of its day (0 looked at).", "(0 geprüft)"),
    ],
)  # fmt: skip
def test_grants_beyond_the_ceiling_are_counted(sums, english, german):
    assert english in words(figures.state_aid(granted(*sums), language="en"))
    assert german in words(figures.state_aid(granted(*sums), language="de"))


def test_who_has_used_most_of_the_ceiling_stands_first_and_once():
    aid = granted(30_000.0, 150_000.0, 60_000.0)
    aid["group_id"] = ["G", None, "G"]
    table = words(figures.state_aid(aid, language="en")).partition("As a table")[2]
    assert re.search(r"b1 1 May 2025 150,000 € 300,000 € 50.0 % G .*60,000 € 300,000 € 20", table)
    assert table.count("G ") == 1


def test_the_findings_of_the_small_city_are_said(small_data):
    aid = state_aid.de_minimis(small_data)
    said = words(figures.state_aid(aid, language="en"))
    assert f"({len(aid)} looked at)" in said
