"""Merging rankings that have no common scale: reciprocal-rank fusion.

G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009: a document's score is the sum over the lists of ``1 / (60 + rank)``. Here a list has a
weight, negative for what is not wanted, and the sum is scaled so that first place in every wanted list gives 1. A place
that little speaks for counts less (`search.engine.policy` says how much).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores

RANK_OFFSET = 60
"""The constant of the paper."""


@dataclass(frozen=True, slots=True)
class RankedClips:
    """One list to merge: ``clip_ids`` (n,) best first, ``scores`` (n,), ``segment_ids`` (n,) or -1, and its weight.

    ``counts`` (n,) in [0, 1] is how much of its place each clip is given, all of it without them.
    """

    label: str
    clip_ids: Ids
    scores: Scores
    segment_ids: Ids
    weight: float = 1.0
    counts: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.clip_ids)


def fuse(lists: Sequence[RankedClips]) -> list[tuple[int, float]]:
    """The clips of the wanted lists with their fused scores, best first; ties go to the earlier list."""
    scores: dict[int, float] = {}
    top = best_gain(lists)
    for ranked in lists:
        if ranked.weight > 0:
            for clip_id in ranked.clip_ids.tolist():
                scores.setdefault(clip_id, 0.0)
    for ranked in lists:
        for clip_id, gain in contributions(ranked).items():
            if clip_id in scores:
                scores[clip_id] += gain / top
    return sorted(scores.items(), key=lambda item: -item[1])


def best_gain(lists: Iterable[RankedClips]) -> float:
    """What first place in every wanted list adds up to, by which scores are scaled."""
    return sum(ranked.weight for ranked in lists if ranked.weight > 0) / (RANK_OFFSET + 1)


def contributions(ranked: RankedClips) -> dict[int, float]:
    """What a list adds to each of its clips, before scaling: ``weight / (60 + rank)``, rank from 1."""
    gains = ranked.weight / (RANK_OFFSET + np.arange(1, len(ranked) + 1))
    if ranked.counts is not None:
        gains = gains * ranked.counts
    return dict(zip(ranked.clip_ids.tolist(), gains.tolist(), strict=True))
