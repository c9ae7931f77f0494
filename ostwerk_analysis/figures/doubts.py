"""What plausibility checks have found, set out so that one sees at a glance where it is."""

from collections.abc import Mapping
from html import escape

import pandas as pd

from ..faults import finding_sentences
from ..language import number, quarter, text
from ..rules import FINDINGS
from .values import Figure

SIGNS = {
    "idle_correction": "×",
    "missing_as_zero": "∅",
    "suppressed_as_zero": "<",
    "unit": "‰",
    "parts": "Σ",
    "areas": "Δ",
    "shift": "↕",
    "rounding": "≈",
    "leap": "↯",
}
"""Kind of finding = its sign in the grid."""


def doubts(
    findings: pd.DataFrame, names: Mapping[str, str] | None = None, *, language: str = "de"
) -> Figure:
    """Set findings out by statistic and period, and say each in words below.

    Parameters
    ----------
    findings : DataFrame
        Of a dataset or a release.
    names : mapping, optional
        Code = name of areas.
    language : {"de", "en"}
    """
    title = escape(text("What is in doubt", language))
    if findings.empty:
        nothing = escape(text("Nothing: every figure fits those around it.", language))
        html = f"<h2>{title}</h2><p>{nothing}</p>"
    else:
        html = f"<h2>{title}</h2>{_grid(findings, language)}{_words(findings, names, language)}"
    return Figure(f'<section class="ow" lang="{language}">{html}</section>')


def _grid(findings: pd.DataFrame, language: str) -> str:
    """Draw a table: a row for each statistic, a column for each period, the signs in it."""
    placed = findings[(findings["period"] != "") & (findings["statistic"] != "")]
    if placed.empty:
        return ""
    cells = placed.groupby(["statistic", "period"], sort=False)["rule"].agg(dict.fromkeys)
    periods = sorted(placed["period"].unique())
    heads = "".join(f'<th scope="col">{escape(quarter(p, language))}</th>' for p in periods)
    body = ""
    for statistic in sorted(placed["statistic"].unique()):
        row = (_cell(cells.get((statistic, period), {}), language) for period in periods)
        body += f'<tr><th scope="row">{escape(statistic)}</th>{"".join(row)}</tr>'
    corner, label = text("Statistic", language), text("Table", language)
    return (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(label)}"><table>'
        f'<thead><tr><th scope="col">{escape(corner)}</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(rules: Mapping[str, None], language: str) -> str:
    signs = [
        f'<abbr title="{escape(text(FINDINGS[rule].title, language))}">{SIGNS[rule]}</abbr>'
        for rule in rules
    ]
    return f"<td>{' '.join(signs)}</td>"


def _words(findings: pd.DataFrame, names: Mapping[str, str] | None, language: str) -> str:
    """Say each kind with its sign, what to do, and its cases."""
    said = finding_sentences(findings, language, names)
    signs = {text(doubt.title, language): SIGNS[rule] for rule, doubt in FINDINGS.items()}
    parts = []
    for (finding, remedy), rows in said.groupby(["finding", "remedy"], sort=False):
        count = number(len(rows), "", language)
        cases = "".join(
            f"<li>{escape(', '.join(filter(None, (row['what'], row['periods']))))}: "
            f"{escape(row['sentence'])}</li>"
            for row in rows.to_dict("records")
        )
        parts.append(
            f"<details><summary>{signs[finding]} {escape(finding)} ({count})</summary>"
            f"<p>{escape(remedy)}</p><ul>{cases}</ul></details>"
        )
    return "".join(parts)
