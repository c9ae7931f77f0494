"""Areas that hold a part of a district: what is known by district only is counted by that part.

A unit counts by the largest part that any of its events in the cell has in the area, a sum by the
part of each event. Both are added up from layers: the layer of a share holds every district of
which at least so much lies in the area, and weighs as much as the share exceeds the next smaller
one. So a weighted count is a few plain counts, and all that counts units once stays as it is.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

NOTES = {
    "stated": "estimated by stated shares of districts",
    "addresses": "estimated by shares of addresses",
    "area": "estimated by shares of area",
    "cuts": "estimated: a district has been cut anew",
}
"""What ``quality_note`` says of an estimated value, by the method of the shares."""

HALF = 0.5
"""A median is that of the districts of which so much lies in the area: it cannot be weighted by
layers."""

_PLACE = ["area_level", "area_id"]


def spread(areas: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Replace areas that hold parts of districts by their layers.

    Parameters
    ----------
    areas : DataFrame
        ``district_id``, ``area_level``, ``area_id``, and ``share`` and ``method`` where districts
        may lie in an area by a part.

    Returns
    -------
    areas : DataFrame
        The same where all districts lie in their areas wholly.
    layers : DataFrame
        ``area_level``, ``layer``, ``area_id``, ``height``, ``note``, and which one is the
        ``first`` (any part), the ``middle`` (half) and the ``whole``.
    """
    columns = ["area_level", "layer", "area_id", "height", "note", "first", "middle", "whole"]
    if "share" not in areas or (areas["share"] == 1).all():
        return areas, pd.DataFrame(columns=columns)
    is_city = areas["area_level"] == "city"  # which all events lie in
    partial = areas[(areas["share"] < 1) & ~is_city]
    is_layered = pd.MultiIndex.from_frame(areas[_PLACE]).isin(
        pd.MultiIndex.from_frame(partial[_PLACE])
    )
    rows, members = [], [areas[~is_layered]]
    for (level, area_id), inside in areas[is_layered].groupby(_PLACE, sort=False):
        steps = np.unique(inside["share"])
        middle = steps[steps >= HALF][0] if steps[-1] >= HALF else steps[-1]
        method = inside.loc[inside["share"] < 1, "method"].iloc[0]
        for number, (below, step) in enumerate(pairwise([0.0, *steps])):
            layer = f"{area_id}\x1f{number}"
            which = step == steps[0], step == middle, step == 1
            rows.append([level, layer, area_id, step - below, NOTES[method], *which])
            members.append(inside[inside["share"] >= step].assign(area_id=layer))
    return pd.concat(members, ignore_index=True), pd.DataFrame(rows, columns=columns)


def together(added: pd.DataFrame, layers: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Add up the cells of layers to those of their areas.

    Parameters
    ----------
    added : DataFrame
        Cells of plain areas and of layers, with ``value``, ``n_units`` and contributions.
    layers : DataFrame
        As from :func:`spread`.
    kind : str
        Of the indicator: a median has one layer only.

    Returns
    -------
    DataFrame
        ``n_units`` is the number of all units behind a value, and a contribution that of the whole
        unit, at most the value. ``estimated`` is the note of a value of which a part is shared
        out, else empty; it is left out where there are no layers.
    """
    if layers.empty:
        return added
    added = added.astype(dict.fromkeys([*_PLACE, "period", "breakdown"], "str"))
    both = added.rename(columns={"area_id": "layer"}).merge(
        layers, on=["area_level", "layer"], how="left"
    )
    is_plain = both["height"].isna()
    both = both.assign(area_id=both["area_id"].fillna(both["layer"]), estimated="")
    plain = both[is_plain]
    cells, layered = [*_PLACE, "period", "breakdown"], both[~is_plain]
    first = layered[layered["first"] == True].set_index(cells)  # noqa: E712 may be missing
    whole = layered[layered["whole"] == True].set_index(cells)  # noqa: E712
    whole = whole[["value", "n_units"]].reindex(first.index).fillna(0)
    if kind == "median":
        values = layered[layered["middle"] == True].set_index(cells)  # noqa: E712
        first["value"], first["n_units"] = values["value"], values["n_units"]
    is_shared = (first["value"] != whole["value"]) | (first["n_units"] != whole["n_units"])
    if kind != "median":
        weighted = (layered["value"] * layered["height"].astype("float64")).to_numpy()
        value = layered.assign(value=weighted).groupby(cells)["value"].sum()
        first["value"] = value.reindex(first.index).round(6)
        for name in ("largest_1", "largest_2"):
            first[name] = np.minimum(first[name], first["value"])
    first["estimated"] = first["note"].where(is_shared, "")
    columns = [*cells, "value", "n_units", "largest_1", "largest_2", "estimated"]
    done = pd.concat([plain[columns], first.reset_index()[columns]], ignore_index=True)
    return done.astype({"n_units": added["n_units"].dtype, "value": "float64"})


def marked(observed: pd.DataFrame) -> pd.DataFrame:
    """Mark the values of which a part was shared out as estimated, and say by what."""
    if "estimated" not in observed:
        return observed
    note = observed["estimated"].fillna("")
    is_shared = (note != "") & (observed["obs_status"] != "M")
    status, said = (observed[name].astype("str") for name in ("obs_status", "quality_note"))
    return observed.drop(columns="estimated").assign(
        obs_status=status.mask(is_shared, "E"),
        quality_note=said.mask(is_shared & (said == ""), note),
    )
