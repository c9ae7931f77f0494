"""Rates and ratios: what is derived of two other indicators, cell by cell."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from .. import observations as obs
from .aggregate import CELL, WHOLE_AREAS
from .declaration import Indicator

NOTES = (
    "",
    "set against the last year that was over",
    "set against the last quarter of the year",
    "nothing to divide by",
)
SAME, LAST_YEAR, YEAR_END, ZERO = range(len(NOTES))


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
    return obs.tidy(derive_untidied(obs.stacked([parts]), catalogue))


def derive_untidied(parts: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Do what :func:`derive` does, from and to the form of :func:`observations.stacked`."""
    entries = catalogue[catalogue["numerator"] != ""].to_dict("records")
    timing = dict(zip(catalogue["indicator"], catalogue["timing"], strict=True))
    cells = _Cells(parts)
    pairs = [
        np.stack([np.full(len(upper), number), upper, lower, np.full(len(upper), way)])
        for number, entry in enumerate(entries)
        for way, upper, lower in cells.pairs(entry, timing)
    ]
    if not pairs:
        return parts.iloc[:0]
    number, above, below, way = np.concatenate(pairs, axis=1)
    value = parts["value"].to_numpy()
    is_free = (parts["conf_status"] == "F").to_numpy()
    is_gap = (parts["quality_note"] == obs.GAP).to_numpy()
    is_hidden = ~(is_free[above] & is_free[below])
    is_zero = value[below] == 0
    is_missing = np.isnan(value[above]) | np.isnan(value[below]) | is_zero
    # Parts of which different values are not known are of different units.
    is_missing |= (is_gap[above] & (way == SAME)) | is_gap[below]
    is_told = ~is_hidden & ~is_missing
    scale = np.array([entry["scale"] for entry in entries], dtype="float64")
    rate = np.full(len(number), np.nan)
    np.divide(scale[number] * value[above], value[below], out=rate, where=is_told)
    weakness = _weakness(parts["obs_status"].array)
    weakest = np.maximum(weakness[above], weakness[below])
    weakest = np.select([is_hidden, is_missing], [0, len(obs.WEAKNESS)], weakest)
    # The numerator's note goes before the denominator's, and the way they are paired before both.
    note = parts["quality_note"].array
    note = note.set_categories(note.categories.union(pd.Index(NOTES), sort=False))
    own = note.categories.get_indexer(pd.Index(NOTES))
    said = np.where(note.codes[above] == own[SAME], note.codes[below], note.codes[above])
    said = np.select([is_hidden, is_zero, way != SAME], [own[SAME], own[ZERO], own[way]], said)
    derived = {name: parts[name].array.take(above) for name in CELL} | {
        "indicator": _chosen(number, [entry["indicator"] for entry in entries]),
        "value": rate,
        "unit": _chosen(number, [entry["unit"] for entry in entries]),
        "n_units": parts["n_units"].take(above).reset_index(drop=True).where(is_told),
        "obs_status": _chosen(weakest, [*obs.WEAKNESS, "M"]),
        "conf_status": _chosen(is_hidden.astype(np.int8), ["F", "D"]),
        "quality_note": pd.Categorical.from_codes(said, note.categories),
    }
    if "largest_1" in parts:
        derived |= dict.fromkeys(obs.CONTRIBUTIONS, np.nan)
    return pd.DataFrame(derived)


def with_zeros(
    upper: Indicator, above: pd.DataFrame, lower: Indicator, below: pd.DataFrame
) -> pd.DataFrame:
    """Give a numerator zeros in the classes that only its denominator has.

    A class in which nothing of the numerator has ever happened has no cells of it. Beside those of
    the denominator that is a zero and no gap: of so many, none.

    Parameters
    ----------
    upper, lower : Indicator
        Numerator and denominator. What an office has published is left as it is.
    above, below : DataFrame
        Their internal observations.

    Returns
    -------
    DataFrame
        ``above``, and zeros in the cells of ``below`` by a split, at a level and in a period in
        which the numerator is given.
    """
    if upper.timing == "published" or upper.timing != lower.timing or upper.kind == "median":
        return above
    first, *others = (tuple(sorted(split)) for split in upper.splits)
    shared = {first, *others} & {tuple(sorted(split)) for split in lower.splits} - {()}
    # The others have all their cells: only whole classes are lacking.
    lacking = set(below["breakdown"].unique()) - set(above["breakdown"].unique())
    splits = {written: tuple(obs.dimensions(written)) for written in lacking}
    lacking = {written for written in lacking if splits[written] in shared}
    if not lacking:
        return above
    cells = below.loc[below["breakdown"].isin(lacking), CELL].astype("str")
    is_given = cells["breakdown"].map(splits) == first
    is_given |= cells["area_level"].isin(WHOLE_AREAS)
    is_given &= cells["area_level"].isin(upper.levels)
    is_given &= cells["period"].isin(above["period"].unique())
    zeros = cells[is_given].assign(
        indicator=upper.id,
        unit=upper.unit,
        value=0.0,
        n_units=0,
        obs_status="A",
        conf_status="F",
        quality_note="",
        largest_1=0.0,
        largest_2=0.0,
    )
    return obs.stacked([above, zeros])


class _Cells:
    """Cells by one number each: what is divided by what is found without comparing texts."""

    def __init__(self, parts: pd.DataFrame):
        codes = [parts[name].array.codes.astype(np.int64) for name in CELL]
        sizes = [len(parts[name].array.categories) for name in CELL]
        self._cell = np.ravel_multi_index(codes, sizes) if len(parts) else np.array([], np.int64)
        self._step = sizes[-1]  # from a period to the next
        self._period = codes[CELL.index("period")]
        self._rows = parts.groupby("indicator", observed=True).indices
        names = list(parts["period"].array.categories)
        place = {name: number for number, name in enumerate(names)}
        is_quarter = ["Q" in name for name in names]
        # Of each period the one that stands for it where it has no cell itself; -1 for none.
        over, end = np.full((2, len(names)), -1)
        for number, name in enumerate(names):
            if is_quarter[number]:
                over[number] = place.get(str(int(name[:4]) - (name[-1] != "4")), -1)
            else:
                end[number] = place.get(f"{name}-Q4", -1)
        self._over, self._end = over, end

    def pairs(
        self, entry: Mapping[Hashable, Any], timing: Mapping[str, str]
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Give rows of the numerator and of the denominator, and the note that says why those."""
        none = np.array([], dtype=np.int64)
        upper = self._rows.get(entry["numerator"], none)
        lower = self._rows.get(entry["denominator"], none)
        below = pd.Index(self._cell[lower])
        found = below.get_indexer(self._cell[upper])
        yield SAME, upper[found >= 0], lower[found[found >= 0]]
        apart = upper[found < 0]
        of_upper, of_lower = timing.get(entry["numerator"]), timing.get(entry["denominator"])
        if of_lower == "published":  # an office may count by the year only
            yield LAST_YEAR, *self._instead(apart, self._over, lower, below)
        if of_lower == "stock" or of_lower == of_upper == "published":
            # What happened in a year, by what was there at its end.
            yield YEAR_END, *self._instead(apart, self._end, lower, below)

    def _instead(
        self, upper: np.ndarray, period: np.ndarray, lower: np.ndarray, below: pd.Index
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pair rows with those of the same place and class in another period."""
        other = period[self._period[upper]]
        cell = self._cell[upper] + (other - self._period[upper]) * self._step
        found = np.where(other >= 0, below.get_indexer(cell), -1)
        return upper[found >= 0], lower[found[found >= 0]]


def _weakness(status: pd.Categorical) -> np.ndarray:
    """Rank statuses; a missing value has no rank of its own."""
    return np.array([*map(obs.weakness, status.categories), 0], dtype=np.int8)[status.codes]


def _chosen(number: np.ndarray, texts: list[str]) -> pd.Categorical:
    """Give one of some texts for each number."""
    place = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    code = np.array([place[text] for text in texts])[number]
    return pd.Categorical.from_codes(code, pd.Index(list(place), dtype="str"))
