"""The map explorer: any indicator and quarter of a release, redrawn in the browser.

Everything is in the page: the districts as SVG, the release's observations as compact JSON, and the
bounds of every choice of classes. So it needs no kernel and no server, and shows the same in a
notebook, on a page and in a report.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from .. import templates
from ..faults import DataError, nearest
from ..figures import classes as classed
from ..figures import encoding as encoded
from ..figures import symbols
from ..figures.drawing import CIRCLE, LAND, common_items, drawing
from ..figures.outlines import Outlines, outlines
from ..figures.values import (
    MARKS,
    MISSING,
    NOTES,
    SIGNS,
    SUPPRESSED,
    Figure,
    cell,
    digits_for,
    entry,
    label,
    rounded,
    signs,
    source,
    states,
    unit_heading,
    written,
)
from ..language import LOCALES, quarter, text, unit_sign

if TYPE_CHECKING:
    from ..release import Release

NO_CITY = "The city has no published value for this; the colours show the values themselves."
HIDDEN = SIGNS[SUPPRESSED]
"""Cell of a value that is kept secret; one that is missing is null."""
OWN = "own"
"""Choice of classes whose breaks the reader writes."""


class View(NamedTuple):
    """What is shown first, and how its reader may find the choices set.

    Parameters
    ----------
    code, period : str
        Of an indicator, with its breakdown behind a ``|``.
    encoding : Encoding
    classes, compare : str
    n_classes : int
    breaks : sequence of float
    """

    code: str
    period: str
    encoding: encoded.Encoding
    classes: str
    n_classes: int
    breaks: Sequence[float]
    compare: str


class Explorer(Figure):
    """The explorer as HTML; a page loads the script once, a notebook with the output."""

    def _repr_html_(self) -> str:
        return super()._repr_html_() + templates.script("explorer.js")


def explore(
    release: "Release",
    language: str = "de",
    *,
    indicator: str = "",
    period: str = "",
    classes: str = "quantiles",
    n_classes: int = classed.USUAL,
    breaks: Sequence[float] = (),
    compare: str = "",
) -> Explorer:
    """Let the reader choose an indicator and a quarter, and show map and table together.

    Rates and ratios are colours, in classes that the reader may choose, or by their difference to
    the city; counts and sums are circles.

    Parameters
    ----------
    release : Release
    language : {"de", "en"}
    indicator, period : str, optional
        What is shown first; by default the first indicator and its last period.
    classes, n_classes, breaks, compare
        The colours that are shown first, as for :func:`.figures.district_map`.

    Returns
    -------
    Explorer

    Raises
    ------
    DataError
        If the release has no district observations, not the indicator asked for, or there are no
        such classes.
    """
    classed.check(classes, n_classes, breaks, is_difference=bool(compare))
    shapes = outlines(release.districts, release.programme_outline)
    compared, parts = release.area_names(language), release.names(language)
    key = "ow" + hashlib.sha256("".join(shapes.ids).encode()).hexdigest()[:8]

    observations = release.observations
    is_district = observations["area_level"] == "district"
    places = {district: i for i, district in enumerate(shapes.ids)}
    others = {area: len(places) + i for i, area in enumerate(compared)}
    place = observations["area_id"].map(others).where(observations["area_level"] != "borough")
    place = observations["area_id"].map(places).where(is_district, place)
    mapped = observations.loc[is_district, ["indicator", "breakdown"]].drop_duplicates()
    placed = observations.assign(place=place, state=states(observations))[place.notna()]
    groups = {
        f"{name}|{part}" if part else str(name): rows
        for (name, part), rows in placed.merge(mapped).groupby(["indicator", "breakdown"])
    }
    series: dict[str, dict[str, Any]] = {}
    for code, rows in groups.items():
        name, _, part = code.partition("|")
        declared = entry(release.catalogue, name)
        described = label(release.catalogue, name, language, part, parts)
        series[code] = _series(rows, declared, described, len(others), language, shapes=shapes)
    if not series:
        raise DataError("The release has no observations of districts to explore.")
    series = dict(sorted(series.items(), key=lambda item: _alphabetical(item[1]["label"])))
    offers = [code for code in series if code == indicator or code.startswith(f"{indicator}|")]
    if indicator and not offers:
        raise DataError(
            "The release has no districts' values of {indicator!r}; did you mean {near!r}?",
            indicator=indicator,
            near=nearest(indicator, series),
        )
    first = offers[0] if indicator else next(iter(series))
    offered = sorted(series[first]["values"], reverse=True)
    shown = period if period in offered else offered[0]
    rows = groups[first]
    encoding = _encoding(
        rows[rows["period"].map(classed.span) == classed.span(shown)],
        entry(release.catalogue, first.partition("|")[0]),
        shown,
        scheme=classes,
        n_classes=n_classes,
        breaks=breaks,
        compare=compare,
    )
    view = View(first, shown, encoding, classes, n_classes, breaks, compare)
    return Explorer(_html(series, view, shapes, compared, release.city, key, language))


def _encoding(
    rows: pd.DataFrame, declared: pd.Series, period: str, **chosen: Any
) -> encoded.Encoding:
    """Choose how a period is drawn: circles have no choice, and without a city none compares."""
    if declared["kind"] in symbols.SYMBOL_KINDS:
        return encoded.encode(rows, declared)
    encoding = encoded.encode(rows, declared, **chosen)
    if encoding.city is None or period in encoding.city:
        return encoding
    return encoded.encode(rows, declared, n_classes=chosen["n_classes"])


def _series(
    rows: pd.DataFrame,
    declared: pd.Series,
    described: str,
    others: int,
    language: str,
    *,
    shapes: Outlines,
) -> dict[str, Any]:
    """Collect what the browser needs of one indicator: classes, words and all values.

    The classes are those of the values of all quarters, so that a colour means the same in each;
    years, in which more happens, have their own.
    """
    unit, kind = str(declared["unit"]), str(declared["kind"])
    is_circles = kind in symbols.SYMBOL_KINDS
    scales: dict[str, dict[str, Any]] = {}
    values: dict[str, list[Any]] = {}
    for span, here in rows.groupby(rows["period"].map(classed.span)):
        of_districts = here.loc[here["area_level"] == "district", ["period", "value"]]
        digits = digits_for(of_districts["value"], kind)
        known = rounded(of_districts["value"], digits)
        if is_circles:
            items = symbols.sizes(known, digits, unit, language, shapes)
            looks = {"largest": symbols.largest_of(known), "legend": "".join(items)}
        else:
            city = of_districts["period"].map(encoded.city_values(here, digits))
            looks = _choices(known, digits) | {
                "differences": _choices(known - city, digits, is_difference=True)
            }
        scales[str(span)] = {"digits": digits} | looks
        values |= _cells(here, len(shapes.ids) + others, digits)
    return {
        "label": described,
        "circles": is_circles,
        "sign": unit_sign(unit, language),
        "heading": unit_heading(unit, language) or text("Value", language),
        "subtitle": encoded.reading(unit, language, is_circles=is_circles),
        "source": source([declared], language),
        "definition": str(declared.get(f"definition_{language}") or ""),
        "scales": scales,
        "values": values,
    }


def _choices(values: pd.Series, digits: int, *, is_difference: bool = False) -> dict[str, Any]:
    """Give the bounds of all classes to choose from, and the lowest and highest value."""
    known = rounded(values.dropna(), digits)
    return {
        "bounds": classed.all_bounds(known, digits, is_difference=is_difference),
        "ends": [known.min(), known.max()] if len(known) else [],
    }


def _cells(rows: pd.DataFrame, areas: int, digits: int) -> dict[str, list[Any]]:
    """Give each area's cell by period: a number, number and mark, :data:`HIDDEN`, or None."""
    values = rounded(rows["value"], digits).to_numpy()
    cells = np.array([None] * len(rows), dtype=object)
    known = (rows["state"] == "").to_numpy()
    cells[known] = (values[known].astype(int) if digits == 0 else values[known]).tolist()
    cells[(rows["state"] == SUPPRESSED).to_numpy()] = HIDDEN
    for i in np.flatnonzero(known & rows["obs_status"].isin(list(MARKS)).to_numpy()):
        cells[i] = [cells[i], MARKS[rows["obs_status"].iloc[i]]]
    period, periods = pd.factorize(rows["period"])
    table = np.full((len(periods), areas), None, dtype=object)
    table[period, rows["place"].astype(int)] = cells
    return dict(zip(periods, table.tolist(), strict=True))


def _html(
    series: dict[str, dict[str, Any]],
    view: View,
    shapes: Outlines,
    compared: Mapping[str, str],
    city: str,
    key: str,
    language: str,
) -> str:
    """Put the explorer together, drawn as it is first seen."""
    start, shown, encoding = series[view.code], view.period, view.encoding
    cells = start["values"][shown]
    count = len(shapes.ids)
    values = [np.nan if c in (HIDDEN, None) else c[0] if isinstance(c, list) else c for c in cells]
    kinds = [SUPPRESSED if c == HIDDEN else MISSING if c is None else "" for c in cells]
    districts = values[:count], kinds[:count]
    said = encoded.said(encoding, *districts, shown, language)
    about = f"{start['label']}, {quarter(shown, language)}"
    picture = drawing(
        shapes,
        encoded.fills(encoding, *districts, shown, key),
        [f"{name}: {words}" for name, words in zip(shapes.names, said, strict=True)],
        key=key,
        name=about,
        circles=encoded.circles(encoding, shapes, *districts),
        is_interactive=True,
    )
    status_of = {mark: status for status, mark in MARKS.items()}
    statuses = [status_of[c[1]] if isinstance(c, list) else "A" for c in cells]
    names = [*shapes.names, *compared.values()]
    contents = [
        cell(value, kind, language, status=status, digits=encoding.digits)
        for value, kind, status in zip(values, kinds, statuses, strict=True)
    ]
    rows = [
        f'<tr data-i="{i}"><th scope="row">{escape(name)}</th><td>{content}</td></tr>'
        for i, (name, content) in enumerate(zip(names, contents, strict=True))
    ]
    by_name = sorted(range(count), key=lambda i: _alphabetical(names[i]))
    note = signs(set(kinds), set(statuses), language)
    is_alone = bool(view.compare) and not start["circles"] and encoding.city is None
    heading = text(NO_CITY, language) if is_alone else encoded.heading(encoding, language, shown)
    common = "".join(common_items(language, key=key, shapes=shapes))
    hint = text("Point at a district, or go to the map by Tab and on by the arrow keys.", language)
    others = list(compared)
    data = {
        "locale": LOCALES[language].replace("_", "-"),
        "key": key,
        "ids": shapes.ids,
        "city": count + others.index(city) if city in others else -1,
        "points": shapes.points,
        "land": LAND,
        "circle": CIRCLE,
        "radius": symbols.LARGEST_RADIUS,
        "colours": [classed.ramp(classed.COLOURS, n) for n in range(classed.MOST + 1)],
        "diverging": [classed.ramp(classed.DIVERGING, n) for n in range(classed.MOST + 1)],
        "common": common,
        "periods": {
            p: quarter(p, language)
            for p in sorted({p for described in series.values() for p in described["values"]})
        },
        "series": series,
        "words": _words(hint, language),
    }
    payload = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    when = ", ".join(part for part in (quarter(shown, language), start["subtitle"]) if part)
    return f"""<div class="ow ow-explorer" lang="{language}" data-period="{escape(shown)}">
{_controls(series, view, language)}
<div class="ow-split">
<figure class="ow-figure"><figcaption><h2>{escape(start["label"])}</h2>
<p class="ow-when">{escape(when)}</p></figcaption>
{picture}
<p class="ow-readout" aria-live="polite">{escape(hint)}</p>
<p class="ow-scale">{escape(heading)}</p>
<ul class="ow-legend">{"".join(encoded.items(encoding, language, shapes=shapes))}{common}</ul>
<p class="ow-source">{escape(start["source"])}</p>
<details><summary>{escape(text("What is counted", language))}</summary>
<p class="ow-definition">{escape(start["definition"])}</p></details>
</figure>
<div>
<div class="ow-scroll" role="region" tabindex="0" aria-label="{escape(about)}">
<table><thead><tr>
<th scope="col" aria-sort="ascending">
<button type="button">{escape(text("District", language))}</button></th>
<th scope="col" aria-sort="none">
<button type="button" data-unit>{escape(start["heading"])}</button></th>
</tr></thead>
<tbody class="ow-compare">{"".join(rows[count:])}</tbody>
<tbody data-districts>{"".join(rows[i] for i in by_name)}</tbody></table></div>
{note or '<p class="ow-note"></p>'}
</div>
<script type="application/json">{payload}</script>
</div>"""


def _words(hint: str, language: str) -> dict[str, Any]:
    """Collect the sentences that the browser writes."""
    return {
        "suppressed": written(np.nan, SUPPRESSED, "", language),
        "missing": written(np.nan, MISSING, "", language),
        "hint": hint,
        "signs": SIGNS,
        "notes": {code: text(note, language) for code, note in NOTES.items()},
        "span": text("{first} to {last}", language),
        "upTo": text("up to {value}", language),
        "from": text("from {value}", language),
        "middle": text("{span}: about as the city", language),
        "toCity": text("{value} ({difference} to the city)", language),
        "difference": text("Colours: difference to the city ({value})", language),
        "points": f", {text('in percentage points', language)}",
        "noCity": text(NO_CITY, language),
        "breaks": text(
            "Write up to {most} rising numbers with semicolons between them, such as {example}.",
            language,
        ),
        "sizes": text(
            "Write up to {most} rising differences to the city, above 0, with semicolons between "
            "them, such as {example}.",
            language,
        ),
    }


def _controls(series: Mapping[str, Mapping[str, Any]], view: View, language: str) -> str:
    """Let the reader choose: what is shown and when, and behind a key press the colours."""
    indicators = {code: described["label"] for code, described in series.items()}
    periods = sorted(series[view.code]["values"], reverse=True)
    schemes = {scheme: text(name, language) for scheme, name in classed.SCHEMES.items()}
    schemes[OWN] = text("Breaks of your own", language)
    compared = {
        "": text("The values", language),
        "city": text("The difference to the city", language),
    }
    numbers = {str(n): str(n) for n in range(classed.FEWEST, classed.MOST + 1)}
    choices = [
        (text("Colours show", language), _select("compare", compared, view.compare)),
        (
            text("Classes", language),
            _select("classes", schemes, OWN if len(view.breaks) else view.classes),
        ),
        (
            text("Number of classes", language),
            _select("number", numbers, str(view.n_classes)),
        ),
        (
            text("Upper bounds of the classes", language),
            f'<input name="breaks" autocomplete="off" value="{_typed(view.breaks, language)}">',
        ),
    ]
    is_hidden = " hidden" if series[view.code]["circles"] else ""
    is_usual = (view.classes, view.n_classes, len(view.breaks), view.compare) == (
        *("quantiles", classed.USUAL, 0, ""),
    )
    return f"""<div class="ow-controls">
<label>{escape(text("Indicator", language))}
{_select("indicator", indicators, view.code)}</label>
<label>{escape(text("Quarter or year", language))}
{_select("period", {p: quarter(p, language) for p in periods}, view.period)}</label>
</div>
<details class="ow-choices"{is_hidden}{"" if is_usual else " open"}>
<summary>{escape(text("Colours and classes", language))}</summary>
<div class="ow-controls">
{"".join(f"<label>{escape(name)} {field}</label>" for name, field in choices)}
</div>
<p class="ow-wrong" role="status"></p>
</details>"""


def _select(name: str, labels: Mapping[str, str], chosen: str) -> str:
    """Write a list to choose from."""
    options = "".join(
        f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>'
        f"{escape(label)}</option>"
        for code, label in labels.items()
    )
    return f'<select name="{name}" autocomplete="off">{options}</select>'


def _typed(breaks: Sequence[float], language: str) -> str:
    """Write breaks as their reader would type them: ``3; 5,25; 8``."""
    typed = "; ".join(np.format_float_positional(value, trim="-") for value in breaks)
    return typed.replace(".", ",") if language == "de" else typed


def _alphabetical(name: str) -> str:
    """Give the key by which names are ordered: ö with o, ß with ss, as a German reader expects."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
