"""Helpers for tests of vector indexes: clumped vectors, a plain oracle, and every backend behind one port."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.model import Bitmap, Ids, IndexChange, Scores, Vectors
from search.ports import SpaceIndex
from search.vectors import scoring
from search.vectors.exact import ExactIndex
from search.vectors.snapshot import SnapshotIndex

DIM = 32


def clumped(count: int, seed: int, dim: int = DIM, *, clumps: int = 400) -> Vectors:
    """Unit rows (count, dim), exactly representable as float16, in the same clumps for every seed.

    The variance of axes falls as 1/rank, as in real embeddings; no index finds vectors without any structure.
    """
    axes = 1.0 / np.sqrt(np.arange(1, dim + 1))
    centres = np.random.default_rng(dim).standard_normal((clumps, dim)) * axes
    rng = np.random.default_rng(seed)
    rows = centres[rng.integers(0, clumps, count)] + 0.4 * rng.standard_normal((count, dim)) * axes
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float16).astype(np.float32)


def copied(folder: Path, to: Path) -> Path:
    """Copy a folder, keeping hard links: two names of one file stay two names of one file."""
    firsts: dict[int, str] = {}

    def copy(one: str, other: str) -> None:
        first = firsts.setdefault(Path(one).stat().st_ino, other)
        if first is other:
            shutil.copy2(one, other)
        else:
            os.link(first, other)

    return Path(shutil.copytree(folder, to, copy_function=copy))


def plain(held: Mapping[int, Vectors], query: Vectors, k: int) -> tuple[Scores, Ids]:
    """The port's contract in its simplest form: sort all ids by descending inner product, then by id."""
    scored = [(-np.float32(np.dot(query.astype(float), row.astype(float))), key) for key, row in held.items()]
    best = sorted(scored)[:k] + [(np.float32(np.inf), -1)] * max(0, k - len(scored))
    return np.asarray([-score for score, _ in best], np.float32), np.asarray([key for _, key in best], np.int64)


def recall(found: Ids, truth: Ids) -> float:
    """The mean share of each row of ``truth`` (q, k) that is in the same row of ``found``; absent ids do not count."""
    shares = [np.isin(t[t >= 0], f).mean() for f, t in zip(found, truth, strict=True) if (t >= 0).any()]
    return float(np.mean(shares))


@dataclass(frozen=True)
class Backend:
    """A way to keep vectors: ``make`` fills an index in an empty folder; ``exact`` says whether its recall is 1."""

    name: str
    make: Callable[[Path, Ids, Vectors], Written | ExactIndex]
    exact: bool


def fold(index: SnapshotIndex, changes: Iterable[IndexChange], sequence: int) -> None:
    """Publish the snapshot of ``sequence`` with ``changes``, which follow those that the index has."""
    index.publish(lambda _since: changes, sequence)


class Written:
    """An index over a log of changes that a test writes: `add` and `remove` append to the log and follow it."""

    def __init__(self, index: SpaceIndex) -> None:
        self.index = index
        self.log: list[IndexChange] = []

    def add(self, ids: Ids, vectors: Vectors) -> None:
        self._put(ids, scoring.check_rows(ids, vectors, DIM)[1])

    def remove(self, ids: Ids) -> None:
        self._put(ids, None)

    def publish(self) -> None:
        self.index.publish(self.since, len(self.log))

    def since(self, sequence: int) -> Iterable[IndexChange]:
        return (change for change in self.log if change.sequence > sequence)

    def _put(self, ids: Ids, vectors: Vectors | None) -> None:
        self.log.append(IndexChange(len(self.log) + 1, np.asarray(ids, np.int64), vectors))
        self.index.follow(self.since)

    def search(self, queries: Vectors, k: int, among: Bitmap | None = None) -> tuple[Scores, Ids]:
        return self.index.view.search(queries, k, among)

    def vectors(self, ids: Ids) -> Vectors:
        return self.index.view.vectors(ids)

    def ids(self) -> Ids:
        return self.index.view.ids()

    def __len__(self) -> int:
        return len(self.index.view)


def _exact(folder: Path, ids: Ids, vectors: Vectors) -> Written | ExactIndex:
    index = ExactIndex(vectors.shape[1])
    index.add(ids, vectors)
    return index


def _delta(folder: Path, ids: Ids, vectors: Vectors) -> Written | ExactIndex:
    index = Written(SnapshotIndex.open(folder, vectors.shape[1]))
    index.add(ids, vectors)
    return index


def _published(compress_from: int) -> Callable[[Path, Ids, Vectors], Written | ExactIndex]:
    def make(folder: Path, ids: Ids, vectors: Vectors) -> Written | ExactIndex:
        index = Written(SnapshotIndex.open(folder, vectors.shape[1], device="cpu", compress_from=compress_from))
        index.add(ids, vectors)
        index.publish()
        return index

    return make


def _half_published(folder: Path, ids: Ids, vectors: Vectors) -> Written | ExactIndex:
    half = ids.size // 2
    index = Written(SnapshotIndex.open(folder, vectors.shape[1], device="cpu", compress_from=1))
    index.add(ids[:half], vectors[:half])
    index.add(ids[half : half + 3], vectors[:3])  # three that the delta will replace
    index.publish()
    index.add(ids[half:], vectors[half:])
    return index


def _plugged_in(folder: Path, ids: Ids, vectors: Vectors) -> Written | ExactIndex:
    from soundalike_example.index import PlainIndex  # here: processes that tests start do not have it on their path

    index = Written(PlainIndex(folder, vectors.shape[1], "cpu"))
    index.add(ids, vectors)
    return index


def _plugged_in_again(folder: Path, ids: Ids, vectors: Vectors) -> Written | ExactIndex:
    index = _plugged_in(folder, ids, vectors)
    index.publish()
    index.index = type(index.index)(folder, vectors.shape[1], "cpu")
    return index


BACKENDS = [
    Backend("exact", _exact, exact=True),
    Backend("delta alone", _delta, exact=True),
    Backend("small snapshot", _published(10**9), exact=True),
    Backend("compressed snapshot", _published(1), exact=False),
    Backend("compressed snapshot and delta", _half_published, exact=False),
    Backend("a plug-in's", _plugged_in, exact=True),
    Backend("a plug-in's, opened again", _plugged_in_again, exact=True),
]
