"""Sorts clips by a column."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from search.analysis.facts.definitions import FACTS, PLACES
from search.columns.clipcolumns import ClipColumns
from search.columns.table import ColumnPart
from search.columns.text import TextColumn
from search.errors import WhereError
from search.model import Ids

ORDERS: Final = ("id", "added", "duration_s", "size_bytes", "title", "path", *(f.name for f in FACTS if not f.words))
"""The columns that clips can be sorted by. With "-" before the name, the order is descending."""


def order(columns: ClipColumns, by: str) -> Ids:
    """Return the rows (rows,) sorted by a column, ties by clip id. Clips without a value come last in both directions.

    Raises WhereError for a column that clips cannot be sorted by, or for a fact if no clip was measured.
    """
    name = by.removeprefix("-")
    if name not in ORDERS:
        raise WhereError(f"clips cannot be sorted by {name!r}; use one of: {', '.join(ORDERS)}")
    parts = (columns.base, columns.recent)
    if name in ("title", "path"):
        values = np.array([value for part in parts for value in _texts(part, name)], np.object_)
        ranks = np.unique(values, return_inverse=True)[1] if len(values) else np.empty(0, np.int64)
    elif name == "id":
        ranks = np.zeros(len(columns.clip_ids), np.int64)
    elif name in PLACES:
        columns.check_measured(name)
        ranks = np.concatenate([part.fact(name) for part in parts])
    else:
        ranks = np.concatenate([getattr(part, name) for part in parts])
    absent = np.isnan(ranks) if name in PLACES else np.zeros(len(ranks), np.bool_)
    rows = np.lexsort((columns.clip_ids, ranks)).astype(np.int64)
    if by.startswith("-"):
        rows = rows[::-1]
    return np.concatenate((rows[~absent[rows]], rows[absent[rows]]))


def _texts(part: ColumnPart, by: str) -> list[bytes]:
    column: TextColumn = part.titles if by == "title" else part.paths
    blob, starts = column.blob.tobytes(), column.starts.tolist()
    return [blob[start : stop - 1] for start, stop in itertools.pairwise(starts)]
