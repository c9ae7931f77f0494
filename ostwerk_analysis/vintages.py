"""Districts that are cut anew: merged, divided, drawn otherwise, or given another code.

A ledger says what became of each district on which day. By it, figures that were published for
districts of an earlier cut are brought to the latest one, change after change, so that a series
crosses the boundary change. What is counted is shared out and added up: exactly where districts
were merged, estimated where one was divided. A rate is not: it is made anew of its parts.
"""

from collections.abc import Collection, Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .faults import DataError

COLUMNS = ["from_id", "to_id", "changed_on", "share"]

SLIVER_WIDTH_M = 1.0
"""Two cuts that overlap by so little, on average, have a border in common that was drawn twice."""

MERGED = "sum of the districts before they were merged"
DIVIDED = "estimated: a district has been cut anew"
FIRST = "first figure in the new cut of districts"
NO_RATE = "a rate cannot be brought to another cut of districts"
LOST = "a district is missing"
"""What ``quality_note`` says of figures brought to another cut."""

_STRENGTH = ("A", "B", "P", "E")
"""Statuses from the strongest to the weakest."""


def ledger(
    changes: pd.DataFrame | None,
    former: gpd.GeoDataFrame | None,
    districts: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Say what became of districts.

    Parameters
    ----------
    changes : DataFrame, optional
        Rows of the table ``district_changes``. Where it is given, polygons are not asked.
    former : GeoDataFrame, optional
        Districts with ``valid_to``, that are no longer there: what became of one is told by the
        districts that were valid the day after, by their share of its area.
    districts : GeoDataFrame
        Those that are valid now.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`; ``share`` is the part of ``from_id`` that went to ``to_id``, those of one
        district and day add up to 1; ``changed_on`` is the first day of the new cut.

    Raises
    ------
    DataError
        If a former district has ended and no other one lies where it was.
    """
    if changes is not None:
        known = changes.assign(share=changes["share_pct"].fillna(100.0))
        whole = known.groupby(["from_id", "changed_on"])["share"].transform("sum")
        return known.assign(share=known["share"] / whole)[COLUMNS].reset_index(drop=True)
    if former is None or former.empty:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype(
            {"changed_on": "datetime64[ns]", "share": "float64"}
        )
    rows = [row for one in former.itertuples() for row in _became(one, former, districts)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _became(gone: tuple, former: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> Iterator[list]:
    """Find the districts that lay where one was, the day after it ended."""
    day = gone.valid_to + pd.Timedelta(days=1)  # type: ignore[attr-defined]
    code, shape = gone.district_id, gone.geometry  # type: ignore[attr-defined]
    every = pd.concat([former, districts], ignore_index=True)
    is_there = ~(every["valid_from"] > day) & ~(every["valid_to"] < day)
    then = every[is_there & (every["district_id"] != code)]
    common = shapely.intersection(then.geometry.to_numpy(), shape)
    area = np.where(
        2 * shapely.area(common) <= SLIVER_WIDTH_M * shapely.length(common),
        0.0,
        shapely.area(common),
    )
    if not area.any():
        raise DataError(
            "districts: {code} ended on {day}, and no district lies where it was from then on. Say "
            "in the table district_changes what became of it.",
            code=code,
            day=gone.valid_to.date().isoformat(),  # type: ignore[attr-defined]
        )
    for to_id, part in zip(then["district_id"], area / area.sum(), strict=True):
        if part > 0:
            yield [code, to_id, day, part]


def successors(changes: pd.DataFrame, current: Collection[str]) -> pd.DataFrame:
    """Say in which districts of today those lie that are no longer there.

    Parameters
    ----------
    changes : DataFrame
        As from :func:`ledger`.
    current : collection of str
        Codes of the districts that are valid now. A code that is used again is one of them.

    Returns
    -------
    DataFrame
        ``from_id``, ``to_id``, ``share``; those of a district add up to 1.
    """
    fate: dict[str, dict[str, float]] = {}  # of a code as it was at the time of the step
    last: dict[str, dict[str, float]] = {}
    for _, step in sorted(changes.groupby("changed_on"), key=lambda one: one[0], reverse=True):
        became: dict[str, dict[str, float]] = {}
        for row in step.itertuples():
            parts = became.setdefault(row.from_id, {})
            for to_id, part in fate.get(row.to_id, {row.to_id: 1.0}).items():
                parts[to_id] = parts.get(to_id, 0.0) + row.share * part
        fate |= became
        last = became | last
    rows = [
        [code, to_id, share]
        for code, parts in last.items()
        if code not in current
        for to_id, share in parts.items()
    ]
    return pd.DataFrame(rows, columns=["from_id", "to_id", "share"])


def to_latest(
    figures: pd.DataFrame,
    changes: pd.DataFrame,
    current: Collection[str],
    *,
    is_extensive: bool,
) -> pd.DataFrame:
    """Bring figures of districts to the latest cut.

    A figure belongs to the cut that was valid on the last day of its period. One that was published
    under a code that had ended by then is moved all the same.

    Parameters
    ----------
    figures : DataFrame
        Of one statistic: ``district_id``, ``area_level``, ``period``, ``value``, ``obs_status``,
        and ``breakdown`` where it has one. Rows of other levels are left as they are.
    changes : DataFrame
        As from :func:`ledger`.
    current : collection of str
        Codes of the districts that are valid now.
    is_extensive : bool
        Whether it may be added up, as counts may. A rate may not: where more than a code has
        changed it is missing.

    Returns
    -------
    DataFrame
        The columns given and ``quality_note``. A figure to which a part of a divided district
        belongs is estimated (E), and the first one after it begins a new series (B).

    Raises
    ------
    DataError
        If there are figures of a successor from before it came about.
    """
    if changes.empty:
        return figures
    frame = figures.assign(quality_note="")
    if "breakdown" not in frame:
        frame = frame.assign(breakdown="")
    is_district = frame["area_level"] == "district"
    rows, others = frame[is_district], frame[~is_district]
    touched = rows["district_id"].isin({*changes["from_id"]})
    if not touched.any():
        return figures
    for day, step in sorted(changes.groupby("changed_on"), key=lambda one: one[0]):
        later = set(changes.loc[changes["changed_on"] >= day, "to_id"])
        gone = set(step["from_id"]) - later - set(current)
        is_before = _ends(rows["period"]) < day
        is_moved = rows["district_id"].isin(step["from_id"]) & (
            is_before | rows["district_id"].isin(gone)
        )
        moved, stay = rows[is_moved], rows[~is_moved]
        if moved.empty:
            continue
        _refuse_doubled(stay[is_before[~is_moved]], moved, step, day)
        done = _moved(moved, step, is_extensive=is_extensive)
        rows = pd.concat([stay, done[rows.columns]], ignore_index=True)
        divided = done.groupby("district_id")["obs_status"].agg(lambda status: "E" in set(status))
        rows = _first_marked(rows, day, divided)
    whole = pd.concat([rows, others]).sort_values(
        ["area_level", "district_id", "period", "breakdown"], ignore_index=True
    )
    return whole if "breakdown" in figures else whole.drop(columns="breakdown")


def _ends(period: pd.Series) -> pd.Series:
    """Give the last day of quarters and years."""
    quarter = period.str[-1:].where(period.str.contains("Q"), "4").astype(int)
    month = (3 * quarter).astype("str").str.zfill(2)
    first = pd.to_datetime(period.str[:4] + "-" + month + "-01")
    return first + pd.offsets.MonthEnd(0)


def _refuse_doubled(
    before: pd.DataFrame, moved: pd.DataFrame, step: pd.DataFrame, day: pd.Timestamp
) -> None:
    """Refuse figures of a successor from before it came about: they would count twice, or be lost.

    Raises
    ------
    DataError
        With the remedy for both: the office has recalculated them, or the code was there before.
    """
    early = before[before["district_id"].isin(step["to_id"])]
    both = early.merge(
        moved[["district_id", "period", "breakdown"]].merge(
            step[["from_id", "to_id"]], left_on="district_id", right_on="from_id"
        )[["from_id", "to_id", "period", "breakdown"]],
        left_on=["district_id", "period", "breakdown"],
        right_on=["to_id", "period", "breakdown"],
    )
    if len(both):
        row = both.iloc[0]
        raise DataError(
            "statistics: there are figures of {to_id} for {period}, but by district_changes it "
            "came about on {day}, of {from_id}, which has figures too. If the code {to_id} was in "
            "use before, add the change from {to_id} to {to_id}; if the office has recalculated "
            "its figures, leave those of {from_id} out.",
            to_id=row["to_id"],
            period=row["period"],
            day=day.date().isoformat(),
            from_id=row["from_id"],
        )


def _moved(moved: pd.DataFrame, step: pd.DataFrame, *, is_extensive: bool) -> pd.DataFrame:
    """Bring the figures of one change from its districts to their successors."""
    cell = ["to_id", "period", "breakdown"]
    parts = moved.merge(
        step[["from_id", "to_id", "share"]], left_on="district_id", right_on="from_id"
    )
    parts["rank"] = parts["obs_status"].map(_rank).mask(parts["share"] < 1, _rank("E"))
    parts["is_divided"] = (parts["share"] < 1) | (parts["quality_note"] == DIVIDED)
    parts["note"] = parts["quality_note"]
    parts["value"] = parts["value"].mask(parts["share"] < 1, parts["value"] * parts["share"])
    made = parts.groupby(cell, as_index=False).agg(
        value=("value", "sum"),
        known=("value", "count"),
        size=("value", "size"),
        rank=("rank", "max"),
        is_divided=("is_divided", "any"),
        note=("note", "max"),
    )
    needed = step.groupby("to_id").size()
    needed = made["to_id"].map(needed)
    is_one = (needed == 1) & ~made["is_divided"]  # only the code is another
    complete = made["known"] == needed
    status = made["rank"].map(_STRENGTH.__getitem__)
    note = pd.Series(np.where(made["is_divided"], DIVIDED, MERGED), made.index)
    note = note.mask(is_one, made["note"]).where(complete, LOST)
    if not is_extensive:
        complete &= is_one
        note = note.where(is_one, NO_RATE)
    value = made["value"].round(6).where(complete)
    done = made.assign(
        district_id=made["to_id"],
        area_level="district",
        value=value,
        obs_status=status.where(complete, "M"),
        quality_note=note,
    )
    rest = [name for name in moved if name not in done]
    return done.assign(**{name: moved[name].iloc[0] for name in rest})


def _rank(status: str) -> int:
    """Rank a status; a missing value has no rank of its own."""
    return _STRENGTH.index(status) if status in _STRENGTH else 0


def _first_marked(rows: pd.DataFrame, day: pd.Timestamp, divided: pd.Series) -> pd.DataFrame:
    """Mark the first figures after a change, as a break where those before are estimated.

    ``divided`` says of each district of the new cut whether they are.
    """
    ends = _ends(rows["period"])
    is_year = rows["period"].str.len() == len("2026")
    note, status = rows["quality_note"].copy(), rows["obs_status"].copy()
    for code, is_divided in divided.items():
        after = (rows["district_id"] == code) & (ends >= day) & (note == "")
        for of_frequency in (is_year, ~is_year):
            there = after & of_frequency
            first = there & (ends == ends[there].min())
            note[first] = FIRST
            status[first & (status == "A") & is_divided] = "B"
    return rows.assign(quality_note=note, obs_status=status)
