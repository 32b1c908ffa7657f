"""Searching a collection: the server finds candidates, and their exact scores are computed here from their vectors."""

from __future__ import annotations

import math
import time
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryError
from search.model import Bitmap, Ids, Scores, Vectors
from search.vectors import bitmaps, scoring
from search.vectors.base import rows_of
from search.vectors.milvus.collection import MOST_HITS, Consistency, MilvusCollection
from search.vectors.milvus.ranges import expression, ranges

CANDIDATES, CANDIDATES_PER_HIT = 200, 4
"""As in `search.vectors.reranking`."""

SCORED_BY_KEY: Final = 512
"""If no more segments than this pass, all their vectors are fetched: it misses nothing and takes as long as a
search."""

SCORED_FROM_K: Final = 4_096
"""From this many hits on, all passing segments are fetched and scored, too."""

MOST_RANGES: Final = 16
MARGIN: Final = 1.5
"""Behind a filter, a search requests this many times the candidates that its pass rate suggests."""

IDS_AT_ONCE: Final = 8_192
"""If too few candidates pass, the filter is sent as lists of ids, this many at a time."""

STRONG_FOR_S: Final = 10.0
"""For this long after opening a snapshot, searches wait for all acknowledged writes (Strong); then Bounded sees
them."""


class MilvusBase:
    """A `Base` in a collection. Only the rows in ``ids``, the snapshot's bitmap, count."""

    def __init__(self, sequence: int, collection: MilvusCollection, ids: Bitmap, dim: int) -> None:
        self.sequence = sequence
        self.everything = ids
        self._collection = collection
        self._dim = dim
        self._strong_until_s = time.monotonic() + STRONG_FOR_S

    def __len__(self) -> int:
        return self._size

    @cached_property
    def ids(self) -> Ids:
        """As `Base.ids`."""
        return bitmaps.to_ids(self.everything)

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """As `Base.holds`."""
        return bitmaps.contains(self.everything, np.maximum(ids, 0)) & (ids >= 0)

    def take(self, ids: Ids) -> Vectors:
        """As `Base.take`.

        Raises LibraryError if an id was deleted on the server since, or the server does not answer.
        """
        found, vectors = self._collection.vectors(np.unique(ids), self._dim, self._level)
        rows = rows_of(found, ids)
        if (rows < 0).any():
            lost = int(ids[rows < 0][0])
            raise LibraryError(f"segment {lost} is not in {self._collection.name} any more; the index lags behind")
        return vectors[rows]

    def prepare(self) -> None:
        """As `Base.prepare`: does nothing, the server is called only by searches."""

    def at(self, effort: float) -> MilvusBase:
        """As `Base.at`: no change, the server has its own effort."""
        return self

    def reaching(self, recall: float) -> MilvusBase:
        """As `Base.reaching`: no change, the server has its own effort."""
        return self

    def search(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """As `Base.search`."""
        passing = self.everything if allowed is None else _shared(self.everything, allowed)
        count = bitmaps.count(passing)
        if count <= SCORED_BY_KEY or k >= SCORED_FROM_K or not len(queries):
            return self._scored(queries, k, bitmaps.to_ids(passing))
        candidates = self._near(queries, k, passing, count, filtered=allowed is not None)
        short = [row for row, ids in enumerate(candidates) if ids.size < min(k, count)]
        if short:
            found = self._by_number(queries[short], self._n_candidates(k), bitmaps.to_ids(passing))
            for row, ids in zip(short, found, strict=True):
                candidates[row] = ids
        return self._reranked(queries, k, candidates)

    @property
    def _level(self) -> Consistency:
        return "Strong" if time.monotonic() < self._strong_until_s else "Bounded"

    def _near(self, queries: Vectors, k: int, passing: Bitmap, count: int, *, filtered: bool) -> list[Ids]:
        """Candidates for each query, from ranges of ids that cover ``passing``; none if too few of those ids pass."""
        n, among = self._n_candidates(k), ""
        if filtered:
            first, last = ranges(passing, MOST_RANGES)
            among = expression(first, last)
            n = math.ceil(n * max(1.0, MARGIN * min(float((last - first + 1).sum()), self._size) / count))
        if n > MOST_HITS:
            return [np.empty(0, np.int64)] * len(queries)
        found: list[Ids] = []
        each = max(1, MOST_HITS // n)
        for start in range(0, len(queries), each):
            found += self._collection.nearest(queries[start : start + each], n, among, self._level)
        # best first, and no more than will be scored
        return [ids[bitmaps.contains(passing, ids)][: self._n_candidates(k)] for ids in found]

    def _by_number(self, queries: Vectors, n: int, ids: Ids) -> list[Ids]:
        """The candidates among ``ids``, which are sent to the server in blocks."""
        found: list[list[Ids]] = [[] for _ in queries]
        each = max(1, MOST_HITS // n)
        for start in range(0, ids.size, IDS_AT_ONCE):
            among = f"id in {ids[start : start + IDS_AT_ONCE].tolist()}"
            for row in range(0, len(queries), each):
                some = self._collection.nearest(queries[row : row + each], n, among, self._level)
                for place, near in enumerate(some, start=row):
                    found[place].append(near)
        return [np.concatenate(some) for some in found]

    def _reranked(self, queries: Vectors, k: int, candidates: list[Ids]) -> tuple[Scores, Ids]:
        """The best ``k`` of each query's candidates by exact score. All vectors are fetched in one go."""
        wanted = np.unique(np.concatenate(candidates))
        found, vectors = self._collection.vectors(wanted, self._dim, self._level)
        answers = []
        for query, ids in zip(queries, candidates, strict=True):
            rows = rows_of(found, np.unique(ids))
            rows = rows[rows >= 0]  # without those deleted in the meantime
            scores = scoring.scores_of(query[None], vectors[rows])[0]
            answers.append(scoring.order(scores, found[rows], k))
        return scoring.stack(answers, k)

    def _scored(self, queries: Vectors, k: int, ids: Ids) -> tuple[Scores, Ids]:
        """The exact best ``k`` among ``ids``: fetches and scores all of them."""
        parts: list[tuple[Scores, Ids]] = [scoring.scan(queries, np.empty((0, self._dim), np.float32), ids[:0], k)]
        for start in range(0, ids.size, IDS_AT_ONCE):
            found, vectors = self._collection.vectors(ids[start : start + IDS_AT_ONCE], self._dim, self._level)
            parts.append(scoring.scan(queries, vectors, found, k))
        return scoring.merge(parts, k)

    @cached_property
    def _size(self) -> int:
        return bitmaps.count(self.everything)

    @staticmethod
    def _n_candidates(k: int) -> int:
        return min(MOST_HITS, max(k, CANDIDATES, CANDIDATES_PER_HIT * k))


def _shared(one: Bitmap, other: Bitmap) -> Bitmap:
    size = min(one.size, other.size)
    return one[:size] & other[:size]
