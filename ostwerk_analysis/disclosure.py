"""The door: no table of a release is written that has not passed through :func:`protect`.

This is its first lock. Cells with fewer contributors than the programme's minimum are suppressed,
and rates and ratios are computed anew from what is left, so that none gives a suppressed part away.
What the door cannot judge it refuses: an observation that does not say how many units it has, or an
indicator that does not say whose secrets it tells.

All observations of a release pass together, because protecting cells jointly, against sums,
differences and earlier releases, needs them together. That joint protection is not built yet: a
suppressed cell may still be told from a total and its other parts, and the releases say so.
"""

import numpy as np
import pandas as pd

from .faults import DisclosureError, nearest
from .indicators import derive
from .observations import COLUMNS, KEY, tidy
from .programme import DisclosureRules


def protect(
    observations: pd.DataFrame, catalogue: pd.DataFrame, rules: DisclosureRules
) -> pd.DataFrame:
    """Suppress what would tell about few, in all observations of a release together.

    Parameters
    ----------
    observations : DataFrame
        Internal observations, with numbers of units. Those of derived indicators are computed
        anew, whatever stands there.
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
        If an observation of microdata does not say how many units it has, or an indicator does not
        say whose secrets it tells, or the parts of a derived one are not there.
    """
    minimum = {"enterprises": rules.minimum_enterprises, "persons": rules.minimum_persons}
    minimum["both"] = max(minimum.values())
    declared = catalogue.set_index("indicator")
    _refuse_undeclared(observations, declared, [*minimum, ""])
    derived = declared.index[declared["numerator"] != ""]
    parts = observations.loc[~observations["indicator"].isin(derived), COLUMNS].copy()
    parts.attrs = {}  # the declarations, which pandas would copy at every step
    needed = declared["units"].map(minimum)
    # The minimum lies at or below a median, and at or above it.
    needed = needed.mask(declared["kind"] == "median", 2 * needed - 1)
    fewest = parts["indicator"].map(needed)
    _refuse_uncounted(parts[fewest.notna()])
    few = (parts["n_units"] > 0) & (parts["n_units"] < fewest)
    few = few.fillna(False).to_numpy(dtype=bool) & (parts["obs_status"] != "M")
    parts.loc[few, "conf_status"] = "C"
    hidden = parts["conf_status"] != "F"  # by us, or by the notebook before
    parts.loc[hidden, "value"] = np.nan
    parts.loc[hidden, "quality_note"] = ""
    parts.loc[hidden | (parts["obs_status"] == "M"), "n_units"] = pd.NA
    protected = tidy(parts)
    rates = derive(protected, catalogue)
    _refuse_lost(observations[observations["indicator"].isin(derived)], rates)
    return tidy(pd.concat([protected, rates], ignore_index=True) if len(rates) else protected)


def _refuse_lost(given: pd.DataFrame, computed: pd.DataFrame) -> None:
    """Refuse rates and ratios whose parts are not there to compute them anew."""
    anew = pd.MultiIndex.from_frame(computed[KEY])
    lost = given[~pd.MultiIndex.from_frame(given[KEY]).isin(anew)]
    if len(lost):
        row = lost.iloc[0]
        raise DisclosureError(
            "{indicator} in {area} {period} cannot be computed from what may be published: its "
            "parts have no such cell. Save both parts for the same areas, periods and breakdowns.",
            indicator=row["indicator"],
            area=row["area_id"],
            period=row["period"],
        )


def _refuse_undeclared(
    observations: pd.DataFrame, declared: pd.DataFrame, known_units: list[str]
) -> None:
    """Refuse indicators of which it is not known whose secrets they tell."""
    for indicator in observations["indicator"].unique():
        if indicator not in declared.index:
            raise DisclosureError(
                "{indicator} has no declaration, so it is not known whose secrets it tells. Give "
                "it one.",
                indicator=indicator,
            )
    for indicator, entry in declared.iterrows():
        if entry["units"] not in known_units:
            raise DisclosureError(
                "The declaration of {indicator} has units = {units!r}; did you mean {near!r}? They "
                "say whose secrets it tells, and are empty for what is public already.",
                indicator=indicator,
                units=entry["units"],
                near=nearest(str(entry["units"]), known_units),
            )
        for part in (entry["numerator"], entry["denominator"]):
            if part and part not in declared.index:
                raise DisclosureError(
                    "{indicator} is computed from {part}, which no notebook has saved. Save both, "
                    "so that {indicator} can be computed from what may be published.",
                    indicator=indicator,
                    part=part,
                )


def _refuse_uncounted(parts: pd.DataFrame) -> None:
    """Refuse values of microdata that are said to come from no unit, or not from how many."""
    told = parts["value"].notna()
    nobody = (parts["n_units"] <= 0).fillna(True).to_numpy(dtype=bool) & (parts["value"] != 0)
    uncounted = told & (parts["n_units"].isna() | nobody)
    if uncounted.any():
        row = parts[uncounted].iloc[0]
        raise DisclosureError(
            "{indicator} in {area} {period} has a value, but does not say of how many units, so it "
            "cannot be protected. Give n_units, or declare its units as empty if it is public.",
            indicator=row["indicator"],
            area=row["area_id"],
            period=row["period"],
        )
