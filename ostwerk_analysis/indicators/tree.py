"""The programme's tree: what happened under each initiative, lead project and measure.

Whatever happened under a measure happened under all that is above it. So each event stands at its
measure and at every ancestor: an enterprise or person counts once at a node, however many measures
below it had to do with it, and money counts once. The figures of measures that stand side by side
are therefore never added; what is above them has its own.
"""

import pandas as pd

from ..codes import ADVICE
from ..dataset import Dataset
from . import advice, funding, participants
from .aggregate import WHOLE_AREAS
from .declaration import Events, Indicator
from .funnel import met
from .shared import coded, translated


def nodes(data: Dataset) -> pd.DataFrame:
    """Give each measure with every node that it belongs to: itself and what is above it.

    Returns
    -------
    DataFrame
        ``measure``, ``node``.
    """
    parents = {measure.id: measure.parent for measure in data.programme.measures}
    pairs = []
    for measure in parents:
        node = measure
        while node:
            pairs.append((measure, node))
            node = parents[node]
    return pd.DataFrame(pairs, columns=["measure", "node"], dtype="str")


def at_nodes(events: Events) -> Events:
    """Give events of measures at every node above; one without a measure stands nowhere."""

    def at_every_node(data: Dataset) -> pd.DataFrame:
        found, at = events(data), nodes(data)
        measures = found["measure"].cat.categories
        at = at.assign(measure=measures.get_indexer(at["measure"]), node=coded(at["node"]))
        return found.assign(measure=found["measure"].cat.codes).merge(
            at[at["measure"] >= 0], on="measure"
        )

    return at_every_node


def _at_sites(data: Dataset, events: pd.DataFrame) -> pd.DataFrame:
    """Give events the measure that runs their site."""
    measures = data.sites.set_index("site_id")["measure_id"]
    return events.assign(measure=translated(events["site"], measures))


def supported(data: Dataset) -> pd.DataFrame:
    """Enterprises on the day of a grant's approval, or of advice at a site."""
    sessions = met(data).rename(columns={"site_id": "site"})
    sessions = _at_sites(data, sessions[sessions["kind"].isin(ADVICE)])
    columns = ["unit_id", "district_id", "date", "measure"]
    measures = [measure.id for measure in data.programme.measures]
    support = [
        events[columns].assign(measure=events["measure"].cat.set_categories(measures), value=1.0)
        for events in (funding.approved(data), sessions)
    ]
    return pd.concat(support)


def entered(data: Dataset) -> pd.DataFrame:
    """Participants on their first day at a site."""
    return _at_sites(data, participants.entered(data))


def contacts(data: Dataset) -> pd.DataFrame:
    """Contacts at a site."""
    return _at_sites(data, advice.contacts(data))


_ONCE_DE = "Was unter einer Maßnahme geschah, zählt auch bei allem, was im Programm darüber steht."
_ONCE_EN = "What happened under a measure counts at all that stands above it in the programme, too."

INDICATORS = (
    Indicator(
        id="enterprises_by_node",
        label_de="Unterstützte Unternehmen im Programmbaum",
        label_en="Enterprises supported in the programme's tree",
        definition_de="Unternehmen mit bewilligtem Zuschuss einer Maßnahme oder mit Beratung an "
        f"einem ihrer Standorte. {_ONCE_DE} Jedes Unternehmen zählt an jeder Stelle einmal.",
        definition_en="Enterprises with an approved grant of a measure or with advice at one of "
        f"its sites. {_ONCE_EN} Each enterprise counts once at each place.",
        unit="enterprises",
        kind="count",
        needs=("grants", "businesses", "contacts", "sites"),
        events=at_nodes(supported),
        splits=(("node",),),
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
        better="up",
    ).to_date(),
    Indicator(
        id="participants_by_node",
        label_de="Teilnehmende im Programmbaum",
        label_en="Participants in the programme's tree",
        definition_de="Personen, die an einem Standort einer Maßnahme eingetreten sind. "
        f"{_ONCE_DE} Jede Person zählt an jeder Stelle einmal; ohne Standort zählt sie nirgends.",
        definition_en=f"Persons who entered at a site of a measure. {_ONCE_EN} Each person counts "
        "once at each place; one without a site counts nowhere.",
        unit="persons",
        kind="count",
        needs=("participants", "sites"),
        events=at_nodes(entered),
        splits=(("node",),),
        levels_to_date=WHOLE_AREAS,
        units="persons",
        better="up",
    ).to_date(),
    Indicator(
        id="contacts_by_node",
        label_de="Kontakte im Programmbaum",
        label_en="Contacts in the programme's tree",
        definition_de=f"Kontakte an einem Standort einer Maßnahme. {_ONCE_DE}",
        definition_en=f"Contacts at a site of a measure. {_ONCE_EN}",
        unit="contacts",
        kind="sum",
        needs=("contacts", "sites"),
        events=at_nodes(contacts),
        splits=(("node",),),
        levels_to_date=WHOLE_AREAS,
        units="both",
        better="up",
    ).to_date(),
    Indicator(
        id="grants_approved_by_node_eur",
        label_de="Bewilligte Zuschüsse im Programmbaum",
        label_en="Grants approved in the programme's tree",
        definition_de=f"Summe der bewilligten Zuschüsse einer Maßnahme. {_ONCE_DE}",
        definition_en=f"Sum of the grants approved under a measure. {_ONCE_EN}",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses"),
        events=at_nodes(funding.approved),
        splits=(("node",),),
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
    ).to_date(),
    Indicator(
        id="grants_paid_by_node_eur",
        label_de="Ausgezahlte Zuschüsse im Programmbaum",
        label_en="Grants paid in the programme's tree",
        definition_de=f"Summe der ausgezahlten Zuschüsse einer Maßnahme. {_ONCE_DE}",
        definition_en=f"Sum of the grants paid under a measure. {_ONCE_EN}",
        unit="EUR",
        kind="sum",
        needs=("grants", "businesses"),
        events=at_nodes(funding.paid),
        splits=(("node",),),
        levels_to_date=WHOLE_AREAS,
        units="enterprises",
    ).to_date(),
)
