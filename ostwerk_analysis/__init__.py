"""What a city's money does for the local economy of a district.

>>> import ostwerk_analysis as ow
>>> data = ow.load("data/leipzig-demo")
>>> ow.indicators.compute(data, "2026Q3")

Everything is imported when it is first used, so that a command that needs little starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        additionality,
        areas,
        branches,
        catchments,
        convergence,
        corrections,
        disclosure,
        faults,
        figures,
        geo,
        hexagons,
        indicators,
        interpolation,
        observations,
        plausibility,
        rates,
        regional,
        release,
        spatial,
        state_aid,
        survival,
        vintages,
    )
    from .dashboard.assumptions import assumptions
    from .dashboard.explorer import explore
    from .dataset import Dataset
    from .faults import DataError, DisclosureError, NotebookError, OstwerkError, ReleaseError
    from .indicators import Indicator
    from .loading import check, load
    from .periods import parse_quarter
    from .programme import Programme

__version__ = "0.1.0"

__all__ = [
    "DataError",
    "Dataset",
    "DisclosureError",
    "Indicator",
    "NotebookError",
    "OstwerkError",
    "Programme",
    "ReleaseError",
    "additionality",
    "areas",
    "assumptions",
    "branches",
    "catchments",
    "check",
    "convergence",
    "corrections",
    "disclosure",
    "explore",
    "faults",
    "figures",
    "geo",
    "hexagons",
    "indicators",
    "interpolation",
    "load",
    "observations",
    "parse_quarter",
    "plausibility",
    "rates",
    "regional",
    "release",
    "spatial",
    "state_aid",
    "survival",
    "vintages",
]

_HOME = {
    "assumptions": "dashboard.assumptions",
    "check": "loading",
    "load": "loading",
    "Dataset": "dataset",
    "Indicator": "indicators",
    "Programme": "programme",
    "explore": "dashboard.explorer",
    "parse_quarter": "periods",
} | dict.fromkeys(
    ("OstwerkError", "DataError", "DisclosureError", "NotebookError", "ReleaseError"), "faults"
)


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    return import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
