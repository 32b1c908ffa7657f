"""Making a snapshot's compressed index: trained on a bounded sample and filled in parts, or grown from the last one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np

from search.errors import SnapshotError, printable
from search.model import HalfVectors, Ids, Vectors
from search.vectors import bitmaps, native, scoring
from search.vectors.files import release
from search.vectors.folding import Merged

CODE_BITS, MOST_BITS_PER_DIMENSION = 512, 4
"""A code's error falls with the root of its bits (Gao and Long, RaBitQ, SIGMOD 2024), so that spaces of few dimensions
get more bits for each: as many as fit CODE_BITS, one at 384 dimensions. More than 4 are no better after re-ranking."""

TRAINING_ROWS_PER_LIST = 40
"""FAISS asks for 39. At 2048 lists the sample takes 126 MB, the most that building holds of the vectors."""

TRAINING_ROUNDS = 8
RETRAIN_GROWTH = 2.0
"""Lists that were trained for a library of half the size, or of which half the segments are new, are trained anew."""

_ROWS_AT_ONCE = 8_192


def build(rows: HalfVectors, ids: Ids, path: Path) -> None:
    """Train and fill a compressed index of ``rows`` (n, dim) with ``ids`` (n,), and write it. OSError: disk full."""
    native.use_threads(native.thread_budget())
    index = _trained(rows)
    _fill(index, rows, ids, np.arange(ids.size))
    native.write(index, path)


def grow(old: Path, rows: HalfVectors, merged: Merged, path: Path) -> None:
    """Write the index in ``old`` brought up to ``rows`` (n, dim), as ``merged`` says: no training, little encoding.

    Raises SnapshotError when ``old`` cannot be read, OSError when the disk is full.
    """
    native.use_threads(native.thread_budget())
    index = native.read(old, mapped=False)
    if merged.dropped.size:
        gone = bitmaps.from_ids(merged.dropped)
        index.remove_ids(native.selector_of(gone))
    _fill(index, rows, merged.ids, merged.fresh)
    native.write(index, path)


def worth_growing(count: int, fresh: int, trained_count: int) -> bool:
    """Do the lists trained for ``trained_count`` rows still fit ``count``, of which ``fresh`` are new?"""
    return trained_count > 0 and count <= RETRAIN_GROWTH * trained_count and fresh <= count / RETRAIN_GROWTH


def lists_for(count: int) -> int:
    """How many inverted lists for ``count`` rows: the power of two nearest to 2 sqrt(count)."""
    return int(2 ** round(math.log2(2 * math.sqrt(count))))


def problems(path: Path, ids: Ids) -> list[str]:
    """What is wrong with a compressed index that should hold exactly ``ids`` (n,); empty when nothing is."""
    try:
        index = native.read(path, mapped=True)
    except SnapshotError as error:
        return [str(error)]
    held = np.concatenate([np.empty(0, np.int64), *(some for _, some in native.ids_by_list(index))])
    if np.array_equal(np.sort(held), ids):
        return []
    return [f"{printable(str(path))} does not hold the segments of its ids.npy"]


def _trained(rows: HalfVectors) -> faiss.Index:
    count, dim = rows.shape
    lists = min(lists_for(count), max(1, count // TRAINING_ROWS_PER_LIST))
    bits = min(MOST_BITS_PER_DIMENSION, max(1, CODE_BITS // dim))
    # RR: a random rotation, without which one bit of a dimension could say much and that of another nothing
    kind = f"RR{dim},IVF{lists},RaBitQ{bits if bits > 1 else ''}"
    index = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    clustering = faiss.extract_index_ivf(index).cp
    clustering.niter = TRAINING_ROUNDS
    clustering.min_points_per_centroid = 1  # small libraries need no warning
    clustering.max_points_per_centroid = 2 * TRAINING_ROWS_PER_LIST  # the sample is the limit, not FAISS's own
    sample = np.random.default_rng(count).choice(count, min(count, lists * TRAINING_ROWS_PER_LIST), replace=False)
    index.train(np.concatenate([part for _, part in _parts(rows, np.sort(sample))]))
    return index


def _fill(index: faiss.Index, rows: HalfVectors, ids: Ids, chosen: Ids) -> None:
    """Add the rows numbered ``chosen`` (m,), ascending, under their ids, a part at a time."""
    for part, vectors in _parts(rows, chosen):
        index.add_with_ids(vectors, ids[part])


def _parts(rows: HalfVectors, chosen: Ids) -> Iterator[tuple[Ids, Vectors]]:
    """The rows numbered ``chosen`` (m,), ascending, some thousands at a time, holding no more of the mapped file."""
    for start in range(0, chosen.size, _ROWS_AT_ONCE):
        part = chosen[start : start + _ROWS_AT_ONCE]
        yield part, scoring.widen(rows[part])
        release(rows)
