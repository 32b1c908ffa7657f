"""The values of the melody package: notes, tunes, pitch curves, and answers to hums.

Pitches are MIDI note numbers (69 is A4, 440 Hz), fractions are cents; times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

MelodyVerdict: TypeAlias = Literal["good", "weak", "none", "no melody"]
"""As ``search.model.Verdict``, or "no melody" if what was hummed is not a tune (speech, noise, silence, two notes)."""

Times: TypeAlias = NDArray[np.float64]
Pitches: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Notes:
    """A line of notes, one at a time, in order: ``start_s`` and ``end_s`` (n,) float64, ``pitch`` (n,) float32."""

    start_s: Times
    end_s: Times
    pitch: Pitches

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def duration_s(self) -> float:
        """The end of the last note."""
        return float(self.end_s[-1]) if len(self) else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Tune:
    """A melody that can be searched for. ``name`` distinguishes the voices of one file; empty if there is only one."""

    notes: Notes
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PitchCurve:
    """The result of a pitch tracker: ``pitch`` (n,) float32, one value every ``hop_s``, NaN where there is no pitch."""

    pitch: Pitches
    hop_s: float

    @property
    def duration_s(self) -> float:
        """The length of the curve."""
        return len(self.pitch) * self.hop_s


@dataclass(frozen=True, slots=True)
class MelodyHit:
    """A tune that a hum matches from ``start_s`` to ``end_s``; ``window`` is the id of its window nearest to the start.

    ``score`` is higher for a closer match (0 is perfect). ``probability`` is the confidence that this is the tune.
    Versions of a tune stand side by side; they have the same probability and the same number ``version_of``, from 0.
    ``tempo`` is how much faster the hum is than the tune. ``transposed`` is the hum's key minus the tune's, in
    semitones.
    """

    tune: int
    window: int
    start_s: float
    end_s: float
    score: float
    probability: float
    tempo: float
    transposed: float
    version_of: int = 0


@dataclass(frozen=True, slots=True)
class MelodyAnswer:
    """The tunes that a hum matches, best first, one hit per content, with a verdict and a ``reason`` that explains it.

    There are no hits if the verdict is "no melody", or if no tune is indexed or comes near.
    """

    verdict: MelodyVerdict
    hits: tuple[MelodyHit, ...] = field(default=())
    reason: str = ""
