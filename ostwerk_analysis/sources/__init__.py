"""Readers of files: one function for each format, all giving the same :class:`RawTable`."""

from importlib import import_module
from pathlib import Path

from ..programme import Source
from .raw import RawTable

__all__ = ["RawTable", "read"]


def read(source: Source, path: Path) -> RawTable:
    """Read a file as text under the names of its table; no type is converted here.

    Parameters
    ----------
    source : Source
        Which format it is, and how its columns become those of the table.
    path : Path
        The file, already found and allowed.

    Raises
    ------
    DataError
        If the file cannot be read, or not in one certain way; it says what to state.
    """
    # Each format has the module of its name, imported late: geopandas takes a second.
    name = {"csv": "tabular", "workbook": "tabular"}.get(source.reader, source.reader)
    raw: RawTable = import_module(f".{name}", __package__).read(source, path)
    return raw
