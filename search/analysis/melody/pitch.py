"""Tracking the pitch of one voice (a hum, singing, whistling, an instrument) with SwiftF0 (ONNX).

SwiftF0 (Nieradzik 2025, arXiv:2508.18440; the `swift-f0` package contains its model) tracked 10 s in 36 ms on one core,
and takes about 0.2 % of white noise for a pitch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import PitchCurve
from search.model import Wave

if TYPE_CHECKING:
    from swift_f0 import SwiftF0

SAMPLE_RATE_HZ = 16_000
HOP_S = 0.016
LOWEST_HZ, HIGHEST_HZ = 65.0, 2000.0
"""C2 to about B6: below a bass voice there is only rumble, and the model ends at 2094 Hz."""

WHISTLE_HZ = 1200.0
"""A hum above this may exceed the model's range, as whistling does; it is tracked again at half speed."""

CONFIDENCE = 0.5
SHORTEST_FRAMES = 3
"""Isolated stretches of pitch shorter than this (48 ms) are not notes."""


@cache
def _tracker() -> SwiftF0:
    """One tracker per process: it may be shared, and building it takes 25 ms. Loads onnxruntime only here."""
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)


def pitch_of(wave: Wave) -> PitchCurve:
    """The pitch curve of ``wave`` (samples,) at ``SAMPLE_RATE_HZ``; NaN where there is no voice.

    Empty audio has an empty curve.
    """
    curve = _track(wave)
    tracked = curve.pitch[np.isfinite(curve.pitch)]
    if len(tracked) and float(np.percentile(tracked, 75)) > 69 + 12 * np.log2(WHISTLE_HZ / 440):
        slow = _track(_half_speed(wave))
        if np.isfinite(slow.pitch).sum() > 2 * len(tracked):
            return PitchCurve(slow.pitch[::2] + np.float32(12.0), HOP_S)
    return curve


def _half_speed(wave: Wave) -> Wave:
    """Double the number of samples, so that everything sounds an octave lower and half as fast."""
    import soxr

    return np.asarray(soxr.resample(wave, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ), np.float32)


def pitch_of_blocks(blocks: Iterable[Wave]) -> PitchCurve:
    """The pitch curve of a recording of any length, from its ``blocks`` (samples,), one of which is held at a time."""
    tracked = _tracker().stream(LOWEST_HZ, HIGHEST_HZ)
    parts = [tracked.push(block, SAMPLE_RATE_HZ) for block in blocks]
    if parts:
        parts.append(tracked.flush())
    return _curve([part.pitch_hz for part in parts], [part.confidence for part in parts])


def _track(wave: Wave) -> PitchCurve:
    if not len(wave):
        return PitchCurve(np.empty(0, np.float32), HOP_S)
    tracked = _tracker().detect(wave, SAMPLE_RATE_HZ, LOWEST_HZ, HIGHEST_HZ)
    return _curve([tracked.pitch_hz], [tracked.confidence])


def _curve(pitch_hz: Sequence[NDArray[np.float32]], confidence: Sequence[NDArray[np.float32]]) -> PitchCurve:
    """Join the tracker's results for the parts into one curve in semitones."""
    hz = np.concatenate([np.empty(0, np.float32), *pitch_hz])
    midi = 69.0 + 12.0 * np.log2(np.maximum(hz, 1.0) / 440.0)
    voiced = without_islands(np.concatenate([np.empty(0, np.float32), *confidence]) >= CONFIDENCE)
    return PitchCurve(np.where(voiced, midi, np.nan).astype(np.float32), HOP_S)


def without_islands(voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Set runs of true that are shorter than ``SHORTEST_FRAMES`` to false."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], voiced.astype(np.int8), [0]])))
    kept = voiced.copy()
    for start, end in edges.reshape(-1, 2):
        if end - start < SHORTEST_FRAMES:
            kept[start:end] = False
    return kept
