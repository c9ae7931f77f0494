"""What several indicators are made from: worked out once in a run, with codes as numbers.

Hundreds of indicators ask the same few tables, and ask them by codes: whose contact, at which site,
under which measure. As text each answer takes a search through millions of words; as categoricals,
which are numbers that know their words, it takes a look at a place in a row.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..dataset import Dataset

Table = Callable[[Dataset], pd.DataFrame]

_RUN: ContextVar[tuple[Dataset, dict[Table, pd.DataFrame]] | None] = ContextVar("run", default=None)


@contextmanager
def run(data: Dataset) -> Iterator[None]:
    """Open a run: until it ends, what :func:`once` marks is worked out once for these data."""
    token = _RUN.set((data, {}))
    try:
        yield
    finally:
        _RUN.reset(token)


def once(make: Table) -> Table:
    """Mark a table as one to be worked out once in a :func:`run`, and anew outside of it.

    Nothing is kept beyond the run, so that nobody is given what was made of tables since changed.
    """

    @functools.wraps(make)
    def kept(data: Dataset) -> pd.DataFrame:
        current = _RUN.get()
        if current is None or current[0] is not data:
            return make(data)
        found = current[1]
        if make not in found:
            found[make] = make(data)
        return found[make].copy(deep=False)  # a caller may add columns

    return kept


def coded(text: pd.Series) -> pd.Series:
    """Write text as a categorical, in the order in which the words appear."""
    number, words = pd.factorize(text)
    return pd.Series(pd.Categorical.from_codes(number, words), text.index)


def keyed(codes: pd.Series, keys: pd.CategoricalDtype) -> pd.Series:
    """Write codes as a categorical of a table's keys; a code that it does not have is missing."""
    if isinstance(codes.dtype, pd.CategoricalDtype):
        return codes.cat.set_categories(keys.categories)
    known, asked = (pa.array(text, pa.large_string()) for text in (keys.categories, codes))
    place = pc.index_in(asked, value_set=known, skip_nulls=True).fill_null(-1)
    number = place.to_numpy(zero_copy_only=False)
    return pd.Series(pd.Categorical.from_codes(number, dtype=keys), codes.index)


def translated(column: pd.Series, meaning: pd.Series) -> pd.Series:
    """Say what each code of a categorical stands for, such as the measure of a site.

    Parameters
    ----------
    column : Series of category, shape (n,)
    meaning : Series of str
        By code.

    Returns
    -------
    Series of category, shape (n,)
        Missing where there is no code, or it stands for nothing.
    """
    number, words = pd.factorize(meaning.reindex(column.cat.categories))
    # The last place is that of no code, which pandas numbers -1.
    found = np.append(number, -1)[column.cat.codes]
    return pd.Series(pd.Categorical.from_codes(found, words), column.index)


def first_known(*columns: pd.Series) -> pd.Series:
    """Give the first of some categoricals that is known in each row, as one of all their words."""
    words = columns[0].cat.categories.append([column.cat.categories for column in columns[1:]])
    number, words = pd.factorize(words)
    found = np.full(len(columns[0]), len(number))  # the place of what no column knows
    ends = np.cumsum([len(column.cat.categories) for column in columns])
    for column, end in reversed(list(zip(columns, ends, strict=True))):
        code = column.cat.codes.to_numpy()
        found = np.where(code < 0, found, code + (end - len(column.cat.categories)))
    codes = np.append(number, -1)[found]
    return pd.Series(pd.Categorical.from_codes(codes, words), columns[0].index)
