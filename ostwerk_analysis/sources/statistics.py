"""What all files of official statistics have in common: long rows, periods, and marks for figures.

Offices write a mark where a figure would stand, and each mark means something else. They are read
as the joint legend of the statistical offices has them (Statistische Ämter des Bundes und der
Länder, Zeichenerklärung): ``-`` nothing there (exactly zero), ``.`` unknown or kept secret, ``...``
comes later, ``/`` too uncertain to be given, ``x`` makes no sense here, ``( )`` uncertain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from .. import periods
from ..faults import DataError
from ..programme import PeriodRules, Source
from .raw import RawTable, asked_for, named, put_aside, row_texts

GAPS = (".", "...", "…", "/", "x", "X", "*", ":")
"""Marks for which no figure was published; ``*`` and ``:`` are those of the Federal Employment
Agency and of Eurostat."""
NOTHING = ("-", "–", "—")
"""The mark for nothing; see :func:`without_marks`."""
STATUS_OF_LETTER = {"p": "P", "s": "E", "e": "A", "r": "A", "b": "B"}
"""Letter beside a figure = SDMX status: preliminary, estimated, final, revised, break."""

_MARKED = r"^\(?\s*(?P<number>[+-]?[0-9][0-9.,  ']*?)\s*(?P<close>\)?)\s*(?P<letter>[a-z]?)$"
_QUOTIENT = r"(?i)prozent|%|promille|\bje\b|=\s*100|index|quote|anteil|durchschnitt|verhältnis"
_QUARTER_ENDS = ("03-31", "06-30", "09-30", "12-31")
_SKIPPED = "skipped"


def melted(wide: pd.DataFrame, keys: Sequence[str], figures: Sequence[str]) -> pd.DataFrame:
    """Turn n lines with p figures each into rows of one figure, line after line.

    Returns
    -------
    DataFrame, n·p rows
        The columns of ``keys``, ``_line``, ``_column`` (the figure's column) and ``value``.
    """
    each = wide[[*keys, "_line"]]
    long = each.loc[each.index.repeat(len(figures))].reset_index(drop=True)
    values = wide[list(figures)].to_numpy(dtype=object).ravel()
    return long.assign(
        _column=np.tile(np.array(figures, dtype=object), len(wide)),
        value=pd.Series(values, dtype="str"),
    )


def finished(
    long: RawTable,
    source: Source,
    path: Path,
    known: Mapping[str, tuple[str, ...]] | None = None,
    broken: pd.DataFrame | None = None,
) -> RawTable:
    """Give long rows the periods and the column names of the table ``statistics``.

    Months, days and school years become the quarter or year that ``source.periods`` says; those
    that it leaves out (January where months stand for quarters) are skipped, and where it says
    nothing the row is set aside. Days that are the same one in every year stand for their year.
    A period that ``source.values`` recodes is left to it.

    Parameters
    ----------
    long : RawTable, n rows
        With ``period`` as the file writes it, unless it is a constant.
    known : mapping, optional
        See :func:`ostwerk_analysis.sources.raw.named`.
    broken : DataFrame, optional
        ``rule``, ``column`` and ``value`` of rows that cannot be used, by the index of the frame;
        those that ``where`` asks for are set aside.

    Raises
    ------
    DataError
        If there is no period, and as :func:`ostwerk_analysis.sources.raw.named`.
    """
    frame = long.frame
    if broken is None:
        broken = pd.DataFrame(columns=["rule", "column", "value"], dtype="str")
    if "period" not in source.constants:
        if "period" not in frame:
            raise DataError(
                "{file} does not say for which period its figures are. State it in programme.toml: "
                'constants.period = "2026".',
                file=source.path,
            )
        written = frame["period"].astype("str")
        texts = written.dropna().unique().tolist()
        standing = _standing(texts, source.periods, source.values.get("period", {}))
        # What stands for no period keeps its text, so that where can name it.
        read = {text: period for text, (period, _) in standing.items()}
        rules = written.map({text: rule for text, (_, rule) in standing.items()})
        rules = rules.astype("str").fillna("period")
        wrong = pd.DataFrame({"rule": rules, "column": "period", "value": written.fillna("")})
        frame = frame.assign(period=written.map(read).astype("str"))
        broken = pd.concat([broken, wrong[(rules != "") & ~frame.index.isin(broken.index)]])
    reasons = ["_rule", "_of", "_said"]
    frame = frame.join(broken[["rule", "column", "value"]].set_axis(reasons, axis=1))
    asked = asked_for(replace(long, frame=frame), source)
    is_skipped = asked.frame["_rule"] == _SKIPPED
    faults, aside = [asked.faults], [asked.set_aside]
    for (rule, column), wrong in asked.frame[~is_skipped].groupby(["_rule", "_of"], sort=False):
        lines, texts = wrong["_line"].tolist(), row_texts(wrong.drop(columns=reasons))
        values = wrong["_said"].tolist()
        found = put_aside(source, path, lines, texts, rule, column=column, values=values)
        faults.append(found[0])
        aside.append(found[1])
    good = asked.frame[asked.frame["_rule"].isna()].drop(columns=reasons)
    finished = replace(
        asked,
        frame=good.reset_index(drop=True),
        faults=pd.concat(faults, ignore_index=True),
        set_aside=pd.concat(aside, ignore_index=True),
        rows_skipped=asked.rows_skipped + int(is_skipped.sum()),
    )
    return named(finished, source, known)


def _standing(
    texts: Sequence[str], rules: PeriodRules, recoded: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Say of each text which period it stands for, and which rule it breaks if none."""
    parsed = {text: periods.parse(text) for text in texts}
    days = {period[5:] for period in parsed.values() if len(period) == len("2026-07-31")}
    is_yearly = not rules.day and len(days) == 1
    standing = {}
    for text, period in parsed.items():
        if text in recoded or period in recoded:
            standing[text] = (text if text in recoded else period, "")
        elif not period:
            standing[text] = (text, "period")
        else:
            stands_for = _table_period(period, rules, is_yearly)
            rule = "" if stands_for else "period_length" if stands_for is None else _SKIPPED
            standing[text] = (stands_for or text, rule)
    return standing


def _table_period(period: str, rules: PeriodRules, is_yearly: bool) -> str | None:
    """Give the quarter or year; empty if the rules leave it out, None if they do not say."""
    year, _, rest = period.partition("-")
    if (not rest and "/" not in year) or rest.startswith("Q"):
        return period
    if "/" in year:
        first = int(year[:4])
        return {"first_year": str(first), "second_year": str(first + 1)}.get(rules.school_year)
    rule: str
    if len(rest) == 2 and rest.isdigit():
        rule, month = rules.month, int(rest)
        is_end, is_last = month % 3 == 0, month == 12
    elif len(rest) == 5:
        rule, month = rules.day or ("year" if is_yearly else ""), int(rest[:2])
        is_end, is_last = rest in _QUARTER_ENDS, rest == "12-31"
    else:  # half-years and weeks
        return None
    if rule == "quarter_end":
        return f"{year}-Q{month // 3}" if is_end else ""
    if rule == "year_end":
        return year if is_last else ""
    return year if rule == "year" else None


def without_marks(
    frame: pd.DataFrame, recoded: Mapping[str, str], group: Sequence[str]
) -> pd.DataFrame:
    """Read the marks that stand for figures or beside them.

    ``-`` is zero by the legend. Yet offices also write it where there is no figure at all: for an
    area dissolved long ago, or a year before the statistic began (table 13211-02-05-4 has it for
    all unemployed of Leipzig before 2007). So it is a zero only if it stands for a count and a
    number of the same group stands beside it; otherwise it is a gap.

    Parameters
    ----------
    frame : DataFrame, n rows
        With ``value``, and ``unit`` where it is known.
    recoded : mapping
        Cells that the source recodes itself; they stay as they are.
    group : sequence of str
        Columns that say which figures stand side by side.

    Returns
    -------
    DataFrame, n rows
        ``value`` without marks, ``obs_status`` where a mark says one, and ``mark``.
    """
    values = frame["value"].astype("str")
    stays = values.isin(list(recoded))
    is_gap, is_nothing = values.isin(GAPS) & ~stays, values.isin(NOTHING) & ~stays
    parts = values.where(~stays).str.extract(_MARKED)
    is_marked = parts["number"].notna() & ((parts["close"] == ")") | parts["letter"].ne(""))
    is_marked &= values.str.startswith("(") == (parts["close"] == ")")
    letters = parts["letter"].where(is_marked)
    status = letters.map(STATUS_OF_LETTER).astype("str")
    is_marked &= status.notna() | letters.eq("")
    status = status.where(is_marked).mask(is_marked & (parts["close"] == ")"), "E")
    is_number = parts["number"].notna()
    if is_nothing.any():
        keys = [*group, *(["unit"] if "unit" in frame else [])]
        one = pd.Series(0, frame.index)
        by = [one, *(frame[key] for key in keys)]
        beside = is_number.groupby(by, dropna=False).transform("any")
        is_count = (
            ~frame["unit"].astype("str").fillna("").str.contains(_QUOTIENT)
            if ("unit" in frame)
            else True
        )
        is_zero = is_nothing & beside & is_count
    else:
        is_zero = is_nothing
    marks = values.where(is_gap | is_nothing).mask(
        is_marked, parts["letter"].mask(parts["close"] == ")", "()")
    )
    return frame.assign(
        value=values.mask(is_gap | is_nothing)
        .mask(is_zero, "0")
        .mask(is_marked, parts["number"].str.strip())
        .astype("str"),
        obs_status=status.astype("str"),
        mark=marks.astype("str"),
    )
