import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import state_aid
from ostwerk_analysis.dataset import Dataset
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.indicators.enterprises import undertakings

FIRMS = pd.DataFrame(
    {"business_id": ["a", "b", "c"], "group_id": ["g", "g", None]}, dtype="str"
)  # a and b are one undertaking


def data_of(*grants):
    """Make a dataset of grants: (day, enterprise, euros, flag, status)."""
    rows = [(*row, *(True, "approved")[len(row) - 3 :]) for row in grants]
    names = ["approved_on", "business_id", "grant_eur", "is_de_minimis", "status"]
    frame = pd.DataFrame(rows, columns=names).astype(
        {"grant_eur": "float64", "is_de_minimis": "boolean", "business_id": "str", "status": "str"}
    )
    frame["approved_on"] = pd.to_datetime(frame["approved_on"]).astype("datetime64[ns]")
    frame["grant_id"] = [f"g{n}" for n in range(1, len(frame) + 1)]
    tables = {"grants": frame, "businesses": FIRMS}
    rest = dict.fromkeys(
        ("reads", "faults", "repairs", "corrections", "findings", "set_aside", "inputs")
    )
    return Dataset(programme=None, tables=tables, **rest)


def found(*grants):
    rows = state_aid.findings(data_of(*grants))
    return dict(zip(rows["grant_id"], rows["finding"], strict=True))


def sums(*grants):
    rows = state_aid.de_minimis(data_of(*grants))
    return dict(zip(rows["grant_id"], rows["sum_eur"], strict=True))


def test_the_ceiling_may_be_reached_but_not_passed():
    assert found(("2024-05-01", "c", 300_000)) == {}
    assert found(("2024-05-01", "c", 300_000.01)) == {"g1": "exceeded"}


def test_the_grant_that_goes_too_far_is_the_finding_and_not_those_before():
    grants = (("2024-05-01", "c", 200_000), ("2025-05-01", "c", 100_000.5), ("2025-06-01", "c", 1))
    assert found(*grants) == {"g2": "exceeded", "g3": "exceeded"}
    [row, _] = state_aid.findings(data_of(*grants)).to_dict("records")
    assert row["sum_eur"] == 300_000.5
    assert row["ceiling_eur"] == 300_000
    assert (row["regulation"], row["articles"]) == ("2023/2831", "Art. 3(2)")
    assert row["counted_from"] == pd.Timestamp("2022-05-02")


def test_linked_enterprises_are_a_single_undertaking():
    grants = (("2024-05-01", "a", 200_000), ("2024-06-01", "b", 150_000))
    assert found(*grants) == {"g2": "exceeded"}
    assert found(grants[0], ("2024-06-01", "c", 150_000)) == {}


@pytest.mark.parametrize(
    ("first", "counted"),
    [("2021-05-10", 100_000), ("2021-05-11", 300_000)],  # three years end on the day before
)
def test_three_years_are_counted_to_the_day_since_2024(first, counted):
    assert sums((first, "c", 200_000), ("2024-05-10", "c", 100_000))["g2"] == counted


@pytest.mark.parametrize(("first", "counted"), [("2019-12-31", 90_000), ("2020-01-01", 200_000)])
def test_three_fiscal_years_were_the_year_itself_and_the_two_before(first, counted):
    assert sums((first, "c", 110_000), ("2022-12-31", "c", 90_000))["g2"] == counted


def test_a_leap_day_has_its_three_years():
    rows = (("2021-02-28", "c", 1), ("2021-03-01", "c", 2), ("2024-02-29", "c", 4))
    assert sums(*rows)["g3"] == 6


@pytest.mark.parametrize(
    ("day", "regulation", "ceiling"),
    [
        ("2001-02-02", "69/2001", 100_000),
        ("2006-12-31", "69/2001", 100_000),
        ("2007-01-01", "1998/2006", 200_000),
        ("2013-12-31", "1998/2006", 200_000),
        ("2014-01-01", "1407/2013", 200_000),
        ("2023-12-31", "1407/2013", 200_000),
        ("2024-01-01", "2023/2831", 300_000),
        ("2030-12-31", "2023/2831", 300_000),
    ],
)
def test_the_ceiling_is_that_of_the_day(day, regulation, ceiling):
    row = state_aid.de_minimis(data_of((day, "c", 1))).iloc[0]
    assert (row["regulation"], row["ceiling_eur"]) == (regulation, ceiling)


def test_regulations_follow_each_other_without_a_gap():
    for earlier, later in zip(state_aid.REGULATIONS, state_aid.REGULATIONS[1:], strict=False):
        assert (later.since - earlier.until).days == 1
        assert later.ceiling_eur >= earlier.ceiling_eur


@pytest.mark.parametrize("day", ["2001-02-01", "2031-01-01"])
def test_a_day_without_a_regulation_is_refused(day):
    with pytest.raises(DataError, match=f"g1 was approved on {day}, for which no regulation"):
        state_aid.de_minimis(data_of((day, "c", 1)))


def test_earlier_aid_within_the_later_ceiling_is_covered_later():
    assert found(("2023-05-01", "c", 250_000)) == {"g1": "exceeded, covered later"}
    assert found(("2023-05-01", "c", 300_001)) == {"g1": "exceeded"}


def test_a_grant_withdrawn_or_rejected_or_no_de_minimis_aid_does_not_count():
    grants = (
        ("2024-05-01", "c", 200_000, True, "withdrawn"),
        ("2024-05-02", "c", 200_000, True, "rejected"),
        ("2024-05-03", "c", 200_000, False),
        ("2024-05-04", "c", 200_000, True, "completed"),
    )
    assert sums(*grants) == {"g4": 200_000}


def test_aid_that_may_be_de_minimis_is_no_finding_unless_it_would_decide():
    first = ("2024-05-01", "c", 150_000)
    assert found(first, ("2024-06-01", "c", 150_000, None)) == {}
    grants = (first, ("2024-06-01", "c", 150_001, None))
    assert found(*grants) == {"g2": "possibly exceeded"}
    row = state_aid.findings(data_of(*grants)).iloc[0]
    assert row[["sum_eur", "undeclared_eur"]].tolist() == [150_000, 150_001]


def test_of_grants_on_one_day_the_one_with_the_higher_code_goes_too_far():
    assert found(("2024-05-01", "c", 200_000), ("2024-05-01", "c", 200_000)) == {"g2": "exceeded"}


def test_no_grants_give_no_findings():
    rows = state_aid.de_minimis(data_of())
    assert rows.empty
    assert list(rows) == state_aid.COLUMNS


def test_a_programme_without_grants_has_no_findings():
    data = data_of()
    del data.tables["grants"]
    assert list(state_aid.findings(data)) == state_aid.COLUMNS


def test_the_small_city_and_its_sum(small_data):
    rows = state_aid.de_minimis(small_data)
    # g3 is none; g5 to g7 were not approved
    assert dict(zip(rows["grant_id"], rows["sum_eur"], strict=True)) == {
        "g1": 4000, "g2": 6000, "g4": 2000,
    }  # fmt: skip
    assert state_aid.findings(small_data).empty


@pytest.mark.parametrize(
    ("grant", "english", "german"),
    [
        (
            ("2024-05-01", "c", 300_001),
            "g1 (c, 1 May 2024): de-minimis aid since 2 May 2021 comes to 300,001\u00a0€; "
            "Art. 3(2) of Regulation 2023/2831 allows 300,000\u00a0€. None of this grant is "
            "covered.",
            "g1 (c, 01.05.2024): Die De-minimis-Beihilfen seit dem 02.05.2021 betragen "
            "300.001\u00a0€",
        ),
        (("2023-05-01", "c", 250_000), "Art. 7(1) of Regulation 2023/2831 covers it", "deckt sie"),
        (("2024-05-01", "c", 300_001, None), "Fill in is_de_minimis", "is_de_minimis"),
    ],
)
def test_a_finding_is_said_in_both_languages(grant, english, german):
    rows = state_aid.findings(data_of(grant))
    [said] = state_aid.sentences(rows)
    assert english in said
    [said] = state_aid.sentences(rows, "de")
    assert german in said


grants = st.tuples(
    st.dates(pd.Timestamp("2012-01-01").date(), pd.Timestamp("2030-12-31").date()).map(str),
    st.sampled_from("abc"),
    st.integers(1, 200_000),
)


@given(st.lists(grants, max_size=12))
def test_sums_are_those_of_adding_up_grant_by_grant(rows):
    data = data_of(*rows)
    of = dict(zip("abc", undertakings(FIRMS), strict=True))
    frame = data.grants.assign(undertaking=data.grants["business_id"].map(of))
    for row in state_aid.de_minimis(data).to_dict("records"):
        same = frame[frame["undertaking"] == of[row["business_id"]]]
        same = same[same["approved_on"] >= row["counted_from"]]
        before = same["approved_on"] < row["granted_on"]
        on_it = (same["approved_on"] == row["granted_on"]) & (same["grant_id"] <= row["grant_id"])
        assert row["sum_eur"] == same.loc[before | on_it, "grant_eur"].sum()
        assert (row["finding"] != "") == (row["sum_eur"] > row["ceiling_eur"])
