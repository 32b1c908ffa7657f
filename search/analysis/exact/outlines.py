"""Outlines: in which broad bands a sound is above its surroundings, as 32 bits for every 93 ms.

They verify places that only a few landmarks point to: in noise few landmarks remain, and a few also agree by chance. An
outline uses the whole sound, not only its peaks. The bits are differences of energy as in Haitsma and Kalker (A Highly
Robust Audio Fingerprinting System, ISMIR 2002), but at a lower rate. The question's values are not reduced to bits;
they are weighted by how far they are above or below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.spectra import BROAD, DEPTH, running_mean

STEP: Final = 4
"""Frames per row."""
_AROUND: Final = (8, 4)
"""The rows and bands on each side that are the surroundings."""
_MOST: Final = 3.0
"""The limit of a value, relative to the median."""
_LEAST_ROWS: Final = 4
_SAMPLES: Final = 256
"""Places of the library with which a question is compared, to learn its agreement with unrelated sounds."""
_MIDDLE: Final = (STEP - 1) / 2

_BYTES: Final = BROAD // 8
_BITS_OF_A_BYTE: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[np.newaxis], axis=0, bitorder="little").astype(
    np.float32
)
"""The bits of each value of a byte (8, 256)."""

Outlines = NDArray[np.uint32]


class OutlineOfParts:
    """The outline of a sound whose energies are given part by part; it keeps one of four frames, as logarithms."""

    def __init__(self) -> None:
        self._rest = np.empty((0, BROAD), np.float32)
        self._energies: list[NDArray[np.float32]] = [np.empty((0, BROAD), np.float32)]

    def add(self, powers: NDArray[np.float32]) -> None:
        """Add the next energies (frames, `BROAD`)."""
        powers = np.concatenate((self._rest, powers))
        whole = len(powers) // STEP * STEP
        self._rest = powers[whole:].copy()
        self._energies.append(_energies(powers[:whole])[::STEP])

    def rows(self) -> Outlines:
        """The outline (frames // `STEP`,): one bit for each band that is above its surroundings."""
        return _rows(np.concatenate(self._energies))


def outline(powers: NDArray[np.float32]) -> Outlines:
    """The outline (frames // `STEP`,) of energies (frames, `BROAD`): a bit for each band above its surroundings."""
    return _rows(_energies(powers)[::STEP])


def _rows(energies: NDArray[np.float32]) -> Outlines:
    relief = _relief(energies)
    return np.packbits(relief > 0, axis=1, bitorder="little").view("<u4")[:, 0].astype(np.uint32)


def _energies(powers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithms of the means over `STEP` frames, starting at each frame that has enough frames after it."""
    if len(powers) < STEP:
        return np.empty((0, BROAD), np.float32)
    count = len(powers) - STEP + 1
    mean = sum(powers[first : first + count] for first in range(STEP)) / np.float32(STEP)
    return np.asarray(np.log(mean + np.float32(DEPTH**2)), np.float32)


def _relief(energies: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each value (rows, bands) is above its surroundings, first in time, then in pitch."""
    if not len(energies):
        return energies
    over = energies - running_mean(energies, _AROUND[0])
    return over - running_mean(over, _AROUND[1], axis=1)


@dataclass(frozen=True, slots=True)
class Alignments:
    """k places that a question may come from. The content's outline has ``rows`` rows from ``begin``; (k,) int64 each.

    Frame q of the question is frame ``offset`` + ``speed`` * q of the content; (k,) float64.
    """

    begin: NDArray[np.int64]
    rows: NDArray[np.int64]
    offset: NDArray[np.float64]
    speed: NDArray[np.float64]


class Profile:
    """A question's values in broad bands, for comparison with outlines."""

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
        """A lookup table: for each frame, byte of a row and value of that byte, the sum of values over its set bits."""
        self._squares = np.square(self.values).sum(axis=1)

    def agreement(self, outlines: Outlines, lines: Alignments) -> NDArray[np.float32]:
        """The agreement (k,) of the question with ``outlines`` (all rows) at each place; 0 if the overlap is small."""
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
        """The median and the spread (one standard deviation) of its agreement with places all over the library."""
        begin = np.linspace(0, max(len(outlines) - len(self.values) // STEP, 0), _SAMPLES).astype(np.int64)
        none, one = np.zeros(_SAMPLES), np.ones(_SAMPLES)
        found = self.agreement(outlines, Alignments(begin, len(outlines) - begin, none, one))
        low, middle, high = np.quantile(found, (0.16, 0.5, 0.84))
        return float(middle), max(float(high - low) / 2, 1.0)
