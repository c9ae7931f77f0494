"""Shares of a whole, each with how many of how many it is: bars of one length, partly filled."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..codes import CODES, DIMENSIONS, code_name
from ..language import number, quarter, text
from ..observations import as_of, dimensions
from .bars import MOST_IN_HALF, bar_item, bar_list
from .sentences import Cell, framed, statuses_in, table
from .values import (
    MISSING,
    SUPPRESSED,
    WITHOUT_VALUE,
    Figure,
    apart,
    available,
    entry,
    foot,
    mark_of,
    note,
    observed,
    of_areas,
    part_label,
    signs,
    told,
    written,
)

Groups = Mapping[str, Sequence[str]]
"""Heading in English = indicators below it."""

PARTICIPANTS: Groups = {
    "Labour status on entering": (
        "participants_unemployed_to_date",
        "participants_long_term_unemployed_to_date",
        "participants_inactive_to_date",
        "participants_employed_before_to_date",
    ),
    "Age": (
        "participants_under_18_to_date",
        "participants_aged_18_29_to_date",
        "participants_aged_55_to_date",
    ),
    "Level of education": (
        "participants_isced_0_2_to_date",
        "participants_isced_3_4_to_date",
        "participants_isced_5_8_to_date",
    ),
    "Background": ("participants_foreign_background_to_date",),
}
"""Groups of participants as the ESF+ counts them (EECO): a person is in several."""


class Share(NamedTuple):
    """A share of a whole.

    Parameters
    ----------
    indicator, breakdown : str
        What it is a share of the whole by.
    part, whole : dict
        How many, and of how many: ``value``, ``state`` and ``obs_status``.
    pct : float
        NaN where one of them is not told.
    state, status : str
        Those of the share.
    unit : str
        In which both are counted.
    """

    indicator: str
    breakdown: str
    part: dict
    whole: dict
    pct: float
    state: str
    status: str
    unit: str


def shares(
    observations: pd.DataFrame,
    indicators: Sequence[str] | Groups,
    period: str,
    area_id: str,
    *,
    title: str,
    catalogue: pd.DataFrame,
    of: str = "",
    by: str = "",
    remark: str = "",
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw shares of a whole, each with the counts behind it.

    Parameters
    ----------
    observations : DataFrame
    indicators : sequence of str, or mapping
        Shares in percent whose parts the catalogue names; or counts, each set against ``of``. In a
        mapping they stand below headings. Those that were not observed are left out.
    period, area_id : str
        When and where.
    title : str
    catalogue : DataFrame
    of : str
        Indicator that counts the whole.
    by : str
        Dimension: shares are drawn for each of its codes, counts are told apart in the table.
    remark : str
        A sentence to stand below the bars.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the dimension's codes.

    Returns
    -------
    Figure
        With a sentence and the table behind the bars.
    """
    groups = indicators if isinstance(indicators, Mapping) else {"": indicators}
    groups = {head: available(observations, those) for head, those in groups.items()}
    names = [name for those in groups.values() for name in those]
    if not names or (of and not available(observations, [of])):
        return note(text("{title}: not observed.", language, title=title), language)
    when = as_of(observations, names[0], period)
    here = of_areas(observations, [area_id])
    declared = {name: entry(catalogue, name) for name in [*names, *filter(None, [of])]}
    labels, common = apart([str(declared[name][f"label_{language}"]) for name in names])
    called = dict(zip(names, labels, strict=True))
    lists, rows, found = [], [], []
    for head, those in groups.items():
        drawn = [
            one
            for name in those
            for one in _shares_of(here, declared[name], when, of, "" if of else by, catalogue)
        ]
        found += drawn
        if drawn:
            over = f"<h3>{escape(text(head, language))}</h3>" if head else ""
            items = bar_list(_item(one, called, language, parts) for one in drawn)
            lists.append(f"<li>{over}{items}</li>" if head else items)
        rows += [_row(one, called, here, when, by if of else "", language, parts) for one in drawn]
    is_split = bool(by and not of)
    corner = text(DIMENSIONS.get(by, by), language) if is_split else text("Indicator", language)
    heads = [corner, text("Number", language), text("Of", language), text("Share", language)]
    heads += [code_name(by, code, language, parts) for code in CODES.get(by, {}) if of]
    when_words = ", ".join(filter(None, (quarter(when, language), common)))
    if of and not found[0].whole["state"]:
        unit = str(declared[of]["unit"])
        all_words = number(found[0].whole["value"], unit, language, 0)
        when_words += text("; shares of {whole}", language, whole=all_words)
    shown = here[here["indicator"].isin(names) & (here["period"] == when)]
    if not by:
        shown = shown[shown["breakdown"] == ""]
    drawn_lists = "".join(lists)
    return framed(
        title,
        when_words,
        (f'<ul class="ow-peers">{drawn_lists}</ul>' if len(groups) > 1 else drawn_lists)
        + signs(set(), statuses_in(rows), language)
        + _words(_sentence(found, bool(of or by), called, language, parts), "ow-words")
        + _words(remark, "ow-note")
        + foot(
            list(declared.values()),
            language,
            Figure(table(title, heads, rows, language, is_behind=False)),
            shown,
        ),
        language,
        is_half=len(groups) == 1 and len(found) <= MOST_IN_HALF,
    )


def participants(
    observations: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw who the participants are, by the groups of the ESF+.

    Parameters are those of :func:`shares`.
    """
    return shares(
        observations,
        PARTICIPANTS,
        period,
        area_id,
        title=text("Who took part", language),
        catalogue=catalogue,
        of="participants_entered_to_date",
        by="sex",
        language=language,
        parts=parts,
    )


def _shares_of(
    here: pd.DataFrame,
    declared: pd.Series,
    when: str,
    of: str,
    by: str,
    catalogue: pd.DataFrame,
) -> list[Share]:
    """Give an indicator's shares: one, or one for each code of a dimension."""
    name = str(declared["indicator"])
    rows = here[(here["indicator"] == name) & (here["period"] == when)]
    codes = [part for part in rows["breakdown"] if list(dimensions(part)) == [by]] if by else [""]
    order = list(CODES.get(by, {}))
    codes.sort(key=lambda part: order.index(c) if (c := dimensions(part).get(by)) in order else 99)
    counted = name if of else str(declared.get("numerator") or name)
    unit = str(entry(catalogue, counted)["unit"])
    return [_share(here, declared, when, of, part, unit) for part in codes]


def _share(
    here: pd.DataFrame, declared: pd.Series, when: str, of: str, part: str, unit: str
) -> Share:
    """Read a share and its counts, or compute it from a count and its whole, both published."""
    name = str(declared["indicator"])
    own = observed(here, name, when, part)
    if not of:
        count = observed(here, str(declared.get("numerator") or ""), when, part)
        whole = observed(here, str(declared.get("denominator") or ""), when, part)
        return Share(name, part, count, whole, own["value"], own["state"], own["obs_status"], unit)
    whole = observed(here, of, when)
    hidden = next((s for s in (SUPPRESSED, MISSING) if s in (own["state"], whole["state"])), "")
    if not hidden and not whole["value"] > 0:
        hidden = MISSING
    pct = np.nan if hidden else 100 * own["value"] / whole["value"]
    return Share(name, part, own, whole, pct, hidden, own["obs_status"], unit)


def _name(
    one: Share, called: Mapping[str, str], language: str, parts: Mapping[str, str] | None
) -> str:
    """Name a share: by its code where it is the only indicator, else by both."""
    meant = part_label(one.breakdown, language, parts)
    if meant and len(called) == 1:
        return meant
    return f"{called[one.indicator]} – {meant}" if meant else called[one.indicator]


def _item(
    one: Share, called: Mapping[str, str], language: str, parts: Mapping[str, str] | None
) -> str:
    """Draw a share as a bar of the whole, the counts beneath it."""
    counts = ""
    if not one.part["state"] and not one.whole["state"]:
        n, all_ = (
            number(side["value"], one.unit if one.unit == "EUR" else "", language, 0)
            for side in (one.part, one.whole)
        )
        counts = text("{n} of {of}", language, n=n, of=all_)
    return bar_item(
        _name(one, called, language, parts),
        one.pct,
        100,
        written(one.pct, one.state, "percent", language, 1),
        whole=100,
        mark="" if one.state else mark_of(one.status),
        beneath=counts,
    )


def _row(
    one: Share,
    called: Mapping[str, str],
    here: pd.DataFrame,
    when: str,
    by: str,
    language: str,
    parts: Mapping[str, str] | None,
) -> list[Cell]:
    """Put a share into a row of the table, its count told apart by a dimension."""
    share = {"value": one.pct, "state": one.state, "obs_status": one.status}
    split = [observed(here, one.indicator, when, f"{by}={code}") for code in CODES.get(by, {})]
    counts, apart = (
        [told(found, "", language, 0) for found in some] for some in ((one.part, one.whole), split)
    )
    name = _name(one, called, language, parts)
    return [name, *counts, told(share, "percent", language, 1), *apart]


def _words(said: str, kind: str) -> str:
    """Write a sentence as a paragraph; nothing where there is none."""
    return f'<p class="{kind}">{escape(said)}</p>' if said else ""


def _sentence(
    found: Sequence[Share],
    is_alike: bool,
    called: Mapping[str, str],
    language: str,
    parts: Mapping[str, str] | None,
) -> str:
    """Say the largest of shares that are alike, and how many are not told."""
    told = [one for one in found if not one.state]
    said = []
    if told and is_alike:
        most = max(told, key=lambda one: one.pct)
        said.append(
            text(
                "The largest share: {name}, {share}.",
                language,
                name=_name(most, called, language, parts),
                share=number(most.pct, "percent", language, 1),
            )
        )
    for state, message in WITHOUT_VALUE.items():
        if count := sum(one.state == state for one in found):
            said.append(text(message, language, count=count, all=len(found)))
    return " ".join(said)
