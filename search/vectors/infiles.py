"""Keeping an index in files: each snapshot has every vector, and from some thousands on a compressed index of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from search.model import IndexChange
from search.settings import Device
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Snapshot
from search.vectors import files, folding
from search.vectors.base import NEVER, Base, ExactBase
from search.vectors.verifying import verify


class InFiles:
    """A `Keeping` of snapshots of `search.vectors.files`; the options are those of `SnapshotIndex.open`."""

    def __init__(
        self, directory: Path, dim: int, *, device: Device, compress_from: int, searches: bool, effort: float
    ) -> None:
        self.snapshots: Snapshots = files.snapshots(directory)
        self._directory = directory
        self._dim = dim
        self._device = device
        self._compress_from = compress_from
        self._searches = searches
        self._effort = effort
        self._opened: files.StoredVectors | None = None

    def open(self, snapshot: Snapshot) -> Base:
        """As `Keeping.open`."""
        self._opened = stored = files.read(snapshot, self._dim)
        if stored.facts.kind == "exact" or not self._searches:
            return ExactBase.of(stored)
        from search.vectors.faiss import FaissBase  # a small library never pays for loading FAISS

        return FaissBase.open(stored, self._device, self._effort)

    def is_whole(self, sequence: int) -> bool:
        """As `Keeping.is_whole`: each snapshot has all."""
        return True

    def write(self, since: int, changes: Iterable[IndexChange], sequence: int) -> None:
        """As `Keeping.write`. Raises LibraryUnwritable."""
        stored = self._stored(since)
        ids, rows = (np.empty(0, np.int64), np.empty((0, self._dim), np.float16))
        if stored is not None:
            ids, rows = stored.ids, stored.rows
        with self.snapshots.publication(sequence) as new:
            merged = folding.merge(ids, rows, changes, new)
            new.array(files.IDS, merged.ids)
            form: files.Form = "faiss" if merged.ids.size >= self._compress_from else "exact"
            trained_count = self._compress(stored, merged, new.folder) if form == "faiss" else 0
            new.describe(files.VectorFacts(merged.ids.size, self._dim, form, trained_count))

    def problems(self) -> list[str]:
        """As `Keeping.problems`: every file of every snapshot is read."""
        return verify(self._directory)

    def _stored(self, sequence: int) -> files.StoredVectors | None:
        """The snapshot of ``sequence``, which is open as a rule; None for NEVER."""
        if sequence == NEVER:
            return None
        if self._opened is not None and self._opened.snapshot.sequence == sequence:
            return self._opened
        return files.read(self.snapshots.open(sequence), self._dim)

    def _compress(self, base: files.StoredVectors | None, merged: folding.Merged, folder: Path) -> int:
        """Write the compressed index, grown from the base's where that is worth it; how many rows it is trained for."""
        from search.vectors import building

        count, path = merged.ids.size, folder / files.COMPRESSED
        rows = files.map_rows(folder / files.SIDECAR, count, self._dim)
        if base is not None and building.worth_growing(count, merged.fresh.size, base.facts.trained_count):
            building.grow(base.compressed, rows, merged, path)
            return base.facts.trained_count
        building.build(rows, merged.ids, path)
        return count
