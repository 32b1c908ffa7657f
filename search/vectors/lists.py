"""Which inverted lists a query visits: the nearest ones that hold enough segments that its filter lets pass.

A fixed number of lists is right only without a filter. What passes may lie anywhere: "speech" asked among the clips
tagged "rain" finds its nearest lists empty and the hits in lists far away, so lists are counted by what passes in them.
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
"""Lists are visited until they held so many segments: at a million 30 lists of 2048; behind a filter, that pass ..."""

VISITED_ROWS = 250_000
"""... or so many in all, which takes about a millisecond."""

EVEN_ROWS, EVEN_BY, UNEVEN = 16_000, -1 / 3, 0.5
"""Where what passes lies as evenly as by chance, near the query and further off, its hits are little further away than
without a filter: so many segments are visited, times this power of the share that passes. Of a thousandth it is ten
times as many; a fifth of that holds .98 of the hits of a million (measured). Evenly: the part of a list that passes
differs from the mean part by less than the root of so much of it, beyond what chance does ..."""

EVEN_IN = (1 / 64, 1 / 8, 1)
"""... in each of these parts of the near lists, nearest first: a hole around the query is not even."""

NEAR_ROWS = 80_000
"""Near are the nearest lists with so many segments. In them those that pass are counted: the best hits may be the few
of a near list that do, which a sample overlooks."""

REACHES_FROM, REACHES_BY = 1_000_000, 1 / 3
"""From so many segments on the hits behind a filter lie among more that are as near: so many more times as the root of
how many times as many there are, more is looked at. At ten million it is 2.2 times (measured)."""

_QUERY_BITS = 4
"""Bits that a dimension of the query is rounded to for the comparison with codes. Twice as many find the same hits at
ten million (measured)."""


class Lists:
    """The inverted lists of one compressed index: their centres, and how what passes spreads over them."""

    def __init__(self, layers: native.Layers, ids: Ids, present: Bitmap | None) -> None:
        """``layers`` are a rotation before inverted lists, and hold ``ids`` (n,), ascending.

        Of these those in ``present`` are found where nothing is said of what is allowed, None for all.
        ``reach`` becomes how much more than the constants above say is looked at behind a filter, since there are many
        segments.
        """
        self._layers = layers  # owns what the next two look into
        index = layers.index
        chain: Any = index.chain
        self._rotation: Any = faiss.downcast_VectorTransform(chain.at(0))
        self._inverted: Any = faiss.extract_index_ivf(index)
        self.count: int = self._inverted.nlist
        quantizer: Any = faiss.downcast_index(self._inverted.quantizer)
        # a copy: numbers in a mapped file may stand at odd addresses, which makes products eight times slower
        centres = np.array(faiss.rev_swig_ptr(quantizer.get_xb(), self.count * index.d), np.float32)
        self._nearest_of: Any = faiss.IndexFlatIP(index.d)  # which holds what the next looks into
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
        """(q, n) ids that are probably the nearest to ``queries`` (q, dim), -1 where there are no more.

        So much ``more`` is visited than the constants above say. ``allowed`` is of what is present, and ``passing`` how
        many that are. ``everywhere`` visits each list.
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
        """The lists (q, most) that each of ``turned`` (q, dim) visits, -1 after the last, and how near they are.

        FAISS compares and sorts in one call what takes ten of numpy's: of a question whose processor does other work in
        between, a tenth of the time (measured).
        """
        rows = PASSING_ROWS * more
        for enough_rows in (2 * rows, math.inf):
            near, order = self._nearest_of.search(turned, self._holding(enough_rows, self.count))
            sizes = self._spread.sizes[order]
            # a list is needed while those before it were too few
            needed = sizes.cumsum(axis=1) - sizes < rows
            if not needed[:, -1].any():
                break
        most = max(1, int(needed.sum(axis=1).max(initial=0)))
        visited = np.where(needed, order, -1)[:, :most]
        return np.ascontiguousarray(visited), np.ascontiguousarray(near[:, :most])

    def _nearest_passing(self, near: Scores, more: float, allowed: Bitmap, count: int) -> Ids:
        """The lists (q, most) that each query visits behind a filter, -1 after the last.

        ``near`` (q, lists) says how near they are, and ``count`` segments are ``allowed``.
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
                passing += others * self._spread.anywhere(allowed, count, next_ones[others[next_ones]])
            order = self._order(near, np.flatnonzero(passing), 2 * VISITED_ROWS * self.reach * more)
            needed = self._needed(order, passing, even_rows, more)[0]
        return _chosen(order, needed)

    def _even_rows(self, order: Ids, passing: NDArray[np.intp], count: int) -> NDArray[np.float64]:
        """How many segments each query (q,) visits at most: inf but where what passes lies evenly in its nearest lists.

        Of each list so many segments are ``passing`` (lists,); ``count`` in all.
        """
        overall = count / max(self._spread.sizes.sum(), 1)
        even, shares = np.ones(len(order), np.bool_), []
        for part in EVEN_IN:
            nearest = order[:, : math.ceil(part * order.shape[1])]
            sizes, pass_each = self._spread.sizes[nearest], passing[nearest]
            shares.append(pass_each.sum(axis=1) / np.maximum(sizes.sum(axis=1), 1))
            expected = shares[-1][:, None] * sizes
            uneven = ((pass_each - expected) ** 2 - pass_each).sum(axis=1)  # less what chance does
            even &= (uneven < UNEVEN * (expected**2).sum(axis=1)) & (2 * shares[-1] > overall)
        share = np.where(even, np.min(shares, axis=0), 0.0)
        with np.errstate(divide="ignore"):
            rows: NDArray[np.float64] = EVEN_ROWS * share**EVEN_BY
        return rows

    def _needed(
        self, order: Ids, passing: NDArray[np.intp], even_rows: NDArray[np.float64], more: float
    ) -> tuple[NDArray[np.bool_], bool]:
        """Which lists of ``order`` (q, n) to visit, and whether no more are needed for any query.

        Of each list so many segments are ``passing`` (lists,).
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
        """The lists (q, n) of ``holding``, None for all, nearest first: all, or what holds some ``rows``."""
        close = near if holding is None else near[:, holding]
        n = self._holding(rows, close.shape[1])
        order = np.stack([_largest(row, n) for row in close]) if n < close.shape[1] else np.argsort(-close, axis=1)
        return order if holding is None else holding[order]

    def _holding(self, rows: float, most: int) -> int:
        """How many lists hold some ``rows``, ``most`` where that is fewer."""
        return most if rows >= self._rows_of_list * most else min(most, math.ceil(rows / self._rows_of_list) + 1)

    def _search(self, turned: Vectors, n: int, visited: Ids, near: Scores, allowed: Bitmap | None) -> Ids:
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe, parameters.qb = visited.shape[1], _QUERY_BITS
        passing = self._present if allowed is None else allowed
        selector = None if passing is None else native.selector_of(passing)
        parameters.sel = selector  # held by this frame too: FAISS keeps a bare pointer
        scores = np.empty((len(turned), n), np.float32)
        ids = np.empty((len(turned), n), np.int64)
        pointer = faiss.swig_ptr
        self._inverted.search_preassigned_c(  # the wrapper that takes arrays refuses parameters
            len(turned), pointer(turned), n, pointer(visited), pointer(near), pointer(scores), pointer(ids),
            False, parameters,
        )  # fmt: skip
        return ids


def _largest(row: Scores, n: int) -> NDArray[np.intp]:
    """Where the ``n`` largest of ``row`` stand, the largest first. Sorting those takes a quarter of sorting all."""
    least = np.partition(row, row.size - n)[row.size - n]
    where = np.flatnonzero(row >= least)
    return where[np.argsort(-row[where])][:n]


def _chosen(order: Ids, needed: NDArray[np.bool_]) -> Ids:
    """The ``needed`` (q, n) of ``order`` (q, n) as (q, most), -1 after the last."""
    most = max(1, int(needed.sum(axis=1).max(initial=0)))
    chosen = np.full((len(order), most), -1, np.int64)
    for row, (lists, needed_here) in enumerate(zip(order, needed, strict=True)):
        chosen[row, : needed_here.sum()] = lists[needed_here]
    return chosen
