"""Jobs and training places, by the rung of proof they have reached.

A job that is promised is not a job that is verified: no figure adds the rungs together, and none
adds jobs created to jobs secured.
"""

import pandas as pd

from ..dataset import Dataset
from ..tables import STATUS_LADDER
from .declaration import ABOVE_DISTRICTS, Events, Indicator


def reached(kind: str, *, founders: bool | None = None) -> Events:
    """Give job outcomes of one kind on the day on which each rung was reached.

    Parameters
    ----------
    kind : {"created", "secured", "training_place"}
    founders : bool, optional
        Only founders' own jobs, or only others; left out, both.
    """

    def events(data: Dataset) -> pd.DataFrame:
        jobs = data.jobs[data.jobs["kind"] == kind]
        if founders is not None:
            jobs = jobs[jobs["is_founder"].fillna(False) == founders]
        # Only columns that are needed: a file may have others, also of the same name.
        jobs = jobs[["business_id", "grant_id", "status", "status_on", "fte"]].merge(
            data.businesses[["business_id", "district_id"]], on="business_id"
        )
        if "grants" in data.tables:
            measures = data.grants.set_index("grant_id")["measure_id"]
            jobs = jobs.assign(measure=jobs["grant_id"].map(measures).astype("str"))
        else:
            jobs = jobs.assign(measure=pd.Series(None, jobs.index, dtype="str"))
        return jobs.assign(date=jobs["status_on"], value=jobs["fte"], unit_id=jobs["business_id"])

    return events


def _jobs(
    id: str, kind: str, labels: tuple[str, str], definitions: tuple[str, str], founders: bool | None
) -> Indicator:
    """Declare an indicator of job outcomes; they differ in what they count and nothing else."""
    return Indicator(
        id=id,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=definitions[0],
        definition_en=definitions[1],
        unit="FTE",
        kind="sum",
        needs=("jobs", "businesses"),
        events=reached(kind, founders=founders),
        splits=(("status",), ("measure", "status")),
        classes={"status": STATUS_LADDER},
        levels=ABOVE_DISTRICTS,
        units="enterprises",
        better="up",
        has_to_date=True,
    )


INDICATORS = (
    _jobs(
        "jobs_created",
        "created",
        ("Geschaffene Arbeitsplätze", "Jobs created"),
        (
            "Neue Arbeitsplätze in Vollzeitäquivalenten, Gründerinnen und Gründer "
            "eingeschlossen, nach dem Tag, an dem die Stufe erreicht war.",
            "New jobs in full-time equivalents, founders included, by the day on which the rung "
            "was reached.",
        ),
        None,
    ),
    _jobs(
        "jobs_created_founders",
        "created",
        ("Arbeitsplätze der Gründer", "Founders' own jobs"),
        (
            "Der Teil der geschaffenen Arbeitsplätze, der auf Gründerinnen und Gründer selbst "
            "entfällt.",
            "The part of the jobs created that is the founders' own.",
        ),
        True,
    ),
    _jobs(
        "jobs_secured",
        "secured",
        ("Gesicherte Arbeitsplätze", "Jobs secured"),
        (
            "Bestehende Arbeitsplätze in Vollzeitäquivalenten, die gesichert wurden.",
            "Existing jobs in full-time equivalents that were secured.",
        ),
        None,
    ),
    _jobs(
        "training_places",
        "training_place",
        ("Ausbildungsplätze", "Training places"),
        ("Neue Ausbildungsplätze.", "New training places."),
        None,
    ),
)
