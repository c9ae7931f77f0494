import numpy as np
import pytest


def test_figures_of_districts_are_taken_over(observed):
    assert observed.value("unemployed", "01", "2024-Q1") == 50
    assert observed.row("unemployed", "01", "2024-Q1")["quality_note"] == ""


def test_zero_missing_and_published_are_told_apart(observed):
    zero, missing = (observed.row("unemployed", code, "2024-Q1") for code in ("03", "04"))
    assert zero[["value", "obs_status", "conf_status"]].tolist() == [0, "A", "F"]
    assert np.isnan(missing["value"])
    assert missing[["obs_status", "conf_status"]].tolist() == ["M", "F"]


def test_official_figures_have_no_number_of_units(observed):
    rows = observed.frame[observed.frame["indicator"] == "residents"]
    assert rows["n_units"].isna().all()
    assert rows[["largest_1", "largest_2"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("area", "total"), [("A", 3000), ("B", 7000), ("stadt", 10000), ("quartier", 4000)]
)
def test_what_is_not_published_is_the_sum_of_the_districts_and_says_so(observed, area, total):
    row = observed.row("residents", area, "2024")
    assert row[["value", "obs_status", "quality_note"]].tolist() == [total, "A", "sum of districts"]


def test_a_published_figure_of_the_city_is_not_replaced_by_a_sum(observed):
    row = observed.row("unemployed", "stadt", "2024-Q1")
    assert row[["value", "quality_note"]].tolist() == [215, ""]  # the districts give 90


def test_a_missing_district_makes_the_sums_around_it_missing(observed):
    row = observed.row("unemployed", "B", "2024-Q1")
    assert np.isnan(row["value"])
    assert row[["obs_status", "quality_note"]].tolist() == ["M", "a district is missing"]
    assert observed.value("unemployed", "A", "2024-Q1") == 90
    assert observed.value("unemployed", "quartier", "2024-Q1") == 50


def test_a_district_without_a_row_is_as_missing_as_one_without_a_value(changed, observe):
    data = changed(("statistics.csv", "04,,2024,residents,4000,\n", ""))
    row = observe(data, "residents").row("residents", "stadt", "2024")
    assert np.isnan(row["value"])
    assert row["obs_status"] == "M"


def test_a_sum_with_a_provisional_part_is_provisional(observed):
    assert observed.row("sgb2_communities", "02", "2024-Q1")["obs_status"] == "P"
    assert observed.row("sgb2_communities", "A", "2024-Q1")[["value", "obs_status"]].tolist() == [
        30, "P",
    ]  # fmt: skip
    assert observed.row("sgb2_communities", "B", "2024-Q1")["obs_status"] == "A"


def test_shares_are_computed_from_sums_and_not_added_up(observed):
    share = "unemployed_share"
    assert observed.value(share, "01", "2024-Q1") == 10
    assert observed.value(share, "02", "2024-Q1") == 4
    assert observed.value(share, "A", "2024-Q1") == pytest.approx(100 * 90 / 1500)
    assert observed.value(share, "quartier", "2024-Q1") == 10
    assert observed.value(share, "stadt", "2024-Q1") == pytest.approx(100 * 215 / 3500)


def test_a_share_of_nobody_or_of_an_unknown_part_is_missing(observed):
    nobody = observed.row("unemployed_share", "03", "2024-Q1")
    assert nobody[["obs_status", "quality_note"]].tolist() == ["M", "nothing to divide by"]
    assert observed.row("unemployed_share", "04", "2024-Q1")["obs_status"] == "M"
    assert observed.row("unemployed_share", "B", "2024-Q1")["obs_status"] == "M"


def test_a_published_rate_is_not_added_up(changed, observe_fields):
    rate = "01,,2024,unemployed_share_pct,7.5,"
    found = observe_fields(changed(("statistics.csv", "01,,2024,residents,1000,", rate)), None)
    rows = found.frame[found.frame["indicator"] == "unemployed_share_published"]
    assert rows[["area_id", "period", "value"]].to_numpy().tolist() == [["01", "2024", 7.5]]


def test_published_history_from_before_the_programme_is_kept(changed, observe_fields):
    old = "01,,2024,residents,1000,\n01,,2019,residents,900,"
    found = observe_fields(changed(("statistics.csv", "01,,2024,residents,1000,", old)), None)
    assert found.value("residents", "01", "2019") == 900


def test_a_period_counts_once_it_is_over(small_data, observe_fields):
    early = observe_fields(small_data, "statistics", "2024Q3")
    assert set(early.frame["period"]) == {"2024-Q1"}
    late = observe_fields(small_data, "statistics", "2024Q4")
    assert set(late.frame["period"]) == {"2024-Q1", "2024"}


def test_a_year_is_set_against_the_last_quarter_of_residents(changed, observe_fields):
    data = changed(
        (
            "statistics.csv",
            "01,,2024,residents,1000,",
            "01,,2024-Q4,residents,1250,\n01,,2024-Q3,residents,900,\n01,,2024,craft_businesses,5,",
        )
    )
    found = observe_fields(data, "statistics")
    row = found.row("craft_businesses_per_1000_residents", "01", "2024")
    assert row[["value", "quality_note"]].tolist() == [
        4,
        "set against the last quarter of the year",
    ]
    only = found.frame[found.frame["indicator"] == "craft_businesses_per_1000_residents"]
    assert set(only["period"]) == {"2024"}


@pytest.mark.parametrize(
    ("statistic", "indicator", "expected"),
    [
        ("sgb2_persons", "sgb2_share", 12),
        ("sgb2_communities", "sgb2_communities_per_1000_residents", 120),
        ("unemployed", "unemployed_per_1000_residents", 120),
        ("craft_businesses", "craft_businesses_per_1000_residents", 120),
    ],
)
def test_rates_by_residents(changed, observe_fields, statistic, indicator, expected):
    figure = f"01,,2024,residents,1000,\n01,,2024,{statistic},120,"
    data = changed(("statistics.csv", "01,,2024,residents,1000,", figure))
    assert observe_fields(data, "statistics").value(indicator, "01", "2024") == expected
