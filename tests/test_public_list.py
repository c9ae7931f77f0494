"""The list of operations that the law asks to be public."""

import csv

import pandas as pd

from ostwerk_analysis import public_list
from ostwerk_analysis.tables import TABLES


def operations(**more):
    row = {
        "code": "v2",
        "beneficiary": "Erika Musterfrau",
        "is_natural_person": True,
        "contractor": "Max Muster",
        "name": "Laden",
        "total_cost_eur": 1234.5,
        "location": "Musterweg 3",
        "postcode": "04315",
        "municipality": "Musterstadt",
        "started_on": pd.Timestamp("2024-07-01"),
        **more,
    }
    other = row | {"code": "v1", "beneficiary": "Bildungswerk", "is_natural_person": None}
    columns = [*TABLES["operations"].columns, "clerk"]
    return pd.DataFrame([row, other]).reindex(columns=columns)


def test_a_natural_person_has_neither_name_nor_address_but_a_municipality():
    organisation, person = public_list.listed(operations()).to_dict("records")
    assert organisation["beneficiary"] == "Bildungswerk"
    assert organisation["location"] == "Musterweg 3"
    assert (person["code"], person["beneficiary"]) == ("v2", public_list.NATURAL_PERSON)
    assert pd.isna([person[name] for name in ("contractor", "location", "postcode")]).all()
    assert person["municipality"] == "Musterstadt"


def test_only_what_the_law_names_is_in_it():
    assert list(public_list.listed(operations())) == list(public_list.COLUMNS)


def test_the_file_is_headed_and_written_as_the_language_does(tmp_path):
    public_list.write(tmp_path, public_list.listed(operations()), is_demonstration=True)
    german = (tmp_path / "operations.de.csv").read_bytes()
    assert german.startswith(b"\xef\xbb\xbf")
    [first, *_] = list(csv.DictReader(german.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert first["Code des Vorhabens"] == "v1"
    assert first["Gesamtkosten des Vorhabens (EUR)"] == "1234,5"
    assert first["Datum des Beginns des Vorhabens"] == "2024-07-01"
    assert first["Hinweis"] == "Demonstrationsdaten"
    assert "natürliche Person" in german.decode("utf-8-sig")
    assert "natural person" in (tmp_path / "operations.en.csv").read_text(encoding="utf-8-sig")


def test_without_operations_there_is_no_file(tmp_path):
    public_list.write(tmp_path, public_list.empty())
    assert not list(tmp_path.iterdir())
