"""Merging rankings that have no common scale: reciprocal-rank fusion.

G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009: a document's score is the sum over the lists of ``1 / (60 + rank)``. Here a list has a
weight, negative for what is not wanted, and the sum is scaled so that first place in every wanted list gives 1. A place
that little speaks for counts less (`DOUBTED`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from search.model import Ids, Scores

RANK_OFFSET = 60
"""The constant of the paper."""

DOUBTED = 0.25
"""What a place counts that is held by some of the words only, or by a sound that is unlikely to be meant: first place
in two such lists comes after the sixty first of one that nothing speaks against."""


@dataclass(frozen=True, slots=True)
class RankedClips:
    """One list to merge: ``clip_ids`` (n,) best first, ``scores`` (n,), ``segment_ids`` (n,) or -1, and its weight.

    The places of ``doubted`` clips count `DOUBTED` of it.
    """

    label: str
    clip_ids: Ids
    scores: Scores
    segment_ids: Ids
    weight: float = 1.0
    doubted: frozenset[int] = frozenset()


def fuse(lists: Sequence[RankedClips], k: int) -> list[tuple[int, float]]:
    """The best ``k`` clips of the wanted lists with their fused scores, best first; ties go to the earlier list."""
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
    return sorted(scores.items(), key=lambda item: -item[1])[:k]


def best_gain(lists: Iterable[RankedClips]) -> float:
    """What first place in every wanted list adds up to, by which scores are scaled."""
    return sum(ranked.weight for ranked in lists if ranked.weight > 0) / (RANK_OFFSET + 1)


def contributions(ranked: RankedClips) -> dict[int, float]:
    """What a list adds to each of its clips, before scaling: ``weight / (60 + rank)``, rank from 1."""
    ranks = np.arange(1, len(ranked.clip_ids) + 1)
    gains = dict(zip(ranked.clip_ids.tolist(), (ranked.weight / (RANK_OFFSET + ranks)).tolist(), strict=True))
    for clip_id in ranked.doubted & gains.keys():
        gains[clip_id] *= DOUBTED
    return gains
