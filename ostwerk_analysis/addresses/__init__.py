"""From an address to its district, by the city's lists of addresses, street sections and streets.

An address is tried against the lists in :data:`STEPS`, the surest first. What no step can place is
set aside with the reason. Each place says by which step it was found, since the steps are not
equally sure; ``docs/addresses.md`` has how sure each is, as measured.
"""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from ..programme import Programme
from .gazetteer import LISTS, STEPS, Gazetteer, district_ids

__all__ = ["LISTS", "STEPS", "Gazetteer", "district_ids", "place", "with_districts"]

_QUARTERS = ("districts", "boroughs")
"""Tables whose names may stand in an address instead of the city's."""


def with_districts(table: pd.DataFrame, districts: pd.DataFrame) -> pd.DataFrame:
    """Give rows of a list without a district the one whose code begins their smaller area's.

    Parameters
    ----------
    table : DataFrame, n rows
        With ``district_id`` and ``subdistrict_id``.
    districts : DataFrame
        With ``district_id``.
    """
    stated, part = table["district_id"], table["subdistrict_id"]
    codes = sorted(districts["district_id"], key=len, reverse=True)
    of = {
        area: next((code for code in codes if area.startswith(code)), None)
        for area in part[stated.isna()].dropna().unique()
    }
    return table.assign(district_id=stated.fillna(part.map(of).astype("str")))


def place(
    rows: gpd.GeoDataFrame, name: str, tables: Mapping[str, pd.DataFrame], programme: Programme
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Give sites or businesses without a point what their address says, and say how it was found.

    A district that the row states stays; an exact address in another one is a fault. The point of
    an address becomes the row's geometry, and never replaces one.

    Parameters
    ----------
    rows : GeoDataFrame, n rows
        Sites or businesses; ``district_id`` is filled where there is a point.
    name : {"sites", "businesses"}
        A business needs a district, a site does not.

    Returns
    -------
    rows : GeoDataFrame, n rows
        With ``placed_by``: ``point``, ``district`` (the row states it) or one of :data:`STEPS`.
    faults : DataFrame
        ``row``, ``column``, ``rule`` and ``expected`` of each that is not, or wrongly, placed.
    """
    stated, has_point = rows["district_id"], rows.geometry.notna()
    placed_by = stated.mask(stated.notna(), "district").mask(stated.notna() & has_point, "point")
    texts, columns = _written(rows[~has_point])  # of a million rows with points, none
    asked = texts.dropna()
    lists = {table: tables[table] for table in LISTS if table in tables and len(asked)}
    asked = asked if lists else asked.iloc[:0]
    quarters = pd.concat([tables[other]["name"] for other in _QUARTERS if other in tables])
    city = programme.city
    found = Gazetteer(lists, (city.name, *city.aliases), quarters.unique()).find(asked)
    is_stated, is_exact = stated[asked.index].notna(), found["placed_by"] == "address"
    differs = is_stated & is_exact & (found["district_id"] != stated[asked.index])
    used = found[found["placed_by"].notna() & (~is_stated | (is_exact & ~differs))]
    wrong = found[differs]
    bad = [_faults(wrong, "district_id", "address_elsewhere", wrong["district_id"])]
    if name == "businesses":
        lost = found[~is_stated & found["rule"].notna()]
        nowhere = rows[~has_point & stated.isna() & ~rows.index.isin(asked.index)]
        bad += [
            _faults(lost, columns[lost.index], lost["rule"], lost["expected"]),
            _faults(nowhere, "district_id", "needs", "there is neither a point nor an address"),
        ]
    placed_by[used.index] = used["placed_by"]
    rows = rows.assign(district_id=stated.fillna(used["district_id"]), placed_by=placed_by)
    if "geometry" in lists.get("addresses", ()):
        at = used[used["entry"] >= 0]
        points = lists["addresses"].geometry.iloc[at["entry"]].set_axis(at.index)
        rows = rows.set_geometry(rows.geometry.fillna(points))
    return rows, pd.concat(bad, ignore_index=True)


def _faults(rows: pd.DataFrame, column: object, rule: object, expected: object) -> pd.DataFrame:
    """Say of rows that they break a rule; what is no text differs from row to row."""
    said = {"row": rows.index, "column": column, "rule": rule, "expected": expected}
    return pd.DataFrame(said, index=rows.index)


def _written(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Write each row's address on one line, and name the columns that it comes from."""
    street = rows["street"].astype("str") + " " + rows["house_number"].fillna("").astype("str")
    text = street.fillna(rows["address"]).astype("str")
    town = rows["postcode"].fillna("").astype("str") + " " + rows["town"].fillna("")
    town = town.astype("str").str.strip()
    columns = pd.Series("address", rows.index, dtype="str")
    columns = columns.mask(street.notna(), "street and house_number")
    return text.mask(town != "", text + ", " + town), columns
