"""The probability of a match, from its distance, its lead over the next tunes, and the number of notes hummed.

If the hummed tune is not in the library, there still is a closest tune, but it has no lead: many tunes are equally far
away. So the lead is the best evidence, and it does not depend on the number of tunes. Versions of a tune count as one
tune here (`search.analysis.melody.versions`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import MelodyVerdict, Notes

RIVALS = 5
"""The lead is measured against the mean of the second to the sixth tune, so that a single tune with the same phrase
does not spoil it."""

TYPICAL_RIVAL = 0.445
"""The typical cost of wrong tunes (median over tuning hums among 1,818 tuning tunes). In a library of few tunes it
stands in for missing rivals."""

WEIGHTS = (-1.969, 8.561, 0.068)
OFFSET = -3.732
"""The logistic regression on ``features`` for whether the first hit is right (`python -m
benchmarks.fitting.humming`)."""

NO_MATCH_BELOW, GOOD_FROM = 0.3, 0.9
"""The thresholds of verdicts. Of the tuning hums of 8 s or more, 4 % of those whose tune is in the library fall below
the first, and 98 % of those whose tune is not; of all hums, including short ones, 14 and 95 %."""

SPEECH_BELOW = 0.05
"""A gliding voice whose certainty of a tune is below this is taken for speech. This holds for 11 of 12 passages of a
game's voices, and for 3 of 38 gliding tuning hums whose tune is among the first ten."""

CLOSEST_COST = 0.005
"""A floor for costs: smaller differences mean nothing, and logarithms need one."""


def features(cost: NDArray[np.float32], notes: Notes) -> NDArray[np.float64]:
    """The features (3,): the best cost, its lead over its rivals (log of a ratio), the number of notes hummed (log).

    ``cost`` (tunes,) ascends and has one value for each tune, at least one.
    """
    best = max(float(cost[0]), CLOSEST_COST)
    rivals = cost[1 : 1 + RIVALS]
    missing = RIVALS - len(rivals)
    lead = float(np.log(max((float(rivals.sum()) + missing * TYPICAL_RIVAL) / RIVALS, CLOSEST_COST) / best))
    return np.array([float(cost[0]), lead, np.log(1 + len(notes))])


def certainty(cost: NDArray[np.float32], notes: Notes) -> float:
    """The probability that the hum is the closest tune, or another one equally close; 0 if there is no tune."""
    if not len(cost):
        return 0.0
    return 1.0 / (1.0 + float(np.exp(-(features(cost, notes) @ np.array(WEIGHTS) + OFFSET))))


def probabilities(cost: NDArray[np.float32], notes: Notes) -> NDArray[np.float64]:
    """The probability of each tune (tunes,), in order, that it was hummed; they sum to at most 1.

    The first tune shares its `certainty` with the second, depending on how close that is: if two tunes are equally far
    away, neither is certain. The others share what is left.
    """
    near = np.exp(-8.0 * (cost[1:] - cost[0]) / max(float(cost[0]), CLOSEST_COST)).astype(np.float64)
    first = certainty(cost, notes) / (1.0 + float(near[:1].sum()))
    others = np.minimum(first, (1.0 - first) * near / max(1.0, float(near.sum())))
    return np.concatenate([[first], others])


def verdict(cost: NDArray[np.float32], notes: Notes) -> MelodyVerdict:
    """The verdict on the best of these matches; "none" if there are none."""
    probability = certainty(cost, notes)
    if probability < NO_MATCH_BELOW:
        return "none"
    return "good" if probability >= GOOD_FROM else "weak"
