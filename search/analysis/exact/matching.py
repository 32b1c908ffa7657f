"""Finding which recording a few seconds of sound come from, where in it they are, and how certain that is.

Every landmark that the question (the sound to recognise) shares with a recording votes for an offset: its place in the
recording minus its place in the question. The votes of the right recording agree, others are scattered. The offsets
with the most votes are then checked by comparing outlines: in noise, three votes may be right and five wrong. A
recording played at another pitch is found by looking up landmarks a band higher or lower. At another speed its votes
drift, but by less than the width in which votes are counted together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.landmarks import ON_BITS
from search.analysis.exact.listening import ExactQuestion
from search.analysis.exact.outlines import Alignments, Profile
from search.analysis.exact.spectra import FRAMES_PER_S
from search.analysis.exact.table import GAP, FingerprintTable

SHIFTS: Final = (0, 1, -1)
"""The bands by which the question may be higher than the recording: each is 1.9 %."""
LONGEST_S: Final = 10.0
"""The longest question: over longer ones, the votes at a speed that is 2 % off drift apart."""
_MOST_PLACES: Final = 400_000
_WIDTH_BITS: Final = 2
"""Votes are counted in steps of four frames (93 ms), two neighbouring steps together."""
_LOW: Final = (1 << 16) - 1
"""A mask for the lowest bits of steps, by which the votes of the chosen steps are selected."""
_CANDIDATES: Final = 128
"""The number of places whose outlines are compared ..."""
_FITTED: Final = 8
"""... and to how many of those a line is fitted."""
_FEW: Final = 6
"""Fewer votes than this do not determine a speed. Then the speed of the shift is used, and other shifts are tried."""
_NEARBY: Final = (0, -1, 1, -2, 2)
"""The frames around a place at which outlines are compared in the end."""
_BIAS: Final = 1 << 12
_ON_ROWS: Final = 19
"""The bits for the number of a vote; they hold `_MOST_PLACES`."""
_STEEPEST: Final = 0.04
_SPEEDS: Final = (1.0, 0.995, 1.005, 0.99, 1.01, 0.985, 1.015, 0.98, 1.02, 0.975, 1.025)
_THICK: Final = 2.5
"""The votes of one line lie within this many frames (58 ms)."""

ENOUGH: Final = 0.9
"""From this probability on, no other pitch is tried, unless the votes are few."""
_A_VOTE: Final = 0.5
"""The value of a vote, relative to one standard deviation of the agreement of outlines."""
_MOST_VOTES: Final = 12
"""The most votes that count in choosing places, because a sustained tone has any number."""
_EVEN: Final = 7.0
"""The evidence from outlines and votes at which the right and a wrong recording are equally likely, in a library of
`_EVEN_PLACES` places.

Of 696 questions in noise for recordings of the training data that are not in the library, the highest had 6.6; see
decision 0021."""
_EVEN_VOTES: Final = 9.5
"""The same in votes, for recordings without outlines."""
_EVEN_PLACES: Final = 300_000
_LEAST_EVEN: Final = 0.5
"""The most by which the votes expected by chance are lowered in a small library."""


@dataclass(frozen=True, slots=True)
class Match:
    """A content (its ``row`` in the table) that the question may come from.

    The question's frame q is at ``offset`` + ``speed`` * q, in frames of the content. ``first`` and ``last`` are the
    question's first and last frames that voted, and ``votes`` is the number of votes. ``agreement`` is that of
    outlines, in standard deviations of chance; None if the content has no outline. ``evidence`` combines both, and
    determines the ``probability``.
    """

    row: int
    offset: float
    speed: float
    first: int
    last: int
    votes: int
    agreement: float | None
    evidence: float
    probability: float

    def at_s(self, frame: float) -> float:
        """The time in the recording of a frame of the question, in seconds."""
        return (self.offset + self.speed * frame) / FRAMES_PER_S


def match(question: ExactQuestion, table: FingerprintTable) -> list[Match]:
    """The contents that a question of at most `LONGEST_S` may come from, likeliest first, each once."""
    best: dict[int, Match] = {}
    if not len(question.landmarks) or not len(table.places):
        return []
    matcher = _Matcher(question, table)
    for shift in SHIFTS:
        for one in matcher.at_shift(shift):
            if one.row not in best or one.evidence > best[one.row].evidence:
                best[one.row] = one
        if any(one.probability >= ENOUGH and one.votes >= _FEW for one in best.values()):
            break
    return sorted(best.values(), key=lambda one: (-one.evidence, one.row))


def evidence(votes: int, agreement: float | None, n_places: int) -> float:
    """The evidence (log odds) that a question comes from a recording; above 0 it is more likely than not.

    It is from the ``votes`` and the ``agreement`` of outlines (None if there are none). The more places a library
    has, the more votes agree by chance: one more for each factor of ten.
    """
    by_chance = max(math.log10(max(n_places, 1) / _EVEN_PLACES), -_LEAST_EVEN)
    if agreement is None:
        return votes - by_chance - _EVEN_VOTES
    return agreement + _A_VOTE * (votes - by_chance) - _EVEN


@dataclass(frozen=True, slots=True)
class _Votes:
    """Votes for one place: the question's frames, the keys, and the content's frames; each (n,)."""

    frames: NDArray[np.int64]
    keys: NDArray[np.uint32]
    local: NDArray[np.int64]


class _Matcher:
    """The matching of one question with one table."""

    def __init__(self, question: ExactQuestion, table: FingerprintTable) -> None:
        self._marks, self._table = question.landmarks, table
        self._profile = Profile(question.powers)
        self._usual = self._profile.usual(table.outlines)

    def at_shift(self, shift: int) -> list[Match]:
        """The matches if the question is ``shift`` bands higher than the recording."""
        keys = self._marks.keys(-shift)
        rows, places = self._table.look_up(keys, _MOST_PLACES)
        if not len(rows):
            return []
        frames = self._marks.frame[rows]
        lies = places.astype(np.int64) - frames + _BIAS
        steps = (lies >> _WIDTH_BITS).astype(np.uint32)
        chosen = fullest(steps)
        votes = _votes_in(chosen, lies, steps)
        begin = np.searchsorted(votes, chosen << (_ON_ROWS + _WIDTH_BITS))
        end = np.searchsorted(votes, (chosen + 2) << (_ON_ROWS + _WIDTH_BITS))
        offset = (votes[(begin + end) // 2] >> _ON_ROWS) - _BIAS
        row = self._table.rows_at(offset + GAP // 4)
        speed = 2 ** (shift / 36)
        agreement = self._agreement(row, offset - self._table.begins[row], np.full(len(row), speed))
        worth = np.where(self._known(row), agreement, 0) + _A_VOTE * np.minimum(end - begin, _MOST_VOTES)
        found = []
        for place in np.argsort(-worth, kind="stable")[:_FITTED].tolist():
            these = votes[begin[place] : end[place]] & ((1 << _ON_ROWS) - 1)
            local = places[these].astype(np.int64) - self._table.begins[row[place]]
            found.append(self._fitted(int(row[place]), _Votes(frames[these], keys[rows[these]], local), speed))
        return found

    def _known(self, row: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each content has an outline."""
        return self._table.firsts[row + 1] > self._table.firsts[row]

    def _agreement(
        self, row: NDArray[np.int64], offset: NDArray[np.number], speed: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """The agreement (k,) with the outlines of contents if the question's frame 0 is at ``offset``."""
        begin = self._table.firsts[row]
        lines = Alignments(begin, self._table.firsts[row + 1] - begin, offset.astype(np.float64), speed)
        middle, spread = self._usual
        return (self._profile.agreement(self._table.outlines, lines) - middle) / spread

    def _fitted(self, row: int, votes: _Votes, speed: float) -> Match:
        """Fit a line through most of the votes for one place, count the votes on it, and compare outlines.

        A sustained tone repeats the same two peaks, which many recordings have, too. So votes count only once for each
        pair of pitches, and once for each moment.
        """
        on_line, likeliest = _on_one_line(votes.frames, votes.local)
        frames, keys, local = votes.frames[on_line], votes.keys[on_line], votes.local[on_line]
        count = min(len(np.unique(frames)), len(np.unique(keys >> ON_BITS)))
        if count >= _FEW:
            speed = likeliest
            if np.ptp(frames) > FRAMES_PER_S:
                speed = min(max(float(np.polyfit(frames, local, 1)[0]), 1 - _STEEPEST), 1 + _STEEPEST)
            offset = float(np.mean(local - speed * frames))
        else:
            offset = float(np.median(votes.local - speed * votes.frames))
        agreement = None
        if self._known(np.array([row]))[0]:
            near = offset + np.array(_NEARBY, np.float64)
            same = np.full(len(near), row)
            each = self._agreement(same, near, np.full(len(near), speed))
            agreement = float(each.max())
            if count < _FEW:
                offset = float(near[int(np.argmax(each))])
        speaks = evidence(count, agreement, len(self._table.places))
        sure = 1 / (1 + math.exp(min(-speaks, 50.0)))
        return Match(row, offset, speed, int(frames.min()), int(frames.max()), count, agreement, speaks, sure)


def fullest(steps: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The ``steps`` (n,) that hold the most votes together with the next step; fullest first, then lowest."""
    in_order = _sorted(steps)
    is_near = in_order[1:] - in_order[:-1] <= 1
    has_near = np.zeros(len(steps), np.bool_)
    has_near[1:] = is_near
    has_near[:-1] |= is_near
    found, together = _held(in_order[has_near])
    if len(found) < _CANDIDATES or together[-1] < 2:  # then include single votes
        found, _ = _held(in_order)
    return found


def _held(in_order: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The fullest `_CANDIDATES` steps (see `fullest`), and how many votes each holds together with the next step."""
    begin = np.flatnonzero(np.diff(in_order, prepend=in_order[:1] + np.uint32(1)))
    held, count = in_order[begin].astype(np.int64), np.diff(begin, append=len(in_order))
    is_followed = np.append(held[1:] == held[:-1] + 1, np.False_)
    together = count + np.where(is_followed, np.append(count[1:], 0), 0)
    order = np.argsort(-together, kind="stable")[:_CANDIDATES]
    return held[order], together[order]


def _sorted(steps: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Sort by digits of 16 bits (radix sort), which takes half of the time of `numpy.sort`."""
    for shift in (0, 16):
        steps = steps[np.argsort((steps >> np.uint32(shift)).astype(np.uint16), kind="stable")]
    return steps


def _votes_in(chosen: NDArray[np.int64], lies: NDArray[np.int64], steps: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The votes in the ``chosen`` steps and the steps after them, plus a few others, sorted.

    Each is packed as its place (``lies``) in the high bits and its number in the low bits.
    """
    is_chosen = np.zeros(_LOW + 1, np.bool_)
    is_chosen[chosen & _LOW] = is_chosen[(chosen + 1) & _LOW] = True
    row = np.flatnonzero(is_chosen[steps & np.uint32(_LOW)])
    return np.asarray(np.sort((lies[row] << _ON_ROWS) + row))


def _on_one_line(frames: NDArray[np.int64], local: NDArray[np.int64]) -> tuple[NDArray[np.bool_], float]:
    """Which votes (n,) are on the best line, and its speed: that of `_SPEEDS` with the most within `_THICK` frames."""
    most, best, lowest = 0, 1.0, 0.0
    for speed in _SPEEDS:
        over = np.sort(local - speed * frames)
        counts = np.searchsorted(over, over + _THICK, side="right") - np.arange(len(over))
        place = int(np.argmax(counts))
        if counts[place] > most:
            most, best, lowest = int(counts[place]), speed, float(over[place])
    over = local - best * frames
    return (over >= lowest) & (over <= lowest + _THICK), best
