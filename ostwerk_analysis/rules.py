"""What can be wrong with a row or a figure, and what reading may change: code = sentence.

Sentences are English, with ``{placeholders}``; the German ones stand in ``locale/``.
"""

from typing import NamedTuple


class Rule(NamedTuple):
    """A rule that a row can break, and what to do then."""

    text: str
    remedy: str


RULES = {
    # of the file
    "cells": Rule(
        "The row has more or fewer cells than the header: {value}",
        "Look for a delimiter inside a cell and put that cell in quotation marks.",
    ),
    "formula_error": Rule(
        "{column} holds the error {value}.", "Correct the formula in the spreadsheet."
    ),
    "not_computed": Rule(
        "{column} holds a formula without its result.",
        "Open the workbook in a spreadsheet program and save it, so that it is computed.",
    ),
    "merged": Rule(
        "The row has merged cells: {value}",
        "Unmerge them in the spreadsheet, and write what they say into each row.",
    ),
    "record": Rule(
        "The record is not a list of plain values: {value}",
        "Correct it at its source, or fetch the file again.",
    ),
    "geometry": Rule(
        "The geometry is {value}.", "Draw the shape again or take it from the official source."
    ),
    "period": Rule(
        "{value} is not a period that can be read.", "Write 2026, 2026-Q3 or 3.Qu. 2026."
    ),
    "period_length": Rule(
        "{value} is neither a quarter nor a year.",
        "State under periods of the source in programme.toml what it stands for, or keep such rows "
        "out by where.",
    ),
    "withdrawn": Rule(
        "{column} is {value}: the row takes figures back.",
        "Fetch the whole table, not its changes.",
    ),
    "confidential": Rule(
        "{column} is {value}: the figure is not free for publication.",
        "Ask the office for figures that may be published; if these may, take the column out.",
    ),
    # of a cell
    "required": Rule("{column} is empty.", "Fill it in: the table needs it in every row."),
    "number": Rule(
        "{value} in {column} is not a number.", "Keep only digits and one decimal mark."
    ),
    "whole_number": Rule("{value} in {column} is not a whole number.", "Keep only digits."),
    "date": Rule("{value} in {column} is not a date.", "Write 2026-12-31 or 31.12.2026."),
    "boolean": Rule(
        "{value} in {column} is neither yes nor no.",
        "Write yes or no, or recode it under values of the source in programme.toml.",
    ),
    "allowed": Rule(
        "{value} in {column} is not one of: {expected}.",
        "Correct it, or recode it under [[sources]] values in programme.toml.",
    ),
    "range": Rule("{value} in {column} must be {expected}.", "Correct the figure at its source."),
    "pattern": Rule("{value} in {column} must be {expected}.", "Correct the code at its source."),
    # of a row
    "key": Rule(
        "{value} in {column} stands in more than one row.",
        "Keep one row for each key, or give each its own key.",
    ),
    "duplicate_row": Rule(
        "The row stands twice, the same in every cell.", "Delete one of them if it is an error."
    ),
    "total": Rule(
        "{value} in {column} names a total, which is no row of its own.",
        "Leave totals out of the file.",
    ),
    "order": Rule("{column} is {value}, but must be {expected}.", "Correct one of the two."),
    "future": Rule(
        "{column} is {value}, after {expected}, the day up to which the data reach.",
        "Correct the date, or data_as_of in programme.toml.",
    ),
    "edition": Rule(
        "{value} in {column} is a code of the WZ {expected}, but not of the row's edition.",
        "Correct the code or wz_version; where that is empty, WZ 2008 is meant.",
    ),
    "needs": Rule("{column} is empty, but {expected}.", "Fill it in, or correct the other column."),
    "empty": Rule(
        "{column} is {value}, but {expected}.", "Leave it empty, or correct the other column."
    ),
    # between tables
    "unknown": Rule(
        "{value} in {column} is not in the table {expected}.",
        "Add it there, or correct it here; a row set aside there counts as missing.",
    ),
    "area_name": Rule(
        "{value} is not the name of an area; the nearest is {expected}.",
        "Correct it, or recode it under values of the source in programme.toml. Other names of the "
        "city go under aliases, boroughs need the table boroughs, and where leaves other places "
        "out.",
    ),
    "ambiguous_name": Rule(
        "{value} is the name of several areas: {expected}.",
        "State the area_level under constants of the source in programme.toml, or give the codes "
        "in a column district_id.",
    ),
    "outside": Rule(
        "The point {value} lies in no district.",
        "Check that longitude and latitude are not swapped, and the coordinate system.",
    ),
    "elsewhere": Rule(
        "The point lies in {expected}, but {column} is {value}.",
        "Correct the point or the code; leave the code empty to have it found.",
    ),
    "address_unread": Rule(
        "No street can be read from {value} in {column}.",
        "Write street, house number, postcode and town; or give a point or the district's code.",
    ),
    "address_part": Rule(
        "{expected} in the address {value} is neither a street nor a place in the city.",
        "Correct it. If it is a name of the city, add it to its aliases; if it lies elsewhere, "
        "leave the row out by where.",
    ),
    "address_street": Rule(
        "The street of {value} is not in the lists; the nearest is {expected}.",
        "Correct it, or add the street to the lists.",
    ),
    "address_postcode": Rule(
        "The street of {value} is in the lists, but with other postcodes: {expected}.",
        "Correct street or postcode.",
    ),
    "address_number": Rule(
        "{value} has no house number, and its street lies in several districts: {expected}.",
        "Add the house number, or give the district's code.",
    ),
    "address_several": Rule(
        "The lists do not have the house number of {value}, and its street lies in several "
        "districts: {expected}.",
        "Correct it, add it to the lists, or give the district's code.",
    ),
    "address_elsewhere": Rule(
        "The address lies in {expected}, but {column} is {value}.",
        "Correct the address or the code; leave the code empty to have it found.",
    ),
    "differs": Rule(
        "{column} is {value}, but another in other rows of {expected}.",
        "Give all rows of one job the same, or a new job its own code.",
    ),
    "overlap": Rule(
        "The polygon of {value} overlaps that of {expected}.",
        "Take both from one official source, or draw their common border again.",
    ),
    "shape": Rule(
        "The shape of {value} is a {expected}.",
        "Export areas as polygons and places as points.",
    ),
    "sum": Rule("The shares of {value} add up to {expected}, not 100.", "Complete the shares."),
}

REPAIRS: dict[str, str] = {
    "correction": "{value} in {column} becomes {becomes} by the correction {reason}.",
    "lost_zeros": "{value} in {column} has lost the zeros before it and is read as {becomes}; "
    "rows: {reason}.",
    "wz_split": "{value} in {column} goes to several sections of the other edition of the WZ "
    "({becomes}), so that its section is not known; rows: {reason}.",
    "note": "{value} stands below the table as a note, and is no row of it.",
    # of a shape
    "ring_closed": "A ring of the shape was not closed; its first point is repeated at its end.",
    "made_valid": "The shape was not valid ({value}); made so, it covers what its rings measure.",
    "ring_direction": "Exterior rings of {value} shapes ran clockwise; they now run the other way.",
    "borders_joined": "Gaps and overlaps thinner than a millimetre are closed: {value}.",
    "sliver_given": "A gap or overlap of {value} now belongs to {becomes}.",
    "gap_left": "A gap between areas is left as it is: {value}.",
    "area_balance": "The areas add up to {value} in the file, to {becomes} after mending.",
    "largest_change": "No area changes more by mending than this one, from {value} to {becomes}.",
    "borough_differs": "Its districts together are not the shape of the borough {value}.",
}
"""What reading may change in a cell or shape, and says that it has."""

MEASURED = {"borders_joined", "sliver_given", "gap_left"}
MEASURED |= {"area_balance", "largest_change", "borough_differs"}
"""Repairs whose value is a measure, to be written as the language writes numbers."""


class Doubt(NamedTuple):
    """What figures can be doubted for: its name, its evidence, and what to do then."""

    title: str
    text: str
    remedy: str


FINDINGS = {
    "idle_correction": Doubt(
        "A correction that no longer applies",
        "{detail}: the fault that it corrects no longer occurs.",
        "Remove it from [[corrections]] in programme.toml.",
    ),
    "missing_as_zero": Doubt(
        "A gap published as 0",
        "0 in {cells} figures, where {expected} in all is usual.",
        "Ask the office, and declare them as missing under [[corrections]] in programme.toml.",
    ),
    "suppressed_as_zero": Doubt(
        "Small counts published as 0",
        "{cells} zeros, where {expected} were to be expected; the smallest other count is "
        "{detail}.",
        "Declare all zeros of the period as missing under [[corrections]] in programme.toml: true "
        "ones cannot be told apart. Sums over such areas are too small.",
    ),
    "unit": Doubt(
        "Another unit",
        "The figures are {value} times those around them, as in a unit changed by {detail}.",
        "Ask the office for the unit, and have the file corrected.",
    ),
    "parts": Doubt(
        "Parts that do not add up",
        "{detail} is {value}, the total {expected}.",
        "Look for suppressed or wrong figures among them.",
    ),
    "areas": Doubt(
        "Areas that do not add up",
        "The districts add up to {value}; by other periods it should be {expected}.",
        "Look for a district that is missing or wrong, or ask what the whole includes.",
    ),
    "shift": Doubt(
        "All areas shift at once",
        "The median district changes by {value} %, usually by {expected} %, and {cells} districts "
        "with it.",
        "Ask whether the definition changed. If it did, do not compare across the break; mark it "
        "with obs_status B.",
    ),
    "rounding": Doubt(
        "Rounded counts",
        "{cells} counts are multiples of {value}, where chance makes {expected}.",
        "Differences of small counts mean little here; sums carry the rounding of their parts.",
    ),
    "leap": Doubt(
        "A leap",
        "{value} stands between figures around {expected}.",
        "Compare it with the office's own table, and correct a slip under [[corrections]] in "
        "programme.toml.",
    ),
}
"""What plausibility checks can find in figures, the gravest first."""

ALL_OF = {"district": "districts", "borough": "boroughs", "city": "city", "": ""}
"""Level of areas = how all of them together are called."""

SAID_IN_WORDS = {"range", "pattern", "order", "needs", "empty"}
"""Rules whose ``expected`` is a phrase to be translated, not a name or a code."""
