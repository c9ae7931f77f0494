"""How long start-ups last: said in sentences, and drawn as a curve."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ..language import number, text
from ..survival import ALL, NOT_SUPPORTED, SUPPORTED
from .charts import DASHES, INK, LINES, chart, template
from .sentences import interval, p_value, section, table
from .shares import shares
from .values import Figure, note

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ..programme import Benchmark

SURE_AT = 0.05
"""Largest p of what is called larger than chance."""
STARTUPS = {
    SUPPORTED: "Supported start-ups",
    NOT_SUPPORTED: "Start-ups not supported",
    ALL: "All start-ups",
}
DRAWN = {SUPPORTED: "/", NOT_SUPPORTED: "."}
"""Groups of a curve, and the pattern of the band around each."""
FEWEST_OBSERVED = 10
"""A curve ends where fewer start-ups are under observation: one closing more would move it far."""
TICKS_MONTHS = 12
AGES_MONTHS = (12, 24, 36)
"""Ages at which a release tells the share that has lasted."""


def startup_survival(
    lasting: pd.DataFrame,
    test: pd.DataFrame,
    benchmarks: "Iterable[Benchmark]" = (),
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
        return _none_known(language)
    said = _how_many_last(lasting, language)
    if len(test) and test["p"].notna().all():
        p = p_value(test["p"].iloc[0], language)
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
    said += _to_compare(benchmarks, language)
    return section(
        text("How long start-ups last", language),
        said,
        _heads(language),
        _rows(lasting, language),
        language,
    )


def startups_lasting(
    observations: pd.DataFrame,
    period: str,
    area_id: str,
    benchmarks: "Iterable[Benchmark]" = (),
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw which share of the supported start-ups has lasted 12, 24 and 36 months.

    For pages, which have a release and not the enterprises: each share is that of those observed so
    long.

    Parameters
    ----------
    observations : DataFrame
    period, area_id : str
    benchmarks : iterable of Benchmark
        Those of the release, to compare with.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes.
    """
    return shares(
        observations,
        [f"startups_lasting_{months}m_share_to_date" for months in AGES_MONTHS],
        period,
        area_id,
        title=text("How long start-ups last", language),
        remark=" ".join(_to_compare(benchmarks, language)),
        catalogue=catalogue,
        language=language,
        parts=parts,
    )


def survival_curve(
    lasting: pd.DataFrame, benchmarks: "Iterable[Benchmark]" = (), *, language: str = "de"
) -> Figure:
    """Draw which share of the start-ups has lasted at each age, supported and not.

    Steps of Kaplan and Meier's estimate, each in a band that is its 95 % interval, and beside them
    the stated benchmarks. A curve ends where fewer than :data:`FEWEST_OBSERVED` start-ups are
    under observation, or where nobody has been observed so long.

    Parameters
    ----------
    lasting : DataFrame
        Of :func:`ostwerk_analysis.survival.startup_survival` for every month, from 0 on.
    benchmarks : iterable of Benchmark
        The programme's; those of other ages than ``lasting`` has are not drawn.
    language : {"de", "en"}

    Returns
    -------
    Chart or Figure
        A sentence where no start-up is known, or too few for a curve.
    """
    import plotly.graph_objects as go

    if lasting.empty:
        return _none_known(language)
    curves = {group: _drawable(lasting[lasting["group"] == group]) for group in DRAWN}
    curves = {group: curve for group, curve in curves.items() if len(curve) > 1}
    if not curves:
        message = "Fewer than {n} start-ups are under observation, too few for a curve."
        return note(text(message, language, n=FEWEST_OBSERVED), language)
    figure = go.Figure(layout={"template": template()})
    for place, (group, curve) in enumerate(curves.items()):
        _draw(figure, group, curve, place, language)
    longest = int(max(curve["months"].iloc[-1] for curve in curves.values()))
    stated = [one for one in benchmarks if one.months <= longest]
    if stated:
        figure.add_scatter(
            x=[one.months for one in stated],
            y=[one.survival_pct for one in stated],
            mode="markers",
            name=getattr(stated[0].cohort, language),
            marker={
                "symbol": "diamond-open",
                "size": 11,
                "color": INK,
                "line": {"width": 2, "color": INK},
            },
            text=[
                f"{getattr(one.cohort, language)}, {_age(one.months, language)}: "
                f"<b>{number(one.survival_pct, 'percent', language, 1)}</b>"
                for one in stated
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_xaxes(range=[0, longest + 1], dtick=TICKS_MONTHS, tick0=0)
    figure.update_yaxes(range=[0, 102], dtick=20)
    figure.update_layout(legend_traceorder="normal")
    title = text("How long start-ups last", language)
    shown = pd.concat(curve[curve["months"] % TICKS_MONTHS == 0] for curve in curves.values())
    numbers = table(
        title,
        _heads(language),
        _rows(shown[shown["months"] > 0], language),
        language,
        is_behind=False,
    )
    counted = pd.Series(
        {
            "source": "businesses, contacts, grants",
            f"label_{language}": title,
            f"definition_{language}": text(
                "Enterprises founded since the programme's first quarter. An enterprise counts as "
                "supported from its first advice or approved grant on, and as not supported until "
                "then. The curve is the estimate of Kaplan and Meier, read at every month; it ends "
                "where fewer than {n} are under observation.",
                language,
                n=FEWEST_OBSERVED,
            ),
        }
    )
    subtitle = text(
        "Share that has lasted, in %, by months since the foundation; bands: 95 % interval",
        language,
    )
    remark = " ".join(_to_compare(stated, language))
    return chart(figure, title, subtitle, counted, Figure(numbers), language, remark)


def _drawable(curve: pd.DataFrame) -> pd.DataFrame:
    """Cut a curve where too few are left to tell, and let it begin with all of them."""
    enough = curve["months"].where(curve["observed"] >= FEWEST_OBSERVED).max()
    curve = curve[(curve["months"] <= enough) & curve["survival_pct"].notna()]
    # Before the first closing there is no interval; it begins where the curve does.
    edges = {name: curve[name].fillna(curve["survival_pct"]) for name in ("lower_pct", "upper_pct")}
    return curve.assign(**edges)


def _draw(figure: "go.Figure", group: str, curve: pd.DataFrame, place: int, language: str) -> None:
    """Draw the curve of one group over the band of its interval."""
    colour, name = LINES[place], text(STARTUPS[group], language)
    months = curve["months"].tolist()
    edge = {"color": colour, "width": 1, "dash": "dot", "shape": "hv"}
    figure.add_scatter(
        x=months,
        y=curve["upper_pct"].tolist(),
        line=edge,
        mode="lines",
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=months,
        y=curve["lower_pct"].tolist(),
        line=edge,
        mode="lines",
        fill="tonexty",
        fillpattern={
            "shape": DRAWN[group],
            "fgcolor": colour,
            "bgcolor": "rgba(0,0,0,0)",
            "size": 7,
        }
        | {"solidity": 0.15, "fgopacity": 0.6},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=months,
        y=curve["survival_pct"].tolist(),
        name=name,
        mode="lines",
        line={"color": colour, "dash": DASHES[place], "width": 3 if place == 0 else 2}
        | {"shape": "hv"},
        text=[
            f"{name}, {_age(row['months'], language)}: "
            f"<b>{number(row['survival_pct'], 'percent', language, 1)}</b><br>"
            f"{interval(row['lower_pct'], row['upper_pct'], 'percent', language)}"
            for row in curve.to_dict("records")
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _none_known(language: str) -> Figure:
    return note(
        text("No start-up is known since the programme's first quarter.", language), language
    )


def _age(months: int, language: str) -> str:
    return text("{n} month" if months == 1 else "{n} months", language, n=months)


def _heads(language: str) -> list[str]:
    """Head the columns of :func:`_rows`."""
    return [
        "",
        text("Months", language),
        text("Start-ups", language),
        text("Observed so long", language),
        text("Have lasted", language),
        text("95 % interval", language),
    ]


def _rows(lasting: pd.DataFrame, language: str) -> list[list[str]]:
    """Write each group and age as a row."""
    return [
        [
            text(STARTUPS[row["group"]], language),
            str(row["months"]),
            number(row["startups"], "", language),
            number(row["observed"], "", language),
            number(row["survival_pct"], "percent", language, 1),
            interval(row["lower_pct"], row["upper_pct"], "percent", language),
        ]
        for row in lasting.to_dict("records")
    ]


def _to_compare(benchmarks: "Iterable[Benchmark]", language: str) -> list[str]:
    """Say what share of other cohorts has lasted, and who says so."""
    return [
        text(
            "To compare: {share} after {months} months ({cohort}; {source}).",
            language,
            share=number(one.survival_pct, "percent", language, 1),
            months=one.months,
            cohort=getattr(one.cohort, language),
            source=one.source,
        )
        for one in benchmarks
    ]


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
                range=interval(row["lower_pct"], row["upper_pct"], "percent", language),
            )
        )
    return said
