"""The door: no table of a release is written that has not passed through :func:`protect`.

This is its first lock. Cells with fewer contributors than the programme's minimum are suppressed,
and rates and ratios are computed anew from what is left, so that none gives a suppressed part away.
All observations of a release pass together, because protecting cells jointly, against sums,
differences and earlier releases, needs them together. That joint protection is not built yet: a
suppressed cell may still be told from a total and its other parts, and the releases say so.
"""

import numpy as np
import pandas as pd

from .faults import DisclosureError
from .indicators import derive
from .observations import COLUMNS, tidy
from .programme import DisclosureRules


def protect(
    observations: pd.DataFrame, catalogue: pd.DataFrame, rules: DisclosureRules
) -> pd.DataFrame:
    """Suppress what would tell about few, in all observations of a release together.

    Parameters
    ----------
    observations : DataFrame
        Internal observations, with numbers of units.
    catalogue : DataFrame
        One row for each indicator; ``units`` says whose secrets a cell may tell.
    rules : DisclosureRules

    Returns
    -------
    DataFrame
        Observations as they may be published: without contributions; suppressed cells have
        ``conf_status`` C or D, no value and no number of units.

    Raises
    ------
    DisclosureError
        If an observation of microdata does not say how many units it has.
    """
    declared = catalogue.set_index("indicator")
    derived = declared.index[declared["numerator"] != ""]
    parts = observations[~observations["indicator"].isin(derived)].copy()
    minimum = {"enterprises": rules.minimum_enterprises, "persons": rules.minimum_persons}
    fewest = parts["indicator"].map(declared["units"].map(minimum))
    uncounted = fewest.notna() & parts["n_units"].isna() & parts["value"].notna()
    if uncounted.any():
        row = parts[uncounted].iloc[0]
        raise DisclosureError(
            "{indicator} in {area} {period}: the number of units is missing, so it cannot be "
            "protected. Give n_units, or declare the indicator's units as empty if it is public.",
            indicator=row["indicator"],
            area=row["area_id"],
            period=row["period"],
        )
    few = (parts["n_units"] > 0) & (parts["n_units"] < fewest)
    few = few.fillna(False).to_numpy(dtype=bool)
    parts.loc[few, ["value", "conf_status"]] = [np.nan, "C"]
    parts.loc[few, "n_units"] = pd.NA
    parts.loc[few, "quality_note"] = ""
    protected = tidy(parts[COLUMNS])
    rates = derive(protected, catalogue)
    return tidy(pd.concat([protected, rates], ignore_index=True) if len(rates) else protected)
