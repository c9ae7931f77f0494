"""Common indicators of the ERDF, each by its counting rule."""

import pytest


def test_only_grants_with_a_share_of_the_erdf_are_support_by_it(observed):
    # g1 and g2 of b1, g4 of b3; g3 is the city's alone
    assert observed.series("enterprises_supported_erdf", "stadt") == {
        "2024-Q1": 1, "2024-Q2": 1, "2024": 1, "2025-Q1": 1,
    }  # fmt: skip
    assert observed.value("enterprises_supported_erdf_to_date", "stadt", "2025-Q2") == 2


def test_a_share_of_nothing_is_no_support(changed, observe):
    data = changed(("funding_shares.csv", "g4,ERDF,60\ng4,federal,40", "g4,ERDF,0\ng4,city,100"))
    found = observe(data, "enterprises_supported_erdf_to_date")
    assert found.value("enterprises_supported_erdf_to_date", "stadt", "2025-Q2") == 1


def test_advice_counts_where_the_erdf_pays_for_its_site_and_nobody_counts_twice(
    small_city, change, observe
):
    from ostwerk_analysis import load

    # b7 is advised at s1, b1 too and has a grant, b2 only talked there
    advice = "c9,2025-04-02,advice,b7,,s1,,1,de,\n"
    (small_city / "contacts.csv").open("a").write(advice)
    before = observe(
        load(small_city),
        "enterprises_supported_erdf_any_form_to_date",
        "enterprises_supported_erdf_any_form",
    )
    assert "beihilfe" not in set(load(small_city).sites["measure_id"])
    assert before.value("enterprises_supported_erdf_any_form_to_date", "stadt", "2025-Q2") == 2
    sites = load(small_city).sites.assign(measure_id="beihilfe")
    data = load(small_city)
    data.tables["sites"] = sites
    after = observe(
        data, "enterprises_supported_erdf_any_form_to_date", "enterprises_supported_erdf_any_form"
    )
    assert after.value("enterprises_supported_erdf_any_form_to_date", "stadt", "2025-Q2") == 3
    assert after.value("enterprises_supported_erdf_any_form", "stadt", "2025-Q2") == 2  # b1, b7


def test_private_match_is_what_completed_erdf_projects_cost_beyond_public_money(observed):
    # g1 cost 10,000 and had 4,000; g2 is paid but not completed
    assert observed.series("private_match_eur", "stadt") == {"2024-Q3": 6000, "2024": 6000}


def test_private_match_of_a_cut_payment_is_larger(changed, observe):
    data = changed(("grants.csv", "2024-09-01,10000,4000,4000", "2024-09-01,10000,4000,3500"))
    found = observe(data, "private_match_eur_to_date")
    assert found.value("private_match_eur_to_date", "stadt", "2025-Q2") == 6500


def cells(observed, indicator, part=""):
    """Give the values of an indicator's part in all areas and periods."""
    frame = observed.frame
    of = frame[(frame["indicator"] == indicator) & (frame["breakdown"] == part)]
    return of.set_index(["area_level", "area_id", "period"])["value"]


@pytest.mark.parametrize("ending", ["", "_to_date"])
def test_support_in_any_form_is_no_less_than_grants_of_the_erdf_and_these_no_more_than_all(
    observed, ending
):
    any_form = cells(observed, f"enterprises_supported_erdf_any_form{ending}")
    erdf = cells(observed, f"enterprises_supported_erdf{ending}")
    of_all = cells(observed, f"enterprises_supported{ending}").reindex(erdf.index)
    assert len(erdf)
    assert (any_form >= erdf).all()
    assert (erdf <= of_all).all()


# New enterprises, and jobs that last


def test_an_enterprise_is_new_if_it_did_not_exist_three_years_before_it_applied(observed):
    # b3 was founded on 31 December 2023 and applied in 2024; b1 in 2010
    assert observed.series("enterprises_supported_erdf_new_to_date", "stadt") == {
        "2025-Q1": 1, "2025-Q2": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("founded", "count"), [("2021-04-02", 0), ("2021-04-03", 1), ("", 0)])
def test_three_years_are_counted_to_the_day_of_the_application(changed, observe, founded, count):
    data = changed(("businesses.csv", "2023-12-31,2024-05-31", f"{founded},2024-05-31"))
    found = observe(data, "enterprises_supported_erdf_new_to_date")
    assert found.value("enterprises_supported_erdf_new_to_date", "stadt", "2025-Q2") == count


def test_an_old_enterprise_is_new_by_none_of_its_later_applications(changed, observe):
    # b1 is of 2022 now: new when it applied in 2024 for g1, and counted once with g2
    data = changed(("businesses.csv", "2010-05-01", "2022-05-01"))
    found = observe(data, "enterprises_supported_erdf_new_to_date")
    assert found.value("enterprises_supported_erdf_new_to_date", "stadt", "2024-Q2") == 1


@pytest.mark.parametrize(
    ("checked", "fte"),
    [("2025-08-31", 0), ("2025-09-01", 1.5)],  # g1 was completed on 1 September 2024
)
def test_jobs_count_if_they_are_there_a_year_after_completion(changed, observe, checked, fte):
    row = "j1,b1,created,verified,2024-10-01,1.5,2,nein,g1\n"
    data = changed(
        ("jobs.csv", row, f"{row}j1,b1,created,retained,{checked},1.5,2,nein,g1\n"),
    )
    found = observe(data, "jobs_created_erdf_to_date", quarter="2025Q3")
    assert found.value("jobs_created_erdf_to_date", "stadt", "2025-Q3") == fte


def test_jobs_secured_or_of_grants_without_the_erdf_are_not_created_by_it(changed, observe):
    more = (
        "j3,b1,secured,retained,2025-09-01,3,4,nein,g1\n"
        "j2,b2,created,retained,2025-09-01,1,1,ja,g3\n"
    )
    row = "j4,b5,training_place,promised,2024-05-02,1,1,nein,\n"
    found = observe(
        changed(("jobs.csv", row, more + row)), "jobs_created_erdf_to_date", quarter="2025Q3"
    )
    assert found.value("jobs_created_erdf_to_date", "stadt", "2025-Q3") == 0
