"""What a decoder gives: one opened sound track."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from search.model import AudioInfo


class Block(NamedTuple):
    """A stretch of decoded sound: ``samples`` at ``rate_hz``, the first of them at ``start_s`` of the file's time.

    They are (channels, frames) of any type as a track gives them, a Wave (frames,) once they are mixed. Nothing was
    recorded between the end of one block and the start of the next.
    """

    start_s: float
    rate_hz: int
    samples: NDArray[Any]

    @property
    def frames(self) -> int:
        """How many samples of each channel it has."""
        return int(self.samples.shape[-1])

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.start_s + self.frames / self.rate_hz

    def within(self, start_s: float, end_s: float | None) -> Block:
        """The part of it that lies in a passage, whose ends are rounded to frames of the file."""
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
        """What the header says."""

    @property
    def warnings(self) -> list[str]:
        """What was amiss so far: less sound than promised, or more; what could not be decoded. Each a short phrase."""

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Block]:
        """The passage asked for, in blocks of at most about two seconds, in order of time and without overlap.

        A passage in which nothing was recorded has no blocks. Gives what can be decoded, and `warnings` of the rest.
        """

    def close(self) -> None:
        """Let go of what the decoder holds; the file stays open."""


class UnknownFormat(Exception):
    """A decoder does not know what this is, and the next one is asked; never leaves this package."""
