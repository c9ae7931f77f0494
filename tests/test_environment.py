"""Three files say which packages are needed, and they say the same."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {
    "jupyter-client": "jupyter_client",
    "jupyter-core": "jupyter_core",
    "jupyter-server": "jupyter_server",
    "duckdb": "python-duckdb",
    "h3": "h3-py",
    "pandera[pandas]": "pandera-pandas",
    "playwright": "playwright-python",
    "psycopg[binary]": "psycopg",
}
"""Packages that conda-forge has under another name."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [
    Requirement(line)
    for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])
]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def pins():
    """Give the pinned versions and the number of hashes of each package of the lock."""
    found = {}
    for entry in re.split(r"\n(?=\S)", LOCK):
        if pinned := re.match(r"([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;]+)", entry):
            name = canonicalize_name(pinned[1])
            found.setdefault(name, []).append((pinned[2], entry.count("--hash=sha256:")))
    return found


def test_pyproject_names_every_package_that_is_imported():
    named = {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in PROJECT["dependencies"]}
    imported = set()
    for module in (ROOT / "ostwerk_analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.partition(".")[0])
    packages = {name.lower() for name in imported - sys.stdlib_module_names}
    assert packages - named == set()


def test_conda_has_the_packages_and_bounds_of_pyproject():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    # What conda-forge lacks is installed by its pip, which stands in the list itself then.
    listed = text.split("dependencies:\n")[1]
    given = re.findall(r"^ {2,6}- (\S+[^:\s])$", listed, flags=re.MULTILINE)
    wanted = ["pip", f"python{PROJECT['requires-python']}"]
    for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]):
        name, bounds = re.fullmatch(r"([\w.\[\]-]+)(.*)", line).groups()
        wanted.append(CONDA_NAMES.get(name, name) + bounds)
    assert sorted(given) == sorted(wanted)


def test_conda_takes_everything_from_conda_forge():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.search(r"^channels:\n  - conda-forge\ndependencies:$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_lock_pins_what_pyproject_asks_for(requirement):
    pinned = pins()[canonicalize_name(requirement.name)]
    assert all(requirement.specifier.contains(version) for version, _ in pinned)


def test_lock_has_hashes_for_every_package():
    lines = [line for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert len(lines) == sum(len(versions) for versions in pins().values())
    assert all(hashes for versions in pins().values() for _, hashes in versions)


def test_lock_has_no_address_and_no_option_but_hashes():
    assert "://" not in LOCK
    options = {option.strip() for option in re.findall(r"^ *(--[\w-]+|-\w)\b", LOCK, re.MULTILINE)}
    assert options == {"--hash"}


def test_makefile_and_pyproject_mean_the_same_pythons():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    tried = re.search(r"for version in ([\d. ]+);", makefile)[1].split()
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert tried == sorted(tried, key=lambda version: -int(version.split(".")[1]))
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}" in allowed] == tried[::-1]
