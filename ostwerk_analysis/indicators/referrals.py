"""Referrals: from which site to which, and whether and when advice followed.

A wait belongs to an enterprise or person and to the site that it was referred to: it begins with
the first referral there, and ends with the first advice there on that day or later. Contacts
without a name can be counted, but not followed.
"""

import pandas as pd

from ..dataset import Dataset
from .advice import advice, contacts
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Indicator
from .shared import once

DUE_DAYS = 90
"""Days within which a referral should have led to advice."""


def referrals(data: Dataset) -> pd.DataFrame:
    """Contacts that referred to another site."""
    sent = contacts(data).dropna(subset="referred_to_site_id")
    sent = sent.assign(to_site=sent["referred_to_site_id"])
    return sent[_among(sent["site"], sent["to_site"]) != sent["to_site"].cat.codes]


def _among(site: pd.Series, others: pd.Series) -> pd.Series:
    """Number sites as others are numbered; -1 if it is none of them, or not known."""
    return site.cat.set_categories(others.cat.categories).cat.codes


@once
def waits(data: Dataset) -> pd.DataFrame:
    """Follow each enterprise or person from its first referral to a site to the advice there.

    Returns
    -------
    DataFrame
        ``unit_id``, ``district_id``, ``to_site``, ``referred_on``, ``advised_on`` (missing where
        none has followed so far), one row for each unit and site referred to.
    """
    named = referrals(data)
    named = named[named["unit_id"] != ""]
    codes = data.contacts["contact_id"].loc[named.index]
    named = named.assign(contact_id=codes).sort_values(["occurred_on", "contact_id"])
    # One number for the unit and the site that it was referred to, or advised at.
    sites, sessions = named["to_site"], advice(data)
    size = len(sites.cat.categories) + 1
    named = named.assign(key=named["unit_id"].cat.codes.astype("int64") * size + sites.cat.codes)
    first = named.drop_duplicates("key")
    key = sessions["unit_id"].cat.codes.astype("int64") * size + _among(sessions["site"], sites)
    given = pd.DataFrame({"key": key, "advised_on": sessions["occurred_on"]})
    given = given[key.isin(first["key"]) & (_among(sessions["site"], sites) >= 0)]
    return pd.merge_asof(
        first[["unit_id", "district_id", "to_site", "occurred_on", "key"]],
        given.sort_values("advised_on"),
        left_on="occurred_on",
        right_on="advised_on",
        by="key",
        direction="forward",
    ).rename(columns={"occurred_on": "referred_on"})


def ended(data: Dataset) -> pd.DataFrame:
    """Waits on the day they ended with advice, with their length in days."""
    over = waits(data).dropna(subset="advised_on")
    return over.assign(
        date=over["advised_on"], value=(over["advised_on"] - over["referred_on"]).dt.days
    )


def due(data: Dataset) -> pd.DataFrame:
    """Waits on the day by which advice should have been given."""
    return waits(data).assign(
        date=lambda waiting: waiting["referred_on"] + pd.Timedelta(days=DUE_DAYS), value=1.0
    )


def answered(data: Dataset) -> pd.DataFrame:
    """Waits that ended in time, on the day by which they should."""
    waiting = due(data)
    return waiting[waiting["advised_on"] <= waiting["date"]]


INDICATORS = (
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
        splits=((), ("site",), ("to_site",), ("site", "to_site")),
        levels=ABOVE_DISTRICTS,
        levels_to_date=ABOVE_DISTRICTS,
        units="both",
        has_to_date=True,
    ),
    Indicator(
        id="days_to_first_advice",
        label_de="Tage bis zur ersten Beratung",
        label_en="Days to the first advice",
        definition_de="Median der Tage von der ersten Weiterleitung an einen Standort bis zur "
        "ersten Beratung dort, im Zeitraum dieser Beratung; am selben Tag sind es 0 Tage. Nicht "
        "enthalten ist, wer (noch) nicht beraten wurde, wer ohne Kennung blieb und wer nur vor der "
        "Weiterleitung dort beraten wurde.",
        definition_en="Median of the days from the first referral to a site to the first advice "
        "there, in the period of that advice; on the same day they are 0. It leaves out who has "
        "not been advised (yet), who stayed without a code, and who was advised there only before "
        "the referral.",
        unit="days",
        kind="median",
        needs=("contacts",),
        events=ended,
        splits=((), ("to_site",)),
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
        units="both",
        better="down",
        has_to_date=True,
    ),
    Indicator(
        id="referrals_due",
        label_de="Weiterleitungen vor 90 Tagen",
        label_en="Referrals 90 days before",
        definition_de="Erste Weiterleitungen eines Unternehmens oder einer Person an einen "
        "Standort, deren 90 Tage im Zeitraum abliefen: Jüngere zählen noch nicht, solche ohne "
        "Kennung nie.",
        definition_en="First referrals of an enterprise or person to a site whose 90 days ended in "
        "the period: later ones do not count yet, those without a code never do.",
        unit="referrals",
        kind="sum",
        needs=("contacts",),
        events=due,
        splits=((), ("to_site",)),
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
        units="both",
        has_to_date=True,
    ),
    Indicator(
        id="referrals_advised",
        label_de="Weiterleitungen mit Beratung binnen 90 Tagen",
        label_en="Referrals with advice within 90 days",
        definition_de="Erste Weiterleitungen, deren 90 Tage im Zeitraum abliefen und denen bis "
        "dahin eine Beratung an dem Standort folgte, an den weitergeleitet wurde.",
        definition_en="First referrals whose 90 days ended in the period and that were followed "
        "by then by advice at the site referred to.",
        unit="referrals",
        kind="sum",
        needs=("contacts",),
        events=answered,
        splits=((), ("to_site",)),
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
        units="both",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="referrals_advised_share",
        label_de="Anteil der Weiterleitungen mit Beratung binnen 90 Tagen",
        label_en="Share of referrals with advice within 90 days",
        definition_de="Erste Weiterleitungen mit Beratung binnen 90 Tagen an dem Standort, an den "
        "weitergeleitet wurde, an allen, deren 90 Tage im Zeitraum abliefen. Beratung an einem "
        "anderen Standort zählt nicht.",
        definition_en="First referrals with advice within 90 days at the site referred to, of all "
        "whose 90 days ended in the period. Advice at another site does not count.",
        unit="percent",
        kind="rate",
        needs=("contacts",),
        numerator="referrals_advised",
        denominator="referrals_due",
        scale=100,
        units="both",
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
        better="up",
        has_to_date=True,
    ),
)
