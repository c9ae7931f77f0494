from datetime import date

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis import checks
from ostwerk_analysis.tables import TABLES

CELLS = st.lists(
    st.tuples(*[st.sampled_from([None, "a", "b"])] * 3, st.integers(1, 9)), min_size=1, max_size=12
)


@given(CELLS)
def test_looking_at_keys_first_finds_the_same_rows_that_stand_twice(cells):
    frame = pd.DataFrame(cells, columns=["grant_id", "fund", "share_pct", "_line"])
    text = frame.astype(dict.fromkeys(["grant_id", "fund", "share_pct"], "str"))
    found = checks.duplicates(text, ["grant_id", "fund"])["row"].tolist()
    seen, expected = set(), []
    for row, (*written, _) in enumerate(cells):
        if tuple(written) in seen:
            expected.append(row)
        seen.add(tuple(written))
    assert found == expected


def test_rows_stand_twice_by_all_their_cells_where_a_file_has_no_column_of_the_key():
    text = pd.DataFrame({"name": ["a", "a", "b"], "_line": [2, 3, 4]})
    assert checks.duplicates(text, ["site_id"])["row"].tolist() == [1]


CODES = st.sets(st.integers(0, 120).map("{:02d}".format), min_size=1, max_size=8)


@given(CODES, st.lists(st.none() | st.integers(0, 130).map(str), min_size=1, max_size=8))
def test_restored_codes_are_codes_and_known_ones_stay(codes, cells):
    tables = {"districts": pd.DataFrame({"district_id": sorted(codes)}, dtype="str")}
    made = pd.DataFrame({"district_id": pd.Series(cells, dtype="str")})
    after, restored = checks.lost_zeros(made, "participants", tables)
    assert made["district_id"].equals(pd.Series(cells, dtype="str"))  # the input is left alone
    for before, now in zip(cells, after["district_id"], strict=True):
        is_same = pd.isna(now) if before is None else now == before
        assert is_same or (now in codes and before not in codes and int(now) == int(before))
    changed = made["district_id"].notna() & (made["district_id"] != after["district_id"])
    assert restored["count"].sum() == changed.sum()


def test_an_event_is_too_late_from_the_next_day_on():
    days = pd.to_datetime(pd.Series(["2024-06-30", "2024-07-01", None]))
    contacts = pd.DataFrame({"occurred_on": days})
    found = checks.too_late(contacts, "contacts", date(2024, 6, 30))
    assert found.to_dict("records") == [
        {"row": 1, "column": "occurred_on", "rule": "future", "expected": "2024-06-30"}
    ]
    assert checks.too_late(contacts, "contacts", None).empty


def test_what_has_happened_is_an_event_and_what_may_be_planned_is_not():
    events = {
        (name, column)
        for name, contract in TABLES.items()
        for column, declared in contract.columns.items()
        if declared.metadata["is_event"]
    }
    assert ("contacts", "occurred_on") in events
    assert ("jobs", "status_on") in events
    assert ("operations", "ends_on") not in events
    assert ("sites", "opened_on") not in events
