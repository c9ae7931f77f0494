"""What is known of a sheet beside its values, and what a workbook can be refused for."""

import re
from dataclasses import dataclass, field

CELLS = 20_000_000
"""Most cells of a sheet, counted to its last filled row and column."""

ERRORS = {
    **{0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!"},
    **{0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"},
}
PERCENT_FORMATS = (9, 10)  # those that need not be declared: 0% and 0.00%
NOT_COMPUTED = "="
"""In the place of an error: a formula that no spreadsheet program has computed."""
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')  # what a number format writes as it stands


Place = tuple[int, int]  # row and column, from 0
Area = tuple[int, int, int, int]  # first row and column, number of rows and columns


@dataclass
class Sheet:
    """What is known of a sheet's filled cells beside their values."""

    height: int = 0
    width: int = 0
    errors: list[tuple[Area, str]] = field(default_factory=list)
    percents: list[Area] = field(default_factory=list)
    merged: list[tuple[Place, Place]] = field(default_factory=list)  # corners

    def add(self, area: Area) -> None:
        """Take note of filled cells."""
        row, column, rows, columns = area
        self.height = max(self.height, row + rows)
        self.width = max(self.width, column + columns)
        if self.height * self.width > CELLS:
            raise TooLargeError


class TooLargeError(Exception):
    """It unpacks to more than can be read."""


class DeclaredError(Exception):
    """It declares entities."""


class LockedError(Exception):
    """It has a password."""


def is_percent(form: str) -> bool:
    """Say whether a number format shows a number times 100."""
    return "%" in _LITERAL.sub("", form)
