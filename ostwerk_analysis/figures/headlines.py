"""Figures that were published before, held against what the data give."""

from collections.abc import Mapping
from decimal import Decimal
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ..language import number, quarter, text
from ..observations import GAP
from ..observations import breakdown as write_breakdown
from ..periods import ordinal
from .sentences import LEFT, behind, framed
from .values import MISSING, SUPPRESSED, Figure, entry, foot, label, note, of_areas, states

ABOUT_PCT = 5.0
"""How far from "about" a value may be, in percent of what was published."""
VERDICTS = ("agrees", "differs", "not comparable")
HEADINGS = ("Published before", "Published", "By the data", "Difference", "Verdict")
REASONS = {
    "unit": "published in {published}, counted here in {unit}",
    "later": "published for {period}, which is later than these data",
    "secret": "the value is kept secret",
    "missing": "there is no value",
    "gap": "some values are not known",
}
"""Why a figure cannot be compared."""
PUT = {"exactly": "{value}", "about": "about {value}", "more_than": "more than {value}"}
"""How a figure was put."""


def reconciled(
    observations: pd.DataFrame,
    headlines: pd.DataFrame,
    catalogue: pd.DataFrame,
    period: str,
    area_id: str,
) -> pd.DataFrame:
    """Hold published figures against observations.

    A figure put as "about" agrees within 5 %, as "more than" if the value is larger, and else if
    the value, rounded to its decimals, is the same.

    Parameters
    ----------
    observations : DataFrame
    headlines : DataFrame, n rows
        As ``programme.toml`` declares them: ``id``, ``indicator``, ``measure_id``, ``status``,
        ``value``, ``qualifier``, and ``unit`` and ``period`` where they are stated.
    catalogue : DataFrame
    period, area_id : str
        When, for a figure that states no period, and where.

    Returns
    -------
    DataFrame, n rows
        ``id``, ``indicator``, ``breakdown``, ``period``, ``qualifier``, ``published``, ``value``,
        ``difference`` (value less published), ``verdict`` (``agrees``, ``differs`` or ``not
        comparable``) and ``reason``, a key of :data:`REASONS`, of the last.
    """
    here = of_areas(observations, [area_id])
    rows = [_held(here, row, catalogue, period) for row in headlines.to_dict("records")]
    columns = ["id", "indicator", "breakdown", "period", "qualifier", "published", "value"]
    return pd.DataFrame(rows, columns=[*columns, "difference", "verdict", "reason"])


def _held(
    here: pd.DataFrame, headline: Mapping[str, Any], catalogue: pd.DataFrame, period: str
) -> dict[str, Any]:
    """Hold one figure against the observations of its area."""
    indicator, published = headline["indicator"], float(headline["value"])
    parts = {"measure": headline["measure_id"], "status": headline["status"]}
    part = write_breakdown({name: str(code) for name, code in parts.items() if code})
    when = headline.get("period") or period
    found = here[
        (here["indicator"] == indicator) & (here["breakdown"] == part) & (here["period"] == when)
    ]
    value, reason = np.nan, ""
    unit = headline.get("unit") or ""
    if unit and unit != entry(catalogue, indicator)["unit"]:
        reason = "unit"
    elif _end(when) > _end(period):
        reason = "later"
    elif found.empty or (state := states(found).iloc[0]) == MISSING:
        reason = "missing"
    elif state == SUPPRESSED:
        reason = "secret"
    else:
        value = float(found["value"].iloc[0])
        reason = "gap" if found["quality_note"].iloc[0] == GAP else ""
    agrees = _agrees(value, published, headline["qualifier"])
    return {
        "id": headline["id"],
        "indicator": indicator,
        "breakdown": part,
        "period": when,
        "qualifier": headline["qualifier"],
        "published": published,
        "value": value,
        "difference": round(value - published, 6) if not reason else np.nan,
        "verdict": "not comparable" if reason else "agrees" if agrees else "differs",
        "reason": reason,
    }


def _end(period: str) -> int:
    """Number the last quarter of a period."""
    return ordinal(period if "Q" in period else f"{period}-Q4")


def _agrees(value: float, published: float, qualifier: str) -> bool:
    """Say whether a value is what was published, as it was put."""
    if qualifier == "more_than":
        return value > published
    if qualifier == "about":
        return abs(value - published) <= abs(published) * ABOUT_PCT / 100
    written = Decimal(repr(published)).normalize().as_tuple().exponent
    decimals = max(0, -int(written))
    return abs(value - published) <= 0.5 * 10.0**-decimals


def headlines(
    observations: pd.DataFrame,
    headlines: pd.DataFrame,
    period: str,
    area_id: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    parts: Mapping[str, str] | None = None,
) -> Figure:
    """Show figures that were published before beside those of the data, and whether they agree.

    Parameters
    ----------
    observations, headlines, period, area_id, catalogue
        As of :func:`reconciled`.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.
    """
    if headlines.empty:
        return note(text("No figure published before is declared.", language), language)
    held = reconciled(observations, headlines, catalogue, period, area_id)
    rows = zip(held.to_dict("records"), headlines.to_dict("records"), strict=True)
    heads = "".join(
        f'<th scope="col"{LEFT if name == HEADINGS[-1] else ""}>{escape(text(name, language))}</th>'
        for name in HEADINGS
    )
    sources = set(headlines[f"source_{language}"])
    common = sources.pop() if len(sources) == 1 else ""
    body = "".join(_row(row, said, catalogue, language, parts, common) for row, said in rows)
    title = text("Held against figures published before", language)
    declared = [entry(catalogue, indicator) for indicator in held["indicator"].unique()]
    share = number(ABOUT_PCT, "percent", language)
    rule = text(
        '"About" agrees within {share}, "more than" if the value is larger.', language, share=share
    )
    if common:
        rule += " " + text("Published before: {source}.", language, source=common.rstrip("."))
    listed = (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    keys = ["indicator", "breakdown", "period"]
    shown = of_areas(observations, [area_id]).merge(held[keys].drop_duplicates(), on=keys)
    return framed(
        title,
        quarter(period, language),
        f'<p class="ow-words">{escape(_sentence(held["verdict"], language))}</p>'
        f'<p class="ow-note">{escape(rule)}</p>'
        f"{behind(text('Each figure published before', language), listed)}"
        f"{foot(declared, language, shown=shown)}",
        language,
        is_half=True,
    )


def _sentence(verdicts: pd.Series, language: str) -> str:
    """Say how many figures agree, and how many cannot be compared."""
    counts = verdicts.value_counts()
    agree, all_ = int(counts.get("agrees", 0)), len(verdicts)
    said = text(
        "{agree} of {all} figures published before agree with the data.",
        language,
        agree=agree,
        all=all_,
    )
    if not (other := int(counts.get("not comparable", 0))):
        return said
    return said + " " + text("Not comparable: {count} of {all}.", language, count=other, all=all_)


def _row(
    row: Mapping[str, Any],
    headline: Mapping[str, Any],
    catalogue: pd.DataFrame,
    language: str,
    parts: Mapping[str, str] | None,
    common: str,
) -> str:
    """Write one figure as a row of the table, its source where it is not that of all."""
    unit = str(entry(catalogue, row["indicator"])["unit"])
    name = label(catalogue, row["indicator"], language, row["breakdown"], parts)
    source = "" if common else headline[f"source_{language}"]
    where = ", ".join(filter(None, (quarter(row["period"], language), source)))
    stated_unit = str(headline.get("unit") or unit)
    verdict = text(row["verdict"], language)
    if row["reason"]:
        why = text(
            REASONS[row["reason"]],
            language,
            published=text(stated_unit, language),
            unit=text(unit, language),
            period=quarter(row["period"], language),
        )
        verdict = f"{verdict}: {why}"
    stated = number(row["published"], stated_unit, language)
    cells = (
        text(PUT[row["qualifier"]], language, value=stated),
        number(row["value"], unit, language),
        number(row["difference"], unit, language),
        verdict,
    )
    side = f'{escape(name)}<br><span class="ow-when">{escape(where)}</span>'
    written = "".join(f"<td>{escape(cell)}</td>" for cell in cells[:-1])
    written += f"<td{LEFT}>{escape(cells[-1])}</td>"
    return f'<tr><th scope="row">{side}</th>{written}</tr>'
