"""Which recording a few seconds are of, where in it they lie, and how sure that is.

Every landmark of the question that a recording has as well votes for a place: that of the recording less its own. The
votes of the right recording fall together, the others anywhere. A recording that is played at another pitch is found by
asking for landmarks a band higher or lower; at another speed its votes drift, by less than the width that is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.exact.landmarks import FRAMES_PER_S, ON_BITS, Landmarks
from search.exact.table import GAP, FingerprintTable

SHIFTS: Final = (0, 1, -1)
"""Bands by which the question may be higher: each is 1.9 %."""
LONGEST_S: Final = 10.0
"""Of one question: over longer ones the votes of a speed that is 2 % off drift apart."""
_MOST_PLACES: Final = 400_000
_WIDTH_BITS: Final = 2
"""Votes are counted in steps of four frames, 93 ms, two neighbouring steps at once."""
_CANDIDATES: Final = 8
_BIAS: Final = 1 << 12
_STEEPEST: Final = 0.04
_SPEEDS: Final = (1.0, 0.995, 1.005, 0.99, 1.01, 0.985, 1.015, 0.98, 1.02, 0.975, 1.025)
_THICK: Final = 2.5
"""Votes of one line lie within so many frames: 58 ms."""

ENOUGH: Final = 0.9
"""From this probability on, no other pitch is tried."""
_EVEN: Final = 8.5
"""So many votes are as likely those of another recording as of the right one, in a library of `_EVEN_PLACES` places.

Of 246 questions for recordings that may be learnt from and are not there, the highest had 8; see decision 0021."""
_EVEN_PLACES: Final = 100_000
_LEAST_EVEN: Final = 7.5


@dataclass(frozen=True, slots=True)
class Match:
    """A content (its row in the table) that the question is of.

    The question's frame q lies at ``offset`` + ``speed`` * q, in frames of the content; ``first`` and ``last`` are the
    question's frames that voted first and last; ``votes`` as many of its landmarks.
    """

    row: int
    offset: float
    speed: float
    first: int
    last: int
    votes: int
    probability: float

    def at_s(self, frame: float) -> float:
        """Where in the recording a frame of the question lies, in seconds."""
        return (self.offset + self.speed * frame) / FRAMES_PER_S


def match(question: Landmarks, table: FingerprintTable) -> list[Match]:
    """The contents that a question of at most `LONGEST_S` may be of, likeliest first, each once."""
    best: dict[int, Match] = {}
    for shift in SHIFTS:
        for one in _at_shift(question, table, shift):
            if one.row not in best or one.votes > best[one.row].votes:
                best[one.row] = one
        if any(one.probability >= ENOUGH for one in best.values()):
            break
    return sorted(best.values(), key=lambda one: (-one.votes, one.row))


def probability(votes: int, places: int) -> float:
    """How sure it is that ``votes`` of a question are those of a recording among ``places`` places, 0 to 1.

    The more there is, the more votes fall together by chance: one for each tenfold.
    """
    even = max(_EVEN + math.log10(max(places, 1) / _EVEN_PLACES), _LEAST_EVEN)
    return 1 / (1 + math.exp(min(even - votes, 50.0)))


def _at_shift(question: Landmarks, table: FingerprintTable, shift: int) -> list[Match]:
    keys = question.keys(-shift)
    rows, places = table.look_up(keys, _MOST_PLACES)
    if not len(rows):
        return []
    frames = question.frame[rows]
    votes = places.astype(np.int64) - frames + _BIAS
    found = []
    for step in _fullest(votes >> _WIDTH_BITS):
        inside = (votes >> _WIDTH_BITS == step) | (votes >> _WIDTH_BITS == step + 1)
        found.append(_fitted(table, frames[inside], keys[rows[inside]], places[inside].astype(np.int64)))
    return found


def _fullest(steps: NDArray[np.int64]) -> list[int]:
    """The steps that, each with the one after it, hold the most votes; the fullest first."""
    step, counts = np.unique(np.sort(steps.astype(np.uint32)), return_counts=True)
    together = counts.copy()
    together[:-1] += np.where(np.diff(step) == 1, counts[1:], 0)
    most = np.argsort(-together, kind="stable")[:_CANDIDATES]
    return [int(value) for value in step[most]]


def _fitted(
    table: FingerprintTable,
    frames: NDArray[np.int64],
    keys: NDArray[np.uint32],
    places: NDArray[np.int64],
) -> Match:
    """The line through most of the votes that were counted together, and how many lie on it.

    A sustained tone has the same two peaks again and again, and many recordings have them too: votes count once for
    each pair of pitches, and once for each moment.
    """
    row = int(table.rows_at(np.array([int(np.median(places - frames)) + GAP // 4]))[0])
    local = places - table.begins[row]
    on_line, speed = _on_one_line(frames, local)
    frames, keys, local = frames[on_line], keys[on_line], local[on_line]
    if np.ptp(frames) > FRAMES_PER_S and len(frames) > 4:
        slope = float(np.polyfit(frames, local, 1)[0])
        speed = min(max(slope, 1 - _STEEPEST), 1 + _STEEPEST)
    offset = float(np.mean(local - speed * frames))
    votes = min(len(np.unique(frames)), len(np.unique(keys >> ON_BITS)))
    return Match(row, offset, speed, int(frames.min()), int(frames.max()), votes, probability(votes, len(table.places)))


def _on_one_line(frames: NDArray[np.int64], local: NDArray[np.int64]) -> tuple[NDArray[np.bool_], float]:
    """The votes (n,) on the line, of some speed near 1, that has most of them within `_THICK` frames; its speed."""
    most, best, lowest = 0, 1.0, 0.0
    for speed in _SPEEDS:
        over = np.sort(local - speed * frames)
        counts = np.searchsorted(over, over + _THICK, side="right") - np.arange(len(over))
        place = int(np.argmax(counts))
        if counts[place] > most:
            most, best, lowest = int(counts[place]), speed, float(over[place])
    over = local - best * frames
    return (over >= lowest) & (over <= lowest + _THICK), best
