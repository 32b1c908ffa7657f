"""Statistics of samples: peaks, means, correlation of channels, flat tops, gaps, and bit depth."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import Samples

_TIMES: Final = 4
"""The oversampling factor of the true peak (BS.1770-5, Annex 2)."""
_REACH: Final = 12
"""Samples on each side that are used for interpolation."""
_NEAR_PEAK: Final = 0.7
"""The true peak lies beside a sample of at least this share of the highest one."""

_LONGEST_TOP: Final = 2048
"""Samples that are examined again with the next block."""
_FLAT: Final = 3
"""A flat top is at least this many samples on one level, with steps before and after."""
_STEP: Final = 8.0
"""The samples before and after a flat top lie lower by at least this many tolerances."""
_TOLERANCE, _RELATIVE_TOLERANCE = 2.0**-16, 1e-4
_TOP: Final = 0.9
"""Flat tops lie above this share of the highest sample so far."""
_LEVELS: Final = 2048
"""The number of bins for the levels of flat tops; the last is at twice full scale."""
_FULL: Final = _LEVELS // 2

_AT_PEAK, _BELOW_PEAK = 1.5 * 2.0**-15, 24 * 2.0**-15
"""The ranges of samples at the peak (within rounding to 16 bits) and near it; a clipped wave has few between the
two."""
_ON_IT: Final = 0.7
"""If less than this share of the approaches to the peak reaches it, the wave is round there, not clipped."""
_DIFFERENT: Final = 64
"""The most different approaches to the peak that are counted: a periodic wave repeats the same ones."""

_SHORTEST_GAP_S, _LONGEST_GAP_S = 0.0005, 0.25
_BESIDE_S: Final = 0.01
_LEAST_BESIDE: Final = 0.003
"""The sound on both sides of a gap has at least this level (-50 dB); otherwise the gap is a pause."""
_CUT, _CUT_S = 0.15, 0.0005
"""Within this time beside a gap, a sample reaches at least this share of the level there; before a pause sound
fades."""

_WIDTHS: Final = (8, 16, 24)
_LIKELY: Final = 256
"""This many samples are tested first: they hardly ever need fewer bits than all samples."""

_Places = NDArray[np.intp]


class Levels:
    """Collects statistics of the samples of a sound with this number of ``channels``."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate_hz = sample_rate_hz
        self.frames = 0
        self._sums = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._cross = 0.0
        self.peak = 0.0
        self.true_peak = 0.0
        self._tops = np.zeros(_LEVELS, np.int64)
        self._top_samples = np.zeros(_LEVELS, np.int64)
        self.gaps = 0
        self._peaks = [_Peaks() for _ in range(channels)]
        self._width = 0
        self._before = np.zeros((channels, 0), np.float32)

    def add(self, samples: Samples) -> None:
        """Add the next ``samples`` (channels, n)."""
        if not samples.shape[1]:
            return
        self.frames += samples.shape[1]
        self._sums += samples.sum(axis=1)
        self._squares += np.array([float(np.dot(one, one)) for one in samples])
        if len(samples) > 1:
            self._cross += float(np.dot(samples[0], samples[1]))
        self._add_width(samples)
        fresh = self._before.shape[1]
        whole = np.concatenate((self._before, samples), axis=1) if fresh else samples
        first = max(0, fresh - _LONGEST_TOP)
        for channel, peaks in zip(whole[:, first:], self._peaks, strict=True):
            self._add_peaks(channel, peaks, fresh - first)
        self._add_gaps(whole, fresh)
        self._before = whole[:, -round(2 * _LONGEST_GAP_S * self._rate_hz) :]

    # --- what they say --------------------------------------------------------------------------------------

    @property
    def dc_offset(self) -> float:
        """The largest absolute mean of a channel."""
        return float(np.abs(self._sums).max()) / max(1, self.frames)

    @property
    def power(self) -> float:
        """The mean power of the loudest channel, without its DC offset."""
        if not self.frames:
            return 0.0
        return float((self._squares / self.frames - (self._sums / self.frames) ** 2).max())

    @property
    def correlation(self) -> float | None:
        """The correlation of the first two channels; None for a single channel, or if one is silent."""
        if len(self._sums) < 2 or not self.frames:
            return None
        means = self._sums[:2] / self.frames
        spread = self._squares[:2] / self.frames - means**2
        if spread.min() <= 1e-12:
            return None
        return float(np.clip((self._cross / self.frames - means[0] * means[1]) / np.sqrt(spread.prod()), -1, 1))

    @property
    def bits(self) -> int | None:
        """The fewest bits (8, 16 or 24) that hold every sample; None if more are needed."""
        return _WIDTHS[self._width] if self._width < len(_WIDTHS) and self.peak else None

    def flat_tops(self, share: float) -> tuple[int, float]:
        """The number of flat tops above ``share`` of the highest sample, and the part of all samples in them."""
        lowest = min(int(share * self.peak * _FULL), _LEVELS - 1)
        count, inside = int(self._tops[lowest:].sum()), int(self._top_samples[lowest:].sum())
        return count, inside / max(1, self.frames * len(self._sums))

    @property
    def cut_peaks(self) -> int:
        """In how many different ways a channel reaches exactly its highest level; one or two if it is not clipped."""
        return max((peaks.ways for peaks in self._peaks), default=0)

    # --- how ------------------------------------------------------------------------------------------------

    def _add_width(self, samples: Samples) -> None:
        while self._width < len(_WIDTHS):
            scale = np.float32(2.0 ** (_WIDTHS[self._width] - 1))
            if _are_whole(samples[:, :_LIKELY] * scale) and _are_whole(samples * scale):
                return
            self._width += 1

    def _add_peaks(self, channel: Samples, peaks: _Peaks, fresh: int) -> None:
        """Examine the samples of one channel; those from ``fresh`` on are new."""
        size = np.abs(channel)
        highest = float(size[fresh:].max())
        self.peak = max(self.peak, highest)
        peaks.reach(highest)
        if not self.peak:
            return
        high = np.flatnonzero(size >= min(_NEAR_PEAK * self.peak, peaks.lowest))
        self._add_true_peak(channel, size, high, fresh)
        if highest > _LEAST_BESIDE:
            self._add_tops(channel, size, high, fresh)
        if highest >= peaks.lowest:
            peaks.add(size, high, fresh)

    def _add_true_peak(self, channel: Samples, size: Samples, high: _Places, fresh: int) -> None:
        """Interpolate only beside the largest samples: nothing higher can lie elsewhere."""
        self.true_peak = max(self.true_peak, self.peak)
        places = high[(high >= max(_REACH, fresh - _REACH)) & (high < len(size) - _REACH)]
        places = places[size[places] > _NEAR_PEAK * self.peak]
        places = places[(size[places] >= size[places - 1]) & (size[places] >= size[places + 1])]
        if len(places):
            near = channel[places[:, np.newaxis] + _AROUND]
            self.true_peak = max(self.true_peak, float(np.abs(near @ _BETWEEN).max()))

    def _add_tops(self, channel: Samples, size: Samples, high: _Places, fresh: int) -> None:
        tolerance = max(_TOLERANCE, _RELATIVE_TOLERANCE * self.peak)
        flat = high[(high > 0) & (size[high] >= _TOP * self.peak)]
        flat = flat[np.abs(channel[flat] - channel[flat - 1]) <= tolerance]
        if not len(flat):
            return
        first = np.concatenate(([True], np.diff(flat) > 1, [True]))
        begin, end = flat[first[:-1]] - 1, flat[first[1:]]  # samples begin to end (inclusive) are on one level
        whole = (begin > 0) & (end < len(size) - 1) & (end + 1 >= fresh) & (end - begin + 1 >= _FLAT)
        begin, end = begin[whole], end[whole]
        before, after = (np.abs(channel[one] - channel[two]) for one, two in ((begin, begin - 1), (end + 1, end)))
        steep = (before > _STEP * tolerance) & (after > _STEP * tolerance)
        begin, end = begin[steep], end[steep]
        # keep tops, not ledges on the way up or down
        lower = (size[begin - 1] < size[begin]) & (size[end + 1] < size[end])
        level = np.minimum((size[begin] * _FULL).astype(np.int64), _LEVELS - 1)[lower]
        self._tops += np.bincount(level, minlength=_LEVELS)
        self._top_samples += np.bincount(level, (end - begin + 1)[lower], minlength=_LEVELS).astype(np.int64)

    def _add_gaps(self, whole: Samples, fresh: int) -> None:
        """Count stretches in which every channel is exactly 0 and that interrupt sound."""
        if not (whole[0, max(0, fresh - 1) :] == 0).any():
            return
        zero: NDArray[np.bool_] = whole[0] == 0
        for channel in whole[1:]:
            zero &= channel == 0
        if not zero[max(0, fresh - 1) :].any():
            return
        edges = np.flatnonzero(np.diff(np.concatenate(([False], zero, [False])).view(np.int8)))
        shortest, longest = (round(length_s * self._rate_hz) for length_s in (_SHORTEST_GAP_S, _LONGEST_GAP_S))
        beside, edge = (max(4, round(length_s * self._rate_hz)) for length_s in (_BESIDE_S, _CUT_S))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            ends_now = fresh - beside < end <= whole.shape[1] - beside
            if not (ends_now and max(shortest, 4) <= end - begin <= longest and begin >= beside):
                continue
            before, after = whole[:, begin - beside : begin], whole[:, end : end + beside]
            levels = [float(np.sqrt(np.mean(part**2))) for part in (before, after)]
            cuts = [float(np.abs(part).max()) for part in (before[:, -edge:], after[:, :edge])]
            if min(levels) > _LEAST_BESIDE and all(c > _CUT * v for c, v in zip(cuts, levels, strict=True)):
                self.gaps += 1


class _Peaks:
    """How often and in how many ways one channel reaches its highest level."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._on = self._near = 0
        self._before: set[int] = set()

    @property
    def ways(self) -> int:
        """The number of different ways; 0 if the wave is round at its highest level."""
        return len(self._before) if self._on >= _ON_IT * self._near else 0

    @property
    def lowest(self) -> float:
        """The level from which samples count; infinite if the channel is silent."""
        return self._highest - _BELOW_PEAK if self._highest > _LEAST_BESIDE else np.inf

    def reach(self, highest: float) -> None:
        """Set the highest level of new samples, before they are added."""
        if highest > self._highest + _AT_PEAK:
            self._highest, self._on, self._near = highest, 0, 0
            self._before = set()

    def add(self, size: Samples, high: _Places, fresh: int) -> None:
        """Add the absolute values of samples; those from ``fresh`` on are new.

        ``high`` are the places that may count.
        """
        near = high[(high >= max(1, fresh)) & (size[high] >= self._highest - _BELOW_PEAK)]
        self._near += int(np.count_nonzero(size[near - 1] < self._highest - _BELOW_PEAK))
        on = near[size[near] >= self._highest - _AT_PEAK]
        starts = on[size[on - 1] < self._highest - _AT_PEAK]
        self._on += len(starts)
        room = _DIFFERENT - len(self._before)
        if room > 0 and len(starts):
            before = size[starts - 1]
            before = before[before < self._highest - _BELOW_PEAK]  # others are round there, as in a low tone
            self._before.update(np.unique(np.round(before * 2**12).astype(np.int64))[:room].tolist())


def _are_whole(samples: Samples) -> bool:
    return bool((samples == np.rint(samples)).all())


def _between() -> NDArray[np.float32]:
    """The interpolation weights (samples, points) of the samples around a place, for the points before and after it."""
    around = np.arange(-_REACH, _REACH + 1)[:, np.newaxis]
    at = np.array([place / _TIMES for place in range(-_TIMES + 1, _TIMES) if place])
    distance = at - around
    window = np.kaiser(512, 6.0)
    shape = np.interp(distance, np.linspace(-_REACH - 1, _REACH + 1, 512), window)
    weights = np.sinc(distance) * shape
    return np.asarray(weights / weights.sum(axis=0), np.float32)


_AROUND: Final = np.arange(-_REACH, _REACH + 1)
_BETWEEN: Final = _between()
