"""Figures of official statistics, taken over as they were published."""

import pandas as pd

from ..dataset import Dataset
from .declaration import Events, Indicator

COLUMNS = ["district_id", "area_level", "period", "value", "obs_status"]


def published(statistic: str) -> Events:
    """Give the figures of one statistic, in every area and period that the office publishes."""

    def events(data: Dataset) -> pd.DataFrame:
        table = data.statistics
        return table.loc[table["statistic"] == statistic, COLUMNS]

    return events


INDICATORS = (
    Indicator(
        id="residents",
        label_de="Einwohner",
        label_en="Residents",
        definition_de="Einwohner mit Hauptwohnsitz nach der Statistik der Stadt.",
        definition_en="Residents with their main home here, by the city's statistics.",
        unit="persons",
        kind="count",
        timing="published",
        needs=("statistics",),
        events=published("residents"),
    ),
    Indicator(
        id="residents_working_age",
        label_de="Einwohner im erwerbsfähigen Alter",
        label_en="Residents of working age",
        definition_de="Einwohner von 15 bis unter 65 Jahren nach der Statistik der Stadt.",
        definition_en="Residents from 15 to under 65 years, by the city's statistics.",
        unit="persons",
        kind="count",
        timing="published",
        needs=("statistics",),
        events=published("residents_working_age"),
    ),
    Indicator(
        id="unemployed",
        label_de="Arbeitslose",
        label_en="Unemployed",
        definition_de="Arbeitslos gemeldete Personen nach der Statistik der Stadt.",
        definition_en="Persons registered as unemployed, by the city's statistics.",
        unit="persons",
        kind="count",
        timing="published",
        needs=("statistics",),
        events=published("unemployed"),
        better="down",
    ),
    Indicator(
        id="unemployed_share",
        label_de="Arbeitslosenanteil",
        label_en="Unemployed share",
        definition_de="Arbeitslose je 100 Einwohner im erwerbsfähigen Alter. Keine "
        "Arbeitslosenquote im Sinn der Bundesagentur: im Nenner stehen alle Einwohner.",
        definition_en="Unemployed per 100 residents of working age. Not the official unemployment "
        "rate: the denominator is all residents.",
        unit="percent",
        kind="rate",
        needs=("statistics",),
        better="down",
        numerator="unemployed",
        denominator="residents_working_age",
        scale=100.0,
    ),
    Indicator(
        id="unemployed_share_published",
        label_de="Arbeitslosenanteil, amtlich",
        label_en="Unemployed share, as published",
        definition_de="Anteil der Arbeitslosen an den Erwerbsfähigen, wie ihn die Stadt "
        "veröffentlicht.",
        definition_en="Share of the unemployed in residents of working age, as the city publishes "
        "it.",
        unit="percent",
        kind="rate",
        timing="published",
        needs=("statistics",),
        events=published("unemployed_share_pct"),
        better="down",
    ),
    Indicator(
        id="sgb2_communities",
        label_de="Bedarfsgemeinschaften (SGB II)",
        label_en="Communities of need (SGB II)",
        definition_de="Bedarfsgemeinschaften nach dem SGB II, nach der Statistik der Stadt.",
        definition_en="Households receiving basic income support (SGB II), by the city's "
        "statistics.",
        unit="households",
        kind="count",
        timing="published",
        needs=("statistics",),
        events=published("sgb2_communities"),
        better="down",
    ),
    Indicator(
        id="unemployed_per_1000_residents",
        label_de="Arbeitslose je 1.000 Einwohner",
        label_en="Unemployed per 1,000 residents",
        definition_de="Arbeitslos gemeldete Personen je 1.000 Einwohner jeden Alters: für lange "
        "Reihen, zu denen das Alter der Einwohner fehlt.",
        definition_en="Persons registered as unemployed per 1,000 residents of any age: for long "
        "series that lack the residents' age.",
        unit="per 1,000 residents",
        kind="rate",
        needs=("statistics",),
        better="down",
        numerator="unemployed",
        denominator="residents",
        scale=1000.0,
    ),
    Indicator(
        id="sgb2_communities_per_1000_residents",
        label_de="Bedarfsgemeinschaften je 1.000 Einwohner",
        label_en="Communities of need per 1,000 residents",
        definition_de="Bedarfsgemeinschaften nach dem SGB II je 1.000 Einwohner.",
        definition_en="Households receiving basic income support (SGB II) per 1,000 residents.",
        unit="per 1,000 residents",
        kind="rate",
        needs=("statistics",),
        better="down",
        numerator="sgb2_communities",
        denominator="residents",
        scale=1000.0,
    ),
    Indicator(
        id="sgb2_persons",
        label_de="Personen in Bedarfsgemeinschaften (SGB II)",
        label_en="Persons in communities of need (SGB II)",
        definition_de="Personen, die in Bedarfsgemeinschaften nach dem SGB II leben, nach der "
        "Statistik der Stadt.",
        definition_en="Persons living in households that receive basic income support (SGB II), by "
        "the city's statistics.",
        unit="persons",
        kind="count",
        timing="published",
        needs=("statistics",),
        events=published("sgb2_persons"),
        better="down",
    ),
    Indicator(
        id="sgb2_share",
        label_de="SGB-II-Anteil",
        label_en="SGB II share",
        definition_de="Personen in Bedarfsgemeinschaften nach dem SGB II je 100 Einwohner jeden "
        "Alters. Keine SGB-II-Quote im Sinn der Bundesagentur: Sie zählt nur Einwohner unter der "
        "Altersgrenze.",
        definition_en="Persons in households that receive basic income support (SGB II) per 100 "
        "residents of any age. Not the official quota, which counts only residents below the age "
        "of retirement.",
        unit="percent",
        kind="rate",
        needs=("statistics",),
        better="down",
        numerator="sgb2_persons",
        denominator="residents",
        scale=100.0,
    ),
    Indicator(
        id="craft_businesses_per_1000_residents",
        label_de="Handwerksdichte",
        label_en="Craft businesses per 1,000 residents",
        definition_de="Handwerksbetriebe nach der Statistik der Stadt je 1.000 Einwohner.",
        definition_en="Craft businesses by the city's statistics per 1,000 residents.",
        unit="per 1,000 residents",
        kind="rate",
        needs=("statistics",),
        better="up",
        numerator="craft_businesses",
        denominator="residents",
        scale=1000.0,
    ),
)
