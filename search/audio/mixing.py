"""Mix decoded samples to mono float32.

The mix is the mean of the channels, unless that would lose the sound. If channels cancel each other (a plug with
swapped poles, a B-format recording of something behind the microphone), some are inverted first. If only few of many
channels have sound, only those are mixed. This is decided for each second of the file separately, so a passage has the
same samples as in the whole file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.audio.track import Block
from search.model import Wave

BLOCK_S = 2.0
"""How much is decoded at a time: long enough to make interpreter overhead negligible, short enough for the cache."""

CELL_S = 1
"""The length of a cell, in seconds: how to mix the channels is decided for each cell of the file."""

SILENCE_DB = -80.0
"""Sound is silent if no sample exceeds this, in dB of full scale."""

SILENCE = 10.0 ** (SILENCE_DB / 20.0)

_BLOCK_SAMPLES = 1 << 20
"""Most samples of a block over all channels, whatever rate and channel count a header claims."""

_CANCELLED = 0.2
"""Channels cancel if the power of their sum is below this share of what uncorrelated channels would have. For two
equally loud channels, that is a correlation below -0.8. Then the common part is the loudest, and the mean loses it.
"""

_FAINT = 1e-3
"""A channel with less than this share of the loudest one's power (-30 dB) counts as silent."""

_FEW = 4
"""If fewer than one in this many channels have sound, only those are mixed; the others would add mostly noise."""

_RAMP_S = 0.02
"""The length of the crossfade between two ways of mixing."""

Channels: TypeAlias = NDArray[Any]
"""(channels, frames) decoded samples, float or integer."""

ChannelWeights: TypeAlias = NDArray[np.float32]


def block_frames(sample_rate_hz: int, channels: int) -> int:
    """Frames to decode at a time."""
    return max(1, min(round(sample_rate_hz * BLOCK_S), _BLOCK_SAMPLES // max(1, channels)))


def mono(channels: Sequence[NDArray[Any]] | NDArray[Any]) -> Wave:
    """The mean of ``channels``, each (frames,), of float or integer samples at full scale, as a new array.

    Surround sound is mixed by the plain mean too: every channel is included, none gets louder, and full scale stays
    full scale. (Downmixes for listening weigh the channels by loudspeaker, and leave out the bass channel.)
    Channels are added one by one, so that a sample does not depend on its block.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # infinite samples are found and refused later
        mix: Wave = channels[0].astype(np.float32)  # a copy, always
        for channel in channels[1:]:
            mix += channel
        scale, zero = _full_scale(channels[0].dtype)
        if zero:
            mix -= np.float32(zero * len(channels))
        if scale * len(channels) != 1:
            mix *= np.float32(1.0 / (scale * len(channels)))
    return mix


class Mixer:
    """Mixes the channels of a file as they are decoded, and counts when it does not take the mean.

    Examples:
        >>> left = np.ones((1, 8), np.float32)
        >>> mixer = Mixer()
        >>> [block.samples.tolist() for block in mixer.blocks([Block(0.0, 8, np.concatenate((left, -left)))])]
        [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]
        >>> mixer.warnings()
        ['channels cancel each other in 1.0 of 1.0 s: inverted before they are mixed']
    """

    def __init__(self) -> None:
        self._turned_s = self._chosen_s = self._mixed_s = 0.0
        self._channels = 1
        self._parts: list[Channels] = []
        self._rate_hz = 1
        self._start = self._end = 0  # of the parts, in frames from the start of the file
        self._before: tuple[int, int, ChannelWeights | None] = (
            -1,
            0,
            None,
        )  # end, channels and weights of the last cell

    def blocks(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Mix ``blocks`` of (channels, frames), in order of time, to blocks of (frames,) with the same times."""
        for block in blocks:
            if self._parts and not self._goes_on(block):
                yield from self._rest()
            if len(block.samples) == 1:
                yield block._replace(samples=mono(block.samples))
                continue
            if not self._parts:
                self._rate_hz = block.rate_hz
                self._start = self._end = self._place(block)
            yield from self._add(block.samples)
        yield from self._rest()

    def warnings(self) -> list[str]:
        """Short phrases on each way of mixing other than the mean."""
        found = []
        if self._turned_s:
            often = f"in {self._turned_s:.1f} of {self._mixed_s:.1f} s"
            found.append(f"channels cancel each other {often}: inverted before they are mixed")
        if self._chosen_s:
            often = f"in {self._chosen_s:.1f} of {self._mixed_s:.1f} s"
            found.append(f"few of {self._channels} channels sound {often}: only those are mixed")
        return found

    def _goes_on(self, block: Block) -> bool:
        last = self._parts[-1]
        alike = len(last) == len(block.samples) and last.dtype == block.samples.dtype
        return alike and self._rate_hz == block.rate_hz and self._place(block) == self._end

    @staticmethod
    def _place(block: Block) -> int:
        return round(block.start_s * block.rate_hz)

    def _add(self, channels: Channels) -> Iterator[Block]:
        cell = CELL_S * self._rate_hz
        while channels.shape[1]:
            room = cell - self._end % cell
            self._parts.append(channels[:, :room])
            self._end += self._parts[-1].shape[1]
            channels = channels[:, room:]
            if self._end % cell == 0:
                yield from self._rest()

    def _rest(self) -> Iterator[Block]:
        if self._parts:
            channels, self._parts = joined(self._parts), []
            yield Block(self._start / self._rate_hz, self._rate_hz, self._mixed(channels))
            self._start = self._end

    @np.errstate(over="ignore", invalid="ignore")  # as in `mono`
    def _mixed(self, channels: Channels) -> Wave:
        plain = mono(channels)
        self._channels, frames = channels.shape
        samples = at_full_scale(channels)
        weights = _weights(samples, plain)
        self._count(weights, frames / self._rate_hz)
        end, channels_before, before = self._before
        if (end, channels_before) != (self._start, self._channels):
            before = weights
        self._before = (self._end, self._channels, weights)
        if weights is None and before is None:
            return plain
        ramp = round(_RAMP_S * self._rate_hz)
        return _weighted(samples, _or_mean(before, self._channels), _or_mean(weights, self._channels), ramp)

    def _count(self, weights: ChannelWeights | None, seconds: float) -> None:
        self._mixed_s += seconds
        if weights is not None:
            self._turned_s += seconds * bool((weights < 0).any())
            self._chosen_s += seconds * bool((weights >= 0).all())


def joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate ``parts`` to one array."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)


def _weights(samples: NDArray[np.float32], plain: Wave) -> ChannelWeights | None:
    """The weight of each of ``samples`` (channels, frames); None: all the same, as in their mean ``plain``."""
    n = len(samples)
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.array([np.dot(channel, channel) for channel in samples])
        total, mixed = float(powers.sum()), float(np.dot(plain, plain))
        if not 0.0 < total < np.inf:
            return None
        sounding = powers > _FAINT * powers.max()
        few = sounding.sum() * _FEW < n
        cancelled = mixed * n * n < _CANCELLED * total
        if _falls_silent(samples, plain, mixed):
            sounding = np.abs(samples).max(axis=1) > SILENCE
        elif not few and not cancelled:
            return None
        chosen = np.flatnonzero(sounding)
        signs = np.sign(samples[chosen] @ samples[chosen[0]])
        if not cancelled and not _cancels(samples[chosen], powers[chosen]):
            signs = np.ones(len(chosen))
        elif _cancels(samples[chosen] * signs[:, np.newaxis], powers[chosen]):
            chosen, signs = np.array([int(np.argmax(powers))]), np.ones(1)
    weights = np.zeros(n, np.float32)
    weights[chosen] = signs / len(chosen)
    return weights


def _cancels(samples: NDArray[np.float32], powers: NDArray[np.float32]) -> bool:
    together = samples.sum(axis=0)
    return bool(np.dot(together, together) < _CANCELLED * powers.sum())


def _falls_silent(samples: NDArray[np.float32], plain: Wave, mixed: float) -> bool:
    """Whether the mean is silent although a channel is not."""
    if mixed > len(plain) * SILENCE**2:
        return False
    return bool(np.abs(plain).max() <= SILENCE < np.abs(samples).max())


def _weighted(samples: NDArray[np.float32], before: ChannelWeights, weights: ChannelWeights, ramp: int) -> Wave:
    """The sum of ``samples`` (channels, frames) by ``weights``, which fade in from ``before`` over ``ramp`` frames."""
    mix = np.zeros(samples.shape[1], np.float32)
    toward = np.minimum(np.arange(1, len(mix) + 1, dtype=np.float32) / np.float32(max(1, ramp)), np.float32(1.0))
    for channel, last, now in zip(samples, before, weights, strict=True):
        mix += channel * (now if last == now else last + (now - last) * toward)
    return mix


def _or_mean(weights: ChannelWeights | None, n: int) -> ChannelWeights:
    return np.full(n, 1.0 / n, np.float32) if weights is None else weights


def at_full_scale(channels: Channels) -> NDArray[np.float32]:
    """``channels`` (channels, frames) as float32 with full scale 1; the same array if they already are."""
    scale, zero = _full_scale(channels.dtype)
    samples: NDArray[np.float32] = channels.astype(np.float32, copy=False)
    if zero:
        samples = samples - np.float32(zero)
    return samples if scale == 1.0 else samples * np.float32(1.0 / scale)


def _full_scale(dtype: np.dtype[Any]) -> tuple[float, float]:
    """(full scale, zero) of integer samples; (1, 0) for floats."""
    if dtype.kind == "f":
        return 1.0, 0.0
    half = float(1 << (8 * dtype.itemsize - 1))
    return half, half if dtype.kind == "u" else 0.0
