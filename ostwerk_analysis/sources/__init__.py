"""Readers of files: one function for each format, all giving the same :class:`RawTable`."""

from pathlib import Path

from ..programme import Source
from . import lis, operations, tabular
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
    if source.reader == "geodata":
        from . import geodata  # geopandas takes a second to import

        return geodata.read(source, path)
    readers = {"csv": tabular.read, "lis": lis.read, "operations": operations.read}
    return readers[source.reader](source, path)
