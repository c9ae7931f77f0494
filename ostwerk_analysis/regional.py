"""What districts live on and how unequal they are: the measures of regional economics.

Tables are tidy: one row for each ``area_id`` and ``sector``, and ``period`` where two are compared,
with a ``value`` such as jobs or businesses. Every area needs a row for every sector: 0 where there
is nothing, a missing value where it is not known or suppressed. An area with a missing value has no
known mix; it is left out, also from the whole that others are compared with, and its results are
missing. A zero is a zero.
"""

from typing import Any

import numpy as np
import pandas as pd

from .faults import DataError, some


def location_quotients(table: pd.DataFrame, reference: pd.Series | None = None) -> pd.DataFrame:
    """Compare the share of each sector in each area with its share in a whole.

    LQ = (value / Σ over sectors) / (reference / Σ over sectors). 1 is the mix of the whole.

    Parameters
    ----------
    table : DataFrame
        ``area_id``, ``sector``, ``value``.
    reference : Series of float, optional
        By sector; by default the sum of all areas that are known completely.

    Returns
    -------
    DataFrame, one row for each area and sector
        ``area_id``, ``sector``, ``value``, ``share``, ``reference_share`` (from 0 to 1) and
        ``location_quotient``; missing for an area with a missing value or nothing at all, and for
        a sector that the whole does not have.

    Raises
    ------
    DataError
        If a row is not there or stands twice, a value is negative, or the sectors of the
        reference are others.

    References
    ----------
    Isard, W. (1960). Methods of Regional Analysis. MIT Press, pp. 123-126.
    """
    values = _matrix(table)
    share, whole = _shares(values), _whole(values, reference)
    quotient = share / (whole / whole.sum()).where(whole > 0)
    columns = {"value": values, "share": share, "location_quotient": quotient}
    found = _tidy(columns)
    found.insert(4, "reference_share", found["sector"].map(whole / whole.sum()))
    return found


def specialisation(table: pd.DataFrame, reference: pd.Series | None = None) -> pd.DataFrame:
    """Measure how special the mix of each area is, and how much it depends on few sectors.

    Krugman: K = Σ abs(share - reference share), from 0 (the mix of the whole) to 2 (nothing in
    common); K / 2 is the part that would have to change its sector, the dissimilarity. Herfindahl:
    H = Σ share², from 1 / sectors to 1; normalised it starts at 0, and 1 / H is how many sectors
    of equal size would give the same.

    Parameters
    ----------
    table, reference
        As for :func:`location_quotients`.

    Returns
    -------
    DataFrame, one row for each area
        ``area_id``, ``value`` (of all sectors), ``krugman``, ``dissimilarity``, ``herfindahl``,
        ``herfindahl_normalised``, ``effective_sectors``; missing for an area with a missing value
        or nothing at all.

    Raises
    ------
    DataError
        As :func:`location_quotients`.

    References
    ----------
    Krugman, P. (1991). Geography and Trade. MIT Press, pp. 75-77.
    Hirschman, A. O. (1964). The paternity of an index. American Economic Review 54, 761.
    """
    values = _matrix(table)
    share, whole = _shares(values), _whole(values, reference)
    krugman = (share - whole / whole.sum()).abs().sum(axis=1, skipna=False)
    herfindahl = (share**2).sum(axis=1, skipna=False)
    found = {
        "value": values.sum(axis=1, skipna=False),
        "krugman": krugman,
        "dissimilarity": krugman / 2,
        "herfindahl": herfindahl,
        "herfindahl_normalised": _normalised(herfindahl, values.shape[1]),
        "effective_sectors": 1 / herfindahl,
    }
    return pd.DataFrame(found).reset_index()


def inequality(values: pd.Series, weights: pd.Series | None = None) -> pd.DataFrame:
    """Measure how unequally something is spread over areas: Gini, Theil, Herfindahl.

    With xᵢ the value, pᵢ the share of an area in all weights (1 / n without) and sᵢ its share in
    Σ p x: the Gini coefficient is 1 - Σ pᵢ (Lᵢ + Lᵢ₋₁) along the Lorenz curve L; Theil's T is
    Σ sᵢ ln(sᵢ / pᵢ); Herfindahl's index is Σ sᵢ².

    The areas of a city are all there are and no sample, so ``gini`` is not corrected. But among n
    areas it cannot exceed 1 - 1 / n; ``gini_corrected`` = gini · n / (n - 1) can reach 1, and is
    what to use between cities of few and many districts.

    Parameters
    ----------
    values : Series of float
        By area. Counts, or with ``weights`` something per head.
    weights : Series of float, optional
        By area, such as residents.

    Returns
    -------
    DataFrame, one row
        ``gini``, ``gini_corrected`` (missing with weights), ``theil``, ``herfindahl``,
        ``herfindahl_normalised``, ``n`` areas used and ``n_missing`` left out, as their value or
        weight is missing.

    Raises
    ------
    DataError
        If a value is negative, an area stands twice, or there is nothing to spread.

    References
    ----------
    Cowell, F. A. (2011). Measuring Inequality. Oxford University Press, appendix A.
    """
    from scipy.special import rel_entr

    s, p = _spread(values, weights)
    order = np.argsort((s / p).to_numpy(), kind="stable")
    lorenz = np.concatenate([[0], np.cumsum(s.to_numpy()[order])])
    gini = max(0.0, 1 - float(p.to_numpy()[order] @ (lorenz[1:] + lorenz[:-1])))
    n, herfindahl = len(s), float(s @ s)
    is_corrected = weights is None and n > 1
    row = {
        "gini": gini,
        "gini_corrected": gini * n / (n - 1) if is_corrected else np.nan,
        "theil": max(0.0, float(rel_entr(s, p).sum())),
        "herfindahl": herfindahl,
        "herfindahl_normalised": _normalised(herfindahl, n),
        "n": n,
        "n_missing": len(values) - n,
    }
    return pd.DataFrame([row])


def theil(values: pd.Series, groups: pd.Series, weights: pd.Series | None = None) -> pd.DataFrame:
    """Split Theil's inequality into that between groups of areas and that within each.

    T = Σ S ln(S / P) + Σ S T within, with S and P the shares of a group as in :func:`inequality`.

    Parameters
    ----------
    values, weights
        As for :func:`inequality`.
    groups : Series of str
        Group of each area, such as its borough.

    Returns
    -------
    DataFrame
        One row for the ``part`` "total", one for "between", and one "within" for each ``group``;
        ``theil`` is what it adds to the total, ``share`` which part of the total that is (missing
        where all is equal), ``group_theil`` the inequality of a group by itself, ``n`` its areas.

    Raises
    ------
    DataError
        As :func:`inequality`, and if an area has no group.

    References
    ----------
    Theil, H. (1967). Economics and Information Theory. North-Holland, chapter 4.
    """
    from scipy.special import rel_entr

    s, p = _spread(values, weights)
    group = groups.reindex(s.index)
    if (has_none := group.isna()).any():
        raise DataError(
            "These areas are in no group: {codes}. Give each area one.",
            codes=some(s.index[has_none]),
        )
    parts = pd.DataFrame({"s": s, "p": p, "theil": rel_entr(s, p)}).groupby(group.to_numpy()).sum()
    of_groups = rel_entr(parts["s"], parts["p"])
    # Neither can be negative but by rounding.
    between, within = max(0.0, of_groups.sum()), (parts["theil"] - of_groups).clip(0)
    rows = pd.DataFrame(
        {
            "part": ["total", "between", *["within"] * len(parts)],
            "group": ["", "", *parts.index],
            "theil": [between + within.sum(), between, *within],
            "group_theil": [np.nan, np.nan, *(within / parts["s"].where(parts["s"] > 0))],
            "n": [len(s), len(s), *group.value_counts().loc[parts.index]],
        }
    )
    total = rows["theil"].iloc[0]
    rows.insert(3, "share", rows["theil"] / (total if total > 0 else np.nan))
    return rows


def shift_share(table: pd.DataFrame, reference: pd.DataFrame | None = None) -> pd.DataFrame:
    """Split the change of each sector in each area into what the whole, its sector and itself did.

    With b the value at the start, G the growth of the whole and Gₛ that of the sector in it:
    national = b G, structural = b (Gₛ - G), regional = end - b (1 + Gₛ). They add up to the change.
    A sector that the whole did not have at the start has no growth: its change is all regional.

    It describes, and does not explain: what is regional may have any cause.

    Parameters
    ----------
    table : DataFrame
        ``area_id``, ``sector``, ``period``, ``value``; two periods, in the order of their names.
    reference : DataFrame, optional
        ``sector``, ``period``, ``value`` of the whole; by default the sum of all areas that are
        known completely in both periods.

    Returns
    -------
    DataFrame, one row for each area and sector
        ``area_id``, ``sector``, ``start``, ``end``, ``change``, ``national``, ``structural``,
        ``regional``. The parts are missing for an area with a missing value in either period.

    Raises
    ------
    DataError
        As :func:`location_quotients`; if there are not two periods; if the whole is empty at the
        start, or lacks a sector that an area has.

    References
    ----------
    Dunn, E. S. (1960). A statistical and analytical technique for regional analysis. Papers of
    the Regional Science Association 6, 97-112.
    """
    periods = sorted(table["period"].unique())
    if len(periods) != 2:
        raise DataError(
            "Shift-share compares two periods, but these are given: {periods}.",
            periods=", ".join(map(str, periods)),
        )
    start, end = (_matrix(table[table["period"] == period]) for period in periods)
    if not (start.index.equals(end.index) and start.columns.equals(end.columns)):
        raise DataError(
            "{start} and {end} have other areas or sectors. Give every area and sector in both "
            "periods.",
            start=periods[0],
            end=periods[1],
        )
    is_known = (start.notna() & end.notna()).all(axis=1)
    if reference is None:
        wholes = [_whole(values[is_known], None) for values in (start, end)]
    else:
        by = reference.set_index("sector").groupby("period")["value"]
        given = dict(list(by))
        wholes = [_whole(start, given.get(period, pd.Series(dtype=float))) for period in periods]
    before, after = wholes
    has_sector = before > 0
    if (start.loc[:, ~has_sector] > 0).any(axis=None):
        raise DataError(
            "The whole has nothing at the start in sectors that areas have: {sectors}. Give a "
            "whole that contains the areas.",
            sectors=some(start.columns[~has_sector & (start > 0).any()]),
        )
    growth = after.sum() / before.sum() - 1
    by_sector = (after / before.where(has_sector) - 1).fillna(0.0)
    known_start = start.where(is_known, axis=0)
    columns = {
        "start": start,
        "end": end,
        "change": end - start,
        "national": known_start * growth,
        "structural": known_start * (by_sector - growth),
        "regional": end - known_start * (1 + by_sector),
    }
    return _tidy(columns)


def _matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Arrange values, one row for each area and one column for each sector, in order."""
    if (is_nameless := table[["area_id", "sector"]].isna().any(axis=1)).any():
        raise DataError(
            "{n} rows have no area or no sector. Name both, or give what belongs to none a name of "
            "its own.",
            n=int(is_nameless.sum()),
        )
    cells = pd.MultiIndex.from_frame(table[["area_id", "sector"]])
    every = pd.MultiIndex.from_product([cells.levels[0], cells.levels[1]], names=cells.names)
    if (is_twice := cells.duplicated()).any():
        raise DataError(
            "The values of {cells} stand twice. Give each area and sector once.",
            cells=some(" / ".join(map(str, cell)) for cell in cells[is_twice]),
        )
    value = table["value"].astype(float).to_numpy()
    if (is_bad := (value < 0) | np.isinf(value)).any():
        raise DataError(
            "The values of {cells} are negative or infinite. Give numbers from 0 on.",
            cells=some(" / ".join(map(str, cell)) for cell in cells[is_bad]),
        )
    if len(lacking := every.difference(cells)):
        raise DataError(
            "These areas have no row for a sector: {cells}. Add it, with 0 where there is nothing "
            "and without a value where it is not known.",
            cells=some(" / ".join(map(str, cell)) for cell in lacking),
        )
    return pd.Series(value, cells).unstack("sector")  # noqa: PD010 - a pivot would aggregate


def _tidy(columns: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Turn matrices back into columns, one row for each area and sector."""
    index = next(iter(columns.values())).stack().index  # noqa: PD013 - melt has another order
    found = {name: matrix.to_numpy().ravel() for name, matrix in columns.items()}
    return pd.DataFrame(found, index).reset_index()


def _shares(values: pd.DataFrame) -> pd.DataFrame:
    """Give the shares of the sectors in each area; missing without a total."""
    total = values.sum(axis=1, skipna=False)
    return values.div(total.where(total > 0), axis=0)


def _whole(values: pd.DataFrame, reference: pd.Series | None) -> pd.Series:
    """Give the sectors of the whole, in the order of the columns."""
    if reference is None:
        whole = values.dropna().sum()
    else:
        if set(reference.index) != set(values.columns) or not reference.index.is_unique:
            raise DataError(
                "The whole has other sectors than the areas: {sectors}. Give both by the same, "
                "each once.",
                sectors=some(sorted(set(reference.index) ^ set(values.columns), key=str)),
            )
        whole = reference.reindex(values.columns).astype(float)
    if not whole.sum(skipna=False) > 0 or (whole < 0).any():
        raise DataError(
            "The whole to compare with is empty, negative or not known. Give one that is known in "
            "every sector."
        )
    return whole


def _spread(values: pd.Series, weights: pd.Series | None) -> tuple[pd.Series, pd.Series]:
    """Give the shares of areas in what is spread, and in their weights."""
    if (is_twice := values.index.duplicated()).any():
        raise DataError(
            "The values of {codes} stand twice. Give one for each area.",
            codes=some(values.index[is_twice]),
        )
    x = values.astype(float)
    w = pd.Series(1.0, x.index) if weights is None else weights.reindex(x.index).astype(float)
    is_used = x.notna() & w.notna() & (w != 0)
    x, w = x[is_used], w[is_used]
    if not (x * w).sum() > 0 or (x < 0).any() or (w < 0).any() or np.isinf(x * w).any():
        raise DataError(
            "There is nothing to spread, or a value is negative or infinite. Give numbers from 0 "
            "on, of which one is larger."
        )
    return x * w / (x * w).sum(), w / w.sum()


def _normalised(herfindahl: Any, n: int) -> Any:
    """Let Herfindahl's index, one or a Series of them, start at 0."""
    return (herfindahl - 1 / n) / (1 - 1 / n) if n > 1 else herfindahl * np.nan
