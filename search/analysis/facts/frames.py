"""Cutting a stream of samples into overlapping frames, and numeric helpers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Numbers = NDArray[np.float64]


class Frames:
    """Frames of ``size`` samples, ``hop`` apart; ``lead`` zeros come before the first sample.

    Frames are views, of the given samples themselves if none were left over from before.

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
        """The frames (channels, k, size) that ``samples`` (channels, n) complete, as a view."""
        whole = np.concatenate((self.rest, samples), axis=1) if self.rest.shape[1] else samples
        count = (whole.shape[1] - self.size) // self.hop + 1 if whole.shape[1] >= self.size else 0
        self.rest = whole[:, count * self.hop :].copy()
        shape, steps = (len(whole), count, self.size), (whole.strides[0], self.hop * whole.strides[1], whole.strides[1])
        # like `sliding_window_view`, which for a short sound takes longer than processing its frames
        return np.ndarray(shape, whole.dtype, whole, 0, steps) if count else np.empty(shape, np.float32)

    def end(self, zeros: int) -> Samples:
        """The frames that are completed by this many ``zeros`` after the last sample."""
        return self.add(np.zeros((len(self.rest), zeros), np.float32))


def quantile(values: Numbers, share: float) -> Numbers:
    """The quantile ``share`` of ``values`` (..., n) along the last axis.

    Equal to numpy's, which takes ten times as long for few values.

    Examples:
        >>> quantile(np.array([4.0, 1.0, 2.0]), 0.75).tolist()
        3.0
    """
    place = share * (values.shape[-1] - 1)
    below = int(place)
    in_order = np.partition(values, (below, min(below + 1, values.shape[-1] - 1)), axis=-1)
    low, high = in_order[..., below], in_order[..., min(below + 1, values.shape[-1] - 1)]
    return np.asarray(low + (high - low) * (place - below))


def padded_size(count: int) -> int:
    """The size of a Fourier transform for the autocorrelation of ``count`` numbers: at least 2 ``count`` - 1.

    Examples:
        >>> padded_size(1000), padded_size(2206)
        (2000, 4500)
    """
    return _quick_size(max(1, 2 * count - 1))


def even_size(least: int) -> int:
    """The next even size of at least ``least`` for which a Fourier transform is fast.

    Examples:
        >>> even_size(4410), even_size(1102)
        (4500, 1152)
    """
    return 2 * _quick_size(-(-least // 2))


def _quick_size(least: int) -> int:
    return min(factor << max(0, (-(-least // factor) - 1).bit_length()) for factor in _QUICK)


_QUICK: Final = (1, 3, 5, 9, 15, 25, 27, 45, 75, 125, 1125)
"""Transforms are fast for sizes that are one of these times a power of two."""
