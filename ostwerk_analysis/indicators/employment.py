"""Jobs and training places, by the rung of proof they have reached, and what they cost.

A job that is promised is not a job that is verified: no figure adds the rungs together, and none
adds jobs created to jobs secured. Full-time equivalents and persons are indicators of their own.
"""

import numpy as np
import pandas as pd

from ..dataset import Dataset
from ..observations import AREA_LEVELS
from ..tables import STATUS_LADDER
from . import funding
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Events, Indicator
from .enterprises import classed, of_enterprises
from .shared import coded, keyed, once, translated

COLUMNS = ["business_id", "grant_id", "kind", "status", "status_on", "is_founder"]


@once
def jobs(data: Dataset) -> pd.DataFrame:
    """Give jobs, with the measure of their grant if they follow from one.

    Returns
    -------
    DataFrame
        A row for each rung of each job, all codes as categoricals: ``business_id`` as in
        :func:`enterprises.classed`, ``grant_id`` as in :func:`funding.grants`.
    """
    # Only columns that are needed: a file may have others, also of the same name.
    table = data.jobs[[*COLUMNS, "fte", "headcount"]]
    if "grants" in data.tables:
        grants = data.grants.set_index("grant_id")["measure_id"]
        grant = keyed(table["grant_id"], funding.grants(data)["grant_id"].dtype)
        measure = translated(grant, grants)
    else:
        grant = coded(table["grant_id"])
        measure = coded(pd.Series(None, table.index, dtype="str"))
    return table.assign(
        business_id=keyed(table["business_id"], classed(data)["unit_id"].dtype),
        grant_id=grant,
        kind=coded(table["kind"]),
        status=coded(table["status"]),
        measure=measure,
    )


def reached(kind: str, *, founders: bool | None = None, measured: str = "fte") -> Events:
    """Give job outcomes of one kind on the day on which each rung was reached.

    Parameters
    ----------
    kind : {"created", "secured", "training_place"}
    founders : bool, optional
        Only founders' own jobs, or only others; left out, both.
    measured : {"fte", "headcount"}
        What is added up.
    """

    def events(data: Dataset) -> pd.DataFrame:
        found = jobs(data)
        found = found[found["kind"] == kind]
        if founders is not None:
            found = found[found["is_founder"].fillna(False) == founders]
        found = of_enterprises(data, found, "district_id")
        return found.assign(date=found["status_on"], value=found[measured].astype("float64"))

    return events


def reached_by_grants(kind: str) -> Events:
    """Give those of :func:`reached` that follow from a grant approved and not taken back."""

    def events(data: Dataset) -> pd.DataFrame:
        is_given = data.grants["status"].isin(funding.GIVEN).to_numpy()
        found = reached(kind)(data)
        # The last place is that of no grant, which pandas numbers -1.
        return found[np.append(is_given, False)[found["grant_id"].cat.codes]]

    return events


def grants_for_jobs(data: Dataset) -> pd.DataFrame:
    """Give grants once for each rung: approved beside jobs promised, paid beside all others."""
    promised, *proved = STATUS_LADDER
    paid = funding.paid(data)
    parts = [funding.approved(data).assign(status=promised)]
    return pd.concat(parts + [paid.assign(status=rung) for rung in proved], ignore_index=True)


def _by_rung(
    id: str,
    labels: tuple[str, str],
    definitions: tuple[str, str],
    events: Events,
    *,
    unit: str = "FTE",
    needs: tuple[str, ...] = ("jobs", "businesses"),
    levels: tuple[str, ...] = ABOVE_DISTRICTS,
    levels_to_date: tuple[str, ...] = ABOVE_DISTRICTS,
) -> Indicator:
    """Declare a sum by rung and measure."""
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
        splits=(("status",), ("measure", "status")),
        classes={"status": STATUS_LADDER},
        levels=levels,
        levels_to_date=levels_to_date,
        units="enterprises",
        better="" if unit == "EUR" else "up",
        has_to_date=True,
    )


def _jobs(
    id: str,
    kind: str,
    labels: tuple[str, str],
    said: tuple[str, str],
    founders: bool | None = None,
    *,
    are_few: bool = False,
) -> tuple[Indicator, Indicator]:
    """Declare jobs of a kind in full-time equivalents, and the same in persons.

    Districts have full-time equivalents since the start only. Of jobs that are few, they have
    none: of a hundred such cells of the demonstration 97 were zero or confidential; nor have
    boroughs in a quarter, where it was 98.
    """
    levels = WHOLE_AREAS if are_few else ABOVE_DISTRICTS
    days = (
        "nach dem Tag, an dem die Stufe erreicht war",
        "by the day on which the rung was reached",
    )
    in_fte = _by_rung(
        id,
        labels,
        (
            f"{said[0]}, in Vollzeitäquivalenten, {days[0]}.",
            f"{said[1]}, in full-time equivalents, {days[1]}.",
        ),
        reached(kind, founders=founders),
        levels=levels,
        levels_to_date=ABOVE_DISTRICTS if are_few else AREA_LEVELS,
    )
    in_persons = _by_rung(
        f"{id}_persons",
        (f"{labels[0]}, Personen", f"{labels[1]}, persons"),
        (f"{said[0]}, in Personen, {days[0]}.", f"{said[1]}, in persons, {days[1]}."),
        reached(kind, founders=founders, measured="headcount"),
        unit="persons",
        levels=levels,
    )
    return in_fte, in_persons


def _by_grants(kind: str, labels: tuple[str, str]) -> Indicator:
    """Declare the jobs that follow from grants, which their cost is set against."""
    return _by_rung(
        f"jobs_{kind}_by_grants",
        (f"{labels[0]} durch Zuschüsse", f"{labels[1]} by grants"),
        (
            f"{labels[0]} in Vollzeitäquivalenten, die aus einem bewilligten und nicht "
            "zurückgenommenen Zuschuss folgen; solche aus Beratung allein sind nicht dabei.",
            f"{labels[1]} in full-time equivalents that follow from a grant which was approved "
            "and not taken back; those from advice alone are not among them.",
        ),
        reached_by_grants(kind),
        needs=("jobs", "businesses", "grants"),
    )


def _cost(kind: str, labels: tuple[str, str]) -> Indicator:
    """Declare the cost of a job since the start: in a quarter, grants and jobs are of others."""
    return Indicator(
        id=f"cost_per_job_{kind}_eur",
        label_de=f"Zuschuss je {labels[0]}",
        label_en=f"Grants per {labels[1]}",
        definition_de="Alle Zuschüsse, auch die ohne Arbeitsplatz, je Vollzeitäquivalent, das aus "
        "einem Zuschuss folgt: bewilligte Zuschüsse je zugesagtem, ausgezahlte je gemeldetem, "
        "geprüftem oder erhaltenem Arbeitsplatz. Die Zuschüsse stehen ganz bei den "
        "geschaffenen und noch einmal ganz bei den gesicherten; die beiden werden nicht addiert.",
        definition_en="All grants, those without a job too, per full-time equivalent that follows "
        "from a grant: grants approved per job promised, grants paid per job claimed, verified or "
        "retained. The grants stand whole beside jobs created, and whole again beside jobs "
        "secured; the two are never added.",
        unit="EUR per FTE",
        kind="ratio",
        needs=("jobs", "businesses", "grants"),
        units="enterprises",
        better="down",
        has_to_date=True,
        numerator="grants_for_jobs_eur",
        denominator=f"jobs_{kind}_by_grants",
    ).to_date()


INDICATORS = (
    *_jobs(
        "jobs_created",
        "created",
        ("Geschaffene Arbeitsplätze", "Jobs created"),
        (
            "Neue Arbeitsplätze, Gründerinnen und Gründer eingeschlossen",
            "New jobs, founders included",
        ),
    ),
    *_jobs(
        "jobs_created_founders",
        "created",
        ("Arbeitsplätze der Gründer", "Founders' own jobs"),
        (
            "Der Teil der geschaffenen Arbeitsplätze, der auf Gründerinnen und Gründer selbst "
            "entfällt",
            "The part of the jobs created that is the founders' own",
        ),
        True,
        are_few=True,
    ),
    *_jobs(
        "jobs_secured",
        "secured",
        ("Gesicherte Arbeitsplätze", "Jobs secured"),
        ("Bestehende Arbeitsplätze, die gesichert wurden", "Existing jobs that were secured"),
    ),
    *_jobs(
        "training_places",
        "training_place",
        ("Ausbildungsplätze", "Training places"),
        ("Neue Ausbildungsplätze", "New training places"),
        are_few=True,
    ),
    _by_grants("created", ("Geschaffene Arbeitsplätze", "Jobs created")),
    _by_grants("secured", ("Gesicherte Arbeitsplätze", "Jobs secured")),
    _by_rung(
        "grants_for_jobs_eur",
        ("Zuschüsse, den Arbeitsplätzen gegenübergestellt", "Grants set against jobs"),
        (
            "Alle Zuschüsse, bei jeder Stufe ganz: bewilligte bei zugesagten Arbeitsplätzen, "
            "ausgezahlte bei den übrigen Stufen. Nur, um den Zuschuss je Arbeitsplatz zu bilden.",
            "All grants, whole at every rung: those approved beside jobs promised, those paid "
            "beside the other rungs. It is there to compute the grants per job.",
        ),
        grants_for_jobs,
        unit="EUR",
        needs=("grants", "businesses"),
    ),
    _cost("created", ("geschaffenem Arbeitsplatz", "job created")),
    _cost("secured", ("gesichertem Arbeitsplatz", "job secured")),
)
