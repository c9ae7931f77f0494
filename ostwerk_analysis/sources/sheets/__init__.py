"""What calamine does not tell of a workbook's cells, looked at before calamine opens it.

Calamine gives values only: an error such as #DIV/0! is a blank to it, or even a 0, and 50 % is 0.5.
It also trusts the file: one that unpacks to gigabytes, or has one cell in the last row and column
of the largest sheet, would take all memory. So a package is unpacked here within a bound, and
calamine is given what was unpacked.
"""

import io
import struct
import zipfile
import zlib
from xml.parsers import expat

from ...faults import DataError
from ...programme import Source
from .binary import xls, xlsb
from .markup import ods, parse, xlsx
from .sheet import CELLS, NOT_COMPUTED, DeclaredError, LockedError, Sheet, TooLargeError

__all__ = ["NOT_COMPUTED", "Sheet", "survey"]

UNPACKED_BYTES = 500_000_000
"""Most that all parts of a package may unpack to."""

ZIP = b"PK"
TEXTS = (".xml", ".rels")


def survey(source: Source, data: bytes) -> tuple[bytes, dict[str, Sheet]]:
    """Look at all sheets of a workbook.

    Returns
    -------
    data : bytes
        The workbook for calamine: what was looked at, and nothing else.
    sheets : dict of str to Sheet

    Raises
    ------
    DataError
        If it is damaged, locked or no workbook, unpacks to more than :data:`UNPACKED_BYTES`, has a
        sheet of more than :data:`CELLS`, or declares entities as an XML bomb does.
    """
    try:
        if not data.startswith(ZIP):
            return data, xls(data)
        parts = _unpacked(data)
        if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise LockedError
        for name, part in parts.items():
            if name.endswith(TEXTS):
                parse(part)  # refuse declarations, and what is not well formed
        if "content.xml" in parts:
            sheets = ods(parts)
        elif "xl/workbook.bin" in parts:
            sheets = xlsb(parts)
        elif "xl/workbook.xml" in parts:
            sheets = xlsx(parts)
        else:
            raise DataError(
                "{file} is a ZIP archive, but no workbook. Unpack it, and name the file in it.",
                file=source.path,
            )
    except TooLargeError:
        raise DataError(
            "{file} unpacks to more than can be read: over {bytes} MB, or a sheet of over {cells} "
            "million cells. Delete what is far out in the sheet, or save it as CSV or Parquet.",
            file=source.path,
            bytes=UNPACKED_BYTES // 10**6,
            cells=CELLS // 10**6,
        ) from None
    except LockedError:
        raise DataError(
            "{file} is protected by a password. Save it without one.", file=source.path
        ) from None
    except DeclaredError:
        raise DataError(
            "{file} declares entities of its own, as files do that are made to do harm. Save it "
            "anew with a spreadsheet program.",
            file=source.path,
        ) from None
    except (
        expat.ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ValueError,  # UnicodeError too
        LookupError,
        NotImplementedError,
    ) as error:
        raise DataError(
            "{file} is damaged or cut off ({reason}). Fetch the file again, or save it anew.",
            file=source.path,
            reason=str(error),
        ) from None
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, part in parts.items():
            package.writestr(zipfile.ZipInfo(name), part)
    return out.getvalue(), sheets


def _unpacked(data: bytes) -> dict[str, bytes]:
    """Unpack the parts of a package that hold text, whatever sizes its headers claim."""
    parts: dict[str, bytes] = {}
    left = UNPACKED_BYTES
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        members = package.infolist()
    for member in members:
        start = member.header_offset
        if member.flag_bits & 1:
            raise LockedError
        lengths = struct.unpack_from("<HH", data, start + 26)
        packed = memoryview(data)[start + 30 + sum(lengths) :][: member.compress_size]
        if not member.filename.endswith((*TEXTS, ".bin", "mimetype")):
            continue  # pictures and the like, which nobody opens
        if member.compress_type == zipfile.ZIP_STORED:
            part = bytes(packed)
        elif member.compress_type == zipfile.ZIP_DEFLATED:
            part = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, left + 1)
        else:
            raise NotImplementedError(f"compression {member.compress_type}")
        left -= len(part)
        if left < 0:
            raise TooLargeError
        if len(part) != member.file_size or zlib.crc32(part) != member.CRC:
            raise zipfile.BadZipFile(member.filename)
        if member.filename in parts:
            raise zipfile.BadZipFile(member.filename)
        parts[member.filename] = part
    return parts
