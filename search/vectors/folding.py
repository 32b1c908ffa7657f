"""Writing a layer: merging rows of earlier layers with the catalog's changes, in bounded memory.

Memory holds the id of each segment and the position of its vector, but not the vector. New vectors go to a spool file
as they arrive; then the sidecar is assembled block by block, in the order of the ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.model import HalfVectors, Ids, IndexChange
from search.snapshots.snapshot import DigestedFile, FileRecord, NewSnapshot
from search.vectors.layers import LayerRows
from search.vectors.mapped import map_rows, release
from search.vectors.scoring import check_rows

_COPY_ROWS = 8192
_GONE = -1
_SPOOL = "spool.f16"


@dataclass(slots=True)
class _Spool:
    """The changes since a snapshot: vectors in a file, ids and row numbers in memory. The last change of an id wins."""

    file: DigestedFile
    dim: int
    ids: list[Ids] = field(default_factory=list)
    rows: list[Ids] = field(default_factory=list)
    count: int = 0

    def take(self, change: IndexChange) -> None:
        """Add one change. Raises LibraryError if ids and vectors do not fit, OSError if the disk is full."""
        ids = np.asarray(change.segment_ids, np.int64)
        if change.vectors is None:
            self.rows.append(np.full(ids.size, _GONE, np.int64))
        else:
            ids, vectors = check_rows(ids, change.vectors, self.dim)
            self.file.write(vectors.astype(np.float16))
            self.rows.append(np.arange(self.count, self.count + ids.size))
            self.count += ids.size
        self.ids.append(ids)

    def last(self) -> tuple[Ids, Ids]:
        """Every changed id, ascending, with the spool's row of its last vector, or -1 if it was deleted."""
        ids = np.concatenate([np.empty(0, np.int64), *self.ids])
        rows = np.concatenate([np.empty(0, np.int64), *self.rows])
        by_id = np.argsort(ids, kind="stable")
        ids, rows = ids[by_id], rows[by_id]
        final = np.append(ids[1:] != ids[:-1], np.ones(min(ids.size, 1), np.bool_))
        return ids[final], rows[final]


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a snapshot: the ids ``touched`` (n,), ascending, and the ``rows`` (n,) of their new vectors.

    A row is one of the ``count`` rows in the file at ``path``, or -1 for a deleted id.
    """

    touched: Ids
    rows: Ids
    path: Path
    record: FileRecord
    count: int

    @property
    def come(self) -> Ids:
        """The ids that have a new vector."""
        ids: Ids = self.touched[self.rows != _GONE]
        return ids


@contextmanager
def spooled(changes: Iterable[IndexChange], dim: int, new: NewSnapshot) -> Iterator[Changes]:
    """Collect ``changes`` in order. Their vectors go to a temporary file in ``new``, deleted when the block ends.

    Raises LibraryError for invalid changes, OSError if the disk is full.
    """
    path = new.folder / _SPOOL
    with DigestedFile(path) as file:
        spool = _Spool(file, dim)
        for change in changes:
            spool.take(change)
    yield Changes(*spool.last(), path, file.record, spool.count)
    path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Merged:
    """A sidecar that was written: its ``ids`` (n,), and how it differs from the layers it was merged from.

    ``fresh`` (m,): the numbers of rows that come from the changes. ``dropped``: ids of old rows that were deleted or
    replaced.
    """

    ids: Ids
    fresh: NDArray[np.intp]
    dropped: Ids


def merge(old: tuple[Ids, LayerRows[np.float16], Ids], changes: Changes, new: NewSnapshot, name: str) -> Merged:
    """Write the sidecar ``name`` of ``new``: the remaining rows of ``old`` and the new rows, sorted by id.

    ``old``: ids (n,) ascending, their rows (n, dim), and which ids are gone. Raises OSError if the disk is full.
    """
    old_ids, old_rows, gone = old
    without = np.union1d(changes.touched, gone)
    kept = np.flatnonzero(~np.isin(old_ids, without, assume_unique=True))
    come = changes.rows != _GONE
    ids = np.concatenate([old_ids[kept], changes.touched[come]])
    # old rows count from 0, spool rows from the end of the old ones
    rows = np.concatenate([kept, changes.rows[come] + old_ids.size])
    by_id = np.argsort(ids, kind="stable")
    ids, rows = ids[by_id], rows[by_id]
    if not old_ids.size and np.array_equal(rows, np.arange(changes.count)):
        changes.path.rename(new.folder / name)  # all rows arrived in order: the spool is the sidecar
        new.files[name] = changes.record
    else:
        fresh_rows = map_rows(changes.path, changes.count, old_rows.shape[1])
        with new.file(name) as out:
            for start in range(0, rows.size, _COPY_ROWS):
                out.write(_gather(old_rows, fresh_rows, rows[start : start + _COPY_ROWS]))
                old_rows.release()
                release(fresh_rows)
        del fresh_rows  # Windows cannot delete a mapped file
    dropped = np.intersect1d(old_ids, without, assume_unique=True)
    return Merged(ids, np.flatnonzero(rows >= old_ids.size), dropped)


def _gather(old: LayerRows[np.float16], fresh: HalfVectors, rows: Ids) -> HalfVectors:
    block = np.empty((rows.size, old.shape[1]), np.float16)
    known = rows < len(old)
    block[known] = old[rows[known]]
    block[~known] = fresh[rows[~known] - len(old)]
    return block
