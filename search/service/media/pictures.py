"""Waveforms as peaks, and spectrograms as pictures.

Both are made in one pass over the decoded sound, in memory that does not grow with its length.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.encoders.filters import even_bank, slaney_bank
from search.model import Wave
from search.service.media.sounds import Sound

Scale: TypeAlias = Literal["mel", "linear"]

RATE_HZ = 22_050
FFT_SIZE = 1024
LOW_HZ = 30.0
RANGE_DB = 80.0
_FRAMES_AT_ONCE = 256
_COLOURS = ((0, 0, 4), (40, 11, 84), (101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21), (252, 255, 164))
"""From silent to loud: dark to light in even steps, also without colour vision (after matplotlib's inferno)."""


@dataclass(frozen=True, slots=True)
class WaveformPeaks:
    """Lowest and highest sample of each of n equal stretches from ``start_s`` to ``end_s``; both (n,), in [-1, 1]."""

    start_s: float
    end_s: float
    low: list[float]
    high: list[float]


def peaks(sound: Sound, start_s: float, end_s: float, buckets: int) -> WaveformPeaks:
    """The waveform of a passage, at the sound's own rate, because resampling would change its peaks.

    Raises AudioError.
    """
    rate_hz = sound.rate_hz()
    count = max(1, round((end_s - start_s) * rate_hz))
    buckets = min(buckets, count)
    low = np.zeros(buckets, np.float32)
    high = np.zeros(buckets, np.float32)
    done = 0
    for block in sound.blocks(rate_hz, start_s, end_s):
        if not len(block):
            continue
        # if the header promised too few samples, the rest counts to the last stretch
        first = min(done * buckets // count, buckets - 1)
        last = min((done + len(block) - 1) * buckets // count, buckets - 1)
        # stretch i begins at the first sample n with n * buckets >= i * count
        starts = np.maximum(-(-np.arange(first, last + 1) * count // buckets) - done, 0)
        here = slice(first, last + 1)
        low[here] = np.minimum(low[here], np.minimum.reduceat(block, starts))
        high[here] = np.maximum(high[here], np.maximum.reduceat(block, starts))
        done += len(block)
    lowest, highest = (np.clip(side, -1.0, 1.0).astype(float).round(4).tolist() for side in (low, high))
    return WaveformPeaks(start_s, end_s, lowest, highest)


def coarser(fine: WaveformPeaks, buckets: int) -> WaveformPeaks:
    """The same waveform in fewer stretches, each of equally many of the old ones.

    Examples:
        >>> coarser(WaveformPeaks(0.0, 4.0, [-0.1, -0.4, -0.2, 0.0], [0.5, 0.1, 0.2, 0.3]), 2)
        WaveformPeaks(start_s=0.0, end_s=4.0, low=[-0.4, -0.2], high=[0.5, 0.3])
    """
    low = np.reshape(fine.low, (buckets, -1)).min(axis=1).tolist()
    high = np.reshape(fine.high, (buckets, -1)).max(axis=1).tolist()
    return WaveformPeaks(fine.start_s, fine.end_s, low, high)


def spectrogram_png(
    sound: Sound, start_s: float, end_s: float, width: int, height: int, *, scale: Scale = "mel"
) -> bytes:
    """The spectrogram of a passage as PNG: time to the right, frequency upwards, down to `RANGE_DB` below the loudest.

    The frequency axis is mel from `LOW_HZ`, or linear from 0, up to half of `RATE_HZ`. A column is the mean power of
    its frames. Raises AudioError.
    """
    hop = max(64, min(FFT_SIZE // 2, math.ceil((end_s - start_s) * RATE_HZ / width)))
    frames = max(1, math.ceil((end_s - start_s) * RATE_HZ / hop))
    make_bank, low_hz = (slaney_bank, LOW_HZ) if scale == "mel" else (even_bank, 0.0)
    bank = make_bank(height, FFT_SIZE, RATE_HZ, low_hz, RATE_HZ / 2)
    power = np.zeros((min(width, frames), height), np.float64)
    counts = np.zeros(len(power), np.int64)
    done = 0
    for part in _spectra(sound.blocks(RATE_HZ, start_s, end_s), hop):
        places = np.minimum((np.arange(done, done + len(part)) * len(power)) // frames, len(power) - 1)
        np.add.at(power, places, part @ bank)
        np.add.at(counts, places, 1)
        done += len(part)
    return _png(_levels(power / np.maximum(counts, 1)[:, None]), width, height)


def _spectra(blocks: Iterable[Wave], hop: int) -> Iterator[NDArray[np.float32]]:
    """Power spectra (n, FFT_SIZE // 2 + 1) of Hann-windowed frames, centred on every ``hop``-th sample."""
    window = np.hanning(FFT_SIZE).astype(np.float32)
    held = np.zeros(FFT_SIZE // 2, np.float32)
    for block in itertools.chain(blocks, [np.zeros(FFT_SIZE // 2, np.float32)]):
        held = np.concatenate((held, block))
        count = (len(held) - FFT_SIZE) // hop + 1
        for first in range(0, count, _FRAMES_AT_ONCE):
            last = min(first + _FRAMES_AT_ONCE, count)
            frames = np.lib.stride_tricks.sliding_window_view(held, FFT_SIZE)[first * hop : (last - 1) * hop + 1 : hop]
            yield (np.abs(np.fft.rfft(frames * window, axis=1)) ** 2).astype(np.float32)
        if count > 0:
            held = held[count * hop :]


def _levels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """(columns, bands) in [0, 1]: 1 is the loudest, 0 is `RANGE_DB` or more below it."""
    db = 10.0 * np.log10(np.maximum(power, 1e-12))
    return np.clip(1.0 + (db - db.max()) / RANGE_DB, 0.0, 1.0) if power.any() else np.zeros_like(db)


def _png(levels: NDArray[np.float64], width: int, height: int) -> bytes:
    from PIL import Image

    steps = np.linspace(0.0, 1.0, len(_COLOURS))
    palette = np.stack([np.interp(np.linspace(0, 1, 256), steps, channel) for channel in zip(*_COLOURS, strict=True)])
    image = Image.fromarray(np.round(levels.T[::-1] * 255).astype(np.uint8))
    image.putpalette(np.round(palette.T).astype(np.uint8).tobytes())
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.NEAREST)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=6)
    return out.getvalue()
