"""Maps of districts: drawn as SVG in the page itself, readable without colours and without sight.

Rates and ratios are colours in classes; counts and sums are circles, because a colour would say
something about the area's size instead. What is kept secret and what is missing have patterns.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..language import number, quarter, text, unit_sign
from ..observations import as_of, select
from .tables import observation_table
from .values import (
    MISSING,
    SUPPRESSED,
    Figure,
    digits_for,
    entry,
    foot,
    label,
    rounded,
    states,
    unit_heading,
    unobserved,
    written,
)

EXTENT = 1000
"""Units along the longer side of a map; outlines are whole units."""
SYMBOL_KINDS = ("count", "sum")
"""Kinds of indicators that are drawn as circles."""
COLOURS = ("#d8e8ee", "#a4cbd9", "#66a5bf", "#2f7698", "#12435f")
"""One hue from light to dark: the order is kept in every kind of colour blindness, and in grey."""
EDGE = 8
"""Units around the map, so that its strokes are not cut."""
LAND, CIRCLE, LARGEST_RADIUS = "#e9edf0", "#2f7698", 52

GAP = 2
"""Half the width of a gap between neighbours that nobody sees, in the map's own units."""


class Outlines(NamedTuple):
    """Districts as they are drawn; all sequences in the districts' order.

    Parameters
    ----------
    ids, names : list of str
    paths : list of str
        SVG paths of whole units, y downwards.
    points : list of tuple of int
        A point inside each district, for a circle.
    borders, around : str
        SVG paths of the boroughs' borders and of the line around chosen districts.
    width, height : int
        Units.
    """

    ids: list[str]
    names: list[str]
    paths: list[str]
    points: list[tuple[int, int]]
    borders: str
    around: str
    width: int
    height: int


class Scale(NamedTuple):
    """How values become colours or circles.

    Parameters
    ----------
    is_symbols : bool
        Circles instead of colours.
    digits : int
        Decimal places of the values.
    bounds : list of float
        Upper bound of each class, itself included.
    largest : float
        The value of the largest circle.
    """

    is_symbols: bool
    digits: int
    bounds: list[float]
    largest: float


def outlines(
    districts: gpd.GeoDataFrame, around: Sequence[str] = (), tolerance_m: float | None = None
) -> Outlines:
    """Simplify districts together, so that neighbours keep their common border, and draw them.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id``, ``name``, ``geometry`` in metres, and ``borough_id`` where there are any.
    around : sequence of str
        Codes of districts around which a line is drawn together.
    tolerance_m : float, optional
        Corners whose triangle is smaller than the square of this are left out; by default a
        thousandth of the longer side, about what the eye sees.
    """
    left, bottom, right, top = districts.total_bounds
    side = max(right - left, top - bottom)
    unit = side / EXTENT
    shapes = shapely.coverage_simplify(districts.geometry.array, tolerance_m or side / 1100)
    drawn = shapely.transform(
        shapes, lambda xy: np.column_stack([(xy[:, 0] - left) / unit, (top - xy[:, 1]) / unit])
    )
    main = np.array([max(shapely.get_parts(shape), key=shapely.area) for shape in drawn])
    middle = shapely.centroid(main)
    inside = np.where(shapely.contains(main, middle), middle, shapely.point_on_surface(main))
    borders = ""
    if "borough_id" in districts:
        edges = [
            shapely.boundary(shapely.union_all(drawn[(districts["borough_id"] == borough).array]))
            for borough in districts["borough_id"].unique()
        ]
        borders = _path(shapely.get_parts(shapely.line_merge(shapely.union_all(edges))))
    chosen = drawn[districts["district_id"].isin(around).array]
    return Outlines(
        ids=districts["district_id"].astype(str).tolist(),
        names=districts["name"].astype(str).tolist(),
        paths=[_path(_rings(shape)) for shape in drawn],
        points=[(round(point.x), round(point.y)) for point in inside],
        borders=borders,
        around=_path(_rings(_closed(chosen))) if len(chosen) else "",
        width=round((right - left) / unit),
        height=round((top - bottom) / unit),
    )


def _closed(shapes: np.ndarray) -> shapely.Geometry:
    """Unite neighbours whose borders are a hair apart, as in official geometry they often are."""
    grown = shapely.union_all(shapely.buffer(shapes, GAP, join_style="mitre"))
    return shapely.buffer(grown, -GAP, join_style="mitre")


def _rings(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """List the rings of a polygon or of several, holes included."""
    return [
        ring
        for polygon in shapely.get_parts(shape)
        if isinstance(polygon, shapely.Polygon)
        for ring in (polygon.exterior, *polygon.interiors)
    ]


def _path(lines: Sequence[shapely.Geometry]) -> str:
    """Write lines as an SVG path: a start, then steps in whole units."""
    written = []
    for line in lines:
        corners = np.round(shapely.get_coordinates(line)).astype(int)
        steps = np.diff(corners, axis=0)
        steps = steps[steps.any(axis=1)]
        if len(steps) < 2:  # shrunk to a point or a stroke
            continue
        is_closed = (corners[0] == corners[-1]).all()
        pairs = " ".join(f"{x} {y}" for x, y in (steps[:-1] if is_closed else steps))
        start = f"M{corners[0][0]} {corners[0][1]}"
        written.append(f"{start}l{pairs.replace(' -', '-')}{'z' if is_closed else ''}")
    return "".join(written)


def class_bounds(values: pd.Series, classes: int = len(COLOURS)) -> list[float]:
    """Cut values into classes of as many districts each as ties allow.

    Parameters
    ----------
    values : Series, shape (n,)
        Rounded as they are written; missing ones are left out.
    classes : int
        At most.

    Returns
    -------
    list of float
        Upper bound of each class, a value that occurs; itself included in the class.
    """
    known = np.sort(values.dropna().to_numpy())
    if not len(known):
        return []
    shares = np.arange(1, classes + 1) / classes
    return np.unique(np.quantile(known, shares, method="inverted_cdf")).tolist()


def scale(values: pd.Series, kind: str) -> Scale:
    """Choose the scale of an indicator from all values that it is to show."""
    digits = digits_for(values, kind)
    known = rounded(values, digits)
    largest = float(known.abs().max()) if known.notna().any() else 0.0
    is_symbols = kind in SYMBOL_KINDS
    return Scale(is_symbols, digits, [] if is_symbols else class_bounds(known), largest)


def colours(bounds: list[float]) -> list[str]:
    """Give each class its colour: the darkest for the highest, spread where there are few."""
    places = np.linspace(0, len(COLOURS) - 1, len(bounds)) if len(bounds) > 1 else [2]
    return [COLOURS[round(place)] for place in places[: len(bounds)]]


def fill(value: float, state: str, chosen: Scale, key: str) -> str:
    """Give a district its colour or pattern; ``key`` is the map's own prefix of ids."""
    if state:
        return f"url(#{key}-{state})"
    if chosen.is_symbols:
        return LAND
    place = int(np.searchsorted(chosen.bounds, value))
    return colours(chosen.bounds)[min(place, len(chosen.bounds) - 1)]


def radius(value: float, largest: float) -> float:
    """Give the radius of a circle whose area stands for the value, in units of the map."""
    return round(LARGEST_RADIUS * (abs(value) / largest) ** 0.5, 1) if largest else 0.0


def legend(
    chosen: Scale, values: pd.Series, unit: str, language: str, *, key: str, shapes: Outlines
) -> str:
    """Explain colours or circles, and the patterns, as a list.

    Parameters
    ----------
    chosen : Scale
    values : Series
        All rounded values that the map may show, so that a class can name its lowest and highest.
    unit : str
    language : {"de", "en"}
    key : str
        Prefix of the ids of the map's patterns.
    shapes : Outlines
        The map, whose size the legend's circles share.
    """
    if chosen.is_symbols:
        size, width = 2 * LARGEST_RADIUS, shapes.width + 2 * EDGE
        brief = unit if len(unit_sign(unit, language)) == 1 else ""  # words stand in the heading
        items = [
            f'<li><svg class="ow-size" style="--ow-share:{size / width:.4f}" aria-hidden="true" '
            f'viewBox="0 0 {size} {size}"><circle cx="{LARGEST_RADIUS}" cy="{LARGEST_RADIUS}" '
            f'r="{radius(step, chosen.largest)}" fill="{CIRCLE}"/></svg> '
            f"<span>{escape(number(step, brief, language))}</span></li>"
            for step in _round_values(chosen.largest, chosen.digits)
        ]
        if (values < 0).any():
            items.append(
                _legend_item(
                    f'<circle cx="18" cy="14" r="9" fill="#fff" stroke="{CIRCLE}"/>',
                    text("below zero", language),
                )
            )
    else:
        known = values.dropna()
        places = np.searchsorted(chosen.bounds, known)
        items = []
        for place, colour in enumerate(colours(chosen.bounds)):
            low, high = known[places == place].min(), known[places == place].max()
            items.append(_legend_item(_swatch(colour), _span(low, high, unit, language, chosen)))
    items += [
        _legend_item(_swatch(f"url(#{key}-{state})"), written(np.nan, state, "", language))
        for state in (SUPPRESSED, MISSING)
    ]
    if shapes.around:
        line = '<path class="ow-outline" fill="none" stroke-width="4" d="M3 4H33V24H3z"/>'
        items.append(_legend_item(line, text("programme area", language)))
    return f'<ul class="ow-legend">{"".join(items)}</ul>'


def _span(low: float, high: float, unit: str, language: str, chosen: Scale) -> str:
    """Write the lowest and highest value of a class."""
    last = number(high, unit, language, chosen.digits)
    if low == high:
        return last
    first = number(low, "", language, chosen.digits)
    return text("{first} to {last}", language, first=first, last=last)


def _swatch(colour: str) -> str:
    return f'<rect x="1" y="1" width="34" height="26" fill="{colour}" stroke="#8a959e"/>'


def _legend_item(drawing: str, words: str) -> str:
    return (
        f'<li><svg viewBox="0 0 36 28" aria-hidden="true">{drawing}</svg> '
        f"<span>{escape(words)}</span></li>"
    )


def _round_values(largest: float, digits: int) -> list[float]:
    """Choose up to three round values up to the largest, for the legend of circles."""
    if not largest:
        return []
    power = math.floor(math.log10(largest))
    ladder = [step * 10.0**n for n in range(power - 2, power + 1) for step in (1, 2, 5)]
    below = [rung for rung in ladder if rung <= largest]
    return [rung for rung in below[-5::2] if rung >= 10.0**-digits]


def patterns(key: str) -> str:
    """Define the patterns of what is kept secret (dots) and of what is missing (lines)."""
    head = 'patternUnits="userSpaceOnUse"'
    return (
        f'<defs><pattern id="{key}-{SUPPRESSED}" {head} width="16" height="16">'
        '<rect width="16" height="16" fill="#f4eee2"/>'
        '<circle cx="4" cy="4" r="2.6" fill="#7d6b47"/>'
        '<circle cx="12" cy="12" r="2.6" fill="#7d6b47"/></pattern>'
        f'<pattern id="{key}-{MISSING}" {head} width="12" height="12" '
        'patternTransform="rotate(45)"><rect width="12" height="12" fill="#fff"/>'
        '<path d="M0 6H12" stroke="#a3adb5" stroke-width="2.5"/></pattern></defs>'
    )


def drawing(
    shapes: Outlines,
    values: Sequence[float],
    districts_states: Sequence[str],
    titles: Sequence[str],
    chosen: Scale,
    *,
    key: str,
    name: str,
    is_interactive: bool = False,
) -> str:
    """Draw a map.

    Parameters
    ----------
    shapes : Outlines
    values, districts_states, titles : sequences, shape (n,)
        Rounded value, state and description of each district, in the order of the shapes.
    chosen : Scale
    key : str
        Prefix of the ids in the drawing.
    name : str
        What the map shows, for those who do not see it.
    is_interactive : bool
        Districts are options to choose from, reached by the keyboard.
    """
    role = "option" if is_interactive else "img"
    districts = "".join(
        f'<path role="{role}" fill="{fill(value, state, chosen, key)}" d="{path}"'
        + (f' tabindex="{0 if i == 0 else -1}"' if is_interactive else "")
        + f"><title>{escape(title)}</title></path>"
        for i, (value, state, path, title) in enumerate(
            zip(values, districts_states, shapes.paths, titles, strict=True)
        )
    )
    circles = ""
    if chosen.is_symbols:
        order = sorted(
            (i for i, state in enumerate(districts_states) if not state and values[i]),
            key=lambda i: -abs(values[i]),
        )
        circles = "".join(
            f'<circle cx="{shapes.points[i][0]}" cy="{shapes.points[i][1]}" '
            f'r="{radius(values[i], chosen.largest)}"'
            + (f' fill="#fff" stroke="{CIRCLE}"/>' if values[i] < 0 else "/>")
            for i in order
        )
    group = "listbox" if is_interactive else "group"
    box = f"{-EDGE} {-EDGE} {shapes.width + 2 * EDGE} {shapes.height + 2 * EDGE}"
    return (
        f'<svg class="ow-map" viewBox="{box}" role="group" aria-label="{escape(name)}">'
        f'{patterns(key)}<g class="ow-districts" role="{group}" aria-label="{escape(name)}" '
        f'stroke="#fff" stroke-width="2">{districts}</g>'
        f'<path class="ow-borders" fill="none" stroke="#fff" d="{shapes.borders}"/>'
        f'<path class="ow-outline" fill="none" d="{shapes.around}"/>'
        f'<g class="ow-circles" aria-hidden="true" fill="{CIRCLE}" fill-opacity=".8" '
        f'stroke="#fff" stroke-width="2">{circles}</g>'
        + ('<path class="ow-focus" d=""/>' if is_interactive else "")
        + "</svg>"
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
    outline: Sequence[str] = (),
) -> Figure:
    """Draw an indicator on the map of the districts.

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
    outline : sequence of str
        Districts of the programme area, around which a line is drawn.

    Returns
    -------
    Figure
        With legend, a sentence that says the extremes, the source, and the table behind the map.

    Raises
    ------
    DataError
        If the observations or the catalogue have no such indicator.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    period = as_of(observations, indicator, period)
    unit, kind = str(declared["unit"]), str(declared["kind"])
    picked = select(
        observations, indicator, area_level="district", period=period, breakdown=breakdown
    )
    shapes = outlines(districts, outline)
    placed = picked.set_index("area_id").reindex(shapes.ids)
    placed["conf_status"] = placed["conf_status"].fillna("F")
    chosen = scale(placed["value"], kind)
    values = rounded(placed["value"], chosen.digits)
    kinds = states(placed).tolist()
    said = [
        written(value, state, unit, language, chosen.digits)
        for value, state in zip(values, kinds, strict=True)
    ]
    title = label(catalogue, indicator, language, breakdown, parts)
    key = "ow" + hashlib.sha256(f"{indicator}{period}{breakdown}".encode()).hexdigest()[:8]
    picture = drawing(
        shapes,
        values.tolist(),
        kinds,
        [f"{name}: {words}" for name, words in zip(shapes.names, said, strict=True)],
        chosen,
        key=key,
        name=f"{title}, {quarter(period, language)}",
    )
    key_to_map = legend(chosen, values, unit, language, key=key, shapes=shapes)
    when = ", ".join(p for p in (quarter(period, language), reading(unit, kind, language)) if p)
    table = observation_table(
        picked,
        catalogue,
        dict(zip(shapes.ids, shapes.names, strict=True)),
        language=language,
        parts=parts,
    )
    return Figure(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption><h2>{escape(title)}</h2>'
        f'<p class="ow-when">{escape(when)}</p></figcaption>'
        f'<div class="ow-two">{picture}<div>{key_to_map}'
        f'<p class="ow-words">{escape(_sentence(shapes.names, values, kinds, said, language))}</p>'
        f"{foot([declared], language, table)}</div></div></figure>"
    )


def reading(unit: str, kind: str, language: str) -> str:
    """Name the unit, and say how a circle is to be read."""
    circles = text("the area of a circle stands for the value", language)
    parts = [unit_heading(unit, language), circles if kind in SYMBOL_KINDS else ""]
    return ", ".join(part for part in parts if part)


def _sentence(
    names: list[str], values: pd.Series, kinds: list[str], said: list[str], language: str
) -> str:
    """Say in words what the map shows: the extremes, and what is not shown."""
    parts = []
    known = values.to_numpy()
    if not np.isnan(known).all():
        high, low = int(np.nanargmax(known)), int(np.nanargmin(known))
        parts.append(
            text(
                "Highest: {high} ({high_value}); lowest: {low} ({low_value}).",
                language,
                high=names[high],
                high_value=said[high],
                low=names[low],
                low_value=said[low],
            )
        )
    districts = len(names)
    if count := kinds.count(SUPPRESSED):
        said_so = "Kept secret in {count} of {all} districts."
        parts.append(text(said_so, language, count=count, all=districts))
    if count := kinds.count(MISSING):
        said_so = "No data in {count} of {all} districts."
        parts.append(text(said_so, language, count=count, all=districts))
    return " ".join(parts)
