"""Small maps of many periods side by side, in the same classes: how a pattern moves in time."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil

import geopandas as gpd
import pandas as pd

from ..faults import DataError
from ..language import quarter, text
from ..observations import as_of, select
from . import drawing as drawn
from .classes import USUAL, span
from .encoding import Encoding, circles, encode, fills, key_to, pooled, reading, said
from .map import extremes, key_of, lacking, no_city, on_districts
from .outlines import Around, Outlines, outlines
from .tables import observation_table
from .values import Figure, entry, foot, label, note, unobserved

MOST_PANELS = 12
SMALL = 2.5
"""How much larger patterns are drawn, so that they are still dots and lines on a small map."""


def small_multiples(
    districts: gpd.GeoDataFrame,
    observations: pd.DataFrame,
    indicator: str,
    periods: str | Sequence[str],
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    breakdown: str = "",
    parts: Mapping[str, str] | None = None,
    outline: Around = (),
    classes: str = "quantiles",
    n_classes: int = USUAL,
    breaks: Sequence[float] = (),
    compare: str = "",
    as_colour: bool = False,
) -> Figure:
    """Draw an indicator on a small map for each of several periods.

    All maps have the same classes or circles and one legend.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id``, ``name``, ``geometry`` in metres.
    observations : DataFrame
    indicator : str
    periods : str or sequence of str
        Up to twelve, all quarters or all years. One only is the last: :func:`evenly` chooses
        those before it.
    catalogue : DataFrame
    language, breakdown, parts, outline, classes, n_classes, breaks, compare, as_colour
        As for :func:`.figures.district_map`; each map is compared with the city's value of its
        own period.

    Returns
    -------
    Figure
        With one legend, a sentence for each period, and the table of all values.

    Raises
    ------
    DataError
        As for :func:`.figures.district_map`, and if there are more than twelve periods, or both
        quarters and years.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    last = as_of(observations, indicator, periods) if isinstance(periods, str) else ""
    rows = pooled(observations, indicator, breakdown, last or next(iter(periods), ""))
    shown = evenly(rows, last) if last else list(periods)
    if not 0 < len(shown) <= MOST_PANELS or len({span(period) for period in shown}) > 1:
        raise DataError(
            "{count} periods cannot stand side by side: {periods}. Give 1 to {most}, all quarters "
            "or all years.",
            count=len(shown),
            periods=", ".join(shown),
            most=MOST_PANELS,
        )
    encoding = encode(
        rows,
        declared,
        scheme=classes,
        n_classes=n_classes,
        breaks=breaks,
        compare=compare,
        as_colour=as_colour,
    )
    title = label(catalogue, indicator, language, breakdown, parts)
    lacks = [] if encoding.city is None else [p for p in shown if p not in encoding.city]
    remarks = [no_city(title, period, language) for period in lacks]
    shown = [period for period in shown if period not in lacks]
    if not shown:
        return note(" ".join(remarks), language)
    shapes = outlines(districts, outline)
    picked = select(observations, indicator, area_level="district", breakdown=breakdown)
    picked = picked[picked["period"].isin(shown)].sort_values("period")
    key = key_of(indicator, breakdown, *shown)
    placed = {
        period: on_districts(picked[picked["period"] == period], shapes.ids, encoding.digits)
        for period in shown
    }
    told = {
        period: _told(shapes.names, *placed[period], period, encoding, language) for period in shown
    }
    panels = "".join(
        _panel(*placed[period], period, told[period], encoding, shapes, key, language)
        for period in shown
    )
    ends = dict.fromkeys([shown[0], shown[-1]])
    first_to_last = text(
        "{first} to {last}",
        language,
        first=quarter(shown[0], language),
        last=quarter(shown[-1], language),
    )
    how = reading(encoding.unit, language, is_circles=encoding.scale is None)
    when = ", ".join(part for part in (first_to_last, how) if part)
    table = observation_table(
        picked,
        catalogue,
        dict(zip(shapes.ids, shapes.names, strict=True)),
        language=language,
        parts=parts,
    )
    return Figure(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption><h2>{escape(title)}</h2>'
        f'<p class="ow-when">{escape(when)}</p></figcaption>{_shared(shapes, key)}'
        f'<div class="ow-many"><ul class="ow-panels">{panels}</ul>'
        f"{key_to(encoding, language, key=key, shapes=shapes)}</div>"
        f'<p class="ow-words">{escape(" ".join(told[period] for period in ends))}</p>'
        + "".join(f'<p class="ow-note">{escape(remark)}</p>' for remark in remarks)
        + f"{foot([declared], language, table, picked)}</figure>"
    )


def evenly(rows: pd.DataFrame, last: str) -> list[str]:
    """Choose up to twelve periods, equally far apart, that end with the last.

    More than twelve quarters are thinned to the same quarter of each year, or of each second year:
    so that seasons do not look like change.

    Parameters
    ----------
    rows : DataFrame
        Observations of one indicator, all of quarters or all of years.
    last : str
    """
    past = sorted({period for period in rows["period"] if period <= last}, reverse=True)
    step = ceil(len(past) / MOST_PANELS)
    if step > 1 and span(last) == "quarter":
        step = 4 * ceil(step / 4)
    return past[:: max(step, 1)][::-1]


def _shared(shapes: Outlines, key: str) -> str:
    """Define what all maps share, once: outlines, borders and patterns."""
    paths = "".join(f'<path id="{key}-{i}" d="{path}"/>' for i, path in enumerate(shapes.paths))
    return (
        '<svg class="ow-shared" aria-hidden="true" width="0" height="0"><defs>'
        f"{drawn.patterns(key)}{drawn.patterns(f'{key}s', SMALL)}{paths}"
        f'<g id="{key}-lines" class="ow-small">{drawn.lines(shapes)}</g></defs></svg>'
    )


def _told(
    names: Sequence[str],
    values: Sequence[float],
    kinds: Sequence[str],
    period: str,
    encoding: Encoding,
    language: str,
) -> str:
    """Say what the map of a period shows."""
    parts = [extremes(names, values, kinds, encoding, language), lacking(kinds, language)]
    return " ".join([f"{quarter(period, language)}:", *filter(None, parts)])


def _panel(
    values: Sequence[float],
    kinds: Sequence[str],
    period: str,
    about: str,
    encoding: Encoding,
    shapes: Outlines,
    key: str,
    language: str,
) -> str:
    """Draw the map of one period, named by what it shows for those who do not see it."""
    words = said(encoding, values, kinds, period, language)
    colours = fills(encoding, values, kinds, period, f"{key}s")
    districts = "".join(
        f'<use href="#{key}-{i}" fill="{colour}"><title>{escape(f"{name}: {value}")}</title></use>'
        for i, (colour, name, value) in enumerate(zip(colours, shapes.names, words, strict=True))
    )
    return (
        f'<li><p aria-hidden="true">{escape(quarter(period, language))}</p>'
        f'<svg class="ow-map" viewBox="{drawn.view_box(shapes)}" role="img" '
        f'aria-label="{escape(about)}"><g class="ow-districts" stroke="#fff" stroke-width="2">'
        f'{districts}</g><use href="#{key}-lines"/>'
        f"{drawn.circle_group(circles(encoding, shapes, values, kinds))}</svg></li>"
    )
