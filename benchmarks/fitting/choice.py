"""A conditional logit: choose the right one of several candidates by a weighted sum of their features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_NEWTON_STEPS, _STILL = 12, 1e-6
"""The most Newton steps; and the step size below which they stop."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A question: ``features`` (candidates, features), which candidates are right (``is_right``), and its weight."""

    features: Numbers
    is_right: NDArray[np.bool_]
    weight: float = 1.0


def fit(choices: Sequence[Choice], penalty: float | Numbers, before: Numbers | None = None) -> Numbers:
    """Return (features,): the weights that make the right candidates most likely, by Newton's method.

    ``penalty`` (one number, or one for each feature) is the factor of the squared distance from the weights ``before``
    (0 by default), in standard deviations of the features. Questions without a right candidate do not count.

    Examples:
        >>> higher = [Choice(np.array([[3.0], [1.0]]), np.array([True, False]))]
        >>> bool(fit(higher, 0.01)[0] > 0)
        True
    """
    usable = [one for one in choices if one.is_right.any()]
    rows, is_right = np.concatenate([one.features for one in usable]), np.concatenate([one.is_right for one in usable])
    sizes = np.array([len(one.is_right) for one in usable])
    starts, owner = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    counts = np.array([one.weight for one in usable]) / sum(one.weight for one in usable)
    scale = rows.std(axis=0) + 1e-9
    rows = rows / scale
    anchor = np.zeros(len(scale)) if before is None else before * scale
    weights, penalties = anchor.copy(), 2 * np.broadcast_to(penalty, scale.shape)
    for _ in range(_NEWTON_STEPS):
        sums = rows @ weights
        likely = np.exp(sums - np.maximum.reduceat(sums, starts)[owner])
        likely /= np.add.reduceat(likely, starts)[owner]
        right = likely * is_right
        right /= np.maximum(np.add.reduceat(right, starts), 1e-12)[owner]
        means = np.add.reduceat(likely[:, np.newaxis] * rows, starts)
        slope = (counts[owner] * (right - likely)) @ rows - penalties * (weights - anchor)
        bend = (rows * (counts[owner] * likely)[:, np.newaxis]).T @ rows - (means * counts[:, np.newaxis]).T @ means
        step = np.linalg.solve(bend + np.diag(penalties), slope)
        weights = weights + step
        if np.abs(step).max() < _STILL:
            break
    return np.asarray(weights / scale)
