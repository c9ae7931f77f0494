"""Sites and their catchments on the explorer's map: where they are, and what lies around each."""

import re
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from ..catchments import NOTES
from ..figures.catchments import KINDS, STRAIGHT
from ..figures.outlines import EXTENT, Frame
from ..figures.values import MARKS, SIGNS, SUPPRESSED, digits_for, entry, rounded, states
from ..language import day, number, text
from ..observations import dimensions
from ..periods import quarter_of

if TYPE_CHECKING:
    from ..release import Release

COUNTED = re.compile(r"(\w+)_(?:within_(\d+)m|nearest_site)$")
"""Indicators of catchments: what is counted, and how far around a site, if there is a limit."""
NEAREST = "nearest"
"""In place of metres: counted at the nearest site, however far it is."""
READ = [
    *("area_level", "indicator", "breakdown", "period"),
    *("obs_status", "conf_status", "quality_note"),
]
"""Columns that are read of an observation, besides its value."""
NO_BREAK = "\u00a0"


def sites(release: "Release", language: str) -> dict[str, Any] | None:
    """Collect a release's sites, with what lies around each in every period.

    Returns
    -------
    dict or None
        None where there are no sites that can be drawn.
    """
    known = release.sites[release.sites.geometry.notna()].sort_values("site_id", ignore_index=True)
    observed = _observed(release)
    counted = _counted(release, observed, known["site_id"].tolist(), language)
    if known.empty or not counted:
        return None
    frame = Frame(*release.districts.total_bounds)
    drawn = frame.placed(known.to_crs(release.districts.crs).geometry.to_numpy())
    distances = {metres for one in counted.values() for metres in one["within"]} - {NEAREST}
    radii = sorted(map(int, distances))
    return {
        "sites": [
            {
                "id": str(site["site_id"]),
                "name": str(site["name"]),
                "kind": text(KINDS[site["kind"]], language) if site["kind"] in KINDS else "",
                "square": bool(site["kind"] == "contact_point"),
                "at": [round(point.x, 1), round(point.y, 1)],
                **_open(site.get("opened_on"), site.get("closed_on"), language),
            }
            for (_, site), point in zip(known.iterrows(), shapely.centroid(drawn), strict=True)
        ],
        "unit": frame.side / EXTENT,
        "radii": radii if _is_straight(observed, counted) else [],
        "counted": counted,
        "distances": {str(metres): number(metres, "", language, 0) for metres in radii},
    }


def _open(opened: Any, closed: Any, language: str) -> dict[str, str]:
    """Give the quarters in which a site opened and closed, and what is said of both."""
    first = "" if opened is None or pd.isna(opened) else quarter_of(opened)
    last = "9999-Q4" if closed is None or pd.isna(closed) else quarter_of(closed)
    return {
        "from": first,
        "until": last,
        "before": text("opens on {day}", language, day=day(opened, language)) if first else "",
        "since": text("since {day}", language, day=day(opened, language)) if first else "",
        "after": (
            text("closed on {day}", language, day=day(closed, language)) if last < "9999" else ""
        ),
    }


def _observed(release: "Release") -> pd.DataFrame:
    """Pick what was counted around sites; few rows of many are quicker as plain objects."""
    table = release.observations
    codes = [code for code in table["indicator"].unique() if COUNTED.match(code)]
    picked = table.loc[table["indicator"].isin(codes), [*READ, "value"]]
    return picked.astype(dict.fromkeys(READ, object))


def _counted(
    release: "Release", table: pd.DataFrame, ids: list[str], language: str
) -> dict[str, dict[str, Any]]:
    """Give what is counted around sites: by distance and period a cell for each site."""
    table = table[table["area_level"] == "city"]
    found: dict[str, dict[str, Any]] = {}
    for indicator in sorted(table["indicator"].unique(), key=_by_distance):
        base, metres = _named(indicator)
        rows = table[table["indicator"] == indicator]
        parts = {part: dimensions(part) for part in rows["breakdown"].unique()}
        of_site = {part: its["site"] for part, its in parts.items() if {*its} == {"site"}}
        rows = rows[rows["breakdown"].isin(list(of_site))]
        place = rows["breakdown"].map(of_site).map({code: i for i, code in enumerate(ids)})
        rows, place = rows[place.notna()], place.dropna().astype(int)
        if rows.empty:
            continue
        declared = entry(release.catalogue, base if base in _codes(release) else indicator)
        label = str(declared[f"label_{language}"])
        note = next((note for note in rows["quality_note"] if note), "")
        said = text("Measured: {note}.", language, note=text(note, language)) if note else ""
        one = found.setdefault(base, {"label": label, "measured": said, "within": {}})
        digits = digits_for(rows["value"], "count")
        one["within"][metres] = {"digits": digits, "values": _cells(rows, place, len(ids), digits)}
    return found


def _named(indicator: str) -> tuple[str, str]:
    """Split a code into what is counted and how far: ``residents_within_500m``."""
    [(base, metres)] = COUNTED.findall(indicator)
    return base, metres or NEAREST


def _by_distance(indicator: str) -> tuple[str, float]:
    base, metres = _named(indicator)
    return base, float("inf") if metres == NEAREST else int(metres)


def _codes(release: "Release") -> set[str]:
    return {*release.catalogue["indicator"]}


def _cells(
    rows: pd.DataFrame, place: pd.Series, count: int, digits: int
) -> dict[str, list[int | float | str | list | None]]:
    """Give the cells by period, as the script reads those of districts."""
    found: dict[str, list] = {}
    values, hidden = rounded(rows["value"], digits), states(rows) == SUPPRESSED
    for i, period, value, is_hidden, status in zip(
        place, rows["period"], values, hidden, rows["obs_status"], strict=True
    ):
        shown = value if digits or np.isnan(value) else int(value)
        cell = SIGNS[SUPPRESSED] if is_hidden else None if np.isnan(value) else shown
        is_marked = status in MARKS and isinstance(cell, int | float)
        cells = found.setdefault(str(period), [None] * count)
        cells[i] = [cell, MARKS[status]] if is_marked else cell
    return found


def _is_straight(table: pd.DataFrame, counted: dict[str, dict[str, Any]]) -> bool:
    """Tell whether catchments are circles: not where distances are those of a walking network."""
    bases = [_named(indicator)[0] in counted for indicator in table["indicator"]]
    notes = table.loc[bases, "quality_note"].unique()
    return not {*notes} & ({*NOTES.values()} - STRAIGHT)


def controls(language: str) -> str:
    """Let the reader put the sites on the map."""
    return f"""<p class="ow-switches"><label>
<input type="checkbox" name="sites" autocomplete="off">
{escape(text("Sites and catchments", language))}</label></p>"""


def place(language: str) -> str:
    """Give the list of the sites, which the script fills."""
    return f"""<p class="ow-sites-told" role="status"></p>
<section class="ow-sites-list" hidden>
<h3>{escape(text("Sites and catchments", language))}</h3>
<p class="ow-switches"><label><input type="checkbox" name="near" autocomplete="off" checked>
{escape(text("Enlarge the map to the sites", language))}</label></p>
<label>{escape(text("Counted are", language))}
<select name="counted" autocomplete="off"></select></label>
<div class="ow-sites-scroll" role="region" tabindex="0"
aria-label="{escape(text("Sites and catchments", language))}">
<table><thead><tr></tr></thead><tbody></tbody></table></div>
<p class="ow-sites-note"></p></section>"""


def words(language: str) -> dict[str, str]:
    """Collect the sentences that the browser writes."""
    return {
        "site": text("Site", language),
        "within": text("within {distance} m", language).replace(" ", NO_BREAK),
        "nearest": text("nearest site", language),
        "nearestNote": text(
            "Nearest site: each is counted at the nearest open site, however far it is.", language
        ),
        "catchment": text("Catchment of {distance} m", language),
        "notOnTiles": text(
            "Sites have no place on hexagons, which do not lie where the districts do. Choose "
            "districts or boroughs.",
            language,
        ),
        "sitesFailed": text("The sites could not be loaded. Is there a connection?", language),
    }
