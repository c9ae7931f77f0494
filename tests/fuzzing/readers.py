"""Fuzz a reader: any bytes are read or refused, and no row is lost.

Run: ``python tests/fuzzing/readers.py READER SECONDS [FOLDER]``, after ``pip install atheris``,
which no other part needs. A reader is a line of :data:`READERS`. Each kind of failure is kept once,
with its traceback and the bytes that show it, in FOLDER (default ``fuzzed``), where the inputs that
reached new code are kept too, so that a later run goes on from there. The exit code is 1 if
anything was found.
"""

import hashlib
import io
import os
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path
from typing import Any

import atheris
import openpyxl

with atheris.instrument_imports(include=["ostwerk_analysis", "tomllib"]):
    from ostwerk_analysis.faults import DataError
    from ostwerk_analysis.programme import Programme, Source
    from ostwerk_analysis.sources import (  # noqa: F401
        genesis,
        lis,
        marks,
        operations,
        read,
        sdmx,
        tabular,
    )

HERE = Path(__file__).parent
CITY = HERE.parent / "small_city" / "programme.toml"
CSV = (
    'id;name;cost_eur;"on"\n01;"Müller;\nGmbH";1.234,50;31.12.2026\n02;x;12 €;6/29/2015\n\n;;;\n3\n'
)
LIS = (
    'Gebiet,Sachmerkmal,2024,"1.Qu. 2003",2001/02,Jan. 2024\nZentrum,Einwohner,"1,5",.,x,\n'
    "   Ost,a\n"
)
LIS_JSON = (
    '{"daten":[{"name":"   Frauen","wert":"1.5","jahr":"2000","periode":"y","einheit":null,'
    '"stadtbezirk":"Ost","ortsteil":"Mitte"},{"name":"a","wert":null,"jahr":"1.Qu. 2003"}]}'
)
GENESIS = (
    "GENESIS-Tabelle: 52311-01-04-4\nGewerbe;;;;\nJahr;;;;\n;;;Anm.;Abm.\n;;;Neu;Neu\n"
    ";;;Anzahl;Anzahl\n2020;14713;Leipzig;10;-\n2020;02;  X;.;x\n__________\n"
    '"© Amt\n2017."\nStand: 1.1.2022\n'
)
SDMX = (
    "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n"
    "dataflow,X:Y(1.0),I,A,DE,2020-Q1,1.5,A\ndataflow,X:Y(1.0),I,A,DE,2020,NaN,M\n"
)
OPERATIONS = (
    "Liste der Vorhaben;;;\nName des Begünstigten;Bezeichnung des Vorhabens;Datum des Beginns des "
    'Vorhabens;Gesamtbetrag der förderfähigen Ausgaben des Vorhabens\n"A\nGmbH";x;05.02.16;90.388,4'
    "4 €\n"
)
ODS = (
    "<office:document-content><office:body><office:spreadsheet><table:table table:name='T'>"
    "<table:table-row><table:table-cell office:value-type='string'><text:p>a</text:p>"
    "</table:table-cell></table:table-row><table:table-row table:number-rows-repeated='2'>"
    "<table:table-cell table:formula='x' office:value-type='float' office:value='1.5'><text:p>"
    "Err:502</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>"
    "</office:body></office:document-content>"
)
XLSX = (
    "<worksheet><sheetData><row r='1'><c r='A1' t='str'><v>a</v></c></row><row><c s='1'><v>1.5</v>"
    "</c></row><row r='4'><c r='A4' t='e'><v>#REF!</v></c></row></sheetData><mergeCells><mergeCell "
    "ref='A2:A3'/></mergeCells></worksheet>"
)


def package() -> dict[str, bytes]:
    """Give the parts of a workbook."""
    book = openpyxl.Workbook()
    book.active["A1"].number_format = "0%"
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


PACKAGES: dict[str, tuple[dict[str, Any], str]] = {
    ".ods": (
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest:manifest/>",
        },
        "content.xml",
    ),
    ".xlsx": (package(), "xl/worksheets/sheet1.xml"),
}
"""Ending = the parts of a package, and the one in whose place the input goes."""
READERS: dict[str, tuple[dict[str, str], str]] = {
    "csv": ({"table": "grants", "path": "a.csv"}, CSV),
    "lis": ({"table": "statistics", "path": "a.csv", "format": "lis"}, LIS),
    "lis-json": ({"table": "statistics", "path": "a.json", "format": "lis"}, LIS_JSON),
    "genesis": ({"table": "statistics", "path": "a.csv", "format": "genesis"}, GENESIS),
    "sdmx": ({"table": "statistics", "path": "a.csv", "format": "sdmx"}, SDMX),
    "operations": ({"table": "operations", "path": "a.csv", "format": "operations"}, OPERATIONS),
    "ods": ({"table": "grants", "path": "a.ods"}, ODS),
    "xlsx": ({"table": "grants", "path": "a.xlsx"}, XLSX),
    "programme": ({}, CITY.read_text(encoding="utf-8")),
}
"""Reader = what its source states, and a file to begin with."""


TOKENS = [
    *(";", ",", '"', '""', "\t", "|", "\n", "\r\n", "\r", "\0", " ", ".", "-", "x", "=1", "\u00a0"),
    *(
        "1.234",
        "1,5",
        "90.388,44 €",
        "49,92%",
        "3,000.00",
        "1e400",
        "inf",
        "44197",
        "\ufeff",
        "\n\ufeff",
    ),
    *("31.12.2026", "6/29/2015", "2026-12-31", "2001/02", "1.Qu. 2003", "Jan. 2024", "#DIV/0!"),
    *("Gebiet", "Sachmerkmal", "TIME_PERIOD", "OBS_VALUE", "GENESIS-Tabelle", "[[sources]]", "ä"),
    *("number-rows-repeated='", "<table-cell ", "<c r='", "<mergeCell ref='", "1048576", "&lt;"),
]
"""Words that a mutation may put in."""


def packed(content: bytes, ending: str) -> bytes:
    """Put a part into its package, where the ending is that of one."""
    if ending not in PACKAGES:
        return content
    parts, name = PACKAGES[ending]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for other, part in (parts | {name: content}).items():
            package.writestr(other, part)
    return out.getvalue()


def check(stated: dict[str, str], file: Path) -> None:
    """Read a file and see that every row is there."""
    if not stated:
        Programme.read(file)
        return
    source = Source.model_validate(stated)
    raw = read(source, file)
    assert raw.rows_read == len(raw.frame) + len(raw.set_aside) + raw.rows_skipped
    assert len(raw.faults) == len(raw.set_aside)
    assert raw.frame["_line"].min() >= 1 or raw.frame.empty
    for column in raw.frame.columns.drop("_line") if source.reader == "csv" else ():
        cells = raw.frame[column]
        assert cells.dtype == "str"
        mark = marks.find_decimal_mark(cells)
        if mark != marks.AMBIGUOUS:
            values, bad = marks.to_number(cells, mark)
            assert (values.isna() == (bad | cells.isna())).all()
        try:
            days, bad = marks.to_date(cells)
        except DataError:
            continue
        assert (days.isna() == (bad | cells.isna())).all()


def main(name: str, seconds: int, folder: Path) -> None:
    """Fuzz one reader."""
    stated, first = READERS[name]
    kept = folder / name
    (kept / "inputs").mkdir(parents=True, exist_ok=True)
    (kept / "inputs" / "first").write_text(first, encoding="utf-8")
    quoted = ["".join(f"\\x{byte:02x}" for byte in token.encode()) for token in TOKENS]
    (kept / "tokens").write_text("".join(f'"{token}"\n' for token in quoted))
    scratch = Path(tempfile.mkdtemp())
    file = scratch / (stated.get("path") or "programme.toml")
    found: set[str] = set()
    count, end = 0, time.monotonic() + seconds

    def once(content: bytes) -> None:
        nonlocal count
        count += 1
        if time.monotonic() > end:
            file.unlink(missing_ok=True)
            scratch.rmdir()
            print(f"{name}: {count} inputs in {seconds} s, {len(found)} kinds of failure")
            sys.stdout.flush()
            os._exit(bool(found))
        file.write_bytes(packed(content, file.suffix))
        try:
            signal.alarm(20)
            check(stated, file)
        except DataError as refused:
            refused.text("de")
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
            if kind not in found:
                found.add(kind)
                digest = hashlib.sha256(content).hexdigest()[:8]
                (kept / f"failure-{digest}").write_bytes(content)
                (kept / f"failure-{digest}.txt").write_text(traceback.format_exc())
                print(f"{name}: {kind}: {error} ({content[:100]!r})", flush=True)
        finally:
            signal.alarm(0)

    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError("20 s")))
    options = ["-max_len=4096", "-timeout=120", "-rss_limit_mb=4096", "-verbosity=0"]
    options += [f"-dict={kept / 'tokens'}", f"-artifact_prefix={kept}/"]
    atheris.Setup([sys.argv[0], *options, str(kept / "inputs")], once)
    atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in READERS:
        sys.exit(f"{(__doc__ or '').splitlines()[2]}\nREADER is one of: {', '.join(READERS)}")
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) == 4 else "fuzzed"))
