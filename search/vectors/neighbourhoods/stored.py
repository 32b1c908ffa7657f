"""The files of a snapshot of neighbourhoods (`search.snapshots.folders`): they follow from the vectors at a sequence.

ids.npy            (count,) int64 segment ids, ascending
neighbours.npy     (count, 10) int64
similarities.npy   (count, 10) float32
smoothed.f16       (count, dim) float16
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from search.model import HalfVectors, Vectors
from search.ports import VectorIndex
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, Snapshot
from search.vectors.base import rows_of
from search.vectors.mapped import release
from search.vectors.neighbourhoods.graph import Graph, NeighbourSource, Segments, updated
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS, smoothed

KIND: Final = Kind("neighbourhoods", 1, "they are left out until soundalike reindex makes them anew")
LEAST_CONTENTS: Final = 100
"""Smaller libraries have no neighbourhoods: the ten nearest of a few dozen clips are no neighbours."""
IDS, NEAR, SIMILAR, SMOOTH = "ids.npy", "neighbours.npy", "similarities.npy", "smoothed.f16"
TOLERANCE: Final = 5e-3
"""What rounding may change in a similarity or a component: vectors are kept as float16."""
_ROWS_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True)
class NeighbourhoodFacts:
    """What a manifest says of neighbourhoods."""

    count: int
    dim: int


@dataclass(frozen=True, slots=True, eq=False)
class StoredNeighbourhoods:
    """Opened neighbourhoods at ``sequence``: a graph and its ``smoothed`` (n, dim) vectors, all mapped."""

    sequence: int
    graph: Graph
    smoothed: HalfVectors

    @classmethod
    def empty(cls, dim: int) -> StoredNeighbourhoods:
        """What there is before the first."""
        return cls(-1, Graph.empty(), np.empty((0, dim), np.float16))


def snapshots(directory: Path) -> Snapshots:
    """The snapshots of neighbourhoods in ``directory``."""
    return Snapshots(directory, KIND)


def read(snapshot: Snapshot, dim: int) -> StoredNeighbourhoods:
    """Open a snapshot; sizes and the ids' digest are checked. Raises SnapshotError that says what is wrong."""
    facts = snapshot.facts(NeighbourhoodFacts)
    if facts.dim != dim or set(snapshot.files) != {IDS, NEAR, SIMILAR, SMOOTH}:
        raise snapshot.damaged("they are of another space")
    try:
        snapshot.check(IDS)
        ids, near, similar = (snapshot.array(name) for name in (IDS, NEAR, SIMILAR))
        if ids.shape != (facts.count,) or not near.shape == similar.shape == (facts.count, NEIGHBOURS):
            raise snapshot.damaged("their files do not fit together")
        rows = snapshot.mapped(SMOOTH, np.dtype(np.float16), (facts.count, dim))
    except (OSError, ValueError, TypeError) as error:
        raise snapshot.unreadable(error) from error
    return StoredNeighbourhoods(snapshot.sequence, Graph(ids, near, similar), rows)


def problems(snapshot: Snapshot) -> list[str]:
    """What is wrong with a snapshot whose files are whole, beyond the SnapshotError that opening it raises."""
    graph = read(snapshot, snapshot.facts(NeighbourhoodFacts).dim).graph
    listed = graph.neighbours[graph.neighbours >= 0]
    if (np.diff(graph.ids) <= 0).any() or (rows_of(graph.ids, listed) < 0).any():
        return ["they name segments that are not among them"]
    return []


def differences(stored: StoredNeighbourhoods, dim: int, index: VectorIndex) -> Iterator[str]:
    """The first segment whose neighbours do not follow from the vectors that are still in ``index``."""
    graph, held = stored.graph, index.ids()
    for start in range(0, graph.ids.size, _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, graph.ids.size))
        some = graph.at(rows)
        there = (some.neighbours < 0) | (rows_of(held, some.neighbours) >= 0)
        whole = (rows_of(held, some.ids) >= 0) & there.all(axis=1)
        rows, some = rows[whole], graph.at(rows[whole])
        near, own = _near(index, some, dim), index.vectors(some.ids)
        similarities = np.einsum("nkd,nd->nk", near, own)
        again = smoothed(own, near, some.similarities)
        wrong = (np.abs(similarities - some.similarities) > TOLERANCE).any(axis=1)
        wrong |= (np.abs(again - stored.smoothed[rows]) > TOLERANCE).any(axis=1)
        if wrong.any():
            yield f"the neighbourhood of segment {some.ids[wrong][0]} does not follow from the vectors"
            return


def update(directory: Path, sequence: int, dim: int, source: NeighbourSource) -> None:
    """Bring the neighbourhoods in ``directory`` up to ``source`` at ``sequence``.

    Holds ids and similarities of a whole library in memory (some 300 bytes a segment), never its vectors. Raises
    LibraryUnwritable when the disk is full or read-only.
    """
    ids = source.ids
    published = snapshots(directory)
    newest = published.newest(lambda snapshot: read(snapshot, dim))
    old = StoredNeighbourhoods.empty(dim) if newest is None else newest[1]
    if np.unique(source.contents_of(ids)).size < LEAST_CONTENTS or old.sequence == sequence:
        return
    graph, changed = updated(old.graph, source)
    places = rows_of(old.graph.ids, ids)
    with published.publication(sequence) as new:
        new.array(NEAR, graph.neighbours)
        new.array(SIMILAR, graph.similarities)
        new.array(IDS, ids)
        with new.file(SMOOTH) as out:
            for start in range(0, ids.size, _ROWS_AT_ONCE):
                some = slice(start, start + _ROWS_AT_ONCE)
                fresh = changed[some]
                block = np.empty((fresh.size, dim), np.float16)
                block[~fresh] = old.smoothed[places[some][~fresh]]
                block[fresh] = _smoothed(source.index, graph.at(start + np.flatnonzero(fresh)), dim)
                out.write(block)
                release(old.smoothed)
        new.describe(NeighbourhoodFacts(ids.size, dim))


def _smoothed(index: Segments, graph: Graph, dim: int) -> Vectors:
    if not graph.ids.size:
        return np.empty((0, dim), np.float32)
    return smoothed(index.vectors(graph.ids), _near(index, graph, dim), graph.similarities)


def _near(index: Segments, graph: Graph, dim: int) -> Vectors:
    """(n, 10, dim) the vectors of the neighbours; zeros where one is absent."""
    near = np.zeros((*graph.neighbours.shape, dim), np.float32)
    there = graph.neighbours >= 0
    near[there] = index.vectors(graph.neighbours[there])
    return near
