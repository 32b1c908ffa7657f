"""Matrix products in one thread, independent of the threads of the numeric library."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_MOST: Final = 1 << 17
"""The most multiplications of one product. For so few, no numeric library starts threads, which would slow down threads
that process other sounds."""


def product(rows: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute ``rows`` (n, k) @ ``matrix`` (k, m), a few rows at a time.

    Examples:
        >>> product(np.ones((5, 2), np.float32), np.ones((2, 1), np.float32)).ravel().tolist()
        [2.0, 2.0, 2.0, 2.0, 2.0]
    """
    size, width = matrix.shape
    group = max(1, _MOST // max(1, size * width))
    whole, out = len(rows) // group * group, np.empty((len(rows), width), np.float32)
    if whole:
        np.matmul(rows[:whole].reshape(-1, group, size), matrix, out=out[:whole].reshape(-1, group, width))
    if whole < len(rows):
        np.matmul(rows[whole:], matrix, out=out[whole:])
    return out
