"""How sure is a match? A probability from how close it is, how far ahead of the next tunes, and how much was hummed.

The hum of a tune that is not there still has a closest tune, but no lead: many tunes are about as far away. So the
lead over the tunes behind tells most, and it needs no knowledge of how many tunes there are. Versions of a tune are one
tune here (`search.analysis.melody.versions`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import MelodyVerdict, Notes

RIVALS = 5
"""The lead is measured against the mean of the second to the sixth tune: one that shares the phrase does not spoil
it."""

TYPICAL_RIVAL = 0.445
"""How close tunes come that are not meant (median over tuning hums among 1,818 tuning tunes). In a library of
few tunes it stands in for the rivals that are not there."""

WEIGHTS = (-1.969, 8.561, 0.068)
OFFSET = -3.732
"""The logistic of ``features``, fitted to whether the first hit was right by `python -m benchmarks.fitting.humming`."""

NO_MATCH_BELOW, GOOD_FROM = 0.3, 0.9
"""Verdicts. Of the tuning hums of 8 s or more, 4 % of those whose tune was there fall below the first, and 98 % of
those whose tune was not; of all, short ones too, 14 and 95 %."""

SPEECH_BELOW = 0.05
"""A voice that glides and is less sure of a tune than this is taken for speech: of 12 passages of a game's voices 11
are, of 38 gliding tuning hums with their tune among the first ten 3."""

CLOSEST_COST = 0.005
"""No hum is closer than this to be told from another, and logarithms need a floor."""


def features(cost: NDArray[np.float32], notes: Notes) -> NDArray[np.float64]:
    """(3,): the best cost, its lead over its rivals (log of a ratio), how many notes were hummed (log).

    ``cost`` (tunes,) ascends, one of each tune, at least one.
    """
    best = max(float(cost[0]), CLOSEST_COST)
    rivals = cost[1 : 1 + RIVALS]
    missing = RIVALS - len(rivals)
    lead = float(np.log(max((float(rivals.sum()) + missing * TYPICAL_RIVAL) / RIVALS, CLOSEST_COST) / best))
    return np.array([float(cost[0]), lead, np.log(1 + len(notes))])


def certainty(cost: NDArray[np.float32], notes: Notes) -> float:
    """The probability that the closest tune, or another one as close, is what was hummed: the logistic of the features;
    0 where there is no tune.
    """
    if not len(cost):
        return 0.0
    return 1.0 / (1.0 + float(np.exp(-(features(cost, notes) @ np.array(WEIGHTS) + OFFSET))))


def probabilities(cost: NDArray[np.float32], notes: Notes) -> NDArray[np.float64]:
    """The probability of each tune (tunes,), in their order, that it is what was hummed; they sum to at most 1.

    The first one shares its `certainty` with the second by how close that comes: of two tunes that are as far away
    neither is sure. The others share what is left.
    """
    near = np.exp(-8.0 * (cost[1:] - cost[0]) / max(float(cost[0]), CLOSEST_COST)).astype(np.float64)
    first = certainty(cost, notes) / (1.0 + float(near[:1].sum()))
    others = np.minimum(first, (1.0 - first) * near / max(1.0, float(near.sum())))
    return np.concatenate([[first], others])


def verdict(cost: NDArray[np.float32], notes: Notes) -> MelodyVerdict:
    """What the best of these matches are worth; "none" where there are none."""
    probability = certainty(cost, notes)
    if probability < NO_MATCH_BELOW:
        return "none"
    return "good" if probability >= GOOD_FROM else "weak"
