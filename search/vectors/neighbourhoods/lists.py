"""The lists of neighbours in the layers of a snapshot. A segment's list in the newest layer counts."""

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
    """An opened layer, mapped: its own segments, and newer lists for segments of earlier layers.

    ``ids`` (n,), ascending and above those of the previous layer, have ``smoothed`` (n, dim) vectors. ``changed`` (m,),
    ascending, are ids of earlier layers whose list has changed. ``neighbours`` and ``similarities`` (n + m, 10) belong
    to ``ids``, then to ``changed``. ``lengths`` (m,) are the lengths of the sums (`smoothing.summed`) of ``changed``.
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
    """The positions of segments (n,): the row of the ``smoothed`` vector, of the ``list``, and of the ``length``.

    All are -1 for a segment that is absent. ``length`` is also -1 if the smoothed vector still matches the list.
    """

    smoothed: Ids
    list: Ids
    length: Ids


class NeighbourLists:
    """The lists of all ``layers``, without the ids ``gone`` (m,), ascending. Immutable: threads may share it."""

    def __init__(self, layers: Sequence[NeighbourLayer], gone: Ids) -> None:
        """``layers``: at least one."""
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
        """The number of segments that have a list."""
        return sum(layer.ids.size for layer in self.layers) - self.gone.size

    def places(self, ids: Ids) -> NeighbourPlaces:
        """The positions of ``ids`` (n,)."""
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
        """The lists of ``ids`` (m,), all of which must be there."""
        rows = self.places(ids).list
        return Graph(ids, self._neighbours.take(rows), self._similarities.take(rows))

    def neighbours(self, rows: Ids) -> Ids:
        """The neighbours (n, 10) in the lists of ``rows`` (n,)."""
        return self._neighbours.take(rows)

    def similarities(self, rows: Ids) -> Scores:
        """The similarities (n, 10) of these neighbours."""
        return self._similarities.take(rows)

    def lengths(self, rows: Ids) -> Scores:
        """The lengths (n,) in ``rows`` (n,)."""
        lengths: Scores = self._lengths[rows]
        return lengths

    def newer(self, number: int, changed: Ids) -> int:
        """How many segments of layer ``number`` have their list in a later layer, or are in ``changed`` (m,)."""
        ids = self.layers[number].ids
        newer: NDArray[np.bool_] = np.zeros(ids.size, np.bool_)
        for some in (changed, *(layer.changed for layer in self.layers[number + 1 :])):
            rows = rows_of(ids, some)
            newer[rows[rows >= 0]] = True
        return int(newer.sum())
