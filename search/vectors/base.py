"""The immutable part of a `SnapshotIndex`: a snapshot opened for searching, or an empty base before the first one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search.model import Bitmap, HalfVectors, Ids, IndexChange, Scores, Vectors
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Snapshot
from search.vectors import bitmaps, scoring
from search.vectors.files import StoredVectors
from search.vectors.layers import LayerRows

NEVER = -1
"""The sequence of the empty base. Every snapshot on disk is newer, even one of sequence 0."""

COMPRESS_FROM = 40_000
"""Snapshots of at least this many segments are compressed: scanning them would take over two milliseconds and 61 MB."""


class Base(Protocol):
    """A set of segments that never changes. Safe to search from any number of threads."""

    def __len__(self) -> int:
        """The number of segments."""

    @property
    def sequence(self) -> int:
        """The catalog sequence it was published at, or NEVER."""

    @property
    def ids(self) -> Ids:
        """The segment ids (n,), ascending."""

    @property
    def everything(self) -> Bitmap:
        """``ids`` as a bitmap."""

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """For each of ``ids`` (m,), whether the base has it."""

    def take(self, ids: Ids) -> Vectors | HalfVectors:
        """The vectors (m, dim) of these ids; the base must have all of them."""

    def prepare(self) -> None:
        """Build what the first search would otherwise build."""

    def at(self, effort: float) -> Base:
        """The same base, searched with ``effort`` times the usual effort."""

    def reaching(self, recall: float) -> Base:
        """The same base, searched with the effort that reaches this recall@10, if it is known."""

    def search(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """As `VectorIndex.search`, with queries and k already checked."""


class Keeping(Protocol):
    """Storage for the bases of an index: snapshots in its folder, and possibly data elsewhere."""

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots in its folder."""

    def open(self, snapshot: Snapshot) -> Base:
        """Open a snapshot as a base. Raises SnapshotError if it is damaged."""

    def is_whole(self, sequence: int) -> bool:
        """Whether the next snapshot can build on the base of ``sequence``; if not, everything is written again."""

    def write(self, since: int, changes: Iterable[IndexChange], sequence: int) -> None:
        """Publish the snapshot of ``sequence``: the base of ``since`` (NEVER: empty) with ``changes`` applied."""

    def problems(self) -> list[str]:
        """Return one line for each defect."""


class StoredBase:
    """A `Base` in files, except for its search: rows with their ids, and which of those ids are gone."""

    def __init__(self, sequence: int, ids: Ids, rows: LayerRows[np.float16], gone: Ids) -> None:
        """``ids`` (n,) ascending with their ``rows`` (n, dim); the ids in ``gone`` (m,) are deleted."""
        self.sequence = sequence
        self.rows = rows
        self._ids = ids
        self._gone = gone

    def __len__(self) -> int:
        return self._ids.size - self._gone.size

    @property
    def ids(self) -> Ids:
        """As `Base.ids`."""
        return np.delete(self._ids, rows_of(self._ids, self._gone)) if self._gone.size else self._ids

    @cached_property
    def everything(self) -> Bitmap:
        """As `Base.everything`."""
        return bitmaps.without(bitmaps.from_ids(self._ids), self._gone)

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """As `Base.holds`."""
        return (rows_of(self._ids, ids) >= 0) & (rows_of(self._gone, ids) < 0)

    def take(self, ids: Ids) -> HalfVectors:
        """As `Base.take`."""
        return self.rows.take(rows_of(self._ids, ids))

    def _allowed(self, allowed: Bitmap | None) -> Bitmap | None:
        """``allowed`` without deleted ids; None for all rows."""
        return bitmaps.both(self.everything, allowed) if self._gone.size else allowed


class ExactBase(StoredBase):
    """A snapshot that every search scans completely, as float32.

    A process that only publishes never widens the rows.
    """

    @cached_property
    def _wide(self) -> Vectors:
        return scoring.widen(self.rows[:])

    def prepare(self) -> None:
        """As `Base.prepare`."""
        _ = self.everything, self._wide

    def at(self, effort: float) -> ExactBase:
        """As `Base.at`: no change, a scan misses nothing."""
        return self

    def reaching(self, recall: float) -> ExactBase:
        """As `Base.reaching`: no change, a scan misses nothing."""
        return self

    @classmethod
    def empty(cls, dim: int) -> ExactBase:
        """The base before the first snapshot."""
        none = np.empty(0, np.int64)
        return cls(NEVER, none, LayerRows([np.empty((0, dim), np.float16)]), none)

    @classmethod
    def of(cls, stored: StoredVectors) -> ExactBase:
        """An opened snapshot."""
        return cls(stored.snapshot.sequence, stored.ids, stored.rows, stored.gone)

    def search(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """As `Base.search`."""
        allowed = self._allowed(allowed)
        picked = None if allowed is None else np.flatnonzero(bitmaps.contains(allowed, self._ids))
        return scoring.scan(queries, self._wide, self._ids, k, picked)


def rows_of(ids: Ids, some: Ids) -> Ids:
    """The position of each of ``some`` (m,) in the ascending ``ids`` (n,), or -1."""
    if not ids.size:
        return np.full(some.shape, -1, np.int64)
    if ids[-1] - ids[0] == ids.size - 1:  # no gaps, as in a library that only grew: no lookup needed
        return np.where((some >= ids[0]) & (some <= ids[-1]), some - ids[0], -1)
    place = np.minimum(np.searchsorted(ids, some), ids.size - 1)
    return np.where(ids[place] == some, place, -1)
