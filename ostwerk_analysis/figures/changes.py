"""What has changed since the release before: which cells, by how much, and what may be why."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..language import number, quarter, text
from ..observations import KEY
from .sentences import section
from .values import NOTHING, SUPPRESSED, Figure, entry, note, part_label, states

SAME_TO = 1e-9
"""Relative difference up to which two values are the same: sums may add up in another order."""
MOST = 25
"""Indicators in the table: those with most changes."""
KINDS = {
    "changed": "Changed",
    "hidden": "Now secret",
    "shown": "No longer secret",
    "withdrawn": "Withdrawn",
    "added": "Added",
}
"""Kind of change to a cell of quarters that both releases have = its heading."""


def changes(published: Any, earlier: Any, *, language: str = "de") -> Figure:
    """Compare a release with the one before: new, changed and withdrawn cells.

    Both are public, so nothing is told that could not be seen by subtracting them.

    Parameters
    ----------
    published : Release
    earlier : Release or None
        As :func:`ostwerk_analysis.release.before` gives it.
    language : {"de", "en"}
    """
    if earlier is None:
        return note(
            text("There is no release before this one with which it could be compared.", language),
            language,
        )
    cells = compared(published.observations, earlier.observations)
    is_new_period = ~cells["period"].isin(set(earlier.observations["period"]))
    new = int((is_new_period & (cells["kind"] == "added")).sum())
    cells = cells[~is_new_period]
    counts = cells["kind"].value_counts()
    of_both = [
        f"{text(heading, language)}: {number(int(counts.get(kind, 0)), '', language)}"
        for kind, heading in KINDS.items()
    ]
    is_same = len(cells) == counts.get("", 0)
    message = (
        "Compared with {name}: {new} cells of periods that are new. All {all} cells of the periods "
        "before are as they were."
        if is_same
        else "Compared with {name}: {new} cells of periods that are new. Of {all} cells of the "
        "periods before, {same} are as they were."
    )
    said = [
        text(
            message,
            language,
            name=earlier.name,
            new=number(new, "", language),
            all=number(len(cells), "", language),
            same=number(int(counts.get("", 0)), "", language),
        ),
        *(["; ".join(of_both) + "."] if not is_same else []),
        *_causes(published, earlier, language),
    ]
    other = cells[cells["kind"] != ""]
    by_indicator = other.groupby("indicator").size().sort_values(ascending=False)
    places = published.place_names | published.area_names(language)
    rows = []
    for indicator in by_indicator.index[:MOST]:
        own = other[other["indicator"] == indicator]
        kinds = own["kind"].value_counts()
        declared = entry(published.catalogue, str(indicator))
        rows.append(
            [
                str(declared[f"label_{language}"]),
                *(number(int(kinds.get(kind, 0)), "", language) for kind in KINDS),
                _largest(own, declared, places, published.names(language), language),
            ]
        )
    if len(by_indicator) > MOST:
        message = "The table has the {count} indicators with most changes, of {all}."
        said.append(text(message, language, count=MOST, all=len(by_indicator)))
    heads = [text("Indicator", language), *(text(head, language) for head in KINDS.values())]
    title = text("Changes to the release before", language)
    heads.append(text("Largest change", language))
    return section(title, said, heads, rows, language, is_behind=True)


def compared(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Set the cells of two releases side by side.

    Returns
    -------
    DataFrame
        :data:`KEY`, ``value`` and ``value_before``, and ``kind``: a key of :data:`KINDS`, empty for
        a cell that is as it was.
    """
    sides = [
        rows[[*KEY, "value"]].astype(dict.fromkeys(KEY, "str")).assign(state=states(rows))
        for rows in (now, before)
    ]
    both = sides[0].merge(sides[1], on=KEY, how="outer", suffixes=("", "_before"), indicator="side")
    value, past = both["value"].to_numpy(dtype=float), both["value_before"].to_numpy(dtype=float)
    is_same = np.isclose(value, past, rtol=SAME_TO, atol=0, equal_nan=True)
    is_hidden = (both["state"] == SUPPRESSED).to_numpy()
    was_hidden = (both["state_before"] == SUPPRESSED).to_numpy()
    side = both["side"].to_numpy()
    kind = np.select(
        [
            side == "left_only",
            side == "right_only",
            is_hidden & ~was_hidden,
            was_hidden & ~is_hidden,
            ~is_same,
        ],
        ["added", "withdrawn", "hidden", "shown", "changed"],
        "",
    )
    return both[[*KEY, "value", "value_before"]].assign(kind=kind)


def _largest(
    own: pd.DataFrame,
    declared: pd.Series,
    places: Mapping[str, str],
    parts: Mapping[str, str],
    language: str,
) -> str:
    """Say which value of an indicator has changed most, and from what to what."""
    changed = own[own["kind"] == "changed"].dropna(subset=["value", "value_before"])
    if changed.empty:
        return NOTHING
    row = changed.loc[(changed["value"] - changed["value_before"]).abs().idxmax()]
    unit = str(declared["unit"])
    where = [
        places.get(row["area_id"], row["area_id"]),
        quarter(row["period"], language),
        part_label(row["breakdown"], language, parts),
    ]
    return text(
        "{where}: {before} → {now}",
        language,
        where=", ".join(filter(None, where)),
        before=number(row["value_before"], "", language),
        now=number(row["value"], unit, language),
    )


def _causes(published: Any, earlier: Any, language: str) -> list[str]:
    """Name what differs between the makings of the two: corrections, files, code, packages."""
    now, then = (one.manifest for one in (published, earlier))
    said = []
    known = set(earlier.corrections.get("id", ()))
    for one in published.corrections.to_dict("records"):
        if one["id"] not in known and one.get("cells"):
            why = one[f"why_{language}"]
            said.append(text("New correction {id}: {why}", language, id=one["id"], why=why))
    files = [{e["file"]: e["sha256"] for e in one.get("inputs", [])} for one in (now, then)]
    differing = [name for name, sha in files[0].items() if files[1].get(name) != sha]
    gone = [name for name in files[1] if name not in files[0]]
    if differing or gone:
        names = ", ".join([*differing, *gone])
        said.append(text("Files that differ: {names}.", language, names=names))
    elif files[0]:
        said.append(text("All files are the same as then.", language))
    codes = [one.get("recipe", {}).get("code", {}).get("sha256", "") for one in (now, then)]
    if codes[0] != codes[1]:
        said.append(text("The program that computes them is another version.", language))
    packages = [one.get("recipe", {}).get("packages", {}) for one in (now, then)]
    if others := [n for n, version in packages[0].items() if packages[1].get(n) != version]:
        names = ", ".join(others)
        said.append(text("Libraries in another version: {names}.", language, names=names))
    return said
