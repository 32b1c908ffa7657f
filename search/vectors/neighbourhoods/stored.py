"""The files of a snapshot of neighbourhoods (`search.snapshots.folders`), derived from the vectors at a sequence.

It has one or more layers. From the second layer on, file names contain the layer's number (``ids.1.npy``):

ids.npy            (rows,) int64 segment ids, ascending, and above those of the previous layer
changed.npy        (changed,) int64, ascending, if there are any: ids of earlier layers whose list has changed
neighbours.npy     (rows + changed, 10) int64, those of ids.npy, then those of changed.npy
similarities.npy   (rows + changed, 10) float32
smoothed.f16       (rows, dim) float16
lengths.npy        (changed,) float32: the length of the sum of a vector and its weighted neighbours

gone.npy           int64, ascending, if there are any: ids of rows deleted after their layer was written

If a segment's list has changed, its smoothed vector is not written again; a search computes it from the vectors.
Format 1 had a single layer and is still read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores, Vectors
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, Snapshot
from search.vectors.base import rows_of
from search.vectors.files import named
from search.vectors.neighbourhoods.graph import Graph, Segments
from search.vectors.neighbourhoods.lists import NeighbourLayer, NeighbourLists
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS, summed

KIND: Final = Kind("neighbourhoods", 2, "they are left out until soundalike reindex rebuilds them", reads_too=(1,))
IDS, NEAR, SIMILAR, SMOOTH = "ids.npy", "neighbours.npy", "similarities.npy", "smoothed.f16"
CHANGED, LENGTHS, GONE = "changed.npy", "lengths.npy", "gone.npy"
TOLERANCE: Final = 5e-3
"""The largest rounding error of a similarity or a component: vectors are kept as float16."""
ROWS_AT_ONCE: Final = 1024
_LISTS_AT_ONCE: Final = 65_536


class HeldSegments(Segments, Protocol):
    """The index that neighbourhoods are checked against: see `search.ports.VectorIndex`."""

    def ids(self) -> Ids:
        """As `VectorIndex.ids`."""


@dataclass(frozen=True, slots=True)
class NeighbourhoodFacts:
    """The facts of a manifest: ``count`` segments have a neighbourhood.

    ``layers``: the number of rows of each layer. ``changed``: for each layer, the number of newer lists for segments of
    earlier layers.
    """

    count: int
    dim: int
    layers: Sequence[int] = ()
    changed: Sequence[int] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StoredNeighbourhoods:
    """Opened neighbourhoods: the ``lists`` of a ``snapshot``, mapped, and their smoothed vectors."""

    snapshot: Snapshot
    lists: NeighbourLists

    @property
    def sequence(self) -> int:
        """The catalog sequence that they were made at."""
        return self.snapshot.sequence


def snapshots(directory: Path) -> Snapshots:
    """The snapshots of neighbourhoods in ``directory``."""
    return Snapshots(directory, KIND)


def read(snapshot: Snapshot, dim: int) -> StoredNeighbourhoods:
    """Open a snapshot; check sizes and the digests of ids. Raises SnapshotError with the cause."""
    facts = snapshot.facts(NeighbourhoodFacts)
    if facts.dim != dim:
        raise snapshot.damaged("they belong to another space")
    try:
        sizes = list(zip(facts.layers, facts.changed, strict=True)) or [(facts.count, 0)]
        layers = [_layer(snapshot, dim, number, *size) for number, size in enumerate(sizes)]
        gone = np.empty(0, np.int64)
        if GONE in snapshot.files:
            snapshot.check(GONE)
            gone = snapshot.array(GONE)
        lists = NeighbourLists(layers, gone)
        needed = {name for layer in layers for name in layer.names}
        if set(snapshot.files) - {GONE} != needed or len(lists) != facts.count:
            raise snapshot.damaged("its files and its manifest do not match")
    except (OSError, ValueError, TypeError) as error:
        raise snapshot.unreadable(error) from error
    return StoredNeighbourhoods(snapshot, lists)


def _layer(snapshot: Snapshot, dim: int, number: int, count: int, changed: int) -> NeighbourLayer:
    names = names_of(number, changed)
    if not set(names) <= set(snapshot.files):
        raise snapshot.damaged(f"they should hold {', '.join(names)}")
    ids_name, near_name, similar_name, smooth_name = names[:4]
    snapshot.check(ids_name)
    ids, near, similar = (snapshot.array(name) for name in (ids_name, near_name, similar_name))
    older, lengths = np.empty(0, np.int64), np.empty(0, np.float32)
    if changed:
        snapshot.check(names[4])
        older, lengths = snapshot.array(names[4]), snapshot.array(names[5])
    both = (count + changed, NEIGHBOURS)
    if ids.shape != (count,) or older.shape != (changed,) or lengths.shape != (changed,):
        raise snapshot.damaged("their files do not match each other")
    if near.shape != both or similar.shape != both:
        raise snapshot.damaged("their files do not match each other")
    rows = snapshot.mapped(smooth_name, np.dtype(np.float16), (count, dim))
    return NeighbourLayer(ids, older, near, similar, rows, lengths, names)


def names_of(number: int, changed: int) -> tuple[str, ...]:
    """The names of a layer's files.

    >>> names_of(1, 0)
    ('ids.1.npy', 'neighbours.1.npy', 'similarities.1.npy', 'smoothed.1.f16')
    """
    kinds = (IDS, NEAR, SIMILAR, SMOOTH, *((CHANGED, LENGTHS) if changed else ()))
    return tuple(named(name, number) for name in kinds)


def problems(snapshot: Snapshot) -> list[str]:
    """Return the defects of a snapshot whose digests match. Raises SnapshotError if it cannot be opened."""
    lists = read(snapshot, snapshot.facts(NeighbourhoodFacts).dim).lists
    before = np.empty(0, np.int64)
    for layer in lists.layers:
        if (rows_of(before, layer.changed) < 0).any() or (np.diff(layer.changed) <= 0).any():
            return ["they have lists of segments that are not among them"]
        before = np.concatenate([before, layer.ids])
    if (np.diff(before) <= 0).any() or (np.diff(lists.gone) <= 0).any() or (rows_of(before, lists.gone) < 0).any():
        return ["they name segments that are not among them"]
    ids = lists.ids
    for start in range(0, ids.size, _LISTS_AT_ONCE):
        near = lists.of(ids[start : start + _LISTS_AT_ONCE]).neighbours
        if (rows_of(ids, near[near >= 0]) < 0).any():
            return ["they name segments that are not among them"]
    return []


def differences(stored: StoredNeighbourhoods, dim: int, index: HeldSegments) -> Iterator[str]:
    """Yield a message for the first segment whose neighbourhood does not match the vectors in ``index``, if any.

    Skips segments that, or whose neighbours, are not in ``index`` any more.
    """
    lists, held, ids = stored.lists, index.ids(), stored.lists.ids
    for start in range(0, ids.size, ROWS_AT_ONCE):
        some = lists.of(ids[start : start + ROWS_AT_ONCE])
        there = (some.neighbours < 0) | (rows_of(held, some.neighbours) >= 0)
        some = some.at(np.flatnonzero((rows_of(held, some.ids) >= 0) & there.all(axis=1)))
        wrong = _differ(lists, some, near_of(index, some, dim), index.vectors(some.ids))
        if wrong.any():
            yield f"the neighbourhood of segment {some.ids[wrong][0]} does not match the vectors"
            return


def _differ(lists: NeighbourLists, some: Graph, near: Vectors, own: Vectors) -> NDArray[np.bool_]:
    """Which lists (n,) contradict the vectors ``own`` (n, dim) and those of their neighbours, ``near`` (n, 10, dim)."""
    places = lists.places(some.ids)
    similarities = np.einsum("nkd,nd->nk", near, own)
    wrong: NDArray[np.bool_] = (np.abs(similarities - some.similarities) > TOLERANCE).any(axis=1)
    sums, lengths = summed(own, near, some.similarities)
    newer = places.length >= 0
    wrong[newer] |= np.abs(lists.lengths(places.length[newer]) / lengths[newer] - 1) > TOLERANCE
    rows = lists.smoothed.take(places.smoothed[~newer])
    wrong[~newer] |= (np.abs(sums[~newer] / lengths[~newer, np.newaxis] - rows) > TOLERANCE).any(axis=1)
    return wrong


def smoothed_of(index: Segments, graph: Graph, dim: int) -> tuple[Vectors, Scores]:
    """The sums (n, dim) of the vectors of ``graph`` and their weighted neighbours, and the lengths (n,) of the sums."""
    if not graph.ids.size:
        return np.empty((0, dim), np.float32), np.empty(0, np.float32)
    return summed(index.vectors(graph.ids), near_of(index, graph, dim), graph.similarities)


def near_of(index: Segments, graph: Graph, dim: int) -> Vectors:
    """The vectors (n, 10, dim) of the neighbours; zeros for an absent neighbour."""
    near = np.zeros((*graph.neighbours.shape, dim), np.float32)
    there = graph.neighbours >= 0
    near[there] = index.vectors(graph.neighbours[there])
    return near
