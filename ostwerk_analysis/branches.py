"""Branches: codes of the WZ brought from one edition to the other.

The German classification of economic activities has two editions in use: WZ 2008 (NACE Rev. 2) and
WZ 2025 (NACE Rev. 2.1). Most codes have one counterpart, some are split. An enterprise is one and
cannot be split: it gets the closest code that holds all its counterparts, and none where these lie
in several sections. What has been counted by branch can be shared out.
"""

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from .codes import wz_section
from .faults import DataError, nearest

if TYPE_CHECKING:
    from wz_code import WZ, WZCode

EDITIONS = ("2008", "2025")
OTHER = dict(zip(EDITIONS, reversed(EDITIONS), strict=True))
COLUMNS = ["code", "section", "how", "sections"]


def brought(wz_code: pd.Series, wz_version: pd.Series, edition: str) -> pd.DataFrame:
    """Bring codes to one edition of the WZ.

    Parameters
    ----------
    wz_code : Series of str, shape (n,)
        ``47.11``, ``47`` or the section's letter. A code that its edition does not have is taken
        for the longest beginning of it that there is.
    wz_version : Series of str, shape (n,)
        Edition of each code, ``2008`` or ``2025``; 2008 where missing.
    edition : {"2008", "2025"}
        The edition to bring them to.

    Returns
    -------
    DataFrame, shape (n, 4)
        ``code``; ``section`` as :func:`ostwerk_analysis.codes.wz_section` gives it; ``how``:
        ``kept`` as it is of this edition; ``taken over`` where all counterparts lie in one code
        of the same level or below it; ``common parent`` where the code that holds them all is a
        coarser one; ``split`` where they lie in several sections, which ``sections`` lists, so
        that neither code nor section is known; ``no counterpart``. All are missing where the code
        is.

    References
    ----------
    Federal Statistical Office (Destatis), correspondence of WZ 2025 and WZ 2008, as in the package
    ``wz-code``.
    """
    given = pd.DataFrame({"code": wz_code, "version": wz_version.fillna("2008")})
    kept = pd.DataFrame({"code": wz_code, "section": wz_section(wz_code, given["version"])})
    kept["how"] = pd.Series("kept", kept.index, dtype="str").where(wz_code.notna())
    kept["sections"] = pd.Series(None, kept.index, dtype="str")
    is_other = (given["version"] == OTHER[edition]) & wz_code.notna()
    other = given.loc[is_other, "code"]
    found = {code: _counterpart(code, edition) for code in other.unique()}
    rows = pd.DataFrame([found[code] for code in other], columns=COLUMNS, index=other.index)
    return pd.concat([kept[~is_other], rows.astype("str")]).reindex(wz_code.index)


def shared(counts: pd.Series, edition: str) -> pd.Series:
    """Share counts by code of the other edition out to the sections of one edition.

    The subclasses of a code share it equally, and so do the counterparts of a subclass: nobody has
    published how large they are. The total is kept.

    Parameters
    ----------
    counts : Series of float
        By code of the other edition.
    edition : {"2008", "2025"}
        That of the sections.

    Returns
    -------
    Series of float
        By section, in the order of the letters.

    Raises
    ------
    DataError
        If the other edition does not have a code, or the edition has no counterpart of it.
    """
    parts: dict[str, float] = {}
    for code, count in counts.items():
        weights = _weights(_known(str(code), OTHER[edition]), edition)
        if not weights:
            known = list(_edition(OTHER[edition]).get_all_codes())
            raise DataError(
                "WZ {edition} has no code {code}, or none that it goes to; the nearest is {near}.",
                edition=OTHER[edition],
                code=code,
                near=nearest(str(code), known),
            )
        for section, weight in weights.items():
            parts[section] = parts.get(section, 0.0) + weight * float(count)
    return pd.Series(parts, dtype="float64").sort_index()


@functools.cache
def _edition(edition: str) -> "WZ":
    from wz_code import WZ

    return WZ(edition)


@functools.cache
def _known(code: str, edition: str) -> str:
    """Give a code, or the longest beginning of it that an edition has; empty if none."""
    wz = _edition(edition)
    while code and not wz.exists(code):
        code = code[:-1].rstrip(".")
    return code


@functools.cache
def _subclasses(code: str, edition: str) -> "tuple[WZCode, ...]":
    """Give the finest codes below a code, or the code itself if it is one."""
    found = _edition(edition).get(code)
    return tuple(one for one in (found, *found.descendants) if not one.children)


@functools.cache
def _counterpart(code: str, edition: str) -> tuple[str | None, ...]:
    """Give code, section, how and sections of a code of the other edition."""
    source = _known(code, OTHER[edition])
    if not (weights := _weights(source, edition)):
        return None, None, "no counterpart", None
    if len(weights) > 1:
        return None, None, "split", ", ".join(sorted(weights))
    targets = {
        one.code for below in _subclasses(source, OTHER[edition]) for one in below.correspondences
    }
    wz = _edition(edition)
    parent = _common_parent(wz, targets)
    is_as_fine = wz.get(parent).level >= _edition(OTHER[edition]).get(source).level
    return parent, *weights, "taken over" if is_as_fine else "common parent", None


def _common_parent(wz: "WZ", codes: Iterable[str]) -> str:
    """Give the finest code that is or holds all of some codes of one section."""
    lines = [
        [*(one.code for one in reversed(wz.get(code).ancestors)), code] for code in sorted(codes)
    ]
    common = [steps[0] for steps in zip(*lines, strict=False) if len(set(steps)) == 1]
    return common[-1]


@functools.cache
def _weights(code: str, edition: str) -> dict[str, float]:
    """Give the share of a code of the other edition in each section; none without counterpart."""
    if not code:
        return {}
    wz, weights = _edition(edition), dict[str, float]()
    subclasses = [one for one in _subclasses(code, OTHER[edition]) if one.correspondences]
    for subclass in subclasses:
        targets = sorted({one.code for one in subclass.correspondences})
        for target in targets:
            letter = [target, *(one.code for one in wz.get(target).ancestors)][-1]
            section = letter if edition == "2008" else f"{edition}-{letter}"
            part = 1 / len(targets) / len(subclasses)
            weights[section] = weights.get(section, 0.0) + part
    return weights
