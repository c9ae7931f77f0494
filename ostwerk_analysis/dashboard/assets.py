"""Scripts and styles as they are sent."""

import gzip
import hashlib
import mimetypes
from functools import cache

from tornado import web

from .. import templates

STATIC = ("figures.css", "page.css", "print.css", "charts.js", "explorer.js", templates.PLOTLY)


class StaticHandler(web.RequestHandler):
    """Scripts and styles, under an address that changes when they do."""

    def set_default_headers(self) -> None:
        """Let browsers keep them."""
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.clear_header("Server")

    def get(self, name: str) -> None:
        """Send one of ours."""
        if name not in STATIC:
            self.set_header("Cache-Control", "no-cache")
            raise web.HTTPError(404)
        self.set_header("Content-Type", media_type(name))
        send_packed(self, static(name))


def send_packed(handler: web.RequestHandler, packed: bytes) -> None:
    """Send what is kept packed; unpacked to the few who cannot unpack it."""
    handler.set_header("Vary", "Accept-Encoding")
    if "gzip" in handler.request.headers.get("Accept-Encoding", ""):
        handler.set_header("Content-Encoding", "gzip")
        handler.finish(packed)
    else:
        handler.finish(gzip.decompress(packed))


@cache
def static(name: str) -> bytes:
    """Read and pack a script or style."""
    is_plotly = name == templates.PLOTLY
    content = templates.plotly_path().read_bytes() if is_plotly else templates.source(name).encode()
    return gzip.compress(content, 6, mtime=0)


@cache
def version() -> str:
    """Give a code that changes with any script or style."""
    together = hashlib.sha256()
    for name in STATIC:
        together.update(static(name))
    return together.hexdigest()[:12]


def media_type(name: str) -> str:
    """Give the media type of a file by its name."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
