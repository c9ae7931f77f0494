"""Contacts and advice: who was reached, how, and at which site."""

import pandas as pd

from ..dataset import Dataset
from .declaration import ABOVE_DISTRICTS, Indicator


def contacts(data: Dataset) -> pd.DataFrame:
    """Contacts on their day; the place is the enterprise's, else that of the site."""
    table = data.contacts
    district = pd.Series(None, table.index, dtype="str")
    for code, places in (("business_id", "businesses"), ("site_id", "sites")):
        if places in data.tables:
            found = table[code].map(data.tables[places].set_index(code)["district_id"])
            district = district.fillna(found.astype("str"))
    # Contacts without a name may all be those of one: together they are one unit, and no more.
    unit = table["business_id"].fillna(table["participant_id"]).fillna("")
    return table.assign(
        district_id=district,
        date=table["occurred_on"],
        unit_id=unit,
        value=1.0,
        site=table["site_id"],
    )


def enterprises(data: Dataset) -> pd.DataFrame:
    """Contacts of enterprises only."""
    return contacts(data).dropna(subset="business_id")


def referrals(data: Dataset) -> pd.DataFrame:
    """Contacts that referred to another site."""
    return contacts(data).dropna(subset="referred_to_site_id")


INDICATORS = (
    Indicator(
        id="contacts",
        label_de="Kontakte",
        label_en="Contacts",
        definition_de="Gespräche, Beratungen und Teilnahmen, jede für sich gezählt.",
        definition_en="Talks, advice sessions and attendances, each counted.",
        unit="contacts",
        kind="sum",
        needs=("contacts",),
        events=contacts,
        splits=((), ("site",), ("kind",)),
        units="both",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="enterprises_contacted",
        label_de="Erreichte Unternehmen",
        label_en="Enterprises reached",
        definition_de="Unternehmen mit mindestens einem Kontakt, jedes im Zeitraum einmal gezählt.",
        definition_en="Enterprises with at least one contact, each counted once in the period.",
        unit="enterprises",
        kind="count",
        needs=("contacts", "businesses"),
        events=enterprises,
        splits=((), ("site",)),
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="referrals",
        label_de="Weiterleitungen",
        label_en="Referrals",
        definition_de="Kontakte, die an einen anderen Standort weitergeleitet haben.",
        definition_en="Contacts that referred to another site.",
        unit="contacts",
        kind="sum",
        needs=("contacts",),
        events=referrals,
        splits=((), ("site",)),
        levels=ABOVE_DISTRICTS,
        units="both",
        has_to_date=True,
    ),
)
