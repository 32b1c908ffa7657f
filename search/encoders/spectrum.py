"""The mel front end of the mn networks: its shape, and its first half in numpy, which needs no torch.

The filter bank and the logarithm that follow are part of the graph (`search.encoders.graph`), where products run in one
thread. The whole of it in torch, for training and GPUs, is `search.encoders.mel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Waves


@dataclass(frozen=True, slots=True)
class MelShape:
    """The front end that EfficientAT's networks were trained with; bands and hop differ between them."""

    rate_hz: int = 32_000
    window: int = 800
    hop: int = 320
    fft_size: int = 1024
    bands: int = 128
    low_hz: float = 0.0
    high_hz: float = 15_000.0


# the rest of the published front end
PRE_EMPHASIS: Final = 0.97
FLOOR: Final = 1e-5
SHIFT: Final = 4.5
SCALE: Final = 5.0


class PowerSpectrum:
    """Waves (n, samples) -> the power of every frame, (n, frames, fft_size // 2 + 1) float32.

    Pre-emphasis y[t] = x[t + 1] - .97 x[t]; frames centred on every hop, mirrored at the ends; Hann window.
    """

    def __init__(self, shape: MelShape) -> None:
        self.shape = shape
        self._hann = np.hanning(shape.window).astype(np.float32)

    def __call__(self, waves: Waves) -> NDArray[np.float32]:
        """Needs at least ``fft_size // 2 + 2`` samples. One window at a time: its spectrum stays in the caches."""
        shape = self.shape
        frames, bins = 1 + (waves.shape[1] - 1) // shape.hop, shape.fft_size // 2 + 1
        power = np.empty((len(waves), frames, bins), np.float32)
        windowed = np.zeros((frames, shape.fft_size), np.float32)
        spectrum = np.empty((frames, bins), np.complex64)
        imaginary = np.empty((frames, bins), np.float32)
        for place, wave in enumerate(waves):
            np.multiply(self._frames(wave), self._hann, out=windowed[:, : shape.window])
            np.fft.rfft(windowed, out=spectrum)
            np.square(spectrum.real, out=power[place])
            power[place] += np.square(spectrum.imag, out=imaginary)
        return power

    def _frames(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        """(samples,) -> (frames, window), a view. A frame of fft_size is centred on its hop, the window lies in its
        middle; where in a frame it lies does not change the power, so the frames are cut to the window.
        """
        shape = self.shape
        emphasised = wave[1:] - np.float32(PRE_EMPHASIS) * wave[:-1]
        half, first = shape.fft_size // 2, (shape.fft_size - shape.window) // 2
        mirrored = np.pad(emphasised, half, mode="reflect")[first : len(emphasised) + 2 * half - first]
        return np.lib.stride_tricks.sliding_window_view(mirrored, shape.window)[:: shape.hop]
