"""Search by one bit per dimension (RaBitQ) in inverted lists, re-ranked with the vectors of the sidecar.

FAISS finds a few hundred candidates from 67 bytes per segment; `scoring` then computes their exact scores.
The reasons for this design and its constants: docs/decisions/0005-vector-index.md.
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
"""How many segments are re-ranked: the first number or, if larger, the second for each hit that is wanted.

With an effort below 1, the number falls only with the square root of the effort: re-ranking is cheap, and at low effort
too few candidates are what costs recall first. At 200,000 segments and 10 hits, 22 candidates find .972, in a 25th of
the usual lists as well as in half of them; 50 candidates find .998 (measured).
"""

RERANKED_AT_ONCE = 8_192
"""Candidates whose vectors are in memory at once: 25 MB of float64 at 384 dimensions."""


class Reranking:
    """The compressed indexes of all layers, with the rows of their segments. Threads share it."""

    def __init__(
        self, compressed: Sequence[Path], ids: Ids, rows: LayerRows[np.float16], present: Bitmap | None
    ) -> None:
        """Open the files ``compressed``, which hold ``ids`` (n,), ascending, with their ``rows`` (n, dim).

        Only the ids in ``present`` are found; None means all. Raises SnapshotError if FAISS cannot read a file.
        """
        self._lists = Lists(native.Layers(compressed), ids, present)
        self._ids, self._rows = ids, rows
        self.reach = self._lists.reach

    def search(
        self, queries: Vectors, k: int, allowed: Bitmap | None, passing: int, effort: float
    ) -> tuple[Scores, Ids]:
        """As `Base.search`, with ``effort`` times the usual effort; ``passing`` segments are ``allowed``."""
        wanted = n_candidates(k, effort) if allowed is None else round(self.reach * n_candidates(k, effort))
        more = effort * max(1.0, math.sqrt(k / 100))  # many hits lie further out than ten
        near = self._lists.candidates(queries, wanted, more, allowed, passing, everywhere=False)
        scores, ids = self.ranked(queries, k, near)
        short = np.flatnonzero(ids[:, k - 1] < 0)
        if short.size:  # fewer segments passed than the sample of the filter suggested
            all_over = self._lists.candidates(queries[short], wanted, more, allowed, passing, everywhere=True)
            scores[short], ids[short] = self.ranked(queries[short], k, all_over)
        return scores, ids

    def ranked(self, queries: Vectors, k: int, candidates: Ids) -> tuple[Scores, Ids]:
        """The best ``k`` of each query's ``candidates`` (q, n), padded with -1, by exact score."""
        each = max(1, RERANKED_AT_ONCE // max(candidates.shape[1], 1))
        if len(queries) <= each:
            return self._ranked_some(queries, k, candidates)
        parts = [
            self._ranked_some(queries[start : start + each], k, candidates[start : start + each])
            for start in range(0, len(queries), each)
        ]
        return np.concatenate([scores for scores, _ in parts]), np.concatenate([ids for _, ids in parts])

    def _ranked_some(self, queries: Vectors, k: int, candidates: Ids) -> tuple[Scores, Ids]:
        """Rank all queries at once: a hum has some two hundred, and a loop over them takes longer than the search."""
        ids = np.sort(candidates, axis=1)  # so that the sidecar is read forwards
        rows = rows_of(self._ids, ids.ravel()).reshape(ids.shape)
        return scoring.order_each(scoring.scores_of_each(queries, self._rows.take(rows)), ids, k)


def n_candidates(k: int, effort: float) -> int:
    """How many segments to re-rank for ``k`` hits.

    >>> n_candidates(10, 1.0), n_candidates(10, 0.25), n_candidates(100, 1.0), n_candidates(300, 0.02)
    (200, 100, 400, 300)
    """
    share = max(effort, math.sqrt(effort))
    return max(k, round(share * max(CANDIDATES, CANDIDATES_PER_HIT * k)))
