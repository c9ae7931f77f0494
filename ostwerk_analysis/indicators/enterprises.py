"""What an enterprise is when public money is counted: undertakings, and their size as SMEs."""

import numpy as np
import pandas as pd

from ..dataset import Dataset
from .shared import coded, keyed, once

CEILINGS = {
    "medium": (250, 50e6, 43e6),
    "small": (50, 10e6, 10e6),
    "micro": (10, 2e6, 2e6),
}
"""Class = fewer persons employed than, and at most so much turnover or balance sheet in euros."""


def undertakings(businesses: pd.DataFrame) -> pd.Series:
    """Number the undertaking of each enterprise: linked enterprises are one.

    Parameters
    ----------
    businesses : DataFrame, n rows
        ``group_id``; each row is another enterprise.

    Returns
    -------
    Series of int, shape (n,)
        The same number for all of one group; an enterprise without a group is one by itself.
    """
    group, codes = pd.factorize(businesses["group_id"])
    # Each row is an enterprise of its own, so its place serves as a number where it has no group.
    number = np.where(group < 0, len(codes) + np.arange(len(businesses)), group)
    return pd.Series(number, businesses.index)


@once
def classed(data: Dataset) -> pd.DataFrame:
    """Give each enterprise with what its events are placed and broken down by.

    Returns
    -------
    DataFrame, n rows
        ``unit_id``, ``district_id``, ``section``, ``size`` and ``has_migrant_owner``, all but the
        last as categoricals; a row for each enterprise, in the order of the table.
    """
    table = data.businesses
    units = pd.Categorical.from_codes(np.arange(len(table)), table["business_id"])
    kept = {
        "unit_id": pd.Series(units, table.index),
        "district_id": coded(table["district_id"]),
        "section": coded(table["section"]),
        "size": coded(sme_class(table, data.tables.get("enterprise_years"))),
        "has_migrant_owner": table["has_migrant_owner"],
    }
    return pd.DataFrame(kept)


def of_enterprises(data: Dataset, table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Give rows of enterprises what is known of these, see :func:`classed`.

    Parameters
    ----------
    data : Dataset
    table : DataFrame, n rows
        With ``business_id``.
    columns : str
        Columns of :func:`classed`.

    Returns
    -------
    DataFrame, at most n rows
        With these columns, and ``unit_id`` instead of ``business_id``; an enterprise that is not
        known has no row.
    """
    firms = classed(data)
    unit = keyed(table["business_id"], firms["unit_id"].dtype)
    is_known = unit.notna().to_numpy()
    unit, rows = unit[is_known], table.drop(columns="business_id")[is_known]
    place = unit.cat.codes.to_numpy()
    found = {name: firms[name].array.take(place) for name in columns}
    return rows.assign(unit_id=unit, **found)


def sme_class(businesses: pd.DataFrame, years: pd.DataFrame | None = None) -> pd.Series:
    """Class enterprises as micro, small, medium or large; linked enterprises count together.

    An enterprise is small if it employs fewer than 50 persons, and its turnover or its balance
    sheet total is at most 10 million euros; micro and medium likewise, see :data:`CEILINGS`. The
    figures of all enterprises of a ``group_id`` are added; those of one that has closed are its own
    alone. Where a figure is missing, the enterprise has a class only if any value of it would give
    the same: with 300 persons it is large whatever its turnover.

    A class is lost or gained only after two years in a row beyond a ceiling (article 4(2)). That
    takes the figures of several years; without them, an enterprise that went over a ceiling in the
    one year of ``businesses`` has the larger class. Shares of partner enterprises (25 to 50 %) are
    not in the tables, and are not added.

    Parameters
    ----------
    businesses : DataFrame, n rows
        ``group_id``, ``closed_on``, ``employees_fte`` (annual work units), ``turnover_eur``,
        ``balance_eur``; where ``years`` are given also ``business_id`` and ``founded_on``.
    years : DataFrame, optional
        ``business_id``, ``year`` and the same three figures, a row for each accounting period. An
        undertaking of which there are any is classed by them, in its last year; its first year
        decides alone. Linked enterprises count in the years in which they existed.

    Returns
    -------
    Series of str, shape (n,)
        Missing where the figures do not decide.

    References
    ----------
    Commission Recommendation 2003/361/EC, annex, articles 2, 3(3), 4(2), 5 and 6(2).
    """
    number = undertakings(businesses).to_numpy()
    is_open = businesses["closed_on"].isna().to_numpy()
    belongs = _belongs(businesses, number, is_open)
    if years is not None and len(years):
        rows = businesses["business_id"].isin(years["business_id"]).to_numpy()
        has_years = np.isin(number, number[rows])
        belongs[has_years] = _over_years(businesses, number, years)[has_years]
    found = pd.Series("large", businesses.index, dtype="str")
    for name in CEILINGS:
        found = found.mask(belongs[name].fillna(False).astype(bool), name)
        found = found.mask(belongs[name].isna())
    return found


def _belongs(figures: pd.DataFrame, number: np.ndarray, is_open: np.ndarray) -> pd.DataFrame:
    """Say whether enterprises keep within each ceiling of :data:`CEILINGS`, linked ones together.

    Missing where a figure that is not known would decide.
    """
    columns = ("employees_fte", "turnover_eur", "balance_eur")
    staff, turnover, balance = (_together(figures[name], number, is_open) for name in columns)
    within = {}
    for name, (persons, most_turnover, most_balance) in CEILINGS.items():
        below = _compared(*staff, staff[0] < persons)
        sums = _compared(*turnover, turnover[0] <= most_turnover)
        sums |= _compared(*balance, balance[0] <= most_balance)
        within[name] = below & sums
    return pd.DataFrame(within).set_axis(figures.index)


def _over_years(businesses: pd.DataFrame, number: np.ndarray, years: pd.DataFrame) -> pd.DataFrame:
    """Say whether enterprises have the status of each ceiling in their undertaking's last year.

    A status changes once two years in a row say otherwise. So it is what most of three say: this
    year, the year before, and the status until now; two that agree decide, whatever a third one
    that is not known would say.
    """
    firms = businesses["business_id"]
    of_firm = pd.Series(number, firms).reindex(years["business_id"]).to_numpy()
    last = pd.Series(years["year"].to_numpy(), of_firm).groupby(level=0).max()
    last_year = pd.Series(number).map(last).to_numpy()
    founded, closed = (businesses[name].dt.year for name in ("founded_on", "closed_on"))
    status = before = pd.DataFrame(pd.NA, businesses.index, list(CEILINGS), dtype="boolean")
    is_known = status.notna()
    for year in range(int(years["year"].min()), int(years["year"].max()) + 1):
        figures = years[years["year"] == year].set_index("business_id").reindex(firms)
        figures = figures.set_axis(businesses.index)
        existed = ~((founded > year) | (closed < year)).to_numpy()
        # Who is founded into an undertaking has its status, and adds nothing to it before.
        joins = (founded > year).to_numpy() & np.isin(number, number[existed])
        figures.loc[joins, ["employees_fte", "turnover_eur", "balance_eur"]] = 0.0
        now = _belongs(figures, number, existed | joins)
        most = (now & before) | (now & status) | (before & status)
        changed = most.where(is_known, now)
        is_over = (year > last_year) | (closed < year).to_numpy()
        changed[is_over] = status[is_over]
        status = changed
        is_known |= now.notna()  # the first year that says anything decides alone
        before = now
    return status


def _together(
    figures: pd.Series, number: np.ndarray, is_open: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add a figure up over each undertaking: the sum of what is known, and whether all is."""
    known = figures.fillna(0).to_numpy(dtype=float)
    gap = figures.isna().to_numpy()
    total = np.bincount(number, known * is_open)[number] + known * ~is_open
    gaps = np.bincount(number, gap & is_open)[number] + (gap & ~is_open)
    return total.round(6), gaps == 0


def _compared(total: np.ndarray, is_known: np.ndarray, holds: np.ndarray) -> pd.Series:
    """Say whether a sum is low enough; missing where what is not known could still break it."""
    return pd.Series(holds, dtype="boolean").mask(holds & ~is_known)
