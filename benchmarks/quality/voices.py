"""Imitations of sounds by synthetic voices: which features of a sound a voice follows, and what it makes of them.

A voice follows loudness, pitch and brightness with limits: slowly, in its own range, at a varying tempo. It produces
pulses if the sound has a pitch, else noise. Both pass through two main formants, which open and close with brightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float64]

RATE_HZ: Final = 16_000
_HOP: Final = 160
_FRAME: Final = 640
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 1_000.0
_VOICED: Final = 0.6
_FLOOR: Final = 1e-3
_DYNAMICS, _OFF_DB = (0.5, 1.0), 4.0
"""The dynamic range is compressed by a power in this range; the level is also off by this deviation at eight points."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice: the middle of its range, the length of its vocal tract relative to the usual, the share of breath in its
    tone, how slowly it follows, and how far it is off in tempo and in semitones.
    """

    middle_hz: float
    tract: float
    breath: float
    slowness_s: float
    off_time: float
    off_semitones: float


FITTING: Final = (
    Voice(110, 1.10, 0.15, 0.04, 0.20, 1.0),
    Voice(130, 1.00, 0.30, 0.08, 0.30, 2.0),
    Voice(210, 0.88, 0.20, 0.06, 0.25, 1.5),
)
"""Voices that weights are fitted on."""
UNSEEN: Final = (
    Voice(95, 1.18, 0.25, 0.09, 0.30, 2.5),
    Voice(170, 0.94, 0.10, 0.05, 0.22, 1.5),
    Voice(260, 0.80, 0.35, 0.07, 0.28, 3.0),
)
"""Voices for measuring. Nothing was fitted on them."""


def imitation(wave: Mono, voice: Voice, rng: np.random.Generator) -> Mono:
    """Return the imitation by ``voice`` of a sound (n,) at `RATE_HZ`; its length varies, its peak is 0.5."""
    level, pitch_hz, voiced, centroid_hz = _followed(wave)
    at = _when(len(level), voice, rng)
    smooth = np.hanning(2 * max(1, round(voice.slowness_s * RATE_HZ / _HOP)) + 1)
    smooth /= smooth.sum()
    level, voiced, bright = (
        np.convolve(np.interp(at, np.arange(len(level)), one), smooth, mode="same")
        for one in (level, voiced, np.log2(centroid_hz))
    )
    level = level ** rng.uniform(*_DYNAMICS)
    level *= 10 ** (np.interp(np.linspace(0, 1, len(at)), np.linspace(0, 1, 8), rng.normal(0, _OFF_DB, 8)) / 20)
    semitones = rng.normal(0, voice.off_semitones) + np.cumsum(rng.normal(0, 0.05, len(at)))
    hz = np.interp(at, np.arange(len(pitch_hz)), _within(pitch_hz, voice.middle_hz)) * 2 ** (semitones / 12)
    made = _formed(_source(hz, voiced, voice, rng), bright, voice, voiced)
    loud = np.interp(np.arange(len(made)), np.arange(len(level)) * _HOP, level)
    made = made / np.sqrt(np.convolve(made**2, np.full(_FRAME, 1 / _FRAME), mode="same") + 1e-9) * loud
    made += 1e-4 * rng.normal(size=len(made))
    return np.asarray(0.5 * made / max(float(np.abs(made).max()), 1e-9))


def _followed(wave: Mono) -> tuple[Mono, Mono, Mono, Mono]:
    """For every 10 ms: the level (at most 1), the pitch in Hz, 1 if there is one, and the spectral centroid in Hz."""
    padded = np.concatenate((np.zeros(_FRAME // 2), wave, np.zeros(_FRAME)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[: len(wave) : _HOP]
    level = np.sqrt((frames**2).mean(axis=1))
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), 2 * _FRAME)) ** 2
    alike = np.fft.irfft(power)
    alike /= np.maximum(alike[:, :1], 1e-12)
    lags = slice(round(RATE_HZ / _HIGHEST_HZ), round(RATE_HZ / _LOWEST_HZ))
    best = alike[:, lags].argmax(axis=1) + lags.start
    voiced = (alike[np.arange(len(best)), best] > _VOICED).astype(np.float64)
    magnitudes = np.sqrt(power)
    hz: Mono = np.asarray(np.fft.rfftfreq(2 * _FRAME, 1 / RATE_HZ), np.float64)
    centroid_hz = (magnitudes @ hz) / np.maximum(magnitudes.sum(axis=1), 1e-9)
    return level / max(float(level.max()), 1e-9), RATE_HZ / best, voiced, np.clip(centroid_hz, 150, 7_000)


def _when(frames: int, voice: Voice, rng: np.random.Generator) -> Mono:
    """The frame of the sound that each frame of the imitation follows; the voice runs now faster, now slower."""
    paces = np.exp(rng.normal(0, voice.off_time, 6))
    times = np.concatenate(([0.0], np.cumsum(paces)))
    times *= frames * np.exp(rng.normal(0, voice.off_time)) / times[-1]
    return np.interp(np.arange(int(times[-1])), times, np.linspace(0, frames - 1, len(times)))


def _within(pitch_hz: Mono, middle_hz: float) -> Mono:
    """The same notes, moved by octaves to the middle of a range."""
    return np.asarray(pitch_hz * 2.0 ** -np.round(np.log2(pitch_hz / middle_hz)))


def _source(hz: Mono, voiced: Mono, voice: Voice, rng: np.random.Generator) -> Mono:
    """A mix of pulses at ``hz`` and noise; the more ``voiced``, the more pulses."""
    count = len(hz) * _HOP
    at = np.arange(count) / _HOP
    jitter = 1 + 0.01 * rng.normal(size=len(hz))
    phase = np.cumsum(np.interp(at, np.arange(len(hz)), hz * jitter)) / RATE_HZ
    pulses = np.diff(np.floor(phase), prepend=0.0)
    pulses = np.convolve(pulses, np.exp(-np.arange(40) / 8.0), mode="full")[:count] * 4
    share = np.clip(np.interp(at, np.arange(len(hz)), voiced), 0, 1)
    breath = voice.breath + (1 - voice.breath) * (1 - share)
    return np.asarray((1 - breath) * (pulses - pulses.mean()) + breath * rng.normal(size=count))


def _formed(source: Mono, bright: Mono, voice: Voice, voiced: Mono) -> Mono:
    """The source filtered by formants, frame by frame with overlap."""
    window = np.hanning(_FRAME + 1)[:-1]
    padded = np.concatenate((np.zeros(_FRAME // 2), source, np.zeros(_FRAME)))
    made = np.zeros(len(padded))
    hz: Mono = np.asarray(np.fft.rfftfreq(_FRAME, 1 / RATE_HZ), np.float64)
    for frame in range(len(bright)):
        opened = np.clip((bright[frame] - 8.5) / 3.5, 0, 1)  # from 360 Hz to 4 kHz
        first, second = (280 + 450 * opened) / voice.tract, (700 + 1_700 * opened) / voice.tract
        hiss = np.clip(2.0 ** bright[frame] * 1.3, 900, 5_500) / voice.tract
        tone = _peak(hz, first, 90) + 0.6 * _peak(hz, second, 130) + 0.2 * _peak(hz, 2_900 / voice.tract, 220)
        shape = voiced[frame] * tone + (1 - voiced[frame]) * (_peak(hz, hiss, 900) + 0.3 * tone)
        part = slice(frame * _HOP, frame * _HOP + _FRAME)
        made[part] += np.fft.irfft(np.fft.rfft(padded[part] * window) * (shape + _FLOOR), _FRAME)
    return made[_FRAME // 2 : _FRAME // 2 + len(source)]


def _peak(hz: Mono, at_hz: float, width_hz: float) -> Mono:
    return np.asarray(1 / np.sqrt(1 + ((hz - at_hz) / width_hz) ** 2))
