"""What all indicators of a large city cost, beside the same group-bys written in polars.

Run: ``python benchmarks/indicators.py [ROWS [TURNS]]``, or with ``linear [ROWS ...]`` for a
table and a plot of the cost, from 10⁴ to 10⁷ rows if not told otherwise. The city is made by
``city.py``: of 10,000,000 contacts and grants there are 1,000,000 businesses in 400 districts,
over seven years.

What is compared, in processes of their own and in turn: ``compute`` of the indicators of
:data:`DIRECT`, and polars over the same Parquet files, joins and filters included: a lazy scan, the
businesses joined once, and for each indicator and split a group-by over districts, boroughs, city
and areas, by quarter, by year and to date. Both give value and number of units; ours also keeps the
two largest contributions of each cell for disclosure control, which polars is not asked for. Every
cell of polars must be ours, or the run stops. Then all indicators of the catalogue are computed in
one run, and the peak of the process's memory is that of all, data and imports included.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import city
import numpy as np
import pandas as pd
import polars as pl

from ostwerk_analysis import indicators
from ostwerk_analysis.indicators import CATALOGUE

LAST = city.LAST.replace("-", "")
PLOT = Path(__file__).parent.parent / "docs" / "images" / "indicators_linear.svg"
DIRECT = {
    # Code of an indicator: its events, whether units are counted, and its further splits.
    "enterprises_contacted": ("contacts", True, ("site",)),
    "applications": ("applied", False, ("measure",)),
    "enterprises_supported": ("approved", True, ("measure", "section")),
    "grants_approved_eur": ("approved", False, ("measure", "section")),
    "grants_paid_eur": ("paid", False, ("measure",)),
    "grants_approved_by_fund_eur": ("by_fund", False, ("fund",)),
    "businesses_founded": ("founded", True, ("section",)),
    "businesses_closed": ("closed", True, ("section",)),
}
AREAS = {"east": range(30), "west": range(40, 80), "beside": range(100, 130)}
WHOLE = ("city", "programme", "comparison")


def by_polars(folder: Path) -> pl.DataFrame:
    """Compute :data:`DIRECT` from the files, as one would write it for this question alone."""
    scan = {name: pl.scan_parquet(folder / f"{name}.parquet") for name in city.TABLES_WRITTEN}
    business = scan["businesses"].select("business_id", "district_id", "section")
    business = business.with_row_index("unit").collect()
    contacts = scan["contacts"].select("business_id", date="occurred_on", site="site_id")
    grants = scan["grants"].join(business.lazy(), on="business_id")
    at_site = scan["sites"].select(site="site_id", site_district="district_id")
    given = grants.filter(pl.col("status").is_in(["approved", "paid", "completed"]))
    columns = ["unit", "district_id", "section", pl.col("measure_id").alias("measure")]
    of_business = ["district_id", "section", pl.int_range(pl.len()).alias("unit")]
    events = {
        "contacts": contacts.join(business.lazy(), on="business_id")
        .join(at_site, on="site", how="left")
        .select(*("unit", "date", "site"), district_id=pl.coalesce("district_id", "site_district")),
        "applied": grants.select(*columns, date="applied_on", value=pl.lit(1.0)),
        "approved": given.select(*columns, date="approved_on", value="grant_eur"),
        "paid": grants.filter(pl.col("status").is_in(["paid", "completed"])).select(
            *columns, date="paid_on", value="paid_eur"
        ),
        "founded": scan["businesses"].select(*of_business, date="founded_on"),
        "closed": scan["businesses"].select(*of_business, date="closed_on"),
        "by_fund": given.join(scan["funding_shares"], on="grant_id").select(
            *columns,
            "fund",
            date="approved_on",
            value=pl.col("grant_eur") * pl.col("share_pct") / 100,
        ),
    }
    first, last = (int(end[:4]) for end in (city.FIRST, city.LAST))
    found = []
    for name, table in events.items():
        quarter = (pl.col("date").dt.year() - first) * 4 + pl.col("date").dt.quarter() - 1
        rows = table.with_columns(quarter=quarter.cast(pl.Int16)).drop("date")
        rows = rows.filter(pl.col("quarter").is_between(0, 4 * (last - first) + 3)).collect()
        for indicator, (source, is_count, splits) in DIRECT.items():
            if source == name:
                for split in splits if name == "by_fund" else (None, *splits):
                    found += _group_by(rows, indicator, is_count, split)
    return pl.concat(found)


def _group_by(
    rows: pl.DataFrame, indicator: str, is_count: bool, split: str | None
) -> list[pl.DataFrame]:
    """Group by places, breakdown and periods: quarters, years, and since the start."""
    code = pl.lit("") if split is None else split + "=" + pl.col(split).fill_null("unknown")
    rows = rows.with_columns(breakdown=code.cast(pl.Categorical))
    borough = pl.col("district_id").cast(pl.Int32, strict=False) % city.BOROUGHS
    district = pl.col("district_id").cast(pl.Categorical)
    tables = [("city", rows.with_columns(place=pl.lit("city").cast(pl.Categorical)))]
    for area, members in AREAS.items():
        inside = pl.col("district_id").is_in([f"{number:03d}" for number in members])
        here = rows.filter(inside).with_columns(place=pl.lit(area).cast(pl.Categorical))
        tables.append(("area", here))
    if split in (None, "fund"):
        known = rows.filter(pl.col("district_id").is_not_null())
        tables.append(("district", known.with_columns(place=district)))
        written = ("B" + borough.cast(pl.String).str.zfill(2)).cast(pl.Categorical)
        tables.append(("borough", known.with_columns(place=written)))
    cell = ["place", "breakdown"]
    found = []
    for level, table in tables:
        lazy = table.lazy()
        value = pl.lit(0.0) if is_count else pl.col("value").sum()
        periods = {"quarter": pl.col("quarter"), "year": pl.col("quarter") // 4}
        for kind, period in periods.items():
            grouped = lazy.group_by(*cell, period.alias("period")).agg(
                n_units=pl.col("unit").n_unique(), value=value
            )
            found.append(_labelled(grouped.collect(), indicator, level, kind))
        begun = lazy.group_by(*cell, "unit").agg(pl.col("quarter").min())
        new = begun.group_by(*cell, "quarter").agg(n_units=pl.len().cast(pl.UInt32))
        sums = lazy.group_by(*cell, "quarter").agg(value=value)
        both = sums.join(new, on=[*cell, "quarter"], how="left").sort("quarter")
        running = both.with_columns(
            pl.col("n_units").fill_null(0).cum_sum().over(cell),
            pl.col("value").cum_sum().over(cell),
        ).rename({"quarter": "period"})
        found.append(_labelled(running.collect(), f"{indicator}_to_date", level, "quarter"))
    return found


def _labelled(table: pl.DataFrame, indicator: str, level: str, kind: str) -> pl.DataFrame:
    """Name the cells of a table as observations do."""
    first = int(city.FIRST[:4])
    number = pl.col("period").cast(pl.Int32)
    year = (number if kind == "year" else number // 4) + first
    quarter = pl.lit("") if kind == "year" else "-Q" + (number % 4 + 1).cast(pl.String)
    return table.select(
        indicator=pl.lit(indicator),
        level=pl.lit(level),
        area_id=pl.col("place").cast(pl.String),
        breakdown=pl.col("breakdown").cast(pl.String),
        period=year.cast(pl.String) + quarter,
        value=pl.col("value").cast(pl.Float64),
        n_units=pl.col("n_units").cast(pl.Int64),
    )


def in_a_process(way: str, folder: Path, keep: bool = False) -> dict[str, float]:
    """Measure one way in a process of its own: seconds, and megabytes at their peak."""
    line = [sys.executable, __file__, "one", way, str(folder), str(int(keep))]
    return json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


def one(way: str, folder: Path, keep: bool) -> None:
    """Measure one way here and print it as JSON."""
    data_mb = 0.0
    if way == "polars":
        start = time.perf_counter()
        found = by_polars(folder)
        seconds = time.perf_counter() - start
        if keep:
            found.write_parquet(folder / "polars.found")
    else:
        chosen = [c for c in CATALOGUE if c.id.removesuffix("_to_date") in DIRECT]
        # Our side reads the same files, too: they are part of its time as they are of polars'.
        start = time.perf_counter()
        data = city.read(folder)
        data_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        observed = indicators.compute(data, LAST, indicators=chosen if way == "ours" else None)
        seconds = time.perf_counter() - start
        if keep:
            observed.attrs = {}
            observed.to_parquet(folder / "ours.found")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "data_mb": data_mb}))


def compare(folder: Path) -> int:
    """Stop unless polars' cells are ours; it gives none to date for quarters without an event."""
    ours = pd.read_parquet(folder / "ours.found")
    theirs = pl.read_parquet(folder / "polars.found").to_pandas()
    key = ["indicator", "area_id", "period", "breakdown"]
    # Size classes need the figures of linked enterprises, which polars is spared.
    ours = ours[(ours["n_units"] > 0) & ~ours["breakdown"].str.startswith("size=")]
    ours = ours.set_index(key).sort_index()
    theirs = theirs.set_index(key).sort_index()
    # What the catalogue leaves out is not asked of us: levels, and some indicators to date.
    levels = {entry.id: entry.levels for entry in CATALOGUE}
    is_asked = [
        indicator in levels and (level in ("city", "area") or level in levels[indicator])
        for indicator, level in zip(theirs.index.get_level_values(0), theirs["level"], strict=True)
    ]
    theirs = theirs[is_asked]
    lacking = ours.index.difference(theirs.index).get_level_values("indicator")
    if not lacking.str.endswith("_to_date").all() or len(theirs.index.difference(ours.index)):
        raise SystemExit(f"cells differ: {len(ours):,} and {len(theirs):,}")
    ours = ours.loc[theirs.index]
    is_count = ours["unit"].eq("enterprises").to_numpy()
    value = np.where(is_count, theirs["n_units"], theirs["value"])
    np.testing.assert_array_equal(ours["n_units"].to_numpy(dtype=int), theirs["n_units"])
    np.testing.assert_allclose(ours["value"], value, rtol=1e-9)
    return len(ours)


def main(rows: int, turns: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        city.write(folder, rows)
        found: dict[str, list[dict[str, float]]] = {"ours": [], "polars": []}
        for turn in range(turns):
            for way, measured in found.items():
                measured.append(in_a_process(way, folder, keep=turn == 0))
        cells = compare(folder)
        whole = in_a_process("all", folder)
    print(f"{rows:,} contacts and grants; {cells:,} cells of {len(DIRECT)} indicators the same")
    for way, measured in found.items():
        seconds = median(one["seconds"] for one in measured)
        print(f"  {way:<8}{seconds:>8.1f} s{max(one['peak_mb'] for one in measured):>8.0f} MB")
    pairs = zip(found["ours"], found["polars"], strict=True)
    print(f"  ours / polars {median(a['seconds'] / b['seconds'] for a, b in pairs):.2f}")
    print(
        f"  all {len(CATALOGUE)} indicators {whole['seconds']:.1f} s, peak {whole['peak_mb']:.0f} "
        f"MB, of which {whole['data_mb']:.0f} MB with the data read and nothing computed"
    )


def linear(sizes: list[int]) -> None:
    """Show how the cost grows with the rows: a table, and a plot for the documentation."""
    seconds = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as home:
            city.write(Path(home), size)
            seconds.append(in_a_process("all", Path(home))["seconds"])
        per_row = 1e6 * seconds[-1] / size
        print(f"{size:>12,}{seconds[-1]:>9.1f} s{per_row:>10.1f} µs per row", flush=True)
    PLOT.write_text(drawn(sizes, seconds), encoding="utf-8")


def drawn(sizes: list[int], seconds: list[float]) -> str:
    """Draw seconds by rows, both in powers of ten, beside a line on which cost is proportional."""

    def across(size: float) -> float:
        return 90 + 150 * (np.log10(size) - 4)

    def up(second: float) -> float:
        return 300 - 75 * np.log10(second)

    line = " ".join(f"{across(a):.0f},{up(b):.0f}" for a, b in zip(sizes, seconds, strict=True))
    # In proportion to the largest, from where that would cost a second.
    begin = max(sizes[-1] / seconds[-1], sizes[0])
    fair = f"M{across(begin):.0f},{up(seconds[-1] * begin / sizes[-1]):.0f}"
    fair += f"L{across(sizes[-1]):.0f},{up(seconds[-1]):.0f}"
    seconds_named = "".join(
        f'<path d="M90,{up(tick):.0f}H560" stroke="#d7dde1"/>'
        f'<text x="80" y="{up(tick) + 4:.0f}" text-anchor="end">{tick:,}</text>'
        for tick in (1, 10, 100, 1000)
    )
    points = "".join(
        f'<text x="{across(a):.0f}" y="325" text-anchor="middle">{a:,}</text>'
        f'<circle cx="{across(a):.0f}" cy="{up(b):.0f}" r="4" fill="#1f5a8a"/>'
        f'<text x="{across(a):.0f}" y="{up(b) - 10:.0f}" text-anchor="middle">{b:.1f} s</text>'
        for a, b in zip(sizes, seconds, strict=True)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 370" font-family="sans-serif" '
        'font-size="13"><title>Seconds for all indicators by number of rows</title>'
        f'{seconds_named}<path d="{fair}" stroke="#8a959e" stroke-dasharray="4 4" fill="none"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f5a8a" stroke-width="2"/>{points}'
        '<text x="325" y="352" text-anchor="middle">contacts and grants, logarithmic (dashed: in '
        'proportion to rows)</text><text transform="translate(24 190) rotate(-90)" '
        'text-anchor="middle">seconds, logarithmic</text></svg>\n'
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(sys.argv[2], Path(sys.argv[3]), bool(int(sys.argv[4])))
    elif sys.argv[1:2] == ["linear"]:
        linear([int(size) for size in sys.argv[2:]] or [10**4, 10**5, 10**6, 10**7])
    else:
        main(*(int(n) for n in (sys.argv[1:] + ["10000000", "3"][len(sys.argv) - 1 :])))
