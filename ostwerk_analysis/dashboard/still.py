"""Widgets as plain HTML: what a live page shows before it is live, without a kernel, and on paper.

Only what a widget shows is written: texts, values with their names, figures in outputs. What only
takes something, such as a button, is left out.
"""

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
BOXES = {
    *("VBoxModel", "HBoxModel", "BoxModel", "GridBoxModel"),
    *("AccordionModel", "TabModel", "StackModel"),
}


def still(states: Mapping[str, Mapping[str, Any]], model_id: str) -> str:
    """Write a widget and all that is in it as HTML.

    Parameters
    ----------
    states : mapping
        The state of every widget by its id, as the kernel has sent it.
    model_id : str

    Returns
    -------
    str
        Empty for a widget that shows nothing, or that is not known.
    """
    state = states.get(model_id, {})
    kind = str(state.get("_model_name", ""))
    classes = " ".join(re.sub(r"[^\w -]", "", name) for name in state.get("_dom_classes") or ())
    if kind in BOXES:
        inner = "".join(
            still(states, str(child).removeprefix("IPY_MODEL_")) for child in state["children"]
        )
        return f'<div class="{classes}">{inner}</div>' if inner else ""
    write = WRITTEN.get(kind, _value)
    shown = write(states, state)
    return f'<div class="{classes}">{shown}</div>' if shown and classes else shown


def _value(states: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """Write a value behind its name; of a choice, the name of what is chosen."""
    labels, index = state.get("_options_labels"), state.get("index")
    value = state.get("value")
    if labels is not None:
        chosen = [index] if isinstance(index, int) else list(index or ())
        value = ", ".join(labels[i] for i in chosen)
    if value is None or isinstance(value, bytes | dict):
        return ""
    if isinstance(value, list):
        value = " – ".join(map(str, value))
    name = str(state.get("description", ""))
    return f"<p><b>{escape(name)}</b> {escape(str(value))}</p>"


def _html(states: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    return str(state.get("value", ""))


def _label(states: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    return f"<p>{escape(str(state.get('value', '')))}</p>"


def _outputs(states: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """Write what was printed and shown into an output."""
    parts = []
    for output in state.get("outputs", ()):
        data = output.get("data", {})
        if VIEW in data:
            parts.append(still(states, data[VIEW]["model_id"]))
        elif "text/html" in data:
            parts.append("".join(data["text/html"]))
        elif "image/svg+xml" in data:
            parts.append("".join(data["image/svg+xml"]))
        elif "image/png" in data:
            parts.append(f'<img alt="" src="data:image/png;base64,{escape(data["image/png"])}">')
        elif output.get("name") != "stderr":
            said = output.get("text") or data.get("text/plain") or ""
            parts.append(f"<pre>{escape(''.join(said))}</pre>")
    return "".join(parts)


def _nothing(states: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    return ""


WRITTEN: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = {
    "HTMLModel": _html,
    "HTMLMathModel": _html,
    "LabelModel": _label,
    "OutputModel": _outputs,
    **dict.fromkeys(("ButtonModel", "FileUploadModel", "PlayModel", "PasswordModel"), _nothing),
}
"""Kind of widget = how it is written, where that is not a value behind its name."""
