"""The map explorer: any indicator and quarter of a release, redrawn in the browser.

Everything is in the page: the districts as SVG, the release's observations as compact JSON. So
it needs no kernel and no server, and shows the same in a notebook, on a page and in a report.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import templates
from ..faults import DataError, nearest
from ..figures import map as maps
from ..figures.values import (
    MARKS,
    MISSING,
    NOTES,
    SIGNS,
    SUPPRESSED,
    Figure,
    cell,
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

HIDDEN = SIGNS[SUPPRESSED]
"""Cell of a value that is kept secret; one that is missing is null."""


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
) -> Explorer:
    """Let the reader choose an indicator and a quarter, and show map and table together.

    Parameters
    ----------
    release : Release
    language : {"de", "en"}
    indicator, period : str, optional
        What is shown first; by default the first indicator and its last period.

    Returns
    -------
    Explorer

    Raises
    ------
    DataError
        If the release has no district observations, or not the indicator asked for.
    """
    shapes = maps.outlines(release.districts, release.programme_districts)
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
    series: dict[str, dict[str, Any]] = {}
    for (name, part), rows in placed.merge(mapped).groupby(["indicator", "breakdown"]):
        code = f"{name}|{part}" if part else str(name)
        declared = entry(release.catalogue, str(name))
        described = label(release.catalogue, str(name), language, str(part), parts)
        series[code] = _series(
            rows, declared, described, len(others), language, key=key, shapes=shapes
        )
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
    return Explorer(_html(series, first, shown, shapes, compared, key, language))


def _series(
    rows: pd.DataFrame,
    declared: pd.Series,
    described: str,
    others: int,
    language: str,
    *,
    key: str,
    shapes: maps.Outlines,
) -> dict[str, Any]:
    """Collect what the browser needs of one indicator: scales, legends, words and all values.

    The scale is chosen from the values of all quarters, so that a colour means the same in each;
    years, in which more happens, have their own.
    """
    unit, kind = str(declared["unit"]), str(declared["kind"])
    scales: dict[str, dict[str, Any]] = {}
    values: dict[str, list[Any]] = {}
    for span, here in rows.groupby(rows["period"].map(_span)):
        of_districts = here.loc[here["area_level"] == "district", "value"]
        chosen = maps.scale(of_districts, kind)
        known = rounded(of_districts, chosen.digits)
        scales[str(span)] = {
            "digits": chosen.digits,
            "symbols": chosen.is_symbols,
            "bounds": chosen.bounds,
            "colours": maps.colours(chosen.bounds),
            "largest": chosen.largest,
            "legend": maps.legend(chosen, known, unit, language, key=key, shapes=shapes),
        }
        values |= _cells(here, len(shapes.ids) + others, chosen.digits)
    return {
        "label": described,
        "sign": unit_sign(unit, language),
        "heading": unit_heading(unit, language) or text("Value", language),
        "subtitle": maps.reading(unit, kind, language),
        "source": source([declared], language),
        "definition": str(declared.get(f"definition_{language}") or ""),
        "scales": scales,
        "values": values,
    }


def _span(period: str) -> str:
    """Tell quarters from years."""
    return "quarter" if "-Q" in period else "year"


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
    first: str,
    shown: str,
    shapes: maps.Outlines,
    compared: Mapping[str, str],
    key: str,
    language: str,
) -> str:
    """Put the explorer together, drawn as it is first seen."""
    start = series[first]
    cells = start["values"][shown]
    values = [np.nan if c in (HIDDEN, None) else c[0] if isinstance(c, list) else c for c in cells]
    kinds = [SUPPRESSED if c == HIDDEN else MISSING if c is None else "" for c in cells]
    marks = ["" if not isinstance(c, list) else c[1] for c in cells]
    status_of = {mark: status for status, mark in MARKS.items()}
    drawn = start["scales"][_span(shown)]
    chosen = maps.Scale(drawn["symbols"], drawn["digits"], drawn["bounds"], drawn["largest"])
    count = len(shapes.ids)
    unit = start["sign"]
    titles = [
        f"{name}: {_words(value, kind, unit, language, chosen.digits)}"
        for name, value, kind in zip(shapes.names, values, kinds, strict=False)
    ]
    picture = maps.drawing(
        shapes,
        values[:count],
        kinds[:count],
        titles,
        chosen,
        key=key,
        name=f"{start['label']}, {quarter(shown, language)}",
        is_interactive=True,
    )
    contents = [
        cell(
            value,
            kind,
            language,
            status=status_of.get(mark, "A"),
            digits=chosen.digits,
        )
        for value, kind, mark in zip(values, kinds, marks, strict=True)
    ]
    names = [*shapes.names, *compared.values()]
    rows = [
        f'<tr data-i="{i}"><th scope="row">{escape(name)}</th><td>{content}</td></tr>'
        for i, (name, content) in enumerate(zip(names, contents, strict=True))
    ]
    by_name = sorted(range(count), key=lambda i: _alphabetical(names[i]))
    note = signs(set(kinds), {status_of[mark] for mark in marks if mark}, language)
    periods = {p for described in series.values() for p in described["values"]}
    hint = text("Point at a district, or go to the map by Tab and on by the arrow keys.", language)
    data = {
        "locale": LOCALES[language].replace("_", "-"),
        "key": key,
        "ids": shapes.ids,
        "points": shapes.points,
        "land": maps.LAND,
        "circle": maps.CIRCLE,
        "radius": maps.LARGEST_RADIUS,
        "periods": {p: quarter(p, language) for p in sorted(periods)},
        "series": series,
        "words": {
            "suppressed": written(np.nan, SUPPRESSED, "", language),
            "missing": written(np.nan, MISSING, "", language),
            "hint": hint,
            "signs": SIGNS,
            "notes": {code: text(note, language) for code, note in NOTES.items()},
        },
    }
    payload = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    when = ", ".join(part for part in (quarter(shown, language), start["subtitle"]) if part)
    indicators = _options({code: described["label"] for code, described in series.items()}, first)
    offered = sorted(start["values"], reverse=True)
    offers = _options({p: quarter(p, language) for p in offered}, shown)
    about = f"{start['label']}, {quarter(shown, language)}"
    return f"""<div class="ow ow-explorer" lang="{language}" data-period="{escape(shown)}">
<div class="ow-controls">
<label>{escape(text("Indicator", language))}
<select name="indicator" autocomplete="off">{indicators}</select></label>
<label>{escape(text("Quarter or year", language))}
<select name="period" autocomplete="off">{offers}</select></label>
</div>
<div class="ow-split">
<figure class="ow-figure"><figcaption><h2>{escape(start["label"])}</h2>
<p class="ow-when">{escape(when)}</p></figcaption>
{picture}
<p class="ow-readout" aria-live="polite">{escape(hint)}</p>
{drawn["legend"]}
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
</div>
<script type="application/json">{payload}</script>
</div>"""


def _words(value: float, state: str, sign: str, language: str, digits: int) -> str:
    """Write a value whose unit is already in its short form."""
    said = written(value, state, "", language, digits)
    return said if state or not sign else f"{said}\u00a0{sign}"


def _alphabetical(name: str) -> str:
    """Give the key by which names are ordered: ö with o, ß with ss, as a German reader expects."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _options(labels: Mapping[str, str], chosen: str) -> str:
    """Write the options of a select."""
    return "".join(
        f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>'
        f"{escape(label)}</option>"
        for code, label in labels.items()
    )
