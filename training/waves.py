"""Augmentation of waveforms, for any encoder: changes that leave a recording the same sound.

The recipe of the shipped encoder augments log mel power instead (`training.augment`), which only its front end has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.random import Generator
from numpy.typing import NDArray

from search.model import Wave

_LOWEST_HZ = 40.0


@dataclass(frozen=True, slots=True)
class WaveAugmentation:
    """Probabilities (per window) and amounts; levels in dB."""

    quieter_db: float = 15.0
    louder_db: float = 6.0
    sped: float = 0.5
    fastest: float = 1.15
    equalised: float = 0.5
    equalised_db: float = 9.0
    noisy: float = 0.4
    noise_from_db: float = -40.0
    noise_to_db: float = -10.0
    behind: float = 0.3
    behind_from_db: float = -25.0
    behind_to_db: float = -8.0


def augment(wave: Wave, rate_hz: int, behind: Wave | None, how: WaveAugmentation, rng: Generator) -> Wave:
    """An augmented take of ``wave`` (samples,), equally long, within [-1, 1].

    Changes speed, frequency response and level, and adds noise and another sound (``behind``).
    """
    out = wave
    if rng.random() < how.sped:
        out = _sped(out, rate_hz, float(np.exp(rng.uniform(-1, 1) * np.log(how.fastest))))
    if rng.random() < how.equalised:
        out = _equalised(out, rate_hz, how.equalised_db, rng)
    if rng.random() < how.noisy:
        noise = rng.standard_normal(len(out)).astype(np.float32)
        out = _with(out, noise, rng.uniform(how.noise_from_db, how.noise_to_db))
    if behind is not None and rng.random() < how.behind:
        out = _with(out, behind, rng.uniform(how.behind_from_db, how.behind_to_db))
    out = out * np.float32(10 ** (rng.uniform(-how.quieter_db, how.louder_db) / 20))
    return np.asarray(out / max(1.0, float(np.abs(out).max(initial=0))), np.float32)


def _sped(wave: Wave, rate_hz: int, factor: float) -> Wave:
    """``wave`` played ``factor`` times as fast; if it gets shorter, it is repeated to the same length."""
    played = soxr.resample(wave, rate_hz * factor, rate_hz)
    return np.resize(played, len(wave)).astype(np.float32)


def _equalised(wave: Wave, rate_hz: int, most_db: float, rng: Generator) -> Wave:
    """Apply a smooth random response over octaves: a tilt and two bells."""
    hz = np.fft.rfftfreq(len(wave), 1 / rate_hz)
    octave = np.log2(np.maximum(hz, _LOWEST_HZ) / _LOWEST_HZ)
    x = octave / octave[-1] - 0.5
    response_db = rng.uniform(-most_db, most_db) * x
    for _ in range(2):
        bell = np.exp(-0.5 * ((x - rng.uniform(-0.5, 0.5)) / rng.uniform(0.03, 0.2)) ** 2)
        response_db += rng.uniform(-most_db, most_db) * bell
    shaped: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(wave) * 10 ** (response_db / 20), len(wave))
    return shaped.astype(np.float32)


def _with(wave: Wave, other: Wave, relative_db: float) -> Wave:
    """``wave`` with ``other`` added at a level relative to its own; if either is silent, nothing is added."""
    own, its = float(np.sqrt(np.mean(wave**2))), float(np.sqrt(np.mean(other**2)))
    if own == 0 or its == 0:
        return wave
    return np.asarray(wave + other * np.float32(own / its * 10 ** (relative_db / 20)), np.float32)
