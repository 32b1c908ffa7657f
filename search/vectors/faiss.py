"""The compressed kind of snapshot: inverted lists, re-ranked (`search.vectors.reranking`), or a scan where few pass."""

from __future__ import annotations

from copy import copy
from typing import Protocol

import numpy as np

from search.model import Bitmap, Ids, Scores, Vectors
from search.settings import Device
from search.vectors import bitmaps, calibration, scoring
from search.vectors.base import StoredBase, rows_of
from search.vectors.files import StoredVectors
from search.vectors.gpu import GpuCopy
from search.vectors.mapped import release
from search.vectors.reranking import Reranking, n_candidates

SCAN_UP_TO = 2_000
"""Where no more segments pass a filter, all of them are scored: a millisecond, and nothing is missed. Of so few every
list is visited that holds some, which takes longer, the more so where there are many segments (`Reranking.reach`)."""

SCAN_FROM_K = 8_192
"""For so many hits, which only a page far down an answer asks for, all are scored: their candidates would take more
memory than a block of all rows."""


class WholeCopy(Protocol):
    """A copy of all rows elsewhere that finds the true nearest, but knows no filter."""

    def nearest(self, queries: Vectors, n: int) -> Ids:
        """The rows (q, at most ``n``) nearest to ``queries`` (q, dim)."""


class FaissBase(StoredBase):
    """A `Base` over a compressed snapshot. Its file is mapped: processes share it, and the kernel may drop pages."""

    def __init__(self, stored: StoredVectors, whole: WholeCopy | None, effort: float = 1.0) -> None:
        """``effort`` as `SnapshotIndex.open` says. Raises SnapshotError when FAISS cannot read the file."""
        super().__init__(stored.snapshot.sequence, stored.ids, stored.rows, stored.gone)
        files = [layer.compressed for layer in stored.layers]
        self._reranking = Reranking(files, stored.ids, stored.rows, self._allowed(None))
        self._effort = effort
        self._facts = stored.facts
        self._whole = whole

    @classmethod
    def open(cls, stored: StoredVectors, device: Device, effort: float = 1.0, recall: float | None = None) -> FaissBase:
        """With a copy on the GPU where ``device`` says so; ``effort`` and ``recall`` as `SnapshotIndex.open` says.

        Raises SnapshotError, or UsageError for a GPU that is not there.
        """
        base = cls(stored, GpuCopy.of(stored.rows, device), effort)
        return base if recall is None else base.reaching(recall)

    def at(self, effort: float) -> FaissBase:
        """As `Base.at`; what is large is shared."""
        other = copy(self)
        other._effort = effort
        return other

    def reaching(self, recall: float) -> FaissBase:
        """As `Base.reaching`, by what was tried when its lists were made; the same where nothing was."""
        facts = self._facts
        if not facts.calibration:
            return self
        return self.at(calibration.effort_for(recall, facts.calibration, len(self._ids) / facts.trained_count))

    def prepare(self) -> None:
        """As `Base.prepare`."""
        _ = self.everything
        release(self._ids)  # 8 bytes a segment that a search has no need of: that was the last look at all of them

    def search(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """As `Base.search`. Recall@10 of at least .97 whatever part of the segments is allowed (measured)."""
        if allowed is not None:
            allowed = self._allowed(allowed)
        passing = len(self) if allowed is None else min(bitmaps.count(allowed), len(self))
        if passing <= max(SCAN_UP_TO * self._reranking.reach, n_candidates(k, self._effort)) or k >= SCAN_FROM_K:
            return self._scan(queries, k, allowed)
        if self._whole is None:
            return self._reranking.search(queries, k, allowed, passing, self._effort)
        scores, ids = self._search_whole(self._whole, queries, k, allowed)
        short = np.flatnonzero(ids[:, k - 1] < 0)
        if short.size:
            some = self._reranking.search(queries[short], k, allowed, passing, self._effort)
            scores[short], ids[short] = some
        return scores, ids

    def _scan(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        allowed = self._allowed(allowed)
        if allowed is None:
            return scoring.scan(queries, self.rows, self._ids, k)
        rows = rows_of(self._ids, bitmaps.to_ids(allowed))
        return scoring.scan(queries, self.rows, self._ids, k, rows[rows >= 0])

    def _search_whole(self, whole: WholeCopy, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """What is allowed of the copy's nearest, which are the true ones: complete where it makes k hits."""
        allowed = self._allowed(allowed)
        found = self._ids[whole.nearest(queries, n_candidates(k, self._effort))]
        if allowed is not None:
            found = np.where(bitmaps.contains(allowed, found.ravel()).reshape(found.shape), found, -1)
        return self._reranking.ranked(queries, k, found)
