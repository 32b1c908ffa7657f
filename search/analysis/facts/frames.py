"""A stream of samples is cut into frames that overlap."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Frames:
    """Frames of ``size`` samples, ``hop`` apart; ``lead`` zeros come before the first sample.

    Examples:
        >>> frames = Frames(4, 2, channels=1)
        >>> frames.add(np.arange(5, dtype=np.float32)[np.newaxis]).tolist()
        [[[0.0, 1.0, 2.0, 3.0]]]
        >>> frames.add(np.arange(5, 7, dtype=np.float32)[np.newaxis]).tolist()
        [[[2.0, 3.0, 4.0, 5.0]]]
    """

    def __init__(self, size: int, hop: int, channels: int, lead: int = 0) -> None:
        self.size = size
        self.hop = hop
        self.rest = np.zeros((channels, lead), np.float32)

    def add(self, samples: Samples) -> Samples:
        """(channels, k, size) the frames that ``samples`` (channels, n) complete, a view."""
        whole = np.concatenate((self.rest, samples), axis=1)
        count = (whole.shape[1] - self.size) // self.hop + 1 if whole.shape[1] >= self.size else 0
        self.rest = whole[:, count * self.hop :].copy()
        shape, steps = (len(whole), count, self.size), (whole.strides[0], self.hop * whole.strides[1], whole.strides[1])
        # as `sliding_window_view` gives them, which takes longer for a short sound than what is done with its frames
        return np.ndarray(shape, whole.dtype, whole, 0, steps) if count else np.empty(shape, np.float32)

    def end(self, zeros: int) -> Samples:
        """The frames that so many ``zeros`` after the last sample complete."""
        return self.add(np.zeros((len(self.rest), zeros), np.float32))


def padded_size(count: int) -> int:
    """The size of a Fourier transform that gives the autocorrelation of so many numbers: at least twice as many.

    Examples:
        >>> padded_size(1000), padded_size(2206)
        (2000, 4608)
    """
    least = max(1, 2 * count - 1)
    return min(factor << max(0, (-(-least // factor) - 1).bit_length()) for factor in _QUICK)


_QUICK: Final = (1, 3, 5, 9, 15, 25, 27, 45, 75, 125)
"""Sizes of so much times a power of two are quick."""
