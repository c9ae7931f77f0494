import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import Polygon

DATA = Path(__file__).parents[1] / "data"
DEMO = DATA / "leipzig-demo"
FACTS = pd.read_csv(DATA / "demo" / "ortsteile.csv", dtype={"district_id": str, "borough_id": str})
PROGRAMME = tomllib.loads((DEMO / "programme.toml").read_text(encoding="utf-8"))
README = (DEMO / "README.md").read_text(encoding="utf-8")
KEYS = {
    "boroughs": ["borough_id"],
    "sites": ["site_id"],
    "businesses": ["business_id"],
    "contacts": ["contact_id"],
    "participants": ["participant_id"],
    "grants": ["grant_id"],
    "funding_shares": ["grant_id", "fund"],
    "jobs": ["job_id", "status"],
    "statistics": ["district_id", "area_level", "period", "statistic"],
    "operations": ["code"],
}
REFERENCES = [
    ("businesses", "district_id", "districts"),
    ("contacts", "business_id", "businesses"),
    ("contacts", "participant_id", "participants"),
    ("contacts", "referred_to_site_id", "sites"),
    ("contacts", "site_id", "sites"),
    ("funding_shares", "grant_id", "grants"),
    ("grants", "business_id", "businesses"),
    ("jobs", "business_id", "businesses"),
    ("jobs", "grant_id", "grants"),
    ("participants", "district_id", "districts"),
    ("participants", "site_id", "sites"),
]


def read(table):
    """Read a file as text under the table's names, the way programme.toml says."""
    source = next(s for s in PROGRAMME["sources"] if s["table"] == table)
    frame = pd.read_csv(
        DEMO / source["path"],
        sep=source.get("delimiter", ","),
        encoding=source.get("encoding", "utf-8"),
        dtype=str,
        keep_default_na=False,
    )
    frame = frame.rename(columns={there: here for here, there in source.get("columns", {}).items()})
    for column, words in source.get("values", {}).items():
        frame[column] = frame[column].map(words)
    return frame


def number(cells, mark="."):
    return pd.to_numeric(cells.str.replace(mark, "."))


def planted():
    """List the faults of the README: table, key, rule."""
    rows = re.findall(
        r"^\| `(\w+)\.csv` \| ([A-Z0-9-]{5,7}) \| .* \| (\w+) \|$", README, re.MULTILINE
    )
    return pd.DataFrame(rows, columns=["table", "key", "rule"])


def without_faults(table, frame):
    keys = planted().query("table == @table")["key"]
    column = "period" if table == "statistics" else KEYS[table][0]
    return frame[~frame[column].isin(keys)]


@pytest.fixture(scope="module")
def tables():
    return {table: without_faults(table, read(table)) for table in KEYS}


@pytest.fixture(scope="module")
def districts():
    return gpd.read_file(DEMO / "districts.geojson").to_crs("EPSG:25833")


@pytest.fixture(scope="module")
def geometry():
    spec = importlib.util.spec_from_file_location("geometry", DATA / "demo" / "geometry.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- the files as a whole


def test_the_generator_gives_the_committed_bytes(tmp_path):
    subprocess.run([sys.executable, DATA / "generate_demo.py", tmp_path], check=True, timeout=60)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    by_hand = {"programme.toml", "README.md"}
    assert made.keys() == {file.name for file in DEMO.iterdir()} - by_hand
    assert [name for name in made if made[name] != (DEMO / name).read_bytes()] == []


def test_another_seed_gives_another_programme_on_the_same_map(tmp_path):
    command = [sys.executable, DATA / "generate_demo.py", tmp_path, "--seed", "1"]
    subprocess.run(command, check=True, timeout=60)
    other = {file.name for file in tmp_path.iterdir()}
    same = {name for name in other if (tmp_path / name).read_bytes() == (DEMO / name).read_bytes()}
    assert same == {"districts.geojson", "boroughs.csv", "operations.csv"}


def test_the_demo_is_small_and_says_what_it_is():
    assert sum(file.stat().st_size for file in DEMO.iterdir()) < 2_500_000
    assert PROGRAMME["programme"]["is_demonstration"] is True
    assert json.loads((DEMO / "districts.geojson").read_bytes())["note"].startswith("Demonstration")
    assert "demonstration data" in README


def test_the_readme_counts_the_rows():
    counted = re.findall(r"^\| `(\w+)\.csv` \| ([\d,]+) \|", README, re.MULTILINE)
    assert {table: int(rows.replace(",", "")) for table, rows in counted} == {
        table: len(read(table)) for table in KEYS
    }


# ---- the map


def test_districts_are_the_63_with_their_official_facts(districts):
    facts = FACTS[["district_id", "name", "borough_id", "area_km2"]]
    pd.testing.assert_frame_equal(pd.DataFrame(districts[facts.columns]), facts, check_dtype=False)


def test_areas_are_the_official_ones(districts):
    drawn = districts.area / 1e6
    np.testing.assert_allclose(drawn, FACTS["area_km2"], rtol=0.02)
    assert drawn.sum() == pytest.approx(297.83, abs=0.01)


def test_districts_cover_the_city_without_gaps_or_overlaps(districts):
    assert districts.is_valid.all()
    assert set(districts.geom_type) == {"Polygon"}
    assert shapely.coverage_is_valid(districts.geometry.to_numpy())
    city = shapely.coverage_union_all(districts.geometry.to_numpy())
    assert city.geom_type == "Polygon"
    assert len(city.interiors) == 0
    boroughs = districts.dissolve("borough_id").geometry
    assert set(boroughs.geom_type) == {"Polygon"}


def test_geojson_is_as_rfc_7946_wants_it():
    for feature in json.loads((DEMO / "districts.geojson").read_bytes())["features"]:
        [ring] = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert Polygon(ring).exterior.is_ccw
        assert np.abs(np.asarray(ring) - [12.4, 51.35]).max() < 0.3
        assert max(len(str(degrees).split(".")[1]) for point in ring for degrees in point) <= 7


@pytest.mark.real
def test_the_map_reads_as_leipzig(districts, real_data):
    official = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs("EPSG:25833")
    official = official.set_index("OT").loc[districts["district_id"]].reset_index()
    distance = districts.centroid.distance(official.centroid)
    assert distance.median() < 60
    assert distance.max() < 200
    official_pairs = neighbours(official.geometry.to_numpy(), tolerance_m=1)
    drawn_pairs = neighbours(districts.geometry.to_numpy(), tolerance_m=0.1)
    assert len(official_pairs) == 155
    assert len(official_pairs & drawn_pairs) / 155 > 0.95
    assert len(drawn_pairs - official_pairs) < 16


def neighbours(shapes, tolerance_m):
    """Pairs that share a border of more than 50 m."""
    near = shapely.buffer(shapes, tolerance_m)
    one, other = shapely.STRtree(shapes).query(near, predicate="intersects")
    length = shapely.length(shapely.intersection(shapely.boundary(shapes[one]), near[other]))
    return {
        (i, j)
        for i, j, m in zip(one.tolist(), other.tolist(), length, strict=True)
        if i < j and m > 50
    }


# ---- how the map is drawn


UNIT = Polygon([(0, 0), (4000, 0), (4000, 1000), (0, 1000)])
TWO = np.array([[1000.0, 500.0], [3000.0, 500.0]])


def test_without_weights_the_border_is_halfway(geometry):
    west, east = geometry.power_diagram(TWO, np.zeros(2), UNIT)
    assert west.equals(shapely.box(0, 0, 2000, 1000))
    assert east.equals(shapely.box(2000, 0, 4000, 1000))


def test_a_weight_moves_the_border_by_itself_over_twice_the_distance(geometry):
    # 400,000 m² / (2 * 2000 m) = 100 m
    west, _ = geometry.power_diagram(TWO, np.array([400_000.0, 0.0]), UNIT)
    assert west.equals(shapely.box(0, 0, 2100, 1000))


def test_weights_are_found_that_give_the_areas(geometry):
    areas = np.array([1_000_000.0, 3_000_000.0])
    weights = geometry.fit_weights(TWO, np.zeros(2), areas, UNIT)
    assert weights[1] - weights[0] == pytest.approx(4_000_000)  # the border moves by 1000 m
    cells = geometry.power_diagram(TWO, weights, UNIT)
    np.testing.assert_allclose(shapely.area(cells), areas, rtol=1e-3)


def test_areas_that_do_not_fill_the_outline_are_refused(geometry):
    with pytest.raises(RuntimeError, match="do not converge"):
        geometry.fit_weights(TWO, np.zeros(2), np.array([1e6, 1e6]), UNIT)


def test_a_piece_that_is_cut_off_goes_to_the_neighbour(geometry):
    north, stray = shapely.box(0, 1, 3, 2), shapely.box(1, -1, 2, 0)
    south = Polygon([(0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (0, 1)])
    cells = geometry.in_one_piece([shapely.union(north, stray), south])
    assert cells[0].equals(north)
    assert cells[1].equals(shapely.union(south, stray))


# ---- the tables


def test_keys_are_unique():
    for table, key in KEYS.items():
        assert not read(table).duplicated(key).any(), table


def test_references_are_there_in_all_rows_but_the_planted_ones(tables, districts):
    known = {table: set(frame[KEYS[table][0]]) for table, frame in tables.items()}
    known["districts"] = set(districts["district_id"])
    for table, column, other in REFERENCES:
        given = tables[table][column]
        assert set(given[given != ""]) <= known[other], f"{table}.{column}"
    measures = {measure["id"] for measure in PROGRAMME["measures"]}
    assert set(tables["grants"]["measure_id"]) | set(tables["sites"]["measure_id"]) <= measures


def test_points_lie_in_the_district_that_is_stated(tables, districts):
    businesses = tables["businesses"]
    points = gpd.GeoDataFrame(
        businesses[["district_id"]],
        geometry=gpd.points_from_xy(number(businesses["lon"], ","), number(businesses["lat"], ",")),
        crs="EPSG:4326",
    ).to_crs(districts.crs)
    borders = districts.set_index("district_id").geometry
    assert points.within(borders.loc[points["district_id"]], align=False).all()
    sites = tables["sites"]
    places = gpd.points_from_xy(number(sites["lon"]), number(sites["lat"]), crs="EPSG:4326")
    inside = gpd.GeoDataFrame(geometry=places).to_crs(districts.crs).sjoin(districts)
    assert sorted(inside["district_id"]) == ["10", "20", "21", "22", "23", "24", "30"]


def test_totals_are_the_published_ones(tables):
    contacts, jobs = tables["contacts"], tables["jobs"]
    grants = tables["grants"].query("measure_id == 'kmu'")
    approved = grants[grants["status"].isin(["approved", "paid", "completed"])]
    paid = grants[grants["paid_on"] != ""]
    verified = jobs[jobs["grant_id"].isin(grants["grant_id"]) & (jobs["status"] == "verified")]
    fte = number(verified["fte"]).groupby(verified["kind"]).sum()
    heads = number(verified["headcount"]).groupby(verified["kind"]).sum()
    counted = {
        "kmu-contacted": contacts.query("business_id != ''")["business_id"].nunique(),
        "kmu-grants": number(approved["grant_eur"], ",").sum(),
        "kmu-investment": number(approved["eligible_cost_eur"], ",").sum(),
        "kmu-jobs-created": heads["created"],
        "kmu-jobs-secured": heads["secured"],
    }
    assert counted == {
        "kmu-contacted": 612,
        "kmu-grants": 812_010,
        "kmu-investment": pytest.approx(2_110_000, abs=1),
        "kmu-jobs-created": 154,
        "kmu-jobs-secured": 206,
    }
    assert (fte["created"], fte["secured"]) == (150, 193.75)
    assert paid["business_id"].nunique() == 200
    assert number(paid["paid_eur"], ",").sum() == pytest.approx(783_986.22)
    assert [headline["id"] for headline in PROGRAMME["headlines"]] == list(counted)
    for headline in PROGRAMME["headlines"]:
        value, published = counted[headline["id"]], headline["value"]
        assert {
            "about": abs(value / published - 1) < 0.05,
            "more_than": published < value < 1.1 * published,
        }[headline["qualifier"]], headline["id"]


def test_milestones_stand_on_days_that_the_data_have():
    """And none of them tells about a single enterprise: they are of sites and measures."""
    on = {stone["label"]["en"]: pd.Timestamp(stone["on"]) for stone in PROGRAMME["milestones"]}
    sites, measures = read("sites").set_index("site_id"), PROGRAMME["measures"]
    known = {measure["id"]: measure for measure in measures}
    opened, closed = pd.to_datetime(sites["opened_on"]), pd.to_datetime(sites["closed_on"])
    [due] = {target["due"] for target in PROGRAMME["targets"] if target.get("measure_id") == "kmu"}
    assert on == {
        "The first two WerkStädte open": opened[["W1", "W2"]].max(),
        "The second contact point opens": opened["K2"],
        "The KMU-Beihilfe begins": pd.Timestamp(known["kmu"]["starts_on"]),
        "The fifth WerkStadt opens": opened["W5"],
        "The contact point Paunsdorf closes": closed["K2"],
        "OstWerkStadt (BIWAQ) ends": pd.Timestamp(known["ostwerkstadt"]["ends_on"]),
        "The targets of the KMU-Beihilfe are due": pd.Timestamp(due),
    }


def test_each_enterprise_has_one_first_contact(tables):
    first = tables["contacts"].query("kind == 'first_contact'")
    assert len(first) == 612
    assert first["business_id"].is_unique


def test_grants_go_step_by_step(tables):
    grants = tables["grants"]
    steps = ["applied_on", "approved_on", "paid_on", "completed_on"]
    days = grants[steps].apply(pd.to_datetime, format="%d.%m.%Y")
    for earlier, later in pairwise(steps):
        assert not (days[later] < days[earlier]).any(), later
    assert days.max().max() <= pd.Timestamp("2026-09-30")
    reached = {
        "applied": 1,
        "rejected": 1,
        "withdrawn": 1,
        "approved": 2,
        "paid": 3,
        "completed": 4,
    }
    assert (days.notna().sum(axis=1) == grants["status"].map(reached)).all()


def test_shares_add_up_and_every_approved_grant_has_them(tables):
    shares = tables["funding_shares"]
    total = number(shares["share_pct"]).groupby(shares["grant_id"]).sum()
    assert (total == 100).all()
    approved = tables["grants"].query("status in ['approved', 'paid', 'completed']")
    assert set(total.index) == set(approved["grant_id"])


def test_no_rung_is_left_out_and_none_comes_too_early(tables):
    ladder = ["promised", "claimed", "verified", "retained"]
    wide = tables["jobs"].pivot_table(
        index="job_id", columns="status", values="status_on", aggfunc="first"
    )[ladder]
    for lower, upper in pairwise(ladder):
        assert wide.loc[wide[upper].notna(), lower].notna().all(), upper
        assert not (wide[upper] < wide[lower]).any(), upper


def test_boroughs_are_the_sums_of_their_districts_and_the_city_has_a_little_more(tables):
    table = tables["statistics"].assign(value=lambda rows: number(rows["value"]))
    published = table[table["period"] != "2021-Q1"]  # two districts are missing then
    published = published[published["period"] != "2021-Q2"]
    of = dict(list(published.groupby("area_level")))
    borough = of["district"]["district_id"].str[0]
    by = ["period", "statistic"]
    summed = of["district"].groupby([borough, *by])["value"].sum()
    stated = of["borough"].set_index(["district_id", *by])["value"]
    pd.testing.assert_series_equal(summed.sort_index(), stated.sort_index(), check_names=False)
    more = of["city"].set_index(by)["value"] / stated.groupby(by).sum() - 1
    not_placed = more.index.get_level_values("statistic").isin(["unemployed", "sgb2_communities"])
    assert more[not_placed].between(0.003, 0.005).all()
    assert (more[~not_placed] == 0).all()


def test_every_district_and_quarter_has_its_statistics(tables):
    table = tables["statistics"]
    quarterly = table[table["period"].str.contains("Q")]
    assert quarterly["period"].nunique() == 31
    assert quarterly["statistic"].nunique() == 4
    assert len(quarterly) == (63 + 10 + 1) * 31 * 4
    gaps = table[table["value"] == ""]
    assert set(gaps["obs_status"]) == {"M"}
    assert set(gaps["district_id"]) == {"28", "55"}


def test_persons_come_back_to_their_operation_and_to_the_next_one(tables):
    table = tables["participants"]
    assert set(table["operation_code"]) == {"BIWAQ-4", "BIWAQ-5"}
    entries = table.groupby("person_id").agg(
        entries=("participant_id", "size"), operations=("operation_code", "nunique")
    )
    assert (entries["entries"] == 2).sum() == 30
    assert (entries["operations"] == 2).sum() == 18  # 12 came back to the same one
    # A person stays who they are, and does not enter before they have left.
    same = table.groupby("person_id")[["sex", "age_group", "has_migration_background"]].nunique()
    assert (same == 1).all(axis=None)
    ordered = table.sort_values(["person_id", "entered_on"])
    before = ordered.groupby("person_id")["left_on"].shift()
    again = before.notna()
    assert (before[again] != "").all()
    assert (before[again] < ordered.loc[again, "entered_on"]).all()


def test_qualification_and_position_are_recorded_for_those_they_are_asked_of(tables):
    table = tables["participants"]
    has_left = table["left_on"] != ""
    assert set(table.loc[has_left, "has_gained_qualification"]) == {"true", "false"}
    assert set(table.loc[~has_left, "has_gained_qualification"]) == {""}
    reached = (table["labour_status_6m"] != "") & (table["labour_status_in"] == "employed")
    assert (table["has_better_position_6m"] != "").equals(reached)


def test_effects_are_where_the_readme_says(tables):
    """The programme area moves away from the comparison area, to which it was equal before."""
    table = tables["statistics"].query("statistic == 'unemployed' and area_level == 'district'")
    wide = table.assign(value=number(table["value"])).pivot(
        index="period", columns="district_id", values="value"
    )
    area, other = (wide[region["districts"]].sum(axis=1) for region in PROGRAMME["areas"])
    ratio = area / other
    before = ratio["2019-Q1":"2020-Q2"]
    assert before.max() / before.min() < 1.06
    assert ratio["2024-Q1":].mean() / before.mean() == pytest.approx(0.9, abs=0.04)


def test_sites_are_used_as_they_were_drawn(tables):
    from ostwerk_analysis import indicators, load

    ids = {"contacts_to_date", "first_contacts_to_date", "enterprises_contacted_to_date"}
    ids |= {"referrals_to_date", "days_to_first_advice_to_date", "referrals_advised_share_to_date"}
    ids |= {"network_events", "network_enterprises", "community_events", "advice_sessions"}
    chosen = [entry for entry in indicators.CATALOGUE if entry.id in ids]
    found = indicators.compute(load(DEMO), "2026Q3", indicators=chosen)
    city = found[found["area_id"] == "leipzig"].set_index(["indicator", "period", "breakdown"])
    now = city["value"].xs("2026-Q3", level="period")
    total = now.xs("", level="breakdown")
    assert total["contacts_to_date"] == len(tables["contacts"])
    assert total["first_contacts_to_date"] == total["enterprises_contacted_to_date"] == 612
    # a contact point sends to a WerkStadt, where advice follows after 17 days or so
    ways = [part for part in now["referrals_to_date"].index if "&" in part]
    assert all(re.fullmatch("site=K[12]&to_site=W[1-5]", way) for way in ways)
    assert now["referrals_to_date"][ways].sum() == total["referrals_to_date"] > 150
    assert 14 <= total["days_to_first_advice_to_date"] <= 20
    assert 66 <= total["referrals_advised_share_to_date"] <= 86
    # three round tables a quarter, two of which may fall on one day; none before the funding began
    tables_held = city["value"]["network_events"].xs("", level="breakdown")
    held = tables_held[tables_held.index.str.contains("Q")]
    assert held[held.index < "2020-Q3"].sum() == 0
    assert held[held.index >= "2021-Q1"].between(2, 3).all()
    # four events a quarter at a WerkStadt and two at a contact point, until it closes
    events = city["value"]["community_events"]
    assert events["2025-Q1", "site=W1"] == 4
    assert events["2025-Q1", "site=K2"] == 2
    assert events["2026-Q1", "site=K2"] == 0


# ---- the planted faults


def test_the_package_sets_aside_the_planted_rows_and_no_others():
    from ostwerk_analysis import load

    data = load(DEMO)
    faults = data.faults.assign(table=data.faults["source"].str.removesuffix(".csv"))
    found = faults.groupby(["table", "rule"]).size()
    said = planted().groupby(["table", "rule"]).size()
    said[[("funding_shares", "sum"), ("jobs", "order")]] = 2  # groups of two rows
    pd.testing.assert_series_equal(found.sort_index(), said.sort_index(), check_names=False)
    assert data.reads["set_aside"].sum() == 12
    for fault in planted().itertuples():
        assert fault.key in read(fault.table).to_numpy(), fault


def test_a_copy_of_the_demo_is_a_programme_of_its_own(tmp_path):
    from ostwerk_analysis import Programme

    copied = Programme.read(shutil.copytree(DEMO, tmp_path / "copy"))
    assert copied.is_demonstration
    assert {source.table for source in copied.sources} == {*KEYS, "districts"}
