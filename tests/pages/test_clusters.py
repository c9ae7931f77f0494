"""Clusters, smoothed rates and what an area lives on: drawn, said, and told apart from chance."""

import html
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from ostwerk_analysis import figures, indicators, rates, regional
from ostwerk_analysis.figures.clusters import KINDS
from ostwerk_analysis.figures.smoothed import counted

CATALOGUE = indicators.catalogue()
SIDE = 8
AREAS = {"osten": "The east", "stadt": "The city"}


def words(figure):
    text = html.unescape(re.sub(r"<[^>]*>", " ", figure.html)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).strip()


@pytest.fixture(scope="module")
def board():
    """A chessboard of 64 districts."""
    places = [(x, y) for y in range(SIDE) for x in range(SIDE)]
    return gpd.GeoDataFrame(
        {
            "district_id": [f"{x}{y}" for x, y in places],
            "name": [f"District {x}{y}" for x, y in places],
        },
        geometry=[
            shapely.box(1000 * x, 1000 * y, 1000 * x + 1000, 1000 * y + 1000) for x, y in places
        ],
        crs="EPSG:25833",
    )


def observed(indicator, values, **more):
    rows = pd.DataFrame({"area_id": list(values), "value": list(values.values())})
    fixed = {
        "indicator": indicator, "area_level": "district", "period": "2026-Q3", "breakdown": "",
        "obs_status": "A", "conf_status": "F", "quality_note": "", "n_units": pd.NA,
    }  # fmt: skip
    return rows.assign(**fixed | more)


def mapped(board, values, language="en", **more):
    return figures.cluster_map(
        board,
        observed("unemployed_share_published", values),
        "unemployed_share_published",
        "2026-Q3",
        seed=1,
        catalogue=CATALOGUE,
        language=language,
        **more,
    )


def corner(board, high=20.0, low=5.0):
    """High values in the nine districts of one corner."""
    return {code: high if max(map(int, code)) < 3 else low for code in board["district_id"]}


def test_a_corner_of_high_values_is_a_cluster_with_colour_and_mark(board):
    figure = mapped(board, corner(board), outline=["00", "11", "77"])
    said = words(figure)
    assert "districts resemble their neighbours more than chance explains." in said
    assert re.search(r"High among high: District 00, .*District 11", said)
    assert "Of the 3 districts of the programme area, 2 lie high among high." in said
    _, mark, colour, _ = KINDS["HH"]
    # one in the legend for each on the map: the map can be read by either
    assert figure.html.count(f">{mark}</text>") == figure.html.count(f'fill="{colour}"') > 4
    assert "<title>District 11: High among high</title>" in figure.html
    assert "<title>District 77: No pattern</title>" in figure.html


@pytest.mark.parametrize(
    ("own", "expected"),
    [(["77"], "none lies high among high"), (["11", "77"], "one lies high among high")],
)
def test_districts_of_the_area_in_a_cluster_are_counted_in_the_singular_too(board, own, expected):
    assert expected in words(mapped(board, corner(board), outline=own))


def test_stripes_differ_from_their_neighbours_and_islands_have_none(board):
    row = board.iloc[:12].assign(
        geometry=[shapely.box(1000 * n, 0, 1000 * n + 1000, 1000) for n in range(12)]
    )
    values = {code: 5.0 + 10 * (n % 2) for n, code in enumerate(row["district_id"])}
    assert "districts differ from their neighbours more than chance" in words(mapped(row, values))
    islands = row.assign(geometry=row.geometry.buffer(-1, join_style="mitre"))
    assert words(mapped(islands, values)).startswith("0 districts have a value and a neighbour")


def test_chance_is_said_to_be_chance(board):
    draw = np.random.default_rng(4)
    said = words(
        mapped(board, dict(zip(board["district_id"], draw.normal(10, 2, 64), strict=True)))
    )
    assert "chance could have made the pattern" in said
    assert "No district stands out once all are tested together" in said


def test_a_secret_and_a_missing_district_are_left_out_and_drawn_as_such(board):
    rows = observed("unemployed_share_published", corner(board))
    rows.loc[rows["area_id"] == "77", ["value", "conf_status"]] = [np.nan, "C"]
    rows = rows[rows["area_id"] != "76"]
    figure = figures.cluster_map(
        board, rows, "unemployed_share_published", "2026-Q3", seed=1, catalogue=CATALOGUE,
        language="de",
    )  # fmt: skip
    assert "<title>District 77: geheim gehalten</title>" in figure.html
    assert "<title>District 76: keine Angabe</title>" in figure.html
    assert "2 Ortsteile bleiben außer Betracht" in words(figure)


def test_the_same_seed_draws_the_same_map(board):
    assert mapped(board, corner(board)).html == mapped(board, corner(board)).html


# ---- smoothed rates ----


@pytest.fixture(scope="module")
def shares():
    """Districts of 100 to 10,000 residents of working age, and the city."""
    whole = {"a": 100, "b": 1000, "c": 10_000, "d": 5000}
    count = {"a": 20, "b": 50, "c": 800, "d": 0}
    share = {code: 100 * count[code] / whole[code] for code in whole}
    city = observed("unemployed_share", {"stadt": 100 * 870 / 16_100}, area_level="city")
    return pd.concat(
        [
            observed("unemployed", count),
            observed("residents_working_age", whole, period="2025"),
            observed("unemployed_share", share),
            city,
        ]
    )


def smoothed(observations, language="en", **more):
    names = {"a": "Aue", "b": "Berg", "c": "Chor", "d": "Dorf"}
    return figures.smoothed_rates(
        observations, "unemployed_share", "2026-Q3", "stadt", names, catalogue=CATALOGUE,
        language=language, **more,
    )  # fmt: skip


def test_what_a_rate_is_of_follows_from_it_and_of_nothing_is_looked_up(shares):
    declared = CATALOGUE.set_index("indicator", drop=False).loc["unemployed_share"]
    table = counted(shares, declared, "2026-Q3")
    assert table["population"].round(6).to_dict() == {"a": 100, "b": 1000, "c": 10_000, "d": 5000}


def test_the_smallest_district_is_moved_most_and_keeps_its_raw_rate_beside(shares):
    said = words(smoothed(shares))
    expected = rates.smoothed(
        pd.Series({"a": 20, "b": 50, "c": 800, "d": 0}),
        pd.Series({"a": 100, "b": 1000, "c": 10_000, "d": 5000}),
        per=100,
    ).set_index("district_id")["smoothed_rate"]
    assert (
        f"Smoothing changes Aue most: from 20.0 % to {expected['a']:.1f} %, as only 20 were "
        "counted there." in said
    )
    assert f"Aue 20.0, smoothed {expected['a']:.1f} %" in said
    # Wilson for 20 of 100: 13.3 to 28.9 % (Newcombe 1998); the city's 5.4 % lies outside
    assert "13.3 to 28.9 %" in said
    assert "In one of 4 districts the interval holds the city's rate, 5.4 %" in said


def test_only_the_districts_asked_for_are_drawn_and_all_are_in_the_table(shares):
    html_of = smoothed(shares, drawn=["a", "b"]).html
    assert html_of.count('<svg class="ow-bar"') == 2
    assert html_of.count('<th scope="row">') == 4


def test_a_published_rate_has_no_parts_to_smooth(board):
    rows = observed("unemployed_share_published", corner(board))
    figure = figures.smoothed_rates(
        rows, "unemployed_share_published", "2026-Q3", "stadt", {}, catalogue=CATALOGUE,
        language="de",
    )  # fmt: skip
    assert "wurden für Ortsteile nicht erhoben" in words(figure)


# ---- what the area lives on ----


def mix(cells, level="programme", area="osten", period="2026-Q3"):
    return pd.concat(
        [
            observed(
                "businesses", {area: value}, area_level=level, breakdown=f"section={code}",
                period=period,
            )
            for code, value in cells.items()
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def branches():
    """30 and 10 of 40 in the area; 40 and 60 of 100 in the city."""
    return pd.concat([mix({"C": 30, "G": 10}), mix({"C": 40, "G": 60}, "city", "stadt")])


def test_location_quotients_are_those_of_the_shares(branches):
    figure = figures.location_quotients(
        branches, "businesses", "2026-Q3", "osten", "stadt", AREAS, catalogue=CATALOGUE,
        language="en",
    )  # fmt: skip
    said = words(figure)
    # 75 % instead of 40 %, and 25 % instead of 60 %; the difference of shares is 35 points
    assert "Manufacturing 1.88" in said
    assert "repair of motor vehicles 0.42" in said
    assert "most of Manufacturing (75.0 % instead of 40.0 %)" in said
    assert "35.0 % would have to be of another branch" in said
    assert "Krugman: 0.70" in said
    assert "1.6 of equal size (Herfindahl: 0.625)" in said


def test_a_branch_that_is_secret_or_unknown_is_left_out_and_counted(branches):
    own, city = mix({"F": np.nan, "unknown": 4}), mix({"F": 9, "unknown": 8}, "city", "stadt")
    figure = figures.location_quotients(
        pd.concat([branches, own, city]), "businesses", "2026-Q3", "osten", "stadt", AREAS,
        catalogue=CATALOGUE, language="de",
    )  # fmt: skip
    said = words(figure)
    assert "Verarbeitendes Gewerbe 1,88" in said
    assert "2 Branchen bleiben außer Betracht" in said


def test_shift_share_adds_up_to_the_change(branches):
    before = pd.concat(
        [
            mix({"C": 20, "G": 10}, period="2020-Q1"),
            mix({"C": 40, "G": 40}, "city", "stadt", "2020-Q1"),
        ]
    )
    figure = figures.shift_share(
        pd.concat([branches, before]), "businesses", "2020-Q1", "2026-Q3", "osten", "stadt", AREAS,
        catalogue=CATALOGUE, language="en",
    )  # fmt: skip
    # the city grows by a quarter, C by nothing and G by half:
    # 30 · 0.25 = 7.5; 20 · -0.25 + 10 · 0.25 = -2.5; 30 - 20 and 10 - 15 = 5
    said = words(figure)
    assert "From Q1 2020 to Q3 2026: 30 to 40." in said
    assert "changed by 7.5; its branches make −2.5 of it, and 5.0 is its own" in said
    assert "They add up to 10." in said


def test_inequality_is_said_of_each_count_and_what_cannot_be_is_explained():
    rows = pd.concat(
        [
            observed("residents", {"a": 100, "b": 100, "c": 200}),
            observed("unemployed", {"a": 10, "b": 10, "c": 0}),
            observed("businesses", {"a": 0, "b": 0, "c": 0}),
        ]
    )
    figure = figures.concentration(
        rows, ["unemployed", "businesses"], "2026-Q3", ["a", "b"], catalogue=CATALOGUE,
        language="en",
    )  # fmt: skip
    said = words(figure)
    gini = regional.inequality(
        pd.Series({"a": 0.1, "b": 0.1, "c": 0.0}), pd.Series({"a": 100, "b": 100, "c": 200})
    )["gini"].iloc[0]
    assert gini == pytest.approx(0.5)  # half of the people have all of it
    assert "Unemployed: Gini 0.50. 100 % of the inequality lies between" in said
    assert "Enterprises: There is nothing to spread" in said


def test_what_a_city_does_not_observe_has_no_inequality():
    rows = pd.concat(
        [observed("residents", {"a": 100, "b": 100}), observed("unemployed", {"a": 10, "b": 20})]
    )
    given = {"catalogue": CATALOGUE, "language": "en"}
    told = (rows, ["unemployed", "businesses"], "2026-Q3", ["a"])
    assert "Enterprises" not in words(figures.concentration(*told, **given))


def test_an_area_is_not_held_against_itself(branches):
    for figure in (
        figures.location_quotients(
            branches, "businesses", "2026-Q3", "stadt", "stadt", AREAS, catalogue=CATALOGUE
        ),
        figures.shift_share(
            branches, "businesses", "2020-Q1", "2026-Q3", "stadt", "stadt", AREAS,
            catalogue=CATALOGUE,
        ),
    ):  # fmt: skip
        assert words(figure).startswith("Es ist kein Gebiet angegeben")


def test_whether_a_pattern_depends_on_borders_is_asked_of_enterprises_that_are_open(small_data):
    observations = indicators.compute(small_data, "2025Q2", ["businesses", "statistics"])
    figure = figures.enterprise_robustness(
        small_data, observations, "2025-Q2", seed=1, language="en"
    )
    said = words(figure)
    assert "does the pattern depend on the borders?" in said
    assert "this is an independent check" in said
    assert "Districts 4 1.00" in said  # four districts of a square kilometre
    nothing = observations[observations["indicator"] != "businesses_per_1000_residents"]
    without = figures.enterprise_robustness(small_data, nothing, "2025-Q2", seed=1, language="en")
    assert words(without).startswith("Enterprise density: not observed.")


def test_the_legend_has_what_the_map_shows_and_no_more(board):
    figure = mapped(board, corner(board), outline=["00"])
    legend = figure.html[figure.html.index('<ul class="ow-legend">') :].split("</ul>")[0]
    assert "High among high" in legend
    assert "No pattern" in legend
    for absent in ("High among low", "kept secret", "no data", "No neighbour"):
        assert absent not in legend
