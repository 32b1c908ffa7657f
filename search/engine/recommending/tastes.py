"""Groups liked clips into tastes: the average of different likes would be a vector that is near none of them.

Likes are joined by average linkage (Sokal and Michener 1958, with the update of Lance and Williams 1967) as long as
two groups are similar. A taste is moved away from its nearest disliked clip (Rocchio 1971). Only the nearest counts,
because the mean of many dislikes is near none of them either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Vectors

SAME_TASTE: Final = 0.5
"""Groups of likes with at least this mean cosine similarity are one taste. From .3 to .6 the answers hardly differ."""

MOST_TASTES: Final = 6
"""The most tastes. More groups are joined even if they differ: each taste costs a search."""

STEER_AWAY: Final = 0.3
"""How much of the nearest disliked clip is subtracted from a taste; .2 and .5 were tried too."""


@dataclass(frozen=True, slots=True)
class Tastes:
    """m tastes: ``vectors`` (m, dim) unit rows, ``shares`` (m,) with sum 1, ``members[i]`` the rows of its likes."""

    vectors: Vectors
    shares: NDArray[np.float64]
    members: tuple[tuple[int, ...], ...]


def tastes_of(likes: Vectors, weights: NDArray[np.float64], dislikes: Vectors) -> Tastes:
    """Return the tastes in ``likes`` (n, dim) with ``weights`` (n,) above 0; ``dislikes`` (d, dim), d may be 0."""
    members = _groups(likes)
    weight = np.array([weights[list(group)].sum() for group in members])
    centres = np.stack([weights[list(group)] @ likes[list(group)] for group in members])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True).clip(1e-12)
    if len(dislikes):
        steered = centres - STEER_AWAY * dislikes[np.argmax(centres @ dislikes.T, axis=1)]
        centres = steered / np.linalg.norm(steered, axis=1, keepdims=True).clip(1e-12)
    return Tastes(centres.astype(np.float32), weight / weight.sum(), tuple(tuple(group) for group in members))


def _groups(likes: Vectors) -> list[list[int]]:
    """Return groups of rows of ``likes`` that belong together, the group of the first row first."""
    groups = [[row] for row in range(len(likes))]
    alike = (likes @ likes.T).astype(np.float64)
    np.fill_diagonal(alike, -np.inf)
    while len(groups) > 1:
        first, second = sorted(int(place) for place in np.unravel_index(np.argmax(alike), alike.shape))
        if alike[first, second] < SAME_TASTE and len(groups) <= MOST_TASTES:
            break
        sizes = len(groups[first]), len(groups[second])
        merged = (sizes[0] * alike[first] + sizes[1] * alike[second]) / sum(sizes)
        merged[first] = -np.inf
        alike[first] = alike[:, first] = merged
        alike = np.delete(np.delete(alike, second, axis=0), second, axis=1)
        groups[first] += groups.pop(second)
    return groups
