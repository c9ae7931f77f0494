"""A few faults on purpose, as every real delivery has them; README.md of the data lists them.

Each is a row of its own that nothing else refers to, so that it can be set aside without changing
any total. Keys stay without faults, and the share of faulty rows is far below 1 %.
"""

import pandas as pd

ACTIVE = {"founded_on": "01.07.2021", "closed_on": "", "group_id": ""}
PAID = {
    "applied_on": "03.02.2025",
    "status": "ausgezahlt",
    "approved_on": "12.03.2025",
    "paid_on": "28.04.2025",
    "completed_on": "",
    "eligible_cost_eur": "8000",
}
FAULTY_ROWS: dict[str, list[dict[str, str]]] = {
    "businesses.csv": [
        {**ACTIVE, "business_id": "B90001", "wz_code": "04.10"},
        {
            **ACTIVE,
            "business_id": "B90002",
            "district_id": "",
            "lon": "51,339712",
            "lat": "12,3712",
        },
        {**ACTIVE, "business_id": "B90003", "closed_on": "30.06.2020"},
    ],
    "contacts.csv": [
        {"contact_id": "C90001", "site_id": "W9"},
        {"contact_id": "C90002", "occurred_on": "31.02.2024"},
    ],
    "grants.csv": [{**PAID, "grant_id": "F9001", "grant_eur": "3200", "paid_eur": "3500"}],
    "jobs.csv": [
        {"job_id": "J9001", "status": "promised", "status_on": "2024-03-04"},
        {"job_id": "J9001", "status": "claimed", "status_on": "2024-02-05"},
    ],
    "participants.csv": [
        {"participant_id": "P9001", "entered_on": "2024-05-06", "left_on": "2023-05-06"}
    ],
    "statistics.csv": [{"period": "2025-Q5"}],
}
"""Cells that make a faulty row out of a good one."""


def plant(texts: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Put the faulty rows into the cells of the files, in the middle of each."""
    grants = texts["grants.csv"]
    refused = grants.loc[grants["status"] == "abgelehnt", "grant_id"].iloc[0]
    shares = [
        {"grant_id": refused, "fund": "ERDF", "share_pct": "75"},
        {"grant_id": refused, "fund": "city", "share_pct": "20"},
    ]
    rows = {**FAULTY_ROWS, "funding_shares.csv": shares}
    return {file: _with_rows(text, rows.get(file, [])) for file, text in texts.items()}


def _with_rows(text: pd.DataFrame, rows: list[dict[str, str]]) -> pd.DataFrame:
    middle = len(text) // 2
    copies = pd.DataFrame([{**text.iloc[middle].to_dict(), **row} for row in rows])
    return pd.concat([text.iloc[:middle], copies, text.iloc[middle:]], ignore_index=True)
