"""Keeping an index in files: each snapshot has all vectors, and in large libraries also a compressed index of them.

A compressed snapshot has layers (docs/decisions/0033-vectors-in-layers.md): a publication writes one layer, and links
the others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from search.errors import SnapshotError
from search.model import HalfVectors, Ids, IndexChange
from search.settings import Device
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import NewSnapshot, Snapshot
from search.vectors import files, folding, layers, verifying
from search.vectors.base import NEVER, Base, ExactBase, rows_of
from search.vectors.folding import Changes
from search.vectors.layers import LayerRows
from search.vectors.mapped import map_rows

log = logging.getLogger(__name__)


class InFiles:
    """A `Keeping` with the snapshots of `search.vectors.files`; the options are those of `SnapshotIndex.open`."""

    def __init__(
        self,
        directory: Path,
        dim: int,
        *,
        device: Device,
        compress_from: int,
        searches: bool,
        effort: float,
        recall: float | None,
    ) -> None:
        self.snapshots: Snapshots = files.snapshots(directory)
        self._directory = directory
        self._dim = dim
        self._device = device
        self._compress_from = compress_from
        self._searches = searches
        self._effort = effort
        self._recall = recall
        self._opened: files.StoredVectors | None = None

    def open(self, snapshot: Snapshot) -> Base:
        """As `Keeping.open`."""
        self._opened = stored = files.read(snapshot, self._dim)
        if stored.facts.kind == "exact" or not self._searches:
            return ExactBase.of(stored)
        from search.vectors.faiss import FaissBase  # small libraries never load FAISS

        return FaissBase.open(stored, self._device, self._effort, self._recall)

    def is_whole(self, sequence: int) -> bool:
        """As `Keeping.is_whole`: true if all files of the snapshot are there and its vectors are undamaged."""
        if sequence == NEVER:
            return True
        try:
            self.snapshots.open(sequence)  # again, since it may have been opened long ago
            verifying.check_rows(self._stored(sequence))
        except OSError as error:
            log.warning("snapshot %d cannot be read (%s). Everything is now rebuilt from the catalog", sequence, error)
            return False
        except SnapshotError as error:
            log.warning("%s. Everything is now rebuilt from the catalog", error)
            return False
        return True

    def write(self, since: int, changes: Iterable[IndexChange], sequence: int) -> None:
        """As `Keeping.write`. Raises LibraryUnwritable."""
        old = None if since == NEVER else self._stored(since)
        with self.snapshots.publication(sequence) as new, folding.spooled(changes, self._dim, new) as changed:
            if old is None or not self._goes_on(old, changed) or _is_damaged(old):
                self._write_whole(old, changed, new)
            else:
                self._write_layer(old, changed, new)

    def problems(self) -> list[str]:
        """As `Keeping.problems`: every file of every snapshot is read."""
        return verifying.verify(self._directory)

    def _stored(self, sequence: int) -> files.StoredVectors:
        """The snapshot of ``sequence``, which is usually open already."""
        if self._opened is not None and self._opened.snapshot.sequence == sequence:
            return self._opened
        return files.read(self.snapshots.open(sequence), self._dim)

    def _goes_on(self, old: files.StoredVectors, changed: Changes) -> bool:
        """Whether the lists of ``old`` still fit the changed set of segments."""
        went = int((rows_of(old.ids, changed.touched) >= 0).sum() - (rows_of(old.gone, changed.touched) >= 0).sum())
        count, fresh = old.facts.count - went + changed.come.size, changed.come.size
        return count >= self._compress_from and layers.fits(count, int(fresh), old.facts.trained_count)

    def _write_whole(self, old: files.StoredVectors | None, changed: Changes, new: NewSnapshot) -> None:
        """Write everything as one layer, with newly trained lists if it is large."""
        none = np.empty(0, np.int64)
        before = (none, LayerRows([np.empty((0, self._dim), np.float16)]), none)
        if old is not None:
            before = (old.ids, old.rows, old.gone)
        merged = folding.merge(before, changed, new, files.SIDECAR)
        new.array(files.IDS, merged.ids)
        count = merged.ids.size
        if count < self._compress_from:
            new.describe(files.VectorFacts(count, self._dim, "exact", 0, (count,)))
            return
        from search.vectors import building, calibration

        path, rows = new.folder / files.COMPRESSED, self._rows(new, 0, count)
        building.build(rows, merged.ids, path)
        found = calibration.of_file(path, rows, merged.ids)
        new.describe(files.VectorFacts(count, self._dim, "faiss", count, (count,), found))

    def _write_layer(self, old: files.StoredVectors, changed: Changes, new: NewSnapshot) -> None:
        """Write the new segments, merged with the last layers, as one layer; link the layers that stay."""
        from search.vectors import building

        gone = np.union1d(old.gone, changed.touched[rows_of(old.ids, changed.touched) >= 0])
        stay = layers.unchanged_layers([_extent(layer, gone) for layer in old.layers], changed.come)
        for layer in old.layers[:stay]:
            for name in layer.names:
                new.link(name, old.snapshot)
        sizes = [layer.ids.size for layer in old.layers[:stay]]
        merging, start = old.layers[stay:], sum(sizes)
        if merging or changed.come.size:
            rows = LayerRows([layer.rows for layer in merging] or [np.empty((0, self._dim), np.float16)])
            before = (old.ids[start:], rows, gone[rows_of(old.ids[start:], gone) >= 0])
            merged = folding.merge(before, changed, new, files.named(files.SIDECAR, stay))
            new.array(files.named(files.IDS, stay), merged.ids)
            sizes.append(merged.ids.size)
            path = new.folder / files.named(files.COMPRESSED, stay)
            building.grow(
                [layer.compressed for layer in old.layers], stay, self._rows(new, stay, sizes[-1]), merged, path
            )
        gone = gone[rows_of(old.ids[:start], gone) >= 0]
        if gone.size:
            new.array(files.GONE, gone)
        count, facts = sum(sizes) - gone.size, old.facts
        new.describe(
            files.VectorFacts(count, self._dim, facts.kind, facts.trained_count, tuple(sizes), facts.calibration)
        )

    def _rows(self, new: NewSnapshot, layer: int, count: int) -> HalfVectors:
        """Map the sidecar that was just written."""
        return map_rows(new.folder / files.named(files.SIDECAR, layer), count, self._dim)


def _is_damaged(old: files.StoredVectors) -> bool:
    """Whether the lists of a layer are damaged.

    Such lists are never linked, because no search could open the result.
    """
    problem = verifying.lists_problem(old)
    if problem is not None:
        log.warning("%s. All lists are now rebuilt from the vectors", problem)
    return problem is not None


def _extent(layer: files.Layer, gone: Ids) -> layers.Extent:
    first, last = (int(layer.ids[0]), int(layer.ids[-1])) if layer.ids.size else (0, -1)
    lost = np.searchsorted(gone, last, side="right") - np.searchsorted(gone, first)
    return layers.Extent(layer.ids.size, int(lost), last)
