"""Samples as decoders give them become mono float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.model import Wave

BLOCK_S = 2.0
"""Sound decoded at a time: long enough that the interpreter costs nothing, short enough to stay in the cache."""

_BLOCK_SAMPLES = 1 << 20
"""No block has more samples than this over all channels, whatever rate and channel count a header claims."""


def block_frames(sample_rate_hz: int, channels: int) -> int:
    """Frames to decode at a time."""
    return max(1, min(round(sample_rate_hz * BLOCK_S), _BLOCK_SAMPLES // max(1, channels)))


def mono(channels: Sequence[NDArray[Any]] | NDArray[Any]) -> Wave:
    """The mean of ``channels``, each (frames,), of float or integer samples at full scale, as a new array.

    The plain mean also for surround sound: every channel is heard, none is louder than it was, and full scale stays
    full scale. (Downmixes for the ear weigh the channels by loudspeaker, and leave out the one for bass.)
    Channels are added one by one, so that a sample does not depend on the block that it came in.
    """
    mix: Wave = channels[0].astype(np.float32)  # a copy, always
    with np.errstate(over="ignore", invalid="ignore"):  # infinite samples are found, and refused, further on
        for channel in channels[1:]:
            mix += channel
        scale, zero = _full_scale(channels[0].dtype)
        if zero:
            mix -= np.float32(zero * len(channels))
        if scale * len(channels) != 1:
            mix *= np.float32(1.0 / (scale * len(channels)))
    return mix


def joined(parts: list[Wave]) -> Wave:
    """``parts`` end to end, as one array."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _full_scale(dtype: np.dtype[Any]) -> tuple[float, float]:
    """(full scale, zero) of integer samples; (1, 0) of floating ones."""
    if dtype.kind == "f":
        return 1.0, 0.0
    half = float(1 << (8 * dtype.itemsize - 1))
    return half, half if dtype.kind == "u" else 0.0
