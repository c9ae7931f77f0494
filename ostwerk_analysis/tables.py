"""Contracts of the input tables: columns, units, keys, ranges, and how tables refer to each other.

A contract is a pandera schema. The text of a check is ``rule|what was expected``, the rule being a
key of :data:`ostwerk_analysis.rules.RULES`; a check of whole rows names its column in between.
:func:`broken_rules` turns what pandera finds into faults.
"""

import functools

import pandas as pd
import pandera.pandas as pa

from .codes import CODES

KINDS = {
    "text": "str",
    "number": "float64",
    "whole number": "Int64",
    "date": "datetime64[ns]",
    "yes/no": "boolean",
}
"""Kind of a column, as the documentation names it, and its type in memory."""

STATUS_LADDER = ("promised", "claimed", "verified", "retained")
FUNDS = ("ERDF", "ESF", "federal", "state", "city")
AREA_LEVELS = ("district", "borough", "city")


def _column(
    kind: str,
    description: str,
    *checks: pa.Check,
    required: bool = False,
    is_event: bool = False,
) -> pa.Column:
    return pa.Column(
        KINDS[kind],
        list(checks),
        nullable=not required,
        description=description,
        metadata={"kind": kind, "required": required, "is_event": is_event},
    )


def _one_of(*values: str) -> pa.Check:
    return pa.Check.isin(values, error=f"allowed|{', '.join(values)}")


def _at_least(lowest: float) -> pa.Check:
    return pa.Check.ge(lowest, error=f"range|{lowest:g} or more")


def _between(lowest: float, highest: float) -> pa.Check:
    return pa.Check.in_range(lowest, highest, error=f"range|from {lowest:g} to {highest:g}")


def _pattern(expression: str, expected: str) -> pa.Check:
    return pa.Check.str_matches(expression, error=f"pattern|{expected}")


def _not_before(later: str, earlier: str) -> pa.Check:
    return pa.Check(
        lambda frame: ~(frame[later] < frame[earlier]),
        error=f"order|{later}|on or after {earlier}",
    )


def _not_above(lower: str, upper: str) -> pa.Check:
    return pa.Check(
        lambda frame: ~(frame[lower] > frame[upper]), error=f"order|{lower}|at most {upper}"
    )


def _needs(column: str, when: str, values: tuple[str, ...]) -> pa.Check:
    return pa.Check(
        lambda frame: frame[column].notna() | ~frame[when].isin(values),
        error=f"needs|{column}|{when} is {' or '.join(values)}",
    )


def _together(column: str, other: str) -> pa.Check:
    return pa.Check(
        lambda frame: frame[column].notna() | frame[other].isna(),
        error=f"needs|{column}|{other} is filled in",
    )


def _no_value_if_missing(frame: pd.DataFrame) -> pd.Series:
    return frame["value"].isna() | (frame["obs_status"] != "M")


def _contract(
    description: str,
    columns: dict[str, pa.Column],
    *checks: pa.Check,
    key: tuple[str, ...],
    geometry: str = "",
) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        columns,
        checks=list(checks),
        unique=list(key),
        report_duplicates="all",
        description=description,
        metadata={"geometry": geometry},
    )


_text = functools.partial(_column, "text")
_id = functools.partial(_column, "text", required=True)
_date = functools.partial(_column, "date")
_event = functools.partial(_column, "date", is_event=True)  # has happened, so not in the future
_yes_no = functools.partial(_column, "yes/no")


def _number(description: str, *, required: bool = False) -> pa.Column:
    return _column("number", description, _at_least(0), required=required)


_lon = _column("number", "Longitude in degrees, WGS 84.", _between(-180, 180))
_lat = _column("number", "Latitude in degrees, WGS 84.", _between(-90, 90))
_labour_status = _one_of(*CODES["labour_status"])
_district = _text("Code of the district; found from the point where there is one.")

_subdistrict = _text(
    "Code of a smaller area that begins with the district's, such as an electoral district or a "
    "block; gives the district where its own code is not stated."
)
_postcode = _text("Postcode; needed only where a street's name stands for several streets.")
_address = {
    "address": _text("Street, number, postcode and town on one line."),
    "street": _text("Street, where it has a column of its own."),
    "house_number": _text("House number, where it has a column of its own."),
    "postcode": _text("Postcode, where it has a column of its own."),
    "town": _text("Town, where it has a column of its own."),
}
_house_number = _pattern(r"^\s*\d", "a house number such as 12 or 12 a")
_house_numbers = _pattern(
    r"(?i)^\s*[1-9]\d{0,3}\s*[a-z]?\s*(?:[-–]\s*(?:[1-9]\d{0,3}\s*[a-z]?)?)?"
    r"(?:\s*[,;]\s*[1-9]\d{0,3}\s*[a-z]?\s*(?:[-–]\s*(?:[1-9]\d{0,3}\s*[a-z]?)?)?)*\s*$",
    "house numbers such as 1-13, 15a or 17-",
)

TABLES: dict[str, pa.DataFrameSchema] = {
    "boroughs": _contract(
        "A borough (Stadtbezirk): a group of districts.",
        {"borough_id": _id("Code of the borough."), "name": _id("Name of the borough.")},
        key=("borough_id",),
        geometry="optional",
    ),
    "districts": _contract(
        "A district (Ortsteil) with its polygon.",
        {
            "district_id": _id("Official code, as text."),
            "name": _id("Official name."),
            "borough_id": _text("Code of the borough; found from the boroughs' polygons if empty."),
            "area_km2": _number("Official area in km²."),
            "valid_from": _date("First day of this cut of the district."),
            "valid_to": _date("Last day of this cut; empty while it is valid."),
        },
        _not_before("valid_to", "valid_from"),
        key=("district_id",),
        geometry="required",
    ),
    "district_changes": _contract(
        "What became of a district that was merged, divided, or given another code.",
        {
            "from_id": _id("Code of the district before."),
            "to_id": _id("Code of a district that it, or a part of it, became."),
            "changed_on": _date("First day of the new cut.", required=True),
            "share_pct": _column(
                "number", "Part of the district in percent; all of it if empty.", _between(0, 100)
            ),
            "share_by": _text(
                "What the part is measured by.",
                _one_of("residents", "households", "addresses", "area"),
            ),
        },
        key=("from_id", "to_id", "changed_on"),
    ),
    "addresses": _contract(
        "An address of the city, by which sites and businesses without a point are placed.",
        {
            "address_id": _text("Code of the address or building, where the file has one."),
            "street": _id("Name of the street."),
            "house_number": _text(
                "House number with suffix, such as 12 a; several of a building as 12-14.",
                _house_number,
            ),
            "postcode": _postcode,
            "lon": _lon,
            "lat": _lat,
            "district_id": _district,
            "subdistrict_id": _subdistrict,
        },
        _together("lon", "lat"),
        _together("lat", "lon"),
        key=("address_id", "street", "house_number", "postcode", "lon", "lat", "district_id"),
        geometry="optional",
    ),
    "street_sections": _contract(
        "A section of a street: house numbers that lie in one district.",
        {
            "street": _id("Name of the street."),
            "postcode": _postcode,
            "house_numbers_odd": _text(
                "House numbers of one side, such as 1-13, 15a or 17-; the numbers themselves say "
                "which side it is.",
                _house_numbers,
            ),
            "house_numbers_even": _text("House numbers of the other side.", _house_numbers),
            "first_house_number": _text(
                "First house number, where first and last have columns of their own.",
                _house_number,
            ),
            "last_house_number": _text("Last house number; to the end if empty.", _house_number),
            "side": _text(
                "Side of the street: odd, even or both; found from the numbers if empty.",
                _one_of("odd", "even", "both"),
            ),
            "district_id": _text("Code of the district."),
            "subdistrict_id": _subdistrict,
        },
        pa.Check(
            lambda frame: frame["district_id"].notna(),
            error="needs|district_id|no district's code begins subdistrict_id",
        ),
        pa.Check(
            lambda frame: (
                frame[["house_numbers_odd", "house_numbers_even", "first_house_number"]]
                .notna()
                .any(axis=1)
            ),
            error="needs|house_numbers_odd|no other column has house numbers",
        ),
        key=(
            *("street", "postcode", "house_numbers_odd", "house_numbers_even"),
            *("first_house_number", "last_house_number", "side", "subdistrict_id", "district_id"),
        ),
    ),
    "streets": _contract(
        "A street and the districts in which it lies.",
        {
            "street": _id("Name of the street."),
            "postcode": _postcode,
            "district_ids": _id(
                "Codes of all districts in which it lies, such as 10|11, or one of them in a row."
            ),
        },
        key=("street", "postcode", "district_ids"),
    ),
    "network_nodes": _contract(
        "A node of a walking network: a place where paths meet or end.",
        {
            "node_id": _id("Code of the node."),
            "lon": _column(
                "number", "Longitude in degrees, WGS 84.", _between(-180, 180), required=True
            ),
            "lat": _column(
                "number", "Latitude in degrees, WGS 84.", _between(-90, 90), required=True
            ),
        },
        key=("node_id",),
    ),
    "network_edges": _contract(
        "An edge of a walking network: a stretch of path between two nodes, walked both ways.",
        {
            "from_id": _id("Code of the node at one end."),
            "to_id": _id("Code of the node at the other end."),
            "edge_key": _text("Tells several edges between the same two nodes apart."),
            "length_m": _number("Length in metres.", required=True),
            "from_lon": _lon,
            "from_lat": _lat,
            "to_lon": _lon,
            "to_lat": _lat,
        },
        *(
            _together(*pair)
            for end in ("from", "to")
            for pair in ((f"{end}_lon", f"{end}_lat"), (f"{end}_lat", f"{end}_lon"))
        ),
        key=("from_id", "to_id", "edge_key", "length_m"),
    ),
    "sites": _contract(
        "A WerkStadt or contact point.",
        {
            "site_id": _id("Code of the site."),
            "name": _id("Name of the site."),
            "kind": _text(
                "werkstadt or contact_point.", _one_of("werkstadt", "contact_point"), required=True
            ),
            **_address,
            "lon": _lon,
            "lat": _lat,
            "district_id": _district,
            "opened_on": _date("First day."),
            "closed_on": _date("Last day; empty while open."),
            "measure_id": _text("Code of the measure that runs it."),
        },
        _not_before("closed_on", "opened_on"),
        _together("lon", "lat"),
        _together("lat", "lon"),
        key=("site_id",),
        geometry="optional",
    ),
    "businesses": _contract(
        "An enterprise.",
        {
            "business_id": _id("Code of the enterprise."),
            **_address,
            "lon": _lon,
            "lat": _lat,
            "district_id": _district,
            "wz_code": _text(
                "Economic activity, WZ.",
                _pattern(r"^([A-Z]|\d{2}(\.\d{1,2}(\.\d)?)?)$", "a code of the WZ such as 47.11"),
            ),
            "wz_version": _text(
                "Edition of the WZ: 2008 (taken if empty) or 2025.", _one_of("2008", "2025")
            ),
            "founded_on": _event("Day of foundation or registration."),
            "closed_on": _event("Day of closing; empty while active."),
            "employees_fte": _number("Employees in full-time equivalents."),
            "turnover_eur": _number("Yearly turnover in euros."),
            "balance_eur": _number("Balance sheet total in euros."),
            "is_owner_operated": _yes_no("Run by its owner."),
            "has_migrant_owner": _yes_no("An owner has a migration background."),
            "group_id": _text("Code shared by linked enterprises."),
        },
        _not_before("closed_on", "founded_on"),
        _together("lon", "lat"),
        _together("lat", "lon"),
        key=("business_id",),
        geometry="optional",
    ),
    "enterprise_years": _contract(
        "The figures of an enterprise in one accounting period, for its size class.",
        {
            "business_id": _id("The enterprise."),
            "year": _column(
                "whole number",
                "Year in which the period ended.",
                _between(1990, 2100),
                required=True,
            ),
            "employees_fte": _number("Employees in full-time equivalents."),
            "turnover_eur": _number("Yearly turnover in euros."),
            "balance_eur": _number("Balance sheet total in euros."),
        },
        key=("business_id", "year"),
    ),
    "participants": _contract(
        "A participant of an operation, under a pseudonym.",
        {
            "participant_id": _id("Pseudonym of the record: one entry of a person."),
            "person_id": _text(
                "Pseudonym of the person, the same in every record; if empty, the record is a "
                "person of its own."
            ),
            "operation_code": _text(
                "Code of the operation, in which a person counts once; records without one are of "
                "one operation."
            ),
            "entered_on": _event("First day.", required=True),
            "left_on": _event("Last day; empty while taking part."),
            "site_id": _text("Where."),
            "sex": _text("As recorded.", _one_of(*CODES["sex"])),
            "age_group": _text("As recorded."),
            "isced": _text("Highest education, ISCED 2011."),
            "labour_status_in": _text("Labour status on entering.", _labour_status),
            "labour_status_out": _text(
                "Labour status within four weeks of leaving.", _labour_status
            ),
            "labour_status_6m": _text("Labour status six months after leaving.", _labour_status),
            "has_gained_qualification": _yes_no("Gained a qualification by leaving."),
            "has_better_position_6m": _yes_no(
                "Has a better position six months after leaving, of those in work on entering."
            ),
            "has_migration_background": _yes_no("Has a migration background."),
            "district_id": _text("Code of the district of residence."),
        },
        _not_before("left_on", "entered_on"),
        key=("participant_id",),
    ),
    "contacts": _contract(
        "A contact or advice session.",
        {
            "contact_id": _id("Code of the contact."),
            "occurred_on": _event("Day of the contact.", required=True),
            "kind": _text(
                "What it was.",
                _one_of(
                    "first_contact", "advice", "startup_advice", "network_event", "community_event"
                ),
                required=True,
            ),
            "business_id": _text("The enterprise."),
            "participant_id": _text("The person."),
            "site_id": _text("Where it took place."),
            "referred_to_site_id": _text("The site to which it referred."),
            "hours": _number("Length in hours."),
            "language": _text("Language of the contact."),
            "topic": _text("What it was about."),
        },
        key=("contact_id",),
    ),
    "grants": _contract(
        "An application for a grant.",
        {
            "grant_id": _id("Code of the application."),
            "business_id": _id("The enterprise that applied."),
            "measure_id": _id("The measure under which it applied."),
            "applied_on": _event("Day of the application.", required=True),
            "status": _text(
                "Where it stands.",
                _one_of("applied", "approved", "rejected", "withdrawn", "paid", "completed"),
                required=True,
            ),
            "approved_on": _event("Day of approval."),
            "rejected_on": _event("Day of rejection."),
            "paid_on": _event("Day of payment."),
            "completed_on": _event("Day on which use of the funds was proved."),
            "eligible_cost_eur": _number("Eligible cost in euros."),
            "grant_eur": _number("Grant approved, in euros."),
            "paid_eur": _number("Grant paid out, in euros."),
            "purpose": _text("What for."),
            "is_de_minimis": _yes_no("Given as de-minimis aid."),
        },
        _not_before("approved_on", "applied_on"),
        _not_before("rejected_on", "applied_on"),
        _not_before("paid_on", "approved_on"),
        _not_before("completed_on", "approved_on"),
        _not_above("paid_eur", "grant_eur"),
        _not_above("grant_eur", "eligible_cost_eur"),
        _needs("approved_on", "status", ("approved", "paid", "completed")),
        _needs("grant_eur", "status", ("approved", "paid", "completed")),
        _needs("paid_on", "status", ("paid", "completed")),
        _needs("paid_eur", "status", ("paid", "completed")),
        key=("grant_id",),
    ),
    "funding_shares": _contract(
        "A grant's share by fund; the shares of a grant add up to 100.",
        {
            "grant_id": _id("The grant."),
            "fund": _text("Who pays.", _one_of(*FUNDS), required=True),
            "share_pct": _column("number", "Share in percent.", _between(0, 100), required=True),
        },
        key=("grant_id", "fund"),
    ),
    "jobs": _contract(
        "A rung that a job outcome has reached; a job has one row for each.",
        {
            "job_id": _id("Code of the job."),
            "business_id": _id("The enterprise."),
            "kind": _text(
                "What it is.", _one_of("created", "secured", "training_place"), required=True
            ),
            "status": _text("The rung reached.", _one_of(*STATUS_LADDER), required=True),
            "status_on": _event("Day on which it was reached.", required=True),
            "fte": _number("Size in full-time equivalents.", required=True),
            "headcount": _column("whole number", "Persons.", _at_least(0)),
            "is_founder": _yes_no("The founder's own job."),
            "grant_id": _text("The grant that it follows from."),
        },
        key=("job_id", "status"),
    ),
    "statistics": _contract(
        "A figure of official statistics.",
        {
            "district_id": _id("Code of the district, borough or city."),
            "area_level": _text(
                "What the code stands for; district if empty.", _one_of(*AREA_LEVELS)
            ),
            "period": _text(
                "Quarter or year.",
                _pattern(r"^(18|19|20)\d{2}(-Q[1-4])?$", "2026-Q3 or 2026"),
                required=True,
            ),
            "statistic": _id("What is counted."),
            "value": _column("number", "The figure; empty where it was not published."),
            "obs_status": _text("SDMX status.", _one_of("A", "M", "E", "P", "B")),
        },
        pa.Check(_no_value_if_missing, error="empty|value|obs_status is M"),
        key=("district_id", "area_level", "period", "statistic"),
    ),
    "operations": _contract(
        "An operation of a public list, Art. 49(3) of Regulation (EU) 2021/1060.",
        {
            "code": _id("Code of the operation."),
            "beneficiary": _id("Who receives the funds."),
            "is_natural_person": _yes_no("That is a natural person; its name is not published."),
            "contractor": _text("Contractor, where it was procured publicly."),
            "name": _id("Name of the operation."),
            "purpose": _text("What it is for, and what it is to achieve or has achieved."),
            "started_on": _date("First day.", required=True),
            "ends_on": _date("Last day."),
            "total_cost_eur": _column(
                "number", "Total cost in euros.", _at_least(0), required=True
            ),
            "fund": _text("Fund."),
            "specific_objective": _text("Specific objective."),
            "eu_rate_pct": _column("number", "Rate of the Union's share.", _between(0, 100)),
            "location": _text("Place."),
            "postcode": _text("Postcode of the place."),
            "municipality": _text("Municipality, where the place says it for certain."),
            "county": _text("County of the place."),
            "country": _text("Country."),
            "placed_by": _text(
                "The closest that the list says of the place; beneficiary is no place of its own.",
                _one_of("point", "postcode", "municipality", "county", "beneficiary"),
            ),
            "intervention_type": _text("Type of intervention."),
        },
        _not_before("ends_on", "started_on"),
        key=("code",),
    ),
}
"""The contracts by name, tables that others refer to first."""

RELATIONS: dict[str, dict[str, str]] = {
    "districts": {"borough_id": "boroughs"},
    "addresses": {"district_id": "districts"},
    "street_sections": {"district_id": "districts"},
    "streets": {"district_ids": "districts"},
    "network_edges": {"from_id": "network_nodes", "to_id": "network_nodes"},
    "sites": {"district_id": "districts", "measure_id": "measures"},
    "businesses": {"district_id": "districts"},
    "enterprise_years": {"business_id": "businesses"},
    "contacts": {
        "business_id": "businesses",
        "participant_id": "participants",
        "site_id": "sites",
        "referred_to_site_id": "sites",
    },
    "participants": {"site_id": "sites", "district_id": "districts"},
    "grants": {"business_id": "businesses", "measure_id": "measures"},
    "funding_shares": {"grant_id": "grants"},
    "jobs": {"business_id": "businesses", "grant_id": "grants"},
}
"""Column of a table that must hold a key of another one, where both are given; ``measures`` are
those of programme.toml."""


def broken_rules(frame: pd.DataFrame, contract: pa.DataFrameSchema) -> pd.DataFrame:
    """List every rule of a contract that a row breaks.

    Parameters
    ----------
    frame : DataFrame, n rows
        With the contract's columns in their types, and a unique index.

    Returns
    -------
    DataFrame
        Columns ``row`` (label of the index), ``column``, ``rule`` and ``expected``; one line for
        each row, column and rule broken.
    """
    try:
        contract.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return pd.DataFrame(columns=["row", "column", "rule", "expected"])
    if cases["index"].isna().any():  # a wrong type or a missing column is our own mistake
        raise TypeError(f"frame does not fit its contract: {cases['check'].unique().tolist()}")
    key = " and ".join(contract.unique)
    names = {"not_nullable": "required|", "multiple_fields_uniqueness": f"key|{key}|"}
    said = {check: names.get(check, check).split("|") for check in cases["check"].unique()}
    of_row = {check: parts[1] for check, parts in said.items() if len(parts) == 3}
    found = pd.DataFrame(
        {
            "row": cases["index"],
            "column": cases["check"].map(of_row).astype("str").fillna(cases["column"]),
            "rule": cases["check"].map({check: parts[0] for check, parts in said.items()}),
            "expected": cases["check"].map({check: parts[-1] for check, parts in said.items()}),
        }
    )
    # Where a key lacks a part that every row needs, that is the fault, and it does not stand twice.
    needed = [column for column in contract.unique if not contract.columns[column].nullable]
    is_whole = frame[needed].notna().all(axis=1)
    found = found[(found["rule"] != "key") | found["row"].map(is_whole).astype(bool)]
    return found.drop_duplicates().sort_values(["row", "column", "rule"], ignore_index=True)
