"""The one table in the middle: an observation is a value of an indicator, somewhere, some time.

The terms are those of SDMX. A missing value (``obs_status`` M), a suppressed value (``conf_status``
C or D) and a zero are three different things, and no function of this package mixes them.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from .faults import DataError, nearest
from .language import Sentence

KEY = ["indicator", "area_level", "area_id", "period", "breakdown"]
COLUMNS = [
    "indicator",
    "area_id",
    "area_level",
    "period",
    "breakdown",
    "value",
    "unit",
    "n_units",
    "obs_status",
    "conf_status",
    "quality_note",
]
CONTRIBUTIONS = ["largest_1", "largest_2"]
"""The largest contributions of one unit to a value: internal, needed by the disclosure rules."""
_NUMBERS = {"value": "float64", "n_units": "Int64"} | dict.fromkeys(CONTRIBUTIONS, "float64")

AREA_LEVELS = ("district", "borough", "city", "programme", "comparison")
OBS_STATUS = {"A": "normal", "M": "missing", "E": "estimated", "P": "provisional", "B": "break"}
WEAKNESS = ("A", "B", "P", "E")
"""Statuses from the strongest to the weakest: what is made of several has the weakest of theirs."""
GAP = "some values are not known"
"""``quality_note`` of a sum or median of which a part is not known."""
CONF_STATUS = {"F": "free", "C": "primary confidential", "D": "secondary confidential"}


def breakdown(given: dict[str, str]) -> str:
    """Write a breakdown: ``measure=kmu&status=verified``, its dimensions in order.

    An ``&`` in a code is written ``%26``, and so a ``%`` as ``%25``.
    """
    codes = {name: code.replace("%", "%25").replace("&", "%26") for name, code in given.items()}
    return "&".join(f"{name}={codes[name]}" for name in sorted(codes))


def dimensions(written: str) -> dict[str, str]:
    """Read a breakdown back into its dimensions."""
    parts = [part.partition("=") for part in written.split("&")] if written else []
    return {name: code.replace("%26", "&").replace("%25", "%") for name, _, code in parts}


def weakness(status: str) -> int:
    """Rank a status; a missing value has no rank of its own."""
    return WEAKNESS.index(status) if status in WEAKNESS else 0


def stacked(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put observations one under the other, with their texts as categories of a few bytes each.

    Parameters
    ----------
    frames : iterable of DataFrame
        At least one. Columns that the first one lacks are left out.

    Returns
    -------
    DataFrame
        In the order given, not tidy yet. The categories of a text are in their order as text.
    """
    tables = list(frames)
    columns = {}
    for name in (name for name in (*COLUMNS, *CONTRIBUTIONS) if name in tables[0]):
        if name in _NUMBERS:
            parts = [table[name].astype(_NUMBERS[name]) for table in tables]
            columns[name] = pd.concat(parts, ignore_index=True).array
        else:
            texts = [_as_categories(table[name]) for table in tables]
            columns[name] = union_categoricals(texts, sort_categories=True)
    return pd.DataFrame(columns)


def same(text: str, rows: int) -> pd.Categorical:
    """Write the same text in so many rows."""
    return pd.Categorical.from_codes(np.zeros(rows, dtype=np.int8), pd.Index([text], dtype="str"))


def _as_categories(column: pd.Series) -> pd.Categorical:
    """Give a text as categories in their order as text."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Categorical(column.astype("str"))
    return column.array.reorder_categories(column.array.categories.sort_values())


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Put observations into their one form: columns, types and order of the rows.

    Parameters
    ----------
    frame : DataFrame, n rows
        With the columns of :data:`COLUMNS`, and of :data:`CONTRIBUTIONS` if it is internal.

    Returns
    -------
    DataFrame, n rows
        Sorted by :data:`KEY`, so that the same observations are the same bytes.

    Raises
    ------
    DataError
        If a column is not there, a key is empty or stands twice, a status is unknown, or a value
        and its status disagree.
    """
    if lacking := [name for name in COLUMNS if name not in frame]:
        raise DataError(
            "observations: these columns are not there: {names}. Give every observation all of "
            "{all}.",
            names=", ".join(lacking),
            all=", ".join(COLUMNS),
        )
    columns = COLUMNS + [name for name in CONTRIBUTIONS if name in frame]
    texts = {name: _as_categories(frame[name]) for name in columns if name not in _NUMBERS}
    order = np.lexsort([texts[name].codes for name in reversed(KEY)])
    tidied = pd.DataFrame(
        {
            name: frame[name].astype(_NUMBERS[name]).array.take(order)
            if name in _NUMBERS
            else texts[name].categories.array.take(texts[name].codes[order], allow_fill=True)
            for name in columns
        }
    )
    tidied.attrs = frame.attrs
    key = np.stack([texts[name].codes[order] for name in KEY])
    is_again = np.append(False, (key[:, 1:] == key[:, :-1]).all(axis=0))[: len(tidied)]
    hidden, missing = tidied["conf_status"] != "F", tidied["obs_status"] == "M"
    for broken, rule in (
        (pd.Series((key < 0).any(axis=0)), Sentence("has an empty key")),
        (pd.Series(is_again), Sentence("stands twice")),
        (~tidied["area_level"].isin(AREA_LEVELS), Sentence("has an unknown area_level")),
        (~tidied["obs_status"].isin(OBS_STATUS), Sentence("has an unknown obs_status")),
        (~tidied["conf_status"].isin(CONF_STATUS), Sentence("has an unknown conf_status")),
        (tidied["value"].isna() & ~hidden & ~missing, Sentence("has no value, but is not M")),
        (tidied["value"].notna() & missing, Sentence("has a value, but is M (missing)")),
        (tidied["value"].abs() == float("inf"), Sentence("is infinite")),
    ):
        if broken.any():
            row = tidied.loc[broken, KEY].iloc[0].to_dict()
            raise DataError(
                "observations: {row} {rule} (rows with this fault: {count}). Correct the notebook "
                "or indicator that made them.",
                count=int(broken.sum()),
                row=row,
                rule=rule,
            )
    return tidied


def select(
    observations: pd.DataFrame,
    indicator: str,
    *,
    area_level: str | None = None,
    area_id: str | None = None,
    period: str | None = None,
    breakdown: str | None = "",
) -> pd.DataFrame:
    """Pick the observations of one indicator.

    Parameters
    ----------
    observations : DataFrame
    indicator : str
    area_level, area_id, period : str, optional
        Left out: all.
    breakdown : str or None
        ``""`` for the total, None for every breakdown.

    Raises
    ------
    DataError
        If the table has no such indicator: an empty answer would read as "nothing happened".
    """
    known = observations["indicator"] == indicator
    if not known.any():
        raise DataError(
            "observations: no indicator {indicator!r}; did you mean {near!r}?",
            indicator=indicator,
            near=nearest(indicator, observations["indicator"].unique()),
        )
    wanted = {
        "area_level": area_level,
        "area_id": area_id,
        "period": period,
        "breakdown": breakdown,
    }
    for column, value in wanted.items():
        if value is not None:
            known &= observations[column] == value
    return observations[known].reset_index(drop=True)


def as_of(observations: pd.DataFrame, indicator: str, period: str) -> str:
    """Find the last period, up to one, for which an indicator was observed anywhere.

    A quarter asked of a yearly statistic gives the last year that was over by then.

    Parameters
    ----------
    observations : DataFrame
    indicator, period : str

    Returns
    -------
    str
        The period itself where there is none.
    """
    rows = observations[
        (observations["indicator"] == indicator) & (observations["obs_status"] != "M")
    ]
    ends = {found: found if "Q" in found else f"{found}-Q4" for found in rows["period"].unique()}
    end = period if "Q" in period else f"{period}-Q4"
    past = [found for found in ends if ends[found] <= end]
    return period if period in past else max(past, key=lambda found: ends[found], default=period)


def until(observations: pd.DataFrame, period: str) -> pd.DataFrame:
    """Pick what was observed until a quarter: quarters until then, and years that were over.

    Parameters
    ----------
    observations : DataFrame
    period : str
        A quarter, or a year.
    """
    end = period if "Q" in period else f"{period}-Q4"
    written = pd.Series(observations["period"].unique(), dtype="str")
    ends = written.where(written.str.contains("-Q"), written + "-Q4")
    return observations[observations["period"].isin(written[ends <= end])]


def save(observations: pd.DataFrame, folder: str | Path, name: str = "observations") -> Path:
    """Write internal observations for the run to collect: ``<folder>/<name>.parquet``.

    The declarations of the indicators travel with them, so that a city's own notebook may bring
    its own: ``observations.attrs["catalogue"]``, as :func:`ostwerk_analysis.indicators.compute`
    leaves it.
    """
    path = Path(folder) / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = tidy(observations)
    table.attrs = {}
    table.to_parquet(path, index=False)
    declared = observations.attrs.get("catalogue", [])
    path.with_suffix(".json").write_text(json.dumps(declared, ensure_ascii=False, indent=1))
    return path


def collect(folders: Iterable[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read back what the notebooks of a run have saved.

    Returns
    -------
    observations : DataFrame
        All of them, tidy.
    catalogue : DataFrame
        One row for each indicator.

    Raises
    ------
    DataError
        If two notebooks contradict each other in an observation or a declaration.
    """
    paths = sorted(path for folder in folders for path in folder.glob("*.parquet"))
    if not any(len(pd.read_parquet(path, columns=["indicator"])) for path in paths):
        raise DataError("No notebook has saved observations; there is nothing to release.")
    declared: dict[str, dict] = {}
    for path in paths:
        if not path.with_suffix(".json").is_file():
            raise DataError(
                "{file} has no declarations beside it. Write it with observations.save.",
                file=path,
            )
        for entry in json.loads(path.with_suffix(".json").read_text()):
            if declared.setdefault(entry["indicator"], entry) != entry:
                raise DataError(
                    "{file}: the indicator {indicator} is declared elsewhere in another way. "
                    "Declare it once.",
                    file=path.name,
                    indicator=entry["indicator"],
                )
    # Two notebooks may need the same figure; only a contradiction between them is an error.
    delivered = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    observations = tidy(delivered.drop_duplicates())
    undeclared = sorted(set(observations["indicator"]) - declared.keys())
    if undeclared:
        raise DataError(
            "Observations of indicators that no notebook declares: {names}. Put their "
            "declarations into observations.attrs['catalogue'].",
            names=", ".join(undeclared),
        )
    catalogue = pd.DataFrame([declared[name] for name in sorted(declared)])
    return observations, catalogue
