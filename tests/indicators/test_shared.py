import pandas as pd

from ostwerk_analysis.indicators import shared


def text(*words):
    return pd.Series(words, dtype="str", index=range(5, 5 + len(words)))


def test_what_is_shared_is_worked_out_once_in_a_run_and_anew_outside_of_it(small_data):
    made = []

    @shared.once
    def table(data):
        made.append(data)
        return pd.DataFrame({"a": [1]})

    table(small_data)
    table(small_data)
    assert len(made) == 2
    with shared.run(small_data):
        changed = table(small_data)
        changed["b"] = 2  # what a caller adds is his alone
        assert list(table(small_data)) == ["a"]
    assert len(made) == 3
    with shared.run(small_data):
        table(small_data)
    assert len(made) == 4


def test_codes_keep_their_words_and_their_gaps():
    codes = text("b", None, "a", "b")
    for found in (shared.coded(codes), shared.keyed(codes, pd.CategoricalDtype(["a", "b"]))):
        assert found.index.equals(codes.index)
        assert found.astype("str").equals(codes)


def test_a_code_that_is_no_key_is_missing_also_of_a_categorical():
    keys = pd.CategoricalDtype(["z", "a"])
    for codes in (text("b", "a"), shared.coded(text("b", "a"))):
        assert shared.keyed(codes, keys).cat.codes.tolist() == [-1, 1]


def test_codes_stand_for_what_they_mean_and_unknown_ones_for_nothing():
    meaning = pd.Series(["m1", "m1", None], ["s1", "s2", "s3"], dtype="str")
    found = shared.translated(shared.coded(text("s2", "s1", "s3", "s4", None)), meaning)
    assert found.iloc[:2].tolist() == ["m1", "m1"]
    assert found.isna().tolist() == [False, False, True, True, True]


def test_the_first_that_is_known_counts_and_the_same_word_is_one_code():
    first, second = shared.coded(text(None, "x", None)), shared.coded(text("x", "y", None))
    found = shared.first_known(first, second)
    assert found.iloc[:2].tolist() == ["x", "x"]
    assert found.isna().tolist() == [False, False, True]
    assert found.cat.codes.tolist() == [0, 0, -1]
