"""Which inverted lists a query visits: the nearest ones that hold enough segments that its filter lets pass.

A fixed number of lists is right only without a filter. What passes may lie anywhere: "speech" asked among the clips
tagged "rain" finds its nearest lists empty and the hits in lists far away, so lists are counted by what passes in them.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.model import Bitmap, Ids, Scores, Vectors
from search.vectors import bitmaps, native

PASSING_ROWS = 16_000
"""Lists are visited until they held so many segments that pass: at a million without a filter, 30 lists of 2048 ..."""

SCATTERED_PASSING, SCATTERED_VISITED = 4_000, 150_000
"""... or so many of so many: what passes is scattered then, the hits are far apart, and their lists easy to tell ..."""

VISITED_ROWS = 250_000
"""... or so many in all, which takes about two milliseconds. A filter that leaves 1 %, scattered, has let 2,500 of them
pass by then, and the best ten of a million are among those (measured)."""

SAMPLED_ROWS, SAMPLED_OF_LIST = 32_000, 16
"""Where more segments pass, two samples tell how they spread over the lists: of about so many of what passes, and of so
many of a list of mean size. The first overlooks lists of which most passes where millions do, the second those of which
little does."""

ANYWAY_ROWS, ANYWAY_SHARE = 120_000, 0.05
"""The nearest lists, with so many segments, or such a part of them all, are visited even where the samples saw nothing
pass: the best hits may be the few of a near list that do."""

REACHES_FROM, REACHES_BY = 1_000_000, 1 / 3
"""From so many segments on the hits behind a filter lie among more that are as near: so many more times as the root of
how many times as many there are, more is looked at. At ten million it is 2.2 times (measured)."""

FEW_QUERIES = 4
"""So many are searched in one thread: to share a millisecond among several costs more than it saves."""

_QUERY_BITS = 8
"""What a dimension of the query is rounded to for the comparison with codes, RaBitQ's own suggestion."""


class Lists:
    """The inverted lists of one compressed index: their centres, their sizes, and which of them each segment is in."""

    def __init__(self, layers: native.Layers, ids: Ids, present: Bitmap | None, effort: float = 1.0) -> None:
        """``layers`` are a rotation before inverted lists, and hold ``ids`` (n,), ascending.

        Of these those in ``present`` are found where nothing is said of what is allowed, None for all.
        ``effort``: as many segments are visited, of those that the constants above say. ``reach`` becomes how much more
        than they say is looked at behind a filter, since there are many segments.
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
        self._centres: NDArray[np.float32] = centres.reshape(self.count, index.d)
        self._present = present
        self._effort = effort
        self._first, last = (int(ids[0]), int(ids[-1])) if ids.size else (0, -1)
        # by id: they are dense, and a look at a million rows for where some ids stand takes longer than a search
        self._list_of = np.full(last - self._first + 1, self.count, np.min_scalar_type(self.count))
        share = min(1.0, SAMPLED_OF_LIST * self.count / max(ids.size, 1))
        sampled: list[list[Ids]] = [[] for _ in range(self.count)]
        for number, named in layers.ids_by_list():
            # a file that is damaged where only `verify` looks may name others
            members = named[(named >= self._first) & (named <= last)]
            self._list_of[members - self._first] = number
            some = np.linspace(0, members.size, math.ceil(share * members.size), endpoint=False).astype(np.intp)
            sampled[number].append(members[some])
        self._sizes = np.bincount(self._list_of, minlength=self.count + 1)[: self.count]
        self.reach = max(1.0, ids.size / REACHES_FROM) ** REACHES_BY
        self._sampled: Ids = np.concatenate([np.empty(0, np.int64), *itertools.chain.from_iterable(sampled)])
        self._sampled_of = np.asarray([sum(part.size for part in parts) for parts in sampled])

    def candidates(self, queries: Vectors, n: int, k: int, allowed: Bitmap | None, *, everywhere: bool) -> Ids:
        """(q, wanted) ids that are probably the nearest to ``queries`` (q, dim), -1 where there are no more.

        ``allowed`` is of what is present. ``everywhere`` visits each list that may hold something.
        """
        native.use_threads(1 if len(queries) <= FEW_QUERIES else native.thread_budget())
        turned: Vectors = self._rotation.apply(queries)
        near = turned @ self._centres.T
        if everywhere:
            visited = np.tile(np.arange(self.count, dtype=np.int64), (len(queries), 1))
        elif allowed is None:
            visited = self._nearest(near, k)
        else:
            visited = self._nearest_passing(near, k, allowed)
        scores = np.ascontiguousarray(np.take_along_axis(near, np.maximum(visited, 0), axis=1))
        return self._search(turned, n, visited, scores, allowed)

    def _nearest(self, near: Scores, k: int) -> Ids:
        """The lists (q, most) that each query visits, by how ``near`` (q, lists) they are; -1 after the last."""
        order = np.argsort(-near, axis=1)
        sizes = self._sizes[order]
        # a list is needed while those before it were too few
        needed = sizes.cumsum(axis=1) - sizes < PASSING_ROWS * self._more(k)
        most = max(1, int(needed.sum(axis=1).max()))
        return np.where(needed[:, :most], order[:, :most], -1)

    def _more(self, k: int) -> float:
        """How much more than the constants above say is visited for ``k`` hits: many reach further than ten."""
        return self._effort * max(1.0, math.sqrt(k / 100))

    def _nearest_passing(self, near: Scores, k: int, allowed: Bitmap) -> Ids:
        """The same among what is ``allowed``."""
        passing, certain = self._passing(allowed)
        more = self._more(k)
        order = np.argsort(-near, axis=1)
        sizes, pass_each = self._sizes[order], passing[order]
        worth = pass_each > 0
        if not certain:
            worth |= sizes.cumsum(axis=1) <= max(ANYWAY_ROWS, ANYWAY_SHARE * self._sizes.sum()) * more
        passed = (pass_each.cumsum(axis=1) - pass_each) / more
        visited = ((sizes * (pass_each > 0)).cumsum(axis=1) - sizes) / more
        scattered = (passed >= SCATTERED_PASSING) & (visited >= SCATTERED_VISITED)
        needed = worth & (passed < PASSING_ROWS * self.reach) & (visited < VISITED_ROWS * self.reach) & ~scattered
        most = max(1, int(needed.sum(axis=1).max()))
        chosen = np.full((len(near), most), -1, np.int64)
        for row, (lists, needed_here) in enumerate(zip(order, needed, strict=True)):
            chosen[row, : needed_here.sum()] = lists[needed_here]
        return chosen

    def _passing(self, allowed: Bitmap) -> tuple[NDArray[np.intp], bool]:
        """How many segments of each list (lists,) are allowed, and whether that is certain or told by a sample."""
        every = math.ceil(bitmaps.count(allowed) / SAMPLED_ROWS)
        # every n-th byte: its eight ids are often of one clip and lie in one list, those of two bytes need not
        ids = bitmaps.to_ids(allowed[::every])
        places = (ids >> 3) * (8 * every) + (ids & 7) - self._first
        places = places[(places >= 0) & (places < self._list_of.size)]
        counts = every * np.bincount(self._list_of[places], minlength=self.count + 1)[: self.count]
        if every == 1:
            return counts, True
        passing = np.concatenate([[0], bitmaps.contains(allowed, self._sampled).cumsum()])
        ends = self._sampled_of.cumsum()
        share = (passing[ends] - passing[ends - self._sampled_of]) / np.maximum(self._sampled_of, 1)
        return np.maximum(counts, np.rint(share * self._sizes).astype(np.intp)), False

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
