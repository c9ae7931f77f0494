"""What plausibility checks find of planted faults, and what they find where nothing is wrong.

Run: ``python benchmarks/plausibility.py [SEEDS]``, 200 by default. Faults of each kind are planted
into clean series, one in a table at a time: generated ones, and the real ones of the tests where
their files are (population and housing, and others with small counts). A fault counts as found if
its rule names its statistic and period, and its area where it is of one area. False alarms are the
findings in the same tables without a fault, for 1,000 figures (one area, one year).
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ostwerk_analysis.plausibility import findings
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read

REAL = Path(
    os.environ.get("OSTWERK_REAL_DATA", Path(__file__).parents[2] / "shared" / "data")
).joinpath("leipzig")
KEY = ["statistic", "area_level", "district_id", "period"]
GENERATED = {"areas": 60, "years": 20}


class Plant(NamedTuple):
    """A fault: which rule has to find it, where, and the values with it."""

    rule: str
    statistic: str
    period: str
    area: str
    values: pd.Series


# ---- clean tables ----


def generated(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a city: women and men and all of them, homes, and a small group; with its total."""
    random = np.random.default_rng(seed)
    areas, years = GENERATED["areas"], GENERATED["years"]
    codes = [f"{number:02d}" for number in range(areas)]
    periods = [str(2001 + number) for number in range(years)]

    def series(size: float, spread: float) -> np.ndarray:
        sizes = size * np.exp(random.normal(0, 0.8, (areas, 1)))
        city = np.cumsum(random.normal(0.005, 0.02, (1, years)), axis=1)
        own = np.cumsum(random.normal(0, spread, (areas, years)), axis=1)
        return random.poisson(sizes * np.exp(city + own)).astype(float)

    women, men = series(400, 0.03), series(420, 0.03)
    made = {
        "women": women,
        "men": men,
        "all": women + men,
        "homes": series(3000, 0.01),
        "group": series(9, 0.1),
    }
    parts = []
    for name, values in made.items():
        city = values.sum(0) + random.poisson(0.004 * values.sum(0))
        for level, codes_of, table in (
            ("district", codes, values),
            ("city", ["city"], city[None, :] if name != "all" else None),
        ):
            if table is None:  # the total's row adds up from its parts
                table = sum(part["value"].to_numpy() for part in parts if _is_city_part(part))[None]
            wide = pd.DataFrame(table, index=codes_of, columns=periods)
            long = wide.melt(ignore_index=False, var_name="period", value_name="value")
            long = long.rename_axis("district_id").reset_index()
            parts.append(long.assign(statistic=name, area_level=level))
    districts = pd.DataFrame({"district_id": codes, "borough_id": "1"})
    return pd.concat(parts, ignore_index=True), districts


def _is_city_part(part: pd.DataFrame) -> bool:
    return part["area_level"].iloc[0] == "city" and part["statistic"].iloc[0] in ("women", "men")


def real() -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Give the clean real tables, where their files are."""
    if not REAL.is_dir():
        return
    facts = pd.read_csv(REAL / "ortsteile_facts.csv", dtype=str)
    code = dict(zip(facts["ortsteil"], facts["ortsteil_code"], strict=True))
    boroughs = json.loads((REAL / "stadtbezirke.json").read_text("utf-8"))["features"]
    code |= {one["properties"]["Name"]: one["properties"]["SBZ"] for one in boroughs}
    districts = pd.DataFrame(
        {"district_id": facts["ortsteil_code"], "borough_id": facts["ortsteil_code"].str[0]}
    )

    def coded(table: pd.DataFrame) -> pd.DataFrame:
        found = table["area_name"].map(code).fillna("city")
        level = found.str.len().map({1: "borough", 2: "district", 4: "city"})
        return table.assign(district_id=found, area_level=level)[[*KEY, "value"]]

    records = pd.DataFrame(json.loads((REAL / "lis_einwohner.json").read_text("utf-8"))["daten"])
    population = pd.DataFrame(
        {
            "area_name": records["ortsteil"].fillna(records["stadtbezirk"]).fillna("Leipzig"),
            "statistic": records["name"].str.strip(),
            "period": records["jahr"],
            "value": records["wert"].astype(float),
        }
    )
    yield "population", coded(population), districts
    file = REAL / "lis_wohnungsbestand.csv"
    raw = read(Source(table="statistics", path=file.name, format="lis"), file).frame
    value = pd.to_numeric(raw["value"].str.replace(",", "."))
    yield "housing", coded(raw.assign(value=value)).dropna(), districts
    for name in ("handwerksbetriebe", "bedarfsgemeinschaften", "migranten"):
        table = pd.read_csv(REAL / f"{name}.csv", dtype={"ortsteil_code": str, "jahr": str})
        table.columns = ["district_id", "name", "statistic", "period", "value"]
        yield name, table.assign(area_level="district")[[*KEY, "value"]], districts


# ---- faults ----


def _some(table: pd.DataFrame, random: np.random.Generator, mask: pd.Series) -> pd.Series:
    return table.loc[random.choice(table.index[mask])]


def _of(table: pd.DataFrame, cell: pd.Series, *columns: str) -> pd.Series:
    return (table[[*columns]] == cell[[*columns]]).all(axis=1)


def _inner(table: pd.DataFrame, ends: int) -> pd.Series:
    periods = sorted(table["period"].unique())
    return table["period"].isin(periods[ends:-ends])


def _is_count(table: pd.DataFrame) -> pd.Series:
    return (table["value"] % 1 == 0).groupby(table["statistic"]).transform("mean") > 0.95


def gap_everywhere(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Publish a statistic's year as zero."""
    cell = _some(table, random, table["area_level"] == "district")
    hit = _of(table, cell, "statistic", "period")
    values = table["value"].mask(hit, 0)
    return Plant("missing_as_zero", cell["statistic"], cell["period"], "", values)


def gap_of_the_city(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Publish the city's figure of a year as zero."""
    cell = _some(table, random, table["area_level"] == "city")
    values = table["value"].mask(_of(table, cell, *KEY), 0)
    return Plant("missing_as_zero", cell["statistic"], cell["period"], cell["district_id"], values)


def suppression(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Publish counts below 5 or 10 as zero in a year in which there are at least three of them."""
    limit = random.choice([5, 10])
    small = table["value"].between(1, limit - 1) & (table["area_level"] == "district")
    small &= _is_count(table)
    several = small.groupby([table["statistic"], table["period"]]).transform("sum") >= 3
    cell = _some(table, random, several)
    hit = _of(table, cell, "statistic", "period") & small
    values = table["value"].mask(hit, 0)
    return Plant("suppressed_as_zero", cell["statistic"], cell["period"], "", values)


def wrong_part(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Change one part of a total by 5 to 30 %, and by three at least."""
    names = [("women", "all"), ("Frauen", "Einwohner insgesamt")]
    part, total = next(pair for pair in names if pair[0] in set(table["statistic"]))
    cell = _some(table, random, (table["statistic"] == part) & (table["value"] >= 10))
    change = max(3, round(cell["value"] * random.uniform(0.05, 0.3))) * random.choice([-1, 1])
    values = table["value"].mask(_of(table, cell, *KEY), cell["value"] + change)
    return Plant("parts", total, cell["period"], cell["district_id"], values)


def wrong_whole(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Change the city's figure by 4 to 15 %."""
    mean_of = table["value"].groupby([table["statistic"], table["area_level"]]).transform("sum")
    of_statistic = mean_of.groupby(table["statistic"])
    adds_up = of_statistic.transform("max") < 2.5 * of_statistic.transform("min")
    cell = _some(table, random, (table["area_level"] == "city") & adds_up)
    factor = 1 + random.uniform(0.04, 0.15) * random.choice([-1, 1])
    values = table["value"].mask(_of(table, cell, *KEY), round(cell["value"] * factor))
    return Plant("areas", cell["statistic"], cell["period"], cell["district_id"], values)


def leap(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Make one figure of 30 and more three to six times as large or as small, for one year."""
    chosen = (table["area_level"] == "district") & (table["value"] >= 30) & _inner(table, 2)
    cell = _some(table, random, chosen)
    factor = random.uniform(3, 6) ** random.choice([-1, 1])
    value = cell["value"] * factor
    value = round(value) if cell["value"] % 1 == 0 else value
    values = table["value"].mask(_of(table, cell, *KEY), value)
    return Plant("leap", cell["statistic"], cell["period"], cell["district_id"], values)


def shift(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Let all areas stand 25 to 60 % higher or lower from a year on."""
    cell = _some(table, random, (table["area_level"] == "district") & _inner(table, 2))
    later = (table["statistic"] == cell["statistic"]) & (table["period"] >= cell["period"])
    factor = random.uniform(1.25, 1.6) ** random.choice([-1, 1])
    moved = table["value"] * factor
    moved = moved.round() if _is_count(table)[cell.name] else moved
    values = table["value"].mask(later, moved)
    return Plant("shift", cell["statistic"], cell["period"], "", values)


def rounded(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Round a year's counts to 5 or 10."""
    base = random.choice([5, 10])
    cell = _some(table, random, (table["area_level"] == "district") & _is_count(table))
    hit = _of(table, cell, "statistic", "period")
    values = table["value"].mask(hit, (table["value"] / base).round() * base)
    return Plant("rounding", cell["statistic"], cell["period"], "", values)


def unit_of_a_year(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Publish a year in thousands or hundreds, or in thousandths or hundredths."""
    cell = _some(table, random, table["area_level"] == "district")
    factor = random.choice([1000.0, 100.0]) ** random.choice([-1, 1])
    hit = _of(table, cell, "statistic", "period")
    values = table["value"].mask(hit, table["value"] * factor)
    return Plant("unit", cell["statistic"], cell["period"], "", values)


def unit_of_a_figure(table: pd.DataFrame, random: np.random.Generator) -> Plant:
    """Lose the decimal or thousands mark of one figure."""
    chosen = (table["area_level"] == "district") & (table["value"] >= 10)
    cell = _some(table, random, chosen)
    values = table["value"].mask(_of(table, cell, *KEY), cell["value"] * 1000)
    return Plant("unit", cell["statistic"], cell["period"], cell["district_id"], values)


FAULTS: list[Callable[[pd.DataFrame, np.random.Generator], Plant]] = [
    *(gap_everywhere, gap_of_the_city, suppression, wrong_part, wrong_whole),
    *(unit_of_a_year, unit_of_a_figure, shift, rounded, leap),
]


# ---- measuring ----


def is_found(plant: Plant, found: pd.DataFrame) -> bool:
    """Say whether a planted fault is among the findings."""
    hits = found[(found["rule"] == plant.rule) & (found["statistic"] == plant.statistic)]
    hits = hits[hits["period"].isin([plant.period, ""])]
    return bool(
        (hits["area_id"].isin([plant.area, ""]) if plant.area else hits["rule"] != "").any()
    )


def recall(tables: Callable[[int], tuple[pd.DataFrame, pd.DataFrame]], seeds: int) -> dict:
    """Plant each fault once for each seed, and count those found; None where none can be."""
    shares: dict[str, float | None] = {}
    for fault in FAULTS:
        hits = tries = 0
        for seed in range(seeds):
            table, districts = tables(seed)
            try:
                plant = fault(table, np.random.default_rng(seed))
            except (StopIteration, ValueError):  # no such figures in this table
                break
            tries += 1
            hits += is_found(plant, findings(table.assign(value=plant.values), districts))
        shares[fault.__name__] = hits / tries if tries else None
    return shares


def alarms(table: pd.DataFrame, districts: pd.DataFrame) -> tuple[int, int, pd.DataFrame]:
    """Count findings and figures of a clean table."""
    found = findings(table, districts)
    return len(found), len(table), found


def main(seeds: int) -> None:
    """Measure, and print what docs/plausibility.md shows."""
    places = list(real())
    columns = {"generated": recall(generated, seeds)}
    for name, table, districts in places:
        columns[name] = recall(lambda _, t=table, d=districts: (t, d), seeds)
    print("| Planted fault |", " | ".join(columns), "|")
    print("| --- |", " | ".join(["---"] * len(columns)), "|")
    for fault in (one.__name__ for one in FAULTS):
        cells = [
            f"{100 * c[fault]:.0f} %" if c[fault] is not None else "–" for c in columns.values()
        ]
        print("|", fault.replace("_", " "), "|", " | ".join(cells), "|")
    print("\n| Clean table | Figures | Findings | for 1,000 figures |\n| --- | --- | --- | --- |")
    counted = [alarms(*generated(seed)) for seed in range(1000, 1000 + seeds)]
    rows = [(f"{seeds} generated", sum(one[0] for one in counted), sum(one[1] for one in counted))]
    rows += [(name, *alarms(table, districts)[:2]) for name, table, districts in places]
    for name, count, figures in rows:
        print(f"| {name} | {figures:,} | {count} | {1000 * count / figures:.3f} |")
    for name, table, districts in places:
        for row in alarms(table, districts)[2].to_dict("records"):
            print(f"{name}: {row['rule']} {row['statistic']} {row['period']} {row['area_id']}")
    start = time.perf_counter()
    findings(*generated(1))
    print(f"\nOne generated table: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
