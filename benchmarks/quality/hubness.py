"""Hubs: clips that are among the first answers to far more queries than other clips.

A clip's 10-occurrence is the number of queries that have it among their first ten. Without hubs these numbers spread
evenly about their mean. With hubs a few are far above it, and the distribution is skewed. Its skewness measures hubness
(Radovanovic et al., "Hubs in space", JMLR 2010): 0 is none, above 1 is strong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST = 10


def occurrences(
    order: NDArray[np.int64], candidates: NDArray[np.bool_] | None = None, clips: int | None = None
) -> NDArray[np.int64]:
    """Return (clips,): how many rankings ``order`` (q, depth) have a clip among their first ten ``candidates``.

    ``candidates`` is a mask (q, clips); without it every clip is one, and ``clips`` is their number. An index of -1
    ends a ranking.
    """
    kept = order >= 0
    if candidates is not None:
        kept &= np.take_along_axis(candidates, np.maximum(order, 0), axis=1)
        clips = candidates.shape[1]
    first = kept & (np.cumsum(kept, axis=1) <= FIRST)
    return np.bincount(order[first], minlength=clips or 0)


def skewness(counts: NDArray[np.int64]) -> float:
    """Return the third standardised moment of ``counts`` (n,); 0 if all are equal."""
    away = counts - counts.mean()
    spread = float(np.sqrt(np.mean(away**2)))
    return float(np.mean((away / spread) ** 3)) if spread else 0.0
