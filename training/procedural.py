"""Procedural sounds: noises, tones, impacts, engines, calls and alarms, each with random parameters.

They need not sound real; they cover kinds of spectrograms that are rare in recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from search.model import Wave
from training.corpus import MEL, Sound

RATE_HZ = MEL.rate_hz
Samples = NDArray[np.float64]


def noise(seconds: float, rng: Generator) -> Samples:
    """Noise with a power-law spectrum of random exponent, sometimes of one band, with wandering or gusting loudness."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ) + 20.0
    spectrum *= hz ** (-0.5 * rng.uniform(-0.5, 2.2))
    if rng.random() < 0.5:
        centre, width = _log_uniform(rng, 100, 10_000), rng.uniform(0.1, 1.2)
        spectrum *= np.exp(-0.5 * (np.log(hz / centre) / width) ** 2)
    return np.asarray(np.fft.irfft(spectrum, count) * _wander(count, rng.uniform(0.2, 20), rng))


def crackle(seconds: float, rng: Generator) -> Samples:
    """Clicks at random times, filtered by one resonance: fire, rain drops, typing, gravel."""
    count = round(seconds * RATE_HZ)
    clicks = np.zeros(count)
    at = rng.integers(count, size=max(1, int(seconds * _log_uniform(rng, 2, 800))))
    clicks[at] = rng.exponential(1, len(at)) * rng.choice([-1, 1], len(at))
    ring = _decaying(_log_uniform(rng, 200, 9_000), _log_uniform(rng, 0.002, 0.05), 0.2, rng)
    return _convolve(clicks, ring)[:count]


def harmonics(seconds: float, rng: Generator) -> Samples:
    """A harmonic tone with vibrato and glides, filtered by vowel-like resonances: voices, horns, howls, hums."""
    count = round(seconds * RATE_HZ)
    t = np.arange(count) / RATE_HZ
    octaves = rng.uniform(-1, 1) * t / seconds if rng.random() < 0.5 else np.zeros(count)
    octaves = octaves + rng.uniform(0, 0.05) * np.sin(2 * np.pi * rng.uniform(3, 8) * t)
    f0_hz = _log_uniform(rng, 50, 2_000) * 2**octaves
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    formants = [(_log_uniform(rng, 300, 4_000), rng.uniform(0.1, 0.5)) for _ in range(3)]
    roll = rng.uniform(0.3, 2.0)
    wave = np.zeros(count)
    for k in range(1, min(40, int(15_000 / f0_hz.min())) + 1):
        hz = k * f0_hz
        shape = sum(np.exp(-0.5 * (np.log(hz / centre) / width) ** 2) for centre, width in formants) + 0.05
        wave += k**-roll * shape * (hz < 15_000) * np.sin(k * phase + rng.uniform(0, 2 * np.pi))
    return (wave + rng.uniform(0, 0.1) * rng.standard_normal(count)) * _strokes(count, rng)


def sweeps(seconds: float, rng: Generator) -> Samples:
    """Repeated whistles that rise, fall or trill: birds, sirens, lasers, alarms."""
    count = round(seconds * RATE_HZ)
    t = np.arange(count) / RATE_HZ
    per_s = _log_uniform(rng, 0.3, 20)
    cycle = (t * per_s) % 1
    curve = [cycle, 1 - cycle, np.sin(2 * np.pi * cycle), np.sign(np.sin(2 * np.pi * cycle))][int(rng.integers(4))]
    hz = np.clip(_log_uniform(rng, 250, 7_000) * 2 ** (rng.uniform(0.05, 1.2) * curve), 40, 15_000)
    wave = np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ)
    if rng.random() < 0.4:
        wave = np.tanh(wave * rng.uniform(1, 8))
    sounding = (cycle < rng.uniform(0.2, 1)) & (np.sin(2 * np.pi * t * rng.uniform(0.2, 1.5)) > rng.uniform(-1, 0.5))
    return np.asarray(wave * np.convolve(sounding, np.hanning(200) / 100, "same"))


def impacts(seconds: float, rng: Generator) -> Samples:
    """Struck objects: a few inharmonic modes that ring, and a burst of noise, once or repeatedly."""
    count = round(seconds * RATE_HZ)
    ring = np.zeros(count)
    base_hz, ring_s = _log_uniform(rng, 60, 4_000), _log_uniform(rng, 0.02, 1.5)
    for k in range(int(rng.integers(1, 12))):
        mode = _decaying(base_hz * (1 + k * rng.uniform(0.3, 1.7)), ring_s / (1 + 0.3 * k), seconds, rng)
        ring[: len(mode)] += mode[:count] * rng.uniform(0.1, 1)
    burst = rng.standard_normal(count) * np.exp(-np.arange(count) / RATE_HZ / _log_uniform(rng, 0.002, 0.1))
    hits = np.zeros(count)
    at = np.cumsum(rng.exponential(_log_uniform(rng, 0.08, 1.5), 20))
    at = at[at < seconds]
    hits[0] = 1
    hits[(at * RATE_HZ).astype(int)] = rng.uniform(0.3, 1, len(at))
    return _convolve(hits, ring + rng.uniform(0, 1) * burst)[:count]


def engine(seconds: float, rng: Generator) -> Samples:
    """Uneven pulses, filtered by resonances, with noise: motors, helicopters, saws, purring."""
    count = round(seconds * RATE_HZ)
    t = np.arange(count) / RATE_HZ
    revs = _log_uniform(rng, 6, 200) * (1 + rng.uniform(-0.6, 1) * t / seconds + 0.03 * _wander(count, 8, rng))
    cycles = np.cumsum(np.maximum(revs, 1)) / RATE_HZ
    pulses = np.diff(np.floor(cycles), prepend=0.0) * rng.uniform(0.6, 1, count)
    body = sum(
        _decaying(_log_uniform(rng, 40, 3_000), _log_uniform(rng, 0.005, 0.06), 0.3, rng) * rng.uniform(0.2, 1)
        for _ in range(4)
    )
    return _convolve(pulses, np.asarray(body))[:count] + rng.uniform(0, 0.3) * noise(seconds, rng)


KINDS: tuple[Callable[[float, Generator], Samples], ...] = (noise, crackle, harmonics, sweeps, impacts, engine)


def sounds(count: int, seed: int) -> Iterator[Sound]:
    """``count`` sounds of 1 to 8 s, cycling through `KINDS`."""
    for i in range(count):
        rng = np.random.default_rng((seed, 4000, i))
        kind = KINDS[i % len(KINDS)]
        yield Sound(f"procedural/{kind.__name__}/{i}", "procedural", _level(kind(rng.uniform(1, 8), rng)))


def _level(wave: Samples) -> Wave:
    peak = float(np.abs(wave).max(initial=0.0))
    return (wave * (0.5 / peak if peak > 0 else 0.0)).astype(np.float32)


def _log_uniform(rng: Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _wander(count: int, per_s: float, rng: Generator) -> Samples:
    """A positive random curve with about ``per_s`` bends a second; sometimes constant."""
    if rng.random() < 0.3:
        return np.ones(count)
    bends = max(3, int(per_s * count / RATE_HZ) + 2)
    curve = np.interp(np.linspace(0, bends - 1, count), np.arange(bends), rng.standard_normal(bends))
    return np.asarray(np.exp(rng.uniform(0.1, 1.5) * curve))


def _strokes(count: int, rng: Generator) -> Samples:
    """An envelope: held, or struck several times."""
    if rng.random() < 0.3:
        return np.ones(count)
    t = np.arange(count) / RATE_HZ
    cycle = (t * _log_uniform(rng, 0.3, 8)) % 1
    attack = rng.uniform(0.005, 0.2)
    return np.asarray(np.minimum(cycle / attack, 1) * np.exp(-cycle * rng.uniform(0.5, 8)))


def _decaying(hz: float, seconds: float, longest_s: float, rng: Generator) -> Samples:
    t = np.arange(round(min(longest_s, 7 * seconds) * RATE_HZ) + 1) / RATE_HZ
    wave = np.sin(2 * np.pi * min(hz, 15_000) * t + rng.uniform(0, 6)) * np.exp(-t / seconds)
    return np.pad(wave, (0, max(0, round(longest_s * RATE_HZ) + 1 - len(wave))))


def _convolve(wave: Samples, response: Samples) -> Samples:
    count = len(wave) + len(response)
    return np.fft.irfft(np.fft.rfft(wave, count) * np.fft.rfft(response, count), count)
