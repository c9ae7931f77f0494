"""What figures made of sentences share: a heading, what is said, and the table of its numbers."""

import re
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from ..language import number, text
from .values import Figure, mark_of

Cell = str | tuple[str, str]
"""Of a table: words, or words and the observation status that marks them."""
LEFT = ' class="ow-left"'
"""Of a cell that holds words, and its heading."""
NUMBER = re.compile(r"(p\s[=<]\s|[≈×]\s?)?[+\u2212-]?\d")
"""How a cell begins that holds a number."""


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
    rows: Sequence[Sequence[Cell]],
    language: str,
    *,
    is_behind: bool = True,
) -> str:
    """Write a table that scrolls where it is too wide; the first column names the rows.

    Numbers stand on the right, one below the other; a column of words stands on the left.
    """
    cells = [[one if isinstance(one, tuple) else (one, "") for one in row] for row in rows]
    words = [[written for written, _ in row] for row in cells]
    columns = [*zip(*(others for _, *others in words), strict=True)] or [()] * (len(heads) - 1)
    sides = [LEFT if _is_of_words(column) else "" for column in columns]
    top = "".join(
        f'<th scope="col"{side}>{escape(head)}</th>'
        for head, side in zip(heads, ["", *sides], strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(
            f"<td{side}>{escape(written)}{mark_of(status)}</td>"
            for (written, status), side in zip(others, sides, strict=True)
        )
        + "</tr>"
        for (first, _), *others in cells
    )
    numbers = (
        f'<div class="ow-scroll" role="group" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    if not is_behind:
        return numbers
    head = escape(text("As a table", language))
    return f"<details><summary>{head}</summary>{numbers}</details>"


def statuses_in(rows: Iterable[Sequence[Cell]]) -> set[str]:
    """Collect the statuses of a table's cells, whose marks are to be explained."""
    return {cell[1] for row in rows for cell in row if isinstance(cell, tuple)}


def _is_of_words(column: Sequence[str]) -> bool:
    """Tell whether a column is read as text: none of its cells is a number or a sign for one."""
    return any(column) and not any(NUMBER.match(cell) for cell in column)


def framed(
    title: str, subtitle: str, content: str, language: str, *, is_half: bool = False
) -> Figure:
    """Put a heading and what is to be known first over a drawing.

    One that needs no more than half a page stands beside another such, where there is room.
    """
    half = " ow-half" if is_half else ""
    return Figure(
        f'<figure class="ow ow-figure{half}" lang="{language}"><figcaption><h2>{escape(title)}</h2>'
        f'<p class="ow-when">{escape(subtitle)}</p></figcaption>{content}</figure>'
    )


def folded(title: str, *figures: Figure, language: str = "de") -> Figure:
    """Put figures behind a key press, so that a page stays short; on paper they stand open.

    Parameters
    ----------
    title : str
        What is behind it.
    *figures : Figure
    language : {"de", "en"}
    """
    inner = "".join(figure.html for figure in figures)
    return Figure(f'<div class="ow" lang="{language}">{behind(title, inner)}</div>')


def behind(title: str, content: str) -> str:
    """Put what stands nowhere else behind a key press; on paper it stands open."""
    return f'<details class="ow-folded"><summary>{escape(title)}</summary>{content}</details>'


def beside(*figures: Figure) -> Figure:
    """Put figures side by side where there is room, else below each other."""
    return Figure(f'<div class="ow ow-beside">{"".join(one.html for one in figures)}</div>')
