"""What is known of a city's streets: addresses are read and looked up in it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from .spelling import WORD, HouseNumbers, building_numbers, house_numbers, street_key

STEPS = ("address", "address_number", "street_section", "street")
"""How an address is placed, the surest first: by the address itself; by its number, where all
suffixes of it lie in one district; by a section of house numbers; by a street in one district."""

LISTS = ("addresses", "street_sections", "streets")
"""Tables by which addresses are placed."""

LONGEST_ADDRESS = 300
"""Characters; a longer text is no address."""

_DETAIL = (
    r"(?:haus|hs|hinterhaus|hh|vorderhaus|vh|gartenhaus|gh|seitenflügel|sf|quergebäude|qg|gebäude|"
    r"geb|hof|innenhof|eingang|aufgang|tor|halle|block|etage|stock|stockwerk|geschoss|og|eg|dg|ug|"
    r"whg|wohnung|app|apt|raum|zi|zimmer|büro|laden|ladenlokal|links|rechts|mitte|vorn|hinten|"
    r"c/o|bei|z\.? ?h|z\.? ?hd|postfach|pf|deutschland|germany)(?![^\W_])"
)
_PART = r"[0-9]{1,4}(?![0-9])(?: 1/[24]|\s?[½¼¾])?(?:\s?-?\s?[a-z](?![^\W_]))?"
_HOUSE = re.compile(
    rf"({_PART}(?:\s*(?:[-–—/+&]|und|u\.|bis)\s*(?:{_PART}|[a-z](?![^\W_])))*)"
    rf"(?:\s?[a-z]?\.?[0-9]{{1,2}}|[\s./(–-]*(?:[0-9]{{1,2}}\.?\s?)?{_DETAIL}.*|[\s./()-]*)",
    re.IGNORECASE,
)
"""House numbers, and what may stand behind them."""
_POSTCODE = re.compile(r"(?<![0-9])(?:\bDE?\s?-\s?)?([0-9]{5})(?![0-9])", re.IGNORECASE)
_SHORT_POSTCODE = re.compile(r"([0-9]{4})\s+(?=[^\W\d_]{3})")
_SEPARATOR = re.compile(r"[,;|\r\n\t]+")
_BESIDE = re.compile(
    rf"(?:[0-9]{{1,2}}\.?\s?)?{_DETAIL}|(?:fa\.|firma|herrn?|frau)\s|"
    r".*\b(?:gmbh|ug|ag|kg|ohg|gbr|e\. ?[kv]\.?)(?![^\W_])",
    re.IGNORECASE,
)
"""Parts of an address that say nothing of the street: floors, persons and firms."""
_WITHOUT_NUMBER = re.compile(r"\b(?:o|ohne)\.?\s*(?:haus-?)?(?:nr|nummer)\b.*", re.IGNORECASE)
_NUMBER_SIGN = re.compile(r"[\s,]*\b(?:haus-?)?(?:nr|nummer|no)\.?\s*$", re.IGNORECASE)
_QUARTER = re.compile(r"^(?:ot|ortsteil|stadtteil|stadtbezirk)\b\.?\s*", re.IGNORECASE)


class Address(NamedTuple):
    """An address as it was read; what it does not say is empty, the number 0."""

    street: str
    number: int
    suffix: str
    postcode: str
    unknown: str  # a part that is neither street nor known place


class Gazetteer:
    """What is known of a city's streets, in a form in which many addresses can be looked up.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Any of :data:`LISTS`, with the columns of their contracts.
    cities : iterable of str
        Names of the city.
    quarters : iterable of str
        Names of its districts and boroughs.
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        cities: Iterable[str] = (),
        quarters: Iterable[str] = (),
    ):
        lists = {name: tables[name].reset_index(drop=True) for name in LISTS if name in tables}
        names = {name: None for table in lists.values() for name in table["street"]}
        self._keys = {name: street_key(name) for name in names}
        self.streets = {key: name for name, key in reversed(list(self._keys.items()))}
        lists = {
            name: table.assign(
                street=table["street"].map(self._keys),
                postcode=table["postcode"].astype("str").str.zfill(5).fillna(""),
            )
            for name, table in lists.items()
        }
        self.entries = _entries(lists.get("addresses"))
        self.sections = _sections(lists.get("street_sections"))
        by_street = (lists.get("addresses"), self.sections, _whole_streets(lists.get("streets")))
        columns = ["street", "postcode", "district_id"]
        parts = [part[columns] for part in by_street if part is not None]
        self.districts = pd.concat(parts).astype("str").drop_duplicates()
        self.postcodes = set(self.districts["postcode"]) - {""}
        self._cities = [WORD.findall(name.casefold()) for name in cities]
        self._here: dict[tuple[str, bool], bool] = {}
        self._quarters = {street_key(name) for name in quarters}
        self._near = _Nearest(self.streets)

    def key(self, name: str) -> str:
        """Give a street's key, see :func:`street_key`."""
        if name not in self._keys:
            self._keys[name] = street_key(name)
        return self._keys[name]

    def read(self, text: str) -> Address:
        """Take an address apart; where it can be read in two ways, a known street decides."""
        text = " ".join(re.split(r"[^\S\r\n\t]+", unicodedata.normalize("NFC", text))).strip()
        parts, postcode, town = self._split(text)
        unknown = "" if self._is_here(town, postcode) else town or postcode
        readings: list[tuple[str, str]] = []
        for part in parts:
            if not part or self._is_here(part, ""):
                continue
            if house := _HOUSE.fullmatch(part):  # on its own, behind a comma
                more = [(f"{street} {n}", house[1]) for street, n in readings if n]
                readings = [(street, n or house[1]) for street, n in readings] + more
                continue
            ways = _ways(part)
            if _BESIDE.match(part) and self._known(ways) is None:
                continue
            if readings and (readings[0][1] or not ways[0][1]):
                unknown = unknown or part
                continue
            if readings:
                unknown = unknown or readings[0][0]
            readings = ways
        if not readings:
            return Address("", 0, "", postcode, unknown)
        street, numbers = self._known(readings) or readings[0]
        found = house_numbers(numbers)
        number, suffix = found[0][:2] if found else (0, "")
        return Address(street, number, suffix, postcode, unknown)

    def _known(self, ways: list[tuple[str, str]]) -> tuple[str, str] | None:
        """Give the first way to read an address that has a known street."""
        return next((way for way in ways if self.key(way[0]) in self.streets), None)

    def find(self, addresses: pd.Series) -> pd.DataFrame:
        """Look up addresses.

        Parameters
        ----------
        addresses : Series of str, shape (n,)
            May be missing.

        Returns
        -------
        DataFrame, n rows
            ``district_id``; ``placed_by``, one of :data:`STEPS`; ``entry``, position in the table
            addresses, -1 where another step placed it; and where no step did, ``rule`` and
            ``expected`` of the fault. All but the entry are missing where there is no address.
        """
        texts = addresses.dropna().drop_duplicates()
        found = self._find(texts.reset_index(drop=True)).assign(text=texts.to_numpy())
        place = pd.Index(found["text"]).get_indexer(addresses)
        result = found.drop(columns="text").reindex(place).set_axis(addresses.index)
        return result.assign(entry=result["entry"].fillna(-1).astype("int64"))

    def _find(self, texts: pd.Series) -> pd.DataFrame:
        """Look up texts that differ from each other, with an index from 0."""
        read = [self.read(text[: LONGEST_ADDRESS + 1]) for text in texts]
        asked = pd.DataFrame(read, columns=Address._fields).astype(
            {"street": "str", "number": "int64", "suffix": "str", "postcode": "str"}
        )
        names = asked["street"]
        asked["street"] = names.map({name: self.key(name) for name in names.unique()})
        asked["query"] = asked.index
        is_long = texts.str.len() > LONGEST_ADDRESS
        has_street = (asked["street"] != "") & ~is_long
        can_be_placed = has_street & (asked["unknown"] == "")
        found = pd.DataFrame(
            {"district_id": None, "placed_by": None, "entry": -1, "rule": None, "expected": None},
            index=asked.index,
        ).astype(dict.fromkeys(("district_id", "placed_by", "rule", "expected"), "str"))
        found["entry"] = found["entry"].astype("int64")
        searches: list[Callable[[pd.DataFrame], pd.DataFrame]] = [
            self._same_address,
            self._same_number,
            self._in_section,
            self._on_street,
        ]
        for step, search in zip(STEPS, searches, strict=True):
            open_ = asked[can_be_placed & found["district_id"].isna()]
            if open_.empty:
                break
            placed = _in_one_district(search(open_))
            found.loc[placed.index, "district_id"] = placed["district_id"]
            found.loc[placed.index, "placed_by"] = step
            found.loc[placed.index, "entry"] = placed["entry"]
        lost = found["district_id"].isna()
        rules = self._reasons(asked.assign(name=names)[lost], has_street[lost])
        found.loc[lost, ["rule", "expected"]] = rules.to_numpy()
        return found

    def _same_address(self, asked: pd.DataFrame) -> pd.DataFrame:
        of_number = asked[asked["number"] > 0]
        return _of_postcode(_matching(of_number, self.entries, ["street", "number", "suffix"]))

    def _same_number(self, asked: pd.DataFrame) -> pd.DataFrame:
        of_number = asked[asked["number"] > 0].drop(columns="suffix")
        return _of_postcode(_matching(of_number, self.entries, ["street", "number"]))

    def _in_section(self, asked: pd.DataFrame) -> pd.DataFrame:
        """Find sections; a bound without suffix takes in suffixes unless another section does."""
        pairs = _matching(asked[asked["number"] > 0], self.sections, ["street"])
        side = pairs["number"] % 2
        pairs = pairs[(pairs["side"] == 2) | (pairs["side"] == side)]
        at, number = _position(pairs["number"], pairs["suffix"]), pairs["number"]
        is_after = at >= _position(pairs["first"], pairs["first_suffix"])
        is_inside = number.between(pairs["first"], pairs["last"])
        exact = is_after & (at <= _position(pairs["last"], pairs["last_suffix"]))
        found = pairs.iloc[:0]
        for fits in (exact, is_after & is_inside, is_inside):
            found = pd.concat([found, pairs[fits & ~pairs["query"].isin(found["query"])]])
        return found

    def _on_street(self, asked: pd.DataFrame) -> pd.DataFrame:
        return _matching(asked, self.districts, ["street"])

    def _reasons(self, lost: pd.DataFrame, has_street: pd.Series) -> pd.DataFrame:
        """Say why addresses could not be placed."""
        codes = self.districts.groupby("street")["district_id"].agg(_listed)
        postcodes = self.districts.groupby("street")["postcode"].agg(_listed)
        fits = _matching(lost, self.districts, ["street"])["query"].unique()
        rows = []
        for one, is_readable in zip(lost.itertuples(), has_street, strict=True):
            if not is_readable:
                rows.append(("address_unread", ""))
            elif one.unknown:
                rows.append(("address_part", one.unknown))
            elif one.street not in self.streets:
                rows.append(("address_street", self._near(one.name)))
            elif one.query not in fits:
                rows.append(("address_postcode", postcodes[one.street]))
            elif one.number == 0:
                rows.append(("address_number", codes[one.street]))
            else:
                rows.append(("address_several", codes[one.street]))
        return pd.DataFrame(rows, index=lost.index, columns=["rule", "expected"], dtype="str")

    def _split(self, text: str) -> tuple[list[str], str, str]:
        """Split an address into its parts, the postcode and the place behind it."""
        postcode, town, before, after = "", "", text, ""
        if codes := list(_POSTCODE.finditer(text)):
            postcode = codes[-1][1]
            before, after = text[: codes[-1].start()], text[codes[-1].end() :]
        else:
            for start in [0, *(found.end() for found in _SEPARATOR.finditer(text))]:
                blank = len(text[start:]) - len(text[start:].lstrip())
                if short := _SHORT_POSTCODE.match(text, start + blank):  # lost its zero
                    postcode = short[1].zfill(5)
                    before, after = text[: short.start()], text[short.end() :]
                    break
        parts = _SEPARATOR.split(before)
        if postcode:
            town, *more = _SEPARATOR.split(after)
            town, street = self._cut_city(town.strip(" .-/"))
            parts += [street, *more]
        return [part.strip(" /-(") for part in parts], postcode, town

    def _cut_city(self, town: str) -> tuple[str, str]:
        """Cut a street off the city's name: ``04315 Leipzig Eisenbahnstr. 12``."""
        if not re.search("[0-9]", town):
            return town, ""
        for words in self._cities:
            name = r"\W+".join(re.escape(word) for word in words)
            if found := re.match(rf"{name}(?![^\W_])", town, re.IGNORECASE):
                return found[0], town[found.end() :]
        return "", town

    def _is_here(self, town: str, postcode: str) -> bool:
        """Tell whether a place is the city or a part of it; so is what is not stated."""
        is_strange = bool(postcode and self.postcodes and postcode not in self.postcodes)
        if not town:
            return not is_strange
        if re.search("[0-9]", town):
            return False
        if (town, is_strange) not in self._here:
            words = WORD.findall(town.casefold())
            begins = any(words[: len(city)] == city for city in self._cities)
            is_part = begins or street_key(_QUARTER.sub("", town)) in self._quarters
            self._here[town, is_strange] = words in self._cities or (is_part and not is_strange)
        return self._here[town, is_strange]


def _ways(part: str) -> list[tuple[str, str]]:
    """List the ways to split a part into street and house number, the shortest street first."""
    starts = [digits.start() for digits in re.finditer(r"(?<![0-9])[0-9]", part)]
    houses = [(start, _HOUSE.fullmatch(part, start)) for start in starts if start]
    ways = [
        (_NUMBER_SIGN.sub("", part[:start]).strip(), house[1]) for start, house in houses if house
    ]
    return [*ways, (_WITHOUT_NUMBER.sub("", part).strip(), "")]


def _entries(table: pd.DataFrame | None) -> pd.DataFrame:
    """Give each house number of an address a row of its own."""
    columns = ["street", "number", "suffix", "postcode", "district_id", "entry", "order"]
    if table is None:
        return _empty(columns)
    read = {text: building_numbers(text) for text in table["house_number"].dropna().unique()}
    numbers = table["house_number"].map(read)
    entries = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    entries = entries.assign(entry=table.index, order=_order(table), both=numbers)
    entries = entries.explode("both").dropna(subset="both")
    entries["number"] = entries["both"].str[0].astype("int64")
    entries["suffix"] = entries["both"].str[1].astype("str")
    return entries[columns].reset_index(drop=True)


def _order(table: pd.DataFrame) -> pd.Series:
    """Put addresses in the order of their points, that of the file being accidental."""
    if "geometry" not in table:
        return pd.Series(table.index, table.index)
    points = table.geometry.get_coordinates().sort_values(["x", "y"])
    return pd.Series(range(len(points)), points.index).reindex(table.index, fill_value=len(points))


def _sections(table: pd.DataFrame | None) -> pd.DataFrame:
    """Give each range of house numbers a row of its own."""
    columns = ["street", "postcode", "district_id", "side"]
    columns += HouseNumbers._fields
    if table is None:
        return _empty(columns)
    spans = table["first_house_number"].fillna("") + "-" + table["last_house_number"].fillna("")
    spans = spans.where(table["first_house_number"].notna())
    texts = pd.concat([table["house_numbers_odd"], table["house_numbers_even"], spans])
    texts = texts.dropna()
    ranges = texts.map({text: house_numbers(text) for text in texts.unique()}).explode()
    found = pd.DataFrame(list(ranges), columns=HouseNumbers._fields, index=ranges.index)
    both_sides = found["last"].notna() & (found["first"] % 2 != found["last"] % 2)
    stated = table["side"].map({"odd": 1, "even": 0, "both": 2}).reindex(found.index)
    found["side"] = stated.fillna((found["first"] % 2).mask(both_sides, 2))
    found["last"] = found["last"].fillna(np.inf)
    rows = table.loc[found.index, columns[:3]].reset_index(drop=True)
    return pd.concat([rows, found.reset_index(drop=True)], axis=1)


def _whole_streets(table: pd.DataFrame | None) -> pd.DataFrame:
    """Give each street a row for each of its districts."""
    columns = ["street", "postcode", "district_id"]
    if table is None:
        return _empty(columns)
    return table.assign(district_id=district_ids(table["district_ids"])).explode("district_id")[
        columns
    ]


def district_ids(lists: pd.Series) -> pd.Series:
    """Split the codes of several districts in one cell: ``10|11``.

    Parameters
    ----------
    lists : Series of str, shape (n,)

    Returns
    -------
    Series of list, shape (n,)
    """
    return lists.str.findall(r"[^\s|,;]+")


def _empty(columns: list[str]) -> pd.DataFrame:
    numbers = {"number", "first", "last", "entry", "order", "side"}
    return pd.DataFrame({name: [] for name in columns}).astype(
        {name: "float64" if name in numbers else "str" for name in columns}
    )


def _matching(asked: pd.DataFrame, known: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Pair questions with what is known; a postcode must agree where both have one."""
    pairs = asked.merge(known, on=by, suffixes=("", "_known"))
    agrees = pairs["postcode"] == pairs["postcode_known"]
    return pairs[agrees | (pairs["postcode"] == "") | (pairs["postcode_known"] == "")]


def _of_postcode(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep only the answers that have the postcode in question, where there are such."""
    same = (pairs["postcode"] == pairs["postcode_known"]) & (pairs["postcode"] != "")
    return pairs[same | ~pairs["query"].isin(pairs.loc[same, "query"])]


def _position(number: pd.Series, suffix: pd.Series) -> pd.Series:
    """Give house numbers an order: 9, 9a, 9b, 11."""
    letters = {letter: place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 1)}
    return number + suffix.map(letters).astype("float64").fillna(0) / 100


def _in_one_district(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the questions to which all answers give one district, with the first address."""
    if "entry" not in pairs:
        pairs = pairs.assign(entry=-1, order=0)
    ordered = pairs.sort_values(["query", "suffix", "order"])
    same = ordered.groupby("query")["district_id"].agg(["first", "nunique"])
    entry = ordered.groupby("query")["entry"].first().astype("int64")
    return same.assign(district_id=same["first"], entry=entry)[same["nunique"] == 1]


def _listed(codes: pd.Series) -> str:
    return ", ".join(sorted(set(codes) - {""}))


class _Nearest:
    """Names the known street that shares most groups of three letters with a name."""

    def __init__(self, streets: Mapping[str, str]):
        self.names = list(streets.values())
        groups = [_groups(key) for key in streets]
        self.sizes = np.array([len(group) for group in groups])
        self.holders: dict[str, list[int]] = {}
        for place, group in enumerate(groups):
            for letters in group:
                self.holders.setdefault(letters, []).append(place)

    def __call__(self, name: str) -> str:
        groups = _groups(street_key(name))
        holders = [self.holders[letters] for letters in groups if letters in self.holders]
        if not holders:
            return ""
        shared = np.bincount(np.concatenate(holders), minlength=len(self.names))
        return self.names[int(np.argmax(shared / (self.sizes + len(groups))))]


def _groups(key: str) -> set[str]:
    """Give all groups of three letters, without the ending that most streets share."""
    text = f"  {key.removesuffix('strasse')} "
    return {text[start : start + 3] for start in range(len(text) - 2)}
