"""Copies of recordings, of twelve kinds, and families of sounds that are alike and no copies of each other.

Copies are made from recordings; families are synthesised. Both follow from a seed, which sees to it that thresholds
are chosen on one set and measured on another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.robustness.formats import Form

Mono = NDArray[np.float32]
Random = np.random.Generator

RATE_HZ: Final = 44_100
FAMILY: Final = 15
"""Members of a family: 105 pairs that are no copies."""

_WAV = Form("libsndfile", "WAV", "PCM_16")


@dataclass(frozen=True, slots=True)
class Made:
    """A sound as a file: its bytes, and the ``suffix`` of its name."""

    encoded: bytes
    suffix: str


def _encoded(form: Form, suffix: str) -> Callable[[Mono, Random], Made]:
    return lambda wave, _: Made(form.encode(wave, RATE_HZ), suffix)


def _wav(wave: Mono, rate_hz: int = RATE_HZ) -> Made:
    return Made(_WAV.encode(wave, rate_hz), "wav")


def _at_some_rate(wave: Mono, rng: Random) -> Made:
    container, codec, lowest = [("mp3", "libmp3lame", 48), ("adts", "aac", 48), ("ogg", "libopus", 24)][rng.integers(3)]
    bits_per_s = 1000 * int(rng.choice([rate for rate in (24, 32, 48, 64, 96, 128, 192) if rate >= lowest]))
    rate_hz = 48_000 if codec == "libopus" else RATE_HZ
    form = Form("FFmpeg", container, codec, bits_per_s)
    return Made(form.encode(_resampled(wave, rate_hz), rate_hz), {"adts": "aac"}.get(container, container))


def _lossless(wave: Mono, rng: Random) -> Made:
    container, codec, suffix = [
        ("FLAC", "PCM_16", "flac"),
        ("AIFF", "PCM_24", "aiff"),
        ("CAF", "ALAC_16", "caf"),
        ("W64", "FLOAT", "w64"),
    ][rng.integers(4)]
    return Made(Form("libsndfile", container, codec).encode(wave, RATE_HZ), suffix)


def _trimmed(wave: Mono, rng: Random) -> Made:
    before, after = rng.uniform(0.0, 0.1, 2) * len(wave)
    return _wav(wave[int(before) : len(wave) - int(after)])


def _padded(wave: Mono, rng: Random) -> Made:
    before, after = (rng.uniform(0.1, 2.0, 2) * rng.permutation(np.array([1, rng.integers(2)])) * RATE_HZ).astype(int)
    return _wav(np.pad(wave, (before, after)))


def _faint(wave: Mono, _: Random) -> Made:
    return _wav(np.float32(0.01) * wave)


def _louder(wave: Mono, rng: Random) -> Made:
    """From half its level to 3 dB beyond full scale, where it clips."""
    peak = float(np.abs(wave).max())
    return _wav(np.clip(wave * np.float32(rng.uniform(0.5, 1.41) / peak), -1.0, 1.0))


def _resampled_copy(wave: Mono, rng: Random) -> Made:
    rate_hz = int(rng.choice([11_025, 16_000, 22_050, 32_000, 48_000, 96_000]))
    return _wav(_resampled(wave, rate_hz), rate_hz)


def _faded(wave: Mono, rng: Random) -> Made:
    """In over up to a tenth, out over up to a quarter of its length."""
    into, out = (rng.uniform(0.02, 1.0, 2) * (0.1, 0.25) * len(wave)).astype(int)
    return _wav(
        wave * np.concatenate((np.linspace(0, 1, into), np.ones(len(wave) - into - out), np.linspace(1, 0, out)))
    )


def _channels(wave: Mono, rng: Random) -> Made:
    """Two channels at levels of their own, the second turned over in every other file."""
    sides = np.stack((wave, wave * np.float32(rng.choice([-0.9, 0.9, 0.5]))), axis=1)
    return _wav(sides)


def _worn(wave: Mono, rng: Random) -> Made:
    """Silence before it, 12 dB softer, resampled, and an MP3."""
    before = np.zeros(int(rng.uniform(0.1, 1.0) * RATE_HZ), np.float32)
    softer = np.concatenate((before, np.float32(0.25) * wave))
    return Made(Form("FFmpeg", "mp3", "libmp3lame", 64_000).encode(_resampled(softer, 32_000), 32_000), "mp3")


KINDS: Final[dict[str, Callable[[Mono, Random], Made]]] = {
    "MP3, AAC or Opus at 24 to 192 kbit/s": _at_some_rate,
    "MP3 at 32 kbit/s": _encoded(Form("FFmpeg", "mp3", "libmp3lame", 32_000), "mp3"),
    "Vorbis": _encoded(Form("libsndfile", "OGG", "VORBIS"), "ogg"),
    "lossless containers": _lossless,
    "trimmed by up to a tenth at each end": _trimmed,
    "padded with silence": _padded,
    "40 dB softer": _faint,
    "another level, up to 3 dB clipped": _louder,
    "resampled, 11 to 96 kHz": _resampled_copy,
    "faded in and out": _faded,
    "two channels": _channels,
    "padded, softer, resampled, MP3": _worn,
}


def _resampled(wave: Mono, rate_hz: int) -> Mono:
    resampled: Mono = np.asarray(soxr.resample(wave, RATE_HZ, rate_hz), np.float32)
    return resampled


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
    """Hits of one drum: a tone that falls and dies away, and noise at the stroke, another each time."""
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
    """The same note of one synthesiser patch: five detuned saws and a slow filter that run freely, a little noise."""
    time_s = _seconds(rng.uniform(0.5, 2.5))
    hertz = 55 * 2 ** (rng.integers(0, 36) / 12) * 2 ** (rng.uniform(4, 9) * np.arange(-2, 3) / 1200)
    rate_hz, cutoff = rng.uniform(0.5, 6), rng.uniform(6, 24)
    for _ in range(FAMILY):
        phases, sway = rng.uniform(0, 1, len(hertz)), rng.uniform(0, 2 * np.pi)
        wave = 0.01 * rng.standard_normal(len(time_s))
        soft = np.exp(0.4 * np.sin(2 * np.pi * rate_hz * time_s + sway))
        for hz, phase in zip(hertz, phases, strict=True):
            for n in range(1, min(40, int(18_000 / hz)) + 1):
                wave += np.sin(2 * np.pi * n * (hz * time_s + phase)) / n * np.exp(-n / (cutoff * soft))
        yield _full(wave * np.exp(-time_s / 0.8) * np.minimum(1, time_s / 0.005), rng.uniform(0.5, 0.9))


def kit_loops(rng: Random) -> Iterator[Mono]:
    """Loops of one kit, whose sounds are the same samples: they differ in one to six hits of sixteen steps."""
    step = round(60 / rng.uniform(80, 160) / 4 * RATE_HZ)
    kit = [
        _sweep(t := _seconds(0.3), 160, 50, 0.03) * np.exp(-t / 0.1),
        0.6 * (_sweep(t, 220, 180, 0.02) * np.exp(-t / 0.05) + rng.standard_normal(len(t)) * np.exp(-t / 0.07)),
        0.3 * np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-t / rng.uniform(0.01, 0.05)),
        0.4 * _sweep(t, rng.uniform(400, 900), 350, 0.03) * np.exp(-t / 0.06),
    ]
    base = rng.uniform(size=(len(kit), 16)) < np.array([0.25, 0.15, 0.5, 0.15])[:, None]
    known: set[bytes] = set()
    while len(known) < FAMILY:
        pattern = base.copy()
        flipped = rng.choice(pattern.size, rng.integers(1, 7), replace=False)
        pattern.flat[flipped] ^= True
        if pattern.tobytes() in known or not pattern.any():
            continue
        known.add(pattern.tobytes())
        wave = np.zeros(16 * step + len(t))
        for sample, steps in zip(kit, pattern, strict=True):
            for place in np.flatnonzero(steps):
                wave[place * step : place * step + len(sample)] += sample
        yield (0.4 * wave[: 16 * step]).clip(-1, 1).astype(np.float32)


FAMILIES: Final[dict[str, Callable[[Random], Iterator[Mono]]]] = {
    "hits of one drum": drum_hits,
    "takes of one phrase": takes,
    "notes of one patch": patch_notes,
    "loops of one kit": kit_loops,
}


def wav(wave: Mono) -> Made:
    """A sound as a plain file of 16 bits."""
    return _wav(wave)


def copy(kind: str, wave: Mono, seed: Sequence[int]) -> Made:
    """A copy of ``wave`` (n,) at `RATE_HZ`, of one of the `KINDS`."""
    return KINDS[kind](wave, np.random.default_rng(seed))
