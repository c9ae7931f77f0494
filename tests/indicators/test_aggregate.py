import statistics
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import observations as obs
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.indicators import Indicator, catalogue_frame
from ostwerk_analysis.indicators.aggregate import observe
from ostwerk_analysis.indicators.derived import derive
from ostwerk_analysis.periods import quarter_of, quarters

SERIES = quarters("2024-Q1", "2025-Q2")
DISTRICTS = ["01", "02", "03"]
MEMBERS = {
    **{("district", code): {code} for code in DISTRICTS},
    ("borough", "A"): {"01", "02"},
    ("borough", "B"): {"03"},
    ("programme", "east"): {"01", "03"},
}
AREAS = pd.DataFrame(
    [(code, area, level) for (level, area), codes in MEMBERS.items() for code in sorted(codes)]
    + [(code, "city", "city") for code in DISTRICTS],
    columns=["district_id", "area_id", "area_level"],
    dtype="str",
)


def declare(kind="sum", timing="flow", splits=((), ("sort",)), **more):
    labels = {"label_de": "x", "label_en": "x", "definition_de": "x.", "definition_en": "x."}
    return Indicator(id="x", unit="EUR", kind=kind, timing=timing, splits=splits, **labels, **more)


def table(events):
    """Make events of (unit, district, day, value, sort, until)."""
    columns = ["unit_id", "district_id", "date", "value", "sort", "until"]
    frame = pd.DataFrame(events, columns=columns)
    types = dict.fromkeys(("unit_id", "district_id", "sort"), "str") | {"value": "float64"}
    days = dict.fromkeys(("date", "until"), "datetime64[ns]")
    return frame.astype(types | days)


def cells(observed):
    """Give (value, n_units, largest_1, largest_2) by level, area, period and breakdown."""
    key = ["area_level", "area_id", "period", "breakdown"]
    numbers = ["value", "n_units", "largest_1", "largest_2"]
    assert not observed.duplicated(key).any()
    return {
        tuple(row[key]): tuple(float(row[name]) for name in numbers)
        for _, row in observed.iterrows()
    }


DAYS = st.dates(pd.Timestamp("2023-11-01").date(), pd.Timestamp("2025-09-30").date())
EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from([*DISTRICTS, None]),
        DAYS,
        st.integers(0, 100),
        st.sampled_from(["red & green", "blue", None]),
    ),
    max_size=25,
)


def by_hand(events, kind, is_to_date):
    """Add events up cell by cell, as slowly and plainly as can be."""
    years = {"2024"}
    found = defaultdict(lambda: defaultdict(float))
    for unit, district, day, value, sort in events:
        quarter = quarter_of(day)
        if quarter not in SERIES:
            continue
        areas = [area for area, codes in MEMBERS.items() if district in codes] + [("city", "city")]
        if is_to_date:
            periods = [later for later in SERIES if later >= quarter]
        else:
            periods = [quarter, *({quarter[:4]} & years)]
        for level, area in areas:
            for period in periods:
                written = obs.breakdown({"sort": sort or "unknown"})
                parts = ["", written] if level in ("city", "programme") else [""]
                for part in parts:
                    found[level, area, period, part][unit] += value
    return {
        cell: [1.0] * len(units) if kind == "count" else sorted(units.values(), reverse=True)
        for cell, units in found.items()
    }


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.sampled_from(["sum", "count"]), st.booleans())
def test_every_cell_is_what_adding_up_by_hand_gives(events, kind, is_to_date):
    declared = declare(kind).to_date() if is_to_date else declare(kind)
    observed = cells(observe(declared, table([(*event, None) for event in events]), AREAS, SERIES))
    expected = by_hand(events, kind, is_to_date)
    periods = SERIES if is_to_date else [*SERIES, "2024"]
    totals = {(*area, period, "") for area in [*MEMBERS, ("city", "city")] for period in periods}
    assert {cell for cell in observed if cell[3] == ""} == totals
    assert expected.keys() <= observed.keys()
    for cell, (value, n_units, largest_1, largest_2) in observed.items():
        parts = expected.get(cell, [])
        assert value == sum(parts)
        assert n_units == len(parts)
        assert [largest_1, largest_2] == [*parts, 0, 0][:2]


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_sums_over_districts_are_those_of_boroughs_and_city(events):
    placed = [(*event, None) for event in events if event[1]]
    observed = observe(declare(splits=((),)), table(placed), AREAS, SERIES)
    sums = observed.groupby(["period", "area_level"])["value"].sum().unstack()
    pd.testing.assert_series_equal(sums["district"], sums["city"], check_names=False)
    pd.testing.assert_series_equal(sums["borough"], sums["city"], check_names=False)


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_the_parts_of_a_breakdown_add_up_to_the_total(events):
    observed = observe(declare(), table([(*event, None) for event in events]), AREAS, SERIES)
    whole = observed[observed["area_level"].isin(["city", "programme"])]
    is_total = whole["breakdown"] == ""
    key = ["area_id", "period"]
    total = whole[is_total].set_index(key)["value"]
    parts = whole[~is_total].groupby(key)["value"].sum()
    assert (total == parts.reindex(total.index).fillna(0)).all()


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_what_is_counted_to_date_never_falls_and_a_year_never_exceeds_its_quarters(events):
    rows = table([(*event, None) for event in events])
    to_date = observe(declare("count").to_date(), rows, AREAS, SERIES)
    wide = to_date.pivot(
        index=["area_level", "area_id", "breakdown"], columns="period", values="value"
    )
    assert (wide.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    flow = observe(declare("count"), rows, AREAS, SERIES)
    flow = flow.pivot(
        index=["area_level", "area_id", "breakdown"], columns="period", values="value"
    )
    of_quarters = flow[["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"]]
    assert (flow["2024"] <= of_quarters.sum(axis=1)).all()
    assert (flow["2024"] >= of_quarters.max(axis=1)).all()


AMOUNTS = st.lists(
    st.tuples(
        st.just("a"),
        st.sampled_from(DISTRICTS),
        st.sampled_from(["2024-01-01", "2024-03-31", "2024-06-01"]),
        st.sampled_from([0.1, 0.7, 1e16, -1e16, 3.3, 1 / 3, 1e8 + 0.1]),
        st.just("s"),
        st.none(),
    ),
    min_size=2,
    max_size=12,
)


@settings(deadline=None, max_examples=30)
@given(AMOUNTS, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_events_and_districts_changes_nothing_to_the_last_bit(
    amounts, random, is_to_date
):
    declared = declare().to_date() if is_to_date else declare()
    shuffled = random.sample(amounts, len(amounts))
    areas = AREAS.sample(frac=1, random_state=random.randrange(100))
    one = obs.tidy(observe(declared, table(amounts), AREAS, SERIES))
    pd.testing.assert_frame_equal(
        obs.tidy(observe(declared, table(shuffled), areas, SERIES)), one, check_exact=True
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from([*DISTRICTS, None]), st.none() | DAYS, st.none() | DAYS),
        max_size=15,
    )
)
def test_a_stock_is_what_was_there_plus_founded_less_closed(lives):
    lives = [
        (district, *(sorted([begun, ended]) if begun and ended else [begun, ended]))
        for district, begun, ended in lives
    ]
    units = [
        (f"u{n}", district, begun, 1, "s", ended)
        for n, (district, begun, ended) in enumerate(lives)
    ]
    stock = observe(declare("count", "stock"), table(units), AREAS, SERIES)
    for (level, area, period, _), (value, n_units, largest_1, largest_2) in cells(stock).items():
        members = MEMBERS.get((level, area))
        there = [
            unit
            for unit, district, begun, _, _, ended in units
            if (members is None or district in members)
            and (begun is None or quarter_of(begun) <= period)
            and (ended is None or quarter_of(ended) > period)
        ]
        assert value == n_units == len(there)
        assert largest_1 == min(len(there), 1)
        assert largest_2 == (len(there) >= 2)


def test_a_sum_of_tenths_has_no_binary_dust():
    events = table([("a", "01", "2024-01-01", 0.1, "s", None)] * 3)
    observed = observe(declare(splits=((),)), events, AREAS, SERIES)
    assert set(observed["value"]) == set(observed["largest_1"]) == {0.0, 0.3}  # and no 0.30…04


def test_years_are_given_only_where_all_their_quarters_are():
    observed = observe(declare(), table([]), AREAS, quarters("2023-Q2", "2024-Q4"))
    assert [period for period in observed["period"].unique() if "Q" not in period] == ["2024"]
    to_date = observe(declare().to_date(), table([]), AREAS, SERIES)
    assert set(to_date["period"]) == set(SERIES)
    stock = observe(declare("count", "stock"), table([]), AREAS, SERIES)
    assert set(stock["period"]) == set(SERIES)


def test_where_nothing_happened_there_is_a_zero_and_no_gap():
    observed = observe(declare(), table([]), AREAS, SERIES)
    assert len(observed) == (len(MEMBERS) + 1) * (len(SERIES) + 1)
    assert (observed[["value", "n_units", "largest_1", "largest_2"]] == 0).all(axis=None)
    assert set(observed["obs_status"]) == {"A"}
    assert set(observed["conf_status"]) == {"F"}


def test_an_event_without_a_district_counts_in_the_city_alone():
    observed = observe(
        declare(splits=((),)),
        table([("a", None, "2024-01-01", 5, "s", None), ("b", "99", "2024-01-01", 7, "s", None)]),
        AREAS,
        SERIES,
    )
    assert observed.loc[observed["value"] > 0, ["area_id", "period", "value"]].to_numpy().tolist() \
        == [["city", "2024-Q1", 12], ["city", "2024", 12]]  # fmt: skip


def test_an_event_of_no_unit_is_refused_and_not_counted_with_another():
    events = table(
        [("a", "01", "2024-01-01", 5, "s", None), (None, "01", "2024-01-01", 7, "s", None)]
    )
    for declared in (declare(), declare().to_date(), declare("count", "stock")):
        with pytest.raises(DataError, match="has events without a unit_id"):
            observe(declared, events, AREAS, SERIES)


def test_an_event_without_a_day_counts_nowhere():
    observed = observe(declare(), table([("a", "01", None, 5, "s", None)]), AREAS, SERIES)
    assert (observed["value"] == 0).all()


def test_a_sign_in_a_class_is_read_back_from_the_breakdown():
    observed = observe(
        declare(), table([("a", "01", "2024-01-01", 5, "A & B = 1 %", None)]), AREAS, SERIES
    )
    written = set(observed["breakdown"]) - {""}
    assert [obs.dimensions(part) for part in written] == [{"sort": "A & B = 1 %"}]


def test_only_the_declared_levels_are_given():
    declared = declare(levels=("city", "borough"), levels_to_date=("city",))
    events = table([("a", "01", "2024-01-01", 5, "s", None)])
    assert set(observe(declared, events, AREAS, SERIES)["area_level"]) == {"city", "borough"}
    assert set(observe(declared.to_date(), events, AREAS, SERIES)["area_level"]) == {"city"}


def test_several_dimensions_of_one_split_are_crossed():
    declared = declare(splits=(("sort", "until"),))
    events = table(
        [("a", "01", "2024-01-01", 5, "s", None), ("b", "01", "2024-01-01", 6, "t", None)]
    )
    events["until"] = ["x", "y"]
    observed = observe(declared, events, AREAS, SERIES)
    found = observed[(observed["area_id"] == "01") & (observed["period"] == "2024-Q1")]
    assert dict(zip(found["breakdown"], found["value"], strict=True)) == {
        "sort=s&until=x": 5, "sort=t&until=y": 6,
    }  # fmt: skip


def test_a_value_that_is_not_known_marks_the_sums_it_is_missing_from():
    events = [
        ("a", "01", "2024-01-01", 5, "red", None),
        ("b", "01", "2024-01-01", None, "red", None),
        ("c", "02", "2024-01-01", None, "blue", None),
    ]
    observed = observe(declare(), table(events), AREAS, SERIES)
    found = observed.set_index(["area_id", "period", "breakdown"])
    columns = ["value", "n_units", "obs_status"]
    assert found.loc[("01", "2024-Q1", ""), columns].tolist() == [5, 1, "E"]
    assert found.loc[("01", "2024-Q2", ""), columns].tolist() == [0, 0, "A"]
    assert found.loc[("03", "2024-Q1", ""), columns].tolist() == [0, 0, "A"]
    missing = found.loc[("02", "2024-Q1", "")]
    assert np.isnan(missing["value"])
    assert missing[["n_units", "obs_status"]].tolist() == [0, "M"]
    # the class of which nothing is known has its cells, and zeros where nothing happened
    assert found.loc[("city", "2024-Q1", "sort=blue"), "obs_status"] == "M"
    assert found.loc[("city", "2024-Q2", "sort=blue"), columns].tolist() == [0, 0, "A"]
    assert len(obs.tidy(observed)) == len(observed)  # and no observation contradicts itself


# Medians


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.booleans())
def test_a_median_is_that_of_all_values_of_its_cell(events, is_to_date):
    declared = declare("median").to_date() if is_to_date else declare("median")
    rows = [(*event, None) for event in events]
    observed = observe(declared, table(rows), AREAS, SERIES)
    values = {}
    for unit, *where, value, sort in events:  # each event as a unit of its own, with its values
        for cell in by_hand([(unit, *where, value, sort)], "sum", is_to_date):
            values.setdefault(cell, []).append((value, unit))
    for row in observed.to_dict("records"):
        cell = row["area_level"], row["area_id"], row["period"], row["breakdown"]
        of_cell = values.pop(cell, [])
        assert row["n_units"] == len({unit for _, unit in of_cell})
        if of_cell:
            assert row["value"] == statistics.median(value for value, _ in of_cell)
            assert (row["obs_status"], row["quality_note"]) == ("A", "")
        else:
            assert np.isnan(row["value"])
            assert (row["obs_status"], row["quality_note"]) == ("M", "nothing happened")
    assert not values
    assert observed[["largest_1", "largest_2"]].isna().all(axis=None)
    assert len(obs.tidy(observed)) == len(observed)


def test_a_median_of_which_a_value_is_not_known_is_estimated_and_one_of_none_is_missing():
    events = [
        ("a", "01", "2024-01-01", 5, "red", None),
        ("b", "01", "2024-01-01", 9, "red", None),
        ("c", "01", "2024-01-01", None, "red", None),
        ("c", "02", "2024-01-01", None, "blue", None),
    ]
    observed = observe(declare("median"), table(events), AREAS, SERIES)
    found = observed.set_index(["area_id", "period", "breakdown"])
    columns = ["n_units", "obs_status", "quality_note"]
    gap, idle = "some values are not known", "nothing happened"
    assert found.loc[("01", "2024-Q1", ""), "value"] == 7
    assert found.loc[("01", "2024-Q1", ""), columns].tolist() == [2, "E", gap]
    assert found.loc[("02", "2024-Q1", ""), columns].tolist() == [0, "M", gap]
    assert found.loc[("city", "2024-Q1", "sort=blue"), columns].tolist() == [0, "M", gap]
    assert found.loc[("02", "2024-Q2", ""), columns].tolist() == [0, "M", idle]
    is_known = found["obs_status"] != "M"
    assert (found["value"].notna() == is_known).all()


# Rates and ratios

RATE = catalogue_frame(
    [
        declare(splits=((),)),
        Indicator(
            id="rate", unit="percent", kind="rate", numerator="x", denominator="y", scale=100.0,
            label_de="r", label_en="r", definition_de="r.", definition_en="r.",
        ),
    ]
)  # fmt: skip


def part(indicator, value, status="A", conf="F", note="", n_units=3, **more):
    return {
        "indicator": indicator, "area_id": "01", "area_level": "district", "period": "2024-Q1",
        "breakdown": "", "value": value, "unit": "EUR", "n_units": n_units, "obs_status": status,
        "conf_status": conf, "quality_note": note, **more,
    }  # fmt: skip


def rate(upper, lower):
    """Derive the rate of two observations, as a row; None where there is none."""
    derived = derive(obs.tidy(pd.DataFrame([upper, lower])), RATE)
    return derived.iloc[0] if len(derived) else None


def test_a_rate_is_a_part_of_a_whole_in_its_scale():
    found = rate(part("x", 3.0), part("y", 12.0))
    assert found["value"] == 25
    assert found[["indicator", "unit", "obs_status", "conf_status"]].tolist() == [
        "rate", "percent", "A", "F",
    ]  # fmt: skip
    assert found["n_units"] == 3


def test_a_part_of_zero_makes_a_rate_of_zero():
    assert rate(part("x", 0.0), part("y", 12.0))["value"] == 0


@pytest.mark.parametrize("upper", [0.0, 5.0])
def test_nothing_to_divide_by_makes_a_missing_rate(upper):
    found = rate(part("x", upper), part("y", 0.0))
    assert np.isnan(found["value"])
    assert found[["obs_status", "conf_status", "quality_note"]].tolist() == [
        "M", "F", "nothing to divide by",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (part("x", None, "M"), part("y", 12.0)),
        (part("x", 3.0), part("y", None, "M")),
        (part("x", None, "M"), part("y", None, "M")),
    ],
)
def test_a_missing_part_makes_a_missing_rate(upper, lower):
    found = rate(upper, lower)
    assert np.isnan(found["value"])
    assert found[["obs_status", "conf_status"]].tolist() == ["M", "F"]


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (part("x", None, conf="C", n_units=None), part("y", 12.0)),
        (part("x", 3.0), part("y", None, conf="D", n_units=None)),
        (part("x", None, conf="C", n_units=None), part("y", None, "M")),
        (part("x", None, conf="C", n_units=None), part("y", 0.0, note="sum of districts")),
    ],
)
def test_a_suppressed_part_suppresses_the_rate_and_all_it_could_tell(upper, lower):
    found = rate(upper, lower)
    assert np.isnan(found["value"])
    assert pd.isna(found["n_units"])
    assert found[["obs_status", "conf_status", "quality_note"]].tolist() == ["A", "D", ""]


@pytest.mark.parametrize("upper", obs.WEAKNESS)
@pytest.mark.parametrize("lower", obs.WEAKNESS)
def test_a_rate_has_the_weaker_status_of_its_parts(upper, lower):
    found = rate(part("x", 3.0, upper), part("y", 12.0, lower))
    assert found["obs_status"] == max(upper, lower, key=obs.WEAKNESS.index)


def test_a_rate_keeps_the_note_of_a_part():
    assert rate(part("x", 3.0, note="a"), part("y", 12.0, note="b"))["quality_note"] == "a"
    assert rate(part("x", 3.0), part("y", 12.0, note="b"))["quality_note"] == "b"


@pytest.mark.parametrize(
    "other",
    [{"area_id": "02"}, {"period": "2024"}, {"breakdown": "a=b"}, {"area_level": "borough"}],
)
def test_parts_of_different_cells_make_no_rate(other):
    assert rate(part("x", 3.0), part("y", 12.0) | other) is None


def test_without_a_derived_indicator_there_is_nothing_to_derive():
    parts = obs.tidy(pd.DataFrame([part("x", 3.0)]))
    assert derive(parts, RATE[:1]).empty
    assert derive(parts[:0], RATE).empty


def test_deriving_leaves_the_parts_alone():
    parts = obs.tidy(pd.DataFrame([part("x", 3.0), part("y", 0.0)]))
    before = parts.copy()
    derive(parts, RATE)
    pd.testing.assert_frame_equal(parts, before)
