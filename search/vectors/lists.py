"""Which inverted lists a query visits: the nearest lists that hold enough segments that pass its filter.

A fixed number of lists is right only without a filter. With one, the passing segments may lie anywhere: a query for
"speech" among clips tagged "rain" finds its nearest lists empty and its hits in lists far away. So the search counts
the passing segments of each list.
"""

from __future__ import annotations

import math
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.model import Bitmap, Ids, Scores, Vectors
from search.vectors import native, scoring
from search.vectors.spread import COUNTED_ROWS, Spread

PASSING_ROWS, PASSING_BEHIND_FILTER = 16_000, 14_000
"""A query visits lists until they held this many segments (at a million segments: 30 of 2048 lists). Behind a filter,
until they held the second number of segments that pass ..."""

VISITED_ROWS = 250_000
"""... or this many segments in all, which takes about a millisecond."""

EVEN_ROWS, EVEN_BY, UNEVEN = 16_000, -1 / 3, 0.5
"""If the passing segments are spread as evenly as by chance, near the query and further away, its hits lie little
further away than without a filter. Then it visits at most EVEN_ROWS * share ** EVEN_BY segments, where share is the
part of the segments that passes: ten times EVEN_ROWS if a thousandth passes. A fifth of that holds .98 of the hits at a
million segments (measured). Evenly means: beyond what chance causes, the share that passes varies between lists by less
than the square root of UNEVEN, relative to its mean ..."""

EVEN_IN = (1 / 64, 1 / 8, 1)
"""... in each of these nearest fractions of the near lists, so that a hole around the query does not count as even."""

NEAR_ROWS = 80_000
"""The near lists are the nearest ones that together hold this many segments. Their passing segments are counted: the
best hits may be the few passing ones of a near list, and a sample would overlook those."""

REACHES_FROM, REACHES_BY = 1_000_000, 1 / 3
"""Above REACHES_FROM segments, the hits behind a filter compete with more segments that are as near. So the search
visits (count / REACHES_FROM) ** REACHES_BY times as many: 2.2 times at ten million (measured)."""

_QUERY_BITS = 4
"""Bits per dimension to which the query is quantized for the comparison with codes. Twice as many bits find the same
hits at ten million segments (measured)."""


class Lists:
    """The inverted lists of one compressed index: their centres, and how the passing segments spread over them."""

    def __init__(self, layers: native.Layers, ids: Ids, present: Bitmap | None) -> None:
        """``layers`` are a rotation followed by inverted lists, and hold ``ids`` (n,), ascending.

        A search without a filter finds only the ids in ``present``; None means all. The attribute ``reach`` is the
        factor by which a filtered search visits more than the constants above say (see REACHES_FROM).
        """
        self._layers = layers  # owns what the next two point into
        index = layers.index
        chain: Any = index.chain
        self._rotation: Any = faiss.downcast_VectorTransform(chain.at(0))
        self._inverted: Any = faiss.extract_index_ivf(index)
        self.count: int = self._inverted.nlist
        quantizer: Any = faiss.downcast_index(self._inverted.quantizer)
        # a copy: numbers in a mapped file may be unaligned, which makes products eight times slower
        centres = np.array(faiss.rev_swig_ptr(quantizer.get_xb(), self.count * index.d), np.float32)
        self._nearest_of: Any = faiss.IndexFlatIP(index.d)  # owns what the next points into
        self._nearest_of.add(centres.reshape(self.count, index.d))
        held: NDArray[np.float32] = faiss.rev_swig_ptr(self._nearest_of.get_xb(), self.count * index.d)
        self._centres = held.reshape(self.count, index.d)
        self._present = present
        self._spread = Spread(layers, ids, self.count)
        self._rows_of_list = max(1.0, ids.size / self.count)
        self.reach = max(1.0, ids.size / REACHES_FROM) ** REACHES_BY

    def candidates(
        self, queries: Vectors, n: int, more: float, allowed: Bitmap | None, passing: int, *, everywhere: bool
    ) -> Ids:
        """Ids (q, n) that are probably the nearest to ``queries`` (q, dim), padded with -1.

        Visits ``more`` times what the constants above say. ``allowed`` is a subset of the present ids, and ``passing``
        its size. ``everywhere`` visits every list.
        """
        native.use_threads(1 if len(queries) <= scoring.FEW_QUERIES else native.thread_budget())
        turned: Vectors = self._rotation.apply(queries)
        if allowed is None and not everywhere:
            return self._search(turned, n, *self._nearest(turned, more), allowed)
        near = scoring.products(turned, self._centres)
        if allowed is None or everywhere:
            visited = np.tile(np.arange(self.count, dtype=np.int64), (len(queries), 1))
        else:
            visited = self._nearest_passing(near, more, allowed, passing)
        scores = np.ascontiguousarray(np.take_along_axis(near, np.maximum(visited, 0), axis=1))
        return self._search(turned, n, visited, scores, allowed)

    def _nearest(self, turned: Vectors, more: float) -> tuple[Ids, Scores]:
        """The lists (q, most) that each of ``turned`` (q, dim) visits, padded with -1, and their similarities.

        FAISS compares and sorts in one call; numpy needs ten. For single queries on a processor that does other work in
        between, this saves nine tenths of the time (measured).
        """
        rows = PASSING_ROWS * more
        for enough_rows in (2 * rows, math.inf):
            near, order = self._nearest_of.search(turned, self._holding(enough_rows, self.count))
            sizes = self._spread.sizes[order]
            # a list is needed while those before it held too few segments
            needed = sizes.cumsum(axis=1) - sizes < rows
            if not needed[:, -1].any():
                break
        most = max(1, int(needed.sum(axis=1).max(initial=0)))
        visited = np.where(needed, order, -1)[:, :most]
        return np.ascontiguousarray(visited), np.ascontiguousarray(near[:, :most])

    def _nearest_passing(self, near: Scores, more: float, allowed: Bitmap, count: int) -> Ids:
        """The lists (q, most) that each query visits behind a filter, padded with -1.

        ``near`` (q, lists) are the similarities of queries and centres; ``count`` segments are ``allowed``.
        """
        order = self._order(near, None, NEAR_ROWS * self.reach * more)
        lists = np.unique(order)
        every = self._spread.counted(allowed) if count <= COUNTED_ROWS else self._spread.remembered(allowed)
        if every is None:
            passing = np.zeros(self.count, np.intp)
            passing[lists] = self._spread.counted_in(allowed, lists)
        else:
            passing = every
        even_rows = self._even_rows(order, passing, count)
        needed, enough = self._needed(order, passing, even_rows, more)
        if not enough and order.shape[1] < self.count:
            if every is None:
                others = np.ones(self.count, np.bool_)
                others[lists] = False
                next_ones = np.unique(self._order(near, None, VISITED_ROWS * self.reach * more))
                passing += others * self._spread.counted_or_estimated(allowed, count, next_ones[others[next_ones]])
            order = self._order(near, np.flatnonzero(passing), 2 * VISITED_ROWS * self.reach * more)
            needed = self._needed(order, passing, even_rows, more)[0]
        return _chosen(order, needed)

    def _even_rows(self, order: Ids, passing: NDArray[np.intp], count: int) -> NDArray[np.float64]:
        """The most segments each query (q,) visits: inf, unless the passing segments are even in its nearest lists.

        ``passing`` (lists,): how many segments of each list pass; ``count`` pass in all.
        """
        overall = count / max(self._spread.sizes.sum(), 1)
        even, shares = np.ones(len(order), np.bool_), []
        for part in EVEN_IN:
            nearest = order[:, : math.ceil(part * order.shape[1])]
            sizes, pass_each = self._spread.sizes[nearest], passing[nearest]
            shares.append(pass_each.sum(axis=1) / np.maximum(sizes.sum(axis=1), 1))
            expected = shares[-1][:, None] * sizes
            uneven = ((pass_each - expected) ** 2 - pass_each).sum(axis=1)  # minus what chance causes
            even &= (uneven < UNEVEN * (expected**2).sum(axis=1)) & (2 * shares[-1] > overall)
        share = np.where(even, np.min(shares, axis=0), 0.0)
        with np.errstate(divide="ignore"):
            rows: NDArray[np.float64] = EVEN_ROWS * share**EVEN_BY
        return rows

    def _needed(
        self, order: Ids, passing: NDArray[np.intp], even_rows: NDArray[np.float64], more: float
    ) -> tuple[NDArray[np.bool_], bool]:
        """Which lists of ``order`` (q, n) to visit, and whether these are enough for every query.

        ``passing`` (lists,): how many segments of each list pass.
        """
        pass_each = passing[order]
        worth = pass_each > 0
        passed = (pass_each.cumsum(axis=1) - pass_each) / more
        seen = self._spread.sizes[order] * worth
        visited = (seen.cumsum(axis=1) - seen) / more
        going_on = (passed < PASSING_BEHIND_FILTER * self.reach) & (visited < VISITED_ROWS * self.reach)
        going_on &= visited < even_rows[:, None]
        return worth & going_on, not going_on[:, -1:].any()

    def _order(self, near: Scores, holding: Ids | None, rows: float) -> Ids:
        """The lists (q, n) among ``holding`` (None: all), nearest first, as many as hold about ``rows`` segments."""
        close = near if holding is None else near[:, holding]
        n = self._holding(rows, close.shape[1])
        order = np.stack([_largest(row, n) for row in close]) if n < close.shape[1] else np.argsort(-close, axis=1)
        return order if holding is None else holding[order]

    def _holding(self, rows: float, most: int) -> int:
        """How many lists hold about ``rows`` segments, at most ``most``."""
        return most if rows >= self._rows_of_list * most else min(most, math.ceil(rows / self._rows_of_list) + 1)

    def _search(self, turned: Vectors, n: int, visited: Ids, near: Scores, allowed: Bitmap | None) -> Ids:
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe, parameters.qb = visited.shape[1], _QUERY_BITS
        passing = self._present if allowed is None else allowed
        selector = None if passing is None else native.selector_of(passing)
        parameters.sel = selector  # this frame keeps it alive: FAISS has only a raw pointer
        scores = np.empty((len(turned), n), np.float32)
        ids = np.empty((len(turned), n), np.int64)
        pointer = faiss.swig_ptr
        self._inverted.search_preassigned_c(  # the wrapper that takes arrays refuses parameters
            len(turned), pointer(turned), n, pointer(visited), pointer(near), pointer(scores), pointer(ids),
            False, parameters,
        )  # fmt: skip
        return ids


def _largest(row: Scores, n: int) -> NDArray[np.intp]:
    """The positions of the ``n`` largest values of ``row``, largest first.

    Sorting only those takes a quarter of the time.
    """
    least = np.partition(row, row.size - n)[row.size - n]
    where = np.flatnonzero(row >= least)
    return where[np.argsort(-row[where])][:n]


def _chosen(order: Ids, needed: NDArray[np.bool_]) -> Ids:
    """The entries of ``order`` (q, n) that are ``needed`` (q, n), as (q, most), padded with -1."""
    most = max(1, int(needed.sum(axis=1).max(initial=0)))
    chosen = np.full((len(order), most), -1, np.int64)
    for row, (lists, needed_here) in enumerate(zip(order, needed, strict=True)):
        chosen[row, : needed_here.sum()] = lists[needed_here]
    return chosen
