"""Two rates on one map: where both are high, both are low, or one without the other.

Each indicator is cut into three classes of as many districts each, pooled over its periods; the
nine pairs are nine colours, and the legend is a square that says how many districts have each.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from ..faults import DataError
from ..language import quarter, text, unit_sign
from ..observations import as_of, select
from .classes import written_spans
from .drawing import drawing, legend, pattern_of
from .encoding import Encoding, encode, pooled
from .map import key_of, lacking, on_districts
from .outlines import Around, outlines
from .symbols import SYMBOL_KINDS
from .tables import observation_table
from .values import (
    MISSING,
    SUPPRESSED,
    Figure,
    entry,
    foot,
    label,
    unit_heading,
    unobserved,
    written,
)

PAIRS = (
    ("#f0efeb", "#abd0e2", "#3f8fbd"),
    ("#f3d58f", "#a9ab9b", "#3c6a86"),
    ("#ea9a1a", "#a5601a", "#27272b"),
)
"""Colours by class of the second indicator, upwards, and of the first, to the right.

Blue and orange stay apart in every common kind of colour blindness, and both darken."""
CORNERS = (
    ([2, 2], (0, 1), "Both high: {districts}."),
    ([0, 0], (0, 1), "Both low: {districts}."),
    ([2, 0], (0, 1), "{one} high, {other} low: {districts}."),
    ([0, 2], (1, 0), "{one} high, {other} low: {districts}."),
)
"""A pair of classes, the order in which the indicators are named, and what is said."""
NAMED = 5
"""So many districts are named in a sentence; the table has all."""


class Side(NamedTuple):
    """One of the two indicators.

    Parameters
    ----------
    title : str
    declared : Series
        Its row in the catalogue.
    encoding : Encoding
        Up to three classes.
    period : str
    rows : DataFrame
        Observations of the districts.
    values, states : list
        Of each district.
    """

    title: str
    declared: pd.Series
    encoding: Encoding
    period: str
    rows: pd.DataFrame
    values: list[float]
    states: list[str]

    @property
    def places(self) -> list[int]:
        """Where the classes lie from 0 to 2: spread, where there are fewer than three."""
        classes = len(self.encoding.scale.bounds) if self.encoding.scale else 0
        return [[], [1], [0, 2], [0, 1, 2]][classes]

    @property
    def thirds(self) -> list[int]:
        """The class of each district; any number where it has no value."""
        bounds = np.array(self.encoding.scale.bounds if self.encoding.scale else []) + 1e-9
        found = np.searchsorted(bounds, self.values)
        return [self.places[place] if place < len(bounds) else -1 for place in found]

    def said(self, i: int, language: str) -> str:
        """Write the value of a district."""
        unit, digits = self.encoding.unit, self.encoding.digits
        return written(self.values[i], self.states[i], unit, language, digits)

    def spans(self, language: str) -> dict[int, str]:
        """Write the classes, without a unit that is a word."""
        if self.encoding.scale is None:
            return {}
        unit = self.encoding.unit if len(unit_sign(self.encoding.unit, language)) == 1 else ""
        spans = [words for _, words in written_spans(self.encoding.scale, unit, language)]
        return dict(zip(self.places, spans, strict=True))

    def axis(self, language: str) -> str:
        """Name the indicator and its unit."""
        unit = unit_heading(self.encoding.unit, language)
        unit = unit.replace(" ", "\u00a0") if len(unit) < 6 else unit  # keeps "in %" together
        return f"{self.title}, {unit}" if unit else self.title


def bivariate_map(
    districts: gpd.GeoDataFrame,
    observations: pd.DataFrame,
    first: str,
    second: str,
    period: str,
    *,
    catalogue: pd.DataFrame,
    language: str = "de",
    breakdowns: tuple[str, str] = ("", ""),
    parts: Mapping[str, str] | None = None,
    outline: Around = (),
) -> Figure:
    """Draw two rates on one map of the districts, in three classes each.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id``, ``name``, ``geometry`` in metres; ``borough_id`` draws borders.
    observations : DataFrame
    first, second : str
        Indicators: the first from left to right in the legend, the second upwards.
    period : str
        Of each, the last value up to then is shown.
    catalogue : DataFrame
    language : {"de", "en"}
    breakdowns : tuple of str
        Of the first and of the second.
    parts : mapping, optional
        Names of the breakdowns' codes, such as measures.
    outline : sequence of str, GeoSeries, GeoDataFrame or shapely geometry
        As for :func:`.figures.district_map`.

    Returns
    -------
    Figure
        With a square legend, a sentence that names the districts at its corners, and the table.

    Raises
    ------
    DataError
        If there is no such indicator, or one is a count, which grows with the district.
    """
    sides = []
    for indicator, part in zip((first, second), breakdowns, strict=True):
        declared = entry(catalogue, indicator)
        if declared["kind"] in SYMBOL_KINDS:
            raise DataError(
                "{indicator} is a {kind}, which is high where a district is large. Choose a rate.",
                indicator=indicator,
                kind=str(declared["kind"]),
            )
        if nothing := unobserved(observations, declared, language):
            return nothing
        title = label(catalogue, indicator, language, part, parts)
        sides.append(_side(observations, declared, title, part, period, districts["district_id"]))
    shapes = outlines(districts, outline)
    states = [_either(pair) for pair in zip(*(side.states for side in sides), strict=True)]
    pairs = [
        None if state else pair
        for state, *pair in zip(states, *(side.thirds for side in sides), strict=True)
    ]
    key = key_of(first, second, period, *breakdowns)
    heading = text("{first} and {second}", language, first=sides[0].title, second=sides[1].title)
    when = " / ".join(quarter(p, language) for p in dict.fromkeys(side.period for side in sides))
    picture = drawing(
        shapes,
        [
            pattern_of(state, key) if pair is None else PAIRS[pair[1]][pair[0]]
            for pair, state in zip(pairs, states, strict=True)
        ],
        [
            f"{name}: " + ", ".join(f"{side.title} {side.said(i, language)}" for side in sides)
            for i, name in enumerate(shapes.names)
        ],
        key=key,
        name=f"{heading}, {when}",
    )
    picked = pd.concat([side.rows for side in sides], ignore_index=True)
    table = observation_table(
        picked,
        catalogue,
        dict(zip(shapes.ids, shapes.names, strict=True)),
        language=language,
        parts=parts,
    )
    words = [*_corners(shapes.names, pairs, sides, language), lacking(states, language)]
    return Figure(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption><h2>{escape(heading)}</h2>'
        f'<p class="ow-when">{escape(when)}</p></figcaption><div class="ow-two">{picture}<div>'
        f"{_square(sides, pairs, language)}{legend([], language, key=key, shapes=shapes)}"
        f'<p class="ow-words">{escape(" ".join(filter(None, words)))}</p>'
        f"{foot([side.declared for side in sides], language, table, picked)}</div></div></figure>"
    )


def _side(
    observations: pd.DataFrame,
    declared: pd.Series,
    title: str,
    breakdown: str,
    period: str,
    ids: Sequence[str],
) -> Side:
    """Cut one indicator into three classes, those of all its periods."""
    indicator = str(declared["indicator"])
    period = as_of(observations, indicator, period)
    encoding = encode(pooled(observations, indicator, breakdown, period), declared, n_classes=3)
    rows = select(
        observations, indicator, area_level="district", period=period, breakdown=breakdown
    )
    values, states = on_districts(rows, ids, encoding.digits)
    return Side(title, declared, encoding, period, rows, values, states)


def _either(states: Sequence[str]) -> str:
    """Tell what a district lacks: a secret is one even where the other value is missing."""
    return next((state for state in (SUPPRESSED, MISSING) if state in states), "")


def _corners(
    names: Sequence[str],
    pairs: Sequence[list[int] | None],
    sides: Sequence[Side],
    language: str,
) -> list[str]:
    """Name the districts at the corners of the square, the most interesting ones."""
    titles = [side.title for side in sides]
    sentences = []
    for corner, (one, other), said in CORNERS:
        found = [name for name, pair in zip(names, pairs, strict=True) if pair == corner]
        if found:
            listed = _listed(found, language)
            sentences.append(
                text(said, language, one=titles[one], other=titles[other], districts=listed)
            )
    return sentences


def _listed(names: Sequence[str], language: str) -> str:
    """List names, and count those that would make the sentence too long."""
    if len(names) <= NAMED + 1:
        return ", ".join(names)
    shown = ", ".join(names[:NAMED])
    return text("{names} and {count} more", language, names=shown, count=len(names) - NAMED)


def _square(sides: Sequence[Side], pairs: Sequence[list[int] | None], language: str) -> str:
    """Explain the nine colours in a square, each with its number of districts."""
    spans = [side.spans(language) for side in sides]
    rows = "".join(
        f'<tr><th scope="row">{escape(spans[1].get(y, "–"))}</th>'
        + "".join(
            f'<td style="background:{PAIRS[y][x]};color:{ink(PAIRS[y][x])}">'
            f"{pairs.count([x, y])}</td>"
            for x in range(3)
        )
        + "</tr>"
        for y in (2, 1, 0)
    )
    heads = "".join(f'<th scope="col">{escape(spans[0].get(x, "–"))}</th>' for x in range(3))
    caption = text("Number of districts of each colour", language)
    across, up = (escape(side.axis(language)) for side in sides)
    return (
        f'<table class="ow-square"><caption>{escape(caption)}</caption><tbody>'
        f'<tr><th colspan="4" scope="colgroup">{up}<span aria-hidden="true">\u00a0↑</span></th>'
        f'</tr>{rows}<tr><td></td>{heads}</tr><tr><td></td><th colspan="3" scope="colgroup">'
        f'{across}<span aria-hidden="true">\u00a0→</span></th></tr></tbody></table>'
    )


def ink(colour: str) -> str:
    """Choose black or white letters, whichever is the clearer on a colour."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "#000" if luminance > 0.179 else "#fff"
