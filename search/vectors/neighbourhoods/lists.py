"""The lists of neighbours that the layers of a snapshot hold together: of each segment the newest one counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.model import HalfVectors, Ids, Scores
from search.vectors.base import rows_of
from search.vectors.layers import LayerRows
from search.vectors.neighbourhoods.graph import Graph


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourLayer:
    """An opened layer, mapped: segments with their neighbours and smoothed vectors, and newer lists of earlier ones.

    ``ids`` (n,) ascending, above those of the layer before, have ``smoothed`` (n, dim) vectors. ``changed`` (m,) are
    ids of the layers before, ascending, whose list is another since. ``neighbours`` and ``similarities`` (n + m, 10)
    are those of ``ids``, then of ``changed``; ``lengths`` (m,) are what a vector of these is divided by to be smoothed.
    ``names`` are its files.
    """

    ids: Ids
    changed: Ids
    neighbours: Ids
    similarities: Scores
    smoothed: HalfVectors
    lengths: Scores
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeighbourPlaces:
    """Where segments (n,) stand: the row of each ``smoothed`` vector, of its ``list``, and of its ``length``.

    All are -1 for a segment that is not there; ``length`` is where the smoothed vector is still that of this list.
    """

    smoothed: Ids
    list: Ids
    length: Ids


class NeighbourLists:
    """What ``layers`` hold, without what is ``gone`` (m,), ascending. Immutable: threads may share it."""

    def __init__(self, layers: Sequence[NeighbourLayer], gone: Ids) -> None:
        """At least one layer."""
        self.layers = tuple(layers)
        self.gone = gone
        self.smoothed = LayerRows([layer.smoothed for layer in layers])
        self._neighbours = LayerRows([layer.neighbours for layer in layers])
        self._similarities = LayerRows([layer.similarities for layer in layers])
        self._lengths = np.concatenate([layer.lengths for layer in layers])

    @property
    def ids(self) -> Ids:
        """The segments (n,) that have a list, ascending."""
        ids = self.layers[0].ids if len(self.layers) == 1 else np.concatenate([layer.ids for layer in self.layers])
        return np.delete(ids, rows_of(ids, self.gone)) if self.gone.size else ids

    def __len__(self) -> int:
        """How many these are."""
        return sum(layer.ids.size for layer in self.layers) - self.gone.size

    def places(self, ids: Ids) -> NeighbourPlaces:
        """Where ``ids`` (n,) are."""
        found = NeighbourPlaces(*(np.full(ids.shape, -1, np.int64) for _ in range(3)))
        smoothed = lists = lengths = 0
        for layer in self.layers:
            rows = rows_of(layer.ids, ids)
            here = rows >= 0
            found.smoothed[here] = smoothed + rows[here]
            found.list[here] = lists + rows[here]
            if layer.changed.size:
                rows = rows_of(layer.changed, ids)
                here = rows >= 0
                found.list[here] = lists + layer.ids.size + rows[here]
                found.length[here] = lengths + rows[here]
            smoothed += layer.ids.size
            lists += len(layer.neighbours)
            lengths += layer.changed.size
        if self.gone.size:
            went = rows_of(self.gone, ids) >= 0
            for rows in (found.smoothed, found.list, found.length):
                rows[went] = -1
        return found

    def of(self, ids: Ids) -> Graph:
        """The lists of ``ids`` (m,), every one of which is there."""
        rows = self.places(ids).list
        return Graph(ids, self._neighbours.take(rows), self._similarities.take(rows))

    def neighbours(self, rows: Ids) -> Ids:
        """(n, 10) the neighbours in the lists of ``rows`` (n,)."""
        return self._neighbours.take(rows)

    def similarities(self, rows: Ids) -> Scores:
        """(n, 10) how near these are."""
        return self._similarities.take(rows)

    def lengths(self, rows: Ids) -> Scores:
        """(n,) lengths by their rows."""
        lengths: Scores = self._lengths[rows]
        return lengths

    def newer(self, number: int, changed: Ids) -> int:
        """How many segments of a layer have their list in a later one, or are among ``changed`` (m,)."""
        ids = self.layers[number].ids
        newer: NDArray[np.bool_] = np.zeros(ids.size, np.bool_)
        for some in (changed, *(layer.changed for layer in self.layers[number + 1 :])):
            rows = rows_of(ids, some)
            newer[rows[rows >= 0]] = True
        return int(newer.sum())
