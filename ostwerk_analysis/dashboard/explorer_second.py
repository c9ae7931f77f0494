"""The explorer's second view: a map beside the first, or two indicators on one map."""

from html import escape
from typing import Any

from ..figures.bivariate import CORNERS, NAMED, PAIRS, ink
from ..language import text

LAYOUTS = {
    "": "One map",
    "beside": "Two maps side by side",
    "both": "Two indicators on one map",
}
LISTS = {
    "second": "Second indicator",
    "second-breakdown": "Its breakdown",
    "second-period": "Quarter or year of the second map",
}
"""Fields of what is shown second."""


def controls(language: str) -> str:
    """Let the reader choose the layout, and what is shown second."""
    layouts = "".join(
        f'<option value="{layout}">{escape(text(name, language))}</option>'
        for layout, name in LAYOUTS.items()
    )
    lists = "".join(
        f"<label data-second hidden>{escape(text(said, language))} "
        f'<select name="{name}" autocomplete="off"></select></label>'
        for name, said in LISTS.items()
    )
    return f"""<div class="ow-controls ow-second-choices" role="group"
aria-label="{escape(text("View", language))}">
<label>{escape(text("View", language))}
<select name="view" autocomplete="off">{layouts}</select></label>
{lists}<button type="button" data-second hidden>{escape(text("Close", language))}</button>
</div>
<p class="ow-second-told" role="status"></p>"""


def figure(language: str) -> str:
    """Give the second map as a template, which the script fills."""
    return f"""<template class="ow-second-map"><figure class="ow-figure ow-second">
<figcaption><h2></h2>
<p class="ow-when"></p></figcaption>
<svg class="ow-map" role="group"></svg>
<p class="ow-scale"></p>
<ul class="ow-legend"></ul>
<p class="ow-source"></p>
<details><summary>{escape(text("What is counted", language))}</summary>
<p class="ow-definition"></p></details>
</figure></template>"""


def data() -> dict[str, Any]:
    """Give the nine colours with their inks, and what is said of the corners of their square."""
    return {
        "pairs": [[(colour, ink(colour)) for colour in row] for row in PAIRS],
        "corners": CORNERS,
        "named": NAMED,
    }


def words(language: str) -> dict[str, Any]:
    """Collect the sentences that the browser writes."""
    return {
        "both": text("{first} and {second}", language),
        "square": {
            "district": text("Number of districts of each colour", language),
            "borough": text("Number of boroughs of each colour", language),
        },
        "andMore": text("{names} and {count} more", language),
        "corners": [text(sentence, language) for _, _, sentence in CORNERS],
        "lacking": {
            "district": {
                "suppressed": text("Kept secret in {count} of {all} districts.", language),
                "missing": text("No data in {count} of {all} districts.", language),
            },
            "borough": {
                "suppressed": text("Kept secret in {count} of {all} boroughs.", language),
                "missing": text("No data in {count} of {all} boroughs.", language),
            },
        },
        "ratesOnly": text(
            "Two indicators on one map need shares or rates: a count is high where a district is "
            "large. Choose another first indicator.",
            language,
        ),
        "notHere": text("{indicator} is not published for these areas.", language),
    }
