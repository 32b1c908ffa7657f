"""Which device torch runs on."""

from __future__ import annotations

import os

import torch

from search.errors import EncoderError
from search.settings import Device

THREADS = "OMP_NUM_THREADS"
"""Who sets this says how many threads a call takes: the indexer does, which encodes several batches at once."""


def torch_device(wanted: Device) -> torch.device:
    """``auto`` is CUDA where there is one. Raises EncoderError when CUDA is wanted and there is none.

    On a CPU torch computes in one thread from then on, unless `THREADS` says otherwise: two are done with a query's few
    windows no sooner (8.7 and 8.8 ms for 5 s of sound), and where another program is busy they wait for each other (7
    and 28 ms, at the worst 184).
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise EncoderError("device is cuda, but torch sees no CUDA device: use --device auto or cpu")
    device = torch.device("cuda" if available and wanted != "cpu" else "cpu")
    if device.type == "cpu" and THREADS not in os.environ:
        torch.set_num_threads(1)
    return device
