"""From events to observations: every indicator is added up by the same few functions.

A cell is an area, a period and a breakdown. Every cell that could have had an event has a row, so
that a zero is a zero and never a gap.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import observations as obs
from ..codes import UNKNOWN
from ..periods import complete_years, quarters_of
from .declaration import Indicator

WHOLE_AREAS = ("city", "programme", "comparison")
"""Area levels for which breakdowns beyond an indicator's first are given: finer cells would be
empty or confidential."""
WEAKNESS = ("A", "B", "P", "E")
"""Statuses from the strongest to the weakest: what is made of several has the weakest of theirs."""


def observe(
    indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame, quarters: Sequence[str]
) -> pd.DataFrame:
    """Add up the events of an indicator.

    Parameters
    ----------
    indicator : Indicator
    events : DataFrame
        As :class:`Indicator` describes them.
    areas : DataFrame
        Which district belongs to which area: ``district_id``, ``area_id``, ``area_level``; the city
        has all events, also those without a district.
    quarters : sequence of str, shape (n,)
        Without gaps, the first and the last one included.

    Returns
    -------
    DataFrame
        Internal observations.
    """
    if indicator.timing == "published":
        return _published(indicator, events, areas)
    if indicator.kind == "sum":  # the last digits of a sum depend on the order of its parts
        events = events.sort_values(["unit_id", "date", "value"], ignore_index=True)
    areas = areas[areas["area_level"].isin(indicator.levels)]
    known = events["value"].notna()
    added = _added(indicator, events[known], areas, quarters)
    if known.all():
        added = added.assign(obs_status="A", quality_note="")
    else:
        unknown = events[~known].assign(value=1.0)
        added = _with_gaps(added, _added(indicator, unknown, areas, quarters))
    return added.assign(indicator=indicator.id, unit=indicator.unit, conf_status="F")


def _added(
    indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame, quarters: Sequence[str]
) -> pd.DataFrame:
    """Add up events in all cells of all splits."""
    first, *others = indicator.splits
    every = areas[["area_id", "area_level"]].drop_duplicates()
    whole = every[every["area_level"].isin(WHOLE_AREAS)]
    until = ["until"] if indicator.timing == "stock" else []
    names = {
        "unit_id",
        "district_id",
        "date",
        "value",
        *until,
        *(n for s in indicator.splits for n in s),
    }
    events = events[sorted(names)]
    parts = []
    for split, given in ((first, every), *((split, whole) for split in others)):
        located = _locate(events, areas[areas["area_id"].isin(given["area_id"])])
        if indicator.timing == "stock":
            parts.append(_stock(located, given, split, quarters))
        elif indicator.is_to_date:
            parts.append(_to_date(indicator, located, given, split, quarters))
        else:
            parts.append(_flow(indicator, located, given, split, quarters))
    return pd.concat(parts, ignore_index=True)


def _with_gaps(added: pd.DataFrame, unknown: pd.DataFrame) -> pd.DataFrame:
    """Mark sums of which a part is not known as estimated, or missing where none is known."""
    both = added.merge(unknown[[*CELL, "n_units"]], on=CELL, how="outer", suffixes=("", "_unknown"))
    numbers = ["value", "n_units", "largest_1", "largest_2", "n_units_unknown"]
    both[numbers] = both[numbers].fillna(0)
    is_gap = both.pop("n_units_unknown") > 0
    is_missing = is_gap & (both["n_units"] == 0)
    return both.assign(
        value=both["value"].mask(is_missing),
        obs_status=np.select([is_missing, is_gap], ["M", "E"], "A"),
        quality_note=np.where(is_gap, "some values are not known", ""),
    )


def _locate(events: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Repeat each event for every area it lies in; all of them lie in the city."""
    city = areas.loc[areas["area_level"] == "city", ["area_id", "area_level"]].drop_duplicates()
    below = areas[areas["area_level"] != "city"]
    return pd.concat(
        [events.merge(city, how="cross"), events.merge(below, on="district_id")],
        ignore_index=True,
    )


def _breakdowns(frame: pd.DataFrame, split: Sequence[str]) -> pd.Series:
    """Write each row's breakdown by the dimensions of a split."""
    written = pd.Series("", frame.index, dtype="str")
    for name in sorted(split):
        # A unit without a known class stays in the breakdown, or the parts would not add up.
        codes = frame[name].astype("str").fillna(UNKNOWN)
        part = codes.map({code: obs.breakdown({name: code}) for code in codes.unique()})
        written = part if not written.any() else written + "&" + part
    return written.astype("str")


def _cells(given: pd.DataFrame, periods: Sequence[str], breakdowns: Sequence[str]) -> pd.DataFrame:
    """Make every cell that could have an event."""
    period = pd.DataFrame({"period": pd.Series(list(periods), dtype="str")})
    broken = pd.DataFrame({"breakdown": pd.Series(list(breakdowns), dtype="str")})
    return given.merge(period, how="cross").merge(broken, how="cross")


CELL = ["area_level", "area_id", "period", "breakdown"]


def _add_up(indicator: Indicator, events: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Add up events in cells: value, number of units, and the two largest contributions."""
    by_unit = events.groupby([*CELL, "unit_id"], observed=True, sort=False)["value"].sum()
    if indicator.kind == "count":
        by_unit[:] = 1.0
    contributions = by_unit.reset_index().sort_values("value", ascending=False, kind="stable")
    grouped = contributions.groupby(CELL, observed=True, sort=False)["value"]
    rank = grouped.cumcount()
    added = grouped.agg(value="sum", n_units="size")
    added["largest_1"] = contributions[rank == 0].set_index(CELL)["value"]
    added["largest_2"] = contributions[rank == 1].set_index(CELL)["value"]
    filled = cells.merge(added.reset_index(), on=CELL, how="left")
    numbers = ["value", "n_units", "largest_1", "largest_2"]
    filled[numbers] = filled[numbers].fillna(0)
    return filled


def _flow(
    indicator: Indicator,
    located: pd.DataFrame,
    given: pd.DataFrame,
    split: Sequence[str],
    quarters: Sequence[str],
) -> pd.DataFrame:
    """Add up what happened in each quarter and each complete year."""
    dated = located.assign(
        period=quarters_of(located["date"]), breakdown=_breakdowns(located, split)
    )
    dated = dated[dated["period"].isin(quarters)]
    years = complete_years(quarters)
    yearly = dated.assign(period=dated["period"].str[:4])
    both = pd.concat([dated, yearly[yearly["period"].isin(years)]], ignore_index=True)
    codes = dated["breakdown"].unique() if split else [""]
    return _add_up(indicator, both, _cells(given, [*quarters, *years], codes))


def _to_date(
    indicator: Indicator,
    located: pd.DataFrame,
    given: pd.DataFrame,
    split: Sequence[str],
    quarters: Sequence[str],
) -> pd.DataFrame:
    """Add up what happened from the first quarter to the end of each one."""
    dated = located.assign(
        quarter=quarters_of(located["date"]), breakdown=_breakdowns(located, split)
    )
    dated = dated[dated["quarter"].isin(quarters)]
    position = pd.Index(quarters).get_indexer(dated["quarter"])
    # Each event counts in its own quarter and in all that follow.
    repeats = len(quarters) - position
    rows = np.repeat(np.arange(len(dated)), repeats)
    starts = np.repeat(np.cumsum(repeats) - repeats, repeats)
    later = np.repeat(position, repeats) + (np.arange(len(rows)) - starts)
    counted = dated.iloc[rows].assign(period=np.asarray(quarters, dtype=object)[later])
    counted["period"] = counted["period"].astype("str")
    codes = dated["breakdown"].unique() if split else [""]
    return _add_up(indicator, counted, _cells(given, quarters, codes))


def _stock(
    located: pd.DataFrame, given: pd.DataFrame, split: Sequence[str], quarters: Sequence[str]
) -> pd.DataFrame:
    """Count the units that are there at the end of each quarter."""
    broken = located.assign(breakdown=_breakdowns(located, split))
    place = ["area_level", "area_id", "breakdown"]
    columns = pd.Index(quarters)

    def change(day: pd.Series) -> pd.DataFrame:
        quarter = quarters_of(day)
        # What began before the series is there from its first quarter on.
        quarter = quarter.where(~(quarter < quarters[0]), quarters[0])
        counts = broken.assign(period=quarter).groupby([*place, "period"], observed=True).size()
        return counts.unstack("period").reindex(columns=columns)  # noqa: PD010

    codes = broken["breakdown"].unique() if split else [""]
    cells = _cells(given, quarters, codes)
    every = pd.MultiIndex.from_frame(cells[place].drop_duplicates())
    # A unit whose beginning is unknown has been there all along.
    begun = change(broken["date"].fillna(pd.Timestamp(0)))
    ended = change(broken["until"])
    changes = begun.reindex(every).fillna(0) - ended.reindex(every).fillna(0)
    there = changes.cumsum(axis=1).reset_index(names=place).melt(place, var_name="period")
    there["largest_1"] = there["value"].clip(upper=1)
    there["largest_2"] = (there["value"] >= 2).astype(float)
    return there.assign(n_units=there["value"].astype("Int64"))


def _published(indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Take over official figures, and add up counts for areas that the office does not publish.

    A level that the office publishes for the statistic at all, in whatever period, is left as it
    published it: its figures need not be the sum of the districts'.
    """
    given = events.rename(columns={"district_id": "area_id"})
    columns = ["area_id", "area_level", "period", "value", "obs_status", "quality_note"]
    parts = [given.assign(quality_note="")[columns]]
    if indicator.kind in {"count", "sum"}:
        districts = given[given["area_level"] == "district"].rename(
            columns={"area_id": "district_id"}
        )
        published = set(given["area_level"])
        open_levels = areas[~areas["area_level"].isin(published | {"district"})]
        merged = open_levels.merge(districts.drop(columns="area_level"), on="district_id")
        size = open_levels.groupby(["area_level", "area_id"]).size().rename("size")
        # One district missing leaves the sum missing: a gap is not a zero.
        merged["weakness"] = merged["obs_status"].map(_weakness)
        added = merged.groupby(["area_level", "area_id", "period"], as_index=False).agg(
            value=("value", "sum"), counted=("value", "count"), weakness=("weakness", "max")
        )
        added = added.merge(size.reset_index(), on=["area_level", "area_id"])
        complete = added["counted"] == added["size"]
        added["value"] = added["value"].where(complete)
        added["obs_status"] = added["weakness"].map(WEAKNESS.__getitem__).where(complete, "M")
        added["quality_note"] = np.where(complete, "sum of districts", "a district is missing")
        parts.append(added[columns])
    observed = pd.concat(parts, ignore_index=True)
    return observed.assign(
        indicator=indicator.id,
        breakdown="",
        unit=indicator.unit,
        n_units=pd.NA,
        conf_status="F",
        largest_1=np.nan,
        largest_2=np.nan,
    )


def _weakness(status: str) -> int:
    """Rank a status; a missing value has no rank of its own."""
    return WEAKNESS.index(status) if status in WEAKNESS else 0


def derive(parts: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Compute rates and ratios from their parts, cell by cell.

    It is used on internal observations and again on protected ones: a rate whose part is
    suppressed is suppressed too, and one whose part is missing, or whose denominator is zero, is
    missing.

    Parameters
    ----------
    parts : DataFrame
        Observations of numerators and denominators.
    catalogue : DataFrame
        One row for each indicator, as :func:`catalogue_frame` makes it.

    Returns
    -------
    DataFrame
        Observations of the derived indicators only.
    """
    derived = []
    for entry in catalogue[catalogue["numerator"] != ""].to_dict("records"):
        upper = parts[parts["indicator"] == entry["numerator"]]
        lower = parts[parts["indicator"] == entry["denominator"]]
        both = upper.merge(lower, on=CELL, suffixes=("", "_below"))
        hidden = (both["conf_status"] != "F") | (both["conf_status_below"] != "F")
        missing = both["value"].isna() | both["value_below"].isna() | (both["value_below"] == 0)
        value = entry["scale"] * both["value"] / both["value_below"].where(~missing)
        note = both["quality_note"].where(both["quality_note"] != "", both["quality_note_below"])
        note = note.mask(both["value_below"] == 0, "nothing to divide by")
        weakness = both[["obs_status", "obs_status_below"]].map(_weakness).max(axis=1)
        frame = both[CELL].assign(
            indicator=entry["indicator"],
            value=value.where(~hidden & ~missing),
            unit=entry["unit"],
            n_units=both["n_units"].where(~hidden),
            obs_status=weakness.map(WEAKNESS.__getitem__).mask(missing, "M").mask(hidden, "A"),
            conf_status=np.where(hidden, "D", "F"),
            quality_note=note.mask(hidden, ""),
        )
        if "largest_1" in parts:
            frame = frame.assign(largest_1=np.nan, largest_2=np.nan)
        derived.append(frame)
    if not derived:
        return parts.iloc[:0]
    return obs.tidy(pd.concat(derived, ignore_index=True))
