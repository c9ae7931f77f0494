"""Participants of OstWerkStadt: who entered, who left, and who works."""

import numpy as np
import pandas as pd

from ..dataset import Dataset
from .declaration import ABOVE_DISTRICTS, Events, Indicator

EMPLOYED = ("employed", "self_employed")
"""Labour statuses that are work."""
UNEMPLOYED = ("unemployed", "long_term_unemployed")
INACTIVE = ("inactive", "training")
"""Who is neither in work nor looking for it; who learns counts among them."""
COMPULSORY = ("sex", "age_group", "isced", "labour_status_in")
"""Without one of these a record counts in the totals only: the attributes of Annex I (1a) of
Regulation (EU) 2021/1057. Those of (1b), such as the migration background, are given freely."""

_CLASSES: dict[str, tuple[str, tuple[float, float]]] = {
    "EECO06": ("age_group", (0, 17)),
    "EECO07": ("age_group", (18, 29)),
    "EECO08": ("age_group", (55, np.inf)),
    "EECO09": ("isced", (0, 2)),
    "EECO10": ("isced", (3, 4)),
    "EECO11": ("isced", (5, 8)),
}
"""Code = its column, and the lowest and highest age or level of education."""


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
    return pd.DataFrame(groups).apply(lambda group: group & is_complete(participants))


def is_complete(participants: pd.DataFrame) -> pd.Series:
    """Tell which records have all compulsory attributes."""
    return participants[list(COMPULSORY)].notna().all(axis=1)


def _span(recorded: pd.Series) -> pd.DataFrame:
    """Read a span of ages or levels as it is recorded: 18-29, 18_29, 55+, under 18, 3."""
    words = recorded.astype("str").str.lower()
    first = words.str.extract(r"(\d+)", expand=False).astype("float64")
    second = words.str.extract(r"\d+\D+(\d+)", expand=False).astype("float64")
    is_below = words.str.contains("under|below|unter|<", na=False)
    is_open = words.str.contains(r"\+|plus|over|older|above|ab |älter", na=False)
    high = second.fillna(first) - is_below
    return pd.DataFrame(
        {
            "low": first.mask(is_below & second.isna(), 0),
            "high": high.mask(is_open & second.isna(), np.inf),
        }
    )


def entered(data: Dataset) -> pd.DataFrame:
    """Participants on their first day."""
    return _persons(data, data.participants, data.participants["entered_on"])


def of_group(code: str) -> Events:
    """Give the participants of one group of ESF+ on their first day."""

    def events(data: Dataset) -> pd.DataFrame:
        table = data.participants[esf_groups(data.participants)[code]]
        return _persons(data, table, table["entered_on"])

    return events


def left(data: Dataset) -> pd.DataFrame:
    """Participants on their last day."""
    table = data.participants.dropna(subset="left_on")
    return _persons(data, table, table["left_on"])


def left_without_work(data: Dataset) -> pd.DataFrame:
    """Participants who had no work on entering, on their last day; both statuses are known."""
    return _after(data, "labour_status_out", (*UNEMPLOYED, *INACTIVE))


def employed_on_leaving(data: Dataset) -> pd.DataFrame:
    """Those of :func:`left_without_work` who had work within four weeks of leaving."""
    return _after(data, "labour_status_out", (*UNEMPLOYED, *INACTIVE), EMPLOYED)


def searching_on_leaving(data: Dataset) -> pd.DataFrame:
    """Participants who were inactive on entering and look for work on leaving."""
    return _after(data, "labour_status_out", INACTIVE, UNEMPLOYED)


def learning_on_leaving(data: Dataset) -> pd.DataFrame:
    """Participants who did not learn on entering and do on leaving."""
    before = (*UNEMPLOYED, "inactive", *EMPLOYED)
    return _after(data, "labour_status_out", before, ("training",))


def reached_later(data: Dataset) -> pd.DataFrame:
    """Participants without work on entering whose status is known six months after leaving."""
    return _after(data, "labour_status_6m", (*UNEMPLOYED, *INACTIVE), months=6)


def employed_later(data: Dataset) -> pd.DataFrame:
    """Those of :func:`reached_later` who had work."""
    return _after(data, "labour_status_6m", (*UNEMPLOYED, *INACTIVE), EMPLOYED, months=6)


def _after(
    data: Dataset,
    column: str,
    before: tuple[str, ...],
    after: tuple[str, ...] = (),
    months: int = 0,
) -> pd.DataFrame:
    """Give those who had one status before and another after, on the day it was asked for."""
    table = data.participants.dropna(subset=["left_on", column])
    table = table[is_complete(table) & table["labour_status_in"].isin(before)]
    if after:
        table = table[table[column].isin(after)]
    return _persons(data, table, table["left_on"] + pd.DateOffset(months=months))


def _persons(data: Dataset, table: pd.DataFrame, day: pd.Series) -> pd.DataFrame:
    """Give one event for each person, at home or, where that is unknown, at the site."""
    district = table["district_id"]
    if "sites" in data.tables:
        at_site = table["site_id"].map(data.sites.set_index("site_id")["district_id"])
        district = district.fillna(at_site.astype("str"))
    return table.assign(
        district_id=district,
        date=day,
        unit_id=table["participant_id"],
        value=1.0,
        site=table["site_id"],
        labour_status=table["labour_status_in"],
    )


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
        kind="count",
        needs=("participants",),
        events=of_group(eu_code),
        splits=((), ("sex",)),
        levels=ABOVE_DISTRICTS,
        levels_to_date=ABOVE_DISTRICTS,
        units="persons",
        has_to_date=True,
        eu_code=eu_code,
    )


def _result(
    code: str, eu_code: str, events: Events, labels: tuple[str, str], definitions: tuple[str, str]
) -> Indicator:
    """Declare what became of those who left."""
    return Indicator(
        id=code,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=definitions[0],
        definition_en=definitions[1],
        unit="persons",
        kind="count",
        needs=("participants",),
        events=events,
        levels=ABOVE_DISTRICTS,
        levels_to_date=ABOVE_DISTRICTS,
        units="persons",
        better="up" if eu_code else "",
        has_to_date=True,
        eu_code=eu_code,
    )


INDICATORS = (
    Indicator(
        id="participants_entered",
        label_de="Eintritte von Teilnehmenden",
        label_en="Participants entered",
        definition_de="Personen, die in das Vorhaben eingetreten sind, jede einmal gezählt.",
        definition_en="Persons who entered the operation, each counted once.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=entered,
        splits=((), ("site",), ("sex",), ("labour_status",)),
        units="persons",
        better="up",
        has_to_date=True,
        eu_code="EECO01",
    ),
    *(_group(*row) for row in _GROUPS),
    Indicator(
        id="participants_left",
        label_de="Austritte von Teilnehmenden",
        label_en="Participants left",
        definition_de="Personen, die das Vorhaben verlassen haben.",
        definition_en="Persons who left the operation.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=left,
        levels=ABOVE_DISTRICTS,
        units="persons",
        has_to_date=True,
    ),
    Indicator(
        id="participants_left_without_work",
        label_de="Austritte von Teilnehmenden ohne Arbeit beim Eintritt",
        label_en="Participants left who entered without work",
        definition_de="Personen ohne Arbeit beim Eintritt, die das Vorhaben verlassen haben und "
        "deren Erwerbsstatus beim Austritt bekannt ist. Wer ohne Angabe zu Geschlecht, Alter oder "
        "Bildung ist, zählt nicht.",
        definition_en="Persons without work on entering who left the operation and whose labour "
        "status on leaving is known. Who lacks sex, age or education is not counted.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=left_without_work,
        levels=ABOVE_DISTRICTS,
        units="persons",
        has_to_date=True,
    ),
    Indicator(
        id="participants_employed",
        label_de="In Arbeit nach Austritt",
        label_en="In employment on leaving",
        definition_de="Personen ohne Arbeit beim Eintritt, die bis vier Wochen nach dem Austritt "
        "Arbeit haben. Wer ohne Angabe zu Geschlecht, Alter oder Bildung ist, zählt nicht.",
        definition_en="Persons without work on entering who have work within four weeks of "
        "leaving. Who lacks sex, age or education is not counted.",
        unit="persons",
        kind="count",
        needs=("participants",),
        events=employed_on_leaving,
        levels=ABOVE_DISTRICTS,
        units="persons",
        better="up",
        has_to_date=True,
        eu_code="EECR04",
    ),
    Indicator(
        id="participants_employed_share",
        label_de="Anteil in Arbeit nach Austritt",
        label_en="Share in employment on leaving",
        definition_de="In Arbeit nach Austritt je 100 Austritte von Personen ohne Arbeit beim "
        "Eintritt, deren Erwerbsstatus beim Austritt bekannt ist.",
        definition_en="In employment on leaving per 100 persons who left, had no work on entering "
        "and whose labour status on leaving is known.",
        unit="percent",
        kind="rate",
        needs=("participants",),
        units="persons",
        better="up",
        has_to_date=True,
        numerator="participants_employed",
        denominator="participants_left_without_work",
        scale=100.0,
    ),
    _result(
        "participants_searching",
        "EECR01",
        searching_on_leaving,
        ("Auf Arbeitsuche nach Austritt", "Engaged in job searching on leaving"),
        (
            "Personen, die beim Eintritt nicht erwerbstätig waren und keine Arbeit suchten und bis "
            "vier Wochen nach dem Austritt arbeitslos gemeldet sind.",
            "Persons inactive on entering who are unemployed within four weeks of leaving.",
        ),
    ),
    _result(
        "participants_learning",
        "EECR02",
        learning_on_leaving,
        ("In Ausbildung nach Austritt", "In education or training on leaving"),
        (
            "Personen, die beim Eintritt nicht in Ausbildung waren und es bis vier Wochen nach dem "
            "Austritt sind.",
            "Persons not in training on entering who are in training within four weeks of leaving.",
        ),
    ),
    _result(
        "participants_reached_later",
        "",
        reached_later,
        (
            "Sechs Monate nach Austritt erreichte Teilnehmende ohne Arbeit beim Eintritt",
            "Participants reached six months after leaving who entered without work",
        ),
        (
            "Personen ohne Arbeit beim Eintritt, deren Erwerbsstatus sechs Monate nach dem "
            "Austritt bekannt ist; gezählt an diesem Tag.",
            "Persons without work on entering whose labour status six months after leaving is "
            "known; counted on that day.",
        ),
    ),
    _result(
        "participants_employed_later",
        "EECR05",
        employed_later,
        ("In Arbeit sechs Monate nach Austritt", "In employment six months after leaving"),
        (
            "Personen ohne Arbeit beim Eintritt, die sechs Monate nach dem Austritt Arbeit haben; "
            "gezählt an diesem Tag. Wer nicht erreicht wurde, zählt nicht.",
            "Persons without work on entering who have work six months after leaving; counted on "
            "that day. Who was not reached is not counted.",
        ),
    ),
    Indicator(
        id="participants_employed_later_share",
        label_de="Anteil in Arbeit sechs Monate nach Austritt",
        label_en="Share in employment six months after leaving",
        definition_de="In Arbeit sechs Monate nach Austritt je 100 Personen ohne Arbeit beim "
        "Eintritt, deren Erwerbsstatus dann bekannt ist.",
        definition_en="In employment six months after leaving per 100 persons without work on "
        "entering whose labour status is known then.",
        unit="percent",
        kind="rate",
        needs=("participants",),
        units="persons",
        better="up",
        has_to_date=True,
        numerator="participants_employed_later",
        denominator="participants_reached_later",
        scale=100.0,
    ),
)
