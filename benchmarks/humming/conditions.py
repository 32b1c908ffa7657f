"""What each condition means for a hum: where it starts, how long it lasts, and what the voice does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.humming import BEGINNING, HALF_TEMPO, LEAP, SHORT, SINGLE_NOTES
from benchmarks.humming.hums import DIFFICULTIES, Hum, Leaps, Line, hum
from benchmarks.humming.tune_sets import NamedTune
from search.analysis.melody.model import Notes

SHORT_S = (3.0, 4.0)
_LEAPS: dict[str, Leaps] = {LEAP: "one", SINGLE_NOTES: "single notes"}


def draw(
    tunes: Sequence[NamedTune], level: str, condition: str, *, duration_s: float, seed: int, number: int
) -> tuple[int, Hum]:
    """Return hum ``number`` of a condition: its tune's number, and the hum. Equal arguments give equal hums.

    `SHORT` hums last 3 to 4 s whatever ``duration_s`` is; those at `HALF_TEMPO` take twice the tune's time.
    """
    rng = np.random.default_rng([seed, number])
    tune = int(rng.integers(len(tunes)))
    line = _line(tunes[tune].notes)
    difficulty = DIFFICULTIES[level]
    if condition == SHORT:
        duration_s = float(rng.uniform(*SHORT_S))
    if condition == HALF_TEMPO:
        difficulty = replace(difficulty, tempo=(0.5, 0.5))
    latest = int(np.searchsorted(line.start_s, line.end_s[-1] - duration_s))
    first = int(rng.integers(0, max(1, latest))) if condition != BEGINNING else 0
    return tune, hum(line, first, duration_s, difficulty, rng, leaps=_LEAPS.get(condition, "none"))


def _line(notes: Notes) -> Line:
    return Line(notes.start_s, notes.end_s, notes.pitch.astype(np.float64))
