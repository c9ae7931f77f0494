"""Participants who have left: what they do then, and six months later."""

import pandas as pd

from ..dataset import Dataset
from .aggregate import WHOLE_AREAS
from .declaration import ABOVE_DISTRICTS, Events, Indicator
from .participants import EMPLOYED, INACTIVE, UNEMPLOYED, placed


def left(data: Dataset) -> pd.DataFrame:
    """Participants on their last day."""
    table = placed(data).dropna(subset="left_on")
    return table.assign(date=table["left_on"])


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


def self_employed_on_leaving(data: Dataset) -> pd.DataFrame:
    """Those of :func:`employed_on_leaving` who work for themselves."""
    return _after(data, "labour_status_out", (*UNEMPLOYED, *INACTIVE), ("self_employed",))


def qualified_on_leaving(data: Dataset) -> pd.DataFrame:
    """Participants who gained a qualification; not known where that was not recorded."""
    return _achieved(data, "has_gained_qualification", (*UNEMPLOYED, *INACTIVE, *EMPLOYED))


def better_placed_later(data: Dataset) -> pd.DataFrame:
    """Participants in work on entering who have a better position six months after leaving."""
    return _achieved(data, "has_better_position_6m", EMPLOYED, months=6)


def due_later(data: Dataset) -> pd.DataFrame:
    """Participants without work on entering, six months after leaving, reached or not."""
    return _after(data, "left_on", (*UNEMPLOYED, *INACTIVE), months=6)


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
    table = placed(data).dropna(subset=["left_on", column])
    table = table[table["is_complete"] & table["labour_status_in"].isin(before)]
    if after:
        table = table[table[column].isin(after)]
    return table.assign(date=table["left_on"] + pd.DateOffset(months=months))


def _achieved(data: Dataset, column: str, before: tuple[str, ...], months: int = 0) -> pd.DataFrame:
    """Give those with a yes, and with a missing value those of whom neither yes nor no is known."""
    table = placed(data).dropna(subset="left_on")
    table = table[table["is_complete"] & table["labour_status_in"].isin(before)]
    table = table[table[column].fillna(True).astype(bool)]
    return table.assign(
        date=table["left_on"] + pd.DateOffset(months=months),
        value=table["value"].where(table[column].notna()),
    )


def _result(
    code: str,
    eu_code: str,
    events: Events,
    labels: tuple[str, str],
    definitions: tuple[str, str],
    needs: tuple[str, ...] = ("participants",),
) -> Indicator:
    """Declare what became of those who left."""
    return Indicator(
        id=code,
        label_de=labels[0],
        label_en=labels[1],
        definition_de=f"{definitions[0]} Wer ohne Angabe zu Geschlecht, Alter, Bildung oder "
        "Erwerbsstatus beim Eintritt ist, zählt nicht.",
        definition_en=f"{definitions[1]} Who lacks sex, age, education or labour status on "
        "entering is not counted.",
        unit="persons",
        kind="sum",
        needs=needs,
        events=events,
        levels=WHOLE_AREAS,
        levels_to_date=ABOVE_DISTRICTS,
        units="persons",
        better="up" if eu_code else "",
        has_to_date=True,
        eu_code=eu_code,
    )


INDICATORS = (
    Indicator(
        id="participants_left",
        label_de="Austritte von Teilnehmenden",
        label_en="Participants left",
        definition_de="Personen, die ein Vorhaben verlassen haben, in jedem einmal gezählt, mit "
        "dem letzten Austritt. Wer wiederkam und noch teilnimmt, zählt nicht.",
        definition_en="Persons who left an operation, each counted once in it, on leaving for the "
        "last time. Who came back and still takes part is not counted.",
        unit="persons",
        kind="sum",
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
        kind="sum",
        needs=("participants",),
        events=left_without_work,
        splits=((), ("labour_status",)),
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
        kind="sum",
        needs=("participants",),
        events=employed_on_leaving,
        splits=((), ("labour_status",)),
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
        "participants_self_employed",
        "",
        self_employed_on_leaving,
        ("Selbstständig nach Austritt", "Self-employed on leaving"),
        (
            "Der Teil derer in Arbeit nach Austritt, der sich selbstständig gemacht hat: "
            "Gründungen von Teilnehmenden.",
            "The part of those in employment on leaving who work for themselves: start-ups by "
            "participants.",
        ),
    ),
    _result(
        "participants_qualified",
        "EECR03",
        qualified_on_leaving,
        ("Mit Qualifizierung nach Austritt", "Gained a qualification on leaving"),
        (
            "Personen, die bis vier Wochen nach dem Austritt eine Qualifizierung erlangt haben. Wo "
            "das nicht festgehalten ist, ist die Zahl nicht vollständig.",
            "Persons who gained a qualification by four weeks after leaving. Where that was not "
            "recorded, the figure is not complete.",
        ),
        ("participants.has_gained_qualification",),
    ),
    _result(
        "participants_due_later",
        "",
        due_later,
        (
            "Vor sechs Monaten ausgetretene Teilnehmende ohne Arbeit beim Eintritt",
            "Participants who left six months ago and entered without work",
        ),
        (
            "Personen ohne Arbeit beim Eintritt, deren Austritt sechs Monate her ist, erreicht "
            "oder nicht; gezählt an diesem Tag.",
            "Persons without work on entering who left six months ago, reached or not; counted on "
            "that day.",
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
    Indicator(
        id="participants_reached_share",
        label_de="Sechs Monate nach Austritt erreichter Anteil",
        label_en="Share reached six months after leaving",
        definition_de="Erreichte je 100 Personen ohne Arbeit beim Eintritt, deren Austritt sechs "
        "Monate her ist. Je kleiner der Anteil, desto unsicherer ist, was über sie gesagt wird.",
        definition_en="Reached per 100 persons without work on entering who left six months ago. "
        "The smaller the share, the less certain is what is said of them.",
        unit="percent",
        kind="rate",
        needs=("participants",),
        units="persons",
        better="up",
        has_to_date=True,
        numerator="participants_reached_later",
        denominator="participants_due_later",
        scale=100.0,
    ).to_date(),
    _result(
        "participants_better_placed_later",
        "EECR06",
        better_placed_later,
        ("Bessere Lage sechs Monate nach Austritt", "Better placed six months after leaving"),
        (
            "Personen mit Arbeit beim Eintritt, deren Lage am Arbeitsmarkt sechs Monate nach dem "
            "Austritt besser ist: dauerhafte, volle oder höher qualifizierte Arbeit, mehr "
            "Verantwortung. Wo das nicht festgehalten ist, ist die Zahl nicht vollständig.",
            "Persons in work on entering whose situation is better six months after leaving: "
            "stable, full or more qualified work, more responsibility. Where that was not "
            "recorded, the figure is not complete.",
        ),
        ("participants.has_better_position_6m",),
    ),
)
