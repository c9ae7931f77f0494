"""The ethnic economy: what part of the support goes to enterprises with a migrant owner.

Of many enterprises nobody has asked. They stand in neither part of a share, and both parts are
published, so that everybody sees of how many it is known.

Where an owner comes from is a secret of a person, and one of those of article 9 of the GDPR: a cell
is protected by the minimum for persons too, although it counts enterprises.
"""

import pandas as pd

from ..dataset import Dataset
from ..observations import AREA_LEVELS
from . import employment, funding
from .aggregate import WHOLE_AREAS
from .declaration import Events, Indicator

PLACE = ["unit_id", "district_id", "section", "has_migrant_owner"]


def jobs_verified(data: Dataset) -> pd.DataFrame:
    """Jobs created that follow from a grant, on the day on which they were verified."""
    jobs = employment.jobs(data)
    jobs = jobs[(jobs["kind"] == "created") & (jobs["status"] == "verified")]
    given = funding.approved(data)[["grant_id", *PLACE]]
    jobs = jobs[["grant_id", "status_on", "fte"]].merge(given, on="grant_id")
    return jobs.assign(date=jobs["status_on"], value=jobs["fte"])


def approved_number(data: Dataset) -> pd.DataFrame:
    """Approved grants, each counting one."""
    return funding.approved(data).assign(value=1.0)


def of_known_owner(events: Events) -> Events:
    """Keep what went to enterprises of which it is known whether an owner is a migrant."""

    def known(data: Dataset) -> pd.DataFrame:
        return events(data).dropna(subset="has_migrant_owner")

    return known


def of_migrant_owner(events: Events) -> Events:
    """Keep what went to enterprises with a migrant owner."""

    def migrant(data: Dataset) -> pd.DataFrame:
        found = events(data)
        return found[found["has_migrant_owner"].fillna(False).astype(bool)]

    return migrant


def _share(
    id: str,
    labels: tuple[str, str],
    events: Events,
    *,
    unit: str,
    needs: tuple[str, ...] = ("grants", "businesses"),
    splits: tuple[tuple[str, ...], ...] = ((),),
    levels: tuple[str, ...] = WHOLE_AREAS,
) -> tuple[Indicator, Indicator, Indicator]:
    """Declare what is known by owner, the part with a migrant owner, and its share."""
    suffix, once = "_eur" if unit == "EUR" else "", ("", "")
    if unit == "enterprises":
        once = (" Jedes zählt einmal.", " Each counts once.")
    known, part = f"{id}_owner_known{suffix}", f"{id}_migrant_owner{suffix}"

    def declared(
        id: str, ending: tuple[str, str], said: tuple[str, str], found: Events
    ) -> Indicator:
        return Indicator(
            id=id,
            label_de=f"{labels[0]}: {ending[0]}",
            label_en=f"{labels[1]}: {ending[1]}",
            definition_de=f"{labels[0]}: nur Unternehmen, {said[0]}.{once[0]}",
            definition_en=f"{labels[1]}: only enterprises {said[1]}.{once[1]}",
            unit=unit,
            kind="count" if unit == "enterprises" else "sum",
            needs=needs,
            events=found,
            splits=splits,
            levels_to_date=levels,
            units="both",
        ).to_date()

    share = Indicator(
        id=f"{id}_migrant_owner_share{suffix}",
        label_de=f"{labels[0]}: Anteil migrantischer Betriebe",
        label_en=f"{labels[1]}: share of migrant-owned enterprises",
        definition_de=f"{labels[0]}: wie viel von 100 auf Unternehmen entfällt, von denen ein "
        "Inhaber einen Migrationshintergrund hat. Unternehmen, von denen das nicht bekannt ist, "
        "stehen in keinem der beiden Teile.",
        definition_en=f"{labels[1]}: how much of 100 falls to enterprises of which an owner has a "
        "migration background. Enterprises of which that is not known are in neither part.",
        unit="percent",
        kind="rate",
        needs=needs,
        units="both",
        numerator=part,
        denominator=known,
        scale=100.0,
    ).to_date()
    return (
        declared(
            known,
            ("Inhaberschaft bekannt", "ownership known"),
            (
                "von denen bekannt ist, ob ein Inhaber einen Migrationshintergrund hat",
                "of which it is known whether an owner has a migration background",
            ),
            of_known_owner(events),
        ),
        declared(
            part,
            ("migrantische Betriebe", "migrant-owned enterprises"),
            (
                "von denen ein Inhaber einen Migrationshintergrund hat",
                "of which an owner has a migration background",
            ),
            of_migrant_owner(events),
        ),
        share,
    )


INDICATORS = (
    *_share(
        "enterprises_supported",
        ("Unterstützte Unternehmen", "Enterprises supported"),
        funding.approved,
        unit="enterprises",
        splits=((), ("section",)),
        levels=AREA_LEVELS,
    ),
    *_share(
        "grants_approved",
        ("Bewilligte Zuschüsse, Anzahl", "Grants approved, number"),
        approved_number,
        unit="grants",
    ),
    *_share(
        "grants_approved",
        ("Bewilligte Zuschüsse", "Grants approved"),
        funding.approved,
        unit="EUR",
        splits=((), ("section",)),
    ),
    *_share(
        "jobs_created",
        ("Geschaffene und geprüfte Arbeitsplätze", "Jobs created and verified"),
        jobs_verified,
        unit="FTE",
        needs=("jobs", "grants", "businesses"),
    ),
)
