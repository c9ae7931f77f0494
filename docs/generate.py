"""Reference pages made from the code, so that they cannot disagree with it.

Each function gives the Markdown of one page; :func:`write` puts them where ``docs/*.md`` include
them.
"""

import types
from datetime import date
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ostwerk_analysis import programme as models
from ostwerk_analysis.cli import application
from ostwerk_analysis.indicators import FIELDS, Indicator
from ostwerk_analysis.observations import AREA_LEVELS
from ostwerk_analysis.rules import FINDINGS, RULES
from ostwerk_analysis.scaffold import table_reference
from ostwerk_analysis.tables import TABLES

KINDS = {str: "text", bool: "yes/no", int: "whole number", float: "number", date: "date"}
UNITS = {
    "enterprises": "enterprises",
    "persons": "persons",
    "": "nobody: it is public already",
    "both": "enterprises and persons",
}


def write(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(exist_ok=True)
    pages = {
        "programme": programme(),
        "tables": tables(),
        "indicators": indicators(),
        "faults": faults(),
        "findings": findings(),
        "commands": commands(),
    }
    for name, page in pages.items():
        (folder / f"{name}.md").write_text(page, encoding="utf-8")


def programme() -> str:
    """Describe every key of ``programme.toml``."""
    sections = [("[programme]", models.Programme, _own_keys(models.Programme))]
    for name, field in models.Programme.model_fields.items():
        if model := _section_of(field.annotation):
            form = {list: f"[[{name}]]", dict: f"[{name}.NAME]"}
            heading = form.get(get_origin(field.annotation), f"[{name}]")
            sections.append((heading, model, list(model.model_fields)))
            for inner, its in model.model_fields.items():
                if part := _section_of(its.annotation):
                    sections.append((f"[{name}.{inner}]", part, _own_keys(part)))
    return "\n".join(_section(*section) for section in sections)


def _own_keys(model: type[BaseModel]) -> list[str]:
    """Name the keys that are no section of their own."""
    return [
        name
        for name, field in model.model_fields.items()
        if not field.exclude and not _section_of(field.annotation)
    ]


def _section_of(annotation: Any) -> type[models.Section] | None:
    """Give the model of a section, or of the entries of a list or table of sections."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, models.Section) and part is not models.Text:
            return part
    return None


def _section(heading: str, model: type[BaseModel], keys: list[str]) -> str:
    about = (model.__doc__ or "").split("\n\n")[0]
    if model is models.Programme:
        about = "The programme as a whole."
    lines = [f"## `{heading}`", "", " ".join(about.split()), ""]
    lines += [_row("Key", "Value", "If left out", "What it is"), _row(*["---"] * 4)]
    for name in keys:
        field = model.model_fields[name]
        lines.append(_row(f"`{name}`", _kind(field.annotation), _default(field), _text(field)))
    return "\n".join([*lines, ""])


def _kind(annotation: Any) -> str:
    """Say in words what a key takes."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation in KINDS:
        return KINDS[annotation]
    if annotation is models.Text:
        return 'text, or `{ de = "…", en = "…" }`'
    if isinstance(annotation, type) and issubclass(annotation, models.Section):
        return "table of keys, see below"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in parts if value != "")
    if origin in {Union, types.UnionType}:
        return " or ".join(_kind(part) for part in parts if part is not type(None))
    if origin is list:
        return f"list of {_kind(parts[0])}"
    if origin is dict:
        return f"table of {_kind(parts[1])}"
    return "anything"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "**must be given**"
    if isinstance(field.default, bool):
        return "`true`" if field.default else "`false`"
    if isinstance(field.default, str | int | float) and field.default != "":
        return f"`{field.default}`"
    return ""


def _text(field: FieldInfo) -> str:
    if field.description is None:
        raise ValueError(f"a key of programme.toml has no description: {field}")
    return field.description


def tables() -> str:
    """Describe every table and column."""
    written = "\n".join(table_reference(name, "en") for name in TABLES)
    return written.replace("### ", "## ")


def indicators() -> str:
    """Describe every indicator, field by field."""
    lines = []
    for name, declared in FIELDS.items():
        lines += [f"## {name.capitalize()}", ""]
        for indicator in declared:
            lines += [_indicator(indicator), ""]
    return "\n".join(lines)


def _indicator(indicator: Indicator) -> str:
    facts = {
        "German": f"{indicator.label_de}. {indicator.definition_de}",
        "Unit": f"{indicator.unit}, {indicator.kind}, {_when(indicator)}",
        "Made from": ", ".join(f"`{table}`" for table in indicator.needs),
    }
    if indicator.numerator:
        scale = f"{indicator.scale:g} × " if indicator.scale != 1 else ""
        facts["Computed"] = f"{scale}`{indicator.numerator}` / `{indicator.denominator}`"
    else:
        facts["Breakdowns"] = "; ".join(
            " and ".join(f"`{dimension}`" for dimension in split) or "none (the total)"
            for split in indicator.splits
        )
    if indicator.levels != AREA_LEVELS:
        facts["Areas"] = ", ".join(indicator.levels)
    if indicator.has_to_date:
        since = indicator.to_date()
        areas = "all areas" if since.levels == AREA_LEVELS else ", ".join(since.levels)
        facts["Since the start"] = f"`{since.id}`, for {areas}"
    facts["Whose secrets"] = UNITS[indicator.units]
    if indicator.better:
        facts["Improvement"] = f"it goes {indicator.better}"
    if indicator.eu_code:
        facts["EU code"] = indicator.eu_code
    if indicator.first_period:
        facts["First period"] = indicator.first_period
    lines = [f"### `{indicator.id}`: {indicator.label_en}", "", indicator.definition_en, ""]
    return "\n".join(lines + [f"- {name}: {fact}" for name, fact in facts.items()])


def _when(indicator: Indicator) -> str:
    said = {
        "flow": "of what happens in a quarter or year",
        "stock": "of what is there at the end of a quarter",
        "published": "as it was published, for the periods and areas that were",
    }
    return "of its parts" if indicator.is_derived else said[indicator.timing]


def faults() -> str:
    """Describe every rule that a row can break."""
    lines = [_row("Rule", "What it says", "What to do"), _row(*["---"] * 3)]
    lines += [_row(f"`{code}`", rule.text, rule.remedy) for code, rule in RULES.items()]
    return "\n".join([*lines, ""])


def findings() -> str:
    """Describe every kind of finding."""
    lines = [_row("Finding", "Evidence", "What to do"), _row(*["---"] * 3)]
    lines += [_row(one.title, one.text, one.remedy) for one in FINDINGS.values()]
    return "\n".join([*lines, ""])


def commands() -> str:
    """Describe every command with its arguments and options."""
    group = typer.main.get_command(application("en"))
    lines: list[str] = []
    for name, command in group.commands.items():
        given = [p for p in command.params if p.name != "help"]
        arguments = [_argument(p) for p in given if p.param_type_name == "argument"]
        options = ["[OPTIONS]"] if len(given) > len(arguments) else []
        usage = " ".join([f"ostwerk {name}", *arguments, *options])
        about, _, example = command.help.partition("\n\n")
        lines += [f"## `ostwerk {name}`", "", about, "", "```console", f"$ {usage}"]
        lines += [f"$ {example.strip()}"] if example else []
        lines += [
            "```",
            "",
            _row("Argument or option", "Default", "What it is"),
            _row(*["---"] * 3),
        ]
        for parameter in given:
            is_argument = parameter.param_type_name == "argument"
            names = [parameter.name.upper()] if is_argument else parameter.opts
            default = "" if parameter.default in (None, False, "") else f"`{parameter.default}`"
            about = parameter.help or ""
            if parameter.envvar:
                about += f" Also by the environment variable `{parameter.envvar}`."
            lines.append(_row(", ".join(f"`{n}`" for n in names), default, about))
        lines.append("")
    return "\n".join(lines)


def _argument(parameter: Any) -> str:
    name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
