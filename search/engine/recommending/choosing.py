"""Chooses clips from many candidates: near to a taste, with a fair share of the page for each taste, not all alike.

Two penalties are subtracted from the similarity. Both grow with the diversity ``d`` in [0, 1]. The first keeps the page
in proportion to the tastes: ``.3 d`` times the part of a taste's share of the page that is taken already (after the
calibrated recommendations of H. Steck, RecSys 2018). The second is that of maximal marginal relevance (J. Carbonell and
J. Goldstein, SIGIR 1998): ``d^2`` times the similarity to the most similar clip chosen so far. It is squared so that a
medium diversity mixes tastes, and only a high one gives up similarity for variety.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores, Vectors

SHARE_COST: Final = 0.3
"""The penalty at diversity 1 for a taste whose share of the page is full, in cosine similarity."""


def choose(
    scores: Scores,
    shares: NDArray[np.float64],
    vectors: Vectors,
    k: int,
    diversity: float,
    *,
    before: tuple[Vectors, Ids] | None = None,
) -> tuple[Ids, Ids]:
    """Choose up to ``k`` of n candidates. Return their rows in the order chosen, and the taste of each.

    ``scores`` (m, n): how well each candidate fits each of m tastes. ``shares`` (m,) sum to 1. ``vectors`` (n, dim) are
    unit rows. Ties go to the earlier candidate. ``before`` are the vectors (b, dim) of clips that are on the page
    already, and their tastes (b,): the page has ``k`` more places.
    """
    n = scores.shape[1]
    rows, tastes = np.empty(min(k, n), np.int64), np.empty(min(k, n), np.int64)
    taken = np.zeros(len(shares))
    alike = np.zeros(n, np.float32)
    free = np.zeros(n)
    page = k
    if before is not None and len(before[1]):
        page += len(before[1])
        taken += np.bincount(before[1], minlength=len(shares))
        np.maximum(alike, (vectors @ before[0].T).max(axis=1), out=alike)
    for place in range(min(k, n)):
        over = SHARE_COST * diversity * taken / (shares * page)
        fit = scores - over[:, np.newaxis]
        best = np.argmax(fit, axis=0)
        value = fit[best, np.arange(n)] - diversity**2 * alike + free
        row = int(np.argmax(value))
        rows[place], tastes[place] = row, best[row]
        taken[best[row]] += 1
        free[row] = -np.inf
        np.maximum(alike, vectors @ vectors[row], out=alike)
    return rows, tastes
