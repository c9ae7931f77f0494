"""How long a set of notebooks takes: plain papermill, ours, and the bare computation.

``python benchmarks/notebooks.py`` writes notebooks into a temporary folder, each with a map of 63
polygons as SVG and five Plotly figures, and has them computed

- by papermill as it is, one after another (``papermill.execute_notebook`` in a loop),
- by ``pipeline.notebooks.execute``, in threads, as the quarterly run does,
- by the same in as many processes, each with its share of the notebooks,
- bare: their cells executed and shown in one process, without any kernel.

Each way is a fresh process and its time includes starting it and all its imports. The ways take
turns, and the medians are compared, so that a busy moment of the machine is nobody's alone. The
outputs of the first two must be the same.
"""

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAYS = ("papermill", "ours", "ours in processes", "bare")
PARAMETERS = {"quarter": "2026Q3"}
CELLS = [
    """
import geopandas as gpd
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import shapely
from IPython.display import HTML
""",
    """
random = np.random.default_rng(1)
seeds = shapely.MultiPoint(random.random((63, 2)) * 10_000)
cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(0, 0, 1e4, 1e4)))
districts = gpd.GeoDataFrame(
    {"district_id": [f"{n:02d}" for n in range(63)]},
    geometry=shapely.segmentize(shapely.intersection(cells, shapely.box(0, 0, 1e4, 1e4)), 100),
    crs="EPSG:25833",
)
""",
    """
n = 20_000
businesses = gpd.GeoDataFrame(
    {
        "kind": random.choice(["contact", "advice", "grant"], n),
        "period": pd.PeriodIndex(random.choice(pd.period_range("2019Q1", quarter, freq="Q"), n)),
        "amount_eur": random.lognormal(8, 1, n),
    },
    geometry=shapely.points(random.random((n, 2)) * 10_000),
    crs=districts.crs,
).sjoin(districts)
""",
    """
by_district = businesses.groupby("district_id")["amount_eur"].agg(["size", "sum"])
districts = districts.merge(by_district, on="district_id")
districts["density_per_km2"] = districts["size"] / districts.area * 1e6
by_period = businesses.pivot_table(
    index="period", columns="kind", values="amount_eur", aggfunc="sum"
)
by_period.index = by_period.index.astype("str")
by_period.tail()
""",
    """
def path(polygon):
    return "M" + "L".join(f"{x:.0f},{y:.0f}" for x, y in shapely.get_coordinates(polygon)) + "Z"


shade = (districts["density_per_km2"].rank(pct=True) * 255).astype(int)
HTML(
    "<svg viewBox='0 0 10000 10000' role='img' aria-label='Businesses per km²'>"
    + "".join(
        f"<path d='{path(polygon)}' fill='rgb({255 - level},{255 - level},255)'>"
        f"<title>{name}: {value:.1f}</title></path>"
        for polygon, level, name, value in zip(
            districts.geometry, shade, districts["district_id"], districts["density_per_km2"]
        )
    )
    + "</svg>"
)
""",
    """
figure = go.Figure([go.Scatter(x=by_period.index, y=by_period[k], name=k) for k in by_period])
figure.update_layout(title="By quarter", yaxis_title="EUR")
figure
""",
    """
figure = go.Figure(go.Bar(x=districts["district_id"], y=districts["sum"]))
figure.update_layout(title="By district", yaxis_title="EUR")
figure
""",
    """
figure = go.Figure([go.Box(x=part["amount_eur"].head(500), name=k)
                    for k, part in businesses.groupby("kind")])
figure.update_layout(title="Amounts")
figure
""",
    """
table = businesses.pivot_table(index="district_id", columns="kind", aggfunc="size")
go.Figure(go.Heatmap(z=table.to_numpy(), x=table.columns, y=table.index))
""",
    """
figure = go.Figure(go.Scatter(x=districts["density_per_km2"], y=districts["sum"], mode="markers",
                              text=districts["district_id"]))
figure.update_layout(title="Density and money", xaxis_title="1/km²", yaxis_title="EUR")
figure
""",
]


def write_notebooks(folder: Path, number: int) -> None:
    import nbformat

    code = nbformat.v4.new_code_cell
    tagged = code('quarter = "2025Q4"', id="parameters", metadata={"tags": ["parameters"]})
    cells = [tagged, *(code(c.strip(), id=f"c{n}") for n, c in enumerate(CELLS))]
    about = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    for n in range(number):
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), folder / f"{n}.ipynb")


def by_papermill(notebooks: list[Path], folder: Path) -> None:
    import papermill

    for notebook in notebooks:
        papermill.execute_notebook(notebook, folder / notebook.name, PARAMETERS, progress_bar=False)


def by_ours(notebooks: list[Path], folder: Path, workers: int) -> None:
    from ostwerk_analysis.pipeline import forks

    forks.warm_up()
    from ostwerk_analysis.pipeline.notebooks import Job, execute

    jobs = [Job(notebook, folder / notebook.name, PARAMETERS) for notebook in notebooks]
    for outcome in execute(jobs, workers=workers, time_limit_s=600):
        if not outcome.ok:
            raise outcome.error()


def by_ours_in_processes(notebooks: list[Path], folder: Path, workers: int) -> None:
    """Give every process its share; each has a fork server, as nothing else would be its own."""
    program = [sys.executable, __file__, "--way", "ours", "--workers", "1", "--folder", folder]
    shares = [notebooks[n::workers] for n in range(workers)]
    running = [subprocess.Popen([*program, *share]) for share in shares]
    exit_codes = [process.wait() for process in running]
    if any(exit_codes):
        raise SystemExit("a share of the notebooks failed")


def bare(notebooks: list[Path]) -> None:
    """Execute the cells, and make of the last expression of each what a notebook would show."""
    for notebook in notebooks:
        space: dict = {}
        cells = json.loads(notebook.read_text())["cells"]
        for source in ["".join(cell["source"]) for cell in cells]:
            statements = ast.parse(source).body
            shown = statements.pop() if isinstance(statements[-1], ast.Expr) else None
            exec(compile(ast.Module(statements, []), "cell", "exec"), space)  # noqa: S102
            if "quarter" in space:
                space.update(PARAMETERS)
            if shown is not None:
                value = eval(compile(ast.Expression(shown.value), "cell", "eval"), space)  # noqa: S307
                json.dumps(
                    value.to_json() if hasattr(value, "to_plotly_json") else value._repr_html_()
                )


def outputs(notebook: Path) -> list:
    cells = json.loads(notebook.read_text())["cells"]
    return [output.get("data") for cell in cells for output in cell.get("outputs", [])]


def measure(way: str, notebooks: list[Path], folder: Path, workers: int) -> float:
    """Time one way in a process of its own; seconds."""
    folder.mkdir(exist_ok=True)
    program = [sys.executable, __file__, "--way", way, "--workers", str(workers)]
    started = time.perf_counter()
    ended = subprocess.run(
        [*program, "--folder", folder, *notebooks], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise SystemExit(f"{way} failed:\n{ended.stderr}")
    return time.perf_counter() - started


def compare(number: int, workers: int, turns: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_notebooks(folder, number)
        notebooks = sorted(folder.glob("*.ipynb"))
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(turns):
            for way in WAYS:
                seconds[way].append(measure(way, notebooks, folder / way, workers))
        for notebook in notebooks:
            ways = [outputs(folder / way / notebook.name) for way in WAYS[:3]]
            if any(way != ways[0] for way in ways):
                raise SystemExit(f"{notebook.name}: the outputs differ")
    median = {way: statistics.median(times) for way, times in seconds.items()}
    print(f"{number} notebooks, {workers} at once, {os.cpu_count()} cores, median of {turns}:")
    for way in WAYS:
        print(f"  {way:18} {median[way]:6.2f} s  ({min(seconds[way]):.2f}-{max(seconds[way]):.2f})")
    print(f"  ours is {median['papermill'] / median['ours']:.1f} times as fast as papermill")
    print(f"  ours takes {median['ours'] / median['bare']:.2f} times the bare computation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=8, help="of notebooks")
    parser.add_argument("--workers", type=int, default=2, help="notebooks at once")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("notebooks", type=Path, nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way is None:
        compare(given.number, given.workers, given.turns)
    elif given.way == "papermill":
        by_papermill(given.notebooks, given.folder)
    elif given.way == "ours":
        by_ours(given.notebooks, given.folder, given.workers)
    elif given.way == "bare":
        bare(given.notebooks)
    else:
        by_ours_in_processes(given.notebooks, given.folder, given.workers)


if __name__ == "__main__":
    main()
