"""Serving releases: which addresses there are, and Voilà listening at them.

No address leads to a kernel, a file beside the release, or another host.
"""

import re
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import PasswordIdentityProvider
from tornado import web
from tornado.ioloop import IOLoop

from ..faults import OstwerkError
from ..language import LANGUAGES
from ..pipeline import forks
from .assets import StaticHandler
from .handlers import FileHandler, NothingHandler, PageHandler, ProgrammeHandler, StartHandler
from .rendering import Press, settings
from .site import Site


class Visitors(PasswordIdentityProvider):
    """Who is asking: nobody in particular, and without a cookie, unless there is a token."""

    def set_login_cookie(self, handler: web.RequestHandler, user: Any) -> None:
        """Remember only those who had to log in."""
        if self.auth_enabled:
            super().set_login_cookie(handler, user)


class Dashboards(Press):
    """Voilà's server with our pages, and without the ways to kernels and files."""

    is_warmed: bool
    ready: Callable[[str], None]

    def init_handlers(self) -> list:
        """Route addresses; only these exist."""
        start = re.escape(self.server_url)
        code = r"([A-Za-z0-9][\w.-]*)"
        given = {"voila_configuration": self.voila_configuration}
        login = [
            (start + re.escape(address.strip("/")), handler)
            for address, handler in (self.identity_provider.get_handlers() if self.token else [])
        ]
        return [
            *login,
            (f"{start}voila/static/[0-9a-f]+/([a-z.]+)", StaticHandler),
            (start, StartHandler, given),
            (f"{start}{code}/?", ProgrammeHandler, given),
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
        super().listen()

    def stop(self) -> None:
        """End with what is being rendered: a kernel may end by itself while it is ended."""
        for rendering in self.kept.values():
            rendering.cancel()
        with suppress(web.HTTPError):
            super().stop()

    async def warm(self) -> None:
        """Render every page of the current releases, so that nobody has to wait for it."""
        for programme in self.site.programmes():
            for name in self.site.pages:
                for language in LANGUAGES:
                    try:
                        visit = await self.site.visit(programme, "", name, language, {})
                        await self.page(self.site.pages[name], visit)
                    except Exception:
                        self.log.exception("%s/%s could not be rendered", programme, name)


def serve(
    published: str | Path,
    *,
    port: int = 8866,
    ip: str = "127.0.0.1",
    dashboards: Sequence[str | Path] = (),
    base_url: str = "/",
    token: str = "",
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
    warm : bool
        Render all pages of the current releases at once.
    log_level : str
        What is logged to standard error, from ``DEBUG`` to ``ERROR``.
    ready : callable
        Told the address once the server listens.

    Raises
    ------
    OstwerkError
        If the port is taken or nothing can be served.
    """
    site = Site(Path(published), [Path(folder) for folder in dashboards])
    base_url = f"/{base_url.strip('/')}/".replace("//", "/")
    _refuse_taken(ip, port)
    forks.warm_up()
    with tempfile.TemporaryDirectory(prefix="ostwerk-pages-") as folder:
        # No settings are read from the user's Jupyter: they could open what is closed here.
        application = Dashboards.instance(
            config=settings(port, ip, base_url),
            identity_provider_class=Visitors,
            config_file_paths=[],
            root_dir=folder,
            token=token,
            log_level=log_level,
        )
        application.site, application.kernel_folder, application.is_warmed = site, folder, warm
        application.ready = ready
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
