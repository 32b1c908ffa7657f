"""The benchmark of exact recordings counts what is right, what is sure and what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality.identify import faster, measured, street
from search.exact.landmarks import KEPT, RATE_HZ, landmarks
from search.exact.table import FingerprintTable


def notes(seed: int) -> np.ndarray:
    """Eight seconds of tones that last .2 s, (samples,) float32."""
    rng = np.random.default_rng(seed)
    at_s = np.arange(int(0.2 * RATE_HZ)) / RATE_HZ
    tones = [np.sin(2 * np.pi * hz * at_s) + np.sin(2 * np.pi * 2.7 * hz * at_s) for hz in rng.uniform(250, 1500, 40)]
    return (0.2 * np.concatenate(tones)).astype(np.float32)


def test_noise_has_the_level_that_is_said() -> None:
    wave = notes(1)
    noise = street(wave, -5, np.random.default_rng(2)) - wave
    assert 10 * np.log10(np.mean(wave**2) / np.mean(noise**2)) == pytest.approx(-5, abs=0.1)


@pytest.mark.parametrize("speed", [1.0, 1.02])
def test_what_is_there_is_placed_and_what_is_not_is_not_found(speed: float) -> None:
    present, absent = [notes(1), notes(2), notes(3)], [notes(4)]
    marks = [(number, landmarks([wave], KEPT)) for number, wave in enumerate(present, start=1)]
    table = FingerprintTable.empty().changed(marks, np.zeros(0, bool))
    change = (speed, lambda wave, _: faster(wave, speed))
    row = measured("as it is", change, (present, absent), table, np.random.default_rng(5))
    assert (row.questions, row.first, row.sure, row.placed) == (3, 1.0, 1.0, 1.0)
    assert (row.absent, row.wrong) == (1, 0)
