"""Bringing files to where a programme expects them, from the web or out of a database.

A run works on files whose digest it records and keeps, so that it can be checked years later. What
is not a file yet becomes one here. A new file takes the place of the old one in one step, and only
after it was read and found to fit its table; until then, and if anything fails, the old one stays.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import date
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from . import __version__
from .faults import DataError, OstwerkError, nearest
from .files import put_in_place, write_whole
from .programme import FETCHED, Programme, Source
from .reading import check_tables, digest, read_source

WORKING = ".fetch"
"""Folder beside the file to be fetched, in which it is written and checked."""

BACKOFF_S = (1.0, 4.0)
"""Pauses before a server that was not there, or busy, is asked again."""

CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 30
"""So long a server may send nothing."""

MOST_REDIRECTS = 5
BUSY = (429, 500, 502, 503, 504)
"""Answers after which it is worth to ask again."""

CHUNK_BYTES = 64 * 1024

VALIDATORS = {
    "etag": ("ETag", "If-None-Match"),
    "last_modified": ("Last-Modified", "If-Modified-Since"),
}
"""Key of the record = header by which a server names the state of a file, and the one by which it
is asked for nothing but another state."""

PAGE = re.compile(
    r"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*(<!doctype html|<html|<head|<body)\b", re.I | re.S
)
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)
CAUSE = re.compile(r"(?:\[Errno -?\d+\]|certificate verify failed:) ([^()'\"<>]+)")
"""What the system says, within all that libraries say around it."""

Progress = Callable[[str, int, int], None]
"""Told the path, how many bytes of the file are there, and of how many; 0 if that is not known."""


class Fetched(NamedTuple):
    """What became of a file.

    Attributes
    ----------
    path : str
        As in ``programme.toml``.
    tables : tuple of str
        The tables that it fills.
    status : {"fetched", "unchanged", "failed"}
    size : int
        Bytes of the file that is there now, 0 if there is none.
    kept : str
        Name of the copy of an older file that had not been fetched but put there by someone.
    error : DataError or None
        Why it failed.
    """

    path: str
    tables: tuple[str, ...]
    status: str
    size: int
    kept: str = ""
    error: DataError | None = None


class _Task(NamedTuple):
    """What it takes to bring a file."""

    source: Source
    target: Path
    beside: Path
    known: Mapping[str, Any]  # what the server said of the file that is there, if it is that one
    lost: set[str]  # servers that could not be reached, not to be asked at length for each file
    say: Progress


class _BusyError(Exception):
    """A server asks to be asked again later."""


class _UnchangedError(Exception):
    """A server has nothing newer."""


def fetch(programme: Programme, only: str = "", progress: Progress | None = None) -> list[Fetched]:
    """Bring every file that has an address.

    Parameters
    ----------
    programme : Programme
    only : str
        The path of a file, or a table, to fetch nothing else.
    progress : callable
        See :data:`Progress`.

    Returns
    -------
    list of Fetched
        One for each file, in the order of ``programme.toml``. One that fails stops no other.

    Raises
    ------
    DataError
        If there is no table or file of the name ``only``, or it has no address; if the record of
        what was fetched cannot be read.
    OstwerkError
        If the programme is being fetched already.
    """
    check_tables(programme)
    asked = _asked(programme, only)
    say = progress or (lambda path, done, total: None)
    lost: set[str] = set()
    with _alone(programme):
        record = _record(programme)
        return [_fetched(programme, sources, record, lost, say) for sources in asked.values()]


def _asked(programme: Programme, only: str) -> dict[str, list[Source]]:
    """Give the sources of each file to fetch, the one with the address first.

    Raises
    ------
    DataError
        If ``only`` names none.
    """
    files: dict[str, list[Source]] = {}
    for source in programme.sources:
        files.setdefault(os.path.normpath(source.path), []).append(source)
    files = {path: sorted(some, key=lambda one: not one.address) for path, some in files.items()}
    found = {path: sources for path, sources in files.items() if sources[0].address}
    if not only:
        return found
    names = {path: {path, *(one.table for one in sources)} for path, sources in found.items()}
    wanted = os.path.normpath(only)
    if not any(wanted in known for known in names.values()):
        raise DataError(
            "{file}: no source with an address has the path or table {name!r}; the nearest is "
            "{near!r}.",
            file=programme.path.name,
            name=only,
            near=nearest(only, set().union(*names.values())),
        )
    return {path: sources for path, sources in found.items() if wanted in names[path]}


@contextmanager
def _alone(programme: Programme) -> Iterator[None]:
    """Fetch for a programme only once at a time; the system frees the lock if its holder dies."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(programme.folder / f"{WORKING}.lock", timeout=0):
            yield
    except Timeout:
        raise OstwerkError(
            "The files of {programme} are being fetched already. Wait for that to end.",
            programme=programme.id,
        ) from None


def _record(programme: Programme) -> dict[str, dict[str, Any]]:
    """Read what was fetched before."""
    file = programme.folder / FETCHED
    try:
        record = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if isinstance(record, dict) and all(isinstance(one, dict) for one in record.values()):
            return record
    except ValueError:
        pass
    raise DataError("{file} is damaged. Delete it, and fetch again.", file=file)


def _fetched(
    programme: Programme,
    sources: list[Source],
    record: dict[str, dict[str, Any]],
    lost: set[str],
    say: Progress,
) -> Fetched:
    """Bring one file, or say why not."""
    source = sources[0]
    tables = tuple(dict.fromkeys(one.table for one in sources))
    try:
        target = _target(programme, source)
        size, kept, is_new = _replace(programme, sources, target, record, lost, say)
    except DataError as error:
        there = programme.folder / source.path
        size = there.stat().st_size if there.is_file() else 0
        failed = DataError("{path}: {error}", path=source.path, error=error)
        return Fetched(source.path, tables, "failed", size, error=failed)
    return Fetched(source.path, tables, "fetched" if is_new else "unchanged", size, kept)


def _target(programme: Programme, source: Source) -> Path:
    """Find the place of a file, which must be in the programme's folder.

    Raises
    ------
    DataError
        If it is not, or something is there that is no file.
    """
    target = (programme.folder / source.path).resolve()
    if not target.is_relative_to(programme.folder.resolve()):
        raise DataError(
            "What is fetched must lie in the programme's folder. Correct path in programme.toml."
        )
    if target.exists() and not target.is_file():
        raise DataError("{file} is not a plain file. Move it away.", file=target)
    return target


def _replace(
    programme: Programme,
    sources: list[Source],
    target: Path,
    record: dict[str, dict[str, Any]],
    lost: set[str],
    say: Progress,
) -> tuple[int, str, bool]:
    """Fetch a file beside its place, check it, and move it in.

    Returns
    -------
    size : int
    kept : str
        Name of a copy of the old file, if there is one.
    is_new : bool
        Whether the file is another one than before.
    """
    source, old = sources[0], ""
    if target.exists():
        size, old = digest(target)
        if source.sha256.lower() == old:
            return size, "", False
    known = record.get(source.path, {})
    is_known = known.get("address") == source.address and known.get("sha256") == old != ""
    is_known = is_known and not source.sha256  # which the file that is there does not have
    beside = target.parent / WORKING / target.name
    try:
        with _writing(source):
            shutil.rmtree(beside.parent, ignore_errors=True)  # left by a killed fetch
            beside.parent.mkdir(parents=True)
            facts = _brought(_Task(source, target, beside, known if is_known else {}, lost, say))
            size, sha256 = digest(beside)
            if source.sha256 and sha256 != source.sha256.lower():
                raise DataError(
                    "The file at {address} has the SHA-256 {found}, but programme.toml states "
                    "{stated}. If the change is meant, state the new one there.",
                    address=source.address,
                    found=sha256,
                    stated=source.sha256,
                )
            for one in sources:
                read_source(one, programme, {one.path: beside})
            kept = ""
            if sha256 != old:
                if old and known.get("sha256") != old:
                    kept = f"{target.stem}.{old[:8]}{target.suffix}"
                    shutil.copy2(target, target.with_name(kept))
                put_in_place(beside, target)
            today = {"fetched_on": date.today().isoformat()}
            record[source.path] = {"address": source.address, "sha256": sha256} | facts | today
            _write_record(programme, record)
    except _UnchangedError:
        return size, "", False
    finally:
        shutil.rmtree(beside.parent, ignore_errors=True)
    return size, kept, sha256 != old


@contextmanager
def _writing(source: Source) -> Iterator[None]:
    """Say what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise DataError(
            "{file} cannot be written: {reason}. Make room, or let the command write there.",
            file=error.filename or source.path,
            reason=error.strerror or error,
        ) from None


def _write_record(programme: Programme, record: Mapping[str, Any]) -> None:
    text = json.dumps(dict(sorted(record.items())), ensure_ascii=False, indent=1)
    write_whole(programme.folder / FETCHED, text + "\n")


def _brought(task: _Task) -> dict[str, Any]:
    """Write what is at the address into the file beside, within the time limit.

    Returns
    -------
    dict
        What to write down about it.

    Raises
    ------
    DataError
        If it cannot be had; from the web, with what to do by hand.
    _UnchangedError
        If there is nothing newer.
    """
    if task.source.is_in_database:
        return _within(task, _from_database)
    try:
        return _within(task, _from_web)
    except DataError as error:
        raise DataError(
            "{reason} By hand: bring the file of {address} to {target}",
            reason=error,
            address=task.source.address,
            target=task.target,
        ) from None


def _within(task: _Task, work: Callable[[_Task], dict[str, Any]]) -> dict[str, Any]:
    """Do something that may hang where no timeout reaches it, such as in looking up a name."""
    future: Future[dict[str, Any]] = Future()

    def run() -> None:
        try:
            future.set_result(work(task))
        except BaseException as error:
            future.set_exception(error)  # for the one who waits

    Thread(target=run, daemon=True).start()
    try:
        return future.result(task.source.time_limit_s + 1)
    except TimeoutError:
        if future.done():
            raise
        raise _too_slow(task.source) from None


def _too_slow(source: Source) -> DataError:
    return DataError(
        "It took longer than {seconds:g} s. Try again at another time, or raise time_limit_s in "
        "programme.toml.",
        seconds=source.time_limit_s,
    )


def _watched(task: _Task) -> Callable[[int], None]:
    """Tell of each part that arrives, and stop what takes too much time or room."""
    end = time.monotonic() + task.source.time_limit_s

    def part(total: int) -> None:
        size = task.beside.stat().st_size
        if size > task.source.size_limit_mb * 1e6:
            raise DataError(
                "It is larger than {limit:g} MB. If it is to be, raise size_limit_mb in "
                "programme.toml.",
                limit=task.source.size_limit_mb,
            )
        if time.monotonic() > end:
            raise _too_slow(task.source)
        task.say(task.source.path, size, total)

    return part


def _from_database(task: _Task) -> dict[str, Any]:
    """Ask a database; what it answered last time does not matter."""
    from .sources import postgis

    part = _watched(task)
    return {"rows": postgis.fetch(task.source, task.beside, lambda written: part(0))}


def _from_web(task: _Task) -> dict[str, Any]:
    """Download a file, a few times if need be."""
    from requests import RequestException

    end = time.monotonic() + task.source.time_limit_s
    pauses = iter(() if _server(task) in task.lost else BACKOFF_S)
    while True:
        try:
            return _download(task)
        except _BusyError as error:
            failed, may_pass = error.args[0], True
        except (RequestException, ValueError) as error:  # a header may be nonsense
            failed, may_pass = _failure(task, error)
        pause = next(pauses, None)
        if not may_pass or pause is None or time.monotonic() + pause > end:
            raise failed
        time.sleep(pause)


def _server(task: _Task) -> str:
    return urlsplit(task.source.address).netloc


def _download(task: _Task) -> dict[str, Any]:
    """Download a file once.

    Returns
    -------
    dict
        ``etag`` and ``last_modified``, as far as the server says.

    Raises
    ------
    DataError
        If the server answers with something else than the file.
    """
    import pooch

    passed: list[str] = []
    facts: dict[str, str] = {}

    def answered(response: Any, **_: Any) -> None:
        if response.is_redirect:
            passed.append(_onward(response))
            if len(passed) > MOST_REDIRECTS:
                raise DataError(
                    "The address is redirected more than {count} times, last to {onward}. Correct "
                    "address in programme.toml.",
                    count=MOST_REDIRECTS,
                    onward=_bare(passed[-1]),
                )
        elif response.status_code == 304 and task.known:
            raise _UnchangedError
        elif response.status_code != 200:
            raise _refusal(response)
        else:
            said = {key: response.headers.get(header) for key, (header, _) in VALIDATORS.items()}
            facts.update({key: value for key, value in said.items() if value})

    conditions = {VALIDATORS[key][1]: task.known[key] for key in VALIDATORS if key in task.known}
    download = pooch.HTTPDownloader(
        progressbar=_Bar(_watched(task)),
        chunk_size=CHUNK_BYTES,
        timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
        headers={"User-Agent": f"ostwerk-analysis/{__version__}"} | conditions,
        hooks={"response": answered},
    )
    download(task.source.address, str(task.beside), None)
    if title := _page_title(task.beside):
        raise DataError(
            "The server sends a web page instead, titled {title!r}. Look where the file is now, "
            "and correct address in programme.toml.",
            title=title,
        )
    return facts


class _Bar:
    """What pooch takes for a bar, and tells of each part."""

    total = 0

    def __init__(self, part: Callable[[int], None]):
        self.part = part

    def update(self, size: int) -> None:
        self.part(self.total)

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def _onward(response: Any) -> str:
    """Give the address to which a server sends us on.

    Raises
    ------
    DataError
        If the way there is less safe.
    """
    onward = urljoin(response.url, response.headers["location"])
    before, after = urlsplit(response.url).scheme, urlsplit(onward).scheme
    if after not in {before, "https"}:
        raise DataError(
            "The address is redirected from {before} to {onward}, a way that is less safe. Correct "
            "address in programme.toml.",
            before=before,
            onward=_bare(onward),
        )
    return onward


def _bare(address: str) -> str:
    """Write an address that a server has given without its end, where a key may be."""
    return address.partition("?")[0]


def _refusal(response: Any) -> Exception:
    """Say that a server does not give the file; one that is busy may give it later."""
    is_busy = response.status_code in BUSY
    message = (
        "The server has no such file ({status} {reason}). Look where it is now, and correct "
        "address in programme.toml."
        if response.status_code in {404, 410}
        else "The server is busy or out of order ({status} {reason}). Try again later."
        if is_busy
        else "The server does not give it ({status} {reason})."
    )
    error = DataError(message, status=response.status_code, reason=response.reason or "")
    return _BusyError(error) if is_busy else error


def _failure(task: _Task, error: Exception) -> tuple[DataError, bool]:
    """Say why there is no whole answer, and whether asking again may help."""
    from requests import exceptions

    server, said = _server(task), str(error)
    found = CAUSE.search(said)
    cause = " ".join(found[1].split()) if found else type(error).__name__
    if "Read timed out" in said:
        message = "The server {server} sends nothing for {seconds} s. Try again at another time."
        return DataError(message, server=server, seconds=READ_TIMEOUT_S), True
    if isinstance(error, exceptions.SSLError):
        message = "The certificate of {server} cannot be trusted ({cause})."
        return DataError(message, server=server, cause=cause), False
    if isinstance(error, exceptions.ConnectionError):
        task.lost.add(server)
        message = "The server {server} cannot be reached ({cause}). Is there a network?"
        return DataError(message, server=server, cause=cause), True
    if isinstance(error, exceptions.ChunkedEncodingError):
        return DataError("The answer is cut off. Try again at another time."), True
    return DataError("The answer cannot be understood ({cause}).", cause=cause), False


def _page_title(file: Path) -> str:
    """Give the title of a web page, or its first tag; nothing if the file is none."""
    with file.open("rb") as opened:
        head = opened.read(CHUNK_BYTES).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if not (page := PAGE.match(head)):
        return ""
    title = TITLE.search(head)
    shown = " ".join(unescape(title[1]).split()) if title else ""
    return "".join(letter for letter in shown if letter.isprintable())[:80] or page[1]
