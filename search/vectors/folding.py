"""Writing a snapshot: the one before it, the delta and the catalog's changes, merged in bounded memory.

What is held for every segment is its id and where its vector lies, never the vector: new vectors go to a spool file
as they arrive, and the sidecar is then copied together, block by block, in the order of the ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from search.model import HalfVectors, Ids, IndexChange
from search.snapshots.snapshot import DigestedFile, NewSnapshot
from search.vectors.files import SIDECAR, map_rows, release
from search.vectors.scoring import check_rows

_COPY_ROWS = 8192
_GONE = -1


@dataclass(slots=True)
class Spool:
    """The changes since a snapshot, last one counts: vectors in a file, ids and rows in memory."""

    file: DigestedFile
    dim: int
    ids: list[Ids] = field(default_factory=list)
    rows: list[Ids] = field(default_factory=list)
    count: int = 0

    def take(self, change: IndexChange) -> None:
        """Note one change. Raises LibraryError when ids and vectors do not fit, OSError when the disk is full."""
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
        """Every id that was touched, ascending, and the spool's row of its vector now, or -1 when it is gone."""
        ids = np.concatenate([np.empty(0, np.int64), *self.ids])
        rows = np.concatenate([np.empty(0, np.int64), *self.rows])
        by_id = np.argsort(ids, kind="stable")
        ids, rows = ids[by_id], rows[by_id]
        final = np.append(ids[1:] != ids[:-1], np.ones(min(ids.size, 1), np.bool_))
        return ids[final], rows[final]


@dataclass(frozen=True, slots=True)
class Merged:
    """A sidecar that was written: its ``ids`` (n,), and how it differs from the snapshot before it.

    ``fresh`` (m,) are the rows that were not in that one, ``dropped`` its ids that are gone or have another vector.
    """

    ids: Ids
    fresh: NDArray[np.intp]
    dropped: Ids


def merge(base_ids: Ids, base_rows: HalfVectors, changes: Iterable[IndexChange], new: NewSnapshot) -> Merged:
    """Write the sidecar of ``new``: ``base_rows`` (n, dim) with ``changes`` applied in their order, sorted by id.

    Raises LibraryError for changes that make no sense, OSError when the disk is full.
    """
    dim = base_rows.shape[1]
    path = new.folder / "spool.f16"
    with DigestedFile(path) as file:
        spool = Spool(file, dim)
        for change in changes:
            spool.take(change)
    touched, spool_rows = spool.last()
    kept = np.flatnonzero(~np.isin(base_ids, touched, assume_unique=True))
    come = spool_rows != _GONE
    ids = np.concatenate([base_ids[kept], touched[come]])
    # base rows count from 0, spool rows from the end of the base
    rows = np.concatenate([kept, spool_rows[come] + base_ids.size])
    by_id = np.argsort(ids, kind="stable")
    ids, rows = ids[by_id], rows[by_id]
    if not base_ids.size and np.array_equal(rows, np.arange(spool.count)):
        path.rename(new.folder / SIDECAR)  # arrived in order and complete: the spool is the sidecar
        new.files[SIDECAR] = file.record
    else:
        fresh_rows = map_rows(path, spool.count, dim)
        with new.file(SIDECAR) as out:
            for start in range(0, rows.size, _COPY_ROWS):
                out.write(_gather(base_rows, fresh_rows, rows[start : start + _COPY_ROWS]))
                release(base_rows)
                release(fresh_rows)
        del fresh_rows  # Windows deletes no file that is mapped
        path.unlink()
    dropped = np.intersect1d(base_ids, touched, assume_unique=True)
    return Merged(ids, np.flatnonzero(rows >= base_ids.size), dropped)


def _gather(base: HalfVectors, fresh: HalfVectors, rows: Ids) -> HalfVectors:
    block = np.empty((rows.size, base.shape[1]), np.float16)
    old = rows < len(base)
    block[old] = base[rows[old]]
    block[~old] = fresh[rows[~old] - len(base)]
    return block
