"""Contours: pitch curves of tunes, cut into windows for a vector index that do not depend on key and tempo.

A contour follows the tune's pitch over *sounding time*: rests are filled with the note before them, and long ones are
shortened, because nobody hums a rest or an interlude at its full length. Knots map sounding time to the tune's time. A
window is sampled at ``WINDOW_POINTS`` points and its mean is subtracted, which removes the key. A hum's windows are cut
at every tempo considered, so a tune's windows are needed at one tempo only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import Notes, PitchCurve, Times
from search.model import Spans, Vectors

FRAME_S = 0.05
"""The step of a contour in sounding time: half of the shortest note that is commonly sung."""

LONGEST_REST_S = 0.5
"""Longer rests are shortened to this, about the length of a breath."""

WINDOW_S = 3.0
WINDOW_POINTS = 24
"""Length and resolution of a tune's windows (tuned). A hum of three seconds offers no more than this length. Single
longer windows distinguish tunes better, but many short ones together do as well."""

VECTOR_DIM = WINDOW_POINTS + 1

WINDOW_DISTANCE_S = 0.6
"""A tune's windows start at notes, at least this far apart (tuned). A hum's windows start at its notes, too, so that
both are aligned to within the error of onset detection. Windows on a grid would need twice as many."""

TEMPI = tuple(float(tempo) for tempo in np.geomspace(0.6, 1.6, 11))
"""The tempi at which a hum is tried, by factors of 1.103. The documented range is 0.6 to 1.6."""

EVERY_TEMPO = tuple(float(tempo) for tempo in np.geomspace(0.45, 2.2, 17))
"""The tempi for a hum that is not found at `TEMPI`; they include half and double tempo."""

MOST_STARTS = 20
"""The most windows of a hum at one tempo (tuned)."""

LATEST_START_S = 1.2
"""Windows of a short hum start up to this time even if they extend beyond its end, because not every note of a tune has
a window (tuned)."""

NEW_NOTE = 0.6
"""A new note begins if the 0.1 s before and after differ by this many semitones."""

RANGE_SEMITONES = 2.0
"""The weight of the constant coordinate, see ``as_vectors`` (tuned): about a melody's usual deviation from its mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """``pitch`` (n,) float32 without gaps, one value per ``FRAME_S`` of sounding time, and knots to the tune's time.

    ``knots_sounding_s`` and ``knots_tune_s`` (k,) ascend and are the same instants on both clocks. ``starts_s`` (n,)
    are sounding times at which a note surely begins, without the first note. Only they show repeated notes.
    """

    pitch: NDArray[np.float32]
    knots_sounding_s: Times
    knots_tune_s: Times
    starts_s: Times

    def __len__(self) -> int:
        return len(self.pitch)

    def tune_time(self, sounding_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert sounding times to times of the tune; times outside of the contour are clipped to its ends."""
        return np.interp(sounding_s, self.knots_sounding_s, self.knots_tune_s)


def contour_of_notes(notes: Notes) -> Contour:
    """The contour of a tune. Raises ValueError if it has no notes."""
    if not len(notes):
        raise ValueError("a contour needs at least one note")
    gap_s = np.append(notes.start_s[1:], notes.end_s[-1]) - notes.end_s
    filled_s = np.minimum(np.maximum(gap_s, 0.0), LONGEST_REST_S)
    ends = np.cumsum(np.maximum(notes.end_s - notes.start_s, 0.0) + filled_s)
    starts = np.concatenate([[0.0], ends[:-1]])
    frames = max(1, round(float(ends[-1]) / FRAME_S))
    at = np.searchsorted(ends, (np.arange(frames) + 0.5) * FRAME_S, side="right").clip(0, len(notes) - 1)
    # each note gives two knots: at its start, and at the end of the shortened rest after it
    sounding = np.stack([starts, ends], axis=1).ravel()
    tune = np.stack([notes.start_s, notes.end_s + filled_s], axis=1).ravel()
    return Contour(notes.pitch[at].astype(np.float32), sounding, np.maximum.accumulate(tune), starts[1:])


def contour_of_curve(curve: PitchCurve, longest_rest_s: float = LONGEST_REST_S) -> Contour:
    """The contour of a pitch tracker's curve (of a hum, or a recording of one voice). Raises ValueError if it is empty.

    Rests are filled and shortened as in `contour_of_notes`; everything before the first and after the last pitch is
    left out. A note surely begins wherever the voice resumes after a pause, however brief.
    """
    voiced = np.flatnonzero(np.isfinite(curve.pitch))
    if not len(voiced):
        raise ValueError("a contour needs at least one pitch")
    inside = np.arange(voiced[0], voiced[-1] + 1)
    latest = voiced[np.searchsorted(voiced, inside, side="right") - 1]
    kept = (inside - latest) * curve.hop_s <= longest_rest_s
    held, when_s = curve.pitch[latest[kept]], inside[kept] * curve.hop_s
    sounding_s = np.arange(len(held), dtype=np.float64) * curve.hop_s
    frames = max(1, round(len(held) * curve.hop_s / FRAME_S))
    pitch = np.interp((np.arange(frames) + 0.5) * FRAME_S, sounding_s + curve.hop_s / 2, held).astype(np.float32)
    jumps = np.flatnonzero(np.diff(when_s) > 1.5 * curve.hop_s)
    ends = np.unique(np.concatenate([[0], jumps, jumps + 1, [len(held) - 1]]))
    again = np.flatnonzero(np.diff(latest[kept]) > 1) + 1
    return Contour(pitch, sounding_s[ends], when_s[ends], sounding_s[again])


def onsets(pitch: NDArray[np.float32]) -> NDArray[np.int64]:
    """The frames of ``pitch`` (n,) at which a new note begins, including the first. Repeated notes are not detected.

    A note begins where the mean of two frames differs from that of the two before by more than ``NEW_NOTE``, and no
    frame within two frames has a larger difference.
    """
    padded = np.pad(pitch, 2, mode="edge")
    change = np.abs((padded[2:-2] + padded[3:-1]) - (padded[1:-3] + padded[:-4])) / 2
    around = np.pad(change, 2)
    most = np.max([around[i : i + len(change)] for i in range(5)], axis=0)
    found = np.flatnonzero((change > NEW_NOTE) & (change >= most))
    return np.concatenate([[0], found[np.diff(found, prepend=-2) > 1]]).astype(np.int64)


def window_starts(contour: Contour) -> Times:
    """The starts of a tune's windows in sounding time: at notes, at least ``WINDOW_DISTANCE_S`` apart.

    A window may extend beyond the end by half a second. A tune shorter than a window has one window.
    """
    last_s = max(0.0, len(contour) * FRAME_S - WINDOW_S + 0.5)
    notes_s = onsets(contour.pitch) * FRAME_S
    chosen = [0.0]
    for start_s in [*notes_s[notes_s <= last_s].tolist(), last_s]:
        while start_s - chosen[-1] > WINDOW_S:  # a long or repeated note: leave no gap without a window
            chosen.append(chosen[-1] + WINDOW_S)
        if start_s - chosen[-1] >= WINDOW_DISTANCE_S and start_s < last_s:
            chosen.append(start_s)
    return np.array(chosen)


def windows_of(contour: Contour) -> tuple[Spans, Vectors]:
    """A contour's windows: ``spans`` (n, 2) in the tune's time, and ``vectors`` (n, VECTOR_DIM) with unit rows."""
    start_s = window_starts(contour)
    ends_s = np.minimum(start_s + WINDOW_S, len(contour) * FRAME_S)
    vectors = _cut(contour, start_s, np.full(len(start_s), WINDOW_S))
    return contour.tune_time(np.stack([start_s, ends_s], axis=1)), vectors


@dataclass(frozen=True, slots=True, eq=False)
class HumWindows:
    """A hum's windows at every tempo considered: ``vectors`` (n, VECTOR_DIM), and for each window three values.

    ``tempo`` (n,) is how many seconds of the tune a second of the hum covers, ``start_s`` (n,) is where the window
    starts in the hum, and ``points`` (n,) is how many of its ``WINDOW_POINTS`` lie in the hum.
    """

    vectors: Vectors
    tempo: Times
    start_s: Times
    points: NDArray[np.int64]


def windows_of_hum(contour: Contour, tempi: Sequence[float] = TEMPI) -> HumWindows:
    """A hum's windows, at its notes and at each of ``tempi``.

    A window of the tune lasts ``WINDOW_S``; hummed at tempo v it lasts WINDOW_S / v. In a hum too short for that,
    windows start in its first `LATEST_START_S`, and hold the last pitch at their ends. If there are many notes,
    ``MOST_STARTS`` of them are taken, evenly spaced.
    """
    length_s = len(contour) * FRAME_S
    notes_s = onsets(contour.pitch) * FRAME_S
    tempo_of, starts = [], []
    for tempo in tempi:
        inside = notes_s[notes_s <= max(LATEST_START_S, length_s - WINDOW_S / tempo + 0.1)]
        evenly = np.linspace(0, len(inside) - 1, min(len(inside), MOST_STARTS)).astype(np.int64)
        starts.append(inside[evenly])
        tempo_of.append(np.full(len(evenly), tempo))
    start_s, tempo_each = np.concatenate(starts), np.concatenate(tempo_of)
    reached = np.round((length_s - start_s) * tempo_each * (WINDOW_POINTS / WINDOW_S)).astype(np.int64)
    vectors = _cut(contour, start_s, WINDOW_S / tempo_each)
    return HumWindows(vectors, tempo_each, start_s, np.minimum(reached, WINDOW_POINTS))


def _cut(contour: Contour, start_s: Times, length_s: Times) -> Vectors:
    """The windows (n, VECTOR_DIM) that start at ``start_s`` (n,) of sounding time and last ``length_s`` (n,)."""
    points = (np.arange(WINDOW_POINTS) + 0.5) / WINDOW_POINTS
    at_s = start_s[:, None] + points[None, :] * length_s[:, None]
    return as_vectors(contour.pitch[np.clip(at_s / FRAME_S, 0, len(contour) - 1).astype(np.int64)])


def as_vectors(pitch: NDArray[np.float32]) -> Vectors:
    """Convert semitones (n, points) to unit rows (n, points + 1): without their mean, and with a constant coordinate.

    Normalizing without the constant would blow up the errors of a drone to the size of a melody. With it, the cosine of
    two rows falls with their distance in semitones, and with the difference of their ranges.
    """
    centred = pitch - pitch.mean(axis=1, keepdims=True)
    constant = np.full((len(pitch), 1), RANGE_SEMITONES * np.sqrt(pitch.shape[1]), np.float32)
    rows = np.concatenate([centred.astype(np.float32), constant], axis=1)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def pitches_of(vectors: Vectors) -> NDArray[np.float32]:
    """Convert rows of `as_vectors` (n, points + 1) back to semitones without their mean (n, points)."""
    scaled: NDArray[np.float32] = vectors[:, :-1] * (RANGE_SEMITONES * np.sqrt(WINDOW_POINTS) / vectors[:, -1:])
    return scaled.astype(np.float32)
