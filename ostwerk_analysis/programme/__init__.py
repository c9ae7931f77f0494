"""The programme file: everything that is particular to a city, checked on reading.

``programme.toml`` names the city, the tree of measures, areas, sources, targets and rules. Nothing
of it stands in the package's code, so another city is another file.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from os.path import normpath
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from .. import periods
from ..faults import DataError, nearest
from ..language import Sentence, joined
from .sections import (
    FETCHED,
    FETCHING,
    Additionality,
    Area,
    Assumption,
    Benchmark,
    City,
    Correction,
    DisclosureRules,
    Headline,
    Id,
    Measure,
    Milestone,
    Notebook,
    Pages,
    PeriodRules,
    Published,
    RunRules,
    Section,
    Source,
    Target,
    Text,
)

__all__ = [
    "FETCHED",
    "Additionality",
    "Area",
    "Assumption",
    "Benchmark",
    "City",
    "Correction",
    "DisclosureRules",
    "Headline",
    "Measure",
    "Milestone",
    "Notebook",
    "Pages",
    "PeriodRules",
    "Programme",
    "Published",
    "RunRules",
    "Section",
    "Source",
    "Target",
    "Text",
]

_NAMES = r"(password|passwort|passwd|pwd|secret|token|api[_-]?key)"
SECRET = re.compile(_NAMES + "s?$", re.IGNORECASE)
CREDENTIALS = re.compile(rf"://[^/\s:@]+:[^/\s@]+@|[?&][^=&\s]*{_NAMES}=[^&\s]", re.IGNORECASE)

REASONS = {
    "string_type": "must be a text",
    "list_type": "must be a list",
    **dict.fromkeys(("dict_type", "model_type"), "must be a table of keys"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "must be a number"),
    **dict.fromkeys(
        ("date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "must be a date such as 2026-12-31",
    ),
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "literal_error": "must be one of: {expected}",
    "string_pattern_mismatch": "may hold letters, digits and . _ - only, no mark first",
}
"""Kind of a fault that pydantic finds = how we say it."""


class Programme(Section):
    """A checked ``programme.toml``; the keys of its ``[programme]`` table come first."""

    id: Id = Field(description="Code of the programme, and folder of its releases.")
    name: Text = Field(description="Name, for pages.")
    description: Text | None = Field(
        None, description="What it is, in one line, for the page that lists all programmes."
    )
    is_demonstration: bool = Field(
        False, description="Marks every page and file as demonstration data."
    )
    first_quarter: str = Field(description="First quarter of the series.")
    crs: str = Field(description="Metric coordinate system, such as EPSG:25833.")
    seed: int = Field(0, description="Seed of everything random.")
    data_as_of: date | None = Field(
        None,
        description="Day up to which the data reach; rows with an event after it are set aside.",
    )
    wz_version: Literal["", "2008", "2025"] = Field(
        "",
        description="Edition of the WZ to publish in, into which codes of the other one are "
        "brought; each in its own if left out.",
    )
    main_indicator: str = Field(
        "",
        description="Code of the indicator that says what the programme has achieved; that of the "
        "first target if left out.",
    )
    publishes_operations: bool = Field(
        False,
        description="The table `operations` is the public list of Art. 49(3) of Regulation (EU) "
        "2021/1060, to be published operation by operation.",
    )
    allow_outside: bool = Field(False, description="Sources may lie outside the folder.")
    fault_limit_pct: float = Field(
        1.0, ge=0, le=100, description="Share of a source's rows that may be set aside, in percent."
    )
    city: City
    measures: list[Measure] = Field([])
    milestones: list[Milestone] = Field([])
    areas: list[Area] = Field([])
    sources: list[Source] = Field([])
    corrections: list[Correction] = Field([])
    targets: list[Target] = Field([])
    headlines: list[Headline] = Field([])
    benchmarks: list[Benchmark] = Field([])
    additionality: Additionality | None = None
    disclosure: DisclosureRules = DisclosureRules()
    notebooks: dict[str, Notebook] = Field({})
    run: RunRules = RunRules()
    published: Published = Published()
    pages: Pages = Pages()
    _path: Path = PrivateAttr(Path("programme.toml"))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        wrong = [*self._wrong_ids(), *self._wrong_tree(), *self._wrong_measures()]
        if wrong := [*wrong, *self._wrong_sources(), *self._wrong_corrections()]:
            raise ValueError(joined("\n  ", wrong))
        return self

    def _wrong_ids(self) -> Iterator[Sentence]:
        """Say which codes stand twice, and what else does not fit together."""
        try:
            periods.parse_quarter(self.first_quarter)
        except DataError as error:
            yield Sentence("{place}: {reason}", place="first_quarter", reason=error)
        lists: dict[str, list[str]] = {
            "measures": [measure.id for measure in self.measures],
            "areas, city": [area.id for area in self.areas] + [self.city.id],
            "headlines": [headline.id for headline in self.headlines],
            "corrections": [correction.id for correction in self.corrections],
            "benchmarks": [str(benchmark.months) for benchmark in self.benchmarks],
        }
        for name, codes in lists.items():
            if doubled := sorted({code for code in codes if codes.count(code) > 1}):
                said = "{name}: the id '{id}' stands twice; each needs its own"
                yield Sentence(said, name=name, id=doubled[0])
        for measure in self.measures:
            if measure.starts_on and measure.ends_on and measure.ends_on < measure.starts_on:
                yield Sentence("measures: '{id}' ends before it starts", id=measure.id)

    def _wrong_tree(self) -> Iterator[Sentence]:
        """Say which parents are not there, and which measures are their own ancestors."""
        parents = {measure.id: measure.parent for measure in self.measures}
        for code, parent in parents.items():
            if parent and parent not in parents:
                near = nearest(parent, parents)
                yield Sentence(
                    "measures: parent '{parent}' of '{id}' is not a measure; did you mean "
                    "'{near}'?",
                    parent=parent,
                    id=code,
                    near=near,
                )
            ancestors: list[str] = []
            while parent and parent not in ancestors:
                ancestors.append(parent)
                parent = parents.get(parent, "")
            if code in ancestors:
                yield Sentence("measures: '{id}' is its own ancestor", id=code)

    def _wrong_measures(self) -> Iterator[Sentence]:
        """Say which milestones, targets and headlines name a measure that is not there."""
        ids = [measure.id for measure in self.measures]
        of_measures: dict[str, list[Any]] = {
            "milestones": self.milestones,
            "targets": self.targets,
            "headlines": self.headlines,
        }
        for name, entries in of_measures.items():
            for entry in entries:
                if entry.measure_id and entry.measure_id not in ids:
                    near = nearest(entry.measure_id, ids)
                    yield Sentence(
                        "{name}: measure_id '{id}' is not a measure; did you mean '{near}'?",
                        name=name,
                        id=entry.measure_id,
                        near=near,
                    )

    def _wrong_sources(self) -> Iterator[Sentence]:
        """Say which files would be fetched from two places, or over a file of the programme."""
        first: dict[str, Source] = {}
        for source in self.sources:
            if not source.address:
                continue
            path = normpath(source.path)
            if path in ("programme.toml", FETCHED):
                yield Sentence("sources: '{path}' cannot be fetched; choose another", path=path)
            known = first.setdefault(path, source)
            if any(getattr(known, key) != getattr(source, key) for key in FETCHING):
                yield Sentence(
                    "sources: '{path}' is to be fetched in two ways; state the address once",
                    path=path,
                )

    def _wrong_corrections(self) -> Iterator[Sentence]:
        """Say which corrections do not name one source."""
        for correction in self.corrections:
            meant = [source for source in self.sources if correction.is_of(source)]
            if not meant:
                yield Sentence(
                    "corrections: source '{source}' of '{id}' is not among the sources; did you "
                    "mean '{near}'?",
                    source=correction.source,
                    id=correction.id,
                    near=nearest(correction.source, [source.path for source in self.sources]),
                )
            if len(meant) > 1:
                yield Sentence(
                    "corrections: '{id}' fits several sources; state its table, and keep one "
                    "source of a file for each table",
                    id=correction.id,
                )

    @property
    def path(self) -> Path:
        """The file that was read."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder from which the sources' paths count."""
        return self.path.parent

    @property
    def files(self) -> list[Source]:
        """Every file that is read: of the sources, and of areas with polygons of their own."""
        return [*self.sources, *(area.outline for area in self.areas if area.geometry)]

    def source_path(self, source: Source) -> Path:
        """Resolve a source's path, and refuse one that leaves the programme's folder.

        Raises
        ------
        DataError
            If the path, links followed, lies outside and ``allow_outside`` is not set, or leads
            nowhere.
        """
        try:
            path = (self.folder / source.path).resolve()
        except (OSError, RuntimeError):  # which one depends on the version of Python
            raise DataError(
                "{file}: the source {source} is a link that leads in circles. Put the file there.",
                file=self.path.name,
                source=source.path,
            ) from None
        if not self.allow_outside and not path.is_relative_to(self.folder.resolve()):
            raise DataError(
                "{file}: the source {source} lies outside the programme's folder. Move it in, or "
                "set allow_outside = true.",
                file=self.path.name,
                source=source.path,
            )
        return path

    @classmethod
    def read(cls, path: str | Path) -> "Programme":
        """Read and check a programme.

        Parameters
        ----------
        path : str or Path
            The folder of a programme or its TOML file.

        Raises
        ------
        DataError
            If the file is missing or wrong: all faults at once, each with its place.
        """
        path = Path(path)
        path = path / "programme.toml" if path.is_dir() else path
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise DataError(
                "{path} does not exist. Name a programme's folder, or make one with: "
                "ostwerk init DIR",
                path=path,
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise DataError("{path} cannot be read: {error}", path=path, error=error) from None
        _refuse_secrets(document, path)
        head = document.pop("programme", {})
        doubled = sorted(document.keys() & head.keys()) if isinstance(head, dict) else ["programme"]
        if doubled:
            raise DataError(
                "{path}: {keys} must stand either in [programme] or beside it, not in both.",
                path=path,
                keys=", ".join(doubled),
            )
        try:
            programme = cls.model_validate(head | document)
        except ValidationError as error:
            lines = [_said(fault) for fault in error.errors()]
            raise DataError(
                "{path} has faults:\n  {lines}", path=path, lines=joined("\n  ", lines)
            ) from None
        programme._path = path.absolute()
        return programme


def _said(fault: Any) -> Sentence:
    """Say a fault that pydantic found as a user needs it: place, reason, nearest key."""
    *place, key = fault["loc"] or [""]
    where, values = _place(fault["loc"]), fault.get("ctx", {})
    if fault["type"] == "extra_forbidden":
        near = nearest(key, _keys_at(place))
        return Sentence("{place}: unknown key; did you mean '{near}'?", place=where, near=near)
    if fault["type"] == "missing":
        return Sentence("{place}: is missing", place=where)
    if fault["type"] == "too_short":
        return Sentence("{place}: is empty", place=where)
    if fault["type"] == "value_error":  # of our own
        reason = values["error"].args[0]
        return Sentence("{place}: {reason}", place=where, reason=reason) if where else reason
    known = REASONS.get(fault["type"])
    values = values | {"expected": str(values.get("expected")).replace(" or ", ", ")}
    reason, given = Sentence(known, **values) if known else fault["msg"], fault["input"]
    return Sentence("{place}: {reason}, got {given!r}", place=where, reason=reason, given=given)


def _place(steps: Iterable[str | int]) -> str:
    """Write a place in the file, entries of a list counted from 1: ``sources.1.path``."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in steps)


def _keys_at(place: Iterable[str | int]) -> list[str]:
    """List the keys that may stand at a place of the file."""
    section: type[Section] = Programme
    for step in place:
        field = section.model_fields.get(str(step))
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        sections = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
        section = sections[0] if sections else section
    return [*section.model_fields, *(["programme"] if section is Programme else [])]


def _refuse_secrets(value: Any, path: Path, place: tuple[str | int, ...] = ()) -> None:
    """Refuse a secret in the file: it would travel with every copy of it."""
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in entries:
            _refuse_secrets(inner, path, (*place, key))
        return
    has_name = any(isinstance(step, str) and SECRET.search(step) for step in place)
    if value and (has_name or (isinstance(value, str) and CREDENTIALS.search(value))):
        raise DataError(
            "{path}: {place} holds a secret. Put it into an environment variable.",
            path=path,
            place=_place(place),
        )
