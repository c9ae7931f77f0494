"""What pages are made of: style sheets, scripts and the frame around a page's content.

The same frame holds a dashboard (``voila/ostwerk``), a report (``nbconvert/report``) and the
server's own pages. Nothing in it comes from another host.
"""

import base64
import json
import re
from datetime import date
from functools import cache
from pathlib import Path

from .. import downloads
from ..faults import OstwerkError
from ..language import day, quarter, text

FOLDER = Path(__file__).parent
PLOTLY = "plotly.min.js"
"""Name under which pages and reports look for Plotly's script: on the server, or beside them."""
FONT = "source-sans-3.woff2"
WIDGETS = "widgets.js"
"""Name of ipywidgets' own script, which live pages load."""

EXPLORER = (
    "parts.js",
    "formats.js",
    "differences.js",
    "classes.js",
    "drawing.js",
    "table.js",
    "second.js",
    "choosing.js",
    "levels.js",
    "sites.js",
    "controls.js",
    "time.js",
    "facts.js",
    "lines.js",
    "sheet.js",
    "address.js",
    "start.js",
)
"""Files of ``static/explorer/`` that make up ``explorer.js``, in their order."""

SCRIPTS = ("explorer.js", "tables.js", "export.js")
"""Scripts that figures bring with them in a notebook."""

STYLES = ("figures.css", "page.css", "print.css", "live.css")
"""Style sheets of a page, in their order; the last one of a live page only."""

LATE = "<!--late-->"
"""Where the server puts what is to be said on the day on which it sends a page."""
DEMONSTRATION = "Demonstration data: nothing here describes real people or firms."


def search_path(kind: str, name: str) -> list[str]:
    """Give the folders in which Jinja finds a template and the frame: ``("voila", "ostwerk")``."""
    return [str(FOLDER / kind / name), str(FOLDER)]


@cache
def source(name: str) -> str:
    """Read a style sheet or script of ``static/``.

    The explorer's script is joined from its files; style sheets lose comments and line ends.
    """
    folder = FOLDER / "static"
    if name == "explorer.js":
        files = [(folder / "explorer" / part).read_text(encoding="utf-8") for part in EXPLORER]
        joined = re.sub(r"^\s*//.*\n", "", "\n".join(files), flags=re.MULTILINE)
        return '(() => {\n"use strict";\n' + joined + "})();"
    content = (folder / name).read_text(encoding="utf-8").strip()
    if name.endswith(".css"):
        return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", content, flags=re.DOTALL)).strip()
    return content


def style(name: str) -> str:
    """Give a style sheet as an element, for HTML that must stand by itself."""
    return f"<style>{source(name)}</style>"


def script(name: str) -> str:
    """Give a script as an element, for HTML that must stand by itself."""
    return f"<script>{source(name)}</script>"


def plotly_path() -> Path:
    """Give Plotly's script: the official basic bundle, which draws lines and bars."""
    return FOLDER / "static" / "plotly" / "plotly-basic.min.js"


def widgets_path() -> Path:
    """Find the script of ipywidgets, which its package installs for notebooks.

    Raises
    ------
    OstwerkError
        If it is not there.
    """
    from jupyter_core.paths import jupyter_path

    for folder in jupyter_path("nbextensions"):
        path = Path(folder) / "jupyter-js-widgets" / "extension.js"
        if path.is_file():
            return path
    raise OstwerkError("The script of ipywidgets is missing. Install widgetsnbextension again.")


def content(name: str) -> bytes:
    """Read a script, style sheet or font as it is sent."""
    if name == PLOTLY:
        return plotly_path().read_bytes()
    if name == WIDGETS:
        return widgets_path().read_bytes()
    if name == FONT:
        return (FOLDER / "static" / "fonts" / FONT).read_bytes()
    return source(name).encode()


def font_face(assets: str) -> str:
    """Declare the typeface: a file of the server, or in the page itself, where there is none."""
    packed = "" if assets else base64.b64encode(content(FONT)).decode()
    address = f"{assets}{FONT}" if assets else f"data:font/woff2;base64,{packed}"
    return source("fonts/source-sans-3.css").replace(FONT, address)


def frame(
    title: str,
    language: str,
    *,
    programme: str = "",
    period: str = "",
    released: str = "",
    licence: str = "",
    is_demonstration: bool = False,
    pages: list[dict] | None = None,
    other_language: str = "",
    links: list[dict] | None = None,
    assets: str = "",
    live: dict[str, str] | None = None,
) -> dict:
    """Collect what the frame of a page shows.

    Parameters
    ----------
    title : str
        The page's heading.
    language : {"de", "en"}
    programme : str
        Name of the programme.
    period : str
        The release's quarter, such as ``2026-Q3``.
    released : str
        Day on which it was published, ISO.
    licence : str
        How its figures may be used.
    is_demonstration : bool
        Puts the banner on the page.
    pages, links : list of dict
        Navigation and footer: ``href``, ``label``, and ``is_here`` for the page itself.
    other_language : str
        Address of the page in the other language; empty for none.
    assets : str
        Address of the folder of scripts and styles; empty to put them into the page.
    live : dict, optional
        What the script of a live page goes by; None for a page that has no kernel.
    """
    banner = text(DEMONSTRATION, language) if is_demonstration else ""
    along = take_along(
        programme or title, released, licence, language, is_demonstration=is_demonstration
    )
    when = quarter(period, language) if period else ""
    running = " · ".join(part for part in (programme, title, when) if part)
    return {
        "title": title,
        # Printed in the margins of every sheet, by ``print.css``.
        "margins": f"--ow-running:{css_string(running)};--ow-banner:{css_string(banner)}",
        "language": language,
        "programme": programme,
        "period": when,
        "pages": pages or [],
        "links": links or [],
        "other_language": other_language,
        "assets": assets,
        "plotly": f"{assets}{PLOTLY}",
        "late": LATE,
        "live": json.dumps(live) if live else "",
        "widgets": f"{assets}{WIDGETS}",
        "banner": banner,
        "take_along": along,
        "skip": text("Skip to the content", language),
        "navigation": text("Pages", language),
        "contents": text("On this page", language),
        "as_of": text("As of", language),
        # In its own words, so that it is found by those who cannot read this page.
        "switch": {"de": "English", "en": "Deutsch"}[language],
        "switch_to": {"de": "en", "en": "de"}[language],
        # Every figure brings its style, for notebooks; a page has it once.
        "once": [style("figures.css"), *map(script, SCRIPTS), along],
        "font": f"{assets}{FONT}",
        "font_face": font_face(assets),
        "css": "\n".join(source(name) for name in STYLES if live or name != "live.css"),
        "charts_js": source("charts.js"),
        "explorer_js": source("explorer.js"),
        "tables_js": source("tables.js"),
        "export_js": source("export.js"),
    }


def take_along(
    programme: str, released: str, licence: str, language: str, *, is_demonstration: bool
) -> str:
    """Give what ``export.js`` says in the files that it makes, as an element that it reads."""
    banner = text(DEMONSTRATION, language) if is_demonstration else ""
    when = day(date.fromisoformat(released), language) if released else ""
    sentences = [
        text("{programme}, published on {day}", language, programme=programme, day=when)
        if released
        else programme,
        text("Licence: {licence}", language, licence=licence) if licence else "",
        banner,
    ]
    given = {
        "language": language,
        "facts": [sentence for sentence in sentences if sentence],
        "marks": {mark: text(meaning, language) for mark, meaning in downloads.MARKS.values()},
        "untold": [text("kept secret", language), text("no data", language)],
        "words": {
            "take": text("Download", language),
            "picture": text("picture of the figure", language),
            "table": text("table of the figure", language),
            "status": text("Status", language),
            "note": text("Note", language),
            "demonstration": text(downloads.DEMONSTRATION, language) if banner else "",
            "embed": text("Embed", language),
            "embedding": text(
                "Put this code into another page: it shows the map as it is here.", language
            ),
            "copy": text("Copy the code", language),
            "copied": text("Copied.", language),
            "whole": text("Open the whole page", language),
        },
    }
    content = json.dumps(given, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" data-ow-facts>{content}</script>'


def css_string(words: str) -> str:
    """Write words as a string of a style sheet."""
    return '"' + re.sub(r'["\\\n\r\f]', lambda found: f"\\{ord(found[0]):x} ", words) + '"'
