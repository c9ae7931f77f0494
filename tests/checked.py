"""What several test files ask of checked data: some tables alone, their faults, nothing lost."""

import pandas as pd

from ostwerk_analysis.faults import faults_frame
from ostwerk_analysis.loading import check
from ostwerk_analysis.programme import Programme
from ostwerk_analysis.rules import RULES
from ostwerk_analysis.tables import RELATIONS


def check_table(folder, *names):
    """Check some tables of a programme and those that they refer to, which is quicker than all."""
    needed, before = {"boroughs", "districts", *names}, set()
    while needed != before:
        before = set(needed)
        needed |= {other for name in before for other in RELATIONS.get(name, {}).values()}
    programme = Programme.read(folder)
    kept = [source for source in programme.sources if source.table in needed]
    return check(programme.model_copy(update={"sources": kept}))


def faults_of(data, table):
    """Give line, column, value, rule and expected of each fault of a table."""
    columns = ["line", "column", "value", "rule", "expected"]
    found = data.faults.loc[data.faults["table"] == table, columns]
    return [tuple(row) for row in found.itertuples(index=False)]


def assert_nothing_is_lost(data):
    """Hold reads, tables, rows set aside and faults against each other."""
    reads = data.reads
    assert data.faults.dtypes.equals(faults_frame().dtypes)
    assert (reads["rows_read"] == reads[["accepted", "set_aside", "skipped"]].sum(axis=1)).all()
    for name, counts in reads.groupby("table")[["accepted", "set_aside"]].sum().iterrows():
        aside = data.set_aside.get(name, pd.DataFrame({"_rules": [], "_line": []}))
        assert len(data.tables[name]) == counts["accepted"]
        assert len(aside) == counts["set_aside"]
        faults = data.faults[data.faults["table"] == name]
        assert set(aside["_line"].astype(int)) == set(faults["line"])
        assert {rule for rules in aside["_rules"] for rule in rules.split(", ")} == set(
            faults["rule"]
        )
        assert set(faults["rule"]) <= RULES.keys()
