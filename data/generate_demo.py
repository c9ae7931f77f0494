"""Write the demo programme ``data/leipzig-demo``: the same seed gives the same bytes.

    python data/generate_demo.py

Facts come from ``data/demo/*.csv``: codes, names, areas and centroids of the 63 Ortsteile, corner
points of the outline, public counts of 2022 to 2024. Everything else is invented. The files that
are written by hand, ``programme.toml`` and ``README.md``, are left alone.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from demo import draws, economy, files, geometry, official, people, planted, support

HERE = Path(__file__).parent
SEED = 20260101


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description="Write the demo programme.")
    parser.add_argument("folder", nargs="?", type=Path, default=HERE / "leipzig-demo")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.seed)


def generate(folder: Path, seed: int = SEED) -> None:
    """Write all generated files of the demo programme into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    districts = read_districts()
    files.write_districts(districts, folder / "districts.geojson")
    tables = {"boroughs.csv": list_boroughs(districts), **draw_programme(districts, seed)}
    tables["statistics.csv"] = official.draw_statistics(districts, seed)
    tables["operations.csv"] = list_operations()
    texts = {file: files.as_text(table, file) for file, table in tables.items()}
    for file, text in planted.plant(texts).items():
        files.write_table(text, folder / file)


def read_districts() -> pd.DataFrame:
    """Read the facts of the districts and draw their cells.

    Returns
    -------
    DataFrame, 63 rows
        The columns of ``ortsteile.csv``, ``easting_m`` and ``northing_m`` of the official
        centroid, and the drawn ``cell``.
    """
    text_columns = ["district_id", "name", "borough_id", "borough_name"]
    districts = pd.read_csv(
        HERE / "demo" / "ortsteile.csv", dtype=dict.fromkeys(text_columns, "str"), na_filter=False
    )
    centroids = geometry.to_metres(districts[["centroid_lon", "centroid_lat"]].to_numpy())
    corners = pd.read_csv(HERE / "demo" / "outline.csv").to_numpy(dtype=float)
    areas_m2 = districts["area_km2"].to_numpy() * 1e6
    districts[["easting_m", "northing_m"]] = centroids
    districts["cell"] = geometry.draw_districts(centroids, areas_m2, corners)
    return districts


def list_boroughs(districts: pd.DataFrame) -> pd.DataFrame:
    """List the ten boroughs."""
    boroughs = districts[["borough_id", "borough_name"]].drop_duplicates()
    return boroughs.rename(columns={"borough_name": "name"})


def list_operations() -> pd.DataFrame:
    """List the programme's operations in the form of Art. 49(3); the carriers are invented."""
    operations = pd.read_csv(HERE / "demo" / "operations.csv")
    for column in ("started_on", "ends_on"):
        operations[column] = [draws.day(text) for text in operations[column]]
    return operations


def draw_programme(districts: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Draw businesses, whom the programme supported, and what came of it, by file.

    The order matters: who is supported depends on the businesses, when they close on the support,
    and the jobs on both.
    """
    sectors = pd.read_csv(HERE / "demo" / "sectors.csv", dtype={"wz_code": "str"})
    businesses = economy.register(districts, sectors, seed)
    sites = support.draw_sites(districts, seed)
    supported = support.choose_supported(businesses, seed)
    grants = support.draw_grants(businesses, supported, seed)

    businesses["contact_on"] = supported["contact_on"].reindex(businesses.index)
    paid_on = grants.groupby("place")["paid_on"].min()
    businesses["paid_on"] = paid_on.reindex(businesses.index)
    days = ["applied_on", "approved_on", "paid_on", "completed_on"]
    last = grants.groupby("place")[days].max().max(axis=1)
    businesses["engaged_until"] = np.fmax(businesses["contact_on"], last.reindex(businesses.index))
    businesses["closed_on"] = economy.closings(businesses, sectors, seed)
    is_known = businesses["owner_known"] | businesses["contact_on"].notna()
    owner = businesses["has_migrant_owner"].astype(object)
    businesses["has_migrant_owner"] = owner.where(is_known, None)

    participants = people.draw_participants(districts, sites, seed)
    participants = people.draw_records(participants, seed)
    contacts = pd.concat(
        [
            support.draw_business_contacts(businesses, supported, sites, seed),
            people.draw_person_contacts(participants, sites, seed),
        ]
    )
    order = ["occurred_on", "kind", "business_id", "participant_id", "site_id"]
    contacts = contacts.sort_values(order, ignore_index=True, kind="stable")
    contacts.insert(0, "contact_id", [f"C{n:05d}" for n in range(1, len(contacts) + 1)])
    jobs = support.draw_jobs(businesses, supported, grants, contacts, seed)
    return {
        "sites.csv": sites,
        "businesses.csv": businesses,
        "contacts.csv": contacts,
        "participants.csv": participants,
        "grants.csv": grants,
        "funding_shares.csv": support.draw_shares(grants),
        "jobs.csv": jobs,
    }


if __name__ == "__main__":
    main()
