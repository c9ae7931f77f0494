"""A made-up city of twelve districts and three boroughs, published as a release."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from ostwerk_analysis import release as releases
from ostwerk_analysis.observations import tidy

QUARTERS = ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
DECLARED = {
    "unemployed_share": ("Arbeitslosenanteil", "Share of unemployed", "percent", "rate"),
    "applications": ("Anträge", "Applications", "applications", "sum"),
    "grants_approved_eur": ("Bewilligte Zuschüsse", "Approved grants", "EUR", "sum"),
    "residents": ("Einwohner", "Residents", "persons", "count"),
    "jobs_created": ("Arbeitsplätze", "Jobs", "FTE", "sum"),
    "jobs_created_to_date": ("Arbeitsplätze (seit Beginn)", "Jobs (since start)", "FTE", "sum"),
}


def grid():
    """Four by three blocks of one to two square kilometres; the last has two parts and a hole."""
    cells = [
        shapely.box(
            300_000 + 1500 * x, 5_680_000 + 1000 * y, 301_500 + 1500 * x, 5_681_000 + 1000 * y
        )
        for y in range(3)
        for x in range(4)
    ]
    pond = shapely.box(304_900, 5_682_300, 305_500, 5_682_700)
    island = shapely.box(306_300, 5_682_000, 306_900, 5_682_400)
    cells[-1] = shapely.MultiPolygon([cells[-1].difference(pond), island])
    codes = [f"{i:02d}" for i in range(12)]
    names = ["Altstadt", "Brühl", "Conne", "Dölitz", "Eutritzsch", "Fluß", "Gohlis", "Hafen",
             "Insel & Ufer", "Jägerhof", "Kohlgärten", "Lößnig"]  # fmt: skip
    return gpd.GeoDataFrame(
        {
            "district_id": codes,
            "name": names,
            "borough_id": [str(i // 4) for i in range(12)],
            "borough_name": [f"Bezirk {i // 4}" for i in range(12)],
        },
        geometry=cells,
        crs="EPSG:25833",
    )


def made_up_observations(districts: gpd.GeoDataFrame) -> pd.DataFrame:
    """Values by a seeded draw, among them a zero, suppressed, missing and provisional ones."""
    draw = np.random.default_rng(7)
    codes = districts["district_id"].tolist()
    places = [("district", code) for code in codes]
    places += [("city", "stadt"), ("programme", "osten")]
    level = draw.uniform(3, 22, len(places))
    rows = []

    def add(indicator, place, period, value, breakdown="", **more):
        rows.append(
            {
                "indicator": indicator,
                "area_level": place[0],
                "area_id": place[1],
                "period": period,
                "breakdown": breakdown,
                "value": value,
                "unit": DECLARED[indicator][2],
                "n_units": 9,
                "obs_status": "A",
                "conf_status": "F",
                "quality_note": "",
                **more,
            }
        )

    hidden = {"value": np.nan, "n_units": None, "conf_status": "C"}
    missing = {"value": np.nan, "n_units": None, "obs_status": "M"}
    for q, period in enumerate(QUARTERS):
        for p, place in enumerate(places):
            rate = level[p] * (1 - 0.02 * q) + draw.normal(0, 0.3)
            provisional = {"obs_status": "P"} if q == 4 else {}
            if (q, p) in {(4, 2), (3, 2), (1, 5)}:
                add("unemployed_share", place, period, **hidden)
            elif (q, p) == (4, 7):
                add("unemployed_share", place, period, **missing)
            elif (q, p) != (4, 8):  # no row at all
                add("unemployed_share", place, period, float(rate), **provisional)
            count = int(draw.poisson(4)) if p != 1 else 0
            total = float(count * draw.integers(4_000, 12_000))
            for name, value in (("applications", count), ("grants_approved_eur", total)):
                if p == 3 and q > 1:
                    add(name, place, period, breakdown="measure=kmu", **hidden)
                else:
                    add(name, place, period, value, "measure=kmu")
            if place[0] == "city":
                for status, share in (("promised", 1.0), ("verified", 0.6)):
                    part = f"measure=kmu&status={status}"
                    add("jobs_created_to_date", place, period, round(30 * (q + 1) * share, 1), part)
                    add("jobs_created", place, period, 30 * share, part)
                    add("jobs_created", place, period, 30 * share, f"status={status}")
    for year in ("2024", "2025"):
        for p, place in enumerate(places):
            add("residents", place, year, float(2_000 + 731 * p))
    return tidy(pd.DataFrame(rows))


def made_up_catalogue() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "indicator": name,
                "label_de": label_de,
                "label_en": label_en,
                "unit": unit,
                "kind": kind,
                "better": "",
                "eu_code": "",
                "definition_de": f"{label_de}: erfunden für Tests.",
                "definition_en": f"{label_en}: made up for tests.",
                "source": "statistics, Demoamt",
            }
            for name, (label_de, label_en, unit, kind) in DECLARED.items()
        ]
    )


def made_up_release(published: Path, districts: gpd.GeoDataFrame, quarter: str = "2026-Q3"):
    """Publish the made-up observations on the given districts."""
    staged = releases.stage(published, "demo")
    areas = pd.DataFrame(
        [
            ("stadt", "Musterstadt", "Sampletown", "city"),
            ("osten", "Der Osten", "The east", "programme"),
        ],
        columns=["area_id", "name_de", "name_en", "area_level"],
    )
    targets = pd.DataFrame(
        {
            "indicator": ["jobs_created"],
            "measure_id": ["kmu"],
            "status": ["verified"],
            "due": [pd.Timestamp("2027-12-31")],
            "target_value": [150.0],
        }
    )
    releases.write_tables(
        staged,
        {
            "observations": made_up_observations(districts),
            "catalogue": made_up_catalogue(),
            "areas": areas,
            "targets": targets,
            "headlines": pd.DataFrame({"id": []}),
            "findings": pd.DataFrame({"id": []}),
            "reads": pd.DataFrame({"table": ["grants"], "rows_read": [90], "set_aside": [2]}),
            "districts": districts,
            "sites": districts[:0].assign(site_id="", kind=""),
        },
    )
    (staged / "downloads").mkdir()
    (staged / "downloads" / "observations.csv").write_text("indicator;value\n")
    return releases.publish(
        staged,
        {
            "quarter": quarter,
            "released_at": "2026-10-05T08:00:00+00:00",
            "programme": {
                "id": "demo",
                "name": {"de": "Musterprogramm", "en": "Sample programme"},
                "city": {"id": "stadt", "name": "Musterstadt"},
                "is_demonstration": True,
                "districts": districts["district_id"].tolist()[:3],
                "measures": [{"id": "kmu", "name": {"de": "KMU-Beihilfe", "en": "SME grants"}}],
                "pages": {
                    "imprint": {
                        "de": "Stadt Muster, post@muster.example",
                        "en": "City of Sample, post@muster.example",
                    },
                    "privacy": {"de": "", "en": ""},
                },
            },
        },
    )


@pytest.fixture(scope="session")
def districts():
    return grid()


@pytest.fixture(scope="session")
def release(tmp_path_factory, districts):
    return made_up_release(tmp_path_factory.mktemp("published"), districts)
