"""The sections of ``programme.toml``, each a closed table of checked keys."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..faults import FEATURE_FILES, WORKBOOKS
from ..language import Sentence, joined

READERS = {
    **dict.fromkeys(FEATURE_FILES, "geodata"),
    **dict.fromkeys(WORKBOOKS, "workbook"),
    ".parquet": "parquet",
    ".graphml": "graphml",
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


class Milestone(Section):
    """A day on which something began, ended or was decided. Published as it is written."""

    on: date = Field(description="The day.")
    label: Text = Field(description="What happened or is to happen, for pages.")
    measure_id: str = Field("", description="Code of the measure; empty for the whole programme.")


class Area(Section):
    """A programme or comparison area: whole districts, shares of districts, or its own polygon."""

    id: Id = Field(description="Code of the area in the observations.")
    name: Text = Field(description="Name, for pages.")
    level: Literal["programme", "comparison"] = Field("programme", description="What it is for.")
    districts: list[str] = Field([], description="Codes of the districts that make up the area.")
    district_shares: dict[str, float] = Field(
        {}, description="Districts of which a part lies in the area = that part, from 0 to 1."
    )
    geometry: str = Field(
        "", description="File with the area's own polygon, from the folder of `programme.toml`."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.geometry) == bool(self.districts or self.district_shares):
            raise ValueError(
                Sentence(
                    "the area needs districts, with or without district_shares, or geometry; not "
                    "both"
                )
            )
        if twice := sorted({*self.districts} & {*self.district_shares}):
            raise ValueError(
                Sentence("{code} stands under districts and under district_shares", code=twice[0])
            )
        for code, share in self.district_shares.items():
            if not 0 < share <= 1:
                raise ValueError(
                    Sentence(
                        "the share of {code} must be more than 0 and at most 1, got {share:g}",
                        code=code,
                        share=share,
                    )
                )
        return self

    @property
    def shares(self) -> dict[str, float]:
        """Part of each district that lies in the area; empty for one with its own polygon."""
        return dict.fromkeys(self.districts, 1.0) | self.district_shares

    @property
    def outline(self) -> "Source":
        """The file of its own polygon, to be read as any other."""
        return Source(table="areas", path=self.geometry, format="geodata")


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
        "",
        "csv",
        "workbook",
        "parquet",
        "geodata",
        "graphml",
        "lis",
        "genesis",
        "sdmx",
        "operations",
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
    source: Text = Field(Text(de="", en=""), description="Where it was published, for pages.")

    @model_validator(mode="after")
    def _period_is_one(self) -> Self:
        if self.period and not re.fullmatch(r"\d{4}(-Q[1-4])?", self.period):
            raise ValueError(Sentence("period must be a quarter or year: 2026-Q3 or 2026"))
        return self


class Assumption(Section):
    """A factor between gross and net: what is assumed of it, and between which bounds."""

    low: float = Field(description="Smallest value that is thought possible.")
    central: float = Field(description="Value that pages begin with.")
    high: float = Field(description="Largest value that is thought possible.")
    source: Text = Field(description="Where the three are published, or why they are assumed.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.central <= self.high:
            raise ValueError(Sentence("low, central and high must rise in this order"))
        return self


class Additionality(Section):
    """What is assumed of effects that would have come anyway, or come at the cost of others."""

    deadweight_pct: Assumption = Field(
        description="Share that would have come about without the support."
    )
    leakage_pct: Assumption = Field(description="Share that goes to people or firms elsewhere.")
    displacement_pct: Assumption = Field(
        description="Share that other firms of the area lose in exchange."
    )
    substitution_pct: Assumption = Field(
        description="Share by which supported firms replace something that they had."
    )
    multiplier: Assumption = Field(
        description="What effects grow by through purchases and spending in the area, 1 for none."
    )

    @model_validator(mode="after")
    def _in_bounds(self) -> Self:
        for name, stated in self:
            least, most = (1, 10) if name == "multiplier" else (0, 100)
            if stated.low < least or stated.high > most:
                said = "{key}: the values must lie between {least} and {most}"
                raise ValueError(Sentence(said, key=name, least=least, most=most))
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


class Published(Section):
    """By when it is published, and how others may use it."""

    licence: Text = Field(
        Text(de="", en=""),
        description="Licence of the published figures, with whom to name; stands in downloads and "
        "under maps.",
    )
    expected_after_days: int = Field(
        45,
        ge=0,
        description="So many days after a quarter's end its release is expected; without it, pages "
        "say from then on that their figures are old.",
    )


class Pages(Section):
    """Texts that the law asks of a public page."""

    imprint: Text = Field(Text(de="", en=""), description="Who is responsible.")
    accessibility: Text = Field(Text(de="", en=""), description="Statement and feedback address.")
    privacy: Text = Field(Text(de="", en=""), description="What is done with visitors' data.")
