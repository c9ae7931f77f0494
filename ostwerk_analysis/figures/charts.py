"""Charts through time: Plotly figures in one sober style, with source and table.

A chart is drawn by ``charts.js`` after the rest of the page is there; where no script runs, the
table stays. In JupyterLab it is an ordinary Plotly output.
"""

import json
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..language import quarter, short_quarter, text
from .tables import observation_table
from .values import (
    MISSING,
    SUPPRESSED,
    Figure,
    digits_for,
    entry,
    foot,
    label,
    note,
    of_areas,
    source,
    states,
    unit_heading,
    unobserved,
    written,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

FONT = (
    '"Source Sans 3", "Source Sans 3 Fallback", system-ui, -apple-system, "Segoe UI", Roboto, '
    '"Liberation Sans", Arial, sans-serif'
)
INK, QUIET, RULE, PAPER = "#1b2730", "#56636d", "#d9dfe3", "#ffffff"
LINES = ("#12435f", "#b54e14", "#68737b", "#0b7a4b", "#8a5aa3")
"""Told apart in every kind of colour blindness, and by their dashes without any colour."""
PROPERTIES = {INK: "ink", QUIET: "quiet", RULE: "rule", PAPER: "paper"} | {
    colour: f"line-{place}" for place, colour in enumerate(LINES, start=1)
}
"""The same colours in ``figures.css``, which knows them by night too."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
PLAIN = {"de": "{}.", "en": "Q{}"}
"""A quarter at a tick between others of its year."""
MOST_TICKS, MOST_YEARS, HEIGHT_PX = 8, 5, 340
"""Ticks of quarters, and of years, that a phone holds side by side; height of a chart."""
PLOT_PX, LETTER_PX, ROW_PX, NAME_LETTERS = 285, 7.2, 17, 18
"""Height of the plot itself; width and height of letters, and how many stand in a row of a name."""
CONFIG = {"displayModeBar": False, "responsive": True}
SAVING = {"displayModeBar": "hover", "displaylogo": False, "modeBarButtons": [["toImage"]]}
"""A page shows lines and no buttons. A notebook's chart, which has its source in it, is saved."""


@dataclass(frozen=True)
class Chart(Figure):
    """A finished chart.

    Parameters
    ----------
    html : str
    figure : plotly Figure
        To work on in a notebook.
    name : str
        Of the file, when a notebook saves the picture.
    """

    figure: "go.Figure"
    name: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            "text/html": self._repr_html_(),
            "application/vnd.plotly.v1+json": json.loads(self.figure.to_json())
            | {"config": CONFIG | SAVING | {"toImageButtonOptions": {"filename": self.name}}},
        }


def template() -> "go.layout.Template":
    """Give the style of all charts."""
    import plotly.graph_objects as go

    axis = {
        "gridcolor": RULE,
        "linecolor": QUIET,
        "zerolinecolor": QUIET,
        "ticks": "",
        "fixedrange": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 14, "color": INK},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "colorway": list(LINES),
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "xaxis": axis | {"showgrid": False, "automargin": True},
            "yaxis": axis | {"automargin": True},
            "hoverlabel": {"bgcolor": PAPER, "bordercolor": QUIET, "font": {"color": INK}},
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1.02,
                "yanchor": "bottom",
            },
            "dragmode": False,
        }
    )


def time_series(
    observations: pd.DataFrame,
    indicator: str,
    areas: Mapping[str, str],
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    breakdown: str = "",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw an indicator through time, a line for each area.

    Parameters
    ----------
    observations : DataFrame
        Where there are quarters, years are left out.
    indicator, breakdown : str
    areas : mapping
        Code → name of the areas; the first is the one the chart is about. Five can be told apart,
        so of more the first five are drawn, and the table has the others.
    catalogue : DataFrame
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdown's codes, such as measures.

    Returns
    -------
    Chart or Figure
        A line breaks where a value is missing or kept secret; provisional and estimated values
        are hollow. Where the areas have no observation at all, as of a percentage published for
        districts only, a sentence says so.

    Raises
    ------
    DataError
        If the indicator is unknown.
    """
    import plotly.graph_objects as go

    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    unit = str(declared["unit"])
    picked = of_areas(observations, areas)
    picked = picked[(picked["indicator"] == indicator) & (picked["breakdown"] == breakdown)]
    if picked["period"].str.contains("-Q").any():
        picked = picked[picked["period"].str.contains("-Q")]
    title = label(catalogue, indicator, language, breakdown, parts)
    if picked.empty:
        said = text(
            "{label}: no values for {areas}.",
            language,
            label=title,
            areas=", ".join(areas.values()),
        )
        return note(said, language)
    periods = sorted(picked["period"].unique())
    digits = digits_for(picked["value"], str(declared["kind"]))
    is_short = len(periods) <= 2 * MOST_TICKS
    figure = go.Figure(layout={"template": template()})
    drawn = list(areas.items())[: len(LINES)]
    for place, (area, name) in enumerate(drawn):
        line = picked[picked["area_id"] == area].set_index("period").reindex(periods)
        line["conf_status"] = line["conf_status"].fillna("F")
        kinds = states(line)
        hollow = line["obs_status"].isin(["P", "E"])
        figure.add_scatter(
            x=periods,
            y=[None if np.isnan(value) else float(value) for value in line["value"]],
            name=name,
            mode="lines+markers",
            line={"color": LINES[place], "dash": DASHES[place], "width": 3 if place == 0 else 2},
            marker={
                "size": [7 if is_short or is_hollow else 0 for is_hollow in hollow],
                "color": [PAPER if is_hollow else LINES[place] for is_hollow in hollow],
                "line": {"color": LINES[place], "width": 2},
            },
            text=[
                f"{quarter(period, language)}<br>{escape(name)}: "
                f"<b>{written(value, kind, unit, language, digits)}</b>"
                for period, value, kind in zip(periods, line["value"], kinds, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_xaxes(
        type="category", categoryarray=periods, tickangle=0, **_ticks(periods, language)
    )
    figure.update_yaxes(rangemode="tozero", exponentformat="none", separatethousands=True)
    figure.update_layout(showlegend=len(drawn) > 1)
    newest_first = picked.sort_values("period", ascending=False)
    table = observation_table(
        newest_first, catalogue, areas, language=language, parts=parts, is_turned=True
    )
    span = f"{quarter(periods[0], language)} – {quarter(periods[-1], language)}"
    subtitle = ", ".join(filter(None, (span, unit_heading(unit, language))))
    seen = picked[picked["area_id"].isin(dict(drawn))]
    remarks = [_hollow(seen, language), _interrupted(seen, language)]
    if len(areas) > len(drawn):
        remarks.insert(
            0,
            text(
                "The chart shows the first {count} of {all} areas, the table all of them.",
                language,
                count=len(drawn),
                all=len(areas),
            ),
        )
    heading = text("{label} over time", language, label=title)
    remark = " ".join(filter(None, remarks))
    return chart(figure, heading, subtitle, declared, table, language, remark, _names(figure), seen)


def _hollow(drawn: pd.DataFrame, language: str) -> str:
    """Say what hollow points are, where there are any."""
    kinds = set(drawn.loc[drawn["value"].notna(), "obs_status"])
    if kinds >= {"P", "E"}:
        return text("Hollow points: provisional or estimated values.", language)
    if "P" in kinds:
        return text("Hollow points: provisional values.", language)
    return text("Hollow points: estimated values.", language) if "E" in kinds else ""


def _interrupted(drawn: pd.DataFrame, language: str) -> str:
    """Say why a line is interrupted, where one is: a secret is not taken for a gap in the data."""
    kinds = states(drawn).tolist()
    secret, missing = kinds.count(SUPPRESSED), kinds.count(MISSING)
    if secret and missing:
        return text(
            "Lines are interrupted where values are kept secret ({secret}) or missing ({missing}).",
            language,
            secret=secret,
            missing=missing,
        )
    if secret:
        return text(
            "Lines are interrupted where values are kept secret ({secret}).",
            language,
            secret=secret,
        )
    if missing:
        return text(
            "Lines are interrupted where values are missing ({missing}).", language, missing=missing
        )
    return ""


def _names(figure: "go.Figure") -> dict[str, Any] | None:
    """Put each line's name at its end, none over another, for a chart that is wide enough.

    A line's height is estimated from its value: the axis begins at zero, as all of ours do.
    """
    ends = []
    for line in figure.data:
        known = [value for value in line.y if value is not None]
        if known:
            rows = textwrap.wrap(line.name, NAME_LETTERS, break_long_words=False)
            ends.append((known[-1], rows, line.line.color))
    if len(ends) < 2:
        return None
    values = [value for line in figure.data for value in line.y if value is not None]
    span = (max(*values, 0) - min(*values, 0)) * 1.06 or 1
    annotations, ceiling = [], -np.inf
    for value, rows, colour in sorted(ends, key=lambda end: end[0]):
        own, half = PLOT_PX * value / span, ROW_PX * len(rows) / 2
        middle = max(own, ceiling + half)
        ceiling = middle + half
        annotations.append(
            {
                "text": "<br>".join(map(escape, rows)),
                "x": 1,
                "xref": "paper",
                "xanchor": "left",
                "xshift": 8,
                "y": value,
                "yanchor": "middle",
                "yshift": round(middle - own),
                "align": "left",
                "showarrow": False,
                "font": {"color": colour, "size": 14},
            }
        )
    letters = max(len(row) for _, rows, _ in ends for row in rows)
    return {"annotations": annotations, "margin": round(letters * LETTER_PX + 16)}


def _ticks(periods: list[str], language: str) -> dict[str, list[str]]:
    """Label a time axis: each quarter of a short series, else as many years as a phone holds.

    German quarters are numbered, and named where a year begins: there is no room for more.
    """
    years = [period for period in periods if period.endswith("Q1") or "-Q" not in period]
    if len(periods) <= MOST_TICKS:
        years, shown = years or periods[:1], periods
        if periods[0] not in years:
            years = [periods[0], *years]
    else:
        shown = years[:: -(-len(years) // MOST_YEARS)]
    words = []
    for period in shown:
        year, _, number = period.partition("-Q")
        if not number or len(periods) > MOST_TICKS:
            words.append(year)
        else:
            named = f"{short_quarter(period, language)}<br>{year}"
            words.append(named if period in years else PLAIN[language].format(number))
    return {"tickvals": shown, "ticktext": words}


def chart(
    figure: "go.Figure",
    title: str,
    subtitle: str,
    declared: pd.Series,
    table: Figure,
    language: str,
    remark: str,
    names: dict[str, Any] | None = None,
    shown: pd.DataFrame | None = None,
) -> Figure:
    """Put a chart together: heading, drawing, remark, source and table.

    Parameters
    ----------
    figure : plotly Figure
    title, subtitle, remark : str
        The remark is left out where it is empty.
    declared : Series
        What is counted, as a row of the catalogue.
    table : Figure
        The same numbers for who cannot see the chart.
    language : {"de", "en"}
    names : dict, optional
        Annotations that name the lines, and the margin that they need: in place of the legend
        where there is room.
    shown : DataFrame, optional
        The observations that are drawn.
    """
    figure.update_layout(separators=",." if language == "de" else ".,")
    figure.update_layout(height=HEIGHT_PX)
    payload = json.dumps(
        {"figure": json.loads(figure.to_json()), "config": CONFIG, "names": names},
        ensure_ascii=False,
    ).replace("<", "\\u003c")
    for colour, name in PROPERTIES.items():
        payload = payload.replace(f'"{colour}"', f'"var(--ow-{name})"')
    undrawn = escape(text("The chart is not drawn here; the table has the same values.", language))
    html = (
        f'<figure class="ow ow-figure ow-half" lang="{language}"><figcaption>'
        f"<h2>{escape(title)}</h2>"
        f'<p class="ow-when">{escape(subtitle)}</p></figcaption>'
        f'<div class="ow-chart" role="img" aria-label="{escape(f"{title}, {subtitle}")}" '
        f'style="min-height:{HEIGHT_PX}px" data-ow-failed="{undrawn}">'
        f'<script type="application/json">{payload}</script>'
        f"<noscript><p>{undrawn}</p></noscript></div>"
        + (f'<p class="ow-note">{escape(remark)}</p>' if remark else "")
        + f"{foot([declared], language, table, shown)}</figure>"
    )
    # A notebook shows the bare chart, so title and source are put into it.
    figure.update_layout(
        title={
            "text": f"{escape(title)}<br><sub>{escape(subtitle)}</sub>",
            "x": 0,
            "xref": "paper",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 28},
        },
        margin={"t": 125, "b": 80 if remark else 60},
        height=HEIGHT_PX + 130,
    )
    if words := [said for said in (remark, source([declared], language)) if said]:
        figure.add_annotation(
            text="<br>".join(map(escape, words)),
            xref="paper",
            yref="paper",
            x=0,
            y=0,
            yshift=-36,
            xanchor="left",
            yanchor="top",
            showarrow=False,
            font={"size": 12, "color": QUIET},
        )
    name = "-".join(re.findall(r"\w+", f"{title} {subtitle}".lower()))[:80]
    return Chart(html, figure, name)
