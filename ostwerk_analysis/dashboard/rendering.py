"""From a notebook to a page: Voilà renders it in a kernel that ends with it.

A release never changes, so a page is a function of notebook, release, language and parameters. It
is rendered once, kept, and given to everyone who asks.
"""

import asyncio
import gzip
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

from jupyter_client.utils import ensure_async
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from nbformat import NotebookNode
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from traitlets.config import Config
from voila.app import Voila
from voila.notebook_renderer import NotebookRenderer

from .. import templates
from ..language import LANGUAGES, text
from ..pipeline import kernels
from .assets import version
from .site import OWN_PAGES, Page, Site, Visit

MOST_PAGES, MOST_KERNELS = 512, 2
"""Rendered pages that are kept, and kernels that render at the same time."""
CELL_TIMEOUT_S, PAGE_TIMEOUT_S, IDLE_S = 60, 180, 300
PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
    *("PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PROJ_DATA", "GDAL_DATA"),
    *("JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "OMP_NUM_THREADS"),
)
"""What a dashboard's kernel sees of the server's environment: nothing that could be a secret."""


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


class Press(Voila):
    """Voilà with our template, printing pages: each once."""

    site: Site
    kernel_folder: str

    def setup_template_dirs(self) -> None:
        """Take the template from the package: nothing needs to be installed elsewhere."""
        self.template_paths = templates.search_path("voila", "ostwerk")
        self.static_paths = [str(templates.FOLDER / "static")]

    def init_settings(self) -> dict:
        """Begin with no page kept."""
        self.kept: OrderedDict[tuple, asyncio.Task[bytes]] = OrderedDict()
        self.kernels_free = asyncio.Semaphore(MOST_KERNELS)
        return super().init_settings()

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
        assets = f"{self.base_url}voila/static/{version()}/"
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
