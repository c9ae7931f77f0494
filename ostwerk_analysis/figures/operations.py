"""The public list of operations, to be read, sorted and searched."""

import json
from html import escape
from typing import Any

import pandas as pd

from .. import templates
from ..codes import code_name
from ..language import LOCALES, day, number, text
from ..public_list import NATURAL_PERSON
from .sentences import LEFT, behind, framed
from .values import NOTHING, Figure, note

HEADINGS = (
    *("Operation, code", "Beneficiary", "Start", "Completion", "Total cost", "EU share"),
    *("Fund, specific objective", "Place", "Type of intervention"),
)

COUNTED = ("Start", "Completion", "Total cost", "EU share")
"""Headings of columns that stand on the right, as numbers do."""
PLACE = ("location", "municipality", "county")
"""Columns that say where an operation is, the closest first."""


def operations(published: Any, *, language: str = "de") -> Figure:
    """Set out the list of operations that the law asks to be public.

    Parameters
    ----------
    published : Release
    language : {"de", "en"}

    Returns
    -------
    Figure
        A row for each operation, on a narrow page a block; where scripts run, the list can be
        sorted by each column and searched. The country is named where there are several.
        A sentence where the programme publishes no list.
    """
    public = published.operations
    title = text("Operations of the public list", language)
    if public.empty:
        said = text("This programme publishes no list of operations.", language)
        return note(said, language)
    top = "".join(
        f'<th role="columnheader" scope="col"{"" if head in COUNTED else LEFT}>'
        f"{escape(text(head, language))}</th>"
        for head in HEADINGS
    )
    in_one_country = len(set(public["country"].dropna())) <= 1
    body = "".join(
        _row(row, language, in_one_country=in_one_country) for row in public.to_dict("records")
    )
    words = {
        "locale": LOCALES[language].replace("_", "-"),
        "search": text("Search the list", language),
        "found": text("Shown: {count} of {all}", language, count="{count}", all="{all}"),
    }
    link = text("The list as CSV, with all fields that the law names: Data to download", language)
    law = text(
        "The list is public by Art. 49(3) of Regulation (EU) 2021/1060. Natural persons are not "
        "named: their names would have to be taken off after two years, and a release never "
        "changes.",
        language,
    )
    subtitle = text(
        "{count} operations, total cost {cost}",
        language,
        count=number(len(public), "", language),
        cost=number(public["total_cost_eur"].sum(), "EUR", language, 0),
    )
    listed = (
        f'<div class="ow-scroll ow-listed" role="group" tabindex="0" aria-label="{escape(title)}" '
        f'data-ow-table="{escape(json.dumps(words, ensure_ascii=False))}"><table role="table">'
        f'<thead role="rowgroup"><tr role="row">{top}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )
    script = templates.script("tables.js")
    return framed(
        title,
        subtitle,
        f"{behind(text('All operations', language), listed)}"
        f'<p class="ow-note"><a href="downloads?lang={language}">{escape(link)}</a></p>'
        f'<p class="ow-note">{escape(law)}</p>{script}',
        language,
    )


def _row(row: dict[str, Any], language: str, *, in_one_country: bool) -> str:
    """Write an operation as a row; what it is sorted by stands beside what is read.

    Roles and headings stand in each cell, as on a narrow page a row is a block of its cells.
    """
    beneficiary = _known(row["beneficiary"])
    if beneficiary == NATURAL_PERSON:
        beneficiary = text(NATURAL_PERSON, language)
    rate, cost = row["eu_rate_pct"], row["total_cost_eur"]
    fund = code_name("fund", _known(row["fund"]), language)
    place = next(filter(None, (_known(row[column]) for column in PLACE)), "")
    country = "" if in_one_country and place else _known(row["country"])
    place = ", ".join(filter(None, (place, country)))
    cells = [
        _two(beneficiary, _known(row["contractor"])),
        _sorted(row["started_on"], _day(row["started_on"], language)),
        _sorted(row["ends_on"], _day(row["ends_on"], language)),
        _sorted(cost, number(cost, "EUR", language, 0), is_number=True),
        _sorted(rate, "" if pd.isna(rate) else number(rate, "percent", language), is_number=True),
        _two(fund, _known(row["specific_objective"])),
        _text(place),
        _text(_known(row["intervention_type"])),
    ]
    more = " · ".join(filter(None, (_known(row["code"]), _known(row["purpose"]))))
    name = _inner(_known(row["name"]), more)
    told = "".join(
        f'<td role="cell" data-head="{escape(text(head, language))}"{cell}</td>'
        for head, cell in zip(HEADINGS[1:], cells, strict=True)
    )
    return f'<tr role="row"><th role="rowheader" scope="row">{name}</th>{told}</tr>'


def _known(cell: Any) -> str:
    """Give a text; empty where it is not known."""
    return "" if pd.isna(cell) else str(cell)


def _day(value: Any, language: str) -> str:
    """Write a day; empty where it is not known."""
    return "" if pd.isna(value) else day(pd.Timestamp(value).date(), language)


def _inner(first: str, second: str) -> str:
    """Put what explains a text small below it."""
    small = f'<br><span class="ow-when">{escape(second)}</span>' if second else ""
    return f"{escape(first or NOTHING)}{small}"


def _two(first: str, second: str) -> str:
    """Write the rest of a cell: a text and what explains it."""
    return f"{LEFT}>{_inner(first, second)}"


def _text(words: str) -> str:
    return f"{LEFT}>{escape(words or NOTHING)}"


def _sorted(value: Any, words: str, *, is_number: bool = False) -> str:
    """Write the rest of a cell that is sorted by its value, and not by what is read."""
    key = "" if pd.isna(value) else f"{value:.2f}" if is_number else str(value)[:10]
    return f' data-value="{escape(key)}">{escape(words or NOTHING)}'
