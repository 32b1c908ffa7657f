"""The tune of a recording: one voice by pitch tracking, several by predominant melody, nothing where there is no
tune.
"""

from __future__ import annotations

import numpy as np

from search.melody.contours import Contour, contour_of_curve
from search.melody.hearing import steady_notes
from search.melody.model import PitchCurve
from search.melody.pitch import SAMPLE_RATE_HZ, pitch_of
from search.melody.predominant import predominant_melody
from search.model import Wave

ONE_VOICE = 0.4
"""From this share of the time in which SwiftF0 hears steady notes, a recording is taken for one voice."""

LEAST_NOTES = 8
LEAST_STEADY = 0.25
LEAST_PITCHES = 4


def contour_of_recording(wave: Wave) -> Contour | None:
    """The contour of ``wave`` (samples,) at ``pitch.SAMPLE_RATE_HZ``, or None when there is no tune to be found by
    humming.
    """
    one = pitch_of(wave)
    curve = one if _steady_share(one) >= ONE_VOICE else predominant_melody(wave)
    notes = steady_notes(curve)
    pitches = len(np.unique(np.round(notes.pitch))) if len(notes) else 0
    if len(notes) < LEAST_NOTES or pitches < LEAST_PITCHES or _steady_share(curve) < LEAST_STEADY:
        return None
    return contour_of_curve(curve)


def _steady_share(curve: PitchCurve) -> float:
    """Steady notes' share of the time between the first sound of pitch and the last."""
    voiced = np.flatnonzero(np.isfinite(curve.pitch))
    if not len(voiced):
        return 0.0
    notes = steady_notes(curve)
    return float((notes.end_s - notes.start_s).sum()) / (int(voiced[-1] - voiced[0] + 1) * curve.hop_s)


__all__ = ["SAMPLE_RATE_HZ", "contour_of_recording"]
