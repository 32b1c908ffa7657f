"""Fit a space on embeddings of training material: its centre and whitening, and the directions of classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.encoders.contract import unit_rows
from search.encoders.soundalike import Whitening
from search.model import Vectors

WHITENING_POWER = 0.25
"""Exponent of the inverse of an axis's spread, chosen on the development split (docs/training.md)."""
_RIDGE = 0.01


def fit_space(
    embeddings: NDArray[np.float32], calibration: tuple[float, float], power: float = WHITENING_POWER
) -> Whitening:
    """Centre and whitening of embeddings (clips, dim)."""
    rows = unit_rows(embeddings)
    centre = rows.mean(0)
    _, spread, axes = np.linalg.svd(rows - centre, full_matrices=False)
    spread = np.maximum(spread, 1e-3 * spread[0])  # limits how much axes without sounds are amplified
    return Whitening(centre, (axes.T * (spread / spread[0]) ** -power).astype(np.float32), calibration)


def class_directions(vectors: Vectors, log_probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """(classes, dim): ridge regression of standardised log probabilities (clips, classes) on vectors (clips, dim)."""
    spread = log_probabilities.std(0)
    target = (log_probabilities - log_probabilities.mean(0)) / np.where(spread > 0, spread, 1)
    inner = vectors.T @ vectors / len(vectors)
    ridge = _RIDGE * np.trace(inner) / len(inner) * np.eye(len(inner))
    return np.asarray(np.linalg.solve(inner + ridge, vectors.T @ target / len(vectors)).T, np.float32)
