"""The tune of a recording, where it has one that could be hummed.

The pitch tracker follows one voice exactly, and of several mostly the one that leads: of rendered songs (a sung-like
lead over piano), it had .88 of the lead's frames right, and .81 where the lead was plucked like the rest
(docs/figures/humming-recordings.md). Salience by harmonic summation (Salamon & Gomez 2012, without their contour
selection) had .40 on both and was given up.
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
"""A lead that has so much of the curve is the curve: it is kept once."""

LEAST_STEADY = 0.5
"""Share of the time between a recording's first and last pitch that lies in steady notes; songs have .6 to .85."""


def contours_of_recording(curve: PitchCurve, levels_db: NDArray[np.float64]) -> tuple[Contour, ...]:
    """The contours of what was heard in a recording: the whole curve, and where that is less, who leads in it.

    None where there is no tune to be hummed. ``levels_db`` (n,) says how loud each frame of ``curve`` was: over an
    accompaniment the lead alone is found far better (`loudness.lead_of`), but of one voice that sings softly and
    loudly only the whole curve has all. A hum's hit is the better of the two.
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
    """The share of steady ``notes`` in the time between the first sound of pitch and the last; 0 where there is
    none.
    """
    voiced = np.flatnonzero(np.isfinite(curve.pitch))
    if not len(voiced):
        return 0.0
    return float((notes.end_s - notes.start_s).sum()) / (int(voiced[-1] - voiced[0] + 1) * curve.hop_s)
