"""A map as SVG: districts with their fills and names, borders, patterns, and the legend.

What is kept secret has dots and what is missing has lines, so that neither is taken for a colour.
"""

from collections.abc import Collection, Sequence
from html import escape

import numpy as np

from ..language import text
from .outlines import Outlines
from .values import MISSING, SUPPRESSED, written

EDGE = 8
"""Units around the map, so that its strokes are not cut."""
LAND, CIRCLE = "#e9edf0", "#2f7698"
"""Fill of a district whose value is a circle, and of the circle."""
AROUND = "".join(
    f'<path class="{line}" fill="none" stroke="#fff" d="M4 5H32V23H4z"/>'
    for line in ("ow-casing", "ow-outline")
)
"""The line around the programme's area, in a legend: dark in white, as on the map."""


def pattern_of(state: str, key: str) -> str:
    """Give the fill of what is suppressed or missing; ``key`` is the map's own prefix of ids."""
    return f"url(#{key}-{state})"


def patterns(key: str, size: float = 1) -> str:
    """Define the patterns of what is kept secret (dots) and of what is missing (lines).

    Parameters
    ----------
    key : str
        Prefix of the ids.
    size : float
        Above 1 for a map that is drawn small.
    """
    head = 'patternUnits="userSpaceOnUse"'
    larger = f"scale({size})"
    return (
        f'<pattern id="{key}-{SUPPRESSED}" {head} width="16" height="16" '
        f'patternTransform="{larger}">'
        '<rect width="16" height="16" fill="#f4eee2"/>'
        '<circle cx="4" cy="4" r="2.6" fill="#7d6b47"/>'
        '<circle cx="12" cy="12" r="2.6" fill="#7d6b47"/></pattern>'
        f'<pattern id="{key}-{MISSING}" {head} width="12" height="12" '
        f'patternTransform="rotate(45) {larger}"><rect width="12" height="12" fill="#fff"/>'
        '<path d="M0 6H12" stroke="#a3adb5" stroke-width="2.5"/></pattern>'
    )


def view_box(shapes: Outlines) -> str:
    """Give the part of the plane that a map shows."""
    return f"{-EDGE} {-EDGE} {shapes.width + 2 * EDGE} {shapes.height + 2 * EDGE}"


def lines(shapes: Outlines) -> str:
    """Draw the boroughs' borders and the line around the programme's area."""
    return (
        f'<path class="ow-borders" fill="none" stroke="#fff" d="{shapes.borders}"/>'
        f'<path class="ow-casing" fill="none" stroke="#fff" d="{shapes.around}"/>'
        f'<path class="ow-outline" fill="none" d="{shapes.around}"/>'
    )


def circle_group(circles: str) -> str:
    """Put circles over the districts, which they leave to the pointer and the reader."""
    return (
        f'<g class="ow-circles" aria-hidden="true" fill="{CIRCLE}" fill-opacity=".8" '
        f'stroke="#fff" stroke-width="2">{circles}</g>'
    )


def drawing(
    shapes: Outlines,
    fills: Sequence[str],
    titles: Sequence[str],
    *,
    key: str,
    name: str,
    circles: str = "",
    is_interactive: bool = False,
) -> str:
    """Draw a map.

    Parameters
    ----------
    shapes : Outlines
    fills, titles : sequences, shape (n,)
        Colour or pattern, and description of each district, in the order of the shapes.
    key : str
        Prefix of the ids in the drawing.
    name : str
        What the map shows, for those who do not see it.
    circles : str
        What :func:`.symbols.circles` draws.
    is_interactive : bool
        Districts are options to choose from, reached by the keyboard.
    """
    role = "option" if is_interactive else "img"
    districts = "".join(
        f'<path role="{role}" fill="{fill}" d="{path}"'
        + (f' tabindex="{0 if i == 0 else -1}"' if is_interactive else "")
        + f"><title>{escape(title)}</title></path>"
        for i, (fill, path, title) in enumerate(zip(fills, shapes.paths, titles, strict=True))
    )
    group = "listbox" if is_interactive else "group"
    return (
        f'<svg class="ow-map" viewBox="{view_box(shapes)}" role="group" '
        f'aria-label="{escape(name)}"><defs>{patterns(key)}</defs>'
        f'<g class="ow-districts" role="{group}" aria-label="{escape(name)}" '
        f'stroke="#fff" stroke-width="2">{districts}</g>{lines(shapes)}{circle_group(circles)}'
        + ('<path class="ow-focus" d=""/>' if is_interactive else "")
        + "</svg>"
    )


def legend(
    items: Sequence[str],
    language: str,
    *,
    key: str,
    shapes: Outlines,
    heading: str = "",
    hidden: Collection[str] = (SUPPRESSED, MISSING),
) -> str:
    """Explain a map as a list: its own items, the patterns, and the line around the area.

    Parameters
    ----------
    items : sequence of str
        As :func:`legend_item` makes them.
    language : {"de", "en"}
    key : str
        Prefix of the ids of the map's patterns.
    shapes : Outlines
    heading : str
        What is to be known before the colours are read.
    hidden : collection of str
        States without a value that the map may have.
    """
    head = f'<p class="ow-scale">{escape(heading)}</p>' if heading else ""
    return (
        f'{head}<ul class="ow-legend">{"".join(items)}'
        f"{''.join(common_items(language, key=key, shapes=shapes, hidden=hidden))}</ul>"
    )


def common_items(
    language: str,
    *,
    key: str,
    shapes: Outlines,
    hidden: Collection[str] = (SUPPRESSED, MISSING),
) -> list[str]:
    """Explain what all maps have in common: the patterns, and the line around the area."""
    items = [
        legend_item(icon(swatch(pattern_of(state, key))), written(np.nan, state, "", language))
        for state in (SUPPRESSED, MISSING)
        if state in hidden
    ]
    if shapes.around:
        items.append(legend_item(icon(AROUND), text("programme area", language)))
    return items


def legend_item(drawing: str, words: str) -> str:
    """Make an item of a legend: a small drawing and what it means."""
    return f"<li>{drawing} <span>{escape(words)}</span></li>"


def icon(content: str) -> str:
    """Frame a small drawing of 36 by 28 units."""
    return f'<svg viewBox="0 0 36 28" aria-hidden="true">{content}</svg>'


def swatch(colour: str) -> str:
    """Draw a field of a colour or pattern."""
    return f'<rect x="1" y="1" width="34" height="26" fill="{colour}" stroke="#8a959e"/>'
