import itertools

import mapclassify
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures import classes
from ostwerk_analysis.figures.classes import (
    COLOURS,
    DIVERGING,
    SCHEMES,
    all_bounds,
    difference_scale,
    natural_breaks,
    ramp,
    scale,
    written_spans,
)

NUMBERS = st.lists(
    st.one_of(st.integers(-500, 500).map(lambda n: n / 10), st.just(float("nan"))), max_size=40
)
RISING = st.lists(st.integers(-400, 400), min_size=1, max_size=6, unique=True).map(
    lambda numbers: [n / 7 for n in sorted(numbers)]
)


def by_hand(spread, bounds):
    """Sum the squared distances of values to the means of their classes."""
    places = np.searchsorted(bounds, spread)
    return sum(
        ((spread[places == place] - spread[places == place].mean()) ** 2).sum()
        for place in np.unique(places)
    )


def assert_spans_meet(chosen, known):
    """Bounds rise to the highest value in steps as they are written, each in its own class."""
    bounds = np.array([-np.inf, *chosen.bounds])
    assert (np.diff(bounds) > 0).all()
    assert len(chosen.colours) == len(chosen.bounds)
    assert known.max() <= bounds[-1] + 1e-9
    for bound in chosen.bounds:
        assert chosen.digits == 1
        assert bound == pytest.approx(round(bound, 1), abs=1e-9)
        assert chosen.colour(bound) == chosen.colours[chosen.bounds.index(bound)]


@given(NUMBERS, st.sampled_from(list(SCHEMES)), st.integers(3, 7))
def test_classes_cover_all_values_in_order(numbers, scheme, number):
    values = pd.Series(numbers, dtype=float)
    chosen = scale(values, 1, scheme, number)
    known = values.dropna()
    assert len(chosen.bounds) <= min(number, max(known.nunique(), 0)) or scheme == "equal"
    assert len(chosen.bounds) <= number
    if len(known):
        assert_spans_meet(chosen, known)
        assert chosen.bounds[-1] == known.max()
        if scheme != "equal":  # equal intervals may hold nothing
            assert set(chosen.bounds) <= set(known)
    else:
        assert chosen.bounds == []
    assert all_bounds(values, 1).get(scheme, [[]] * 5)[number - 3] == chosen.bounds


@given(NUMBERS, RISING)
def test_own_breaks_keep_every_value_on_its_side(numbers, breaks):
    values = pd.Series(numbers, dtype=float)
    chosen = scale(values, 1, breaks=breaks)
    known = values.dropna()
    if known.empty:
        return
    assert_spans_meet(chosen, known)
    assert chosen.is_open_below
    assert chosen.is_open_above == (known.max() > breaks[-1])
    for one, other in itertools.pairwise(sorted(known)):
        if any(one <= bound < other for bound in breaks):
            assert chosen.colour(one) != chosen.colour(other)


@given(NUMBERS, st.sampled_from(list(SCHEMES)), st.sampled_from([3, 5, 7]))
def test_differences_lie_on_both_sides_alike(numbers, scheme, number):
    values = pd.Series(numbers, dtype=float)
    chosen, mirrored = (difference_scale(side, 1, scheme, number) for side in (values, -values))
    assert chosen.bounds == mirrored.bounds
    known = values.dropna()
    if known.empty:
        assert chosen.bounds == []
        return
    assert len(chosen.bounds) % 2 == 1
    assert len(chosen.bounds) <= number
    middle = ramp(DIVERGING, 1)[0]
    assert chosen.colour(0.0) == middle
    for value in known:
        there, across = chosen.colour(value), chosen.colour(-value)
        assert (there == middle) == (across == middle)
        if there != middle:
            order = chosen.colours.index(there), chosen.colours.index(across)
            assert sum(order) == len(chosen.colours) - 1
            assert (order[0] > order[1]) == (value > 0)


def spans(chosen, unit="percent", language="de"):
    return [words.replace("\u00a0", " ") for _, words in written_spans(chosen, unit, language)]


def test_quantiles_by_hand():
    ten = pd.Series([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert scale(ten, 0).bounds == [2, 4, 6, 8, 10]
    assert spans(scale(ten, 0)) == [
        "1 bis 2 %",
        "3 bis 4 %",
        "5 bis 6 %",
        "7 bis 8 %",
        "9 bis 10 %",
    ]
    assert scale(pd.Series([1.0, 1, 1, 1, 9]), 0).bounds == [1, 9]
    assert scale(pd.Series([np.nan, np.nan]), 0).bounds == []


def test_equal_intervals_by_hand():
    # from 0.5 to 4.5 in four steps of 1; nothing lies in the third class, and it is named
    chosen = scale(pd.Series([0.5, 1.5, 1.6, 4.5]), 1, "equal", 4)
    assert spans(chosen, "EUR", "en") == [
        *("0.5 to 1.5 €", "1.6 to 2.5 €", "2.6 to 3.5 €", "3.6 to 4.5 €")
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_few_different_values_are_as_many_classes(scheme):
    assert spans(scale(pd.Series([7.25] * 9), 1, scheme)) == ["7,3 %"]
    assert spans(scale(pd.Series([0.0]), 0, scheme)) == ["0 %"]
    assert spans(scale(pd.Series([0.0, 1.0, 0.0]), 0, scheme))[0] == "0 %"
    two = scale(pd.Series([-1.0, 2.0]), 0, scheme, 3)
    assert two.colour(-1) != two.colour(2)


def test_below_zero_is_written_so():
    chosen = scale(pd.Series([-1250.0, -3.0, 0.0, 40.0]), 0, breaks=[-100, 0])
    assert spans(chosen, "EUR") == ["bis −100 €", "−99 bis 0 €", "ab 1 €"]
    assert spans(scale(pd.Series([-1250.0, 2000]), 0, "equal", 3), "EUR", "en") == [
        *("−1,250 to −167 €", "−166 to 916 €", "917 to 2,000 €")
    ]


def test_differences_are_written_with_their_sign_and_end_with_what_there_is():
    differences = pd.Series([-2.0, -0.4, 0.0, 0.4, 9.0])
    chosen = difference_scale(differences, 1, breaks=[0.5, 4])
    assert spans(chosen, "") == [
        *("−2,0 bis −0,6", "−0,5 bis +0,5: etwa wie die Stadt", "+0,6 bis +4,0", "ab +4,1")
    ]
    assert spans(difference_scale(pd.Series([2.0, 2.0]), 0), "", "en") == [
        *("0: about as the city", "+2")
    ]
    assert spans(difference_scale(pd.Series([0.0]), 0), "") == ["0: etwa wie die Stadt"]


@pytest.mark.filterwarnings("ignore:Numba not installed")
@given(st.lists(st.floats(0, 1000), min_size=8, max_size=40, unique=True), st.integers(3, 6))
def test_natural_breaks_are_at_least_as_good_as_those_of_mapclassify(numbers, number):
    known = np.sort(numbers)
    ours = natural_breaks(known, number)[-1]
    theirs = mapclassify.FisherJenks(known, k=number).bins
    assert by_hand(known, ours) <= by_hand(known, theirs) * (1 + 1e-6) + 1e-6
    assert len(ours) == number


@pytest.mark.filterwarnings("ignore:Numba not installed")
@pytest.mark.parametrize("number", [3, 5, 7])
def test_natural_breaks_are_those_of_mapclassify_for_its_own_example(number):
    known = np.sort(mapclassify.load_example().to_numpy())
    theirs = mapclassify.FisherJenks(known, k=number).bins
    assert natural_breaks(known, number)[-1] == pytest.approx(theirs)


def test_natural_breaks_of_the_calemp_example_are_the_published_ones():
    # documentation of mapclassify, FisherJenks: 58 counties of California, five classes
    known = np.sort(mapclassify.load_example().to_numpy())
    published = [75.29, 192.05, 370.5, 722.85, 4111.45]
    assert natural_breaks(known, 5)[-1] == pytest.approx(published)


def test_natural_breaks_of_many_values_are_found_among_so_many_by_rank():
    many = np.sort(np.concatenate([np.random.default_rng(1).normal(m, 1, 3000) for m in (0, 50)]))
    (_, (first, last), *_) = natural_breaks(many, 3)
    assert first == many[2999]
    assert last == many[-1]


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"scheme": "jenks"}, "no classes 'jenks'. Choose one of: quantiles, equal, fisher_jenks"),
        ({"classes": 2}, "n_classes is 2. Choose 3 to 7"),
        ({"breaks": [3, 3]}, "The breaks 3, 3 do not rise"),
        ({"breaks": [1, np.inf]}, "do not rise"),
        ({"breaks": range(7)}, "7 breaks are too many; give at most 6"),
    ],
)
def test_classes_that_cannot_be_are_refused(more, fault):
    with pytest.raises(DataError, match=fault):
        scale(pd.Series([1.0, 2.0]), 0, **more)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"classes": 4}, "choose an odd number"),
        ({"breaks": [0, 1]}, "each is above 0"),
        ({"breaks": [1, 2, 3, 4]}, "4 breaks are too many; give at most 3"),
    ],
)
def test_differences_that_cannot_be_are_refused(more, fault):
    with pytest.raises(DataError, match=fault):
        difference_scale(pd.Series([1.0, 2.0]), 0, **more)


# colours

SEEN = {
    "by most": np.eye(3),
    "without red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "without green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "without blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Machado, Oliveira and Fernandes (2009), table of matrices for linear RGB, severity 1.0."""


def lab(colour, seen):
    """Give a colour as it is seen in CIE L*a*b*, in which distance is difference to the eye."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(np.array(seen) @ linear, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
@pytest.mark.parametrize("scheme", [COLOURS, DIVERGING], ids=["in order", "about the city"])
def test_colours_are_told_apart_by_every_eye(scheme, seen):
    places = [lab(colour, seen) for colour in scheme]
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)]
    assert min(apart) > 10


def test_colours_grow_darker_and_spread_over_few_classes():
    for number in range(2, 8):
        light = [lab(colour, np.eye(3))[0] for colour in ramp(COLOURS, number)]
        assert light == sorted(light, reverse=True)
        assert ramp(COLOURS, number)[:: number - 1] == [COLOURS[0], COLOURS[-1]]
    assert ramp(COLOURS, 5) == list(COLOURS)
    assert ramp(COLOURS, 1) == [COLOURS[2]]
    assert ramp(COLOURS, 0) == []
    assert ramp(DIVERGING, 3) == [DIVERGING[0], DIVERGING[3], DIVERGING[-1]]


def test_quarters_and_years_are_classed_apart():
    assert classes.span("2026-Q3") == "quarter"
    assert classes.span("2026") == "year"
