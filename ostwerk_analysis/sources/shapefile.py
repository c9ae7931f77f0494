"""Files in a ZIP: one of the formats for shapes, or the parts of a Shapefile.

Nothing is unpacked to the disk. The parts of a Shapefile are put into a new archive in memory,
under names of our own and with an encoding that is certain, so that GDAL finds these and no others.
"""

import codecs
import io
import lzma
import re
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from ..faults import DataError, nearest
from ..programme import Source

MAIN_FILE = b"\x00\x00\x27\x0a"
"""How the .shp begins."""
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
NEEDED = (".shp", ".shx", ".dbf")
FORMATS = (".shp", ".geojson", ".json", ".gpkg", ".fgb", ".kml")

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, MemoryError),
)
"""What the standard library raises for an archive that is not whole, or locked."""

UNPACKED_LIMIT = 1_000_000_000
"""Bytes; the districts of a city take a thousandth of it."""

OF_DBASE = {1: "cp437", 2: "cp850", 3: "cp1252", 87: "cp1252"}
"""Byte 29 of the .dbf and the encoding that it stands for."""


def unzipped(source: Source, data: bytes) -> tuple[str, bytes]:
    """Find the one file with shapes in a ZIP.

    Returns
    -------
    name : str
        Of the file in the archive.
    data : bytes
        The file; of a Shapefile, a ZIP of its parts.

    Raises
    ------
    DataError
        If the archive is damaged, encrypted, or holds no such file, or several of which
        ``source.layer`` names none; if it unpacks to too much or its names lead out of it; if a
        part of a Shapefile is missing, or the encoding of its text not certain.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _member(source, archive)
            if not name.lower().endswith(".shp"):
                return name, _unpacked(source, archive, [name])[name]
            stem = name[: -len(".shp")]
            parts = {
                member[len(stem) :].lower(): member
                for member in archive.namelist()
                if member[: len(stem)] == stem and member[len(stem) :].lower() in PARTS
            }
            if missing := [part for part in NEEDED if part not in parts]:
                raise DataError(
                    "{file} lacks the part {part} of the Shapefile {name}. Pack all its parts.",
                    file=source.path,
                    part=missing[0],
                    name=name,
                )
            unpacked = _unpacked(source, archive, list(parts.values()))
    except DAMAGED:
        raise DataError(
            "{file} is a damaged or encrypted ZIP file. Fetch or pack it again, without a "
            "password.",
            file=source.path,
        ) from None
    contents = {part: unpacked[member] for part, member in parts.items()}
    contents[".cpg"] = _encoding(source, contents[".dbf"], contents.get(".cpg", b"")).encode()
    together = io.BytesIO()
    with zipfile.ZipFile(together, "w") as archive:
        for part, content in contents.items():
            archive.writestr(f"layer{part}", content)
    return name, together.getvalue()


def _member(source: Source, archive: zipfile.ZipFile) -> str:
    """Choose the file with shapes that is asked for."""
    names = [
        name
        for name in archive.namelist()
        if name.lower().endswith(FORMATS) and not PurePosixPath(name).name.startswith("._")
    ]  # macOS packs a shadow of each file
    if any(name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) for name in names):
        raise DataError(
            "{file} holds names that lead out of the archive. Pack it again.", file=source.path
        )
    if not names:
        raise DataError(
            "{file} holds no file with shapes. Pack a GeoPackage, GeoJSON or Shapefile.",
            file=source.path,
        )
    layers = [PurePosixPath(name).stem for name in names]
    return names[layers.index(chosen(source, layers))]


def chosen(source: Source, layers: list[str]) -> str:
    """Choose the stated layer, the only one, or the one with the name of the table.

    Raises
    ------
    DataError
        If the stated one is not there, or none is stated and there are several.
    """
    if source.layer and source.layer not in layers:
        raise DataError(
            "{file} has no layer {layer!r} with shapes; the nearest is {near!r}. Correct layer in "
            "programme.toml.",
            file=source.path,
            layer=source.layer,
            near=nearest(source.layer, layers),
        )
    wanted = source.layer or (layers[0] if len(layers) == 1 else source.table)
    if layers.count(wanted) != 1:
        raise DataError(
            "{file} has {count} layers with shapes: {layers}. State layer for the source in "
            "programme.toml.",
            file=source.path,
            count=len(layers),
            layers=", ".join(layers),
        )
    return wanted


def _unpacked(source: Source, archive: zipfile.ZipFile, names: list[str]) -> dict[str, bytes]:
    """Unpack files, but no more than the limit, whatever the archive says of their sizes."""
    left, unpacked = UNPACKED_LIMIT, {}
    for name in names:
        with archive.open(name) as member:
            unpacked[name] = member.read(left + 1)
        left -= len(unpacked[name])
        if left < 0:
            raise DataError(
                "{file} unpacks to more than {limit} bytes. Check where it comes from.",
                file=source.path,
                limit=UNPACKED_LIMIT,
            )
    return unpacked


def _encoding(source: Source, table: bytes, stated: bytes) -> str:
    """Find the encoding of the text, as Python names it.

    The one of ``programme.toml``, else of the .cpg, else UTF-8 if the text reads as such, else what
    the .dbf says.

    Raises
    ------
    DataError
        If it is not known, or does not fit the text.
    """
    text = table[int.from_bytes(table[8:10], "little") :]
    if text.isascii() and not source.encoding:
        return "UTF-8"
    is_utf8 = _reads_as(text, "utf-8")
    name = source.encoding or _codec(stated)
    if not name:
        name = "utf-8" if is_utf8 else OF_DBASE.get(table[29], "")
    try:
        name = codecs.lookup(name).name
    except (LookupError, ValueError):
        name = ""
    # What reads as UTF-8 by its umlauts is UTF-8: no other text does by chance.
    if (
        not name
        or not _reads_as(text, name)
        or (is_utf8 and name != "utf-8" and not text.isascii())
    ):
        raise DataError(
            "{file}: the encoding of the Shapefile's text is not certain, or not what its .cpg or "
            "programme.toml says. State encoding for the source in programme.toml, such as utf-8 "
            "or cp1252.",
            file=source.path,
        )
    return name.upper().replace("ISO8859", "ISO-8859")


def _codec(stated: bytes) -> str:
    """Write what a .cpg says as Python would: 1252, ANSI 1252 and OEM 850 among it."""
    name = stated.decode("ascii", "replace").strip()
    if found := re.fullmatch(r"(?i)(?:ansi|oem|windows|cp)?[ _-]*(\d{3,4})", name):
        return f"cp{found[1]}"
    if found := re.fullmatch(r"(?i)(?:iso)?[ _-]*8859[ _-]*(\d{1,2})", name):
        return f"iso8859-{found[1]}"
    return name


def _reads_as(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
