"""The values of the melody room: notes, tunes, pitch curves, and what a hum is answered with.

Pitches are MIDI note numbers (69 is A4, 440 Hz), fractions are cents; times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

MelodyVerdict: TypeAlias = Literal["good", "weak", "none", "no melody"]
"""As ``search.model.Verdict``, and "no melody" where what was hummed is not a tune (speech, noise, silence, two
notes)."""

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
        """When the last note ends."""
        return float(self.end_s[-1]) if len(self) else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Tune:
    """A melody that can be looked for. ``name`` tells the voices of one file apart (a track's name; empty where there
    is one).
    """

    notes: Notes
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PitchCurve:
    """What a pitch tracker heard: ``pitch`` (n,) float32, one value every ``hop_s``, NaN where no pitch sounds."""

    pitch: Pitches
    hop_s: float

    @property
    def duration_s(self) -> float:
        """How long was listened."""
        return len(self.pitch) * self.hop_s


@dataclass(frozen=True, slots=True)
class MelodyHit:
    """A tune that a hum matches, and where: from ``start_s`` to ``end_s`` of the tune; ``window`` is the id of the
    tune's window that starts closest to there.

    ``score`` is higher for a closer match (0 is perfect); ``probability`` is the confidence that this is the tune:
    versions of a tune have the same, and the same number ``version_of``; they stand side by side, tunes count from 0.
    ``tempo`` is how much faster than the tune the hum went; ``transposed`` is the hum's key less the tune's, in
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
    """The tunes a hum matches, best first, one hit a content, with a verdict beside them and a line that explains it.

    The hits are empty exactly when the verdict is "no melody", or when nothing is indexed.
    """

    verdict: MelodyVerdict
    hits: tuple[MelodyHit, ...] = field(default=())
    reason: str = ""
