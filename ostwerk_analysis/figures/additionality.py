"""From gross to net: stairs that lead down from what was counted to what the programme added.

The steps are bars lying on their side, each beginning where the one before ends, so that names have
room and a phone shows them as paper does. What a step takes away or adds is striped.
"""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..additionality import STEPS, Assumptions, net_effect, net_range, stairs
from ..language import number, quarter, text
from ..observations import as_of
from .sentences import paragraphs, table
from .values import (
    Figure,
    entry,
    foot,
    label,
    mark_of,
    note,
    of_areas,
    signs,
    states,
    unit_heading,
    unobserved,
    written,
)

if TYPE_CHECKING:
    from ..programme import Additionality

JOBS, VERIFIED, PROMISED = "jobs_created_to_date", "status=verified", "status=promised"
NAMES = {
    "deadweight_pct": "Deadweight",
    "leakage_pct": "Leakage",
    "displacement_pct": "Displacement",
    "substitution_pct": "Substitution",
    "multiplier": "Multiplier",
}
MEANINGS = {
    "deadweight_pct": "would have come about without the support",
    "leakage_pct": "goes to people or firms from elsewhere",
    "displacement_pct": "is lost to other firms of the area",
    "substitution_pct": "replaces what the firm had before",
    "multiplier": "comes on top through purchases and spending in the area",
}
"""What happens to the gross effect at each step."""
STEP_HEADS = ("Step", "Assumed", "Change", "Left")
ASSUMPTION_HEADS = ("Assumption", "low", "central", "high", "Source")
WHOLE_FROM = 20
"""From this value on, effects are written without decimals: assumptions bear no more."""


@dataclass(frozen=True)
class Stairs(Figure):
    """A figure that leads to one value.

    Parameters
    ----------
    net : str
        The value as it is written.
    """

    net: str


def additionality(
    observations: pd.DataFrame,
    stated: "Additionality | None",
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    chosen: Assumptions | None = None,
    indicator: str = JOBS,
) -> Figure:
    """Lead from a verified gross effect to its net effect, assumption by assumption.

    Parameters
    ----------
    observations : DataFrame
    stated : Additionality or None
        What the programme assumes, as ``release.additionality`` gives it.
    period, area_id : str
        When and where.
    catalogue : DataFrame
    language : {"de", "en"}
    chosen : Assumptions, optional
        Values to calculate with instead of the central ones. The range stays that of ``stated``.
    indicator : str
        A sum that is broken down by status. Only what is verified is led down; what is promised
        is said beside it.

    Returns
    -------
    Stairs or Figure
        A sentence where nothing is assumed, or nothing verified is known.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    if stated is None:
        none = text("This release states no assumptions from gross to net.", language)
        return note(none, language)
    period = as_of(observations, indicator, period)
    here = of_areas(observations, [area_id])
    here = here[(here["indicator"] == indicator) & (here["period"] == period)]
    known = here.assign(state=states(here)).set_index("breakdown").to_dict("index")
    named, unit = label(catalogue, indicator, language), str(declared["unit"])
    if VERIFIED not in known or known[VERIFIED]["state"]:
        none = text(
            "{label}: there is no verified figure for {period}, so no net effect is calculated.",
            language,
            label=named,
            period=quarter(period, language),
        )
        return note(none, language)
    gross, status = float(known[VERIFIED]["value"]), str(known[VERIFIED]["obs_status"])
    assumed = chosen or Assumptions.central(stated)
    steps, span = stairs(gross, assumed), net_range(gross, stated)
    when = ", ".join(filter(None, (quarter(period, language), unit_heading(unit, language))))
    said = [_answer(gross, assumed, span, unit, language)]
    said.append(
        text(
            "This is a calculation with assumptions and no measurement. How probable the range "
            "is, nobody knows.",
            language,
        )
    )
    if PROMISED in known:
        promised = known[PROMISED]
        said.append(
            text(
                "Promised: {value}. No net effect is calculated of promises.",
                language,
                value=written(promised["value"], promised["state"], unit, language),
            )
        )
    drawn = _stairs(gross, steps, span, mark_of(status), language)
    shown = here[here["breakdown"].isin([VERIFIED, PROMISED])]
    numbers = _table(gross, steps, language) + _sources(stated, language)
    numbers = f'<div class="ow-foot">{numbers}</div>'
    net = _about(net_effect(gross, assumed), language, unit)
    return Stairs(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption>'
        f"<h2>{escape(text('From gross to net', language))}</h2>"
        f'<p class="ow-when">{escape(named)}, {escape(when)}</p></figcaption>'
        f'<div class="ow-two"><div>{drawn}</div><div>'
        f'<div class="ow-words">{paragraphs(said)}</div>{numbers}'
        f"{signs(set(), {status}, language)}{foot([declared], language, shown=shown)}"
        "</div></div></figure>",
        net,
    )


def _effect(value: float, language: str, unit: str = "") -> str:
    """Write an effect no more precisely than assumptions allow."""
    is_whole = abs(value) >= WHOLE_FROM or abs(value) < 0.05
    return number(value, unit, language, 0 if is_whole else 1)


def _about(net: float, language: str, unit: str = "") -> str:
    return f"≈\u00a0{_effect(net, language, unit)}"


def _answer(
    gross: float,
    assumed: Assumptions,
    span: tuple[float, float, float],
    unit: str,
    language: str,
) -> str:
    """Say net in one sentence, with the range of the stated assumptions."""
    cautious, _, favourable = span
    return text(
        "Of {gross} that are verified, about {net} are the programme's own addition under these "
        "assumptions. If all stated assumptions are put cautiously, they are about {cautious}; if "
        "all are put favourably, about {favourable}.",
        language,
        gross=number(gross, unit, language),
        net=_effect(net_effect(gross, assumed), language),
        cautious=_effect(cautious, language),
        favourable=_effect(favourable, language),
    )


def _stairs(
    gross: float,
    steps: pd.DataFrame,
    span: tuple[float, float, float],
    mark: str,
    language: str,
) -> str:
    """Draw gross, the steps and net below each other, on one scale."""
    cautious, _, favourable = span
    net = float(steps["after"].iloc[-1])
    longest = max(gross, favourable, steps["after"].max()) or 1.0
    rows = [
        _row(
            text("Gross: verified", language), _bar("ow-part", 0, gross, longest),
            _effect(gross, language) + mark,
        )
    ]  # fmt: skip
    for row in steps.to_dict("records"):
        low, high = sorted((row["before"], row["after"]))
        kind = "ow-gained" if row["step"] == "multiplier" else "ow-lost"
        sign = "+" if row["change"] > 0 else ""
        named = f"{_factor(row, language)}: {text(MEANINGS[row['step']], language)}"
        amount = escape(sign + _effect(row["change"], language))
        rows.append(_row(named, _bar(kind, low, high, longest), amount))
    left, right = (100 * end / longest for end in (cautious, favourable))
    line = f'd="M{left:.2f} 2H{right:.2f}"'
    whisker = f'<path class="ow-casing" {line}/><path class="ow-span" {line}/>'
    rows.append(
        _row(
            text("Net: the programme's own addition", language),
            _bar("ow-part", 0, net, longest) + whisker,
            escape(_about(net, language)),
        )
    )
    reach = text("The line over net reaches from the cautious to the favourable end.", language)
    return (
        f'<ul class="ow-bars ow-stairs">{"".join(rows)}</ul><p class="ow-note">{escape(reach)}</p>'
    )


def _row(name: str, drawn: str, amount: str) -> str:
    return (
        f'<li><span class="ow-label">{escape(name)}</span>'
        '<svg class="ow-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'{drawn}</svg><span class="ow-amount">{amount}</span></li>'
    )


def _bar(kind: str, low: float, high: float, longest: float) -> str:
    """Draw a bar; what is lost or gained is striped, which no colour needs to say."""
    at, width = 100 * low / longest, 100 * (high - low) / longest
    box = f'<rect class="{kind}" x="{at:.2f}" width="{width:.2f}" height="4"/>'
    if kind == "ow-part":
        return box
    stripes = np.arange(np.ceil(at / 1.5) * 1.5, at + width, 1.5)
    lines = "".join(f"M{x:.2f} 0V4" for x in stripes)
    return f'{box}<path class="{kind}" d="{lines}"/>' if lines else box


def _factor(row: dict, language: str) -> str:
    """Name a step and what is assumed of it: ``Mitnahme 45 %``."""
    return f"{text(NAMES[row['step']], language)} {_assumed(row['step'], row['factor'], language)}"


def _assumed(step: str, value: float, language: str) -> str:
    """Write an assumption's value: a share, or a factor with two decimals."""
    if step == "multiplier":
        return f"×\u00a0{number(value, '', language, 2)}"
    return number(value, "percent", language)


def _table(gross: float, steps: pd.DataFrame, language: str) -> str:
    """Set the steps out as a table."""
    heads = [text(head, language) for head in STEP_HEADS]
    rows = [[text("Gross: verified", language), "", "", _effect(gross, language)]]
    rows += [
        [
            text(NAMES[row["step"]], language),
            _assumed(row["step"], row["factor"], language),
            _effect(row["change"], language),
            _effect(row["after"], language),
        ]
        for row in steps.to_dict("records")
    ]
    return table(text("From gross to net", language), heads, rows, language)


def _sources(stated: "Additionality", language: str) -> str:
    """Name the range of each assumption and where it comes from, behind a key press."""
    heads = [text(head, language) for head in ASSUMPTION_HEADS]
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads[:-1])
    top += f'<th scope="col" class="ow-left">{escape(heads[-1])}</th>'
    body = ""
    for step in STEPS:
        one = getattr(stated, step)
        cells = "".join(
            f"<td>{escape(_assumed(step, value, language))}</td>"
            for value in (one.low, one.central, one.high)
        )
        body += (
            f'<tr><th scope="row">{escape(text(NAMES[step], language))}</th>{cells}'
            f'<td class="ow-left">{escape(getattr(one.source, language))}</td></tr>'
        )
    said = text("What is assumed, and why", language)
    return (
        f"<details><summary>{escape(said)}</summary>"
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(said)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )
