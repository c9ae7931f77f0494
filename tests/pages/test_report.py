import re
import subprocess

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from ostwerk_analysis import templates
from ostwerk_analysis.faults import NotebookError, OstwerkError
from ostwerk_analysis.report import html_report, pdf

CELLS = [
    "secret_name = 4711\nprint('printed', 40 + 2)",
    "import ostwerk_analysis as ow\nr = ow.release.open({release!r})",
    "ow.figures.heading(r, 'en')",
    """ow.figures.time_series(
    r.observations, "unemployed_share", r.area_names("en"), catalogue=r.catalogue, language="en"
)""",
    "ow.explore(r, 'en', indicator='residents')",
    "ow.figures.about(r, 'en')",
    "r.observations['value'].count()",
]


@pytest.fixture(scope="module")
def executed(release, tmp_path_factory):
    """A notebook with all kinds of outputs, executed as papermill does."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    german, english = (nbformat.v4.new_markdown_cell(t) for t in ("## Deutsch", "## English"))
    german.metadata["tags"], english.metadata["tags"] = ["de"], ["en"]
    code = [cell.format(release=str(release.folder)) if "open(" in cell else cell for cell in CELLS]
    notebook.cells = [german, english, *map(nbformat.v4.new_code_cell, code)]
    NotebookClient(notebook, timeout=60).execute()
    path = tmp_path_factory.mktemp("executed") / "report.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def html(executed):
    return html_report(executed, title="A <report>", language="en", is_demonstration=True)


def test_report_has_title_language_and_banner(html):
    drawn = BeautifulSoup(html, "html.parser")
    assert drawn.html["lang"] == "en"
    assert [h1.get_text() for h1 in drawn.find_all("h1")] == ["A <report>"]
    assert drawn.title.get_text() == "A <report>"
    assert drawn.select_one(".banner").get_text().startswith("Demonstration data")


def test_report_shows_results_and_no_code(html):
    words = BeautifulSoup(html, "html.parser").main.get_text()
    assert "printed 42" in words
    assert "secret_name" not in html
    assert "release.open" not in html


def test_report_speaks_one_language(html, executed):
    assert "English" in BeautifulSoup(html, "html.parser").main.get_text()
    assert "Deutsch" not in html
    german = html_report(executed, title="Bericht", language="de")
    assert "Deutsch" in BeautifulSoup(german, "html.parser").main.get_text()
    assert BeautifulSoup(german, "html.parser").select_one(".banner") is None


def test_report_holds_styles_and_scripts_once_and_looks_nowhere_else(html):
    drawn = BeautifulSoup(html, "html.parser")
    assert html.count(".ow-meter {") == 1
    assert html.count("owExplorerReady ??= ") == 1
    assert not drawn.select("script[src], link[href^=http], img[src^=http]")
    assert not re.search(r"(?:src|href|@import|url\()\s*=?[\"' ]*https?:", html)


def test_report_draws_with_plotly_beside_it_and_asks_nothing_else(html, page, tmp_path):
    (tmp_path / "report.html").write_text(html)
    (tmp_path / templates.PLOTLY).write_bytes(templates.plotly_path().read_bytes())
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_selector(".ow-chart .main-svg")
    with page.expect_download() as download:
        page.locator(".ow-figure:has(.ow-chart) .ow-take").get_by_text("SVG", exact=True).click()
    drawn = download.value.path().read_text()
    assert all(f">{words}<" in drawn for words in ("Share of unemployed over time", "Sampletown"))
    page.select_option("[name=period]", "2024")
    assert "2024" in page.inner_text(".ow-explorer .ow-when")
    assert all(url.startswith((tmp_path.as_uri(), "data:")) for url in page.asked)
    assert page.wrong == []


def test_report_without_plotly_still_has_its_numbers(html, page, tmp_path):
    (tmp_path / "report.html").write_text(html)
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_timeout(500)
    page.locator(".ow-chart ~ .ow-foot details summary").first.click()
    assert page.locator(".ow-chart ~ .ow-foot details table tbody tr").count() == 5


def test_report_prints_on_paper(html, page, tmp_path):
    (tmp_path / "report.html").write_text(html)
    page.goto((tmp_path / "report.html").as_uri())
    page.emulate_media(media="print")
    assert not any(one.is_visible() for one in page.locator(".ow-controls").all())
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_report_becomes_a_pdf_with_its_charts_and_says_on_each_sheet_what_it_is(html, tmp_path):
    (tmp_path / "report.html").write_text(html)
    (tmp_path / templates.PLOTLY).write_bytes(templates.plotly_path().read_bytes())
    pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    read = ["pdftotext", "-layout", tmp_path / "report.pdf", "-"]
    said = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    sheets = said.split("\f")[:-1]
    assert len(sheets) == 3
    for number, sheet in enumerate(sheets, start=1):
        assert "Demonstration data: nothing here describes real people or firms." in sheet
        assert re.search(rf"A <report> +{number} ?/ ?3$", sheet.rstrip())
    words = " ".join(said.split())
    assert "printed 42" in words
    assert re.search(r"\b12\b.* The east .*\b8 .*Sampletown", words)  # axis and lines of the chart
    assert "Source and certainty Share of unemployed: made up" in words
    assert "As a table" not in words


def test_where_nothing_prints_it_is_said_what_to_install(html, tmp_path, monkeypatch):
    (tmp_path / "report.html").write_text(html)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OstwerkError, match=r"no Chromium .* set OSTWERK_CHROMIUM"):
        pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    monkeypatch.setenv("OSTWERK_CHROMIUM", "nonesuch")
    with pytest.raises(OstwerkError, match="nonesuch is not a program"):
        pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    monkeypatch.setenv("OSTWERK_CHROMIUM", "/bin/false")
    with pytest.raises(OstwerkError, match=r"/bin/false has not printed report\.html"):
        pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()


def test_report_fits_a_phone(html, browser, tmp_path):
    (tmp_path / "report.html").write_text(html)
    page = browser.new_page(viewport={"width": 320, "height": 700})
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()


def test_a_failed_cell_is_not_published(tmp_path):
    notebook = nbformat.v4.new_notebook()
    cell = nbformat.v4.new_code_cell("1 / 0")
    cell.outputs = [
        nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue="", traceback=[])
    ]
    notebook.cells = [nbformat.v4.new_markdown_cell("x"), cell]
    nbformat.write(notebook, tmp_path / "failed.ipynb")
    with pytest.raises(NotebookError, match=r"failed\.ipynb, cell 2 has failed: ZeroDivisionError"):
        html_report(tmp_path / "failed.ipynb", title="x")
