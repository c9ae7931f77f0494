import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from ostwerk_analysis.language import LOCALE_VARIABLES

REAL_DATA = Path(os.environ.get("OSTWERK_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
SMALL_CITY = Path(__file__).parent / "small_city"

# A busy machine is no fault of the code.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real files; a test is skipped without it, but not where CI must have it."""
    if not REAL_DATA.is_dir():
        reason = f"no real data in {REAL_DATA}; set OSTWERK_REAL_DATA to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return REAL_DATA


@pytest.fixture
def small_city(tmp_path) -> Path:
    """A copy of a programme of four districts, to be changed at will."""
    return Path(shutil.copytree(SMALL_CITY, tmp_path / "small_city"))


@pytest.fixture(scope="session")
def small_data():
    """The tables of the small city as they are; shared, so not to be changed."""
    from ostwerk_analysis import load

    return load(SMALL_CITY)


@pytest.fixture
def change():
    """Change a text that stands once in a file: ``change(folder / "grants.csv", "old", "new")``."""

    def change(file: Path, old: str, new: str) -> None:
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change


def call(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    """Call the real command, in English unless the environment says otherwise."""
    surrounding = {k: v for k, v in os.environ.items() if k not in LOCALE_VARIABLES}
    return subprocess.run(
        [Path(sys.executable).with_name("ostwerk"), *map(str, arguments)],
        cwd=cwd,
        # Rendering the pages takes longer than a small run; the tests of it ask for it.
        env=surrounding
        | {"LANG": "C.UTF-8", "COLUMNS": "200", "OSTWERK_PAGES": "no"}
        | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="session")
def command():
    """Call the real command anywhere: ``command("releases", cwd=folder)``."""
    return call


@pytest.fixture
def ostwerk(tmp_path):
    """Call the real command in a folder of the test's own: ``ostwerk("run", city)``."""

    def here(*arguments: object, cwd: Path = tmp_path, **environment: str):
        return call(*arguments, cwd=cwd, **environment)

    return here


@pytest.fixture
def quick_city(small_city) -> Path:
    """A copy of the small city with notebooks of its own that take little time."""
    return quickened(small_city)


@pytest.fixture(scope="session")
def released_once(tmp_path_factory) -> Path:
    """What the run of 2025Q2 leaves of the quick city, to be copied."""
    from ostwerk_analysis.pipeline.run import run

    home = tmp_path_factory.mktemp("released")
    city = quickened(Path(shutil.copytree(SMALL_CITY, home / "small_city")))
    run(city, "2025Q2", out=home / "out")
    return home / "out"


@pytest.fixture
def released(quick_city, released_once, tmp_path) -> Path:
    """The release of 2025Q2 of the quick city, in the folder of the test as if it had run there."""
    shutil.copytree(released_once, tmp_path, dirs_exist_ok=True)
    return tmp_path / "published" / "musterstadt" / "2025-Q2"


def quickened(small_city: Path) -> Path:
    """Give the small city notebooks of its own that take little time."""
    import_ow, load = "import ostwerk_analysis as ow", "data = ow.load(programme)"
    parameters = 'programme = "."\nquarter = "2025Q2"\nresults = "."'
    # Each in the place of one of ours; one of them has something to say.
    for name in ("10_data_quality", "30_businesses", "40_employment", "50_participants"):
        write_notebook(small_city / "notebooks" / f"{name}.ipynb", parameters, import_ow)
    write_notebook(
        small_city / "notebooks" / "60_geography.ipynb", parameters, import_ow, load, "data"
    )
    write_notebook(
        small_city / "notebooks" / "20_funding.ipynb",
        parameters,
        import_ow,
        load,
        "named = {'applications', 'grants_approved_eur', 'unemployed'}\n"
        "chosen = [one for one in ow.indicators.CATALOGUE if one.id in named]",
        "observations = ow.indicators.compute(data, quarter, indicators=chosen)",
        "ow.observations.save(observations, results)",
    )
    write_notebook(
        small_city / "notebooks" / "90_quarterly_report.ipynb",
        'release = "."\nlanguage = "de"',
        import_ow,
        "ow.figures.about(ow.release.open(release), language)",
    )
    return small_city


def write_notebook(path: Path, parameters: str, *cells: str) -> Path:
    """Write a notebook with a ``parameters`` cell."""
    import nbformat

    new = nbformat.v4.new_code_cell
    first = new(parameters, id="parameters", metadata={"tags": ["parameters"]})
    cells = [first, *(new(cell, id=f"cell-{number}") for number, cell in enumerate(cells))]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def notebook_at():
    """Write a notebook: ``notebook_at(path, "a = 1", "cell", "cell")``."""
    return write_notebook
