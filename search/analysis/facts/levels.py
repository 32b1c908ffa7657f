"""What samples say by themselves: peaks, means, how channels go together, flat tops, gaps, and their bits."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import Samples

_TIMES: Final = 4
"""Between samples so many points are looked at (BS.1770-5, Annex 2)."""
_REACH: Final = 12
"""Samples on each side that they are worked out from."""
_NEAR_PEAK: Final = 0.7
"""A peak between samples lies beside one of at least this share of the highest."""

_LONGEST_TOP: Final = 2048
"""Samples looked at again with the next block."""
_FLAT: Final = 3
"""So many samples on one level, with steps before and after, are a flat top."""
_STEP: Final = 8.0
"""In tolerances: what comes before a flat top and after it lies so much lower at least."""
_TOLERANCE, _RELATIVE_TOLERANCE = 2.0**-16, 1e-4
_TOP: Final = 0.9
"""Flat tops lie above this share of the highest sample near them."""
_LEVELS: Final = 2048
"""Levels that flat tops are told apart by; the last is twice full scale."""
_FULL: Final = _LEVELS // 2

_AT_PEAK, _BELOW_PEAK = 1.5 * 2.0**-15, 24 * 2.0**-15
"""Samples on the peak, within rounding to 16 bits, and those a little below, which few are of a clipped wave."""
_ON_IT: Final = 0.7
"""Of what comes near the peak this share lies on it, or the wave is round there."""
_DIFFERENT: Final = 64
"""Ways up to the peak that are told apart, at most: a wave that repeats has the same again and again."""

_SHORTEST_GAP_S, _LONGEST_GAP_S = 0.0005, 0.25
_BESIDE_S: Final = 0.01
_LEAST_BESIDE: Final = 0.003
"""What lies beside a gap has at least this level (-50 dB), or it is a pause."""
_CUT, _CUT_S = 0.15, 0.0005
"""In so much time beside a gap a sample has at least this share of the level there: a pause fades."""

_WIDTHS: Final = (8, 16, 24)
_LIKELY: Final = 256
"""So many samples, looked at first, hardly ever need fewer bits than all of them."""

_Places = NDArray[np.intp]


class Levels:
    """Adds up the samples of a sound of so many ``channels``."""

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
        """Take in the next ``samples`` (channels, n)."""
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
        """The largest mean of a channel, of either sign."""
        return float(np.abs(self._sums).max()) / max(1, self.frames)

    @property
    def power(self) -> float:
        """The mean power of the loudest channel, without its mean."""
        if not self.frames:
            return 0.0
        return float((self._squares / self.frames - (self._sums / self.frames) ** 2).max())

    @property
    def correlation(self) -> float | None:
        """Of the first two channels; None for one, and where one is silent."""
        if len(self._sums) < 2 or not self.frames:
            return None
        means = self._sums[:2] / self.frames
        spread = self._squares[:2] / self.frames - means**2
        if spread.min() <= 1e-12:
            return None
        return float(np.clip((self._cross / self.frames - means[0] * means[1]) / np.sqrt(spread.prod()), -1, 1))

    @property
    def bits(self) -> int | None:
        """The fewest bits that hold every sample; None where more than 24 are needed."""
        return _WIDTHS[self._width] if self._width < len(_WIDTHS) and self.peak else None

    def flat_tops(self, share: float) -> tuple[int, float]:
        """How many flat tops lie within ``share`` of the highest sample, and the share of all samples in them."""
        lowest = min(int(share * self.peak * _FULL), _LEVELS - 1)
        count, inside = int(self._tops[lowest:].sum()), int(self._top_samples[lowest:].sum())
        return count, inside / max(1, self.frames * len(self._sums))

    @property
    def cut_peaks(self) -> int:
        """How often, in different ways, a channel comes up to exactly its highest level: of what is not cut, once or
        twice.
        """
        return max((peaks.ways for peaks in self._peaks), default=0)

    # --- how ------------------------------------------------------------------------------------------------

    def _add_width(self, samples: Samples) -> None:
        while self._width < len(_WIDTHS):
            scale = np.float32(2.0 ** (_WIDTHS[self._width] - 1))
            if _are_whole(samples[:, :_LIKELY] * scale) and _are_whole(samples * scale):
                return
            self._width += 1

    def _add_peaks(self, channel: Samples, peaks: _Peaks, fresh: int) -> None:
        """Of one channel's samples, of which those from ``fresh`` on are new."""
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
        """Only beside the largest samples: nothing higher can lie elsewhere."""
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
        # a top, not a ledge on the way up or down
        lower = (size[begin - 1] < size[begin]) & (size[end + 1] < size[end])
        level = np.minimum((size[begin] * _FULL).astype(np.int64), _LEVELS - 1)[lower]
        self._tops += np.bincount(level, minlength=_LEVELS)
        self._top_samples += np.bincount(level, (end - begin + 1)[lower], minlength=_LEVELS).astype(np.int64)

    def _add_gaps(self, whole: Samples, fresh: int) -> None:
        """Stretches in which every channel is exactly 0, cut out of sound."""
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
    """How often one channel comes up to its highest level, and how."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._on = self._near = 0
        self._before: set[int] = set()

    @property
    def ways(self) -> int:
        """In how many ways; 0 where the wave is round at its highest level."""
        return len(self._before) if self._on >= _ON_IT * self._near else 0

    @property
    def lowest(self) -> float:
        """How high a sample is that counts; infinite where nothing sounds."""
        return self._highest - _BELOW_PEAK if self._highest > _LEAST_BESIDE else np.inf

    def reach(self, highest: float) -> None:
        """Say how high new samples are, before they are added."""
        if highest > self._highest + _AT_PEAK:
            self._highest, self._on, self._near = highest, 0, 0
            self._before = set()

    def add(self, size: Samples, high: _Places, fresh: int) -> None:
        """Take in the sizes of samples, of which those from ``fresh`` on are new; ``high`` are those that may count."""
        near = high[(high >= max(1, fresh)) & (size[high] >= self._highest - _BELOW_PEAK)]
        self._near += int(np.count_nonzero(size[near - 1] < self._highest - _BELOW_PEAK))
        on = near[size[near] >= self._highest - _AT_PEAK]
        starts = on[size[on - 1] < self._highest - _AT_PEAK]
        self._on += len(starts)
        room = _DIFFERENT - len(self._before)
        if room > 0 and len(starts):
            before = size[starts - 1]
            before = before[before < self._highest - _BELOW_PEAK]  # or it is round there, as a low tone is
            self._before.update(np.unique(np.round(before * 2**12).astype(np.int64))[:room].tolist())


def _are_whole(samples: Samples) -> bool:
    return bool((samples == np.rint(samples)).all())


def _between() -> NDArray[np.float32]:
    """(2 * `_REACH`, points) weights of the samples around a place for the points before and after it."""
    around = np.arange(-_REACH, _REACH + 1)[:, np.newaxis]
    at = np.array([place / _TIMES for place in range(-_TIMES + 1, _TIMES) if place])
    distance = at - around
    window = np.kaiser(512, 6.0)
    shape = np.interp(distance, np.linspace(-_REACH - 1, _REACH + 1, 512), window)
    weights = np.sinc(distance) * shape
    return np.asarray(weights / weights.sum(axis=0), np.float32)


_AROUND: Final = np.arange(-_REACH, _REACH + 1)
_BETWEEN: Final = _between()
