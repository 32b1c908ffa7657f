"""How loud a sound is from 5 ms to 5 ms: where it is silent, how it rises and falls, how often something begins."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.facts.frames import Frames, Samples

Numbers = NDArray[np.float64]

STEP_S: Final = 0.005
SILENT_DB: Final = -60.0
"""Below this, in dB of full scale, it is silent."""
_LOWEST_DB: Final = -120.0
_PER_DB: Final = 2.0
"""Levels are kept as bytes, in half decibels: those of a day are 17 MB."""


class Envelope:
    """Takes in the samples of a sound of so many ``channels``."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        step = max(1, round(STEP_S * sample_rate_hz))
        self._frames = Frames(step, step, channels)
        self.step_s = step / sample_rate_hz
        self._levels: list[NDArray[np.uint8]] = []

    def add(self, samples: Samples) -> None:
        """Take in the next ``samples`` (channels, n): the loudest channel counts."""
        frames = self._frames.add(samples)
        power = np.einsum("cks,cks->ck", frames, frames).max(axis=0, initial=0.0) / frames.shape[2]
        level_db = np.maximum(10 * np.log10(np.maximum(power, 1e-20)), _LOWEST_DB)
        self._levels.append(np.clip((level_db - _LOWEST_DB) * _PER_DB, 0, 255).astype(np.uint8))

    def end(self) -> None:
        """Take in what is left."""
        self.add(np.zeros((len(self._frames.rest), self._frames.size - 1), np.float32))

    @property
    def level_db(self) -> Numbers:
        """(steps,) the level of each step."""
        levels = np.concatenate(self._levels) if self._levels else np.empty(0, np.uint8)
        return levels / _PER_DB + _LOWEST_DB


def silences(level_db: Numbers, step_s: float) -> tuple[float, float, float]:
    """Seconds that are not silent, and of silence before the first and after the last of them (all, where none is)."""
    sounding = np.flatnonzero(level_db > SILENT_DB)
    if not len(sounding):
        return 0.0, len(level_db) * step_s, len(level_db) * step_s
    return (
        len(sounding) * step_s,
        float(sounding[0]) * step_s,
        (len(level_db) - 1 - float(sounding[-1])) * step_s,
    )
