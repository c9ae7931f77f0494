from ostwerk_analysis import indicators


def test_jobs_are_counted_by_rung_and_the_rungs_are_never_added_together(observed):
    rows = observed.frame[observed.frame["indicator"].str.match("jobs_|training_places")]
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


def test_units_of_jobs_are_enterprises(observed):
    row = observed.row("jobs_created_to_date", "stadt", "2025-Q2", "status=verified")
    assert row[["n_units", "largest_1", "largest_2"]].tolist() == [2, 1.5, 1]


def test_without_grants_the_measure_of_a_job_is_not_known(small_data, observed):
    tables = {
        name: small_data.tables[name] for name in ("districts", "boroughs", "businesses", "jobs")
    }
    data = type(small_data)(**{**vars(small_data), "tables": tables})
    found = indicators.compute(data, "2025Q2", "employment")
    parts = set(found["breakdown"])
    assert "measure=unknown&status=promised" in parts
    assert not any("measure=beihilfe" in part for part in parts)
