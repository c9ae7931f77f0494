"""Serving releases: Voilà renders a dashboard once for each release, language and parameters.

A release never changes, so a page is a function of notebook, release, language and parameters. It
is rendered by a kernel that ends with it, kept, and given to everyone who asks. No address leads
to a kernel, a file beside the release, or another host.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import os
import re
import secrets
import socket
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import jinja2
from jupyter_client.utils import ensure_async
from jupyter_server.auth.identity import PasswordIdentityProvider
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from nbformat import NotebookNode
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from tornado import web
from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.notebook_renderer import NotebookRenderer

from .. import templates
from ..faults import OstwerkError
from ..language import LANGUAGES, text
from ..pipeline import forks, kernels
from .site import OWN_PAGES, Page, Site, Unknown, Visit, link_list, own_page, paragraph

MOST_PAGES, MOST_KERNELS = 512, 2
"""Rendered pages that are kept, and kernels that render at the same time."""
CELL_TIMEOUT_S, PAGE_TIMEOUT_S, IDLE_S = 60, 180, 300
PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
    *("PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PROJ_DATA", "GDAL_DATA"),
    *("JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "OMP_NUM_THREADS"),
)
"""What a dashboard's kernel sees of the server's environment: nothing that could be a secret."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)
STATIC = ("figures.css", "page.css", "charts.js", "explorer.js", templates.PLOTLY)


def settings(port: int, ip: str, base_url: str) -> Config:
    """Collect all settings of Voilà and of its kernels."""
    return Config(
        {
            "Voila": {
                "port": port,
                "port_retries": 0,
                "ip": ip,
                "base_url": base_url,
                "open_browser": False,
                "identity_provider_class": Visitors,
            },
            "VoilaConfiguration": {
                "template": "ostwerk",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "strip_sources": True,
                "show_tracebacks": False,
                "file_allowlist": [],
                "file_denylist": [".*"],
                "http_header_envs": [],
            },
            "VoilaExecutor": {"timeout": CELL_TIMEOUT_S, "startup_timeout": 60},
            # A kernel ends with its page; the culler is for one that was left by a fault of ours.
            "MappingKernelManager": {
                "cull_idle_timeout": IDLE_S,
                "cull_interval": 60,
                "cull_connected": True,
            },
            # Sockets are files of the user's own, which do not run out as ports do under a burst.
            "KernelManager": {"transport": "tcp" if os.name == "nt" else "ipc"},
            # A fork of a process that has imported already what a page imports.
            "KernelProvisionerFactory": {"default_provisioner_name": kernels.PROVISIONER},
        }
    )


def kernel_environment(folder: str) -> dict[str, str]:
    """Give the environment of a dashboard's kernel: what it needs, and nothing else."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    package = str(Path(__file__).parents[2])
    paths = [package, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    return environment | {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "IPYTHONDIR": folder,  # no start-up files of whoever runs the server, and no history
    }


class Visitors(PasswordIdentityProvider):
    """Who is asking: nobody in particular, and without a cookie, unless there is a token."""

    def set_login_cookie(self, handler: web.RequestHandler, user: Any) -> None:
        """Remember only those who had to log in."""
        if self.auth_enabled:
            super().set_login_cookie(handler, user)


class CellError(Exception):
    """A cell of a dashboard failed; the log has the traceback."""


class Renderer(NotebookRenderer):
    """Voilà's renderer, given its parameters, and failing as a whole where a cell fails."""

    parameters: dict[str, str]

    async def load_notebook(self, path: str) -> NotebookNode:
        """Read the notebook and put the parameters in, as papermill does."""
        notebook = await self.fix_notebook(load_notebook_node(path))
        return parameterize_notebook(notebook, self.parameters)

    async def _jinja_cell_generator(self, nb: NotebookNode, kernel_id: str) -> Any:
        async for cell in super()._jinja_cell_generator(nb, kernel_id):
            for output in cell.get("outputs", []):
                # Voilà has taken out what cells write to stderr; what is there is its own fault.
                if output["output_type"] == "error" or output.get("name") == "stderr":
                    raise CellError(self.notebook_path)
            yield cell


class Dashboards(Voila):
    """Voilà's server with our pages, and without the ways to kernels and files."""

    site: Site
    kernel_folder: str
    is_warmed: bool
    ready: Callable[[str], None]

    def setup_template_dirs(self) -> None:
        """Take the template from the package: nothing needs to be installed elsewhere."""
        self.template_paths = templates.search_path("voila", "ostwerk")
        self.static_paths = [str(templates.FOLDER / "static")]

    def init_handlers(self) -> list:
        """Route addresses; only these exist."""
        self.kept: OrderedDict[tuple, asyncio.Task[bytes]] = OrderedDict()
        self.kernels_free = asyncio.Semaphore(MOST_KERNELS)
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

    async def page(self, page: Page, visit: Visit) -> bytes:
        """Give a page, packed, rendered now or before."""
        task = self.kept.get(visit.key)
        if task is None:
            task = self.kept[visit.key] = asyncio.create_task(self.render(page, visit))
            while len(self.kept) > MOST_PAGES:
                self.kept.popitem(last=False)
        self.kept.move_to_end(visit.key)
        try:
            # A visitor who leaves does not take the page away from the others who wait for it.
            return await asyncio.shield(task)
        except Exception:
            if self.kept.get(visit.key) is task:
                del self.kept[visit.key]  # the next visitor tries again
            raise

    async def render(self, page: Page, visit: Visit) -> bytes:
        """Run a dashboard's notebook in a kernel of its own, and end the kernel."""
        folder = str(page.path.parent)
        renderer = Renderer(
            voila_configuration=self.voila_configuration,
            traitlet_config=self.config,
            notebook_path=str(page.path),
            template_paths=self.template_paths,
            contents_manager=LargeFileManager(parent=self, root_dir=folder),
            kernel_spec_manager=self.kernel_spec_manager,
            base_url=self.base_url,
            page_config={},
        )
        renderer.parameters = visit.parameters
        async with self.kernels_free, asyncio.timeout(PAGE_TIMEOUT_S):
            await renderer.initialize()
            renderer.resources["ostwerk"] = self.frame(visit)
            kernel_id = await ensure_async(
                self.kernel_manager.start_kernel(
                    kernel_name=renderer.notebook.metadata.kernelspec.name,
                    cwd=self.kernel_folder,
                    env=kernel_environment(self.kernel_folder),
                )
            )
            try:
                kernel = self.kernel_manager.get_kernel(kernel_id)
                html = await renderer.generate_content_str(kernel_id, kernel)
                return gzip.compress(html.encode(), 6, mtime=0)
            finally:
                await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id, now=True))

    def frame(self, visit: Visit | None, title: str = "", language: str = "de") -> dict:
        """Describe the frame of a page; without a visit, of one that belongs to no release."""
        assets = f"{self.base_url}voila/static/{_version()}/"
        if visit is None:
            return templates.frame(title, language, assets=assets)
        here, language = f"{self.base_url}{visit.address}", visit.language
        query = visit.query(language)
        pages = [
            {
                "href": f"{here}{name}{query}",
                "label": page.titles[language],
                "is_here": name == visit.name,
            }
            for name, page in self.site.pages.items()
        ]
        links = [
            {"href": f"{here}{name}{query}", "label": text(title, language)}
            for name, title in OWN_PAGES.items()
            if name == "downloads" or name in visit.about.texts
        ]
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        return templates.frame(
            visit.title,
            language,
            programme=visit.about.names[language],
            period=visit.release.quarter,
            is_demonstration=visit.about.is_demonstration,
            pages=pages,
            other_language=f"{here}{visit.name}{visit.query(other, with_parameters=True)}",
            links=links,
            assets=assets,
        )


class Handler(BaseVoilaHandler):
    """What all pages have in common: their headers, and what is said when something is wrong."""

    application: Any

    @property
    def content_security_policy(self) -> str:
        """Allow nothing from another host, and no script that stands in the page."""
        return POLICY

    def set_default_headers(self) -> None:
        """Say as little as possible about the server, and where visitors come from."""
        super().set_default_headers()
        self.set_header("Referrer-Policy", "same-origin")
        self.clear_header("Server")

    @property
    def server(self) -> Dashboards:
        """The application that serves."""
        return self.settings["voila"]

    @property
    def asked_language(self) -> str:
        """The language asked for; German if it is none of ours."""
        asked = self.get_query_argument("lang", "de")
        return asked if asked in LANGUAGES else "de"

    def lead_on(self, start: str) -> None:
        """Redirect to the first page below an address."""
        query = f"?{self.request.query}" if self.request.query else ""
        first = next(iter(self.server.site.pages))
        self.redirect(f"{self.server.base_url}{start}{first}{query}")

    def say(self, frame: dict, body: str) -> None:
        """Write a page of our own."""
        environment: jinja2.Environment = self.settings["voila_jinja2_env"]
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        page = environment.get_template("page.html.j2")
        self.finish(page.render(resources={"ostwerk": frame}, body=body))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is wrong in a sentence; what is our fault has a number that the log has."""
        language = self.asked_language
        error = kwargs.get("exc_info", (None, None, None))[1]
        base = self.server.base_url
        if isinstance(error, Unknown):
            title = text("Not found here", language)
            options = [(base + to, words) for to, words in error.options.items()]
            body = paragraph(text(error.message, language, value=error.value))
            if options:
                body += paragraph(text("There is:", language)) + link_list(options)
        elif status_code < 500:
            title = text("There is no such page", language)
            body = link_list([(f"{base}?lang={language}", text("To the start page", language))])
        else:
            number = secrets.token_hex(4)
            self.log.error("Error %s at %s", number, self.request.path, exc_info=error)
            title = text("This page cannot be shown at the moment", language)
            body = paragraph(
                text("The fault is on our side. Its number is {number}.", language, number=number)
            )
        self.say(self.server.frame(None, title, language), body)


class PageHandler(Handler):
    """A dashboard, or a page of the programme's own."""

    @web.authenticated
    async def get(self, programme: str, release: str | None, name: str) -> None:
        """Show a page of a release; of the current one if none is named."""
        arguments = {key: self.get_query_argument(key) for key in self.request.query_arguments}
        language = arguments.pop("lang", "de")
        site = self.server.site
        if name in site.releases(programme) and not release:
            return self.lead_on(f"{programme}/{name}/")
        visit = await site.visit(programme, release or "", name, language, arguments)
        if visit.page is None:
            return self.say(self.server.frame(visit), own_page(visit, self.server.base_url))
        packed = await self.server.page(visit.page, visit)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        _send_packed(self, packed)
        return None

    head = get


class ProgrammeHandler(Handler):
    """A programme's address leads to its first page."""

    @web.authenticated
    async def get(self, programme: str) -> None:
        """Lead on."""
        self.server.site.programme(programme)
        self.lead_on(f"{programme}/")


class StartHandler(Handler):
    """The start page: programmes and their releases."""

    @web.authenticated
    async def get(self) -> None:
        """List what there is."""
        language, base = self.asked_language, self.server.base_url
        parts = []
        for programme in self.server.site.programmes():
            about = await self.server.site.about(programme)
            links = [
                (f"{base}{programme}/{page.name}?lang={language}", page.titles[language])
                for page in self.server.site.pages.values()
            ]
            earlier = [
                (f"{base}{programme}/{name}?lang={language}", name)
                for name in self.server.site.releases(programme)
            ]
            note = paragraph(text(templates.DEMONSTRATION, language))
            parts.append(
                f"<h2>{escape(about.names[language])}</h2>{note if about.is_demonstration else ''}"
                f"{link_list(links)}"
                f"<details><summary>{escape(text('All releases', language))}</summary>"
                f"{link_list(earlier)}</details>"
            )
        nothing = paragraph(text("Nothing has been published yet.", language))
        frame = self.server.frame(None, text("Published evaluations", language), language)
        frame["other_language"] = f"{base}?lang={frame['switch_to']}"
        self.say(frame, "".join(parts) or nothing)


class FileHandler(Handler):
    """A file that a release holds for visitors: a download or a report."""

    @web.authenticated
    async def get(self, programme: str, release: str | None, kind: str, name: str) -> None:
        """Give the file as it is, if the release has it."""
        self.set_header("Content-Type", _kind(name))
        self.set_header("Cache-Control", "no-cache")
        visit = await self.server.site.visit(programme, release or "", "downloads", "de", {})
        if (kind, name) == ("reports", templates.PLOTLY):
            return _send_packed(self, _static(name))
        if name not in visit.files(kind):
            raise web.HTTPError(404)
        if kind == "downloads":
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        else:  # a report has its scripts in itself
            own = POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")
            self.set_header("Content-Security-Policy", own)
        with (visit.release.folder / kind / name).open("rb") as file:
            while chunk := file.read(1 << 20):
                self.write(chunk)
                await self.flush()
        return None


class NothingHandler(Handler):
    """Any other address."""

    async def prepare(self) -> None:
        """Say so."""
        raise web.HTTPError(404)


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
        self.set_header("Content-Type", _kind(name))
        _send_packed(self, _static(name))


def _send_packed(handler: web.RequestHandler, packed: bytes) -> None:
    """Send what is kept packed; unpacked to the few who cannot unpack it."""
    handler.set_header("Vary", "Accept-Encoding")
    if "gzip" in handler.request.headers.get("Accept-Encoding", ""):
        handler.set_header("Content-Encoding", "gzip")
        handler.finish(packed)
    else:
        handler.finish(gzip.decompress(packed))


@cache
def _static(name: str) -> bytes:
    """Read and pack a script or style."""
    is_plotly = name == templates.PLOTLY
    content = templates.plotly_path().read_bytes() if is_plotly else templates.source(name).encode()
    return gzip.compress(content, 6, mtime=0)


@cache
def _version() -> str:
    """Give a code that changes with any script or style."""
    together = hashlib.sha256()
    for name in STATIC:
        together.update(_static(name))
    return together.hexdigest()[:12]


def _kind(name: str) -> str:
    """Give the media type of a file by its name."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


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
