"""Calibration recovers the true slope and offset."""

from __future__ import annotations

import numpy as np
import pytest

from search.encoders.audioset import class_names
from search.evaluation import calibration
from training.calibrate import KIND_CLASSES, logistic, of_tags
from training.corpus import Corpus, CorpusClip
from training.development import KINDS, Clips


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


def test_a_ridge_bounds_the_slope_of_inputs_that_separate():
    """Without it no finite slope is best. With it the gradient of the penalised loss is zero at what comes back."""
    x, outcome = np.array([-0.2, -0.1, 0.1, 0.2]), np.array([0.0, 0.0, 1.0, 1.0])
    weight, ridge = np.full(4, 1 / 4), 1e-4
    slope, offset = logistic(x, outcome, weight, ridge=ridge)
    wrong = weight * (sigmoid(slope * x + offset) - outcome)
    assert wrong @ x + ridge * slope == pytest.approx(0, abs=1e-9)
    assert wrong.sum() == pytest.approx(0, abs=1e-9)
    assert 10 < slope < 100


def test_tags_promise_what_names_keep():
    """Logits of the teacher's kind, too low for what the names say, become probabilities that the names keep."""
    rng = np.random.default_rng(2)
    kinds = list(KIND_CLASSES)
    names = rng.integers(len(kinds), size=3_000)
    listed = tuple(CorpusClip(f"audio/r/{KINDS[kinds[i]].split()[0]}_1.wav", "r/r", 0, 10) for i in names)
    clips = Clips.of(Corpus("natural", np.empty((0, 128), np.float16), np.empty(0, np.float16), listed))
    logits = rng.normal(-8, 2, (len(names), 527)).astype(np.float32)
    for clip, i in enumerate(names):
        logits[clip, class_names().index(KIND_CLASSES[kinds[i]][0])] += 5
    slope, offset = of_tags(clips, logits, np.ones(len(names), bool))
    promised = [logits[:, [class_names().index(name) for name in KIND_CLASSES[kind]]].max(1) for kind in kinds]
    true = np.array([[kind in own for own in clips.kinds] for kind in kinds])
    assert offset > 0
    assert calibration(sigmoid(slope * np.concatenate(promised) + offset), true.ravel()).error < 0.01
    assert calibration(sigmoid(np.concatenate(promised)), true.ravel()).error > 0.015


def test_rare_outcomes_far_from_the_mean_are_fitted_too():
    """One promise in a thousand comes true: a whole Newton step from no slope overshoots."""
    x = np.random.default_rng(4).normal(-9, 4, 200_000)
    wanted = sigmoid(0.9 * x + 0.3)
    assert wanted.mean() < 0.03
    slope, offset = logistic(x, wanted, np.full(len(x), 1 / len(x)))
    assert (slope, offset) == (pytest.approx(0.9, abs=1e-4), pytest.approx(0.3, abs=1e-3))
