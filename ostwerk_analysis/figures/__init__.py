"""Figures: pure functions from observations to maps, charts, tables and key figures.

Each gives an object that shows itself in a notebook, on a page and in a report, in German or
English, and that can be read without colours, without sight and without a script.
"""

from .about import about, heading
from .answers import answer
from .bars import bars, target_bars
from .certainty import how_sure
from .charts import Chart, time_series
from .doubts import doubts
from .headlines import headlines, reconciled
from .map import district_map
from .soundness import checks, loaded
from .statements import gap
from .survival import startup_survival, survival_curve
from .tables import key_figures, observation_table, targets_reached
from .tree import tree
from .values import Figure, available

__all__ = [
    "Chart",
    "Figure",
    "about",
    "answer",
    "available",
    "bars",
    "checks",
    "district_map",
    "doubts",
    "gap",
    "heading",
    "headlines",
    "how_sure",
    "key_figures",
    "loaded",
    "observation_table",
    "reconciled",
    "startup_survival",
    "survival_curve",
    "target_bars",
    "targets_reached",
    "time_series",
    "tree",
]
