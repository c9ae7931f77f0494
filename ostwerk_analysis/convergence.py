"""Whether a disadvantage shrinks: an area beside its city, and districts among each other.

Three views, since each alone can deceive. The ratio of the area to the city, year by year, with its
trend. Beta: whether districts that were far from the mean have come nearer to it. Sigma: whether
the spread between districts has shrunk. Chance alone makes extremes less extreme the next time, and
so gives beta without sigma (Quah 1993). All describe, and none says why.

A year without a value stays without one, in every view.
"""

import numpy as np
import pandas as pd

from . import observations as obs
from .faults import DataError
from .periods import quarters
from .rates import tail_of

FEWEST_PERIODS = 6
FEWEST_DISTRICTS = 5
UP, DOWN, NONE = "up", "down", "none certain"
"""Direction of a trend: certain only where the interval leaves out 0."""


def gaps(observations: pd.DataFrame, indicator: str, area: str, city: str) -> pd.DataFrame:
    """Set an area beside the city, period by period.

    Parameters
    ----------
    observations : DataFrame
        A rate or share: counts of an area and its city have no gap worth the name.
    indicator : str
    area, city : str
        Codes of the area and of what it is held against.

    Returns
    -------
    DataFrame, one row for each period in order, without holes
        ``period``, ``year`` (a quarter is a fraction), ``area``, ``city``, ``difference`` and
        ``ratio``; missing where one of the two is, and the ratio where one of them is 0. Where
        there are quarters, years are left out.

    Raises
    ------
    DataError
        If the indicator was not observed.
    """
    rows = obs.select(observations, indicator)
    rows = rows[rows["area_level"] != "district"]
    if (is_quarter := rows["period"].str.contains("-Q")).any():
        rows = rows[is_quarter]
    sides = {
        name: rows[rows["area_id"] == code].drop_duplicates("period").set_index("period")["value"]
        for name, code in (("area", area), ("city", city))
    }
    table = pd.DataFrame(sides).astype("float64")
    table = table.reindex(_without_holes(table.index)).rename_axis("period").reset_index()
    both = (table["area"] > 0) & (table["city"] > 0)
    table.insert(1, "year", _years(table["period"]))
    table["difference"] = table["area"] - table["city"]
    table["ratio"] = (table["area"] / table["city"]).where(both)
    return table


def trend(values: pd.Series, years: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Estimate by how many percent a year something changes, with an interval for short series.

    A straight line through the logarithms. What deviates from it in one year deviates in the next
    one too, and intervals that ignore that are far too narrow: of 23 years with a correlation of
    0.7, those of least squares hold the truth in 60 of 100 cases and those of Newey and West in 67,
    instead of 95. So the line is fitted by generalised least squares for errors of order one. The
    correlation is freed of its bias in short series and taken one standard error higher; near 1 it
    is set to 1, a random walk. In the same simulation the interval then holds the truth in 95 cases
    of 100, in 94 at 0.85, in 85 of a random walk, and in 99 without any correlation.

    Parameters
    ----------
    values : Series of float, shape (n,)
        Positive, missing where not known: a missing year lies between its neighbours still.
    years : Series of float, shape (n,)
        Evenly spaced, in order.
    level : float
        Confidence of the interval.

    Returns
    -------
    DataFrame, one row
        ``pct_per_year``, ``lower``, ``upper``; ``direction``, :data:`UP` or :data:`DOWN` where the
        interval leaves out 0, else :data:`NONE`; ``correlation`` of the errors as used; ``n``
        values. All but n are missing where fewer than :data:`FEWEST_PERIODS` are known.

    Raises
    ------
    DataError
        If a value is 0 or negative, or the years are not evenly spaced.

    References
    ----------
    Marriott, F. H. C. and Pope, J. A. (1954). Bias in the estimation of autocorrelations.
    Biometrika 41, 390-402.
    Perron, P. and Yabu, T. (2009). Estimating deterministic trends with an integrated or stationary
    noise component. Journal of Econometrics 151, 56-69.
    """
    from scipy.stats import t as student

    y, x = np.asarray(values, dtype=float), np.asarray(years, dtype=float)
    if (y <= 0).any() or (len(x) > 2 and np.ptp(np.diff(x)) > 1e-6):
        raise DataError(
            "A trend in percent needs values above 0 at years that are evenly spaced. Leave a "
            "missing year in, without a value."
        )
    place = np.flatnonzero(~np.isnan(y))
    n = len(place)
    change = {"pct_per_year": np.nan, "lower": np.nan, "upper": np.nan}
    if n < FEWEST_PERIODS:
        return pd.DataFrame([change | {"direction": NONE, "correlation": np.nan, "n": n}])
    logs, line = np.log(y[place]), np.column_stack([x[place], np.ones(n)])
    residual = np.full(len(y), np.nan)
    residual[place] = logs - line @ np.linalg.lstsq(line, logs, rcond=None)[0]
    rho = _correlation(residual, n)
    if rho < 1:  # make the errors independent of each other
        root = np.linalg.cholesky(rho ** np.abs(np.subtract.outer(place, place)))
        line, logs = np.linalg.solve(root, line), np.linalg.solve(root, logs)
    else:  # the steps of a random walk are, the longer the larger
        steps = np.sqrt(np.diff(place))
        line, logs = np.diff(line[:, :1], axis=0) / steps[:, None], np.diff(logs) / steps
    slope = np.linalg.lstsq(line, logs, rcond=None)[0]
    variance = float(((logs - line @ slope) ** 2).sum()) / (n - 2)
    error = np.sqrt(variance * np.linalg.inv(line.T @ line)[0, 0])
    margin = student.isf(tail_of(level), n - 2) * error
    low, high = slope[0] - margin, slope[0] + margin
    for name, yearly in zip(change, (slope[0], low, high), strict=True):
        change[name] = 100 * float(np.expm1(yearly))
    direction = UP if low > 0 else DOWN if high < 0 else NONE
    return pd.DataFrame([change | {"direction": direction, "correlation": rho, "n": n}])


def beta(start: pd.Series, end: pd.Series, years: float, level: float = 0.95) -> pd.DataFrame:
    """Estimate how fast districts come nearer to each other: beta convergence.

    (ln yₑ - ln yₛ) / T = a - (1 - exp(-β T)) / T · ln yₛ: β is the share of the distance that is
    made up in a year. The interval is that of the slope with errors of unequal variance (HC3),
    carried over to β.

    Parameters
    ----------
    start, end : Series of float
        Rates by ``district_id`` in the first and last year; a district without a value above 0 in
        both is left out.
    years : float
        Between the two.
    level : float
        Confidence of the interval.

    Returns
    -------
    DataFrame, one row
        ``rate_pct``, ``lower``, ``upper``: percent a year, negative where districts part;
        ``half_life_years``, after which half of a distance is gone, missing where they do not come
        nearer; ``n`` districts. Where the slope says that all distance was made up and more, β is
        missing; so is an end of the interval, which then is open.

    Raises
    ------
    DataError
        If the end is not after the start, all districts start alike, or fewer than
        :data:`FEWEST_DISTRICTS` can be used.

    References
    ----------
    Barro, R. J. and Sala-i-Martin, X. (1992). Convergence. Journal of Political Economy 100,
    223-251.
    MacKinnon, J. G. and White, H. (1985). Journal of Econometrics 29, 305-325.
    """
    from scipy.stats import t as student

    both = pd.DataFrame({"start": start, "end": end}).astype(float)
    logs = np.log(both[(both > 0).all(axis=1)])
    n = len(logs)
    if n < FEWEST_DISTRICTS or not years > 0 or np.ptp(logs["start"]) < 1e-12:
        raise DataError(
            "Convergence needs at least {least} districts of different rates above 0 at the start "
            "and at the end, and some years in between; here are {n} districts, {years:g} years.",
            least=FEWEST_DISTRICTS,
            n=n,
            years=float(years),
        )
    growth = (logs["end"] - logs["start"]).to_numpy() / years
    design = np.column_stack([np.ones(n), logs["start"]])
    inverse = np.linalg.inv(design.T @ design)
    slope = inverse @ design.T @ growth
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    # A district that alone decides the line has no residual, and says nothing about the error.
    scaled = (growth - design @ slope) / np.maximum(1 - leverage, 1e-12)
    error = np.sqrt((inverse @ (design.T * scaled**2) @ design @ inverse)[1, 1])
    margin = student.isf(tail_of(level), n - 2) * error
    with np.errstate(invalid="ignore", divide="ignore"):
        found = -np.log1p(np.array([slope[1], slope[1] + margin, slope[1] - margin]) * years)
    rate, lower, upper = np.where(np.isfinite(found), found, np.nan) / years
    row = {"rate_pct": 100 * rate, "lower": 100 * lower, "upper": 100 * upper}
    row |= {"half_life_years": np.log(2) / rate if rate > 0 else np.nan, "n": n}
    return pd.DataFrame([row])


def sigma(values: pd.DataFrame) -> pd.DataFrame:
    """Measure the spread between districts in each period: sigma convergence.

    Parameters
    ----------
    values : DataFrame
        ``area_id``, ``period``, ``value``: rates of districts.

    Returns
    -------
    DataFrame, one row for each period in order, without holes
        ``period``, ``year``, ``spread`` (standard deviation of the logarithms: 0.3 means that
        districts lie about 30 % above or below the mean) and ``n`` districts: the same ones
        throughout, those with a value above 0 in every period that has values. Missing in a period
        without values.

    Raises
    ------
    DataError
        If fewer than :data:`FEWEST_DISTRICTS` districts are known throughout.

    References
    ----------
    Sala-i-Martin, X. (1996). The classical approach to convergence analysis. Economic Journal 106,
    1019-1036.
    Quah, D. (1993). Galton's fallacy and tests of the convergence hypothesis. Scandinavian Journal
    of Economics 95, 427-443.
    """
    cells = values.set_index(["period", "area_id"])["value"].astype(float)
    matrix = cells.where(cells > 0).unstack("area_id")  # noqa: PD010 - a pivot would aggregate
    is_known = matrix.notna().any(axis=1)
    same = matrix.loc[:, matrix[is_known].notna().all(axis=0)]
    if same.shape[1] < FEWEST_DISTRICTS:
        raise DataError(
            "Only {n} districts have a value above 0 throughout; a spread between them needs at "
            "least {least}.",
            n=same.shape[1],
            least=FEWEST_DISTRICTS,
        )
    same = same.reindex(_without_holes(same.index))
    table = pd.DataFrame({"spread": np.log(same).std(axis=1, ddof=0)})
    table["n"] = np.where(same.notna().all(axis=1), same.shape[1], 0)
    table = table.rename_axis("period").reset_index()
    table.insert(1, "year", _years(table["period"]))
    return table


def _correlation(residual: np.ndarray, n: int) -> float:
    """Estimate the correlation of neighbouring errors as :func:`trend` uses it."""
    now, before = residual[1:], residual[:-1]
    is_pair = ~np.isnan(now) & ~np.isnan(before)
    if not is_pair.any() or not (square := float((before[is_pair] ** 2).sum())) > 0:
        return 0.0
    raw = float((now[is_pair] * before[is_pair]).sum()) / square
    rho = min(max((n * raw + 2) / (n - 4), 0.0), 1.0)
    rho += np.sqrt((1 - rho**2) / n)
    return 1.0 if rho >= 1 - 1 / np.sqrt(n) else float(rho)


def _years(periods: pd.Series) -> pd.Series:
    """Write periods as numbers: 2026-Q3 as 2026.5."""
    quarter = periods.str.partition("-Q")[2].replace("", "1").astype(float)
    return periods.str[:4].astype(float) + (quarter - 1) / 4


def _without_holes(periods: pd.Index) -> list[str]:
    """List the periods from the first to the last, those not observed too."""
    if periods.empty:
        return []
    if "-Q" in min(periods):
        return quarters(min(periods), max(periods))
    return [str(year) for year in range(int(min(periods)), int(max(periods)) + 1)]
