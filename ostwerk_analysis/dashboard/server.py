"""Serving releases: which addresses there are, and Voilà listening at them.

No address leads to a kernel, a file beside the release, or another host.
"""

import hashlib
import ipaddress
import logging
import os
import re
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import PasswordIdentityProvider
from tornado import web
from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.ioloop import IOLoop
from tornado.log import access_log
from tornado.routing import Matcher, Rule

from ..faults import OstwerkError
from ..pipeline import forks
from . import keeping
from .handlers import (
    FileHandler,
    LoginHandler,
    NothingHandler,
    PageHandler,
    PartHandler,
    ProgrammeHandler,
    StartHandler,
    StaticHandler,
    StrangerHandler,
)
from .live import IDLE_MIN, LiveHandler, LivePress, most_kernels
from .rendering import PAGE_TIME_LIMIT_S, settings
from .site import Site
from .warming import every_page

LONGEST_BYTES, SLOWEST_S = 1 << 14, 60
"""What a visitor may send as head and as body: the word that opens the pages is the longest there
is. And how long they may take to say what they want, or keep a connection without a word."""
FRAMER = re.compile(r"https?://[A-Za-z0-9.*-]+(:[0-9]+)?")
"""Another site that may show pages in a frame."""


class Visitors(PasswordIdentityProvider):
    """Who is asking: nobody in particular, and without a cookie, unless there is a token."""

    def set_login_cookie(self, handler: web.RequestHandler, user: Any) -> None:
        """Remember only those who had to log in; over HTTPS alone if that is how they came."""
        if self.auth_enabled:
            if handler.request.headers.get("X-Forwarded-Proto") == "https":
                self.cookie_options = {**self.cookie_options, "secure": True}
            super().set_login_cookie(handler, user)


def cookie_secret(token: str) -> bytes:
    """Give what cookies are signed with: who has given the token stays in after a restart."""
    if not token:
        return os.urandom(32)
    return hashlib.scrypt(token.encode(), salt=b"ostwerk cookies", n=2**14, r=8, p=1)


class Stranger(Matcher):
    """Matches a request that came by a name which is not the server's.

    A page on another host can lead its own name to this address, and a browser would then let it
    read what is served here. Numbers and ``localhost`` cannot be led anywhere else.
    """

    def __init__(self, names: Sequence[str]):
        self.names = {"localhost", *(name.lower() for name in names)}

    def match(self, request: HTTPServerRequest) -> dict | None:
        """Give something if it is a stranger."""
        host = split_host_and_port(request.host.lower())[0].strip("[]")
        if "*" in self.names or host in self.names:
            return None
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return {}
        return None


def log_request(handler: web.RequestHandler) -> None:
    """Log an answer without what stands behind the question mark, which may be the token."""
    status, request = handler.get_status(), handler.request
    level = logging.INFO if status < 400 else logging.WARNING if status < 500 else logging.ERROR
    took_ms = 1000 * request.request_time()
    access_log.log(level, "%d %s %s %.1f ms", status, request.method, request.path, took_ms)


class Dashboards(LivePress):
    """Voilà's server with our pages, and without the ways to kernels and files."""

    is_warmed: bool
    ready: Callable[[str], None]
    names: Sequence[str]

    def init_handlers(self) -> list:
        """Route addresses; only these exist."""
        start = re.escape(self.server_url)
        code = r"([A-Za-z0-9][\w.-]*)"
        given = {"voila_configuration": self.voila_configuration}
        login = [(f"{start}login", LoginHandler, given)] if self.token else []
        return [
            Rule(Stranger(self.names), StrangerHandler, given),
            *login,
            (f"{start}(?:.*/)?static/([0-9a-f]+)/([a-z0-9.-]+)", StaticHandler, given),
            (start, StartHandler, given),
            (f"{start}{code}/?", ProgrammeHandler, given),
            (f"{start}{code}/{code}/", ProgrammeHandler, given),
            (f"{start}{code}/(?:{code}/)?live/{code}", LiveHandler, given),
            (f"{start}{code}/(?:{code}/)?parts/([0-9a-f]{{16}})\\.json", PartHandler, given),
            (f"{start}{code}/(?:{code}/)?(downloads|reports)/{code}", FileHandler, given),
            (f"{start}{code}/(?:{code}/)?{code}", PageHandler, given),
            (".*", NothingHandler, given),
        ]

    def listen(self) -> None:
        """Render the current pages while the first visitors arrive."""
        address = f"http://{self.ip}:{self.port}{self.base_url}"
        IOLoop.current().add_callback(self.ready, address)
        if self.is_warmed:
            IOLoop.current().add_callback(self.warm)
        # Both are held in memory before anything looks at them.
        self.app.listen = partial(
            self.app.listen,
            max_header_size=LONGEST_BYTES,
            max_body_size=LONGEST_BYTES,
            body_timeout=SLOWEST_S,
            idle_connection_timeout=SLOWEST_S,
        )
        super().listen()

    def stop(self) -> None:
        """End with what is being rendered: a kernel may end by itself while it is ended."""
        for rendering in self.kept.values():
            rendering.cancel()
        with suppress(web.HTTPError):
            super().stop()

    async def warm(self) -> None:
        """Render every page of the current releases, so that nobody has to wait for it."""
        for programme, home in self.site.programmes().items():
            keeping.sweep(home)
            try:
                pages = await every_page(self.site, programme)
            except OstwerkError as error:
                self.log.error("%s: %s", programme, error)
                continue
            for page, visit in pages:
                try:
                    await self.page(page, visit)
                except Exception:
                    self.log.exception("%s/%s could not be rendered", programme, page.name)


def serve(
    published: str | Path,
    *,
    port: int = 8866,
    ip: str = "127.0.0.1",
    dashboards: Sequence[str | Path] = (),
    base_url: str = "/",
    token: str = "",
    names: Sequence[str] = (),
    framers: Sequence[str] = (),
    page_time_limit_s: float = PAGE_TIME_LIMIT_S,
    live_kernels: int | None = None,
    live_kernels_each: int | None = None,
    trust_proxy: bool = False,
    live_idle_min: float = IDLE_MIN,
    warm: bool = True,
    log_level: str = "INFO",
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve releases until the process is ended.

    Parameters
    ----------
    published : str or Path
        A folder of programmes, one programme's folder, or one release.
    port, ip : int, str
        Where to listen; ``0.0.0.0`` lets other machines in.
    dashboards : sequence of str or Path
        Folders of notebooks, before which the package's own are looked up last.
    base_url : str
        Path under which a reverse proxy hands the pages on, such as ``/ostwerk/``.
    token : str
        A word without which nobody sees a page; empty for none.
    names : sequence of str
        Host names under which visitors come; ``*`` for any. Numbers and ``localhost`` always work.
    framers : sequence of str
        Other sites that may show pages in a frame, such as ``https://www.example.org``.
    page_time_limit_s : float
        How long a page may take to be rendered.
    live_kernels : int, optional
        Most viewers of live pages who have a kernel at the same time; 0 for none. By default as
        many as memory and cores carry.
    live_kernels_each : int, optional
        Most of them that visitors from one address have; by default half of them, since all of a
        city hall may come from one.
    trust_proxy : bool
        Whether ``X-Forwarded-For`` says who the visitor is, because a web server in front sets it.
    live_idle_min : float
        Minutes without an entry after which a viewer's kernel ends.
    warm : bool
        Render all pages of the current releases at once.
    log_level : str
        What is logged to standard error, from ``DEBUG`` to ``ERROR``.
    ready : callable
        Told the address once the server listens.

    Raises
    ------
    OstwerkError
        If the port is taken, nothing can be served, or another site is not named as one.
    """
    for framer in framers:
        if not FRAMER.fullmatch(framer):
            raise OstwerkError(
                "{framer} is not the address of a site. Write it like https://www.example.org",
                framer=framer,
            )
    site = Site(Path(published), [Path(folder) for folder in dashboards])
    base_url = f"/{base_url.strip('/')}/".replace("//", "/")
    _refuse_taken(ip, port)
    forks.warm_up()
    with tempfile.TemporaryDirectory(prefix="ostwerk-pages-") as folder:
        # No settings are read from the user's Jupyter: they could open what is closed here.
        application = Dashboards.instance(
            config=settings(port, ip, base_url, live_idle_min),
            identity_provider_class=Visitors,
            config_file_paths=[],
            root_dir=folder,
            token=token,
            cookie_secret=cookie_secret(token),
            tornado_settings={"log_function": log_request},
            log_level=log_level,
        )
        application.site, application.kernel_folder = site, folder
        application.is_warmed, application.ready = warm, ready
        application.names, application.framers = names, framers
        application.page_time_limit_s = page_time_limit_s
        application.most_live = most_kernels() if live_kernels is None else live_kernels
        application.most_each = live_kernels_each or max(1, application.most_live // 2)
        application.trusts_proxy = trust_proxy
        application.idle_min = live_idle_min
        application.initialize([])
        application.start()


def _refuse_taken(ip: str, port: int) -> None:
    """Say that a port is taken before anything is started."""
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
        except OSError as error:
            raise OstwerkError(
                "Cannot listen on {ip}, port {port}: {error}. Choose another port.",
                ip=ip,
                port=port,
                error=error.strerror,
            ) from None
