"""The dashboard that every tool builds: what it holds, and how its map and table are drawn.

63 districts, three indicators, a year: a map in five classes, three key figures and a table. The
map is of Plotly's filled lines, one trace for each class, because Plotly's own geographic traces
ask a host outside for the world's outlines. The environment variable ``RELEASE`` names the release.
"""

import os
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import plotly.graph_objects as go

INDICATORS = {
    "unemployed_share": "Unemployed, %",
    "businesses_per_1000_residents": "Enterprises per 1,000 residents",
    "sgb2_communities_per_1000_residents": "Households on benefits per 1,000 residents",
}
COLOURS = ["#d9e8ee", "#a4cbd9", "#66a5bf", "#2f7698", "#12435f"]


@cache
def districts() -> gpd.GeoDataFrame:
    """Read the districts, in metres."""
    return gpd.read_parquet(_release() / "districts.parquet").set_index("district_id")


@cache
def values() -> pd.DataFrame:
    """Read the districts' values of each third quarter: year, indicator, a column a district."""
    table = pd.read_parquet(_release() / "observations.parquet")
    here = table[
        table["indicator"].isin(list(INDICATORS))
        & (table["area_level"] == "district")
        & (table["breakdown"] == "")
        & table["period"].str.endswith("-Q3")
    ]
    wide = here.assign(year=here["period"].str[:4]).pivot_table(
        index=["year", "indicator"], columns="area_id", values="value"
    )
    return wide.reindex(columns=districts().index)


def years() -> list[str]:
    """List the years, the newest first."""
    return sorted(values().index.get_level_values("year").unique(), reverse=True)


def picture(indicator: str, year: str) -> go.Figure:
    """Draw the map."""
    shown = values().loc[(year, indicator)]
    place = classes(shown)
    figure = go.Figure()
    for i, colour in enumerate(COLOURS):
        here = [lines()[code] for code in shown.index[place == i]]
        x, y = np.concatenate(here).T if here else ([], [])
        figure.add_scatter(
            x=x, y=y, fill="toself", fillcolor=colour, mode="lines", line={"color": "#fff"}
        )
    figure.update_yaxes(scaleanchor="x", visible=False)
    figure.update_xaxes(visible=False)
    figure.update_layout(
        width=640, height=560, showlegend=False, plot_bgcolor="#fff", title=INDICATORS[indicator]
    )
    return figure


def classes(shown: pd.Series) -> np.ndarray:
    """Give the place of each value among five classes of as many districts."""
    return np.digitize(shown, np.quantile(shown, [0.2, 0.4, 0.6, 0.8]))


def key_figures(indicator: str, year: str) -> dict[str, str]:
    """Give the highest, the middle and the lowest value."""
    shown = values().loc[(year, indicator)]
    return {
        "Highest": f"{shown.max():,.1f}",
        "Median": f"{shown.median():,.1f}",
        "Lowest": f"{shown.min():,.1f}",
    }


def listing(indicator: str, year: str) -> pd.DataFrame:
    """Give the table."""
    shown = values().loc[(year, indicator)].round(1)
    return pd.DataFrame({"District": districts()["name"], INDICATORS[indicator]: shown})


@cache
def lines() -> dict[str, np.ndarray]:
    """Give each district's rings as one line with gaps."""
    simple = districts().geometry.simplify_coverage(60)
    gap = np.array([[np.nan, np.nan]])
    parts = simple.explode().groupby(level=0)
    return {
        code: np.concatenate([piece for s in shapes for piece in (s.exterior.coords, gap)])
        for code, shapes in parts
    }


def _release() -> Path:
    return Path(os.environ["RELEASE"])
