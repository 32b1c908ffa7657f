"""The last minutes of a stream, and its windows: one after each hop of new sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.library.live.sources import LiveBlock
from search.model import Wave


class Ring:
    """The last seconds of a stream at a rate, as int16: ten minutes at 32 kHz take 38 MB."""

    def __init__(self, rate_hz: int, keep_s: float) -> None:
        self.rate_hz = rate_hz
        self._samples = np.zeros(max(int(keep_s * rate_hz), 1), np.int16)
        self._end = 0
        """The number of samples so far, including gaps."""

    @property
    def end_s(self) -> float:
        """The current position in the stream."""
        return self._end / self.rate_hz

    @property
    def start_s(self) -> float:
        """The earliest position that is kept."""
        return max(0, self._end - len(self._samples)) / self.rate_hz

    def add(self, block: LiveBlock) -> None:
        """Add a block. Sound lost before it becomes silence."""
        gap = max(round(block.start_s * self.rate_hz) - self._end, 0)
        if gap:
            self._put(np.zeros(min(gap, len(self._samples)), np.int16), gap)
        self._put((np.clip(block.wave, -1, 1) * 32_767).astype(np.int16), len(block.wave))

    def cut(self, start_s: float, end_s: float) -> Wave:
        """Return the samples from ``start_s`` to ``end_s`` of the stream, as far as they are kept, in [-1, 1]."""
        first = max(int(start_s * self.rate_hz), self._end - len(self._samples), 0)
        last = min(int(end_s * self.rate_hz), self._end)
        places = np.arange(first, max(last, first)) % len(self._samples)
        return (self._samples[places] / np.float32(32_767)).astype(np.float32)

    def save(self, path: Path, start_s: float, end_s: float) -> None:
        """Write these samples as a WAV file. Raises OSError."""
        import soundfile  # every command loads this module, but few write sound

        soundfile.write(path, self.cut(start_s, end_s), self.rate_hz, subtype="PCM_16", format="WAV")

    def _put(self, samples: np.ndarray, length: int) -> None:
        """Write samples as the last of ``length`` that came."""
        self._end += length
        kept = samples[-len(self._samples) :]
        self._samples[np.arange(self._end - len(kept), self._end) % len(self._samples)] = kept


@dataclass(frozen=True, slots=True)
class LiveWindow:
    """A window of a stream, from ``start_s`` to ``end_s``, new from ``new_s`` on. ``lost_s`` of sound were lost."""

    wave: Wave
    start_s: float
    new_s: float
    end_s: float
    lost_s: float = 0.0


def windows(blocks: Iterable[LiveBlock], ring: Ring, window_s: float, hop_s: float) -> Iterator[LiveWindow]:
    """Yield a window after each ``hop_s`` from the beginning. Sound that does not fill the window is repeated."""
    size = round(window_s * ring.rate_hz)
    done_s, lost_s = 0.0, 0.0
    for block in blocks:
        ring.add(block)
        lost_s += block.lost_s
        if block.lost_s >= window_s:  # a long gap: make no windows of silence
            done_s = max(done_s, block.start_s)
        while ring.end_s - done_s >= hop_s:
            until_s = done_s + hop_s
            yield _window(ring, size, until_s, done_s, lost_s)
            done_s, lost_s = until_s, 0.0
    if ring.end_s > done_s:
        yield _window(ring, size, ring.end_s, done_s, lost_s)


def _window(ring: Ring, size: int, end_s: float, new_s: float, lost_s: float) -> LiveWindow:
    start_s = max(0.0, end_s - size / ring.rate_hz)
    wave = ring.cut(start_s, end_s)
    return LiveWindow(np.resize(wave, size).astype(np.float32), start_s, new_s, end_s, lost_s)
