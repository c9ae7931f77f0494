"""Codes of the WZ in one edition: published counterparts, and laws over all codes.

The counterparts stand in the tables of contents of NACE Rev. 2 (Regulation (EC) 1893/2006) and of
NACE Rev. 2.1 (Delegated Regulation (EU) 2023/137), of which the WZ has the first four digits.
"""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wz_code import WZ

from ostwerk_analysis import branches, load
from ostwerk_analysis.codes import CODES, WZ_SECTIONS
from ostwerk_analysis.faults import DataError

ALL = {edition: list(WZ(edition).get_all_codes()) for edition in branches.EDITIONS}


def brought(*codes, version="2008", edition="2025"):
    found = branches.brought(
        pd.Series(codes, dtype="str"), pd.Series([version] * len(codes), dtype="str"), edition
    )
    assert list(found) == branches.COLUMNS
    return found.astype(object).where(found.notna(), None)


@pytest.mark.parametrize(
    ("code", "counterpart", "section"),
    [
        ("45.20", "95.31", "2025-T"),  # repair of motor vehicles is no trade any more
        ("41.10", "68.12", "2025-M"),  # development of building projects is real estate
        ("62.01", "62.10", "2025-K"),  # computer programming
        ("96.02", "96.2", "2025-T"),  # hairdressing and beauty, of which 96.21 and 96.22
        ("01.11", "01.11", "2025-A"),
        ("70.22", "70.20", "2025-N"),  # business consultancy
        ("68.1", "68.11", "2025-M"),
    ],
)
def test_a_code_with_one_counterpart_is_taken_over(code, counterpart, section):
    row = brought(code).iloc[0]
    assert row["section"] == section
    assert row["code"].startswith(counterpart)


def test_a_code_that_is_divided_within_a_section_gets_the_common_parent():
    # sale of cars goes to agents, wholesale, retail and their intermediaries, all of them trade
    row = brought("45.11").iloc[0]
    assert row[["code", "section", "how"]].tolist() == ["G", "2025-G", "common parent"]


def test_a_code_that_is_divided_over_sections_has_neither_code_nor_section():
    # software published online is no retail trade
    row = brought("47.91").iloc[0]
    assert row[["code", "section", "how"]].tolist() == [None, None, "split"]
    assert row["sections"] == "2025-G, 2025-J"


def test_a_code_of_the_edition_itself_is_kept():
    row = brought("62.10", version="2025").iloc[0]
    assert row[["code", "section", "how"]].tolist() == ["62.10", "2025-K", "kept"]
    row = brought("62.01", edition="2008").iloc[0]
    assert row[["code", "section", "how"]].tolist() == ["62.01", "J", "kept"]


def test_codes_are_brought_back_to_the_earlier_edition():
    row = brought("95.31", version="2025", edition="2008").iloc[0]
    assert row["section"] == "G"


def test_a_code_that_its_edition_lacks_is_taken_for_its_longest_beginning():
    assert brought("56.10.7").iloc[0].equals(brought("56.10").iloc[0])


def test_without_a_version_a_code_is_of_2008_and_without_a_code_nothing_is_known():
    codes = pd.Series(["62.01", None], dtype="str", index=[7, 3])
    found = branches.brought(codes, pd.Series([None, "2008"], codes.index, dtype="str"), "2025")
    assert found.index.tolist() == [7, 3]
    assert found.loc[7, "section"] == "2025-K"
    assert found.loc[3].isna().all()


@pytest.mark.parametrize("edition", branches.EDITIONS)
def test_every_code_of_the_other_edition_gets_a_result(edition):
    other = branches.OTHER[edition]
    found = brought(*ALL[other], version=other, edition=edition)
    assert found["how"].isin(["taken over", "common parent", "split", "no counterpart"]).all()
    is_known = found["section"].notna()
    assert is_known.equals(found["how"].isin(["taken over", "common parent"]))
    assert is_known.equals(found["code"].notna())
    assert found.loc[is_known, "section"].isin(CODES["section"]).all()
    assert found["sections"].notna().equals(found["how"] == "split")
    # of WZ 2008 nothing is lost; a service new in 2025 has no code of 2008
    lost = [code for code, how in zip(ALL[other], found["how"], strict=True) if "no " in how]
    assert lost == ([] if other == "2008" else ["46.89", "46.89.0"])


@pytest.mark.parametrize("edition", branches.EDITIONS)
def test_a_code_holds_the_counterparts_of_all_that_is_below_it(edition):
    other = branches.OTHER[edition]
    of = dict(
        zip(
            ALL[other], brought(*ALL[other], version=other, edition=edition)["section"], strict=True
        )
    )
    for code in ALL[other]:
        if of[code]:
            assert {of[below.code] for below in WZ(other).get(code).children} <= {of[code], None}


@pytest.mark.parametrize("edition", branches.EDITIONS)
def test_the_sections_are_those_of_the_package(edition):
    wz = WZ(edition)
    found = {
        one.code: (int(one.children[0].code), int(one.children[-1].code))
        for one in wz.get_top_level_codes()
    }
    assert found == WZ_SECTIONS[edition]


def test_short_titles_are_of_the_same_sections_as_the_official_ones():
    # a word of each official German title that the English short title stands for
    words = {
        "A": "Landwirtschaft|Forst", "B": "Bergbau", "C": "Verarbeitendes", "D": "Energie",
        "E": "Abfall", "F": "Baugewerbe", "G": "Handel", "H": "Verkehr", "I": "Gastgewerbe",
        "J": "Verlag", "K": "Telekommunikation", "L": "Finanz", "M": "Grundst", "N": "wissenschaft",
        "O": "sonstigen wirtschaftlichen", "P": "Verwaltung", "Q": "Erziehung", "R": "Gesundheit",
        "S": "Kunst", "T": "sonstigen Dienstleistungen", "U": "Haushalte", "V": "Exterritoriale",
    }  # fmt: skip
    titles = {one.code: one.title for one in WZ("2025").get_top_level_codes()}
    assert titles.keys() == words.keys()
    for letter, title in titles.items():
        assert any(word in title for word in words[letter].split("|")), title


# what is counted by branch is shared out


def test_counts_are_shared_equally_among_subclasses_and_their_counterparts():
    # 63.12 goes to 60.39.2, 60.39.3 and 63.91.0
    assert branches.shared(pd.Series({"63.12": 30.0}), "2025").round(9).to_dict() == {
        "2025-J": 20.0, "2025-K": 10.0,
    }  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(ALL["2008"]), st.integers(0, 10**6), min_size=1),
)
def test_sharing_out_keeps_the_total(counts):
    given_out = branches.shared(pd.Series(counts, dtype="float64"), "2025")
    assert given_out.sum() == pytest.approx(sum(counts.values()))
    assert (given_out >= 0).all()


def test_a_code_without_counterpart_cannot_be_shared_out():
    with pytest.raises(DataError, match=r"WZ 2025 has no code 46\.89\.0"):
        branches.shared(pd.Series({"46.89.0": 1.0}), "2008")


# in a programme


@pytest.fixture
def published_in(small_city, change):
    def published_in(edition, *changes):
        stated = f'seed = 7\nfault_limit_pct = 100\nwz_version = "{edition}"'
        change(small_city / "programme.toml", "seed = 7", stated)
        for old, new in changes:
            change(small_city / "businesses.csv", old, new)
        return load(small_city)

    return published_in


def test_a_register_of_two_editions_is_published_in_one(published_in, small_data):
    assert small_data.businesses["section"].tolist()[4:6] == ["J", "2025-K"]
    data = published_in("2025")
    sections = data.businesses["section"].dropna()
    assert sections.str.startswith("2025-").all()
    assert data.businesses["wz_code"].equals(small_data.businesses["wz_code"])  # as in the file


def test_enterprises_of_a_split_code_are_not_lost_and_the_reading_says_so(published_in):
    from ostwerk_analysis import indicators

    data = published_in("2025", ("b2,01,,,10.71", "b2,01,,,47.91"))
    [split] = data.repairs.to_dict("records")
    assert split["rule"] == "wz_split"
    assert [split[key] for key in ("line", "value", "becomes", "reason")] == [
        3, "47.91", "2025-G, 2025-J", "1",
    ]  # fmt: skip
    found = indicators.compute(data, "2025Q2", "businesses")
    here = found[(found["indicator"] == "businesses") & (found["area_id"] == "stadt")]
    here = here[here["period"] == "2025-Q2"].set_index("breakdown")["value"]
    parts = here[here.index.str.startswith("section=")]
    assert parts["section=unknown"] == 2  # b2, and b4 without a code
    assert parts.sum() == here[""]


def test_an_edition_that_there_is_not_is_refused(published_in):
    with pytest.raises(DataError, match="wz_version: must be one of"):
        published_in("2003")
