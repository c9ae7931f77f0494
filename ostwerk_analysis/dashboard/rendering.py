"""From a notebook to a page: Voilà renders it in a kernel that ends with it.

A release never changes, so a page is a function of notebook, release, language and parameters. It
is rendered once, kept in memory and on disk, and given to everyone who asks.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_client.utils import ensure_async
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from nbformat import NotebookNode
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from tornado import web
from traitlets.config import Config
from voila.app import Voila
from voila.notebook_renderer import NotebookRenderer

from .. import templates
from ..pipeline import kernels
from . import keeping
from .framing import page_frame
from .keeping import Kept
from .site import Page, Site, Visit
from .still import still

MOST_BYTES, MOST_KERNELS, MOST_WAITING = 100_000_000, 2, 32
"""Size of the pages in memory, packed; kernels that render at the same time; pages with parameters
that wait for one."""
PAGE_TIME_LIMIT_S, IDLE_S = 180, 300
PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
    *("PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PROJ_DATA", "GDAL_DATA"),
    *("JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "OMP_NUM_THREADS"),
)
"""What a dashboard's kernel sees of the server's environment: nothing that could be a secret."""


def settings(port: int = 0, ip: str = "", base_url: str = "/", live_idle_min: float = 0) -> Config:
    """Collect all settings of Voilà and of its kernels."""
    return Config(
        {
            "Voila": {
                "port": port,
                "port_retries": 0,
                "ip": ip,
                "base_url": base_url,
                "open_browser": False,
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
            # The page as a whole has a limit, which is ours.
            "VoilaExecutor": {"timeout": None, "startup_timeout": 60},
            # A kernel ends with its page; the culler is for one that was left by a fault of ours,
            # and a live page whose viewer only reads it has not been left.
            "MappingKernelManager": {
                "cull_idle_timeout": int(max(IDLE_S, 2 * 60 * live_idle_min)),
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


class BusyError(Exception):
    """More pages are waiting to be rendered than is good for those who wait."""


class Press(Voila):
    """Voilà with our template, printing pages: each once."""

    site: Site
    kernel_folder: str
    framers: Sequence[str] = ()
    page_time_limit_s: float = PAGE_TIME_LIMIT_S

    def setup_template_dirs(self) -> None:
        """Take the template from the package: nothing needs to be installed elsewhere."""
        self.template_paths = templates.search_path("voila", "ostwerk")
        self.static_paths = [str(templates.FOLDER / "static")]

    def init_settings(self) -> dict:
        """Begin with no page in memory."""
        self.kept: OrderedDict[tuple[Path, str], asyncio.Task[Kept]] = OrderedDict()
        self.kernels_free = asyncio.Semaphore(MOST_KERNELS)
        return super().init_settings()

    async def page(self, page: Page, visit: Visit) -> Kept:
        """Give a page from memory, from the disk, or rendered now.

        Raises
        ------
        BusyError
            If too many other pages are waiting to be rendered.
        """
        key = visit.release.folder, visit.key
        task = self.kept.get(key)
        if task is None:
            # Parameters make many pages, the pages themselves are few.
            waiting = sum(not task.done() for task in self.kept.values())
            if visit.asked and waiting >= MOST_WAITING:
                raise BusyError
            task = self.kept[key] = asyncio.create_task(self._made(page, visit))
        self.kept.move_to_end(key)
        try:
            # A visitor who leaves does not take the page away from the others who wait for it.
            return await asyncio.shield(task)
        except Exception:
            if self.kept.get(key) is task:
                del self.kept[key]  # the next visitor tries again
            raise

    async def part(self, releases: list[Path], code: str) -> bytes | None:
        """Give a part of a page of one of several releases, packed; None if there is none."""
        for folder in releases:
            for (home, _), kept in self._finished().items():
                if home == folder and code in kept.parts:
                    return kept.parts[code]
            if packed := await asyncio.to_thread(keeping.part, folder, code):
                return packed
        for (home, key), kept in self._finished().items():
            if home in releases and code in kept.codes:
                del self.kept[home, key]  # whoever opens the page next has it rendered again
        return None

    def _finished(self) -> dict[tuple[Path, str], Kept]:
        """Give the pages in memory, the one that was asked for longest ago first."""
        return {
            key: task.result()
            for key, task in self.kept.items()
            if task.done() and not task.cancelled() and not task.exception()
        }

    async def _made(self, page: Page, visit: Visit) -> Kept:
        """Read a page from the disk, or render it and keep it there."""
        folder = visit.release.folder
        made = await asyncio.to_thread(keeping.load, folder, visit.key)
        if made is None:
            made = keeping.lift(await self.render(page, visit))
            try:
                made = await asyncio.to_thread(keeping.save, folder, visit.key, made)
            except OSError as error:
                # It is kept in memory, which is as good until the server is started again.
                self.log.warning("%s is not kept on disk: %s", page.name, error)
        self._make_room(made.size)
        return made

    def _make_room(self, size: int) -> None:
        """Let go of the pages that were asked for longest ago."""
        finished = self._finished()
        too_much = sum(page.size for page in finished.values()) + size - MOST_BYTES
        for key, page in finished.items():
            if too_much <= 0:
                break
            del self.kept[key]
            too_much -= page.size

    async def render(self, page: Page, visit: Visit) -> str:
        """Run a dashboard's notebook in a kernel of its own, and end the kernel."""
        async with self.kernels_free, asyncio.timeout(self.page_time_limit_s):
            renderer = await self.renderer(page, visit)
            async with self.kernel(renderer) as (kernel_id, kernel):
                return await renderer.generate_content_str(kernel_id, kernel)

    async def renderer(self, page: Page, visit: Visit) -> Renderer:
        """Prepare a notebook to be run with what a visitor asks for."""
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
        await renderer.initialize()
        frame = renderer.resources["ostwerk"] = page_frame(self.site, visit)
        frame["still"] = lambda model_id: still(renderer.executor.widget_state, model_id)
        return renderer

    @asynccontextmanager
    async def kernel(self, renderer: Renderer) -> AsyncIterator[tuple[str, Any]]:
        """Start a kernel for a notebook, give its id and manager, and end it."""
        kernel_id = await ensure_async(
            self.kernel_manager.start_kernel(
                kernel_name=renderer.notebook.metadata.kernelspec.name,
                cwd=self.kernel_folder,
                env=kernel_environment(self.kernel_folder),
            )
        )
        try:
            yield kernel_id, self.kernel_manager.get_kernel(kernel_id)
        finally:
            with suppress(KeyError, web.HTTPError):  # it ended by itself, or the server ends
                await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id, now=True))
