"""The device that encoders run on."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from search.errors import EncoderError
from search.ground.extras import is_installed, why_missing
from search.ground.process import threads_of_a_call
from search.settings import Device

if TYPE_CHECKING:
    import torch


def torch_device(setting: Device) -> torch.device:
    """The torch device; ``auto`` is CUDA if available. Raises EncoderError without torch, or for a missing CUDA device.

    On a CPU, torch gets the number of threads that this process is set up for, if any (`search.ground.process`).
    """
    if not is_installed("torch"):
        raise EncoderError(why_missing("a GPU, or a network other than the shipped one,", "torch"))
    import torch

    available = torch.cuda.is_available()
    if setting == "cuda" and not available:
        raise EncoderError("device is cuda, but torch sees no CUDA device: use --device auto or cpu")
    device = torch.device("cuda" if available and setting != "cpu" else "cpu")
    threads = threads_of_a_call()
    if device.type == "cpu" and threads is not None:
        torch.set_num_threads(threads)
    return device


def is_cpu(setting: Device) -> bool:
    """Whether `torch_device` would be a CPU. Does not load torch if torch or the driver of a GPU is missing.

    Raises EncoderError if CUDA is requested but missing.
    """
    if setting == "cpu" or (setting == "auto" and not (is_installed("torch") and _has_driver())):
        return True
    return torch_device(setting).type == "cpu"


def _has_driver() -> bool:
    """Whether NVIDIA's driver is installed."""
    name = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}.get(sys.platform)
    with suppress(OSError):
        return name is not None and ctypes.CDLL(name) is not None
    return False
