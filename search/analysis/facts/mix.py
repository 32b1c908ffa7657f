"""A mono mix at 11,025 Hz, for pitch, hum, tempo and key, which need only what lies below 5 kHz."""

from __future__ import annotations

from typing import Final

import numpy as np

from search.analysis.facts.frames import Samples

RATE_HZ: Final = 11_025
_CANCELLED: Final = 0.2
"""If the mean has less than this share of the loudest channel's power, channels cancel: then that channel is used."""


class Mix:
    """Mixes and resamples blocks of samples."""

    def __init__(self, sample_rate_hz: int) -> None:
        import soxr  # not needed for reading facts

        self._stream = soxr.ResampleStream(sample_rate_hz, RATE_HZ, 1, dtype="float32", quality="HQ")

    def add(self, samples: Samples, *, last: bool = False) -> Samples:
        """Add the next ``samples`` (channels, n); return the mix (1, m) that is ready, after the ``last`` all of it."""
        mono = samples[0] if len(samples) == 1 else _mono(samples)
        return np.asarray(self._stream.resample_chunk(mono, last=last))[np.newaxis]

    def end(self) -> Samples:
        """The rest of the mix (1, n)."""
        return self.add(np.empty((1, 0), np.float32), last=True)


def _mono(samples: Samples) -> Samples:
    mean: Samples = samples.mean(axis=0, dtype=np.float32)
    powers = [float(np.dot(one, one)) for one in samples]
    if float(np.dot(mean, mean)) < _CANCELLED * max(powers):
        loudest: Samples = samples[int(np.argmax(powers))]
        return loudest
    return mean
