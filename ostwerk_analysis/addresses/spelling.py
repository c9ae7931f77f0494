"""Streets' names and house numbers, by rules that all spellings of one share."""

import re
import unicodedata
from typing import NamedTuple

WIDEST_RANGE = 40
"""Numbers between the ends of one building, such as 12-18; a wider range counts by its ends."""

_BEFORE_ANOTHER = {
    **dict.fromkeys(("gr", "grosse", "grosser", "grosses", "grossen"), "gross"),
    **dict.fromkeys(("kl", "kleine", "kleiner", "kleines", "kleinen"), "klein"),
    **{"st": "sankt", "dr": "doktor", "prof": "professor", "bgm": "buergermeister"},
    **{"verl": "verlaengerte", "aeuss": "aeussere", "inn": "innere"},
}
"""Words of a street's name that are shortened, and what stands for both forms; only where another
word follows, so that no whole name is taken for a short word."""
_LAST = {"pl": "platz", "w": "weg", "al": "allee", "all": "allee", "pr": "promenade"}
_SHORT_ENDING = re.compile(rf"({'|'.join(_LAST)})\.\W*$")
_UMLAUT = re.compile("([aou])\u0308")
WORD = re.compile(r"[^\W_]+")
_FRACTION = re.compile(r"\s?[½¼¾]|(?<=[0-9])\s1/[24]")
_BLANKS = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")
_RANGE = re.compile(r"([0-9]{1,4})([a-z]?)(?:(-|–|—|bis)([0-9]{0,4})([a-z]?))?")


def street_key(name: str) -> str:
    """Give the form that all spellings of a street's name share.

    Case, blanks, hyphens, dots and accents do not count; ``ß`` is ``ss`` and ``ä`` is ``ae``;
    usual abbreviations are written in full. ``street_key(street_key(name)) == street_key(name)``.

    >>> street_key("Karl-Heine-Str.") == street_key("KARL HEINE STRASSE")
    True
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    text = unicodedata.normalize("NFKD", _UMLAUT.sub(r"\1e", text).casefold())
    text = "".join(mark for mark in text if not unicodedata.combining(mark))
    text = _SHORT_ENDING.sub(lambda found: _LAST[found[1]], text)
    words = [_street_in_full(word) for word in WORD.findall(text)]
    start = [_BEFORE_ANOTHER.get(word, word) for word in words[:-1]]
    return _street_in_full("".join(start + words[-1:]))


def _street_in_full(word: str) -> str:
    return f"{word}asse" if word.endswith("str") else word


class HouseNumbers(NamedTuple):
    """House numbers from one to another, both included; suffixes are small letters or empty."""

    first: int
    first_suffix: str
    last: int | None  # None: to the end of the street
    last_suffix: str


def house_numbers(text: str) -> list[HouseNumbers]:
    """Read house numbers: ``12 a``, ``12-14``, ``3/5``, ``1A-9``, ``15-``, ``12, 12a-c``.

    What is no number, such as ``Haus B``, is passed over.
    """
    found = []
    joined = _BLANKS.sub("", _FRACTION.sub("", text.casefold()))
    for part in re.split(r"[,;/+&]|und|u\.", joined):
        if (match := _RANGE.match(part)) is None:
            continue
        number, suffix, dash, last, last_suffix = match.groups()
        if part[match.end() : match.end() + 1].isalpha():  # 12HH: a house behind the house
            suffix, last_suffix = (suffix, "") if dash else ("", "")
        first = int(number)
        if not dash:
            found.append(HouseNumbers(first, suffix, first, suffix))
        elif last:
            found.append(HouseNumbers(first, suffix, int(last), last_suffix))
        elif last_suffix and not suffix:  # 1-F
            found.append(HouseNumbers(first, last_suffix, first, last_suffix))
        elif last_suffix:
            found.append(HouseNumbers(first, suffix, first, last_suffix))
        else:
            found.append(HouseNumbers(first, suffix, None, ""))
    return found


def building_numbers(text: str) -> list[tuple[int, str]]:
    """List the numbers that one building has."""
    numbers: list[tuple[int, str]] = []
    for first, suffix, last, last_suffix in house_numbers(text):
        last = first if last is None else last
        numbers += [(first, suffix), (last, last_suffix)]
        if first == last and suffix < last_suffix:
            letters = range(ord(suffix or "a"), ord(last_suffix))
            numbers += [(first, chr(letter)) for letter in letters]
        low, high = sorted((first, last))
        step = 1 if (high - low) % 2 else 2
        if high - low <= WIDEST_RANGE:
            numbers += [(number, "") for number in range(low + step, high, step)]
    return list(dict.fromkeys(numbers))
