"""Exact search in memory: the reference for every approximate index, and the delta on top of a snapshot."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryError
from search.model import Bitmap, Ids, Scores, Vectors
from search.vectors import bitmaps, scoring
from search.vectors.base import rows_of

_FIRST_ROWS = 64


@dataclass(frozen=True)
class ExactRows:
    """An immutable view of rows in memory: ``ids`` (n,), ``vectors`` (n, dim) float32, ``live`` (n,).

    A row that was removed or replaced stays in place but is not live.
    """

    ids: Ids
    vectors: Vectors
    live: NDArray[np.bool_]

    def search(self, queries: Vectors, k: int, among: Bitmap | None) -> tuple[Scores, Ids]:
        """As `VectorIndex.search`; ``queries`` and ``k`` are already checked."""
        live = self.live if among is None else self.live & bitmaps.contains(among, self.ids)
        picked = None if live.all() else np.flatnonzero(live)
        return scoring.scan(queries, self.vectors, self.ids, k, picked)

    def take(self, ids: Ids) -> tuple[NDArray[np.bool_], Vectors]:
        """For each of ``ids`` (n,), whether it is here; and the vectors (m, dim) of those that are, in order."""
        order, ordered = self._order
        place = rows_of(ordered, ids)
        return place >= 0, self.vectors[order[place[place >= 0]]]

    def living(self) -> Ids:
        """The ids of the live rows, ascending."""
        return self._order[1]

    def prepare(self) -> None:
        """Build what the first `take` would otherwise build."""
        _ = self._order

    @cached_property
    def _order(self) -> tuple[Ids, Ids]:
        """The numbers of the live rows sorted by id, and these ids."""
        living = np.flatnonzero(self.live)
        order = living[np.argsort(self.ids[living], kind="stable")]
        return order, self.ids[order]


class ExactIndex:
    """An exact index over float32 rows in memory. Searches are safe while another thread changes it.

    Rows are only appended; a search uses the `ExactRows` that were current when it began.
    """

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._lock = threading.Lock()
        self._row_of: dict[int, int] = {}
        self._rows = _empty(dim, 0)
        self._room = _empty(dim, _FIRST_ROWS)

    @property
    def rows(self) -> ExactRows:
        """The rows that a search would use now."""
        return self._rows

    def search(self, queries: Vectors, k: int, among: Bitmap | None = None) -> tuple[Scores, Ids]:
        """As `VectorIndex.search`.

        Raises QueryError if queries have the wrong shape, are not finite, or k is below 1.
        """
        return self._rows.search(scoring.check_queries(queries, self._dim, k), k, among)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add (n,) ids, none negative, with (n, dim) unit rows. An existing id is replaced.

        Raises LibraryError if ids and vectors do not fit together or are not finite.
        """
        ids, vectors = scoring.check_rows(ids, vectors, self._dim)
        with self._lock:
            last = {segment_id: row for row, segment_id in enumerate(ids.tolist())}
            if len(last) < ids.size:  # an id was given twice: keep its last vector
                kept = np.fromiter(last.values(), np.intp)
                ids, vectors = ids[kept], vectors[kept]
            self._bury(ids)
            self._append(ids, vectors)

    def remove(self, ids: Ids) -> None:
        """Remove ids; unknown ones are ignored."""
        with self._lock:
            self._bury(np.asarray(ids, np.int64))
            self._show(self._rows.ids.size)
            if len(self._row_of) < self._rows.ids.size // 2:
                self._compact()

    def vectors(self, ids: Ids) -> Vectors:
        """As `VectorIndex.vectors`."""
        here, vectors = self.take(np.asarray(ids, np.int64))
        if not here.all():
            raise LibraryError(f"segment {int(np.asarray(ids)[~here][0])} is not in the index")
        return vectors

    def take(self, ids: Ids) -> tuple[NDArray[np.bool_], Vectors]:
        """For each of ``ids`` (n,), whether it is here; and the vectors (m, dim) of those that are, in order."""
        return self._rows.take(ids)

    def ids(self) -> Ids:
        """As `VectorIndex.ids`."""
        return self._rows.living()

    def __len__(self) -> int:
        return len(self._row_of)

    def _bury(self, ids: Ids) -> None:
        """Mark ``ids`` as gone in the next view, on a copy, because running searches read the old marks."""
        gone = [self._row_of.pop(segment_id) for segment_id in ids.tolist() if segment_id in self._row_of]
        if gone:
            live = self._room.live.copy()
            live[gone] = False
            self._room = ExactRows(self._room.ids, self._room.vectors, live)

    def _append(self, ids: Ids, vectors: Vectors) -> None:
        start, stop = self._rows.ids.size, self._rows.ids.size + ids.size
        if stop > self._room.ids.size:
            self._grow(max(stop, 2 * self._room.ids.size))
        self._room.ids[start:stop] = ids
        self._room.vectors[start:stop] = vectors
        self._room.live[start:stop] = True
        self._row_of.update(zip(ids.tolist(), range(start, stop), strict=True))
        self._show(stop)

    def _grow(self, capacity: int) -> None:
        room, used = _empty(self._dim, capacity), self._rows.ids.size
        room.ids[:used] = self._rows.ids
        room.vectors[:used] = self._rows.vectors
        room.live[:used] = self._room.live[:used]
        self._room = room

    def _compact(self) -> None:
        kept = np.flatnonzero(self._rows.live)
        room = _empty(self._dim, max(_FIRST_ROWS, 2 * kept.size))
        room.ids[: kept.size] = self._rows.ids[kept]
        room.vectors[: kept.size] = self._rows.vectors[kept]
        room.live[: kept.size] = True
        self._row_of = {segment_id: row for row, segment_id in enumerate(room.ids[: kept.size].tolist())}
        self._room = room
        self._show(kept.size)

    def _show(self, stop: int) -> None:
        self._rows = ExactRows(self._room.ids[:stop], self._room.vectors[:stop], self._room.live[:stop])


def _empty(dim: int, capacity: int) -> ExactRows:
    return ExactRows(np.empty(capacity, np.int64), np.empty((capacity, dim), np.float32), np.zeros(capacity, np.bool_))
