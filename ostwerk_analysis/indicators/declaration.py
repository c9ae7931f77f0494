"""What an indicator is: declared once, read by computing, tables, maps, downloads and docs."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from ..observations import AREA_LEVELS

if TYPE_CHECKING:
    from ..dataset import Dataset

ABOVE_DISTRICTS = tuple(level for level in AREA_LEVELS if level != "district")

Events = Callable[["Dataset"], pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """A declared indicator.

    Parameters
    ----------
    id : str
        Code in the observations.
    label_de, label_en : str
        Name on pages and in tables.
    definition_de, definition_en : str
        What is counted, and what is not, in a sentence or two.
    unit : str
        ``EUR``, ``FTE``, ``enterprises``, ``percent`` ...
    kind : {"count", "sum", "ratio", "rate", "median"}
        A count is of distinct units; a rate is a part of a whole, a ratio sets two sums against
        each other. Rates and ratios have no events but a numerator and a denominator. A median is
        that of the values of all events in a cell, and missing where there are none: medians do
        not add up, neither over places nor over time.
    timing : {"flow", "stock", "published"}
        A flow happens within a period, a stock is there at its end, a published figure comes with
        its period and area.
    needs : tuple of str
        The input tables it is made from, or ``table.column`` where a column of it may be left out;
        without one of them, or where nothing stands in the column, it is not computed at all.
    events : callable, Dataset -> DataFrame
        One row for each event, with ``district_id``, ``date`` (a stock also ``until``),
        ``unit_id``, ``value``, and a column for each dimension of ``splits``. A value that is
        missing marks the sums and medians that it is missing from; an event without a date counts
        nowhere. A published figure has ``district_id``, ``area_level``, ``period``, ``value`` and
        ``obs_status``.
    splits : tuple of tuple of str
        Breakdowns, each by one or more dimensions. The first is given for every area, the others
        for the city and the programme's areas; ``()`` is the total.
    classes : mapping of str to tuple of str
        Codes of a dimension that are given even where nothing has happened yet: as zeros, medians
        as missing.
    levels, levels_to_date : tuple of str
        The area levels on which it is given, in a period and since the start. A place known only
        by its city has no district; an event so rare that a district's quarter would hold none or
        a confidential one is given for larger areas.
    units : {"enterprises", "persons", "both", ""}
        Whose secrets a cell may tell, for the disclosure rules; ``both`` where a cell may hold
        either, empty for what is public already.
    better : {"up", "down", ""}
        The direction that is an improvement.
    has_to_date : bool
        A second indicator ``<id>_to_date`` gives the same from the programme's start to the end of
        the period, each unit counted once.
    numerator, denominator : str
        Codes of the parts of a rate or ratio.
    scale : float
        Factor of a rate: 100 for percent, 1,000 for "per 1,000 residents".
    eu_code : str
        Code of the common indicator of ERDF (RCO, RCR) or ESF+ (EECO, EECR), where it is one. The
        definition states its counting rule.
    first_period : str
        The first year or quarter of a definition that begins later than the rest of its table;
        empty for the programme's first quarter, and for all that an office has published.
    """

    id: str
    label_de: str
    label_en: str
    definition_de: str
    definition_en: str
    unit: str
    kind: Literal["count", "sum", "ratio", "rate", "median"]
    timing: Literal["flow", "stock", "published"] = "flow"
    needs: tuple[str, ...] = ()
    events: Events | None = None
    splits: tuple[tuple[str, ...], ...] = ((),)
    classes: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    levels: tuple[str, ...] = AREA_LEVELS
    levels_to_date: tuple[str, ...] = AREA_LEVELS
    units: Literal["enterprises", "persons", "both", ""] = ""
    better: Literal["up", "down", ""] = ""
    has_to_date: bool = False
    numerator: str = ""
    denominator: str = ""
    scale: float = 1.0
    eu_code: str = ""
    first_period: str = ""
    is_to_date: bool = dataclasses.field(default=False, init=False)

    def to_date(self) -> "Indicator":
        """Give the indicator that counts from the programme's start."""
        since = dataclasses.replace(
            self,
            id=f"{self.id}_to_date",
            label_de=f"{self.label_de} (seit Beginn)",
            label_en=f"{self.label_en} (since the start)",
            numerator=self.numerator and f"{self.numerator}_to_date",
            denominator=self.denominator and f"{self.denominator}_to_date",
            levels=self.levels_to_date,
            has_to_date=False,
        )
        object.__setattr__(since, "is_to_date", True)
        return since

    @property
    def is_derived(self) -> bool:
        """Whether it is made of two other indicators."""
        return self.kind in {"ratio", "rate"} and bool(self.numerator)

    def row(self) -> dict[str, object]:
        """Give the indicator's row in the catalogue of a release."""
        return {
            "indicator": self.id,
            "label_de": self.label_de,
            "label_en": self.label_en,
            "unit": self.unit,
            "kind": self.kind,
            "timing": self.timing,
            "is_to_date": self.is_to_date,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "scale": self.scale,
            "units": self.units,
            "better": self.better,
            "eu_code": self.eu_code,
            "first_period": self.first_period,
            "definition_de": self.definition_de,
            "definition_en": self.definition_en,
            "source": ", ".join(dict.fromkeys(need.partition(".")[0] for need in self.needs)),
            "breakdowns": "; ".join(" & ".join(split) for split in self.splits if split),
        }


def catalogue_frame(indicators: Iterable[Indicator]) -> pd.DataFrame:
    """Put declarations into a table, one row each."""
    return pd.DataFrame([indicator.row() for indicator in indicators])
