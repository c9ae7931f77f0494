"""German and English: sentences, numbers, quarters and dates.

Sentences are written in English in the code; their German stands in ``locale/de.po``. The file
is read as it is, so there is nothing to compile and nothing to forget to compile.
"""

import locale
import math
import os
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from string import Formatter

LANGUAGES = ("de", "en")
LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
LOCALES = {"de": "de_DE", "en": "en_GB"}
ONE = {
    "applications": "application",
    "contacts": "contact",
    "enterprises": "enterprise",
    "households": "household",
    "operations": "operation",
    "persons": "person",
}
"""Unit = its name behind a 1; a unit that is not here is the same for one and for many."""


@cache
def _german() -> dict[str, str]:
    from babel.messages.pofile import read_po

    with (Path(__file__).parent / "locale" / "de.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="de") if m.id and m.string}


def text(message: str, language: str = "en", /, **values: object) -> str:
    """Give a sentence in a language, its ``{placeholders}`` filled in.

    Parameters
    ----------
    message : str
        The English sentence, as it stands in the code.
    language : {"de", "en"}
    **values
        What the placeholders stand for. One with a method ``text``, such as a :class:`Sentence`
        or an error, is said in the language of the whole.
    """
    template = _german().get(message, message) if language == "de" else message
    if not values:
        return template
    said = {
        name: value.text(language) if hasattr(value, "text") else value
        for name, value in values.items()
    }
    return (_German() if language == "de" else Formatter()).vformat(template, (), said)


class _German(Formatter):
    """Writes fractions with a comma, and thousands with a point."""

    def format_field(self, value: object, format_spec: str) -> str:
        written = super().format_field(value, format_spec)
        is_number = isinstance(value, int | float)
        return written.translate(str.maketrans(",.", ".,")) if is_number else written


class Sentence(str):
    """A sentence that can still be said in either language; as a string it is English.

    Parameters
    ----------
    message : str
        As for :func:`text`.
    **values
        What its placeholders stand for.
    """

    def __new__(cls, message: str, /, **values: object) -> "Sentence":
        """Say it in English, and remember how."""
        sentence = super().__new__(cls, text(message, "en", **values))
        sentence.message, sentence.values = message, values
        return sentence

    message: str
    values: dict[str, object]

    def text(self, language: str) -> str:
        """Say it in a language."""
        return text(self.message, language, **self.values)


def joined(mark: str, sentences: Iterable[str]) -> Sentence:
    """Join sentences, with a mark between two of them, into one."""
    parts = {f"part_{number}": sentence for number, sentence in enumerate(sentences)}
    return Sentence(mark.join(f"{{{name}}}" for name in parts), **parts)


def preferred() -> str:
    """Name the language of the surrounding locale: German where it is German, else English."""
    named = next((os.environ[name] for name in LOCALE_VARIABLES if os.environ.get(name)), "")
    named = named or (locale.getlocale()[0] or "")
    return "de" if named.lower().startswith(("de", "german")) else "en"


def number(value: float, unit: str, language: str, digits: int | None = None) -> str:
    """Write a number with its unit, as the language does: ``1.234,5 %`` or ``1,234.5 %``.

    The blank before the unit does not break at the end of a line.

    Parameters
    ----------
    value : float
        NaN is written as a dash: whether it is missing or suppressed is for the caller to say.
    unit : str
        As in the catalogue: ``EUR``, ``percent``, ``FTE``, ``enterprises``.
    language : {"de", "en"}
    digits : int, optional
        Decimal places; by default none for whole numbers and from 1,000 on, else one.
    """
    from babel.numbers import format_decimal

    if value is None or math.isnan(value):
        return "–"
    if digits is None:
        digits = 0 if float(value).is_integer() or abs(value) >= 1000 else 1
    # Half up, as people round; the shortest decimal of the float, so that 0.45 is 0.5, not 0.4.
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    exact += 0  # what rounds to nothing has no sign
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    written = format_decimal(exact, format=pattern, locale=LOCALES[language]).replace("-", "−")
    is_one = abs(exact) == 1 and not digits
    sign = unit_sign(ONE.get(unit, unit) if is_one else unit, language)
    return f"{written}\u00a0{sign}" if sign else written


def unit_sign(unit: str, language: str) -> str:
    """Give the short form in which a unit follows a number; empty for plain counts."""
    if unit in ("", "1"):
        return ""
    return {"EUR": "€", "percent": "%"}.get(unit) or text(unit, language)


def quarter(period: str, language: str) -> str:
    """Name a period: ``2026-Q3`` is ``3. Quartal 2026`` or ``Q3 2026``; a year stays as it is."""
    if "-Q" not in period:
        return period
    year, number_of_quarter = period.split("-Q")
    if language == "de":
        return f"{number_of_quarter}. Quartal {year}"
    return f"Q{number_of_quarter} {year}"


def short_quarter(period: str, language: str) -> str:
    """Name a quarter without its year, where there is little room: ``3. Qu.`` or ``Q3``."""
    number_of_quarter = period[-1]
    return f"{number_of_quarter}.\u00a0Qu." if language == "de" else f"Q{number_of_quarter}"


def day(value: date, language: str) -> str:
    """Write a date: ``31.12.2026`` or ``31 December 2026``."""
    from babel.dates import format_date

    pattern = "dd.MM.yyyy" if language == "de" else "d MMMM yyyy"
    return format_date(value, pattern, locale=LOCALES[language])
