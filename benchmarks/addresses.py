"""How sure each step from an address to its district is: addresses are left out and looked up.

Run: ``python benchmarks/addresses.py [FOLDER]``. The folder holds ``addresses/``: an address file
with coordinates and districts (OpenStreetMap, 2025), sections of house numbers (2014) and streets
with their districts. Each address that is left out is looked up in what is left; the district that
the file gives by its point is taken as true. Shares are means over seeded samples, with the range
in which 95 % of them lie. Single lists are asked for all addresses; there the range is that of 200
bootstrap draws of whole streets, since errors of one street go together.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from ostwerk_analysis.addresses import STEPS, Gazetteer

REPOSITORY = Path(__file__).parent.parent
REAL_DATA = Path(os.environ.get("OSTWERK_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
SAMPLES, SHARE_LEFT_OUT, SHARE_THINNED, LEFT_IN_THINNED = 20, 0.1, 0.3, 0.1
DRAWS = 200


def lists_of(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the three lists with the columns of their contracts."""
    addresses = pd.read_csv(folder / "leipzig_osm_addresses_2025.csv", dtype="str")
    sections = pd.read_csv(folder / "strassenabschnitte_2014.csv", dtype="str", sep="\t")
    sections.columns = [
        *("street", "house_numbers_odd", "house_numbers_even"),
        *("constituency", "locality", "subdistrict_id"),
    ]
    streets = pd.read_csv(folder / "strassen_ortsteile.csv", dtype="str")
    empty = dict.fromkeys(("postcode", "first_house_number", "last_house_number", "side"))
    return {
        "addresses": addresses.rename(
            columns={"housenumber": "house_number", "ortsteil_code": "district_id"}
        ),
        "street_sections": sections.assign(
            district_id=sections["subdistrict_id"].str[:2], **empty
        ).astype(dict.fromkeys(empty, "str")),
        "streets": streets.rename(columns={"strasse": "street", "ortsteil_codes": "district_ids"})
        .assign(postcode=None)
        .astype({"postcode": "str"}),
    }


def asked(addresses: pd.DataFrame) -> pd.Series:
    """Write addresses as businesses write them."""
    town = (addresses["postcode"].fillna("") + " Leipzig").str.strip()
    return addresses["street"] + " " + addresses["house_number"] + ", " + town


def outcome(lists: dict[str, pd.DataFrame], left_out: pd.DataFrame) -> pd.DataFrame:
    """Look up addresses: step by which each was placed, and whether rightly."""
    found = Gazetteer(lists, ["Leipzig"]).find(asked(left_out))
    is_right = found["district_id"] == left_out["district_id"]
    return left_out.assign(step=found["placed_by"], found=found["district_id"], is_right=is_right)


def shares(result: pd.DataFrame) -> pd.DataFrame:
    """Give for each step the share placed, and the share of those placed rightly, in percent."""
    by = result.groupby("step")["is_right"].agg(["size", "mean"]).reindex([*STEPS])
    placed = result["step"].notna()
    by.loc["all"] = [placed.sum(), result.loc[placed, "is_right"].mean()]
    by["placed_pct"] = 100 * by["size"].fillna(0) / len(result)
    return by.assign(right_pct=100 * by["mean"])[["placed_pct", "right_pct"]]


def thinned(addresses: pd.DataFrame, draw: np.random.Generator) -> np.ndarray:
    """Leave out nine in ten addresses of three streets in ten, as where few have mapped."""
    streets = addresses["street"].unique()
    thin = draw.choice(streets, int(SHARE_THINNED * len(streets)), replace=False)
    is_kept = draw.random(len(addresses)) < LEFT_IN_THINNED
    return (addresses["street"].isin(thin) & ~is_kept).to_numpy()


def print_table(title: str, draws: list[pd.DataFrame]) -> None:
    """Print mean and 95 % range of the draws as a row for each step."""
    stacked = pd.concat(draws, keys=range(len(draws)), names=["draw", "step"])
    for step in [*STEPS, "all"]:
        one = stacked.xs(step, level="step")
        if one["placed_pct"].max() == 0:
            continue
        cells = [
            f"{one[column].mean():.2f} ({low:.2f}–{high:.2f})"
            for column in one
            for low, high in [one[column].quantile([0.025, 0.975])]
        ]
        print(f"| {title} | {step} | {' | '.join(cells)} |")


def bootstrapped(result: pd.DataFrame, draw: np.random.Generator) -> list[pd.DataFrame]:
    """Draw whole streets with replacement."""
    rows = list(result.groupby("street").indices.values())
    draws = []
    for _ in range(DRAWS):
        chosen = draw.integers(0, len(rows), len(rows))
        draws.append(shares(result.iloc[np.concatenate([rows[street] for street in chosen])]))
    return draws


def print_errors(title: str, lists: dict[str, pd.DataFrame], result: pd.DataFrame) -> None:
    """Say of what kind the errors are, and in which streets most of them lie."""
    gazetteer = Gazetteer(lists)
    of_street = gazetteer.districts.groupby("street")["district_id"].agg(set)
    wrong = result[result["step"].notna() & ~result["is_right"]]
    known = wrong["street"].map(gazetteer.key).map(of_street)
    at_border = [true in codes for true, codes in zip(wrong["district_id"], known, strict=True)]
    print(f"\n{title}: {len(wrong)} wrong. In {sum(at_border)} the list has the street in the true")
    print("district too, in the others not at all. Most of them (true, found, addresses):")
    most = wrong.groupby(["street", "district_id", "found"]).size().sort_values(ascending=False)
    for (street, true, found), count in most.head(12).items():
        print(f"  {street}: {true}, {found}, {count}")


def main() -> None:
    """Measure and print."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else REAL_DATA
    if not (folder / "addresses").is_dir():
        print(f"No address lists in {folder}; name their folder.")
        return
    lists = lists_of(folder / "addresses")
    addresses = lists["addresses"]
    start = time.perf_counter()
    gazetteer = Gazetteer(lists, ["Leipzig"])
    built = time.perf_counter()
    many = pd.concat([asked(addresses), asked(addresses).str.upper()])[:100_000]
    gazetteer.find(many)
    print(f"Lists read into memory in {built - start:.2f} s, ", end="")
    print(f"{len(many):,} addresses looked up in {time.perf_counter() - built:.2f} s\n")
    print("| Lists, and what was left out | Step | Placed, % | Right of those, % |")
    print("| --- | --- | --- | --- |")
    only = {
        "Addresses": ["addresses"],
        "All three lists": list(lists),
    }
    cases = {
        "one address in ten": lambda draw: draw.random(len(addresses)) < SHARE_LEFT_OUT,
        "nine in ten of three streets in ten": lambda draw: thinned(addresses, draw),
    }
    kept: dict[str, pd.DataFrame] = {}
    for case, choose in cases.items():
        for names, chosen in only.items():
            draws, results = [], []
            for seed in range(SAMPLES):
                is_out = choose(np.random.default_rng(seed))
                left = {name: lists[name] for name in chosen} | {"addresses": addresses[~is_out]}
                results.append(outcome(left, addresses[is_out]))
                draws.append(shares(results[-1]))
            print_table(f"{names}, {case}", draws)
            kept[f"{names}, {case}"] = pd.concat(results)
    for names, chosen in {
        "Sections of 2014 alone": ["street_sections"],
        "Streets alone": ["streets"],
        "Sections and streets": ["street_sections", "streets"],
    }.items():
        result = outcome({name: lists[name] for name in chosen}, addresses)
        print_table(f"{names}, all addresses", bootstrapped(result, np.random.default_rng(0)))
        kept[names] = result
    for names, table in {
        "Sections of 2014 alone": "street_sections",
        "Streets alone": "streets",
        "Addresses, one address in ten": "addresses",
    }.items():
        print_errors(names, {table: lists[table]}, kept[names])


if __name__ == "__main__":
    main()
