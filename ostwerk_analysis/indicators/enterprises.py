"""What an enterprise is when public money is counted: undertakings, and their size as SMEs."""

import numpy as np
import pandas as pd

from ..dataset import Dataset

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


def classed(data: Dataset) -> pd.DataFrame:
    """Give each enterprise with what its events are placed and broken down by.

    Returns
    -------
    DataFrame
        ``business_id``, ``district_id``, ``section``, ``size``, ``has_migrant_owner``, one row for
        each enterprise.
    """
    table = data.businesses
    kept = pd.DataFrame(table[["business_id", "district_id", "section", "has_migrant_owner"]])
    return kept.assign(size=sme_class(table))


def sme_class(businesses: pd.DataFrame) -> pd.Series:
    """Class enterprises as micro, small, medium or large; linked enterprises count together.

    An enterprise is small if it employs fewer than 50 persons, and its turnover or its balance
    sheet total is at most 10 million euros; micro and medium likewise, see :data:`CEILINGS`. The
    figures of all enterprises of a ``group_id`` are added; those of one that has closed are its own
    alone. Where a figure is missing, the enterprise has a class only if any value of it would give
    the same: with 300 persons it is large whatever its turnover.

    A class is lost or gained only after two years in a row beyond a ceiling (article 4(2)). The
    table holds one year's figures, so that this rule cannot be applied: an enterprise that went
    over a ceiling in that year alone has the larger class here. Shares of partner enterprises
    (25 to 50 %) are not in the table either, and are not added.

    Parameters
    ----------
    businesses : DataFrame, n rows
        ``group_id``, ``closed_on``, ``employees_fte`` (annual work units), ``turnover_eur``,
        ``balance_eur``.

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
    columns = ("employees_fte", "turnover_eur", "balance_eur")
    staff, turnover, balance = (_together(businesses[name], number, is_open) for name in columns)
    found = np.full(len(businesses), "large", dtype=object)
    for name, (persons, most_turnover, most_balance) in CEILINGS.items():
        below = _compared(*staff, staff[0] < persons)
        within = _compared(*turnover, turnover[0] <= most_turnover)
        within |= _compared(*balance, balance[0] <= most_balance)
        belongs = below & within
        found[belongs.fillna(False).to_numpy(dtype=bool)] = name
        found[belongs.isna().to_numpy()] = None
    return pd.Series(found, businesses.index, dtype="str")


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
