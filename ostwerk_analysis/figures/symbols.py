"""Circles whose areas stand for counts: a colour would say something about the area's size."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..language import number, text, unit_sign
from .drawing import CIRCLE, EDGE, icon, legend_item
from .outlines import Outlines

SYMBOL_KINDS = ("count", "sum")
"""Kinds of indicators that grow with a district; the others can be compared, and are colours."""
LARGEST_RADIUS = 52
"""Of a circle, in units of the map."""


def largest_of(values: pd.Series) -> float:
    """Give the value of the largest circle."""
    known = np.abs(values.to_numpy(dtype=float))
    return float(np.nanmax(known)) if (~np.isnan(known)).any() else 0.0


def radius(value: float, largest: float) -> float:
    """Give the radius of a circle whose area stands for the value, in units of the map."""
    return round(LARGEST_RADIUS * (abs(value) / largest) ** 0.5, 1) if largest else 0.0


def circles(
    shapes: Outlines, values: Sequence[float], states: Sequence[str], largest: float
) -> str:
    """Draw a circle for each known value, the larger ones below; hollow where it is below zero.

    Parameters
    ----------
    shapes : Outlines
    values, states : sequences, shape (n,)
        Of each district, in the order of the shapes.
    largest : float
        The value of the largest circle.
    """
    known = (i for i, state in enumerate(states) if not state and values[i])
    return "".join(
        f'<circle cx="{shapes.points[i][0]}" cy="{shapes.points[i][1]}" '
        f'r="{radius(values[i], largest)}"'
        + (f' fill="#fff" stroke="{CIRCLE}"/>' if values[i] < 0 else "/>")
        for i in sorted(known, key=lambda i: -abs(values[i]))
    )


def sizes(values: pd.Series, digits: int, unit: str, language: str, shapes: Outlines) -> list[str]:
    """Explain the circles in items of a legend: up to three round values, and what is hollow.

    Parameters
    ----------
    values : Series
        All rounded values that the map may show.
    digits : int
    unit : str
    language : {"de", "en"}
    shapes : Outlines
        The map, whose scale the legend's circles share.
    """
    largest = largest_of(values)
    size, width = 2 * LARGEST_RADIUS, shapes.width + 2 * EDGE
    brief = unit if len(unit_sign(unit, language)) == 1 else ""  # words stand in the heading
    items = [
        legend_item(
            f'<svg class="ow-size" style="--ow-share:{size / width:.4f}" aria-hidden="true" '
            f'viewBox="0 0 {size} {size}"><circle cx="{LARGEST_RADIUS}" cy="{LARGEST_RADIUS}" '
            f'r="{radius(step, largest)}" fill="{CIRCLE}"/></svg>',
            number(step, brief, language),
        )
        for step in round_values(largest, digits)
    ]
    if (values < 0).any():
        hollow = f'<circle cx="18" cy="14" r="9" fill="#fff" stroke="{CIRCLE}"/>'
        items.append(legend_item(icon(hollow), text("below zero", language)))
    return items


def round_values(largest: float, digits: int) -> list[float]:
    """Choose up to three round values up to the largest, for the legend."""
    if not largest:
        return []
    power = math.floor(math.log10(largest))
    ladder = [step * 10.0**n for n in range(power - 2, power + 1) for step in (1, 2, 5)]
    below = [rung for rung in ladder if rung <= largest]
    return [rung for rung in below[-5::2] if rung >= 10.0**-digits]
