"""Jobs by how well they are proved: a stair that goes down, never a sum."""

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd

from ..codes import CODES, code_name
from ..language import number, quarter, text
from ..observations import as_of
from .bars import bar_item, bar_list
from .sentences import Cell, framed, statuses_in, table
from .values import (
    SUPPRESSED,
    Figure,
    available,
    entry,
    foot,
    mark_of,
    note,
    observed,
    of_areas,
    signs,
    told,
    written,
)

KINDS = {
    "jobs_created": "Jobs created",
    "jobs_secured": "Jobs secured",
    "training_places": "Training places",
}
"""Kind of job = its heading; each has a stair of its own, and they are never added."""
OF_FOUNDERS = {"jobs_created": "jobs_created_founders"}
"""Kind of job = the part of it that is the founders' own."""


def job_stair(
    observations: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw jobs promised, claimed, verified and retained; those of founders are told apart.

    A job that is verified was promised and claimed before, so it stands on each rung and rungs are
    never added. Bars are full-time equivalents on one scale for all kinds; persons stand beneath.

    Parameters are those of :func:`ostwerk_analysis.figures.bars`.
    """
    kinds = available(observations, [f"{kind}_to_date" for kind in KINDS])
    title = text("Jobs and training places, by how well they are proved", language)
    if not kinds:
        return note(text("{title}: not observed.", language, title=title), language)
    when = as_of(observations, kinds[0], period)
    here = of_areas(observations, [area_id])
    stairs = {kind.removesuffix("_to_date"): _stair(here, kind, when) for kind in kinds}
    values = [rung["fte"]["value"] for stair in stairs.values() for rung in stair.values()]
    longest = float(np.nanmax(values)) if not np.isnan(values).all() else 0.0
    rows: list[list[Cell]] = []
    panels, said = [], []
    for kind, stair in stairs.items():
        head = text(KINDS[kind], language)
        items = [
            bar_item(
                code_name("status", code, language, parts),
                rung["fte"]["value"],
                longest,
                written(rung["fte"]["value"], rung["fte"]["state"], "FTE", language, 1),
                mark="" if rung["fte"]["state"] else mark_of(rung["fte"]["obs_status"]),
                beneath=_beneath(rung, language),
            )
            for code, rung in stair.items()
        ]
        panels.append(f"<li><h3>{escape(head)}</h3>{bar_list(items)}</li>")
        rows += [
            [f"{head}: {code_name('status', code, language, parts)}", *_cells(rung, language)]
            for code, rung in stair.items()
        ]
        said.append(_sentence(head, stair, language))
    heads = [
        text("Indicator", language),
        text("FTE", language),
        text("persons", language),
        text("of them founders", language),
        text("Grants per job, in €", language),
    ]
    names = [name for kind in stairs for name in _indicators(kind)]
    declared = [entry(catalogue, name) for name in available(observations, names)]
    shown = here[
        here["indicator"].isin(names)
        & (here["period"] == when)
        & here["breakdown"].isin([f"status={code}" for code in CODES["status"]])
    ]
    words = f'<p class="ow-words">{escape(" ".join(filter(None, said)))}</p>'
    return framed(
        title,
        text("{period}, since the start", language, period=quarter(when, language)),
        f'<ul class="ow-peers">{"".join(panels)}</ul>'
        + signs(set(), statuses_in(rows), language)
        + words
        + foot(
            declared,
            language,
            Figure(table(title, heads, rows, language, is_behind=False)),
            shown,
        ),
        language,
    )


def _indicators(kind: str) -> list[str]:
    """Name what is told of a kind of job: full-time equivalents, persons, founders and cost."""
    cost = f"cost_per_{kind.replace('jobs', 'job')}_eur_to_date"
    founders = OF_FOUNDERS.get(kind, f"{kind}_founders")
    return [f"{kind}_to_date", f"{kind}_persons_to_date", f"{founders}_to_date", cost]


def _stair(here: pd.DataFrame, indicator: str, when: str) -> dict[str, dict[str, dict]]:
    """Read every rung: status = what is told of it."""
    names = _indicators(indicator.removesuffix("_to_date"))
    return {
        code: {
            fact: observed(here, name, when, f"status={code}")
            for fact, name in zip(("fte", "persons", "founders", "cost"), names, strict=True)
        }
        for code in CODES["status"]
    }


def _beneath(rung: Mapping[str, dict], language: str) -> str:
    """Say persons and founders of a rung, as far as they are told."""
    said = []
    if not rung["persons"]["state"]:
        said.append(number(rung["persons"]["value"], "persons", language, 0))
    if not rung["founders"]["state"] and rung["founders"]["value"] > 0:
        fte = number(rung["founders"]["value"], "FTE", language, 1)
        said.append(text("of them founders: {fte}", language, fte=fte))
    elif rung["founders"]["state"] == SUPPRESSED:
        said.append(text("founders: kept secret", language))
    return "; ".join(said)


def _cells(rung: Mapping[str, dict], language: str) -> list[tuple[str, str]]:
    """Write what is told of a rung into the table's cells."""
    digits = {"fte": 1, "persons": 0, "founders": 1, "cost": 0}
    return [told(rung[fact], "", language, places) for fact, places in digits.items()]


def _sentence(head: str, stair: Mapping[str, Mapping[str, dict]], language: str) -> str:
    """Say how much of what was promised is verified; empty where one of them is not told."""
    promised, verified = (stair[code]["fte"] for code in ("promised", "verified"))
    if promised["state"] or verified["state"] or not promised["value"] > 0:
        return ""
    return text(
        "{head}: promised {promised}, verified {verified}, which is {share} of it.",
        language,
        head=head,
        promised=number(promised["value"], "FTE", language, 1),
        verified=number(verified["value"], "FTE", language, 1),
        share=number(100 * verified["value"] / promised["value"], "percent", language, 0),
    )
