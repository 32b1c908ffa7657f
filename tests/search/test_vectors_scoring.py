"""What all backends share: the definition of a score, and sets of ids as bitmaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from search.vectors import bitmaps, scoring
from tests.search.vector_helpers import clumped

ID_SETS = st.sets(st.integers(0, 300))


def as_ids(members: set[int]) -> np.ndarray:
    return np.asarray(sorted(members), np.int64)


@given(arrays.arrays(np.float16, (70, 3), elements=st.floats(-65504, 65504, width=16)))
def test_widening_keeps_every_number(half: np.ndarray) -> None:
    """Subnormal numbers and negative zeros too."""
    np.testing.assert_array_equal(scoring.widen(half).view(np.uint32), half.astype(np.float32).view(np.uint32))


@given(ID_SETS)
def test_a_bitmap_holds_what_went_in(members: set[int]) -> None:
    """In ascending order, counted, and nothing else."""
    bitmap = bitmaps.from_ids(as_ids(members))
    assert bitmaps.to_ids(bitmap).tolist() == sorted(members)
    assert bitmaps.count(bitmap) == len(members)
    asked = np.arange(400)
    assert bitmaps.contains(bitmap, asked).tolist() == [number in members for number in range(400)]


@given(ID_SETS, ID_SETS)
def test_bitmaps_combine_as_sets_do(left: set[int], right: set[int]) -> None:
    """Whichever is longer; None is everything."""
    one, other = bitmaps.from_ids(as_ids(left)), bitmaps.from_ids(as_ids(right))
    shared = bitmaps.both(one, other)
    assert shared is not None
    assert bitmaps.to_ids(shared).tolist() == sorted(left & right)
    assert bitmaps.both(one, None) is one
    assert bitmaps.both(None, other) is other
    assert bitmaps.to_ids(bitmaps.without(one, as_ids(right))).tolist() == sorted(left - right)
    assert bitmaps.to_ids(one).tolist() == sorted(left)


@pytest.mark.parametrize("k", [1, 10, 5000, 20000, 30000])
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_a_scan_in_blocks_is_the_plain_formula(k: int, kind: type) -> None:
    """With the float32 pass that picks what to sum in float64, and without; over several blocks; ties by id."""
    count = 2 * scoring.BLOCK_ROWS + 300
    rows = clumped(count, 1)
    rows[::37] = rows[5]
    queries = np.concatenate([clumped(2, 2), rows[5:6]])
    ids = np.random.default_rng(0).permutation(10 * count)[:count]
    scores, found = scoring.scan(queries, rows.astype(kind), ids, k)
    exact = (queries.astype(float) @ rows.T.astype(float)).astype(np.float32)
    for query in range(len(queries)):
        order = np.lexsort((ids, -exact[query]))[:k]
        np.testing.assert_array_equal(found[query, : order.size], ids[order])
        np.testing.assert_array_equal(scores[query, : order.size], exact[query, order])
        assert (found[query, order.size :] == -1).all()


def test_equal_rows_score_equal_wherever_they_stand() -> None:
    """In any place of a block of any length: BLAS in float32 does not promise that."""
    query, row = clumped(1, 1, 384), clumped(1, 2, 384)
    scores = {
        float(score)
        for length in range(1, 40)
        for score in scoring.scan(query, np.repeat(row, length, axis=0), np.arange(length), length)[0][0]
    }
    assert len(scores) == 1


def test_many_rankings_at_once_are_those_one_by_one():
    """Scores and order of several queries, each with its own candidates, are bit for bit those of a loop."""
    rng = np.random.default_rng(3)
    queries = rng.normal(size=(7, 25)).astype(np.float32)
    rows = rng.normal(size=(7, 40, 25)).astype(np.float16)
    rows[:, 5] = rows[:, 17]  # equal scores
    ids = np.sort(rng.integers(-1, 60, (7, 40)), axis=1)
    scores, found = scoring.order_each(scoring.scores_of_each(queries, rows), ids, 30)
    for query, own, own_ids, best, best_ids in zip(queries, rows, ids, scores, found, strict=True):
        there = own_ids >= 0
        wanted = scoring.order(scoring.scores_of(query[None], own[there])[0], own_ids[there], 30)
        assert np.array_equal(best, wanted[0])
        assert np.array_equal(best_ids, wanted[1])
