"""Continues and varies tunes: a Markov model of melodies, counted in songs (`training.tunes`).

A note is a step from the previous one (semitones), and a length relative to the tune's usual length. The next note
depends on the last two notes, and on the last one's position in the key. For contexts that were seen rarely, shorter
ones are mixed in (Witten-Bell interpolation). So a tune's key and tempo do not matter, and the table is small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import Notes
from search.errors import QueryError

WIDEST: Final = 12
"""Steps beyond an octave count as an octave."""
LENGTHS: Final = 4
"""Lengths go from a quarter of the usual length to four times it, in factors of the square root of 2."""
_LENGTH_COUNT: Final = 2 * LENGTHS + 1
SYMBOLS: Final = (2 * WIDEST + 1) * _LENGTH_COUNT
BEGIN: Final = SYMBOLS
"""The symbol before the first note."""
_DOUBT: Final = 3.0
"""A context has half the weight, and the shorter ones the other half, if each symbol followed it this often on average
(Witten and Bell use 1)."""
LEAST_NOTES: Final = 3
MOST_NOTES: Final = 500
_REACH: Final = 7.0
"""How many semitones beyond its lowest and highest note a tune may continue."""
LOWEST: Final = 0
HIGHEST: Final = 127
"""The range of pitches in MIDI."""
_SOUNDING: Final = 0.92
_SCALE: Final = (0, 2, 4, 5, 7, 9, 11)
_TRIES: Final = 24

Table = NDArray[np.int64]
Chances = NDArray[np.float64]


def key_of(notes: Notes) -> int:
    """Return the tonic (0 to 11, C is 0) of the major scale with most of the tune; for minor, the relative major.

    >>> key_of(Notes(np.arange(5.0), np.arange(5.0) + 1, np.array([67, 69, 71, 66, 67], np.float32)))
    7
    """
    classes = np.round(notes.pitch).astype(np.int64) % 12
    weight = np.bincount(classes, np.maximum(notes.end_s - notes.start_s, 1e-3), minlength=12)
    inside = [weight[[(tonic + step) % 12 for step in _SCALE]].sum() for tonic in range(12)]
    firm = [weight[tonic] + weight[(tonic + 7) % 12] for tonic in range(12)]
    return int(np.argmax(np.array(inside) + 0.1 * np.array(firm)))


def symbols_of(notes: Notes) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Return a tune as symbols (n - 1,), its notes' positions in the key (n,), and its usual length in seconds.

    A symbol is the time from a note to the next, and the step between them.
    """
    pitch = np.round(notes.pitch).astype(np.int64)
    lengths = np.diff(notes.start_s)
    usual_s = float(np.median(lengths)) if len(lengths) else 0.5
    usual_s = max(usual_s, 0.05)
    length = np.clip(np.round(2 * np.log2(np.maximum(lengths, 1e-3) / usual_s)), -LENGTHS, LENGTHS).astype(np.int64)
    step = np.clip(np.diff(pitch), -WIDEST, WIDEST)
    return (step + WIDEST) * _LENGTH_COUNT + length + LENGTHS, (pitch - key_of(notes)) % 12, usual_s


def counted(tunes: Sequence[Notes]) -> Table:
    """Return (n, 5): position in the key, the symbols of two notes, the next symbol, and the number of tunes with it.

    Repetitions within a tune do not count; otherwise refrains would dominate.
    """
    rows = []
    for notes in tunes:
        symbols, places, _ = symbols_of(notes)
        before = np.concatenate([[BEGIN, BEGIN], symbols])
        rows.append(np.unique(np.stack([places[:-1], before[:-2], before[1:-1], symbols], axis=1), axis=0))
    found, count = np.unique(np.concatenate(rows), axis=0, return_counts=True)
    return np.column_stack([found, count]).astype(np.int64)


class TuneModel:
    """Predicts the next symbol by a table from `counted`."""

    def __init__(self, table: Table) -> None:
        self._levels = [_Level(table, [0, 1, 2]), _Level(table, [0, 2]), _Level(table, [0])]

    def chances(self, place: int, before: int, last: int) -> Chances:
        """Return (SYMBOLS,) the probability of each symbol after two others, with the last note at ``place`` in the
        key.
        """
        found = np.full(SYMBOLS, 1.0 / SYMBOLS)
        for level, context in zip(
            reversed(self._levels), ((place,), (place, last), (place, before, last)), strict=True
        ):
            symbols, counts = level.after(context)
            total = float(counts.sum())
            doubt = _DOUBT * len(symbols)
            if total:
                found *= doubt / (total + doubt)
                found[symbols] += counts / (total + doubt)
        return found

    def surprise(self, tunes: Sequence[Notes]) -> float:
        """Return the mean bits per note of these tunes (cross-entropy); lower is better."""
        bits = []
        for notes in tunes:
            symbols, places, _ = symbols_of(notes)
            before = last = BEGIN
            for symbol, place in zip(symbols.tolist(), places.tolist(), strict=False):
                bits.append(-np.log2(self.chances(place, before, last)[symbol]))
                before, last = last, symbol
        return float(np.mean(bits))


class _Level:
    """What followed the contexts made of some columns of the table."""

    def __init__(self, table: Table, columns: list[int]) -> None:
        self._codes = np.zeros(len(table), np.int64)
        for column in columns:
            self._codes = self._codes * (SYMBOLS + 1) + table[:, column]
        order = np.argsort(self._codes, kind="stable")
        self._codes, self._next, self._count = self._codes[order], table[order, 3], table[order, 4]

    def after(self, context: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        code = 0
        for one in context:
            code = code * (SYMBOLS + 1) + one
        first, last = np.searchsorted(self._codes, [code, code + 1])
        symbols, where = np.unique(self._next[first:last], return_inverse=True)
        return symbols, np.bincount(where, self._count[first:last], len(symbols)).astype(np.int64)


@cache
def model() -> TuneModel:
    """Load the shipped model."""
    with (files("search.making") / "tunes.npz").open("rb") as file, np.load(file) as stored:
        return TuneModel(stored["table"].astype(np.int64))


@dataclass(slots=True)
class _Line:
    """A tune in progress: pitch and start of each note, and the model's context (``before``, ``last``)."""

    pitch: list[int]
    start_s: list[float]
    usual_s: float
    tonic: int
    before: int
    last: int

    @classmethod
    def after(cls, notes: Notes) -> _Line:
        symbols, _, usual_s = symbols_of(notes)
        before, last = ([BEGIN, BEGIN, *symbols.tolist()])[-2:]
        pitch = [round(float(one)) for one in notes.pitch]
        return cls(pitch, notes.start_s.tolist(), usual_s, key_of(notes), before, last)

    def chances(self, model: TuneModel, lowest: float, highest: float) -> Chances:
        """Return the probabilities of the next symbol, limited to a range of pitches."""
        found = model.chances((self.pitch[-1] - self.tonic) % 12, self.before, self.last)
        reached = self.pitch[-1] + np.arange(SYMBOLS) // _LENGTH_COUNT - WIDEST
        found = np.where((reached >= lowest) & (reached <= highest), found, 0.0)
        chances: Chances = found / found.sum()
        return chances

    def add(self, symbol: int) -> None:
        self.pitch.append(self.pitch[-1] + symbol // _LENGTH_COUNT - WIDEST)
        self.start_s.append(self.start_s[-1] + _length_s(symbol, self.usual_s))
        self.before, self.last = self.last, symbol


def continued(notes: Notes, count: int, seed: int = 0, by: TuneModel | None = None) -> Notes:
    """Return the tune and ``count`` more notes. Deterministic by ``seed``.

    The last note is long, and a closing note of the key: the tonic, or a third, fifth or sixth above it. Raises
    QueryError for a tune with fewer than `LEAST_NOTES` notes, or a count that is not from 1 to `MOST_NOTES`.
    """
    _check(notes, count)
    by, rng, line = by or model(), np.random.default_rng(seed), _Line.after(notes)
    lowest = max(float(notes.pitch.min()) - _REACH, LOWEST)
    highest = min(float(notes.pitch.max()) + _REACH, HIGHEST)
    for number in range(count):
        chances = line.chances(by, lowest, highest)
        if number == count - 1:
            reached = (line.pitch[-1] + np.arange(SYMBOLS) // _LENGTH_COUNT - WIDEST - line.tonic) % 12
            ending = np.where(np.isin(reached, (0, 4, 7, 9)), chances * np.where(reached == 0, 4.0, 1.0), 0.0)
            chances = ending / ending.sum()
        line.add(int(rng.choice(SYMBOLS, p=chances)))
    given = len(notes)
    return _written(line, np.append(notes.end_s[: given - 1], [min(notes.end_s[-1], line.start_s[given])]))


def varied(notes: Notes, seed: int = 0, by: TuneModel | None = None) -> Notes:
    """Return the tune with other notes between the important ones. Deterministic by ``seed``.

    Long notes and every fourth note stay, and so does the rhythm. Raises QueryError for a tune with fewer than
    `LEAST_NOTES` notes.
    """
    _check(notes, 1)
    by, rng = by or model(), np.random.default_rng(seed)
    symbols, _, _ = symbols_of(notes)
    tonic, pitch = key_of(notes), np.round(notes.pitch).astype(np.int64).tolist()
    lengths = np.append(np.diff(notes.start_s), 0.0)
    stays = (np.arange(len(notes)) % 4 == 0) | (lengths >= 1.5 * np.median(lengths[:-1]))
    stays[[0, -1]] = True
    kept = np.flatnonzero(stays).tolist()
    bridges = _Bridges(by, rng, tonic, symbols % _LENGTH_COUNT)
    for first, last in pairwise(kept):
        tried = [bridges.tried(pitch[: first + 1], pitch[last], last) for _ in range(_TRIES)]
        pitch[first + 1 : last] = max(tried)[1]
    return Notes(notes.start_s.copy(), notes.end_s.copy(), np.array(pitch, np.float32))


@dataclass(frozen=True, slots=True)
class _Bridges:
    """Finds notes between two given ones that keep a tune's ``rhythm`` (n - 1,), the lengths of its notes."""

    model: TuneModel
    rng: np.random.Generator
    tonic: int
    rhythm: NDArray[np.int64]

    def tried(self, before: list[int], goal: int, place: int) -> tuple[float, list[int]]:
        """Try random pitches from the last one of ``before`` to ``goal`` at index ``place``.

        Return their log probability, and the pitches.
        """
        way, likely = list(before), 0.0
        steps = np.clip(np.diff(way)[-2:], -WIDEST, WIDEST) + WIDEST
        lengths = self.rhythm[len(way) - 1 - len(steps) : len(way) - 1]
        older, last = ([BEGIN, BEGIN, *(steps * _LENGTH_COUNT + lengths).tolist()])[-2:]
        for number in range(len(before) - 1, place):
            chances = self.model.chances((way[-1] - self.tonic) % 12, older, last)
            chances = chances.reshape(-1, _LENGTH_COUNT)[:, self.rhythm[number]]
            if number == place - 1:
                step = int(np.clip(goal - way[-1], -WIDEST, WIDEST))
            else:
                step = int(self.rng.choice(len(chances), p=chances / chances.sum())) - WIDEST
                way.append(min(max(way[-1] + step, LOWEST), HIGHEST))
                step = way[-1] - way[-2]
            likely += float(np.log(chances[step + WIDEST]))
            older, last = last, int((step + WIDEST) * _LENGTH_COUNT + self.rhythm[number])
        return likely, way[len(before) :]


def _check(notes: Notes, count: int) -> None:
    if len(notes) < LEAST_NOTES:
        raise QueryError(f"the tune has {len(notes)} notes; give {LEAST_NOTES} or more")
    if not 1 <= count <= MOST_NOTES:
        raise QueryError(f"{count} notes; ask for 1 to {MOST_NOTES}")


def _written(line: _Line, given_ends_s: NDArray[np.float64]) -> Notes:
    """Return the line as notes. The given ends stay; the last note is long."""
    start_s = np.array(line.start_s)
    ends_s = start_s + _SOUNDING * np.append(np.diff(start_s), 2 * line.usual_s)
    ends_s[: len(given_ends_s)] = given_ends_s
    return Notes(start_s, ends_s, np.array(line.pitch, np.float32))


def _length_s(symbol: int, usual_s: float) -> float:
    return usual_s * float(2.0 ** ((symbol % _LENGTH_COUNT - LENGTHS) / 2))
