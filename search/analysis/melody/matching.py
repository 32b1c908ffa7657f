"""Which tunes a hum matches, and where: a cascade of three steps, each more expensive and for fewer places.

1. The vector index finds the windows of tunes closest to the hum's windows, at every tempo considered. Each find means:
   the hum starts at this place of this tune, at this tempo.
2. All finds are checked over the whole hum by linear scaling: one gather, one median, no warping. A thorough search
   allows the voice to jump by an octave, at a cost for each jump (``octaves``).
3. The best places are aligned exactly (dynamic time warping, ``alignment``); the best place of a tune is its hit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody import octaves
from search.analysis.melody.alignment import align, costs
from search.analysis.melody.beginnings import closest
from search.analysis.melody.contours import EVERY_TEMPO, FRAME_S, TEMPI, Contour, windows_of_hum
from search.analysis.melody.contourtable import ContourLookup, ContourTable
from search.model import Bitmap, Ids
from search.ports import VectorIndex

SCALING_STEP_S = 0.11
FEWEST_POINTS, MOST_POINTS = 24, 64
"""The points at which a hum is compared with evenly stretched tunes: their distance, and their least and most
number."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The effort of a search: ``finds`` windows of tunes in all, ``most_each`` per window of the hum, at ``tempi``.

    ``aligned`` of these places are aligned exactly. ``jumps`` allows a voice to jump by an octave. ``beginnings``
    compares windows only as far as the hum reaches.
    """

    finds: int
    aligned: int
    most_each: int = 500
    tempi: tuple[float, ...] = TEMPI
    jumps: bool = False
    beginnings: bool = False


QUICK = Effort(finds=3_000, aligned=100)
"""Enough for nearly every hum (tuned): 98 % of the right places of the tuning hums are among the 100."""

THOROUGH = Effort(finds=20_000, aligned=600, most_each=2_000, tempi=EVERY_TEMPO, jumps=True)
"""For a hum that the quick search leaves in doubt, because too many of its windows are closer to other tunes."""

SHORT = Effort(finds=45_000, aligned=3_000, most_each=1_000, beginnings=True)
"""For a hum shorter than `SHORT_S`, which a quick search always leaves in doubt: so few notes distinguish tunes less,
and least if jumps are allowed."""
SHORT_S = 5.0

ALIGN_FRAME_S = 0.08
SLACK_S, SLACK_SHARE = 1.2, 0.15
"""How far the beginning and the tempo together may be off, in the hum's time; for a short hum a share of its length."""


START_COST = 0.06
"""The cost of a note start that the tune does not have nearby, in semitones for a second (tuned)."""

START_ERROR_S, LARGEST_START_ERROR = 0.06, 2.0
"""The usual error of a note start, in the hum's time, and the multiple of it from which the cost stays constant
(tuned)."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places in tunes where a hum may be.

    ``row`` (c,) is the row of the table, ``start_s`` (c,) the start in sounding time, ``tempo`` (c,) the tune's seconds
    per second of the hum, and ``shift`` (c,) the semitones from the tune's key to the hum's. ``octaves`` (c, points)
    are additional semitones at points of the hum; None if it never jumps.
    """

    row: Ids
    start_s: NDArray[np.float64]
    tempo: NDArray[np.float64]
    shift: NDArray[np.float32]
    octaves: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.row)

    def take(self, which: Ids) -> Places:
        """These places, in this order."""
        octaves = None if self.octaves is None else self.octaves[which]
        return Places(self.row[which], self.start_s[which], self.tempo[which], self.shift[which], octaves)


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The best place of each aligned tune, closest first; ``cost`` (c,) is the mean of `alignment.costs`.

    ``end_s`` (c,) is where the hum ends in the tune along the alignment, in sounding time.
    """

    places: Places
    end_s: NDArray[np.float64]
    cost: NDArray[np.float32]


def look(
    hum: Contour, index: VectorIndex, contours: ContourLookup, effort: Effort, among: Bitmap | None = None
) -> Matches:
    """Run all three steps. There are no matches if ``among`` leaves no window."""
    places = find(hum, index, contours, effort, among)
    return match(hum, scale(hum, places, contours, effort), contours)


def efforts(hum: Contour) -> tuple[Effort, ...]:
    """The efforts to try in turn: the next one if the previous one leaves the hum in doubt."""
    return (SHORT,) if len(hum) * FRAME_S < SHORT_S else (QUICK, THOROUGH)


def find(
    hum: Contour, index: VectorIndex, contours: ContourLookup, effort: Effort, among: Bitmap | None = None
) -> Places:
    """Step 1: every place suggested by a close window, without repetitions; the key is not known yet (0)."""
    windows = windows_of_hum(hum, effort.tempi)
    k = int(np.clip(effort.finds // len(windows.vectors), 10, effort.most_each))
    if effort.beginnings:
        which, ids = closest(index, windows, k, among)
    else:
        ids = index.search(windows.vectors, k, among)[1].ravel()
        which = np.repeat(np.arange(len(windows.vectors)), k)
    row, window_s = contours.locate(ids)
    known = row >= 0
    row, tempo = row[known], windows.tempo[which[known]]
    start_s = window_s[known] - tempo * windows.start_s[which[known]]
    # places within a quarter of a second at the same tempo count as one
    same = np.stack([row, np.round(start_s / 0.25).astype(np.int64), np.round(np.log(tempo) * 100).astype(np.int64)])
    _, first = np.unique(same, axis=1, return_index=True)
    return Places(row[first], start_s[first], tempo[first], np.zeros(len(first), np.float32))


def scale(hum: Contour, places: Places, contours: ContourLookup, effort: Effort) -> Places:
    """Step 2: the places where the hum, stretched evenly, fits best; their keys are the median difference."""
    length_s = len(hum) * FRAME_S
    points = int(np.clip(length_s / SCALING_STEP_S, FEWEST_POINTS, MOST_POINTS))
    at_s = (np.arange(points) + 0.5) * (length_s / points)
    hum_pitch = hum.pitch[(at_s / FRAME_S).astype(np.int64)]
    difference = hum_pitch - contours.stretches(places.row, places.start_s[:, None] + places.tempo[:, None] * at_s)
    if effort.jumps:
        return _scaled_with_jumps(places, difference, length_s, effort.aligned)
    shift = np.median(difference, axis=1)
    cost = costs(difference - shift[:, None]).mean(axis=1)
    best = np.argsort(cost, kind="stable")[: effort.aligned]
    shifted = Places(places.row, places.start_s, places.tempo, shift.astype(np.float32))
    return shifted.take(best)


def _scaled_with_jumps(places: Places, difference: NDArray[np.float32], length_s: float, aligned: int) -> Places:
    """As `scale`, for a voice that may jump by octaves; ``difference`` (c, points) is hum minus tune, in semitones."""
    if not len(places):
        return places
    middle = difference.shape[1] // 2
    # the middle entry lies in one octave, while a mean of two might not; the others are folded around it
    rough = np.partition(difference, middle, axis=1)[:, middle, None]
    shift = np.median(difference - 12 * np.round((difference - rough) / 12), axis=1).astype(np.float32)
    errors = octaves.errors(difference - shift[:, None])
    best = np.argsort(octaves.least_cost(errors, octaves.JUMP_S / length_s), kind="stable")[:aligned]
    path = octaves.path(errors[:, best], octaves.JUMP_S / length_s)
    return Places(places.row[best], places.start_s[best], places.tempo[best], shift[best], path)


def match(hum: Contour, places: Places, contours: ContourLookup) -> Matches:
    """Step 3: align the hum exactly at ``places``; return the best place of each tune, closest first."""
    rows = max(2, int(len(hum) * FRAME_S / ALIGN_FRAME_S))
    hum_pitch = hum.pitch[
        np.minimum((np.arange(rows) + 0.5) * (ALIGN_FRAME_S / FRAME_S), len(hum) - 1).astype(np.int64)
    ]
    margin = int(min(SLACK_S, SLACK_SHARE * len(hum) * FRAME_S) / ALIGN_FRAME_S)
    frame_s = (np.arange(-margin, rows + margin) + 0.5) * ALIGN_FRAME_S
    stretches = contours.stretches(places.row, places.start_s[:, None] + places.tempo[:, None] * frame_s)
    jumps, jump_cost = _jumps(places, rows, len(hum) * FRAME_S)
    aligned = align(hum_pitch, stretches, places.shift, jumps)
    along_s = places.start_s[:, None] + places.tempo[:, None] * ((aligned.path - margin + 0.5) * ALIGN_FRAME_S)
    cost = aligned.cost + jump_cost + _start_cost(hum, places, along_s, contours)
    order = np.argsort(cost, kind="stable")
    _, first = np.unique(contours.tunes(places.row[order]), return_index=True)
    best = order[np.sort(first)]
    path_s = (aligned.path[best][:, [0, -1]] - margin + np.array([0, 1])) * ALIGN_FRAME_S
    start_s, end_s = (places.start_s[best][:, None] + places.tempo[best][:, None] * path_s).T
    tempo = (end_s - start_s) / (rows * ALIGN_FRAME_S)
    return Matches(Places(places.row[best], start_s, tempo, aligned.shift[best]), end_s, cost[best])


def _start_cost(
    hum: Contour, places: Places, along_s: NDArray[np.float64], contours: ContourLookup
) -> NDArray[np.float32]:
    """The cost (c,) of note starts of the hum that the tune lacks.

    ``along_s`` (c, rows) is the alignment, in sounding time. Note starts distinguish repeated notes from held ones,
    which pitch does not. For a tune without known note starts (a recording), each start costs as much as one with the
    usual error.
    """
    if not len(hum.starts_s):
        return np.zeros(len(places), np.float32)
    at = np.clip(hum.starts_s / ALIGN_FRAME_S - 0.5, 0, along_s.shape[1] - 1)
    row = np.minimum(at.astype(np.int64), along_s.shape[1] - 2)
    starts_s = along_s[:, row] + (at - row) * (along_s[:, row + 1] - along_s[:, row])
    out = contours.from_note_start(places.row, starts_s) / (places.tempo[:, None] * START_ERROR_S)
    errors = np.minimum(np.where(np.isnan(out), 1.0, out), LARGEST_START_ERROR) ** 2 / 2
    return np.asarray(errors.sum(axis=1) * (START_COST / (len(hum) * FRAME_S)), np.float32)


def _jumps(places: Places, rows: int, length_s: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The octaves of places at ``rows`` points (c or 1, rows), and the cost of their jumps (c,)."""
    if places.octaves is None:
        return np.zeros((1, rows), np.float32), np.zeros(len(places), np.float32)
    points = places.octaves.shape[1]
    at = np.minimum((np.arange(rows) + 0.5) * points / rows, points - 1).astype(np.int64)
    jumps = (np.diff(places.octaves, axis=1) != 0).sum(axis=1)
    return places.octaves[:, at], (jumps * (octaves.JUMP_S / length_s)).astype(np.float32)


def everywhere(hum: Contour, contours: ContourTable, hop_s: float = 0.5) -> Places:
    """Every place of every tune at every tempo, ``hop_s`` apart, for an exhaustive search."""
    rows, starts, tempi = [], [], []
    for row in range(len(contours)):
        length_s = float(contours.offset[row + 1] - contours.offset[row]) * FRAME_S
        for tempo in TEMPI:
            at = np.arange(0.0, max(hop_s, length_s - 0.5 * len(hum) * FRAME_S * tempo), hop_s)
            starts.append(at)
            rows.append(np.full(len(at), row))
            tempi.append(np.full(len(at), tempo))
    start_s = np.concatenate(starts)
    return Places(np.concatenate(rows), start_s, np.concatenate(tempi), np.zeros(len(start_s), np.float32))
