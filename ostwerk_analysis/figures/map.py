"""Maps of districts: drawn as SVG in the page itself, readable without colours and without sight.

Rates and ratios are colours in classes; counts and sums are circles, because a colour would say
something about the area's size instead. What is kept secret and what is missing have patterns.
"""

import hashlib
from collections.abc import Mapping, Sequence
from html import escape

import geopandas as gpd
import numpy as np
import pandas as pd

from ..language import quarter, text
from ..observations import as_of, select
from .classes import USUAL
from .drawing import drawing
from .encoding import Encoding, circles, encode, fills, key_to, pooled, reading, said
from .outlines import Around, outlines
from .tables import observation_table
from .values import (
    MISSING,
    SUPPRESSED,
    Figure,
    entry,
    foot,
    label,
    note,
    rounded,
    states,
    unobserved,
    written,
)


def district_map(
    districts: gpd.GeoDataFrame,
    observations: pd.DataFrame,
    indicator: str,
    period: str,
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
    """Draw an indicator on the map of the districts.

    The classes are those of all quarters that the observations hold, or of all years, so that a
    colour means the same on the map of every quarter.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id``, ``name``, ``geometry`` in metres; ``borough_id`` draws borders.
    observations : DataFrame
        A district without an observation is drawn as missing.
    indicator, period, breakdown : str
    catalogue : DataFrame
        Gives label, unit and kind: counts and sums become circles, the rest colours.
    language : {"de", "en"}
    parts : mapping, optional
        Names of the breakdown's codes, such as measures.
    outline : sequence of str, GeoSeries, GeoDataFrame or shapely geometry
        Districts of the programme area, around which a line is drawn, or its own polygons.
    classes : {"quantiles", "equal", "fisher_jenks"}
        As many districts in each, as wide as each other, or where the values themselves part.
    n_classes : int
        At most so many: 3 to 7.
    breaks : sequence of float
        Upper bounds of classes of one's own, in the indicator's unit, in place of ``classes``.
    compare : {"", "city"}
        Colours on both sides of the city's value of the period, by the difference to it;
        ``n_classes`` is odd then, and ``breaks`` are up to three differences.
    as_colour : bool
        Draw a count or sum in colours too; the legend says that it is one.

    Returns
    -------
    Figure
        With legend, a sentence that says the extremes, the source, and the table behind the map.
        A sentence only, where there is nothing to compare with.

    Raises
    ------
    DataError
        If the observations or the catalogue have no such indicator, there are no such classes,
        or a count is to be compared with the city's.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    period = as_of(observations, indicator, period)
    encoding = encode(
        pooled(observations, indicator, breakdown, period),
        declared,
        scheme=classes,
        n_classes=n_classes,
        breaks=breaks,
        compare=compare,
        as_colour=as_colour,
    )
    title = label(catalogue, indicator, language, breakdown, parts)
    if encoding.city is not None and period not in encoding.city:
        return note(no_city(title, period, language), language)
    picked = select(
        observations, indicator, area_level="district", period=period, breakdown=breakdown
    )
    shapes = outlines(districts, outline)
    values, kinds = on_districts(picked, shapes.ids, encoding.digits)
    words = said(encoding, values, kinds, period, language)
    key = key_of(indicator, period, breakdown)
    picture = drawing(
        shapes,
        fills(encoding, values, kinds, period, key),
        [f"{name}: {value}" for name, value in zip(shapes.names, words, strict=True)],
        key=key,
        name=f"{title}, {quarter(period, language)}",
        circles=circles(encoding, shapes, values, kinds),
    )
    how = reading(encoding.unit, language, is_circles=encoding.scale is None)
    when = ", ".join(part for part in (quarter(period, language), how) if part)
    sentences = [
        extremes(shapes.names, values, kinds, encoding, language),
        sides(values, encoding.city[period], encoding, language) if encoding.city else "",
        lacking(kinds, language),
    ]
    table = observation_table(
        picked,
        catalogue,
        dict(zip(shapes.ids, shapes.names, strict=True)),
        language=language,
        parts=parts,
    )
    return Figure(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption><h2>{escape(title)}</h2>'
        f'<p class="ow-when">{escape(when)}</p></figcaption><div class="ow-two">{picture}<div>'
        f"{key_to(encoding, language, key=key, shapes=shapes, period=period)}"
        f'<p class="ow-words">{escape(" ".join(filter(None, sentences)))}</p>'
        f"{foot([declared], language, table, picked)}</div></div></figure>"
    )


def on_districts(
    picked: pd.DataFrame, ids: Sequence[str], digits: int
) -> tuple[list[float], list[str]]:
    """Give the rounded value and the state of each district, missing where it has no row."""
    placed = picked.set_index("area_id").reindex(ids)
    placed["conf_status"] = placed["conf_status"].fillna("F")
    return rounded(placed["value"], digits).tolist(), states(placed).tolist()


def key_of(*what: str) -> str:
    """Make the prefix of a drawing's ids, which a page of many figures must tell apart."""
    return "ow" + hashlib.sha256("".join(what).encode()).hexdigest()[:8]


def no_city(title: str, period: str, language: str) -> str:
    """Say that there is nothing to compare with."""
    return text(
        "{label}, {period}: the city has no published value to compare the districts with.",
        language,
        label=title,
        period=quarter(period, language),
    )


def extremes(
    names: Sequence[str],
    values: Sequence[float],
    kinds: Sequence[str],
    encoding: Encoding,
    language: str,
) -> str:
    """Name the districts with the highest and the lowest value."""
    known = [i for i, kind in enumerate(kinds) if not kind]
    if not known:
        return ""
    ordered = sorted({values[i] for i in known})
    low, high = ordered[0], ordered[-1]

    def value(number: float) -> str:
        return written(number, "", encoding.unit, language, encoding.digits)

    def where(number: float) -> str:
        found = [names[i] for i in known if values[i] == number]
        return (
            found[0] if len(found) == 1 else text("{count} districts", language, count=len(found))
        )

    if high == low and len(known) > 1:
        return text("{value} in all districts with a value.", language, value=value(high))
    return text(
        "Highest: {high} ({high_value}); lowest: {low} ({low_value}).",
        language,
        high=where(high),
        high_value=value(high),
        low=where(low),
        low_value=value(low),
    )


def sides(values: Sequence[float], city: float, encoding: Encoding, language: str) -> str:
    """Count the districts on both sides of the city's value."""
    known = np.array(values)[~np.isnan(values)]
    return text(
        "Above the city: {above} of {known} districts with a value, below it: {below}.",
        language,
        above=int((known > city).sum()),
        below=int((known < city).sum()),
        known=len(known),
    )


def lacking(kinds: Sequence[str], language: str) -> str:
    """Say in how many districts there is nothing to see, and why."""
    said, districts = [], len(kinds)
    if count := kinds.count(SUPPRESSED):
        said.append(
            text("Kept secret in {count} of {all} districts.", language, count=count, all=districts)
        )
    if count := kinds.count(MISSING):
        said.append(
            text("No data in {count} of {all} districts.", language, count=count, all=districts)
        )
    return " ".join(said)
