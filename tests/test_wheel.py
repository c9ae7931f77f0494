"""The wheel holds everything that an installed ``ostwerk`` needs outside the repository."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the wheel, and unpack it where nothing of the repository is."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=REPOSITORY, check=True)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def test_wheel_holds_notebooks_dashboards_demo_and_templates(installed):
    package = installed / "ostwerk_analysis"
    for folder, pattern in (
        ("notebooks", "90_quarterly_report.ipynb"),
        ("dashboards", "karte.ipynb"),
        ("demo", "programme.toml"),
        ("locale", "de.po"),
        ("templates/static/fonts", "source-sans-3.woff2"),
        ("templates/static/fonts", "OFL.txt"),
        ("templates/static/plotly", "plotly-basic.min.js"),
        ("templates/static/plotly", "LICENSE"),
    ):
        assert (package / folder / pattern).is_file()


def test_wheel_leaves_out_what_a_run_writes(installed):
    names = {path.name for path in installed.rglob("*")}
    assert not names & {"published", "runs", "tests", "__pycache__"}


def test_installed_command_runs_the_demo_outside_the_repository(installed, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(installed), "LANG": "C.UTF-8"}
    script = (
        f"import sys; sys.path = [p for p in sys.path if p != {str(REPOSITORY)!r}];"
        "sys.meta_path = [f for f in sys.meta_path if 'ditable' not in type(f).__name__];"
        "import ostwerk_analysis.cli as cli; print(cli.__file__); cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "run", str(installed / "ostwerk_analysis" / "demo")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(installed) in done.stdout
    assert (tmp_path / "published" / "leipzig-demo" / "current").is_file()
    # Every page of it can be drawn: the small cities of other tests do not have all that it has.
    assert "could not be rendered" not in done.stdout + done.stderr
    pages = len([*(REPOSITORY / "dashboards").glob("*.ipynb")])
    kept = [*(tmp_path / "published" / "leipzig-demo" / ".pages").rglob("*.html.gz")]
    assert len(kept) == 2 * pages > 0
