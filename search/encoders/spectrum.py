"""Parameters of the mel front end of the mn networks.

Its implementation in torch, for training and GPUs, is `search.encoders.mel`; for the shipped encoder on a CPU it is
part of the graph (`search.encoders.graph`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class MelShape:
    """The front end of EfficientAT's networks; bands and hop differ between them."""

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
