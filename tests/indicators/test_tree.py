"""What stands at each node of the programme's tree: once, and with all that is below."""

import pytest

from ostwerk_analysis.indicators import tree

LAST = "2025-Q2"


def test_a_measure_belongs_to_itself_and_to_all_that_is_above_it(small_data):
    found = sorted(tree.nodes(small_data).itertuples(index=False, name=None))
    assert found == [
        ("beihilfe", "beihilfe"), ("beihilfe", "initiative"), ("initiative", "initiative"),
        ("startgeld", "initiative"), ("startgeld", "startgeld"),
    ]  # fmt: skip


def test_a_node_has_what_is_below_it_over_all_levels(small_city, change, observe):
    from ostwerk_analysis import load

    lead = '[[measures]]\nid = "leitprojekt"\nname = "Leitprojekt"\nparent = "initiative"\n\n'
    below = 'id = "startgeld"\nname = { de = "Startgeld", en = "Start-up grants" }\nparent = '
    change(small_city / "programme.toml", f'[[measures]]\n{below}"initiative"',
           f'{lead}[[measures]]\n{below}"leitprojekt"')  # fmt: skip
    found = observe(load(small_city), "grants_approved_by_node_eur_to_date")
    assert found.breakdowns("grants_approved_by_node_eur_to_date", "stadt", LAST) == {
        "node=beihilfe": 8000, "node=initiative": 11000, "node=leitprojekt": 3000,
        "node=startgeld": 3000,
    }  # fmt: skip


def test_money_counts_once_at_each_node(observed):
    assert observed.breakdowns("grants_approved_by_node_eur_to_date", "stadt", LAST) == {
        "node=beihilfe": 8000, "node=startgeld": 3000, "node=initiative": 11000,
    }  # fmt: skip
    assert observed.breakdowns("grants_paid_by_node_eur_to_date", "stadt", LAST) == {
        "node=beihilfe": 5500, "node=initiative": 5500,
    }  # fmt: skip


def test_an_enterprise_counts_once_at_a_node_however_many_measures_supported_it(changed, observe):
    # g3 goes to b1 too, which has g1 and g2 of the other measure and advice at the initiative
    found = observe(
        changed(("grants.csv", "g3,b2,startgeld", "g3,b1,startgeld")), "enterprises_by_node_to_date"
    )
    assert found.breakdowns("enterprises_by_node_to_date", "stadt", LAST) == {
        "node=beihilfe": 2, "node=startgeld": 1, "node=initiative": 2,
    }  # fmt: skip


def test_advice_at_a_site_is_support_by_the_measure_that_runs_it(changed, observe):
    row = "c6,2024-07-01,community_event,,,s2,,3,,\n"
    advice = "c9,2025-04-02,advice,b7,,s1,,1,de,\n"
    found = observe(changed(("contacts.csv", row, row + advice)), "enterprises_by_node_to_date")
    assert found.breakdowns("enterprises_by_node_to_date", "stadt", LAST) == {
        "node=beihilfe": 2, "node=startgeld": 1, "node=initiative": 4,
    }  # fmt: skip


def test_persons_and_contacts_stand_under_the_measure_of_their_site(observed):
    # p6 entered at no site; c4 and c7 were at none
    assert observed.breakdowns("participants_by_node_to_date", "stadt", LAST) == {
        "node=initiative": 5
    }
    assert observed.breakdowns("contacts_by_node_to_date", "stadt", LAST) == {"node=initiative": 6}


def test_there_is_no_total_of_events_that_stand_at_several_nodes(observed):
    rows = observed.frame[observed.frame["indicator"].str.contains("_by_node")]
    assert len(rows)
    assert rows["breakdown"].str.startswith("node=").all()


def cells(observed, indicator, part):
    """Give the values of a part of an indicator in all areas and quarters."""
    frame = observed.frame
    of = frame[(frame["indicator"] == indicator) & (frame["breakdown"] == part)]
    return of.set_index(["area_level", "area_id", "period"])["value"]


@pytest.mark.parametrize("amount", ["approved", "paid"])
def test_the_top_of_the_tree_has_all_the_money(observed, amount):
    top = cells(observed, f"grants_{amount}_by_node_eur_to_date", "node=initiative")
    whole = cells(observed, f"grants_{amount}_eur_to_date", "")
    assert len(top)
    assert (top == whole.reindex(top.index)).all()


def test_a_node_has_no_fewer_enterprises_than_one_below_it(observed):
    top = cells(observed, "enterprises_by_node_to_date", "node=initiative")
    for measure in ("beihilfe", "startgeld"):
        below = cells(observed, "enterprises_by_node_to_date", f"node={measure}")
        assert (top >= below.reindex(top.index)).all()
