"""A published method for finding tunes by humming, as a baseline: locality-sensitive hashing of pitch vectors.

It follows M. Ryynänen and A. Klapuri, "Query by humming of MIDI and audio using locality sensitive hashing", ICASSP
2008. Windows of the melodies become pitch vectors of 20 values without their mean, found by p-stable hashing (Datar et
al. 2004). The melodies found by the hum's windows are ranked by their distance to the whole hum. The method reads the
same contours as our matcher and tries the same tempi. Parameters that the paper leaves open, or that depend on the
pitch tracker (tables, hashes, cell width, radius), were tuned like our matcher: on the hums and tunes of
`benchmarks.fitting.humming`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.contours import FRAME_S, TEMPI, Contour

LARGEST_ERROR = 2.5
WHOLE_POINTS = 64


@dataclass(frozen=True, slots=True)
class Hashing:
    """The parameters. ``window_s`` and ``points`` of a pitch vector, ``hop_s`` between two; ``tables`` of ``hashes``
    with cells ``bucket`` wide; ``radius`` in semitones (over all points) for near vectors; ``finalists`` are compared
    whole.
    """

    window_s: float = 3.0
    points: int = 20
    hop_s: float = 0.5
    tables: int = 8
    hashes: int = 8
    bucket: float = 12.0
    radius: float = 8.0
    finalists: int = 20_000


class PitchVectorHashing:
    """Tunes indexed by the hashes of their windows."""

    def __init__(self, contours: Sequence[Contour], parameters: Hashing | None = None, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._p = p = parameters or Hashing()
        self._direction = rng.normal(size=(p.tables, p.hashes, p.points))
        self._phase = rng.uniform(0, p.bucket, (p.tables, p.hashes, 1))
        self._mix = rng.integers(1, 2**62, p.hashes) | 1
        windows = [self._windows(contour, 1.0) for contour in contours]
        self._vectors = np.concatenate([vectors for vectors, _ in windows])
        self._start_s = np.concatenate([start for _, start in windows])
        self._tune = np.repeat(np.arange(len(windows)), [len(start) for _, start in windows])
        keys = [self._keys(table, self._vectors) for table in range(p.tables)]
        self._order = [np.argsort(key, kind="stable") for key in keys]
        self._sorted = [key[order] for key, order in zip(keys, self._order, strict=True)]
        self._pitch = np.concatenate([contour.pitch for contour in contours])
        self._offset = np.concatenate([[0], np.cumsum([len(contour) for contour in contours])])

    def rank(self, hum: Contour, k: int) -> list[int]:
        """Return the ``k`` tunes nearest to the whole hum, among those that its windows lead to, nearest first."""
        votes_by_tempo = [self._votes(hum, number) for number in range(len(TEMPI))]
        tune, start_s, tempo, votes = (np.concatenate(column) for column in zip(*votes_by_tempo, strict=True))
        if not len(tune):
            return []
        # candidates of one tune and tempo within two seconds are one; the strongest gives the exact place
        order = np.argsort(-votes, kind="stable")
        place = np.stack([tune, np.round(start_s / 2.0).astype(np.int64), tempo])[:, order]
        _, first, group = np.unique(place, axis=1, return_index=True, return_inverse=True)
        evidence = np.bincount(group.ravel(), votes[order])
        best = order[first[np.argsort(-evidence, kind="stable")[: self._p.finalists]]]
        far = self._distance(hum, tune[best], start_s[best], np.array(TEMPI)[tempo[best]])
        nearest = tune[best][np.argsort(far, kind="stable")]
        _, first = np.unique(nearest, return_index=True)
        return [int(number) for number in nearest[np.sort(first)][:k]]

    def _votes(
        self, hum: Contour, number: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Candidates by the hum's windows at tempo ``number``: tunes, where the hum would start, ``number``,
        weights.
        """
        tempo = TEMPI[number]
        vectors, at_s = self._windows(hum, tempo)
        windows, rows = self._share_a_cell(vectors)
        far = np.linalg.norm(self._vectors[rows] - vectors[windows], axis=1)
        near = far < self._p.radius
        start_s = self._start_s[rows[near]] - tempo * at_s[windows[near]]
        tunes = self._tune[rows[near]].astype(np.int64)
        return tunes, start_s, np.full(len(tunes), number), 1.0 - far[near] / self._p.radius

    def _distance(
        self, hum: Contour, tune: NDArray[np.int64], start_s: NDArray[np.float64], tempo: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(c,): mean difference in semitones between the hum and each place, evenly stretched and in the best key."""
        at_s = (np.arange(WHOLE_POINTS) + 0.5) / WHOLE_POINTS * len(hum) * FRAME_S
        hum_pitch = hum.pitch[(at_s / FRAME_S).astype(np.int64)]
        frames = np.floor((start_s[:, None] + tempo[:, None] * at_s) / FRAME_S).astype(np.int64)
        low, high = self._offset[tune][:, None], self._offset[tune + 1][:, None] - 1
        difference = hum_pitch - self._pitch[np.clip(frames + low, low, high)]
        off = np.abs(difference - np.median(difference, axis=1, keepdims=True))
        return np.asarray(np.minimum(off, LARGEST_ERROR).mean(axis=1), np.float64)

    def _share_a_cell(self, vectors: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of one of ``vectors`` and a row of the catalogue's windows that share a cell in some table."""
        pairs = []
        for table in range(self._p.tables):
            keys = self._keys(table, vectors)
            first = np.searchsorted(self._sorted[table], keys, side="left")
            last = np.searchsorted(self._sorted[table], keys, side="right")
            for number, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
                pairs.append(number * len(self._vectors) + self._order[table][a:b])
        together = np.unique(np.concatenate(pairs))
        return together // len(self._vectors), together % len(self._vectors)

    def _windows(self, contour: Contour, tempo: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pitch vectors (n, points) without their mean, and where they start (n,)."""
        length_s = self._p.window_s / tempo
        starts = np.arange(0.0, max(1e-9, len(contour) * FRAME_S - length_s + 1e-9), self._p.hop_s / tempo)
        at_s = starts[:, None] + (np.arange(self._p.points) + 0.5) / self._p.points * length_s
        pitch = contour.pitch[np.minimum(at_s / FRAME_S, len(contour) - 1).astype(np.int64)].astype(np.float64)
        return pitch - pitch.mean(axis=1, keepdims=True), starts

    def _keys(self, table: int, vectors: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n,): a number for the cell of each vector."""
        cells = np.floor((self._direction[table] @ vectors.T + self._phase[table]) / self._p.bucket).astype(np.int64)
        return np.asarray((cells * self._mix[:, None]).sum(axis=0), np.int64)
