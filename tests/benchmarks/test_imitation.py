"""The benchmark of imitations makes voices that follow sounds, and fits weights."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality import imitation, voices


@pytest.mark.parametrize("voice", [*voices.FITTING, *voices.UNSEEN])
def test_a_voice_follows_loudness_and_is_not_the_sound(voice: voices.Voice) -> None:
    """Loud where the sound is, about as long, with no more than a half at its peak; in its own way each time."""
    at_s = np.arange(voices.RATE_HZ) / voices.RATE_HZ
    wave = np.sin(2 * np.pi * 700 * at_s) * np.exp(-6 * at_s)
    made = voices.imitation(wave, voice, np.random.default_rng(2))
    assert 0.5 < len(made) / len(wave) < 2
    assert np.abs(made).max() == pytest.approx(0.5)
    first, last = (np.sqrt(np.mean(part**2)) for part in (made[: len(made) // 3], made[-len(made) // 3 :]))
    assert first > 2 * last
    assert np.array_equal(made, voices.imitation(wave, voice, np.random.default_rng(2)))
    assert len(made) != len(voices.imitation(wave, voice, np.random.default_rng(3)))


def test_weights_are_fitted_on_other_voices_than_are_measured() -> None:
    assert not set(voices.FITTING) & set(voices.UNSEEN)


def test_what_tells_clips_apart_gets_the_weight() -> None:
    """One likeness says which clip it is, the others nothing."""
    rng = np.random.default_rng(4)
    each, own = rng.random((12, 12, 5)), np.arange(12)
    each[:, :, 3] = np.eye(12)
    weights = imitation.best_weights(each, own)
    assert imitation.mean_reciprocal_rank(each, own, weights) > 0.9
