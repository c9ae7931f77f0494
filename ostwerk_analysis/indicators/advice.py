"""Contacts and advice: who was reached, how, about what, in which language, and at which site."""

import pandas as pd

from ..codes import ADVICE
from ..dataset import Dataset
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Indicator
from .shared import coded, first_known, once, translated


@once
def contacts(data: Dataset) -> pd.DataFrame:
    """Give contacts on their day; the place is the enterprise's, else that of the site.

    Returns
    -------
    DataFrame, n rows
        What an event has, ``person`` and ``site``, and the columns of the table but for codes that
        these stand for. Contacts without a name may all be those of one: together they are one
        unit, and no more.
    """
    table = data.contacts.drop(columns=["contact_id", "participant_id"])
    columns = ("business_id", "site_id", "referred_to_site_id", "kind", "language", "topic")
    table = table.assign(**{name: coded(table[name]) for name in columns})
    person = _persons(data, coded(data.contacts["participant_id"]))
    nobody = coded(pd.Series("", table.index, dtype="str"))
    return table.assign(
        district_id=_districts(data, table),
        date=table["occurred_on"],
        unit_id=first_known(table["business_id"], person, nobody),
        value=1.0,
        person=person,
        site=table["site_id"],
    )


def _districts(data: Dataset, table: pd.DataFrame) -> pd.Series:
    """Give the district of each contact's enterprise or, where it is not known, of the site."""
    found = [coded(pd.Series(None, table.index, dtype="str"))]
    for code, places in (("business_id", "businesses"), ("site_id", "sites")):
        if places in data.tables:
            place = data.tables[places].set_index(code)["district_id"]
            found.append(translated(table[code], place))
    return first_known(*found)


def _persons(data: Dataset, records: pd.Series) -> pd.Series:
    """Give the person of each participant's record; one may have several."""
    codes = records.cat.categories
    person = pd.Series(" " + codes, codes)  # a blank begins no code of a person or enterprise
    if "participants" in data.tables:
        known = data.participants.set_index("participant_id")["person_id"].reindex(codes)
        person = known.astype("str").fillna(person)
    return translated(records, person)


def of_kind(data: Dataset, *kinds: str) -> pd.DataFrame:
    """Give contacts of some kinds."""
    events = contacts(data)
    return events[events["kind"].isin(kinds)]


def of_persons(events: pd.DataFrame) -> pd.DataFrame:
    """Keep contacts of persons whose pseudonym is known."""
    known = events.dropna(subset="person")
    return known.assign(unit_id=known["person"])


def enterprises(data: Dataset) -> pd.DataFrame:
    """Contacts of enterprises only."""
    return contacts(data).dropna(subset="business_id")


def persons(data: Dataset) -> pd.DataFrame:
    """Contacts of persons only."""
    return of_persons(contacts(data))


def first_contacts(data: Dataset) -> pd.DataFrame:
    """Contacts recorded as the first ones."""
    return of_kind(data, "first_contact")


@once
def advice(data: Dataset) -> pd.DataFrame:
    """Advice sessions."""
    return of_kind(data, *ADVICE)


def hours(data: Dataset) -> pd.DataFrame:
    """Advice sessions with their length."""
    sessions = advice(data)
    return sessions.assign(value=sessions["hours"])


def enterprises_advised(data: Dataset) -> pd.DataFrame:
    """Advice sessions of enterprises only."""
    return advice(data).dropna(subset="business_id")


def persons_advised(data: Dataset) -> pd.DataFrame:
    """Advice sessions of persons only."""
    return of_persons(advice(data))


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
        splits=((), ("site",), ("kind",), ("topic",)),
        units="both",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="first_contacts",
        label_de="Erstkontakte",
        label_en="First contacts",
        definition_de="Kontakte, die als erster Kontakt erfasst sind.",
        definition_en="Contacts that are recorded as the first one.",
        unit="contacts",
        kind="sum",
        needs=("contacts",),
        events=first_contacts,
        splits=((), ("site",)),
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
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
        id="persons_contacted",
        label_de="Erreichte Personen",
        label_en="Persons reached",
        definition_de="Personen mit mindestens einem Kontakt, jede im Zeitraum einmal gezählt, am "
        "Ort des Kontakts. Wer bei einem Kontakt ohne Pseudonym blieb, zählt nicht.",
        definition_en="Persons with at least one contact, each counted once in the period, where "
        "the contact was. Who stayed without a pseudonym is not counted.",
        unit="persons",
        kind="count",
        needs=("contacts",),
        events=persons,
        splits=((), ("site",)),
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="persons",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="advice_sessions",
        label_de="Beratungen",
        label_en="Advice sessions",
        definition_de="Beratungen von Unternehmen und Personen, auch zur Gründung, jede für sich "
        "gezählt, nach der Sprache, in der sie geführt wurden.",
        definition_en="Advice sessions with enterprises and persons, start-up advice included, "
        "each counted, by the language in which they were held.",
        unit="advice sessions",
        kind="sum",
        needs=("contacts",),
        events=advice,
        splits=((), ("language",)),
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="both",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="advice_hours",
        label_de="Beratungsstunden",
        label_en="Hours of advice",
        definition_de="Dauer der Beratungen, auch zur Gründung. Fehlt die Dauer einer Beratung, "
        "ist die Summe als geschätzt gekennzeichnet.",
        definition_en="Length of the advice sessions, start-up advice included. Where a session's "
        "length is missing, the sum is marked as estimated.",
        unit="hours",
        kind="sum",
        needs=("contacts",),
        events=hours,
        splits=((), ("site",)),
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="both",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="enterprises_advised",
        label_de="Beratene Unternehmen",
        label_en="Enterprises advised",
        definition_de="Unternehmen mit mindestens einer Beratung, jedes im Zeitraum einmal gezählt "
        "und je Sprache einmal.",
        definition_en="Enterprises with at least one advice session, each counted once in the "
        "period, and once for each language.",
        unit="enterprises",
        kind="count",
        needs=("contacts", "businesses"),
        events=enterprises_advised,
        splits=((), ("language",)),
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="persons_advised",
        label_de="Beratene Personen",
        label_en="Persons advised",
        definition_de="Personen mit mindestens einer Beratung, jede im Zeitraum einmal gezählt und "
        "je Sprache einmal, am Ort der Beratung.",
        definition_en="Persons with at least one advice session, each counted once in the period, "
        "and once for each language, where the advice was given.",
        unit="persons",
        kind="count",
        needs=("contacts",),
        events=persons_advised,
        splits=((), ("language",)),
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="persons",
        better="up",
        has_to_date=True,
    ),
)
