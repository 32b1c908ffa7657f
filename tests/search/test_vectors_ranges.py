"""A filter as a few ranges of ids for Milvus: it includes all that passes, and its gaps are as narrow as possible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.vectors import bitmaps
from search.vectors.milvus import ranges
from search.vectors.milvus.ranges import expression


@given(st.lists(st.integers(0, 400), max_size=60, unique=True), st.integers(1, 5))
def test_every_id_is_in_one_of_at_most_so_many_ranges_and_the_largest_gaps_stay(ids, most):
    ids = np.sort(np.asarray(ids, np.int64))
    first, last = ranges.ranges(bitmaps.from_ids(ids), most)
    runs = int((np.diff(ids) > 1).sum()) + 1 if ids.size else 0
    assert len(first) == len(last) == min(most, runs)
    inside = (ids[:, None] >= first) & (ids[:, None] <= last)
    assert (inside.sum(axis=1) == 1).all()
    gaps = np.sort(np.diff(ids))[::-1]
    covered = int((last - first + 1).sum()) if ids.size else 0
    assert covered == (int(ids[-1] - ids[0]) + 1 - int((gaps[: max(0, most - 1)] - 1).sum()) if ids.size else 0)


def test_a_long_bitmap_is_read_coarsely_and_still_leaves_nothing_out(monkeypatch):
    monkeypatch.setattr(ranges, "_MOST_BYTES", 16)
    ids = np.concatenate([np.arange(3, 40), np.arange(900, 950), [1_999]])
    first, last = ranges.ranges(bitmaps.from_ids(ids), 3)
    assert ((ids[:, None] >= first) & (ids[:, None] <= last)).any(axis=1).all()
    assert (last - first + 1).sum() < 600


@pytest.mark.parametrize(("ids", "said"), [([], ""), ([4, 5, 9], "(id >= 4 and id <= 5) or (id >= 9 and id <= 9)")])
def test_ranges_are_written_as_the_server_reads_them(ids, said):
    assert expression(*ranges.ranges(bitmaps.from_ids(np.asarray(ids, np.int64)), 4)) == said
