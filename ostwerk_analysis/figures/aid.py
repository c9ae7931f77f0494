"""Whether an undertaking got more de-minimis aid than allowed: for eyes that may see names."""

import pandas as pd

from ..language import day, number, text
from .sentences import section
from .values import Figure

LARGEST = 10
"""Undertakings in the table: those that have used most of their ceiling."""


def state_aid(aid: pd.DataFrame, *, language: str = "de") -> Figure:
    """Say which grants go beyond the ceiling, and who has come nearest to it.

    It names enterprises: no release and no page may have it.

    Parameters
    ----------
    aid : DataFrame
        Of :func:`ostwerk_analysis.state_aid.de_minimis`.
    language : {"de", "en"}
    """
    found = aid[aid["finding"] != ""]
    message = (
        "No grant goes beyond the ceiling of its day ({grants} looked at)."
        if found.empty
        else "One grant goes beyond the ceiling of its day, or may do so ({grants} looked at):"
        if len(found) == 1
        else "{count} grants go beyond the ceiling of their day, or may do so ({grants} looked at):"
    )
    counts = {"grants": number(len(aid), "", language), "count": number(len(found), "", language)}
    from ..state_aid import sentences

    said = [text(message, language, **counts), *sentences(found, language)]
    whose = aid["group_id"].fillna(aid["business_id"])
    used = aid.assign(whose=whose, used_pct=100 * aid["sum_eur"] / aid["ceiling_eur"])
    most = used.sort_values(["used_pct", "grant_id"], ascending=[False, True])
    rows = [
        [
            row["whose"],
            day(row["granted_on"].date(), language),
            number(row["sum_eur"], "EUR", language, 0),
            number(row["ceiling_eur"], "EUR", language, 0),
            number(row["used_pct"], "percent", language, 1),
        ]
        for row in most.drop_duplicates("whose").head(LARGEST).to_dict("records")
    ]
    heads = ("Undertaking", "Day", "Aid until then", "Ceiling", "Used")
    return section(
        text("Does any undertaking get more aid than allowed?", language),
        said,
        [text(head, language) for head in heads],
        rows,
        language,
        is_behind=True,
    )
