"""Which device torch runs on."""

from __future__ import annotations

import torch

from search.errors import EncoderError
from search.settings import Device


def torch_device(wanted: Device) -> torch.device:
    """``auto`` is CUDA where there is one. Raises EncoderError when CUDA is wanted and there is none."""
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise EncoderError("device is cuda, but torch sees no CUDA device: use --device auto or cpu")
    return torch.device("cuda" if available and wanted != "cpu" else "cpu")
