"""Supported foundings, and which share of them is still there one, two and three years later.

The share is one that can be published: so many of so many, all observed for so long. It counts
only who was supported from the foundation on or soon after. Whoever was supported in the second
year has lasted a year already, and would make the share too high; Kaplan and Meier's estimate in
:mod:`ostwerk_analysis.survival` can use them, this share cannot.
"""

import pandas as pd

from ..dataset import Dataset
from ..survival import MONTHS, first_day, first_support
from .aggregate import WHOLE_AREAS
from .declaration import Events, Indicator
from .enterprises import classed
from .shared import once

SOON_MONTHS = 3
"""Support that begins within so many months after the foundation is support of the founding."""


@once
def supported_foundings(data: Dataset) -> pd.DataFrame:
    """Give supported start-ups on the day of their foundation."""
    days = data.businesses[["founded_on", "closed_on"]]
    firms = classed(data)[["unit_id", "district_id"]].join(pd.DataFrame(days))
    founded = firms[firms["founded_on"] >= first_day(data)]
    support = first_support(data).reindex(founded["unit_id"].astype("str")).to_numpy()
    is_soon = support <= founded["founded_on"] + pd.DateOffset(months=SOON_MONTHS)
    founded = founded[is_soon]
    return founded.assign(date=founded["founded_on"], value=1.0)


def reaching(months: int) -> Events:
    """Give supported start-ups on the day on which they are so old, or would be."""

    def events(data: Dataset) -> pd.DataFrame:
        founded = supported_foundings(data)
        return founded.assign(date=founded["founded_on"] + pd.DateOffset(months=months))

    return events


def lasting(months: int) -> Events:
    """Give those of :func:`reaching` that are still there on that day."""

    def events(data: Dataset) -> pd.DataFrame:
        due = reaching(months)(data)
        return due[due["closed_on"].isna() | (due["closed_on"] > due["date"])]

    return events


def _count(
    id: str, labels: tuple[str, str], definitions: tuple[str, str], events: Events
) -> Indicator:
    """Declare a number of supported start-ups since the start."""
    return Indicator(
        id=id,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=definitions[0],
        definition_en=definitions[1],
        unit="enterprises",
        kind="count",
        needs=("businesses", "contacts", "grants"),
        events=events,
        levels_to_date=WHOLE_AREAS,  # those of one age are too few for smaller areas
        units="enterprises",
        better="up" if events is supported_foundings else "",
        has_to_date=True,
    ).to_date()


def _at(months: int) -> tuple[Indicator, Indicator, Indicator]:
    """Declare how many are observed for so long, how many of them last, and their share."""
    due, there = f"startups_observed_{months}m", f"startups_lasting_{months}m"
    share = Indicator(
        id=f"{there}_share",
        label_de=f"Anteil der geförderten Gründungen, der nach {months} Monaten besteht",
        label_en=f"Share of supported foundings that last {months} months",
        definition_de=f"Nach {months} Monaten noch bestehende je 100 geförderte Gründungen, die "
        "so lange beobachtet sind. Wer später gefördert wurde, zählt nicht: Er bestand schon.",
        definition_en=f"Those still there after {months} months per 100 supported foundings that "
        "were observed for so long. Who was supported later is not counted: they had lasted.",
        unit="percent",
        kind="rate",
        needs=("businesses", "contacts", "grants"),
        units="enterprises",
        better="up",
        has_to_date=True,
        numerator=there,
        denominator=due,
        scale=100.0,
    ).to_date()
    return (
        _count(
            due,
            (
                f"Geförderte Gründungen, {months} Monate beobachtet",
                f"Supported foundings observed for {months} months",
            ),
            (
                f"Geförderte Gründungen, die {months} Monate her sind, ob sie noch bestehen oder "
                "nicht.",
                f"Supported foundings of {months} months ago, whether they are still there or not.",
            ),
            reaching(months),
        ),
        _count(
            there,
            (
                f"Geförderte Gründungen, die {months} Monate bestehen",
                f"Supported foundings that last {months} months",
            ),
            (
                f"Geförderte Gründungen, die {months} Monate her sind und an diesem Tag noch "
                "bestanden.",
                f"Supported foundings of {months} months ago that were still there on that day.",
            ),
            lasting(months),
        ),
        share,
    )


INDICATORS = (
    _count(
        "startups_supported",
        ("Geförderte Gründungen", "Supported foundings"),
        (
            "Betriebe, die seit dem ersten Quartal des Programms gegründet und vorher oder bis "
            f"{SOON_MONTHS} Monate danach beraten wurden oder einen Zuschuss bewilligt bekamen.",
            "Enterprises founded since the programme's first quarter that had advice or an "
            f"approved grant before the foundation or by {SOON_MONTHS} months after it.",
        ),
        supported_foundings,
    ),
    *(indicator for months in MONTHS for indicator in _at(months)),
)
