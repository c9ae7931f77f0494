"""A made-up city of twelve districts and three boroughs, published as a release."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import geopandas as gpd
import nbformat
import numpy as np
import pandas as pd
import pytest
import shapely
from filelock import FileLock
from playwright.sync_api import sync_playwright

from ostwerk_analysis import publishing
from ostwerk_analysis import release as releases
from ostwerk_analysis.observations import tidy

ROOT = Path(__file__).parents[2]
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
                    so_far = round(30 * (q + 1) * share, 1)
                    add("jobs_created_to_date", place, period, so_far, part)
                    add("jobs_created_to_date", place, period, so_far, f"status={status}")
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
    staged = publishing.stage(published, "demo")
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
    publishing.write_tables(
        staged,
        {
            "observations": made_up_observations(districts),
            "catalogue": made_up_catalogue(),
            "areas": areas,
            "targets": targets,
            "headlines": pd.DataFrame({"id": []}),
            "faults": pd.DataFrame({"rule": []}),
            "repairs": pd.DataFrame({"rule": []}),
            "corrections": pd.DataFrame({"id": []}),
            "findings": pd.DataFrame({"rule": []}),
            "reads": pd.DataFrame({"table": ["grants"], "rows_read": [90], "set_aside": [2]}),
            "districts": districts,
            "outlines": districts[:3]
            .dissolve()[["geometry"]]
            .assign(area_id="osten", area_level="programme"),
            "sites": districts[:0].assign(site_id="", kind=""),
        },
    )
    (staged / "downloads").mkdir()
    (staged / "downloads" / "observations.csv").write_text("indicator;value\n")
    return publishing.publish(
        staged,
        {
            "quarter": quarter,
            "released_at": "2026-10-05T08:00:00+00:00",
            "recipe": {"seed": 7},
            "programme": {
                "id": "demo",
                "name": {"de": "Musterprogramm", "en": "Sample programme"},
                "city": {"id": "stadt", "name": "Musterstadt"},
                "is_demonstration": True,
                "districts": districts["district_id"].tolist()[:3],
                "measures": [{"id": "kmu", "name": {"de": "KMU-Beihilfe", "en": "SME grants"}}],
                "licence": {"de": "CC BY 4.0, Musterstadt", "en": "CC BY 4.0, Sampletown"},
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
def publish():
    """Publish the made-up observations once more: ``publish(folder, districts, quarter)``."""
    return made_up_release


@pytest.fixture(scope="session")
def serve_again():
    """Run another server: ``with serve_again(published, dashboards, folder) as server``."""
    return running


def once(tmp_path_factory, name, make):
    """Give a folder that the first worker who needs it makes for all, pages kept in it included."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            make(folder)
    return folder


@pytest.fixture(scope="session")
def release(tmp_path_factory, districts):
    folder = once(tmp_path_factory, "published", lambda it: made_up_release(it, districts))
    return releases.open(folder / "demo")


CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
OWN_PAGES = {
    "broken": ["secret_figure = 4711", "1 / (secret_figure - 4711)"],
    "surroundings": [
        "import os\nfor name in sorted(os.environ):\n    print(name, os.environ[name])",
        "print('cwd holds', os.listdir())",
    ],
    "given": ["print(f'{language=} {quarter=}')"],
}
"""Dashboards that are there for the tests: name = code of their cells."""


def write_dashboards(folder):
    for name, cells in OWN_PAGES.items():
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
        head = nbformat.v4.new_code_cell('release = ""\nlanguage = "de"\nquarter: str = ""')
        head.metadata["tags"] = ["parameters"]
        notebook.cells = [head, *map(nbformat.v4.new_code_cell, cells)]
        nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="session")
def dashboards(tmp_path_factory):
    """A folder of dashboards of a city's own."""
    return once(tmp_path_factory, "dashboards", write_dashboards)


LIVE_CODE = """import ipywidgets as widgets, os, traitlets
class Strange(widgets.DOMWidget):
    _model_name = traitlets.Unicode("StrangeModel").tag(sync=True)
    _model_module = traitlets.Unicode("strange").tag(sync=True)
    _view_name = traitlets.Unicode("StrangeView").tag(sync=True)
    _view_module = traitlets.Unicode("strange").tag(sync=True)
amount = widgets.IntSlider(value=3, min=0, max=10, description="Menge").add_class("ow-keep-menge")
shown = widgets.HTML("<b>Wert 3</b>")
out = widgets.Output()
def follow(change):
    shown.value = f"<b>Wert {change.new}</b>"
    with out:
        out.clear_output()
        print("gerechnet:", 100 // (change.new - 7))
amount.observe(follow, "value")
widgets.VBox([amount, shown, out, Strange()])"""

ASSUMED_CODE = """import ostwerk_analysis as ow
published = ow.release.open(release)
shares = ("deadweight_pct", "leakage_pct", "displacement_pct", "substitution_pct")
stated = {name: {"low": 10, "central": 20, "high": 30, "source": "Demoamt"} for name in shares}
stated["multiplier"] = {"low": 1, "central": 1.1, "high": 1.2, "source": "Demoamt"}
published.manifest["programme"]["additionality"] = stated
ow.assumptions(published, language)"""
OWN_LIVE_PAGES = {
    "regler": (True, LIVE_CODE),
    "still": (False, LIVE_CODE),
    "annahmen": (True, ASSUMED_CODE),
}
"""Dashboards with widgets: name = whether it keeps a kernel, and its code."""


def write_live_dashboards(folder):
    for name, (is_live, code) in OWN_LIVE_PAGES.items():
        notebook = nbformat.v4.new_notebook(
            metadata={"kernelspec": KERNEL, "ostwerk": {"live": is_live}}
        )
        head = nbformat.v4.new_code_cell('release = ""\nlanguage = "de"')
        head.metadata["tags"] = ["parameters"]
        notebook.cells = [head, nbformat.v4.new_code_cell(code)]
        nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="session")
def live_dashboards(tmp_path_factory):
    return once(tmp_path_factory, "live-dashboards", write_live_dashboards)


@dataclass
class Server:
    """A running server: its address, its log, and its process."""

    url: str
    log_file: Path
    process: subprocess.Popen

    @property
    def log(self):
        return self.log_file.read_text()

    def get(self, path, headers=None):
        """Fetch an address, redirections followed: status, headers and content."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=120)
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status in {301, 302}:
            return self.get(urljoin(path, answer.headers["Location"]), headers)
        is_text = "Content-Encoding" not in answer.headers
        return answer.status, answer.headers, content.decode() if is_text else content


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(published, dashboards, folder, **options):
    """Run the real server on a free port of this machine."""
    port = options.get("port") or free_port()
    given = {"port": port, "warm": False, "dashboards": [str(dashboards)], **options}
    code = f"from ostwerk_analysis.dashboard import serve\nserve({str(published)!r}, **{given!r})"
    environment = os.environ | {"OSTWERK_TEST_PASSWORD": "xyzzy-4711", "PYTHONPATH": str(ROOT)}
    log_file = folder / "server.log"
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=log, stderr=log, env=environment, cwd=folder
        )
    server = Server(f"http://127.0.0.1:{port}", log_file, process)
    try:
        for _ in range(300):
            if "is running at" in server.log:
                break
            assert process.poll() is None, server.log
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def server(release, dashboards, tmp_path_factory):
    with running(release.folder.parents[1], dashboards, tmp_path_factory.mktemp("server")) as it:
        yield it


@pytest.fixture(scope="module")
def browser():
    """A browser, ended with the module: its event loop runs in this thread as long as it does."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page that keeps what it asked for and what went wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.wrong.append(said.text))
    yield page
    context.close()
