"""Loudness follows ITU-R BS.1770, sample by sample, at any rate and for any channels and blocks."""

from __future__ import annotations

import numpy as np
import pytest

from search.analysis.facts.loudness import channel_weights, integrated
from search.analysis.facts.spectrum import hop_of
from search.analysis.facts.weighting import Weighted, k_coefficients


def filtered(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """(n,) ``wave`` after both stages, from sample to sample as the standard draws it."""
    for b, a in k_coefficients(rate_hz):
        out, first, second = [], 0.0, 0.0
        for x in wave.tolist():
            y = b[0] * x + first
            first, second = b[1] * x - a[1] * y + second, b[2] * x - a[2] * y
            out.append(y)
        wave = np.array(out)
    return wave


def strokes(rate_hz: int, channels: int, seconds: float = 1.0) -> np.ndarray:
    """Noise that comes and goes at once, beside no edge of a hop, with a mean."""
    noise = np.random.default_rng(1).normal(0.02, 0.1, (channels, round(seconds * rate_hz)))
    noise *= np.sin(2 * np.pi * 2.3 * np.arange(noise.shape[1]) / rate_hz) > 0.4
    return noise.astype(np.float32)


@pytest.mark.parametrize(("rate_hz", "channels"), [(2_000, 1), (8_000, 2), (11_025, 6), (44_100, 1)])
def test_energies_are_those_of_the_filter_from_sample_to_sample(rate_hz: int, channels: int) -> None:
    wave, hop = strokes(rate_hz, channels), hop_of(rate_hz)
    weighted = Weighted(rate_hz, channels, hop)
    for part in np.array_split(wave, [1, 70, rate_hz // 3, rate_hz // 2], axis=1):
        weighted.add(part)
    weighted.end()
    power = channel_weights(channels) @ np.stack([filtered(channel, rate_hz) ** 2 for channel in wave]) / rate_hz
    expected = [float(power[start : start + hop].sum()) for start in range(0, len(power), hop)]
    np.testing.assert_allclose(weighted.energies, expected, rtol=1e-4, atol=1e-12)


def test_loudness_of_what_comes_and_goes_is_that_of_the_standard() -> None:
    """Blocks of 400 ms, 100 ms apart, as BS.1770 has them: gated at -70 LUFS, then 10 LU below the rest."""
    rate_hz = 8_000
    wave, hop = strokes(rate_hz, 1, 3.05), hop_of(rate_hz)
    weighted = Weighted(rate_hz, 1, hop)
    weighted.add(wave)
    weighted.end()
    power = filtered(wave[0], rate_hz) ** 2
    blocks = np.array([power[at : at + 3200].mean() for at in range(0, len(power) - 3199, 800)])
    level = -0.691 + 10 * np.log10(blocks)
    gate = -0.691 + 10 * np.log10(blocks[level > -70].mean()) - 10
    expected = -0.691 + 10 * np.log10(blocks[level > max(gate, -70)].mean())
    assert integrated(weighted.energies, hop / rate_hz, len(power) / rate_hz) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("rate_hz", [50, 100, 1_000, 3_300, 3_400, 4_000])
def test_the_filter_does_not_swell_at_rates_that_its_frequencies_are_too_high_for(rate_hz: int) -> None:
    weighted = Weighted(rate_hz, 1, hop_of(rate_hz))
    weighted.add(strokes(rate_hz, 1, 60))
    weighted.end()
    assert weighted.energies.max() < 1
