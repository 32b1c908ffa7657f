"""The interface of decoders: one opened sound track."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from search.model import AudioInfo


class Block(NamedTuple):
    """A stretch of decoded sound: ``samples`` at ``rate_hz``, the first of them at ``start_s`` of the file's time.

    ``samples`` are (channels, frames) of any type from a track, or a Wave (frames,) after mixing. Between the end of
    one block and the start of the next nothing was recorded.
    """

    start_s: float
    rate_hz: int
    samples: NDArray[Any]

    @property
    def frames(self) -> int:
        """How many samples each channel has."""
        return int(self.samples.shape[-1])

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.start_s + self.frames / self.rate_hz

    def within(self, start_s: float, end_s: float | None) -> Block:
        """The part of the block within a passage, whose ends are rounded to frames of the file."""
        if start_s <= self.start_s and end_s is None:
            return self
        place = round(self.start_s * self.rate_hz)
        first = max(0, round(start_s * self.rate_hz) - place)
        last = self.frames if end_s is None else max(0, round(end_s * self.rate_hz) - place)
        return Block(self.start_s + first / self.rate_hz, self.rate_hz, self.samples[..., first:last])


class Track(Protocol):
    """One opened sound track."""

    @property
    def info(self) -> AudioInfo:
        """The header."""

    @property
    def warnings(self) -> list[str]:
        """Defects found so far, as short phrases: less sound than promised, or more; what cannot be decoded."""

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Block]:
        """The passage, in blocks of at most about two seconds, in order of time and without overlap.

        A passage in which nothing was recorded has no blocks. Yields what can be decoded; `warnings` report the rest.
        """

    def close(self) -> None:
        """Release the decoder; the file stays open."""


class UnknownFormat(Exception):
    """A decoder does not know the format, so the next one is tried. Never leaves this package."""
