import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import spatial
from ostwerk_analysis.tiles import placed

CELL = ["tile_column", "tile_row", "tile_layout"]


def boxes(corners):
    """Make districts of a kilometre's side at the given corners, in metres."""
    return gpd.GeoDataFrame(
        {
            "district_id": [f"{i:02d}" for i in range(len(corners))],
            "name": [f"Viertel {i}" for i in range(len(corners))],
        },
        geometry=[shapely.box(x, y, x + 1000, y + 1000) for x, y in corners],
        crs="EPSG:25833",
    )


def neighbours_kept(districts):
    """Measure the share of pairs with a common border whose cells touch, as the columns say."""
    cells = placed(districts).set_index("district_id")
    is_pointed = (cells["tile_layout"] == "odd-r").all()
    along, across = CELL[:2] if is_pointed else CELL[1::-1]
    x = cells[along] + cells[across] % 2 / 2
    y = cells[across] * np.sqrt(3) / 2
    pairs = spatial.neighbours(districts, 1).dropna(subset="neighbour_id")
    one, other = pairs["district_id"], pairs["neighbour_id"]
    far = np.hypot(x[one].to_numpy() - x[other].to_numpy(), y[one].to_numpy() - y[other].to_numpy())
    return float((far < 1.1).mean())


places = st.tuples(st.integers(0, 9_000), st.integers(0, 9_000))


@settings(max_examples=15, deadline=None)
@given(st.lists(places, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_every_district_has_one_cell_whatever_the_order_of_the_rows(corners, random):
    districts = boxes(corners)
    cells = placed(districts)
    assert not cells.duplicated(CELL).any()
    assert cells["tile_layout"].nunique() == 1
    order = random.sample(range(len(districts)), len(districts))
    again = placed(districts.iloc[order]).sort_index()
    pd.testing.assert_frame_equal(again[CELL], cells[CELL])


def test_four_districts_about_a_point_keep_the_neighbours_that_hexagons_can_have():
    assert neighbours_kept(boxes([(0, 0), (1000, 0), (0, 1000), (1000, 1000)])) == 1


@pytest.mark.real
def test_four_of_five_neighbours_stay_neighbours_in_a_real_city(real_data):
    districts = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(25833)
    assert neighbours_kept(districts.rename(columns={"OT": "district_id"})) >= 0.8
