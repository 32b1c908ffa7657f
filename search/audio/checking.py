"""Checks that need decoding: whether there is any sound, whether it is too long, whether it is audio at all."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from search.audio.track import Block
from search.errors import AudioError
from search.model import AudioInfo

SHORTEST_S = 0.001
"""A file or passage with less sound than this is refused."""

_EMPTY = "holds no samples"

_BROKEN = 0.01
"""A file with more than this share of samples that are not finite is refused, because it is not audio."""

LARGEST = 1e12
"""Samples larger than any integer stored as a float count as infinite."""

_SEVERAL, _NEAR = 3, 32
"""Around at least `_SEVERAL` samples that are not finite, each within `_NEAR` of the next, nothing is audio: these are
other bytes, which make floats of any size."""


class Checked:
    """Checks decoded blocks."""

    def __init__(self, path: str, info: AudioInfo, start_s: float, limit_s: float | None) -> None:
        self._path = path
        self._info = info
        self._start_s = start_s
        self._limit_s = limit_s
        self.warnings: list[str] = []

    def blocks(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Yield ``blocks``, with silence for samples that are not finite. Raises AudioError."""
        samples = broken = 0
        length_s, first_s = 0.0, math.nan
        for block in blocks:
            lowest, highest = block.samples.min(), block.samples.max()  # NaN if there is any
            if not (lowest >= -LARGEST and highest <= LARGEST):
                finite = np.abs(block.samples) <= LARGEST  # False for NaN
                first_s = block.start_s + int(np.argmin(finite)) / block.rate_hz if not broken else first_s
                broken += int(np.count_nonzero(~finite))
                block.samples[_no_sound(finite)] = 0.0
            samples += len(block.samples)
            length_s += len(block.samples) / block.rate_hz
            if self._limit_s is not None and length_s > self._limit_s + 1 / block.rate_hz:
                raise AudioError(self._path, f"more than the {self._limit_s:g} s allowed")
            yield block
        self._check_some(samples, length_s)
        if broken > _BROKEN * samples:
            share = f"{100 * broken / samples:.3g} % of the samples"
            raise AudioError(self._path, f"{share} are NaN or infinite, the first at {first_s:.3f} s")
        if broken:
            many = "1 sample is" if broken == 1 else f"{broken:,} samples are"
            self.warnings.append(f"{many} NaN or infinite, the first at {first_s:.3f} s; read as silence")

    def _check_some(self, samples: int, length_s: float) -> None:
        ends_s, rate = self._info.duration_s, self._info.sample_rate_hz
        if samples == 0 and self._start_s and ends_s is not None and self._start_s >= ends_s:
            cause = f"the passage starts at {self._start_s:g} s, the sound ends at {ends_s:.3f} s"
            raise AudioError(self._path, cause)
        if samples == 0:
            raise AudioError(self._path, f"holds no samples after {self._start_s:g} s" if self._start_s else _EMPTY)
        if length_s < SHORTEST_S:
            count = "one sample" if samples == 1 else f"{samples} samples"
            raise AudioError(self._path, f"too short: {count} at {rate} Hz, less than a millisecond")


def _no_sound(finite: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which samples are not audio: those that are not ``finite`` (n,), and those around several such samples."""
    none = ~finite
    at = np.flatnonzero(none)
    for run in np.split(at, np.flatnonzero(np.diff(at) > _NEAR) + 1):
        if len(run) >= _SEVERAL:
            none[max(0, run[0] - _NEAR) : run[-1] + 1 + _NEAR] = True
    return none
