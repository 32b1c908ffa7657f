"""The tune of a recording of several voices: the predominant melody, as well as it can be had without a trained model.

Salience by harmonic summation (after Salamon & Gomez, IEEE TASLP 2012): every pitch gets the magnitudes at its
harmonics, the upper ones weighed less; then the most salient smooth line through the frames is found by dynamic
programming (Viterbi). It follows whoever sings or plays loudest above the bass.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from search.melody.model import PitchCurve
from search.model import Wave

SAMPLE_RATE_HZ = 16_000
HOP_SAMPLES = 512
HOP_S = HOP_SAMPLES / SAMPLE_RATE_HZ
FFT_SAMPLES = 4096
LOWEST_PITCH, HIGHEST_PITCH = 52.0, 88.0
"""E3 to E6: below lies accompaniment more often than tune."""

BINS_PER_SEMITONE = 4
HARMONICS = 10
HARMONIC_DECAY = 0.8
"""Weight of a harmonic over that of the one below (Salamon & Gomez: 0.8)."""

JUMP_COST = 0.10
"""What a line pays for a semitone between frames, in the salience of a frame's strongest pitch."""

SILENT = 0.25
"""A frame whose line is weaker than this share of the recording's strong frames (90th percentile) has no melody."""

BLOCK_FRAMES = 2048


def predominant_melody(wave: Wave) -> PitchCurve:
    """The predominant melody of ``wave`` (samples,) at ``SAMPLE_RATE_HZ``; NaN where nothing stands out."""
    salience = _salience(wave)
    if not len(salience):
        return PitchCurve(np.empty(0, np.float32), HOP_S)
    strongest = salience.max(axis=1)
    level = float(np.percentile(strongest, 90))
    if level <= 0:
        return PitchCurve(np.full(len(salience), np.nan, np.float32), HOP_S)
    line = _smoothest(salience / level)
    along = salience[np.arange(len(line)), line]
    pitch = (LOWEST_PITCH + line / BINS_PER_SEMITONE).astype(np.float32)
    return PitchCurve(np.where(along > SILENT * level, pitch, np.float32(np.nan)).astype(np.float32), HOP_S)


def _salience(wave: Wave) -> NDArray[np.float32]:
    """(frames, pitches) harmonic sums of the compressed, whitened spectrum."""
    if len(wave) < FFT_SAMPLES:
        wave = np.pad(wave, (0, FFT_SAMPLES - len(wave))) if len(wave) else wave
    if not len(wave):
        return np.empty((0, _sums().shape[1]), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(wave, FFT_SAMPLES)[::HOP_SAMPLES]
    window = np.hanning(FFT_SAMPLES).astype(np.float32)
    parts = []
    for first in range(0, len(frames), BLOCK_FRAMES):
        spectrum = np.abs(np.fft.rfft(frames[first : first + BLOCK_FRAMES] * window, axis=1)).astype(np.float32)
        parts.append(np.sqrt(_peaks(spectrum)) @ _sums())
    return np.concatenate(parts)


def _peaks(spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
    """The spectrum where it has a local maximum, and its neighbours; 0 elsewhere: what lies between is noise and
    leakage.
    """
    rising = np.zeros(spectrum.shape, bool)
    rising[:, 1:-1] = (spectrum[:, 1:-1] >= spectrum[:, :-2]) & (spectrum[:, 1:-1] >= spectrum[:, 2:])
    near = rising.copy()
    near[:, 1:] |= rising[:, :-1]
    near[:, :-1] |= rising[:, 1:]
    return np.where(near, spectrum, np.float32(0.0))


@cache
def _sums() -> NDArray[np.float32]:
    """(spectrum bins, pitches): which bins add how much to which pitch, interpolated between the two nearest bins."""
    pitches = np.arange(LOWEST_PITCH, HIGHEST_PITCH, 1 / BINS_PER_SEMITONE)
    weights = np.zeros((FFT_SAMPLES // 2 + 1, len(pitches)), np.float32)
    hz = 440.0 * 2.0 ** ((pitches - 69.0) / 12.0)
    for harmonic in range(1, HARMONICS + 1):
        place = hz * harmonic * FFT_SAMPLES / SAMPLE_RATE_HZ
        low = np.floor(place).astype(np.int64)
        inside = np.flatnonzero(low + 1 < len(weights))
        share = (place - low)[inside]
        weights[low[inside], inside] += (1 - share) * HARMONIC_DECAY ** (harmonic - 1)
        weights[low[inside] + 1, inside] += share * HARMONIC_DECAY ** (harmonic - 1)
    return weights


def _smoothest(salience: NDArray[np.float32]) -> NDArray[np.int64]:
    """(frames,) the line of pitches with the most salience less the cost of its jumps.

    The cost grows with the interval up to an octave, so that the best predecessor of all pitches comes from a
    small table rather than from all pairs of pitches.
    """
    frames, pitches = salience.shape
    apart = np.abs(np.arange(pitches)[:, None] - np.arange(pitches)[None, :]) / BINS_PER_SEMITONE
    cost = (JUMP_COST * np.minimum(apart, 12.0)).astype(np.float32)
    best = salience[0].copy()
    back = np.zeros((frames, pitches), np.int16)
    for i in range(1, frames):
        through = best[None, :] - cost
        back[i] = through.argmax(axis=1)
        best = through[np.arange(pitches), back[i]] + salience[i]
    line = np.empty(frames, np.int64)
    line[-1] = int(best.argmax())
    for i in range(frames - 1, 0, -1):
        line[i - 1] = back[i, line[i]]
    return line
