"""Where districts resemble their neighbours: Moran's I, local clusters and hot spots on a map.

Each cluster has a colour and a mark, its own value first: ``+−`` is a high one among low ones. So
the map can be read without colours.
"""

import hashlib
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from .. import rates, spatial
from ..faults import DataError
from ..language import number, quarter, text
from ..observations import as_of, select
from .drawing import drawing, icon, legend, legend_item, pattern_of, swatch
from .outlines import Outlines, outlines
from .sentences import framed, p_value, paragraphs, table
from .smoothed import counted
from .values import (
    MISSING,
    SIGNS,
    Figure,
    digits_for,
    entry,
    foot,
    label,
    note,
    states,
    unit_heading,
    unobserved,
    written,
)

KINDS = {
    "HH": ("High among high", "++", "#c2571a", "#fff"),
    "LL": ("Low among low", "−−", "#12435f", "#fff"),
    "HL": ("High among low", "+−", "#f3c3a2", "#1b2730"),
    "LH": ("Low among high", "−+", "#a4cbd9", "#1b2730"),
    spatial.NOT_SIGNIFICANT: ("No pattern", "", "#e9edf0", ""),
    spatial.ALONE: ("No neighbour with a value", "", "#fff", ""),
}
"""Kind of a district = its name, its mark, its colour and that of the mark."""
NAMED = {
    "HH": "High among high: {names}.",
    "LL": "Low among low: {names}.",
    "HL": "High among low: {names}.",
    "LH": "Low among high: {names}.",
}
SURE_AT = 0.05
"""Largest p of what is called larger than chance."""
SPOTS = {"hot": "hot", "cold": "cold"}
MARK_UNITS = 30
"""Size of a mark, in units of the map."""


def cluster_map(
    districts: gpd.GeoDataFrame,
    observations: pd.DataFrame,
    indicator: str,
    period: str,
    *,
    seed: int,
    catalogue: pd.DataFrame,
    language: str = "de",
    outline: Sequence[str] = (),
) -> Figure:
    """Draw where like lies beside like, and say whether chance could have made the pattern.

    Rates whose parts were observed are standardised by what chance lets them vary, as districts of
    few people differ by chance alone; other values are taken as they are.

    Parameters
    ----------
    districts : GeoDataFrame, n rows
        ``district_id``, ``name``, ``geometry`` in metres.
    observations : DataFrame
    indicator, period : str
    seed : int
        Of the permutations.
    catalogue : DataFrame
    language : {"de", "en"}
    outline : sequence of str
        Districts of the programme area.

    Returns
    -------
    Figure
        A sentence in its place where too few districts have a value, or all have the same.

    References
    ----------
    See :mod:`ostwerk_analysis.spatial` and :func:`ostwerk_analysis.rates.standardised`.
    """
    declared = entry(catalogue, indicator)
    if nothing := unobserved(observations, declared, language):
        return nothing
    when = as_of(observations, indicator, period)
    rows = select(observations, indicator, area_level="district", period=when)
    values = rows.set_index("area_id")["value"].rename_axis("district_id")
    near = spatial.neighbours(districts)
    try:
        tested, is_standardised = _tested(observations, declared, values, when)
        whole = spatial.moran(tested, near, seed=seed).iloc[0]
        local = spatial.local_clusters(tested, near, seed=seed).set_index("district_id")
        spots = spatial.hot_spots(values, near, seed=seed).set_index("district_id")
    except DataError as error:
        return note(error.text(language), language)
    shapes = outlines(districts, outline)
    state = states(rows).set_axis(rows["area_id"]).reindex(shapes.ids).fillna(MISSING)
    kinds = local["cluster"].reindex(shapes.ids)
    title = text(
        "Where like lies beside like: {label}",
        language,
        label=label(catalogue, indicator, language),
    )
    key = "owc" + hashlib.sha256(f"{indicator}{when}".encode()).hexdigest()[:8]
    picture = _picture(shapes, kinds, state, key, title, language)
    said = _how_the_whole(whole, language)
    said += _which(kinds, shapes, outline, language)
    said += _hot(spots["spot"], language)
    if is_standardised:
        said.append(
            text(
                "The rates are standardised by what chance lets them vary (Assunção and Reis).",
                language,
            )
        )
    left_out = int(whole["n_missing"] + whole["n_without_neighbours"])
    if left_out:
        message = (
            "One district is left out, as it has no value or no neighbour."
            if left_out == 1
            else "{count} districts are left out, as they have no value or no neighbour."
        )
        said.append(text(message, language, count=left_out))
    unit = unit_heading(str(declared["unit"]), language)
    numbers = _table(title, shapes, values, local, spots, declared, language)
    subtitle = ", ".join(part for part in (quarter(when, language), unit) if part)
    words = f"{paragraphs(said)}{foot([declared], language, Figure(numbers), rows)}"
    key_to_map = _legend(kinds, state, shapes, key, language)
    drawn = f'<div class="ow-two">{picture}<div>{key_to_map}{words}</div></div>'
    return framed(title, subtitle, drawn, language)


def _tested(
    observations: pd.DataFrame, declared: pd.Series, values: pd.Series, when: str
) -> tuple[pd.Series, bool]:
    """Standardise a rate whose parts are there; else give the values, and that they are raw."""
    parts = counted(observations, declared, when)
    if len(parts) < spatial.FEWEST_DISTRICTS:
        return values, False
    return rates.standardised(parts["events"], parts["population"]).reindex(values.index), True


def _picture(
    shapes: Outlines, kinds: pd.Series, state: pd.Series, key: str, title: str, language: str
) -> str:
    """Draw the districts in the colours of their kinds, with their marks."""
    fills, titles, marks = [], [], []
    for name, kind, hidden, (x, y) in zip(shapes.names, kinds, state, shapes.points, strict=True):
        if hidden or kind not in KINDS:
            fills.append(pattern_of(hidden or MISSING, key))
            titles.append(f"{name}: {written(np.nan, hidden or MISSING, '', language)}")
            continue
        words, mark, colour, ink = KINDS[kind]
        fills.append(colour)
        titles.append(f"{name}: {text(words, language)}")
        if mark:
            marks.append(
                f'<text x="{x}" y="{y}" dy=".35em" text-anchor="middle" font-weight="700" '
                f'font-size="{MARK_UNITS}" fill="{ink}" fill-opacity="1" stroke="none">{mark}'
                "</text>"
            )
    return drawing(shapes, fills, titles, key=key, name=title, circles="".join(marks))


def _legend(kinds: pd.Series, state: pd.Series, shapes: Outlines, key: str, language: str) -> str:
    """Explain the kinds that the map shows, and no others."""
    hidden = state.mask((state == "") & ~kinds.isin(list(KINDS)), MISSING)
    shown = set(kinds[hidden == ""])
    items = []
    for kind, (words, mark, colour, ink) in KINDS.items():
        if kind in shown:
            sign = f'<text x="18" y="20" text-anchor="middle" font-size="16" fill="{ink}">'
            drawn = icon(f"{swatch(colour)}{sign}{mark}</text>")
            items.append(legend_item(drawn, text(words, language)))
    return legend(items, language, key=key, shapes=shapes, hidden=set(hidden))


def _how_the_whole(whole: pd.Series, language: str) -> list[str]:
    """Say whether neighbours resemble each other."""
    message = (
        "Moran's I is {i} ({p}; {permutations} permutations, seed {seed}): chance could have made "
        "the pattern."
        if whole["p_permutation"] > SURE_AT
        else "Moran's I is {i} ({p}; {permutations} permutations, seed {seed}): districts resemble "
        "their neighbours more than chance explains."
        if whole["moran_i"] > whole["expected_i"]
        else "Moran's I is {i} ({p}; {permutations} permutations, seed {seed}): districts differ "
        "from their neighbours more than chance explains."
    )
    return [
        text(
            message,
            language,
            i=number(whole["moran_i"], "", language, 2),
            p=p_value(whole["p_permutation"], language),
            permutations=number(whole["permutations"], "", language),
            seed=str(int(whole["seed"])),
        )
    ]


def _which(kinds: pd.Series, shapes: Outlines, outline: Sequence[str], language: str) -> list[str]:
    """Name the districts of each kind of cluster, and count those of the programme area."""
    names = dict(zip(shapes.ids, shapes.names, strict=True))
    said = []
    for kind, named in NAMED.items():
        if len(here := kinds.index[kinds == kind]):
            said.append(text(named, language, names=", ".join(names[code] for code in here)))
    if not said:
        message = (
            "No district stands out once all are tested together (false discovery rate {rate})."
        )
        return [text(message, language, rate=number(5, "percent", language))]
    own = kinds.reindex(list(outline))
    if len(own):
        count = int((own == "HH").sum())
        message = (
            "Of the {all} districts of the programme area, none lies high among high."
            if count == 0
            else "Of the {all} districts of the programme area, one lies high among high."
            if count == 1
            else "Of the {all} districts of the programme area, {count} lie high among high."
        )
        said.append(text(message, language, count=count, all=len(own)))
    return said


def _hot(spots: pd.Series, language: str) -> list[str]:
    """Count hot and cold spots."""
    counts = {kind: number(int((spots == kind).sum()), "", language) for kind in SPOTS}
    message = "By Getis and Ord's Gi*, hot spots: {hot}, cold spots: {cold}."
    return [text(message, language, **counts)]


def _table(
    title: str,
    shapes: Outlines,
    values: pd.Series,
    local: pd.DataFrame,
    spots: pd.DataFrame,
    declared: pd.Series,
    language: str,
) -> str:
    """Set out the numbers of every district."""
    digits = digits_for(values, str(declared["kind"]))
    heads = [
        text("Area", language),
        text("Value", language),
        text("Local I", language),
        text("p, adjusted", language),
        text("Cluster", language),
        "Gi*",
        text("Spot", language),
    ]
    rows = []
    for code, name in zip(shapes.ids, shapes.names, strict=True):
        if code not in local.index or np.isnan(local.loc[code, "local_i"]):
            rows.append([name, *[SIGNS[MISSING]] * 6])
            continue
        one, spot = local.loc[code], spots.loc[code]
        kind = KINDS[one["cluster"]]
        rows.append(
            [
                name,
                number(values[code], "", language, digits),
                number(one["local_i"], "", language, 2),
                number(one["p_adjusted"], "", language, 3),
                text(kind[0], language),
                number(spot["gi_z"], "", language, 1),
                text(SPOTS[spot["spot"]], language) if spot["spot"] in SPOTS else "",
            ]
        )
    return table(title, heads, rows, language, is_behind=False)
