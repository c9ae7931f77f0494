"""What checking a table costs: a CSV of many businesses against bare reads of the same file.

Run: ``python benchmarks/loading.py [ROWS [TURNS]]``. The file is generated from a seed, in German
marks, with one faulty row in five hundred. Every reader runs in a process of its own, in turn, so
that the ratios hold on a noisy machine; imports are not counted in the time, but in the memory.

What is compared: ``check`` reads a small programme (63 districts and this file) from the file to
the checked Dataset, all rules of rows and between tables, faults and rows set aside included, and
takes the file's SHA-256 before and after. The bare reads are told delimiter, marks and all types,
check nothing, and give a frame of the same types: text, floats, days and booleans. pandas' pyarrow
engine and pyarrow itself know no thousands, so they read these columns as text and convert them;
pyarrow is shown as an Arrow table and with what it costs to make it a frame of the same types.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

SEED = 20
DEMO = Path(__file__).parent.parent / "data" / "leipzig-demo"
MONEY = ["turnover_eur", "balance_eur"]
DAYS = ["founded_on", "closed_on"]
YES_NO = ["is_owner_operated", "has_migrant_owner"]
NUMBERS = ["lon", "lat", "employees_fte"]
TOML = """
[programme]
id = "many"
name = "Many"
first_quarter = "2024-Q1"
crs = "EPSG:25833"
fault_limit_pct = 1
city = { id = "leipzig", name = "Leipzig" }
[[sources]]
table = "districts"
path = "districts.geojson"
[[sources]]
table = "businesses"
path = "businesses.csv"
"""


def write_programme(folder: Path, rows: int, has_points: bool) -> None:
    """Write a programme with a file of businesses, of which some rows are faulty."""
    import geopandas as gpd

    rng = np.random.default_rng(SEED)
    shapes = gpd.read_file(DEMO / "districts.geojson")
    shapes.to_file(folder / "districts.geojson")
    (folder / "programme.toml").write_text(TOML)
    number = np.arange(rows)
    district = rng.integers(0, len(shapes), rows)
    code = shapes["district_id"].to_numpy()[district].astype(str)
    inner = shapes.to_crs(25833).representative_point().to_crs(4326)
    lon = inner.x.to_numpy()[district] + rng.normal(0, 0.0005, rows)
    lat = inner.y.to_numpy()[district] + rng.normal(0, 0.0003, rows)
    streets = np.array([f"{name}straße" for name in ("Eisenbahn", "Kirch", "Torgauer ", "Main")])
    divisions = np.array(["47.11", "56.10.1", "10.71", "96.02", "62.01", "43.2", "86.90.9", "70"])
    founded = np.datetime64("1990-01-01") + rng.integers(0, 13_000, rows)
    closed = founded + rng.integers(1, 4_000, rows)
    lifetime = pd.Series(closed).dt.strftime("%d.%m.%Y").where(rng.random(rows) < 0.15, "")
    frame = pd.DataFrame(
        {
            "business_id": pd.Series(number).map("U{:07d}".format),
            "Firma": pd.Series(number).map("Handel & Wandel Nr. {} GmbH".format),
            "address": pd.Series(streets[rng.integers(0, 4, rows)])
            + pd.Series(rng.integers(1, 200, rows)).map(" {}, 04315 Leipzig".format),
            "lon": pd.Series(lon).map("{:.6f}".format).str.replace(".", ",") if has_points else "",
            "lat": pd.Series(lat).map("{:.6f}".format).str.replace(".", ",") if has_points else "",
            "district_id": "" if has_points else code,
            "wz_code": divisions[rng.integers(0, len(divisions), rows)],
            "wz_version": "2008",
            "founded_on": pd.Series(founded).dt.strftime("%d.%m.%Y"),
            "closed_on": lifetime,
            "employees_fte": pd.Series(rng.integers(0, 400, rows) / 4).map(german),
            "turnover_eur": pd.Series(np.round(rng.lognormal(12, 1.5, rows), 2)).map(german),
            "balance_eur": pd.Series(np.round(rng.lognormal(11, 1.5, rows), 2)).map(german),
            "is_owner_operated": np.array(["ja", "nein"])[rng.integers(0, 2, rows)],
            "has_migrant_owner": np.array(["ja", "nein", ""])[rng.integers(0, 3, rows)],
            "group_id": pd.Series(rng.integers(0, 500, rows))
            .map("G{}".format)
            .where(rng.random(rows) < 0.05, ""),
            "Bemerkung": "",
        }
    )
    faulty = rng.choice(rows, rows // 500, replace=False)
    for at, column, value in zip(
        faulty,
        np.resize(["wz_code", "closed_on", "employees_fte", "wz_version"], len(faulty)),
        np.resize(["4711", "01.01.1950", "-3", "2003"], len(faulty)),
        strict=True,
    ):
        frame.loc[at, column] = value
    frame.to_csv(folder / "businesses.csv", sep=";", index=False)


def german(number: float) -> str:
    """Write a number as in German: 1.234,56."""
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def checked(folder: Path) -> dict:
    """Read and check with the product."""
    from ostwerk_analysis.loading import check

    def read() -> int:
        reads = check(folder).reads.set_index("table").loc["businesses"]
        found = reads[["accepted", "set_aside"]].tolist()
        if not found[1] or sum(found) != reads["rows_read"]:
            raise SystemExit(f"rows are lost: {reads}")
        return int(reads["rows_read"])

    return timed(read)


def types_of(file: Path) -> dict[str, str]:
    """Give each column its type in memory, as the contract has it."""
    header = file.open(encoding="utf-8").readline().strip().split(";")
    return (
        dict.fromkeys(header, "str")
        | dict.fromkeys([*NUMBERS, *MONEY], "float64")
        | dict.fromkeys(YES_NO, "boolean")
    )


def by_pandas(folder: Path) -> dict:
    """Read with pandas' own parser, told everything."""
    file = folder / "businesses.csv"
    types = {name: kind for name, kind in types_of(file).items() if name not in DAYS}

    def read() -> int:
        frame = pd.read_csv(
            file,
            sep=";",
            dtype=types,
            decimal=",",
            thousands=".",
            parse_dates=DAYS,
            date_format="%d.%m.%Y",
            true_values=["ja"],
            false_values=["nein"],
        )
        return len(frame)

    return timed(read)


def by_pandas_pyarrow(folder: Path) -> dict:
    """Read with pandas' pyarrow engine; it knows no thousands and no German days."""
    file = folder / "businesses.csv"
    later = [*MONEY, *DAYS, *YES_NO]
    types = types_of(file) | dict.fromkeys(later, "str")

    def read() -> int:
        frame = pd.read_csv(file, sep=";", dtype=types, decimal=",", engine="pyarrow")
        for name in MONEY:
            plain = frame[name].str.replace(".", "", regex=False)
            frame[name] = plain.str.replace(",", ".", regex=False).astype("float64")
        for name in DAYS:
            frame[name] = pd.to_datetime(frame[name], format="%d.%m.%Y")
        for name in YES_NO:
            frame[name] = frame[name].map({"ja": True, "nein": False}).astype("boolean")
        return len(frame)

    return timed(read)


def arrow_table(file: Path) -> pa.Table:
    """Read with pyarrow, told everything that it can be told."""
    kinds = {"str": pa.string(), "float64": pa.float64(), "boolean": pa.bool_()}
    types = {name: kinds[kind] for name, kind in types_of(file).items()}
    types |= dict.fromkeys(DAYS, pa.timestamp("ns")) | dict.fromkeys(MONEY, pa.string())
    return arrow_csv.read_csv(
        file,
        parse_options=arrow_csv.ParseOptions(delimiter=";"),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types,
            timestamp_parsers=["%d.%m.%Y"],
            decimal_point=",",
            true_values=["ja"],
            false_values=["nein"],
            strings_can_be_null=True,
        ),
    )


def by_pyarrow(folder: Path) -> dict:
    """Read into an Arrow table, thousands left as text."""
    return timed(lambda: len(arrow_table(folder / "businesses.csv")))


def by_pyarrow_to_pandas(folder: Path) -> dict:
    """Read into an Arrow table and make it a frame of the same types."""

    def read() -> int:
        table = arrow_table(folder / "businesses.csv")
        for name in MONEY:
            plain = pc.replace_substring(pc.replace_substring(table[name], ".", ""), ",", ".")
            at = table.column_names.index(name)
            table = table.set_column(at, name, pc.cast(plain, pa.float64()))
        kinds = {pa.bool_(): pd.BooleanDtype()}
        return len(table.to_pandas(types_mapper=kinds.get))

    return timed(read)


READERS: dict[str, Callable[[Path], dict]] = {
    "ostwerk check": checked,
    "pandas, C": by_pandas,
    "pandas, pyarrow": by_pandas_pyarrow,
    "pyarrow": by_pyarrow,
    "pyarrow to pandas": by_pyarrow_to_pandas,
}


def timed(read: Callable[[], int]) -> dict:
    """Measure a reading in this process: seconds, peak memory and memory before it, in bytes."""
    before = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    rows = read()
    seconds = time.perf_counter() - start
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"rows": rows, "seconds": seconds, "peak": peak, "before": before}


def own(*arguments: str) -> str:
    """Run this file in a process of its own."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{arguments} failed:\n{done.stderr}")
    return done.stdout


def compare(rows: int, turns: int, has_points: bool) -> None:
    """Measure all readers in turn and print medians and ratios."""
    found: dict[str, list[dict]] = {name: [] for name in READERS}
    with tempfile.TemporaryDirectory(prefix="ostwerk-benchmark-") as scratch:
        folder = Path(scratch)
        # Not in this process: its peak memory would count as that of those it starts.
        own("--write", str(folder), str(rows), "points" if has_points else "codes")
        size = (folder / "businesses.csv").stat().st_size
        for _ in range(turns):
            for name in READERS:
                found[name].append(json.loads(own("--reader", name, str(folder))))
    place = "points to be placed" if has_points else "codes of districts"
    print(f"\n{rows:,} businesses with {place}, {size / 1e6:.0f} MB; medians of {turns}")
    ours = found["ostwerk check"]
    print(f"  {'':<20}{'s':>7}{'peak MB':>9}{'time x':>8}{'memory x':>10}")
    for name, runs in found.items():
        if {run["rows"] for run in runs} != {rows}:
            raise SystemExit(f"{name} has lost rows")
        ratio = {
            key: median(a[key] / b[key] for a, b in zip(ours, runs, strict=True))
            for key in ("seconds", "peak")
        }
        seconds, peak = (median(run[key] for run in runs) for key in ("seconds", "peak"))
        print(
            f"  {name:<20}{seconds:>7.2f}{peak / 1e6:>9.0f}"
            f"{ratio['seconds']:>8.2f}{ratio['peak']:>10.2f}"
        )


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--write"]:
        write_programme(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "points")
        return
    if sys.argv[1:2] == ["--reader"]:
        print(json.dumps(READERS[sys.argv[2]](Path(sys.argv[3]))))
        return
    given = [int(word) for word in sys.argv[1:]]
    rows, turns = (given + [1_000_000, 3][len(given) :])[:2]
    for has_points in (False, True):
        compare(rows, turns, has_points)


if __name__ == "__main__":
    main()
