"""The contract of `search.ports.VectorIndex`, for every backend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search.errors import LibraryError, QueryError
from search.model import Ids, Vectors
from search.vectors import bitmaps
from search.vectors.exact import ExactIndex
from tests.amounts import few
from tests.search.vector_helpers import BACKENDS, DIM, Backend, Written, clumped, plain, recall

Make = Callable[[Ids, Vectors], Written | ExactIndex]

LARGE = 8000
"""Above what a compressed snapshot scans whole, so that its lists are really searched."""


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Make:
    return lambda ids, vectors: backend.make(tmp_path, ids, vectors)


def test_the_ranking_is_that_of_the_plain_formula(make: Make) -> None:
    """Scores to the last bit, best first; a library of a few hundred is never approximated."""
    vectors, queries = clumped(300, 1), clumped(20, 2)
    ids = np.random.default_rng(0).permutation(1000)[:300].astype(np.int64)
    index = make(ids, vectors)
    held = dict(zip(ids.tolist(), vectors, strict=True))
    scores, found = index.search(queries, 15)
    for query, row_scores, row_ids in zip(queries, scores, found, strict=True):
        expected_scores, expected_ids = plain(held, query, 15)
        np.testing.assert_array_equal(row_ids, expected_ids)
        np.testing.assert_array_equal(row_scores, expected_scores)


def test_a_large_index_finds_what_an_exact_one_finds(make: Make, backend: Backend) -> None:
    """Recall@10 of .97, for queries that are in the index and for such that are not."""
    vectors, queries = clumped(LARGE, 1), np.concatenate([clumped(100, 2), clumped(LARGE, 1)[::80]])
    index = make(np.arange(LARGE), vectors)
    truth = np.argsort(-(queries.astype(float) @ vectors.T.astype(float)), axis=1, kind="stable")[:, :10]
    found = index.search(queries, 10)[1]
    assert recall(found, truth) >= (1.0 if backend.exact else 0.97)


@pytest.mark.parametrize("share", few([0.5, 0.01, 0.9, 0.1, 0.001], 2))
def test_a_filter_acts_inside_the_search(make: Make, backend: Backend, share: float) -> None:
    """However few segments pass, the hits are the best of them, as many as were asked for, and no others."""
    vectors, queries = clumped(LARGE, 1), clumped(40, 2)
    passing = np.flatnonzero(np.random.default_rng(3).random(LARGE) < share)
    index = make(np.arange(LARGE), vectors)
    best = np.argsort(-(queries.astype(float) @ vectors[passing].T.astype(float)), axis=1, kind="stable")[:, :10]
    found = index.search(queries, 10, bitmaps.from_ids(passing))[1]
    assert np.isin(found[found >= 0], passing).all()
    assert ((found >= 0).sum(axis=1) == min(10, passing.size)).all()
    assert recall(found, passing[best]) >= (1.0 if backend.exact else 0.97)


def test_a_filter_far_from_the_query_still_fills_the_answer(make: Make) -> None:
    """What passes may lie in lists that an unfiltered search never visits."""
    vectors = clumped(LARGE, 1)
    query = vectors[:1]
    far = np.argsort(vectors @ query[0])[: LARGE // 2]
    index = make(np.arange(LARGE), vectors)
    found = index.search(query, 10, bitmaps.from_ids(far))[1][0]
    assert np.isin(found, far).all()


def test_equal_vectors_score_equal_and_rank_by_id(make: Make) -> None:
    """Silence has one vector, a hundred times: its order must not depend on where a row is kept."""
    vectors = clumped(500, 1)
    vectors[::5] = vectors[0]
    index = make(np.arange(500), vectors)
    scores, ids = index.search(vectors[:1], 100)
    assert np.unique(scores).size == 1
    np.testing.assert_array_equal(ids[0], np.arange(0, 500, 5))


def test_what_is_absent_is_minus_one(make: Make) -> None:
    """More hits asked for than there are: the rest is -inf and -1."""
    index = make(np.arange(7), clumped(7, 1))
    scores, ids = index.search(clumped(3, 2), 12)
    assert scores.shape == ids.shape == (3, 12)
    assert (np.sort(ids[:, :7], axis=1) == np.arange(7)).all()
    assert (ids[:, 7:] == -1).all()
    assert np.isneginf(scores[:, 7:]).all()


def test_nothing_is_found_in_an_empty_index_or_through_an_empty_filter(make: Make) -> None:
    """An answer of the right shape with nothing in it."""
    index = make(np.empty(0, np.int64), np.empty((0, DIM), np.float32))
    assert (index.search(clumped(2, 1), 3)[1] == -1).all()
    assert len(index) == 0
    index.add(np.arange(50), clumped(50, 1))
    assert (index.search(clumped(2, 1), 3, np.zeros(0, np.uint8))[1] == -1).all()
    assert (index.search(clumped(2, 1), 3, np.zeros(999, np.uint8))[1] == -1).all()


def test_no_queries_give_no_rows(make: Make) -> None:
    """A batch may be empty."""
    index = make(np.arange(50), clumped(50, 1))
    scores, ids = index.search(np.empty((0, DIM), np.float32), 5)
    assert scores.shape == ids.shape == (0, 5)


def test_bits_of_a_filter_beyond_the_index_mean_nothing(make: Make) -> None:
    """A filter may be longer than the ids that are there, or shorter."""
    vectors = clumped(60, 1)
    index = make(np.arange(60), vectors)
    everything = bitmaps.from_ids(np.arange(5000))
    np.testing.assert_array_equal(index.search(vectors[:4], 60, everything)[1], index.search(vectors[:4], 60)[1])
    few = index.search(vectors[:4], 60, bitmaps.from_ids(np.arange(9)))[1]
    assert (np.sort(few[:, :9], axis=1) == np.arange(9)).all()
    assert (few[:, 9:] == -1).all()


def test_removed_ids_are_never_found(make: Make, backend: Backend) -> None:
    """Not even when most are gone, and what is left is found as well as before."""
    vectors, queries = clumped(LARGE, 1), clumped(50, 2)
    index = make(np.arange(LARGE), vectors)
    gone = np.random.default_rng(4).permutation(LARGE)[: LARGE * 3 // 5]
    index.remove(gone)
    index.remove(np.asarray([10**6, int(gone[0])]))  # unknown, and gone already
    left = np.setdiff1d(np.arange(LARGE), gone)
    found = index.search(queries, 10)[1]
    assert not np.isin(found, gone).any()
    assert len(index) == left.size
    best = np.argsort(-(queries.astype(float) @ vectors[left].T.astype(float)), axis=1, kind="stable")[:, :10]
    assert recall(found, left[best]) >= (1.0 if backend.exact else 0.97)


def test_an_id_added_again_is_replaced(make: Make) -> None:
    """Its old vector is not found, its new one is, and it is counted once."""
    vectors, replacement = clumped(200, 1), clumped(1, 9)
    index = make(np.arange(200), vectors)
    index.add(np.asarray([17]), replacement)
    assert len(index) == 200
    ids = index.search(replacement, 200)[1]
    assert ids[0, 0] == 17
    assert np.sort(ids[0]).tolist() == list(range(200))
    old_scores, old_ids = index.search(vectors[17:18], 200)
    at = int(np.flatnonzero(old_ids[0] == 17)[0])
    assert old_scores[0, at] == np.float32(np.dot(vectors[17].astype(float), replacement[0].astype(float)))


def test_an_id_given_twice_in_one_call_keeps_its_last_vector(make: Make) -> None:
    """As if it had been added twice."""
    vectors = clumped(40, 1)
    index = make(np.arange(30), vectors[:30])
    index.add(np.asarray([50, 51, 50]), vectors[[30, 31, 32]])
    assert len(index) == 32
    np.testing.assert_array_equal(index.vectors(np.asarray([50])), vectors[[32]])


def test_vectors_come_back_by_id(make: Make) -> None:
    """In the order asked for, twice if asked twice; an unknown or removed id is an error that names it."""
    vectors = clumped(300, 1)
    index = make(np.arange(300), vectors)
    wanted = np.asarray([299, 3, 3, 150])
    np.testing.assert_array_equal(index.vectors(wanted), vectors[wanted])
    index.remove(np.asarray([150]))
    for unknown in (150, 300, 10**7, -1):
        with pytest.raises(LibraryError, match=str(unknown)):
            index.vectors(np.asarray([3, unknown]))


def test_the_callers_arrays_stay_as_they_were(make: Make) -> None:
    """Nothing is normalised, sorted or kept by reference."""
    ids, vectors, query = np.arange(99)[::-1].copy(), clumped(99, 1), clumped(2, 2)
    among = bitmaps.from_ids(np.arange(0, 99, 2))
    before = [array.copy() for array in (ids, vectors, query, among)]
    index = make(ids, vectors)
    index.search(query, 5, among)
    for array, copy in zip((ids, vectors, query, among), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    answer = index.search(query, 5)
    vectors[:] = 0
    np.testing.assert_array_equal(index.search(query, 5)[1], answer[1])


def test_wrong_use_is_named(make: Make) -> None:
    """Shapes that do not fit, values that are not finite, no hits asked for, negative ids."""
    index = make(np.arange(10), clumped(10, 1))
    for queries, k in ((np.ones((1, DIM + 1), np.float32), 5), (np.ones(DIM, np.float32), 5), (clumped(1, 1), 0)):
        with pytest.raises(QueryError):
            index.search(queries, k)
    with pytest.raises(QueryError, match="NaN"):
        index.search(np.full((1, DIM), np.nan, np.float32), 5)
    with pytest.raises(LibraryError, match="dimensions"):
        index.add(np.arange(2), np.ones((2, DIM - 1), np.float32))
    with pytest.raises(LibraryError, match="segment 21"):
        index.add(np.asarray([20, 21]), np.stack([clumped(1, 1)[0], np.full(DIM, np.inf, np.float32)]))
    with pytest.raises(LibraryError, match="negative"):
        index.add(np.asarray([-3]), clumped(1, 1))
    assert len(index) == 10


def test_every_segment_can_be_ranked_at_once(make: Make) -> None:
    """Benchmarks ask for full rankings: all ids, each once, in falling order of score."""
    vectors = clumped(4000, 1)
    index = make(np.arange(4000), vectors)
    scores, ids = index.search(vectors[:3], len(index))
    assert (np.sort(ids, axis=1) == np.arange(4000)).all()
    assert (np.diff(scores, axis=1) <= 0).all()
