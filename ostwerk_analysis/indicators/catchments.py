"""Who lives and works near the sites: residents, unemployed and enterprises in their catchments.

Official figures are known by district and shared out to the places in it, by addresses or evenly,
see :mod:`ostwerk_analysis.catchments`: they are estimates. Enterprises are counted where they are.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from .. import catchments, geo
from ..dataset import Dataset
from ..language import number
from ..observations import breakdown
from ..periods import from_ordinal, ordinal, quarter_of
from .aggregate import WHOLE_AREAS
from .declaration import Events, Indicator

NO_POINT = "an open site has no point"
INCOMPLETE = "a district near a site has no figure"


def spread_statistic(statistic: str, within_m: float | None) -> Events:
    """Share a statistic of districts out to catchments, for each quarter.

    The figure of a year stands for the quarter in which it ends and the three after it, as it does
    where a rate is set against it. A catchment that reaches into a district without a figure is
    missing, and so is one of which a site has no point.
    """

    def events(data: Dataset) -> pd.DataFrame:
        codes = pd.Index(geo.latest(data.districts)["district_id"])
        figures = _by_quarter(data, statistic).reindex(columns=codes)
        nothing = _cells("", "", "", pd.Series(dtype="float64"), "")
        places, metres = data.catchments.places, data.catchments.metres
        spread = places["is_address"]
        how = (
            catchments.EVENLY
            if not spread.any()
            else catchments.BY_ADDRESSES
            if spread.all()
            else catchments.PARTLY
        )
        if within_m is not None:  # most of a city is far from every site
            is_near = (metres <= within_m).any(axis=1)
            places, metres = places[is_near], metres[is_near]
        district, share = codes.get_indexer(places["district_id"]), places["share"].to_numpy()
        note, sites = catchments.NOTES[_distance(data), how], data.catchments.reach.sites["site_id"]
        areas = data.areas[data.areas["area_level"].isin(WHOLE_AREAS)]
        rows = []
        for is_open, lacks_point, periods in _openings(data, list(figures.index)):
            is_in = catchments.catchment(metres, is_open, within_m)
            by_site, by_any = catchments.district_shares(district, share, is_in, len(codes))
            here = figures.loc[periods]
            for (level, area), inside in areas.groupby(["area_level", "area_id"], sort=False):
                part = inside.get("share", pd.Series(1.0, inside.index)).to_numpy()
                part = pd.Series(part, inside["district_id"]).reindex(codes).fillna(0).to_numpy()
                total = _added(here, by_any * part)
                if lacks_point:
                    rows.append(_cells(level, area, "", total * np.nan, NO_POINT, NO_POINT))
                else:
                    rows.append(_cells(level, area, "", total, note))
                if level == "city":
                    rows += [
                        _cells(level, area, site, _added(here, by_site[:, number]), note)
                        for number, site in enumerate(sites)
                    ]
        return pd.concat(rows, ignore_index=True) if rows else nothing

    return events


def _by_quarter(data: Dataset, statistic: str) -> pd.DataFrame:
    """Give a statistic by quarter and district, from the programme's first quarter on."""
    table = data.statistics
    rows = table[(table["statistic"] == statistic) & (table["area_level"] == "district")]
    rows = rows[["district_id", "period", "value"]]
    is_quarter = rows["period"].str.contains("Q")
    year = rows.loc[~is_quarter, "period"] + "-Q4"
    later = [
        rows[~is_quarter].assign(
            period=year.map(lambda end, step=step: from_ordinal(ordinal(end) + step))
        )
        for step in range(4)
    ]
    stated = pd.concat([rows[is_quarter], *later]).drop_duplicates(["district_id", "period"])
    wide = stated.set_index(["period", "district_id"])["value"].unstack().sort_index()  # noqa: PD010
    return wide[wide.index >= data.programme.first_quarter]


def _openings(data: Dataset, periods: list[str]) -> Iterator[tuple[np.ndarray, bool, list[str]]]:
    """Group quarters by the sites that are open at their end, as enterprises are counted.

    Gives which of the sites with a point are open, whether one without is, and the quarters.
    """
    placed = data.catchments.reach.sites["site_id"]
    sites = data.sites.set_index("site_id")
    first, last = (
        sites[name].map(quarter_of, na_action="ignore").astype("str").fillna(never)
        for name, never in (("opened_on", ""), ("closed_on", "9999-Q4"))
    )
    groups: dict[tuple[bool, ...], list[str]] = {}
    for period in periods:
        is_open = (first <= period) & (period < last)
        lacks_point = bool(is_open[~is_open.index.isin(placed)].any())
        groups.setdefault((*is_open[placed], lacks_point), []).append(period)
    for (*is_open, lacks_point), quarters in groups.items():
        yield np.array(is_open, dtype=bool), lacks_point, quarters


def _added(figures: pd.DataFrame, share: np.ndarray) -> pd.Series:
    """Add up the shares of all districts; missing where one that is needed has no figure."""
    added = figures.fillna(0).to_numpy() @ share
    lacking = (figures.isna().to_numpy() & (share > 0)).any(axis=1)
    return pd.Series(added.round(6), figures.index).mask(lacking)


def _cells(
    level: str,
    area: str,
    site: str,
    values: pd.Series,
    note: str,
    reason: str = INCOMPLETE,
) -> pd.DataFrame:
    """Make published figures of the values of some quarters."""
    return pd.DataFrame(
        {
            "district_id": area,
            "area_level": level,
            "period": values.index,
            "breakdown": breakdown({"site": site}) if site else "",
            "value": values.to_numpy(),
            "obs_status": np.where(values.isna(), "M", "E"),
            "quality_note": np.where(values.isna(), reason, note),
        }
    )


def _distance(data: Dataset) -> str:
    return "line" if data.catchments.reach.network is None else "walk"


def enterprises_within(within_m: float | None) -> Events:
    """Give each enterprise in each catchment, from when both it and the site are there."""

    def events(data: Dataset) -> pd.DataFrame:
        placed = placed_enterprises(data)
        reach = data.catchments.reach
        metres = catchments.distances(catchments.coordinates(placed.pop("geometry")), reach)
        parts = []
        for is_open, start, end in _spells(reach.sites):
            is_in = catchments.catchment(metres, is_open, within_m)
            for site in np.flatnonzero(is_open):
                there = placed[is_in[:, site]]
                parts.append(
                    there.assign(
                        site=reach.sites["site_id"].iloc[site],
                        date=there["date"].clip(lower=start).fillna(start),
                        until=there["until"].clip(upper=end).fillna(end),
                    )
                )
        none = placed.iloc[:0].assign(site=pd.Series(dtype="str"))
        return pd.concat([none, *parts], ignore_index=True).assign(
            quality_note=catchments.NOTES[_distance(data), ""]
        )

    return events


def placed_enterprises(data: Dataset) -> pd.DataFrame:
    """Enterprises whose place is known to the point, from foundation to closing."""
    table = data.businesses
    placed = table[table.geometry.notna()]
    return pd.DataFrame(
        {
            "unit_id": placed["business_id"],
            "district_id": placed["district_id"],
            "date": placed["founded_on"],
            "until": placed["closed_on"],
            "value": 1.0,
            "geometry": placed.geometry,
        }
    )


def _spells(
    sites: pd.DataFrame,
) -> Iterator[tuple[np.ndarray, pd.Timestamp, pd.Timestamp]]:
    """Cut time at every opening and closing: which sites are open, from when, until when."""
    opened = sites["opened_on"].fillna(pd.Timestamp.min)
    closed = sites["closed_on"].fillna(pd.Timestamp.max)
    cuts = sorted({pd.Timestamp.min, *opened, *closed, pd.Timestamp.max})
    for start, end in pairwise(cuts):
        is_open = ((opened <= start) & (closed >= end)).to_numpy()
        if is_open.any():
            yield (
                is_open,
                pd.NaT if start == pd.Timestamp.min else start,
                pd.NaT if end == pd.Timestamp.max else end,
            )


_KINDS = {
    "residents": ("Einwohner", "Residents", "persons"),
    "unemployed": ("Arbeitslose", "Unemployed", "persons"),
    "businesses": ("Unternehmen", "Enterprises", "enterprises"),
}
"""Field of the catalogue = German name, English name, unit."""

_OF_THEM_DE = {"unemployed": "Arbeitslosen"}
"""Kind = its German name after ``der``, where that is another."""


def _metres(within_m: int | None, language: str) -> str:
    """Write a distance as the language does: ``1.000 m``; empty where there is no limit."""
    return number(within_m, "m", language) if within_m else ""


def _declared(kind: str, within_m: int | None) -> Indicator:
    """Declare how many of a kind live or are in the catchments of the sites."""
    german, english, unit = _KINDS[kind]
    is_counted = kind == "businesses"
    far_de, far_en = _metres(within_m, "de"), _metres(within_m, "en")
    where_de = f"höchstens {far_de} von einem offenen Standort"
    where_en = f"at most {far_en} from an open site"
    how_de = (
        "Nach dem Punkt jedes Unternehmens; ohne solche, deren Punkt nicht bekannt ist."
        if is_counted
        else "Die amtliche Zahl des Ortsteils wird auf seine Adressen verteilt, wo ihre Lage "
        "bekannt ist, sonst gleichmäßig auf seine Fläche."
    )
    how_en = (
        "By the point of each enterprise; without those whose point is not known."
        if is_counted
        else "The official figure of the district is spread over its addresses where their points "
        "are known, else evenly over its area."
    )
    how_de += " Über das Fußwegenetz, wenn die Stadt eines angibt, sonst in Luftlinie."
    how_en += " By a walking network if the city gives one, else in a straight line."
    return Indicator(
        id=f"{kind}_within_{within_m}m" if within_m else f"{kind}_nearest_site",
        label_de=f"{german} im Umkreis von {far_de}"
        if within_m
        else f"{german} nach nächstem Standort",
        label_en=f"{english} within {far_en}" if within_m else f"{english} by nearest site",
        definition_de=f"{german} {where_de}, im Einzugsgebiet mehrerer einmal gezählt. {how_de}"
        if within_m
        else f"{german}, jeweils beim nächsten offenen Standort gezählt, wie weit er auch ist. "
        f"{how_de}",
        definition_en=f"{english} {where_en}, in the catchment of several counted once. {how_en}"
        if within_m
        else f"{english}, each at the nearest open site, however far it is. {how_en}",
        unit=unit,
        kind="count",
        timing="stock" if is_counted else "published",
        needs=("sites", "businesses" if is_counted else "statistics"),
        events=enterprises_within(within_m) if is_counted else spread_statistic(kind, within_m),
        splits=((), ("site",)),
        levels=WHOLE_AREAS,
        units="enterprises" if is_counted else "",
    )


def _share(kind: str, within_m: int) -> Indicator:
    """Declare the share of a kind that is within reach of a site."""
    german, english, _ = _KINDS[kind]
    far_de, far_en = _metres(within_m, "de"), _metres(within_m, "en")
    of_all_de, of_all_en = f"{german} des Gebiets", f"{english.lower()} of the area"
    if kind == "businesses":
        of_all_de += ", deren Punkt bekannt ist"
        of_all_en += " whose point is known"
    return Indicator(
        id=f"{kind}_within_{within_m}m_share",
        label_de=f"Anteil der {_OF_THEM_DE.get(kind, german)} im Umkreis von {far_de}",
        label_en=f"Share of {english.lower()} within {far_en}",
        definition_de=f"{german} höchstens {far_de} von einem offenen Standort, je 100 "
        f"{of_all_de}.",
        definition_en=f"{english} at most {far_en} from an open site, per 100 {of_all_en}.",
        unit="percent",
        kind="rate",
        needs=("sites", "businesses" if kind == "businesses" else "statistics"),
        units="enterprises" if kind == "businesses" else "",
        better="up",
        numerator=f"{kind}_within_{within_m}m",
        denominator="businesses_placed" if kind == "businesses" else kind,
        scale=100.0,
    )


INDICATORS = (
    *(_declared(kind, distance) for kind in _KINDS for distance in (*catchments.WITHIN_M, None)),
    Indicator(
        id="businesses_placed",
        label_de="Unternehmen mit bekanntem Punkt",
        label_en="Enterprises whose point is known",
        definition_de="Unternehmen am Ende des Zeitraums, deren Ort auf den Punkt genau bekannt "
        "ist.",
        definition_en="Enterprises at the end of the period whose place is known to the point.",
        unit="enterprises",
        kind="count",
        timing="stock",
        needs=("sites", "businesses"),
        events=lambda data: placed_enterprises(data).drop(columns="geometry"),
        levels=WHOLE_AREAS,
        units="enterprises",
    ),
    *(_share(kind, distance) for kind in _KINDS for distance in catchments.WITHIN_M),
)
