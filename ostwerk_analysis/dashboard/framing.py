"""What stands around a page's content: navigation, notices, and the server's own words.

Every link is relative, so a page is the same whatever host and path it is served under, and
whether its address names the release or not.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from .. import templates
from ..language import LANGUAGES, quarter, text
from ..periods import last_complete
from .assets import version
from .downloads_page import downloads_page
from .site import OWN_PAGES, Site, Visit

ALL = "all"
"""Address beside a programme's pages that leads to the start page."""

LIVE = {
    "starting": "The controls are being made ready.",
    "full": "The controls are not available at the moment, because as many people use them as "
    "can. The page shows what was published.",
    "many": "As many pages with controls are open from your connection as may be. Close one of "
    "them and connect again. This page shows what was published.",
    "fault": "The controls cannot be started. The fault is on our side; its number is {number}.",
    "idle": "The controls have ended, because nothing was entered for a while.",
    "died": "The controls have ended, because their calculation broke off.",
    "lost": "The connection is interrupted. What the page shows can still be read, but its "
    "controls do not work.",
    "kept": "What you chose is in the address of the page and comes back with the controls.",
    "forgotten": "What you chose is lost with them.",
    "again": "Connect again",
    "failed": "This cannot be calculated with these values.",
    "unknown": "This part of the page can be shown in JupyterLab only: {widget}",
}
"""What a live page says about its controls."""


def relative(here: str, to: str) -> str:
    """Write an address as seen from another one, both below the server's and without its slash."""
    way = "../" * here.count("/") + to
    return f"./{way}" if way[:1] in ("", "?") else way


def page_frame(site: Site, visit: Visit) -> dict:
    """Describe the frame of a release's page."""
    language, about = visit.language, visit.about
    query = visit.query(language)
    own = [name for name in OWN_PAGES if name == "downloads" or name in about.texts]
    return templates.frame(
        visit.title,
        language,
        programme=about.names[language],
        period=visit.asked.get("quarter") or visit.release.quarter,
        released=visit.release.manifest["released_at"][:10],
        licence=visit.release.licence(language),
        is_demonstration=about.is_demonstration,
        pages=[
            {
                "href": f"{name}{query}",
                "label": page.titles[language],
                "is_here": name == visit.name,
            }
            for name, page in site.pages.items()
        ],
        other_language=f"{visit.name}{visit.query(_other(language), with_parameters=True)}",
        links=[
            *({"href": name + query, "label": text(OWN_PAGES[name], language)} for name in own),
            {"href": ALL + query, "label": text("All evaluations", language)},
        ],
        assets=f"../static/{version()}/",
        live=live_facts(visit) if visit.page and visit.page.is_live else None,
    )


def live_facts(visit: Visit) -> dict[str, str]:
    """Give the release that a live page shows, and what its script says, by its names for it."""
    words = {name: text(said, visit.language) for name, said in LIVE.items()}
    return {"release": visit.release.name, **words}


def plain_frame(title: str, language: str, here: str) -> dict:
    """Describe the frame of a page that belongs to no release, at an address below the server's."""
    return templates.frame(
        title,
        language,
        other_language=f"?lang={_other(language)}",
        assets=relative(here, f"static/{version()}/"),
    )


def programme_frame(site: Site, programme: str, title: str, language: str, here: str) -> dict:
    """Describe the frame of a page of a programme that belongs to none of its releases.

    What is not known of the programme without opening its release is left out.
    """
    frame = plain_frame(title, language, here)
    if about := site.known(programme):
        start, query = relative(here, f"{programme}/"), f"?lang={language}"
        frame["programme"] = about.names[language]
        frame["pages"] = [
            {"href": f"{start}{name}{query}", "label": page.titles[language]}
            for name, page in site.pages.items()
        ]
        frame["banner"] = text(templates.DEMONSTRATION, language) if about.is_demonstration else ""
    start = relative(here, f"?lang={language}")
    frame["links"] = [{"href": start, "label": text("All evaluations", language)}]
    return frame


def _other(language: str) -> str:
    return LANGUAGES[1 - LANGUAGES.index(language)]


def notices(visit: Visit, today: date) -> str:
    """Say that a release is not the one that a visitor would expect; empty if it is.

    It depends on the day, and is put into a kept page when it is sent.
    """
    language, shown = visit.language, visit.release.quarter
    if visit.is_named and visit.release.name != visit.current:
        link = f"../{visit.name}{visit.query(language, with_parameters=True)}"
        said = text(
            "These figures are from {quarter}. There are newer ones.",
            language,
            quarter=quarter(shown, language),
        )
        to = text("To the current figures", language)
        return f'<p class="banner" role="note">{escape(said)} <a href="{escape(link)}">{to}</a></p>'
    due, said = last_complete(today - timedelta(days=visit.release.expected_after_days)), ""
    if visit.release.name != visit.marked:
        said = text(
            "The release {name} is damaged. This is the last one before it.",
            language,
            name=visit.marked,
        )
    elif shown < due:
        said = text(
            "These figures are from {quarter}; those from {due} would have been expected by now.",
            language,
            quarter=quarter(shown, language),
            due=quarter(due, language),
        )
    return f'<p class="banner" role="note">{escape(said)}</p>' if said else ""


def own_page(visit: Visit) -> str:
    """Write the content of a page that is no notebook."""
    if visit.name != "downloads":
        parts = re.split(r"\n\s*\n", visit.about.texts[visit.name][visit.language])
        said = "".join(f"<p>{_linked(part.strip())}</p>" for part in parts)
        return f'<div class="prose">{said}</div>'
    start = "" if visit.is_named else f"{visit.release.name}/"
    licence = visit.release.licence(visit.language)
    offered = downloads_page(visit.release.folder, start, licence, visit.language)
    return offered or paragraph(text("This release has nothing to download.", visit.language))


def paragraph(words: str) -> str:
    """Write a paragraph."""
    return f'<p class="prose">{escape(words)}</p>'


def link_list(links: Sequence[tuple[str, str]]) -> str:
    """Write a list of links: address and words."""
    items = "".join(f'<li><a href="{escape(to)}">{escape(words)}</a></li>' for to, words in links)
    return f'<ul class="chips">{items}</ul>'


def _linked(words: str) -> str:
    """Make web and mail addresses of a text into links."""
    addresses = r"(https?://[^\s<>\"]+[^\s<>\".,;:)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"

    def link(found: re.Match) -> str:
        to = found[0] if found[0].startswith("http") else f"mailto:{found[0]}"
        return f'<a href="{to}">{found[0]}</a>'

    return re.sub(addresses, link, escape(words))
