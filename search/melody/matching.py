"""Which tunes does a hum match, and where: a cascade that gets dearer as fewer places are left.

1. The vector index finds the tunes' windows closest to the hum's windows, at every tempo in question. Each find says:
   the hum starts at this place of this tune and goes at this tempo.
2. All finds are checked over the whole hum by linear scaling: one gather, one median, no warping.
3. The best places are aligned exactly (dynamic time warping, ``alignment``); the best place of a tune is its hit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.melody.alignment import LARGEST_ERROR, align
from search.melody.contours import FRAME_S, TEMPI, Contour, windows_of_hum
from search.melody.contourtable import ContourLookup, ContourTable
from search.model import Bitmap, Ids
from search.ports import VectorIndex

SCALING_POINTS = 64


@dataclass(frozen=True, slots=True)
class Effort:
    """How far to look: ``finds`` windows of the tunes in all, of which ``aligned`` places are aligned exactly."""

    finds: int
    aligned: int


QUICK = Effort(finds=3_000, aligned=100)
"""What nearly every hum needs (tuned): of the tuning hums' right places, 98 % are among the 100."""

THOROUGH = Effort(finds=20_000, aligned=600)
"""For a hum that the quick look leaves in doubt: of its tune too many windows are closer to other tunes."""

ALIGN_FRAME_S = 0.08
SLACK_S = 1.2
"""How far, in the hum's time, the beginning may be off, and the tempo stray over the whole hum."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where in which tune a hum may be: ``row`` (c,) of the table, ``start_s`` (c,) sounding time, ``tempo`` (c,) tune
    seconds a second of the hum, ``shift`` (c,) semitones from the tune's key to the hum's.
    """

    row: Ids
    start_s: NDArray[np.float64]
    tempo: NDArray[np.float64]
    shift: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, which: Ids) -> Places:
        """These places, in this order."""
        return Places(self.row[which], self.start_s[which], self.tempo[which], self.shift[which])


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The best place of each tune that was aligned, closest first; ``cost`` (c,) mean semitones a frame.

    ``end_s`` is where the hum ends in the tune, sounding time, along the alignment.
    """

    places: Places
    end_s: NDArray[np.float64]
    cost: NDArray[np.float32]


def look(
    hum: Contour, index: VectorIndex, contours: ContourLookup, effort: Effort, among: Bitmap | None = None
) -> Matches:
    """All three steps; there may be no matches at all, where ``among`` leaves no window."""
    places = find(hum, index, contours, effort.finds, among)
    return match(hum, scale(hum, places, contours, effort.aligned), contours)


def find(hum: Contour, index: VectorIndex, contours: ContourLookup, finds: int, among: Bitmap | None = None) -> Places:
    """Step 1: every place that a close window suggests, without repetitions; the key is not known yet (0)."""
    windows = windows_of_hum(hum)
    k = int(np.clip(finds // len(windows.vectors), 10, 500))
    _, ids = index.search(windows.vectors, k, among)
    which = np.repeat(np.arange(len(windows.vectors)), ids.shape[1])
    row, window_s = contours.locate(ids.ravel())
    known = row >= 0
    row, tempo = row[known], windows.tempo[which[known]]
    start_s = window_s[known] - tempo * windows.start_s[which[known]]
    # places a quarter of a second apart at the same tempo are one
    same = np.stack([row, np.round(start_s / 0.25).astype(np.int64), np.round(np.log(tempo) * 100).astype(np.int64)])
    _, first = np.unique(same, axis=1, return_index=True)
    return Places(row[first], start_s[first], tempo[first], np.zeros(len(first), np.float32))


def scale(hum: Contour, places: Places, contours: ContourLookup, keep: int) -> Places:
    """Step 2: the ``keep`` places where the hum, stretched evenly, fits best; their keys are the median difference."""
    length_s = len(hum) * FRAME_S
    at_s = (np.arange(SCALING_POINTS) + 0.5) * (length_s / SCALING_POINTS)
    hum_pitch = hum.pitch[(at_s / FRAME_S).astype(np.int64)]
    difference = hum_pitch - contours.stretches(places.row, places.start_s[:, None] + places.tempo[:, None] * at_s)
    shift = np.median(difference, axis=1)
    cost = np.minimum(np.abs(difference - shift[:, None]), LARGEST_ERROR).mean(axis=1)
    best = np.argsort(cost, kind="stable")[:keep]
    shifted = Places(places.row, places.start_s, places.tempo, shift.astype(np.float32))
    return shifted.take(best)


def match(hum: Contour, places: Places, contours: ContourLookup) -> Matches:
    """Step 3: align the hum exactly at ``places``; of each tune the closest, closest first."""
    rows = max(2, int(len(hum) * FRAME_S / ALIGN_FRAME_S))
    hum_pitch = hum.pitch[
        np.minimum((np.arange(rows) + 0.5) * (ALIGN_FRAME_S / FRAME_S), len(hum) - 1).astype(np.int64)
    ]
    margin = int(SLACK_S / ALIGN_FRAME_S)
    frame_s = (np.arange(-margin, rows + margin) + 0.5) * ALIGN_FRAME_S
    stretches = contours.stretches(places.row, places.start_s[:, None] + places.tempo[:, None] * frame_s)
    aligned = align(hum_pitch, stretches, places.shift)
    order = np.argsort(aligned.cost, kind="stable")
    _, first = np.unique(contours.tunes(places.row[order]), return_index=True)
    best = order[np.sort(first)]
    path_s = (aligned.path[best][:, [0, -1]] - margin + np.array([0, 1])) * ALIGN_FRAME_S
    start_s, end_s = (places.start_s[best][:, None] + places.tempo[best][:, None] * path_s).T
    tempo = (end_s - start_s) / (rows * ALIGN_FRAME_S)
    return Matches(Places(places.row[best], start_s, tempo, aligned.shift[best]), end_s, aligned.cost[best])


def everywhere(hum: Contour, contours: ContourTable, hop_s: float = 0.5) -> Places:
    """Every place of every tune at every tempo, ``hop_s`` apart: what an exhaustive search would have to align."""
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
