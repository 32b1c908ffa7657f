"""What the hum matcher's constants were tuned on: other tunes and other hums than the benchmark's.

The tunes are POP909's melodies turned upside down and played backwards: as song-like in rhythm and repetition, and in no
catalogue. The hums come from another synthesiser: a buzzing source with one resonance, pitch errors with heavy tails
that follow one another, keys that slip in steps, tempo that breathes, syllables with or without gaps, hum of the mains and clicks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.melody.model import Notes

SAMPLE_RATE_HZ = 16_000


def turned(notes: Notes) -> Notes:
    """The retrograde inversion of a tune: upside down and backwards."""
    end = notes.end_s[-1]
    mirror = float(notes.pitch.min() + notes.pitch.max())
    return Notes(end - notes.end_s[::-1], end - notes.start_s[::-1], (mirror - notes.pitch[::-1]).astype(np.float32))


def buzz(notes: Notes, first: int, duration_s: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Hum a tune from its note ``first`` for about ``duration_s``."""
    rows = _perform(notes, first, duration_s, rng)
    start, end, pitch = np.array(rows).T
    pitch = pitch + rng.uniform(-8, 8) + _errors(len(pitch), rng)
    at = np.arange(int((end[-1] + 0.2) * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    which = np.searchsorted(start, at, side="right").clip(1) - 1
    raw = pitch[which]
    smooth = int(rng.uniform(0.015, 0.07) * SAMPLE_RATE_HZ)
    curve = np.convolve(
        np.pad(raw, smooth, mode="edge"), np.hanning(2 * smooth + 1) / np.hanning(2 * smooth + 1).sum(), "valid"
    )
    curve = curve + rng.uniform(0, 0.5) * np.sin(2 * np.pi * np.cumsum(rng.uniform(4, 7) + 0 * at) / SAMPLE_RATE_HZ)
    gate = ((at < end[which]) | (rng.uniform() < 0.3)).astype(float)
    gate = np.convolve(gate, np.ones(320) / 320, "same")
    centre = float(np.median(curve))
    hz = 440 * 2 ** ((curve - 69 + 12 * np.round((rng.uniform(45, 67) - centre) / 12)) / 12)
    phase = np.cumsum(hz) / SAMPLE_RATE_HZ
    duty = rng.uniform(0.05, 0.5)
    source = np.tanh(4 * np.sin(2 * np.pi * phase)) * (1 - duty) + duty * np.sin(2 * np.pi * phase) ** 3
    spectrum = np.fft.rfft(source * gate)
    f = np.fft.rfftfreq(len(at), 1 / SAMPLE_RATE_HZ)
    spectrum *= 1 / (1 + (f / rng.uniform(300, 1500)) ** 2) + 0.5 / (1 + ((f - rng.uniform(400, 2500)) / 150) ** 2)
    voice = np.fft.irfft(spectrum, len(at))
    noise = np.convolve(rng.standard_t(5, len(at)), np.ones(3) / 3, "same") + rng.uniform(0, 1) * np.sin(
        2 * np.pi * 50 * at
    )
    noise *= np.sqrt(np.mean(voice**2) / np.mean(noise**2)) * 10 ** (-rng.uniform(10, 30) / 20)
    mixed = voice + noise
    return np.asarray(mixed / np.abs(mixed).max() * 0.7, np.float32)


def _perform(notes: Notes, first: int, duration_s: float, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    now, rows, index = 0.0, [], first
    tempo = rng.uniform(0.65, 1.5)
    sway = rng.uniform(0, 0.15)
    legato = rng.uniform(0.7, 1.0)
    while index < len(notes) and now < duration_s:
        length = float(notes.end_s[index] - notes.start_s[index]) / tempo
        length *= (1 + sway * np.sin(now * rng.uniform(0.5, 1.5))) * rng.triangular(0.7, 1.0, 1.35)
        pause = 0.0
        if index + 1 < len(notes):
            pause = min(max(0.0, float(notes.start_s[index + 1] - notes.end_s[index])) / tempo, rng.uniform(0.2, 1.2))
        fate = rng.uniform()
        if fate > 0.03 or not rows:
            rows.append((now, now + max(0.06, length * legato), float(notes.pitch[index])))
            if fate > 0.98:
                rows[-1] = (now, now + length / 2, rows[-1][2])
                rows.append((now + length / 2, now + length, rows[-1][2]))
            now += length + pause
        index += 1
    return rows


def _errors(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Heavy-tailed errors of which each remembers the one before, and a key that slips once or twice."""
    fresh = rng.standard_t(4, count) * 0.3
    error = np.zeros(count)
    for i in range(count):
        error[i] = fresh[i] + (0.3 * error[i - 1] if i else 0)
    for _ in range(rng.integers(0, 3)):
        error[rng.integers(0, count) :] += rng.uniform(-0.7, 0.7)
    return error
