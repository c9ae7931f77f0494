"""Addresses against lists made by hand, spellings one by one, and Leipzig's real lists."""

import tomllib

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import check, load
from ostwerk_analysis.addresses import STEPS, Gazetteer, with_districts
from ostwerk_analysis.addresses.gazetteer import LONGEST_ADDRESS
from ostwerk_analysis.addresses.spelling import HouseNumbers, house_numbers, street_key

# ---- spellings ----

SAME_STREET = [
    ("Eisenbahnstraße", "Eisenbahnstrasse"),
    ("Eisenbahnstraße", "EISENBAHNSTRASSE"),
    ("Eisenbahnstraße", "EISENBAHNSTRAẞE"),
    ("Eisenbahnstraße", "Eisenbahnstr."),
    ("Eisenbahnstraße", "Eisenbahnstr"),
    ("Eisenbahnstraße", "Eisenbahn Str."),
    ("Lützner Straße", "Luetzner Strasse"),
    ("Lützner Straße", "Lu\u0308tzner Stra\u00dfe"),  # the umlaut in two characters
    ("Lützner Straße", "Lütznerstraße"),
    ("Lützner Straße", "  lützner   STR. "),
    ("Karl-Heine-Straße", "Karl Heine Str."),
    ("Karl-Heine-Straße", "Karl - Heine - Straße"),
    ("Dr.-Hermann-Duncker-Straße", "Doktor-Hermann-Duncker-Str."),
    ("Prof.-Dr.-Koch-Straße", "Professor Doktor Koch Straße"),
    ("Sankt-Georg-Platz", "St.-Georg-Platz"),
    ("Augustusplatz", "Augustuspl."),
    ("Torgauer Platz", "Torgauer Pl."),
    ("Große Fleischergasse", "Gr. Fleischergasse"),
    ("Kleine Gasse", "Kl. Gasse"),
    ("Etkar-André-Straße", "Etkar-Andre-Straße"),
    ("Straße des 18. Oktober", "Str. des 18.Oktober"),
    ("Verlängerte Max-Liebermann-Straße", "Verl. Max-Liebermann-Straße"),
    ("Wiesenweg", "Wiesenw."),
    ("Messe-Allee", "Messe Al."),
]
OTHER_STREET = [
    ("Lindenstraße", "Lindenallee"),
    ("Lindenstraße", "Lindenweg"),
    ("Straße 12", "Straße 13"),
    ("Platz der Freiheit", "Straße der Freiheit"),
    ("Marktstraße", "Markstraße"),
    ("Große Gasse", "Kleine Gasse"),
    ("Neue Straße", "Neustraße"),
    ("Am Ring", "Am Rain"),
]


@pytest.mark.parametrize(("one", "other"), SAME_STREET)
def test_spellings_of_a_street_share_a_key(one, other):
    assert street_key(one) == street_key(other)


@pytest.mark.parametrize(("one", "other"), OTHER_STREET)
def test_different_streets_have_different_keys(one, other):
    assert street_key(one) != street_key(other)


@given(st.text())
def test_a_key_is_its_own_key(name):
    assert street_key(street_key(name)) == street_key(name)


WORDS = st.lists(st.text("abdegiklmnortuvzäöüß", min_size=3, max_size=9), min_size=1, max_size=3)
STREETS = st.tuples(WORDS, st.sampled_from(["straße", " Straße", "-Platz", "weg", "-Allee"])).map(
    lambda parts: "-".join(parts[0]) + parts[1]
)


@given(STREETS)
def test_a_key_does_not_depend_on_case_blanks_or_the_writing_of_umlauts(name):
    two_letters = name.translate({228: "ae", 246: "oe", 252: "ue", 223: "ss"})
    for variant in (name.upper(), name.title(), f"  {name.replace('-', ' ')} ", two_letters):
        assert street_key(variant) == street_key(name)


# ---- house numbers ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", [(12, "", 12, "")]),
        ("12 a", [(12, "a", 12, "a")]),
        ("12A", [(12, "a", 12, "a")]),
        ("12-14", [(12, "", 14, "")]),
        ("12 – 14b", [(12, "", 14, "b")]),
        ("3/5", [(3, "", 3, ""), (5, "", 5, "")]),
        ("12, 12a", [(12, "", 12, ""), (12, "a", 12, "a")]),
        ("5 A - D", [(5, "a", 5, "d")]),
        ("1-F", [(1, "f", 1, "f")]),
        ("1A-9", [(1, "a", 9, "")]),
        ("15-", [(15, "", None, "")]),
        ("27 HH", [(27, "", 27, "")]),
        ("7c Hinterhaus", [(7, "", 7, "")]),
        ("67 / Tor 2", [(67, "", 67, "")]),
        ("30-32/39-43", [(30, "", 32, ""), (39, "", 43, "")]),
        ("12 1/2", [(12, "", 12, "")]),
        ("12½", [(12, "", 12, "")]),
        ("9.3", [(9, "", 9, "")]),
        ("Haus B", []),
    ],
)
def test_house_numbers_are_read(text, expected):
    assert house_numbers(text) == [HouseNumbers(*numbers) for numbers in expected]


# ---- addresses ----


def table(columns, *rows):
    """Make a list as loading gives it: text, with gaps."""
    names = [name.strip() for name in columns.split(",")]
    return pd.DataFrame(rows, columns=names).astype("str")


LISTS = {
    "addresses": table(
        "street, house_number, postcode, district_id",
        ("Marktstraße", "1", "10001", "01"),
        ("Marktstraße", "3a", "10001", "01"),
        ("Marktstraße", "3 b", "10001", "01"),
        ("Marktstraße", "40", "10001", "03"),
        ("Lange Straße", "12", "10001", "02"),
        ("Lange Straße", "40", "10002", "04"),
        ("Lange Straße", "18-22", "10002", "04"),
        ("Lange Straße", "30a", "10001", "02"),
        ("Lange Straße", "30b", "10001", "04"),
        ("Dorfstraße", "5", "10001", "02"),
        ("Dorfstraße", "5", "10002", "03"),
        ("Straße des 18. Oktober", "12", None, "02"),
        ("Bei der Mühle", "2", None, "03"),
        ("Q 7", "24", None, "04"),
    ),
    "street_sections": table(
        "street, postcode, house_numbers_odd, house_numbers_even, first_house_number, "
        "last_house_number, side, district_id",
        ("Lange Straße", None, "1-9", "2-14", None, None, None, "02"),
        ("Lange Straße", None, "9B-21", "16-", None, None, None, "04"),
        ("Ufergasse", None, "4-10", None, None, None, None, "02"),
        ("Ufergasse", None, None, None, "1", "19", "odd", "04"),
        ("Torweg", None, None, None, "1", "8", "both", "01"),
        ("Torweg", None, "9-14", None, None, None, None, "02"),
    ),
    "streets": table(
        "street, postcode, district_ids",
        ("Feldweg", None, "03"),
        ("Lange Straße", None, "02|04"),
        ("Am Alten Markt", None, "01"),
        ("Straße 12", None, "04"),
        ("Kirchweg", None, "01"),
        ("Kirchweg", None, "02"),
    ),
}


@pytest.fixture(scope="module")
def city():
    return Gazetteer(LISTS, ["Musterstadt", "Stadt Musterstadt"], ["Ufer", "Feld"])


def found(city, text):
    """Look one address up: district and step, or rule and what it expected."""
    one = city.find(pd.Series([text], dtype="str")).iloc[0]
    return (one["rule"], one["expected"]) if pd.notna(one["rule"]) else tuple(one.iloc[:2])


PLACED = [
    # the four steps
    ("Marktstraße 1, 10001 Musterstadt", "01", "address"),
    ("Lange Straße 20", "04", "address"),  # in 18-22
    ("Marktstraße 3", "01", "address_number"),  # 3a and 3b lie in one district
    ("Marktstraße 1c", "01", "address_number"),
    ("Lange Straße 7", "02", "street_section"),
    ("Lange Straße 9", "02", "street_section"),
    ("Lange Straße 9c", "04", "street_section"),  # between 9B and 21
    ("Lange Straße 9a", "02", "street_section"),  # before 9B, and 1-9 takes in 9a
    ("Lange Straße 900", "04", "street_section"),  # 16 and above
    ("Lange Straße 30", "04", "street_section"),  # 30a and 30b differ
    ("Ufergasse 5", "04", "street_section"),  # by the stated side
    ("Ufergasse 6", "02", "street_section"),
    ("Torweg 7", "01", "street_section"),  # both sides, as stated
    ("Torweg 12", "02", "street_section"),  # both sides, as 9 is odd and 14 even
    ("Feldweg 99", "03", "street"),
    ("Feldweg", "03", "street"),
    ("Feldweg o. Nr.", "03", "street"),
    ("Feldweg ohne Nummer", "03", "street"),
    # the postcode decides
    ("Dorfstr. 5, 10002 Musterstadt", "03", "address"),
    ("Dorfstr. 5, 10001", "02", "address"),
    # spellings of the whole
    ("MARKTSTR.1", "01", "address"),
    ("Marktstr. Nr. 1", "01", "address"),
    ("Marktstr. 3 A", "01", "address"),
    ("Marktstr. 1-3", "01", "address"),
    ("Marktstr. 1/3", "01", "address"),
    ("Marktstr. 1 und 3", "01", "address"),
    ("Marktstr. 1, 3", "01", "address"),
    ("Marktstr., 1", "01", "address"),
    ("Marktstr. 1 10001 Musterstadt", "01", "address"),
    ("10001 Musterstadt, Marktstr. 1", "01", "address"),
    ("10001 Musterstadt Marktstr. 1", "01", "address"),
    ("D-10001 Musterstadt, Marktstr. 1", "01", "address"),
    ("Musterstadt, Marktstr. 1", "01", "address"),
    ("Marktstr. 1, 10001 Musterstadt-Ufer", "01", "address"),
    ("Marktstr. 1, 10001 Musterstadt OT Feld", "01", "address"),
    ("Marktstr. 1, 10001 Ufer", "01", "address"),
    ("Marktstr. 1\n10001 Musterstadt\nDeutschland", "01", "address"),
    ("Marktstr. 1, Haus 3", "01", "address"),
    ("Marktstr. 1 Haus 3", "01", "address"),
    ("Marktstr. 1 HH", "01", "address"),
    ("Marktstr. 1, 2. OG links", "01", "address"),
    ("Marktstr. 1 (Hinterhaus)", "01", "address"),
    ("c/o Müller, Marktstr. 1", "01", "address"),
    ("Müller GmbH, Marktstr. 1", "01", "address"),
    ("Marktstr. 1 1/2", "01", "address"),
    # names that look like something else
    ("Straße des 18. Oktober 12", "02", "address"),
    ("Straße des 18. Oktober", "02", "street"),
    ("Am Alten Markt 3/5", "01", "street"),
    ("Straße 12", "04", "street"),
    ("Straße 12 5", "04", "street"),
    ("Bei der Mühle 2", "03", "address"),
    ("Q 7, 24", "04", "address"),
]


@pytest.mark.parametrize(("text", "district", "step"), PLACED)
def test_an_address_is_placed_by_the_surest_step(city, text, district, step):
    assert found(city, text) == (district, step)


NOT_PLACED = [
    ("Marktstrasse 99", "address_several", "01, 03"),
    ("Marktstrasse", "address_number", "01, 03"),
    ("Kirchweg 3", "address_several", "01, 02"),
    ("Dorfstraße 5", "address_several", "02, 03"),  # two streets of that name, no postcode
    ("Marktgasse 3", "address_street", "Marktstraße"),
    ("Dorfstr. 5, 10003 Musterstadt", "address_postcode", "10001, 10002"),
    ("Marktstr. 1, 20001 Anderstadt", "address_part", "Anderstadt"),
    ("Marktstr. 1, 10001 Anderstadt", "address_part", "Anderstadt"),
    ("Marktstr. 1, Anderstadt", "address_part", "Anderstadt"),
    ("Anderstadt, Marktstr. 1", "address_part", "Anderstadt"),
    ("Marktstr. 1, 20001", "address_part", "20001"),
    ("Marktstr. 1, 20001 Musterstadt (Westf.)", "address_part", "Musterstadt (Westf.)"),
    ("Haus 3", "address_unread", ""),
    ("Postfach 10 01 23, 10001 Musterstadt", "address_unread", ""),
    ("10001 Musterstadt", "address_unread", ""),
    ("12", "address_unread", ""),
    ("=1+2", "address_unread", ""),
    ("...", "address_unread", ""),
    ("", "address_unread", ""),
    ("<b>Marktstr. 1</b>", "address_street", "Straße 12"),
    ('=HYPERLINK("http://x";"Marktstr. 1")', "address_part", '"Marktstr. 1")'),
    ("Marktstr. 1 " + "x" * LONGEST_ADDRESS, "address_unread", ""),
]


@pytest.mark.parametrize(("text", "rule", "expected"), NOT_PLACED)
def test_an_address_that_cannot_be_placed_says_why(city, text, rule, expected):
    assert found(city, text) == (rule, expected)


def test_a_gap_is_no_address(city):
    result = city.find(pd.Series([None, "Feldweg 1"], index=[7, 3], dtype="str"))
    assert result.index.tolist() == [7, 3]
    assert result.loc[7, ["district_id", "placed_by", "rule"]].isna().all()
    assert result["entry"].tolist() == [-1, -1]


def test_an_address_gives_its_place_in_the_list(city):
    result = city.find(pd.Series(["Marktstr. 3b", "Marktstr. 3", "Lange Str. 7"], dtype="str"))
    assert result["entry"].tolist() == [2, 1, -1]  # 3b; the first of 3a and 3b; a section


def test_no_list_places_nothing():
    nothing = Gazetteer({}).find(pd.Series(["Marktstr. 1"], dtype="str"))
    assert nothing["rule"].tolist() == ["address_street"]


@settings(deadline=None)  # the first lookup takes longer
@given(st.lists(st.one_of(st.text(max_size=60), st.none()), max_size=4))
def test_any_text_is_placed_or_has_a_reason(city, texts):
    result = city.find(pd.Series(texts, dtype="str"))
    given = pd.Series(texts, dtype="str").notna()
    assert (result["district_id"].notna() ^ result["rule"].notna()).equals(given)


PIECES = [
    "Marktstr.",
    "1",
    "12 a",
    "10001",
    "Musterstadt",
    ",",
    "-",
    "/",
    "3",
    "\n",
    "Haus",
    "o. Nr.",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join))
def test_any_order_of_the_parts_of_an_address_is_placed_or_has_a_reason(city, text):
    result = city.find(pd.Series([text], dtype="str")).iloc[0]
    assert pd.notna(result["district_id"]) != pd.notna(result["rule"])
    assert pd.isna(result["placed_by"]) or result["placed_by"] in STEPS


def test_the_order_of_the_lists_changes_nothing(city):
    turned = {name: rows.iloc[::-1].reset_index(drop=True) for name, rows in LISTS.items()}
    texts = pd.Series([text for text, *_ in PLACED + NOT_PLACED], dtype="str")
    columns = ["district_id", "placed_by", "rule"]
    other = Gazetteer(turned, ["Musterstadt"], ["Ufer", "Feld"]).find(texts)
    pd.testing.assert_frame_equal(other[columns], city.find(texts)[columns])


def test_a_smaller_area_gives_the_district_that_begins_its_code():
    rows = table("district_id, subdistrict_id", (None, "0419"), ("02", "0419"), (None, "9"))
    districts = pd.DataFrame({"district_id": ["0", "04", "02"]})
    assert with_districts(rows, districts)["district_id"].fillna("").tolist() == ["04", "02", ""]


# ---- through loading ----


def businesses(folder, header, *rows):
    """Replace the businesses, and leave out what refers to them."""
    lines = [header, *rows]
    (folder / "businesses.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    programme = (folder / "programme.toml").read_text(encoding="utf-8")
    head, *sources = programme.split("[[sources]]")
    wanted = ("districts", "boroughs", "addresses", "street_sections", "streets", "businesses")
    kept = [s.partition("[[targets]]")[0] for s in sources if s.split('"')[1] in wanted]
    text = "[[sources]]".join([head, *kept])
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    tomllib.loads(text)
    return check(folder)


def test_businesses_are_placed_by_their_address(small_city):
    data = businesses(
        small_city,
        "business_id;address;district_id;lon;lat",
        '1;"Marktstr. 1, 10001 Musterstadt";;;',
        '2;"Lange Straße 7";;;',
        '3;"Marktstr. 1";01;;',
        '4;"Lange Straße 7";04;;',
        '5;"Marktstr. 1";;12.393797;51.345756',
        "6;;03;;",
    )
    assert data.faults.empty
    rows = data.businesses.set_index("business_id")
    assert rows["district_id"].tolist() == ["01", "02", "01", "04", "04", "03"]
    assert rows["placed_by"].tolist() == [
        *("address", "street_section", "address"),
        *("district", "point", "district"),
    ]
    assert rows.geometry.isna().tolist() == [False, True, False, True, False, True]
    assert rows.geometry["1"] == rows.geometry["3"] == data.addresses.geometry[0]
    assert rows.geometry["5"].distance(rows.geometry["1"]) > 1000  # the own point stays


def test_addresses_that_place_nothing_are_faults_of_businesses(small_city):
    data = businesses(
        small_city,
        "business_id;address;district_id",
        "1;Marktgasse 1;",
        "2;Lange Straße;",
        "3;Marktstr. 1;04",
        "4;;",
        "5;Feldweg 1;",
    )
    said = data.faults[["line", "column", "value", "rule", "expected"]].to_numpy().tolist()
    assert said == [
        [2, "address", "Marktgasse 1", "address_street", "Marktstraße"],
        [3, "address", "Lange Straße", "address_number", "02, 04"],
        [4, "district_id", "04", "address_elsewhere", "01"],
        [5, "district_id", "", "needs", "there is neither a point nor an address"],
    ]
    assert data.businesses["business_id"].tolist() == ["5"]


def test_street_and_number_may_stand_in_columns_of_their_own(small_city):
    data = businesses(
        small_city,
        "business_id;street;house_number;postcode;town",
        "1;Dorfstraße;5;10002;Musterstadt",
        "2;Dorfstraße;5;10001;Musterstadt",
        "3;Dorfstraße;5;10001;Anderstadt",
        "4;Dorfstraße;;;",
    )
    assert data.businesses["district_id"].tolist() == ["03", "02"]
    said = data.faults[["column", "value", "rule"]].to_numpy().tolist()
    assert said == [
        ["street and house_number", "Dorfstraße, 5", "address_part"],
        ["street and house_number", "Dorfstraße, ", "address_number"],
    ]


def test_a_site_that_its_address_does_not_place_is_accepted(small_city, change):
    change(small_city / "sites.csv", "opened_on,measure_id", "opened_on,measure_id,address")
    change(small_city / "sites.csv", "2024-01-01,initiative", "2024-01-01,initiative,")
    change(small_city / "sites.csv", "2024-03-01,initiative", "2024-03-01,initiative,Feldweg 9")
    text = (small_city / "sites.csv").read_text(encoding="utf-8")
    extra = "s3,Laden,werkstadt,,,2024-01-01,initiative,Feldweg 9\n"
    extra += "s4,Stand,werkstadt,,,2024-01-01,initiative,Nirgendweg 9\n"
    (small_city / "sites.csv").write_text(text + extra, encoding="utf-8")
    sites = load(small_city).sites
    assert sites["placed_by"].fillna("").tolist() == ["point", "point", "street", ""]
    assert sites["district_id"].fillna("").tolist() == ["01", "03", "03", ""]


def test_lists_with_unknown_districts_or_unreadable_numbers_are_set_aside(small_city):
    with (small_city / "addresses.csv").open("a", encoding="utf-8") as file:
        file.write("a9,Feldweg,o. Nr.,,,,03\na10,Feldweg,2,,,,\na11,Feldweg,3,,,,99\n")
    with (small_city / "streets.csv").open("a", encoding="utf-8") as file:
        file.write("Torweg,01|99\n")
    with (small_city / "street_sections.csv").open("a", encoding="utf-8") as file:
        file.write('Torweg,"1,90E-068",,,,,01,\nTorweg,,,,,,01,\nTorweg,1-9,,,,,,9901\n')
    faults = check(small_city).faults
    assert faults[["table", "column", "value", "rule"]].to_numpy().tolist() == [
        ["addresses", "house_number", "o. Nr.", "pattern"],
        ["addresses", "district_id", "", "needs"],
        ["addresses", "district_id", "99", "unknown"],
        ["street_sections", "house_numbers_odd", "1,90E-068", "pattern"],
        ["street_sections", "house_numbers_odd", "", "needs"],
        ["street_sections", "district_id", "", "needs"],
        ["streets", "district_ids", "01|99", "unknown"],
    ]


# ---- the real lists ----

REAL = """
id = "leipzig"
name = "Leipzig"
first_quarter = "2020-Q1"
crs = "EPSG:25833"
allow_outside = true

[city]
id = "leipzig"
name = "Leipzig"

[[sources]]
table = "districts"
path = "{real}/leipzig/ortsteile.json"
columns = {{ district_id = "OT", name = "Name" }}

[[sources]]
table = "addresses"
path = "{real}/addresses/leipzig_osm_addresses_2025.csv"
[sources.columns]
address_id = "osm_way_id"
house_number = "housenumber"
district_id = "ortsteil_code"

[[sources]]
table = "street_sections"
path = "{real}/addresses/strassenabschnitte_2014.csv"
[sources.columns]
street = "Straßenname"
house_numbers_odd = "ungerade Hausnummer"
house_numbers_even = "gerade Hausnummer"
subdistrict_id = "Wahlbezirk"

[[sources]]
table = "streets"
path = "{real}/addresses/strassen_ortsteile.csv"
columns = {{ street = "strasse", district_ids = "ortsteil_codes" }}

[[sources]]
table = "businesses"
path = "businesses.csv"
"""

LEIPZIG = [
    ("Eisenbahnstr. 12 a, 04315 Leipzig", "20", "address_number"),
    ("EISENBAHNSTRASSE 12, 04315 Leipzig-Neustadt", "20", "address"),
    ("Karl-Heine-Str.12b", "70", "address_number"),
    ("Markt 1, 04109 Leipzig", "00", "street_section"),  # no address is mapped in the centre
    ("Aachener Str. 99", "04", "street"),
]


@pytest.fixture(scope="module")
def leipzig(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("leipzig")
    text = REAL.format(real=real_data.resolve().as_posix())
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    rows = [f'{number};"{text}"' for number, (text, *_) in enumerate(LEIPZIG)]
    lines = ["business_id;address", *rows]
    (folder / "businesses.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return check(folder)


def test_real_lists_are_accepted_but_for_one_spoilt_cell(leipzig):
    assert leipzig.reads.set_index("table")["rows_read"].to_dict() == {
        **{"districts": 63, "addresses": 50_543, "street_sections": 4_436, "streets": 3_032},
        "businesses": len(LEIPZIG),
    }
    spoilt = leipzig.faults[leipzig.faults["table"] != "addresses"]
    assert spoilt[["value", "rule"]].to_numpy().tolist() == [["1,90E-068", "pattern"]]
    assert leipzig.obstacles() == []


def test_real_addresses_are_placed(leipzig):
    placed = leipzig.businesses[["district_id", "placed_by"]].to_numpy().tolist()
    assert placed == [list(rest) for _, *rest in LEIPZIG]
    assert isinstance(leipzig.businesses, gpd.GeoDataFrame)


def test_no_two_official_streets_share_a_key(leipzig):
    for name in ("streets", "street_sections"):
        names = pd.Series(leipzig.tables[name]["street"].unique())
        assert names.map(street_key).is_unique
    mapped = pd.Series(leipzig.addresses["street"].unique())
    shared = mapped[mapped.map(street_key).duplicated(keep=False)]
    # Nine streets are spelt in two ways by mappers, with blanks, hyphens or ss.
    assert len(shared) == 18
    assert shared.str.replace(r"[\s-]", "", regex=True).str.casefold().nunique() == 9


def test_nearly_every_real_address_finds_itself(leipzig):
    own = leipzig.addresses
    texts = (
        own["street"] + " " + own["house_number"] + ", " + own["postcode"].fillna("") + " Leipzig"
    )
    result = Gazetteer(leipzig.tables, ["Leipzig"]).find(texts)
    is_right = result["district_id"] == own["district_id"]
    assert (~is_right).sum() < 50  # garden colonies have streets of the same name
    assert (result["placed_by"] == "address").mean() > 0.999
