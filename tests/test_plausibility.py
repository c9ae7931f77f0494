"""Each rule on the smallest case that it must find, and on the nearest one that it must not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis.faults import FINDING_COLUMNS, finding_sentences
from ostwerk_analysis.loading import check
from ostwerk_analysis.plausibility import findings
from ostwerk_analysis.programme import Programme
from ostwerk_analysis.rules import FINDINGS

AREAS, YEARS = 20, 12


def districts(areas=AREAS):
    codes = [f"{number:02d}" for number in range(areas)]
    return pd.DataFrame({"district_id": codes, "borough_id": [code[0] for code in codes]})


def rows(values, statistic="s", level="district", codes=None, first=2001):
    """Make rows of a table of areas × years; NaN is left out."""
    values = np.asarray(values, dtype=float)
    codes = codes or districts(len(values))["district_id"]
    years = [str(first + number) for number in range(values.shape[1])]
    wide = pd.DataFrame(values, index=pd.Index(codes, name="district_id"), columns=years)
    long = wide.melt(ignore_index=False, var_name="period", value_name="value").reset_index()
    return long.dropna().assign(statistic=statistic, area_level=level)


def counts(seed=1, areas=AREAS, years=YEARS, size=400, noise=0.03):
    """Make the quiet series of a city: areas of different size that drift, and chance."""
    random = np.random.default_rng(seed)
    sizes = size * np.exp(random.normal(0, 0.8, (areas, 1)))
    drift = np.cumsum(random.normal(0.01, noise, (areas, years)), axis=1)
    return random.poisson(sizes * np.exp(drift)).astype(float)


def found(*tables, areas=AREAS, **origin):
    table = pd.concat([t if isinstance(t, pd.DataFrame) else rows(t) for t in tables])
    return findings(table, districts(areas), origin)


def places(table):
    """Say which rule was found where."""
    return [(row["rule"], row["area_id"], row["period"]) for row in table.to_dict("records")]


def test_quiet_figures_raise_no_doubt():
    for seed in range(20):
        assert found(counts(seed)).empty
        assert found(counts(seed, size=8)).empty
        assert found(counts(seed) / 7).empty  # a measure and no count


def test_findings_have_their_columns_even_where_there_are_none():
    nothing = findings(rows(counts()).iloc[:0], districts())
    assert list(nothing) == FINDING_COLUMNS
    assert nothing.empty


# ---- zeros ----


def test_a_series_that_is_zero_everywhere_in_a_year_is_a_gap():
    values = counts()
    values[:, 4] = 0
    [row] = found(values).to_dict("records")
    assert (row["rule"], row["period"], row["cells"], row["area_id"]) == (
        *("missing_as_zero", "2005", AREAS, ""),
    )
    assert row["expected"] == pytest.approx(np.median(counts(), axis=1).sum(), rel=0.05)


def test_gaps_at_the_end_of_a_series_are_gaps_too():
    values = counts()
    values[:, -2:] = 0
    assert places(found(values)) == [
        ("missing_as_zero", "", "2011"),
        ("missing_as_zero", "", "2012"),
    ]


def test_a_statistic_that_was_never_anything_but_zero_is_a_gap():
    [row] = found(np.zeros((AREAS, YEARS))).to_dict("records")
    assert (row["rule"], row["period"], row["cells"]) == ("missing_as_zero", "", AREAS * YEARS)


def test_a_city_without_figures_while_its_districts_have_some_is_a_gap():
    values = counts()
    city = values.sum(0, keepdims=True)
    city[0, 0] = 0
    table = found(values, rows(city, level="city", codes=["stadt"]))
    assert places(table) == [("missing_as_zero", "stadt", "2001")]


def test_a_share_that_falls_to_zero_between_steady_ones_is_a_gap():
    values = 8 + np.random.default_rng(1).normal(0, 0.3, (AREAS, YEARS))
    values[3, 5] = 0
    assert places(found(values)) == [("missing_as_zero", "03", "2006")]


def test_a_zero_where_ten_were_to_be_expected_is_possible():
    values = counts()
    values[3] = [12, 10, 11, 10, 0, 10, 12, 13, 11, 10, 9, 10]
    assert found(values).empty


def test_what_comes_and_goes_may_be_gone_again():
    values = counts()
    values[3] = [40, 0, 38, 0, 0, 45, 0, 41, 0, 39, 44, 40]
    assert found(values).empty
    values[3] = [40, 41, 38, 40, 0, 45, 42, 41, 40, 39, 44, 40]
    assert places(found(values)) == [("missing_as_zero", "03", "2005")]


def test_a_district_that_begins_at_zero_may_be_new():
    values = counts()
    values[3] = [0, 0, 0, 60, 61, 59, 60, 62, 63, 60, 61, 60]
    assert found(values).empty


def small(seed=1):
    random = np.random.default_rng(seed)
    means = np.r_[np.linspace(2, 12, 12), np.linspace(40, 400, AREAS - 12)][:, None]
    return np.maximum(random.poisson(means, (AREAS, YEARS)), 1).astype(float)


def test_small_counts_published_as_zero_are_found_with_the_smallest_that_is_left():
    values = small()
    hidden = values[:, 6] < 10
    values[hidden, 6] = 0
    [row] = found(values).to_dict("records")
    assert (row["rule"], row["period"], row["cells"]) == (
        *("suppressed_as_zero", "2007", hidden.sum()),
    )
    assert row["detail"] == f"{values[~hidden, 6].min():.0f}"
    assert row["expected"] < 3


def test_zeros_beside_small_counts_are_true_ones():
    values = small()
    values[:5, 6] = 0  # but others are 1 to 9
    assert found(values).empty


def test_a_year_with_small_counts_only_by_chance_absent_is_left_alone():
    assert found(small()).empty


def test_statistics_of_one_source_are_weighed_together():
    def hide(values, period):
        return np.where((np.arange(YEARS) == period) & (values < 10), 0.0, values)

    weak = counts(2)  # with one small area, which alone proves nothing
    weak[0] = 9
    strong = rows(hide(small(), 6), "a")
    together = found(strong, rows(hide(weak, 6), "b"), a="x.csv", b="x.csv")
    apart = found(strong, rows(hide(weak, 6), "b"), a="x.csv", b="y.csv")
    assert together["statistic"].tolist() == ["a", "b"]
    assert apart["statistic"].tolist() == ["a"]


# ---- sums ----


def parts():
    women, men = counts(1), counts(2)
    return women, men, women + men


def test_parts_are_found_and_cells_in_which_they_do_not_add_up():
    women, men, total = parts()
    women[3, 5] -= 9
    [row] = found(rows(women, "w"), rows(men, "m"), rows(total, "t")).to_dict("records")
    assert (row["rule"], row["statistic"], row["area_id"], row["period"]) == (
        *("parts", "t", "03", "2006"),
    )
    assert (row["value"], row["expected"]) == (total[3, 5] - 9, total[3, 5])
    assert row["detail"] == "m + w"


def test_three_parts_are_found_and_what_follows_from_pairs_is_said_once():
    women, men, total = parts()
    young = counts(3)
    old, all_of = counts(4, size=900), None
    all_of = total + young + old
    tables = [rows(one, name) for name, one in (("t", total), ("y", young), ("o", old))]
    all_of[2, 2] += 50
    [row] = found(*tables, rows(all_of, "a")).to_dict("records")
    assert (row["rule"], row["detail"]) == ("parts", "o + t + y")
    # With the halves of t, the wrong cell is still said once.
    again = found(*tables, rows(women, "w"), rows(men, "m"), rows(all_of, "a"))
    assert again["detail"].tolist() == ["o + t + y"]


def test_statistics_that_nearly_add_up_by_chance_are_no_parts():
    women, men, total = parts()
    other = total + np.random.default_rng(5).integers(-30, 31, total.shape)
    assert found(rows(women, "w"), rows(men, "m"), rows(other, "t")).empty


def test_a_sum_off_by_rounding_is_no_finding():
    women, men, total = (one * 10 for one in parts())
    total += np.random.default_rng(1).integers(-1, 2, total.shape) * (total > 1500)
    assert not found(rows(women, "w"), rows(men, "m"), rows(total, "t"))["rule"].eq("parts").any()


def whole(values, missed=0.005):
    city = np.round(values.sum(0, keepdims=True) * (1 + missed))
    return rows(city, level="city", codes=["stadt"]), city


def test_cases_that_cannot_be_placed_are_usual():
    values = counts()
    for missed in (0, 0.001, 0.007, 0.02):
        assert found(values, whole(values, missed)[0]).empty


def test_a_whole_that_suddenly_has_more_than_its_areas_is_found():
    values = counts()
    _, city = whole(values)
    city[0, 7] *= 1.05
    [row] = found(values, rows(city, level="city", codes=["stadt"])).to_dict("records")
    assert (row["rule"], row["area_id"], row["period"]) == ("areas", "stadt", "2008")
    assert row["value"] == values[:, 7].sum()


def test_shares_do_not_add_up_and_need_not():
    values = 5 + np.random.default_rng(1).random((AREAS, YEARS))
    city = values.mean(0, keepdims=True)
    assert found(values, rows(city, level="city", codes=["stadt"])).empty


def test_a_borough_is_held_against_its_own_districts():
    values = counts()
    boroughs = np.stack([values[:10].sum(0), values[10:].sum(0)])
    boroughs[1, 3] -= 0.1 * boroughs[1, 3]
    table = found(values, rows(boroughs, level="borough", codes=["0", "1"]))
    assert places(table) == [("areas", "1", "2004")]


# ---- changes ----


@pytest.mark.parametrize("factor", [1000, 1 / 1000, 100, 1 / 100])
def test_another_unit_in_one_year_is_found_in_all_areas_at_once(factor):
    values = counts(size=4000) if factor < 1 else counts()
    values[:, 5] *= factor
    [row] = found(values).to_dict("records")
    assert (row["rule"], row["period"], row["cells"]) == ("unit", "2006", AREAS)
    assert row["value"] == pytest.approx(factor, rel=0.2)


def test_another_unit_from_a_year_on_is_named_in_the_fewer_years():
    values = counts()
    values[:, 9:] *= 1000
    assert places(found(values)) == [("unit", "", str(year)) for year in (2010, 2011, 2012)]


def test_a_single_figure_in_thousands_is_found():
    values = counts()
    values[3, 5] *= 1000
    assert places(found(values)) == [("unit", "03", "2006")]


def test_a_count_that_grows_from_nothing_is_no_other_unit():
    values = counts()
    values[3] = [1, 1, 2, 1, 150, 160, 155, 150, 160, 158, 150, 150]
    assert "unit" not in set(found(values)["rule"])


def test_a_level_at_which_all_areas_stand_from_a_year_on_is_found():
    values = counts()
    values[:, 7:] = np.round(values[:, 7:] * 1.4)
    [row] = found(values).to_dict("records")
    assert (row["rule"], row["period"]) == ("shift", "2008")
    assert row["value"] == pytest.approx(40, abs=8)
    assert row["cells"] >= 0.9 * AREAS


def test_a_shock_that_is_made_good_within_two_years_is_the_worlds():
    values = counts()
    values[:, 7] = np.round(values[:, 7] * 1.4)
    values[:, 8] = np.round(values[:, 8] * 1.1)
    assert found(values).empty


def test_growth_in_half_of_the_areas_is_no_definition():
    values = counts()
    values[: AREAS // 2, 7:] = np.round(values[: AREAS // 2, 7:] * 1.5)
    assert "shift" not in set(found(values)["rule"])


def test_a_leap_that_comes_back_is_found():
    values = counts()
    values[3, 5] *= 4
    [row] = found(values).to_dict("records")
    assert (row["rule"], row["area_id"], row["period"]) == ("leap", "03", "2006")
    assert row["expected"] == pytest.approx(values[3, 5] / 4, rel=0.3)


def test_a_new_level_of_one_area_is_a_new_building():
    values = counts()
    values[3, 5:] *= 3
    assert found(values).empty


def test_small_counts_may_leap():
    values = counts()
    values[3] = [3, 4, 2, 3, 9, 3, 2, 4, 3, 3, 2, 3]
    assert found(values).empty


# ---- digits ----


@pytest.mark.parametrize("base", [5, 10, 100])
def test_a_year_rounded_to_a_base_is_found_with_the_largest_that_fits(base):
    values = counts(size=4000)
    values[:, 4] = np.round(values[:, 4] / base) * base
    [row] = found(values).to_dict("records")
    assert (row["rule"], row["period"], row["value"]) == ("rounding", "2005", base)


def test_a_statistic_that_is_always_rounded_is_said_once():
    [row] = found(np.round(counts(size=4000) / 5) * 5).to_dict("records")
    assert (row["rule"], row["period"], row["value"]) == ("rounding", "", 5)


def test_a_few_round_numbers_are_chance():
    values = counts(areas=8, size=4000)
    values[:6, 4] = np.round(values[:6, 4] / 5) * 5
    assert found(values, areas=8).empty


# ---- laws ----


def faulty(seed):
    values = small(seed)
    values[:, 6] = np.where(values[:, 6] < 10, 0, values[:, 6])
    other = counts(seed)
    other[:, 3] = 0
    other[4, 8] *= 5
    return pd.concat([rows(values, "a"), rows(other, "b")], ignore_index=True)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed, order):
    table = faulty(seed)
    places = list(range(len(table)))
    order.shuffle(places)
    pd.testing.assert_frame_equal(
        findings(table.iloc[places], districts()), findings(table, districts())
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), power=st.integers(1, 20))
def test_the_size_of_measures_does_not_matter(seed, power):
    values = counts(seed) / 7 + 1
    values[4, 8] *= 6
    values[:, 3] = 0
    scaled = rows(values).assign(value=lambda table: table["value"] * 2.0**power)
    assert places(findings(scaled, districts())) == places(findings(rows(values), districts()))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_gap_is_not_a_zero(seed):
    table = faulty(seed)
    open_ = table.assign(value=table["value"].mask(table["value"] == 0))
    rules = set(findings(open_, districts())["rule"])
    assert not rules & {"missing_as_zero", "suppressed_as_zero"}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from(["2001", "2002", "2003-Q1", "2003-Q2"]),
            st.sampled_from(["a", "b"]),
            st.one_of(st.none(), st.floats(-1e12, 1e12), st.sampled_from([0.0, 1.0, 5.0])),
        ),
        unique_by=lambda row: row[:3],
    )
)
def test_no_table_is_too_strange(given_rows):
    columns = ["district_id", "period", "statistic", "value"]
    table = pd.DataFrame(given_rows, columns=columns).astype({"value": "float64"})
    table = table.assign(
        district_id="0" + table["district_id"].astype("str"), area_level="district"
    ).astype({"period": "str", "statistic": "str"})
    assert set(findings(table, districts())["rule"]) <= FINDINGS.keys()


def test_quarters_are_not_held_against_years():
    values = counts()
    quarterly = rows(values * 0).assign(period="2001-Q1").drop_duplicates("district_id")
    quarterly = quarterly.assign(value=values[:, 0] / 4)
    assert findings(pd.concat([rows(values), quarterly]), districts()).empty


# ---- words ----


@pytest.mark.parametrize("language", ["de", "en"])
def test_findings_are_said_by_statistic_with_their_periods_together(language):
    values = counts()
    values[:, -2:] = 0
    [said] = finding_sentences(found(values), language).to_dict("records")
    assert said["periods"] == "2011, 2012"
    assert said["what"] == {"de": "s, Ortsteile", "en": "s, districts"}[language]
    assert "20" in said["sentence"]
    assert {"de": "Amt", "en": "office"}[language] in said["remedy"]


def test_an_area_is_called_by_its_name():
    values = counts()
    values[3, 5] *= 4
    [said] = finding_sentences(found(values), "en", {"03": "Volkmarsdorf"}).to_dict("records")
    assert said["what"] == "s, Volkmarsdorf"


# ---- real files ----


def real(real_data, *files):
    folder = str(real_data / "leipzig")
    sources = [("districts", "ortsteile.json"), ("boroughs", "stadtbezirke.json")]
    columns = {
        "districts": {"district_id": "OT", "name": "Name"},
        "boroughs": {"borough_id": "SBZ", "name": "Name"},
    }
    return check(
        Programme.model_validate(
            {
                "id": "leipzig",
                "name": "Leipzig",
                "first_quarter": "2000-Q1",
                "crs": "EPSG:25833",
                "allow_outside": True,
                "city": {"id": "leipzig", "name": "Leipzig", "aliases": ["Stadt Leipzig"]},
                "sources": [
                    {"table": table, "path": f"{folder}/{file}", "columns": columns[table]}
                    for table, file in sources
                ]
                + [
                    {"table": "statistics", "path": f"{folder}/{file}", "format": "lis"}
                    for file in files
                ],
            }
        )
    )


def test_all_known_faults_of_the_file_of_the_unemployed_are_found(real_data):
    data = real(real_data, "lis_arbeitslose.csv")
    found = data.findings
    gaps = found[found["rule"] == "missing_as_zero"]
    long_term = gaps[(gaps["statistic"] == "Langzeitarbeitslose") & (gaps["cells"] == 63)]
    assert long_term["period"].tolist() == ["2018", "2019", "2021", "2022"]
    city = gaps[(gaps["area_id"] == "leipzig") & (gaps["period"] == "2000")]
    assert city["statistic"].tolist() == [
        *("Anteil an den Erwerbsfähigen", "Arbeitslose insgesamt", "Ausländer", "Frauen"),
        *("Langzeitarbeitslose", "Männer", "unter 25 Jahre", "über 55 Jahre"),
    ]
    hidden = found[found["rule"] == "suppressed_as_zero"].groupby("period")["cells"].sum()
    assert (hidden["2018"], hidden["2019"]) == (166 - 63, 178 - 63)  # the rest is long-term
    parts = found[(found["rule"] == "parts") & found["detail"].eq("Frauen + Männer")]
    districts = parts[parts["area_level"] == "district"]
    assert set(districts["period"]) == {"2018", "2019"}
    assert set(districts["area_id"]) == {"15", "28", "55", "66", "94"}
    assert all(found["source"].str.endswith("lis_arbeitslose.csv"))


@pytest.mark.parametrize("file", ["lis_einwohner.json", "lis_wohnungsbestand.csv"])
def test_population_and_housing_raise_no_alarm(real_data, file):
    data = real(real_data, file)
    assert len(data.statistics) > 5_000
    assert data.findings.empty
