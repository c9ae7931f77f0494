"""Dense communication: how often, and how long ago, supported enterprises were in contact.

An enterprise is supported from its first approval of a grant on, until it closes.
"""

import numpy as np
import pandas as pd

from ..dataset import Dataset
from .aggregate import WHOLE_AREAS
from .declaration import Indicator
from .enterprises import of_enterprises
from .funding import approved
from .shared import once

FAR_OFF = pd.Timestamp("2200-01-01")
"""A day after every quarter, on which those close that have not closed."""


@once
def supported(data: Dataset) -> pd.DataFrame:
    """Enterprises from their first approval of a grant until they close."""
    first = approved(data).sort_values("date").drop_duplicates("unit_id")
    until = data.businesses["closed_on"].to_numpy()[first["unit_id"].cat.codes]
    kept = first.assign(until=until, value=1.0)
    return kept[["unit_id", "district_id", "date", "until", "value"]].reset_index(drop=True)


@once
def contacts_with_supported(data: Dataset) -> pd.DataFrame:
    """Contacts of enterprises from the day of their first approval on, until they close."""
    support = supported(data).rename(columns={"date": "since"})
    met = of_enterprises(data, data.contacts[["business_id", "occurred_on"]])
    met = met.merge(support, on="unit_id").rename(columns={"occurred_on": "date"})
    return met[(met["date"] >= met["since"]) & ~(met["date"] > met["until"])]


def silences(data: Dataset) -> pd.DataFrame:
    """Days since the last contact of each supported enterprise, at the end of each quarter.

    The approval counts as a contact, so that each has had one. The last quarter is that of the
    last contact on record: beyond it nobody could say who was in contact.
    """
    support, met = supported(data), contacts_with_supported(data)
    first, last = support["date"].min(), data.contacts["occurred_on"].max()
    if pd.isna(first) or pd.isna(last) or last.to_period("Q") < first.to_period("Q"):
        return support.iloc[:0]
    ends = pd.period_range(first, last, freq="Q").end_time.normalize().astype(met["date"].dtype)
    support = support[support["date"] <= ends.max()]
    # Row by row the quarter ends of an enterprise: the first one, and then the next ones.
    begun = ends.searchsorted(support["date"])
    count = np.maximum(ends.searchsorted(support["until"].fillna(FAR_OFF)) - begun, 0)
    row = np.repeat(np.arange(len(support)), count)
    place = begun[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    # Enterprise and day in one number, so that the last contact is the next number below.
    span = (ends.max() - first).days + 1
    of_met = pd.Index(support["unit_id"].cat.codes).get_indexer(met["unit_id"].cat.codes)
    spoken = np.concatenate(
        [
            span * of_met + (met["date"] - first).dt.days.to_numpy(),
            span * np.arange(len(support)) + (support["date"] - first).dt.days.to_numpy(),
        ]
    )
    spoken.sort()
    asked = span * row + (ends - first).days.to_numpy()[place]
    latest = spoken[np.searchsorted(spoken, asked, side="right") - 1]
    return support.iloc[row].assign(date=ends[place], value=(asked - latest).astype(float))


INDICATORS = (
    Indicator(
        id="enterprises_in_support",
        label_de="Geförderte Unternehmen im Bestand",
        label_en="Supported enterprises in business",
        definition_de="Unternehmen am Ende des Quartals, denen bis dahin ein Zuschuss bewilligt "
        "wurde und die nicht geschlossen sind.",
        definition_en="Enterprises at the end of the quarter for which a grant had been approved "
        "by then and which have not closed.",
        unit="enterprises",
        kind="count",
        timing="stock",
        needs=("grants", "businesses"),
        events=supported,
        levels=WHOLE_AREAS,
        units="enterprises",
    ),
    Indicator(
        id="contacts_with_supported",
        label_de="Kontakte geförderter Unternehmen",
        label_en="Contacts of supported enterprises",
        definition_de="Kontakte von Unternehmen vom Tag der ersten Bewilligung eines Zuschusses "
        "an, bis sie schließen.",
        definition_en="Contacts of enterprises from the day of their first approval of a grant on, "
        "until they close.",
        unit="contacts",
        kind="sum",
        needs=("contacts", "grants", "businesses"),
        events=contacts_with_supported,
        levels=WHOLE_AREAS,
        units="enterprises",
        better="up",
    ),
    Indicator(
        id="contacts_per_supported_enterprise",
        label_de="Kontakte je gefördertem Unternehmen",
        label_en="Contacts per supported enterprise",
        definition_de="Kontakte geförderter Unternehmen im Quartal oder Jahr je Unternehmen, das "
        "an dessen Ende gefördert und nicht geschlossen ist.",
        definition_en="Contacts of supported enterprises in the quarter or year per enterprise "
        "that is supported and has not closed at its end.",
        unit="contacts per enterprise",
        kind="ratio",
        needs=("contacts", "grants", "businesses"),
        numerator="contacts_with_supported",
        denominator="enterprises_in_support",
        levels=WHOLE_AREAS,
        units="enterprises",
        better="up",
    ),
    Indicator(
        id="days_since_last_contact",
        label_de="Tage seit dem letzten Kontakt",
        label_en="Days since the last contact",
        definition_de="Median der Tage seit dem letzten Kontakt der geförderten Unternehmen im "
        "Bestand, am Ende des Quartals; für ein Jahr über seine vier Quartalsenden. Die erste "
        "Bewilligung gilt als Kontakt.",
        definition_en="Median of the days since the last contact of the supported enterprises in "
        "business, at the end of the quarter; for a year, over the ends of its four quarters. The "
        "first approval counts as a contact.",
        unit="days",
        kind="median",
        needs=("contacts", "grants", "businesses"),
        events=silences,
        levels=WHOLE_AREAS,
        units="enterprises",
        better="down",
    ),
)
