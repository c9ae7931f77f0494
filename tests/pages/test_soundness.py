from types import SimpleNamespace

import pandas as pd

from ostwerk_analysis.figures import tables_read
from ostwerk_analysis.figures.soundness import REASONS
from ostwerk_analysis.rules import RULES

READS = pd.DataFrame(
    {
        "table": ["grants", "statistics", "statistics"],
        "rows_read": [90, 40, 60],
        "accepted": [88, 35, 60],
        "set_aside": [2, 0, 0],
        "skipped": [0, 5, 0],
    }
)
FAULTS = pd.DataFrame(
    {
        "table": ["grants", "grants", "grants"],
        "column": ["paid_eur", "completed_on", "status"],
        "rule": ["order", "order", "allowed"],
        "rows": [1, 1, 1],
    }
)


def written(language, faults=FAULTS):
    return tables_read(
        SimpleNamespace(reads=READS, faults=faults, findings=pd.DataFrame()), language=language
    ).html


def test_rows_of_a_table_with_several_files_are_added_up():
    assert (
        '<th scope="row">official statistics</th><td>100</td><td>95</td><td>0</td><td>5</td>'
        in (written("en"))
    )


def test_rows_with_faults_are_counted_by_what_is_wrong_in_words():
    said = "Angaben, die einander widersprechen (2); nicht vorgesehene Angabe (1)."
    assert f"<b>Zuschussdatei:</b> zurückgestellt wegen: {said}" in written("de")


def test_every_rule_has_its_words():
    assert set(REASONS) == set(RULES)


def test_without_faults_no_table_is_named():
    assert "grant register:" not in written("en", FAULTS[:0])
    assert "grant register:" in written("en")


def test_a_release_that_only_knows_rows_read_and_set_aside_is_told_of(release):
    assert "2 were set aside" in tables_read(release, language="en").html
