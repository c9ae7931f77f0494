"""What stands around figures: a report's heading, how they came about, and the way on."""

from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

from ..downloads import PROTECTION
from ..language import day, number, quarter, text
from .values import Figure


def heading(published: Any, language: str = "de") -> Figure:
    """Head a report: which quarter it is about.

    Parameters
    ----------
    published : Release
    language : {"de", "en"}
    """
    words = text("Report, {quarter}", language, quarter=quarter(published.quarter, language))
    return Figure(f'<p class="ow ow-lead" lang="{language}">{escape(words)}</p>')


def about(published: Any, language: str = "de") -> Figure:
    """Say how a release came about: when, from how many rows, what is not shown and how well.

    Parameters
    ----------
    published : Release
    language : {"de", "en"}
    """
    observations, reads = published.observations, published.reads
    hidden = int((observations["conf_status"] != "F").sum())
    missing = int((observations["obs_status"] == "M").sum())
    released = datetime.fromisoformat(published.manifest["released_at"]).date()
    rows = {
        text("Release", language): published.name,
        text("Published on", language): day(released, language),
        text("Values", language): _count(len(observations), language),
        text("of them kept secret", language): _count(hidden, language),
        text("of them missing", language): _count(missing, language),
    }
    if "rows_read" in reads:
        read, set_aside = int(reads["rows_read"].sum()), int(reads["set_aside"].sum())
        rows[text("Rows read", language)] = _count(read, language)
        rows[text("of them set aside for faults", language)] = _count(set_aside, language)
    if len(doubted := published.findings):
        rows[text("Figures and periods in doubt", language)] = _count(len(doubted), language)
    items = "".join(
        f'<tr><th scope="row">{escape(head)}</th><td>{escape(value)}</td></tr>'
        for head, value in rows.items()
    )
    protection = text(PROTECTION, language)
    title = escape(text("About these figures", language))
    return Figure(
        f'<section class="ow ow-about" lang="{language}"><h2>{title}</h2>'
        f"<table><tbody>{items}</tbody></table>"
        f'{_corrections(published, language)}<p class="ow-note">{escape(protection)}</p></section>'
    )


def to_explorer(indicator: str, breakdown: str, period: str, language: str = "de") -> Figure:
    """Lead from a page to the explorer, which then shows the same.

    Parameters
    ----------
    indicator, breakdown, period : str
        What it is to show.
    language : {"de", "en"}
    """
    asked = {"indicator": indicator, "breakdown": breakdown, "quarter": period}
    state = urlencode({name: said for name, said in asked.items() if said})
    words = escape(text("Explore on the map: other quarters, indicators and districts", language))
    return Figure(
        f'<p class="ow ow-on" lang="{language}">'
        f'<a href="karte?lang={language}#{escape(state)}">{words}</a></p>'
    )


def _corrections(published: Any, language: str) -> str:
    """Say what was corrected in the sources, and why."""
    said = [
        text(
            "{file}: corrected cells: {cells} ({id}). {why}",
            language,
            file=one["file"],
            cells=_count(one["cells"], language),
            id=one["id"],
            why=" – ".join(filter(None, (one[f"why_{language}"], one["reference"]))),
        )
        for one in published.corrections.to_dict("records")
        if one["cells"]
    ]
    items = "".join(f"<li>{escape(one)}</li>" for one in said)
    return f'<ul class="ow-note">{items}</ul>' if said else ""


def _count(value: int, language: str) -> str:
    return number(value, "", language)
