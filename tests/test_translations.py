"""Every sentence that a user can see is there in German, and the catalogue holds no other."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

import ostwerk_analysis as ow
from ostwerk_analysis import catchments as reach
from ostwerk_analysis import (
    check_report,
    cli,
    codes,
    console,
    downloads,
    faults,
    language,
    programme,
    public_list,
    rules,
    scaffold,
    templates,
)
from ostwerk_analysis.dashboard import (
    downloads_page,
    explorer,
    explorer_data,
    explorer_second,
    framing,
    site,
)
from ostwerk_analysis.figures import (
    answers,
    bivariate,
    cards,
    classes,
    clusters,
    lacking,
    sectors,
    soundness,
    stair,
    statements,
    survival,
    values,
)
from ostwerk_analysis.figures import catchments as site_maps
from ostwerk_analysis.figures.headlines import HEADINGS, PUT, REASONS, VERDICTS
from ostwerk_analysis.indicators import CATALOGUE, catchments
from ostwerk_analysis.sources import postgis
from ostwerk_analysis.tables import KINDS, TABLES

achieved = import_module("ostwerk_analysis.figures.achieved")  # not its function
net = import_module("ostwerk_analysis.figures.additionality")  # not its function
# Modules, and not their functions of the same name.
changes = import_module("ostwerk_analysis.figures.changes")
funnel = import_module("ostwerk_analysis.figures.funnel")
operations = import_module("ostwerk_analysis.figures.operations")
provenance = import_module("ostwerk_analysis.figures.provenance")
robustness = import_module("ostwerk_analysis.figures.robustness")
verdicts = import_module("ostwerk_analysis.figures.verdicts")  # not its function
shares = import_module("ostwerk_analysis.figures.shares")
site_use = import_module("ostwerk_analysis.figures.site_use")
PACKAGE = Path(ow.__file__).parent
ERRORS = {name for name, kind in vars(faults).items() if isinstance(kind, type) and "Error" in name}
SAYING = {"text", "_", "Sentence", "Unknown"} | ERRORS
"""Functions and classes whose first argument is a sentence."""

CONTRACTS = [
    *(contract.description for contract in TABLES.values()),
    *(column.description for table in TABLES.values() for column in table.columns.values()),
]
CHECKS = [
    check.error.split("|")
    for contract in TABLES.values()
    for part in (contract, *contract.columns.values())
    for check in part.checks
]
EXPECTED = {phrase for rule, *_, phrase in CHECKS if rule in rules.SAID_IN_WORDS}
GEOMETRY = {"missing", "empty", "not valid", "outside its coordinate system"}
"""What a shape can be that cannot be used."""
COMMANDS = [
    " ".join(command.callback.__doc__.split())
    for command in cli.application("en").registered_commands
]
UNITS = {indicator.unit for indicator in CATALOGUE} | set(language.ONE.values())


def strings(path: str) -> Iterator[tuple[ast.Constant, ast.AST]]:
    """Give the strings of a module, each with what it stands in."""
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child, node


NOTES = {
    string.value
    for module in (
        *(f"indicators/{name}.py" for name in ("aggregate", "cubes", "derived", "published")),
        *("indicators/shares.py", "vintages.py"),
    )
    for string, parent in strings(module)
    if " " in string.value and not isinstance(parent, ast.Expr)  # which is a docstring
} | {*reach.NOTES.values(), catchments.NO_POINT, catchments.INCOMPLETE}
"""What ``quality_note`` of an observation can say."""
PHRASES = {
    string.value
    for module in ("checks.py", "loading.py", "addresses/__init__.py")
    for string, parent in strings(module)
    if isinstance(parent, ast.Call)
    if ast.unparse(parent.func) in ("rows", "checks.rows", "_faults")
    if string in parent.args[3:] and ast.literal_eval(parent.args[2]) in rules.SAID_IN_WORDS
}
"""What rules of rows expect beside what the contracts say."""

DESCRIBED_FILES = [*downloads_page.FILES.values(), *downloads_page.FOR_PROGRAMS.values()]

# What is not written in the call itself: module and expression = all that it can be.
TABLES_OF_SENTENCES = {
    "check_report.py": {"heading": check_report.READ_HEADINGS},
    "cli.py": {
        "' '.join((function.__doc__ or '').split())": COMMANDS,
        "words": cli.HELP.values(),
        "message": cli.USAGE.values(),
    },
    "console.py": {
        "STEPS[step]": console.STEPS.values(),
        "RESULTS[result.status]": console.RESULTS.values(),
        "row['status']": console.RELEASE_COLOURS,
        "file.status": console.FETCH_COLOURS,
        "name": console.RELEASE_HEADINGS,
        "heading": console.FETCH_HEADINGS,
    },
    "codes.py": {
        "CODES.get(dimension, {}).get(code, code)": [
            name for names in codes.CODES.values() for name in names.values()
        ],
    },
    "dashboard/downloads_page.py": {
        "name": [name for name, _ in DESCRIBED_FILES],
        "holds": [holds for _, holds in DESCRIBED_FILES],
        "FORMATS.get(Path(address).suffix, Path(address).suffix[1:])": (
            downloads_page.FORMATS.values()
        ),
    },
    "dashboard/explorer.py": {
        "note": values.NOTES.values(),
        "name": [*classes.SCHEMES.values(), *explorer_data.FIELDS.values()],
        "AREAS[level]": explorer.AREAS.values(),
        "heading": explorer.FACTS.values(),
        "NO_CITY": [explorer.NO_CITY],
        "TO_CITY": [explorer.TO_CITY],
        "HINTS['district']": explorer.HINTS.values(),
        "hint": explorer.HINTS.values(),
        "TILES": [explorer.TILES],
    },
    "dashboard/explorer_sites.py": {
        "KINDS[site['kind']]": list(site_maps.KINDS.values()),
        "note": list(NOTES),
    },
    "dashboard/explorer_second.py": {
        "name": list(explorer_second.LAYOUTS.values()),
        "said": list(explorer_second.LISTS.values()),
        "sentence": [sentence for *_, sentence in bivariate.CORNERS],
    },
    "dashboard/explorer_data.py": {"each": [*NOTES, explorer_data.DERIVED]},
    "dashboard/explorer_sheet.py": {"name": explorer_data.FIELDS.values()},
    "dashboard/framing.py": {
        "OWN_PAGES[name]": site.OWN_PAGES.values(),
        "templates.DEMONSTRATION": [templates.DEMONSTRATION],
        "said": framing.LIVE.values(),
    },
    "dashboard/assumptions.py": {
        "NAMES[step]": net.NAMES.values(),
        "MEANINGS[step]": net.MEANINGS.values(),
    },
    "dashboard/handlers.py": {
        "error.message": [],  # of the class Unknown, found where it is raised
        "templates.DEMONSTRATION": [templates.DEMONSTRATION],
    },
    "dashboard/site.py": {"OWN_PAGES[self.name]": site.OWN_PAGES.values()},
    "downloads.py": {
        "heading": [*downloads.COLUMNS.values(), *downloads.DECLARED.values()],
        "SOURCES.get(name, name)": codes.SOURCES.values(),
        "DIMENSIONS.get(found[0], found[0])": codes.DIMENSIONS.values(),
        "COLUMNS[name]": downloads.COLUMNS.values(),
        "cell": [*downloads.AREA_LEVELS.values(), *UNITS, *NOTES],
        "DEMONSTRATION": [downloads.DEMONSTRATION],
        "PROTECTION": [downloads.PROTECTION],
        "entry.get('unit', '')": UNITS,
        "KINDS[entry['kind']]": downloads.KINDS.values(),
        "BETTER[entry['better']]": downloads.BETTER.values(),
        "meaning": [meaning for _, meaning in downloads.MARKS.values()],
        "DIMENSIONS.get(name, name)": codes.DIMENSIONS.values(),
    },
    "faults.py": {
        "self.message": [],  # of the errors, found where they are raised
        "expected": EXPECTED | PHRASES,
        "ours": GEOMETRY,
        "rule.text": [rule.text for rule in rules.RULES.values()],
        "rule.remedy": [rule.remedy for rule in rules.RULES.values()],
        "doubt.title": [doubt.title for doubt in rules.FINDINGS.values()],
        "doubt.text": [doubt.text for doubt in rules.FINDINGS.values()],
        "doubt.remedy": [doubt.remedy for doubt in rules.FINDINGS.values()],
        "ALL_OF[level]": rules.ALL_OF.values(),
        "REPAIRS[rule]": rules.REPAIRS.values(),
    },
    "figures/catchments.py": {"said": [*site_maps.KINDS.values(), *NOTES]},
    "figures/robustness.py": {
        "VERDICTS[verdict(table)]": robustness.VERDICTS.values(),
        "NAMES[row['geometry']]": robustness.NAMES.values(),
        "INDEPENDENT if base['is_independent'] else DEPENDENT": [
            robustness.INDEPENDENT,
            robustness.DEPENDENT,
        ],
    },
    "figures/doubts.py": {
        "doubt.title": [doubt.title for doubt in rules.FINDINGS.values()],
        "FINDINGS[rule].title": [doubt.title for doubt in rules.FINDINGS.values()],
    },
    "figures/achieved.py": {
        "ANYTHING": [achieved.ANYTHING],
        "UNTOLD if found.state == SUPPRESSED else UNKNOWN": [
            achieved.UNTOLD,
            achieved.UNKNOWN,
        ],
        "message": [said for three in achieved.ACHIEVED.values() for said in three],
        "messages.get(kind, messages[''])": [
            *achieved.PLEDGED.values(),
            *achieved.FOUNDERS.values(),
        ],
        "OPEN['jobs' if is_counted else 'other']": achieved.OPEN.values(),
        "COUNTED[unit]": achieved.COUNTED.values(),
        "STATUS[found.status]": answers.STATUS.values(),
        "found.why": NOTES,
    },
    "figures/cards.py": {
        "hedge(found.status, found.why)": [],  # as under values
        "STATUS['M' if found.state else found.status]": cards.STATUS.values(),
        "found.why": NOTES,
    },
    "figures/about.py": {"PROTECTION": [downloads.PROTECTION]},
    "figures/additionality.py": {
        "head": [*net.STEP_HEADS, *net.ASSUMPTION_HEADS],
        "NAMES[step]": net.NAMES.values(),
        "NAMES[row['step']]": net.NAMES.values(),
        "MEANINGS[row['step']]": net.MEANINGS.values(),
    },
    "figures/aid.py": {"head": ["Undertaking", "Day", "Aid until then", "Ceiling", "Used"]},
    "figures/answers.py": {
        "STATUS[found.status]": answers.STATUS.values(),
        "found.why": NOTES,
        "AGAINST[name]": answers.AGAINST.values(),
        "moved": answers.MOVED.values(),
    },
    "figures/certainty.py": {
        "CAVEATS[name]": values.CAVEATS.values(),
        "NOTES[MARKS[found.status]]": values.NOTES.values(),
    },
    "figures/bivariate.py": {"said": [said for *_, said in bivariate.CORNERS]},
    "figures/clusters.py": {
        "words": [kind[0] for kind in clusters.KINDS.values()],
        "named": clusters.NAMED.values(),
        "kind[0]": [kind[0] for kind in clusters.KINDS.values()],
        "SPOTS[spot['spot']]": clusters.SPOTS.values(),
    },
    "figures/sectors.py": {"name": sectors.PARTS.values()},
    "figures/soundness.py": {
        "SOURCES.get(name, name)": values.SOURCES.values(),
        "SOURCES.get(least['table'], least['table'])": values.SOURCES.values(),
        "SOURCES.get(str(name), str(name))": values.SOURCES.values(),
        "head": ["Rows read", "Accepted", "Set aside", *soundness.COUNTS.values()],
        "REASONS.get(rule, OTHER)": [*soundness.REASONS.values(), soundness.OTHER],
    },
    "figures/statements.py": {
        "MOVED[moved['direction']]": statements.MOVED.values(),
        "DIFFERENCE_MOVED[moved['direction']]": statements.DIFFERENCE_MOVED.values(),
        "VERDICTS[is_behind, is_improving]": statements.VERDICTS.values(),
    },
    "figures/ratios.py": {"unit": UNITS},
    "figures/verdicts.py": {
        "WORDS[one.kind, one.is_behind]": verdicts.WORDS.values(),
        "head": verdicts.HEADS,
        "words": ["ratio to the city", "its trend, with the 95 % interval", "1.0: as the city"],
        "CAVEATS['gap']": [values.CAVEATS["gap"]],
    },
    "figures/survival.py": {
        "STARTUPS[group]": survival.STARTUPS.values(),
        "STARTUPS[row['group']]": survival.STARTUPS.values(),
    },
    "figures/bars.py": {"DIMENSIONS.get(by, by)": codes.DIMENSIONS.values()},
    "figures/changes.py": {
        "head": changes.KINDS.values(),
        "heading": changes.KINDS.values(),
    },
    "figures/lacking.py": {
        "AREA_LEVELS[level]": downloads.AREA_LEVELS.values(),
        "MEANING[sign]": lacking.MEANING.values(),
        "SOURCES.get(field, field)": values.SOURCES.values(),
        "kind": [*NOTES, lacking.NOT_STATED],
        "message": ["{count} of them: {reason}.", *lacking.WHY_SECRET.values()],
        "said": lacking.MEANING.values(),
        "str(reason)": NOTES,
    },
    "figures/provenance.py": {
        "SOURCES.get(row['table'], row['table'])": values.SOURCES.values(),
        "name": provenance.FACTS,
    },
    "figures/composition.py": {"DIMENSIONS.get(by, by)": codes.DIMENSIONS.values()},
    "figures/funnel.py": {
        "OF[code]": funnel.OF.values(),
        "OF[narrowest]": funnel.OF.values(),
    },
    "figures/operations.py": {
        "head": operations.HEADINGS,
        "NATURAL_PERSON": [public_list.NATURAL_PERSON],
    },
    "figures/shares.py": {
        "DIMENSIONS.get(by, by)": codes.DIMENSIONS.values(),
        "head": shares.PARTICIPANTS,
        "message": values.WITHOUT_VALUE.values(),
    },
    "figures/site_use.py": {"TOTALS[name]": site_use.TOTALS.values()},
    "figures/stair.py": {"KINDS[kind]": stair.KINDS.values()},
    "figures/flow.py": {"DIMENSIONS.get(of, of)": codes.DIMENSIONS.values()},
    "figures/headlines.py": {
        "name": HEADINGS,
        "PUT[row['qualifier']]": PUT.values(),
        "REASONS[row['reason']]": REASONS.values(),
        "row['verdict']": VERDICTS,
        "stated_unit": UNITS,
        "unit": UNITS,
    },
    "figures/values.py": {
        "CAVEATS[name]": values.CAVEATS.values(),
        "HOW_KNOWN[how]": values.HOW_KNOWN.values(),
        "message": [*values.STATUSES.values(), *values.WITHOUT_VALUE.values()],
        "name": ["Source", "Period", "Status", "Confidence"],
        "note": [*values.NOTES.values(), *NOTES],
        "SOURCES.get(table, table)": values.SOURCES.values(),
        "hedge(status, why, is_rounded=is_rounded)": [
            "{value}",
            "about {value}",
            "at least {value}",
        ],
    },
    "language.py": {
        "unit": UNITS,
        "message": [],  # of the class Sentence, found where one is made
        "self.message": [],
        "mark.join((f'{{{name}}}' for name in parts))": [],
    },
    "programme/__init__.py": {"known": programme.REASONS.values()},
    "public_list.py": {
        "said": public_list.COLUMNS.values(),
        "NATURAL_PERSON": [public_list.NATURAL_PERSON],
        "downloads.DEMONSTRATION": [downloads.DEMONSTRATION],
    },
    "scaffold.py": {
        "contract.description": CONTRACTS,
        "declared.description": CONTRACTS,
        "declared.metadata['kind']": KINDS,
        "heading": scaffold.HEADINGS,
        "said": [
            *EXPECTED,
            "one of: {expected}",
            "in the table `{other}`",
            "a measure of `programme.toml`",
        ],
        "expected": EXPECTED,
    },
    "sources/postgis.py": {
        "REFUSALS['57014']": [postgis.REFUSALS["57014"]],
        "message": [*postgis.REFUSALS.values(), postgis.OTHERWISE, postgis.NO_CONNECTION],
    },
    "templates/__init__.py": {
        "downloads.DEMONSTRATION": [downloads.DEMONSTRATION],
        "meaning": [meaning for _, meaning in downloads.MARKS.values()],
        "DEMONSTRATION": [templates.DEMONSTRATION],
    },
}


def within(node: ast.AST, function: ast.AST | None = None) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Give everything below a node, each with the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        yield child, function or node
        is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from within(child, child if is_function else function)


def literals(node: ast.expr, function: ast.AST) -> list[str]:
    """Give the strings that an expression can be, as far as they stand in the function."""
    match node:
        case ast.Constant(value=str(sentence)):
            return [sentence]
        case ast.IfExp():
            both = literals(node.body, function), literals(node.orelse, function)
            return both[0] + both[1] if all(both) else []
        case ast.Name():
            given = [
                literals(part.value, function)
                for part in ast.walk(function)
                if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == node.id
            ]
            return [one for part in given for one in part] if all(given) else []
    return []


def said() -> tuple[dict[str, str], dict[str, set[str]], list[str]]:
    """Read the package: sentences and where, other expressions by module, and f-strings."""
    sentences, others, composed = {}, {}, []
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        for node, function in within(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            if node.func.id not in SAYING:
                continue
            first, place = node.args[0], f"{module}:{node.lineno}"
            if isinstance(first, ast.JoinedStr | ast.BinOp):
                composed.append(place)
            elif found := literals(first, function):
                sentences |= dict.fromkeys(found, place)
            else:
                others.setdefault(module, set()).add(ast.unparse(first))
    return sentences, others, composed


SENTENCES, OTHERS, COMPOSED = said()
ALL = {
    sentence: place
    for sentence, place in (
        *SENTENCES.items(),
        *(
            (sentence, module)
            for module, tables in TABLES_OF_SENTENCES.items()
            for table in tables.values()
            for sentence in table
        ),
    )
    if re.search("[A-Za-z]", re.sub(r"\{.*?\}", "", sentence))  # the rest is but marks
}


def test_a_sentence_is_never_composed_before_it_is_translated():
    assert not COMPOSED, "give the values as keywords, not in an f-string or by +"


@pytest.mark.parametrize("module", sorted(OTHERS.keys() | TABLES_OF_SENTENCES.keys()))
def test_it_is_known_what_every_call_can_say(module):
    assert OTHERS.get(module, set()) == set(TABLES_OF_SENTENCES.get(module, {}))


def test_every_sentence_is_there_in_german():
    german = language._german()
    missing = {sentence: place for sentence, place in ALL.items() if sentence not in german}
    assert not missing, "translate them in locale/de.po"


def test_nothing_is_translated_that_nobody_says():
    assert set(language._german()) <= set(ALL), "take them out of locale/de.po"


def fields(sentence: str) -> list[str]:
    """List the placeholders of a sentence."""
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_every_sentence_can_be_said_with_its_values(spoken):
    german = language._german()
    for sentence in ALL:
        assert fields(german[sentence]) == fields(sentence)
        if fields(sentence):
            said = language.text(sentence, spoken, **dict.fromkeys(fields(sentence), 2.5))
            assert "{" not in said


def test_german_keeps_what_is_to_be_typed():
    code = re.compile(r"--[a-z]+|ostwerk [a-z]+|\w+\.toml|EPSG:\d+|[a-z]+_[a-z_]+")
    for english, german in language._german().items():
        typed = {part for part in code.findall(re.sub(r"\{.*?\}", "", english)) if part != "--help"}
        assert all(part in german for part in typed), english


def test_german_is_set_as_german_is():
    for english, german in language._german().items():
        assert not re.search(r'"[^"]*"', german) or '"' in english, german
        assert not re.search(r"\d %|\bz\. ?B\.", german), f"a blank that breaks: {german}"
        assert german == german.strip()


def test_notes_of_observations_are_known(small_data):
    observed = ow.indicators.compute(small_data, "2024Q4")
    assert set(observed["quality_note"]) <= NOTES | {""}


@pytest.mark.parametrize("template", sorted(templates.FOLDER.rglob("*.j2")), ids=lambda p: p.name)
def test_a_template_holds_no_words_of_its_own(template):
    text = template.read_text(encoding="utf-8")
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    assert not re.search("[A-Za-z]", re.sub(r"<[^>]*>", "", text))
