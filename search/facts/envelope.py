"""How loud a sound is from 5 ms to 5 ms: where it is silent, how it rises and falls, how often something begins."""

from __future__ import annotations

from dataclasses import dataclass
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


def silences(level_db: Numbers, step_s: float, silent_db: float = SILENT_DB) -> tuple[float, float, float]:
    """Seconds that are not silent, and of silence before the first and after the last of them (all, where none is)."""
    sounding = np.flatnonzero(level_db > silent_db)
    if not len(sounding):
        return 0.0, len(level_db) * step_s, len(level_db) * step_s
    return (
        len(sounding) * step_s,
        float(sounding[0]) * step_s,
        (len(level_db) - 1 - float(sounding[-1])) * step_s,
    )


_RISE_DB, _TOP_DB = 20.0, 3.0
_SMOOTH_STEPS: Final = 3
_EVENT_DB: Final = 12.0
_FLOOR_DB: Final = 40.0
_LONGEST_STEPS: Final = 120_000
"""Ten minutes."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a sound goes: ``attack_s`` and ``decay_s``, None where it does not begin soft or fall soft; how many
    ``events`` begin in it.
    """

    attack_s: float | None
    decay_s: float | None
    events: int


def course(level_db: Numbers, step_s: float) -> Course:
    """The course of a sound that is not silent all the time.

    It rises from 20 dB below its highest level to 3 dB below, and falls from there as far. An event begins where the
    level rises by 12 dB above the lowest since the one before, no more than 40 dB below the highest.
    """
    power = np.convolve(10 ** (level_db / 10), np.full(_SMOOTH_STEPS, 1.0 / _SMOOTH_STEPS), mode="same")
    level = 10 * np.log10(np.maximum(power, 1e-12))
    highest = float(level.max())
    high = np.flatnonzero(level >= highest - _TOP_DB)
    first, last = int(high[0]), int(high[-1])
    before = np.flatnonzero(level[:first] < highest - _RISE_DB)
    after = np.flatnonzero(level[last:] < highest - _RISE_DB)
    attack_s = (first - int(before[-1])) * step_s if len(before) else first * step_s
    decay_s = int(after[0]) * step_s if len(after) else None
    return Course(attack_s, decay_s, _events(level, highest - _FLOOR_DB))


def _events(level: Numbers, floor_db: float) -> int:
    """How often the level rises by `_EVENT_DB` after it fell by as much; in the first `_LONGEST_STEPS`."""
    level = np.maximum(level[:_LONGEST_STEPS], floor_db)
    turns = level[np.flatnonzero(np.diff(np.sign(np.diff(level, prepend=floor_db)), append=-1.0))]
    events, lowest, highest, high = 0, floor_db, floor_db, False
    for now in turns.tolist():
        if high:
            highest = max(highest, now)
            if highest - now >= _EVENT_DB:
                high, lowest = False, now
        else:
            lowest = min(lowest, now)
            if now - lowest >= _EVENT_DB:
                high, highest, events = True, now, events + 1
    return max(events, 1)
