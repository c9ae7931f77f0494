"""Dense communication: how often, and how long ago, supported enterprises were in contact.

An enterprise is supported from its first approval of a grant on, until it closes.
"""

import numpy as np
import pandas as pd

from ..dataset import Dataset
from .advice import enterprises
from .aggregate import WHOLE_AREAS
from .declaration import Indicator
from .funding import approved


def supported(data: Dataset) -> pd.DataFrame:
    """Enterprises from their first approval of a grant until they close."""
    first = approved(data).sort_values(["date", "grant_id"]).drop_duplicates("unit_id")
    until = first["unit_id"].map(data.businesses.set_index("business_id")["closed_on"])
    kept = first.assign(until=until, value=1.0)
    return kept[["unit_id", "district_id", "date", "until", "value"]].reset_index(drop=True)


def contacts_with_supported(data: Dataset) -> pd.DataFrame:
    """Contacts of enterprises from the day of their first approval on, until they close."""
    support = supported(data).rename(columns={"date": "since"})
    met = enterprises(data).merge(support[["unit_id", "since", "until"]], on="unit_id")
    return met[(met["date"] >= met["since"]) & ~(met["date"] > met["until"])]


def silences(data: Dataset) -> pd.DataFrame:
    """Days since the last contact of each supported enterprise, at the end of each quarter.

    The approval counts as a contact, so that each has had one. The last quarter is that of the
    last contact on record: beyond it nobody could say who was in contact.
    """
    support = supported(data)
    met = contacts_with_supported(data)
    last = data.contacts["occurred_on"].max()
    if support.empty or pd.isna(last):
        return support.iloc[:0].drop(columns="until")
    ends = pd.period_range(support["date"].min(), last, freq="Q").end_time.normalize()
    ends = ends.astype(support["date"].dtype)
    begun = ends.searchsorted(support["date"])
    over = ends.searchsorted(support["until"].fillna(pd.Timestamp.max.normalize()))
    count = np.maximum(over - begun, 0)
    # Row by row the quarter ends of an enterprise: the first one, and then the next ones.
    row = np.repeat(np.arange(len(support)), count)
    place = begun[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    asked = support.iloc[row].assign(date=ends[place]).drop(columns="until")
    spoken = pd.concat([met[["unit_id", "date"]], support[["unit_id", "date"]]])
    spoken = spoken.assign(spoken_on=spoken["date"]).sort_values("date")
    found = pd.merge_asof(asked.sort_values("date"), spoken, on="date", by="unit_id")
    return found.assign(value=(found["date"] - found["spoken_on"]).dt.days)


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
