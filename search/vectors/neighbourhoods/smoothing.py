"""The formulas of neighbourhoods, free of where vectors and neighbours are kept.

A vector is *smoothed* by the neighbours it has in the library: ``s(x) = unit(x + sum_j max(sim_j, 0)^3 x_j)``, the
database-side and query-side expansion of Arandjelovic and Zisserman ("Three things everyone should know to improve
object retrieval", CVPR 2012) with the weights of Radenovic et al. ("Fine-tuning CNN image retrieval", TPAMI 2019).
A segment's score is its plain cosine, moved towards the smoothed one the more, the further it is from the query.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores, Vectors

NEIGHBOURS: Final = 10
"""Neighbours of a segment, each of another content."""
EXPONENT: Final = 3
"""A neighbour weighs its similarity to this power: one that is far away (or words asked of sounds) says little."""
STRENGTH: Final = 1.2
FALL: Final = 1.5
"""A score moves from the plain to the smoothed similarity by ``STRENGTH (1 - plain) ^ FALL`` of the way, all of it at
most: hardly where the plain one says enough, more than half of the way from .4 down."""
CROWD: Final = 0.25
"""How much of a segment's mean similarity to its neighbours its smoothed similarity loses: what lies in a crowd is near
to everything (Conneau et al., ICLR 2018, with half their weight)."""
SAME: Final = 0.995
"""From this cosine on a neighbour is a copy: it says nothing of a query that the query does not say itself."""


def smoothed(vectors: Vectors, neighbours: Vectors, similarities: Scores) -> Vectors:
    """(n, dim) unit rows: ``vectors`` (n, dim) with ``neighbours`` (n, k, dim) at ``similarities`` (n, k).

    An absent neighbour has similarity 0.
    """
    rows, lengths = summed(vectors, neighbours, similarities)
    unit: Vectors = (rows / lengths[:, np.newaxis]).astype(np.float32)
    return unit


def summed(vectors: Vectors, neighbours: Vectors, similarities: Scores) -> tuple[Vectors, Scores]:
    """What `smoothed` divides by what: sums (n, dim), and their lengths (n,)."""
    weights = weights_of(similarities)
    rows = vectors + np.matmul(weights[:, np.newaxis, :], neighbours)[:, 0, :]
    return rows, np.maximum(np.linalg.norm(rows, axis=1), 1e-12).astype(np.float32)


def weights_of(similarities: Scores) -> Scores:
    """How much neighbours at ``similarities`` (n, k) weigh, (n, k)."""
    weights: Scores = np.maximum(similarities, np.float32(0)) ** EXPONENT
    return weights


def blended(plain: Scores, smooth: Scores, density: Scores) -> Scores:
    """The scores of segments with ``plain`` and ``smooth`` similarities to the query, all of one shape.

    ``density`` (n,) is each segment's mean similarity to its neighbours. A copy of the query keeps its plain
    similarity exactly, so that nothing gets in front of it.
    """
    share = np.minimum(np.float32(STRENGTH) * (1 - np.clip(plain, 0, 1)) ** np.float32(FALL), np.float32(1))
    scores: Scores = (plain + share * (smooth - np.float32(CROWD) * density - plain)).astype(np.float32)
    return scores


def distinct(contents: Ids, own: Ids) -> NDArray[np.bool_]:
    """Which of ``contents`` (n, m), -1 where absent, are the first of their row, and not the row's ``own`` (n,)."""
    by_content = np.argsort(contents, axis=1, kind="stable")
    ordered = np.take_along_axis(contents, by_content, axis=1)
    new = np.ones(contents.shape, np.bool_)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.empty_like(new)
    np.put_along_axis(first, by_content, new, axis=1)
    return np.asarray(first & (contents >= 0) & (contents != own[:, np.newaxis]))


def first_of(eligible: NDArray[np.bool_], ids: Ids, scores: Scores, k: int) -> tuple[Ids, Scores]:
    """The first ``k`` that are ``eligible`` (n, m) of ``ids`` and ``scores`` (n, m): (n, k) each, absent = -1 / 0."""
    if eligible.shape[1] < k:
        pad = ((0, 0), (0, k - eligible.shape[1]))
        eligible, ids, scores = np.pad(eligible, pad), np.pad(ids, pad), np.pad(scores, pad)
    order = np.argsort(~eligible, axis=1, kind="stable")[:, :k]
    present = np.take_along_axis(eligible, order, axis=1)
    first = np.where(present, np.take_along_axis(ids, order, axis=1), -1)
    return first, np.where(present, np.take_along_axis(scores, order, axis=1), np.float32(0)).astype(np.float32)
