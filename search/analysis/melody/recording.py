"""The tune of a recording, if it has one that could be hummed.

The pitch tracker follows a single voice exactly, and of several voices mostly the lead: on rendered songs with a
sung-like lead over piano it has .88 of the lead's frames right, and .81 if the lead is plucked like the rest
(docs/figures/humming-recordings.md). Salience by harmonic summation (Salamon & Gomez 2012, without their contour
selection) had .40 on both and was abandoned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.contours import Contour, contour_of_curve
from search.analysis.melody.hearing import steady_notes
from search.analysis.melody.loudness import lead_of
from search.analysis.melody.model import Notes, PitchCurve

LEAST_NOTES = 8
LEAST_PITCHES = 4
SAME_SHARE = 0.98
"""A lead with this share of the curve's frames counts as equal to the curve, and only the curve is kept."""

LEAST_STEADY = 0.5
"""The least share of steady notes in the time between a recording's first and last pitch; songs have .6 to .85."""


def contours_of_recording(curve: PitchCurve, levels_db: NDArray[np.float64]) -> tuple[Contour, ...]:
    """The contours of a recording: of the whole pitch curve and, if it differs, of the lead; empty if it has no tune.

    ``levels_db`` (n,) is the level of each frame of ``curve``. Over an accompaniment, the lead alone is found far
    better (`loudness.lead_of`). But if a single voice sings softly and loudly, only the whole curve is complete. A
    hum's hit is the better of the two.
    """
    notes = steady_notes(curve)
    pitches = len(np.unique(np.round(notes.pitch))) if len(notes) else 0
    if len(notes) < LEAST_NOTES or pitches < LEAST_PITCHES or steady_share(curve, notes) < LEAST_STEADY:
        return ()
    lead = lead_of(curve, levels_db)
    voiced, leading = (int(np.isfinite(one.pitch).sum()) for one in (curve, lead))
    tunes = (curve, lead) if 0 < leading < SAME_SHARE * voiced else (curve,)
    return tuple(contour_of_curve(one) for one in tunes)


def steady_share(curve: PitchCurve, notes: Notes) -> float:
    """The share of steady ``notes`` in the time between the first and the last pitch; 0 if there is no pitch."""
    voiced = np.flatnonzero(np.isfinite(curve.pitch))
    if not len(voiced):
        return 0.0
    return float((notes.end_s - notes.start_s).sum()) / (int(voiced[-1] - voiced[0] + 1) * curve.hop_s)
