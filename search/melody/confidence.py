"""How sure is a match? A probability from how close it is, how far ahead of the next tunes, and how much was hummed.

The hum of a tune that is not there still has a closest tune, but no lead: many tunes are about as far away. So the lead
over the tunes behind tells most, and it needs no knowledge of how many tunes there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.melody.model import MelodyVerdict, Notes

RIVALS = 5
"""The lead is measured against the mean of the second to the sixth tune: one other version of a tune does not spoil it."""

WEIGHTS = (-8.0, 12.0, 1.0, 0.5)
"""Of the features, and the offset last; fitted by benchmarks/tune_humming.py, see ``features``."""
OFFSET = 0.0

NO_MATCH_BELOW = 0.5
GOOD_FROM = 0.8


def features(cost: NDArray[np.float32], notes: Notes) -> NDArray[np.float64]:
    """(4,): the best cost, its lead over its rivals, how many notes were hummed (log), how wide they range (semitones).

    ``cost`` (tunes,) ascends, one of each tune, at least one.
    """
    rivals = cost[1 : 1 + RIVALS]
    lead = float(np.log(rivals.mean() / max(float(cost[0]), 0.02))) if len(rivals) else 0.0
    spread = float(np.std(notes.pitch)) if len(notes) else 0.0
    return np.array([float(cost[0]), lead, np.log(1 + len(notes)), spread])


def probabilities(cost: NDArray[np.float32], notes: Notes) -> NDArray[np.float64]:
    """The probability of each tune, in their order, that it is what was hummed; they add up to the first's chance at most.

    The first one's is the logistic of the features. Another's is its share of what is left, by how close it comes to the first.
    """
    first = 1.0 / (1.0 + np.exp(-(float(features(cost, notes) @ np.array(WEIGHTS)) + OFFSET)))
    near = np.exp(-(cost - cost[0]) / max(float(cost[0]), 0.02) * 8.0)
    return np.asarray(np.where(np.arange(len(cost)) == 0, first, np.minimum(first, near * first)), np.float64)


def verdict(probability: float) -> MelodyVerdict:
    """What a best hit of this probability is worth."""
    if probability < NO_MATCH_BELOW:
        return "none"
    return "good" if probability >= GOOD_FROM else "weak"
