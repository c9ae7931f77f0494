"""Public lists of operations that the funds pay, as authorities and the Union publish them.

Three kinds are read: lists of 2021-2027 by Art. 49(3) of Regulation (EU) 2021/1060, those of
2014-2020 by Art. 115(2) and Annex XII of Regulation (EU) No 1303/2013, and exports of Kohesio. The
columns are prescribed, their names are not: each Land writes them in its own way, in German,
English or both. Where a column is not found, name it in programme.toml::

    [[sources]]
    table = "operations"
    path = "raw/esf_2014-2020.csv"
    format = "operations"
    where = { municipality = ["Leipzig"] }
    constants = { fund = "ESF" }
    columns = { purpose = "Kurzbeschreibung" }
"""

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..faults import DataError, nearest
from ..programme import Source
from . import tabular
from .raw import RawTable, asked_for, named, tidy_name

NAMES: dict[str, tuple[str, ...]] = {
    "code": (
        *("Code des Vorhabens", "Vorhaben-ID", "Vorhabens-ID", "Vorhabenident", "Vorhabensident"),
        *("Vorhabennummer", "Vorhabensnummer", "Projektnummer", "Antragsnummer"),
        *("Förderkennzeichen", "Aktenzeichen", "Operation_Unique_Identifier", "Operation code"),
    ),
    "beneficiary": (
        *("Name des Begünstigten", "Name der Begünstigten", "Name des/der Begünstigten"),
        *("Name der/des Begünstigten", "Begünstigter", "Begünstigte", "Begünstigte/r"),
        *("Zuwendungsempfänger", "Zuwendungsempfängerin", "Zuwendungsempfänger/in"),
        *("Beneficiary_Name", "Name of the beneficiary", "Beneficiary's name", "Beneficiary"),
    ),
    "is_natural_person": ("Natürliche Person", "Natural person"),
    "contractor": (
        *("Name des Auftragnehmers", "Auftragnehmer", "Contractor's name", "Contractor"),
    ),
    "name": (
        *("Bezeichnung des Vorhabens", "Name des Vorhabens", "Titel des Vorhabens"),
        *("Vorhabenbezeichnung", "Vorhabensbezeichnung", "Projektbezeichnung", "Projekttitel"),
        *("Bezeichnung", "Projekt", "Operation_Name_Programme_Language"),
        *("Operation_Name_English", "Operation name", "Name of the operation", "Project"),
    ),
    "purpose": (
        *("Zusammenfassung des Vorhabens", "Zweck des Vorhabens", "Zweck und erwartete"),
        *("Kurzbeschreibung", "Zusammenfassung", "Operation_Summary_Programme_Language"),
        *("Operation_Summary_English", "Operation summary", "Purpose of the operation"),
    ),
    "started_on": (
        *("Datum des Beginns", "Beginn des Vorhabens", "Beginns des Vorhabens", "Vorhabenbeginn"),
        *("Vorhabensbeginn", "Projektbeginn", "Startdatum", "Beginn", "Operation start date"),
        *("Start date of the operation", "Start date", "Start of project"),
    ),
    "ends_on": (
        *("Datum des Endes", "Ende des Vorhabens", "Endes des Vorhabens", "Vorhabenende"),
        *("Voraussichtliches oder tatsächliches Datum des Abschlusses", "Datum des Abschlusses"),
        *("Vorhabensende", "Projektende", "Enddatum", "Ende", "Operation end date"),
        *("Expected or actual date of completion", "End date", "End of project"),
    ),
    "total_cost_eur": (
        *("Gesamtkosten des Vorhabens", "Total cost of the operation", "Gesamtkosten"),
        *("Gesamtbetrag der förderfähigen Ausgaben", "Gesamtbeitrag der förderfähigen Ausgaben"),
        *("Gesambetrag der förderfähigen Ausgaben", "Gesamtbetrag förderfähiger Ausgaben"),
        *("Gesamtbetrag der förderfähigen Kosten", "Förderfähige Gesamtausgaben"),
        *("Förderfähige Gesamtkosten", "Gesamtbetrag", "Total_Eligible_Expenditure_amount"),
        *("Total eligible expenditure", "Total cost"),
    ),
    "fund": ("Betroffener Fonds", "Fonds", "Fund_Code", "Fund concerned", "Fund"),
    "specific_objective": (
        *("Betroffenes spezifisches Ziel", "Spezifisches Ziel", "Specific objective concerned"),
        "Specific objective",
    ),
    "eu_rate_pct": (
        *("Unions-Kofinanzierungssatz", "EU-Kofinanzierungssatz", "Kofinanzierungssatz"),
        *("Kofinanzierungssatz Prio-Achse", "Kofinanzierungssatz der Union", "Cofinancing_Rate"),
        *("Union co-financing rate", "EU_Cofinancing_Rate", "Co-financing rate"),
    ),
    "location": (
        *("Durchführungsort", "Durchführungsort des Vorhabens", "Ort des Vorhabens", "Vorhabenort"),
        *("Projektstandort Ort", "Projektstandort", "Standortindikator", "Standort des Vorhabens"),
        *("Standort", "Gemeinde", "Ort", "Municipality", "Operation location"),
        *("Location indicator", "Project location", "LAU_Labels", "Location"),
    ),
    "postcode": (
        *("Postleitzahl des Vorhabens", "PLZ des Vorhabens", "Projektstandort PLZ"),
        *("PLZ Vorhabenort", "Postleitzahl", "PLZ", "Postal_Code", "Operation postcode"),
    ),
    "country": ("Betroffenes Land", "Country concerned", "Country"),
    "county": ("Landkreis", "Landkreis/Kreisfreie", "Kreis", "County", "NUTS3_Label"),
    "intervention_type": (
        *("Bezeichnung der Interventionskategorie", "Art der Intervention", "Themenfeld"),
        *("Interventionskategorie", "Interventionsbereich", "Category_Label"),
        *("Name of category of intervention", "Type of intervention", "Intervention field"),
        *("Category of intervention", "Category_Of_Intervention"),
    ),
}
"""Column of the table = names under which lists have it, those that say it best first.

Gathered from the regulations, from lists of 2014-2020 of 15 of the 16 Länder and of 2021-2027 of
Lower Saxony and Hesse, and from the headers of Kohesio's exports."""

CURRENCY = ("Total_Eligible_Expenditure_Currency", "Währung", "Currency")
POINT = ("Location_Indicator_latitude_longitude", "Geolokalisierung")
BENEFICIARY_POSTCODE = ("PLZ Begünstigter", "PLZ des Begünstigten", "Postleitzahl Begünstigter")
"""Other columns that say something of the money or the place."""

LAENDER = (
    *("Baden-Württemberg", "Bayern", "Brandenburg", "Hessen", "Mecklenburg-Vorpommern"),
    *("Niedersachsen", "Nordrhein-Westfalen", "Rheinland-Pfalz", "Saarland", "Sachsen"),
    *("Sachsen-Anhalt", "Schleswig-Holstein", "Thüringen", "landesweit", "Deutschland"),
)
"""Names in a column for places that are none."""

PLACES = ("location", "postcode", "municipality", "placed_by")
"""Columns that are made of what a list says of the place."""

CODE_DIGITS = 16

_NUMBERED = re.compile(r"^\s*(?:[0-9]{1,2}|[a-z])[.)]\s+")
_AFTER_ONE_WORD = re.compile(r"\s*(?:[/(\[:;,*–]|- |\d\)|in (?:€|eur|%|prozent)).*|\s*-?\s*$", re.I)
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "\u00ad": None})
_FRACTION = r"^(?:0?[.,][0-9]+|1(?:[.,]0+)?)$"
_DAY_FIRST = r"^([0-3][0-9])/([01][0-9])/([0-9]{4})$"
_KIND = r"(?:Große Kreis|Kreisfreie |krfr\. ?|Landeshaupt|Hanse|Universitäts|Kreis)?stadt"
_CITY = re.compile(
    rf"(?:{_KIND}|Gemeinde|Markt) (?P<first>.+)|(?P<last>.+?)(?:(?:, | \(){_KIND}\)?)+", re.I
)
_COUNTY = re.compile(r"(?i)(?:land)?kreis\b.*|.*(?:\b|, )(?:land)?kreis|LK\b.*|.*, LK")
_POSTCODE = r"^(?:D-)?[0-9]{5}\b[ ,]*"


def read(source: Source, path: Path) -> RawTable:
    """Read a list of operations; its columns are found by their names.

    The header may stand in any of the first 15 lines. A name is found whatever its case, blanks,
    line breaks, hyphens and number, also where the same in English or a remark follows. A list
    without a column for ``code`` gets one made from the contents of each row, see
    :func:`content_codes`: rows that are the same in every cell then share a code.

    Where an operation is comes from its postcode, else from its municipality, else from its county;
    ``placed_by`` says which. ``where`` may ask for the ``municipality``, found in the place:
    ``Leipzig, Stadt`` and ``04315 Leipzig`` are Leipzig, but the county ``Leipzig`` is not.

    Returns
    -------
    RawTable
        With the columns of the table ``operations`` that the list has, ``code``, ``placed_by``,
        ``municipality``, and the list's other columns under their own names.

    Raises
    ------
    DataError
        If no column name is known, two fit equally well, ``where`` asks for a name that is both a
        city and a county, amounts are not in euros, or rates may be fractions; and as
        :func:`ostwerk_analysis.sources.tabular.cells`.
    """
    raw = tabular.cells(source, path, is_known=lambda name: _fit(name) is not None)
    columns = [name for name in raw.frame.columns if name != "_line"]
    found = find_columns(source, columns)
    if not source.columns and not found:
        known = NAMES["beneficiary"][0]
        raise DataError(
            "{file}: no column name of a list of operations is among the first 15 lines; the "
            "nearest to {column!r} is {near!r}. Name the columns in programme.toml.",
            file=source.path,
            column=known,
            near=nearest(known, columns),
        )
    if "code" not in {*found, *source.columns, *source.constants}:
        raw = replace(raw, frame=raw.frame.assign(code=content_codes(raw.frame[columns])))
    names = found | {column: tidy_name(name) for column, name in source.columns.items()}
    _refuse_homonyms(source, raw.frame, names)
    frame = _placed(raw.frame, names)
    placed = [found.pop(column) for column in ("location", "postcode") if column in found]
    raw = asked_for(replace(raw, frame=frame), source)
    _refuse_other_money(source, raw.frame)
    _refuse_fractions(source, raw.frame, names)
    if "Operation_Unique_Identifier" in columns and source.date_format is None:
        days = {names.get(column, "") for column in ("started_on", "ends_on")} & {*columns}
        iso = {day: raw.frame[day].str.replace(_DAY_FIRST, r"\3-\2-\1", regex=True) for day in days}
        raw = replace(raw, frame=raw.frame.assign(**iso))
    used = [name for name in placed if name not in PLACES]
    raw = replace(raw, frame=raw.frame.drop(columns=used))
    return named(raw, source, {column: (name,) for column, name in found.items()})


def find_columns(source: Source, columns: Sequence[str]) -> dict[str, str]:
    """Find the columns of a list by their names.

    Returns
    -------
    dict
        Column of the table = column of the list, for those that the source does not state.

    Raises
    ------
    DataError
        If two columns fit a name equally well.
    """
    best: dict[str, list[tuple[int, bool, str]]] = {}
    taken = {tidy_name(name) for name in source.columns.values()}
    for column in columns:
        if column not in taken and (fit := _fit(column)):
            field, rank, is_exact = fit
            best.setdefault(field, []).append((rank, not is_exact, column))
    found = {}
    for field, fits in best.items():
        if field in source.columns or field in source.constants or field not in NAMES:
            continue
        first, *others = sorted(fits)
        if others and others[0][:2] == first[:2]:
            raise DataError(
                "{file}: the columns {first!r} and {second!r} may both be {column}. State one "
                "under columns in programme.toml.",
                file=source.path,
                first=first[2],
                second=others[0][2],
                column=field,
            )
        found[field] = first[2]
    return found


@functools.cache
def _fit(column: str) -> tuple[str, int, bool] | None:
    """Say which field a column's name means, by which of the field's names, and how exactly."""
    written = _NUMBERED.sub("", column).casefold().translate(_FOLDED).strip()
    fits = []
    for field, rank, length, pattern, is_word in _patterns():
        if not (match := pattern.match(written)):
            continue
        rest = written[match.end() :].strip(" *:")
        is_exact = not rest
        if (
            is_exact
            or not is_word
            or _AFTER_ONE_WORD.fullmatch(written[match.end() :])
            or (any(p.fullmatch(rest) for f, _, _, p, _ in _patterns() if f == field))
        ):
            fits.append((length, is_exact, field, rank))
    if not fits:
        return None
    _, is_exact, field, rank = max(fits)
    return field, rank, is_exact


@functools.cache
def _patterns() -> list[tuple[str, int, int, re.Pattern[str], bool]]:
    """Make of each known name a pattern for its letters, whatever stands between them."""
    others = {"currency": CURRENCY, "point": POINT, "beneficiary_postcode": BENEFICIARY_POSTCODE}
    patterns = []
    for field, names in (NAMES | others).items():
        for rank, name in enumerate(names):
            folded = name.casefold().translate(_FOLDED)
            letters = re.sub(r"[\W_]", "", folded)
            pattern = re.compile(r"[\W_]*".join(letters) + r"(?![^\W_])")
            patterns.append((field, rank, len(letters), pattern, not re.search(r"[\s_-]", name)))
    return patterns


def _refuse_homonyms(source: Source, frame: pd.DataFrame, names: dict[str, str]) -> None:
    """Refuse to pick by a name that a city and a county share."""
    for column in {names.get("county", ""), names.get("location", "")} & source.where.keys():
        if "municipality" in source.where or column not in frame:
            continue
        given = frame[column].dropna().unique().tolist()
        cities = {bare: cell for cell in given if (bare := _city(cell)) and bare != cell}
        if doubtful := sorted(cities.keys() & set(source.where[column]) & set(given)):
            raise DataError(
                "{file}: {name!r} in {column!r} is not the city, which is written {city!r}. Take "
                "it out of where and write municipality = [{name!r}]; for the county name its "
                "municipalities.",
                file=source.path,
                name=doubtful[0],
                column=column,
                city=cities[doubtful[0]],
            )


def _city(cell: str) -> str:
    """Give the bare name of a city or municipality written with its kind; empty if it has none."""
    found = _CITY.fullmatch(cell)
    return (found["first"] or found["last"]) if found and not _COUNTY.fullmatch(cell) else ""


def _placed(frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Say for each operation its municipality, and what of the list tells its place."""
    blank = pd.Series(None, frame.index, dtype="str")
    other = {fit[0]: str(column) for column in frame if (fit := _fit(str(column)))}
    place, county, postcode, point, beneficiary = (
        frame.get((other | names).get(field, ""), blank).astype("str")
        for field in ("location", "county", "postcode", "point", "beneficiary_postcode")
    )
    # A column for the "postcode or another suitable indicator" may hold names of places.
    is_code = postcode.str.contains(_POSTCODE, na=False)
    place = place.fillna(postcode.mask(is_code))
    is_land = place.isin(LAENDER)
    places = place.groupby(county).transform("nunique")
    is_county = place.eq(county) & places.gt(1)  # a county has several
    municipality = _municipalities(place.mask(is_land | is_county))
    of_county = county.map({text: _city(text) or None for text in county.dropna().unique()})
    municipality = municipality.fillna(of_county.astype("str"))
    placed_by = (
        blank.mask(beneficiary.notna(), "beneficiary")
        .mask((county.notna() | place.notna()) & ~is_land, "county")
        .mask(municipality.notna(), "municipality")
        .mask(is_code | place.str.contains(_POSTCODE, na=False), "postcode")
        .mask(point.notna(), "point")
    )
    return frame.assign(
        location=place,
        postcode=postcode.where(is_code),
        municipality=municipality,
        placed_by=placed_by.astype("str"),
    )


def _municipalities(places: pd.Series) -> pd.Series:
    """Read municipalities from places; a name that is a city's or a county's is none."""
    texts = [str(place) for place in places.dropna().unique()]
    bare = {text: re.sub(_POSTCODE, "", text) for text in texts}
    cities = {_city(name) for name in bare.values()} - {""}
    known = {
        text: _city(name)
        or (None if not name or name in cities or _COUNTY.fullmatch(name) else name)
        for text, name in bare.items()
    }
    return places.map(known).astype("str")


def _refuse_other_money(source: Source, frame: pd.DataFrame) -> None:
    """Refuse amounts in another currency than the euro."""
    for column in frame:
        fit = _fit(str(column))
        if fit is None or fit[0] != "currency":
            continue
        wrong = frame[frame[column].notna() & ~frame[column].str.upper().isin(["EUR", "€", "EURO"])]
        if len(wrong):
            raise DataError(
                "{file}, line {line}: the amount is in {currency}, not in euros. Keep such rows "
                "out by where, or convert them in the file.",
                file=source.path,
                line=wrong["_line"].iloc[0],
                currency=wrong[column].iloc[0],
            )


def _refuse_fractions(source: Source, frame: pd.DataFrame, names: dict[str, str]) -> None:
    """Refuse rates from 0 to 1: half may be 0.5 or 50."""
    if (column := names.get("eu_rate_pct")) not in frame:
        return
    stated = [*source.values.get("eu_rate_pct", {})]
    rates = frame[column].dropna()
    doubtful = rates[rates.str.fullmatch(_FRACTION) & ~rates.isin(stated)]
    if len(doubtful):
        rate = doubtful.iloc[0]
        raise DataError(
            "{file}, line {line}: the rate {rate} in {column!r} may be a fraction or per cent. "
            'State it in programme.toml: values.eu_rate_pct."{rate}" = "50".',
            file=source.path,
            line=frame.loc[doubtful.index[0], "_line"],
            rate=rate,
            column=column,
        )


def content_codes(frame: pd.DataFrame) -> pd.Series:
    """Make a code for each row from what it says.

    The first 16 hexadecimal digits of the SHA-256 of the row's cells, each with its column's name,
    ordered by these names. So the code stays when rows or columns are moved, and changes when a
    cell does.

    Parameters
    ----------
    frame : DataFrame of str, shape (n, k)

    Returns
    -------
    Series of str, shape (n,)
    """
    columns = sorted(frame.columns)
    rows = frame[columns].fillna("").to_numpy(dtype=object)
    codes = [
        hashlib.sha256(
            "\x1e".join(
                f"{column}\x1f{cell}" for column, cell in zip(columns, row, strict=True)
            ).encode()
        ).hexdigest()[:CODE_DIGITS]
        for row in rows
    ]
    return pd.Series(codes, frame.index, dtype="str")
