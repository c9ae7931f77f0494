"""How the values of an indicator become colours or circles: one choice for all its periods.

Rates and ratios can be compared between districts, so they are colours in classes; counts and sums
grow with a district, so they are circles, unless colours are insisted on, which the legend tells.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..faults import DataError
from ..language import number, text, unit_sign
from ..observations import select
from . import classes as classed
from . import symbols
from .drawing import LAND, icon, legend, legend_item, pattern_of, swatch
from .outlines import Outlines
from .values import digits_for, rounded, unit_heading, written

COMPARED = ("", "city")
"""What values can be held against."""


class Encoding(NamedTuple):
    """How the values of an indicator are drawn.

    Parameters
    ----------
    unit, kind : str
        Of the indicator.
    digits : int
        Decimal places of the values.
    values : Series
        All rounded values of districts that may be shown.
    scale : Scale or None
        Classes and colours; None for circles.
    city : dict, optional
        Period = the city's rounded value, from which a colour tells the difference.
    """

    unit: str
    kind: str
    digits: int
    values: pd.Series
    scale: classed.Scale | None
    city: dict[str, float] | None = None


def pooled(observations: pd.DataFrame, indicator: str, breakdown: str, period: str) -> pd.DataFrame:
    """Pick all quarters of an indicator for districts and the city, or all years."""
    rows = select(observations, indicator, breakdown=breakdown)
    is_wanted = rows["area_level"].isin(["district", "city"])
    return rows[is_wanted & (rows["period"].map(classed.span) == classed.span(period))]


def encode(
    rows: pd.DataFrame,
    declared: pd.Series,
    *,
    scheme: str = "quantiles",
    n_classes: int = classed.USUAL,
    breaks: Sequence[float] = (),
    compare: str = "",
    as_colour: bool = False,
) -> Encoding:
    """Choose how an indicator is drawn in all its periods.

    Parameters
    ----------
    rows : DataFrame
        As :func:`pooled` gives them.
    declared : Series
        The indicator's row in the catalogue.
    scheme, n_classes, breaks
        As for :func:`.classes.scale`.
    compare : {"", "city"}
        Colours tell the difference to the city's value of the same period.
    as_colour : bool
        A count or sum is a colour too.

    Raises
    ------
    DataError
        If there are no such classes; or if classes of one's own or a comparison are asked for
        what is drawn as circles.
    """
    indicator, unit, kind = (str(declared[name]) for name in ("indicator", "unit", "kind"))
    if compare not in COMPARED:
        raise DataError("compare is {compare!r}. Leave it out, or write city.", compare=compare)
    is_amount = kind in symbols.SYMBOL_KINDS
    if compare and is_amount:
        raise DataError(
            "{indicator} is a {kind}: that of a district is a part of the city's, and cannot be "
            "compared with it. Choose a rate.",
            indicator=indicator,
            kind=kind,
        )
    classed.check(scheme, n_classes, breaks, is_difference=bool(compare))
    of_districts = rows.loc[rows["area_level"] == "district", "value"]
    digits = digits_for(of_districts, kind)
    values = rounded(of_districts, digits)
    if is_amount and not as_colour:
        if len(breaks):
            raise DataError(
                "{indicator} is a {kind} and drawn as circles, which have no classes. Leave the "
                "breaks out, choose a rate, or say as_colour=True.",
                indicator=indicator,
                kind=kind,
            )
        return Encoding(unit, kind, digits, values, None)
    if not compare:
        chosen = classed.scale(values, digits, scheme, n_classes, breaks)
        return Encoding(unit, kind, digits, values, chosen)
    city = city_values(rows, digits)
    differences = values - rows["period"].map(city).reindex(values.index)
    chosen = classed.difference_scale(differences, digits, scheme, n_classes, breaks)
    return Encoding(unit, kind, digits, values, chosen, city)


def city_values(rows: pd.DataFrame, digits: int) -> dict[str, float]:
    """Give the city's rounded value by period, where it has one."""
    known = rows[(rows["area_level"] == "city") & rows["value"].notna()]
    return dict(zip(known["period"], rounded(known["value"], digits), strict=True))


def fills(
    encoding: Encoding, values: Sequence[float], states: Sequence[str], period: str, key: str
) -> list[str]:
    """Give each district its colour or pattern; ``key`` is the map's own prefix of ids."""

    def fill(value: float, state: str) -> str:
        if state:
            return pattern_of(state, key)
        if encoding.scale is None:
            return LAND
        return encoding.scale.colour(value - (encoding.city[period] if encoding.city else 0))

    return [fill(value, state) for value, state in zip(values, states, strict=True)]


def circles(
    encoding: Encoding, shapes: Outlines, values: Sequence[float], states: Sequence[str]
) -> str:
    """Draw the circles, where there are any."""
    if encoding.scale is not None:
        return ""
    return symbols.circles(shapes, values, states, symbols.largest_of(encoding.values))


def said(
    encoding: Encoding, values: Sequence[float], states: Sequence[str], period: str, language: str
) -> list[str]:
    """Write each district's value, and its difference to the city where that is the colour."""
    words = [
        written(value, state, encoding.unit, language, encoding.digits)
        for value, state in zip(values, states, strict=True)
    ]
    if not encoding.city:
        return words
    return [
        word
        if state
        else text(
            "{value} ({difference} to the city)",
            language,
            value=word,
            difference=signed(value - encoding.city[period], encoding.digits, language),
        )
        for word, value, state in zip(words, values, states, strict=True)
    ]


def signed(value: float, digits: int, language: str) -> str:
    """Write a difference with its sign; none where it is written as nothing."""
    value = round(value, digits)
    return ("+" if value > 0 else "") + number(value, "", language, digits)


def key_to(
    encoding: Encoding, language: str, *, key: str, shapes: Outlines, period: str = ""
) -> str:
    """Explain the colours or circles, and the patterns.

    Parameters
    ----------
    encoding : Encoding
    language : {"de", "en"}
    key : str
        Prefix of the ids of the map's patterns.
    shapes : Outlines
    period : str
        Whose value of the city is named; empty for a legend of many periods.
    """
    return legend(
        items(encoding, language, shapes=shapes),
        language,
        key=key,
        shapes=shapes,
        heading=heading(encoding, language, period),
    )


def items(encoding: Encoding, language: str, *, shapes: Outlines) -> list[str]:
    """Explain the colours or circles in the items of a legend."""
    if encoding.scale is None:
        return symbols.sizes(encoding.values, encoding.digits, encoding.unit, language, shapes)
    unit = "" if encoding.city is not None else encoding.unit
    spans = classed.written_spans(encoding.scale, unit, language)
    return [legend_item(icon(swatch(colour)), words) for colour, words in spans]


def heading(encoding: Encoding, language: str, period: str = "") -> str:
    """Say what a reader must know before the colours: of a count, or of a difference."""
    if encoding.city is not None:
        return difference_heading(encoding, language, encoding.city.get(period, np.nan))
    if encoding.scale is None or encoding.kind not in symbols.SYMBOL_KINDS:
        return ""
    if encoding.kind == "count":
        return text("The colours show a count, not a rate: larger districts have more.", language)
    return text("The colours show a sum, not a rate: larger districts have more.", language)


def difference_heading(encoding: Encoding, language: str, city: float) -> str:
    """Name the value in the middle of the colours; that of each period where it is not one."""
    if np.isnan(city):
        words = text("Colours: difference to the city in the same period", language)
    else:
        value = number(city, encoding.unit, language, encoding.digits)
        words = text("Colours: difference to the city ({value})", language, value=value)
    if unit_sign(encoding.unit, language) != "%":
        return words
    return f"{words}, {text('in percentage points', language)}"


def reading(unit: str, language: str, *, is_circles: bool) -> str:
    """Name the unit, and say how a circle is to be read."""
    how = text("the area of a circle stands for the value", language)
    parts = [unit_heading(unit, language), how if is_circles else ""]
    return ", ".join(part for part in parts if part)
