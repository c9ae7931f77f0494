"""The page of files to take away."""

import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis.dashboard.downloads_page import downloads_page


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "reports").mkdir()
    for name in (
        "observations.de.xlsx",
        "observations.en.xlsx",
        "operations.de.csv",
        "own.geojson",
    ):
        (tmp_path / "downloads" / name).write_bytes(b"x" * 1_234_567)
    for language, title in (("de", "Bericht &amp; mehr"), ("en", "Report &amp; more")):
        report = f'<h1>x</h1><p class="ow ow-lead" lang="{language}">{title}</p>'
        (tmp_path / "reports" / f"90_report.{language}.html").write_text(report)
    (tmp_path / "reports" / "plotly.min.js").write_text("x")
    return tmp_path


def shown(folder, language, licence=""):
    return BeautifulSoup(downloads_page(folder, "../", licence, language), "html.parser")


def test_files_for_people_come_first_and_are_named_by_what_they_hold(folder):
    page = shown(folder, "de", "CC BY 4.0, Musterstadt")
    assert [h2.get_text() for h2 in page.select("h2")] == ["Tabellen", "Berichte", "Für Programme"]
    links = {a["href"]: a.get_text() for a in page.select("a")}
    assert links == {
        "../downloads/observations.de.xlsx": "Alle Zahlen (Excel, 1,2\u00a0MB)",
        "../reports/90_report.de.html": "Bericht & mehr (Webseite, 1\u00a0kB)",
        "../downloads/operations.de.csv": "Liste der Vorhaben (CSV, 1,2\u00a0MB)",
        "../downloads/own.geojson": "own.geojson (geojson, 1,2\u00a0MB)",
    }
    assert "Ein Tabellenblatt je Indikator" in page.select_one("li p").get_text()
    assert page.select_one(".prose").get_text() == "Lizenz: CC BY 4.0, Musterstadt"


def test_each_language_is_offered_its_own_files(folder):
    page = shown(folder, "en")
    addresses = [a["href"] for a in page.select("a")]
    assert addresses[:2] == ["../downloads/observations.en.xlsx", "../reports/90_report.en.html"]
    assert not any(".de." in address for address in addresses)
    assert not page.select(".prose")


def test_nothing_to_take_away_is_nothing(tmp_path):
    assert downloads_page(tmp_path, "", "CC0", "en") == ""
