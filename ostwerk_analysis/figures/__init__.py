"""Figures: pure functions from observations to maps, charts, tables and key figures.

Each gives an object that shows itself in a notebook, on a page and in a report, in German or
English, and that can be read without colours, without sight and without a script.
"""

from .about import about, heading
from .bars import bars, target_bars
from .charts import Chart, time_series
from .doubts import doubts
from .headlines import headlines, reconciled
from .map import district_map
from .statements import gap, startup_survival
from .tables import key_figures, observation_table, targets_reached
from .values import Figure, available

__all__ = [
    "Chart",
    "Figure",
    "about",
    "available",
    "bars",
    "district_map",
    "doubts",
    "gap",
    "heading",
    "headlines",
    "key_figures",
    "observation_table",
    "reconciled",
    "startup_survival",
    "target_bars",
    "targets_reached",
    "time_series",
]
