"""Copies of recordings, of twelve kinds.

A seed determines them, so that thresholds can be chosen on one set and measured on another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.robustness.formats import Form

Mono = NDArray[np.float32]
Random = np.random.Generator

RATE_HZ: Final = 44_100
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
    """Between half of full scale and 3 dB beyond it, where it clips."""
    peak = float(np.abs(wave).max())
    return _wav(np.clip(wave * np.float32(rng.uniform(0.5, 1.41) / peak), -1.0, 1.0))


def _resampled_copy(wave: Mono, rng: Random) -> Made:
    rate_hz = int(rng.choice([11_025, 16_000, 22_050, 32_000, 48_000, 96_000]))
    return _wav(_resampled(wave, rate_hz), rate_hz)


def _faded(wave: Mono, rng: Random) -> Made:
    """Faded in over up to a tenth of its length, out over up to a quarter."""
    into, out = (rng.uniform(0.02, 1.0, 2) * (0.1, 0.25) * len(wave)).astype(int)
    return _wav(
        wave * np.concatenate((np.linspace(0, 1, into), np.ones(len(wave) - into - out), np.linspace(1, 0, out)))
    )


def _channels(wave: Mono, rng: Random) -> Made:
    """Two channels at different levels; in one of three files on average the second is inverted."""
    sides = np.stack((wave, wave * np.float32(rng.choice([-0.9, 0.9, 0.5]))), axis=1)
    return _wav(sides)


def _worn(wave: Mono, rng: Random) -> Made:
    """Silence before it, 12 dB softer, resampled, and encoded as MP3."""
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


def wav(wave: Mono) -> Made:
    """Return a sound as a plain 16-bit WAV file."""
    return _wav(wave)


def copy(kind: str, wave: Mono, seed: Sequence[int]) -> Made:
    """Return a copy of ``wave`` (n,) at `RATE_HZ`, of one of the `KINDS`."""
    return KINDS[kind](wave, np.random.default_rng(seed))
