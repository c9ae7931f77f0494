"""What a release holds: its tables, its downloads, its reports, and what it says of itself."""

import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import publishing
from ..language import LANGUAGES, text
from ..language import quarter as in_words
from ..programme import Programme, Section
from . import notebooks
from .inputs import Plan, published_name

if TYPE_CHECKING:
    import pandas as pd

    from ..dataset import Dataset


def write_tables(
    plan: Plan, staged: Path, snapshot: Path, results: Iterable[Path], quarter: str
) -> None:
    """Collect what the notebooks found, protect it, and write a release's tables and downloads.

    Parameters
    ----------
    plan : Plan
    staged : Path
        Folder of the release that is being written.
    snapshot : Path
        The checked data.
    results : iterable of Path
        Folders into which notebooks have written observations.
    quarter : str
        The last one of the series.

    Raises
    ------
    DataError
        If notebooks contradict each other.
    DisclosureError
        If the release cannot be protected.
    """
    from .. import disclosure, downloads, public_list
    from ..areas import composition, outlined
    from ..indicators import check_pledges, field_of
    from ..loading import load
    from ..observations import collect
    from ..tiles import placed

    plan.say("protect", 0, 1)
    data, programme = load(snapshot), plan.programme
    internal, catalogue = collect(results)
    check_pledges(programme, own=catalogue["indicator"])
    observations = disclosure.protect(internal, catalogue, programme.disclosure)
    begun = observations[observations["obs_status"] != "M"].groupby("indicator")["period"].min()
    catalogue["first_period"] = catalogue["indicator"].map(begun).fillna("").astype("str")
    catalogue["field"] = catalogue["indicator"].map(field_of).astype("str")
    members = data.areas
    is_listed = programme.publishes_operations and "operations" in data.tables
    operations = public_list.listed(data.operations) if is_listed else public_list.empty()
    areas = composition(members)
    districts = data.districts[["district_id", "name", "borough_id", "geometry"]]
    tables = {
        "observations": observations,
        "catalogue": catalogue,
        "areas": areas,
        "districts": placed(districts.sort_values("district_id", ignore_index=True)),
        "outlines": outlined(members, data.districts, data.outlines),
        "sites": _sites(data),
        "targets": _entries(programme.targets),
        "headlines": _entries(programme.headlines),
        "faults": _counted(data.faults),
        "repairs": _counted(data.repairs),
        "corrections": data.corrections.drop(columns="source"),
        "findings": data.findings.drop(columns="source"),
        "operations": operations,
        "reads": data.reads.drop(columns=["source", "fault_limit_pct"]),
    }
    publishing.write_tables(staged, tables)
    about = {language: _about(programme, quarter, language) for language in LANGUAGES}
    is_demonstration = programme.is_demonstration
    downloads.write(
        staged / "downloads",
        observations,
        catalogue,
        areas,
        {language: data.names(language) for language in LANGUAGES},
        about=about,
        is_demonstration=is_demonstration,
        corrections=data.corrections,
    )
    public_list.write(
        staged / "downloads", operations, about=about, is_demonstration=is_demonstration
    )
    plan.say("protect", 1, 1)


def _about(programme: Programme, quarter: str, language: str) -> dict[str, str]:
    """Say at the head of a download what it is of, and how it may be used."""
    return {
        text("Programme", language): getattr(programme.name, language),
        text("Last quarter", language): in_words(quarter, language),
        text("Licence", language): getattr(programme.published.licence, language),
    }


def _sites(data: "Dataset") -> "pd.DataFrame":
    """Give the sites and where they are; an empty table where the programme has none."""
    import geopandas as gpd

    columns = ["site_id", "name", "kind", "opened_on", "closed_on", "geometry"]
    if "sites" in data.tables:
        return data.sites[columns]
    return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=data.districts.crs)


def _counted(found: "pd.DataFrame") -> "pd.DataFrame":
    """Count faults or repairs by rule, without what stands in the rows."""
    counted = found.groupby(["table", "file", "column", "rule"], as_index=False).size()
    return counted.rename(columns={"size": "rows"})


def _entries(entries: Sequence[Section]) -> "pd.DataFrame":
    """Put entries of ``programme.toml`` into a table; a text has a column for each language."""
    import pandas as pd

    rows = [
        {
            f"{key}_{part}" if part else key: content
            for key, value in entry.model_dump(mode="json").items()
            for part, content in (value if isinstance(value, dict) else {"": value}).items()
        }
        for entry in entries
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame({"indicator": pd.Series(dtype="str")})


def write_pages(jobs: Iterable[notebooks.Job], folder: Path, programme: Programme) -> None:
    """Turn executed reports into pages, with the script beside them that their charts need."""
    from .. import report, templates

    folder.mkdir(exist_ok=True)
    for job in jobs:
        language = job.parameters["language"]
        page = report.html_report(
            job.output,
            title=getattr(programme.name, language),
            language=language,
            licence=getattr(programme.published.licence, language),
            is_demonstration=programme.is_demonstration,
        )
        (folder / f"{job.output.stem}.html").write_text(page, encoding="utf-8")
    shutil.copyfile(templates.plotly_path(), folder / templates.PLOTLY)


def manifest(
    plan: Plan, staged: Path, recipe: dict[str, Any], inputs: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """Say what a release was made from, by what, and for whom; how long it took is added later."""
    import pandas as pd

    from ..areas import mostly

    programme = plan.programme
    measures = [measure.model_dump(mode="json") for measure in programme.measures]
    milestones = [milestone.model_dump(mode="json") for milestone in programme.milestones]
    areas = pd.read_parquet(staged / "areas.parquet")
    assumed = programme.additionality
    return {
        "programme": {
            "id": programme.id,
            "name": programme.name.model_dump(),
            "description": programme.description.model_dump() if programme.description else None,
            "city": programme.city.model_dump(),
            "is_demonstration": programme.is_demonstration,
            "first_quarter": programme.first_quarter,
            "districts": mostly(areas),
            "crs": programme.crs,
            "measures": measures,
            "benchmarks": [one.model_dump(mode="json") for one in programme.benchmarks],
            "milestones": milestones,
            "main_indicator": programme.main_indicator,
            "additionality": assumed.model_dump() if assumed else None,
            "pages": programme.pages.model_dump(),
            "licence": programme.published.licence.model_dump(),
            "expected_after_days": programme.published.expected_after_days,
        },
        "quarter": recipe["quarter"],
        "released_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": recipe,
        "inputs": [entry | {"file": published_name(entry["file"])} for entry in inputs],
        "faults": pd.read_parquet(staged / "faults.parquet").to_dict("records"),
        "corrections": pd.read_parquet(staged / "corrections.parquet").to_dict("records"),
    }
