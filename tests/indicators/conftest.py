import dataclasses

import pandas as pd
import pytest

from ostwerk_analysis import indicators


class Observed:
    """Internal observations, to be asked for single cells."""

    def __init__(self, frame: pd.DataFrame):
        self.frame = frame
        self._cells = frame.set_index(["indicator", "area_id", "period", "breakdown"])

    def row(self, indicator: str, area: str, period: str, breakdown: str = "") -> pd.Series:
        """Give the one observation of a cell."""
        return self._cells.loc[(indicator, area, period, breakdown)]

    def value(self, indicator: str, area: str, period: str, breakdown: str = "") -> float:
        """Give the value of a cell."""
        return float(self.row(indicator, area, period, breakdown)["value"])

    def series(self, indicator: str, area: str, breakdown: str = "") -> dict[str, float]:
        """Give the values of all periods that are not zero."""
        frame = self.frame
        of = frame[
            (frame["indicator"] == indicator)
            & (frame["area_id"] == area)
            & (frame["breakdown"] == breakdown)
            & (frame["value"] != 0)
        ]
        return dict(zip(of["period"], of["value"], strict=True))

    def breakdowns(self, indicator: str, area: str, period: str) -> dict[str, float]:
        """Give the values of all breakdowns of a cell that are not zero."""
        frame = self.frame
        of = frame[
            (frame["indicator"] == indicator)
            & (frame["area_id"] == area)
            & (frame["period"] == period)
            & (frame["value"] != 0)
        ]
        return dict(zip(of["breakdown"], of["value"], strict=True))


@pytest.fixture(scope="session")
def observed(small_data):
    """Everything that is computed of the small city, from 2024-Q1 to 2025-Q2."""
    return Observed(indicators.compute(small_data, "2025Q2"))


@pytest.fixture(scope="session")
def observe_fields():
    """Compute some fields of other data: ``observe_fields(data, "funding")``."""

    def observe_fields(data, fields, quarter="2025Q2"):
        return Observed(indicators.compute(data, quarter, fields))

    return observe_fields


@pytest.fixture(scope="session")
def observe():
    """Compute single indicators of other data: ``observe(data, "referrals", "contacts")``."""

    def observe(data, *ids, quarter="2025Q2"):
        chosen = [entry for entry in indicators.CATALOGUE if entry.id in ids]
        assert len(chosen) == len(ids)
        return Observed(indicators.compute(data, quarter, indicators=chosen))

    return observe


@pytest.fixture
def changed(small_city, change):
    """Load the small city with texts of its files changed, and faults allowed."""
    from ostwerk_analysis import load

    def changed(*changes):
        change(small_city / "programme.toml", "seed = 7", "seed = 7\nfault_limit_pct = 100")
        for file, old, new in changes:
            change(small_city / file, old, new)
        return load(small_city)

    return changed


@pytest.fixture(scope="session")
def with_contacts(small_data):
    """Put other contacts into the small city: ``with_contacts("2024-01-05 advice b1 s1", ...)``.

    Each is a day, a kind, an enterprise (``b1``), a person (``p1``) or nobody (``-``), a site or
    none (``-``), and ``column=value`` for the rest.
    """

    def with_contacts(*contacts):
        rows = []
        for number, contact in enumerate(contacts):
            day, kind, who, site, *more = contact.split()
            client = {"b": "business_id", "p": "participant_id"}.get(who[0])
            rows.append(
                {"contact_id": f"c{number}", "occurred_on": pd.Timestamp(day), "kind": kind}
                | ({client: who} if client else {})
                | ({"site_id": site} if site != "-" else {})
                | dict(word.split("=") for word in more)
            )
        empty = small_data.contacts.iloc[:0]
        table = pd.DataFrame(rows, columns=empty.columns).astype(empty.dtypes.to_dict())
        return dataclasses.replace(small_data, tables=small_data.tables | {"contacts": table})

    return with_contacts
