"""What can be wrong, said so that it can be put right.

A fault of a row is a line of a table with :data:`FAULT_COLUMNS`; its sentence and its remedy come
from :mod:`ostwerk_analysis.rules`. What stops a run is an :class:`OstwerkError`, whose exit code is
the command's.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from .language import Sentence, number, text
from .rules import ALL_OF, FINDINGS, MEASURED, REPAIRS, RULES, SAID_IN_WORDS

if TYPE_CHECKING:
    import pandas as pd


class OstwerkError(Exception):
    """Something that the user can put right; the message says what, where, why and how.

    Parameters
    ----------
    message : str
        An English sentence, with ``{placeholders}`` for the values.
    **values
        What the placeholders stand for. Errors among them, single or in a list, are said in the
        language of the whole, those of a list on a line each.
    """

    exit_code = 1

    def __init__(self, message: str, /, **values: object):
        super().__init__(message)
        self.message, self.values = message, values

    def text(self, language: str) -> str:
        """Give the message in a language."""
        values = {name: _in_language(value, language) for name, value in self.values.items()}
        return text(self.message, language, **values)

    def __str__(self) -> str:
        return self.text("en")

    def __reduce__(self) -> tuple:
        return _rebuild, (type(self), self.message, self.values)


def _in_language(value: object, language: str) -> object:
    """Say the errors within an error; anything else stays as it is."""
    if isinstance(value, OstwerkError):
        return value.text(language)
    if isinstance(value, list) and all(isinstance(one, OstwerkError) for one in value):
        return "\n".join(one.text(language) for one in value)
    return value


def _rebuild(kind: type[OstwerkError], message: str, values: dict[str, object]) -> OstwerkError:
    """Let errors cross process borders with their values."""
    return kind(message, **values)


class DataError(OstwerkError):
    """An input is unusable."""

    exit_code = 2


class DisclosureError(OstwerkError):
    """A release would tell what must not be told."""

    exit_code = 3


class NotebookError(OstwerkError):
    """A notebook cannot run, or has failed."""

    exit_code = 4


class ReleaseError(OstwerkError):
    """A release cannot be written, or is damaged."""


FAULT_COLUMNS = ["table", "source", "file", "line", "column", "value", "rule", "expected"]
"""A fault: where it is (line of the text file or number of the feature), what stands there, which
rule it breaks, and what the rule expected."""

REPAIR_COLUMNS = [
    "table",
    "source",
    "file",
    "line",
    "column",
    "value",
    "becomes",
    "rule",
    "reason",
]
"""A repair: where it is, what stands there, what it becomes, by which of :data:`REPAIRS`, and why
as the programme says it, if it does."""

FINDING_COLUMNS = [
    "table",
    "source",
    "statistic",
    "area_level",
    "area_id",
    "period",
    "rule",
    "cells",
    "value",
    "expected",
    "detail",
]
"""A finding: which figures it is about (an empty area or period is all of them), which of
:data:`FINDINGS` it is, how many cells show it, what stands there, what was to be expected, and what
else its sentence needs."""

EXAMPLES = 5
"""So many values of one kind of fault are said; the report has all."""

FEATURE_FILES = (".geojson", ".json", ".gpkg", ".shp", ".zip", ".fgb", ".kml")
"""Endings of files whose records are features, which stand on no line of their own."""

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Endings of files whose records are rows of a sheet."""


def faults_frame(rows: Iterable[dict] = ()) -> "pd.DataFrame":
    """Make a table of faults, of any number of rows.

    Parameters
    ----------
    rows : iterable of dict
        Each with keys of :data:`FAULT_COLUMNS`; what is left out is empty.

    Returns
    -------
    DataFrame, shape (n, 8)
        All text but ``line``, a whole number.
    """
    return _typed(rows, FAULT_COLUMNS, line="Int64")


def repairs_frame(rows: Iterable[dict] = ()) -> "pd.DataFrame":
    """Make a table of repairs, of any number of rows.

    Parameters
    ----------
    rows : iterable of dict
        Each with keys of :data:`REPAIR_COLUMNS`; what is left out is empty.

    Returns
    -------
    DataFrame, shape (n, 9)
        All text but ``line``, a whole number.
    """
    return _typed(rows, REPAIR_COLUMNS, line="Int64")


def findings_frame(rows: Iterable[dict] = ()) -> "pd.DataFrame":
    """Make a table of findings, of any number of rows.

    Parameters
    ----------
    rows : iterable of dict
        Each with keys of :data:`FINDING_COLUMNS`; what is left out is empty.

    Returns
    -------
    DataFrame, shape (n, 11)
        All text but ``cells``, a whole number, ``value`` and ``expected``, numbers.
    """
    return _typed(rows, FINDING_COLUMNS, cells="Int64", value="float64", expected="float64")


def _typed(rows: Iterable[dict], columns: Sequence[str], **numbers: str) -> "pd.DataFrame":
    """Make a table of text but for the columns that are numbers, of the types given."""
    rows = list(rows)
    if not rows:
        return _empty(tuple(columns), **numbers).copy()
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(columns))
    made = {
        name: pd.to_numeric(frame[name]).astype(numbers[name])
        if name in numbers
        else frame[name].astype("str").fillna("")
        for name in columns
    }
    return frame.assign(**made)


@cache
def _empty(columns: tuple[str, ...], **numbers: str) -> "pd.DataFrame":
    """Make a table without rows; there are dozens in each reading, and each takes a millisecond."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=numbers.get(name, "str")) for name in columns})


def repairs_by_kind(repairs: "pd.DataFrame", language: str = "en") -> "pd.DataFrame":
    """Say repairs in words: one row for each kind in a column of a file, with its first example.

    Returns
    -------
    DataFrame, shape (n, 4)
        ``table``, ``file``, ``repairs``, how many there are, and the ``sentence``.
    """
    import pandas as pd

    # Corrections are told apart by their code, which stands as the reason.
    code = repairs["reason"].where(repairs["rule"] == "correction", "")
    keys = [repairs[name] for name in ("table", "file", "column", "rule")]
    rows = []
    for (table, file, _, rule, _), group in repairs.groupby([*keys, code], sort=False):
        first = group.iloc[0].replace("", "–").to_dict()
        if rule in MEASURED:
            first |= {name: _measure(first[name], language) for name in ("value", "becomes")}
        said = text(REPAIRS[rule], language, **first)
        rows.append({"table": table, "file": file, "repairs": len(group), "sentence": said})
    return pd.DataFrame(rows, columns=["table", "file", "repairs", "sentence"])


def _measure(written: str, language: str) -> str:
    """Write the fractions in a text as a language does: ``1.234,5`` or ``1,234.5``."""
    return re.sub(
        r"\d+\.(\d+)", lambda one: number(float(one[0]), "", language, len(one[1])), written
    )


def finding_sentences(
    findings: "pd.DataFrame", language: str = "en", names: Mapping[str, str] | None = None
) -> "pd.DataFrame":
    """Say findings in words: one row for each kind, statistic and area, its periods together.

    Parameters
    ----------
    names : mapping, optional
        Code = name of areas.

    Returns
    -------
    DataFrame, shape (n, 5)
        ``finding``, its name; ``what``, the statistic and area; ``periods``; the ``sentence`` with
        the evidence of the period in which most cells show it; and the ``remedy``.
    """
    import pandas as pd

    rows = []
    by = ["rule", "source", "statistic", "area_level", "area_id", "detail"]
    # The smallest other count is evidence of its period, and no other statistic.
    split = findings["detail"].mask(findings["rule"] == "suppressed_as_zero", "")
    for (rule, _, statistic, level, area, _), group in findings.assign(detail=split).groupby(
        by, sort=False
    ):
        worst = findings.loc[group["cells"].astype("float").idxmax()].to_dict()
        doubt = FINDINGS[rule]
        periods = [period for period in group["period"] if period]
        where = (names or {}).get(area, area) if area else text(ALL_OF[level], language)
        said = {
            name: worst[name] if isinstance(worst[name], str) else _plain(worst[name], language)
            for name in ("cells", "value", "expected", "detail")
        }
        evidence = text(doubt.text, language, **said)
        rows.append(
            {
                "finding": text(doubt.title, language),
                "what": ", ".join(part for part in (statistic, where) if part),
                "periods": ", ".join(periods),
                "sentence": evidence
                if len(periods) < 2
                else text(
                    "most clearly {period}: {evidence}",
                    language,
                    period=worst["period"],
                    evidence=evidence,
                ),
                "remedy": text(doubt.remedy, language),
            }
        )
    return pd.DataFrame(rows, columns=["finding", "what", "periods", "sentence", "remedy"])


def _plain(value: float, language: str) -> str:
    """Write a number of evidence: no more digits than say something."""
    digits = 0 if abs(value) >= 100 else 1
    return number(value, "", language, None if float(value).is_integer() else digits)


def as_error(fault: dict) -> DataError:
    """Make an error of a fault: where, what, and the remedy."""
    rule, file, expected = RULES[fault["rule"]], fault["file"], fault["expected"]
    place = "{file}, line {line}"
    if file.lower().endswith(FEATURE_FILES):  # one of JSON may hold shapes or figures
        is_json = file.lower().endswith(".json")
        place = "{file}, record {line}" if is_json else "{file}, feature {line}"
    if fault["rule"] in SAID_IN_WORDS:
        expected = Sentence(expected)
    value: str = fault["value"]
    if fault["rule"] == "geometry":  # words of ours, and in brackets what GEOS says
        ours, bracket, detail = value.partition(" (")
        value = Sentence("{ours}{detail}", ours=Sentence(ours), detail=bracket + detail)
    *others, last = fault["column"].split(" and ")
    column = _and(", ".join(others), last) if others else last
    return DataError(
        "{place}: {said} {remedy}",
        place=Sentence(place, file=file, line=fault["line"]),
        said=Sentence(rule.text, value=value, column=column, expected=expected),
        remedy=Sentence(rule.remedy),
    )


def _and(first: str, second: str) -> Sentence:
    return Sentence("{first} and {second}", first=first, second=second)


def sentence(fault: dict, language: str = "en") -> str:
    """Say one fault in words, see :func:`as_error`."""
    return as_error(fault).text(language)


def sentences(faults: "pd.DataFrame", language: str = "en") -> "pd.DataFrame":
    """Say faults in words, one row each.

    Returns
    -------
    DataFrame, shape (n, 3)
        ``table``, ``rule`` and the ``sentence`` with place and remedy.
    """
    import pandas as pd

    said = [sentence(fault, language) for fault in faults.to_dict("records")]
    return pd.DataFrame({"table": faults["table"], "rule": faults["rule"], "sentence": said})


def faults_by_kind(faults: "pd.DataFrame", language: str = "en") -> "pd.DataFrame":
    """Say faults in words, those alike once: of each kind in a column of a file, five values.

    Returns
    -------
    DataFrame, shape (n, 4)
        ``table``; ``rule``; ``faults``, how many are alike; and the ``sentence`` of the first of
        them; those of all further values share one that says so.
    """
    import pandas as pd

    rows = []
    by = ["table", "source", "file", "column", "rule"]
    for (table, _, file, _, rule), group in faults.groupby(by, sort=False):
        alike = group.groupby(["value", "expected"], sort=False)
        counts, firsts = alike.size(), group.drop_duplicates(["value", "expected"])
        shown = [
            (count, sentence(fault, language))
            for count, fault in zip(
                counts[:EXAMPLES], firsts[:EXAMPLES].to_dict("records"), strict=True
            )
        ]
        if rest := int(counts[EXAMPLES:].sum()):
            shown.append((rest, text("{file}: others of the same kind.", language, file=file)))
        rows += [
            {"table": table, "rule": rule, "faults": count, "sentence": said}
            for count, said in shown
        ]
    return pd.DataFrame(rows, columns=["table", "rule", "faults", "sentence"])


def some(codes: Iterable[object]) -> str:
    """Name the first five of many, each once: ``01, 02, 03, 04, 05 …``."""
    names = list(dict.fromkeys(map(str, codes)))
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def nearest(name: str, names: Iterable[str]) -> str:
    """Name the most similar of several names, for "did you mean"; empty if there is none."""
    names = list(names)
    folded = {candidate.casefold(): candidate for candidate in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.0)
    return folded[near[0]] if near else ""
