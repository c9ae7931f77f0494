import dataclasses

from ostwerk_analysis import indicators


def test_jobs_are_counted_by_rung_and_the_rungs_are_never_added_together(observed):
    field = {entry.id for entry in indicators.FIELDS["employment"]}
    rows = observed.frame[observed.frame["indicator"].str.removesuffix("_to_date").isin(field)]
    assert len(rows)
    for part in rows["breakdown"].unique():
        assert "status=" in part


def test_a_rung_counts_when_it_was_reached_with_the_size_it_had_then(observed):
    # j1 promised 2 and proved 1.5; j2, a founder's own, 1 and 1
    assert observed.breakdowns("jobs_created", "stadt", "2024") == {
        "status=promised": 3, "status=claimed": 2, "status=verified": 1.5,
        "measure=beihilfe&status=promised": 2, "measure=startgeld&status=promised": 1,
        "measure=beihilfe&status=claimed": 2, "measure=beihilfe&status=verified": 1.5,
    }  # fmt: skip
    assert observed.series("jobs_created_to_date", "stadt", "status=verified") == {
        "2024-Q4": 1.5, "2025-Q1": 2.5, "2025-Q2": 2.5,
    }  # fmt: skip


def test_founders_are_included_and_also_shown_apart(observed):
    assert observed.breakdowns("jobs_created_founders", "stadt", "2024") == {
        "status=promised": 1, "measure=startgeld&status=promised": 1,
    }  # fmt: skip
    assert observed.value("jobs_created", "stadt", "2025-Q1", "status=verified") == 1


def test_jobs_secured_and_training_places_are_no_jobs_created(observed):
    assert observed.breakdowns("jobs_secured_to_date", "stadt", "2025-Q2") == {
        "status=verified": 3, "measure=beihilfe&status=verified": 3,
    }  # fmt: skip
    # b5 promised a place without a grant, so it belongs to no measure
    assert observed.breakdowns("training_places", "stadt", "2024-Q2") == {
        "status=promised": 1, "measure=unknown&status=promised": 1,
    }  # fmt: skip


def test_jobs_are_given_for_districts_only_to_date(observed):
    rows = observed.frame[observed.frame["indicator"] == "jobs_created"]
    assert "district" not in set(rows["area_level"])
    assert observed.value("jobs_created_to_date", "01", "2024-Q1", "status=promised") == 3


def test_jobs_in_persons_of_founders_and_training_places_are_not_given_for_districts(observed):
    few = ["jobs_created_founders", "jobs_created_founders_persons", "training_places"]
    for indicator in (*few, "training_places_persons", "jobs_created_persons"):
        rows = observed.frame[observed.frame["indicator"] == f"{indicator}_to_date"]
        assert {"borough", "city"} <= {*rows["area_level"]}
        assert "district" not in {*rows["area_level"]}
    rows = observed.frame[observed.frame["indicator"].isin(few)]
    assert {*rows["area_level"]} == {"city", "programme", "comparison"}


def test_units_of_jobs_are_enterprises(observed):
    row = observed.row("jobs_created_to_date", "stadt", "2025-Q2", "status=verified")
    assert row[["n_units", "largest_1", "largest_2"]].tolist() == [2, 1.5, 1]


def test_without_grants_the_measure_of_a_job_is_not_known(small_data, observed):
    tables = {
        name: small_data.tables[name] for name in ("districts", "boroughs", "businesses", "jobs")
    }
    data = dataclasses.replace(small_data, tables=tables)
    found = indicators.compute(data, "2025Q2", "employment")
    parts = set(found["breakdown"])
    assert "measure=unknown&status=promised" in parts
    assert not any("measure=beihilfe" in part for part in parts)


# Persons, and what a job cost


def test_persons_are_counted_beside_full_time_equivalents(observed):
    # j1 is 1.5 full-time equivalents and two persons; j3 is 3 and four
    part = "status=verified"
    assert observed.value("jobs_created_persons_to_date", "stadt", "2024-Q4", part) == 2
    assert observed.value("jobs_created_to_date", "stadt", "2024-Q4", part) == 1.5
    assert observed.value("jobs_secured_persons_to_date", "stadt", "2024-Q4", part) == 4
    assert observed.value("jobs_created_founders_persons_to_date", "stadt", "2025-Q1", part) == 1


def test_a_number_of_persons_that_is_not_known_marks_its_sum(changed, observe):
    data = changed(
        (
            "jobs.csv",
            "j1,b1,created,verified,2024-10-01,1.5,2",
            "j1,b1,created,verified,2024-10-01,1.5,",
        )
    )
    row = observe(data, "jobs_created_persons_to_date").row(
        "jobs_created_persons_to_date", "stadt", "2025-Q2", "status=verified"
    )
    assert row[["value", "obs_status"]].tolist() == [1, "E"]  # j2 alone is known


def test_all_grants_are_set_against_the_jobs_of_their_rung(observed):
    # approved to date 4,000 + 2,000 + 3,000 + 2,000, paid 4,000 + 1,500; created 3 promised, 2
    # claimed, 2.5 verified, none retained
    grants = observed.breakdowns("grants_for_jobs_eur_to_date", "stadt", "2025-Q2")
    assert {part: grants[f"status={part}"] for part in ("promised", "claimed", "retained")} == {
        "promised": 11000, "claimed": 5500, "retained": 5500,
    }  # fmt: skip
    cost = {
        rung: observed.row(
            "cost_per_job_created_eur_to_date", "stadt", "2025-Q2", f"status={rung}"
        )["value"]
        for rung in ("promised", "claimed", "verified")
    }
    assert cost == {"promised": 11000 / 3, "claimed": 5500 / 2, "verified": 5500 / 2.5}


def test_a_job_that_nobody_has_retained_costs_not_nothing_but_is_missing(observed):
    row = observed.row("cost_per_job_created_eur_to_date", "stadt", "2025-Q2", "status=retained")
    assert row[["obs_status", "quality_note"]].tolist() == ["M", "nothing to divide by"]


def test_cost_per_job_within_a_measure_takes_its_own_grants(observed):
    part = "measure=beihilfe&status=verified"
    assert (
        observed.value("cost_per_job_created_eur_to_date", "stadt", "2025-Q2", part) == 5500 / 1.5
    )
    assert observed.value("cost_per_job_secured_eur_to_date", "stadt", "2025-Q2", part) == 5500 / 3


def test_jobs_that_follow_from_no_grant_or_a_withdrawn_one_do_not_make_jobs_cheaper(
    changed, observe
):
    part = "status=verified"
    without = changed(
        ("jobs.csv", "1,1,ja,g3\nj2,b2,created,verified,2025-01-02,1,1,ja,g3",
         "1,1,ja,\nj2,b2,created,verified,2025-01-02,1,1,ja,"),
    )  # fmt: skip
    found = observe(
        without,
        "jobs_created_to_date",
        "jobs_created_by_grants_to_date",
        "cost_per_job_created_eur_to_date",
    )
    assert found.value("jobs_created_to_date", "stadt", "2025-Q2", part) == 2.5
    assert found.value("jobs_created_by_grants_to_date", "stadt", "2025-Q2", part) == 1.5
    assert found.value("cost_per_job_created_eur_to_date", "stadt", "2025-Q2", part) == 5500 / 1.5


def test_jobs_of_a_withdrawn_grant_are_not_set_against_grants(changed, observe_fields):
    old = "g3,b2,startgeld,2024-03-01,approved,"
    found = observe_fields(
        changed(("grants.csv", old, old.replace("approved", "withdrawn"))), "employment"
    )
    part = "status=verified"
    assert found.value("jobs_created_by_grants_to_date", "stadt", "2025-Q2", part) == 1.5


def test_cost_per_job_is_given_since_the_start_only_and_not_for_districts(observed):
    rows = observed.frame[observed.frame["indicator"].str.startswith("cost_per_job")]
    assert set(rows["indicator"]) == {
        "cost_per_job_created_eur_to_date", "cost_per_job_secured_eur_to_date",
    }  # fmt: skip
    assert "district" not in set(rows["area_level"])
