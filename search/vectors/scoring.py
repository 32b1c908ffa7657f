"""What a score is, and which are the best: every index, delta and re-ranking ends here.

A score is the inner product summed in float64 and rounded to float32. Summed in float32 it would depend on where a
row stands in a block (BLAS treats the last rows of a block differently), and two equal vectors could swap ranks from
one snapshot to the next. Summed like this, equal vectors score equal wherever they are kept, and ties go by id.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryError, QueryError
from search.model import HalfVectors, Ids, Scores, Vectors
from search.vectors.layers import LayerRows

BLOCK_ROWS = 8192
"""Rows scored at a time: 12.6 MB of float32 at 384 dimensions, which bounds what a scan of a large library holds."""

BLOCK_QUERIES = 256
"""Queries scored at a time, for the same reason."""

FEW_QUERIES = 16
"""So many, the segments of most clips, are searched in one thread. Shared among two, eight of them among a million
answered no sooner, took twice the processor, and four such questions at once two thirds more time (measured)."""

_WIDEN_ROWS = 64
"""Rows widened at a time: what fits the processor's second cache."""

PRESELECT_BELOW = 0.1
"""A float32 pass picks the rows worth a float64 sum while fewer than this part of a block is wanted."""


def scores_of(queries: Vectors, rows: Vectors | HalfVectors) -> Scores:
    """The scores (q, n) of ``rows`` (n, dim) for ``queries`` (q, dim)."""
    wide = np.asarray(queries, np.float64) @ np.asarray(rows, np.float64).T
    return wide.astype(np.float32)


def products(queries: Vectors, rows: Vectors) -> Scores:
    """The inner products (q, n) of ``queries`` (q, dim) and ``rows`` (n, dim), summed in float32: scores only roughly.

    Those of few queries in one thread. numpy's own product of that size wakes BLAS's other threads, which spin until
    the next comes: with 8192 rows on two busy cores one query took 6 ms of the processor that way, .5 this way.
    """
    if len(queries) > FEW_QUERIES:
        return queries @ rows.T
    each: Scores = np.vecdot(queries[:, np.newaxis], rows)
    return each


def scores_of_each(queries: Vectors, rows: HalfVectors) -> Scores:
    """The scores (q, n) of each query's own ``rows`` (q, n, dim) for ``queries`` (q, dim)."""
    count, each, dim = rows.shape
    wide = widen(rows.reshape(count * each, dim)).astype(np.float64).reshape(rows.shape)
    scores: NDArray[np.float64] = np.matmul(wide, np.asarray(queries, np.float64)[:, :, None])
    return scores[:, :, 0].astype(np.float32)


def widen(half: HalfVectors) -> Vectors:
    """``half`` (n, dim) float16, all finite, as float32: the same numbers in a fifth of the time numpy takes.

    The exponent and fraction bits of a float16, moved to where float32 keeps them, are the number times 2^-112 (IEEE
    754: the biases are 15 and 127), subnormal numbers included.
    """
    wide = np.empty(half.shape, np.float32)
    bits, narrow = wide.view(np.uint32), np.ascontiguousarray(half).view(np.uint16)
    for start in range(0, len(half), _WIDEN_ROWS):
        out = bits[start : start + _WIDEN_ROWS]
        np.copyto(out, narrow[start : start + _WIDEN_ROWS])
        sign = (out & np.uint32(0x8000)) << np.uint32(16)
        out &= np.uint32(0x7FFF)
        out <<= np.uint32(13)
        wide[start : start + _WIDEN_ROWS] *= np.float32(2.0**112)
        out |= sign
    return wide


def _as_float32(rows: Vectors | HalfVectors) -> Vectors:
    return widen(rows.view(np.float16)) if rows.dtype == np.float16 else rows.view(np.float32)


def order(scores: Scores, ids: Ids, k: int) -> tuple[Scores, Ids]:
    """The best ``k`` of one query's ``scores`` (n,) and ``ids`` (n,): best first, equal scores by ascending id.

    Entries that are -inf are absent. Both results are (k,), padded with -inf and -1.
    """
    present = np.flatnonzero(scores > -np.inf)
    if present.size > k:
        kth = np.partition(scores[present], present.size - k)[present.size - k]
        present = present[scores[present] >= kth]
    ranked = present[np.lexsort((ids[present], -scores[present]))][:k]
    best_scores = np.full(k, -np.inf, np.float32)
    best_ids = np.full(k, -1, np.int64)
    best_scores[: ranked.size] = scores[ranked]
    best_ids[: ranked.size] = ids[ranked]
    return best_scores, best_ids


def order_each(scores: Scores, ids: Ids, k: int) -> tuple[Scores, Ids]:
    """`order` for every row of ``scores`` (q, n) and ``ids`` (q, n), ascending, -1 where absent: (q, k) each."""
    scores = np.where(ids < 0, np.float32(-np.inf), scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    best_scores = np.full((len(ids), k), -np.inf, np.float32)
    best_ids = np.full((len(ids), k), -1, np.int64)
    best_scores[:, : best.shape[1]] = np.take_along_axis(scores, best, axis=1)
    best_ids[:, : best.shape[1]] = np.take_along_axis(ids, best, axis=1)
    return best_scores, best_ids


def merge(parts: list[tuple[Scores, Ids]], k: int) -> tuple[Scores, Ids]:
    """One ranking (q, k) out of several answers (q, any) to the same queries; no id may be in two of them."""
    scores = np.concatenate([part[0] for part in parts], axis=1)
    ids = np.concatenate([part[1] for part in parts], axis=1)
    return stack([order(row, row_ids, k) for row, row_ids in zip(scores, ids, strict=True)], k)


def stack(rankings: list[tuple[Scores, Ids]], k: int) -> tuple[Scores, Ids]:
    """One answer (q, k) out of a ranking (k,) for each query; q may be 0."""
    if not rankings:
        return np.empty((0, k), np.float32), np.empty((0, k), np.int64)
    return np.stack([scores for scores, _ in rankings]), np.stack([ids for _, ids in rankings])


def scan(
    queries: Vectors,
    rows: Vectors | HalfVectors | LayerRows[np.float16],
    ids: Ids,
    k: int,
    picked: NDArray[np.intp] | None = None,
) -> tuple[Scores, Ids]:
    """The best ``k`` of ``rows`` (n, dim) with ``ids`` (n,) for each of ``queries`` (q, dim), exactly: (q, k) each.

    ``picked`` narrows the scan to these rows. Rows are read in blocks, so ``rows`` may be larger than memory.
    """
    total = ids.size if picked is None else picked.size
    answers = []
    for some in _blocks(len(queries), BLOCK_QUERIES):
        parts = [(np.empty((some.stop - some.start, 0), np.float32), np.empty((some.stop - some.start, 0), np.int64))]
        for part in _blocks(total, BLOCK_ROWS):
            chosen: slice | NDArray[np.intp] = part if picked is None else picked[part]
            parts.append(_best_of_block(queries[some], rows[chosen], ids[chosen], k))
        answers.append(merge(parts, k))
    if not answers:
        return stack([], k)
    return np.concatenate([scores for scores, _ in answers]), np.concatenate([found for _, found in answers])


def _blocks(total: int, length: int) -> Iterator[slice]:
    for start in range(0, total, length):
        yield slice(start, min(start + length, total))


def _best_of_block(queries: Vectors, block: Vectors | HalfVectors, ids: Ids, k: int) -> tuple[Scores, Ids]:
    k = min(k, ids.size)
    if k > PRESELECT_BELOW * ids.size:
        return stack([order(scores, ids, k) for scores in scores_of(queries, block)], k)
    narrow = _as_float32(block)
    # |float32 sum - true sum| <= dim * 2^-24 * |q| |row| (Higham, Accuracy and Stability, 3.5): no row that belongs
    # to the best k is further below the k-th than twice that. Rows have unit length.
    slack = 2.0 * narrow.shape[1] * 2.0**-24 * np.linalg.norm(queries, axis=1)
    rankings = []
    for query, rough, margin in zip(queries, products(queries, narrow), slack, strict=True):
        kth = np.partition(rough, ids.size - k)[ids.size - k]
        near = np.flatnonzero(rough >= kth - margin)
        rankings.append(order(scores_of(query[None], block[near])[0], ids[near], k))
    return stack(rankings, k)


def check_queries(queries: Vectors, dim: int, k: int) -> Vectors:
    """``queries`` as contiguous float32 (q, dim). Raises QueryError for another shape, a value not finite or k < 1."""
    checked = np.ascontiguousarray(queries, np.float32)
    if checked.ndim != 2 or checked.shape[1] != dim:
        raise QueryError(f"queries of shape {checked.shape} asked of an index of {dim} dimensions; give (q, {dim})")
    if k < 1:
        raise QueryError(f"k is {k}; ask for at least one hit")
    if not np.isfinite(checked).all():
        raise QueryError("a query vector holds NaN or infinite values; encode the query again")
    return checked


def check_rows(ids: Ids, vectors: Vectors, dim: int) -> tuple[Ids, Vectors]:
    """``ids`` (n,) and ``vectors`` (n, dim) as int64 and float32. Raises LibraryError when they do not fit together."""
    checked_ids = np.ascontiguousarray(ids, np.int64)
    checked = np.ascontiguousarray(vectors, np.float32)
    if checked_ids.ndim != 1 or checked.shape != (checked_ids.size, dim):
        raise LibraryError(
            f"{checked_ids.shape} ids with vectors of shape {checked.shape} do not fit an index of {dim} dimensions"
        )
    if checked_ids.size and int(checked_ids.min()) < 0:
        raise LibraryError(f"segment id {int(checked_ids.min())} is negative; ids come from the catalog, from 1 up")
    if not np.isfinite(checked).all():
        bad = int(checked_ids[~np.isfinite(checked).all(axis=1)][0])
        raise LibraryError(f"the vector of segment {bad} holds NaN or infinite values; encode it again")
    return checked_ids, checked
