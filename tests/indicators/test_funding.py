import numpy as np
import pandas as pd
import pytest

NOTE = "some values are not known"


def test_applications_count_on_the_day_they_came_in_whatever_became_of_them(observed):
    assert observed.series("applications", "stadt") == {
        "2024-Q1": 2, "2024-Q2": 3, "2024": 5, "2025-Q1": 1, "2025-Q2": 1,
    }  # fmt: skip
    assert observed.value("applications_to_date", "stadt", "2025-Q2") == 7
    assert observed.breakdowns("applications", "stadt", "2024") == {
        "": 5, "measure=beihilfe": 4, "measure=startgeld": 1,
    }  # fmt: skip


def test_grants_count_on_the_day_of_approval_and_only_if_they_were_approved(observed):
    # 01: g1 4,000 and g3 3,000 in the first quarter, g2 2,000 in the second; 02: g4 in 2025
    assert observed.series("grants_approved_eur_to_date", "01") == {
        "2024-Q1": 7000, "2024-Q2": 9000, "2024-Q3": 9000, "2024-Q4": 9000, "2025-Q1": 9000,
        "2025-Q2": 9000,
    }  # fmt: skip
    assert observed.series("grants_approved_eur", "stadt") == {
        "2024-Q1": 7000, "2024-Q2": 2000, "2024": 9000, "2025-Q1": 2000,
    }  # fmt: skip


def test_a_grant_withdrawn_after_its_approval_does_not_count(changed, observe):
    old, new = "2025-02-01,withdrawn,,,,700,,", "2025-02-01,withdrawn,2025-02-02,,,700,600,"
    found = observe(changed(("grants.csv", old, new)), "grants_approved_eur")
    assert found.value("grants_approved_eur", "stadt", "2025-Q1") == 2000  # g4 alone


def test_amounts_to_date_do_not_fall(observed):
    assert observed.series("grants_approved_eur_to_date", "stadt") == {
        "2024-Q1": 7000, "2024-Q2": 9000, "2024-Q3": 9000, "2024-Q4": 9000, "2025-Q1": 11000,
        "2025-Q2": 11000,
    }  # fmt: skip


def test_an_enterprise_counts_once_in_a_period_and_to_date(observed):
    # b1 has a grant in the first and in the second quarter, b2 in the first, b3 in 2025
    assert observed.series("enterprises_supported", "stadt") == {
        "2024-Q1": 2, "2024-Q2": 1, "2024": 2, "2025-Q1": 1,
    }  # fmt: skip
    assert observed.value("enterprises_supported_to_date", "stadt", "2024-Q2") == 2
    assert observed.value("enterprises_supported_to_date", "stadt", "2025-Q2") == 3


def test_enterprises_are_broken_down_by_section_and_size_where_the_area_is_large(observed):
    assert observed.breakdowns("enterprises_supported_to_date", "stadt", "2025-Q2") == {
        "": 3, "measure=beihilfe": 2, "measure=startgeld": 1, "section=C": 1, "section=G": 1,
        "section=I": 1, "size=unknown": 3,  # neither turnover nor balance sheet are known
    }  # fmt: skip
    rows = observed.frame[observed.frame["indicator"] == "enterprises_supported"]
    assert set(rows.loc[rows["breakdown"] != "", "area_level"]) == {
        "city", "programme", "comparison",
    }  # fmt: skip


def test_the_size_of_supported_enterprises_is_their_class_as_smes(changed, observe):
    data = changed()
    data.tables["businesses"] = data.businesses.assign(turnover_eur=1e6, balance_eur=1e6)
    found = observe(data, "businesses", "enterprises_supported_to_date")
    parts = found.breakdowns("enterprises_supported_to_date", "stadt", "2025-Q2")
    sizes = {part: value for part, value in parts.items() if part.startswith("size=")}
    assert sizes == {"size=micro": 2, "size=small": 1}  # b1 and b3; b2 has twelve employees


def test_contributions_are_those_of_enterprises_and_not_of_grants(observed):
    year = observed.row("grants_approved_eur", "stadt", "2024")
    assert year[["n_units", "largest_1", "largest_2"]].tolist() == [2, 6000, 3000]
    alone = observed.row("grants_approved_eur", "stadt", "2025-Q1")
    assert alone[["n_units", "largest_1", "largest_2"]].tolist() == [1, 2000, 0]


@pytest.mark.parametrize(
    "indicator",
    [
        *("applications", "enterprises_supported", "grants_approved_eur", "grants_paid_eur"),
        *("grants_approved_by_fund_eur", "investment_eur", "private_investment_eur", "leverage"),
    ],
)
def test_grants_are_given_for_districts_only_to_date(observed, indicator):
    levels = observed.frame.groupby("indicator")["area_level"].unique()
    assert "district" in levels[f"{indicator}_to_date"]
    assert "district" not in levels[indicator]
    assert {"borough", "city", "programme", "comparison"} <= {*levels[indicator]}


def test_payments_count_on_the_day_of_payment(observed):
    assert observed.series("grants_paid_eur", "stadt") == {
        "2024-Q2": 4000, "2024-Q3": 1500, "2024": 5500,
    }  # fmt: skip


def test_private_investment_is_what_the_grant_leaves(observed):
    assert observed.series("investment_eur", "stadt") == {
        "2024-Q1": 13000, "2024-Q2": 5000, "2024": 18000, "2025-Q1": 8000,
    }  # fmt: skip
    assert observed.series("private_investment_eur", "stadt") == {
        "2024-Q1": 6000, "2024-Q2": 3000, "2024": 9000, "2025-Q1": 6000,
    }  # fmt: skip


def test_leverage_is_private_investment_per_euro_of_grant(observed):
    assert observed.value("leverage", "stadt", "2024-Q1") == pytest.approx(6000 / 7000)
    assert observed.value("leverage_to_date", "stadt", "2025-Q2") == pytest.approx(15000 / 11000)
    none = observed.row("leverage", "stadt", "2024-Q3")
    assert np.isnan(none["value"])
    assert none[["obs_status", "quality_note"]].tolist() == ["M", "nothing to divide by"]


def test_shares_by_fund_add_up_to_the_grant(observed):
    # g1 60/40 of 4,000, g2 50/50 of 2,000, g3 3,000 of the city, g4 60/40 of 2,000
    assert observed.breakdowns("grants_approved_by_fund_eur_to_date", "stadt", "2025-Q2") == {
        "fund=ERDF": 2400 + 1000 + 1200, "fund=city": 1600 + 1000 + 3000, "fund=federal": 800,
    }  # fmt: skip
    for period in ("2024-Q1", "2024", "2025-Q1"):
        parts = observed.breakdowns("grants_approved_by_fund_eur", "stadt", period)
        assert sum(parts.values()) == observed.value("grants_approved_eur", "stadt", period)


def test_a_grant_without_shares_is_paid_by_a_fund_not_known(changed, observe):
    data = changed(("funding_shares.csv", "g3,city,100\n", ""))
    found = observe(data, "grants_approved_by_fund_eur")
    assert found.breakdowns("grants_approved_by_fund_eur", "stadt", "2024-Q1") == {
        "fund=ERDF": 2400, "fund=city": 1600, "fund=unknown": 3000,
    }  # fmt: skip


def test_rounded_shares_add_up_to_the_grant_all_the_same(changed, observe):
    thirds = "g3,ERDF,33.33\ng3,state,33.33\ng3,city,33.33\n"
    found = observe(
        changed(("funding_shares.csv", "g3,city,100\n", thirds)), "grants_approved_by_fund_eur"
    )
    parts = found.breakdowns("grants_approved_by_fund_eur", "stadt", "2024-Q1")
    assert sum(parts.values()) == pytest.approx(7000, abs=1e-9)


def test_a_cost_that_is_not_known_is_not_counted_as_nothing(changed, observe):
    found = observe(
        changed(("grants.csv", ",10000,4000,", ",,4000,")),
        "investment_eur",
        "investment_eur_to_date",
        "leverage",
        "grants_approved_eur",
    )
    # g3 alone is known in the first quarter; the sum without g1 is marked, wherever g1 counts
    row = found.row("investment_eur", "stadt", "2024-Q1")
    assert row[["value", "n_units", "largest_1"]].tolist() == [3000, 1, 3000]
    assert row[["obs_status", "quality_note"]].tolist() == ["E", NOTE]
    assert found.row("investment_eur", "stadt", "2024")["obs_status"] == "E"
    assert found.row("investment_eur", "stadt", "2024-Q2")["obs_status"] == "A"
    assert found.row("investment_eur_to_date", "stadt", "2025-Q2")["obs_status"] == "E"
    # by measure nothing is known of the first quarter
    missing = found.row("investment_eur", "stadt", "2024-Q1", "measure=beihilfe")
    assert np.isnan(missing["value"])
    assert missing[["obs_status", "n_units"]].tolist() == ["M", 0]
    elsewhere = found.row("investment_eur", "B", "2024-Q1")
    assert elsewhere[["value", "obs_status"]].tolist() == [0, "A"]
    # a ratio of known costs to all grants would be of different enterprises
    leverage = found.row("leverage", "stadt", "2024-Q1")
    assert leverage[["obs_status", "quality_note"]].tolist() == ["M", NOTE]
    assert found.value("grants_approved_eur", "stadt", "2024-Q1") == 7000


def test_columns_of_the_file_with_the_names_of_ours_do_no_harm(changed, observed, observe_fields):
    data = changed()
    for table in ("grants", "jobs", "contacts", "participants", "funding_shares"):
        extra = {"district_id": "99", "section": "Z", "unit_id": "u", "value": "7", "date": "x",
                 "site": "y", "measure": "m", "fund": "f", "area_id": "a", "area_level": "l",
                 "size": "s", "part": "p"}  # fmt: skip
        frame = data.tables[table]
        data.tables[table] = frame.assign(
            **{name: value for name, value in extra.items() if name not in frame}
        )
    found = observe_fields(data, None).frame
    pd.testing.assert_frame_equal(found, observed.frame, check_flags=False)


def test_operations_are_placed_in_the_city_on_their_first_day(observed):
    # v3 began before the programme's first quarter
    assert observed.breakdowns("operations", "stadt", "2024") == {
        "": 2, "intervention=Education": 1, "intervention=Employment": 1,
    }  # fmt: skip
    assert observed.series("operations_cost_eur", "stadt") == {
        "2024-Q1": 500000, "2024-Q3": 60000, "2024": 560000,
    }  # fmt: skip
    rows = observed.frame[observed.frame["indicator"].str.startswith("operations")]
    assert set(rows["area_level"]) == {"city"}
