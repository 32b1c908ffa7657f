"""The level of a sound every 5 ms: where it is silent, how it rises and falls, how often something begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import Frames, Samples

Numbers = NDArray[np.float64]
LevelBytes = NDArray[np.uint8]
IsWanted = Callable[[NDArray[np.float32]], NDArray[np.bool_]]

STEP_S: Final = 0.005
SILENT_DB: Final = -60.0
"""A level below this, in dB of full scale, is silence."""
_LOWEST_DB: Final = -120.0
_PER_DB: Final = 2.0
"""Levels are kept as bytes, in half decibels: a day takes 17 MB."""
_POWERS: Final = 10 ** ((np.arange(256) / _PER_DB + _LOWEST_DB) / 10)
_LEAST_POWER, _ROUNDING = 1e-12, 1e-6


class Envelope:
    """Collects the levels of a sound with this number of ``channels``."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        step = max(1, round(STEP_S * sample_rate_hz))
        self._frames = Frames(step, step, channels)
        self.step_s = step / sample_rate_hz
        self._levels: list[NDArray[np.uint8]] = []

    def add(self, samples: Samples) -> None:
        """Add the next ``samples`` (channels, n). The loudest channel counts."""
        frames = self._frames.add(samples)
        power = np.einsum("cks,cks->ck", frames, frames).max(axis=0, initial=0.0) / frames.shape[2]
        level_db = np.maximum(10 * np.log10(np.maximum(power, 1e-20)), _LOWEST_DB)
        self._levels.append(np.clip((level_db - _LOWEST_DB) * _PER_DB, 0, 255).astype(np.uint8))

    def end(self) -> None:
        """Add the incomplete last step."""
        self.add(np.zeros((len(self._frames.rest), self._frames.size - 1), np.float32))

    @property
    def levels(self) -> LevelBytes:
        """The level of each step (steps,), in the encoding of `above` and `power_of`."""
        if len(self._levels) != 1:
            self._levels = [np.concatenate(self._levels) if self._levels else np.empty(0, np.uint8)]
        return self._levels[0]


def above(levels: LevelBytes, db: float) -> NDArray[np.bool_]:
    """Which levels (steps,) are above ``db`` dB of full scale."""
    return np.asarray(levels > (db - _LOWEST_DB) * _PER_DB)


def highest_db(levels: LevelBytes) -> float:
    """The highest level, in dB of full scale."""
    return float(levels.max(initial=0)) / _PER_DB + _LOWEST_DB


def power_of(levels: LevelBytes) -> Numbers:
    """Levels as powers (steps,); full scale is 1."""
    return np.asarray(_POWERS[levels])


def silences(levels: LevelBytes, step_s: float, silent_db: float = SILENT_DB) -> tuple[float, float, float]:
    """Seconds of sound, of silence before it, and of silence after it.

    If all is silent, both silences are the length.
    """
    sounding = above(levels, silent_db)
    count = int(np.count_nonzero(sounding))
    if not count:
        return 0.0, len(levels) * step_s, len(levels) * step_s
    return count * step_s, int(np.argmax(sounding)) * step_s, int(np.argmax(sounding[::-1])) * step_s


_RISE_DB, _TOP_DB = 20.0, 3.0
_EVENT_DB: Final = 12.0
_FLOOR_DB: Final = 40.0
_LONGEST_STEPS: Final = 120_000
"""Ten minutes."""
_AT_ONCE: Final = 1 << 16
"""Steps that are smoothed at once: the powers of a whole day would take 140 MB."""


@dataclass(frozen=True, slots=True)
class Course:
    """The attack, the decay (None if the level does not fall so far), and the number of ``events`` of a sound."""

    attack_s: float | None
    decay_s: float | None
    events: int


def course(levels: LevelBytes, step_s: float) -> Course:
    """The course of a sound that is not completely silent.

    The attack goes from 20 dB to 3 dB below the highest level, and the decay back. An event begins when the level rises
    12 dB above its lowest value since the previous event; that value is taken as at most 40 dB below the highest level.
    """
    highest = 10 * np.log10(max(_highest(levels), _LEAST_POWER))
    high, low = (0.0 if db < _LOWEST_DB else 10 ** (db / 10) for db in (highest - _TOP_DB, highest - _RISE_DB))
    high, low = high * (1 - _ROUNDING), low * (1 + _ROUNDING)  # levels right at the threshold count
    first = _first(levels, lambda power: power >= high) or 0
    last = _last(levels, lambda power: power >= high, len(levels)) or 0
    before = _last(levels, lambda power: power < low, first)
    after = _first(levels, lambda power: power < low, last)
    level = 10 * np.log10(np.maximum(_smooth(levels, 0, _LONGEST_STEPS), _LEAST_POWER))
    return Course(
        (first - (before or 0)) * step_s,
        None if after is None else (after - last) * step_s,
        _events(level.astype(np.float64), highest - _FLOOR_DB),
    )


def _smooth(levels: LevelBytes, start: int, stop: int) -> NDArray[np.float32]:
    """The sum of the powers of each step and its two neighbours over 3 (stop - start,); steps beyond the ends are 0."""
    from_, to = max(start - 1, 0), min(stop + 1, len(levels))
    alone = _POWERS.astype(np.float32)[levels[from_:to]]
    power = alone.copy()
    power[1:] += alone[:-1]
    power[:-1] += alone[1:]
    power /= np.float32(3.0)
    return power[start - from_ : stop - from_]


def _highest(levels: LevelBytes) -> float:
    return max(float(_smooth(levels, at, at + _AT_ONCE).max()) for at in range(0, len(levels), _AT_ONCE))


def _first(levels: LevelBytes, is_wanted: IsWanted, start: int = 0) -> int | None:
    """The first step from ``start`` on whose smoothed power is wanted; None if there is none."""
    for at in range(start, len(levels), _AT_ONCE):
        found = is_wanted(_smooth(levels, at, at + _AT_ONCE))
        if found.any():
            return at + int(np.argmax(found))
    return None


def _last(levels: LevelBytes, is_wanted: IsWanted, stop: int) -> int | None:
    """The last such step before ``stop``."""
    for end in range(stop, 0, -_AT_ONCE):
        start = max(0, end - _AT_ONCE)
        found = np.flatnonzero(is_wanted(_smooth(levels, start, end)))
        if len(found):
            return start + int(found[-1])
    return None


def _events(level: Numbers, floor_db: float) -> int:
    """How often the level rises by `_EVENT_DB` after falling by as much, in the first `_LONGEST_STEPS`."""
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
