"""Convergence: exact cases, simulated ones, and the real series of Leipzig."""

import csv
import json
import math

import numpy as np
import pandas as pd
import pytest

from ostwerk_analysis import convergence, indicators, load
from ostwerk_analysis.faults import DataError

YEARS = pd.Series(np.arange(2000.0, 2023))


def observed(indicator="share", **areas):
    """Observations of areas: code = {period: value}; districts begin with d."""
    rows = [
        {"indicator": indicator, "area_id": code, "period": period, "value": value}
        | {"area_level": "district" if code.startswith("d") else "city", "breakdown": ""}
        for code, values in areas.items()
        for period, value in values.items()
    ]
    return pd.DataFrame(rows)


# ---- gaps ----


def test_a_gap_is_a_difference_and_a_ratio():
    found = convergence.gaps(
        observed(east={"2020": 12.0, "2021": 9.0}, city={"2020": 8.0, "2021": 9.0}),
        *("share", "east", "city"),
    )
    assert found["difference"].tolist() == [4, 0]
    assert found["ratio"].tolist() == [1.5, 1]
    assert found["year"].tolist() == [2020, 2021]


def test_missing_years_stay_missing_whether_they_have_a_row_or_not():
    found = convergence.gaps(
        observed(east={"2000": 4.0, "2001": np.nan, "2004": 5.0}, city={"2000": 2.0, "2004": 5.0}),
        *("share", "east", "city"),
    )
    assert found["period"].tolist() == ["2000", "2001", "2002", "2003", "2004"]
    assert found["ratio"].isna().tolist() == [False, True, True, True, False]


def test_where_nothing_is_there_is_a_difference_but_no_ratio():
    found = convergence.gaps(
        observed(east={"2020": 0.0}, city={"2020": 3.0}), *("share", "east", "city")
    )
    assert found["difference"].tolist() == [-3]
    assert found["ratio"].isna().all()


def test_where_there_are_quarters_years_are_left_out():
    found = convergence.gaps(
        observed(east={"2020-Q4": 3.0, "2021-Q2": 2.0, "2020": 9.0}, city={"2020-Q4": 2.0}),
        *("share", "east", "city"),
    )
    assert found["period"].tolist() == ["2020-Q4", "2021-Q1", "2021-Q2"]
    assert found["year"].tolist() == [2020.75, 2021, 2021.25]


def test_a_district_of_the_same_code_is_not_the_area():
    rows = observed(east={"2020": 3.0}, city={"2020": 2.0})
    twin = rows.iloc[:1].assign(area_level="district", value=99.0)
    found = convergence.gaps(pd.concat([twin, rows]), *("share", "east", "city"))
    assert found["area"].tolist() == [3]


# ---- trend ----


def test_a_constant_rate_is_found_exactly_also_across_missing_years():
    values = pd.Series(1.5 * 0.98 ** (YEARS - 2000))
    values[[3, 4, 11]] = np.nan
    found = convergence.trend(values, YEARS).iloc[0]
    assert found[["pct_per_year", "lower", "upper"]].tolist() == pytest.approx([-2, -2, -2])
    assert (found["direction"], found["n"]) == (convergence.DOWN, 20)


def test_quarters_give_the_change_in_a_year():
    years = pd.Series(np.arange(2019, 2026, 0.25))
    found = convergence.trend(pd.Series(2 * 1.03 ** (years - 2019)), years).iloc[0]
    assert found["pct_per_year"] == pytest.approx(3)
    assert found["direction"] == convergence.UP


def test_few_years_make_no_trend():
    values = pd.Series([1.0, np.nan, 2, 3, 4, 5])
    found = convergence.trend(values, YEARS[:6]).iloc[0]
    assert (found["n"], found["direction"]) == (5, convergence.NONE)
    assert found[["pct_per_year", "lower", "upper"]].isna().all()


@pytest.mark.parametrize(
    ("values", "years"),
    [([1, 0, 2], [1, 2, 3]), ([1, -1, 2], [1, 2, 3]), ([1, 2, 3], [1, 2, 4])],
)
def test_what_has_no_trend_in_percent_is_refused(values, years):
    with pytest.raises(DataError, match="evenly spaced"):
        convergence.trend(pd.Series(values, dtype=float), pd.Series(years, dtype=float))


@pytest.mark.parametrize(
    ("correlation", "least", "most"), [(0, 0.96, 1), (0.7, 0.92, 0.98), (1, 0.8, 0.92)]
)
def test_intervals_hold_the_truth_as_often_as_they_say(correlation, least, most):
    """Of 23 years; the docstring names these shares."""
    rng = np.random.default_rng(5)
    held, runs = 0, 500
    for _ in range(runs):
        errors = rng.normal(size=23)
        if correlation < 1:
            errors[0] /= np.sqrt(1 - correlation**2)
        for year in range(1, 23):
            errors[year] += correlation * errors[year - 1]
        found = convergence.trend(pd.Series(np.exp(0.02 * errors)), YEARS).iloc[0]
        held += found["lower"] <= 0 <= found["upper"]
    assert least <= held / runs <= most


# ---- beta and sigma ----


def districts(values):
    return pd.Series(values, [f"d{n}" for n in range(len(values))], dtype=float)


def test_beta_is_the_rate_at_which_distances_shrink():
    # every distance of logarithms from the mean shrinks by exp(-0.02 T); half is gone in 34.7 years
    start = districts([4, 6, 8, 12, 20, 31])
    logs = np.log(start)
    end = np.exp(logs.mean() + 0.3 + (logs - logs.mean()) * np.exp(-0.02 * 20))
    found = convergence.beta(start, end, 20).iloc[0]
    assert found[["rate_pct", "lower", "upper"]].tolist() == pytest.approx([2, 2, 2])
    assert found["half_life_years"] == pytest.approx(math.log(2) / 0.02)


def test_districts_that_part_have_a_negative_rate_and_no_half_life():
    start = districts([4, 6, 8, 12, 20])
    found = convergence.beta(start, start**1.2, 10).iloc[0]
    assert found["rate_pct"] == pytest.approx(-100 * math.log(1.2) / 10)
    assert np.isnan(found["half_life_years"])


def test_the_interval_of_beta_is_that_of_hc3():
    start, end = districts([2, 3, 5, 8, 13, 21, 34]), districts([3, 3, 6, 7, 15, 16, 30])
    # By hand: each residual divided by 1 - leverage, squared, in the sandwich; t with 5 degrees.
    x, y = np.log(start), (np.log(end) - np.log(start)) / 10
    deviation = x - x.mean()
    slope = (deviation * y).sum() / (deviation**2).sum()
    residual = y - y.mean() - slope * deviation
    leverage = 1 / 7 + deviation**2 / (deviation**2).sum()
    error = np.sqrt(
        ((deviation * residual / (1 - leverage)) ** 2).sum() / (deviation**2).sum() ** 2
    )
    found = convergence.beta(start, end, 10).iloc[0]
    for name, bound in (("lower", slope + 2.570582 * error), ("upper", slope - 2.570582 * error)):
        assert found[name] == pytest.approx(-100 * math.log(1 + bound * 10) / 10, rel=1e-6)


def test_a_distance_more_than_made_up_has_no_rate():
    start = districts([4, 6, 8, 12, 20])
    found = convergence.beta(start, 1 / start, 5).iloc[0]
    assert np.isnan(found["rate_pct"])


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], 5),
        ([2] * 6, [1, 2, 3, 4, 5, 6], 5),
        ([1, 2, 3, 4, 5], [1] * 5, 0),
    ],
)
def test_too_few_or_equal_districts_have_no_beta(start, end, years):
    with pytest.raises(DataError, match="Convergence needs"):
        convergence.beta(districts(start), districts(end), years)


def test_sigma_is_the_spread_of_the_same_districts():
    values = {
        f"d{n}": {"2020": v, "2022": w}
        for n, (v, w) in enumerate(zip([1, 2, 4, 8, 16], [2] * 5, strict=True))
    }
    values["d9"] = {"2020": 1000.0, "2022": np.nan}  # not known throughout
    found = convergence.sigma(observed(**values))
    assert found["spread"].iloc[0] == pytest.approx(math.log(2) * math.sqrt(2))
    assert np.isnan(found["spread"].iloc[1])
    assert found["spread"].iloc[2] == pytest.approx(0)
    assert found["n"].tolist() == [5, 0, 5]


def test_sigma_of_few_districts_is_refused():
    with pytest.raises(DataError, match="Only 2 districts"):
        convergence.sigma(observed(d1={"2020": 1.0}, d2={"2020": 2.0}, d3={"2020": 0.0}))


# ---- the real series ----

MORE_SOURCES = """
[[sources]]
table = "statistics"
path = "{data}/leipzig/lis_einwohner.json"
format = "lis"
where = {{ statistic = ["Einwohner insgesamt"] }}
values = {{ statistic = {{ "Einwohner insgesamt" = "residents" }} }}

[[sources]]
table = "statistics"
path = "{data}/leipzig/bedarfsgemeinschaften.csv"
where = {{ sachmerkmal = ["Bedarfsgemeinschaften", "Personen in Bedarfsgemeinschaften"] }}

[sources.columns]
district_id = "ortsteil_code"
statistic = "sachmerkmal"
period = "jahr"
value = "wert"

[sources.values.statistic]
"Bedarfsgemeinschaften" = "sgb2_communities"
"Personen in Bedarfsgemeinschaften" = "sgb2_persons"
"""
EAST = {
    "Schönefeld-Abtnaundorf", "Neustadt-Neuschönefeld", "Volkmarsdorf", "Anger-Crottendorf",
    "Sellerhausen-Stünz", "Reudnitz-Thonberg",
}  # fmt: skip


@pytest.fixture(scope="module")
def leipzig(real_data, tmp_path_factory):
    from pathlib import Path

    text = (Path(__file__).parent / "real" / "leipzig.toml").read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("leipzig") / "leipzig.toml"
    data = real_data.resolve().as_posix()
    text = text.replace("../../../shared/data", data) + MORE_SOURCES.format(data=data)
    path.write_text(text, encoding="utf-8")
    return indicators.compute(load(path), "2022Q4", "statistics")


def residents_of(real_data):
    """Read residents by name of the district, or "city", and year, without the package."""
    records = json.loads((real_data / "leipzig" / "lis_einwohner.json").read_bytes())["daten"]
    residents = {}
    for record in records:
        if record["name"] == "Einwohner insgesamt":
            place = record["ortsteil"] or ("" if record["stadtbezirk"] else "city")
            residents[place, record["jahr"]] = int(record["wert"])
    return residents


@pytest.mark.real
def test_the_gap_of_leipzigs_east_counted_by_hand(leipzig, real_data):
    residents, unemployed = residents_of(real_data), {}
    with (real_data / "leipzig" / "lis_arbeitslose.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["Sachmerkmal"] == "Arbeitslose insgesamt":
                unemployed[row["Gebiet"]] = row
    found = convergence.gaps(leipzig, "unemployed_per_1000_residents", "leipziger-osten", "leipzig")
    found = found.set_index("period")
    for year in ("2001", "2010", "2022"):
        out_of_work = sum(int(unemployed[name][year]) for name in EAST)
        living = sum(residents[name, year] for name in EAST)
        city = int(unemployed["Stadt Leipzig"][year]) / residents["city", year]
        assert found.loc[year, "area"] == pytest.approx(1000 * out_of_work / living)
        assert found.loc[year, "ratio"] == pytest.approx(out_of_work / living / city)
    # The city's figure of 2000 is missing, so there is no gap in that year, and no other is filled.
    assert found["ratio"].isna().sum() == 1
    assert np.isnan(found.loc["2000", "ratio"])


@pytest.mark.real
@pytest.mark.parametrize(
    ("indicator", "file", "figure", "years", "per"),
    [
        (
            "sgb2_share", "bedarfsgemeinschaften", "Personen in Bedarfsgemeinschaften",
            ("2008", "2022"), 100,
        ),
        (
            "craft_businesses_per_1000_residents", "handwerksbetriebe",
            "Handwerksbetriebe insgesamt", ("2000", "2017"), 1000,
        ),
    ],
)  # fmt: skip
def test_gaps_of_what_is_given_for_districts_only(
    leipzig, real_data, indicator, file, figure, years, per
):
    """The city is the sum of its districts there, and the observations say so."""
    residents, counted = residents_of(real_data), {}
    with (real_data / "leipzig" / f"{file}.csv").open(encoding="utf-8-sig") as rows:
        for row in csv.DictReader(rows):
            if row["sachmerkmal"] == figure:
                counted[row["ortsteil"], row["jahr"]] = float(row["wert"])
    found = convergence.gaps(leipzig, indicator, "leipziger-osten", "leipzig")
    found = found.set_index("period")
    assert found.index[[0, -1]].tolist() == list(years)
    for year in years:
        east = sum(counted[name, year] for name in EAST)
        east /= sum(residents[name, year] for name in EAST)
        city = sum(value for (_, when), value in counted.items() if when == year)
        city /= residents["city", year]
        assert found.loc[year, "area"] == pytest.approx(per * east)
        assert found.loc[year, "city"] == pytest.approx(per * city)
        assert found.loc[year, "difference"] == pytest.approx(per * (east - city))
    notes = leipzig[(leipzig["indicator"] == indicator) & (leipzig["area_id"] == "leipzig")]
    assert set(notes["quality_note"]) == {"sum of districts"}


@pytest.mark.real
def test_what_the_series_of_leipzigs_east_say(leipzig):
    """Of SGB II the difference falls with the level, and the ratio does not: both are needed."""
    said = {}
    for indicator in (
        "unemployed_per_1000_residents",
        "sgb2_communities_per_1000_residents",
        "craft_businesses_per_1000_residents",
    ):
        found = convergence.gaps(leipzig, indicator, "leipziger-osten", "leipzig")
        said[indicator] = [
            convergence.trend(values, found["year"])["direction"].item()
            for values in (found["ratio"], found["difference"].abs())
        ]
    assert said == {
        "unemployed_per_1000_residents": ["none certain", "none certain"],
        "sgb2_communities_per_1000_residents": ["none certain", "down"],
        "craft_businesses_per_1000_residents": ["none certain", "up"],
    }


@pytest.mark.real
def test_craft_businesses_spread_more_evenly(leipzig):
    rows = leipzig[
        (leipzig["indicator"] == "craft_businesses_per_1000_residents")
        & (leipzig["area_level"] == "district")
    ]
    start, end = (
        rows[rows["period"] == year].set_index("area_id")["value"] for year in ("2000", "2017")
    )
    found = convergence.beta(start, end, 17).iloc[0]
    # The slope by least squares, of districts that had craft businesses in both years.
    both = (start > 0) & (end > 0)
    logs = np.log(start[both]), np.log(end[both])
    slope = np.polyfit(logs[0], (logs[1] - logs[0]) / 17, 1)[0]
    assert found["rate_pct"] == pytest.approx(-100 * math.log(1 + slope * 17) / 17)
    assert found["lower"] > 0  # they come nearer to each other


@pytest.mark.real
def test_the_spread_between_leipzigs_districts_has_grown(leipzig):
    rows = leipzig[
        (leipzig["indicator"] == "unemployed_per_1000_residents")
        & (leipzig["area_level"] == "district")
    ]
    found = convergence.sigma(rows)
    assert found["n"].iloc[-1] == 62  # Hartmannsdorf-Knautnaundorf is missing in 2000
    assert found["spread"].iloc[[0, -1]].round(2).tolist() == [0.4, 0.51]
    assert convergence.trend(found["spread"], found["year"])["direction"].tolist() == ["up"]
