"""Advice coupled with grants: which grants came with advice, and what became of them.

Who asks for advice differs from who does not, and those who advise may choose whom. So these
figures set two groups of grants side by side, and say nothing of what advice brings about.
"""

import numpy as np
import pandas as pd

from ..codes import ADVICE
from ..dataset import Dataset
from . import employment, funding
from .aggregate import WHOLE_AREAS
from .declaration import Events, Indicator
from .funnel import met
from .shared import once

TIMES = ("before", "none")
"""Whether there was advice before the approval."""


@once
def given(data: Dataset) -> pd.DataFrame:
    """Approved grants, each counting one, with the advice of their enterprise.

    Returns
    -------
    DataFrame
        ``advice``: ``before`` where there was any session before the day of approval, else
        ``none``; ``advised_on``: the first session from the approval to the completion of the
        project, missing where there was none.
    """
    grants = funding.approved(data).assign(value=1.0).sort_values("approved_on")
    sessions = met(data)
    sessions = sessions.loc[sessions["kind"].isin(ADVICE), ["unit_id", "date"]]
    # By number: a search by a column of words would take many times as long.
    grants_of, sessions_of = grants["unit_id"].cat.codes, sessions["unit_id"].cat.codes
    first = sessions["date"].groupby(sessions_of).min().reindex(grants_of).to_numpy()
    is_before = first < grants["approved_on"].to_numpy()
    # The next session after each approval, on the day itself too.
    during = pd.merge_asof(
        grants[["approved_on"]].assign(unit=grants_of),
        pd.DataFrame({"unit": sessions_of, "advised_on": sessions["date"]}).sort_values(
            "advised_on"
        ),
        left_on="approved_on",
        right_on="advised_on",
        by="unit",
        direction="forward",
    )["advised_on"].set_axis(grants.index)
    return grants.assign(
        advice=pd.Categorical.from_codes((~is_before).astype(np.int8), TIMES),
        advised_on=during.mask(during > grants["completed_on"]),
    )


def advised_before(data: Dataset) -> pd.DataFrame:
    """Those of :func:`given` with advice before the approval."""
    grants = given(data)
    return grants[grants["advice"] == "before"]


def advised_during(data: Dataset) -> pd.DataFrame:
    """Those of :func:`given` with advice from approval to completion, once there was any."""
    grants = given(data).dropna(subset="advised_on")
    return grants.assign(date=grants["advised_on"])


def completed(data: Dataset) -> pd.DataFrame:
    """Those of :func:`given` whose project was completed, on that day."""
    grants = given(data)
    grants = grants[grants["status"] == "completed"].dropna(subset="completed_on")
    return grants.assign(date=grants["completed_on"])


def jobs(data: Dataset) -> pd.DataFrame:
    """Jobs created that follow from a grant of :func:`given`, on the day of their verification."""
    jobs = employment.jobs(data)
    verified = jobs[(jobs["kind"] == "created") & (jobs["status"] == "verified")]
    grants = given(data)[["grant_id", "unit_id", "district_id", "advice"]]
    found = verified[["grant_id", "status_on", "fte"]].merge(grants, on="grant_id")
    return found.assign(date=found["status_on"], value=found["fte"])


NEEDS = ("grants", "businesses", "contacts")


def _part(
    id: str,
    labels: tuple[str, str],
    definitions: tuple[str, str],
    events: Events,
    *,
    splits: tuple[tuple[str, ...], ...] = ((), ("advice",)),
    unit: str = "grants",
    needs: tuple[str, ...] = NEEDS,
) -> Indicator:
    """Declare a sum over grants since the start."""
    return Indicator(
        id=id,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=definitions[0],
        definition_en=definitions[1],
        unit=unit,
        kind="sum",
        needs=needs,
        events=events,
        splits=splits,
        classes={"advice": TIMES} if ("advice",) in splits else {},
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
    ).to_date()


def _rate(
    id: str,
    labels: tuple[str, str],
    definitions: tuple[str, str],
    numerator: str,
    *,
    unit: str = "percent",
    needs: tuple[str, ...] = NEEDS,
) -> Indicator:
    """Declare what falls to 100 approved grants, or to one."""
    is_share = unit == "percent"
    return Indicator(
        id=id,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=definitions[0],
        definition_en=definitions[1],
        unit=unit,
        kind="rate" if is_share else "ratio",
        needs=needs,
        units="enterprises",
        numerator=numerator,
        denominator="grants_approved",
        scale=100.0 if is_share else 1.0,
    ).to_date()


_NO_CAUSE_DE = "Wer sich beraten lässt, ist anders als die übrigen: Das sagt nichts darüber, was "
_NO_CAUSE_DE += "die Beratung bewirkt."
_NO_CAUSE_EN = "Who asks for advice differs from the others: this says nothing of what advice "
_NO_CAUSE_EN += "brings about."

INDICATORS = (
    _part(
        "grants_approved",
        ("Bewilligte Zuschüsse, Anzahl", "Grants approved, number"),
        (
            "Bewilligte und nicht zurückgenommene Zuschüsse, danach, ob ihr Unternehmen vor dem "
            "Tag der Bewilligung beraten wurde, an welchem Standort auch immer.",
            "Grants approved and not taken back, by whether their enterprise had advice before "
            "the day of approval, at whatever site.",
        ),
        given,
    ),
    _part(
        "grants_advised_before",
        ("Zuschüsse mit Beratung vor der Bewilligung", "Grants with advice before approval"),
        (
            "Bewilligte Zuschüsse, deren Unternehmen vor dem Tag der Bewilligung beraten wurde.",
            "Grants approved whose enterprise had advice before the day of approval.",
        ),
        advised_before,
        splits=((),),
    ),
    _rate(
        "grants_advised_before_share",
        (
            "Anteil der Zuschüsse mit Beratung vor der Bewilligung",
            "Share of grants with advice before approval",
        ),
        (
            "Von 100 bewilligten Zuschüssen die, deren Unternehmen vor dem Tag der Bewilligung "
            "beraten wurde, an welchem Standort auch immer.",
            "Of 100 grants approved, those whose enterprise had advice before the day of "
            "approval, at whatever site.",
        ),
        "grants_advised_before",
    ),
    _part(
        "grants_advised_during",
        ("Zuschüsse mit Beratung während des Vorhabens", "Grants with advice during the project"),
        (
            "Bewilligte Zuschüsse, deren Unternehmen von der Bewilligung bis zum "
            "Verwendungsnachweis beraten wurde, vom Tag der ersten solchen Beratung an.",
            "Grants approved whose enterprise had advice from the approval to the proof of use, "
            "from the day of the first such session on.",
        ),
        advised_during,
        splits=((),),
    ),
    _rate(
        "grants_advised_during_share",
        (
            "Anteil der Zuschüsse mit Beratung während des Vorhabens",
            "Share of grants with advice during the project",
        ),
        (
            "Von 100 bewilligten Zuschüssen die, deren Unternehmen von der Bewilligung bis zum "
            "Verwendungsnachweis beraten wurde. Laufende Vorhaben zählen mit; ihre Beratung kann "
            "noch kommen.",
            "Of 100 grants approved, those whose enterprise had advice from the approval to the "
            "proof of use. Projects under way count; their advice may still come.",
        ),
        "grants_advised_during",
    ),
    _part(
        "grants_completed",
        ("Abgeschlossene Zuschüsse, Anzahl", "Grants completed, number"),
        (
            "Zuschüsse, deren Verwendung nachgewiesen ist, danach, ob ihr Unternehmen vor der "
            "Bewilligung beraten wurde.",
            "Grants of which the use was proved, by whether their enterprise had advice before "
            "approval.",
        ),
        completed,
        splits=(("advice",),),
    ),
    _rate(
        "grants_completed_share",
        ("Anteil abgeschlossener Zuschüsse", "Share of grants completed"),
        (
            "Von 100 bewilligten Zuschüssen die, deren Verwendung nachgewiesen ist; mit und ohne "
            f"Beratung vor der Bewilligung nebeneinander. {_NO_CAUSE_DE}",
            "Of 100 grants approved, those of which the use was proved; with and without advice "
            f"before approval side by side. {_NO_CAUSE_EN}",
        ),
        "grants_completed",
    ),
    _part(
        "jobs_by_advice",
        ("Geprüfte Arbeitsplätze nach Beratung", "Verified jobs by advice"),
        (
            "Geschaffene und geprüfte Arbeitsplätze aus bewilligten Zuschüssen, in "
            "Vollzeitäquivalenten, danach, ob ihr Unternehmen vor der Bewilligung beraten wurde.",
            "Jobs created and verified that follow from grants approved, in full-time "
            "equivalents, by whether their enterprise had advice before approval.",
        ),
        jobs,
        splits=(("advice",),),
        unit="FTE",
        needs=("jobs", *NEEDS),
    ),
    _rate(
        "jobs_per_grant",
        ("Geprüfte Arbeitsplätze je Zuschuss", "Verified jobs per grant"),
        (
            "Geschaffene und geprüfte Arbeitsplätze in Vollzeitäquivalenten je bewilligtem "
            f"Zuschuss; mit und ohne Beratung vor der Bewilligung nebeneinander. {_NO_CAUSE_DE}",
            "Jobs created and verified, in full-time equivalents, per grant approved; with and "
            f"without advice before approval side by side. {_NO_CAUSE_EN}",
        ),
        "jobs_by_advice",
        unit="FTE per grant",
        needs=("jobs", *NEEDS),
    ),
)
