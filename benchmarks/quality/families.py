"""Synthesised families of sounds that are similar but not copies of each other.

A seed determines them, so that thresholds can be chosen on one set and measured on another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.copies import RATE_HZ, Mono, Random

FAMILY: Final = 15
"""Members of a family: 105 pairs that are no copies."""
_HIT_S: Final = 0.3
_STEPS: Final = 16


def _seconds(length_s: float) -> NDArray[np.float64]:
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def _sweep(time_s: NDArray[np.float64], start_hz: float, end_hz: float, fall_s: float) -> NDArray[np.float64]:
    pitch = end_hz + (start_hz - end_hz) * np.exp(-time_s / fall_s)
    swept: NDArray[np.float64] = np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ)
    return swept


def _full(wave: NDArray[np.float64], peak: float = 0.7) -> Mono:
    scaled: Mono = (peak * wave / np.abs(wave).max()).astype(np.float32)
    return scaled


def drum_hits(rng: Random) -> Iterator[Mono]:
    """Hits of one drum: a falling tone that decays, and different noise at each stroke."""
    time_s = _seconds(rng.uniform(0.25, 0.9))
    low_hz = float(np.exp(rng.uniform(np.log(42), np.log(280))))
    high_hz, fall_s, decay_s = low_hz * rng.uniform(1.2, 4), rng.uniform(0.01, 0.06), rng.uniform(0.06, 0.25)
    share, snap_s = float(np.exp(rng.uniform(np.log(0.05), np.log(1.0)))), rng.uniform(0.003, 0.08)
    for _ in range(FAMILY):
        body = _sweep(time_s, high_hz * (1 + rng.normal(0, 0.01)), low_hz * (1 + rng.normal(0, 0.004)), fall_s)
        stroke = rng.standard_normal(len(time_s)) * np.exp(-time_s / (snap_s * rng.uniform(0.9, 1.1)))
        yield _full(
            body * np.exp(-time_s / (decay_s * rng.uniform(0.95, 1.05))) + share * stroke, rng.uniform(0.5, 0.9)
        )


def takes(rng: Random) -> Iterator[Mono]:
    """Takes of one phrase: plucked notes and noise, in time within hundredths of a second and in tune within cents."""
    notes = int(rng.integers(3, 9))
    begin_s, hertz = np.cumsum(rng.uniform(0.12, 0.4, notes)), 110 * 2 ** (rng.integers(0, 30, notes) / 12)
    partials = rng.uniform(0.1, 1.0, 6) / np.arange(1, 7)
    for _ in range(FAMILY):
        time_s = _seconds(float(begin_s[-1]) + 1.0)
        wave = 0.001 * rng.standard_normal(len(time_s))
        for start_s, hz in zip(begin_s + rng.normal(0, 0.008, notes), hertz, strict=True):
            since_s = np.clip(time_s - start_s, 0.0, None)
            swell = (time_s >= start_s) * np.exp(-since_s / 0.3)
            tune = hz * 2 ** (rng.normal(0, 4) / 1200)
            tones = [a * np.sin(2 * np.pi * tune * (n + 1) * since_s) for n, a in enumerate(partials)]
            wave += swell * (np.sum(tones, axis=0) + 0.1 * rng.standard_normal(len(time_s)) * np.exp(-since_s / 0.02))
        yield _full(wave, rng.uniform(0.5, 0.9))


def patch_notes(rng: Random) -> Iterator[Mono]:
    """The same note of one synthesiser patch: five detuned saws, a slow free-running filter and a little noise."""
    time_s = _seconds(rng.uniform(0.5, 2.5))
    hertz = 55 * 2 ** (rng.integers(0, 36) / 12) * 2 ** (rng.uniform(4, 9) * np.arange(-2, 3) / 1200)
    rate_hz, cutoff = rng.uniform(0.5, 6), rng.uniform(6, 24)
    for _ in range(FAMILY):
        phases, sway = rng.uniform(0, 1, len(hertz)), rng.uniform(0, 2 * np.pi)
        wave = 0.01 * rng.standard_normal(len(time_s))
        soft = np.exp(0.4 * np.sin(2 * np.pi * rate_hz * time_s + sway))
        for hz, phase in zip(hertz, phases, strict=True):
            first = np.exp(2j * np.pi * (hz * time_s + phase) - 1 / (cutoff * soft))
            partial = np.ones_like(first)
            for n in range(1, min(40, int(18_000 / hz)) + 1):
                partial *= first
                wave += partial.imag / n
        yield _full(wave * np.exp(-time_s / 0.8) * np.minimum(1, time_s / 0.005), rng.uniform(0.5, 0.9))


def kit_loops(rng: Random) -> Iterator[Mono]:
    """Loops of one kit that use the same samples; they differ in one to six hits of sixteen steps."""
    step, kit = _step(rng), _kit(rng)
    base = _pattern(rng, len(kit))
    known: set[bytes] = set()
    while len(known) < FAMILY:
        pattern = base.copy()
        flipped = rng.choice(pattern.size, rng.integers(1, 7), replace=False)
        pattern.flat[flipped] ^= True
        if pattern.tobytes() in known or not pattern.any():
            continue
        known.add(pattern.tobytes())
        yield (0.4 * _loop(kit, pattern, step)).clip(-1, 1).astype(np.float32)


def _step(rng: Random) -> int:
    """Samples of a sixteenth, at 80 to 160 beats a minute."""
    return round(60 / rng.uniform(80, 160) / 4 * RATE_HZ)


def _kit(rng: Random) -> list[NDArray[np.float64]]:
    """A bass drum, a snare, a cymbal and a block, .3 s each."""
    t = _seconds(_HIT_S)
    return [
        _sweep(t, 160, 50, 0.03) * np.exp(-t / 0.1),
        0.6 * (_sweep(t, 220, 180, 0.02) * np.exp(-t / 0.05) + rng.standard_normal(len(t)) * np.exp(-t / 0.07)),
        0.3 * np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-t / rng.uniform(0.01, 0.05)),
        0.4 * _sweep(t, rng.uniform(400, 900), 350, 0.03) * np.exp(-t / 0.06),
    ]


def _pattern(rng: Random, samples: int) -> NDArray[np.bool_]:
    """(samples, 16): at which steps each sample is struck."""
    return np.asarray(rng.uniform(size=(samples, _STEPS)) < np.array([0.25, 0.15, 0.5, 0.15])[:, None])


def _loop(
    samples: Sequence[NDArray[np.float64]], pattern: NDArray[np.bool_] | NDArray[np.float64], step: int
) -> NDArray[np.float64]:
    """Strike ``samples`` where ``pattern`` (samples, steps) is not 0, with its values as gains; the end is cut."""
    wave = np.zeros(pattern.shape[1] * step + max(len(sample) for sample in samples))
    for sample, steps in zip(samples, pattern, strict=True):
        for place in np.flatnonzero(steps):
            wave[place * step : place * step + len(sample)] += sample * steps[place]
    return wave[: pattern.shape[1] * step]


def phrases_of_one_soundfont(rng: Random) -> Iterator[Mono]:
    """Phrases from the same sampled notes; one to four notes are different, or struck harder or softer."""
    step, notes = _step(rng), 12
    time_s = _seconds(rng.uniform(0.3, 0.8))
    samples = [
        _tone(rng, time_s, 65 * 2 ** (step_up / 12)) for step_up in np.sort(rng.choice(36, notes, replace=False))
    ]
    base = np.zeros((notes, _STEPS))
    for low, high in ((0, notes // 2), (notes // 2, notes)):
        places = np.flatnonzero(rng.uniform(size=_STEPS) < 0.6)
        base[rng.integers(low, high, len(places)), places] = rng.choice([0.5, 0.7, 1.0], len(places))
    base[0, 0] = 1.0
    known: set[bytes] = set()
    while len(known) < FAMILY:
        pattern = base.copy()
        for place in rng.choice(_STEPS, rng.integers(1, 5), replace=False):
            note = int(rng.integers(notes))
            pattern[note, place] = 0.0 if pattern[note, place] else rng.choice([0.5, 0.7, 1.0])
        if pattern.tobytes() in known or not pattern.any():
            continue
        known.add(pattern.tobytes())
        yield _full(_loop(samples, pattern, step))


def keys_of_one_phrase(rng: Random) -> Iterator[Mono]:
    """A phrase in fifteen keys, played by one instrument: only the pitch differs."""
    notes = int(rng.integers(4, 10))
    begins = np.cumsum(rng.integers(1, 5, notes)) - 1
    step, steps_up = _step(rng), rng.integers(0, 24, notes)
    time_s = _seconds(rng.uniform(0.4, 1.0))
    seed = int(rng.integers(1 << 32))
    for key in range(FAMILY):
        wave = np.zeros(int(begins[-1]) * step + len(time_s))
        for begin, up in zip(begins.tolist(), steps_up.tolist(), strict=True):
            note = _tone(np.random.default_rng(seed), time_s, 65 * 2 ** ((up + key) / 12))
            wave[begin * step : begin * step + len(note)] += note
        yield _full(wave)


def songs_with_one_loop(rng: Random) -> Iterator[Mono]:
    """A drum loop by itself, and in fourteen songs under chords from 12 dB softer to 3 dB louder than it."""
    step, kit = _step(rng), _kit(rng)
    pattern = _pattern(rng, len(kit))
    pattern[0, 0] = True
    loop = _loop(kit, pattern, step)
    yield _full(loop)
    for _ in range(FAMILY - 1):
        time_s = _seconds(_STEPS // 4 * step / RATE_HZ)
        chords = []
        for root in rng.integers(0, 12, 4).tolist():
            third, partials = int(rng.integers(3, 5)), int(rng.integers(3, 9))
            tones = [130.8 * 2 ** ((root + up) / 12) * n for up in (0, third, 7) for n in range(1, partials)]
            chords.append(sum(np.sin(2 * np.pi * hz * time_s + rng.uniform(0, 6)) * 200 / hz for hz in tones))
        song = np.concatenate(chords)[: len(loop)]
        song = np.pad(song, (0, len(loop) - len(song)))
        level = 10 ** (rng.uniform(-12, 3) / 20) * loop.std() / song.std()
        yield _full(loop + level * song, rng.uniform(0.5, 0.9))


def _tone(rng: Random, time_s: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    """A plucked note with a little noise at its stroke."""
    partials = rng.uniform(0.2, 1.0, 8) / np.arange(1, 9)
    wave = 0.1 * rng.standard_normal(len(time_s)) * np.exp(-time_s / 0.01)
    for n, strength in enumerate(partials, start=1):
        wave += strength * np.sin(2 * np.pi * n * hz * time_s + rng.uniform(0, 6)) * np.exp(-time_s * (2 + n))
    return np.asarray(wave * np.minimum(1, (time_s[-1] - time_s) / 0.01))


FAMILIES: Final[dict[str, Callable[[Random], Iterator[Mono]]]] = {
    "hits of one drum": drum_hits,
    "takes of one phrase": takes,
    "notes of one patch": patch_notes,
    "loops of one kit": kit_loops,
    "phrases of one soundfont": phrases_of_one_soundfont,
    "keys of one phrase": keys_of_one_phrase,
    "songs with one loop": songs_with_one_loop,
}
