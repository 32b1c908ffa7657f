"""The benchmark's hums: a tune's notes as a person might hum them, synthesised as sound.

No corpus of real hums was available, so every error is drawn at random: key, tempo, note lengths, glides, vibrato,
pitch error of each note and drift over the whole, dropped and doubled notes, breaths, and room noise. A voice is a sum
of harmonics under the formants of a hummed "m" or a sung "la", or almost a sine for a whistle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
LEVELS = ("easy", "middle", "hard")

Leaps: TypeAlias = Literal["none", "one", "single notes"]
"""When a voice jumps by an octave: never; once, and stays there; or at one note in eight, and returns after each."""
LEAPING_SHARE = 1 / 8


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How wrong a hum is. Ranges are uniform; single numbers are standard deviations of normal distributions."""

    tempo: tuple[float, float]
    length_jitter: float
    pitch_error: float
    drift: float
    note_errors: float
    snr_db: tuple[float, float]
    transposition: float = 7.0
    vibrato: float = 0.35


DIFFICULTIES = {
    "easy": Difficulty((0.85, 1.18), 0.07, 0.20, 0.3, 0.02, (20.0, 30.0)),
    "middle": Difficulty((0.7, 1.4), 0.15, 0.40, 1.0, 0.05, (10.0, 30.0)),
    "hard": Difficulty((0.6, 1.6), 0.25, 0.60, 2.0, 0.10, (5.0, 20.0)),
}
"""``pitch_error`` and ``drift`` are in semitones; ``note_errors`` is the share of notes that are dropped or doubled."""

LONGEST_PAUSE_S = 0.7
"""How long a hummer waits at a rest at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A tune's notes: (n,) start and end in seconds, MIDI pitch."""

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    pitch: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Hum:
    """The ``wave`` (samples,) float32 at SAMPLE_RATE_HZ of the tune's notes ``first`` to ``last`` (exclusive)."""

    wave: NDArray[np.float32]
    first: int
    last: int
    tempo: float
    transposed: float


def hum(
    line: Line, first: int, duration_s: float, level: Difficulty, rng: np.random.Generator, *, leaps: Leaps = "none"
) -> Hum:
    """Hum ``line`` from its note ``first`` on for about ``duration_s``, or less if the tune ends."""
    tempo = float(np.exp(rng.uniform(*np.log(level.tempo))))
    shift = float(rng.uniform(-level.transposition, level.transposition))
    notes, last = _perform(line, first, duration_s=duration_s, tempo=tempo, level=level, rng=rng)
    start, end, pitch = notes
    pitch = pitch + shift + rng.normal(0, level.pitch_error, len(pitch)) + _drift(start, level.drift, rng)
    pitch = pitch + _octaves(len(pitch), leaps, rng)
    curve, loud = _curve(start, end, pitch, level, rng)
    wave = _voice(curve, loud, rng)
    return Hum(_room(wave, rng.uniform(*level.snr_db), rng), first, last, tempo, shift)


def _perform(
    line: Line, first: int, *, duration_s: float, tempo: float, level: Difficulty, rng: np.random.Generator
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], int]:
    """Start, end and pitch of every performed note, and the index of the tune's note after the last one."""
    rows: list[tuple[float, float, float]] = []
    now, index = 0.0, first
    while index < len(line.pitch) and now < duration_s:
        length = (line.end_s[index] - line.start_s[index]) / tempo * np.exp(rng.normal(0, level.length_jitter))
        pause = 0.0
        if index + 1 < len(line.pitch):
            pause = float(np.clip(line.start_s[index + 1] - line.end_s[index], 0, LONGEST_PAUSE_S * tempo)) / tempo
        fate = rng.uniform()
        index += 1
        if fate < level.note_errors / 2 and rows:
            continue
        copies = 2 if fate > 1 - level.note_errors / 2 else 1
        for _ in range(copies):
            sounding = max(0.05, length - rng.uniform(0.0, 0.06))
            rows.append((now, now + sounding, float(line.pitch[index - 1])))
            now += length
        now += pause
    start, end, pitch = np.array(rows, np.float64).reshape(-1, 3).T
    keep = start < duration_s
    return (start[keep], np.minimum(end[keep], duration_s), pitch[keep]), index


def _drift(start_s: NDArray[np.float64], most: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Drift sharp or flat over the hum, up to ``most`` semitones by its end, with a little wander."""
    span = max(1.0, float(start_s[-1]))
    wander = np.sin(2 * np.pi * (start_s / span * rng.uniform(0.3, 1.2) + rng.uniform())) * 0.2 * most
    return np.asarray(rng.uniform(-most, most) * start_s / span + wander, np.float64)


def _octaves(notes: int, leaps: Leaps, rng: np.random.Generator) -> NDArray[np.float64]:
    """The offset of each note in semitones, for a voice that leaves its octave."""
    out = np.zeros(notes)
    if leaps == "one" and notes > 1:
        out[int(rng.integers(1, notes)) :] = rng.choice([-12.0, 12.0])
    if leaps == "single notes":
        chosen = rng.choice(notes, max(1, round(notes * LEAPING_SHARE)), replace=False)
        out[chosen] = rng.choice([-12.0, 12.0], len(chosen))
    return out


def _curve(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    pitch: NDArray[np.float64],
    level: Difficulty,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pitch (MIDI) and loudness (0 to 1) of every sample: glides between notes, vibrato on long ones, soft edges."""
    samples = int((end[-1] + 0.3) * SAMPLE_RATE_HZ)
    at = np.arange(samples) / SAMPLE_RATE_HZ
    which = np.searchsorted(start, at, side="right").clip(1) - 1
    target = pitch[which]
    since, left = at - start[which], end[which] - at
    before = pitch[np.maximum(which - 1, 0)]
    glide_s = rng.uniform(0.02, 0.10, len(start))[which]
    target = target + (before - target) * np.exp(-since / (glide_s / 3))
    rate, depth = rng.uniform(4.5, 6.5), rng.uniform(0, level.vibrato)
    onset = np.clip((since - 0.25) / 0.2, 0, 1)
    target = target + depth * onset * np.sin(2 * np.pi * rate * at)
    loud = np.clip(since / 0.025, 0, 1) * np.clip(left / 0.04, 0, 1) * rng.uniform(0.6, 1.0, len(start))[which]
    return target, loud


def _voice(pitch: NDArray[np.float64], loud: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Harmonics under formants: hummed, sung "la", or whistled two octaves up; with breath noise."""
    kind = rng.choice(["hum", "la", "whistle"], p=[0.45, 0.4, 0.15])
    centre = float(np.median(pitch))
    # a voice sings in its own range: octaves move the whole hum, not the tune
    range_centre = rng.uniform(48, 64) + (24 if kind == "whistle" else 0)
    hz = 440.0 * 2.0 ** ((pitch + 12 * np.round((range_centre - centre) / 12) - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ
    if kind == "whistle":
        tone = np.sin(phase) + 0.03 * np.sin(2 * phase)
        breath = 0.06
    else:
        formants = (
            ((250.0, 80.0, 1.0), (1200.0, 200.0, 0.05))
            if kind == "hum"
            else ((720.0, 120.0, 1.0), (1150.0, 140.0, 0.6))
        )
        tone = np.zeros(len(pitch))
        for harmonic in range(1, 13):
            f = hz * harmonic
            gain = sum(a / (1 + ((f - centre_hz) / width) ** 2) for centre_hz, width, a in formants) + 0.02
            tone += np.where(f < 0.45 * SAMPLE_RATE_HZ, gain / harmonic, 0) * np.sin(harmonic * phase)
        breath = 0.03
    tone = tone * loud
    tone /= max(1e-9, float(np.sqrt(np.mean(tone**2))))
    return np.asarray(tone + breath * (0.4 + loud) * rng.normal(size=len(tone)), np.float64)


def _room(wave: NDArray[np.float64], snr_db: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add noise between brown and white, ``snr_db`` below the voice, and leave headroom."""
    spectrum = np.fft.rfft(rng.normal(size=len(wave)))
    spectrum /= np.maximum(1.0, np.arange(len(spectrum)) * len(wave) ** -1 * SAMPLE_RATE_HZ / 60) ** rng.uniform(0, 1)
    noise = np.fft.irfft(spectrum, len(wave))
    power = float(np.mean(wave**2))
    noise *= np.sqrt(power / max(1e-12, float(np.mean(noise**2))) * 10 ** (-snr_db / 10))
    mixed = wave + noise
    return np.asarray(mixed / np.abs(mixed).max() * rng.uniform(0.2, 0.9), np.float32)
