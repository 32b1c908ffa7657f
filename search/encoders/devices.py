"""Which device torch runs on."""

from __future__ import annotations

import torch

from search.errors import EncoderError
from search.ground.process import threads_of_a_call
from search.settings import Device


def torch_device(setting: Device) -> torch.device:
    """``auto`` is CUDA where there is one. Raises EncoderError when CUDA is wanted and there is none.

    On a CPU torch uses the threads that this process is set up for, if it is one of ours (`search.ground.process`).
    """
    available = torch.cuda.is_available()
    if setting == "cuda" and not available:
        raise EncoderError("device is cuda, but torch sees no CUDA device: use --device auto or cpu")
    device = torch.device("cuda" if available and setting != "cpu" else "cpu")
    threads = threads_of_a_call()
    if device.type == "cpu" and threads is not None:
        torch.set_num_threads(threads)
    return device
