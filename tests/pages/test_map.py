import re

import numpy as np
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures import classes
from ostwerk_analysis.language import number, text


def soup(figure):
    return BeautifulSoup(figure.html, "html.parser")


def rate_map(release, **more):
    return figures.district_map(
        release.districts,
        release.observations,
        "unemployed_share",
        "2026-Q3",
        catalogue=release.catalogue,
        **more,
    )


def test_every_district_is_named_with_its_value(release):
    drawn = soup(rate_map(release))
    titles = [path.title.get_text() for path in drawn.select(".ow-districts path")]
    here = release.observations.query(
        "indicator == 'unemployed_share' and area_level == 'district' and period == '2026-Q3'"
    ).set_index("area_id")
    for district in release.districts.itertuples():
        said = [title for title in titles if title.startswith(f"{district.name}: ")]
        assert len(said) == 1
        if district.district_id == "02":
            assert said == [f"Conne: {text('kept secret', 'de')}"]
        elif district.district_id in {"07", "08"}:
            assert said[0].endswith(text("no data", "de"))
        else:
            value = here.loc[district.district_id, "value"]
            assert said == [f"{district.name}: {number(value, 'percent', 'de', 1)}"]


def test_secret_and_missing_have_patterns_that_the_legend_explains(release):
    drawn = soup(rate_map(release))
    fills = [path["fill"] for path in drawn.select(".ow-districts path")]
    patterns = {f"url(#{pattern['id']})" for pattern in drawn.select("pattern")}
    assert len(patterns) == 2
    assert sum(fill in patterns for fill in fills) == 3
    legend = drawn.select_one(".ow-legend")
    assert {rect["fill"] for rect in legend.select("rect")} >= patterns
    for state in ("kept secret", "no data"):
        assert text(state, "de") in legend.get_text()


def legend_of(drawn):
    return [li.get_text(strip=True) for li in drawn.select(".ow-legend li")]


def fills_of(drawn):
    return [path["fill"] for path in drawn.select(".ow-districts path")]


def test_legend_names_the_classes_that_the_map_uses(release):
    drawn = soup(rate_map(release, language="en"))
    assert set(fills_of(drawn)) <= {
        *classes.COLOURS,
        *(f"url(#{pattern['id']})" for pattern in drawn.select("pattern")),
    }
    swatches = [rect["fill"] for rect in drawn.select(".ow-legend rect")]
    assert swatches[:5] == list(classes.COLOURS)
    assert re.fullmatch(r"\d+\.\d to \d+\.\d\u00a0%", legend_of(drawn)[0])


@pytest.mark.parametrize("classes_", ["quantiles", "equal", "fisher_jenks"])
def test_colours_mean_the_same_in_every_quarter(release, classes_):
    earlier, later = (
        soup(
            figures.district_map(
                release.districts,
                release.observations,
                "unemployed_share",
                period,
                catalogue=release.catalogue,
                classes=classes_,
            )
        )
        for period in ("2025-Q4", "2026-Q3")
    )
    assert legend_of(earlier) == legend_of(later)
    assert fills_of(earlier) != fills_of(later)


def test_own_breaks_are_the_classes_and_cover_what_lies_outside(release):
    drawn = soup(rate_map(release, language="en", breaks=[8, 12.55]))
    assert legend_of(drawn)[:3] == [*("up to 8.0\u00a0%", "8.1 to 12.5\u00a0%", "from 12.6\u00a0%")]
    values = release.observations.query(
        "indicator == 'unemployed_share' and area_level == 'district' and period == '2026-Q3'"
    ).set_index("area_id")["value"]
    swatches = [rect["fill"] for rect in drawn.select(".ow-legend rect")]
    for code, fill in zip(release.districts["district_id"], fills_of(drawn), strict=True):
        if values.get(code, np.nan) > 0:
            place = np.digitize(round(values[code], 1), [8.05, 12.55])
            assert fill == swatches[place]


def test_a_comparison_has_the_city_in_its_middle(release):
    drawn = soup(rate_map(release, language="en", compare="city"))
    city = release.observations.query(
        "indicator == 'unemployed_share' and area_level == 'city' and period == '2026-Q3'"
    )["value"].iloc[0]
    assert drawn.select_one(".ow-scale").get_text() == (
        f"Colours: difference to the city ({city:.1f}\u00a0%), in percentage points"
    )
    swatches = [rect["fill"] for rect in drawn.select(".ow-legend rect")][:5]
    middle = legend_of(drawn)[swatches.index(classes.DIVERGING[3])]
    assert re.fullmatch(r"−(\d\.\d) to \+\1: about as the city", middle)
    sides = {"above": 0, "below": 0}
    for path in drawn.select(".ow-districts path"):
        title = path.title.get_text()
        if found := re.search(r"([\d.]+)\u00a0% \(([+−]?)([\d.]+) to the city\)", title):
            difference = float(found[3]) * (-1 if found[2] == "−" else 1)
            assert difference == pytest.approx(float(found[1]) - round(city, 1))
            red, _, blue = (int(path["fill"][i : i + 2], 16) for i in (1, 3, 5))
            if abs(difference) > 3:
                assert (blue > red) == (difference > 0)
            if difference:
                sides["above" if difference > 0 else "below"] += 1
    said = drawn.select_one(".ow-words").get_text()
    assert f"Above the city: {sides['above']} of 9 districts" in said
    assert f"below it: {sides['below']}." in said


def without_city(release):
    here = release.observations
    is_city = (here["area_level"] == "city") & (here["period"] == "2026-Q3")
    hidden = here["value"].mask(is_city & (here["indicator"] == "unemployed_share"))
    return here.assign(value=hidden, conf_status=here["conf_status"].mask(is_city, "C"))


@pytest.mark.parametrize("is_there", [True, False])
def test_a_city_without_a_value_is_compared_with_nothing(release, is_there):
    given = without_city(release)
    if not is_there:
        given = given[given["area_level"] != "city"]
    drawn = figures.district_map(
        release.districts,
        given,
        "unemployed_share",
        "2026-Q3",
        catalogue=release.catalogue,
        language="en",
        compare="city",
    )
    assert soup(drawn).get_text() == (
        "Share of unemployed, Q3 2026: the city has no published value to compare the districts "
        "with."
    )


def residents(release, **more):
    return figures.district_map(
        release.districts,
        release.observations,
        "residents",
        "2025",
        catalogue=release.catalogue,
        language="en",
        **more,
    )


def test_a_count_in_colours_says_that_it_is_a_count(release):
    drawn = soup(residents(release, as_colour=True))
    assert drawn.select_one(".ow-scale").get_text().startswith("The colours show a count")
    assert set(fills_of(drawn)) == set(classes.COLOURS)
    assert not drawn.select(".ow-circles circle")
    assert soup(residents(release)).select_one(".ow-scale") is None


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"compare": "city"}, "residents is a count: that of a district is a part of the city's"),
        ({"breaks": [1000]}, "drawn as circles, which have no classes"),
        ({"compare": "land"}, "compare is 'land'"),
        ({"as_colour": True, "classes": "jenks"}, "no classes 'jenks'.*fisher_jenks"),
        ({"classes": "jenks"}, "no classes 'jenks'.*fisher_jenks"),
        ({"as_colour": True, "n_classes": 9}, "n_classes is 9. Choose 3 to 7"),
    ],
)
def test_what_makes_no_map_is_refused(release, more, fault):
    with pytest.raises(DataError, match=fault):
        residents(release, **more)


def test_the_line_may_follow_polygons_of_its_own(release, districts):
    area = districts.geometry[:1].centroid.buffer(700)
    by_shape = soup(residents(release, outline=area.to_crs("EPSG:4326")))
    by_code = soup(residents(release, outline=["00"]))
    lines = [drawn.select_one(".ow-map .ow-outline")["d"] for drawn in (by_shape, by_code)]
    assert lines[0]
    assert lines[0] != lines[1]
    assert "programme area" in legend_of(by_shape)


def test_counts_are_circles_and_say_so(release):
    drawn = soup(
        figures.district_map(
            release.districts,
            release.observations,
            "applications",
            "2026-Q3",
            catalogue=release.catalogue,
            breakdown="measure=kmu",
            language="en",
            parts=release.names("en"),
        )
    )
    fills = {path["fill"] for path in drawn.select(".ow-districts path")}
    assert not fills & set(classes.COLOURS)
    here = release.observations.query(
        "indicator == 'applications' and area_level == 'district' and period == '2026-Q3'"
    )
    assert len(drawn.select(".ow-circles circle")) == (here["value"] > 0).sum()
    assert "the area of a circle stands for the value" in drawn.select_one(".ow-when").get_text()
    assert drawn.h2.get_text() == "Applications – SME grants"


def test_map_is_for_those_who_do_not_see_it_too(release):
    drawn = soup(rate_map(release, language="en"))
    assert drawn.figure["lang"] == "en"
    assert drawn.svg["aria-label"] == "Share of unemployed, Q3 2026"
    assert all(path["role"] == "img" for path in drawn.select(".ow-districts path"))
    assert drawn.select_one(".ow-words").get_text().startswith("Highest: ")
    assert len(drawn.select("details table tbody tr")) == 12


def test_names_cannot_break_out_of_the_page(release):
    evil = '</title><script>alert("x")</script>'
    districts = release.districts.assign(name=evil)
    drawn = figures.district_map(
        districts,
        release.observations,
        "unemployed_share",
        "2026-Q3",
        catalogue=release.catalogue.assign(label_de=evil, definition_de=evil, source=evil),
    )
    assert "<script" not in drawn.html
    assert evil in BeautifulSoup(drawn.html, "html.parser").get_text()


def test_a_map_without_any_value_is_a_map(release):
    nothing = release.observations.assign(value=np.nan, obs_status="M", conf_status="F")
    drawn = soup(
        figures.district_map(
            release.districts,
            nothing,
            "unemployed_share",
            "2026-Q3",
            catalogue=release.catalogue,
        )
    )
    assert all("missing" in path["fill"] for path in drawn.select(".ow-districts path"))
