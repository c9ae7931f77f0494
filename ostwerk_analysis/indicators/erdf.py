"""Common indicators of the ERDF, each by its own counting rule.

What the data do not hold is said in the definition: a figure under an EU code that counts something
else would be worse than none.

References
----------
Regulation (EU) 2021/1058, Annex I. Commission staff working document SWD(2021) 198.
"""

import numpy as np
import pandas as pd

from ..codes import ADVICE
from ..dataset import Dataset
from . import employment, enterprises, funding
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Indicator
from .funnel import met
from .shared import once

NEW_YEARS = 3
"""An enterprise is new if it did not exist so many years before it asked for support."""
LASTING_YEARS = 1
"""Jobs are counted so many years after the project was completed."""


def supported_by_grants(data: Dataset) -> pd.DataFrame:
    """Approved grants of which the ERDF pays a part."""
    return _of_erdf(data, funding.approved(data))


@once
def supported_in_any_form(data: Dataset) -> pd.DataFrame:
    """Support by the ERDF: grants, and advice at the sites of measures that it helps to pay.

    ``asked_on`` is the day of the application, or that of the advice.
    """
    funded = {measure.id for measure in data.programme.measures if "ERDF" in measure.funds}
    sites = data.sites.loc[data.sites["measure_id"].isin(funded), "site_id"]
    sessions = met(data)
    advised = sessions[sessions["kind"].isin(ADVICE) & sessions["site_id"].isin(sites)]
    given = supported_by_grants(data).rename(columns={"applied_on": "asked_on"})
    columns = ["unit_id", "district_id", "size", "date", "asked_on"]
    advised = advised.assign(asked_on=advised["date"])
    return pd.concat([given[columns], advised[columns]]).assign(value=1.0)


def supported_new(data: Dataset) -> pd.DataFrame:
    """Support of enterprises that were new when they asked for it."""
    support = supported_in_any_form(data)
    founded = data.businesses["founded_on"].to_numpy()[support["unit_id"].cat.codes]
    return support[founded > support["asked_on"] - pd.DateOffset(years=NEW_YEARS)]


def jobs_lasting(data: Dataset) -> pd.DataFrame:
    """Jobs created by completed ERDF projects that were still there a year after completion."""
    projects = _of_erdf(data, funding.completed(data))[["grant_id", "completed_on"]]
    jobs = employment.jobs(data)
    jobs = jobs[(jobs["kind"] == "created") & (jobs["status"] == "retained")]
    jobs = jobs[["business_id", "grant_id", "status_on", "fte"]].merge(projects, on="grant_id")
    due = jobs["completed_on"] + pd.DateOffset(years=LASTING_YEARS)
    jobs = enterprises.of_enterprises(data, jobs[jobs["status_on"] >= due], "district_id")
    return jobs.assign(date=jobs["status_on"], value=jobs["fte"])


def matched_privately(data: Dataset) -> pd.DataFrame:
    """Completed projects with ERDF support: eligible cost less the public money paid."""
    given = _of_erdf(data, funding.completed(data))
    return given.assign(value=given["eligible_cost_eur"] - given["paid_eur"])


def _of_erdf(data: Dataset, grants: pd.DataFrame) -> pd.DataFrame:
    """Keep the grants of which the ERDF pays a part."""
    shares = funding.shares(data)
    erdf = shares.loc[(shares["fund"] == "ERDF") & (shares["share_pct"] > 0), "grant_id"]
    is_of_erdf = np.isin(np.arange(len(erdf.cat.categories)), erdf.cat.codes)
    return grants[is_of_erdf[grants["grant_id"].cat.codes]]


INDICATORS = (
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
        events=supported_by_grants,
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
        id="enterprises_supported_erdf_new",
        label_de="Vom EFRE unterstützte neue Unternehmen",
        label_en="New enterprises supported by the ERDF",
        definition_de="Vom EFRE in jeder Form unterstützte Unternehmen, die drei Jahre vor ihrem "
        "Antrag oder ihrer Beratung noch nicht bestanden, jedes einmal gezählt. Unternehmen, "
        "deren Gründung nicht bekannt ist, zählen nicht; ein Wechsel der Rechtsform ist in den "
        "Daten nicht zu erkennen.",
        definition_en="Enterprises supported by the ERDF in any form that did not exist three "
        "years before their application or advice, each counted once. Enterprises of which the "
        "foundation is not known do not count; a change of legal form cannot be told in the data.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "funding_shares", "contacts", "sites"),
        events=supported_new,
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
        better="up",
        eu_code="RCO05",
    ).to_date(),
    Indicator(
        id="jobs_created_erdf",
        label_de="In vom EFRE unterstützten Unternehmen geschaffene Arbeitsplätze",
        label_en="Jobs created in enterprises supported by the ERDF",
        definition_de="Durch abgeschlossene Vorhaben mit EFRE-Zuschuss geschaffene "
        "Arbeitsplätze in Vollzeitäquivalenten, die bei einer Prüfung frühestens ein Jahr nach "
        "dem Verwendungsnachweis noch bestanden. Der gemeinsame Indikator vergleicht die ganze "
        "Belegschaft vorher und ein Jahr nachher; in den Daten stehen nur die Arbeitsplätze "
        "selbst.",
        definition_en="Jobs created by completed projects with an ERDF grant, in full-time "
        "equivalents, that were still there at a check a year or more after the proof of use. The "
        "common indicator compares all staff before and a year after; the data hold the jobs "
        "themselves only.",
        unit="FTE",
        kind="sum",
        needs=("grants", "businesses", "funding_shares", "jobs"),
        events=jobs_lasting,
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
        better="up",
        eu_code="RCR01",
    ).to_date(),
)
