"""The baseline for the hum search: exhaustive dynamic time warping, its limit in quality.

It reads the same contours as the matcher. The published method that is also compared is in
`benchmarks.humming.hashing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.contours import FRAME_S, Contour
from search.errors import UsageError

Frames = NDArray[np.float32]

DTW_FRAME_S = 0.1
LARGEST_ERROR = 2.5
FINALISTS = 50


class ExhaustiveDtw:
    """Subsequence dynamic time warping of the hum with every tune, at every place and in every key.

    Steps (1, 1), (1, 2), (2, 1) allow a tempo of 0.5 to 2. Keys are a semitone apart, then a quarter for the best 50
    tunes.
    """

    def __init__(self, contours: Sequence[Contour]) -> None:
        """Raises UsageError if numba (which librosa brings) is not installed."""
        try:
            import numba
        except ImportError as error:
            raise UsageError('exhaustive DTW needs numba: pip install "soundalike[bench]"') from error
        every = round(DTW_FRAME_S / FRAME_S)
        parts = [np.ascontiguousarray(contour.pitch[::every]) for contour in contours]
        self._flat = np.concatenate(parts)
        self._offset = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        self._every = every
        self._best: Any = numba.njit(parallel=True, fastmath=True, cache=True)(_best_costs(numba.prange))

    def rank(self, hum: Contour, k: int) -> list[int]:
        """Return the ``k`` tunes with the cheapest path, cheapest first."""
        hum_pitch = np.ascontiguousarray(hum.pitch[:: self._every])
        everyone = np.arange(len(self._offset) - 1)
        middle = float(np.median(hum_pitch))
        cost = self._best(hum_pitch, self._flat, self._offset, everyone, middle, 1.0)
        finalists = np.argsort(cost, kind="stable")[:FINALISTS]
        fine = self._best(hum_pitch, self._flat, self._offset, finalists, middle, 0.25)
        return [int(tune) for tune in finalists[np.argsort(fine, kind="stable")][:k]]


def _best_costs(prange: Any) -> Any:  # noqa: ANN401 -- numba ships no types
    """Return the kernel for numba to compile: the cheapest path of the hum through each of ``which`` tunes."""

    def kernel(  # noqa: PLR0917 -- numba compiles positional parameters
        hum_pitch: Frames,
        flat: Frames,
        offset: NDArray[np.int64],
        which: NDArray[np.int64],
        middle: float,
        key_step: float,
    ) -> Frames:
        result = np.full(len(which), np.inf, np.float32)
        for w in prange(len(which)):
            tune = flat[offset[which[w]] : offset[which[w] + 1]]
            low, high = middle - tune.max(), middle - tune.min()
            rows, columns = len(hum_pitch), len(tune)
            for step in range(int(np.ceil((high - low) / key_step)) + 1):
                shift = low + step * key_step
                one, two = np.full(columns + 2, np.inf, np.float32), np.full(columns + 2, np.inf, np.float32)
                now, before = np.empty(columns + 2, np.float32), np.full(columns, np.inf, np.float32)
                for i in range(rows):
                    target = hum_pitch[i] - shift
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
