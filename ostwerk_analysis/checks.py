"""What the rows of a table are held against: one function for each kind of rule.

Each takes frames and gives the rules broken, a line for each row, column and rule; none changes
what it is given. Contracts themselves are checked by
:func:`ostwerk_analysis.tables.broken_rules`.
"""

from datetime import date

import pandas as pd

from .addresses import district_ids
from .codes import WZ_SECTIONS, wz_section
from .faults import DataError
from .programme import Programme, Source
from .sources import marks
from .tables import KINDS, RELATIONS, STATUS_LADDER, TABLES

ORIGIN = ["_read", "_source", "_file", "_line"]
"""Where a row came from."""
TOTALS = {
    *("summe", "gesamtsumme", "zwischensumme", "gesamt", "insgesamt", "ergebnis"),
    *("gesamtergebnis", "total", "grand total", "subtotal", "sum"),
}
"""What spreadsheets write before a total, in small letters."""
SHARES_TOLERANCE_PCT = 0.03
"""Shares may be rounded to two places, so that those of five funds add up to 100 but for this."""


def rows(frame: pd.DataFrame, column: object, rule: str, expected: object = "") -> pd.DataFrame:
    """Say of rows that they break a rule; column and expected may differ from row to row."""
    return pd.DataFrame({"row": frame.index, "column": column, "rule": rule, "expected": expected})


def types(text: pd.DataFrame, name: str, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the cells of a table into its types; what cannot be read is left empty and named.

    Raises
    ------
    DataError
        If a column can be read in two ways, and the source does not say in which.
    """
    made, bad = text[ORIGIN].copy(), []
    for column, declared in TABLES[name].columns.items():
        kind = declared.metadata["kind"]
        dtype = KINDS[kind]
        if column not in text:
            made[column] = pd.Series(None, text.index, dtype=dtype)
            continue
        cells = text[column]
        if kind == "text":
            made[column] = cells.astype("str")
            continue
        try:
            if kind in {"number", "whole number"}:
                values, unreadable = marks.to_number(cells, source.decimal_mark)
            elif kind == "date":
                values, unreadable = marks.to_date(cells, source.date_format)
            else:
                values, unreadable = marks.to_boolean(cells)
        except DataError as error:
            raise DataError("{file}: {error}", file=source.path, error=error) from None
        if kind == "whole number":
            unreadable |= values.notna() & (values % 1 != 0)
            values = values.where(~unreadable)
        made[column] = values.astype(dtype)
        rule = {"whole number": "whole_number", "yes/no": "boolean"}.get(kind, kind)
        bad.append(rows(cells[unreadable], column, rule))
    if name == "statistics":
        made["area_level"] = made["area_level"].fillna("district")
        gap = made["value"].isna()
        made["obs_status"] = made["obs_status"].fillna("A").mask(gap, "M")
    # What the contract does not know stays as text beside it, for whoever asked the office for it.
    extra = [c for c in text if c not in made and not c.startswith("_") and c != "geometry"]
    made[extra] = text[extra]
    return made, pd.concat(bad, ignore_index=True) if bad else rows(text.iloc[:0], "", "")


def duplicates(text: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Find rows that stand twice, the same in every cell and shape; the first one is kept."""
    cells = [column for column in text if column not in ORIGIN]
    # All cells are compared only where the key stands twice.
    part = [column for column in key if column in text] or cells
    alike = text[text.duplicated(part, keep=False)]
    return rows(alike[alike.duplicated(cells)], " and ".join(key), "duplicate_row")


def sections(businesses: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Give the section of each business, and name the codes that belong to none."""
    code, version = businesses["wz_code"], businesses["wz_version"]
    section = wz_section(code, version)
    has_version = version.isna() | version.isin(WZ_SECTIONS)
    homeless = code[code.notna() & section.isna() & has_version]
    edition = version[homeless.index].fillna("2008").map({"2008": "2025", "2025": "2008"})
    is_other = wz_section(homeless, edition).notna()
    bad = [
        rows(homeless[is_other], "wz_code", "edition", edition[is_other]),
        rows(homeless[~is_other], "wz_code", "pattern", "a code of the WZ such as 47.11"),
    ]
    return section, pd.concat(bad, ignore_index=True)


def split_branches(wz_code: pd.Series, brought: pd.DataFrame) -> pd.DataFrame:
    """Name the codes whose section is not known in the other edition, once each."""
    split = brought[brought["how"] == "split"]
    found = pd.DataFrame(
        {"row": split.index, "value": wz_code[split.index], "becomes": split["sections"]}
    )
    once = found.groupby(["value", "becomes"], as_index=False).agg(
        row=("row", "first"), count=("row", "size")
    )
    return once.sort_values("row", ignore_index=True).assign(
        column="wz_code", count=once["count"].astype("str")
    )


def too_late(frame: pd.DataFrame, name: str, last_day: date | None) -> pd.DataFrame:
    """Find events after the day up to which the data reach."""
    bad = [rows(frame.iloc[:0], "", "")]
    for column, declared in TABLES[name].columns.items():
        if last_day is not None and declared.metadata["is_event"]:
            late = frame[column] > pd.Timestamp(last_day)
            bad.append(rows(frame.loc[late, column], column, "future", last_day.isoformat()))
    return pd.concat(bad, ignore_index=True)


def totals(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Find rows that are no cases of their own but add up the others.

    Where a file has constants, such a row may fill all that its table needs. In statistics a total
    has the name or code of an area, or it is none.
    """
    contract = TABLES[name]
    said_in = {*contract.unique, "name", "beneficiary"} & {*contract.columns}
    bad = [rows(frame.iloc[:0], "", "")]
    for column in sorted(said_in) if name != "statistics" else ():
        if contract.columns[column].metadata["kind"] == "text":
            cells = frame[column].dropna()
            known = {text for text in cells.unique() if text.strip(" :.").casefold() in TOTALS}
            bad.append(rows(cells[cells.isin(known)], column, "total"))
    return pd.concat(bad, ignore_index=True)


def lost_zeros(
    made: pd.DataFrame, name: str, tables: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give codes of areas the leading zeros back that a spreadsheet has dropped.

    Only where that is certain: all codes of the table referred to have one length, the code with
    zeros is one of them, and the one without is no code of any area.

    Returns
    -------
    made : DataFrame
    restored : DataFrame
        A line for each column and code: ``row`` (the first), ``column``, ``value``, ``becomes``
        and ``count`` of the rows.
    """
    codes = {
        other: set(tables[other][TABLES[other].unique[0]])
        for other in ("boroughs", "districts")
        if other in tables
    }
    taken = set().union(*codes.values())
    referring = [
        (column, other, slice(None))
        for column, other in RELATIONS.get(name, {}).items()
        if other in codes
    ]
    if name == "statistics":
        referring = [
            ("district_id", other, made["area_level"] == level)
            for level, other in (("borough", "boroughs"), ("district", "districts"))
            if other in codes
        ]
    found = []
    for column, other, of_level in referring:
        cells = made.loc[of_level, column]
        widths = {len(code) for code in codes[other]}
        if len(widths) > 1:
            continue
        short = [code for code in cells.dropna().unique() if code.isdigit() and code not in taken]
        whole = {code: code.zfill(max(widths, default=0)) for code in short}
        for code in (code for code in short if whole[code] in codes[other]):
            at = cells.index[cells == code]
            found.append((at[0], column, code, whole[code], len(at)))
            made = made.assign(**{column: made[column].mask(made.index.isin(at), whole[code])})
    return made, pd.DataFrame(found, columns=["row", "column", "value", "becomes", "count"])


def dangling(
    frame: pd.DataFrame, name: str, tables: dict[str, pd.DataFrame], programme: Programme
) -> pd.DataFrame:
    """Find rows that refer to what is not there."""
    keys = {other: table[TABLES[other].unique[0]] for other, table in tables.items()}
    keys["measures"] = pd.Series([measure.id for measure in programme.measures], dtype="str")
    bad = [rows(frame.iloc[:0], "", "")]
    former = tables.get("district_changes", pd.DataFrame({"from_id": []}))["from_id"]
    if name == "district_changes":
        later = set(frame["from_id"]) | set(keys["districts"])
        bad.append(rows(frame[~frame["to_id"].isin(later)], "to_id", "unknown", "districts"))
    for column, other in RELATIONS.get(name, {}).items():
        if other in keys:
            codes = frame[column].dropna()
            if other == "districts" and not column.endswith("_ids"):
                codes = codes[~codes.isin(former)]
            if column.endswith("_ids"):
                codes = district_ids(codes).explode()
            strange = codes.index[~codes.isin(keys[other])].unique()
            bad.append(rows(frame.loc[strange], column, "unknown", other))
    if name == "statistics":
        keys["city"] = pd.Series([programme.city.id], dtype="str")
        for level, other in {
            "district": "districts",
            "borough": "boroughs",
            "city": "city",
        }.items():
            of_level = frame["area_level"] == level
            known = keys.get(other, pd.Series(dtype="str"))
            known = pd.concat([known, former.astype("str")]) if level == "district" else known
            dangling = of_level & frame["district_id"].notna() & ~frame["district_id"].isin(known)
            bad.append(rows(frame[dangling], "district_id", "unknown", other))
    return pd.concat(bad, ignore_index=True)


def group_rules(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Find groups of rows that do not fit together; all rows of such a group are set aside."""
    if name == "funding_shares":
        total = frame.groupby("grant_id")["share_pct"].transform("sum")
        wrong = (total - 100).abs() > SHARES_TOLERANCE_PCT
        return rows(frame[wrong], "grant_id", "sum", total[wrong].map("{:g}".format))
    if name == "district_changes":
        share = frame["share_pct"].fillna(100.0)
        total = share.groupby([frame["from_id"], frame["changed_on"]]).transform("sum")
        wrong = (total - 100).abs() > SHARES_TOLERANCE_PCT
        return rows(frame[wrong], "from_id", "sum", total[wrong].map("{:g}".format))
    if name == "jobs":
        rung = frame["status"].map({status: n for n, status in enumerate(STATUS_LADDER)})
        ordered = frame.assign(_rung=rung).sort_values(["job_id", "_rung"])
        step = ordered.groupby("job_id")["status_on"].diff() < pd.Timedelta(0)
        wrong = step.groupby(ordered["job_id"]).transform("any").reindex(frame.index)
        bad = [rows(frame[wrong], "status_on", "order", "in the order of the rungs")]
        for column in ("business_id", "kind"):
            differs = frame.groupby("job_id")[column].transform("nunique") > 1
            bad.append(rows(frame[differs], column, "differs", frame["job_id"][differs]))
        return pd.concat(bad, ignore_index=True)
    return rows(frame.iloc[:0], "", "")
