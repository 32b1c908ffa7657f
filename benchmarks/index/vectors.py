"""Vectors for the speed benchmark: any number of them, distributed like real ones.

Real vectors lie in curved sheets of few dimensions, in clusters of very different density, and vectors close in time
are similar. Random unit vectors have none of this; an index looks better or worse with them than it is, depending on
its kind. So vectors are generated from *anchors*, which are an encoder's real vectors if there are recordings. Each
clip is an anchor moved within its neighbourhood, and each of its segments is moved once more. Queries are held-out
anchors from which nothing is generated.

The report shows how realistic the result is: the `intrinsic_dimension` around the queries, and the scores of the 1st
and 10th hit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.encoding import EncodingCache, Progress, encode
from search.model import Vectors
from search.ports import Encoder

NEIGHBOURS = 16
"""An anchor moves in the directions of this many nearest anchors."""

CLIP_SPREAD, SEGMENT_SPREAD = 0.6, 0.3
"""How far a clip lies from its anchor and a segment from its clip, relative to the distances of those neighbours."""

SEGMENTS_PER_CLIP = 8
QUERY_SHARE = 0.1
_CLIPS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Anchors:
    """What vectors are generated from: ``vectors`` (n, dim) of unit length; ``source`` describes their origin."""

    vectors: Vectors
    source: str


def synthetic_anchors(count: int, dim: int, seed: int) -> Anchors:
    """Return anchors (count, dim) without real sounds: three levels of Gaussian clusters whose axes shrink like 1/rank.

    There are 40 families, 15 kinds in each, and anchors around those, because an encoder's tags form such a tree.
    """
    rng = np.random.default_rng(seed)
    axes = 1.0 / np.sqrt(np.arange(1, dim + 1))
    families = rng.standard_normal((40, dim)) * axes
    kinds = np.repeat(families, 15, axis=0) + 0.8 * rng.standard_normal((600, dim)) * axes
    spread = rng.uniform(0.3, 0.9, (count, 1))
    rows = kinds[rng.integers(0, len(kinds), count)] + spread * rng.standard_normal((count, dim)) * axes
    return Anchors(
        _unit(rows @ _rotation(dim, rng)), f"{count} synthetic anchors in a tree of 40 families and 600 kinds"
    )


def encoded_anchors(paths: Sequence[Path], encoder: Encoder, cache: EncodingCache, progress: Progress) -> Anchors:
    """Return anchors from real recordings: every segment of these files, as the bulk job encodes them."""
    clips = encode(paths, encoder, cache, progress)
    vectors = np.concatenate([clip.encoding.vectors.astype(np.float32) for clip in clips])
    return Anchors(_unit(vectors), f"{len(vectors)} segments of {len(clips)} recordings by {encoder.spec.name}")


class VectorSource:
    """A reproducible stream of vectors generated from anchors, and queries from which none was generated."""

    def __init__(self, anchors: Anchors, seed: int) -> None:
        rng = np.random.default_rng(seed)
        shuffled = anchors.vectors[rng.permutation(len(anchors.vectors))]
        held_out = max(1, round(QUERY_SHARE * len(shuffled)))
        self._queries = shuffled[:held_out]
        self._anchors = shuffled[held_out:]
        self._neighbours = nearest(self._anchors, NEIGHBOURS)
        self._seed = seed
        self.digest = hashlib.sha256(anchors.vectors.tobytes()).hexdigest()
        self.dim = anchors.vectors.shape[1]
        self.description = (
            f"grown from {anchors.source}: {SEGMENTS_PER_CLIP} segments to a clip, each clip an anchor moved among "
            f"its {NEIGHBOURS} nearest; queries are anchors held out"
        )

    def queries(self, count: int) -> Vectors:
        """Return (count, dim) unit rows of held-out anchors; they repeat if there are fewer."""
        return self._queries[np.arange(count) % len(self._queries)]

    def chunks(self, count: int) -> Iterator[Vectors]:
        """Yield ``count`` unit rows in all, in order of segment, a few thousand at a time. The seed determines them."""
        rng = np.random.default_rng([self._seed, 1])
        while count > 0:
            rows = self._clips(rng)[:count]
            count -= len(rows)
            yield rows

    def _clips(self, rng: np.random.Generator) -> Vectors:
        chosen = rng.integers(0, len(self._anchors), _CLIPS_AT_ONCE)
        centre = self._anchors[chosen][:, None]
        directions = self._anchors[self._neighbours[chosen]] - centre
        shape = (_CLIPS_AT_ONCE, SEGMENTS_PER_CLIP, directions.shape[1])
        weights = CLIP_SPREAD * rng.standard_normal((shape[0], 1, shape[2]), np.float32)
        weights = weights + SEGMENT_SPREAD * rng.standard_normal(shape, np.float32)
        moved = centre + weights @ directions / np.sqrt(np.float32(shape[2]))
        return _unit(moved.reshape(-1, self.dim))


def nearest(vectors: Vectors, k: int) -> NDArray[np.intp]:
    """Return for each of ``vectors`` (n, dim) the rows (n, min(k, n - 1)) of its nearest others, in no order."""
    k = min(k, len(vectors) - 1)
    found = np.empty((len(vectors), k), np.intp)
    for start in range(0, len(vectors), 1024):
        scores = vectors[start : start + 1024] @ vectors.T
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -np.inf
        found[start : start + 1024] = np.argpartition(scores, -k, axis=1)[:, -k:]
    return found


def intrinsic_dimension(scores: NDArray[np.float32]) -> float:
    """Return the local dimension around queries, from their best scores (q, k), best first.

    It tells how fast neighbours thin out: the maximum likelihood estimate of Levina and Bickel (NIPS 2004) with the
    average of inverses by MacKay and Ghahramani.
    """
    distances = np.sqrt(np.maximum(2.0 - 2.0 * scores.astype(np.float64), 1e-12))
    logs = np.log(distances[:, -1:] / distances[:, :-1])
    return float(1.0 / logs.mean())


def _rotation(dim: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.linalg.qr(rng.standard_normal((dim, dim)))[0]


def _unit(rows: NDArray[np.floating]) -> Vectors:
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit
