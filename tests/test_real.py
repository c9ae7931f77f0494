"""The real programme, end to end; its release against figures counted by hand.

"By hand" is plain Python below: the raw files are read with ``csv`` and ``json``, names compared
with ``==``, numbers added one by one. Nothing of the package and no library has a part in it.
"""

import csv
import json
import math
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from ostwerk_analysis import release

pytestmark = pytest.mark.real

PROGRAMME = Path(__file__).parent / "real" / "leipzig.toml"
EAST = {
    "10": "Schönefeld-Abtnaundorf",
    "20": "Neustadt-Neuschönefeld",
    "21": "Volkmarsdorf",
    "22": "Anger-Crottendorf",
    "23": "Sellerhausen-Stünz",
    "30": "Reudnitz-Thonberg",
}
YEARS = [str(year) for year in range(2000, 2023)]
CITY_COUNTY = "Leipzig, Kreisfreie Stadt"


@pytest.fixture(scope="module")
def published(real_data, command, tmp_path_factory):
    out = tmp_path_factory.mktemp("real")
    programme = PROGRAMME
    if real_data.resolve() != (PROGRAMME.parent / "../../../shared/data").resolve():
        text = PROGRAMME.read_text(encoding="utf-8")
        programme = out / "leipzig.toml"
        programme.write_text(text.replace("../../../shared/data", str(real_data)), encoding="utf-8")
    said = command("run", programme, "--quarter", "last", "--out", out, cwd=out)
    assert said.returncode == 0, said.stderr
    return release.open(out / "published")


def cells(published, indicator, area, breakdown=""):
    """Give an indicator of an area: period = value, without the missing ones."""
    rows = published.observations
    rows = rows[(rows["indicator"] == indicator) & (rows["area_id"] == area)]
    rows = rows[(rows["breakdown"] == breakdown) & (rows["obs_status"] != "M")]
    return dict(zip(rows["period"], rows["value"], strict=True))


def rows_of(file, encoding="utf-8-sig"):
    with file.open(encoding=encoding, newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def unemployed(real_data):
    """Name of the area = {year: unemployed}, without the zeros that stand for gaps."""
    return {
        row["Gebiet"]: {year: int(row[year]) for year in YEARS if row[year] != "0"}
        for row in rows_of(real_data / "leipzig" / "lis_arbeitslose.csv")
        if row["Sachmerkmal"] == "Arbeitslose insgesamt"
    }


def test_the_last_quarter_is_that_of_the_last_official_figures(published):
    assert (published.quarter, published.name) == ("2022-Q4", "2022-Q4")


# ---- unemployed ----


def test_volkmarsdorf_year_by_year(published, unemployed):
    assert (unemployed["Volkmarsdorf"]["2005"], unemployed["Volkmarsdorf"]["2022"]) == (1394, 1081)
    assert cells(published, "unemployed", "21") == unemployed["Volkmarsdorf"]


def test_every_district_year_by_year(published, unemployed, real_data):
    facts = rows_of(real_data / "leipzig" / "ortsteile_facts.csv")
    assert len(facts) == 63
    for row in facts:
        found = cells(published, "unemployed", row["ortsteil_code"])
        assert found == unemployed[row["ortsteil"]], row["ortsteil"]


def test_the_city_is_the_citys_own_row_and_no_sum(published, unemployed):
    found = cells(published, "unemployed", "leipzig")
    assert found == unemployed["Stadt Leipzig"]
    assert (found["2005"], found["2022"]) == (46_870, 21_324)
    districts = published.districts["district_id"]
    added = sum(cells(published, "unemployed", code)["2022"] for code in districts)
    assert found["2022"] > added  # some cases cannot be placed


def test_the_zeros_that_are_gaps_are_missing_and_the_release_says_so(published, unemployed):
    assert [(area, set(YEARS) - set(years)) for area, years in unemployed.items()] == [
        (area, {"2000"} if area in ("Stadt Leipzig", "Hartmannsdorf-Knautnaundorf") else set())
        for area in unemployed
    ]
    rows = published.observations
    rows = rows[(rows["indicator"] == "unemployed") & (rows["period"] == "2000")]
    statuses = dict(zip(rows["area_id"], rows["obs_status"], strict=True))
    assert (statuses["leipzig"], statuses["55"], statuses["21"]) == ("M", "M", "A")
    cells_of = published.corrections.set_index("id")["cells"].to_dict()
    assert cells_of == {
        "city-2000": 8,  # seven counts and the share
        "city-share-2002": 1,
        "hartmannsdorf-2000": 7,
        "hartmannsdorf-share": 6,
        "long-term": 74 * 4,
        "suppressed": (166 - 63) + (178 - 63),  # all zeros of the districts but the long-term ones
    }


def test_no_correction_is_idle_and_nothing_corrected_is_doubted_again(published):
    found = published.findings
    assert "idle_correction" not in set(found["rule"])
    zeros = found[found["rule"] == "missing_as_zero"]
    assert zeros.empty
    suppressed = found[found["rule"] == "suppressed_as_zero"]
    assert not suppressed["period"].isin(["2018", "2019"]).any()


def test_the_boroughs_are_the_citys_own_rows_too(published, unemployed, real_data):
    boroughs = json.loads((real_data / "leipzig" / "stadtbezirke.json").read_text("utf-8"))
    named = {one["properties"]["SBZ"]: one["properties"]["Name"] for one in boroughs["features"]}
    assert named["2"] == "Ost"
    for code, name in named.items():
        assert cells(published, "unemployed", code) == unemployed[name]


def test_the_programme_area_is_the_sum_of_its_districts(published, unemployed):
    found = cells(published, "unemployed", "leipziger-osten")
    assert found == {year: sum(unemployed[name][year] for name in EAST.values()) for year in YEARS}
    assert found["2022"] == 665 + 802 + 1081 + 561 + 412 + 774


def test_the_published_share_is_taken_over_with_its_decimal_comma(published, real_data):
    [row] = [
        row
        for row in rows_of(real_data / "leipzig" / "lis_arbeitslose.csv")
        if (row["Gebiet"], row["Sachmerkmal"]) == ("Volkmarsdorf", "Anteil an den Erwerbsfähigen")
    ]
    assert "," in row["2022"]
    found = cells(published, "unemployed_share_published", "21")
    assert found == {year: float(row[year].replace(",", ".")) for year in YEARS}


def test_a_share_has_no_sum_for_the_programme_area(published):
    assert cells(published, "unemployed_share_published", "leipziger-osten") == {}


# ---- craft businesses ----


@pytest.fixture(scope="module")
def craft(real_data):
    """Code of the district = {year: craft businesses}."""
    found = defaultdict(dict)
    for row in rows_of(real_data / "leipzig" / "handwerksbetriebe.csv"):
        if row["sachmerkmal"] == "Handwerksbetriebe insgesamt":
            found[row["ortsteil_code"]][row["jahr"]] = int(row["wert"])
    return found


def test_craft_businesses_of_every_district(published, craft):
    assert craft["51"]["2000"] == 152
    assert len(craft) == 63
    assert {code: cells(published, "craft_businesses", code) for code in craft} == craft


def test_craft_businesses_of_boroughs_and_city_are_sums_and_say_so(published, craft):
    by_borough, in_city = defaultdict(int), 0
    for code, years in craft.items():
        by_borough[code[0]] += years["2017"]  # the first digit of a district is its borough
        in_city += years["2017"]
    rows = published.observations
    rows = rows[(rows["indicator"] == "craft_businesses") & (rows["period"] == "2017")]
    boroughs = rows[rows["area_level"] == "borough"].set_index("area_id")["value"].to_dict()
    assert boroughs == by_borough
    [city] = rows[rows["area_level"] == "city"].to_dict("records")
    assert (city["value"], city["quality_note"]) == (in_city, "sum of districts")


# ---- operations ----


@pytest.fixture(scope="module")
def operations(real_data):
    """The distinct rows of the city; "Leipzig" is the county around it as well."""
    rows = rows_of(real_data / "operations" / "sachsen_esf_2014-2020.csv")
    assert len(rows) == 5748
    city = [tuple(row.items()) for row in rows if row["Landkreis"] == CITY_COUNTY]
    assert len(city) == 843
    return [dict(row) for row in dict.fromkeys(city)]


def cost(row):
    return Decimal(row["Gesamtbetrag der förderfähigen Ausgaben des Vorhabens"].replace(",", "."))


def test_distinct_operations_and_their_cost(published, operations):
    assert len(operations) == 832
    assert cells(published, "operations_to_date", "leipzig")["2022-Q4"] == 832
    total = sum(map(cost, operations))
    found = cells(published, "operations_cost_eur_to_date", "leipzig")["2022-Q4"]
    assert round(Decimal(found), 2) == total
    [reads] = published.reads[published.reads["table"] == "operations"].to_dict("records")
    assert (reads["rows_read"], reads["accepted"], reads["set_aside"]) == (5748, 832, 11)


def test_operations_by_the_year_and_kind_in_which_they_began(published, operations):
    counts, costs = defaultdict(int), defaultdict(Decimal)
    for row in operations:
        year = row["Datum des Beginns des Vorhabens"][-4:]
        kind = row["Bezeichnung der Interventionskategorie für das Vorhaben"]
        for breakdown in ("", f"intervention={kind}"):
            counts[breakdown, year] += 1
            costs[breakdown, year] += cost(row)
    assert counts["", "2016"] > 100
    for (breakdown, year), count in counts.items():
        assert cells(published, "operations", "leipzig", breakdown)[year] == count
        found = cells(published, "operations_cost_eur", "leipzig", breakdown)[year]
        assert round(Decimal(found), 2) == costs[breakdown, year]


def test_the_list_is_published_with_every_distinct_operation(published, operations):
    file = published.folder / "downloads" / "operations.de.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        listed = list(csv.DictReader(opened, delimiter=";"))
    assert len(listed) == 832
    total = sum(
        Decimal(row["Gesamtkosten des Vorhabens (EUR)"].replace(",", ".")) for row in listed
    )
    assert total == sum(map(cost, operations))
    assert {row["Bezeichnung des Vorhabens"].lstrip("'") for row in listed} == {
        row["Bezeichnung des Vorhabens"] for row in operations
    }


# ---- districts ----


def area_km2(rings):
    """Give the area of a polygon in longitude and latitude, on the ellipsoid GRS 80.

    Latitudes become authalic ones (Snyder 1987, Map Projections, eq. 3-11 and 3-12); the equal-area
    cylinder is then unrolled and the shoelace formula applied.
    """
    a, f = 6378.137, 1 / 298.257222101
    e = math.sqrt(f * (2 - f))

    def q(sine):
        return (1 - e * e) * (
            sine / (1 - e * e * sine * sine) - math.log((1 - e * sine) / (1 + e * sine)) / (2 * e)
        )

    total = 0.0
    for number, ring in enumerate(rings):
        flat = [(math.radians(x), q(math.sin(math.radians(y))) / 2) for x, y, *_ in ring]
        twice = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(flat))
        total += abs(twice) / 2 * a * a * (1 if number == 0 else -1)
    return total


def test_there_are_63_districts_of_297_81_square_kilometres(published, real_data):
    features = json.loads((real_data / "leipzig" / "ortsteile.json").read_text("utf-8"))["features"]
    by_hand = {}
    for feature in features:
        shape = feature["geometry"]
        polygons = (
            shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        )
        by_hand[feature["properties"]["OT"]] = sum(map(area_km2, polygons))
    districts = published.districts.set_index("district_id")
    found = (districts.area / 1e6).to_dict()
    assert len(found) == 63
    assert found.keys() == by_hand.keys()
    assert sum(found.values()) == pytest.approx(297.81, abs=0.005)
    for code, area in found.items():
        assert area == pytest.approx(by_hand[code], rel=1e-3)  # the scale of the projection
    assert districts["name"]["21"] == "Volkmarsdorf"
    assert (districts["borough_id"] == districts.index.str[0]).all()
    assert districts.crs == "EPSG:25833"


# ---- the release as a whole ----


def test_official_figures_are_not_suppressed(published):
    assert set(published.observations["conf_status"]) == {"F"}


def test_where_the_files_lie_is_not_published(published, real_data):
    text = (published.folder / "manifest.json").read_text(encoding="utf-8")
    assert "shared" not in text
    assert str(real_data.parent) not in text
    assert "lis_arbeitslose.csv" in text
