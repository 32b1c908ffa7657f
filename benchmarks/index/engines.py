"""The engines of the search benchmark, behind one small port: ours, exact search, and three HNSW libraries.

Two databases more are in `databases`. Each engine keeps row ``i`` of the vectors under the id ``i + 1``. The libraries
are built with the settings that their own documentation starts from, 16 links per node and 100 candidates while
building. Only the effort of a search is tuned, to equal recall. Ours comes in three forms: as `search.wiring` returns
it, which has a higher recall than the others are tuned to; tuned as they are; and with a requested recall.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search import wiring
from search.model import Bitmap, HalfVectors, Ids, IndexChange, Vectors
from search.ports import VectorIndex
from search.settings import Device

Filtering: TypeAlias = Literal["inside", "callback", "after"]
"""When a filter acts: inside the search; inside, through a Python call for each segment met; or after it, on more
hits.
"""

LINKS, BUILD_EFFORT = 16, 100
EFFORTS = (10, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 768, 1024, 1536, 2048)
MOST_FETCHED = 10_000
"""The most hits that are fetched for filtering afterwards."""

_ROWS_AT_ONCE = 16_384
ALL_CORES = 0
"""Build with all cores. With several threads each run builds another graph, whose recall differs a little."""


class Engine(Protocol):
    """One way to search. ``efforts`` are the values for `set_effort`, in rising order; empty if nothing is tuned.

    ``module`` is imported before memory is measured, so that its code does not count.
    """

    name: str
    module: str
    settings: str
    filtering: Filtering
    efforts: tuple[int, ...]

    def build(self, rows: HalfVectors, folder: Path, threads: int = ALL_CORES) -> None:
        """Index ``rows`` (n, dim), which may be larger than memory, into the empty ``folder``.

        ``threads`` applies to the other libraries; ours uses as many as its own libraries are given.
        """

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """Prepare the built index for searching."""

    def set_effort(self, effort: int) -> None:
        """Set how many candidates a search keeps."""

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """Return the ids of the best ``k`` for one query (1, dim), followed by -1 if there are fewer."""


class Soundalike:
    """This project's index, one query at a time on one thread."""

    name = "soundalike"
    module = "faiss"
    settings = "as shipped"
    filtering: Filtering = "inside"
    efforts: tuple[int, ...] = ()
    device: Device = "cpu"

    def build(self, rows: HalfVectors, folder: Path, threads: int = ALL_CORES) -> None:
        """See `Engine`."""
        index = wiring.snapshot_index(folder, rows.shape[1], "cpu")
        index.publish(lambda _since: (IndexChange(1, ids, part) for ids, part in chunks(rows)), 1)

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        self._index: VectorIndex = wiring.snapshot_index(folder, rows.shape[1], self.device).view

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """See `Engine`."""
        _, ids = self._index.search(query, k, among)
        return ids.reshape(k)


class SoundalikeTuned(Soundalike):
    """Our index with the effort that reaches the target recall, in percent of the shipped effort."""

    name = "soundalike, tuned"
    settings = "its effort in percent"
    efforts: tuple[int, ...] = (2, 3, 4, 6, 8, 11, 16, 22, 27, 32, 38, 45, 54, 64, 76, 90, 128, 180, 256, 512)

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        self._index = self._usual = wiring.snapshot_index(folder, rows.shape[1], self.device).view

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""
        self._index = self._usual.at(effort / 100)


class SoundalikeAsked(Soundalike):
    """Our index with a requested recall, as by `Settings.recall`: it uses the effort that this recall takes in this
    library.
    """

    name = "soundalike, asked"
    settings = "the requested recall, in percent"
    efforts: tuple[int, ...] = (90, 95, 97, 99)

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        self._folder, self._dim = folder, rows.shape[1]
        super().open(rows, folder)

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""
        self._index = wiring.snapshot_index(self._folder, self._dim, self.device, recall=effort / 100).view


class SoundalikeGpu(Soundalike):
    """Our index with its read copy on the GPU."""

    name = "soundalike-gpu"
    device: Device = "cuda"


class Exact:
    """Exact search: every vector as float32 in memory, all of them scored."""

    name = "exact"
    module = "numpy"
    settings = "float32, numpy"
    filtering: Filtering = "inside"
    efforts: tuple[int, ...] = ()

    def build(self, rows: HalfVectors, folder: Path, threads: int = ALL_CORES) -> None:
        """See `Engine`; nothing is written to disk."""

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        self.index = wiring.exact_index(rows.shape[1])
        for ids, part in chunks(rows):
            self.index.add(ids, part)

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """See `Engine`."""
        _, ids = self.index.search(query, k, among)
        return ids.reshape(k)


class Hnswlib:
    """hnswlib, which accepts a Python function as a filter."""

    name = "hnswlib"
    module = "hnswlib"
    settings = f"float32, M={LINKS}, ef_construction={BUILD_EFFORT}"
    filtering: Filtering = "callback"
    efforts: tuple[int, ...] = EFFORTS

    def build(self, rows: HalfVectors, folder: Path, threads: int = ALL_CORES) -> None:
        """See `Engine`."""
        import hnswlib

        index: Any = hnswlib.Index(space="ip", dim=rows.shape[1])
        index.init_index(max_elements=len(rows), M=LINKS, ef_construction=BUILD_EFFORT)
        for ids, part in chunks(rows):
            index.add_items(part, ids, num_threads=threads or -1)
        index.save_index(str(folder / "index"))

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        import hnswlib

        self._index: Any = hnswlib.Index(space="ip", dim=rows.shape[1])
        self._index.load_index(str(folder / "index"), max_elements=len(rows))
        self._filter: tuple[Bitmap, Any, int] | None = None

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""
        self._index.set_ef(effort)

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """See `Engine`. hnswlib raises an error if it meets fewer hits than requested; this counts as finding none."""
        if among is None:
            return np.asarray(self._index.knn_query(query, k=k, num_threads=1)[0][0], np.int64)
        if self._filter is None or self._filter[0] is not among:  # made once for each filter, outside most timings
            self._filter = (among, _membership(among), int(np.bitwise_count(among).sum()))
        _, allowed, passing = self._filter
        try:
            hits = self._index.knn_query(query, k=min(k, passing), num_threads=1, filter=allowed)[0][0]
        except RuntimeError:
            hits = []
        return first_passing(np.asarray(hits, np.int64), k, None)


class Usearch:
    """usearch, whose Python API has no filter."""

    name = "usearch"
    module = "usearch.index"
    settings = f"float16, connectivity={LINKS}, expansion_add={BUILD_EFFORT}"
    filtering: Filtering = "after"
    efforts: tuple[int, ...] = EFFORTS

    def build(self, rows: HalfVectors, folder: Path, threads: int = ALL_CORES) -> None:
        """See `Engine`."""
        from usearch.index import Index

        index: Any = Index(ndim=rows.shape[1], metric="ip", dtype="f16", connectivity=LINKS, expansion_add=BUILD_EFFORT)
        for ids, part in chunks(rows):
            index.add(ids.astype(np.uint64), part, threads=threads)
        index.save(str(folder / "index"))

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        from usearch.index import Index

        self._index: Any = Index.restore(str(folder / "index"))

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""
        self._index.expansion_search = effort

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """See `Engine`."""
        fetched = to_fetch(k, among, len(self._index))
        return first_passing(np.asarray(self._index.search(query[0], fetched, threads=1).keys, np.int64), k, among)


class Voyager:
    """voyager, which has no filter."""

    name = "voyager"
    module = "voyager"
    settings = f"float32, M={LINKS}, ef_construction={BUILD_EFFORT}"
    filtering: Filtering = "after"
    efforts: tuple[int, ...] = EFFORTS

    def build(self, rows: HalfVectors, folder: Path, threads: int = ALL_CORES) -> None:
        """See `Engine`."""
        import voyager

        index: Any = voyager.Index(
            voyager.Space.InnerProduct, num_dimensions=rows.shape[1], M=LINKS, ef_construction=BUILD_EFFORT
        )
        for ids, part in chunks(rows):
            index.add_items(part, ids.astype(np.uint64), num_threads=threads or -1)
        index.save(str(folder / "index"))

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        import voyager

        self._index: Any = voyager.Index.load(str(folder / "index"))
        self._effort = EFFORTS[0]

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""
        self._effort = effort

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """See `Engine`."""
        fetched = to_fetch(k, among, len(self._index))
        hits = self._index.query(query[0], k=fetched, query_ef=max(self._effort, fetched))[0]
        return first_passing(np.asarray(hits, np.int64), k, among)


def chunks(rows: HalfVectors) -> Iterator[tuple[Ids, Vectors]]:
    """Yield ``rows`` (n, dim) as float32 with their ids, `_ROWS_AT_ONCE` at a time."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE].astype(np.float32)
        yield np.arange(start + 1, start + 1 + len(part)), part


def to_fetch(k: int, among: Bitmap | None, count: int) -> int:
    """Return how many hits to fetch so that about 2 ``k`` of them pass a filter over ``count`` segments."""
    if among is None:
        return k
    passing = max(1, int(np.bitwise_count(among).sum()))
    return min(MOST_FETCHED, count, math.ceil(2 * k * count / passing))


def first_passing(hits: Ids, k: int, among: Bitmap | None) -> Ids:
    """Return the first ``k`` of ``hits`` (n,) that pass, followed by -1."""
    passing = hits if among is None else hits[_bits(among, hits)]
    return np.append(passing[:k], np.full(max(0, k - len(passing)), -1, np.int64))


def _bits(among: Bitmap, ids: Ids) -> NDArray[np.bool_]:
    bits: NDArray[np.bool_] = (among[ids >> 3] >> (ids & 7).astype(np.uint8) & 1) != 0
    return bits


def _membership(among: Bitmap) -> Any:  # noqa: ANN401 -- a bound method, which is the fastest callback there is
    return np.unpackbits(among, bitorder="little").astype(np.bool_).tolist().__getitem__
