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
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from . import periods
from .faults import FEATURE_FILES, WORKBOOKS, DataError, nearest
from .language import Sentence, joined

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

READERS = {
    **dict.fromkeys(FEATURE_FILES, "geodata"),
    **dict.fromkeys(WORKBOOKS, "workbook"),
    ".parquet": "parquet",
}
"""Ending of a file = its reader, unless ``format`` states one; all others are delimited text."""

SCHEMES = ("https", "http", "postgresql")
"""From where a file may be fetched."""

FETCHED = "fetched.json"
"""File beside ``programme.toml``: what was fetched, when, and from where."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class Section(BaseModel):
    """A table of the file: closed to unknown keys, fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Text(Section):
    """A text in both languages; one string stands for both."""

    de: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _one_for_both(cls, given: Any) -> Any:
        return {"de": given, "en": given} if isinstance(given, str) else given


class City(Section):
    """The city as a whole, against which its districts are held."""

    id: Id = Field(description="Code of the city in the observations.")
    name: str = Field(description="Name of the city.")
    aliases: list[str] = Field([], description="Other spellings of the city in statistics files.")


class Measure(Section):
    """A node of the programme tree: initiative, lead project or measure."""

    id: Id = Field(description="Code of the measure, as in `grants.measure_id`.")
    name: Text = Field(description="Name, for pages.")
    kind: Literal["initiative", "lead_project", "measure"] = Field(
        "measure", description="Place in the tree."
    )
    parent: str = Field("", description="Code of the node above; empty at the top.")
    funds: list[str] = Field([], description="Funds that pay: ERDF, ESF, federal, state, city.")
    starts_on: date | None = Field(None, description="First day.")
    ends_on: date | None = Field(None, description="Last day.")


class Area(Section):
    """A programme or comparison area made of districts."""

    id: Id = Field(description="Code of the area in the observations.")
    name: Text = Field(description="Name, for pages.")
    level: Literal["programme", "comparison"] = Field("programme", description="What it is for.")
    districts: list[str] = Field(
        min_length=1, description="Codes of the districts that make up the area."
    )


class PeriodRules(Section):
    """What a stretch of time stands for that is neither a quarter nor a year."""

    month: Literal["", "quarter_end", "year_end"] = Field(
        "", description="Months: the last of a quarter stands for it, or December for the year."
    )
    day: Literal["", "year", "quarter_end", "year_end"] = Field(
        "", description="Days: each for its year, or the last of a quarter or year for that."
    )
    school_year: Literal["", "first_year", "second_year"] = Field(
        "", description="School years: the year in which they begin or end."
    )


class Source(Section):
    """A file and how its columns become those of a table."""

    table: str = Field(description="The table that the file fills; several files may fill one.")
    path: str = Field(description="The file, from the folder of `programme.toml`.")
    format: Literal[
        "", "csv", "workbook", "parquet", "geodata", "lis", "genesis", "sdmx", "operations"
    ] = Field("", description="The reader; found by the file's ending where empty.")
    columns: dict[str, str] = Field({}, description="Column of the table = column of the file.")
    values: dict[str, dict[str, str]] = Field(
        {}, description="Recoding by column of the table: value of the file = value of the table."
    )
    constants: dict[str, str] = Field({}, description="Columns with the same value in every row.")
    where: dict[str, list[str]] = Field(
        {}, description="Rows to keep: column of the file = values. The others are counted."
    )
    periods: PeriodRules = Field(
        PeriodRules(), description="What months, days and school years of statistics stand for."
    )
    delimiter: str | None = Field(None, description="Mark between cells; found where left out.")
    encoding: str | None = Field(None, description="utf-8, cp1252, utf-16; found where left out.")
    decimal_mark: Literal[",", "."] | None = Field(
        None, description="Decimal mark; found where left out, an error where it cannot be told."
    )
    date_format: str | None = Field(
        None,
        description="Form of dates, such as `%m/%d/%Y`, or `excel` or `excel-1904` for days "
        "counted as in spreadsheets; found where left out, an error where it cannot be told.",
    )
    header_line: int | None = Field(
        None, ge=1, description="Line of the header; found where left out."
    )
    sheet: str = Field("", description="Sheet of a workbook; the only one with cells if empty.")
    layer: str = Field("", description="Layer of a geodata file; the only one if empty.")
    crs: str | None = Field(None, description="Coordinate system, where the file does not say.")
    fault_limit_pct: float | None = Field(
        None, ge=0, le=100, description="Rows that may be set aside; else as for the programme."
    )
    address: str = Field(
        "",
        description="Where `ostwerk fetch` brings the file from: `https://…`, `http://…` or "
        "`postgresql://…`.",
    )
    sha256: str = Field("", description="SHA-256 that the fetched file must have.")
    relation: str = Field("", description="What to fetch from a database: `schema.table`.")
    query: str = Field("", description="What to ask a database for instead: one `SELECT`.")
    password_env: str = Field(
        "", description="Environment variable with the database's password; else `PGPASSWORD`."
    )
    time_limit_s: float = Field(
        600, gt=0, le=86_400, description="Longest time that fetching may take."
    )
    size_limit_mb: float = Field(1000, gt=0, description="Largest size of the fetched file.")

    @model_validator(mode="after")
    def _fetchable(self) -> Self:
        if wrong := [*self._wrong_address(), *self._wrong_database()]:
            raise ValueError(joined("; ", wrong))
        return self

    def _wrong_address(self) -> Iterator[Sentence]:
        """Say why a file cannot be fetched from its address."""
        if not self.address:
            return
        try:
            parts = urlsplit(self.address)
            is_address = parts.scheme in SCHEMES and bool(parts.netloc) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address or re.search(r"[\s\x00-\x1f]", self.address):
            yield Sentence("address must begin with https://, http:// or postgresql://")
        elif "@" in parts.netloc and not self.is_in_database:
            yield Sentence("address must not name a user")
        if self.sha256 and not re.fullmatch("[0-9A-Fa-f]{64}", self.sha256):
            yield Sentence("sha256 must be 64 digits from 0 to 9 and a to f")

    def _wrong_database(self) -> Iterator[Sentence]:
        """Say what does not go together with the kind of address."""
        asked = [key for key in ("relation", "query") if getattr(self, key)]
        if self.is_in_database:
            if len(asked) != 1:
                yield Sentence("a postgresql:// address needs either relation or query")
            if self.reader != "parquet":
                yield Sentence("the answer of a database is kept in a file: path must end .parquet")
            if self.sha256:
                yield Sentence("sha256 is for files, not for the answer of a database")
            if not re.fullmatch(r"[^.]*(\.[^.]+)?", self.relation):
                yield Sentence("relation must be a table or schema.table")
            return
        for key in [*asked, *(["password_env"] if self.password_env else [])]:
            yield Sentence("{key} is for a postgresql:// address", key=key)
        if self.sha256 and not self.address:
            yield Sentence("sha256 is for a file with an address")

    @property
    def is_in_database(self) -> bool:
        """Whether the file is to hold the answer of a database."""
        return self.address.startswith("postgresql:")

    @property
    def reader(self) -> str:
        """Name of the reader: the stated format, else by the file's ending."""
        return self.format or READERS.get(Path(self.path).suffix.lower(), "csv")


FETCHING = ("address", "sha256", "relation", "query", "password_env")
"""Keys of a source by which its file is fetched; two sources of one file must agree on them."""


class Correction(Section):
    """A known fault of a source, and what its cells become. Names are those of the table."""

    id: Id = Field(description="Code of the correction.")
    source: str = Field(description="The source's `path`.")
    table: str = Field("", description="Its table, where a file fills several.")
    where: dict[str, list[str]] = Field(
        {},
        description="Rows to look at: column = values, as the table has them once columns are "
        "named and values recoded; all rows if left out. A file without codes has its areas in "
        "`area_name`.",
    )
    column: str = Field(description="Column of the table whose cells are at fault.")
    equals: str | None = Field(
        None, description='Cells with this value are at fault; `"0"` is also 0,0; `""` is a gap.'
    )
    below: float | None = Field(None, description="Cells with smaller numbers are at fault.")
    above: float | None = Field(None, description="Cells with larger numbers are at fault.")
    every: bool = Field(False, description="All cells of the rows are at fault.")
    becomes: str = Field(description='What stands there instead; `""` is a gap.')
    why: Text = Field(description="The reason, which is published.")
    reference: str = Field("", description="Where it is written: address or document.")

    def is_of(self, source: Source) -> bool:
        """Say whether it corrects a source."""
        return self.source == source.path and self.table in ("", source.table)

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        stated = [self.equals is not None, self.below is not None, self.above is not None]
        if sum([*stated, self.every]) != 1:
            raise ValueError(
                Sentence("the correction needs one of equals, below, above and every = true")
            )
        return self


class Target(Section):
    """What a measure promised to reach."""

    indicator: str = Field(description="Code of an indicator of the catalogue.")
    measure_id: str = Field("", description="Code of the measure; empty for the whole programme.")
    status: str = Field("", description="Status of jobs on which the target is counted.")
    due: date = Field(description="Day by which it is to be reached.")
    target_value: float = Field(gt=0, description="The value to reach, in the indicator's unit.")


class Benchmark(Section):
    """The share of another cohort of start-ups that lasts, to hold the own beside."""

    months: int = Field(gt=0, description="Age in months.")
    survival_pct: float = Field(ge=0, le=100, description="Share that has lasted, in percent.")
    cohort: Text = Field(description="Which start-ups, for pages.")
    source: str = Field(description="Where the figure is published.")


class Headline(Section):
    """A figure that was published before, against which a release is held."""

    id: Id = Field(description="Code of the headline.")
    indicator: str = Field(description="Code of the indicator that counts the same thing.")
    measure_id: str = Field("", description="Code of the measure; empty for the whole programme.")
    status: str = Field("", description="Status of jobs that the headline counts.")
    value: float = Field(description="The published value.")
    unit: str = Field(
        "", description="What it was counted in, as in the catalogue; empty if as the indicator is."
    )
    period: str = Field(
        "", description="Quarter or year that it holds for; empty for the quarter of the release."
    )
    qualifier: Literal["exactly", "about", "more_than"] = Field(
        "exactly", description="How the figure was put."
    )
    definition: str = Field("", description="What it counts.")
    source: str = Field("", description="Where it was published.")

    @model_validator(mode="after")
    def _period_is_one(self) -> Self:
        if self.period and not re.fullmatch(r"\d{4}(-Q[1-4])?", self.period):
            raise ValueError(Sentence("period must be a quarter or year: 2026-Q3 or 2026"))
        return self


class DisclosureRules(Section):
    """What keeps a published cell from telling about one contributor. Never published."""

    minimum_enterprises: int = Field(3, ge=1, description="Fewest enterprises in a cell.")
    minimum_persons: int = Field(3, ge=1, description="Fewest persons in a cell.")


class Notebook(Section):
    """Settings of one notebook, under its name without the ending."""

    parameters: dict[str, Any] = Field({}, description="Values for its `parameters` cell.")


class RunRules(Section):
    """Limits of the quarterly run."""

    notebook_time_limit_s: float = Field(
        900, gt=0, description="After this time a notebook is stopped with its kernel."
    )


class Pages(Section):
    """Texts that the law asks of a public page."""

    imprint: Text = Field(Text(de="", en=""), description="Who is responsible.")
    accessibility: Text = Field(Text(de="", en=""), description="Statement and feedback address.")
    privacy: Text = Field(Text(de="", en=""), description="What is done with visitors' data.")


class Programme(Section):
    """A checked ``programme.toml``; the keys of its ``[programme]`` table come first."""

    id: Id = Field(description="Code of the programme, and folder of its releases.")
    name: Text = Field(description="Name, for pages.")
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
    allow_outside: bool = Field(False, description="Sources may lie outside the folder.")
    fault_limit_pct: float = Field(
        1.0, ge=0, le=100, description="Share of a source's rows that may be set aside, in percent."
    )
    city: City
    measures: list[Measure] = []
    areas: list[Area] = []
    sources: list[Source] = []
    corrections: list[Correction] = []
    targets: list[Target] = []
    headlines: list[Headline] = []
    benchmarks: list[Benchmark] = []
    disclosure: DisclosureRules = DisclosureRules()
    notebooks: dict[str, Notebook] = {}
    run: RunRules = RunRules()
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
        """Say which targets and headlines name a measure that is not there."""
        ids = [measure.id for measure in self.measures]
        pledges: dict[str, list[Any]] = {"targets": self.targets, "headlines": self.headlines}
        for name, entries in pledges.items():
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
