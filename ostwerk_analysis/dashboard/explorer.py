"""The map explorer: any indicator and quarter of a release, redrawn in the browser.

The districts stand in the page as SVG, and so does all that the first view needs. The other
indicators are parts of the page, which a server may take out and send on demand. So the explorer
needs no kernel, and shows the same in a notebook, on a page, in a report and in a file.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from math import dist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from .. import templates
from ..faults import DataError, nearest
from ..figures import classes as classed
from ..figures import encoding as encoded
from ..figures import symbols
from ..figures.drawing import CIRCLE, EDGE, LAND, common_items, drawing, view_box
from ..figures.outlines import Outlines, borough_outlines, outlines
from ..figures.tiles import abbreviations, tiles
from ..figures.values import (
    MARKS,
    MISSING,
    NOTES,
    SIGNS,
    SUPPRESSED,
    Figure,
    cell,
    entry,
    signs,
    written,
)
from ..language import LOCALES, quarter, text
from . import explorer_second, explorer_sheet, explorer_sites
from .explorer_data import (
    FIELDS,
    HIDDEN,
    LEVELS,
    alphabetical,
    as_json,
    indicators_of,
    part_of,
    parts_of,
)

if TYPE_CHECKING:
    from ..release import Release

NO_CITY = "The city has no published value for this; the colours show the values themselves."
TO_CITY = "The difference to the city"
OWN = "own"
"""Choice of classes whose breaks the reader writes."""
AREAS = {
    "district": "Districts",
    "hexagon": "Districts as hexagons",
    "borough": "Boroughs",
}
"""What the map can be made of = its name in the list."""
HINTS = {
    "district": "Point at a district, or go to the map by Tab and on by the arrow keys.",
    "hexagon": "Point at a hexagon, or go to the map by Tab and on by the arrow keys.",
    "borough": "Point at a borough, or go to the map by Tab and on by the arrow keys.",
}
"""What the map can be made of = how its reader finds a value."""
LETTERS = 0.38
"""Size of the letters on a hexagon, in its widths."""
TILES = (
    "Each district is drawn in the same size, near where it lies: so a small, dense one is seen as "
    "well as a large, empty one. The values are those of the districts. Nothing is counted by a "
    "grid of hexagons: its counts, subtracted from those of the districts, could tell what is "
    "kept secret."
)
FACTS = {
    "indicator": "Indicator",
    "value": "Value",
    "period": "Period",
    "source": "Source",
    "definition": "What is counted",
    "status": "Status",
    "sure": "Confidence",
}
"""What stands behind a value = its name."""


class View(NamedTuple):
    """What is shown first, and how its reader may find the choices set.

    Parameters
    ----------
    code, part, period : str
        Of an indicator, with its breakdown.
    encoding : Encoding
    classes, compare : str
    n_classes : int
    breaks : sequence of float
    """

    code: str
    part: str
    period: str
    encoding: encoded.Encoding
    classes: str
    n_classes: int
    breaks: Sequence[float]
    compare: str


@dataclass(frozen=True)
class Explorer(Figure):
    """The explorer as HTML; a page loads the scripts once, a notebook with the output.

    Parameters
    ----------
    html : str
    along : str
        What files say that are taken along, as :func:`.templates.take_along` gives it.
    """

    along: str

    def _repr_html_(self) -> str:
        scripts = [templates.script("explorer.js"), self.along, templates.script("export.js")]
        return "".join([super()._repr_html_(), *scripts])


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
        What is shown first; by default the first indicator and its last period. A breakdown stands
        behind a ``|``: ``jobs_created_to_date|status=verified``.
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
    shapes = _levels(release, language)
    places = {level: shapes[level].ids for level in LEVELS if level in shapes}
    known = indicators_of(release, places, language)
    mapped = {
        code: [
            part for part, series in described["series"].items() if "district" in series["levels"]
        ]
        for code, described in known.items()
    }
    mapped = {code: parts for code, parts in mapped.items() if parts}
    if not mapped:
        raise DataError("The release has no observations of districts to explore.")
    code, _, part = indicator.partition("|")
    if code not in {"", *mapped} or part not in {"", *mapped.get(code, ())}:
        asked = [f"{one}|{its}" if its else one for one, parts in mapped.items() for its in parts]
        raise DataError(
            "The release has no districts' values of {indicator!r}; did you mean {near!r}?",
            indicator=indicator,
            near=nearest(indicator, asked),
        )
    code = code or next(iter(mapped))
    part = part or mapped[code][0]
    offered = sorted(known[code]["series"][part]["levels"]["district"]["values"], reverse=True)
    shown = period if period in offered else offered[0]
    encoding = _encoding(
        encoded.pooled(release.observations, code, part, shown),
        entry(release.catalogue, code),
        shown,
        scheme=classes,
        n_classes=n_classes,
        breaks=breaks,
        compare=compare,
    )
    view = View(code, part, shown, encoding, classes, n_classes, breaks, compare)
    about = release.manifest
    along = templates.take_along(
        about["programme"]["name"][language],
        about["released_at"][:10],
        release.licence(language),
        language,
        is_demonstration=about["programme"]["is_demonstration"],
    )
    return Explorer(_html(known, view, shapes, release, language), along)


def _levels(release: "Release", language: str) -> dict[str, Outlines]:
    """Draw what the map can be made of; boroughs where something is published for them."""
    districts, around = release.districts, release.programme_outline
    found = {"district": outlines(districts, around), "hexagon": tiles(districts, around)}
    if (release.observations["area_level"] == "borough").any() and "borough_id" in districts:
        areas = release.areas[release.areas["area_level"] == "borough"]
        names = dict(zip(areas["area_id"], areas[f"name_{language}"], strict=True))
        found["borough"] = borough_outlines(districts, names, around)
    return found


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


def _html(
    known: dict[str, dict[str, Any]],
    view: View,
    levels: Mapping[str, Outlines],
    release: "Release",
    language: str,
) -> str:
    """Put the explorer together, drawn as it is first seen."""
    shapes = levels["district"]
    indicator, shown, encoding = known[view.code], view.period, view.encoding
    series = indicator["series"][view.part]
    title = " – ".join(part for part in (indicator["label"], series["label"]) if part)
    cells = series["levels"]["district"]["values"][shown]
    count = len(shapes.ids)
    values = [np.nan if c in (HIDDEN, None) else c[0] if isinstance(c, list) else c for c in cells]
    kinds = [SUPPRESSED if c == HIDDEN else MISSING if c is None else "" for c in cells]
    districts = values[:count], kinds[:count]
    said = encoded.said(encoding, *districts, shown, language)
    about = f"{title}, {quarter(shown, language)}"
    key = "ow" + hashlib.sha256("".join(shapes.ids).encode()).hexdigest()[:8]
    picture = drawing(
        shapes,
        encoded.fills(encoding, *districts, shown, key),
        [f"{name}: {words}" for name, words in zip(shapes.names, said, strict=True)],
        key=key,
        name=about,
        circles=encoded.circles(encoding, shapes, *districts),
        is_interactive=True,
    )
    compared = release.area_names(language)
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
    by_name = sorted(range(count), key=lambda i: alphabetical(names[i]))
    note = signs(set(kinds), set(statuses), language)
    is_alone = bool(view.compare) and not indicator["circles"] and encoding.city is None
    heading = text(NO_CITY, language) if is_alone else encoded.heading(encoding, language, shown)
    common = "".join(common_items(language, key=key, shapes=shapes))
    hint = text(HINTS["district"], language)
    of, parts = parts_of(known, view.code)
    around = part_of(explorer_sites.sites(release, language))
    data = {
        "locale": LOCALES[language].replace("_", "-"),
        "key": key,
        "ids": shapes.ids,
        "points": shapes.points,
        "compared": list(compared),
        "city": release.city,
        "land": LAND,
        "circle": CIRCLE,
        "radius": symbols.LARGEST_RADIUS,
        "extent": shapes.width + 2 * EDGE,
        "colours": [classed.ramp(classed.COLOURS, n) for n in range(classed.MOST + 1)],
        "diverging": [classed.ramp(classed.DIVERGING, n) for n in range(classed.MOST + 1)],
        "common": common,
        "levels": {level: _geometry(level, its) for level, its in levels.items()},
        "periods": _periods(known, language),
        "indicators": {code: _index(described, of.get(code)) for code, described in known.items()},
        "first": {view.code: indicator},
        "words": _words(language)
        | explorer_second.words(language)
        | explorer_sites.words(language),
        "sheet": explorer_sheet.data(release, shapes.ids, language),
        "sites": next(iter(around), ""),
        **explorer_second.data(),
    }
    when = ", ".join(part for part in (quarter(shown, language), indicator["subtitle"]) if part)
    on_demand = "".join(
        f'<script type="application/json" data-ow-part="{code}">{content}</script>\n'
        for code, content in (parts | around).items()
    )
    return f"""<div class="ow ow-explorer" lang="{language}" data-period="{escape(shown)}">
<div class="ow-panel">
{_controls(known, view, levels, language)}
<div class="ow-more">
{_time(known, view, language)}
{explorer_sites.controls(language) if around else ""}
{_colours(known, view, language)}
</div></div>
<p class="ow-loading" role="status"><span></span>
<button type="button" hidden>{escape(text("Try again", language))}</button></p>
<div class="ow-split">
<figure class="ow-figure"><figcaption><h2>{escape(title)}</h2>
<p class="ow-when">{escape(when)}</p></figcaption>
{picture}
<div class="ow-reading"><p class="ow-readout" aria-live="polite">{escape(hint)}</p>
<button type="button" class="ow-ask" disabled>{escape(text("How known?", language))}</button></div>
<p class="ow-scale">{escape(heading)}</p>
<div class="ow-both" hidden></div>
<ul class="ow-legend">{"".join(encoded.items(encoding, language, shapes=shapes))}{common}</ul>
<p class="ow-tiles" hidden>{escape(text(TILES, language))}</p>
<p class="ow-source">{escape(indicator["source"])}</p>
<details><summary>{escape(text("What is counted", language))}</summary>
<p class="ow-definition">{escape(indicator["definition"])}</p></details>
{explorer_sites.place(language) if around else ""}
</figure>
{explorer_second.figure(language)}
<div class="ow-values">
<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(about)}">
<table><thead><tr>
<th scope="col" aria-sort="ascending">
<button type="button" data-place>{escape(text("District", language))}</button></th>
<th scope="col" aria-sort="none">
<button type="button" data-unit>{escape(indicator["heading"])}</button></th>
<th scope="col" class="ow-change" hidden></th>
<th scope="col" class="ow-other" hidden></th>
</tr></thead>
<tbody class="ow-compare">{"".join(rows[count:])}</tbody>
<tbody data-districts>{"".join(rows[i] for i in by_name)}</tbody></table></div>
{note or '<p class="ow-note"></p>'}
{_lines(language)}
</div>
</div>
<dialog class="ow-behind" aria-labelledby="{key}-behind"><h3 id="{key}-behind"></h3>
<dl class="ow-facts"></dl>
<button type="button">{escape(text("Close", language))}</button></dialog>
<script type="application/json" data-ow-first>{as_json(data)}</script>
{on_demand}</div>"""


def _geometry(level: str, shapes: Outlines) -> dict[str, Any]:
    """Give what is drawn of a level; districts stand in the page, and hexagons have their names."""
    if level == "district":
        return {}
    lines = {"borders": shapes.borders, "around": shapes.around, "box": view_box(shapes)}
    drawn = lines | {"paths": shapes.paths, "points": shapes.points}
    if level == "hexagon":
        widths = (dist(one, other) for one, other in combinations(shapes.points, 2))
        size = round(LETTERS * min(widths, default=shapes.width))
        return drawn | {"letters": abbreviations(shapes.names), "letterSize": size}
    return drawn | {"ids": shapes.ids, "names": shapes.names}


def _index(described: Mapping[str, Any], part: str | None) -> dict[str, Any]:
    """Give what is known of an indicator before its part is there."""
    series = described["series"]
    return {
        "label": described["label"],
        "part": part,
        "circles": described["circles"],
        "series": {code: one["label"] for code, one in series.items()},
    }


def _periods(known: Mapping[str, Mapping[str, Any]], language: str) -> dict[str, str]:
    """Name all periods of which something is known."""
    periods = {
        period
        for described in known.values()
        for series in described["series"].values()
        for level in series["levels"].values()
        for period in level["values"]
    }
    return {period: quarter(period, language) for period in sorted(periods)}


def _words(language: str) -> dict[str, Any]:
    """Collect the sentences that the browser writes."""
    return {
        "suppressed": written(np.nan, SUPPRESSED, "", language),
        "missing": written(np.nan, MISSING, "", language),
        "hints": {level: text(hint, language) for level, hint in HINTS.items()},
        "signs": SIGNS,
        "notes": {code: text(note, language) for code, note in NOTES.items()},
        "span": text("{first} to {last}", language),
        "upTo": text("up to {value}", language),
        "from": text("from {value}", language),
        "middle": text("{span}: about as the city", language),
        "toCity": text("{value} ({difference} to the city)", language),
        "difference": text("Colours: difference to the city ({value})", language),
        "toPeriod": text("{value} ({difference} to {period})", language),
        "change": text("Change since {period}", language),
        "middleThen": text("{span}: about as then", language),
        "differenceThen": text("Colours: difference to {period}", language),
        "circlesThen": text("Circles: difference to {period}", language),
        "less": text("less than then", language),
        "below": text("below zero", language),
        "points": f", {text('in percentage points', language)}",
        "noCity": text(NO_CITY, language),
        "toTheCity": text(TO_CITY, language),
        "notToTheCity": text("The difference to the city (not of counts and sums)", language),
        "total": text("Total", language),
        "places": {"district": text("District", language), "borough": text("Borough", language)},
        "play": text("Play", language),
        "stop": text("Stop", language),
        "facts": {fact: text(heading, language) for fact, heading in FACTS.items()},
        "marks": {
            "p": text("provisional", language),
            "e": text("estimated", language),
            "b": text("break in the series", language),
        },
        "normal": text("final, as counted", language),
        "secret": text("kept secret: too few units, or another value could be told", language),
        "choose": text("Choose an area", language),
        "full": text("Five areas are chosen", language),
        "unpin": text("Take {name} out", language),
        "linesOf": text("Lines over time: {indicator}. The table below has all values.", language),
        "loading": text("{indicator} is being loaded …", language),
        "failed": text(
            "{indicator} could not be loaded; what is shown stays. Is there a connection?", language
        ),
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


def _lines(language: str) -> str:
    """Give room to the series of chosen areas."""
    return f"""<section class="ow-lines">
<h3>{escape(text("Course over time", language))}</h3>
<div class="ow-controls"><label>{escape(text("Add an area (up to five)", language))}
{_select("add", {"": text("Choose an area", language)}, "")}</label>
<ol class="ow-pins"></ol></div>
<figure hidden><figcaption></figcaption><svg role="img"></svg>
<details><summary>{escape(text("As a table", language))}</summary>
<div class="ow-scroll" role="region" tabindex="0"
aria-label="{escape(text("Course over time", language))}"><table><thead></thead><tbody></tbody>
</table></div></details></figure>
</section>"""


def _controls(
    known: Mapping[str, Mapping[str, Any]],
    view: View,
    levels: Mapping[str, Outlines],
    language: str,
) -> str:
    """Let the reader choose what is shown, where and when."""
    shown = known[view.code]
    series = {code: one["label"] for code, one in shown["series"].items()}
    periods = sorted(shown["series"][view.part]["levels"]["district"]["values"], reverse=True)
    compared = {
        "": text("The values", language),
        "city": text(TO_CITY, language),
        "period": text("The difference to another quarter or year", language),
    }
    breakdowns = {code: name or text("Total", language) for code, name in series.items()}
    return f"""<div class="ow-controls">
<label>{escape(text("Indicator", language))}
{_indicators(known, view.code, language)}</label>
<label{"" if len(series) > 1 else " hidden"}>{escape(text("Breakdown", language))}
{_select("breakdown", breakdowns, view.part)}</label>
<label>{escape(text("Quarter or year", language))}
{_select("period", {p: quarter(p, language) for p in periods}, view.period)}</label>
<button type="button" class="ow-unfold" aria-expanded="false">
{escape(text("Areas, comparison and more", language))}</button>
<label>{escape(text("Areas", language))}
{_select("level", {level: text(AREAS[level], language) for level in levels}, "district")}</label>
<label>{escape(text("Shown are", language))}
{_select("compare", compared, view.compare)}</label>
<label hidden>{escape(text("Compared with", language))}
{_select("against", {}, "")}</label>
</div>"""


def _time(known: Mapping[str, Mapping[str, Any]], view: View, language: str) -> str:
    """Let the reader go through the periods, or have them played."""
    last = len(known[view.code]["series"][view.part]["levels"]["district"]["values"]) - 1
    return f"""<div class="ow-time"><button type="button" class="ow-play">
<span>{escape(text("Play", language))}</span></button>
<input type="range" name="step" aria-label="{escape(text("Quarter or year", language))}" min="0"
max="{last}" value="{last}" autocomplete="off"></div>"""


def _colours(known: Mapping[str, Mapping[str, Any]], view: View, language: str) -> str:
    """Let the reader choose, behind a key press, how values become colours, and a second view."""
    schemes = {scheme: text(name, language) for scheme, name in classed.SCHEMES.items()}
    schemes[OWN] = text("Breaks of your own", language)
    numbers = {str(n): str(n) for n in range(classed.FEWEST, classed.MOST + 1)}
    choices = [
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
    is_hidden = " hidden" if known[view.code]["circles"] else ""
    is_usual = (view.classes, view.n_classes, len(view.breaks)) == ("quantiles", classed.USUAL, 0)
    return f"""<details class="ow-choices"{"" if is_usual else " open"}>
<summary>{escape(text("Colours, classes, view", language))}</summary>
<div class="ow-controls ow-classes"{is_hidden}>
{"".join(f"<label>{escape(name)} {field}</label>" for name, field in choices)}
</div>
{explorer_second.controls(language)}
<p class="ow-wrong" role="status"></p>
</details>"""


def _indicators(known: Mapping[str, Mapping[str, Any]], chosen: str, language: str) -> str:
    """Write the list of indicators, those of a field together."""
    groups = []
    for field, name in FIELDS.items():
        labels = {code: one["label"] for code, one in known.items() if one["field"] == field}
        if labels:
            head = escape(text(name, language))
            groups.append(f'<optgroup label="{head}">{_options(labels, chosen)}</optgroup>')
    return f'<select name="indicator" autocomplete="off">{"".join(groups)}</select>'


def _select(name: str, labels: Mapping[str, str], chosen: str) -> str:
    """Write a list to choose from."""
    return f'<select name="{name}" autocomplete="off">{_options(labels, chosen)}</select>'


def _options(labels: Mapping[str, str], chosen: str) -> str:
    return "".join(
        f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>'
        f"{escape(label)}</option>"
        for code, label in labels.items()
    )


def _typed(breaks: Sequence[float], language: str) -> str:
    """Write breaks as their reader would type them: ``3; 5,25; 8``."""
    typed = "; ".join(np.format_float_positional(value, trim="-") for value in breaks)
    return typed.replace(".", ",") if language == "de" else typed
