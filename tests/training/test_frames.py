"""The usual logits of frames: windows of sounds mixed into recordings, and means and deviations of a head's output."""

from __future__ import annotations

import numpy as np

from training.frames import SAMPLES, Material, usual_of


class Head:
    """A network whose frames say less and less, and its windows the same throughout."""

    def with_frame_tags(self, waves: np.ndarray):
        n = len(waves)
        logits = np.broadcast_to(np.array([[-2.0, 0.0], [-4.0, 0.0]]), (n, 2, 2))
        windows = 1 / (1 + np.exp(np.array([[3.0, 1.0]]).repeat(n, axis=0)))
        frames = 1 / (1 + np.exp(-logits))
        return (np.zeros((n, 4), np.float32), windows.astype(np.float32)), frames.astype(np.float32)


class Encoder:
    network = Head()


def test_the_usual_is_of_all_frames_of_all_windows():
    usual = usual_of(Encoder(), iter([np.zeros((3, 8), np.float32), np.zeros((5, 8), np.float32)]))
    np.testing.assert_allclose(usual.mean, [-3.0, -0.5], atol=1e-4)
    np.testing.assert_allclose(usual.deviation, [0.5, 0.0], atol=1e-3)


def test_windows_have_sounds_over_recordings_and_the_same_seed_gives_the_same():
    """Faint noise with loud sounds: most windows are louder somewhere, none is too loud."""
    bed = np.random.default_rng(0).normal(0, 1e-3, 25 * 32_000).astype(np.float32)
    material = Material([0.5 * np.sin(np.arange(32_000) / 5).astype(np.float32)], [bed])
    windows = [material.window(np.random.default_rng(seed)) for seed in range(20)]
    again = [material.window(np.random.default_rng(seed)) for seed in range(20)]
    for one, other in zip(windows, again, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.shape == (SAMPLES,)
        assert np.abs(one).max() <= 1
    loudest = [np.abs(one).reshape(50, -1).mean(axis=1) for one in windows]
    assert sum(levels.max() > 3 * np.median(levels) for levels in loudest) > 8
