"""Answers over HTTP: pages, their parts, files of a release, and what is said when one is wrong."""

import re
import secrets
from datetime import date, datetime
from functools import lru_cache
from gzip import decompress
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web
from voila.handler import BaseVoilaHandler
from voila.voila_identity_provider import VoilaLoginHandler

from .. import templates
from ..faults import OstwerkError, ReleaseError
from ..language import LANGUAGES, day, quarter, text
from ..release import Release
from .assets import STATIC, media_type, static, tag_of, version
from .framing import (
    ALL,
    link_list,
    notices,
    own_page,
    page_frame,
    paragraph,
    plain_frame,
    programme_frame,
    relative,
)
from .keeping import pack
from .rendering import BusyError, Press
from .site import Unknown

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors {framers}"
)
FOR_EVER = "max-age=31536000, immutable"
CLOSED = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
"""What a page may not use, for it has no need of it."""
TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
OWN_ADDRESS = re.compile(r"(\w[\w.-]*/)*(\w[\w.-]*)?(\?[\w.%&=+-]*)?", re.ASCII)
"""An address below the server's: no other host, no way up, nothing that ends a header's line."""


class Handler(BaseVoilaHandler):
    """What all pages have in common: their headers, and what is said when something is wrong."""

    application: Any
    SUPPORTED_METHODS: tuple[str, ...] = ("GET", "HEAD")
    etag = ""

    @property
    def content_security_policy(self) -> str:
        """Allow nothing from another host, and no script that stands in the page."""
        return POLICY.format(framers=" ".join(["'self'", *self.server.framers]))

    def set_default_headers(self) -> None:
        """Say as little as possible about the server, and where visitors come from."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Permissions-Policy", CLOSED)
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.clear_header("Server")

    @property
    def server(self) -> Press:
        """The application that serves."""
        return self.settings["voila"]

    @property
    def here(self) -> str:
        """The address that was asked for, below the server's."""
        return self.request.path.removeprefix(self.server.base_url)

    @property
    def asked_language(self) -> str:
        """The language asked for; German if it is none of ours."""
        try:
            asked = self.get_query_argument("lang", "de")
        except web.HTTPError:  # no text at all
            return "de"
        return asked if asked in LANGUAGES else "de"

    def _request_summary(self) -> str:
        """Name the request in the log without its query, which may be the token."""
        return f"{self.request.method} {self.request.path}"

    def head(self, *place: str) -> Any:
        """Answer as to GET; the content is left out on its way."""
        return self.get(*place)

    def compute_etag(self) -> str | None:
        """Name the content; what has no name is named by its bytes."""
        return f'"{self.etag}"' if self.etag else super().compute_etag()

    def keep(self, how_long: str) -> None:
        """Say who may keep the answer: proxies too, unless a token is asked for."""
        self.set_header(
            "Cache-Control", f"{'private' if self.server.token else 'public'}, {how_long}"
        )

    def send(self, packed: bytes, tag: str) -> None:
        """Send what is kept packed, named by a tag; unpacked to the few who cannot unpack it."""
        self.set_header("Vary", "Accept-Encoding")
        if TAKES_GZIP.search(self.request.headers.get("Accept-Encoding", "")):
            self.etag = tag
            self.set_header("Content-Encoding", "gzip")
            self.finish(packed)
        else:
            self.etag = f"{tag}-plain"
            self.finish(decompress(packed))

    def get_login_url(self) -> str:
        """Give the address of the form, which leads back here once the word was right."""
        wanted = f"{self.here}?{self.request.query}" if self.request.query else self.here
        query = urlencode({"lang": self.asked_language, "next": wanted})
        return relative(self.here, f"login?{query}")

    def lead_on(self, to: str) -> None:
        """Redirect to another address below the server's."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(relative(self.here, to) + query)

    def say(self, frame: dict, body: str, late: str = "") -> None:
        """Write a page of our own."""
        environment: jinja2.Environment = self.settings["voila_jinja2_env"]
        self.set_header("Content-Type", "text/html; charset=utf-8")
        if self.get_status() < 400:
            self.keep("no-cache")
        else:
            self.set_header("Cache-Control", "no-store")
        page = environment.get_template("page.html.j2").render(
            resources={"ostwerk": frame}, body=body
        )
        self.finish(page.replace(templates.LATE, late))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is wrong in a sentence; what is our fault has a number that the log has."""
        language = self.asked_language
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, Unknown):
            title = text("Not found here", language)
            options = [(relative(self.here, to), words) for to, words in error.options.items()]
            body = paragraph(text(error.message, language, value=error.value))
            if options:
                body += paragraph(text("There is:", language)) + link_list(options)
        elif isinstance(error, BusyError):
            self.set_status(503)
            self.set_header("Retry-After", "30")
            title = text("Too many pages are asked for at the moment", language)
            body = paragraph(text("Please try again in half a minute.", language))
        elif status_code == 405:
            self.set_header("Allow", ", ".join(self.SUPPORTED_METHODS))
            title, body = text("Pages can only be read", language), ""
        elif status_code < 500:
            title, body = text("There is no such page", language), ""
        else:
            number = secrets.token_hex(4)
            self.log.error("Error %s at %s", number, self.request.path, exc_info=error)
            title = text("This page cannot be shown at the moment", language)
            damaged = text("This release is damaged and is not shown.", language)
            body = paragraph(damaged) if isinstance(error, ReleaseError) else ""
            body += paragraph(
                text("The fault is on our side. Its number is {number}.", language, number=number)
            )
        programme = self.here.split("/")[0]
        frame = programme_frame(self.server.site, programme, title, language, self.here)
        self.say(frame, f"<section>{body}</section>")


class PageHandler(Handler):
    """A dashboard, or a page of the programme's own."""

    @web.authenticated
    async def get(self, programme: str, release: str | None, name: str) -> None:
        """Show a page of a release; of the current one if none is named."""
        arguments = {key: self.get_query_argument(key) for key in self.request.query_arguments}
        language = arguments.pop("lang", "de")
        site = self.server.site
        if name == ALL:
            return self.lead_on("")
        if name in site.releases(programme) and not release:
            return self.lead_on(f"{programme}/{name}/{self.server.site.first_page}")
        visit = await site.visit(programme, release or "", name, language, arguments)
        late = notices(visit, date.today())
        if visit.page is None:
            return self.say(page_frame(site, visit), own_page(visit), late)
        kept = await self.server.page(visit.page, visit)
        packed, tag = _dated(kept.packed, late)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.keep("no-cache")
        self.send(packed, tag)
        return None


@lru_cache(128)
def _dated(packed: bytes, late: str) -> tuple[bytes, str]:
    """Put in what is to be said on this day, and give the page, packed, and its tag."""
    if late:
        page = decompress(packed).replace(templates.LATE.encode(), late.encode())
        packed = pack(page)
    return packed, tag_of(packed)


class PartHandler(Handler):
    """A part of a page, asked for by its script."""

    @web.authenticated
    async def get(self, programme: str, release: str | None, code: str) -> None:
        """Give the part, of whichever release it is: a page may be older than the current one."""
        site = self.server.site
        names = site.releases(programme)
        if release and release not in names:
            raise web.HTTPError(404)
        folders = [site.programme(programme) / name for name in ([release] if release else names)]
        packed = await self.server.part(folders, code)
        if packed is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.keep(FOR_EVER)
        self.send(packed, code)


class ProgrammeHandler(Handler):
    """The address of a programme, or of one of its releases, leads to the first page."""

    @web.authenticated
    async def get(self, programme: str, release: str = "") -> None:
        """Lead on, if there is such a release."""
        site = self.server.site
        await site.open(programme, release)
        below = f"{programme}/{release}/" if release else f"{programme}/"
        self.lead_on(below + site.first_page)


class StartHandler(Handler):
    """The start page: programmes and their releases."""

    @web.authenticated
    async def get(self) -> None:
        """List what there is."""
        language = self.asked_language
        cards = [await self._programme(code, language) for code in self.server.site.programmes()]
        nothing = paragraph(text("Nothing has been published yet.", language)) + paragraph(
            text(
                "Pages appear here as soon as a quarter is released, by: ostwerk run PROGRAMME "
                "--quarter last",
                language,
            )
        )
        frame = plain_frame(text("Published evaluations", language), language, self.here)
        self.say(frame, f'<div class="entries">{"".join(cards)}</div>' if cards else nothing)

    async def _programme(self, code: str, language: str) -> str:
        """Describe a programme: what it is, its newest release with its pages, and the others."""
        site, query = self.server.site, f"?lang={language}"
        try:
            release, about = await site.open(code, "")
        except OstwerkError as error:
            self.log.error("%s: %s", code, error)
            nothing = text("No release of this programme can be shown: all are damaged.", language)
            return f'<section class="entry"><h2>{escape(code)}</h2>{paragraph(nothing)}</section>'
        links = [
            (f"{code}/{page.name}{query}", page.titles[language]) for page in site.pages.values()
        ]
        newest = text(
            "Newest figures: {quarter}, released on {day}.",
            language,
            quarter=quarter(release.quarter, language),
            day=_released(release, language),
        )
        line = about.lines[language]
        what = f'<p class="entry-line">{escape(line)}</p>' if line else ""
        note = paragraph(text(templates.DEMONSTRATION, language)) if about.is_demonstration else ""
        others = [name for name in site.releases(code) if name != release.name]
        entries = [await self._release(code, name, language) for name in others]
        earlier = (
            f"<details><summary>{escape(text('Earlier releases', language))}</summary>"
            f"<ul>{''.join(entries)}</ul></details>"
            if entries
            else ""
        )
        return (
            f'<section class="entry"><h2 id="{escape(code)}">'
            f'<a href="{code}/{site.first_page}{query}">{escape(about.names[language])}</a></h2>'
            f"{what}{paragraph(newest)}{note}{link_list(links)}{earlier}</section>"
        )

    async def _release(self, code: str, name: str, language: str) -> str:
        """Write the entry of a release: a link, unless it is damaged."""
        try:
            release, _ = await self.server.site.open(code, name)
        except OstwerkError as error:
            self.log.warning("%s", error)
            said = text("{name} is damaged and is not shown.", language, name=name)
            return f"<li>{escape(said)}</li>"
        shown = quarter(release.quarter, language)
        if release.name != release.quarter:
            shown = f"{shown} ({release.name})"
        when = text("released on {day}", language, day=_released(release, language))
        return f'<li><a href="{code}/{name}/?lang={language}">{escape(shown)}</a>, {when}</li>'


def _released(release: Release, language: str) -> str:
    """Write the day on which a release was made."""
    return day(datetime.fromisoformat(release.manifest["released_at"]).date(), language)


class FileHandler(Handler):
    """A file that a release holds for visitors: a download or a report."""

    @web.authenticated
    async def get(self, programme: str, release: str | None, kind: str, name: str) -> None:
        """Give the file as it is, if the release has it."""
        self.set_header("Content-Type", media_type(name))
        self.keep("no-cache")
        visit = await self.server.site.visit(programme, release or "", "downloads", "de", {})
        if (kind, name) == ("reports", templates.PLOTLY):
            return self.send(static(name), version())
        if name not in visit.files(kind):
            raise web.HTTPError(404)
        if kind == "downloads":
            self.set_header("Content-Disposition", f'attachment; filename="{quote(name)}"')
        else:  # a report has its scripts and its typeface in itself
            own = self.content_security_policy
            own = own.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")
            own = own.replace("font-src 'self'", "font-src 'self' data:")
            self.set_header("Content-Security-Policy", own)
        self.etag = tag_of(f"{visit.about.sums}/{kind}/{name}".encode())
        self.set_etag_header()
        if self.check_etag_header():
            self.set_status(304)
            return None
        self.set_header("Content-Length", visit.files(kind)[name])
        with (visit.release.folder / kind / name).open("rb") as file:
            while chunk := file.read(1 << 20):
                self.write(chunk)
                await self.flush()
        return None


class LoginHandler(Handler, VoilaLoginHandler):
    """The page that asks for the token."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST")

    def _redirect_safe(self, url: str, default: str | None = None) -> None:
        """Lead to the page that was asked for, or to the start page; never out."""
        self.redirect(relative(self.here, url if OWN_ADDRESS.fullmatch(url) else ""))

    def _render(self, message: dict | None = None) -> None:
        """Write the form."""
        language = self.asked_language
        wrong = text("That was not the right word.", language)
        form = [
            f'<form class="ask" method="post">{self.xsrf_form_html()}',
            f'<p class="wrong" role="alert">{escape(wrong)}</p>' if message else "",
            f"<label>{escape(text('Word to open these pages', language))}",
            '<input type="password" name="password" autocomplete="current-password" autofocus>',
            f"</label> <button>{escape(text('Open', language))}</button></form>",
        ]
        title = text("These pages are not public", language)
        frame = plain_frame(title, language, self.here)
        frame["other_language"] += "&" + urlencode({"next": self.get_argument("next", "")})
        self.say(frame, "".join(form))


class StrangerHandler(Handler):
    """Whoever comes by a name that is not this server's: another page may have led them here."""

    @allow_unauthenticated
    def prepare(self) -> None:
        """Say how the name is made known."""
        self.set_status(421)
        language = self.asked_language
        title = text("This server does not go by the name {name}", language, name=self.request.host)
        body = text(
            "Whoever runs it can make the name known: ostwerk serve --allow-host NAME", language
        )
        self.say(plain_frame(title, language, self.here), paragraph(body))


class NothingHandler(Handler):
    """Any other address."""

    async def prepare(self) -> None:
        """Say so."""
        raise web.HTTPError(404)


class StaticHandler(Handler):
    """Scripts and styles, under an address that changes when they do."""

    @allow_unauthenticated
    def get(self, wanted: str, name: str) -> None:
        """Send one of ours, to be kept for ever under its own code only."""
        if name not in STATIC:
            raise web.HTTPError(404)
        self.set_header("Content-Type", media_type(name))
        how_long = FOR_EVER if wanted == version() else "no-cache"
        self.set_header("Cache-Control", f"public, {how_long}")
        self.send(static(name), version())
