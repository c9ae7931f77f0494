"""The district's own sheet: what the browser needs to set out all figures of one district.

The figures are those of the explorer's parts. A rank is among the published values alone, so it
tells nothing about one that is kept secret.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..language import quarter, text
from .explorer_data import FIELDS

if TYPE_CHECKING:
    from ..release import Release


def data(release: "Release", ids: Sequence[str], language: str) -> dict[str, Any]:
    """Give what the sheet says beside the figures.

    Parameters
    ----------
    release : Release
    ids : sequence of str
        Codes of the districts, in the order of the explorer's cells.
    language : {"de", "en"}

    Returns
    -------
    dict
        ``boroughs``, the borough's name of each district; ``inside``, which ones lie in a programme
        area; ``fields`` and ``words``.
    """
    borough_of = dict(
        zip(release.districts["district_id"], release.districts["borough_id"], strict=True)
    )
    boroughs = release.areas[release.areas["area_level"] == "borough"]
    names = dict(zip(boroughs["area_id"], boroughs[f"name_{language}"], strict=True))
    inside = set(release.programme_districts)
    return {
        "boroughs": [names.get(borough_of[one], str(borough_of[one])) for one in ids],
        "inside": [one in inside for one in ids],
        "fields": {field: text(name, language) for field, name in FIELDS.items()},
        "words": _words(release, language),
    }


def _words(release: "Release", language: str) -> dict[str, str]:
    """Collect the sentences of the sheet."""
    return {
        "open": text("All figures of {district}", language),
        "back": text("Back to the map", language),
        "print": text("Print", language),
        "loading": text("The figures are being loaded …", language),
        "failed": text("Not all figures could be loaded. Is there a connection?", language),
        "again": text("Try again", language),
        "borough": text("Borough: {borough}", language),
        "inside": text("in the programme area", language),
        "asOf": text(
            "{quarter}, where nothing else is said",
            language,
            quarter=quarter(release.quarter, language),
        ),
        "quarter": release.quarter,
        "indicator": text("Indicator", language),
        "value": text("Value", language),
        "change": text("To the year before", language),
        "rank": text("Rank", language),
        "peers": text("Borough, middle", language),
        "city": text("City", language),
        "course": text("Course", language),
        "of": text("{rank} of {count}", language),
        "note": text(
            "Rank 1 has the highest value; = shares its rank. Ranks and the middle value of the "
            "borough's other districts count published values only. The course shows up to 24 "
            "quarters or years.",
            language,
        ),
        "left": text(
            "Not on this sheet, as kept secret: {hidden}; as not known: {missing}.",
            language,
        ),
        "points": text("pp", language),
    }
