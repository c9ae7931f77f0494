import os
import shutil
from pathlib import Path

import pytest

REAL_DATA = Path(os.environ.get("OSTWERK_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
SMALL_CITY = Path(__file__).parent / "small_city"


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
