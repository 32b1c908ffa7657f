"""Scores, and the ranking by score, for every index, delta and re-ranking.

A score is the inner product, summed in float64 and rounded to float32. A float32 sum would depend on the row's position
in a block, because BLAS treats the last rows of a block differently; two equal vectors could then swap ranks from one
snapshot to the next. With float64 sums, equal vectors have equal scores wherever they are stored; ties are broken by
id.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryError, QueryError
from search.model import HalfVectors, Ids, Scores, Vectors
from search.vectors.layers import LayerRows

BLOCK_ROWS = 8192
"""Rows scored at a time: 12.6 MB of float32 at 384 dimensions. It bounds the memory of a scan of a large library."""

BLOCK_QUERIES = 256
"""Queries scored at a time, for the same reason."""

FEW_QUERIES = 16
"""Up to this many queries, as many as most clips have segments, are searched in one thread. With two threads, a search
of eight queries in a million segments is no faster and takes twice the processor time; four such searches at once take
two thirds longer (measured)."""

_WIDEN_ROWS = 64
"""Rows widened at a time, to fit the processor's L2 cache."""

PRESELECT_BELOW = 0.1
"""If less than this part of a block is wanted, a float32 pass first selects the rows that need a float64 sum."""


def scores_of(queries: Vectors, rows: Vectors | HalfVectors) -> Scores:
    """The scores (q, n) of ``rows`` (n, dim) for ``queries`` (q, dim)."""
    wide = np.asarray(queries, np.float64) @ np.asarray(rows, np.float64).T
    return wide.astype(np.float32)


def products(queries: Vectors, rows: Vectors) -> Scores:
    """The inner products (q, n) of ``queries`` (q, dim) and ``rows`` (n, dim), summed in float32: approximate scores.

    Few queries run in one thread. numpy's matrix product would wake the other threads of BLAS, which then spin until
    the next call: with 8192 rows on two busy cores, one query took 6 ms of processor time that way, and .5 ms this way.
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
    """Convert ``half`` (n, dim) float16, all finite, to float32 exactly, in a fifth of the time that numpy takes.

    The exponent and fraction bits of a float16, shifted to their place in a float32, represent the number times 2^-112
    (IEEE 754: the biases are 15 and 127). This holds for subnormal numbers too.
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

    Entries with score -inf count as absent. Both results are (k,), padded with -inf and -1.
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
    """`order` for every row of ``scores`` (q, n) and ``ids`` (q, n): (q, k) each.

    Each row of ``ids`` ascends; absent ids are -1.
    """
    scores = np.where(ids < 0, np.float32(-np.inf), scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    best_scores = np.full((len(ids), k), -np.inf, np.float32)
    best_ids = np.full((len(ids), k), -1, np.int64)
    best_scores[:, : best.shape[1]] = np.take_along_axis(scores, best, axis=1)
    best_ids[:, : best.shape[1]] = np.take_along_axis(ids, best, axis=1)
    return best_scores, best_ids


def merge(parts: list[tuple[Scores, Ids]], k: int) -> tuple[Scores, Ids]:
    """Merge several answers (q, any) to the same queries into one (q, k). No id may be in two answers."""
    scores = np.concatenate([part[0] for part in parts], axis=1)
    ids = np.concatenate([part[1] for part in parts], axis=1)
    return stack([order(row, row_ids, k) for row, row_ids in zip(scores, ids, strict=True)], k)


def stack(rankings: list[tuple[Scores, Ids]], k: int) -> tuple[Scores, Ids]:
    """Stack one ranking (k,) per query into one answer (q, k); q may be 0."""
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
    """The exact best ``k`` of ``rows`` (n, dim) with ``ids`` (n,) for each of ``queries`` (q, dim): (q, k) each.

    ``picked`` limits the scan to these row numbers. Rows are read in blocks, so ``rows`` may be larger than memory.
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
    # |float32 sum - true sum| <= dim * 2^-24 * |q| |row| (Higham, Accuracy and Stability, 3.5). So a row that belongs
    # to the best k is below the k-th float32 sum by at most twice that. Rows have unit length.
    slack = 2.0 * narrow.shape[1] * 2.0**-24 * np.linalg.norm(queries, axis=1)
    rankings = []
    for query, rough, margin in zip(queries, products(queries, narrow), slack, strict=True):
        kth = np.partition(rough, ids.size - k)[ids.size - k]
        near = np.flatnonzero(rough >= kth - margin)
        rankings.append(order(scores_of(query[None], block[near])[0], ids[near], k))
    return stack(rankings, k)


def check_queries(queries: Vectors, dim: int, k: int) -> Vectors:
    """``queries`` as contiguous float32 (q, dim). Raises QueryError for a wrong shape, non-finite values or k < 1."""
    checked = np.ascontiguousarray(queries, np.float32)
    if checked.ndim != 2 or checked.shape[1] != dim:
        raise QueryError(f"queries of shape {checked.shape} do not fit an index of {dim} dimensions; give (q, {dim})")
    if k < 1:
        raise QueryError(f"k is {k}; it must be 1 or more")
    if not np.isfinite(checked).all():
        raise QueryError("a query vector holds NaN or infinite values; encode the query again")
    return checked


def check_rows(ids: Ids, vectors: Vectors, dim: int) -> tuple[Ids, Vectors]:
    """``ids`` (n,) and ``vectors`` (n, dim) as int64 and float32.

    Raises LibraryError if the shapes do not fit together, an id is negative, or a value is not finite.
    """
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
