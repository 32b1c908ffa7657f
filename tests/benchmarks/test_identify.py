"""The benchmark of exact recordings counts right, confident and wrong answers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality.identify import crowd, faster, measured, street
from benchmarks.quality.identify_peers import _cells, _nearest
from search.analysis.exact.listening import fingerprint
from search.analysis.exact.spectra import RATE_HZ
from search.analysis.exact.table import FingerprintTable


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
    prints = [(number, fingerprint([wave])) for number, wave in enumerate(present, start=1)]
    table = FingerprintTable.empty().changed(prints, np.zeros(0, bool))
    change = (speed, lambda wave, _: faster(wave, speed))
    row = measured("as it is", change, (present, absent), table, np.random.default_rng(5))
    assert (row.questions, row.first, row.sure, row.placed) == (3, 1.0, 1.0, 1.0)
    assert (row.absent, row.wrong) == (1, 0)


def test_recordings_are_found_among_others_made_of_them() -> None:
    """At another pitch a recording is another: it is no answer."""
    present, absent = [notes(1), notes(2), notes(3)], [notes(4)]
    table = crowd([fingerprint([wave]) for wave in present], 60, np.random.default_rng(6))
    assert len(table) == 60
    row = measured("as it is", (1.0, lambda wave, _: wave), (present, absent), table, np.random.default_rng(5))
    assert (row.sure, row.placed, row.wrong) == (1.0, 1.0, 0)


def test_chromaprints_numbers_are_compared_at_every_place() -> None:
    """A third of the bits may differ; what agrees nowhere gets no answer."""
    rng = np.random.default_rng(8)
    kept = [rng.integers(0, 2**32, 90, dtype=np.uint32) for _ in range(4)]
    flipped = kept[2][31:51] ^ np.uint32(0xFF)
    assert _nearest(flipped, kept) == 2
    assert _nearest(rng.integers(0, 2**32, 20, dtype=np.uint32), kept) is None
    assert _cells([0, None, 2, 1], [0, 1, None, None]) == "0.500 | 2"
