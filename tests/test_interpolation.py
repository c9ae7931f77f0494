"""Statistics of districts brought to another geometry."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import geo, interpolation
from ostwerk_analysis.faults import DataError

CRS = "EPSG:25833"
to_geometry = interpolation.to_geometry


def polygons(column, **shapes):
    return gpd.GeoDataFrame({column: list(shapes)}, geometry=list(shapes.values()), crs=CRS)


@pytest.fixture
def districts():
    """Two squares of 100 m beside each other."""
    return polygons("district_id", a=shapely.box(0, 0, 100, 100), b=shapely.box(100, 0, 200, 100))


VALUES = pd.DataFrame({"district_id": ["a", "b"], "residents": [1000, 500], "rate": [10.0, 40.0]})


def test_counts_are_shared_out_by_area_and_rates_are_averaged(districts):
    # A quarter of a and three quarters of b.
    area = polygons("area_id", x=shapely.box(75, 0, 175, 100))
    [row] = to_geometry(
        VALUES, districts, area, extensive=["residents"], intensive=["rate"]
    ).to_dict("records")
    assert row == pytest.approx(
        {"area_id": "x", "residents": 250 + 375, "rate": 0.25 * 10 + 0.75 * 40, "covered": 1}
    )


def test_points_share_out_where_people_live(districts):
    # Four addresses of a, one of them in the area; two of b, both in it.
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([10, 20, 30, 90, 110, 120], [50] * 6), crs=CRS
    )
    area = polygons("area_id", x=shapely.box(75, 0, 175, 100), y=shapely.box(0, 0, 75, 100))
    found = to_geometry(
        VALUES, districts, area, extensive=["residents"], intensive=["rate"], points=points
    ).set_index("area_id")
    assert found["residents"].to_dict() == {"x": 250 + 500, "y": 750}
    assert found["rate"].to_dict() == {"x": 30, "y": 10}  # of one point of 10 and two of 40
    weighted = to_geometry(
        VALUES, districts, area, extensive=["residents"],
        points=points.assign(weight=[1, 1, 1, 7, 1, 1]),
    ).set_index("area_id")  # fmt: skip
    assert weighted["residents"].to_dict() == {"x": 700 + 500, "y": 300}


@settings(max_examples=25)
@given(
    st.integers(1, 6), st.floats(0, 40), st.lists(st.integers(0, 10**6), min_size=4, max_size=4),
    st.booleans(),
)  # fmt: skip
def test_the_total_is_kept_and_a_constant_rate_stays_whatever_the_grid(
    cells, shift, counts, by_points
):
    boxes = [shapely.box(x, y, x + 100, y + 100) for x in (0, 100) for y in (0, 100)]
    source = polygons("district_id", **dict(zip("abcd", boxes, strict=True)))
    edges = np.linspace(0, 200, cells + 1)
    edges[1:-1] += shift / cells
    grid = {
        f"g{i}{j}": shapely.box(edges[i], edges[j], edges[i + 1], edges[j + 1])
        for i in range(cells)
        for j in range(cells)
    }
    values = pd.DataFrame({"district_id": list("abcd"), "n": counts, "rate": 7.5})
    x, y = np.meshgrid(np.arange(2.5, 200, 5), np.arange(2.5, 200, 5))
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x.ravel(), y.ravel()), crs=CRS)
    found = to_geometry(
        values, source, polygons("area_id", **grid), extensive=["n"], intensive=["rate"],
        points=points if by_points else None,
    )  # fmt: skip
    assert found["n"].sum() == pytest.approx(sum(counts))
    assert (found["n"] >= 0).all()
    assert found["rate"].to_numpy() == pytest.approx(7.5)


def test_a_target_that_the_source_does_not_cover_is_named_and_never_silently_low(districts):
    areas = polygons(
        "area_id", x=shapely.box(0, 0, 100, 100), y=shapely.box(150, 0, 250, 100),
        z=shapely.box(500, 0, 600, 100),
    )  # fmt: skip
    with pytest.raises(DataError, match=r"in the source: y \(50.0 %\), z \(0.0 %\)\."):
        to_geometry(VALUES, districts, areas, extensive=["residents"])
    found = to_geometry(VALUES, districts, areas, extensive=["residents"], is_partial=True)
    assert found["covered"].tolist() == [1, 0.5, 0]
    assert found["residents"].tolist()[:2] == [1000, 250]
    assert np.isnan(found["residents"].iloc[2])


@pytest.mark.parametrize("by_points", [False, True])
def test_a_gap_is_no_zero(districts, by_points):
    areas = polygons("area_id", x=shapely.box(0, 0, 50, 100), y=shapely.box(50, 0, 150, 100))
    values = VALUES.assign(residents=[1000, np.nan], rate=[10.0, np.nan])
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([10, 60, 120], [50] * 3), crs=CRS)
    found = to_geometry(
        values, districts, areas, extensive=["residents"], intensive=["rate"],
        points=points if by_points else None,
    ).set_index("area_id")  # fmt: skip
    assert found.loc["x", ["residents", "rate"]].tolist() == [500, 10]
    assert found.loc["y", ["residents", "rate"]].isna().all()
    # A district of which nothing at all is stated is a gap too.
    few = to_geometry(values[:1], districts, areas, extensive=["residents"], intensive=["rate"])
    assert few["residents"].isna().tolist() == [False, True]


def test_a_target_in_another_system_is_brought_to_that_of_the_source(districts):
    area = polygons("area_id", x=shapely.box(0, 0, 100, 100)).to_crs("EPSG:25832")
    found = to_geometry(VALUES, districts, area, extensive=["residents"], is_partial=True)
    assert found["residents"].item() == pytest.approx(1000, rel=1e-3)


def test_what_cannot_be_brought_over_is_refused_with_its_name(districts):
    area = polygons("area_id", x=shapely.box(0, 0, 150, 100))
    with pytest.raises(DataError, match="values of c, but no polygon"):
        to_geometry(VALUES.replace("b", "c"), districts, area, extensive=["residents"])
    with pytest.raises(DataError, match="district_id: a stands twice"):
        to_geometry(VALUES.replace("b", "a"), districts, area, extensive=["residents"])
    with pytest.raises(DataError, match="coordinate system of the source is EPSG:4326"):
        to_geometry(VALUES, districts.to_crs(4326), area, extensive=["residents"])
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([10], [50]), crs=CRS)
    with pytest.raises(DataError, match="No point lies in b"):
        to_geometry(VALUES, districts, area, extensive=["residents"], points=points)
    two = polygons("area_id", x=shapely.box(0, 0, 150, 100), y=shapely.box(100, 0, 200, 100))
    with pytest.raises(DataError, match="x, y overlap"):
        to_geometry(VALUES, districts, two, extensive=["residents"], points=points)


def test_addresses_of_leipzig_come_back_from_their_districts_counts(real_data):
    """Shared out by the addresses themselves, their counts are those in each cell of a grid."""
    read = gpd.read_file(real_data / "leipzig" / "ortsteile.json").to_crs(CRS)
    source = read[["OT", "geometry"]].rename(columns={"OT": "district_id"})
    table = pd.read_csv(real_data / "addresses" / "leipzig_osm_addresses_2025.csv", dtype="str")
    lon, lat = (pd.to_numeric(table[name]) for name in ("lon", "lat"))
    points = gpd.GeoDataFrame(geometry=geo.points(lon, lat, CRS))
    points = points[geo.locate(points.geometry, source).notna()]
    counted = geo.locate(points.geometry, source).value_counts()
    values = source[["district_id"]].assign(
        addresses=source["district_id"].map(counted).fillna(0.0)
    )
    left, bottom, _, _ = source.total_bounds
    column, row = ((points.geometry.x - left) // 1000), ((points.geometry.y - bottom) // 1000)
    by_hand = (column.astype(int).astype(str) + "-" + row.astype(int).astype(str)).value_counts()
    cells = {
        f"{i}-{j}": shapely.box(*(left + 1000 * i, bottom + 1000 * j),
                                *(left + 1000 * (i + 1), bottom + 1000 * (j + 1)))
        for i in range(30)
        for j in range(30)
    }  # fmt: skip
    grid = polygons("area_id", **cells)
    exact = to_geometry(values, source, grid, extensive=["addresses"], points=points)
    found = exact.set_index("area_id")["addresses"]
    assert found[found > 0].to_dict() == pytest.approx(by_hand.to_dict())
    by_area = to_geometry(values, source, grid, extensive=["addresses"], is_partial=True)
    assert by_area["addresses"].sum() == pytest.approx(len(points))
    assert len(points) > 50_000
    # By area far more addresses lie where nobody lives.
    missed = (by_area.set_index("area_id")["addresses"].fillna(0) - found).abs().sum()
    assert missed / 2 > len(points) / 3
