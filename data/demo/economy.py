"""An invented register of businesses: where they are, what they do, when they begin and end."""

from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from . import draws
from .draws import QUARTER_STARTS, TODAY
from .geometry import to_lonlat

PROGRAMME_AREA = ("10", "20", "21", "22", "23", "30")
FUNDING_STARTS = draws.day("2020-07-01")

STOCK, BIRTHS_PER_QUARTER = 8400, 142
"""Businesses on the first day, and foundings in an average quarter."""

SCARCER = 0.62
"""Businesses in the programme area, relative to what its people and its place would suggest: the
disadvantage that the programme is there to compensate."""

BIRTH_SEASON = (1.25, 0.98, 0.95, 0.82)

MORE_BIRTHS = 0.30
"""What the programme adds to foundings in its area once it runs in full: a known effect for those
who estimate it."""

SECTION_RISK = {"41": 0.9, "56": 1.5, "47": 1.25, "53": 1.4, "62": 0.8, "69": 0.5, "86": 0.4}
"""Risk of closing by division, relative to the others."""

FEWER_CLOSINGS = {"contacted": 0.85, "funded": 0.55}
"""Risk of closing of a supported business, relative to the same one without: known effects."""

BORDER_M = 6


def ramp(days: np.ndarray) -> np.ndarray:
    """Share of its full strength at which the programme works: from 0 in mid-2020 to 1 in 2024."""
    return np.clip((np.asarray(days) - FUNDING_STARTS) / (3.5 * 365), 0, 1)


def closeness_km(districts: pd.DataFrame) -> np.ndarray:
    """Distance of each district's middle from that of the first one, the centre, in km."""
    points = districts[["easting_m", "northing_m"]].to_numpy()
    return np.hypot(*(points - points[0]).T) / 1000


def register(districts: pd.DataFrame, sectors: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw the businesses, without the days on which they close.

    Parameters
    ----------
    districts : DataFrame
        Facts of ``ortsteile.csv`` with ``easting_m``, ``northing_m`` and ``cell``.
    sectors : DataFrame
        Weights and sizes of ``sectors.csv``.

    Returns
    -------
    DataFrame, in random order
        Days as whole numbers; position of the district in ``place``, of the sector in ``sector``.
    """
    rng = draws.stream(seed, "businesses")
    founded, place = _foundings(districts, rng)
    size = len(founded)

    distance = closeness_km(districts)
    centre = np.exp(-((distance / 1.3) ** 2))
    inner = np.exp(-((distance / 4.5) ** 2)) * (1 - centre)
    mix = np.column_stack([centre, inner, 1 - centre - inner])
    weights = mix @ sectors[["centre", "inner", "outer"]].to_numpy().T
    weights *= np.exp(0.35 * draws.normal(rng, weights.size).reshape(weights.shape))
    sector = draws.pick(rng, weights[place], size)

    staff = draws.skewed(rng, sectors["staff"].to_numpy()[sector] + 0.4, 1.12, size) - 0.4
    staff *= 1 + 0.5 * ((TODAY - founded) / 365 > 10)
    staff = np.round(np.clip(staff, 0, 420) * 2) / 2
    per_head = sectors["turnover_per_head_eur"].to_numpy()[sector]
    turnover = np.round(draws.skewed(rng, per_head * (1 + staff), 0.5, size), -3)
    balance = np.round(turnover * draws.skewed(rng, 0.45, 0.5, size), -3)

    migrants = (districts["migrants_2023"] / districts["residents_2024"]).to_numpy()[place]
    lean = sectors["migrant_factor"].to_numpy()[sector]
    has_migrant_owner = draws.chance(rng, np.clip(0.02 + migrants * lean, 0, 0.9))
    owner_known = draws.chance(rng, np.full(size, 0.08))
    businesses = pd.DataFrame(
        {
            "place": place,
            "sector": sector,
            "district_id": districts["district_id"].to_numpy()[place],
            "wz_code": sectors["wz_code"].to_numpy()[sector],
            "founded_on": founded,
            "employees_fte": staff,
            "turnover_eur": turnover,
            "balance_eur": balance,
            "is_owner_operated": draws.chance(rng, np.where(staff < 10, 0.93, 0.45)),
            "has_migrant_owner": has_migrant_owner,
            "owner_known": owner_known,
            "group_id": _groups(staff, rng),
        }
    )
    businesses[["lon", "lat"]] = to_lonlat(_points(districts, place, rng), decimals=6)
    order = np.argsort(rng.random(size), kind="stable")
    businesses = businesses.iloc[order].reset_index(drop=True)
    businesses.insert(0, "business_id", [f"B{n:05d}" for n in range(1, size + 1)])
    return businesses


def closings(businesses: pd.DataFrame, sectors: pd.DataFrame, seed: int) -> np.ndarray:
    """Draw the day on which each business closes, quarter by quarter.

    Parameters
    ----------
    businesses : DataFrame
        With ``contact_on``, ``paid_on`` and ``engaged_until``, NaN where there was none. Nobody
        closes before the last of the days on which the programme deals with it.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN while it is open.
    """
    rng = draws.stream(seed, "closings")
    founded = businesses["founded_on"].to_numpy()
    contact, paid = businesses["contact_on"].to_numpy(), businesses["paid_on"].to_numpy()
    division = sectors["wz_code"].str[:2].to_numpy()[businesses["sector"]]
    risk = np.array([SECTION_RISK.get(code, 1.0) for code in division])
    risk *= np.where(businesses["employees_fte"] > 8, 0.6, 1.0)
    closed = np.full(len(businesses), np.nan)
    for first, after in pairwise(QUARTER_STARTS):
        age = (first - founded) / 365
        yearly = np.select([age < 0, age < 1, age < 3, age < 6], [0, 0.07, 0.15, 0.10], 0.055)
        if draws.day("2020-10-01") <= first <= draws.day("2021-10-01"):
            yearly = yearly * 1.3
        yearly = yearly * np.where(first > contact, FEWER_CLOSINGS["contacted"], 1)
        yearly = yearly * np.where(first > paid, FEWER_CLOSINGS["funded"], 1)
        busy = first < businesses["engaged_until"].to_numpy() + 60
        closes = draws.chance(rng, np.where(busy, 0, yearly * risk / 4)) & np.isnan(closed)
        closed[closes] = np.floor(draws.uniform(rng, first, after, closes.sum()))
    return closed


def _foundings(districts: pd.DataFrame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the day and the district of each founding: the stock of 2019, then each quarter's."""
    distance = closeness_km(districts)
    poverty = (districts["unemployed_2022"] / districts["residents_2024"]).to_numpy()
    weights = districts["residents_2024"].to_numpy() * (0.45 + 0.9 * np.exp(-((distance / 3) ** 2)))
    weights = weights + 9000 * np.exp(-((distance / 0.7) ** 2)) + 70 * districts["area_km2"]
    weights = np.asarray(weights) * np.exp(-6 * (poverty - poverty.mean()))
    in_area = districts["district_id"].isin(PROGRAMME_AREA).to_numpy()
    weights *= np.exp(0.2 * draws.normal(rng, len(weights))) * np.where(in_area, SCARCER, 1)

    age_days = np.clip(-11 * 365 * np.log(1 - rng.random(STOCK)), 1, 29 * 365)
    days, places = [np.floor(QUARTER_STARTS[0] - age_days)], [draws.pick(rng, weights, STOCK)]
    for number, first in enumerate(QUARTER_STARTS[:-1]):
        slump = 0.82 if draws.day("2020-04-01") <= first < draws.day("2021-04-01") else 1.0
        local = weights * (1 + MORE_BIRTHS * in_area * ramp(first + 45))
        mean = BIRTHS_PER_QUARTER * BIRTH_SEASON[number % 4] * slump * local.sum() / weights.sum()
        count = int(draws.whole(rng, np.array(mean + np.sqrt(mean) * draws.normal(rng, 1)[0])))
        days.append(np.floor(draws.uniform(rng, first, QUARTER_STARTS[number + 1], count)))
        places.append(draws.pick(rng, local, count))
    return draws.workday(np.concatenate(days).astype(int)), np.concatenate(places)


def _points(districts: pd.DataFrame, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw points inside their districts, six in ten around a few high streets, in metres."""
    points = np.zeros((len(place), 2))
    for number, cell in enumerate(districts["cell"]):
        here = np.flatnonzero(place == number)
        streets = _inside(cell, np.full((4, 2), np.nan), 0, rng)
        street = streets[draws.pick(rng, np.array([0.45, 0.25, 0.2, 0.1]), len(here))]
        near = draws.chance(rng, np.full(len(here), 0.6))
        street = np.where(near[:, None], street, np.nan)
        points[here] = _inside(cell, street, 0.09 * np.sqrt(cell.area), rng)
    return points


def _inside(
    cell: shapely.Polygon, around: np.ndarray, spread_m: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw one point for each row of ``around``, near it or, where it is NaN, anywhere inside.

    All keep a few metres from the border, so that rounding moves none across it.
    """
    west, south, east, north = cell.bounds
    points = np.full(around.shape, np.nan)
    while (missing := np.flatnonzero(np.isnan(points[:, 0]))).size:
        size = len(missing)
        anywhere = np.column_stack(
            [draws.uniform(rng, west, east, size), draws.uniform(rng, south, north, size)]
        )
        scatter = np.column_stack([draws.normal(rng, size), draws.normal(rng, size)])
        close = around[missing] + spread_m * scatter
        tried = np.where(np.isnan(close), anywhere, close)
        hit = shapely.contains_xy(cell, tried)
        hit &= shapely.distance(cell.exterior, shapely.points(tried)) > BORDER_M
        points[missing[hit]] = tried[hit]
    return points


def _groups(staff: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Link some businesses in groups of two to four; text, empty for those on their own."""
    group = np.full(len(staff), "", dtype=object)
    members = draws.sample(rng, 0.2 + np.minimum(staff, 20), 150)
    members = members[np.argsort(rng.random(150), kind="stable")]
    sizes = 2 + draws.pick(rng, np.array([0.7, 0.2, 0.1]), 75)
    first = 0
    for number, size in enumerate(sizes, start=1):
        group[members[first : first + size]] = f"G{number:03d}"
        first += size
        if first + 4 > len(members):
            break
    return group
