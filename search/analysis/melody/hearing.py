"""Whether a sound is a tune at all: speech, noise, silence and fewer than three notes are rejected.

A tune dwells on notes, where the pitch is steady; speech glides. The measure is the share of voiced time in steady
stretches of 0.16 s or more. It is .62 to .99 for hums of the tuning synthesiser and .00 to .44 for spoken sentences of
../shared/data/natural (2nd and 98th percentile). Two real singers with a wide vibrato have .45 and .53, and the speech
of a formant synthesiser up to .45.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import Notes, PitchCurve

LEAST_VOICED_S = 1.0
SHORTEST_NOTE_S = 0.09
LONG_NOTE_S = 0.16
WIDEST_NOTE = 1.0
"""The most semitones between the highest and lowest pitch within a note; it allows vibrato and the end of a slide."""

LEAST_LONG, LEAST_STEADY = 0.40, 0.85
"""The least shares of voiced time in long notes, or in notes of any length. One is enough: a reel has few long
notes."""

LEAST_NOTES = 3
LEAST_PITCHES = 3
DISTINCT = 0.7
"""The least semitones between two different pitches."""
LONGEST_HUM_S = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """The result of `listen`: the pitch ``curve`` (cut to LONGEST_HUM_S) and its steady ``notes``.

    ``reason`` says why this is not a tune; it is empty if it is one. ``doubtful`` is true if the only reason is that it
    glides like speech.
    """

    curve: PitchCurve
    notes: Notes
    reason: str = ""
    doubtful: bool = False


def listen(curve: PitchCurve) -> Hearing:
    """Judge a pitch curve. Only the ``LONGEST_HUM_S`` from its first pitch on are judged and searched."""
    voiced = np.flatnonzero(np.isfinite(curve.pitch))
    if not len(voiced):
        return Hearing(curve, _no_notes(), "no voice was heard: silence, or noise without a pitch")
    longest = round(LONGEST_HUM_S / curve.hop_s)
    curve = PitchCurve(curve.pitch[voiced[0] : voiced[0] + longest], curve.hop_s)
    notes = steady_notes(curve)
    missing = _missing(curve, notes)
    if missing:
        return Hearing(curve, notes, missing)
    if _glides(curve, notes):
        return Hearing(curve, notes, "the pitch never settles on notes: this sounds like speech, not like a tune", True)
    return Hearing(curve, notes)


def _missing(curve: PitchCurve, notes: Notes) -> str:
    """What the curve lacks to be a tune; empty if nothing."""
    voiced_s = _voiced_s(curve)
    if voiced_s < LEAST_VOICED_S:
        return f"only {voiced_s:.1f} s of voice were heard; hum for three seconds or more"
    pitches = _distinct(notes.pitch)
    if len(notes) < LEAST_NOTES or pitches < LEAST_PITCHES:
        return (
            f"only {pitches} different note{'s were' if pitches != 1 else ' was'} heard; that is not enough of a tune"
        )
    return ""


def _glides(curve: PitchCurve, notes: Notes) -> bool:
    """Whether too little of the voiced time is on steady notes."""
    voiced_s, lasting_s = _voiced_s(curve), notes.end_s - notes.start_s
    long_s = float(lasting_s[lasting_s >= LONG_NOTE_S].sum())
    return long_s < LEAST_LONG * voiced_s and float(lasting_s.sum()) < LEAST_STEADY * voiced_s


def _voiced_s(curve: PitchCurve) -> float:
    return float(np.isfinite(curve.pitch).sum()) * curve.hop_s


def steady_notes(curve: PitchCurve) -> Notes:
    """The stretches of at least ``SHORTEST_NOTE_S`` with a pitch within ``WIDEST_NOTE``, greedily from the left."""
    low = high = 0.0
    start, rows = -1, []
    least = round(SHORTEST_NOTE_S / curve.hop_s)
    for i, pitch in enumerate([*curve.pitch.tolist(), math.nan]):
        steady = not math.isnan(pitch) and start >= 0 and max(high, pitch) - min(low, pitch) <= WIDEST_NOTE
        if steady:
            low, high = min(low, pitch), max(high, pitch)
            continue
        if start >= 0 and i - start >= least:
            rows.append((start * curve.hop_s, i * curve.hop_s, float(np.median(curve.pitch[start:i]))))
        start, low, high = (-1, 0.0, 0.0) if math.isnan(pitch) else (i, pitch, pitch)
    if not rows:
        return _no_notes()
    columns = np.array(rows, np.float64).T
    return Notes(columns[0], columns[1], columns[2].astype(np.float32))


def _distinct(pitch: NDArray[np.float32]) -> int:
    """The number of pitches that are `DISTINCT` apart, ignoring octaves, because trackers err by an octave.

    So a doorbell whose second harmonic is tracked now and then still has two notes.
    """
    if not len(pitch):
        return 0
    classes = np.sort(np.mod(pitch, 12.0))
    widest = int(np.diff(np.append(classes, classes[0] + 12.0)).argmax())
    count, last = 1, float(np.roll(classes, -widest - 1)[0])
    for one in np.roll(classes, -widest - 1)[1:].tolist():
        if (one - last) % 12.0 > DISTINCT:
            count, last = count + 1, one
    return count


def _no_notes() -> Notes:
    return Notes(np.empty(0), np.empty(0), np.empty(0, np.float32))
