"""Transparency: how long applicants wait for a decision, and then for their money.

An application is decided on the day of its approval or rejection. What was withdrawn before, or
rejected on a day that nobody wrote down, has no such day and is in none of these figures.
"""

import pandas as pd

from ..dataset import Dataset
from . import funding
from .aggregate import WHOLE_AREAS
from .declaration import Events, Indicator

DAYS = 90
"""Within so many days an application is decided in time."""


def decided(data: Dataset) -> pd.DataFrame:
    """Applications on the day of their decision, with the days since they came in."""
    table = funding.grants(data)
    decided_on = table["approved_on"].fillna(table["rejected_on"])
    table = table.assign(date=decided_on).dropna(subset="date")
    return table.assign(value=(table["date"] - table["applied_on"]).dt.days.astype("float64"))


def paid(data: Dataset) -> pd.DataFrame:
    """Grants on the day of payment, with the days since their approval."""
    table = funding.paid(data)
    return table.assign(value=(table["date"] - table["approved_on"]).dt.days.astype("float64"))


def decisions(data: Dataset) -> pd.DataFrame:
    """Decided applications, each counting one."""
    return decided(data).assign(value=1.0)


def decisions_in_time(data: Dataset) -> pd.DataFrame:
    """Applications decided within :data:`DAYS` days, each counting one."""
    table = decided(data)
    return table[table["value"] <= DAYS].assign(value=1.0)


def _days(
    id: str, labels: tuple[str, str], definitions: tuple[str, str], events: Events
) -> Indicator:
    """Declare a median of days by measure."""
    return Indicator(
        id=id,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=definitions[0],
        definition_en=definitions[1],
        unit="days",
        kind="median",
        needs=("grants", "businesses"),
        events=events,
        splits=((), ("measure",)),
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
        better="down",
        has_to_date=True,
    )


def _decisions(
    id: str, labels: tuple[str, str], definitions: tuple[str, str], events: Events
) -> Indicator:
    """Declare a number of decisions by measure, since the start."""
    return Indicator(
        id=id,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=definitions[0],
        definition_en=definitions[1],
        unit="applications",
        kind="sum",
        needs=("grants", "businesses"),
        events=events,
        splits=((), ("measure",)),
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
    ).to_date()


INDICATORS = (
    _days(
        "days_to_decision",
        ("Tage vom Antrag bis zur Entscheidung", "Days from application to decision"),
        (
            "Median der Tage vom Eingang eines Antrags bis zu seiner Bewilligung oder Ablehnung, "
            "nach dem Tag der Entscheidung. Anträge ohne diesen Tag zählen nicht: offene, vorher "
            "zurückgezogene und solche, deren Ablehnung kein Datum hat.",
            "Median of the days from an application to its approval or rejection, by the day of "
            "the decision. Applications without that day do not count: open ones, those withdrawn "
            "before, and those rejected without a date.",
        ),
        decided,
    ),
    _days(
        "days_to_payment",
        ("Tage von der Bewilligung bis zur Auszahlung", "Days from approval to payment"),
        (
            "Median der Tage von der Bewilligung bis zur Auszahlung, nach dem Tag der Auszahlung. "
            "Zuschüsse, die noch nicht ausgezahlt sind, zählen nicht.",
            "Median of the days from approval to payment, by the day of payment. Grants not paid "
            "yet do not count.",
        ),
        paid,
    ),
    _decisions(
        "decisions",
        ("Entschiedene Anträge", "Applications decided"),
        (
            "Anträge, die bewilligt oder abgelehnt wurden und deren Entscheidung ein Datum hat.",
            "Applications that were approved or rejected, with a date of the decision.",
        ),
        decisions,
    ),
    _decisions(
        "decisions_in_time",
        ("Binnen 90 Tagen entschiedene Anträge", "Applications decided within 90 days"),
        (
            "Anträge, die binnen 90 Tagen bewilligt oder abgelehnt wurden.",
            "Applications that were approved or rejected within 90 days.",
        ),
        decisions_in_time,
    ),
    Indicator(
        id="decisions_in_time_share",
        label_de="Anteil der binnen 90 Tagen entschiedenen Anträge",
        label_en="Share of applications decided within 90 days",
        definition_de="Von 100 entschiedenen Anträgen die, die binnen 90 Tagen bewilligt oder "
        "abgelehnt wurden. Offene Anträge stehen in keinem der beiden Teile.",
        definition_en="Of 100 applications decided, those that were approved or rejected within 90 "
        "days. Open applications are in neither part.",
        unit="percent",
        kind="rate",
        needs=("grants", "businesses"),
        units="enterprises",
        better="up",
        numerator="decisions_in_time",
        denominator="decisions",
        scale=100.0,
    ).to_date(),
)
