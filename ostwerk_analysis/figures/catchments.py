"""Sites on a map, each with its catchment around it, and what lies within."""

import re
from collections.abc import Sequence
from html import escape

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..catchments import NOTES
from ..language import number, quarter, text
from ..observations import dimensions, select
from ..periods import quarter_of
from .drawing import AROUND, CIRCLE, LAND, drawing, icon, legend_item
from .map import key_of
from .outlines import EXTENT, Around, outlines, united
from .sentences import framed
from .values import (
    Figure,
    cell,
    digits_for,
    entry,
    foot,
    signs,
    states,
    unit_heading,
    unobserved,
    written,
)

MARGIN = 0.06
"""What is shown around the catchments, as a part of their extent."""
FEWEST_M = 1000
"""Extent of what is shown at least, where there are no catchments to draw."""
MARK, LETTERS = 30, 40
"""Half the width of a site's mark, and the size of its number, in the map's own units."""
KINDS = {"werkstadt": "WerkStadt", "contact_point": "Contact point"}
STRAIGHT = {note for (distance, _), note in NOTES.items() if distance == "line"}
"""What observations say where distances are straight."""
CATCHMENT = f'fill="{CIRCLE}" fill-opacity=".16" stroke="{CIRCLE}" stroke-width="2"'


def catchment_map(
    districts: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame | None,
    observations: pd.DataFrame,
    indicator: str,
    period: str,
    *,
    catalogue: pd.DataFrame,
    catchments: gpd.GeoSeries | None = None,
    language: str = "de",
    outline: Around = (),
) -> Figure:
    """Draw the sites that are open, with their catchments, and list what lies in each.

    Parameters
    ----------
    districts : GeoDataFrame
        ``district_id``, ``name``, ``geometry`` in metres; ``borough_id`` draws borders. Only the
        part around the sites is shown.
    sites : GeoDataFrame or None
        None where the programme has none: then nothing was observed, which a sentence says.
        ``site_id``, ``name``, ``kind`` and a point; where there are ``opened_on`` and
        ``closed_on``, only those open at the end of the period are shown.
    observations : DataFrame
    indicator : str
        One by site, such as ``residents_within_500m``.
    period : str
    catalogue : DataFrame
    catchments : GeoSeries of polygons, optional
        By ``site_id``, as :func:`ostwerk_analysis.catchments.outlines` draws them. Without them
        distances in a straight line are circles, and the sites stand alone where there are none:
        for catchments by nearest site, or by a walking network.
    language : {"de", "en"}
    outline : sequence of str or shapes
        The programme area, around which a line is drawn.

    Returns
    -------
    Figure
        With a number for each site, a list of them with their values, a sentence with the total
        of all sites together, and how distances were measured.

    Raises
    ------
    DataError
        If the observations or the catalogue have no such indicator.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    shown = _open(sites, period)
    picked = select(
        observations, indicator, area_level="city", period=period, breakdown=None
    ).reset_index(drop=True)
    of_site = picked.assign(site=[dimensions(part).get("site") for part in picked["breakdown"]])
    rows = of_site.dropna(subset="site").set_index("site").reindex(shown["site_id"])
    rows["conf_status"] = rows["conf_status"].fillna("F")
    total = of_site[of_site["breakdown"] == ""]
    title, unit = str(declared[f"label_{language}"]), str(declared["unit"])
    when = quarter(period, language)
    if catchments is None and (within := re.search(r"_within_(\d+)m$", indicator)):
        is_line = rows["quality_note"].isin(STRAIGHT).any()
        catchments = shown.set_index("site_id").buffer(int(within[1])) if is_line else None
    table = _table(shown, rows, title, unit, language)
    sentences = [_together(total, rows, unit, language), _measured(rows, total, language)]
    picture, legend = (
        _picture(districts, shown, catchments, f"{title}, {when}", outline, language)
        if len(shown)
        else ("", "")
    )
    return framed(
        title,
        when,
        f'<div class="ow-two ow-near">{picture}<div>{legend}'
        f'<p class="ow-words">{escape(" ".join(filter(None, sentences)))}</p>{table}'
        f"{foot([declared], language, shown=picked)}</div></div>",
        language,
    )


def _open(sites: gpd.GeoDataFrame, period: str) -> gpd.GeoDataFrame:
    """Pick the sites with a point that are open at the end of a period, by their codes."""
    end = period if "Q" in period else f"{period}-Q4"
    is_open = sites.geometry.notna()
    if {"opened_on", "closed_on"} <= {*sites}:
        first, last = (
            sites[name].map(quarter_of, na_action="ignore").astype("str").fillna(never)
            for name, never in (("opened_on", ""), ("closed_on", "9999-Q4"))
        )
        is_open &= (first <= end) & (end < last)
    return sites[is_open].sort_values("site_id", ignore_index=True)


def _table(
    shown: gpd.GeoDataFrame, rows: pd.DataFrame, title: str, unit: str, language: str
) -> str:
    """List the sites by the numbers that they have on the map, with their values."""
    state, digits = states(rows), digits_for(rows["value"], "count")
    status = rows["obs_status"].fillna("M")
    heads = [text("Site", language), unit_heading(unit, language)]
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{place}. {escape(name)}</th><td>'
        + cell(value, mark, language, status=known, digits=digits)
        + "</td></tr>"
        for place, (name, value, mark, known) in enumerate(
            zip(shown["name"], rows["value"], state, status, strict=True), start=1
        )
    )
    return (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}"><table>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        f"{signs(set(state), set(status), language)}"
    )


def _together(total: pd.DataFrame, rows: pd.DataFrame, unit: str, language: str) -> str:
    """Say what lies in the catchments of all sites together, and whether they overlap."""
    if total.empty:
        return ""
    value, state = total["value"].iloc[0], states(total).iloc[0]
    digits = None if state else digits_for(total["value"], "count")
    said = written(value, state, unit, language, digits)
    if rows["value"].sum() - value > 1e-6 * abs(value):
        overlap = "All sites together: {value}; what lies near several sites counts once."
        return text(overlap, language, value=said)
    return text("All sites together: {value}.", language, value=said)


def _measured(rows: pd.DataFrame, total: pd.DataFrame, language: str) -> str:
    """Say how distances were measured, as the observations do."""
    notes = [*total["quality_note"], *rows["quality_note"].dropna()]
    said = next((note for note in notes if note), "")
    return text("Measured: {note}.", language, note=text(said, language)) if said else ""


def _picture(
    districts: gpd.GeoDataFrame,
    shown: gpd.GeoDataFrame,
    catchments: gpd.GeoSeries | None,
    name: str,
    outline: Around,
    language: str,
) -> tuple[str, str]:
    """Draw the part of the city in which the sites lie, catchments under numbered marks.

    Returns
    -------
    picture, legend : str
    """
    drawn = gpd.GeoSeries([], crs=districts.crs)
    if catchments is not None:
        drawn = catchments.reindex(shown["site_id"]).dropna()
    points = shown.to_crs(districts.crs).geometry
    bounds = np.array([*points.bounds.to_numpy(), *drawn.bounds.to_numpy()])
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    room = max(*(MARGIN * (high - low)), (FEWEST_M - (high - low).max()) / 2)
    window = shapely.box(*(low - room), *(high + room))
    if isinstance(outline, Sequence):
        outline = districts[districts["district_id"].isin(list(outline))]
    own = united(outline, districts).intersection(window)
    cut = districts.assign(geometry=districts.intersection(window))
    cut = cut[cut.area > 0]
    shapes = outlines(cut, own)
    left, bottom, right, top = cut.total_bounds
    unit = max(right - left, top - bottom) / EXTENT

    def placed(shape: shapely.Geometry) -> np.ndarray:
        xy = shapely.get_coordinates(shape)
        return np.column_stack([(xy[:, 0] - left) / unit, (top - xy[:, 1]) / unit]).round()

    marks = [
        f'<path class="ow-catchment" {CATCHMENT} d="{_ring(placed(shape.exterior))}"/>'
        for shape in drawn
    ]
    for place, (point, kind) in enumerate(zip(points, shown["kind"], strict=True), start=1):
        [(x, y)] = placed(point).tolist()
        marks.append(_mark(x, y, kind == "contact_point", str(place)))
    key = key_of(name, *shown["site_id"])
    picture = drawing(
        shapes,
        [LAND] * len(shapes.ids),
        shapes.names,
        key=key,
        name=name,
        circles="".join(marks),
    )
    items = [
        legend_item(icon(_mark(18, 14, kind == "contact_point", "", 10)), text(said, language))
        for kind, said in KINDS.items()
        if (shown["kind"] == kind).any()
    ]
    if len(drawn):
        field = f'<rect x="1" y="1" width="34" height="26" {CATCHMENT}/>'
        items.append(legend_item(icon(field), text("Catchment", language)))
    if shapes.around:
        items.append(legend_item(icon(AROUND), text("programme area", language)))
    scale = number(right - left, "", language, 0)
    items.append(legend_item("", text("The map is {width} m wide.", language, width=scale)))
    return picture, f'<ul class="ow-legend">{"".join(items)}</ul>'


def _ring(corners: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in corners) + "z"


def _mark(x: float, y: float, is_square: bool, written: str, half: int = MARK) -> str:
    """Draw a site: a disc, or a square for a contact point, with its number."""
    look = f'fill="{CIRCLE}" fill-opacity="1" stroke="#fff"'
    shape = (
        f'<rect x="{x - half:g}" y="{y - half:g}" width="{2 * half}" height="{2 * half}" {look}/>'
        if is_square
        else f'<circle cx="{x:g}" cy="{y:g}" r="{half}" {look}/>'
    )
    number = (
        f'<text x="{x:g}" y="{y:g}" dy=".35em" text-anchor="middle" font-size="{LETTERS}" '
        f'font-weight="700" fill="#fff" fill-opacity="1" stroke="none">{written}</text>'
    )
    return shape + (number if written else "")
