"""Invented official statistics on the level of the real ones."""

import numpy as np
import pandas as pd

from . import draws
from .draws import QUARTER_STARTS, QUARTERS
from .economy import PROGRAMME_AREA, closeness_km, ramp

UNEMPLOYED_TREND = {
    2019: 0.94,
    2020: 1.13,
    2021: 1.10,
    2022: 1.0,
    2023: 1.06,
    2024: 1.12,
    2025: 1.15,
}
UNEMPLOYED_SEASON = (1.04, 0.985, 1.005, 0.97)
FEWER_UNEMPLOYED = 0.10
"""Share by which the programme lowers unemployment in its area once it runs in full: a known
effect for those who estimate it."""

NOT_PLACED = 0.004
"""Cases of the city that belong to no district, as in the real figures."""

BREAK = "2022-Q3"
"""From here on the communities of need count refugees too: a break in the series."""

ANNUAL = [str(year) for year in range(2019, 2026)]


def draw_statistics(districts: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw quarterly and annual figures of districts, boroughs and the city.

    Returns
    -------
    DataFrame
        ``district_id``, ``area_level``, ``period``, ``statistic``, ``value`` (NaN where it was not
        published) and ``obs_status``.
    """
    residents = _residents(districts, draws.stream(seed, "residents"))
    working_age = _working_age(districts, residents, draws.stream(seed, "working age"))
    unemployed = _unemployed(districts, residents, draws.stream(seed, "unemployed"))
    needy = _communities_of_need(unemployed, draws.stream(seed, "communities of need"))
    migrants, crafts = _annual(districts, residents, draws.stream(seed, "annual"))
    tables = [
        _long(districts, "residents", QUARTERS, residents, 0),
        _long(districts, "residents_working_age", QUARTERS, working_age, 0),
        _long(districts, "unemployed", QUARTERS, unemployed, NOT_PLACED),
        _long(districts, "sgb2_communities", QUARTERS, needy, NOT_PLACED),
        _long(districts, "residents_migrant", ANNUAL, migrants, 0),
        _long(districts, "craft_businesses", ANNUAL, crafts, 0),
    ]
    table = pd.concat(tables, ignore_index=True)
    table["obs_status"] = "A"
    table.loc[table["period"] == QUARTERS[-1], "obs_status"] = "P"
    needs = table["statistic"] == "sgb2_communities"
    table.loc[needs & (table["period"] == BREAK), "obs_status"] = "B"
    # Two small districts were not published for two quarters; a gap is not a zero.
    gap = needs & table["district_id"].isin(["28", "55"]) & (table["area_level"] == "district")
    gap &= table["period"].isin(["2021-Q1", "2021-Q2"])
    table.loc[gap, "value"], table.loc[gap, "obs_status"] = np.nan, "M"
    estimated = (table["statistic"] == "residents_migrant") & (table["period"] == "2022")
    table.loc[estimated, "obs_status"] = "E"
    return table


def _residents(districts: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Residents, shape (districts, quarters): the real ones at the end of 2024, grown both ways."""
    size = len(districts)
    yearly = 0.0095 + 0.006 * draws.normal(rng, size)
    years = (np.arange(len(QUARTERS)) - QUARTERS.index("2024-Q4")) / 4
    wobble = np.cumsum(0.0012 * draws.normal(rng, size * len(years)).reshape(size, -1), axis=1)
    wobble -= wobble[:, [QUARTERS.index("2024-Q4")]]
    base = districts["residents_2024"].to_numpy()[:, None]
    return np.round(base * np.exp(yearly[:, None] * years + wobble))


def _working_age(
    districts: pd.DataFrame, residents: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Residents from 15 to 64: more of them near the centre, slowly fewer everywhere."""
    share = 0.60 + 0.11 * np.exp(-((closeness_km(districts) / 4) ** 2))
    share = share + 0.02 * draws.normal(rng, len(districts))
    return np.round(residents * (share[:, None] - 0.0004 * np.arange(len(QUARTERS))))


def _unemployed(
    districts: pd.DataFrame, residents: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Unemployed: the real level of 2022, an invented trend, seasons, the programme's effect."""
    shape = residents.shape
    years = [year + 0.5 for year in UNEMPLOYED_TREND]
    middle = 2019.125 + np.arange(shape[1]) / 4
    trend = np.interp(middle, years, list(UNEMPLOYED_TREND.values()))
    season = np.array(UNEMPLOYED_SEASON)[np.arange(shape[1]) % 4]
    own = np.exp(0.0025 * draws.normal(rng, shape[0])[:, None] * (np.arange(shape[1]) - 14))
    shock = 0.014 * draws.normal(rng, residents.size).reshape(shape)
    for quarter in range(1, shape[1]):
        shock[:, quarter] += 0.7 * shock[:, quarter - 1]
    area = districts["district_id"].isin(PROGRAMME_AREA).to_numpy()[:, None]
    effect = 1 - FEWER_UNEMPLOYED * area * ramp(QUARTER_STARTS[:-1] + 45)
    mean = districts["unemployed_2022"].to_numpy()[:, None] * trend * season * own * effect
    mean = mean * np.exp(shock)
    noise = 0.4 * np.sqrt(mean) * draws.normal(rng, residents.size).reshape(shape)
    return np.round(np.maximum(mean + noise, 0))


def _communities_of_need(unemployed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Households on basic income support: follow unemployment slowly, with a break in 2022."""
    size, quarters = unemployed.shape
    slow = unemployed.copy()
    for quarter in range(1, quarters):
        slow[:, quarter] = 0.6 * slow[:, quarter - 1] + 0.4 * unemployed[:, quarter]
    ratio = 1.42 * np.exp(0.08 * draws.normal(rng, size))[:, None]
    ratio = ratio * np.where(np.arange(quarters) >= QUARTERS.index(BREAK), 1.07, 1.0)
    noise = 1 + 0.006 * draws.normal(rng, size * quarters).reshape(size, quarters)
    return np.round(slow * ratio * noise * np.linspace(1.06, 0.97, quarters))


def _annual(
    districts: pd.DataFrame, residents: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Residents with a migration background, and craft businesses, at the end of each year."""
    at_end = residents[:, 3::4][:, : len(ANNUAL)]
    share = (districts["migrants_2023"] / districts["residents_2024"]).to_numpy()[:, None]
    growth = np.array([0.80, 0.82, 0.85, 0.95, 1.0, 1.03, 1.05])
    migrants = np.round(at_end * np.minimum(share * growth, 0.9))
    density = 0.0075 * np.exp(0.25 * draws.normal(rng, len(districts)))[:, None]
    shrinking = np.linspace(1.03, 0.96, len(ANNUAL))
    return migrants, np.round(at_end * density * shrinking)


def _long(
    districts: pd.DataFrame,
    statistic: str,
    periods: list[str],
    values: np.ndarray,
    not_placed: float,
) -> pd.DataFrame:
    """Turn a matrix of districts and periods into rows, with the sums of boroughs and city."""
    wide = pd.DataFrame(values, districts["district_id"].to_numpy(), periods)
    boroughs = wide.groupby(districts["borough_id"].to_numpy()).sum()
    city = (wide.sum() * (1 + not_placed)).round().to_frame("leipzig").T
    levels = {"district": wide, "borough": boroughs, "city": city}
    rows = [
        table.rename_axis("district_id")
        .reset_index()
        .melt("district_id", var_name="period")
        .assign(area_level=level)
        for level, table in levels.items()
    ]
    table = pd.concat(rows, ignore_index=True).assign(statistic=statistic)
    return table[["district_id", "area_level", "period", "statistic", "value"]]
