"""The way from the first contact to a job: enterprises at each stage, and how many go on."""

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
    NOTHING,
    SUPPRESSED,
    Figure,
    entry,
    foot,
    mark_of,
    observed,
    of_areas,
    signs,
    told,
    unit_heading,
    unobserved,
    written,
)

STAGES, STEPS = "enterprises_by_stage_to_date", "step_conversion_to_date"
OF = {
    "advised": "{share} of those contacted",
    "applied": "{share} of those advised",
    "approved": "{share} of those that applied",
    "paid": "{share} of those approved",
    "jobs": "{share} of those paid",
}
"""Stage = which share of the stage before has come to it."""


def funnel(
    observations: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw how many enterprises have come to each stage, beside it the share that went on.

    A stage is not a part of the one before: who applies without advice counts at "applied", and
    not in the share of those advised. So the shares come from the observations, and are never
    computed from two bars.

    Parameters are those of :func:`ostwerk_analysis.figures.bars`.
    """
    declared = [entry(catalogue, indicator) for indicator in (STAGES, STEPS)]
    if nothing := unobserved(observations, declared[0], language):
        return nothing
    when = as_of(observations, STAGES, period)
    here = of_areas(observations, [area_id])
    stages = {code: observed(here, STAGES, when, f"stage={code}") for code in CODES["stage"]}
    steps = {code: observed(here, STEPS, when, f"step={code}") for code in OF}
    names = {code: code_name("stage", code, language, parts) for code in stages}
    values = [one["value"] for one in stages.values()]
    longest = float(np.nanmax(values)) if not np.isnan(values).all() else 0.0
    items: list[str] = []
    rows: list[list[Cell]] = []
    for code, one in stages.items():
        amount, status = told(one, "", language, 0)
        mark = mark_of(status)
        went_on = _went_on(code, steps, language)
        items.append(
            bar_item(names[code], one["value"], longest, amount, mark=mark, beneath=went_on)
        )
        rows.append([names[code], (amount, status), (went_on or NOTHING, _status(code, steps))])
    title = text("From the first contact to a job", language)
    heads = [
        text("Stage", language),
        text("Enterprises", language),
        text("Share of an earlier stage", language),
    ]
    remark = text(
        "An enterprise counts once at each stage that it has reached, whether it has passed the "
        "one before or not.",
        language,
    )
    shown = here[here["indicator"].isin([STAGES, STEPS]) & (here["period"] == when)]
    return framed(
        title,
        ", ".join([quarter(when, language), unit_heading(str(declared[0]["unit"]), language)]),
        f"{bar_list(items)}{signs(set(), statuses_in(rows), language)}"
        f'<p class="ow-words">{escape(_sentence(stages, steps, language))}</p>'
        f'<p class="ow-note">{escape(remark)}</p>'
        + foot(
            declared,
            language,
            Figure(table(title, heads, rows, language, is_behind=False)),
            shown,
        ),
        language,
        is_half=True,
    )


def _status(code: str, steps: Mapping[str, dict]) -> str:
    """Give the status of the share of an earlier stage; empty where it has none."""
    return "" if code not in OF or steps[code]["state"] else steps[code]["obs_status"]


def _went_on(code: str, steps: Mapping[str, dict], language: str) -> str:
    """Say which share of an earlier stage has come to this one; empty where none is declared."""
    if code not in OF:
        return ""
    one = steps[code]
    share = written(one["value"], one["state"], "percent", language, 1)
    return text(OF[code], language, share=share)


def _sentence(stages: Mapping[str, dict], steps: Mapping[str, dict], language: str) -> str:
    """Say how many came in and got through, and which step is the narrowest."""
    said = []
    first, last = stages["contacted"], stages["jobs"]
    if not first["state"] and not last["state"]:
        said.append(
            text(
                "{first} enterprises were contacted; {last} have verified jobs.",
                language,
                first=number(first["value"], "", language, 0),
                last=number(last["value"], "", language, 0),
            )
        )
    known = {code: one["value"] for code, one in steps.items() if not one["state"]}
    if len(known) > 1:
        narrowest = min(known, key=known.__getitem__)
        share = number(known[narrowest], "percent", language, 1)
        said.append(
            text(
                "The narrowest step is the one to “{stage}”: {step}.",
                language,
                stage=code_name("stage", narrowest, language),
                step=text(OF[narrowest], language, share=share),
            )
        )
    if hidden := sum(one["state"] == SUPPRESSED for one in (*stages.values(), *steps.values())):
        said.append(
            text(
                "Kept secret: {count} of {all} values.",
                language,
                count=hidden,
                all=len(stages) + len(steps),
            )
        )
    return " ".join(said)
