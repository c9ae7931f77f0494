"""Rates of small districts: smoothed, standardised, and with intervals.

A rate over few people jumps by chance. What is shown is therefore never a smoothed rate alone but
the raw one beside it, or the raw one with its interval. A district whose count or population is
missing, or that has no population, has no rate: it is left out and stays missing.
"""

import numpy as np
import pandas as pd

from . import spatial
from .faults import DataError, some


def smoothed(
    events: pd.Series,
    population: pd.Series,
    neighbours: pd.DataFrame | None = None,
    per: float = 1000,
) -> pd.DataFrame:
    """Smooth rates by empirical Bayes: the smaller the population, the nearer to the mean.

    Own rate r = events / population, m = Σ events / Σ population and the variance between
    districts A = max(0, Σ population (r - m)² / Σ population - m / mean population), sums being
    over all districts or, if ``neighbours`` are given, over the district and its neighbours. The
    smoothed rate is m + c (r - m), c = A / (A + m / population).

    Where the rates vary no more than chance lets them, A is 0 and the smoothed rate is the mean.
    (``esda`` lets A fall below 0 in the global form, and the rates leap.) A district without
    neighbours has nothing to borrow from and keeps its rate.

    Parameters
    ----------
    events, population : Series of float
        By ``district_id``. A district in only one of them counts as missing.
    neighbours : DataFrame, optional
        As of :func:`ostwerk_analysis.spatial.neighbours`: shrink to the mean around, not of all.
    per : float
        Rates are events per so many of the population.

    Returns
    -------
    DataFrame, one row for each district
        ``district_id``, ``events``, ``population``, ``rate``, ``mean_rate`` (to which it is
        shrunk), ``own_weight`` (c, from 0 to 1) and ``smoothed_rate``.

    Raises
    ------
    DataError
        If a count or population is negative, or no district has a rate.

    References
    ----------
    Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes estimators.
    Applied Statistics 40, 283-294.
    """
    table = _counts(events, population)
    if neighbours is not None:
        table = pd.concat(
            {name: spatial.aligned(table[name], neighbours) for name in table}, axis=1
        )
    has_rate = table["population"] > 0
    e, p = (table.loc[has_rate, name].to_numpy() for name in ("events", "population"))
    near = np.ones((len(e), len(e)))
    if neighbours is not None:
        pairs = neighbours.dropna(subset="neighbour_id")
        codes = table.index[has_rate]
        first, second = (codes.get_indexer(pairs[n]) for n in ("district_id", "neighbour_id"))
        is_pair = (first >= 0) & (second >= 0)
        near = np.eye(len(e))
        near[first[is_pair], second[is_pair]] = 1
    rate = e / p
    around = near @ p
    mean = near @ e / around
    between = (near * p * (rate - mean[:, None]) ** 2).sum(axis=1) / around
    between -= mean * near.sum(axis=1) / around
    # Where they vary no more than by chance, or nothing happened, the own rate counts for nothing.
    own = np.divide(between, between + mean / p, out=np.zeros_like(p), where=between > 0)
    table.loc[has_rate, "rate"] = rate * per
    table.loc[has_rate, "mean_rate"] = mean * per
    table.loc[has_rate, "own_weight"] = own
    table.loc[has_rate, "smoothed_rate"] = (mean + own * (rate - mean)) * per
    return table.reset_index()


def standardised(events: pd.Series, population: pd.Series) -> pd.Series:
    """Standardise rates by what chance lets them vary, for Moran's I of rates.

    zᵢ = (rᵢ - m) / √(A + m / populationᵢ), as in :func:`smoothed`. Districts of few people no
    longer make a pattern, or hide one, by their chance extremes alone.

    Parameters
    ----------
    events, population
        As for :func:`smoothed`.

    Returns
    -------
    Series of float
        By ``district_id``; missing where there is no rate.

    Raises
    ------
    DataError
        As :func:`smoothed`, and if there are no events at all.

    References
    ----------
    Assunção, R. M. and Reis, E. A. (1999). A new proposal to adjust Moran's I for population
    density. Statistics in Medicine 18, 2147-2162.
    """
    from esda.smoothing import assuncao_rate

    table = _counts(events, population)
    has_rate = table["population"] > 0
    if not table.loc[has_rate, "events"].any():
        raise DataError("There are no events in any district: rates cannot be standardised.")
    found = assuncao_rate(*(table.loc[has_rate, name].to_numpy() for name in table))
    return pd.Series(found, table.index[has_rate], name="standardised_rate").reindex(table.index)


def rate_interval(
    events: pd.Series, population: pd.Series, per: float = 1000, level: float = 0.95
) -> pd.DataFrame:
    """Give rates of counted events with exact Poisson intervals.

    Garwood: lower = χ²(α/2; 2e) / 2, upper = χ²(1 - α/2; 2e + 2) / 2 events. For rare events in a
    population; where everybody either is or is not, as in a share, use
    :func:`proportion_interval`.

    Parameters
    ----------
    events, population : Series of float
        By the same codes.
    per : float
        Rates are events per so many of the population.
    level : float
        Confidence of the interval.

    Returns
    -------
    DataFrame
        ``rate``, ``lower`` and ``upper``, by code; missing where a count or population is, or the
        population is 0.

    Raises
    ------
    DataError
        If a count or population is negative.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.
    """
    from scipy.special import gammaincinv

    tail = tail_of(level)
    table = _counts(events, population)
    e, p = table["events"], table["population"].where(table["population"] > 0)
    # χ²(q; 2k) / 2 is the q-quantile of a gamma distribution of shape k; of shape 0 it is 0.
    lower = np.where(e == 0, 0.0, gammaincinv(e.mask(e == 0, 1), tail))
    found = {"rate": e, "lower": lower, "upper": gammaincinv(e + 1, 1 - tail)}
    return pd.DataFrame(found, index=table.index).div(p, axis=0) * per


def proportion_interval(count: pd.Series, total: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Give shares with Wilson intervals, which stay between 0 and 1 and hold for few cases.

    Parameters
    ----------
    count, total : Series of float
        By the same codes: of so many, so many are.
    level : float
        Confidence of the interval.

    Returns
    -------
    DataFrame
        ``share`` (from 0 to 1), ``lower`` and ``upper``, by code; missing where one is, or the
        total is 0.

    Raises
    ------
    DataError
        If a count is negative or larger than its total.

    References
    ----------
    Wilson, E. B. (1927). Journal of the American Statistical Association 22, 209-212.
    Newcombe, R. G. (1998). Statistics in Medicine 17, 857-872, method 3.
    """
    from scipy.special import ndtri

    table = _counts(count, total)
    k, n = table["events"], table["population"].where(table["population"] > 0)
    if (is_over := k > table["population"]).any():
        raise DataError(
            "The counts of {codes} are larger than their totals. A share is of those who are in "
            "the total.",
            codes=some(table.index[is_over]),
        )
    z = -ndtri(tail_of(level))
    share = k / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    found = {
        "share": share,
        # Where none or all are, the limit is 0 or 1 but for rounding.
        "lower": (middle - half).mask(k == 0, 0).where(n.notna()),
        "upper": (middle + half).mask(k == n, 1),
    }
    return pd.DataFrame(found, index=table.index)


def rate_ratio_interval(
    events: pd.Series,
    population: pd.Series,
    reference_events: float,
    reference_population: float,
    level: float = 0.95,
) -> pd.DataFrame:
    """Give ratios of rates to a reference rate, with exact intervals.

    Given all e + E events, those of the district are binomial with the odds ratio · p / P: the
    limits are those of Clopper and Pearson for that share, turned into ratios. The reference must
    not contain the district: compare with the rest of the city, not with the city.

    Parameters
    ----------
    events, population : Series of float
        By the same codes.
    reference_events, reference_population : float
    level : float
        Confidence of the interval.

    Returns
    -------
    DataFrame
        ``ratio``, ``lower`` and ``upper``, by code; missing where there is no rate, and where
        nothing happened in either; ``upper`` and ``ratio`` are infinite where nothing happened in
        the reference.

    Raises
    ------
    DataError
        If a count or population is negative, or the reference has no population.

    References
    ----------
    Fay, M. P. (2010). Two-sided exact tests and matching confidence intervals for discrete data.
    R Journal 2(1), 53-58.
    """
    from scipy.special import betaincinv

    tail = tail_of(level)
    if not (reference_population > 0 and reference_events >= 0):
        raise DataError(
            "The reference has {events} events in a population of {population}. Give a count and "
            "the population that it is of.",
            events=reference_events,
            population=reference_population,
        )
    table = _counts(events, population)
    e, p = table["events"], table["population"].where(table["population"] > 0)
    is_any = e + reference_events > 0
    shares = {
        "ratio": e / (e + reference_events),
        "lower": np.where(e == 0, 0.0, betaincinv(e.mask(e == 0, 1), reference_events + 1, tail)),
        # Of no others at all, the largest share is everything.
        "upper": betaincinv(e + 1, reference_events, 1 - tail) if reference_events else 1.0,
    }
    share = pd.DataFrame(shares, index=table.index).where(is_any)
    odds = share.div(1 - share)
    return odds.mul(reference_population / p, axis=0)


def ratio_interval(upper: pd.Series, lower: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Give the ratio of two sums, such as euros per job, with Fieller's interval.

    R = Σ y / Σ x over units such as enterprises, of which each brings its own y and x. The interval
    holds every R for which the mean of y - R x is not told apart from 0 by Student's t:
    (ȳ - R x̄)² ≤ t² (s_yy - 2 R s_xy + R² s_xx) / n. It is not symmetric, as the ratio's own
    spread is not.

    Where the units are no sample but all there are, the interval says how much the ratio hangs on
    single ones: within it, it could as well lie if other units like them had come.

    Parameters
    ----------
    upper, lower : Series of float
        Amounts by unit. Several of one unit are added up; who stands in one only has 0 in the
        other, as an enterprise with a grant and no job. A unit with a missing amount is left out.
    level : float
        Confidence of the interval.

    Returns
    -------
    DataFrame, one row
        ``ratio``; ``standard_error``, by the delta method; ``lower``, ``upper``; ``n`` units and
        ``n_missing`` left out. The interval is missing where the sum below cannot be told apart
        from 0: then no finite one holds. It begins at 0 where no amount is negative.

    Raises
    ------
    DataError
        If an amount is infinite, or ``level`` is not between 0 and 1.

    References
    ----------
    Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical
    Society B 16, 175-185.
    Cochran, W. G. (1977). Sampling Techniques. Wiley, section 6.4.
    """
    from scipy.stats import t as student

    tail = tail_of(level)
    added = {
        name: amounts.astype(float).groupby(level=0).sum(min_count=1, skipna=False)
        for name, amounts in (("y", upper), ("x", lower))
    }
    table = pd.DataFrame(index=added["y"].index.union(added["x"].index))
    for name, amounts in added.items():
        table[name] = amounts.reindex(table.index, fill_value=0.0)
    if (is_bad := np.isinf(table).any(axis=1)).any():
        raise DataError(
            "The amounts of {codes} are infinite. Give one that is known, or leave it missing.",
            codes=some(table.index[is_bad]),
        )
    known = table.dropna()
    y, x, n = known["y"].to_numpy(), known["x"].to_numpy(), len(known)
    row = {"ratio": np.nan, "standard_error": np.nan, "lower": np.nan, "upper": np.nan}
    row |= {"n": n, "n_missing": len(table) - n}
    if not x.sum():
        return pd.DataFrame([row])
    row["ratio"] = y.sum() / x.sum()
    if n > 1:
        spread = np.cov(y, x) / n
        residual = y - row["ratio"] * x
        row["standard_error"] = np.sqrt(residual.var(ddof=1) / n) / abs(x.mean())
        t2 = student.isf(tail, n - 1) ** 2
        a, b, c = (
            one * other - t2 * spread[place]
            for one, other, place in (
                (x.mean(), x.mean(), (1, 1)),
                (x.mean(), y.mean(), (0, 1)),
                (y.mean(), y.mean(), (0, 0)),
            )
        )
        if a > 0:
            root = np.sqrt(max(0.0, b * b - a * c))
            least = 0.0 if (known >= 0).all(axis=None) else -np.inf
            row |= {"lower": max((b - root) / a, least), "upper": (b + root) / a}
    return pd.DataFrame([row])


def _counts(events: pd.Series, population: pd.Series) -> pd.DataFrame:
    """Put counts and what they are of side by side; both are missing where one is."""
    for figures in (events, population):
        if (is_twice := figures.index.duplicated()).any():
            raise DataError(
                "The figures of {codes} stand twice. Give one number for each code.",
                codes=some(figures.index[is_twice]),
            )
    table = pd.DataFrame({"events": events, "population": population}).astype(float)
    table.index.name = events.index.name or "district_id"
    is_bad = (table < 0).any(axis=1) | np.isinf(table).any(axis=1)
    if is_bad.any():
        raise DataError(
            "The figures of {codes} are negative or infinite: counts and populations start at 0.",
            codes=some(table.index[is_bad]),
        )
    table = table.where(table.notna().all(axis=1))
    if not (table["population"] > 0).any():
        raise DataError(
            "No district has both a count and a population above 0. Check that both have the same "
            "codes."
        )
    return table


def tail_of(level: float) -> float:
    """Give the probability beyond each end of an interval of some confidence."""
    if not 0 < level < 1:
        raise DataError(
            "A confidence of {level} is not between 0 and 1. Write 0.95 for 95 %.", level=level
        )
    return (1 - level) / 2
