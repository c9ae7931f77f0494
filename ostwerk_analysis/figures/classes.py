"""Classes of values: which values of an indicator share a colour on a map.

Classes are chosen from the values of all periods, so that a colour means the same in each. Values
are rounded as they are written before they are classed: what reads the same is coloured the same,
and the classes as the legend writes them leave no gap and do not overlap.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..faults import DataError
from ..language import number, text
from .values import rounded

SCHEMES = {
    "quantiles": "Quantiles: as many districts in each",
    "equal": "Equal intervals",
    "fisher_jenks": "Fisher-Jenks: natural breaks",
}
"""How classes can be chosen, beside breaks of one's own."""
FEWEST, USUAL, MOST = 3, 5, 7
"""Numbers of classes that can be asked for; the eye tells no more colours apart."""

COLOURS = ("#d8e8ee", "#a4cbd9", "#66a5bf", "#2f7698", "#12435f")
"""One hue from light to dark: the order is kept in every kind of colour blindness, and in grey."""
DIVERGING = ("#8c3b0c", "#cf8043", "#f2cfa8", "#ecebe7", "#a4cbd9", "#4a90b0", "#12435f")
"""From brown by grey to blue, which no common kind of colour blindness takes for each other."""

MOST_LEVELS = 1_000
"""Of more values than this, natural breaks are sought among so many, spread evenly by rank."""


class Scale(NamedTuple):
    """How values become colours.

    Parameters
    ----------
    digits : int
        Decimal places of the values.
    bounds : list of float
        Upper bound of each class, itself included.
    lowest, highest : float
        Of all values.
    is_open_below, is_open_above : bool
        The first class has no lower, or the last one no upper bound: they lie outside the breaks.
    is_difference : bool
        The values are differences, and the class in the middle lies about 0.
    """

    digits: int
    bounds: list[float]
    lowest: float = np.nan
    highest: float = np.nan
    is_open_below: bool = False
    is_open_above: bool = False
    is_difference: bool = False

    @property
    def colours(self) -> list[str]:
        """The colour of each class: the darkest for the highest, spread where there are few."""
        return ramp(DIVERGING if self.is_difference else COLOURS, len(self.bounds))

    def colour(self, value: float) -> str:
        """Give the colour of a rounded value."""
        place = int(np.searchsorted(np.array(self.bounds) + 1e-9, value))
        return self.colours[min(place, len(self.bounds) - 1)]


def span(period: str) -> str:
    """Tell quarters from years: in a year more happens, so each has classes of its own."""
    return "quarter" if "-Q" in period else "year"


def ramp(anchors: Sequence[str], classes: int) -> list[str]:
    """Spread so many colours over a scheme, its middle for a single one."""
    channels = np.array([[int(a[i : i + 2], 16) for i in (1, 3, 5)] for a in anchors], dtype=float)
    last = len(anchors) - 1
    places = np.linspace(0, last, classes) if classes > 1 else np.full(classes, last / 2)
    mixed = [np.interp(places, np.arange(last + 1), channel) for channel in channels.T]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.round(mixed).astype(int).T]


def scale(
    values: pd.Series,
    digits: int,
    scheme: str = "quantiles",
    classes: int = USUAL,
    breaks: Sequence[float] = (),
) -> Scale:
    """Choose the classes of values.

    Parameters
    ----------
    values : Series, shape (n,)
        Of all periods; missing ones are left out.
    digits : int
        Decimal places with which they are written.
    scheme : {"quantiles", "equal", "fisher_jenks"}
    classes : int
        At most so many, 3 to 7: there are never more than different values.
    breaks : sequence of float
        Upper bounds of classes of one's own, in place of a scheme; what lies above the last of
        them is a class too.

    Raises
    ------
    DataError
        If there is no such scheme, the number of classes is out of range, or the breaks do not
        rise.
    """
    check(scheme, classes, breaks)
    known = np.sort(rounded(values.dropna(), digits).to_numpy())
    if not len(known):
        return Scale(digits, [])
    ends = float(known[0]), float(known[-1])
    if not len(breaks):
        return Scale(digits, _bounds(known, scheme, classes, digits), *ends)
    return Scale(digits, _own(known, breaks, digits), *ends, True, ends[1] > breaks[-1])


def difference_scale(
    differences: pd.Series,
    digits: int,
    scheme: str = "quantiles",
    classes: int = USUAL,
    breaks: Sequence[float] = (),
) -> Scale:
    """Choose classes of differences that lie on both sides of 0 alike, with one about 0.

    The classes are those of the differences' sizes, by a scheme or by breaks of one's own.

    Parameters
    ----------
    differences : Series, shape (n,)
        Of all periods, each to the value of its own period; missing ones are left out.
    digits : int
    scheme : {"quantiles", "equal", "fisher_jenks"}
    classes : int
        An odd number, 3 to 7.
    breaks : sequence of float, optional
        Up to three sizes above 0.

    Raises
    ------
    DataError
        As for :func:`scale`, and if the number of classes is even or a break is not above 0.
    """
    check(scheme, classes, breaks, is_difference=True)
    known = rounded(differences.dropna(), digits)
    if known.empty:
        return Scale(digits, [], is_difference=True)
    sizes = np.sort(known.abs().to_numpy())
    above = (
        _own(sizes, breaks, digits)
        if len(breaks)
        else _bounds(sizes, scheme, (classes + 1) // 2, digits)
    )
    if len(above) == 1 and above[0] > 0:  # all are as far away: none of them is about 0
        above = [0.0, *above]
    step = 10.0**-digits
    below = [round(-bound - step, digits) for bound in reversed(above[:-1])]
    is_open = bool(len(breaks)) and sizes[-1] > breaks[-1]
    return Scale(digits, below + above, known.min(), known.max(), is_open, is_open, True)


def check(
    scheme: str, classes: int, breaks: Sequence[float] = (), *, is_difference: bool = False
) -> None:
    """Hold a choice of classes to what there is."""
    if scheme not in SCHEMES:
        raise DataError(
            "There are no classes {scheme!r}. Choose one of: {known}; or give breaks of your own.",
            scheme=scheme,
            known=", ".join(SCHEMES),
        )
    if not FEWEST <= classes <= MOST:
        raise DataError(
            "n_classes is {classes}. Choose {fewest} to {most} classes: the eye tells no more "
            "colours apart.",
            classes=classes,
            fewest=FEWEST,
            most=MOST,
        )
    if is_difference and classes % 2 == 0:
        raise DataError(
            "n_classes is {classes}. Compared with the city, choose an odd number, so that one "
            "class lies about the city's value.",
            classes=classes,
        )
    given = np.asarray(breaks, dtype=float)
    most = MOST // 2 if is_difference else MOST - 1
    if len(given) > most:
        raise DataError(
            "{count} breaks are too many; give at most {most}.", count=len(given), most=most
        )
    if not np.isfinite(given).all() or (np.diff(given) <= 0).any():
        raise DataError(
            "The breaks {breaks} do not rise. Give the upper bounds of the classes, each higher "
            "than the one before.",
            breaks=", ".join(map(str, breaks)),
        )
    if is_difference and (given <= 0).any():
        raise DataError(
            "The breaks {breaks} are distances to the city's value, so each is above 0.",
            breaks=", ".join(map(str, breaks)),
        )


def _bounds(known: np.ndarray, scheme: str, classes: int, digits: int) -> list[float]:
    """Give the upper bounds of classes of rounded values in order."""
    if scheme == "fisher_jenks":
        return natural_breaks(known, classes)[-1]
    if known[0] == known[-1]:
        return [float(known[0])]
    shares = np.arange(1, classes + 1) / classes
    if scheme == "equal":
        return _floored(known[0] + shares * (known[-1] - known[0]), digits)
    bins = np.quantile(known, shares)
    # Down to a value that occurs: no class is empty.
    return np.unique(known[np.searchsorted(known, bins + 1e-9) - 1]).tolist()


def _own(known: np.ndarray, breaks: Sequence[float], digits: int) -> list[float]:
    """Give the upper bounds of one's own classes, with one more for what lies above them."""
    return _floored(np.append(breaks, known[-1] if known[-1] > breaks[-1] else []), digits)


def _floored(bins: np.ndarray, digits: int) -> list[float]:
    """Bring bounds down to numbers as they are written, which leaves each value in its class."""
    down = np.floor(bins * 10.0**digits + 1e-6) / 10.0**digits
    return np.unique(np.round(down, digits) + 0.0).tolist()


def natural_breaks(known: np.ndarray, most: int) -> list[list[float]]:
    """Find the classes with the least sum of squared distances to their means.

    Exact, by dynamic programming over the values that differ, each weighted by how often it
    occurs: the classes of mapclassify's ``FisherJenks``, which without a compiler takes seconds
    for the thousands of values of many periods.

    Parameters
    ----------
    known : array of float, shape (n,)
        In order.
    most : int

    Returns
    -------
    list of list of float
        The upper bounds of 1, 2, … classes, up to ``most`` or the number of different values.

    References
    ----------
    Fisher, W. D. (1958). On grouping for maximum homogeneity. Journal of the American
    Statistical Association 53, 789-798.
    """
    levels, counts = np.unique(known, return_counts=True)
    if len(levels) > MOST_LEVELS:
        places = np.linspace(0, len(known) - 1, MOST_LEVELS).round().astype(int)
        levels, counts = np.unique(known[places], return_counts=True)
    centred = levels - levels.mean()
    weight, total, square = (
        np.concatenate([[0.0], np.cumsum(counts * centred**power)]) for power in range(3)
    )
    start, end = np.arange(len(levels))[:, None], np.arange(1, len(levels) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (
            square[end]
            - square[start]
            - (total[end] - total[start]) ** 2 / (weight[end] - weight[start])
        )
    spread[start >= end] = np.inf  # a class ends where it begins or later
    least, cuts = spread[0], []
    found = [[float(levels[-1])]]
    for classes in range(2, min(most, len(levels)) + 1):
        before = np.concatenate([[np.inf], least[:-1]])
        through = before[:, None] + spread
        cuts.append(through.argmin(axis=0))
        least = through.min(axis=0)
        bounds, last = [float(levels[-1])], len(levels) - 1
        for layer in reversed(cuts[: classes - 1]):
            first = int(layer[last])
            middle = (levels[first - 1] + levels[first]) / 2
            bounds.append(float(known[np.searchsorted(known, middle) - 1]))
            last = first - 1
        found.append(bounds[::-1])
    return found


def all_bounds(
    values: pd.Series, digits: int, *, is_difference: bool = False
) -> dict[str, list[list[float]]]:
    """Give the bounds of every scheme for every number of classes that can be asked for.

    Parameters
    ----------
    values : Series, shape (n,)
    digits : int
    is_difference : bool
        Give the bounds of the values' sizes, which are set out on both sides of 0, for 3, 5 and
        7 classes.

    Returns
    -------
    dict
        Scheme = bounds for :data:`FEWEST` classes, and so on up to :data:`MOST`.
    """
    known = values.dropna().abs() if is_difference else values.dropna()
    known = np.sort(rounded(known, digits).to_numpy())
    if not len(known):
        return {}
    numbers = [2, 3, 4] if is_difference else list(range(FEWEST, MOST + 1))
    natural = natural_breaks(known, numbers[-1])
    return {
        scheme: [
            natural[min(n, len(natural)) - 1]
            if scheme == "fisher_jenks"
            else _bounds(known, scheme, n, digits)
            for n in numbers
        ]
        for scheme in SCHEMES
    }


def written_spans(chosen: Scale, unit: str, language: str) -> list[tuple[str, str]]:
    """Write the colour of each class, and its span: ``1,3 bis 3,0 %``.

    The next span begins where one ends. Of differences, those are left out that are larger on one
    side of 0 than any.
    """
    step = 10.0**-chosen.digits
    last = len(chosen.bounds) - 1

    def write(value: float, unit: str) -> str:
        plus = "+" if chosen.is_difference and value > 0 else ""
        return plus + number(value, unit, language, chosen.digits)

    spans = []
    low = chosen.lowest
    for i, (colour, bound) in enumerate(zip(chosen.colours, chosen.bounds, strict=True)):
        is_middle = chosen.is_difference and 2 * i == last
        start = low
        low = round(bound + step, chosen.digits)
        if chosen.is_difference and not is_middle:
            if bound < chosen.lowest or start > chosen.highest:
                continue
            start, bound = max(start, chosen.lowest), min(bound, chosen.highest)
        if chosen.is_open_below and i == 0:
            words = text("up to {value}", language, value=write(bound, unit))
        elif chosen.is_open_above and i == last:
            words = text("from {value}", language, value=write(start, unit))
        elif start >= bound:
            words = write(bound, unit)
        else:
            words = text(
                "{first} to {last}", language, first=write(start, ""), last=write(bound, unit)
            )
        if is_middle:
            words = text("{span}: about as the city", language, span=words)
        spans.append((colour, words))
    return spans
