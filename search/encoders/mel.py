"""The mel front end of the mn networks in torch, on the device of the network: for training, GPUs and checkpoints.

For the shipped encoder without torch, see `search.encoders.spectrum` and `search.encoders.graph`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from search.encoders.filters import kaldi_bank
from search.encoders.spectrum import FLOOR, PRE_EMPHASIS, SCALE, SHIFT, MelShape

_PIECES = 4
"""The filter bank is multiplied in this many runs of bins: 2.5 times as fast as at once; more are not faster."""


class MelFrontEnd(nn.Module):
    """Waves (n, samples) -> (ln(mel power + 1e-5) + 4.5) / 5, (n, 1, bands, frames).

    Pre-emphasis y[t] = x[t + 1] - .97 x[t]; frames centred on every hop, mirrored at the ends; Hann window.
    """

    def __init__(self, shape: MelShape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("hann", torch.hann_window(shape.window, periodic=False), persistent=False)
        bank = kaldi_bank(shape.bands, shape.fft_size, shape.rate_hz, shape.low_hz, shape.high_hz)
        self.register_buffer("bank", torch.from_numpy(bank), persistent=False)
        self.pieces = _pieces(bank)
        self.hann: Tensor
        self.bank: Tensor

    def forward(self, waves: Tensor) -> Tensor:
        """Needs at least ``fft_size // 2 + 2`` samples."""
        shape = self.shape
        wave = waves[:, 1:] - PRE_EMPHASIS * waves[:, :-1]
        # torch.stft centres the window in a frame of fft_size; its position in the frame does not change the power,
        # so frames are cut to the window itself
        half = shape.fft_size // 2
        mirrored = nn.functional.pad(wave[:, None], (half, half), mode="reflect")[:, 0]
        first = (shape.fft_size - shape.window) // 2
        frames = mirrored[:, first : mirrored.shape[1] - first].unfold(1, shape.window, shape.hop)
        spectrum = torch.fft.rfft(frames * self.hann, n=shape.fft_size)
        power = spectrum.real.square() + spectrum.imag.square()  # a sum over the last axis takes four times as long
        mel = self._bands_of(power).add_(FLOOR).log_().add_(SHIFT).div_(SCALE)
        return mel.transpose(1, 2).contiguous()[:, None]

    def _bands_of(self, power: Tensor) -> Tensor:
        """Power (n, frames, bins) -> mel power (n, frames, bands), in pieces, since most of the bank is zero."""
        rows = power.view(-1, power.shape[-1])
        mel = rows.new_zeros(len(rows), self.shape.bands)
        for bins, bands in self.pieces:
            mel[:, bands].addmm_(rows[:, bins], self.bank[bins, bands])
        return mel.view(*power.shape[:-1], -1)


def _pieces(bank: NDArray[np.float32]) -> list[tuple[slice, slice]]:
    """A filter bank (bins, bands) as runs of bins, each with its bands; bins of no band are left out."""
    used = np.flatnonzero(bank.any(axis=1))
    pieces = []
    for run in np.array_split(np.arange(used[0], used[-1] + 1), _PIECES):
        bands = np.flatnonzero(bank[run].any(axis=0))
        if len(bands):
            pieces.append((slice(int(run[0]), int(run[-1]) + 1), slice(int(bands[0]), int(bands[-1]) + 1)))
    return pieces
