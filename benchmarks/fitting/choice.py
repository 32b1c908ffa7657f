"""A conditional logit: which of some candidates is the right one, by a weighted sum of what speaks for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_NEWTON_STEPS: Final = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """The ``features`` (candidates, features) of a question, which candidates ``are`` right, and how much it counts."""

    features: Numbers
    are: NDArray[np.bool_]
    weight: float = 1.0


def fit(choices: Sequence[Choice], penalty: float, before: Numbers | None = None) -> Numbers:
    """(features,) the weights under which the right candidates are likeliest, by Newton's method.

    The ``penalty`` counts their distance from those of ``before`` (0 each), in deviations of the features. Questions
    without a right candidate do not count.

    Examples:
        >>> higher = [Choice(np.array([[3.0], [1.0]]), np.array([True, False]))]
        >>> bool(fit(higher, 0.01)[0] > 0)
        True
    """
    usable = [one for one in choices if one.are.any()]
    rows = np.concatenate([one.features for one in usable])
    scale = rows.std(axis=0) + 1e-9
    anchor = np.zeros(len(scale)) if before is None else before * scale
    weights, total = anchor.copy(), sum(one.weight for one in usable)
    for _ in range(_NEWTON_STEPS):
        slope, bend = -2 * penalty * (weights - anchor), 2 * penalty * np.eye(len(weights))
        for one in usable:
            features = one.features / scale
            sums = features @ weights
            likely = np.exp(sums - sums.max())
            likely /= likely.sum()
            right = likely * one.are
            right /= max(float(right.sum()), 1e-12)
            mean = likely @ features
            slope += one.weight / total * (right @ features - mean)
            bend += one.weight / total * ((features.T * likely) @ features - np.outer(mean, mean))
        weights = weights + np.linalg.solve(bend, slope)
    return np.asarray(weights / scale)
