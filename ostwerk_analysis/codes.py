"""What the codes of breakdowns stand for: English here, German in ``locale/de.po``."""

from collections.abc import Mapping

import pandas as pd

from .language import text

DIMENSIONS = {
    "advice": "Advice before approval",
    "fund": "Fund",
    "intervention": "Type of intervention",
    "kind": "Kind of contact",
    "labour_status": "Labour status on entering",
    "language": "Language",
    "measure": "Measure",
    "node": "Place in the programme",
    "section": "Section (WZ)",
    "sex": "Sex",
    "site": "Site",
    "size": "Size class",
    "stage": "Stage of support",
    "status": "Status",
    "step": "Step of support",
    "to_site": "Site referred to",
    "topic": "Topic",
}
"""Dimension of a breakdown = its name."""

# Titles of the sections of WZ 2008 (NACE Rev. 2) and WZ 2025 (NACE Rev. 2.1), shortened.
_SECTIONS_2008 = {
    "A": "Agriculture, forestry and fishing",
    "B": "Mining and quarrying",
    "C": "Manufacturing",
    "D": "Energy supply",
    "E": "Water supply and waste",
    "F": "Construction",
    "G": "Trade; repair of motor vehicles",
    "H": "Transport and storage",
    "I": "Accommodation and food service",
    "J": "Information and communication",
    "K": "Finance and insurance",
    "L": "Real estate",
    "M": "Professional, scientific and technical services",
    "N": "Other business services",
    "O": "Public administration",
    "P": "Education",
    "Q": "Health and social work",
    "R": "Arts, entertainment and recreation",
    "S": "Other services",
    "T": "Private households",
    "U": "International organisations",
}
_SECTIONS_2025 = {
    **{letter: _SECTIONS_2008[letter] for letter in "ABCDEFHI"},
    "G": "Trade",
    "J": "Publishing, broadcasting and content",
    "K": "Telecommunication, programming and data services",
    "L": "Finance and insurance",
    "M": "Real estate",
    "N": "Professional, scientific and technical services",
    "O": "Other business services",
    "P": "Public administration",
    "Q": "Education",
    "R": "Health and social work",
    "S": "Arts, sports and recreation",
    "T": "Other services",
    "U": "Private households",
    "V": "International organisations",
}

SOURCES = {
    "addresses": "list of addresses",
    "boroughs": "list of boroughs",
    "businesses": "business register",
    "contacts": "contact records",
    "district_changes": "changes of districts",
    "districts": "map of districts",
    "enterprise_years": "yearly figures of enterprises",
    "funding_shares": "shares of the funds",
    "grants": "grant register",
    "jobs": "job records",
    "network_edges": "walking network",
    "network_nodes": "nodes of the walking network",
    "operations": "list of operations",
    "participants": "participant records",
    "sites": "list of sites",
    "statistics": "official statistics",
    "street_sections": "list of street sections",
    "streets": "list of streets",
}
"""Input table = what people call it."""
CODES: dict[str, dict[str, str]] = {
    "advice": {"before": "With advice before approval", "none": "Without advice before approval"},
    "fund": {
        "ERDF": "ERDF",
        "ESF": "ESF",
        "federal": "Federal government",
        "state": "State",
        "city": "City",
    },
    "kind": {
        "first_contact": "First contact",
        "advice": "Advice",
        "startup_advice": "Start-up advice",
        "network_event": "Network event",
        "community_event": "Community event",
    },
    "labour_status": {
        "unemployed": "Unemployed",
        "long_term_unemployed": "Long-term unemployed",
        "inactive": "Inactive",
        "employed": "Employed",
        "self_employed": "Self-employed",
        "training": "In training",
    },
    "section": {
        **_SECTIONS_2008,
        **{f"2025-{letter}": f"{title} (WZ 2025)" for letter, title in _SECTIONS_2025.items()},
    },
    "sex": {"female": "Women", "male": "Men", "non_binary": "Non-binary"},
    "size": {
        "micro": "Micro enterprise",
        "small": "Small enterprise",
        "medium": "Medium-sized enterprise",
        "large": "Large enterprise",
    },
    "stage": {
        "contacted": "Contacted",
        "advised": "Advised",
        "applied": "Applied",
        "approved": "Approved",
        "paid": "Paid",
        "completed": "Completed",
        "jobs": "Jobs verified",
    },
    "step": {
        "advised": "Advised of those contacted",
        "applied": "Applied of those advised",
        "approved": "Approved of those that applied",
        "paid": "Paid of those approved",
        "jobs": "Jobs verified of those paid",
    },
    "status": {
        "promised": "Promised",
        "claimed": "Claimed",
        "verified": "Verified",
        "retained": "Retained",
    },
}
"""Dimension = its codes with their names; measures and sites have theirs from the programme."""

UNKNOWN = "unknown"
ADVICE = ("advice", "startup_advice")
"""Kinds of contact that are advice: support in kind, beyond a first talk or an event."""


def _language_name(code: str, language: str) -> str:
    """Name a language by its ISO 639 code, such as ``uk``: ``Ukrainisch``."""
    from babel import Locale

    return str(Locale(language).languages.get(code, code))


def code_name(
    dimension: str, code: str, language: str, own: Mapping[str, str] | None = None
) -> str:
    """Name a code of a breakdown in a language; a code without a name stands for itself.

    Parameters
    ----------
    dimension, code : str
        Such as ``status`` and ``verified``.
    language : {"de", "en"}
    own : mapping, optional
        Names of the programme's own codes: measures and sites.
    """
    if code == UNKNOWN:
        return text("Not known", language)
    if dimension == "language":
        return _language_name(code, language)
    if own and code in own and dimension not in CODES:
        return own[code]
    return text(CODES.get(dimension, {}).get(code, code), language)


# First and last division (two digits) of each section, from the classifications' own tables of
# contents: WZ 2008 (NACE Rev. 2) and WZ 2025 (NACE Rev. 2.1), Destatis.
_SECTIONS_BOTH = {"A": (1, 3), "B": (5, 9), "C": (10, 33), "D": (35, 35), "E": (36, 39)}
_SECTIONS_BOTH |= {"F": (41, 43), "H": (49, 53), "I": (55, 56)}
WZ_SECTIONS: dict[str, dict[str, tuple[int, int]]] = {
    "2008": _SECTIONS_BOTH
    | {"G": (45, 47), "J": (58, 63), "K": (64, 66), "L": (68, 68), "M": (69, 75), "N": (77, 82)}
    | {"O": (84, 84), "P": (85, 85), "Q": (86, 88), "R": (90, 93), "S": (94, 96)}
    | {"T": (97, 98), "U": (99, 99)},
    "2025": _SECTIONS_BOTH
    | {"G": (46, 47), "J": (58, 60), "K": (61, 63), "L": (64, 66), "M": (68, 68), "N": (69, 75)}
    | {"O": (77, 82), "P": (84, 84), "Q": (85, 85), "R": (86, 88), "S": (90, 93)}
    | {"T": (94, 96), "U": (97, 98), "V": (99, 99)},
}


def wz_section(wz_code: pd.Series, wz_version: pd.Series) -> pd.Series:
    """Give the section of each code of the German classification of economic activities.

    Parameters
    ----------
    wz_code : Series of str, shape (n,)
        ``47.11``, ``47`` or the section's letter itself.
    wz_version : Series of str, shape (n,)
        ``2008`` or ``2025``; WZ 2008 where missing.

    Returns
    -------
    Series of str, shape (n,)
        The letter, for WZ 2025 as ``2025-K``, since the same letter means another section there;
        missing where the code is missing or belongs to no section.
    """
    section_of: dict[tuple[str, str], str] = {}
    for version, sections in WZ_SECTIONS.items():
        prefix = "" if version == "2008" else f"{version}-"
        for letter, (first, last) in sections.items():
            divisions = [f"{division:02d}" for division in range(first, last + 1)]
            section_of |= dict.fromkeys(
                ((version, code) for code in (letter, *divisions)), prefix + letter
            )
    pairs = pd.MultiIndex.from_arrays([wz_version.fillna("2008"), wz_code.str[:2]])
    letters = pd.Series(section_of).reindex(pairs).to_numpy()
    return pd.Series(letters, wz_code.index, dtype="str")
