"""The library's index of one space: the newest snapshot, plus the segments added and removed since.

A `SnapshotIndex` never changes data that a search is reading. Each change builds a new `SnapshotView` and installs it
with one assignment; a search uses the view that is current when it begins. So searches need no lock, and a refresh in
another thread never affects a running search.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from search.errors import LibraryError
from search.model import Bitmap, Ids, IndexChange, Scores, Vectors
from search.ports import ChangesSince
from search.settings import Device
from search.vectors import bitmaps, scoring
from search.vectors.base import COMPRESS_FROM, NEVER, Base, ExactBase, Keeping
from search.vectors.exact import ExactIndex, ExactRows
from search.vectors.infiles import InFiles
from search.vectors.verifying import verify

__all__ = ["SnapshotIndex", "SnapshotView", "verify"]


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A `VectorIndex`: a snapshot with the changes since. It is immutable and takes no lock.

    ``live`` is the part of the base that a search may find, None for all; ``hidden`` counts the rest.
    """

    sequence: int
    dim: int
    base: Base
    delta: ExactRows
    live: Bitmap | None
    hidden: int

    def __len__(self) -> int:
        return len(self.base) - self.hidden + int(self.delta.live.sum())

    def at(self, effort: float) -> SnapshotView:
        """The same state, searched with ``effort`` times the usual effort."""
        return replace(self, base=self.base.at(effort))

    def reaching(self, recall: float) -> SnapshotView:
        """The same state, searched with the effort that reaches this recall@10 (`RecallIndex`)."""
        return replace(self, base=self.base.reaching(recall))

    def search(self, queries: Vectors, k: int, among: Bitmap | None = None) -> tuple[Scores, Ids]:
        """As the port says. Raises QueryError if queries have the wrong shape, are not finite, or k is below 1."""
        queries = scoring.check_queries(queries, self.dim, k)
        found = self.base.search(queries, k, bitmaps.both(self.live, among))
        if not self.delta.ids.size:
            return found
        return scoring.merge([found, self.delta.search(queries, k, among)], k)

    def ids(self) -> Ids:
        """As the port says."""
        base = self.base.ids
        if self.live is not None:
            base = base[bitmaps.contains(self.live, base)]
        return np.sort(np.concatenate([base, self.delta.ids[self.delta.live]]))

    def vectors(self, ids: Ids) -> Vectors:
        """As the port says."""
        ids = np.asarray(ids, np.int64)
        in_delta, from_delta = self.delta.take(ids)
        in_base = self.base.holds(ids)
        if self.live is not None:
            in_base &= bitmaps.contains(self.live, np.maximum(ids, 0))
        lost = ids[~in_delta & ~in_base]
        if lost.size:
            raise LibraryError(f"segment {int(lost[0])} is not in the index; it was removed, or the index lags behind")
        found = np.empty((ids.size, self.dim), np.float32)
        found[~in_delta] = self.base.take(ids[~in_delta])
        found[in_delta] = from_delta
        return found


class SnapshotIndex:
    """A `SpaceIndex` over snapshots in a folder.

    Vectors are kept as float16, as in the catalog; scores are exact for the stored vectors.
    Any process may follow the catalog; only the holder of the library's lease may publish.
    """

    def __init__(self, keeping: Keeping, dim: int, *, searches: bool) -> None:
        """Open the newest snapshot of ``keeping``."""
        self._keeping = keeping
        self._dim = dim
        self._searches = searches
        self._change = threading.RLock()
        self._writing = threading.Lock()
        self._touched: dict[int, int] = {}  # segment id -> sequence of the last change since the base
        self._delta = ExactIndex(dim)
        self._sequence = 0
        self._view = SnapshotView(0, dim, ExactBase.empty(dim), self._delta.rows, None, 0)
        self.refresh()

    @classmethod
    def open(
        cls,
        directory: Path,
        dim: int,
        *,
        device: Device = "auto",
        compress_from: int = COMPRESS_FROM,
        searches: bool = True,
        effort: float = 1.0,
        recall: float | None = None,
    ) -> SnapshotIndex:
        """Open the newest valid snapshot under ``directory``, or an empty index at sequence 0 if there is none.

        Damaged snapshots are skipped with a warning in the log: the previous one and the catalog's tail, or the catalog
        alone, give the same state. Snapshots written by this index are compressed from ``compress_from`` segments on.
        Without ``searches`` the index is meant only for publishing and loads no FAISS; searching it gives exact
        answers, slowly. ``effort`` scales how much a search of a compressed snapshot visits and re-ranks: less is
        faster and misses more. ``recall`` sets the effort to what reaches this recall@10 by the snapshot's calibration.
        Raises UsageError if ``device`` is a GPU that is missing.
        """
        kept = InFiles(
            directory,
            dim,
            device=device,
            compress_from=compress_from,
            searches=searches,
            effort=effort,
            recall=recall,
        )
        return cls(kept, dim, searches=searches)

    @property
    def sequence(self) -> int:
        """The catalog sequence that this state reflects."""
        return self._sequence

    @property
    def pending(self) -> int:
        """How many segments were added, replaced or removed since the snapshot. If many, publish."""
        return len(self._touched)

    def __len__(self) -> int:
        return len(self._view)

    @property
    def view(self) -> SnapshotView:
        """The current view; a later change makes a new one."""
        return self._view

    def follow(self, changes: ChangesSince) -> SnapshotView:
        """As the port says."""
        self.refresh()
        self.replay(changes(self._sequence))
        return self._view

    def replay(self, changes: Iterable[IndexChange]) -> None:
        """Apply the catalog's changes in order; ``sequence`` becomes that of the last one.

        Searches see all of them at once, when this returns. If ``changes`` raises, the changes before it are applied.
        """
        with self._change:
            before = self._sequence
            try:
                for change in changes:
                    self._apply(change)
            finally:
                if self._sequence != before or self._view.sequence != before:
                    self._show(self._view.base)

    def refresh(self) -> bool:
        """Switch to a newer snapshot, if one is on disk, and keep the changes after it. Return whether it did."""
        newer = self._newest_base()
        if newer is None:
            return False
        with self._change:
            if newer.sequence <= self._view.base.sequence:  # another thread was faster
                return False
            kept = {segment_id: at for segment_id, at in self._touched.items() if at > newer.sequence}
            here, vectors = self._delta.take(np.fromiter(kept, np.int64, len(kept)))
            self._delta = ExactIndex(self._dim)
            self._delta.add(np.fromiter(kept, np.int64, len(kept))[here], vectors)
            self._touched = kept
            self._sequence = max(self._sequence, newer.sequence)
            self._show(newer)
            return True

    def publish(self, changes: ChangesSince, sequence: int) -> None:
        """As the port says.

        Holds ids and file positions in memory, never the vectors of a whole library. If the snapshot exists already,
        the index switches to it. Raises LibraryError if the disk is full or read-only (the index stays unchanged and
        nothing is left half-written), or if ``sequence`` is older than the present state.
        """
        with self._writing:
            if sequence < self._sequence:
                raise LibraryError(f"snapshot {sequence} would be older than the index, which is at {self._sequence}")
            self.refresh()
            with self._change:
                since, own, known = self._view.base.sequence, self._own_changes(), self._sequence
            if since >= sequence:
                return
            if not self._keeping.is_whole(since):
                since, own, known = NEVER, [], 0
            tail = (change for change in changes(known) if change.sequence <= sequence)
            self._keeping.write(since, itertools.chain(own, tail), sequence)
            self.refresh()

    def verify(self) -> list[str]:
        """As the port says: every file of every snapshot is read."""
        return self._keeping.problems()

    def _apply(self, change: IndexChange) -> None:
        ids = np.asarray(change.segment_ids, np.int64)
        if change.vectors is None:
            self._delta.remove(ids)
        else:
            half = np.asarray(change.vectors, np.float32).astype(np.float16)
            self._delta.add(ids, half.astype(np.float32))
        self._touched.update(dict.fromkeys(ids.tolist(), change.sequence))
        self._sequence = max(self._sequence, change.sequence)

    def _show(self, base: Base) -> None:
        """Install a new view of ``base``, delta and tombstones."""
        touched = np.fromiter(self._touched, np.int64, len(self._touched))
        hidden = touched[base.holds(touched)]
        live = bitmaps.without(base.everything, hidden) if hidden.size else None
        if self._searches:  # else the first search would have to build these and wait
            base.prepare()
            self._delta.rows.prepare()
        self._view = SnapshotView(self._sequence, self._dim, base, self._delta.rows, live, hidden.size)

    def _newest_base(self) -> Base | None:
        """The newest valid snapshot on disk that is newer than the base, opened."""
        found = self._keeping.snapshots.newest(self._keeping.open, self._view.base.sequence)
        return None if found is None else found[1]

    def _own_changes(self) -> list[IndexChange]:
        """Delta and tombstones as two changes on top of the base."""
        touched = np.fromiter(self._touched, np.int64, len(self._touched))
        here, vectors = self._delta.take(touched)
        gone = IndexChange(self._sequence, touched[~here], None)
        come = IndexChange(self._sequence, touched[here], vectors)
        return [change for change in (gone, come) if change.segment_ids.size]


def open_faiss(
    directory: Path,
    dim: int,
    device: Device,
    *,
    searches: bool = True,
    effort: float = 1.0,
    recall: float | None = None,
) -> SnapshotIndex:
    """The index kind ``faiss``: compressed once it is large, on a GPU if there is one."""
    return SnapshotIndex.open(directory, dim, device=device, searches=searches, effort=effort, recall=recall)


def open_exact(
    directory: Path,
    dim: int,
    device: Device,
    *,
    searches: bool = True,
    effort: float = 1.0,
    recall: float | None = None,
) -> SnapshotIndex:
    """The index kind ``exact``: never compressed. Every search scans all vectors; effort and recall have no effect."""
    return SnapshotIndex.open(
        directory, dim, device=device, compress_from=sys.maxsize, searches=searches, effort=effort, recall=recall
    )
