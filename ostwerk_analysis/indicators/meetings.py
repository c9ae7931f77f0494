"""Meeting each other: the round table of the enterprises, and the community events of the sites.

The table has a contact for each attendance, not for each event. What is attended on one day at one
site is one event; a community event has its topic too, as a site may hold two on a day. All events
without a site are held to be at one place.
"""

import pandas as pd

from ..dataset import Dataset
from .advice import of_kind
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Indicator
from .shared import translated


def round_tables(data: Dataset) -> pd.DataFrame:
    """Attendances of network events, each as its part of the event."""
    return _as_events(of_kind(data, "network_event"), ["site", "date"])


def community_visits(data: Dataset) -> pd.DataFrame:
    """Attendances of community events; the place is the site's, whoever came."""
    visits = of_kind(data, "community_event")
    district = pd.Series(None, visits.index, dtype="str")
    if "sites" in data.tables:
        district = translated(visits["site"], data.sites.set_index("site_id")["district_id"])
    return visits.assign(district_id=district)


def community_events(data: Dataset) -> pd.DataFrame:
    """Attendances of community events, each as its part of the event."""
    return _as_events(community_visits(data), ["site", "date", "topic"])


def network_enterprises(data: Dataset) -> pd.DataFrame:
    """Attendances of network events by enterprises; the place is the enterprise's."""
    return of_kind(data, "network_event").dropna(subset="business_id")


def returning_enterprises(data: Dataset) -> pd.DataFrame:
    """Attendances of enterprises that came on an earlier day too."""
    came = network_enterprises(data)
    first = came.groupby("unit_id", observed=True)["date"].transform("min")
    return came[came["date"] > first]


def _as_events(attended: pd.DataFrame, same: list[str]) -> pd.DataFrame:
    """Share each event out to its attendances: they add up to events, and say who was there.

    So a cell's value is the number of events, and its units are those whose presence it tells.
    """
    guests = attended.groupby(same, dropna=False, observed=True)["value"].transform("size")
    return attended.assign(value=1 / guests)


INDICATORS = (
    Indicator(
        id="network_events",
        label_de="Veranstaltungen des Runden Tischs",
        label_en="Round table events",
        definition_de="Netzwerkveranstaltungen: Teilnahmen an einem Tag und an einem Standort sind "
        "eine Veranstaltung, alle ohne Standort an einem Tag ebenso. Sie gehören zur ganzen Stadt.",
        definition_en="Network events: what was attended on one day at one site is one event, and "
        "so is all without a site on one day. They belong to the city as a whole.",
        unit="events",
        kind="sum",
        needs=("contacts",),
        events=round_tables,
        levels=("city",),
        levels_to_date=("city",),
        units="both",
        has_to_date=True,
    ),
    Indicator(
        id="network_enterprises",
        label_de="Unternehmen am Runden Tisch",
        label_en="Enterprises at the round table",
        definition_de="Unternehmen bei mindestens einer Netzwerkveranstaltung, jedes im Zeitraum "
        "einmal gezählt, am Ort des Unternehmens.",
        definition_en="Enterprises at one network event at least, each counted once in the period, "
        "where the enterprise is.",
        unit="enterprises",
        kind="count",
        needs=("contacts", "businesses"),
        events=network_enterprises,
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="network_enterprises_returning",
        label_de="Wiederkehrende Unternehmen am Runden Tisch",
        label_en="Enterprises returning to the round table",
        definition_de="Unternehmen bei einer Netzwerkveranstaltung, die schon an einem früheren "
        "Tag bei einer waren, jedes im Zeitraum einmal gezählt.",
        definition_en="Enterprises at a network event that had been at one on an earlier day, each "
        "counted once in the period.",
        unit="enterprises",
        kind="count",
        needs=("contacts", "businesses"),
        events=returning_enterprises,
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="network_returning_share",
        label_de="Anteil wiederkehrender Unternehmen am Runden Tisch",
        label_en="Share of enterprises returning to the round table",
        definition_de="Unternehmen, die schon an einem früheren Tag am Runden Tisch waren, je 100 "
        "im Zeitraum; seit Beginn also jene mit mindestens zwei Tagen unter allen mit einem.",
        definition_en="Enterprises that had been at the round table on an earlier day, per 100 in "
        "the period; since the start, those with two days at least among all with one.",
        unit="percent",
        kind="rate",
        needs=("contacts", "businesses"),
        numerator="network_enterprises_returning",
        denominator="network_enterprises",
        scale=100.0,
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="community_events",
        label_de="Veranstaltungen der Standorte",
        label_en="Community events",
        definition_de="Treffen an den Standorten: Besuche an einem Tag, an einem Standort und zu "
        "einem Thema sind eine Veranstaltung.",
        definition_en="Meetings at the sites: visits on one day, at one site and about one topic "
        "are one event.",
        unit="events",
        kind="sum",
        needs=("contacts",),
        events=community_events,
        splits=((), ("site",)),
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
        units="both",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="community_visits",
        label_de="Besuche von Veranstaltungen",
        label_en="Visits to community events",
        definition_de="Besuche von Treffen an den Standorten, jeder für sich gezählt, auch ohne "
        "Namen: So viele, wie erfasst sind, nicht wie viele da waren.",
        definition_en="Visits to meetings at the sites, each counted, also without a name: as many "
        "as are recorded, not as many as were there.",
        unit="visits",
        kind="sum",
        needs=("contacts",),
        events=community_visits,
        splits=((), ("site",)),
        levels=WHOLE_AREAS,
        levels_to_date=WHOLE_AREAS,
        units="both",
        better="up",
        has_to_date=True,
    ),
)
