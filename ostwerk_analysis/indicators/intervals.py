"""How sure a ratio is, from the microdata that it is made of: cost per job, leverage."""

import pandas as pd

from .. import rates
from ..dataset import Dataset
from ..faults import DataError
from ..observations import breakdown
from ..periods import parse_quarter, quarters, quarters_of
from .declaration import Indicator


def ratio_interval(
    data: Dataset, ratio: Indicator, quarter: str, level: float = 0.95, **part: str
) -> pd.DataFrame:
    """Give a ratio of the whole programme with its interval, see :func:`rates.ratio_interval`.

    Parameters
    ----------
    data : Dataset
    ratio : Indicator
        A ratio of the catalogue, such as ``leverage``.
    quarter : str
        That quarter, or, for an indicator since the start, everything up to its end.
    level : float
        Confidence of the interval.
    part : str
        Codes of its breakdown, such as ``measure="kmu", status="verified"``.

    Returns
    -------
    DataFrame, one row
        ``indicator``, ``period``, ``breakdown``, and what :func:`rates.ratio_interval` gives. The
        ratio is that of the observations, but for units of which an amount is not known.

    Raises
    ------
    DataError
        If the indicator is no ratio of two sums, or is not given by that breakdown.
    """
    from . import CATALOGUE

    known = {entry.id: entry for entry in CATALOGUE}
    parts = [known.get(name) for name in (ratio.numerator, ratio.denominator)]
    period = parse_quarter(quarter)
    first = parse_quarter(data.programme.first_quarter) if ratio.is_to_date else period
    amounts = []
    for entry in parts:
        if entry is None or entry.kind != "sum" or entry.events is None:
            raise DataError(
                "{indicator} is no ratio of two sums, so its interval cannot be computed from "
                "what single enterprises bring. Choose leverage or a cost per job.",
                indicator=ratio.id,
            )
        events = entry.events(data)
        if not set(part) <= set(events.columns):
            raise DataError(
                "{indicator} is not given by {names}.",
                indicator=ratio.id,
                names=", ".join(part),
            )
        is_meant = quarters_of(events["date"]).isin(quarters(first, period))
        for name, code in part.items():
            is_meant &= events[name] == code
        events = events[is_meant]
        amounts.append(pd.Series(events["value"].to_numpy(dtype=float), events["unit_id"]))
    upper, lower = amounts
    found = rates.ratio_interval(upper, lower, level)
    named = {"indicator": ratio.id, "period": period, "breakdown": breakdown(part)}
    return pd.DataFrame([named]).join(found)
