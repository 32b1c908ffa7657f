"""The compressed kind of snapshot: inverted lists of one bit per dimension (RaBitQ), re-ranked from the sidecar.

FAISS finds a few hundred candidates in 67 bytes per segment; their scores are then those of `scoring`, exactly.
Why this kind, and where its constants come from: docs/decisions/0005-vector-index.md.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from search.model import Bitmap, Ids, Scores, Vectors
from search.settings import Device
from search.vectors import bitmaps, native, scoring
from search.vectors.base import StoredBase, rows_of
from search.vectors.files import StoredVectors
from search.vectors.gpu import GpuCopy
from search.vectors.lists import Lists

CANDIDATES, CANDIDATES_PER_HIT = 200, 4
"""How many segments are re-ranked: at least so many, and so many for each hit that is asked for.

With less than the usual effort, as many as its root says: re-ranking is cheap, and what little effort lacks first.
At 200,000 segments and 10 hits 22 candidates find .972 in a 25th of the usual lists as in half, 50 .998 (measured).
"""

SCAN_UP_TO = 2_000
"""Where no more segments pass a filter, all of them are scored: a millisecond, and nothing is missed. Of so few every
list is visited that holds some, which takes longer, the more so where there are many segments (`Lists.reach`)."""


SCAN_FROM_K = 8_192
"""For so many hits, which only a page far down an answer asks for, all are scored: their candidates would take more
memory than a block of all rows."""

RERANKED_AT_ONCE = 8_192
"""Candidates whose vectors are held at once: 25 MB of float64 at 384 dimensions."""


class WholeCopy(Protocol):
    """A copy of all rows elsewhere that finds the true nearest, but knows no filter."""

    def nearest(self, queries: Vectors, n: int) -> Ids:
        """The rows (q, at most ``n``) nearest to ``queries`` (q, dim)."""


class FaissBase(StoredBase):
    """A `Base` over a compressed snapshot. Its file is mapped: processes share it, and the kernel may drop pages."""

    def __init__(self, stored: StoredVectors, whole: WholeCopy | None, effort: float = 1.0) -> None:
        """``effort`` as `SnapshotIndex.open` says. Raises SnapshotError when FAISS cannot read the file."""
        super().__init__(stored.snapshot.sequence, stored.ids, stored.rows, stored.gone)
        compressed = native.Layers([layer.compressed for layer in stored.layers])
        self._lists = Lists(compressed, stored.ids, self._allowed(None), effort)
        self._effort = effort
        self._whole = whole

    @classmethod
    def open(cls, stored: StoredVectors, device: Device, effort: float = 1.0) -> FaissBase:
        """With a copy on the GPU where ``device`` says so. Raises SnapshotError, or UsageError for a GPU not there."""
        return cls(stored, GpuCopy.of(stored.rows, device), effort)

    def prepare(self) -> None:
        """As `Base.prepare`."""
        _ = self.everything

    def search(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """As `Base.search`. Recall@10 of at least .97 whatever part of the segments is allowed (measured)."""
        if allowed is not None:
            allowed = self._allowed(allowed)
        passing = len(self) if allowed is None else min(bitmaps.count(allowed), len(self))
        if passing <= max(SCAN_UP_TO * self._lists.reach, self._n_candidates(k)) or k >= SCAN_FROM_K:
            return self._scan(queries, k, allowed)
        if self._whole is None:
            return self._search_lists(queries, k, allowed, passing)
        scores, ids = self._search_whole(self._whole, queries, k, allowed)
        short = np.flatnonzero(ids[:, k - 1] < 0)
        if short.size:
            scores[short], ids[short] = self._search_lists(queries[short], k, allowed, passing)
        return scores, ids

    def _scan(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        allowed = self._allowed(allowed)
        if allowed is None:
            return scoring.scan(queries, self.rows, self._ids, k)
        rows = rows_of(self._ids, bitmaps.to_ids(allowed))
        return scoring.scan(queries, self.rows, self._ids, k, rows[rows >= 0])

    def _search_lists(self, queries: Vectors, k: int, allowed: Bitmap | None, passing: int) -> tuple[Scores, Ids]:
        wanted = self._n_candidates(k) if allowed is None else round(self._lists.reach * self._n_candidates(k))
        near = self._lists.candidates(queries, wanted, k, allowed, passing, everywhere=False)
        scores, ids = self._rerank(queries, k, near)
        short = np.flatnonzero(ids[:, k - 1] < 0)
        if short.size:  # fewer passed than the sample of the filter made expect
            all_over = self._lists.candidates(queries[short], wanted, k, allowed, passing, everywhere=True)
            scores[short], ids[short] = self._rerank(queries[short], k, all_over)
        return scores, ids

    def _search_whole(self, copy: WholeCopy, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """What is allowed of the copy's nearest, which are the true ones: complete where it makes k hits."""
        allowed = self._allowed(allowed)
        found = self._ids[copy.nearest(queries, self._n_candidates(k))]
        if allowed is not None:
            found = np.where(bitmaps.contains(allowed, found.ravel()).reshape(found.shape), found, -1)
        return self._rerank(queries, k, found)

    def _rerank(self, queries: Vectors, k: int, candidates: Ids) -> tuple[Scores, Ids]:
        """The best ``k`` of each query's ``candidates`` (q, n), -1 where there are none, by their exact scores."""
        each = max(1, RERANKED_AT_ONCE // max(candidates.shape[1], 1))
        parts = [scoring.stack([], k)]
        parts += [
            self._rerank_some(queries[start : start + each], k, candidates[start : start + each])
            for start in range(0, len(queries), each)
        ]
        return np.concatenate([scores for scores, _ in parts]), np.concatenate([ids for _, ids in parts])

    def _rerank_some(self, queries: Vectors, k: int, candidates: Ids) -> tuple[Scores, Ids]:
        """All queries at once: a hum asks some two hundred, and a loop over them takes longer than their search."""
        ids = np.sort(candidates, axis=1)  # so that the sidecar is read forwards
        rows = rows_of(self._ids, ids.ravel()).reshape(ids.shape)
        return scoring.order_each(scoring.scores_of_each(queries, self.rows.take(rows)), ids, k)

    def _n_candidates(self, k: int) -> int:
        share = max(self._effort, math.sqrt(self._effort))
        return max(k, round(share * max(CANDIDATES, CANDIDATES_PER_HIT * k)))
