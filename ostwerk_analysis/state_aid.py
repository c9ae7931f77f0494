"""De-minimis aid: what each undertaking was granted, against the ceiling of its day.

This is for those who may see microdata: nothing of it goes into a release.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from .dataset import Dataset
from .faults import DataError
from .indicators.enterprises import undertakings
from .indicators.funding import GIVEN
from .language import day, number, text


@dataclass(frozen=True)
class Regulation:
    """A de-minimis regulation of the Commission, for the days on which aid is granted under it.

    Parameters
    ----------
    id : str
    since, until : date
        First and last day, both included.
    ceiling_eur : float
        Most aid of a single undertaking within the window.
    is_by_year : bool
        The window is the year of the grant and the two before, as in "three fiscal years"; else
        three years to the day.
    articles : str
        Where ceiling and window are laid down.
    """

    id: str
    since: date
    until: date
    ceiling_eur: float
    is_by_year: bool
    articles: str


REGULATIONS = (
    Regulation("69/2001", date(2001, 2, 2), date(2006, 12, 31), 100_000, False, "Art. 2(2)"),
    Regulation("1998/2006", date(2007, 1, 1), date(2013, 12, 31), 200_000, True, "Art. 2(2)"),
    Regulation("1407/2013", date(2014, 1, 1), date(2023, 12, 31), 200_000, True, "Art. 3(2)"),
    Regulation("2023/2831", date(2024, 1, 1), date(2030, 12, 31), 300_000, False, "Art. 3(2)"),
)
"""The general regulations, each from its entry into force to that of the next.

Schemes could go on under a regulation for six months after its end (Art. 7(4) of 1407/2013: until
30 June 2024). That raises no ceiling: the later one was never the lower. The lower ceiling of road
freight transport, 100,000 euros until the end of 2023, is not looked at.
"""
COLUMNS = [
    "grant_id",
    "business_id",
    "group_id",
    "granted_on",
    "grant_eur",
    "regulation",
    "articles",
    "counted_from",
    "sum_eur",
    "undeclared_eur",
    "ceiling_eur",
    "finding",
]


def de_minimis(data: Dataset) -> pd.DataFrame:
    """Add up de-minimis aid of each undertaking at every grant, and say which grant goes too far.

    Aid is granted on the day of approval, whenever it is paid; a grant that was withdrawn is none.
    Enterprises of a ``group_id`` are a single undertaking. Where a grant goes beyond the ceiling,
    none of it is covered, not only what is too much (Art. 3(7) of 1407/2013 and of 2023/2831); it
    counts in later sums all the same. Fiscal years are taken to be calendar years. Aid from
    elsewhere is not in the data, so that no finding does not mean that all is well.

    Parameters
    ----------
    data : Dataset
        Without the tables ``grants`` and ``businesses`` there are no rows.

    Returns
    -------
    DataFrame, shape (n, 12)
        One row for each approved grant that is de-minimis aid, or of which that is not known, by
        day: ``sum_eur``, the aid since ``counted_from`` with this grant; ``undeclared_eur``, grants
        in it of which it is not known whether they are such aid; the ceiling; and ``finding``:
        ``exceeded``, ``exceeded, covered later`` (Art. 7(1) of 2023/2831 lets its higher ceiling
        apply to earlier aid), ``possibly exceeded`` if those of which it is not known decide, else
        empty.

    Raises
    ------
    DataError
        If a grant was approved on a day for which there is no regulation here.

    References
    ----------
    Commission Regulations (EC) 69/2001, (EC) 1998/2006, (EU) 1407/2013 and (EU) 2023/2831 (rolling
    window: recital 11; single undertaking: Art. 2(2); day of granting: Art. 3(3), in 1407/2013
    Art. 3(4)).
    """
    if not {"grants", "businesses"} <= data.tables.keys():
        return pd.DataFrame(columns=COLUMNS)
    firms = pd.DataFrame(data.businesses[["business_id", "group_id"]])
    firms = firms.assign(undertaking=undertakings(data.businesses))
    given = data.grants[data.grants["status"].isin(GIVEN)]
    given = given[given["is_de_minimis"].fillna(True)]
    columns = ["grant_id", "business_id", "approved_on", "grant_eur", "is_de_minimis"]
    aid = (
        given[columns].merge(firms, on="business_id").rename(columns={"approved_on": "granted_on"})
    )
    aid = aid.sort_values(["undertaking", "granted_on", "grant_id"], ignore_index=True)
    by_day = _in_force(aid)
    start = _window(aid["granted_on"], by_day["is_by_year"])
    declared = aid["grant_eur"].where(aid["is_de_minimis"].fillna(False).astype(bool), 0.0)
    sums = _rolling(aid, start, declared)
    whole = _rolling(aid, start, aid["grant_eur"])
    newest = REGULATIONS[-1]
    rolling = _rolling(aid, _window(aid["granted_on"], pd.Series(False, aid.index)), declared)
    is_covered = (aid["granted_on"] < pd.Timestamp(newest.since)) & (rolling <= newest.ceiling_eur)
    is_over = sums > by_day["ceiling_eur"]
    found = aid.assign(
        regulation=by_day["id"],
        articles=by_day["articles"],
        counted_from=start,
        sum_eur=sums,
        undeclared_eur=(whole - sums).round(2),
        ceiling_eur=by_day["ceiling_eur"],
        finding=np.select(
            [is_over & is_covered, is_over, whole > by_day["ceiling_eur"]],
            ["exceeded, covered later", "exceeded", "possibly exceeded"],
            "",
        ),
    )
    found = found.sort_values(["granted_on", "grant_id"], ignore_index=True)[COLUMNS]
    return found.astype({"regulation": "str", "articles": "str", "finding": "str"})


def _in_force(aid: pd.DataFrame) -> pd.DataFrame:
    """Give the regulation of each grant's day: a row for each grant."""
    table = pd.DataFrame([vars(one) for one in REGULATIONS])
    first, last = (pd.to_datetime(table[name]).to_numpy() for name in ("since", "until"))
    days = aid["granted_on"].to_numpy()
    place = np.searchsorted(first, days, side="right") - 1
    outside = (place < 0) | (days > last[place])
    if outside.any():
        row = aid[outside].iloc[0]
        raise DataError(
            "grants: {grant} was approved on {day}, for which no regulation on de-minimis aid is "
            "known here. Correct approved_on, or set is_de_minimis to no.",
            grant=row["grant_id"],
            day=row["granted_on"].date().isoformat(),
        )
    return table.take(place).set_index(aid.index)


def _window(days: pd.Series, is_by_year: pd.Series) -> pd.Series:
    """Give the first day whose aid counts with that of a day."""
    to_the_day = days - pd.DateOffset(years=3) + pd.Timedelta(days=1)
    of_years = days.dt.to_period("Y").dt.to_timestamp() - pd.DateOffset(years=2)
    return to_the_day.mask(is_by_year.astype(bool), of_years).astype("datetime64[ns]")


def _rolling(aid: pd.DataFrame, start: pd.Series, amount: pd.Series) -> pd.Series:
    """Add up, for each grant, those of its undertaking from a day on, itself included.

    Grants are sorted by undertaking, day and code: one of the same day with a higher code comes
    after.
    """
    # One number for undertaking and day, so that all windows are found by one search.
    width = 10**6
    origin = pd.Timestamp(1900, 1, 1)
    base = aid["undertaking"].to_numpy() * width
    key = base + (aid["granted_on"] - origin).dt.days.to_numpy()
    first = np.searchsorted(key, base + (start - origin).dt.days.to_numpy())
    total = np.concatenate([[0.0], amount.to_numpy(dtype=float).cumsum()])
    return pd.Series((total[1:] - total[first]).round(2), aid.index)


def findings(data: Dataset) -> pd.DataFrame:
    """List the grants by which de-minimis aid of an undertaking goes beyond its ceiling.

    Returns
    -------
    DataFrame
        Those rows of :func:`de_minimis` that have a ``finding``.
    """
    found = de_minimis(data)
    return found[found["finding"] != ""].reset_index(drop=True)


def sentences(found: pd.DataFrame, language: str = "en") -> list[str]:
    """Say findings in words, one each.

    Parameters
    ----------
    found : DataFrame
        As :func:`findings` gives them.
    language : {"de", "en"}
    """
    said = []
    for row in found.to_dict("records"):
        values = {
            "grant": row["grant_id"],
            "enterprise": row["business_id"],
            "day": day(row["granted_on"].date(), language),
            "first": day(row["counted_from"].date(), language),
            "sum": number(row["sum_eur"], "EUR", language),
            "ceiling": number(row["ceiling_eur"], "EUR", language),
            "regulation": row["regulation"],
            "articles": row["articles"],
            "undeclared": number(row["undeclared_eur"], "EUR", language),
        }
        if row["finding"] == "exceeded":
            sentence = text(
                "{grant} ({enterprise}, {day}): de-minimis aid since {first} comes to {sum}; "
                "{articles} of Regulation {regulation} allows {ceiling}. None of this grant is "
                "covered.",
                language,
                **values,
            )
        elif row["finding"] == "possibly exceeded":
            sentence = text(
                "{grant} ({enterprise}, {day}): de-minimis aid since {first} comes to {sum}, and "
                "to more than {ceiling} ({articles} of Regulation {regulation}) if grants of "
                "{undeclared} are such aid, of which that is not known. Fill in is_de_minimis.",
                language,
                **values,
            )
        else:
            sentence = text(
                "{grant} ({enterprise}, {day}): de-minimis aid since {first} came to {sum}; "
                "{articles} of Regulation {regulation} allowed {ceiling}. Art. 7(1) of Regulation "
                "2023/2831 covers it, if all its other conditions are met.",
                language,
                **values,
            )
        said.append(sentence)
    return said
