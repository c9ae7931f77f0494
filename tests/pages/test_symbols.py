import pandas as pd
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.figures import symbols
from ostwerk_analysis.figures.outlines import outlines


def test_a_circle_four_times_the_value_has_twice_the_radius():
    assert symbols.radius(400, 400) == 2 * symbols.radius(100, 400)
    assert symbols.radius(0, 400) == 0
    assert symbols.radius(5, 0) == 0


@given(st.floats(1, 1e9))
def test_legend_stays_below_the_largest(largest):
    steps = symbols.round_values(largest, 0)
    assert 1 <= len(steps) <= 3
    assert all(1 <= step <= largest and step == int(step) for step in steps)


def test_large_circles_lie_below_small_ones_and_what_is_not_known_has_none(districts):
    shapes = outlines(districts)
    values = [4.0, 9.0, 1.0, 0.0, -2.0] + [float("nan")] * 7
    kinds = [""] * 5 + ["suppressed"] * 4 + ["missing"] * 3
    drawn = BeautifulSoup(symbols.circles(shapes, values, kinds, 9.0), "html.parser")
    circles = drawn.select("circle")
    radii = [float(circle["r"]) for circle in circles]
    assert radii == sorted(radii, reverse=True)
    assert len(radii) == 4  # not for zero
    assert [circle.get("fill") for circle in circles] == [None, None, "#fff", None]
    assert [int(circle["cx"]) for circle in circles[:2]] == [shapes.points[i][0] for i in (1, 0)]


def test_legend_has_circles_to_the_scale_of_the_map(districts):
    shapes = outlines(districts)
    items = symbols.sizes(pd.Series([-10.0, 1000.0]), 0, "EUR", "de", shapes)
    drawn = BeautifulSoup("".join(items), "html.parser")
    said = [item.get_text(strip=True) for item in drawn.select("li")]
    assert said == ["50\u00a0€", "200\u00a0€", "1.000\u00a0€", "unter null"]
    radii = [float(circle["r"]) for circle in drawn.select(".ow-size circle")]
    assert radii == [symbols.radius(value, 1000) for value in (50, 200, 1000)]
    assert symbols.sizes(pd.Series([0.0]), 0, "", "de", shapes) == []
