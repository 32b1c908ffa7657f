"""What the hum search is measured against: exhaustive dynamic time warping, and locality-sensitive hashing of pitch
vectors.

Both read the same contours as the matcher; how they find tunes is their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import UsageError
from search.melody.contours import FRAME_S, TEMPI, Contour

Frames = NDArray[np.float32]

DTW_FRAME_S = 0.1
LARGEST_ERROR = 2.5
FINALISTS = 50


class ExhaustiveDtw:
    """Subsequence dynamic time warping of the hum with every tune, at every place and in every key: the quality limit.

    Steps (1, 1), (1, 2), (2, 1), so a tempo of 0.5 to 2; keys a semitone apart, then a quarter for the best 50 tunes.
    """

    def __init__(self, contours: Sequence[Contour]) -> None:
        """Raises UsageError where numba (which librosa brings) is not installed."""
        try:
            import numba
        except ImportError as error:
            raise UsageError('exhaustive DTW needs numba: pip install "soundalike[bench]"') from error
        every = round(DTW_FRAME_S / FRAME_S)
        parts = [np.ascontiguousarray(contour.pitch[::every]) for contour in contours]
        self._flat = np.concatenate(parts)
        self._offset = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        self._every = every
        self._best: Any = numba.njit(parallel=True, fastmath=True, cache=False)(_best_costs(numba.prange))

    def rank(self, hum: Contour, k: int) -> list[int]:
        """The ``k`` tunes with the cheapest path, cheapest first."""
        heard = np.ascontiguousarray(hum.pitch[:: self._every])
        everyone = np.arange(len(self._offset) - 1)
        middle = float(np.median(heard))
        cost = self._best(heard, self._flat, self._offset, everyone, middle, 1.0)
        finalists = np.argsort(cost, kind="stable")[:FINALISTS]
        fine = self._best(heard, self._flat, self._offset, finalists, middle, 0.25)
        return [int(tune) for tune in finalists[np.argsort(fine, kind="stable")][:k]]


def _best_costs(prange: Any) -> Any:  # noqa: ANN401 -- numba ships no types
    """The kernel, for numba to compile: the cheapest path of the hum through each of ``which`` tunes."""

    def kernel(  # noqa: PLR0917 -- numba compiles positional parameters
        heard: Frames, flat: Frames, offset: NDArray[np.int64], which: NDArray[np.int64], middle: float, key_step: float
    ) -> Frames:
        result = np.full(len(which), np.inf, np.float32)
        for w in prange(len(which)):
            tune = flat[offset[which[w]] : offset[which[w] + 1]]
            low, high = middle - tune.max(), middle - tune.min()
            rows, columns = len(heard), len(tune)
            for step in range(int(np.ceil((high - low) / key_step)) + 1):
                shift = low + step * key_step
                one, two = np.full(columns + 2, np.inf, np.float32), np.full(columns + 2, np.inf, np.float32)
                now, before = np.empty(columns + 2, np.float32), np.full(columns, np.inf, np.float32)
                for i in range(rows):
                    target = heard[i] - shift
                    now[0], now[1] = np.inf, np.inf
                    least = np.inf
                    for j in range(columns):
                        local = min(abs(tune[j] - target), LARGEST_ERROR)
                        if i == 0:
                            total = local
                        else:
                            # columns are shifted by two: one[j + 1] is row i - 1, column j - 1
                            total = min(one[j + 1], one[j] + 0.12)
                            if i > 1 and j > 0:
                                total = min(total, two[j + 1] + before[j - 1] + 0.12)
                            total += local
                        now[j + 2] = total
                        least = min(least, total)
                    for j in range(columns):
                        before[j] = min(abs(tune[j] - target), LARGEST_ERROR)
                    two, one, now = one, now, two
                    if least / rows >= result[w]:
                        break
                result[w] = min(result[w], least / rows)
        return result

    return kernel


class PitchVectorHashing:
    """Locality-sensitive hashing of pitch vectors, after Ryynaenen & Klapuri (ICASSP 2008).

    Windows of 3 s, 20 pitches less their mean, fall into the cells of p-stable hashes (Datar et al. 2004); those that
    share a cell with one of the hum's and are near it vote for a tune and a place where the hum would start. The hum is
    tried at the same tempi as ours. No alignment follows.
    """

    window_s, points, hop_s = 3.0, 20, 0.5
    tables, hashes, bucket, radius = 16, 8, 16.0, 8.0

    def __init__(self, contours: Sequence[Contour], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._direction = rng.normal(size=(self.tables, self.hashes, self.points))
        self._phase = rng.uniform(0, self.bucket, (self.tables, self.hashes, 1))
        self._mix = rng.integers(1, 2**62, self.hashes) | 1
        windows = [self._windows(contour, 1.0) for contour in contours]
        self._vectors = np.concatenate([vectors for vectors, _ in windows])
        self._start_s = np.concatenate([start for _, start in windows])
        self._tune = np.repeat(np.arange(len(windows)), [len(start) for _, start in windows])
        keys = [self._keys(table, self._vectors) for table in range(self.tables)]
        self._order = [np.argsort(key, kind="stable") for key in keys]
        self._sorted = [key[order] for key, order in zip(keys, self._order, strict=True)]

    def rank(self, hum: Contour, k: int) -> list[int]:
        """The ``k`` tunes with the most evidence, most first."""
        evidence: dict[tuple[int, int], float] = defaultdict(float)
        for tempo in TEMPI:
            vectors, start_s = self._windows(hum, tempo)
            for rows, vector, at_s in zip(self._share_a_cell(vectors), vectors, start_s, strict=True):
                far = np.linalg.norm(self._vectors[rows] - vector, axis=1)
                near = far < self.radius
                places = np.round((self._start_s[rows[near]] - tempo * at_s) / 2.0).astype(np.int64)
                votes = 1.0 - far[near] / self.radius
                for tune, place, vote in zip(self._tune[rows[near]].tolist(), places.tolist(), votes, strict=True):
                    evidence[tune, place] += float(vote)
        best: dict[int, float] = {}
        for (tune, _), weight in evidence.items():
            best[tune] = max(weight, best.get(tune, 0.0))
        return sorted(best, key=lambda tune: -best[tune])[:k]

    def _share_a_cell(self, vectors: NDArray[np.float64]) -> list[NDArray[np.int64]]:
        """For each of ``vectors``, the rows of the catalogue's windows that are in its cell in some table."""
        found: list[list[NDArray[np.int64]]] = [[] for _ in vectors]
        for table in range(self.tables):
            keys = self._keys(table, vectors)
            first = np.searchsorted(self._sorted[table], keys, side="left")
            last = np.searchsorted(self._sorted[table], keys, side="right")
            for rows, a, b in zip(found, first, last, strict=True):
                rows.append(self._order[table][a:b])
        return [np.unique(np.concatenate(rows)) for rows in found]

    def _windows(self, contour: Contour, tempo: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        length_s = self.window_s / tempo
        starts = np.arange(0.0, max(1e-9, len(contour) * FRAME_S - length_s + 1e-9), self.hop_s / tempo)
        at_s = starts[:, None] + (np.arange(self.points) + 0.5) / self.points * length_s
        pitch = contour.pitch[np.minimum(at_s / FRAME_S, len(contour) - 1).astype(np.int64)].astype(np.float64)
        return pitch - pitch.mean(axis=1, keepdims=True), starts

    def _keys(self, table: int, vectors: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n,) one number for the cell that each vector falls into."""
        cells = np.floor((self._direction[table] @ vectors.T + self._phase[table]) / self.bucket).astype(np.int64)
        return np.asarray((cells * self._mix[:, None]).sum(axis=0), np.int64)
