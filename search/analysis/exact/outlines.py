"""Outlines: in which broad bands a sound lies above what is around it, 32 bits for each 93 ms.

They tell whether a question is of a place that a few landmarks point to: in noise few are left, and few fall together
by chance as well. All of the sound counts here, not only its peaks. Bits of differences of energy are those of Haitsma
and Kalker (A Highly Robust Audio Fingerprinting System, ISMIR 2002); here they are kept rarely, and a question's values
are not cut down to bits, but weigh by how far they lie above or below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.spectra import BROAD, DEPTH, running_mean

STEP: Final = 4
"""Frames of a row."""
_AROUND: Final = (8, 4)
"""Surroundings: so many rows and bands on each side."""
_MOST: Final = 3.0
"""A value counts no more than so many times the usual one."""
_LEAST_ROWS: Final = 4
_SAMPLES: Final = 256
"""Places of the library that a question is compared with, to know how like it is to what it is not."""
_MIDDLE: Final = (STEP - 1) / 2

_BYTES: Final = BROAD // 8
_BITS_OF_A_BYTE: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[np.newaxis], axis=0, bitorder="little").astype(
    np.float32
)
"""(8, 256) the bits of each value of a byte."""

Outlines = NDArray[np.uint32]


class OutlineOfParts:
    """The outline of a sound whose energies come part by part; of these it keeps a fourth, as logarithms."""

    def __init__(self) -> None:
        self._rest = np.empty((0, BROAD), np.float32)
        self._energies: list[NDArray[np.float32]] = [np.empty((0, BROAD), np.float32)]

    def add(self, powers: NDArray[np.float32]) -> None:
        """Take in the next energies (frames, `BROAD`)."""
        powers = np.concatenate((self._rest, powers))
        whole = len(powers) // STEP * STEP
        self._rest = powers[whole:].copy()
        self._energies.append(_energies(powers[:whole])[::STEP])

    def rows(self) -> Outlines:
        """(frames // `STEP`,) a bit for each band that lies above its surroundings."""
        return _rows(np.concatenate(self._energies))


def outline(powers: NDArray[np.float32]) -> Outlines:
    """(frames // `STEP`,) of energies (frames, `BROAD`): a bit for each band that lies above its surroundings."""
    return _rows(_energies(powers)[::STEP])


def _rows(energies: NDArray[np.float32]) -> Outlines:
    relief = _relief(energies)
    return np.packbits(relief > 0, axis=1, bitorder="little").view("<u4")[:, 0].astype(np.uint32)


def _energies(powers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithms of the means over `STEP` frames, from each frame on that has as many after it."""
    if len(powers) < STEP:
        return np.empty((0, BROAD), np.float32)
    count = len(powers) - STEP + 1
    mean = sum(powers[first : first + count] for first in range(STEP)) / np.float32(STEP)
    return np.asarray(np.log(mean + np.float32(DEPTH**2)), np.float32)


def _relief(energies: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each of (rows, bands) lies above its surroundings, first those in time, then those in pitch."""
    if not len(energies):
        return energies
    over = energies - running_mean(energies, _AROUND[0])
    return over - running_mean(over, _AROUND[1], axis=1)


@dataclass(frozen=True, slots=True)
class Alignments:
    """k places that a question may be of: a content's rows begin at ``begin`` and are ``rows`` many; each (k,) int64.

    Frame q of the question is frame ``offset`` + ``speed`` * q of the content; (k,) float64.
    """

    begin: NDArray[np.int64]
    rows: NDArray[np.int64]
    offset: NDArray[np.float64]
    speed: NDArray[np.float64]


class Profile:
    """A question's values in broad bands, which outlines are compared with."""

    def __init__(self, powers: NDArray[np.float32]) -> None:
        energies = _energies(powers)
        self.values = np.empty_like(energies)
        for first in range(min(STEP, len(energies))):
            self.values[first::STEP] = _relief(energies[first::STEP])
        size = np.abs(self.values)
        usual = float(np.median(size[size > 0])) if size.any() else 1.0
        self.values = np.clip(self.values / np.float32(usual), -_MOST, _MOST)
        self._sums = self.values.sum(axis=1)
        self._of_bytes = (self.values.reshape(-1, _BYTES, 8) @ _BITS_OF_A_BYTE).ravel()
        """Of each frame and each of the bytes of a row what all its bits that are set come to, by the byte's value."""
        self._squares = np.square(self.values).sum(axis=1)

    def agreement(self, outlines: Outlines, lines: Alignments) -> NDArray[np.float32]:
        """(k,) how far the question agrees with ``outlines`` (all rows) at each place; 0 where little of both is."""
        count, slowest = len(self.values), float(lines.speed.min(initial=1.0))
        if not count or not len(outlines):
            return np.zeros(len(lines.begin), np.float32)
        first = np.maximum(np.ceil((lines.offset + _MIDDLE * (lines.speed - 1)) / STEP), 0).astype(np.int64)
        longest = int(count * float(lines.speed.max(initial=slowest)) / STEP) + 1
        row = first[:, np.newaxis] + np.arange(longest)
        speed, offset = lines.speed[:, np.newaxis], lines.offset[:, np.newaxis]
        frame = np.rint((STEP * row + _MIDDLE - offset) / speed - _MIDDLE).astype(np.int64)
        there = (frame >= 0) & (frame < count) & (row < lines.rows[:, np.newaxis])
        frame = np.where(there, frame, 0)
        kept = outlines[np.where(there, lines.begin[:, np.newaxis] + row, 0)].astype("<u4")
        place = frame[..., np.newaxis] * _BYTES + np.arange(_BYTES)
        above = self._of_bytes[256 * place + kept.view(np.uint8).reshape(*kept.shape, _BYTES)].sum(axis=2)
        total = np.where(there, 2 * above - self._sums[frame], 0).sum(axis=1)
        square = np.where(there, self._squares[frame], 0).sum(axis=1)
        enough = (there.sum(axis=1) >= _LEAST_ROWS) & (square > 0)
        return np.asarray(np.where(enough, total / np.sqrt(np.where(enough, square, 1)), 0), np.float32)

    def usual(self, outlines: Outlines) -> tuple[float, float]:
        """The middle and the spread (one standard deviation) of its agreement with places all over the library."""
        begin = np.linspace(0, max(len(outlines) - len(self.values) // STEP, 0), _SAMPLES).astype(np.int64)
        none, one = np.zeros(_SAMPLES), np.ones(_SAMPLES)
        found = self.agreement(outlines, Alignments(begin, len(outlines) - begin, none, one))
        low, middle, high = np.quantile(found, (0.16, 0.5, 0.84))
        return float(middle), max(float(high - low) / 2, 1.0)
