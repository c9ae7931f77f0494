"""What is served: programmes, their releases and pages, and what a visitor may ask of them."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from tornado import web

from .. import release as releases
from ..faults import DataError, OstwerkError
from ..language import LANGUAGES, quarter, text
from ..periods import parse_quarter
from ..pipeline.notebooks import declared_parameters
from ..pipeline.recipe import code_of, environment, shipped, sum_of
from ..release import Release

OWN_PAGES = {
    "downloads": "Data to download",
    "imprint": "Imprint",
    "accessibility": "Accessibility",
    "privacy": "Privacy",
}
"""Pages that are no notebooks, and their titles."""


@dataclass(frozen=True)
class Page:
    """A dashboard.

    Parameters
    ----------
    path : Path
        The notebook; its name without the ending is the page's address.
    titles : dict
        Title in each language, from the notebook's metadata ``ostwerk.title``.
    parameters : frozenset of str
        What the notebook can be given.
    is_live : bool
        Each viewer has a kernel, from the notebook's metadata ``ostwerk.live``.
    """

    path: Path
    titles: dict[str, str]
    parameters: frozenset[str]
    is_live: bool = False

    @property
    def name(self) -> str:
        """The page's address."""
        return self.path.stem


@dataclass(frozen=True)
class About:
    """What a release says about itself.

    Parameters
    ----------
    names, lines : dict
        The programme's name, and what it is in one line, in each language.
    is_demonstration : bool
    texts : dict
        Imprint and the like, as far as the programme has them: name = text in each language.
    allowed : dict
        Values that a parameter can take: code = words in each language.
    sums : str
        The SHA-256 of everything in the release.
    """

    names: dict[str, str]
    lines: dict[str, str]
    is_demonstration: bool
    texts: dict[str, dict[str, str]]
    allowed: dict[str, dict[str, dict[str, str]]]
    sums: str


@dataclass(frozen=True)
class Visit:
    """A page that was asked for, all of it checked.

    Parameters
    ----------
    programme : str
    release : Release
    is_named : bool
        The address names the release; otherwise it is the current one.
    name : str
        Of the page.
    page : Page or None
        None for one of :data:`OWN_PAGES`.
    language : {"de", "en"}
    asked : dict
        Parameters of the address.
    about : About
    current, marked : str
        The release that is shown where none is named, and the one that is marked as current,
        which is another one if that is damaged.
    key : str
        A code for all that the page's content depends on.
    """

    programme: str
    release: Release
    is_named: bool
    name: str
    page: Page | None
    language: str
    asked: dict[str, str]
    about: About
    current: str
    marked: str
    key: str

    @property
    def title(self) -> str:
        """The page's title."""
        if self.page:
            return self.page.titles[self.language]
        return text(OWN_PAGES[self.name], self.language)

    @property
    def parameters(self) -> dict[str, str]:
        """What the notebook is given."""
        given = {"release": str(self.release.folder), "language": self.language, **self.asked}
        known = self.page.parameters if self.page else frozenset()
        return {name: value for name, value in given.items() if name in known}

    def query(self, language: str, *, with_parameters: bool = False) -> str:
        """Write the part of an address behind the page."""
        return "?" + urlencode({"lang": language, **(self.asked if with_parameters else {})})

    def files(self, kind: str) -> dict[str, int]:
        """List the release's ``downloads`` or ``reports``: name = size in bytes."""
        folder, home = self.release.folder / kind, self.release.folder.resolve()
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return {
            file.name: file.stat().st_size
            for file in found
            if file.is_file() and file.resolve().is_relative_to(home)  # no link leads out
        }


class Unknown(web.HTTPError):
    """Something that does not exist was asked for.

    Parameters
    ----------
    message : str
        An English sentence, with ``{value}`` for what was asked.
    value : str
    options : dict
        What there is: address = words.
    """

    def __init__(self, message: str, value: str, options: Mapping[str, str]):
        super().__init__(404)
        self.message, self.value, self.options = message, value, options


class Site:
    """The releases below a folder, and the dashboards that show them.

    Parameters
    ----------
    published : Path
        A folder of programmes, one programme's folder, or one release.
    dashboards : sequence of Path
        Folders of notebooks; the first one that has a name wins, the package's own come last.

    Raises
    ------
    OstwerkError
        If there is nothing to serve.
    """

    def __init__(self, published: Path, dashboards: Sequence[Path] = ()):
        self.published = published.absolute()
        self.pinned = ""
        if (self.published / releases.MANIFEST).is_file():
            self.pinned = self.published.name
            self.homes = {releases.open(self.published).programme: self.published.parent}
        elif not self.published.is_dir():
            raise OstwerkError(
                "{folder} is not there. Make a release with: ostwerk run PROGRAMME --quarter last",
                folder=published,
            )
        else:
            self.homes = {}
        self.pages = find_pages([*dashboards, shipped("dashboards")])
        self.listed = [[name, page.titles] for name, page in self.pages.items()]
        self._opened: dict[Path, tuple[Release, About]] = {}
        self._instead: dict[Path, Path] = {}

    @property
    def first_page(self) -> str:
        """Address of the page that comes first."""
        return next(iter(self.pages))

    def programmes(self) -> dict[str, Path]:
        """Find the programmes with a release: code = folder."""
        if self.pinned:
            return self.homes
        if (self.published / releases.CURRENT).is_file():
            return {self.published.name: self.published}
        return {
            marker.parent.name: marker.parent
            for marker in sorted(self.published.glob(f"*/{releases.CURRENT}"))
        }

    def programme(self, code: str) -> Path:
        """Give a programme's folder.

        Raises
        ------
        Unknown
            If there is none; says which there are.
        """
        found = self.programmes()
        if code not in found:
            raise Unknown("There is no programme {value}.", code, {f"{c}/": c for c in found})
        return found[code]

    def releases(self, programme: str) -> list[str]:
        """List a programme's releases, the newest first."""
        home = self.programme(programme)
        if self.pinned:
            return [self.pinned]
        return releases.shown(home)

    async def open(self, programme: str, name: str) -> tuple[Release, About]:
        """Open a release, the current one if ``name`` is empty."""
        home = self.programme(programme)
        if name and name not in self.releases(programme):
            options = {f"{programme}/{found}": found for found in self.releases(programme)}
            raise Unknown("There is no release {value}.", name, options)
        return await asyncio.to_thread(self._open, home, name or self.pinned)

    def _open(self, home: Path, name: str) -> tuple[Release, About]:
        """Open and check a release, unless that was done before."""
        wanted = home / (name or releases.current_name(home))
        folder = wanted if name else self._instead.get(wanted, wanted)
        if folder not in self._opened:
            # Where the current release is damaged, the newest good one before it is shown; but
            # never at an address that names the damaged one.
            release = releases.open(wanted) if name else releases.last_good(home)[0]
            folder = release.folder
            about = describe(release)
            # The tables that were read to describe it are not kept in memory.
            self._opened[folder] = Release(folder, release.manifest), about
            if not name:
                self._instead[wanted] = folder
        return self._opened[folder]

    async def about(self, programme: str) -> About:
        """Describe a programme's current release."""
        return (await self.open(programme, ""))[1]

    def known(self, programme: str) -> About | None:
        """Describe a programme's current release if someone has opened it before."""
        home = self.programmes().get(programme)
        if home is None:
            return None
        folder = home / (self.pinned or releases.current_name(home))
        return self._opened.get(self._instead.get(folder, folder), (None, None))[1]

    async def visit(
        self, programme: str, release: str, name: str, language: str, arguments: Mapping[str, str]
    ) -> Visit:
        """Check what a visitor asks for.

        Parameters
        ----------
        programme, release, name : str
            From the address; an empty release is the current one.
        language : str
        arguments : mapping
            The rest of the query. What a page does not take is left aside.

        Raises
        ------
        Unknown
            If there is no such programme, release, page, language or value; says which there are.
        """
        opened, about = await self.open(programme, release)
        is_own = name in {"downloads", *about.texts}
        page = None if is_own else self.pages.get(name)
        start = f"{programme}/{opened.name}/" if release else f"{programme}/"
        if not is_own and page is None:
            spoken = language if language in LANGUAGES else "de"
            options = {
                f"{start}{known}?lang={spoken}": there.titles[spoken]
                for known, there in self.pages.items()
            }
            raise Unknown("There is no page {value}.", name, options)
        here = start + name
        if language not in LANGUAGES:
            options = {f"{here}?lang={known}": known for known in LANGUAGES}
            raise Unknown("There is no language {value}.", language, options)
        asked = {}
        for key, given in arguments.items():
            if page is None or key not in page.parameters or key not in about.allowed:
                continue
            value, allowed = given, about.allowed[key]
            if key == "quarter":
                try:
                    value = parse_quarter(given)
                except DataError:
                    value = given
            if value not in allowed:
                options = {
                    f"{here}?{urlencode({'lang': language, key: code})}": words[language]
                    for code, words in allowed.items()
                }
                raise Unknown("There is nothing for {value}.", given, options)
            asked[key] = value
        current = (await self.open(programme, ""))[0].name
        return Visit(
            programme=programme,
            release=opened,
            is_named=bool(release),
            name=name,
            page=page,
            language=language,
            asked=asked,
            about=about,
            current=current,
            marked=self.pinned or releases.current_name(self.programme(programme)),
            key=self.key(page, about, language, asked) if page else "",
        )

    def key(self, page: Page, about: About, language: str, asked: Mapping[str, str]) -> str:
        """Give a code for all that a rendered page depends on: notebook, release, language,
        parameters, this package and those beneath it, and the navigation.
        """
        notebook = _code(page.path, page.path.stat().st_mtime_ns)
        around = [page.name, self.listed, _surroundings()]
        return sum_of([notebook, about.sums, language, asked, around])[:32]


@cache
def _code(notebook: Path, changed: int) -> str:
    """Give the sum of a notebook's cells, as long as the file is the same."""
    return code_of(notebook)


@cache
def _surroundings() -> str:
    """Give the sum of this package and of those that it is built on."""
    return sum_of(environment())


def describe(release: Release) -> About:
    """Read what a release says about itself, and which values parameters can take."""
    programme = release.manifest["programme"]
    texts = {
        name: {language: written[language] for language in LANGUAGES}
        for name, written in programme.get("pages", {}).items()
        if name in OWN_PAGES and any(written.values())
    }
    periods = sorted(release.observations["period"].unique(), reverse=True)
    is_district = release.observations["area_level"] == "district"
    mapped = set(release.observations.loc[is_district, "indicator"])
    catalogue = release.catalogue.to_dict("records")
    allowed = {
        "quarter": {
            period: {language: quarter(period, language) for language in LANGUAGES}
            for period in periods
            if "-Q" in period
        },
        "indicator": {
            row["indicator"]: {language: row[f"label_{language}"] for language in LANGUAGES}
            for row in catalogue
            if row["indicator"] in mapped  # which the page that takes it can show
        },
    }
    sums = hashlib.sha256((release.folder / releases.SUMS).read_bytes()).hexdigest()
    return About(
        programme["name"],
        programme.get("description") or dict.fromkeys(LANGUAGES, ""),
        bool(programme["is_demonstration"]),
        texts,
        allowed,
        sums,
    )


def find_pages(folders: Sequence[Path]) -> dict[str, Page]:
    """Read the dashboards of several folders: address = page, in the order that they state.

    Raises
    ------
    OstwerkError
        If there is none, or one cannot be read or does not say which parameters it takes.
    """
    found: dict[str, tuple[int, Page]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.ipynb")):
            parameters = frozenset(declared_parameters(path))
            own = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("ostwerk", {})
            titles = dict.fromkeys(LANGUAGES, path.stem) | own.get("title", {})
            page = Page(path, titles, parameters, is_live=own.get("live") is True)
            found.setdefault(path.stem, (own.get("place", 99), page))
    if not found:
        raise OstwerkError(
            "There is no dashboard in {folders}.", folders=", ".join(map(str, folders))
        )
    return {name: page for name, (_, page) in sorted(found.items(), key=lambda item: item[1][0])}
