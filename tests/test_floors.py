"""Rooms import downwards only; pure rooms touch neither files nor screen."""

import ast
import re
from pathlib import Path

import pytest

import ostwerk_analysis

PACKAGE = Path(__file__).parent.parent / "ostwerk_analysis"
FLOORS = [
    ["files", "language", "codes", "rules", "faults", "periods", "programme", "tables"],
    [
        *("sources", "raster", "geo", "coverage", "branches", "addresses", "catchments"),
        *("vintages", "interpolation"),
    ],
    ["areas", "dataset", "corrections", "plausibility", "checks", "reading", "loading", "fetching"],
    [
        *("observations", "spatial", "rates", "survival", "indicators", "state_aid", "regional"),
        *("convergence", "hexagons", "tiles", "additionality"),
    ],
    ["disclosure"],
    ["release", "publishing", "downloads", "public_list", "templates", "figures", "report"],
    ["pipeline", "dashboard"],
    ["scaffold", "check_report", "console", "cli"],
]
"""From the ground up; a room may also use those that stand before it on its own floor."""
PLACE = {room: place for place, room in enumerate(room for floor in FLOORS for room in floor)}
PURE = {
    "periods",
    "tables",
    "geo",
    "raster",
    "coverage",
    "branches",
    "addresses",
    "catchments",
    "areas",
    "vintages",
    "interpolation",
    "checks",
    "plausibility",
    "observations",
    "indicators",
    "state_aid",
    "spatial",
    "rates",
    "regional",
    "survival",
    "convergence",
    "hexagons",
    "tiles",
    "additionality",
    "disclosure",
    "figures",
}
DOORS = {"observations": {"save", "collect"}}
"""Functions of a pure room that are there to read and write."""
IO_CALLS = {
    *("open", "print", "show", "urlopen", "mkdir", "unlink"),
    *("read_text", "write_text", "read_bytes", "write_bytes"),
    *("read_csv", "read_file", "read_parquet", "to_csv", "to_file", "to_parquet", "write_html"),
}


def modules():
    """Give each module's room, path below the package, and syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        if inside != Path("__init__.py"):  # the package's front door opens every room
            yield inside.parts[0].removesuffix(".py"), inside, ast.parse(path.read_text("utf-8"))


def imported_rooms(inside, tree):
    """Give every room that a module imports, at its top, in a function or for types only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            # from .. import x, in a module of a room, is level 2: back to the package.
            folder = ["ostwerk_analysis", *inside.parts[:-1]]
            start = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            names = [f"{base}.{name.name}" for name in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            room = rest.partition(".")[0]
            if package == "ostwerk_analysis" and not room.startswith("__"):
                yield room


def test_every_module_has_a_floor_and_every_floor_its_rooms():
    assert {room for room, _, _ in modules()} == PLACE.keys()


@pytest.mark.parametrize(
    ("inside", "source", "rooms"),
    [
        ("cli.py", "from .release import open", {"release"}),
        ("cli.py", "def f():\n    from .pipeline.run import run", {"pipeline"}),
        ("pipeline/run.py", "from .. import __version__, periods", {"periods"}),
        ("pipeline/run.py", "from ..loading import load\nfrom . import x", {"loading", "pipeline"}),
        ("geo.py", "import ostwerk_analysis.cli\nimport pandas.api", {"cli"}),
    ],
)
def test_imports_are_seen_in_all_their_forms(inside, source, rooms):
    assert set(imported_rooms(Path(inside), ast.parse(source))) == rooms


def test_imports_go_down():
    wrong = [
        f"{inside} imports {target}"
        for room, inside, tree in modules()
        for target in imported_rooms(inside, tree)
        if target != room and PLACE.get(target, len(PLACE)) > PLACE[room]
    ]
    assert wrong == []


def test_the_page_on_architecture_has_every_room_on_its_floor_and_names_the_pure_ones():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
    floors = {
        int(floor): set(re.findall("`([a-z_]+)/?`", rooms))
        for floor, rooms in re.findall(r"^\| ([0-9]) \| (.+) \|$", page, flags=re.MULTILINE)
    }
    assert [floors[number] for number in range(len(FLOORS))] == list(map(set, FLOORS))
    [paragraph] = re.findall("Touching neither files nor the screen.*?\n\n", page, flags=re.DOTALL)
    doors = set().union(*DOORS.values())
    assert set(re.findall("`([a-z_]+)`", paragraph)) - doors == PURE


def test_type_checkers_see_every_name_of_the_front_door():
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    seen = {
        name.name
        for part in tree.body
        if isinstance(part, ast.If)
        for node in part.body
        for name in node.names
    }
    assert seen == set(ostwerk_analysis.__all__)
    assert all(getattr(ostwerk_analysis, name) for name in seen)


def test_pure_rooms_do_no_io():
    wrong = []
    for room, inside, tree in modules():
        if room in PURE:
            doors = DOORS.get(room, set())
            tree.body = [part for part in tree.body if getattr(part, "name", "") not in doors]
            called = {
                getattr(node.func, "attr", getattr(node.func, "id", ""))
                for node in ast.walk(tree)
                if isinstance(node, ast.Call)
            }
            wrong += [f"{inside} calls {name}" for name in sorted(called & IO_CALLS)]
    assert wrong == []
