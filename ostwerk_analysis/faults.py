"""What can be wrong, said so that it can be put right.

A fault of a row is a line of a table with :data:`FAULT_COLUMNS`; its sentence and its remedy come
from :data:`RULES`. What stops a run is an :class:`OstwerkError`, whose exit code is the command's.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from .language import Sentence, number, text

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


class Rule(NamedTuple):
    """A rule that a row can break, and what to do then."""

    text: str
    remedy: str


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

RULES = {
    # of the file
    "cells": Rule(
        "The row has more or fewer cells than the header: {value}",
        "Look for a delimiter inside a cell and put that cell in quotation marks.",
    ),
    "formula_error": Rule(
        "{column} holds the error {value}.", "Correct the formula in the spreadsheet."
    ),
    "not_computed": Rule(
        "{column} holds a formula without its result.",
        "Open the workbook in a spreadsheet program and save it, so that it is computed.",
    ),
    "merged": Rule(
        "The row has merged cells: {value}",
        "Unmerge them in the spreadsheet, and write what they say into each row.",
    ),
    "record": Rule(
        "The record is not a list of plain values: {value}",
        "Correct it at its source, or fetch the file again.",
    ),
    "geometry": Rule(
        "The geometry is {value}.", "Draw the shape again or take it from the official source."
    ),
    "period": Rule(
        "{value} is not a period that can be read.", "Write 2026, 2026-Q3 or 3.Qu. 2026."
    ),
    "period_length": Rule(
        "{value} is neither a quarter nor a year.",
        "State under periods of the source in programme.toml what it stands for, or keep such rows "
        "out by where.",
    ),
    "withdrawn": Rule(
        "{column} is {value}: the row takes figures back.",
        "Fetch the whole table, not its changes.",
    ),
    "confidential": Rule(
        "{column} is {value}: the figure is not free for publication.",
        "Ask the office for figures that may be published; if these may, take the column out.",
    ),
    # of a cell
    "required": Rule("{column} is empty.", "Fill it in: the table needs it in every row."),
    "number": Rule(
        "{value} in {column} is not a number.", "Keep only digits and one decimal mark."
    ),
    "whole_number": Rule("{value} in {column} is not a whole number.", "Keep only digits."),
    "date": Rule("{value} in {column} is not a date.", "Write 2026-12-31 or 31.12.2026."),
    "boolean": Rule(
        "{value} in {column} is neither yes nor no.",
        "Write yes or no, or recode it under values of the source in programme.toml.",
    ),
    "allowed": Rule(
        "{value} in {column} is not one of: {expected}.",
        "Correct it, or recode it under [[sources]] values in programme.toml.",
    ),
    "range": Rule("{value} in {column} must be {expected}.", "Correct the figure at its source."),
    "pattern": Rule("{value} in {column} must be {expected}.", "Correct the code at its source."),
    # of a row
    "key": Rule(
        "{value} in {column} stands in more than one row.",
        "Keep one row for each key, or give each its own key.",
    ),
    "duplicate_row": Rule(
        "The row stands twice, the same in every cell.", "Delete one of them if it is an error."
    ),
    "total": Rule(
        "{value} in {column} names a total, which is no row of its own.",
        "Leave totals out of the file.",
    ),
    "order": Rule("{column} is {value}, but must be {expected}.", "Correct one of the two."),
    "future": Rule(
        "{column} is {value}, after {expected}, the day up to which the data reach.",
        "Correct the date, or data_as_of in programme.toml.",
    ),
    "edition": Rule(
        "{value} in {column} is a code of the WZ {expected}, but not of the row's edition.",
        "Correct the code or wz_version; where that is empty, WZ 2008 is meant.",
    ),
    "needs": Rule("{column} is empty, but {expected}.", "Fill it in, or correct the other column."),
    "empty": Rule(
        "{column} is {value}, but {expected}.", "Leave it empty, or correct the other column."
    ),
    # between tables
    "unknown": Rule(
        "{value} in {column} is not in the table {expected}.",
        "Add it there, or correct it here; a row set aside there counts as missing.",
    ),
    "area_name": Rule(
        "{value} is not the name of an area; the nearest is {expected}.",
        "Correct it, or recode it under values of the source in programme.toml. Other names of the "
        "city go under aliases, boroughs need the table boroughs, and where leaves other places "
        "out.",
    ),
    "ambiguous_name": Rule(
        "{value} is the name of several areas: {expected}.",
        "State the area_level under constants of the source in programme.toml, or give the codes "
        "in a column district_id.",
    ),
    "outside": Rule(
        "The point {value} lies in no district.",
        "Check that longitude and latitude are not swapped, and the coordinate system.",
    ),
    "elsewhere": Rule(
        "The point lies in {expected}, but {column} is {value}.",
        "Correct the point or the code; leave the code empty to have it found.",
    ),
    "address_unread": Rule(
        "No street can be read from {value} in {column}.",
        "Write street, house number, postcode and town; or give a point or the district's code.",
    ),
    "address_part": Rule(
        "{expected} in the address {value} is neither a street nor a place in the city.",
        "Correct it. If it is a name of the city, add it to its aliases; if it lies elsewhere, "
        "leave the row out by where.",
    ),
    "address_street": Rule(
        "The street of {value} is not in the lists; the nearest is {expected}.",
        "Correct it, or add the street to the lists.",
    ),
    "address_postcode": Rule(
        "The street of {value} is in the lists, but with other postcodes: {expected}.",
        "Correct street or postcode.",
    ),
    "address_number": Rule(
        "{value} has no house number, and its street lies in several districts: {expected}.",
        "Add the house number, or give the district's code.",
    ),
    "address_several": Rule(
        "The lists do not have the house number of {value}, and its street lies in several "
        "districts: {expected}.",
        "Correct it, add it to the lists, or give the district's code.",
    ),
    "address_elsewhere": Rule(
        "The address lies in {expected}, but {column} is {value}.",
        "Correct the address or the code; leave the code empty to have it found.",
    ),
    "differs": Rule(
        "{column} is {value}, but another in other rows of {expected}.",
        "Give all rows of one job the same, or a new job its own code.",
    ),
    "overlap": Rule(
        "The polygon of {value} overlaps that of {expected}.",
        "Take both from one official source, or draw their common border again.",
    ),
    "shape": Rule(
        "The shape of {value} is a {expected}.",
        "Export areas as polygons and places as points.",
    ),
    "sum": Rule("The shares of {value} add up to {expected}, not 100.", "Complete the shares."),
}

REPAIRS: dict[str, str] = {
    "correction": "{value} in {column} becomes {becomes} by the correction {reason}.",
    "lost_zeros": "{value} in {column} has lost the zeros before it and is read as {becomes}; "
    "rows: {reason}.",
    "note": "{value} stands below the table as a note, and is no row of it.",
    # of a shape
    "ring_closed": "A ring of the shape was not closed; its first point is repeated at its end.",
    "made_valid": "The shape was not valid ({value}); made so, it covers what its rings measure.",
    "ring_direction": "Exterior rings of {value} shapes ran clockwise; they now run the other way.",
    "borders_joined": "Gaps and overlaps thinner than a millimetre are closed: {value}.",
    "sliver_given": "A gap or overlap of {value} now belongs to {becomes}.",
    "gap_left": "A gap between areas is left as it is: {value}.",
    "area_balance": "The areas add up to {value} in the file, to {becomes} after mending.",
    "largest_change": "No area changes more by mending than this one, from {value} to {becomes}.",
    "borough_differs": "Its districts together are not the shape of the borough {value}.",
}
"""What reading may change in a cell or shape, and says that it has."""

MEASURED = {"borders_joined", "sliver_given", "gap_left"}
MEASURED |= {"area_balance", "largest_change", "borough_differs"}
"""Repairs whose value is a measure, to be written as the language writes numbers."""


class Doubt(NamedTuple):
    """What figures can be doubted for: its name, its evidence, and what to do then."""

    title: str
    text: str
    remedy: str


FINDINGS = {
    "idle_correction": Doubt(
        "A correction that no longer applies",
        "{detail}: the fault that it corrects no longer occurs.",
        "Remove it from [[corrections]] in programme.toml.",
    ),
    "missing_as_zero": Doubt(
        "A gap published as 0",
        "0 in {cells} figures, where {expected} in all is usual.",
        "Ask the office, and declare them as missing under [[corrections]] in programme.toml.",
    ),
    "suppressed_as_zero": Doubt(
        "Small counts published as 0",
        "{cells} zeros, where {expected} were to be expected; the smallest other count is "
        "{detail}.",
        "Declare all zeros of the period as missing under [[corrections]] in programme.toml: true "
        "ones cannot be told apart. Sums over such areas are too small.",
    ),
    "unit": Doubt(
        "Another unit",
        "The figures are {value} times those around them, as in a unit changed by {detail}.",
        "Ask the office for the unit, and have the file corrected.",
    ),
    "parts": Doubt(
        "Parts that do not add up",
        "{detail} is {value}, the total {expected}.",
        "Look for suppressed or wrong figures among them.",
    ),
    "areas": Doubt(
        "Areas that do not add up",
        "The districts add up to {value}; by other periods it should be {expected}.",
        "Look for a district that is missing or wrong, or ask what the whole includes.",
    ),
    "shift": Doubt(
        "All areas shift at once",
        "The median district changes by {value} %, usually by {expected} %, and {cells} districts "
        "with it.",
        "Ask whether the definition changed. If it did, do not compare across the break; mark it "
        "with obs_status B.",
    ),
    "rounding": Doubt(
        "Rounded counts",
        "{cells} counts are multiples of {value}, where chance makes {expected}.",
        "Differences of small counts mean little here; sums carry the rounding of their parts.",
    ),
    "leap": Doubt(
        "A leap",
        "{value} stands between figures around {expected}.",
        "Compare it with the office's own table, and correct a slip under [[corrections]] in "
        "programme.toml.",
    ),
}
"""What plausibility checks can find in figures, the gravest first."""

ALL_OF = {"district": "districts", "borough": "boroughs", "city": "city", "": ""}
"""Level of areas = how all of them together are called."""

SAID_IN_WORDS = {"range", "pattern", "order", "needs", "empty"}
"""Rules whose ``expected`` is a phrase to be translated, not a name or a code."""


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
