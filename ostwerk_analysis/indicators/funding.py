"""Grants and operations: what was given to whom, and what it set in motion."""

import pandas as pd

from ..codes import CODES
from ..dataset import Dataset
from .declaration import ABOVE_DISTRICTS, Indicator
from .enterprises import sme_class

GIVEN = ("approved", "paid", "completed")
"""Statuses of a grant that was approved and has not been taken back."""
ADVICE = ("advice", "startup_advice")
"""Kinds of contact that are advice: support in kind, beyond a talk or an event."""
STAGES = tuple(CODES["stage"])
"""Stages of support, in their order."""

GRANT_COLUMNS = ["grant_id", "business_id", "measure_id", "status", "applied_on", "approved_on"]
GRANT_COLUMNS += ["paid_on", "completed_on", "eligible_cost_eur", "grant_eur", "paid_eur"]


def _enterprises(data: Dataset) -> pd.DataFrame:
    """Give enterprises with their district, section and size class."""
    table = data.businesses
    kept = pd.DataFrame(table[["business_id", "district_id", "section"]])
    return kept.assign(size=sme_class(table))


def _grants(data: Dataset) -> pd.DataFrame:
    """Give grants with district, section and size class of their enterprise."""
    # Only columns that are needed: a file may have others, also of the same name.
    joined = data.grants[GRANT_COLUMNS].merge(_enterprises(data), on="business_id")
    return joined.rename(columns={"business_id": "unit_id", "measure_id": "measure"})


def applied(data: Dataset) -> pd.DataFrame:
    """Applications, on the day they came in."""
    return _grants(data).assign(date=lambda grants: grants["applied_on"], value=1.0)


def approved(data: Dataset) -> pd.DataFrame:
    """Grants on the day of approval, with the amount approved."""
    given = _grants(data).dropna(subset="approved_on")
    given = given[given["status"].isin(GIVEN)]
    return given.assign(date=given["approved_on"], value=given["grant_eur"])


def approved_by_fund(data: Dataset) -> pd.DataFrame:
    """Approved amounts shared out to the funds that pay them, in full even without known shares."""
    shares = data.funding_shares[["grant_id", "fund", "share_pct"]]
    whole = shares.groupby("grant_id")["share_pct"].transform("sum")  # 100 but for rounding
    parts = shares.assign(part=shares["share_pct"] / whole)
    given = approved(data).merge(parts, on="grant_id", how="left")
    return given.assign(value=given["value"] * given["part"].fillna(1))


def paid(data: Dataset) -> pd.DataFrame:
    """Grants on the day of payment, with the amount paid."""
    given = _grants(data).dropna(subset="paid_on")
    # What was withdrawn after payment is paid back: it counts neither as approved nor as paid.
    given = given[given["status"].isin(["paid", "completed"])]
    return given.assign(date=given["paid_on"], value=given["paid_eur"])


def completed(data: Dataset) -> pd.DataFrame:
    """Grants on the day on which the use of the funds was proved, with the amount paid."""
    given = _grants(data).dropna(subset="completed_on")
    given = given[given["status"] == "completed"]
    return given.assign(date=given["completed_on"], value=given["paid_eur"])


def invested(data: Dataset) -> pd.DataFrame:
    """Approved grants with their whole eligible cost."""
    return approved(data).assign(value=lambda given: given["eligible_cost_eur"])


def invested_privately(data: Dataset) -> pd.DataFrame:
    """Approved grants with the part of the cost that the enterprise bears."""
    given = approved(data)
    return given.assign(value=given["eligible_cost_eur"] - given["grant_eur"])


def _of_erdf(data: Dataset, grants: pd.DataFrame) -> pd.DataFrame:
    """Keep the grants of which the ERDF pays a part."""
    shares = data.funding_shares
    erdf = shares.loc[(shares["fund"] == "ERDF") & (shares["share_pct"] > 0), "grant_id"]
    return grants[grants["grant_id"].isin(erdf)]


def supported_by_erdf(data: Dataset) -> pd.DataFrame:
    """Approved grants of which the ERDF pays a part."""
    return _of_erdf(data, approved(data))


def supported_in_any_form(data: Dataset) -> pd.DataFrame:
    """Support by the ERDF: grants, and advice at the sites of measures that it helps to pay."""
    funded = {measure.id for measure in data.programme.measures if "ERDF" in measure.funds}
    sites = data.sites.loc[data.sites["measure_id"].isin(funded), "site_id"]
    sessions = data.contacts[data.contacts["kind"].isin(ADVICE)]
    sessions = sessions[sessions["site_id"].isin(sites)][["business_id", "occurred_on"]]
    advised = sessions.merge(_enterprises(data), on="business_id").rename(
        columns={"business_id": "unit_id", "occurred_on": "date"}
    )
    columns = ["unit_id", "district_id", "size", "date"]
    return pd.concat([supported_by_erdf(data)[columns], advised[columns]]).assign(value=1.0)


def matched_privately(data: Dataset) -> pd.DataFrame:
    """Completed projects with ERDF support: eligible cost less the public money paid."""
    given = _of_erdf(data, completed(data))
    return given.assign(value=given["eligible_cost_eur"] - given["paid_eur"])


def reached_stages(data: Dataset) -> pd.DataFrame:
    """Enterprises on each day on which they were at a stage, from contact to verified jobs."""
    contacts = data.contacts[["business_id", "kind", "occurred_on"]].dropna(subset="business_id")
    contacts = contacts.merge(_enterprises(data), on="business_id").rename(
        columns={"business_id": "unit_id", "occurred_on": "date"}
    )
    advised = contacts[contacts["kind"].isin(ADVICE)]
    later = reached_stages_of_grants(data)
    columns = ["unit_id", "district_id", "date", "stage"]
    parts = [contacts.assign(stage="contacted"), advised.assign(stage="advised"), later]
    return pd.concat([part[columns] for part in parts]).assign(value=1.0)


def reached_stages_of_grants(data: Dataset) -> pd.DataFrame:
    """Enterprises on each day on which a grant of theirs was at a stage."""
    given = approved(data)
    jobs = data.jobs[data.jobs["status"] == "verified"][["grant_id", "status_on"]]
    jobs = given.drop(columns="date").merge(jobs, on="grant_id")
    stages = {
        "applied": applied(data),
        "approved": given,
        "paid": paid(data),
        "completed": completed(data),
        "jobs": jobs.rename(columns={"status_on": "date"}),
    }
    columns = ["unit_id", "district_id", "date", "measure", "stage"]
    parts = [events.assign(stage=stage)[columns] for stage, events in stages.items()]
    return pd.concat(parts).assign(value=1.0)


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
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="enterprises_supported_erdf",
        label_de="Mit EFRE-Zuschuss unterstützte Unternehmen",
        label_en="Enterprises supported by ERDF grants",
        definition_de="Unternehmen mit bewilligtem Zuschuss, den der EFRE mitfinanziert, jedes im "
        "Zeitraum einmal gezählt, gleich wie viele Zuschüsse es hat.",
        definition_en="Enterprises with an approved grant of which the ERDF pays a part, each "
        "counted once in the period, however many grants it has.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "funding_shares"),
        events=supported_by_erdf,
        splits=((), ("size",), ("measure",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
        eu_code="RCO02",
    ),
    Indicator(
        id="enterprises_supported_erdf_any_form",
        label_de="Vom EFRE in jeder Form unterstützte Unternehmen",
        label_en="Enterprises supported by the ERDF in any form",
        definition_de="Unternehmen mit EFRE-Zuschuss oder mit einer Beratung an einem Standort "
        "einer Maßnahme, die der EFRE mitfinanziert, jedes im Zeitraum einmal gezählt; wer beides "
        "hatte, zählt einmal.",
        definition_en="Enterprises with an ERDF grant or with advice at a site of a measure that "
        "the ERDF helps to pay, each counted once in the period; one that had both counts once.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "funding_shares", "contacts", "sites"),
        events=supported_in_any_form,
        splits=((), ("size",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
        eu_code="RCO01",
    ),
    Indicator(
        id="enterprises_by_stage",
        label_de="Unternehmen nach Stufe der Förderung",
        label_en="Enterprises by stage of support",
        definition_de="Unternehmen, die eine Stufe erreicht haben: Kontakt, Beratung, Antrag, "
        "Bewilligung, Auszahlung, Verwendungsnachweis, geprüfte Arbeitsplätze. Jedes zählt "
        "je Stufe und Zeitraum einmal; die Stufen werden nicht addiert.",
        definition_en="Enterprises that reached a stage: contact, advice, application, approval, "
        "payment, proof of use, verified jobs. Each counts once per stage and period; stages are "
        "never added.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "contacts", "jobs"),
        events=reached_stages,
        splits=(("stage",),),
        classes={"stage": STAGES},
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="enterprises_by_stage_of_grants",
        label_de="Unternehmen nach Stufe des Zuschusses",
        label_en="Enterprises by stage of their grants",
        definition_de="Unternehmen, die in einer Maßnahme eine Stufe erreicht haben, vom Antrag "
        "an: was vorher war, gehört zu keiner Maßnahme allein. Jedes zählt je Maßnahme, Stufe und "
        "Zeitraum einmal.",
        definition_en="Enterprises that reached a stage within a measure, from the application "
        "on: what came before belongs to no measure alone. Each counts once per measure, stage "
        "and period.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "jobs"),
        events=reached_stages_of_grants,
        splits=(("measure", "stage"),),
        classes={"stage": STAGES[2:]},
        levels=("city", "programme", "comparison"),
        levels_to_date=ABOVE_DISTRICTS,
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
        units="enterprises",
        better="up",
        has_to_date=True,
    ),
    Indicator(
        id="private_match_eur",
        label_de="Private Kofinanzierung abgeschlossener EFRE-Vorhaben",
        label_en="Private match of completed ERDF projects",
        definition_de="Förderfähige Kosten abgeschlossener Vorhaben mit EFRE-Zuschuss ohne das "
        "ausgezahlte öffentliche Geld, am Tag des Verwendungsnachweises. Nicht förderfähige "
        "Kosten, die der gemeinsame Indikator mitzählt, stehen nicht in den Daten.",
        definition_en="Eligible cost of completed projects with an ERDF grant less the public "
        "money paid, on the day of the proof of use. Cost that is not eligible, which the common "
        "indicator includes, is not in the data.",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses", "funding_shares"),
        events=matched_privately,
        splits=((), ("measure",)),
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
        eu_code="RCR02",
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
