"""Scripts and fonts, packed, and the tags that name them."""

import gzip
import hashlib
import mimetypes
from functools import cache

from .. import templates

STATIC = (
    *("charts.js", "explorer.js", "tables.js", "export.js", "live.js"),
    *(templates.WIDGETS, templates.PLOTLY, templates.FONT),
)


def tag_of(packed: bytes) -> str:
    """Name something by its content."""
    return hashlib.sha256(packed).hexdigest()[:32]


@cache
def static(name: str) -> bytes:
    """Read and pack a script or font."""
    return gzip.compress(templates.content(name), 6, mtime=0)


@cache
def version() -> str:
    """Give a code that changes with any script or font."""
    together = hashlib.sha256()
    for name in STATIC:
        together.update(static(name))
    return together.hexdigest()[:12]


def media_type(name: str) -> str:
    """Give the media type of a file by its name."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
