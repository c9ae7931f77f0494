"""Colours of the style sheet: read by everyone, by day and by night."""

import itertools
import re

import numpy as np
import pytest

from ostwerk_analysis import templates

from .test_classes import SEEN, lab

DECLARED = re.compile(
    r"(--ow-[a-z0-9-]+): (light-dark\((#\w+), (#\w+)\)|var\((--ow-[a-z0-9-]+)\));"
)
WORDS = [
    *[(ink, ground) for ink in ("ink", "quiet", "main") for ground in ("paper", "soft", "glow")],
    *[("ember", "glow"), ("wrong", "paper"), ("warm", "paper"), ("paper", "main")],
    *[(f"line-{number}", "paper") for number in range(1, 6)],  # their names stand at their ends
]
"""Words and what they stand on: WCAG 2.1, 1.4.3."""
GRAPHICS = [
    *[("edge", "paper"), ("warm", "paper"), ("warm", "soft"), ("warm", "glow"), ("main", "tint")],
    *[("main", "soft"), ("band-edge", "paper"), ("band-edge", "band"), ("lacking-edge", "paper")],
    *[("secret-edge", "paper"), ("secret-edge", "secret"), ("rule", "ink")],
]
"""Lines and fields that say something, and what is beside them: WCAG 2.1, 1.4.11."""


@pytest.fixture(scope="module", params=[0, 1], ids=["day", "night"])
def palette(request):
    """Name = colour, as the style sheet declares it for the day or the night."""
    colours = {}
    for name, _, day, night, other in DECLARED.findall(templates.source("figures.css")):
        colours[name] = colours[other] if other else (day, night)[request.param]
    return {name.removeprefix("--ow-"): colour for name, colour in colours.items()}


def contrast(one, other):
    def light(colour):
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return linear @ [0.2126, 0.7152, 0.0722] + 0.05

    low, high = sorted((light(one), light(other)))
    return high / low


@pytest.mark.parametrize(("ink", "ground"), WORDS)
def test_words_are_read_on_what_they_stand_on(palette, ink, ground):
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize(("line", "ground"), GRAPHICS)
def test_lines_and_fields_are_seen_beside_each_other(palette, line, ground):
    assert contrast(palette[line], palette[ground]) >= 3


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_lines_of_a_chart_are_told_apart_by_every_eye(palette, seen):
    places = [lab(palette[f"line-{number}"], seen) for number in range(1, 6)]
    # CIE76; of lines by day 21, by night 15. They differ by their dashes and names as well.
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)) > 15


def test_every_colour_of_the_style_sheets_is_a_property():
    for name in ("figures.css", "page.css", "print.css"):
        rules = re.sub(r"--ow-[a-z0-9-]+: [^;]+;", "", templates.source(name))
        # Maps keep their colours by night and where others are forced: white is theirs.
        assert set(re.findall(r"#[0-9a-f]{3,8}\b", rules)) <= {"#ffffff", "#2f7698"}, name
