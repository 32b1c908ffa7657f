"""The Fourier transform of every frame of a sound as two matrix products, which are fast in a graph.

A transform of N = 64 * 16 points splits into two (Cooley and Tukey, 1965). With n = 16 a + b and k = c + 64 d,

    X[k] = sum over b of  e^(-2 pi i b k / N)  *  sum over a of  e^(-2 pi i a c / 64) hann[n] x[n]

The inner sums of all frames are a convolution: if a sound is cut into blocks of one hop, a frame is its block and the
next ones. So frames are never copied, and the window function is part of the weights. The values 0 to 32 of c are
enough, since samples are real.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.encoders.spectrum import MelShape

OUTER: Final = 16
"""The number of values of b. Half or twice as many are slower."""


def inner(shape: MelShape) -> int:
    """The number of values of c."""
    return shape.fft_size // OUTER


def kept(shape: MelShape) -> int:
    """The number of values of c that are needed."""
    return inner(shape) // 2 + 1


def blocks_of_frame(shape: MelShape) -> int:
    """How many blocks of one hop the window of a frame covers."""
    return -(-shape.window // shape.hop)


def first_product(shape: MelShape) -> NDArray[np.float32]:
    """Weights of a convolution over blocks, grouped by b.

    Their shape is (b, c, real and imaginary, flat; hop // 16; 1; blocks of a frame).

    A block's channels are (b, sample // 16).
    """
    a = np.arange(blocks_of_frame(shape) * shape.hop // OUTER)
    hann = np.zeros(len(a) * OUTER)
    hann[: shape.window] = np.hanning(shape.window)
    turns = np.outer(np.arange(kept(shape)), a) / inner(shape)
    waves = np.stack([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)], axis=1)
    weights = hann.reshape(-1, OUTER).T[:, None, None] * waves
    blocks = weights.reshape(-1, blocks_of_frame(shape), shape.hop // OUTER)
    return np.ascontiguousarray(blocks.transpose(0, 2, 1)[:, :, None], np.float32)


def second_product(shape: MelShape) -> NDArray[np.float32]:
    """For every c: from (b, real and imaginary, flat) to (real and imaginary, d, flat): (c, 32, 32)."""
    b = d = np.arange(OUTER)
    k = np.add.outer(np.arange(kept(shape)), inner(shape) * d)
    turn = 2 * np.pi * np.multiply.outer(k, b) / shape.fft_size
    cos, sin = np.cos(turn), np.sin(turn)
    whole = np.stack([np.stack([cos, sin], axis=-1), np.stack([-sin, cos], axis=-1)], axis=1)
    return np.ascontiguousarray(whole.reshape(len(k), 2 * OUTER, 2 * OUTER), np.float32)


def places(shape: MelShape) -> NDArray[np.int64]:
    """The index of each bin, 0 to fft_size // 2, in the results (c, d, flat); bins above are mirror images."""
    k = np.add.outer(np.arange(kept(shape)), inner(shape) * np.arange(OUTER)).reshape(-1)
    found = np.empty(shape.fft_size // 2 + 1, np.int64)
    found[np.minimum(k, shape.fft_size - k)] = np.arange(len(k))
    return found
