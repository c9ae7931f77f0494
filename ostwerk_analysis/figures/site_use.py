"""How the sites are used: what has come together, and quarter by quarter in small columns."""

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd

from ..language import number, quarter, text
from ..observations import as_of
from .sentences import framed
from .values import (
    MISSING,
    SUPPRESSED,
    Figure,
    available,
    cell,
    entry,
    foot,
    note,
    nothing,
    observed,
    of_areas,
    signs,
    states,
    written,
)

TOTALS = {
    "contacts_to_date": "Contacts",
    "enterprises_contacted_to_date": "Enterprises",
    "persons_contacted_to_date": "Persons",
    "advice_hours_to_date": "Hours of advice",
}
"""Indicator by site = heading of its column."""
BY_QUARTER = "contacts"
HEIGHT, STEP = 24, 4
"""Of the small columns, in units of their drawing: height, and width with the gap behind it."""
KINDS = {"werkstadt": 0, "contact_point": 1}
"""Kind of site = its place in the order; others follow."""


def site_use(
    observations: pd.DataFrame,
    sites: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
) -> Figure:
    """Set out what each site has done since the start, and its contacts in each quarter.

    Parameters
    ----------
    observations : DataFrame
    sites : DataFrame
        ``site_id``, ``name`` and ``kind``: those of a release.
    period, area_id : str
        Until when, and where.
    catalogue : DataFrame
    language : {"de", "en"}

    Returns
    -------
    Figure
        All columns have one scale. A quarter that is kept secret is a dot, one without data a gap.
        The table behind has every quarter.
    """
    title = text("How the sites are used", language)
    shown = available(observations, list(TOTALS))
    if sites.empty or not shown:
        return note(text("{title}: not observed.", language, title=title), language)
    when = as_of(observations, shown[0], period)
    here = of_areas(observations, [area_id])
    order = sites.assign(place=sites["kind"].map(KINDS).fillna(len(KINDS)))
    order = order.sort_values(["place", "name"])
    names = dict(zip(order["site_id"], order["name"], strict=True))
    by_quarter = _quarters(here, names, period)
    most = float(by_quarter["value"].max()) if by_quarter["value"].notna().any() else 0.0
    periods = sorted(by_quarter["period"].unique())
    heads = [text("Site", language), *(text(TOTALS[name], language) for name in shown)]
    if periods:
        heads.append(text("Contacts by quarter since {year}", language, year=periods[0][:4]))
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    is_of_site = here["breakdown"].str.startswith("site=") & (here["period"] == when)
    told = set(here.loc[is_of_site & (here["obs_status"] != "M"), "indicator"])
    body, seen = [], set()
    for site, name in names.items():
        cells = []
        for indicator in shown:
            one = observed(here, indicator, when, f"site={site}")
            # Where sites have cells at all, one without a cell is one where nothing happened.
            is_nothing = one["state"] == MISSING and indicator in told
            seen |= set() if is_nothing else {one["state"]}
            words = cell(one["value"], one["state"], language, digits=0)
            cells.append(f"<td>{nothing(language) if is_nothing else words}</td>")
        if periods:
            own = by_quarter[by_quarter["site"] == site]
            cells.append(f"<td>{_columns(own, periods, most, language)}</td>")
        body.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>')
    note_on_dots = (
        f'<p class="ow-note">{escape(text("Dot: kept secret. Gap: no data.", language))}</p>'
        if periods
        else ""
    )
    content = (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}">'
        f'<table class="ow-use"><thead><tr>{top}</tr></thead><tbody>{"".join(body)}</tbody></table>'
        f"</div>{signs(seen, set(), language)}{note_on_dots}"
        f'<p class="ow-words">{escape(_sentence(here, shown[0], when, names, language))}</p>'
    )
    rows = here[here["indicator"].isin(shown) & (here["period"] == when)]
    rows = rows[rows["breakdown"].isin([f"site={site}" for site in names])]
    behind = _table(by_quarter, periods, names, title, language) if periods else None
    declared = [entry(catalogue, name) for name in shown]
    return framed(
        title,
        text("{period}, since the start", language, period=quarter(when, language)),
        content + foot(declared, language, behind, rows),
        language,
    )


def _quarters(here: pd.DataFrame, names: Mapping[str, str], period: str) -> pd.DataFrame:
    """Pick the contacts of each site and quarter until a period."""
    rows = here[
        (here["indicator"] == BY_QUARTER)
        & here["breakdown"].isin([f"site={site}" for site in names])
        & here["period"].str.contains("-Q")
        & (here["period"] <= period)
    ]
    return rows.assign(site=rows["breakdown"].str.removeprefix("site="), state=states(rows))


def _columns(own: pd.DataFrame, periods: list[str], most: float, language: str) -> str:
    """Draw a site's quarters as small columns, in words for who cannot see them."""
    rows = own.set_index("period").reindex(periods)
    state = rows["state"].fillna(MISSING)
    marks = []
    for place, (value, kind) in enumerate(zip(rows["value"], state, strict=True)):
        x = place * STEP
        if kind == SUPPRESSED:
            marks.append(f'<circle class="ow-dot" cx="{x + 1.5}" cy="{HEIGHT - 1.5}" r="1.2"/>')
        elif not kind and value > 0 and most > 0:
            tall = max(1.0, HEIGHT * value / most)
            marks.append(
                f'<rect class="ow-part" x="{x}" y="{HEIGHT - tall:.1f}" width="{STEP - 1}" '
                f'height="{tall:.1f}"/>'
            )
    last, kind = rows["value"].iloc[-1], state.iloc[-1]
    said = text(
        "{period}: {value}; most in a quarter: {most}",
        language,
        period=quarter(periods[-1], language),
        value=written(last, kind, "", language, 0),
        most=number(rows["value"].max(), "", language, 0),
    )
    width = len(periods) * STEP
    return (
        f'<svg class="ow-columns" viewBox="0 0 {width} {HEIGHT}" width="{width}" '
        f'height="{HEIGHT}" role="img" aria-label="{escape(said)}">{"".join(marks)}</svg>'
    )


def _sentence(
    here: pd.DataFrame, indicator: str, when: str, names: Mapping[str, str], language: str
) -> str:
    """Name the site with the most contacts."""
    values = {site: observed(here, indicator, when, f"site={site}") for site in names}
    known = {site: one["value"] for site, one in values.items() if not one["state"]}
    if not known or not max(known.values()) > 0:
        return ""
    most = max(known, key=known.__getitem__)
    return text(
        "Most used is {site}, with {count}.",
        language,
        site=names[most],
        count=number(known[most], "contacts", language, 0),
    )


def _table(
    by_quarter: pd.DataFrame,
    periods: list[str],
    names: Mapping[str, str],
    title: str,
    language: str,
) -> Figure:
    """Set out every quarter: a row for each, a column for each site, the newest first."""
    cells = by_quarter.set_index(["period", "site"])[["value", "state"]]
    top = "".join(
        f'<th scope="col">{escape(head)}</th>'
        for head in (text("Period", language), *names.values())
    )
    body = ""
    for period in reversed(periods):
        row = ""
        for site in names:
            there = (period, site) in cells.index
            value, kind = cells.loc[(period, site)] if there else (np.nan, MISSING)
            row += f"<td>{cell(value, kind, language, digits=0)}</td>"
        body += f'<tr><th scope="row">{escape(quarter(period, language))}</th>{row}</tr>'
    return Figure(
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        f"{signs(set(by_quarter['state']), set(), language)}"
    )
