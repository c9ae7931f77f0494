import math

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from ostwerk_analysis import catchments, load
from ostwerk_analysis.faults import DataError

CRS = "EPSG:25833"
EAST, NORTH = 317_000.0, 5_690_000.0
TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def square(size_m=4000, code="01", east=EAST, north=NORTH):
    box = shapely.box(east, north, east + size_m, north + size_m)
    return gpd.GeoDataFrame({"district_id": [code]}, geometry=[box], crs=CRS)


def sites(**at):
    """Give sites at metres from the corner: ``sites(s1=(500, 500))``."""
    points = [shapely.Point(EAST + x, NORTH + y) for x, y in at.values()]
    return gpd.GeoDataFrame({"site_id": list(at)}, geometry=points, crs=CRS)


def walking(nodes, edges):
    """Make a network of nodes at metres from the corner and of edges with their lengths."""
    lon, lat = TO_DEGREES.transform(
        [EAST + x for x, _ in nodes.values()], [NORTH + y for _, y in nodes.values()]
    )
    table = pd.DataFrame({"node_id": list(nodes), "lon": lon, "lat": lat})
    drawn = pd.DataFrame(edges, columns=["from_id", "to_id", "length_m"])
    return catchments.network(drawn, table, CRS)


def at(*metres):
    return np.array(metres, dtype=float) + np.array([EAST, NORTH])


def shares(found, within_m, is_open=None):
    """Give the share of each district within reach of each site, and of any."""
    codes, number = np.unique(found.places["district_id"], return_inverse=True)
    is_open = np.ones(found.metres.shape[1], dtype=bool) if is_open is None else is_open
    is_in = catchments.catchment(found.metres, np.array(is_open), within_m)
    return catchments.district_shares(number, found.places["share"].to_numpy(), is_in, len(codes))


@pytest.mark.parametrize("radius_m", [500, 1000])
@pytest.mark.parametrize("centre", [(2000, 2000), (2003.7, 1991.2)])
def test_a_circle_inside_a_square_district_has_its_share_of_the_area(radius_m, centre):
    found = catchments.measured(sites(s1=centre), square())
    by_site, by_any = shares(found, radius_m)
    assert by_site[0, 0] == by_any[0]
    assert by_any[0] == pytest.approx(math.pi * radius_m**2 / 4000**2, rel=0.01)


def test_a_circle_over_a_corner_of_four_districts_gives_a_quarter_to_each():
    four = pd.concat(
        square(2000, f"{x}{y}", EAST + 2000 * x, NORTH + 2000 * y) for x in (0, 1) for y in (0, 1)
    )
    found = catchments.measured(sites(s1=(2000, 2000)), four.reset_index(drop=True))
    by_site, _ = shares(found, 500)
    assert by_site[:, 0] == pytest.approx([math.pi * 250_000 / 4 / 4e6] * 4, rel=0.01)


def test_where_two_circles_overlap_counts_once_for_all_sites_together():
    # Two circles of radius r, a distance of r apart, share r² (2π/3 - √3/2).
    found = catchments.measured(sites(s1=(1500, 2000), s2=(2500, 2000)), square())
    by_site, by_any = shares(found, 1000)
    lens = (2 * math.pi / 3 - math.sqrt(3) / 2) / 16
    assert by_site[0] == pytest.approx([math.pi / 16] * 2, rel=0.01)
    assert by_any[0] == pytest.approx(2 * math.pi / 16 - lens, rel=0.01)


def test_a_place_at_just_the_distance_is_within_it():
    reach = catchments.reach(sites(s1=(0, 0)))
    metres = catchments.distances(at((300, 400), (300, 400.001)), reach)
    assert metres[0, 0] == 500
    is_in = catchments.catchment(metres, np.array([True]), 500)
    assert is_in[:, 0].tolist() == [True, False]


def test_of_two_sites_equally_near_the_one_with_the_lower_code_has_the_place():
    reach = catchments.reach(sites(s2=(0, 0), s1=(1000, 0)))
    metres = catchments.distances(at((500, 70)), reach)
    is_in = catchments.catchment(metres, np.array([True, True]), None)
    assert dict(zip(reach.sites["site_id"], is_in[0], strict=True)) == {"s1": True, "s2": False}


def test_a_closed_site_has_no_catchment_and_its_places_go_to_the_next():
    found = catchments.measured(sites(s1=(1000, 2000), s2=(3000, 2000)), square())
    halves, _ = shares(found, None)
    assert halves[0] == pytest.approx([0.5, 0.5])
    one, all_of_it = shares(found, None, [True, False])
    assert (one[0].tolist(), all_of_it.tolist()) == ([1.0, 0.0], [1.0])
    assert shares(found, 500, [False, False])[1].tolist() == [0.0]


POINTS = st.tuples(st.integers(-500, 4500), st.integers(-500, 4500))


@given(st.lists(POINTS, min_size=1, max_size=6, unique=True), st.integers(50, 3000))
def test_catchments_by_nearest_site_divide_the_city_and_those_within_a_distance_cover_it(
    where, within_m
):
    divided = catchments.places(square(), grid_m=200)
    reach = catchments.reach(sites(**{f"s{n}": point for n, point in enumerate(where)}))
    found = catchments.Catchments(
        reach, divided, catchments.distances(divided[["x", "y"]].to_numpy(), reach)
    )
    by_site, by_any = shares(found, None)
    assert by_any.tolist() == [1.0]
    assert by_site.sum() == pytest.approx(1)
    within, any_within = shares(found, within_m)
    assert within.max() <= any_within[0] <= min(1, within.sum() + 1e-9)
    assert any_within[0] <= shares(found, within_m + 100)[1][0]


def test_every_district_is_divided_wholly_even_one_between_the_points_of_the_grid():
    tiny = square(3, "02", EAST + 4001, NORTH)
    both = pd.concat([square(), tiny], ignore_index=True)
    divided = catchments.places(both)
    assert divided.groupby("district_id")["share"].sum().to_dict() == pytest.approx(
        {"01": 1, "02": 1}
    )
    assert (divided["district_id"] == "02").sum() == 1


def test_a_district_with_enough_addresses_is_spread_over_them_and_no_other():
    many = [shapely.Point(EAST + 10 * n, NORTH + 100) for n in range(60)]
    few = [shapely.Point(EAST + 4100 + n, NORTH + 100) for n in range(49)]
    addresses = gpd.GeoDataFrame(
        {"district_id": ["01"] * 61 + ["02"] * 49}, geometry=[*many, None, *few], crs=CRS
    )
    both = pd.concat([square(), square(4000, "02", EAST + 4000)], ignore_index=True)
    found = catchments.measured(sites(s1=(0, 100)), both, addresses)
    assert found.places.groupby("district_id")["is_address"].all().to_dict() == {
        "01": True,
        "02": False,
    }
    # 51 of 60 addresses, at 0, 10 … 500 m; those without a point count for nothing.
    assert shares(found, 500)[1].tolist() == [51 / 60, 0]


RIVER = {"a": (0, 0), "b": (400, 0), "c": (400, 300), "d": (0, 300), "bridge": (1000, 150)}
PATHS = [("a", "b", 400), ("c", "d", 400), ("b", "bridge", 620), ("bridge", "c", 620)]


def test_a_river_without_a_bridge_nearby_halves_what_can_be_reached():
    # South and north of a river are 300 m apart, and 400 + 620 + 620 + 400 m on foot.
    net = walking(RIVER, PATHS)
    reach = catchments.reach(sites(s1=(0, 0)), net)
    homes = at((400, 0), (400, 300), (0, 300))
    assert catchments.distances(homes, reach)[:, 0] == pytest.approx([400, 1640, 2040], abs=0.01)
    straight = catchments.distances(homes, catchments.reach(sites(s1=(0, 0))))
    is_in = catchments.catchment(straight, np.array([True]), 500)
    assert is_in[:, 0].tolist() == [True, True, True]
    on_foot = catchments.catchment(catchments.distances(homes, reach), np.array([True]), 500)
    assert on_foot[:, 0].tolist() == [True, False, False]


def test_what_no_path_leads_to_cannot_be_reached_and_is_in_nobodys_catchment():
    net = walking(RIVER, PATHS[:2])
    reach = catchments.reach(sites(s1=(0, 0)), net)
    metres = catchments.distances(at((400, 0), (400, 300)), reach)
    assert metres[:, 0] == pytest.approx([400, np.inf], abs=0.01)
    assert not catchments.catchment(metres, np.array([True]), None)[1].any()


def test_the_way_to_the_nearest_node_counts_and_has_a_limit():
    net = walking(RIVER, PATHS)
    reach = catchments.reach(sites(s1=(0, -100)), net)
    metres = catchments.distances(at((400, -50), (400, -201)), reach)
    assert metres[:, 0] == pytest.approx([100 + 400 + 50, np.inf], abs=0.01)


def test_a_place_that_is_not_known_is_neither_near_nor_far():
    for net in (None, walking(RIVER, PATHS)):
        reach = catchments.reach(sites(s1=(0, 0)), net)
        metres = catchments.distances(np.array([[np.nan, np.nan]]), reach)
        assert np.isnan(metres).all()
        assert not catchments.catchment(metres, np.array([True]), None).any()


def test_a_site_far_from_the_network_is_refused_by_name():
    with pytest.raises(DataError, match=r"s2 lie more than 200 m from the nearest node .* \(700 m"):
        catchments.reach(sites(s1=(0, 0), s2=(0, -700)), walking(RIVER, PATHS))


def test_a_site_without_a_point_is_left_out():
    known = sites(s1=(0, 0), s2=(10, 10))
    known.loc[1, "geometry"] = None
    assert catchments.reach(known).sites["site_id"].tolist() == ["s1"]


def test_of_parallel_edges_the_shortest_is_walked_and_loops_lead_nowhere():
    net = walking(RIVER, [("a", "b", 900), ("b", "a", 400), ("a", "b", 500), ("a", "a", 50)])
    assert net.graph.edges[0, 1]["length_m"] == 400
    assert catchments.reach(sites(s1=(0, 0)), net).node_m[:, 0] == pytest.approx([0, 400], abs=0.01)


def test_coordinates_may_stand_in_the_edges():
    lon, lat = TO_DEGREES.transform([EAST, EAST + 400], [NORTH, NORTH])
    edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "length_m": [410.0]}).assign(
        from_lon=lon[0], from_lat=lat[0], to_lon=lon[1], to_lat=lat[1]
    )
    assert catchments.network(edges, None, CRS).xy == pytest.approx(at((0, 0), (400, 0)), abs=0.01)
    with pytest.raises(DataError, match="nodes b have no coordinates"):
        catchments.network(edges.assign(to_lon=np.nan), None, CRS)


def test_lengths_that_are_not_in_metres_are_refused():
    with pytest.raises(DataError, match=r"4 of 4 edges are shorter .* Give length_m in metres"):
        walking(RIVER, [(a, b, length / 1000) for a, b, length in PATHS])


@given(st.integers(0, 2**32 - 1))
def test_walking_is_never_shorter_than_flying_and_agrees_with_the_shortest_path(seed):
    rng = np.random.default_rng(seed)
    nodes = {f"n{i}": tuple(rng.uniform(0, 2000, 2)) for i in range(12)}
    pairs = [(f"n{i}", f"n{j}") for i, j in rng.integers(0, 12, (20, 2)) if i != j]
    lengths = [math.dist(nodes[a], nodes[b]) * rng.uniform(1, 2) for a, b in pairs]
    net = walking(nodes, [(a, b, m) for (a, b), m in zip(pairs, lengths, strict=True)])
    there = {code for pair in pairs for code in pair}
    start = min(there)
    reach = catchments.reach(sites(s1=nodes[start]), net, snap_limit_m=1)
    homes = sorted(there)
    walked = catchments.distances(at(*(nodes[code] for code in homes)), reach)[:, 0]
    flown = catchments.distances(
        at(*(nodes[code] for code in homes)), catchments.reach(sites(s1=nodes[start]))
    )[:, 0]
    assert (walked >= flown - 0.1).all()
    graph = nx.Graph()
    for (a, b), m in zip(pairs, lengths, strict=True):
        if not graph.has_edge(a, b) or m < graph.edges[a, b]["weight"]:
            graph.add_edge(a, b, weight=m)
    for code, metres in zip(homes, walked, strict=True):
        if nx.has_path(graph, start, code):
            assert metres == pytest.approx(nx.dijkstra_path_length(graph, start, code), abs=0.05)
        else:
            assert metres == np.inf


def test_outlines_are_circles_or_what_the_paths_reach():
    circle = catchments.outlines(catchments.reach(sites(s1=(0, 0))), 500)["s1"]
    assert circle.area == pytest.approx(math.pi * 500**2, rel=0.002)
    reach = catchments.reach(sites(s1=(0, 0)), walking(RIVER, PATHS))
    walked = catchments.outlines(reach, 500)["s1"]
    _, _, right, top = walked.bounds
    assert right - EAST == pytest.approx(400 + 600 * 100 / 620, abs=0.5)  # 100 m on to the bridge
    assert top - NORTH < 40  # nothing north of the river
    assert circle.area > walked.area


def test_leipzig_is_divided_and_its_totals_are_kept(real_data, tmp_path):
    districts = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(CRS)
    districts = districts.rename(columns={"OT": "district_id"})[["district_id", "geometry"]]
    east = gpd.points_from_xy([12.3988, 12.4116, 12.4354], [51.3440, 51.3450, 51.3457], crs=4326)
    three = gpd.GeoDataFrame({"site_id": ["W1", "W2", "K1"]}, geometry=east).to_crs(CRS)
    found = catchments.measured(three, districts)
    _, by_any = shares(found, None)
    assert len(by_any) == 63
    assert (by_any == 1).all()
    # The same by cutting polygons: area of each district in the union of the circles.
    codes = np.unique(found.places["district_id"])
    union = three.geometry.buffer(1000, quad_segs=64).union_all()
    cut = districts.set_index("district_id").geometry.loc[codes]
    exact = cut.intersection(union).area / cut.area
    _, near = shares(found, 1000)
    assert near == pytest.approx(exact.to_numpy(), abs=0.005)
    area = cut.area.to_numpy()
    assert near @ area == pytest.approx(union.area, rel=0.005)


def test_the_demo_has_no_network_and_measures_straight_lines():
    from ostwerk_analysis.pipeline.recipe import demo_programme

    data = load(demo_programme())
    assert data.catchments.reach.network is None
    assert data.catchments is data.catchments
    assert data.catchments.metres.shape == (len(data.catchments.places), len(data.sites))
