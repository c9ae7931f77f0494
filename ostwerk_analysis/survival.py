"""How long start-ups last: Kaplan-Meier, log-rank, and supported start-ups beside the others.

An enterprise counts from the day on which it comes under observation until it closes or the data
end. Who is supported late has by then already lasted: counted as supported from the foundation on,
it could not have closed before. So it counts as not supported until the day of its first support,
and as supported from then on.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import periods
from .codes import ADVICE
from .faults import DataError
from .rates import tail_of

if TYPE_CHECKING:
    from .dataset import Dataset

DAYS_PER_MONTH = 365.25 / 12
MONTHS = (12, 24, 36)
SUPPORTED, NOT_SUPPORTED, ALL = "supported", "not supported", "all"
GROUPS = (SUPPORTED, NOT_SUPPORTED, ALL)


def kaplan_meier(
    left: pd.Series, closed: pd.Series, entered: pd.Series | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Estimate which share survives, from spells of observation that may be cut off at both ends.

    S(t) = Π (1 - d / n) over the times up to t at which d of the n under observation closed; its
    variance is Greenwood's, S² Σ d / (n (n - d)), and its interval is symmetric on the scale of
    log(-log S), so that it stays between 0 and 1.

    Parameters
    ----------
    left : Series of float, shape (n,)
        Age at which each spell ended.
    closed : Series of bool, shape (n,)
        Whether it ended by closing; else it was cut off.
    entered : Series of float, shape (n,), optional
        Age at which observation began; 0 where left out. Who closes at an age is at risk at that
        age, who enters at it is not yet.
    level : float
        Confidence of the interval.

    Returns
    -------
    DataFrame, one row for each age at which a spell ended
        ``time``, ``at_risk``, ``closed``, ``censored``, ``survival``, ``standard_error``,
        ``lower``, ``upper``. The interval is missing where nobody has closed yet or nobody is
        left: the data then say nothing about it.

    Raises
    ------
    DataError
        If there is no spell, a spell ends before it begins, or ``level`` is not between 0 and 1.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Journal of the American Statistical Association 53, 457.
    Kalbfleisch, J. D. and Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data.
    Wiley, section 1.4.
    """
    from scipy.special import ndtri

    z = -ndtri(tail_of(level))
    spells = _spells(left, closed, entered)
    time, ended = np.unique(spells["left"], return_counts=True)
    d = np.bincount(np.searchsorted(time, spells["left"]), spells["closed"], len(time))
    n = _at_risk(spells, time)
    survival = np.cumprod(1 - d / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        summed = np.cumsum(d / (n * (n - d)))
        error = survival * np.sqrt(summed)
        # The standard error of log(-log S) is √Σ / |log S|; both are 0 or infinite at the ends.
        factor = np.exp(z * np.sqrt(summed) / np.abs(np.log(survival)))
        lower, upper = survival**factor, survival ** (1 / factor)
    is_inside = (survival > 0) & (survival < 1)
    return pd.DataFrame(
        {
            "time": time,
            "at_risk": n,
            "closed": d.astype(int),
            "censored": ended - d.astype(int),
            "survival": survival,
            "standard_error": np.where(survival > 0, error, np.nan),
            "lower": np.where(is_inside, lower, np.nan),
            "upper": np.where(is_inside, upper, np.nan),
        }
    )


def survival_at(curve: pd.DataFrame, times: pd.Series) -> pd.DataFrame:
    """Read a survival curve at some ages.

    Parameters
    ----------
    curve : DataFrame
        Of :func:`kaplan_meier`.
    times : Series of float, shape (n,)

    Returns
    -------
    DataFrame, n rows
        ``time``, ``survival``, ``lower``, ``upper``. All are missing beyond the last age at which
        anybody was observed, unless everybody had closed by then.
    """
    last = curve.iloc[-1]
    step = np.searchsorted(curve["time"], times, side="right") - 1
    found = curve[["survival", "lower", "upper"]].iloc[step.clip(0)].reset_index(drop=True)
    found.loc[step < 0] = [1.0, np.nan, np.nan]
    unknown = (np.asarray(times) > last["time"]) & (last["survival"] > 0)
    found.loc[unknown] = np.nan
    found.insert(0, "time", np.asarray(times, dtype=float))
    return found


def logrank(
    left: pd.Series, closed: pd.Series, group: pd.Series, entered: pd.Series | None = None
) -> pd.DataFrame:
    """Test whether groups survive alike: the log-rank test.

    At every age at which somebody closes, a group of n out of N at risk is expected to have d n / N
    of the d closings. χ² weighs what is observed less expected by its hypergeometric variance.

    Parameters
    ----------
    left, closed, entered
        As for :func:`kaplan_meier`.
    group : Series of str, shape (n,)

    Returns
    -------
    DataFrame, one row for each group in order of their names
        ``group``, ``n`` spells, ``observed`` and ``expected`` closings; and the same in every row
        ``chi_square``, ``degrees_of_freedom`` and ``p``: missing where nobody has closed.

    Raises
    ------
    DataError
        As :func:`kaplan_meier`, and if there are fewer than two groups.

    References
    ----------
    Mantel, N. (1966). Cancer Chemotherapy Reports 50, 163-170.
    Mantel, N. and Byar, D. P. (1974). Evaluation of response-time data involving transient states.
    Journal of the American Statistical Association 69, 81-86.
    """
    from scipy.stats import chi2

    spells = _spells(left, closed, entered)
    names, member = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    if len(names) < 2:
        raise DataError("Survival is compared between groups; give at least two.")
    time = np.unique(spells.loc[spells["closed"], "left"])
    parts = [spells[member == number] for number in range(len(names))]
    n = np.array([_at_risk(part, time) for part in parts], dtype=float)
    d = np.array(
        [
            np.bincount(np.searchsorted(time, ends), minlength=len(time))
            for ends in (part.loc[part["closed"], "left"] for part in parts)
        ],
        dtype=float,
    )
    at_risk, all_closed = n.sum(axis=0), d.sum(axis=0)
    share = n / at_risk
    observed, expected = d.sum(axis=1), (all_closed * share).sum(axis=1)
    # Of one enterprise at risk nothing can be compared: its term is 0.
    spread = all_closed * (at_risk - all_closed) / np.maximum(at_risk - 1, 1)
    variance = np.diag((spread * share).sum(axis=1)) - (spread * share) @ share.T
    # The differences add up to 0, so the last one tells nothing new.
    difference, variance = (observed - expected)[:-1], variance[:-1, :-1]
    rank = int(np.linalg.matrix_rank(variance, tol=1e-9 * variance.max(initial=1.0)))
    statistic = (
        float(difference @ np.linalg.pinv(variance, rcond=1e-9) @ difference) if rank else np.nan
    )
    return pd.DataFrame(
        {
            "group": pd.Series(names, dtype="str"),
            "n": np.bincount(member),
            "observed": observed.astype(int),
            "expected": expected,
            "chi_square": statistic,
            "degrees_of_freedom": rank,
            "p": chi2.sf(statistic, rank) if rank else np.nan,
        }
    )


def startups(data: "Dataset", quarter: str) -> pd.DataFrame:
    """List spells of start-ups, with support and without, up to the end of a quarter.

    Start-ups are enterprises founded from the programme's first quarter on. Of older ones the
    register may hold those only that have lasted; they are left out. Support is advice (no first
    contact, no event) or an approved grant; its first day counts, also if before the foundation.

    Parameters
    ----------
    data : Dataset
    quarter : str

    Returns
    -------
    DataFrame
        ``business_id``; ``group``, :data:`SUPPORTED` or :data:`NOT_SUPPORTED`; ``entered`` and
        ``left``, ages in days; ``closed``, whether it closed in this spell. An enterprise first
        supported after its foundation has two spells. Without rows where the programme has no
        businesses: a notebook for any city shows that in words.
    """
    columns = ["business_id", "group", "entered", "left", "closed"]
    if "businesses" not in data.tables:
        return pd.DataFrame(columns=columns)
    end = pd.Timestamp(periods.last_day(periods.parse_quarter(quarter)))
    founded = data.businesses.set_index("business_id")[["founded_on", "closed_on"]]
    founded = founded[founded["founded_on"].between(first_day(data), end)]
    ended = founded["closed_on"].fillna(end).clip(upper=end)
    table = pd.DataFrame(
        {
            "left": (ended - founded["founded_on"]).dt.days,
            "closed": founded["closed_on"] <= end,
            "support": (first_support(data).reindex(founded.index) - founded["founded_on"]).dt.days,
        }
    )
    # Support on the last day or after it has not helped to last until then.
    is_supported = (table["support"] <= 0) | (table["support"] < table["left"])
    since = table["support"].where(is_supported).clip(lower=0)
    before = table[~(since <= 0)].assign(group=NOT_SUPPORTED, entered=0)
    turns = since.reindex(before.index)
    before["closed"] &= turns.isna()
    before["left"] = turns.fillna(before["left"]).astype(int)
    after = table[is_supported].assign(group=SUPPORTED, entered=since[is_supported].astype(int))
    spells = pd.concat([before, after]).reset_index()
    return spells[columns].sort_values(["business_id", "entered"], ignore_index=True)


def first_day(data: "Dataset") -> pd.Timestamp:
    """Give the day from which on a foundation is a start-up: the programme's first."""
    first = periods.parse_quarter(data.programme.first_quarter)
    return pd.Period(first.replace("-", "")).start_time


def first_support(data: "Dataset") -> pd.Series:
    """Give the day of the first advice or approval of each enterprise that had one.

    Parameters
    ----------
    data : Dataset

    Returns
    -------
    Series of datetime
        By ``business_id``.
    """
    days = [pd.Series(dtype="datetime64[ns]")]
    if "contacts" in data.tables:
        advised = data.contacts[data.contacts["kind"].isin(ADVICE)]
        days.append(advised.set_index("business_id")["occurred_on"])
    if "grants" in data.tables:
        days.append(data.grants.set_index("business_id")["approved_on"])
    every = pd.concat(days).dropna()
    every = every[every.index.notna()]
    number, codes = pd.factorize(every.index)
    return every.groupby(number).min().set_axis(codes)


def startup_survival(
    data: "Dataset", quarter: str, months: tuple[int, ...] = MONTHS
) -> pd.DataFrame:
    """Give the share of start-ups that last, supported and not, beside the stated benchmarks.

    Parameters
    ----------
    data : Dataset
        ``programme.benchmarks`` are the shares of other cohorts, such as all of Germany.
    quarter : str
        Spells end with it.
    months : tuple of int
        Ages.

    Returns
    -------
    DataFrame, one row for each group and age
        ``group``, one of :data:`GROUPS`, ``months``, ``startups`` (enterprises of the group),
        ``observed`` (those still under observation at that age), ``survival_pct``, ``lower_pct``,
        ``upper_pct`` of the 95 % interval, and ``benchmark_pct``, missing where none is stated.
        Without rows where there are no start-ups.
    """
    spells = startups(data, quarter)
    whole = spells.assign(group=ALL, entered=0)
    whole = whole.groupby("business_id", as_index=False).agg(
        {"group": "first", "entered": "first", "left": "max", "closed": "max"}
    )
    every = pd.concat([spells, whole], ignore_index=True)
    stated = {entry.months: entry.survival_pct for entry in data.programme.benchmarks}
    ages = pd.Series(months, dtype="int64")
    days = ages * DAYS_PER_MONTH
    rows = []
    for name in GROUPS:
        of = every[every["group"] == name]
        if of.empty:
            continue
        found = survival_at(kaplan_meier(of["left"], of["closed"], of["entered"]), days)
        rows.append(
            pd.DataFrame(
                {
                    "group": name,
                    "months": ages,
                    "startups": of["business_id"].nunique(),
                    "observed": _at_risk(_spells(of["left"], of["closed"], of["entered"]), days),
                    "survival_pct": 100 * found["survival"],
                    "lower_pct": 100 * found["lower"],
                    "upper_pct": 100 * found["upper"],
                    "benchmark_pct": ages.map(stated).astype("float64"),
                }
            )
        )
    columns = ["group", "months", "startups", "observed", "survival_pct"]
    columns += ["lower_pct", "upper_pct", "benchmark_pct"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)


def startup_test(data: "Dataset", quarter: str) -> pd.DataFrame:
    """Test whether supported start-ups last as long as the others, see :func:`logrank`.

    Returns
    -------
    DataFrame
        Without rows where there is one group only.
    """
    spells = startups(data, quarter)
    if spells["group"].nunique() < 2:
        return pd.DataFrame(columns=["group", "n", "observed", "expected", "p"])
    return logrank(spells["left"], spells["closed"], spells["group"], spells["entered"])


def _spells(left: pd.Series, closed: pd.Series, entered: pd.Series | None) -> pd.DataFrame:
    """Put spells into a table, and refuse those that cannot be."""
    spells = pd.DataFrame({"left": np.asarray(left, dtype=float), "closed": np.asarray(closed)})
    spells["closed"] = spells["closed"].astype(bool)
    spells["entered"] = 0.0 if entered is None else np.asarray(entered, dtype=float)
    is_bad = ~np.isfinite(spells["left"]) | ~np.isfinite(spells["entered"]) | (spells["left"] < 0)
    # Whoever enters at 0 is there from the first day on, and may close on it.
    is_bad |= (spells["entered"] > 0) & (spells["left"] <= spells["entered"])
    if spells.empty or is_bad.any():
        raise DataError(
            "Survival needs spells that end after they begin; {bad} of {all} do not. Give the ages "
            "at which observation began and ended.",
            bad=int(is_bad.sum()),
            all=len(spells),
        )
    return spells


def _at_risk(spells: pd.DataFrame, times: np.ndarray | pd.Series) -> np.ndarray:
    """Count the spells under observation just before each time."""
    ends, starts = np.sort(spells["left"]), np.sort(spells.loc[spells["entered"] > 0, "entered"])
    not_yet = len(starts) - np.searchsorted(starts, times, side="left")
    return len(ends) - np.searchsorted(ends, times, side="left") - not_yet
