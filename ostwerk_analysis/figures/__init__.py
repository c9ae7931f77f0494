"""Figures: pure functions from observations to maps, charts, tables and key figures.

Each gives an object that shows itself in a notebook, on a page and in a report, in German or
English, and that can be read without colours, without sight and without a script.

Numbers in words: ``achieved`` (the main result), ``cards`` (key figures), ``answers``, ``verdicts``
and ``statements`` (gaps), ``certainty`` and ``ratios`` (how sure), ``soundness``, ``doubts`` and
``about`` (the data), ``headlines``, ``aid``. From gross to net: ``additionality``. Tables:
``tables``, ``tree``. Charts: ``charts`` (through time), ``timeline`` (with milestones), ``bars``,
``flow``, ``sectors`` (branches), ``survival``. Maps: ``map``, ``small_multiples``, ``bivariate``,
``clusters``, ``catchments``, ``tiles`` (one hexagon for each district); beside them ``smoothed``
and ``robustness``.

What they share: ``values`` (how a value is written), ``sentences``, ``drawing``; for maps
``outlines``, ``classes``, ``encoding`` (colours) and ``symbols`` (circles).
"""

from .about import about, heading, to_explorer
from .achieved import achieved, main_result, mapped_result
from .additionality import additionality
from .aid import state_aid
from .answers import answer
from .bars import bars, target_bars
from .bivariate import bivariate_map
from .cards import key_figures
from .catchments import catchment_map
from .certainty import how_sure
from .changes import changes
from .charts import Chart, time_series
from .clusters import cluster_map
from .composition import composition
from .doubts import doubts
from .flow import flow
from .funnel import funnel
from .headlines import headlines, reconciled
from .lacking import completeness, missing, withheld
from .map import district_map
from .operations import operations
from .provenance import corrections, files_read, provenance
from .ratios import ratio_intervals
from .robustness import enterprise_robustness, robustness
from .sectors import concentration, location_quotients, shift_share
from .sentences import beside, folded
from .shares import participants, shares
from .site_use import site_use
from .small_multiples import small_multiples
from .smoothed import smoothed_rates
from .soundness import checks, loaded, tables_read
from .stair import job_stair
from .statements import gap
from .survival import startup_survival, startups_lasting, survival_curve
from .tables import observation_table, targets_reached
from .timeline import timeline
from .tree import tree
from .values import Figure, available
from .verdicts import verdicts

__all__ = [
    "Chart",
    "Figure",
    "about",
    "achieved",
    "additionality",
    "answer",
    "available",
    "bars",
    "beside",
    "bivariate_map",
    "catchment_map",
    "changes",
    "checks",
    "cluster_map",
    "completeness",
    "composition",
    "concentration",
    "corrections",
    "district_map",
    "doubts",
    "enterprise_robustness",
    "files_read",
    "flow",
    "folded",
    "funnel",
    "gap",
    "heading",
    "headlines",
    "how_sure",
    "job_stair",
    "key_figures",
    "loaded",
    "location_quotients",
    "main_result",
    "mapped_result",
    "missing",
    "observation_table",
    "operations",
    "participants",
    "provenance",
    "ratio_intervals",
    "reconciled",
    "robustness",
    "shares",
    "shift_share",
    "site_use",
    "small_multiples",
    "smoothed_rates",
    "startup_survival",
    "startups_lasting",
    "state_aid",
    "survival_curve",
    "tables_read",
    "target_bars",
    "targets_reached",
    "time_series",
    "timeline",
    "to_explorer",
    "tree",
    "verdicts",
    "withheld",
]
