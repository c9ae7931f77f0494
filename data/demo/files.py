"""How the tables are written: some as a German office would, some as an English one."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from .geometry import ring

NOTE = (
    "Demonstration data: invented figures. The districts are a power diagram drawn from public "
    "areas and centroids, not the official geometry."
)

GERMAN_HEADERS = {
    "businesses.csv": {
        "business_id": "Betriebsnr",
        "district_id": "Ortsteil",
        "lon": "Länge",
        "lat": "Breite",
        "wz_code": "WZ 2008",
        "founded_on": "gegründet am",
        "closed_on": "geschlossen am",
        "employees_fte": "Beschäftigte (VZÄ)",
        "turnover_eur": "Umsatz (EUR)",
        "balance_eur": "Bilanzsumme (EUR)",
        "is_owner_operated": "inhabergeführt",
        "has_migrant_owner": "Inhaber mit Migrationshintergrund",
        "group_id": "Verbund",
    },
    "contacts.csv": {
        "contact_id": "Kontaktnr",
        "occurred_on": "Datum",
        "kind": "Art",
        "business_id": "Betriebsnr",
        "participant_id": "Teilnehmernr",
        "site_id": "Ort",
        "referred_to_site_id": "verwiesen an",
        "hours": "Stunden",
        "language": "Sprache",
        "topic": "Thema",
    },
    "grants.csv": {
        "grant_id": "Antragsnr",
        "business_id": "Betriebsnr",
        "measure_id": "Maßnahme",
        "applied_on": "beantragt am",
        "status": "Stand",
        "approved_on": "bewilligt am",
        "paid_on": "ausgezahlt am",
        "completed_on": "abgeschlossen am",
        "eligible_cost_eur": "förderfähige Kosten (EUR)",
        "grant_eur": "Bewilligung (EUR)",
        "paid_eur": "Auszahlung (EUR)",
        "purpose": "Zweck",
        "is_de_minimis": "De-minimis",
    },
    "operations.csv": {
        "code": "Code des Vorhabens",
        "beneficiary": "Name des Begünstigten",
        "name": "Bezeichnung des Vorhabens",
        "purpose": "Zusammenfassung des Vorhabens",
        "started_on": "Datum des Beginns des Vorhabens",
        "ends_on": "Datum des Endes des Vorhabens",
        "total_cost_eur": "Gesamtbetrag der förderfähigen Ausgaben des Vorhabens",
        "fund": "Fonds",
        "specific_objective": "Spezifisches Ziel",
        "eu_rate_pct": "Unions-Kofinanzierungssatz pro Prioritätsachse",
        "location": "Durchführungsort des Vorhabens",
        "county": "Landkreis",
        "intervention_type": "Bezeichnung der Interventionskategorie für das Vorhaben",
    },
}
"""Files in the German manner, with their columns: ``;``, decimal comma, dd.mm.yyyy, ja and nein."""

GERMAN_VALUES = {
    "contacts.csv": {
        "kind": {
            "first_contact": "Erstkontakt",
            "advice": "Beratung",
            "startup_advice": "Gründungsberatung",
            "network_event": "Runder Tisch",
            "community_event": "Stadtteiltreff",
        }
    },
    "grants.csv": {
        "status": {
            "applied": "beantragt",
            "approved": "bewilligt",
            "rejected": "abgelehnt",
            "withdrawn": "zurückgezogen",
            "paid": "ausgezahlt",
            "completed": "abgeschlossen",
        }
    },
}

ENGLISH_COLUMNS = {
    "boroughs.csv": ["borough_id", "name"],
    "sites.csv": [
        "site_id", "name", "kind", "address", "lon", "lat", "opened_on", "closed_on", "measure_id"
    ],
    "participants.csv": [
        "participant_id", "entered_on", "left_on", "site_id", "sex", "age_group", "isced",
        "labour_status_in", "labour_status_out", "labour_status_6m", "has_migration_background",
        "district_id", "person_id", "operation_code", "has_gained_qualification",
        "has_better_position_6m",
    ],
    "funding_shares.csv": ["grant_id", "fund", "share_pct"],
    "jobs.csv": [
        "job_id", "business_id", "kind", "status", "status_on", "fte", "headcount", "is_founder",
        "grant_id",
    ],
    "statistics.csv": ["district_id", "area_level", "period", "statistic", "value", "obs_status"],
}  # fmt: skip

ENCODINGS = {"operations.csv": "cp1252"}
"""A list saved by a spreadsheet on Windows; everything else is UTF-8."""


def as_text(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Turn a table into the cells of a file, still under the names of the contract.

    Days become dates, numbers get their decimal mark, what is missing an empty cell.
    """
    is_german = file in GERMAN_HEADERS
    columns = list(GERMAN_HEADERS[file]) if is_german else ENGLISH_COLUMNS[file]
    cells = {
        column: [_cell(value, column, is_german) for value in frame[column].tolist()]
        for column in columns
    }
    text = pd.DataFrame(cells, dtype=object)
    for column, names in GERMAN_VALUES.get(file, {}).items():
        text[column] = text[column].map(names)
    if file == "operations.csv":
        text["total_cost_eur"] = [_thousands(value) for value in frame["total_cost_eur"]]
    return text


def write_table(text: pd.DataFrame, path: Path) -> None:
    """Write a table's cells in the manner of its file."""
    headers = GERMAN_HEADERS.get(path.name, {})
    named = text.rename(columns=headers)
    content = named.to_csv(index=False, sep=";" if headers else ",", lineterminator="\n")
    path.write_bytes(content.encode(ENCODINGS.get(path.name, "utf-8")))


def write_districts(districts: pd.DataFrame, path: Path) -> None:
    """Write the districts as GeoJSON (RFC 7946), one to a line so that a change can be read."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "district_id": district.district_id,
                "name": district.name,
                "borough_id": district.borough_id,
                "area_km2": district.area_km2,
            },
            "geometry": {"type": "Polygon", "coordinates": [ring(district.cell)]},
        }
        for district in districts.itertuples(index=False)
    ]
    head = {"type": "FeatureCollection", "name": "leipzig-demo", "note": NOTE}
    lines = ",\n".join(_json(feature) for feature in features)
    content = f'{_json(head)[:-1]},"features":[\n{lines}\n]}}\n'
    path.write_bytes(content.encode())


def _cell(value: object, column: str, is_german: bool) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return ("ja" if value else "nein") if is_german else ("true" if value else "false")
    if column.endswith("_on"):
        date = np.datetime64(int(value), "D").item()
        return f"{date:%d.%m.%Y}" if is_german else date.isoformat()
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace(".", "," if is_german else ".")
    return str(value)


def _thousands(value: float) -> str:
    """Write 2450000.5 as 2.450.000,50."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
