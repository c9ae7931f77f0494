"""Participants of OstWerkStadt: who they are, and who entered.

A participant is a person in an operation. Whoever comes back to the same operation is one
participant in it; whoever enters another one is a participant there, too, and counts again in the
sum over both. How many persons that are is an indicator of its own.
"""

import numpy as np
import pandas as pd

from ..dataset import Dataset
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Events, Indicator
from .shared import coded, first_known, once, translated

EMPLOYED = ("employed", "self_employed")
"""Labour statuses that are work."""
UNEMPLOYED = ("unemployed", "long_term_unemployed")
INACTIVE = ("inactive", "training")
"""Who is neither in work nor looking for it; who learns counts among them."""
COMPULSORY = ("sex", "age_group", "isced", "labour_status_in")
"""Without one of these a record counts in the totals only: the attributes of Annex I (1a) of
Regulation (EU) 2021/1057. Those of (1b), such as the migration background, are given freely."""

ON_LEAVING = (
    "left_on",
    "labour_status_out",
    "labour_status_6m",
    "has_gained_qualification",
    "has_better_position_6m",
)
"""What is recorded on leaving and later; all else is recorded on entering."""

_CLASSES: dict[str, tuple[str, tuple[float, float]]] = {
    "EECO06": ("age_group", (0, 17)),
    "EECO07": ("age_group", (18, 29)),
    "EECO08": ("age_group", (55, np.inf)),
    "EECO09": ("isced", (0, 2)),
    "EECO10": ("isced", (3, 4)),
    "EECO11": ("isced", (5, 8)),
}
"""Code = its column, and the lowest and highest age or level of education."""


def participations(participants: pd.DataFrame) -> pd.DataFrame:
    """Give each person once for each operation, however often they came back to it.

    What was recorded on entering for the first time stands; what is recorded on leaving is that of
    the last time, and is open while the person has come back and not left again.

    Parameters
    ----------
    participants : DataFrame, n rows
        A record without ``person_id`` is a person of its own. Records without ``operation_code``
        are of one operation.

    Returns
    -------
    DataFrame, at most n rows
        The same columns, ``person_id`` known in every row.

    References
    ----------
    European Commission (2016). Monitoring and Evaluation of European Cohesion Policy, European
    Social Fund. Guidance document, annex D: who re-enters an operation is recorded and reported
    once, with the data of the first entry and of the final exit; each operation has records of its
    own.
    """
    if participants["person_id"].isna().all():
        return participants.assign(person_id=participants["participant_id"])
    # A blank begins no code of a person, so that nobody is taken for somebody else.
    person = participants["person_id"].fillna(" " + participants["participant_id"])
    table = participants.assign(person_id=person).reset_index(drop=True)
    # One number for person and operation.
    operation, operations = pd.factorize(table["operation_code"].fillna(""))
    by = pd.Series(pd.factorize(person)[0] * len(operations) + operation)
    if not by.duplicated().any():
        return table
    first = table.sort_values(["entered_on", "participant_id"])
    first = first[~by[first.index].duplicated()]
    last = table.sort_values(["left_on", "entered_on"])[list(ON_LEAVING)]
    last = last[~by[last.index].duplicated(keep="last")]
    last = last.set_axis(by[last.index]).loc[by[first.index]]
    return first.assign(**last.set_axis(first.index)).reset_index(drop=True)


def esf_groups(participants: pd.DataFrame) -> pd.DataFrame:
    """Tell which participants belong to which group of ESF+.

    Parameters
    ----------
    participants : DataFrame, n rows

    Returns
    -------
    DataFrame of bool, n rows
        A column for each code from EECO02 to EECO11, and EECO14. A record that lacks one of
        :data:`COMPULSORY` is in none. An age group or level of education as recorded that lies in
        two classes, such as "25-54", is in neither of them.

    References
    ----------
    Regulation (EU) 2021/1057, Annex I, (1a) and (1b).
    """
    status = participants["labour_status_in"]
    groups = {
        "EECO02": status.isin(UNEMPLOYED),
        "EECO03": status == "long_term_unemployed",
        "EECO04": status.isin(INACTIVE),
        "EECO05": status.isin(EMPLOYED),
    }
    for code, (column, (lowest, highest)) in _CLASSES.items():
        recorded = participants[column]
        if column == "isced":  # of a code such as 344 the first digit is the level
            recorded = recorded.str.replace(r"(\d)\d+", r"\1", regex=True)
        span = _span(recorded)
        groups[code] = (span["low"] >= lowest) & (span["high"] <= highest)
    groups["EECO14"] = participants["has_migration_background"].fillna(False).astype(bool)
    return pd.DataFrame(groups)[is_complete(participants)].reindex(
        participants.index, fill_value=False
    )


def is_complete(participants: pd.DataFrame) -> pd.Series:
    """Tell which records have all compulsory attributes."""
    return participants[list(COMPULSORY)].notna().all(axis=1)


def _span(recorded: pd.Series) -> pd.DataFrame:
    """Read a span of ages or levels as it is recorded: 18-29, 18_29, 55+, under 18, 3."""
    number, codes = pd.factorize(recorded)
    words = pd.Series(codes).astype("str").str.lower()
    first = words.str.extract(r"(\d+)", expand=False).astype("float64")
    second = words.str.extract(r"\d+\D+(\d+)", expand=False).astype("float64")
    is_below = words.str.contains("under|below|unter|<", na=False)
    is_open = words.str.contains(r"\+|plus|over|older|above|ab |älter", na=False)
    high = second.fillna(first) - is_below
    spans = pd.DataFrame(
        {
            "low": first.mask(is_below & second.isna(), 0),
            "high": high.mask(is_open & second.isna(), np.inf),
        }
    )
    return spans.reindex(number).set_axis(recorded.index)  # -1, of what is missing, has none


@once
def placed(data: Dataset) -> pd.DataFrame:
    """Give each participant once, at home or, where that is unknown, at the site.

    Returns
    -------
    DataFrame
        What an event has but a date, and the columns of :func:`participations`.
    """
    table = participations(data.participants)
    columns = ("district_id", "site_id", "sex", "labour_status_in", "labour_status_out")
    words = {name: coded(table[name]) for name in (*columns, "labour_status_6m", "person_id")}
    table = table.drop(columns="participant_id").assign(
        **words,
        unit_id=words["person_id"],
        value=1.0,
        site=words["site_id"],
        labour_status=words["labour_status_in"],
        is_complete=is_complete(table),
    )
    if "sites" in data.tables:
        at_site = translated(table["site"], data.sites.set_index("site_id")["district_id"])
        table = table.assign(district_id=first_known(table["district_id"], at_site))
    return table


@once
def _groups(data: Dataset) -> pd.DataFrame:
    return esf_groups(placed(data))


def entered(data: Dataset) -> pd.DataFrame:
    """Participants on their first day."""
    table = placed(data)
    return table.assign(date=table["entered_on"])


def of_group(code: str) -> Events:
    """Give the participants of one group of ESF+ on their first day."""

    def events(data: Dataset) -> pd.DataFrame:
        return entered(data)[_groups(data)[code]]

    return events


_GROUPS = (
    (
        "EECO02",
        "participants_unemployed",
        "Arbeitslose, auch langzeitarbeitslose",
        "unemployed, the long-term unemployed included",
    ),
    (
        "EECO03",
        "participants_long_term_unemployed",
        "Langzeitarbeitslose",
        "long-term unemployed",
    ),
    (
        "EECO04",
        "participants_inactive",
        "Nichterwerbstätige, auch in Ausbildung",
        "inactive, those in training included",
    ),
    (
        "EECO05",
        "participants_employed_before",
        "Erwerbstätige, auch selbstständige",
        "employed, the self-employed included",
    ),
    (
        "EECO06",
        "participants_under_18",
        "unter 18 Jahren",
        "below 18 years of age",
    ),
    (
        "EECO07",
        "participants_aged_18_29",
        "18 bis 29 Jahre",
        "aged 18 to 29",
    ),
    (
        "EECO08",
        "participants_aged_55",
        "55 Jahre und älter",
        "aged 55 and above",
    ),
    (
        "EECO09",
        "participants_isced_0_2",
        "höchstens Sekundarbereich I (ISCED 0–2)",
        "lower secondary education or less (ISCED 0–2)",
    ),
    (
        "EECO10",
        "participants_isced_3_4",
        "Sekundarbereich II oder postsekundär (ISCED 3–4)",
        "upper secondary or post-secondary education (ISCED 3–4)",
    ),
    (
        "EECO11",
        "participants_isced_5_8",
        "tertiäre Bildung (ISCED 5–8)",
        "tertiary education (ISCED 5–8)",
    ),
    (
        "EECO14",
        "participants_foreign_background",
        "mit Migrationshintergrund",
        "with a foreign background",
    ),
)
"""Code of ESF+, code of the indicator, and the group in both languages."""


def _group(eu_code: str, code: str, group_de: str, group_en: str) -> Indicator:
    """Declare the entries of one group of ESF+."""
    return Indicator(
        id=code,
        label_de=f"Eintritte: {group_de}",
        label_en=f"Participants entered: {group_en}",
        definition_de=f"Eingetretene Personen dieser Gruppe: {group_de}. Wer ohne Angabe zu "
        "Geschlecht, Alter, Bildung oder Erwerbsstatus ist, zählt nur in der Gesamtzahl.",
        definition_en=f"Persons of this group who entered: {group_en}. Who lacks sex, age, "
        "education or labour status counts in the total only.",
        unit="persons",
        kind="sum",
        needs=("participants",),
        events=of_group(eu_code),
        splits=((), ("sex",)),
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="persons",
        has_to_date=True,
        eu_code=eu_code,
    )


INDICATORS = (
    Indicator(
        id="participants_entered",
        label_de="Eintritte von Teilnehmenden",
        label_en="Participants entered",
        definition_de="Personen, die in ein Vorhaben eingetreten sind, in jedem einmal gezählt, "
        "auch wenn sie wiederkommen. Ohne Kennung der Person gilt jeder Eintrag als eigene Person.",
        definition_en="Persons who entered an operation, each counted once in it, those who come "
        "back too. Without a code of the person each record is taken for a person of its own.",
        unit="persons",
        kind="sum",
        needs=("participants",),
        events=entered,
        splits=((), ("site",), ("sex",), ("labour_status",)),
        levels=ABOVE_DISTRICTS,
        units="persons",
        better="up",
        has_to_date=True,
        eu_code="EECO01",
    ),
    Indicator(
        id="participants_persons",
        label_de="Personen unter den Teilnehmenden",
        label_en="Persons among the participants",
        definition_de="Personen, die in ein Vorhaben oder mehrere eingetreten sind, über alle "
        "Vorhaben nur einmal gezählt: höchstens so viele wie Eintritte.",
        definition_en="Persons who entered one operation or several, counted only once over all of "
        "them: at most as many as participants entered.",
        unit="persons",
        kind="count",
        needs=("participants.person_id",),
        events=entered,
        levels=ABOVE_DISTRICTS,
        units="persons",
        has_to_date=True,
    ).to_date(),
    *(_group(*row) for row in _GROUPS),
    Indicator(
        id="participants_long_term_share",
        label_de="Anteil Langzeitarbeitsloser an den arbeitslos Eingetretenen",
        label_en="Share of the long-term unemployed in those who entered unemployed",
        definition_de="Langzeitarbeitslose je 100 arbeitslos Eingetretene: wie weit die "
        "Teilnehmenden vom Arbeitsmarkt entfernt waren.",
        definition_en="Long-term unemployed per 100 who entered unemployed: how far participants "
        "were from the labour market.",
        unit="percent",
        kind="rate",
        needs=("participants",),
        units="persons",
        has_to_date=True,
        numerator="participants_long_term_unemployed",
        denominator="participants_unemployed",
        scale=100.0,
    ).to_date(),
)
