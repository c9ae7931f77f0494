"""Tables for people: what a release says, as CSV and as Excel workbooks that explain themselves.

A missing value, a suppressed one and a zero are three things. In the workbook a suppressed value is
written ``.`` and a missing one ``…``, as German statistical offices do, and a letter behind the
number says if it is estimated; in CSV, which programs read too, both cells are empty and the
columns of the two statuses tell them apart. Text that a spreadsheet would run as a formula is made
harmless.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from .codes import DIMENSIONS, SOURCES, code_name
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


DECLARED = {
    "indicator": "Indicator code",
    "label": "Indicator",
    "definition": "Definition",
    "unit": "Unit",
    "kind": "Kind",
    "numerator": "Made of",
    "better": "Direction",
    "eu_code": "EU code",
    "source": "Source tables",
    "breakdowns": "Broken down by",
    "first_period": "First period",
}
"""What is said of an indicator = its English heading."""
WIDTHS = (34, 40, 100, 16, 24, 40, 30, 12, 30, 24, 16)
"""Widths of the columns of a first sheet, in letters."""


def write(
    folder: Path,
    observations: pd.DataFrame,
    catalogue: pd.DataFrame,
    areas: pd.DataFrame,
    names: Mapping[str, Mapping[str, str]] | None = None,
    *,
    about: Mapping[str, Mapping[str, str]] | None = None,
    is_demonstration: bool = False,
    corrections: pd.DataFrame | None = None,
) -> None:
    """Write the figures of a release in each language: a workbook, a packed CSV, and the book of
    codes.

    Parameters
    ----------
    folder : Path
    observations, catalogue, areas : DataFrame
        As in a release.
    names : mapping, optional
        For each language, names of the programme's own codes: measures and sites.
    about : mapping, optional
        For each language, what the first sheet of the workbook says at its head: heading = words,
        such as the programme, its quarter and the licence.
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
        codes = code_book(catalogue, language)
        marked = noted(codes, language) if is_demonstration else codes
        file = folder / f"indicators.{language}.csv"
        write_csv(marked.rename(columns=headings), file, language)
        head = _head((about or {}).get(language, {}), language, is_demonstration)
        own = (names or {}).get(language, {})
        file = folder / f"observations.{language}.xlsx"
        _write_figures(file, table, codes, [*head, *_corrected(corrections, language)], own)


def write_list(
    file: Path,
    table: pd.DataFrame,
    language: str,
    *,
    about: Mapping[str, str] | None = None,
    is_demonstration: bool = False,
) -> None:
    """Write a list as a workbook: its rows behind a sheet that says what it is of.

    Parameters
    ----------
    file : Path
    table : DataFrame
        With headings in words.
    language : {"de", "en"}
    about : mapping, optional
        What the first sheet says: heading = words.
    is_demonstration : bool
        Says so on the first sheet.
    """
    with _workbook(file) as (book, formats):
        _write_notes(book, formats, _head(about or {}, language, is_demonstration), language)
        sheet = book.add_worksheet(text("Table", language))
        sheet.write_row(0, 0, list(table), formats["bold"])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.columns) - 1, 24)
        for place, column in enumerate(table):
            _write_column(sheet, place, table[column], formats)


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


@contextmanager
def _workbook(file: Path) -> Iterator[tuple[Any, dict[Any, Any]]]:
    """Open a workbook to write, with its formats; the same content gives the same bytes."""
    import xlsxwriter

    # In memory: a run that is killed would leave its parts behind as temporary files, and a full
    # disk be told of by an error of the library's own.
    packed = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(packed, options) as book:
        # A workbook records when it was made; a fixed day keeps equal tables equal files.
        book.set_properties({"created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
        formats: dict[Any, Any] = {
            (is_whole, status): book.add_format({"num_format": digits + suffix})
            for is_whole, digits in ((True, "#,##0"), (False, "#,##0.0"))
            for status, suffix in (
                ("", ""),
                *((status, f'"{mark}"') for status, (mark, _) in MARKS.items()),
            )
        }
        formats["bold"] = book.add_format({"bold": True})
        formats["wrapped"] = book.add_format({"text_wrap": True, "valign": "top"})
        formats["day"] = book.add_format({"num_format": "dd.mm.yyyy"})
        yield book, formats
    file.write_bytes(packed.getvalue())


def _head(about: Mapping[str, str], language: str, is_demonstration: bool) -> list[tuple[str, str]]:
    """Say at the head of a first sheet what the file is of, and how it may be used."""
    mark = {"!": text(DEMONSTRATION, language)} if is_demonstration else {}
    return [*mark.items(), *((heading, words) for heading, words in about.items() if words)]


def _corrected(corrections: pd.DataFrame | None, language: str) -> list[tuple[str, str]]:
    """Name the corrections that changed something."""
    return [
        (
            text("corrected in the source", language),
            text(
                "{file}: corrected cells: {cells} ({id}). {why}",
                language,
                file=one["file"],
                cells=in_words(one["cells"], "", language),
                id=one["id"],
                why=one[f"why_{language}"],
            ),
        )
        for one in (() if corrections is None else corrections.to_dict("records"))
        if one["cells"]
    ]


def _signs(table: pd.DataFrame, language: str) -> list[tuple[str, str]]:
    """Explain the signs in the cells; of the letters those that occur."""
    signs = [
        (SUPPRESSED, text("suppressed: too few units to tell", language)),
        (MISSING, text("missing: not published or not known", language)),
        ("0", text("a true zero", language)),
    ]
    statuses = set(table.loc[table["value"].notna(), "obs_status"])
    return signs + [
        (mark, text(meaning, language))
        for status, (mark, meaning) in MARKS.items()
        if status in statuses
    ]


def _write_notes(
    book: Any, formats: Mapping[Any, Any], lines: Sequence[tuple[str, str]], language: str
) -> tuple[Any, int]:
    """Write the first sheet from its top; give it, and the line below what was written."""
    notes = book.add_worksheet(text("Notes", language))
    for column, width in enumerate(WIDTHS):
        notes.set_column(column, column, width, formats["wrapped"] if column else None)
    for number, (heading, words) in enumerate(lines):
        notes.write_string(number, 0, heading)
        notes.write_string(number, 1, words)
    return notes, len(lines) + 1


def _write_figures(
    file: Path,
    table: pd.DataFrame,
    codes: pd.DataFrame,
    head: Sequence[tuple[str, str]],
    own: Mapping[str, str],
) -> None:
    """Write a workbook: notes first, then a sheet for each indicator, periods side by side."""
    language = codes.attrs["language"]
    row = table.groupby(ROW, sort=False, dropna=False).ngroup()  # once, not for each sheet
    by_indicator = dict(list(table.assign(row=row).groupby("indicator", sort=True)))
    sheets = sheet_names(by_indicator, taken=(text("Notes", language), "History"))
    with _workbook(file) as (book, formats):
        signs = [*_signs(table, language), ("", text(PROTECTION, language))]
        notes, line = _write_notes(book, formats, [*head, ("", ""), *signs], language)
        notes.write_row(line, 0, list(codes), formats["bold"])
        described = codes.set_axis(codes.iloc[:, 0])
        for number, (indicator, rows) in enumerate(by_indicator.items(), start=line + 1):
            sheet = book.add_worksheet(sheets[indicator])
            notes.write_url(number, 0, f"internal:'{sheets[indicator]}'!A1", string=indicator)
            for column, fact in enumerate(described.loc[indicator].iloc[1:], start=1):
                notes.write_string(number, column, fact, formats["wrapped"])
            _write_sheet(sheet, rows, formats, language, own)


def code_book(catalogue: pd.DataFrame, language: str) -> pd.DataFrame:
    """Say of each indicator what it counts, of what, how, since when, and what is better.

    Parameters
    ----------
    catalogue : DataFrame
        As in a release.
    language : {"de", "en"}

    Returns
    -------
    DataFrame
        All text, with the headings of :data:`DECLARED` in the language.
    """
    rows = []
    for entry in catalogue.fillna("").astype("str").to_dict("records"):
        parts = f"{entry.get('numerator')} / {entry.get('denominator')}"
        facts = {
            "label": entry[f"label_{language}"],
            "definition": entry[f"definition_{language}"],
            "unit": text(entry.get("unit", ""), language),
            "kind": text(KINDS[entry["kind"]], language) if entry.get("kind") in KINDS else "",
            "numerator": parts if entry.get("numerator") else "",
            "better": text(BETTER[entry["better"]], language) if entry.get("better") else "",
            "source": ", ".join(
                text(SOURCES.get(name, name), language)
                for name in entry.get("source", "").split(", ")
            ),
            "breakdowns": re.sub(
                r"\w+",
                lambda found: text(DIMENSIONS.get(found[0], found[0]), language),
                entry.get("breakdowns", ""),
            ),
            "first_period": quarter(entry.get("first_period", ""), language),
        }
        rows.append([facts.get(name, entry.get(name, "")) for name in DECLARED])
    headings = [text(heading, language) for heading in DECLARED.values()]
    book = pd.DataFrame(rows, columns=headings, dtype="str")
    book.attrs["language"] = language
    return book


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
    formats: Mapping[Any, Any],
    language: str,
    own: Mapping[str, str],
) -> None:
    """Write one indicator: a row for each area and breakdown, a column for each period."""
    columns, periods = pd.factorize(rows["period"], sort=True)
    lines, _ = pd.factorize(rows["row"])
    headings = [text(COLUMNS[name], language) for name in ROW]
    sheet.write_string(0, 0, f"{rows['label'].iloc[0]} ({rows['unit'].iloc[0]})", formats["bold"])
    headings += [quarter(period, language) for period in periods]
    sheet.write_row(2, 0, headings, formats["bold"])
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


def _write_column(sheet: Any, place: int, cells: pd.Series, formats: Mapping[Any, Any]) -> None:
    """Write a column of a list by its kind; what is missing stays empty."""
    is_day = pd.api.types.is_datetime64_any_dtype(cells)
    is_number = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
    for line, cell in enumerate(cells, start=1):
        if pd.isna(cell):
            continue
        if is_day:
            sheet.write_datetime(line, place, cell.to_pydatetime(), formats["day"])
        elif is_number:
            sheet.write_number(line, place, cell, formats[bool(cell % 1 == 0), ""])
        else:
            sheet.write_string(line, place, str(cell))


def _breakdown(written: str, language: str, own: Mapping[str, str]) -> str:
    """Say a breakdown in words: ``Status: Verified``."""
    return ", ".join(
        f"{text(DIMENSIONS.get(name, name), language)}: {code_name(name, code, language, own)}"
        for name, code in dimensions(written).items()
    )
