"""Calibration recovers what was true."""

from __future__ import annotations

import numpy as np
import pytest

from training.calibrate import logistic, of_tags


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_a_logistic_is_recovered_from_its_samples():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, 50_000)
    true = rng.random(50_000) < sigmoid(6 * x - 2)
    slope, offset = logistic(x, true.astype(float), np.full(len(x), 1 / len(x)))
    assert slope == pytest.approx(6, rel=0.05)
    assert offset == pytest.approx(-2, rel=0.05)


def test_weights_count_as_repetition():
    x, wanted = np.array([0.0, 0.5, 1.0, 0.2]), np.array([0.0, 1.0, 0.0, 1.0])
    twice = logistic(np.append(x, 0.0), np.append(wanted, 0.0), np.full(5, 1 / 5))
    assert logistic(x, wanted, np.array([2, 1, 1, 1]) / 5) == pytest.approx(twice)


def test_a_students_logits_are_brought_to_its_teachers_probabilities():
    logits = np.random.default_rng(2).normal(-3, 2, (200, 20)).astype(np.float32)
    slope, offset = of_tags(logits, sigmoid(0.8 * logits - 0.5).astype(np.float32))
    assert (slope, offset) == (pytest.approx(0.8, abs=1e-3), pytest.approx(-0.5, abs=1e-3))


def test_rare_outcomes_far_from_the_mean_are_fitted_too():
    """One promise in a thousand comes true: a whole Newton step from no slope overshoots."""
    x = np.random.default_rng(4).normal(-9, 4, 200_000)
    wanted = sigmoid(0.9 * x + 0.3)
    assert wanted.mean() < 0.03
    slope, offset = logistic(x, wanted, np.full(len(x), 1 / len(x)))
    assert (slope, offset) == (pytest.approx(0.9, abs=1e-4), pytest.approx(0.3, abs=1e-3))
