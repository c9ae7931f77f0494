"""A new programme's folder, as it is made and once a tiny city has been filled in by hand."""

import csv
import re
import tomllib

import geopandas as gpd
import pytest
import shapely

import ostwerk_analysis as ow
from ostwerk_analysis import programme as models
from ostwerk_analysis.indicators import CATALOGUE, statistics
from ostwerk_analysis.indicators.participants import EMPLOYED
from ostwerk_analysis.language import LANGUAGES, text
from ostwerk_analysis.pipeline.run import run
from ostwerk_analysis.scaffold import scaffold, table_file
from ostwerk_analysis.tables import TABLES

SECTIONS = {
    "city": models.City,
    "measures": models.Measure,
    "milestones": models.Milestone,
    "areas": models.Area,
    "sources": models.Source,
    "corrections": models.Correction,
    "targets": models.Target,
    "headlines": models.Headline,
    "benchmarks": models.Benchmark,
    "additionality": models.Additionality,
    "disclosure": models.DisclosureRules,
    "run": models.RunRules,
    "published": models.Published,
    "pages": models.Pages,
}
LEFT, BOTTOM, CRS = 360_000, 5_650_000, "EPSG:25832"

# Four square kilometres, two to a borough; the programme area is 01 and 02. B1 and B3 have a
# point, the others a district. {grants} is the programme's one measure.
CITY = {
    "boroughs": [{"borough_id": "A", "name": "South"}, {"borough_id": "B", "name": "North"}],
    "district_changes": [
        {"from_id": "10", "to_id": "01", "changed_on": "2020-01-01", "share_pct": 60.0}
        | {"share_by": "residents"},
        {"from_id": "10", "to_id": "02", "changed_on": "2020-01-01", "share_pct": 40.0}
        | {"share_by": "residents"},
    ],
    "addresses": [
        {"street": "Long Street", "house_number": "1", "district_id": "01"},
        {"street": "Long Street", "house_number": "9", "lon": 1.5, "lat": 0.5},
    ],
    "street_sections": [
        {"street": "Long Street", "house_numbers_odd": "1-7", "district_id": "01"},
        {"street": "Long Street", "house_numbers_odd": "9-", "district_id": "02"},
    ],
    "streets": [{"street": "Long Street", "district_ids": "01|02"}],
    "network_nodes": [
        {"node_id": "N1", "lon": 0.5, "lat": 0.5},
        {"node_id": "N2", "lon": 1.5, "lat": 0.5},
    ],
    "network_edges": [{"from_id": "N1", "to_id": "N2", "length_m": 1000.0}],
    "sites": [
        {"site_id": "S1", "name": "Yard", "kind": "werkstadt", "district_id": "02"}
        | {"opened_on": "2024-01-01", "measure_id": "{grants}"}
    ],
    "businesses": [
        {"business_id": "B1", "lon": 0.5, "lat": 0.5, "wz_code": "47.11", "employees_fte": 4.0}
        | {"founded_on": "2020-05-01", "is_owner_operated": True},
        {"business_id": "B2", "district_id": "01", "wz_code": "56.10", "employees_fte": 12.5}
        | {"founded_on": "2024-02-10", "turnover_eur": 1_250_000.0},
        {"business_id": "B3", "lon": 1.5, "lat": 0.25, "wz_code": "43", "employees_fte": 2.0}
        | {"founded_on": "2019-01-02", "closed_on": "2024-06-30", "is_owner_operated": False},
        {"business_id": "B4", "district_id": "04", "wz_code": "62.01", "founded_on": "2021-01-01"},
    ],
    "enterprise_years": [
        {"business_id": "B2", "year": 2022, "employees_fte": 12.5, "turnover_eur": 1_250_000.0},
        {"business_id": "B2", "year": 2023, "employees_fte": 9.0, "turnover_eur": 1_250_000.0},
    ],
    "participants": [
        {"participant_id": "P1", "entered_on": "2024-01-15", "left_on": "2024-05-31"}
        | {"site_id": "S1", "labour_status_in": "unemployed", "labour_status_out": "employed"}
        | {"sex": "female", "age_group": "30-54", "isced": "3"},
        {"participant_id": "P2", "entered_on": "2024-04-02", "district_id": "03"},
    ],
    "contacts": [
        {"contact_id": "K1", "occurred_on": "2024-01-05", "kind": "first_contact"}
        | {"business_id": "B1", "site_id": "S1", "hours": 1.5},
        {"contact_id": "K2", "occurred_on": "2024-02-06", "kind": "advice", "business_id": "B1"},
        {"contact_id": "K3", "occurred_on": "2024-04-02", "kind": "advice", "business_id": "B3"},
        {"contact_id": "K4", "occurred_on": "2024-05-03", "kind": "community_event"}
        | {"participant_id": "P1", "site_id": "S1"},
    ],
    "grants": [
        {"grant_id": "G1", "business_id": "B1", "measure_id": "{grants}", "status": "paid"}
        | {"applied_on": "2024-01-02", "approved_on": "2024-01-20", "paid_on": "2024-03-01"}
        | {"eligible_cost_eur": 10_000.5, "grant_eur": 4_000.0, "paid_eur": 4_000.0},
        {"grant_id": "G2", "business_id": "B2", "measure_id": "{grants}", "status": "approved"}
        | {"applied_on": "2024-03-01", "approved_on": "2024-04-05"}
        | {"eligible_cost_eur": 20_000.0, "grant_eur": 8_000.0},
        {"grant_id": "G3", "business_id": "B4", "measure_id": "{grants}", "status": "applied"}
        | {"applied_on": "2024-05-01"},
    ],
    "funding_shares": [
        {"grant_id": "G1", "fund": "ERDF", "share_pct": 75.0},
        {"grant_id": "G1", "fund": "city", "share_pct": 25.0},
        {"grant_id": "G2", "fund": "ERDF", "share_pct": 50.0},
        {"grant_id": "G2", "fund": "city", "share_pct": 50.0},
    ],
    "jobs": [
        {"job_id": "J1", "business_id": "B1", "kind": "created", "status": "promised"}
        | {"status_on": "2024-01-20", "fte": 1.0, "headcount": 1, "grant_id": "G1"},
        {"job_id": "J1", "business_id": "B1", "kind": "created", "status": "verified"}
        | {"status_on": "2024-05-01", "fte": 0.75, "headcount": 1, "grant_id": "G1"},
        {"job_id": "J2", "business_id": "B2", "kind": "secured", "status": "promised"}
        | {"status_on": "2024-04-05", "fte": 2.0, "grant_id": "G2"},
    ],
    "statistics": [
        {"district_id": code, "period": "2024-Q2", "statistic": statistic, "value": value}
        for statistic, values in (
            ("residents", (1_000.0, 500.0, 250.0, 250.0)),
            ("residents_working_age", (500.0, 250.0, 200.0, 50.0)),
            ("unemployed", (50.0, 20.0, 30.0, 0.0)),
        )
        for code, value in zip(("01", "02", "03", "04"), values, strict=True)
    ],
    "operations": [
        {"code": "O1", "beneficiary": "City", "name": "Yard", "started_on": "2024-03-01"}
        | {"total_cost_eur": 100_000.0, "eu_rate_pct": 40.0}
    ],
}


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def empty(tmp_path, language):
    scaffold(tmp_path / "city", language)
    return tmp_path / "city"


@pytest.fixture
def filled(empty, language):
    """Fill the templates as a person would: in the columns that stand in their headers."""
    boxes = [shapely.box(x, y, x + 1, y + 1) for y in (0, 1) for x in (0, 1)]
    squares = gpd.GeoSeries(boxes).scale(1000, 1000, origin=(0, 0)).translate(LEFT, BOTTOM)
    districts = gpd.GeoDataFrame(
        {"district_id": ["01", "02", "03", "04"], "name": ["SW", "SE", "NW", "NE"]}
        | {"borough_id": ["A", "A", "B", "B"]},
        geometry=squares.set_crs(CRS).to_crs(4326),
    )
    districts.to_file(empty / "districts.geojson")
    measure = ow.Programme.read(empty).measures[0].id
    mark = {"de": ";", "en": ","}[language]
    for table, rows in CITY.items():
        path = empty / f"{table}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=mark))
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, delimiter=mark, lineterminator="\n")
            for row in rows:
                writer.writerow(written(placed(row), language, measure))
    return empty


def placed(row):
    """Turn kilometres from the city's corner into degrees."""
    if "lon" not in row:
        return row
    metres = shapely.Point(LEFT + 1000 * row["lon"], BOTTOM + 1000 * row["lat"])
    point = gpd.GeoSeries([metres], crs=CRS).to_crs(4326)[0]
    return row | {"lon": point.x, "lat": point.y}


def written(row, language, measure):
    """Write cells as a spreadsheet of the language does."""
    if language == "en":
        return {name: str(value).replace("{grants}", measure) for name, value in row.items()}
    cells = {}
    for name, value in row.items():
        if isinstance(value, bool):
            cells[name] = "ja" if value else "nein"
        elif isinstance(value, float):
            cells[name] = str(value).replace(".", ",")
        elif name.endswith("_on"):
            cells[name] = "{2}.{1}.{0}".format(*value.split("-"))
        else:
            cells[name] = str(value).replace("{grants}", measure)
    return cells


def test_filled_scaffold_is_accepted_without_a_fault(filled):
    data = ow.check(filled)
    assert data.faults.empty
    assert data.reads.set_index("table")["accepted"].to_dict() == {
        name: 4 if name == "districts" else len(CITY[name]) for name in TABLES
    }
    assert ow.load(filled).businesses["district_id"].tolist() == ["01", "01", "02", "04"]


def test_filled_scaffold_gives_values_counted_by_hand(filled):
    data = ow.load(filled)
    observations = ow.indicators.compute(data, "2024Q2")
    city, area = data.programme.city.id, data.programme.areas[0].id
    measure = data.programme.measures[0].id

    def value(indicator, place, period="2024-Q2", breakdown=""):
        one = ow.observations.select(
            observations, indicator, area_id=place, period=period, breakdown=breakdown
        )
        return one["value"].item()

    # 4,000 + 8,000; both enterprises are in district 01, the application of B4 is not approved
    assert value("grants_approved_eur_to_date", city) == 12_000
    assert value("grants_approved_eur_to_date", area) == 12_000
    assert value("grants_approved_eur_to_date", "01") == 12_000
    assert value("grants_approved_eur_to_date", "04") == 0
    assert value("grants_approved_eur", city) == 8_000
    assert value("grants_paid_eur_to_date", city) == 4_000
    assert value("applications_to_date", city) == 3
    assert value("enterprises_supported_to_date", city) == 2
    # 6,000.50 + 12,000 of private money on 12,000 of grants
    assert value("private_investment_eur_to_date", city) == 18_000.5
    assert value("leverage_to_date", city) == pytest.approx(18_000.5 / 12_000)
    # 75 % of 4,000 and 50 % of 8,000
    by_fund = "grants_approved_by_fund_eur_to_date"
    assert value(by_fund, city, breakdown="fund=ERDF") == 7_000
    assert value(by_fund, city, breakdown="fund=city") == 5_000
    # the verified size counts, not the promised one
    rung = f"measure={measure}&status=verified"
    assert value("jobs_created_to_date", city, breakdown=rung) == 0.75
    assert value("jobs_created_to_date", city, breakdown="status=promised") == 1
    assert value("jobs_secured_to_date", city, breakdown="status=promised") == 2
    # B1 twice, B3 once; the visit of P1 is no enterprise's
    assert value("enterprises_contacted_to_date", city) == 2
    assert value("contacts", city, "2024-Q1") == 2
    assert value("contacts", city) == 2
    assert value("participants_entered_to_date", city) == 2
    assert value("participants_employed_share_to_date", city) == 100
    # B3 closed on the last day of the quarter: 3 enterprises on 2,000 residents
    assert value("businesses", city, "2024-Q1") == 4
    assert value("businesses", city) == 3
    assert value("businesses_per_1000_residents", city) == 1.5
    assert value("unemployed_share", "01") == 10
    assert value("unemployed_share", city) == 10  # 100 of 1,000
    assert value("operations_cost_eur_to_date", city) == 100_000


def test_empty_scaffold_names_every_empty_file_at_once(empty):
    with pytest.raises(ow.DataError) as caught:
        ow.check(empty)
    said = str(caught.value)
    assert all(table_file(name) in said for name in TABLES)
    assert said.count("take the source out of programme.toml") == len(TABLES) - 1


def leave_out_all_but(folder, *tables):
    """Delete the entries of the other tables, as the README says."""
    path = folder / "programme.toml"
    head, *entries = re.split(r"(?=^# .*\n\[\[sources\]\]$)", path.read_text("utf-8"), flags=re.M)
    last, rest = re.split(r"(?=^# ---)", entries[-1], maxsplit=1, flags=re.M)
    kept = [e for e in (*entries[:-1], last) if any(f'table = "{name}"' in e for name in tables)]
    path.write_text("".join([head, *kept, rest]), "utf-8")


@pytest.mark.parametrize("language", ["de"], indirect=True)
@pytest.mark.parametrize(
    "tables",
    [TABLES, ["districts", "businesses"], ["districts", "statistics"]],
    ids=["all", "few", "official"],
)
def test_programme_with_few_tables_becomes_a_release(filled, tmp_path, tables):
    leave_out_all_but(filled, *tables)
    result = run(filled, "2024Q2", out=tmp_path)
    assert result.status == "released"
    assert set(result.release.reads["table"]) == set(tables)
    assert {path.suffix for path in (result.release.folder / "reports").iterdir()} >= {".html"}


def test_table_left_out_is_no_fault(filled):
    leave_out_all_but(filled, "districts", "businesses")
    assert ow.load(filled).tables.keys() == {"districts", "businesses"}


def switched_on(folder):
    text = (folder / "programme.toml").read_text(encoding="utf-8")
    return re.sub(r"^#(?=[\w\[])", "", text, flags=re.MULTILINE)


def test_programme_explains_every_key_and_no_other(empty):
    written = switched_on(empty)
    document = tomllib.loads(written)
    for name, model in SECTIONS.items():
        sections = document[name] if isinstance(document[name], list) else [document[name]]
        switched = {key for section in sections for key in section}
        others = {key for key in model.model_fields if re.search(rf"(or|oder): {key} = ", written)}
        assert switched | others == model.model_fields.keys(), name
    [notebook] = document["notebooks"].values()
    assert notebook.keys() == models.Notebook.model_fields.keys()
    of_head = models.Programme.model_fields.keys() - SECTIONS.keys() - {"notebooks", "path"}
    assert document["programme"].keys() == of_head


def test_programme_is_valid_with_every_key_switched_on(empty):
    (empty / "programme.toml").write_text(switched_on(empty), encoding="utf-8")
    read = ow.Programme.read(empty)
    codes = {entry.id for entry in CATALOGUE}
    assert {read.targets[0].indicator, read.headlines[0].indicator} <= codes


def test_readme_names_every_table_and_column(empty):
    readme = (empty / "README.md").read_text(encoding="utf-8")
    for name, contract in TABLES.items():
        part = readme.split(f"### {name}\n")[1].split("### ")[0]
        rows = [line for line in part.splitlines() if line.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == list(contract.columns)


def test_readme_names_what_the_indicators_look_for(empty):
    readme = (empty / "README.md").read_text(encoding="utf-8")
    looked_for = {
        cell.cell_contents
        for indicator in CATALOGUE
        if indicator.timing == "published"
        for cell in indicator.events.__closure__
        if isinstance(cell.cell_contents, str)
    }
    assert len(looked_for) >= len([i for i in statistics.INDICATORS if i.timing == "published"])
    for code in {*looked_for, *EMPLOYED}:
        assert f"`{code}`" in readme


def test_german_readme_and_comments_are_german(tmp_path):
    scaffold(tmp_path / "stadt", "de")
    said = [contract.description for contract in TABLES.values()]
    said += [c.description for contract in TABLES.values() for c in contract.columns.values()]
    assert [sentence for sentence in said if text(sentence, "de") == sentence] == []
    readme = (tmp_path / "stadt" / "README.md").read_text(encoding="utf-8")
    assert "or more" not in readme
    assert "on or after" not in readme
    assert "at most" not in readme


def test_german_tables_open_in_a_german_excel(tmp_path):
    scaffold(tmp_path / "stadt", "de")
    raw = (tmp_path / "stadt" / "grants.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfgrant_id;business_id;")


def test_scaffold_takes_an_empty_folder(tmp_path):
    scaffold(tmp_path, "en")
    assert (tmp_path / "programme.toml").is_file()


@pytest.mark.parametrize("is_file", [True, False])
def test_scaffold_refuses_what_is_there(tmp_path, is_file):
    place = tmp_path / "city"
    if is_file:
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "mine.txt").write_text("mine")
    with pytest.raises(ow.OstwerkError, match="is there already"):
        scaffold(place, "en")
    assert "mine" in (place if is_file else place / "mine.txt").read_text()
