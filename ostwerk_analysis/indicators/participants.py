"""Participants of OstWerkStadt: who entered, who left, and who works."""

import pandas as pd

from ..dataset import Dataset
from .declaration import ABOVE_DISTRICTS, Indicator

EMPLOYED = ("employed", "self_employed")
"""Labour statuses that are work."""


def entered(data: Dataset) -> pd.DataFrame:
    """Participants on their first day."""
    return _persons(data, data.participants, "entered_on")


def left(data: Dataset) -> pd.DataFrame:
    """Participants on their last day."""
    return _persons(data, data.participants.dropna(subset="left_on"), "left_on")


def employed_on_leaving(data: Dataset) -> pd.DataFrame:
    """Participants who had work within four weeks of leaving and had none on entering."""
    table = data.participants.dropna(subset="left_on")
    moved = table["labour_status_out"].isin(EMPLOYED) & ~table["labour_status_in"].isin(EMPLOYED)
    return _persons(data, table[moved], "left_on")


def _persons(data: Dataset, table: pd.DataFrame, day: str) -> pd.DataFrame:
    """Give one event for each person, at home or, where that is unknown, at the site."""
    district = table["district_id"]
    if "sites" in data.tables:
        at_site = table["site_id"].map(data.sites.set_index("site_id")["district_id"])
        district = district.fillna(at_site.astype("str"))
    return table.assign(
        district_id=district,
        date=table[day],
        unit_id=table["participant_id"],
        value=1.0,
        site=table["site_id"],
        labour_status=table["labour_status_in"],
    )


INDICATORS = (
    Indicator(
        id="participants_entered",
        label_de="Eintritte von Teilnehmenden",
        label_en="Participants entered",
        definition_de="Personen, die in das Vorhaben eingetreten sind, jede einmal gezählt.",
        definition_en="Persons who entered the operation, each counted once.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=entered,
        splits=((), ("site",), ("sex",), ("labour_status",)),
        units="persons",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="participants_left",
        label_de="Austritte von Teilnehmenden",
        label_en="Participants left",
        definition_de="Personen, die das Vorhaben verlassen haben.",
        definition_en="Persons who left the operation.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=left,
        levels=ABOVE_DISTRICTS,
        units="persons",
        has_to_date=True,
    ),
    Indicator(
        id="participants_employed",
        label_de="In Arbeit nach Austritt",
        label_en="In employment on leaving",
        definition_de="Personen ohne Arbeit beim Eintritt, die bis vier Wochen nach dem Austritt "
        "Arbeit haben.",
        definition_en="Persons without work on entering who have work within four weeks of "
        "leaving.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=employed_on_leaving,
        levels=ABOVE_DISTRICTS,
        units="persons",
        better="up",
        has_to_date=True,
        eu_code="EECR04",
    ),
    Indicator(
        id="participants_employed_share",
        label_de="Anteil in Arbeit nach Austritt",
        label_en="Share in employment on leaving",
        definition_de="In Arbeit nach Austritt je 100 Austritte.",
        definition_en="In employment on leaving per 100 persons who left.",
        unit="percent",
        kind="rate",
        needs=("participants",),
        units="persons",
        better="up",
        has_to_date=True,
        numerator="participants_employed",
        denominator="participants_left",
        scale=100.0,
    ),
)
