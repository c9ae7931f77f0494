"""Answers over HTTP: pages, files of a release, and what is said when something is wrong."""

import secrets
from html import escape
from typing import Any

import jinja2
from tornado import web
from voila.handler import BaseVoilaHandler

from .. import templates
from ..language import LANGUAGES, text
from .assets import media_type, send_packed, static
from .rendering import Press
from .site import Unknown, link_list, own_page, paragraph

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
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
    def server(self) -> Press:
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
        send_packed(self, packed)
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
        self.set_header("Content-Type", media_type(name))
        self.set_header("Cache-Control", "no-cache")
        visit = await self.server.site.visit(programme, release or "", "downloads", "de", {})
        if (kind, name) == ("reports", templates.PLOTLY):
            return send_packed(self, static(name))
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
