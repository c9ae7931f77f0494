"""The what-if of additionality: move the assumptions, and the stairs from gross to net follow."""

from html import escape
from typing import TYPE_CHECKING, Any

from ..additionality import SHARES, STEPS, Assumptions
from ..figures.additionality import JOBS, MEANINGS, NAMES, Stairs, additionality
from ..language import number, text
from ..release import Release

if TYPE_CHECKING:
    from ..programme import Assumption

MOST_MULTIPLIER = 2.0
"""End of the multiplier's slider, unless a larger one is stated."""


def assumptions(published: Release, language: str = "de") -> Any:
    """Give sliders for all assumptions, and the stairs that they lead to.

    Parameters
    ----------
    published : Release
        Its ``additionality`` is what the sliders begin with and return to.
    language : {"de", "en"}

    Returns
    -------
    Widget or Figure
        A figure that says so where the release states no assumptions or has nothing verified.
    """
    import ipywidgets as widgets  # type: ignore[import-untyped]

    stated = published.additionality
    observed = published.observed(JOBS, "city")

    def drawn(chosen: Assumptions | None) -> Any:
        return additionality(
            observed,
            stated,
            published.quarter,
            published.city,
            catalogue=published.catalogue,
            language=language,
            chosen=chosen,
        )

    first = drawn(None)
    if stated is None or not isinstance(first, Stairs):
        return first
    central = Assumptions.central(stated)
    names = {step: text(NAMES[step], language) for step in STEPS}
    heads = {step: widgets.HTML() for step in STEPS}
    sliders = {
        step: widgets.FloatSlider(
            value=getattr(central, step),
            **_ends(step, getattr(stated, step)),
            readout=False,
            tooltip=names[step],
        ).add_class(f"ow-keep-{step.removesuffix('_pct')}")
        for step in STEPS
    }
    stairs = widgets.HTML()
    net = widgets.HTML().add_class("ow-status")
    reset = widgets.Button(description=text("Back to the stated values", language))

    def redraw(*_: Any) -> None:
        chosen = Assumptions(**{step: slider.value for step, slider in sliders.items()})
        figure = drawn(chosen)
        stairs.value = figure.html
        net.value = _line(text("Net: the programme's own addition", language), figure.net)
        for step, head in heads.items():
            assumed = _written(step, getattr(chosen, step), language)
            head.value = _head(step, names[step], assumed, getattr(stated, step), language)

    def begin_again(*_: Any) -> None:
        for step, slider in sliders.items():
            slider.value = getattr(central, step)

    for slider in sliders.values():
        slider.observe(redraw, "value")
    reset.on_click(begin_again)
    redraw()
    rows = [widgets.VBox([heads[step], sliders[step]]) for step in STEPS]
    choose = widgets.VBox([*rows, reset, net]).add_class("ow-choose")
    return widgets.VBox([choose, stairs]).add_class("ow-assumptions")


def _ends(step: str, one: "Assumption") -> dict[str, float]:
    """Give a slider's ends and step."""
    if step in SHARES:
        return {"min": 0.0, "max": 100.0, "step": 1.0}
    return {"min": 1.0, "max": max(MOST_MULTIPLIER, one.high), "step": 0.01}


def _written(step: str, value: float, language: str) -> str:
    if step in SHARES:
        return number(value, "percent", language)
    return f"×\u00a0{number(value, '', language, 2)}"


def _line(name: str, value: str) -> str:
    return f'<p class="ow-assumed"><b>{escape(name)}</b> <b>{escape(value)}</b></p>'


def _head(step: str, name: str, chosen: str, one: "Assumption", language: str) -> str:
    """Write over a slider what it stands for, where it stands, and what is stated."""
    span = text(
        "Stated: {central}, from {low} to {high}.",
        language,
        **{end: _written(step, getattr(one, end), language) for end in ("low", "central", "high")},
    )
    return (
        f'<div class="ow" lang="{language}">{_line(name, chosen)}'
        f'<p class="ow-note">{escape(text(MEANINGS[step], language))}. {escape(span)} '
        f"{escape(getattr(one.source, language))}</p></div>"
    )
