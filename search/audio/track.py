"""What a decoder gives: one opened sound track."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from search.model import AudioInfo, Wave


class Block(NamedTuple):
    """A stretch of decoded sound: mono ``samples`` at ``rate_hz``, the first of them at ``start_s`` of the file's time.

    Nothing was recorded between the end of one block and the start of the next.
    """

    start_s: float
    rate_hz: int
    samples: Wave

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.start_s + len(self.samples) / self.rate_hz


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
