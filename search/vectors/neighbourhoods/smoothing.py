"""The formulas of neighbourhoods, independent of how vectors and neighbours are stored.

A vector is *smoothed* by the neighbours it has in the library: ``s(x) = unit(x + sum_j max(sim_j, 0)^3 x_j)``, the
database-side and query-side expansion of Arandjelovic and Zisserman ("Three things everyone should know to improve
object retrieval", CVPR 2012) with the weights of Radenovic et al. ("Fine-tuning CNN image retrieval", TPAMI 2019).
A segment's score moves from its plain cosine towards its smoothed cosine; the further it is from the query, the more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores, Vectors

NEIGHBOURS: Final = 10
"""Neighbours of a segment, each of another content."""
EXPONENT: Final = 3
"""A neighbour's weight is its similarity to this power, so distant neighbours (or sounds found by words) count
little."""
STRENGTH: Final = 1.2
FALL: Final = 1.5
"""A score moves from the plain to the smoothed similarity by ``STRENGTH (1 - plain) ^ FALL`` of the way, at most all of
it: hardly at all if the plain similarity is high, and more than half of the way from .4 down."""
CROWD: Final = 0.25
"""The part of a segment's mean similarity to its neighbours that is subtracted from its smoothed similarity: a segment
in a dense region is near to everything (Conneau et al., ICLR 2018, with half their weight)."""
SAME: Final = 0.995
"""From this cosine on, a neighbour counts as a copy of the query: smoothing with it would add no information."""


def smoothed(vectors: Vectors, neighbours: Vectors, similarities: Scores) -> Vectors:
    """``vectors`` (n, dim) smoothed by ``neighbours`` (n, k, dim) at ``similarities`` (n, k): unit rows (n, dim).

    An absent neighbour has similarity 0.
    """
    rows, lengths = summed(vectors, neighbours, similarities)
    unit: Vectors = (rows / lengths[:, np.newaxis]).astype(np.float32)
    return unit


def summed(vectors: Vectors, neighbours: Vectors, similarities: Scores) -> tuple[Vectors, Scores]:
    """The sums (n, dim) that `smoothed` normalizes, and their lengths (n,)."""
    weights = weights_of(similarities)
    rows = vectors + np.matmul(weights[:, np.newaxis, :], neighbours)[:, 0, :]
    return rows, np.maximum(np.linalg.norm(rows, axis=1), 1e-12).astype(np.float32)


def weights_of(similarities: Scores) -> Scores:
    """The weights (n, k) of neighbours at ``similarities`` (n, k)."""
    weights: Scores = np.maximum(similarities, np.float32(0)) ** EXPONENT
    return weights


def blended(plain: Scores, smooth: Scores, density: Scores) -> Scores:
    """The scores of segments with ``plain`` and ``smooth`` similarities to the query, all of one shape.

    ``density`` (n,) is each segment's mean similarity to its neighbours. A copy of the query keeps exactly its plain
    similarity, so that nothing ranks above it.
    """
    share = np.minimum(np.float32(STRENGTH) * (1 - np.clip(plain, 0, 1)) ** np.float32(FALL), np.float32(1))
    scores: Scores = (plain + share * (smooth - np.float32(CROWD) * density - plain)).astype(np.float32)
    return scores


def distinct(contents: Ids, own: Ids) -> NDArray[np.bool_]:
    """Which of ``contents`` (n, m) occur first in their row and are not the row's ``own`` (n,). Absent ones are -1."""
    by_content = np.argsort(contents, axis=1, kind="stable")
    ordered = np.take_along_axis(contents, by_content, axis=1)
    new = np.ones(contents.shape, np.bool_)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.empty_like(new)
    np.put_along_axis(first, by_content, new, axis=1)
    return np.asarray(first & (contents >= 0) & (contents != own[:, np.newaxis]))


def first_of(eligible: NDArray[np.bool_], ids: Ids, scores: Scores, k: int) -> tuple[Ids, Scores]:
    """The first ``k`` ``eligible`` (n, m) entries of ``ids`` and ``scores`` (n, m): (n, k) each, absent = -1 / 0."""
    if eligible.shape[1] < k:
        pad = ((0, 0), (0, k - eligible.shape[1]))
        eligible, ids, scores = np.pad(eligible, pad), np.pad(ids, pad), np.pad(scores, pad)
    order = np.argsort(~eligible, axis=1, kind="stable")[:, :k]
    present = np.take_along_axis(eligible, order, axis=1)
    first = np.where(present, np.take_along_axis(ids, order, axis=1), -1)
    return first, np.where(present, np.take_along_axis(scores, order, axis=1), np.float32(0)).astype(np.float32)
