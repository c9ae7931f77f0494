"""What figures made of sentences share: a heading, what is said, and the table of its numbers."""

from collections.abc import Sequence
from html import escape

import numpy as np

from ..language import number, text
from .values import Figure


def p_value(p: float, language: str) -> str:
    """Write a p-value as journals do: three places, and never 0."""
    if p < 0.001:
        return f"p\u00a0<\u00a0{number(0.001, '', language, 3)}"
    return f"p\u00a0=\u00a0{number(p, '', language, 3)}"


def interval(lower: float, upper: float, unit: str, language: str, digits: int = 1) -> str:
    """Write an interval, or that there is none."""
    if np.isnan(lower) or np.isnan(upper):
        return text("no interval", language)
    return text(
        "{lower} to {upper}",
        language,
        lower=number(lower, "", language, digits),
        upper=number(upper, unit, language, digits),
    )


def section(
    title: str,
    said: Sequence[str | tuple[str, str]],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    language: str,
    *,
    is_behind: bool = False,
) -> Figure:
    """Put sentences over their numbers; a long table stands behind a key press.

    Parameters
    ----------
    title : str
    said : sequence of str, or of pairs
        A paragraph each; the first of a pair is what it is about, and is set off.
    heads, rows
        As of :func:`table`; without rows there is no table.
    language : {"de", "en"}
    is_behind : bool
    """
    numbers = table(title, heads, rows, language, is_behind=is_behind) if rows else ""
    return Figure(
        f'<section class="ow" lang="{language}"><h2>{escape(title)}</h2>'
        f"{paragraphs(said)}{numbers}</section>"
    )


def paragraphs(said: Sequence[str | tuple[str, str]]) -> str:
    """Write sentences as paragraphs; the first of a pair is set off."""
    pairs = [one if isinstance(one, tuple) else ("", one) for one in said]
    return "".join(
        f"<p>{f'<b>{escape(lead)}</b> ' if lead else ''}{escape(sentence)}</p>"
        for lead, sentence in pairs
    )


def table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    language: str,
    *,
    is_behind: bool = True,
) -> str:
    """Write a table that scrolls where it is too wide; the first column names the rows."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' if head else "<td></td>" for head in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in others)
        + "</tr>"
        for first, *others in rows
    )
    numbers = (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    if not is_behind:
        return numbers
    head = escape(text("As a table", language))
    return f"<details><summary>{head}</summary>{numbers}</details>"


def framed(title: str, subtitle: str, content: str, language: str) -> Figure:
    """Put a heading and what is to be known first over a drawing."""
    return Figure(
        f'<figure class="ow ow-figure" lang="{language}"><figcaption><h2>{escape(title)}</h2>'
        f'<p class="ow-when">{escape(subtitle)}</p></figcaption>{content}</figure>'
    )
