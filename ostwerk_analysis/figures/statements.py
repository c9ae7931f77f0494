"""What statistics say, in sentences that read their own numbers, with the numbers below.

Every sentence is written for what the numbers are: up or down, one or several, certain or not.
"""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
import pandas as pd

from ..language import number, text
from ..programme import Benchmark
from ..survival import ALL, NOT_SUPPORTED, SUPPORTED
from .values import Figure, note

SURE_AT = 0.05
"""Largest p of what is called larger than chance."""
STARTUPS = {
    SUPPORTED: "Supported start-ups",
    NOT_SUPPORTED: "Start-ups not supported",
    ALL: "All start-ups",
}


def startup_survival(
    lasting: pd.DataFrame,
    test: pd.DataFrame,
    benchmarks: Iterable[Benchmark] = (),
    *,
    language: str = "de",
) -> Figure:
    """Say how many start-ups last, supported and not, and whether the difference can be chance.

    Parameters
    ----------
    lasting : DataFrame
        Of :func:`ostwerk_analysis.survival.startup_survival`.
    test : DataFrame
        Of :func:`ostwerk_analysis.survival.startup_test`.
    benchmarks : iterable of Benchmark
        The programme's.
    language : {"de", "en"}
    """
    if lasting.empty:
        nothing = text("No start-up is known since the programme's first quarter.", language)
        return note(nothing, language)
    said = _how_many_last(lasting, language)
    if len(test) and test["p"].notna().all():
        p = _p_value(test["p"].iloc[0], language)
        if test["p"].iloc[0] <= SURE_AT:
            said.append(text("The difference is larger than chance explains ({p}).", language, p=p))
        else:
            said.append(text("The difference can be chance ({p}).", language, p=p))
        said.append(
            text(
                "It need not be due to the support: who seeks support differs from who does not.",
                language,
            )
        )
    for benchmark in benchmarks:
        said.append(
            text(
                "To compare: {share} after {months} months ({cohort}; {source}).",
                language,
                share=number(benchmark.survival_pct, "percent", language, 1),
                months=benchmark.months,
                cohort=getattr(benchmark.cohort, language),
                source=benchmark.source,
            )
        )
    heads = [
        "",
        text("Months", language),
        text("Start-ups", language),
        text("Observed so long", language),
        text("Have lasted", language),
        text("95 % interval", language),
    ]
    rows = [
        [
            text(STARTUPS[row["group"]], language),
            str(row["months"]),
            number(row["startups"], "", language),
            number(row["observed"], "", language),
            number(row["survival_pct"], "percent", language, 1),
            _interval(row["lower_pct"], row["upper_pct"], "percent", language),
        ]
        for row in lasting.to_dict("records")
    ]
    title = text("How long start-ups last", language)
    return _section(title, said, heads, rows, language)


def _how_many_last(lasting: pd.DataFrame, language: str) -> list[str]:
    """Say of each group what share has lasted, at the highest age that the data reach."""
    said = []
    known = lasting[lasting["survival_pct"].notna() & (lasting["group"] != ALL)]
    for row in known.drop_duplicates("group", keep="last").to_dict("records"):
        message = (
            "{group}: only one is known, too few for a share."
            if row["startups"] == 1
            else "{group}: of {n}, an estimated {share} last {months} months (95 % interval: "
            "{range})."
        )
        said.append(
            text(
                message,
                language,
                group=text(STARTUPS[row["group"]], language),
                n=number(row["startups"], "", language),
                share=number(row["survival_pct"], "percent", language, 1),
                months=row["months"],
                range=_interval(row["lower_pct"], row["upper_pct"], "percent", language),
            )
        )
    return said


def _p_value(p: float, language: str) -> str:
    """Write a p-value as journals do: three places, and never 0."""
    if p < 0.001:
        return f"p\u00a0<\u00a0{number(0.001, '', language, 3)}"
    return f"p\u00a0=\u00a0{number(p, '', language, 3)}"


def _interval(lower: float, upper: float, unit: str, language: str, digits: int = 1) -> str:
    """Write an interval, or that there is none."""
    if np.isnan(lower) or np.isnan(upper):
        return text("no interval", language)
    return text(
        "{lower} to {upper}",
        language,
        lower=number(lower, "" if unit == "percent" else unit, language, digits),
        upper=number(upper, unit, language, digits),
    )


def _section(
    title: str,
    said: Sequence[str],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    language: str,
) -> Figure:
    """Put sentences over their numbers; the first column names the rows."""
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in said)
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in others)
        + "</tr>"
        for first, *others in rows
    )
    return Figure(
        f'<section class="ow" lang="{language}"><h2>{escape(title)}</h2>{words}'
        f'<div class="ow-scroll" role="region" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )
