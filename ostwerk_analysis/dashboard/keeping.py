"""Rendered pages, kept packed beside their release: never in it, for a release does not change.

``published/<programme>/.pages/<release>/`` holds pages as ``<key>.html.gz`` and their parts as
``<code>.json.gz``. Everything in it can be deleted at any time: what is missing, damaged or not
what its name says is rendered again.
"""

import gzip
import hashlib
import re
import shutil
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .. import release as releases
from ..files import write_whole

FOLDER = ".pages"
MOST_PAGES = 512
"""Pages of a release that are kept on disk; the ones rendered last."""
PART = re.compile(
    rb'<script type="application/json" data-ow-part="([0-9a-f]{16})">(.*?)</script>', re.DOTALL
)
LIFTED = "<!--part {code}-->"
"""What stands in a page where a part was, so that a page tells which parts belong to it."""


@dataclass(frozen=True)
class Kept:
    """A rendered page.

    Attributes
    ----------
    packed : bytes
        Its HTML without its parts, by gzip.
    codes : frozenset of str
        Of its parts.
    parts : dict of str to bytes
        Code = packed JSON, as far as they are not on disk.
    """

    packed: bytes
    codes: frozenset[str] = frozenset()
    parts: dict[str, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How much memory it takes, in bytes."""
        return len(self.packed) + sum(map(len, self.parts.values()))


def pack(content: bytes) -> bytes:
    """Pack by gzip; the same content gives the same bytes."""
    return gzip.compress(content, 9, mtime=0)


def lift(html: str) -> Kept:
    """Take a page's parts out of it, which its script asks for when it needs them."""
    parts: dict[str, bytes] = {}

    def take(found: re.Match[bytes]) -> bytes:
        code, content = found[1].decode(), found[2]
        if hashlib.sha256(content).hexdigest()[:16] != code:
            return found[0]  # an address that is kept for ever must name what it holds
        parts[code] = pack(content)
        return LIFTED.format(code=code).encode()

    packed = pack(PART.sub(take, html.encode()))
    return Kept(packed, frozenset(parts), parts)


def folder_of(release: Path) -> Path:
    """Give the folder in which a release's pages are kept."""
    return release.parent / FOLDER / release.name


def load(release: Path, key: str) -> Kept | None:
    """Read a page that was kept; None if there is none, it cannot be read, or a part is missing."""
    try:
        packed = (folder_of(release) / f"{key}.html.gz").read_bytes()
        html = gzip.decompress(packed).decode()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error):
        return None
    codes = frozenset(re.findall(LIFTED.format(code="([0-9a-f]{16})"), html))
    if any(part(release, code) is None for code in codes):
        return None
    return Kept(packed, codes)


def part(release: Path, code: str) -> bytes | None:
    """Read a part, packed; None if there is none, or it is not what its code says."""
    try:
        packed = (folder_of(release) / f"{code}.json.gz").read_bytes()
        is_whole = hashlib.sha256(gzip.decompress(packed)).hexdigest()[:16] == code
    except (OSError, EOFError, zlib.error):
        return None
    return packed if is_whole else None


def save(release: Path, key: str, page: Kept) -> Kept:
    """Keep a page on disk, its parts first, so that no page is there without them.

    Returns
    -------
    Kept
        The page without its parts, which are on disk now.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    folder = folder_of(release)
    folder.mkdir(parents=True, exist_ok=True)
    for code, packed in page.parts.items():
        write_whole(folder / f"{code}.json.gz", packed)
    write_whole(folder / f"{key}.html.gz", page.packed)
    with suppress(OSError):  # another one who tidies up may be faster
        _thin(folder, MOST_PAGES)  # who asks for every value of every parameter fills no disk
    return Kept(page.packed, page.codes)


def sweep(programme: Path, *, most: int = MOST_PAGES) -> None:
    """Delete pages of releases that are gone or withdrawn, and the oldest of too many.

    A folder that cannot be written to stays as it is.

    Parameters
    ----------
    programme : Path
        The folder of its releases.
    most : int
        Pages of a release that stay.
    """
    shown = set(releases.shown(programme))
    with suppress(OSError):
        for folder in (programme / FOLDER).iterdir():
            if folder.name not in shown:
                shutil.rmtree(folder)
            else:
                _thin(folder, most)


def _thin(folder: Path, most: int) -> None:
    """Delete what is older than the newest pages; parts are as old as the page written last."""
    changed = {file: file.stat().st_mtime for file in folder.iterdir()}
    pages = sorted(when for file, when in changed.items() if file.name.endswith(".html.gz"))
    if len(pages) <= most:
        return
    for file, when in changed.items():
        # The parts of a page are written just before it.
        ahead_s = 0 if file.name.endswith(".html.gz") else 60
        if when < pages[-most] - ahead_s:
            file.unlink(missing_ok=True)
