"""Choosing clips from many candidates: near to a taste, each taste with its share of the page, not all alike.

Two terms pull against plain similarity, both by the diversity ``d`` in [0, 1]. The first keeps the page in proportion
to the tastes: a taste that has more of its share of the page costs ``.3 d`` times that (after the calibrated
recommendations of H. Steck, RecSys 2018). The second is that of maximal marginal relevance (J. Carbonell and
J. Goldstein, SIGIR 1998): ``d^2`` times the similarity to the most similar clip already chosen; squared, so that the
middle of the dial varies tastes and only its end gives up likeness for variety.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores, Vectors

SHARE_COST: Final = 0.3
"""What a taste's full page costs at diversity 1, in cosine."""


def choose(
    scores: Scores,
    shares: NDArray[np.float64],
    vectors: Vectors,
    k: int,
    diversity: float,
    *,
    before: tuple[Vectors, Ids] | None = None,
) -> tuple[Ids, Ids]:
    """Up to ``k`` of n candidates: their rows in the order chosen, and the taste that each was chosen for.

    ``scores`` (m, n): how well each candidate fits each of m tastes; ``shares`` (m,) sum to 1; ``vectors`` (n, dim)
    unit rows. Equal values go to the earlier candidate. ``before`` are the vectors (b, dim) of those that stand on the
    page already, and the tastes (b,) that they were chosen for: the page has ``k`` places beside theirs.
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
