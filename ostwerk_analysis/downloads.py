"""Tables for people: the observations of a release as packed CSV and as an Excel workbook.

A missing value, a suppressed one and a zero are three things. In the workbook a suppressed value is
written ``.`` and a missing one ``…``, as German statistical offices do, and a letter behind the
number says if it is estimated; in CSV, which programs read too, both cells are empty and the
columns of the two statuses tell them apart. Text that a spreadsheet would run as a formula is made
harmless.
"""

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from .codes import DIMENSIONS, code_name
from .language import LANGUAGES, quarter, text
from .language import number as in_words
from .observations import dimensions

SUPPRESSED, MISSING = ".", "…"
MARKS = {"P": ("p", "provisional"), "E": ("e", "estimated"), "B": ("b", "break in the series")}
"""Status of a value = the letter behind its number in the workbook, and what it stands for."""
PROTECTION = (
    "Cells with few units are left out. They are not yet protected against being computed from "
    "totals and differences."
)
"""What a release does for secrets, and what it does not."""

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

ROW = ["area_level", "area_id", "area", "breakdown"]
"""What a row of a workbook's sheet stands for; its columns are periods."""

AREA_LEVELS = {
    "district": "District",
    "borough": "Borough",
    "city": "City",
    "programme": "Programme area",
    "comparison": "Comparison area",
}
KINDS = {
    "count": "Number of units, each counted once",
    "sum": "Sum",
    "rate": "Rate, a part of a whole",
    "ratio": "Ratio of two sums",
    "median": "Median of all values",
}
"""Kind of an indicator = what its values are."""
BETTER = {"up": "An increase is an improvement", "down": "A decrease is an improvement"}
"""Direction that is an improvement = what it says."""
DEMONSTRATION = "demonstration data"


def write(
    folder: Path,
    observations: pd.DataFrame,
    catalogue: pd.DataFrame,
    areas: pd.DataFrame,
    names: Mapping[str, Mapping[str, str]] | None = None,
    *,
    is_demonstration: bool = False,
    corrections: pd.DataFrame | None = None,
) -> None:
    """Write the downloads of a release: one packed CSV and one workbook for each language.

    Parameters
    ----------
    folder : Path
    observations, catalogue, areas : DataFrame
        As in a release.
    names : mapping, optional
        For each language, names of the programme's own codes: measures and sites.
    is_demonstration : bool
        Says so in every row of the CSV and on the first sheet of the workbook.
    corrections : DataFrame, optional
        As in a release; the first sheet of the workbook names those that changed something.
    """
    folder.mkdir(exist_ok=True)
    for language in LANGUAGES:
        table = labelled(observations, catalogue, areas, language)
        marked = noted(table, language) if is_demonstration else table
        headings = {name: text(heading, language) for name, heading in COLUMNS.items()}
        # Unpacked it is thirty times as large: each row says its label, area and unit in words.
        file = folder / f"observations.{language}.csv.zip"
        write_csv(marked.rename(columns=headings), file, language)
        own = (names or {}).get(language, {})
        file = folder / f"observations.{language}.xlsx"
        _write_workbook(file, table, catalogue, language, own, is_demonstration, corrections)


def labelled(
    observations: pd.DataFrame, catalogue: pd.DataFrame, areas: pd.DataFrame, language: str
) -> pd.DataFrame:
    """Give observations the names of their indicators, areas and units in a language.

    Parameters
    ----------
    observations, catalogue, areas : DataFrame
        As in a release.
    language : {"de", "en"}

    Returns
    -------
    DataFrame
        With the columns of :data:`COLUMNS`. An area that ``areas`` does not have is named by its
        code.
    """
    labels = catalogue.set_index("indicator")[f"label_{language}"]
    names = areas.set_index(["area_level", "area_id"])[f"name_{language}"]
    places = pd.MultiIndex.from_frame(observations[["area_level", "area_id"]])
    levels = observations["area_level"].map(AREA_LEVELS)
    return observations.assign(
        label=observations["indicator"].map(labels),
        area=names.reindex(places).set_axis(observations.index).fillna(observations["area_id"]),
        area_level=_said(levels, language),
        unit=_said(observations["unit"], language),
        quality_note=_said(observations["quality_note"], language),
    )[list(COLUMNS)]


def _said(cells: pd.Series, language: str) -> pd.Series:
    """Say each of a few sentences in a language."""
    return cells.map({cell: text(cell, language) for cell in cells.dropna().unique()})


def noted(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Mark every row as demonstration data, so that one that is copied elsewhere says so too."""
    mark = text(DEMONSTRATION, language)
    notes = table["quality_note"] if "quality_note" in table else pd.Series("", table.index)
    return table.assign(quality_note=notes.where(notes == "", notes + "; ") + mark)


def write_csv(table: pd.DataFrame, file: Path, language: str) -> None:
    """Write a table as the language's spreadsheets expect it.

    German: semicolons, decimal commas; English: commas, decimal points. Both with the mark that
    makes Excel read UTF-8. A file ending in ``.zip`` is packed, with nothing but the table in it,
    so that pandas and R read it as it is.

    References
    ----------
    OWASP, CSV Injection: text that begins with ``=``, ``+``, ``-``, ``@``, tab or line break is
    run as a formula. It gets an apostrophe before it.
    """
    import pyarrow.compute as pc

    delimiter, mark = (";", ",") if language == "de" else (",", ".")
    header = _text_cells(pd.Series(list(table), dtype="str"), delimiter)
    lines = [delimiter.join(header.to_pylist())]
    if len(table.columns):
        columns = [
            _number_cells(cells, mark)
            if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
            else _text_cells(cells.astype("str"), delimiter)
            for _, cells in table.items()
        ]
        lines += pc.binary_join_element_wise(*columns, delimiter).to_pylist()
    written = ("\n".join(lines) + "\n").encode("utf-8-sig")
    if file.suffix == ".zip":
        _pack(written, file)
    else:
        file.write_bytes(written)


def _pack(written: bytes, file: Path) -> None:
    """Write a ZIP archive of one file, the same bytes on every day and system."""
    member = ZipInfo(file.stem)  # of 1 January 1980, where the days of ZIP begin
    member.create_system, member.external_attr = 3, 0o644 << 16  # as on Unix: all may read it
    member.compress_type = ZIP_DEFLATED
    with ZipFile(file, "w") as archive:
        archive.writestr(member, written)


def _number_cells(cells: pd.Series, mark: str) -> Any:
    """Write numbers as short as they are exact; what is missing is empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pd.api.types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all():
        cells = cells.astype("Int64")
    written = pc.cast(pa.array(cells, from_pandas=True), pa.string())
    return pc.fill_null(pc.replace_substring(written, ".", mark), "")


def _text_cells(cells: pd.Series, delimiter: str) -> Any:
    """Write text harmless, and in quotation marks where it needs them; what is missing is empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    read = pa.array(cells, pa.string(), from_pandas=True)
    if isinstance(read, pa.ChunkedArray):  # as the column happens to be stored
        read = read.combine_chunks()
    encoded = pc.fill_null(read, "").dictionary_encode()
    plain = encoded.dictionary  # few texts stand in many rows
    is_risky = pc.match_substring_regex(plain, r"^[=+\-@\t\r\n]")
    plain = pc.if_else(is_risky, pc.binary_join_element_wise("'", plain, ""), plain)
    doubled = pc.replace_substring(plain, '"', '""')
    quoted = pc.binary_join_element_wise('"', doubled, '"', "")
    needs_quotes = pc.match_substring_regex(plain, f'[{delimiter}"\r\n]')
    return pc.take(pc.if_else(needs_quotes, quoted, plain), encoded.indices)


def _write_workbook(
    file: Path,
    table: pd.DataFrame,
    catalogue: pd.DataFrame,
    language: str,
    own: Mapping[str, str],
    is_demonstration: bool,
    corrections: pd.DataFrame | None,
) -> None:
    """Write a workbook: notes first, then a sheet for each indicator, periods side by side."""
    import xlsxwriter

    # In memory: a run that is killed would leave its parts behind as temporary files, and a full
    # disk be told of by an error of the library's own.
    packed = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(packed, options) as book:
        # A workbook records when it was made; a fixed day keeps equal tables equal files.
        book.set_properties({"created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            (is_whole, status): book.add_format({"num_format": digits + suffix})
            for is_whole, digits in ((True, "#,##0"), (False, "#,##0.0"))
            for status, suffix in (
                ("", ""),
                *((status, f'"{mark}"') for status, (mark, _) in MARKS.items()),
            )
        }
        first = text("Notes", language)
        notes = book.add_worksheet(first)
        notes.set_column(0, 0, 34)
        notes.set_column(1, 1, 40, wrapped)
        notes.set_column(2, 2, 100, wrapped)
        lines = [
            (SUPPRESSED, text("suppressed: too few units to tell", language)),
            (MISSING, text("missing: not published or not known", language)),
            ("0", text("a true zero", language)),
        ]
        statuses = set(table.loc[table["value"].notna(), "obs_status"])
        lines += [
            (mark, text(meaning, language))
            for status, (mark, meaning) in MARKS.items()
            if status in statuses
        ]
        lines += [("!", text(DEMONSTRATION, language))] if is_demonstration else []
        for one in () if corrections is None else corrections.to_dict("records"):
            if one["cells"]:
                said = text(
                    "{file}: corrected cells: {cells} ({id}). {why}",
                    language,
                    file=one["file"],
                    cells=in_words(one["cells"], "", language),
                    id=one["id"],
                    why=one[f"why_{language}"],
                )
                lines.append((text("corrected in the source", language), said))
        for number, (mark, meaning) in enumerate(lines):
            notes.write_string(number, 0, mark)
            notes.write_string(number, 1, meaning)
        notes.write_string(0, 2, text(PROTECTION, language))
        declared = catalogue.set_index("indicator")
        row = table.groupby(ROW, sort=False, dropna=False).ngroup()  # once, not for each sheet
        by_indicator = dict(list(table.assign(row=row).groupby("indicator", sort=True)))
        sheets = sheet_names(by_indicator, taken=(first, "History"))
        for number, (indicator, rows) in enumerate(by_indicator.items(), start=len(lines) + 1):
            entry = declared.loc[indicator]
            sheet = book.add_worksheet(sheets[indicator])
            notes.write_url(number, 0, f"internal:'{sheets[indicator]}'!A1", string=indicator)
            notes.write_string(number, 1, entry[f"label_{language}"], bold)
            notes.write_string(number, 2, entry[f"definition_{language}"])
            for column, fact in enumerate(_facts(entry, language), start=3):
                if fact:
                    notes.write_string(number, column, fact)
            _write_sheet(sheet, rows, bold, formats, language, own)
    file.write_bytes(packed.getvalue())


def _facts(entry: pd.Series, language: str) -> list[str]:
    """Say of an indicator what it is made of, how, since when, and what is an improvement."""
    declared = {name: str(entry.get(name) or "") for name in _FACTS}
    parts = f"{declared['numerator']} / {declared['denominator']}"
    facts = {
        "unit": text(declared["unit"], language),
        "kind": text(KINDS[declared["kind"]], language) if declared["kind"] in KINDS else "",
        "numerator": parts if declared["numerator"] else "",
        "better": text(BETTER[declared["better"]], language) if declared["better"] else "",
        "first_period": quarter(declared["first_period"], language),
    }
    return [facts.get(name, declared[name]) for name in _FACTS if name != "denominator"]


_FACTS = (
    *("unit", "kind", "numerator", "denominator", "better", "eu_code"),
    *("source", "breakdowns", "first_period"),
)
"""What the first sheet of a workbook says of each indicator behind its definition."""


def sheet_names(indicators: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Name a sheet for each indicator by its code, as far as Excel allows.

    Excel takes 31 characters, some not at all, and does not tell ``a`` from ``A``. The end of a
    code is kept, being what tells it apart.

    Parameters
    ----------
    indicators : iterable of str
    taken : iterable of str
        Names of other sheets.

    Returns
    -------
    dict
        Indicator = name of its sheet.
    """
    names: dict[str, str] = {}
    used = {name.casefold() for name in taken}
    for indicator in indicators:
        allowed = re.sub(r"[\[\]:*?/\\']", "-", indicator)
        name = short = allowed if len(allowed) <= 31 else f"{allowed[:15]}~{allowed[-15:]}"
        number = 1
        while name.casefold() in used:
            number += 1
            name = f"{short[: 30 - len(str(number))]}~{number}"
        used.add(name.casefold())
        names[indicator] = name
    return names


def _write_sheet(
    sheet: Any,
    rows: pd.DataFrame,
    bold: Any,
    formats: Mapping[tuple[bool, str], Any],
    language: str,
    own: Mapping[str, str],
) -> None:
    """Write one indicator: a row for each area and breakdown, a column for each period."""
    columns, periods = pd.factorize(rows["period"], sort=True)
    lines, _ = pd.factorize(rows["row"])
    headings = [text(COLUMNS[name], language) for name in ROW]
    sheet.write_string(0, 0, f"{rows['label'].iloc[0]} ({rows['unit'].iloc[0]})", bold)
    sheet.write_row(2, 0, [*headings, *(quarter(period, language) for period in periods)], bold)
    sheet.freeze_panes(3, len(ROW))
    sheet.set_column(0, 0, 16)
    sheet.set_column(2, 3, 26)
    first = rows.loc[~rows["row"].duplicated(), ROW].to_numpy().tolist()
    for line, key in enumerate(first, start=3):
        for column, cell in enumerate([*key[:3], _breakdown(key[3], language, own)]):
            sheet.write_string(line, column, str(cell))
    is_whole = bool((rows["value"].dropna() % 1 == 0).all())
    cells = zip(
        (lines + 3).tolist(),
        (columns + len(ROW)).tolist(),
        rows["value"].tolist(),
        rows["obs_status"].tolist(),
        (rows["conf_status"] != "F").tolist(),
        strict=True,
    )
    for line, column, value, status, is_suppressed in cells:
        if is_suppressed:
            sheet.write_string(line, column, SUPPRESSED)
        elif value != value:  # not a number
            sheet.write_string(line, column, MISSING)
        else:
            mark = status if status in MARKS else ""
            sheet.write_number(line, column, value, formats[is_whole, mark])


def _breakdown(written: str, language: str, own: Mapping[str, str]) -> str:
    """Say a breakdown in words: ``Status: Verified``."""
    return ", ".join(
        f"{text(DIMENSIONS.get(name, name), language)}: {code_name(name, code, language, own)}"
        for name, code in dimensions(written).items()
    )
