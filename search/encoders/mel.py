"""The mel front end of the mn networks, in torch, on the device that the network runs on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from search.encoders.filters import kaldi_bank


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
_PRE_EMPHASIS = 0.97
_FLOOR = 1e-5
_SHIFT, _SCALE = 4.5, 5.0


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
        self.hann: Tensor
        self.bank: Tensor

    def forward(self, waves: Tensor) -> Tensor:
        """Needs at least ``fft_size // 2 + 2`` samples."""
        shape = self.shape
        wave = waves[:, 1:] - _PRE_EMPHASIS * waves[:, :-1]
        # torch.stft centres the window in a frame of fft_size; where in the frame it lies does not change the power,
        # so the frames are cut to the window itself
        half = shape.fft_size // 2
        mirrored = nn.functional.pad(wave[:, None], (half, half), mode="reflect")[:, 0]
        first = (shape.fft_size - shape.window) // 2
        frames = mirrored[:, first : mirrored.shape[1] - first].unfold(1, shape.window, shape.hop)
        spectrum = torch.view_as_real(torch.fft.rfft(frames * self.hann, n=shape.fft_size))
        power = spectrum.square().sum(-1)
        mel = (power @ self.bank).add_(_FLOOR).log_().add_(_SHIFT).div_(_SCALE)
        return mel.transpose(1, 2).contiguous()[:, None]
