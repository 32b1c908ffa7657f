"""What is taken of a sound in one pass: of a recording what is kept of it, of a question what is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.landmarks import ASKED, KEPT, Density, Landmarks, Peaks
from search.analysis.exact.outlines import Outlines, outline
from search.analysis.exact.spectra import BROAD, parts
from search.model import Wave


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a recording; ``rows`` (n,) uint32 is its outline, empty where it was made without."""

    landmarks: Landmarks
    rows: Outlines


@dataclass(frozen=True, slots=True)
class ExactQuestion:
    """What is asked; ``powers`` (frames, `BROAD`) are its energies."""

    landmarks: Landmarks
    powers: NDArray[np.float32]

    @property
    def frames(self) -> int:
        """Its length."""
        return self.landmarks.frames


def fingerprint(blocks: Iterable[Wave]) -> Fingerprint:
    """What is kept of a recording that comes in ``blocks`` (samples,) at `spectra.RATE_HZ`, in order of time."""
    landmarks, powers = _peaks_and_powers(blocks, KEPT)
    return Fingerprint(landmarks, outline(powers))


def question(blocks: Iterable[Wave]) -> ExactQuestion:
    """What is asked of a sound that comes in ``blocks`` (samples,) at `spectra.RATE_HZ`, in order of time."""
    return ExactQuestion(*_peaks_and_powers(blocks, ASKED))


def _peaks_and_powers(blocks: Iterable[Wave], density: Density) -> tuple[Landmarks, NDArray[np.float32]]:
    peaks, powers = Peaks(density), [np.empty((0, BROAD), np.float32)]
    for part in parts(blocks):
        peaks.add(part)
        powers.append(part.powers.copy())
    return peaks.landmarks(), np.concatenate(powers)
