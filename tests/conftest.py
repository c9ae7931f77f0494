import os
from pathlib import Path

import pytest

REAL_DATA = Path(
    os.environ.get("OSTWERK_REAL_DATA", Path(__file__).parents[2] / "shared" / "data")
)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real files; a test is skipped without it, but not where CI must have it."""
    if not REAL_DATA.is_dir():
        reason = f"no real data in {REAL_DATA}; set OSTWERK_REAL_DATA to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return REAL_DATA
