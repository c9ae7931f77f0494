"""The funnel: how far enterprises come, from the first contact to verified jobs.

Stages overlap and need not follow each other, so they are never added. What share of those at one
stage reached the next is computed of the same enterprises, and since the start only: those of one
quarter's numerator are others than those of its denominator.
"""

import numpy as np
import pandas as pd

from ..codes import ADVICE, CODES
from ..dataset import Dataset
from . import employment, enterprises, funding
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Indicator
from .shared import coded, once

STAGES = tuple(CODES["stage"])
"""Stages of support, in their order."""
STEPS = {
    "advised": "contacted",
    "applied": "advised",
    "approved": "applied",
    "paid": "approved",
    "jobs": "paid",
}
"""Stage = the one before, of which the step to it is counted."""


@once
def met(data: Dataset) -> pd.DataFrame:
    """Contacts of enterprises, with district and size class of these."""
    table = data.contacts[["business_id", "kind", "site_id", "occurred_on"]]
    table = table.assign(kind=coded(table["kind"]), site_id=coded(table["site_id"]))
    table = enterprises.of_enterprises(data, table, "district_id", "size")
    return table.rename(columns={"occurred_on": "date"})


@once
def reached_stages(data: Dataset) -> pd.DataFrame:
    """Enterprises on each day on which they were at a stage, from contact to verified jobs."""
    contacts = met(data)
    advised = contacts[contacts["kind"].isin(ADVICE)]
    later = reached_stages_of_grants(data)
    columns = ["unit_id", "district_id", "date", "stage"]
    parts = [_at("contacted", contacts), _at("advised", advised), later]
    return pd.concat([part[columns] for part in parts]).assign(value=1.0)


@once
def reached_stages_of_grants(data: Dataset) -> pd.DataFrame:
    """Enterprises on each day on which a grant of theirs was at a stage."""
    given = funding.approved(data)
    jobs = employment.jobs(data)
    jobs = jobs.loc[jobs["status"] == "verified", ["grant_id", "status_on"]]
    jobs = given.drop(columns="date").merge(jobs, on="grant_id")
    stages = {
        "applied": funding.applied(data),
        "approved": given,
        "paid": funding.paid(data),
        "completed": funding.completed(data),
        "jobs": jobs.rename(columns={"status_on": "date"}),
    }
    columns = ["unit_id", "district_id", "date", "measure", "stage"]
    parts = [_at(stage, events)[columns] for stage, events in stages.items()]
    return pd.concat(parts).assign(value=1.0)


def _at(stage: str, events: pd.DataFrame) -> pd.DataFrame:
    """Give events of which all are at one stage."""
    number = np.full(len(events), STAGES.index(stage), dtype=np.int8)
    return events.assign(stage=pd.Categorical.from_codes(number, STAGES))


def before_step(data: Dataset) -> pd.DataFrame:
    """Enterprises at the stage before each step, from the first day on which they were there."""
    return _steps(data)[["unit_id", "district_id", "step", "date", "value"]]


def past_step(data: Dataset) -> pd.DataFrame:
    """Those of :func:`before_step` that reached the next stage too, once they had reached both."""
    both = _steps(data).dropna(subset="next_on")
    return both.assign(date=both[["date", "next_on"]].max(axis="columns"))


@once
def _steps(data: Dataset) -> pd.DataFrame:
    """Give each enterprise before each step: its first day there, and its first at the next."""
    reached, firms = reached_stages(data), enterprises.classed(data)
    # One number for enterprise and stage.
    key = reached["unit_id"].cat.codes.astype("int64") * len(STAGES) + reached["stage"].cat.codes
    first = reached["date"].groupby(key.to_numpy()).min()
    firm, stage = np.divmod(first.index.to_numpy(), len(STAGES))
    parts = []
    for number, (step, before) in enumerate(STEPS.items()):
        is_before = stage == STAGES.index(before)
        unit = firm[is_before]
        steps = np.full(len(unit), number, dtype=np.int8)
        there = {
            "unit_id": pd.Categorical.from_codes(unit, dtype=firms["unit_id"].dtype),
            "district_id": firms["district_id"].array.take(unit),
            "step": pd.Categorical.from_codes(steps, list(STEPS)),
            "date": first[is_before].to_numpy(),
            "next_on": first.reindex(unit * len(STAGES) + STAGES.index(step)).to_numpy(),
        }
        parts.append(pd.DataFrame(there))
    return pd.concat(parts, ignore_index=True).assign(value=1.0)


INDICATORS = (
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
        levels_to_date=ABOVE_DISTRICTS,
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
        id="enterprises_at_step",
        label_de="Unternehmen vor einem Schritt der Förderung",
        label_en="Enterprises before a step of support",
        definition_de="Unternehmen, die die Stufe vor einem Schritt erreicht haben: Kontakt vor "
        "Beratung, Beratung vor Antrag, Antrag vor Bewilligung, Bewilligung vor Auszahlung, "
        "Auszahlung vor geprüften Arbeitsplätzen.",
        definition_en="Enterprises that reached the stage before a step: contact before advice, "
        "advice before application, application before approval, approval before payment, payment "
        "before verified jobs.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "contacts", "jobs"),
        events=before_step,
        splits=(("step",),),
        classes={"step": tuple(STEPS)},
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
    ).to_date(),
    Indicator(
        id="enterprises_past_step",
        label_de="Unternehmen nach einem Schritt der Förderung",
        label_en="Enterprises past a step of support",
        definition_de="Unternehmen, die beide Stufen eines Schritts erreicht haben, in welcher "
        "Reihenfolge auch immer.",
        definition_en="Enterprises that reached both stages of a step, in whatever order.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "contacts", "jobs"),
        events=past_step,
        splits=(("step",),),
        classes={"step": tuple(STEPS)},
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
        better="up",
    ).to_date(),
    Indicator(
        id="step_conversion",
        label_de="Übergang zwischen den Stufen der Förderung",
        label_en="Conversion between stages of support",
        definition_de="Von 100 Unternehmen, die eine Stufe erreicht haben, so viele auch die "
        "nächste. Beide Zahlen zählen dieselben Unternehmen; wer erst vor Kurzem kam, hatte für "
        "den Schritt noch wenig Zeit und zählt trotzdem mit.",
        definition_en="Of 100 enterprises that reached a stage, how many reached the next one too. "
        "Both figures count the same enterprises; one that came lately has had little time for the "
        "step and counts all the same.",
        unit="percent",
        kind="rate",
        needs=("grants", "businesses", "contacts", "jobs"),
        units="enterprises",
        better="up",
        numerator="enterprises_past_step",
        denominator="enterprises_at_step",
        scale=100.0,
    ).to_date(),
)
