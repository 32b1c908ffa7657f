"""The quality of a copy, measured from its samples: bandwidth, silence around the sound, clipping.

The header is not enough: an upsampled file has a high rate but nothing in its upper octave, and an MP3 saved as WAV
ends at 16 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from search import audio
from search.model import Wave

_LONGEST_S: Final = 60.0
"""Of longer files, only the first minute is measured."""
_FRAME: Final = 2048
_DEPTH: Final = 1e-8
"""Frequencies 80 dB below the strongest, or near the noise of 16 bits (`_NOISE`), count as absent."""
_NOISE: Final = 4.0 * 2.0**-30 / 12.0
_SILENCE: Final = 1e-3
_RUN: Final = 3
_CLIPPED_FROM: Final = 0.5
"""Only flat tops above this share of full scale count as clipping; lower ones are from synthesisers."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Measured quality of a file.

    ``bandwidth_hz``: the highest frequency with sound; ``silence_s``: total silence before and after the sound (in
    files of over a minute, only before it); ``clipped``: the share of samples in flat tops, 0 to 1.
    """

    bandwidth_hz: float
    silence_s: float
    clipped: float


def measured(path: str, track: int) -> Evidence:
    """Measure a sound track of a file. Raises AudioError."""
    rate_hz = audio.probe(path, track).sample_rate_hz
    blocks, count = [], 0
    for block in audio.stream(path, rate_hz, track=track):
        blocks.append(block)
        count += len(block)
        if count >= _LONGEST_S * rate_hz:
            break
    return of_wave(np.concatenate(blocks), rate_hz, is_whole=count < _LONGEST_S * rate_hz)


def of_wave(wave: Wave, rate_hz: int, *, is_whole: bool = True) -> Evidence:
    """Measure samples (n,) at ``rate_hz``; silence after the sound counts only if they are the whole file."""
    peak = float(np.abs(wave).max(initial=0.0))
    loud = np.flatnonzero(np.abs(wave) > _SILENCE * peak)
    if not len(loud):
        return Evidence(0.0, len(wave) / rate_hz, 0.0)
    sound = wave[loud[0] : loud[-1] + 1]
    silent = len(wave) - len(sound) if is_whole else int(loud[0])
    return Evidence(_bandwidth_hz(sound, rate_hz), silent / rate_hz, _clipped(sound, peak))


def _bandwidth_hz(sound: Wave, rate_hz: int) -> float:
    padded = np.pad(sound, (0, max(_FRAME - len(sound), 0)))
    window = np.hanning(_FRAME).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[:: _FRAME // 2]
    power = np.zeros(_FRAME // 2 + 1)
    for start in range(0, len(frames), 256):
        power += np.square(np.abs(np.fft.rfft(frames[start : start + 256] * window, axis=1))).sum(axis=0)
    power /= len(frames) * float(np.square(window).sum())
    present = np.flatnonzero(power > max(_DEPTH * float(power.max()), _NOISE))
    return float(present[-1] * rate_hz / _FRAME) if len(present) else 0.0


def _clipped(sound: Wave, peak: float) -> float:
    if peak < _CLIPPED_FROM:
        return 0.0
    flat = (np.abs(sound) >= 0.9999 * peak).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flat, [0]))))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= _RUN].sum()) / len(sound)
