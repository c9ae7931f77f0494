"""Rendering all pages of a release ahead of its visitors, as the quarterly run does."""

import asyncio
import logging
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ..language import LANGUAGES
from ..pipeline import forks
from . import keeping
from .rendering import Press, settings
from .site import Page, Site, Visit


def warm(
    release: Path,
    dashboards: Sequence[Path] = (),
    *,
    log: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[str]:
    """Render the pages of a release that are not kept yet, in each language.

    Parameters
    ----------
    release : Path
        Folder of the release.
    dashboards : sequence of Path
        Folders of notebooks, as for the server.
    log : Path, optional
        File to which the traceback of a page that fails is added.
    progress : callable
        Told how many pages of how many are done.

    Returns
    -------
    list of str
        Which pages could not be rendered or kept, and why; visitors get the others all the same.
    """
    site = Site(release, dashboards)
    return asyncio.run(_warm(site, log, progress))


async def every_page(site: Site, programme: str) -> list[tuple[Page, Visit]]:
    """List the pages of a programme's current release in each language."""
    return [
        (page, await site.visit(programme, "", name, language, {}))
        for name, page in site.pages.items()
        for language in LANGUAGES
    ]


async def _warm(site: Site, log: Path | None, progress: Callable[[int, int], None]) -> list[str]:
    [programme] = site.programmes()
    pages = await every_page(site, programme)
    missing = [
        (page, visit) for page, visit in pages if not keeping.load(visit.release.folder, visit.key)
    ]
    keeping.sweep(site.homes[programme])
    done = len(pages) - len(missing)
    failed: list[str] = []
    if not missing:
        return failed
    forks.warm_up()
    progress(done, len(pages))

    async def render(page: Page, visit: Visit) -> None:
        nonlocal done
        try:
            keeping.save(
                visit.release.folder, visit.key, keeping.lift(await press.render(page, visit))
            )
        except Exception as error:
            press.log.exception("%s (%s) could not be rendered", page.name, visit.language)
            failed.append(f"{page.name} ({visit.language}): {type(error).__name__} {error}")
        done += 1
        progress(done, len(pages))

    with tempfile.TemporaryDirectory(prefix="ostwerk-pages-") as folder:
        press = made_ready(site, folder, log)
        press.init_settings()
        try:
            await asyncio.gather(*(render(page, visit) for page, visit in missing))
        finally:
            await press.kernel_manager.shutdown_all(now=True)
            Press.clear_instance()
    return failed


def made_ready(site: Site, folder: str, log: Path | None) -> Press:
    """Make ready what renders, without listening anywhere, and saying nothing on the screen."""
    press = Press.instance(
        config=settings(), config_file_paths=[], root_dir=folder, log_level=logging.CRITICAL
    )
    press.site, press.kernel_folder, press.connection_dir = site, folder, folder
    ended = signal.getsignal(signal.SIGTERM)
    press.initialize([])
    signal.signal(signal.SIGTERM, ended)  # Voilà's own waits for a server that there is not
    if log:
        press.log.addHandler(logging.FileHandler(log, delay=True))
        press.log.setLevel(logging.ERROR)
    return press
