"""Rendering notes as sound, with a plucked tone for each note."""

from __future__ import annotations

import numpy as np

from search.analysis.melody.model import Notes
from search.model import Wave

SAMPLE_RATE_HZ = 22_050
RELEASE_S = 0.08
LONGEST_S = 600.0
_HARMONICS = (1.0, 0.5, 0.25, 0.12, 0.06)


def render(notes: Notes, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Wave:
    """``notes`` as mono samples in [-1, 1] at ``sample_rate_hz``, at most ten minutes; empty without notes."""
    length_s = min(float(notes.end_s.max()), LONGEST_S) + RELEASE_S if len(notes) else 0.0
    wave = np.zeros(round(length_s * sample_rate_hz), np.float32)
    for start_s, end_s, pitch in zip(notes.start_s, notes.end_s, notes.pitch, strict=True):
        if start_s >= LONGEST_S:
            continue
        first = round(float(start_s) * sample_rate_hz)
        sounding_s = min(float(end_s), LONGEST_S) - float(start_s)
        tone = _tone(float(pitch), sounding_s + RELEASE_S, sample_rate_hz)[: len(wave) - first]
        wave[first : first + len(tone)] += tone
    loudest = float(np.abs(wave).max(initial=0.0))
    return wave / loudest * np.float32(0.8) if loudest > 0 else wave


def _tone(pitch: float, length_s: float, sample_rate_hz: int) -> Wave:
    """One note: harmonics below half the rate, a quick attack, a slow decay, a soft end."""
    at_s = np.arange(round(length_s * sample_rate_hz)) / sample_rate_hz
    hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    tone = np.zeros(len(at_s))
    for number, weight in enumerate(_HARMONICS, start=1):
        if hz * number < sample_rate_hz / 2:
            tone += weight * np.sin(2 * np.pi * hz * number * at_s)
    envelope = np.minimum(at_s / 0.01, 1.0) * np.exp(-1.5 * at_s) * np.clip((length_s - at_s) / RELEASE_S, 0.0, 1.0)
    return np.asarray(tone * envelope, np.float32)
