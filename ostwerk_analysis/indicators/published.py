"""Official figures: taken over, and added up for areas that the office does not publish."""

import numpy as np
import pandas as pd

from .. import observations as obs
from .. import vintages
from .declaration import Indicator
from .shares import NOTES


def published(indicator: Indicator, events: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Take over official figures, and add up counts for areas that the office does not publish.

    A level that the office publishes for the statistic at all, in whatever period, is left as it
    published it: its figures need not be the sum of the districts'. Of a district that lies in an
    area by a part, that part is added.
    """
    given = events.rename(columns={"district_id": "area_id"})
    for optional in ("breakdown", "quality_note"):
        if optional not in given:
            given = given.assign(**{optional: ""})
    columns = ["area_level", "area_id", "period", "breakdown"]
    columns += ["value", "obs_status", "quality_note"]
    parts = [given[columns]]
    if indicator.kind in {"count", "sum"}:
        is_total = (given["area_level"] == "district") & (given["breakdown"] == "")
        districts = given[is_total].rename(columns={"area_id": "district_id"})
        published = set(given["area_level"])
        open_levels = areas[~areas["area_level"].isin(published | {"district"})]
        merged = open_levels.merge(districts.drop(columns="area_level"), on="district_id")
        size = open_levels.groupby(["area_level", "area_id"]).size().rename("size")
        # One district missing leaves the sum missing: a gap is not a zero.
        merged["weakness"] = merged["obs_status"].map(obs.weakness)
        # What a district's own series tells of its cut does not matter to a sum of districts, and
        # the parts of a divided one are all in the city.
        is_aside = merged["quality_note"].isin([vintages.MERGED, vintages.FIRST])
        is_aside |= (merged["quality_note"] == vintages.DIVIDED) & (merged["area_level"] == "city")
        merged.loc[is_aside, ["weakness", "quality_note"]] = [0, ""]
        if "share" in merged:
            is_part = merged["share"] < 1
            merged["value"] = merged["value"].mask(
                is_part, (merged["value"] * merged["share"]).round(6)
            )
            merged["weakness"] = merged["weakness"].mask(is_part, obs.weakness("E"))
            by = merged["method"].where(is_part).map(NOTES)
            merged["quality_note"] = by.fillna(merged["quality_note"])
        added = merged.groupby(["area_level", "area_id", "period"], as_index=False).agg(
            value=("value", "sum"),
            counted=("value", "count"),
            weakness=("weakness", "max"),
            shared=("quality_note", "max"),
        )
        added = added.merge(size.reset_index(), on=["area_level", "area_id"])
        complete = added["counted"] == added["size"]
        added["value"] = added["value"].where(complete)
        added["obs_status"] = added["weakness"].map(obs.WEAKNESS.__getitem__).where(complete, "M")
        note = added["shared"].mask(added["shared"] == "", "sum of districts")
        added["quality_note"] = note.where(complete, "a district is missing")
        parts.append(added.assign(breakdown="")[columns])
    observed = pd.concat(parts, ignore_index=True)
    return observed.assign(
        indicator=indicator.id,
        unit=indicator.unit,
        n_units=pd.array([pd.NA] * len(observed), dtype="Int64"),
        conf_status="F",
        largest_1=np.nan,
        largest_2=np.nan,
    )
