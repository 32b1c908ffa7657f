"""The files of a snapshot of vectors (`search.snapshots.folders`), and how they are mapped.

ids.npy         (count,) int64 segment ids, ascending
vectors.f16     (count, dim) float16, row by row in the order of ids.npy: the sidecar
index.faiss     the compressed index, where the manifest's kind is "faiss"
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np

from search.model import HalfVectors, Ids
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, Snapshot, map_values

KIND: Final = Kind("snapshot", 1, "soundalike reindex makes it anew from the catalog")
IDS, SIDECAR, COMPRESSED = "ids.npy", "vectors.f16", "index.faiss"

Form: TypeAlias = Literal["exact", "faiss"]


@dataclass(frozen=True, slots=True)
class VectorFacts:
    """What a manifest says of vectors. ``trained_count``: rows that the compressed index was trained for, or 0."""

    count: int
    dim: int
    kind: Form
    trained_count: int


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """An opened snapshot: ``ids`` (count,) and ``rows`` (count, dim) float16, both mapped from their files."""

    snapshot: Snapshot
    facts: VectorFacts
    ids: Ids
    rows: HalfVectors

    @property
    def compressed(self) -> Path:
        """Where its compressed index is, if it has one."""
        return self.snapshot.folder / COMPRESSED


def snapshots(directory: Path) -> Snapshots:
    """The snapshots of vectors in ``directory``."""
    return Snapshots(directory, KIND)


def read(snapshot: Snapshot, dim: int | None = None) -> StoredVectors:
    """Check what can be checked at once: the manifest, the ids and their digest. The sidecar is mapped, not read.

    Raises SnapshotError that says what is wrong.
    """
    facts = snapshot.facts(VectorFacts)
    needed = {IDS, SIDECAR, COMPRESSED} if facts.kind == "faiss" else {IDS, SIDECAR}
    if set(snapshot.files) != needed:
        raise snapshot.damaged(f"it should hold {', '.join(sorted(needed))}")
    if dim is not None and facts.dim != dim:
        raise snapshot.damaged(f"it holds vectors of {facts.dim} dimensions where the space has {dim}")
    try:
        snapshot.check(IDS)
        ids = snapshot.array(IDS)
        rows = snapshot.mapped(SIDECAR, np.dtype(np.float16), (facts.count, facts.dim))
        if ids.shape != (facts.count,):
            raise snapshot.damaged(f"{IDS} does not hold the {facts.count} ids of its manifest")
    except (OSError, ValueError, TypeError) as error:
        raise snapshot.unreadable(error) from error
    return StoredVectors(snapshot, facts, ids, rows)


def map_rows(path: Path, count: int, dim: int) -> HalfVectors:
    """A file of float16 rows as (count, dim), mapped read-only. Raises OSError or ValueError when it cannot be."""
    return map_values(path, np.dtype(np.float16), (count, dim))


def release(rows: HalfVectors) -> None:
    """Let the system drop the pages of mapped ``rows`` that this process has read; they are read again when needed.

    Without this a job that walks through a large sidecar once seems to hold all of it. Arrays in memory stay as they
    are, and so does everything on systems that have no such call.
    """
    holder: object = rows
    while isinstance(holder, np.ndarray):
        holder = holder.base
    if isinstance(holder, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        holder.madvise(mmap.MADV_DONTNEED)
