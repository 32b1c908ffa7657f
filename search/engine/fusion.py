"""Merges rankings that have no common scale, by reciprocal-rank fusion.

G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009: a document's score is the sum over the lists of ``1 / (60 + rank)``. Here each list has a
weight, which is negative for unwanted parts. The sum is scaled so that first place in every wanted list gives 1. If the
evidence for a clip is known, it replaces the term of its rank (`search.engine.policy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores

RANK_OFFSET = 60
"""The constant of the paper."""


@dataclass(frozen=True, slots=True)
class RankedClips:
    """One list to merge: ``clip_ids`` (n,) best first, ``scores`` (n,), ``segment_ids`` (n,) or -1, and its weight.

    ``evidence`` (n,) in [0, 1] is the evidence for each clip; None: use the rank. In a ranking by names, ``said`` (n,)
    is how much of the words each name has, and ``covers`` (n,) the same including other words with the same meaning.
    ``evidence`` also includes the meaning of the name.
    """

    label: str
    clip_ids: Ids
    scores: Scores
    segment_ids: Ids
    weight: float = 1.0
    evidence: NDArray[np.float64] | None = None
    said: NDArray[np.float64] | None = None
    covers: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.clip_ids)

    def followed_by(self, other: RankedClips) -> RankedClips:
        """Return this list with the clips of ``other`` appended."""
        return replace(
            self,
            clip_ids=np.concatenate([self.clip_ids, other.clip_ids]),
            scores=np.concatenate([self.scores, other.scores]),
            segment_ids=np.concatenate([self.segment_ids, other.segment_ids]),
        )


def fuse(lists: Sequence[RankedClips]) -> list[tuple[int, float]]:
    """Return the clips of the wanted lists with their fused scores, best first; ties go to the earlier list."""
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
    """Return the sum for first place in every wanted list. Scores are scaled by it."""
    return sum(ranked.weight for ranked in lists if ranked.weight > 0)


def places(n: int) -> NDArray[np.float64]:
    """Return the evidence for ranks 1 to ``n``: the terms of the formula, scaled so that the first is 1."""
    return np.asarray((RANK_OFFSET + 1) / (RANK_OFFSET + np.arange(1.0, n + 1)))


def contributions(ranked: RankedClips) -> dict[int, float]:
    """Return what a list adds to the score of each of its clips, before scaling."""
    gains = ranked.weight * (places(len(ranked)) if ranked.evidence is None else ranked.evidence)
    return dict(zip(ranked.clip_ids.tolist(), gains.tolist(), strict=True))
