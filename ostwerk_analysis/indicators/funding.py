"""Grants and operations: what was given to whom, and what it set in motion."""

import numpy as np
import pandas as pd

from ..dataset import Dataset
from . import enterprises
from .declaration import ABOVE_DISTRICTS, Indicator
from .shared import coded, keyed, once

GIVEN = ("approved", "paid", "completed")
"""Statuses of a grant that was approved and has not been taken back."""

GRANT_COLUMNS = ["grant_id", "business_id", "measure_id", "status", "applied_on", "approved_on"]
GRANT_COLUMNS += [
    "rejected_on",
    "paid_on",
    "completed_on",
    "eligible_cost_eur",
    "grant_eur",
    "paid_eur",
]


@once
def grants(data: Dataset) -> pd.DataFrame:
    """Give grants with district, section and size class of their enterprise."""
    # Only columns that are needed: a file may have others, also of the same name.
    table = data.grants[GRANT_COLUMNS].rename(columns={"measure_id": "measure"})
    codes = pd.Categorical.from_codes(np.arange(len(table)), table["grant_id"])
    table = table.assign(
        grant_id=codes, measure=coded(table["measure"]), status=coded(table["status"])
    )
    known = ("district_id", "section", "size", "has_migrant_owner")
    return enterprises.of_enterprises(data, table, *known)


@once
def shares(data: Dataset) -> pd.DataFrame:
    """Give the part of each grant that each fund pays; they add up to one for each grant."""
    table = data.funding_shares[["grant_id", "fund", "share_pct"]]
    keys = grants(data)["grant_id"].dtype
    table = table.assign(grant_id=keyed(table["grant_id"], keys), fund=coded(table["fund"]))
    by_grant = table.groupby("grant_id", observed=True)["share_pct"]
    return table.assign(part=table["share_pct"] / by_grant.transform("sum"))  # 100 but for rounding


def applied(data: Dataset) -> pd.DataFrame:
    """Applications, on the day they came in."""
    return grants(data).assign(date=lambda table: table["applied_on"], value=1.0)


@once
def approved(data: Dataset) -> pd.DataFrame:
    """Grants on the day of approval, with the amount approved."""
    given = grants(data).dropna(subset="approved_on")
    given = given[given["status"].isin(GIVEN)]
    return given.assign(date=given["approved_on"], value=given["grant_eur"])


def approved_by_fund(data: Dataset) -> pd.DataFrame:
    """Approved amounts shared out to the funds that pay them, in full even without known shares."""
    given = approved(data).merge(shares(data), on="grant_id", how="left")
    return given.assign(value=given["value"] * given["part"].fillna(1))


@once
def paid(data: Dataset) -> pd.DataFrame:
    """Grants on the day of payment, with the amount paid."""
    given = grants(data).dropna(subset="paid_on")
    # What was withdrawn after payment is paid back: it counts neither as approved nor as paid.
    given = given[given["status"].isin(["paid", "completed"])]
    return given.assign(date=given["paid_on"], value=given["paid_eur"])


@once
def completed(data: Dataset) -> pd.DataFrame:
    """Grants on the day on which the use of the funds was proved, with the amount paid."""
    given = grants(data).dropna(subset="completed_on")
    given = given[given["status"] == "completed"]
    return given.assign(date=given["completed_on"], value=given["paid_eur"])


def invested(data: Dataset) -> pd.DataFrame:
    """Approved grants with their whole eligible cost."""
    return approved(data).assign(value=lambda given: given["eligible_cost_eur"])


def invested_privately(data: Dataset) -> pd.DataFrame:
    """Approved grants with the part of the cost that the enterprise bears."""
    given = approved(data)
    return given.assign(value=given["eligible_cost_eur"] - given["grant_eur"])


def operations(data: Dataset) -> pd.DataFrame:
    """Operations of the public list on their first day; they are placed in the city only."""
    listed = data.operations
    return pd.DataFrame(
        {
            "unit_id": listed["code"],
            "district_id": pd.Series(None, listed.index, dtype="str"),
            "date": listed["started_on"],
            "value": listed["total_cost_eur"],
            "intervention": listed["intervention_type"],
        }
    )


INDICATORS = (
    Indicator(
        id="applications",
        label_de="Anträge",
        label_en="Applications",
        definition_de="Eingegangene Förderanträge, nach dem Tag des Eingangs.",
        definition_en="Applications for a grant, by the day on which they came in.",
        unit="applications",
        kind="sum",
        needs=("grants", "businesses"),
        events=applied,
        splits=((), ("measure",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        has_to_date=True,
    ),
    Indicator(
        id="enterprises_supported",
        label_de="Unterstützte Unternehmen",
        label_en="Enterprises supported",
        definition_de="Unternehmen mit bewilligtem Zuschuss, jedes im Zeitraum einmal gezählt.",
        definition_en="Enterprises with an approved grant, each counted once in the period.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses"),
        events=approved,
        splits=((), ("measure",), ("section",), ("size",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="grants_approved_eur",
        label_de="Bewilligte Zuschüsse",
        label_en="Grants approved",
        definition_de="Summe der bewilligten Zuschüsse, nach dem Tag der Bewilligung.",
        definition_en="Sum of the grants approved, by the day of approval.",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses"),
        events=approved,
        splits=((), ("measure",), ("section",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        has_to_date=True,
    ),
    Indicator(
        id="grants_approved_by_fund_eur",
        label_de="Bewilligte Zuschüsse nach Mittelgeber",
        label_en="Grants approved by fund",
        definition_de="Bewilligte Zuschüsse, nach den Anteilen der Mittelgeber aufgeteilt.",
        definition_en="Grants approved, divided by the shares of the funds that pay them.",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses", "funding_shares"),
        events=approved_by_fund,
        splits=(("fund",),),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        has_to_date=True,
    ),
    Indicator(
        id="grants_paid_eur",
        label_de="Ausgezahlte Zuschüsse",
        label_en="Grants paid",
        definition_de="Summe der ausgezahlten Zuschüsse, nach dem Tag der Auszahlung.",
        definition_en="Sum of the grants paid out, by the day of payment.",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses"),
        events=paid,
        splits=((), ("measure",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        has_to_date=True,
    ),
    Indicator(
        id="investment_eur",
        label_de="Angestoßene Investitionen",
        label_en="Investment set in motion",
        definition_de="Förderfähige Kosten der bewilligten Vorhaben, Zuschuss eingeschlossen.",
        definition_en="Eligible cost of the projects approved, grant included.",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses"),
        events=invested,
        splits=((), ("measure",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="private_investment_eur",
        label_de="Private Investitionen",
        label_en="Private investment",
        definition_de="Teil der förderfähigen Kosten bewilligter Vorhaben, den die Unternehmen "
        "selbst tragen.",
        definition_en="The part of the eligible cost of approved projects that the enterprises "
        "bear themselves.",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses"),
        events=invested_privately,
        splits=((), ("measure",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="leverage",
        label_de="Hebel",
        label_en="Leverage",
        definition_de="Private Investitionen je Euro bewilligten Zuschusses.",
        definition_en="Private investment per euro of grant approved.",
        unit="EUR per EUR",
        kind="ratio",
        needs=("grants", "businesses"),
        units="enterprises",
        better="up",
        has_to_date=True,
        numerator="private_investment_eur",
        denominator="grants_approved_eur",
    ),
    Indicator(
        id="operations",
        label_de="Vorhaben der Liste",
        label_en="Operations listed",
        definition_de="Vorhaben der öffentlichen Liste der Vorhaben, nach ihrem Beginn.",
        definition_en="Operations of the public list of operations, by their first day.",
        unit="operations",
        kind="count",
        needs=("operations",),
        events=operations,
        splits=((), ("intervention",)),
        levels=("city",),
        levels_to_date=("city",),
        has_to_date=True,
    ),
    Indicator(
        id="operations_cost_eur",
        label_de="Kosten der Vorhaben der Liste",
        label_en="Cost of the operations listed",
        definition_de="Gesamtkosten der Vorhaben der öffentlichen Liste, nach ihrem Beginn.",
        definition_en="Total cost of the operations of the public list, by their first day.",
        unit="EUR",
        kind="sum",
        needs=("operations",),
        events=operations,
        splits=((), ("intervention",)),
        levels=("city",),
        levels_to_date=("city",),
        has_to_date=True,
    ),
)
