"""A made-up city of 400 districts with as many contacts and grants as one likes.

:func:`write` draws its tables from a seed, in the types of their contracts, and writes them as
Parquet; :func:`read` gives them back as the :class:`~ostwerk_analysis.dataset.Dataset` that a
programme would have. Of a hundred rows eighty are contacts and twenty are grants; there are ten
businesses, ten rungs of jobs and five participants to them, and a grant has one or two funds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from ostwerk_analysis import Programme
from ostwerk_analysis.codes import CODES, wz_section
from ostwerk_analysis.dataset import Dataset
from ostwerk_analysis.tables import KINDS, TABLES

SEED = 29
DISTRICTS, BOROUGHS, SITES = 400, 20, 40
FIRST, LAST = "2019-Q1", "2025-Q4"
"""Seven years, as long as a funding period."""
DAYS = np.arange("2019-01-01", "2026-01-01", dtype="datetime64[D]")
MEASURES = [f"m{n}" for n in range(8)]
TABLES_WRITTEN = ("boroughs", "sites", "businesses", "participants", "contacts", "grants")
TABLES_WRITTEN += ("funding_shares", "jobs", "statistics", "districts")


def toml() -> str:
    """Write the programme of the city: eight measures, two areas and one to compare with."""
    lines = ['[programme]\nid = "many"\nname = "Many"', f'first_quarter = "{FIRST}"']
    lines += ['crs = "EPSG:25833"', f"seed = {SEED}", '[city]\nid = "city"\nname = "City"']
    for number, measure in enumerate(MEASURES):
        funds = '["ERDF", "city"]' if number % 2 else '["ESF", "state"]'
        lines += [f'[[measures]]\nid = "{measure}"\nname = "{measure}"\nfunds = {funds}']
    areas = {"east": range(30), "west": range(40, 80), "beside": range(100, 130)}
    for area, members in areas.items():
        codes = ", ".join(f'"{code:03d}"' for code in members)
        level = "comparison" if area == "beside" else "programme"
        lines += [f'[[areas]]\nid = "{area}"\nname = "{area}"\nlevel = "{level}"']
        lines += [f"districts = [{codes}]"]
    return "\n".join(lines) + "\n"


def write(folder: Path, rows: int) -> None:
    """Write the city's tables and its ``programme.toml``.

    Parameters
    ----------
    folder : Path
    rows : int
        Contacts and grants together.
    """
    (folder / "programme.toml").write_text(toml())
    draw = np.random.default_rng(SEED)
    for name, table in {**_places(), **_businesses(draw, rows), **_support(draw, rows)}.items():
        pq.write_table(_in_contract(name, table), folder / f"{name}.parquet")


def read(folder: Path) -> Dataset:
    """Read the city back as a programme's tables, without what only loading finds."""
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES_WRITTEN}
    # Districts are squares of one kilometre, twenty by twenty, with a site in the corner of some.
    corner = np.stack(np.divmod(np.arange(DISTRICTS), 20)) * 1000.0 + [[300_000], [5_680_000]]
    squares = shapely.box(*corner, *(corner + 1000))
    points = shapely.points(*(corner[:, 9 * np.arange(SITES)] + 100))
    known_by_district = np.full(len(tables["businesses"]), None)  # as those without an address
    for name, shapes in (
        ("districts", squares),
        ("sites", points),
        ("businesses", known_by_district),
    ):
        tables[name] = gpd.GeoDataFrame(tables[name], geometry=shapes, crs="EPSG:25833")
    none = pd.DataFrame()
    found = dict.fromkeys(("reads", "faults", "repairs", "corrections", "findings", "inputs"), none)
    return Dataset(programme=Programme.read(folder), tables=tables, set_aside={}, **found)


def _in_contract(name: str, drawn: Mapping[str, Any]) -> pa.Table:
    """Give a table all columns of its contract in their types; what was not drawn is missing."""
    columns = TABLES[name].columns
    size = len(next(iter(drawn.values())))
    types = {
        KINDS["text"]: pa.large_string(),
        KINDS["number"]: pa.float64(),
        KINDS["whole number"]: pa.int64(),
        KINDS["date"]: pa.timestamp("ns"),
        KINDS["yes/no"]: pa.bool_(),
    }
    arrays, fields = [], []
    for column in [*columns, *(extra for extra in drawn if extra not in columns)]:
        kind = types[KINDS[columns[column].metadata["kind"]]] if column in columns else pa.string()
        values = drawn.get(column)
        array = pa.nulls(size, kind) if values is None else pa.array(values)
        arrays.append(pc.cast(array, kind))
        fields.append(pa.field(column, kind))
    frame = pa.table(arrays, schema=pa.schema(fields))
    # What pandas is to make of it: its text, its whole numbers and its yes/no.
    dtypes = {
        column: KINDS[columns[column].metadata["kind"]] if column in columns else KINDS["text"]
        for column in frame.column_names
    }
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})
    return frame.replace_schema_metadata(pa.Schema.from_pandas(empty).metadata)


def _codes(prefix: str, number: np.ndarray, width: int) -> pa.Array:
    """Write codes such as ``b0000017``; -1 is missing."""
    digits = pc.utf8_lpad(pc.cast(pa.array(number, pa.int64()), pa.large_string()), width, "0")
    text = pa.scalar(prefix, pa.large_string())
    written = pc.binary_join_element_wise(text, digits, pa.scalar("", pa.large_string()))
    return pc.if_else(pa.array(number >= 0), written, pa.scalar(None, pa.large_string()))


def _picked(draw: np.random.Generator, codes: Any, rows: int, missing: float = 0.0) -> pa.Array:
    """Draw one of some codes for each row, and none for a share of them."""
    place = draw.integers(0, len(codes), rows)
    array = pa.array(place, mask=draw.random(rows) < missing if missing else None)
    return pa.array(list(codes), pa.large_string()).take(array)


def _days(draw: np.random.Generator, rows: int) -> np.ndarray:
    return DAYS[draw.integers(0, len(DAYS), rows)]


def _later(days: np.ndarray, draw: np.random.Generator, most: int, share: float) -> np.ndarray:
    """Give a day up to so many days later for a share of the rows, none after the last day."""
    later = days + draw.integers(1, most, len(days))
    return np.where(
        (draw.random(len(days)) < share) & (later <= DAYS[-1]), later, np.datetime64("NaT")
    )


def _places() -> dict[str, dict[str, Any]]:
    """Give districts, boroughs, sites, and what the office of statistics says of them."""
    district, site = np.arange(DISTRICTS), np.arange(SITES)
    codes = _codes("", district, 3)
    draw = np.random.default_rng(SEED + 1)
    quarters = [f"{year}-Q{n}" for year in range(2019, 2026) for n in (1, 2, 3, 4)]
    figures = ("residents", "residents_working_age", "unemployed", "sgb2_communities")
    size = DISTRICTS * len(quarters)
    return {
        "boroughs": {
            "borough_id": _codes("B", np.arange(BOROUGHS), 2),
            "name": _codes("Borough ", np.arange(BOROUGHS), 2),
        },
        "districts": {
            "district_id": codes,
            "name": _codes("District ", district, 3),
            "borough_id": _codes("B", district % BOROUGHS, 2),
        },
        "sites": {
            "site_id": _codes("s", site, 2),
            "name": _codes("Site ", site, 2),
            "kind": ["werkstadt" if n % 5 else "contact_point" for n in site],
            "district_id": codes.take(pa.array(site * 9)),
            "measure_id": pa.array(MEASURES).take(pa.array(site % len(MEASURES))),
        },
        "statistics": {
            "district_id": pa.concat_arrays([codes.take(np.repeat(district, len(quarters)))] * 4),
            "area_level": ["district"] * size * 4,
            "period": quarters * DISTRICTS * 4,
            "statistic": np.repeat(figures, size),
            "value": np.concatenate(
                [
                    draw.integers(low, high, size)
                    for low, high in ((3000, 20000), (2000, 3000), (50, 900), (40, 800))
                ]
            ).astype(float),
            "obs_status": ["A"] * size * 4,
        },
    }


def _businesses(draw: np.random.Generator, rows: int) -> dict[str, dict[str, Any]]:
    size = rows // 10
    number = np.arange(size)
    founded = np.datetime64("1995-01-01") + draw.integers(0, 11_300, size)
    staff = draw.lognormal(1.5, 1.2, size).round(1)
    codes = ["47.11", "56.10.1", "10.71", "96.02", "62.01", "43.2", "86.90.9", "70", "C", "01.1"]
    wz_code = pd.Series(_picked(draw, codes, size, 0.02).to_pandas()).astype("str")
    version = pd.Series("2008", wz_code.index, dtype="str")
    return {
        "businesses": {
            "business_id": _codes("b", number, 7),
            "district_id": _picked(draw, [f"{n:03d}" for n in range(DISTRICTS)], size, 0.01),
            "wz_code": wz_code,
            "wz_version": version,
            "founded_on": founded,
            "closed_on": _later(founded, draw, 9000, 0.4),
            "employees_fte": staff,
            "turnover_eur": (staff * 90_000).round(2),
            "balance_eur": (staff * 40_000).round(2),
            "is_owner_operated": draw.random(size) < 0.7,
            "has_migrant_owner": pa.array(draw.random(size) < 0.3, mask=draw.random(size) < 0.1),
            "group_id": _codes("g", np.where(draw.random(size) < 0.05, number // 30, -1), 6),
            "section": wz_section(wz_code, version),
        }
    }


def _support(draw: np.random.Generator, rows: int) -> dict[str, dict[str, Any]]:
    """Give what was done: contacts, grants with their funds, jobs, and participants."""
    businesses = _codes("b", np.arange(rows // 10), 7)
    sites = _codes("s", np.arange(SITES), 2)
    people, met, given = rows // 20, rows * 8 // 10, rows * 2 // 10
    persons = _codes("p", np.arange(people), 7)
    of_business = draw.random(met) < 0.8
    # A few are met often and most seldom, as it is.
    often = (len(businesses) * draw.random(met) ** 2).astype(np.int64)
    contacts = {
        "contact_id": _codes("c", np.arange(met), 8),
        "occurred_on": _days(draw, met),
        "kind": _picked(draw, CODES["kind"], met),
        "business_id": businesses.take(pa.array(often, mask=~of_business)),
        "participant_id": persons.take(
            pa.array(draw.integers(0, people, met), mask=of_business | (draw.random(met) < 0.1))
        ),
        "site_id": _picked(draw, sites.to_pylist(), met, 0.05),
        "referred_to_site_id": _picked(draw, sites.to_pylist(), met, 0.9),
        "hours": pa.array(draw.integers(1, 9, met) / 2, mask=draw.random(met) < 0.02),
        "language": _picked(draw, ["de", "en", "ar", "tr", "ru", "vi"], met, 0.1),
        "topic": _picked(draw, ["start", "loan", "rent", "staff", "tax", "web"], met, 0.2),
    }
    applied = _days(draw, given)
    approved = _later(applied, draw, 200, 0.8)
    paid = np.where(np.isnat(approved), approved, _later(approved, draw, 300, 0.8))
    completed = np.where(np.isnat(paid), paid, _later(paid, draw, 400, 0.7))
    is_refused = np.isnat(approved) & (draw.random(given) < 0.5)
    status = np.select(
        [~np.isnat(completed), ~np.isnat(paid), ~np.isnat(approved), is_refused],
        ["completed", "paid", "approved", "rejected"],
        "applied",
    )
    cost = draw.lognormal(9.5, 0.8, given).round(2)
    share = (cost * draw.uniform(0.2, 0.6, given)).round(2)
    of_grant = draw.integers(0, len(businesses), given)
    grants = {
        "grant_id": _codes("g", np.arange(given), 7),
        "business_id": businesses.take(pa.array(of_grant)),
        "measure_id": _picked(draw, MEASURES, given),
        "applied_on": applied,
        "status": status,
        "approved_on": approved,
        "paid_on": paid,
        "completed_on": completed,
        "rejected_on": np.where(is_refused, applied + 60, np.datetime64("NaT")),
        "eligible_cost_eur": cost,
        "grant_eur": pa.array(share, mask=np.isnat(approved)),
        "paid_eur": pa.array(share, mask=np.isnat(paid)),
    }
    has_two = draw.random(given) < 0.5
    first = np.where(has_two, draw.integers(20, 80, given), 100)
    both = np.concatenate([np.arange(given), np.flatnonzero(has_two)])
    fund = draw.integers(0, 4, given)
    names = pa.array(["ERDF", "ESF", "federal", "state", "city"], pa.large_string())
    shares = {
        "grant_id": grants["grant_id"].take(pa.array(both)),
        "fund": names.take(pa.array(np.concatenate([fund, fund[has_two] + 1]))),
        "share_pct": np.concatenate([first, 100 - first[has_two]]).astype(float),
    }
    return {
        "contacts": contacts,
        "grants": grants,
        "funding_shares": shares,
        "jobs": _jobs(draw, rows, grants, of_grant, businesses),
        "participants": _participants(draw, persons, sites),
    }


def _jobs(
    draw: np.random.Generator, rows: int, grants: dict[str, Any], of_grant: np.ndarray, names: Any
) -> dict[str, Any]:
    """Give jobs, each with a row for the rungs that it has reached."""
    jobs = rows // 25
    reached = draw.integers(1, 5, jobs)  # rungs, of four
    number = np.repeat(np.arange(jobs), reached)
    rung = np.arange(len(number)) - np.repeat(np.cumsum(reached) - reached, reached)
    grant = draw.integers(0, len(of_grant), jobs)
    size = draw.choice([0.5, 0.75, 1.0, 2.0], jobs)
    kind = draw.integers(0, 3, jobs)
    return {
        "job_id": _codes("j", number, 7),
        "business_id": names.take(pa.array(of_grant[grant][number])),
        "kind": pa.array(["created", "secured", "training_place"]).take(pa.array(kind[number])),
        "status": pa.array(["promised", "claimed", "verified", "retained"]).take(pa.array(rung)),
        "status_on": np.sort(_days(draw, len(number)).reshape(-1)),
        "fte": size[number],
        "headcount": np.ceil(size).astype(np.int64)[number],
        "is_founder": (draw.random(jobs) < 0.1)[number],
        "grant_id": grants["grant_id"]
        .take(pa.array(grant, mask=draw.random(jobs) < 0.2))
        .take(pa.array(number)),
    }


def _participants(draw: np.random.Generator, persons: Any, sites: Any) -> dict[str, Any]:
    size = len(persons)
    entered = _days(draw, size)
    left = _later(entered, draw, 400, 0.8)
    has_left = ~np.isnat(left)
    status = list(CODES["labour_status"])
    # One in ten comes back to what he was in.
    person = np.where(draw.random(size) < 0.9, np.arange(size), draw.integers(0, size, size))
    return {
        "participant_id": persons,
        "person_id": _codes("q", person, 7),
        "operation_code": _picked(draw, ["biwaq-1", "biwaq-2"], size),
        "entered_on": entered,
        "left_on": left,
        "site_id": _picked(draw, sites.to_pylist(), size, 0.05),
        "sex": _picked(draw, ["female", "male", "non_binary"], size, 0.01),
        "age_group": _picked(draw, ["under 18", "18-29", "30-54", "55+"], size, 0.01),
        "isced": _picked(draw, list("123456"), size, 0.01),
        "labour_status_in": _picked(draw, status, size, 0.01),
        "labour_status_out": _picked(draw, status, size, 0.2),
        "labour_status_6m": _picked(draw, status, size, 0.4),
        "has_gained_qualification": pa.array(draw.random(size) < 0.4, mask=~has_left),
        "has_better_position_6m": pa.array(draw.random(size) < 0.3, mask=~has_left),
        "has_migration_background": draw.random(size) < 0.4,
        "district_id": _picked(draw, [f"{n:03d}" for n in range(DISTRICTS)], size, 0.1),
    }
