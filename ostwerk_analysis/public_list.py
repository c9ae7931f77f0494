"""The public list of operations: who got money of the funds for what.

Art. 49(3) of Regulation (EU) 2021/1060 obliges managing authorities to publish each operation with
what :data:`COLUMNS` holds, at least every four months, and Art. 49(4) in an open format that can be
sorted, searched and compared. So this list is public by law, and no rule of disclosure touches it;
for that very reason it must never be joined to any other table of a release.

Letter (b) names natural persons too, but their names have to be taken off the site two years after
they were first published. A release never changes, so their names are never written into one: it
says that the beneficiary is a natural person, and in which municipality. The authority's own list
has the name for as long as it may.

The list of fishing vessels, letter (c), is left out: no city pays for them.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from . import downloads
from .language import LANGUAGES, text

COLUMNS = {
    "code": "Code of the operation",
    "beneficiary": "Name of the beneficiary",
    "contractor": "Name of the contractor (public procurement)",
    "name": "Name of the operation",
    "purpose": "Purpose of the operation and its expected or actual achievements",
    "started_on": "Start date of the operation",
    "ends_on": "Expected or actual date of completion of the operation",
    "total_cost_eur": "Total cost of the operation (EUR)",
    "fund": "Fund concerned",
    "specific_objective": "Specific objective concerned",
    "eu_rate_pct": "Union co-financing rate (%)",
    "location": "Location indicator or geolocation of the operation",
    "postcode": "Postcode",
    "municipality": "Municipality",
    "county": "County",
    "country": "Country concerned",
    "intervention_type": "Type of intervention",
}
"""Column = its heading in the words of Art. 49(3), letters (a), (b), (d) to (l) and (n)."""
NATURAL_PERSON = "natural person"
"""What stands for the name of a natural person."""
OF_A_HOME = ["location", "postcode"]
"""Columns that may tell where a natural person lives."""


def listed(operations: pd.DataFrame) -> pd.DataFrame:
    """Pick what the law asks for, and nothing else; natural persons have no name.

    Parameters
    ----------
    operations : DataFrame, n rows
        The table ``operations`` of a dataset.

    Returns
    -------
    DataFrame, n rows
        :data:`COLUMNS`, ordered by code. Operations of natural persons have no address either.
    """
    public = operations[list(COLUMNS)].copy()
    is_person = operations["is_natural_person"].fillna(False).to_numpy(dtype=bool)
    public.loc[is_person, "beneficiary"] = NATURAL_PERSON
    public.loc[is_person, ["contractor", *OF_A_HOME]] = None
    return public.sort_values("code", ignore_index=True)


def empty() -> pd.DataFrame:
    """Give the list of a programme that has none."""
    return pd.DataFrame({column: pd.Series(dtype="str") for column in COLUMNS})


def write(
    folder: Path,
    public: pd.DataFrame,
    *,
    about: Mapping[str, Mapping[str, str]] | None = None,
    is_demonstration: bool = False,
) -> None:
    """Write the list as CSV and workbook, headed in each language; nothing where there is none.

    Parameters
    ----------
    folder : Path
        Of the downloads.
    public : DataFrame
        Of :func:`listed`.
    about : mapping, optional
        For each language, what the first sheet of the workbook says, as for
        :func:`.downloads.write`.
    is_demonstration : bool
        Says so in every row.
    """
    if public.empty:
        return
    for language in LANGUAGES:
        beneficiary = public["beneficiary"].replace(NATURAL_PERSON, text(NATURAL_PERSON, language))
        told = public.assign(beneficiary=beneficiary)
        headed = told.rename(columns={name: text(said, language) for name, said in COLUMNS.items()})
        if is_demonstration:
            headed = headed.assign(
                **{text("Note", language): text(downloads.DEMONSTRATION, language)}
            )
        file = folder / f"operations.{language}.csv"
        downloads.write_csv(headed, file, language)
        known = (about or {}).get(language)
        downloads.write_list(
            file.with_suffix(".xlsx"),
            headed,
            language,
            about=known,
            is_demonstration=is_demonstration,
        )
