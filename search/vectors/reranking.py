"""The nearest by one bit per dimension (RaBitQ) in inverted lists, re-ranked from the sidecar.

FAISS finds a few hundred candidates in 67 bytes per segment; their scores are then those of `scoring`, exactly.
Why this kind, and where its constants come from: docs/decisions/0005-vector-index.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from search.model import Bitmap, Ids, Scores, Vectors
from search.vectors import native, scoring
from search.vectors.base import rows_of
from search.vectors.layers import LayerRows
from search.vectors.lists import Lists

CANDIDATES, CANDIDATES_PER_HIT = 200, 4
"""How many segments are re-ranked: at least so many, and so many for each hit that is asked for.

With less than the usual effort, as many as its root says: re-ranking is cheap, and what little effort lacks first.
At 200,000 segments and 10 hits 22 candidates find .972 in a 25th of the usual lists as in half, 50 .998 (measured).
"""

RERANKED_AT_ONCE = 8_192
"""Candidates whose vectors are held at once: 25 MB of float64 at 384 dimensions."""


class Reranking:
    """Compressed indexes of layers with the rows of their segments. Threads share it."""

    def __init__(
        self, compressed: Sequence[Path], ids: Ids, rows: LayerRows[np.float16], present: Bitmap | None
    ) -> None:
        """Files over ``ids`` (n,), ascending, with their ``rows`` (n, dim); those ``present`` are found, None for all.

        Raises SnapshotError when FAISS cannot read a file.
        """
        self._lists = Lists(native.Layers(compressed), ids, present)
        self._ids, self._rows = ids, rows
        self.reach = self._lists.reach

    def search(
        self, queries: Vectors, k: int, allowed: Bitmap | None, passing: int, effort: float
    ) -> tuple[Scores, Ids]:
        """As `Base.search`, with so much of the usual ``effort``; ``passing`` of what is present are ``allowed``."""
        wanted = n_candidates(k, effort) if allowed is None else round(self.reach * n_candidates(k, effort))
        more = effort * max(1.0, math.sqrt(k / 100))  # many hits reach further than ten
        near = self._lists.candidates(queries, wanted, more, allowed, passing, everywhere=False)
        scores, ids = self.ranked(queries, k, near)
        short = np.flatnonzero(ids[:, k - 1] < 0)
        if short.size:  # fewer passed than the sample of the filter made expect
            all_over = self._lists.candidates(queries[short], wanted, more, allowed, passing, everywhere=True)
            scores[short], ids[short] = self.ranked(queries[short], k, all_over)
        return scores, ids

    def ranked(self, queries: Vectors, k: int, candidates: Ids) -> tuple[Scores, Ids]:
        """The best ``k`` of each query's ``candidates`` (q, n), -1 where there are none, by their exact scores."""
        each = max(1, RERANKED_AT_ONCE // max(candidates.shape[1], 1))
        if len(queries) <= each:
            return self._ranked_some(queries, k, candidates)
        parts = [
            self._ranked_some(queries[start : start + each], k, candidates[start : start + each])
            for start in range(0, len(queries), each)
        ]
        return np.concatenate([scores for scores, _ in parts]), np.concatenate([ids for _, ids in parts])

    def _ranked_some(self, queries: Vectors, k: int, candidates: Ids) -> tuple[Scores, Ids]:
        """All queries at once: a hum asks some two hundred, and a loop over them takes longer than their search."""
        ids = np.sort(candidates, axis=1)  # so that the sidecar is read forwards
        rows = rows_of(self._ids, ids.ravel()).reshape(ids.shape)
        return scoring.order_each(scoring.scores_of_each(queries, self._rows.take(rows)), ids, k)


def n_candidates(k: int, effort: float) -> int:
    """How many segments are re-ranked for ``k`` hits.

    >>> n_candidates(10, 1.0), n_candidates(10, 0.25), n_candidates(100, 1.0), n_candidates(300, 0.02)
    (200, 100, 400, 300)
    """
    share = max(effort, math.sqrt(effort))
    return max(k, round(share * max(CANDIDATES, CANDIDATES_PER_HIT * k)))
