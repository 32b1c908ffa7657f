"""The graph of neighbours: for each segment, its nearest segments of other contents, found once and then updated.

The space's own index finds them. New segments are searched for. If a new segment belongs in the list of an old one, the
old one is among the hits of that search, and its list gets the new segment. When segments are deleted, those that
listed them are searched for again. So the cost of an update depends on what changed, not on the size of the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores, Vectors
from search.vectors.base import rows_of
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS, distinct, first_of

SEGMENTS_AT_ONCE: Final = 1024
HITS: Final = 64
"""Hits requested to find ten of different contents. A new segment can enter only the lists of its hits."""
MOST_HITS: Final = 256
"""... for a segment of a long recording, whose nearest segments are of the same recording."""

ContentsOf = Callable[[Ids], Ids]
"""Segment ids (n,) -> their content ids (n,), -1 for an absent segment."""


class Segments(Protocol):
    """The part of a space's index that is needed here: see `search.ports.VectorIndex`."""

    def search(self, queries: Vectors, k: int) -> tuple[Scores, Ids]:
        """As `VectorIndex.search`."""

    def vectors(self, ids: Ids) -> Vectors:
        """As `VectorIndex.vectors`."""


@dataclass(frozen=True, slots=True)
class NeighbourSource:
    """The segments to find neighbours for and among: ``ids`` (n,), ascending, in ``index``, and their contents."""

    index: Segments
    ids: Ids
    contents_of: ContentsOf


class KnownNeighbours(Protocol):
    """The neighbours before an update: a `Graph`, or the lists in files."""

    @property
    def ids(self) -> Ids:
        """The segments (n,) that have a list, ascending."""

    def of(self, ids: Ids) -> Graph:
        """The lists of ``ids`` (m,), all of which must have one."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """``ids`` (n,) ascending; ``neighbours`` (n, 10) ids, best first, and ``similarities`` (n, 10); absent = -1 / 0."""

    ids: Ids
    neighbours: Ids
    similarities: Scores

    @classmethod
    def empty(cls) -> Graph:
        """A graph of no segments."""
        none = np.empty((0, NEIGHBOURS))
        return cls(np.empty(0, np.int64), none.astype(np.int64), none.astype(np.float32))

    def at(self, rows: Ids) -> Graph:
        """The subgraph of these rows (m,)."""
        return Graph(self.ids[rows], self.neighbours[rows], self.similarities[rows])

    def of(self, ids: Ids) -> Graph:
        """As `KnownNeighbours.of`."""
        return self.at(rows_of(self.ids, ids))


@dataclass(frozen=True, slots=True)
class _Nearest:
    """The ``hits``, ``scores`` and ``contents`` (b, m), best first, found for ``ids`` of contents ``own`` (b,)."""

    ids: Ids
    own: Ids
    hits: Ids
    scores: Scores
    contents: Ids

    def at(self, rows: NDArray[np.bool_]) -> _Nearest:
        """The part with the rows marked in ``rows`` (b,)."""
        return _Nearest(self.ids[rows], self.own[rows], self.hits[rows], self.scores[rows], self.contents[rows])


def updated(old: KnownNeighbours, source: NeighbourSource) -> tuple[Graph, NDArray[np.bool_]]:
    """The graph of ``source``'s segments (n,), and which of its rows (n,) differ from ``old``.

    With an empty ``old`` all segments are searched for. An updated list may miss a new neighbour if more than `HITS`
    other segments are nearer to that neighbour.
    """
    ids = source.ids
    known = old.ids
    kept = rows_of(known, ids) >= 0
    graph = Graph(ids, np.full((ids.size, NEIGHBOURS), -1, np.int64), np.zeros((ids.size, NEIGHBOURS), np.float32))
    before = old.of(ids[kept])
    graph.neighbours[kept] = before.neighbours
    graph.similarities[kept] = before.similarities
    del before
    stale = np.zeros(ids.size, np.bool_)
    if (rows_of(ids, known) < 0).any():  # some were deleted: find the lists that contain them
        stale = kept & ((graph.neighbours >= 0) & (rows_of(ids, graph.neighbours) < 0)).any(axis=1)
    searched = ~kept | stale
    entered = [_Entries.none()]
    for nearest in _searched(source, ids[searched]):
        rows = rows_of(ids, nearest.ids)
        new = distinct(nearest.contents, nearest.own)
        graph.neighbours[rows], graph.similarities[rows] = first_of(new, nearest.hits, nearest.scores, NEIGHBOURS)
        fresh = ~kept[rows]
        if fresh.any() and not searched.all():
            entered.append(_entering(nearest, fresh, graph, searched))
    changed = searched.copy()
    changed[_merge(graph, _Entries.joined(entered), source.contents_of)] = True
    return graph, changed


def _searched(source: NeighbourSource, ids: Ids) -> Iterator[_Nearest]:
    """Yield the hits of segments ``ids`` (n,) in batches. Segments that find too few contents get a larger search."""
    for start in range(0, ids.size, SEGMENTS_AT_ONCE):
        short = ids[start : start + SEGMENTS_AT_ONCE]
        for k in (HITS, MOST_HITS):
            nearest = _search(source, short, k)
            few = distinct(nearest.contents, nearest.own).sum(axis=1) < NEIGHBOURS
            few &= nearest.hits[:, -1] >= 0  # there are more hits to find
            done = ~few | (k == MOST_HITS)
            yield nearest.at(done)
            short = short[~done]
            if not short.size:
                break


def _search(source: NeighbourSource, ids: Ids, k: int) -> _Nearest:
    scores, hits = source.index.search(source.index.vectors(ids), k)
    contents = source.contents_of(hits.ravel()).reshape(hits.shape)
    contents[hits < 0] = -1
    return _Nearest(ids, source.contents_of(ids), hits, scores, contents)


@dataclass(frozen=True, slots=True)
class _Entries:
    """New neighbours for existing segments: ``rows`` of the graph, ``ids`` and ``scores``, all (m,)."""

    rows: Ids
    ids: Ids
    scores: Scores

    @classmethod
    def none(cls) -> _Entries:
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))

    @classmethod
    def joined(cls, parts: list[_Entries]) -> _Entries:
        return cls(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.scores for part in parts]),
        )


def _entering(nearest: _Nearest, fresh: NDArray[np.bool_], graph: Graph, searched: NDArray[np.bool_]) -> _Entries:
    """The lists that ``fresh`` (b,) segments enter: where they are nearer than the last neighbour of the list.

    Only lists of segments that were not ``searched`` themselves.
    """
    rows = rows_of(graph.ids, nearest.hits)
    last = np.where(graph.neighbours[rows, -1] >= 0, graph.similarities[rows, -1], np.float32(-np.inf))
    enters = fresh[:, np.newaxis] & (rows >= 0) & (nearest.contents != nearest.own[:, np.newaxis])
    enters &= ~searched[rows] & (nearest.scores > last)
    who, where = np.nonzero(enters)
    return _Entries(rows[who, where], nearest.ids[who], nearest.scores[who, where])


def _merge(graph: Graph, entries: _Entries, contents_of: ContentsOf) -> Ids:
    """Merge ``entries`` into the lists of ``graph``, in place; return the rows that were changed."""
    rows, counts = np.unique(entries.rows, return_counts=True)
    if not rows.size:
        return rows
    most = int(counts.max())
    place = np.searchsorted(rows, entries.rows)
    order = np.lexsort((-entries.scores, place))
    column = np.arange(order.size) - np.repeat(np.cumsum(counts) - counts, counts)
    few = column < NEIGHBOURS * 8  # more entries would not change the ten contents, but cost memory
    ids = np.full((rows.size, NEIGHBOURS + min(most, NEIGHBOURS * 8)), -1, np.int64)
    scores = np.full(ids.shape, -np.inf, np.float32)
    ids[:, :NEIGHBOURS] = graph.neighbours[rows]
    scores[:, :NEIGHBOURS] = np.where(ids[:, :NEIGHBOURS] >= 0, graph.similarities[rows], -np.inf)
    ids[place[order][few], NEIGHBOURS + column[few]] = entries.ids[order][few]
    scores[place[order][few], NEIGHBOURS + column[few]] = entries.scores[order][few]
    best = np.argsort(-scores, axis=1, kind="stable")
    ids, scores = np.take_along_axis(ids, best, axis=1), np.take_along_axis(scores, best, axis=1)
    contents = contents_of(ids.ravel()).reshape(ids.shape)
    contents[ids < 0] = -1
    new = distinct(contents, contents_of(graph.ids[rows]))
    graph.neighbours[rows], graph.similarities[rows] = first_of(new, ids, scores, NEIGHBOURS)
    return rows
