import dataclasses

import pandas as pd
import pytest

from ostwerk_analysis import load
from ostwerk_analysis import observations as obs
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.indicators import CATALOGUE, FIELDS, Indicator, check_pledges, compute
from ostwerk_analysis.pipeline.recipe import demo_programme
from ostwerk_analysis.programme import Programme

OWN = Indicator(
    id="own", label_de="Eigene", label_en="Own", definition_de="Eigene.", definition_en="Own.",
    unit="contacts", kind="sum", needs=("contacts",), units="enterprises",
    events=lambda data: data.contacts.assign(
        district_id="01", date=data.contacts["occurred_on"], unit_id=data.contacts["contact_id"],
        value=data.contacts["hours"],
    ),
)  # fmt: skip


def with_tables(data, *names):
    """Give a dataset with only some of its tables."""
    return dataclasses.replace(data, tables={name: data.tables[name] for name in names})


def test_observations_are_in_their_one_form_with_declarations_beside_them(observed):
    frame = observed.frame
    pd.testing.assert_frame_equal(obs.tidy(frame), frame, check_flags=False)
    assert list(frame) == obs.COLUMNS + obs.CONTRIBUTIONS
    declared = {entry["indicator"] for entry in frame.attrs["catalogue"]}
    assert declared == set(frame["indicator"])


def test_all_is_computed_for_which_there_are_tables(small_data, observed):
    # Nothing is published of these, or not of one of their parts.
    absent = {"craft_businesses", "craft_businesses_per_1000_residents", "sgb2_persons"}
    absent |= {"unemployed_share_published", "sgb2_share"}
    absent |= {"unemployed_per_1000_residents", "sgb2_communities_per_1000_residents"}
    # Nobody wrote down who the participants are, what they learned, or how they fare in work.
    recorded = (
        "participants_persons",
        "participants_qualified",
        "participants_better_placed_later",
    )
    absent |= {*recorded, *(f"{name}_to_date" for name in recorded)}
    assert set(observed.frame["indicator"]) == {entry.id for entry in CATALOGUE} - absent
    fewer = compute(with_tables(small_data, "districts", "businesses"), "2024Q1")
    of_register = {entry.id for entry in CATALOGUE if entry.needs == ("businesses",)}
    assert set(fewer["indicator"]) == of_register > {"businesses", "businesses_founded"}


def test_a_field_is_computed_alone_with_the_same_figures(small_data, observed):
    for field, declared in FIELDS.items():
        alone = compute(small_data, "2025Q2", field)
        ids = {entry.id for entry in declared} | {f"{entry.id}_to_date" for entry in declared}
        of_all = observed.frame[observed.frame["indicator"].isin(ids)].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, of_all, check_flags=False)


def test_several_fields_are_computed_together(small_data):
    both = compute(small_data, "2024Q1", ["advice", "participants"])
    assert {"contacts", "participants_left"} <= set(both["indicator"])
    assert "grants_paid_eur" not in set(both["indicator"])


def test_the_parts_of_a_rate_are_not_delivered_unless_they_are_asked_for(small_data):
    ratio = next(entry for entry in CATALOGUE if entry.id == "leverage")
    assert set(compute(small_data, "2024Q1", indicators=[ratio])["indicator"]) == {"leverage"}


def test_a_citys_own_indicator_is_computed_like_ours(small_data):
    own = compute(small_data, "2025Q2", indicators=[OWN])
    total = obs.select(own, "own", area_id="stadt", period="2024")
    assert total["value"].tolist() == [0.5 + 1.5 + 0.5 + 0.5 + 2 + 3]
    assert own.attrs["catalogue"] == [OWN.row()]


def test_an_indicator_without_events_or_parts_is_refused(small_data):
    empty = dataclasses.replace(OWN, events=None)
    with pytest.raises(DataError, match="own has neither events nor a numerator"):
        compute(small_data, "2024Q1", indicators=[empty])


def test_an_unknown_field_names_the_nearest(small_data):
    with pytest.raises(DataError, match=r"no field 'founding'; did you mean 'funding'\?"):
        compute(small_data, "2024Q1", "founding")


def test_a_quarter_before_the_programme_is_refused(small_data):
    with pytest.raises(DataError, match="2023-Q4 lies before the programme's first quarter"):
        compute(small_data, "2023Q4")
    assert set(compute(small_data, "2024Q1", "funding")["period"]) == {"2024-Q1"}


def test_what_is_not_a_quarter_is_refused(small_data):
    with pytest.raises(DataError, match="'soon' is not a quarter"):
        compute(small_data, "soon")


def test_a_programme_without_events_and_statistics_has_no_observations(small_data):
    none = compute(with_tables(small_data, "districts", "boroughs"), "2024Q1")
    assert none.empty
    assert list(none) == obs.COLUMNS + obs.CONTRIBUTIONS
    assert none.attrs["catalogue"] == []


def test_tables_without_a_row_give_zeros_and_no_crash(small_data):
    tables = {
        name: table if name in ("districts", "boroughs") else table.iloc[:0]
        for name, table in small_data.tables.items()
    }
    zeros = compute(dataclasses.replace(small_data, tables=tables), "2024Q2")
    assert (zeros["value"].fillna(0) == 0).all()
    assert {"grants_approved_eur", "businesses", "leverage"} <= set(zeros["indicator"])
    assert "residents" not in set(zeros["indicator"])


@pytest.mark.parametrize("name", ["businesses", "contacts", "grants"])
def test_one_table_without_a_row_or_left_out_breaks_no_other(small_data, name):
    without = {other: table for other, table in small_data.tables.items() if other != name}
    empty = without | {name: small_data.tables[name].iloc[:0]}
    for tables in (without, empty):
        data = dataclasses.replace(small_data, tables=tables)
        declared = [entry for entry in CATALOGUE if entry not in FIELDS["catchments"]]  # slow
        for entry in {entry.events: entry for entry in declared if entry.events}.values():
            if all(need.partition(".")[0] in tables for need in entry.needs):
                events = entry.events(data)
                said = "period" if entry.timing == "published" else "unit_id"
                assert events[said].notna().all()


def test_the_order_of_rows_in_the_files_changes_nothing(small_city, observed):
    for file in small_city.glob("*.csv"):
        header, *lines = file.read_text().splitlines()
        file.write_text("\n".join([header, *lines[::-1]]) + "\n")
    again = compute(load(small_city), "2025Q2")
    pd.testing.assert_frame_equal(again, observed.frame, check_flags=False)


def test_computing_twice_gives_the_same_bytes(small_city, tmp_path):
    files = [
        obs.save(compute(load(small_city), "2025Q2"), tmp_path, name) for name in ("one", "other")
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].with_suffix(".json").read_bytes() == files[1].with_suffix(".json").read_bytes()


def test_earlier_quarters_do_not_change_when_a_later_one_is_asked_for(small_data, observed):
    early = compute(small_data, "2024Q4")
    key = ["indicator", "area_id", "area_level", "period", "breakdown"]
    both = early.merge(observed.frame, on=key, suffixes=("", "_late"))
    assert len(both) == len(early)
    assert ((both["value"] == both["value_late"]) | both["value"].isna()).all()


def test_computing_leaves_the_tables_alone(small_data):
    before = {name: table.copy() for name, table in small_data.tables.items()}
    compute(small_data, "2024Q1")
    for name, table in small_data.tables.items():
        pd.testing.assert_frame_equal(table, before[name])


# Targets and headlines


def test_the_targets_of_the_demonstration_can_be_met():
    check_pledges(Programme.read(demo_programme()))


def test_the_targets_of_the_small_city_can_be_met(small_data):
    check_pledges(small_data.programme)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'indicator = "jobs_created"',
            'indicator = "job_created"',
            "there is no indicator 'job_created'; did you mean 'jobs_created'?",
        ),
        (
            '"grants_approved_eur_to_date"',
            '"grants_aproved_eur_to_date"',
            "there is no indicator 'grants_aproved_eur_to_date'; did you mean "
            "'grants_approved_eur_to_date'?",
        ),
        (
            'status = "verified"\n',
            "",
            "jobs_created is given by status; by measure, status; not by measure.",
        ),
        (
            'measure_id = "beihilfe"\nstatus = "verified"\n',
            "",
            "jobs_created is given by status; by measure, status; not in total.",
        ),
        (
            'indicator = "jobs_created"',
            'indicator = "enterprises_contacted"',
            "enterprises_contacted is given in total; by site; not by measure, status.",
        ),
        (
            'status = "verified"',
            'status = "verifed"',
            "'verifed' is no status of a job; did you mean 'verified'?",
        ),
    ],
)
def test_a_target_that_can_never_be_met_is_refused(small_city, change, old, new, said):
    change(small_city / "programme.toml", old, new)
    with pytest.raises(DataError) as caught:
        check_pledges(Programme.read(small_city))
    assert str(caught.value) == f"programme.toml: {said}"


def test_a_main_indicator_must_be_there_or_be_the_citys_own(small_city, change):
    change(small_city / "programme.toml", "seed = 7", 'main_indicator = "job_created"')
    with pytest.raises(DataError, match="no indicator 'job_created'; did you mean 'jobs_created'"):
        check_pledges(Programme.read(small_city))
    check_pledges(Programme.read(small_city), own=["job_created"])


def test_a_target_of_a_citys_own_indicator_is_accepted(small_city, change):
    change(small_city / "programme.toml", '"jobs_created"', '"own"')
    with pytest.raises(DataError, match="there is no indicator 'own'"):
        check_pledges(Programme.read(small_city))
    check_pledges(Programme.read(small_city), own=["own"])


def test_all_pledges_that_can_never_be_met_are_named_at_once(small_city, change):
    change(small_city / "programme.toml", '"jobs_created"', '"a"')
    change(small_city / "programme.toml", '"grants_approved_eur_to_date"', '"b"')
    with pytest.raises(DataError) as caught:
        check_pledges(Programme.read(small_city))
    assert len(str(caught.value).splitlines()) == 2


def test_a_rate_may_be_pledged_in_the_breakdowns_of_both_its_parts(small_city, change):
    change(small_city / "programme.toml", '"grants_approved_eur_to_date"', '"leverage_to_date"')
    check_pledges(Programme.read(small_city))
