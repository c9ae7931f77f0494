"""Whether a pattern of districts survives in other geometries: a sentence with its numbers."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import hexagons
from ..faults import DataError
from ..hexagons import (
    DISTRICTS,
    HEXAGONS,
    NO_PATTERN,
    PARTLY,
    SQUARES,
    SURE_AT,
    SURVIVES,
    VANISHES,
    verdict,
)
from ..language import number, text
from ..observations import as_of
from ..periods import last_day
from .sentences import p_value, section
from .values import Figure, entry, note, unobserved

if TYPE_CHECKING:
    from ..dataset import Dataset

DENSITY = "businesses_per_1000_residents"

VERDICTS = {
    SURVIVES: "The pattern survives: it is there in hexagons and squares as well.",
    PARTLY: "The pattern survives in part: not every geometry shows it.",
    VANISHES: "The pattern does not survive: no other geometry shows it.",
    NO_PATTERN: "The districts show no pattern that is more than chance; there is none to survive.",
}
"""What the districts' pattern does in other geometries = how it is said."""
NAMES = {DISTRICTS: "Districts", HEXAGONS: "Hexagons", SQUARES: "Squares"}
INDEPENDENT = (
    "What is counted has points and was counted anew in each cell: this is an independent check."
)
DEPENDENT = (
    "What is counted is known by district only and was shared out by area: cells carry the "
    "districts' pattern, so this is no independent check."
)


def robustness(table: pd.DataFrame, label: str, *, language: str = "de") -> Figure:
    """Say whether a pattern of districts survives in hexagons and squares, with the numbers.

    Parameters
    ----------
    table : DataFrame
        Of :func:`ostwerk_analysis.hexagons.robustness`. It tells of no cell, and may be published.
    label : str
        What the rate is called, in the language.
    language : {"de", "en"}

    Returns
    -------
    Figure
    """
    base, others = table.iloc[0], table.iloc[1:]
    said = [text(VERDICTS[verdict(table)], language)]
    said.append(
        text(
            "Moran's I is {districts} in districts ({p}) and {low} to {high} in cells.",
            language,
            districts=number(base["moran_i"], "", language, 2),
            p=p_value(base["p"], language),
            low=number(others["moran_i"].min(), "", language, 2),
            high=number(others["moran_i"].max(), "", language, 2),
        )
    )
    if (chance := int((others["p"] > SURE_AT).sum())) and base["p"] <= SURE_AT:
        said.append(
            text("In {count} of {all} it can be chance.", language, count=chance, all=len(others))
        )
    if others["rank_correlation"].notna().any():
        said.append(
            text(
                "Smoothed rates agree in their order with a rank correlation of {low} to {high}.",
                language,
                low=number(others["rank_correlation"].min(), "", language, 2),
                high=number(others["rank_correlation"].max(), "", language, 2),
            )
        )
    if (stays := others["hot_stays_pct"].dropna()).size:
        said.append(
            text(
                "Of the districts' clusters of high values ({area} km²), {low} to {high} of the "
                "area stay one.",
                language,
                area=number(base["hot_km2"], "", language, 1),
                low=number(stays.min(), "percent", language, 0),
                high=number(stays.max(), "percent", language, 0),
            )
        )
    said.append(text(INDEPENDENT if base["is_independent"] else DEPENDENT, language))
    heads = [
        text("Geometry", language),
        text("Areas", language),
        text("Mean size in km²", language),
        text("Moran's I", language),
        "p",
        text("Rank correlation", language),
        text("Hot area in km²", language),
        text("of it stays hot", language),
    ]
    rows = [
        [
            _name(row, language),
            number(row["cells"], "", language),
            number(row["mean_km2"], "", language, 2),
            number(row["moran_i"], "", language, 2),
            p_value(row["p"], language).removeprefix("p\u00a0").removeprefix("=\u00a0"),
            number(row["rank_correlation"] if place else np.nan, "", language, 2),
            number(row["hot_km2"], "", language, 1),
            number(row["hot_stays_pct"] if place else np.nan, "percent", language, 0),
        ]
        for place, row in enumerate(table.to_dict("records"))
    ]
    title = text("{label}: does the pattern depend on the borders?", language, label=label)
    return section(title, [" ".join(said)], heads, rows, language)


def _name(row: dict, language: str) -> str:
    """Name a geometry; hexagons with their resolution."""
    name = text(NAMES[row["geometry"]], language)
    return name if pd.isna(row["resolution"]) else f"{name} (H3 {row['resolution']})"


def enterprise_robustness(
    data: "Dataset", observations: pd.DataFrame, period: str, *, seed: int, language: str = "de"
) -> Figure:
    """Say whether the pattern of enterprise density is one of the city or of its borders.

    Enterprises are counted anew by their points in cells, those open at the end of the period.

    Parameters
    ----------
    data : Dataset
    observations : DataFrame
        With the residents of the districts.
    period : str
    seed : int
        Of the permutations.
    language : {"de", "en"}

    Returns
    -------
    Figure
        A sentence where the programme has no enterprises, or too few for a pattern.
    """
    from ..indicators import catalogue

    declared = entry(catalogue(), DENSITY)
    if nothing := unobserved(observations, declared, language):
        return nothing
    rows = observations[
        (observations["indicator"] == declared["denominator"])
        & (observations["area_level"] == "district")
    ]
    here = rows[rows["period"] == as_of(rows, str(declared["denominator"]), period)]
    residents = here.set_index("area_id")["value"].rename_axis("district_id")
    end = pd.Timestamp(last_day(period))
    firms = data.businesses
    is_open = ~(firms["founded_on"] > end) & ~(firms["closed_on"] <= end)
    points = firms.loc[is_open & firms.geometry.notna(), "geometry"]
    try:
        table = hexagons.robustness(
            data.districts, points, residents, seed=seed, resolutions=hexagons.RESOLUTIONS[:1]
        )
    except DataError as error:
        return note(error.text(language), language)
    return robustness(table, str(declared[f"label_{language}"]), language=language)
