"""Building a snapshot's compressed index: trained on a bounded sample and filled in parts, or grown from the last."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from search.errors import SnapshotError, printable
from search.model import HalfVectors, Ids, Vectors
from search.vectors import bitmaps, native, scoring
from search.vectors.folding import Merged
from search.vectors.mapped import release

CODE_BITS, MOST_BITS_PER_DIMENSION = 512, 4
"""A code's error falls with the square root of its bits (Gao and Long, RaBitQ, SIGMOD 2024). So spaces of few
dimensions get more bits for each: as many as fit CODE_BITS, and one at 384 dimensions. More than 4 do not improve the
result after re-ranking."""

TRAINING_ROWS_PER_LIST = 40
"""FAISS asks for 39. At 2048 lists the sample takes 126 MB; building never holds more of the vectors than that."""

TRAINING_ROUNDS = 8
_ROWS_AT_ONCE = 8_192


def build(rows: HalfVectors, ids: Ids, path: Path) -> None:
    """Train and fill a compressed index of ``rows`` (n, dim) with ``ids`` (n,), and write it. OSError if disk full."""
    native.use_threads(native.thread_budget())
    index = _trained(rows)
    for part, vectors in _parts(rows, np.arange(ids.size)):
        index.add_with_ids(vectors, ids[part])
    native.write(index, path)


def grow(layers: Sequence[Path], stay: int, rows: HalfVectors, merged: Merged, path: Path) -> None:
    """Merge the indexes of ``layers`` after the first ``stay`` into one for ``rows`` (n, dim), and write it.

    Deletes the ids that ``merged`` dropped, and adds its fresh rows. Trains nothing and encodes only the fresh rows.
    Raises SnapshotError if an index cannot be read, OSError if the disk is full.
    """
    native.use_threads(native.thread_budget())
    first = native.read(layers[0], mapped=stay > 0)
    index: Any = faiss.extract_index_ivf(first)
    rotation: Any = faiss.downcast_VectorTransform(first.chain.at(0))
    if stay:
        index = native.without_centres(index)
    for layer in layers[max(stay, 1) :]:
        native.take_over(index, layer)
    if merged.dropped.size:
        gone = bitmaps.from_ids(merged.dropped)
        index.remove_ids(native.selector_of(gone))
    for part, vectors in _parts(rows, merged.fresh):
        index.add_with_ids(rotation.apply(vectors), merged.ids[part])
    if not stay:
        first.ntotal = index.ntotal
        native.write(first, path)
        return
    index.quantizer = none = faiss.IndexFlatIP(index.d)
    native.write(index, path)
    del index, none  # in this order: ``index`` points into ``none``


def lists_for(count: int) -> int:
    """The number of inverted lists for ``count`` rows: the power of two nearest to 2 sqrt(count)."""
    return int(2 ** round(math.log2(2 * math.sqrt(count))))


def problems(path: Path, ids: Ids) -> list[str]:
    """The defects of a compressed index that should hold exactly ``ids`` (n,), a line each; empty if there are none."""
    try:
        index = native.read(path, mapped=True)
    except SnapshotError as error:
        return [str(error)]
    held = np.concatenate([np.empty(0, np.int64), *(some for _, some in native.ids_by_list(index))])
    if np.array_equal(np.sort(held), ids):
        return []
    return [f"{printable(str(path))} does not hold the segments of its ids"]


def _trained(rows: HalfVectors) -> faiss.Index:
    count, dim = rows.shape
    lists = min(lists_for(count), max(1, count // TRAINING_ROWS_PER_LIST))
    bits = min(MOST_BITS_PER_DIMENSION, max(1, CODE_BITS // dim))
    # RR: a random rotation, so that the bit of each dimension carries about equally much information
    kind = f"RR{dim},IVF{lists},RaBitQ{bits if bits > 1 else ''}"
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    clustering = faiss.extract_index_ivf(index).cp
    clustering.niter = TRAINING_ROUNDS
    clustering.min_points_per_centroid = 1  # no warnings for small libraries
    clustering.max_points_per_centroid = 2 * TRAINING_ROWS_PER_LIST  # the sample is the limit, not FAISS's own
    sample = np.random.default_rng(count).choice(count, min(count, lists * TRAINING_ROWS_PER_LIST), replace=False)
    index.train(np.concatenate([part for _, part in _parts(rows, np.sort(sample))]))
    return index


def _parts(rows: HalfVectors, chosen: Ids) -> Iterator[tuple[Ids, Vectors]]:
    """Yield the rows numbered ``chosen`` (m,), ascending, in blocks, and release each block of the mapped file."""
    for start in range(0, chosen.size, _ROWS_AT_ONCE):
        part = chosen[start : start + _ROWS_AT_ONCE]
        yield part, scoring.widen(rows[part])
        release(rows)
