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


def left_without_work(data: Dataset) -> pd.DataFrame:
    """Participants who had no work on entering, on their last day; both statuses are known."""
    table = data.participants.dropna(subset=["left_on", "labour_status_in", "labour_status_out"])
    return _persons(data, table[~table["labour_status_in"].isin(EMPLOYED)], "left_on")


def employed_on_leaving(data: Dataset) -> pd.DataFrame:
    """Those of :func:`left_without_work` who had work within four weeks of leaving."""
    table = left_without_work(data)
    return table[table["labour_status_out"].isin(EMPLOYED)]


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
        id="participants_left_without_work",
        label_de="Austritte von Teilnehmenden ohne Arbeit beim Eintritt",
        label_en="Participants left who entered without work",
        definition_de="Personen ohne Arbeit beim Eintritt, die das Vorhaben verlassen haben und "
        "deren Erwerbsstatus beim Austritt bekannt ist.",
        definition_en="Persons without work on entering who left the operation and whose labour "
        "status on leaving is known.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=left_without_work,
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
        definition_de="In Arbeit nach Austritt je 100 Austritte von Personen ohne Arbeit beim "
        "Eintritt, deren Erwerbsstatus beim Austritt bekannt ist.",
        definition_en="In employment on leaving per 100 persons who left, had no work on entering "
        "and whose labour status on leaving is known.",
        unit="percent",
        kind="rate",
        needs=("participants",),
        units="persons",
        better="up",
        has_to_date=True,
        numerator="participants_employed",
        denominator="participants_left_without_work",
        scale=100.0,
    ),
)
