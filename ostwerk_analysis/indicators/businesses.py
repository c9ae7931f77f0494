"""The stock of enterprises: how many there are, of which kind, founded and closed."""

import pandas as pd

from ..dataset import Dataset
from .declaration import Indicator
from .enterprises import classed
from .statistics import published


def active(data: Dataset) -> pd.DataFrame:
    """Enterprises from foundation to closing."""
    return _dated(data, data.businesses["founded_on"]).assign(until=data.businesses["closed_on"])


def active_of_known_owner(data: Dataset) -> pd.DataFrame:
    """Enterprises of which it is known whether their owner runs them."""
    return active(data)[data.businesses["is_owner_operated"].notna()]


def active_owner_operated(data: Dataset) -> pd.DataFrame:
    """Enterprises that their owner runs."""
    return active(data)[data.businesses["is_owner_operated"].fillna(False).astype(bool)]


def founded(data: Dataset) -> pd.DataFrame:
    """Enterprises on the day of foundation."""
    return _dated(data, data.businesses["founded_on"]).dropna(subset="date")


def closed(data: Dataset) -> pd.DataFrame:
    """Enterprises on the day of closing."""
    return _dated(data, data.businesses["closed_on"]).dropna(subset="date")


def _dated(data: Dataset, date: pd.Series) -> pd.DataFrame:
    """Give one event for each enterprise, on a date of its own."""
    return classed(data).drop(columns="has_migrant_owner").assign(date=date, value=1.0)


INDICATORS = (
    Indicator(
        id="businesses",
        label_de="Unternehmen",
        label_en="Enterprises",
        definition_de="Unternehmen, die am Ende des Zeitraums bestehen.",
        definition_en="Enterprises that exist at the end of the period.",
        unit="enterprises",
        kind="count",
        timing="stock",
        needs=("businesses",),
        events=active,
        splits=((), ("section",), ("size",)),
        units="enterprises",
        better="up",
    ),
    Indicator(
        id="businesses_owner_known",
        label_de="Unternehmen mit bekannter Leitung",
        label_en="Enterprises of known management",
        definition_de="Unternehmen am Ende des Zeitraums, von denen bekannt ist, ob ihr Inhaber "
        "sie führt.",
        definition_en="Enterprises at the end of the period of which it is known whether their "
        "owner runs them.",
        unit="enterprises",
        kind="count",
        timing="stock",
        needs=("businesses",),
        events=active_of_known_owner,
        splits=((), ("size",)),
        units="enterprises",
    ),
    Indicator(
        id="businesses_owner_operated",
        label_de="Inhabergeführte Unternehmen",
        label_en="Owner-operated enterprises",
        definition_de="Unternehmen am Ende des Zeitraums, die ihr Inhaber führt.",
        definition_en="Enterprises at the end of the period that their owner runs.",
        unit="enterprises",
        kind="count",
        timing="stock",
        needs=("businesses",),
        events=active_owner_operated,
        splits=((), ("size",)),
        units="enterprises",
    ),
    Indicator(
        id="businesses_owner_operated_share",
        label_de="Anteil inhabergeführter Unternehmen",
        label_en="Share of owner-operated enterprises",
        definition_de="Inhabergeführte Unternehmen je 100, von denen die Leitung bekannt ist.",
        definition_en="Owner-operated enterprises per 100 of which the management is known.",
        unit="percent",
        kind="rate",
        needs=("businesses",),
        units="enterprises",
        numerator="businesses_owner_operated",
        denominator="businesses_owner_known",
        scale=100.0,
    ),
    Indicator(
        id="businesses_founded",
        label_de="Gründungen",
        label_en="Enterprises founded",
        definition_de="Unternehmen, die im Zeitraum gegründet oder angemeldet wurden.",
        definition_en="Enterprises founded or registered in the period.",
        unit="enterprises",
        kind="count",
        needs=("businesses",),
        events=founded,
        splits=((), ("section",)),
        units="enterprises",
        better="up",
    ),
    Indicator(
        id="businesses_closed",
        label_de="Schließungen",
        label_en="Enterprises closed",
        definition_de="Unternehmen, die im Zeitraum geschlossen oder abgemeldet wurden.",
        definition_en="Enterprises closed in the period.",
        unit="enterprises",
        kind="count",
        needs=("businesses",),
        events=closed,
        splits=((), ("section",)),
        units="enterprises",
        better="down",
    ),
    Indicator(
        id="businesses_per_1000_residents",
        label_de="Unternehmensdichte",
        label_en="Enterprise density",
        definition_de="Unternehmen am Ende des Zeitraums je 1.000 Einwohner.",
        definition_en="Enterprises at the end of the period per 1,000 residents.",
        unit="per 1,000 residents",
        kind="rate",
        needs=("businesses", "statistics"),
        units="enterprises",
        better="up",
        numerator="businesses",
        denominator="residents",
        scale=1000.0,
    ),
    Indicator(
        id="craft_businesses",
        label_de="Handwerksbetriebe",
        label_en="Craft businesses",
        definition_de="Handwerksbetriebe nach der Statistik der Stadt.",
        definition_en="Craft businesses by the city's statistics.",
        unit="enterprises",
        kind="count",
        timing="published",
        needs=("statistics",),
        events=published("craft_businesses"),
        better="up",
    ),
)
