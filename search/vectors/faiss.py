"""The compressed kind of snapshot: inverted lists of one bit per dimension (RaBitQ), re-ranked from the sidecar.

FAISS finds a few hundred candidates in 67 bytes per segment; their scores are then those of `scoring`, exactly.
Why this kind, and where its constants come from: docs/decisions/vector-index.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from search.errors import SnapshotError, printable
from search.model import Bitmap, HalfVectors, Ids, Scores, Vectors
from search.settings import Device
from search.vectors import bitmaps, scoring
from search.vectors.base import rows_of
from search.vectors.files import COMPRESSED, Stored
from search.vectors.folding import Merged
from search.vectors.gpu import GpuCopy

VISITED_ROWS = 16_000
"""A query visits the nearest lists that hold so many segments which pass its filter: at a million, 32 lists of 2048."""

CANDIDATES, CANDIDATES_PER_HIT = 200, 4
"""How many segments are re-ranked: at least so many, and so many for each hit that is asked for."""

SCAN_UP_TO = 3000
"""Where no more segments pass a filter, all of them are scored: a microsecond each at worst, and nothing is missed."""

CODE_BITS, MOST_BITS_PER_DIMENSION = 512, 4
"""A code's error falls with the root of its bits (Gao and Long, RaBitQ, SIGMOD 2024), so that spaces of few dimensions
get more bits for each: as many as fit CODE_BITS, one at 384 dimensions. More than 4 are no better after re-ranking."""

TRAINING_ROWS_PER_LIST = 40
"""FAISS asks for 39. At 2048 lists the sample takes 126 MB, the most that building holds of the vectors."""

TRAINING_ROUNDS = 8
RETRAIN_GROWTH = 2.0
"""Lists that were trained for a library of half the size, or of which half the segments are gone, are trained anew."""

_QUERY_BITS = 8
_ADD_ROWS = 16_384


class WholeCopy(Protocol):
    """A copy of all rows elsewhere that finds the true nearest, but knows no filter."""

    def nearest(self, queries: Vectors, wanted: int) -> Ids:
        """The rows (q, at most ``wanted``) nearest to ``queries`` (q, dim)."""


class FaissBase:
    """A `Base` over a compressed snapshot. Its file is mapped: processes share it, and the kernel may drop pages."""

    def __init__(self, stored: Stored, whole: WholeCopy | None) -> None:
        """Raises SnapshotError when FAISS cannot read the file."""
        self.sequence = stored.manifest.sequence
        self.ids = stored.ids
        self.rows = stored.rows
        self.trained_count = stored.manifest.trained_count
        self._index = _read(stored.folder / COMPRESSED, faiss.IO_FLAG_MMAP_IFC)
        self._lists = faiss.extract_index_ivf(self._index).nlist
        self._whole = whole

    @classmethod
    def open(cls, stored: Stored, device: Device) -> FaissBase:
        """With a copy on the GPU where ``device`` says so. Raises SnapshotError, or UsageError for a GPU not there."""
        return cls(stored, GpuCopy.of(stored.rows, device))

    @cached_property
    def everything(self) -> Bitmap:
        """As `Base.everything`."""
        return bitmaps.from_ids(self.ids)

    def search(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """As `Base.search`. Recall@10 of at least .97 whatever part of the segments is allowed (measured)."""
        passing = self.ids.size if allowed is None else min(bitmaps.count(allowed), self.ids.size)
        if passing <= max(SCAN_UP_TO, _wanted(k)):
            return self._scan(queries, k, allowed)
        if self._whole is None:
            return self._search_lists(queries, k, passing, allowed)
        scores, ids = self._search_whole(self._whole, queries, k, allowed)
        short = np.flatnonzero(ids[:, k - 1] < 0)
        if short.size:
            scores[short], ids[short] = self._search_lists(queries[short], k, passing, allowed)
        return scores, ids

    def _scan(self, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        if allowed is None:
            return scoring.scan(queries, self.rows, self.ids, k)
        rows = rows_of(self.ids, bitmaps.to_ids(allowed))
        return scoring.scan(queries, self.rows, self.ids, k, rows[rows >= 0])

    def _search_lists(self, queries: Vectors, k: int, passing: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        probes = self._probes(k, passing)
        scores, ids = self._rerank(queries, k, self._candidates(queries, _wanted(k), probes, allowed))
        short = np.flatnonzero(ids[:, k - 1] < 0)
        if short.size and probes < self._lists:  # what passes lies in lists further away
            again = self._candidates(queries[short], _wanted(k), self._lists, allowed)
            scores[short], ids[short] = self._rerank(queries[short], k, again)
        return scores, ids

    def _search_whole(self, copy: WholeCopy, queries: Vectors, k: int, allowed: Bitmap | None) -> tuple[Scores, Ids]:
        """What is allowed of the copy's nearest, which are the true ones: complete where it makes k hits."""
        found = self.ids[copy.nearest(queries, _wanted(k))]
        if allowed is not None:
            found = np.where(bitmaps.contains(allowed, found.ravel()).reshape(found.shape), found, -1)
        return self._rerank(queries, k, found)

    def _probes(self, k: int, passing: int) -> int:
        """How many lists to visit: more when fewer segments pass (hits lie further apart) or more hits are wanted."""
        visited = VISITED_ROWS * max(1.0, math.sqrt(k / 100))
        return min(self._lists, math.ceil(self._lists * visited / passing))

    def _candidates(self, queries: Vectors, wanted: int, probes: int, allowed: Bitmap | None) -> Ids:
        """(q, wanted) ids that are probably the nearest, -1 where there are no more."""
        use_threads(1 if len(queries) == 1 else thread_budget())
        lists = faiss.IVFRaBitQSearchParameters()
        lists.nprobe, lists.qb = probes, _QUERY_BITS
        selector = None if allowed is None else _selector(allowed)
        lists.sel = selector  # held by this frame too: FAISS keeps a bare pointer
        parameters = faiss.SearchParametersPreTransform()
        parameters.index_params = lists
        return np.asarray(self._index.search(queries, wanted, params=parameters)[1], np.int64)

    def _rerank(self, queries: Vectors, k: int, candidates: Ids) -> tuple[Scores, Ids]:
        rankings = []
        for query, found in zip(queries, candidates, strict=True):
            ids = np.sort(found[found >= 0])  # so that the sidecar is read forwards
            rows = self.rows[rows_of(self.ids, ids)]
            rankings.append(scoring.order(scoring.scores_of(query[None], rows)[0], ids, k))
        return scoring.stack(rankings, k)


def _wanted(k: int) -> int:
    return max(CANDIDATES, CANDIDATES_PER_HIT * k)


def build(rows: HalfVectors, ids: Ids, path: Path) -> None:
    """Train and fill a compressed index of ``rows`` (n, dim) with ``ids`` (n,), and write it. OSError: disk full."""
    use_threads(thread_budget())
    index = _trained(rows)
    _fill(index, rows, ids, np.arange(ids.size))
    _write(index, path)


def grow(old: Path, rows: HalfVectors, merged: Merged, path: Path) -> None:
    """Write the index in ``old`` brought up to ``rows`` (n, dim), as ``merged`` says: no training, little encoding.

    Raises SnapshotError when ``old`` cannot be read, OSError when the disk is full.
    """
    use_threads(thread_budget())
    index = _read(old, 0)  # into memory: FAISS aborts the process when a mapped index is changed
    if merged.dropped.size:
        gone = bitmaps.from_ids(merged.dropped)
        index.remove_ids(_selector(gone))
    _fill(index, rows, merged.ids, merged.fresh)
    _write(index, path)


def worth_growing(count: int, fresh: int, trained_count: int) -> bool:
    """Do the lists trained for ``trained_count`` rows still fit ``count``, of which ``fresh`` are new?"""
    return trained_count > 0 and count <= RETRAIN_GROWTH * trained_count and fresh <= count / RETRAIN_GROWTH


def problems(path: Path, ids: Ids) -> list[str]:
    """What is wrong with a compressed index that should hold exactly ``ids`` (n,); empty when nothing is."""
    try:
        index = _read(path, faiss.IO_FLAG_MMAP_IFC)
    except SnapshotError as error:
        return [str(error)]
    lists: Any = faiss.extract_index_ivf(index).invlists
    held = [
        np.asarray(faiss.rev_swig_ptr(lists.get_ids(number), lists.list_size(number)), np.int64).copy()
        for number in range(lists.nlist)
        if lists.list_size(number)
    ]
    if np.array_equal(np.sort(np.concatenate([np.empty(0, np.int64), *held])), ids):
        return []
    return [f"{printable(str(path))} does not hold the segments of its ids.npy"]


@cache
def thread_budget() -> int:
    """What a call over many queries or rows may use: what OpenMP had when this process first asked."""
    return int(faiss.omp_get_max_threads())


def use_threads(count: int) -> None:
    """How many threads FAISS may use for the next calls of this thread; each thread has a setting of its own."""
    thread_budget()
    faiss.omp_set_num_threads(count)


def lists_for(count: int) -> int:
    """How many inverted lists for ``count`` rows: the power of two nearest to 2 sqrt(count)."""
    return int(2 ** round(math.log2(2 * math.sqrt(count))))


def _trained(rows: HalfVectors) -> Any:  # noqa: ANN401 -- faiss ships no types
    count, dim = rows.shape
    lists = min(lists_for(count), max(1, count // TRAINING_ROWS_PER_LIST))
    bits = min(MOST_BITS_PER_DIMENSION, max(1, CODE_BITS // dim))
    kind = f"RR{dim},IVF{lists},RaBitQ{bits if bits > 1 else ''}"
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    clustering = faiss.extract_index_ivf(index).cp
    clustering.niter = TRAINING_ROUNDS
    clustering.min_points_per_centroid = 1  # small libraries need no warning
    clustering.max_points_per_centroid = 2 * TRAINING_ROWS_PER_LIST  # the sample is the limit, not FAISS's own
    sample = np.random.default_rng(count).choice(count, min(count, lists * TRAINING_ROWS_PER_LIST), replace=False)
    index.train(scoring.widen(rows[np.sort(sample)]))
    return index


def _fill(index: Any, rows: HalfVectors, ids: Ids, chosen: Ids) -> None:  # noqa: ANN401 -- faiss ships no types
    for part in _parts(chosen):
        index.add_with_ids(scoring.widen(rows[part]), ids[part])


def _parts(rows: Ids) -> Iterator[Ids]:
    for start in range(0, rows.size, _ADD_ROWS):
        yield rows[start : start + _ADD_ROWS]


def _selector(members: Bitmap) -> faiss.IDSelectorBitmap:
    """``members`` for FAISS, which reads the caller's array: it has to outlive the selector."""
    return faiss.IDSelectorBitmap(members.size, faiss.swig_ptr(members))


def _read(path: Path, flags: int) -> Any:  # noqa: ANN401 -- faiss ships no types
    try:
        return faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise SnapshotError(f"{printable(str(path))} is no FAISS index that can be read; delete its folder") from error


def _write(index: Any, path: Path) -> None:  # noqa: ANN401 -- faiss ships no types
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # FAISS reports a short write in words and drops errno
        raise OSError(f"FAISS: {str(error).splitlines()[-1]}") from error
