"""Cut a stream of blocks into an encoder's windows, independently of the sizes of blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from search.audio.levelling import levelled, peak_of
from search.audio.mixing import SILENCE
from search.errors import EncoderError
from search.model import EncoderSpec, Wave, Window

WINDOWS_REVISION = 2
"""Increases when the windows of some files change. Those of ordinary files stay the same, and so do fingerprints."""

TAIL_FRACTION = 0.1
"""A rest longer than this share of a window gets its own window, aligned with the end of the sound."""


def cut(
    blocks: Iterable[Wave], spec: EncoderSpec, offset_s: float = 0.0, speed: float = 1.0, gain: float = 1.0
) -> Iterator[Window]:
    """Cut ``blocks`` (one sound at ``spec.sample_rate_hz``, in order, of any sizes) into windows, in order of time.

    A window starts at every multiple of the hop from which a whole window fits. If more than a tenth of a window is
    left after the last, one more window ends where the sound ends. So a sound of at least one window is never padded. A
    shorter one becomes a single window, repeated to fill it (zero padding costs a third of the precision on short
    effects). No sound, no window.

    Times are those of the file, which is played at ``speed``; ``offset_s`` is added to them. All samples are multiplied
    by ``gain``; then very quiet and very loud windows are brought to a usual level (`levelled`). A window is silent if
    no sample exceeds `SILENCE_DB` before that.

    Holds about a window plus a block in memory. Raises EncoderError for a window or hop without samples.
    """
    window, hop, rate = spec.window_samples, spec.hop_samples, spec.sample_rate_hz
    if window < 1 or hop < 1:
        raise EncoderError(f"{spec.name}: window and hop must be at least one sample, not {window} and {hop}")

    def passage(start: int, samples: Wave, stop: int) -> Window:
        peak = peak_of(samples)
        if gain != 1.0:
            samples *= np.float32(gain)
        begin_s, end_s = offset_s + start / rate * speed, offset_s + stop / rate * speed
        return Window(begin_s, end_s, levelled(samples, peak * gain), peak <= SILENCE, peak)

    recent = _Recent()
    start = 0  # of the next window
    for block in blocks:
        recent.append(block)
        while start + window <= recent.end:
            yield passage(start, recent.copy(start, start + window), start + window)
            start += hop
        recent.forget(min(start, recent.end - window))
    total, covered = recent.end, start - hop + window
    if 0 < total < window:
        yield passage(0, np.resize(recent.copy(0, total), window), total)
    elif total >= window and total - covered > TAIL_FRACTION * window:
        yield passage(total - window, recent.copy(total - window, total), total)


class _Recent:
    """The latest samples of a stream, kept in their blocks, addressed by their position in the stream."""

    def __init__(self) -> None:
        self._blocks: deque[Wave] = deque()
        self._begin = 0
        self.end = 0

    def append(self, block: Wave) -> None:
        if len(block):
            self._blocks.append(block)
            self.end += len(block)

    def forget(self, before: int) -> None:
        """Drop every block that ends at or before this position."""
        while self._blocks and self._begin + len(self._blocks[0]) <= before:
            self._begin += len(self._blocks.popleft())

    def copy(self, start: int, stop: int) -> Wave:
        """Samples ``start`` to ``stop``, which must not be forgotten, as a new array."""
        parts, at = [], self._begin
        for block in self._blocks:
            if at >= stop:
                break
            if at + len(block) > start:
                parts.append(block[max(start - at, 0) : stop - at])
            at += len(block)
        return np.concatenate(parts, dtype=np.float32)
