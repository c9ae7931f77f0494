"""Supported foundings and the share of them that lasts."""

import dataclasses

import pandas as pd
import pytest

from ostwerk_analysis.indicators import startups


def founded(data, *rows):
    """Give a dataset whose only enterprises are these: founded, first advice, closed."""
    businesses = pd.DataFrame(
        {
            "business_id": [f"n{n}" for n in range(len(rows))],
            "district_id": "01",
            "founded_on": [row[0] for row in rows],
            "closed_on": [row[2] for row in rows],
        }
    )
    contacts = pd.DataFrame(
        {
            "contact_id": [f"k{n}" for n in range(len(rows))],
            "occurred_on": [row[1] for row in rows],
            "kind": "advice",
            "business_id": businesses["business_id"],
        }
    ).dropna(subset="occurred_on")
    tables = {"businesses": businesses, "contacts": contacts, "grants": pd.DataFrame()}
    for name, table in tables.items():
        like = data.tables[name]
        table = table.reindex(columns=like.columns.drop("geometry", errors="ignore"))
        tables[name] = table.astype(like.dtypes[list(table)].to_dict())
    return dataclasses.replace(data, tables=data.tables | tables)


@pytest.mark.parametrize(
    ("founded_on", "advised", "counts"),
    [
        ("2024-01-10", "2023-11-01", True),  # before the foundation
        ("2024-01-10", "2024-04-10", True),  # three months after it
        ("2024-01-10", "2024-04-11", False),  # a day later: by then it had lasted
        ("2023-12-31", "2023-11-01", False),  # before the programme's first quarter
        ("2024-01-01", "2023-11-01", True),
        ("2024-01-10", None, False),
        (None, "2024-01-01", False),
    ],
)
def test_support_before_or_soon_after_the_foundation_makes_a_supported_founding(
    small_data, founded_on, advised, counts
):
    data = founded(small_data, (founded_on, advised, None))
    assert len(startups.supported_foundings(data)) == counts


@pytest.mark.parametrize(
    ("closed", "lasts"),
    [
        (None, True),
        ("2025-01-11", True),
        ("2025-01-10", False),  # on the day itself
        ("2024-06-01", False),
        ("2025-06-01", True),  # closed since, but after twelve months
    ],
)
def test_who_closes_later_has_lasted_so_long(small_data, closed, lasts):
    data = founded(small_data, ("2024-01-10", "2024-01-10", closed))
    assert len(startups.reaching(12)(data)) == 1
    assert len(startups.lasting(12)(data)) == lasts


def test_the_share_is_of_those_observed_for_so_long(small_data, observe):
    data = founded(
        small_data,
        ("2024-01-10", "2024-01-10", None),
        ("2024-02-10", "2024-01-10", "2024-12-31"),
        ("2024-03-31", "2024-01-10", None),
        ("2024-04-02", "2024-01-10", "2024-05-02"),  # twelve months are over in 2025-Q2 only
    )
    found = observe(
        data,
        "businesses",
        "startups_lasting_12m_share_to_date",
        "startups_observed_12m_to_date",
        "startups_supported_to_date",
    )
    share, due = "startups_lasting_12m_share_to_date", "startups_observed_12m_to_date"
    assert found.value("startups_supported_to_date", "stadt", "2024-Q2") == 4
    assert found.value(due, "stadt", "2025-Q1") == 3
    assert found.value(share, "stadt", "2025-Q1") == pytest.approx(200 / 3)
    assert found.value(share, "stadt", "2025-Q2") == 50
    # Nobody was observed for so long yet: there is no share, and none is 0 %.
    row = found.row(share, "stadt", "2024-Q4")
    assert (pd.isna(row["value"]), row["obs_status"]) == (True, "M")


def test_a_start_up_is_no_cell_of_a_district(observed):
    levels = observed.frame.groupby("indicator")["area_level"].unique()
    assert set(levels["startups_supported_to_date"]) == {"city", "programme", "comparison"}


def test_an_approved_grant_is_support_and_a_first_contact_is_none(observed):
    # b2: founded on 2024-02-15, grant on 2024-03-31. b5 had a first contact and a rejection.
    assert observed.value("startups_supported_to_date", "stadt", "2025-Q2") == 1
    assert observed.value("startups_lasting_12m_to_date", "stadt", "2025-Q1") == 1
