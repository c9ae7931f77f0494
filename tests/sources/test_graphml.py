import networkx as nx
import pytest
from pyproj import Transformer

import ostwerk_analysis as ow
from ostwerk_analysis import catchments
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read

CRS = "EPSG:25833"
NODES = {
    "11": (317_500.0, 5_690_500.0),
    "12": (317_500.0, 5_691_500.0),
    "13": (317_900.0, 5_690_500.0),
}
EDGES = [("11", "12", "1026.315"), ("12", "11", "1026.315"), ("11", "13", "412.125")]
SOURCES = """
[[sources]]
table = "network_nodes"
path = "walk.graphml"

[[sources]]
table = "network_edges"
path = "walk.graphml"

[[sources]]
table = "sites"
"""


def osmnx_like(path, in_degrees=True, **graph):
    """Write a network as OSMnx does: a directed multigraph, every attribute a text."""
    made = nx.MultiDiGraph(**({"crs": "epsg:4326" if in_degrees else "epsg:25833"} | graph))
    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    for code, (x, y) in NODES.items():
        x, y = to_degrees.transform(x, y) if in_degrees else (x, y)
        made.add_node(code, x=str(x), y=str(y), street_count="3")
    for start, end, length in EDGES:
        shape = "LINESTRING (12.1 51.3, 12.2 51.3)"
        made.add_edge(start, end, osmid="7", length=length, highway="footway", geometry=shape)
    made.add_edge("12", "13", length="99999", highway="motorway")
    nx.write_graphml(made, path)
    return path


def source(table, **given):
    return Source(table=table, path="walk.graphml", **given)


@pytest.mark.parametrize("in_degrees", [True, False])
def test_nodes_and_edges_of_one_file_fill_two_tables(tmp_path, in_degrees):
    path = osmnx_like(tmp_path / "walk.graphml", in_degrees)
    nodes = read(source("network_nodes"), path).frame
    assert nodes["node_id"].tolist() == ["11", "12", "13"]
    x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(
        nodes["lon"].astype(float), nodes["lat"].astype(float)
    )
    assert list(zip(x.round(2), y.round(2), strict=True)) == list(NODES.values())
    edges = read(source("network_edges"), path).frame
    assert edges[["from_id", "to_id", "edge_key"]].to_numpy().tolist() == [
        ["11", "12", "0"],
        ["11", "13", "0"],
        ["12", "11", "0"],
        ["12", "13", "0"],
    ]
    assert "geometry" not in edges
    assert (edges["_line"].diff().dropna() > 0).all()


def test_a_length_with_three_decimals_is_no_thousand(tmp_path):
    path = osmnx_like(tmp_path / "walk.graphml")
    edges = read(source("network_edges"), path).frame
    assert edges["length_m"].tolist() == ["1026.315", "412.1250", "1026.315", "99999"]


def test_edges_are_picked_by_an_attribute_of_the_file(tmp_path):
    path = osmnx_like(tmp_path / "walk.graphml")
    raw = read(source("network_edges", where={"highway": ["footway"]}), path)
    assert (len(raw.frame), raw.rows_skipped, raw.rows_read) == (3, 1, 4)


def test_a_city_with_a_network_is_measured_along_it(small_city, change):
    osmnx_like(small_city / "walk.graphml")
    text = (small_city / "programme.toml").read_text()
    (small_city / "programme.toml").write_text(
        text.replace('[[sources]]\ntable = "sites"\n', SOURCES.lstrip()).replace(
            'table = "network_edges"\npath = "walk.graphml"\n',
            'table = "network_edges"\npath = "walk.graphml"\nwhere = { highway = ["footway"] }\n',
        )
    )
    data = ow.load(small_city)
    assert (len(data.network_nodes), len(data.network_edges)) == (3, 3)
    again = ow.load(data.save(small_city / "snapshot"))
    for one in (data, again):
        reach = one.catchments.reach
        metres = catchments.distances(catchments.coordinates(reach.sites.geometry), reach)
        # From one site to the other along the path, of 1,000 m in a straight line.
        assert metres[0, 1] == pytest.approx(1026.3, abs=1)
    observed = ow.indicators.compute(data, "2024Q4", ["catchments"])
    near = observed[observed["indicator"] == "businesses_within_1000m"]
    assert set(near["quality_note"]) == {"by a walking network"}
    spread = observed[observed["indicator"] == "residents_within_500m"]
    assert set(spread["quality_note"]) == {"by a walking network; spread evenly over each district"}


BOMB = """<?xml version="1.0"?>
<!DOCTYPE graphml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml><graph><node id="&b;"/></graph></graphml>"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "no plain GraphML: it begins otherwise, or declares a document type"),
        ("<kml><node id='1'/></kml>", "no plain GraphML"),
        ("<graphml><graph><node id='1'></graph></graphml>", "cannot be read: mismatched tag"),
        ("<graphml><graph></graph></graphml>", "the network has no node"),
        ("x,y", "cannot be read"),
    ],
)
def test_what_is_no_plain_graphml_is_refused(tmp_path, text, said):
    path = tmp_path / "walk.graphml"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read(source("network_nodes"), path)


def test_a_network_fills_no_other_table(tmp_path):
    path = osmnx_like(tmp_path / "walk.graphml")
    with pytest.raises(DataError, match="fills the tables network_nodes and network_edges only"):
        read(source("contacts"), path)


def test_metres_without_a_coordinate_system_are_refused_and_may_be_stated(tmp_path):
    path = osmnx_like(tmp_path / "walk.graphml", in_degrees=False, crs="")
    with pytest.raises(DataError, match="does not say in which coordinate system"):
        read(source("network_nodes"), path)
    stated = read(source("network_nodes", crs=CRS), path).frame
    assert float(stated["lon"][0]) == pytest.approx(12.379, abs=0.01)
    with pytest.raises(DataError, match="coordinate system 'moon' is not known"):
        read(source("network_nodes", crs="moon"), path)


def test_a_node_without_coordinates_is_set_aside_with_its_line(small_city):
    text = osmnx_like(small_city / "walk.graphml").read_text()
    start = text.index('<node id="13"')
    end = text.index("</node>", start)
    (small_city / "walk.graphml").write_text(text[:start] + '<node id="13">' + text[end:])
    toml = small_city / "programme.toml"
    toml.write_text(toml.read_text().replace('[[sources]]\ntable = "sites"\n', SOURCES.lstrip()))
    faults = ow.check(small_city).faults
    assert set(faults.loc[faults["table"] == "network_nodes", "column"]) == {"lon", "lat"}
    assert set(faults["line"]) > {text[:start].count("\n") + 1}
    dangling = faults[faults["table"] == "network_edges"]
    assert set(dangling["value"]) == {"13"}
