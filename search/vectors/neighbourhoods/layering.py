"""Updating neighbourhoods to match the vectors: a publication writes one layer, and links the layers that stay.

See docs/decisions/0036-neighbourhoods-in-layers.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids
from search.snapshots.snapshot import NewSnapshot, Snapshot
from search.vectors import layers
from search.vectors.base import COMPRESS_FROM, rows_of
from search.vectors.layers import Extent
from search.vectors.neighbourhoods import stored
from search.vectors.neighbourhoods.graph import Graph, KnownNeighbours, NeighbourSource, updated
from search.vectors.neighbourhoods.lists import NeighbourLists
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS
from search.vectors.neighbourhoods.stored import NeighbourhoodFacts, StoredNeighbourhoods, smoothed_of
from search.vectors.verifying import CHECKED_UP_TO_BYTES

LEAST_CONTENTS: Final = 100
"""Smaller libraries have no neighbourhoods: among a few dozen clips, the ten nearest are not really near."""
LAYERS_FROM: Final = COMPRESS_FROM
"""Smaller libraries have a single layer, as with vectors: it takes at most 36 MB."""
WORN_SHARE: Final = 2
"""A layer is rewritten when more than one in this many of its segments has its list in a later layer: for each of
those, a search has to compute the smoothed vector from eleven vectors."""
_LIST_BYTES: Final = NEIGHBOURS * (8 + 4)


def update(directory: Path, sequence: int, dim: int, source: NeighbourSource, *, in_layers: bool = True) -> None:
    """Publish the neighbourhoods of ``source`` at ``sequence`` in ``directory``, based on the newest ones there.

    Without ``in_layers`` everything is written again as one layer, for indexes where reading vectors of neighbours is
    too slow for a search. Holds ids and similarities of the whole library in memory (some 300 bytes a segment), never
    its vectors. Raises LibraryUnwritable if the disk is full or read-only.
    """
    ids = source.ids
    published = stored.snapshots(directory)
    newest = published.newest(lambda snapshot: _read_to_go_on(snapshot, dim))
    old = None if newest is None else newest[1]
    if np.unique(source.contents_of(ids)).size < LEAST_CONTENTS or (old is not None and old.sequence == sequence):
        return
    known: KnownNeighbours = Graph.empty() if old is None else old.lists
    graph, changed = updated(known, source)
    update = _Update(old, source, graph, changed, dim)
    stay = update.unchanged_layers() if in_layers and ids.size >= LAYERS_FROM else 0
    with published.publication(sequence) as new:
        update.write(new, stay)


def _read_to_go_on(snapshot: Snapshot, dim: int) -> StoredNeighbourhoods:
    """As `stored.read`, but also check the digests of files up to CHECKED_UP_TO_BYTES, so that damage is not linked."""
    for name, record in snapshot.files.items():
        if record.size_bytes <= CHECKED_UP_TO_BYTES:
            try:
                snapshot.check(name)
            except OSError as error:
                raise snapshot.unreadable(error) from error
    return stored.read(snapshot, dim)


class _Update:
    """The present ``graph``, and which of its rows (n,) have ``changed`` since the ``old`` lists."""

    def __init__(
        self,
        old: StoredNeighbourhoods | None,
        source: NeighbourSource,
        graph: Graph,
        changed: NDArray[np.bool_],
        dim: int,
    ) -> None:
        self._old = old
        self._lists = None if old is None else old.lists
        self._source = source
        self._graph = graph
        self._changed = changed
        self._dim = dim
        before = np.empty(0, np.int64) if old is None else old.lists.ids
        self._come = graph.ids[rows_of(before, graph.ids) < 0]
        self._gone = np.setdiff1d(before, graph.ids, assume_unique=True)
        if old is not None:
            self._gone = np.union1d(self._gone, old.lists.gone)

    def unchanged_layers(self) -> int:
        """How many layers stay unchanged."""
        if self._lists is None:
            return 0
        size = self._come.size * self._row_bytes + (int(self._changed.sum()) - self._come.size) * _LIST_BYTES
        extents = [self._extent(self._lists, number) for number in range(len(self._lists.layers))]
        return layers.unchanged_layers(extents, self._come, size)

    @property
    def _row_bytes(self) -> int:
        return _LIST_BYTES + 2 * self._dim

    def _extent(self, lists: NeighbourLists, number: int) -> Extent:
        layer = lists.layers[number]
        first, last = (int(layer.ids[0]), int(layer.ids[-1])) if layer.ids.size else (0, -1)
        lost = np.searchsorted(self._gone, last, side="right") - np.searchsorted(self._gone, first)
        size = layer.ids.size * self._row_bytes + layer.changed.size * _LIST_BYTES
        newer = lists.newer(number, self._graph.ids[self._changed])
        return Extent(size, int(lost) * self._row_bytes, last, worn=WORN_SHARE * newer > layer.ids.size)

    def write(self, new: NewSnapshot, stay: int) -> None:
        """Link the first ``stay`` layers, and write everything after them as one layer."""
        ids, graph = self._graph.ids, self._graph
        kept = [] if self._lists is None else list(self._lists.layers[:stay])
        if self._old is not None:
            for layer in kept:
                for name in layer.names:
                    new.link(name, self._old.snapshot)
        below = np.concatenate([np.empty(0, np.int64), *(layer.ids for layer in kept)])
        last = int(below[-1]) if below.size else -1
        own = np.flatnonzero(ids > last)
        older = self._older(stay, last)
        sizes, changes = [layer.ids.size for layer in kept], [layer.changed.size for layer in kept]
        if own.size or older.size or not kept:
            both = np.concatenate([own, older])
            names = stored.names_of(stay, older.size)
            new.array(names[0], ids[own])
            new.array(names[1], graph.neighbours[both])
            new.array(names[2], graph.similarities[both])
            self._write_smoothed(new, names[3], own)
            if older.size:
                new.array(names[4], ids[older])
                new.array(names[5], self._lengths(older))
            sizes.append(own.size)
            changes.append(older.size)
        gone = self._gone[rows_of(below, self._gone) >= 0]
        if gone.size:
            new.array(stored.GONE, gone)
        new.describe(NeighbourhoodFacts(ids.size, self._dim, tuple(sizes), tuple(changes)))

    def _older(self, stay: int, last: int) -> Ids:
        """The rows of segments up to id ``last`` whose lists differ from those in the first ``stay`` layers."""
        ids = self._graph.ids
        differ = self._changed.copy()
        for layer in () if self._lists is None else self._lists.layers[stay:]:
            rows = rows_of(ids, layer.changed)
            differ[rows[rows >= 0]] = True
        return np.flatnonzero(differ & (ids <= last))

    def _write_smoothed(self, new: NewSnapshot, name: str, own: Ids) -> None:
        """Write the smoothed vectors of the rows ``own`` (n,); unchanged ones are copied from the old snapshot."""
        with new.file(name) as out:
            for start in range(0, own.size, stored.ROWS_AT_ONCE):
                rows = own[start : start + stored.ROWS_AT_ONCE]
                block = np.empty((rows.size, self._dim), np.float16)
                fresh = self._changed[rows].copy()
                if self._lists is not None:
                    places = self._lists.places(self._graph.ids[rows])
                    fresh |= (places.length >= 0) | (places.smoothed < 0)
                    block[~fresh] = self._lists.smoothed.take(places.smoothed[~fresh])
                sums, lengths = smoothed_of(self._source.index, self._graph.at(rows[fresh]), self._dim)
                block[fresh] = sums / lengths[:, np.newaxis]
                out.write(block)
                if self._lists is not None:
                    self._lists.smoothed.release()

    def _lengths(self, rows: Ids) -> NDArray[np.float32]:
        """The lengths (n,) of the sums (`smoothing.summed`) for rows whose smoothed vectors are not written."""
        lengths = np.empty(rows.size, np.float32)
        for start in range(0, rows.size, stored.ROWS_AT_ONCE):
            some = rows[start : start + stored.ROWS_AT_ONCE]
            lengths[start : start + some.size] = smoothed_of(self._source.index, self._graph.at(some), self._dim)[1]
        return lengths
