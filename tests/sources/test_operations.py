import csv
import io
import re
import shutil
from contextlib import suppress

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostwerk_analysis import check
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import read
from ostwerk_analysis.sources.marks import to_date, to_number
from ostwerk_analysis.sources.operations import content_codes

HEADER = "Name des Begünstigten;Bezeichnung des Vorhabens;Datum des Beginns des Vorhabens;Landkreis"


@pytest.fixture
def read_text(tmp_path):
    def read_it(text, **stated):
        file = tmp_path / "list.csv"
        file.write_text(text, encoding="utf-8")
        return read(
            Source(table="operations", path="list.csv", format="operations", **stated), file
        )

    return read_it


def test_columns_are_found_by_their_german_names(read_text):
    raw = read_text(f"{HEADER};Land\nA GmbH;Kurs;01.02.2016;Leipzig;D\n", constants={"fund": "ESF"})
    row = raw.frame.iloc[0]
    assert row[["beneficiary", "name", "started_on", "county", "fund", "Land"]].tolist() == [
        "A GmbH",
        "Kurs",
        "01.02.2016",
        "Leipzig",
        "ESF",
        "D",
    ]
    assert len(row["code"]) == 16


def test_header_below_a_title_is_found(read_text):
    raw = read_text(f"Liste der Vorhaben;;;\nStand: 31.12.2020;;;\n\n{HEADER}\nA;Kurs;;x\n")
    assert raw.frame["_line"].tolist() == [5]
    assert raw.frame["beneficiary"].tolist() == ["A"]


def test_header_below_line_15_is_not_searched_for(read_text):
    text = "Titel;;;\n" * 15 + f"{HEADER}\nA;Kurs;;x\n"
    with pytest.raises(DataError):
        read_text(text)
    assert read_text(text, header_line=16).frame["name"].tolist() == ["Kurs"]


def test_stated_columns_win_over_known_names(read_text):
    raw = read_text(
        f"{HEADER};Titel\nA;Kurs;;x;Titel 1\n", columns={"name": "Titel", "code": "Landkreis"}
    )
    assert raw.frame[["name", "code"]].to_numpy().tolist() == [["Titel 1", "x"]]


def test_unknown_list_is_refused(read_text):
    with pytest.raises(DataError, match="no column name of a list of operations"):
        read_text("Betrieb;Sache\nA;B\n")
    raw = read_text("Betrieb;Sache\nA;B\n", columns={"beneficiary": "Betrieb", "name": "Sache"})
    assert raw.frame["beneficiary"].tolist() == ["A"]


def test_errors_count_in_columns_of_a_workbook_that_are_found_by_another_spelling(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Liste der Vorhaben"])
    book.active.append(["NAME DES BEGÜNSTIGTEN*", "Bezeichnung des Vorhabens / Name", "Notiz"])
    book.active.append(["A GmbH", "Kurs", "#NAME?"])  # a column of which the table knows nothing
    book.active.append(["#NAME?", "Kurs", None])
    book.save(tmp_path / "list.xlsx")
    raw = read(
        Source(table="operations", path="list.xlsx", format="operations"), tmp_path / "list.xlsx"
    )
    assert raw.frame["beneficiary"].tolist() == ["A GmbH"]
    assert raw.faults[["line", "column", "value", "rule"]].to_numpy().tolist() == [
        [4, "NAME DES BEGÜNSTIGTEN*", "#NAME?", "formula_error"]
    ]


def test_rows_that_are_the_same_share_a_code(read_text):
    raw = read_text(f"{HEADER}\nA;Kurs;;x\nB;Kurs;;x\nA;Kurs;;x\n")
    first, second, third = raw.frame["code"]
    assert first == third != second


ROWS = st.lists(st.lists(st.text(max_size=3) | st.none(), min_size=3, max_size=3), min_size=1)


@given(ROWS)
def test_code_depends_on_content_only(cells):
    frame = pd.DataFrame(cells, columns=["a", "b", "c"], dtype="str")
    codes = content_codes(frame)
    assert codes.tolist() == content_codes(frame[["c", "a", "b"]]).tolist()
    assert codes[::-1].tolist() == content_codes(frame[::-1]).tolist()
    assert codes.nunique() == len(frame.fillna("").drop_duplicates())


def test_code_by_hand():
    # printf 'a\x1f1\x1eb\x1f' | sha256sum
    frame = pd.DataFrame({"b": [None], "a": ["1"]}, dtype="str")
    assert content_codes(frame).tolist() == ["551ace9f6577d189"]


@pytest.mark.real
def test_saxon_list(real_data):
    file = "operations/sachsen_esf_2014-2020.csv"
    source = Source(table="operations", path=file, format="operations")
    frame = read(source, real_data / file).frame
    assert len(frame) == 5_748
    assert frame["code"].duplicated().sum() == 65
    assert (frame["county"] == "Leipzig, Kreisfreie Stadt").sum() == 843
    cost, bad = to_number(frame["total_cost_eur"])
    assert not bad.any()
    assert cost.iloc[2] == 1580.38
    for column in ("started_on", "ends_on"):
        _, bad = to_date(frame[column])
        assert not bad.any()


@pytest.mark.real
def test_saxon_list_of_the_city(real_data):
    file = "operations/sachsen_esf_2014-2020.csv"
    where = {"Landkreis": ["Leipzig, Kreisfreie Stadt"]}
    source = Source(table="operations", path=file, format="operations", where=where)
    raw = read(source, real_data / file)
    assert (len(raw.frame), raw.rows_skipped, raw.rows_read) == (843, 4_905, 5_748)
    assert raw.frame["location"].unique().tolist() == ["Leipzig, Stadt"]


# Headers as lists of the Länder have them: names of columns are facts, the rows are made up.
HEADERS = {
    "Baden-Württemberg, ERDF 2014-2020": (
        "Name des Begünstigten (Nennung ausschließlich von juristischen Personen)",
        "Bezeichnung des Vorhabens",
        "Zusammenfassung des Vorhabens",
        "Datum des Beginns des Vorhabens",
        "Datum des Endes des Vorhabens (voraussichtliches Datum des Abschlusses)",
        "Gesamtbetrag der förderfähigen Ausgaben des Vorhabens",
        "Unions-Kofinanzierungssatz pro Prioritätsachse",
        "Postleitzahl des Vorhabens oder andere angemessene Standortindikatoren",
        "Bezeichnung der Interventionskategorie für das Vorhaben gemäß Artikel 96 Absatz 2",
    ),
    "Bayern, ESF 2014-2020": (
        "Name des Begünstigten beneficiary name",
        "Bezeichnung des Vorhabens operation name",
        "Zusammenfassung des Vorhabens operation summary",
        "Datum des Beginns des Vorhabens operation start date",
        "Datum des Endes des Vorhabens operation end date",
        "Gesamtbetrag der förderfähigen Aus-gaben des Vorhabens in € total eligible expenditure",
        "Unions-Kofinanzie-rungssatz Union co-financing rate",
        "PLZ operation postcode",
        "Interventions- bereich Intervention field",
    ),
    "Brandenburg, ERDF 2014-2020": (
        "Name des Begünstigten",
        "Bezeichnung des Vorhabens / Zusammenfassung des Vorhabens",
        "",
        "Beginns des Vorhabens",
        "",
        "Gesamtbetrag der förderfähigen Ausgaben des Vorhabens  ",
        "Unions-Kofinan-zierungssatz  pro Prioritäts-achse ",
        "",
        "Bezeichnung der Interventionskategorie",
    ),
    "Bremen, ERDF 2014-2020": (
        "Name des Begünstigten -  beneficiary name",
        "Bezeichnung des Vorhabens - operation name",
        "Zusammenfassung des Vorhabens - operation summary",
        "Beginn des Vorhabens - operation start date",
        "Ende des Vorhabens  - operation end date",
        "Gesamtbetrag der förderfähigen Ausgaben des Vorhabens - total eligible expenditure",
        "Unions-Kofinanzierungssatz pro Prioritätsachse - Union co-financing rate",
        "Postleitzahl des Vorhabens - operation postcode",
        "Bezeichnung der Interventionskategorie-  name of category of intervention",
    ),
    "Mecklenburg-Vorpommern, ESF 2014-2020": (
        "Name des Begünstigten",
        "BEZEICHNUNG",
        "ZUSAMMENFASSUNG",
        "BEGINN",
        "ENDE",
        "GESAMTBETRAG 1)",
        "",
        "PLZ",
        "Interventionskategorie",
    ),
    "Niedersachsen, ESF 2014-2020": (
        "Name des Begünstigten",
        "Bezeichnung\ndes Vorhabens",
        "Zusammenfassung des Vorhabens",
        "Datum des\nBeginns des\nVorhabens",
        "Datum des\nEndes des\nVorhabens",
        "Gesamtbetrag der\nförderfähigen Ausgaben des\nVorhabens in €",
        "Unions-\nKofinan-\nzierungssatz",
        "PLZ",
        "Interventionsbereich",
    ),
    "Rheinland-Pfalz, ERDF 2014-2020": (
        "Name des Begünstigten (beneficiary name, nom du bénéfictiaire)",
        "Bezeichnung des Vorhabens (operation name, nom de l'opération)",
        "Zusammenfassung des Vorhabens (operation summary, résumé de l'opération)",
        "Datum des Beginns des Vorhabens (operation start date, date de début)",
        "Datum des Endes des Vorhabens (operation end date, date de fin)",
        "Gesamtbetrag der förderfähigen Ausgaben des Vorhabens in € (total eligible expenditure)",
        "Unions-Kofinanzierungssatz (Union co-financing rate, taux de cofinancement)",
        "Postleitzahl (operation postcode, code postal de l'opération;)",
        "Bezeichnung der Interventionskategorie (name of category of intervention)",
    ),
    "Saarland, ESF 2014-2020": (
        "Name des Begünstigten/ beneficiary name",
        "Bezeichnung/Zusammenf. d. Vorhabens/ operation name",
        "",
        "Projektbeginn/ operation start date",
        "Projektende/",
        "Gesamtbetrag der förderfähigen Ausgaben/ ",
        "Kofinanzierungssatz Prio-Achse in %/",
        "",
        "Interventionsbereich",
    ),
    "Sachsen, ERDF 2014-2020": (
        "1. Name des Begünstigten",
        "2. Bezeichnung des Vorhabens",
        "3. Zusammenfassung des Vorhabens",
        "4. Datum des Beginns des Vorhabens",
        "5. Datum des Endes des Vorhabens",
        "6. Gesamtbetrag der förderfähigen Ausgaben des Vorhabens",
        "7. Unions-Kofinanzierungssatz pro Prioritätsachse",
        "",
        "11. Bezeichnung der Interventionskategorie für das Vorhaben",
    ),
    "Schleswig-Holstein, ERDF 2014-2020": (
        "Name des Begünstigten",
        "Bezeichnung des Vorhabens ",
        "Zusammenfassung des Vorhabens",
        "Beginn des Vorhabens",
        "Ende des Vorhabens",
        "Gesambetrag der förderfähigen Ausgaben des Vorhabens",
        "Unions-Kofinan-zierungs-satz pro Prioritäts-achse",
        "Postleit-zahl des Vor-habens",
        "Bezeichnung der Interventions-kategorie",
    ),
    "Thüringen, ESF 2014-2020": (
        "Name des Begünstigten",
        "Bezeichnung des Vorhabens",
        "Zusammenfassung des Vorhabens",
        "Beginns des Vor-habens",
        "Endes des Vor-habens",
        "Gesamtbetrag der förderfähigen Ausgaben des Vorhabens",
        "Unions-Kofinan-zierungssatz pro Prioritäts-achse",
        "Postleitzahl des Vorhabens",
        "Bezeichnung der Interventionskategorie",
    ),
    "in English, Annex XII of Regulation (EU) No 1303/2013": (
        "Beneficiary name",
        "Operation name",
        "Operation summary",
        "Operation start date",
        "Operation end date",
        "Total eligible expenditure allocated to the operation",
        "Union co-financing rate, as per priority axis",
        "Operation postcode; or other appropriate location indicator",
        "Name of category of intervention for the operation",
    ),
    "2021-2027, Art. 49(3) of Regulation (EU) 2021/1060": (
        "a) Name des Begünstigten",
        "Bezeichnung des Vorhabens",
        "Zweck des Vorhabens und seine erwarteten und tatsächlichen Errungenschaften",
        "Datum des Beginns des Vorhabens",
        "Voraussichtliches oder tatsächliches Datum des Abschlusses des Vorhabens",
        "Gesamtkosten des Vorhabens",
        "Unions-Kofinanzierungssatz",
        "PLZ",
        "Art der Intervention für das Vorhaben gemäß Artikel 73 Absatz 2 Buchstabe g",
    ),
}
FIELDS = (
    *("beneficiary", "name", "purpose", "started_on", "ends_on", "total_cost_eur"),
    *("eu_rate_pct", "postcode", "intervention_type"),
)
ROW = ("A GmbH", "Kurs", "Zweck", "01.02.2016", "31.12.2016", "1.580,38 €", "50 %", "04315", "117")


@pytest.mark.parametrize("land", HEADERS)
@pytest.mark.parametrize("above", ["", "Liste der Vorhaben\n\nStand: 31.12.2020;;\n"])
def test_lists_of_other_authorities_work_without_a_word_in_the_programme(read_text, land, above):
    given = [n for n, name in enumerate(HEADERS[land]) if name]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([*(HEADERS[land][n] for n in given), "Land"])
    writer.writerow([*(ROW[n] for n in given), "DE"])
    frame = read_text(above + text.getvalue()).frame
    assert [frame[FIELDS[n]].iloc[0] for n in given] == [ROW[n] for n in given]
    assert frame["placed_by"].tolist() == (["postcode"] if 7 in given else [None]) or (
        frame["placed_by"].isna().all() and 7 not in given
    )


def test_hamburg_has_no_total_cost_and_says_so_later(read_text):
    header = (
        "Interventionskategorie/ category of intervention;Zuwendungsempfänger/ beneficiary;"
        "Projekt/ project;Projektbeginn/ start of project;Projektende/ end of project;"
        "gesamte Fördersumme / funding amount;EU Betrag/ EU budget;"
        "Projektstandort/ project location;Kurzbeschreibung/ project description"
    )
    frame = read_text(f"{header}\n1;A;B;01.01.2016;31.12.2016;5;2;20095 Hamburg;z\n").frame
    assert frame.loc[
        0, ["beneficiary", "name", "location", "municipality", "placed_by"]
    ].tolist() == [
        "A",
        "B",
        "20095 Hamburg",
        "Hamburg",
        "postcode",
    ]
    assert "total_cost_eur" not in frame  # a sum of funding is not the cost


KOHESIO = (
    "Operation_Unique_Identifier,Operation_Name_English,Operation_Name_Programme_Language,Country,"
    "Operation_Start_Date,Operation_End_Date,Cofinancing_Rate,Total_Eligible_Expenditure_amount,"
    "Total_Eligible_Expenditure_Currency,Project_EU_Budget,Beneficiary_Name,"
    "Location_Indicator_latitude_longitude,Category_Label,Fund_Code,NUTS3_Label,"
    "Operation_Summary_Programme_Language\n"
)


def test_export_of_kohesio(read_text):
    row = (
        "https://linkedopendata.eu/entity/Q1,Course,Kurs,Germany,04/09/2023,,40.0,337478.4,{},"
        '134991.36,A GmbH,"51.34,12.40",Skills,ESF+,"Leipzig, Kreisfreie Stadt",Zweck\n'
    )
    frame = read_text(KOHESIO + row.format("EUR")).frame
    wanted = {
        "code": "https://linkedopendata.eu/entity/Q1",
        "name": "Kurs",
        "purpose": "Zweck",
        "beneficiary": "A GmbH",
        "started_on": "2023-09-04",
        "total_cost_eur": "337478.4",
        "eu_rate_pct": "40.0",
        "fund": "ESF+",
        "intervention_type": "Skills",
        "municipality": "Leipzig",
        "placed_by": "point",
    }
    assert frame.loc[0, list(wanted)].to_dict() == wanted
    with pytest.raises(DataError, match="line 2: the amount is in SEK, not in euros"):
        read_text(KOHESIO + row.format("SEK"))


def test_two_columns_that_fit_are_named(read_text):
    text = "Name des Begünstigten;Interventionsbereich;Interven-tionsbe-reich\nA;1;2\n"
    with pytest.raises(DataError, match="'Interven-tionsbe-reich' and 'Interventionsbereich' may"):
        read_text(text)
    stated = read_text(text, columns={"intervention_type": "Interventionsbereich"})
    assert stated.frame["intervention_type"].tolist() == ["1"]


def test_exact_name_wins_over_one_that_goes_on(read_text):
    text = "Name des Begünstigten auf Englisch;Name des Begünstigten;Bezeichnung\nE;A;n\n"
    assert read_text(text).frame["beneficiary"].tolist() == ["A"]


def test_short_names_are_not_found_inside_others(read_text):
    header = "Name des Begünstigten;Bezeichnung;Ende der Zweckbindung;Ortsteil;Projektleiter"
    frame = read_text(f"{header}\nA;b;c;d;e\n").frame
    assert not {"ends_on"} & {*frame.columns}
    assert frame["location"].isna().all()
    assert frame["Projektleiter"].tolist() == ["e"]


@pytest.mark.parametrize("rate", ["0.5", "0,5", "1", "1,0", ".8"])
def test_rate_that_may_be_a_fraction_is_refused(read_text, rate):
    text = f"{HEADER};Unions-Kofinanzierungssatz\nA;Kurs;;x;80\nB;Kurs;;x;{rate}\n"
    with pytest.raises(DataError, match=rf"line 3: the rate {re.escape(rate)} in .*fraction"):
        read_text(text)
    raw = read_text(text, values={"eu_rate_pct": {rate: "50"}})
    assert raw.frame["eu_rate_pct"].tolist() == ["80", "50"]


def test_amounts_in_thousands_are_refused(read_text):
    text = "Name des Begünstigten;Bezeichnung;Gesamtkosten (in TEUR)\nA;b;5\n"
    with pytest.raises(DataError, match="not in whole euros"):
        read_text(text)


PLACES = "Name des Begünstigten;Bezeichnung;Durchführungsort;Landkreis\n"


@pytest.mark.parametrize(
    ("place", "county", "municipality", "placed_by"),
    [
        ("Leipzig, Stadt", "Leipzig, Kreisfreie Stadt", "Leipzig", "municipality"),
        ("Grimma, Stadt", "Leipzig", "Grimma", "municipality"),
        ("Borsdorf", "Leipzig", "Borsdorf", "municipality"),
        ("", "Leipzig", None, "county"),
        ("", "Leipzig, Kreisfreie Stadt", "Leipzig", "municipality"),
        ("Landkreis Leipzig", "Leipzig", None, "county"),
        ("Leipzig, Landkreis", "", None, "county"),
        ("04315 Leipzig", "", "Leipzig", "postcode"),
        ("Stadt Leipzig", "", "Leipzig", "municipality"),
        ("Freiberg, Universitätsstadt, Stadt", "Mittelsachsen", "Freiberg", "municipality"),
        ("Sachsen", "Sachsen", None, None),
        ("", "", None, None),
    ],
)
def test_municipality_is_told_from_the_county(read_text, place, county, municipality, placed_by):
    row = read_text(f"{PLACES}A;b;{place};{county}\n").frame.iloc[0]
    found = [None if pd.isna(row[name]) else row[name] for name in ("municipality", "placed_by")]
    assert found == [municipality, placed_by]


def test_bare_name_beside_the_city_is_no_municipality(read_text):
    raw = read_text(f"{PLACES}A;a;Leipzig, Stadt;\nB;b;Leipzig;\nC;c;Leipzig;\n")
    assert raw.frame["municipality"].isna().tolist() == [False, True, True]


def test_picking_by_a_name_of_city_and_county_is_refused(read_text):
    text = f"{PLACES}A;a;Leipzig, Stadt;Leipzig, Kreisfreie Stadt\nB;b;Grimma, Stadt;Leipzig\n"
    with pytest.raises(DataError, match=r"'Leipzig' in 'Landkreis' is not the city.*municipality"):
        read_text(text, where={"Landkreis": ["Leipzig"]})
    raw = read_text(text, where={"municipality": ["Leipzig"]})
    assert raw.frame["beneficiary"].tolist() == ["A"]
    county = {"Landkreis": ["Leipzig"], "municipality": ["Grimma"]}
    assert read_text(text, where=county).frame["beneficiary"].tolist() == ["B"]


CELLS = st.text(alphabet='AÄ 0159.,%€"\n', max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1))
def test_what_is_written_is_read_again_and_nothing_is_lost(tmp_path_factory, cells):
    file = tmp_path_factory.mktemp("list") / "list.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writerow(["Name des Begünstigten", "Bezeichnung des Vorhabens", "PLZ", "Ort"])
        writer.writerows(cells)
    source = Source(table="operations", path=file.name, format="operations")
    try:
        raw = read(source, file)
    except DataError:
        assert not any(cell.strip() for row in cells for cell in row)
        return
    filled = [row for row in cells if any(cell.strip() for cell in row)]
    assert raw.rows_read == len(raw.frame) == len(filled)
    names = raw.frame[["beneficiary", "name"]].fillna("").to_numpy().tolist()
    assert names == [[row[0].strip(), row[1].strip()] for row in filled]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=80))
def test_no_bytes_make_a_traceback(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("list") / "list.csv"
    for head in (b"", f"{HEADER};Unions-Kofinanzierungssatz\nA;B;1;2;".encode()):
        file.write_bytes(head + data)
        with suppress(DataError):
            read(Source(table="operations", path=file.name, format="operations"), file)


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "rows_read", "cost", "rate", "placed_by"),
    [
        ("sachsen_esf_2014-2020.csv", 5_748, "775", "80", "municipality"),
        ("berlin_esf_2014-2020.csv", 336, "91.100,16 €", "49,92%", "beneficiary"),
        ("hessen_esf_2014-2020.xlsx", 596, "4156", None, "municipality"),
    ],
)
def test_real_lists_work_without_a_word_in_the_programme(
    real_data, file, rows_read, cost, rate, placed_by
):
    source = Source(table="operations", path=f"operations/{file}", format="operations")
    raw = read(source, real_data / source.path)
    frame = raw.frame
    assert (raw.rows_read, len(raw.set_aside)) == (rows_read, 0)
    assert frame.loc[0, "total_cost_eur"] == cost
    assert rate is None or frame.loc[0, "eu_rate_pct"] == rate
    assert frame["placed_by"].value_counts().idxmax() == placed_by
    for column in ("beneficiary", "name", "started_on", "total_cost_eur"):
        assert frame[column].notna().all()
    assert not to_number(frame["total_cost_eur"])[1].any()
    assert not to_date(frame["started_on"])[1].any()


@pytest.mark.real
def test_saxon_list_of_the_municipality(real_data):
    file = "operations/sachsen_esf_2014-2020.csv"
    where = {"municipality": ["Leipzig"]}
    source = Source(table="operations", path=file, format="operations", where=where)
    raw = read(source, real_data / file)
    assert (len(raw.frame), raw.rows_skipped) == (843, 4_905)
    trap = source.model_copy(update={"where": {"Landkreis": ["Leipzig"]}})
    with pytest.raises(DataError, match="is not the city"):
        read(trap, real_data / file)


@pytest.mark.real
def test_saxon_list_through_all_checks(real_data, small_city):
    name = "sachsen_esf_2014-2020.csv"
    shutil.copy(real_data / "operations" / name, small_city)
    with (small_city / "programme.toml").open("a", encoding="utf-8") as programme:
        programme.write(
            f'\n[[sources]]\ntable = "operations"\npath = "{name}"\nformat = "operations"\n'
            'where = { municipality = ["Leipzig"] }\nconstants = { fund = "ESF" }\n'
        )
    data = check(small_city)
    faults = data.faults[data.faults["table"] == "operations"]
    assert faults["rule"].value_counts().to_dict() == {"duplicate_row": 11}
    listed = data.operations[data.operations["county"] == "Leipzig, Kreisfreie Stadt"]
    assert len(listed) == 843 - 11
    assert listed["eu_rate_pct"].between(50, 100).all()
    assert listed["placed_by"].unique().tolist() == ["municipality"]


def test_column_for_municipalities_may_have_that_very_name(read_text):
    frame = read_text("Beneficiary;Operation name;municipality\nA;b;Leipzig, Stadt\n").frame
    assert frame[["location", "municipality"]].to_numpy().tolist() == [
        ["Leipzig, Stadt", "Leipzig"]
    ]
