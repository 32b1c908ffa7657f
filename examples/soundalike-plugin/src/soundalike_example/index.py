"""The kind of index ``plain``: all vectors in one file; each search is one matrix product.

It is exact, and suits about ten thousand segments; the time of a search grows with their number.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundalike import Bitmap, ChangesSince, Device, Ids, IndexChange, LibraryError, QueryError, Scores, Vectors

FILE = "plain.npz"


@dataclass(frozen=True)
class PlainView:
    """A `soundalike.VectorIndex`: ``ids_`` (n,), ascending, and their ``rows`` (n, dim), at one sequence."""

    ids_: Ids
    rows: Vectors
    sequence: int

    @classmethod
    def empty(cls, dim: int) -> PlainView:
        """A view of no segments, before any change."""
        return cls(np.empty(0, np.int64), np.empty((0, dim), np.float32), 0)

    def after(self, change: IndexChange) -> PlainView:
        """A new view with ``change`` applied; this view stays unchanged."""
        stay = ~np.isin(self.ids_, change.segment_ids)
        ids, rows = self.ids_[stay], self.rows[stay]
        if change.vectors is not None and len(change.segment_ids):
            ids = np.concatenate((ids, change.segment_ids))
            rows = np.concatenate((rows, change.vectors))
            order = np.argsort(ids, kind="stable")
            order = order[np.append(np.diff(ids[order]) != 0, True)]  # if an id comes twice, keep the later row
            ids, rows = ids[order], rows[order]
        return PlainView(ids, rows, change.sequence)

    def search(self, queries: Vectors, k: int, among: Bitmap | None = None) -> tuple[Scores, Ids]:
        """See `soundalike.VectorIndex.search`. Raises QueryError for another shape, NaN or infinity, or k < 1."""
        if k < 1:
            raise QueryError(f"k is {k}; it must be at least 1")
        if queries.ndim != 2 or queries.shape[1] != self.rows.shape[1]:
            raise QueryError(f"queries of shape {queries.shape}; give (q, {self.rows.shape[1]})")
        if not np.isfinite(queries).all():
            raise QueryError("a query holds NaN or infinity")
        ids, rows = self.ids_, self.rows
        if among is not None:
            passing = _contains(among, ids)
            ids, rows = ids[passing], rows[passing]
        products = (queries.astype(np.float64) @ rows.T.astype(np.float64)).astype(np.float32)
        best = np.argsort(-products, axis=1, kind="stable")[:, :k]  # stable: equal scores stay in ascending order of id
        scores = np.full((len(queries), k), -np.inf, np.float32)
        hits = np.full((len(queries), k), -1, np.int64)
        scores[:, : best.shape[1]] = np.take_along_axis(products, best, axis=1)
        hits[:, : best.shape[1]] = ids[best]
        return scores, hits

    def vectors(self, ids: Ids) -> Vectors:
        """The rows of ``ids`` (n, dim), in the same order. Raises LibraryError for an absent id."""
        absent = ids[~np.isin(ids, self.ids_)]
        if len(absent):
            raise LibraryError(f"segment {absent[0]} is not in the index")
        return self.rows[np.searchsorted(self.ids_, ids)]

    def ids(self) -> Ids:
        """All ids (n,), ascending."""
        return self.ids_

    def __len__(self) -> int:
        return len(self.ids_)


class PlainIndex:
    """A `soundalike.SpaceIndex` in one file. The class itself is the `soundalike.IndexFactory`."""

    def __init__(
        self,
        directory: Path,
        dim: int,
        device: Device,
        *,
        searches: bool = True,
        effort: float = 1.0,
        recall: float | None = None,
    ) -> None:
        self._file = directory / FILE
        self._dim = dim
        self._published = (0, 0)
        self._view = PlainView.empty(dim)
        self._take_over()

    @property
    def view(self) -> PlainView:
        """The current view."""
        return self._view

    def follow(self, changes: ChangesSince) -> PlainView:
        """Load what another process published, apply later changes, and return the resulting view."""
        self._take_over()
        for change in changes(self._view.sequence):
            self._view = self._view.after(change)
        return self._view

    def publish(self, changes: ChangesSince, sequence: int) -> None:
        """Store the state at ``sequence``: write a new file, then atomically replace the old one."""
        self.follow(lambda since: (change for change in changes(since) if change.sequence <= sequence))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, ids=self._view.ids_, rows=self._view.rows, sequence=self._view.sequence)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._file)

    def verify(self) -> list[str]:
        """One line for each damage found."""
        try:
            view = self._read()
        except (OSError, ValueError, KeyError) as error:
            return [f"{FILE} cannot be read: {error}"]
        return [] if view.rows.shape == (len(view), self._dim) else [f"{FILE} has rows of shape {view.rows.shape}"]

    def _take_over(self) -> None:
        """Load the published file if it is newer. Ignore a damaged file, because the catalog has every vector."""
        try:
            facts = self._file.stat()
            published = (facts.st_ino, facts.st_mtime_ns)
            if published != self._published:
                view = self._read()
                self._published = published
                self._view = view if view.sequence > self._view.sequence else self._view
        except (OSError, ValueError, KeyError):
            return

    def _read(self) -> PlainView:
        if not self._file.exists():
            return PlainView.empty(self._dim)
        with np.load(self._file) as arrays:
            return PlainView(arrays["ids"], arrays["rows"], int(arrays["sequence"]))


def _contains(among: Bitmap, ids: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each of ``ids`` (n,) is in a bitmap: id ``i`` is bit ``i & 7`` of byte ``i >> 3``."""
    inside = (ids >> 3) < len(among)
    present = np.zeros(len(ids), np.bool_)
    present[inside] = (among[ids[inside] >> 3] >> (ids[inside] & 7).astype(np.uint8)) & 1
    return present
