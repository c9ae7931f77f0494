"""Tables for people: the observations of a release as CSV and as an Excel workbook.

A suppressed value is written ``.`` and a missing one ``…``, as German statistical offices do; a
zero is a zero. Text that a spreadsheet would run as a formula is made harmless.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from .language import LANGUAGES, quarter, text

SUPPRESSED, MISSING = ".", "…"

COLUMNS = {
    "indicator": "Indicator code",
    "label": "Indicator",
    "area_id": "Area code",
    "area": "Area",
    "area_level": "Area level",
    "period": "Period",
    "breakdown": "Breakdown",
    "value": "Value",
    "unit": "Unit",
    "n_units": "Units counted",
    "obs_status": "Status",
    "conf_status": "Confidentiality",
    "quality_note": "Note",
}
"""Column of the table = its English heading; the German one is in the catalogue of sentences."""

AREA_LEVELS = {
    "district": "District",
    "borough": "Borough",
    "city": "City",
    "programme": "Programme area",
    "comparison": "Comparison area",
}


def labelled(
    observations: pd.DataFrame, catalogue: pd.DataFrame, areas: pd.DataFrame, language: str
) -> pd.DataFrame:
    """Give observations the names of their indicators and areas in a language.

    Parameters
    ----------
    observations, catalogue, areas : DataFrame
        As in a release.
    language : {"de", "en"}

    Returns
    -------
    DataFrame
        With the columns of :data:`COLUMNS`.
    """
    labels = catalogue.set_index("indicator")[f"label_{language}"]
    names = areas.set_index(["area_level", "area_id"])[f"name_{language}"]
    places = pd.MultiIndex.from_frame(observations[["area_level", "area_id"]])
    return observations.assign(
        label=observations["indicator"].map(labels),
        area=names.reindex(places).to_numpy(),
    )[list(COLUMNS)]


def harmless(cells: pd.Series) -> pd.Series:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Parameters
    ----------
    cells : Series of str, shape (n,)

    References
    ----------
    OWASP, CSV Injection: cells that begin with ``=``, ``+``, ``-``, ``@``, tab or line break.
    """
    risky = cells.str.match(r"[=+\-@\t\r\n]").fillna(False)
    return cells.where(~risky.astype(bool), "'" + cells)


def write_csv(table: pd.DataFrame, file: Path, language: str) -> None:
    """Write a table as the language's spreadsheets expect it.

    German: semicolons, decimal commas; English: commas, decimal points. Both with the mark that
    makes Excel read UTF-8.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    columns = {}
    for name, cells in table.items():
        if pd.api.types.is_float_dtype(cells):
            whole = cells.notna() & (cells % 1 == 0)
            written = pc.cast(pa.array(cells, from_pandas=True), pa.string())
            if whole.all():
                written = pc.cast(pa.array(cells.astype("Int64"), from_pandas=True), pa.string())
            columns[name] = pc.replace_substring(written, ".", ",") if language == "de" else written
        elif pd.api.types.is_numeric_dtype(cells):
            columns[name] = pa.array(cells, from_pandas=True)
        else:
            columns[name] = pa.array(harmless(cells.astype("str")), from_pandas=True)
    options = csv.WriteOptions(delimiter=";" if language == "de" else ",", quoting_style="needed")
    with file.open("wb") as opened:
        opened.write(b"\xef\xbb\xbf")
        csv.write_csv(pa.table(columns), opened, options)


def write(
    folder: Path, observations: pd.DataFrame, catalogue: pd.DataFrame, areas: pd.DataFrame
) -> None:
    """Write the downloads of a release: one CSV and one workbook for each language."""
    folder.mkdir(exist_ok=True)
    for language in LANGUAGES:
        table = labelled(observations, catalogue, areas, language)
        levels = {level: text(name, language) for level, name in AREA_LEVELS.items()}
        table["area_level"] = table["area_level"].map(levels)
        headings = {name: text(heading, language) for name, heading in COLUMNS.items()}
        suppressed = (table["conf_status"] != "F").to_numpy()
        missing = table["value"].isna().to_numpy() & ~suppressed
        write_csv(table.rename(columns=headings), folder / f"observations.{language}.csv", language)
        _write_workbook(
            folder / f"observations.{language}.xlsx",
            table.assign(_suppressed=suppressed, _missing=missing),
            catalogue,
            language,
        )


def _write_workbook(
    file: Path, table: pd.DataFrame, catalogue: pd.DataFrame, language: str
) -> None:
    """Write a workbook: notes first, then a sheet for each indicator, periods side by side."""
    import xlsxwriter

    with xlsxwriter.Workbook(
        file, {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        # A workbook records when it was made; a fixed day keeps equal tables equal files.
        book.set_properties({"created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            True: book.add_format({"num_format": "#,##0"}),
            False: book.add_format({"num_format": "#,##0.0"}),
        }
        notes = book.add_worksheet(text("Notes", language))
        notes.set_column(0, 0, 34)
        notes.set_column(1, 1, 100, wrapped)
        for number, (mark, meaning) in enumerate(
            (
                (SUPPRESSED, text("suppressed: too few units to tell", language)),
                (MISSING, text("missing: not published or not known", language)),
                ("0", text("a true zero", language)),
            )
        ):
            notes.write_string(number, 0, mark)
            notes.write_string(number, 1, meaning)
        declared = catalogue.set_index("indicator")
        for number, (indicator, rows) in enumerate(table.groupby("indicator", sort=True)):
            entry = declared.loc[indicator]
            notes.write_string(number + 5, 0, entry[f"label_{language}"], bold)
            notes.write_string(number + 5, 1, entry[f"definition_{language}"])
            sheet = book.add_worksheet(_sheet_name(indicator))
            _write_sheet(sheet, rows, entry[f"label_{language}"], bold, formats, language)


def _sheet_name(indicator: str) -> str:
    """Shorten a code to the 31 characters that Excel allows, its end being what tells it apart."""
    return indicator if len(indicator) <= 31 else f"{indicator[:15]}~{indicator[-15:]}"


def _write_sheet(
    sheet: Any, rows: pd.DataFrame, label: str, bold: Any, formats: dict[bool, Any], language: str
) -> None:
    """Write one indicator: a row for each area and breakdown, a column for each period."""
    place = ["area_level", "area_id", "area", "breakdown"]
    periods = sorted(rows["period"].unique())
    lines = rows.groupby(place, sort=False).ngroup().to_numpy() + 3
    columns = pd.Index(periods).get_indexer(rows["period"]) + len(place)
    headings = [text(COLUMNS[name], language) for name in place]
    sheet.write_string(0, 0, f"{label} ({text(rows['unit'].iloc[0], language)})", bold)
    sheet.write_row(2, 0, [*headings, *(quarter(period, language) for period in periods)], bold)
    sheet.freeze_panes(3, len(place))
    sheet.set_column(0, 0, 16)
    sheet.set_column(2, 2, 26)
    for line, key in enumerate(rows[place].drop_duplicates().to_numpy().tolist(), start=3):
        for column, cell in enumerate(key):
            sheet.write_string(line, column, str(cell))
    whole = formats[bool((rows["value"].dropna() % 1 == 0).all())]
    unwritten = rows["_suppressed"] | rows["_missing"]
    marks = rows["_suppressed"].map({True: SUPPRESSED, False: MISSING}).to_numpy()
    for line, column, value, is_mark, mark in zip(
        lines.tolist(), columns.tolist(), rows["value"].tolist(), unwritten, marks, strict=True
    ):
        if is_mark:
            sheet.write_string(line, column, mark)
        else:
            sheet.write_number(line, column, value, whole)
