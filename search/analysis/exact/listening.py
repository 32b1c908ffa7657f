"""Making fingerprints of recordings, and questions (sounds to recognise), in one pass over the sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.landmarks import ASKED, KEPT, Landmarks, Peaks
from search.analysis.exact.outlines import OutlineOfParts, Outlines
from search.analysis.exact.spectra import BROAD, Spectrogram, SpectrumPart, parts
from search.model import Wave


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The stored fingerprint of a recording; ``rows`` (n,) uint32 is its outline, or empty if it was made without."""

    landmarks: Landmarks
    rows: Outlines


@dataclass(frozen=True, slots=True)
class ExactQuestion:
    """A sound to recognise; ``powers`` (frames, `BROAD`) are its energies."""

    landmarks: Landmarks
    powers: NDArray[np.float32]

    @property
    def frames(self) -> int:
        """Its length in frames."""
        return self.landmarks.frames


class Fingerprinting:
    """Makes the fingerprint of a recording that is given block by block at `spectra.RATE_HZ`, in order of time."""

    def __init__(self) -> None:
        self._spectrogram = Spectrogram()
        self._peaks = Peaks(KEPT)
        self._outline = OutlineOfParts()

    def add(self, block: Wave) -> None:
        """Add the next ``block`` (samples,)."""
        self._take(self._spectrogram.add(block))

    def end(self) -> Fingerprint:
        """The fingerprint of all blocks."""
        self._take(self._spectrogram.end())
        return Fingerprint(self._peaks.landmarks(), self._outline.rows())

    def _take(self, parts: Iterable[SpectrumPart]) -> None:
        for part in parts:
            self._peaks.add(part)
            self._outline.add(part.powers)


def fingerprint(blocks: Iterable[Wave]) -> Fingerprint:
    """The fingerprint of a recording from its ``blocks`` (samples,) at `spectra.RATE_HZ`, in order of time."""
    making = Fingerprinting()
    for block in blocks:
        making.add(block)
    return making.end()


def question(blocks: Iterable[Wave]) -> ExactQuestion:
    """The question of a sound from its ``blocks`` (samples,) at `spectra.RATE_HZ`, in order of time."""
    peaks, powers = Peaks(ASKED), [np.empty((0, BROAD), np.float32)]
    for part in parts(blocks):
        peaks.add(part)
        powers.append(part.powers.copy())
    return ExactQuestion(peaks.landmarks(), np.concatenate(powers))
